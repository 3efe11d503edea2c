/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's symbols, under the names that its own table has for them:
 * a local one is preceded by its source file and '#'.
 */
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/sorted.h"
#include "running_private.h"

static int compare_places(const xlp_xen_symbol *a, const xlp_xen_symbol *b)
{
    return (a > b) - (a < b);
}

static int compare_addresses(const void *a, const void *b)
{
    const xlp_xen_symbol *one = *(const xlp_xen_symbol *const *)a;
    const xlp_xen_symbol *two = *(const xlp_xen_symbol *const *)b;

    if (one->addr != two->addr) {
        return one->addr < two->addr ? -1 : 1;
    }
    return compare_places(one, two);
}

#define COMPARE_BY(what)                                            \
static int compare_by_ ## what(const void *a, const void *b)        \
{                                                                   \
    const xlp_xen_symbol *one = *(const xlp_xen_symbol *const *)a;  \
    const xlp_xen_symbol *two = *(const xlp_xen_symbol *const *)b;  \
    int order = strcmp(one->what, two->what);                       \
                                                                    \
    return order ? order : compare_places(one, two);                \
}
COMPARE_BY(bare)
COMPARE_BY(name)

static const xlp_xen_symbol **sorted(const struct running *running,
                                     int (*order)(const void *, const void *))
{
    const xlp_xen_symbols *xen = &running->xen;
    const xlp_xen_symbol **list = must_alloc(xen->num_symbols, sizeof(*list));

    for (size_t i = 0; i < xen->num_symbols; i++) {
        list[i] = &xen->symbols[i];
    }
    qsort(list, xen->num_symbols, sizeof(*list), order);
    return list;
}

void running_read_symbols(struct running *running)
{
    if (xlp_xen_symbols_read(&running->xen, &running->elf)) {
        must_have(NULL);
    }
    running->by_name = sorted(running, compare_by_bare);
    running->by_full = sorted(running, compare_by_name);
    running->by_address = sorted(running, compare_addresses);
}

void running_free_symbols(struct running *running)
{
    free(running->by_name);
    free(running->by_full);
    free(running->by_address);
    xlp_xen_symbols_dispose(&running->xen);
}

/* A number that the linker made of a function's address has its type. */
static unsigned char type_of(const xlp_xen_symbol *symbol)
{
    return symbol->section ? symbol->type : STT_NOTYPE;
}

static struct running_symbol told(const struct running *running,
                                  const xlp_xen_symbol *symbol)
{
    return (struct running_symbol){
        .name = symbol->name, .address = symbol->addr, .size = symbol->size,
        .type = type_of(symbol), .local = symbol->local, .unit = symbol->unit,
        .init = symbol->section && running_is_init(running, symbol->addr),
    };
}

enum key { KEY_BARE, KEY_FULL };

static const char *key_of(const xlp_xen_symbol *symbol, enum key key)
{
    return key == KEY_BARE ? symbol->bare : symbol->name;
}

/* The first in the sorted list that isn't below the name. */
static size_t first(const struct running *running, enum key key,
                    const xlp_xen_symbol *const *list, const char *name)
{
    size_t at;

    FIND_SORTED(at, running->xen.num_symbols,
                strcmp(key_of(list[at], key), name) < 0);
    return at;
}

#define FOR_EACH_NAMED(entry, running, key, list, wanted)               \
    for (size_t at = first(running, key, list, wanted);                 \
         at < (running)->xen.num_symbols && ((entry) = (list)[at]) &&   \
         !strcmp(key_of(entry, key), wanted); at++)

size_t running_find(const struct running *running, const char *source,
                    const char *name, bool local,
                    struct running_symbol *symbol)
{
    const xlp_xen_symbol *entry;
    size_t found = 0;
    char *full;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->local != local ||
            (local && *source &&
             !running_unit_is(running, entry->unit, source))) {
            continue;
        }
        if (!found++) {
            *symbol = told(running, entry);
        }
    }
    if (found) {
        return found;
    }
    full = local && *source ? must_print("%s#%s", source, name)
                            : must_copy(name);
    found = running_find_added(running, full, symbol);
    free(full);
    return found;
}

bool running_find_number(const struct running *running, const char *name,
                         uint64_t *number)
{
    const xlp_xen_symbol *entry;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (!entry->section) {
            *number = entry->addr;
            return true;
        }
    }
    return false;
}

size_t running_units(const struct running *running)
{
    return running->xen.num_units;
}

const char *running_unit_source(const struct running *running,
                                unsigned int unit)
{
    return unit < running->xen.num_units ? running->xen.units[unit] : "";
}

bool running_unit_is(const struct running *running, unsigned int unit,
                     const char *source)
{
    const char *name = running_unit_source(running, unit);
    size_t length = strlen(name), end = strlen(source);

    if (!strcmp(name, source)) {
        return true;
    }
    return (starts_with(name, "/") || starts_with(name, "../")) &&
           length > end && name[length - end - 1] == '/' &&
           !strcmp(name + length - end, source);
}

size_t running_find_in(const struct running *running, unsigned int unit,
                       const char *name, struct running_symbol *symbol)
{
    const xlp_xen_symbol *entry;
    size_t found = 0;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->local && entry->unit == unit && !found++) {
            *symbol = told(running, entry);
        }
    }
    return found;
}

size_t running_find_all(const struct running *running, const char *name,
                        struct running_symbol *symbols, size_t max)
{
    const xlp_xen_symbol *entry;
    size_t found = 0;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->local) {
            if (found < max) {
                symbols[found] = told(running, entry);
            }
            found++;
        }
    }
    return found;
}

bool running_is_unique(const struct running *running, const char *full_name)
{
    const xlp_xen_symbol *entry, *found = NULL;

    if (strlen(full_name) > SYMBOL_NAME_MAX) {
        return false;
    }
    FOR_EACH_NAMED(entry, running, KEY_FULL, running->by_full, full_name) {
        if (!entry->in_table) {
            continue;
        }
        /* Which of two the host finds isn't ours to guess. */
        if (found && found->addr != entry->addr) {
            return false;
        }
        found = entry;
    }
    return found || running_count_added(running, full_name) == 1;
}

bool running_symbol_number(const struct running *running, size_t number,
                           struct running_symbol *symbol)
{
    if (number >= running->xen.num_symbols) {
        return false;
    }
    *symbol = told(running, running->by_address[number]);
    return true;
}

bool running_symbol_at(const struct running *running, uint64_t address,
                       struct running_symbol *symbol)
{
    const xlp_xen_symbol *best = NULL;
    size_t at;

    FIND_SORTED(at, running->xen.num_symbols,
                running->by_address[at]->addr <= address);
    /* Of several at one address, a function or object rather than a label. */
    while (at--) {
        const xlp_xen_symbol *entry = running->by_address[at];

        if (best && entry->addr != best->addr) {
            break;
        }
        if (entry->section && (!best || best->type == STT_NOTYPE)) {
            best = entry;
        }
    }
    if (!best) {
        return false;
    }
    *symbol = told(running, best);
    return true;
}
