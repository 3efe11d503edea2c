/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What x86.c puts into the struct of this machine: see arch.h.
 */
#ifndef LIVEPATCH_BUILD_X86_H
#define LIVEPATCH_BUILD_X86_H

#include "arch/arch.h"
#include "arch/relocation.h"

#define X86_RELOCATIONS 43
extern const struct relocation x86_relocations[X86_RELOCATIONS];

bool x86_runs_on(const uint8_t *code, unsigned int length, bool before);
bool x86_is_branch(const uint8_t *code, uint64_t at);
bool x86_is_call_by_pointer(const uint8_t *code, uint64_t at, uint64_t field);
unsigned int x86_address_field(const uint8_t *code, unsigned int length);
unsigned int x86_landing(const uint8_t *code, size_t room);
bool x86_relax(uint8_t *field, uint64_t *at);
void x86_find_distances(const uint8_t *text, uint64_t size, uint64_t from,
                        distance_found *found, void *context);

uint64_t x86_difference(const struct atom *old, const struct atom *new);
enum access x86_access(const struct atom *code, const struct ref *ref);
void x86_escapes_of_address(const struct atom *code, const struct ref *ref,
                            escape_found *found, void *context);
void x86_escapes_of_content(const struct atom *code, const struct ref *ref,
                            escape_found *found, void *context);
void x86_escapes_of_arguments(const struct atom *code, uint64_t registers,
                              escape_found *found, void *context);
void x86_find_guards(const struct atom *code, const struct ref *ref,
                     struct guards *guards);

#endif
