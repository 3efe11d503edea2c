/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "support/cleanup.h"
#include "support/files.h"
#include "support/memory.h"
#include "patch/constants.h"
#include "patch/sources.h"

#define OFFSETS "arch/x86/include/asm/asm-offsets.h"

struct patching {
    struct base *base;
    struct sources *sources;
    struct outdated outdated;
    bool options;               /* which options there are may have changed */
    struct report *report;
};

/* A C source or header is what its objects say that they depend on.  Anything
 * else has users that make alone knows. */
static bool has_known_users(const struct source *source)
{
    const char *path = source->path;
    bool header = ends_with(path, ".h");
    bool text = header || ends_with(path, ".c") || ends_with(path, ".S");

    return text && !starts_with(path, "include/public/") &&
           !starts_with(path, "tools/") && !starts_with(path, "scripts/") &&
           source->exists && (source->existed || header);
}

static void find_outdated(struct patching *patching)
{
    size_t count = sources_count(patching->sources);
    const char **paths = must_alloc(count, sizeof(*paths));
    bool known = true;

    for (size_t i = 0; i < count; i++) {
        const struct source *source = sources_get(patching->sources, i);

        paths[i] = source->path;
        known = known && has_known_users(source);
        patching->options = patching->options ||
                            strstr(source->path, "Kconfig");
    }
    qsort(paths, count, sizeof(*paths), compare_texts);
    depends_outdated(patching->base->depends, paths, count,
                     &patching->outdated);
    patching->outdated.everything = patching->outdated.everything || !known;
    free(paths);
}

/* A patch's header may be newer than a header that the tree hasn't got. */
static void tell_of_rules(const struct patching *patching)
{
    for (size_t i = 0; i < sources_count(patching->sources); i++) {
        const char *path = sources_get(patching->sources, i)->path;

        if (strstr(path, "Kconfig") || strstr(path, "Makefile") ||
            ends_with(path, ".mk")) {
            report_warn(patching->report, path, NULL,
                        "changes how Xen is built");
        } else if (ends_with(path, ".lds.S") || ends_with(path, ".lds.h")) {
            report_warn(patching->report, path, NULL, "how Xen is linked "
                        "can't change at run time: this part has no effect");
        }
    }
}

static char *make_objects_word(const struct patching *patching)
{
    const char *const *linked;
    size_t count = depends_linked(patching->base->depends, &linked);
    char *word = must_copy("LIVEPATCH_OBJECTS=");

    for (size_t i = 0; i < count; i++) {
        if (patching->outdated.linked[i]) {
            char *longer = must_print(
                "%s%s:%s ", word,
                depends_folder(patching->base->depends, i), linked[i]);

            free(word);
            word = longer;
        }
    }
    return word;
}

static enum outcome make_some(const struct patching *patching, char **why)
{
    char *objects = make_objects_word(patching);
    const char *variables[2] = { objects };
    size_t count = 1;
    enum outcome outcome;

    if (patching->outdated.offsets) {
        variables[count++] = "LIVEPATCH_OFFSETS=y";
    }
    outcome = base_make(patching->base, "livepatch-some", variables, count,
                        patching->outdated.count, patching->report, why);
    free(objects);
    return outcome;
}

static enum outcome make_what_changed(const struct patching *patching,
                                      char **why)
{
    enum outcome outcome = OUTCOME_DONE;

    if (!patching->outdated.everything) {
        return make_some(patching, why);
    }
    if (patching->options) {
        outcome = base_make(patching->base, "olddefconfig", NULL, 0, 0,
                            patching->report, why);
    }
    return outcome != OUTCOME_DONE ? outcome :
           base_make(patching->base, "livepatch-all", NULL, 0, 0,
                     patching->report, why);
}

static enum outcome prepare(const struct patching *patching, char **why)
{
    struct base *base = patching->base;

    files_remove(base->build);
    return base_copy_pristine(base, patching->outdated.everything, why) &&
           sources_write(patching->sources, base->build_xen, true, why) ?
           OUTCOME_DONE : OUTCOME_FAILED;
}

/* If it doesn't compile, then once more without #line: so the compiler tells
 * the right lines; or if they were the cause, it is to be without. */
static enum outcome make_with_lines(const struct patching *patching,
                                    char **why)
{
    enum outcome outcome = make_what_changed(patching, why);

    if (outcome != OUTCOME_BUILD) {
        return outcome;
    }
    free(*why);
    *why = NULL;
    if (!sources_write(patching->sources, patching->base->build_xen, false,
                       why)) {
        return OUTCOME_FAILED;
    }
    outcome = make_what_changed(patching, why);
    if (outcome == OUTCOME_DONE) {
        report_warn(patching->report, NULL, NULL, "line numbers of unchanged "
                    "code could not be kept: more functions than needed may "
                    "be in the payload");
    }
    return outcome;
}

static bool offsets_changed(const struct base *base)
{
    char *before = base_path(base, OFFSETS);
    char *after = base_changed_path(base, OFFSETS);
    bool changed = !files_equal(before, after);

    free(before);
    free(after);
    return changed;
}

static enum outcome compile(struct patching *patching, char **why)
{
    enum outcome outcome;

    report_stage(patching->report, "copying the base");
    outcome = prepare(patching, why);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    report_stage(patching->report, "compiling");
    outcome = make_with_lines(patching, why);
    if (outcome == OUTCOME_DONE && patching->outdated.offsets &&
        !patching->outdated.everything && offsets_changed(patching->base)) {
        patching->outdated.everything = true;
        return compile(patching, why);
    }
    return outcome;
}

static void add_if_changed(struct base *base, const char *object)
{
    char *before = base_path(base, object);
    char *after = base_changed_path(base, object);

    if (files_exist(after) && !files_equal(before, after)) {
        base->changed = must_grow(base->changed, &base->changed_room,
                                  base->nchanged + 1, sizeof(char *));
        base->changed[base->nchanged++] = must_copy(object);
    }
    free(before);
    free(after);
}

/* After a full make there may be other objects than there were. */
static bool find_changed(const struct patching *patching, char **why)
{
    struct base *base = patching->base;
    struct depends *depends = base->depends;
    const char *const *linked;
    size_t count;

    if (patching->outdated.everything) {
        depends = depends_read(base->build_xen, why);
        if (!depends) {
            return false;
        }
    }
    count = depends_linked(depends, &linked);
    for (size_t i = 0; i < count; i++) {
        if (patching->outdated.everything || patching->outdated.linked[i]) {
            add_if_changed(base, linked[i]);
        }
    }
    if (depends != base->depends) {
        depends_free(depends);
    }
    return true;
}

/* What no object is made of can't mean anything to one. */
static void judge_constants(const struct patching *patching)
{
    for (size_t i = 0; patching->base->nchanged &&
                       i < sources_count(patching->sources); i++) {
        const struct source *source = sources_get(patching->sources, i);
        const char *path = source->path;
        struct outdated users = { .linked = NULL };

        depends_outdated(patching->base->depends, &path, 1, &users);
        if (users.count || users.everything) {
            constants_judge(source, patching->report);
        }
        free(users.linked);
    }
}

static enum outcome apply_and_make(struct patching *patching,
                                   const char *const *patches, size_t npatches,
                                   char **why)
{
    enum outcome outcome;

    report_stage(patching->report, "applying the patch");
    for (size_t i = 0; i < npatches; i++) {
        if (!sources_patch(patching->sources, patches[i], patching->report,
                           why)) {
            return OUTCOME_BUILD;
        }
    }
    find_outdated(patching);
    tell_of_rules(patching);
    if (!patching->outdated.everything && !patching->outdated.count &&
        !patching->outdated.offsets) {
        return OUTCOME_DONE;
    }
    outcome = compile(patching, why);
    if (outcome == OUTCOME_DONE && !find_changed(patching, why)) {
        return OUTCOME_FAILED;
    }
    judge_constants(patching);
    return outcome;
}

enum outcome base_patch(struct base *base, const char *const *patches,
                        size_t npatches, struct report *report, char **why)
{
    struct patching patching = {
        .base = base, .report = report,
        .sources = sources_new(base->pristine_xen, base->options->tree),
    };
    enum outcome outcome;

    cleanup_add(base->build);
    outcome = apply_and_make(&patching, patches, npatches, why);
    free(patching.outdated.linked);
    sources_free(patching.sources);
    return outcome;
}
