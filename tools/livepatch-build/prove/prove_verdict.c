/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the base build isn't what runs, as far as evidence tells: configuration,
 * compiler, version, compiler options, or the source.
 */
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "support/memory.h"
#include "prove_private.h"

/* Files and options that are named one by one. */
#define MAX_NAMED 8

static const struct section *named_section(const struct object *object,
                                           const char *name)
{
    for (size_t i = 1; i < object->nsections; i++) {
        const struct section *section = &object->sections[i];

        if (!strcmp(section->name, name)) {
            return section->bytes && section->size ? section : NULL;
        }
    }
    return NULL;
}

/* The first string in these bytes that begins like this; NULL: none. */
static char *find_string(const uint8_t *bytes, size_t size, const char *start)
{
    size_t length = strlen(start), from = 0;

    while (from < size) {
        size_t end = from;

        while (end < size && bytes[end]) {
            end++;
        }
        if (end - from >= length && !memcmp(bytes + from, start, length)) {
            return must_print("%.*s", (int)(end - from < 4096 ? end - from
                                                              : 4096),
                              (const char *)bytes + from);
        }
        from = end + 1;
    }
    return NULL;
}

static char *find_compiler(const uint8_t *bytes, size_t size)
{
    char *found = find_string(bytes, size, "GCC: ");

    return found ? found : find_string(bytes, size, "");
}

/* How it was compiled, as debug information tells. */
static char *find_options(const uint8_t *bytes, size_t size)
{
    char *found = find_string(bytes, size, "GNU C");

    return found ? found : find_string(bytes, size, "clang version");
}

static void collect_compiler(struct proof *proof, const struct object *object)
{
    const struct section *section = named_section(object, ".comment");
    const uint8_t *bytes;
    size_t size, skip;
    char *here, *there;

    if (!section || proof->compilers_differ) {
        return;
    }
    /* The first byte is that of an empty string. */
    skip = section->size > 1 && !section->bytes[0];
    here = find_compiler(section->bytes + skip, section->size - skip);
    bytes = running_section(proof->running, ".comment", &size);
    there = bytes ? find_compiler(bytes, size) : NULL;
    if (here && there && strcmp(here, there)) {
        proof->compilers_differ = true;
        proof->compiler = must_print("the compiler: \"%s\" here, \"%s\""
                                     " there", here, there);
    }
    free(here);
    free(there);
}

void verdict_collect(struct proof *proof, const struct object *object)
{
    const struct section *text = NULL;

    collect_compiler(proof, object);
    if (!proof->options) {
        text = named_section(object, ".debug_str");
        proof->options = text ? find_options(text->bytes, text->size) : NULL;
    }
    for (size_t i = 0; !proof->config && i < object->natoms; i++) {
        const struct atom *atom = object->atoms[i];

        if (atom->symbol && atom->bytes && atom->size &&
            !strcmp(atom->symbol->name, "xen_config_data")) {
            proof->config = must_alloc(atom->size, 1);
            proof->config_size = atom->size;
            memcpy(proof->config, atom->bytes, atom->size);
        }
    }
}

static void say(char **text, char *more)
{
    char *joined = *text ? must_print("%s; %s", *text, more) : must_copy(more);

    free(*text);
    free(more);
    *text = joined;
}

char *verdict_config(const struct proof *proof)
{
    struct running_symbol symbol;
    const uint8_t *there;

    if (!proof->config ||
        !running_find(proof->running, "", "xen_config_data", false,
                      &symbol)) {
        return NULL;
    }
    there = running_bytes(proof->running, symbol.address, symbol.size);
    return there ? config_compare(proof->config, proof->config_size, there,
                                  symbol.size, MAX_NAMED) : NULL;
}

static void explain_config(const struct proof *proof, char **text)
{
    char *options = verdict_config(proof);

    if (options) {
        say(text, must_print("the configuration: %s", options));
        free(options);
    }
}

/* What the strings of the version say that a build can't choose freely. */
static void explain_version(const struct proof *proof, char **text)
{
    static const struct {
        const char *function, *words;
    } tellers[] = {
        { "xen_extra_version", "the version" },
        { "xen_changeset", "the changeset" },
    };

    for (size_t i = 0; i < proof->nversions; i++) {
        const struct version *version = &proof->versions[i];

        for (size_t j = 0; j < sizeof(tellers) / sizeof(*tellers); j++) {
            if (!strcmp(version->name, tellers[j].function)) {
                say(text, must_print("%s: \"%s\" here, \"%s\" there",
                                     tellers[j].words, version->here,
                                     version->there));
            }
        }
    }
}

/* The last option that sets the optimisation level, "-O2"; the caller frees
 * it. */
static char *level_of(const char *options)
{
    const char *last = NULL;

    for (const char *at = options; (at = strstr(at, " -O")); at += 3) {
        last = at + 1;
    }
    return last ? must_print("%.*s", (int)strcspn(last, " "), last) : NULL;
}

static void explain_options(const struct proof *proof, char **text)
{
    size_t size;
    const uint8_t *bytes = running_section(proof->running, ".debug_str",
                                           &size);
    char *options = bytes ? find_options(bytes, size) : NULL;
    char *here = proof->options ? level_of(proof->options) : NULL;
    char *there = options ? level_of(options) : NULL;

    if (here && there ? strcmp(here, there) != 0
                      : here && strcmp(here, "-O2") != 0) {
        say(text, must_print("the optimisation level: %s here, %s there", here,
                             there ? there : "probably -O2"));
    }
    free(options);
    free(here);
    free(there);
}

/* The files with differences, each once, ascending; the caller frees it. */
static const char **differing_files(const struct proof *proof, size_t *count)
{
    const char **files = must_alloc(proof->ndifferences + 1, sizeof(*files));

    for (size_t i = 0; i < proof->ndifferences; i++) {
        files[i] = proof->differences[i].file;
    }
    qsort(files, proof->ndifferences, sizeof(*files), compare_texts);
    *count = 0;
    for (size_t i = 0; i < proof->ndifferences; i++) {
        if (*files[i] && (!*count || strcmp(files[*count - 1], files[i]))) {
            files[(*count)++] = files[i];
        }
    }
    return files;
}

/* A change of the source is in few files, one of the options in most. */
static void explain_extent(const struct proof *proof, char **text)
{
    size_t all = proof->counts.equal + proof->counts.differing, nfiles;
    const char **files = differing_files(proof, &nfiles);
    char *list = NULL;

    if (proof->counts.differing * 4 > all) {
        say(text, must_print("most of the code differs: other compiler"
                             " options, such as the optimisation level, or"
                             " another version of Xen"));
        free(files);
        return;
    }
    for (size_t i = 0; i < nfiles && i < MAX_NAMED; i++) {
        say(&list, must_copy(files[i]));
    }
    if (nfiles > MAX_NAMED) {
        say(&list, must_print("and %zu more files", nfiles - MAX_NAMED));
    }
    say(text, must_print("the source: all but %zu functions are equal; a"
                         " patch of the running Xen is missing here, or one"
                         " too many is applied, to %s",
                         proof->counts.differing,
                         list ? list : "files without a name"));
    free(list);
    free(files);
}

char *verdict_explain(const struct proof *proof)
{
    char *text = NULL;

    explain_config(proof, &text);
    if (proof->compilers_differ) {
        say(&text, must_copy(proof->compiler));
    }
    explain_version(proof, &text);
    explain_options(proof, &text);
    if (!text) {
        explain_extent(proof, &text);
    }
    return text;
}
