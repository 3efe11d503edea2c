/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What relocations mean.
 */
#include <elf.h>
#include <inttypes.h>

#include "support/memory.h"
#include "support/sorted.h"
#include "object_parts.h"
#include "arch/arch.h"
#include "arch/relocation.h"
#include "tables.h"

size_t first_ref(const struct relocations *relocations, uint64_t offset)
{
    size_t at;

    FIND_SORTED(at, relocations->nrefs, relocations->refs[at].offset < offset);
    return at;
}

/* Each atom its own; in the section's offsets still. */
static bool deal_out(struct reading *reading, const struct section *section)
{
    struct relocations *relocations = &reading->relocations[section->index];
    size_t i, dealt = 0;

    for (i = 0; i < section->natoms; i++) {
        struct atom *atom = section->atoms[i];
        size_t first = dealt;

        while (dealt < relocations->nrefs) {
            const struct ref *ref = &relocations->refs[dealt];

            if (ref->offset < atom->offset ||
                ref->offset - atom->offset >= atom->size) {
                break;
            }
            if (atom->size - (ref->offset - atom->offset) <
                relocation_of(ref->type)->size) {
                break;
            }
            dealt++;
        }
        atom->nrefs = dealt - first;
        if (atom->nrefs) {
            atom->refs = &relocations->refs[first];
        }
    }
    if (dealt < relocations->nrefs) {
        fail_with(reading->why, "%s: the relocation at %s+0x%" PRIx64
                  " is within nothing", reading->label, section->name,
                  relocations->refs[dealt].offset);
        return false;
    }
    return true;
}

/* -- The distance to the end of the instruction ---------------------------- */

/* A place in an atom's instructions, which are gone through once. */
struct walk {
    const struct atom *atom;
    uint64_t offset;            /* where an instruction begins */
    bool lost;                  /* there is none */
};

/*
 * Where the instruction with this field ends.  In what isn't understood, be it
 * data or 16-bit code, as if the field were its last part.
 */
static uint64_t instruction_end(struct walk *walk, uint64_t field,
                                unsigned int size)
{
    const struct atom *atom = walk->atom;

    while (!walk->lost) {
        unsigned int length =
            arch->length(atom->bytes + walk->offset,
                         atom->size - walk->offset);

        if (!length) {
            walk->lost = true;
        } else if (walk->offset + length > field) {
            if (walk->offset + length >= field + size) {
                return walk->offset + length;
            }
            walk->lost = true;
        } else {
            walk->offset += length;
        }
    }
    return field + size;
}

/* -- What each of them means ----------------------------------------------- */

static int64_t ref_bias(struct walk *walk, const struct ref *ref)
{
    const struct section *section = walk->atom->section;

    if (!relocation_is_relative(ref->type)) {
        return 0;
    }
    if (section->special == SPECIAL_BUG_FRAMES) {
        return (uint64_t)ref->addend - bug_frame_place(ref->offset,
                                                       ref->addend);
    }
    if (!(section->flags & SHF_EXECINSTR)) {
        return 0;
    }
    return ref->offset - instruction_end(walk, ref->offset,
                                         relocation_of(ref->type)->size);
}

/*
 * A symbol that names something means that, even for a byte beyond its end.
 * With the section's own, the byte alone tells: one of padding, or beyond the
 * section's end, is the end of what is in front of it.
 */
static void find_target(struct ref *ref)
{
    const struct symbol *symbol = ref->symbol;
    const struct section *section = symbol->section;
    uint64_t place = (uint64_t)ref->addend - ref->bias;

    if (!section || !section->natoms) {
        ref->place = place;
        return;
    }
    if (symbol->type != STT_SECTION) {
        ref->target = symbol->atom;
        ref->place = symbol->offset + place;
        return;
    }
    place += symbol->value;
    ref->target = (int64_t)place < 0 ? section->atoms[0]
                                     : nearest_atom(section, place);
    ref->place = place - ref->target->offset;
}

static void understand_atom(struct atom *atom)
{
    struct walk walk = { .atom = atom };
    size_t i;

    for (i = 0; i < atom->nrefs; i++) {
        struct ref *ref = &atom->refs[i];

        ref->offset -= atom->offset;
        ref->bias = ref_bias(&walk, ref);
        find_target(ref);
    }
}

bool object_understand_refs(struct reading *reading)
{
    struct object *object = reading->object;
    size_t i;

    for (i = 0; i < object->nsections; i++) {
        if (!deal_out(reading, &object->sections[i])) {
            return false;
        }
    }
    for (i = 0; i < object->natoms; i++) {
        understand_atom(object->atoms[i]);
    }
    for (i = 0; i < reading->nmarks; i++) {
        const struct mark *mark = &reading->marks[i];

        if (mark->atom != NO_ATOM) {
            mark->ref->target = object->atoms[mark->atom];
            mark->ref->place = 0;
        }
    }
    return true;
}
