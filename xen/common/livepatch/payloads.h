/* SPDX-License-Identifier: GPL-2.0-only */
/* The loaded payloads and the stack of the applied ones. */
#ifndef LIVEPATCH_PAYLOADS_H
#define LIVEPATCH_PAYLOADS_H

#include <xen/livepatch_payload.h>
#include <xen/spinlock.h>

/*
 * Protects both lists, and every field of a payload that is not busy.  Of a
 * busy one, what the action changes belongs to the action.  Nobody waits with
 * it held for what another CPU has to get to, such as its softirqs: that CPU
 * may be waiting for this one, as when CPUs are taken offline.
 */
extern spinlock_t payloads_lock;

extern struct list_head payloads_loaded;    /* In the order of upload.  Trap
                                               handlers read it by RCU. */
extern struct list_head payloads_stack;     /* In the order of application:
                                               the top is the last. */
extern unsigned int payloads_count;

/* Changes with every upload, unload, and change of state or result. */
extern uint32_t payloads_version;
void payloads_changed(void);

struct payload *payloads_find(const char *name);

/* The payload whose image holds addr, or NULL.  Lock-free. */
struct payload *payloads_at(const void *addr);

/* The most recently applied one, or NULL. */
struct payload *payloads_top(void);

/*
 * The list, the region for symbols, bug frames and exceptions: in or out.
 * After the second nobody finds the payload any more; who has found it before,
 * without the lock, may look at it until the end of an RCU grace period.
 */
void payloads_add(struct payload *payload);
void payloads_remove(struct payload *payload);

/*
 * payload uses what is in provider, which cannot be unloaded until payload is
 * gone.  Binding twice is binding once.
 */
int payload_bind(struct payload *payload, struct payload *provider);
void payload_unbind_all(struct payload *payload);
bool payload_is_bound(const struct payload *payload,
                      const struct payload *provider);

#endif /* LIVEPATCH_PAYLOADS_H */
