/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses in memory that outlives what they lead to.
 *
 * What is in the payload is gone once that is unloaded, or replaced; a timer, a
 * list or a table of the running Xen may lead there still.  The other way
 * round, memory may lead to an old function that has no successor, or hand one
 * that has what the old code left there.
 *
 * Where an address goes is found in the code (arch.h).  That a variable of
 * Xen's, or one of the functions listed below, keeps it is certain, and
 * refused.  Where a pointer leads, and what other functions do, isn't known:
 * that is a warning.  A patch with a hook for the unload may take it back.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "compare/traits.h"
#include "report/printable.h"
#include "selection.h"
#include "support/memory.h"

#define DEEPEST 4               /* calls that an address is followed through */

static const char *const way_out =
    "take the address back in an unload hook; or do without keeping it";

/* These keep what they are passed until another call takes it back. */
static const char *const keepers[] = {
    "init_timer", "set_timer", "activate_timer", "tasklet_init",
    "softirq_tasklet_init", "tasklet_schedule", "tasklet_schedule_on_cpu",
    "open_softirq", "call_rcu", "request_irq", "setup_irq",
    "set_nmi_callback", "set_direct_apic_vector", "alloc_direct_apic_vector",
    "radix_tree_insert", "rb_insert_color", "hypfs_add_dir", "hypfs_add_leaf",
    "hypfs_add_dyndir", "vpci_add_register", "notifier_chain_register",
    "continue_hypercall_on_cpu",
};
static const char *const keeping_kinds[] = { "register_", "__register_" };

/* These don't: whatever they are passed is theirs until they return.  Ends of
 * names are left out where others of the same beginning are alike. */
static const char *const users_only[] = {
    "_spin_", "spin_", "_read_", "_write_", "_rspin_", "rspin_",
    "printk", "vprintk", "guest_printk", "gprintk", "panic", "debugtrace_",
    "snprintf", "scnprintf", "vsnprintf", "vscnprintf", "asprintf",
    "memc", "memm", "mems", "str", "bitmap_", "__bitmap_", "find_", "_find_",
    "__find_", "sort",
    "bsearch", "copy_", "__copy_", "raw_copy_", "hvm_copy_", "on_selected_cpus",
    "smp_call_function", "stop_machine_run", "__bug", "domain_crash",
    "__domain_crash", "rangeset_", "simple_strto", "parse_", "cmdline_",
};

static bool begins_with_any(const char *name, const char *const *list,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (starts_with(name, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_keeper(const char *name)
{
    for (size_t i = 0; i < sizeof(keepers) / sizeof(*keepers); i++) {
        if (!strcmp(name, keepers[i])) {
            return true;
        }
    }
    return begins_with_any(name, keeping_kinds, 2);
}

static bool is_copier(const char *name)
{
    return starts_with(name, "memcpy") || starts_with(name, "memmove") ||
           starts_with(name, "__memcpy");
}

static bool is_user_only(const char *name)
{
    return begins_with_any(name, users_only,
                           sizeof(users_only) / sizeof(*users_only));
}

/* -- One address ----------------------------------------------------------- */

/* FATE_STORED: where a pointer leads. */
enum fate { FATE_GONE, FATE_UNKNOWN, FATE_STORED, FATE_KEPT };

/* Where the address of one atom has been found to go. */
struct search {
    struct selection *selection;
    const struct atom *code;    /* that is looked at */
    unsigned int depth;
    enum fate fate;             /* the worst that was found */
    char *words;
};

static void conclude(struct search *search, enum fate fate, char *words)
{
    if (fate <= search->fate) {
        free(words);
        return;
    }
    free(search->words);
    search->fate = fate;
    search->words = words;
}

static const char *name_of(const struct ref *ref)
{
    return ref->target && ref->target->symbol ? ref->target->symbol->name
                                              : ref->symbol->name;
}

static void judge_store(struct search *search, const struct ref *to)
{
    const struct atom *target = to ? resolver_target(
        search->selection->resolver, to) : NULL;
    const char *code = search->code->symbol->name;

    if (!to) {
        conclude(search, FATE_STORED,
                 must_print("%s stores its address where a pointer leads",
                            code));
    } else if (!target || !target->selected) {
        conclude(search, FATE_KEPT,
                 must_print("%s stores its address in %s", code, name_of(to)));
    }
}

static void judge_escape(void *context, const struct escape *escape);

/* In a function that has this code. */
static void follow(struct search *search, const struct atom *callee,
                   uint64_t registers)
{
    const struct atom *caller = search->code;

    search->code = callee;
    search->depth++;
    arch->escapes_of_arguments(callee, registers, judge_escape, search);
    search->depth--;
    search->code = caller;
}

static void judge_call(struct search *search, const struct escape *escape)
{
    const char *code = search->code->symbol->name;
    const char *name = escape->to ? name_of(escape->to) : NULL;
    const struct atom *callee = escape->to ? resolver_target(
        search->selection->resolver, escape->to) : NULL;

    if (name && escape->itself && is_keeper(name)) {
        conclude(search, FATE_KEPT,
                 must_print("%s passes its address to %s(), which keeps it",
                            code, name));
    } else if (name && escape->as_source && is_copier(name)) {
        conclude(search, FATE_STORED,
                 must_print("%s copies it to where a pointer leads", code));
    } else if (name && is_user_only(name)) {
        return;
    } else if (callee && callee->kind == ATOM_FUNCTION && callee->bytes &&
               search->depth < DEEPEST) {
        follow(search, callee, escape->registers);
    } else if (escape->itself) {
        conclude(search, FATE_UNKNOWN, name ?
                 must_print("%s passes its address to %s()", code, name) :
                 must_print("%s passes its address to what it calls by a "
                            "pointer", code));
    }
}

static void judge_escape(void *context, const struct escape *escape)
{
    struct search *search = context;

    switch (escape->how) {
    case ESCAPE_STORED:
        judge_store(search, escape->to);
        break;
    case ESCAPE_PASSED:
        judge_call(search, escape);
        break;
    case ESCAPE_RETURNED:
        /* A callee's value is not followed: most return what they found. */
        if (!search->depth) {
            conclude(search, FATE_UNKNOWN,
                     must_print("%s returns its address",
                                search->code->symbol->name));
        }
        break;
    }
}

static void search_code(struct search *search, const struct atom *user,
                        const struct atom *target,
                        void (*escapes)(const struct atom *code,
                                        const struct ref *ref,
                                        escape_found *found, void *context))
{
    for (size_t i = 0; user->kind == ATOM_FUNCTION && user->selected &&
                       i < user->nrefs; i++) {
        const struct ref *ref = &user->refs[i];

        if (resolver_target(search->selection->resolver, ref) == target) {
            search->code = user;
            escapes(user, ref, judge_escape, search);
        }
    }
}

static bool leads_to(struct search *search, const struct atom *datum,
                     const struct atom *target)
{
    for (size_t i = 0; i < datum->nrefs; i++) {
        if (resolver_target(search->selection->resolver, &datum->refs[i]) ==
            target) {
            return true;
        }
    }
    return false;
}

/* Code, or a table in the payload, from which code may take the address. */
static void search_user(struct search *search, const struct atom *user,
                        const struct atom *target)
{
    struct atom *const *readers;
    size_t count;

    search_code(search, user, target, arch->escapes_of_address);
    if (user->kind != ATOM_DATA || !user->selected ||
        !leads_to(search, user, target)) {
        return;
    }
    count = selection_users(search->selection, user, &readers);
    for (size_t i = 0; i < count; i++) {
        search_code(search, readers[i], user, arch->escapes_of_content);
    }
}

/* Where an atom's address goes from selected code. */
static struct search search_atom(struct selection *selection,
                                 const struct atom *target)
{
    struct search search = { .selection = selection };
    struct atom *const *users;
    size_t count = selection_users(selection, target, &users);

    for (size_t i = 0; i < count; i++) {
        search_user(&search, users[i], target);
    }
    for (size_t i = 0; is_global(target) && i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; object != target->section->object &&
                           j < object->natoms; j++) {
            search_user(&search, object->atoms[j], target);
        }
    }
    return search;
}

/* -- What is in the payload ------------------------------------------------ */

/* Or one that pointers are to lead to now, in the payload. */
static bool is_new_function(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION && !is_cold(atom) &&
           (!is_patched(atom) || !is_entry_for_pointers(atom));
}

/* What has no name is known by its content: a pointer to it that is only passed
 * on or returned is one for the moment, such as a string's for a message. */
static bool is_told_of(const struct atom *atom, enum fate fate)
{
    return fate >= FATE_STORED ||
           (fate == FATE_UNKNOWN && atom->kind != ATOM_STRING &&
            atom->kind != ATOM_CONSTANT);
}

static char *what_it_is(const struct atom *atom)
{
    char *text, *words;

    if (atom->kind != ATOM_STRING || !atom->bytes) {
        return must_print(is_patched(atom) ? "pointers are to lead to it for "
                          "the first time, and do to the payload"
                          : "in the payload");
    }
    text = printable_name((const char *)atom->bytes);
    words = must_print("the string \"%s\" is in the payload", text);
    free(text);
    return words;
}

static void judge_new(struct selection *selection, struct atom *atom)
{
    struct search search = search_atom(selection, atom);
    bool may_take_back = selection_has_hook(selection, "unload") ||
                         selection_has_hook(selection, "revert") ||
                         selection_has_hook(selection, "postrevert") ||
                         selection_has_hook(selection, "prerevert");
    char *what;

    if (!is_told_of(atom, search.fate)) {
        free(search.words);
        return;
    }
    what = what_it_is(atom);
    if (search.fate == FATE_KEPT && !may_take_back) {
        selection_refuse(selection, REFUSAL_LIFETIME, atom, way_out, "%s, and "
                         "%s: once the payload is unloaded or replaced, this "
                         "leads nowhere", what, search.words);
    } else {
        selection_warn(selection, atom, "%s, and %s: as long as memory keeps "
                       "it, the payload must stay loaded%s", what,
                       search.words,
                       may_take_back ? "; see that the hooks take it back"
                                     : "");
    }
    free(what);
    free(search.words);
}

/* -- What memory leads to, or has from old code ---------------------------- */

/* In the base's object: who takes its address, so that memory may have it. */
static const struct atom *find_taker(const struct object *object,
                                     const struct atom *function)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *user = object->atoms[i];
        bool data = user->kind == ATOM_DATA;

        for (size_t j = 0; (data || user->kind == ATOM_FUNCTION) &&
                           j < user->nrefs; j++) {
            if (user->refs[j].target == function && !user->refs[j].place &&
                (data || arch->access(user, &user->refs[j]) ==
                         ACCESS_ADDRESS)) {
                return user;
            }
        }
    }
    return NULL;
}

static void judge_gone(struct selection *selection,
                       const struct object_pair *pair,
                       const struct atom *function)
{
    const struct object *new = pair->new;
    const struct atom *taker = find_taker(pair->old, function);

    if (taker) {
        report_warn(selection->report,
                    new->source[0] ? new->source : new->path,
                    function->symbol->name, "gone, or has another name now, "
                    "while %s has put its address into memory: who calls it "
                    "from there goes on with the old code.  Keep the name, and "
                    "it is patched", taker->symbol ? taker->symbol->name
                                                   : "a table");
    }
}

/* A function that is called back, and who registers it, both change. */
static void judge_callback(struct selection *selection,
                           const struct atom *function)
{
    struct search search = search_atom(selection, function);

    if (search.fate != FATE_GONE) {
        selection_warn(selection, function, "changed, and so is what registers "
                       "it (%s): what is registered already hands it what the "
                       "old code meant, so see that its arguments mean the "
                       "same", search.words);
    }
    free(search.words);
}

/* -- All ------------------------------------------------------------------- */

static void judge_atom(struct selection *selection, struct atom *atom)
{
    if (!atom->selected || atom->section->special != SPECIAL_NONE) {
        return;
    }
    if (atom->kind == ATOM_FUNCTION && !is_new_function(atom)) {
        judge_callback(selection, atom);
    } else if (atom->kind != ATOM_CODE && atom->kind != ATOM_ENTRY) {
        judge_new(selection, atom);
    }
}

static bool is_successorless(const struct atom *old)
{
    return old->kind == ATOM_FUNCTION && !old->twin && !old->section->init &&
           old->symbol && !is_cold(old) && !is_numbered(old->symbol->name);
}

void select_judge_lifetimes(struct selection *selection)
{
    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object_pair *pair = &selection->pairs[i];

        for (size_t j = 0; j < pair->new->natoms; j++) {
            judge_atom(selection, pair->new->atoms[j]);
        }
        for (size_t j = 0; pair->old && j < pair->old->natoms; j++) {
            if (is_successorless(pair->old->atoms[j])) {
                judge_gone(selection, pair, pair->old->atoms[j]);
            }
        }
    }
}
