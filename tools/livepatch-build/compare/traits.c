/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an atom is like.
 */
#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/relocation.h"
#include "object/tables.h"
#include "traits.h"
#include "support/memory.h"

bool is_numbered(const char *name)
{
    const char *dot = strchr(name, '.');

    while (dot) {
        const char *end = dot + 1;

        while (isdigit((unsigned char)*end)) {
            end++;
        }
        if (end > dot + 1 && (!*end || *end == '.')) {
            return true;
        }
        dot = strchr(dot + 1, '.');
    }
    return false;
}

bool is_cold(const struct atom *atom)
{
    const char *name = atom->symbol ? atom->symbol->name : "";
    const char *cold = strstr(name, ".cold");

    return atom->kind == ATOM_FUNCTION && cold && cold != name &&
           (!cold[5] || cold[5] == '.');
}

bool is_global(const struct atom *atom)
{
    return atom->symbol && atom->symbol->bind != STB_LOCAL;
}

bool is_constant_data(const struct atom *atom)
{
    const char *name = atom->section->name;

    return !atom->section->init && atom->bytes &&
           (!(atom->section->flags & SHF_WRITE) ||
            starts_with(name, ".data.rel.ro") || starts_with(name, ".rodata"));
}

bool is_per_cpu(const struct atom *atom)
{
    return starts_with(atom->section->name, ".bss.percpu") ||
           starts_with(atom->section->name, ".data.percpu");
}

bool is_set_at_boot(const struct atom *atom)
{
    return starts_with(atom->section->name, ".data.ro_after_init");
}

bool is_bound_to_section(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION ||
           (atom->kind == ATOM_CODE && !is_fixup_section(atom->section->name) &&
            !is_replacement_section(atom->section->name));
}

bool is_branch(const struct atom *atom, const struct ref *ref)
{
    return relocation_of(ref->type)->branch ||
           (atom->bytes && arch->is_branch(atom->bytes, ref->offset));
}

static bool has_landing(const struct atom *atom)
{
    return atom->bytes && arch->landing(atom->bytes, atom->size);
}

bool is_entry_for_pointers(const struct atom *atom)
{
    return has_landing(atom->twin) || !has_landing(atom);
}

bool is_patched(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION && atom->selected && atom->twin &&
           !atom->twin->section->init && !is_cold(atom) &&
           atom->symbol->type == STT_FUNC && atom->symbol->size;
}
