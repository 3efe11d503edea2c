/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong, and when.  Every call that libxl makes of something below
 * it is a step.
 */
#ifndef FORCED_FAULTS_H
#define FORCED_FAULTS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

struct fault {
    int at;                     /* the step, from 1; 0: never */
    int times;                  /* so many in a row; 0 is 1 */
    bool for_ever;              /* all that come after it */
    bool alike;                 /* but only such as the first */
    int errnoval;               /* it fails with this, */
    void (*meddle)(void);       /* or another tool does something before it */
    bool abort;                 /* or the operation is aborted then */
    bool kill;                  /* or the process is gone: see below */
};

extern struct fault fault;
/* Steps since faults_arm. */
extern int faults_steps;
/* What they were, by number. */
#define FAULTS_STEPS 256
extern const char *faults_step_names[FAULTS_STEPS + 1];
extern const char *faults_last; /* what failed */
extern bool faults_in_flight;   /* an action was when it did */
extern bool faults_abort_due;   /* for the event loop */
extern uint64_t faults_aborted_us;      /* when it was aborted */

/* Asked at the step that fails. */
bool engine_is_flying(void);

/* Where a process goes that is killed. */
extern sigjmp_buf faults_killed;
/* What the system does for it. */
void faults_clear_up(void);

/* From now on steps count. */
void faults_arm(const struct fault *f);
void faults_disarm(void);
/* Returns 0, or the errno with which the step has to fail. */
int faults_step(const char *what);

/*
 * The clock goes on when somebody waits, so that no time is spent on it; but
 * for guards against a process that does not answer.
 */
uint64_t faults_now_us(void);
extern int faults_guard_divisor;    /* but only so much of them */

#endif
