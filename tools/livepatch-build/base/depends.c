/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For each target, say common/grant_table.o, the build keeps common/
 * .grant_table.o.cmd: the command in its first line, "cmd_TARGET := ...", and
 * behind it "deps_TARGET := ..." with a file a line.
 */
#define _GNU_SOURCE

#include "depends.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/files.h"
#include "support/memory.h"

struct record {
    char *target;               /* below xen/ */
    char *text;
};

/* A source that the build has put in a second place: of arch/x86/efi/boot.c,
 * which is what make's rules name, common/efi/boot.c. */
struct link {
    char *path, *to;            /* below xen/ */
};

struct depends {
    struct record *records;
    size_t nrecords, records_room;
    struct link *links;
    size_t nlinks, links_room;
    char **linked;
    char **folders;             /* of the linked ones, by number */
    size_t nlinked, linked_room, folders_room;
    char *offsets;              /* the rule for asm-offsets.s, or NULL */
};

struct reading {
    struct depends *depends;
    const char *xen;
};

/* "common/.x.o.cmd" is of "common/x.o"; NULL: it is no such name. */
static char *target_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (*name != '.' || !ends_with(name, ".cmd")) {
        return NULL;
    }
    return must_print("%.*s%.*s", (int)(name - path), path,
                      (int)(strlen(name) - strlen(".cmd") - 1), name + 1);
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

/* Xen's makefiles reach the sources through the link xen/source. */
static void read_link(struct reading *reading, const char *path)
{
    static const char sources[] = "source/";
    struct depends *depends = reading->depends;
    const char *slash = strrchr(path, '/');
    char *full = must_print("%s/%s", reading->xen, path), *joined;
    char to[PATH_MAX];
    ssize_t length = readlink(full, to, sizeof(to));

    free(full);
    if (length < 0 || to[0] == '/') {
        return;
    }
    joined = must_print("%.*s%.*s", slash ? (int)(slash + 1 - path) : 0, path,
                        (int)length, to);
    simplify(joined);
    depends->links = must_grow(depends->links, &depends->links_room,
                               depends->nlinks + 1, sizeof(*depends->links));
    depends->links[depends->nlinks++] = (struct link) {
        must_copy(path),
        must_copy(strncmp(joined, sources, sizeof(sources) - 1) ? joined
                  : joined + sizeof(sources) - 1)
    };
    free(joined);
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

    if (S_ISLNK(status->st_mode)) {
        read_link(reading, path);
    }
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

        if (ends_with(copy, ".o") && !ends_with(copy, "built_in.o")) {
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

        if ((ends_with(record->target, "/built_in.o") ||
             ends_with(record->target, "/lib.a")) &&
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
    for (size_t i = 0; i < depends->nlinks; i++) {
        free(depends->links[i].path);
        free(depends->links[i].to);
    }
    free(depends->records);
    free(depends->links);
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

bool depends_number(const struct depends *depends, const char *object,
                    size_t *number)
{
    const char *const *linked = (const char *const *)depends->linked;
    static const char tail[] = ".init.o";
    size_t length = strlen(object) - (ends_with(object, ".o") ? 2 : 0);
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

bool depends_is_made_of(const struct depends *depends, const char *object,
                        const char *source)
{
    char *line = must_print("\nsource_%s := %s\n", object, source);
    bool is = false;

    for (size_t i = 0; i < depends->nrecords && !is; i++) {
        is = !strcmp(depends->records[i].target, object) &&
             strstr(depends->records[i].text, line);
    }
    free(line);
    return is;
}

/* The linker's script decides where things are, not what they are. */
static bool is_of_no_object(const char *target)
{
    return ends_with(target, ".lds");
}

/* The files, and by which other paths they are known, sorted. */
static const char **all_paths(const struct depends *depends,
                              const char *const *paths, size_t *npaths)
{
    size_t count = *npaths;
    const char **all = must_alloc(count + depends->nlinks, sizeof(*all));

    for (size_t i = 0; i < count; i++) {
        all[i] = paths[i];
    }
    for (size_t i = 0; i < depends->nlinks; i++) {
        if (is_among(paths, count, depends->links[i].to)) {
            all[(*npaths)++] = depends->links[i].path;
        }
    }
    qsort(all, *npaths, sizeof(*all), compare_texts);
    return all;
}

void depends_outdated(const struct depends *depends, const char *const *paths,
                      size_t npaths, struct outdated *outdated)
{
    const char **all = all_paths(depends, paths, &npaths);

    memset(outdated, 0, sizeof(*outdated));
    outdated->linked = must_alloc(depends->nlinked, sizeof(bool));
    outdated->offsets = depends->offsets &&
                        names_any(depends->offsets, all, npaths);
    for (size_t i = 0; i < depends->nrecords; i++) {
        const struct record *record = &depends->records[i];
        const char *rules = strchr(record->text, '\n');
        size_t number;

        if (!rules || !names_any(rules, all, npaths) ||
            is_of_no_object(record->target)) {
            continue;
        }
        if (ends_with(record->target, ".o") &&
            depends_number(depends, record->target, &number)) {
            outdated->count += !outdated->linked[number];
            outdated->linked[number] = true;
        } else {
            outdated->everything = true;
        }
    }
    free(all);
}
