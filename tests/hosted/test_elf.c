/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structure of uploaded files: each rule, kept and broken. */
#include "loading.h"

#include "../../xen/common/livepatch/arch.h"
#include "../../xen/common/livepatch/elf.h"

static struct livepatch_reason why;

/*
 * Opens an exact copy of the file, at an address that is odd, so that reading
 * beyond it or through an unaligned pointer is noticed.
 */
static int open_copy(struct elf_view *elf, const void *file, size_t size,
                     void **copy)
{
    *copy = malloc(size + 1);
    assert_non_null(*copy);
    memcpy(*copy + 1, file, size);
    memset(&why, 0, sizeof(why));
    return elf_open(elf, *copy + 1, size, &why);
}

static void refuse_file(const void *file, size_t size, int rc,
                        const char *words)
{
    struct elf_view elf;
    void *copy;

    assert_int_equal(open_copy(&elf, file, size, &copy), rc);
    assert_int_equal(why.rc, rc);
    if ( !strstr(why.text, words) )
        fail_msg("\"%s\" is not in \"%s\"", words, why.text);
    assert_int_equal(hosted_allocated, 0);
    free(copy);
}

static void refuse_image(struct image *image, int rc, const char *words)
{
    size_t size;
    void *file = image_build(image, &size);

    refuse_file(file, size, rc, words);
    image_free(image);
}

static void open_image(struct image *image, struct elf_view *elf, void **copy)
{
    size_t size;
    void *file = image_build(image, &size);
    int rc = open_copy(elf, file, size, copy);

    if ( rc )
        fail_msg("%d, %s", rc, why.text);
    image_free(image);
}

static void accept_image(struct image *image)
{
    struct elf_view elf;
    void *copy;

    open_image(image, &elf, &copy);
    elf_close(&elf);
    free(copy);
}

/* -- The header ---------------------------------------------------------- */

static void good_file(void **state)
{
    struct elf_view elf;
    void *copy;

    open_image(image_new(), &elf, &copy);
    assert_int_equal(elf.sections[0].header.sh_type, SHT_NULL);
    assert_string_equal(elf.sections[0].name, "");
    assert_string_equal(elf.sections[elf.symtab].name, ".symtab");
    assert_string_equal(elf.symbols[0].name, "");
    assert_string_equal(elf.symbols[1].name, "new_xen_one_101");
    assert_int_equal(elf.symbols[1].size, 6);
    assert_int_equal(elf.symbols[1].binding, STB_GLOBAL);
    assert_int_equal(elf.symbols[1].type, STT_FUNC);
    assert_false(elf.symbols[1].resolved);
    assert_null(elf.sections[1].loaded);
    elf_close(&elf);
    assert_int_equal(hosted_allocated, 0);
    free(copy);
}

static void every_shorter_file_is_refused(void **state)
{
    struct image *image = image_new();
    size_t size, n;
    void *file = image_build(image, &size);

    /* The headers of sections are its last bytes. */
    for ( n = 0; n < size; n++ )
        refuse_file(file, n, -EINVAL, n < 64 ? "an ELF header has 64"
                                             : "not within the file");
    image_free(image);
}

static void magic(void **state)
{
    unsigned int i;

    for ( i = 0; i < 4; i++ )
    {
        struct image *image = image_new();

        image_header(image)->e_ident[i] ^= 1;
        refuse_image(image, -EINVAL, "not in ELF format");
    }
}

static void ident(void **state)
{
    static const struct {
        unsigned int index;
        uint8_t value;
        const char *words;      /* NULL: it is good. */
    } cases[] = {
        { EI_CLASS, ELFCLASS32, "class 1" },
        { EI_CLASS, ELFCLASSNONE, "class 0" },
        { EI_DATA, ELFDATA2MSB, "byte order 2" },
        { EI_VERSION, 0, "versions 0 and 1" },
        { EI_VERSION, 2, "versions 2 and 1" },
        { EI_OSABI, ELFOSABI_LINUX, "OS ABI 3" },
        { EI_OSABI, ELFOSABI_FREEBSD, NULL },
        { EI_ABIVERSION, 1, "OS ABI 0, version 1" },
        { EI_PAD, 1, NULL },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        struct image *image = image_new();

        image_header(image)->e_ident[cases[i].index] = cases[i].value;
        if ( cases[i].words )
            refuse_image(image, -EOPNOTSUPP, cases[i].words);
        else
            accept_image(image);
    }
}

static void version(void **state)
{
    struct image *image = image_new();

    image_header(image)->e_version = 2;
    refuse_image(image, -EOPNOTSUPP, "versions 1 and 2");
}

static void type(void **state)
{
    struct image *image = image_new();

    image_header(image)->e_type = ET_DYN;
    refuse_image(image, -EOPNOTSUPP, "type 3 with 0 program headers");
    image = image_new();
    image_header(image)->e_phnum = 1;
    refuse_image(image, -EOPNOTSUPP, "type 1 with 1 program headers");
}

static void machine(void **state)
{
    Elf_Ehdr header = { .e_machine = EM_AARCH64 };

    assert_int_equal(arch_elf_check(&header, &why), -EOPNOTSUPP);
    assert_non_null(strstr(why.text, "machine 183"));
    header.e_machine = EM_X86_64;
    assert_int_equal(arch_elf_check(&header, &why), 0);
}

/* As many sections as there may be, and one more. */
static void many_sections(void **state)
{
    unsigned int limit = 1023, i, extra;

    for ( extra = 0; extra < 2; extra++ )
    {
        struct image *image = image_new();
        struct elf_view elf;
        char name[32];
        void *copy;
        /* .symtab, .strtab, .shstrtab and .rela.livepatch.funcs come. */
        unsigned int n = limit + extra - image->nsections - 4;

        for ( i = 0; i < n; i++ )
        {
            snprintf(name, sizeof(name), ".section.%u", i);
            image_add_section(image, name, SHT_PROGBITS, 0, "x", 1);
        }
        assert_int_equal(image_header(image)->e_shnum, limit + extra);
        if ( extra )
        {
            refuse_image(image, -EOPNOTSUPP,
                         "1024 sections; the limit is 1023");
            continue;
        }
        open_image(image, &elf, &copy);
        for ( i = 0; i < n; i++ )
        {
            snprintf(name, sizeof(name), ".section.%u", i);
            assert_string_equal(elf_find(&elf, name)->name, name);
        }
        assert_null(elf_find(&elf, ".section.none"));
        elf_close(&elf);
        free(copy);
    }
}

/* -- The headers of sections --------------------------------------------- */

static void table_of_sections(void **state)
{
    struct image *image = image_new();

    image_header(image)->e_shentsize = 63;
    refuse_image(image, -EINVAL, "section headers of 63 bytes");
    image = image_new();
    image_header(image)->e_shoff = 63;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shoff = 0;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shoff = ~0UL;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shoff += 1;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shnum++;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shentsize = 0xffff;
    refuse_image(image, -EINVAL, "are not within the file");
    image = image_new();
    image_header(image)->e_shnum = 0;
    refuse_image(image, -EINVAL, "section names are in section");
}

/* Headers may be further apart than they are long. */
static void wide_headers(void **state)
{
    const unsigned int wide = sizeof(Elf_Shdr) + 7;
    struct image *image = image_new();
    size_t size;
    uint8_t *file = image_build(image, &size), *copy;
    Elf_Ehdr *header = image_header(image);
    struct elf_view elf;
    unsigned int i;
    void *opened;

    copy = calloc(1, header->e_shoff + header->e_shnum * wide);
    assert_non_null(copy);
    for ( i = 0; i < header->e_shnum; i++ )
        memcpy(copy + header->e_shoff + i * wide,
               file + header->e_shoff + i * sizeof(Elf_Shdr),
               sizeof(Elf_Shdr));
    header->e_shentsize = wide;
    memcpy(copy, file, header->e_shoff);
    assert_int_equal(open_copy(&elf, copy,
                               header->e_shoff + header->e_shnum * wide,
                               &opened), 0);
    assert_non_null(elf_find(&elf, ".livepatch.funcs"));
    elf_close(&elf);
    free(opened);
    free(copy);
    image_free(image);
}

static void alignment(void **state)
{
    struct image *image = image_new();
    struct elf_view elf;
    void *copy;

    image_section_header(image, ".livepatch.funcs")->sh_addralign = 0;
    open_image(image, &elf, &copy);
    assert_int_equal(elf_find(&elf, ".livepatch.funcs")->header.sh_addralign,
                     1);
    elf_close(&elf);
    free(copy);

    image = image_new();
    image_section_header(image, ".livepatch.funcs")->sh_addralign = 3;
    refuse_image(image, -EOPNOTSUPP, "alignment 0x3 is not a power of two");
    image = image_new();
    image_section_header(image, ".strtab")->sh_addralign = ~0UL;
    refuse_image(image, -EOPNOTSUPP, "is not a power of two");
}

static void address(void **state)
{
    struct image *image = image_new();

    image_section_header(image, ".livepatch.funcs")->sh_addr = 0x1008;
    accept_image(image);
    image = image_new();
    image_section_header(image, ".livepatch.funcs")->sh_addr = 0x1004;
    refuse_image(image, -EINVAL, "address 0x1004 is not a multiple");
}

static void place_in_file(void **state)
{
    static const char name[] = ".livepatch.funcs";
    static const char words[] = "not within the file";
    struct image *image = image_new();
    size_t size;

    image_section_header(image, name)->sh_offset = 63;
    refuse_image(image, -EINVAL, words);
    image = image_new();
    image_section_header(image, name)->sh_offset = 64;
    accept_image(image);

    image = image_new();
    image_build(image, &size);
    image_section_header(image, name)->sh_offset = size;
    refuse_image(image, -EINVAL, words);
    image = image_new();
    image_section_header(image, name)->sh_offset = size - 104;
    accept_image(image);
    image = image_new();
    image_section_header(image, name)->sh_offset = size - 103;
    refuse_image(image, -EINVAL, words);
    image = image_new();
    image_section_header(image, name)->sh_offset = size + 1;
    image_section_header(image, name)->sh_size = 0;
    refuse_image(image, -EINVAL, words);

    /* Their sum is less than either. */
    image = image_new();
    image_section_header(image, name)->sh_size =
        -image_section_header(image, name)->sh_offset + 64;
    refuse_image(image, -EINVAL, words);
    image = image_new();
    image_section_header(image, name)->sh_offset = -8UL;
    refuse_image(image, -EINVAL, words);
}

/* What isn't in the file needs no place there. */
static void not_in_the_file(void **state)
{
    struct image *image = image_new();
    struct elf_view elf;
    void *copy;

    image_add_section(image, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL,
                      4096);
    image_add_section(image, ".none", SHT_NULL, SHF_ALLOC, NULL, 0);
    image_section_header(image, ".bss")->sh_offset = ~0UL;
    image_section_header(image, ".none")->sh_size = ~0UL;
    open_image(image, &elf, &copy);
    assert_null(elf_find(&elf, ".bss")->data);
    assert_null(elf_find(&elf, ".none")->data);
    assert_int_equal(elf_find(&elf, ".none")->header.sh_size, 0);
    assert_false(elf_is_alloc(elf_find(&elf, ".none")));
    elf_close(&elf);
    free(copy);
}

/* -- Names --------------------------------------------------------------- */

static void section_names(void **state)
{
    struct image *image = image_new();
    Elf_Shdr *header;

    image_header(image)->e_shstrndx = 0;
    refuse_image(image, -EINVAL, "section names are in section 0");
    image = image_new();
    image_header(image)->e_shstrndx++;
    refuse_image(image, -EINVAL, "section names are in section");
    image = image_new();
    image_header(image)->e_shstrndx = 1;
    refuse_image(image, -EINVAL, "section 1 should hold the section names");
    image = image_new();
    image_section_header(image, ".shstrtab")->sh_size = 0;
    refuse_image(image, -EINVAL, "and has 0 bytes");
    image = image_new();
    *(char *)image_data(image, ".shstrtab") = 'x';
    refuse_image(image, -EINVAL, "do not begin and end with a zero");
    image = image_new();
    image_section_header(image, ".shstrtab")->sh_size--;
    refuse_image(image, -EINVAL, "do not begin and end with a zero");

    image = image_new();
    header = image_section_header(image, ".shstrtab");
    image_section_header(image, ".livepatch.funcs")->sh_name = header->sh_size;
    refuse_image(image, -EINVAL, "its name at");
    image = image_new();
    header = image_section_header(image, ".shstrtab");
    image_section_header(image, ".livepatch.funcs")->sh_name =
        header->sh_size - 1;
    accept_image(image);
    image = image_new();
    image_section_header(image, ".livepatch.funcs")->sh_name = ~0U;
    refuse_image(image, -EINVAL, "its name at 0xffffffff");
}

static void long_names(void **state)
{
    struct image *image = image_new();
    char name[1026];

    memset(name, 'x', sizeof(name));
    name[1024] = '\0';
    image_add_section(image, name, SHT_PROGBITS, 0, "x", 1);
    image_add_symbol(image, name, SHN_ABS, 0, 0, 0);
    accept_image(image);

    name[1024] = 'x';
    name[1025] = '\0';
    image = image_new();
    image_add_section(image, name, SHT_PROGBITS, 0, "x", 1);
    refuse_image(image, -EINVAL, "or longer than 1024");
    image = image_new();
    image_add_symbol(image, name, SHN_ABS, 0, 0, 0);
    refuse_image(image, -EINVAL, "or longer than 1024");
}

/* -- Symbols ------------------------------------------------------------- */

static void table_of_symbols(void **state)
{
    struct image *image = image_new();

    image_section_header(image, ".symtab")->sh_type = SHT_PROGBITS;
    refuse_image(image, -EINVAL, "has no symbol table");
    image = image_new();
    image_add_section(image, ".second", SHT_SYMTAB, 0, NULL, 24);
    refuse_image(image, -EOPNOTSUPP, "are both symbol tables");
    image = image_new();
    image_section_header(image, ".symtab")->sh_entsize = 23;
    refuse_image(image, -EINVAL, "in entries of 23 instead of 24");
    image = image_new();
    image_section_header(image, ".symtab")->sh_entsize = 0;
    refuse_image(image, -EINVAL, "in entries of 0 instead of 24");
    image = image_new();
    image_section_header(image, ".symtab")->sh_size--;
    refuse_image(image, -EINVAL, "symbol table:");
    image = image_new();
    image_section_header(image, ".symtab")->sh_size = 0;
    refuse_image(image, -EINVAL, "symbol table: 0 bytes");
}

static void symbol_names(void **state)
{
    struct image *image = image_new();
    Elf_Shdr *header;

    image_section_header(image, ".symtab")->sh_link = 0;
    refuse_image(image, -EINVAL, "its names are in section 0");
    image = image_new();
    image_section_header(image, ".symtab")->sh_link = 1023;
    refuse_image(image, -EINVAL, "its names are in section 1023");
    image = image_new();
    image_section_header(image, ".symtab")->sh_link =
        image_header(image)->e_shnum;
    refuse_image(image, -EINVAL, "its names are in section");
    image = image_new();
    image_section_header(image, ".symtab")->sh_link = 1;
    refuse_image(image, -EINVAL, "should hold the symbol names");
    image = image_new();
    *(char *)image_data(image, ".strtab") = 'x';
    refuse_image(image, -EINVAL, "the symbol names do not begin and end");
    image = image_new();
    image_section_header(image, ".strtab")->sh_size--;
    refuse_image(image, -EINVAL, "the symbol names do not begin and end");

    image = image_new();
    header = image_section_header(image, ".strtab");
    image_file_symbol(image, "xen_one")->st_name = header->sh_size;
    refuse_image(image, -EINVAL, "its name at");
    image = image_new();
    image_file_symbol(image, "xen_one")->st_name = ~0U;
    refuse_image(image, -EINVAL, "its name at 0xffffffff");
}

static void symbol_sections(void **state)
{
    static const struct {
        unsigned int index;
        int rc;
        const char *words;
    } cases[] = {
        { SHN_COMMON, -EINVAL, "(data) is common" },
        { SHN_LORESERVE, -EOPNOTSUPP, "section index 0xff00 is reserved" },
        { 0xffff, -EOPNOTSUPP, "section index 0xffff is reserved" },
        { SHN_LORESERVE - 1, -EINVAL, "(data) is in section 65279 of" },
        { SHN_ABS, 0, NULL },
        { SHN_UNDEF, 0, NULL },
        { 1, 0, NULL },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        struct image *image = image_new();

        image_add_symbol(image, "data", cases[i].index, 0, 0, 0x10);
        if ( cases[i].rc )
            refuse_image(image, cases[i].rc, cases[i].words);
        else
            accept_image(image);
    }
}

static void symbol_section_beyond_the_last(void **state)
{
    struct image *image = image_new();

    image_file_symbol(image, "xen_one")->st_shndx =
        image_header(image)->e_shnum - 1;
    accept_image(image);
    image = image_new();
    image_file_symbol(image, "xen_one")->st_shndx =
        image_header(image)->e_shnum;
    refuse_image(image, -EINVAL, "(xen_one) is in section");
}

static void symbol_values(void **state)
{
    struct image *image = image_new();
    unsigned int data, debug;

    data = image_add_section(image, ".data", SHT_PROGBITS,
                             SHF_ALLOC | SHF_WRITE, NULL, 8);
    debug = image_add_section(image, ".debug", SHT_PROGBITS, 0, NULL, 8);
    /* Beyond the end of what isn't loaded, and at the end of what is. */
    image_add_symbol(image, "end", data, 8, 0, 0);
    image_add_symbol(image, "info", debug, 9, 0, 0);
    image_add_symbol(image, "number", SHN_ABS, ~0UL, 0, 0);
    accept_image(image);

    image = image_new();
    data = image_add_section(image, ".data", SHT_PROGBITS,
                             SHF_ALLOC | SHF_WRITE, NULL, 8);
    image_add_symbol(image, "beyond", data, 9, 0, 0);
    refuse_image(image, -EINVAL,
                 "(beyond): value 0x9 is beyond the 0x8 bytes of section "
                 ".data");
}

/* -- Memory -------------------------------------------------------------- */

static void without_memory(void **state)
{
    static const char *const words[] = {
        "no memory for the sections", "no memory for the section names",
        "no memory for the symbols",
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(words); i++ )
    {
        hosted_fail_allocation(i + 1);
        refuse_image(image_new(), -ENOMEM, words[i]);
        assert_true(hosted_allocation_failed());
    }
    accept_image(image_new());
}

/* -- Finding ------------------------------------------------------------- */

static void the_first_of_a_name_is_found(void **state)
{
    struct image *image = image_new();
    struct elf_view elf;
    void *copy;

    image_add_section(image, ".twice", SHT_PROGBITS, 0, "1", 1);
    image_add_section(image, ".twice", SHT_PROGBITS, 0, "2", 1);
    open_image(image, &elf, &copy);
    assert_memory_equal(elf_find(&elf, ".twice")->data, "1", 1);
    assert_null(elf_find(&elf, ".thrice"));
    assert_null(elf_find(&elf, ".twic"));
    elf_close(&elf);
    free(copy);
}

static void special_sections(void **state)
{
    struct image *image = image_new();
    struct elf_view elf;
    char memory[16];
    void *copy, *data;
    size_t size;

    image_add_section(image, ".filled", SHT_PROGBITS, SHF_ALLOC, NULL, 16);
    image_add_section(image, ".empty", SHT_PROGBITS, SHF_ALLOC, NULL, 0);
    image_add_section(image, ".debug", SHT_PROGBITS, 0, NULL, 16);
    open_image(image, &elf, &copy);
    elf_find(&elf, ".filled")->loaded = memory;
    elf_find(&elf, ".empty")->loaded = memory;

    data = memory;
    size = 1;
    assert_int_equal(elf_special(&elf, ".absent", 8, &data, &size), 0);
    assert_null(data);
    assert_int_equal(size, 0);

    assert_int_equal(elf_special(&elf, ".filled", 8, &data, &size), 0);
    assert_ptr_equal(data, memory);
    assert_int_equal(size, 16);

    assert_int_equal(elf_special(&elf, ".empty", 8, &data, &size), 0);
    assert_ptr_equal(data, memory);
    assert_int_equal(size, 0);

    data = memory;
    assert_int_equal(elf_special(&elf, ".filled", 7, &data, &size), -EINVAL);
    assert_non_null(strstr(why.text, "16 bytes are not a multiple of 7"));
    assert_null(data);

    assert_int_equal(elf_special(&elf, ".debug", 8, &data, &size), -EINVAL);
    assert_non_null(strstr(why.text, "lacks the ALLOC flag"));
    assert_int_equal(size, 0);

    elf_close(&elf);
    free(copy);
}

/* A search costs the same among many sections. */
static double cost_of_search(unsigned int n)
{
    struct image *image = image_new();
    struct elf_view elf;
    unsigned int i;
    double start;
    char name[32];
    void *copy;

    for ( i = 0; i < n; i++ )
    {
        snprintf(name, sizeof(name), ".section.%u", i);
        image_add_section(image, name, SHT_PROGBITS, 0, NULL, 0);
    }
    image_add_section(image, ".last", SHT_PROGBITS, 0, NULL, 0);
    open_image(image, &elf, &copy);
    start = loading_cpu_time();
    for ( i = 0; i < 20000; i++ )
        assert_ptr_not_equal(elf_find(&elf, ".last"), &elf.sections[i & 1]);
    start = loading_cpu_time() - start;
    elf_close(&elf);
    free(copy);
    return start;
}

static void searches_cost_the_same(void **state)
{
    assert_scales(cost_of_search, 120, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(good_file),
        LOADING_TEST(every_shorter_file_is_refused),
        LOADING_TEST(magic),
        LOADING_TEST(ident),
        LOADING_TEST(version),
        LOADING_TEST(type),
        LOADING_TEST(machine),
        LOADING_TEST(many_sections),
        LOADING_TEST(table_of_sections),
        LOADING_TEST(wide_headers),
        LOADING_TEST(alignment),
        LOADING_TEST(address),
        LOADING_TEST(place_in_file),
        LOADING_TEST(not_in_the_file),
        LOADING_TEST(section_names),
        LOADING_TEST(long_names),
        LOADING_TEST(table_of_symbols),
        LOADING_TEST(symbol_names),
        LOADING_TEST(symbol_sections),
        LOADING_TEST(symbol_section_beyond_the_last),
        LOADING_TEST(symbol_values),
        LOADING_TEST(without_memory),
        LOADING_TEST(the_first_of_a_name_is_found),
        LOADING_TEST(special_sections),
        LOADING_TEST(searches_cost_the_same),
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
