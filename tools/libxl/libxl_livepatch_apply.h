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
    const char *name;
    /* As it is going to be installed, or NULL: its name, and its file */
    const char *kept_as;
    const char *kept;
    bool forced;                /* it is judged unfit */
    /* As it was found: */
    bool present;               /* applied, so there is nothing to do */
    bool loaded;                /* not applied, but loaded */
    bool anew;                  /* loaded, but to be loaded anew */
    bool namesake;              /* of one that it is to replace */
    int item;                   /* of the intent, unless present */
} member;

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_transaction transaction;
    bool upload_only;
    bool any_xen;               /* files for another Xen are good, too */
    /* What has to be done before the first change; or NULL. */
    void (*prepare)(libxl__gc *gc, libxl__livepatch_call *lpc);
    bool exchange;              /* the old goes before the new comes */
    member *members;            /* in the order of their application */
    int num_members;
    int num_displaced;          /* the first items of the intent */
} apply_state;

/*
 * Read and judge the files and bring them into order, into members and the
 * call's result.  Nothing else is needed for that, no lock either.
 *
 * This and the next return 0, or an error when the call has been
 * concluded.
 */
_hidden int libxl__livepatch_judge_members(libxl__gc *gc, apply_state *as,
                                     const libxl_livepatch_file *files,
                                     int num_files);

/*
 * Compare members with what is loaded, find what will be displaced, say
 * all that can be said before anything changes, and list the steps.
 */
_hidden int libxl__livepatch_plan(libxl__gc *gc, apply_state *as);
_hidden bool
libxl__livepatch_plan_exchange(libxl__gc *gc,
                               libxl__livepatch_transaction *lptx);

/* What such a call begins and ends with (libxl_livepatch_apply.c). */
_hidden void libxl__livepatch_apply_begun(libxl__egc *egc,
                                          libxl__livepatch_call *lpc);
_hidden void libxl__livepatch_apply_describe(libxl__gc *gc,
                                             libxl__livepatch_call *lpc);

#endif /* LIBXL_LIVEPATCH_APPLY_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
