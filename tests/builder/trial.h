/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of one file of a small Xen that runs: what is selected of it.
 */
#ifndef TESTS_BUILDER_TRIAL_H
#define TESTS_BUILDER_TRIAL_H

#include "prove/prove.h"
#include "report/report.h"
#include "select/select.h"

struct trial {
    struct running *running;
    struct object_pair pair;
    struct proof *proof;
    struct report *report;
};

/* Both are twin.c; the old one is linked with what trial_rest has. */
struct trial trial_of(const char *old, const char *new);
struct trial assembly_trial(const char *old, const char *new);
/* The file has another name. */
struct trial trial_of_file(const char *name, const char *old,
                           const char *new);
void trial_free(struct trial *trial);

/* What trials may call, in another file; hidden, as all of Xen is. */
#define TRIAL_DECLARATIONS \
    "#pragma GCC visibility push(hidden)\n" \
    "#define noinline __attribute__((noinline))\n" \
    "#define __init __attribute__((section(\".init.text\")))\n" \
    "int printk(const char *, ...);\n" \
    "int use(const void *);\n" \
    "extern int outer;\n" \
    "extern const void *kept;\n" \
    "void init_timer(void *, void (*)(void *), void *, int);\n" \
    "void *memcpy(void *, const void *, unsigned long);\n" \
    "void _spin_lock(void *);\n" \
    "int gone(int);\n"

#endif
