/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call of libxl on the modelled host, and what must be true after it
 * whatever went wrong.
 */
#ifndef FORCED_OPERATION_H
#define FORCED_OPERATION_H

#include "libxl.h"

#include "faults.h"

struct scenario {
    const char *name;
    void (*set_up)(void);       /* the host before it */
    int (*start)(libxl_ctx *ctx, libxl_livepatch_result *result,
                 const libxl_asyncop_how *how);
    bool only_looks;            /* start doesn't use how */
    /* Of an answer of another type: its head to the result; or NULL. */
    void (*finish)(libxl_livepatch_result *result);
    libxl_livepatch_outcome outcome;    /* if nothing goes wrong, */
    const char *done;           /* and the host then; NULL: as before */
    const char *installed;      /* then; NULL: as before */
    bool any_state;             /* another tool is at work in it */
    bool forks;                 /* it runs a pauser, and so takes longer */
    bool stock;                 /* only stock engines come to that */
};

/* What may be different then. */
struct leeway {
    const char *bystander;      /* a payload of another tool; or NULL */
    bool any_state;             /* the other tool touched ours */
    bool stranded;              /* it may say so although all is well */
    bool guests;                /* they may stay paused */
    bool never_stranded;        /* nothing in the way lasts: no excuse */
};

/* A new, empty host with one guest. */
void host_reset(void);
/* Run the scenario on a new host; returns NULL or what is wrong, malloc'd. */
char *operation_run(const struct scenario *scenario, const struct fault *f,
                    const struct leeway *leeway);
/*
 * Run it as if its process were killed at that step, and then what the next
 * caller does; returns NULL or what is wrong, malloc'd.
 */
char *operation_kill(const struct scenario *scenario, int at);
/* The same without a fault and without looking; for setting up. */
libxl_livepatch_outcome operation_do(const struct scenario *scenario);
/* Of the last run. */
extern libxl_livepatch_result last_result;
extern int last_steps;

/*
 * The names of what is installed for the modelled Xen, malloc'd; a "-" after
 * one that only hides another, "=fresh" after one that is that payload, a "!" after
 * one that isn't whole.
 */
char *installed_state(void);
void installed_reset(void);

extern const char *run_dir;
const char *file_of(const char *name);

#endif
