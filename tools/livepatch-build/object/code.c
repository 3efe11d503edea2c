/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code in which the assembler has resolved references by itself.
 */
#include <string.h>

#include "code.h"
#include "instruction.h"

/* A function while it is walked through. */
struct walk {
    const struct atom *atom;
    uint64_t at;                /* of the instruction */
    unsigned int length;
    size_t next_ref;            /* the first one at or behind it */
};

static bool step(struct walk *walk)
{
    const struct atom *atom = walk->atom;

    walk->length = instruction_length(atom->bytes + walk->at,
                                      atom->size - walk->at);
    while (walk->next_ref < atom->nrefs &&
           atom->refs[walk->next_ref].offset < walk->at) {
        walk->next_ref++;
    }
    return walk->length;
}

/* How many bytes at the instruction's end are a distance; 0: none.  That is
 * so in branches, and where an address is taken, as of a function. */
static unsigned int distance_size(const uint8_t *code, unsigned int length)
{
    unsigned int at = 0;

    while (at + 1 < length && (code[at] == 0x2e || code[at] == 0x3e ||
                               code[at] == 0xf2)) {
        at++;
    }
    code += at;
    length -= at;
    if (length == 2 && (code[0] == 0xeb || (code[0] & 0xf0) == 0x70 ||
                        (code[0] & 0xfc) == 0xe0)) {
        return 1;
    }
    if ((length == 5 && (code[0] & 0xfe) == 0xe8) ||
        (length == 6 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80) ||
        (length == 7 && (code[0] & 0xf8) == 0x48 && code[1] == 0x8d &&
         (code[2] & 0xc7) == 5)) {
        return 4;
    }
    return 0;
}

/* Where it leads, from the section's start. */
static uint64_t destination(const struct walk *walk, unsigned int size)
{
    uint64_t end = walk->at + walk->length;
    const uint8_t *field = walk->atom->bytes + end - size;
    int32_t distance = (*field ^ 0x80) - 0x80;      /* its sign */

    if (size == sizeof(distance)) {
        memcpy(&distance, field, sizeof(distance));
    }
    return walk->atom->offset + end + distance;
}

static bool same_destination(const struct walk *old, const struct walk *new,
                             unsigned int size)
{
    uint64_t was = destination(old, size), is = destination(new, size);
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
           walk->atom->refs[walk->next_ref].offset < walk->at + walk->length;
}

static bool same_instruction(const struct walk *old, const struct walk *new)
{
    const uint8_t *was = old->atom->bytes + old->at;
    const uint8_t *is = new->atom->bytes + new->at;
    unsigned int size;

    if (old->length != new->length) {
        return false;
    }
    size = distance_size(is, new->length);
    if (!size || has_ref(old) || has_ref(new)) {
        return !memcmp(was, is, new->length);
    }
    return !memcmp(was, is, new->length - size) &&
           same_destination(old, new, size);
}

/* Step by step, up to an instruction that differs or none that is known. */
static bool walk_through(struct walk *old, struct walk *new, uint64_t size)
{
    while (new->at < size && step(old) && step(new)) {
        if (!same_instruction(old, new)) {
            return false;
        }
        old->at = new->at += new->length;
    }
    return true;
}

uint64_t code_difference(const struct atom *old, const struct atom *new)
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
    if (differs && at >= is.at + is.length) {
        at = is.at;
    }
    return at < size ? at : size;
}
