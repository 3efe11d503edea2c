/* SPDX-License-Identifier: GPL-2.0-only */
/* XEN_SYSCTL_LIVEPATCH_LIST. */

#include <xen/errno.h>
#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>
#include <xen/sched.h>
#include <xen/string.h>

#include "compat.h"
#include "list.h"
#include "payloads.h"
#include "reason.h"

#define MAX_RECORDS 1024

struct record_sizes {
    uint32_t name, metadata;
};

struct xen_livepatch_status payload_status(const struct payload *payload)
{
    return (struct xen_livepatch_status) {
        .state = payload->state,
        .rc = payload->busy ? -EAGAIN : payload->rc,
    };
}

static struct record_sizes sizes_of(const struct payload *payload)
{
    return (struct record_sizes) {
        .name = strlen(payload->name) + 1,
        .metadata = payload->modinfo.size,
    };
}

static int check_request(const struct xen_sysctl_livepatch_list *list,
                         struct livepatch_reason *why)
{
    if ( list->nr > MAX_RECORDS )
        return refuse(why, -E2BIG, "list: %u records asked for, %u is the most",
                      list->nr, MAX_RECORDS);

    if ( list->pad )
        return refuse(why, -EINVAL, "list: padding is %#x, must be 0",
                      list->pad);

    if ( payloads_count && list->idx >= payloads_count )
        return refuse(why, -EINVAL, "list: index %u, but %u payloads",
                      list->idx, payloads_count);

    if ( list->nr &&
         (!guest_handle_okay(list->status, list->nr) ||
          !guest_handle_okay(list->len, list->nr) ||
          !guest_handle_okay(list->metadata_len, list->nr) ||
          !guest_handle_okay(list->name, 1) ||
          !guest_handle_okay(list->metadata, 1)) )
        return refuse(why, -EINVAL, "list: no guest may write to its buffers");

    return 0;
}

/* How many there are, and how much room their names and metadata need. */
static void count_all(struct xen_sysctl_livepatch_list *list)
{
    const struct payload *payload;

    list->nr = payloads_count;
    list->name_total_size = 0;
    list->metadata_total_size = 0;

    list_for_each_entry ( payload, &payloads_loaded, list )
    {
        struct record_sizes sizes = sizes_of(payload);

        list->name_total_size += sizes.name;
        list->metadata_total_size += sizes.metadata;
    }
}

static int copy_record(const struct xen_sysctl_livepatch_list *list,
                       const struct payload *payload, unsigned int n,
                       const struct record_sizes *used,
                       const struct record_sizes *sizes)
{
    struct xen_livepatch_status status = payload_status(payload);
    const char *metadata = payload->modinfo.addr;

    if ( copy_to_guest_offset(list->status, n, &status, 1) ||
         copy_to_guest_offset(list->len, n, &sizes->name, 1) ||
         copy_to_guest_offset(list->metadata_len, n, &sizes->metadata, 1) ||
         copy_to_guest_offset(list->name, used->name, payload->name,
                              sizes->name) ||
         (sizes->metadata &&
          copy_to_guest_offset(list->metadata, used->metadata, metadata,
                               sizes->metadata)) )
        return -EFAULT;

    return 0;
}

/*
 * Copies what is asked for, from the idx-th payload on, to the beginning of
 * the arrays.  Returns how many before the CPU is wanted for something else.
 */
static int copy_all(const struct xen_sysctl_livepatch_list *list,
                    struct record_sizes *used,
                    struct livepatch_reason *why)
{
    const struct record_sizes room = {
        .name = compat_list_room(list->name_total_size),
        .metadata = compat_list_room(list->metadata_total_size),
    };
    const struct payload *payload;
    unsigned int i = 0, n = 0;

    list_for_each_entry ( payload, &payloads_loaded, list )
    {
        struct record_sizes sizes = sizes_of(payload);

        if ( i++ < list->idx )
            continue;

        if ( n == list->nr || (n && hypercall_preempt_check()) )
            break;

        if ( sizes.name > room.name - used->name ||
             sizes.metadata > room.metadata - used->metadata )
            return refuse(why, -ENOBUFS,
                          "list: record %u doesn't fit: %u bytes for names, %u for metadata",
                          n, room.name, room.metadata);

        if ( copy_record(list, payload, n, used, &sizes) )
            return refuse(why, -EFAULT, "list: record %u can't be copied", n);

        used->name += sizes.name;
        used->metadata += sizes.metadata;
        n++;
    }

    return n;
}

int list_payloads(struct xen_sysctl_livepatch_list *list)
{
    struct record_sizes used = {};
    struct livepatch_reason why = {};
    int rc = check_request(list, &why);

    if ( rc )
        return rc;

    list->version = payloads_version;

    if ( !list->nr )
    {
        count_all(list);
        return 0;
    }

    rc = copy_all(list, &used, &why);
    if ( rc < 0 )
        return rc;

    list->nr = payloads_count ? payloads_count - list->idx - rc : 0;
    list->name_total_size = used.name;
    list->metadata_total_size = used.metadata;

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
