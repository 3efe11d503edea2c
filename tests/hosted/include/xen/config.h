/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CONFIG_H
#define HOSTED_XEN_CONFIG_H

/* What every source file sees first, as Xen's own build has it. */
#define CONFIG_LIVEPATCH        1
#define CONFIG_INDIRECT_THUNK   1
#define CONFIG_PV               1

/* The linker gives bounds to what has a name of C's. */
#define LIVEPATCH_TEXT          "livepatch_text"
#define _slivepatch             __start_livepatch_text
#define _elivepatch             __stop_livepatch_text
#define CONFIG_NR_CPUS          64
#define NR_CPUS                 CONFIG_NR_CPUS
#define ELFSIZE                 64

#define KB(n) ((unsigned long)(n) << 10)
#define MB(n) ((unsigned long)(n) << 20)

/* Whether an option is set: 1 if it is defined as 1, 0 if it isn't. */
#define HOSTED_SECOND_1 0,
#define HOSTED_SECOND(first, second, args...) second
#define HOSTED_ENABLED_(x)  HOSTED_SECOND(x 1, 0, 0)
#define HOSTED_ENABLED(x)   HOSTED_ENABLED_(HOSTED_SECOND_ ## x)
#define IS_ENABLED(option)  HOSTED_ENABLED(option)

#include <xen/compiler.h>
#include <xen/types.h>

#endif /* HOSTED_XEN_CONFIG_H */
