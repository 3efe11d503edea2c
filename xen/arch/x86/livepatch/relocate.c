/* SPDX-License-Identifier: GPL-2.0-only */
/* The relocations of the x86-64 psABI that make sense without an interpreter
 * or an offset table, and the machine that they are for. */
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/reason.h"

/* Those that not every release's ELF header has. */
#ifndef R_X86_64_PC64
# define R_X86_64_32    10
# define R_X86_64_32S   11
# define R_X86_64_16    12
# define R_X86_64_PC16  13
# define R_X86_64_8     14
# define R_X86_64_PC8   15
# define R_X86_64_PC64  24
#endif

enum range {
    NONE,                       /* No such relocation. */
    SIGNED,
    UNSIGNED,
    EITHER,                     /* A bit pattern: signed or unsigned. */
};

struct field {
    uint8_t bytes;
    bool relative;              /* To the field's own address. */
    uint8_t range;
};

static const struct field fields[] = {
    [R_X86_64_64]    = { 8, false, EITHER },
    [R_X86_64_PC32]  = { 4, true, SIGNED },
    /* No table comes between: a symbol's address is final. */
    [R_X86_64_PLT32] = { 4, true, SIGNED },
    [R_X86_64_32]    = { 4, false, UNSIGNED },
    [R_X86_64_32S]   = { 4, false, SIGNED },
    [R_X86_64_16]    = { 2, false, EITHER },
    [R_X86_64_PC16]  = { 2, true, SIGNED },
    [R_X86_64_8]     = { 1, false, EITHER },
    [R_X86_64_PC8]   = { 1, true, SIGNED },
    [R_X86_64_PC64]  = { 8, true, EITHER },
};

static bool fits(uint64_t value, const struct field *field)
{
    unsigned int bits = field->bytes * 8;
    bool as_signed, as_unsigned;

    if ( bits == 64 )
        return true;

    as_unsigned = !(value >> bits);
    as_signed = !((value + (1UL << (bits - 1))) >> bits);

    return (field->range != SIGNED && as_unsigned) ||
           (field->range != UNSIGNED && as_signed);
}

int arch_relocate(unsigned int type, void *place, size_t room, uint64_t value)
{
    const struct field *field;

    if ( type == R_X86_64_NONE )
        return 0;

    if ( type >= ARRAY_SIZE(fields) || fields[type].range == NONE )
        return -EOPNOTSUPP;

    field = &fields[type];
    if ( room < field->bytes )
        return -EINVAL;

    if ( field->relative )
        value -= (uintptr_t)place;

    if ( !fits(value, field) )
        return -EOVERFLOW;

    /*
     * Nothing has run here yet, and nothing was prefetched: on x86 that is
     * all there is to new code.
     */
    memcpy(place, &value, field->bytes);

    return 0;
}

int arch_elf_check(const Elf_Ehdr *header, struct livepatch_reason *why)
{
    if ( header->e_machine != EM_X86_64 )
        return refuse(why, -EOPNOTSUPP,
                      "ELF header: machine %u instead of x86-64 (%u)",
                      header->e_machine, EM_X86_64);

    return 0;
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
