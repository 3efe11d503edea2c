/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The hypervisor's report on a payload: reading the items that it consists
 * of, see XEN_SYSCTL_LIVEPATCH_REPORT in xen/include/public/sysctl.h.
 *
 * It may come from a hypervisor newer than this, so types that are not
 * known are passed over; and from one that is broken, so nothing is
 * believed that has not been compared with the number of bytes that there
 * are.
 */

#include "libxl_osdeps.h"

#include <sys/time.h>

#include "libxl_livepatch_internal.h"

/* Items begin at multiples of this, bytes. */
#define ALIGNMENT 8
/* The hypervisor keeps less than this of why something failed. */
#define MAX_FAILURE 1024

typedef struct {
    uint16_t type;
    size_t size;                /* with its header */
    const uint8_t *bytes;       /* the header's */
} report_item;

typedef struct {
    const uint8_t *at;          /* the next item */
    size_t left;                /* bytes from there on */
    bool broken;                /* they make no item */
} report_cursor;

/* A report while it is read. */
typedef struct {
    libxl_livepatch_report *report;
    uint64_t boot_us;           /* see libxl__livepatch_parse_report */
    size_t num_functions, num_stragglers, num_waiting;  /* to come */
} report_reader;

/*----- items -----*/

/* Bytes that an item of the type has at least; 0 of one not known. */
static size_t least_size(uint16_t type)
{
    switch (type) {
    case LIVEPATCH_REPORT_NAME:
    case LIVEPATCH_REPORT_FAILURE:
    case LIVEPATCH_REPORT_CULPRIT:
    case LIVEPATCH_REPORT_BUILD_ID:
    case LIVEPATCH_REPORT_DEPENDS:
    case LIVEPATCH_REPORT_XEN_DEPENDS:
        return sizeof(struct xen_livepatch_report_item);
    case LIVEPATCH_REPORT_STATUS:
        return sizeof(struct xen_livepatch_report_status);
    case LIVEPATCH_REPORT_FUNCTION:
        return sizeof(struct xen_livepatch_report_function);
    case LIVEPATCH_REPORT_HOOKS:
        return sizeof(struct xen_livepatch_report_hooks);
    case LIVEPATCH_REPORT_TIMES:
        return sizeof(struct xen_livepatch_report_times);
    case LIVEPATCH_REPORT_STRAGGLER:
        return sizeof(struct xen_livepatch_report_straggler);
    case LIVEPATCH_REPORT_WAITING:
        return sizeof(struct xen_livepatch_report_waiting);
    case LIVEPATCH_REPORT_SIGNATURE:
        return sizeof(struct xen_livepatch_report_signature);
    default:
        return 0;
    }
}

/* False at the end, and where the bytes are broken. */
static bool next_item(report_cursor *c, report_item *item)
{
    struct xen_livepatch_report_item header;
    size_t used;

    if (!c->left) return false;
    c->broken = true;
    if (c->left < sizeof(header)) return false;
    memcpy(&header, c->at, sizeof(header));
    if (header.size < sizeof(header) || header.size > c->left ||
        header.size < least_size(header.type))
        return false;
    c->broken = false;

    item->type = header.type;
    item->size = header.size;
    item->bytes = c->at;
    used = (item->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    used = min(used, c->left);
    c->at += used;
    c->left -= used;
    return true;
}

/*
 * The fixed part of an item, or as much of a longer one; next_item has
 * seen to it that there is as much.
 */
#define GET_ITEM(to, item) memcpy(to, (item)->bytes, sizeof(*(to)))

/*----- what they hold; these return false where there is no memory -----*/

/* What follows the first skip bytes.  Of several the first one counts. */
static bool get_text(char **text, const report_item *item, size_t skip)
{
    if (!*text)
        *text = xenlivepatch_text(item->bytes + skip, item->size - skip);
    return *text;
}

static bool get_id(char **id, const report_item *item)
{
    const size_t skip = sizeof(struct xen_livepatch_report_item);

    if (item->size == skip) return true;
    if (!*id)
        *id = xenlivepatch_hex(item->bytes + skip, item->size - skip);
    return *id;
}

static bool get_failure(char **failure, const report_item *item)
{
    const size_t skip = sizeof(struct xen_livepatch_report_item);
    char *bytes;

    if (*failure || item->size == skip) return true;
    bytes = strndup((const char *)item->bytes + skip, item->size - skip);
    if (!bytes) return false;
    *failure = xenlivepatch_printable(bytes, MAX_FAILURE, false);
    free(bytes);
    return *failure;
}

static bool get_address(char **text, uint64_t address)
{
    if (asprintf(text, "0x%"PRIx64, address) >= 0) return true;
    *text = NULL;
    return false;
}

/* One that is not known is at least the hypervisor's. */
static libxl_livepatch_reason reason_of(uint32_t reason)
{
    static const libxl_livepatch_reason reasons[] = {
        LIBXL_LIVEPATCH_REASON_NONE,
#define REASON(theirs, ours) \
        [LIVEPATCH_REASON_##theirs] = LIBXL_LIVEPATCH_REASON_##ours
        REASON(FORMAT, FORMAT),
        REASON(XEN_BUILD_ID, XEN_BUILD_ID),
        REASON(DEPENDENCY, DEPENDENCY),
        REASON(SYMBOL, SYMBOL),
        REASON(COLLISION, COLLISION),
        REASON(EXPECTATION, EXPECTATION),
        REASON(HOOK, HOOK),
        REASON(STATE, WRONG_STATE),
        REASON(NOT_ON_TOP, NOT_ON_TOP),
        REASON(IN_USE, IN_USE),
        REASON(IN_FLIGHT, IN_FLIGHT),
        REASON(QUIESCE, QUIESCE),
        REASON(WAITQUEUE, WAITQUEUE),
        REASON(MEMORY, MEMORY),
        REASON(HYPERVISOR, HYPERVISOR),
        REASON(SIGNATURE, SIGNATURE),
#undef REASON
    };

    return reason < ARRAY_SIZE(reasons)
               ? reasons[reason] : LIBXL_LIVEPATCH_REASON_HYPERVISOR;
}

static libxl_livepatch_operation operation_of(uint32_t action)
{
    switch (action) {
    case LIVEPATCH_ACTION_APPLY:
        return LIBXL_LIVEPATCH_OPERATION_APPLY;
    case LIVEPATCH_ACTION_REPLACE:
        return LIBXL_LIVEPATCH_OPERATION_REPLACE;
    case LIVEPATCH_ACTION_REVERT:
        return LIBXL_LIVEPATCH_OPERATION_REVERT;
    case LIVEPATCH_ACTION_UNLOAD:
        return LIBXL_LIVEPATCH_OPERATION_UNLOAD;
    default:
        return LIBXL_LIVEPATCH_OPERATION_UNKNOWN;
    }
}

static bool get_status(libxl_livepatch_report *report,
                       const report_item *item)
{
    struct xen_livepatch_report_status status;

    GET_ITEM(&status, item);
    report->state = libxl__livepatch_state(status.state);
    report->rc = status.rc;
    report->users = status.users;
    report->action = operation_of(status.action);
    report->reason = reason_of(status.reason);
    return true;
}

static bool get_function(libxl_livepatch_report *report,
                         const report_item *item)
{
    libxl_livepatch_function *fn =
        &report->functions[report->num_functions++];
    struct xen_livepatch_report_function function;

    GET_ITEM(&function, item);
    fn->nop = !function.new_addr;
    fn->old_size = function.old_size;
    fn->new_size = function.new_size;
    fn->applied = function.applied;
    return get_text(&fn->name, item, sizeof(function)) &&
           get_address(&fn->old_addr, function.old_addr) &&
           (fn->nop || get_address(&fn->new_addr, function.new_addr));
}

static bool get_hooks(libxl_livepatch_report *report,
                      const report_item *item)
{
    static const char *const single[] = {
        "preapply", "apply", "postapply",
        "prerevert", "revert", "postrevert",
    };
    const char *names[2 + ARRAY_SIZE(single)];
    struct xen_livepatch_report_hooks hooks;
    int i, num = 0;

    if (report->hooks) return true;
    GET_ITEM(&hooks, item);
    if (hooks.load) names[num++] = "load";
    if (hooks.unload) names[num++] = "unload";
    for (i = 0; i < ARRAY_SIZE(single); i++)
        if (hooks.single & LIVEPATCH_REPORT_HOOK_PREAPPLY << i)
            names[num++] = single[i];

    report->hooks = calloc(num + 1, sizeof(*report->hooks));
    for (i = 0; report->hooks && i < num; i++) {
        report->hooks[i] = strdup(names[i]);
        if (!report->hooks[i]) return false;
    }
    return report->hooks;
}

/* From the hypervisor's nanoseconds since it booted; 0 is never. */
static uint64_t since_epoch(const report_reader *reader, uint64_t ns)
{
    return ns ? reader->boot_us + ns / 1000 : 0;
}

/* To microseconds: what took any time at all is never 0. */
static uint64_t rounded_up(uint64_t ns)
{
    return ns / 1000 + (ns % 1000 != 0);
}

static bool get_times(report_reader *reader, const report_item *item)
{
    libxl_livepatch_report *const report = reader->report;
    struct xen_livepatch_report_times times;
    struct timeval now;

    GET_ITEM(&times, item);
    if (!reader->boot_us && !gettimeofday(&now, NULL))
        reader->boot_us = now.tv_sec * 1000000ULL + now.tv_usec -
                          times.now / 1000;
    report->uploaded_us = since_epoch(reader, times.uploaded);
    report->finished_us = since_epoch(reader, times.finished);
    report->upload_us = rounded_up(times.upload);
    report->arrival_us = rounded_up(times.arrival);
    report->stopped_us = rounded_up(times.stopped);
    report->patching_us = rounded_up(times.patching);
    return true;
}

static bool get_straggler(libxl_livepatch_report *report,
                          const report_item *item)
{
    libxl_livepatch_straggler *late =
        &report->stragglers[report->num_stragglers++];
    struct xen_livepatch_report_straggler straggler;

    GET_ITEM(&straggler, item);
    late->cpu = straggler.cpu;
    late->domid = straggler.domid;
    late->vcpu = straggler.vcpu;
    if (straggler.where == LIVEPATCH_REPORT_WHERE_GUEST)
        late->where = LIBXL_LIVEPATCH_WHERE_GUEST;
    else if (straggler.where == LIVEPATCH_REPORT_WHERE_HYPERVISOR)
        late->where = LIBXL_LIVEPATCH_WHERE_HYPERVISOR;
    else
        return true;            /* so nothing is known of where it was */

    if (item->size > sizeof(straggler)) {
        late->offset = straggler.offset;
        if (!get_text(&late->symbol, item, sizeof(straggler)))
            return false;
    }
    return get_address(&late->ip, straggler.ip);
}

static bool get_waiting(libxl_livepatch_report *report,
                        const report_item *item)
{
    libxl_livepatch_waiting *to = &report->waiting[report->num_waiting++];
    struct xen_livepatch_report_waiting waiting;

    GET_ITEM(&waiting, item);
    to->domid = waiting.domid;
    to->vcpu = waiting.vcpu;
    return true;
}

static bool get_signature(libxl_livepatch_report *report,
                          const report_item *item)
{
    struct xen_livepatch_report_signature signature;

    GET_ITEM(&signature, item);
    switch (signature.signature) {
    case LIVEPATCH_REPORT_SIGNATURE_NONE:
        report->signature = LIBXL_LIVEPATCH_SIGNATURE_ABSENT;
        return true;
    case LIVEPATCH_REPORT_SIGNATURE_KNOWN:
        report->signature = LIBXL_LIVEPATCH_SIGNATURE_KNOWN;
        return get_text(&report->signer, item, sizeof(signature));
    case LIVEPATCH_REPORT_SIGNATURE_UNKNOWN:
        report->signature = LIBXL_LIVEPATCH_SIGNATURE_FOREIGN;
        return true;
    default:
        return true;            /* that value has no meaning here yet */
    }
}

static bool get_item(report_reader *reader, const report_item *item)
{
    libxl_livepatch_report *const report = reader->report;

    switch (item->type) {
    case LIVEPATCH_REPORT_NAME:
        return get_text(&report->name, item,
                        sizeof(struct xen_livepatch_report_item));
    case LIVEPATCH_REPORT_FAILURE:
        return get_failure(&report->failure, item);
    case LIVEPATCH_REPORT_CULPRIT:
        return get_text(&report->culprit, item,
                        sizeof(struct xen_livepatch_report_item));
    case LIVEPATCH_REPORT_BUILD_ID:
        return get_id(&report->build_id, item);
    case LIVEPATCH_REPORT_DEPENDS:
        return get_id(&report->depends, item);
    case LIVEPATCH_REPORT_XEN_DEPENDS:
        return get_id(&report->xen_build_id, item);
    case LIVEPATCH_REPORT_STATUS:
        return get_status(report, item);
    case LIVEPATCH_REPORT_FUNCTION:
        return get_function(report, item);
    case LIVEPATCH_REPORT_HOOKS:
        return get_hooks(report, item);
    case LIVEPATCH_REPORT_TIMES:
        return get_times(reader, item);
    case LIVEPATCH_REPORT_STRAGGLER:
        return get_straggler(report, item);
    case LIVEPATCH_REPORT_WAITING:
        return get_waiting(report, item);
    case LIVEPATCH_REPORT_SIGNATURE:
        return get_signature(report, item);
    default:
        return true;
    }
}

/*----- the whole -----*/

/* Compare all lengths, and count what there are several of. */
static bool survey(report_reader *reader, const void *bytes, size_t size)
{
    report_cursor c = { .at = bytes, .left = size };
    report_item item;

    while (next_item(&c, &item)) {
        reader->num_functions += item.type == LIVEPATCH_REPORT_FUNCTION;
        reader->num_stragglers += item.type == LIVEPATCH_REPORT_STRAGGLER;
        reader->num_waiting += item.type == LIVEPATCH_REPORT_WAITING;
    }
    return !c.broken;
}

/* Room for all that the survey has counted. */
static bool make_room(report_reader *reader)
{
    libxl_livepatch_report *const report = reader->report;

    if (reader->num_functions)
        report->functions = calloc(reader->num_functions,
                                   sizeof(*report->functions));
    if (reader->num_stragglers)
        report->stragglers = calloc(reader->num_stragglers,
                                    sizeof(*report->stragglers));
    if (reader->num_waiting)
        report->waiting = calloc(reader->num_waiting,
                                 sizeof(*report->waiting));
    return (report->functions || !reader->num_functions) &&
           (report->stragglers || !reader->num_stragglers) &&
           (report->waiting || !reader->num_waiting);
}

int libxl__livepatch_parse_report(const void *bytes, size_t size,
                                  uint64_t *boot_us_io,
                                  libxl_livepatch_report *report)
{
    report_reader reader = { .report = report, .boot_us = *boot_us_io };
    report_cursor c = { .at = bytes, .left = size };
    report_item item;

    if (!survey(&reader, bytes, size)) return EBADMSG;
    if (!make_room(&reader)) return ENOMEM;
    while (next_item(&c, &item))
        if (!get_item(&reader, &item)) return ENOMEM;
    *boot_us_io = reader.boot_us;
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
