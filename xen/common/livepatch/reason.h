/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusals: every one has its words, for the console and for the report. */
#ifndef LIVEPATCH_REASON_H
#define LIVEPATCH_REASON_H

#include <xen/livepatch_payload.h>

/*
 * Keeps the words, which name what, where and why, writes them to the console
 * behind "livepatch: NAME: ", and returns rc, for `return refuse(...)`.  Not
 * while every CPU is stopped: that section keeps facts, and words follow.
 */
int __attribute__((__format__(__printf__, 3, 4)))
refuse(struct livepatch_reason *why, int rc, const char *fmt, ...);

/* For failed allocations: what was it for? */
int refuse_no_memory(struct livepatch_reason *why, const char *what);

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
