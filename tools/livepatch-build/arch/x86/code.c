/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code by its bytes alone.
 */
#include <string.h>

#include "instruction.h"
#include "operand.h"
#include "x86.h"

bool x86_runs_on(const uint8_t *code, unsigned int length, bool before)
{
    struct operands operands;

    if (instruction_is_padding(code, length)) {
        return code[0] != 0xcc && before;
    }
    if (!operands_read(code, length, &operands)) {
        return true;
    }
    switch (branch_of(&operands)) {
    case BRANCH_JUMP: case BRANCH_POINTER_JUMP: case BRANCH_RETURN:
        return false;
    default:
        return operands.opcode != 0x0f0b;       /* UD2 */
    }
}

bool x86_is_branch(const uint8_t *code, uint64_t at)
{
    return (at >= 1 && (code[at - 1] & 0xfe) == 0xe8) ||
           (at >= 2 && code[at - 2] == 0x0f && (code[at - 1] & 0xf0) == 0x80);
}

bool x86_is_call_by_pointer(const uint8_t *code, uint64_t at, uint64_t field)
{
    return field == at + 2 && code[at] == 0xff && code[at + 1] == 0x15;
}

unsigned int x86_address_field(const uint8_t *code, unsigned int length)
{
    struct operands operands;

    return operands_read(code, length, &operands) && operands.wide &&
           operands.opcode == 0x8d && operands.relative
           ? operands.displacement : 0;
}

/* Without decoding it: any four bytes that lead somewhere count. */
void x86_find_distances(const uint8_t *text, uint64_t size, uint64_t from,
                        distance_found *found, void *context)
{
    int32_t distance;

    for (uint64_t at = 0; at + sizeof(distance) <= size; at++) {
        memcpy(&distance, text + at, sizeof(distance));
        found(context, from, at, from + at + sizeof(distance) + distance,
              x86_is_branch(text, at));
    }
}

unsigned int x86_landing(const uint8_t *code, size_t room)
{
    static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
    /* What Xen makes of it where no pointer leads. */
    static const uint8_t poison[] = { 0x66, 0x0f, 0x1f, 0x01 };

    return room >= sizeof(endbr64) &&
           (!memcmp(code, endbr64, sizeof(endbr64)) ||
            !memcmp(code, poison, sizeof(poison))) ? sizeof(endbr64) : 0;
}

/* As the linker does it. */
bool x86_relax(uint8_t *field, uint64_t *at)
{
    if (field[-2] == 0x8b && (field[-1] & 0xc7) == 0x05) {
        field[-2] = 0x8d;               /* mov -> lea */
    } else if (field[-2] == 0xff && field[-1] == 0x15) {
        field[-2] = 0x67;               /* call *: a prefix in front */
        field[-1] = 0xe8;
    } else if (field[-2] == 0xff && field[-1] == 0x25) {
        field[-2] = 0xe9;               /* jmp *: a NOP behind */
        memmove(field - 1, field, 4);
        field[3] = 0x90;
        --*at;
    } else {
        return false;
    }
    return true;
}
