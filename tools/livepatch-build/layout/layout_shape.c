/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_shape.h"

#include <dwarf.h>
#include <string.h>

#define LONGEST_NAME 4096
#define DEEPEST 64              /* typedefs in a row, or pointers */

const char *die_name(Dwarf_Die *die)
{
    const char *name = dwarf_diename(die);

    return name && *name && strnlen(name, LONGEST_NAME) < LONGEST_NAME ? name
                                                                       : NULL;
}

bool die_type(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;

    return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
           dwarf_formref_die(&attribute, type);
}

bool die_number(Dwarf_Die *die, unsigned int name, uint64_t *number)
{
    Dwarf_Attribute attribute;
    Dwarf_Word word;

    if (!dwarf_attr(die, name, &attribute) ||
        dwarf_formudata(&attribute, &word)) {
        return false;
    }
    *number = word;
    return true;
}

bool die_flag(Dwarf_Die *die, unsigned int name)
{
    Dwarf_Attribute attribute;
    bool flag;

    return dwarf_attr(die, name, &attribute) &&
           !dwarf_formflag(&attribute, &flag) && flag;
}

bool is_aggregate(int tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_class_type;
}

static bool is_qualifier(int tag)
{
    return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
           tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

bool die_unqualified(Dwarf_Die *die)
{
    unsigned int steps;

    for (steps = 0; is_qualifier(dwarf_tag(die)); steps++) {
        if (steps == DEEPEST || !die_type(die, die)) {
            return false;
        }
    }
    return true;
}

/* "[2][3]": the elements of all dimensions; 0 if one isn't known. */
static uint64_t add_dimensions(struct types *types, Dwarf_Die *array,
                               const char **dimensions)
{
    uint64_t all = 1, count, last;
    Dwarf_Die child;
    int more = dwarf_child(array, &child);

    for (; !more; more = dwarf_siblingof(&child, &child)) {
        if (dwarf_tag(&child) != DW_TAG_subrange_type) {
            continue;
        }
        count = 0;
        if (!die_number(&child, DW_AT_count, &count) &&
            die_number(&child, DW_AT_upper_bound, &last)) {
            count = last + 1;
        }
        if (count) {
            *dimensions = names_print(&types->names, "%s[%llu]", *dimensions,
                                      (unsigned long long)count);
        } else {
            *dimensions = names_print(&types->names, "%s[]", *dimensions);
        }
        if (__builtin_mul_overflow(all, count, &all)) {
            all = 0;
        }
        if (strlen(*dimensions) > LONGEST_NAME) {
            break;
        }
    }
    return all;
}

struct reading {
    struct types *types;
    struct nameless *nameless;
    unsigned int depth;
};

static struct shape read_shape(struct reading *reading, Dwarf_Die *holder);

static void end_pointer(struct reading *reading, struct shape *shape,
                        Dwarf_Die *die)
{
    const char *target;

    shape->kind = SHAPE_POINTER;
    shape->size = 8;
    shape->target = arena_alloc(&reading->types->arena, 1,
                                sizeof(*shape->target));
    reading->depth++;
    *shape->target = read_shape(reading, die);
    if (reading->nameless && reading->nameless->is) {
        reading->nameless->pointed = true;
    }
    target = shape->target->words;
    shape->words = names_print(&reading->types->names, "%s%s*", target,
                               target[strlen(target) - 1] == '*' ? "" : " ");
}

static bool is_simple(Dwarf_Die *die)
{
    unsigned int steps;

    for (steps = 0; steps < DEEPEST; steps++) {
        int tag = dwarf_tag(die);

        if (tag != DW_TAG_typedef && !is_qualifier(tag)) {
            return tag == DW_TAG_base_type;
        }
        if (!die_type(die, die)) {
            return false;
        }
    }
    return false;
}

/* How the number is encoded that is all there is in an aggregate, such as
 * mfn_t; 0: there is more, or less. */
static unsigned int read_wrapped(Dwarf_Die *die, uint64_t size)
{
    uint64_t encoding = 0, bytes = 0;
    unsigned int members = 0;
    Dwarf_Die child, type;
    int more = dwarf_child(die, &child);

    for (; !more; more = dwarf_siblingof(&child, &child)) {
        if (dwarf_tag(&child) != DW_TAG_member) {
            continue;
        }
        if (members++ || dwarf_hasattr(&child, DW_AT_bit_size) ||
            !die_type(&child, &type) || !is_simple(&type)) {
            return 0;
        }
        die_number(&type, DW_AT_byte_size, &bytes);
        die_number(&type, DW_AT_encoding, &encoding);
    }
    return bytes == size ? (unsigned int)encoding : 0;
}

/* An aggregate or enum: by its own name, or that of the typedef it has. */
static void end_tagged(struct reading *reading, struct shape *shape,
                       Dwarf_Die *die, const char *called)
{
    int tag = dwarf_tag(die);
    const char *kind = tag == DW_TAG_enumeration_type ? "enum" :
                       tag == DW_TAG_union_type ? "union" : "struct";
    const char *name = die_name(die);

    shape->kind = is_aggregate(tag) ? SHAPE_AGGREGATE : SHAPE_ENUM;
    if (is_aggregate(tag)) {
        shape->wrapped = read_wrapped(die, shape->size);
    }
    if (name) {
        shape->tag = names_print(&reading->types->names, "%s %s", kind, name);
    } else if (called) {
        shape->tag = names_get(&reading->types->names, called);
    } else if (is_aggregate(tag) && reading->nameless) {
        reading->nameless->is = true;
        reading->nameless->die = *die;
    }
    shape->words = shape->tag ? shape->tag :
                   names_print(&reading->types->names, "%s { }", kind);
}

static void end_shape(struct reading *reading, struct shape *shape,
                      Dwarf_Die *die, const char *called)
{
    const char *name = die_name(die);
    uint64_t encoding = 0;

    die_number(die, DW_AT_byte_size, &shape->size);
    switch (dwarf_tag(die)) {
    case DW_TAG_pointer_type:
        end_pointer(reading, shape, die);
        return;
    case DW_TAG_structure_type: case DW_TAG_class_type:
    case DW_TAG_union_type: case DW_TAG_enumeration_type:
        end_tagged(reading, shape, die, called);
        return;
    case DW_TAG_subroutine_type:
        shape->kind = SHAPE_FUNCTION;
        shape->words = names_get(&reading->types->names, "function");
        return;
    case DW_TAG_base_type:
        shape->kind = SHAPE_NUMBER;
        die_number(die, DW_AT_encoding, &encoding);
        shape->encoding = (unsigned int)encoding;
        break;
    default:
        break;
    }
    shape->words = names_get(&reading->types->names, name ? name : "?");
}

static struct shape read_shape(struct reading *reading, Dwarf_Die *holder)
{
    struct names *names = &reading->types->names;
    struct shape shape = {
        .kind = SHAPE_VOID, .count = 1, .dimensions = names_get(names, ""),
        .words = names_get(names, "void"),
    };
    const char *called = NULL;
    unsigned int steps;
    Dwarf_Die die;

    if (reading->depth > DEEPEST || !die_type(holder, &die)) {
        return shape;
    }
    for (steps = 0; steps < DEEPEST; steps++) {
        int tag = dwarf_tag(&die);

        if (tag == DW_TAG_typedef) {
            called = die_name(&die);
        } else if (tag == DW_TAG_array_type) {
            uint64_t count = add_dimensions(reading->types, &die,
                                            &shape.dimensions);

            if (__builtin_mul_overflow(shape.count, count, &shape.count)) {
                shape.count = 0;
            }
            called = NULL;
        } else if (is_qualifier(tag)) {
            shape.constant |= tag == DW_TAG_const_type;
        } else {
            end_shape(reading, &shape, &die, called);
            break;
        }
        if (!die_type(&die, &die)) {
            break;
        }
    }
    if (*shape.dimensions) {
        shape.words = names_print(names, "%s%s", shape.words, shape.dimensions);
    }
    return shape;
}

struct shape shape_read(struct types *types, Dwarf_Die *holder,
                        struct nameless *nameless)
{
    struct reading reading = { types, nameless, 0 };

    if (nameless) {
        *nameless = (struct nameless){ .is = false };
    }
    return read_shape(&reading, holder);
}
