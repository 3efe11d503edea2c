/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overlap: two records for one function. */
#include "payload.h"

EXTRA_VERSION(overlap, "First of two");
EXTRA_VERSION(overlap_again, "Second of two");
