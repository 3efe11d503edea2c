/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing a payload as JSON.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "inspect.h"
#include "memory.h"

static void put_string(yajl_gen gen, const char *text)
{
    if (text) {
        yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
    } else {
        yajl_gen_null(gen);
    }
}

static void put_text(yajl_gen gen, const char *key, const char *text)
{
    put_string(gen, key);
    put_string(gen, text);
}

static void put_number(yajl_gen gen, const char *key, uint64_t number)
{
    put_string(gen, key);
    yajl_gen_integer(gen, number);
}

/* Addresses are text: numbers of JSON lose bits of them. */
static void put_address(yajl_gen gen, const char *key, uint64_t address)
{
    char *text = address ? must_print("%#" PRIx64, address) : NULL;

    put_text(gen, key, text);
    free(text);
}

static void put_id(yajl_gen gen, const char *key, const struct build_id *id)
{
    char *text = id->size ? inspect_id(id) : NULL;

    put_text(gen, key, text);
    free(text);
}

static void put_functions(yajl_gen gen, const struct inspected *inspected)
{
    put_string(gen, "functions");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nfunctions; i++) {
        const struct inspected_function *function = &inspected->functions[i];

        yajl_gen_map_open(gen);
        put_text(gen, "name", function->name);
        put_address(gen, "old_addr", function->old_address);
        put_number(gen, "old_size", function->old_size);
        put_number(gen, "new_size", function->new_size);
        put_text(gen, "replacement", function->replacement);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_hooks(yajl_gen gen, const struct inspected *inspected)
{
    put_string(gen, "hooks");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nhooks; i++) {
        yajl_gen_map_open(gen);
        put_text(gen, "kind", inspected->hooks[i].kind);
        put_text(gen, "function", inspected->hooks[i].function);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_tables(yajl_gen gen, const struct inspected *inspected)
{
    put_string(gen, "tables");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->ntables; i++) {
        yajl_gen_map_open(gen);
        put_text(gen, "name", inspected->tables[i].name);
        put_number(gen, "entries", inspected->tables[i].entries);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_sections(yajl_gen gen, const struct inspected *inspected)
{
    put_string(gen, "sections");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nsections; i++) {
        yajl_gen_map_open(gen);
        put_text(gen, "name", inspected->sections[i].name);
        put_number(gen, "size", inspected->sections[i].size);
        put_text(gen, "permissions", inspected->sections[i].permissions);
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

    put_string(gen, "symbols");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nsymbols; i++) {
        const struct inspected_symbol *symbol = &inspected->symbols[i];

        yajl_gen_map_open(gen);
        put_text(gen, "kind", kinds[symbol->kind]);
        put_text(gen, "name", symbol->name);
        if (symbol->kind == SYMBOL_FIXED) {
            put_address(gen, "addr", symbol->address);
        }
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_metadata(yajl_gen gen, const struct inspected *inspected)
{
    put_string(gen, "metadata");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < inspected->nmetadata; i++) {
        yajl_gen_map_open(gen);
        put_text(gen, "key", inspected->metadata[i].key);
        put_text(gen, "value", inspected->metadata[i].value);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_all(yajl_gen gen, const struct inspected *inspected)
{
    char *path = inspect_text(inspected->path, strlen(inspected->path));

    yajl_gen_map_open(gen);
    put_text(gen, "file", path);
    put_text(gen, "name", inspect_value(inspected, "name"));
    put_id(gen, "build_id", &inspected->build_id);
    put_id(gen, "depends", &inspected->depends);
    put_id(gen, "xen_build_id", &inspected->xen_depends);
    put_functions(gen, inspected);
    put_hooks(gen, inspected);
    put_tables(gen, inspected);
    put_sections(gen, inspected);
    put_symbols(gen, inspected);
    put_metadata(gen, inspected);
    put_string(gen, "signature");
    if (inspected->signature) {
        yajl_gen_integer(gen, inspected->signature);
    } else {
        yajl_gen_null(gen);
    }
    put_string(gen, "reapplicable");
    yajl_gen_bool(gen, inspected->reapplicable);
    yajl_gen_map_close(gen);
    free(path);
}

bool inspect_print_json(const struct inspected *inspected, FILE *out)
{
    yajl_gen gen = yajl_gen_alloc(NULL);
    const unsigned char *text;
    size_t size;
    bool ok;

    if (!gen) {
        return false;
    }
    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "    ");
    put_all(gen, inspected);
    ok = yajl_gen_get_buf(gen, &text, &size) == yajl_gen_status_ok &&
         fwrite(text, 1, size, out) == size && !fflush(out);
    yajl_gen_free(gen);
    return ok;
}
