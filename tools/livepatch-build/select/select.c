/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes into the payload.
 *
 * First what differs is looked at, then what that refers to, until nothing
 * new comes up.  What can't be done is refused on the way, and once all is
 * known what was selected is judged as a whole.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compare/traits.h"
#include "boot.h"
#include "support/memory.h"
#include "selection.h"
#include "unpatchable.h"

static void pick_one(struct selection *selection, struct atom *atom,
                     const char *why)
{
    if (atom->selected) {
        return;
    }
    atom->selected = true;
    atom->selected_for = why;
    selection->work = must_grow(selection->work, &selection->room,
                                selection->nwork + 1,
                                sizeof(*selection->work));
    selection->work[selection->nwork++] = atom;
}

void selection_pick(struct selection *selection, struct atom *atom,
                    const char *why)
{
    const struct section *section = atom->section;

    if (!is_bound_to_section(atom) || atom->selected) {
        pick_one(selection, atom, why);
        return;
    }
    pick_one(selection, atom, why);
    for (size_t i = 0; i < section->natoms; i++) {
        pick_one(selection, section->atoms[i], "lies with another that goes");
    }
}

size_t selection_users(struct selection *selection, const struct atom *target,
                       struct atom *const **list)
{
    const struct object_pair *pair = resolver_pair(selection->resolver,
                                                   target->section);
    struct users **users = &selection->users[pair - selection->pairs];

    if (!*users) {
        *users = users_new(pair->new);
    }
    return users_of(*users, target, list);
}

static const char *plain_name(const struct atom *atom)
{
    return atom->symbol && atom->symbol->name[0] ? atom->symbol->name
                                                 : atom_name(atom);
}

void selection_refuse(struct selection *selection, enum refusal refusal,
                      struct atom *atom, const char *way_out,
                      const char *why, ...)
{
    va_list args;
    char *text = NULL;

    if (atom->refused) {
        return;
    }
    atom->refused = true;
    va_start(args, why);
    text = must_vprint(why, args);
    va_end(args);
    report_refuse(selection->report, refusal,
                  resolver_file(selection->resolver, atom), plain_name(atom),
                  way_out, "%s", text);
    free(text);
}

void selection_warn(struct selection *selection, const struct atom *atom,
                    const char *what, ...)
{
    va_list args;
    char *text;

    va_start(args, what);
    text = must_vprint(what, args);
    va_end(args);
    report_warn(selection->report, resolver_file(selection->resolver, atom),
                plain_name(atom), "%s", text);
    free(text);
}

static void start_with(struct selection *selection, struct atom *atom)
{
    switch (atom->kind) {
    case ATOM_FUNCTION:
    case ATOM_CODE:
        select_function(selection, atom);
        break;
    case ATOM_DATA:
        select_datum(selection, atom);
        break;
    case ATOM_ENTRY:
        if (atom->section->special == SPECIAL_HOOKS && !atom->twin &&
            !below_has_hook(selection, atom)) {
            selection_pick(selection, atom, "a hook");
        }
        break;
    case ATOM_STRING:
    case ATOM_CONSTANT:
        break;
    }
}

static void follow(struct selection *selection, const struct ref *ref)
{
    struct atom *target = resolver_target(selection->resolver, ref);

    if (!target) {
        return;
    }
    switch (target->kind) {
    case ATOM_STRING:
    case ATOM_CONSTANT:
        selection_pick(selection, target, "is copied");
        break;
    case ATOM_FUNCTION:
    case ATOM_CODE:
        select_referred_code(selection, target);
        break;
    case ATOM_DATA:
        select_referred_datum(selection, target);
        break;
    case ATOM_ENTRY:
        break;
    }
}

static void close_over(struct selection *selection)
{
    while (selection->nwork) {
        struct atom *atom = selection->work[--selection->nwork];

        for (size_t i = 0; i < atom->nentries; i++) {
            selection_pick(selection, atom->entries[i], "belongs to its code");
        }
        for (size_t i = 0; i < atom->nrefs; i++) {
            follow(selection, &atom->refs[i]);
        }
    }
}

/* Each symbol that the host hasn't got is refused once for an object. */
static void check_ref(struct selection *selection, const struct atom *atom,
                      const struct ref *ref, bool *refused)
{
    struct atom *target = resolver_target(selection->resolver, ref);
    struct resolved resolved;
    char *why = NULL;

    if ((target && target->refused) || refused[ref->symbol->index] ||
        resolver_ref(selection->resolver, atom, ref, &resolved, &why)) {
        return;
    }
    refused[ref->symbol->index] = true;
    report_refuse(selection->report, REFUSAL_SYMBOL,
                  resolver_file(selection->resolver, atom),
                  target ? plain_name(target) : ref->symbol->name, NULL,
                  "%s needs it, but %s",
                  plain_name(atom->owner ? atom->owner : atom), why);
    free(why);
}

static void check_refs(struct selection *selection, struct object *object)
{
    bool *refused = must_alloc(object->nsymbols + 1, sizeof(*refused));

    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        for (size_t j = 0; atom->selected && j < atom->nrefs; j++) {
            check_ref(selection, atom, &atom->refs[j], refused);
        }
    }
    free(refused);
}

/* -- Judging the selection as a whole ------------------------------------- */

struct tally {
    struct atom **patched, **init;
    size_t npatched, ninit, room_patched, room_init;
    bool hooks;
};

static void add(struct atom ***list, size_t *count, size_t *room,
                struct atom *atom)
{
    *list = must_grow(*list, room, *count + 1, sizeof(**list));
    (*list)[(*count)++] = atom;
}

static void take_stock(struct selection *selection, struct tally *tally)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            struct atom *atom = object->atoms[j];

            if (is_patched(atom)) {
                add(&tally->patched, &tally->npatched, &tally->room_patched,
                    atom);
            } else if (atom->kind == ATOM_FUNCTION && atom->section->init &&
                       atom->verdict == VERDICT_CHANGED) {
                add(&tally->init, &tally->ninit, &tally->room_init, atom);
            } else if (atom->selected &&
                       atom->section->special == SPECIAL_HOOKS) {
                tally->hooks = true;
            }
        }
    }
}

static const char *const way_out_of_run =
    "do in a load hook what it should have done (--skeleton writes one to fill "
    "in)";

static void judge_init(struct selection *selection, const struct tally *tally)
{
    for (size_t i = 0; i < tally->ninit; i++) {
        struct atom *atom = tally->init[i];

        if (tally->npatched || tally->hooks) {
            selection_warn(selection, atom, "changed, but it ran at boot and "
                           "is gone: what it did is as it was");
        } else {
            atom->gap = GAP_RAN;
            selection_refuse(selection, REFUSAL_INIT, atom,
                             way_out_of_run, "it ran at boot, and is gone");
        }
    }
}

bool selection_is_boot_only(struct selection *selection,
                            const struct atom *atom)
{
    struct running_symbol symbol;
    char *why = NULL;

    if (!selection->boot) {
        selection->boot = boot_new(resolver_running(selection->resolver));
    }
    if (!resolver_function(selection->resolver, atom, &symbol, &why)) {
        free(why);
        return false;
    }
    return symbol.address && boot_only(selection->boot, symbol.address);
}

static void judge_boot(struct selection *selection, const struct tally *tally)
{
    bool *only = must_alloc(tally->npatched + 1, sizeof(*only));
    size_t count = 0;

    for (size_t i = 0; i < tally->npatched; i++) {
        only[i] = selection_is_boot_only(selection, tally->patched[i]);
        count += only[i];
    }
    for (size_t i = 0; i < tally->npatched; i++) {
        if (!only[i]) {
            continue;
        }
        if (count < tally->npatched || tally->hooks) {
            selection_warn(selection, tally->patched[i], "runs at boot or as "
                           "a CPU is brought up alone: until then nothing "
                           "changes");
        } else {
            tally->patched[i]->gap = GAP_RAN;
            selection_refuse(selection, REFUSAL_BOOT, tally->patched[i],
                             way_out_of_run,
                             "it runs at boot or as a CPU is brought up "
                             "alone: to patch it changes nothing");
        }
    }
    free(only);
}

static void tell_functions(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            struct atom *atom = object->atoms[j];
            struct running_symbol old = { .address = 0 };
            char *why = NULL;

            if (atom->kind != ATOM_FUNCTION || !atom->selected ||
                is_cold(atom)) {
                continue;
            }
            if (is_patched(atom)) {
                resolver_function(selection->resolver, atom, &old, &why);
            }
            report_function(selection->report,
                            resolver_file(selection->resolver, atom),
                            plain_name(atom), old.address, old.size,
                            atom->size, atom->selected_for);
            free(why);
        }
    }
}

/*
 * Offline CPUs take no part when a payload comes or goes: an NMI takes them
 * through the new jump, and there they stay, whether it is reverted or not.
 * Only our engine keeps what they are in.
 */
static void judge_offline(struct selection *selection, const struct atom *atom)
{
    static const char *const names[] = {
        "play_dead", "default_dead_idle", "acpi_dead_idle",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(atom->symbol->name, names[i])) {
            selection_warn(selection, atom, "runs on CPUs that are offline, "
                           "and an NMI takes them there at any time: with "
                           "Xen's own engine, bring all online before this "
                           "payload is unloaded, or don't unload it");
        }
    }
}

/* Such as a thunk that a CPU must find in one half of a cache line. */
static bool is_placed_otherwise(const struct atom *atom)
{
    const struct atom *old = atom->twin;
    uint64_t align = atom->section->align;

    return (atom->kind == ATOM_FUNCTION || atom->kind == ATOM_CODE) && old &&
           !atom->section->init &&
           (old->section->align != align ||
            (align && old->offset % align != atom->offset % align));
}

/* A change that no function's bytes show; the first of each object. */
static void judge_places(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object_pair *pair = &selection->pairs[i];

        for (size_t j = 0; pair->new->assembly && j < pair->new->natoms; j++) {
            if (is_placed_otherwise(pair->new->atoms[j])) {
                selection_refuse(selection, REFUSAL_ASSEMBLY,
                                 pair->new->atoms[j], NULL, "hand-written "
                                 "code, which is to lie at another place, and "
                                 "can't move at run time");
                break;
            }
        }
    }
}

static void judge_nothing(struct selection *selection)
{
    judge_places(selection);
    if (!report_refusals(selection->report)) {
        report_refuse(selection->report, REFUSAL_NOTHING, "", "", NULL,
                      "the patch changes no code that runs");
    }
}

static void judge(struct selection *selection)
{
    struct tally tally = { .hooks = false };

    take_stock(selection, &tally);
    for (size_t i = 0; i < tally.npatched; i++) {
        unpatchable_judge(selection, tally.patched[i]);
        judge_offline(selection, tally.patched[i]);
    }
    judge_init(selection, &tally);
    if (tally.npatched) {
        judge_boot(selection, &tally);
    } else if (!tally.hooks && !report_refusals(selection->report)) {
        judge_nothing(selection);
    }
    free(tally.patched);
    free(tally.init);
}

void select_atoms(struct object_pair *pairs, size_t npairs,
                  const struct running *running,
                  const struct layouts *layouts, struct report *report)
{
    struct selection selection = {
        .pairs = pairs,
        .npairs = npairs,
        .resolver = resolver_new(pairs, npairs, running),
        .layouts = layouts,
        .report = report,
        .users = must_alloc(npairs + 1, sizeof(*selection.users)),
    };

    for (size_t i = 0; i < npairs; i++) {
        for (size_t j = 0; j < pairs[i].new->natoms; j++) {
            start_with(&selection, pairs[i].new->atoms[j]);
        }
    }
    close_over(&selection);
    for (size_t i = 0; i < npairs; i++) {
        check_refs(&selection, pairs[i].new);
    }
    select_judge_init(&selection);
    select_judge_prototypes(&selection);
    select_judge_values(&selection);
    select_judge_lifetimes(&selection);
    judge(&selection);
    if (!report_refusals(report)) {
        tell_functions(&selection);
    }
    for (size_t i = 0; i < npairs; i++) {
        users_free(selection.users[i]);
    }
    if (selection.boot) {
        boot_free(selection.boot);
    }
    free(selection.users);
    free(selection.work);
    resolver_free(selection.resolver);
}
