/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run found out and did, for people and as JSON: one report, filled in
 * by every stage.
 */
#ifndef LIVEPATCH_BUILD_REPORT_H
#define LIVEPATCH_BUILD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/outcome.h"

/* Why something can't be live-patched.  The name is ABI for -j. */
enum refusal {
    REFUSAL_DATA,           /* "data": initialised or static data changed */
    REFUSAL_LAYOUT,         /* "layout": a type in running memory changed */
    REFUSAL_INIT,           /* "init": code that ran at boot, and is gone */
    REFUSAL_BOOT,           /* "boot": runs at boot or CPU bring-up alone */
    REFUSAL_ASSEMBLY,       /* "assembly": hand-written (entry) code */
    REFUSAL_ENGINE,         /* "engine": runs while the engine patches */
    REFUSAL_SMALL,          /* "small": no room for a jump */
    REFUSAL_SYMBOL,         /* "symbol": not, or not once, in what runs */
    REFUSAL_RELOCATION,     /* "relocation": of a type that engines don't do */
    REFUSAL_SECTION,        /* "section": a table that can't grow at run time */
    REFUSAL_LIMIT,          /* "limit": of the engine, as to sections or size */
    REFUSAL_BELOW,          /* "below": a payload below would be undone */
    REFUSAL_NOTHING,        /* "nothing": no code that runs is changed */
    REFUSAL_PER_CPU,        /* "per-cpu": new per-CPU data */
    REFUSAL_LIFETIME,       /* "lifetime": memory would outlive what it leads
                             * to */
    REFUSAL_MEANING,        /* "meaning": a number or a prototype that what
                             * stays takes for something else */
    REFUSAL_UNFINISHED,     /* "unfinished": the patch says so */
};

struct report;

struct report *report_new(void);
void report_free(struct report *report);

/*
 * Refuse the change: what (a function, datum or type) in which file, why, and
 * in way_out what its author can do instead (NULL: nothing).  More than one may
 * be said; they all are shown.  Strings are copied.
 */
void report_refuse(struct report *report, enum refusal refusal,
                   const char *file, const char *name, const char *way_out,
                   const char *why, ...)
    __attribute__((format(printf, 6, 7)));
size_t report_refusals(const struct report *report);

/* What deserves a person's eye, and doesn't hinder: padding used by a new
 * member, a function that runs at boot alone beside others. */
void report_warn(struct report *report, const char *file, const char *name,
                 const char *what, ...) __attribute__((format(printf, 4, 5)));

/* A function in the payload.  old_address 0: new.  why: the first difference,
 * or for a new one who needs it. */
void report_function(struct report *report, const char *file,
                     const char *name, uint64_t old_address, uint32_t old_size,
                     uint32_t new_size, const char *why);

/* What --explain was asked for. */
void report_explain(struct report *report, const char *file, const char *name,
                    const char *what, ...)
    __attribute__((format(printf, 4, 5)));

/* How the base compared with what runs: numbers of functions (differing:
 * with those of data), and then each that differs, and each that is exempt. */
void report_proof(struct report *report, size_t equal, size_t differing,
                  size_t exempt);
void report_proof_difference(struct report *report, const char *file,
                             const char *name, const char *why);
void report_proof_exemption(struct report *report, const char *file,
                            const char *name, const char *why);

/* The payload that is written, or was about to be. */
struct report_payload {
    const char *name, *xen_id, *depends;        /* build-ids in hexadecimal */
};
void report_payload(struct report *report, struct report_payload payload);
/* Its own build-id, known once it is written. */
void report_build_id(struct report *report, const char *build_id);

/* A stage begins, and the one before it ends; verbose shows it, timed. */
void report_stage(struct report *report, const char *what);

/* Why it takes so long: at once, on stderr. */
void report_note(struct report *report, const char *what);

/* Text and JSON; what is in them is told by docs/man/livepatch-build.pod. */
struct report_options {
    bool quiet;             /* no more than refusals and errors */
    bool verbose;           /* stages with times, on stderr as they end; lists
                             * in full */
    bool progress;          /* "137/250 objects" on a terminal's stderr */
    bool json;              /* on stdout; nothing for people on stderr */
};
void report_configure(struct report *report, struct report_options options);
void report_progress(struct report *report, size_t done, size_t all);

/*
 * At the end: a payload's path, name, size and build-ids, or why there is none.
 * output NULL: there is none to be told of.  error: for people, NULL if there
 * is none.  Writes to stdout; for people what went wrong, to stderr.  False:
 * stdout couldn't be written.
 */
bool report_write(struct report *report, enum outcome outcome,
                  const char *output, const char *error);

#endif
