/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is known of loaded payloads beyond what the hypervisor tells.
 *
 * In xenstore, readable by domain 0 alone, written as a whole in one
 * transaction under the host's lock:
 *
 *   /tool/livepatch/version          the hypervisor's count of uploads and
 *                                    unloads when this was written
 *   /tool/livepatch/<key>/<0,1,...>  a payload: the JSON of a
 *                                    libxl_livepatch_payload, in pieces
 *
 * The key is the payload's build-id, as names may be any bytes; or, for a
 * payload of another tool, "name-" and its name in hexadecimal.
 *
 * Another tool may have unloaded a payload since, and loaded a different one
 * of the same name.  See records_hold for how that is noticed; or the
 * hypervisor itself reports the build-id, which a record has to match.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

#define RECORDS "/tool/livepatch"
/* Well below XENSTORE_PAYLOAD_MAX, in which the path counts, too. */
#define PIECE 2048

/*----- reading -----*/

/* One payload from the hypervisor's words alone. */
static int describe_entry(const libxl__livepatch_entry *entry,
                          libxl_livepatch_payload *payload)
{
    const libxl__livepatch_name *const name = &entry->name;

    libxl_livepatch_payload_init(payload);
    payload->name = libxl__livepatch_text(name->bytes, name->len);
    if (!payload->name) return ERROR_NOMEM;
    if (!libxl__livepatch_is_plain(name->bytes, name->len)) {
        payload->name_hex = libxl__livepatch_hex(name->bytes, name->len);
        if (!payload->name_hex) return ERROR_NOMEM;
    }
    payload->state = libxl__livepatch_state(entry->state);
    payload->rc = entry->rc;
    if (libxl__livepatch_split_metadata(entry->metadata,
                                        entry->metadata_len,
                                        &payload->metadata,
                                        &payload->num_metadata))
        return ERROR_NOMEM;
    payload->fixes = libxl__livepatch_fixes(payload->metadata,
                                            payload->num_metadata);
    return payload->fixes ? 0 : ERROR_NOMEM;
}

/* What the hypervisor reports of it, if it does. */
static void add_reported(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                         const libxl__livepatch_entry *entry,
                         libxl_livepatch_payload *payload)
{
    libxl_livepatch_report report;

    if (libxl__livepatch_get_report(gc, lpr, &entry->name, &report)) return;

    payload->build_id = report.build_id;
    payload->depends = report.depends;
    payload->functions = report.functions;
    payload->num_functions = report.num_functions;
    report.build_id = NULL;
    report.depends = NULL;
    report.functions = NULL;
    report.num_functions = 0;
    payload->reapplicable = true;
    payload->uploaded = report.uploaded_us / 1000000;
    /* A failed revert does not change when it was applied. */
    if (payload->state == LIBXL_LIVEPATCH_STATE_APPLIED && !report.rc)
        payload->applied = report.finished_us / 1000000;
    libxl_livepatch_report_dispose(&report);
}

/* The record below key; false if there is none or it can't be read. */
static bool read_record(libxl__gc *gc, xs_transaction_t t, const char *key,
                        libxl_livepatch_payload *record_r)
{
    char *json = libxl__zalloc(gc, 1);
    const char *piece;
    int i;

    for (i = 0; ; i++) {
        piece = libxl__xs_read(gc, t,
                               GCSPRINTF(RECORDS "/%s/%d", key, i));
        if (!piece) break;
        json = GCSPRINTF("%s%s", json, piece);
        if (strlen(piece) < PIECE) break;
    }
    libxl_livepatch_payload_init(record_r);
    return *json &&
           !libxl_livepatch_payload_from_json(CTX, record_r, json);
}

static libxl_livepatch_payload *
find_payload(libxl_livepatch_payload *payloads, int num, const char *name)
{
    int i;

    for (i = 0; i < num; i++)
        if (!strcmp(payloads[i].name, name)) return &payloads[i];
    return NULL;
}

/*
 * Whether the payloads that bear the names of records are still the same
 * ones.  The version counts uploads and unloads, the number of payloads
 * changes by their difference; so both are known.  Each name that is gone
 * accounts for one unload.  If there were more than these, one of the
 * others may have been unloaded, and loaded again as something else.
 */
static bool records_hold(const libxl__livepatch_set *set, uint32_t version,
                         int num_records, int num_gone)
{
    uint32_t changes = set->version - version;
    int64_t unloads = ((int64_t)changes - (set->num - num_records)) / 2;

    return unloads == num_gone;
}

static void merge_record(libxl_livepatch_payload *payload,
                         libxl_livepatch_payload *record)
{
    libxl_livepatch_payload old = *payload;

    *payload = *record;
    payload->name = old.name;
    payload->name_hex = old.name_hex;
    payload->state = old.state;
    payload->rc = old.rc;
    payload->fixes = old.fixes;
    payload->metadata = old.metadata;
    payload->num_metadata = old.num_metadata;
    /* Another tool may have reverted it since. */
    if (payload->state != LIBXL_LIVEPATCH_STATE_APPLIED)
        payload->applied = 0;

    /* What the record still owns are these alone. */
    old = *record;
    libxl_livepatch_payload_init(record);
    record->name = old.name;
    record->name_hex = old.name_hex;
    record->fixes = old.fixes;
    record->metadata = old.metadata;
    record->num_metadata = old.num_metadata;
}

/* From the payload's record, what the hypervisor does not report. */
static void complete_reported(libxl_livepatch_payload *payload,
                              libxl_livepatch_payload *record)
{
    payload->recorded = true;
    payload->file = record->file;
    payload->sha256 = record->sha256;
    record->file = record->sha256 = NULL;
    if (!payload->applied &&
        payload->state == LIBXL_LIVEPATCH_STATE_APPLIED)
        payload->applied = record->applied;
}

static libxl_livepatch_payload *
find_build_id(libxl_livepatch_payload *payloads, int num, const char *id)
{
    int i;

    for (i = 0; i < num; i++)
        if (id && payloads[i].build_id && !payloads[i].recorded &&
            !strcmp(payloads[i].build_id, id))
            return &payloads[i];
    return NULL;
}

/* Records of payloads whose build-ids are reported. */
static void merge_by_build_id(const libxl__livepatch_set *set,
                              libxl_livepatch_payload *payloads,
                              libxl_livepatch_payload *records, int num)
{
    libxl_livepatch_payload *payload;
    int i;

    for (i = 0; i < num; i++) {
        payload = find_build_id(payloads, set->num, records[i].build_id);
        if (payload && records[i].recorded)
            complete_reported(payload, &records[i]);
    }
}

/* Records of payloads whose build-ids nobody tells. */
static void merge_by_name(const libxl__livepatch_set *set,
                          libxl_livepatch_payload *payloads,
                          libxl_livepatch_payload *records, int num,
                          uint32_t version)
{
    libxl_livepatch_payload *payload;
    int i, gone = 0;

    for (i = 0; i < num; i++)
        gone += !find_payload(payloads, set->num, records[i].name);
    if (!records_hold(set, version, num, gone)) return;

    for (i = 0; i < num; i++) {
        payload = find_payload(payloads, set->num, records[i].name);
        if (payload && records[i].recorded)
            merge_record(payload, &records[i]);
    }
}

static void merge_records(libxl__gc *gc, bool reported,
                          const libxl__livepatch_set *set,
                          libxl_livepatch_payload *payloads)
{
    libxl_livepatch_payload *records = NULL;
    int num = 0, i;
    xs_transaction_t t = XBT_NULL;
    const char *version;
    unsigned int num_keys;
    char **keys;

    if (!libxl__xs_read(gc, XBT_NULL, RECORDS "/version")) return;
    /* Version and records of one and the same time. */
    if (libxl__xs_transaction_start(gc, &t)) return;
    version = libxl__xs_read(gc, t, RECORDS "/version");
    keys = libxl__xs_directory(gc, t, RECORDS, &num_keys);
    if (!version || !keys) goto out;

    records = libxl__calloc(gc, num_keys, sizeof(*records));
    for (i = 0; i < num_keys; i++) {
        if (!strcmp(keys[i], "version")) continue;
        if (read_record(gc, t, keys[i], &records[num]) &&
            records[num].name)
            num++;
        else
            libxl_livepatch_payload_dispose(&records[num]);
    }

    if (reported)
        merge_by_build_id(set, payloads, records, num);
    else
        merge_by_name(set, payloads, records, num,
                      strtoul(version, NULL, 10));

 out:
    for (i = 0; i < num; i++)
        libxl_livepatch_payload_dispose(&records[i]);
    libxl__xs_transaction_abort(gc, &t);
}

int libxl__livepatch_describe(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                              const libxl__livepatch_set *set,
                              libxl_livepatch_payload **payloads_r,
                              int *num_r)
{
    libxl_livepatch_payload *payloads;
    int i, rc;

    payloads = libxl__calloc(NOGC, set->num + 1, sizeof(*payloads));
    for (i = 0; i < set->num; i++) {
        rc = describe_entry(&set->entries[i], &payloads[i]);
        if (rc) goto out;
        if (lpr->available)
            add_reported(gc, lpr, &set->entries[i], &payloads[i]);
    }
    if (set->num) merge_records(gc, lpr->available, set, payloads);

    *payloads_r = payloads;
    *num_r = set->num;
    payloads = NULL;
    rc = 0;

 out:
    for (i = 0; payloads && i < set->num; i++)
        libxl_livepatch_payload_dispose(&payloads[i]);
    free(payloads);
    return rc;
}

/*----- writing -----*/

/* The record's JSON, without what the hypervisor tells better. */
static char *record_json(libxl__gc *gc,
                         const libxl_livepatch_payload *payload)
{
    libxl_livepatch_payload record = *payload;
    char *json;

    record.name_hex = NULL;
    record.state = LIBXL_LIVEPATCH_STATE_UNKNOWN;
    record.rc = 0;
    record.fixes = NULL;
    record.metadata = NULL;
    record.num_metadata = 0;
    json = libxl_livepatch_payload_to_json(CTX, &record);
    if (!json) return NULL;
    libxl__ptr_add(gc, json);
    return json;
}

static int write_record(libxl__gc *gc, xs_transaction_t t,
                        const libxl__livepatch_entry *entry,
                        const libxl_livepatch_payload *payload)
{
    const char *json = record_json(gc, payload);
    const char *key = payload->build_id;
    size_t done, len;
    int i, rc;

    if (!json) {
        rc = ERROR_NOMEM;
        goto out;
    }
    if (!key) {
        char *hex = libxl__livepatch_hex(entry->name.bytes,
                                         entry->name.len);

        key = GCSPRINTF("name-%s", hex);
        free(hex);
    }

    len = strlen(json);
    for (i = 0, done = 0; done < len; i++, done += PIECE) {
        rc = libxl__xs_write_checked(gc, t,
                GCSPRINTF(RECORDS "/%s/%d", key, i),
                GCSPRINTF("%.*s", PIECE, json + done));
        if (rc) goto out;
    }
    rc = 0;

 out:
    return rc;
}

int libxl__livepatch_record_set(libxl__gc *gc,
                                const libxl__livepatch_set *set,
                            const libxl_livepatch_payload *payloads)
{
    struct xs_permissions dom0_alone = { .id = 0, .perms = XS_PERM_NONE };
    xs_transaction_t t = XBT_NULL;
    int i, rc;

    if (!set->num) {
        rc = libxl__xs_rm_checked(gc, XBT_NULL, RECORDS);
        goto out;
    }
    for (;;) {
        rc = libxl__xs_transaction_start(gc, &t);
        if (rc) goto out;

        rc = libxl__xs_rm_checked(gc, t, RECORDS);
        if (rc) goto out;

        rc = libxl__xs_mknod(gc, t, RECORDS, &dom0_alone, 1);
        if (rc) goto out;
        /* What is made below it has the same permissions. */
        rc = libxl__xs_write_checked(gc, t, RECORDS "/version",
                                     GCSPRINTF("%u", set->version));
        if (rc) goto out;

        for (i = 0; i < set->num; i++) {
            rc = write_record(gc, t, &set->entries[i], &payloads[i]);
            if (rc) goto out;
        }

        rc = libxl__xs_transaction_commit(gc, &t);
        if (!rc) break;
        if (rc < 0) goto out;
    }

 out:
    libxl__xs_transaction_abort(gc, &t);
    if (rc) LOG(WARN, "cannot record the live patches in xenstore");
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
