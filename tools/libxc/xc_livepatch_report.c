/* SPDX-License-Identifier: LGPL-2.1-only */
/* XEN_SYSCTL_LIVEPATCH_REPORT; xenctrl.h describes the call. */

#include "xc_private.h"

int xc_livepatch_report(xc_interface *xch, const char *name,
                        void *buffer, uint32_t *size)
{
    size_t length = name ? strlen(name) + 1 : 0;
    struct xen_sysctl_livepatch_report *report;
    int rc = -1;
    DECLARE_SYSCTL;
    DECLARE_HYPERCALL_BUFFER(char, text);
    DECLARE_HYPERCALL_BUFFER(uint8_t, items);

    if ( length > XEN_LIVEPATCH_NAME_SIZE )
    {
        errno = EINVAL;
        return -1;
    }

    text = xc_hypercall_buffer_alloc(xch, text, XEN_LIVEPATCH_NAME_SIZE);
    items = xc_hypercall_buffer_alloc(xch, items, *size ?: 1);
    if ( !text || !items )
        goto out;

    memcpy(text, name ?: "", length ?: 1);

    memset(&sysctl.u.livepatch, 0, sizeof(sysctl.u.livepatch));
    sysctl.cmd = XEN_SYSCTL_livepatch_op;
    sysctl.u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_REPORT;

    report = &sysctl.u.livepatch.u.report;
    report->name.size = length;
    set_xen_guest_handle(report->name.name, text);
    report->size = *size;
    set_xen_guest_handle(report->buffer, items);

    rc = do_sysctl(xch, &sysctl);

    if ( !rc )
        memcpy(buffer, items, report->size);
    *size = report->size;

 out:
    xc_hypercall_buffer_free(xch, items);
    xc_hypercall_buffer_free(xch, text);

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
