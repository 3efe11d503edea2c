/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/alternative.h>
#include <asm/uaccess.h>
#include <xen/bug.h>
#include <xen/lib.h>

#include "payload.h"

#define TEXT  ".text.payload"
#define NAMES ".rodata.str"
#define FUNCS ".livepatch.funcs"

#define FUNCTION ELF64_ST_INFO(STB_GLOBAL, STT_FUNC)
#define LOCAL    ELF64_ST_INFO(STB_LOCAL, STT_OBJECT)
#define NOTYPE   ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE)

int (*hosted_on_hook)(struct payload *payload, unsigned int number);

/* What the code of hooks calls. */
static int hook_called(struct payload *payload, unsigned int number)
{
    return hosted_on_hook ? hosted_on_hook(payload, number) : 0;
}

/* Room for one more; memory is never short for the tests themselves. */
#define MORE(array, n, room)                                                 \
    do {                                                                     \
        if ( (n) == (room) )                                                 \
        {                                                                    \
            (room) = (room) ? (room) * 2 : 16;                               \
            (array) = realloc(array, (room) * sizeof(*(array)));             \
            assert(array);                                                   \
        }                                                                    \
    } while ( 0 )

static char *copy_name(const char *name)
{
    char *copy = strdup(name);

    assert(copy);
    return copy;
}

struct image *image_empty(void)
{
    struct image *image = calloc(1, sizeof(*image));

    assert(image);
    /* The first of each means none. */
    image_add_section(image, "", SHT_NULL, 0, NULL, 0);
    image->sections[0].header.sh_addralign = 0;
    image_add_symbol(image, "", SHN_UNDEF, 0, 0, 0);
    return image;
}

/*
 * What the tests have made is where the fuzzers begin: $HOSTED_CORPUS is a
 * folder for it.  Large ones would only be slow.
 */
#define SEED_MAX 16384

static void save_seed(const struct image *image)
{
    const char *folder = getenv("HOSTED_CORPUS");
    uint64_t hash = 0xcbf29ce484222325;
    char path[4096];
    FILE *file;
    size_t i;

    if ( !folder || !image->file || image->size > SEED_MAX )
        return;
    for ( i = 0; i < image->size; i++ )
        hash = (hash ^ image->file[i]) * 0x100000001b3;
    snprintf(path, sizeof(path), "%s/%016lx", folder, hash);
    file = fopen(path, "w");
    assert(file);
    assert(fwrite(image->file, 1, image->size, file) == image->size);
    fclose(file);
}

void image_free(struct image *image)
{
    unsigned int i;

    save_seed(image);
    for ( i = 0; i < image->nsections; i++ )
    {
        free(image->sections[i].name);
        free(image->sections[i].data);
    }
    for ( i = 0; i < image->nsymbols; i++ )
        free(image->symbols[i].name);
    free(image->sections);
    free(image->symbols);
    free(image->relocs);
    free(image->file);
    free(image);
}

struct image *image_make(uint8_t id, uint8_t depends, const char *old,
                         int value)
{
    struct image *image = image_empty();
    char name[64];

    snprintf(name, sizeof(name), "new_%s_%d", old, value);
    image_add_function(image, old, image_add_return(image, name, value), 0);
    image_add_build_id(image, ".note.gnu.build-id", id);
    image_add_build_id(image, ".livepatch.depends", depends);
    image_add_build_id(image, ".livepatch.xen_depends", HOSTED_XEN_ID);
    return image;
}

struct image *image_new(void)
{
    return image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_one", 101);
}

/* -- Before there is a file ---------------------------------------------- */

unsigned int image_add_section(struct image *image, const char *name,
                               uint32_t type, uint64_t flags,
                               const void *data, size_t size)
{
    struct image_section *section;

    assert(!image->file);
    MORE(image->sections, image->nsections, image->room_sections);
    section = &image->sections[image->nsections];
    *section = (struct image_section){
        .name = copy_name(name),
        .header = {
            .sh_type = type, .sh_flags = flags, .sh_size = size,
            .sh_addralign = 8,
        },
    };
    if ( type != SHT_NOBITS && type != SHT_NULL )
    {
        section->data = calloc(1, size + 1);
        assert(section->data);
        if ( data )
            memcpy(section->data, data, size);
    }
    return image->nsections++;
}

unsigned int image_add_symbol(struct image *image, const char *name,
                              unsigned int section, uint64_t value,
                              uint64_t size, uint8_t info)
{
    assert(!image->file);
    MORE(image->symbols, image->nsymbols, image->room_symbols);
    image->symbols[image->nsymbols] = (struct image_symbol){
        .name = copy_name(name),
        .entry = {
            .st_info = info, .st_shndx = section, .st_value = value,
            .st_size = size,
        },
    };
    return image->nsymbols++;
}

void image_add_reloc(struct image *image, unsigned int section,
                     uint64_t offset, unsigned int symbol, unsigned int type,
                     int64_t addend)
{
    assert(!image->file);
    MORE(image->relocs, image->nrelocs, image->room_relocs);
    image->relocs[image->nrelocs++] = (struct image_reloc){
        .section = section,
        .entry = {
            .r_offset = offset,
            .r_info = ELF64_R_INFO((uint64_t)symbol, type),
            .r_addend = addend,
        },
    };
}

size_t image_grow(struct image *image, unsigned int section,
                  const void *data, size_t size)
{
    struct image_section *s = &image->sections[section];
    size_t at = s->header.sh_size;

    assert(!image->file);
    s->data = realloc(s->data, at + size + 1);
    assert(s->data);
    if ( data )
        memcpy(s->data + at, data, size);
    else
        memset(s->data + at, 0, size);
    s->header.sh_size += size;
    return at;
}

static int find_section(const struct image *image, const char *name)
{
    unsigned int i;

    for ( i = 1; i < image->nsections; i++ )
        if ( !strcmp(image->sections[i].name, name) )
            return i;
    return -1;
}

static int find_symbol(const struct image *image, const char *name)
{
    unsigned int i;

    for ( i = 1; i < image->nsymbols; i++ )
        if ( !strcmp(image->symbols[i].name, name) )
            return i;
    return -1;
}

unsigned int image_section_index(const struct image *image, const char *name)
{
    int i = find_section(image, name);

    assert(i >= 0);
    return i;
}

struct image_section *image_section(const struct image *image,
                                    const char *name)
{
    return &image->sections[image_section_index(image, name)];
}

unsigned int image_symbol_index(const struct image *image, const char *name)
{
    int i = find_symbol(image, name);

    assert(i >= 0);
    return i;
}

struct image_symbol *image_symbol(const struct image *image, const char *name)
{
    return &image->symbols[image_symbol_index(image, name)];
}

struct image_reloc *image_reloc(const struct image *image,
                                const char *section, uint64_t offset)
{
    unsigned int index = image_section_index(image, section), i = 0;

    while ( image->relocs[i].section != index ||
            image->relocs[i].entry.r_offset != offset )
    {
        i++;
        assert(i < image->nrelocs);
    }
    return &image->relocs[i];
}

void image_drop_reloc(struct image *image, const char *section,
                      uint64_t offset)
{
    struct image_reloc *reloc = image_reloc(image, section, offset);

    assert(!image->file);
    *reloc = image->relocs[--image->nrelocs];
}

/* Its number stays: others would have to be renumbered. */
void image_drop_section(struct image *image, const char *name)
{
    unsigned int section = image_section_index(image, name), i;
    struct image_section *s = &image->sections[section];

    for ( i = image->nrelocs; i-- > 0; )
        if ( image->relocs[i].section == section )
            image->relocs[i] = image->relocs[--image->nrelocs];
    free(s->name);
    free(s->data);
    s->name = copy_name(".dropped");
    s->data = calloc(1, 1);
    assert(s->data);
    s->header = (Elf_Shdr){ .sh_type = SHT_PROGBITS, .sh_addralign = 1 };
}

/* The section of that name, made when it is first needed. */
static unsigned int need_section(struct image *image, const char *name,
                                 uint64_t flags)
{
    int i = find_section(image, name);

    return i >= 0 ? i : (int)image_add_section(image, name, SHT_PROGBITS,
                                               SHF_ALLOC | flags, NULL, 0);
}

unsigned int image_undefined(struct image *image, const char *name)
{
    int i = find_symbol(image, name);

    return i >= 0 ? i : (int)image_add_symbol(image, name, SHN_UNDEF, 0, 0,
                                              NOTYPE);
}

/* A local symbol for the start of a section. */
static unsigned int section_symbol(struct image *image, unsigned int section)
{
    char name[80];
    int i;

    snprintf(name, sizeof(name), ".Lstart%.60s",
             image->sections[section].name);
    i = find_symbol(image, name);
    return i >= 0 ? i : (int)image_add_symbol(image, name, section, 0, 0,
                                              LOCAL);
}

void image_add_build_id(struct image *image, const char *section, uint8_t byte)
{
    struct {
        Elf_Note header;
        char owner[4];
        uint8_t id[20];
    } note = {
        .header = { .namesz = 4, .descsz = 20, .type = NT_GNU_BUILD_ID },
        .owner = "GNU",
    };

    memset(note.id, byte, sizeof(note.id));
    image_add_section(image, section, SHT_NOTE, SHF_ALLOC, &note,
                      sizeof(note));
}

static void align(struct image *image, unsigned int section, unsigned int to)
{
    size_t size = image->sections[section].header.sh_size;

    image_grow(image, section, NULL, ROUNDUP(size, (size_t)to) - size);
}

unsigned int image_add_code(struct image *image, const char *name,
                            const void *code, size_t size)
{
    unsigned int text = need_section(image, TEXT, SHF_EXECINSTR);

    image->sections[text].header.sh_addralign = 16;
    align(image, text, 16);
    return image_add_symbol(image, name, text,
                            image_grow(image, text, code, size), size,
                            FUNCTION);
}

unsigned int image_add_return(struct image *image, const char *name, int value)
{
    uint8_t code[] = { 0xb8, 0, 0, 0, 0, 0xc3 };    /* mov; ret */

    memcpy(code + 1, &value, sizeof(value));
    return image_add_code(image, name, code, sizeof(code));
}

void image_provide_hooks(void)
{
    hosted_add_symbol_once("hosted_hook_called", hook_called, 1);
}

unsigned int image_add_hook_code(struct image *image, const char *name,
                                 unsigned int number)
{
    uint8_t code[] = {
        0xf3, 0x0f, 0x1e, 0xfa,                     /* endbr64 */
        0xbe, 0, 0, 0, 0,                           /* mov, second argument */
        0xe9, 0, 0, 0, 0,                           /* jmp hook_called */
    };
    unsigned int symbol;

    memcpy(code + 5, &number, sizeof(number));
    symbol = image_add_code(image, name, code, sizeof(code));
    image_provide_hooks();
    image_add_reloc(image, image->symbols[symbol].entry.st_shndx,
                    image->symbols[symbol].entry.st_value + 10,
                    image_undefined(image, "hosted_hook_called"),
                    R_X86_64_PLT32, -4);
    return symbol;
}

unsigned int image_add_function(struct image *image, const char *old,
                                unsigned int new_symbol, unsigned int size)
{
    struct livepatch_func func = {
        .version = LIVEPATCH_PAYLOAD_VERSION, .new_size = size,
        .old_size = hosted_symbol_size(old),
    };
    unsigned int names = need_section(image, NAMES, 0);
    unsigned int funcs = need_section(image, FUNCS, 0);
    size_t name = image_grow(image, names, old, strlen(old) + 1), at;

    if ( new_symbol )
        func.new_size = image->symbols[new_symbol].entry.st_size;
    at = image_grow(image, funcs, &func, sizeof(func));
    image_add_reloc(image, funcs, at + offsetof(struct livepatch_func, name),
                    section_symbol(image, names), R_X86_64_64, name);
    image_add_reloc(image, funcs,
                    at + offsetof(struct livepatch_func, old_addr),
                    image_undefined(image, old), R_X86_64_64, 0);
    if ( new_symbol )
        image_add_reloc(image, funcs,
                        at + offsetof(struct livepatch_func, new_addr),
                        new_symbol, R_X86_64_64, 0);
    return at / sizeof(func);
}

struct livepatch_func *image_function(struct image *image, unsigned int n)
{
    return (struct livepatch_func *)image_section(image, FUNCS)->data + n;
}

void image_old_by_name(struct image *image, unsigned int n)
{
    image_drop_reloc(image, FUNCS,
                     n * sizeof(struct livepatch_func) +
                     offsetof(struct livepatch_func, old_addr));
}

void image_expect(struct image *image, unsigned int n, const void *bytes,
                  unsigned int len)
{
    struct livepatch_func *func = image_function(image, n);

    func->expect.enabled = 1;
    func->expect.len = len;
    memcpy(func->expect.data, bytes, len);
}

void image_add_hook(struct image *image, const char *kind,
                    unsigned int symbol)
{
    char name[64];
    unsigned int section;

    snprintf(name, sizeof(name), ".livepatch.hooks.%s", kind);
    section = need_section(image, name, SHF_WRITE);
    image_add_reloc(image, section, image_grow(image, section, NULL, 8),
                    symbol, R_X86_64_64, 0);
}

void image_add_hook_call(struct image *image, const char *kind,
                         unsigned int number)
{
    char name[64];

    snprintf(name, sizeof(name), "%s_hook_%u", kind, number);
    image_add_hook(image, kind, image_add_hook_code(image, name, number));
}

void image_add_modinfo(struct image *image, const void *data, size_t size)
{
    image_add_section(image, ".modinfo", SHT_PROGBITS, SHF_ALLOC, data, size);
}

void image_add_bug_frame(struct image *image, unsigned int kind,
                         unsigned int symbol, uint64_t offset,
                         const char *file)
{
    char name[32];
    unsigned int section, names = need_section(image, NAMES, 0);
    size_t file_at = image_grow(image, names, file, strlen(file) + 1), at;

    snprintf(name, sizeof(name), ".bug_frames.%u", kind);
    section = need_section(image, name, 0);
    image->sections[section].header.sh_addralign = 4;
    at = image_grow(image, section, NULL, kind == BUGFRAME_assert ? 16 : 8);
    image_add_reloc(image, section, at, symbol, R_X86_64_PC32, offset);
    image_add_reloc(image, section, at + 4, section_symbol(image, names),
                    R_X86_64_PC32, file_at + 4);
    if ( kind == BUGFRAME_assert )
        image_add_reloc(image, section, at + 12,
                        section_symbol(image, names), R_X86_64_PC32,
                        file_at + 12);
}

void image_add_exception(struct image *image, unsigned int symbol,
                         uint64_t offset, uint64_t go_on)
{
    unsigned int section = need_section(image, ".ex_table", 0);
    size_t at = image_grow(image, section, NULL,
                           sizeof(struct exception_table_entry));

    image_add_reloc(image, section, at, symbol, R_X86_64_PC32, offset);
    image_add_reloc(image, section, at + 4, symbol, R_X86_64_PC32, go_on);
}

void image_add_alternative(struct image *image, unsigned int symbol,
                           uint64_t offset, unsigned int orig_len,
                           unsigned int pad_len, unsigned int cpuid,
                           const void *code, unsigned int repl_len)
{
    struct alt_instr alternative = {
        .cpuid = cpuid, .orig_len = orig_len, .repl_len = repl_len,
        .pad_len = pad_len,
    };
    unsigned int repl = need_section(image, ".altinstr_replacement",
                                     SHF_EXECINSTR);
    unsigned int table = need_section(image, ".altinstructions", 0);
    size_t code_at = image_grow(image, repl, code, repl_len);
    size_t at = image_grow(image, table, &alternative, sizeof(alternative));

    image_add_reloc(image, table,
                    at + offsetof(struct alt_instr, orig_offset), symbol,
                    R_X86_64_PC32, offset);
    image_add_reloc(image, table,
                    at + offsetof(struct alt_instr, repl_offset),
                    section_symbol(image, repl), R_X86_64_PC32, code_at);
}

/* -- Writing the file ---------------------------------------------------- */

struct buffer {
    uint8_t *data;
    size_t size;
};

static size_t append(struct buffer *buffer, const void *data, size_t size)
{
    size_t at = buffer->size;

    buffer->data = realloc(buffer->data, at + size + 1);
    assert(buffer->data);
    if ( data )
        memcpy(buffer->data + at, data, size);
    else
        memset(buffer->data + at, 0, size);
    buffer->size += size;
    return at;
}

static size_t append_name(struct buffer *names, const char *name)
{
    return *name ? append(names, name, strlen(name) + 1) : 0;
}

/* The file so far, its section headers, and the names of sections. */
struct writer {
    struct buffer file, headers, names;
    unsigned int nsections;
};

static void write_section(struct writer *writer, const char *name,
                          Elf_Shdr header, const void *data)
{
    static const uint8_t padding[16];

    append(&writer->file, padding, -writer->file.size & 15);
    header.sh_name = append_name(&writer->names, name);
    header.sh_offset = header.sh_type ? writer->file.size : 0;
    if ( data )
        append(&writer->file, data, header.sh_size);
    append(&writer->headers, &header, sizeof(header));
    writer->nsections++;
}

static void write_relocs(struct writer *writer, const struct image *image,
                         unsigned int section, unsigned int symtab)
{
    struct buffer relocs = { NULL, 0 };
    char name[128];
    unsigned int i;

    for ( i = 0; i < image->nrelocs; i++ )
        if ( image->relocs[i].section == section )
            append(&relocs, &image->relocs[i].entry, sizeof(Elf_RelA));
    if ( relocs.size )
    {
        snprintf(name, sizeof(name), ".rela%.100s",
                 image->sections[section].name);
        write_section(writer, name, (Elf_Shdr){
                          .sh_type = SHT_RELA, .sh_size = relocs.size,
                          .sh_link = symtab, .sh_info = section,
                          .sh_addralign = 8, .sh_entsize = sizeof(Elf_RelA),
                      }, relocs.data);
    }
    free(relocs.data);
}

static void write_symbols(struct writer *writer, const struct image *image)
{
    struct buffer symbols = { NULL, 0 }, strings = { NULL, 0 };
    unsigned int i;

    append(&strings, "", 1);
    for ( i = 0; i < image->nsymbols; i++ )
    {
        Elf_Sym symbol = image->symbols[i].entry;

        symbol.st_name = append_name(&strings, image->symbols[i].name);
        append(&symbols, &symbol, sizeof(symbol));
    }
    write_section(writer, ".symtab", (Elf_Shdr){
                      .sh_type = SHT_SYMTAB, .sh_size = symbols.size,
                      .sh_link = image->nsections + 1, .sh_info = 1,
                      .sh_addralign = 8, .sh_entsize = sizeof(Elf_Sym),
                  }, symbols.data);
    write_section(writer, ".strtab", (Elf_Shdr){
                      .sh_type = SHT_STRTAB, .sh_size = strings.size,
                      .sh_addralign = 1,
                  }, strings.data);
    free(symbols.data);
    free(strings.data);
}

static void write_header(struct writer *writer)
{
    Elf_Ehdr header = {
        .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
                     EV_CURRENT },
        .e_type = ET_REL, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
        .e_ehsize = sizeof(Elf_Ehdr), .e_shentsize = sizeof(Elf_Shdr),
        .e_shnum = writer->nsections, .e_shstrndx = writer->nsections - 1,
    };

    append(&writer->file, NULL, -writer->file.size & 15);
    header.e_shoff = append(&writer->file, writer->headers.data,
                            writer->headers.size);
    memcpy(writer->file.data, &header, sizeof(header));
}

/* Sections first, .symtab and .strtab then, relocations, .shstrtab last. */
static void write_file(struct image *image)
{
    struct writer writer = { .nsections = 0 };
    unsigned int i;
    size_t name;

    append(&writer.file, NULL, sizeof(Elf_Ehdr));
    append(&writer.names, "", 1);
    for ( i = 0; i < image->nsections; i++ )
        write_section(&writer, image->sections[i].name,
                      image->sections[i].header, image->sections[i].data);
    write_symbols(&writer, image);
    for ( i = 1; i < image->nsections; i++ )
        write_relocs(&writer, image, i, image->nsections);
    /* It holds its own name, which has to be there before it is written. */
    name = append_name(&writer.names, ".shstrtab");
    write_section(&writer, "", (Elf_Shdr){
                      .sh_type = SHT_STRTAB, .sh_size = writer.names.size,
                      .sh_addralign = 1,
                  }, writer.names.data);
    ((Elf_Shdr *)writer.headers.data)[writer.nsections - 1].sh_name = name;
    write_header(&writer);
    free(writer.headers.data);
    free(writer.names.data);
    image->file = writer.file.data;
    image->size = writer.file.size;
}

/* -- In the file --------------------------------------------------------- */

void *image_build(struct image *image, size_t *size)
{
    if ( !image->file )
        write_file(image);
    if ( size )
        *size = image->size;
    return image->file;
}

Elf_Ehdr *image_header(struct image *image)
{
    return image_build(image, NULL);
}

Elf_Shdr *image_section_header(struct image *image, const char *name)
{
    Elf_Ehdr *header = image_header(image);
    Elf_Shdr *sections = (void *)(image->file + header->e_shoff);
    char *names = (char *)image->file +
                  sections[header->e_shstrndx].sh_offset;
    unsigned int i = 1;

    while ( strcmp(names + sections[i].sh_name, name) )
    {
        i++;
        assert(i < header->e_shnum);
    }
    return &sections[i];
}

void *image_data(struct image *image, const char *section)
{
    /* In this order: the first call may make the file. */
    uint64_t offset = image_section_header(image, section)->sh_offset;

    return image->file + offset;
}

Elf_Sym *image_file_symbol(struct image *image, const char *name)
{
    return (Elf_Sym *)image_data(image, ".symtab") +
           image_symbol_index(image, name);
}

Elf_RelA *image_file_reloc(struct image *image, const char *section,
                           unsigned int n)
{
    char name[128];

    snprintf(name, sizeof(name), ".rela%.100s", section);
    return (Elf_RelA *)image_data(image, name) + n;
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
