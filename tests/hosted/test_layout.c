/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where sections go, with which permissions, and what bounds them. */
#include "loading.h"

#include <asm/page.h>

#include "../../xen/common/livepatch/layout.h"
#include "../../xen/common/livepatch/symbols.h"

#define WA (SHF_ALLOC | SHF_WRITE)
#define AX (SHF_ALLOC | SHF_EXECINSTR)

/* The address of a symbol of the payload's. */
static void *at(const struct payload *payload, const char *name)
{
    unsigned long addr = symbols_find(payload, name);

    assert_int_not_equal(addr, 0);
    return (void *)addr;
}

/* A section with a global symbol at its start; alignment as given. */
static void add(struct image *image, const char *name, uint32_t type,
                uint64_t flags, size_t size, uint64_t alignment)
{
    unsigned int section = image_add_section(image, name, type, flags, NULL,
                                             size);

    image->sections[section].header.sh_addralign = alignment;
    if ( image->sections[section].data )
        memset(image->sections[section].data, 0x77, size);
    image_add_symbol(image, name + 1, section, 0, size,
                     ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
}

static bool is_filled(const void *addr, uint8_t byte, size_t size)
{
    const uint8_t *p = addr;

    while ( size && *p == byte )
        size--, p++;
    return !size;
}

/* -- Places -------------------------------------------------------------- */

static void classes_and_permissions(void **state)
{
    struct image *image = image_new();
    struct payload *payload;
    struct livepatch_image *i;

    add(image, ".ro", SHT_PROGBITS, SHF_ALLOC, 100, 8);
    add(image, ".rw", SHT_PROGBITS, WA, 100, 8);
    add(image, ".rx", SHT_PROGBITS, AX, 5000, 8);
    add(image, ".zero", SHT_NOBITS, WA, 5000, 8);
    payload = accept("p", image);
    i = &payload->image;

    assert_int_equal(i->pages, 5);
    assert_ptr_equal(i->text.addr, i->base);
    assert_ptr_equal(i->rw.addr, i->base + 2 * PAGE_SIZE);
    assert_ptr_equal(i->ro.addr, i->base + 4 * PAGE_SIZE);
    assert_true(span_holds(&i->text, at(payload, "rx"), 5000));
    assert_true(span_holds(&i->rw, at(payload, "rw"), 100));
    assert_true(span_holds(&i->rw, at(payload, "zero"), 5000));
    assert_true(span_holds(&i->ro, at(payload, "ro"), 100));
    assert_true(is_filled(at(payload, "rx"), 0x77, 5000));
    assert_true(is_filled(at(payload, "rw"), 0x77, 100));
    assert_true(is_filled(at(payload, "ro"), 0x77, 100));
    assert_true(is_filled(at(payload, "zero"), 0, 5000));

    assert_int_equal(hosted_permission(i->base), PAGE_HYPERVISOR_RX);
    assert_int_equal(hosted_permission(i->base + PAGE_SIZE),
                     PAGE_HYPERVISOR_RX);
    assert_int_equal(hosted_permission(i->rw.addr), PAGE_HYPERVISOR_RW);
    assert_int_equal(hosted_permission(i->rw.addr + PAGE_SIZE),
                     PAGE_HYPERVISOR_RW);
    assert_int_equal(hosted_permission(i->ro.addr), PAGE_HYPERVISOR_RO);

    assert_ptr_equal(payload->region.text_start, i->text.addr);
    assert_ptr_equal(payload->region.text_end, i->text.addr + i->text.size);
    assert_ptr_equal(payload->region.rodata_start, i->ro.addr);
    assert_ptr_equal(payload->region.rodata_end, i->ro.addr + i->ro.size);
}

/* In the order of the file, at least aligned for any type. */
static void order_and_alignment(void **state)
{
    struct image *image = image_new();
    struct payload *payload;

    add(image, ".a", SHT_PROGBITS, WA, 1, 1);
    add(image, ".b", SHT_PROGBITS, WA, 1, 0);
    add(image, ".c", SHT_PROGBITS, WA, 3, 2);
    add(image, ".d", SHT_PROGBITS, WA, 1, 64);
    add(image, ".e", SHT_NOBITS, WA, 1, 4096);
    add(image, ".f", SHT_PROGBITS, WA, 1, 16);
    payload = accept("p", image);

    assert_ptr_equal(at(payload, "a"), payload->image.rw.addr);
    assert_ptr_equal(at(payload, "b"), at(payload, "a") + 16);
    assert_ptr_equal(at(payload, "c"), at(payload, "a") + 32);
    assert_ptr_equal(at(payload, "d"), at(payload, "a") + 64);
    assert_ptr_equal(at(payload, "e"), at(payload, "a") + 4096);
    assert_ptr_equal(at(payload, "f"), at(payload, "a") + 4096 + 16);
    assert_int_equal(payload->image.rw.size, 4096 + 17);
    /* What lies between them. */
    assert_true(is_filled(at(payload, "a") + 1, 0, 15));
    assert_true(is_filled(at(payload, "c") + 3, 0, 29));
    assert_true(is_filled(at(payload, "d") + 1, 0, 4096 - 65));
}

/* An alignment of 0 doesn't make sections overlap. */
static void alignment_of_0(void **state)
{
    struct image *image = image_new();
    struct payload *payload;

    add(image, ".a", SHT_PROGBITS, WA, 5000, 0);
    add(image, ".b", SHT_NOBITS, WA, 5000, 0);
    payload = accept("p", image);
    assert_true(at(payload, "b") >= at(payload, "a") + 5000);
    assert_true(is_filled(at(payload, "a"), 0x77, 5000));
    assert_true(span_holds(&payload->image.rw, at(payload, "b"), 5000));
}

static void only_what_is_to_be_loaded(void **state)
{
    struct image *image = image_new();
    unsigned int section;
    struct payload *payload;

    section = image_add_section(image, ".debug", SHT_PROGBITS, 0, NULL, 8000);
    image_add_symbol(image, "debug", section, 0, 0, 0x10);
    payload = accept("p", image);
    assert_int_equal(symbols_find(payload, "debug"), 0);
    /* No data, no read-only page but the one of the records. */
    assert_int_equal(payload->image.pages, 2);
    assert_int_equal(payload->image.rw.size, 0);
    assert_null(payload->image.pristine);
    layout_restore(payload);
}

static void without_text_or_constants(void **state)
{
    struct image *image = image_new();
    struct payload *payload;
    unsigned int i;

    /* Everything is data but for the text. */
    for ( i = 1; i < image->nsections; i++ )
        if ( !(image->sections[i].header.sh_flags & SHF_EXECINSTR) )
            image->sections[i].header.sh_flags |= SHF_WRITE;
    payload = accept("p", image);
    assert_int_equal(payload->image.ro.size, 0);
    assert_null(payload->region.rodata_start);
    assert_null(payload->region.rodata_end);
    assert_int_equal(op_unload("p"), 0);

    image = image_new();
    image_drop_section(image, ".livepatch.funcs");
    image_drop_section(image, ".text.payload");
    image->symbols[image_symbol_index(image, "new_xen_one_101")]
        .entry.st_shndx = SHN_ABS;
    assert_refused(image, -EINVAL, "nothing to patch");
}

/* -- Refusals ------------------------------------------------------------ */

static void writable_and_executable(void **state)
{
    struct image *image = image_new();

    add(image, ".rwx", SHT_PROGBITS, WA | SHF_EXECINSTR, 8, 8);
    assert_refused(image, -EOPNOTSUPP,
                   "section .rwx is both writable and executable");
    /* It doesn't matter if it isn't loaded. */
    image = image_new();
    image_add_section(image, ".rwx", SHT_PROGBITS,
                      SHF_WRITE | SHF_EXECINSTR, NULL, 8);
    assert_accepted(image);
}

static void alignment_above_a_page(void **state)
{
    struct image *image = image_new();

    add(image, ".data", SHT_PROGBITS, WA, 8, 8192);
    assert_refused(image, -EOPNOTSUPP, "section .data: alignment 0x2000");
    image = image_new();
    add(image, ".data", SHT_PROGBITS, WA, 8, 4096);
    assert_accepted(image);
    image = image_new();
    add(image, ".data", SHT_PROGBITS, WA, 8, 1UL << 63);
    assert_refused(image, -EOPNOTSUPP, "alignment 0x8000000000000000");
}

static void zeroes_of_one_section(void **state)
{
    struct image *image = image_new();

    add(image, ".bss", SHT_NOBITS, WA, MB(2), 8);
    assert_accepted(image);
    image = image_new();
    add(image, ".bss", SHT_NOBITS, WA, MB(2) + 1, 8);
    assert_refused(image, -EINVAL, "section .bss: 0x200001 zero-initialised");
    image = image_new();
    add(image, ".bss", SHT_NOBITS, SHF_ALLOC, ~0UL, 8);
    assert_refused(image, -EINVAL, "section .bss:");
    image = image_new();
    add(image, ".bss", SHT_NOBITS, AX, ~0UL - 100, 8);
    assert_refused(image, -EINVAL, "section .bss:");
    image = image_new();
    image_add_section(image, ".bss", SHT_NOBITS, 0, NULL, ~0UL);
    assert_accepted(image);
}

static struct image *with_zeroes(unsigned int sections)
{
    struct image *image = image_new();
    unsigned int i;

    for ( i = 0; i < sections; i++ )
        image_add_section(image, ".bss", SHT_NOBITS, i & 1 ? SHF_ALLOC : WA,
                          NULL, MB(2));
    return image;
}

static void zeroes_of_all_sections(void **state)
{
    assert_accepted(with_zeroes(3));
    /* More than there is memory, but not too much. */
    assert_refused(with_zeroes(15), -ENOMEM,
                   "no memory for the payload's image");
    assert_refused(with_zeroes(16), -EINVAL, "the limit is 0x2000000");
    assert_refused(with_zeroes(900), -EINVAL, "the sections up to .bss need");
}

/* Sections may share their bytes in the file: each is loaded. */
static void overlapping_sections(void **state)
{
    struct image *image = image_new();
    Elf_Shdr *section;
    unsigned int i;

    image_add_section(image, ".big", SHT_PROGBITS, WA, NULL, MB(1));
    for ( i = 0; i < 40; i++ )
        image_add_section(image, ".part", SHT_PROGBITS, WA, NULL, 0);
    section = image_section_header(image, ".big");
    for ( i = 1; i <= 40; i++ )
    {
        section[i].sh_offset = section->sh_offset;
        section[i].sh_size = section->sh_size;
    }
    assert_refused(image, -EINVAL, "the sections up to .part need");
}

static void nothing_to_load(void **state)
{
    struct livepatch_reason why = {};
    struct elf_section sections[2] = { { .name = "" }, { .name = ".debug" } };
    struct elf_view elf = { .why = &why, .nsections = 2,
                            .sections = sections };
    struct payload payload = {};

    assert_int_equal(layout_load(&elf, &payload), -EINVAL);
    assert_non_null(strstr(why.text, "no section is to be loaded"));
    layout_free(&payload);
}

static void no_memory(void **state)
{
    struct image *image = image_new();
    size_t size;
    unsigned int n = 0;
    bool image_failed = false, copy_failed = false;

    add(image, ".data", SHT_PROGBITS, WA, 8, 8);
    image_build(image, &size);
    do {
        hosted_console_clear();
        hosted_fail_allocation(++n);
        if ( op_upload("p", image) )
            assert_true(hosted_allocation_failed());
        image_failed |= !!strstr(hosted_console(), "the payload's image");
        copy_failed |= !!strstr(hosted_console(), "the copy of the data");
    } while ( hosted_allocation_failed() );
    assert_true(image_failed);
    assert_true(copy_failed);
    image_free(image);
}

static void permissions_fail(void **state)
{
    static const char *const words[] = {
        "permissions of the text, 1 pages", "permissions of the data, 1 pages",
        "permissions of the read-only data, 1 pages",
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(words); i++ )
    {
        struct image *image = image_new();

        add(image, ".data", SHT_PROGBITS, WA, 8, 8);
        hosted_fail_protect(i + 1);
        assert_refused(image, -ENOMEM, words[i]);
    }
}

/* -- The data as it was -------------------------------------------------- */

static void restore(void **state)
{
    struct image *image = image_new();
    struct payload *payload;
    unsigned int data;
    unsigned long *value, *zero;

    data = image_add_section(image, ".data", SHT_PROGBITS, WA, NULL, 8);
    image_add_symbol(image, "value", data, 0, 8, 0x11);
    image_add_reloc(image, data, 0, image_undefined(image, "xen_two"),
                    R_X86_64_64, 0);
    add(image, ".zero", SHT_NOBITS, WA, 8, 8);
    payload = accept("p", image);
    value = at(payload, "value");
    zero = at(payload, "zero");
    /* As relocated, that is. */
    assert_ptr_equal((void *)*value, hosted_symbol("xen_two"));
    *value = 1;
    *zero = 2;
    layout_restore(payload);
    assert_ptr_equal((void *)*value, hosted_symbol("xen_two"));
    assert_int_equal(*zero, 0);
}

static void spans(void **state)
{
    static char memory[16];
    struct livepatch_span span = { memory, 16 }, none = { NULL, 0 };

    assert_true(span_holds(&span, memory, 16));
    assert_true(span_holds(&span, memory + 15, 1));
    assert_true(span_holds(&span, memory + 16, 0));
    assert_false(span_holds(&span, memory + 16, 1));
    assert_false(span_holds(&span, memory, 17));
    assert_false(span_holds(&span, (void *)((uintptr_t)memory - 1), 1));
    assert_false(span_holds(&span, memory + 1, ~(size_t)0));
    assert_false(span_holds(&span, (void *)~0UL, 2));
    assert_false(span_holds(&none, memory, 1));
    assert_false(span_holds(&none, NULL, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(classes_and_permissions),
        LOADING_TEST(order_and_alignment),
        LOADING_TEST(alignment_of_0),
        LOADING_TEST(only_what_is_to_be_loaded),
        LOADING_TEST(without_text_or_constants),
        LOADING_TEST(writable_and_executable),
        LOADING_TEST(alignment_above_a_page),
        LOADING_TEST(zeroes_of_one_section),
        LOADING_TEST(zeroes_of_all_sections),
        LOADING_TEST(overlapping_sections),
        LOADING_TEST(nothing_to_load),
        LOADING_TEST(no_memory),
        LOADING_TEST(permissions_fail),
        LOADING_TEST(restore),
        LOADING_TEST(spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
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
