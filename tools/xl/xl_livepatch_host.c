/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Access to the hypervisor and its domains for "xl livepatch": what libxl
 * would answer with a bare error is told apart here beforehand.
 */

#define _GNU_SOURCE

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxl.h>
#include <libxl_utils.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

#define XENFS_CAPABILITIES "/proc/xen/capabilities"
#define XENSTORE_DEVICE "/dev/xen/xenbus"

/*
 * Whether the file lists the control domain's capability.  Without xenfs
 * there is no such file, and libxl will find out.
 */
static bool is_control_domain(void)
{
    char text[128];
    ssize_t len;
    int fd;

    fd = open(XENFS_CAPABILITIES, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT;

    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (len < 0) return false;

    text[len] = '\0';
    return strstr(text, "control_d");
}

static bool is_absent(int errnoval)
{
    return errnoval == ENOENT || errnoval == ENXIO || errnoval == ENODEV ||
           errnoval == ENOTDIR;
}

static bool open_privcmd(livepatch_command *cmd)
{
    /* Of Linux and FreeBSD, of older Linux, of NetBSD. */
    static const char *const paths[] = {
        "/dev/xen/privcmd", "/proc/xen/privcmd", "/kern/xen/privcmd",
    };
    int fd = -1;
    size_t i;

    for (i = 0; i < LIVEPATCH_NUM(paths); i++) {
        fd = open(paths[i], O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (!is_absent(errno)) break;
    }
    if (!is_absent(errno))
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NOT_PERMITTED,
                                "Run this as root of the control domain, "
                                "outside of any container.",
                                "cannot open Xen's device privcmd: %s",
                                strerror(errno));
    if (access("/proc/xen", F_OK))
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NO_XEN,
                                "Run this in domain 0 of a Xen host.",
                                "this machine does not run on Xen (there "
                                "is no /proc/xen)");
    return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NO_XEN,
                            "Try 'modprobe xen-privcmd'.",
                            "the kernel has no device /dev/xen/privcmd");
}

/*
 * A daemon that accepts nothing any more would keep libxl waiting for its
 * socket; the kernel's device opens at once.
 */
static int open_context(void)
{
    const bool by_device = !getenv("XENSTORED_PATH") &&
                           !access(XENSTORE_DEVICE, R_OK | W_OK);
    int rc;

    if (by_device) setenv("XENSTORED_PATH", XENSTORE_DEVICE, 1);
    rc = xl_ctx_try_alloc();
    if (by_device) unsetenv("XENSTORED_PATH");
    return rc;
}

bool livepatch_open_host(livepatch_command *cmd)
{
    int rc;
    bool ok;

    if (geteuid())
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NOT_PERMITTED,
                                "Run it again as root.",
                                "only root may talk to the hypervisor");
    ok = open_privcmd(cmd);
    if (!ok) return false;

    if (!is_control_domain())
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NO_XEN,
                                "Run this in domain 0 of the host.",
                                "this is a guest, not Xen's control "
                                "domain (" XENFS_CAPABILITIES " has no "
                                "control_d)");
    rc = open_context();
    if (rc)
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_NO_XEN,
                                "Is xenstored running?",
                                "libxl cannot reach the hypervisor or "
                                "xenstore (error %d)", rc);
    return true;
}

/* Like libxl_domain_qualifier_to_domid, for domains that exist only. */
static bool find_domain_id(livepatch_command *cmd, const char *option,
                           const char *name, libxl_domid *domid_r)
{
    size_t digits = strspn(name, "0123456789");
    unsigned long number;
    uint32_t domid;
    int rc;

    if (digits && !name[digits]) {
        number = strtoul(name, NULL, 10);
        domid = number;
        rc = number > UINT16_MAX ? ERROR_DOMAIN_NOTFOUND
                                 : libxl_domain_info(ctx, NULL, domid);
    } else {
        rc = *name ? libxl_name_to_domid(ctx, name, &domid) : ERROR_INVAL;
    }
    if (rc) {
        livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_USAGE,
                         "See 'xl list'.",
                         "%s: there is no domain '%s'", option, name);
        return false;
    }
    *domid_r = domid;
    return true;
}

static bool find_listed(livepatch_command *cmd, const char *option,
                        const char *names, libxl_domid **domids_r,
                        int *num_r)
{
    char *copy, *rest, *name;
    libxl_domid domid;
    bool ok = true;

    if (!names) return true;

    rest = copy = xstrdup(names);
    while (ok && (name = strsep(&rest, ","))) {
        ok = find_domain_id(cmd, option, name, &domid);
        if (!ok) break;
        *domids_r = xrealloc(*domids_r, (*num_r + 1) * sizeof(domid));
        (*domids_r)[(*num_r)++] = domid;
    }
    free(copy);
    return ok;
}

bool livepatch_find_domains(livepatch_command *cmd)
{
    libxl_livepatch_params *params = &cmd->params;
    bool ok;
    int i;

    ok = find_listed(cmd, "--pause", cmd->listed, &params->listed,
                     &params->num_listed) &&
         find_listed(cmd, "--exclude", cmd->excluded, &params->excluded,
                     &params->num_excluded);
    if (!ok) return false;

    for (i = 0; i < params->num_listed; i++)
        if (!params->listed[i])
            return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_USAGE,
                                    "Leave it out.",
                                    "--pause: domain 0 is never paused, "
                                    "as this very command runs in it");
    return true;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
