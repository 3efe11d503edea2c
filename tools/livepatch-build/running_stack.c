/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payloads that are below ours in the stack. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "made_of.h"
#include "memory.h"
#include "object.h"
#include "running_private.h"

/* struct livepatch_func of the payload format. */
#define FUNC_SIZE 104
#define FUNC_NEW_ADDRESS 8

static const struct section *find_section(const struct object *payload,
                                          const char *name)
{
    for (size_t i = 0; i < payload->nsections; i++) {
        const struct section *section = &payload->sections[i];

        if (section->name && !strcmp(section->name, name)) {
            return section;
        }
    }
    return NULL;
}

static bool note_id(const struct object *payload, const char *name,
                    struct build_id *id, char **why)
{
    const struct section *section = find_section(payload, name);

    if (!section || !section->bytes ||
        !running_note_id(section->bytes, section->size, id)) {
        fail_with(why, "%s: no payload: it has no %s", payload->path, name);
        return false;
    }
    return true;
}

static char *id_text(const struct build_id *id)
{
    char *text = must_alloc(2 * id->size + 1, 1);

    for (size_t i = 0; i < id->size; i++) {
        static const char digits[] = "0123456789abcdef";

        text[2 * i] = digits[id->bytes[i] >> 4];
        text[2 * i + 1] = digits[id->bytes[i] & 15];
    }
    return text;
}

static bool same_id(const struct build_id *a, const struct build_id *b)
{
    return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

static bool must_match(const struct object *payload, const char *what,
                       const struct build_id *wanted,
                       const struct build_id *present, char **why)
{
    char *one, *two;

    if (same_id(wanted, present)) {
        return true;
    }
    one = id_text(wanted);
    two = id_text(present);
    fail_with(why, "%s: %s %s, but that is %s", payload->path, what, one, two);
    free(one);
    free(two);
    return false;
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

/* Where a function lies that replaces one of what is below. */
struct replacement {
    const struct section *section;
    uint64_t offset;
};

static int compare_replacements(const void *a, const void *b)
{
    const struct replacement *one = a, *two = b;

    if (one->section != two->section) {
        return one->section < two->section ? -1 : 1;
    }
    return (one->offset > two->offset) - (one->offset < two->offset);
}

static struct replacement *replacements(const struct object *payload,
                                        size_t *count)
{
    const struct section *funcs = find_section(payload, ".livepatch.funcs");
    struct replacement *list = NULL;
    size_t room = 0;

    *count = 0;
    for (size_t i = 0; funcs && i < funcs->natoms; i++) {
        const struct atom *atom = funcs->atoms[i];

        for (size_t j = 0; j < atom->nrefs; j++) {
            const struct ref *ref = &atom->refs[j];

            if ((atom->offset + ref->offset) % FUNC_SIZE ==
                FUNC_NEW_ADDRESS && ref->symbol->section) {
                list = must_grow(list, &room, *count + 1, sizeof(*list));
                list[(*count)++] = (struct replacement) {
                    ref->symbol->section, ref->symbol->value + ref->addend
                };
            }
        }
    }
    if (*count) {
        qsort(list, *count, sizeof(*list), compare_replacements);
    }
    return list;
}

/* As the engine: named, loaded, no label in a merged section. */
static bool is_known(const struct symbol *symbol)
{
    const struct section *section = symbol->section;

    return section && *symbol->name && (section->flags & SHF_ALLOC) &&
           symbol->type != STT_SECTION && symbol->type != STT_FILE &&
           (strncmp(symbol->name, ".L", 2) || !(section->flags & SHF_MERGE));
}

static bool is_replacement(const struct symbol *symbol,
                           const struct replacement *list, size_t count)
{
    const struct replacement key = { symbol->section, symbol->value };

    return count && bsearch(&key, list, count, sizeof(*list),
                            compare_replacements);
}

/* The value of an entry of the metadata; NULL if there is none. */
static const char *metadata(const struct object *payload, const char *key)
{
    const struct section *section = find_section(payload, ".modinfo");
    size_t at = 0, length = strlen(key);

    while (section && section->bytes && at < section->size) {
        const char *entry = (const char *)section->bytes + at;
        size_t size = strnlen(entry, section->size - at);

        if (size > length && size < section->size - at &&
            !memcmp(entry, key, length) && entry[length] == '=') {
            return entry + length + 1;
        }
        at += size + 1;
    }
    return NULL;
}

static enum below judge_patches(const struct object *payload,
                                const char *patches)
{
    const char *those = metadata(payload, MADE_OF_KEY);

    return !those ? BELOW_UNKNOWN :
           made_of_no_more(those, patches) ? BELOW_KEPT : BELOW_UNDONE;
}

static void add_symbols(struct running *running, const struct object *payload,
                        enum below replaces)
{
    size_t count, room = running->nadded;
    struct replacement *replaced = replacements(payload, &count);

    for (size_t i = 1; i < payload->nsymbols; i++) {
        struct symbol *symbol = &payload->symbols[i];
        struct added_symbol *added;

        if (!is_known(symbol)) {
            continue;
        }
        running->added = must_grow(running->added, &room, running->nadded + 1,
                                   sizeof(*running->added));
        added = &running->added[running->nadded++];
        added->name = must_copy(symbol->name);
        added->key = key_in(added->name);
        added->size = symbol->size;
        added->type = symbol->type;
        added->replaces = is_replacement(symbol, replaced, count) ?
                          replaces : BELOW_UNPATCHED;
    }
    free(replaced);
    if (running->nadded) {
        qsort(running->added, running->nadded, sizeof(*running->added),
              compare_keys);
    }
}

bool running_stack(struct running *running, const char *payload,
                   const char *patches, char **why)
{
    struct object *object = object_read(payload, payload, why);
    struct build_id own, depends, xen;
    bool good;

    if (!object) {
        return false;
    }
    good = note_id(object, ".livepatch.depends", &depends, why) &&
        note_id(object, ".livepatch.xen_depends", &xen, why) &&
        note_id(object, ".note.gnu.build-id", &own, why) &&
        must_match(object, "a payload for the Xen with build-id", &xen,
                   &running->xen_id, why) &&
        must_match(object, "a payload to be on top of build-id", &depends,
                   &running->top_id, why);
    if (good) {
        add_symbols(running, object, judge_patches(object, patches));
        running->top_id = own;
    }
    object_free(object);
    return good;
}

void running_free_stack(struct running *running)
{
    for (size_t i = 0; i < running->nadded; i++) {
        free(running->added[i].name);
    }
    free(running->added);
}

static size_t first_added(const struct running *running, const char *key)
{
    size_t low = 0, high = running->nadded;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(running->added[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
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

enum below running_below(const struct running *running, const char *full_name)
{
    const char *key = key_in(full_name);
    enum below worst = BELOW_UNPATCHED;

    for (size_t i = first_added(running, key);
         i < running->nadded && !strcmp(running->added[i].key, key); i++) {
        const struct added_symbol *added = &running->added[i];

        if (added->replaces > worst && !strcmp(added->name, full_name)) {
            worst = added->replaces;
        }
    }
    return worst;
}
