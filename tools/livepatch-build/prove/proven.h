/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proof that the base build is what runs, kept beside the base.
 */
#ifndef LIVEPATCH_BUILD_PROVEN_H
#define LIVEPATCH_BUILD_PROVEN_H

#include "base/base.h"
#include "running/running.h"

/*
 * Prove the base, unless this very program has done so for this base and this
 * xen-syms.  OUTCOME_BASE and *why: it is not what runs; OUTCOME_FAILED: an
 * object can't be read.
 */
enum outcome proven_base(struct base *base, const struct running *running,
                         const char *xen_syms, struct report *report,
                         char **why);

#endif
