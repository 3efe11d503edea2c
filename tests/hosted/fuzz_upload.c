/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file whatever: it is refused with words, or loaded and unloaded again;
 * nothing is left of either.
 */
#include <stdlib.h>

#include <xen/lib.h>

#include "fuzzed.h"
#include "hosted.h"
#include "operations.h"

static void check_words(int rc)
{
    uint8_t *items;
    uint32_t size;

    if ( op_report(NULL, &items, &size) || size < 32 )
        hosted_fail("refused with %d and without words", rc);
    free(items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t state;
    int32_t result;
    int rc;

    fuzz_start();
    rc = op_upload_file("fuzz", data, size);
    if ( rc > 0 || rc < -200 )
        hosted_fail("upload returned %d", rc);
    if ( rc )
        check_words(rc);
    else if ( op_get("fuzz", &state, &result) || result ||
              state != LIVEPATCH_STATE_CHECKED || op_unload("fuzz") )
        hosted_fail("loaded, but not right");
    hosted_check_clean();
    return 0;
}
