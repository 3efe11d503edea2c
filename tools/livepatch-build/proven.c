/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proven.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "hash.h"
#include "memory.h"
#include "object.h"
#include "prove.h"

static bool add_file(struct hash *hash, const char *path, char **why)
{
    size_t size;
    char *bytes = files_read(path, &size, why);

    if (bytes) {
        hash_add(hash, bytes, size);
    }
    free(bytes);
    return bytes;
}

/* "proved-KEY", of the xen-syms and of ourselves: another builder may have
 * another opinion. */
static char *note_path(const struct base *base, const char *xen_syms,
                       char **why)
{
    struct hash hash;
    uint8_t digest[32];
    char name[sizeof("proved-") + 32] = "proved-";

    hash_begin(&hash);
    if (!add_file(&hash, "/proc/self/exe", why) ||
        !add_file(&hash, xen_syms, why)) {
        return NULL;
    }
    hash_end(&hash, digest);
    for (size_t i = 0; i < 16; i++) {
        sprintf(name + strlen("proved-") + 2 * i, "%02x", digest[i]);
    }
    return base_note_path(base, name);
}

static bool read_note(const char *path, struct report *report)
{
    size_t size, equal, exempt;
    char *why = NULL, *text = files_read(path, &size, &why);
    bool good = text && sscanf(text, "%zu %zu", &equal, &exempt) == 2;

    if (good) {
        report_proof(report, equal, 0, exempt);
    }
    free(text);
    free(why);
    return good;
}

/* A note that can't be written is no harm: it will be proved again. */
static void write_note(const char *path, struct proof_counts counts)
{
    char *text = must_print("%zu %zu\n", counts.equal, counts.exempt);
    char *why = NULL;

    files_write(path, text, strlen(text), &why);
    free(why);
    free(text);
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

static enum outcome prove(const struct base *base,
                          const struct running *running, const char *note,
                          struct report *report, char **why)
{
    struct proof *proof = proof_new(running);
    enum outcome outcome = OUTCOME_FAILED;
    char *verdict = NULL;

    if (prove_objects(base, proof, report, why)) {
        if (proof_conclude(proof, report, &verdict)) {
            write_note(note, proof_counts(proof));
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

enum outcome proven_base(const struct base *base, const struct running *running,
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
