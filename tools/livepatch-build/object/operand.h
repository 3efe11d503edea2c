/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instruction's operands are, and what it does with the memory or the
 * address that a reference in it names.
 */
#ifndef LIVEPATCH_BUILD_OPERAND_H
#define LIVEPATCH_BUILD_OPERAND_H

#include "object.h"

#define NO_REGISTER 16          /* none, or the instruction pointer */
#define STACK_POINTER 4

/* As in the Intel SDM, volume 2, chapter 2: registers are numbered as there,
 * from RAX, 0, to R15. */
struct operands {
    unsigned int length;
    unsigned int opcode;        /* behind 0f: 0x0f00 more; behind 0f 38 and
                                 * 0f 3a, or a VEX prefix: OPCODE_OTHER */
    bool modrm;                 /* it has reg, and memory or rm */
    bool memory;
    bool wide;                  /* of 64 bits, by its REX prefix */
    unsigned int reg;           /* also what distinguishes 80 /7 from 80 /0 */
    unsigned int rm;            /* a register, where it isn't memory */
    unsigned int base, index;   /* of memory */
    unsigned int displacement;  /* of memory: where its field is; 0: none */
    unsigned int displacement_size; /* bytes */
};

#define OPCODE_OTHER 0x1000

/* The instruction at an offset of code.  False: none is known. */
bool operands_read(const struct atom *atom, uint64_t offset,
                   struct operands *operands);

enum access {
    ACCESS_NONE,                /* not in an instruction that is understood */
    ACCESS_READ,
    ACCESS_WRITE,               /* perhaps it is read as well */
    ACCESS_ADDRESS,             /* is taken */
    ACCESS_BRANCH,              /* called, or jumped to */
};

/* What becomes of what a reference of code names; *at is where its instruction
 * begins. */
enum access ref_access(const struct atom *atom, const struct ref *ref,
                       uint64_t *at);

/* Where a near branch without a reference leads, from the code's start. */
uint64_t branch_destination(const struct atom *atom, uint64_t at,
                            const struct operands *operands);

#endif
