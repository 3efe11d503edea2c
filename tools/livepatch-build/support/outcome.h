/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run can end. */
#ifndef LIVEPATCH_BUILD_OUTCOME_H
#define LIVEPATCH_BUILD_OUTCOME_H

/* Exit codes. */
enum outcome {
    OUTCOME_DONE = 0,       /* the payload is written */
    OUTCOME_FAILED = 1,     /* usage, a missing file, no memory, a full disk */
    OUTCOME_REFUSED = 2,    /* this change can't be live-patched */
    OUTCOME_BUILD = 3,      /* the patch doesn't apply, or doesn't compile */
    OUTCOME_BASE = 4,       /* the base build isn't what runs */
};

#endif
