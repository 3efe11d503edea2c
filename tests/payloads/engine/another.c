/* SPDX-License-Identifier: GPL-2.0-or-later */
/* another: as large as large, with other names, to be loaded beside it. */
#include "large.h"

LARGE("another");

EXTRA_VERSION(another, "Another World");
