/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Text of any bytes made printable, for the messages that are xl's own.
 */

#include <stdio.h>
#include <string.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

/* Length in bytes of the printable UTF-8 character at s; 0 if none. */
static size_t character_length(const unsigned char *s)
{
    size_t len, i;

    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] < 0x7f;
    len = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 :
          s[0] >= 0xe0 && s[0] < 0xf0 ? 3 :
          s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;

    /* Control characters, overlong forms, surrogates, beyond Unicode. */
    if (s[0] == 0xc2 && s[1] < 0xa0) return 0;
    if (s[0] == 0xe0 && s[1] < 0xa0) return 0;
    if (s[0] == 0xed && s[1] >= 0xa0) return 0;
    if (s[0] == 0xf0 && s[1] < 0x90) return 0;
    if (s[0] == 0xf4 && s[1] >= 0x90) return 0;
    /* U+2028 to U+202E break lines or reorder them. */
    if (s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae)
        return 0;
    return len;
}

char *livepatch_printable(const char *text)
{
    const unsigned char *from = (const unsigned char *)text;
    char *copy = xmalloc(strlen(text) * 4 + 1), *to = copy;
    size_t len;

    while (*from) {
        len = character_length(from);
        if (len) {
            memcpy(to, from, len);
            from += len;
            to += len;
        } else {
            to += sprintf(to, "\\x%02x", *from++);
        }
    }
    *to = '\0';
    return copy;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
