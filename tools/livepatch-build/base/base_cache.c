/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base_private.h"
#include "support/files.h"
#include "support/hash.h"
#include "support/memory.h"
#include "report/printable.h"
#include "support/run.h"

/* Counts up with what a base consists of, so that no older one is used. */
#define FORMAT "3"

#define MOST_WORDS 16           /* of a compiler's command */

/* All that Xen's build reads. */
static const char *const parts[] = {
    "xen", "Config.mk", "config", "tools/flask/policy",
};
#define NPARTS (sizeof(parts) / sizeof(*parts))

/* A moment before any object was made; the same for all, as it is of no
 * meaning, and may be in the future in the tree. */
static const struct timespec source_time = { .tv_sec = 1000000000 };

static bool is_one_of(const char *path, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(path, names[i])) {
            return true;
        }
    }
    return false;
}

/* What a build makes by rules that leave no record of their own. */
static bool is_known_product(const char *path)
{
    static const char *const names[] = {
        "xen/.config", "xen/.config.old", "xen/.allconfig.tmp", "xen/source",
        "xen/xen", "xen/xen.gz", "xen/xen.efi", "xen/xen.efi.map",
        "xen/xen.efi.stripped", "xen/xen-syms", "xen/xen-syms.map",
        "xen/System.map", "xen/asm-offsets.s", "xen/include/asm",
        "xen/include/config", "xen/include/generated", "xen/include/compat",
        "xen/arch/x86/include/asm/asm-macros.h",
        "xen/arch/x86/include/asm/asm-offsets.h",
        "xen/arch/x86/include/generated", "xen/arch/x86/efi/check.efi",
        "xen/common/config.gz", "xen/include/xen/lib/x86/cpuid-autogen.h",
        "xen/include/xen/compile.h", "xen/include/xen/hypercall-defs.h",
        "xen/tools/kconfig/parser.tab.c", "xen/tools/kconfig/parser.tab.h",
        "xen/tools/kconfig/lexer.lex.c", "xen/.git",
    };

    return is_one_of(path, names, sizeof(names) / sizeof(*names)) ||
           (starts_with(path, "xen/arch/x86/boot/") &&
            ends_with(path, ".bin"));
}

/* Was the file made by a build of the tree? */
static bool is_product(const char *tree, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *record;
    bool made;

    if (ends_with(path, ".o") || ends_with(path, ".a") ||
        is_known_product(path) ||
        (*name == '.' && (ends_with(name, ".cmd") || ends_with(name, ".d")))) {
        return true;
    }
    record = must_print("%s/%.*s.%s.cmd", tree, (int)(name - path), path, name);
    made = files_exist(record);
    free(record);
    return made;
}

struct visit {
    const char *tree;
    const char *part;
    /* What to do with a source. */
    bool (*act)(void *context, const char *path, const struct stat *status,
                char **why);
    void *context;
};

static bool visit_source(void *context, const char *below,
                         const struct stat *status, char **why)
{
    struct visit *visit = context;
    char *path = must_print("%s/%s", visit->part, below);
    bool wanted = !is_product(visit->tree, path) &&
                  visit->act(visit->context, path, status, why);

    free(path);
    return wanted;
}

/* Every source of the tree, in an order that depends on names alone. */
static bool each_source(struct visit *visit, char **why)
{
    for (size_t i = 0; i < NPARTS; i++) {
        char *full = must_print("%s/%s", visit->tree, parts[i]);
        struct stat status;
        bool good = true;

        visit->part = parts[i];
        if (!stat(full, &status)) {
            good = visit->act(visit->context, parts[i], &status, why);
            if (good && S_ISDIR(status.st_mode)) {
                good = files_walk(full, visit_source, visit, why);
            }
        }
        free(full);
        if (!good) {
            return false;
        }
    }
    return true;
}

struct keying {
    struct hash hash;
    const char *tree;
};

static bool add_source(void *context, const char *path,
                       const struct stat *status, char **why)
{
    struct keying *keying = context;
    char *full, *bytes;
    size_t size = 0;
    uint64_t length;

    if (!S_ISREG(status->st_mode)) {
        return true;
    }
    full = must_print("%s/%s", keying->tree, path);
    bytes = files_read(full, &size, why);
    free(full);
    if (!bytes) {
        return false;
    }
    length = size;
    hash_add_text(&keying->hash, path);
    hash_add_text(&keying->hash, status->st_mode & 0100 ? "x" : "-");
    hash_add(&keying->hash, &length, sizeof(length));
    hash_add(&keying->hash, bytes, size);
    free(bytes);
    return true;
}

/* Which compiler, assembler and so on it is.  command: with words before the
 * program, as "ccache gcc". */
static bool add_program(struct hash *hash, const char *command, char **why)
{
    const char *argv[MOST_WORDS + 2];
    char *words = must_copy(command), *output = NULL, *rest;
    size_t count = 0;
    bool good;

    for (char *word = strtok_r(words, " ", &rest); word && count < MOST_WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        argv[count++] = word;
    }
    argv[count++] = "--version";
    argv[count] = NULL;
    good = !run_program(argv, NULL, NULL, &output);
    if (good) {
        hash_add_text(hash, command);
        hash_add_text(hash, output);
    } else {
        fail_with(why, "%s doesn't work: %s", command, output);
    }
    free(words);
    free(output);
    return good;
}

static bool add_programs(struct hash *hash, const char *compiler, char **why)
{
    static const char *const others[] = { "as", "ld", "objcopy" };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (!add_program(hash, others[i], why)) {
            return false;
        }
    }
    return add_program(hash, compiler ? compiler : "gcc", why);
}

static bool compute_key(const struct base *base, char key[33], char **why)
{
    struct keying keying = { .tree = base->options->tree };
    struct visit visit = { base->options->tree, NULL, add_source, &keying };
    uint8_t digest[32];
    char *text;

    hash_begin(&keying.hash);
    hash_add_text(&keying.hash, FORMAT);
    hash_add_text(&keying.hash, base->config);
    if (!add_programs(&keying.hash, base->options->compiler, why) ||
        !each_source(&visit, why)) {
        return false;
    }
    hash_end(&keying.hash, digest);
    text = printable_hex(digest, 16);
    memcpy(key, text, 33);
    free(text);
    return true;
}

bool base_lock(struct base *base, struct report *report, char **why)
{
    char *path = must_print("%s/lock", base->folder);
    int locked;

    base->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (base->lock < 0) {
        fail_with(why, "%s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    free(path);
    locked = flock(base->lock, LOCK_EX | LOCK_NB);
    if (locked && errno == EWOULDBLOCK) {
        report_stage(report, "waiting");
        report_note(report, "another run makes this base: waiting for it");
        do {
            locked = flock(base->lock, LOCK_EX);
        } while (locked && errno == EINTR);
    }
    return !locked || fail_with(why, "%s: can't be locked: %s", base->folder,
                                strerror(errno));
}

void base_unlock(struct base *base)
{
    if (base->lock >= 0) {
        close(base->lock);
    }
    base->lock = -1;
}

bool base_find(struct base *base, char **why)
{
    char key[33], *cache;

    if (!files_make_folder(base->options->cache, why)) {
        char *problem = *why;

        fail_with(why, "base builds can't be kept: %s; name another folder "
                  "with --cache", problem);
        free(problem);
        return false;
    }
    cache = realpath(base->options->cache, NULL);
    if (!cache) {
        return fail_with(why, "%s: %s", base->options->cache, strerror(errno));
    }
    if (strpbrk(cache, " \t:%")) {
        fail_with(why, "the cache folder \"%s\" has a blank or : or %% in its "
                  "path, which Xen's makefiles can't cope with; name another "
                  "with --cache", cache);
        free(cache);
        return false;
    }
    if (!compute_key(base, key, why)) {
        free(cache);
        return false;
    }
    base->folder = must_print("%s/%s", cache, key);
    base->pristine = must_print("%s/pristine", base->folder);
    base->pristine_xen = must_print("%s/xen", base->pristine);
    free(cache);
    return files_make_folder(base->folder, why);
}

struct copying {
    const char *from, *to;
    bool objects;
};

/* One path replaced by another throughout a text; the caller frees it. */
static char *move_text(const char *text, const char *from, const char *to,
                       size_t *size)
{
    size_t length = strlen(from), room = 0;
    char *moved = NULL;

    for (*size = 0; *text;) {
        const char *next = strstr(text, from);
        size_t before = next ? (size_t)(next - text) : strlen(text);

        moved = must_grow(moved, &room, *size + before + strlen(to) + 1, 1);
        *size += (size_t)sprintf(moved + *size, "%.*s%s", (int)before, text,
                                 next ? to : "");
        text += before + (next ? length : 0);
    }
    return moved ? moved : must_copy("");
}

/* Make's record of how a target was made, which can name the folder that it was
 * made in: there it would be made anew. */
static bool copy_record(const struct copying *copying, const char *from,
                        const char *to, char **why)
{
    size_t size;
    char *text = files_read(from, &size, why), *moved;
    bool copied = false;

    if (text) {
        moved = move_text(text, copying->from, copying->to, &size);
        copied = files_write(to, moved, size, why);
        free(moved);
    }
    free(text);
    return copied;
}

static bool copy_source(void *context, const char *path,
                        const struct stat *status, char **why)
{
    struct copying *copying = context;
    char *from = must_print("%s/%s", copying->from, path);
    char *to = must_print("%s/%s", copying->to, path);
    bool copied = true;

    if (S_ISDIR(status->st_mode)) {
        copied = files_make_folder(to, why);
    } else if (S_ISREG(status->st_mode)) {
        copied = files_copy(from, to, &source_time, why);
    }
    free(from);
    free(to);
    return copied;
}

bool base_copy_tree(const struct base *base, char **why)
{
    struct copying copying = { base->options->tree, base->build, true };
    struct visit visit = { base->options->tree, NULL, copy_source, &copying };

    return files_make_folder(base->build, why) && each_source(&visit, why);
}

static bool copy_pristine(void *context, const char *path,
                          const struct stat *status, char **why)
{
    struct copying *copying = context;
    bool object = ends_with(path, ".o") || ends_with(path, ".a");
    char *from, *to;
    bool copied;

    if (object && !copying->objects) {
        return true;
    }
    from = must_print("%s/%s", copying->from, path);
    to = must_print("%s/%s", copying->to, path);
    if (S_ISDIR(status->st_mode)) {
        copied = files_make_folder(to, why);
    } else if (S_ISREG(status->st_mode) && ends_with(path, ".cmd")) {
        copied = copy_record(copying, from, to, why);
    } else if (status->st_mtim.tv_sec == source_time.tv_sec) {
        copied = files_link(from, to, why);
    } else {
        copied = files_copy(from, to, NULL, why);
    }
    free(from);
    free(to);
    return copied;
}

static bool keep_record(void *context, const char *path,
                        const struct stat *status, char **why)
{
    struct copying *copying = context;
    char *full = must_print("%s/%s", copying->from, path);
    bool kept = !S_ISREG(status->st_mode) || !ends_with(path, ".cmd") ||
                copy_record(copying, full, full, why);

    free(full);
    return kept;
}

bool base_keep(const struct base *base, char **why)
{
    struct copying copying = { base->build, base->pristine, true };

    if (!files_walk(base->build, keep_record, &copying, why)) {
        return false;
    }
    return !rename(base->build, base->pristine) ||
           fail_with(why, "%s can't be moved to %s: %s", base->build,
                     base->pristine, strerror(errno));
}

bool base_copy_pristine(const struct base *base, bool objects, char **why)
{
    struct copying copying = { base->pristine, base->build, objects };

    return files_make_folder(base->build, why) &&
           files_walk(base->pristine, copy_pristine, &copying, why);
}
