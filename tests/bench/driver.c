/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs commands one after the other and tells how long each took, from
 * before its start until it was reaped.
 *
 *   driver FOLDER < PLAN > TIMES
 *
 * A line of the plan is a program's path and its arguments, separated by
 * spaces; a line of the times is the microseconds that it took, and how often
 * it was run: one that ends with status 2, which both tools have for "busy,
 * try again", is.  Any other failure ends all.  What the n-th command wrote
 * to its standard output is in FOLDER/n.
 *
 * It runs inside domain 0, so the way to there is not measured; and it is
 * small, so starting a command from it costs next to nothing.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 32
#define MAX_TRIES 20
#define STATUS_BUSY 2

/* Attempts that are closer to each other may hang a stock hypervisor. */
#define PAUSE_US 300000

extern char **environ;

static void die(const char *what)
{
    fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now)) die("clock_gettime");
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/* Cut line into words. */
static void split(char *line, char **words)
{
    char *save = NULL, *word;
    int num = 0;

    for (word = strtok_r(line, " \n", &save); word;
         word = strtok_r(NULL, " \n", &save)) {
        if (num == MAX_WORDS) {
            fprintf(stderr, "driver: more than %d words\n", MAX_WORDS);
            exit(1);
        }
        words[num++] = word;
    }
    words[num] = NULL;
}

/* Returns the microseconds, and how the command ended. */
static uint64_t run(char **words, const char *output, int *status_r)
{
    posix_spawn_file_actions_t actions;
    uint64_t start;
    pid_t pid;

    if (posix_spawn_file_actions_init(&actions) ||
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                         "/dev/null", O_RDONLY, 0) ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
                                         O_WRONLY | O_CREAT | O_TRUNC, 0600))
        die("posix_spawn_file_actions");

    start = now_us();
    errno = posix_spawn(&pid, words[0], &actions, NULL, words, environ);
    if (errno) die(words[0]);
    if (waitpid(pid, status_r, 0) != pid) die("waitpid");
    start = now_us() - start;

    posix_spawn_file_actions_destroy(&actions);
    return start;
}

int main(int argc, char **argv)
{
    char *words[MAX_WORDS + 1], *line = NULL, *output;
    size_t size = 0;
    unsigned int number = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: driver FOLDER < PLAN > TIMES\n");
        return 1;
    }
    while (getline(&line, &size, stdin) > 0) {
        uint64_t took;
        int status, tries = 0;

        split(line, words);
        if (asprintf(&output, "%s/%u", argv[1], ++number) < 0)
            die("asprintf");
        do {
            if (tries++) usleep(PAUSE_US);
            took = run(words, output, &status);
        } while (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_BUSY &&
                 tries < MAX_TRIES);
        free(output);
        if (status) {
            fprintf(stderr, "driver: command %u, %s %s, ended with wait "
                    "status 0x%04x\n", number, words[0], words[1] ?: "",
                    status);
            return 1;
        }
        printf("%" PRIu64 " %d\n", took, tries);
    }
    free(line);
    return 0;
}
