/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of "xl livepatch" share.
 *
 *   xl_livepatch.c          the verbs
 *   xl_livepatch_options.c  the options of all verbs, and help about them
 *   xl_livepatch_keys.c     whose signatures are demanded
 *   xl_livepatch_host.c     access to the hypervisor and its domains
 *   xl_livepatch_wait.c     an operation that signals can stop
 *   xl_livepatch_answer.c   results of every type, handled alike
 *   xl_livepatch_print.c    results as text for people, or as JSON
 *   xl_livepatch_describe.c payloads and payload files as text
 *   xl_livepatch_condition.c  what is not as it should be, as text
 *   xl_livepatch_journal.c  who has changed the hypervisor, and how
 */

#ifndef XL_LIVEPATCH_H
#define XL_LIVEPATCH_H

#include <stdbool.h>
#include <stdio.h>

#include <libxl.h>

/* How many elements an array has.  Xen's own macro for it is in different
 * headers in different releases. */
#define LIVEPATCH_NUM(array) (sizeof(array) / sizeof(*(array)))

typedef struct livepatch_command livepatch_command;

/* Each bit is a verb, in an option's set of verbs. */
enum {
    LIVEPATCH_APPLY   = 1 << 0,
    LIVEPATCH_REPLACE = 1 << 1,
    LIVEPATCH_REVERT  = 1 << 2,
    LIVEPATCH_UNLOAD  = 1 << 3,
    LIVEPATCH_LIST    = 1 << 4,
    LIVEPATCH_SHOW    = 1 << 5,
    LIVEPATCH_CHECK   = 1 << 6,
    LIVEPATCH_UPLOAD  = 1 << 7,
    LIVEPATCH_STATUS  = 1 << 8,
    LIVEPATCH_BLOCKERS = 1 << 9,
    LIVEPATCH_INSTALL = 1 << 10,
    LIVEPATCH_UNINSTALL = 1 << 11,
    LIVEPATCH_RESTORE = 1 << 12,
    LIVEPATCH_LOG     = 1 << 13,
    LIVEPATCH_PRUNE   = 1 << 14,
};

/* What libxl does in the event loop. */
#define LIVEPATCH_WAITS (LIVEPATCH_ACTIONS | LIVEPATCH_BLOCKERS)

/* What changes the host, for a set of verbs. */
#define LIVEPATCH_ACTIONS                                       \
    (LIVEPATCH_APPLY | LIVEPATCH_REPLACE | LIVEPATCH_REVERT |   \
     LIVEPATCH_UNLOAD | LIVEPATCH_UPLOAD | LIVEPATCH_LASTING |  \
     LIVEPATCH_PRUNE)

/* What is about what is there after a boot. */
#define LIVEPATCH_LASTING                                       \
    (LIVEPATCH_INSTALL | LIVEPATCH_UNINSTALL | LIVEPATCH_RESTORE)

/* What a verb's call fills in. */
typedef enum {
    LIVEPATCH_ONLY_HEAD,        /* there was no call */
    LIVEPATCH_RESULT,
    LIVEPATCH_LISTING,
    LIVEPATCH_DETAILS,
    LIVEPATCH_VERDICT,
    LIVEPATCH_CONDITION,
    LIVEPATCH_OBSTACLES,
} livepatch_answer_kind;

/* All of these begin with what is in the head. */
typedef union {
    libxl_livepatch_head head;
    libxl_livepatch_result result;
    libxl_livepatch_listing listing;
    libxl_livepatch_details details;
    libxl_livepatch_verdict verdict;
    libxl_livepatch_condition condition;
    libxl_livepatch_obstacles obstacles;
} livepatch_answer;

typedef struct {
    unsigned int id;            /* LIVEPATCH_APPLY, ... */
    const char *name;
    const char *operands;       /* as the usage line has them */
    int min_operands, max_operands;
    libxl_livepatch_operation operation;
    livepatch_answer_kind kind;
    bool without_host;          /* gets along without Xen */
    /* starts the library's call, which fills in cmd->answer */
    int (*start)(livepatch_command *cmd, const libxl_asyncop_how *how,
                 const libxl_asyncprogress_how *aop);
    const char *help;
} livepatch_verb;

/* A command line, and what came of it. */
struct livepatch_command {
    const livepatch_verb *verb;
    bool json;
    bool help;
    char *uncompared;           /* why no hypervisor is compared with */
    const char *name;           /* --name */
    libxl_string_list fixes;    /* of all --fixes, or NULL */
    const char *listed;         /* domains of --pause */
    char *excluded;             /* domains of all --exclude */
    char **operands;
    libxl_livepatch_file *files;
    int num_files;
    libxl_livepatch_params params;
    libxl_livepatch_criteria criteria;
    livepatch_answer answer;
    int num_told;               /* attempts that were told as they ended */
};

/*
 * Make cmd->answer a failure, and return false.  The message is one clause
 * that names what is wrong, where and why.  Of several the first counts.
 */
bool livepatch_refuse(livepatch_command *cmd,
                      libxl_livepatch_reason reason,
                      const char *advice, const char *fmt, ...)
                      __attribute__((format(printf, 4, 5)));

/* Append a copy. */
void livepatch_add_string(libxl_string_list *list, const char *string);

/*----- xl_livepatch_keys.c -----*/

/*
 * Who may have signed what this host takes: public keys in PEM format, in
 * files *.pem.  Where that folder exists nothing else is taken by xl.
 */
#define LIVEPATCH_KEYS XEN_CONFIG_DIR "/livepatch-keys"

/* What the verb has to demand; false with a refusal. */
bool livepatch_find_keys(livepatch_command *cmd);

/*----- xl_livepatch_options.c -----*/

/* Fill in cmd from the verb's argv; false with a refusal. */
bool livepatch_parse_options(livepatch_command *cmd,
                             int argc, char **argv);

/* Whether one of the arguments asks for JSON, where no verb is known. */
bool livepatch_wants_json(char **argv);

void livepatch_print_verb_help(const livepatch_verb *verb);

/*----- xl_livepatch_host.c -----*/

/* Allocate xl's context; false with a refusal that says what is amiss. */
bool livepatch_open_host(livepatch_command *cmd);

/* Look up the domains of --pause and --exclude; false with a refusal. */
bool livepatch_find_domains(livepatch_command *cmd);

/*----- xl_livepatch_wait.c -----*/

/*
 * Run the verb's call to its end.  SIGINT, SIGTERM and SIGHUP abort it,
 * and its end is waited for nevertheless.  What came of it is cmd->answer.
 */
void livepatch_run(livepatch_command *cmd);

/*----- xl_livepatch_print.c -----*/

/* Print cmd->answer; false if standard output could not be written. */
bool livepatch_print(livepatch_command *cmd);

/* In the unit that makes it readable, between two texts. */
void livepatch_print_duration(FILE *f, const char *before, uint64_t us,
                              const char *after);

/* What an event tells of an attempt, at once, unless it is for JSON. */
void livepatch_tell_attempt(livepatch_command *cmd,
                            const libxl_livepatch_attempt *a);

/*----- xl_livepatch_answer.c -----*/

/* As the functions of the same names that libxl has for each type. */
char *livepatch_answer_to_json(livepatch_command *cmd);
void livepatch_answer_dispose(livepatch_command *cmd);

/*----- xl_livepatch_describe.c -----*/

/* With commas between. */
void livepatch_print_strings(FILE *f, const libxl_string_list list);

void livepatch_print_judgement(FILE *f,
                               const libxl_livepatch_judgement *j);
void livepatch_print_list(FILE *f, const libxl_livepatch_listing *listing);
void livepatch_print_payload(FILE *f, const libxl_livepatch_payload *p);

/* What the hypervisor reports of a payload beyond that. */
void livepatch_print_report(FILE *f, const libxl_livepatch_report *r);

/* Its number, and its name if that is known. */
void livepatch_print_domain(FILE *f, const char *before,
                            libxl_domid domid, const char *name);

/* What was in the way of an action, a line each. */
void livepatch_print_obstacles(FILE *f,
                               const libxl_livepatch_straggler *late,
                               int num_late,
                               const libxl_livepatch_waiting *waiting,
                               int num_waiting);

/* The answer to --fixes. */
void livepatch_print_fixes(FILE *f, const livepatch_command *cmd);

/*
 * The payload that is applied and declares that it fixes id; if there is
 * none, one that is only loaded; or NULL.
 */
const libxl_livepatch_payload *
livepatch_find_fix(const livepatch_command *cmd, const char *id);

/*----- xl_livepatch_journal.c -----*/

/* Of a command that has run, if it was one that changes something. */
void livepatch_write_journal(livepatch_command *cmd);

/* Become journalctl; if it can't be run the command fails. */
void livepatch_show_journal(livepatch_command *cmd);

/*----- xl_livepatch_condition.c -----*/

void livepatch_print_condition(FILE *f,
                               const libxl_livepatch_condition *c);

void livepatch_print_blockers(FILE *f, const libxl_livepatch_obstacles *o);

#endif /* XL_LIVEPATCH_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
