/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions whose entry can't be overwritten.
 */
#ifndef LIVEPATCH_BUILD_UNPATCHABLE_H
#define LIVEPATCH_BUILD_UNPATCHABLE_H

#include "selection.h"

/* Refuse a function that takes the place of one that runs, if that one can't
 * be given a jump. */
void unpatchable_judge(struct selection *selection, struct atom *atom);

#endif
