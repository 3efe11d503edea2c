/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be compiled although it includes a header that changed.
 *
 * A compiler drops a static inline function that nobody calls.  If bodies of
 * such functions are all that changed in headers, an object is as it was unless
 * one is called in it, or in what is called in it.  Which ones it calls is seen
 * in what the preprocessor makes of its source.  As that takes a fifth of the
 * time of compiling all, it is done once, with the base.  There it holds for
 * patched sources, too: that a changed function is needed can only come of it,
 * or of another one that changed, which is needed then.
 */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_private.h"
#include "patch/declarations.h"
#include "patch/inlines.h"
#include "support/files.h"
#include "support/memory.h"

/* A note of the base: "OBJECT FUNCTION FUNCTION... " a line. */
#define NOTE "inlines"

/* "common/a.o", and for "common/b.init.o" "common/b", with another ending. */
static char *with_ending(const char *object, const char *ending)
{
    const char *end = strstr(object, ".init.o");

    end = end ? end : object + strlen(object) - strlen(".o");
    return must_print("%.*s%s", (int)(end - object), object, ending);
}

/* Compiled from the C file of its own name. */
static bool is_of_c(const struct depends *depends, const char *linked)
{
    char *object = with_ending(linked, ".o"), *source = with_ending(linked,
                                                                    ".c");
    bool is = depends_is_made_of(depends, object, source);

    free(object);
    free(source);
    return is;
}

static void append(char **text, char *more)
{
    char *longer = must_print("%s%s", *text, more);

    free(*text);
    free(more);
    *text = longer;
}

/*
 * A file that can't be preprocessed may still compile, as one that includes
 * itself: only its object's rule has the flags for that.  Its text is missing
 * then, and the others are made nevertheless.
 */
static void preprocess(struct base *base, const struct depends *depends,
                       struct report *report)
{
    const char *const *linked;
    size_t count = depends_linked(depends, &linked);
    char *objects = must_copy("LIVEPATCH_OBJECTS="), *why = NULL;
    const char *variables[2] = { "--keep-going" };

    for (size_t i = 0; i < count; i++) {
        if (is_of_c(depends, linked[i])) {
            char *text = with_ending(linked[i], ".i");

            append(&objects, must_print("%s:%s ", depends_folder(depends, i),
                                        text));
            free(text);
        }
    }
    variables[1] = objects;
    base_make(base, "livepatch-some", variables, 2, 0, report, &why);
    free(objects);
    free(why);
}

/* The text and the records of how it was made go away: they are no part of a
 * base. */
static void take_needs(const struct base *base, const char *linked, char **note)
{
    char *name = with_ending(linked, ".i"), *path, *text, *why = NULL;
    const char *slash = strrchr(name, '/');
    int folder = slash ? (int)(slash + 1 - name) : 0;
    size_t size;

    path = must_print("%s/%s", base->build_xen, name);
    text = files_exist(path) ? files_read(path, &size, &why) : NULL;
    if (text) {
        char *needs = text_needs(text, size);

        if (needs) {
            append(note, must_print("%s%s\n", linked, needs));
        }
        free(needs);
    }
    unlink(path);
    free(path);
    path = must_print("%s/%.*s.%s.cmd", base->build_xen, folder, name,
                      name + folder);
    unlink(path);
    free(path);
    free(text);
    free(name);
    free(why);
}

bool base_note_inlines(struct base *base, struct report *report, char **why)
{
    struct depends *depends = depends_read(base->build_xen, why);
    char *path = base_note_path(base, NOTE), *note = must_copy("\n");
    const char *const *linked;
    size_t count = depends ? depends_linked(depends, &linked) : 0;
    bool noted = depends;

    if (depends) {
        report_stage(report, "preprocessing");
        preprocess(base, depends, report);
        for (size_t i = 0; i < count; i++) {
            take_needs(base, linked[i], &note);
        }
        noted = files_write(path, note, strlen(note), why);
    }
    depends_free(depends);
    free(path);
    free(note);
    return noted;
}

/* False: headers changed in another way. */
static bool find_names(const struct base *base, struct inlines *inlines)
{
    const struct sources *sources = base->sources;

    for (size_t i = 0; i < sources_count(sources); i++) {
        const struct source *source = sources_get(sources, i);

        if (ends_with(source->path, ".h") &&
            !inlines_changed(source, inlines)) {
            return false;
        }
    }
    return inlines->count;
}

static void find_by_others(const struct base *base, struct outdated *outdated)
{
    const struct sources *sources = base->sources;
    const char **paths = must_alloc(sources_count(sources) + 1, sizeof(*paths));
    size_t count = 0;

    for (size_t i = 0; i < sources_count(sources); i++) {
        const char *path = sources_get(sources, i)->path;

        if (!ends_with(path, ".h")) {
            paths[count++] = path;
        }
    }
    base_outdated(base, paths, count, outdated);
    free(paths);
}

/* What isn't noted may need any, and so may what is noted on a line without an
 * end: some of it may have been cut off. */
static bool needs_any(const char *note, const char *linked,
                      const struct inlines *inlines)
{
    char *key = must_print("\n%s ", linked);
    const char *line = strstr(note, key);
    const char *end = line ? strchr(line + 1, '\n') : NULL;
    bool needs = !end;

    for (size_t i = 0; i < inlines->count && !needs; i++) {
        char *word = must_print(" %s ", inlines->names[i]);

        needs = memmem(line, (size_t)(end - line), word, strlen(word));
        free(word);
    }
    free(key);
    return needs;
}

void base_narrow(struct base *base)
{
    char *path = base_note_path(base, NOTE), *why = NULL, *note;
    struct inlines inlines = { .count = 0 };
    const char *const *linked;
    size_t count = depends_linked(base->depends, &linked), size;

    free(base->spared);
    base->spared = must_alloc(count + 1, sizeof(bool));
    note = files_read(path, &size, &why);
    if (note && find_names(base, &inlines)) {
        struct outdated by_others;

        find_by_others(base, &by_others);
        for (size_t i = 0; i < count; i++) {
            base->spared[i] = base->outdated.linked[i] &&
                              !by_others.linked[i] &&
                              !needs_any(note, linked[i], &inlines);
        }
        free(by_others.linked);
    }
    inlines_free(&inlines);
    free(note);
    free(path);
    free(why);
}
