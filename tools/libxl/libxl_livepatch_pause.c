/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Guests paused through libxl-livepatch-pauser: libxl's side.
 *
 * The conversation is in libxl_livepatch_pauser.h.  It runs over a socket
 * and not over pipes, as writing to a pipe whose reader was killed would
 * kill the caller's process.
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

enum {
    PAUSER_IDLE,                /* see libxl__livepatch_pauser_inuse */
    PAUSER_STARTING,
    PAUSER_READY,
    PAUSER_PAUSING,
    PAUSER_PAUSED,
    PAUSER_RESUMING,
    PAUSER_BROKEN,              /* nothing but stop is of use */
    PAUSER_STOPPING,
};

static void pauser_talks(libxl__egc *egc, libxl__ev_fd *ev,
                         int fd, short events, short revents);
static void pauser_is_late(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void pauser_exited(libxl__egc *egc, libxl__ev_child *ch,
                          pid_t pid, int status);
static void stopped(libxl__egc *egc, libxl__livepatch_pauser *lpp);

/*----- the child and the line to it -----*/

static const char *pauser_path(void)
{
    return getenv("LIBXL_LIVEPATCH_PAUSER") ?: LIBXL_LIVEPATCH_PAUSER;
}

bool libxl__livepatch_pauser_isbroken(const libxl__livepatch_pauser *lpp)
{
    return lpp->state == PAUSER_BROKEN;
}

bool libxl__livepatch_pauses_pending(libxl__gc *gc)
{
    return !access(LIVEPATCH_PAUSE_JOURNAL, F_OK);
}

void libxl__livepatch_pauser_init(libxl__livepatch_pauser *lpp)
{
    lpp->state = PAUSER_IDLE;
    lpp->recovering = false;
    lpp->num_recovered = 0;
    lpp->expired = false;
    lpp->cfd = NULL;
    lpp->unsent_len = 0;
    lpp->line_len = 0;
    libxl__ev_child_init(&lpp->child);
    libxl__ev_fd_init(&lpp->efd);
    libxl__livepatch_timer_init(&lpp->guard);
}

/* Call this in the child.  This function does not return. */
static void exec_pauser(libxl__gc *gc, const libxl__livepatch_pauser *lpp,
                        int fd)
{
    /* The copy stays open on exec, and is not stdin, stdout or stderr. */
    int lock_fd = fcntl(lpp->lock_fd, F_DUPFD, STDERR_FILENO + 1);
    const char *path = pauser_path();
    char *args[] = {
        (char *)path,
        GCSPRINTF("%d", lock_fd),
        GCSPRINTF("%"PRIu32, lpp->max_pause_ms),
        (char *)LIVEPATCH_PAUSE_JOURNAL,
        NULL,
    };

    if (lock_fd < 0) {
        LOGE(ERROR, "cannot hand the lock on to %s", path);
        _exit(-1);
    }
    libxl__exec(gc, fd, fd, -1, path, args, NULL);
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

static int spawn(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    libxl__carefd *ends[2] = { NULL, NULL };
    pid_t pid;
    int rc;

    lpp->line_len = 0;
    lpp->unsent_len = 0;

    rc = make_line(gc, ends);
    if (rc) goto out;
    lpp->cfd = ends[0];

    rc = libxl_fd_set_nonblock(CTX, libxl__carefd_fd(lpp->cfd), 1);
    if (rc) goto out;

    rc = libxl__ev_fd_register(gc, &lpp->efd, pauser_talks,
                               libxl__carefd_fd(lpp->cfd), POLLIN);
    if (rc) goto out;

    lpp->guard.callback = pauser_is_late;
    rc = libxl__livepatch_timer_set(gc, &lpp->guard, GRACE_MS * 1000ULL);
    if (rc) goto out;

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

/*
 * A pauser that died left guests paused: without waiting for anybody's
 * leave, another one resumes them.  That is what it does before a word is
 * said, so it needs no conversation.
 */
static void recover(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    if (!libxl__livepatch_pauses_pending(gc)) return;

    LOG(WARN, "%s was killed; another one resumes the guests that it had "
        "paused", pauser_path());
    lpp->recovering = true;
    /* Failing that, stopped finds the journal. */
    spawn(gc, lpp);
    hang_up(gc, lpp);
}

/* Send as much as the socket takes, and the rest when it takes more. */
static int send_unsent(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    ssize_t sent;
    short events;
    int rc;

    while (lpp->unsent_len) {
        sent = send(libxl__carefd_fd(lpp->cfd), lpp->unsent,
                    lpp->unsent_len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (sent < 0) {
            LOGE(ERROR, "cannot write to %s", pauser_path());
            rc = ERROR_FAIL;
            goto out;
        }
        lpp->unsent += sent;
        lpp->unsent_len -= sent;
    }
    events = lpp->unsent_len ? POLLIN | POLLOUT : POLLIN;
    rc = libxl__ev_fd_modify(gc, &lpp->efd, events);

 out:
    return rc;
}

/* text has to last until the answer; that is due within ms. */
static int ask(libxl__gc *gc, libxl__livepatch_pauser *lpp,
               const char *text, uint64_t ms)
{
    int rc;

    rc = libxl__livepatch_timer_set(gc, &lpp->guard, ms * 1000);
    if (rc) goto out;

    lpp->unsent = text;
    lpp->unsent_len = strlen(text);
    rc = send_unsent(gc, lpp);

 out:
    return rc;
}

static bool answer_is_due(const libxl__livepatch_pauser *lpp)
{
    return lpp->state == PAUSER_STARTING || lpp->state == PAUSER_PAUSING ||
        lpp->state == PAUSER_RESUMING;
}

/*
 * The pauser is of no more use.  It is left to stop to take leave of it,
 * but it must not hear anything else, so that it resumes the guests now.
 * The caller hears of it if an answer was due.
 */
static void broken(libxl__egc *egc, libxl__livepatch_pauser *lpp, bool due,
                   int rc)
{
    STATE_AO_GC(lpp->ao);

    hang_up(gc, lpp);
    lpp->state = PAUSER_BROKEN;
    if (due) lpp->callback(egc, lpp, rc);
}

/*----- what the pauser says -----*/

static libxl__livepatch_guest *guest_of(libxl__livepatch_pauser *lpp,
                                        uint32_t domid)
{
    int i;

    for (i = 0; i < lpp->num_guests; i++)
        if (lpp->guests[i].domid == domid) return &lpp->guests[i];
    return NULL;
}

/* Each takes a line, and returns whether it is one that was due. */

static bool take_starting(libxl__gc *gc, libxl__livepatch_pauser *lpp,
                          const char *line)
{
    int recovered;

    if (sscanf(line, "ready %d", &recovered) != 1) return false;
    if (recovered)
        LOG(WARN, "resumed %d guest(s) that an earlier call had paused "
            "and could not resume as its pauser was killed", recovered);
    lpp->num_recovered += recovered;
    lpp->state = PAUSER_READY;
    return true;
}

static bool take_pausing(libxl__gc *gc, libxl__livepatch_pauser *lpp,
                         const char *line)
{
    libxl__livepatch_guest *guest;
    uint32_t domid;
    int why = 0;

    if (!strcmp(line, "done")) {
        lpp->state = PAUSER_PAUSED;
        return true;
    }
    if (sscanf(line, "paused %"SCNu32, &domid) == 1) {
        guest = guest_of(lpp, domid);
        if (guest) guest->paused = true;
        return guest;
    }
    if (sscanf(line, "left %"SCNu32" %n", &domid, &why) == 1 && why) {
        LOGD(WARN, domid, "not paused: %s", line + why);
        return true;
    }
    return false;
}

static bool take_resuming(libxl__gc *gc, libxl__livepatch_pauser *lpp,
                          const char *line)
{
    libxl__livepatch_guest *guest;
    uint32_t domid;
    uint64_t us;

    if (!strcmp(line, "done") || !strcmp(line, "expired")) {
        lpp->expired = !strcmp(line, "expired");
        lpp->state = PAUSER_READY;
        return true;
    }
    if (sscanf(line, "resumed %"SCNu32" %"SCNu64, &domid, &us) != 2)
        return false;
    guest = guest_of(lpp, domid);
    if (guest) guest->paused_us = us;
    return guest;
}

static int take_line(libxl__gc *gc, libxl__livepatch_pauser *lpp,
                     const char *line)
{
    bool ok = false;

    if (!strncmp(line, "failed ", 7)) {
        LOG(ERROR, "%s: %s", pauser_path(), line + 7);
        return ERROR_FAIL;
    }
    if (lpp->state == PAUSER_STARTING)
        ok = take_starting(gc, lpp, line);
    else if (lpp->state == PAUSER_PAUSING)
        ok = take_pausing(gc, lpp, line);
    else if (lpp->state == PAUSER_RESUMING)
        ok = take_resuming(gc, lpp, line);
    if (!ok) {
        LOG(ERROR, "%s said \"%s\", which was not due; is it of the same "
            "release as libxl?", pauser_path(), line);
        return ERROR_FAIL;
    }
    return 0;
}

/* Take all lines that are there as a whole. */
static int take_lines(libxl__gc *gc, libxl__livepatch_pauser *lpp)
{
    char *end;
    int rc;

    while ((end = memchr(lpp->line, '\n', lpp->line_len))) {
        *end++ = '\0';
        rc = take_line(gc, lpp, lpp->line);
        if (rc) goto out;
        lpp->line_len -= end - lpp->line;
        memmove(lpp->line, end, lpp->line_len);
    }
    if (lpp->line_len == sizeof(lpp->line)) {
        LOG(ERROR, "%s said a line that is too long", pauser_path());
        rc = ERROR_FAIL;
        goto out;
    }
    rc = 0;

 out:
    return rc;
}

/*----- the calls -----*/

void libxl__livepatch_pauser_start(libxl__egc *egc,
                                   libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    int rc;

    assert(lpp->state == PAUSER_IDLE);
    lpp->recovering = false;
    lpp->num_recovered = 0;
    lpp->state = PAUSER_STARTING;

    rc = spawn(gc, lpp);
    if (rc) broken(egc, lpp, true, rc);
}

void libxl__livepatch_pauser_pause(libxl__egc *egc,
                                   libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    const size_t line_max = sizeof("pause 4294967295 \n") + 2 * 16;
    char *text, *end;
    int i, j, rc;

    if (lpp->state == PAUSER_BROKEN) {
        lpp->callback(egc, lpp, ERROR_FAIL);
        return;
    }
    assert(lpp->state == PAUSER_READY);
    lpp->state = PAUSER_PAUSING;
    lpp->expired = false;

    text = libxl__malloc(gc, (lpp->num_guests + 1) * line_max);
    end = text;
    for (i = 0; i < lpp->num_guests; i++) {
        libxl__livepatch_guest *guest = &lpp->guests[i];

        guest->paused = false;
        guest->paused_us = 0;
        end += sprintf(end, "pause %"PRIu32" ", guest->domid);
        for (j = 0; j < ARRAY_SIZE(guest->uuid); j++)
            end += sprintf(end, "%02x", guest->uuid[j]);
        *end++ = '\n';
    }
    strcpy(end, "go\n");

    rc = ask(gc, lpp, text, (uint64_t)lpp->max_pause_ms + GRACE_MS);
    if (rc) broken(egc, lpp, true, rc);
}

void libxl__livepatch_pauser_resume(libxl__egc *egc,
                                    libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    int rc;

    if (lpp->state == PAUSER_BROKEN) {
        lpp->callback(egc, lpp, ERROR_FAIL);
        return;
    }
    assert(lpp->state == PAUSER_PAUSED);
    lpp->state = PAUSER_RESUMING;

    rc = ask(gc, lpp, "resume\n", GRACE_MS);
    if (rc) broken(egc, lpp, true, rc);
}

static void pauser_talks(libxl__egc *egc, libxl__ev_fd *ev,
                         int fd, short events, short revents)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(ev, *lpp, efd);
    STATE_AO_GC(lpp->ao);
    const bool due = answer_is_due(lpp);
    ssize_t got;
    int rc;

    if (revents & POLLOUT) {
        rc = send_unsent(gc, lpp);
        if (rc) goto out;
    }

    got = read(fd, lpp->line + lpp->line_len,
               sizeof(lpp->line) - lpp->line_len);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
                    errno == EINTR))
        return;
    if (got < 0) {
        LOGE(ERROR, "cannot read from %s", pauser_path());
        rc = ERROR_FAIL;
        goto out;
    }
    if (!got) {
        LOG(ERROR, "%s ended before its time", pauser_path());
        rc = ERROR_FAIL;
        goto out;
    }
    lpp->line_len += got;

    rc = take_lines(gc, lpp);
    if (rc) goto out;
    if (!due || answer_is_due(lpp)) return;

    libxl__livepatch_timer_dispose(gc, &lpp->guard);
    lpp->callback(egc, lpp, 0);
    return;

 out:
    broken(egc, lpp, due, rc);
}

/*
 * Only something that holds the process up as a whole can be the reason: a
 * SIGSTOP, or a guest that never leaves the hypervisor.
 */
static void pauser_is_late(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(lpt, *lpp, guard);
    STATE_AO_GC(lpp->ao);

    libxl__livepatch_timer_dispose(gc, lpt);
    if (lpp->state == PAUSER_STOPPING) {
        LOG(ERROR, "%s [%ld] does not end; killing it", pauser_path(),
            (long)lpp->child.pid);
        libxl__kill(gc, lpp->child.pid, SIGKILL, "pauser");
        return;
    }
    LOG(ERROR, "%s [%ld] does not answer", pauser_path(),
        (long)lpp->child.pid);
    /* If it was stopped: as soon as it goes on it finds that we hung up. */
    libxl__kill(gc, lpp->child.pid, SIGCONT, "pauser");
    broken(egc, lpp, true, ERROR_TIMEDOUT);
}

void libxl__livepatch_pauser_stop(libxl__egc *egc,
                                  libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    int rc;

    lpp->state = PAUSER_STOPPING;
    hang_up(gc, lpp);
    if (!libxl__ev_child_inuse(&lpp->child)) {
        stopped(egc, lpp);
        return;
    }

    /* If it was stopped then its guests have waited long enough. */
    libxl__kill(gc, lpp->child.pid, SIGCONT, "pauser");
    rc = libxl__livepatch_timer_set(gc, &lpp->guard, GRACE_MS * 1000ULL);
    if (rc) LOG(WARN, "waiting for %s without a limit", pauser_path());
}

static void pauser_exited(libxl__egc *egc, libxl__ev_child *ch,
                          pid_t pid, int status)
{
    libxl__livepatch_pauser *lpp = CONTAINER_OF(ch, *lpp, child);
    STATE_AO_GC(lpp->ao);

    if (status || (lpp->state != PAUSER_STOPPING && !lpp->recovering))
        libxl_report_child_exitstatus(CTX, XTL_ERROR, pauser_path(), pid,
                                      status);
    hang_up(gc, lpp);
    if (!lpp->recovering) recover(gc, lpp);

    if (lpp->state != PAUSER_STOPPING)
        broken(egc, lpp, answer_is_due(lpp), ERROR_FAIL);
    else if (libxl__ev_child_inuse(&lpp->child))
        libxl__livepatch_pauser_stop(egc, lpp);
    else
        stopped(egc, lpp);
}

static void stopped(libxl__egc *egc, libxl__livepatch_pauser *lpp)
{
    STATE_AO_GC(lpp->ao);
    bool pending = libxl__livepatch_pauses_pending(gc);

    if (pending)
        LOG(ERROR, "guests may still be paused: see %s and `xl list`; the "
            "next live-patch command tries to resume them, `xl unpause` "
            "does it by hand", LIVEPATCH_PAUSE_JOURNAL);

    lpp->state = PAUSER_IDLE;
    lpp->callback(egc, lpp, pending ? ERROR_FAIL : 0);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
