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

typedef struct {
    char text[24];
} duration;

static duration duration_text(uint64_t us)
{
    duration d;

    if (us < 1000)
        snprintf(d.text, sizeof(d.text), "%"PRIu64" us", us);
    else if (us < 10000)
        snprintf(d.text, sizeof(d.text), "%.1f ms", us / 1e3);
    else if (us < 1000000)
        snprintf(d.text, sizeof(d.text), "%"PRIu64" ms", us / 1000);
    else
        snprintf(d.text, sizeof(d.text), "%.1f s", us / 1e6);
    return d;
}

static void print_note(FILE *f, const char *label,
                       const libxl_string_list list)
{
    if (!libxl_string_list_length(&list)) return;

    fprintf(f, "%s: ", label);
    livepatch_print_strings(f, list);
    fprintf(f, ".\n");
}

/* Infinitive and past of what an action does. */
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

static void print_attempt_reason(FILE *f, const libxl_livepatch_attempt *a)
{
    switch (a->reason) {
    case LIBXL_LIVEPATCH_REASON_QUIESCE:
        fprintf(f, "some CPU did not arrive within %s",
                duration_text(a->timeout_us).text);
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
        fprintf(f, "    domain %"PRIu32"%s%s%s was paused for %s\n",
                (uint32_t)p->domid, p->name ? " (" : "",
                p->name ? p->name : "", p->name ? ")" : "",
                duration_text(p->paused_us).text);
    }
}

static void print_attempt(FILE *f, const libxl_livepatch_attempt *a)
{
    const char *action, *past;

    action_words(a->operation, &action, &past);
    if (a->rollback)
        fprintf(f, "Undoing: ");
    if (a->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE) {
        fprintf(f, "%s %s in %s", past, a->payload,
                duration_text(a->duration_us).text);
    } else {
        fprintf(f, "Could not %s %s: ", action, a->payload);
        print_attempt_reason(f, a);
    }
    if (a->stalled_us)
        fprintf(f, " (host stood still %s)",
                duration_text(a->stalled_us).text);
    fprintf(f, ".\n");
    print_paused(f, a);
}

/* What is worth reading of the files: a plan, or why they are refused. */
static void print_judgements(FILE *f, const libxl_livepatch_result *result)
{
    bool planned = result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED;
    int i;

    for (i = 0; i < result->num_judgements; i++)
        if (planned || !result->judgements[i].acceptable)
            livepatch_print_judgement(f, &result->judgements[i]);
}

static void print_action(FILE *f, const libxl_livepatch_result *result)
{
    int i;

    print_judgements(f, result);
    for (i = 0; i < result->num_attempts; i++)
        print_attempt(f, &result->attempts[i]);
    print_note(f, "Displaced and unloaded", result->displaced);
    print_note(f, "Undone", result->undone);
    if (result->num_attempts > 1) {
        fprintf(f, "In all: %d attempts in %s, host stood still %s",
                result->num_attempts,
                duration_text(result->duration_us).text,
                duration_text(result->stalled_us).text);
        if (result->paused_us)
            fprintf(f, ", guests paused up to %s",
                    duration_text(result->paused_us).text);
        fprintf(f, ".\n");
    }
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
        fprintf(stderr, "%s%s", is_simple_refusal(result) ? " " : "\n",
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
