/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding and calling a payload's hooks. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/spinlock.h>

#include "addresses.h"
#include "arch.h"
#include "hooks.h"
#include "layout.h"
#include "reason.h"

#define SECTION(kind) ".livepatch.hooks." #kind

/* A hook must be code of the payload, and bear being called by pointer. */
static int check_hook(const struct elf_view *elf, const struct payload *payload,
                      const char *section, const void *fn)
{
    const struct livepatch_span *text = &payload->image.text;

    if ( !span_holds(text, fn, 1) )
        return refuse(elf->why, -EINVAL,
                      "section %s: there is no code of the payload at %p",
                      section, fn);

    if ( !arch_callable(fn, text->addr + text->size - fn) )
        return refuse(elf->why, -EINVAL,
                      "section %s: the function at %p doesn't begin with "
                      "ENDBR64, which CET-IBT demands of hooks (is it not "
                      "marked cf_check?)",
                      section, fn);

    return 0;
}

static int find_hooks(const struct elf_view *elf, const struct payload *payload,
                      const char *section, void *const **table, size_t *n)
{
    void *found;
    size_t i;
    int rc = records_find(elf, section, sizeof(void *), &found, n);

    *table = found;

    if ( !rc && found && !*n )
        rc = refuse(elf->why, -EINVAL, "section %s is empty", section);

    for ( i = 0; !rc && i < *n; i++ )
        rc = check_hook(elf, payload, section, (*table)[i]);

    return rc;
}

static int load_table(const struct elf_view *elf, const struct payload *payload,
                      const char *section, void *const **table,
                      unsigned int *n)
{
    size_t found;
    int rc = find_hooks(elf, payload, section, table, &found);

    *n = found;

    return rc;
}

static int load_single(const struct elf_view *elf,
                       const struct payload *payload, const char *section,
                       void **hook)
{
    void *const *table;
    size_t n;
    int rc = find_hooks(elf, payload, section, &table, &n);

    if ( !rc && n > 1 )
        rc = refuse(elf->why, -EINVAL,
                    "section %s has %zu hooks, where there can be one",
                    section, n);

    if ( !rc && n )
        *hook = table[0];

    return rc;
}

int hooks_load(struct elf_view *elf, struct payload *payload)
{
    struct livepatch_hooks *hooks = &payload->hooks;
    const struct {
        const char *section;
        void **hook;
    } single[] = {
        { SECTION(preapply), (void **)&hooks->preapply },
        { SECTION(apply), (void **)&hooks->apply },
        { SECTION(postapply), (void **)&hooks->postapply },
        { SECTION(prerevert), (void **)&hooks->prerevert },
        { SECTION(revert), (void **)&hooks->revert },
        { SECTION(postrevert), (void **)&hooks->postrevert },
    };
    unsigned int i;
    int rc = load_table(elf, payload, SECTION(load),
                        (void *const **)&hooks->load, &hooks->nload);

    if ( !rc )
        rc = load_table(elf, payload, SECTION(unload),
                        (void *const **)&hooks->unload, &hooks->nunload);

    for ( i = 0; !rc && i < ARRAY_SIZE(single); i++ )
        rc = load_single(elf, payload, single[i].section, single[i].hook);

    return rc;
}

bool hooks_forbid_replace(const struct payload *payload)
{
    const struct livepatch_hooks *hooks = &payload->hooks;

    return hooks->preapply || hooks->postapply ||
           hooks->prerevert || hooks->postrevert;
}

/*
 * Hooks may take locks that are taken with IRQs on elsewhere: nobody else
 * runs, but the checks of lock usage can't know.
 */
void __unpatchable hooks_call_load(struct payload *payload)
{
    unsigned int i;

    spin_debug_disable();
    for ( i = 0; i < payload->hooks.nload; i++ )
        payload->hooks.load[i]();
    spin_debug_enable();
}

void __unpatchable hooks_call_unload(struct payload *payload)
{
    unsigned int i;

    spin_debug_disable();
    for ( i = 0; i < payload->hooks.nunload; i++ )
        payload->hooks.unload[i]();
    spin_debug_enable();
}

enum hook_agreement __unpatchable
hooks_agreement(const struct payload *payload)
{
    unsigned int i, applied = 0;

    for ( i = 0; i < payload->nfuncs; i++ )
        if ( payload->fstate[i].applied == LIVEPATCH_FUNC_APPLIED )
            applied++;

    if ( !applied )
        return HOOK_NONE_APPLIED;

    return applied == payload->nfuncs ? HOOK_ALL_APPLIED : HOOK_SOME_APPLIED;
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
