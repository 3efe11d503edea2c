/* SPDX-License-Identifier: LGPL-2.1-only */
/* XEN_SYSCTL_LIVEPATCH_REPORT and _REHEARSE; xenctrl.h describes the calls. */

#include "xc_private.h"

int xc_livepatch_report(xc_interface *xch, const char *name, uint32_t about,
                        void *buffer, uint32_t *size)
{
    size_t length = name ? strlen(name) + 1 : 0;
    struct xen_sysctl_livepatch_report *report;
    int rc = -1;
    struct xen_sysctl sysctl = {
        .cmd = XEN_SYSCTL_livepatch_op,
        .u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_REPORT,
    };
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

    report = &sysctl.u.livepatch.u.report;
    report->name.size = length;
    report->about = about;
    set_xen_guest_handle(report->name.name, text);
    report->size = *size;
    set_xen_guest_handle(report->buffer, items);

    rc = do_sysctl(xch, &sysctl);

    /* It can't have written more than there was room for. */
    if ( !rc && report->size > *size )
    {
        errno = EBADMSG;
        rc = -1;
    }
    else if ( !rc && report->size )
        memcpy(buffer, items, report->size);
    *size = report->size;

 out:
    xc_hypercall_buffer_free(xch, items);
    xc_hypercall_buffer_free(xch, text);

    return rc;
}

int xc_livepatch_rehearse(xc_interface *xch, uint32_t timeout)
{
    struct xen_sysctl sysctl = {
        .cmd = XEN_SYSCTL_livepatch_op,
        .u.livepatch = {
            .cmd = XEN_SYSCTL_LIVEPATCH_REHEARSE,
            .u.rehearse.timeout = timeout,
        },
    };

    return do_sysctl(xch, &sysctl);
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
