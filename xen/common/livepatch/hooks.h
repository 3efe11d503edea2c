/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding and calling a payload's hooks. */
#ifndef LIVEPATCH_HOOKS_H
#define LIVEPATCH_HOOKS_H

#include "elf.h"

/* Fills payload->hooks; each must be a function in the payload's text. */
int hooks_load(struct elf_view *elf, struct payload *payload);

/* Whether REPLACE is out of the question: hooks that undo each other. */
bool hooks_forbid_replace(const struct payload *payload);

/* The tables.  Called while every CPU is stopped. */
void hooks_call_load(struct payload *payload);
void hooks_call_unload(struct payload *payload);

/* What a hook in the engine's place left behind. */
enum hook_agreement {
    HOOK_NONE_APPLIED,
    HOOK_ALL_APPLIED,
    HOOK_SOME_APPLIED,
};
enum hook_agreement hooks_agreement(const struct payload *payload);

#endif /* LIVEPATCH_HOOKS_H */
