/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a report has gathered.
 */
#ifndef LIVEPATCH_BUILD_REPORT_PRIVATE_H
#define LIVEPATCH_BUILD_REPORT_PRIVATE_H

#include <time.h>

#include "report.h"

/* A refusal, a warning, a function, one that isn't what runs, or is exempt. */
struct finding {
    char *file, *name, *why, *way_out;
    enum refusal refusal;
    uint64_t old_address;
    uint32_t old_size, new_size;
};

struct findings {
    struct finding *list;
    size_t count, room;
};

struct stage {
    char *what;
    double seconds;
};

struct report {
    struct report_options options;
    struct findings refusals, warnings, functions, differences, exemptions,
        explanations;
    bool proved;
    size_t equal, differing, exempt;
    char *name, *build_id, *xen_id, *depends;
    struct stage *stages;
    size_t nstages, stages_room;
    struct timespec stage_start;
    bool progress_shown;
};

const char *report_refusal_name(enum refusal refusal);
const char *report_outcome_name(enum outcome outcome);

/* report_json.c: all of it on stdout.  False: couldn't be written. */
bool report_write_json(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error);

/* report_text.c: for people. */
void report_write_text(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error);

#endif
