/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of libxenctrl that reach the engine, or its console.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include "libxl_internal.h"

#include "engine_inside.h"
#include "faults.h"
#include "world.h"

int xc_sysctl(xc_interface *xch, struct xen_sysctl *sysctl)
{
    static const char *const ops[] = { "upload", "get", "list", "action" };
    const uint32_t cmd = sysctl->u.livepatch.cmd;
    int r;

    assert(sysctl->cmd == XEN_SYSCTL_livepatch_op);
    errno = faults_step(cmd < ARRAY_SIZE(ops) ? ops[cmd] :
                        cmd == XEN_SYSCTL_LIVEPATCH_REPORT ? "report"
                                                           : "rehearse");
    if (errno) return -1;
    r = engine_op(&sysctl->u.livepatch);
    if (r >= 0) return r;
    errno = -r;                 /* those numbers that are used are Linux's */
    return -1;
}

/*
 * The calls for each sub-operation, which bring names and payloads into
 * memory that the hypervisor can read.
 */
static int livepatch_op(struct xen_sysctl *sysctl, uint32_t cmd,
                        struct xen_livepatch_name *to, const char *name)
{
    sysctl->cmd = XEN_SYSCTL_livepatch_op;
    sysctl->u.livepatch.cmd = cmd;
    if (name) {
        assert(strlen(name) < XEN_LIVEPATCH_NAME_SIZE);
        errno = faults_step("buffer_alloc");
        if (errno) return -1;
        to->size = strlen(name) + 1;
        set_xen_guest_handle_raw(to->name, (char *)name);
    }
    return xc_sysctl(NULL, sysctl);
}

int xc_livepatch_upload(xc_interface *xch, char *name,
                        unsigned char *payload, uint32_t size)
{
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_upload *upload =
        &sysctl.u.livepatch.u.upload;

    errno = faults_step("buffer_alloc");
    if (errno) return -1;
    upload->size = size;
    set_xen_guest_handle_raw(upload->payload, payload);
    return livepatch_op(&sysctl, XEN_SYSCTL_LIVEPATCH_UPLOAD,
                        &upload->name, name);
}

int xc_livepatch_get(xc_interface *xch, char *name,
                     struct xen_livepatch_status *status)
{
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_get *get = &sysctl.u.livepatch.u.get;
    int r = livepatch_op(&sysctl, XEN_SYSCTL_LIVEPATCH_GET, &get->name,
                         name);

    *status = get->status;
    return r;
}

#define ACTION(call, command)                                           \
    int xc_livepatch_ ## call(xc_interface *xch, char *name,            \
                              uint32_t timeout, uint32_t flags)         \
    {                                                                   \
        struct xen_sysctl sysctl = { .u.livepatch.u.action = {          \
            .cmd = LIVEPATCH_ACTION_ ## command,                        \
            .timeout = timeout,                                         \
            .flags = flags,                                             \
        } };                                                            \
                                                                        \
        return livepatch_op(&sysctl, XEN_SYSCTL_LIVEPATCH_ACTION,       \
                            &sysctl.u.livepatch.u.action.name, name);   \
    }
ACTION(apply, APPLY)
ACTION(replace, REPLACE)
ACTION(revert, REVERT)
ACTION(unload, UNLOAD)

int xc_livepatch_report(xc_interface *xch, const char *name,
                        uint32_t about, void *buffer, uint32_t *size)
{
    struct xen_sysctl sysctl = {};
    struct xen_sysctl_livepatch_report *report =
        &sysctl.u.livepatch.u.report;
    int r;

    errno = faults_step("buffer_alloc");
    if (errno) return -1;
    report->about = about;
    report->size = *size;
    set_xen_guest_handle_raw(report->buffer, buffer);
    r = livepatch_op(&sysctl, XEN_SYSCTL_LIVEPATCH_REPORT, &report->name,
                     name);
    *size = report->size;
    return r;
}

int xc_livepatch_rehearse(xc_interface *xch, uint32_t timeout)
{
    struct xen_sysctl sysctl = {};

    sysctl.u.livepatch.u.rehearse.timeout = timeout;
    return livepatch_op(&sysctl, XEN_SYSCTL_LIVEPATCH_REHEARSE, NULL, NULL);
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    /* What libxl_get_version_info also asks for, and nobody looks at. */
    static const size_t sizes[] = {
        [XENVER_extraversion] = sizeof(xen_extraversion_t),
        [XENVER_compile_info] = sizeof(xen_compile_info_t),
        [XENVER_capabilities] = sizeof(xen_capabilities_info_t),
        [XENVER_changeset] = sizeof(xen_changeset_info_t),
        [XENVER_platform_parameters] = sizeof(xen_platform_parameters_t),
        [XENVER_commandline] = sizeof(xen_commandline_t),
        [XENVER_build_id] = 0,
    };
    xen_build_id_t *id = arg;
    int i;

    if (cmd != XENVER_build_id) {
        assert(cmd < ARRAY_SIZE(sizes));
        if (arg) memset(arg, 0, sizes[cmd]);
        return 0;
    }
    assert(id->len >= 20);
    errno = faults_step("version");
    if (errno) return -1;
    for (i = 0; i < 20; i++)
        sscanf(engine.build_id + 2 * i, "%2hhx", &id->buf[i]);
    return 20;
}

int xc_readconsolering(xc_interface *xch, char *buffer,
                       unsigned int *pnr_chars, int clear, int incremental,
                       uint32_t *pindex)
{
    size_t left = engine_console_len - *pindex;

    assert(!clear && incremental);
    errno = faults_step("readconsolering");
    if (errno) return -1;
    if (*pnr_chars > left) *pnr_chars = left;
    memcpy(buffer, engine_console + *pindex, *pnr_chars);
    *pindex += *pnr_chars;
    return 0;
}

void *xc__hypercall_buffer_alloc(xc_interface *xch,
                                 xc_hypercall_buffer_t *b, size_t size)
{
    errno = faults_step("buffer_alloc");
    b->hbuf = errno ? NULL : malloc(size);
    return b->hbuf;
}

void *xc__hypercall_buffer_alloc_pages(xc_interface *xch,
                                       xc_hypercall_buffer_t *b, int nr)
{
    b->hbuf = NULL;
    errno = faults_step("buffer_alloc_pages");
    if (!errno)
        errno = posix_memalign(&b->hbuf, XC_PAGE_SIZE, nr * XC_PAGE_SIZE);
    return b->hbuf;
}

void xc__hypercall_buffer_free_pages(xc_interface *xch,
                                     xc_hypercall_buffer_t *b, int nr)
{
    xc__hypercall_buffer_free(xch, b);
}

void xc__hypercall_buffer_free(xc_interface *xch, xc_hypercall_buffer_t *b)
{
    free(b->hbuf);
    b->hbuf = NULL;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    return (xc_interface *)&engine;
}

int xc_interface_close(xc_interface *xch)
{
    return 0;
}

/* xl asks that for the name of a domain; there is no FLASK. */
int xc_flask_sid_to_context(xc_interface *xch, int sid, char *buf,
                            uint32_t size)
{
    errno = ENOSYS;
    return -1;
}

int world_step(const char *what)
{
    return faults_step(what);
}

bool engine_is_flying(void)
{
    return engine.flying;
}
