/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proven.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/hash.h"
#include "support/memory.h"
#include "object/object.h"
#include "report/printable.h"
#include "prove.h"

static bool add_file(struct hash *hash, const char *path, char **why)
{
    size_t size;
    char *bytes = files_read(path, &size, why);

    if (!bytes) {
        return false;
    }
    hash_add(hash, bytes, size);
    free(bytes);
    return true;
}

/* "proved-KEY", of the xen-syms and of ourselves: another builder may have
 * another opinion. */
static char *note_path(const struct base *base, const char *xen_syms,
                       char **why)
{
    struct hash hash;
    uint8_t digest[32];
    char *digits, *name, *path;

    hash_begin(&hash);
    if (!add_file(&hash, "/proc/self/exe", why) ||
        !add_file(&hash, xen_syms, why)) {
        return NULL;
    }
    hash_end(&hash, digest);
    digits = printable_hex(digest, 16);
    name = must_print("proved-%s", digits);
    path = base_note_path(base, name);
    free(name);
    free(digits);
    return path;
}

/*
 * A note begins with three numbers: functions equal, functions exempt, and how
 * many exemptions follow.  Each of these is three strings, file, name and why;
 * each string, the numbers too, ends with a NUL.
 */
static const char *next_string(const char **at, const char *end)
{
    const char *string = *at;
    const char *nul = string < end ? memchr(string, 0, (size_t)(end - string))
                                   : NULL;

    *at = nul ? nul + 1 : end;
    return nul ? string : NULL;
}

static bool read_exemptions(const char *at, const char *end, size_t count,
                            struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        const char *file = next_string(&at, end);
        const char *name = next_string(&at, end);
        const char *why = next_string(&at, end);

        if (!why) {
            return false;
        }
        if (report) {
            report_proof_exemption(report, file, name, why);
        }
    }
    return at == end;
}

static bool read_note(const char *path, struct report *report)
{
    size_t size, equal, exempt, count;
    char *why = NULL, *text = files_read(path, &size, &why);
    const char *at = text, *end = text ? text + size : NULL;
    const char *numbers = text ? next_string(&at, end) : NULL;
    bool good = numbers && sscanf(numbers, "%zu %zu %zu", &equal, &exempt,
                                  &count) == 3 &&
                read_exemptions(at, end, count, NULL);

    if (good) {
        report_proof(report, equal, 0, exempt);
        read_exemptions(at, end, count, report);
    }
    free(text);
    free(why);
    return good;
}

struct note {
    char *bytes;
    size_t size, room;
};

static void put_string(struct note *note, const char *string)
{
    size_t size = strlen(string) + 1;

    note->bytes = must_grow(note->bytes, &note->room, note->size + size, 1);
    memcpy(note->bytes + note->size, string, size);
    note->size += size;
}

/* A note that can't be written is no harm: it will be proved again. */
static void write_note(const char *path, const struct proof *proof)
{
    struct proof_counts counts = proof_counts(proof);
    const struct proof_note *exemptions;
    size_t count = proof_exemptions(proof, &exemptions);
    char *numbers = must_print("%zu %zu %zu", counts.equal, counts.exempt,
                               count);
    struct note note = { .size = 0 };
    char *why = NULL;

    put_string(&note, numbers);
    for (size_t i = 0; i < count; i++) {
        put_string(&note, exemptions[i].file);
        put_string(&note, exemptions[i].name);
        put_string(&note, exemptions[i].why);
    }
    files_write(path, note.bytes, note.size, &why);
    free(why);
    free(numbers);
    free(note.bytes);
}

static struct object *read_bare(void *context, const struct object *object)
{
    char *path = base_compile_bare(context, object->path, object->source);
    char *why = NULL;
    struct object *bare = path ? object_read(path, object->path, &why) : NULL;

    free(path);
    free(why);
    return bare;
}

static bool prove_objects(const struct base *base, struct proof *proof,
                          struct report *report, char **why)
{
    const char *const *objects;
    size_t count = base_objects(base, &objects);

    for (size_t i = 0; i < count; i++) {
        char *path = base_path(base, objects[i]);
        struct object *object = object_read(path, objects[i], why);

        free(path);
        if (!object) {
            return false;
        }
        proof_object(proof, object);
        object_free(object);
        report_progress(report, i + 1, count);
    }
    return true;
}

static enum outcome prove(struct base *base,
                          const struct running *running, const char *note,
                          struct report *report, char **why)
{
    struct proof *proof = proof_new(running);
    enum outcome outcome = OUTCOME_FAILED;
    char *verdict = NULL;

    proof_use_bare(proof, read_bare, base);
    if (prove_objects(base, proof, report, why)) {
        if (proof_conclude(proof, report, &verdict)) {
            write_note(note, proof);
            outcome = OUTCOME_DONE;
        } else {
            fail_with(why, "the tree, as built here, is not what runs: %s",
                      verdict ? verdict : "some functions differ");
            outcome = OUTCOME_BASE;
        }
        free(verdict);
    }
    proof_free(proof);
    return outcome;
}

enum outcome proven_base(struct base *base, const struct running *running,
                         const char *xen_syms, struct report *report,
                         char **why)
{
    char *note;
    enum outcome outcome = OUTCOME_DONE;

    report_stage(report, "proving the base");
    note = note_path(base, xen_syms, why);
    if (!note) {
        return OUTCOME_FAILED;
    }
    if (!read_note(note, report)) {
        outcome = prove(base, running, note, report, why);
    }
    free(note);
    return outcome;
}
