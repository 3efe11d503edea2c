/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an atom is like.
 */
#include <ctype.h>
#include <elf.h>
#include <string.h>

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
    const uint8_t *bytes = atom->bytes;
    uint64_t at = ref->offset;

    return ref->type == R_X86_64_PLT32 ||
           (bytes && at >= 1 && (bytes[at - 1] & 0xfe) == 0xe8) ||
           (bytes && at >= 2 && bytes[at - 2] == 0x0f &&
            (bytes[at - 1] & 0xf0) == 0x80);
}

static bool has_endbr(const struct atom *atom)
{
    static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

    return atom->bytes && atom->size >= sizeof(endbr64) &&
           !memcmp(atom->bytes, endbr64, sizeof(endbr64));
}

bool is_entry_for_pointers(const struct atom *atom)
{
    return has_endbr(atom->twin) || !has_endbr(atom);
}

bool is_patched(const struct atom *atom)
{
    return atom->kind == ATOM_FUNCTION && atom->selected && atom->twin &&
           !atom->twin->section->init && !is_cold(atom) &&
           atom->symbol->type == STT_FUNC && atom->symbol->size;
}
