/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's xen-syms: sections, build-id and ranges. */
#include "running.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "running_private.h"

static bool map_file(struct running *running, char **why)
{
    struct stat status;
    int fd = open(running->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0) {
        fail_with(why, "%s: %s", running->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < EI_NIDENT) {
        close(fd);
        fail_with(why, "%s: no xen-syms: not an ELF file", running->path);
        return false;
    }
    running->mapped = status.st_size;
    /* libelf wants memory that it may write to; the file stays as it is. */
    running->mapping = mmap(NULL, running->mapped, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE, fd, 0);
    close(fd);
    if (running->mapping == MAP_FAILED) {
        running->mapping = NULL;
        fail_with(why, "%s: %s", running->path, strerror(errno));
        return false;
    }
    return true;
}

static bool check_header(struct running *running, char **why)
{
    const unsigned char *magic = running->mapping;
    const Elf64_Ehdr *header;

    if (magic[0] == 'M' && magic[1] == 'Z') {
        fail_with(why, "%s: an EFI image, which has no usable symbols; give"
                  " the xen-syms of the same build", running->path);
        return false;
    }
    if (magic[0] == 0x1f && magic[1] == 0x8b) {
        fail_with(why, "%s: a compressed image without symbols; give the"
                  " xen-syms of the same build", running->path);
        return false;
    }
    elf_version(EV_CURRENT);
    running->elf = elf_memory(running->mapping, running->mapped);
    header = running->elf ? elf64_getehdr(running->elf) : NULL;
    if (!header || header->e_machine != EM_X86_64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB) {
        fail_with(why, "%s: no xen-syms: not an x86-64 ELF file",
                  running->path);
        return false;
    }
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        fail_with(why, "%s: no xen-syms: not a linked program",
                  running->path);
        return false;
    }
    return true;
}

/* Returns the symbol table's section in *table. */
static bool read_sections(struct running *running, Elf_Scn **table, char **why)
{
    size_t names, room = 0;

    if (elf_getshdrstrndx(running->elf, &names) < 0) {
        fail_with(why, "%s: no section names", running->path);
        return false;
    }
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(running->elf, scn)); ) {
        /* A copy, as in the file it needn't be aligned. */
        GElf_Shdr copy, *header = gelf_getshdr(scn, &copy);
        struct image_section *section;
        const char *name;
        Elf_Data *data;

        name = header ? elf_strptr(running->elf, names, header->sh_name) : NULL;
        if (!name || header->sh_addr + header->sh_size < header->sh_addr) {
            fail_with(why, "%s: section %zu has a bad header", running->path,
                      elf_ndxscn(scn));
            return false;
        }
        if (header->sh_type == SHT_SYMTAB) {
            *table = scn;
        }
        running->sections = must_grow(running->sections, &room,
                                      running->nsections + 1,
                                      sizeof(*running->sections));
        section = &running->sections[running->nsections++];
        *section = (struct image_section){
            .name = name, .type = header->sh_type, .flags = header->sh_flags,
            .address = header->sh_addr, .size = header->sh_size,
        };
        if (header->sh_type == SHT_NOBITS || !header->sh_size) {
            continue;
        }
        data = elf_rawdata(scn, NULL);
        if (!data || !data->d_buf || data->d_size != header->sh_size) {
            fail_with(why, "%s: %s is not all in the file", running->path,
                      name);
            return false;
        }
        section->bytes = data->d_buf;
    }
    return true;
}

bool running_note_id(const uint8_t *note, size_t size, struct build_id *id)
{
    while (size >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header;
        size_t name, text;

        memcpy(&header, note, sizeof(header));
        name = ((size_t)header.n_namesz + 3) & ~(size_t)3;
        text = ((size_t)header.n_descsz + 3) & ~(size_t)3;
        note += sizeof(header);
        size -= sizeof(header);
        if (name > size || header.n_descsz > size - name) {
            return false;
        }
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
            !memcmp(note, "GNU", 4) && header.n_descsz &&
            header.n_descsz <= sizeof(id->bytes)) {
            id->size = header.n_descsz;
            memcpy(id->bytes, note + name, id->size);
            return true;
        }
        if (text > size - name) {
            return false;
        }
        note += name + text;
        size -= name + text;
    }
    return false;
}

static uint64_t global(const struct running *running, const char *name)
{
    struct running_symbol symbol;

    return running_find(running, "", name, false, &symbol) ? symbol.address : 0;
}

/* A note of its own in xen-syms; a part of .rodata with other linkers. */
static bool find_build_id(struct running *running)
{
    uint64_t start = global(running, "__note_gnu_build_id_start");
    uint64_t end = global(running, "__note_gnu_build_id_end");
    const uint8_t *note = NULL;
    size_t size;

    if (end > start) {
        note = running_bytes(running, start, end - start);
    }
    if (note && running_note_id(note, end - start, &running->xen_id)) {
        return true;
    }
    note = running_section(running, XENLIVEPATCH_BUILD_ID, &size);
    return note && running_note_id(note, size, &running->xen_id);
}

static void mark_init(struct running *running)
{
    for (size_t i = 0; i < running->nentries; i++) {
        struct entry *entry = &running->entries[i];

        entry->symbol.init = !entry->absolute &&
            running_is_init(running, entry->symbol.address);
    }
}

/* As `strip --strip-debug' takes them away, local names aren't the host's. */
static bool has_files(const struct running *running, char **why)
{
    return running->nunits > 1 ||
           fail_with(why, "%s: it was stripped: its symbols don't tell their "
                     "source files; give the xen-syms as Xen's build made it",
                     running->path);
}

static bool find_ranges(struct running *running, char **why)
{
    uint64_t text = global(running, "_stext");
    uint64_t text_end = global(running, "_etext");

    running->init = global(running, "__init_begin");
    running->init_end = global(running, "__init_end");
    if (!text || text >= text_end || running->init > running->init_end) {
        fail_with(why, "%s: no xen-syms: it has no _stext and _etext",
                  running->path);
        return false;
    }
    if (!global(running, "livepatch_op")) {
        fail_with(why, "%s: this Xen was built without live patching"
                  " (CONFIG_LIVEPATCH)", running->path);
        return false;
    }
    if (!find_build_id(running)) {
        fail_with(why, "%s: this Xen has no build-id, which payloads need",
                  running->path);
        return false;
    }
    running->top_id = running->xen_id;
    mark_init(running);
    return true;
}

struct running *running_read(const char *xen_syms, char **why)
{
    struct running *running = must_alloc(1, sizeof(*running));
    Elf_Scn *table = NULL;

    running->path = must_copy(xen_syms);
    if (!map_file(running, why) || !check_header(running, why) ||
        !read_sections(running, &table, why)) {
        running_free(running);
        return NULL;
    }
    if (!table) {
        running_free(running);
        return fail_with(why, "%s: it has no symbols; distributions have"
                         " xen-syms in a package with debug information",
                         xen_syms);
    }
    if (!running_read_symbols(running, table, why) ||
        !has_files(running, why) || !find_ranges(running, why)) {
        running_free(running);
        return NULL;
    }
    return running;
}

void running_free(struct running *running)
{
    if (!running) {
        return;
    }
    running_free_stack(running);
    running_free_symbols(running);
    free(running->sections);
    elf_end(running->elf);
    if (running->mapping) {
        munmap(running->mapping, running->mapped);
    }
    free(running->path);
    free(running);
}

const struct build_id *running_xen_id(const struct running *running)
{
    return &running->xen_id;
}

const struct build_id *running_top_id(const struct running *running)
{
    return &running->top_id;
}

const uint8_t *running_bytes(const struct running *running, uint64_t address,
                             size_t size)
{
    for (size_t i = 0; i < running->nsections; i++) {
        const struct image_section *section = &running->sections[i];

        if (section->bytes && (section->flags & SHF_ALLOC) &&
            address >= section->address &&
            address - section->address <= section->size &&
            size <= section->size - (address - section->address)) {
            return section->bytes + (address - section->address);
        }
    }
    return NULL;
}

const uint8_t *running_section(const struct running *running, const char *name,
                               size_t *size)
{
    for (size_t i = 0; i < running->nsections; i++) {
        if (!strcmp(running->sections[i].name, name)) {
            *size = running->sections[i].size;
            return running->sections[i].bytes;
        }
    }
    return NULL;
}

bool running_is_init(const struct running *running, uint64_t address)
{
    return address >= running->init && address < running->init_end;
}
