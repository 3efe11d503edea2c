/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relocations: which are known, what fits them, and where they may point. */
#include "loading.h"

#include "../../xen/common/livepatch/arch.h"
#include "../../xen/common/livepatch/symbols.h"

#define WA (SHF_ALLOC | SHF_WRITE)

/* By their numbers in the psABI. */
enum {
    NONE = 0, ABS64 = 1, PC32 = 2, GOT32 = 3, PLT32 = 4, ABS32 = 10,
    ABS32S = 11, ABS16 = 12, PC16 = 13, ABS8 = 14, PC8 = 15, PC64 = 24,
};

/* -- The fields ---------------------------------------------------------- */

static uint8_t field[16];

/* Writes one in the middle, and looks for writes beside it. */
static int relocate(unsigned int type, uint64_t value, size_t room,
                    unsigned int size, uint64_t *result)
{
    unsigned int i;
    int rc;

    memset(field, 0x5a, sizeof(field));
    rc = arch_relocate(type, field + 4, room, value);
    for ( i = 0; i < sizeof(field); i++ )
        if ( rc || i < 4 || i >= 4 + size )
            assert_int_equal(field[i], 0x5a);
    *result = 0;
    memcpy(result, field + 4, size);
    return rc;
}

static void fits(unsigned int type, unsigned int size, uint64_t value)
{
    uint64_t result;
    uint64_t mask = size == 8 ? ~0UL : (1UL << size * 8) - 1;

    assert_int_equal(relocate(type, value, size, size, &result), 0);
    assert_int_equal(result, value & mask);
}

static void too_large(unsigned int type, unsigned int size, uint64_t value)
{
    uint64_t result;

    assert_int_equal(relocate(type, value, size, size, &result), -EOVERFLOW);
}

static void absolute(void **state)
{
    fits(ABS64, 8, 0);
    fits(ABS64, 8, ~0UL);
    fits(ABS64, 8, 0x123456789abcdef0);

    fits(ABS32, 4, 0);
    fits(ABS32, 4, 0xffffffff);
    too_large(ABS32, 4, 0x100000000);
    too_large(ABS32, 4, -1UL);

    fits(ABS32S, 4, 0x7fffffff);
    fits(ABS32S, 4, -0x80000000L);
    too_large(ABS32S, 4, 0x80000000);
    too_large(ABS32S, 4, -0x80000001L);

    fits(ABS16, 2, 0xffff);
    fits(ABS16, 2, -0x8000L);
    too_large(ABS16, 2, 0x10000);
    too_large(ABS16, 2, -0x8001L);

    fits(ABS8, 1, 0xff);
    fits(ABS8, 1, -0x80L);
    too_large(ABS8, 1, 0x100);
    too_large(ABS8, 1, -0x81L);
}

static void relative_one(unsigned int type, unsigned int size, int64_t distance,
                         bool good)
{
    uint64_t place = (uintptr_t)field + 4, result;
    uint64_t mask = size == 8 ? ~0UL : (1UL << size * 8) - 1;
    int rc = relocate(type, place + distance, size, size, &result);

    assert_int_equal(rc, good ? 0 : -EOVERFLOW);
    if ( good )
        assert_int_equal(result, distance & mask);
}

static void relative(void **state)
{
    static const unsigned int types[] = { PC32, PLT32 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(types); i++ )
    {
        relative_one(types[i], 4, 0, true);
        relative_one(types[i], 4, -4, true);
        relative_one(types[i], 4, 0x7fffffff, true);
        relative_one(types[i], 4, 0x80000000L, false);
        relative_one(types[i], 4, -0x80000000L, true);
        relative_one(types[i], 4, -0x80000001L, false);
        relative_one(types[i], 4, 1L << 62, false);
    }
    relative_one(PC16, 2, 0x7fff, true);
    relative_one(PC16, 2, 0x8000, false);
    relative_one(PC16, 2, -0x8000, true);
    relative_one(PC16, 2, -0x8001, false);
    relative_one(PC8, 1, 0x7f, true);
    relative_one(PC8, 1, 0x80, false);
    relative_one(PC8, 1, -0x80, true);
    relative_one(PC8, 1, -0x81, false);
    relative_one(PC64, 8, 1L << 62, true);
    relative_one(PC64, 8, -1, true);
}

static void room(void **state)
{
    static const struct {
        unsigned int type, size;
    } types[] = {
        { ABS64, 8 }, { PC32, 4 }, { PLT32, 4 }, { ABS32, 4 }, { ABS32S, 4 },
        { ABS16, 2 }, { PC16, 2 }, { ABS8, 1 }, { PC8, 1 }, { PC64, 8 },
    };
    uint64_t value, result;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(types); i++ )
    {
        value = types[i].type == PC32 || types[i].type == PLT32 ||
                types[i].type == PC16 || types[i].type == PC8
                ? (uintptr_t)field + 4 : 0;
        assert_int_equal(relocate(types[i].type, value, types[i].size,
                                  types[i].size, &result), 0);
        assert_int_equal(relocate(types[i].type, value, types[i].size - 1,
                                  types[i].size, &result), -EINVAL);
        assert_int_equal(relocate(types[i].type, value, 0, types[i].size,
                                  &result), -EINVAL);
    }
}

static void unknown_types(void **state)
{
    uint64_t result;
    unsigned int type;

    assert_int_equal(relocate(NONE, 1, 0, 0, &result), 0);
    for ( type = 0; type < 300; type++ )
        switch ( type )
        {
        case NONE: case ABS64: case PC32: case PLT32: case ABS32: case ABS32S:
        case ABS16: case PC16: case ABS8: case PC8: case PC64:
            break;

        default:
            assert_int_equal(relocate(type, 0, 8, 0, &result), -EOPNOTSUPP);
        }
    assert_int_equal(relocate(~0U, 0, 8, 0, &result), -EOPNOTSUPP);
}

/* -- In a file ----------------------------------------------------------- */

/* A good payload with a section of 16 bytes. */
static struct image *with_data(void)
{
    struct image *image = image_new();
    unsigned int data = image_add_section(image, ".data", SHT_PROGBITS, WA,
                                          NULL, 16);

    image_add_symbol(image, "data", data, 0, 16,
                     ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    image_undefined(image, "xen_two");
    return image;
}

static struct image *with_reloc(uint64_t offset, unsigned int symbol,
                                unsigned int type, int64_t addend)
{
    struct image *image = with_data();

    image_add_reloc(image, image_section_index(image, ".data"), offset,
                    symbol, type, addend);
    return image;
}

static unsigned int xen_two(void)
{
    struct image *image = with_data();
    unsigned int index = image_symbol_index(image, "xen_two");

    image_free(image);
    return index;
}

static void good_ones(void **state)
{
    unsigned long two = (unsigned long)hosted_symbol("xen_two"), value;
    struct image *image = with_reloc(0, xen_two(), R_X86_64_64, -3);
    unsigned int number;
    struct payload *payload;
    int32_t distance;
    void *data;

    number = image_add_symbol(image, "number", SHN_ABS, 0x1234, 0, 0);
    image_add_reloc(image, image_section_index(image, ".data"), 8, number,
                    ABS16, 1);
    image_add_reloc(image, image_section_index(image, ".data"), 12, xen_two(),
                    R_X86_64_PC32, 5);
    payload = accept("p", image);
    data = (void *)symbols_find(payload, "data");
    memcpy(&value, data, sizeof(value));
    assert_int_equal(value, two - 3);
    assert_memory_equal(data + 8, "\x35\x12\0\0", 4);
    memcpy(&distance, data + 12, sizeof(distance));
    assert_int_equal(distance, two + 5 - (unsigned long)(data + 12));
}

static void bad_fields(void **state)
{
    assert_refused(with_reloc(9, xen_two(), R_X86_64_64, 0), -EINVAL,
                   ".rela.data: relocation 0 of type 1, at .data+0x9 against "
                   "xen_two");
    assert_refused(with_reloc(16, xen_two(), R_X86_64_64, 0), -EINVAL,
                   "the field is not within the section");
    assert_refused(with_reloc(17, xen_two(), R_X86_64_64, 0), -EINVAL,
                   "the field is not within the section");
    assert_refused(with_reloc(~0UL, xen_two(), R_X86_64_64, 0), -EINVAL,
                   "the field is not within the section");
    assert_refused(with_reloc(~0UL - 7, xen_two(), ABS8, 0), -EINVAL,
                   "at .data+0xfffffffffffffff8");
    assert_accepted(with_reloc(8, xen_two(), R_X86_64_64, 0));
    assert_accepted(with_reloc(16, xen_two(), NONE, 0));
}

static void bad_types(void **state)
{
    assert_refused(with_reloc(0, xen_two(), GOT32, 0), -EOPNOTSUPP,
                   "relocation 0 of type 3, at .data+0 against xen_two");
    assert_refused(with_reloc(0, xen_two(), 9, 0), -EOPNOTSUPP,
                   "the type is not known");
}

static void overflow(void **state)
{
    assert_refused(with_reloc(4, xen_two(), R_X86_64_PC32, 1L << 32),
                   -EOVERFLOW, "the result does not fit the field");
    assert_refused(with_reloc(4, xen_two(), R_X86_64_PC32, 1L << 32),
                   -EOVERFLOW, " +4294967296: ");
    assert_refused(with_reloc(4, xen_two(), ABS8, -1), -EOVERFLOW,
                   "relocation 0 of type 14, at .data+0x4 against xen_two");
}

static void bad_symbols(void **state)
{
    struct image *image;
    unsigned int debug, symbol, n;

    assert_refused(with_reloc(0, STN_UNDEF, R_X86_64_64, 0), -EOPNOTSUPP,
                   ".rela.data: relocation 0 is against no symbol");
    assert_refused(with_reloc(0, STN_UNDEF, NONE, 0), -EOPNOTSUPP,
                   "against no symbol");

    image = with_data();
    n = image->nsymbols;
    image_free(image);
    assert_refused(with_reloc(0, n, R_X86_64_64, 0), -EINVAL,
                   ".rela.data: relocation 0 is against symbol");
    assert_refused(with_reloc(0, ~0U, R_X86_64_64, 0), -EINVAL,
                   "symbol 4294967295 of");
    assert_accepted(with_reloc(0, n - 1, R_X86_64_64, 0));

    image = with_data();
    debug = image_add_section(image, ".debug", SHT_PROGBITS, 0, NULL, 8);
    symbol = image_add_symbol(image, "info", debug, 0, 0, 0);
    image_add_reloc(image, image_section_index(image, ".data"), 0, symbol,
                    R_X86_64_64, 0);
    assert_refused(image, -EINVAL,
                   "(info), whose section .debug is not loaded");
}

/* A symbol without a name, as those of sections are. */
static void words_for_no_name(void **state)
{
    struct image *image = with_data();
    unsigned int data = image_section_index(image, ".data");

    image_add_reloc(image, data, 0,
                    image_add_symbol(image, "", data, 0, 0,
                                     ELF64_ST_INFO(STB_LOCAL, STT_SECTION)),
                    GOT32, 0);
    assert_refused(image, -EOPNOTSUPP, "against a section");
}

/* -- Tables of relocations ----------------------------------------------- */

static void without_addends(void **state)
{
    struct image *image = with_reloc(0, xen_two(), R_X86_64_64, 0);

    image_section_header(image, ".rela.data")->sh_type = SHT_REL;
    assert_refused(image, -EOPNOTSUPP,
                   "section .rela.data: relocations without addends");
}

static void links(void **state)
{
    struct image *image = with_reloc(0, xen_two(), R_X86_64_64, 0);

    image_section_header(image, ".rela.data")->sh_link = 0;
    assert_refused(image, -EINVAL,
                   "section .rela.data: its symbols are in section 0");
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_link++;
    assert_refused(image, -EINVAL, "its symbols are in section");
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_info = 0;
    assert_refused(image, -EINVAL,
                   "section .rela.data relocates section 0 of");
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_info =
        image_header(image)->e_shnum;
    assert_refused(image, -EINVAL, "section .rela.data relocates section");
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_info = ~0U;
    assert_refused(image, -EINVAL, "relocates section 4294967295 of");
}

static void entries(void **state)
{
    struct image *image = with_reloc(0, xen_two(), R_X86_64_64, 0);

    image_section_header(image, ".rela.data")->sh_entsize = 16;
    assert_refused(image, -EINVAL, "0x18 bytes in entries of 16 instead of 24");
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_size--;
    assert_refused(image, -EINVAL, "0x17 bytes in entries of 24 instead of 24");
    image = with_reloc(0, xen_two(), GOT32, 0);
    image_section_header(image, ".rela.data")->sh_size = 0;
    assert_accepted(image);
    /* Zeroes that are nowhere hold no relocations. */
    image = with_reloc(0, xen_two(), R_X86_64_64, 0);
    image_section_header(image, ".rela.data")->sh_type = SHT_NOBITS;
    assert_accepted(image);
}

/* What isn't loaded isn't relocated: anything may stand there. */
static void not_loaded(void **state)
{
    struct image *image = with_data();
    unsigned int debug = image_add_section(image, ".debug", SHT_PROGBITS, 0,
                                           NULL, 8);

    image_add_reloc(image, debug, 100, 0, GOT32, 0);
    assert_accepted(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(absolute),
        LOADING_TEST(relative),
        LOADING_TEST(room),
        LOADING_TEST(unknown_types),
        LOADING_TEST(good_ones),
        LOADING_TEST(bad_fields),
        LOADING_TEST(bad_types),
        LOADING_TEST(overflow),
        LOADING_TEST(bad_symbols),
        LOADING_TEST(words_for_no_name),
        LOADING_TEST(without_addends),
        LOADING_TEST(links),
        LOADING_TEST(entries),
        LOADING_TEST(not_loaded),
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
