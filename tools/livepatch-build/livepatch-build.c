/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command: what is asked for, and how it ends.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "support/cleanup.h"
#include "compare/compare.h"
#include "object/object.h"
#include "options.h"
#include "payload/payload.h"
#include "report/report.h"

#define VERSION "1.0"

static const char help[] =
"livepatch-build [OPTIONS] PATCH...     make a payload of source patches\n"
"livepatch-build base [OPTIONS]         make and prove the base build only\n"
"livepatch-build inspect [-j] FILE      show a payload\n"
"livepatch-build diff [-a] OLD.o NEW.o  show what differs in two objects\n"
"\n"
"  --tree DIR          Xen's source tree [this folder]\n"
"  --xen-syms FILE     of the Xen to be patched [the one that runs here]\n"
"  --config FILE       what that was built with [as it says, or the tree's]\n"
"  --on FILE           a payload below in the stack; repeated, lowest first\n"
"  -n, --name NAME     of the payload [from the first patch's file name]\n"
"  -o, --output FILE   [NAME.livepatch]\n"
"  --fixes LIST, --description TEXT   XSA-182,CVE-2016-6258; words for people\n"
"  --sign KEY, --deb XEN=VERSION, --rpm XEN=VERSION   sign it; in a package\n"
"  --cache DIR         for base builds [~/.cache/livepatch-build]\n"
"  --compiler CC, --jobs N       which [gcc]; how many at a time [all CPUs]\n"
"  --compile-all       also what doesn't use a header's inline that changed\n"
"  --explain FUNCTION  tell how it came into the payload, or why not\n"
"  --skeleton FILE     if refused: a patch with what is missing, to fill in\n"
"  -j, --json          the report as JSON on standard output\n"
"  -v, --verbose, or -q, --quiet      stages and whole lists, or errors alone\n"
"  -h, --help, --version\n"
"\n"
"Exit status: 0 done, 1 failed, 2 refused, 3 patch, 4 base: see its manual.\n";

static int end(bool written, enum outcome outcome)
{
    if (!written || fflush(stdout) || ferror(stdout)) {
        perror("livepatch-build: standard output");
        return OUTCOME_FAILED;
    }
    return (int)outcome;
}

static int show_help(void)
{
    fputs(help, stdout);
    return end(true, OUTCOME_DONE);
}

static int complain(const char *why)
{
    fprintf(stderr, "livepatch-build: %s\n", why);
    return OUTCOME_FAILED;
}

/* The options of a sub-command that has one only, a letter, and help; false
 * with the exit status if that was all. */
static bool take_flag(int argc, char **argv, char letter, const char *word,
                      bool *flag, int *status)
{
    const struct option known[] = {
        { word, no_argument, NULL, letter }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char letters[] = { letter, 'h', '\0' };
    int option;

    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, letters, known, NULL)) != -1) {
        if (option == 'h') {
            *status = show_help();
            return false;
        }
        if (option == '?') {
            fprintf(stderr, "livepatch-build: %s has no option %s; see "
                    "--help\n", argv[0], argv[optind - 1]);
            *status = OUTCOME_FAILED;
            return false;
        }
        *flag = true;
    }
    return true;
}

static int inspect(int argc, char **argv)
{
    bool json = false;
    char *why = NULL;
    int status;

    if (!take_flag(argc, argv, 'j', "json", &json, &status)) {
        return status;
    }
    if (optind + 1 != argc) {
        return complain("inspect takes one FILE");
    }
    status = payload_inspect(argv[optind], json, stdout, &why) ?
             end(true, OUTCOME_DONE) : complain(why);
    free(why);
    return status;
}

static int diff(int argc, char **argv)
{
    bool all = false;
    char *why = NULL;
    struct object *old, *new = NULL;
    int status;

    if (!take_flag(argc, argv, 'a', "all", &all, &status)) {
        return status;
    }
    if (optind + 2 != argc) {
        return complain("diff takes two objects, OLD.o and NEW.o");
    }
    old = object_read(argv[optind], argv[optind], &why);
    if (old) {
        new = object_read(argv[optind + 1], argv[optind + 1], &why);
    }
    if (new) {
        pair_objects(old, new);
        compare_objects(old, new);
        compare_print(old, new, all);
        status = end(true, OUTCOME_DONE);
    } else {
        status = complain(why);
    }
    object_free(old);
    object_free(new);
    free(why);
    return status;
}

static int build(const struct options *options, const char *wrong)
{
    struct report *report = report_new();
    bool terminal = isatty(STDERR_FILENO);
    enum outcome outcome = OUTCOME_FAILED;
    char *why = NULL;
    int status;

    report_configure(report, (struct report_options){
        .quiet = options->quiet, .verbose = options->verbose,
        .json = options->json,
        .progress = terminal && !options->quiet && !options->json,
    });
    if (!wrong) {
        outcome = build_payload(options, report, &why);
    }
    status = end(report_write(report, outcome,
                              options->base_only ? NULL : options->output,
                              wrong ? wrong : why), outcome);
    report_free(report);
    free(why);
    return status;
}

struct arguments {
    int argc;
    char **argv;
};

static int work(void *context)
{
    const struct arguments *arguments = context;
    struct options options;
    char *why = NULL;
    int status;

    if (!options_parse(&options, arguments->argc, arguments->argv, &why)) {
        status = build(&options, why);
    } else if (options.help) {
        status = show_help();
    } else if (options.version) {
        puts("livepatch-build " VERSION);
        status = end(true, OUTCOME_DONE);
    } else {
        status = build(&options, NULL);
    }
    options_free(&options);
    free(why);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { argc, argv };

    if (argc > 1 && !strcmp(argv[1], "inspect")) {
        return inspect(argc - 1, argv + 1);
    }
    if (argc > 1 && !strcmp(argv[1], "diff")) {
        return diff(argc - 1, argv + 1);
    }
    if (argc > 1 && !strcmp(argv[1], "base")) {
        arguments = (struct arguments){ argc - 1, argv + 1 };
    }
    return cleanup_supervise(work, &arguments);
}
