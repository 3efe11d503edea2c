/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One member in two builds, without its place.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_SHAPE_COMPARE_H
#define LIVEPATCH_BUILD_LAYOUT_SHAPE_COMPARE_H

#include "layout_compare.h"

/*
 * Does memory that holds the one hold the other?  A named aggregate is itself,
 * whatever became of its members: that is its own difference.
 */
enum grade shape_compare(const struct shape *old, const struct shape *new);

#endif
