/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reading a file of which nothing is known, not even that it is a file.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_judge.h"

/* Add a finding about a file that can't be read; for use after return. */
#define UNREADABLE(judgement, path, fmt, ...)                           \
    unreadable(libxl__livepatch_find(judgement,                         \
                                     LIBXL_LIVEPATCH_SEVERITY_ERROR,    \
                                     LIBXL_LIVEPATCH_REASON_FILE,       \
                                     path, "%s " fmt, path,             \
                                     ## __VA_ARGS__))

static int unreadable(int rc)
{
    return rc ? rc : ERROR_INVAL;
}

static int failed(const char *path, int error,
                   libxl_livepatch_judgement *judgement)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return UNREADABLE(judgement, path,
                          "does not exist: check the name");
    case EACCES:
    case EPERM:
        return UNREADABLE(judgement, path, "may not be read by you: check "
                          "the permissions of the file and its folders");
    case ENAMETOOLONG:
    case ELOOP:
        return UNREADABLE(judgement, path, "can't be opened: %s; check "
                          "the name and its symbolic links",
                          strerror(error));
    case ENOMEM:
        return ERROR_NOMEM;
    default:
        return UNREADABLE(judgement, path, "can't be read: %s",
                          strerror(error));
    }
}

static int check_kind(const char *path, const struct stat *st,
                      uint64_t max, const char *advice,
                      libxl_livepatch_judgement *judgement)
{
    if (S_ISDIR(st->st_mode))
        return UNREADABLE(judgement, path, "is a directory: name a file "
                          "in it");
    if (!S_ISREG(st->st_mode))
        return UNREADABLE(judgement, path, "is not a regular file but a "
                          "device, pipe or socket: copy the content into "
                          "a file and name that");
    if (!st->st_size)
        return UNREADABLE(judgement, path, "is empty: get the file again");
    if ((uint64_t)st->st_size > max)
        return UNREADABLE(judgement, path, "has %"PRIu64" bytes, more "
                          "than the limit of %"PRIu64": %s",
                          (uint64_t)st->st_size, max, advice);
    return 0;
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

static int read_open(int fd, const char *path, uint64_t max,
                     const char *advice, libxl__livepatch_image *image_r,
                     libxl_livepatch_judgement *judgement)
{
    struct stat before, after;
    uint8_t *data = NULL;
    int rc, r;

    if (fstat(fd, &before)) {
        rc = failed(path, errno, judgement);
        goto out;
    }
    rc = check_kind(path, &before, max, advice, judgement);
    if (rc) goto out;

    data = malloc(before.st_size);
    if (!data) {
        rc = ERROR_NOMEM;
        goto out;
    }
    r = read_all(fd, data, before.st_size);
    if (!r && fstat(fd, &after)) r = errno;
    if (r > 0) {
        rc = failed(path, r, judgement);
        goto out;
    }
    if (r < 0 || !is_same(&before, &after)) {
        rc = UNREADABLE(judgement, path, "changed while it was read: "
                        "wait until whatever writes it is done, then try "
                        "again");
        goto out;
    }
    image_r->data = data;
    image_r->size = before.st_size;
    data = NULL;
    rc = 0;
 out:
    free(data);
    return rc;
}

int libxl__livepatch_read_file(const char *path, uint64_t max,
                               const char *advice,
                               libxl__livepatch_image *image_r,
                               libxl_livepatch_judgement *judgement)
{
    struct stat st;
    int rc, fd;

    /* Merely opening some devices has an effect: a watchdog is armed. */
    if (stat(path, &st)) return failed(path, errno, judgement);
    rc = check_kind(path, &st, max, advice, judgement);
    if (rc) return rc;

    /* It may have become another file: then this must not wait. */
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return failed(path, errno, judgement);
    rc = read_open(fd, path, max, advice, image_r, judgement);
    close(fd);
    return rc;
}

bool libxl__livepatch_read(const char *path,
                           libxl__livepatch_image *image_r,
                           libxl_livepatch_judgement *judgement)
{
    int rc;

    rc = libxl__livepatch_read_file(path, LIBXL__LIVEPATCH_MAX_SIZE,
                                    "Xen takes no bigger payload; if it "
                                    "is one, strip its debug information "
                                    "(strip --strip-debug)",
                                    image_r, judgement);
    if (rc == ERROR_NOMEM)
        /* Where memory doesn't suffice for this, false has to do. */
        libxl__livepatch_find(judgement, LIBXL_LIVEPATCH_SEVERITY_ERROR,
                              LIBXL_LIVEPATCH_REASON_MEMORY, path,
                              "%s can't be read: there is not enough "
                              "memory in this domain", path);
    return !rc;
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
