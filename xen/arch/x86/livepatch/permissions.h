/* SPDX-License-Identifier: GPL-2.0-only */
/* What the CPUs have to know of changed permissions. */
#ifndef LIVEPATCH_X86_PERMISSIONS_H
#define LIVEPATCH_X86_PERMISSIONS_H

/* How often text was made read-only again, by arch_tighten(). */
extern unsigned int permissions_tightened;

#endif /* LIVEPATCH_X86_PERMISSIONS_H */
