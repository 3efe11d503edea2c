/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

/* How many bytes the character has that begins here; 0: none that is UTF-8 and
 * leaves a terminal as it is. */
static size_t character(const uint8_t *bytes, size_t size)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4
                    : bytes[0] >= 0xe0 ? 3 : 2;
    uint32_t code = bytes[0] & (0x7f >> (length > 1 ? length : 0));

    if (bytes[0] < 0x80) {
        return bytes[0] >= ' ' && bytes[0] != 0x7f;
    }
    if (bytes[0] < 0xc0 || bytes[0] >= 0xf8 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes[i] & 0x3f);
    }
    if (code < least[length] || code < 0xa0 || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
        return 0;
    }
    return length;
}

char *printable_text(const void *text, size_t size, bool lines)
{
    const uint8_t *bytes = text;
    size_t length = strnlen(text, size);
    char *clean = must_alloc(4 * length + 1, 1), *to = clean;

    for (size_t at = 0; at < length;) {
        size_t step = character(bytes + at, length - at);

        if (lines && (bytes[at] == '\n' || bytes[at] == '\t')) {
            step = 1;
        }
        if (!step) {
            to += sprintf(to, "\\x%02x", bytes[at++]);
            continue;
        }
        memcpy(to, bytes + at, step);
        to += step;
        at += step;
    }
    return clean;
}

char *printable_hex(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    char *text = must_alloc(2 * size + 1, 1);

    for (size_t i = 0; i < size; i++) {
        sprintf(text + 2 * i, "%02x", byte[i]);
    }
    return text;
}
