/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The caller's memory, which is the process's own; and its faults. */
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include "hosted.h"
#include "services.h"

const void *hosted_bad_handle;
unsigned long hosted_preempt_after;

static unsigned long fail_at;

void hosted_fail_copy(unsigned long n)
{
    fail_at = n;
}

size_t hosted_copy(void *to, const void *from, size_t size)
{
    hosted_assert_may_sleep("the caller's memory was touched");
    if ( fail_at && !--fail_at )
        return size;
    /* As a guest's address 0: nothing is there. */
    if ( size && (!to || !from) )
        return size;
    memmove(to, from, size);
    return 0;
}

bool hosted_handle_okay(const void *p)
{
    return !hosted_bad_handle || p != hosted_bad_handle;
}

bool hypercall_preempt_check(void)
{
    if ( !hosted_preempt_after )
        return false;
    if ( hosted_preempt_after == 1 )
        return true;
    hosted_preempt_after--;
    return false;
}

void hosted_reset_guest(void)
{
    fail_at = hosted_preempt_after = 0;
    hosted_bad_handle = NULL;
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
