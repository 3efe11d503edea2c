/* SPDX-License-Identifier: GPL-2.0-or-later */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "payload_image.h"

#define TEXT ".text.new_function"
#define NAMES ".rodata.str"

payload_image *image_empty(uint16_t type)
{
    payload_image *image = calloc(1, sizeof(*image));

    assert(image);
    image->type = type;
    /* The first of each means none. */
    image->num_sections = 1;
    image->num_symbols = 1;
    image->sections[0].name = "";
    image->symbols[0].name = "";
    return image;
}

void image_free(payload_image *image)
{
    unsigned int i;

    for (i = 0; i < image->num_sections; i++)
        free(image->sections[i].data);
    free(image->bytes);
    free(image);
}

/*----- before there is a file -----*/

unsigned int image_add_section(payload_image *image, const char *name,
                               uint32_t type, uint64_t flags,
                               const void *data, size_t size)
{
    struct image_section *section = &image->sections[image->num_sections];

    assert(!image->bytes && image->num_sections < IMAGE_MAX_SECTIONS);
    *section = (struct image_section){
        .name = name, .type = type, .flags = flags, .align = 8,
        .size = size,
    };
    if (type != SHT_NOBITS && size) {
        section->data = calloc(1, size);
        assert(section->data);
        if (data) memcpy(section->data, data, size);
    }
    return image->num_sections++;
}

unsigned int image_add_symbol(payload_image *image, const char *name,
                              unsigned int section, uint64_t value,
                              unsigned char info)
{
    assert(!image->bytes && image->num_symbols < IMAGE_MAX_SYMBOLS);
    image->symbols[image->num_symbols] = (struct image_symbol){
        .name = name, .section = section, .value = value, .info = info,
    };
    return image->num_symbols++;
}

void image_add_reloc(payload_image *image, unsigned int section,
                     uint64_t offset, unsigned int symbol,
                     unsigned int type, int64_t addend)
{
    assert(!image->bytes && image->num_relocs < IMAGE_MAX_RELOCS);
    image->relocs[image->num_relocs++] = (struct image_reloc){
        .section = section, .offset = offset, .symbol = symbol,
        .type = type, .addend = addend,
    };
}

void image_add_build_id(payload_image *image, const char *section,
                        uint8_t byte)
{
    struct {
        Elf64_Nhdr header;
        char owner[4];
        uint8_t id[20];
    } note = {
        .header = { .n_namesz = 4, .n_descsz = 20, .n_type = 3 },
        .owner = "GNU",
    };

    memset(note.id, byte, sizeof(note.id));
    image_add_section(image, section, SHT_NOTE, SHF_ALLOC, &note,
                      sizeof(note));
}

/* size more bytes, all zero, at the end of a section. */
static size_t grow(struct image_section *section, size_t size)
{
    size_t at = section->size;

    section->size += size;
    section->data = realloc(section->data, section->size);
    assert(section->data);
    memset(section->data + at, 0, size);
    return at;
}

void image_add_function(payload_image *image, const char *name)
{
    struct image_section *names = image_section(image, NAMES);
    struct image_section *funcs = image_section(image, ".livepatch.funcs");
    unsigned int funcs_index = funcs - image->sections;
    size_t name_at = grow(names, strlen(name) + 1);
    size_t at = grow(funcs, FUNC_SIZE);
    uint32_t sizes[2] = { 16, 32 };     /* new, old */

    memcpy(names->data + name_at, name, strlen(name));
    memcpy(funcs->data + at + 24, sizes, sizeof(sizes));
    funcs->data[at + 32] = 2;           /* version */
    image_add_reloc(image, funcs_index, at,
                    image_symbol_index(image, "names"), R_X86_64_64,
                    name_at);
    image_add_reloc(image, funcs_index, at + 8,
                    image_symbol_index(image, "new_function"), R_X86_64_64,
                    0);
}

payload_image *image_new(void)
{
    static const char modinfo[] = "author=a test\0fixes=XSA-1, CVE-2016-2";
    payload_image *image = image_empty(ET_REL);
    unsigned int text, names;

    text = image_add_section(image, TEXT, SHT_PROGBITS,
                             SHF_ALLOC | SHF_EXECINSTR, NULL, 48);
    names = image_add_section(image, NAMES, SHT_PROGBITS, SHF_ALLOC, "",
                              1);
    image_add_section(image, ".livepatch.funcs", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 0);
    image_add_section(image, ".modinfo", SHT_PROGBITS, SHF_ALLOC, modinfo,
                      sizeof(modinfo));
    image_add_build_id(image, ".note.gnu.build-id", 0x11);
    image_add_build_id(image, ".livepatch.depends", 0x22);
    image_add_build_id(image, ".livepatch.xen_depends", 0x22);
    image_add_section(image, ".comment", SHT_PROGBITS, 0, "test", 5);

    image_add_symbol(image, "names", names, 0,
                     GELF_ST_INFO(STB_LOCAL, STT_OBJECT));
    image_add_symbol(image, "new_function", text, 0,
                     GELF_ST_INFO(STB_GLOBAL, STT_FUNC));
    image_add_symbol(image, "xen_symbol", SHN_UNDEF, 0,
                     GELF_ST_INFO(STB_GLOBAL, STT_NOTYPE));
    image_add_reloc(image, text, 8,
                    image_symbol_index(image, "xen_symbol"),
                    R_X86_64_PC32, -4);
    image_add_function(image, "some_function");
    return image;
}

payload_image *image_new_xen_syms(void)
{
    payload_image *image = image_empty(ET_EXEC);
    unsigned int text, init, data;
    const unsigned char function = GELF_ST_INFO(STB_GLOBAL, STT_FUNC);
    const unsigned char local = GELF_ST_INFO(STB_LOCAL, STT_FUNC);
    const unsigned char file = GELF_ST_INFO(STB_LOCAL, STT_FILE);

    text = image_add_section(image, ".text", SHT_PROGBITS,
                             SHF_ALLOC | SHF_EXECINSTR, NULL, 128);
    init = image_add_section(image, ".init.text", SHT_PROGBITS,
                             SHF_ALLOC | SHF_EXECINSTR, NULL, 64);
    image->sections[init].addr = 0xffff82d040600000;
    data = image_add_section(image, ".data", SHT_PROGBITS,
                             SHF_ALLOC | SHF_WRITE, NULL, 64);
    image_add_build_id(image, ".note.gnu.build-id", 0x22);

    image_add_symbol(image, "common/some.c", SHN_ABS, 0, file);
    image_add_symbol(image, "static_function", text, 64, local);
    image_add_symbol(image, "common/init.c", SHN_ABS, 0, file);
    image_add_symbol(image, "static_init", init, 16, local);
    image_add_symbol(image, "some_function", text,
                     0xffff82d040200000, function);
    image->symbols[image->num_symbols - 1].size = 32;
    image_add_symbol(image, "xen_symbol", text, 32, function);
    image_add_symbol(image, "init_function", init, 0, function);
    image_add_symbol(image, "xen_data", data, 0,
                     GELF_ST_INFO(STB_GLOBAL, STT_OBJECT));
    image_add_symbol(image, "xen_absolute", SHN_ABS, 0x1000, function);
    return image;
}

void image_add_hooks(payload_image *image, const char *kind,
                     unsigned int num)
{
    static char names[16][40];
    static unsigned int used;
    char *name = names[used++ % 16];
    unsigned int section, i;

    snprintf(name, sizeof(names[0]), ".livepatch.hooks.%s", kind);
    section = image_add_section(image, name, SHT_PROGBITS,
                                SHF_ALLOC | SHF_WRITE, NULL, num * 8);
    for (i = 0; i < num; i++)
        image_add_reloc(image, section, i * 8,
                        image_symbol_index(image, "new_function"),
                        R_X86_64_64, 16);
}

void image_add_alternative(payload_image *image)
{
    uint8_t alternative[ALT_SIZE] = { 0 };
    unsigned int table, code, symbol;

    alternative[8] = 7;         /* cpuid */
    alternative[10] = 5;        /* orig_len */
    alternative[11] = 6;        /* repl_len */
    alternative[12] = 3;        /* pad_len */
    code = image_add_section(image, ".altinstr_replacement", SHT_PROGBITS,
                             SHF_ALLOC | SHF_EXECINSTR, NULL, 6);
    table = image_add_section(image, ".altinstructions", SHT_PROGBITS,
                              SHF_ALLOC, alternative, ALT_SIZE);
    symbol = image_add_symbol(image, "replacement", code, 0,
                              GELF_ST_INFO(STB_LOCAL, STT_NOTYPE));
    image_add_reloc(image, table, 0,
                    image_symbol_index(image, "new_function"),
                    R_X86_64_PC32, 40);
    image_add_reloc(image, table, 4, symbol, R_X86_64_PC32, 0);
}

void image_add_code_tables(payload_image *image)
{
    unsigned int function = image_symbol_index(image, "new_function");
    unsigned int table;

    table = image_add_section(image, ".ex_table", SHT_PROGBITS, SHF_ALLOC,
                              NULL, 8);
    image_add_reloc(image, table, 0, function, R_X86_64_PC32, 20);
    image_add_reloc(image, table, 4, function, R_X86_64_PC32, 24);
    table = image_add_section(image, ".alt_call_sites", SHT_PROGBITS,
                              SHF_ALLOC, NULL, 4);
    image_add_reloc(image, table, 0, function, R_X86_64_PC32, 42);
}

unsigned int image_section_index(const payload_image *image,
                                 const char *name)
{
    unsigned int i = 1;

    while (strcmp(image->sections[i].name, name)) {
        i++;
        assert(i < image->num_sections);
    }
    return i;
}

struct image_section *image_section(payload_image *image, const char *name)
{
    return &image->sections[image_section_index(image, name)];
}

unsigned int image_symbol_index(const payload_image *image,
                                const char *name)
{
    unsigned int i = 1;

    while (strcmp(image->symbols[i].name, name)) {
        i++;
        assert(i < image->num_symbols);
    }
    return i;
}

struct image_reloc *image_reloc(payload_image *image, const char *section,
                                uint64_t offset)
{
    unsigned int index = image_section_index(image, section), i = 0;

    while (image->relocs[i].section != index ||
           image->relocs[i].offset != offset) {
        i++;
        assert(i < image->num_relocs);
    }
    return &image->relocs[i];
}

void image_drop_reloc(payload_image *image, const char *section,
                      uint64_t offset)
{
    struct image_reloc *reloc = image_reloc(image, section, offset);

    *reloc = image->relocs[--image->num_relocs];
}

/*----- writing the file -----*/

/* A table of strings; the first byte is the empty one. */
struct strings {
    char *data;
    size_t size;
};

static uint32_t add_string(struct strings *strings, const char *string)
{
    size_t at = strings->size, len = strlen(string) + 1;

    if (at && !*string) return 0;
    strings->data = realloc(strings->data, at + len);
    assert(strings->data);
    memcpy(strings->data + at, string, len);
    strings->size += len;
    return at;
}

static GElf_Shdr write_section(Elf *elf, Elf_Type type, void *data,
                               size_t size, GElf_Shdr shdr)
{
    Elf_Scn *scn = elf_newscn(elf);
    Elf_Data *elf_data = elf_newdata(scn);
    GElf_Shdr had;

    assert(scn && elf_data && gelf_getshdr(scn, &had));
    elf_data->d_type = type;
    elf_data->d_buf = data;
    elf_data->d_size = size;
    elf_data->d_align = shdr.sh_addralign;
    elf_data->d_version = EV_CURRENT;
    assert(gelf_update_shdr(scn, &shdr));
    return shdr;
}

static void write_sections(payload_image *image, Elf *elf,
                           struct strings *names)
{
    const struct image_section *section;
    unsigned int i;

    for (i = 1; i < image->num_sections; i++) {
        section = &image->sections[i];
        write_section(elf, ELF_T_BYTE, section->data, section->size,
                      (GElf_Shdr){
                          .sh_name = add_string(names, section->name),
                          .sh_type = section->type,
                          .sh_flags = section->flags,
                          .sh_addr = section->addr,
                          .sh_addralign = section->align,
                      });
    }
}

static Elf64_Rela *write_relocs(payload_image *image, Elf *elf,
                                struct strings *names)
{
    Elf64_Rela *relocs = calloc(image->num_relocs + 1, sizeof(*relocs));
    const struct image_reloc *reloc;
    unsigned int i, j, done = 0, start;
    char name[128];

    assert(relocs);
    for (i = 1; i < image->num_sections; i++) {
        start = done;
        for (j = 0; j < image->num_relocs; j++) {
            reloc = &image->relocs[j];
            if (reloc->section != i) continue;
            relocs[done++] = (Elf64_Rela){
                .r_offset = reloc->offset,
                .r_info = ELF64_R_INFO((uint64_t)reloc->symbol,
                                       reloc->type),
                .r_addend = reloc->addend,
            };
        }
        if (done == start) continue;
        snprintf(name, sizeof(name), ".rela%s", image->sections[i].name);
        write_section(elf, ELF_T_RELA, &relocs[start],
                      (done - start) * sizeof(*relocs), (GElf_Shdr){
                          .sh_name = add_string(names, name),
                          .sh_type = SHT_RELA, .sh_info = i,
                          .sh_addralign = 8,
                          .sh_entsize = sizeof(*relocs),
                      });
    }
    return relocs;
}

static Elf64_Sym *make_symbols(const payload_image *image,
                               struct strings *names)
{
    Elf64_Sym *symbols = calloc(image->num_symbols, sizeof(*symbols));
    unsigned int i;

    assert(symbols);
    for (i = 0; i < image->num_symbols; i++) {
        symbols[i].st_name = add_string(names, image->symbols[i].name);
        symbols[i].st_info = image->symbols[i].info;
        symbols[i].st_shndx = image->symbols[i].section;
        symbols[i].st_value = image->symbols[i].value;
        symbols[i].st_size = image->symbols[i].size;
    }
    return symbols;
}

/* Relocations are written before the symbol table that they belong to. */
static void link_relocs(Elf *elf, size_t symtab)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr shdr;

    while ((scn = elf_nextscn(elf, scn))) {
        assert(gelf_getshdr(scn, &shdr));
        if (shdr.sh_type != SHT_RELA) continue;
        shdr.sh_link = symtab;
        assert(gelf_update_shdr(scn, &shdr));
    }
}

static void write_header(const payload_image *image, Elf *elf,
                         size_t shstrndx)
{
    GElf_Ehdr header;

    assert(gelf_getehdr(elf, &header));
    header.e_type = image->type;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_shstrndx = shstrndx;
    assert(gelf_update_ehdr(elf, &header));
}

static void read_back(payload_image *image, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);

    assert(size > 0);
    image->size = size;
    image->bytes = malloc(image->size);
    assert(image->bytes);
    assert(pread(fd, image->bytes, image->size, 0) == size);
}

void image_build(payload_image *image)
{
    struct strings names = { NULL, 0 }, strings = { NULL, 0 };
    Elf64_Rela *relocs;
    Elf64_Sym *symbols;
    size_t symtab;
    Elf *elf;
    int fd;

    if (image->bytes) return;
    fd = memfd_create("payload", MFD_CLOEXEC);
    assert(fd >= 0 && elf_version(EV_CURRENT) != EV_NONE);
    elf = elf_begin(fd, ELF_C_WRITE, NULL);
    assert(elf && gelf_newehdr(elf, ELFCLASS64));

    add_string(&names, "");
    write_sections(image, elf, &names);
    relocs = write_relocs(image, elf, &names);
    symbols = make_symbols(image, &strings);
    assert(!elf_getshdrnum(elf, &symtab));
    link_relocs(elf, symtab);
    write_section(elf, ELF_T_SYM, symbols,
                  image->num_symbols * sizeof(*symbols), (GElf_Shdr){
                      .sh_name = add_string(&names, ".symtab"),
                      .sh_type = SHT_SYMTAB, .sh_link = symtab + 1,
                      .sh_info = 1, .sh_addralign = 8,
                      .sh_entsize = sizeof(*symbols),
                  });
    write_section(elf, ELF_T_BYTE, strings.data, strings.size, (GElf_Shdr){
                      .sh_name = add_string(&names, ".strtab"),
                      .sh_type = SHT_STRTAB, .sh_addralign = 1,
                  });
    add_string(&names, ".shstrtab");
    write_section(elf, ELF_T_BYTE, names.data, names.size, (GElf_Shdr){
                      .sh_name = names.size - sizeof(".shstrtab"),
                      .sh_type = SHT_STRTAB, .sh_addralign = 1,
                  });
    write_header(image, elf, symtab + 2);
    assert(elf_update(elf, ELF_C_WRITE) > 0);
    elf_end(elf);
    read_back(image, fd);
    close(fd);
    free(relocs);
    free(symbols);
    free(strings.data);
    free(names.data);
}

/*----- in the file -----*/

Elf64_Ehdr *image_header(payload_image *image)
{
    image_build(image);
    return (Elf64_Ehdr *)image->bytes;
}

static Elf64_Shdr *section_header(payload_image *image, unsigned int index)
{
    return (Elf64_Shdr *)(image->bytes + image_header(image)->e_shoff) +
        index;
}

Elf64_Shdr *image_section_header(payload_image *image, const char *name)
{
    const Elf64_Ehdr *header = image_header(image);
    const char *names = (char *)image->bytes +
        section_header(image, header->e_shstrndx)->sh_offset;
    unsigned int i = 1;

    while (strcmp(names + section_header(image, i)->sh_name, name)) {
        i++;
        assert(i < header->e_shnum);
    }
    return section_header(image, i);
}

uint8_t *image_data(payload_image *image, const char *section)
{
    /* In this order: the first call may make the bytes. */
    uint64_t offset = image_section_header(image, section)->sh_offset;

    return image->bytes + offset;
}

Elf64_Sym *image_file_symbol(payload_image *image, const char *name)
{
    return (Elf64_Sym *)image_data(image, ".symtab") +
        image_symbol_index(image, name);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
