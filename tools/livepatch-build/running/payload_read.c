/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A payload that is there already. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "payload_read.h"
#include "report/printable.h"
#include "support/memory.h"

const char *payload_value(const xenlivepatch_payload *payload, const char *key)
{
    for (size_t i = 0; i < payload->num_metadata; i++) {
        if (!strcmp(payload->metadata[i].key, key)) {
            return payload->metadata[i].value;
        }
    }
    return NULL;
}

/* Why no engine takes it; NULL if one might. */
static const char *obstacle(const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_findings; i++) {
        const xenlivepatch_finding *finding = &payload->findings[i];

        if (finding->severity == XENLIVEPATCH_ERROR &&
            !(finding->where &&
              !strcmp(finding->where, XENLIVEPATCH_XEN_DEPENDS))) {
            return finding->message;
        }
    }
    return NULL;
}

xenlivepatch_payload *payload_read(const char *path, char **why)
{
    static const xenlivepatch_criteria criteria = { .force = true };
    xenlivepatch_payload *payload = must_have(xenlivepatch_new());
    char *label = printable_name(path);
    int error = xenlivepatch_read(payload, path);

    if (!error) {
        error = xenlivepatch_judge(payload, payload->data, payload->size,
                                   label, &criteria);
    }
    if (error == ENOMEM) {
        must_have(NULL);
    }
    if (obstacle(payload)) {
        fail_with(why, "%s: no payload: %s", label, obstacle(payload));
        xenlivepatch_free(payload);
        payload = NULL;
    }
    free(label);
    return payload;
}
