/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relocations of the payload: of three types, as all engines do these.
 *
 * What is in the payload is referred to by its section, without a name; what is
 * not, by its name on the host, or where that says too little by its address.
 * Displacements fit: payloads are loaded beside Xen's image, within 1 GiB.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>

#include "arch/arch.h"
#include "arch/relocation.h"
#include "support/memory.h"
#include "payload_image.h"
#include "compare/traits.h"

/* A reference on its way into the payload. */
struct transfer {
    const struct atom *atom;
    const struct ref *ref;
    enum out out;
    uint64_t offset;            /* of the field in that section */
    unsigned int type;
};

/* A distance through a table to one to the thing itself. */
static bool relax(struct image *image, struct transfer *transfer)
{
    uint8_t *field = image->sections[transfer->out].bytes + transfer->offset;
    const struct ref *ref = transfer->ref;

    transfer->type = arch->distance;
    return relocation_of(ref->type)->means == RELOCATION_GOT_DISTANCE &&
           ref->bias == ref->addend && ref->offset >= 2 &&
           arch->relax(field, &transfer->offset);
}

static bool check_type(struct image *image, struct transfer *transfer)
{
    const struct ref *ref = transfer->ref;
    unsigned int width = relocation_of(ref->type)->size;

    if (ref->offset > transfer->atom->size ||
        transfer->atom->size - ref->offset < width) {
        image_refuse(image, REFUSAL_RELOCATION, transfer->atom,
                     "the relocation at offset %#llx reaches beyond its end",
                     (unsigned long long)ref->offset);
        return false;
    }
    transfer->type = ref->type;
    if (relocation_of(ref->type)->done_by_engines || relax(image, transfer)) {
        return true;
    }
    image_refuse(image, REFUSAL_RELOCATION, transfer->atom,
                 "the relocation at offset %#llx is of type %u, which engines "
                 "don't do", (unsigned long long)ref->offset, ref->type);
    return false;
}

static char *absolute_name(const struct image *image, const char *name)
{
    return must_print("%s/%s", image->metadata->name,
                      name && *name ? name : "address");
}

static size_t outside(struct image *image, const struct resolved *resolved)
{
    char *name;
    size_t number;

    if (resolved->how == RESOLVED_NAME) {
        return image_outside(image, resolved->name, SHN_UNDEF, 0);
    }
    name = absolute_name(image, resolved->name);
    number = image_outside(image, name, SHN_ABS, resolved->address);
    free(name);
    return number;
}

/*
 * A frame's displacements have 24 bits, too few to reach a function of Xen's
 * from everywhere: what is to run is a jump in the payload's own code.
 */
static uint64_t add_stub(struct image *image, const struct resolved *resolved)
{
    uint64_t at = image_add(image, OUT_TEXT, arch->far_jump,
                            arch->far_jump_size, 16);
    uint64_t field = at + arch->far_jump_field;

    if (at != UINT64_MAX) {
        image_add_reloc(image, OUT_TEXT, (struct out_reloc) {
            .offset = field, .type = arch->distance,
            .addend = arch->far_jump_field - (int64_t)arch->far_jump_size,
            .outside = outside(image, resolved),
        });
    }
    return at;
}

static bool is_far_frame(const struct transfer *transfer)
{
    return transfer->out >= OUT_BUG_FRAMES_0 &&
           transfer->out <= OUT_BUG_FRAMES_3;
}

static int64_t addend_of(const struct ref *ref)
{
    return ref->target ? ref->place + ref->bias : ref->addend;
}

static void add_inside(struct image *image, const struct transfer *transfer,
                       const struct atom *target)
{
    enum out out = out_section_of(target);

    /* Of empty atoms alone: a section without a byte isn't written. */
    if (!image->sections[out].size) {
        image_add(image, out, NULL, 1, 1);
    }
    image_add_reloc(image, transfer->out, (struct out_reloc) {
        .offset = transfer->offset, .type = transfer->type,
        .addend = addend_of(transfer->ref) + target->output,
        .out = out, .outside = SIZE_MAX,
    });
}

static void add_outside(struct image *image, const struct transfer *transfer,
                        const struct resolved *resolved)
{
    const struct ref *ref = transfer->ref;
    struct out_reloc reloc = {
        .offset = transfer->offset, .type = transfer->type,
        .addend = addend_of(ref), .outside = SIZE_MAX,
    };

    if (is_far_frame(transfer)) {
        uint64_t stub = add_stub(image, resolved);

        if (ref->place || stub == UINT64_MAX) {
            image_refuse(image, REFUSAL_RELOCATION, transfer->atom,
                         "a BUG frame refers to the middle of a function");
        }
        reloc.out = OUT_TEXT;
        reloc.addend += stub;
    } else {
        reloc.outside = outside(image, resolved);
    }
    image_add_reloc(image, transfer->out, reloc);
}

static void transfer_ref(struct image *image, const struct atom *atom,
                         const struct ref *ref)
{
    struct transfer transfer = { atom, ref, out_section_of(atom),
                                 atom->output + ref->offset, 0 };
    struct resolved resolved;
    char *why = NULL;

    if (ref->type == RELOCATION_NONE || !check_type(image, &transfer)) {
        return;
    }
    if (!resolver_ref(image->resolver, atom, ref, &resolved, &why)) {
        image_refuse(image, REFUSAL_SYMBOL, atom, "%s: %s",
                     ref->symbol->name, why);
        free(why);
    } else if (resolved.how == RESOLVED_SELECTED) {
        add_inside(image, &transfer, resolved.atom);
    } else {
        add_outside(image, &transfer, &resolved);
    }
}

static void relocate(struct image *image, struct atom *atom)
{
    for (size_t i = 0; i < atom->nrefs; i++) {
        transfer_ref(image, atom, &atom->refs[i]);
    }
}

/*
 * A static function's address in its own code leaves no relocation: it is made
 * that of the entry in Xen, as for all others who take it.
 */
static void relocate_own_address(struct image *image, struct atom *atom)
{
    unsigned int length, field;

    if (!is_patched(atom) || !is_entry_for_pointers(atom)) {
        return;
    }
    for (uint64_t at = 0; at < atom->size; at += length) {
        struct resolved resolved;
        int32_t displacement;
        char *why = NULL;

        length = arch->length(atom->bytes + at, atom->size - at);
        if (!length) {
            return;
        }
        field = arch->address_field(atom->bytes + at, length);
        if (!field) {
            continue;
        }
        memcpy(&displacement, atom->bytes + at + field, sizeof(displacement));
        if (displacement == -(int64_t)(at + length) &&
            resolver_entry(image->resolver, atom, &resolved, &why)) {
            image_add_reloc(image, OUT_TEXT, (struct out_reloc) {
                .offset = atom->output + at + field, .type = arch->distance,
                .addend = (int64_t)field - length,
                .outside = outside(image, &resolved),
            });
        }
        free(why);
    }
}

static int compare_outside(const void *a, const void *b)
{
    const struct out_symbol *l = a, *r = b;
    int order = (l->shndx > r->shndx) - (l->shndx < r->shndx);

    if (!order) {
        order = (l->value > r->value) - (l->value < r->value);
    }
    for (const char *x = l->name, *y = r->name; !order; x++, y++) {
        order = (unsigned char)*x - (unsigned char)*y;
        if (!*x) {
            break;
        }
    }
    return order;
}

/* One symbol for each that is outside, and numbers that lead to it. */
static void join_outside(struct image *image)
{
    size_t count = 0;

    image->outside_number = must_alloc(image->noutside + 1,
                                       sizeof(*image->outside_number));
    if (image->noutside) {
        qsort(image->outside, image->noutside, sizeof(*image->outside),
              compare_outside);
    }
    for (size_t i = 0; i < image->noutside; i++) {
        struct out_symbol *symbol = &image->outside[i];
        size_t use = symbol->size;      /* which use it came from */

        if (count && !compare_outside(symbol, &image->outside[count - 1])) {
            free(symbol->name);
        } else {
            image->outside[count++] = *symbol;
        }
        image->outside_number[use] = count - 1;
    }
    for (size_t i = 0; i < count; i++) {
        image->outside[i].size = 0;
    }
    image->noutside = count;
}

/* An empty replacement is at the end of the others, or of none: engines want it
 * within its section. */
static void end_replacements(struct image *image)
{
    if (image->sections[OUT_ALTERNATIVES].size) {
        image_add(image, OUT_REPLACEMENTS, "\x90", 1, 1);
    }
}

void image_relocate(struct image *image)
{
    /* Engines without it must not take the section for ordinary data. */
    if (image->sections[OUT_PER_CPU].size) {
        image_outside(image, XENLIVEPATCH_PER_CPU_LOAD, SHN_UNDEF, 0);
    }
    end_replacements(image);
    image_each(image, relocate);
    image_each(image, relocate_own_address);
    join_outside(image);
}
