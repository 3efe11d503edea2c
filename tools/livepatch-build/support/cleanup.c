/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cleanup.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

#define MOST 8

/* Shared with the child that works.  One slot is one path; empty: free. */
static char (*paths)[PATH_MAX];

static bool have_paths(void)
{
    if (!paths) {
        void *memory = mmap(NULL, sizeof(*paths) * MOST,
                            PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                            -1, 0);

        paths = memory == MAP_FAILED ? NULL : memory;
    }
    return paths;
}

void cleanup_add(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; have_paths() && i < MOST; i++) {
        if (!*paths[i] && length < PATH_MAX) {
            /* Its first letter last: a path is there whole, or not at all. */
            memcpy(paths[i] + 1, path + 1, length);
            __atomic_store_n(&paths[i][0], path[0], __ATOMIC_RELEASE);
            return;
        }
    }
}

void cleanup_forget(const char *path)
{
    for (size_t i = 0; paths && i < MOST; i++) {
        if (!strcmp(paths[i], path)) {
            paths[i][0] = '\0';
            return;
        }
    }
}

static void remove_all(void)
{
    for (size_t i = 0; paths && i < MOST; i++) {
        if (*paths[i]) {
            files_remove(paths[i]);
            paths[i][0] = '\0';
        }
    }
}

/* The signals that end us, and the one that says that the child did. */
static sigset_t awaited(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    return set;
}

static void end_by(int signal_number)
{
    sigset_t only;

    signal(signal_number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, signal_number);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + signal_number);
}

/* Returns the signal that we got, or 0 when the child has ended. */
static int wait_for(pid_t child, const sigset_t *set, int *status)
{
    for (;;) {
        int got = sigwaitinfo(set, NULL);

        if (got == SIGCHLD) {
            if (waitpid(child, status, WNOHANG) == child) {
                return 0;
            }
        } else if (got > 0) {
            kill(-child, SIGKILL);
            waitpid(child, status, 0);
            return got;
        } else if (errno != EINTR) {
            return 0;
        }
    }
}

/*
 * End what the child has started, and see it gone: who is killed in the middle
 * of making a file still makes it, and that may be long after, on a busy host.
 */
static void end_group(pid_t child)
{
    pid_t ended;

    kill(-child, SIGKILL);
    do {
        ended = waitpid(-child, NULL, 0);
    } while (ended >= 0 || errno == EINTR);
}

static void work_as_child(int (*work)(void *context), void *context,
                          pid_t parent, const sigset_t *before)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(EXIT_FAILURE);
    }
    sigprocmask(SIG_SETMASK, before, NULL);
    exit(work(context));
}

int cleanup_supervise(int (*work)(void *context), void *context)
{
    sigset_t set = awaited(), before;
    pid_t child, parent = getpid();
    int status = 0, got;

    if (!have_paths()) {
        fprintf(stderr, "livepatch-build: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    sigprocmask(SIG_BLOCK, &set, &before);
    /* Whoever loses its parent is ours, to be waited for. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    child = fork();
    if (child < 0) {
        fprintf(stderr, "livepatch-build: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (!child) {
        work_as_child(work, context, parent, &before);
    }
    setpgid(child, child);
    got = wait_for(child, &set, &status);
    end_group(child);
    remove_all();
    if (got) {
        end_by(got);
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "livepatch-build: ended by a signal: %s\n",
                strsignal(WTERMSIG(status)));
        return EXIT_FAILURE;
    }
    return WEXITSTATUS(status);
}
