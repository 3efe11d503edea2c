/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first difference between twins, in words.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "difference.h"
#include "identity.h"
#include "support/memory.h"
#include "traits.h"

/* More of a string isn't shown. */
#define SHOWN 40

/* No source file is longer, nor does a fix add more lines. */
#define MAX_LINE 100000
#define MAX_MOVED 10000

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* -- Words ---------------------------------------------------------------- */

static char *quote(const struct atom *string)
{
    char text[SHOWN + 1];
    size_t length = 0;

    while (string->bytes && length < SHOWN && length < string->size &&
           string->bytes[length]) {
        uint8_t c = string->bytes[length];

        text[length++] = c < ' ' || c > '~' ? '.' : c;
    }
    text[length] = '\0';
    return must_print("\"%s%s\"", text,
                      length + 1 < string->size ? "..." : "");
}

static char *describe(const struct ref *ref)
{
    const struct atom *target = ref->target;
    char *name, *text;

    if (target && target->kind == ATOM_STRING) {
        name = quote(target);
    } else if (target && target->symbol && target->symbol->name[0]) {
        name = must_copy(target->symbol->name);
    } else if (target) {
        name = must_copy(atom_name(target));
    } else {
        name = must_copy(ref->symbol->name[0] ? ref->symbol->name
                                              : "nothing with a name");
    }
    if (!ref->place) {
        return name;
    }
    text = must_print("%s%+" PRId64, name, ref->place);
    free(name);
    return text;
}

static char *tell_ref(const struct ref *old, const struct ref *new)
{
    char *was = describe(old), *is = describe(new), *text;

    if (strcmp(was, is)) {
        text = must_print("at +0x%" PRIx64 " it refers to %s, and did to %s",
                          new->offset, is, was);
    } else if (ref_type(old) != ref_type(new)) {
        text = must_print("at +0x%" PRIx64 " it refers to %s otherwise than "
                          "it did", new->offset, is);
    } else {
        text = must_print("at +0x%" PRIx64 " it refers to another %s",
                          new->offset, is);
    }
    free(was);
    free(is);
    return text;
}

/* -- Contents ------------------------------------------------------------- */

static uint64_t first_byte(const struct atom *old, const struct atom *new)
{
    uint64_t size = least(old->size, new->size), i = 0;

    if (new->kind == ATOM_FUNCTION) {
        return arch->difference(old, new);
    }
    if (!old->bytes || !new->bytes) {
        return size;
    }
    while (i < size && old->bytes[i] == new->bytes[i]) {
        i++;
    }
    return i;
}

static bool same_ref(const struct ref *a, const struct ref *b)
{
    return a->offset == b->offset && ref_type(a) == ref_type(b) &&
           same_meaning(a, b);
}

static size_t first_ref(const struct atom *old, const struct atom *new)
{
    size_t count = least(old->nrefs, new->nrefs), i = 0;

    while (i < count && same_ref(&old->refs[i], &new->refs[i])) {
        i++;
    }
    return i;
}

static uint32_t number_at(const struct atom *atom, uint64_t at)
{
    uint32_t number = 0;

    memcpy(&number, atom->bytes + at, least(sizeof(number), atom->size - at));
    return number;
}

/*
 * Do just some numbers differ, each by as much as the others?  Then they are
 * line numbers, most likely.  Returns by how much, or 0.
 */
static int64_t lines_moved(const struct atom *old, const struct atom *new)
{
    int64_t moved = 0;

    if (old->size != new->size || first_ref(old, new) < old->nrefs ||
        old->nrefs != new->nrefs) {
        return 0;
    }
    for (uint64_t i = first_byte(old, new); i < new->size;) {
        uint32_t was = number_at(old, i), is = number_at(new, i);
        int64_t by = (int64_t)is - was;

        if (was == is) {
            i += sizeof(is);
        } else if ((uint8_t)was == (uint8_t)is) {
            i++;
        } else if (was > MAX_LINE || is > MAX_LINE || llabs(by) > MAX_MOVED ||
                   (moved && by != moved)) {
            return 0;
        } else {
            moved = by;
            i += sizeof(is);
        }
    }
    return moved;
}

static char *tell_bytes(const struct atom *old, const struct atom *new,
                        uint64_t at)
{
    int64_t moved;

    if (new->kind != ATOM_FUNCTION) {
        return must_print("its contents differ from +0x%" PRIx64 " on", at);
    }
    moved = lines_moved(old, new);
    if (moved) {
        return must_print("numbers in its code, the first at +0x%" PRIx64 ", "
                          "differ by %+" PRId64 ", as line numbers do, or "
                          "places in a structure", at, moved);
    }
    return must_print("its code differs from +0x%" PRIx64 " on", at);
}

/* In other code at the same place: it didn't take that of the old one's. */
static bool is_to_new_data(const struct ref *ref)
{
    return ref->target && ref->target->kind == ATOM_DATA && !ref->target->twin;
}

static char *tell_contents(const struct atom *old, const struct atom *new)
{
    uint64_t size = least(old->size, new->size);
    uint64_t at = first_byte(old, new);
    size_t i = first_ref(old, new);
    const struct ref *was = i < old->nrefs ? &old->refs[i] : NULL;
    const struct ref *is = i < new->nrefs ? &new->refs[i] : NULL;

    bool same_code = at == size && old->size == new->size;

    if (was && is && was->offset == is->offset && is->offset < at + 4) {
        if (same_code || !is_to_new_data(is)) {
            return tell_ref(was, is);
        }
        at = least(at, is->offset);
    }
    if (at < size) {
        return tell_bytes(old, new, at);
    }
    if (old->size != new->size) {
        return must_print("its size is %" PRIu64 " and was %" PRIu64,
                          new->size, old->size);
    }
    if (was || is) {
        return must_print("at +0x%" PRIx64 " a reference is %s",
                          is ? is->offset : was->offset,
                          is && (!was || is->offset < was->offset) ? "new"
                                                                  : "gone");
    }
    return NULL;
}

/* -- Tables --------------------------------------------------------------- */

/* The first ref whose meaning differs tells what it is that does. */
static char *tell_entry(const struct atom *old, const struct atom *new)
{
    size_t i = first_ref(old, new);

    if (i < old->nrefs && i < new->nrefs) {
        const struct atom *was = old->refs[i].target;
        const struct atom *is = new->refs[i].target;

        if (was && is && was->kind == ATOM_CODE && is->kind == ATOM_CODE) {
            return must_print("the code in %s for +0x%" PRIx64 " differs",
                              is->section->name, new->owner_offset);
        }
        if (was && is && was->kind == ATOM_STRING &&
            is->kind == ATOM_STRING) {
            char *before = quote(was), *now = quote(is), *text;

            text = must_print("its entry in %s for +0x%" PRIx64 " says %s, "
                              "and said %s", new->section->name,
                              new->owner_offset, now, before);
            free(before);
            free(now);
            return text;
        }
    }
    return must_print("its entry in %s for +0x%" PRIx64 " differs",
                      new->section->name, new->owner_offset);
}

static char *tell_entries(const struct atom *old, const struct atom *new)
{
    size_t count = least(old->nentries, new->nentries), i = 0;
    const struct atom *was, *is;

    while (i < count &&
           old->entries[i]->identity == new->entries[i]->identity) {
        i++;
    }
    was = i < old->nentries ? old->entries[i] : NULL;
    is = i < new->nentries ? new->entries[i] : NULL;
    if (was && is && !strcmp(was->section->name, is->section->name) &&
        was->owner_offset == is->owner_offset) {
        return tell_entry(was, is);
    }
    if (was && (!is || old->nentries > new->nentries)) {
        return must_print("an entry in %s for +0x%" PRIx64 " is gone",
                          was->section->name, was->owner_offset);
    }
    return is ? must_print("an entry in %s for +0x%" PRIx64 " is new",
                           is->section->name, is->owner_offset)
              : NULL;
}

/* -- Where it lies -------------------------------------------------------- */

static bool is_weak(const struct atom *atom)
{
    return atom->symbol->bind == STB_WEAK;
}

static char *tell_nature(const struct atom *old, const struct atom *new)
{
    if (old->section->init && !new->section->init) {
        return must_copy("it was in .init, which is gone once Xen has booted");
    }
    if (is_weak(old) != is_weak(new)) {
        return must_print("its symbol is %s", is_weak(new) ? "weak now"
                                                           : "weak no more");
    }
    return NULL;
}

/* A section's name says what is done with it, but for the variable's own name
 * and number at its end. */
static size_t nature_length(const struct atom *atom)
{
    const char *section = atom->section->name;
    const char *name = atom->symbol->name;
    size_t length = strlen(section), tail = strlen(name);

    if (length > tail && section[length - tail - 1] == '.' &&
        !strcmp(section + length - tail, name)) {
        return length - tail - 1;
    }
    return length;
}

static bool same_sections(const struct atom *old, const struct atom *new)
{
    size_t length = nature_length(old);

    return length == nature_length(new) &&
           !strncmp(old->section->name, new->section->name, length);
}

static char *tell_place(const struct atom *old, const struct atom *new)
{
    if (old->size != new->size) {
        return must_print("its size is %" PRIu64 " and was %" PRIu64,
                          new->size, old->size);
    }
    if (!same_sections(old, new)) {
        return must_print("it is in section %s and was in %s",
                          new->section->name, old->section->name);
    }
    /* Of a section that it shares, another variable may want it. */
    if (new->section->natoms == 1 && old->section->natoms == 1 &&
        new->section->align > old->section->align) {
        return must_print("its alignment is %" PRIu64 " and was %" PRIu64,
                          new->section->align, old->section->align);
    }
    return NULL;
}

bool differ_by_section_alone(const struct atom *old, const struct atom *new)
{
    char *text = tell_nature(old, new);
    bool alone;

    text = text ? text : tell_contents(old, new);
    text = text ? text : tell_entries(old, new);
    alone = !text && old->size == new->size && !same_sections(old, new);
    free(text);
    return alone;
}

char *find_difference(const struct atom *old, const struct atom *new)
{
    char *text = tell_nature(old, new);

    if (!text && new->kind == ATOM_DATA) {
        text = tell_place(old, new);
    }
    if (!text) {
        text = tell_contents(old, new);
    }
    return text ? text : tell_entries(old, new);
}
