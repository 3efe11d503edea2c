/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>

#include <xen/errno.h>

#include "libxl_internal.h"

#include "engine.h"
#include "faults.h"
#include "world.h"

struct engine engine;
bool engine_reporting;

static char console[64 * 1024];
static size_t console_len;

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    console_len += vsnprintf(console + console_len,
                             sizeof(console) - console_len, fmt, al);
    va_end(al);
    assert(console_len < sizeof(console));
}

static void free_payload(struct engine_payload *p)
{
    free(p->metadata);
    free(p);
}

void engine_reset(void)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++)
        free_payload(engine.loaded[i]);
    memset(&engine, 0, sizeof(engine));
    engine.version = 1;
    engine.reports = engine_reporting;
    engine.looks = 2;
    console_len = 0;
    say("Xen said this long ago\n");
}

/*
 * Why what was done with p fails; a stock engine says it, if at all, on the
 * console alone.
 */
static void __attribute__((format(printf, 2, 3)))
refuse_for(struct engine_payload *p, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(p->failure, sizeof(p->failure), fmt, al);
    va_end(al);
    if (engine.reports) say("(XEN) livepatch: %s: %s\n", p->name, p->failure);
}

/* The version of stock engines counts uploads and unloads alone. */
static void state_changed(void)
{
    if (engine.reports) engine.version++;
}

static struct engine_payload *find(const char *name, size_t size)
{
    int i;

    for (i = 0; i < engine.num_loaded; i++)
        if (engine.loaded[i]->name_size == size &&
            !memcmp(engine.loaded[i]->name, name, size))
            return engine.loaded[i];
    return NULL;
}

struct engine_payload *engine_find(const char *name)
{
    return find(name, strlen(name) + 1);
}

/*----- a file -----*/

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *shdr)
{
    Elf_Scn *scn = NULL;
    size_t names;

    elf_getshdrstrndx(elf, &names);
    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, shdr) &&
            !strcmp(elf_strptr(elf, names, shdr->sh_name), name))
            return scn;
    return NULL;
}

/* The build-id in a note that has no other padding than "GNU\0". */
static bool read_id(Elf *elf, const char *section, char id[41])
{
    GElf_Shdr shdr;
    Elf_Scn *scn = find_section(elf, section, &shdr);
    const uint8_t *bytes;
    int i;

    if (!scn || shdr.sh_size < 36) return false;
    bytes = elf_rawdata(scn, NULL)->d_buf;
    for (i = 0; i < 20; i++)
        sprintf(id + 2 * i, "%02x", bytes[16 + i]);
    return true;
}

static bool is_reapplicable(Elf *elf)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr shdr;
    size_t names;

    elf_getshdrstrndx(elf, &names);
    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, &shdr) && (shdr.sh_flags & SHF_WRITE) &&
            (shdr.sh_flags & SHF_ALLOC) && shdr.sh_size &&
            strcmp(elf_strptr(elf, names, shdr.sh_name),
                   ".livepatch.funcs"))
            return false;
    return true;
}

static void read_metadata(Elf *elf, struct engine_payload *p)
{
    GElf_Shdr shdr;
    Elf_Scn *scn = find_section(elf, ".modinfo", &shdr);

    if (!scn || !shdr.sh_size) return;
    p->metadata_size = shdr.sh_size;
    p->metadata = malloc(shdr.sh_size);
    memcpy(p->metadata, elf_rawdata(scn, NULL)->d_buf, shdr.sh_size);
}

static int fail_upload(struct engine_payload *p, int errnoval,
                       const char *words)
{
    if (words) say("(XEN) livepatch: %s: %s\n", p->name, words);
    engine.failed = *p;
    engine.failed.metadata = NULL;
    engine.failed.rc = -errnoval;
    snprintf(engine.failed.failure, sizeof(engine.failed.failure), "%s",
             words ?: "");
    free_payload(p);
    return errnoval;
}

static int load(const char *name, size_t name_size, const void *bytes,
                size_t size, bool foreign)
{
    struct engine_payload *p;
    char xen[41];
    Elf *elf;
    int i;

    if (!name_size || name_size > 128 || name[name_size - 1])
        return XEN_EINVAL;
    if (!size || size > 2 << 20) return XEN_EINVAL;
    if (find(name, name_size)) return XEN_EEXIST;

    p = calloc(1, sizeof(*p));
    memcpy(p->name, name, name_size);
    p->name_size = name_size;
    p->foreign = foreign;
    elf = elf_memory((char *)bytes, size);
    assert(elf && read_id(elf, ".note.gnu.build-id", p->build_id) &&
           read_id(elf, ".livepatch.depends", p->depends) &&
           read_id(elf, ".livepatch.xen_depends", xen));
    assert(!strcmp(xen, ENGINE_BUILD_ID));
    p->reapplicable = is_reapplicable(elf);
    read_metadata(elf, p);
    elf_end(elf);

    for (i = 0; i < engine.num_loaded; i++) {
        if (strcmp(engine.loaded[i]->build_id, p->build_id)) continue;
        /* A stock one without a word. */
        return fail_upload(p, XEN_EEXIST, engine.reports
                           ? "build-id is that of payload x" : NULL);
    }
    for (i = 0; i < ARRAY_SIZE(engine.refusals); i++) {
        struct engine_refusal *r = &engine.refusals[i];

        if (r->cmd || !r->times || strcmp(r->name, p->name)) continue;
        r->times--;
        return fail_upload(p, -r->rc, r->words);
    }
    assert(engine.num_loaded < ENGINE_PAYLOADS);
    p->state = LIVEPATCH_STATE_CHECKED;
    p->uploaded_us = faults_now_us();
    engine.uploads++;
    engine.loaded[engine.num_loaded++] = p;
    engine.version++;
    return 0;
}

/*----- actions -----*/

static struct engine_payload *top(void)
{
    return engine.num_applied ? engine.applied[engine.num_applied - 1]
                              : NULL;
}

static void push(struct engine_payload *p)
{
    p->state = LIVEPATCH_STATE_APPLIED;
    engine.applied[engine.num_applied++] = p;
}

static void pop(void)
{
    struct engine_payload *p = engine.applied[--engine.num_applied];

    p->state = LIVEPATCH_STATE_CHECKED;
    p->reverted = true;
    p->rc = 0;
}

static struct engine_refusal *refusal(struct engine_payload *p,
                                      uint32_t cmd, bool at_once)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(engine.refusals); i++) {
        struct engine_refusal *r = &engine.refusals[i];

        if (!r->times || r->cmd != cmd || r->at_once != at_once ||
            strcmp(r->name, p->name))
            continue;
        if (r->times > 0) r->times--;
        if (r->words) say("(XEN) livepatch: %s: %s\n", p->name, r->words);
        snprintf(p->failure, sizeof(p->failure), "%s", r->words ?: "");
        return r;
    }
    return NULL;
}

static bool is_running(int domid)
{
    const struct world_domain *d = domid ? world_find(domid) : NULL;

    return d && !d->count;
}

/* The engine that reports: whether somebody was in the way. */
static bool is_hindered(struct engine_payload *p)
{
    if (is_running(engine.stubborn))
        p->late[p->num_late++] = engine.stubborn;
    else if (is_running(engine.late_then))
        p->late[p->num_late++] = engine.late_then;
    if (engine.idle_late) {
        engine.idle_late--;
        p->late[p->num_late++] = ENGINE_IDLE;
    }
    if (engine.dom0_late) {
        engine.dom0_late--;
        p->late[p->num_late++] = 0;
    }
    if (!p->num_late && is_running(engine.waiter)) p->waits = engine.waiter;

    if (p->num_late)
        refuse_for(p, "%d CPUs did not arrive in time", p->num_late);
    else if (p->waits)
        refuse_for(p, "d%dv0 sleeps inside the hypervisor", p->waits);
    else
        return false;
    p->rc = -XEN_EBUSY;
    return true;
}

/* The same without the faults: all or nothing. */
static void perform_well(struct engine_payload *p, uint32_t cmd)
{
    const struct engine_refusal *r;

    p->finished_us = faults_now_us();
    state_changed();
    if (is_hindered(p)) return;
    r = refusal(p, cmd, false);
    p->rc = r ? r->rc : 0;
    if (r && !r->in_vain) return;
    if (cmd == LIVEPATCH_ACTION_REPLACE)
        while (engine.num_applied) pop();
    if (cmd == LIVEPATCH_ACTION_REVERT)
        pop();
    else
        push(p);
    p->rc = r ? r->rc : 0;
}

/* With all CPUs at rest, or not. */
static void perform(struct engine_payload *p, uint32_t cmd)
{
    const struct engine_refusal *r;

    if (engine.reports) {
        perform_well(p, cmd);
        return;
    }
    if (is_running(engine.stubborn)) {
        say("(XEN) livepatch: %s: Timed out on semaphore in CPU quiesce "
            "phase 0/1\n", p->name);
        p->rc = -XEN_EBUSY;
        engine.timed_out_us = faults_now_us();
        return;
    }
    if (cmd != LIVEPATCH_ACTION_REVERT && is_running(engine.waiter)) {
        say("(XEN) livepatch: %s: d%d found with active waitqueue\n",
            p->name, engine.waiter);
        p->rc = -XEN_EBUSY;
        return;
    }
    /* The stack is gone before what comes in its place can fail. */
    if (cmd == LIVEPATCH_ACTION_REPLACE)
        while (engine.num_applied) pop();
    r = refusal(p, cmd, false);
    if ((!r || r->in_vain) && cmd == LIVEPATCH_ACTION_REVERT) pop();
    if ((!r || r->in_vain) && cmd != LIVEPATCH_ACTION_REVERT) push(p);
    p->rc = r ? r->rc : 0;
    say("(XEN) livepatch: %s finished with rc=%d\n", p->name, p->rc);
}

struct engine_payload *engine_land(void)
{
    struct engine_payload *p = engine.flying;

    engine.flying = NULL;
    if (p) perform(p, engine.flying_cmd);
    return p;
}

/* Time goes on with every hypercall. */
static void tick(void)
{
    if (engine.flying && engine.looks_left >= 0 && engine.looks_left-- == 0)
        engine_land();
}

/* A stock engine sets rc before it is known whether that works. */
static int schedule(struct engine_payload *p, uint32_t cmd)
{
    if (!engine.reports) p->rc = -XEN_EAGAIN;
    if (engine.flying) {
        refuse_for(p, "an action on %s is in flight", engine.flying->name);
        return XEN_EBUSY;
    }
    if (engine.unschedulable) {
        engine.unschedulable--;
        refuse_for(p, "the CPUs can't be stopped now");
        return XEN_EBUSY;
    }
    p->rc = -XEN_EAGAIN;
    state_changed();
    if (engine.timed_out_us &&
        faults_now_us() - engine.timed_out_us < ENGINE_DISTANCE_US)
        engine.too_soon = true;
    engine.flying = p;
    engine.flying_cmd = cmd;
    engine.looks_left = engine.looks;
    return 0;
}

static void unload(struct engine_payload *p)
{
    int i;

    assert(p->state == LIVEPATCH_STATE_CHECKED);
    for (i = 0; engine.loaded[i] != p; i++) continue;
    memmove(&engine.loaded[i], &engine.loaded[i + 1],
            (--engine.num_loaded - i) * sizeof(p));
    engine.version++;
    if (engine.last == p) engine.last = NULL;
    free_payload(p);
}

static int act(struct engine_payload *p, uint32_t cmd, uint32_t flags)
{
    const char *below = cmd != LIVEPATCH_ACTION_REPLACE && top()
        ? top()->build_id : ENGINE_BUILD_ID;
    const struct engine_refusal *r;

    if (!p) return XEN_ENOENT;
    if (engine.flying == p) return XEN_EBUSY;

    if (cmd >= LIVEPATCH_ACTION_UNLOAD && cmd <= LIVEPATCH_ACTION_REPLACE) {
        engine.last = p;
        engine.last_cmd = cmd;
        p->failure[0] = '\0';
        p->num_late = 0;
        p->waits = 0;
    }
    switch (cmd) {
    case LIVEPATCH_ACTION_UNLOAD:
        if (p->state != LIVEPATCH_STATE_CHECKED) return XEN_EINVAL;
        r = refusal(p, cmd, true);
        if (r) return -r->rc;
        unload(p);
        return 0;
    case LIVEPATCH_ACTION_REVERT:
        if (p->state != LIVEPATCH_STATE_APPLIED) return 0;
        if (p == top()) break;
        refuse_for(p, "REVERT: %s was applied after it", top()->name);
        return XEN_EBUSY;
    case LIVEPATCH_ACTION_APPLY:
    case LIVEPATCH_ACTION_REPLACE:
        if (p->state != LIVEPATCH_STATE_CHECKED) return 0;
        if (cmd == LIVEPATCH_ACTION_APPLY && p->reverted &&
            !p->reapplicable && !engine.reports) {
            say("(XEN) livepatch: %s: can't revert as payload has .data. "
                "Please unload\n", p->name);
            p->rc = -XEN_EINVAL;
            return 0;
        }
        if (strcmp(p->depends, below) &&
            !(cmd == LIVEPATCH_ACTION_APPLY &&
              (flags & LIVEPATCH_ACTION_APPLY_NODEPS))) {
            if (!engine.reports)
                say("(XEN) livepatch: %s: check against %s build-id "
                    "failed\n", p->name, top() ? top()->name : "hypervisor");
            refuse_for(p, "APPLY: it depends on build-id %s", p->depends);
            return XEN_EINVAL;
        }
        break;
    default:
        return XEN_EOPNOTSUPP;
    }
    r = refusal(p, cmd, true);
    return r ? -r->rc : schedule(p, cmd);
}

/*----- listing -----*/

/* False where that is no place to write to. */
static bool give(void *to, const void *from, size_t size)
{
    struct iovec local = { (void *)from, size }, remote = { to, size };

    return !size ||
        process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == size;
}

static int list(struct xen_sysctl_livepatch_list *op)
{
    xen_livepatch_status_t status;
    struct engine_payload *p;
    uint32_t sizes[2];
    int copied = 0, i;

    op->version = engine.version;
    if (!op->nr) {
        op->nr = engine.num_loaded;
        op->name_total_size = op->metadata_total_size = 0;
        for (i = 0; i < engine.num_loaded; i++) {
            op->name_total_size += engine.loaded[i]->name_size;
            op->metadata_total_size += engine.loaded[i]->metadata_size;
        }
        return 0;
    }
    if (op->nr > 1024) return -XEN_E2BIG;
    if (engine.num_loaded && op->idx >= engine.num_loaded)
        return -XEN_EINVAL;
    if (engine.preempted) {
        engine.preempted--;
        return 0;
    }
    op->name_total_size = op->metadata_total_size = 0;
    for (i = op->idx; i < engine.num_loaded && copied < op->nr; i++) {
        p = engine.loaded[i];
        status = (xen_livepatch_status_t){
            .state = p->state, .rc = p->rc,
        };
        sizes[0] = p->name_size;
        sizes[1] = p->metadata_size;
        if (!give(&op->status.p[copied], &status, sizeof(status)) ||
            !give(op->name.p + op->name_total_size, p->name, sizes[0]) ||
            !give(&op->len.p[copied], &sizes[0], sizeof(sizes[0])) ||
            !give(op->metadata.p + op->metadata_total_size, p->metadata,
                  sizes[1]) ||
            !give(&op->metadata_len.p[copied], &sizes[1], sizeof(sizes[1])))
            return -XEN_EFAULT;
        op->name_total_size += sizes[0];
        op->metadata_total_size += sizes[1];
        copied++;
    }
    op->nr = engine.num_loaded - op->idx - copied;
    return copied;
}

/*----- reporting -----*/

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

static void add_loaded(const struct engine_payload *p)
{
    add_id(LIVEPATCH_REPORT_BUILD_ID, p->build_id);
    add_id(LIVEPATCH_REPORT_DEPENDS, p->depends);
    add_id(LIVEPATCH_REPORT_XEN_DEPENDS, ENGINE_BUILD_ID);
    ADD(FUNCTION, (&(struct xen_livepatch_report_function){
        .old_addr = 0xffff82d040200000, .new_addr = 0xffff82d040500000,
        .old_size = 20, .new_size = 30,
        .applied = p->state == LIVEPATCH_STATE_APPLIED }), "do_busy", 7);
    ADD(HOOKS, (&(struct xen_livepatch_report_hooks){ .load = 1 }), "", 0);
    ADD(TIMES, (&(struct xen_livepatch_report_times){
        .now = faults_now_us() * 1000, .uploaded = p->uploaded_us * 1000,
        .upload = 1234567, .finished = p->finished_us * 1000,
        .arrival = p->finished_us ? 2500 : 0,
        .stopped = p->finished_us ? 900 : 0,
        .patching = p->finished_us ? 40 : 0 }), "", 0);
    if (engine.last == p) add_obstacles(p);
}

static int report(struct xen_sysctl_livepatch_report *op)
{
    const bool named = op->name.size;
    const struct engine_payload *p =
        named ? find(op->name.name.p, op->name.size) : &engine.failed;
    const uint32_t room = op->size;

    if (!engine.reports) return -XEN_EOPNOTSUPP;
    if (op->pad) return -XEN_EINVAL;
    if (!p || (!named && !p->rc)) return -XEN_ENOENT;

    items_size = 0;
    add_text(LIVEPATCH_REPORT_NAME, p->name);
    add_text(LIVEPATCH_REPORT_FAILURE, p->failure);
    ADD(STATUS, (&(struct xen_livepatch_report_status){
        .state = p->state, .rc = p->rc,
        .action = engine.last == p ? engine.last_cmd : 0 }), "", 0);
    if (named) add_loaded(p);
    engine.reported++;
    if (engine.distort) return engine.distort(op, items, items_size);

    op->size = items_size;
    if (items_size > room) return -XEN_ENOBUFS;
    memcpy(op->buffer.p, items, items_size);
    return 0;
}

/*----- what is below libxl -----*/

static int livepatch_op(struct xen_sysctl_livepatch_op *op)
{
    struct engine_payload *p;

    if (engine.no_livepatch) return -XEN_ENOSYS;
    tick();
    switch (op->cmd) {
    case XEN_SYSCTL_LIVEPATCH_UPLOAD:
        return -load(op->u.upload.name.name.p, op->u.upload.name.size,
                     op->u.upload.payload.p, op->u.upload.size, false);
    case XEN_SYSCTL_LIVEPATCH_GET:
        p = find(op->u.get.name.name.p, op->u.get.name.size);
        if (!p) return -XEN_ENOENT;
        op->u.get.status.state = p->state;
        op->u.get.status.rc = p->rc;
        return 0;
    case XEN_SYSCTL_LIVEPATCH_LIST:
        return list(&op->u.list);
    case XEN_SYSCTL_LIVEPATCH_ACTION:
        return -act(find(op->u.action.name.name.p, op->u.action.name.size),
                    op->u.action.cmd, op->u.action.flags);
    case XEN_SYSCTL_LIVEPATCH_REPORT:
        return report(&op->u.report);
    default:
        return -XEN_EOPNOTSUPP;
    }
}

int xc_sysctl(xc_interface *xch, struct xen_sysctl *sysctl)
{
    static const char *const ops[] = { "upload", "get", "list", "action" };
    const uint32_t cmd = sysctl->u.livepatch.cmd;
    int r;

    assert(sysctl->cmd == XEN_SYSCTL_livepatch_op);
    errno = faults_step(cmd < ARRAY_SIZE(ops) ? ops[cmd] : "report");
    if (errno) return -1;
    r = livepatch_op(&sysctl->u.livepatch);
    if (r >= 0) return r;
    errno = -r;                 /* those numbers that are used are Linux's */
    return -1;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    /* What libxl_get_version_info also asks for, and nobody looks at. */
    static const size_t sizes[] = {
        [XENVER_extraversion] = sizeof(xen_extraversion_t),
        [XENVER_compile_info] = sizeof(xen_compile_info_t),
        [XENVER_capabilities] = sizeof(xen_capabilities_info_t),
        [XENVER_changeset] = sizeof(xen_changeset_info_t),
        [XENVER_platform_parameters] = sizeof(xen_platform_parameters_t),
        [XENVER_commandline] = sizeof(xen_commandline_t),
        [XENVER_build_id] = 0,
    };
    xen_build_id_t *id = arg;
    int i;

    if (cmd != XENVER_build_id) {
        assert(cmd < ARRAY_SIZE(sizes));
        if (arg) memset(arg, 0, sizes[cmd]);
        return 0;
    }
    assert(id->len >= 20);
    errno = faults_step("version");
    if (errno) return -1;
    for (i = 0; i < 20; i++)
        sscanf(ENGINE_BUILD_ID + 2 * i, "%2hhx", &id->buf[i]);
    return 20;
}

int xc_readconsolering(xc_interface *xch, char *buffer,
                       unsigned int *pnr_chars, int clear, int incremental,
                       uint32_t *pindex)
{
    size_t left = console_len - *pindex;

    assert(!clear && incremental);
    errno = faults_step("readconsolering");
    if (errno) return -1;
    if (*pnr_chars > left) *pnr_chars = left;
    memcpy(buffer, console + *pindex, *pnr_chars);
    *pindex += *pnr_chars;
    return 0;
}

void *xc__hypercall_buffer_alloc(xc_interface *xch,
                                 xc_hypercall_buffer_t *b, size_t size)
{
    errno = faults_step("buffer_alloc");
    b->hbuf = errno ? NULL : malloc(size);
    return b->hbuf;
}

void *xc__hypercall_buffer_alloc_pages(xc_interface *xch,
                                       xc_hypercall_buffer_t *b, int nr)
{
    b->hbuf = NULL;
    errno = faults_step("buffer_alloc_pages");
    if (!errno)
        errno = posix_memalign(&b->hbuf, XC_PAGE_SIZE, nr * XC_PAGE_SIZE);
    return b->hbuf;
}

void xc__hypercall_buffer_free_pages(xc_interface *xch,
                                     xc_hypercall_buffer_t *b, int nr)
{
    xc__hypercall_buffer_free(xch, b);
}

void xc__hypercall_buffer_free(xc_interface *xch, xc_hypercall_buffer_t *b)
{
    free(b->hbuf);
    b->hbuf = NULL;
}

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    return (xc_interface *)&engine;
}

int xc_interface_close(xc_interface *xch)
{
    return 0;
}

/* xl asks that for the name of a domain; there is no FLASK. */
int xc_flask_sid_to_context(xc_interface *xch, int sid, char *buf,
                            uint32_t size)
{
    errno = ENOSYS;
    return -1;
}

int world_step(const char *what)
{
    return faults_step(what);
}

bool engine_is_flying(void)
{
    return engine.flying;
}

/*----- another tool -----*/

void engine_load(const char *name, const char *file)
{
    static char bytes[64 * 1024];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, bytes, sizeof(bytes));
    int r = load(name, strlen(name) + 1, bytes, size, true);

    assert(!r);
    close(fd);
}

void engine_apply(const char *name)
{
    assert(engine_find(name)->state == LIVEPATCH_STATE_CHECKED);
    push(engine_find(name));
    engine_find(name)->finished_us = faults_now_us();
    state_changed();
}

void engine_revert(const char *name)
{
    assert(engine_find(name) == top());
    pop();
    state_changed();
}

void engine_unload(const char *name)
{
    unload(engine_find(name));
}

void engine_fly(const char *name, uint32_t cmd, int looks)
{
    struct engine_payload *p = engine_find(name);

    engine.flying = p;
    engine.flying_cmd = cmd;
    engine.looks_left = looks;
    p->rc = -XEN_EAGAIN;
}

static int compare_names(const void *va, const void *vb)
{
    struct engine_payload *const *a = va, *const *b = vb;

    return strcmp((*a)->name, (*b)->name);
}

char *engine_state(void)
{
    struct engine_payload *sorted[ENGINE_PAYLOADS];
    size_t size;
    char *text;
    FILE *stream = open_memstream(&text, &size);
    int i;

    memcpy(sorted, engine.loaded, sizeof(sorted));
    qsort(sorted, engine.num_loaded, sizeof(*sorted), compare_names);
    for (i = 0; i < engine.num_loaded; i++)
        fprintf(stream, "%s%s:%s", i ? " " : "", sorted[i]->name,
                sorted[i]->state == LIVEPATCH_STATE_APPLIED ? "applied"
                                                            : "checked");
    fprintf(stream, "|");
    for (i = 0; i < engine.num_applied; i++)
        fprintf(stream, "%s%s", i ? " " : "", engine.applied[i]->name);
    fclose(stream);
    return text;
}
