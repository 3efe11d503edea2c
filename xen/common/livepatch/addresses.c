/* SPDX-License-Identifier: GPL-2.0-only */
/* What lies at addresses that an uploaded file gives. */

#include <xen/kernel.h>
#include <xen/string.h>

#include "addresses.h"
#include "compat.h"
#include "layout.h"
#include "payloads.h"

/* Longer ones are not looked at, lest many of them take long. */
#define STRING_MAX 1024

int records_find(const struct elf_view *elf, const char *name, size_t entry,
                 void **records, size_t *n)
{
    size_t size;
    int rc = elf_special(elf, name, entry, records, &size);

    *n = size / entry;

    return rc;
}

static bool span_ends_string(const struct livepatch_span *span, const char *s)
{
    size_t room;

    if ( !span_holds(span, s, 1) )
        return false;

    room = span->addr + span->size - (const void *)s;

    return memchr(s, '\0', min_t(size_t, room, STRING_MAX));
}

bool is_image_string(const struct livepatch_image *image, const char *s)
{
    return span_ends_string(&image->ro, s) ||
           span_ends_string(&image->rw, s) ||
           span_ends_string(&image->text, s);
}

bool is_image(const struct livepatch_image *image, const void *addr,
              size_t size)
{
    return span_holds(&image->ro, addr, size) ||
           span_holds(&image->rw, addr, size) ||
           span_holds(&image->text, addr, size);
}

bool is_hypervisor(const void *addr, size_t size)
{
    unsigned long first = (unsigned long)addr, last = first + size - 1;

    return first <= last && is_kernel(first) && is_kernel(last) &&
           (last < (unsigned long)__init_begin ||
            first >= (unsigned long)__init_end);
}

bool is_code(const struct payload *payload, const void *addr)
{
    const struct payload *other;

    if ( is_kernel_text(addr) || span_holds(&payload->image.text, addr, 1) )
        return true;

    other = payloads_at(addr);

    return other && span_holds(&other->image.text, addr, 1);
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
