/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be compiled although it includes a header that changed.
 *
 * A compiler drops a static inline function that nobody calls.  If bodies of
 * such functions are all that changed in headers, an object is as it was unless
 * one is called in it, or in what is called in it.  That is seen in what the
 * preprocessor makes of its source, which takes a fraction of compiling it.
 */
#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "patch/declarations.h"
#include "patch/inlines.h"
#include "support/files.h"
#include "support/memory.h"

#define LEAST 8                 /* objects for which it is worth the while */

struct narrowing {
    struct base *base;
    struct inlines inlines;
    struct outdated by_others;  /* than headers */
    bool *asked;                /* by number of the linked object */
    size_t nasked;
};

/* False: headers changed in another way. */
static bool find_names(struct narrowing *narrowing)
{
    const struct sources *sources = narrowing->base->sources;

    for (size_t i = 0; i < sources_count(sources); i++) {
        const struct source *source = sources_get(sources, i);

        if (ends_with(source->path, ".h") &&
            !inlines_changed(source, &narrowing->inlines)) {
            return false;
        }
    }
    return narrowing->inlines.count;
}

static void find_others(struct narrowing *narrowing)
{
    const struct sources *sources = narrowing->base->sources;
    const char **paths = must_alloc(sources_count(sources) + 1, sizeof(*paths));
    size_t count = 0;

    for (size_t i = 0; i < sources_count(sources); i++) {
        const char *path = sources_get(sources, i)->path;

        if (!ends_with(path, ".h")) {
            paths[count++] = path;
        }
    }
    base_outdated(narrowing->base, paths, count, &narrowing->by_others);
    free(paths);
}

/* "common/a.o", and for "common/b.init.o" "common/b", with another ending. */
static char *with_ending(const char *object, const char *ending)
{
    const char *end = strstr(object, ".init.o");

    end = end ? end : object + strlen(object) - strlen(".o");
    return must_print("%.*s%s", (int)(end - object), object, ending);
}

/* Compiled from the C file of its own name. */
static bool is_of_c(const struct base *base, const char *linked)
{
    char *object = with_ending(linked, ".o"), *source = with_ending(linked,
                                                                    ".c");
    bool is = depends_is_made_of(base->depends, object, source);

    free(object);
    free(source);
    return is;
}

static enum outcome preprocess(struct narrowing *narrowing,
                               struct report *report, char **why)
{
    struct base *base = narrowing->base;
    const char *const *linked;
    size_t count = depends_linked(base->depends, &linked);
    char *word = must_copy("LIVEPATCH_OBJECTS=");
    const char *variables[1];
    enum outcome outcome;

    for (size_t i = 0; i < count; i++) {
        char *text, *longer;

        narrowing->asked[i] = base->outdated.linked[i] &&
                              !narrowing->by_others.linked[i] &&
                              is_of_c(base, linked[i]);
        if (!narrowing->asked[i]) {
            continue;
        }
        narrowing->nasked++;
        text = with_ending(linked[i], ".i");
        longer = must_print("%s%s:%s ", word, depends_folder(base->depends, i),
                            text);
        free(text);
        free(word);
        word = longer;
    }
    variables[0] = word;
    outcome = narrowing->nasked < LEAST ? OUTCOME_REFUSED :
              base_make(base, "livepatch-some", variables, 1, 0, report, why);
    free(word);
    return outcome;
}

static bool is_needed(struct narrowing *narrowing, const char *linked)
{
    char *name = with_ending(linked, ".i"), *why = NULL;
    char *path = base_changed_path(narrowing->base, name);
    size_t size;
    char *text = files_read(path, &size, &why);
    bool needed = !text || text_needs(text, size, narrowing->inlines.names,
                                      narrowing->inlines.count);

    free(text);
    free(path);
    free(name);
    free(why);
    return needed;
}

/* What goes wrong here goes wrong when it is compiled, and is told then. */
void base_narrow(struct base *base, struct report *report)
{
    struct narrowing narrowing = { .base = base };
    const char *const *linked;
    size_t count = depends_linked(base->depends, &linked);
    char *why = NULL;

    free(base->spared);
    base->spared = must_alloc(count + 1, sizeof(bool));
    narrowing.asked = must_alloc(count + 1, sizeof(bool));
    if (base->outdated.count >= LEAST && find_names(&narrowing)) {
        find_others(&narrowing);
        if (!narrowing.by_others.everything &&
            preprocess(&narrowing, report, &why) == OUTCOME_DONE) {
            for (size_t i = 0; i < count; i++) {
                base->spared[i] = narrowing.asked[i] &&
                                  !is_needed(&narrowing, linked[i]);
            }
        }
        free(narrowing.by_others.linked);
    }
    inlines_free(&narrowing.inlines);
    free(narrowing.asked);
    free(why);
}
