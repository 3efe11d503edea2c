/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From selected atoms to a payload.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "payload_image.h"

/* A payload's name is a prefix of symbols, and the host's key for it. */
#define NAME_MAX_SIZE 127

void image_refuse(struct image *image, enum refusal refusal,
                  const struct atom *atom, const char *why, ...)
{
    const struct atom *named = atom->owner ? atom->owner : atom;
    va_list args;
    char *text;

    va_start(args, why);
    text = must_vprint(why, args);
    va_end(args);
    report_refuse(image->report, refusal,
                  resolver_file(image->resolver, atom),
                  named->symbol && named->symbol->name[0]
                  ? named->symbol->name : atom_name(named), NULL, "%s", text);
    free(text);
}

void image_each(struct image *image, image_visit *visit)
{
    for (size_t i = 0; i < image->npairs; i++) {
        const struct object *object = image->order[i]->new;

        for (size_t j = 0; j < object->natoms; j++) {
            if (object->atoms[j]->selected) {
                visit(image, object->atoms[j]);
            }
        }
    }
}

static int compare_paths(const void *a, const void *b)
{
    const struct object_pair *const *l = a, *const *r = b;

    return strcmp((*l)->new->path, (*r)->new->path);
}

static void put_in_order(struct image *image, struct object_pair *pairs)
{
    image->order = must_alloc(image->npairs + 1, sizeof(*image->order));
    for (size_t i = 0; i < image->npairs; i++) {
        image->order[i] = &pairs[i];
    }
    qsort(image->order, image->npairs, sizeof(*image->order), compare_paths);
}

static bool is_name_good(const char *name, char **why)
{
    size_t length = strlen(name);

    if (!length || length > NAME_MAX_SIZE) {
        fail_with(why, "a payload's name has 1 to %d bytes, not %zu",
                  NAME_MAX_SIZE, length);
        return false;
    }
    return true;
}

bool payload_write(const char *output, struct object_pair *pairs,
                   size_t npairs, const struct running *running,
                   const struct payload_metadata *metadata,
                   struct report *report, char **why)
{
    struct image image = {
        .metadata = metadata, .npairs = npairs, .report = report,
    };
    struct resolver *resolver;
    bool ok = false;

    *why = NULL;
    if (!is_name_good(metadata->name, why)) {
        return false;
    }
    image.resolver = resolver = resolver_new(pairs, npairs, running);
    put_in_order(&image, pairs);
    image_place(&image);
    if (!report_refusals(report)) {
        image_relocate(&image);
        image_functions(&image);
        image_symbols(&image);
        image_notes(&image);
    }
    if (report_refusals(report)) {
        fail_with(why, "the change can't be live-patched");
    } else {
        ok = image_write(&image, output, why);
    }
    image_free(&image);
    resolver_free(resolver);
    return ok;
}
