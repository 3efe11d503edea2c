/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads made in memory, for tests to break.
 *
 * First sections, symbols and relocations are added; image_build() then writes
 * the file, and what is changed from there on is changed in the file.  Unlike
 * those of tests/unit these are of Xen's own types, hold code that runs, and
 * have no limit of sizes: the engine's part of a payload, not the judge's.
 */
#ifndef HOSTED_PAYLOAD_H
#define HOSTED_PAYLOAD_H

#include <xen/elfstructs.h>
#include <xen/livepatch.h>

#include "hosted.h"

struct image_section {
    char *name;
    Elf_Shdr header;            /* Offset and name are filled in later. */
    uint8_t *data;              /* NULL if it is SHT_NOBITS. */
};

struct image_symbol {
    char *name;
    Elf_Sym entry;
};

struct image_reloc {
    unsigned int section;
    Elf_RelA entry;
};

struct image {
    struct image_section *sections;         /* 0 is the null section. */
    struct image_symbol *symbols;           /* 0 is the null symbol. */
    struct image_reloc *relocs;
    unsigned int nsections, nsymbols, nrelocs;
    unsigned int room_sections, room_symbols, room_relocs;
    uint8_t *file;                          /* Once it is built. */
    size_t size;
};

/* Build-ids are 20 times one byte. */
#define IMAGE_ID 0x11

/* No section; and a good payload: xen_one returns 101. */
struct image *image_empty(void);
struct image *image_new(void);
/* The same with other values: it depends on the payload with that id (or on
 * HOSTED_XEN_ID), and replaces a function by one that returns a value. */
struct image *image_make(uint8_t id, uint8_t depends, const char *old,
                         int value);
/* Keeps its file in $HOSTED_CORPUS, if that is set. */
void image_free(struct image *image);

/* -- Before there is a file ---------------------------------------------- */

/* data may be NULL: zeroes.  Each returns an index. */
unsigned int image_add_section(struct image *image, const char *name,
                               uint32_t type, uint64_t flags,
                               const void *data, size_t size);
unsigned int image_add_symbol(struct image *image, const char *name,
                              unsigned int section, uint64_t value,
                              uint64_t size, uint8_t info);
void image_add_reloc(struct image *image, unsigned int section,
                     uint64_t offset, unsigned int symbol, unsigned int type,
                     int64_t addend);
/* More bytes at the end of a section; returns where they begin. */
size_t image_grow(struct image *image, unsigned int section,
                  const void *data, size_t size);

void image_add_build_id(struct image *image, const char *section,
                        uint8_t byte);

/* An undefined symbol, once. */
unsigned int image_undefined(struct image *image, const char *name);

/* A global function in .text with this code; aligned to 16 bytes. */
unsigned int image_add_code(struct image *image, const char *name,
                            const void *code, size_t size);
/* One that returns the value. */
unsigned int image_add_return(struct image *image, const char *name,
                              int value);
/* A hook of the name of its kind and the number, for image_add_hook():
 * calls hosted_on_hook(payload, number). */
unsigned int image_add_hook_code(struct image *image, const char *name,
                                 unsigned int number);

/*
 * A record: the hypervisor's function `old` is replaced by the symbol, or, for
 * 0, overwritten by size bytes of NOPs.  Sizes are right.  Returns its index.
 */
unsigned int image_add_function(struct image *image, const char *old,
                                unsigned int new_symbol, unsigned int size);
/* The record, for changes; old_addr, new_addr and name have relocations. */
struct livepatch_func *image_function(struct image *image, unsigned int n);
/* Makes old_addr 0: found by name.  */
void image_old_by_name(struct image *image, unsigned int n);
/* An expectation of what is there now, or of other bytes. */
void image_expect(struct image *image, unsigned int n, const void *bytes,
                  unsigned int len);

/* kind: load, unload, preapply, apply...; another pointer in its section. */
void image_add_hook(struct image *image, const char *kind,
                    unsigned int symbol);
/* Both: code that calls hosted_on_hook(payload, number), and the pointer. */
void image_add_hook_call(struct image *image, const char *kind,
                         unsigned int number);
extern int (*hosted_on_hook)(struct payload *payload, unsigned int number);
/* What such code needs; hosted_reset() forgets it. */
void image_provide_hooks(void);

void image_add_modinfo(struct image *image, const void *data, size_t size);
/* A frame for an ud2 at the symbol + offset, whose file name is a string. */
void image_add_bug_frame(struct image *image, unsigned int kind,
                         unsigned int symbol, uint64_t offset,
                         const char *file);
/* A fault at offset goes on at another offset. */
void image_add_exception(struct image *image, unsigned int symbol,
                         uint64_t offset, uint64_t go_on);
/* The instruction at symbol + offset is replaced, if the CPU has a feature. */
void image_add_alternative(struct image *image, unsigned int symbol,
                           uint64_t offset, unsigned int orig_len,
                           unsigned int pad_len, unsigned int cpuid,
                           const void *code, unsigned int repl_len);

/* By name, as added so far; they have to be there. */
unsigned int image_section_index(const struct image *image, const char *name);
struct image_section *image_section(const struct image *image,
                                    const char *name);
unsigned int image_symbol_index(const struct image *image, const char *name);
struct image_symbol *image_symbol(const struct image *image,
                                  const char *name);
/* The relocation of a section at offset, and how to drop it. */
struct image_reloc *image_reloc(const struct image *image,
                                const char *section, uint64_t offset);
void image_drop_reloc(struct image *image, const char *section,
                      uint64_t offset);
/* As if it had never been there, for its symbols and relocations too. */
void image_drop_section(struct image *image, const char *name);

/* -- In the file --------------------------------------------------------- */

/* The file, which is written at the first call of any of these. */
void *image_build(struct image *image, size_t *size);
Elf_Ehdr *image_header(struct image *image);
/* Also ".symtab", ".strtab", ".shstrtab" and ".rela.*". */
Elf_Shdr *image_section_header(struct image *image, const char *name);
void *image_data(struct image *image, const char *section);
Elf_Sym *image_file_symbol(struct image *image, const char *name);
/* The n-th relocation of a section. */
Elf_RelA *image_file_reloc(struct image *image, const char *section,
                           unsigned int n);

#endif /* HOSTED_PAYLOAD_H */
