/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file whatever, beside a payload that it may need or be in conflict with:
 * it is refused with words, or loaded and unloaded again; nothing is left of
 * either.
 */
#include <stdlib.h>

#include <xen/lib.h>
#include <xen/mm.h>

#include "fuzzed.h"
#include "hosted.h"
#include "operations.h"
#include "payloads.h"
#include "templates.h"

static unsigned int allocated, regions;

static void load_first(void)
{
    static bool loaded;

    if ( loaded )
        return;
    loaded = true;
    templates_make();
    if ( op_upload_file("first", templates[OFFERING].file,
                        templates[OFFERING].size) )
        hosted_fail("the first isn't loaded");
    allocated = hosted_allocated;
    regions = hosted_regions;
}

static void check_words(int rc)
{
    uint8_t *items;
    uint32_t size;

    if ( op_report(NULL, 0, &items, &size) || size < 32 )
        hosted_fail("refused with %d and without words", rc);
    free(items);
}

static void check_permission(const struct livepatch_span *span,
                             unsigned int permission)
{
    size_t at;

    for ( at = 0; at < span->size; at += PAGE_SIZE )
        if ( hosted_permission(span->addr + at) != permission )
            hosted_fail("permission %u at %p",
                        hosted_permission(span->addr + at), span->addr + at);
}

static void check_loaded(void)
{
    const struct payload *payload = payloads_find("fuzz");
    uint32_t state;
    int32_t rc;

    check_permission(&payload->image.text, PAGE_HYPERVISOR_RX);
    check_permission(&payload->image.rw, PAGE_HYPERVISOR_RW);
    check_permission(&payload->image.ro, PAGE_HYPERVISOR_RO);
    if ( op_get("fuzz", &state, &rc) || rc ||
         state != LIVEPATCH_STATE_CHECKED )
        hosted_fail("loaded, but not right");
    op_list_all(0, 2);
    if ( op_unload("fuzz") )
        hosted_fail("loaded, and not unloaded");
    hosted_grace_period();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int rc;

    fuzz_start();
    image_provide_hooks();
    load_first();
    rc = op_upload_file("fuzz", data, size);
    if ( rc > 0 || rc < -200 )
        hosted_fail("upload returned %d", rc);
    if ( rc )
        check_words(rc);
    else
        check_loaded();
    if ( hosted_allocated != allocated || hosted_regions != regions ||
         hosted_mapped )
        hosted_fail("something is left");
    return 0;
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
