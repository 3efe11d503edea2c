/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

struct heard {
    char *text;
    size_t length, room;
    size_t line;                /* where the unfinished line begins */
};

/* NAME=value of those of our environment that may matter, and no more. */
static char **make_environment(void)
{
    /* The last are those of compiler launchers; where these keep things is
     * their users' choice.  OpenSSL is told by its own where tokens are, and
     * livepatch-package by Debian's who answers for a package. */
    static const char *const kept[] = {
        "PATH=", "HOME=", "TMPDIR=", "XDG_", "CCACHE_", "SCCACHE_", "DISTCC_",
        "ICECC", "OPENSSL_", "DEBFULLNAME=", "DEBEMAIL=",
    };
    size_t count = 0, room = 0;
    char **environment = must_grow(NULL, &room, 2, sizeof(char *));

    for (char **at = environ; *at; at++) {
        for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
            if (starts_with(*at, kept[i])) {
                environment = must_grow(environment, &room, count + 3,
                                        sizeof(char *));
                environment[count++] = must_copy(*at);
            }
        }
    }
    environment[count++] = must_copy("LC_ALL=C");
    return environment;
}

static void free_environment(char **environment)
{
    for (size_t i = 0; environment[i]; i++) {
        free(environment[i]);
    }
    free(environment);
}

static void become(const char *const *argv, char **environment, int output)
{
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) {
        _exit(127);
    }
    execvpe(argv[0], (char *const *)argv, environment);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void tell_lines(struct heard *heard, run_line *callback, void *context)
{
    char *end;

    while ((end = memchr(heard->text + heard->line, '\n',
                         heard->length - heard->line))) {
        *end = '\0';
        callback(context, heard->text + heard->line);
        *end = '\n';
        heard->line = (size_t)(end - heard->text) + 1;
    }
}

static char *listen_to(int fd, run_line *callback, void *context)
{
    struct heard heard = { NULL, 0, 0, 0 };
    ssize_t got;

    do {
        heard.text = must_grow(heard.text, &heard.room, heard.length + 4097, 1);
        got = read(fd, heard.text + heard.length, 4096);
        if (got > 0) {
            heard.length += (size_t)got;
            if (callback) {
                tell_lines(&heard, callback, context);
            }
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    heard.text[heard.length] = '\0';
    return heard.text;
}

static int wait_for(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_program(const char *const *argv, run_line *callback, void *context,
                char **output)
{
    char **environment = make_environment();
    int ends[2];
    pid_t child = -1;

    *output = NULL;
    if (!pipe2(ends, O_CLOEXEC)) {
        child = fork();
        if (!child) {
            become(argv, environment, ends[1]);
        }
        close(ends[1]);
        if (child > 0) {
            *output = listen_to(ends[0], callback, context);
        }
        close(ends[0]);
    }
    if (child < 0) {
        *output = must_print("%s: %s", argv[0], strerror(errno));
    }
    free_environment(environment);
    return child < 0 ? -1 : wait_for(child);
}

char *run_find(const char *name)
{
    char *folders, *rest, *folder, *found = NULL;

    if (strchr(name, '/')) {
        return access(name, X_OK) ? NULL : must_copy(name);
    }
    rest = folders = must_copy(getenv("PATH") ? getenv("PATH") : "/usr/bin");
    while (!found && (folder = strsep(&rest, ":"))) {
        char *path = must_print("%s/%s", *folder ? folder : ".", name);

        if (access(path, X_OK)) {
            free(path);
        } else {
            found = path;
        }
    }
    free(folders);
    return found;
}

char *run_find_beside(const char *name)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *beside, *found;

    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        beside = must_print("%s/%s", self, name);
        found = run_find(beside);
        free(beside);
        if (found) {
            return found;
        }
    }
    return run_find(name);
}

bool run_has_beside(const char *name, const char *wanted, char **why)
{
    char *path = run_find_beside(name);
    bool found = path;

    free(path);
    return found || fail_with(why, "%s %s, which is neither beside "
                              "livepatch-build nor in PATH: install it", wanted,
                              name);
}

const char *run_last_line(char *text)
{
    size_t length = strlen(text);
    char *newline;

    while (length && text[length - 1] == '\n') {
        text[--length] = '\0';
    }
    newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}
