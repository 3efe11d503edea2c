/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unknown_symbol: calls a function that this hypervisor doesn't have.
 * Refused at upload.
 */
#include "payload.h"

const char *no_such_function_in_xen(void);

const char *unknown_symbol_extra_version(void)
{
    return no_such_function_in_xen();
}
REPLACE_FUNCTION(unknown_symbol, xen_extra_version,
                 unknown_symbol_extra_version);
