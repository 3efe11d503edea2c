/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/memory.h"
#include "printable.h"
#include "report_private.h"

struct report *report_new(void)
{
    struct report *report = must_alloc(1, sizeof(*report));

    clock_gettime(CLOCK_MONOTONIC, &report->stage_start);
    return report;
}

static void free_findings(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->list[i].file);
        free(findings->list[i].name);
        free(findings->list[i].why);
        free(findings->list[i].way_out);
    }
    free(findings->list);
}

void report_free(struct report *report)
{
    if (!report) {
        return;
    }
    free_findings(&report->refusals);
    free_findings(&report->warnings);
    free_findings(&report->functions);
    free_findings(&report->explanations);
    free_findings(&report->differences);
    free_findings(&report->exemptions);
    for (size_t i = 0; i < report->nstages; i++) {
        free(report->stages[i].what);
    }
    free(report->stages);
    free(report->name);
    free(report->build_id);
    free(report->xen_id);
    free(report->depends);
    free(report);
}

void report_configure(struct report *report, struct report_options options)
{
    report->options = options;
}

const char *report_refusal_name(enum refusal refusal)
{
    static const char *const names[] = {
        [REFUSAL_DATA] = "data",
        [REFUSAL_LAYOUT] = "layout",
        [REFUSAL_INIT] = "init",
        [REFUSAL_BOOT] = "boot",
        [REFUSAL_ASSEMBLY] = "assembly",
        [REFUSAL_ENGINE] = "engine",
        [REFUSAL_SMALL] = "small",
        [REFUSAL_SYMBOL] = "symbol",
        [REFUSAL_RELOCATION] = "relocation",
        [REFUSAL_SECTION] = "section",
        [REFUSAL_LIMIT] = "limit",
        [REFUSAL_BELOW] = "below",
        [REFUSAL_NOTHING] = "nothing",
        [REFUSAL_PER_CPU] = "per-cpu",
        [REFUSAL_LIFETIME] = "lifetime",
        [REFUSAL_MEANING] = "meaning",
        [REFUSAL_UNFINISHED] = "unfinished",
    };

    return names[refusal];
}

const char *report_outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_DONE] = "done",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_BUILD] = "build",
        [OUTCOME_BASE] = "base",
    };

    return names[outcome];
}

static char *text_or_null(const char *text)
{
    return text && *text ? printable_lines(text) : NULL;
}

/* Takes `why` over. */
static struct finding *add_finding(struct findings *findings, const char *file,
                                   const char *name, char *why)
{
    struct finding *finding;

    findings->list = must_grow(findings->list, &findings->room,
                               findings->count + 1, sizeof(*findings->list));
    finding = &findings->list[findings->count++];
    *finding = (struct finding){ .file = text_or_null(file),
                                 .name = text_or_null(name),
                                 .why = text_or_null(why) };
    free(why);
    return finding;
}

void report_refuse(struct report *report, enum refusal refusal,
                   const char *file, const char *name, const char *way_out,
                   const char *why, ...)
{
    struct finding *finding;
    va_list arguments;

    va_start(arguments, why);
    finding = add_finding(&report->refusals, file, name,
                          must_vprint(why, arguments));
    va_end(arguments);
    finding->refusal = refusal;
    finding->way_out = text_or_null(way_out);
}

size_t report_refusals(const struct report *report)
{
    return report->refusals.count;
}

void report_warn(struct report *report, const char *file, const char *name,
                 const char *what, ...)
{
    va_list arguments;

    va_start(arguments, what);
    add_finding(&report->warnings, file, name, must_vprint(what, arguments));
    va_end(arguments);
}

void report_explain(struct report *report, const char *file, const char *name,
                    const char *what, ...)
{
    va_list arguments;

    va_start(arguments, what);
    add_finding(&report->explanations, file, name,
                must_vprint(what, arguments));
    va_end(arguments);
}

void report_function(struct report *report, const char *file,
                     const char *name, uint64_t old_address, uint32_t old_size,
                     uint32_t new_size, const char *why)
{
    struct finding *finding = add_finding(&report->functions, file, name,
                                          must_copy(why ? why : ""));

    finding->old_address = old_address;
    finding->old_size = old_size;
    finding->new_size = new_size;
}

void report_proof(struct report *report, size_t equal, size_t differing,
                  size_t exempt)
{
    report->proved = true;
    report->equal = equal;
    report->differing = differing;
    report->exempt = exempt;
}

void report_proof_difference(struct report *report, const char *file,
                             const char *name, const char *why)
{
    add_finding(&report->differences, file, name, must_copy(why ? why : ""));
}

void report_proof_exemption(struct report *report, const char *file,
                            const char *name, const char *why)
{
    add_finding(&report->exemptions, file, name, must_copy(why ? why : ""));
}

void report_payload(struct report *report, struct report_payload payload)
{
    free(report->name);
    free(report->xen_id);
    free(report->depends);
    report->name = text_or_null(payload.name);
    report->xen_id = text_or_null(payload.xen_id);
    report->depends = text_or_null(payload.depends);
}

void report_build_id(struct report *report, const char *build_id)
{
    free(report->build_id);
    report->build_id = text_or_null(build_id);
}

static void hide_progress(struct report *report)
{
    if (report->progress_shown) {
        fputs("\r\033[K", stderr);
        report->progress_shown = false;
    }
}

static void end_stage(struct report *report)
{
    struct timespec now;
    struct stage *stage;

    clock_gettime(CLOCK_MONOTONIC, &now);
    hide_progress(report);
    if (report->nstages) {
        stage = &report->stages[report->nstages - 1];
        stage->seconds =
            (double)(now.tv_sec - report->stage_start.tv_sec) +
            (double)(now.tv_nsec - report->stage_start.tv_nsec) / 1e9;
        if (report->options.verbose && !report->options.json) {
            fprintf(stderr, "%7.2f s  %s\n", stage->seconds, stage->what);
        }
    }
    report->stage_start = now;
}

void report_stage(struct report *report, const char *what)
{
    end_stage(report);
    report->stages = must_grow(report->stages, &report->stages_room,
                               report->nstages + 1, sizeof(*report->stages));
    report->stages[report->nstages++] =
        (struct stage){ .what = must_copy(what) };
    if (report->options.progress) {
        fprintf(stderr, "%s...", what);
        report->progress_shown = true;
    }
}

void report_note(struct report *report, const char *what)
{
    hide_progress(report);
    if (!report->options.quiet && !report->options.json) {
        fprintf(stderr, "livepatch-build: %s\n", what);
    }
}

void report_progress(struct report *report, size_t done, size_t all)
{
    if (!report->options.progress || !report->nstages) {
        return;
    }
    hide_progress(report);
    fprintf(stderr, "%s: %zu", report->stages[report->nstages - 1].what, done);
    if (all) {
        fprintf(stderr, "/%zu", all);
    }
    fputs(" objects", stderr);
    report->progress_shown = true;
}

bool report_write(struct report *report, enum outcome outcome,
                  const char *output, const char *error)
{
    struct stat status = { .st_size = 0 };
    char *cleaned = text_or_null(error);
    bool written = true;

    end_stage(report);
    if (output && outcome == OUTCOME_DONE) {
        stat(output, &status);
    }
    if (report->options.json) {
        written = report_write_json(report, outcome, output,
                                    (uint64_t)status.st_size, cleaned);
    } else {
        report_write_text(report, outcome, output, (uint64_t)status.st_size,
                          cleaned);
    }
    free(cleaned);
    return !fflush(stdout) && !ferror(stdout) && written;
}
