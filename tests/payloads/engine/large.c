/* SPDX-License-Identifier: GPL-2.0-or-later */
/* large: near the limit in every respect; see large.h. */
#include "large.h"

LARGE("large");

EXTRA_VERSION(large, "Large World");
