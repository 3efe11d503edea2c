/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations: bytes that must be there before a function is patched. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "expectations.h"
#include "functions.h"
#include "patching.h"
#include "reason.h"

#define HEX_SIZE (2 * LIVEPATCH_OPAQUE_SIZE + 1)

int expectation_check(const struct livepatch_func *func,
                      struct livepatch_reason *why)
{
    const struct livepatch_expectation *expect = &func->expect;

    if ( !expect->enabled )
        return 0;

    if ( expect->rsv )
        return refuse(why, -EINVAL,
                      "function %.80s: the expectation's reserved bits are "
                      "%u, not 0",
                      function_name(func), expect->rsv);

    if ( expect->len > func->old_size )
        return refuse(why, -ERANGE,
                      "function %.80s: it has %u bytes, and %u are expected",
                      function_name(func), func->old_size, expect->len);

    return 0;
}

static const char *hex(char buf[HEX_SIZE], const uint8_t *bytes,
                       unsigned int n)
{
    unsigned int i;

    buf[0] = '\0';
    for ( i = 0; i < n; i++ )
        snprintf(buf + 2 * i, 3, "%02x", bytes[i]);

    return buf;
}

static int compare(const struct livepatch_func *func, bool unpatched,
                   struct livepatch_reason *why)
{
    const struct livepatch_expectation *expect = &func->expect;
    char wanted[HEX_SIZE], found[HEX_SIZE];
    uint8_t bytes[LIVEPATCH_OPAQUE_SIZE];
    unsigned int len = expect->len;

    if ( unpatched )
        patching_read_unpatched(func->old_addr, bytes, len);
    else
        memcpy(bytes, func->old_addr, len);

    if ( !memcmp(bytes, expect->data, len) )
        return 0;

    return refuse_as(LIVEPATCH_REASON_EXPECTATION, why, -EINVAL,
                     "function %.48s at %p: expected %s, %s %s",
                     function_name(func), func->old_addr,
                     hex(wanted, expect->data, len),
                     unpatched ? "found below all patches" : "found",
                     hex(found, bytes, len));
}

int expectations_met(struct payload *payload, bool unpatched)
{
    unsigned int i;
    int rc = 0;

    for ( i = 0; !rc && i < payload->nfuncs; i++ )
        if ( payload->funcs[i].expect.enabled )
            rc = compare(&payload->funcs[i], unpatched, &payload->why);

    return rc;
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
