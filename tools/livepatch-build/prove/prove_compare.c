/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An atom's bytes against those at an address of what runs.  Where the bytes
 * are a reference, these must mean what the object's relocation means: an
 * address that is known, or for what has none yet, its content.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/relocation.h"
#include "support/memory.h"
#include "prove_private.h"
#include "object/tables.h"

/* From anonymous data to anonymous data: compilers don't do this often. */
#define MAX_DEPTH 16

struct comparison {
    struct view *view;
    const struct atom *atom;
    uint64_t address;
    const uint8_t *there;
    unsigned int depth;
};

static char *compare_atom(struct view *view, const struct atom *atom,
                          uint64_t address, unsigned int depth);

/* What is at an address, in words. */
static char *describe(const struct running *running, uint64_t address)
{
    struct running_symbol symbol;
    uint64_t offset;

    if (!running_symbol_at(running, address, &symbol)) {
        return must_print("%#llx", (unsigned long long)address);
    }
    offset = address - symbol.address;
    if (!offset) {
        return must_copy(symbol.name);
    }
    return must_print("%s+%#llx", symbol.name, (unsigned long long)offset);
}

static const char *named(const struct ref *ref)
{
    if (ref->target) {
        return ref->target->symbol && *ref->target->symbol->name
            ? ref->target->symbol->name : atom_name(ref->target);
    }
    return ref->symbol ? ref->symbol->name : "";
}

static int64_t read_field(const uint8_t *bytes, size_t width, bool is_signed)
{
    uint64_t value = 0;

    memcpy(&value, bytes, width);
    if (is_signed && width < 8 && (value >> (width * 8 - 1))) {
        value |= ~0ULL << (width * 8);
    }
    return (int64_t)value;
}

/* The address that the field at that offset of the running atom means. */
static uint64_t meant(const struct comparison *c, const struct ref *ref,
                      uint64_t offset, size_t width)
{
    bool relative = relocation_is_relative(ref->type);
    int64_t field = read_field(c->there + offset, width,
                               relocation_of(ref->type)->is_signed);

    if (!relative) {
        return (uint64_t)field - (uint64_t)ref->bias;
    }
    return (uint64_t)field - (uint64_t)ref->bias + c->address + offset;
}

/* In a bug frame a distance has 24 bits, those above are of the line. */
static uint64_t meant_in_bug_frame(struct comparison *c, const struct ref *ref)
{
    uint32_t field;
    int32_t distance;

    if (ref->offset > 4) {
        return meant(c, ref, ref->offset, 4);
    }
    memcpy(&field, c->there + ref->offset, sizeof(field));
    field -= (uint32_t)ref->bias;
    distance = (int32_t)(field << 8) >> 8;
    if (field != (uint32_t)distance) {
        c->view->line_differs = true;
    }
    return c->address + ref->offset + distance;
}

/* What has no address yet has that one, if the same is there. */
static char *discover(struct comparison *c, const struct ref *ref,
                      uint64_t address)
{
    struct atom *target = ref->target;
    struct running_symbol symbol;
    uint64_t place = view_place(c->view, target);
    char *why;

    /* Code that serves others is told by what it holds: were it by place, one
     * function that differs would move those of all others. */
    if (target->kind == ATOM_CODE) {
        place = 0;
    } else if (place) {
        address = place;
    }
    if (c->depth >= MAX_DEPTH) {
        return must_copy("references too deep to follow");
    }
    if (view_is_named(target)) {
        return must_print("refers to %s, which what runs doesn't have",
                          named(ref));
    }
    if (!place && target->symbol && *target->symbol->name &&
        (!running_symbol_at(c->view->running, address, &symbol) ||
         symbol.address != address - target->symbol->offset ||
         symbol.size != target->symbol->size)) {
        char *there = describe(c->view->running, address);

        why = must_print("refers to %s here, to %s there", named(ref), there);
        free(there);
        return why;
    }
    target->address = address;
    why = compare_atom(c->view, target, address, c->depth + 1);
    if (why && target->kind == ATOM_STRING) {
        free(why);
        why = string_difference(c->view, target, address);
    }
    target->address = 0;
    if (!why) {
        view_set(c->view, target, address);
    }
    return why;
}

static char *compare_meaning(struct comparison *c, const struct ref *ref,
                             uint64_t there, size_t width)
{
    uint64_t here, mask = width < 8 ? (1ULL << (width * 8)) - 1 : ~0ULL;
    struct atom *target = ref->target;
    char *what, *why;

    if (string_may_differ(c->view, ref, there)) {
        return NULL;
    }
    if (target && !target->address && width >= 4) {
        why = discover(c, ref, there - (uint64_t)ref->place);
        if (why) {
            return why;
        }
    }
    if (target) {
        here = target->address + (uint64_t)ref->place;
    } else if (!ref->symbol || !view_outside(c->view, ref->symbol, &here)) {
        return must_print("refers to %s, which what runs doesn't have",
                          named(ref));
    } else {
        here += (uint64_t)ref->place;
    }
    if (!((here ^ there) & mask)) {
        return NULL;
    }
    what = describe(c->view->running, there);
    why = must_print("refers to %s here, to %s there", named(ref), what);
    free(what);
    return why;
}

/* The linker makes a reference through the GOT a direct one.  Returns the
 * field's new offset, 0: none of it. */
static uint64_t relaxed_field(const struct comparison *c, uint64_t offset)
{
    uint8_t made[6];
    const uint8_t *there = c->there + offset - 2;
    uint64_t field = offset, at;

    if (offset < 2) {
        return 0;
    }
    memcpy(made, c->atom->bytes + offset - 2, sizeof(made));
    if (!arch->relax(made + 2, &field)) {
        return 0;
    }
    at = field - (offset - 2);          /* in made */
    return !memcmp(made, there, at) &&
           !memcmp(made + at + 4, there + at + 4, sizeof(made) - at - 4)
           ? field : 0;
}

static char *different_bytes(const struct comparison *c, uint64_t from,
                             uint64_t to)
{
    const uint8_t *here = c->atom->bytes;

    while (from < to && here[from] == c->there[from]) {
        from++;
    }
    return must_print("%#04x here, %#04x there, at +%#llx", here[from],
                      c->there[from], (unsigned long long)from);
}

static char *compare_bytes(const struct comparison *c, uint64_t from,
                           uint64_t to)
{
    if (to > from && memcmp(c->atom->bytes + from, c->there + from,
                            to - from)) {
        return different_bytes(c, from, to);
    }
    return NULL;
}

static char *compare_ref(struct comparison *c, const struct ref *ref,
                         uint64_t *done)
{
    size_t width = relocation_of(ref->type)->size;
    uint64_t field = ref->offset;
    uint64_t bytes_end = ref->offset;
    char *why;

    if (ref->type == RELOCATION_NONE) {
        return NULL;
    }
    if (!relocation_is_address(ref->type) || field < *done ||
        field > c->atom->size || width > c->atom->size - field) {
        return must_print("relocation type %u at +%#llx isn't understood",
                          ref->type, (unsigned long long)ref->offset);
    }
    if (relocation_of(ref->type)->means == RELOCATION_GOT_DISTANCE) {
        field = relaxed_field(c, ref->offset);
        bytes_end = ref->offset >= 2 ? ref->offset - 2 : 0;
        if (!field) {
            return must_print("a reference through a table at +%#llx",
                              (unsigned long long)ref->offset);
        }
    }
    why = compare_bytes(c, *done, bytes_end);
    if (!why) {
        uint64_t there = c->atom->section->special == SPECIAL_BUG_FRAMES
            ? meant_in_bug_frame(c, ref) : meant(c, ref, field, width);

        why = compare_meaning(c, ref, there, width);
    }
    *done = ref->offset + width;
    return why;
}

static char *compare_atom(struct view *view, const struct atom *atom,
                          uint64_t address, unsigned int depth)
{
    struct comparison c = {
        .view = view, .atom = atom, .address = address, .depth = depth,
    };
    uint64_t done = 0;
    char *why = NULL;

    if (!atom->bytes || !atom->size) {
        return NULL;
    }
    c.there = running_bytes(view->running, address, atom->size);
    if (!c.there) {
        return must_copy("not within the image of what runs");
    }
    for (size_t i = 0; !why && i < atom->nrefs; i++) {
        why = compare_ref(&c, &atom->refs[i], &done);
    }
    return why ? why : compare_bytes(&c, done, atom->size);
}

char *view_compare(struct view *view, const struct atom *atom,
                   uint64_t address)
{
    return compare_atom(view, atom, address, 0);
}

/* The code that an entry is about. */
static bool entry_code(const struct atom *entry, uint64_t *code)
{
    const struct table *table = table_of(entry->section->name);

    for (size_t i = 0; table && i < entry->nrefs; i++) {
        const struct ref *ref = &entry->refs[i];

        if (ref->offset == table->code && ref->target &&
            ref->target->address) {
            *code = ref->target->address + (uint64_t)ref->place;
            return true;
        }
    }
    return false;
}

static char *compare_entry(struct view *view, struct atom *entry,
                           uint64_t code, size_t ordinal)
{
    const char *name = entry->section->name;
    const struct lines *lines = tables_find(view->proof, name);
    uint64_t address;
    char *why, *full;

    if (!lines) {
        return must_print("%s isn't found in what runs", name);
    }
    address = table_entry(lines, code, ordinal);
    if (!address) {
        return must_print("what runs has no entry in %s for +%#llx", name,
                          (unsigned long long)entry->owner_offset);
    }
    entry->address = address;
    why = compare_atom(view, entry, address, 0);
    if (!why) {
        return NULL;
    }
    full = must_print("entry in %s for +%#llx: %s", name,
                      (unsigned long long)entry->owner_offset, why);
    free(why);
    return full;
}

/* Entries that what runs has for this code, and the object hasn't. */
static char *find_more_entries(const struct view *view,
                               const struct atom *atom)
{
    for (size_t i = 0; i < NTABLES; i++) {
        const struct lines *lines = &view->proof->tables[i];
        size_t here = 0, there = !lines->known ? 0 :
            table_count(lines, atom->address, atom->address + atom->size);
        uint64_t code;

        for (size_t j = 0; there && j < atom->nentries; j++) {
            const struct atom *entry = atom->entries[j];

            here += !strcmp(entry->section->name, lines->section) &&
                entry_code(entry, &code) && code >= atom->address &&
                code - atom->address < atom->size;
        }
        if (there > here) {
            return must_print("%zu entries in %s here, %zu there", here,
                              lines->section, there);
        }
    }
    return NULL;
}

/*
 * An entry can be about a fixup, the place of which another entry tells: these
 * come second.
 */
static char *compare_entries(struct view *view, const struct atom *atom,
                             bool second)
{
    uint64_t code, last = 0;
    size_t ordinal = 0;
    char *why = NULL;

    for (size_t i = 0; !why && i < atom->nentries; i++) {
        struct atom *entry = atom->entries[i];

        if (!entry_code(entry, &code)) {
            last = 0;
            why = second ? must_print("entry in %s for +%#llx: its code isn't"
                                      " found", entry->section->name,
                                      (unsigned long long)entry->owner_offset)
                         : NULL;
            continue;
        }
        ordinal = last && code == last &&
            entry->section == atom->entries[i - 1]->section ? ordinal + 1 : 0;
        last = code;
        if (!entry->address) {
            why = compare_entry(view, entry, code, ordinal);
        }
    }
    return why;
}

char *view_compare_function(struct view *view, const struct atom *atom)
{
    char *why;

    view->function = atom;
    view->line_differs = false;
    view->version_differs = false;
    why = view_compare(view, atom, atom->address);
    for (int second = 0; !why && second < 2; second++) {
        why = compare_entries(view, atom, second);
    }
    return why ? why : find_more_entries(view, atom);
}
