/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "report_private.h"

/* A member that isn't there has nothing to say. */
static void put_member(yajl_gen json, const char *key, const char *text)
{
    if (text) {
        json_text(json, key, text);
    }
}

static void put_where(yajl_gen json, const struct finding *finding)
{
    put_member(json, "file", finding->file);
    put_member(json, "name", finding->name);
}

static void put_function(yajl_gen json, const struct finding *function)
{
    put_where(json, function);
    json_bool(json, "new", !function->old_address);
    if (function->old_address) {
        json_address(json, "old_address", function->old_address);
        json_number(json, "old_size", function->old_size);
    }
    json_number(json, "new_size", function->new_size);
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
    json_string(json, key);
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
    json_string(json, "payload");
    yajl_gen_map_open(json);
    put_member(json, "path", output);
    put_member(json, "name", report->name);
    json_number(json, "size", size);
    put_member(json, "build_id", report->build_id);
    put_member(json, "xen_build_id", report->xen_id);
    put_member(json, "depends", report->depends);
    yajl_gen_map_close(json);
}

static void put_proof(yajl_gen json, const struct report *report)
{
    json_string(json, "proof");
    yajl_gen_map_open(json);
    json_number(json, "equal", report->equal);
    json_number(json, "differing", report->differing);
    json_number(json, "exempt", report->exempt);
    put_findings(json, "differences", &report->differences, put_remark);
    put_findings(json, "exemptions", &report->exemptions, put_remark);
    yajl_gen_map_close(json);
}

static void put_stages(yajl_gen json, const struct report *report)
{
    json_string(json, "stages");
    yajl_gen_array_open(json);
    for (size_t i = 0; i < report->nstages; i++) {
        yajl_gen_map_open(json);
        put_member(json, "name", report->stages[i].what);
        json_number(json, "duration_us",
                   (uint64_t)(report->stages[i].seconds * 1e6));
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

bool report_write_json(const struct report *report, enum outcome outcome,
                       const char *output, uint64_t size, const char *error)
{
    yajl_gen json = json_begin();

    if (!json) {
        return false;
    }
    yajl_gen_map_open(json);
    put_member(json, "outcome", report_outcome_name(outcome));
    put_member(json, "message", error);
    if (output && outcome == OUTCOME_DONE) {
        put_payload(json, report, output, size);
    }
    put_findings(json, "functions", &report->functions, put_function);
    put_findings(json, "refusals", &report->refusals, put_refusal);
    put_findings(json, "warnings", &report->warnings, put_remark);
    if (report->explanations.count) {
        put_findings(json, "explanations", &report->explanations, put_remark);
    }
    if (report->proved) {
        put_proof(json, report);
    }
    put_stages(json, report);
    yajl_gen_map_close(json);
    return json_end(json, stdout);
}
