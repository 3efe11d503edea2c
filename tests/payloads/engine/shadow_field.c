/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shadow_field: adds a field to struct domain, which counts how often a domain
 * asked for xen_extra: "Call 1 of d0", "Call 2 of d0".  The unload hook takes
 * all of them away while the host stands still, so the count begins anew when
 * the payload is applied again.
 */
#include "payload.h"

#include <xen/livepatch_shadow.h>
#include <xen/sched.h>

#include <asm/system.h>

#define SHADOW_FIELD_ID 0x5ad01

struct shadow_field {
    unsigned int calls;
    char text[16];
};

static unsigned int shadow_field_gone;

const char *shadow_field_extra_version(void)
{
    struct domain *d = current->domain;
    struct shadow_field *field;

    /* Not in a crash, say. */
    if ( !local_irq_is_enabled() )
        return "Uncounted";

    field = livepatch_shadow_get_or_attach(d, SHADOW_FIELD_ID, sizeof(*field),
                                           NULL, NULL);
    if ( !field )
        return "No memory";
    snprintf(field->text, sizeof(field->text), "Call %u of d%u",
             ++field->calls, d->domain_id);
    return field->text;
}
REPLACE_FUNCTION(shadow_field, xen_extra_version, shadow_field_extra_version);

static void cf_check shadow_field_dtor(void *obj, void *data)
{
    shadow_field_gone++;
}

static void cf_check shadow_field_on_unload(void)
{
    livepatch_shadow_detach_all(SHADOW_FIELD_ID, shadow_field_dtor);
    printk(XENLOG_ERR "shadow_field: took %u away\n", shadow_field_gone);
}
LIVEPATCH_UNLOAD_HOOK(shadow_field_on_unload);
