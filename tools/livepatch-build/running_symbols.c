/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's symbols, under the names that its own table has for them:
 * a local one is preceded by its source file and '#'.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "running_private.h"

static const char *unit_source(const struct running *running, size_t unit)
{
    return running->units[unit];
}

static void add_symbol(struct running *running, const Elf64_Sym *symbol,
                       const char *name, unsigned int unit)
{
    struct entry *entry = &running->entries[running->nentries++];
    bool local = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL;

    *entry = (struct entry){
        .symbol = {
            .name = name, .address = symbol->st_value,
            .size = symbol->st_size, .type = ELF64_ST_TYPE(symbol->st_info),
            .local = local, .unit = local ? unit : 0,
        },
        .file = unit_source(running, local ? unit : 0), .bare = name,
        .absolute = symbol->st_shndx == SHN_ABS,
    };
    if (*entry->file) {
        entry->made = must_print("%s#%s", entry->file, name);
        entry->symbol.name = entry->made;
    }
}

static int compare_places(const struct entry *a, const struct entry *b)
{
    return (a > b) - (a < b);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct entry *one = *(struct entry *const *)a;
    const struct entry *two = *(struct entry *const *)b;

    if (one->symbol.address != two->symbol.address) {
        return one->symbol.address < two->symbol.address ? -1 : 1;
    }
    return compare_places(one, two);
}

#define COMPARE_BY(what, text)                                      \
static int compare_ ## what(const void *a, const void *b)           \
{                                                                   \
    const struct entry *one = *(struct entry *const *)a;            \
    const struct entry *two = *(struct entry *const *)b;            \
    int order = strcmp(one->text, two->text);                       \
                                                                    \
    return order ? order : compare_places(one, two);                \
}
COMPARE_BY(bare, bare)
COMPARE_BY(full, symbol.name)

static struct entry **sorted(struct running *running,
                             int (*order)(const void *, const void *))
{
    struct entry **list = must_alloc(running->nentries + 1, sizeof(*list));

    for (size_t i = 0; i < running->nentries; i++) {
        list[i] = &running->entries[i];
    }
    if (running->nentries) {
        qsort(list, running->nentries, sizeof(*list), order);
    }
    return list;
}

static bool is_mapped(const Elf64_Sym *symbol, const char *name)
{
    unsigned char type = ELF64_ST_TYPE(symbol->st_info);

    return symbol->st_shndx != SHN_UNDEF && *name && type != STT_SECTION;
}

bool running_read_symbols(struct running *running, Elf_Scn *table, char **why)
{
    GElf_Shdr copy, *header = gelf_getshdr(table, &copy);
    Elf_Data *data = elf_getdata(table, NULL);
    size_t count = header && data ? data->d_size / sizeof(Elf64_Sym) : 0;
    size_t room = 0;
    const Elf64_Sym *symbols = data ? data->d_buf : NULL;

    running->entries = must_alloc(count + 1, sizeof(*running->entries));
    running->units = must_grow(NULL, &room, 1, sizeof(*running->units));
    running->units[running->nunits++] = "";
    for (size_t i = 1; symbols && i < count; i++) {
        const char *name = elf_strptr(running->elf, header->sh_link,
                                      symbols[i].st_name);

        if (!name) {
            fail_with(why, "%s: symbol %zu has a bad name", running->path, i);
            return false;
        }
        if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FILE) {
            if (is_mapped(&symbols[i], name)) {
                add_symbol(running, &symbols[i], name, running->nunits - 1);
            }
        } else if (*name) {
            /* One without a name is skipped by the table's maker, too. */
            running->units = must_grow(running->units, &room,
                                       running->nunits + 1,
                                       sizeof(*running->units));
            running->units[running->nunits++] = name;
        }
    }
    running->by_name = sorted(running, compare_bare);
    running->by_full = sorted(running, compare_full);
    running->by_address = sorted(running, compare_addresses);
    return true;
}

void running_free_symbols(struct running *running)
{
    for (size_t i = 0; i < running->nentries; i++) {
        free(running->entries[i].made);
    }
    free(running->entries);
    free(running->by_name);
    free(running->by_full);
    free(running->by_address);
    free(running->units);
}

enum key { KEY_BARE, KEY_FULL };

static const char *key_of(const struct entry *entry, enum key key)
{
    return key == KEY_BARE ? entry->bare : entry->symbol.name;
}

/* The first in the sorted list that isn't below the name. */
static size_t first(const struct running *running, enum key key,
                    struct entry *const *list, const char *name)
{
    size_t low = 0, high = running->nentries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(key_of(list[middle], key), name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

#define FOR_EACH_NAMED(entry, running, key, list, wanted)               \
    for (size_t at = first(running, key, list, wanted);                 \
         at < (running)->nentries && ((entry) = (list)[at]) &&          \
         !strcmp(key_of(entry, key), wanted); at++)

size_t running_find(const struct running *running, const char *source,
                    const char *name, bool local,
                    struct running_symbol *symbol)
{
    const struct entry *entry;
    size_t found = 0;
    char *full;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->symbol.local != local ||
            (local && *source && strcmp(entry->file, source))) {
            continue;
        }
        if (!found++) {
            *symbol = entry->symbol;
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

size_t running_units(const struct running *running)
{
    return running->nunits;
}

const char *running_unit_source(const struct running *running,
                                unsigned int unit)
{
    return unit < running->nunits ? running->units[unit] : "";
}

size_t running_find_in(const struct running *running, unsigned int unit,
                       const char *name, struct running_symbol *symbol)
{
    const struct entry *entry;
    size_t found = 0;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->symbol.local && entry->symbol.unit == unit && !found++) {
            *symbol = entry->symbol;
        }
    }
    return found;
}

size_t running_find_all(const struct running *running, const char *name,
                        struct running_symbol *symbols, size_t max)
{
    const struct entry *entry;
    size_t found = 0;

    FOR_EACH_NAMED(entry, running, KEY_BARE, running->by_name, name) {
        if (entry->symbol.local) {
            if (found < max) {
                symbols[found] = entry->symbol;
            }
            found++;
        }
    }
    return found;
}

/* Which of the symbols the host's own table has. */
static bool in_table(const struct entry *entry)
{
    return !entry->absolute && entry->bare[0] != '$' &&
           !strstr(entry->symbol.name, "_compiled.");
}

bool running_is_unique(const struct running *running, const char *full_name)
{
    const struct entry *entry, *found = NULL;

    if (strlen(full_name) > SYMBOL_NAME_MAX) {
        return false;
    }
    FOR_EACH_NAMED(entry, running, KEY_FULL, running->by_full, full_name) {
        if (!in_table(entry)) {
            continue;
        }
        /* Which of two the host finds isn't ours to guess. */
        if (found && found->symbol.address != entry->symbol.address) {
            return false;
        }
        found = entry;
    }
    return found || running_count_added(running, full_name) == 1;
}

bool running_symbol_number(const struct running *running, size_t number,
                           struct running_symbol *symbol)
{
    if (number >= running->nentries) {
        return false;
    }
    *symbol = running->by_address[number]->symbol;
    return true;
}

bool running_symbol_at(const struct running *running, uint64_t address,
                       struct running_symbol *symbol)
{
    const struct entry *best = NULL;
    size_t low = 0, high = running->nentries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (running->by_address[middle]->symbol.address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* Of several at one address, a function or object rather than a label. */
    while (low--) {
        const struct entry *entry = running->by_address[low];

        if (best && entry->symbol.address != best->symbol.address) {
            break;
        }
        if (!entry->absolute && (!best || best->symbol.type == STT_NOTYPE)) {
            best = entry;
        }
    }
    if (!best) {
        return false;
    }
    *symbol = best->symbol;
    return true;
}
