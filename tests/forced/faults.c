/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of libc and of libxl's event machinery that libxl's live patching
 * makes: its objects are linked so that they call these instead.
 */

#include "libxl_osdeps.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "libxl_livepatch_internal.h"

#include "faults.h"

struct fault fault;
int faults_steps;
const char *faults_step_names[FAULTS_STEPS + 1];
const char *faults_last;
bool faults_in_flight, faults_abort_due;
uint64_t faults_aborted_us;
int faults_guard_divisor = 1;

sigjmp_buf faults_killed;

static bool armed;
static int left;                /* to fail after the first */
static uint64_t jumped_us;

void faults_arm(const struct fault *f)
{
    fault = *f;
    faults_steps = 0;
    faults_last = "nothing";
    faults_in_flight = faults_abort_due = false;
    armed = true;
}

void faults_disarm(void)
{
    faults_abort_due = false;
    armed = false;
}

static bool fails_now(const char *what)
{
    if (!fault.at || faults_steps < fault.at) return false;
    if (faults_steps == fault.at) {
        faults_last = what;
        faults_in_flight = engine_is_flying();
        left = fault.for_ever ? INT_MAX : fault.times - 1;
        return true;
    }
    if (left <= 0 || (fault.alike && strcmp(what, faults_last)))
        return false;
    left--;
    return true;
}

int faults_step(const char *what)
{
    if (!armed) return 0;
    faults_steps++;
    if (faults_steps <= FAULTS_STEPS) faults_step_names[faults_steps] = what;
    if (!fails_now(what)) return 0;

    if (fault.kill) siglongjmp(faults_killed, 1);
    if (fault.meddle) {
        armed = false;
        fault.meddle();
        armed = true;
    }
    if (fault.abort) {
        faults_abort_due = true;
        faults_aborted_us = faults_now_us();
    }
    return fault.errnoval;
}

int forced_clock_gettime(clockid_t clock, struct timespec *now);

/* Fail if it is to, or do what was asked for. */
#define STEP(what, failure, call) \
    ((errno = faults_step(what)) ? (failure) : (call))

int forced_open(const char *path, int flags, ...)
{
    va_list al;
    mode_t mode;

    va_start(al, flags);
    mode = va_arg(al, mode_t);
    va_end(al);
    return STEP("open", -1, open(path, flags, mode));
}

int forced_mkdir(const char *path, mode_t mode)
{
    return STEP("mkdir", -1, mkdir(path, mode));
}

int forced_flock(int fd, int operation)
{
    return STEP("flock", -1, flock(fd, operation));
}

ssize_t forced_pread(int fd, void *buf, size_t size, off_t offset)
{
    return STEP("pread", -1, pread(fd, buf, size, offset));
}

ssize_t forced_pwrite(int fd, const void *buf, size_t size, off_t offset)
{
    return STEP("pwrite", -1, pwrite(fd, buf, size, offset));
}

/* A lock of the process, which goes with it if it is killed meanwhile. */
static bool careful;

void forced_libxl__carefd_begin(void)
{
    libxl__carefd_begin();
    careful = true;
}

libxl__carefd *forced_libxl__carefd_opened(libxl_ctx *ctx, int fd)
{
    careful = false;
    return libxl__carefd_opened(ctx, fd);
}

void forced_libxl__carefd_unlock(void)
{
    careful = false;
    libxl__carefd_unlock();
}

/* What nobody may touch goes with the process, too. */
static void *untouchable;
static size_t untouchable_len;

int forced_mprotect(void *start, size_t len, int prot)
{
    errno = faults_step("mprotect");
    if (errno) return -1;
    untouchable = prot == PROT_NONE ? start : NULL;
    untouchable_len = len;
    return mprotect(start, len, prot);
}

void faults_clear_up(void)
{
    if (careful) forced_libxl__carefd_unlock();
    if (untouchable)
        mprotect(untouchable, untouchable_len, PROT_READ | PROT_WRITE);
    untouchable = NULL;
}

int forced_socketpair(int domain, int type, int protocol, int fds[2])
{
    return STEP("socketpair", -1, socketpair(domain, type, protocol, fds));
}

ssize_t forced_send(int fd, const void *buf, size_t size, int flags)
{
    return STEP("send", -1, send(fd, buf, size, flags));
}

/* Whoever is killed here loses nothing by it, and disks are slow. */
int forced_fsync(int fd)
{
    return STEP("fsync", -1, 0);
}

int forced_rename(const char *from, const char *to)
{
    return STEP("rename", -1, rename(from, to));
}

int forced_libxl_read_file_contents(libxl_ctx *ctx, const char *path,
                                    void **data_r, int *len_r)
{
    int errnoval = faults_step("read_file");

    return errnoval ?: libxl_read_file_contents(ctx, path, data_r, len_r);
}

int forced_libxl_write_exactly(libxl_ctx *ctx, int fd, const void *data,
                               ssize_t size, const char *path,
                               const char *what)
{
    return STEP("write", ERROR_FAIL,
                libxl_write_exactly(ctx, fd, data, size, path, what));
}

/* Who can't have a timer sleeps. */
int forced_poll(struct pollfd *fds, nfds_t num, int ms)
{
    if (num) return poll(fds, num, ms);
    jumped_us += ms * 1000ULL;
    return 0;
}

/* What guards against a process that doesn't answer is waited for. */
static bool guarding;

int forced_guard_set(libxl__gc *gc, libxl__livepatch_timer *lpt, uint64_t us)
{
    int rc;

    guarding = true;
    rc = libxl__livepatch_timer_set(gc, lpt, us / faults_guard_divisor);
    guarding = false;
    return rc;
}

int forced_libxl__ev_time_register_rel_unabortable(
    libxl__gc *gc, libxl__ev_time *ev, libxl__ev_time_callback *func, int ms)
{
    if (faults_step("ev_time_register")) return ERROR_FAIL;
    if (!guarding) {
        jumped_us += ms * 1000ULL;
        ms = 0;
    }
    return libxl__ev_time_register_rel_unabortable(gc, ev, func, ms);
}

int forced_libxl__ev_time_register_rel(
    libxl__ao *ao, libxl__ev_time *ev, libxl__ev_time_callback *func, int ms)
{
    int rc;

    if (faults_step("ev_time_register")) return ERROR_FAIL;
    /* The abort is to end it. */
    if (faults_abort_due)
        return libxl__ev_time_register_rel(ao, ev, func, ms);
    rc = libxl__ev_time_register_rel(ao, ev, func, 0);
    if (!rc) jumped_us += ms * 1000ULL;
    return rc;
}

uint64_t faults_now_us(void)
{
    struct timespec now;

    forced_clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

int forced_clock_gettime(clockid_t clock, struct timespec *now)
{
    uint64_t us;
    int r = clock_gettime(clock, now);

    us = now->tv_sec * 1000000ULL + now->tv_nsec / 1000 + jumped_us;
    now->tv_sec = us / 1000000;
    now->tv_nsec = us % 1000000 * 1000;
    return r;
}

int forced_libxl__ev_fd_register(libxl__gc *gc, libxl__ev_fd *ev,
                                 libxl__ev_fd_callback *func,
                                 int fd, short events)
{
    return STEP("ev_fd_register", ERROR_FAIL,
                libxl__ev_fd_register(gc, ev, func, fd, events));
}

int forced_libxl__ev_fd_modify(libxl__gc *gc, libxl__ev_fd *ev, short events)
{
    return STEP("ev_fd_modify", ERROR_FAIL,
                libxl__ev_fd_modify(gc, ev, events));
}

int forced_libxl_fd_set_nonblock(libxl_ctx *ctx, int fd, int nonblock)
{
    return STEP("set_nonblock", ERROR_FAIL,
                libxl_fd_set_nonblock(ctx, fd, nonblock));
}

pid_t forced_libxl__ev_child_fork(libxl__gc *gc, libxl__ev_child *ch,
                                  libxl__ev_child_callback *death)
{
    return STEP("fork", -1, libxl__ev_child_fork(gc, ch, death));
}
