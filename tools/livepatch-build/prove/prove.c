/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base build against what runs: who is equal, who isn't, who is exempt. */
#include "prove.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "prove_private.h"

/* Another tree than what runs differs in hundreds: these aren't compiled all
 * over again. */
#define MOST_BARE 8

static void free_list(struct proof_note *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].file);
        free(list[i].name);
        free(list[i].why);
    }
    free(list);
}

void proof_free(struct proof *proof)
{
    if (!proof) {
        return;
    }
    free_list(proof->differences, proof->ndifferences);
    free_list(proof->exemptions, proof->nexemptions);
    for (size_t i = 0; i < proof->nversions; i++) {
        free(proof->versions[i].name);
        free(proof->versions[i].here);
        free(proof->versions[i].there);
    }
    tables_free(proof);
    free(proof->versions);
    free(proof->seen);
    free(proof->prefix);
    free(proof->compiler);
    free(proof->options);
    free(proof->config);
    free(proof);
}

static const char *file_of(const struct object *object)
{
    return *object->source ? object->source : object->path;
}

static const char *name_of(const struct atom *atom)
{
    return atom->symbol ? atom->symbol->name : atom_name(atom);
}

/* Takes why over. */
static void add(struct proof_note **list, size_t *count, size_t *room,
                const char *file, const char *name, char *why)
{
    *list = must_grow(*list, room, *count + 1, sizeof(**list));
    (*list)[(*count)++] = (struct proof_note){
        .file = must_copy(file), .name = must_copy(name), .why = why,
    };
}

static void differ(struct proof *proof, const char *file, const char *name,
                   char *why)
{
    add(&proof->differences, &proof->ndifferences, &proof->difference_room,
        file, name, why);
}

static void exempt_data(struct proof *proof, const char *file,
                        const char *name, char *why)
{
    add(&proof->exemptions, &proof->nexemptions, &proof->exemption_room,
        file, name, why);
}

static void exempt(struct proof *proof, const char *file, const char *name,
                   char *why)
{
    exempt_data(proof, file, name, why);
    proof->counts.exempt++;
}

void proof_version(struct proof *proof, const char *name, const char *here,
                   const char *there)
{
    struct version *version;

    proof->versions = must_grow(proof->versions, &proof->version_room,
                                proof->nversions + 1,
                                sizeof(*proof->versions));
    version = &proof->versions[proof->nversions++];
    version->name = must_copy(name);
    version->here = must_copy(here);
    version->there = must_copy(there);
}

static void see(struct proof *proof, uint64_t address)
{
    proof->seen = must_grow(proof->seen, &proof->seen_room, proof->nseen + 1,
                            sizeof(*proof->seen));
    proof->seen[proof->nseen++] = address;
}

/*
 * The linker takes a member of a library only if somebody needs it.  Others may
 * have its functions then, so that their names tell nothing: what tells is its
 * source, or the names of hand-written code, which has none.
 */
static bool is_linked(const struct proof *proof, const struct object *object)
{
    size_t units = running_units(proof->running);
    bool any = false;

    for (size_t i = 1; *object->source && i < units; i++) {
        if (running_unit_is(proof->running, i, object->source)) {
            return true;
        }
    }
    if (*object->source && units > 1) {
        return false;
    }
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        if (!view_is_named(atom)) {
            continue;
        }
        if (atom->address) {
            return true;
        }
        any = true;
    }
    return !any;
}

struct proof *proof_new(const struct running *running)
{
    struct proof *proof = must_alloc(1, sizeof(*proof));

    proof->running = running;
    tables_read(proof);
    return proof;
}

void proof_use_bare(struct proof *proof, proof_bare *bare, void *context)
{
    size_t size;

    if (!running_section(proof->running, ".debug_info", &size)) {
        proof->bare = bare;
        proof->bare_context = context;
    }
}

/* In hand-written code sizes can be missing. */
static char *compare_sizes(const struct proof *proof, const struct atom *atom)
{
    struct running_symbol there;

    if (!running_symbol_at(proof->running, atom->address, &there) ||
        there.address != atom->address || !there.size ||
        !atom->symbol->size || there.size == atom->symbol->size) {
        return NULL;
    }
    return must_print("%llu bytes here, %llu there",
                      (unsigned long long)atom->symbol->size,
                      (unsigned long long)there.size);
}

/* Of the same name; NULL if there are more or less than one. */
static const struct atom *find_function(const struct object *object,
                                        const char *name)
{
    const struct atom *found = NULL;

    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        if (atom->kind == ATOM_FUNCTION && !strcmp(name_of(atom), name)) {
            if (found) {
                return NULL;
            }
            found = atom;
        }
    }
    return found;
}

static const struct object *bare_object(struct view *view)
{
    struct proof *proof = view->proof;

    if (!view->asked && proof->bare && proof->nbare < MOST_BARE) {
        view->asked = true;
        proof->nbare++;
        view->bare = proof->bare(proof->bare_context, view->object);
    }
    return view->bare;
}

/*
 * Is a function that differs what runs nevertheless, as it would be without
 * debug information?  Asked of .init alone: nothing calls that any more, so it
 * makes no difference that patches are compiled with it.
 */
static bool is_equal_bare(struct view *view, const struct atom *atom)
{
    const struct object *object = atom->section->init ? bare_object(view)
                                                      : NULL;
    const struct atom *twin;
    struct view bare;
    char *why;

    if (!object) {
        return false;
    }
    view_open(&bare, view->proof, object);
    twin = find_function(object, name_of(atom));
    why = !twin || twin->address != atom->address ? must_copy("") :
          compare_sizes(view->proof, twin);
    if (!why) {
        why = view_compare_function(&bare, twin);
    }
    view_close(&bare);
    free(why);
    return !why;
}

static void judge_function(struct view *view, const struct atom *atom)
{
    struct proof *proof = view->proof;
    const char *file = file_of(view->object);
    const char *name = name_of(atom);
    char *why;

    if (!atom->address) {
        proof->counts.differing++;
        differ(proof, file, name, must_copy("what runs doesn't have it"));
        return;
    }
    see(proof, atom->address);
    why = compare_sizes(proof, atom);
    if (!why) {
        why = view_compare_function(view, atom);
    }
    if (why && is_equal_bare(view, atom)) {
        free(why);
        exempt(proof, file, name, must_copy("equal without debug information, "
                                            "with which it is compiled "
                                            "otherwise"));
    } else if (why) {
        proof->counts.differing++;
        differ(proof, file, name, why);
    } else if (view->version_differs) {
        const struct version *last = &proof->versions[proof->nversions - 1];

        exempt(proof, file, name,
               must_print("version string: \"%s\" here, \"%s\" there",
                          last->here, last->there));
    } else if (view->line_differs) {
        exempt(proof, file, name, must_copy("the line in a BUG frame"));
    } else {
        proof->counts.equal++;
    }
}

/* Another gzip, other bytes. */
static bool is_same_config(const struct proof *proof, const struct atom *atom)
{
    char *words;
    bool same;

    if (!atom->symbol ||
        strncmp(atom->symbol->name, "xen_config_data", 15)) {
        return false;
    }
    words = verdict_config(proof);
    same = proof->config && !words;
    free(words);
    return same;
}

/* Whatever isn't code that has a name.  What has none can still be told by its
 * place; what can't, nobody refers to. */
static void judge_rest(struct view *view, struct atom *atom)
{
    struct proof *proof = view->proof;
    char *why, *full;

    view->function = NULL;
    if (!atom->address) {
        atom->address = view_place(view, atom);
    }
    /* What serves a function was compared with it. */
    if (!atom->bytes || atom->owner ||
        (!view_is_named(atom) && !atom->address)) {
        return;
    }
    if (!atom->address) {
        why = must_copy("what runs doesn't have it");
    } else {
        why = atom->symbol ? compare_sizes(proof, atom) : NULL;
        if (!why) {
            why = view_compare(view, atom, atom->address);
        }
    }
    if (!why) {
        proof->counts.data_equal += atom->kind == ATOM_DATA;
        return;
    }
    if (is_same_config(proof, atom)) {
        free(why);
        exempt_data(proof, file_of(view->object), name_of(atom),
                    must_copy("the same configuration, compressed otherwise"));
        return;
    }
    full = must_print("data: %s", why);
    free(why);
    proof->counts.data_differing++;
    differ(proof, file_of(view->object), name_of(atom), full);
}

static void judge_all(struct view *view)
{
    const struct object *object = view->object;

    for (size_t i = 0; i < object->natoms; i++) {
        if (object->atoms[i]->kind == ATOM_FUNCTION) {
            judge_function(view, object->atoms[i]);
        }
    }
    for (size_t i = 0; i < object->natoms; i++) {
        struct atom *atom = object->atoms[i];

        if (atom->kind != ATOM_FUNCTION && atom->kind != ATOM_ENTRY) {
            judge_rest(view, atom);
        }
    }
}

static void exempt_object(struct proof *proof, const struct object *object)
{
    for (size_t i = 0; i < object->natoms; i++) {
        if (object->atoms[i]->kind == ATOM_FUNCTION) {
            exempt(proof, file_of(object), name_of(object->atoms[i]),
                   must_copy("its object isn't linked into what runs"));
        }
    }
}

void proof_object(struct proof *proof, const struct object *object)
{
    struct view view;

    view_open(&view, proof, object);
    verdict_collect(proof, object);
    if (is_linked(proof, object)) {
        judge_all(&view);
    } else {
        exempt_object(proof, object);
    }
    object_free(view.bare);
    view_close(&view);
}

size_t proof_exemptions(const struct proof *proof,
                        const struct proof_note **exemptions)
{
    *exemptions = proof->exemptions;
    return proof->nexemptions;
}

size_t proof_differences(const struct proof *proof,
                         const struct proof_note **differences)
{
    *differences = proof->differences;
    return proof->ndifferences;
}

struct proof_counts proof_counts(const struct proof *proof)
{
    return proof->counts;
}

static int compare_addresses(const void *a, const void *b)
{
    const uint64_t *one = a, *two = b;

    return (*one > *two) - (*one < *two);
}

/* Functions of what runs that no object of the base build has. */
static void find_missing(struct proof *proof)
{
    struct running_symbol symbol;

    if (proof->nseen) {
        qsort(proof->seen, proof->nseen, sizeof(*proof->seen),
              compare_addresses);
    }
    for (size_t i = 0; running_symbol_number(proof->running, i, &symbol); i++) {
        const char *file, *bare;

        if (symbol.type != STT_FUNC ||
            (proof->nseen && bsearch(&symbol.address, proof->seen,
                                     proof->nseen, sizeof(*proof->seen),
                                     compare_addresses))) {
            continue;
        }
        file = running_unit_source(proof->running, symbol.unit);
        bare = strrchr(symbol.name, '#');
        proof->counts.differing++;
        differ(proof, file, bare ? bare + 1 : symbol.name,
               must_copy("the base build doesn't have it"));
    }
}

bool proof_conclude(struct proof *proof, struct report *report, char **verdict)
{
    struct proof_counts *counts = &proof->counts;
    bool good;

    find_missing(proof);
    if (proof->prefix) {
        exempt_data(proof, "", "__FILE__", must_print("paths of source files "
                    "begin with \"%s\" there", proof->prefix));
    }
    good = !counts->differing && !counts->data_differing;
    report_proof(report, counts->equal,
                 counts->differing + counts->data_differing, counts->exempt);
    for (size_t i = 0; i < proof->ndifferences; i++) {
        const struct proof_note *difference = &proof->differences[i];

        report_proof_difference(report, difference->file, difference->name,
                                difference->why);
    }
    for (size_t i = 0; i < proof->nexemptions; i++) {
        const struct proof_note *exemption = &proof->exemptions[i];

        report_proof_exemption(report, exemption->file, exemption->name,
                               exemption->why);
    }
    *verdict = good ? NULL : verdict_explain(proof);
    return good;
}
