/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects made of a few lines of C or assembly, with the options that Xen is
 * compiled with.  A snippet that doesn't compile fails the test.
 */
#ifndef TESTS_BUILDER_SNIPPET_H
#define TESTS_BUILDER_SNIPPET_H

#include "object/object.h"

/* name: of the source, hence in STT_FILE: ends in .c, or in .S for assembly. */
struct object *snippet(const char *name, const char *source);

/* The file's bytes instead; the caller frees them. */
unsigned char *snippet_image(const char *name, const char *source,
                             const char *more_options, size_t *size);

/* The symbol of this name, or a failure. */
struct symbol *find_symbol(const struct object *object, const char *name);
struct atom *find_atom(const struct object *object, const char *name);
struct section *find_section(const struct object *object, const char *name);

/* The atom's reference at this offset, or a failure. */
struct ref *ref_at_offset(const struct atom *atom, uint64_t offset);

/* A file of these bytes. */
void write_bytes(const char *path, const void *bytes, size_t size);

#endif
