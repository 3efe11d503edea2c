/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's symbols, regions and build-id. */
#include <stdlib.h>

#include <xen/elfstructs.h>
#include <xen/lib.h>
#include <xen/rcupdate.h>
#include <xen/symbols.h>
#include <xen/version.h>
#include <xen/virtual_region.h>

#include "hosted.h"
#include "services.h"

#define MAX_SYMBOLS 4096

struct symbol {
    unsigned long addr, size;
    const char *name;
};

/* Those of hypervisor.S; in order of addresses, which may be the same. */
extern const struct symbol __start_hosted_symbols[], __stop_hosted_symbols[];

/* All, by address, and by name. */
static struct symbol symbols[MAX_SYMBOLS];
static const struct symbol *named[MAX_SYMBOLS];
static unsigned int nsymbols;
static bool sorted;

bool hosted_end_symbols;

static LIST_HEAD(regions);
unsigned int hosted_regions;

static uint8_t build_id[20];
const void *hosted_build_id;
unsigned int hosted_build_id_len;

/* -- Symbols ------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    const struct symbol *l = a, *r = b;

    return l->addr < r->addr ? -1 : l->addr > r->addr;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct symbol *const *)a)->name,
                  (*(const struct symbol *const *)b)->name);
}

static void sort_symbols(void)
{
    unsigned int i;

    if ( sorted )
        return;
    qsort(symbols, nsymbols, sizeof(*symbols), by_address);
    for ( i = 0; i < nsymbols; i++ )
        named[i] = &symbols[i];
    qsort(named, nsymbols, sizeof(*named), by_name);
    sorted = true;
}

static const struct symbol *find(const char *name)
{
    struct symbol key = { .name = name }, *pointer = &key;
    const struct symbol *const *found;

    sort_symbols();
    found = bsearch(&pointer, named, nsymbols, sizeof(*named), by_name);
    return found ? *found : NULL;
}

void hosted_add_symbol(const char *name, const void *addr, size_t size)
{
    if ( nsymbols == MAX_SYMBOLS )
        abort();
    symbols[nsymbols++] = (struct symbol){ (unsigned long)addr, size, name };
    sorted = false;
}

void hosted_add_symbol_once(const char *name, const void *addr, size_t size)
{
    if ( !find(name) )
        hosted_add_symbol(name, addr, size);
}

void hosted_remove_symbol(const char *name)
{
    const struct symbol *symbol = find(name);

    if ( !symbol )
        hosted_fail("no symbol %s to remove", name);
    symbols[symbol - symbols] = symbols[--nsymbols];
    sorted = false;
}

void *hosted_symbol(const char *name)
{
    const struct symbol *symbol = find(name);

    if ( !symbol )
        hosted_fail("no symbol %s", name);
    return (void *)symbol->addr;
}

size_t hosted_symbol_size(const char *name)
{
    hosted_symbol(name);
    return find(name)->size;
}

int hosted_call(const char *name)
{
    int (*fn)(void) = hosted_symbol(name);

    return fn();
}

unsigned long symbols_lookup_by_name(const char *symname)
{
    const struct symbol *symbol = find(symname);

    return symbol ? symbol->addr : 0;
}

int xensyms_read(uint32_t *symnum, char *type, unsigned long *address,
                 char *name)
{
    const struct symbol *symbol = &symbols[*symnum];

    if ( *symnum > nsymbols )
        return -ERANGE;
    if ( *symnum == nsymbols )
    {
        name[0] = '\0';
        return 0;
    }
    sort_symbols();
    *type = 'T';
    *address = symbol->addr;
    strlcpy(name, symbol->name, KSYM_NAME_LEN + 1);
    ++*symnum;
    return 0;
}

static const char *lookup_own(unsigned long addr, unsigned long *size,
                              unsigned long *offset, char *namebuf)
{
    unsigned int i, after;
    unsigned long next, end;

    sort_symbols();
    for ( i = nsymbols; i-- > 0; )
        if ( symbols[i].addr <= addr )
            break;
    if ( i >= nsymbols )
        return NULL;
    /* Of several, the first: so that all tests have the same. */
    while ( i && symbols[i - 1].addr == symbols[i].addr )
        i--;
    next = (unsigned long)_end;
    for ( after = i + 1; after < nsymbols; after++ )
        if ( symbols[after].addr > symbols[i].addr )
        {
            next = symbols[after].addr;
            break;
        }
    /* To the next one, as in Xen, which keeps no sizes; from 4.21 on the end
     * of those that have one is kept, if it isn't where the next begins. */
    end = symbols[i].addr + symbols[i].size;
    *size = (hosted_end_symbols && symbols[i].size && end < next
             ? end : next) - symbols[i].addr;
    *offset = addr - symbols[i].addr;
    strlcpy(namebuf, symbols[i].name, KSYM_NAME_LEN + 1);
    return namebuf;
}

const char *symbols_lookup(unsigned long addr, unsigned long *symbolsize,
                           unsigned long *offset, char *namebuf)
{
    const struct virtual_region *region = find_text_region(addr);

    namebuf[0] = '\0';
    if ( region && region->symbols_lookup )
        return region->symbols_lookup(addr, symbolsize, offset, namebuf);
    if ( !is_active_kernel_text(addr) )
        return NULL;
    return lookup_own(addr, symbolsize, offset, namebuf);
}

bool is_active_kernel_text(unsigned long addr)
{
    return is_kernel_text(addr) || find_text_region(addr);
}

/* -- Regions ------------------------------------------------------------- */

const struct virtual_region *find_text_region(unsigned long addr)
{
    const struct virtual_region *region;

    list_for_each_entry_rcu ( region, &regions, list )
        if ( hosted_within(addr, region->text_start, region->text_end) )
            return region;
    return NULL;
}

void register_virtual_region(struct virtual_region *r)
{
    list_add_tail_rcu(&r->list, &regions);
    hosted_regions++;
}

void unregister_virtual_region(struct virtual_region *r)
{
    list_del_rcu(&r->list);
    hosted_regions--;
}

void hosted_each_region(void (*fn)(const struct virtual_region *region,
                                   void *arg), void *arg)
{
    const struct virtual_region *region;

    list_for_each_entry_rcu ( region, &regions, list )
        fn(region, arg);
}

/* -- Build-id ------------------------------------------------------------ */

#if HOSTED_RELEASE < 21
int xen_build_id(const void **p, unsigned int *len)
{
    if ( !hosted_build_id_len )
        return -ENODATA;
    *p = hosted_build_id;
    *len = hosted_build_id_len;
    return 0;
}
#endif

int xen_build_id_check(const Elf_Note *n, unsigned int n_sz,
                       const void **p, unsigned int *len)
{
    if ( n_sz <= sizeof(*n) || n->type != NT_GNU_BUILD_ID ||
         n->namesz != 4 || n_sz < sizeof(*n) + 4 ||
         memcmp(n + 1, "GNU", 4) || n_sz - sizeof(*n) - 4 < n->descsz )
        return -ENODATA;
    *p = (const char *)(n + 1) + 4;
    *len = n->descsz;
    return 0;
}

/* -- Start --------------------------------------------------------------- */

void hosted_reset_symbols(void)
{
    const struct symbol *symbol;
    const char *as;

    nsymbols = 0;
    for ( symbol = __start_hosted_symbols; symbol < __stop_hosted_symbols;
          symbol++ )
        symbols[nsymbols++] = *symbol;
    sorted = false;
    as = getenv("HOSTED_SYMBOLS");
    hosted_end_symbols = as ? !strcmp(as, "4.21") : HOSTED_RELEASE >= 21;
    memset(build_id, HOSTED_XEN_ID, sizeof(build_id));
    hosted_build_id = build_id;
    hosted_build_id_len = sizeof(build_id);
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
