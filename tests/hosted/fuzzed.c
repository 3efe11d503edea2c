/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzzed.h"
#include "hosted.h"

/* Freed memory is soon used again, which is much faster. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}

void fuzz_start(void)
{
    hosted_boot();
    hosted_reset();
    hosted_console_off = true;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
