/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_ALTERNATIVE_H
#define HOSTED_ASM_ALTERNATIVE_H

#include <xen/types.h>

struct __attribute__((__packed__)) alt_instr {
    int32_t orig_offset;
    int32_t repl_offset;
    uint16_t cpuid;
    uint8_t orig_len;
    uint8_t repl_len;
    uint8_t pad_len;
    uint8_t priv;
};

#define __ALT_PTR(a, f)  ((uint8_t *)((unsigned long)&(a)->f + (a)->f))
#define ALT_ORIG_PTR(a)  __ALT_PTR(a, orig_offset)
#define ALT_REPL_PTR(a)  __ALT_PTR(a, repl_offset)
#define ALT_FLAG_NOT     (1u << 15)

void add_nops(void *insns, unsigned int len);
#if HOSTED_RELEASE < 18
void apply_alternatives(struct alt_instr *start, struct alt_instr *end);
#else
int apply_alternatives(struct alt_instr *start, struct alt_instr *end);
#endif

#if HOSTED_RELEASE >= 21
struct alt_call {
    int32_t offset;
};
#define ALT_CALL_PTR(a) ((void *)((unsigned long)&(a)->offset + (a)->offset))
#define ALT_CALL_LEN    6
int livepatch_apply_alt_calls(const struct alt_call *start,
                              const struct alt_call *end);
#endif

#endif /* HOSTED_ASM_ALTERNATIVE_H */
