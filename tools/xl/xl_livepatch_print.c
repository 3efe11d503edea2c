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

void livepatch_print_duration(FILE *f, const char *before, uint64_t us,
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

static bool succeeded(const libxl_livepatch_head *head)
{
    return head->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE ||
           head->outcome == LIBXL_LIVEPATCH_OUTCOME_ALREADY ||
           head->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED;
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
        livepatch_print_duration(f, "some CPU did not arrive within ",
                                 a->timeout_us, "");
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
        livepatch_print_domain(f, "    ", p->domid, p->name);
        livepatch_print_duration(f, " was paused for ", p->paused_us,
                                 "\n");
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
        livepatch_print_duration(f, " in ", a->duration_us, "");
    } else {
        fprintf(f, "Could not %s %s: ", action, a->payload);
        print_attempt_reason(f, a);
    }
    if (a->stalled_us)
        livepatch_print_duration(f, " (host stood still ", a->stalled_us,
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
    livepatch_print_duration(f, " in ", result->duration_us, "");
    livepatch_print_duration(f, ", host stood still ", result->stalled_us,
                             " at most");
    if (result->paused_us)
        livepatch_print_duration(f, ", guests paused up to ",
                                 result->paused_us, "");
    fprintf(f, ".\n");
}

/* What was undone well is told in one line for all. */
static bool is_told(const libxl_livepatch_attempt *a)
{
    return !a->rollback || a->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE;
}

void livepatch_tell_attempt(livepatch_command *cmd,
                            const libxl_livepatch_attempt *a)
{
    if (cmd->json) return;

    if (a->wait_us) {
        livepatch_print_duration(stdout, "Trying again in ", a->wait_us,
                                 ".\n");
    } else {
        cmd->num_told++;
        if (is_told(a))
            print_attempt(stdout, a);
    }
    fflush(stdout);
}

/* What speaks against it is shown all the more. */
static bool is_forced(const livepatch_command *cmd,
                      const libxl_livepatch_judgement *j)
{
    return cmd->params.force && j->num_findings;
}

static void print_action(FILE *f, const livepatch_command *cmd)
{
    const libxl_livepatch_result *result = &cmd->answer.result;
    int i;

    for (i = 0; i < result->num_judgements; i++)
        if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED ||
            is_forced(cmd, &result->judgements[i]))
            livepatch_print_judgement(f, &result->judgements[i]);
    for (i = cmd->num_told; i < result->num_attempts; i++)
        if (is_told(&result->attempts[i]))
            print_attempt(f, &result->attempts[i]);
    print_note(f, "Undone", result->undone);
    if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE)
        print_note(f, "Displaced", result->displaced);
    else if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED)
        print_note(f, "To be displaced", result->displaced);
    print_note(f, result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED
                      ? "To be removed" : "Removed", result->pruned);
    print_total(f, result);
    if (succeeded(&cmd->answer.head) && result->message &&
        (!result->num_attempts || cmd->verb->id & LIVEPATCH_LASTING))
        fprintf(f, "%s.\n", result->message);
}

/*----- the other verbs -----*/

static void print_answer(FILE *f, const livepatch_command *cmd)
{
    const livepatch_answer *a = &cmd->answer;
    int i;

    switch (cmd->verb->id) {
    case LIVEPATCH_CHECK:
        for (i = 0; i < a->verdict.num_judgements; i++)
            livepatch_print_judgement(f, &a->verdict.judgements[i]);
        break;
    case LIVEPATCH_LIST:
        if (cmd->fixes)
            livepatch_print_fixes(f, cmd);
        else
            livepatch_print_list(f, &a->listing);
        break;
    case LIVEPATCH_STATUS:
        livepatch_print_condition(f, &a->condition);
        break;
    case LIVEPATCH_BLOCKERS:
        livepatch_print_blockers(f, &a->obstacles);
        break;
    case LIVEPATCH_SHOW:
        for (i = 0; i < a->details.num_payloads; i++)
            livepatch_print_payload(f, &a->details.payloads[i]);
        for (i = 0; i < a->details.num_reports; i++)
            livepatch_print_report(f, &a->details.reports[i]);
        break;
    }
}

/*----- what went wrong -----*/

/* Whether one line says it all: nothing has been begun. */
static bool is_simple_refusal(const libxl_livepatch_head *head)
{
    return head->reason == LIBXL_LIVEPATCH_REASON_USAGE ||
           head->reason == LIBXL_LIVEPATCH_REASON_NO_XEN ||
           head->reason == LIBXL_LIVEPATCH_REASON_NOT_PERMITTED;
}

static void print_error(const livepatch_command *cmd)
{
    const libxl_livepatch_head *head = &cmd->answer.head;

    fprintf(stderr, "xl livepatch%s%s: %s.", cmd->verb ? " " : "",
            cmd->verb ? cmd->verb->name : "",
            head->message ? head->message : "failed");
    if (head->advice)
        fprintf(stderr, "%s%s", is_simple_refusal(head) ? " " : "\n    ",
                head->advice);
    fprintf(stderr, "\n");
}

static void print_xen_messages(const libxl_livepatch_result *result)
{
    int i;

    if (!libxl_string_list_length(&result->xen_messages)) return;

    fprintf(stderr, "Xen said:\n");
    for (i = 0; result->xen_messages[i]; i++)
        fprintf(stderr, "    %s\n", result->xen_messages[i]);
}

static void print_warnings(const livepatch_command *cmd)
{
    const libxl_livepatch_head *head = &cmd->answer.head;
    int i;

    for (i = 0; head->warnings && head->warnings[i]; i++)
        fprintf(stderr, "xl livepatch %s: warning: %s.\n", cmd->verb->name,
                head->warnings[i]);
}

/*----- everything -----*/

/* What is worth reading although the outcome is no success. */
static bool is_answer(const livepatch_command *cmd)
{
    if (!cmd->verb) return false;
    /* That something is amiss, or in the way, is just what was asked. */
    if (cmd->verb->id == LIVEPATCH_STATUS)
        return cmd->answer.head.outcome != LIBXL_LIVEPATCH_OUTCOME_FAILED;
    if (cmd->verb->id == LIVEPATCH_BLOCKERS)
        return cmd->answer.obstacles.num_stragglers ||
               cmd->answer.obstacles.num_waiting;
    return cmd->verb->id == LIVEPATCH_CHECK &&
           cmd->answer.verdict.num_judgements;
}

static void print_text(const livepatch_command *cmd)
{
    const bool ok = succeeded(&cmd->answer.head);
    const bool action = cmd->verb && cmd->verb->id & LIVEPATCH_ACTIONS;
    const bool answer = ok || is_answer(cmd);

    print_warnings(cmd);
    if (action)
        print_action(cmd->json || !ok ? stderr : stdout, cmd);
    else if (answer && !cmd->json)
        print_answer(stdout, cmd);
    if (!ok && (!answer || cmd->verb->id == LIVEPATCH_CHECK))
        print_error(cmd);
    if (!ok && action)
        print_xen_messages(&cmd->answer.result);
}

static void print_json(livepatch_command *cmd)
{
    char *json = livepatch_answer_to_json(cmd);

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
