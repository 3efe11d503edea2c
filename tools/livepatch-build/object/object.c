/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects, as all others see them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/memory.h"
#include "support/sorted.h"
#include "object.h"
#include "object_parts.h"

static void free_scratch(struct reading *reading)
{
    free(reading->places);
    free(reading->first_place);
    free(reading->marks);
    free(reading->first_atom);
    reading->places = NULL;
    reading->first_place = NULL;
    reading->marks = NULL;
    reading->first_atom = NULL;
}

void object_free(struct object *object)
{
    struct reading *reading;
    size_t i;

    if (!object) {
        return;
    }
    reading = object->memory;
    for (i = 0; reading->relocations && i < object->nsections; i++) {
        free(reading->relocations[i].refs);
    }
    free_scratch(reading);
    free(reading->relocations);
    free(reading->atoms);
    free(reading->entries);
    for (i = 0; i < reading->nkept; i++) {
        free(reading->kept[i]);
    }
    free(reading->kept);
    free(reading->image);
    free(reading);
    free(object->sections);
    free(object->symbols);
    free(object->atoms);
    free((char *)object->path);
    free(object);
}

/* The image becomes the object's, whatever comes of it. */
static struct object *take(uint8_t *image, size_t size, const char *label,
                           char **why)
{
    struct object *object = must_alloc(1, sizeof(*object));
    struct reading *reading = must_alloc(1, sizeof(*reading));

    object->path = must_copy(label);
    object->source = "";
    object->memory = reading;
    *reading = (struct reading){
        .object = object, .label = object->path, .why = why,
        .image = image, .size = size,
    };
    if (!object_elf_read(reading) || !object_cut(reading) ||
        !object_understand_refs(reading)) {
        object_free(object);
        return NULL;
    }
    object_find_owners(reading);
    free_scratch(reading);
    return object;
}

struct object *object_read_memory(const void *image, size_t size,
                                  const char *label, char **why)
{
    uint8_t *copy = must_alloc(size, 1);

    memcpy(copy, image, size);
    return take(copy, size, label, why);
}

struct object *object_read(const char *path, const char *label, char **why)
{
    size_t size;
    char *image = files_read(path, &size, why);

    return image ? take((uint8_t *)image, size, label, why) : NULL;
}

struct atom *nearest_atom(const struct section *section, uint64_t offset)
{
    size_t at;

    FIND_SORTED(at, section->natoms, section->atoms[at]->offset <= offset);
    return section->atoms[at ? at - 1 : 0];
}

struct atom *section_atom(const struct section *section, uint64_t offset)
{
    struct atom *atom;

    if (!section->natoms) {
        return NULL;
    }
    atom = nearest_atom(section, offset);
    return offset >= atom->offset && offset - atom->offset < atom->size ?
           atom : NULL;
}

const char *atom_name(const struct atom *atom)
{
    static char names[8][256];
    static unsigned int next;
    char *name = names[next++ % 8];
    const struct object *object = atom->section->object;
    const char *file = *object->source ? object->source : object->path;

    if (atom->symbol) {
        snprintf(name, sizeof(names[0]), "%s: %s", file, atom->symbol->name);
    } else {
        snprintf(name, sizeof(names[0]), "%s: %s+0x%" PRIx64, file,
                 atom->section->name, atom->offset);
    }
    return name;
}

const char *object_keep(struct object *object, char *text)
{
    struct reading *reading = object->memory;

    reading->kept = must_grow(reading->kept, &reading->kept_room,
                              reading->nkept + 1, sizeof(*reading->kept));
    reading->kept[reading->nkept++] = text;
    return text;
}

const char *atom_kind_name(enum atom_kind kind)
{
    static const char *const names[] = {
        [ATOM_FUNCTION] = "function",
        [ATOM_DATA] = "data",
        [ATOM_STRING] = "string",
        [ATOM_CONSTANT] = "constant",
        [ATOM_CODE] = "code",
        [ATOM_ENTRY] = "table entry",
    };

    return names[kind];
}
