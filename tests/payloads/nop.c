/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nop: turns the first instruction of xen_minor_version (mov $minor,%eax, five
 * bytes) into a NOP and leaves the return alone, be it ret or a jump to a thunk.
 */
#include "payload.h"

#include <xen/compile.h>

#define MOV_SIZE 5

static const struct livepatch_func nop_minor_version
    __used __section(".livepatch.funcs") = {
    .name = "xen_minor_version",
    .new_size = MOV_SIZE,
    .old_size = SIZE_xen_minor_version,
    .version = LIVEPATCH_PAYLOAD_VERSION,
    /* Another compiler's code must not be cut in the middle. */
    .expect = { .enabled = 1, .len = MOV_SIZE,
                .data = { 0xb8, XEN_SUBVERSION } },
};
