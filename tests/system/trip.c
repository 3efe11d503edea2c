/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does something to a program of the toolstack at its n-th step, to be
 * preloaded; of the program's libraries only libc has to be a shared one.
 * A step is a hypercall, or what is written down about one: all that the
 * program does to the world outside dom0 lies between two of them.  With
 * TRIP_STORE in the environment, what changes files of the store is one, too.
 *
 *   TRIP_PROGRAM  whose steps count: xl, or libxl-livepatch-pauser.  Other
 *                 programs that inherit the environment are left alone.
 *   TRIP_AT       the step to do it at; 0, or not set: none
 *   TRIP_WHEN     before (the default) or after
 *   TRIP_SIGNAL   the number of a signal to send,
 *   TRIP_TO       to self (the default); other: xl's children, or the parent
 *                 of another program; or both
 *   TRIP_ERRNO    or else: let the step fail with this number instead
 *   TRIP_LOG      a file to tell every step in, a line each, and the trip
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* As in Linux's xen/privcmd.h and Xen's public headers. */
struct privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define HYPERVISOR_sysctl 35
#define HYPERVISOR_domctl 36
#define SYSCTL_livepatch_op 27

static int (*real_ioctl)(int, unsigned long, ...);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_fsync)(int);

static pid_t self;              /* 0: this program's steps don't count */
static int step, trip_at, trip_signal, trip_errno;
static bool trip_after, to_self, to_other, with_store;
static const char *log_path;

static int number(const char *name)
{
    const char *text = getenv(name);

    return text ? atoi(text) : 0;
}

static void __attribute__((constructor)) begin(void)
{
    const char *program = getenv("TRIP_PROGRAM"), *when = getenv("TRIP_WHEN");
    const char *to = getenv("TRIP_TO");

    real_ioctl = dlsym(RTLD_NEXT, "ioctl");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    if (!program || strcmp(program, program_invocation_short_name)) return;

    self = getpid();
    trip_at = number("TRIP_AT");
    trip_signal = number("TRIP_SIGNAL");
    trip_errno = number("TRIP_ERRNO");
    trip_after = when && !strcmp(when, "after");
    to_self = !to || strcmp(to, "other");
    to_other = to && strcmp(to, "self");
    with_store = getenv("TRIP_STORE");
    log_path = getenv("TRIP_LOG");
}

/* Opened anew each time: a program may close all that it does not know. */
static void tell(const char *fmt, ...)
{
    char line[160];
    va_list al;
    int fd, len;

    if (!log_path) return;
    va_start(al, fmt);
    len = vsnprintf(line, sizeof(line), fmt, al);
    va_end(al);
    fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    write(fd, line, len);
    close(fd);
}

/*----- who gets the signal -----*/

static pid_t parent_of(pid_t pid)
{
    char path[32], text[256], *end;
    int fd, got, parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0) return 0;

    text[got] = '\0';
    end = strrchr(text, ')');       /* the program's name may hold anything */
    return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static void signal_children(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    pid_t pid;

    while (proc && (entry = readdir(proc))) {
        pid = atoi(entry->d_name);
        if (pid <= 0 || parent_of(pid) != self) continue;
        tell("signal %d to child %d\n", trip_signal, (int)pid);
        kill(pid, trip_signal);
    }
    if (proc) closedir(proc);
}

static void signal_all(void)
{
    if (to_other && !strcmp(program_invocation_short_name, "xl")) {
        signal_children();
    } else if (to_other) {
        tell("signal %d to parent %d\n", trip_signal, (int)getppid());
        kill(getppid(), trip_signal);
    }
    if (to_self) kill(self, trip_signal);
}

/*----- the steps -----*/

/* True if the step is to fail, with errno set. */
static bool trip(bool after, const char *what)
{
    if (!after) tell("%d %s\n", ++step, what);
    if (step != trip_at || after != trip_after) return false;

    tell("tripped\n");
    if (trip_signal) {
        signal_all();
        return false;
    }
    errno = trip_errno;
    return true;
}

static const char *describe(const struct privcmd_hypercall *call,
                            char *text, size_t size)
{
    static const char *const ops[] = { "upload", "get", "list", "action" };
    const uint32_t *arg = (const uint32_t *)(uintptr_t)call->arg[0];

    if (call->op == HYPERVISOR_sysctl && arg[0] == SYSCTL_livepatch_op &&
        arg[2] < 4)
        /* An action's command is 16 bytes into the operation's own part. */
        snprintf(text, size, "livepatch %s %u", ops[arg[2]],
                 arg[2] == 3 ? arg[4 + 4] : 0);
    else if (call->op == HYPERVISOR_sysctl)
        snprintf(text, size, "sysctl %u", arg[0]);
    else if (call->op == HYPERVISOR_domctl)
        snprintf(text, size, "domctl %u of domain %u", arg[0],
                 arg[2] & 0xffff);
    else
        snprintf(text, size, "hypercall %u %u", (unsigned)call->op,
                 (unsigned)call->arg[0]);
    return text;
}

int ioctl(int fd, unsigned long request, ...)
{
    char what[80];
    va_list al;
    void *arg;
    int r;

    va_start(al, request);
    arg = va_arg(al, void *);
    va_end(al);
    if (request != IOCTL_PRIVCMD_HYPERCALL || !self || getpid() != self)
        return real_ioctl(fd, request, arg);

    describe(arg, what, sizeof(what));
    if (trip(false, what)) return -1;
    r = real_ioctl(fd, request, arg);
    return trip(true, what) ? -1 : r;
}

/* The notes are exchanged as a whole; so is a file of the store. */
int rename(const char *from, const char *to)
{
    const char *what = strstr(to, "livepatch.notes") ? "notes" : "rename";
    int r;

    if (!self || getpid() != self || (*what == 'r' && !with_store))
        return real_rename(from, to);

    if (trip(false, what)) return -1;
    r = real_rename(from, to);
    return trip(true, what) ? -1 : r;
}

int unlink(const char *path)
{
    int r;

    if (!self || getpid() != self || !with_store) return real_unlink(path);

    if (trip(false, "unlink")) return -1;
    r = real_unlink(path);
    return trip(true, "unlink") ? -1 : r;
}

int fsync(int fd)
{
    int r;

    if (!self || getpid() != self || !with_store) return real_fsync(fd);

    if (trip(false, "fsync")) return -1;
    r = real_fsync(fd);
    return trip(true, "fsync") ? -1 : r;
}
