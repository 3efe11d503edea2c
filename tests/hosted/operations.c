/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch.h>

#include "operations.h"
#include "payloads.h"

/* The name's bytes must stay as long as the structure is used. */
static struct xen_livepatch_name as_name(const char *name)
{
    struct xen_livepatch_name n = { .size = name ? strlen(name) + 1 : 0 };

    n.name.p = (void *)name;
    return n;
}

int op_upload_file(const char *name, const void *file, size_t size)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_UPLOAD,
        .u.upload = { .name = as_name(name), .size = size },
    };

    op.u.upload.payload.p = (void *)file;
    return livepatch_op(&op);
}

int op_upload(const char *name, struct image *image)
{
    size_t size;
    void *file = image_build(image, &size);

    return op_upload_file(name, file, size);
}

int op_upload_once(const char *name, struct image *image)
{
    int rc = op_upload(name, image);

    image_free(image);
    return rc;
}

int op_get(const char *name, uint32_t *state, int32_t *rc)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_GET, .u.get.name = as_name(name),
    };
    int ret = livepatch_op(&op);

    *state = ret ? 0 : op.u.get.status.state;
    *rc = ret ? 0 : op.u.get.status.rc;
    return ret;
}

uint32_t op_state(const char *name)
{
    uint32_t state;
    int32_t rc;

    op_get(name, &state, &rc);
    return state;
}

int op_action(const char *name, uint32_t action, uint32_t flags,
              uint32_t timeout)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_ACTION,
        .u.action = {
            .name = as_name(name), .cmd = action, .timeout = timeout,
            .flags = flags,
        },
    };

    return livepatch_op(&op);
}

#define LIST_MAX 8

void op_list_all(unsigned int idx, unsigned int nr)
{
    static char names[LIST_MAX * XEN_LIVEPATCH_NAME_SIZE], metadata[4096];
    struct xen_livepatch_status status[LIST_MAX];
    uint32_t len[LIST_MAX], metadata_len[LIST_MAX];
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_LIST,
        .u.list = {
            .idx = idx, .nr = nr,
            .name_total_size = sizeof(names),
            .metadata_total_size = sizeof(metadata),
        },
    };
    unsigned int i, used = 0;
    int n;

    assert(nr <= LIST_MAX);
    op.u.list.status.p = status;
    op.u.list.name.p = (void *)names;
    op.u.list.len.p = len;
    op.u.list.metadata.p = (void *)metadata;
    op.u.list.metadata_len.p = metadata_len;
    n = livepatch_op(&op);
    assert(n <= (int)nr);
    for ( i = 0; (int)i < n; i++ )
    {
        assert(!names[used + len[i] - 1]);
        used += len[i];
    }
    assert(used <= sizeof(names));
}

static int act(const char *name, uint32_t action)
{
    int rc = op_action(name, action, 0, 0);
    uint32_t state;
    int32_t result;

    if ( rc )
        return rc;
    hosted_run();
    rc = op_get(name, &state, &result);
    return rc ?: result;
}

int op_apply(const char *name)
{
    return act(name, LIVEPATCH_ACTION_APPLY);
}

int op_revert(const char *name)
{
    return act(name, LIVEPATCH_ACTION_REVERT);
}

int op_replace(const char *name)
{
    return act(name, LIVEPATCH_ACTION_REPLACE);
}

int op_unload(const char *name)
{
    return op_action(name, LIVEPATCH_ACTION_UNLOAD, 0, 0);
}

int op_report(const char *name, uint32_t about, uint8_t **items,
              uint32_t *size)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_REPORT,
        .u.report = { .name = as_name(name), .about = about },
    };
    int rc;

    *items = NULL;
    *size = 0;
    rc = livepatch_op(&op);
    if ( rc != -ENOBUFS )
        return rc;
    *size = op.u.report.size;
    *items = malloc(*size);
    assert(*items);
    op.u.report.buffer.p = *items;
    return livepatch_op(&op);
}

bool op_said(const char *name, const char *words)
{
    const struct xen_livepatch_report_item *item;
    uint8_t *items;
    uint32_t size, at;
    bool said = false;

    if ( op_report(name, 0, &items, &size) )
        return false;
    for ( at = 0; at + sizeof(*item) <= size;
          at += ROUNDUP(item->size, 8u) )
    {
        item = (void *)(items + at);
        if ( item->type == LIVEPATCH_REPORT_FAILURE )
            said = memmem(item + 1, item->size - sizeof(*item), words,
                          strlen(words));
    }
    free(items);
    return said;
}

void op_unload_all(void)
{
    struct payload *payload;

    while ( (payload = payloads_top()) )
        if ( op_revert(payload->name) )
            abort();
    /* Those that use others were loaded later. */
    while ( !list_empty(&payloads_loaded) )
        if ( op_unload(list_last_entry(&payloads_loaded, struct payload,
                                       list)->name) )
            abort();
    hosted_grace_period();
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
