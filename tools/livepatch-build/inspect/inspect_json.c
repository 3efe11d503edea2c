/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing a payload as JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "report/json.h"
#include "report/printable.h"
#include "running/payload_read.h"

static void put_functions(yajl_gen gen, const xenlivepatch_payload *payload)
{
    json_string(gen, "functions");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_functions; i++) {
        const xenlivepatch_function *function = &payload->functions[i];

        yajl_gen_map_open(gen);
        json_text(gen, "name", function->name);
        json_address(gen, "old_addr", function->old_addr);
        json_number(gen, "old_size", function->old_size);
        json_number(gen, "new_size", function->new_size);
        json_text(gen, "replacement", function->replacement);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_hooks(yajl_gen gen, const xenlivepatch_payload *payload)
{
    json_string(gen, "hooks");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_hooks; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "kind", payload->hooks[i].kind);
        json_text(gen, "function", payload->hooks[i].function);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_tables(yajl_gen gen, const xenlivepatch_payload *payload)
{
    json_string(gen, "tables");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_sections; i++) {
        const xenlivepatch_section *section = &payload->sections[i];

        if (section->entries) {
            yajl_gen_map_open(gen);
            json_text(gen, "name", section->name);
            json_number(gen, "entries", section->entries);
            yajl_gen_map_close(gen);
        }
    }
    yajl_gen_array_close(gen);
}

static void put_sections(yajl_gen gen, const xenlivepatch_payload *payload)
{
    json_string(gen, "sections");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_sections; i++) {
        const xenlivepatch_section *section = &payload->sections[i];
        const char permissions[] = {
            'r', section->writable ? 'w' : '-',
            section->executable ? 'x' : '-', '\0'
        };

        yajl_gen_map_open(gen);
        json_text(gen, "name", section->name);
        json_number(gen, "size", section->size);
        json_text(gen, "permissions", permissions);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_symbols(yajl_gen gen, const xenlivepatch_payload *payload)
{
    static const char *const kinds[] = {
        [XENLIVEPATCH_SYMBOL_NEW] = "new",
        [XENLIVEPATCH_SYMBOL_REPLACEMENT] = "override",
        [XENLIVEPATCH_SYMBOL_NEEDED] = "needed",
        [XENLIVEPATCH_SYMBOL_FIXED] = "fixed",
    };

    json_string(gen, "symbols");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_symbols; i++) {
        const xenlivepatch_symbol *symbol = &payload->symbols[i];
        char *name = printable_name(symbol->name);

        yajl_gen_map_open(gen);
        json_text(gen, "kind", kinds[symbol->kind]);
        json_text(gen, "name", name);
        free(name);
        if (symbol->kind == XENLIVEPATCH_SYMBOL_FIXED) {
            json_address(gen, "addr", symbol->value);
        }
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_metadata(yajl_gen gen, const xenlivepatch_payload *payload)
{
    json_string(gen, "metadata");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < payload->num_metadata; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "key", payload->metadata[i].key);
        json_text(gen, "value", payload->metadata[i].value);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_all(yajl_gen gen, const xenlivepatch_payload *payload,
                    const char *path)
{
    yajl_gen_map_open(gen);
    json_text(gen, "file", path);
    json_text(gen, "name", payload_value(payload, "name"));
    json_text(gen, "build_id", payload->build_id);
    json_text(gen, "depends", payload->depends);
    json_text(gen, "xen_build_id", payload->xen_build_id);
    put_functions(gen, payload);
    put_hooks(gen, payload);
    put_tables(gen, payload);
    put_sections(gen, payload);
    put_symbols(gen, payload);
    put_metadata(gen, payload);
    json_string(gen, "signature");
    if (payload->signature) {
        yajl_gen_integer(gen, payload->signature);
    } else {
        yajl_gen_null(gen);
    }
    json_bool(gen, "reapplicable", payload->reapplicable);
    yajl_gen_map_close(gen);
}

bool inspect_print_json(const xenlivepatch_payload *payload, const char *path,
                        FILE *out)
{
    yajl_gen gen = json_begin();

    if (!gen) {
        return false;
    }
    put_all(gen, payload, path);
    return json_end(gen, out);
}
