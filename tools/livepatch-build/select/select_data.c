/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data in the selection.
 *
 * What runs keeps its variables, with the values that they have: a changed
 * initialiser or size can't be had.  A constant that changed is another case:
 * a copy goes along, and all its readers with it; but not if it holds
 * functions, as then it is of the sort that is registered somewhere, and
 * memory may point to the one that there is.  New data goes along.
 */
#include <elf.h>
#include <string.h>
#include <xenlivepatch.h>

#include "compare/difference.h"
#include "compare/identity.h"
#include "selection.h"
#include "compare/traits.h"
#include "arch/arch.h"
#include "support/memory.h"

static const char *const way_out =
    "leave it as it is, and set it in a load hook, or keep what is added in a "
    "shadow variable";

static const char *const way_out_of_value =
    "leave it as it is, and set it in a load hook (--skeleton writes one to "
    "fill in), or keep what is added in a shadow variable";

static const char *const way_out_of_table =
    "change the functions that it names; or have a load hook make memory point "
    "to a table of the patch's own, and an unload hook undo that";

static bool is_code(const struct selection *selection, const struct atom *atom,
                    const struct ref *ref)
{
    const struct atom *target = resolver_target(selection->resolver, ref);
    const struct object *object = resolver_pair(selection->resolver,
                                                atom->section)->new;
    struct running_symbol symbol;

    if (target) {
        return target->kind == ATOM_FUNCTION || target->kind == ATOM_CODE;
    }
    return running_find(resolver_running(selection->resolver), object->source,
                        ref->symbol->name, false, &symbol) &&
           symbol.type == STT_FUNC;
}

static bool holds_code(const struct selection *selection,
                       const struct atom *atom)
{
    for (size_t i = 0; i < atom->nrefs; i++) {
        if (is_code(selection, atom, &atom->refs[i])) {
            return true;
        }
    }
    return false;
}

/* By a hook in its file: it has a name there, and isn't read-only. */
static bool can_be_set(const struct atom *atom)
{
    return is_named(atom) && !strchr(atom->symbol->name, '.') &&
           !is_constant_data(atom) && !is_per_cpu(atom);
}

static void refuse_change(struct selection *selection, struct atom *atom,
                          const char *because)
{
    bool is_table = is_constant_data(atom) && holds_code(selection, atom);

    if (can_be_set(atom)) {
        atom->gap = GAP_VALUE;
    }
    selection_refuse(selection, is_per_cpu(atom) ? REFUSAL_PER_CPU
                                                 : REFUSAL_DATA,
                     atom, is_table ? way_out_of_table :
                     atom->gap ? way_out_of_value : way_out, "%s: %s",
                     atom->difference ? atom->difference : "it changes",
                     because);
}

static void copy_constant(struct selection *selection, struct atom *atom);

/* Who reads a constant that changed must read the copy. */
static void take_reader(struct selection *selection, struct atom *constant,
                        struct atom *reader)
{
    if (reader->kind == ATOM_ENTRY || reader->kind == ATOM_CODE) {
        reader = reader->owner;
    }
    if (!reader || reader->section->init || reader->selected) {
        return;
    }
    if (reader->kind == ATOM_FUNCTION) {
        selection_pick(selection, reader,
                       "reads a constant that has changed");
    } else if (is_constant_data(reader)) {
        copy_constant(selection, reader);
    } else if (reader->twin) {
        refuse_change(selection, constant, "variables point to it");
    }
}

static void copy_constant(struct selection *selection, struct atom *atom)
{
    struct atom *const *users;
    size_t count;

    if (is_global(atom)) {
        refuse_change(selection, atom, "other files may refer to it");
        return;
    }
    if (holds_code(selection, atom)) {
        refuse_change(selection, atom, "memory may point to it, as it holds "
                      "addresses of functions");
        return;
    }
    selection_pick(selection, atom, "a constant that has changed");
    count = selection_users(selection, atom, &users);
    for (size_t i = 0; i < count; i++) {
        take_reader(selection, atom, users[i]);
    }
}

/* Whether a reference of a table is to code that stays, where its like had none
 * or has another. */
static bool is_other_code(const struct selection *selection,
                          const struct atom *atom, const struct ref *ref)
{
    const struct atom *old = atom->twin;

    if (!is_code(selection, atom, ref) ||
        (ref->target && ref->target->section->init)) {
        return false;
    }
    for (size_t i = 0; i < old->nrefs; i++) {
        const struct ref *was = &old->refs[i];

        if (was->offset == ref->offset) {
            return ref->target ? ref->target->twin != was->target
                               : was->target || strcmp(ref->symbol->name,
                                                       was->symbol->name);
        }
    }
    return true;
}

/* What reads a table at boot has a copy of it, or has called what it names. */
static void judge_boot_table(struct selection *selection, struct atom *atom,
                             const char *else_warn)
{
    const struct ref *other = NULL;

    for (size_t i = 0; atom->twin && i < atom->nrefs && !other; i++) {
        if (is_other_code(selection, atom, &atom->refs[i])) {
            other = &atom->refs[i];
        }
    }
    if (other && !selection_has_hook(selection, "")) {
        selection_refuse(selection, REFUSAL_LIFETIME, atom, way_out_of_table,
                         "it names %s now; but it was read at boot, and what "
                         "was made of it then goes on without",
                         other->target && other->target->symbol
                         ? other->target->symbol->name : other->symbol->name);
    } else {
        selection_warn(selection, atom, "%s", else_warn);
    }
}

/* An entry of a list that the linker collects. */
static void select_entry(struct selection *selection, struct atom *atom)
{
    const char *list = atom->section->name;

    if (starts_with(list, ".init.setup")) {
        selection_warn(selection, atom, "a boot parameter, which has no effect "
                       "on a Xen that runs: the defaults hold");
    } else if (starts_with(list, ".initcall") && !atom->twin) {
        selection_refuse(selection, REFUSAL_SECTION, atom,
                         "call its function from a load hook",
                         "a new initcall (%s), but Xen has booted", list);
    } else if (starts_with(list, ".data.paramhypfs") && !atom->twin) {
        selection_warn(selection, atom, "a parameter for run time, which `xl "
                       "set-parameters` won't know: the default holds");
    } else if (starts_with(list, ".init")) {
        judge_boot_table(selection, atom,
                         "changed, but what it did at boot is done");
    } else {
        selection_refuse(selection, REFUSAL_SECTION, atom, NULL,
                         "%s: the linker makes a list of %s, which can't "
                         "change at run time", atom->twin ? "changed" : "new",
                         list);
    }
}

/* A patch that adds an option changes it: xl can show it, and Xen has no other
 * use for it. */
static bool is_configuration(const struct atom *atom)
{
    return is_named(atom) && is_global(atom) &&
           (!strcmp(atom->symbol->name, "xen_config_data") ||
            !strcmp(atom->symbol->name, "xen_config_data_size"));
}

/* -- Annotations ----------------------------------------------------------- */

static bool is_plain_variable(const struct atom *atom)
{
    return starts_with(atom->section->name, ".data") && !is_per_cpu(atom) &&
           !is_constant_data(atom) && !atom->section->init;
}

/* __read_mostly and __ro_after_init say where a variable is, and it exists. */
static bool is_annotation(const struct atom *atom)
{
    return is_plain_variable(atom) && is_plain_variable(atom->twin) &&
           differ_by_section_alone(atom->twin, atom);
}

/* The first function, other than at boot, that may write what is here. */
static const struct atom *find_writer(struct selection *selection,
                                      const struct atom *variable)
{
    struct atom *const *users;
    size_t count = selection_users(selection, variable, &users);

    for (size_t i = 0; i < count; i++) {
        const struct atom *user = users[i];

        for (size_t j = 0; user->kind == ATOM_FUNCTION &&
                           user->verdict != VERDICT_SAME &&
                           !user->section->init && j < user->nrefs; j++) {
            const struct ref *ref = &user->refs[j];

            if (resolver_target(selection->resolver, ref) == variable &&
                arch->access(user, ref) != ACCESS_READ) {
                return user;
            }
        }
    }
    return NULL;
}

static void judge_annotation(struct selection *selection, struct atom *atom)
{
    const struct atom *writer = is_set_at_boot(atom->twin) ?
                                find_writer(selection, atom) : NULL;

    if (writer) {
        selection_refuse(selection, REFUSAL_DATA, atom,
                         "keep what is written in a new variable, and read "
                         "that instead", "it is read-only since boot, and %s "
                         "may write it: Xen would crash", writer->symbol->name);
    } else {
        selection_warn(selection, atom, "%s: what exists stays where it is",
                       atom->difference);
    }
}

void select_datum(struct selection *selection, struct atom *atom)
{
    if (atom->verdict == VERDICT_SAME) {
        return;
    }
    if (atom->section->special == SPECIAL_OTHER) {
        select_entry(selection, atom);
        return;
    }
    if (!atom->twin || atom->section->special != SPECIAL_NONE) {
        return;
    }
    if (is_configuration(atom)) {
        selection_warn(selection, atom, "the configuration that Xen tells of "
                       "stays that which it was built with");
    } else if (atom->section->init) {
        judge_boot_table(selection, atom,
                         "changed, but it was used at boot, and is gone");
    } else if (is_constant_data(atom)) {
        copy_constant(selection, atom);
    } else if (is_annotation(atom)) {
        judge_annotation(selection, atom);
    } else {
        refuse_change(selection, atom, "it exists, with the values that it "
                      "has now");
    }
}

/* Engines like ours keep some of each CPU's area free. */
static bool has_per_cpu_room(const struct selection *selection)
{
    struct running_symbol room;

    return running_find(resolver_running(selection->resolver), "",
                        XENLIVEPATCH_PER_CPU_LOAD, false, &room) == 1;
}

static void refer_to_new(struct selection *selection, struct atom *atom)
{
    if (below_has_datum(selection, atom)) {
        return;
    }
    if (is_per_cpu(atom) && !has_per_cpu_room(selection)) {
        atom->gap = GAP_PER_CPU;
        selection_refuse(selection, REFUSAL_PER_CPU, atom,
                         "use an array of NR_CPUS elements (--skeleton writes "
                         "one)",
                         "new per-CPU data, for which the CPUs' areas have no "
                         "room");
    } else if (atom->section->init) {
        selection_refuse(selection, REFUSAL_INIT, atom,
                         "take __initdata from it",
                         "new data in .init, which code that stays needs");
    } else {
        selection_pick(selection, atom, "new");
    }
}

void select_referred_datum(struct selection *selection, struct atom *atom)
{
    if (!atom->twin ||
        (atom->twin->section->init && !atom->section->init)) {
        refer_to_new(selection, atom);
    } else if (is_constant_data(atom) &&
               !resolver_has(selection->resolver, atom)) {
        selection_pick(selection, atom, "a constant without a name");
    }
}
