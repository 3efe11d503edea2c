/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads below ours: what is compiled for us must come from source that has
 * what they have.
 */
#ifndef LIVEPATCH_BUILD_BELOW_H
#define LIVEPATCH_BUILD_BELOW_H

#include "base/base.h"
#include "select.h"

/*
 * Refuse objects that were compiled from other source than those of payloads
 * below: they depend on a file which one of these has changed, and our patches
 * don't pass through its content; or they have a function that is replaced by
 * one which doesn't tell its sources.
 *
 * base: compiled (base_compile()), with all that was made again; pairs: these,
 * the addresses of what runs set.
 */
void below_judge(const struct base *base, const struct object_pair *pairs,
                 size_t npairs, const struct running *running,
                 struct report *report);

#endif
