/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_members.h"

#include <dwarf.h>
#include <string.h>

#include "layout_shape.h"
#include "support/memory.h"

#define MOST_MEMBERS 16384      /* comparing may take its square */
#define MOST_VISITS (4 * 1024 * 1024)
#define DEEPEST 32
#define LONGEST_PATH 4096

/* Where among its holder's members a nameless aggregate's are. */
struct context {
    uint64_t bit;
    const char *prefix;
    bool apart;
    unsigned int depth;
};

static bool walk(struct gathering *gathering, Dwarf_Die *aggregate,
                 const struct context *context);

/* Bits from the beginning of the aggregate, as DWARF 5, 4 and 2 tell it. */
static uint64_t member_bit(Dwarf_Die *die, uint64_t bits)
{
    uint64_t bit, byte = 0, size;

    if (die_number(die, DW_AT_data_bit_offset, &bit)) {
        return bit;
    }
    die_number(die, DW_AT_data_member_location, &byte);
    if (die_number(die, DW_AT_bit_offset, &bit) &&
        die_number(die, DW_AT_byte_size, &size)) {
        return 8 * (byte + size) - bit - bits;
    }
    return 8 * byte;
}

static struct member *add(struct gathering *gathering)
{
    gathering->members = must_grow(gathering->members, &gathering->room,
                                   gathering->count + 1,
                                   sizeof(*gathering->members));
    return &gathering->members[gathering->count++];
}

/* The members of a nameless aggregate, under its member's name if any. */
static bool walk_nameless(struct gathering *gathering,
                          const struct context *context, const char *name,
                          const struct member *member,
                          struct nameless *nameless)
{
    struct names *names = &gathering->types->names;
    struct context inner = {
        .bit = nameless->pointed ? 0 : member->bit,
        .prefix = context->prefix,
        .apart = context->apart || nameless->pointed,
        .depth = context->depth + 1,
    };

    if (name) {
        inner.prefix = names_print(names, "%s%s%s%s", context->prefix, name,
                                   *member->shape.dimensions ? "[]" : "",
                                   nameless->pointed ? "->" : ".");
    }
    return strlen(inner.prefix) < LONGEST_PATH &&
           walk(gathering, &nameless->die, &inner);
}

static bool add_member(struct gathering *gathering, Dwarf_Die *die,
                       const struct context *context)
{
    const char *name = die_name(die);
    struct nameless nameless;
    struct member member = {
        .apart = context->apart,
        .shape = shape_read(gathering->types, die, &nameless),
    };
    bool within = nameless.is && !nameless.pointed;

    if (++gathering->visits > MOST_VISITS ||
        gathering->count >= MOST_MEMBERS) {
        return false;
    }
    member.field = die_number(die, DW_AT_bit_size, &member.bits);
    if (!member.field) {
        member.bits = 8 * member.shape.size * member.shape.count;
    }
    member.bit = context->bit + member_bit(die, member.bits);
    member.whole = within && *member.shape.dimensions;
    if (name && (!within || member.whole)) {
        member.path = names_print(&gathering->types->names, "%s%s",
                                  context->prefix, name);
        *add(gathering) = member;
    }
    return !nameless.is ||
           walk_nameless(gathering, context, name, &member, &nameless);
}

static bool walk(struct gathering *gathering, Dwarf_Die *aggregate,
                 const struct context *context)
{
    Dwarf_Die child;
    int more;

    if (context->depth > DEEPEST) {
        return false;
    }
    more = dwarf_child(aggregate, &child);
    for (; !more; more = dwarf_siblingof(&child, &child)) {
        if (dwarf_tag(&child) == DW_TAG_member &&
            !add_member(gathering, &child, context)) {
            return false;
        }
    }
    return more > 0;
}

bool members_of(struct gathering *gathering, Dwarf_Die *aggregate)
{
    struct context context = { 0, "", false, 0 };

    gathering->count = 0;
    return walk(gathering, aggregate, &context);
}

bool members_of_variable(struct gathering *gathering, Dwarf_Die *variable,
                         const char *name)
{
    struct context context = { 0, "", false, 0 };
    struct nameless nameless;
    struct member member = {
        .path = names_get(&gathering->types->names, name),
        .shape = shape_read(gathering->types, variable, &nameless),
    };

    gathering->count = 0;
    member.bits = 8 * member.shape.size * member.shape.count;
    member.whole = nameless.is && !nameless.pointed;
    *add(gathering) = member;
    return !nameless.is ||
           walk_nameless(gathering, &context, name, &member, &nameless);
}
