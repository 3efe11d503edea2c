/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/memory.h"
#include "snippet.h"

/* As in a .cmd file of Xen's build. */
#define C_OPTIONS \
    "-m64 -O2 -std=gnu99 -nostdinc -fno-builtin -fno-common " \
    "-fno-strict-aliasing -fomit-frame-pointer -ffunction-sections " \
    "-fdata-sections -mindirect-branch=thunk-extern " \
    "-mindirect-branch-register -fno-jump-tables " \
    "-mfunction-return=thunk-extern -msoft-float -fno-pie " \
    "-fno-stack-protector -fno-exceptions -fno-asynchronous-unwind-tables " \
    "-mno-red-zone -fpic -mno-mmx -mno-sse -mskip-rax-setup " \
    "-fcf-protection=branch -mmanual-endbr -mpreferred-stack-boundary=3"

#define ASSEMBLY_OPTIONS "-m64"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    unsigned char *bytes;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    bytes = must_alloc(*size, 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* The fuzzers begin with what the tests are about. */
static void keep(const unsigned char *image, size_t size)
{
    const char *corpus = getenv("SNIPPET_CORPUS");
    static unsigned int count;
    char *path;
    FILE *file;

    if (!corpus) {
        return;
    }
    path = must_print("%s/%s-%u", corpus, program_invocation_short_name,
                      count++);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(image, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(path);
}

unsigned char *snippet_image(const char *name, const char *source,
                             const char *more_options, size_t *size)
{
    char folder[] = "/tmp/snippet.XXXXXX", *path, *command, *output;
    const char *slash = strrchr(name, '/'), *file = slash ? slash + 1 : name;
    bool c = !strcmp(name + strlen(name) - 2, ".c");
    unsigned char *image = NULL;
    int status;

    assert_non_null(mkdtemp(folder));
    path = must_print("%s/%s", folder, file);
    output = must_print("%s/snippet.o", folder);
    write_file(path, source);
    /* As Xen's makefiles do, so that names of files have their folders. */
    command = must_print("cd %s && gcc %s %s -c -o snippet.o %s && "
                         "objcopy --redefine-sym %s=%s snippet.o", folder,
                         c ? C_OPTIONS : ASSEMBLY_OPTIONS, more_options, file,
                         file, name);
    status = system(command);
    if (status == 0) {
        image = read_file(output, size);
        keep(image, *size);
    }
    unlink(output);
    unlink(path);
    rmdir(folder);
    free(command);
    free(output);
    free(path);
    assert_int_equal(status, 0);
    return image;
}

struct object *snippet(const char *name, const char *source)
{
    char *why = NULL;
    size_t size;
    unsigned char *image = snippet_image(name, source, "", &size);
    struct object *object = object_read_memory(image, size, name, &why);

    free(image);
    if (!object) {
        fail_msg("%s", why);
    }
    return object;
}

struct symbol *find_symbol(const struct object *object, const char *name)
{
    size_t i;

    for (i = 1; i < object->nsymbols; i++) {
        if (!strcmp(object->symbols[i].name, name)) {
            return &object->symbols[i];
        }
    }
    fail_msg("no symbol %s", name);
    return NULL;
}

struct atom *find_atom(const struct object *object, const char *name)
{
    struct symbol *symbol = find_symbol(object, name);

    assert_non_null(symbol->atom);
    return symbol->atom;
}

struct section *find_section(const struct object *object, const char *name)
{
    size_t i;

    for (i = 1; i < object->nsections; i++) {
        if (!strcmp(object->sections[i].name, name)) {
            return &object->sections[i];
        }
    }
    fail_msg("no section %s", name);
    return NULL;
}

struct ref *ref_at_offset(const struct atom *atom, uint64_t offset)
{
    size_t i;

    for (i = 0; i < atom->nrefs; i++) {
        if (atom->refs[i].offset == offset) {
            return &atom->refs[i];
        }
    }
    fail_msg("%s has no reference at 0x%lx", atom_name(atom),
             (unsigned long)offset);
    return NULL;
}

void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}
