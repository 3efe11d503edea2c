/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "engine_inside.h"
#include "faults.h"

#define MAX_FILE_SIZE (2 << 20)

struct engine engine;
bool engine_reporting;

/*----- words -----*/

char engine_console[64 * 1024];
size_t engine_console_len;

static void vsay(const char *fmt, va_list al)
{
    engine_console_len += vsnprintf(engine_console + engine_console_len,
                                    sizeof(engine_console) -
                                    engine_console_len, fmt, al);
    assert(engine_console_len < sizeof(engine_console));
}

void engine_say(const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsay(fmt, al);
    va_end(al);
}

void engine_say_of(const struct engine_payload *p, const char *fmt, ...)
{
    va_list al;

    engine_say("(XEN) livepatch: %s: ", p->name);
    va_start(al, fmt);
    vsay(fmt, al);
    va_end(al);
    engine_say("\n");
}

void engine_refuse_for(struct engine_payload *p, uint32_t reason,
                       const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(p->failure, sizeof(p->failure), fmt, al);
    va_end(al);
    p->reason = reason;
    p->culprit = NULL;
    if (engine.reports) engine_say_of(p, "%s", p->failure);
}

/*----- what is loaded -----*/

static void free_payload(struct engine_payload *p)
{
    engine_file_free(&p->file);
    free(p);
}

void engine_reset(void)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++)
        free_payload(engine.loaded[i]);
    memset(&engine, 0, sizeof(engine));
    engine.version = 1;
    strcpy(engine.build_id, ENGINE_BUILD_ID);
    engine.reports = engine_reporting;
    engine.looks = 2;
    engine_console_len = 0;
    engine_say("Xen said this long ago\n");
}

struct engine_payload *engine_find(const char *name)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++)
        if (!strcmp(engine.loaded[i]->name, name)) return engine.loaded[i];
    return NULL;
}

void engine_state_changed(void)
{
    if (engine.reports) engine.version++;
}

struct engine_refusal *engine_refusal(struct engine_payload *p,
                                      uint32_t cmd, bool at_once)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(engine.refusals); i++) {
        struct engine_refusal *r = &engine.refusals[i];

        if (!r->times || r->cmd != cmd || r->at_once != at_once ||
            strcmp(r->name, p->name))
            continue;
        if (r->times > 0) r->times--;
        if (r->words && *r->words) engine_say_of(p, "%s", r->words);
        snprintf(p->failure, sizeof(p->failure), "%s", r->words ?: "");
        p->reason = r->reason;
        p->culprit = r->culprit;
        return r;
    }
    return NULL;
}

/*----- loading -----*/

/* Who brings that symbol, the first if several do. */
static struct engine_payload *find_definer(const char *symbol)
{
    int i, j;

    for (i = 0; i < engine.num_loaded; i++)
        for (j = 0; j < engine.loaded[i]->file.num_defines; j++)
            if (!strcmp(engine.loaded[i]->file.defines[j], symbol))
                return engine.loaded[i];
    return NULL;
}

/* What neither the hypervisor nor a payload has, or NULL. */
static const char *resolve(struct engine_payload *p)
{
    struct engine_payload *definer;
    const char *symbol;
    int i, j;

    for (i = 0; i < p->file.num_needs; i++) {
        symbol = p->file.needs[i];
        if (engine.has && engine.has(symbol)) continue;
        definer = find_definer(symbol);
        if (!definer && engine.has) return symbol;
        for (j = 0; j < p->num_uses && p->uses[j] != definer; j++) continue;
        if (definer && j == p->num_uses) p->uses[p->num_uses++] = definer;
    }
    return NULL;
}

/* A stock engine exports even what is local to a payload. */
static const char *find_duplicate(const struct engine_payload *p)
{
    const char *symbol;
    int i;

    for (i = 0; i < p->file.num_defines && !engine.reports; i++) {
        symbol = p->file.defines[i];
        if ((engine.has && engine.has(symbol)) || find_definer(symbol))
            return symbol;
    }
    return NULL;
}

static bool has_build_id(const char *id)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++)
        if (!strcmp(engine.loaded[i]->file.build_id, id)) return true;
    return false;
}

/* In the order of Xen 4.17, which looks last whether it is meant at all. */
static int judge(struct engine_payload *p)
{
    const struct engine_refusal *r;
    const char *symbol = resolve(p);

    if (symbol) {
        engine_say_of(p, "Unknown symbol: %s", symbol);
        return XEN_ENOENT;
    }
    if (p->file.odd_relocation) {
        engine_say_of(p, "Unhandled relocation %u", p->file.odd_relocation);
        return XEN_EOPNOTSUPP;
    }
    if (has_build_id(p->file.build_id)) {
        /* A stock one without a word. */
        engine_refuse_for(p, LIVEPATCH_REASON_COLLISION, "it is loaded as x");
        return XEN_EEXIST;
    }
    r = engine_refusal(p, 0, true);
    if (r) return -r->rc;
    if (strcmp(p->file.xen_depends, engine.build_id)) {
        engine_say_of(p, "check against hypervisor build-id failed");
        return XEN_EINVAL;
    }
    symbol = find_duplicate(p);
    if (symbol) {
        engine_say_of(p, "duplicate new symbol: %s", symbol);
        return XEN_EEXIST;
    }
    return 0;
}

int engine_upload(const char *name, const void *bytes, size_t size,
                  bool foreign)
{
    struct engine_payload *p;
    int r;

    if (!size || size > MAX_FILE_SIZE) return XEN_EINVAL;
    if (engine_find(name)) return XEN_EEXIST;

    p = calloc(1, sizeof(*p));
    strcpy(p->name, name);
    p->foreign = foreign;
    r = engine_file_read(&p->file, bytes, size) ?: judge(p);
    if (r) {
        engine.failed = *p;
        memset(&engine.failed.file, 0, sizeof(engine.failed.file));
        engine.failed.rc = -r;
        free_payload(p);
        return r;
    }
    assert(engine.num_loaded < ENGINE_PAYLOADS);
    p->state = LIVEPATCH_STATE_CHECKED;
    p->uploaded_us = faults_now_us();
    engine.uploads++;
    engine.loaded[engine.num_loaded++] = p;
    engine.version++;
    return 0;
}

/* No engine of Xen's looks who is bound to it. */
void engine_unload_payload(struct engine_payload *p)
{
    struct engine_payload *user;
    int i, j;

    assert(p->state == LIVEPATCH_STATE_CHECKED);
    for (i = 0; engine.loaded[i] != p; i++) continue;
    memmove(&engine.loaded[i], &engine.loaded[i + 1],
            (--engine.num_loaded - i) * sizeof(p));
    for (i = 0; i < engine.num_loaded; i++) {
        user = engine.loaded[i];
        for (j = 0; j < user->num_uses; j++)
            if (user->uses[j] == p) user->dangles = true;
        if (user->dangles && user->state == LIVEPATCH_STATE_APPLIED)
            strcpy(engine.dangled, user->name);
    }
    engine.version++;
    if (engine.last == p) engine.last = NULL;
    free_payload(p);
}

/*----- the hypercall -----*/

static int get_name(const struct xen_livepatch_name *from, char name[128])
{
    if (!from->size || from->size > XEN_LIVEPATCH_NAME_SIZE ||
        from->pad[0] || from->pad[1] || from->pad[2])
        return -XEN_EINVAL;
    memcpy(name, from->name.p, from->size);
    return name[from->size - 1] ? -XEN_EINVAL : 0;
}

static int get(struct xen_sysctl_livepatch_get *op)
{
    struct engine_payload *p;
    char name[128];
    int r = get_name(&op->name, name);

    if (r) return r;
    p = engine_find(name);
    if (!p) return -XEN_ENOENT;
    op->status.state = p->state;
    op->status.rc = p->rc;
    return 0;
}

static int act(const struct xen_sysctl_livepatch_action *op)
{
    char name[128];
    int r = op->pad ? -XEN_EINVAL : get_name(&op->name, name);

    return r ?: -engine_act(engine_find(name), op->cmd, op->flags);
}

int engine_op(struct xen_sysctl_livepatch_op *op)
{
    char name[128];

    if (engine.no_livepatch) return -XEN_ENOSYS;
    engine_tick();
    if (op->pad) return -XEN_EINVAL;
    switch (op->cmd) {
    case XEN_SYSCTL_LIVEPATCH_UPLOAD:
        return get_name(&op->u.upload.name, name) ?:
            -engine_upload(name, op->u.upload.payload.p, op->u.upload.size,
                           false);
    case XEN_SYSCTL_LIVEPATCH_GET:
        return get(&op->u.get);
    case XEN_SYSCTL_LIVEPATCH_LIST:
        return engine_list(&op->u.list);
    case XEN_SYSCTL_LIVEPATCH_ACTION:
        return act(&op->u.action);
    case XEN_SYSCTL_LIVEPATCH_REHEARSE:
        return -engine_rehearse();
    case XEN_SYSCTL_LIVEPATCH_REPORT:
        return engine_report(&op->u.report);
    default:
        return -XEN_EOPNOTSUPP;
    }
}
