/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What atoms and references mean, across two builds of a source file.
 */
#include <ctype.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/relocation.h"
#include "identity.h"
#include "support/memory.h"

/* Deeper than any compiler nests what it leaves unnamed. */
#define MAX_DEPTH 32

/* Not yet known, as it refers to itself. */
#define UNDER_WAY UINT64_MAX

struct identifier {
    struct atom **buckets;      /* open addressing, by hash */
    uint64_t *hashes;
    size_t mask;
    uint64_t next;
};

/* -- Names ---------------------------------------------------------------- */

char *name_without_numbers(const char *name, bool *numbered)
{
    char *base = must_copy(name), *to = base;
    const char *from = name;

    *numbered = false;
    while (*from) {
        const char *end = from + 1;

        if (*from == '.' && from != name) {
            while (isdigit((unsigned char)*end)) {
                end++;
            }
            if (end > from + 1 && (!*end || *end == '.')) {
                *numbered = true;
                from = end;
                continue;
            }
        }
        *to++ = *from++;
    }
    *to = '\0';
    return base;
}

bool is_read_only(const struct section *section)
{
    static const char relocated[] = ".data.rel.ro";

    return !(section->flags & SHF_WRITE) ||
           !strncmp(section->name, relocated, sizeof(relocated) - 1);
}

static bool is_made_by_compiler(const struct atom *atom)
{
    static const char *const made[] = {
        "CSWTCH", "C", "__func__", "__FUNCTION__", "__PRETTY_FUNCTION__",
    };
    const char *name = atom->symbol->name;
    size_t length = strcspn(name, ".");

    if (atom->kind != ATOM_DATA || !name[length] ||
        !is_read_only(atom->section)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
        if (strlen(made[i]) == length && !strncmp(name, made[i], length)) {
            return true;
        }
    }
    return false;
}

bool is_named(const struct atom *atom)
{
    return (atom->kind == ATOM_FUNCTION || atom->kind == ATOM_DATA) &&
           atom->symbol && atom->symbol->name[0] &&
           strncmp(atom->symbol->name, ".L", 2) && !is_made_by_compiler(atom);
}

/* -- References ----------------------------------------------------------- */

unsigned int ref_type(const struct ref *ref)
{
    return relocation_of(ref->type)->branch ? arch->distance : ref->type;
}

static bool same_symbol(const struct symbol *a, const struct symbol *b)
{
    if (a->absolute || b->absolute) {
        return a->absolute && b->absolute && a->value == b->value;
    }
    if (a->section || b->section) {
        return a->section && b->section && a->value == b->value &&
               !strcmp(a->section->name, b->section->name);
    }
    return !strcmp(a->name, b->name);
}

static bool is_within(const struct ref *ref)
{
    return ref->place >= 0 && (uint64_t)ref->place < ref->target->size;
}

/* A compiler may use the end of a longer string for a shorter one. */
static bool same_string(const struct ref *a, const struct ref *b)
{
    const struct atom *s = a->target, *t = b->target;

    return s->section->entsize == t->section->entsize &&
           s->section->init == t->section->init &&
           s->size - a->place == t->size - b->place &&
           !memcmp(s->bytes + a->place, t->bytes + b->place,
                   s->size - a->place);
}

static bool is_string_end(const struct ref *ref)
{
    return ref->place && ref->target && ref->target->kind == ATOM_STRING &&
           ref->target->bytes && is_within(ref);
}

bool same_meaning(const struct ref *a, const struct ref *b)
{
    if (!a->target || !b->target) {
        return !a->target && !b->target && a->place == b->place &&
               same_symbol(a->symbol, b->symbol);
    }
    if (a->target->kind == ATOM_STRING && b->target->kind == ATOM_STRING &&
        (is_string_end(a) || is_string_end(b)) &&
        is_within(a) && is_within(b)) {
        return same_string(a, b);
    }
    return a->place == b->place && a->target->identity &&
           a->target->identity != UNDER_WAY &&
           a->target->identity == b->target->identity;
}

static bool same_bytes(const struct atom *a, const struct atom *b)
{
    return a->size == b->size && !a->bytes == !b->bytes &&
           (!a->bytes || !memcmp(a->bytes, b->bytes, a->size));
}

bool same_contents(const struct atom *a, const struct atom *b)
{
    if (a->nrefs != b->nrefs || !same_bytes(a, b)) {
        return false;
    }
    for (size_t i = 0; i < a->nrefs; i++) {
        if (a->refs[i].offset != b->refs[i].offset ||
            ref_type(&a->refs[i]) != ref_type(&b->refs[i]) ||
            !same_meaning(&a->refs[i], &b->refs[i])) {
            return false;
        }
    }
    return true;
}

/* -- Atoms that are what they hold ---------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
    return hash ^ (hash >> 29);
}

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, uint64_t size)
{
    uint64_t word;

    for (; size >= sizeof(word); size -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        hash = mix(hash, word);
    }
    while (size--) {
        hash = mix(hash, *bytes++);
    }
    return hash;
}

static uint64_t hash_atom(const struct atom *atom)
{
    uint64_t hash = mix(atom->kind, atom->size);

    if (atom->bytes) {
        hash = hash_bytes(hash, atom->bytes, atom->size);
    }
    for (size_t i = 0; i < atom->nrefs; i++) {
        const struct ref *ref = &atom->refs[i];

        hash = mix(hash, ref->offset);
        /* The end of one string may be the whole of another. */
        if (ref->target && ref->target->kind != ATOM_STRING) {
            hash = mix(hash, ref->target->identity + ref->place);
        }
    }
    return hash;
}

/*
 * Where UBSAN's instrumentation says what is wrong is written to only to say it
 * once.  The compiler numbers these: .data.rel.local..Lubsan_data5.
 */
static bool same_section(const char *one, const char *other)
{
    const char *number = strstr(one, "..Lubsan_");
    size_t length = number ? strcspn(number, "0123456789") : 0;

    return !strcmp(one, other) ||
           (number && !strncmp(one, other, (size_t)(number - one) + length));
}

/* What else than its contents makes a difference to those who use it. */
static bool same_nature(const struct atom *a, const struct atom *b)
{
    const struct section *s = a->section, *t = b->section;

    if (a->kind != b->kind || s->init != t->init || s->special != t->special) {
        return false;
    }
    switch (a->kind) {
    case ATOM_ENTRY:
        return !strcmp(s->name, t->name);
    case ATOM_STRING:
        return s->entsize == t->entsize;
    default:
        break;
    }
    /* Memory that is written to is not what it holds. */
    return is_read_only(s) ? is_read_only(t)
                           : !is_read_only(t) && a->offset == b->offset &&
                             same_section(s->name, t->name);
}

/* Everything that it refers to is known. */
static bool is_known(const struct atom *atom)
{
    for (size_t i = 0; i < atom->nrefs; i++) {
        const struct atom *target = atom->refs[i].target;

        if (target && (!target->identity || target->identity == UNDER_WAY)) {
            return false;
        }
    }
    return true;
}

static void look_up(struct identifier *identifier, struct atom *atom)
{
    uint64_t hash = hash_atom(atom);
    size_t at = hash & identifier->mask;

    while (identifier->buckets[at]) {
        if (identifier->hashes[at] == hash &&
            same_nature(identifier->buckets[at], atom) &&
            same_contents(identifier->buckets[at], atom)) {
            atom->identity = identifier->buckets[at]->identity;
            return;
        }
        at = (at + 1) & identifier->mask;
    }
    identifier->buckets[at] = atom;
    identifier->hashes[at] = hash;
    atom->identity = identifier->next++;
}

static void identify(struct identifier *identifier, struct atom *atom,
                     unsigned int depth)
{
    atom->identity = UNDER_WAY;
    for (size_t i = 0; i < atom->nrefs && depth < MAX_DEPTH; i++) {
        struct atom *target = atom->refs[i].target;

        if (target && !target->identity) {
            identify(identifier, target, depth + 1);
        }
    }
    if (is_known(atom)) {
        look_up(identifier, atom);
    } else {
        atom->identity = identifier->next++;
    }
}

static void identify_object(struct identifier *identifier,
                            struct object *object)
{
    for (size_t i = 0; i < object->natoms; i++) {
        if (!object->atoms[i]->identity) {
            identify(identifier, object->atoms[i], 0);
        }
    }
}

uint64_t identify_contents(struct object *old, struct object *new,
                           uint64_t first)
{
    struct identifier identifier = { .next = first };
    size_t size = 16;

    while (size / 2 < old->natoms + new->natoms) {
        size *= 2;
    }
    identifier.mask = size - 1;
    identifier.buckets = must_alloc(size, sizeof(*identifier.buckets));
    identifier.hashes = must_alloc(size, sizeof(*identifier.hashes));
    identify_object(&identifier, old);
    identify_object(&identifier, new);
    free(identifier.buckets);
    free(identifier.hashes);
    return identifier.next;
}
