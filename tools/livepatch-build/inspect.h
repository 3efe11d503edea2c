/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in a payload, by whatever builder it was made.
 */
#ifndef LIVEPATCH_BUILD_INSPECT_H
#define LIVEPATCH_BUILD_INSPECT_H

#include <stdio.h>

#include "object.h"
#include "running.h"

/* Strings are printable UTF-8: printable.h. */
struct inspected_function {
    char *name, *replacement;       /* replacement NULL: NOPs */
    uint64_t old_address;           /* 0: to be found by name */
    uint32_t old_size, new_size;
};

struct inspected_hook {
    const char *kind;               /* "load", "preapply", ... */
    char *function;
};

struct inspected_table {
    const char *name;
    size_t entries;
};

struct inspected_metadata {
    char *key, *value;              /* value NULL: no "=" in it */
};

struct inspected_section {
    char *name;
    uint64_t size;
    char permissions[4];            /* "rw-" */
};

struct inspected_symbol {
    enum {
        SYMBOL_NEW,                 /* others can refer to it */
        SYMBOL_OVERRIDE,            /* of a function that it replaces */
        SYMBOL_NEEDED,              /* of the host, by name */
        SYMBOL_FIXED,               /* of the host, by address */
    } kind;
    char *name;
    uint64_t address;               /* SYMBOL_FIXED */
};

struct inspected {
    const char *path;
    struct build_id build_id, depends, xen_depends;
    struct inspected_function *functions;
    struct inspected_hook *hooks;
    struct inspected_table *tables;
    struct inspected_metadata *metadata;
    struct inspected_section *sections;
    struct inspected_symbol *symbols;
    size_t room_hooks;
    size_t nfunctions, nhooks, ntables, nmetadata, nsections, nsymbols;
    uint64_t signature;             /* bytes of the note; 0: none */
    bool reapplicable;              /* by a stock engine */
};

/* inspect_read.c.  False and *why: not a payload. */
bool inspect_read(struct inspected *inspected, const struct object *object,
                  char **why);
void inspect_free(struct inspected *inspected);
const char *inspect_value(const struct inspected *inspected, const char *key);

/* False: it couldn't be written. */
bool inspect_print(const struct inspected *inspected, FILE *out);
bool inspect_print_json(const struct inspected *inspected, FILE *out);

#endif
