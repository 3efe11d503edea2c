/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * .alt_call_sites: where a payload calls through pointers that never change
 * after boot.  From 4.21 on; before, .altinstructions has them.
 *
 * The hypervisor's own code for this takes any pointer for good, and warns of
 * targets whose ENDBR64 was taken away at boot: which are just those that all
 * others call directly, too.
 */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/string.h>

#include <asm/endbr.h>

#include "addresses.h"
#include "alternative_calls.h"
#include "layout.h"
#include "payloads.h"
#include "reason.h"
#include "tables.h"

static bool is_readable(const struct payload *payload, const void *addr,
                        size_t size)
{
    const struct payload *other = payloads_at(addr);

    return is_hypervisor(addr, size) || is_image(&payload->image, addr, size) ||
           (other && is_image(&other->image, addr, size));
}

/* Direct calls need no ENDBR64, nor what is left of one. */
static const uint8_t *skip_endbr(const struct payload *payload,
                                 const uint8_t *target)
{
    if ( is_code(payload, target + ENDBR64_LEN - 1) &&
         (is_endbr64(target) || is_endbr64_poison(target)) )
        target += ENDBR64_LEN;

    return target;
}

int alternative_call_resolve(const struct elf_view *elf,
                             struct payload *payload,
                             const char *section, size_t i, uint8_t *site)
{
    const uint8_t *target, *end = site + ALTERNATIVE_CALL_SIZE;
    const void *pointer;
    struct payload *owner;
    int64_t distance;
    int32_t rel32;

    memcpy(&rel32, site + 2, sizeof(rel32));
    pointer = (const void *)((unsigned long)end + rel32);

    if ( !is_readable(payload, pointer, sizeof(target)) )
        return refuse(elf->why, -EINVAL,
                      "section %s, entry %zu: the call at %p is through a "
                      "pointer at %p, which is neither the hypervisor's nor a "
                      "payload's",
                      section, i, site, pointer);

    memcpy(&target, pointer, sizeof(target));
    if ( !target )
    {
        /* Nobody calls it, then: UD2, thrice. */
        static const uint8_t trap[ALTERNATIVE_CALL_SIZE] = {
            0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b
        };

        memcpy(site, trap, sizeof(trap));
        return 0;
    }

    if ( !is_code(payload, target) )
        return refuse(elf->why, -EINVAL,
                      "section %s, entry %zu: the call at %p is to %p, where "
                      "no code is",
                      section, i, site, target);

    /* The call finds it without a symbol. */
    owner = payloads_at(target);
    if ( owner && payload_bind(payload, owner) )
        return -ENOMEM;

    distance = skip_endbr(payload, target) - end;
    rel32 = distance;
    if ( distance != rel32 )
        return refuse(elf->why, -EOVERFLOW,
                      "section %s, entry %zu: the call at %p is to %p, which "
                      "is too far away",
                      section, i, site, target);

    /* A prefix without effect fills it up. */
    site[0] = 0x2e;
    site[1] = site[1] == 0x15 ? 0xe8 : 0xe9;
    memcpy(site + 2, &rel32, sizeof(rel32));

    return 0;
}

int alternative_calls_load(struct elf_view *elf, struct payload *payload)
{
    static const char section[] = ".alt_call_sites";
    const int32_t *offsets;
    void *records;
    size_t i, n;
    int rc = records_find(elf, section, sizeof(*offsets), &records, &n);

    offsets = records;

    for ( i = 0; !rc && i < n; i++ )
    {
        uint8_t *site = (uint8_t *)&offsets[i] + offsets[i];

        if ( !span_holds(&payload->image.text, site, ALTERNATIVE_CALL_SIZE) )
            rc = refuse(elf->why, -EINVAL,
                        "section %s, entry %zu: the call at %p is not in the "
                        "payload's code",
                        section, i, site);
        else if ( site[0] != 0xff || site[1] != 0x15 )
            rc = refuse(elf->why, -EINVAL,
                        "section %s, entry %zu: at %p is no call through a "
                        "pointer",
                        section, i, site);
        else
            rc = alternative_call_resolve(elf, payload, section, i, site);
    }

    return rc;
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
