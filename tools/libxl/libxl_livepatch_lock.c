/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The lock that calls which change something take across the whole host.
 *
 * It is a flock on a file in XEN_RUN_DIR.  It belongs to the open file and
 * not to the process, so a pauser that has inherited it keeps it until the
 * last guest runs again, even when its parent is dead.  The file is never
 * removed, lest two processes lock two files; its text tells who has it,
 * and when the last action ended.
 */

#include "libxl_osdeps.h"

#include <signal.h>
#include <sys/file.h>

#include "libxl_livepatch_internal.h"

#define LOCK_PATH XEN_RUN_DIR "/livepatch.lock"
#define LOCK_POLL_US 20000

static void lock_poll(libxl__egc *egc, libxl__livepatch_timer *lpt);

void libxl__livepatch_lock_init(libxl__livepatch_lock *lpl)
{
    lpl->cfd = NULL;
    lpl->holder = 0;
    lpl->last_action_us = lpl->last_failure_us = 0;
    lpl->warned = false;
    libxl__livepatch_timer_init(&lpl->timer);
}

/* 0 or an errno. */
static int lock_open(libxl__gc *gc, libxl__livepatch_lock *lpl)
{
    int fd, r;

    /* Also there before any daemon made it. */
    if (mkdir(XEN_RUN_DIR, 0755) && errno != EEXIST)
        LOGE(WARN, "cannot create %s", XEN_RUN_DIR);

    libxl__carefd_begin();
    fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    r = fd < 0 ? errno : 0;
    lpl->cfd = libxl__carefd_opened(CTX, fd);
    return r;
}

static void lock_read(libxl__livepatch_lock *lpl)
{
    char text[128];
    ssize_t got;
    int pid;

    got = pread(libxl__carefd_fd(lpl->cfd), text, sizeof(text) - 1, 0);
    if (got <= 0) return;

    text[got] = '\0';
    if (sscanf(text, "pid %d action %"SCNu64" failure %"SCNu64,
               &pid, &lpl->last_action_us, &lpl->last_failure_us) >= 1)
        lpl->holder = pid;
}

static void lock_write(libxl__gc *gc, libxl__livepatch_lock *lpl,
                       pid_t holder)
{
    int fd = libxl__carefd_fd(lpl->cfd);
    const char *text;
    ssize_t len;

    /* Of constant length, so that a write never leaves an old tail. */
    text = GCSPRINTF("pid %-10d action %-20"PRIu64
                     " failure %-20"PRIu64"\n",
                     (int)holder, lpl->last_action_us,
                     lpl->last_failure_us);
    len = strlen(text);
    if (pwrite(fd, text, len, 0) != len && !lpl->warned) {
        LOGE(WARN, "cannot write to %s who has the lock", LOCK_PATH);
        lpl->warned = true;
    }
}

static int refuse_file(libxl__gc *gc, libxl__livepatch_lock *lpl,
                       int errnoval)
{
    return libxl__livepatch_refuse(gc, lpl->result,
            errnoval == EACCES || errnoval == EPERM
                ? LIBXL_LIVEPATCH_REASON_NOT_PERMITTED
                : LIBXL_LIVEPATCH_REASON_INTERNAL,
            LIVEPATCH_ADVICE_RUN_DIR,
            "cannot open the lock " LOCK_PATH ": %s", strerror(errnoval));
}

static void conclude_locked(libxl__gc *gc, libxl__livepatch_lock *lpl)
{
    const char *who;

    if (!lpl->holder)
        who = "another process, which did not tell its number,";
    else if (kill(lpl->holder, 0) && errno == ESRCH)
        who = GCSPRINTF("what process %d, now gone, left to resume its "
                        "guests", (int)lpl->holder);
    else
        who = GCSPRINTF("process %d", (int)lpl->holder);
    libxl__livepatch_conclude(gc, lpl->result,
            LIBXL_LIVEPATCH_OUTCOME_BUSY, LIBXL_LIVEPATCH_REASON_LOCKED,
            NULL, "%s is live patching this host; waited for it for "
            "%"PRIu64" ms", who, lpl->wait_us / 1000);
}

void libxl__livepatch_lock_take(libxl__egc *egc,
                                libxl__livepatch_lock *lpl)
{
    STATE_AO_GC(lpl->ao);
    int r;

    r = lock_open(gc, lpl);
    if (r) {
        lpl->callback(egc, lpl, refuse_file(gc, lpl, r));
        return;
    }
    lpl->deadline_us = libxl__livepatch_now_us() + lpl->wait_us;
    lpl->timer.callback = lock_poll;
    lock_poll(egc, &lpl->timer);
}

static void lock_poll(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_lock *lpl = CONTAINER_OF(lpt, *lpl, timer);
    STATE_AO_GC(lpl->ao);
    int rc, r;

    rc = libxl__ao_aborting(ao);
    if (rc) {
        libxl__livepatch_refuse(gc, lpl->result,
                LIBXL_LIVEPATCH_REASON_ABORTED, NULL,
                "aborted before anything was changed");
        goto out;
    }

    r = flock(libxl__carefd_fd(lpl->cfd), LOCK_EX | LOCK_NB);
    if (r && errno == EWOULDBLOCK) {
        if (libxl__livepatch_now_us() >= lpl->deadline_us) {
            lock_read(lpl);
            conclude_locked(gc, lpl);
            rc = ERROR_LOCK_FAIL;
            goto out;
        }
        libxl__livepatch_wait(egc, ao, &lpl->timer, LOCK_POLL_US, true);
        return;
    }
    if (r) {
        rc = refuse_file(gc, lpl, errno);
        goto out;
    }

    lock_read(lpl);
    lock_write(gc, lpl, getpid());
    rc = 0;

 out:
    libxl__livepatch_timer_dispose(gc, &lpl->timer);
    if (rc) {
        libxl__carefd_close(lpl->cfd);
        lpl->cfd = NULL;
    }
    lpl->callback(egc, lpl, rc);
}

pid_t libxl__livepatch_lock_holder(libxl__gc *gc)
{
    libxl__livepatch_lock lock;
    pid_t holder = 0;

    libxl__livepatch_lock_init(&lock);
    if (lock_open(gc, &lock)) return 0;

    if (flock(libxl__carefd_fd(lock.cfd), LOCK_SH | LOCK_NB)) {
        lock_read(&lock);
        holder = lock.holder ?: -1;
    }
    libxl__carefd_close(lock.cfd);
    return holder;
}

int libxl__livepatch_lock_fd(const libxl__livepatch_lock *lpl)
{
    return libxl__carefd_fd(lpl->cfd);
}

void libxl__livepatch_lock_note(libxl__gc *gc, libxl__livepatch_lock *lpl)
{
    lock_write(gc, lpl, getpid());
}

void libxl__livepatch_lock_dispose(libxl__gc *gc,
                                   libxl__livepatch_lock *lpl)
{
    libxl__livepatch_timer_dispose(gc, &lpl->timer);
    /* No pid any more: who reads it now is told of the next holder. */
    if (lpl->cfd) lock_write(gc, lpl, 0);
    libxl__carefd_close(lpl->cfd);
    lpl->cfd = NULL;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
