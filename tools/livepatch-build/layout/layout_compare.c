/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory written by one build means to the other.
 *
 * Members are paired by their names.  A member that has only got another name
 * is the same, or so it seems; one that is gone may stay set, for nobody to
 * read.  New members may lie in what was padding, or beside others in a union;
 * but not where another member was, whose value would be taken for theirs.
 */
#include "layout_compare.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

/* -- Shapes --------------------------------------------------------------- */

static bool is_integer(const struct shape *shape)
{
    switch (shape->encoding) {
    case DW_ATE_boolean: case DW_ATE_signed: case DW_ATE_signed_char:
    case DW_ATE_unsigned: case DW_ATE_unsigned_char: case DW_ATE_UTF:
        return true;
    default:
        return false;
    }
}

/* The same bits, but a minus may become a large number. */
static enum grade compare_numbers(const struct shape *old,
                                  const struct shape *new)
{
    if (old->size != new->size) {
        return GRADE_LAYOUT;
    }
    if (old->encoding == new->encoding) {
        return GRADE_SAME;
    }
    return is_integer(old) && is_integer(new) ? GRADE_EYE : GRADE_LAYOUT;
}

/*
 * A pointer to nothing in particular may always have been one to what it is
 * now said to point to.  Functions that are pointed to come with a change of
 * theirs, under their old addresses.
 */
static enum grade compare_targets(const struct shape *old,
                                  const struct shape *new)
{
    if ((old->kind == SHAPE_VOID) != (new->kind == SHAPE_VOID)) {
        return GRADE_EYE;
    }
    return shape_compare(old, new);
}

/* A number that was put into a structure of its own, or taken out of one. */
static bool is_wrapped(const struct shape *number,
                       const struct shape *aggregate)
{
    return number->kind == SHAPE_NUMBER && aggregate->kind == SHAPE_AGGREGATE &&
           number->size == aggregate->size &&
           number->encoding == aggregate->wrapped;
}

enum grade shape_compare(const struct shape *old, const struct shape *new)
{
    bool numbers = old->kind == SHAPE_NUMBER && new->kind == SHAPE_ENUM;

    numbers |= old->kind == SHAPE_ENUM && new->kind == SHAPE_NUMBER;
    if (old->dimensions != new->dimensions) {
        return GRADE_LAYOUT;
    }
    if (is_wrapped(old, new) || is_wrapped(new, old)) {
        return GRADE_EYE;
    }
    if (old->kind != new->kind) {
        return numbers && old->size == new->size ? GRADE_EYE : GRADE_LAYOUT;
    }
    switch (old->kind) {
    case SHAPE_NUMBER:
        return compare_numbers(old, new);
    case SHAPE_POINTER:
        return compare_targets(old->target, new->target);
    case SHAPE_AGGREGATE:
        return old->tag != new->tag || (!old->tag && old->size != new->size) ?
               GRADE_LAYOUT : GRADE_SAME;
    case SHAPE_ENUM:
        return old->tag != new->tag || old->size != new->size ?
               GRADE_LAYOUT : GRADE_SAME;
    default:
        return GRADE_SAME;
    }
}

/* -- What was found -------------------------------------------------------- */

static void note(struct difference *difference, enum grade grade, char *words)
{
    if (grade < difference->grade) {
        free(words);
    } else if (grade == difference->grade) {
        difference->others++;
        free(words);
    } else {
        free(difference->words);
        difference->grade = grade;
        difference->words = words;
        difference->others = 0;
    }
}

/* "member x ", or nothing where the variable itself is meant. */
static char *named(const struct type *type, const struct member *member)
{
    return type->kind == TYPE_VARIABLE && member == type->members ?
           must_copy("") : must_print("member %s ", member->path);
}

static char *place(const struct member *member)
{
    return member->bit % 8 || member->field ?
           must_print("%llu bit %llu", (unsigned long long)member->bit / 8,
                      (unsigned long long)member->bit % 8) :
           must_print("%llu", (unsigned long long)member->bit / 8);
}

/* Members whose names say that they hold nothing: _pad, rsvd2_0. */
static bool is_filler(const struct member *member)
{
    static const char *const words[] = {
        "pad", "padding", "rsvd", "reserved", "unused", "mbz", "spare",
    };
    const char *name = strrchr(member->path, '.');
    size_t i, length;

    name = name ? name + 1 : member->path;
    name += strspn(name, "_");
    for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
        length = strlen(words[i]);
        if (!strncmp(name, words[i], length) &&
            !name[length + strspn(name + length, "_0123456789")]) {
            return true;
        }
    }
    return false;
}

/* -- Pairs of members ------------------------------------------------------ */

struct comparison {
    const struct type *old, *new;
    struct difference *difference;
    const struct member **twins;    /* of the old members; NULL: gone */
    bool *paired;                   /* of the new members */
};

/* A filler that has got a name is no longer one. */
static bool is_renamed(const struct member *old, const struct member *new)
{
    return is_filler(old) == is_filler(new) &&
           old->bit == new->bit && old->bits == new->bits &&
           old->apart == new->apart && old->whole == new->whole &&
           shape_compare(&old->shape, &new->shape) == GRADE_SAME;
}

static void pair_renamed(struct comparison *comparison, size_t i)
{
    const struct type *new = comparison->new;
    const struct member *old = &comparison->old->members[i];
    size_t k;

    for (k = 0; k < new->nmembers; k++) {
        if (!comparison->paired[k] && is_renamed(old, &new->members[k])) {
            comparison->paired[k] = true;
            comparison->twins[i] = &new->members[k];
            return;
        }
    }
}

static void pair_members(struct comparison *comparison)
{
    const struct type *old = comparison->old, *new = comparison->new;
    struct map by_path = { 0 };
    size_t i;

    for (i = 0; i < new->nmembers; i++) {
        map_put(&by_path, new->members[i].path, &new->members[i]);
    }
    for (i = 0; i < old->nmembers; i++) {
        const struct member *twin = map_get(&by_path, old->members[i].path);

        comparison->twins[i] = twin;
        if (twin) {
            comparison->paired[twin - new->members] = true;
        }
    }
    for (i = 0; i < old->nmembers; i++) {
        if (!comparison->twins[i]) {
            pair_renamed(comparison, i);
        }
    }
    map_free(&by_path);
}

static void compare_member(struct comparison *comparison,
                           const struct member *old, const struct member *new)
{
    struct difference *difference = comparison->difference;
    char *name = named(comparison->old, old);
    enum grade grade = shape_compare(&old->shape, &new->shape);

    if (grade != GRADE_SAME && old->shape.words == new->shape.words) {
        difference->moved_alone = false;
        note(difference, grade,
             must_print("%swas %llu bytes, is %llu", name,
                        (unsigned long long)old->bits / 8,
                        (unsigned long long)new->bits / 8));
    } else if (grade != GRADE_SAME) {
        difference->moved_alone &= grade != GRADE_LAYOUT;
        note(difference, grade,
             must_print("%swas %s, is %s", name, old->shape.words,
                        new->shape.words));
    } else if (old->bits != new->bits && (old->field || new->field)) {
        difference->moved_alone = false;
        note(difference, GRADE_LAYOUT,
             must_print("%shad %llu bits, has %llu", name,
                        (unsigned long long)old->bits,
                        (unsigned long long)new->bits));
    } else if (old->bit != new->bit) {
        char *from = place(old), *to = place(new);

        note(difference, GRADE_LAYOUT,
             must_print("%smoved from %s to %s", name, from, to));
        free(from);
        free(to);
    }
    free(name);
}

/* Another name may be that of another meaning. */
static void compare_names(struct comparison *comparison,
                          const struct member *old, const struct member *new)
{
    if (old->path != new->path) {
        note(comparison->difference, GRADE_EYE,
             must_print("member %s has become member %s: objects that exist "
                        "hold there what they held", old->path, new->path));
    }
}

/* -- New members ----------------------------------------------------------- */

static bool overlap(const struct member *one, const struct member *other)
{
    return !one->apart && !other->apart &&
           one->bit < other->bit + other->bits &&
           other->bit < one->bit + one->bits;
}

/*
 * What a new member lies on: a member that is gone (*gone), or one that is
 * still there, in a union with it; or NULL.
 */
static const struct member *find_below(const struct comparison *comparison,
                                       const struct member *added, bool *gone)
{
    const struct type *old = comparison->old;
    const struct member *below = NULL;
    size_t i;

    *gone = false;
    for (i = 0; i < old->nmembers && !*gone; i++) {
        const struct member *member = &old->members[i];

        if (overlap(member, added) && !is_filler(member) &&
            (!member->whole || !comparison->twins[i])) {
            *gone = !comparison->twins[i];
            below = member;
        }
    }
    return below;
}

static void judge_added(struct comparison *comparison,
                        const struct member *added)
{
    struct difference *difference = comparison->difference;
    const struct type *old = comparison->old;
    char *at = place(added);
    bool gone;
    const struct member *below = find_below(comparison, added, &gone);

    /* No elements: as many as there is memory behind the object. */
    if (added->apart || !added->shape.count ||
        added->bit + added->bits > 8 * old->size) {
        difference->moved_alone = false;
        note(difference, GRADE_LAYOUT,
             must_print("member %s is new at %s", added->path, at));
    } else if (gone) {
        difference->moved_alone = false;
        note(difference, GRADE_LAYOUT,
             must_print("member %s is new at %s, where member %s was",
                        added->path, at, below->path));
    } else if (below) {
        note(difference, GRADE_EYE,
             must_print("member %s is new at %s, in a union with member %s: "
                        "objects that exist hold that one there",
                        added->path, at, below->path));
    } else {
        note(difference, GRADE_EYE,
             must_print("member %s uses what was padding at %s: objects that "
                        "exist hold there whatever the padding held (0 if "
                        "they were allocated by xzalloc() and not copied "
                        "onto since)", added->path, at));
    }
    free(at);
}

/* -- A type ---------------------------------------------------------------- */

static const char *kind_word(enum type_kind kind)
{
    return kind == TYPE_STRUCT ? "a struct" :
           kind == TYPE_UNION ? "a union" :
           kind == TYPE_ENUM ? "an enum" : "a variable";
}

static void compare_sizes(const struct type *old, const struct type *new,
                          struct difference *difference)
{
    char *words;

    if (old->size != new->size) {
        words = must_print("size %llu -> %llu", (unsigned long long)old->size,
                           (unsigned long long)new->size);
    } else if (old->alignment != new->alignment) {
        words = must_print("alignment %llu -> %llu (0: its members')",
                           (unsigned long long)old->alignment,
                           (unsigned long long)new->alignment);
    } else {
        return;
    }
    if (difference->grade == GRADE_LAYOUT) {
        char *both = must_print("%s (%s)", difference->words, words);

        free(difference->words);
        free(words);
        difference->words = both;
    } else {
        note(difference, GRADE_LAYOUT, words);
    }
}

static void compare_members(const struct type *old, const struct type *new,
                            struct difference *difference)
{
    struct comparison comparison = {
        .old = old, .new = new, .difference = difference,
        .twins = must_alloc(old->nmembers, sizeof(*comparison.twins)),
        .paired = must_alloc(new->nmembers, sizeof(*comparison.paired)),
    };
    size_t i;

    pair_members(&comparison);
    for (i = 0; i < old->nmembers; i++) {
        if (comparison.twins[i] && !is_filler(&old->members[i])) {
            compare_member(&comparison, &old->members[i],
                           comparison.twins[i]);
            compare_names(&comparison, &old->members[i], comparison.twins[i]);
        }
    }
    for (i = 0; i < new->nmembers && old->kind != TYPE_VARIABLE; i++) {
        if (!comparison.paired[i] && !is_filler(&new->members[i])) {
            judge_added(&comparison, &new->members[i]);
        }
    }
    free(comparison.twins);
    free(comparison.paired);
}

/* The last of a list, that counts the others. */
static bool is_count(const struct type *type, const struct enumerator *last)
{
    for (size_t i = 0; i < type->nenumerators; i++) {
        if (type->enumerators[i].value > last->value) {
            return false;
        }
    }
    return is_name_of_count(last->name);
}

static void compare_enumerators(const struct type *old, const struct type *new,
                                struct difference *difference)
{
    struct map by_name = { 0 };
    size_t i;

    for (i = 0; i < new->nenumerators; i++) {
        map_put(&by_name, new->enumerators[i].name, &new->enumerators[i]);
    }
    for (i = 0; i < old->nenumerators; i++) {
        const struct enumerator *each = &old->enumerators[i];
        const struct enumerator *twin = map_get(&by_name, each->name);

        if (twin && twin->value != each->value) {
            bool count = is_count(old, each);

            note(difference, count ? GRADE_EYE : GRADE_LAYOUT,
                 must_print("constant %s was %lld, is %lld%s", each->name,
                            (long long)each->value, (long long)twin->value,
                            count ? ", which matters if it is stored, or "
                                    "something has as many elements" : ""));
        }
    }
    map_free(&by_name);
}

void types_compare(const struct type *old, const struct type *new,
                   struct difference *difference)
{
    *difference = (struct difference){ .moved_alone = true };
    if (old->kind != new->kind) {
        difference->moved_alone = false;
        note(difference, GRADE_LAYOUT,
             must_print("was %s, is %s", kind_word(old->kind),
                        kind_word(new->kind)));
        return;
    }
    compare_members(old, new, difference);
    compare_enumerators(old, new, difference);
    compare_sizes(old, new, difference);
}
