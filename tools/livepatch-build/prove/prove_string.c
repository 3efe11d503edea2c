/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings of two builds: those that may differ, as Xen's version and paths of
 * its sources do, and how others do.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "prove_private.h"

/* A string of any length that a path can have. */
static char *read_path(const struct running *running, uint64_t address)
{
    char text[PATH_MAX];
    size_t size = 0;
    const uint8_t *byte;

    while (size < sizeof(text) - 1 &&
           (byte = running_bytes(running, address + size, 1)) && *byte) {
        text[size++] = (char)*byte;
    }
    text[size] = '\0';
    return must_copy(text);
}

/* width: of a letter. */
static char *describe_string(const struct running *running, uint64_t address,
                             size_t width)
{
    char text[61];
    size_t size = 0;

    for (; size < sizeof(text) - 1; size++) {
        const uint8_t *byte = running_bytes(running, address + size * width,
                                            1);

        if (!byte || !*byte) {
            break;
        }
        text[size] = *byte < ' ' || *byte > '~' ? '?' : *byte;
    }
    text[size] = '\0';
    return must_copy(text);
}

/* A string in which Xen tells what it was compiled by, where and when; or to
 * UEFI, in letters of two bytes, which version it is. */
static bool tells_version(const struct view *view, const struct atom *string)
{
    static const struct {
        const char *file, *function, *start;
        size_t size;                    /* of start */
    } tellers[] = {
        { "version.c", "xen_compile_", "", 0 },
        { "version.c", "xen_compiler", "", 0 },
        { "version.c", "xen_extra_version", "", 0 },
        { "version.c", "xen_changeset", "", 0 },
        { "version.c", "xen_banner", "", 0 },
        { "boot.c", "efi_start", "X\0e\0n\0 \0", 8 },
    };
    const char *source = view->object->source;
    const char *file = strrchr(source, '/');

    for (size_t i = 0; view->function && view->function->symbol &&
                       i < sizeof(tellers) / sizeof(*tellers); i++) {
        if (!strcmp(file ? file + 1 : source, tellers[i].file) &&
            starts_with(view->function->symbol->name, tellers[i].function) &&
            string->size >= tellers[i].size &&
            !memcmp(string->bytes, tellers[i].start, tellers[i].size)) {
            return true;
        }
    }
    return false;
}

/* These strings may differ, and be merged with other ones. */
static void compare_version(struct view *view, const struct ref *ref,
                            uint64_t address)
{
    const struct atom *target = ref->target;
    uint64_t size = target->size - (uint64_t)ref->place;
    const uint8_t *text = target->bytes + ref->place;
    const uint8_t *bytes = running_bytes(view->running, address, size);
    size_t width = target->section->entsize > 1 ? target->section->entsize : 1;
    char *here, *there;

    if (bytes && !memcmp(bytes, text, size)) {
        return;
    }
    here = must_alloc(size / width + 1, 1);
    for (uint64_t i = 0; i < size / width; i++) {
        here[i] = text[i * width] && text[i * width] < ' '
                  ? '?' : (char)text[i * width];
    }
    here[size / width < 60 ? size / width : 60] = '\0';
    there = describe_string(view->running, address, width);
    view->version_differs = true;
    proof_version(view->proof, view->function->symbol->name, here, there);
    free(here);
    free(there);
}

/*
 * Messages name source files by the path that the compiler was given: beside
 * the sources common/x.c, elsewhere ../common/x.c or /usr/src/xen/common/x.c.
 * Is it this file's there, in front of which is what all have?
 */
static bool is_same_file(struct view *view, const struct ref *ref,
                         uint64_t address)
{
    const char *text = (const char *)ref->target->bytes + ref->place;
    const char *here = text;
    size_t size, length;
    char *there;
    bool same;

    if (ref->target->bytes[ref->target->size - 1]) {
        return false;
    }
    here += starts_with(here, "./") ? 2 : 0;
    size = strlen(here);
    if (!strchr(here, '/') || !strchr("chS", here[size - 1]) ||
        here[size - 2] != '.') {
        return false;
    }
    there = read_path(view->running, address);
    length = strlen(there);
    same = length > size && strcmp(there, text) &&
           there[length - size - 1] == '/' &&
           !strcmp(there + length - size, here);
    there[same ? length - size : 0] = '\0';
    if (same && !view->proof->prefix) {
        view->proof->prefix = must_copy(there);
    }
    same = same && !strcmp(view->proof->prefix, there);
    free(there);
    return same;
}

bool string_may_differ(struct view *view, const struct ref *ref,
                       uint64_t address)
{
    const struct atom *target = ref->target;

    if (!target || target->kind != ATOM_STRING || !target->bytes ||
        ref->place < 0 || (uint64_t)ref->place >= target->size) {
        return false;
    }
    if (tells_version(view, target)) {
        compare_version(view, ref, address);
        return true;
    }
    return !target->address && is_same_file(view, ref, address);
}

char *string_difference(const struct view *view, const struct atom *target,
                        uint64_t address)
{
    char *there = describe_string(view->running, address, 1);
    char *why = must_print("\"%.*s\" here, \"%s\" there",
                           (int)(target->size < 60 ? target->size : 60),
                           (const char *)target->bytes, there);

    free(there);
    return why;
}
