/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What selected code needs that was freed after boot.
 */
#include "selection.h"

void select_judge_init(struct selection *selection)
{
    (void)selection;
}
