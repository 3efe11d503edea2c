/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to the hypervisor's text: apply, revert and replace, each all
 * or nothing.  Prepared before the rendezvous, done within it.
 */
#ifndef LIVEPATCH_PATCHING_H
#define LIVEPATCH_PATCHING_H

#include <xen/livepatch_payload.h>

/* Beside LIVEPATCH_ACTION_*: all but the change. */
#define PATCHING_REHEARSAL 0

#define PATCHING_MAX_WAITING 16

struct patching_waiting {
    uint16_t domid, vcpu;
};

enum patching_failure {
    PATCHING_DONE,
    PATCHING_WAITING,           /* vCPUs sleep inside the hypervisor. */
    PATCHING_REVERT_HOOK,       /* A revert hook said no. */
    PATCHING_APPLY_HOOK,        /* The apply hook said no. */
    PATCHING_INCONSISTENT,      /* A hook did half of its work. */
};

/* One payload that is to be changed, with a writable view of its sites. */
struct patching_step {
    struct payload *payload;
    struct arch_site *sites;    /* One for each function. */
    uint8_t (*before)[LIVEPATCH_OPAQUE_SIZE]; /* What is there when the revert
                                   hook is called; NULL without one. */
    bool gone;                  /* Reverted, and not put back. */
};

struct patching_plan {
    /* What to do. */
    uint32_t action;            /* LIVEPATCH_ACTION_REVERT, APPLY, REPLACE,
                                   or PATCHING_REHEARSAL. */
    struct payload *payload;
    unsigned int ndisplaced;    /* REPLACE: payloads to revert, top first. */
    struct patching_step *displaced;
    struct patching_step target;
    bool hooked;                /* Somebody's hooks run while stopped: text
                                   and read-only data are made writable. */

    /* How it went. */
    int rc;
    enum patching_failure failure;
    struct payload *culprit;    /* Whose hook it was. */
    int hook_rc;                /* What that returned. */
    bool rolled_back;           /* REPLACE failed and all was put back. */
    bool rollback_failed;       /* Something could not be put back, because of
                                   the apply hook of the lowest that's gone. */
    int rollback_rc;            /* What that returned. */
    unsigned int nwaiting;      /* At most as many as there is room for. */
    struct patching_waiting waiting[PATCHING_MAX_WAITING];
};

/*
 * Allocates and maps what the action needs.  The caller holds payloads_lock
 * and has checked that the action is allowed.  On failure nothing is left.
 */
int patching_prepare(struct patching_plan *plan, struct payload *payload,
                     uint32_t action);

/* Carries out the plan, arg.  Every CPU is stopped: see quiesce_work.act. */
void patching_act(void *arg);

/*
 * Brings states and the stack up to date with what was done, in the caller's
 * lock, and says in plan->payload->why what went wrong, if anything.
 */
void patching_record(struct patching_plan *plan);

/* Unmaps and frees what patching_prepare() made. */
void patching_finish(struct patching_plan *plan);

/*
 * What the text at addr would be if no payload were applied: memory with the
 * saved bytes of the applied payloads over it.
 */
void patching_read_unpatched(const void *addr, void *buf, size_t size);

/*
 * An applied payload that has written bytes on both sides of addr, in one
 * piece; NULL if there is none.
 */
const struct payload *patching_across(const void *addr);

#endif /* LIVEPATCH_PATCHING_H */
