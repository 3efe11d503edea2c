/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reading a file of which nothing is known, not even that it is a file.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_judge.h"

/* Add a finding about a file that can't be read; for use after return. */
#define UNREADABLE_BECAUSE(reason, judgement, path, fmt, ...)           \
    unreadable(libxl__livepatch_find(judgement,                         \
                                     LIBXL_LIVEPATCH_SEVERITY_ERROR,    \
                                     LIBXL_LIVEPATCH_REASON_ ## reason, \
                                     path, "%s " fmt, path,             \
                                     ## __VA_ARGS__))
#define UNREADABLE(judgement, path, ...) \
    UNREADABLE_BECAUSE(FILE, judgement, path, __VA_ARGS__)

static bool unreadable(int rc)
{
    /* Where a finding can't be added either, false has to be enough. */
    (void)rc;
    return false;
}

static bool failed(const char *path, int error,
                   libxl_livepatch_judgement *judgement)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return UNREADABLE(judgement, path, "does not exist: check the name");
    case EACCES:
    case EPERM:
        return UNREADABLE(judgement, path, "may not be read by you: check "
                          "the permissions of the file and its folders");
    case ENAMETOOLONG:
    case ELOOP:
        return UNREADABLE(judgement, path, "can't be opened: %s; check the "
                          "name and its symbolic links", strerror(error));
    case ENOMEM:
        return UNREADABLE_BECAUSE(MEMORY, judgement, path, "can't be read: "
                                  "there is not enough memory");
    default:
        return UNREADABLE(judgement, path, "can't be read: %s",
                          strerror(error));
    }
}

static bool check_kind(const char *path, const struct stat *st,
                       uint64_t max, const char *advice,
                       libxl_livepatch_judgement *judgement)
{
    if (S_ISDIR(st->st_mode))
        return UNREADABLE(judgement, path, "is a directory: name a file "
                          "in it");
    if (!S_ISREG(st->st_mode))
        return UNREADABLE(judgement, path, "is not a regular file but a "
                          "device, pipe or socket: copy the content into a "
                          "file and name that");
    if (!st->st_size)
        return UNREADABLE(judgement, path, "is empty: get the file again");
    if ((uint64_t)st->st_size > max)
        return UNREADABLE(judgement, path, "has %"PRIu64" bytes, more than "
                          "the limit of %"PRIu64": %s",
                          (uint64_t)st->st_size, max, advice);
    return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size &&
        a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
        a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * Exactly size bytes and then the end of the file.  Returns 0, an errno
 * value, or -1 where the file has another size.
 */
static int read_all(int fd, uint8_t *data, size_t size)
{
    size_t done = 0;
    uint8_t beyond;
    ssize_t r;

    for (;;) {
        r = read(fd, done < size ? data + done : &beyond,
                 done < size ? size - done : sizeof(beyond));
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return errno;
        if (!r) return done == size ? 0 : -1;
        if (done == size) return -1;
        done += r;
    }
}

static bool read_open(int fd, const char *path, uint64_t max,
                      const char *advice, libxl__livepatch_image *image_r,
                      libxl_livepatch_judgement *judgement)
{
    struct stat before, after;
    uint8_t *data;
    int r;

    if (fstat(fd, &before)) return failed(path, errno, judgement);
    if (!check_kind(path, &before, max, advice, judgement)) return false;

    data = malloc(before.st_size);
    if (!data) return failed(path, ENOMEM, judgement);
    r = read_all(fd, data, before.st_size);
    if (!r && fstat(fd, &after)) r = errno;
    if (r > 0) {
        failed(path, r, judgement);
        goto out_free;
    }
    if (r < 0 || !is_same(&before, &after)) {
        UNREADABLE(judgement, path, "changed while it was read: wait until "
                   "whatever writes it is done, then try again");
        goto out_free;
    }
    image_r->data = data;
    image_r->size = before.st_size;
    return true;

 out_free:
    free(data);
    return false;
}

bool libxl__livepatch_read_file(const char *path, uint64_t max,
                                const char *advice,
                                libxl__livepatch_image *image_r,
                                libxl_livepatch_judgement *judgement)
{
    struct stat st;
    bool ok;
    int fd;

    /* Merely opening some devices has an effect: a watchdog is armed. */
    if (stat(path, &st)) return failed(path, errno, judgement);
    if (!check_kind(path, &st, max, advice, judgement)) return false;

    /* It may have become another file: then this must not wait. */
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return failed(path, errno, judgement);
    ok = read_open(fd, path, max, advice, image_r, judgement);
    close(fd);
    return ok;
}

bool libxl__livepatch_read(const char *path,
                           libxl__livepatch_image *image_r,
                           libxl_livepatch_judgement *judgement)
{
    return libxl__livepatch_read_file(path, LIBXL__LIVEPATCH_MAX_SIZE,
                                      "Xen takes no bigger payload; strip "
                                      "its debug information "
                                      "(strip --strip-debug)",
                                      image_r, judgement);
}

char *libxl__livepatch_default_name(const char *path)
{
    const char *base, *end, *dot;

    /* Slashes at the end don't name anything. */
    end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    base = end;
    while (base > path && base[-1] != '/')
        base--;

    /* A dot at the very start doesn't begin a suffix. */
    dot = memrchr(base, '.', end - base);
    if (dot && dot > base) end = dot;
    return libxl__livepatch_text(base, end - base);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
