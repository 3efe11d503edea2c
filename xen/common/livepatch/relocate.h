/* SPDX-License-Identifier: GPL-2.0-only */
/* Relocation of the loaded sections. */
#ifndef LIVEPATCH_RELOCATE_H
#define LIVEPATCH_RELOCATE_H

#include "elf.h"

/* Applies every relocation of every loaded section. */
int relocate_sections(struct elf_view *elf);

#endif /* LIVEPATCH_RELOCATE_H */
