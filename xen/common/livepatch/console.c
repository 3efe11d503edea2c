/* SPDX-License-Identifier: GPL-2.0-only */
/* What the console shows of the engine, and its start at boot. */

#include <xen/init.h>
#include <xen/keyhandler.h>
#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch.h>
#include <xen/livepatch_payload.h>
#include <xen/rcupdate.h>
#include <xen/softirq.h>

#include "arch.h"
#include "build_id.h"
#include "payloads.h"
#include "quiesce.h"
#include "reason.h"
#include "sync.h"

static DEFINE_RCU_READ_LOCK(console_rcu);

static const char *state_name(const struct payload *payload)
{
    if ( payload->busy )
        return "in flight";

    return payload->state == LIVEPATCH_STATE_APPLIED ? "APPLIED" : "CHECKED";
}

static void print_span(const char *what, const struct livepatch_span *span)
{
    if ( span->size )
        printk("    %s %p-%p\n", what, span->addr,
               span->addr + span->size - 1);
}

static void print_id(const char *what, const struct livepatch_build_id *id)
{
    char buf[PRINTABLE_ID_SIZE];

    printk("    %s %s\n", what, printable_id(buf, id));
}

static void print_functions(const struct payload *payload)
{
    char name[PRINTABLE_NAME_SIZE];
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_func *func = &payload->funcs[i];

        printk("    %s: %p (%u) -> %p (%u)%s\n",
               printable_name(name, func->name ?: "(no name)"),
               func->old_addr, func->old_size, func->new_addr, func->new_size,
               payload->fstate[i].applied == LIVEPATCH_FUNC_APPLIED
               ? ", applied" : "");

        if ( i % 64 == 63 )
            process_pending_softirqs();
    }
}

static void print_payload(const struct payload *payload)
{
    char name[PRINTABLE_NAME_SIZE];

    printk("  %s: %s, rc=%d, users: %u\n",
           printable_name(name, payload->name), state_name(payload),
           payload->rc, payload->users);

    print_span("text     ", &payload->image.text);
    print_span("data     ", &payload->image.rw);
    print_span("constants", &payload->image.ro);
    print_id("build-id  ", &payload->id);
    print_id("depends on", &payload->depends);
    print_id("built for ", &payload->xen_depends);
    printk("    signed by  %s\n",
           payload->signer ?: "none of this hypervisor's keys");
    print_functions(payload);
}

static void cf_check print_payloads(unsigned char key)
{
    const struct livepatch_build_id xen = build_id_of_xen();
    const struct payload *payload;

    printk("'%c' pressed: live patches\n", key);

    print_id("Xen's build-id", &xen);

    /* Without the lock: the console may be slow, and others would wait. */
    rcu_read_lock(&console_rcu);

    list_for_each_entry_rcu ( payload, &payloads_loaded, list )
    {
        print_payload(payload);
        process_pending_softirqs();
    }

    rcu_read_unlock(&console_rcu);
}

/*
 * Any lock may be held, and any list half changed, by the CPU that calls this
 * or by one that was stopped.  The list of the loaded payloads, of which
 * readers take no lock, is always good to walk, unlike the stack of the
 * applied ones; so this gives them in the order of their upload.  It ends
 * also if the list should have been overwritten; should that make it fault,
 * the next panic goes on without it.
 */
void livepatch_print_applied(void)
{
    static bool printing;
    const struct payload *payload;
    unsigned int left = payloads_count + 1;
    char name[PRINTABLE_NAME_SIZE], id[PRINTABLE_ID_SIZE];

    if ( !claim(&printing, false, true) )
        return;

    rcu_read_lock(&console_rcu);

    list_for_each_entry_rcu ( payload, &payloads_loaded, list )
    {
        if ( !left-- )
            break;

        if ( payload->state == LIVEPATCH_STATE_APPLIED || payload->busy )
            printk("livepatch: %s: %s, build-id %s\n",
                   printable_name(name, payload->name), state_name(payload),
                   printable_id(id, &payload->id));
    }

    rcu_read_unlock(&console_rcu);

    store_release(&printing, false);
}

static int __init cf_check livepatch_init(void)
{
    quiesce_init();
    arch_livepatch_init();
    register_keyhandler('x', print_payloads, "print livepatch info", 1);

    return 0;
}
__initcall(livepatch_init);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
