/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "linked.h"
#include "snippet.h"
#include "trial.h"

static const char rest[] =
    "int printk(const char *f, ...) { return *f; }\n"
    "int use(const void *p) { return !p; }\n"
    "int outer;\n"
    "const void *kept;\n"
    "void init_timer(void *t, void (*f)(void *), void *d, int c) {}\n"
    "void *memcpy(void *to, const void *from, unsigned long n) { return to; }\n"
    "void _spin_lock(void *l) {}\n"
    "void __x86_indirect_thunk_rax(void) { }\n";

struct trial trial_of_file(const char *name, const char *old,
                           const char *new)
{
    const struct source sources[] = {
        xen_source, { name, old }, { "rest.c", rest }, { NULL, NULL },
    };
    struct trial trial = {
        .running = run_xen(sources),
        .pair = { snippet(name, old), snippet(name, new) },
        .report = report_new(),
    };

    pair_objects(trial.pair.old, trial.pair.new);
    compare_objects(trial.pair.old, trial.pair.new);
    trial.proof = proof_new(trial.running);
    proof_object(trial.proof, trial.pair.old);
    select_atoms(&trial.pair, 1, trial.running, NULL, trial.report);
    return trial;
}

struct trial trial_of(const char *old, const char *new)
{
    return trial_of_file("twin.c", old, new);
}

struct trial assembly_trial(const char *old, const char *new)
{
    return trial_of_file("twin.S", old, new);
}

void trial_free(struct trial *trial)
{
    proof_free(trial->proof);
    object_free(trial->pair.old);
    object_free(trial->pair.new);
    report_free(trial->report);
    running_free(trial->running);
}
