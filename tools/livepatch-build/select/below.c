/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads below ours: theirs is the code that will run.
 *
 * An object is compiled as one: a function holds copies of others, knows which
 * registers its callees leave alone (-fipa-ra), and where members of structures
 * are.  So an object of ours must come from source that has what is below, and
 * what it has of functions must be what runs.  Then all that the object's code
 * relies on is what the compiler saw in this one compilation; what another
 * payload of ours does later is held against the same rule.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "compare/traits.h"
#include "selection.h"
#include "support/memory.h"

static const char *const way_out =
    "name the patches that it was made of before this one; or build all as one "
    "payload, for `xl livepatch replace`";

struct stack {
    const struct base *base;
    const struct outdated *ours;    /* what this build has compiled */
    const struct running *running;
    const struct stacked *list;
    size_t count;
    struct report *report;
};

/* -- Payloads that tell their sources -------------------------------------- */

/* "SUM:PATH", up to the next comma. */
struct told {
    char *sum, *path;
};

/* False: no more.  The caller frees told->sum, which holds both. */
static bool next_told(const char **at, struct told *told)
{
    size_t length = strcspn(*at, ",");
    char *colon;

    if (!length) {
        return false;
    }
    told->sum = must_print("%.*s", (int)length, *at);
    *at += length + ((*at)[length] == ',');
    colon = strchr(told->sum, ':');
    told->path = colon ? colon + 1 : told->sum + length;
    if (colon) {
        *colon = '\0';
    }
    return true;
}

static bool tells_of(const struct stacked *payload, const char *path)
{
    const char *at = payload->sources ? payload->sources : "";
    struct told told;
    bool found = false;

    while (!found && next_told(&at, &told)) {
        found = !strcmp(told.path, path);
        free(told.sum);
    }
    return found;
}

/* What a payload further up was compiled from counts. */
static bool is_superseded(const struct stack *stack, size_t number,
                          const char *path)
{
    for (size_t i = number + 1; i < stack->count; i++) {
        if (tells_of(&stack->list[i], path)) {
            return true;
        }
    }
    return false;
}

/* The objects of ours that depend on the file: how many, and the first. */
static size_t find_compiled(const struct stack *stack, const char *path,
                            const char **first)
{
    const char *const *objects;
    size_t count = base_objects(stack->base, &objects), found = 0;
    struct outdated theirs;

    base_outdated(stack->base, &path, 1, &theirs);
    for (size_t i = 0; i < count; i++) {
        if ((stack->ours->everything || stack->ours->linked[i]) &&
            (theirs.everything || theirs.linked[i]) && !found++) {
            *first = objects[i];
        }
    }
    free(theirs.linked);
    return found;
}

static void judge_file(const struct stack *stack, size_t number,
                       const struct told *told)
{
    const char *first = "";
    size_t count;

    if (sources_went_by(base_sources(stack->base), told->path, told->sum) ||
        is_superseded(stack, number, told->path)) {
        return;
    }
    count = find_compiled(stack, told->path, &first);
    if (count) {
        report_refuse(stack->report, REFUSAL_BELOW, told->path, first, way_out,
                      "%s, below, has changed the file, and the patches named "
                      "here don't make it what it was there: %zu object%s of "
                      "this build would lack those changes",
                      stack->list[number].path, count, count == 1 ? "" : "s");
    }
}

static void judge_files(const struct stack *stack, size_t number)
{
    const char *at = stack->list[number].sources;
    struct told told;

    while (next_told(&at, &told)) {
        judge_file(stack, number, &told);
        free(told.sum);
    }
}

/* -- Payloads that don't --------------------------------------------------- */

static const struct stacked *replaced_by(const struct running *running,
                                         const struct atom *old)
{
    struct running_symbol symbol;

    if (old->kind != ATOM_FUNCTION || !old->address ||
        !running_symbol_at(running, old->address, &symbol)) {
        return NULL;
    }
    return running_replaced(running, symbol.name);
}

/* The first function of the object is told of. */
static void judge_functions(const struct stack *stack,
                            const struct object *object)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];
        const struct stacked *payload = replaced_by(stack->running, atom);

        if (payload && !payload->sources) {
            report_refuse(stack->report, REFUSAL_BELOW,
                          *object->source ? object->source : object->path,
                          atom->symbol->name, "build all as one payload, for "
                          "`xl livepatch replace`",
                          "%s, below, has patched it, and doesn't tell what it "
                          "was made of: code of the same object may hold "
                          "copies of it, or rely on how it was compiled",
                          payload->path);
            return;
        }
    }
}

void below_judge(const struct base *base, const struct object_pair *pairs,
                 size_t npairs, const struct running *running,
                 struct report *report)
{
    struct stack stack = { .base = base, .ours = base_compiled(base),
                           .running = running, .report = report };

    stack.count = running_stacked(running, &stack.list);
    for (size_t i = 0; i < stack.count; i++) {
        if (stack.list[i].sources) {
            judge_files(&stack, i);
        } else {
            report_warn(report, stack.list[i].path, NULL, "doesn't tell what "
                        "it was made of: if it changed headers that files of "
                        "this patch include, build all as one payload");
        }
    }
    for (size_t i = 0; stack.count && i < npairs; i++) {
        if (pairs[i].old) {
            judge_functions(&stack, pairs[i].old);
        }
    }
}

/* -- The selection --------------------------------------------------------- */

bool below_replaces(const struct selection *selection, const struct atom *atom)
{
    const struct running *running = resolver_running(selection->resolver);

    return atom->twin && replaced_by(running, atom->twin);
}

static char *full_name(const struct atom *atom)
{
    const struct object *object = atom->section->object;
    bool local = atom->symbol->bind == STB_LOCAL;

    return must_print("%s%s%s", local ? object->source : "", local ? "#" : "",
                      atom->symbol->name);
}

size_t below_brought(const struct running *running, const struct atom *atom,
                     struct running_symbol *symbol)
{
    char *full = atom->symbol && *atom->symbol->name ? full_name(atom) : NULL;
    size_t found = full ? running_brought(running, full, symbol) : 0;

    free(full);
    return found;
}

static bool is_like(const struct atom *one, const struct atom *other)
{
    const char *dot = strchr(one->symbol->name, '.');
    size_t length = dot ? (size_t)(dot - one->symbol->name)
                        : strlen(one->symbol->name);
    const char *name = other->symbol ? other->symbol->name : "";

    return other->kind == one->kind && !other->twin &&
           !strncmp(name, one->symbol->name, length) &&
           (!name[length] || (dot && name[length] == '.'));
}

/* Of those in a source that is compiled more than once, as
 * arch/x86/mm/shadow/multi.c, a payload names one. */
static bool is_alone(const struct selection *selection,
                     const struct atom *atom)
{
    const struct object *own = atom->section->object;
    size_t count = 0;

    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *object = selection->pairs[i].new;

        for (size_t j = 0; j < object->natoms; j++) {
            count += !strcmp(object->source, own->source) &&
                     is_like(atom, object->atoms[j]);
        }
    }
    return count == 1;
}

bool below_has_datum(struct selection *selection, struct atom *atom)
{
    struct running_symbol symbol;
    size_t found = below_brought(resolver_running(selection->resolver), atom,
                                 &symbol);

    if (!found || is_constant_data(atom)) {
        return false;
    }
    if (found > 1 || !is_alone(selection, atom)) {
        selection_refuse(selection, REFUSAL_BELOW, atom,
                         "build all as one payload, for `xl livepatch replace`",
                         "payloads below have a variable of this name, and "
                         "nothing tells which of several it is");
    } else if (symbol.size != atom->size) {
        selection_refuse(selection, REFUSAL_BELOW, atom,
                         "give it another name, so that it is a new one",
                         "%s, of a payload below, has %llu bytes, and here it "
                         "has %llu", symbol.name,
                         (unsigned long long)symbol.size,
                         (unsigned long long)atom->size);
    }
    return true;
}

bool below_has_hook(struct selection *selection, const struct atom *hook)
{
    const struct running *running = resolver_running(selection->resolver);
    struct running_symbol symbol;

    for (size_t i = 0; i < hook->nrefs; i++) {
        const struct atom *function = hook->refs[i].target;

        if (function && below_brought(running, function, &symbol)) {
            selection_warn(selection, function, "a hook of a payload below "
                           "already, which runs it: left out here");
            return true;
        }
    }
    return false;
}
