/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base_private.h"
#include "support/files.h"
#include "support/memory.h"
#include "support/run.h"

static bool is_xen_tree(const char *tree, char **why)
{
    static const char *const wanted[] = {
        "xen/Makefile", "xen/Rules.mk", "xen/build.mk", "Config.mk",
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        char *path = must_print("%s/%s", tree, wanted[i]);
        bool there = files_exist(path);

        free(path);
        if (!there) {
            return fail_with(why, "%s is no source tree of Xen 4.17 or later: "
                             "it has no %s; name one with --tree", tree,
                             wanted[i]);
        }
    }
    return true;
}

static bool have_programs(char **why)
{
    static const char *const wanted[] = {
        "make", "as", "ld", "objcopy", "bison", "flex", "python3",
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        char *path = run_find(wanted[i]);

        if (!path) {
            return fail_with(why, "%s is not installed: Xen can't be built "
                             "without it", wanted[i]);
        }
        free(path);
    }
    return true;
}

static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    for (const char *at = text; (at = strstr(at, line)); at += length) {
        if ((at == text || at[-1] == '\n') &&
            (at[length] == '\n' || !at[length])) {
            return true;
        }
    }
    return false;
}

static bool check_config(const char *config, const char *origin, char **why)
{
    if (!has_line(config, "CONFIG_X86_64=y") && strstr(config, "CONFIG_ARM")) {
        return fail_with(why, "%s is not for %s", origin, arch->name);
    }
    if (!has_line(config, "CONFIG_LIVEPATCH=y")) {
        return fail_with(why, "%s has no CONFIG_LIVEPATCH=y: a Xen like this "
                         "can't be live-patched", origin);
    }
    return true;
}

static bool find_config(struct base *base, char **why)
{
    const struct base_options *options = base->options;
    char *path;
    size_t size;

    if (options->config) {
        base->config = must_copy(options->config);
        return check_config(base->config, "the configuration", why);
    }
    path = must_print("%s/xen/.config", options->tree);
    base->config = files_read(path, &size, why);
    if (!base->config) {
        free(*why);
        fail_with(why, "%s has no xen/.config; name the configuration of what "
                  "runs with --config", options->tree);
    } else if (!check_config(base->config, path, why)) {
        free(path);
        return false;
    }
    free(path);
    return base->config;
}

static bool put_files(const struct base *base, char **why)
{
    char *config = must_print("%s/.config", base->build_xen);
    bool put = files_write(config, base->config, strlen(base->config), why) &&
               base_write_rules(base, why);

    free(config);
    return put;
}

/* What the build made of the configuration is to be what was given. */
static bool config_survived(const struct base *base, char **why)
{
    char *path = must_print("%s/.config", base->build_xen);
    size_t size;
    char *config = files_read(path, &size, why);
    bool good = config && check_config(config, "the configuration, as this "
                                       "tree understands it,", why);

    free(config);
    free(path);
    return good;
}

static enum outcome build(struct base *base, struct report *report, char **why)
{
    static const char *const quiet[] = { "V=0" };
    enum outcome outcome;

    report_stage(report, "copying the tree");
    if (!have_programs(why) ||
        !base_copy_tree(base, why) || !put_files(base, why)) {
        return OUTCOME_FAILED;
    }
    report_stage(report, "building the base");
    report_note(report, "there is no base build of this tree yet: making it, "
                "once");
    outcome = base_make(base, "olddefconfig", quiet, 1, 0, report, why);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!config_survived(base, why)) {
        return OUTCOME_FAILED;
    }
    return base_make(base, "livepatch-all", quiet, 1, 0, report, why);
}

static enum outcome make_base(struct base *base, struct report *report,
                              char **why)
{
    enum outcome outcome = OUTCOME_FAILED;
    char *words = NULL;

    if (base_make_folder(base, &words)) {
        outcome = build(base, report, &words);
    }
    if (outcome == OUTCOME_DONE && (!base_note_inlines(base, report, &words) ||
                                    !base_keep(base, &words))) {
        outcome = OUTCOME_FAILED;
    }
    base_remove_folder(base);
    if (outcome == OUTCOME_BUILD) {
        fail_with(why, "the tree as it is doesn't compile, without any patch:"
                  "\n%s", words);
        free(words);
    } else {
        *why = words;
    }
    return outcome;
}

static enum outcome open_base(struct base *base, struct report *report,
                              char **why)
{
    enum outcome outcome = OUTCOME_DONE;

    if (!is_xen_tree(base->options->tree, why) || !find_config(base, why)) {
        return OUTCOME_FAILED;
    }
    report_stage(report, "looking for the base");
    if (!base_find(base, why)) {
        return OUTCOME_FAILED;
    }
    if (!files_exist(base->pristine)) {
        if (!base_lock(base, report, why)) {
            return OUTCOME_FAILED;
        }
        /* Who made it meanwhile has left the lock. */
        if (!files_exist(base->pristine)) {
            outcome = make_base(base, report, why);
        }
        base_unlock(base);
    }
    if (outcome == OUTCOME_DONE) {
        base->depends = depends_read(base->pristine_xen, why);
        outcome = base->depends ? OUTCOME_DONE : OUTCOME_FAILED;
    }
    return outcome;
}

struct base *base_open(const struct base_options *options,
                       struct report *report, enum outcome *outcome,
                       char **why)
{
    struct base *base = must_alloc(1, sizeof(*base));

    base->options = options;
    base->lock = base->build_lock = -1;
    *outcome = open_base(base, report, why);
    if (*outcome != OUTCOME_DONE) {
        base_close(base);
        return NULL;
    }
    return base;
}

void base_close(struct base *base)
{
    if (!base) {
        return;
    }
    base_remove_folder(base);
    base_unlock(base);
    for (size_t i = 0; i < base->nchanged; i++) {
        free(base->changed[i]);
    }
    free(base->changed);
    free(base->failed);
    free(base->outdated.linked);
    free(base->spared);
    sources_free(base->sources);
    depends_free(base->depends);
    free(base->config);
    free(base->folder);
    free(base->pristine);
    free(base->pristine_xen);
    free(base);
}

size_t base_objects(const struct base *base, const char *const **paths)
{
    return depends_linked(base->depends, paths);
}

char *base_path(const struct base *base, const char *object)
{
    return must_print("%s/%s", base->pristine_xen, object);
}

char *base_note_path(const struct base *base, const char *name)
{
    return must_print("%s/%s", base->folder, name);
}

size_t base_changed(const struct base *base, const char *const **paths)
{
    *paths = (const char *const *)base->changed;
    return base->nchanged;
}

char *base_changed_path(const struct base *base, const char *object)
{
    return must_print("%s/%s", base->build_xen, object);
}
