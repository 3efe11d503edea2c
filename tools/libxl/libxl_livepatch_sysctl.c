/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The sub-operations of XEN_SYSCTL_livepatch_op, as described in
 * xen/include/public/sysctl.h.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* So often a list is begun again because it changed while it was read. */
#define MAX_LIST_RESTARTS 32

/* Room for a report, bytes: enough for most; more than any can need. */
#define REPORT_FIRST 4096
#define REPORT_MAX (16 << 20)
/* So often it is asked for anew because it had grown meanwhile. */
#define MAX_REPORT_RESTARTS 8

static int livepatch_op(libxl__gc *gc, struct xen_sysctl *sysctl)
{
    int r;

    sysctl->cmd = XEN_SYSCTL_livepatch_op;
    r = xc_sysctl(CTX->xch, sysctl);
    return r < 0 ? -errno : r;
}

/* NULL if there is no memory.  The caller frees the buffer. */
static char *put_name(libxl__gc *gc, const libxl__livepatch_name *name,
                      struct xen_livepatch_name *to,
                      xc_hypercall_buffer_t *buffer)
{
    char *bytes;

    bytes = xc__hypercall_buffer_alloc(CTX->xch, buffer, name->len + 1);
    if (!bytes) return NULL;

    memcpy(bytes, name->bytes, name->len);
    bytes[name->len] = '\0';
    to->size = name->len + 1;
    return bytes;
}

int libxl__livepatch_upload(libxl__gc *gc,
                            const libxl__livepatch_name *name,
                            const libxl__livepatch_image *image)
{
    DECLARE_HYPERCALL_BUFFER(char, bytes);
    DECLARE_HYPERCALL_BUFFER(void, payload);
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_op *op = &sysctl.u.livepatch;
    int r;

    bytes = put_name(gc, name, &op->u.upload.name,
                     HYPERCALL_BUFFER(bytes));
    if (!bytes) {
        r = -ENOMEM;
        goto out;
    }

    payload = xc_hypercall_buffer_alloc(CTX->xch, payload, image->size);
    if (!payload) {
        r = -ENOMEM;
        goto out;
    }
    memcpy(payload, image->data, image->size);

    op->cmd = XEN_SYSCTL_LIVEPATCH_UPLOAD;
    op->u.upload.size = image->size;
    set_xen_guest_handle(op->u.upload.name.name, bytes);
    set_xen_guest_handle(op->u.upload.payload, payload);
    r = livepatch_op(gc, &sysctl);

 out:
    xc_hypercall_buffer_free(CTX->xch, payload);
    xc_hypercall_buffer_free(CTX->xch, bytes);
    return r;
}

int libxl__livepatch_get(libxl__gc *gc, const libxl__livepatch_name *name,
                         uint32_t *state_r, int *rc_r)
{
    DECLARE_HYPERCALL_BUFFER(char, bytes);
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_op *op = &sysctl.u.livepatch;
    int r;

    bytes = put_name(gc, name, &op->u.get.name, HYPERCALL_BUFFER(bytes));
    if (!bytes) {
        r = -ENOMEM;
        goto out;
    }

    op->cmd = XEN_SYSCTL_LIVEPATCH_GET;
    set_xen_guest_handle(op->u.get.name.name, bytes);
    r = livepatch_op(gc, &sysctl);
    if (r) goto out;

    *state_r = op->u.get.status.state;
    *rc_r = op->u.get.status.rc;

 out:
    xc_hypercall_buffer_free(CTX->xch, bytes);
    return r;
}

int libxl__livepatch_do(libxl__gc *gc, const libxl__livepatch_name *name,
                        uint32_t cmd, uint32_t timeout_us, uint32_t flags)
{
    DECLARE_HYPERCALL_BUFFER(char, bytes);
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_op *op = &sysctl.u.livepatch;
    int r;

    bytes = put_name(gc, name, &op->u.action.name,
                     HYPERCALL_BUFFER(bytes));
    if (!bytes) {
        r = -ENOMEM;
        goto out;
    }

    op->cmd = XEN_SYSCTL_LIVEPATCH_ACTION;
    op->u.action.cmd = cmd;
    op->u.action.timeout = timeout_us * 1000;
    op->u.action.flags = flags;
    set_xen_guest_handle(op->u.action.name.name, bytes);
    r = livepatch_op(gc, &sysctl);

 out:
    xc_hypercall_buffer_free(CTX->xch, bytes);
    return r;
}

/*----- reporting -----*/

/*
 * A report of up to size bytes into *bytes_r, which is from gc; without a
 * name it is on what about says.  bytes_r may
 * be NULL with size 0.  *size_r is how many bytes it has, or would have
 * had room for where the result is -ENOBUFS.
 */
static int report_once(libxl__gc *gc, const libxl__livepatch_name *name,
                       uint32_t about, uint32_t size, void **bytes_r,
                       uint32_t *size_r)
{
    DECLARE_HYPERCALL_BUFFER(char, bytes);
    DECLARE_HYPERCALL_BUFFER(uint8_t, buffer);
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_op *op = &sysctl.u.livepatch;
    struct xen_sysctl_livepatch_report *report = &op->u.report;
    int r;

    buffer = xc_hypercall_buffer_alloc(CTX->xch, buffer, size + 1);
    if (!buffer) {
        r = -ENOMEM;
        goto out;
    }
    memset(buffer, 0, size + 1);
    if (name) {
        bytes = put_name(gc, name, &report->name, HYPERCALL_BUFFER(bytes));
        if (!bytes) {
            r = -ENOMEM;
            goto out;
        }
        set_xen_guest_handle(report->name.name, bytes);
    }

    op->cmd = XEN_SYSCTL_LIVEPATCH_REPORT;
    report->about = about;
    report->size = size;
    set_xen_guest_handle(report->buffer, buffer);
    r = livepatch_op(gc, &sysctl);
    *size_r = report->size;
    /* It can't have written more than there was room for. */
    if (r >= 0 && *size_r > size) r = -EBADMSG;
    if (r < 0 || !bytes_r) goto out;

    *bytes_r = libxl__zalloc(gc, *size_r + 1);
    memcpy(*bytes_r, buffer, *size_r);
    r = 0;

 out:
    xc_hypercall_buffer_free(CTX->xch, buffer);
    xc_hypercall_buffer_free(CTX->xch, bytes);
    return r;
}

bool libxl__livepatch_reports(libxl__gc *gc)
{
    uint32_t size;
    int r = report_once(gc, NULL, LIVEPATCH_REPORT_ABOUT_UPLOAD, 0, NULL,
                        &size);

    /* There is one to be had, or no upload has failed yet. */
    return !r || r == -ENOBUFS || r == -ENOENT;
}

int libxl__livepatch_fetch_report(libxl__gc *gc,
                                  const libxl__livepatch_name *name,
                                  uint32_t about, void **bytes_r,
                                  size_t *size_r)
{
    uint32_t size = REPORT_FIRST, needed = 0;
    int restarts, r;

    for (restarts = 0; restarts < MAX_REPORT_RESTARTS; restarts++) {
        r = report_once(gc, name, about, size, bytes_r, &needed);
        if (r != -ENOBUFS) {
            *size_r = needed;
            return r;
        }
        if (needed <= size || needed > REPORT_MAX) return -EBADMSG;
        size = needed;
    }
    return -EAGAIN;
}

int libxl__livepatch_rehearse(libxl__gc *gc, uint32_t timeout_us)
{
    struct xen_sysctl sysctl = {};

    sysctl.u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_REHEARSE;
    sysctl.u.livepatch.u.rehearse.timeout = timeout_us * 1000;
    return livepatch_op(gc, &sysctl);
}

/*----- listing -----*/

/* How many there are, the bytes of all metadata, and the version. */
static int list_probe(libxl__gc *gc,
                      struct xen_sysctl_livepatch_list *list_r)
{
    struct xen_sysctl sysctl = {};
    int r;

    sysctl.u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    r = livepatch_op(gc, &sysctl);
    if (r < 0) return r;

    *list_r = sysctl.u.livepatch.u.list;
    return 0;
}

/* What the hypervisor writes about one payload. */
typedef struct {
    xen_livepatch_status_t status;
    uint32_t len;
    uint32_t metadata_len;
    char name[XEN_LIVEPATCH_NAME_SIZE];
    char metadata[];
} list_room;

/* Keep what the hypervisor wrote about one payload. */
static void keep_entry(libxl__gc *gc, libxl__livepatch_entry *entry,
                       const list_room *room)
{
    /* The length counts the NUL. */
    entry->name.len = room->len ? room->len - 1 : 0;
    entry->name.bytes = libxl__zalloc(gc, entry->name.len + 1);
    memcpy(entry->name.bytes, room->name, entry->name.len);
    entry->metadata_len = room->metadata_len;
    entry->metadata = libxl__zalloc(gc, entry->metadata_len + 1);
    memcpy(entry->metadata, room->metadata, entry->metadata_len);
    entry->state = room->status.state;
    entry->rc = room->status.rc;
}

/* As list_all, but from one payload's turn. */
static int list_one(libxl__gc *gc,
                    const struct xen_sysctl_livepatch_list *probe,
                    unsigned int idx, list_room *room)
{
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_list *list = &sysctl.u.livepatch.u.list;
    int r;

    sysctl.u.livepatch.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    list->idx = idx;
    list->nr = 1;
    /* Read by 4.21 and later only. */
    list->name_total_size = sizeof(room->name);
    list->metadata_total_size = probe->metadata_total_size;
    set_xen_guest_handle_raw(list->status, &room->status);
    set_xen_guest_handle_raw(list->name, room->name);
    set_xen_guest_handle_raw(list->len, &room->len);
    set_xen_guest_handle_raw(list->metadata, room->metadata);
    set_xen_guest_handle_raw(list->metadata_len, &room->metadata_len);
    r = livepatch_op(gc, &sysctl);
    /*
     * EINVAL: there are fewer by now.  EFAULT, or ENOBUFS: there is more
     * metadata.  0: the hypervisor had something more urgent to do.
     */
    if (r == -EINVAL || r == -EFAULT || r == -ENOBUFS || r == 0 ||
        (r > 0 && list->version != probe->version))
        return 1;
    return r < 0 ? r : 0;
}

/*
 * One payload a time, each with room for the metadata of all.  Releases
 * before 4.21 are not told how much room there is, and would write beyond
 * if there is more than when they were asked; so a page follows to which
 * they can't write.  Returns 1 when the set has changed since the probe,
 * else 0 or a negative errno.
 */
static int list_all(libxl__gc *gc,
                    const struct xen_sysctl_livepatch_list *probe,
                    libxl__livepatch_entry *entries)
{
    const size_t size = sizeof(list_room) + probe->metadata_total_size;
    const int num_pages = (size + XC_PAGE_SIZE - 1) / XC_PAGE_SIZE;
    DECLARE_HYPERCALL_BUFFER(list_room, room);
    void *guard;
    unsigned int i;
    int r;

    room = xc_hypercall_buffer_alloc_pages(CTX->xch, room, num_pages + 1);
    if (!room) return -ENOMEM;

    guard = (char *)room + num_pages * XC_PAGE_SIZE;
    if (mprotect(guard, XC_PAGE_SIZE, PROT_NONE)) {
        r = -errno;
        goto out;
    }
    for (i = 0; i < probe->nr; i++) {
        r = list_one(gc, probe, i, room);
        if (r) goto out;
        keep_entry(gc, &entries[i], room);
    }
    r = 0;

 out:
    /* libxc may have another use for the page. */
    if (mprotect(guard, XC_PAGE_SIZE, PROT_READ | PROT_WRITE))
        LOGE(WARN, "cannot give back a page");
    xc_hypercall_buffer_free_pages(CTX->xch, room, num_pages + 1);
    return r;
}

int libxl__livepatch_get_set(libxl__gc *gc, libxl__livepatch_set *set_r)
{
    struct xen_sysctl_livepatch_list probe;
    libxl__livepatch_set set;
    int restarts, r;

    for (restarts = 0; restarts < MAX_LIST_RESTARTS; restarts++) {
        r = list_probe(gc, &probe);
        if (r) return r;

        set.num = probe.nr;
        set.version = probe.version;
        set.entries = libxl__calloc(gc, probe.nr + 1,
                                    sizeof(*set.entries));
        r = probe.nr ? list_all(gc, &probe, set.entries) : 0;
        if (r < 0) return r;
        if (!r) {
            *set_r = set;
            return 0;
        }
    }
    return -EAGAIN;
}

libxl__livepatch_entry *
libxl__livepatch_find_entry(const libxl__livepatch_set *set,
                            const libxl__livepatch_name *name)
{
    int i;

    for (i = 0; i < set->num; i++)
        if (libxl__livepatch_same_name(&set->entries[i].name, name))
            return &set->entries[i];
    return NULL;
}

int libxl__livepatch_parse_name(libxl__gc *gc, const char *text,
                                libxl__livepatch_name *name_r)
{
    char *bytes;
    size_t len;
    int rc;

    bytes = libxl__livepatch_bytes(text, &len);
    if (!bytes) {
        if (errno == ENOMEM) libxl__alloc_failed(CTX, __func__, 0, 0);
        rc = ERROR_INVAL;
        goto out;
    }
    /* The hypervisor would cut it at a zero byte. */
    if (len >= XEN_LIVEPATCH_NAME_SIZE || memchr(bytes, '\0', len)) {
        rc = ERROR_INVAL;
        goto out;
    }
    name_r->bytes = libxl__zalloc(gc, len + 1);
    memcpy(name_r->bytes, bytes, len);
    name_r->len = len;
    rc = 0;

 out:
    free(bytes);
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
