/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables beside the code: a payload's own bug frames, exception table and
 * alternatives.  All are checked before the first takes effect.
 */
#ifndef LIVEPATCH_TABLES_H
#define LIVEPATCH_TABLES_H

#include "elf.h"

/* Each is in a file of its own name. */
int bug_frames_load(struct elf_view *elf, struct payload *payload);
int exceptions_load(struct elf_view *elf, struct payload *payload);
int alternatives_load(struct elf_view *elf, struct payload *payload);
int alternative_calls_load(struct elf_view *elf, struct payload *payload);
int modinfo_load(struct elf_view *elf, struct payload *payload);

#endif /* LIVEPATCH_TABLES_H */
