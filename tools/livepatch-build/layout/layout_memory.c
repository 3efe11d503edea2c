/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A type is in memory if a path leads there from a variable that isn't on a
 * stack: by value, or by pointers.  Much hangs on pointers to void, or on a
 * list within; therefore these are presumed to be there, too, with what they
 * hold by value:
 *   - what the guest sees of it, as declared among Xen's public headers,
 *   - what holds by value a type that points to its like, as lists, trees and
 *     timers do,
 *   - what no function has on its stack by value: it must be somewhere, and
 *     then it is allocated,
 *   - what local variables point to, as they do where a page is mapped, or
 *     where a tree is searched,
 *   - unions with a number of their own size, as which they may be stored,
 *   - constants, for the same reason.
 * A type is known by its tag here.  Two of one tag are taken as one, which may
 * find too much, and never too little.
 */
#include "layout_memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define DEEPEST 1000            /* aggregates within each other */

static const char constants[] =
    "its constants may be stored anywhere as plain numbers, or count elements";

static const char pointed_at[] =
    "local variables point to it, perhaps in allocated memory";

/* A tag, with all old types that have it. */
struct node {
    struct type *types;
    struct node *from;              /* found by way of this one */
    const struct type *variable;    /* or of this variable */
    const char *presumed;           /* or for this reason */
    const char *pointed;            /* to it, by this; or NULL */
    bool found, held;
    bool asked, linked;             /* it points to its like */
    bool kept;                      /* a variable or member is of it */
    struct node *next;              /* in the queue */
};

struct memory_types {
    struct arena arena;
    struct map nodes;               /* by tag */
    struct node *first, **last;     /* those found, whose members aren't yet
                                     * looked at */
};

/* -- Finding --------------------------------------------------------------- */

static struct node *node_of(const struct memory_types *memory, const char *tag)
{
    return tag ? map_get(&memory->nodes, tag) : NULL;
}

static bool is_value(const struct member *member)
{
    return member->shape.kind != SHAPE_POINTER && !member->apart;
}

static const char *target_tag(const struct shape *shape)
{
    while (shape->kind == SHAPE_POINTER) {
        shape = shape->target;
    }
    return shape->tag;
}

static struct node *enqueue(struct memory_types *memory, const char *tag)
{
    struct node *node = node_of(memory, tag);

    if (!node || node->found) {
        return NULL;
    }
    node->found = true;
    *memory->last = node;
    memory->last = &node->next;
    return node;
}

static void find_members(struct memory_types *memory, struct node *from,
                         const struct type *type, bool pointers)
{
    size_t i;

    for (i = 0; i < type->nmembers; i++) {
        const struct member *member = &type->members[i];
        struct node *node = NULL;

        if (pointers || is_value(member)) {
            node = enqueue(memory, target_tag(&member->shape));
        }
        if (node) {
            node->from = from;
            node->variable = from ? NULL : type;
        }
    }
}

static void drain(struct memory_types *memory, bool pointers)
{
    struct node *node = memory->first;
    const struct type *type;

    for (; node; node = node->next) {
        for (type = node->types; type; type = type->same_tag) {
            find_members(memory, node, type, pointers);
        }
    }
    memory->first = NULL;
    memory->last = &memory->first;
}

/* -- Presuming ------------------------------------------------------------- */

static bool is_public(const struct type *type)
{
    return strstr(type->file, "include/public/") ||
           strstr(type->file, "include/compat/");
}

static bool is_linked(const struct memory_types *memory, struct node *node,
                      unsigned int depth);

static bool links(const struct memory_types *memory, const struct type *type,
                  const struct member *member, unsigned int depth)
{
    const char *tag = target_tag(&member->shape);
    struct node *held = node_of(memory, tag);

    if (!is_value(member)) {
        return tag && tag == type->tag;
    }
    return held && is_linked(memory, held, depth);
}

/* Does it point to its like, itself or by what it holds? */
static bool is_linked(const struct memory_types *memory, struct node *node,
                      unsigned int depth)
{
    const struct type *type = node->types;
    size_t i;

    if (node->asked) {
        return node->linked;
    }
    node->asked = true;
    if (depth == DEEPEST) {
        return node->linked = true;     /* no type of Xen's; in doubt, yes */
    }
    for (; type && !node->linked; type = type->same_tag) {
        for (i = 0; i < type->nmembers && !node->linked; i++) {
            node->linked = links(memory, type, &type->members[i],
                                 depth + 1);
        }
    }
    return node->linked;
}

/* A union, or a struct that is but one, that also is a plain number. */
static bool is_also_number(const struct type *type)
{
    size_t i;
    bool number = false, others = false;

    for (i = 0; i < type->nmembers; i++) {
        const struct member *member = &type->members[i];
        bool whole = !member->apart && !member->field &&
                     member->shape.kind == SHAPE_NUMBER &&
                     member->bits == 8 * type->size;

        number |= whole;
        others |= !whole;
    }
    return number && others;
}

static const char *presume(const struct memory_types *memory,
                           struct node *node)
{
    const struct type *type = node->types;

    if (is_public(type)) {
        return "it is Xen's public interface, which guests and tools were "
               "built with";
    }
    if (type->kind == TYPE_ENUM) {
        return constants;
    }
    if (is_linked(memory, node, 0)) {
        return "a list or the like is in it, by which others may point to it";
    }
    if (!node->held) {
        return "no function has it on its stack, so it is allocated";
    }
    if (node->pointed) {
        return pointed_at;
    }
    return is_also_number(type) ?
           "it is also a number, as which it may be stored" : NULL;
}

/* What is on a stack has there also what it holds by value. */
static void spread_held(struct memory_types *memory, const struct tags *held)
{
    struct node *first = NULL, *node;
    const struct type *type;
    size_t i;

    for (i = 0; i < held->count; i++) {
        node = node_of(memory, held->all[i].name);
        if (node && !node->held) {
            node->held = true;
            node->next = first;
            first = node;
        }
    }
    while ((node = first)) {
        first = node->next;
        node->next = NULL;
        for (type = node->types; type; type = type->same_tag) {
            for (i = 0; i < type->nmembers; i++) {
                const struct member *member = &type->members[i];
                struct node *inner = node_of(memory, member->shape.tag);

                if (inner && is_value(member) && !inner->held) {
                    inner->held = true;
                    inner->next = first;
                    first = inner;
                }
            }
        }
    }
}

/* -- All together ---------------------------------------------------------- */

static void add_nodes(struct memory_types *memory, const struct types *types)
{
    size_t i;

    for (i = 0; i < types->ntypes; i++) {
        struct type *type = types->all[i];
        struct node *node;

        if (!type->old || !type->tag) {
            continue;
        }
        node = node_of(memory, type->tag);
        if (!node) {
            node = arena_alloc(&memory->arena, 1, sizeof(*node));
            map_put(&memory->nodes, type->tag, node);
        }
        type->same_tag = node->types;
        node->types = type;
    }
}

static void note_kept(struct memory_types *memory, const struct type *type)
{
    for (size_t i = 0; i < type->nmembers; i++) {
        struct node *node = node_of(memory,
                                    target_tag(&type->members[i].shape));

        if (node) {
            node->kept = true;
        }
    }
}

bool memory_types_is_fleeting(const struct memory_types *memory,
                              const struct type *type)
{
    const struct node *node = node_of(memory, type->tag);

    return type->kind == TYPE_ENUM && node && !node->kept &&
           ends_with(type->file, ".c");
}

struct memory_types *memory_types_new(const struct types *types,
                                      const struct tags *held,
                                      const struct tags *pointed)
{
    struct memory_types *memory = must_alloc(1, sizeof(*memory));
    struct node *node;
    size_t i;

    memory->last = &memory->first;
    add_nodes(memory, types);
    spread_held(memory, held);
    for (i = 0; i < pointed->count; i++) {
        node = node_of(memory, pointed->all[i].name);
        if (node) {
            node->pointed = pointed->all[i].by;
        }
    }
    for (i = 0; i < types->ntypes; i++) {
        note_kept(memory, types->all[i]);
        if (types->all[i]->old && types->all[i]->kind == TYPE_VARIABLE) {
            find_members(memory, NULL, types->all[i], true);
        }
    }
    drain(memory, true);
    for (i = 0; i < types->ntypes; i++) {
        const char *why;

        node = node_of(memory, types->all[i]->tag);
        why = node && !node->found ? presume(memory, node) : NULL;
        if (why) {
            enqueue(memory, types->all[i]->tag)->presumed = why;
        }
    }
    drain(memory, false);
    return memory;
}

void memory_types_free(struct memory_types *memory)
{
    map_free(&memory->nodes);
    arena_free(&memory->arena);
    free(memory);
}

/* Replaces the path by one that begins further up. */
static char *prepend(char *path, const char *begin)
{
    char *longer = must_print("%s%s%s", begin, path ? " -> " : "",
                              path ? path : "");

    free(path);
    return longer;
}

static char *path_to(const struct node *node)
{
    static const char per_cpu[] = "per_cpu__";
    char *path = NULL, *begin;
    const char *name;

    for (; node->from; node = node->from) {
        path = prepend(path, node->types->name);
    }
    if (node->presumed) {
        bool by_pointer = node->presumed == pointed_at;

        begin = must_print("%s (%s%s%s)", node->types->name, node->presumed,
                           by_pointer ? ": " : "",
                           by_pointer ? node->pointed : "");
        path = prepend(path, begin);
        free(begin);
        return path;
    }
    path = prepend(path, node->types->name);
    name = node->variable->name;
    begin = strncmp(name, per_cpu, sizeof(per_cpu) - 1) ?
            must_print("static variable `%s'", name) :
            must_print("per-CPU variable `%s'", name + sizeof(per_cpu) - 1);
    path = prepend(path, begin);
    free(begin);
    return path;
}

char *memory_types_path(const struct memory_types *memory,
                        const struct type *type)
{
    const struct node *node = node_of(memory, type->tag);

    if (type->kind == TYPE_VARIABLE) {
        return must_copy("it is a variable");
    }
    if (type->nameless) {
        return must_copy(constants);
    }
    return node && node->found ? path_to(node) : NULL;
}
