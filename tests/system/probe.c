/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: the live patching hypercalls as they are, without what tools make of
 * them.
 *
 *   probe COMMAND [+ COMMAND]...   one after the other, in one process
 *
 * Each prints one line; E is an errno's name, or "ok".
 *
 *   upload NAME FILE               E
 *   forced NAME FILE               E; the same with LIVEPATCH_FLAG_FORCE
 *   get NAME                       E, or STATE RC
 *   start NAME ACTION MS [FLAGS]   E; doesn't wait for the end
 *   act NAME ACTION MS [FLAGS]     E; waits, and prints STATE RC as well
 *   wait NAME                      STATE RC, when nothing is in flight any more
 *   storm NAME ACTION US N         N actions, each at once after the last one's
 *                                  end: how many ended with which RC, as RC*N
 *   cycle NAME N MS                apply and revert N times: how often either
 *                                  had to be tried again
 *   unload NAME                    E
 *   sub NUMBER                     E of a sub-operation with all arguments zero
 *   report [NAME]                  E, or the report in hexadecimal
 *   rehearse MS                    E, or the report on it, when it has ended
 *   times NAME FILE N              nanoseconds of each of N uploads
 *   sleep MS                       ok
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xen/sysctl.h>

#define FILE_SIZE (4 << 20)
#define REPORT_SIZE (64 << 10)
#define SUB_REPORT 256              /* as in the headers of our own engine */
#define SUB_REHEARSE 257
#define ABOUT_REHEARSAL 1
#define ITEM_STATUS 6
#define FLAG_FORCE 1                /* as in those of 4.19 and later */
#define POLL_US 200
#define WORST_RC 256

struct report {                     /* struct xen_sysctl_livepatch_report */
    struct xen_livepatch_name name;
    uint32_t size, about;
    uint64_t buffer;
};

static xencall_handle *calls;
static struct xen_sysctl *op;
static char *name_buffer, *file_buffer;
static size_t file_size;

static void *shared(size_t size)
{
    void *buffer = xencall_alloc_buffer(calls, size);

    if (!buffer)
        err(1, "xencall_alloc_buffer");
    memset(buffer, 0, size);
    return buffer;
}

static const char *word(int result)
{
    return result < 0 ? strerrorname_np(errno) : "ok";
}

/* -- Calls ----------------------------------------------------------------- */

static void *prepare(uint32_t cmd)
{
    memset(op, 0, sizeof(*op));
    op->cmd = XEN_SYSCTL_livepatch_op;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op->u.livepatch.cmd = cmd;
    return &op->u.livepatch.u;
}

static int call(void)
{
    return xencall1(calls, __HYPERVISOR_sysctl, (uintptr_t)op);
}

static void set_name(struct xen_livepatch_name *to, const char *name)
{
    strcpy(name_buffer, name);
    set_xen_guest_handle_raw(to->name, name_buffer);
    to->size = strlen(name) + 1;
}

static void read_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        err(1, "%s", path);
    file_size = fread(file_buffer, 1, FILE_SIZE, file);
    fclose(file);
}

static int upload(const char *name, uint32_t flags)
{
    struct xen_sysctl_livepatch_upload *up = prepare(XEN_SYSCTL_LIVEPATCH_UPLOAD);

#ifdef LIVEPATCH_FLAG_FORCE     /* Xen 4.18 and newer */
    op->u.livepatch.flags = flags;
#else
    op->u.livepatch.pad = flags;
#endif
    set_name(&up->name, name);
    up->size = file_size;
    set_xen_guest_handle_raw(up->payload, (uint8_t *)file_buffer);
    return call();
}

static int get(const char *name, struct xen_livepatch_status *status)
{
    struct xen_sysctl_livepatch_get *ask = prepare(XEN_SYSCTL_LIVEPATCH_GET);
    int result;

    set_name(&ask->name, name);
    result = call();
    *status = ask->status;
    return result;
}

static int start(const char *name, uint32_t action, uint64_t timeout_ns,
                 uint32_t flags)
{
    struct xen_sysctl_livepatch_action *ask = prepare(XEN_SYSCTL_LIVEPATCH_ACTION);

    set_name(&ask->name, name);
    ask->cmd = action;
    ask->timeout = timeout_ns;
    ask->flags = flags;
    return call();
}

/* How it ended; one that is gone has the state 0. */
static struct xen_livepatch_status wait_for(const char *name)
{
    struct xen_livepatch_status status;

    while (!get(name, &status) && status.rc == -EAGAIN)
        usleep(POLL_US);
    return status;
}

/* -- Commands -------------------------------------------------------------- */

static uint32_t action_of(const char *text)
{
    static const char *const names[] = {
        [LIVEPATCH_ACTION_UNLOAD] = "unload", [LIVEPATCH_ACTION_REVERT] = "revert",
        [LIVEPATCH_ACTION_APPLY] = "apply", [LIVEPATCH_ACTION_REPLACE] = "replace",
    };
    uint32_t i;

    for (i = 1; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(text, names[i]))
            return i;
    return atoi(text);
}

static void print_status(struct xen_livepatch_status status)
{
    printf("%s %d\n", status.state == LIVEPATCH_STATE_APPLIED ? "applied" :
           status.state == LIVEPATCH_STATE_CHECKED ? "checked" : "gone", status.rc);
}

static void do_get(char **words)
{
    struct xen_livepatch_status status;

    if (get(words[1], &status) < 0)
        printf("%s\n", word(-1));
    else
        print_status(status);
}

static void do_action(char **words, int and_wait)
{
    int result = start(words[1], action_of(words[2]), atof(words[3]) * 1e6,
                       words[4] ? atoi(words[4]) : 0);

    printf("%s%c", word(result), and_wait ? ' ' : '\n');
    if (and_wait)
        print_status(wait_for(words[1]));
}

static void do_storm(char **words)
{
    unsigned int i, ended[WORST_RC] = { 0 };
    struct xen_livepatch_status status;

    for (i = atoi(words[4]); i--;) {
        while (start(words[1], action_of(words[2]), atof(words[3]) * 1e3, 0) < 0 &&
               errno == EBUSY)
            usleep(POLL_US);
        status = wait_for(words[1]);
        if (status.rc <= 0 && status.rc > -WORST_RC)
            ended[-status.rc]++;
    }
    for (i = 0; i < WORST_RC; i++)
        if (ended[i])
            printf("%d*%u ", -(int)i, ended[i]);
    printf("\n");
}

/* Returns how often it had to be tried again. */
static unsigned int until_done(const char *name, uint32_t action, uint64_t timeout_ns)
{
    struct xen_livepatch_status status;
    unsigned int tries = 0;
    uint32_t wanted = action == LIVEPATCH_ACTION_APPLY ? LIVEPATCH_STATE_APPLIED
                                                       : LIVEPATCH_STATE_CHECKED;

    for (;; tries++) {
        if (start(name, action, timeout_ns, 0) && errno != EBUSY)
            err(1, "%s", name);
        status = wait_for(name);
        if (status.state == wanted)
            return tries;
        if (status.rc && status.rc != -EBUSY)
            errx(1, "%s ended with %d", name, status.rc);
        /* Attempts that are closer to each other may hang Xen's own engine. */
        usleep(300000);
    }
}

static void do_cycle(char **words)
{
    unsigned int i, again = 0;
    uint64_t timeout_ns = atof(words[3]) * 1e6;

    for (i = atoi(words[2]); i--;) {
        again += until_done(words[1], LIVEPATCH_ACTION_APPLY, timeout_ns);
        again += until_done(words[1], LIVEPATCH_ACTION_REVERT, timeout_ns);
    }
    printf("%u\n", again);
}

static int ask_report(const char *name, uint32_t about, unsigned char *buffer,
                      uint32_t *size)
{
    struct report *ask = prepare(SUB_REPORT);
    int result;

    if (name)
        set_name(&ask->name, name);
    ask->about = about;
    ask->size = REPORT_SIZE;
    ask->buffer = (uintptr_t)buffer;
    result = call();
    *size = ask->size;
    return result;
}

static void print_report(int result, const unsigned char *buffer, uint32_t size)
{
    uint32_t i;

    if (result < 0) {
        printf("%s\n", word(-1));
    } else {
        for (i = 0; i < size; i++)
            printf("%02x", buffer[i]);
        printf("\n");
    }
}

static void do_report(const char *name)
{
    unsigned char *buffer = shared(REPORT_SIZE);
    uint32_t size;
    int result = ask_report(name, 0, buffer, &size);

    print_report(result, buffer, size);
    xencall_free_buffer(calls, buffer);
}

/* What its status item says. */
static bool is_rehearsing(const unsigned char *buffer, uint32_t size)
{
    uint32_t at, length;
    int32_t rc;

    for (at = 0; at < size; at += (length + 7) & ~7u) {
        memcpy(&length, buffer + at + 4, sizeof(length));
        memcpy(&rc, buffer + at + 12, sizeof(rc));
        if (buffer[at] == ITEM_STATUS)
            return rc == -EAGAIN;
    }
    return false;
}

static void do_rehearse(uint32_t ms)
{
    unsigned char *buffer = shared(REPORT_SIZE);
    uint32_t *timeout = prepare(SUB_REHEARSE), size = 0;
    int result;

    *timeout = ms * 1000000;
    result = call();
    while (!result && !(result = ask_report(NULL, ABOUT_REHEARSAL, buffer, &size)) &&
           is_rehearsing(buffer, size))
        usleep(POLL_US);
    print_report(result, buffer, size);
    xencall_free_buffer(calls, buffer);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void do_times(char **words)
{
    unsigned int i;

    read_file(words[2]);
    for (i = atoi(words[3]); i--;) {
        uint64_t began = now_ns();

        if (upload(words[1], 0))
            err(1, "upload of %s", words[1]);
        printf("%llu ", (unsigned long long)(now_ns() - began));
        if (start(words[1], LIVEPATCH_ACTION_UNLOAD, 0, 0))
            err(1, "unload of %s", words[1]);
    }
    printf("\n");
}

static void run(char **words, int num)
{
    const char *verb = words[0];

    if (!strcmp(verb, "upload") && num == 3) {
        read_file(words[2]);
        printf("%s\n", word(upload(words[1], 0)));
    } else if (!strcmp(verb, "forced") && num == 3) {
        read_file(words[2]);
        printf("%s\n", word(upload(words[1], FLAG_FORCE)));
    } else if (!strcmp(verb, "get") && num == 2) {
        do_get(words);
    } else if (!strcmp(verb, "wait") && num == 2) {
        print_status(wait_for(words[1]));
    } else if ((!strcmp(verb, "start") || !strcmp(verb, "act")) && num >= 4) {
        do_action(words, *verb == 'a');
    } else if (!strcmp(verb, "storm") && num == 5) {
        do_storm(words);
    } else if (!strcmp(verb, "cycle") && num == 4) {
        do_cycle(words);
    } else if (!strcmp(verb, "unload") && num == 2) {
        printf("%s\n", word(start(words[1], LIVEPATCH_ACTION_UNLOAD, 0, 0)));
    } else if (!strcmp(verb, "sub") && num == 2) {
        prepare(atoi(words[1]));
        printf("%s\n", word(call()));
    } else if (!strcmp(verb, "report") && num <= 2) {
        do_report(words[1]);
    } else if (!strcmp(verb, "rehearse") && num == 2) {
        do_rehearse(atoi(words[1]));
    } else if (!strcmp(verb, "times") && num == 4) {
        do_times(words);
    } else if (!strcmp(verb, "sleep") && num == 2) {
        usleep(atof(words[1]) * 1000);
        printf("ok\n");
    } else {
        errx(1, "what is %s with %d words?", verb, num);
    }
}

int main(int argc, char **argv)
{
    int first = 1, i;

    calls = xencall_open(NULL, 0);
    if (!calls)
        err(1, "opening Xen's interface");
    op = shared(sizeof(*op));
    name_buffer = shared(XEN_LIVEPATCH_NAME_SIZE);
    file_buffer = shared(FILE_SIZE);

    for (i = 1; i <= argc; i++)
        if (i == argc || !strcmp(argv[i], "+")) {
            argv[i] = NULL;
            if (i > first)
                run(argv + first, i - first);
            first = i + 1;
        }
    return 0;
}
