/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Guests paused through libxl-livepatch-pauser: libxl's side.
 *
 * What is said is in libxl_livepatch_pauser.h.  A socket and not pipes, so
 * that it can be closed in one direction: the pauser still tells how long
 * guests were paused when it has seen the end.
 *
 * Nothing here is broken off by an abort of the ao: guests that are paused
 * have to be resumed then, too.
 */

#include "libxl_osdeps.h"

#include <sys/socket.h>

#include "libxl_livepatch_internal.h"

#ifndef LIBXL_LIVEPATCH_PAUSER
#define LIBXL_LIVEPATCH_PAUSER LIBEXEC_BIN "/libxl-livepatch-pauser"
#endif

/* The pauser may take as long beyond what it was asked to wait for. */
#define GRACE_MS 5000

static void pauser_talks(libxl__egc *egc, libxl__ev_fd *ev,
                         int fd, short events, short revents);
static void pauser_is_late(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void pauser_exited(libxl__egc *egc, libxl__ev_child *ch,
                          pid_t pid, int status);

/*----- the child and the line to it -----*/

static const char *pauser_path(void)
{
    return getenv("LIBXL_LIVEPATCH_PAUSER") ?: LIBXL_LIVEPATCH_PAUSER;
}

bool libxl__livepatch_pauses_pending(libxl__gc *gc)
{
    return !access(LIVEPATCH_PAUSE_JOURNAL, F_OK);
}

void libxl__livepatch_pauser_init(libxl__livepatch_pauser *lpp)
{
    FILLZERO(*lpp);
    libxl__ev_child_init(&lpp->child);
    libxl__ev_fd_init(&lpp->efd);
    libxl__livepatch_timer_init(&lpp->guard);
}

static char *guest_words(libxl__gc *gc,
                         const libxl__livepatch_guest *guest)
{
    char hex[2 * sizeof(guest->uuid) + 1];
    int i;

    for (i = 0; i < sizeof(guest->uuid); i++)
        sprintf(hex + 2 * i, "%02x", guest->uuid[i]);
    return GCSPRINTF("%"PRIu32":%s", guest->domid, hex);
}

/* Call this in the child.  This function does not return. */
static void exec_pauser(libxl__gc *gc, const libxl__livepatch_pauser *lpp,
                        int fd)
{
    /* The copy stays open on exec, and is not stdin, stdout or stderr. */
    int lock_fd = fcntl(lpp->lock_fd, F_DUPFD, STDERR_FILENO + 1);
    const int num = lpp->recovering ? 0 : lpp->num_guests;
    char **args = libxl__calloc(gc, num + 5, sizeof(*args));
    int i, n = 0;

    if (lock_fd < 0) {
        LOGE(ERROR, "cannot hand the lock on to %s", pauser_path());
        _exit(-1);
    }
    args[n++] = (char *)pauser_path();
    args[n++] = GCSPRINTF("%d", lock_fd);
    args[n++] = GCSPRINTF("%"PRIu32, lpp->max_pause_ms);
    args[n++] = (char *)LIVEPATCH_PAUSE_JOURNAL;
    for (i = 0; i < num; i++)
        args[n++] = guest_words(gc, &lpp->guests[i]);
    libxl__exec(gc, fd, fd, -1, args[0], args, NULL);
}

/* Both ends; [0] is to stay here. */
static int make_line(libxl__gc *gc, libxl__carefd *ends[2])
{
    int rc, r, i, fds[2];

    libxl__carefd_begin();
    r = socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    if (r) {
        LOGE(ERROR, "cannot create a socket to %s", pauser_path());
        rc = ERROR_FAIL;
        goto out;
    }
    for (i = 0; i < 2; i++)
        ends[i] = libxl__carefd_record(CTX, fds[i]);
    rc = 0;

 out:
    libxl__carefd_unlock();
    return rc;
}

/* The pauser has limits of its own, so this is for when it is held up. */
static void set_guard(libxl__gc *gc, libxl__livepatch_pauser *lpp,
                      uint64_t ms)
{
    lpp->guard.callback = pauser_is_late;
    if (libxl__livepatch_timer_set(gc, &lpp->guard, ms * 1000))
        LOG(WARN, "waiting for %s without a limit", pauser_path());
}

static int spawn(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    libxl__carefd *ends[2] = { NULL, NULL };
    pid_t pid;
    int rc;

    lpp->line_len = 0;
    lpp->done = false;

    rc = make_line(gc, ends);
    if (rc) goto out;
    lpp->cfd = ends[0];

    rc = libxl_fd_set_nonblock(CTX, libxl__carefd_fd(lpp->cfd), 1);
    if (rc) goto out;

    rc = libxl__ev_fd_register(gc, &lpp->efd, pauser_talks,
                               libxl__carefd_fd(lpp->cfd), POLLIN);
    if (rc) goto out;

    set_guard(gc, lpp, (uint64_t)lpp->max_pause_ms + GRACE_MS);
    pid = libxl__ev_child_fork(gc, &lpp->child, pauser_exited);
    if (pid < 0) {
        rc = ERROR_FAIL;
        goto out;
    }
    if (!pid) exec_pauser(gc, lpp, libxl__carefd_fd(ends[1]));
    rc = 0;

 out:
    libxl__carefd_close(ends[1]);
    return rc;
}

/* Idempotent.  The pauser then resumes all guests and exits. */
static void hang_up(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    libxl__livepatch_timer_dispose(gc, &lpp->guard);
    libxl__ev_fd_deregister(gc, &lpp->efd);
    libxl__carefd_close(lpp->cfd);
    lpp->cfd = NULL;
}

/* To be called when a pauser has gone, or was never there. */
static void conclude(libxl__egc *egc, libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);

    hang_up(gc, lpp);
    if (!lpp->done) lpp->rc = ERROR_FAIL;
    /*
     * Guests that were left paused don't wait for anybody's leave: another
     * pauser resumes them, as each does to begin with.
     */
    if (!lpp->recovering && libxl__livepatch_pauses_pending(gc)) {
        lpp->recovering = true;
        if (!spawn(gc, lpp)) return;
        hang_up(gc, lpp);
    }
    lpp->gone = true;
    /* Who believes that the guests stand still hears of it at the end. */
    if (!lpp->standing || lpp->ending) lpp->callback(egc, lpp, lpp->rc);
}

/* It has some time left to end by itself. */
static void await_exit(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    if (!libxl__ev_child_inuse(&lpp->child)) return;

    /* If it was stopped then its guests have waited long enough. */
    libxl__kill(gc, lpp->child.pid, SIGCONT, "pauser");
    set_guard(gc, lpp, GRACE_MS);
}

/*----- what the pauser says -----*/

/* The guest that a line with this word is about, and the line's rest. */
static libxl__livepatch_guest *guest_of(libxl__livepatch_pauser *lpp,
                                        const char *line, const char *word,
                                        const char **rest_r)
{
    const size_t len = strlen(word);
    int i, end = 0;

    if (lpp->recovering || strncmp(line, word, len) ||
        sscanf(line + len, "%d %n", &i, &end) != 1 || !end ||
        i < 0 || i >= lpp->num_guests)
        return NULL;
    *rest_r = line + len + end;
    return &lpp->guests[i];
}

static int take_line(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                     const char *line)
{
    STATE_AO_GC(lpp->ao);
    libxl__livepatch_guest *guest;
    const char *rest;
    int num;

    if (sscanf(line, "recovered %d", &num) == 1) {
        libxl__livepatch_warn(gc, lpp->result,
                "resumed %d guests that a pauser which was killed had "
                "left paused", num);
    } else if (!strncmp(line, "warning ", 8)) {
        libxl__livepatch_warn(gc, lpp->result, "%s", line + 8);
    } else if ((guest = guest_of(lpp, line, "left ", &rest))) {
        libxl__livepatch_warn(gc, lpp->result,
                "domain %"PRIu32" was not paused: %s", guest->domid, rest);
    } else if ((guest = guest_of(lpp, line, "paused ", &rest))) {
        guest->paused = true;
        guest->paused_us = strtoull(rest, NULL, 10);
    } else if (!strcmp(line, "expired")) {
        lpp->expired = true;
    } else if (!strcmp(line, "done") &&
               (lpp->standing || lpp->recovering)) {
        lpp->done = true;
    } else if (!strcmp(line, "standing") && lpp->num_guests &&
               !lpp->recovering && !lpp->standing) {
        lpp->standing = true;
        libxl__livepatch_timer_dispose(gc, &lpp->guard);
        lpp->callback(egc, lpp, 0);
    } else {
        LOG(ERROR, "%s said \"%s\", which was not due; is it of the same "
            "release as libxl?", pauser_path(), line);
        return ERROR_FAIL;
    }
    return 0;
}

/* Whether there may be more to hear; the line is hung up at its end. */
static bool hear(libxl__egc *egc, libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    char *end;
    ssize_t got;

    got = read(libxl__carefd_fd(lpp->cfd), lpp->line + lpp->line_len,
               sizeof(lpp->line) - lpp->line_len);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
                    errno == EINTR))
        return false;
    if (got <= 0) goto out;
    lpp->line_len += got;

    while ((end = memchr(lpp->line, '\n', lpp->line_len))) {
        char *line = libxl__strndup(gc, lpp->line, end - lpp->line);

        lpp->line_len -= ++end - lpp->line;
        memmove(lpp->line, end, lpp->line_len);
        if (take_line(egc, lpp, line)) goto out;
    }
    if (lpp->line_len < sizeof(lpp->line)) return true;
    LOG(ERROR, "%s said a line that is too long", pauser_path());

 out:
    hang_up(gc, lpp);
    return false;
}

static void pauser_talks(libxl__egc *egc, libxl__ev_fd *ev,
                         int fd, short events, short revents)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(ev, *lpp, efd);
    STATE_AO_GC(lpp->ao);

    hear(egc, lpp);
    /* It ends, or made no sense and has to. */
    if (!lpp->cfd) await_exit(gc, lpp);
}

/*
 * Only something that holds the process up as a whole can be the reason: a
 * SIGSTOP, or a guest that never leaves the hypervisor.
 */
static void pauser_is_late(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(lpt, *lpp, guard);
    STATE_AO_GC(lpp->ao);

    if (lpp->cfd) {
        LOG(ERROR, "%s [%ld] does not answer", pauser_path(),
            (long)lpp->child.pid);
        hang_up(gc, lpp);
        await_exit(gc, lpp);
        return;
    }
    LOG(ERROR, "%s [%ld] does not end; killing it", pauser_path(),
        (long)lpp->child.pid);
    libxl__livepatch_timer_dispose(gc, lpt);
    libxl__kill(gc, lpp->child.pid, SIGKILL, "pauser");
}

static void pauser_exited(libxl__egc *egc, libxl__ev_child *ch,
                          pid_t pid, int status)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(ch, *lpp, child);
    STATE_AO_GC(lpp->ao);

    if (status)
        libxl_report_child_exitstatus(CTX, XTL_ERROR, pauser_path(), pid,
                                      status);
    /* Its last words may still be in the socket. */
    while (lpp->cfd && hear(egc, lpp)) continue;
    conclude(egc, lpp);
}

/*----- the calls -----*/

void libxl__livepatch_pauser_start(libxl__egc *egc,
                                   libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    int i;

    lpp->rc = 0;
    lpp->expired = lpp->standing = lpp->ending = lpp->gone = false;
    lpp->recovering = !lpp->num_guests;
    for (i = 0; i < lpp->num_guests; i++) {
        lpp->guests[i].paused = false;
        lpp->guests[i].paused_us = 0;
    }
    if (spawn(gc, lpp)) conclude(egc, lpp);
}

void libxl__livepatch_pauser_recover(libxl__egc *egc,
                                     libxl__livepatch_pauser *lpp)
{
    lpp->num_guests = 0;
    libxl__livepatch_pauser_start(egc, lpp);
}

void libxl__livepatch_pauser_end(libxl__egc *egc,
                                 libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);

    lpp->ending = true;
    if (lpp->gone) {
        lpp->callback(egc, lpp, lpp->rc);
        return;
    }
    if (lpp->cfd) shutdown(libxl__carefd_fd(lpp->cfd), SHUT_WR);
    await_exit(gc, lpp);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
