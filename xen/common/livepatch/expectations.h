/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations: bytes that must be there before a function is patched. */
#ifndef LIVEPATCH_EXPECTATIONS_H
#define LIVEPATCH_EXPECTATIONS_H

#include <xen/livepatch_payload.h>

/* Whether a record's expectation is well-formed; see functions_load(). */
int expectation_check(const struct livepatch_func *func,
                      struct livepatch_reason *why);

/*
 * Compares all of them with the text as it is now or, with unpatched, as it
 * will be once every applied payload is reverted.  -EINVAL if one differs.
 */
int expectations_met(struct payload *payload, bool unpatched);

#endif /* LIVEPATCH_EXPECTATIONS_H */
