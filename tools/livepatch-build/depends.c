/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For each target, say common/grant_table.o, the build keeps common/
 * .grant_table.o.cmd: the command in its first line, "cmd_TARGET := ...", and
 * behind it "deps_TARGET := ..." with a file a line.
 */
#define _GNU_SOURCE

#include "depends.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "memory.h"

struct record {
    char *target;               /* below xen/ */
    char *text;
};

struct depends {
    struct record *records;
    size_t nrecords, records_room;
    char **linked;
    char **folders;             /* of the linked ones, by number */
    size_t nlinked, linked_room, folders_room;
    char *offsets;              /* the rule for asm-offsets.s, or NULL */
};

struct reading {
    struct depends *depends;
    const char *xen;
};

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), tail = strlen(with);

    return length >= tail && !strcmp(text + length - tail, with);
}

/* "common/.x.o.cmd" is of "common/x.o"; NULL: it is no such name. */
static char *target_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (*name != '.' || !ends(name, ".cmd")) {
        return NULL;
    }
    return must_print("%.*s%.*s", (int)(name - path), path,
                      (int)(strlen(name) - strlen(".cmd") - 1), name + 1);
}

static bool read_record(void *context, const char *path,
                        const struct stat *status, char **why)
{
    struct reading *reading = context;
    struct depends *depends = reading->depends;
    char *target = S_ISREG(status->st_mode) ? target_of(path) : NULL;
    char *full;
    size_t size;
    struct record *record;

    if (!target) {
        return true;
    }
    depends->records = must_grow(depends->records, &depends->records_room,
                                 depends->nrecords + 1,
                                 sizeof(*depends->records));
    record = &depends->records[depends->nrecords++];
    full = must_print("%s/%s", reading->xen, path);
    record->target = target;
    record->text = files_read(full, &size, why);
    free(full);
    return record->text;
}

static void add_linked(struct depends *depends, const char *object,
                       size_t length, const char *folder)
{
    depends->linked = must_grow(depends->linked, &depends->linked_room,
                                depends->nlinked + 1, sizeof(char *));
    depends->folders = must_grow(depends->folders, &depends->folders_room,
                                 depends->nlinked + 1, sizeof(char *));
    depends->linked[depends->nlinked] = must_print("%.*s", (int)length, object);
    depends->folders[depends->nlinked++] = must_copy(folder);
}

/* The words of a command that links or archives, which are other objects. */
static void read_linked(struct depends *depends, const struct record *record)
{
    char *folder = must_copy(record->target);
    const char *end = strchrnul(record->text, '\n');
    const char *word = record->text;

    *(strrchr(folder, '/') ? strrchr(folder, '/') : folder) = '\0';
    while (word < end) {
        size_t length = strcspn(word, " \n");
        char *copy = must_print("%.*s", (int)length, word);

        if (ends(copy, ".o") && !ends(copy, "built_in.o")) {
            add_linked(depends, copy, length, folder);
        }
        free(copy);
        word += length;
        word += *word == ' ';
    }
    free(folder);
}

struct named {
    char *object, *folder;
};

static int compare_named(const void *one, const void *other)
{
    return strcmp(((const struct named *)one)->object,
                  ((const struct named *)other)->object);
}

static void sort_linked(struct depends *depends)
{
    struct named *named = must_alloc(depends->nlinked, sizeof(*named));

    for (size_t i = 0; i < depends->nlinked; i++) {
        named[i] = (struct named){ depends->linked[i], depends->folders[i] };
    }
    qsort(named, depends->nlinked, sizeof(*named), compare_named);
    for (size_t i = 0; i < depends->nlinked; i++) {
        depends->linked[i] = named[i].object;
        depends->folders[i] = named[i].folder;
    }
    free(named);
}

/* Objects that are listed and not made, as of an empty folder, don't count:
 * there are none. */
static void find_linked(struct depends *depends)
{
    for (size_t i = 0; i < depends->nrecords; i++) {
        const struct record *record = &depends->records[i];

        if ((ends(record->target, "/built_in.o") ||
             ends(record->target, "/lib.a")) &&
            !strstr(record->text, " /dev/null ")) {
            read_linked(depends, record);
        }
    }
    sort_linked(depends);
}

struct depends *depends_read(const char *xen, char **why)
{
    struct depends *depends = must_alloc(1, sizeof(*depends));
    struct reading reading = { depends, xen };
    char *offsets = must_print("%s/.asm-offsets.s.d", xen);
    size_t size;

    if (!files_walk(xen, read_record, &reading, why)) {
        depends_free(depends);
        depends = NULL;
    } else {
        find_linked(depends);
        if (!depends->nlinked) {
            depends_free(depends);
            depends = fail_with(why, "%s: no built Xen", xen);
        } else if (files_exist(offsets)) {
            depends->offsets = files_read(offsets, &size, why);
        }
    }
    free(offsets);
    return depends;
}

void depends_free(struct depends *depends)
{
    if (!depends) {
        return;
    }
    for (size_t i = 0; i < depends->nrecords; i++) {
        free(depends->records[i].target);
        free(depends->records[i].text);
    }
    for (size_t i = 0; i < depends->nlinked; i++) {
        free(depends->linked[i]);
        free(depends->folders[i]);
    }
    free(depends->records);
    free(depends->linked);
    free(depends->folders);
    free(depends->offsets);
    free(depends);
}

size_t depends_linked(const struct depends *depends, const char *const **paths)
{
    *paths = (const char *const *)depends->linked;
    return depends->nlinked;
}

const char *depends_folder(const struct depends *depends, size_t number)
{
    return depends->folders[number];
}

static int compare_names(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static bool is_among(const char *const *paths, size_t npaths, const char *path)
{
    return bsearch(path, paths, npaths, sizeof(*paths), compare_names);
}

/* "./a/b/../c" is "a/c". */
static void simplify(char *path)
{
    char *up, *start = path, *last;

    while (!strncmp(path, "./", 2)) {
        memmove(path, path + 2, strlen(path + 2) + 1);
    }
    while ((up = strstr(start, "/../"))) {
        *up = '\0';
        last = strrchr(path, '/');
        last = last ? last + 1 : path;
        memmove(last, up + 4, strlen(up + 4) + 1);
        start = path;
    }
}

/* Does this rule name one of the files? */
static bool names_any(const char *text, const char *const *paths,
                      size_t npaths)
{
    char word[256];

    while (*text) {
        size_t length = strcspn(text, " \n\\:");

        if (length && length < sizeof(word)) {
            memcpy(word, text, length);
            word[length] = '\0';
            simplify(word);
            if (is_among(paths, npaths, word)) {
                return true;
            }
        }
        text += length;
        text += strspn(text, " \n\\:");
    }
    return false;
}

/* The number of the linked object that a compiled one becomes: itself, or for
 * x.o a x.init.o. */
static bool find_number(const struct depends *depends, const char *object,
                        size_t *number)
{
    const char *const *linked = (const char *const *)depends->linked;
    static const char tail[] = ".init.o";
    size_t length = strlen(object) - strlen(".o");
    char *init = must_alloc(length + sizeof(tail), 1);
    const char *const *found = bsearch(object, linked, depends->nlinked,
                                       sizeof(*linked), compare_names);

    memcpy(init, object, length);
    memcpy(init + length, tail, sizeof(tail));
    if (!found) {
        found = bsearch(init, linked, depends->nlinked, sizeof(*linked),
                        compare_names);
    }
    free(init);
    if (found) {
        *number = (size_t)(found - linked);
    }
    return found;
}

/* The linker's script decides where things are, not what they are. */
static bool is_of_no_object(const char *target)
{
    return ends(target, ".lds");
}

void depends_outdated(const struct depends *depends, const char *const *paths,
                      size_t npaths, struct outdated *outdated)
{
    memset(outdated, 0, sizeof(*outdated));
    outdated->linked = must_alloc(depends->nlinked, sizeof(bool));
    outdated->offsets = depends->offsets &&
                        names_any(depends->offsets, paths, npaths);
    for (size_t i = 0; i < depends->nrecords; i++) {
        const struct record *record = &depends->records[i];
        const char *rules = strchr(record->text, '\n');
        size_t number;

        if (!rules || !names_any(rules, paths, npaths) ||
            is_of_no_object(record->target)) {
            continue;
        }
        if (ends(record->target, ".o") &&
            find_number(depends, record->target, &number)) {
            outdated->count += !outdated->linked[number];
            outdated->linked[number] = true;
        } else {
            outdated->everything = true;
        }
    }
}
