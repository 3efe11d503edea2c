/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the entries of tables are, and the fixups and replacements that those
 * name.
 */
#include <stdlib.h>

#include "support/memory.h"
#include "object_parts.h"
#include "tables.h"

static struct ref *ref_at(const struct atom *atom, uint64_t offset)
{
    size_t i;

    for (i = 0; i < atom->nrefs; i++) {
        if (atom->refs[i].offset == offset) {
            return &atom->refs[i];
        }
    }
    return NULL;
}

static bool is_aside(const struct atom *atom)
{
    return atom->kind == ATOM_CODE &&
           (is_fixup_section(atom->section->name) ||
            is_replacement_section(atom->section->name));
}

/*
 * An entry about a fixup or a replacement serves the function that those serve,
 * once that is known.  Code that stands for itself is its own.
 */
static bool find_owner(const struct ref *ref, struct atom **owner,
                       uint64_t *offset)
{
    struct atom *code = ref->target;

    if (!code) {
        return false;
    }
    if (is_aside(code)) {
        *owner = code->owner;
        *offset = code->owner_offset;
        return *owner;
    }
    if (code->kind != ATOM_FUNCTION && code->kind != ATOM_CODE) {
        return false;
    }
    *owner = code;
    *offset = ref->place;
    return true;
}

/* If more than one entry of a function names it, the first place counts,
 * wherever that is in the table. */
static void own_aside(struct atom *aside, const struct atom *entry)
{
    if (!aside->owner || (aside->owner == entry->owner &&
                          entry->owner_offset < aside->owner_offset)) {
        aside->owner = entry->owner;
        aside->owner_offset = entry->owner_offset;
    }
}

/* Returns whether anything was found out. */
static bool own_entry(struct atom *entry, const struct table *table)
{
    const struct ref *code = ref_at(entry, table->code), *aside = NULL;

    if (entry->owner || !code ||
        !find_owner(code, &entry->owner, &entry->owner_offset)) {
        return false;
    }
    if (table->aside != NO_FIELD) {
        aside = ref_at(entry, table->aside);
    }
    if (aside && aside->target && is_aside(aside->target)) {
        own_aside(aside->target, entry);
    }
    return true;
}

/* How far fixups of fixups of fixups are looked at. */
#define MAX_DEPTH 8

static void own_entries(struct object *object)
{
    unsigned int depth;
    bool news = true;
    size_t i;

    for (depth = 0; news && depth < MAX_DEPTH; depth++) {
        news = false;
        for (i = 0; i < object->natoms; i++) {
            struct atom *atom = object->atoms[i];

            if (atom->kind == ATOM_ENTRY &&
                own_entry(atom, table_of(atom->section->name))) {
                news = true;
            }
        }
    }
}

static int compare_entries(const void *left, const void *right)
{
    const struct atom *a = *(struct atom *const *)left;
    const struct atom *b = *(struct atom *const *)right;

    if (a->owner != b->owner) {
        return a->owner < b->owner ? -1 : 1;
    }
    if (a->section != b->section) {
        return a->section < b->section ? -1 : 1;
    }
    if (a->owner_offset != b->owner_offset) {
        return a->owner_offset < b->owner_offset ? -1 : 1;
    }
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Owners get what they own, as parts of one array. */
static void list_entries(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i, count = 0;

    reading->entries = must_alloc(object->natoms, sizeof(*reading->entries));
    for (i = 0; i < object->natoms; i++) {
        if (object->atoms[i]->kind == ATOM_ENTRY && object->atoms[i]->owner) {
            reading->entries[count++] = object->atoms[i];
        }
    }
    if (count) {
        qsort(reading->entries, count, sizeof(*reading->entries),
              compare_entries);
    }
    for (i = 0; i < count; i++) {
        struct atom *owner = reading->entries[i]->owner;

        if (!owner->nentries++) {
            owner->entries = &reading->entries[i];
        }
    }
}

void object_find_owners(struct reading *reading)
{
    own_entries(reading->object);
    list_entries(reading);
}
