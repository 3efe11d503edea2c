/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "escape.h"

#include <stdlib.h>
#include <string.h>

#include "operand.h"
#include "support/memory.h"

/* By the psABI for x86-64, 3.2. */
#define RETURNED 0x0001u        /* RAX */
#define ARGUMENTS 0x03c6u       /* RDI, RSI, RDX, RCX, R8, R9 */
#define CLOBBERED 0x0fc7u       /* by a call */
#define FRAME_POINTER 5         /* RBP, in code that begins with its set-up */

struct flow {
    const struct atom *code;
    bool frame;                 /* RBP is the stack's, too */
    uint16_t *held;             /* for each offset: which registers have the
                                 * address, or one near it */
    uint64_t *work;
    size_t nwork, room;
    escape_found *found;
    void *context;
};

static void reach(struct flow *flow, uint64_t offset, unsigned int registers)
{
    if (offset >= flow->code->size || !registers ||
        !(registers & ~flow->held[offset])) {
        return;
    }
    flow->held[offset] |= registers;
    flow->work = must_grow(flow->work, &flow->room, flow->nwork + 1,
                           sizeof(*flow->work));
    flow->work[flow->nwork++] = offset;
}

static const struct ref *ref_in(const struct atom *code, uint64_t at,
                                unsigned int length)
{
    for (size_t i = 0; i < code->nrefs; i++) {
        if (code->refs[i].offset >= at && code->refs[i].offset < at + length) {
            return &code->refs[i];
        }
    }
    return NULL;
}

static void tell(const struct flow *flow, int how, const struct ref *to,
                 unsigned int registers)
{
    struct escape escape = { .how = how, .to = to, .registers = registers };

    flow->found(flow->context, &escape);
}

static unsigned int bit(unsigned int number)
{
    return number < NO_REGISTER ? 1u << number : 0;
}

/* -- Branches -------------------------------------------------------------- */

static bool is_thunk(const struct ref *to, const char *kind)
{
    return to && starts_with(to->symbol->name, kind);
}

static void pass(const struct flow *flow, const struct ref *to,
                 unsigned int held)
{
    if (held & ARGUMENTS) {
        tell(flow, ESCAPE_PASSED,
             is_thunk(to, "__x86_indirect_thunk") ? NULL : to,
             held & ARGUMENTS);
    }
}

static void leave(const struct flow *flow, const struct ref *to,
                  unsigned int held)
{
    if (!is_thunk(to, "__x86_return_thunk")) {
        pass(flow, to, held);
    } else if (held & RETURNED) {
        tell(flow, ESCAPE_RETURNED, NULL, 0);
    }
}

/* Whether it was a branch, or another end of what is in a line. */
static bool follow_branch(struct flow *flow, uint64_t at,
                          const struct operands *operands, unsigned int held)
{
    const struct ref *to = ref_in(flow->code, at, operands->length);
    unsigned int opcode = operands->opcode, reg = operands->reg & 7;
    uint64_t next = at + operands->length;

    if (opcode == 0xe8 || (opcode == 0xff && reg == 2)) {
        pass(flow, opcode == 0xe8 ? to : NULL, held);
        reach(flow, next, held & ~CLOBBERED);
    } else if (opcode == 0xe9 || opcode == 0xeb) {
        if (to) {
            leave(flow, to, held);
        } else {
            reach(flow, branch_destination(flow->code, at, operands), held);
        }
    } else if ((opcode & ~0xfu) == 0x70 || (opcode & ~0xfu) == 0x0f80) {
        if (!to) {
            reach(flow, branch_destination(flow->code, at, operands), held);
        }
        reach(flow, next, held);
    } else if (opcode == 0xff && reg == 4) {
        pass(flow, NULL, held);
    } else if (opcode == 0xc3 && (held & RETURNED)) {
        tell(flow, ESCAPE_RETURNED, NULL, 0);
    } else if (opcode != 0xc3) {
        return false;
    }
    return true;
}

/* -- What is in a line ----------------------------------------------------- */

static bool is_on_stack(const struct flow *flow,
                        const struct operands *operands)
{
    return operands->base == STACK_POINTER ||
           (flow->frame && operands->base == FRAME_POINTER);
}

/* Into memory: not the stack, nor the very thing whose address it is. */
static void store(const struct flow *flow, uint64_t at,
                  const struct operands *operands, unsigned int held)
{
    const struct ref *to = ref_in(flow->code, at, operands->length);

    if (!is_on_stack(flow, operands) && !(bit(operands->base) & held)) {
        tell(flow, ESCAPE_STORED,
             operands->base == NO_REGISTER &&
             operands->index == NO_REGISTER ? to : NULL, 0);
    }
}

/* Which registers have it afterwards. */
static unsigned int step(const struct flow *flow, uint64_t at,
                         const struct operands *operands, unsigned int held)
{
    unsigned int reg = bit(operands->reg), rm = bit(operands->rm);
    unsigned int from;

    switch (operands->opcode) {
    case 0x87: case 0x89: case 0x0fb1: case 0x0fc1:     /* to r/m */
        if (!(held & reg)) {
            return operands->opcode == 0x89 ? held & ~rm : held;
        }
        if (operands->memory) {
            store(flow, at, operands, held);
        }
        return held | rm;
    case 0x8b:
        return held & rm ? held | reg : held & ~reg;
    case 0x8d:
        from = bit(operands->base) | bit(operands->index);
        return held & from ? held | reg : held & ~reg;
    case 0x0f40 ... 0x0f4f:                             /* CMOVcc */
        return held & rm ? held | reg : held;
    case 0x31: case 0x33:                               /* XOR with itself */
        return reg == rm ? held & ~reg : held;
    case 0x63: case 0x0faf: case 0x0fb6: case 0x0fb7: case 0x0fbe:
    case 0x0fbf: case 0x58 ... 0x5f: case 0xb8 ... 0xbf:
        return held & ~reg;
    case 0xc7:
        return held & ~rm;
    default:
        return held;
    }
}

static void run(struct flow *flow)
{
    while (flow->nwork) {
        uint64_t at = flow->work[--flow->nwork];
        unsigned int held = flow->held[at];
        struct operands operands;

        if (operands_read(flow->code, at, &operands) &&
            !follow_branch(flow, at, &operands, held)) {
            reach(flow, at + operands.length,
                  step(flow, at, &operands, held));
        }
    }
    free(flow->work);
    free(flow->held);
}

static bool has_frame(const struct atom *code)
{
    static const uint8_t set_up[] = { 0x55, 0x48, 0x89, 0xe5 };
    static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
    uint64_t at = code->size > 8 && !memcmp(code->bytes, endbr, 4) ? 4 : 0;

    return code->size - at > 4 && !memcmp(code->bytes + at, set_up, 4);
}

static struct flow begin(const struct atom *code, escape_found *found,
                         void *context)
{
    return (struct flow) {
        .code = code, .found = found, .context = context,
        .frame = code->bytes && code->size > 8 && has_frame(code),
        .held = must_alloc(code->size + 1, sizeof(uint16_t)),
    };
}

void escapes_of_address(const struct atom *code, const struct ref *ref,
                        escape_found *found, void *context)
{
    struct flow flow = begin(code, found, context);
    struct operands operands;
    uint64_t at;

    if (ref_access(code, ref, &at) == ACCESS_ADDRESS &&
        operands_read(code, at, &operands)) {
        unsigned int opcode = operands.opcode;

        if (opcode == 0xc7 && operands.memory) {
            store(&flow, at, &operands, 0);
        } else if (opcode == 0x8d || opcode == 0x8b ||
                   (opcode & ~7u) == 0xb8) {
            reach(&flow, at + operands.length, bit(operands.reg));
        } else if (opcode == 0xc7) {
            reach(&flow, at + operands.length, bit(operands.rm));
        }
    }
    run(&flow);
}

void escapes_of_arguments(const struct atom *code, unsigned int registers,
                          escape_found *found, void *context)
{
    struct flow flow = begin(code, found, context);

    reach(&flow, 0, registers);
    run(&flow);
}
