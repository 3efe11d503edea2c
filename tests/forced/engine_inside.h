/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the modelled engine share.
 */
#ifndef FORCED_ENGINE_INSIDE_H
#define FORCED_ENGINE_INSIDE_H

#include "engine.h"

struct xen_sysctl_livepatch_list;
struct xen_sysctl_livepatch_op;

extern char engine_console[64 * 1024];
extern size_t engine_console_len;

/* Each returns what the hypercall does: at least 0, or -XEN_E*. */
int engine_op(struct xen_sysctl_livepatch_op *op);
int engine_list(struct xen_sysctl_livepatch_list *op);
int engine_report(struct xen_sysctl_livepatch_report *op);

int engine_upload(const char *name, const void *bytes, size_t size,
                  bool foreign);
void engine_unload_payload(struct engine_payload *p);
/* What was done with p fails, says an engine that reports. */
void __attribute__((format(printf, 3, 4)))
engine_refuse_for(struct engine_payload *p, uint32_t reason,
                  const char *fmt, ...);
/* A line about p on the console. */
void __attribute__((format(printf, 2, 3)))
engine_say_of(const struct engine_payload *p, const char *fmt, ...);
void __attribute__((format(printf, 1, 2))) engine_say(const char *fmt, ...);

/* What a test has told about that, for the payload, or NULL. */
struct engine_refusal *engine_refusal(struct engine_payload *p,
                                      uint32_t cmd, bool at_once);
/* Time goes on with every hypercall. */
void engine_tick(void);
int engine_rehearse(void);
int engine_act(struct engine_payload *p, uint32_t cmd, uint32_t flags);
void engine_push(struct engine_payload *p);
void engine_pop(void);
/* The version of stock engines counts uploads and unloads alone. */
void engine_state_changed(void);

#endif
