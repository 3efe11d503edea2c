/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of the stock engine, as far as its sub-operations show it: what it
 * answers, what it leaves behind, and where it goes wrong.  And of one that
 * reports, which has its faults no more.
 */
#ifndef FORCED_ENGINE_H
#define FORCED_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine_file.h"

struct xen_sysctl_livepatch_report;

#define ENGINE_PAYLOADS 16
#define ENGINE_CPUS 4
#define ENGINE_IDLE 0x7fff      /* instead of a domain */
/* CPUs that come late may meet the next action: the host then hangs. */
#define ENGINE_DISTANCE_US 250000
#define ENGINE_BUILD_ID "2222222222222222222222222222222222222222"

struct engine_payload {
    char name[128];
    struct engine_file file;
    bool reverted;
    uint32_t state;
    int rc;
    bool foreign;               /* loaded by another tool */
    /* Whose symbols it is bound to; and if one of these was unloaded, which
     * a stock engine doesn't notice, its addresses are those of nothing. */
    struct engine_payload *uses[ENGINE_PAYLOADS];
    int num_uses;
    bool dangles;
    /* Of an engine that reports. */
    char failure[256];
    uint32_t reason;            /* LIVEPATCH_REASON_* */
    const char *culprit;        /* another payload's name, or NULL */
    uint64_t uploaded_us, finished_us;
    uint16_t late[ENGINE_CPUS]; /* domains on CPUs that did not arrive */
    int num_late;
    uint16_t waits;             /* a domain that waits inside; or 0 */
};

/*
 * What the model can't know: that code in a payload, or its expectations, end
 * an action with rc, so many times.  The payload's hooks decide which of these
 * it is; an upload has cmd 0.
 */
struct engine_refusal {
    const char *name;
    uint32_t cmd;
    int rc, times;
    bool at_once;               /* the hypercall fails, not the action */
    const char *words;          /* on the console, or NULL for Xen's own */
    uint32_t reason;            /* in the report: LIVEPATCH_REASON_* */
    const char *culprit;        /* and whose fault it was */
    bool in_vain;               /* it takes effect all the same */
};

struct engine {
    struct engine_payload *loaded[ENGINE_PAYLOADS];     /* by upload */
    int num_loaded;
    struct engine_payload *applied[ENGINE_PAYLOADS];    /* by application */
    int num_applied;
    uint32_t version;
    char build_id[41];          /* of the hypervisor */
    bool (*has)(const char *symbol);    /* it does; NULL: all there are */
    char dangled[128];          /* a payload that was applied and dangled */
    /* The action in flight, and so many looks until it is done. */
    struct engine_payload *flying;
    uint32_t flying_cmd;
    int looks_left;
    uint64_t timed_out_us;      /* when an action did, last */
    bool too_soon;              /* another came in the wake of that */
    /* What is set up by a test. */
    int looks;                  /* an action takes; -1: it never ends */
    int stubborn;               /* domain that has to be paused; or 0 */
    int waiter;                 /* the domain with an active waitqueue, */
    int waits;                  /* which so many looks find; -1: all */
    int unschedulable;          /* so many actions can't be scheduled */
    struct engine_refusal refusals[4];
    bool no_livepatch;
    int preempted;              /* list answers 1 record so often */
    int restless;               /* and the set changes so often meanwhile */
    /* Of an engine that reports: */
    bool reports;
    int uploads;                /* good ones */
    int reported;               /* reports given */
    const struct engine_payload *last;  /* whose action was the last, */
    uint32_t last_cmd;
    struct engine_payload failed;       /* upload; its rc is 0 if none */
    struct engine_payload rehearsal;    /* its rc is 0 if none failed */
    int rehearsals;                     /* that were begun */
    int late_then;              /* a domain in the way after stubborn, */
    int idle_late, dom0_late;   /* and so many times what is no guest */
    /* What becomes of a report of that size; returns what report does. */
    int (*distort)(struct xen_sysctl_livepatch_report *op, uint8_t *bytes,
                   uint32_t size);
};

extern struct engine engine;
extern bool engine_reporting;   /* the next one is one that reports */

void engine_reset(void);
struct engine_payload *engine_find(const char *name);
/* What another tool does, at once and without a step. */
void engine_load(const char *name, const char *file);
void engine_apply(const char *name);
void engine_revert(const char *name);
void engine_unload(const char *name);
void engine_fly(const char *name, uint32_t cmd, int looks);
/* The action in flight comes to its end; its payload, or NULL. */
struct engine_payload *engine_land(void);

/* "hello:applied bye:checked ...|hello bye" in malloc'd memory: the loaded
 * ones by name, then the applied ones in their order. */
char *engine_state(void);

#endif
