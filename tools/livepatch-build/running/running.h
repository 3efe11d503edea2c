/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs on the host: the hypervisor, as its xen-syms tells, and the
 * payloads that are below ours in the stack.
 */
#ifndef LIVEPATCH_BUILD_RUNNING_H
#define LIVEPATCH_BUILD_RUNNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct running;

struct build_id {
    uint8_t bytes[64];
    size_t size;
};

/* One meaning of a name. */
struct running_symbol {
    const char *name;       /* as the host's own table has it: for a local one
                             * "common/grant_table.c#release_grant_for_copy" */
    uint64_t address, size; /* address 0: in a payload, known by name alone */
    unsigned char type;     /* STT_* */
    bool local;
    bool init;              /* in memory that was freed after boot */
    unsigned int unit;      /* which object it came from, as far as can be told:
                             * see running_unit_source(); 0: global */
};

/*
 * Read xen-syms.  Returns NULL with *why (the caller frees it) if that is no
 * linked Xen with symbols and a build-id, or was built without live patching.
 */
struct running *running_read(const char *xen_syms, char **why);
void running_free(struct running *running);

/* Put a payload on top: its build-id becomes what ours depends on, its symbols
 * can be referred to, and functions it patched are patched again.  False and
 * *why: no payload, for another Xen, or not for this stack. */
bool running_stack(struct running *running, const char *payload, char **why);

/* The entry of a payload's metadata that tells what it was compiled from. */
#define SOURCES_KEY "sources"

struct stacked {
    char *path;                 /* the payload's file */
    char *sources;              /* sources_tell(); NULL: it doesn't tell */
};

/* The payloads below ours, lowest first. */
size_t running_stacked(const struct running *running,
                       const struct stacked **list);
/* The topmost of them that replaces this function; NULL: none does. */
const struct stacked *running_replaced(const struct running *running,
                                       const char *full_name);
/*
 * What a payload below has brought under this name, in full as the host has it
 * but for the payload's name; numbers that the compiler gave (count.1) don't
 * count.  Returns how many there are, and the first in *symbol.
 */
size_t running_brought(const struct running *running, const char *full_name,
                       struct running_symbol *symbol);

const struct build_id *running_xen_id(const struct running *running);
const struct build_id *running_top_id(const struct running *running);

/*
 * Look a symbol of an object up: name and the object's STT_FILE, local or
 * not.  Returns how many there are with that name (0 none, 2 or more
 * ambiguous), and the first in *symbol.  Absolute and init symbols are found,
 * too.  A name of a payload below counts where Xen has none.
 */
size_t running_find(const struct running *running, const char *source,
                    const char *name, bool local,
                    struct running_symbol *symbol);

/* An absolute symbol, local or not: those that a linker script provides, such
 * as the halves of addresses in 4.21's IDT, may have become local. */
bool running_find_number(const struct running *running, const char *name,
                         uint64_t *number);

/*
 * Local symbols follow the STT_FILE of their object in xen-syms: these are the
 * units, from 1 on.  A source that is compiled more than once (as
 * arch/x86/mm/shadow/multi.c) has several; the symbols of an assembly object,
 * which has no STT_FILE, are in the unit of the object linked before it.
 */
size_t running_units(const struct running *running);
const char *running_unit_source(const struct running *running,
                                unsigned int unit);

/* Is the unit compiled from this source, given as the objects of a build beside
 * the sources have it (arch/x86/indirect-thunk.S)?  A build elsewhere has
 * another path in front of some: ../ or /usr/src/xen-4.17/xen/. */
bool running_unit_is(const struct running *running, unsigned int unit,
                     const char *source);

/* As running_find(), for a local symbol of one unit. */
size_t running_find_in(const struct running *running, unsigned int unit,
                       const char *name, struct running_symbol *symbol);

/* All local symbols with this name, at most max; returns how many there are. */
size_t running_find_all(const struct running *running, const char *name,
                        struct running_symbol *symbols, size_t max);

/* The symbols of Xen in ascending order of address; false: no more. */
bool running_symbol_number(const struct running *running, size_t number,
                           struct running_symbol *symbol);

/* The symbol that the engine of the host finds by this name, as
 * symbols_lookup_by_name(): is it exactly one, and there? */
bool running_is_unique(const struct running *running, const char *full_name);

/* Bytes of Xen's image as linked; NULL if not all of the range is in it. */
const uint8_t *running_bytes(const struct running *running, uint64_t address,
                             size_t size);

/* A section of xen-syms by its name, also one that isn't in the image
 * (.comment); NULL if there is none. */
const uint8_t *running_section(const struct running *running, const char *name,
                               size_t *size);

/* What lies at this address: the nearest symbol at or below it. */
bool running_symbol_at(const struct running *running, uint64_t address,
                       struct running_symbol *symbol);

/* Is the address within what was freed after boot? */
bool running_is_init(const struct running *running, uint64_t address);

#endif
