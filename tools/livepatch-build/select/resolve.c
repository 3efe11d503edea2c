/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reference of the payload means on the host.
 *
 * What has a like in the base build is looked up by that one's name, as the
 * compiler may have numbered the patched build's otherwise.  A number is no
 * name that could be trusted: where the relocated bytes of the running code
 * tell an address, that decides.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "compare/traits.h"
#include "support/memory.h"
#include "support/sorted.h"
#include "prove/prove.h"
#include "resolve.h"

/* Where the sections of a new object lie in memory. */
struct place {
    const struct section *first;
    size_t count;
    const struct object_pair *pair;
};

struct resolver {
    const struct running *running;
    struct place *places;       /* ascending */
    size_t nplaces;
    struct symbol **globals;    /* of all new objects, ascending by name */
    size_t nglobals;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *l = a, *r = b;

    return l->first < r->first ? -1 : l->first > r->first;
}

static int compare_names(const void *a, const void *b)
{
    const struct symbol *const *l = a, *const *r = b;

    return strcmp((*l)->name, (*r)->name);
}

static bool is_global_definition(const struct symbol *symbol)
{
    return symbol->bind != STB_LOCAL && symbol->atom && symbol->name[0];
}

static void add_globals(struct resolver *resolver, size_t *room,
                        const struct object *object)
{
    for (size_t i = 1; i < object->nsymbols; i++) {
        if (!is_global_definition(&object->symbols[i])) {
            continue;
        }
        resolver->globals = must_grow(resolver->globals, room,
                                      resolver->nglobals + 1,
                                      sizeof(*resolver->globals));
        resolver->globals[resolver->nglobals++] = &object->symbols[i];
    }
}

struct resolver *resolver_new(struct object_pair *pairs, size_t npairs,
                              const struct running *running)
{
    struct resolver *resolver = must_alloc(1, sizeof(*resolver));
    size_t room = 0;

    resolver->running = running;
    resolver->places = must_alloc(npairs + 1, sizeof(*resolver->places));
    for (size_t i = 0; i < npairs; i++) {
        resolver->places[resolver->nplaces++] = (struct place) {
            pairs[i].new->sections, pairs[i].new->nsections, &pairs[i]
        };
        add_globals(resolver, &room, pairs[i].new);
    }
    qsort(resolver->places, resolver->nplaces, sizeof(*resolver->places),
          compare_places);
    if (resolver->nglobals) {
        qsort(resolver->globals, resolver->nglobals,
              sizeof(*resolver->globals), compare_names);
    }
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    free(resolver->places);
    free(resolver->globals);
    free(resolver);
}

const struct running *resolver_running(const struct resolver *resolver)
{
    return resolver->running;
}

const struct object_pair *resolver_pair(const struct resolver *resolver,
                                        const struct section *section)
{
    const struct place *const places = resolver->places;
    size_t at;

    FIND_SORTED(at, resolver->nplaces,
                places[at].first + places[at].count <= section);
    return at < resolver->nplaces && places[at].first <= section
               ? places[at].pair : NULL;
}

const char *resolver_file(const struct resolver *resolver,
                          const struct atom *atom)
{
    const struct object *new = resolver_pair(resolver, atom->section)->new;

    return new->source[0] ? new->source : new->path;
}

static struct atom *find_global(const struct resolver *resolver,
                                const char *name)
{
    const struct symbol key = { .name = name };
    const struct symbol *wanted = &key;
    struct symbol **found = NULL;

    if (resolver->nglobals) {
        found = bsearch(&wanted, resolver->globals, resolver->nglobals,
                        sizeof(*resolver->globals), compare_names);
    }
    return found ? (*found)->atom : NULL;
}

struct atom *resolver_target(const struct resolver *resolver,
                             const struct ref *ref)
{
    if (ref->target || ref->symbol->absolute || ref->symbol->section ||
        !ref->symbol->name[0]) {
        return ref->target;
    }
    return find_global(resolver, ref->symbol->name);
}

/* target: an atom of this object, or of another one; or NULL. */
static bool is_ref_to(const struct ref *ref, const struct atom *target,
                      const char *name)
{
    if (ref->target) {
        return ref->target == target;
    }
    if (target) {
        name = is_global(target) ? target->symbol->name : "";
    }
    return name[0] && !ref->symbol->section &&
           !strcmp(ref->symbol->name, name);
}

/* Whether the base's like of an atom refers to what runs in .init already:
 * then it is guarded, as by a look at system_state. */
static bool did_refer(const struct atom *atom, const struct atom *target,
                      const char *name)
{
    const struct atom *old = atom->twin;

    for (size_t i = 0; old && i < old->nrefs; i++) {
        if (is_ref_to(&old->refs[i], target, name)) {
            return true;
        }
    }
    return false;
}

static bool by_address(struct resolved *resolved, const char *name,
                       uint64_t address)
{
    resolved->how = RESOLVED_ADDRESS;
    resolved->name = name;
    resolved->address = address;
    return true;
}

static bool by_name(const struct resolver *resolver,
                    const struct running_symbol *symbol,
                    struct resolved *resolved)
{
    if (!running_is_unique(resolver->running, symbol->name) &&
        symbol->address) {
        return by_address(resolved, symbol->name, symbol->address);
    }
    resolved->how = RESOLVED_NAME;
    resolved->name = symbol->name;
    return true;
}

static bool not_found(const struct atom *old, size_t found, char **why)
{
    const char *name = old->symbol ? old->symbol->name : atom_name(old);

    if (found > 1) {
        fail_with(why, "the running Xen has %zu of the name %s in this file, "
                       "and nothing tells which is meant", found, name);
    } else if (found) {
        fail_with(why, "the compiler numbered it, and nothing tells whether "
                       "the %s of the running Xen is the same", name);
    } else {
        fail_with(why, "the running Xen has no %s: it was compiled away "
                       "there, or comes from other source", name);
    }
    return false;
}

/* What runs of an old object's atom: *address is 0 where the symbol tells. */
static bool find_like(const struct resolver *resolver, const struct atom *old,
                      struct running_symbol *symbol, uint64_t *address,
                      char **why)
{
    const struct object *object = old->section->object;
    const char *name = old->symbol ? old->symbol->name : "";
    bool numbered = is_numbered(name);
    size_t found = 0;

    *symbol = (struct running_symbol) { .name = name };
    *address = 0;
    if (name[0]) {
        found = running_find(resolver->running, object->source, name,
                             old->symbol->bind == STB_LOCAL, symbol);
    }
    if (found == 1 && !numbered) {
        return true;
    }
    *address = proof_address(resolver->running, old);
    if (found == 1 && *address == symbol->address) {
        *address = 0;
        return true;
    }
    if (!*address && found == 1 && old->kind == ATOM_FUNCTION) {
        return true;
    }
    return *address || not_found(old, found, why);
}

static bool resolve_like(const struct resolver *resolver,
                         const struct atom *atom, const struct atom *target,
                         struct resolved *resolved, char **why)
{
    struct running_symbol symbol;
    uint64_t address;

    if (!target->twin && below_brought(resolver->running, target, &symbol)) {
        return by_name(resolver, &symbol, resolved);
    }
    if (!target->twin) {
        fail_with(why, "it is new, and doesn't go into the payload");
        return false;
    }
    if (!find_like(resolver, target->twin, &symbol, &address, why)) {
        return false;
    }
    if (target->twin->section->init || symbol.init) {
        if (atom && !did_refer(atom, target->twin, symbol.name)) {
            fail_with(why, "it is in .init, which is gone once Xen has booted");
            return false;
        }
        return by_address(resolved, symbol.name,
                          address ? address : symbol.address);
    }
    return address ? by_address(resolved, symbol.name, address)
                   : by_name(resolver, &symbol, resolved);
}

static bool resolve_undefined(const struct resolver *resolver,
                              const struct atom *atom,
                              const struct symbol *symbol,
                              const struct object *object,
                              struct resolved *resolved, char **why)
{
    struct running_symbol found;
    size_t count = running_find(resolver->running, object->source,
                                symbol->name, false, &found);

    if (!count) {
        fail_with(why, "it is neither in the running Xen nor in a payload "
                       "below");
        return false;
    }
    if (count > 1) {
        fail_with(why, "the running Xen has %zu of that name", count);
        return false;
    }
    if (found.init) {
        if (!did_refer(atom, NULL, symbol->name)) {
            fail_with(why, "it is in .init, which is gone once Xen has booted");
            return false;
        }
        return by_address(resolved, found.name, found.address);
    }
    return by_name(resolver, &found, resolved);
}

/*
 * The address of a function may be kept in memory that outlives the payload, or
 * be compared with one that is: it must be that of the entry in Xen, where the
 * jump is.
 */
static bool wants_entry(const struct atom *atom, const struct ref *ref,
                        const struct atom *target)
{
    return target->kind == ATOM_FUNCTION && !is_cold(target) &&
           is_patched(target) && is_entry_for_pointers(target) && !ref->place &&
           (atom->kind == ATOM_DATA ||
            (atom->kind == ATOM_FUNCTION && !is_branch(atom, ref)));
}

bool resolver_function(const struct resolver *resolver,
                       const struct atom *atom, struct running_symbol *symbol,
                       char **why)
{
    uint64_t address;

    if (!find_like(resolver, atom->twin, symbol, &address, why)) {
        return false;
    }
    if (address) {
        symbol->address = address;
        symbol->size = atom->twin->size;
        symbol->init = running_is_init(resolver->running, address);
    }
    return true;
}

/* The name is that of the payload's own function as well. */
bool resolver_entry(const struct resolver *resolver, const struct atom *target,
                    struct resolved *resolved, char **why)
{
    struct running_symbol symbol;

    if (!resolver_function(resolver, target, &symbol, why)) {
        return false;
    }
    return symbol.address ? by_address(resolved, symbol.name, symbol.address)
                          : by_name(resolver, &symbol, resolved);
}

bool resolver_ref(const struct resolver *resolver, const struct atom *atom,
                  const struct ref *ref, struct resolved *resolved,
                  char **why)
{
    const struct symbol *symbol = ref->symbol;
    struct atom *target = resolver_target(resolver, ref);

    *resolved = (struct resolved) { .atom = NULL };
    if (target && target->selected) {
        if (wants_entry(atom, ref, target)) {
            return resolver_entry(resolver, target, resolved, why);
        }
        resolved->how = RESOLVED_SELECTED;
        resolved->atom = target;
        return true;
    }
    if (target) {
        return resolve_like(resolver, atom, target, resolved, why);
    }
    if (symbol->absolute) {
        return by_address(resolved, symbol->name, symbol->value);
    }
    if (symbol->section || !symbol->name[0]) {
        fail_with(why, "it refers to section %s, which isn't part of code or "
                  "data", symbol->section ? symbol->section->name : "0");
        return false;
    }
    return resolve_undefined(resolver, atom, symbol,
                             resolver_pair(resolver, atom->section)->new,
                             resolved, why);
}

bool resolver_is_freed(const struct resolver *resolver, const struct ref *ref,
                       const char **name)
{
    const struct atom *target = resolver_target(resolver, ref);
    struct running_symbol symbol;

    *name = target && target->symbol ? target->symbol->name
                                     : ref->symbol->name;
    if (target) {
        return !target->selected && target->section->init;
    }
    return (*name)[0] && !ref->symbol->section && !ref->symbol->absolute &&
           running_find(resolver->running, "", *name, false, &symbol) == 1 &&
           symbol.init;
}

bool resolver_has(const struct resolver *resolver, const struct atom *target)
{
    struct resolved resolved;
    char *why = NULL;
    bool has = resolve_like(resolver, NULL, target, &resolved, &why);

    free(why);
    return has;
}
