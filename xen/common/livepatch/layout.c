/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A payload's image: text, then data, then read-only data, each on pages of
 * its own, in one piece of the address space beside the hypervisor's image.
 */
#include <xen/errno.h>
#include <xen/inttypes.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/pfn.h>
#include <xen/sizes.h>
#include <xen/string.h>
#include <xen/vmap.h>

#include "arch.h"
#include "layout.h"
#include "memory.h"
#include "reason.h"

/*
 * Of one image.  Sections that are in the file can't honestly add up to more
 * than the file itself; what remains is for zero-initialised ones, of which
 * LIVEPATCH_MAX_SIZE bounds each but not the number.  All payloads share
 * about 1 GiB of addresses, and the image is cleared in one go.
 */
#define MAX_IMAGE MB(32)

/* Records in special sections are read in place, as types of their own. */
#define MIN_ALIGNMENT 16

static struct livepatch_span *span_of(struct livepatch_image *image,
                                      const struct elf_section *section)
{
    if ( section->header.sh_flags & SHF_EXECINSTR )
        return &image->text;

    return section->header.sh_flags & SHF_WRITE ? &image->rw : &image->ro;
}

static size_t alignment_of(const struct elf_section *section)
{
    return max_t(uint64_t, section->header.sh_addralign, MIN_ALIGNMENT);
}

/* Per-CPU data have their place already. */
static bool is_in_image(const struct elf_section *section)
{
    return elf_is_alloc(section) && !section->loaded;
}

static int check_section(const struct elf_view *elf,
                         const struct elf_section *section)
{
    const Elf_Shdr *header = &section->header;

    if ( (header->sh_flags & SHF_EXECINSTR) &&
         (header->sh_flags & SHF_WRITE) )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %s is both writable and executable",
                      section->name);

    if ( header->sh_addralign > PAGE_SIZE )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %s: alignment %#"PRIx64" is above a page's",
                      section->name, header->sh_addralign);

    if ( header->sh_type == SHT_NOBITS &&
         header->sh_size > LIVEPATCH_MAX_SIZE )
        return refuse(elf->why, -EINVAL,
                      "section %s: %#"PRIx64" zero-initialised bytes; the "
                      "limit is %#zx",
                      section->name, header->sh_size,
                      (size_t)LIVEPATCH_MAX_SIZE);

    return 0;
}

/* The sizes of the spans, and what they need together. */
static int measure(const struct elf_view *elf, struct livepatch_image *image)
{
    size_t total = 0;
    unsigned int i;

    for ( i = 1; i < elf->nsections; i++ )
    {
        const struct elf_section *section = &elf->sections[i];
        struct livepatch_span *span = span_of(image, section);
        int rc;

        if ( !is_in_image(section) )
            continue;

        rc = check_section(elf, section);
        if ( rc )
            return rc;

        /* No sum can wrap: every summand is below the file's size or limit. */
        span->size = ROUNDUP(span->size, alignment_of(section)) +
                     section->header.sh_size;
        total = (PFN_UP(image->text.size) + PFN_UP(image->rw.size) +
                 PFN_UP(image->ro.size)) * PAGE_SIZE;
        if ( total > MAX_IMAGE )
            return refuse(elf->why, -EINVAL,
                          "the sections up to %s need %#zx bytes of memory; "
                          "the limit is %#zx",
                          section->name, total, (size_t)MAX_IMAGE);
    }

    if ( !total )
        return refuse(elf->why, -EINVAL, "no section is to be loaded");

    image->pages = PFN_DOWN(total);

    return 0;
}

/* The same walk as measure()'s, which found that all of it fits. */
static void copy_sections(struct elf_view *elf, struct livepatch_image *image)
{
    unsigned int i;

    image->text.size = image->rw.size = image->ro.size = 0;

    for ( i = 1; i < elf->nsections; i++ )
    {
        struct elf_section *section = &elf->sections[i];
        struct livepatch_span *span = span_of(image, section);
        size_t offset;

        if ( !is_in_image(section) )
            continue;

        offset = ROUNDUP(span->size, alignment_of(section));
        section->loaded = span->addr + offset;
        if ( section->data )
            memcpy(section->loaded, section->data, section->header.sh_size);
        span->size = offset + section->header.sh_size;
    }
}

/* For traps, symbols, and permissions while hooks run. */
static void describe_region(struct payload *payload)
{
    const struct livepatch_image *image = &payload->image;
    struct virtual_region *region = &payload->region;

    region->text_start = image->text.addr;
    region->text_end = image->text.addr + image->text.size;

    if ( image->ro.size )
    {
        region->rodata_start = image->ro.addr;
        region->rodata_end = image->ro.addr + image->ro.size;
    }
}

int layout_load(struct elf_view *elf, struct payload *payload)
{
    struct livepatch_image *image = &payload->image;
    int rc = measure(elf, image);

    if ( rc )
        return rc;

    image->base = vmalloc_xen(image->pages * PAGE_SIZE);
    if ( !image->base )
        return refuse_no_memory(elf->why, "the payload's image");

    memset(image->base, 0, image->pages * PAGE_SIZE);

    image->text.addr = image->base;
    image->rw.addr = image->text.addr + PFN_UP(image->text.size) * PAGE_SIZE;
    image->ro.addr = image->rw.addr + PFN_UP(image->rw.size) * PAGE_SIZE;

    copy_sections(elf, image);
    describe_region(payload);

    return 0;
}

static int protect(struct payload *payload, const struct livepatch_span *span,
                   enum arch_permission permission, const char *what)
{
    unsigned int pages = PFN_UP(span->size);
    int rc = pages ? arch_protect(span->addr, pages, permission) : 0;

    if ( rc )
        return refuse_as(LIVEPATCH_REASON_HYPERVISOR, &payload->why, rc,
                         "cannot set the permissions of the %s, %u pages at "
                         "%p: error %d", what, pages, span->addr, -rc);

    return 0;
}

int layout_seal(struct payload *payload)
{
    struct livepatch_image *image = &payload->image;
    int rc;

    if ( image->rw.size )
    {
        image->pristine = table_alloc(image->rw.size, 1);
        if ( !image->pristine )
            return refuse_no_memory(&payload->why, "the copy of the data");

        memcpy(image->pristine, image->rw.addr, image->rw.size);
    }

    rc = protect(payload, &image->text, ARCH_RX, "text");
    if ( !rc )
        rc = protect(payload, &image->rw, ARCH_RW, "data");
    if ( !rc )
        rc = protect(payload, &image->ro, ARCH_RO, "read-only data");

    return rc;
}

void layout_restore(struct payload *payload)
{
    const struct livepatch_image *image = &payload->image;

    if ( image->pristine )
        memcpy(image->rw.addr, image->pristine, image->rw.size);
}

/*
 * The pages need not become writable again: they are unmapped before they are
 * given back, and their next owner maps them anew.
 */
void layout_free(struct payload *payload)
{
    table_free(payload->image.pristine);
    vfree(payload->image.base);

    memset(&payload->image, 0, sizeof(payload->image));
}

void layout_keep(struct payload *payload)
{
    payload->image.base = NULL;
}

bool span_holds(const struct livepatch_span *span, const void *addr,
                size_t size)
{
    size_t offset = (uintptr_t)addr - (uintptr_t)span->addr;

    return offset <= span->size && size <= span->size - offset;
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
