/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is known of loaded payloads beyond what the hypervisor tells, and
 * what a call that changes something intends.
 *
 * Both are in one file in XEN_RUN_DIR, which lasts as long as the
 * hypervisor does, needs no daemon that might not answer, and is exchanged
 * as a whole:
 *
 *   @version N             the hypervisor's count of uploads and unloads
 *   @totals                a libxl_livepatch_totals, JSON
 *   {...}
 *   @payload               a loaded one: its libxl_livepatch_payload, JSON
 *   {...}
 *   @intent OPERATION      a call that has begun to change something
 *   @item BEFORE WANTED    a payload that it is about, likewise; a
 *   {...}                  libxl__livepatch_presence before, and wanted
 *
 * No line of libxl's JSON begins with an @.
 *
 * Another tool may have unloaded a payload since, and loaded a different
 * one of the same name.  See records_hold for how that is noticed; or the
 * hypervisor itself reports the build-id, which a record has to match.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

#define NOTES_PATH XEN_RUN_DIR "/livepatch.notes"

static libxl_livepatch_payload *
find_name(libxl_livepatch_payload *payloads, int num, const char *name)
{
    int i;

    for (i = 0; i < num; i++)
        if (!strcmp(payloads[i].name, name)) return &payloads[i];
    return NULL;
}

static libxl_livepatch_payload *find_known(libxl__livepatch_known *known,
                                           const char *name)
{
    return find_name(known->payloads, known->num, name);
}

/*----- reading -----*/

static libxl_livepatch_payload *add_known(libxl__gc *gc,
                                          libxl__livepatch_known *known)
{
    libxl_livepatch_payload *payload;

    known->payloads = libxl__realloc(NOGC, known->payloads,
                                     (known->num + 1) *
                                     sizeof(*known->payloads));
    payload = &known->payloads[known->num++];
    libxl_livepatch_payload_init(payload);
    return payload;
}

static void known_dispose(libxl__livepatch_known *known)
{
    int i;

    for (i = 0; i < known->num; i++)
        libxl_livepatch_payload_dispose(&known->payloads[i]);
    free(known->payloads);
    FILLZERO(*known);
}

void libxl__livepatch_notes_dispose(libxl__livepatch_notes *notes)
{
    known_dispose(&notes->known);
    libxl__livepatch_intent_dispose(&notes->intent);
}

static bool is_presence(int presence)
{
    return presence >= LIVEPATCH_ABSENT && presence <= LIVEPATCH_APPLIED;
}

static bool take_item(libxl__gc *gc, libxl__livepatch_intent *intent,
                      const char *head, const char *json)
{
    libxl__livepatch_item *item;
    libxl_livepatch_payload payload;
    int before, wanted;

    if (sscanf(head, "item %d %d", &before, &wanted) != 2) return false;
    if (!is_presence(before) || !is_presence(wanted)) return false;

    libxl_livepatch_payload_init(&payload);
    if (libxl_livepatch_payload_from_json(CTX, &payload, json) ||
        !payload.name) {
        libxl_livepatch_payload_dispose(&payload);
        return false;
    }
    item = libxl__livepatch_add_item(gc, intent, &payload);
    item->before = before;
    item->wanted = wanted;
    libxl_livepatch_payload_dispose(&payload);
    return !libxl__livepatch_parse_name(gc, item->payload.name,
                                        &item->name);
}

/* One line that began with an @, and what follows until the next one. */
static bool take_block(libxl__gc *gc, libxl__livepatch_notes *notes,
                       const char *head, const char *json)
{
    libxl_livepatch_payload *payload;
    char word[16];

    if (sscanf(head, "version %"SCNu32, &notes->known.version) == 1)
        return true;
    if (!strcmp(head, "payload")) {
        payload = add_known(gc, &notes->known);
        return !libxl_livepatch_payload_from_json(CTX, payload, json) &&
               payload->name;
    }
    if (!strcmp(head, "totals"))
        return !libxl_livepatch_totals_from_json(CTX, &notes->totals,
                                                 json);
    if (sscanf(head, "intent %15s", word) == 1)
        return !libxl_livepatch_operation_from_string(word,
                                               &notes->intent.operation);
    return take_item(gc, &notes->intent, head, json);
}

/* False where it makes no sense. */
static bool take_notes(libxl__gc *gc, libxl__livepatch_notes *notes,
                       char *text)
{
    const char *json;
    char *head;

    while (*text == '@') {
        head = text + 1;
        text = strchr(head, '\n');
        if (!text) return false;
        *text++ = '\0';

        json = *text == '@' ? "" : text;
        if (*json) {
            text = strstr(json, "\n@") ?: strchr(json, '\0');
            if (*text) *text++ = '\0';
        }
        if (!take_block(gc, notes, head, json)) return false;
    }
    return !*text;
}

/* What a call is about, or was, may have been exchanged by it. */
static void doubt_items(libxl__livepatch_notes *notes)
{
    libxl_livepatch_payload *known;
    int i;

    notes->known.slack = notes->intent.num;
    for (i = 0; i < notes->intent.num; i++) {
        known = find_known(&notes->known,
                           notes->intent.items[i].payload.name);
        if (known) known->recorded = false;
    }
}

int libxl__livepatch_notes_load(libxl__gc *gc,
                                libxl__livepatch_notes *notes_r)
{
    void *data = NULL;
    int len = 0, r;
    char *text;

    FILLZERO(*notes_r);
    r = libxl_read_file_contents(CTX, NOTES_PATH, &data, &len);
    if (r == ENOENT) return 0;
    if (r) return -r;

    text = libxl__strndup(gc, data ?: "", len);
    free(data);
    if (take_notes(gc, notes_r, text)) {
        doubt_items(notes_r);
        return 0;
    }

    libxl__livepatch_notes_dispose(notes_r);
    return -EBADMSG;
}

/*----- what the hypervisor tells -----*/

/* One payload from the hypervisor's words alone. */
static void describe_entry(libxl__gc *gc,
                           const libxl__livepatch_entry *entry,
                           libxl_livepatch_payload *payload)
{
    const char *const name = entry->name;

    libxl_livepatch_payload_init(payload);
    payload->name = libxl__livepatch_text(NOGC, name);
    if (!xenlivepatch_is_plain(name, strlen(name)))
        payload->name_hex = libxl__livepatch_owned(NOGC,
            xenlivepatch_hex(name, strlen(name)));
    payload->state = libxl__livepatch_state(entry->state);
    payload->rc = entry->rc;
    if (libxl__livepatch_split_metadata(entry->metadata,
                                        entry->metadata_len,
                                        &payload->metadata,
                                        &payload->num_metadata,
                                        &payload->fixes))
        libxl__alloc_failed(CTX, __func__, 0, 0);
}

/* What the hypervisor reports of it, if it does. */
static void add_reported(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                         const libxl__livepatch_entry *entry,
                         libxl_livepatch_payload *payload)
{
    libxl_livepatch_report report;

    if (libxl__livepatch_get_report(gc, lpr, entry->name, 0, &report))
        return;

    MOVE(payload->build_id, report.build_id);
    MOVE(payload->depends, report.depends);
    MOVE(payload->functions, report.functions);
    MOVE(payload->num_functions, report.num_functions);
    MOVE(payload->hooks, report.hooks);
    payload->reapplicable = true;
    payload->uploaded_us = report.uploaded_us;
    /* A failed revert does not change when it was applied. */
    if (payload->state == LIBXL_LIVEPATCH_STATE_APPLIED && !report.rc)
        payload->applied_us = report.finished_us;
    libxl_livepatch_report_dispose(&report);
}

/*----- what is known besides -----*/

/*
 * Whether the payloads that bear known names are still the same ones.  The
 * version counts uploads and unloads, the number of payloads changes by
 * their difference; so both are known.  Each name that is gone accounts
 * for one unload, and so may each that a killed call was about.  If there
 * were more than these, one of the others may have been unloaded, and
 * loaded again as something else.
 */
static bool records_hold(const libxl__livepatch_known *known,
                         const libxl__livepatch_set *set,
                         libxl_livepatch_payload *payloads)
{
    uint32_t changes = set->version - known->version;
    int64_t unloads = ((int64_t)changes - (set->num - known->num)) / 2;
    int i, num_gone = 0;

    for (i = 0; i < known->num; i++)
        num_gone += !find_name(payloads, set->num,
                               known->payloads[i].name);
    return unloads >= num_gone && unloads <= num_gone + known->slack;
}

/*
 * What a payload's record is good for: all but what the hypervisor tells
 * of any payload, and what is found anew.  It shares its strings.
 */
static libxl_livepatch_payload
record_of(const libxl_livepatch_payload *payload)
{
    libxl_livepatch_payload record = *payload;

    record.name_hex = NULL;
    record.state = LIBXL_LIVEPATCH_STATE_UNKNOWN;
    record.rc = 0;
    record.position = 0;
    record.fixes = NULL;
    record.metadata = NULL;
    record.num_metadata = 0;
    return record;
}

static void take_record(libxl__gc *gc, libxl_livepatch_payload *payload,
                        const libxl_livepatch_payload *record)
{
    libxl_livepatch_payload told = *payload, rest = record_of(record);

    rest.name = NULL;
    libxl_livepatch_payload_copy(CTX, payload, &rest);
    payload->name = told.name;
    payload->name_hex = told.name_hex;
    payload->state = told.state;
    payload->rc = told.rc;
    payload->fixes = told.fixes;
    free(payload->metadata);    /* an array of none is one, too */
    payload->metadata = told.metadata;
    payload->num_metadata = told.num_metadata;
    /* Another tool may have reverted it since. */
    if (payload->state != LIBXL_LIVEPATCH_STATE_APPLIED)
        payload->applied_us = 0;
}

/* What a hypervisor that reports does not. */
static void complete_reported(libxl__gc *gc,
                              libxl_livepatch_payload *payload,
                              const libxl_livepatch_payload *record)
{
    payload->recorded = true;
    payload->forced = record->forced;
    if (record->file)
        payload->file = libxl__strdup(NOGC, record->file);
    if (record->sha256)
        payload->sha256 = libxl__strdup(NOGC, record->sha256);
    if (record->signer)
        payload->signer = libxl__strdup(NOGC, record->signer);
    if (!payload->applied_us &&
        payload->state == LIBXL_LIVEPATCH_STATE_APPLIED)
        payload->applied_us = record->applied_us;
}

static void add_known_of(libxl__gc *gc, bool reported,
                         const libxl__livepatch_known *known,
                         const libxl__livepatch_set *set,
                         libxl_livepatch_payload *payloads)
{
    const libxl_livepatch_payload *record;
    int i, j;

    if (!reported && !records_hold(known, set, payloads)) return;

    for (i = 0; i < set->num; i++) {
        if (!reported) {
            record = find_name(known->payloads, known->num,
                               payloads[i].name);
            if (record && record->recorded)
                take_record(gc, &payloads[i], record);
            continue;
        }
        for (j = 0; j < known->num; j++) {
            record = &known->payloads[j];
            if (!record->recorded ||
                !libxl__livepatch_same_id(record->build_id,
                                          payloads[i].build_id))
                continue;
            complete_reported(gc, &payloads[i], record);
            break;
        }
    }
}

/*
 * Positions in the stack are known if it is of all that are applied when
 * that was; of one alone in any case.
 */
static void find_positions(libxl_livepatch_payload *payloads, int num)
{
    int i, j, num_applied = 0;
    bool known = true;

    for (i = 0; i < num; i++) {
        if (payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        num_applied++;
        known &= !!payloads[i].applied_us;
    }
    if (!known && num_applied > 1) return;

    for (i = 0; i < num; i++) {
        if (payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        payloads[i].position = 1;
        for (j = 0; j < num; j++)
            payloads[i].position +=
                payloads[j].state == LIBXL_LIVEPATCH_STATE_APPLIED &&
                (payloads[j].applied_us < payloads[i].applied_us ||
                 (payloads[j].applied_us == payloads[i].applied_us &&
                  j < i));
    }
}

libxl_livepatch_payload *
libxl__livepatch_describe(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                          const libxl__livepatch_known *known,
                          const libxl__livepatch_set *set)
{
    libxl_livepatch_payload *payloads;
    int i;

    payloads = libxl__calloc(NOGC, set->num + 1, sizeof(*payloads));
    for (i = 0; i < set->num; i++) {
        describe_entry(gc, &set->entries[i], &payloads[i]);
        if (lpr->available)
            add_reported(gc, lpr, &set->entries[i], &payloads[i]);
    }
    add_known_of(gc, lpr->available, known, set, payloads);
    find_positions(payloads, set->num);
    return payloads;
}

/*----- keeping in step with what we do -----*/

void libxl__livepatch_known_set(libxl__gc *gc,
                                libxl__livepatch_known *known,
                                const libxl__livepatch_set *set,
                                const libxl_livepatch_payload *payloads)
{
    int i;

    known_dispose(known);
    for (i = 0; i < set->num; i++)
        libxl_livepatch_payload_copy(CTX, add_known(gc, known),
                                     &payloads[i]);
    known->version = set->version;
    known->slack = 0;
}

void libxl__livepatch_known_adopt(libxl__gc *gc,
                                  libxl__livepatch_known *known,
                                  const libxl_livepatch_payload *payload,
                                  bool applied)
{
    libxl_livepatch_payload *record = find_known(known, payload->name);

    if (record) {
        libxl_livepatch_payload_dispose(record);
        libxl_livepatch_payload_init(record);
    } else {
        record = add_known(gc, known);
    }
    libxl_livepatch_payload_copy(CTX, record, payload);
    if (!applied)
        record->applied_us = 0;
    else if (!record->applied_us)
        record->applied_us = libxl__livepatch_epoch_us();
}

void
libxl__livepatch_known_uploaded(libxl__gc *gc,
                                libxl__livepatch_known *known,
                                const libxl_livepatch_payload *payload)
{
    libxl_livepatch_payload uploaded = *payload;

    uploaded.recorded = true;
    uploaded.uploaded_us = libxl__livepatch_epoch_us();
    libxl__livepatch_known_adopt(gc, known, &uploaded, false);
    known->version++;
}

void libxl__livepatch_known_unloaded(libxl__livepatch_known *known,
                                     const char *name)
{
    libxl_livepatch_payload *record = find_known(known, name);

    known->version++;
    if (!record) return;

    libxl_livepatch_payload_dispose(record);
    known->num--;
    memmove(record, record + 1,
            (&known->payloads[known->num] - record) * sizeof(*record));
}

void libxl__livepatch_known_applied(libxl__livepatch_known *known,
                                    const char *name, bool applied)
{
    libxl_livepatch_payload *record = find_known(known, name);

    if (record)
        record->applied_us = applied ? libxl__livepatch_epoch_us() : 0;
}

/*----- writing -----*/

static const char *record_json(libxl__gc *gc,
                               const libxl_livepatch_payload *payload)
{
    libxl_livepatch_payload record = record_of(payload);

    return libxl__livepatch_owned(gc,
        libxl_livepatch_payload_to_json(CTX, &record));
}

static const char *notes_text(libxl__gc *gc,
                              const libxl__livepatch_notes *notes)
{
    const libxl__livepatch_intent *const intent = &notes->intent;
    const char *totals = libxl__livepatch_owned(gc,
        libxl_livepatch_totals_to_json(CTX,
                                (libxl_livepatch_totals *)&notes->totals));
    const char *text = GCSPRINTF("@version %"PRIu32"\n@totals\n%s\n",
                                 notes->known.version, totals);
    int i;

    for (i = 0; i < notes->known.num; i++)
        text = GCSPRINTF("%s@payload\n%s\n", text,
                         record_json(gc, &notes->known.payloads[i]));
    if (!intent->operation) return text;

    text = GCSPRINTF("%s@intent %s\n", text,
                     libxl_livepatch_operation_to_string(
                         intent->operation));
    for (i = 0; i < intent->num; i++)
        text = GCSPRINTF("%s@item %d %d\n%s\n", text,
                         intent->items[i].before, intent->items[i].wanted,
                         record_json(gc, &intent->items[i].payload));
    return text;
}

/* Onto the disk, if it is one, before this returns. */
static int write_synced(libxl__gc *gc, int fd, const char *path,
                        const char *text)
{
    int rc, r;

    rc = libxl_write_exactly(CTX, fd, text, strlen(text), path, "notes");
    if (rc) return -errno;

    r = fsync(fd);
    if (r) return -errno;

    return rename(path, NOTES_PATH) ? -errno : 0;
}

int libxl__livepatch_notes_store(libxl__gc *gc,
                                 const libxl__livepatch_notes *notes)
{
    const char *path = NOTES_PATH ".new";
    int fd, r;

    /* Under the host's lock nobody else writes this. */
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0) {
        r = -errno;
    } else {
        r = write_synced(gc, fd, path, notes_text(gc, notes));
        close(fd);
        if (r) unlink(path);
    }
    if (r) LOGEV(ERROR, -r, "cannot write %s", NOTES_PATH);
    return r;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
