/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a patch to a payload.
 */
#ifndef LIVEPATCH_BUILD_BUILD_H
#define LIVEPATCH_BUILD_BUILD_H

#include "options.h"
#include "report/report.h"

/* Do what the options say.  *why (the caller frees it), if that is not done and
 * the report's refusals don't say why. */
enum outcome build_payload(const struct options *options,
                           struct report *report, char **why);

#endif
