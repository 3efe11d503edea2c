/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow_hooks: gives every domain a field before it is applied, which a
 * constructor fills: xen_extra is "Domain 0".  The post hooks take all of them
 * away, after a revert as after an apply that failed.
 */
#include "payload.h"

#include <xen/livepatch_shadow.h>
#include <xen/sched.h>

#define SHADOW_HOOKS_ID 0x5ad02

struct shadow_hooks {
    char text[16];
};

const char *shadow_hooks_extra_version(void)
{
    struct shadow_hooks *field = livepatch_shadow_get(current->domain,
                                                      SHADOW_HOOKS_ID);

    return field ? field->text : "Newborn domain";
}
REPLACE_FUNCTION(shadow_hooks, xen_extra_version, shadow_hooks_extra_version);

static int cf_check shadow_hooks_ctor(void *obj, void *data, void *arg)
{
    struct shadow_hooks *field = data;
    const struct domain *d = obj;

    snprintf(field->text, sizeof(field->text), "%s %u", (const char *)arg,
             d->domain_id);
    return 0;
}

static void cf_check shadow_hooks_dtor(void *obj, void *data)
{
    memset(data, 0xcc, sizeof(struct shadow_hooks));
}

static int cf_check shadow_hooks_preapply(livepatch_payload_t *payload)
{
    char kind[] = "Domain";
    struct domain *d;
    int rc = 0;

    rcu_read_lock(&domlist_read_lock);
    for_each_domain ( d )
        if ( !livepatch_shadow_attach(d, SHADOW_HOOKS_ID,
                                      sizeof(struct shadow_hooks),
                                      shadow_hooks_ctor, kind) )
            rc = -ENOMEM;
    rcu_read_unlock(&domlist_read_lock);

    if ( rc )
        livepatch_shadow_detach_all(SHADOW_HOOKS_ID, shadow_hooks_dtor);
    return rc;
}
LIVEPATCH_PREAPPLY_HOOK(shadow_hooks_preapply);

static void cf_check shadow_hooks_postapply(livepatch_payload_t *payload)
{
    if ( payload->rc )
        livepatch_shadow_detach_all(SHADOW_HOOKS_ID, shadow_hooks_dtor);
}
LIVEPATCH_POSTAPPLY_HOOK(shadow_hooks_postapply);

static void cf_check shadow_hooks_postrevert(livepatch_payload_t *payload)
{
    if ( !payload->rc )
        livepatch_shadow_detach_all(SHADOW_HOOKS_ID, shadow_hooks_dtor);
}
LIVEPATCH_POSTREVERT_HOOK(shadow_hooks_postrevert);
