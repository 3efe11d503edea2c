/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A selection under way: what its rules share.  Each kind of atom has its
 * rules in a file of its own.
 */
#ifndef LIVEPATCH_BUILD_SELECTION_H
#define LIVEPATCH_BUILD_SELECTION_H

#include "resolve.h"
#include "select.h"
#include "compare/users.h"

struct selection {
    struct object_pair *pairs;
    size_t npairs;
    struct resolver *resolver;
    struct report *report;
    struct users **users;       /* of each pair's new object, when asked for */
    struct atom **work;         /* selected, what they refer to not yet seen */
    size_t nwork, room;
};

/* Select an atom, once.  why is kept. */
void selection_pick(struct selection *selection, struct atom *atom,
                    const char *why);

size_t selection_users(struct selection *selection, const struct atom *target,
                       struct atom *const **list);

/* Refuse an atom, once, for the reason `why` (printf's). */
void selection_refuse(struct selection *selection, enum refusal refusal,
                      struct atom *atom, const char *way_out,
                      const char *why, ...)
    __attribute__((format(printf, 5, 6)));
void selection_warn(struct selection *selection, const struct atom *atom,
                    const char *what);

/* select_data.c: a datum that differs, or isn't in the base; one that a
 * selected atom refers to; and what a patch makes of those that were there. */
void select_datum(struct selection *selection, struct atom *atom);
void select_referred_datum(struct selection *selection, struct atom *atom);
void select_warn_of_lost_data(struct selection *selection);

/* select_code.c: the same for code. */
void select_function(struct selection *selection, struct atom *atom);
void select_referred_code(struct selection *selection, struct atom *atom);

/*
 * below.c, about payloads below: a function that one of them replaces; a
 * variable that one has brought, which is to be used and not to be had a second
 * time (refused where it isn't known to be the same); a hook that one has.
 */
bool below_replaces(const struct selection *selection,
                    const struct atom *atom);
bool below_has_datum(struct selection *selection, struct atom *atom);
bool below_has_hook(struct selection *selection, const struct atom *hook);

/* select_moved.c: what is new in its file alone. */
void select_judge_moved(struct selection *selection);

/* select_kept.c: new functions that may be called once the payload is gone. */
void select_warn_of_kept_addresses(struct selection *selection);

#endif
