/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types that have got another name.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_RENAMED_H
#define LIVEPATCH_BUILD_LAYOUT_RENAMED_H

#include "layout_explain.h"

/* What was made by the name that a type had is read by the one that it has. */
void compare_renamed(const struct types *types, struct changes *changes);

#endif
