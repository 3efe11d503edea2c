/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The payloads that fuzz_operations has, and what they do when applied. */
#ifndef HOSTED_TEMPLATES_H
#define HOSTED_TEMPLATES_H

#include <xen/types.h>

enum template_kind {
    ONE,                        /* Depends on Xen. */
    STACKED,                    /* Depends on ONE, patches the same. */
    SEVERAL,                    /* Functions of all kinds of places. */
    HOOKED,                     /* Load and unload hooks. */
    GUARDED,                    /* Hooks before and after. */
    ACTING,                     /* Hooks in the engine's place. */
    NOPS,
    OFFERING,                   /* Has a symbol that USING needs. */
    USING,
    EXPECTING,                  /* That xen_two is as it was. */
    RICH,                       /* See samples.h. */
    BROKEN,                     /* Is refused. */
    TEMPLATES,
};

struct patch {
    const char *function;
    int value;                  /* What it returns then, */
    unsigned int nops;          /* unless it begins with so many NOPs. */
};

struct template {
    const void *file;
    size_t size;
    struct patch patches[6];    /* Up to one without a function. */
};
extern struct template templates[TEMPLATES];
void templates_make(void);

extern const uint8_t template_nops[];

/* Functions of the hypervisor, and what they return. */
struct function {
    const char *name;
    int (*addr)(void);
    int value;
};
extern const struct function template_functions[];
extern const unsigned int template_nfunctions;

/* What it makes of the function, or NULL. */
const struct patch *template_patch(enum template_kind kind,
                                   const char *function);
/* Whether a name in the stack, or any at all, has that kind. */
bool template_is_among(enum template_kind kind, const int *loaded,
                       const unsigned int *stack, unsigned int depth);
bool template_is_loaded(enum template_kind kind, const int *loaded,
                        unsigned int n);

/* The hooks' numbers, also for image_add_hook_call(). */
enum hook {
    HOOK_LOAD, HOOK_UNLOAD, HOOK_PREAPPLY, HOOK_APPLY, HOOK_POSTAPPLY,
    HOOK_PREREVERT, HOOK_REVERT, HOOK_POSTREVERT, HOOKS,
};

/* What each does when it is called. */
enum hook_outcome {
    HOOK_DOES,                  /* What it should, and says so. */
    HOOK_REFUSES,
    HOOK_DOES_HALF,             /* The rest are of apply and revert. */
    HOOK_DOES_AND_REFUSES,
    HOOK_DOES_NOTHING,
    HOOK_OUTCOMES,
};
extern enum hook_outcome hook_outcomes[HOOKS];
void hooks_reset(void);

/* Calls of load without unload; of those before without those after. */
int hook_balance(enum hook hook);

#endif /* HOSTED_TEMPLATES_H */
