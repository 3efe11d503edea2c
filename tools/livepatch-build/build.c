/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "compare/compare.h"
#include "explain/explain.h"
#include "patch/unfinished.h"
#include "support/files.h"
#include "running/host.h"
#include "layout/layout.h"
#include "support/memory.h"
#include "payload/payload.h"
#include "payload/package.h"
#include "payload/sign.h"
#include "report/printable.h"
#include "prove/prove.h"
#include "prove/proven.h"
#include "running/running.h"
#include "select/below.h"
#include "select/select.h"
#include "skeleton/skeleton.h"

struct build {
    const struct options *options;
    struct report *report;
    char *xen_syms;
    struct running *running;
    char *config;
    struct base_options base_options;
    struct base *base;
    struct object_pair *pairs;
    size_t npairs;
    struct layouts *layouts;    /* each pair compared in its turn */
    char **why;
};

static bool can_be_written(const char *output, char **why)
{
    char *folder = must_copy(output), *slash = strrchr(folder, '/');
    bool good;

    if (slash) {
        slash[slash == folder] = '\0';
    }
    good = !access(slash ? folder : ".", W_OK) ||
           fail_with(why, "can't write %s: %s: %s", output,
                     slash ? folder : ".", strerror(errno));
    free(folder);
    return good;
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat status, others;

    return one && other && !stat(one, &status) && !stat(other, &others) &&
           status.st_dev == others.st_dev && status.st_ino == others.st_ino;
}

static const char *find_same(const char *output, const char *const *paths,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same_file(output, paths[i])) {
            return paths[i];
        }
    }
    return NULL;
}

static bool spares_inputs(const struct options *options, char **why)
{
    const char *const others[] = { options->xen_syms, options->config };
    const char *input = find_same(options->output, options->patches,
                                  options->npatches);

    if (!input) {
        input = find_same(options->output, options->below, options->nbelow);
    }
    if (!input) {
        input = find_same(options->output, others, 2);
    }
    return !input || fail_with(why, "%s is what the payload is made from, and "
                               "would be overwritten: name another --output",
                               input);
}

/* Somebody may have filled in the one that is there. */
static bool skeleton_possible(const struct options *options, char **why)
{
    if (options->skeleton && files_exist(options->skeleton)) {
        return fail_with(why, "%s exists, and may be filled in already: name "
                         "another --skeleton", options->skeleton);
    }
    return !options->skeleton || can_be_written(options->skeleton, why);
}

/* What is wrong with these need not wait for a base build. */
static enum outcome check_files(struct build *build)
{
    const struct options *options = build->options;

    for (size_t i = 0; i < options->npatches; i++) {
        size_t size;
        char *patch = files_read(options->patches[i], &size, build->why);

        if (!patch) {
            return OUTCOME_FAILED;
        }
        free(patch);
    }
    return options->base_only ||
           (can_be_written(options->output, build->why) &&
            spares_inputs(options, build->why) &&
            skeleton_possible(options, build->why) &&
            (!options->sign || sign_possible(build->why)) &&
            (!(options->deb || options->rpm) ||
             package_possible(build->why))) ?
           OUTCOME_DONE : OUTCOME_FAILED;
}

static enum outcome read_running(struct build *build)
{
    const struct options *options = build->options;

    report_stage(build->report, "reading what runs");
    build->xen_syms = options->xen_syms ? must_copy(options->xen_syms) :
                      host_xen_syms(HOST_XEN_SYMS, build->why);
    if (!build->xen_syms) {
        return OUTCOME_FAILED;
    }
    build->running = running_read(build->xen_syms, build->why);
    if (!build->running) {
        return OUTCOME_FAILED;
    }
    for (size_t i = 0; i < options->nbelow; i++) {
        if (!running_stack(build->running, options->below[i], build->why)) {
            return OUTCOME_FAILED;
        }
    }
    return OUTCOME_DONE;
}

/* That which was named, or that of what runs, or the tree's. */
static enum outcome read_config(struct build *build)
{
    size_t size;

    if (!build->options->config) {
        build->config = host_config(build->running);
        return OUTCOME_DONE;
    }
    build->config = files_read(build->options->config, &size, build->why);
    return build->config ? OUTCOME_DONE : OUTCOME_FAILED;
}

static enum outcome open_base(struct build *build)
{
    const struct options *options = build->options;
    enum outcome outcome;

    build->base_options = (struct base_options){
        .tree = options->tree, .config = build->config,
        .cache = options->cache, .compiler = options->compiler,
        .jobs = options->jobs, .compile_all = options->compile_all,
    };
    build->base = base_open(&build->base_options, build->report, &outcome,
                            build->why);
    return outcome;
}

static enum outcome prove_base(struct build *build)
{
    return proven_base(build->base, build->running, build->xen_syms,
                       build->report, build->why);
}

static enum outcome apply_patches(struct build *build)
{
    return base_patch(build->base, build->options->patches,
                      build->options->npatches, build->report, build->why);
}

/* Where payloads are below, what is the same as in the base isn't what runs. */
static enum outcome compile_patches(struct build *build)
{
    const char *const *changed;
    enum outcome outcome = base_compile(build->base, build->options->nbelow,
                                        build->report, build->why);

    if (outcome == OUTCOME_DONE && !base_changed(build->base, &changed)) {
        report_refuse(build->report, REFUSAL_NOTHING, NULL, NULL, NULL,
                      "the patch changes nothing that this configuration of "
                      "Xen is compiled from");
        outcome = OUTCOME_REFUSED;
    }
    return outcome;
}

static struct object *read_object(struct build *build, char *path,
                                  const char *label)
{
    struct object *object = object_read(path, label, build->why);

    free(path);
    return object;
}

/* Both builds of every object that changed.  Where what runs has the atoms of
 * the old one is known afterwards. */
static enum outcome read_pairs(struct build *build)
{
    const char *const *changed;
    size_t count = base_changed(build->base, &changed);
    struct proof *proof = proof_new(build->running);
    bool good = true;

    report_stage(build->report, "comparing objects");
    build->pairs = must_alloc(count, sizeof(*build->pairs));
    for (size_t i = 0; i < count && good; i++) {
        struct object_pair *pair = &build->pairs[build->npairs++];
        char *old = base_path(build->base, changed[i]);

        if (files_exist(old)) {
            pair->old = read_object(build, old, changed[i]);
            good = pair->old;
        } else {
            free(old);
        }
        if (good) {
            pair->new = read_object(
                build, base_changed_path(build->base, changed[i]), changed[i]);
            good = pair->new;
        }
        if (good && pair->old) {
            proof_object(proof, pair->old);
        }
    }
    proof_free(proof);
    return good ? OUTCOME_DONE : OUTCOME_FAILED;
}

static enum outcome compare_pairs(struct build *build)
{
    for (size_t i = 0; i < build->npairs; i++) {
        struct object_pair *pair = &build->pairs[i];

        if (pair->old) {
            pair_objects(pair->old, pair->new);
            compare_objects(pair->old, pair->new);
        }
    }
    compare_moved(build->pairs, build->npairs);
    return OUTCOME_DONE;
}

static enum outcome compare_layouts(struct build *build)
{
    const char *const *changed;
    size_t count = base_changed(build->base, &changed);
    bool good = true;

    build->layouts = layouts_new();
    report_stage(build->report, "comparing types");
    for (size_t i = 0; i < count && good; i++) {
        char *old = base_path(build->base, changed[i]);
        char *new = base_changed_path(build->base, changed[i]);

        good = layouts_compare(build->layouts, files_exist(old) ? old : NULL,
                               new, build->why);
        free(old);
        free(new);
    }
    if (good) {
        layouts_conclude(build->layouts, build->report);
    }
    return good ? OUTCOME_DONE : OUTCOME_FAILED;
}

static bool write_skeleton(struct build *build)
{
    const struct skeleton_input input = {
        .pairs = build->pairs, .npairs = build->npairs,
        .layouts = build->layouts, .sources = base_sources(build->base),
        .name = build->options->name,
    };
    const char *path = build->options->skeleton;
    size_t parts;
    char *note;

    if (!skeleton_write(&input, path, &parts, build->why)) {
        return false;
    }
    if (!parts) {
        report_warn(build->report, path, NULL, "not written: %s",
                    report_refusals(build->report)
                    ? "what is refused has no hook, array or shadow variable "
                      "as its way out, or is in no file that the patch changes"
                    : "nothing is refused");
        return true;
    }
    note = must_print("%s: a skeleton for %zu of %zu refusals, to be filled in",
                      path, parts, report_refusals(build->report));
    report_note(build->report, note);
    free(note);
    return true;
}

static enum outcome select_changes(struct build *build)
{
    report_stage(build->report, "selecting what changed");
    below_judge(build->base, build->pairs, build->npairs, build->running,
                build->report);
    select_atoms(build->pairs, build->npairs, build->running, build->layouts,
                 build->report);
    unfinished_judge(base_sources(build->base), build->report);
    if (build->options->skeleton && !write_skeleton(build)) {
        return OUTCOME_FAILED;
    }
    if (build->options->explain &&
        !explain_function(build->base, build->pairs, build->npairs,
                          build->options->explain, build->report,
                          build->why)) {
        return OUTCOME_FAILED;
    }
    return report_refusals(build->report) ? OUTCOME_REFUSED : OUTCOME_DONE;
}

static void tell_payload(struct build *build)
{
    const struct build_id *xen_id = running_xen_id(build->running);
    const struct build_id *top_id = running_top_id(build->running);
    char *xen = printable_hex(xen_id->bytes, xen_id->size);
    char *top = printable_hex(top_id->bytes, top_id->size);

    report_payload(build->report, (struct report_payload){
        .name = build->options->name, .xen_id = xen, .depends = top,
    });
    free(xen);
    free(top);
}

static enum outcome write_payload(struct build *build)
{
    const struct options *options = build->options;
    char *entries[3], *sources;
    struct payload_metadata metadata = {
        .name = options->name, .entries = (const char *const *)entries,
        .key = options->sign,
    };
    bool written;

    report_stage(build->report, "writing the payload");
    tell_payload(build);
    if (options->fixes) {
        entries[metadata.nentries++] = must_print("fixes=%s", options->fixes);
    }
    if (options->description) {
        entries[metadata.nentries++] = must_print("description=%s",
                                                  options->description);
    }
    sources = sources_tell(base_sources(build->base));
    entries[metadata.nentries++] = must_print("%s=%s", SOURCES_KEY, sources);
    free(sources);
    written = payload_write(options->output, build->pairs, build->npairs,
                            build->running, &metadata, build->report,
                            build->why);
    while (metadata.nentries) {
        free(entries[--metadata.nentries]);
    }
    return written ? OUTCOME_DONE :
           report_refusals(build->report) ? OUTCOME_REFUSED : OUTCOME_FAILED;
}

static enum outcome make_package(struct build *build)
{
    const struct options *options = build->options;
    struct package_order order = {
        .option = options->deb ? "--deb" : "--rpm",
        .xen = options->deb ? options->deb : options->rpm,
        .below = options->below, .nbelow = options->nbelow,
        .payload = options->output,
    };
    char *made, *words;

    if (!order.xen) {
        return OUTCOME_DONE;
    }
    report_stage(build->report, "making the package");
    made = package_make(&order, build->why);
    if (!made) {
        return OUTCOME_FAILED;
    }
    words = must_print("the package is %s", made);
    report_note(build->report, words);
    free(words);
    free(made);
    return OUTCOME_DONE;
}

/* In this order; what fails, or refuses, is the last. */
static enum outcome run(struct build *build)
{
    static enum outcome (*const steps[])(struct build *build) = {
        check_files, read_running, read_config, open_base, prove_base,
        apply_patches, compile_patches, read_pairs, compare_pairs,
        compare_layouts, select_changes, write_payload,
        make_package,
    };
    enum outcome outcome = OUTCOME_DONE;

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) &&
                       outcome == OUTCOME_DONE; i++) {
        if (build->options->base_only && steps[i] == apply_patches) {
            break;
        }
        outcome = steps[i](build);
    }
    return outcome;
}

enum outcome build_payload(const struct options *options,
                           struct report *report, char **why)
{
    struct build build = { .options = options, .report = report, .why = why };
    enum outcome outcome = run(&build);

    for (size_t i = 0; i < build.npairs; i++) {
        object_free(build.pairs[i].old);
        object_free(build.pairs[i].new);
    }
    free(build.pairs);
    layouts_free(build.layouts);
    base_close(build.base);
    free(build.config);
    running_free(build.running);
    free(build.xen_syms);
    return outcome;
}
