/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_read.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "layout_dwarf.h"
#include "layout_members.h"
#include "layout_path.h"
#include "layout_shape.h"
#include "support/memory.h"

#define DEEPEST 1000            /* blocks and inlined calls within each other */

struct reader {
    struct types *types;
    struct object_types *object;
    struct gathering gathering;
    struct map locals, parameters;  /* types of such that were seen already */
    const char *directory;      /* where it was compiled */
    bool old;
    size_t serial;
};

/* Where a declaration is visible: in a function, or everywhere. */
struct scope {
    const char *function;       /* "" */
    unsigned int depth;
};

void object_types_free(struct object_types *object)
{
    free(object->types);
    free(object->held.all);
    free(object->pointed.all);
    free(object->prototypes);
}

/* -- An object's ----------------------------------------------------------- */

static void note(struct reader *reader, struct type *type)
{
    struct object_types *object = reader->object;
    size_t *last = reader->old ? &type->in_old : &type->in_new;

    *(reader->old ? &type->old : &type->new) = true;
    if (*last == reader->serial) {
        return;
    }
    *last = reader->serial;
    object->types = must_grow(object->types, &object->types_room,
                              object->ntypes + 1, sizeof(*object->types));
    object->types[object->ntypes++] = type;
}

/*
 * The type has been read into the arena behind the mark, but for its members,
 * which are where they were gathered.  Most types have been seen before, in
 * another object: then the memory is given back.
 */
static void settle(struct reader *reader, struct type *type,
                   struct arena_mark mark, Dwarf_Die *die)
{
    struct types *types = reader->types;
    struct type *known;

    known = types_find(types, type);
    if (known) {
        arena_release(&types->arena, mark);
    } else {
        size_t size = type->nmembers * sizeof(*type->members);
        const char *file = dwarf_decl_file(die);

        type->members = arena_alloc(&types->arena, 1, size);
        if (size) {
            memcpy(type->members, reader->gathering.members, size);
        }
        type->file = path_of_file(&types->names, reader->directory, file);
        dwarf_decl_line(die, &type->line);
        known = types_keep(types, type);
    }
    note(reader, known);
}

static bool read_aggregate(struct reader *reader, Dwarf_Die *die,
                           const char *name, const struct scope *scope)
{
    struct names *names = &reader->types->names;
    struct arena_mark mark = arena_mark(&reader->types->arena);
    bool is_union = dwarf_tag(die) == DW_TAG_union_type;
    bool tagged = die_name(die);
    struct type type = { .kind = is_union ? TYPE_UNION : TYPE_STRUCT };

    if (!members_of(&reader->gathering, die)) {
        return false;
    }
    type.name = tagged ? names_print(names, "%s %s",
                                     is_union ? "union" : "struct", name)
                       : names_get(names, name);
    type.tag = type.name;
    type.key = names_print(names, "%s|%s%s", scope->function,
                           tagged ? "tag " : "", name);
    die_number(die, DW_AT_byte_size, &type.size);
    die_number(die, DW_AT_alignment, &type.alignment);
    type.members = reader->gathering.members;
    type.nmembers = reader->gathering.count;
    settle(reader, &type, mark, die);
    return true;
}

static size_t count_enumerators(Dwarf_Die *die)
{
    Dwarf_Die child;
    size_t count = 0;
    int more = dwarf_child(die, &child);

    for (; !more; more = dwarf_siblingof(&child, &child)) {
        count += dwarf_tag(&child) == DW_TAG_enumerator;
    }
    return count;
}

static void read_enumerators(struct reader *reader, Dwarf_Die *die,
                             struct type *type)
{
    size_t room = count_enumerators(die);
    Dwarf_Attribute attribute;
    Dwarf_Sword value;
    Dwarf_Die child;
    int more = dwarf_child(die, &child);

    type->enumerators = arena_alloc(&reader->types->arena, room,
                                    sizeof(*type->enumerators));
    for (; !more; more = dwarf_siblingof(&child, &child)) {
        const char *name = die_name(&child);

        if (dwarf_tag(&child) != DW_TAG_enumerator || !name ||
            !dwarf_attr(&child, DW_AT_const_value, &attribute) ||
            dwarf_formsdata(&attribute, &value)) {
            continue;
        }
        type->enumerators[type->nenumerators++] = (struct enumerator){
            names_get(&reader->types->names, name), value
        };
    }
}

/* name NULL: it is there for its constants alone. */
static void read_enum(struct reader *reader, Dwarf_Die *die, const char *name,
                      const struct scope *scope)
{
    struct names *names = &reader->types->names;
    struct arena_mark mark = arena_mark(&reader->types->arena);
    struct type type = { .kind = TYPE_ENUM, .nameless = !name };

    read_enumerators(reader, die, &type);
    if (!type.nenumerators) {
        return;
    }
    if (!name) {
        type.name = names_print(names, "enum { %s, ... }",
                                type.enumerators[0].name);
        type.key = names_print(names, "%s|%s", scope->function, type.name);
    } else {
        bool tagged = die_name(die);

        type.name = names_print(names, "%s%s", tagged ? "enum " : "", name);
        type.tag = type.name;
        type.key = names_print(names, "%s|%s%s", scope->function,
                               tagged ? "tag " : "", name);
    }
    die_number(die, DW_AT_byte_size, &type.size);
    reader->gathering.count = 0;
    settle(reader, &type, mark, die);
}

/* A typedef matters if it is the only name that a type has. */
static bool read_typedef(struct reader *reader, Dwarf_Die *die,
                         const struct scope *scope)
{
    const char *name = die_name(die);
    Dwarf_Die target;

    if (!name || !die_type(die, &target) || !die_unqualified(&target) ||
        die_name(&target)) {
        return true;
    }
    if (dwarf_tag(&target) == DW_TAG_enumeration_type) {
        read_enum(reader, &target, name, scope);
        return true;
    }
    return !is_aggregate(dwarf_tag(&target)) ||
           read_aggregate(reader, &target, name, scope);
}

/* -- Variables ------------------------------------------------------------- */

/* At one address, for as long as Xen runs. */
static bool is_static(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Op *operations;
    size_t count;

    if (die_flag(die, DW_AT_declaration)) {
        return true;
    }
    return dwarf_attr_integrate(die, DW_AT_location, &attribute) &&
           !dwarf_getlocation(&attribute, &operations, &count) &&
           count == 1 && operations[0].atom == DW_OP_addr;
}

static bool read_static(struct reader *reader, Dwarf_Die *die,
                        const struct scope *scope)
{
    struct names *names = &reader->types->names;
    struct arena_mark mark = arena_mark(&reader->types->arena);
    const char *name = die_name(die);
    struct type type = { .kind = TYPE_VARIABLE };

    if (!name) {
        return true;
    }
    if (!members_of_variable(&reader->gathering, die, name)) {
        return false;
    }
    type.name = names_get(names, name);
    type.key = names_print(names, "%s|variable %s", scope->function, name);
    type.members = reader->gathering.members;
    type.nmembers = reader->gathering.count;
    type.constant = type.members[0].shape.constant;
    settle(reader, &type, mark, die);
    return true;
}

static void add_tag(struct reader *reader, struct tags *tags, const char *tag,
                    Dwarf_Die *die, const struct scope *scope)
{
    struct names *names = &reader->types->names;
    const char *name = die_name(die);
    const char *by = dwarf_tag(die) == DW_TAG_variable ?
                     names_print(names, "`%s' of %s()", name ? name : "?",
                                 scope->function) :
                     names_print(names, "what %s() returns", scope->function);

    tags->all = must_grow(tags->all, &tags->room, tags->count + 1,
                          sizeof(*tags->all));
    tags->all[tags->count++] = (struct tag) { tag, by };
}

/*
 * What a local variable, a parameter or a returned value is by value, or points
 * to.  Where a parameter points to may well be the caller's stack.
 */
static void read_local(struct reader *reader, Dwarf_Die *die,
                       const struct scope *scope)
{
    bool parameter = dwarf_tag(die) == DW_TAG_formal_parameter;
    struct map *seen = parameter ? &reader->parameters : &reader->locals;
    struct arena_mark mark = arena_mark(&reader->types->arena);
    struct shape shape;
    const struct shape *end = &shape;
    Dwarf_Die type;

    if (!die_type(die, &type) || map_get(seen, type.addr)) {
        return;
    }
    map_put(seen, type.addr, reader);
    shape = shape_read(reader->types, die, NULL);
    while (end->kind == SHAPE_POINTER) {
        end = end->target;
    }
    if (end->tag && end == &shape) {
        add_tag(reader, &reader->object->held, end->tag, die, scope);
    } else if (end->tag && !parameter) {
        add_tag(reader, &reader->object->pointed, end->tag, die, scope);
    }
    arena_release(&reader->types->arena, mark);
}

/* -- The walk -------------------------------------------------------------- */

static bool walk(struct reader *reader, Dwarf_Die *die,
                 const struct scope *scope);

static void read_prototype(struct reader *reader, Dwarf_Die *die)
{
    struct object_types *object = reader->object;
    const struct prototype *prototype = prototype_read(reader->types, die);

    if (prototype) {
        object->prototypes = must_grow(object->prototypes,
                                       &object->prototypes_room,
                                       object->nprototypes + 1,
                                       sizeof(*object->prototypes));
        object->prototypes[object->nprototypes++] = prototype;
    }
}

static bool walk_block(struct reader *reader, Dwarf_Die *die,
                       const struct scope *scope)
{
    struct scope inner = { scope->function, scope->depth + 1 };
    const char *name;

    if (dwarf_tag(die) != DW_TAG_lexical_block) {
        name = die_name(die);
        inner.function = name ? name : "?";
        read_local(reader, die, &inner);
    }
    return walk(reader, die, &inner);
}

static bool read_die(struct reader *reader, Dwarf_Die *die,
                     const struct scope *scope)
{
    switch (dwarf_tag(die)) {
    case DW_TAG_structure_type: case DW_TAG_class_type:
    case DW_TAG_union_type:
        return die_flag(die, DW_AT_declaration) || !die_name(die) ||
               read_aggregate(reader, die, die_name(die), scope);
    case DW_TAG_enumeration_type:
        read_enum(reader, die, die_name(die), scope);
        return true;
    case DW_TAG_typedef:
        return read_typedef(reader, die, scope);
    case DW_TAG_variable:
        if (!*scope->function || is_static(die)) {
            return read_static(reader, die, scope);
        }
        read_local(reader, die, scope);
        return true;
    case DW_TAG_formal_parameter:
        read_local(reader, die, scope);
        return true;
    case DW_TAG_subprogram:
        read_prototype(reader, die);
        return walk_block(reader, die, scope);
    case DW_TAG_inlined_subroutine: case DW_TAG_lexical_block:
        return walk_block(reader, die, scope);
    default:
        return true;
    }
}

static bool walk(struct reader *reader, Dwarf_Die *die,
                 const struct scope *scope)
{
    Dwarf_Die child;
    int more;

    if (scope->depth > DEEPEST) {
        return false;
    }
    more = dwarf_child(die, &child);
    for (; !more; more = dwarf_siblingof(&child, &child)) {
        if (!read_die(reader, &child, scope)) {
            return false;
        }
    }
    return more > 0;
}

static bool read_units(struct reader *reader, Dwarf *dwarf)
{
    struct scope scope = { "", 0 };
    Dwarf_CU *unit = NULL;
    Dwarf_Attribute attribute;
    Dwarf_Die die;
    int more;

    while (!(more = dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die,
                                    NULL))) {
        reader->directory = dwarf_formstring(
            dwarf_attr(&die, DW_AT_comp_dir, &attribute));
        if (!walk(reader, &die, &scope)) {
            return false;
        }
    }
    return more > 0;
}

bool types_read(struct types *types, const char *path, bool old, size_t serial,
                struct object_types *object, char **why)
{
    struct reader reader = {
        .types = types, .object = object, .gathering.types = types,
        .old = old, .serial = serial,
    };
    struct debug_file file;
    bool good = debug_open(&file, path, why);

    if (good && file.dwarf && !read_units(&reader, file.dwarf)) {
        fail_with(why, "%s: damaged debug information", path);
        good = false;
    }
    free(reader.gathering.members);
    map_free(&reader.locals);
    map_free(&reader.parameters);
    debug_close(&file);
    return good;
}
