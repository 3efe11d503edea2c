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

/* libxc's functions take names that they don't change as "char *". */
static char *mutable(const char *name)
    { return (char *)name; }

/* From Xen 4.18 on an upload can do without the check of its build-ids. */
#ifdef LIVEPATCH_FLAG_FORCE
#define UPLOAD_CHECKED , false
#else
#define UPLOAD_CHECKED
#endif

static int livepatch_op(libxl__gc *gc, struct xen_sysctl *sysctl)
{
    int r;

    sysctl->cmd = XEN_SYSCTL_livepatch_op;
    r = xc_sysctl(CTX->xch, sysctl);
    return r < 0 ? -errno : r;
}

int libxl__livepatch_upload(libxl__gc *gc, const char *name,
                            const libxl__livepatch_image *image)
{
    return xc_livepatch_upload(CTX->xch, mutable(name), image->data,
                               image->size UPLOAD_CHECKED) ? -errno : 0;
}

int libxl__livepatch_get(libxl__gc *gc, const char *name,
                         uint32_t *state_r, int *rc_r)
{
    struct xen_livepatch_status status;

    if (xc_livepatch_get(CTX->xch, mutable(name), &status)) return -errno;

    *state_r = status.state;
    *rc_r = status.rc;
    return 0;
}

int libxl__livepatch_do(libxl__gc *gc, const char *name,
                        libxl_livepatch_operation op, uint32_t timeout_us,
                        uint32_t flags)
{
    static int (*const actions[])(xc_interface *, char *, uint32_t,
                                  uint32_t) = {
        [LIBXL_LIVEPATCH_OPERATION_APPLY] = xc_livepatch_apply,
        [LIBXL_LIVEPATCH_OPERATION_REPLACE] = xc_livepatch_replace,
        [LIBXL_LIVEPATCH_OPERATION_REVERT] = xc_livepatch_revert,
        [LIBXL_LIVEPATCH_OPERATION_UNLOAD] = xc_livepatch_unload,
    };

    return actions[op](CTX->xch, mutable(name), timeout_us * 1000, flags)
        ? -errno : 0;
}

/*
 * The engine looks for what is in flight before it looks at the command:
 * so one that doesn't exist is answered with EBUSY in the one case, and
 * does nothing in any.  (Any real one could take effect, as the state may
 * have changed.)
 */
int libxl__livepatch_probe(libxl__gc *gc, const char *name)
{
    const size_t size = strlen(name) + 1;
    DECLARE_HYPERCALL_BUFFER(char, bytes);
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_op *op = &sysctl.u.livepatch;
    int r;

    bytes = xc_hypercall_buffer_alloc(CTX->xch, bytes, size);
    if (!bytes) return -ENOMEM;

    memcpy(bytes, name, size);
    op->cmd = XEN_SYSCTL_LIVEPATCH_ACTION;
    op->u.action.name.size = size;
    set_xen_guest_handle(op->u.action.name.name, bytes);
    r = livepatch_op(gc, &sysctl);
    xc_hypercall_buffer_free(CTX->xch, bytes);
    return r;
}

/*----- reporting -----*/

bool libxl__livepatch_reports(libxl__gc *gc)
{
    uint32_t size = 0;
    int r = xc_livepatch_report(CTX->xch, NULL,
                                LIVEPATCH_REPORT_ABOUT_UPLOAD, NULL,
                                &size);

    /* There is one to be had, or no upload has failed yet. */
    return !r || errno == ENOBUFS || errno == ENOENT;
}

int libxl__livepatch_fetch_report(libxl__gc *gc, const char *name,
                                  uint32_t about, void **bytes_r,
                                  size_t *size_r)
{
    uint32_t size = REPORT_FIRST, room;
    int restarts;

    for (restarts = 0; restarts < MAX_REPORT_RESTARTS; restarts++) {
        room = size;
        *bytes_r = libxl__zalloc(gc, room);
        if (!xc_livepatch_report(CTX->xch, name, about, *bytes_r, &size)) {
            *size_r = size;
            return 0;
        }
        if (errno != ENOBUFS) return -errno;
        if (size <= room || size > REPORT_MAX) return -EBADMSG;
    }
    return -EAGAIN;
}

int libxl__livepatch_rehearse(libxl__gc *gc, uint32_t timeout_us)
{
    return xc_livepatch_rehearse(CTX->xch, timeout_us * 1000) ? -errno : 0;
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
    entry->name = libxl__strndup(gc, room->name, sizeof(room->name));
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

int libxl__livepatch_get_set(libxl__gc *gc, libxl__livepatch_any result,
                             libxl__livepatch_set *set_r)
{
    struct xen_sysctl_livepatch_list probe;
    libxl__livepatch_set set;
    int restarts, r;

    for (restarts = 0; restarts < MAX_LIST_RESTARTS; restarts++) {
        r = list_probe(gc, &probe);
        if (r) goto out;

        set.num = probe.nr;
        set.version = probe.version;
        set.entries = libxl__calloc(gc, probe.nr + 1,
                                    sizeof(*set.entries));
        r = probe.nr ? list_all(gc, &probe, set.entries) : 0;
        if (r < 0) goto out;
        if (!r) {
            *set_r = set;
            return 0;
        }
    }
    r = -EAGAIN;

 out:
    libxl__livepatch_conclude_errno(gc, result, r,
                                    "cannot list the live patches");
    return ERROR_FAIL;
}

libxl__livepatch_entry *
libxl__livepatch_find_entry(const libxl__livepatch_set *set,
                            const char *name)
{
    int i;

    for (i = 0; i < set->num; i++)
        if (!strcmp(set->entries[i].name, name))
            return &set->entries[i];
    return NULL;
}

int libxl__livepatch_parse_name(libxl__gc *gc, const char *text,
                                const char **name_r)
{
    size_t len;
    char *bytes = xenlivepatch_bytes(text, &len);
    int rc;

    if (!bytes) {
        if (errno == ENOMEM) libxl__alloc_failed(CTX, __func__, 0, 0);
        rc = ERROR_INVAL;
        goto out;
    }
    if (len >= XEN_LIVEPATCH_NAME_SIZE ||
        memchr(bytes, '\0', len)) {
        rc = ERROR_INVAL;
        goto out;
    }
    *name_r = libxl__strndup(gc, bytes, len);
    rc = 0;

 out:
    free(bytes);
    return rc;
}

int libxl__livepatch_take_name(libxl__gc *gc, libxl__livepatch_any result,
                               const char *text, const char **name_r)
{
    const char *shown;

    if (!libxl__livepatch_parse_name(gc, text, name_r)) return 0;

    /* As it was given, "hex:..." for example, but never raw. */
    shown = libxl__livepatch_owned(gc,
        xenlivepatch_printable(text, SIZE_MAX, false));
    return libxl__livepatch_refuse(gc, result,
            LIBXL_LIVEPATCH_REASON_USAGE, LIVEPATCH_ADVICE_NAME,
            "\"%s\" can't be the name of a payload, which has 1 to %d "
            "bytes, none of them zero", shown,
            XEN_LIVEPATCH_NAME_SIZE - 1);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
