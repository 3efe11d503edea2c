/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Symbols: resolving those of a file, and a payload's own table.
 *
 * Only global and weak ones are offered to other payloads and can be in each
 * other's way; local ones are kept to name addresses.
 */
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/list.h>
#include <xen/sort.h>
#include <xen/string.h>
#include <xen/symbols.h>
#include <xen/xmalloc.h>

#include "compat.h"
#include "functions.h"
#include "layout.h"
#include "memory.h"
#include "names.h"
#include "payloads.h"
#include "reason.h"
#include "symbols.h"

struct symbol {
    unsigned long addr;
    unsigned long size;
    const char *name;
    uint8_t rank;               /* Of those at one address, the last is best. */
    bool unsized;               /* Reaches to the next one. */
};

/* In the order of hashes, then of names: nothing that collides by intention
 * makes a lookup longer than a binary search. */
struct export {
    uint32_t hash;
    const char *name;
    unsigned long addr;
};

struct livepatch_symbols {
    char *names;                /* The file's string table. */
    struct symbol *table;       /* In the order of addresses. */
    struct export *exports;
    unsigned int n, nexports;
};

static bool is_freed(unsigned long addr)
{
    return addr >= (unsigned long)__init_begin &&
           addr < (unsigned long)__init_end;
}

static int resolve_undefined(const struct elf_view *elf,
                             struct payload *payload,
                             struct elf_symbol *symbol, bool force)
{
    struct payload *provider;
    int rc;

    symbol->value = symbols_lookup_anywhere(symbol->name, &provider);
    if ( !symbol->value )
        return refuse(elf->why, -ENOENT,
                      "symbol %s is neither in the hypervisor nor offered by "
                      "a loaded payload", symbol->name);

    if ( !provider && is_freed(symbol->value) && !force )
        return refuse(elf->why, -ENXIO,
                      "symbol %s (%#lx) belongs to code or data that was freed "
                      "after boot", symbol->name, (unsigned long)symbol->value);

    if ( provider )
    {
        rc = payload_bind(payload, provider);
        if ( rc )
            return rc;
    }

    symbol->resolved = true;

    return 0;
}

int symbols_resolve(struct elf_view *elf, struct payload *payload, bool force)
{
    unsigned int i;

    for ( i = 1; i < elf->nsymbols; i++ )
    {
        struct elf_symbol *symbol = &elf->symbols[i];
        int rc;

        if ( symbol->section == SHN_UNDEF )
        {
            rc = resolve_undefined(elf, payload, symbol, force);
            if ( rc )
                return rc;
        }
        else if ( symbol->section == SHN_ABS )
            symbol->resolved = true;
        else if ( elf->sections[symbol->section].loaded )
        {
            symbol->value += (uintptr_t)elf->sections[symbol->section].loaded;
            symbol->resolved = true;
        }
    }

    return 0;
}

/* Whether an address is worth to be called by this symbol's name. */
static bool is_listed(const struct elf_view *elf,
                      const struct elf_symbol *symbol)
{
    return symbol->section != SHN_UNDEF && symbol->section != SHN_ABS &&
           elf->sections[symbol->section].loaded &&
           symbol->type != STT_SECTION && symbol->type != STT_FILE &&
           symbol->name[0] && strncmp(symbol->name, ".L", 2);
}

/*
 * Hooks' pointers are weak symbols in sections of ours, for this payload's
 * linker only, and replacements are known by the names of what they replace.
 */
static bool is_exported(const struct elf_view *elf,
                        const struct payload *payload,
                        const struct elf_symbol *symbol)
{
    static const char ours[] = ".livepatch.";
    const char *section = elf->sections[symbol->section].name;

    return (symbol->binding == STB_GLOBAL || symbol->binding == STB_WEAK) &&
           strncmp(section, ours, sizeof(ours) - 1) &&
           !functions_replaces(payload, symbol->value);
}

static void fill_symbol(const struct elf_view *elf, struct symbol *entry,
                        const struct elf_symbol *symbol, const char *name)
{
    const struct elf_section *section = &elf->sections[symbol->section];
    unsigned long room = (uintptr_t)section->loaded +
                         section->header.sh_size - symbol->value;

    entry->addr = symbol->value;
    /* Whatever the file says: others take it for what can be read there. */
    entry->size = min_t(uint64_t, symbol->size ?: room, room);
    entry->name = name;
    entry->rank = (symbol->type == STT_FUNC ? 2 : 0) +
                  (symbol->binding == STB_LOCAL ? 0 : 1);
    entry->unsized = !symbol->size;
}

static int collect(const struct elf_view *elf, const struct payload *payload,
                   struct livepatch_symbols *symbols)
{
    const struct elf_section *names =
        &elf->sections[elf->sections[elf->symtab].header.sh_link];
    unsigned int i;

    symbols->names = table_alloc(names->header.sh_size, 1);
    symbols->table = table_alloc(elf->nsymbols, sizeof(*symbols->table));
    symbols->exports = table_alloc(elf->nsymbols, sizeof(*symbols->exports));
    if ( !symbols->names || !symbols->table || !symbols->exports )
        return refuse_no_memory(elf->why, "the table of symbols");

    memcpy(symbols->names, names->data, names->header.sh_size);

    for ( i = 1; i < elf->nsymbols; i++ )
    {
        const struct elf_symbol *symbol = &elf->symbols[i];
        const char *name;

        if ( !is_listed(elf, symbol) )
            continue;

        name = symbols->names + (symbol->name - (const char *)names->data);
        fill_symbol(elf, &symbols->table[symbols->n++], symbol, name);

        if ( is_exported(elf, payload, symbol) )
            symbols->exports[symbols->nexports++] = (struct export){
                .hash = name_hash(name), .name = name, .addr = symbol->value,
            };
    }

    return 0;
}

static int cf_check compare_addresses(const void *a, const void *b)
{
    const struct symbol *l = a, *r = b;

    if ( l->addr != r->addr )
        return l->addr < r->addr ? -1 : 1;

    return l->rank - r->rank;
}

static void cf_check swap_symbols(SORT_SWAP_PARAMETERS)
{
    struct symbol *l = a, *r = b, saved = *l;

    *l = *r;
    *r = saved;
}

static int compare_export(const struct export *export, uint32_t hash,
                          const char *name)
{
    if ( export->hash != hash )
        return export->hash < hash ? -1 : 1;

    return strcmp(export->name, name);
}

static int cf_check compare_names(const void *a, const void *b)
{
    const struct export *r = b;

    return compare_export(a, r->hash, r->name);
}

static void cf_check swap_exports(SORT_SWAP_PARAMETERS)
{
    struct export *l = a, *r = b, saved = *l;

    *l = *r;
    *r = saved;
}

/* Those whose size isn't known end where the next one begins. */
static void limit_sizes(struct livepatch_symbols *symbols)
{
    unsigned long next = ULONG_MAX;
    unsigned int i;

    for ( i = symbols->n; i--; )
    {
        struct symbol *entry = &symbols->table[i];

        if ( i + 1 < symbols->n && entry[1].addr != entry->addr )
            next = entry[1].addr;

        if ( entry->unsized )
            entry->size = min(entry->size, next - entry->addr);
    }
}

static int check_exports(const struct elf_view *elf,
                         const struct livepatch_symbols *symbols)
{
    unsigned int i;

    for ( i = 0; i < symbols->nexports; i++ )
    {
        const char *name = symbols->exports[i].name;
        struct payload *other;
        unsigned long addr = symbols_lookup_anywhere(name, &other);

        if ( addr )
            return refuse(elf->why, -EEXIST,
                          "global symbol %s exists already, at %#lx in %s%s",
                          name, addr, other ? "payload " : "the hypervisor",
                          other ? other->name : "");
    }

    return 0;
}

/* For traces: namebuf receives the payload's name, not the symbol's. */
static const char *cf_check look_up(unsigned long addr, unsigned long *size,
                                    unsigned long *offset, char *namebuf)
{
    const struct payload *payload = payloads_at((const void *)addr);
    const char *name = payload ? symbols_name(payload, addr, size, offset)
                               : NULL;

    if ( name )
        strlcpy(namebuf, payload->name, KSYM_NAME_LEN + 1);

    return name;
}

int symbols_publish(struct elf_view *elf, struct payload *payload)
{
    struct livepatch_symbols *symbols = xzalloc(struct livepatch_symbols);
    int rc;

    if ( !symbols )
        return refuse_no_memory(elf->why, "the table of symbols");

    payload->symbols = symbols;

    rc = collect(elf, payload, symbols);
    if ( rc )
        return rc;

    sort(symbols->table, symbols->n, sizeof(*symbols->table),
         compare_addresses, swap_symbols);
    sort(symbols->exports, symbols->nexports, sizeof(*symbols->exports),
         compare_names, swap_exports);
    limit_sizes(symbols);

    payload->region.symbols_lookup = look_up;

    return check_exports(elf, symbols);
}

void symbols_free(struct payload *payload)
{
    struct livepatch_symbols *symbols = payload->symbols;

    if ( !symbols )
        return;

    table_free(symbols->names);
    table_free(symbols->table);
    table_free(symbols->exports);
    XFREE(payload->symbols);
}

unsigned long symbols_find(const struct payload *payload, const char *name)
{
    const struct livepatch_symbols *symbols = payload->symbols;
    uint32_t hash = name_hash(name);
    unsigned int low = 0, high = symbols ? symbols->nexports : 0;

    while ( low < high )
    {
        unsigned int middle = low + (high - low) / 2;
        int order = compare_export(&symbols->exports[middle], hash, name);

        if ( !order )
            return symbols->exports[middle].addr;

        if ( order < 0 )
            low = middle + 1;
        else
            high = middle;
    }

    return 0;
}

const char *symbols_name(const struct payload *payload, unsigned long addr,
                         unsigned long *size, unsigned long *offset)
{
    const struct livepatch_symbols *symbols = payload->symbols;
    const struct symbol *found;
    unsigned int low = 0, high = symbols ? symbols->n : 0;

    /* After the last one that isn't above addr. */
    while ( low < high )
    {
        unsigned int middle = low + (high - low) / 2;

        if ( symbols->table[middle].addr <= addr )
            low = middle + 1;
        else
            high = middle;
    }

    if ( !low )
        return NULL;

    found = &symbols->table[low - 1];
    *size = found->size;
    *offset = addr - found->addr;

    return found->name;
}

unsigned long symbols_lookup_anywhere(const char *name,
                                      struct payload **provider)
{
    unsigned long addr = symbols_lookup_by_name(name);
    struct payload *payload;

    *provider = NULL;
    if ( addr )
        return addr;

    list_for_each_entry ( payload, &payloads_loaded, list )
    {
        addr = symbols_find(payload, name);
        if ( addr )
        {
            *provider = payload;
            break;
        }
    }

    return addr;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
