/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is written over a function: a jump to its replacement, or NOPs.
 *
 * An ENDBR64 at its start stays, and so does the NOP that stands for one where
 * nothing calls the function by pointer any more.
 */

#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/string.h>

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/endbr.h>
#include <asm/livepatch.h>
#include <asm/msr.h>                /* For spec_ctrl.h, which misses it. */
#include <asm/spec_ctrl.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/functions.h"
#include "../../../common/livepatch/patching.h"
#include "../../../common/livepatch/reason.h"
#include "instruction.h"

/* From the linker script. */
extern const char _stextentry[], _etextentry[];

/* The longest patch, and all of the instruction that its end may be in. */
#define CODE_SIZE (LIVEPATCH_OPAQUE_SIZE + INSTRUCTION_MAX)

/* The beginning of an old function, as it is without any patch. */
struct code {
    uint8_t bytes[CODE_SIZE] __attribute__((__aligned__(4)));
    size_t room;                /* How many there are. */
    unsigned int offset;        /* Of the first that may be written. */
};

static void read_code(struct code *code, const struct livepatch_func *func,
                      size_t room)
{
    code->room = min_t(size_t, room, CODE_SIZE);
    code->offset = 0;

    /*
     * Of most functions only the ENDBR64 matters, which patches leave alone:
     * looking for what is below them takes time.
     */
    if ( func->new_addr &&
         func->old_size >= ENDBR64_LEN + ARCH_PATCH_INSN_SIZE )
        memcpy(code->bytes, func->old_addr, code->room);
    else
        patching_read_unpatched(func->old_addr, code->bytes, code->room);

    if ( code->room >= ENDBR64_LEN &&
         (is_endbr64(code->bytes) || is_endbr64_poison(code->bytes)) )
        code->offset = ENDBR64_LEN;
}

/* Whether instructions that do nothing are all that lies between. */
static bool is_padding(const struct code *code, unsigned int from,
                       unsigned int to)
{
    while ( from < to )
    {
        const uint8_t *at = code->bytes + from;
        unsigned int length = from < code->room
                              ? instruction_length(at, code->room - from) : 0;

        if ( !length || !instruction_is_padding(at, length) )
            return false;

        from += length;
    }

    return true;
}

static int check_jump(const struct livepatch_func *func,
                      const struct code *code, struct livepatch_fstate *state,
                      struct livepatch_reason *why)
{
    unsigned int end = code->offset + ARCH_PATCH_INSN_SIZE;
    const void *from = func->old_addr + end;
    int64_t distance = func->new_addr - func->old_addr;
    int64_t displacement = func->new_addr - from;
    int32_t rel32 = displacement;

    if ( end > code->room || !is_padding(code, func->old_size, end) )
        return refuse(why, -EINVAL,
                      "function %.80s at %p: a jump needs %u bytes, it has "
                      "%u, and behind it is no padding that could be used",
                      function_name(func), func->old_addr, end,
                      min_t(unsigned int, func->old_size, code->room));

    if ( distance >= (int64_t)ARCH_LIVEPATCH_RANGE ||
         -distance >= (int64_t)ARCH_LIVEPATCH_RANGE || displacement != rel32 )
        return refuse(why, -EOVERFLOW,
                      "function %.80s at %p: its replacement at %p is too far "
                      "away for a jump",
                      function_name(func), func->old_addr, func->new_addr);

    state->offset = code->offset;
    state->length = ARCH_PATCH_INSN_SIZE;
    state->patch[0] = 0xe9;
    memcpy(state->patch + 1, &rel32, sizeof(rel32));

    return 0;
}

/*
 * NOPs must replace whole instructions: what is left of one is another one.
 */
static int check_boundary(const struct livepatch_func *func,
                          const struct code *code,
                          struct livepatch_reason *why)
{
    unsigned int pos = 0;

    while ( pos < func->new_size )
    {
        unsigned int length = instruction_length(code->bytes + pos,
                                                 code->room - pos);

        if ( !length )
            return refuse(why, -EINVAL,
                          "function %.80s at %p: can't tell where the "
                          "instruction at offset %u ends, which NOPs are to "
                          "replace",
                          function_name(func), func->old_addr, pos);

        if ( pos + length > func->new_size )
            return refuse(why, -EINVAL,
                          "function %.80s at %p: %u bytes of NOPs would end "
                          "within the instruction at offset %u, which has %u "
                          "bytes",
                          function_name(func), func->old_addr, func->new_size,
                          pos, length);

        pos += length;
    }

    return 0;
}

static int check_nops(const struct livepatch_func *func,
                      const struct code *code, struct livepatch_fstate *state,
                      struct livepatch_reason *why)
{
    int rc;

    if ( func->new_size > LIVEPATCH_OPAQUE_SIZE )
        return refuse(why, -EOPNOTSUPP,
                      "function %.80s: %u bytes of NOPs are more than %u",
                      function_name(func), func->new_size,
                      LIVEPATCH_OPAQUE_SIZE);

    if ( func->new_size > func->old_size )
        return refuse(why, -EINVAL,
                      "function %.80s: %u bytes of NOPs are more than its %u",
                      function_name(func), func->new_size, func->old_size);

    if ( !func->new_size )
        return 0;

    if ( func->new_size <= code->offset )
        return refuse(why, -EINVAL,
                      "function %.80s at %p: %u bytes of NOPs would change "
                      "nothing, as ENDBR64 stays",
                      function_name(func), func->old_addr, func->new_size);

    rc = check_boundary(func, code, why);
    if ( rc )
        return rc;

    if ( is_padding(code, func->new_size, func->old_size) )
        return refuse(why, -EINVAL,
                      "function %.80s at %p: with NOPs in all of its %u bytes "
                      "it would run into what follows it",
                      function_name(func), func->old_addr, func->old_size);

    state->offset = code->offset;
    state->length = func->new_size - code->offset;
    add_nops(state->patch, state->length);

    return 0;
}

/*
 * Entry code begins on the page tables of a guest.  With XPTI these map the
 * entry code, and not what is outside of Xen's image.
 */
static int check_entry(const struct livepatch_func *func,
                       struct livepatch_reason *why)
{
    const char *addr = func->old_addr;

    if ( !IS_ENABLED(CONFIG_PV) || (!opt_xpti_hwdom && !opt_xpti_domu) ||
         addr < _stextentry || addr >= _etextentry )
        return 0;

    return refuse(why, -EOPNOTSUPP,
                  "function %.80s at %p is entry code, which can't jump to a "
                  "payload with XPTI: guests' page tables don't map it",
                  function_name(func), addr);
}

int arch_function_check(const struct livepatch_func *func, size_t room,
                        struct livepatch_fstate *state,
                        struct livepatch_reason *why)
{
    struct code code;

    read_code(&code, func, room);

    if ( !func->new_addr )
        return check_nops(func, &code, state, why);

    return check_entry(func, why) ?: check_jump(func, &code, state, why);
}

/*
 * With CET-IBT, calls through pointers must find ENDBR64, unless they are made
 * by way of a RET, as retpolines are.
 */
bool arch_callable(const void *fn, size_t room)
{
    bool retpoline = IS_ENABLED(CONFIG_INDIRECT_THUNK) &&
                     !boot_cpu_has(X86_FEATURE_IND_THUNK_LFENCE) &&
                     !boot_cpu_has(X86_FEATURE_IND_THUNK_JMP);

    return !cpu_has_xen_ibt || retpoline ||
           (room >= ENDBR64_LEN && is_endbr64(fn));
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
