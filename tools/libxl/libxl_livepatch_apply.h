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
    /* As it was found: */
    bool present;               /* applied, so there is nothing to do */
    bool loaded;                /* not applied, but loaded */
    bool anew;                  /* loaded, but to be loaded anew */
    /* What we did: */
    bool gone;                  /* it was loaded and we unloaded it */
    bool uploaded;
    bool applied;
    bool spoilt;                /* was loaded; can't be applied as it is */
} member;

/* A payload that replace reverts. */
typedef struct {
    libxl__livepatch_name name;
    libxl_livepatch_payload payload;
    uint64_t applied_us;        /* since the epoch */
    libxl__livepatch_image image;       /* if anew */
    bool anew;                  /* can't be put back but by loading it anew */
    bool reloaded;
    bool settled;               /* put back, or unloaded after success */
} displaced_payload;

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_action action;
    bool upload_only;
    member *members;            /* in the order of their application */
    int num_members;
    displaced_payload *displaced;       /* likewise */
    int num_displaced;
    member *acting;             /* what action is about: one of the two */
    displaced_payload *displacing;
    bool rolling_back;
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
