/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory.  The pretended hypervisor and the payloads behind it are one piece
 * of shared memory with two mappings: one where they run, with the
 * permissions that the engine gives them, and a writable one, which vmap()
 * opens page by page.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/virtual_region.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include "hosted.h"
#include "services.h"

#define AREA_START   ((unsigned long)hosted_xen_end)
#define AREA_PAGES   (((unsigned long)hosted_payloads_end - AREA_START) / PAGE_SIZE)
#define MAX_BLOCKS   64
#define MAX_MAPPINGS 4096

/* More is never there. */
#define MACHINE_MEMORY (64ul << 20)

unsigned int hosted_allocated;
unsigned long hosted_allocations;
unsigned int hosted_mapped;
unsigned int hosted_relaxed, hosted_tightened;
bool hosted_is_relaxed;

static unsigned long fail_at, fail_protect_at;
static bool has_failed;

/* Whether the processor knows the permissions, or only we: to tell it takes the
 * fuzzer half of its time. */
static bool is_protected;

static unsigned char *alias;            /* Image, then area; writable. */
static unsigned int image_pages;
static uint8_t *permissions;            /* Of each page of the two. */
static unsigned char *pristine;         /* The image at start. */

/* What vmalloc_xen() gave out, in order of addresses. */
static struct block {
    unsigned int first, pages;
} blocks[MAX_BLOCKS];
unsigned int hosted_blocks;

/* -- Counting and failing ------------------------------------------------ */

void hosted_fail_allocation(unsigned long n)
{
    fail_at = n ? hosted_allocations + n : 0;
    has_failed = false;
}

bool hosted_allocation_failed(void)
{
    return has_failed;
}

void hosted_fail_protect(unsigned long n)
{
    fail_protect_at = n;
}

static bool may_allocate(void)
{
    if ( __atomic_add_fetch(&hosted_allocations, 1, __ATOMIC_RELAXED) ==
         fail_at )
    {
        has_failed = true;
        return false;
    }
    return true;
}

static void allocated(void)
{
    __atomic_add_fetch(&hosted_allocated, 1, __ATOMIC_RELAXED);
}

static void freed(void)
{
    __atomic_sub_fetch(&hosted_allocated, 1, __ATOMIC_RELAXED);
}

/* -- The heap ------------------------------------------------------------ */

void *hosted_malloc(size_t size, bool zero)
{
    void *p;

    hosted_assert_may_sleep("memory was allocated");
    if ( size > MACHINE_MEMORY || !may_allocate() )
        return NULL;
    p = malloc(size ? size : 1);
    if ( !p )
        abort();
    memset(p, zero ? 0 : 0xa5, size);
    allocated();
    return p;
}

void xfree(void *p)
{
    if ( !p )
        return;
    freed();
    free(p);
}

void *vmalloc(size_t size)
{
    void *p;

    hosted_assert_may_sleep("memory was allocated");
    if ( !size || size > MACHINE_MEMORY || !may_allocate() )
        return NULL;
    /* No byte more, so that reading beyond it is noticed. */
    if ( posix_memalign(&p, PAGE_SIZE, size) )
        abort();
    memset(p, 0xa5, size);
    allocated();
    return p;
}

void *vzalloc(size_t size)
{
    void *p = vmalloc(size);

    if ( p )
        memset(p, 0, size);
    return p;
}

/* -- Payloads ------------------------------------------------------------ */

static void *area(unsigned int page)
{
    return (void *)(AREA_START + page * PAGE_SIZE);
}

static bool in_area(const void *va)
{
    return (unsigned long)va - AREA_START < AREA_PAGES * PAGE_SIZE;
}

static bool in_image(const void *va)
{
    return is_kernel(va);
}

/* Its page in the alias, or ~0 if the address isn't ours. */
static unsigned int page_of(const void *va)
{
    if ( in_image(va) )
        return ((char *)va - hosted_image_start) >> PAGE_SHIFT;
    if ( in_area(va) )
        return image_pages +
               (((unsigned long)va - AREA_START) >> PAGE_SHIFT);
    return ~0u;
}

static int protection(unsigned int flags)
{
    switch ( flags )
    {
    case 0:                   return PROT_NONE;
    case PAGE_HYPERVISOR_RO:  return PROT_READ;
    case PAGE_HYPERVISOR_RW:  return PROT_READ | PROT_WRITE;
    case PAGE_HYPERVISOR_RX:  return PROT_READ | PROT_EXEC;
    case PAGE_HYPERVISOR_RWX: return PROT_READ | PROT_WRITE | PROT_EXEC;
    }
    abort();
}

static void set_permissions(void *va, unsigned int pages, unsigned int flags)
{
    if ( is_protected && mprotect(va, pages * PAGE_SIZE, protection(flags)) )
        abort();
    memset(permissions + page_of(va), flags, pages);
}

/* First fit, with a guard page in front of each. */
void *vmalloc_xen(size_t size)
{
    unsigned int pages = PFN_UP(size), i, at = 1;

    hosted_assert_may_sleep("memory was allocated");
    if ( !size || !may_allocate() || hosted_blocks == MAX_BLOCKS )
        return NULL;
    for ( i = 0; i < hosted_blocks; i++ )
    {
        if ( blocks[i].first >= at + pages + 1 )
            break;
        at = blocks[i].first + blocks[i].pages + 1;
    }
    if ( at + pages > AREA_PAGES )
        return NULL;
    memmove(blocks + i + 1, blocks + i, (hosted_blocks - i) * sizeof(*blocks));
    blocks[i] = (struct block){ at, pages };
    hosted_blocks++;
    set_permissions(area(at), pages, PAGE_HYPERVISOR_RW);
    memset(area(at), 0xa5, pages * PAGE_SIZE);
    allocated();
    return area(at);
}

static void free_block(void *va)
{
    unsigned int i;

    for ( i = 0; i < hosted_blocks; i++ )
        if ( area(blocks[i].first) == va )
            break;
    if ( i == hosted_blocks )
        hosted_fail("vfree(%p): not from vmalloc_xen()", va);
    set_permissions(va, blocks[i].pages, 0);
    hosted_blocks--;
    memmove(blocks + i, blocks + i + 1, (hosted_blocks - i) * sizeof(*blocks));
}

void vfree(void *va)
{
    if ( !va )
        return;
    freed();
    if ( in_area(va) )
        free_block(va);
    else
        free(va);
}

mfn_t vmap_to_mfn(const void *va)
{
    return page_of(va) == ~0u ? INVALID_MFN
                              : _mfn((unsigned long)va >> PAGE_SHIFT);
}

/* -- Mappings ------------------------------------------------------------ */

/* What vmap() gave out, in no order. */
static struct mapping {
    void *va;
    unsigned int pages;
} mappings[MAX_MAPPINGS];

static void poison_mapping(const struct mapping *mapping)
{
    unsigned int i;

    hosted_poison(mapping->va, mapping->pages * PAGE_SIZE);
    /* Others may have mapped the same pages. */
    for ( i = 0; i < hosted_mapped; i++ )
        hosted_unpoison(mappings[i].va, mappings[i].pages * PAGE_SIZE);
}

/*
 * Only pages of the image and of payloads, and only consecutive ones: no
 * other has to be mapped twice.  The alias is always there; it is poisoned
 * where nobody has mapped it.
 */
void *vmap(const mfn_t *mfn, unsigned int nr)
{
    const void *va = (void *)(mfn_x(mfn[0]) << PAGE_SHIFT);
    unsigned int page = page_of(va), i;
    void *p;

    hosted_assert_may_sleep("pages were mapped");
    for ( i = 1; i < nr; i++ )
        if ( mfn_x(mfn[i]) != mfn_x(mfn[0]) + i )
            hosted_fail("vmap() of scattered pages");
    if ( page == ~0u || !nr )
        hosted_fail("vmap(%p, %u): not the hypervisor's", va, nr);
    if ( !may_allocate() || hosted_mapped == MAX_MAPPINGS )
        return NULL;
    p = alias + page * PAGE_SIZE;
    hosted_unpoison(p, nr * PAGE_SIZE);
    allocated();
    mappings[hosted_mapped++] = (struct mapping){ p, nr };
    return p;
}

void *__vmap(const mfn_t *mfn, unsigned int granularity, unsigned int nr,
             unsigned int align, unsigned int flags, enum vmap_region type)
{
    if ( granularity != 1 || flags != PAGE_HYPERVISOR )
        hosted_fail("__vmap() with granularity %u, flags %u", granularity,
                    flags);
    return vmap(mfn, nr);
}

void vunmap(const void *va)
{
    struct mapping mapping;
    unsigned int i;

    for ( i = 0; i < hosted_mapped; i++ )
        if ( mappings[i].va == va )
            break;
    if ( i == hosted_mapped )
        hosted_fail("vunmap(%p): not from vmap()", va);
    freed();
    mapping = mappings[i];
    mappings[i] = mappings[--hosted_mapped];
    poison_mapping(&mapping);
}

int modify_xen_mappings(unsigned long s, unsigned long e, unsigned int flags)
{
    unsigned int first = page_of((void *)s), pages = (e - s) >> PAGE_SHIFT, i;

    if ( PAGE_OFFSET(s) || PAGE_OFFSET(e) || e < s )
        hosted_fail("modify_xen_mappings(%#lx, %#lx)", s, e);
    if ( fail_protect_at && !--fail_protect_at )
        return -ENOMEM;
    if ( !pages )
        return 0;
    if ( first == ~0u || page_of((void *)(e - 1)) != first + pages - 1 )
        hosted_fail("modify_xen_mappings(%#lx, %#lx): not the hypervisor's",
                    s, e);
    for ( i = 0; i < pages; i++ )
        if ( !permissions[first + i] )
            hosted_fail("modify_xen_mappings(): page %u isn't mapped", i);
    set_permissions((void *)s, pages, flags);
    return 0;
}

void modify_xen_mappings_lite(unsigned long s, unsigned long e,
                              unsigned int flags)
{
    unsigned long saved = fail_protect_at;

    fail_protect_at = 0;
    modify_xen_mappings(s, e, flags);
    fail_protect_at = saved;
}

unsigned int hosted_permission(const void *addr)
{
    unsigned int page = page_of(addr);

    return page == ~0u ? 0 : permissions[page];
}

void vm_init_type(enum vmap_region type, void *start, void *end)
{
    if ( type != VMAP_XEN || start != hosted_xen_end ||
         end < area(AREA_PAGES) )
        hosted_fail("vm_init_type(%d, %p, %p)", type, start, end);
}

/* -- Text ---------------------------------------------------------------- */

static void image_permissions(bool relaxed)
{
    set_permissions(_stext, (_etext - _stext) >> PAGE_SHIFT,
                    relaxed ? PAGE_HYPERVISOR_RWX : PAGE_HYPERVISOR_RX);
    set_permissions(_sinittext, (_einittext - _sinittext) >> PAGE_SHIFT,
                    relaxed ? PAGE_HYPERVISOR_RWX : PAGE_HYPERVISOR_RX);
    set_permissions(_srodata, (_erodata - _srodata) >> PAGE_SHIFT,
                    relaxed ? PAGE_HYPERVISOR_RW : PAGE_HYPERVISOR_RO);
}

static void region_permissions(const struct virtual_region *region, void *arg)
{
    bool relaxed = *(bool *)arg;

    if ( region->text_start != region->text_end )
        modify_xen_mappings_lite(
            (unsigned long)region->text_start,
            PAGE_ALIGN((unsigned long)region->text_end),
            relaxed ? PAGE_HYPERVISOR_RWX : PAGE_HYPERVISOR_RX);
    if ( region->rodata_start != region->rodata_end )
        modify_xen_mappings_lite(
            (unsigned long)region->rodata_start,
            PAGE_ALIGN((unsigned long)region->rodata_end),
            relaxed ? PAGE_HYPERVISOR_RW : PAGE_HYPERVISOR_RO);
}

static void change_permissions(bool relaxed)
{
    hosted_is_relaxed = relaxed;
    image_permissions(relaxed);
    hosted_each_region(region_permissions, &relaxed);
}

void relax_virtual_region_perms(void)
{
    hosted_relaxed++;
    change_permissions(true);
}

void tighten_virtual_region_perms(void)
{
    hosted_tightened++;
    change_permissions(false);
}

bool hosted_text_changed(void)
{
    return memcmp(pristine, hosted_image_start, _etext - hosted_image_start);
}

/* -- Start --------------------------------------------------------------- */

/*
 * Not by mmap(): ThreadSanitizer, which would intercept that, takes for granted
 * that the process's text stays where it is.
 */
static void map_shared(void *where, size_t size, int fd, off_t offset)
{
    if ( syscall(SYS_mmap, where, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                 MAP_SHARED | MAP_FIXED, fd, offset) != (long)where )
        abort();
}

static void __attribute__((__constructor__(101))) memory_start(void)
{
    size_t image = hosted_image_end - hosted_image_start;
    size_t all = image + AREA_PAGES * PAGE_SIZE;
    int fd = memfd_create("hypervisor", MFD_CLOEXEC);

    /* What is mapped below would be in the heap's place. */
    if ( (char *)sbrk(0) < hosted_payloads_end )
        abort();
    if ( fd < 0 || ftruncate(fd, all) )
        abort();
    is_protected = !getenv("HOSTED_UNPROTECTED");
    image_pages = image >> PAGE_SHIFT;
    alias = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    permissions = calloc(image_pages + AREA_PAGES, 1);
    pristine = malloc(image);
    if ( alias == MAP_FAILED || !permissions || !pristine )
        abort();
    memcpy(alias, hosted_image_start, image);
    memcpy(pristine, hosted_image_start, image);
    map_shared(hosted_image_start, image, fd, 0);
    map_shared((void *)AREA_START, AREA_PAGES * PAGE_SIZE, fd, image);
    close(fd);
    set_permissions(hosted_image_start, image_pages, PAGE_HYPERVISOR_RW);
    set_permissions((void *)AREA_START, AREA_PAGES, 0);
    image_permissions(false);
    hosted_poison(alias, all);
}

void hosted_reset_memory(void)
{
    fail_at = fail_protect_at = 0;
    has_failed = false;
    hosted_relaxed = hosted_tightened = 0;
}

void hosted_restore_text(void)
{
    image_permissions(true);
    memcpy(hosted_image_start, pristine, _etext - hosted_image_start);
    image_permissions(false);
    hosted_is_relaxed = false;
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
