/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload as a file, which appears whole or not at all.
 *
 * Its build-id is the hash of all that is in it, taken with zeroes in the place
 * of the build-id.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenlivepatch.h>

#include "arch/arch.h"
#include "support/cleanup.h"
#include "support/memory.h"
#include "payload_image.h"
#include "payload_notes.h"
#include "sign.h"
#include "report/printable.h"

struct text {
    char *bytes;
    size_t size, room;
};

/* The file under construction: what libelf refers to until it is written. */
struct writer {
    struct image *image;
    Elf *elf;
    unsigned int index[OUT_COUNT];      /* of the sections that are there */
    struct text names, strings;         /* .shstrtab, .strtab */
    GElf_Sym *symbols;
    size_t nsymbols;
    size_t section_symbol[OUT_COUNT];
    size_t *outside;                    /* numbers in .symtab */
    GElf_Rela *relocs[OUT_COUNT];
    unsigned int symtab;
};

static size_t add_text(struct text *text, const char *string)
{
    size_t at = text->size, size = strlen(string) + 1;

    text->bytes = must_grow(text->bytes, &text->room, at + size, 1);
    memcpy(text->bytes + at, string, size);
    text->size += size;
    return at;
}

static Elf_Scn *add_section(struct writer *writer, GElf_Shdr header,
                            const char *name, void *bytes, Elf_Type type)
{
    Elf_Scn *section = elf_newscn(writer->elf);
    Elf_Data *data = section ? elf_newdata(section) : NULL;

    header.sh_name = add_text(&writer->names, name);
    if (!data || !gelf_update_shdr(section, &header)) {
        return NULL;
    }
    data->d_buf = bytes;
    data->d_size = header.sh_size;
    data->d_align = header.sh_addralign;
    data->d_type = type;
    data->d_version = EV_CURRENT;
    return section;
}

static bool add_contents(struct writer *writer)
{
    for (enum out out = 0; out < OUT_COUNT; out++) {
        struct out_section *section = &writer->image->sections[out];
        GElf_Shdr header = {
            .sh_type = out_kinds[out].type, .sh_flags = out_kinds[out].flags,
            .sh_size = section->size, .sh_addralign = section->align,
        };
        Elf_Scn *added;

        if (!section->size) {
            continue;
        }
        added = add_section(writer, header, out_kinds[out].name,
                            section->bytes, ELF_T_BYTE);
        if (!added) {
            return false;
        }
        writer->index[out] = elf_ndxscn(added);
    }
    return true;
}

static size_t add_symbol(struct writer *writer,
                         const struct out_symbol *symbol)
{
    GElf_Sym *entry = &writer->symbols[writer->nsymbols];

    *entry = (GElf_Sym) {
        .st_info = GELF_ST_INFO(symbol->bind, symbol->type),
        .st_shndx = symbol->shndx == SHN_XINDEX ? writer->index[symbol->out]
                                                : symbol->shndx,
        .st_value = symbol->value, .st_size = symbol->size,
    };
    if (symbol->name) {
        entry->st_name = add_text(&writer->strings, symbol->name);
    }
    return writer->nsymbols++;
}

static void add_section_symbols(struct writer *writer)
{
    for (enum out out = 0; out < OUT_COUNT; out++) {
        if (writer->index[out]) {
            writer->section_symbol[out] = add_symbol(writer,
                &(struct out_symbol) { .shndx = SHN_XINDEX, .out = out,
                                       .type = STT_SECTION });
        }
    }
}

/* Those of one binding, as local ones come first. */
static void add_named_symbols(struct writer *writer, unsigned char bind)
{
    const struct image *image = writer->image;

    for (size_t i = 0; i < image->nsymbols; i++) {
        if (image->symbols[i].bind == bind) {
            add_symbol(writer, &image->symbols[i]);
        }
    }
    for (size_t i = 0; i < image->noutside; i++) {
        if (image->outside[i].bind == bind) {
            writer->outside[i] = add_symbol(writer, &image->outside[i]);
        }
    }
}

static bool add_symbols(struct writer *writer)
{
    const struct image *image = writer->image;
    size_t room = 1 + OUT_COUNT + image->nsymbols + image->noutside;
    GElf_Shdr header = {
        .sh_type = SHT_SYMTAB, .sh_addralign = 8,
        .sh_entsize = sizeof(GElf_Sym),
    };
    Elf_Scn *symtab, *strtab;

    writer->symbols = must_alloc(room, sizeof(*writer->symbols));
    writer->outside = must_alloc(image->noutside + 1,
                                 sizeof(*writer->outside));
    add_text(&writer->strings, "");
    writer->nsymbols = 1;
    add_section_symbols(writer);
    add_named_symbols(writer, STB_LOCAL);
    header.sh_info = writer->nsymbols;
    add_named_symbols(writer, STB_GLOBAL);

    header.sh_size = writer->nsymbols * sizeof(GElf_Sym);
    symtab = add_section(writer, header, ".symtab", writer->symbols,
                         ELF_T_SYM);
    if (!symtab) {
        return false;
    }
    header = (GElf_Shdr) { .sh_type = SHT_STRTAB, .sh_addralign = 1,
                           .sh_size = writer->strings.size };
    strtab = add_section(writer, header, ".strtab", writer->strings.bytes,
                         ELF_T_BYTE);
    if (!strtab || !gelf_getshdr(symtab, &header)) {
        return false;
    }
    header.sh_link = elf_ndxscn(strtab);
    writer->symtab = elf_ndxscn(symtab);
    return gelf_update_shdr(symtab, &header);
}

static void fill_relocs(struct writer *writer, enum out out)
{
    const struct image *image = writer->image;
    const struct out_section *section = &image->sections[out];

    for (size_t i = 0; i < section->nrelocs; i++) {
        const struct out_reloc *reloc = &section->relocs[i];
        size_t symbol = reloc->outside == SIZE_MAX
            ? writer->section_symbol[reloc->out]
            : writer->outside[image->outside_number[reloc->outside]];

        writer->relocs[out][i] = (GElf_Rela) {
            .r_offset = reloc->offset, .r_addend = reloc->addend,
            .r_info = GELF_R_INFO(symbol, reloc->type),
        };
    }
}

static bool add_relocs(struct writer *writer)
{
    for (enum out out = 0; out < OUT_COUNT; out++) {
        size_t count = writer->image->sections[out].nrelocs;
        GElf_Shdr header = {
            .sh_type = SHT_RELA, .sh_flags = SHF_INFO_LINK,
            .sh_addralign = 8, .sh_entsize = sizeof(GElf_Rela),
            .sh_size = count * sizeof(GElf_Rela),
            .sh_link = writer->symtab, .sh_info = writer->index[out],
        };
        Elf_Scn *section;
        char *name;

        if (!count) {
            continue;
        }
        writer->relocs[out] = must_alloc(count, sizeof(GElf_Rela));
        fill_relocs(writer, out);
        name = must_print(".rela%s", out_kinds[out].name);
        section = add_section(writer, header, name, writer->relocs[out],
                              ELF_T_RELA);
        free(name);
        if (!section) {
            return false;
        }
    }
    return true;
}

static bool add_names(struct writer *writer, GElf_Ehdr *header)
{
    GElf_Shdr section = { .sh_type = SHT_STRTAB, .sh_addralign = 1 };
    Elf_Scn *added = add_section(writer, section, ".shstrtab", NULL,
                                 ELF_T_BYTE);
    Elf_Data *data = added ? elf_getdata(added, NULL) : NULL;

    if (!data || !gelf_getshdr(added, &section)) {
        return false;
    }
    data->d_buf = writer->names.bytes;
    data->d_size = section.sh_size = writer->names.size;
    header->e_shstrndx = elf_ndxscn(added);
    return gelf_update_shdr(added, &section) &&
           gelf_update_ehdr(writer->elf, header);
}

static bool compose(struct writer *writer)
{
    GElf_Ehdr header;

    if (!gelf_newehdr(writer->elf, ELFCLASS64) ||
        !gelf_getehdr(writer->elf, &header)) {
        return false;
    }
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_REL;
    header.e_machine = arch->machine;
    header.e_version = EV_CURRENT;
    if (!gelf_update_ehdr(writer->elf, &header)) {
        return false;
    }
    add_text(&writer->names, "");
    return add_contents(writer) && add_symbols(writer) &&
           add_relocs(writer) && add_names(writer, &header) &&
           elf_update(writer->elf, ELF_C_WRITE) >= 0;
}

static void writer_free(struct writer *writer)
{
    elf_end(writer->elf);
    free(writer->names.bytes);
    free(writer->strings.bytes);
    free(writer->symbols);
    free(writer->outside);
    for (enum out out = 0; out < OUT_COUNT; out++) {
        free(writer->relocs[out]);
    }
}

/* Where the build-id goes, in the file that was written. */
static bool find_id(struct writer *writer, uint64_t *offset)
{
    GElf_Shdr header;

    if (!gelf_getshdr(elf_getscn(writer->elf, writer->index[OUT_BUILD_ID]),
                      &header)) {
        return false;
    }
    *offset = header.sh_offset + sizeof(struct build_id_note);
    return true;
}

static bool write_elf(struct image *image, int fd, uint64_t *id, char **why)
{
    struct writer writer = { .image = image };
    bool ok;

    elf_version(EV_CURRENT);
    writer.elf = elf_begin(fd, ELF_C_WRITE, NULL);
    errno = 0;
    ok = writer.elf && compose(&writer) && find_id(&writer, id);
    if (!ok) {
        fail_with(why, "%s", errno ? strerror(errno) : elf_errmsg(-1));
    }
    writer_free(&writer);
    return ok;
}

static bool read_back(int fd, uint8_t *bytes, size_t size, char **why)
{
    size_t at = 0;

    while (at < size) {
        ssize_t got = pread(fd, bytes + at, size - at, at);

        if (got <= 0) {
            fail_with(why, "%s", got ? strerror(errno) : "it got shorter");
            return false;
        }
        at += got;
    }
    return true;
}

/* The last look at what was written: as whoever is to load it will judge it. */
static bool is_acceptable(const uint8_t *bytes, size_t size, char **why)
{
    xenlivepatch_payload *payload = must_have(xenlivepatch_new());
    bool ok;

    if (xenlivepatch_judge(payload, bytes, size, "it", NULL)) {
        must_have(NULL);
    }
    ok = payload->acceptable;
    for (size_t i = 0; i < payload->num_findings && !ok && !*why; i++) {
        if (payload->findings[i].severity == XENLIVEPATCH_ERROR) {
            fail_with(why, "it would not be accepted: %s",
                      payload->findings[i].message);
        }
    }
    xenlivepatch_free(payload);
    return ok;
}

static bool add_build_id(struct image *image, int fd, uint64_t offset,
                         char **why)
{
    uint8_t id[PAYLOAD_ID_SIZE], *bytes;
    struct stat status;
    SHA1_CTX context;
    bool ok;

    if (fstat(fd, &status)) {
        return fail_with(why, "%s", strerror(errno));
    }
    if (status.st_size > (off_t)XENLIVEPATCH_MAX_SIZE) {
        report_refuse(image->report, REFUSAL_LIMIT, "", "the payload", NULL,
                      "it has %lld bytes, engines take %lu",
                      (long long)status.st_size, XENLIVEPATCH_MAX_SIZE);
        return fail_with(why, "the payload is too large");
    }
    bytes = must_alloc(status.st_size, 1);
    ok = read_back(fd, bytes, status.st_size, why);
    if (ok) {
        SHA1Init(&context);
        SHA1Update(&context, bytes, status.st_size);
        SHA1Final(id, &context);
        ok = pwrite(fd, id, sizeof(id), offset) == sizeof(id);
        if (!ok) {
            fail_with(why, "%s", strerror(errno));
        }
        memcpy(bytes + offset, id, sizeof(id));
    }
    ok = ok && is_acceptable(bytes, status.st_size, why);
    free(bytes);
    if (ok) {
        char *text = printable_hex(id, sizeof(id));

        report_build_id(image->report, text);
        free(text);
    }
    return ok;
}

/* It gets its name when it is complete, with its signature too. */
static bool finish(int fd, const char *temporary, const char *path,
                   const char *key, char **why)
{
    mode_t mask = umask(0);

    umask(mask);
    if (fchmod(fd, 0666 & ~mask) || fsync(fd)) {
        return fail_with(why, "%s", strerror(errno));
    }
    return (!key || sign_payload(temporary, key, why)) &&
           (!rename(temporary, path) || fail_with(why, "%s", strerror(errno)));
}

/*
 * A file of a name that nobody has.  It is on the list of what is removed at
 * the end before there is such a file, so no interrupt comes between.
 */
static int open_temporary(const char *path, char **temporary)
{
    uint64_t number;
    int fd;

    *temporary = NULL;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
        return -1;
    }
    *temporary = must_print("%s.%016" PRIx64, path, number);
    cleanup_add(*temporary);
    fd = open(*temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        cleanup_forget(*temporary);
    }
    return fd;
}

bool image_write(struct image *image, const char *path, char **why)
{
    char *temporary, *reason = NULL;
    int fd = open_temporary(path, &temporary);
    uint64_t id = 0;
    bool ok = false;

    if (fd < 0) {
        fail_with(why, "can't write %s: %s", path, strerror(errno));
    } else {
        ok = write_elf(image, fd, &id, &reason) &&
             add_build_id(image, fd, id, &reason) &&
             finish(fd, temporary, path, image->metadata->key, &reason);
        close(fd);
        if (!ok) {
            unlink(temporary);
            fail_with(why, "can't write %s: %s", path, reason);
        }
        cleanup_forget(temporary);
    }
    free(reason);
    free(temporary);
    return ok;
}
