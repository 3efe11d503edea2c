/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collide: defines a static of the same name as the payload hooks does.
 * A stock engine refuses the second of the two with EEXIST.
 */
#include "payload.h"

static unsigned int hooks_loads __used = 1;

EXTRA_VERSION(collide, "Collided World");
