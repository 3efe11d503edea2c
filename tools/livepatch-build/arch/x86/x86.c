/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x86.h"

#include <elf.h>

#include "instruction.h"

static const uint8_t far_jump[] = {
    0xf3, 0x0f, 0x1e, 0xfa,     /* endbr64 */
    0xe9, 0, 0, 0, 0,           /* jmp */
};

/* NMIs and machine checks come although interrupts are off: whatever an engine
 * does about them, they come by these functions. */
static const struct arch_function interrupting[] = {
    { "arch/x86/traps.c", "do_nmi" },
    { "arch/x86/cpu/mcheck/mce.c", "do_machine_check" },
    { NULL, NULL },
};

static const struct arch x86 = {
    .name = "x86-64",
    .machine = EM_X86_64,

    .relocations = x86_relocations,
    .nrelocations = X86_RELOCATIONS,
    .address = R_X86_64_64,
    .distance = R_X86_64_PC32,

    .length = instruction_length,
    .is_padding = instruction_is_padding,
    .runs_on = x86_runs_on,
    .is_branch = x86_is_branch,
    .is_call_by_pointer = x86_is_call_by_pointer,
    .address_field = x86_address_field,
    .find_distances = x86_find_distances,
    .landing = x86_landing,
    .jump_size = 5,
    .relax = x86_relax,
    .far_jump = far_jump,
    .far_jump_size = sizeof(far_jump),
    .far_jump_field = 5,

    .difference = x86_difference,
    .access = x86_access,
    .escapes_of_address = x86_escapes_of_address,
    .escapes_of_content = x86_escapes_of_content,
    .escapes_of_arguments = x86_escapes_of_arguments,
    .find_guards = x86_find_guards,

    .engine = "arch/x86/livepatch",
    .interrupting = interrupting,
    .idle_loop = { "arch/x86/domain.c", "idle_loop" },
    .bring_up = "start_secondary",
    .bring_up_tables = "_cpu_dev",
};

const struct arch *const arch = &x86;
