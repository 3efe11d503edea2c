/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "printable.h"

#include <stdint.h>
#include <string.h>
#include <xenlivepatch.h>

#include "support/memory.h"

char *printable_lines(const char *text)
{
    return must_have(xenlivepatch_printable(text, SIZE_MAX, true));
}

char *printable_name(const char *name)
{
    return must_have(xenlivepatch_text(name, strlen(name)));
}

char *printable_hex(const void *bytes, size_t size)
{
    return must_have(xenlivepatch_hex(bytes, size));
}
