/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of what is loaded.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "engine_inside.h"

/* False where that is no place to write to. */
static bool give(void *to, const void *from, size_t size)
{
    struct iovec local = { (void *)from, size }, remote = { to, size };

    return !size ||
        process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == size;
}

/* Record number at of those asked for; how much room there is, Xen up to 4.20
 * doesn't ask. */
static bool give_record(struct xen_sysctl_livepatch_list *op, int at,
                        const struct engine_payload *p)
{
    const xen_livepatch_status_t status = { .state = p->state, .rc = p->rc };
    const uint32_t sizes[] = { strlen(p->name) + 1, p->file.metadata_size };
    const uint32_t names = op->name_total_size;
    const uint32_t metadata = op->metadata_total_size;

    op->name_total_size += sizes[0];
    op->metadata_total_size += sizes[1];
    return give(op->name.p + names, p->name, sizes[0]) &&
        give(&op->len.p[at], &sizes[0], sizeof(sizes[0])) &&
        give(&op->status.p[at], &status, sizeof(status)) &&
        give(op->metadata.p + metadata, p->file.metadata, sizes[1]) &&
        give(&op->metadata_len.p[at], &sizes[1], sizeof(sizes[1]));
}

static void add_sizes(struct xen_sysctl_livepatch_list *op)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++) {
        op->name_total_size += strlen(engine.loaded[i]->name) + 1;
        op->metadata_total_size += engine.loaded[i]->file.metadata_size;
    }
}

int engine_list(struct xen_sysctl_livepatch_list *op)
{
    const uint32_t wanted = engine.preempted ? MIN(op->nr, 1) : op->nr;
    int next = op->nr ? op->idx : 0, copied = 0, r = 0;

    if (op->nr > 1024) return -XEN_E2BIG;
    if (op->pad) return -XEN_EINVAL;
    if (op->idx >= engine.num_loaded && engine.num_loaded)
        return -XEN_EINVAL;
    if (op->nr && engine.preempted) engine.preempted--;
    if (engine.restless) {
        engine.restless--;
        engine.version++;
    }
    op->name_total_size = op->metadata_total_size = 0;
    if (!op->nr) add_sizes(op);
    for (; next < engine.num_loaded && copied < wanted; next++, copied++)
        if (!give_record(op, copied, engine.loaded[next])) {
            next++;
            r = -XEN_EFAULT;
            break;
        }
    op->nr = engine.num_loaded - MIN(next, engine.num_loaded);
    op->version = engine.version;
    return r ?: copied;
}
