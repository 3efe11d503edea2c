/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The results of "xl livepatch", as text for people or as JSON.
 *
 * All text in a result can be printed as it is: libxl has escaped what a
 * terminal would not show.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxl_utils.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

/*----- words -----*/

/* In the unit that makes it readable, between two texts. */
static void print_duration(FILE *f, const char *before, uint64_t us,
                           const char *after)
{
    fputs(before, f);
    if (us < 1000)
        fprintf(f, "%"PRIu64" us", us);
    else if (us < 10000)
        fprintf(f, "%.1f ms", us / 1e3);
    else if (us < 1000000)
        fprintf(f, "%"PRIu64" ms", us / 1000);
    else
        fprintf(f, "%.1f s", us / 1e6);
    fputs(after, f);
}

static void print_note(FILE *f, const char *label,
                       const libxl_string_list list)
{
    if (!libxl_string_list_length(&list)) return;

    fprintf(f, "%s: ", label);
    livepatch_print_strings(f, list);
    fprintf(f, ".\n");
}

/* Infinitive and past of what an action does, for a sentence. */
static void action_words(libxl_livepatch_operation operation,
                         const char **do_r, const char **done_r)
{
    switch (operation) {
    case LIBXL_LIVEPATCH_OPERATION_UPLOAD:
        *do_r = "upload";
        *done_r = "Uploaded";
        break;
    case LIBXL_LIVEPATCH_OPERATION_REPLACE:
        *do_r = "replace all with";
        *done_r = "Replaced all with";
        break;
    case LIBXL_LIVEPATCH_OPERATION_REVERT:
        *do_r = "revert";
        *done_r = "Reverted";
        break;
    case LIBXL_LIVEPATCH_OPERATION_UNLOAD:
        *do_r = "unload";
        *done_r = "Unloaded";
        break;
    default:
        *do_r = "apply";
        *done_r = "Applied";
        break;
    }
}

static bool succeeded(const libxl_livepatch_result *result)
{
    return result->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE ||
           result->outcome == LIBXL_LIVEPATCH_OUTCOME_ALREADY ||
           result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED;
}

/*----- actions -----*/

/* Whether something was in the way, which is told by itself. */
static bool was_hindered(const libxl_livepatch_attempt *a)
{
    return a->reason == LIBXL_LIVEPATCH_REASON_QUIESCE ||
           a->reason == LIBXL_LIVEPATCH_REASON_WAITQUEUE ||
           a->reason == LIBXL_LIVEPATCH_REASON_IN_FLIGHT;
}

static void print_attempt_reason(FILE *f, const libxl_livepatch_attempt *a)
{
    if (a->failure && !was_hindered(a)) {
        fprintf(f, "%s", a->failure);
        return;
    }
    switch (a->reason) {
    case LIBXL_LIVEPATCH_REASON_QUIESCE:
        print_duration(f, "some CPU did not arrive within ", a->timeout_us,
                       "");
        break;
    case LIBXL_LIVEPATCH_REASON_WAITQUEUE:
        fprintf(f, "a guest's vCPU was waiting inside the hypervisor");
        break;
    case LIBXL_LIVEPATCH_REASON_IN_FLIGHT:
        fprintf(f, "another action was running in the hypervisor");
        break;
    case LIBXL_LIVEPATCH_REASON_EXPECTATION:
        fprintf(f, "the code in memory is not what it expects");
        break;
    case LIBXL_LIVEPATCH_REASON_NOT_ON_TOP:
        fprintf(f, "another payload is applied above it");
        break;
    case LIBXL_LIVEPATCH_REASON_NOT_REAPPLICABLE:
        fprintf(f, "it was reverted, and has data that are no longer new");
        break;
    case LIBXL_LIVEPATCH_REASON_HOOK:
        fprintf(f, "one of its hooks refused");
        break;
    default:
        fprintf(f, "%s", a->rc ? strerror(abs(a->rc))
                : libxl_livepatch_reason_to_string(a->reason));
        break;
    }
}

static void print_paused(FILE *f, const libxl_livepatch_attempt *a)
{
    const libxl_livepatch_pause *p;
    int i;

    for (i = 0; i < a->num_paused; i++) {
        p = &a->paused[i];
        fprintf(f, "    domain %"PRIu32, (uint32_t)p->domid);
        if (p->name)
            fprintf(f, " (%s)", p->name);
        print_duration(f, " was paused for ", p->paused_us, "\n");
    }
}

static void print_attempt(FILE *f, const libxl_livepatch_attempt *a)
{
    const char *action, *past;

    action_words(a->operation, &action, &past);
    if (a->rollback)
        fprintf(f, "Undoing: ");
    if (a->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE) {
        fprintf(f, "%s %s", past, a->payload);
        print_duration(f, " in ", a->duration_us, "");
    } else {
        fprintf(f, "Could not %s %s: ", action, a->payload);
        print_attempt_reason(f, a);
    }
    if (a->stalled_us)
        print_duration(f, " (host stood still ", a->stalled_us,
                       " at most)");
    fprintf(f, ".\n");
    livepatch_print_obstacles(f, a->stragglers, a->num_stragglers,
                              a->waiting, a->num_waiting);
    print_paused(f, a);
}

/* Whether the attempt was one at what the command is about. */
static bool is_forward(const libxl_livepatch_attempt *a)
{
    return !a->rollback &&
           a->operation != LIBXL_LIVEPATCH_OPERATION_UNLOAD;
}

static void print_total(FILE *f, const libxl_livepatch_result *result)
{
    int i, num = 0;

    for (i = 0; i < result->num_attempts; i++)
        num += is_forward(&result->attempts[i]);
    if (num < 2) return;

    fprintf(f, "In all: %d attempts", num);
    print_duration(f, " in ", result->duration_us, "");
    print_duration(f, ", host stood still ", result->stalled_us,
                   " at most");
    if (result->paused_us)
        print_duration(f, ", guests paused up to ", result->paused_us, "");
    fprintf(f, ".\n");
}

static void print_action(FILE *f, const libxl_livepatch_result *result)
{
    const libxl_livepatch_attempt *a;
    int i;

    if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED)
        for (i = 0; i < result->num_judgements; i++)
            livepatch_print_judgement(f, &result->judgements[i]);
    for (i = 0; i < result->num_attempts; i++) {
        a = &result->attempts[i];
        /* What was undone well is told in one line. */
        if (!a->rollback || a->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE)
            print_attempt(f, a);
    }
    print_note(f, "Undone", result->undone);
    if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE)
        print_note(f, "Displaced", result->displaced);
    else if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED)
        print_note(f, "To be displaced", result->displaced);
    print_total(f, result);
    if (succeeded(result) && !result->num_attempts && result->message)
        fprintf(f, "%s.\n", result->message);
}

/*----- the other verbs -----*/

static void print_answer(FILE *f, const livepatch_command *cmd)
{
    const libxl_livepatch_result *result = &cmd->result;
    int i;

    switch (cmd->verb->id) {
    case LIVEPATCH_CHECK:
        for (i = 0; i < result->num_judgements; i++)
            livepatch_print_judgement(f, &result->judgements[i]);
        break;
    case LIVEPATCH_LIST:
        if (cmd->fixes)
            livepatch_print_fix(f, cmd);
        else
            livepatch_print_list(f, result);
        break;
    case LIVEPATCH_SHOW:
        for (i = 0; i < result->num_payloads; i++)
            livepatch_print_payload(f, &result->payloads[i]);
        for (i = 0; i < result->num_reports; i++)
            livepatch_print_report(f, &result->reports[i]);
        break;
    }
}

/*----- what went wrong -----*/

/* Whether one line says it all: nothing has been begun. */
static bool is_simple_refusal(const libxl_livepatch_result *result)
{
    return result->reason == LIBXL_LIVEPATCH_REASON_USAGE ||
           result->reason == LIBXL_LIVEPATCH_REASON_NO_XEN ||
           result->reason == LIBXL_LIVEPATCH_REASON_NOT_PERMITTED;
}

static void print_error(const livepatch_command *cmd)
{
    const libxl_livepatch_result *result = &cmd->result;
    int i;

    fprintf(stderr, "xl livepatch%s%s: %s.", cmd->verb ? " " : "",
            cmd->verb ? cmd->verb->name : "",
            result->message ? result->message : "failed");
    if (result->advice)
        fprintf(stderr, "%s%s", is_simple_refusal(result) ? " " : "\n    ",
                result->advice);
    fprintf(stderr, "\n");
    if (!libxl_string_list_length(&result->xen_messages)) return;

    fprintf(stderr, "Xen said:\n");
    for (i = 0; result->xen_messages[i]; i++)
        fprintf(stderr, "    %s\n", result->xen_messages[i]);
}

static void print_warnings(const livepatch_command *cmd)
{
    int i;

    for (i = 0; cmd->result.warnings && cmd->result.warnings[i]; i++)
        fprintf(stderr, "xl livepatch %s: warning: %s.\n", cmd->verb->name,
                cmd->result.warnings[i]);
}

/*----- everything -----*/

static void print_text(const livepatch_command *cmd)
{
    const libxl_livepatch_result *result = &cmd->result;
    bool ok = succeeded(result);
    bool action = cmd->verb && cmd->verb->id & LIVEPATCH_ACTIONS;
    FILE *f = cmd->json || (action && !ok) ? stderr : stdout;
    /* A verdict on files is worth reading whatever it is. */
    bool answer = ok || result->num_judgements;

    print_warnings(cmd);
    if (action)
        print_action(f, result);
    else if (answer && !cmd->json)
        print_answer(f, cmd);
    if (!ok)
        print_error(cmd);
}

static void print_json(const livepatch_command *cmd)
{
    char *json;

    json = libxl_livepatch_result_to_json(ctx,
                             (libxl_livepatch_result *)&cmd->result);
    if (!json) {
        fprintf(stderr, "xl livepatch: out of memory\n");
        return;
    }
    fputs(json, stdout);
    free(json);
}

bool livepatch_print(livepatch_command *cmd)
{
    if (cmd->json)
        print_json(cmd);
    print_text(cmd);
    if (!fflush(stdout) && !ferror(stdout)) return true;

    fprintf(stderr, "xl livepatch: cannot write standard output: %s\n",
            strerror(errno));
    return false;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
