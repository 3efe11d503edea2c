/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instruction's operands are, and where it leads.
 */
#ifndef LIVEPATCH_BUILD_OPERAND_H
#define LIVEPATCH_BUILD_OPERAND_H

#include "object/object.h"

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
    bool relative;              /* memory at a distance from its end */
    bool wide;                  /* of 64 bits, by its REX prefix */
    unsigned int reg;           /* also what distinguishes 80 /7 from 80 /0 */
    unsigned int rm;            /* a register, where it isn't memory */
    unsigned int base, index;   /* of memory */
    unsigned int displacement;  /* of memory: where its field is; 0: none */
    unsigned int displacement_size; /* bytes */
};

#define OPCODE_OTHER 0x1000

/* False: no instruction is known that the bytes begin with. */
bool operands_read(const uint8_t *bytes, size_t room,
                   struct operands *operands);
/* The same, of what is at an offset of code. */
bool operands_at(const struct atom *code, uint64_t at,
                 struct operands *operands);

/* Where the instruction begins that a reference is in; of length 0: none is
 * known. */
uint64_t instruction_with(const struct atom *code, const struct ref *ref,
                          struct operands *operands);

/* Where the next instruction isn't, or not alone, the one behind it. */
enum branch {
    BRANCH_NONE,
    BRANCH_CALL, BRANCH_JUMP, BRANCH_CONDITIONAL,   /* by a distance */
    BRANCH_POINTER_CALL, BRANCH_POINTER_JUMP,
    BRANCH_RETURN,
};

enum branch branch_of(const struct operands *operands);

/* A distance at the end of an instruction: of a branch that isn't by a pointer,
 * or of what only computes an address.  Its bytes; 0: there is none. */
unsigned int distance_size(const struct operands *operands);

/* Where that leads, from the code's start. */
uint64_t destination(const struct atom *code, uint64_t at,
                     const struct operands *operands);

#endif
