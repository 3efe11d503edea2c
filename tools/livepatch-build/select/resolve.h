/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reference of the payload means on the host.
 */
#ifndef LIVEPATCH_BUILD_RESOLVE_H
#define LIVEPATCH_BUILD_RESOLVE_H

#include "select.h"

struct resolver;

struct resolver *resolver_new(struct object_pair *pairs, size_t npairs,
                              const struct running *running);
void resolver_free(struct resolver *resolver);

const struct running *resolver_running(const struct resolver *resolver);

/* The pair in whose new object an atom or symbol lies. */
const struct object_pair *resolver_pair(const struct resolver *resolver,
                                        const struct section *section);

/* The file that people know an atom of a new object by. */
const char *resolver_file(const struct resolver *resolver,
                          const struct atom *atom);

/* The atom that a reference means if any new object has it, or NULL. */
struct atom *resolver_target(const struct resolver *resolver,
                             const struct ref *ref);

/* The like of a new object's function that runs.  False and *why: there is
 * none, or which one can't be told. */
bool resolver_function(const struct resolver *resolver,
                       const struct atom *atom, struct running_symbol *symbol,
                       char **why);

struct resolved {
    enum { RESOLVED_NAME, RESOLVED_ADDRESS, RESOLVED_SELECTED } how;
    /* RESOLVED_NAME: in the host's table; RESOLVED_ADDRESS: for people.  Lives
     * as long as the objects and `running`. */
    const char *name;
    uint64_t address;           /* RESOLVED_ADDRESS: where a name won't do */
    struct atom *atom;          /* RESOLVED_SELECTED: of any of the pairs */
};

/* False and *why (the caller frees it): the host hasn't got it. */
bool resolver_ref(const struct resolver *resolver, const struct atom *atom,
                  const struct ref *ref, struct resolved *resolved,
                  char **why);

/* Is what a reference means in memory of Xen's that was freed after boot?
 * *name: what it is. */
bool resolver_is_freed(const struct resolver *resolver, const struct ref *ref,
                       const char **name);

/* As running_brought(), of an atom that has no like in the base. */
size_t below_brought(const struct running *running, const struct atom *atom,
                     struct running_symbol *symbol);

/* The entry in Xen of a function that the payload takes the place of. */
bool resolver_entry(const struct resolver *resolver, const struct atom *target,
                    struct resolved *resolved, char **why);

/* Whether the host has an atom that is not to be copied: as resolver_ref(). */
bool resolver_has(const struct resolver *resolver, const struct atom *target);

#endif
