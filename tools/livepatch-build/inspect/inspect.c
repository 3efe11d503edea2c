/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing a payload, for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "support/memory.h"
#include "payload/payload.h"
#include "report/printable.h"
#include "running/payload_read.h"

static void print_id(FILE *out, const char *label, const char *id)
{
    if (id) {
        fprintf(out, "    %s %s\n", label, id);
    }
}

static void print_functions(FILE *out, const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_functions; i++) {
        const xenlivepatch_function *function = &payload->functions[i];

        fprintf(out, "    function %s", function->name);
        if (function->old_addr) {
            fprintf(out, " at %#" PRIx64, function->old_addr);
        }
        if (!function->nop) {
            fprintf(out, ": %" PRIu32 " bytes replaced by %" PRIu32 "\n",
                    function->old_size, function->new_size);
        } else {
            fprintf(out, ": %" PRIu32 " of %" PRIu32 " bytes become "
                    "no-operations\n", function->new_size,
                    function->old_size);
        }
    }
}

static void print_symbols(FILE *out, const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_symbols; i++) {
        const xenlivepatch_symbol *symbol = &payload->symbols[i];
        char *name;

        if (symbol->kind == XENLIVEPATCH_SYMBOL_REPLACEMENT) {
            continue;
        }
        name = printable_name(symbol->name);
        fprintf(out, "    %s %s",
                symbol->kind == XENLIVEPATCH_SYMBOL_NEW ? "new" : "needs",
                name);
        free(name);
        if (symbol->kind == XENLIVEPATCH_SYMBOL_FIXED) {
            fprintf(out, " at %#" PRIx64, symbol->value);
        }
        fprintf(out, "\n");
    }
}

static void print_contents(FILE *out, const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_hooks; i++) {
        const char *function = payload->hooks[i].function;

        fprintf(out, "    hook %s: %s\n", payload->hooks[i].kind,
                function ? function : "?");
    }
    for (size_t i = 0; i < payload->num_sections; i++) {
        const xenlivepatch_section *section = &payload->sections[i];

        if (section->entries) {
            fprintf(out, "    table %s: %zu entr%s\n", section->name,
                    section->entries, section->entries == 1 ? "y" : "ies");
        }
    }
    for (size_t i = 0; i < payload->num_sections; i++) {
        const xenlivepatch_section *section = &payload->sections[i];

        fprintf(out, "    section %s: %" PRIu64 " bytes, r%c%c\n",
                section->name, section->size, section->writable ? 'w' : '-',
                section->executable ? 'x' : '-');
    }
}

static void print_metadata(FILE *out, const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_metadata; i++) {
        const xenlivepatch_metadata *entry = &payload->metadata[i];

        fprintf(out, "    metadata %s%s%s\n", entry->key,
                entry->value ? "=" : "", entry->value ? entry->value : "");
    }
}

bool inspect_print(const xenlivepatch_payload *payload, const char *path,
                   FILE *out)
{
    const char *name = payload_value(payload, "name");

    fprintf(out, "%s\n", path);
    if (name) {
        fprintf(out, "    name %s\n", name);
    }
    print_id(out, "build-id", payload->build_id);
    print_id(out, "depends on", payload->depends);
    print_id(out, "made for Xen", payload->xen_build_id);
    print_functions(out, payload);
    print_contents(out, payload);
    print_symbols(out, payload);
    print_metadata(out, payload);
    if (payload->signature) {
        fprintf(out, "    signature of %" PRIu64 " bytes in "
                XENLIVEPATCH_SIGNATURE ", not verified\n",
                payload->signature);
    }
    if (!payload->reapplicable) {
        fprintf(out, "    cannot be applied again after a revert by engines "
                "that keep no copy of its data\n");
    }
    return !fflush(out) && !ferror(out);
}

bool payload_inspect(const char *path, bool json, FILE *out, char **why)
{
    xenlivepatch_payload *payload = payload_read(path, why);
    char *label;
    bool ok;

    if (!payload) {
        return false;
    }
    label = printable_name(path);
    ok = json ? inspect_print_json(payload, label, out)
              : inspect_print(payload, label, out);
    if (!ok) {
        fail_with(why, "can't write: %s", strerror(errno));
    }
    free(label);
    xenlivepatch_free(payload);
    return ok;
}
