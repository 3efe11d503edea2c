/* SPDX-License-Identifier: GPL-2.0-only */
/* XEN_SYSCTL_LIVEPATCH_REPORT: items of type, size and content. */

#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>
#include <xen/string.h>
#include <xen/symbols.h>
#include <xen/time.h>

#include "actions.h"
#include "list.h"
#include "payloads.h"
#include "reason.h"
#include "rehearsal.h"
#include "report.h"

static struct {
    char name[XEN_LIVEPATCH_NAME_SIZE];
    struct livepatch_reason why; /* rc 0: no upload failed yet. */
} failed_upload;

struct writer {
    struct xen_sysctl_livepatch_report *report;
    uint64_t size;              /* Of the items so far, written or not. */
    bool fault;                 /* One could not be copied. */
};

static void write_bytes(struct writer *w, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    if ( size && w->size + size <= w->report->size &&
         copy_to_guest_offset(w->report->buffer, w->size, p, size) )
        w->fault = true;

    w->size += size;
}

/*
 * One item: a header with the fields that follow it, of which the caller has
 * initialised every byte, then perhaps a text or an id.
 */
static void write_item(struct writer *w, uint16_t type,
                       struct xen_livepatch_report_item *item, size_t size,
                       const void *tail, size_t tail_size)
{
    static const uint8_t zeros[8];

    item->type = type;
    item->pad = 0;
    item->size = size + tail_size;

    write_bytes(w, item, size);
    write_bytes(w, tail, tail_size);
    write_bytes(w, zeros, -w->size % sizeof(zeros));
}

/* Absent if it is empty. */
static void write_tail(struct writer *w, uint16_t type, const void *tail,
                       size_t size)
{
    struct xen_livepatch_report_item item;

    if ( size )
        write_item(w, type, &item, sizeof(item), tail, size);
}

static void write_status(struct writer *w, struct xen_livepatch_status status,
                         const struct livepatch_reason *why, uint32_t users,
                         uint32_t action)
{
    struct xen_livepatch_report_status s = {
        .state = status.state,
        .rc = status.rc,
        .users = users,
        .action = action,
        .reason = why->reason,
    };

    write_tail(w, LIVEPATCH_REPORT_FAILURE, why->text,
               strnlen(why->text, sizeof(why->text)));
    write_tail(w, LIVEPATCH_REPORT_CULPRIT, why->culprit,
               strnlen(why->culprit, sizeof(why->culprit)));
    write_item(w, LIVEPATCH_REPORT_STATUS, &s.item, sizeof(s), NULL, 0);
}

static void write_functions(struct writer *w, const struct payload *payload)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_func *func = &payload->funcs[i];
        struct xen_livepatch_report_function f = {
            .old_addr = (unsigned long)func->old_addr,
            .new_addr = (unsigned long)func->new_addr,
            .old_size = func->old_size,
            .new_size = func->new_size,
            .applied = payload->fstate[i].applied == LIVEPATCH_FUNC_APPLIED,
        };

        write_item(w, LIVEPATCH_REPORT_FUNCTION, &f.item, sizeof(f),
                   func->name, func->name ? strlen(func->name) : 0);
    }
}

static void write_hooks(struct writer *w, const struct payload *payload)
{
    const struct livepatch_hooks *hooks = &payload->hooks;
    struct xen_livepatch_report_hooks h = {
        .single =
            (hooks->preapply ? LIVEPATCH_REPORT_HOOK_PREAPPLY : 0) |
            (hooks->apply ? LIVEPATCH_REPORT_HOOK_APPLY : 0) |
            (hooks->postapply ? LIVEPATCH_REPORT_HOOK_POSTAPPLY : 0) |
            (hooks->prerevert ? LIVEPATCH_REPORT_HOOK_PREREVERT : 0) |
            (hooks->revert ? LIVEPATCH_REPORT_HOOK_REVERT : 0) |
            (hooks->postrevert ? LIVEPATCH_REPORT_HOOK_POSTREVERT : 0),
        .load = hooks->nload,
        .unload = hooks->nunload,
    };

    write_item(w, LIVEPATCH_REPORT_HOOKS, &h.item, sizeof(h), NULL, 0);
}

static void write_times(struct writer *w, const struct livepatch_times *times)
{
    struct xen_livepatch_report_times t = {
        .now = NOW(),
        .uploaded = times->uploaded,
        .upload = times->upload,
        .finished = times->finished,
        .arrival = times->arrival,
        .stopped = times->stopped,
        .patching = times->patching,
        .stall = times->stall,
        .attempts = times->attempts,
    };

    write_item(w, LIVEPATCH_REPORT_TIMES, &t.item, sizeof(t), NULL, 0);
}

static void write_straggler(struct writer *w,
                            const struct quiesce_straggler *straggler)
{
    char name[KSYM_NAME_LEN + 1];
    const char *symbol = NULL;
    unsigned long size, offset = 0;
    struct xen_livepatch_report_straggler s = {
        .cpu = straggler->cpu,
        .domid = straggler->domid,
        .vcpu = straggler->vcpu,
        .where = straggler->where,
        .ip = straggler->ip,
    };

    if ( straggler->where == LIVEPATCH_REPORT_WHERE_HYPERVISOR )
        symbol = symbols_lookup(straggler->ip, &size, &offset, name);
    if ( symbol )
        s.offset = offset;

    write_item(w, LIVEPATCH_REPORT_STRAGGLER, &s.item, sizeof(s), symbol,
               symbol ? strlen(symbol) : 0);
}

static void write_obstacles(struct writer *w, const struct payload *payload)
{
    const struct actions_obstacles *obstacles = actions_obstacles(payload);
    unsigned int i;

    if ( !obstacles )
        return;

    for ( i = 0; i < obstacles->nstragglers; i++ )
        write_straggler(w, &obstacles->stragglers[i]);

    for ( i = 0; i < obstacles->nwaiting; i++ )
    {
        struct xen_livepatch_report_waiting waiting = {
            .domid = obstacles->waiting[i].domid,
            .vcpu = obstacles->waiting[i].vcpu,
        };

        write_item(w, LIVEPATCH_REPORT_WAITING, &waiting.item,
                   sizeof(waiting), NULL, 0);
    }
}

static void write_signature(struct writer *w, const struct payload *payload)
{
    struct xen_livepatch_report_signature s = {
        .signature = payload->signature,
    };

    write_item(w, LIVEPATCH_REPORT_SIGNATURE, &s.item, sizeof(s),
               payload->signer, payload->signer ? strlen(payload->signer) : 0);
}

static void write_payload(struct writer *w, const struct payload *payload)
{
    /* A hook of a busy payload may change it under our eyes. */
    struct livepatch_reason why = payload->why;

    write_tail(w, LIVEPATCH_REPORT_NAME, payload->name, strlen(payload->name));
    write_tail(w, LIVEPATCH_REPORT_BUILD_ID, payload->id.p, payload->id.len);
    write_tail(w, LIVEPATCH_REPORT_DEPENDS, payload->depends.p,
               payload->depends.len);
    write_tail(w, LIVEPATCH_REPORT_XEN_DEPENDS, payload->xen_depends.p,
               payload->xen_depends.len);
    write_signature(w, payload);
    write_status(w, payload_status(payload), &why, payload->users,
                 actions_last(payload));
    write_functions(w, payload);
    write_hooks(w, payload);
    write_times(w, &payload->times);
    write_obstacles(w, payload);
}

static void write_failed_upload(struct writer *w)
{
    struct xen_livepatch_status status = { .rc = failed_upload.why.rc };

    write_tail(w, LIVEPATCH_REPORT_NAME, failed_upload.name,
               strlen(failed_upload.name));
    write_status(w, status, &failed_upload.why, 0, 0);
}

static void write_rehearsal(struct writer *w, const struct payload *rehearsal)
{
    write_status(w, payload_status(rehearsal), &rehearsal->why, 0, 0);
    write_times(w, &rehearsal->times);
    write_obstacles(w, rehearsal);
}

int report_write(struct xen_sysctl_livepatch_report *report,
                 const struct payload *payload)
{
    const struct payload *rehearsal = rehearsal_last();
    struct writer w = { .report = report };
    uint32_t room = report->size;

    if ( payload )
        write_payload(&w, payload);
    else if ( report->about == LIVEPATCH_REPORT_ABOUT_REHEARSAL )
    {
        if ( !rehearsal )
            return -ENOENT;

        write_rehearsal(&w, rehearsal);
    }
    else if ( failed_upload.why.rc )
        write_failed_upload(&w);
    else
        return -ENOENT;

    if ( w.fault )
        return -EFAULT;

    report->size = w.size;

    return w.size > room ? -ENOBUFS : 0;
}

void report_failed_upload(const char *name, const struct livepatch_reason *why)
{
    strlcpy(failed_upload.name, name, sizeof(failed_upload.name));
    failed_upload.why = *why;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
