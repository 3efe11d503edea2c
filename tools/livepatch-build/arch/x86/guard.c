/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A branch guards a place if that can't be reached without one of its two ways:
 * that way is closed, to see whether the place is still found from the entry.
 */
#include "x86.h"

#include <stdlib.h>
#include <string.h>

#include "operand.h"
#include "support/memory.h"
#include "support/sorted.h"

#define FAR 12                  /* instructions between a load and a branch */

struct instruction {
    uint64_t at;
    struct operands operands;
    enum branch branch;
    const struct ref *ref;      /* the first in it */
    size_t target;              /* of a branch within the function, or NONE */
};

struct graph {
    const struct atom *code;
    struct instruction *list;
    size_t count, room;
    bool *seen;
    size_t *work;
};

#define NONE SIZE_MAX

/* -- Instructions ---------------------------------------------------------- */

static void read_instructions(struct graph *graph)
{
    const struct atom *code = graph->code;
    struct operands operands;
    size_t next_ref = 0;

    for (uint64_t at = 0; operands_at(code, at, &operands);
         at += operands.length) {
        struct instruction *instruction;

        while (next_ref < code->nrefs && code->refs[next_ref].offset < at) {
            next_ref++;
        }
        graph->list = must_grow(graph->list, &graph->room, graph->count + 1,
                                sizeof(*graph->list));
        instruction = &graph->list[graph->count++];
        *instruction = (struct instruction) {
            .at = at, .operands = operands, .target = NONE,
            .branch = branch_of(&operands),
        };
        if (next_ref < code->nrefs &&
            code->refs[next_ref].offset < at + operands.length) {
            instruction->ref = &code->refs[next_ref];
        }
    }
}

/* The one that holds this byte, or NONE. */
static size_t find_instruction(const struct graph *graph, uint64_t at)
{
    const struct instruction *const list = graph->list;
    size_t i;

    FIND_SORTED(i, graph->count, list[i].at + list[i].operands.length <= at);
    return i < graph->count && list[i].at <= at ? i : NONE;
}

static void find_targets(struct graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        struct instruction *instruction = &graph->list[i];

        if (!instruction->ref && (instruction->branch == BRANCH_CONDITIONAL ||
                                  instruction->branch == BRANCH_JUMP)) {
            instruction->target = find_instruction(
                graph, destination(graph->code, instruction->at,
                                   &instruction->operands));
        }
    }
}

/* -- Ways ------------------------------------------------------------------ */

/* The next one isn't reached from it. */
static bool ends(const struct instruction *instruction)
{
    return instruction->branch == BRANCH_JUMP ||
           instruction->branch == BRANCH_POINTER_JUMP ||
           instruction->branch == BRANCH_RETURN;
}

static void reach(struct graph *graph, size_t number, size_t *nwork)
{
    if (number < graph->count && !graph->seen[number]) {
        graph->seen[number] = true;
        graph->work[(*nwork)++] = number;
    }
}

/* Is the place reached from the entry, with one way of a branch closed? */
static bool is_reached(struct graph *graph, size_t place, size_t branch,
                       bool jump)
{
    size_t nwork = 0;

    memset(graph->seen, 0, graph->count * sizeof(*graph->seen));
    reach(graph, 0, &nwork);
    while (nwork && !graph->seen[place]) {
        size_t number = graph->work[--nwork];
        const struct instruction *instruction = &graph->list[number];

        if (!(number == branch && jump)) {
            reach(graph, instruction->target, &nwork);
        }
        if (!ends(instruction) && !(number == branch && !jump)) {
            reach(graph, number + 1, &nwork);
        }
    }
    return graph->seen[place];
}

/* -- Conditions ------------------------------------------------------------ */

static bool is_variable(const struct instruction *instruction)
{
    return instruction->ref && instruction->operands.memory;
}

/* CMP and TEST; moves between them and the branch leave the flags alone. */
static bool compares(const struct operands *operands)
{
    unsigned int opcode = operands->opcode;

    return (opcode >= 0x38 && opcode <= 0x3d) || opcode == 0x84 ||
           opcode == 0x85 || opcode == 0xa8 || opcode == 0xa9 ||
           ((opcode == 0x80 || opcode == 0x81 || opcode == 0x83) &&
            (operands->reg & 7) == 7) ||
           ((opcode == 0xf6 || opcode == 0xf7) && (operands->reg & 7) < 2) ||
           opcode == 0x0fa3 || opcode == 0x0fba;
}

/* Jcc, as opposed to LOOP and JRCXZ, which depend on a register. */
static bool depends_on_flags(const struct instruction *instruction)
{
    return instruction->branch == BRANCH_CONDITIONAL &&
           (instruction->operands.opcode & 0xf0) != 0xe0;
}

/* The number behind the operands; 0 if a register is compared with itself. */
static uint64_t immediate(const struct atom *code,
                          const struct instruction *instruction)
{
    const struct operands *operands = &instruction->operands;
    const uint8_t *end = code->bytes + instruction->at + operands->length;
    int32_t wide = 0;

    switch (operands->opcode) {
    case 0x80: case 0x83: case 0xf6: case 0xa8: case 0x3c: case 0x0fba:
        return (int64_t)(int8_t)end[-1];
    case 0x81: case 0xf7: case 0xa9: case 0x3d:
        memcpy(&wide, end - sizeof(wide), sizeof(wide));
        return (int64_t)wide;
    default:
        return 0;
    }
}

/* What loads the register that is compared, shortly before. */
static const struct ref *find_load(const struct graph *graph, size_t number)
{
    const struct operands *compare = &graph->list[number].operands;
    unsigned int wanted = compare->rm == NO_REGISTER ? 0 : compare->rm;

    for (size_t i = 1; i <= FAR && i <= number; i++) {
        const struct instruction *load = &graph->list[number - i];
        unsigned int opcode = load->operands.opcode;

        if ((opcode == 0x8a || opcode == 0x8b || opcode == 0x0fb6 ||
             opcode == 0x0fb7 || opcode == 0x63) &&
            load->operands.reg == wanted) {
            return is_variable(load) ? load->ref : NULL;
        }
    }
    return NULL;
}

static void add_guard(const struct graph *graph, size_t branch, bool jump,
                      struct guards *guards)
{
    const struct operands *operands = &graph->list[branch].operands;
    size_t number = branch;
    struct guard guard = {
        .condition = (operands->opcode & 0xf) ^ !jump,
    };

    while (number && branch - number < FAR &&
           !compares(&graph->list[number].operands)) {
        number--;
    }
    if (!compares(&graph->list[number].operands)) {
        return;
    }
    guard.compared = immediate(graph->code, &graph->list[number]);
    guard.variable = is_variable(&graph->list[number])
                     ? graph->list[number].ref : find_load(graph, number);
    if (guard.variable) {
        guards->list = must_grow(guards->list, &guards->room,
                                 guards->count + 1, sizeof(*guards->list));
        guards->list[guards->count++] = guard;
    }
}

/* -- All ------------------------------------------------------------------- */

void x86_find_guards(const struct atom *code, const struct ref *ref,
                     struct guards *guards)
{
    struct graph graph = { .code = code };
    size_t place;

    read_instructions(&graph);
    find_targets(&graph);
    graph.seen = must_alloc(graph.count + 1, sizeof(*graph.seen));
    graph.work = must_alloc(graph.count + 1, sizeof(*graph.work));
    place = find_instruction(&graph, ref->offset);
    for (size_t i = 0; place != NONE && i < graph.count; i++) {
        for (unsigned int jump = 0;
             depends_on_flags(&graph.list[i]) && jump < 2; jump++) {
            if (!is_reached(&graph, place, i, jump)) {
                add_guard(&graph, i, jump, guards);
            }
        }
    }
    free(graph.list);
    free(graph.seen);
    free(graph.work);
}
