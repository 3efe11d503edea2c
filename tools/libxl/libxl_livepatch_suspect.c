/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Which guests keep the host from quiescing.
 *
 * A stock engine doesn't tell, so this is a guess: a vCPU that stays in
 * the hypervisor burns CPU time while all others stand still, and so does
 * one whose memory is being saved.  Where the hypervisor names them there
 * is nothing to guess.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

#define MAX_DOMAINS 1024

/* Worth a guess is who ran for such a part of the time. */
#define MUCH_OF(us) ((us) / 2)

/* A guest, and what speaks for its being the culprit. */
typedef struct {
    libxl__livepatch_guest guest;
    bool migrates;
    uint64_t cpu_ns;
} suspect;

/* All domains; the array is from gc. */
static int list_domains(libxl__gc *gc, xc_domaininfo_t **info_r,
                        int *num_r)
{
    xc_domaininfo_t *info = NULL;
    int num = 0, got;

    do {
        info = libxl__realloc(gc, info,
                              (num + MAX_DOMAINS) * sizeof(*info));
        got = xc_domain_getinfolist(CTX->xch,
                                    num ? info[num - 1].domain + 1 : 0,
                                    MAX_DOMAINS, info + num);
        if (got < 0) {
            LOGE(ERROR, "cannot list the domains");
            return ERROR_FAIL;
        }
        num += got;
    } while (got == MAX_DOMAINS);

    *info_r = info;
    *num_r = num;
    return 0;
}

int libxl__livepatch_sample_usage(libxl__gc *gc,
                                  libxl__livepatch_sample *sample_r)
{
    int rc = list_domains(gc, &sample_r->domains, &sample_r->num);

    if (!rc) sample_r->taken_us = libxl__livepatch_now_us();
    return rc;
}

/*
 * By number and UUID: the number may be another domain's soon, and while a
 * guest migrates to the host itself two domains have its UUID.
 */
static bool is_it(const xc_domaininfo_t *info, uint32_t domid,
                  const uint8_t *uuid)
{
    return info->domain == domid &&
        !memcmp(info->handle, uuid, sizeof(info->handle));
}

static uint64_t used_before(const libxl__livepatch_sample *sample,
                            const xc_domaininfo_t *info)
{
    int i;

    for (i = 0; i < sample->num; i++)
        if (is_it(info, sample->domains[i].domain,
                  sample->domains[i].handle))
            return sample->domains[i].cpu_time;
    return 0;
}

int libxl__livepatch_resolve_domains(libxl__gc *gc,
                                     const libxl_domid *domids, int num,
                                     libxl_uuid **uuids_r)
{
    xc_domaininfo_t info;
    int i, r;

    *uuids_r = libxl__calloc(gc, num + 1, sizeof(**uuids_r));
    for (i = 0; i < num; i++) {
        r = xc_domain_getinfolist(CTX->xch, domids[i], 1, &info);
        if (r < 0) {
            LOGED(ERROR, domids[i], "cannot look up the domain");
            return ERROR_FAIL;
        }
        if (r && info.domain == domids[i])
            memcpy((*uuids_r)[i].uuid, info.handle, sizeof(info.handle));
    }
    return 0;
}

static bool is_listed(const libxl__livepatch_call *lpc,
                      const xc_domaininfo_t *info)
{
    int i;

    for (i = 0; i < lpc->params.num_listed; i++)
        if (is_it(info, lpc->params.listed[i], lpc->listed[i].uuid))
            return true;
    return false;
}

/* Whatever its number is: a guest that reboots stays excluded. */
static bool is_excluded(const libxl__livepatch_call *lpc,
                        const xc_domaininfo_t *info)
{
    int i;

    for (i = 0; i < lpc->params.num_excluded; i++)
        if (!libxl_uuid_is_nil(&lpc->excluded[i]) &&
            is_it(info, info->domain, lpc->excluded[i].uuid))
            return true;
    return false;
}

/* What does not run is not in the way. */
static bool is_guest_at_work(const xc_domaininfo_t *info)
{
    return info->domain && !(info->flags & (XEN_DOMINF_paused |
                                            XEN_DOMINF_dying |
                                            XEN_DOMINF_shutdown));
}

static bool may_pause(const libxl__livepatch_call *lpc,
                      const xc_domaininfo_t *info)
{
    if (!is_guest_at_work(info)) return false;

    if (is_excluded(lpc, info)) return false;

    return lpc->params.pause != LIBXL_LIVEPATCH_PAUSE_MODE_LISTED ||
           is_listed(lpc, info);
}

static int compare_suspects(const void *va, const void *vb)
{
    const suspect *a = va, *b = vb;

    if (a->migrates != b->migrates) return b->migrates - a->migrates;
    if (a->cpu_ns != b->cpu_ns) return a->cpu_ns < b->cpu_ns ? 1 : -1;
    return a->guest.domid < b->guest.domid ? -1 : 1;
}

/* Those with something against them, or the busiest one. */
static int count_likely(const suspect *suspects, int num)
{
    int i;

    for (i = 0; i < num; i++)
        if (!suspects[i].migrates) break;
    if (i) return i;
    return num ? 1 : 0;
}

/*
 * Of all guests at work, or those that lpc may pause, the likeliest first.
 */
static int find_suspects(libxl__gc *gc, const libxl__livepatch_call *lpc,
                         const libxl__livepatch_sample *before,
                         suspect **suspects_r, int *num_r)
{
    libxl__livepatch_store store;
    xc_domaininfo_t *info;
    suspect *suspects;
    int num_domains, num = 0, i, rc;

    libxl__livepatch_store_init(&store);
    rc = list_domains(gc, &info, &num_domains);
    if (rc) goto out;

    suspects = libxl__calloc(gc, num_domains + 1, sizeof(*suspects));
    for (i = 0; i < num_domains; i++) {
        suspect *s = &suspects[num];

        if (lpc ? !may_pause(lpc, &info[i]) : !is_guest_at_work(&info[i]))
            continue;
        s->guest.domid = info[i].domain;
        memcpy(s->guest.uuid, info[i].handle, sizeof(s->guest.uuid));
        s->migrates = libxl__livepatch_is_migrating(gc, &store,
                                                    info[i].domain);
        s->cpu_ns = info[i].cpu_time - used_before(before, &info[i]);
        num++;
    }
    qsort(suspects, num, sizeof(*suspects), compare_suspects);
    *suspects_r = suspects;
    *num_r = num;
    rc = 0;

 out:
    libxl__livepatch_store_dispose(&store);
    return rc;
}

int libxl__livepatch_suspects(libxl__gc *gc,
                              const libxl__livepatch_call *lpc,
                              const libxl__livepatch_sample *before,
                              libxl__livepatch_guest **guests_r,
                              int *num_r, int *likely_r)
{
    suspect *suspects;
    int num, i, rc;

    rc = find_suspects(gc, lpc, before, &suspects, &num);
    if (rc) return rc;

    *guests_r = libxl__calloc(gc, num + 1, sizeof(**guests_r));
    for (i = 0; i < num; i++)
        (*guests_r)[i] = suspects[i].guest;
    *num_r = num;
    *likely_r = lpc->params.pause == LIBXL_LIVEPATCH_PAUSE_MODE_AUTO
                ? count_likely(suspects, num) : num;
    return 0;
}

int libxl__livepatch_guess(libxl__gc *gc,
                           const libxl__livepatch_sample *before,
                           libxl_livepatch_suspect **suspects_r,
                           int *num_r)
{
    uint64_t watched_us = libxl__livepatch_now_us() - before->taken_us;
    suspect *suspects;
    int num, i, rc;

    rc = find_suspects(gc, NULL, before, &suspects, &num);
    if (rc) return rc;

    *suspects_r = libxl__calloc(NOGC, num + 1, sizeof(**suspects_r));
    *num_r = 0;
    for (i = 0; i < num; i++) {
        const suspect *s = &suspects[i];
        libxl_livepatch_suspect *to = &(*suspects_r)[*num_r];

        if (!s->migrates && s->cpu_ns / 1000 < MUCH_OF(watched_us))
            continue;
        libxl_livepatch_suspect_init(to);
        to->domid = s->guest.domid;
        to->name = libxl__livepatch_domain_name(gc, to->domid);
        to->cpu_us = s->cpu_ns / 1000;
        to->migrating = s->migrates;
        (*num_r)++;
    }
    return 0;
}

/*----- those that were named -----*/

static bool was_named(const libxl_livepatch_attempt *attempt,
                      uint32_t domid)
{
    int i;

    for (i = 0; i < attempt->num_stragglers; i++)
        if (attempt->stragglers[i].domid == domid) return true;
    return false;
}

static bool is_chosen(const libxl__livepatch_guest *guests, int num,
                      const xc_domaininfo_t *info)
{
    int i;

    for (i = 0; i < num; i++)
        if (is_it(info, guests[i].domid, guests[i].uuid)) return true;
    return false;
}

int libxl__livepatch_named(libxl__gc *gc, const libxl__livepatch_call *lpc,
                           const libxl_livepatch_attempt *attempt,
                           libxl__livepatch_guest **guests_io, int *num_io)
{
    libxl__livepatch_guest *guests;
    xc_domaininfo_t *info;
    int num_domains, num = *num_io, i, rc;

    rc = list_domains(gc, &info, &num_domains);
    if (rc) return rc;

    guests = libxl__calloc(gc, num + num_domains + 1, sizeof(*guests));
    for (i = 0; i < num; i++)
        guests[i] = (*guests_io)[i];
    for (i = 0; i < num_domains; i++) {
        if (!was_named(attempt, info[i].domain) ||
            !may_pause(lpc, &info[i]) ||
            is_chosen(guests, num, &info[i]))
            continue;
        guests[num].domid = info[i].domain;
        memcpy(guests[num].uuid, info[i].handle, sizeof(guests[num].uuid));
        num++;
    }
    *guests_io = guests;
    *num_io = num;
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
