/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "report_private.h"

static void put_text(yajl_gen json, const char *text)
{
    yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

/* A member that isn't there has nothing to say. */
static void put_member(yajl_gen json, const char *key, const char *text)
{
    if (text) {
        put_text(json, key);
        put_text(json, text);
    }
}

static void put_number(yajl_gen json, const char *key, uint64_t number)
{
    put_text(json, key);
    yajl_gen_integer(json, (long long)number);
}

static void put_address(yajl_gen json, const char *key, uint64_t address)
{
    char text[19];

    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    put_member(json, key, text);
}

static void put_where(yajl_gen json, const struct finding *finding)
{
    put_member(json, "file", finding->file);
    put_member(json, "name", finding->name);
}

static void put_function(yajl_gen json, const struct finding *function)
{
    put_where(json, function);
    put_text(json, "new");
    yajl_gen_bool(json, !function->old_address);
    if (function->old_address) {
        put_address(json, "old_address", function->old_address);
        put_number(json, "old_size", function->old_size);
    }
    put_number(json, "new_size", function->new_size);
    put_member(json, "why", function->why);
}

static void put_refusal(yajl_gen json, const struct finding *refusal)
{
    put_member(json, "reason", report_refusal_name(refusal->refusal));
    put_where(json, refusal);
    put_member(json, "why", refusal->why);
    put_member(json, "way_out", refusal->way_out);
}

static void put_remark(yajl_gen json, const struct finding *remark)
{
    put_where(json, remark);
    put_member(json, "why", remark->why);
}

static void put_findings(yajl_gen json, const char *key,
                         const struct findings *findings,
                         void (*put)(yajl_gen json, const struct finding *one))
{
    put_text(json, key);
    yajl_gen_array_open(json);
    for (size_t i = 0; i < findings->count; i++) {
        yajl_gen_map_open(json);
        put(json, &findings->list[i]);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void put_payload(yajl_gen json, const struct report *report,
                        const char *output, uint64_t size)
{
    put_text(json, "payload");
    yajl_gen_map_open(json);
    put_member(json, "path", output);
    put_member(json, "name", report->name);
    put_number(json, "size", size);
    put_member(json, "build_id", report->build_id);
    put_member(json, "xen_build_id", report->xen_id);
    put_member(json, "depends", report->depends);
    yajl_gen_map_close(json);
}

static void put_proof(yajl_gen json, const struct report *report)
{
    put_text(json, "proof");
    yajl_gen_map_open(json);
    put_number(json, "equal", report->equal);
    put_number(json, "differing", report->differing);
    put_number(json, "exempt", report->exempt);
    put_findings(json, "differences", &report->differences, put_remark);
    put_findings(json, "exemptions", &report->exemptions, put_remark);
    yajl_gen_map_close(json);
}

static void put_stages(yajl_gen json, const struct report *report)
{
    put_text(json, "stages");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < report->nstages; i++) {
        yajl_gen_map_open(json);
        put_member(json, "name", report->stages[i].what);
        put_number(json, "duration_us",
                   (uint64_t)(report->stages[i].seconds * 1e6));
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

bool report_write_json(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error)
{
    yajl_gen json = yajl_gen_alloc(NULL);
    const unsigned char *text;
    size_t length;
    bool written;

    if (!json) {
        return false;
    }
    yajl_gen_config(json, yajl_gen_beautify, 1);
    yajl_gen_map_open(json);
    put_member(json, "outcome", report_outcome_name(outcome));
    put_member(json, "message", error);
    if (output && outcome == OUTCOME_DONE) {
        put_payload(json, report, output, size);
    }
    put_findings(json, "functions", &report->functions, put_function);
    put_findings(json, "refusals", &report->refusals, put_refusal);
    put_findings(json, "warnings", &report->warnings, put_remark);
    if (report->proved) {
        put_proof(json, report);
    }
    put_stages(json, report);
    yajl_gen_map_close(json);
    written = yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok &&
              fwrite(text, 1, length, stdout) == length;
    yajl_gen_free(json);
    return written;
}
