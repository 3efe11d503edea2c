/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypercall: what comes from the guest and goes back to it. */

#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/livepatch_payload.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/time.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include "actions.h"
#include "compat.h"
#include "list.h"
#include "load.h"
#include "payloads.h"
#include "reason.h"
#include "rehearsal.h"
#include "report.h"

/* What is behind the first NUL is no part of it. */
static int copy_name(const struct xen_livepatch_name *name,
                     char buf[XEN_LIVEPATCH_NAME_SIZE],
                     struct livepatch_reason *why)
{
    char copy[XEN_LIVEPATCH_NAME_SIZE];

    memset(buf, 0, XEN_LIVEPATCH_NAME_SIZE);

    if ( !name->size || name->size > XEN_LIVEPATCH_NAME_SIZE )
        return refuse(why, -EINVAL, "name of %u bytes, not 1 to %u",
                      name->size, XEN_LIVEPATCH_NAME_SIZE);

    if ( name->pad[0] || name->pad[1] || name->pad[2] )
        return refuse(why, -EINVAL, "padding of the name is not 0");

    if ( copy_from_guest(copy, name->name, name->size) )
        return refuse(why, -EFAULT, "name can't be read");

    if ( copy[name->size - 1] )
        return refuse(why, -EINVAL, "name doesn't end with a NUL");

    strlcpy(buf, copy, XEN_LIVEPATCH_NAME_SIZE);

    return 0;
}

static int copy_file(const struct xen_sysctl_livepatch_upload *upload,
                     void **file, struct livepatch_reason *why)
{
    if ( !upload->size || upload->size > LIVEPATCH_MAX_SIZE )
        return refuse(why, -EINVAL, "file of %"PRIu64" bytes, not 1 to %u",
                      upload->size, (unsigned int)LIVEPATCH_MAX_SIZE);

    *file = vmalloc(upload->size);
    if ( !*file )
        return refuse_no_memory(why, "the file");

    if ( copy_from_guest((uint8_t *)*file, upload->payload, upload->size) )
        return refuse(why, -EFAULT, "file can't be read");

    return 0;
}

static int add_payload(struct payload *payload, const void *file, size_t size,
                       bool force)
{
    int rc;

    if ( payloads_find(payload->name) )
        return refuse_as(LIVEPATCH_REASON_COLLISION, &payload->why, -EEXIST,
                         "a payload of this name exists");

    rc = load_payload(payload, file, size, force);
    if ( !rc )
    {
        payload->state = LIVEPATCH_STATE_CHECKED;
        payload->rc = 0;
        payloads_add(payload);
    }

    return rc;
}

static int upload(const struct xen_sysctl_livepatch_upload *upload, bool force)
{
    struct livepatch_reason no_payload = {};
    struct payload *payload = xzalloc(struct payload);
    s_time_t start = NOW();
    void *file = NULL;
    int rc;

    if ( !payload )
    {
        rc = refuse_no_memory(&no_payload, "the payload's description");
        report_failed_upload("", &no_payload);
        return rc;
    }

    payload->why.about = payload->name;

    /* Whatever is wrong with the name has one errno here. */
    rc = copy_name(&upload->name, payload->name, &payload->why);
    if ( rc )
        rc = -EINVAL;
    else
        rc = copy_file(upload, &file, &payload->why);

    if ( !rc )
    {
        spin_lock(&payloads_lock);
        rc = add_payload(payload, file, upload->size, force);
        if ( !rc )
        {
            payload->times.uploaded = NOW();
            payload->times.upload = payload->times.uploaded - start;
        }
        spin_unlock(&payloads_lock);
    }

    if ( rc )
    {
        payload->why.rc = rc;
        report_failed_upload(payload->name, &payload->why);
        xfree(payload);
    }
    vfree(file);

    return rc;
}

/*
 * Finds the payload of that name, with payloads_lock held if there is one.
 * That there is none is an ordinary answer, which tools wait for.
 */
static int find(const struct xen_livepatch_name *name,
                struct payload **payload)
{
    struct livepatch_reason why = {};
    char buf[XEN_LIVEPATCH_NAME_SIZE];
    int rc = copy_name(name, buf, &why);

    if ( rc )
        return rc;

    spin_lock(&payloads_lock);

    *payload = payloads_find(buf);
    if ( *payload )
        return 0;

    spin_unlock(&payloads_lock);

    return -ENOENT;
}

static int get(struct xen_sysctl_livepatch_get *get)
{
    struct payload *payload;
    int rc = find(&get->name, &payload);

    if ( rc )
        return rc;

    get->status = payload_status(payload);
    spin_unlock(&payloads_lock);

    return 0;
}

static int list(struct xen_sysctl_livepatch_list *list)
{
    int rc;

    spin_lock(&payloads_lock);
    rc = list_payloads(list);
    spin_unlock(&payloads_lock);

    return rc;
}

static int action(const struct xen_sysctl_livepatch_action *action)
{
    struct livepatch_reason why = {};
    struct payload *payload;
    int rc;

    if ( action->pad )
        return refuse(&why, -EINVAL, "action: padding is %#x, must be 0",
                      action->pad);

    if ( action->flags & ~LIVEPATCH_ACTION_APPLY_NODEPS )
        return refuse(&why, -EINVAL, "action: unknown flags %#x",
                      action->flags & ~LIVEPATCH_ACTION_APPLY_NODEPS);

    rc = find(&action->name, &payload);
    if ( rc )
        return rc;

    rc = actions_begin(payload, action->cmd, action->flags, action->timeout);
    spin_unlock(&payloads_lock);

    return rc;
}

static int report(struct xen_sysctl_livepatch_report *report)
{
    struct livepatch_reason why = {};
    struct payload *payload = NULL;
    int rc = 0;

    if ( report->about > LIVEPATCH_REPORT_ABOUT_REHEARSAL ||
         (report->about && report->name.size) )
        return refuse(&why, -EINVAL, "report: about %#x, which is nothing",
                      report->about);

    if ( report->name.size )
        rc = find(&report->name, &payload);
    else
        spin_lock(&payloads_lock);

    if ( rc )
        return rc;

    rc = report_write(report, payload);
    spin_unlock(&payloads_lock);

    return rc;
}

static int rehearse(const struct xen_sysctl_livepatch_rehearse *rehearse)
{
    struct livepatch_reason why = {};
    int rc;

    if ( rehearse->pad )
        return refuse(&why, -EINVAL, "rehearsal: padding is %#x, must be 0",
                      rehearse->pad);

    spin_lock(&payloads_lock);
    rc = rehearsal_begin(rehearse->timeout);
    spin_unlock(&payloads_lock);

    return rc;
}

int livepatch_op(struct xen_sysctl_livepatch_op *op)
{
    struct livepatch_reason why = {};
    uint32_t flags = compat_flags(op);

    if ( flags & ~LIVEPATCH_FLAG_FORCE )
        return refuse(&why, -EINVAL, "sub-operation %u: unknown flags %#x",
                      op->cmd, flags & ~LIVEPATCH_FLAG_FORCE);

    switch ( op->cmd )
    {
    case XEN_SYSCTL_LIVEPATCH_UPLOAD:
        return upload(&op->u.upload, flags & LIVEPATCH_FLAG_FORCE);

    case XEN_SYSCTL_LIVEPATCH_GET:
        return get(&op->u.get);

    case XEN_SYSCTL_LIVEPATCH_LIST:
        return list(&op->u.list);

    case XEN_SYSCTL_LIVEPATCH_ACTION:
        return action(&op->u.action);

    case XEN_SYSCTL_LIVEPATCH_REPORT:
        return report(&op->u.report);

    case XEN_SYSCTL_LIVEPATCH_REHEARSE:
        return rehearse(&op->u.rehearse);

    default:
        return refuse(&why, -EOPNOTSUPP, "no sub-operation %u", op->cmd);
    }
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
