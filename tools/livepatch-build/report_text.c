/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "report_private.h"

#define MOST_DIFFERENCES 20     /* functions that aren't what runs */
#define MOST_WARNINGS 5         /* of what isn't going to be applied */

/* The length of the UTF-8 character that begins here; 0: none does. */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = *at < 0x80 ? 1 : *at >= 0xc2 && *at < 0xe0 ? 2 :
                    *at >= 0xe0 && *at < 0xf0 ? 3 :
                    *at >= 0xf0 && *at < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Longer than need be, surrogates, beyond the last; and what is a control
     * character in Unicode. */
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f) ||
        (*at == 0xc2 && at[1] < 0xa0)) {
        return 0;
    }
    return length;
}

char *report_clean(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    char *clean = must_alloc(strlen(text) * 4 + 1, 1), *to = clean;

    while (*at) {
        size_t length = utf8_length(at);

        if (!length || (*at < ' ' && *at != '\n' && *at != '\t') ||
            *at == 0x7f) {
            to += sprintf(to, "\\x%02x", *at++);
            continue;
        }
        memcpy(to, at, length);
        to += length;
        at += length;
    }
    return clean;
}

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

/* A header that is refused may have changed hundreds of functions, each with
 * a warning: what is refused mustn't be lost behind these. */
static void print_warnings(const struct report *report, enum outcome outcome)
{
    size_t count = report->warnings.count, shown = count;

    if (outcome == OUTCOME_REFUSED && shown > MOST_WARNINGS &&
        !report->options.verbose) {
        shown = MOST_WARNINGS;
    }
    for (size_t i = 0; i < shown; i++) {
        const struct finding *warning = &report->warnings.list[i];

        fputs("livepatch-build: warning: ", stderr);
        print_where(stderr, warning);
        fprintf(stderr, "%s\n", warning->why ? warning->why : "");
    }
    if (shown < count) {
        fprintf(stderr, "livepatch-build: ... and %zu more warnings\n",
                count - shown);
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

static void print_differences(const struct report *report)
{
    size_t count = report->differences.count, shown = count;

    if (shown > MOST_DIFFERENCES && !report->options.verbose) {
        shown = MOST_DIFFERENCES;
    }
    for (size_t i = 0; i < shown; i++) {
        const struct finding *difference = &report->differences.list[i];

        fputs("livepatch-build: not what runs: ", stderr);
        print_where(stderr, difference);
        fprintf(stderr, "%s\n", difference->why ? difference->why : "");
    }
    if (shown < count) {
        fprintf(stderr, "livepatch-build: ... and %zu more\n", count - shown);
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

void report_write_text(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error)
{
    if (!report->options.quiet) {
        print_warnings(report, outcome);
    }
    print_differences(report);
    print_refusals(report);
    if (error) {
        fprintf(stderr, "livepatch-build: %s\n", error);
    }
    if (report->options.quiet || outcome != OUTCOME_DONE) {
        return;
    }
    if (output) {
        print_payload(report, output, size);
    }
    print_proof(report);
}
