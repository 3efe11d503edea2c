/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a function came into the payload, or why it didn't.
 */
#ifndef LIVEPATCH_BUILD_EXPLAIN_H
#define LIVEPATCH_BUILD_EXPLAIN_H

#include "base/base.h"
#include "compare/compare.h"
#include "report/report.h"

/*
 * Tell the report, by report_explain(): which changed lines are in the
 * function, or in one that it holds a copy of; of a new one, who refers to it;
 * or who holds copies of one that has no code of its own.  pairs: in which
 * select.h has selected, in the order of base_changed().  function: as the
 * source calls it; all of that name are told of.  False and *why: an object
 * can't be read.
 */
bool explain_function(const struct base *base, const struct object_pair *pairs,
                      size_t npairs, const char *function,
                      struct report *report, char **why);

#endif
