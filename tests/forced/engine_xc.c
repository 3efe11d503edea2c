/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies below libxenctrl, and those of its calls that reach the console
 * or ask about the hypervisor.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include <xencall.h>
#include <xenforeignmemory.h>
#include <xendevicemodel.h>

#include "libxl_internal.h"

#include "engine_inside.h"
#include "faults.h"
#include "world.h"

/*----- what libxenctrl makes its hypercalls with -----*/

int xencall1(xencall_handle *xcall, unsigned int call, uint64_t arg)
{
    static const char *const ops[] = { "upload", "get", "list", "action" };
    struct xen_sysctl *const sysctl = (void *)(uintptr_t)arg;
    const uint32_t cmd = sysctl->u.livepatch.cmd;
    int r;

    assert(call == __HYPERVISOR_sysctl);
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

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    /* That for the sysctl: without it the call fails, which is a step. */
    if (size != sizeof(struct xen_sysctl)) {
        errno = faults_step("alloc_buffer");
        if (errno) return NULL;
    }
    return malloc(size);
}

void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t num)
{
    void *pages = NULL;

    errno = faults_step("alloc_buffer_pages");
    if (!errno)
        errno = posix_memalign(&pages, XC_PAGE_SIZE, num * XC_PAGE_SIZE);
    return pages;
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    free(p);
}

void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t num)
{
    free(p);
}

/* Nobody looks into these. */
#define HANDLE(library)                                                 \
    library ## _handle *library ## _open(xentoollog_logger *logger,     \
                                         unsigned int flags)            \
        { return (void *)&engine; }                                     \
    int library ## _close(library ## _handle *handle)                   \
        { return 0; }
HANDLE(xencall)
HANDLE(xenforeignmemory)
HANDLE(xendevicemodel)

/*----- what it is asked for besides -----*/

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
