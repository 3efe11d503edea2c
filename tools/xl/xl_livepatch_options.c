/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The options of all verbs of "xl livepatch" in one table, from which they
 * are parsed and from which their help is printed.
 */

#define _GNU_SOURCE

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

/* Advice is the same for all of these, and added in the end. */
#define usage_error(cmd, ...) \
    livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_USAGE, NULL, __VA_ARGS__)

#define RETRIES_MAX      100
/* Nobody pauses guests, or waits for a lock, for longer than an hour. */
#define HOUR_US          3600000000ULL
/* And nobody's patience goes beyond a day. */
#define DAY_US           (24 * HOUR_US)

/* What getopt_long returns for a long option: its place in the table. */
#define LONG_OPTION(i) (256 + (i))

typedef struct {
    const char *name;
    char letter;                /* or 0 */
    const char *arg;            /* what the help calls the argument */
    unsigned int verbs;         /* that have this option */
    /* arg has been given; false with a refusal */
    bool (*set)(livepatch_command *cmd, const char *arg);
    const char *help;
} livepatch_option;

/*----- values -----*/

/*
 * A number with at most the fraction that makes whole microseconds, and a
 * unit; without one it counts milliseconds.
 */
static bool parse_duration(const char *arg, uint64_t *us_r)
{
    static const struct {
        const char *suffix;
        unsigned int us;
    } units[] = {
        { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "", 1000 },
        { "m", 60000000 }, { "h", 3600000000U },
    };
    const char *fraction = "";
    unsigned long long whole;
    unsigned int us;
    char *end;
    size_t i;

    if (!isdigit((unsigned char)arg[0])) return false;
    errno = 0;
    whole = strtoull(arg, &end, 10);
    if (errno || whole > UINT32_MAX) return false;
    if (*end == '.') {
        fraction = end + 1;
        if (!isdigit((unsigned char)*fraction)) return false;
        end = end + 1 + strspn(fraction, "0123456789");
    }
    for (i = 0; i < LIVEPATCH_NUM(units); i++)
        if (!strcmp(end, units[i].suffix)) break;
    if (i == LIVEPATCH_NUM(units)) return false;

    us = units[i].us;
    *us_r = whole * us;
    for (; isdigit((unsigned char)*fraction); fraction++) {
        if (us == 1 && *fraction != '0') return false;
        us = us == 1 ? 1 : us / 10;
        *us_r += (uint64_t)(*fraction - '0') * us;
    }
    return true;
}

static bool take_duration(livepatch_command *cmd, const char *option,
                          const char *arg, uint64_t min, uint64_t max,
                          const char *range, uint64_t *us_r)
{
    bool ok;

    ok = parse_duration(arg, us_r);
    if (!ok)
        return usage_error(cmd, "%s: '%s' is no duration such as 30ms, "
                           "0.5s or 10m", option, arg);
    if (*us_r < min || *us_r > max)
        return usage_error(cmd, "%s: %s is out of range, which is %s",
                           option, arg, range);
    return true;
}

/*----- what the options do -----*/

static bool set_name(livepatch_command *cmd, const char *arg)
{
    cmd->name = arg;
    return true;
}

/* Options without a value, called as what they set. */
#define FLAG(member)                                                    \
    static bool set_##member(livepatch_command *cmd, const char *arg)   \
    {                                                                   \
        cmd->params.member = true;                                      \
        return true;                                                    \
    }

FLAG(replace)
FLAG(nodeps)
FLAG(no_undo)
FLAG(lose_fixes)
FLAG(force)
FLAG(unload)
FLAG(boot_only)
FLAG(retry)
FLAG(until_settled)
FLAG(settled)
FLAG(dry_run)

#undef FLAG

static bool set_timeout(livepatch_command *cmd, const char *arg)
{
    uint64_t us;
    bool ok;

    ok = take_duration(cmd, "--timeout", arg, 1,
                       LIBXL_LIVEPATCH_TIMEOUT_US_MAX, "1us to 4s", &us);
    if (ok)
        cmd->params.timeout_us = us;
    return ok;
}

static bool set_retries(livepatch_command *cmd, const char *arg)
{
    unsigned long retries;
    char *end;

    errno = 0;
    retries = strtoul(arg, &end, 10);
    if (!isdigit((unsigned char)arg[0]) || *end || errno ||
        retries > RETRIES_MAX)
        return usage_error(cmd, "--retries: '%s' is no number from 0 to "
                           "%d", arg, RETRIES_MAX);
    cmd->params.retries = retries;
    return true;
}

static bool set_deadline(livepatch_command *cmd, const char *arg)
{
    return take_duration(cmd, "--deadline", arg, 1, DAY_US, "1us to 24h",
                         &cmd->params.deadline_us);
}

static bool set_pause(livepatch_command *cmd, const char *arg)
{
    libxl_livepatch_pause_mode mode;
    int rc;

    rc = libxl_livepatch_pause_mode_from_string(arg, &mode);
    if (rc || mode == LIBXL_LIVEPATCH_PAUSE_MODE_LISTED) {
        cmd->params.pause = LIBXL_LIVEPATCH_PAUSE_MODE_LISTED;
        cmd->listed = arg;
    } else {
        cmd->params.pause = mode;
        cmd->listed = NULL;
    }
    return true;
}

static bool set_exclude(livepatch_command *cmd, const char *arg)
{
    if (cmd->excluded)
        string_realloc_append(&cmd->excluded, ",");
    string_realloc_append(&cmd->excluded, arg);
    return true;
}

static bool set_max_pause(livepatch_command *cmd, const char *arg)
{
    return take_duration(cmd, "--max-pause", arg, 1000, HOUR_US,
                         "1ms to 1h", &cmd->params.max_pause_us);
}

static bool set_lock_wait(livepatch_command *cmd, const char *arg)
{
    return take_duration(cmd, "--lock-wait", arg, 0, HOUR_US, "0 to 1h",
                         &cmd->params.lock_wait_us);
}

static bool set_fixes(livepatch_command *cmd, const char *arg)
{
    if (!*arg)
        return usage_error(cmd, "--fixes: the identifier is empty");
    livepatch_add_string(&cmd->fixes, arg);
    return true;
}

static bool set_build_id(livepatch_command *cmd, const char *arg)
{
    char *id;

    if (!*arg || arg[strspn(arg, "0123456789abcdefABCDEF")] ||
        strlen(arg) % 2)
        return usage_error(cmd, "--build-id: '%s' is no build-id: these "
                           "are hexadecimal, as 'xl info' prints them",
                           arg);
    free(cmd->criteria.xen_build_id);
    cmd->criteria.xen_build_id = id = xstrdup(arg);
    for (; *id; id++)
        *id = tolower((unsigned char)*id);
    return true;
}

static bool set_xen_syms(livepatch_command *cmd, const char *arg)
{
    free(cmd->criteria.xen_syms);
    cmd->criteria.xen_syms = xstrdup(arg);
    return true;
}

static bool set_key(livepatch_command *cmd, const char *arg)
{
    livepatch_add_string(&cmd->criteria.keys, arg);
    return true;
}

static bool set_json(livepatch_command *cmd, const char *arg)
{
    cmd->json = true;
    return true;
}

static bool set_help(livepatch_command *cmd, const char *arg)
{
    cmd->help = true;
    return true;
}

/*----- the table -----*/

#define APPLIES  (LIVEPATCH_APPLY | LIVEPATCH_REPLACE)
#define REPLACES (APPLIES | LIVEPATCH_RESTORE | LIVEPATCH_INSTALL)
#define QUIESCES (APPLIES | LIVEPATCH_REVERT | LIVEPATCH_LASTING)
#define ALL      (~0U)

static const livepatch_option options[] = {
    { "name", 0, "NAME",
      APPLIES | LIVEPATCH_UPLOAD | LIVEPATCH_INSTALL, set_name,
      "Name of the payload in the hypervisor.  Default: the\n"
      "file's name without its folder and suffix.  With one\n"
      "FILE only." },
    { "replace", 0, NULL, REPLACES & ~LIVEPATCH_REPLACE, set_replace,
      "Apply the first payload in place of all that are\n"
      "applied, the others on top of it.  Install takes one\n"
      "FILE then, in place also of all that are installed." },
    { "nodeps", 0, NULL, APPLIES, set_nodeps,
      "Don't require that the payload was made for the\n"
      "payload that it is put upon." },
    { "no-undo", 0, NULL, REPLACES, set_no_undo,
      "Replace also where a displaced payload could not be\n"
      "put back if the new one failed." },
    { "lose-fixes", 0, NULL, REPLACES, set_lose_fixes,
      "Replace also where a fix that is in force is in none\n"
      "of the files, and so gets lost." },
    { "force", 0, NULL, APPLIES | LIVEPATCH_UPLOAD, set_force,
      "Hand also payloads to the hypervisor that are judged\n"
      "unfit, where some hypervisor would take them." },
    { "unload", 0, NULL, LIVEPATCH_REVERT, set_unload,
      "Unload the payload once it is reverted." },
    { "boot-only", 0, NULL, LIVEPATCH_INSTALL, set_boot_only,
      "Don't apply the payloads now." },
    { "retry", 0, NULL, LIVEPATCH_RESTORE, set_retry,
      "Apply also what was left out because the host went\n"
      "down after it had been applied at an earlier boot." },
    { "until-settled", 0, NULL, LIVEPATCH_RESTORE, set_until_settled,
      "For boot: should the host go down before --settled,\n"
      "leave out at the next boot what is applied now." },
    { "settled", 0, NULL, LIVEPATCH_RESTORE, set_settled,
      "Apply nothing, but remember that the host has run\n"
      "well since." },
    { "timeout", 0, "TIME", QUIESCES | LIVEPATCH_BLOCKERS, set_timeout,
      "How long the hypervisor waits for its CPUs in the\n"
      "first attempt.  Each further one doubles it, up to\n"
      "250ms or TIME if that is more.  CPUs that did arrive\n"
      "stand still for as long.  Default: 30ms, at most 4s." },
    { "retries", 0, "N", QUIESCES, set_retries,
      "Further attempts before guests are paused.\n"
      "Default: 2." },
    { "deadline", 0, "TIME", QUIESCES, set_deadline,
      "Go on trying until TIME has passed, such as 30m, with\n"
      "longer and longer waits; wait for the lock as long.\n"
      "Default: the attempts above are all." },
    { "pause", 0, "WHICH", QUIESCES, set_pause,
      "Guests that may be paused if the host doesn't come to\n"
      "rest without: auto (the default; the likely culprits\n"
      "first, all in the end), never, all (at once), or a\n"
      "list DOMAIN,... of names or ids." },
    { "exclude", 0, "DOMAIN,...", QUIESCES, set_exclude,
      "Guests never to be paused.  May be repeated." },
    { "max-pause", 0, "TIME", QUIESCES, set_max_pause,
      "How long guests stay paused in one attempt at the\n"
      "most.  Default: 1s." },
    { "lock-wait", 0, "TIME", LIVEPATCH_WAITS, set_lock_wait,
      "How long to wait while another call is changing the\n"
      "host's live patches.  0 doesn't wait.  Default: 10s." },
    { "dry-run", 'n', NULL, LIVEPATCH_ACTIONS, set_dry_run,
      "Judge and plan, but change nothing.  The same as the\n"
      "option -N of xl." },
    { "fixes", 0, "ID", LIVEPATCH_LIST, set_fixes,
      "Exit with 0 if an applied payload declares that it\n"
      "fixes ID, such as XSA-182, with 1 if none does, and\n"
      "with 3 if that could not be found out.  Given several\n"
      "times, 0 stands for all of them." },
    { "build-id", 0, "ID", LIVEPATCH_CHECK | LIVEPATCH_UNINSTALL,
      set_build_id,
      "The hypervisor to compare with, or to uninstall for.\n"
      "Default: the one that runs." },
    { "xen-syms", 0, "FILE", LIVEPATCH_CHECK, set_xen_syms,
      "Compare with this hypervisor image and its symbols." },
    { "key", 0, "FILE", LIVEPATCH_CHECK, set_key,
      "Demand that the payload is signed with this public key,\n"
      "or another one if there are more of these.  Default:\n"
      "the keys in " LIVEPATCH_KEYS ", if that exists." },
    { "json", 'j', NULL, ALL, set_json,
      "Print one JSON document on standard output, and text\n"
      "for people on standard error." },
    { "help", 'h', NULL, ALL, set_help,
      "Print this help." },
};

/*----- parsing -----*/

/* What getopt_long needs to know about the options of one verb. */
typedef struct {
    struct option longs[LIVEPATCH_NUM(options) + 1];
    char letters[2 * LIVEPATCH_NUM(options) + 2];
} getopt_tables;

static void make_tables(unsigned int verb, getopt_tables *tables_r)
{
    struct option *l = tables_r->longs;
    char *letter = tables_r->letters;
    size_t i;

    memset(tables_r, 0, sizeof(*tables_r));
    *letter++ = ':';            /* tell a missing argument by that */
    for (i = 0; i < LIVEPATCH_NUM(options); i++) {
        if (!(options[i].verbs & verb)) continue;
        l->name = options[i].name;
        l->has_arg = options[i].arg ? required_argument : no_argument;
        l->val = LONG_OPTION(i);
        l++;
        if (options[i].letter)
            *letter++ = options[i].letter;
    }
}

/* The option for which getopt_long returned, or complains about, opt. */
static const livepatch_option *find_option(int opt)
{
    size_t i;

    for (i = 0; i < LIVEPATCH_NUM(options); i++)
        if (opt == LONG_OPTION(i) || (opt && opt == options[i].letter))
            return &options[i];
    return NULL;
}

/* How many of the verb's long options begin like arg, which has "--". */
static int count_meant(const livepatch_command *cmd, const char *arg)
{
    size_t len = strcspn(arg + 2, "="), i;
    int num = 0;

    for (i = 0; i < LIVEPATCH_NUM(options); i++)
        num += options[i].verbs & cmd->verb->id &&
               !strncmp(options[i].name, arg + 2, len);
    return num;
}

static void refuse_option(livepatch_command *cmd, int opt,
                          char *const *argv)
{
    const livepatch_option *option = find_option(optopt);
    const char *arg = argv[optind - 1];

    if (opt == ':' && option)
        usage_error(cmd, "option --%s needs an argument, %s",
                    option->name, option->arg);
    else if (optopt >= LONG_OPTION(0) && option)
        usage_error(cmd, "option --%s takes no argument", option->name);
    else if (optopt)
        usage_error(cmd, "there is no option -%c", optopt);
    else
        usage_error(cmd,
                    count_meant(cmd, arg) > 1
                    ? "%s could be more than one option"
                    : "there is no option %s", arg);
}

/* What can be told only when all options and operands are known. */
static bool check_combination(livepatch_command *cmd)
{
    const livepatch_verb *verb = cmd->verb;
    bool many = cmd->num_files > verb->max_operands;

    if (many)
        return usage_error(cmd, "one operand too many, '%s'",
                           cmd->operands[verb->max_operands]);
    if (cmd->num_files < verb->min_operands)
        return usage_error(cmd, "operand %s is missing", verb->operands);
    if (cmd->name && cmd->num_files > 1)
        return usage_error(cmd, "--name names one payload, but there are "
                           "%d files", cmd->num_files);
    if ((cmd->params.no_undo || cmd->params.lose_fixes) &&
        !cmd->params.replace)
        return usage_error(cmd, "%s is about replacing payloads, but "
                           "there is no --replace",
                           cmd->params.no_undo ? "--no-undo"
                                               : "--lose-fixes");
    return true;
}

bool livepatch_parse_options(livepatch_command *cmd, int argc, char **argv)
{
    const livepatch_option *option;
    getopt_tables tables;
    char *advice;
    int opt;

    make_tables(cmd->verb->id, &tables);
    /* xl's own scan ended at the first operand; 0 lets this one go on. */
    optind = 0;
    opterr = 0;
    /* On to the end even after an error: there may be a --json. */
    while ((opt = getopt_long(argc, argv, tables.letters, tables.longs,
                              NULL)) != -1) {
        option = opt == '?' || opt == ':' ? NULL : find_option(opt);
        if (option)
            option->set(cmd, optarg);
        else
            refuse_option(cmd, opt, argv);
    }
    cmd->operands = argv + optind;
    cmd->num_files = argc - optind;
    if (cmd->help) return true;

    if (check_combination(cmd) &&
        cmd->answer.head.outcome == LIBXL_LIVEPATCH_OUTCOME_UNDECIDED)
        return true;

    cmd->num_files = 0;
    xasprintf(&advice, "Try 'xl livepatch help %s'.", cmd->verb->name);
    free(cmd->answer.head.advice);
    cmd->answer.head.advice = advice;
    return false;
}

bool livepatch_wants_json(char **argv)
{
    for (; *argv; argv++)
        if (!strcmp(*argv, "-j") || !strcmp(*argv, "--json"))
            return true;
    return false;
}

/*----- help -----*/

#define HELP_COLUMN 25

static void print_option_help(const livepatch_option *option)
{
    const char *line = option->help;
    int column;
    size_t len;

    column = option->letter ? printf("  -%c, ", option->letter)
                            : printf("      ");
    column += printf("--%s%s%s", option->name, option->arg ? "=" : "",
                     option->arg ? option->arg : "");
    while (*line) {
        len = strcspn(line, "\n");
        printf("%*s%.*s\n", HELP_COLUMN - column, "", (int)len, line);
        line += len + (line[len] == '\n');
        column = 0;
    }
}

void livepatch_print_verb_help(const livepatch_verb *verb)
{
    size_t i;

    printf("Usage: xl livepatch %s [options]%s%s\n\n%s\nOptions:\n",
           verb->name, *verb->operands ? " " : "", verb->operands,
           verb->help);
    for (i = 0; i < LIVEPATCH_NUM(options); i++)
        if (options[i].verbs & verb->id)
            print_option_help(&options[i]);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
