/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for Xen's, for the engine's instruction decoder. */
#ifndef LIVEPATCH_BUILD_XEN_TYPES_H
#define LIVEPATCH_BUILD_XEN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif
