/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What else libxl_livepatch_text.c offers to the judge.
 */

#ifndef LIBXL_LIVEPATCH_TEXT_H
#define LIBXL_LIVEPATCH_TEXT_H

#include "libxl_livepatch_internal.h"

/*
 * A message in which names of any bytes may stand, fit to be shown: bytes
 * that are not printable UTF-8 are written \xNN, and what goes beyond max
 * bytes is cut off.  malloc'd; NULL on ENOMEM.
 */
_hidden char *libxl__livepatch_printable(const char *message, size_t max);

#endif /* LIBXL_LIVEPATCH_TEXT_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
