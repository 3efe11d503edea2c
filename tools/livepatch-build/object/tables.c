/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen's linker script and its code make of sections by their names.
 */
#include <string.h>
#include <xenlivepatch.h>

#include "tables.h"
#include "support/memory.h"

/* Fields are relative to themselves but for those of hooks, which are
 * pointers, and for those of bug frames: see bug_frame_place(). */
static const struct {
    const char *name;
    struct table table;
} tables[] = {
    { ".bug_frames.0", { SPECIAL_BUG_FRAMES, 8, 0, NO_FIELD, NO_FIELD } },
    { ".bug_frames.1", { SPECIAL_BUG_FRAMES, 8, 0, NO_FIELD, NO_FIELD } },
    { ".bug_frames.2", { SPECIAL_BUG_FRAMES, 8, 0, NO_FIELD, NO_FIELD } },
    /* Assertions have their predicate's text in a second pair of words. */
    { ".bug_frames.3", { SPECIAL_BUG_FRAMES, 16, 0, NO_FIELD, NO_FIELD } },
    { ".altinstructions", { SPECIAL_ALTERNATIVES, 14, 0, 4, 11 } },
    { ".alt_call_sites",
      { SPECIAL_ALTERNATIVE_CALLS, 4, 0, NO_FIELD, NO_FIELD } },
    { ".ex_table", { SPECIAL_EXCEPTIONS, 8, 0, 4, NO_FIELD } },
    { ".ex_table.pre", { SPECIAL_PRE_EXCEPTIONS, 8, 0, 4, NO_FIELD } },
};

static const struct table hooks = {
    SPECIAL_HOOKS, 8, 0, NO_FIELD, NO_FIELD
};

/* Lists of named data, between two symbols of the linker script. */
static const char *const collected[] = {
    ".init.setup", ".initcall", ".data.schedulers", ".data.paramhypfs",
    ".rodata.vpci", ".data.vpci", ".data.rel.ro.vpci", ".lockprofile.data",
    ".init.data.cf_clobber", ".init.rodata.cf_clobber", ".ctors",
    ".init_array", ".trampoline_rel", ".trampoline_seg",
};

/* The section `name`, or one whose name continues it behind a dot. */
static bool is_or_below(const char *section, const char *name)
{
    size_t length = strlen(name);

    return !strncmp(section, name, length) &&
           (!section[length] || section[length] == '.');
}

const struct table *table_of(const char *section)
{
    size_t i;

    if (starts_with(section, XENLIVEPATCH_HOOKS)) {
        return &hooks;
    }
    for (i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        if (!strcmp(section, tables[i].name)) {
            return &tables[i].table;
        }
    }
    return NULL;
}

enum special special_of(const char *section)
{
    const struct table *table = table_of(section);
    size_t i;

    if (table) {
        return table->special;
    }
    for (i = 0; i < sizeof(collected) / sizeof(*collected); i++) {
        if (starts_with(section, collected[i])) {
            return SPECIAL_OTHER;
        }
    }
    return SPECIAL_NONE;
}

bool is_fixup_section(const char *section)
{
    return is_or_below(section, ".fixup");
}

bool is_replacement_section(const char *section)
{
    return !strcmp(section, ".altinstr_replacement");
}

bool is_init_section(const char *section)
{
    return is_or_below(section, ".init") || starts_with(section, ".initcall") ||
           is_or_below(section, ".init_array") ||
           is_or_below(section, ".ctors") ||
           is_or_below(section, ".text.startup") ||
           starts_with(section, ".trampoline_");
}

bool is_dropped_section(const char *section)
{
    static const char *const dropped[] = {
        ".discard", ".eh_frame", ".note.gnu.property", ".text.exit", ".exit",
        ".exitcall.exit", ".dtors", ".fini_array",
    };

    for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++) {
        if (is_or_below(section, dropped[i])) {
            return true;
        }
    }
    return false;
}

#define BUG_DISPLACEMENT_BITS 24

int64_t bug_frame_place(uint64_t field, int64_t addend)
{
    uint64_t shift = 64 - BUG_DISPLACEMENT_BITS;

    return (int64_t)(((uint64_t)addend - field) << shift) >> shift;
}
