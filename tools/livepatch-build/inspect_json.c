/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing a payload as JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "json.h"
#include "printable.h"

static void put_id(yajl_gen gen, const char *key, const struct build_id *id)
{
    char *text = id->size ? printable_hex(id->bytes, id->size) : NULL;

    json_text(gen, key, text);
    free(text);
}

static void put_functions(yajl_gen gen, const struct inspected *inspected)
{
    json_string(gen, "functions");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nfunctions; i++) {
        const struct inspected_function *function = &inspected->functions[i];

        yajl_gen_map_open(gen);
        json_text(gen, "name", function->name);
        json_address(gen, "old_addr", function->old_address);
        json_number(gen, "old_size", function->old_size);
        json_number(gen, "new_size", function->new_size);
        json_text(gen, "replacement", function->replacement);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_hooks(yajl_gen gen, const struct inspected *inspected)
{
    json_string(gen, "hooks");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nhooks; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "kind", inspected->hooks[i].kind);
        json_text(gen, "function", inspected->hooks[i].function);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_tables(yajl_gen gen, const struct inspected *inspected)
{
    json_string(gen, "tables");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->ntables; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "name", inspected->tables[i].name);
        json_number(gen, "entries", inspected->tables[i].entries);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_sections(yajl_gen gen, const struct inspected *inspected)
{
    json_string(gen, "sections");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nsections; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "name", inspected->sections[i].name);
        json_number(gen, "size", inspected->sections[i].size);
        json_text(gen, "permissions", inspected->sections[i].permissions);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_symbols(yajl_gen gen, const struct inspected *inspected)
{
    static const char *const kinds[] = {
        [SYMBOL_NEW] = "new", [SYMBOL_OVERRIDE] = "override",
        [SYMBOL_NEEDED] = "needed", [SYMBOL_FIXED] = "fixed",
    };

    json_string(gen, "symbols");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nsymbols; i++) {
        const struct inspected_symbol *symbol = &inspected->symbols[i];

        yajl_gen_map_open(gen);
        json_text(gen, "kind", kinds[symbol->kind]);
        json_text(gen, "name", symbol->name);
        if (symbol->kind == SYMBOL_FIXED) {
            json_address(gen, "addr", symbol->address);
        }
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_metadata(yajl_gen gen, const struct inspected *inspected)
{
    json_string(gen, "metadata");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nmetadata; i++) {
        yajl_gen_map_open(gen);
        json_text(gen, "key", inspected->metadata[i].key);
        json_text(gen, "value", inspected->metadata[i].value);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_all(yajl_gen gen, const struct inspected *inspected)
{
    char *path = printable_text(inspected->path, strlen(inspected->path),
                                false);

    yajl_gen_map_open(gen);
    json_text(gen, "file", path);
    json_text(gen, "name", inspect_value(inspected, "name"));
    put_id(gen, "build_id", &inspected->build_id);
    put_id(gen, "depends", &inspected->depends);
    put_id(gen, "xen_build_id", &inspected->xen_depends);
    put_functions(gen, inspected);
    put_hooks(gen, inspected);
    put_tables(gen, inspected);
    put_sections(gen, inspected);
    put_symbols(gen, inspected);
    put_metadata(gen, inspected);
    json_string(gen, "signature");
    if (inspected->signature) {
        yajl_gen_integer(gen, inspected->signature);
    } else {
        yajl_gen_null(gen);
    }
    json_bool(gen, "reapplicable", inspected->reapplicable);
    yajl_gen_map_close(gen);
    free(path);
}

bool inspect_print_json(const struct inspected *inspected, FILE *out)
{
    yajl_gen gen = json_begin();

    if (!gen) {
        return false;
    }
    put_all(gen, inspected);
    return json_end(gen, out);
}
