/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which section of the payload an atom goes to, and where in it.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>

#include "support/memory.h"
#include "payload_image.h"
#include "compare/traits.h"

/* Engines take files of 2 MiB, and as much of zeroes for a section. */
#define SECTION_MAX (2u << 20)
#define ALIGN_MAX 4096

#define CODE (SHF_ALLOC | SHF_EXECINSTR)
#define WRITABLE (SHF_ALLOC | SHF_WRITE)

/* Hooks and functions are writable nowhere: a stock engine doesn't apply a
 * payload with writable sections again. */
const struct out_kind out_kinds[OUT_COUNT] = {
    [OUT_TEXT] = { ".text", SHT_PROGBITS, CODE },
    [OUT_REPLACEMENTS] = { ".altinstr_replacement", SHT_PROGBITS, CODE },
    [OUT_DATA] = { ".data", SHT_PROGBITS, WRITABLE },
    [OUT_BSS] = { ".bss", SHT_NOBITS, WRITABLE },
    [OUT_PER_CPU] = { XENLIVEPATCH_PER_CPU, SHT_NOBITS, WRITABLE },
    [OUT_RODATA] = { ".rodata", SHT_PROGBITS, SHF_ALLOC },
    [OUT_BUG_FRAMES_0] = { ".bug_frames.0", SHT_PROGBITS, SHF_ALLOC },
    [OUT_BUG_FRAMES_1] = { ".bug_frames.1", SHT_PROGBITS, SHF_ALLOC },
    [OUT_BUG_FRAMES_2] = { ".bug_frames.2", SHT_PROGBITS, SHF_ALLOC },
    [OUT_BUG_FRAMES_3] = { ".bug_frames.3", SHT_PROGBITS, SHF_ALLOC },
    [OUT_ALTERNATIVES] = { ".altinstructions", SHT_PROGBITS, SHF_ALLOC },
    [OUT_ALTERNATIVE_CALLS] = { ".alt_call_sites", SHT_PROGBITS, SHF_ALLOC },
    [OUT_EXCEPTIONS] = { ".ex_table", SHT_PROGBITS, SHF_ALLOC },
    [OUT_HOOKS_LOAD] = { XENLIVEPATCH_HOOKS "load", SHT_PROGBITS, SHF_ALLOC },
    [OUT_HOOKS_UNLOAD] = { XENLIVEPATCH_HOOKS "unload", SHT_PROGBITS,
                           SHF_ALLOC },
    [OUT_HOOKS_PREAPPLY] = { XENLIVEPATCH_HOOKS "preapply", SHT_PROGBITS,
                             SHF_ALLOC },
    [OUT_HOOKS_APPLY] = { XENLIVEPATCH_HOOKS "apply", SHT_PROGBITS, SHF_ALLOC },
    [OUT_HOOKS_POSTAPPLY] = { XENLIVEPATCH_HOOKS "postapply", SHT_PROGBITS,
                              SHF_ALLOC },
    [OUT_HOOKS_PREREVERT] = { XENLIVEPATCH_HOOKS "prerevert", SHT_PROGBITS,
                              SHF_ALLOC },
    [OUT_HOOKS_REVERT] = { XENLIVEPATCH_HOOKS "revert", SHT_PROGBITS,
                           SHF_ALLOC },
    [OUT_HOOKS_POSTREVERT] = { XENLIVEPATCH_HOOKS "postrevert", SHT_PROGBITS,
                               SHF_ALLOC },
    [OUT_FUNCTIONS] = { XENLIVEPATCH_FUNCS, SHT_PROGBITS, SHF_ALLOC },
    [OUT_STRINGS] = { XENLIVEPATCH_STRINGS, SHT_PROGBITS, SHF_ALLOC },
    [OUT_DEPENDS] = { XENLIVEPATCH_DEPENDS, SHT_NOTE, SHF_ALLOC },
    [OUT_XEN_DEPENDS] = { XENLIVEPATCH_XEN_DEPENDS, SHT_NOTE, SHF_ALLOC },
    [OUT_BUILD_ID] = { XENLIVEPATCH_BUILD_ID, SHT_NOTE, SHF_ALLOC },
    [OUT_MODINFO] = { XENLIVEPATCH_METADATA, SHT_PROGBITS, SHF_ALLOC },
};

static enum out table_of(const char *name)
{
    for (enum out out = OUT_BUG_FRAMES_0; out <= OUT_HOOKS_POSTREVERT; out++) {
        if (!strcmp(out_kinds[out].name, name)) {
            return out;
        }
    }
    return OUT_COUNT;
}

enum out out_section_of(const struct atom *atom)
{
    switch (atom->kind) {
    case ATOM_FUNCTION:
        return OUT_TEXT;
    case ATOM_CODE:
        return strcmp(atom->section->name,
                      out_kinds[OUT_REPLACEMENTS].name) ? OUT_TEXT
                                                        : OUT_REPLACEMENTS;
    case ATOM_ENTRY:
        return table_of(atom->section->name);
    case ATOM_STRING:
    case ATOM_CONSTANT:
        return OUT_RODATA;
    case ATOM_DATA:
        return is_per_cpu(atom) ? OUT_PER_CPU
               : !atom->bytes ? OUT_BSS
               : is_constant_data(atom) ? OUT_RODATA : OUT_DATA;
    }
    return OUT_COUNT;
}

uint64_t image_add(struct image *image, enum out out, const void *bytes,
                   uint64_t size, uint64_t align)
{
    struct out_section *section = &image->sections[out];
    uint64_t at = (section->size + align - 1) & ~(align - 1);

    if (size > SECTION_MAX || at > SECTION_MAX - size) {
        return UINT64_MAX;
    }
    if (out_kinds[out].type != SHT_NOBITS) {
        section->bytes = must_grow(section->bytes, &section->room,
                                   at + size + 1, 1);
        memset(section->bytes + section->size,
               out_kinds[out].flags & SHF_EXECINSTR ? 0x90 : 0,
               at - section->size);
        if (size && bytes) {
            memcpy(section->bytes + at, bytes, size);
        } else if (size) {
            memset(section->bytes + at, 0, size);
        }
    }
    section->size = at + size;
    if (section->align < align) {
        section->align = align;
    }
    return at;
}

/* All that is known of an atom's alignment is its section's, and where in that
 * it was. */
static uint64_t alignment(const struct atom *atom)
{
    uint64_t align = atom->section->align ? atom->section->align : 1;
    uint64_t offset = atom->offset & -atom->offset;

    return offset && offset < align ? offset : align;
}

/* All of a section's code, as it lies there. */
static uint64_t add_section(struct image *image, const struct atom *first)
{
    const struct section *section = first->section;
    const struct atom *last = section->atoms[section->natoms - 1];
    uint64_t at = image_add(image, OUT_TEXT, first->bytes,
                            last->offset + last->size - first->offset,
                            alignment(first));

    for (size_t i = 0; i < section->natoms && at != UINT64_MAX; i++) {
        section->atoms[i]->output = at + section->atoms[i]->offset -
                                    first->offset;
    }
    return at;
}

static void place(struct image *image, struct atom *atom)
{
    enum out out = out_section_of(atom);
    uint64_t align = alignment(atom);

    if (is_bound_to_section(atom) && atom != atom->section->atoms[0]) {
        return;
    }
    if (out == OUT_COUNT) {
        image_refuse(image, REFUSAL_SECTION, atom, "no engine knows the "
                     "table %s", atom->section->name);
    } else if (align > ALIGN_MAX) {
        image_refuse(image, REFUSAL_LIMIT, atom, "it is aligned to %llu "
                     "bytes, more than a page",
                     (unsigned long long)align);
    } else {
        atom->output = is_bound_to_section(atom)
            ? add_section(image, atom)
            : image_add(image, out, atom->bytes, atom->size, align);
        if (atom->output == UINT64_MAX) {
            image_refuse(image, REFUSAL_LIMIT, atom, "with it there are more "
                         "than 2 MiB of %s, which engines don't take",
                         out_kinds[out].name);
        }
    }
}

/* Of these an engine takes one each. */
static void check_hooks(struct image *image)
{
    for (enum out out = OUT_HOOKS_PREAPPLY; out <= OUT_HOOKS_POSTREVERT;
         out++) {
        if (image->sections[out].size > sizeof(uint64_t)) {
            report_refuse(image->report, REFUSAL_LIMIT, "",
                          out_kinds[out].name, "join them in one function",
                          "there are %llu, an engine takes one",
                          (unsigned long long)image->sections[out].size / 8);
        }
    }
}

static void check_per_cpu(struct image *image)
{
    const struct out_section *section = &image->sections[OUT_PER_CPU];

    if (section->size > XENLIVEPATCH_PER_CPU_SIZE ||
        section->align > XENLIVEPATCH_PER_CPU_ALIGN) {
        report_refuse(image->report, REFUSAL_PER_CPU, "", "per-CPU data",
                      "use an array of NR_CPUS elements",
                      "%llu bytes, aligned to %llu; all payloads share %u of "
                      "each CPU, aligned to %u",
                      (unsigned long long)section->size,
                      (unsigned long long)section->align,
                      XENLIVEPATCH_PER_CPU_SIZE, XENLIVEPATCH_PER_CPU_ALIGN);
    }
}

void image_place(struct image *image)
{
    image_each(image, place);
    check_hooks(image);
    check_per_cpu(image);
}

void image_add_reloc(struct image *image, enum out out,
                     struct out_reloc reloc)
{
    struct out_section *section = &image->sections[out];

    section->relocs = must_grow(section->relocs, &section->room_relocs,
                                section->nrelocs + 1,
                                sizeof(*section->relocs));
    section->relocs[section->nrelocs++] = reloc;
}

size_t image_outside(struct image *image, const char *name,
                     unsigned int shndx, uint64_t value)
{
    image->outside = must_grow(image->outside, &image->room_outside,
                               image->noutside + 1, sizeof(*image->outside));
    image->outside[image->noutside] = (struct out_symbol) {
        .name = must_copy(name), .shndx = shndx, .value = value,
        .bind = shndx == SHN_ABS ? STB_LOCAL : STB_GLOBAL,
        .size = image->noutside,
    };
    return image->noutside++;
}

void image_free(struct image *image)
{
    for (enum out out = 0; out < OUT_COUNT; out++) {
        free(image->sections[out].bytes);
        free(image->sections[out].relocs);
    }
    for (size_t i = 0; i < image->nsymbols; i++) {
        free(image->symbols[i].name);
    }
    for (size_t i = 0; i < image->noutside; i++) {
        free(image->outside[i].name);
    }
    free(image->symbols);
    free(image->outside);
    free(image->outside_number);
    free(image->order);
}
