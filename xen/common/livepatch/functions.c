/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * .livepatch.funcs: the functions to patch.
 *
 * Nothing behind an address from a record is read before it is known to be
 * the start of a function of the hypervisor or of a payload.
 */

#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/sort.h>
#include <xen/string.h>
#include <xen/symbols.h>

#include "addresses.h"
#include "arch.h"
#include "compat.h"
#include "expectations.h"
#include "functions.h"
#include "hooks.h"
#include "layout.h"
#include "memory.h"
#include "payloads.h"
#include "reason.h"
#include "symbols.h"

/* What is known of the record that is being checked. */
struct record {
    struct payload *payload;
    struct livepatch_func *func;
    struct livepatch_reason *why;
    size_t room;                /* From old_addr to the next symbol. */
};

/* More than a jump takes, with what it leaves in front of it. */
#define LEAST_ROOM 16

#define NAME_FMT "function %.80s"

static bool is_unpatchable(const void *addr)
{
    return addr >= (const void *)_slivepatch &&
           addr < (const void *)_elivepatch;
}

static bool is_parked(const void *addr)
{
    return addr >= (const void *)_sparked && addr < (const void *)_eparked;
}

static int check_fields(const struct record *r)
{
    const struct livepatch_func *func = r->func;
    size_t i = func - r->payload->funcs;

    if ( func->version != LIVEPATCH_PAYLOAD_VERSION )
        return refuse(r->why, -EOPNOTSUPP,
                      ".livepatch.funcs, record %zu: version %u is not %u",
                      i, func->version, LIVEPATCH_PAYLOAD_VERSION);

    if ( func->name && !is_image_string(&r->payload->image, func->name) )
        return refuse(r->why, -EINVAL,
                      ".livepatch.funcs, record %zu: the name at %p is no "
                      "string within the payload",
                      i, func->name);

    if ( !func->name && !func->old_addr )
        return refuse(r->why, -EINVAL,
                      ".livepatch.funcs, record %zu has neither a name nor an "
                      "old address",
                      i);

    if ( !func->old_size )
        return refuse(r->why, -EINVAL,
                      ".livepatch.funcs, record %zu: " NAME_FMT
                      " has an old size of 0", i, function_name(func));

    return 0;
}

static int find_by_name(const struct record *r)
{
    struct payload *provider;
    unsigned long addr = symbols_lookup_anywhere(r->func->name, &provider);

    if ( !addr )
        return refuse_as(LIVEPATCH_REASON_SYMBOL, r->why, -ENOENT,
                         NAME_FMT " is neither in the hypervisor nor in a "
                         "loaded payload", r->func->name);

    r->func->old_addr = (void *)addr;

    return 0;
}

/* The last symbol that begins at addr or before, whoever owns that. */
static const char *find_symbol(const void *addr, char *namebuf,
                               unsigned long *size, unsigned long *offset)
{
    const struct payload *owner;

    if ( is_kernel_text(addr) )
        return symbols_lookup((unsigned long)addr, size, offset, namebuf);

    owner = payloads_at(addr);
    if ( !owner || !span_holds(&owner->image.text, addr, 1) )
        return NULL;

    return symbols_name(owner, (unsigned long)addr, size, offset);
}

/*
 * Where the next symbol begins, as far as it matters.  Of payloads, and of the
 * hypervisor from 4.21 on, a symbol's size is what the compiler has said: the
 * padding behind it is the same symbol's still, with an offset beyond its end.
 */
static size_t find_room(const void *addr, unsigned long size)
{
    char namebuf[KSYM_NAME_LEN + 1];
    unsigned long its_size, offset;
    size_t room = size;

    while ( room < LEAST_ROOM &&
            find_symbol(addr + room, namebuf, &its_size, &offset) &&
            offset == room )
        room++;

    return room;
}

/*
 * Functions in assembly have labels within, which are symbols like all others
 * and have no size.  Nothing is written beyond the first, whatever old_size
 * says; but what is followed by padding is known to end there.
 */
static bool has_labels(const struct livepatch_func *func, unsigned long size)
{
    char namebuf[KSYM_NAME_LEN + 1];
    unsigned long its_size, offset;

    return is_kernel_text(func->old_addr) &&
           is_kernel_text(func->old_addr + func->old_size - 1) &&
           find_symbol(func->old_addr + size, namebuf, &its_size, &offset) &&
           !offset;
}

static int check_old(struct record *r)
{
    const struct livepatch_func *func = r->func;
    const char *name = function_name(func), *symbol;
    char namebuf[KSYM_NAME_LEN + 1];
    unsigned long size = 0, offset = 0;

    if ( is_unpatchable(func->old_addr) )
        return refuse(r->why, -EINVAL,
                      NAME_FMT " at %p runs while live patches are applied or "
                      "reverted",
                      name, func->old_addr);

    if ( is_kernel_inittext(func->old_addr) )
        return refuse(r->why, -EINVAL,
                      NAME_FMT " at %p is init code, which was freed after "
                      "boot",
                      name, func->old_addr);

    symbol = find_symbol(func->old_addr, namebuf, &size, &offset);
    if ( !symbol )
        return refuse(r->why, -EINVAL,
                      NAME_FMT ": at %p is no code of the hypervisor or of a "
                      "loaded payload",
                      name, func->old_addr);

    if ( offset )
        return refuse(r->why, -EINVAL,
                      NAME_FMT ": %p is not the start of a function, but %#lx "
                      "bytes into %.80s",
                      name, func->old_addr, offset, symbol);

    if ( func->old_size > size && !has_labels(func, size) )
        return refuse(r->why, -EINVAL,
                      NAME_FMT " at %p: its old size of %u bytes is more than "
                      "the %lu of %.80s",
                      name, func->old_addr, func->old_size, size, symbol);

    r->room = find_room(func->old_addr, size);
    r->payload->parked |= is_parked(func->old_addr);

    return 0;
}

/* A payload whose code is patched has to stay. */
static int bind_owner(const struct record *r)
{
    struct payload *owner;

    if ( is_kernel_text(r->func->old_addr) )
        return 0;

    /* It may be a replacement that replaces a replacement. */
    owner = payloads_at(r->func->old_addr);
    r->payload->parked |= owner->parked;

    return payload_bind(r->payload, owner);
}

/* new_size is not looked at: there are payloads that state a wrong one. */
static int check_new(const struct record *r)
{
    const struct livepatch_func *func = r->func;

    if ( !func->new_addr ||
         span_holds(&r->payload->image.text, func->new_addr, 1) )
        return 0;

    return refuse(r->why, -EINVAL,
                  NAME_FMT ": its replacement at %p is not in the payload's "
                  "code",
                  function_name(func), func->new_addr);
}

static int check_record(struct payload *payload, size_t i,
                        struct livepatch_reason *why)
{
    struct record r = {
        .payload = payload,
        .func = (struct livepatch_func *)&payload->funcs[i],
        .why = why,
    };
    int rc = check_fields(&r);

    if ( !rc && !r.func->old_addr )
        rc = find_by_name(&r);

    if ( !rc )
        rc = check_old(&r);

    if ( !rc )
        rc = bind_owner(&r);

    if ( !rc )
        rc = check_new(&r);

    if ( !rc )
        rc = expectation_check(r.func, why);

    if ( !rc )
        rc = arch_function_check(r.func, r.room, &payload->fstate[i], why);

    return rc;
}

static int compare(const void *a, const void *b)
{
    return a < b ? -1 : a > b;
}

static int cf_check compare_old(const void *a, const void *b)
{
    const struct livepatch_func *const *l = a, *const *r = b;

    return compare((*l)->old_addr, (*r)->old_addr);
}

static int cf_check compare_new(const void *a, const void *b)
{
    const struct livepatch_func *const *l = a, *const *r = b;

    return compare((*l)->new_addr, (*r)->new_addr);
}

static void cf_check swap_pointers(SORT_SWAP_PARAMETERS)
{
    const struct livepatch_func **l = a, **r = b, *tmp = *l;

    *l = *r;
    *r = tmp;
}

static int check_overlaps(const struct payload *payload,
                          const struct livepatch_func *const *by_old,
                          struct livepatch_reason *why)
{
    unsigned int i;

    for ( i = 1; i < payload->nfuncs; i++ )
    {
        const struct livepatch_func *low = by_old[i - 1], *high = by_old[i];

        if ( low->old_addr + low->old_size > high->old_addr )
            return refuse(why, -EINVAL,
                          ".livepatch.funcs: %.80s at %p and %.80s at %p "
                          "overlap",
                          function_name(low), low->old_addr,
                          function_name(high), high->old_addr);
    }

    return 0;
}

/* Checks all records against each other, and sorts them for lookups. */
static int order_records(struct payload *payload, struct livepatch_reason *why)
{
    const struct livepatch_func **sorted = payload->by_new_addr;
    unsigned int i;
    int rc;

    for ( i = 0; i < payload->nfuncs; i++ )
        sorted[i] = &payload->funcs[i];

    sort(sorted, payload->nfuncs, sizeof(*sorted), compare_old, swap_pointers);
    rc = check_overlaps(payload, sorted, why);
    sort(sorted, payload->nfuncs, sizeof(*sorted), compare_new, swap_pointers);

    return rc;
}

int functions_load(struct elf_view *elf, struct payload *payload)
{
    void *records;
    size_t i, n;
    int rc = records_find(elf, ".livepatch.funcs", sizeof(*payload->funcs),
                          &records, &n);

    if ( rc || !n )
        return rc;

    payload->fstate = table_alloc(n, sizeof(*payload->fstate));
    payload->by_new_addr = table_alloc(n, sizeof(*payload->by_new_addr));
    if ( !payload->fstate || !payload->by_new_addr )
    {
        functions_free(payload);
        return refuse_no_memory(elf->why, "the state of functions");
    }

    payload->funcs = records;
    payload->nfuncs = n;

    for ( i = 0; !rc && i < n; i++ )
        rc = check_record(payload, i, elf->why);

    if ( !rc )
        rc = order_records(payload, elf->why);

    if ( rc )
        functions_free(payload);

    return rc;
}

void functions_free(struct payload *payload)
{
    table_free(payload->fstate);
    table_free(payload->by_new_addr);

    payload->nfuncs = 0;
    payload->funcs = NULL;
    payload->fstate = NULL;
    payload->by_new_addr = NULL;
}

bool functions_replaces(const struct payload *payload, unsigned long addr)
{
    unsigned int low = 0, high = payload->nfuncs;

    while ( low < high )
    {
        unsigned int mid = low + (high - low) / 2;
        unsigned long at = (unsigned long)payload->by_new_addr[mid]->new_addr;

        if ( at == addr )
            return addr;

        if ( at < addr )
            low = mid + 1;
        else
            high = mid;
    }

    return false;
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
