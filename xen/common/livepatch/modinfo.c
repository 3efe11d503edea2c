/* SPDX-License-Identifier: GPL-2.0-only */
/* .modinfo: what the author says of the payload, as strings "key=value". */

#include <xen/errno.h>
#include <xen/lib.h>

#include "reason.h"
#include "tables.h"

int modinfo_load(struct elf_view *elf, struct payload *payload)
{
    void *data;
    size_t size;
    int rc = elf_special(elf, ".modinfo", 1, &data, &size);

    if ( rc || !size )
        return rc;

    if ( ((const char *)data)[size - 1] )
        return refuse(elf->why, -EINVAL,
                      "section .modinfo: the last of its %zu bytes is not zero",
                      size);

    payload->modinfo.addr = data;
    payload->modinfo.size = size;

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
