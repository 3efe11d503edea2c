/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The folders of installed payloads.
 *
 * A file is written under a name that begins with a dot, which nobody
 * reads, synced, and renamed; so whoever looks finds it whole or not at
 * all.  A process that was killed meanwhile leaves such a file, and the
 * next one that installs a payload of that name overwrites it.
 */

#include "libxl_osdeps.h"

#include <dirent.h>

#include "libxl_livepatch_installed.h"

#define SUFFIX ".livepatch"

/*----- looking -----*/

/* Longer names than Xen's don't come from us, and are none. */
static const char *name_of(libxl__gc *gc, const char *file)
{
    const size_t len = strlen(file), suffix = strlen(SUFFIX);

    if (*file == '.' || len <= suffix ||
        len - suffix >= XEN_LIVEPATCH_NAME_SIZE ||
        strcmp(file + len - suffix, SUFFIX))
        return NULL;
    return libxl__strndup(gc, file, len - suffix);
}

bool libxl__livepatch_installed_takes(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

const char *libxl__livepatch_installed_path(libxl__gc *gc,
                                            const char *build_id,
                                            const char *name)
{
    return GCSPRINTF(LIVEPATCH_INSTALLED "/%s/%s" SUFFIX, build_id, name);
}

static libxl__livepatch_installed *
find(libxl__livepatch_installed *list, int num, const char *name)
{
    int i;

    for (i = 0; i < num; i++)
        if (!strcmp(list[i].name, name)) return &list[i];
    return NULL;
}

/* Those in one folder, which hide the same ones of the folders before. */
static int read_folder(libxl__gc *gc, const char *folder, bool vendors,
                       libxl__livepatch_installed **list, int *num)
{
    libxl__livepatch_installed *one;
    struct dirent *entry;
    const char *name;
    DIR *dir;

    dir = opendir(folder);
    if (!dir) return errno == ENOENT ? 0 : -errno;

    while ((errno = 0, entry = readdir(dir))) {
        name = name_of(gc, entry->d_name);
        if (!name) continue;
        one = find(*list, *num, name);
        if (!one) {
            *list = libxl__realloc(gc, *list, (*num + 1) * sizeof(*one));
            one = &(*list)[(*num)++];
        }
        one->name = name;
        one->path = GCSPRINTF("%s/%s", folder, entry->d_name);
        one->vendors = vendors;
    }
    closedir(dir);
    return -errno;
}

/*
 * The administrator's empty file hides a vendor's, and so does a link to
 * /dev/null.  A vendor's own that is empty was damaged, as by a power cut
 * before it was on the disk.
 */
static bool is_mask(const libxl__livepatch_installed *installed)
{
    struct stat st;

    return !installed->vendors && !stat(installed->path, &st) &&
           (S_ISCHR(st.st_mode) ||
            (S_ISREG(st.st_mode) && !st.st_size));
}

static int by_name(const void *a, const void *b)
{
    const libxl__livepatch_installed *const one = a, *const other = b;

    return strcmp(one->name, other->name);
}

int libxl__livepatch_installed_list(libxl__gc *gc, const char *build_id,
                                    libxl__livepatch_installed **list_r,
                                    int *num_r)
{
    const char *theirs = GCSPRINTF(LIVEPATCH_VENDORS "/%s", build_id);
    const char *ours = GCSPRINTF(LIVEPATCH_INSTALLED "/%s", build_id);
    libxl__livepatch_installed *list = NULL;
    int num = 0, i, r;

    *num_r = 0;
    r = read_folder(gc, theirs, true, &list, &num) ?:
        read_folder(gc, ours, false, &list, &num);
    if (r) return r;

    for (i = 0; i < num; i++)
        if (!is_mask(&list[i])) list[(*num_r)++] = list[i];
    if (*num_r) qsort(list, *num_r, sizeof(*list), by_name);
    *list_r = list;
    return 0;
}

/* Appends to *ids_r what isn't there yet.  0 or a negative errno. */
static int read_xens(libxl__gc *gc, const char *folder, char ***ids_r)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int num, errnoval;

    if (!dir) return errno == ENOENT ? 0 : -errno;

    while ((errno = 0, entry = readdir(dir))) {
        if (!libxl__livepatch_is_build_id(entry->d_name)) continue;
        for (num = 0; (*ids_r)[num]; num++)
            if (!strcmp((*ids_r)[num], entry->d_name)) break;
        if ((*ids_r)[num]) continue;
        *ids_r = libxl__realloc(gc, *ids_r, (num + 2) * sizeof(**ids_r));
        (*ids_r)[num] = libxl__strdup(gc, entry->d_name);
        (*ids_r)[num + 1] = NULL;
    }
    errnoval = errno;
    closedir(dir);
    return -errnoval;
}

int libxl__livepatch_installed_xens(libxl__gc *gc, bool vendors,
                                    char ***ids_r)
{
    *ids_r = libxl__calloc(gc, 1, sizeof(**ids_r));
    return read_xens(gc, LIVEPATCH_INSTALLED, ids_r) ?:
           vendors ? read_xens(gc, LIVEPATCH_VENDORS, ids_r) : 0;
}

bool libxl__livepatch_is_build_id(const char *text)
{
    return *text && !text[strspn(text, "0123456789abcdef")];
}

bool libxl__livepatch_installed_is_vendors(libxl__gc *gc,
                                           const char *build_id,
                                           const char *name)
{
    struct stat st;

    return !lstat(GCSPRINTF(LIVEPATCH_VENDORS "/%s/%s" SUFFIX, build_id,
                            name), &st);
}

/*----- changing -----*/

int libxl__livepatch_need_xen(libxl__gc *gc,
                              libxl_livepatch_result *result)
{
    if (result->xen_build_id) return 0;
    return libxl__livepatch_refuse(gc, result,
            LIBXL_LIVEPATCH_REASON_HYPERVISOR, NULL,
            "nothing was done, as the running Xen doesn't tell its "
            "build-id, by which what is installed for it is found");
}

void libxl__livepatch_warn_unsynced(libxl__gc *gc,
                                    libxl_livepatch_result *result, int r)
{
    if (r > 0)
        libxl__livepatch_warn(gc, result,
                "a power cut may undo the change of what is installed, as "
                LIVEPATCH_INSTALLED " can't be written to the disk: %s",
                strerror(r));
}

/* 0 or an errno. */
static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), errnoval;

    if (fd < 0) return errno;
    errnoval = fsync(fd) ? errno : 0;
    close(fd);
    return errnoval;
}

static int make_folder(const char *path, const char *parent)
{
    if (mkdir(path, 0755)) return errno == EEXIST ? 0 : -errno;
    return -sync_folder(parent);
}

static const char *new_path(libxl__gc *gc, const char *build_id,
                            const char *name)
{
    return GCSPRINTF(LIVEPATCH_INSTALLED "/%s/.%s.new", build_id, name);
}

int libxl__livepatch_installed_write(libxl__gc *gc, const char *build_id,
                                     const char *name, const void *data,
                                     size_t size)
{
    const char *folder = GCSPRINTF(LIVEPATCH_INSTALLED "/%s", build_id);
    const char *path = new_path(gc, build_id, name);
    struct stat st;
    int fd, r;

    /* What it could not be renamed to afterwards. */
    if (!lstat(libxl__livepatch_installed_path(gc, build_id, name), &st) &&
        S_ISDIR(st.st_mode))
        return -EISDIR;

    r = make_folder(LIVEPATCH_INSTALLED, XEN_LIB_DIR) ?:
        make_folder(folder, LIVEPATCH_INSTALLED);
    if (r) return r;

    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0644);
    if (fd < 0) return -errno;
    r = libxl_write_exactly(CTX, fd, data, size, path, "payload") ||
        fsync(fd) ? -errno : 0;
    close(fd);
    if (r) unlink(path);
    return r;
}

int libxl__livepatch_installed_commit(libxl__gc *gc, const char *build_id,
                                      const char *name)
{
    const char *path = libxl__livepatch_installed_path(gc, build_id, name);

    if (rename(new_path(gc, build_id, name), path)) return -errno;
    return sync_folder(GCSPRINTF(LIVEPATCH_INSTALLED "/%s", build_id));
}

void libxl__livepatch_installed_drop(libxl__gc *gc, const char *build_id,
                                     const char *name)
{
    unlink(new_path(gc, build_id, name));
}

int libxl__livepatch_installed_remove(libxl__gc *gc, const char *build_id,
                                      const char *name)
{
    if (unlink(libxl__livepatch_installed_path(gc, build_id, name)))
        return errno == ENOENT ? 0 : -errno;
    return sync_folder(GCSPRINTF(LIVEPATCH_INSTALLED "/%s", build_id));
}

/* What installing a payload, and trying it, may have left. */
static bool is_ours(const char *file)
{
    return *file == '.' || strstr(file, SUFFIX);
}

int libxl__livepatch_installed_prune(libxl__gc *gc, const char *build_id)
{
    const char *folder = GCSPRINTF(LIVEPATCH_INSTALLED "/%s", build_id);
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    if (!dir) return errno == ENOENT ? 0 : -errno;

    while ((errno = 0, entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            !is_ours(entry->d_name))
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0)) break;
    }
    if (errno) {
        const int errnoval = errno;

        closedir(dir);
        return -errnoval;
    }
    closedir(dir);
    if (rmdir(folder)) return -errno;
    return sync_folder(LIVEPATCH_INSTALLED);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
