/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Payloads made in memory, for tests to break.
 *
 * First sections, symbols and relocations are added; the first look at the
 * bytes then writes the file, with libelf, and what is changed from there
 * on is changed in the file.
 */
#ifndef PAYLOAD_IMAGE_H
#define PAYLOAD_IMAGE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))
#endif

#define IMAGE_MAX_SECTIONS 1100
#define IMAGE_MAX_SYMBOLS  256
#define IMAGE_MAX_RELOCS   256

#define FUNC_SIZE 104           /* of a record in .livepatch.funcs */
#define ALT_SIZE  14            /* of a record in .altinstructions */

struct image_section {
    const char *name;
    uint32_t type;
    uint64_t flags, align;
    uint64_t addr;              /* of a linked file */
    uint8_t *data;              /* malloc'd; NULL: filled with zeroes */
    size_t size;
};

struct image_symbol {
    const char *name;
    unsigned int section;
    uint64_t value, size;
    unsigned char info;
};

struct image_reloc {
    unsigned int section, symbol, type;
    uint64_t offset;
    int64_t addend;
};

typedef struct {
    uint16_t type;              /* ET_REL */
    struct image_section sections[IMAGE_MAX_SECTIONS];
    struct image_symbol symbols[IMAGE_MAX_SYMBOLS];
    struct image_reloc relocs[IMAGE_MAX_RELOCS];
    unsigned int num_sections, num_symbols, num_relocs;
    uint8_t *bytes;             /* the file, once there is one */
    size_t size;
} payload_image;

/* Build-ids in what _new and _new_xen_syms make. */
#define IMAGE_BUILD_ID     "1111111111111111111111111111111111111111"
#define IMAGE_XEN_BUILD_ID "2222222222222222222222222222222222222222"

/* An empty file, and a good payload: it replaces some_function. */
payload_image *image_empty(uint16_t type);
payload_image *image_new(void);
/* A xen-syms to which the payload fits. */
payload_image *image_new_xen_syms(void);
void image_free(payload_image *image);

/*----- before there is a file -----*/

unsigned int image_add_section(payload_image *image, const char *name,
                               uint32_t type, uint64_t flags,
                               const void *data, size_t size);
unsigned int image_add_symbol(payload_image *image, const char *name,
                              unsigned int section, uint64_t value,
                              unsigned char info);
void image_add_reloc(payload_image *image, unsigned int section,
                     uint64_t offset, unsigned int symbol,
                     unsigned int type, int64_t addend);
/* A note with a build-id of 20 bytes, each of them the given one. */
void image_add_build_id(payload_image *image, const char *section,
                        uint8_t byte);
/* num hooks of that kind. */
void image_add_hooks(payload_image *image, const char *kind,
                     unsigned int num);
/* One alternative, with the tables that it needs. */
void image_add_alternative(payload_image *image);
/* One entry of the exception table, and one of the alternative calls. */
void image_add_code_tables(payload_image *image);
/* Another record, for a function of that name. */
void image_add_function(payload_image *image, const char *name);

/* By name, as added so far; they have to be there. */
unsigned int image_section_index(const payload_image *image,
                                 const char *name);
unsigned int image_symbol_index(const payload_image *image,
                                const char *name);
struct image_section *image_section(payload_image *image,
                                    const char *name);
/* The relocation of section at offset, and how to drop it. */
struct image_reloc *image_reloc(payload_image *image, const char *section,
                                uint64_t offset);
void image_drop_reloc(payload_image *image, const char *section,
                      uint64_t offset);

/*----- in the file -----*/

void image_build(payload_image *image);
Elf64_Ehdr *image_header(payload_image *image);
Elf64_Shdr *image_section_header(payload_image *image, const char *name);
uint8_t *image_data(payload_image *image, const char *section);
Elf64_Sym *image_file_symbol(payload_image *image, const char *name);

#endif
