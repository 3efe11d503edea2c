/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Running an operation of libxl's so that a signal undoes it in good order
 * instead of killing xl in the middle.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* Signal handlers write to the one end what the event loop reads. */
static int signal_pipe[2];

/*
 * Of those that were not read, the one that tells that the event loop is
 * far away: libxl calls Xen and xenstored without it.
 */
#define TOO_MANY_UNREAD 3
static volatile sig_atomic_t num_unread;

typedef struct {
    livepatch_command *cmd;
    libxl_asyncop_how how;
    struct pollfd *fds;         /* our pipe, then libxl's descriptors */
    int num_allocated;
    bool aborted;
    bool done;
    int rc;
} operation;

static void handle_signal(int signum)
{
    static const char stuck[] =
        "xl livepatch: no answer from Xen or xenstored, so it can't be "
        "stopped in good order.\n"
        "    If none comes, kill -KILL ends it; the next call of xl "
        "livepatch that changes something clears up.\n";
    int saved_errno = errno;
    ssize_t r __attribute__((unused));

    /* When the pipe is full there is enough to read. */
    r = write(signal_pipe[1], "", 1);
    if (++num_unread == TOO_MANY_UNREAD)
        r = write(STDERR_FILENO, stuck, sizeof(stuck) - 1);
    errno = saved_errno;
}

static void catch_signals(void)
{
    struct sigaction sa, old;
    size_t i;

    CHK_SYSCALL(pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK));
    memset(&sa, 0, sizeof(sa));
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = handle_signal;
    /* No hypercall or xenstore access of libxl's may see an EINTR. */
    sa.sa_flags = SA_RESTART;
    for (i = 0; i < LIVEPATCH_NUM(stop_signals); i++) {
        CHK_SYSCALL(sigaction(stop_signals[i], NULL, &old));
        /* What nohup or a shell had us ignore stays ignored. */
        if (old.sa_handler != SIG_IGN)
            CHK_SYSCALL(sigaction(stop_signals[i], &sa, NULL));
    }
    /* Nor may a reader of our messages that went away end us halfway. */
    sa.sa_handler = SIG_IGN;
    CHK_SYSCALL(sigaction(SIGPIPE, &sa, NULL));
}

static void operation_complete(libxl_ctx *ctx_, int rc, void *for_callback)
{
    operation *op = for_callback;

    op->rc = rc;
    op->done = true;
}

static void operation_progress(libxl_ctx *ctx_, libxl_event *event,
                               void *for_callback)
{
    operation *op = for_callback;

    if (event->type == LIBXL_EVENT_TYPE_LIVEPATCH_ATTEMPT)
        livepatch_tell_attempt(op->cmd,
                               &event->u.livepatch_attempt.attempt);
    libxl_event_free(ctx_, event);
}

static void abort_operation(operation *op)
{
    const char *verb = op->cmd->verb->name;
    char drain[16];
    int rc;

    num_unread = 0;
    while (read(signal_pipe[0], drain, sizeof(drain)) > 0)
        ;
    if (op->aborted) {
        fprintf(stderr, "xl livepatch %s: still leaving things in order; "
                "this takes a moment longer\n", verb);
        return;
    }
    op->aborted = true;
    rc = libxl_ao_abort(ctx, &op->how);
    if (rc)
        fprintf(stderr, "xl livepatch %s: cannot be stopped any more; "
                "waiting for its end\n", verb);
    else
        fprintf(stderr, "xl livepatch %s: stopping, and leaving things in "
                "order first\n", verb);
}

/* Wait for something to happen, and have it handled. */
static void poll_once(operation *op)
{
    struct timeval now;
    int timeout = -1, num, r, rc;

    for (;;) {
        CHK_SYSCALL(gettimeofday(&now, NULL));
        num = op->num_allocated - 1;
        rc = libxl_osevent_beforepoll(ctx, &num, op->fds + 1, &timeout,
                                      now);
        if (rc != ERROR_BUFFERFULL) break;
        op->num_allocated = num + 1;
        op->fds = xrealloc(op->fds, op->num_allocated * sizeof(*op->fds));
    }
    op->fds[0].fd = signal_pipe[0];
    op->fds[0].events = POLLIN;
    r = rc ? -1 : poll(op->fds, num + 1, timeout);
    if (r < 0) {
        /* Out of memory, perhaps; to go away now would be worse. */
        if (rc || errno != EINTR) sleep(1);
        return;
    }
    /* First: what comes next may be the last step. */
    if (op->fds[0].revents)
        abort_operation(op);
    CHK_SYSCALL(gettimeofday(&now, NULL));
    libxl_osevent_afterpoll(ctx, num, op->fds + 1, now);
}

static int run_action(livepatch_command *cmd)
{
    operation op = {
        .cmd = cmd,
        .how = { .callback = operation_complete },
        .num_allocated = 1,
    };
    const libxl_asyncprogress_how aop = {
        .callback = operation_progress,
        .for_callback = &op,
    };
    int rc;

    op.how.u.for_callback = &op;
    op.fds = xmalloc(sizeof(*op.fds));
    catch_signals();
    rc = cmd->verb->start(cmd, &op.how, &aop);
    if (!rc) {
        while (!op.done)
            poll_once(&op);
        rc = op.rc;
    }
    free(op.fds);
    return rc;
}

void livepatch_run(livepatch_command *cmd)
{
    int rc;

    rc = cmd->verb->id & LIVEPATCH_WAITS ? run_action(cmd)
                                         : cmd->verb->start(cmd, NULL,
                                                            NULL);
    if (cmd->answer.head.outcome == LIBXL_LIVEPATCH_OUTCOME_UNDECIDED)
        livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_INTERNAL, NULL,
                         "libxl did not begin (error %d)", rc);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
