/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where addresses go, with what is known of each register at each place.
 */
#include "x86.h"

#include <stdlib.h>
#include <string.h>

#include "operand.h"
#include "support/memory.h"

/* By the psABI for x86-64, 3.2; sets of registers, a bit for each. */
#define RETURNED 0x0001u        /* RAX */
#define ARGUMENTS 0x03c6u       /* RDI, RSI, RDX, RCX, R8, R9 */
#define CLOBBERED 0x0fc7u       /* by a call */
#define SOURCE 6                /* RSI, and of MOVS, too */
#define TARGET 7                /* RDI */
#define FRAME_POINTER 5         /* RBP, in code that begins with its set-up */

/* What is known of a register: the bit that is its number in one of three
 * sets of 16. */
#define ADDRESS 1ull            /* it has the address, or one near it */
#define HOLDER (1ull << 16)     /* it leads to memory that has the address */
#define STACK (1ull << 32)      /* it leads to the stack */
#define ANY (ADDRESS | HOLDER | STACK)
/* The address is in memory of the stack. */
#define SPILLED (1ull << 48)

/* Whoever is handed a pointer to the stack gets at no more behind it, bytes. */
#define FARTHEST 512

struct slot {
    unsigned int base;
    int32_t displacement;
};

struct flow {
    const struct atom *code;
    uint64_t *held;             /* for each offset: of all ways there */
    uint64_t *work;
    size_t nwork, room;
    struct slot *slots;         /* of the stack, that have had the address */
    size_t nslots, slots_room;
    escape_found *found;
    void *context;
};

static uint64_t get(uint64_t held, unsigned int number)
{
    return number < NO_REGISTER ? held >> number & ANY : 0;
}

static uint64_t add(uint64_t held, unsigned int number, uint64_t what)
{
    return number < NO_REGISTER ? held | what << number : held;
}

static uint64_t set(uint64_t held, unsigned int number, uint64_t what)
{
    return number < NO_REGISTER ? (held & ~(ANY << number)) | what << number
                                : held;
}

/* Of a set of registers. */
static uint64_t all_of(unsigned int registers)
{
    return registers * ANY;
}

static void reach(struct flow *flow, uint64_t offset, uint64_t held)
{
    const uint64_t followed = 0xffff * (ADDRESS | HOLDER) | SPILLED;

    if (offset >= flow->code->size || !(held & followed) ||
        !(held & ~flow->held[offset])) {
        return;
    }
    flow->held[offset] |= held;
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

static void tell(const struct flow *flow, int how, const struct ref *to)
{
    struct escape escape = { .how = how, .to = to };

    flow->found(flow->context, &escape);
}

/* Whether it goes from memory that has it to memory that isn't the stack's. */
static bool is_copied(uint64_t held)
{
    return get(held, SOURCE) & HOLDER && !(get(held, TARGET) & STACK);
}

/* -- Branches -------------------------------------------------------------- */

static bool is_thunk(const struct ref *to, const char *kind)
{
    return to && starts_with(to->symbol->name, kind);
}

static void pass(const struct flow *flow, const struct ref *to,
                 uint64_t held)
{
    struct escape escape = {
        .how = ESCAPE_PASSED, .registers = held & all_of(ARGUMENTS),
        .to = is_thunk(to, "__x86_indirect_thunk") ? NULL : to,
        .itself = held & ARGUMENTS * ADDRESS, .as_source = is_copied(held),
    };

    if (held & ARGUMENTS * (ADDRESS | HOLDER)) {
        flow->found(flow->context, &escape);
    }
}

static void leave(const struct flow *flow, const struct ref *to, uint64_t held)
{
    if (!is_thunk(to, "__x86_return_thunk")) {
        pass(flow, to, held);
    } else if (held & RETURNED * ADDRESS) {
        tell(flow, ESCAPE_RETURNED, NULL);
    }
}

/* Whether it was a branch, or another end of what is in a line. */
static bool follow_branch(struct flow *flow, uint64_t at,
                          const struct operands *operands, uint64_t held)
{
    const struct ref *to = ref_in(flow->code, at, operands->length);
    enum branch branch = branch_of(operands);
    uint64_t next = at + operands->length;

    switch (branch) {
    case BRANCH_NONE:
        return false;
    case BRANCH_CALL: case BRANCH_POINTER_CALL:
        pass(flow, branch == BRANCH_CALL ? to : NULL, held);
        reach(flow, next, held & ~all_of(CLOBBERED));
        break;
    case BRANCH_JUMP: case BRANCH_CONDITIONAL:
        if (!to) {
            reach(flow, destination(flow->code, at, operands), held);
        } else if (branch == BRANCH_JUMP) {
            leave(flow, to, held);
        }
        if (branch == BRANCH_CONDITIONAL) {
            reach(flow, next, held);
        }
        break;
    case BRANCH_POINTER_JUMP:
        pass(flow, NULL, held);
        break;
    case BRANCH_RETURN:
        if (held & RETURNED * ADDRESS) {
            tell(flow, ESCAPE_RETURNED, NULL);
        }
        break;
    }
    return true;
}

/* -- What is in a line ----------------------------------------------------- */

static int32_t displacement(const struct atom *code, uint64_t at,
                            const struct operands *operands)
{
    const uint8_t *field = code->bytes + at + operands->displacement;
    int32_t value = 0;

    if (operands->displacement_size == 1) {
        value = *field < 0x80 ? *field : *field - 0x100;
    } else if (operands->displacement_size) {
        memcpy(&value, field, sizeof(value));
    }
    return value;
}

/* Onto the stack: from where it may be loaded, or copied. */
static void spill(struct flow *flow, uint64_t at,
                  const struct operands *operands)
{
    struct slot slot = { operands->base,
                         displacement(flow->code, at, operands) };

    for (size_t i = 0; i < flow->nslots; i++) {
        if (flow->slots[i].base == slot.base &&
            flow->slots[i].displacement == slot.displacement) {
            return;
        }
    }
    flow->slots = must_grow(flow->slots, &flow->slots_room, flow->nslots + 1,
                            sizeof(slot));
    flow->slots[flow->nslots++] = slot;
}

/* Whether a slot that has the address lies there, or so many bytes behind. */
static bool is_spilled(const struct flow *flow, unsigned int base,
                       int32_t start, int32_t size)
{
    for (size_t i = 0; i < flow->nslots; i++) {
        if (flow->slots[i].base == base &&
            flow->slots[i].displacement >= start &&
            flow->slots[i].displacement <= start + size) {
            return true;
        }
    }
    return false;
}

/* Registers that were made to lead to the stack before may lead to the slot. */
static uint64_t after_spill(uint64_t held)
{
    unsigned int leading = held >> 32 & 0xffff &
                           ~(1u << STACK_POINTER | 1u << FRAME_POINTER);

    return held | SPILLED | leading * HOLDER;
}

/* The address into memory: not the stack, nor the very thing whose it is. */
static uint64_t store(struct flow *flow, uint64_t at,
                      const struct operands *operands, uint64_t held)
{
    const struct ref *to = ref_in(flow->code, at, operands->length);
    uint64_t base = get(held, operands->base);

    if (base & STACK) {
        spill(flow, at, operands);
        return after_spill(held);
    }
    if (!(base & ADDRESS)) {
        tell(flow, ESCAPE_STORED,
             operands->base == NO_REGISTER &&
             operands->index == NO_REGISTER ? to : NULL);
    }
    return held;
}

/* A pointer, or another register's: on the stack it may lead to such a slot. */
static uint64_t pointer(const struct flow *flow, uint64_t held,
                        unsigned int base, int32_t start)
{
    uint64_t what = get(held, base);

    return what & STACK && held & SPILLED &&
           is_spilled(flow, base, start, FARTHEST) ? what | HOLDER : what;
}

/* What is in a register or in memory that is read. */
static uint64_t source(const struct flow *flow, uint64_t at,
                       const struct operands *operands, uint64_t held)
{
    uint64_t leads = get(held, operands->base) | get(held, operands->index);

    if (!operands->memory) {
        return pointer(flow, held, operands->rm, 0);
    }
    if (leads & STACK && held & SPILLED &&
        is_spilled(flow, operands->base,
                   displacement(flow->code, at, operands),
                   operands->index == NO_REGISTER ? 0 : FARTHEST)) {
        leads |= HOLDER;
    }
    return operands->wide && leads & HOLDER ? ADDRESS : 0;
}

/* What is known afterwards. */
static uint64_t step(struct flow *flow, uint64_t at,
                     const struct operands *operands, uint64_t held)
{
    unsigned int reg = operands->reg, rm = operands->rm;
    uint64_t what = pointer(flow, held, reg, 0);

    switch (operands->opcode) {
    case 0x01: case 0x09:                               /* ADD, OR */
    case 0x87: case 0x89: case 0x0fb1: case 0x0fc1:     /* to r/m */
        if (operands->memory) {
            return what & ADDRESS ? store(flow, at, operands, held) : held;
        }
        return operands->opcode == 0x89 ? set(held, rm, what)
                                        : add(held, rm, what);
    case 0x8b:
        return set(held, reg, source(flow, at, operands, held));
    case 0x03: case 0x0b:                               /* ADD, OR */
    case 0x0f40 ... 0x0f4f:                             /* CMOVcc */
        return add(held, reg, source(flow, at, operands, held));
    case 0x8d:
        return set(held, reg, get(held, operands->index) |
                   pointer(flow, held, operands->base,
                           displacement(flow->code, at, operands)));
    case 0x31: case 0x33:                               /* XOR with itself */
        return reg == rm ? set(held, reg, 0) : held;
    case 0x63: case 0x0faf: case 0x0fb6: case 0x0fb7: case 0x0fbe:
    case 0x0fbf: case 0x58 ... 0x5f: case 0xb8 ... 0xbf:
        return set(held, reg, 0);
    case 0xc7:
        return set(held, rm, 0);
    case 0xa4: case 0xa5:                               /* MOVS */
        if (is_copied(held)) {
            tell(flow, ESCAPE_STORED, NULL);
        }
        return held;
    default:
        return held;
    }
}

static void run(struct flow *flow)
{
    while (flow->nwork) {
        uint64_t at = flow->work[--flow->nwork];
        uint64_t held = flow->held[at];
        struct operands operands;

        if (operands_at(flow->code, at, &operands) &&
            !follow_branch(flow, at, &operands, held)) {
            reach(flow, at + operands.length,
                  step(flow, at, &operands, held));
        }
    }
    free(flow->work);
    free(flow->held);
    free(flow->slots);
}

static bool has_frame(const struct atom *code)
{
    static const uint8_t set_up[] = { 0x55, 0x48, 0x89, 0xe5 };
    uint64_t at = x86_landing(code->bytes, code->size);

    return code->size - at > 4 && !memcmp(code->bytes + at, set_up, 4);
}

static struct flow begin(const struct atom *code, escape_found *found,
                         void *context)
{
    return (struct flow) {
        .code = code, .found = found, .context = context,
        .held = must_alloc(code->size + 1, sizeof(uint64_t)),
    };
}

/* What is known of registers wherever one looks. */
static uint64_t always(const struct atom *code)
{
    bool frame = code->bytes && code->size > 8 && has_frame(code);

    return STACK << STACK_POINTER | (frame ? STACK << FRAME_POINTER : 0);
}

void x86_escapes_of_address(const struct atom *code, const struct ref *ref,
                            escape_found *found, void *context)
{
    struct flow flow = begin(code, found, context);
    struct operands operands;
    uint64_t at = instruction_with(code, ref, &operands), held = always(code);

    if (x86_access(code, ref) == ACCESS_ADDRESS) {
        unsigned int opcode = operands.opcode;
        uint64_t next = at + operands.length;

        if (opcode == 0xc7 && operands.memory) {
            reach(&flow, next, store(&flow, at, &operands, held));
        } else if (opcode == 0x8d || opcode == 0x8b ||
                   (opcode & ~7u) == 0xb8) {
            reach(&flow, next, set(held, operands.reg, ADDRESS));
        } else if (opcode == 0xc7) {
            reach(&flow, next, set(held, operands.rm, ADDRESS));
        }
    }
    run(&flow);
}

void x86_escapes_of_content(const struct atom *code, const struct ref *ref,
                            escape_found *found, void *context)
{
    struct flow flow = begin(code, found, context);
    struct operands operands;
    uint64_t at = instruction_with(code, ref, &operands);
    enum access access = x86_access(code, ref);

    if ((access == ACCESS_ADDRESS || access == ACCESS_READ) &&
        (operands.opcode == 0x8d || operands.opcode == 0x8b)) {
        reach(&flow, at + operands.length,
              set(always(code), operands.reg,
                  access == ACCESS_READ ? ADDRESS : HOLDER));
    }
    run(&flow);
}

void x86_escapes_of_arguments(const struct atom *code, uint64_t registers,
                              escape_found *found, void *context)
{
    struct flow flow = begin(code, found, context);

    reach(&flow, 0, registers | always(code));
    run(&flow);
}
