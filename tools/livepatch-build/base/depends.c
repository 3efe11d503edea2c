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

/* An object that another is made of, by objcopy or by a link of a few (ld -r):
 * x.o of x.init.o, libelf-tools.o of libelf-temp.o, and that of libelf.o. */
struct part {
    char *object;
    const char *whole;          /* the target of a record */
};

struct depends {
    struct record *records;
    size_t nrecords, records_room;
    struct part *parts;
    size_t nparts, parts_room;
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

/* object is the caller's to give away. */
static void add_linked(struct depends *depends, const char *target,
                       char *object)
{
    const char *slash = strrchr(target, '/');

    depends->linked = must_grow(depends->linked, &depends->linked_room,
                                depends->nlinked + 1, sizeof(char *));
    depends->folders = must_grow(depends->folders, &depends->folders_room,
                                 depends->nlinked + 1, sizeof(char *));
    depends->folders[depends->nlinked] =
        must_print("%.*s", slash ? (int)(slash - target) : 0, target);
    depends->linked[depends->nlinked++] = object;
}

static void add_part(struct depends *depends, const char *target, char *object)
{
    depends->parts = must_grow(depends->parts, &depends->parts_room,
                               depends->nparts + 1, sizeof(*depends->parts));
    depends->parts[depends->nparts++] = (struct part){ object, target };
}

/* Of built_in.o and lib.a nothing is compiled: what they consist of is what
 * Xen is linked from. */
static bool is_collection(const char *target)
{
    return ends_with(target, "/built_in.o") || ends_with(target, "/lib.a");
}

/* The objects that a command names beside its target.  Those that are listed
 * and not made, as of an empty folder, don't count: there are none. */
static void read_objects(struct depends *depends, const struct record *record)
{
    const char *target = record->target, *word = record->text;
    const char *end = strchrnul(word, '\n');
    bool collection = is_collection(target);

    if (!collection && !ends_with(target, ".o")) {
        return;
    }
    if (collection && strstr(record->text, " /dev/null ")) {
        return;
    }
    while (word < end) {
        size_t length = strcspn(word, " \n");
        char *object = must_print("%.*s", (int)length, word);

        if (!ends_with(object, ".o") || !strcmp(object, target) ||
            is_collection(object)) {
            free(object);
        } else if (collection) {
            add_linked(depends, target, object);
        } else {
            add_part(depends, target, object);
        }
        word += length;
        word += *word == ' ';
    }
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
        for (size_t i = 0; i < depends->nrecords; i++) {
            read_objects(depends, &depends->records[i]);
        }
        sort_linked(depends);
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
    for (size_t i = 0; i < depends->nparts; i++) {
        free(depends->parts[i].object);
    }
    for (size_t i = 0; i < depends->nlinks; i++) {
        free(depends->links[i].path);
        free(depends->links[i].to);
    }
    free(depends->records);
    free(depends->parts);
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

/* The one object that this one is a part of; NULL: none, or several. */
static const char *whole_of(const struct depends *depends, const char *object)
{
    const char *whole = NULL;

    for (size_t i = 0; i < depends->nparts; i++) {
        if (!strcmp(depends->parts[i].object, object)) {
            if (whole && strcmp(whole, depends->parts[i].whole)) {
                return NULL;
            }
            whole = depends->parts[i].whole;
        }
    }
    return whole;
}

bool depends_number(const struct depends *depends, const char *object,
                    size_t *number)
{
    const char *const *linked = (const char *const *)depends->linked;

    /* So many steps at most, should a record name what is made of it. */
    for (size_t i = 0; object && i <= depends->nparts; i++) {
        const char *const *found = bsearch(object, linked, depends->nlinked,
                                           sizeof(*linked), compare_names);

        if (found) {
            *number = (size_t)(found - linked);
            return true;
        }
        object = whole_of(depends, object);
    }
    return false;
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
