/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusals: every one has its words, for the console and for the report. */
#ifndef LIVEPATCH_REASON_H
#define LIVEPATCH_REASON_H

#include <xen/livepatch_payload.h>

/*
 * Keeps the reason, LIVEPATCH_REASON_*, and its words, which name what, where
 * and why; writes these to the console behind "livepatch: NAME: ", and returns
 * rc, for `return refuse_as(...)`.  Not while every CPU is stopped: that
 * section keeps facts, and words follow.
 */
int __attribute__((__format__(__printf__, 4, 5)))
refuse_as(uint32_t reason, struct livepatch_reason *why, int rc,
          const char *fmt, ...);

/* For what is wrong with the payload itself, or with the hypercall. */
#define refuse(why, rc, ...) \
    refuse_as(LIVEPATCH_REASON_FORMAT, why, rc, __VA_ARGS__)

/* For failed allocations: what was it for? */
int refuse_no_memory(struct livepatch_reason *why, const char *what);

/* After a refusal that is another payload's doing.  Returns rc. */
int blame(struct livepatch_reason *why, const struct payload *culprit, int rc);

void reason_clear(struct livepatch_reason *why);

/* Room for a payload's name of which every byte is written as \xNN. */
#define PRINTABLE_NAME_SIZE (4 * XEN_LIVEPATCH_NAME_SIZE)

/* A payload's name, which may be any bytes, for the console.  Returns buf. */
const char *printable_name(char buf[PRINTABLE_NAME_SIZE], const char *name);

/* Room for the hexadecimal form of any usual build-id; longer ones are cut. */
#define PRINTABLE_ID_SIZE (2 * 32 + 1)

/* "none" for one of 0 bytes.  Returns buf. */
const char *printable_id(char buf[PRINTABLE_ID_SIZE],
                         const struct livepatch_build_id *id);

#endif /* LIVEPATCH_REASON_H */
