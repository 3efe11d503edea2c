/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_prototype.h"

#include <dwarf.h>
#include <string.h>

#include "layout_compare.h"
#include "layout_shape.h"
#include "support/memory.h"

/* -- Reading --------------------------------------------------------------- */

/* What the compiler made of a function may lack parameters; its origin has
 * those of the source. */
static Dwarf_Die origin(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Die from;

    return dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
           dwarf_formref_die(&attribute, &from) ? from : *die;
}

static size_t read_parameters(struct types *types, Dwarf_Die *function,
                              struct parameter *parameters)
{
    Dwarf_Die child;
    size_t count = 0;
    int more = dwarf_child(function, &child);

    for (; !more; more = dwarf_siblingof(&child, &child)) {
        const char *name;

        if (dwarf_tag(&child) != DW_TAG_formal_parameter) {
            continue;
        }
        if (parameters) {
            name = die_name(&child);
            parameters[count] = (struct parameter) {
                names_get(&types->names, name ? name : ""),
                shape_read(types, &child, NULL),
            };
        }
        count++;
    }
    return count;
}

const struct prototype *prototype_read(struct types *types, Dwarf_Die *die)
{
    Dwarf_Die function = origin(die), type;
    const char *name = die_name(&function);
    struct prototype *prototype;
    Dwarf_Attribute attribute;

    if (!name || !dwarf_attr(die, DW_AT_low_pc, &attribute)) {
        return NULL;
    }
    prototype = arena_alloc(&types->arena, 1, sizeof(*prototype));
    prototype->name = names_get(&types->names, name);
    prototype->result.words = names_get(&types->names, "void");
    if (die_type(&function, &type)) {
        prototype->result = shape_read(types, &function, NULL);
    }
    prototype->count = read_parameters(types, &function, NULL);
    prototype->parameters = arena_alloc(&types->arena, prototype->count,
                                        sizeof(*prototype->parameters));
    read_parameters(types, &function, prototype->parameters);
    return prototype;
}

/* -- Comparing ------------------------------------------------------------- */

static bool is_same(const struct shape *old, const struct shape *new)
{
    return shape_compare(old, new) != GRADE_LAYOUT;
}

/* Two of a type that have changed places: a caller passes the one as the
 * other. */
static bool has_moved(const struct prototype *old, const char *name,
                      size_t number)
{
    for (size_t i = 0; i < old->count; i++) {
        if (i != number && old->parameters[i].name == name) {
            return *name;
        }
    }
    return false;
}

char *prototype_compare(const struct prototype *old,
                        const struct prototype *new)
{
    size_t both = old->count < new->count ? old->count : new->count;

    for (size_t i = 0; i < both; i++) {
        const struct parameter *was = &old->parameters[i];
        const struct parameter *is = &new->parameters[i];

        if (!is_same(&was->shape, &is->shape)) {
            return must_print("parameter %zu was %s %s, is %s %s", i + 1,
                              was->shape.words, was->name, is->shape.words,
                              is->name);
        }
        if (was->name != is->name && has_moved(old, is->name, i)) {
            return must_print("parameter %zu was %s, is %s", i + 1, was->name,
                              is->name);
        }
    }
    if (new->count > both) {
        return must_print("parameter %zu, %s, is new", both + 1,
                          new->parameters[both].name);
    }
    if (old->count > both) {
        return must_print("parameter %zu, %s, is gone", both + 1,
                          old->parameters[both].name);
    }
    if (old->result.kind != SHAPE_VOID &&
        !is_same(&old->result, &new->result)) {
        return must_print("it returned %s, and returns %s",
                          old->result.words, new->result.words);
    }
    return NULL;
}
