/* SPDX-License-Identifier: GPL-2.0-only */
/* The loaded payloads, the stack of the applied ones, and who uses whom. */

#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch.h>
#include <xen/livepatch_payload.h>
#include <xen/rcupdate.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/virtual_region.h>
#include <xen/xmalloc.h>

#include "layout.h"
#include "payloads.h"
#include "reason.h"

DEFINE_SPINLOCK(payloads_lock);
LIST_HEAD(payloads_loaded);
LIST_HEAD(payloads_stack);
unsigned int payloads_count;
uint32_t payloads_version = 1;

static DEFINE_RCU_READ_LOCK(payloads_rcu);

void payloads_changed(void)
{
    payloads_version++;
}

struct payload *payloads_find(const char *name)
{
    struct payload *payload;

    list_for_each_entry ( payload, &payloads_loaded, list )
        if ( !strcmp(payload->name, name) )
            return payload;

    return NULL;
}

static bool image_holds(const struct livepatch_image *image, const void *addr)
{
    return span_holds(&image->text, addr, 1) ||
           span_holds(&image->rw, addr, 1) ||
           span_holds(&image->ro, addr, 1);
}

struct payload *payloads_at(const void *addr)
{
    struct payload *payload, *found = NULL;

    rcu_read_lock(&payloads_rcu);

    list_for_each_entry_rcu ( payload, &payloads_loaded, list )
        if ( image_holds(&payload->image, addr) )
        {
            found = payload;
            break;
        }

    rcu_read_unlock(&payloads_rcu);

    return found;
}

bool is_patch(const void *addr)
{
    return payloads_at(addr);
}

struct payload *payloads_top(void)
{
    return list_empty(&payloads_stack)
           ? NULL
           : list_entry(payloads_stack.prev, struct payload, stack);
}

void payloads_add(struct payload *payload)
{
    register_virtual_region(&payload->region);
    list_add_tail_rcu(&payload->list, &payloads_loaded);
    payloads_count++;
    payloads_changed();
}

void payloads_remove(struct payload *payload)
{
    list_del_rcu(&payload->list);
    payloads_count--;
    payloads_changed();
    unregister_virtual_region(&payload->region);
}

bool payload_is_bound(const struct payload *payload,
                      const struct payload *provider)
{
    unsigned int i;

    for ( i = 0; i < payload->nproviders; i++ )
        if ( payload->providers[i] == provider )
            return true;

    return false;
}

int payload_bind(struct payload *payload, struct payload *provider)
{
    struct payload **providers;

    if ( provider == payload || payload_is_bound(payload, provider) )
        return 0;

    providers = xmalloc_array(struct payload *, payload->nproviders + 1);
    if ( !providers )
        return refuse_no_memory(&payload->why,
                                "the list of payloads that it uses");

    if ( payload->nproviders )
        memcpy(providers, payload->providers,
               payload->nproviders * sizeof(*providers));
    xfree(payload->providers);

    providers[payload->nproviders++] = provider;
    payload->providers = providers;
    provider->users++;

    return 0;
}

void payload_unbind_all(struct payload *payload)
{
    unsigned int i;

    for ( i = 0; i < payload->nproviders; i++ )
        payload->providers[i]->users--;

    xfree(payload->providers);
    payload->providers = NULL;
    payload->nproviders = 0;
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
