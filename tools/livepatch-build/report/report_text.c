/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report_private.h"

#define MOST_DIFFERENCES 20     /* functions that aren't what runs */
#define MOST_WARNINGS 5         /* of what isn't going to be applied */

/* "common/grant_table.c: release_grant_for_copy: " as far as there is. */
static void print_where(FILE *out, const struct finding *finding)
{
    if (finding->file) {
        fprintf(out, "%s: ", finding->file);
    }
    if (finding->name) {
        fprintf(out, "%s: ", finding->name);
    }
}

/* At most so many of them, unless verbose. */
static void print_findings(const struct report *report, const char *label,
                           const struct findings *findings, size_t most)
{
    size_t shown = findings->count;

    if (shown > most && !report->options.verbose) {
        shown = most;
    }
    for (size_t i = 0; i < shown; i++) {
        const struct finding *finding = &findings->list[i];

        fprintf(stderr, "livepatch-build: %s: ", label);
        print_where(stderr, finding);
        fprintf(stderr, "%s\n", finding->why ? finding->why : "");
    }
    if (shown < findings->count) {
        fprintf(stderr, "livepatch-build: %s: ... and %zu more\n", label,
                findings->count - shown);
    }
}

static void print_refusals(const struct report *report)
{
    for (size_t i = 0; i < report->refusals.count; i++) {
        const struct finding *refusal = &report->refusals.list[i];

        fputs("livepatch-build: refused: ", stderr);
        print_where(stderr, refusal);
        fprintf(stderr, "%s (%s)\n", refusal->why ? refusal->why : "",
                report_refusal_name(refusal->refusal));
        if (refusal->way_out) {
            fprintf(stderr, "    %s\n", refusal->way_out);
        }
    }
}

static void print_functions(const struct report *report)
{
    for (size_t i = 0; i < report->functions.count; i++) {
        const struct finding *function = &report->functions.list[i];

        fputs("  ", stdout);
        print_where(stdout, function);
        if (function->old_address) {
            printf("patched, %" PRIu32 " -> %" PRIu32 " bytes",
                   function->old_size, function->new_size);
        } else {
            printf("new, %" PRIu32 " bytes", function->new_size);
        }
        printf("%s%s\n", function->why ? "; " : "",
               function->why ? function->why : "");
    }
}

static void print_proof(const struct report *report)
{
    if (report->proved) {
        printf("the base is what runs: %zu functions equal, %zu not, %zu "
               "exempt\n", report->equal, report->differing, report->exempt);
    }
    for (size_t i = 0; report->options.verbose &&
                       i < report->exemptions.count; i++) {
        const struct finding *exemption = &report->exemptions.list[i];

        fputs("  exempt: ", stdout);
        print_where(stdout, exemption);
        printf("%s\n", exemption->why ? exemption->why : "");
    }
}

/* What it is to the host, in one line. */
static void print_ids(const struct report *report)
{
    const char *xen = report->xen_id, *depends = report->depends;

    if (!xen || !depends) {
        return;
    }
    printf("build-id %s, ", report->build_id ? report->build_id : "?");
    if (!strcmp(xen, depends)) {
        printf("depends on Xen %s\n", xen);
    } else {
        printf("depends on payload %s, on Xen %s\n", depends, xen);
    }
}

static void print_payload(const struct report *report, const char *output,
                          uint64_t size)
{
    size_t new = 0;

    for (size_t i = 0; i < report->functions.count; i++) {
        new += !report->functions.list[i].old_address;
    }
    printf("%s: %zu function%s patched, %zu new, %" PRIu64 " bytes\n", output,
           report->functions.count - new,
           report->functions.count - new == 1 ? "" : "s", new, size);
    print_functions(report);
    print_ids(report);
}

/* Asked for, so it is told whatever comes of the rest. */
static void print_explanations(const struct report *report)
{
    for (size_t i = 0; i < report->explanations.count; i++) {
        const struct finding *explanation = &report->explanations.list[i];

        print_where(stdout, explanation);
        printf("%s\n", explanation->why);
    }
}

void report_write_text(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error)
{
    if (!report->options.quiet) {
        /* A header that is refused may have changed hundreds of functions, each
         * with a warning: what is refused mustn't be lost behind these. */
        print_findings(report, "warning", &report->warnings,
                       outcome == OUTCOME_REFUSED ? MOST_WARNINGS : SIZE_MAX);
    }
    print_findings(report, "not what runs", &report->differences,
                   MOST_DIFFERENCES);
    print_refusals(report);
    if (error) {
        fprintf(stderr, "livepatch-build: %s\n", error);
    }
    print_explanations(report);
    if (report->options.quiet || outcome != OUTCOME_DONE) {
        return;
    }
    if (output) {
        print_payload(report, output, size);
    }
    print_proof(report);
}
