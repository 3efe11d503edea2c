/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What running*.c share. */
#ifndef LIVEPATCH_BUILD_RUNNING_PRIVATE_H
#define LIVEPATCH_BUILD_RUNNING_PRIVATE_H

#include <libelf.h>

#include "running.h"

/* The engine's buffers for a symbol's name hold this many characters. */
#define SYMBOL_NAME_MAX 127

struct image_section {
    const char *name;
    uint32_t type;
    uint64_t flags, address, size;
    const uint8_t *bytes;       /* NULL: SHT_NOBITS */
};

struct entry {
    struct running_symbol symbol;
    const char *file;           /* its unit's source, "" for a global symbol */
    const char *bare;           /* the name without the file's */
    char *made;                 /* memory of the full name, or NULL */
    bool absolute;
};

/* A symbol of a payload below. */
struct added_symbol {
    char *name;                 /* in full, as the host has it */
    const char *key;            /* what follows its last '/' or '#' */
    uint64_t size;
    unsigned char type;
    enum below replaces;        /* a function of the host's; others are added */
};

struct running {
    char *path;
    Elf *elf;
    void *mapping;
    size_t mapped;
    struct image_section *sections;
    size_t nsections;
    struct entry *entries;      /* in the order of xen-syms */
    size_t nentries;
    struct entry **by_name;     /* sorted by bare name */
    struct entry **by_full;     /* sorted by full name */
    struct entry **by_address;
    const char **units;         /* [unit]: its source; [0] is "" */
    size_t nunits;
    uint64_t init, init_end;    /* addresses of what was freed after boot */
    struct build_id xen_id, top_id;
    struct added_symbol *added; /* sorted by key; those that replace, too */
    size_t nadded;
};

/* The symbols, from the ELF symbol table; false and *why. */
bool running_read_symbols(struct running *running, Elf_Scn *table, char **why);
void running_free_symbols(struct running *running);

/* The symbol of a payload below that has this full name, but for a prefix that
 * ends in '/'.  Returns how many there are. */
size_t running_find_added(const struct running *running, const char *full,
                          struct running_symbol *symbol);
size_t running_count_added(const struct running *running, const char *full);
void running_free_stack(struct running *running);

/* The build-id in an ELF note; false if there is none. */
bool running_note_id(const uint8_t *note, size_t size, struct build_id *id);

#endif
