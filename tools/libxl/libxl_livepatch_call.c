/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * How a call that changes something begins and ends: the host's lock, what
 * is loaded, guests that an earlier call had to leave paused, records.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

static void call_locked(libxl__egc *egc, libxl__livepatch_lock *lpl,
                        int rc);
static void call_recovered(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                           int rc);
static void call_take_stock(libxl__egc *egc, libxl__livepatch_call *lpc);
static void call_repaired(libxl__egc *egc,
                          libxl__livepatch_transaction *lptx, bool ok);
static void call_resumed_left(libxl__egc *egc,
                              libxl__livepatch_pauser *lpp,
                              int rc);
static void call_complete(libxl__egc *egc, libxl__livepatch_call *lpc);

/*----- synchronous helpers -----*/

/* What an attempt, or one to undo it, may come to wait for CPUs. */
static uint64_t longest_timeout(const libxl_livepatch_params *params)
{
    uint64_t us = max(params->timeout_us,
                      (uint32_t)LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT);
    const uint64_t ceiling = max(us,
                          (uint64_t)LIBXL_LIVEPATCH_TIMEOUT_US_CEILING);
    int left = max(params->retries, LIBXL_LIVEPATCH_RETRIES_DEFAULT);

    while (left-- > 0 && us < ceiling)
        us = min(us * 2, ceiling);
    return us;
}

void libxl__livepatch_call_init(libxl__livepatch_call *lpc, libxl__ao *ao,
                                libxl_livepatch_operation op,
                                const libxl_livepatch_params *params,
                                libxl_livepatch_result *result)
{
    libxl_livepatch_params *const p = &lpc->params;
    AO_GC;

    FILLZERO(*lpc);
    lpc->ao = ao;
    lpc->result = result;
    lpc->result->operation = op;
    lpc->start_us = libxl__livepatch_now_us();
    libxl__livepatch_lock_init(&lpc->lock);
    libxl__livepatch_pauser_init(&lpc->pauser);
    libxl__ao_progress_gethow(&lpc->aop_attempts, NULL);

    libxl_livepatch_params_init(p);
    if (params) libxl_livepatch_params_copy(CTX, p, params);
    if (!p->timeout_us)
        p->timeout_us = LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT;
    if (!p->max_pause_us)
        p->max_pause_us = LIBXL_LIVEPATCH_MAX_PAUSE_US_DEFAULT;
    if (p->deadline_us) {
        lpc->deadline_us = lpc->start_us + p->deadline_us;
        p->lock_wait_us = max(p->lock_wait_us, p->deadline_us);
    }
}

bool libxl__livepatch_call_aborted(libxl__livepatch_call *lpc)
{
    return !lpc->undoing && libxl__ao_aborting(lpc->ao);
}

int libxl__livepatch_check_timeout(libxl__gc *gc,
                                   libxl__livepatch_any result,
                                   uint32_t timeout_us)
{
    if (timeout_us <= LIBXL_LIVEPATCH_TIMEOUT_US_MAX) return 0;

    return libxl__livepatch_refuse(gc, result,
            LIBXL_LIVEPATCH_REASON_USAGE, LIVEPATCH_ADVICE_TIMEOUT,
            "a timeout of %"PRIu32" us is more than the hypervisor takes, "
            "which is %d us", timeout_us, LIBXL_LIVEPATCH_TIMEOUT_US_MAX);
}

static void dispose_payloads(libxl_livepatch_payload *payloads, int num)
{
    int i;

    for (i = 0; i < num; i++)
        libxl_livepatch_payload_dispose(&payloads[i]);
    free(payloads);
}

int libxl__livepatch_reload(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    libxl__livepatch_set set;
    libxl_livepatch_payload *payloads;
    int rc;

    rc = libxl__livepatch_get_set(gc, lpc->result, &set);
    if (rc) return rc;

    payloads = libxl__livepatch_describe(gc, &lpc->reporter,
                                         &lpc->notes.known, &set);
    libxl__livepatch_known_set(gc, &lpc->notes.known, &set, payloads);
    dispose_payloads(lpc->payloads, lpc->set.num);
    lpc->set = set;
    lpc->payloads = payloads;
    return 0;
}

void libxl__livepatch_show(libxl__gc *gc, libxl__livepatch_call *lpc,
                           const libxl_livepatch_payload *payload)
{
    libxl_livepatch_result *const result = lpc->result;
    const int num = result->num_payloads++;

    result->payloads = libxl__realloc(NOGC, result->payloads,
                                      (num + 1) *
                                      sizeof(*result->payloads));
    libxl_livepatch_payload_init(&result->payloads[num]);
    libxl_livepatch_payload_copy(CTX, &result->payloads[num], payload);
}

/*----- the beginning -----*/

/* Returns ERROR_INVAL when the call has been concluded. */
static int check_params(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    libxl_livepatch_params *const p = &lpc->params;
    const uint64_t longest = longest_timeout(p);

    if (libxl__livepatch_check_timeout(gc, lpc->result, p->timeout_us))
        return ERROR_INVAL;
    /* Who asks for a long attempt alone has not contradicted himself. */
    if (p->max_pause_us == LIBXL_LIVEPATCH_MAX_PAUSE_US_DEFAULT)
        p->max_pause_us = max(p->max_pause_us, longest);
    if (p->pause != LIBXL_LIVEPATCH_PAUSE_MODE_NEVER &&
        p->max_pause_us < longest)
        return libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_USAGE,
                LIVEPATCH_ADVICE_PAUSE_TOO_SHORT,
                "guests may be paused for %"PRIu64" us, which is less "
                "than the %"PRIu64" us that an attempt may come to wait: "
                "they would run again before it has ended",
                p->max_pause_us, longest);

    if (libxl__livepatch_resolve_domains(gc, p->listed, p->num_listed,
                                         &lpc->listed) ||
        libxl__livepatch_resolve_domains(gc, p->excluded, p->num_excluded,
                                         &lpc->excluded))
        return libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_INTERNAL, NULL,
                "cannot look up the domains to pause or not to pause");
    return 0;
}

void libxl__livepatch_call_begin(libxl__egc *egc,
                                 libxl__livepatch_call *lpc)
{
    STATE_AO_GC(lpc->ao);

    if (check_params(gc, lpc)) {
        call_complete(egc, lpc);
        return;
    }
    if (lpc->params.dry_run) {
        call_take_stock(egc, lpc);
        return;
    }

    lpc->lock.ao = ao;
    lpc->lock.result = (libxl__livepatch_any)lpc->result;
    lpc->lock.wait_us = lpc->params.lock_wait_us;
    lpc->lock.callback = call_locked;
    libxl__livepatch_lock_take(egc, &lpc->lock);
}

static void call_locked(libxl__egc *egc, libxl__livepatch_lock *lpl,
                        int rc)
{
    libxl__livepatch_call *lpc = CONTAINER_OF(lpl, *lpc, lock);
    STATE_AO_GC(lpc->ao);

    if (rc) {
        lpc->result->lock_holder = lpl->holder;
        call_complete(egc, lpc);
        return;
    }

    lpc->pauser.ao = ao;
    lpc->pauser.result = lpc->result;
    lpc->pauser.lock_fd = libxl__livepatch_lock_fd(lpl);
    lpc->pauser.max_pause_ms = (lpc->params.max_pause_us + 999) / 1000;
    if (libxl__livepatch_pauses_pending(gc)) {
        lpc->pauser.callback = call_recovered;
        libxl__livepatch_pauser_recover(egc, &lpc->pauser);
        return;
    }
    call_take_stock(egc, lpc);
}

static void call_recovered(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                           int rc)
{
    libxl__livepatch_call *lpc = CONTAINER_OF(lpp, *lpc, pauser);

    call_take_stock(egc, lpc);
}

/* With an intent of its own, and not what another call had. */
static void call_begin_anew(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    STATE_AO_GC(lpc->ao);

    if (libxl__livepatch_reload(gc, lpc)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    libxl__livepatch_intent_dispose(&lpc->notes.intent);
    lpc->begun(egc, lpc);
}

static void call_take_stock(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    STATE_AO_GC(lpc->ao);
    int r;

    libxl__livepatch_console_mark(gc, &lpc->console);
    lpc->seen = lpc->console;
    libxl__livepatch_reporter_init(gc, &lpc->reporter);

    r = libxl__livepatch_notes_load(gc, &lpc->notes);
    if (r)
        libxl__livepatch_warn(gc, lpc->result,
                "what is known of loaded payloads can't be read from "
                XEN_RUN_DIR "/livepatch.notes, which is written anew: %s",
                strerror(-r));
    if (libxl__livepatch_reload(gc, lpc)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    if (!lpc->notes.intent.operation) {
        lpc->begun(egc, lpc);
    } else if (lpc->params.dry_run) {
        libxl__livepatch_warn(gc, lpc->result,
                "a call was interrupted or is under way: see xl livepatch "
                "status");
        libxl__livepatch_adopt(gc, lpc);
        call_begin_anew(egc, lpc);
    } else {
        GCNEW(lpc->recovery);
        lpc->recovery->call = lpc;
        lpc->recovery->callback = call_repaired;
        libxl__livepatch_recover(egc, lpc->recovery);
    }
}

/* Whatever became of it: who calls now may be about to put it right. */
static void call_repaired(libxl__egc *egc,
                          libxl__livepatch_transaction *lptx, bool ok)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);

    if (ok)
        libxl__livepatch_warn(gc, lpc->result,
                "a call that was interrupted (%s) was brought to its end "
                "first%s", libxl_livepatch_operation_to_string(
                               lpc->notes.intent.operation),
                libxl__livepatch_is_lasting(lpc->notes.intent.operation)
                    ? ", but for what is installed: see xl livepatch "
                      "status" : "");
    lpc->undoing = false;
    call_begin_anew(egc, lpc);
}

/*----- the end -----*/

void libxl__livepatch_call_end(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    STATE_AO_GC(lpc->ao);

    /* A pauser was killed and its successor, too: another last try. */
    if (lpc->lock.cfd && libxl__livepatch_pauses_pending(gc)) {
        lpc->pauser.callback = call_resumed_left;
        libxl__livepatch_pauser_recover(egc, &lpc->pauser);
        return;
    }
    call_complete(egc, lpc);
}

static void call_resumed_left(libxl__egc *egc,
                              libxl__livepatch_pauser *lpp,
                              int rc)
{
    libxl__livepatch_call *lpc = CONTAINER_OF(lpp, *lpc, pauser);
    STATE_AO_GC(lpc->ao);

    if (libxl__livepatch_pauses_pending(gc))
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_INTERNAL,
                LIVEPATCH_ADVICE_STILL_PAUSED,
                "guests that were paused could not all be resumed: the "
                "warnings tell why");
    call_complete(egc, lpc);
}

/*
 * Xen's words, where they explain something that nothing else does: an
 * engine with a report has told its own, but not what a hook has printed.
 */
static void tell_console(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    libxl_livepatch_result *const result = lpc->result;
    char **line;

    if (!lpc->console.valid ||
        (lpc->told && result->reason != LIBXL_LIVEPATCH_REASON_HOOK) ||
        result->outcome == LIBXL_LIVEPATCH_OUTCOME_ALREADY ||
        result->outcome == LIBXL_LIVEPATCH_OUTCOME_PLANNED ||
        (result->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE &&
         result->num_attempts <= 1))
        return;

    for (line = libxl__livepatch_console_since(gc, &lpc->console);
         *line; line++)
        libxl__livepatch_append(gc, &result->xen_messages, *line);
}

static void sum_up(libxl__livepatch_call *lpc)
{
    libxl_livepatch_result *const result = lpc->result;
    int i, j;

    for (i = 0; i < result->num_attempts; i++) {
        const libxl_livepatch_attempt *attempt = &result->attempts[i];
        uint64_t longest = 0;

        result->stalled_us += attempt->stalled_us;
        for (j = 0; j < attempt->num_paused; j++)
            if (attempt->paused[j].paused_us > longest)
                longest = attempt->paused[j].paused_us;
        result->paused_us += longest;
    }
    result->duration_us = libxl__livepatch_now_us() - lpc->start_us;
}

/* For those who watch the host, as what it had to bear doesn't show. */
static void add_totals(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    libxl_livepatch_result *const result = lpc->result;
    libxl_livepatch_totals *const totals = &lpc->notes.totals;
    int i;

    totals->calls++;
    totals->unsuccessful += !!libxl__livepatch_outcome_rc(result);
    totals->attempts += result->num_attempts;
    totals->stalled_us += result->stalled_us;
    totals->paused_us += result->paused_us;
    totals->finished_us = libxl__livepatch_epoch_us();
    for (i = 0; i < result->num_attempts; i++) {
        totals->longest_stall_us = max(totals->longest_stall_us,
                                       result->attempts[i].stalled_us);
        totals->pauses += result->attempts[i].num_paused;
    }
}

static void call_complete(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    STATE_AO_GC(lpc->ao);
    int rc;

    sum_up(lpc);

    tell_console(gc, lpc);
    if (lpc->changed) libxl__livepatch_reload(gc, lpc);
    /* What is neither done nor undone stays noted. */
    if (lpc->result->outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        libxl__livepatch_intent_dispose(&lpc->notes.intent);
    if (lpc->changed || lpc->result->num_attempts) {
        add_totals(gc, lpc);
        rc = libxl__livepatch_notes_store(gc, &lpc->notes);
        if (rc)
            libxl__livepatch_warn(gc, lpc->result,
                    "what is known of the payloads could not be written "
                    "to " XEN_RUN_DIR ", so that a later replace may ask "
                    "for --no-undo: %s", strerror(-rc));
    }
    if (lpc->describe) lpc->describe(gc, lpc);

    rc = libxl__livepatch_outcome_rc(lpc->result);
    libxl__livepatch_lock_dispose(gc, &lpc->lock);
    dispose_payloads(lpc->payloads, lpc->set.num);
    libxl__livepatch_notes_dispose(&lpc->notes);
    libxl_livepatch_params_dispose(&lpc->params);
    libxl__ao_complete(egc, ao, rc);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
