/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * third: stacks on bye, for stacks of three: "Third World".
 * With hello and bye it must be sorted into place whatever order it comes in.
 */
#include "payload.h"

EXTRA_VERSION(third, "Third World");
