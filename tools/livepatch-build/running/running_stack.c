/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payloads that are below ours in the stack. */
#include <stdlib.h>
#include <string.h>

#include "payload_read.h"
#include "support/memory.h"
#include "support/sorted.h"
#include "report/printable.h"
#include "running_private.h"

static bool must_match(const char *payload, const char *what,
                       const char *wanted, const struct build_id *present,
                       char **why)
{
    char *id = printable_hex(present->bytes, present->size);
    bool same = !strcmp(wanted, id);

    if (!same) {
        fail_with(why, "%s: %s %s, but that is %s", payload, what, wanted, id);
    }
    free(id);
    return same;
}

static int compare_keys(const void *a, const void *b)
{
    const struct added_symbol *one = a, *two = b;
    int order = strcmp(one->key, two->key);

    return order ? order : strcmp(one->name, two->name);
}

/* What comes last in a name is the symbol itself, whatever stands before it. */
static const char *key_in(const char *name)
{
    const char *hash = strrchr(name, '#');
    const char *slash = strrchr(hash ? hash : name, '/');

    return slash ? slash + 1 : hash ? hash + 1 : name;
}

static void add_symbols(struct running *running,
                        const xenlivepatch_payload *payload)
{
    size_t room = running->nadded;

    for (size_t i = 0; i < payload->num_symbols; i++) {
        const xenlivepatch_symbol *symbol = &payload->symbols[i];
        bool replacement = symbol->kind == XENLIVEPATCH_SYMBOL_REPLACEMENT;
        struct added_symbol *added;

        if (!replacement && symbol->kind != XENLIVEPATCH_SYMBOL_NEW) {
            continue;
        }
        running->added = must_grow(running->added, &room, running->nadded + 1,
                                   sizeof(*running->added));
        added = &running->added[running->nadded++];
        added->name = must_copy(symbol->name);
        added->key = key_in(added->name);
        added->size = symbol->size;
        added->type = symbol->type;
        added->replaces = replacement;
        added->payload = running->nstacked;
    }
    if (running->nadded) {
        qsort(running->added, running->nadded, sizeof(*running->added),
              compare_keys);
    }
}

static void set_top(struct running *running, const char *id)
{
    char *text = must_print("hex:%s", id);
    char *bytes = must_have(xenlivepatch_bytes(text, &running->top_id.size));

    memcpy(running->top_id.bytes, bytes, running->top_id.size);
    free(bytes);
    free(text);
}

static void add_stacked(struct running *running, const char *path,
                        const xenlivepatch_payload *payload)
{
    const char *sources = payload_value(payload, SOURCES_KEY);

    running->stacked = must_grow(running->stacked, &running->stacked_room,
                                 running->nstacked + 1,
                                 sizeof(*running->stacked));
    running->stacked[running->nstacked++] = (struct stacked) {
        .path = must_copy(path), .sources = sources ? must_copy(sources) : NULL,
    };
}

bool running_stack(struct running *running, const char *path, char **why)
{
    xenlivepatch_payload *payload = payload_read(path, why);
    bool good = false;

    if (!payload) {
        return false;
    }
    if (!payload->build_id || !payload->depends || !payload->xen_build_id) {
        fail_with(why, "%s: no payload: it doesn't say what it is, is made "
                  "for, and depends on", path);
    } else {
        good = must_match(path, "a payload for the Xen with build-id",
                          payload->xen_build_id, &running->xen_id, why) &&
            must_match(path, "a payload to be on top of build-id",
                       payload->depends, &running->top_id, why);
    }
    if (good) {
        add_symbols(running, payload);
        add_stacked(running, path, payload);
        set_top(running, payload->build_id);
    }
    xenlivepatch_free(payload);
    return good;
}

void running_free_stack(struct running *running)
{
    for (size_t i = 0; i < running->nadded; i++) {
        free(running->added[i].name);
    }
    free(running->added);
    for (size_t i = 0; i < running->nstacked; i++) {
        free(running->stacked[i].path);
        free(running->stacked[i].sources);
    }
    free(running->stacked);
}

static size_t first_added(const struct running *running, const char *key)
{
    size_t at;

    FIND_SORTED(at, running->nadded, strcmp(running->added[at].key, key) < 0);
    return at;
}

/* Is the name this one, or this one behind a prefix that ends in '/'? */
static bool is_called(const char *name, const char *full)
{
    size_t size = strlen(name), end = strlen(full);

    return size >= end && !strcmp(name + size - end, full) &&
           (size == end || name[size - end - 1] == '/');
}

size_t running_find_added(const struct running *running, const char *full,
                          struct running_symbol *symbol)
{
    const char *key = key_in(full);
    size_t found = 0;

    for (size_t i = first_added(running, key);
         i < running->nadded && !strcmp(running->added[i].key, key); i++) {
        const struct added_symbol *added = &running->added[i];

        /* "a.c#f" is no "f". */
        if (added->replaces || !is_called(added->name, full) ||
            (strchr(added->name, '#') && !strchr(full, '#'))) {
            continue;
        }
        if (!found++) {
            *symbol = (struct running_symbol){
                .name = added->name, .size = added->size,
                .type = added->type, .local = strchr(full, '#') != NULL,
            };
        }
    }
    return found;
}

size_t running_count_added(const struct running *running, const char *full)
{
    const char *key = key_in(full);
    size_t found = 0;

    for (size_t i = first_added(running, key);
         i < running->nadded && !strcmp(running->added[i].key, key); i++) {
        found += !running->added[i].replaces &&
                 !strcmp(running->added[i].name, full);
    }
    return found;
}

size_t running_stacked(const struct running *running,
                       const struct stacked **list)
{
    *list = running->stacked;
    return running->nstacked;
}

const struct stacked *running_replaced(const struct running *running,
                                       const char *full_name)
{
    const char *key = key_in(full_name);
    const struct stacked *topmost = NULL;

    for (size_t i = first_added(running, key);
         i < running->nadded && !strcmp(running->added[i].key, key); i++) {
        const struct added_symbol *added = &running->added[i];
        const struct stacked *payload = &running->stacked[added->payload];

        if (added->replaces && !strcmp(added->name, full_name) &&
            (!topmost || payload > topmost)) {
            topmost = payload;
        }
    }
    return topmost;
}

/* "common/a.c#count.1" is "common/a.c#count": the number behind the key's. */
static char *without_number(const char *name)
{
    const char *dot = strchr(key_in(name), '.');
    bool number = dot && dot[1] && !dot[1 + strspn(dot + 1, "0123456789")];

    return number ? must_print("%.*s", (int)(dot - name), name)
                  : must_copy(name);
}

size_t running_brought(const struct running *running, const char *full_name,
                       struct running_symbol *symbol)
{
    char *wanted = without_number(full_name);
    size_t found = 0;

    for (size_t i = 0; i < running->nadded; i++) {
        const struct added_symbol *added = &running->added[i];
        char *name = without_number(added->name);

        if (!added->replaces && is_called(name, wanted) &&
            (strchr(wanted, '#') || !strchr(name, '#')) && !found++) {
            *symbol = (struct running_symbol){
                .name = added->name, .size = added->size, .type = added->type,
                .local = strchr(wanted, '#') != NULL,
            };
        }
        free(name);
    }
    free(wanted);
    return found;
}
