/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Symbols: resolving those of a file, and a payload's own table.
 *
 * Only global and weak ones are offered to other payloads and can be in each
 * other's way; local ones are kept to name addresses.
 */
#include <xen/bitmap.h>
#include <xen/bitops.h>
#include <xen/errno.h>
#include <xen/init.h>
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
#include "order.h"
#include "payloads.h"
#include "reason.h"
#include "symbols.h"

struct symbol {
    unsigned long addr;
    unsigned long size;
    const char *name;
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
        return refuse_as(LIVEPATCH_REASON_SYMBOL, elf->why, -ENOENT,
                         "symbol %s is neither in the hypervisor nor offered by "
                         "a loaded payload", symbol->name);

    if ( !provider && is_freed(symbol->value) && !force )
        return refuse_as(LIVEPATCH_REASON_SYMBOL, elf->why, -ENXIO,
                         "symbol %s (%#lx) belongs to code or data that was "
                         "freed after boot", symbol->name,
                         (unsigned long)symbol->value);

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

/* By address; of those at one address, the last is best. */
static uint64_t symbol_key(const struct elf_symbol *symbol)
{
    unsigned int rank = (symbol->type == STT_FUNC ? 2 : 0) +
                        (symbol->binding == STB_LOCAL ? 0 : 1);

    /* All addresses begin with the same bits. */
    return (symbol->value << 2) | rank;
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
    entry->unsized = !symbol->size;
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

/* Those of one hash stand together already. */
static void sort_equal_hashes(struct livepatch_symbols *symbols)
{
    unsigned int i, first = 0;

    for ( i = 1; i <= symbols->nexports; i++ )
    {
        if ( i < symbols->nexports &&
             symbols->exports[i].hash == symbols->exports[first].hash )
            continue;

        if ( i - first > 1 )
            sort(&symbols->exports[first], i - first, sizeof(*symbols->exports),
                 compare_names, swap_exports);
        first = i;
    }
}

/* Both tables, from the file's symbols; order has room for all, twice. */
static void fill_tables(const struct elf_view *elf,
                        const struct payload *payload,
                        struct livepatch_symbols *symbols, struct order *order)
{
    const char *strings =
        elf->sections[elf->sections[elf->symtab].header.sh_link].data;
    struct order *spare = order + elf->nsymbols;
    unsigned int i, n = 0;

#define SYMBOL(i) (&elf->symbols[order[i].index])
#define NAME(i)   (symbols->names + (SYMBOL(i)->name - strings))

    for ( i = 1; i < elf->nsymbols; i++ )
        if ( is_listed(elf, &elf->symbols[i]) )
            order[n++] = (struct order){ symbol_key(&elf->symbols[i]), i };

    order_by_key(order, spare, n);
    for ( i = 0; i < n; i++ )
        fill_symbol(elf, &symbols->table[i], SYMBOL(i), NAME(i));
    symbols->n = n;

    for ( i = n = 0; i < symbols->n; i++ )
        if ( is_exported(elf, payload, SYMBOL(i)) )
            order[n++] = (struct order){ name_hash(NAME(i)), order[i].index };

    order_by_key(order, spare, n);
    for ( i = 0; i < n; i++ )
        symbols->exports[i] = (struct export){
            .hash = order[i].key, .name = NAME(i), .addr = SYMBOL(i)->value,
        };
    symbols->nexports = n;

#undef SYMBOL
#undef NAME
}

static int collect(const struct elf_view *elf, const struct payload *payload,
                   struct livepatch_symbols *symbols)
{
    const struct elf_section *names =
        &elf->sections[elf->sections[elf->symtab].header.sh_link];
    struct order *order = table_alloc(elf->nsymbols, 2 * sizeof(*order));

    symbols->names = table_alloc(names->header.sh_size, 1);
    symbols->table = table_alloc(elf->nsymbols, sizeof(*symbols->table));
    symbols->exports = table_alloc(elf->nsymbols, sizeof(*symbols->exports));
    if ( !order || !symbols->names || !symbols->table || !symbols->exports )
    {
        table_free(order);
        return refuse_no_memory(elf->why, "the table of symbols");
    }

    memcpy(symbols->names, names->data, names->header.sh_size);
    fill_tables(elf, payload, symbols, order);
    sort_equal_hashes(symbols);
    table_free(order);

    return 0;
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

static const struct export *find_export(const struct livepatch_symbols *symbols,
                                        const char *name)
{
    uint32_t hash = name_hash(name);
    unsigned int low = 0, high = symbols ? symbols->nexports : 0;

    while ( low < high )
    {
        unsigned int middle = low + (high - low) / 2;
        int order = compare_export(&symbols->exports[middle], hash, name);

        if ( !order )
            return &symbols->exports[middle];

        if ( order < 0 )
            low = middle + 1;
        else
            high = middle;
    }

    return NULL;
}

static int exists(const struct elf_view *elf, const char *name,
                  unsigned long addr, const struct payload *other)
{
    return refuse_as(LIVEPATCH_REASON_COLLISION, elf->why, -EEXIST,
                     "global symbol %s exists already, at %#lx in %s%s",
                     name, addr, other ? "payload " : "the hypervisor",
                     other ? other->name : "");
}

/*
 * Which names the hypervisor may have: a bit for each, by its hash.  To look
 * one up takes thousands of instructions, as its names are compressed, and
 * that most of a payload's names are new is to be known for less.
 */
#define HYPERVISOR_BITS 18

static DECLARE_BITMAP(hypervisor_names, 1U << HYPERVISOR_BITS);

static unsigned int hypervisor_bit(uint32_t hash)
{
    return (hash ^ (hash >> HYPERVISOR_BITS)) % (1U << HYPERVISOR_BITS);
}

static int __init cf_check read_hypervisor_names(void)
{
    char name[KSYM_NAME_LEN + 1], type;
    unsigned long addr;
    uint32_t next = 0;

    while ( !xensyms_read(&next, &type, &addr, name) && name[0] )
        __set_bit(hypervisor_bit(name_hash(name)), hypervisor_names);

    return 0;
}
__initcall(read_hypervisor_names);

static int check_hypervisor(const struct elf_view *elf,
                            const struct livepatch_symbols *symbols)
{
    unsigned int i;

    for ( i = 0; i < symbols->nexports; i++ )
    {
        const struct export *export = &symbols->exports[i];
        unsigned long addr;

        if ( !test_bit(hypervisor_bit(export->hash), hypervisor_names) )
            continue;

        addr = symbols_lookup_by_name(export->name);
        if ( addr )
            return exists(elf, export->name, addr, NULL);
    }

    return 0;
}

/* Both are in the same order. */
static int check_payload(const struct elf_view *elf,
                         const struct livepatch_symbols *symbols,
                         const struct payload *other)
{
    const struct livepatch_symbols *others = other->symbols;
    unsigned int i = 0, j = 0;

    while ( others && i < symbols->nexports && j < others->nexports )
    {
        const struct export *export = &symbols->exports[i];
        int order = compare_export(&others->exports[j], export->hash,
                                   export->name);

        if ( !order )
            return exists(elf, export->name, others->exports[j].addr, other);

        if ( order < 0 )
            j++;
        else
            i++;
    }

    return 0;
}

static int check_exports(const struct elf_view *elf,
                         const struct livepatch_symbols *symbols)
{
    const struct payload *other;
    int rc = check_hypervisor(elf, symbols);

    list_for_each_entry ( other, &payloads_loaded, list )
    {
        if ( rc )
            break;

        rc = check_payload(elf, symbols, other);
    }

    return rc;
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
    const struct export *export = find_export(payload->symbols, name);

    return export ? export->addr : 0;
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
