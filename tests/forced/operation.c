/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>

#include <sanitizer/lsan_interface.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen-tools/libs.h>

#include "libxl_livepatch_pauser.h"

#include "engine.h"
#include "faults.h"
#include "operation.h"
#include "store.h"
#include "world.h"

/* Seconds after which an operation hangs. */
#define PATIENCE 60

libxl_livepatch_result last_result;
int last_steps;
const char *run_dir = FORCED_RUN_DIR;

static const char *doing;       /* for who finds it hanging */

/*----- the host -----*/

void host_reset(void)
{
    world_clear();
    world_add(0, XEN_DOMINF_running);
    world_add(1, XEN_DOMINF_running);
    engine_reset();
    store_reset();
    store_write("/local/domain/1/name", "guest");
    unlink(LIVEPATCH_PAUSE_JOURNAL);
    unlink(XEN_RUN_DIR "/livepatch.lock");
    unlink(XEN_RUN_DIR "/livepatch.notes");
    installed_reset();
}

const char *file_of(const char *name)
{
    static char path[4][PATH_MAX];
    static int used;
    char *p = path[used++ % 4];

    snprintf(p, sizeof(path[0]), "%s/%s.livepatch", run_dir, name);
    return p;
}

/*----- the event loop -----*/

static bool completed;
static int completed_rc;

static void complete(libxl_ctx *ctx, int rc, void *for_callback)
{
    completed = true;
    completed_rc = rc;
}

static void loop(libxl_ctx *ctx, const libxl_asyncop_how *how)
{
    struct pollfd fds[16];
    struct timeval now;
    int num, timeout;

    while (!completed) {
        num = ARRAY_SIZE(fds);
        timeout = -1;
        gettimeofday(&now, NULL);
        assert(!libxl_osevent_beforepoll(ctx, &num, fds, &timeout, now));
        if (!faults_abort_due) poll(fds, num, timeout);
        gettimeofday(&now, NULL);
        libxl_osevent_afterpoll(ctx, num, fds, now);
        if (faults_abort_due) {
            faults_abort_due = false;
            libxl_ao_abort(ctx, how);
        }
    }
}

static void alarmed(int signum)
{
    fprintf(stderr, "this hangs: %s\n", doing);
    abort();
}

static void forget(xentoollog_logger *logger, xentoollog_level level,
                   int errnoval, const char *context, const char *format,
                   va_list al)
{
}

static xentoollog_logger logger = { .vmessage = forget };

static int operate(const struct scenario *scenario, const struct fault *f)
{
    libxl_asyncop_how how = { .callback = complete };
    libxl_ctx *ctx;
    int rc;

    libxl_livepatch_result_dispose(&last_result);
    libxl_livepatch_result_init(&last_result);
    assert(!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &logger));
    signal(SIGALRM, alarmed);
    alarm(PATIENCE);
    completed = false;
    if (f) faults_arm(f);
    rc = scenario->start(ctx, &last_result, &how);
    if (!scenario->only_looks) {
        assert(!rc);
        loop(ctx, &how);
        rc = completed_rc;
    }
    if (scenario->finish) scenario->finish(&last_result);
    faults_disarm();
    last_steps = faults_steps;
    alarm(0);
    libxl_ctx_free(ctx);
    return rc;
}

libxl_livepatch_outcome operation_do(const struct scenario *scenario)
{
    operate(scenario, NULL);
    return last_result.outcome;
}

/*----- what must be true -----*/

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int num = 0;

    while (readdir(dir)) num++;
    closedir(dir);
    return num;
}

/* Take word, and the ":..." behind it, out of a state. */
static void strip(char *state, const char *word)
{
    size_t len = word ? strlen(word) : 0;
    char *at = state, *end;

    while (len && (at = strstr(at, word))) {
        end = at + len;
        end += strcspn(end, " |");
        if (*end == ' ')
            end++;
        else if (at > state && at[-1] == ' ')
            at--;
        memmove(at, end, strlen(end) + 1);
    }
}

static int expected_rc(void)
{
    switch (last_result.outcome) {
    case LIBXL_LIVEPATCH_OUTCOME_DONE:
    case LIBXL_LIVEPATCH_OUTCOME_ALREADY:
    case LIBXL_LIVEPATCH_OUTCOME_PLANNED:
        return 0;
    case LIBXL_LIVEPATCH_OUTCOME_BUSY:
        return ERROR_NOT_READY;
    case LIBXL_LIVEPATCH_OUTCOME_STRANDED:
        return ERROR_BADFAIL;
    default:
        return 1;               /* any error */
    }
}

static bool has_journal(void)
{
    return !access(LIVEPATCH_PAUSE_JOURNAL, F_OK);
}

/*
 * Each pause of ours is undone exactly once.  What an earlier call left is
 * undone, too, unless this one did not even begin.
 */
static char *wrong_guests(const struct world *before, bool left)
{
    bool begun = !expected_rc() || last_result.num_attempts;
    char *why = NULL;
    int i;

    if (left && !begun) return NULL;
    for (i = 0; i < world->num_domains && !why; i++) {
        const struct world_domain *d = &world->domains[i];
        uint32_t count = left ? 0 : before->domains[i].count;

        if (d->count == count && !d->futile) continue;
        assert(asprintf(&why, "domain %u is paused %u times instead of %u; "
                        "futile unpauses: %u", d->domid, d->count, count,
                        d->futile) > 0);
    }
    if (!why && has_journal())
        why = strdup("there is still a journal of pauses");
    return why;
}

static const char *wrong_words(int rc)
{
    int i;

    if (!last_result.outcome) return "it is undecided";
    if (!last_result.message) return "it has no message";
    if (expected_rc() != rc && (expected_rc() != 1 || rc >= 0))
        return "its return value is another than the outcome's";
    if (last_result.outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED &&
        !last_result.advice)
        return "it is stranded, without advice";
    for (i = 0; i < last_result.num_payloads; i++)
        if (last_result.payloads[i].position &&
            last_result.payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED)
            return "it gives a place in the stack to what isn't applied";
    return NULL;
}

/* What a replace could not unload afterwards may stay, if it says so. */
static void strip_leftovers(char *state)
{
    char **warning = last_result.warnings;
    char name[80];
    int end;

    for (; warning && *warning; warning++) {
        end = 0;
        sscanf(*warning, "%63[^,], which was replaced, stays%n", name, &end);
        if (end) strip(state, strcat(name, ":checked"));
    }
}

/* What patched nothing may be gone, if it says so. */
static void strip_lost(char *state)
{
    char **warning = last_result.warnings;
    char name[80];
    int end;

    for (; warning && *warning; warning++) {
        end = 0;
        sscanf(*warning, "%63[^,], which was loaded but not applied, is not%n",
               name, &end);
        if (end) strip(state, strcat(name, ":checked"));
    }
}

/* Whether the outcome is a lie. */
static const char *wrong_state(const char *before, const char *done,
                               const char *now, const struct leeway *leeway)
{
    switch (last_result.outcome) {
    case LIBXL_LIVEPATCH_OUTCOME_DONE:
    case LIBXL_LIVEPATCH_OUTCOME_ALREADY:
    case LIBXL_LIVEPATCH_OUTCOME_PLANNED:
        return strcmp(now, done) ? "it is not as when done" : NULL;
    case LIBXL_LIVEPATCH_OUTCOME_STRANDED:
        if (leeway->never_stranded) return "it is stranded";
        return leeway->stranded || faults_in_flight || engine.flying ||
            strcmp(now, before)
            ? NULL : "it is as before, but said to be stranded";
    default:
        return strcmp(now, before) ? "it is not as before" : NULL;
    }
}

/* Whether what is installed is whole, and as the outcome says. */
static char *wrong_installed(const char *before, const char *done)
{
    char *now = installed_state(), *why = NULL;
    const char *wanted = before;

    if (!expected_rc()) wanted = done;
    if (last_result.outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED) wanted = now;
    if (strchr(now, '!') || strcmp(now, wanted))
        assert(asprintf(&why, "\"%s\" is installed instead of \"%s\"", now,
                        wanted) > 0);
    free(now);
    return why;
}

/* What was recorded must not be told of another payload. */
static char *wrong_records(void)
{
    libxl_livepatch_listing result;
    libxl_ctx *ctx;
    char *why = NULL;
    int i;

    libxl_livepatch_listing_init(&result);
    assert(!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &logger));
    if (libxl_livepatch_list(ctx, &result))
        why = strdup("the payloads can't be listed");
    for (i = 0; i < result.num_payloads && !why; i++) {
        const libxl_livepatch_payload *p = &result.payloads[i];

        if (p->recorded && engine_find(p->name) &&
            strcmp(p->build_id, engine_find(p->name)->file.build_id))
            assert(asprintf(&why, "%s is listed with a wrong build-id",
                            p->name) > 0);
    }
    libxl_livepatch_listing_dispose(&result);
    libxl_ctx_free(ctx);
    return why;
}

char *operation_run(const struct scenario *scenario, const struct fault *f,
                    const struct leeway *leeway)
{
    static const struct leeway none;
    char *before, *done, *now, *why = NULL, *told = NULL, *installed;
    const char *what;
    struct world world_before;
    bool left;
    int fds, rc;

    doing = scenario->name;
    host_reset();
    if (scenario->set_up) scenario->set_up();
    if (!leeway) leeway = &none;
    before = engine_state();
    done = strdup(scenario->done ?: before);
    installed = installed_state();
    world_before = *world;
    left = has_journal();
    fds = count_fds();
    engine.uploads = 0;

    rc = operate(scenario, f);
    now = engine_state();
    strip(before, leeway->bystander);
    strip(done, leeway->bystander);
    strip(now, leeway->bystander);
    if (!rc) strip_leftovers(now);
    strip_lost(before);

    what = wrong_words(rc);
    if (!what && !leeway->any_state && !scenario->any_state)
        what = wrong_state(before, done, now, leeway);
    if (!what && *engine.dangled && !leeway->any_state)
        what = "a payload is applied that uses what was unloaded";
    if (!what && engine.too_soon)
        what = "an attempt came too soon after one that timed out";
    if (!what && count_fds() != fds) what = "descriptors were leaked";
    if (!what && waitpid(-1, NULL, WNOHANG) != -1)
        what = "a child process is left";
    if (what) told = strdup(what);
    if (!told && !leeway->guests) told = wrong_guests(&world_before, left);
    engine.restless = 0;
    if (!told) told = wrong_installed(installed, scenario->installed ?: installed);
    free(installed);
    if (!told && !engine.no_livepatch) told = wrong_records();
    if (told)
        assert(asprintf(&why, "%s, step %d (%s)%s%s: %s\n"
                        "    before: %s\n    now: %s\n    %s: %s",
                        scenario->name, fault.at, faults_last,
                        fault.for_ever ? " for ever" :
                        fault.times > 1 ? " more than once" : "",
                        fault.alike ? ", only such" : "", told, before,
                        now, libxl_livepatch_outcome_to_string(
                            last_result.outcome) ?: "?",
                        last_result.message ?: "-") > 0);
    free(told);
    free(before);
    free(done);
    free(now);
    return why;
}

/*----- a process that is killed -----*/

/* What patches nothing may be there or not. */
static void strip_checked(char *state)
{
    char *at, *start;

    while ((at = strstr(state, ":checked"))) {
        start = at;
        while (start > state && start[-1] != ' ')
            start--;
        at += strlen(":checked");
        if (*at == ' ') at++;
        memmove(start, at, strlen(at) + 1);
    }
    /* A blank may be left before the stack. */
    at = strchr(state, '|');
    if (at > state && at[-1] == ' ') memmove(at - 1, at, strlen(at) + 1);
}

/* The descriptors of a process go with it, and the lock with these. */
static void close_new(const fd_set *old)
{
    int fd;

    for (fd = 0; fd < FD_SETSIZE; fd++)
        if (!FD_ISSET(fd, old)) close(fd);
}

static void note_open(fd_set *old_r)
{
    int fd;

    FD_ZERO(old_r);
    for (fd = 0; fd < FD_SETSIZE; fd++)
        if (fcntl(fd, F_GETFD) >= 0) FD_SET(fd, old_r);
}

static int unload_nothing(libxl_ctx *ctx, libxl_livepatch_result *result,
                          const libxl_asyncop_how *how)
{
    return libxl_livepatch_unload(ctx, "nothing", NULL, result, how);
}

/* Its memory is gone with it: who looks for leaks must not see that. */
static void run_until_killed(const struct scenario *scenario, int at)
{
    const struct fault f = { .at = at, .kill = true };
    static fd_set old;

    note_open(&old);
    __lsan_disable();
    if (!sigsetjmp(faults_killed, 1)) {
        operate(scenario, &f);
    } else {
        faults_disarm();
        faults_clear_up();
        alarm(0);
        close_new(&old);
        libxl_livepatch_result_init(&last_result);
    }
    __lsan_enable();
}

/* What a killed call has left must be told, until the next one. */
static char *wrong_status(const struct scenario *scenario,
                          const char *before, const char *done,
                          const char *now)
{
    bool expected = strcmp(now, before) && strcmp(now, done) &&
        !engine.flying;
    libxl_livepatch_condition condition;
    libxl_ctx *ctx;
    char *why = NULL;

    libxl_livepatch_condition_init(&condition);
    assert(!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &logger));
    libxl_livepatch_status(ctx, NULL, &condition);
    if (expected && condition.outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        assert(asprintf(&why, "%s: \"%s\" instead of \"%s\", and status "
                        "says: %s", scenario->name, now, before,
                        condition.message) > 0);
    if (!expected && condition.in_progress)
        why = strdup("status says that a dead process is at work");
    libxl_livepatch_condition_dispose(&condition);
    libxl_ctx_free(ctx);
    return why;
}

char *operation_kill(const struct scenario *scenario, int at)
{
    const struct scenario next = { "the next call", .start = unload_nothing };
    char *before, *done, *killed, *now, *why = NULL, *installed;

    doing = scenario->name;
    host_reset();
    if (scenario->set_up) scenario->set_up();
    before = engine_state();
    done = strdup(scenario->done ?: before);
    run_until_killed(scenario, at);
    killed = engine_state();
    strip_checked(before);
    strip_checked(done);
    strip_checked(killed);
    why = wrong_status(scenario, before, done, killed);
    /* What the hypervisor was about to do it does. */
    engine_land();
    operate(&next, NULL);
    now = engine_state();
    strip_checked(now);
    if (!why && strcmp(now, before) && strcmp(now, done))
        assert(asprintf(&why, "%s, killed at step %d (%s)\n    before: %s\n"
                        "    then: %s\n    now: %s\n    %s",
                        scenario->name, at, faults_last, before, killed, now,
                        last_result.message) > 0);
    installed = installed_state();
    if (!why && strchr(installed, '!'))
        assert(asprintf(&why, "%s, killed at step %d (%s): not whole: %s",
                        scenario->name, at, faults_last, installed) > 0);
    free(installed);
    free(before);
    free(done);
    free(killed);
    free(now);
    return why;
}
