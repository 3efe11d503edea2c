/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of an engine that has one.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include <xen/errno.h>

#include "libxl_internal.h"

#include "engine_inside.h"
#include "faults.h"

static uint8_t items[8192];
static uint32_t items_size;

static void add_item(uint16_t type, void *fields, size_t size,
                     const void *tail, size_t tail_size)
{
    struct xen_livepatch_report_item *item = fields;

    assert(items_size + size + tail_size + 8 <= sizeof(items));
    *item = (struct xen_livepatch_report_item){
        .type = type, .size = size + tail_size,
    };
    memcpy(items + items_size, fields, size);
    memcpy(items + items_size + size, tail, tail_size);
    memset(items + items_size + item->size, 0, 8);
    items_size += (item->size + 7) & ~7U;
}

#define ADD(type, fields, tail, tail_size) \
    add_item(LIVEPATCH_REPORT_##type, fields, sizeof(*(fields)), tail, \
             tail_size)

static void add_text(uint16_t type, const char *text)
{
    struct xen_livepatch_report_item item;

    if (*text) add_item(type, &item, sizeof(item), text, strlen(text));
}

static void add_id(uint16_t type, const char *hex)
{
    struct xen_livepatch_report_item item;
    uint8_t id[20];
    int i;

    for (i = 0; i < 20; i++) sscanf(hex + 2 * i, "%2hhx", &id[i]);
    add_item(type, &item, sizeof(item), id, sizeof(id));
}

static void add_obstacles(const struct engine_payload *p)
{
    int i;

    for (i = 0; i < p->num_late; i++)
        ADD(STRAGGLER, (&(struct xen_livepatch_report_straggler){
            .cpu = i + 1, .domid = p->late[i],
            .where = LIVEPATCH_REPORT_WHERE_HYPERVISOR, .offset = 0x40,
            .ip = 0xffff82d040200040 }), "do_busy", 7);
    if (p->waits)
        ADD(WAITING, (&(struct xen_livepatch_report_waiting){
            .domid = p->waits }), "", 0);
}

static void add_times(const struct engine_payload *p)
{
    ADD(TIMES, (&(struct xen_livepatch_report_times){
        .now = faults_now_us() * 1000, .uploaded = p->uploaded_us * 1000,
        .upload = 1234567, .finished = p->finished_us * 1000,
        .arrival = p->finished_us ? 2500 : 0,
        .stopped = p->finished_us ? 900 : 0,
        .patching = p->finished_us ? 40 : 0 }), "", 0);
}

static void add_loaded(const struct engine_payload *p)
{
    add_id(LIVEPATCH_REPORT_BUILD_ID, p->file.build_id);
    add_id(LIVEPATCH_REPORT_DEPENDS, p->file.depends);
    add_id(LIVEPATCH_REPORT_XEN_DEPENDS, ENGINE_BUILD_ID);
    ADD(FUNCTION, (&(struct xen_livepatch_report_function){
        .old_addr = 0xffff82d040200000, .new_addr = 0xffff82d040500000,
        .old_size = 20, .new_size = 30,
        .applied = p->state == LIVEPATCH_STATE_APPLIED }), "do_busy", 7);
    ADD(HOOKS, (&(struct xen_livepatch_report_hooks){ .load = 1 }), "", 0);
    add_times(p);
    if (engine.last == p) add_obstacles(p);
}

int engine_report(struct xen_sysctl_livepatch_report *op)
{
    const bool named = op->name.size;
    const bool rehearsal = op->about == LIVEPATCH_REPORT_ABOUT_REHEARSAL;
    const struct engine_payload *p =
        named ? engine_find(op->name.name.p)
              : rehearsal ? &engine.rehearsal : &engine.failed;
    const uint32_t room = op->size;

    if (!engine.reports) return -XEN_EOPNOTSUPP;
    if (named ? op->about : op->about > LIVEPATCH_REPORT_ABOUT_REHEARSAL)
        return -XEN_EINVAL;
    if (!p || (!named && !(rehearsal ? engine.rehearsals : p->rc)))
        return -XEN_ENOENT;

    items_size = 0;
    if (!rehearsal) add_text(LIVEPATCH_REPORT_NAME, p->name);
    add_text(LIVEPATCH_REPORT_FAILURE, p->failure);
    add_text(LIVEPATCH_REPORT_CULPRIT, p->culprit ?: "");
    ADD(STATUS, (&(struct xen_livepatch_report_status){
        .state = p->state, .rc = p->rc,
        .action = engine.last == p ? engine.last_cmd : 0,
        .reason = p->reason }), "", 0);
    if (named) add_loaded(p);
    if (rehearsal) {
        add_times(p);
        add_obstacles(p);
    }
    engine.reported++;
    if (engine.distort) return engine.distort(op, items, items_size);

    op->size = items_size;
    if (items_size > room) return -XEN_ENOBUFS;
    memcpy(op->buffer.p, items, items_size);
    return 0;
}
