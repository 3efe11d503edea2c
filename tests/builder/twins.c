/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "compare/identity.h"
#include "support/memory.h"
#include "snippet.h"
#include "twins.h"

static struct twins pair(struct object *old, struct object *new)
{
    pair_objects(old, new);
    compare_objects(old, new);
    return (struct twins) { old, new };
}

struct twins twins_of(const char *old, const char *new)
{
    return pair(snippet("twin.c", old), snippet("twin.c", new));
}

struct twins assembly_twins(const char *old, const char *new)
{
    return pair(snippet("twin.S", old), snippet("twin.S", new));
}

static struct object *compile(const char *source, const char *options)
{
    size_t size;
    unsigned char *image = snippet_image("twin.c", source, options, &size);
    char *why = NULL;
    struct object *object = object_read_memory(image, size, "twin.c", &why);

    free(image);
    if (!object) {
        fail_msg("%s", why);
    }
    return object;
}

struct twins twins_with(const char *old, const char *new,
                        const char *old_options, const char *new_options)
{
    return pair(compile(old, old_options), compile(new, new_options));
}

void twins_free(struct twins twins)
{
    object_free(twins.old);
    object_free(twins.new);
}

struct line {
    const struct atom *atom;
    bool gone;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *l = a, *r = b;

    return strcmp(l->atom->symbol->name, r->atom->symbol->name);
}

static size_t list(struct line *lines, size_t count,
                   const struct object *object, bool gone)
{
    for (size_t i = 0; i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        if (is_named(atom) && atom->verdict != VERDICT_SAME &&
            (!gone || atom->verdict == VERDICT_NEW)) {
            lines[count++] = (struct line) { atom, gone };
        }
    }
    return count;
}

void assert_differences(const struct twins *twins, const char *expected)
{
    struct line *lines = must_alloc(twins->old->natoms + twins->new->natoms,
                                    sizeof(*lines));
    size_t count = list(lines, 0, twins->old, true);
    char *text = must_copy("");

    count = list(lines, count, twins->new, false);
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < count; i++) {
        const struct atom *atom = lines[i].atom;
        char *longer = must_print("%s%s%s %s", text, i ? ", " : "",
                                  lines[i].gone ? "gone"
                                                : verdict_name(atom->verdict),
                                  atom->symbol->name);

        free(text);
        text = longer;
    }
    free(lines);
    if (strcmp(text, expected)) {
        compare_print(twins->old, twins->new, true);
    }
    assert_string_equal(text, expected);
    free(text);
}

void check_differences(const char *old, const char *new, const char *expected)
{
    struct twins twins = twins_of(old, new);

    assert_differences(&twins, expected);
    twins_free(twins);
}

static bool has_name(const struct atom *atom, const char *name)
{
    bool numbered, same;
    char *base;

    if (!atom->symbol) {
        return false;
    }
    base = name_without_numbers(atom->symbol->name, &numbered);
    same = !strcmp(base, name);
    free(base);
    return same;
}

struct atom *referred(const struct object *object, const char *function,
                      const char *name, unsigned int n)
{
    const struct atom *atom = find_atom(object, function);
    struct atom *seen[16];
    unsigned int count = 0;

    for (size_t i = 0; i < atom->nrefs; i++) {
        struct atom *target = atom->refs[i].target;
        unsigned int j = 0;

        if (!target || !has_name(target, name)) {
            continue;
        }
        while (j < count && seen[j] != target) {
            j++;
        }
        if (j == count && count < 16) {
            if (count == n) {
                return target;
            }
            seen[count++] = target;
        }
    }
    fail_msg("%s refers to fewer %s", function, name);
    return NULL;
}
