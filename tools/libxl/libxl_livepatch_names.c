/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What xenstore says of domains, as an aid to people and guesses: if it
 * doesn't answer within a moment then it is done without.
 *
 * libxenstore waits for ever for a xenstored that was stopped, and if it
 * was killed for the answer of one that never comes through the kernel's
 * device. So this speaks the protocol itself, to whichever of the two
 * there is.
 */

#include "libxl_osdeps.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <xenstore_lib.h>
#include <xen/io/xs_wire.h>

#include "libxl_livepatch_internal.h"

#if defined(__NetBSD__)
#define STORE_DEVICE "/kern/xen/xenbus"
#elif defined(__FreeBSD__)
#define STORE_DEVICE "/dev/xen/xenstore"
#else
#define STORE_DEVICE "/dev/xen/xenbus"
#endif

/* For all that is asked on one connection. */
#define PATIENCE_US 1000000

/* After one that did not answer, how long not to try again. */
#define SILENCE_US 30000000

static __thread uint64_t silent_until_us;

/*----- a connection -----*/

void libxl__livepatch_store_init(libxl__livepatch_store *lps)
{
    lps->cfd = NULL;
    lps->deadline_us = 0;
}

void libxl__livepatch_store_dispose(libxl__livepatch_store *lps)
{
    libxl__carefd_close(lps->cfd);
    lps->cfd = NULL;
}

static void give_up(libxl__livepatch_store *lps)
{
    libxl__livepatch_store_dispose(lps);
    silent_until_us = libxl__livepatch_now_us() + SILENCE_US;
}

static int open_socket(libxl__gc *gc)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = xs_daemon_socket();
    int fd;

    if (!path || strlen(path) >= sizeof(address.sun_path)) return -1;
    strcpy(address.sun_path, path);

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    if (libxl_fd_set_nonblock(CTX, fd, 1) ||
        connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Whether there is one; the first time it is opened. */
static bool is_open(libxl__gc *gc, libxl__livepatch_store *lps)
{
    uint64_t now = libxl__livepatch_now_us();
    int fd;

    if (lps->deadline_us) return lps->cfd;
    if (now < silent_until_us) return false;

    lps->deadline_us = now + PATIENCE_US;
    libxl__carefd_begin();
    fd = open_socket(gc);
    lps->is_socket = fd >= 0;
    if (fd < 0) fd = open(STORE_DEVICE, O_RDWR | O_NONBLOCK);
    lps->cfd = libxl__carefd_opened(CTX, fd);
    return lps->cfd;
}

/* Send or receive all of it in time. */
static bool transfer(libxl__livepatch_store *lps, void *data, size_t len,
                     bool out)
{
    struct pollfd pfd = { .fd = libxl__carefd_fd(lps->cfd),
                          .events = out ? POLLOUT : POLLIN };
    char *bytes = data;
    uint64_t now;
    ssize_t r;

    while (len) {
        now = libxl__livepatch_now_us();
        if (now >= lps->deadline_us) return false;
        r = poll(&pfd, 1, (lps->deadline_us - now + 999) / 1000);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return false;

        r = !out ? read(pfd.fd, bytes, len) :
            lps->is_socket ? send(pfd.fd, bytes, len, MSG_NOSIGNAL) :
            write(pfd.fd, bytes, len);
        if (r < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (r <= 0) return false;
        bytes += r;
        len -= r;
    }
    return true;
}

/* What a node has, from gc, or NULL. */
static char *read_node(libxl__gc *gc, libxl__livepatch_store *lps,
                       char *path)
{
    struct xsd_sockmsg msg = { .type = XS_READ, .len = strlen(path) + 1 };
    char *value;

    if (!is_open(gc, lps)) return NULL;

    if (!transfer(lps, &msg, sizeof(msg), true) ||
        !transfer(lps, path, strlen(path) + 1, true) ||
        !transfer(lps, &msg, sizeof(msg), false) ||
        msg.len > XENSTORE_PAYLOAD_MAX)
        goto out;
    value = libxl__zalloc(gc, msg.len + 1);
    if (!transfer(lps, value, msg.len, false)) goto out;
    return msg.type == XS_READ ? value : NULL;

 out:
    give_up(lps);
    return NULL;
}

/*----- what is looked up -----*/

char *libxl__livepatch_domain_name(libxl__gc *gc, uint32_t domid)
{
    libxl__livepatch_store store;
    const char *name;

    if (domid >= DOMID_FIRST_RESERVED) return NULL;

    libxl__livepatch_store_init(&store);
    name = read_node(gc, &store,
                     GCSPRINTF("/local/domain/%u/name", domid));
    libxl__livepatch_store_dispose(&store);
    return name ? libxl__livepatch_text(NOGC, name) : NULL;
}

bool libxl__livepatch_is_migrating(libxl__gc *gc,
                                   libxl__livepatch_store *lps,
                                   uint32_t domid)
{
    const char *name, *control;

    name = read_node(gc, lps, GCSPRINTF("/local/domain/%u/name", domid));
    if (name && (strstr(name, "--incoming") ||
                 strstr(name, "--migratedaway")))
        return true;

    control = read_node(gc, lps,
                GCSPRINTF("/local/domain/%u/control/shutdown", domid));
    return control && !strcmp(control, "suspend");
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
