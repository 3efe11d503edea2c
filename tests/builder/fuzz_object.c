/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an object file; and as two that are compared, when a copy of
 * which a byte is changed can still be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"
#include "support/memory.h"
#include "object/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_section(const struct section *section)
{
    uint64_t end = 0;
    size_t i;

    for (i = 0; i < section->natoms; i++) {
        const struct atom *atom = section->atoms[i];

        check(atom->section == section && atom->offset >= end);
        check(atom->size <= section->size - atom->offset);
        check(!atom->size || section_atom(section, atom->offset) == atom);
        end = atom->offset + atom->size;
    }
}

/* What the header promises of whatever could be read. */
static void check_object(const struct object *object)
{
    size_t i, j;

    for (i = 0; i < object->nsections; i++) {
        check_section(&object->sections[i]);
    }
    for (i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        check(atom_name(atom) && atom_kind_name(atom->kind));
        for (j = 0; j < atom->nrefs; j++) {
            check(atom->refs[j].offset < atom->size);
            check(!j || atom->refs[j - 1].offset < atom->refs[j].offset);
        }
        for (j = 0; j < atom->nentries; j++) {
            check(atom->entries[j]->owner == atom);
        }
    }
}

static struct object *read_checked(const uint8_t *data, size_t size)
{
    char *why = NULL;
    struct object *object = object_read_memory(data, size, "fuzzed.o", &why);

    check(!object == !!why);
    free(why);
    if (object) {
        check_object(object);
    }
    return object;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct object *old = read_checked(data, size), *new = NULL;
    uint8_t *copy;

    if (old) {
        copy = must_alloc(size, 1);
        memcpy(copy, data, size);
        copy[size / 2 + data[size - 1]  % (size / 2)] ^= 1 + data[size / 2] % 8;
        new = read_checked(copy, size);
        free(copy);
    }
    if (new) {
        pair_objects(old, new);
        compare_objects(old, new);
    }
    object_free(old);
    object_free(new);
    return 0;
}
