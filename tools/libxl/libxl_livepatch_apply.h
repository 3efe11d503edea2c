/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What planning an apply and carrying it out share.
 */

#ifndef LIBXL_LIVEPATCH_APPLY_H
#define LIBXL_LIVEPATCH_APPLY_H

#include "libxl_livepatch_internal.h"

/* One file of the call. */
typedef struct {
    libxl_livepatch_judgement *judgement;
    libxl__livepatch_image image;
    libxl__livepatch_name name;
    bool present;               /* was applied before */
    bool loaded;                /* was loaded before, and stays so */
    bool uploaded;              /* by us */
    bool applied;               /* by us */
} member;

/* A payload that replace reverts. */
typedef struct {
    libxl__livepatch_name name;
    libxl_livepatch_payload payload;
    libxl__livepatch_image image;       /* if it can't be applied again */
    bool reloaded;
    bool settled;               /* put back, or unloaded after success */
} displaced;

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_action action;
    bool upload_only;
    member *members;            /* in the order of their application */
    int num_members;
    displaced *displaced;       /* in the order of their application */
    int num_displaced;
    member *acting;             /* what action is about: one of the two */
    displaced *displacing;
} apply_state;

/*
 * Read and judge the files and bring them into order, into members and the
 * call's result.  Nothing else is needed for that, no lock either.
 *
 * This and the next return 0, or an error when the call has been concluded.
 */
_hidden int libxl__livepatch_judge_members(libxl__gc *gc, apply_state *as,
                                     const libxl_livepatch_file *files,
                                     int num_files);

/*
 * Compare members with what is loaded, find what will be displaced, and say
 * all that can be said before anything changes.
 */
_hidden int libxl__livepatch_plan(libxl__gc *gc, apply_state *as);

/* Conclude the call with what the negative errno of m's upload means. */
_hidden void libxl__livepatch_conclude_upload(libxl__gc *gc,
                                              apply_state *as,
                                              const member *m, int r);

#endif /* LIBXL_LIVEPATCH_APPLY_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
