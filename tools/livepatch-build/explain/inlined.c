/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inlined.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "layout/layout_dwarf.h"
#include "support/memory.h"

#define DEEPEST 200             /* blocks within each other */

/* Its own, or that of what it is a copy of. */
static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;

    return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

bool copies_has(const struct copies *copies, const char *holder,
                const char *of)
{
    for (size_t i = 0; i < copies->count; i++) {
        if (!strcmp(copies->list[i].holder, holder) &&
            !strcmp(copies->list[i].of, of)) {
            return true;
        }
    }
    return false;
}

static void add(struct copies *copies, const char *holder, const char *of)
{
    if (of && !copies_has(copies, holder, of)) {
        copies->list = must_grow(copies->list, &copies->room,
                                 copies->count + 1, sizeof(*copies->list));
        copies->list[copies->count++] = (struct copy) {
            must_copy(holder), must_copy(of)
        };
    }
}

static void walk(struct copies *copies, Dwarf_Die *die, const char *holder,
                 unsigned int depth)
{
    Dwarf_Die child;

    if (depth > DEEPEST || dwarf_child(die, &child)) {
        return;
    }
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_inlined_subroutine:
            add(copies, holder, name_of(&child));
            walk(copies, &child, holder, depth + 1);
            break;
        case DW_TAG_lexical_block:
            walk(copies, &child, holder, depth + 1);
            break;
        }
    } while (!dwarf_siblingof(&child, &child));
}

bool copies_read(struct copies *copies, const char *path, char **why)
{
    struct debug_file file;
    bool good = debug_open(&file, path, why);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die, child;

    while (good && file.dwarf &&
           !dwarf_get_units(file.dwarf, unit, &unit, NULL, NULL, &die, NULL)) {
        if (dwarf_child(&die, &child)) {
            continue;
        }
        do {
            const char *name = dwarf_tag(&child) == DW_TAG_subprogram ?
                               name_of(&child) : NULL;

            if (name) {
                walk(copies, &child, name, 0);
            }
        } while (!dwarf_siblingof(&child, &child));
    }
    debug_close(&file);
    return good;
}

void copies_free(struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        free(copies->list[i].holder);
        free(copies->list[i].of);
    }
    free(copies->list);
}
