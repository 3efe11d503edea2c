/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A selection under way: what its rules share.  Each kind of atom has its
 * rules in a file of its own.
 */
#ifndef LIVEPATCH_BUILD_SELECTION_H
#define LIVEPATCH_BUILD_SELECTION_H

#include "resolve.h"
#include "select.h"
#include "boot.h"
#include "compare/users.h"

struct selection {
    struct object_pair *pairs;
    size_t npairs;
    struct resolver *resolver;
    const struct layouts *layouts;
    struct report *report;
    struct users **users;       /* of each pair's new object, when asked for */
    struct boot *boot;          /* when asked for */
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
                    const char *what, ...)
    __attribute__((format(printf, 3, 4)));

/* Does a function that is patched run at boot, or as a CPU comes up, alone? */
bool selection_is_boot_only(struct selection *selection,
                            const struct atom *atom);

/* select_data.c: a datum that differs, or isn't in the base; one that a
 * selected atom refers to. */
void select_datum(struct selection *selection, struct atom *atom);
void select_referred_datum(struct selection *selection, struct atom *atom);

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

/* hooks.c */

/* Does the patch have a hook of this kind ("unload")? */
bool selection_has_hook(const struct selection *selection, const char *kind);

/* Does a hook of the patch use this, itself or by what it calls that is new? */
bool selection_is_in_hook(const struct selection *selection,
                          const struct atom *atom);

/* value.c: new variables, and the values that they would have to have. */
void select_judge_values(struct selection *selection);

/* lifetime.c: addresses in memory that outlives what they lead to. */
void select_judge_lifetimes(struct selection *selection);

/* prototype.c: functions that who stays calls as they were. */
void select_judge_prototypes(struct selection *selection);

/* init.c: what selected code needs that was freed after boot. */
void select_judge_init(struct selection *selection);

#endif
