/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The verbs of "xl livepatch".
 */

#define _GNU_SOURCE

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <xenlivepatch.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_livepatch_cmd.h"
#include "xl_utils.h"

/* The exit status of "xl livepatch", as xl-livepatch(1) documents it. */
enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_BUSY = 2,
    STATUS_STRANDED = 3,
};

static int start_apply(livepatch_command *cmd,
                       const libxl_asyncop_how *how,
                       const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_apply(ctx, cmd->files, cmd->num_files,
                                 &cmd->params, &cmd->answer.result, how,
                                 aop);
}

static int start_revert(livepatch_command *cmd,
                        const libxl_asyncop_how *how,
                        const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_revert(ctx, cmd->operands[0], &cmd->params,
                                  &cmd->answer.result, how, aop);
}

static int start_install(livepatch_command *cmd,
                         const libxl_asyncop_how *how,
                         const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_install(ctx, cmd->files, cmd->num_files,
                                   &cmd->params, &cmd->answer.result, how,
                                   aop);
}

static int start_uninstall(livepatch_command *cmd,
                           const libxl_asyncop_how *how,
                           const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_uninstall(ctx, cmd->operands[0],
                                     cmd->criteria.xen_build_id,
                                     &cmd->params, &cmd->answer.result,
                                     how, aop);
}

static int start_restore(livepatch_command *cmd,
                         const libxl_asyncop_how *how,
                         const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_restore(ctx, &cmd->params, &cmd->answer.result,
                                   how, aop);
}

static int start_prune(livepatch_command *cmd,
                       const libxl_asyncop_how *how,
                       const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_prune(ctx, &cmd->params, &cmd->answer.result,
                                 how);
}

static int start_unload(livepatch_command *cmd,
                        const libxl_asyncop_how *how,
                        const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_unload(ctx, cmd->operands[0], &cmd->params,
                                  &cmd->answer.result, how);
}

static int start_upload(livepatch_command *cmd,
                        const libxl_asyncop_how *how,
                        const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_upload(ctx, cmd->files, &cmd->params,
                                  &cmd->answer.result, how);
}

static int start_list(livepatch_command *cmd,
                      const libxl_asyncop_how *how,
                      const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_list(ctx, &cmd->answer.listing);
}

static int start_show(livepatch_command *cmd,
                      const libxl_asyncop_how *how,
                      const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_info(ctx, cmd->operands[0],
                                &cmd->answer.details);
}

static int start_status(livepatch_command *cmd,
                        const libxl_asyncop_how *how,
                        const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_status(ctx, &cmd->params,
                                  &cmd->answer.condition);
}

static int start_blockers(livepatch_command *cmd,
                          const libxl_asyncop_how *how,
                          const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_blockers(ctx, &cmd->params,
                                    &cmd->answer.obstacles, how);
}

static int start_check(livepatch_command *cmd,
                       const libxl_asyncop_how *how,
                       const libxl_asyncprogress_how *aop)
{
    return libxl_livepatch_check(cmd->files, cmd->num_files,
                                 &cmd->criteria, &cmd->answer.verdict);
}

static int start_log(livepatch_command *cmd, const libxl_asyncop_how *how,
                     const libxl_asyncprogress_how *aop)
{
    livepatch_show_journal(cmd);
    return ERROR_FAIL;
}

static const livepatch_verb verbs[] = {
    { LIVEPATCH_APPLY, "apply", "FILE...", 1, INT_MAX,
      LIBXL_LIVEPATCH_OPERATION_APPLY, LIVEPATCH_RESULT, false,
      start_apply,
      "Upload, check and apply payloads as one transaction: if one of\n"
      "them can't be applied, none is, and the host is as it was before.\n"
      "Several files are put in the order in which they depend on each\n"
      "other.  A payload that is applied already is left alone.\n" },
    { LIVEPATCH_REPLACE, "replace", "FILE...", 1, INT_MAX,
      LIBXL_LIVEPATCH_OPERATION_REPLACE, LIVEPATCH_RESULT, false,
      start_apply,
      "Apply the first payload in place of all that are applied, as one\n"
      "action of the hypervisor, and the others on top of it.  What was\n"
      "displaced is unloaded.  The same as apply --replace.\n" },
    { LIVEPATCH_REVERT, "revert", "NAME", 1, 1,
      LIBXL_LIVEPATCH_OPERATION_REVERT, LIVEPATCH_RESULT, false,
      start_revert,
      "Take the patches of the payload NAME, which must be the one that\n"
      "was applied last, out of the hypervisor.  It stays loaded.\n" },
    { LIVEPATCH_UNLOAD, "unload", "NAME", 1, 1,
      LIBXL_LIVEPATCH_OPERATION_UNLOAD, LIVEPATCH_RESULT, false,
      start_unload,
      "Remove the payload NAME, which must not be applied, from the\n"
      "hypervisor.\n" },
    { LIVEPATCH_INSTALL, "install", "FILE...", 1, INT_MAX,
      LIBXL_LIVEPATCH_OPERATION_INSTALL, LIVEPATCH_RESULT, false,
      start_install,
      "Apply payloads as the verb apply does, and have them applied\n"
      "after every boot.  Those for a Xen that isn't running are only\n"
      "put where boot finds them.  If they can't be applied they aren't\n"
      "installed.\n" },
    { LIVEPATCH_UNINSTALL, "uninstall", "NAME", 1, 1,
      LIBXL_LIVEPATCH_OPERATION_UNINSTALL, LIVEPATCH_RESULT, false,
      start_uninstall,
      "Revert and unload the payload NAME, which is installed, and have\n"
      "it applied at boot no longer.  A vendor's file is hidden.\n" },
    { LIVEPATCH_RESTORE, "restore", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_RESTORE, LIVEPATCH_RESULT, false,
      start_restore,
      "Apply all that is installed for the running Xen, all or none.\n"
      "What is damaged, or was being applied when the host went down, is\n"
      "left out with what builds on it, and the exit status is 3.\n" },
    { LIVEPATCH_PRUNE, "prune", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_PRUNE, LIVEPATCH_RESULT, false,
      start_prune,
      "Remove what is installed for Xens that are gone: those that don't\n"
      "run and are not in /boot.  Vendors' payloads are left alone.\n" },
    { LIVEPATCH_LIST, "list", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_LIST, LIVEPATCH_LISTING, false,
      start_list,
      "List the payloads in the hypervisor, in the order of their\n"
      "upload.\n" },
    { LIVEPATCH_SHOW, "show", "NAME", 1, 1,
      LIBXL_LIVEPATCH_OPERATION_LIST, LIVEPATCH_DETAILS, false,
      start_show,
      "Tell all that is known of the payload NAME.\n" },
    { LIVEPATCH_STATUS, "status", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_STATUS, LIVEPATCH_CONDITION, false,
      start_status,
      "Tell what is not as it should be because a call was killed or\n"
      "could not put everything back.  The exit status is 0 if all is\n"
      "well, 2 if a call is at work, and 3 if the next call, or a\n"
      "person, has something to put right.\n" },
    { LIVEPATCH_BLOCKERS, "blockers", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_BLOCKERS, LIVEPATCH_OBSTACLES, false,
      start_blockers,
      "Tell which CPUs and guests would keep the host from coming to\n"
      "rest now, and change nothing.  A hypervisor that can't rehearse\n"
      "it doesn't tell; then the guests that are likely to be are named.\n"
      },
    { LIVEPATCH_CHECK, "check", "FILE...", 1, INT_MAX,
      LIBXL_LIVEPATCH_OPERATION_CHECK, LIVEPATCH_VERDICT, true,
      start_check,
      "Judge payload files without loading them.  They are compared with\n"
      "the running hypervisor if this is its control domain and you are\n"
      "root, or else with what --build-id or --xen-syms names.\n" },
    { LIVEPATCH_UPLOAD, "upload", "FILE", 1, 1,
      LIBXL_LIVEPATCH_OPERATION_UPLOAD, LIVEPATCH_RESULT, false,
      start_upload,
      "Upload and check a payload, and leave it loaded, not applied.\n" },
    { LIVEPATCH_LOG, "log", "", 0, 0,
      LIBXL_LIVEPATCH_OPERATION_UNKNOWN, LIVEPATCH_ONLY_HEAD, true,
      start_log,
      "Show who has changed the hypervisor, and how, as journalctl does\n"
      "with --identifier=xl-livepatch.\n" },
};

static const livepatch_verb *find_verb(const char *name)
{
    size_t i;

    for (i = 0; i < LIVEPATCH_NUM(verbs); i++)
        if (!strcmp(name, verbs[i].name))
            return &verbs[i];
    return NULL;
}

bool livepatch_refuse(livepatch_command *cmd,
                      libxl_livepatch_reason reason,
                      const char *advice, const char *fmt, ...)
{
    libxl_livepatch_head *result = &cmd->answer.head;
    char *message;
    va_list ap;

    if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_FAILED)
        return false;

    if (cmd->verb)
        result->operation = cmd->params.replace
            ? LIBXL_LIVEPATCH_OPERATION_REPLACE : cmd->verb->operation;
    result->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
    result->reason = reason;
    va_start(ap, fmt);
    xvasprintf(&message, fmt, ap);
    va_end(ap);
    free(result->message);
    /* What a user typed may be any bytes. */
    result->message = xenlivepatch_printable(message, SIZE_MAX, false);
    if (!result->message) {
        fprintf(stderr, "xl: out of memory\n");
        exit(EXIT_FAILURE);
    }
    free(message);
    free(result->advice);
    result->advice = advice ? xstrdup(advice) : NULL;
    return false;
}

static void command_init(livepatch_command *cmd,
                         const livepatch_verb *verb)
{
    memset(cmd, 0, sizeof(*cmd));
    cmd->verb = verb;
    libxl_livepatch_params_init(&cmd->params);
    libxl_livepatch_criteria_init(&cmd->criteria);
    cmd->params.dry_run = dryrun_only;
    cmd->params.replace = verb && verb->id == LIVEPATCH_REPLACE;
}

static void command_dispose(livepatch_command *cmd)
{
    int i;

    for (i = 0; i < cmd->num_files; i++)
        libxl_livepatch_file_dispose(&cmd->files[i]);
    free(cmd->files);
    free(cmd->excluded);
    libxl_string_list_dispose(&cmd->fixes);
    free(cmd->uncompared);
    libxl_livepatch_params_dispose(&cmd->params);
    libxl_livepatch_criteria_dispose(&cmd->criteria);
    livepatch_answer_dispose(cmd);
}

/* The operands as files, each with the --name if there is one. */
static void take_files(livepatch_command *cmd)
{
    int i;

    cmd->files = xcalloc(cmd->num_files, sizeof(*cmd->files));
    for (i = 0; i < cmd->num_files; i++) {
        libxl_livepatch_file_init(&cmd->files[i]);
        cmd->files[i].path = xstrdup(cmd->operands[i]);
        if (cmd->name)
            cmd->files[i].name = xstrdup(cmd->name);
    }
}

/* Judge against the running Xen if nothing else is given. */
static void compare_with_host(livepatch_command *cmd)
{
    const libxl_version_info *info = NULL;
    livepatch_command attempt;

    if (cmd->criteria.xen_build_id || cmd->criteria.xen_syms)
        return;

    command_init(&attempt, cmd->verb);
    if (livepatch_open_host(&attempt))
        info = libxl_get_version_info(ctx);
    if (info && info->build_id && *info->build_id)
        cmd->criteria.xen_build_id = xstrdup(info->build_id);
    else
        xasprintf(&cmd->uncompared,
                  "not compared with any hypervisor: %s; name one with "
                  "--build-id or --xen-syms",
                  attempt.answer.head.message
                      ?: "the one that runs has no build-id");
    command_dispose(&attempt);
}

void livepatch_add_string(libxl_string_list *list, const char *string)
{
    int num = libxl_string_list_length(list);

    *list = xrealloc(*list, (num + 2) * sizeof(**list));
    (*list)[num] = xstrdup(string);
    (*list)[num + 1] = NULL;
}

static bool prepare(livepatch_command *cmd, int argc, char **argv)
{
    bool ok;

    ok = livepatch_parse_options(cmd, argc, argv);
    if (!ok || cmd->help) return ok;

    take_files(cmd);
    if (!livepatch_find_keys(cmd)) return false;

    if (cmd->verb->id == LIVEPATCH_CHECK)
        compare_with_host(cmd);
    if (cmd->verb->without_host)
        return true;
    ok = livepatch_open_host(cmd);
    if (!ok) return false;

    return livepatch_find_domains(cmd);
}

static int outcome_status(const livepatch_command *cmd, bool printed)
{
    switch (cmd->answer.head.outcome) {
    case LIBXL_LIVEPATCH_OUTCOME_DONE:
    case LIBXL_LIVEPATCH_OUTCOME_ALREADY:
    case LIBXL_LIVEPATCH_OUTCOME_PLANNED:
        /* An action is done even if nobody could be told. */
        if (!printed && !(cmd->verb->id & LIVEPATCH_ACTIONS))
            return STATUS_FAILED;
        return STATUS_DONE;
    case LIBXL_LIVEPATCH_OUTCOME_FAILED:
        return STATUS_FAILED;
    case LIBXL_LIVEPATCH_OUTCOME_BUSY:
        return STATUS_BUSY;
    default:
        return STATUS_STRANDED;
    }
}

/* That it could not be found out must not look like "not fixed". */
static int fix_status(const livepatch_command *cmd, int status)
{
    const libxl_livepatch_payload *fix;
    char **id;

    if (cmd->answer.head.reason == LIBXL_LIVEPATCH_REASON_USAGE)
        return STATUS_FAILED;
    if (status != STATUS_DONE)
        return STATUS_STRANDED;

    for (id = cmd->fixes; *id; id++) {
        fix = livepatch_find_fix(cmd, *id);
        if (!fix || fix->state != LIBXL_LIVEPATCH_STATE_APPLIED)
            return STATUS_FAILED;
    }
    return STATUS_DONE;
}

static int exit_status(const livepatch_command *cmd, bool printed)
{
    int status = outcome_status(cmd, printed);

    return cmd->fixes ? fix_status(cmd, status) : status;
}

static int run_verb(const livepatch_verb *verb, int argc, char **argv)
{
    livepatch_command cmd;
    bool printed = true;
    int status;

    command_init(&cmd, verb);
    if (prepare(&cmd, argc, argv) && !cmd.help) {
        livepatch_run(&cmd);
        livepatch_write_journal(&cmd);
    }
    if (cmd.uncompared)
        livepatch_add_string(&cmd.answer.head.warnings, cmd.uncompared);
    if (cmd.help) {
        livepatch_print_verb_help(verb);
        status = STATUS_DONE;
    } else {
        printed = livepatch_print(&cmd);
        status = exit_status(&cmd, printed);
    }
    command_dispose(&cmd);
    return status;
}

static int unknown_verb(const char *name, char **argv)
{
    livepatch_command cmd;
    char *known = NULL;
    size_t i;

    for (i = 0; i < LIVEPATCH_NUM(verbs); i++) {
        string_realloc_append(&known, verbs[i].name);
        string_realloc_append(&known, ", ");
    }
    string_realloc_append(&known, "help");

    command_init(&cmd, NULL);
    cmd.json = livepatch_wants_json(argv);
    livepatch_refuse(&cmd, LIBXL_LIVEPATCH_REASON_USAGE,
                     "Try 'xl livepatch help'.",
                     "there is no verb '%s', only: %s", name, known);
    livepatch_print(&cmd);
    command_dispose(&cmd);
    free(known);
    return STATUS_FAILED;
}

static void print_help(FILE *f)
{
    fprintf(f, "Usage: xl livepatch %s\n\n%s.\n\n%s",
            XL_LIVEPATCH_USAGE, XL_LIVEPATCH_DESC, XL_LIVEPATCH_OPTIONS);
}

static int main_help(int argc, char **argv)
{
    const livepatch_verb *verb;

    if (argc < 2 || !strcmp(argv[1], "help")) {
        print_help(stdout);
        return STATUS_DONE;
    }
    verb = find_verb(argv[1]);
    if (!verb)
        return unknown_verb(argv[1], argv);

    livepatch_print_verb_help(verb);
    return STATUS_DONE;
}

int main_livepatch(int argc, char **argv)
{
    const livepatch_verb *verb;

    if (argc < 2) {
        print_help(stderr);
        return STATUS_FAILED;
    }
    argc--;
    argv++;
    if (!strcmp(argv[0], "help") || !strcmp(argv[0], "--help") ||
        !strcmp(argv[0], "-h"))
        return main_help(argc, argv);

    verb = find_verb(argv[0]);
    if (!verb)
        return unknown_verb(argv[0], argv);

    return run_verb(verb, argc, argv);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
