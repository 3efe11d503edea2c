/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the hypervisor reports of that which was in the way of an upload or
 * an action, for those who act on it and in people's words.
 *
 * A stock hypervisor doesn't report.  Whether the running one does is
 * found out once in every call, and where a report can't be had or
 * understood all goes on as with a stock one.
 */

#include "libxl_osdeps.h"

#include <xen/errno.h>

#include "libxl_livepatch_internal.h"

/* So many late CPUs or waiting vCPUs are told in a message. */
#define MAX_TOLD 3

/*----- getting it -----*/

void libxl__livepatch_reporter_init(libxl__gc *gc,
                                    libxl__livepatch_reporter *lpr)
{
    lpr->available = libxl__livepatch_reports(gc);
    lpr->boot_us = 0;
}

static void add_names(libxl__gc *gc, libxl_livepatch_report *report)
{
    int i;

    for (i = 0; i < report->num_stragglers; i++)
        report->stragglers[i].name =
            libxl__livepatch_domain_name(gc, report->stragglers[i].domid);
    for (i = 0; i < report->num_waiting; i++)
        report->waiting[i].name =
            libxl__livepatch_domain_name(gc, report->waiting[i].domid);
}

int libxl__livepatch_get_report(libxl__gc *gc,
                                libxl__livepatch_reporter *lpr,
                                const char *name, uint32_t about,
                                libxl_livepatch_report *report_r)
{
    void *bytes;
    size_t size;
    int r;

    libxl_livepatch_report_init(report_r);
    if (!lpr->available) return -EOPNOTSUPP;

    r = libxl__livepatch_fetch_report(gc, name, about, &bytes, &size);
    if (!r)
        r = -libxl__livepatch_parse_report(bytes, size, &lpr->boot_us,
                                           report_r);
    if (r) {
        if (r != -ENOENT)
            LOG(WARN, "cannot make use of what the hypervisor reports: %s",
                strerror(-r));
        libxl_livepatch_report_dispose(report_r);
        return r;
    }
    add_names(gc, report_r);
    return 0;
}

/*----- an upload -----*/

const char *libxl__livepatch_upload_failure(libxl__gc *gc,
                                    libxl__livepatch_reporter *lpr,
                                    const char *name,
                                    int r,
                                    libxl_livepatch_reason *reason_r)
{
    libxl_livepatch_report report;
    const char *failure = NULL;

    if (libxl__livepatch_get_report(gc, lpr, NULL,
                                    LIVEPATCH_REPORT_ABOUT_UPLOAD,
                                    &report))
        return NULL;

    /* It may be about an earlier upload, of anybody's. */
    if (report.failure && report.rc == r && report.name &&
        !strcmp(report.name, libxl__livepatch_text(gc, name))) {
        failure = libxl__strdup(gc, report.failure);
        *reason_r = report.reason;
    }
    libxl_livepatch_report_dispose(&report);
    return failure;
}

/*----- an action -----*/

bool libxl__livepatch_explain_attempt(libxl__gc *gc,
                                      libxl__livepatch_reporter *lpr,
                                      const char *name,
                                      libxl_livepatch_attempt *attempt,
                                      const char **culprit_r)
{
    libxl_livepatch_report report;
    bool about_it;

    if (libxl__livepatch_get_report(gc, lpr, name, 0, &report))
        return false;

    /* Another tool may have tried something since. */
    about_it = report.action == attempt->operation;
    if (about_it) {
        attempt->stalled_us = report.arrival_us + report.stopped_us;
        attempt->reason = report.reason;
        *culprit_r = report.culprit ? libxl__strdup(gc, report.culprit)
                                    : NULL;
        MOVE(attempt->failure, report.failure);
        MOVE(attempt->stragglers, report.stragglers);
        MOVE(attempt->num_stragglers, report.num_stragglers);
        MOVE(attempt->waiting, report.waiting);
        MOVE(attempt->num_waiting, report.num_waiting);
    }
    libxl_livepatch_report_dispose(&report);
    return about_it;
}

static const char *domain_words(libxl__gc *gc, uint32_t domid,
                                const char *name, uint32_t vcpu)
{
    if (domid >= DOMID_FIRST_RESERVED) return "no domain";
    return GCSPRINTF("domain %"PRIu32"%s%s%s, vCPU %"PRIu32, domid,
                     name ? " (" : "", name ?: "", name ? ")" : "", vcpu);
}

static const char *
straggler_words(libxl__gc *gc, const libxl_livepatch_straggler *late)
{
    const char *place;

    if (late->where == LIBXL_LIVEPATCH_WHERE_GUEST)
        place = "in the guest's own code";
    else if (late->where == LIBXL_LIVEPATCH_WHERE_UNKNOWN)
        place = "and did not answer";
    else if (late->symbol)
        place = GCSPRINTF("in %s+%#"PRIx32, late->symbol, late->offset);
    else
        place = GCSPRINTF("in the hypervisor at %s", late->ip);
    return GCSPRINTF("CPU %"PRIu32" ran %s, %s", late->cpu,
                     domain_words(gc, late->domid, late->name, late->vcpu),
                     place);
}

const char *libxl__livepatch_obstacle(libxl__gc *gc,
                                const libxl_livepatch_attempt *attempt)
{
    const int num = attempt->num_stragglers ?: attempt->num_waiting;
    const char *words = NULL, *one;
    int i;

    for (i = 0; i < min(num, MAX_TOLD); i++) {
        one = attempt->num_stragglers
            ? straggler_words(gc, &attempt->stragglers[i])
            : domain_words(gc, attempt->waiting[i].domid,
                           attempt->waiting[i].name,
                           attempt->waiting[i].vcpu);
        words = words ? GCSPRINTF("%s; %s", words, one) : one;
    }
    if (num > MAX_TOLD)
        words = GCSPRINTF("%s; and %d more", words, num - MAX_TOLD);
    return words ?: attempt->failure;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
