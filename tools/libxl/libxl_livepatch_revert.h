/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What reverting a payload and uninstalling it share.
 */

#ifndef LIBXL_LIVEPATCH_REVERT_H
#define LIBXL_LIVEPATCH_REVERT_H

#include "libxl_livepatch_internal.h"

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_transaction transaction;
    const char *name;
    bool unload;
    libxl_livepatch_payload gone;   /* what was known of it, for the end */
} revert_state;

/* What such a call begins and ends with. */
_hidden void libxl__livepatch_revert_begun(libxl__egc *egc,
                                           libxl__livepatch_call *lpc);
_hidden void libxl__livepatch_revert_describe(libxl__gc *gc,
                                              libxl__livepatch_call *lpc);

#endif /* LIBXL_LIVEPATCH_REVERT_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
