/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge's rules: a good payload, with one thing broken in each test.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FUNCS  ".livepatch.funcs"
#define TEXT   ".text.new_function"
#define NAMES  ".rodata.str"
#define OWN_ID ".note.gnu.build-id"

/* What a broken payload is to lead to. */
struct rule {
    const char *name;
    void (*break_it)(payload_image *image);
    xenlivepatch_severity severity;
    xenlivepatch_reason reason;
    const char *where, *message;
    bool ours;                  /* force makes do with a warning */
};

/*----- the container -----*/

#define HEADER_FIELD(name, field, value)                \
    static void name(payload_image *image)              \
    {                                                   \
        image_build(image);                             \
        image_header(image)->field = value;             \
    }

HEADER_FIELD(no_magic, e_ident[0], 0)
HEADER_FIELD(narrow, e_ident[EI_CLASS], ELFCLASS32)
HEADER_FIELD(big_endian, e_ident[EI_DATA], ELFDATA2MSB)
HEADER_FIELD(for_arm, e_machine, EM_AARCH64)
HEADER_FIELD(ident_version, e_ident[EI_VERSION], 0)
HEADER_FIELD(elf_version_2, e_version, 2)
HEADER_FIELD(no_sections, e_shnum, 0)
HEADER_FIELD(short_shentsize, e_shentsize, 40)
HEADER_FIELD(long_shentsize, e_shentsize, 72)
HEADER_FIELD(shoff_past_end, e_shoff, image->size + 1)
HEADER_FIELD(shoff_wraps, e_shoff, -64)
HEADER_FIELD(shoff_in_header, e_shoff, 0)
HEADER_FIELD(table_past_end, e_shoff, image->size - 64)
HEADER_FIELD(no_shstrndx, e_shstrndx, SHN_UNDEF)
HEADER_FIELD(shstrndx_too_big, e_shstrndx, image_header(image)->e_shnum)
HEADER_FIELD(a_program, e_type, ET_EXEC)
HEADER_FIELD(program_headers, e_phnum, 1)
HEADER_FIELD(for_solaris, e_ident[EI_OSABI], ELFOSABI_SOLARIS)
HEADER_FIELD(for_freebsd, e_ident[EI_OSABI], ELFOSABI_FREEBSD)
HEADER_FIELD(abi_version, e_ident[EI_ABIVERSION], 1)

static void short_header(payload_image *image)
{
    image_build(image);
    image->size = sizeof(Elf64_Ehdr) - 1;
}

static void too_many_sections(payload_image *image)
{
    while (image->num_sections < 1020)
        image_add_section(image, ".more", SHT_PROGBITS, SHF_ALLOC, NULL,
                          0);
}

#define SECTION_FIELD(name, section, field, value)                      \
    static void name(payload_image *image)                              \
    {                                                                   \
        image_build(image);                                             \
        image_section_header(image, section)->field = value;            \
    }

SECTION_FIELD(offset_in_header, TEXT, sh_offset, 63)
SECTION_FIELD(section_past_end, TEXT, sh_size, image->size)
SECTION_FIELD(section_wraps, TEXT, sh_size, -64)
SECTION_FIELD(offset_past_end, TEXT, sh_offset, image->size + 1)
SECTION_FIELD(odd_symtab, ".symtab", sh_size, 25)
SECTION_FIELD(symtab_entsize, ".symtab", sh_entsize, 32)
SECTION_FIELD(symtab_entsize_0, ".symtab", sh_entsize, 0)
SECTION_FIELD(odd_relocs, ".rela" FUNCS, sh_size, 25)
SECTION_FIELD(reloc_entsize, ".rela" FUNCS, sh_entsize, 16)
SECTION_FIELD(names_no_strings, ".shstrtab", sh_type, SHT_PROGBITS)
SECTION_FIELD(names_empty, ".shstrtab", sh_size, 0)
SECTION_FIELD(name_outside, TEXT, sh_name, 0x10000)
SECTION_FIELD(no_symtab, ".symtab", sh_type, SHT_PROGBITS)
SECTION_FIELD(empty_symtab, ".symtab", sh_size, 0)
SECTION_FIELD(symtab_link_0, ".symtab", sh_link, 0)
SECTION_FIELD(symtab_link_outside, ".symtab", sh_link, 100)
SECTION_FIELD(symtab_link_text, ".symtab", sh_link, 1)
/* libelf insists on whole entries in these; Xen doesn't know them. */
SECTION_FIELD(odd_dynamic, ".comment", sh_type, SHT_DYNAMIC)

static void names_unterminated(payload_image *image)
{
    image_data(image, ".shstrtab")
        [image_section_header(image, ".shstrtab")->sh_size - 1] = 'x';
}

static void names_start(payload_image *image)
{
    image_data(image, ".shstrtab")[0] = 'x';
}

static void long_name(payload_image *image)
{
    char *name = malloc(5000);

    memset(name, 'n', 4999);
    name[4999] = '\0';
    image_add_section(image, name, SHT_PROGBITS, 0, NULL, 0);
    image_build(image);
    free(name);
}

static void two_symtabs(payload_image *image)
{
    Elf64_Shdr *header = image_section_header(image, ".rela" FUNCS);

    header->sh_type = SHT_SYMTAB;
    header->sh_entsize = sizeof(Elf64_Sym);
}

static void symbol_name_outside(payload_image *image)
{
    image_file_symbol(image, "new_function")->st_name = 0x10000;
}

/*----- sections -----*/

SECTION_FIELD(odd_align, TEXT, sh_addralign, 12)
SECTION_FIELD(huge_align, TEXT, sh_addralign, 8192)
SECTION_FIELD(align_0, TEXT, sh_addralign, 0)
SECTION_FIELD(align_0_unloaded, ".comment", sh_addralign, 0)
SECTION_FIELD(misplaced, TEXT, sh_addr, 3)
SECTION_FIELD(writable_text, TEXT, sh_flags,
              SHF_ALLOC | SHF_EXECINSTR | SHF_WRITE)

/* Xen's own limit is on data that is written, loaded or not. */
static void big_bss(payload_image *image)
{
    image_add_section(image, ".bss", SHT_NOBITS, SHF_WRITE, NULL,
                      (2 << 20) + 1);
}

static void much_bss(payload_image *image)
{
    int i;

    for (i = 0; i < 16; i++)
        image_add_section(image, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
                          NULL, 2 << 20);
}

/* All that fits beside a page of code, and one of read-only data. */
static void some_bss(payload_image *image)
{
    much_bss(image);
    image->sections[image->num_sections - 1].size -= 3 << 12;
}

static void two_modinfos(payload_image *image)
{
    image_add_section(image, ".modinfo", SHT_PROGBITS, SHF_ALLOC, "a=b",
                      4);
}

SECTION_FIELD(funcs_unloaded, FUNCS, sh_flags, 0)
SECTION_FIELD(depends_unloaded, ".livepatch.depends", sh_flags, 0)
SECTION_FIELD(modinfo_empty, ".modinfo", sh_size, 0)
SECTION_FIELD(funcs_odd, FUNCS, sh_size, 100)
SECTION_FIELD(funcs_nobits, FUNCS, sh_type, SHT_NOBITS)

static void funcs_empty(payload_image *image)
{
    image_drop_reloc(image, FUNCS, 0);
    image_drop_reloc(image, FUNCS, 8);
    image_section_header(image, FUNCS)->sh_size = 0;
}

static void rename_section(payload_image *image, const char *section)
{
    image_section(image, section)->name = ".renamed";
}

static void no_build_id(payload_image *image)
{
    rename_section(image, OWN_ID);
}

static void no_depends(payload_image *image)
{
    rename_section(image, ".livepatch.depends");
}

static void no_xen_depends(payload_image *image)
{
    rename_section(image, ".livepatch.xen_depends");
}

static void nothing_to_patch(payload_image *image)
{
    rename_section(image, FUNCS);
}

static void no_modinfo(payload_image *image)
{
    rename_section(image, ".modinfo");
}

static void odd_bug_frames(payload_image *image)
{
    image_add_section(image, ".bug_frames.3", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 12);
}

/* Two, of which the second one's line has a high number. */
static void bug_frames(payload_image *image)
{
    unsigned int function = image_symbol_index(image, "new_function");
    unsigned int table;

    image_add_section(image, ".bug_frames.0", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 0);
    table = image_add_section(image, ".bug_frames.3", SHT_PROGBITS,
                              SHF_ALLOC, NULL, 32);
    image_add_reloc(image, table, 0, function, R_X86_64_PC32, 4);
    image_add_reloc(image, table, 16, function, R_X86_64_PC32,
                    8 + (3 << 24));
}

static void bug_frame_outside(payload_image *image)
{
    bug_frames(image);
    image_reloc(image, ".bug_frames.3", 16)->addend = 1000;
}

static void bug_frame_unrelocated(payload_image *image)
{
    bug_frames(image);
    image_drop_reloc(image, ".bug_frames.3", 0);
}

static void odd_alternatives(payload_image *image)
{
    image_add_section(image, ".altinstructions", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 15);
}

static void odd_ex_table(payload_image *image)
{
    image_add_section(image, ".ex_table", SHT_PROGBITS, SHF_ALLOC, NULL,
                      4);
}

static void odd_alt_calls(payload_image *image)
{
    image_add_section(image, ".alt_call_sites", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 6);
}

/*----- symbols -----*/

#define ADD_SYMBOL(function, name, section, binding, type)              \
    static void function(payload_image *image)                          \
    {                                                                   \
        image_add_symbol(image, name, section, 0,                       \
                         GELF_ST_INFO(binding, type));                  \
    }

ADD_SYMBOL(common_symbol, "common", SHN_COMMON, STB_GLOBAL, STT_OBJECT)
ADD_SYMBOL(strange_section, "strange", SHN_XINDEX, STB_GLOBAL, STT_OBJECT)
ADD_SYMBOL(section_outside, "outside", 100, STB_GLOBAL, STT_OBJECT)
ADD_SYMBOL(nameless, "", SHN_UNDEF, STB_GLOBAL, STT_NOTYPE)
ADD_SYMBOL(absolute, "absolute", SHN_ABS, STB_GLOBAL, STT_NOTYPE)
ADD_SYMBOL(made_up, "__func__.0", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(made_up_many_digits, "state.1234", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(made_up_with_file, "file.c#__func__.0", 1, STB_LOCAL,
           STT_OBJECT)
ADD_SYMBOL(made_up_global, "global.0", 1, STB_GLOBAL, STT_OBJECT)
ADD_SYMBOL(no_number, "file.c", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(half_number, "name.1x", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(only_number, ".1", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(ends_in_dot, "name.", 1, STB_LOCAL, STT_OBJECT)
ADD_SYMBOL(section_symbol, ".rodata.1", 1, STB_LOCAL, STT_SECTION)

static void made_up_unloaded(payload_image *image)
{
    image_add_symbol(image, "__func__.0",
                     image_section_index(image, ".comment"), 0,
                     GELF_ST_INFO(STB_LOCAL, STT_OBJECT));
}

static void assembler_label(payload_image *image)
{
    unsigned int strings =
        image_add_section(image, ".rodata.str1.1", SHT_PROGBITS,
                          SHF_ALLOC | SHF_MERGE | SHF_STRINGS, "", 1);

    image_add_symbol(image, ".LC.0", strings, 0,
                     GELF_ST_INFO(STB_LOCAL, STT_NOTYPE));
}

static void assembler_label_kept(payload_image *image)
{
    image_add_symbol(image, ".LC.0", 1, 0,
                     GELF_ST_INFO(STB_LOCAL, STT_NOTYPE));
}

/*----- relocations -----*/

static struct image_reloc *text_reloc(payload_image *image)
{
    return image_reloc(image, TEXT, 8);
}

#define RELOC_FIELD(name, field, value)                         \
    static void name(payload_image *image)                      \
    {                                                           \
        text_reloc(image)->field = value;                       \
    }

RELOC_FIELD(reloc_symbol_0, symbol, 0)
RELOC_FIELD(reloc_symbol_outside, symbol, 100)
RELOC_FIELD(reloc_type, type, R_X86_64_32S)
RELOC_FIELD(reloc_type_unknown, type, R_X86_64_GOTPCREL)
RELOC_FIELD(reloc_plt, type, R_X86_64_PLT32)
RELOC_FIELD(reloc_64, type, R_X86_64_64)
RELOC_FIELD(reloc_none, type, R_X86_64_NONE)
RELOC_FIELD(reloc_past_end, offset, 48)
RELOC_FIELD(reloc_over_end, offset, 45)
RELOC_FIELD(reloc_at_end, offset, 44)
RELOC_FIELD(reloc_wraps, offset, -2)
RELOC_FIELD(reloc_far, addend, INT64_C(1) << 31)
RELOC_FIELD(reloc_far_back, addend, -(INT64_C(1) << 31))
RELOC_FIELD(reloc_just_near, addend, INT32_MAX)

static void reloc_64_over_end(payload_image *image)
{
    text_reloc(image)->type = R_X86_64_64;
    text_reloc(image)->offset = 41;
}

static void reloc_none_symbol_0(payload_image *image)
{
    text_reloc(image)->type = R_X86_64_NONE;
    text_reloc(image)->symbol = 0;
}

static void reloc_none_past_end(payload_image *image)
{
    text_reloc(image)->type = R_X86_64_NONE;
    text_reloc(image)->offset = 100;
}

static void reloc_unloaded(payload_image *image)
{
    text_reloc(image)->symbol =
        image_add_symbol(image, "comment",
                         image_section_index(image, ".comment"), 0,
                         GELF_ST_INFO(STB_LOCAL, STT_OBJECT));
}

static void reloc_absolute(payload_image *image)
{
    text_reloc(image)->symbol =
        image_add_symbol(image, "absolute", SHN_ABS, 0xffff82d040200000,
                         GELF_ST_INFO(STB_GLOBAL, STT_NOTYPE));
}

/* Relocations of what isn't loaded are no business of Xen's. */
static void reloc_of_unloaded(payload_image *image)
{
    image_add_reloc(image, image_section_index(image, ".comment"), 1000,
                    0, R_X86_64_32, 0);
}

SECTION_FIELD(relocs_info_0, ".rela" TEXT, sh_info, 0)
SECTION_FIELD(relocs_info_outside, ".rela" TEXT, sh_info, 100)
SECTION_FIELD(relocs_link, ".rela" TEXT, sh_link, 1)

static void rel(payload_image *image)
{
    Elf64_Shdr *header = image_section_header(image, ".rela" TEXT);

    header->sh_type = SHT_REL;
    header->sh_size = header->sh_entsize = sizeof(Elf64_Rel);
}

static void empty_rel(payload_image *image)
{
    rel(image);
    image_section_header(image, ".rela" TEXT)->sh_size = 0;
}

/*----- build-ids and metadata -----*/

static Elf64_Nhdr *own_id(payload_image *image)
{
    return (Elf64_Nhdr *)image_data(image, OWN_ID);
}

#define NOTE_FIELD(name, field, value)                  \
    static void name(payload_image *image)              \
    {                                                   \
        own_id(image)->field = value;                   \
    }

NOTE_FIELD(note_type, n_type, 1)
NOTE_FIELD(note_no_id, n_descsz, 0)
NOTE_FIELD(note_too_long, n_descsz, 21)
NOTE_FIELD(note_wraps, n_descsz, -4)
NOTE_FIELD(note_owner_size, n_namesz, 5)
NOTE_FIELD(note_short_id, n_descsz, 1)

static void note_owner(payload_image *image)
{
    memcpy(own_id(image) + 1, "Xen", 4);
}

static void note_cut(payload_image *image)
{
    image_section_header(image, OWN_ID)->sh_size = 12;
}

static void note_huge_id(payload_image *image)
{
    struct image_section *section = image_section(image, OWN_ID);

    section->size = 16 + 65;
    section->data = realloc(section->data, section->size);
    memset(section->data + 16, 0x11, 65);
    own_id(image)->n_descsz = 65;
}

static void note_relocated(payload_image *image)
{
    image_add_reloc(image, image_section_index(image, OWN_ID), 20,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_64,
                    0);
}

static void own_id_is_depends(payload_image *image)
{
    memset(image_data(image, ".livepatch.depends") + 16, 0x11, 20);
}

static void own_id_is_xens(payload_image *image)
{
    memset(image_data(image, ".livepatch.xen_depends") + 16, 0x11, 20);
}

static void modinfo_unterminated(payload_image *image)
{
    image_section_header(image, ".modinfo")->sh_size--;
}

static void modinfo_relocated(payload_image *image)
{
    image_add_reloc(image, image_section_index(image, ".modinfo"), 0,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_64,
                    0);
}

/*----- hooks -----*/

#define HOOK(name) ".livepatch.hooks." name

static void null_load_hook(payload_image *image)
{
    image_add_hooks(image, "load", 2);
    image_drop_reloc(image, HOOK("load"), 8);
}

static void null_single_hook(payload_image *image)
{
    image_add_hooks(image, "preapply", 1);
    image_drop_reloc(image, HOOK("preapply"), 0);
}

static void two_single_hooks(payload_image *image)
{
    image_add_hooks(image, "revert", 2);
}

static void hook_in_data(payload_image *image)
{
    image_add_hooks(image, "apply", 1);
    image_reloc(image, HOOK("apply"), 0)->symbol =
        image_symbol_index(image, "names");
    image_reloc(image, HOOK("apply"), 0)->addend = 0;
}

static void hook_past_end(payload_image *image)
{
    image_add_hooks(image, "unload", 1);
    image_reloc(image, HOOK("unload"), 0)->addend = 48;
}

static void hook_fixed(payload_image *image)
{
    image_add_hooks(image, "unload", 1);
    image_drop_reloc(image, HOOK("unload"), 0);
    memset(image_data(image, HOOK("unload")), 0xff, 8);
}

static void hook_half(payload_image *image)
{
    image_add_hooks(image, "load", 1);
    image_reloc(image, HOOK("load"), 0)->type = R_X86_64_PC32;
}

static void hook_twice(payload_image *image)
{
    image_add_hooks(image, "load", 1);
    image_add_reloc(image, image_section_index(image, HOOK("load")), 0,
                    image_symbol_index(image, "new_function"), R_X86_64_64,
                    0);
}

static void hook_outside(payload_image *image)
{
    image_add_hooks(image, "load", 1);
    image_reloc(image, HOOK("load"), 0)->symbol =
        image_symbol_index(image, "xen_symbol");
}

static void hook_absolute(payload_image *image)
{
    image_add_hooks(image, "load", 1);
    image_reloc(image, HOOK("load"), 0)->symbol =
        image_add_symbol(image, "absolute", SHN_ABS, 16,
                         GELF_ST_INFO(STB_GLOBAL, STT_NOTYPE));
}

static void hook_odd(payload_image *image)
{
    image_add_hooks(image, "load", 2);
    image_drop_reloc(image, HOOK("load"), 8);
    image_section_header(image, HOOK("load"))->sh_size = 12;
}

static void only_hooks(payload_image *image)
{
    image_add_hooks(image, "load", 1);
    nothing_to_patch(image);
}

/*----- functions -----*/

static void name_fixed(payload_image *image)
{
    image_drop_reloc(image, FUNCS, 0);
    memset(image_data(image, FUNCS), 0xff, 8);
}

static void name_outside_payload(payload_image *image)
{
    image_reloc(image, FUNCS, 0)->symbol =
        image_symbol_index(image, "xen_symbol");
}

static void name_past_end(payload_image *image)
{
    image_reloc(image, FUNCS, 0)->addend = 1000;
}

static void name_unterminated(payload_image *image)
{
    image_section_header(image, NAMES)->sh_size -= 1;
}

/* Engines have no limit. */
static void long_func_name(payload_image *image)
{
    char name[1000];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    image_add_function(image, name);
}

static void no_name_no_address(payload_image *image)
{
    image_drop_reloc(image, FUNCS, 0);
}

static void empty_name(payload_image *image)
{
    image_reloc(image, FUNCS, 0)->addend = 0;
}

static void add_old_addr(payload_image *image, const char *symbol,
                         unsigned int type, int64_t addend)
{
    image_add_reloc(image, image_section_index(image, FUNCS), 16,
                    image_symbol_index(image, symbol), type, addend);
}

static void old_addr_of_xen(payload_image *image)
{
    add_old_addr(image, "xen_symbol", R_X86_64_64, 0);
}

static void old_addr_without_name(payload_image *image)
{
    old_addr_of_xen(image);
    image_drop_reloc(image, FUNCS, 0);
}

static void old_addr_in_the_middle(payload_image *image)
{
    add_old_addr(image, "xen_symbol", R_X86_64_64, 4);
}

static void old_addr_in_payload(payload_image *image)
{
    add_old_addr(image, "new_function", R_X86_64_64, 0);
}

static void old_addr_half(payload_image *image)
{
    add_old_addr(image, "xen_symbol", R_X86_64_PC32, 0);
}

static void set_old_addr(payload_image *image, uint64_t addr)
{
    memcpy(image_data(image, FUNCS) + 16, &addr, sizeof(addr));
}

static void old_addr_fixed(payload_image *image)
{
    set_old_addr(image, 0xffff82d040234930);
}

static void old_addr_too_low(payload_image *image)
{
    set_old_addr(image, 0xffff82d03fffffff);
}

static void old_addr_too_high(payload_image *image)
{
    set_old_addr(image, 0xffff82d080000000);
}

static void new_addr_fixed(payload_image *image)
{
    image_drop_reloc(image, FUNCS, 8);
    memset(image_data(image, FUNCS) + 8, 0xff, 8);
}

static void new_addr_outside(payload_image *image)
{
    image_reloc(image, FUNCS, 8)->symbol =
        image_symbol_index(image, "xen_symbol");
}

static void new_addr_in_data(payload_image *image)
{
    image_reloc(image, FUNCS, 8)->symbol =
        image_symbol_index(image, "names");
}

static void new_addr_past_end(payload_image *image)
{
    image_reloc(image, FUNCS, 8)->addend = 48;
}

static void new_addr_before(payload_image *image)
{
    image_reloc(image, FUNCS, 8)->addend = -1;
}

static void new_addr_in_init(payload_image *image)
{
    image_section(image, TEXT)->name = ".init.text";
}

static void set_size(payload_image *image, unsigned int field,
                     uint32_t value)
{
    memcpy(image_data(image, FUNCS) + field, &value, sizeof(value));
}

static void new_size(payload_image *image, uint32_t value)
{
    set_size(image, 24, value);
}

static void old_size(payload_image *image, uint32_t value)
{
    set_size(image, 28, value);
}

static void old_size_0(payload_image *image)
{
    old_size(image, 0);
}

static void old_size_4(payload_image *image)
{
    old_size(image, 4);
}

static void old_size_5(payload_image *image)
{
    old_size(image, 5);
}

static void old_size_8(payload_image *image)
{
    old_size(image, 8);
}

static void old_size_9(payload_image *image)
{
    old_size(image, 9);
}

static void version_1(payload_image *image)
{
    image_data(image, FUNCS)[32] = 1;
}

static void size_relocated(payload_image *image)
{
    image_add_reloc(image, image_section_index(image, FUNCS), 24,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_64,
                    0);
}

/* Expects len bytes, all of them the given one. */
static void expect(payload_image *image, unsigned int len, uint8_t byte)
{
    uint8_t *record = image_data(image, FUNCS);

    record[72] = 1 | len << 1;
    memset(record + 73, byte, len);
}

static void expectation(payload_image *image)
{
    expect(image, 31, 0x90);
}

static void expects_flags(payload_image *image)
{
    expect(image, 4, 0x90);
    image_data(image, FUNCS)[72] |= 0x40;
}

static void disabled_flags(payload_image *image)
{
    image_data(image, FUNCS)[72] = 0xfe;
}

static void expects_more(payload_image *image)
{
    expect(image, 17, 0x90);
    old_size(image, 16);
}

static void make_nop(payload_image *image, uint32_t size)
{
    image_drop_reloc(image, FUNCS, 8);
    new_size(image, size);
}

static void good_nop(payload_image *image)
{
    make_nop(image, 5);
    expect(image, 5, 0xb8);
}

static void unexpecting_nop(payload_image *image)
{
    make_nop(image, 5);
}

static void nop_31(payload_image *image)
{
    make_nop(image, 31);
    expect(image, 5, 0xb8);
}

static void nop_32(payload_image *image)
{
    make_nop(image, 32);
    expect(image, 5, 0xb8);
}

static void nop_longer_than_function(payload_image *image)
{
    make_nop(image, 6);
    old_size(image, 5);
    expect(image, 5, 0xb8);
}

static void nop_3(payload_image *image)
{
    make_nop(image, 3);
    expect(image, 3, 0xb8);
}

static void nop_3_known(payload_image *image)
{
    make_nop(image, 3);
    expect(image, 4, 0xb8);
}

static void nop_3_endbr(payload_image *image)
{
    make_nop(image, 3);
    expect(image, 4, 0);
    memcpy(image_data(image, FUNCS) + 73, "\xf3\x0f\x1e\xfa", 4);
}

static void nop_3_poison(payload_image *image)
{
    make_nop(image, 3);
    expect(image, 4, 0);
    memcpy(image_data(image, FUNCS) + 73, "\x66\x0f\x1f\x01", 4);
}

static void same_name_twice(payload_image *image)
{
    image_add_function(image, "another_function");
    image_add_function(image, "some_function");
}

static void two_addresses(payload_image *image, uint64_t distance)
{
    uint64_t addr = 0xffff82d040234930 + distance;

    image_add_function(image, "another_function");
    old_addr_fixed(image);
    memcpy(image_data(image, FUNCS) + FUNC_SIZE + 16, &addr, sizeof(addr));
}

static void addresses_overlap(payload_image *image)
{
    two_addresses(image, 31);
}

static void addresses_touch(payload_image *image)
{
    two_addresses(image, 32);
}

static void several_functions(payload_image *image)
{
    image_add_function(image, "function_b");
    image_add_function(image, "function_a");
    old_addr_of_xen(image);
}

/*----- alternatives and other tables -----*/

#define ALT ".altinstructions"

static void alt_orig_outside(payload_image *image)
{
    image_add_alternative(image);
    image_reloc(image, ALT, 0)->symbol =
        image_symbol_index(image, "xen_symbol");
}

static void alt_orig_unrelocated(payload_image *image)
{
    image_add_alternative(image);
    image_drop_reloc(image, ALT, 0);
}

static void alt_pad_past_end(payload_image *image)
{
    image_add_alternative(image);
    image_data(image, ALT)[12] = 4;
}

static void alt_repl_elsewhere(payload_image *image)
{
    image_add_alternative(image);
    image_reloc(image, ALT, 4)->symbol =
        image_symbol_index(image, "new_function");
}

static void alt_repl_past_end(payload_image *image)
{
    image_add_alternative(image);
    image_reloc(image, ALT, 4)->addend = 1;
}

static void alt_repl_empty_at_end(payload_image *image)
{
    image_add_alternative(image);
    image_reloc(image, ALT, 4)->addend = 6;
    image_data(image, ALT)[11] = 0;
}

static void alt_repl_unrelocated(payload_image *image)
{
    image_add_alternative(image);
    image_drop_reloc(image, ALT, 4);
}

static void alt_repl_too_long(payload_image *image)
{
    image_add_alternative(image);
    image_data(image, ALT)[12] = 0;
}

static void alt_too_long(payload_image *image)
{
    struct image_section *text = image_section(image, TEXT);

    text->data = realloc(text->data, 1000);
    memset(text->data + text->size, 0, 1000 - text->size);
    text->size = 1000;
    image_add_alternative(image);
    image_data(image, ALT)[10] = 200;
    image_data(image, ALT)[12] = 55;
}

static void alt_cpuid(payload_image *image)
{
    image_add_alternative(image);
    image_data(image, ALT)[9] = 0x88;
}

static void alt_cpuid_negated(payload_image *image)
{
    image_add_alternative(image);
    image_data(image, ALT)[9] = 0x80;
}

static void alt_relocated(payload_image *image)
{
    image_add_alternative(image);
    image_add_reloc(image, image_section_index(image, ALT), 10,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_PC32,
                    0);
}

static void alt_without_replacement(payload_image *image)
{
    image_add_alternative(image);
    rename_section(image, ".altinstr_replacement");
}

static void alt_empty(payload_image *image)
{
    image_add_section(image, ALT, SHT_PROGBITS, SHF_ALLOC, NULL, 0);
}

static void ex_table_outside(payload_image *image)
{
    image_add_code_tables(image);
    image_reloc(image, ".ex_table", 4)->symbol =
        image_symbol_index(image, "names");
}

static void ex_table_unrelocated(payload_image *image)
{
    image_add_code_tables(image);
    image_drop_reloc(image, ".ex_table", 0);
}

static void alt_call_past_end(payload_image *image)
{
    image_add_code_tables(image);
    image_reloc(image, ".alt_call_sites", 0)->addend = 43;
}

static void alt_done(payload_image *image)
{
    image_add_alternative(image);
    image_data(image, ".altinstructions")[13] = 1;
}

/*----- what engines other than the stock one refuse -----*/

static const char *name_of(size_t size)
{
    static char name[2000];

    memset(name, 'n', size);
    name[size] = '\0';
    return name;
}

static void section_name_1025(payload_image *image)
{
    image_add_section(image, name_of(1025), SHT_PROGBITS, 0, NULL, 0);
    image_build(image);
}

static void symbol_name_1025(payload_image *image)
{
    image_add_symbol(image, name_of(1025), SHN_ABS, 0, 0);
    image_build(image);
}

static void func_name_1025(payload_image *image)
{
    image_add_function(image, name_of(1025));
    image_build(image);
}

static void names_1024(payload_image *image)
{
    image_add_section(image, name_of(1024), SHT_PROGBITS, 0, NULL, 0);
    image_add_symbol(image, name_of(1024), SHN_ABS, 0, 0);
    image_build(image);
}

static void symbol_beyond(payload_image *image)
{
    image_add_symbol(image, "beyond", image_section_index(image, TEXT),
                     49, 0);
}

static void symbol_at_end(payload_image *image)
{
    image_add_symbol(image, "end", image_section_index(image, TEXT), 48,
                     0);
}

/* By what follows the file's content. */
static void too_big(payload_image *image)
{
    image_build(image);
    image->bytes = realloc(image->bytes, (2 << 20) + 1);
    memset(image->bytes + image->size, 0, (2 << 20) + 1 - image->size);
    image->size = (2 << 20) + 1;
}

/*----- per-CPU variables -----*/

static void add_per_cpu(payload_image *image, const char *name,
                        uint32_t type, uint64_t flags, size_t size,
                        uint64_t align)
{
    image_add_section(image, name, type, flags, NULL, size);
    image_section(image, name)->align = align;
}

static void per_cpu(payload_image *image)
{
    add_per_cpu(image, ".bss.percpu", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
                1024, 128);
    image_add_symbol(image, "livepatch_percpu_load", SHN_UNDEF, 0, 0);
}

/* Its name says nothing to Xen. */
static void no_per_cpu(payload_image *image)
{
    add_per_cpu(image, ".bss.percpux", SHT_PROGBITS, SHF_ALLOC, 2000, 128);
}

static void per_cpu_without_room(payload_image *image)
{
    add_per_cpu(image, ".bss.percpu.read_mostly", SHT_NOBITS,
                SHF_ALLOC | SHF_WRITE, 8, 8);
}

static void per_cpu_in_file(payload_image *image)
{
    per_cpu(image);
    add_per_cpu(image, ".bss.percpu.x", SHT_PROGBITS,
                SHF_ALLOC | SHF_WRITE, 8, 8);
}

static void per_cpu_read_only(payload_image *image)
{
    per_cpu(image);
    add_per_cpu(image, ".bss.percpu.x", SHT_NOBITS, SHF_ALLOC, 8, 8);
}

static void per_cpu_relocated(payload_image *image)
{
    per_cpu(image);
    image_add_reloc(image, image_section_index(image, ".bss.percpu"), 8,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_64,
                    0);
}

static void per_cpu_large(payload_image *image)
{
    per_cpu(image);
    add_per_cpu(image, ".bss.percpu.x", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
                1025, 8);
}

static void per_cpu_aligned(payload_image *image)
{
    per_cpu(image);
    add_per_cpu(image, ".bss.percpu.x", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
                8, 256);
}

/*----- all of them -----*/

#define RULE(severity, ours, reason, break_it, where, message)          \
    { #break_it, break_it, XENLIVEPATCH_ ## severity,                   \
      XENLIVEPATCH_REASON_ ## reason, where, message, ours }
/* What no engine takes; what some would take; what may well be right. */
#define BAD(reason, ...) RULE(ERROR, false, reason, __VA_ARGS__)
#define HARM(reason, ...) RULE(ERROR, true, reason, __VA_ARGS__)
#define DOUBT(reason, ...) RULE(WARNING, false, reason, __VA_ARGS__)

/* Each leads to that one finding and no other. */
static const struct rule rules[] = {
    BAD(FILE, no_magic, NULL, "is not an ELF file"),
    BAD(FORMAT, short_header, "ELF header", "ends within the ELF header"),
    BAD(FORMAT, narrow, "ELF header", "not for 64-bit x86"),
    BAD(FORMAT, big_endian, "ELF header", "not for 64-bit x86"),
    BAD(FORMAT, for_arm, "ELF header", "not for 64-bit x86"),
    BAD(FORMAT, ident_version, "ELF header", "unknown ELF version"),
    BAD(FORMAT, elf_version_2, "ELF header", "unknown ELF version"),
    BAD(FORMAT, no_sections, "section headers", "no sections"),
    BAD(FORMAT, short_shentsize, "section headers", "headers of 40 bytes"),
    BAD(FORMAT, long_shentsize, "section headers", "headers of 72 bytes"),
    BAD(FORMAT, shoff_past_end, "section headers", "is cut short"),
    BAD(FORMAT, shoff_wraps, "section headers", "is cut short"),
    BAD(FORMAT, shoff_in_header, "section headers", "is cut short"),
    BAD(FORMAT, table_past_end, "section headers", "is cut short"),
    BAD(FORMAT, no_shstrndx, "section headers", "names section 0 of"),
    BAD(FORMAT, shstrndx_too_big, "section headers", "as the table of "
        "section names"),
    BAD(FORMAT, a_program, "ELF header", "program or a library"),
    BAD(FORMAT, program_headers, "ELF header", "1 program headers"),
    BAD(FORMAT, for_solaris, "ELF header", "operating system 6"),
    BAD(FORMAT, abi_version, "ELF header", "ABI version 1"),
    BAD(FORMAT, too_many_sections, "ELF header", "at most 1023"),
    BAD(FORMAT, offset_in_header, "section 1", "within the ELF header"),
    BAD(FORMAT, section_past_end, "section 1", "is cut short"),
    BAD(FORMAT, section_wraps, "section 1", "is cut short"),
    BAD(FORMAT, offset_past_end, "section 1", "is cut short"),
    BAD(FORMAT, odd_symtab, "section 11", "not whole ones of 24"),
    BAD(FORMAT, symtab_entsize, "section 11", "not whole ones of 24"),
    BAD(FORMAT, symtab_entsize_0, "section 11", "not whole ones of 24"),
    BAD(FORMAT, odd_relocs, "section 10", "not whole ones of 24"),
    BAD(FORMAT, reloc_entsize, "section 10", "not whole ones of 24"),
    BAD(FORMAT, odd_dynamic, "section 8", "can't be read by libelf"),
    BAD(FORMAT, names_no_strings, "section headers",
        "no table of strings"),
    BAD(FORMAT, names_empty, "section headers", "no table of strings"),
    BAD(FORMAT, names_unterminated, "section headers", "no table of str"),
    BAD(FORMAT, names_start, "section headers", "no table of strings"),
    BAD(FORMAT, name_outside, "section headers", "name of section 1 "),
    BAD(FORMAT, long_name, "section headers", "name of section 9 "),
    BAD(FORMAT, two_symtabs, ".symtab", "two symbol tables"),
    BAD(FORMAT, no_symtab, ".symtab", "has no symbols"),
    BAD(FORMAT, empty_symtab, ".symtab", "has no symbols"),
    BAD(FORMAT, symtab_link_0, ".symtab", "names section 0 for its str"),
    BAD(FORMAT, symtab_link_outside, ".symtab", "names section 100"),
    BAD(FORMAT, symtab_link_text, ".symtab", "names section 1 "),
    BAD(FORMAT, symbol_name_outside, ".symtab", "name of symbol 2 "),

    BAD(FORMAT, odd_align, TEXT, "no power of two"),
    HARM(FORMAT, huge_align, TEXT, "no more than 4096"),
    HARM(FORMAT, align_0, TEXT, "alignment 0"),
    BAD(FORMAT, misplaced, TEXT, "is at address 0x3"),
    BAD(FORMAT, writable_text, TEXT, "both writable and executable"),
    HARM(FORMAT, big_bss, ".bss", "2097153 zeroes"),
    HARM(FORMAT, much_bss, NULL, "more than 33554432 bytes of the hyper"),
    HARM(FORMAT, two_modinfos, ".modinfo", "two sections called .modinfo"),
    HARM(FORMAT, funcs_unloaded, FUNCS, "not marked to be loaded"),
    HARM(FORMAT, depends_unloaded, ".livepatch.depends",
        "not marked to be"),
    HARM(FORMAT, funcs_empty, FUNCS, "is empty"),
    HARM(FORMAT, modinfo_empty, ".modinfo", "is empty"),
    BAD(FORMAT, funcs_odd, FUNCS, "no multiple of its entries' 104"),
    HARM(FORMAT, funcs_nobits, FUNCS, "no content in the file"),
    BAD(FORMAT, no_build_id, OWN_ID, "is missing"),
    BAD(FORMAT, no_depends, ".livepatch.depends", "is missing"),
    BAD(FORMAT, no_xen_depends, ".livepatch.xen_depends", "is missing"),
    BAD(FORMAT, nothing_to_patch, NULL, "nothing to apply"),
    HARM(FORMAT, bug_frame_outside, ".bug_frames.3", "Entry 1 of .bug_fr"),
    HARM(FORMAT, bug_frame_unrelocated, ".bug_frames.3",
         "Entry 0 of .bug_frames.3 is not about code"),
    HARM(FORMAT, alt_done, ".altinstructions", "marked as done already"),
    HARM(FORMAT, symbol_beyond, "beyond", "is at 0x31, beyond the 48 bytes"),
    BAD(FORMAT, too_big, NULL, "has 2097153 bytes"),
    HARM(FORMAT, odd_bug_frames, ".bug_frames.3", "entries' 16"),
    HARM(FORMAT, odd_alternatives, ALT, "entries' 14"),
    HARM(FORMAT, odd_ex_table, ".ex_table", "entries' 8"),
    HARM(FORMAT, odd_alt_calls, ".alt_call_sites", "entries' 4"),

    BAD(FORMAT, common_symbol, "common", "-fno-common"),
    BAD(FORMAT, strange_section, "strange", "is in section 65535"),
    BAD(FORMAT, section_outside, "outside", "is in section 100"),
    BAD(SYMBOL, nameless, NULL, "Symbol 4 has neither a name nor a place"),
    DOUBT(COLLISION, made_up, "__func__.0", "likely to be in other"),
    DOUBT(COLLISION, made_up_many_digits, "state.1234", "likely to be"),
    DOUBT(COLLISION, assembler_label_kept, ".LC.0", "likely to be"),

    BAD(FORMAT, reloc_symbol_0, TEXT, "names symbol 0"),
    BAD(FORMAT, reloc_none_symbol_0, TEXT, "names symbol 0"),
    BAD(FORMAT, reloc_symbol_outside, TEXT, "names symbol 100"),
    HARM(FORMAT, reloc_type, TEXT, "is of type 11"),
    BAD(FORMAT, reloc_type_unknown, TEXT, "is of type 9"),
    BAD(FORMAT, reloc_past_end, TEXT, "beyond the section's 48"),
    BAD(FORMAT, reloc_over_end, TEXT, "beyond the section's 48"),
    BAD(FORMAT, reloc_64_over_end, TEXT, "beyond the section's 48"),
    BAD(FORMAT, reloc_wraps, TEXT, "beyond the section's 48"),
    BAD(FORMAT, reloc_far, TEXT, "more than 2 GiB"),
    BAD(FORMAT, reloc_far_back, TEXT, "more than 2 GiB"),
    BAD(FORMAT, reloc_unloaded, TEXT, "section .comment, which isn't"),
    HARM(FORMAT, relocs_info_0, ".rela" TEXT, "for section 0"),
    HARM(FORMAT, relocs_info_outside, ".rela" TEXT, "for section 100"),
    BAD(FORMAT, relocs_link, ".rela" TEXT, "take symbols from section 1"),
    BAD(FORMAT, rel, ".rela" TEXT, "without addends"),

    BAD(FORMAT, note_type, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_no_id, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_too_long, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_wraps, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_owner_size, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_owner, OWN_ID, "doesn't begin with a note"),
    BAD(FORMAT, note_cut, OWN_ID, "doesn't begin with a note"),
    HARM(FORMAT, note_huge_id, OWN_ID, "has 65 bytes, and at most 64"),
    HARM(FORMAT, note_relocated, OWN_ID, "A relocation changes section"),
    HARM(COLLISION, own_id_is_depends, OWN_ID,
        "is that of what it depends"),
    HARM(COLLISION, own_id_is_xens, OWN_ID, "is that of what it depends"),
    BAD(FORMAT, modinfo_unterminated, ".modinfo",
        "doesn't end with a zero"),
    HARM(FORMAT, modinfo_relocated, ".modinfo", "A relocation changes"),

    HARM(HOOK, null_load_hook, HOOK("load"), "load+0x8 is a null pointer"),
    DOUBT(HOOK, null_single_hook, HOOK("preapply"), "is a null pointer"),
    BAD(HOOK, two_single_hooks, HOOK("revert"), "has 2 hooks"),
    HARM(HOOK, hook_in_data, HOOK("apply"), "doesn't point to code"),
    HARM(HOOK, hook_past_end, HOOK("unload"), "doesn't point to code"),
    HARM(HOOK, hook_fixed, HOOK("unload"), "doesn't point to code"),
    HARM(HOOK, hook_half, HOOK("load"), "doesn't point to code"),
    HARM(HOOK, hook_twice, HOOK("load"), "doesn't point to code"),
    HARM(HOOK, hook_absolute, HOOK("load"), "doesn't point to code"),
    DOUBT(HOOK, hook_outside, HOOK("load"), "is xen_symbol, which is not"),
    BAD(FORMAT, hook_odd, HOOK("load"), "entries' 8"),

    HARM(FORMAT, name_fixed, "(unnamed function)", "doesn't point to a st"),
    HARM(FORMAT, name_outside_payload, "(unnamed function)", "in record 0"),
    HARM(FORMAT, name_past_end, "(unnamed function)", "in record 0"),
    HARM(FORMAT, name_unterminated, "(unnamed function)", "in record 0"),
    HARM(SYMBOL, no_name_no_address, "(unnamed function)",
        "neither a name"),
    HARM(SYMBOL, empty_name, "(unnamed function)", "neither a name nor an"),
    HARM(FORMAT, old_addr_in_the_middle, "some_function", "at 0x4 bytes"),
    HARM(FORMAT, old_addr_in_payload, "some_function",
        "something in the pay"),
    HARM(FORMAT, old_addr_half, "some_function",
        "something in the payload"),
    HARM(FORMAT, old_addr_too_low, "some_function", "no code of Xen"),
    HARM(FORMAT, old_addr_too_high, "some_function", "no code of Xen"),
    HARM(FORMAT, new_addr_fixed, "some_function", "0xffffffffffffffff"),
    DOUBT(FORMAT, new_addr_outside, "some_function",
        "by xen_symbol, which"),
    HARM(FORMAT, new_addr_in_data, "some_function",
        "no code of the payload"),
    HARM(FORMAT, new_addr_past_end, "some_function", "no code of the payl"),
    HARM(FORMAT, new_addr_before, "some_function",
        "no code of the payload"),
    DOUBT(FORMAT, new_addr_in_init, "some_function", "code in .init.text"),
    BAD(FORMAT, old_size_0, "some_function", "size is not given"),
    HARM(FORMAT, old_size_4, "some_function",
        "has 4 bytes, and a stock Xen needs 5"),
    DOUBT(FORMAT, old_size_5, "some_function", "has 5 bytes, too few"),
    DOUBT(FORMAT, old_size_8, "some_function", "has 8 bytes, too few"),
    BAD(FORMAT, version_1, "some_function", "has version 1"),
    HARM(FORMAT, size_relocated, "some_function", "A relocation changes"),
    BAD(FORMAT, expects_flags, "some_function", "unknown flags set (0x1)"),
    BAD(FORMAT, expects_more, "some_function", "17 bytes are expected"),
    DOUBT(EXPECTATION, unexpecting_nop, "some_function",
        "whatever is there"),
    BAD(FORMAT, nop_32, "some_function", "Xen's limit is 31"),
    BAD(FORMAT, nop_longer_than_function, "some_function",
        "it has only 5"),
    HARM(FORMAT, nop_3, "some_function", "if it began with ENDBR64"),
    HARM(FORMAT, nop_3_endbr, "some_function", "if it began with ENDBR64"),
    HARM(FORMAT, nop_3_poison, "some_function", "if it began with ENDBR64"),
    HARM(FORMAT, same_name_twice, "some_function", "replaced twice"),
    HARM(FORMAT, addresses_overlap, "another_function", "replaced twice"),

    HARM(FORMAT, per_cpu_without_room, ".bss.percpu.read_mostly",
         "stock Xen would take for ordinary"),
    BAD(FORMAT, per_cpu_in_file, ".bss.percpu.x", "begin as zero"),
    BAD(FORMAT, per_cpu_read_only, ".bss.percpu.x", "begin as zero"),
    BAD(FORMAT, per_cpu_relocated, ".bss.percpu", "begin as zero"),
    BAD(FORMAT, per_cpu_large, ".bss.percpu.x", "has 1025 bytes of per-CPU"),
    BAD(FORMAT, per_cpu_aligned, ".bss.percpu.x", "aligned to 256, and Xen"),
    HARM(FORMAT, alt_orig_outside, ALT, "change code that is not in the"),
    HARM(FORMAT, alt_orig_unrelocated, ALT, "change code that is not in"),
    HARM(FORMAT, alt_pad_past_end, ALT, "change code that is not in the"),
    HARM(FORMAT, alt_repl_elsewhere, ALT,
        "outside of .altinstr_replacement"),
    HARM(FORMAT, alt_repl_past_end, ALT,
        "outside of .altinstr_replacement"),
    HARM(FORMAT, alt_repl_unrelocated, ALT, "outside of .altinstr_replace"),
    HARM(FORMAT, alt_repl_too_long, ALT, "6 bytes of code into 5 bytes"),
    HARM(FORMAT, alt_too_long, ALT, "into 255 bytes, of at most 254"),
    HARM(FORMAT, alt_cpuid, ALT, "CPU feature 2055"),
    HARM(FORMAT, alt_relocated, ALT, "lengths changed by a relocation"),
    HARM(FORMAT, alt_without_replacement, ALT, "is without the section"),
    HARM(FORMAT, ex_table_outside, ".ex_table", ".ex_table+0x4 doesn't"),
    HARM(FORMAT, ex_table_unrelocated, ".ex_table", ".ex_table+0 doesn't"),
    HARM(FORMAT, alt_call_past_end, ".alt_call_sites", "doesn't lead to"),
};

static void test_rule(void **state)
{
    const struct rule *rule = *state;
    bool bad = rule->severity == XENLIVEPATCH_ERROR;
    payload_image *image = image_new();
    judged j;

    judged_init(&j);
    rule->break_it(image);
    judge_image(&j, image);
    assert_int_equal(j.rc, 0);
    assert_finding(&j, rule->severity, rule->reason, rule->where,
                   rule->message);
    assert_errors(&j, bad);
    assert_warnings(&j, !bad);
    assert_false(j.payload->forced);
    judged_dispose(&j);

    judged_init(&j);
    j.criteria.force = true;
    judge_image(&j, image);
    assert_errors(&j, bad && !rule->ours);
    assert_warnings(&j, !bad || rule->ours);
    assert_int_equal(j.payload->forced, rule->ours);
    judged_dispose(&j);
    image_free(image);
}

#define ALLOWED(change) { #change, change }

static void unchanged(payload_image *image)
{
}

/* Just within a rule: nothing speaks against these. */
static const struct rule allowed[] = {
    ALLOWED(unchanged),
    ALLOWED(for_freebsd),
    ALLOWED(align_0_unloaded),
    ALLOWED(some_bss),
    ALLOWED(no_modinfo),
    ALLOWED(bug_frames),
    ALLOWED(names_1024),
    ALLOWED(symbol_at_end),
    ALLOWED(per_cpu),
    ALLOWED(no_per_cpu),
    ALLOWED(absolute),
    ALLOWED(made_up_with_file),
    ALLOWED(made_up_global),
    ALLOWED(made_up_unloaded),
    ALLOWED(no_number),
    ALLOWED(half_number),
    ALLOWED(only_number),
    ALLOWED(ends_in_dot),
    ALLOWED(section_symbol),
    ALLOWED(assembler_label),
    ALLOWED(reloc_plt),
    ALLOWED(reloc_64),
    ALLOWED(reloc_none),
    ALLOWED(reloc_none_past_end),
    ALLOWED(reloc_at_end),
    ALLOWED(reloc_just_near),
    ALLOWED(reloc_absolute),
    ALLOWED(reloc_of_unloaded),
    ALLOWED(empty_rel),
    ALLOWED(note_short_id),
    ALLOWED(only_hooks),
    ALLOWED(long_func_name),
    ALLOWED(old_addr_of_xen),
    ALLOWED(old_addr_without_name),
    ALLOWED(old_addr_fixed),
    ALLOWED(old_size_9),
    ALLOWED(expectation),
    ALLOWED(disabled_flags),
    ALLOWED(good_nop),
    ALLOWED(nop_31),
    ALLOWED(nop_3_known),
    ALLOWED(addresses_touch),
    ALLOWED(several_functions),
    ALLOWED(image_add_alternative),
    ALLOWED(alt_repl_empty_at_end),
    ALLOWED(alt_cpuid_negated),
    ALLOWED(alt_empty),
    ALLOWED(image_add_code_tables),
};

/* Their place is too long to be told in full. */
static void test_long_names(void **state)
{
    static void (*const changes[])(payload_image *image) = {
        section_name_1025, symbol_name_1025, func_name_1025,
    };
    payload_image *image;
    judged j;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(changes); i++) {
        image = image_new();
        judged_init(&j);
        changes[i](image);
        judge_image(&j, image);
        assert_errors(&j, 1);
        assert_non_null(strstr(j.payload->findings[0].message,
                               "has 1025 bytes"));
        judged_dispose(&j);
        judged_init(&j);
        j.criteria.force = true;
        judge_image(&j, image);
        assert_errors(&j, 0);
        judged_dispose(&j);
        image_free(image);
    }
}

static void test_allowed(void **state)
{
    const struct rule *rule = *state;
    payload_image *image = image_new();
    judged j;

    judged_init(&j);
    rule->break_it(image);
    judge_image(&j, image);
    assert_good(&j);
    judged_dispose(&j);
    image_free(image);
}

int main(void)
{
    static struct CMUnitTest
        tests[ARRAY_SIZE(rules) + ARRAY_SIZE(allowed) + 1];
    const struct rule *rule;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(tests) - 1; i++) {
        rule = i < ARRAY_SIZE(rules)
            ? &rules[i] : &allowed[i - ARRAY_SIZE(rules)];
        tests[i].name = rule->name;
        tests[i].test_func = i < ARRAY_SIZE(rules) ? test_rule
                                                   : test_allowed;
        tests[i].initial_state = (void *)rule;
    }
    tests[i].name = "long_names";
    tests[i].test_func = test_long_names;
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
