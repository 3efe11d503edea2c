/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "patch/constants.h"
#include "patch/sources.h"
#include "support/files.h"
#include "support/memory.h"

/* The header for authors of patches (include/xen/livepatch_patch.h), which is
 * put into every copy: this builder's, whichever made the base. */
extern const char authors_header[], authors_header_end[];
asm(".pushsection .rodata\n"
    ".globl authors_header, authors_header_end\n"
    "authors_header: .incbin \"xen/livepatch_patch.h\"\n"
    "authors_header_end: .byte 0\n"
    ".popsection");

#define OFFSETS "arch/x86/include/asm/asm-offsets.h"

/* A C source or header is what its objects say that they depend on.  Anything
 * else has users that make alone knows. */
static bool has_known_users(const struct base *base, const char *path)
{
    bool header = ends_with(path, ".h");
    bool text = header || ends_with(path, ".c") || ends_with(path, ".S");
    char *before = base_path(base, path);
    bool existed = files_exist(before);

    free(before);
    return text && !starts_with(path, "include/public/") &&
           !starts_with(path, "tools/") && !starts_with(path, "scripts/") &&
           (existed || header);
}

void base_outdated(const struct base *base, const char *const *paths,
                   size_t npaths, struct outdated *outdated)
{
    const char **sorted = must_alloc(npaths + 1, sizeof(*sorted));
    bool known = true;

    for (size_t i = 0; i < npaths; i++) {
        sorted[i] = paths[i];
        known = known && has_known_users(base, paths[i]);
    }
    qsort(sorted, npaths, sizeof(*sorted), compare_texts);
    depends_outdated(base->depends, sorted, npaths, outdated);
    outdated->everything = outdated->everything || !known;
    free(sorted);
}

static void find_outdated(struct base *base)
{
    size_t count = sources_count(base->sources);
    const char **paths = must_alloc(count + 1, sizeof(*paths));
    bool gone = false;

    for (size_t i = 0; i < count; i++) {
        const struct source *source = sources_get(base->sources, i);

        paths[i] = source->path;
        gone = gone || !source->exists;
    }
    base_outdated(base, paths, count, &base->outdated);
    base->outdated.everything = base->outdated.everything || gone;
    free(paths);
}

/* A patch's header may be newer than a header that the tree hasn't got. */
static void tell_of_rules(const struct base *base, struct report *report)
{
    for (size_t i = 0; i < sources_count(base->sources); i++) {
        const char *path = sources_get(base->sources, i)->path;

        if (strstr(path, "Kconfig") || strstr(path, "Makefile") ||
            ends_with(path, ".mk")) {
            report_warn(report, path, NULL,
                        "changes how Xen is built");
        } else if (ends_with(path, ".lds.S") || ends_with(path, ".lds.h")) {
            report_warn(report, path, NULL, "how Xen is linked "
                        "can't change at run time: this part has no effect");
        }
    }
}

static bool is_compiled(const struct base *base, size_t number)
{
    return base->outdated.linked[number] &&
           !(base->spared && base->spared[number]);
}

/* only: one of them, by number; or all that are outdated. */
static char *objects_word(const struct base *base, const size_t *only)
{
    const char *const *linked;
    size_t count = depends_linked(base->depends, &linked);
    char *word = must_copy("LIVEPATCH_OBJECTS=");

    for (size_t i = 0; i < count; i++) {
        if (only ? i == *only : is_compiled(base, i)) {
            char *longer = must_print("%s%s:%s ", word,
                                      depends_folder(base->depends, i),
                                      linked[i]);

            free(word);
            word = longer;
        }
    }
    return word;
}

static size_t count_compiled(const struct base *base)
{
    const char *const *linked;
    size_t count = depends_linked(base->depends, &linked), compiled = 0;

    for (size_t i = 0; i < count; i++) {
        compiled += is_compiled(base, i);
    }
    return compiled;
}

static enum outcome make_some(struct base *base, const size_t *only,
                              struct report *report, char **why)
{
    char *objects = objects_word(base, only);
    const char *variables[2] = { objects };
    size_t count = 1;
    enum outcome outcome;

    if (base->outdated.offsets) {
        variables[count++] = "LIVEPATCH_OFFSETS=y";
    }
    outcome = base_make(base, "livepatch-some", variables, count,
                        only ? 1 : count_compiled(base), report, why);
    free(objects);
    return outcome;
}

/* Which options there are may have changed. */
static bool has_other_options(const struct base *base)
{
    for (size_t i = 0; i < sources_count(base->sources); i++) {
        if (strstr(sources_get(base->sources, i)->path, "Kconfig")) {
            return true;
        }
    }
    return false;
}

static enum outcome make_what_changed(struct base *base,
                                      struct report *report, char **why)
{
    enum outcome outcome = OUTCOME_DONE;

    if (!base->outdated.everything) {
        return make_some(base, NULL, report, why);
    }
    if (has_other_options(base)) {
        outcome = base_make(base, "olddefconfig", NULL, 0, 0, report, why);
    }
    return outcome != OUTCOME_DONE ? outcome :
           base_make(base, "livepatch-all", NULL, 0, 0, report, why);
}

static bool put_header(const struct base *base, char **why)
{
    char *path = must_print("%s/include/xen/livepatch_patch.h",
                            base->build_xen);
    bool put = files_write(path, authors_header,
                           (size_t)(authors_header_end - authors_header), why);

    free(path);
    return put;
}

static enum outcome prepare(struct base *base, char **why)
{
    base_remove_folder(base);
    return base_make_folder(base, why) &&
           base_copy_pristine(base, base->outdated.everything, why) &&
           put_header(base, why) &&
           sources_write(base->sources, base->build_xen, true, why) ?
           OUTCOME_DONE : OUTCOME_FAILED;
}

/*
 * What doesn't compile is compiled once more without #line: so the compiler
 * tells the right lines; or if they were the cause, all is to be without.
 */
static enum outcome make_with_lines(struct base *base, struct report *report,
                                    char **why)
{
    enum outcome outcome = make_what_changed(base, report, why);
    size_t number;

    if (outcome != OUTCOME_BUILD) {
        return outcome;
    }
    free(*why);
    *why = NULL;
    if (!sources_write(base->sources, base->build_xen, false, why)) {
        return OUTCOME_FAILED;
    }
    if (base->failed && depends_number(base->depends, base->failed, &number)) {
        outcome = make_some(base, &number, report, why);
    }
    if (!*why) {
        outcome = make_what_changed(base, report, why);
    }
    if (outcome == OUTCOME_DONE) {
        report_warn(report, NULL, NULL, "line numbers of unchanged "
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

static enum outcome compile(struct base *base, bool all, struct report *report,
                            char **why)
{
    enum outcome outcome;

    report_stage(report, "copying the base");
    outcome = prepare(base, why);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!all && !base->outdated.everything) {
        base_narrow(base);
    }
    report_stage(report, "compiling");
    outcome = make_with_lines(base, report, why);
    if (outcome == OUTCOME_DONE && base->outdated.offsets &&
        !base->outdated.everything && offsets_changed(base)) {
        base->outdated.everything = true;
        return compile(base, all, report, why);
    }
    return outcome;
}

static void add_if_changed(struct base *base, const char *object,
                           bool keep_equal)
{
    char *before = base_path(base, object);
    char *after = base_changed_path(base, object);

    if (files_exist(after) && (keep_equal || !files_equal(before, after))) {
        base->changed = must_grow(base->changed, &base->changed_room,
                                  base->nchanged + 1, sizeof(char *));
        base->changed[base->nchanged++] = must_copy(object);
    }
    free(before);
    free(after);
}

/* After a full make there may be other objects than there were. */
static bool find_changed(struct base *base, bool keep_equal, char **why)
{
    struct depends *depends = base->depends;
    const char *const *linked;
    size_t count;

    if (base->outdated.everything) {
        depends = depends_read(base->build_xen, why);
        if (!depends) {
            return false;
        }
    }
    count = depends_linked(depends, &linked);
    for (size_t i = 0; i < count; i++) {
        if (base->outdated.everything || base->outdated.linked[i]) {
            add_if_changed(base, linked[i], keep_equal);
        }
    }
    if (depends != base->depends) {
        depends_free(depends);
    }
    return true;
}

/* What no object is made of can't mean anything to one. */
static void judge_constants(const struct base *base, struct report *report)
{
    for (size_t i = 0; base->nchanged && i < sources_count(base->sources);
         i++) {
        const struct source *source = sources_get(base->sources, i);
        const char *path = source->path;
        struct outdated users = { .linked = NULL };

        depends_outdated(base->depends, &path, 1, &users);
        if (users.count || users.everything) {
            constants_judge(source, report);
        }
        free(users.linked);
    }
}

enum outcome base_patch(struct base *base, const char *const *patches,
                        size_t npatches, struct report *report, char **why)
{
    report_stage(report, "applying the patch");
    base->sources = sources_new(base->pristine_xen, base->options->tree);
    for (size_t i = 0; i < npatches; i++) {
        if (!sources_patch(base->sources, patches[i], report, why)) {
            return OUTCOME_BUILD;
        }
    }
    find_outdated(base);
    tell_of_rules(base, report);
    return OUTCOME_DONE;
}

const struct outdated *base_compiled(const struct base *base)
{
    return &base->outdated;
}

const struct sources *base_sources(const struct base *base)
{
    return base->sources;
}

enum outcome base_compile(struct base *base, bool keep_equal,
                          struct report *report, char **why)
{
    enum outcome outcome;

    if (!base->outdated.everything && !base->outdated.count &&
        !base->outdated.offsets) {
        return OUTCOME_DONE;
    }
    outcome = compile(base, keep_equal || base->options->compile_all, report,
                      why);
    if (outcome == OUTCOME_DONE && !find_changed(base, keep_equal, why)) {
        return OUTCOME_FAILED;
    }
    judge_constants(base, report);
    return outcome;
}
