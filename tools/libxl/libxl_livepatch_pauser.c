/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libxl-livepatch-pauser: the only process that pauses guests for a live
 * patch, and resumes them whatever becomes of the one that asked for it.
 *
 * Xen counts pauses but doesn't say whose they are, so that two processes
 * could not share the duty of undoing them.  Hence this one has it alone,
 * and shares nothing with libxl that could stop it: a session of its own,
 * no descriptor but the conversation and the host's lock, no signal but
 * SIGTERM, no wait for the other end, and guests are resumed before a word
 * is said of it.  See libxl_livepatch_pauser.h for what is said.
 */

#include "libxl_osdeps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libxl_livepatch_pauser.h"
#include "libxl_livepatch_pauser_guests.h"

static uint64_t max_pause_us;

/* The guests of the current batch, from the first "pause" to "resume". */
static guest_list guests;
static bool batch_paused;       /* "go" was said */
static bool batch_expired;
static uint64_t deadline_us;    /* 0: nobody is paused */

static volatile sig_atomic_t terminated;
static bool hung_up;            /* the conversation is over */

/*----- what is said -----*/

/*
 * It is kept here until the reader takes it; the room is there before a
 * guest is paused.
 */
static char *replies;
static size_t replies_len, replies_room;

static bool reserve_replies(size_t lines)
{
    size_t room = lines * LIVEPATCH_PAUSER_LINE;
    char *more;

    if (room <= replies_room) return true;
    more = realloc(replies, room);
    if (!more) return false;
    replies = more;
    replies_room = room;
    return true;
}

static void flush_replies(void)
{
    ssize_t wrote = write(STDOUT_FILENO, replies, replies_len);

    if (wrote < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            hung_up = true;
        return;
    }
    memmove(replies, replies + wrote, replies_len - wrote);
    replies_len -= wrote;
}

static void __attribute__((format(printf, 1, 2)))
reply(const char *fmt, ...)
{
    char line[LIVEPATCH_PAUSER_LINE];
    va_list al;
    int len;

    va_start(al, fmt);
    len = vsnprintf(line, sizeof(line) - 1, fmt, al);
    va_end(al);

    if (len > (int)sizeof(line) - 2) len = sizeof(line) - 2;
    line[len++] = '\n';
    if (replies_len + len > replies_room) {
        hung_up = true;
        return;
    }
    memcpy(replies + replies_len, line, len);
    replies_len += len;
}

/* The last words. */
static void fail(const char *why)
{
    reply("failed %s", why);
    flush_replies();
    hung_up = true;
}

/*----- waiting -----*/

static void note_sigterm(int signum)
{
    terminated = 1;
}

/*
 * Until the reader has something to say or takes something, SIGTERM, or
 * the time until_us (0: no time).  Returns stdin's revents.  Signals are
 * let in here alone.
 */
static short wait_for_news(uint64_t until_us)
{
    struct pollfd fds[] = {
        { .fd = STDIN_FILENO, .events = POLLIN },
        { .fd = STDOUT_FILENO, .events = replies_len ? POLLOUT : 0 },
    };
    struct timespec left;
    sigset_t all_but_term;
    uint64_t now = now_us();
    uint64_t left_us = until_us > now ? until_us - now : 0;
    int r;

    sigfillset(&all_but_term);
    sigdelset(&all_but_term, SIGTERM);
    left.tv_sec = left_us / 1000000;
    left.tv_nsec = left_us % 1000000 * 1000;

    r = ppoll(fds, 2, until_us ? &left : NULL, &all_but_term);
    if (r <= 0) return 0;
    if (fds[1].revents & POLLOUT) flush_replies();
    if (fds[1].revents & (POLLERR | POLLNVAL)) hung_up = true;
    return fds[0].revents;
}

/* Whether to go on pausing; doesn't wait. */
static bool wanted(void)
{
    struct pollfd hangup = { .fd = STDIN_FILENO };
    sigset_t pending;

    if (poll(&hangup, 1, 0) > 0) hung_up = true;
    if (!sigpending(&pending) && sigismember(&pending, SIGTERM))
        terminated = 1;
    return !hung_up && !terminated &&
        (!deadline_us || now_us() < deadline_us);
}

/*----- what is asked for -----*/

static void do_list(const char *args)
{
    uint32_t domid;
    uint8_t uuid[GUEST_UUID_LEN];

    if (batch_paused || !parse_guest(args, &domid, uuid)) {
        fail("this is no time, or no way, to say \"pause\"");
        return;
    }
    if (!guests_add(&guests, domid, uuid))
        fail("there is no memory left for the list of guests");
}

static void do_pause(void)
{
    char why[GUEST_WHY_LEN];
    int i;

    if (batch_paused) {
        fail("this is no time to say \"go\"");
        return;
    }
    /* All that is said up to the next batch, even if nobody reads it. */
    if (!reserve_replies(2 * guests.num + 4)) {
        fail("there is no memory left for the answers");
        return;
    }
    batch_paused = true;
    batch_expired = false;
    for (i = 0; i < guests.num; i++) {
        guest *g = &guests.all[i];

        if (!wanted()) {
            reply("left %"PRIu32" the others' time is up", g->domid);
        } else if (guest_pause(g, why)) {
            if (!deadline_us) deadline_us = g->since_us + max_pause_us;
            reply("paused %"PRIu32, g->domid);
        } else {
            reply("left %"PRIu32" %s", g->domid, why);
        }
    }
    reply("done");
}

static bool resume_all(void)
{
    char why[GUEST_WHY_LEN];

    deadline_us = 0;
    if (guests_resume(&guests, why) >= 0) return true;
    fail(why);
    return false;
}

static void do_resume(void)
{
    int i;

    if (!batch_paused) {
        fail("this is no time to say \"resume\"");
        return;
    }
    if (!resume_all()) return;
    for (i = 0; i < guests.num; i++)
        if (guests.all[i].was_paused)
            reply("resumed %"PRIu32" %"PRIu64, guests.all[i].domid,
                  guests.all[i].paused_us);
    reply(batch_expired ? "expired" : "done");
    guests.num = 0;
    batch_paused = false;
}

static void do_line(const char *line)
{
    if (!strncmp(line, "pause ", 6))
        do_list(line + 6);
    else if (!strcmp(line, "go"))
        do_pause();
    else if (!strcmp(line, "resume"))
        do_resume();
    else
        fail("this is no line of the conversation");
}

static void hear(void)
{
    static char text[LIVEPATCH_PAUSER_LINE];
    static size_t len;
    char *end;
    ssize_t got = read(STDIN_FILENO, text + len, sizeof(text) - len);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        hung_up = true;
        return;
    }
    len += got;
    while (!hung_up && (end = memchr(text, '\n', len))) {
        *end++ = '\0';
        do_line(text);
        len -= end - text;
        memmove(text, end, len);
    }
    if (len == sizeof(text)) fail("a line is too long");
}

static void converse(void)
{
    while (!hung_up && !terminated) {
        if (deadline_us && now_us() >= deadline_us) {
            batch_expired = true;
            resume_all();
            continue;
        }
        if (wait_for_news(deadline_us) && !hung_up) hear();
    }
}

/*----- the process -----*/

static void keep_fd(int fd, int kept)
{
    if (fd > STDERR_FILENO && fd != kept) close(fd);
}

static void close_all_but(int kept)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int fd;

    if (!dir) {
        for (fd = sysconf(_SC_OPEN_MAX); fd > STDERR_FILENO; fd--)
            keep_fd(fd, kept);
        return;
    }
    while ((entry = readdir(dir))) {
        fd = atoi(entry->d_name);
        if (fd != dirfd(dir)) keep_fd(fd, kept);
    }
    closedir(dir);
}

/* Nothing that happens to libxl or its terminal must matter here. */
static bool isolate(int lock_fd)
{
    struct sigaction sa = { .sa_handler = note_sigterm };
    sigset_t all;
    int null_fd;

    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL)) return false;
    sigfillset(&sa.sa_mask);
    if (sigaction(SIGTERM, &sa, NULL)) return false;

    /* It fails for the leader of a process group, which we aren't. */
    setsid();
    if (chdir("/")) return false;
    close_all_but(lock_fd);
    if (fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK)) return false;

    /* A terminal or a pipe there could block. */
    null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, STDERR_FILENO) < 0) return false;
    keep_fd(null_fd, lock_fd);
    return true;
}

/* Get everything that a later failure could be about. */
static bool prepare(int lock_fd, const char *journal)
{
    char why[GUEST_WHY_LEN];
    int recovered;

    if (!reserve_replies(4)) return false;
    if (!isolate(lock_fd)) {
        fail("cannot detach from the caller");
        return false;
    }
    if (!guests_open_xen()) {
        snprintf(why, sizeof(why),
                 "cannot open Xen's control interface: %s",
                 strerror(errno));
        fail(why);
        return false;
    }
    /* A page of ours may be on a disk that a paused guest serves. */
    mlockall(MCL_CURRENT | MCL_FUTURE);

    journal_set_path(journal);
    if (!journal_read(&guests, why)) {
        fail(why);
        return false;
    }
    recovered = guests_resume(&guests, why);
    if (recovered < 0) {
        fail(why);
        return false;
    }
    guests.num = 0;
    reply("ready %d", recovered);
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

int main(int argc, char **argv)
{
    int64_t lock_fd, max_pause_ms;

    if (argc != 4 ||
        !parse_number(argv[1], STDERR_FILENO + 1, INT_MAX, &lock_fd) ||
        fcntl(lock_fd, F_GETFD) < 0 ||
        !parse_number(argv[2], 1, UINT32_MAX, &max_pause_ms)) {
        fprintf(stderr, "libxl-livepatch-pauser: usage: "
                "libxl-livepatch-pauser LOCK_FD MAX_PAUSE_MS JOURNAL\n"
                "It is run by libxl alone; see xl-livepatch(1).\n");
        return EXIT_FAILURE;
    }
    max_pause_us = max_pause_ms * 1000;

    if (!prepare(lock_fd, argv[3])) return EXIT_FAILURE;
    converse();
    return resume_all() ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
