/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads made by hand instead of from a file, whose hooks are functions of
 * the test, and calls of the hypercall as tools make them.
 */
#ifndef HOSTED_HANDMADE_H
#define HOSTED_HANDMADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/livepatch_payload.h>
#include <xen/xmalloc.h>

#include "operations.h"
#include "actions.h"
#include "memory.h"
#include "payloads.h"

#define ID_SIZE 20

/* An id of so many equal bytes. */
static inline struct livepatch_build_id an_id(uint8_t byte)
{
    static uint8_t ids[256][ID_SIZE];

    memset(ids[byte], byte, ID_SIZE);
    return (struct livepatch_build_id){ ids[byte], ID_SIZE };
}

/* A loaded payload that depends on the one with that id, or on Xen. */
static inline struct payload *handmade(const char *name, uint8_t id,
                                       uint8_t depends)
{
    struct payload *payload = xzalloc(struct payload);

    assert_non_null(payload);
    strlcpy(payload->name, name, sizeof(payload->name));
    payload->why.about = payload->name;
    payload->state = LIVEPATCH_STATE_CHECKED;
    payload->id = an_id(id);
    payload->depends = an_id(depends);
    payload->xen_depends = an_id(HOSTED_XEN_ID);
    payloads_add(payload);
    return payload;
}

/* It makes one function of the hypervisor jump to another. */
static inline void handmade_function(struct payload *payload,
                                     const char *old_name,
                                     const char *new_name)
{
    static struct livepatch_func funcs[16];
    static unsigned int used;
    struct livepatch_func *func = &funcs[used++ % 16];
    struct livepatch_fstate *state = table_alloc(1, sizeof(*state));
    int32_t distance;

    assert_non_null(state);
    *func = (struct livepatch_func){
        .name = old_name,
        .old_addr = hosted_symbol(old_name),
        .new_addr = hosted_symbol(new_name),
        .old_size = hosted_symbol_size(old_name),
        .new_size = hosted_symbol_size(new_name),
        .version = LIVEPATCH_PAYLOAD_VERSION,
    };
    distance = func->new_addr - func->old_addr - ARCH_PATCH_INSN_SIZE;
    state->length = ARCH_PATCH_INSN_SIZE;
    state->patch[0] = 0xe9;
    memcpy(state->patch + 1, &distance, sizeof(distance));
    payload->funcs = func;
    payload->nfuncs = 1;
    payload->fstate = state;
}

static inline struct xen_livepatch_name a_name(const char *name)
{
    struct xen_livepatch_name n = { .size = strlen(name) + 1 };

    set_xen_guest_handle(n.name, (char *)name);
    return n;
}

#define assert_contains(text, part)                                         \
    do {                                                                    \
        const char *text_ = (text);                                         \
        if ( !strstr(text_, part) )                                         \
            fail_msg("\"%s\" is not in \"%s\"", part, text_);               \
    } while ( 0 )

#define assert_lacks(text, part)                                            \
    do {                                                                    \
        const char *text_ = (text);                                         \
        if ( strstr(text_, part) )                                          \
            fail_msg("\"%s\" is in \"%s\"", part, text_);                   \
    } while ( 0 )

/* -- For setup and teardown ---------------------------------------------- */

static inline int handmade_setup(void **state)
{
    hosted_boot();
    hosted_reset();
    return 0;
}

/* Reverts and unloads all, and looks for what was left. */
static inline int handmade_teardown(void **state)
{
    struct payload *payload, *next;

    hosted_fail_copy(0);
    hosted_fail_allocation(0);
    hosted_fail_cpu_maps(0, 0);
    while ( (payload = payloads_top()) != NULL )
    {
        memset(&payload->hooks, 0, sizeof(payload->hooks));
        assert_int_equal(op_revert(payload->name), 0);
    }
    while ( !list_empty(&payloads_loaded) )
        list_for_each_entry_safe ( payload, next, &payloads_loaded, list )
            if ( !payload->users )
                assert_int_equal(op_unload(payload->name), 0);
    assert_int_equal(payloads_count, 0);
    hosted_check_clean();
    return 0;
}

#endif /* HOSTED_HANDMADE_H */
