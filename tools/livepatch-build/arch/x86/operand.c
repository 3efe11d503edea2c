/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operand.h"

#include <string.h>

#include "arch/relocation.h"
#include "instruction.h"
#include "x86.h"

static bool is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 ||
           byte == 0xf0 || (byte & 0xe7) == 0x26 || (byte & 0xfe) == 0x64;
}

/* Opcodes of one byte that are followed by ModRM. */
static bool one_byte_modrm(uint8_t opcode)
{
    return (opcode < 0x40 && (opcode & 7) < 4) || opcode == 0x63 ||
           opcode == 0x69 || opcode == 0x6b || (opcode & 0xf0) == 0x80 ||
           (opcode & 0xfe) == 0xc0 || (opcode & 0xfe) == 0xc6 ||
           (opcode & 0xfc) == 0xd0 || (opcode & 0xf8) == 0xd8 ||
           (opcode & 0xf6) == 0xf6;
}

/* And of those behind 0f. */
static bool two_byte_modrm(uint8_t opcode)
{
    return !(opcode >= 0x04 && opcode <= 0x0c) && opcode != 0x0e &&
           (opcode & 0xf8) != 0x30 && opcode != 0x77 &&
           (opcode & 0xf0) != 0x80 && (opcode & 0xf6) != 0xa0 &&
           opcode != 0xa2 && opcode != 0xaa && (opcode & 0xf8) != 0xc8;
}

static void read_memory(struct operands *operands, const uint8_t *bytes,
                        unsigned int at, unsigned int rex)
{
    unsigned int mod = bytes[at] >> 6, rm = bytes[at] & 7, modrm = at;

    operands->memory = true;
    operands->base = rm | (rex & 1) << 3;
    at++;
    if (rm == 4) {
        unsigned int index = (bytes[at] >> 3 & 7) | (rex & 2) << 2;

        operands->index = index == STACK_POINTER ? NO_REGISTER : index;
        rm = bytes[at] & 7;
        operands->base = rm | (rex & 1) << 3;
        at++;
    }
    if (mod == 0 && rm == 5) {
        operands->relative = at == modrm + 1;
        operands->base = NO_REGISTER;
        operands->displacement = at;
        operands->displacement_size = 4;
    } else if (mod) {
        operands->displacement = at;
        operands->displacement_size = mod == 1 ? 1 : 4;
    }
}

bool operands_read(const uint8_t *bytes, size_t room,
                   struct operands *operands)
{
    unsigned int at = 0, rex = 0;

    *operands = (struct operands) {
        .length = instruction_length(bytes, room),
        .reg = NO_REGISTER, .rm = NO_REGISTER, .base = NO_REGISTER,
        .index = NO_REGISTER,
    };
    if (!operands->length) {
        return false;
    }
    while (is_prefix(bytes[at])) {
        at++;
    }
    if ((bytes[at] & 0xf0) == 0x40) {
        rex = bytes[at++];
    }
    operands->wide = rex & 8;
    operands->opcode = bytes[at++];
    if (operands->opcode == 0x0f) {
        operands->opcode = 0x0f00 | bytes[at++];
        operands->modrm = two_byte_modrm(operands->opcode & 0xff);
    } else {
        operands->modrm = one_byte_modrm(operands->opcode);
    }
    if (operands->opcode == 0x0f38 || operands->opcode == 0x0f3a) {
        operands->opcode = OPCODE_OTHER;
        at++;
    } else if (operands->opcode == 0xc4 || operands->opcode == 0xc5 ||
               operands->opcode == 0x62) {
        operands->opcode = OPCODE_OTHER;
        return true;
    }
    if (!operands->modrm) {
        operands->reg = (operands->opcode & 7) | (rex & 1) << 3;
        return true;
    }
    operands->reg = (bytes[at] >> 3 & 7) | (rex & 4) << 1;
    if (bytes[at] >> 6 == 3) {
        operands->rm = (bytes[at] & 7) | (rex & 1) << 3;
    } else {
        read_memory(operands, bytes, at, rex);
    }
    return true;
}

bool operands_at(const struct atom *code, uint64_t at,
                 struct operands *operands)
{
    *operands = (struct operands) { .length = 0 };
    return code->bytes && at < code->size &&
           operands_read(code->bytes + at, code->size - at, operands);
}

/* -- Branches -------------------------------------------------------------- */

enum branch branch_of(const struct operands *operands)
{
    switch (operands->opcode) {
    case 0xe8:
        return BRANCH_CALL;
    case 0xe9: case 0xeb:
        return BRANCH_JUMP;
    case 0x70 ... 0x7f: case 0xe0 ... 0xe3: case 0x0f80 ... 0x0f8f:
        return BRANCH_CONDITIONAL;      /* Jcc, LOOP, JRCXZ */
    case 0xc2: case 0xc3:
        return BRANCH_RETURN;
    case 0xff:
        return (operands->reg & 7) == 2 ? BRANCH_POINTER_CALL :
               (operands->reg & 7) == 4 ? BRANCH_POINTER_JUMP : BRANCH_NONE;
    default:
        return BRANCH_NONE;
    }
}

unsigned int distance_size(const struct operands *operands)
{
    switch (branch_of(operands)) {
    case BRANCH_CALL: case BRANCH_JUMP: case BRANCH_CONDITIONAL:
        return operands->opcode == 0xe8 || operands->opcode == 0xe9 ||
               operands->opcode > 0xff ? 4 : 1;
    default:
        return operands->opcode == 0x8d && operands->relative ? 4 : 0;
    }
}

uint64_t destination(const struct atom *code, uint64_t at,
                     const struct operands *operands)
{
    const uint8_t *end = code->bytes + at + operands->length;
    int32_t distance = (end[-1] ^ 0x80) - 0x80;         /* its sign */

    if (distance_size(operands) == sizeof(distance)) {
        memcpy(&distance, end - sizeof(distance), sizeof(distance));
    }
    return at + operands->length + distance;
}

uint64_t instruction_with(const struct atom *code, const struct ref *ref,
                          struct operands *operands)
{
    uint64_t at = 0;

    while (operands_at(code, at, operands) &&
           at + operands->length <= ref->offset) {
        at += operands->length;
    }
    return at;
}

/* -- Accesses -------------------------------------------------------------- */

static bool writes_two_byte(uint8_t opcode, unsigned int reg)
{
    switch (opcode) {
    case 0x11: case 0x13: case 0x17: case 0x29: case 0x2b: case 0x7e:
    case 0x7f: case 0xd6: case 0xe7: case 0xc3:         /* moves */
    case 0x90 ... 0x9f:                                 /* SETcc */
    case 0xa4: case 0xa5: case 0xac: case 0xad:         /* double shifts */
    case 0xab: case 0xb3: case 0xbb:                    /* BTS, BTR, BTC */
    case 0xb0: case 0xb1: case 0xc0: case 0xc1: case 0xc7:
        return true;
    case 0xba:
        return reg > 4;
    default:
        return false;
    }
}

/* Whether an instruction with a memory operand changes that. */
static bool writes(const struct operands *operands)
{
    unsigned int opcode = operands->opcode, reg = operands->reg & 7;

    if ((opcode & ~0xffU) == 0x0f00) {
        return writes_two_byte(opcode & 0xff, reg);
    }
    switch (opcode) {
    case 0x00 ... 0x37:                 /* arithmetic; its other half reads */
        return !(opcode & 2);
    case 0x80: case 0x81: case 0x83:    /* CMP is among them */
        return reg != 7;
    case 0x86: case 0x87: case 0x88: case 0x89: case 0x8c: case 0x8f:
    case 0xc0: case 0xc1: case 0xc6: case 0xc7: case 0xd0 ... 0xd3:
        return true;
    case 0xf6: case 0xf7:
        return reg == 2 || reg == 3;
    case 0xfe: case 0xff:
        return reg < 2;
    default:
        return false;
    }
}

enum access x86_access(const struct atom *code, const struct ref *ref)
{
    struct operands operands;
    uint64_t at = instruction_with(code, ref, &operands);
    enum branch branch = branch_of(&operands);

    if (!operands.length) {
        return ACCESS_NONE;
    }
    if (branch == BRANCH_CALL || branch == BRANCH_JUMP ||
        branch == BRANCH_CONDITIONAL) {
        return ACCESS_BRANCH;
    }
    if (!operands.memory || at + operands.displacement != ref->offset ||
        operands.opcode == 0x8d ||
        relocation_of(ref->type)->means == RELOCATION_GOT_DISTANCE) {
        return ACCESS_ADDRESS;
    }
    return writes(&operands) ? ACCESS_WRITE : ACCESS_READ;
}
