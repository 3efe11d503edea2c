/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libxl-livepatch-pauser: the only process that pauses guests for a live
 * patch, and resumes them whatever becomes of the one that asked for it.
 *
 * Xen counts pauses but doesn't say whose they are, so that two processes
 * could not share the duty of undoing them.  Hence this one has it alone,
 * and shares nothing with libxl that could stop it: a session of its own,
 * no descriptor but the line to libxl and the host's lock, no signal but
 * SIGTERM, and while a guest is paused it neither waits for the other end
 * nor says anything but one word, which never blocks.
 * libxl_livepatch_pauser.h tells how it is called and what it says.
 */

#include "libxl_osdeps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <unistd.h>

#include "libxl_livepatch_pauser.h"
#include "libxl_livepatch_pauser_guests.h"

/* No process has more descriptors open that are not closed on exec. */
#define MAX_FDS 65536

static volatile sig_atomic_t terminated;

static void note_sigterm(int signum)
{
    terminated = 1;
}

/* Nothing that happens to libxl or its terminal must matter here. */
static bool isolate(int lock_fd)
{
    struct sigaction sa = { .sa_handler = note_sigterm };
    long fd, max = sysconf(_SC_OPEN_MAX);
    sigset_t all;
    int null_fd;

    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL)) return false;
    sigfillset(&sa.sa_mask);
    if (sigaction(SIGTERM, &sa, NULL)) return false;

    /* It fails for the leader of a process group, which we aren't. */
    setsid();
    if (chdir("/")) return false;
    if (max < 0 || max > MAX_FDS) max = MAX_FDS;
    for (fd = STDERR_FILENO + 1; fd < max; fd++)
        if (fd != lock_fd) close(fd);

    /* A terminal or a pipe there could block. */
    null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, STDERR_FILENO) < 0) return false;
    close(null_fd);
    return true;
}

static bool must_run(const guest_list *guests)
{
    int i;

    for (i = 0; i < guests->num; i++)
        if (guests->all[i].state != GUEST_RUNS)
            printf("warning cannot resume domain %"PRIu32": %s; see xl "
                   "list, and xl unpause it if it is still paused\n",
                   guests->all[i].domid,
                   strerror(guests->all[i].errnoval));
    fflush(stdout);
    return false;
}

/* What a pauser before us was killed over. */
static bool recover(const char *journal)
{
    guest_list left = { NULL, 0 };
    bool made_sense;
    int num;

    journal_set_path(journal);
    made_sense = journal_read(&left);
    num = guests_resume(&left);
    if (num < 0) return must_run(&left);

    if (num) printf("recovered %d\n", num);
    if (!made_sense)
        printf("warning the list of paused guests %s made no sense and is "
               "%s.bad now: see with xl list that no guest is paused that "
               "should run, and remove it\n", journal, journal);
    if (!journal_end(made_sense))
        printf("warning cannot remove %s, %s: see with xl list that no "
               "guest is paused that should run, and remove it\n",
               journal, strerror(errno));
    free(left.all);
    return true;
}

/*
 * Whether the guests must run again: stdin has come to its end, SIGTERM,
 * or the time deadline_us (0: none).  Signals are let in here alone.
 */
static bool is_over(uint64_t deadline_us, bool wait, bool *expired_r)
{
    struct timespec left = { 0, 0 };
    sigset_t all_but_term;
    uint64_t now = now_us();
    fd_set fds;
    int r;

    if (terminated) return true;

    sigfillset(&all_but_term);
    sigdelset(&all_but_term, SIGTERM);
    if (wait && deadline_us > now) {
        left.tv_sec = (deadline_us - now) / 1000000;
        left.tv_nsec = (deadline_us - now) % 1000000 * 1000;
    }
    FD_ZERO(&fds);
    FD_SET(STDIN_FILENO, &fds);
    r = pselect(STDIN_FILENO + 1, &fds, NULL, NULL,
                wait && !deadline_us ? NULL : &left, &all_but_term);
    if (r > 0 || terminated) return true;
    *expired_r = deadline_us && now_us() >= deadline_us;
    return *expired_r;
}

/* Returns whether the time was over before anybody said so. */
static bool pause_for(guest_list *guests, uint64_t max_pause_us)
{
    uint64_t deadline_us = 0;
    bool expired = false;
    int i;

    for (i = 0; i < guests->num; i++) {
        guest *g = &guests->all[i];

        if (is_over(deadline_us, false, &expired)) {
            g->why = "the time of the others is over";
            continue;
        }
        guest_pause(g);
        if (g->since_us && !deadline_us)
            deadline_us = g->since_us + max_pause_us;
    }
    printf("standing\n");
    fflush(stdout);
    while (!is_over(deadline_us, true, &expired)) continue;
    return expired;
}

static bool run(guest_list *guests, uint64_t max_pause_us)
{
    bool expired = pause_for(guests, max_pause_us);
    int i;

    if (guests_resume(guests) < 0) return must_run(guests);
    journal_end(true);

    for (i = 0; i < guests->num; i++) {
        const guest *g = &guests->all[i];

        if (g->since_us)
            printf("paused %d %"PRIu64"\n", i, g->paused_us);
        else
            printf("left %d %s%s%s\n", i, g->why, g->errnoval ? ": " : "",
                   g->errnoval ? strerror(g->errnoval) : "");
    }
    if (expired) printf("expired\n");
    return true;
}

/* Get everything that a later failure could be about. */
static bool prepare(int lock_fd)
{
    if (!isolate(lock_fd)) {
        printf("warning cannot detach from the caller\n");
        return false;
    }
    if (!guests_open_xen()) {
        printf("warning cannot open Xen's control interface: %s\n",
               strerror(errno));
        return false;
    }
    /* A page of ours may be on a disk that a paused guest serves. */
    mlockall(MCL_CURRENT | MCL_FUTURE);
    return true;
}

static bool parse_number(const char *arg, int64_t min, int64_t max,
                         int64_t *value_r)
{
    char *end;

    errno = 0;
    *value_r = strtoll(arg, &end, 10);
    return !errno && end != arg && !*end && *value_r >= min &&
        *value_r <= max;
}

static bool parse_guests(char **args, int num, guest_list *guests_r)
{
    const char *end;
    int i;

    guests_r->num = num;
    guests_r->all = calloc(num + 1, sizeof(*guests_r->all));
    for (i = 0; guests_r->all && i < num; i++) {
        end = guest_parse(args[i], &guests_r->all[i]);
        if (!end || *end) return false;
    }
    return guests_r->all;
}

int main(int argc, char **argv)
{
    int64_t lock_fd, max_pause_ms;
    static guest_list guests;   /* as long as this runs */

    if (argc < 4 ||
        !parse_number(argv[1], STDERR_FILENO + 1, INT_MAX, &lock_fd) ||
        fcntl(lock_fd, F_GETFD) < 0 ||
        !parse_number(argv[2], 1, UINT32_MAX, &max_pause_ms) ||
        !parse_guests(argv + 4, argc - 4, &guests)) {
        fprintf(stderr, "libxl-livepatch-pauser: usage: "
                "libxl-livepatch-pauser LOCK_FD MAX_PAUSE_MS JOURNAL "
                "[DOMID:UUID ...]\n"
                "It is run by libxl alone; see xl-livepatch(1).\n");
        return EXIT_FAILURE;
    }
    if (!prepare(lock_fd) || !recover(argv[3])) return EXIT_FAILURE;
    if (guests.num && !run(&guests, max_pause_ms * 1000))
        return EXIT_FAILURE;
    printf("done\n");
    return EXIT_SUCCESS;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
