/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's xen-syms: sections, build-id and ranges. */
#include "running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>

#include "support/files.h"
#include "support/memory.h"
#include "running_private.h"

static bool open_image(struct running *running, char **why)
{
    size_t size;
    int error;

    running->image = files_read(running->path, &size, why);
    if (!running->image) {
        return false;
    }
    error = xlp_elf_open(&running->elf, running->image, size);
    if (error == ENOMEM) {
        must_have(NULL);
    }
    if (error) {
        return fail_with(why, "%s: no xen-syms: it %s; what is needed is the"
                         " xen-syms of the running build", running->path,
                         running->elf.fault.what);
    }
    if (running->elf.header.e_type != ET_EXEC &&
        running->elf.header.e_type != ET_DYN) {
        return fail_with(why, "%s: no xen-syms: not a linked program",
                         running->path);
    }
    if (!running->elf.num_symbols) {
        return fail_with(why, "%s: it has no symbols; distributions have"
                         " xen-syms in a package with debug information",
                         running->path);
    }
    return true;
}

static bool note_id(const uint8_t *note, size_t size, struct build_id *id)
{
    const xlp_section section = { .data = note, .size = size };
    const uint8_t *bytes = xlp_build_id(&section, &size);

    if (!bytes || size > sizeof(id->bytes)) {
        return false;
    }
    id->size = size;
    memcpy(id->bytes, bytes, size);
    return true;
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
    const uint8_t *note;
    size_t size;

    if (end > start &&
        note_id(running_bytes(running, start, end - start), end - start,
                &running->xen_id)) {
        return true;
    }
    note = running_section(running, XENLIVEPATCH_BUILD_ID, &size);
    return note && note_id(note, size, &running->xen_id);
}

/* As `strip --strip-debug' takes them away, local names aren't the host's. */
static bool has_files(const struct running *running, char **why)
{
    return running->xen.num_units > 1 ||
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
    return true;
}

struct running *running_read(const char *xen_syms, char **why)
{
    struct running *running = must_alloc(1, sizeof(*running));

    running->path = must_copy(xen_syms);
    if (open_image(running, why)) {
        running_read_symbols(running);
        if (has_files(running, why) && find_ranges(running, why)) {
            return running;
        }
    }
    running_free(running);
    return NULL;
}

void running_free(struct running *running)
{
    if (!running) {
        return;
    }
    running_free_stack(running);
    running_free_symbols(running);
    xlp_elf_close(&running->elf);
    free(running->image);
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
    for (size_t i = 1; i < running->elf.num_sections; i++) {
        const xlp_section *section = &running->elf.sections[i];

        if (section->data && xlp_is_loaded(section) &&
            address >= section->addr &&
            address - section->addr <= section->size &&
            size <= section->size - (address - section->addr)) {
            return section->data + (address - section->addr);
        }
    }
    return NULL;
}

const uint8_t *running_section(const struct running *running, const char *name,
                               size_t *size)
{
    const xlp_section *section = xlp_elf_section(&running->elf, name);

    *size = section ? section->size : 0;
    return section ? section->data : NULL;
}

bool running_is_init(const struct running *running, uint64_t address)
{
    return address >= running->init && address < running->init_end;
}
