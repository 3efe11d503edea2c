/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "support/files.h"
#include "support/memory.h"
#include "support/run.h"

#define MOST_WORDS 32
#define MOST_LINES 20           /* of what is told of a failure */

/*
 * Xen's own targets end in a linked hypervisor.  Ours stop before, and make the
 * same things on the way.  livepatch-some makes LIVEPATCH_OBJECTS, words of the
 * form FOLDER:OBJECT, which is the folder whose Makefile makes the object.
 */
static const char rules[] =
    "include Makefile\n"
    ".PHONY: livepatch-all livepatch-some livepatch-offsets\n"
    "livepatch-all: outputmakefile "
        "$(if $(wildcard scripts/Makefile.asm-generic),asm-generic) FORCE\n"
    "\t$(Q)$(MAKE) $(build)=tools\n"
    "\t$(Q)$(MAKE) $(build)=. include/xen/compile.h\n"
    "\t$(Q)$(MAKE) $(build)=include all\n"
    "\t$(Q)$(MAKE) $(build)=arch/$(SRCARCH) include\n"
    "\t$(Q)$(MAKE) $(build)=. arch/$(SRCARCH)/include/asm/asm-offsets.h\n"
    "\t$(Q)$(MAKE) $(build)=. 'ALL_OBJS=$(ALL_OBJS-y)' "
        "'ALL_LIBS=$(ALL_LIBS-y)' $(ALL_OBJS-y) $(ALL_LIBS-y)\n"
    "livepatch-offsets:\n"
    "\t$(Q)$(MAKE) $(build)=. arch/$(SRCARCH)/include/asm/asm-offsets.h\n"
    "folders := $(sort $(foreach one,$(LIVEPATCH_OBJECTS),"
        "$(firstword $(subst :, ,$(one)))))\n"
    "livepatch-some: $(folders:%=livepatch-in/%)\n"
    "livepatch-in/%: $(if $(LIVEPATCH_OFFSETS),livepatch-offsets)\n"
    "\t$(Q)$(MAKE) $(build)=$* "
        "$(patsubst $*:%,%,$(filter $*:%,$(LIVEPATCH_OBJECTS)))\n";

/* What would differ from one day or user to the next; and where python3 was
 * found, which Xen's makefiles write down: had PATH another one in front, make
 * would make everything anew. */
static const char *const fixed[] = {
    "PYTHON=python3",
    "XEN_BUILD_DATE=unknown", "XEN_BUILD_TIME=unknown",
    "XEN_BUILD_HOST=unknown", "XEN_WHOAMI=unknown", "XEN_DOMAIN=unknown",
};

struct progress {
    struct report *report;
    size_t done, expected;
};

bool base_write_rules(const struct base *base, char **why)
{
    char *path = must_print("%s/livepatch.mk", base->build);
    bool written = files_write(path, rules, strlen(rules), why);

    free(path);
    return written;
}

static void count_line(void *context, const char *line)
{
    struct progress *progress = context;

    if (!strncmp(line, "  CC ", 5)) {
        report_progress(progress->report, ++progress->done,
                        progress->expected);
    }
}

static bool is_telling(const char *line, size_t length)
{
    static const char *const signs[] = {
        "error:", "Error: ", "Assembler messages:", "syntax error", "*** ",
        "undefined reference", "not found", "No such file",
        "No space left",
    };

    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
        if (memmem(line, length, signs[i], strlen(signs[i]))) {
            return true;
        }
    }
    return false;
}

/* From the first line that tells of an error, or else the last lines. */
static char *telling_part(const char *output)
{
    const char *start = NULL, *end = output + strlen(output), *at = output;
    size_t lines = 0;

    while (!start && at < end) {
        const char *next = strchr(at, '\n');
        size_t length = next ? (size_t)(next - at) : (size_t)(end - at);

        start = is_telling(at, length) ? at : NULL;
        at += length + 1;
    }
    if (!start) {
        for (start = end; start > output && lines <= MOST_LINES; start--) {
            lines += start[-1] == '\n';
        }
        start += start > output;
    }
    for (at = start, lines = 0; at < end && lines < MOST_LINES; at++) {
        lines += *at == '\n';
    }
    while (at > start && at[-1] == '\n') {
        at--;
    }
    return must_print("%.*s", (int)(at - start), start);
}

/* "make[2]: *** [Rules.mk:247: common/a.o] Error 1": the target; NULL if there
 * is no such line.  The caller frees it. */
static char *failed_target(const char *output)
{
    const char *start = strstr(output, "*** ["), *end, *colon;

    end = start ? strpbrk(start, "]\n") : NULL;
    if (!end || *end != ']') {
        return NULL;
    }
    start += strlen("*** [");
    colon = memrchr(start, ' ', (size_t)(end - start));
    start = colon ? colon + 1 : start;
    return must_print("%.*s", (int)(end - start), start);
}

enum outcome base_make(struct base *base, const char *target,
                       const char *const *variables, size_t nvariables,
                       size_t expected, struct report *report, char **why)
{
    const char *argv[MOST_WORDS];
    size_t argc = 0;
    struct progress progress = { report, 0, expected };
    char *jobs = must_print("-j%u", base->options->jobs), *output, *part;
    char *compiler = base->options->compiler ?
                     must_print("CC=%s", base->options->compiler) : NULL;
    /* Where it was compiled is no part of it: each run has its own folder, and
     * objects that are the same should be so to the byte. */
    char *flags = must_print("EXTRA_CFLAGS_XEN_CORE=-g -fdebug-prefix-map=%s=.",
                             base->build_xen);
    bool lacking;
    int status;

    argv[argc++] = "make";
    argv[argc++] = "--no-print-directory";
    argv[argc++] = jobs;
    argv[argc++] = "-C";
    argv[argc++] = base->build_xen;
    argv[argc++] = "-f";
    argv[argc++] = "../livepatch.mk";
    for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
        argv[argc++] = fixed[i];
    }
    argv[argc++] = flags;
    if (compiler) {
        argv[argc++] = compiler;
    }
    for (size_t i = 0; i < nvariables; i++) {
        argv[argc++] = variables[i];
    }
    argv[argc++] = target;
    argv[argc] = NULL;
    status = run_program(argv, count_line, &progress, &output);
    free(jobs);
    free(compiler);
    free(flags);
    part = telling_part(output);
    lacking = strstr(output, "No space left on device");
    if (status) {
        fail_with(why, "%s", part);
        free(base->failed);
        base->failed = failed_target(output);
    }
    free(part);
    free(output);
    return !status ? OUTCOME_DONE :
           status < 0 || lacking ? OUTCOME_FAILED : OUTCOME_BUILD;
}
