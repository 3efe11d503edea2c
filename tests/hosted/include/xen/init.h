/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_INIT_H
#define HOSTED_XEN_INIT_H

#include <xen/compiler.h>

/* Nothing is freed here, but init code has a place of its own. */
#define __init
#define __initdata
#define __initconst
#define __initconstrel

typedef int (*initcall_t)(void);

/* Called by hosted_boot(). */
#define __initcall(fn) \
    static const initcall_t hosted_initcall_ ## fn \
    __used_section("hosted_initcalls") = (fn)

#endif /* HOSTED_XEN_INIT_H */
