/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code in which the assembler has resolved references by itself.
 */
#include <string.h>

#include "operand.h"
#include "x86.h"

/* A function while it is walked through. */
struct walk {
    const struct atom *atom;
    uint64_t at;                /* of the instruction */
    struct operands operands;
    size_t next_ref;            /* the first one at or behind it */
};

static bool step(struct walk *walk)
{
    const struct atom *atom = walk->atom;

    while (walk->next_ref < atom->nrefs &&
           atom->refs[walk->next_ref].offset < walk->at) {
        walk->next_ref++;
    }
    return operands_at(atom, walk->at, &walk->operands);
}

/* From the section's start. */
static uint64_t leads_to(const struct walk *walk)
{
    return walk->atom->offset +
           destination(walk->atom, walk->at, &walk->operands);
}

static bool same_destination(const struct walk *old, const struct walk *new)
{
    uint64_t was = leads_to(old), is = leads_to(new);
    const struct atom *from = section_atom(old->atom->section, was);
    const struct atom *to = section_atom(new->atom->section, is);

    /* Nothing is there if these are no 64-bit instructions. */
    if (!from && !to) {
        return was - old->atom->offset == is - new->atom->offset;
    }
    return from && to && from->identity == to->identity &&
           was - from->offset == is - to->offset;
}

static bool has_ref(const struct walk *walk)
{
    return walk->next_ref < walk->atom->nrefs &&
           walk->atom->refs[walk->next_ref].offset <
               walk->at + walk->operands.length;
}

static bool same_instruction(const struct walk *old, const struct walk *new)
{
    const uint8_t *was = old->atom->bytes + old->at;
    const uint8_t *is = new->atom->bytes + new->at;
    unsigned int length = new->operands.length;
    unsigned int size = distance_size(&new->operands);

    if (old->operands.length != length) {
        return false;
    }
    if (!size || has_ref(old) || has_ref(new)) {
        return !memcmp(was, is, length);
    }
    return !memcmp(was, is, length - size) && same_destination(old, new);
}

/* Step by step, up to an instruction that differs or none that is known. */
static bool walk_through(struct walk *old, struct walk *new, uint64_t size)
{
    while (new->at < size && step(old) && step(new)) {
        if (!same_instruction(old, new)) {
            return false;
        }
        old->at = new->at += new->operands.length;
    }
    return true;
}

uint64_t x86_difference(const struct atom *old, const struct atom *new)
{
    uint64_t size = old->size < new->size ? old->size : new->size;
    struct walk was = { .atom = old }, is = { .atom = new };
    bool differs = false;
    uint64_t at;

    if (!old->bytes || !new->bytes) {
        return size;
    }
    if (old->section->natoms > 1 || new->section->natoms > 1) {
        differs = !walk_through(&was, &is, size);
    }
    at = is.at;
    while (at < size && old->bytes[at] == new->bytes[at]) {
        at++;
    }
    /* The bytes may be equal, and still lead to different places. */
    if (differs && at >= is.at + is.operands.length) {
        at = is.at;
    }
    return at < size ? at : size;
}
