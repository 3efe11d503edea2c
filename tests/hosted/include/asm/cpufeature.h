/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_CPUFEATURE_H
#define HOSTED_ASM_CPUFEATURE_H

#include <xen/types.h>

/* Numbers of no meaning, but for being different. */
#define X86_FEATURE_ALWAYS           0x140
#define X86_FEATURE_IND_THUNK_LFENCE 0x141
#define X86_FEATURE_IND_THUNK_JMP    0x142
#define X86_FEATURE_SVM              0x143
#define NCAPINTS                     16
#define X86_FEATURE_NR               (NCAPINTS * 32)

/* What the pretended processor has: see hosted.h. */
extern bool hosted_has_ibt, hosted_has_shstk;
extern bool hosted_features[X86_FEATURE_NR];
extern bool hosted_has_cx16;
#define cpu_has_cx16      hosted_has_cx16
#define cpu_has_xen_ibt   hosted_has_ibt

struct cpuinfo_x86 {
    uint8_t x86_vendor, x86;
};
extern struct cpuinfo_x86 boot_cpu_data;
bool boot_cpu_has(unsigned int feature);
#define cpu_has_svm       boot_cpu_has(X86_FEATURE_SVM)

#endif /* HOSTED_ASM_CPUFEATURE_H */
