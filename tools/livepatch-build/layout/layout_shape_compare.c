/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_shape_compare.h"

#include <dwarf.h>

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
