/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxl's side of the pauser, driven by the words in argv:
 *
 *   start end recover          the calls, each when the last has ended
 *   abort                      from here on the ao is being aborted
 *   kill9, freeze              SIGKILL or SIGSTOP to the pauser
 *   wait                       for 300 ms
 *
 * The guests are lines "DOMID:UUID" on stdin.  A line on stdout tells how
 * each call ended; the result's warnings follow.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* Not that of the machine that this runs on. */
#undef LIVEPATCH_PAUSE_JOURNAL
#define LIVEPATCH_PAUSE_JOURNAL getenv("JOURNAL")
#include "libxl_livepatch_pause.c"

struct script {
    libxl__livepatch_pauser lpp;
    libxl__livepatch_timer timer;
    char **words;
};

/*----- there is no Xen and no xenstore here -----*/

static char nothing;

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    return (xc_interface *)&nothing;
}

int xc_interface_close(xc_interface *xch)
{
    return 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
    return (struct xs_handle *)&nothing;
}

void xs_close(struct xs_handle *xsh)
{
}

void xs_daemon_destroy_postfork(struct xs_handle *xsh)
{
}

/*----- the script -----*/

static void next_word(libxl__egc *egc, struct script *script);

static void call_ended(libxl__egc *egc, libxl__livepatch_pauser *lpp, int rc)
{
    struct script *script = CONTAINER_OF(lpp, *script, lpp);
    int i;

    printf("%s %d", script->words[0], rc);
    for (i = 0; i < lpp->num_guests; i++)
        printf(" %s", !lpp->guests[i].paused ? "-" :
               lpp->guests[i].paused_us ? "resumed" : "paused");
    printf("%s\n", lpp->expired ? " expired" : "");
    fflush(stdout);

    script->words++;
    next_word(egc, script);
}

static void timer_ended(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    struct script *script = CONTAINER_OF(lpt, *script, timer);

    script->words++;
    next_word(egc, script);
}

static void next_word(libxl__egc *egc, struct script *script)
{
    libxl__livepatch_pauser *lpp = &script->lpp;
    STATE_AO_GC(lpp->ao);
    const char *word = script->words[0];
    siginfo_t info;

    if (!word) {
        libxl__livepatch_timer_dispose(gc, &script->timer);
        libxl__ao_complete(egc, ao, 0);
    } else if (!strcmp(word, "start")) {
        libxl__livepatch_pauser_start(egc, lpp);
    } else if (!strcmp(word, "end")) {
        libxl__livepatch_pauser_end(egc, lpp);
    } else if (!strcmp(word, "recover")) {
        libxl__livepatch_pauser_recover(egc, lpp);
    } else if (!strcmp(word, "wait")) {
        libxl__livepatch_timer_set(gc, &script->timer, 300000);
    } else {
        /* libxl is not to notice before the next call. */
        if (!strcmp(word, "abort")) {
            assert(XEN_LIST_EMPTY(&ao->abortables));
            ao->aborting = 1;
        } else if (!strcmp(word, "freeze")) {
            kill(lpp->child.pid, SIGSTOP);
        } else if (!strcmp(word, "kill9")) {
            kill(lpp->child.pid, SIGKILL);
            waitid(P_PID, lpp->child.pid, &info, WEXITED | WNOWAIT);
        }
        script->words++;
        next_word(egc, script);
    }
}

static void read_guests(libxl__livepatch_pauser *lpp)
{
    static libxl__livepatch_guest guests[8192];
    char hex[33];
    int i;

    lpp->guests = guests;
    while (scanf("%"SCNu32":%32s", &guests[lpp->num_guests].domid,
                 hex) == 2) {
        for (i = 0; i < 16; i++)
            sscanf(hex + 2 * i, "%2"SCNx8,
                   &guests[lpp->num_guests].uuid[i]);
        lpp->num_guests++;
    }
}

static int run(libxl_ctx *ctx, struct script *script)
{
    AO_CREATE(ctx, 0, NULL);

    script->lpp.ao = ao;
    script->lpp.callback = call_ended;
    script->lpp.max_pause_ms = atoi(getenv("MAX_PAUSE_MS"));
    script->lpp.lock_fd = open(getenv("LOCK"), O_RDWR | O_CREAT | O_CLOEXEC,
                               0600);
    script->timer.callback = timer_ended;
    next_word(egc, script);
    return AO_INPROGRESS;
}

int main(int argc, char **argv)
{
    static struct script script;
    static libxl_livepatch_result result;
    xentoollog_logger *logger;
    libxl_ctx *ctx;
    char **warning;

    logger = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr,
                                                           XTL_WARN, 0);
    if (!logger || libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, logger)) abort();

    libxl__livepatch_pauser_init(&script.lpp);
    libxl__livepatch_timer_init(&script.timer);
    script.lpp.result = &result;
    read_guests(&script.lpp);
    script.words = argv + 1;
    if (run(ctx, &script)) abort();

    for (warning = result.warnings; warning && *warning; warning++)
        printf("warning: %s\n", *warning);
    libxl_livepatch_result_dispose(&result);
    libxl_ctx_free(ctx);
    xtl_logger_destroy(logger);
    return 0;
}
