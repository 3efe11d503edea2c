/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing a payload, for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "memory.h"
#include "payload.h"
#include "payload_notes.h"
#include "printable.h"

static void print_id(FILE *out, const char *label, const struct build_id *id)
{
    char *text;

    if (id->size) {
        text = printable_hex(id->bytes, id->size);
        fprintf(out, "    %s %s\n", label, text);
        free(text);
    }
}

static void print_functions(FILE *out, const struct inspected *inspected)
{
    for (size_t i = 0; i < inspected->nfunctions; i++) {
        const struct inspected_function *function = &inspected->functions[i];

        fprintf(out, "    function %s", function->name);
        if (function->old_address) {
            fprintf(out, " at %#" PRIx64, function->old_address);
        }
        if (function->replacement) {
            fprintf(out, ": %" PRIu32 " bytes replaced by %" PRIu32 "\n",
                    function->old_size, function->new_size);
        } else {
            fprintf(out, ": %" PRIu32 " of %" PRIu32 " bytes become "
                    "no-operations\n", function->new_size,
                    function->old_size);
        }
    }
}

static void print_symbols(FILE *out, const struct inspected *inspected)
{
    static const char *const words[] = {
        [SYMBOL_NEW] = "new", [SYMBOL_NEEDED] = "needs",
        [SYMBOL_FIXED] = "needs",
    };

    for (size_t i = 0; i < inspected->nsymbols; i++) {
        const struct inspected_symbol *symbol = &inspected->symbols[i];

        if (symbol->kind == SYMBOL_OVERRIDE) {
            continue;
        }
        fprintf(out, "    %s %s", words[symbol->kind], symbol->name);
        if (symbol->kind == SYMBOL_FIXED) {
            fprintf(out, " at %#" PRIx64, symbol->address);
        }
        fprintf(out, "\n");
    }
}

static void print_contents(FILE *out, const struct inspected *inspected)
{
    for (size_t i = 0; i < inspected->nhooks; i++) {
        fprintf(out, "    hook %s: %s\n", inspected->hooks[i].kind,
                inspected->hooks[i].function);
    }
    for (size_t i = 0; i < inspected->ntables; i++) {
        fprintf(out, "    table %s: %zu entr%s\n", inspected->tables[i].name,
                inspected->tables[i].entries,
                inspected->tables[i].entries == 1 ? "y" : "ies");
    }
    for (size_t i = 0; i < inspected->nsections; i++) {
        fprintf(out, "    section %s: %" PRIu64 " bytes, %s\n",
                inspected->sections[i].name, inspected->sections[i].size,
                inspected->sections[i].permissions);
    }
}

static void print_metadata(FILE *out, const struct inspected *inspected)
{
    for (size_t i = 0; i < inspected->nmetadata; i++) {
        const struct inspected_metadata *entry = &inspected->metadata[i];

        fprintf(out, "    metadata %s%s%s\n", entry->key,
                entry->value ? "=" : "", entry->value ? entry->value : "");
    }
}

bool inspect_print(const struct inspected *inspected, FILE *out)
{
    const char *name = inspect_value(inspected, "name");
    char *path = printable_text(inspected->path, strlen(inspected->path),
                                false);

    fprintf(out, "%s\n", path);
    free(path);
    if (name) {
        fprintf(out, "    name %s\n", name);
    }
    print_id(out, "build-id", &inspected->build_id);
    print_id(out, "depends on", &inspected->depends);
    print_id(out, "made for Xen", &inspected->xen_depends);
    print_functions(out, inspected);
    print_contents(out, inspected);
    print_symbols(out, inspected);
    print_metadata(out, inspected);
    if (inspected->signature) {
        fprintf(out, "    signature of %" PRIu64 " bytes in "
                SIGNATURE_SECTION ", not verified\n", inspected->signature);
    }
    if (!inspected->reapplicable) {
        fprintf(out, "    cannot be applied again after a revert by engines "
                "that keep no copy of its data\n");
    }
    return !fflush(out) && !ferror(out);
}

bool payload_inspect(const char *path, bool json, FILE *out, char **why)
{
    struct object *object = object_read(path, path, why);
    struct inspected inspected = { .path = path };
    bool ok;

    if (!object) {
        return false;
    }
    ok = inspect_read(&inspected, object, why);
    if (ok) {
        ok = json ? inspect_print_json(&inspected, out)
                  : inspect_print(&inspected, out);
        if (!ok) {
            fail_with(why, "can't write: %s", strerror(errno));
        }
    }
    inspect_free(&inspected);
    object_free(object);
    return ok;
}
