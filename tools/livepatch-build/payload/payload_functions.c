/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the functions to be replaced, and the payload's own symbols.
 *
 * A function that takes the place of one on the host has that one's name there,
 * and so overrides it in backtraces.  All that is new has the payload's name in
 * front: engines take a name but once, even of a local symbol.  A variable that
 * is new is global there, for payloads on top: what they are compiled from has
 * it, too, and it must not exist twice (select/below.c).
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>

#include "arch/arch.h"
#include "support/memory.h"
#include "payload_image.h"
#include "compare/traits.h"

/* Engines keep names of as many bytes. */
#define SYMBOL_NAME_MAX 127

/* As in Xen's public header, with the addresses as numbers. */
struct record {
    uint64_t name, new_address, old_address;
    uint32_t new_size, old_size;
    uint8_t version;
    uint8_t reserved[71];         /* state of old engines, expectation */
};
_Static_assert(sizeof(struct record) == XENLIVEPATCH_FUNC_SIZE, "format");

static void add_record(struct image *image, struct atom *atom)
{
    struct running_symbol old;
    struct record record = { .version = XENLIVEPATCH_VERSION };
    uint64_t name, at;
    char *why = NULL;

    if (!is_patched(atom)) {
        return;
    }
    if (!resolver_function(image->resolver, atom, &old, &why)) {
        image_refuse(image, REFUSAL_SYMBOL, atom, "%s", why);
        free(why);
        return;
    }
    record.old_address = old.address;
    record.old_size = old.size;
    record.new_size = atom->size;
    name = image_add(image, OUT_STRINGS, old.name, strlen(old.name) + 1, 1);
    at = image_add(image, OUT_FUNCTIONS, &record, sizeof(record), 8);
    if (name == UINT64_MAX || at == UINT64_MAX) {
        image_refuse(image, REFUSAL_LIMIT, atom, "too many functions");
        return;
    }
    image_add_reloc(image, OUT_FUNCTIONS, (struct out_reloc) {
        .offset = at + offsetof(struct record, name), .type = arch->address,
        .addend = name, .outside = SIZE_MAX, .out = OUT_STRINGS,
    });
    image_add_reloc(image, OUT_FUNCTIONS, (struct out_reloc) {
        .offset = at + offsetof(struct record, new_address),
        .type = arch->address, .addend = atom->output, .outside = SIZE_MAX,
        .out = OUT_TEXT,
    });
}

void image_functions(struct image *image)
{
    image_each(image, add_record);
}

static char *new_name(const struct image *image, const struct atom *atom)
{
    return must_print("%s/%s%s%s", image->metadata->name,
                      is_global(atom) ? ""
                                      : resolver_file(image->resolver, atom),
                      is_global(atom) ? "" : "#", atom->symbol->name);
}

static char *symbol_name(const struct image *image, const struct atom *atom)
{
    struct running_symbol old;
    char *why = NULL;

    if (is_patched(atom) &&
        resolver_function(image->resolver, atom, &old, &why)) {
        return must_copy(old.name);
    }
    free(why);
    return new_name(image, atom);
}

static bool is_variable(const struct atom *atom)
{
    return atom->kind == ATOM_DATA && !is_constant_data(atom);
}

static void add_symbol(struct image *image, struct atom *atom)
{
    char *name;

    if ((atom->kind != ATOM_FUNCTION && atom->kind != ATOM_DATA) ||
        !atom->symbol || !atom->symbol->name[0]) {
        return;
    }
    name = symbol_name(image, atom);
    if (strlen(name) > SYMBOL_NAME_MAX) {
        if (is_variable(atom)) {
            image_refuse(image, REFUSAL_LIMIT, atom, "the name of a new "
                         "variable, \"%s\", has more than %u bytes: give the "
                         "payload a shorter --name", name, SYMBOL_NAME_MAX);
        }
        free(name);
        return;
    }
    image->symbols = must_grow(image->symbols, &image->room_symbols,
                               image->nsymbols + 1, sizeof(*image->symbols));
    image->symbols[image->nsymbols++] = (struct out_symbol) {
        .name = name, .shndx = SHN_XINDEX, .out = out_section_of(atom),
        .bind = is_global(atom) || is_variable(atom) ? STB_GLOBAL
                                                     : STB_LOCAL,
        .type = atom->kind == ATOM_FUNCTION ? STT_FUNC : STT_OBJECT,
        .value = atom->output, .size = atom->size,
    };
}

static int compare_symbols(const void *a, const void *b)
{
    const struct out_symbol *const *l = a, *const *r = b;
    int order = strcmp((*l)->name, (*r)->name);

    return order ? order : (*l > *r) - (*l < *r);
}

/* A source that is compiled more than once has the same names more than once:
 * the first one keeps it, the others need none. */
static void drop_doubles(struct image *image)
{
    struct out_symbol **sorted = must_alloc(image->nsymbols + 1,
                                            sizeof(*sorted));
    size_t count = 0;

    for (size_t i = 0; i < image->nsymbols; i++) {
        sorted[i] = &image->symbols[i];
    }
    qsort(sorted, image->nsymbols, sizeof(*sorted), compare_symbols);
    for (size_t i = image->nsymbols; i-- > 1;) {
        if (!strcmp(sorted[i]->name, sorted[i - 1]->name)) {
            free(sorted[i]->name);
            sorted[i]->name = NULL;
        }
    }
    free(sorted);
    for (size_t i = 0; i < image->nsymbols; i++) {
        if (image->symbols[i].name) {
            image->symbols[count++] = image->symbols[i];
        }
    }
    image->nsymbols = count;
}

void image_symbols(struct image *image)
{
    image_each(image, add_symbol);
    if (image->nsymbols) {
        drop_doubles(image);
    }
}
