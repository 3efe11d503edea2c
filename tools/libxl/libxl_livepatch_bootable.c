/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The Xens that this host can boot, and their build-ids, by which what is
 * installed for them is found.
 *
 * Two formats tell a build-id.  What GRUB starts is an ELF file with the
 * note that "ld --build-id" makes, most often compressed; where the note
 * is differs between releases, so it is looked for by its sixteen bytes of
 * header.  What UEFI starts is a PE file with a build-id of its own, in
 * the CodeView record of its debug directory: there the booted Xen itself
 * finds it (xen/common/version.c).
 */

#include "libxl_osdeps.h"

#include <dirent.h>
#include <zlib.h>

#include "libxl_livepatch_installed.h"

/* Xen's are less than 4 MiB. */
#define IMAGE_MAX (64u << 20)

typedef struct {
    uint8_t *data;
    size_t size;
} image;

/*----- build-ids -----*/

/* The bytes there, or NULL if not all of them are in the image. */
static const uint8_t *bytes_at(const image *img, size_t offset,
                               size_t size)
{
    return offset <= img->size && size <= img->size - offset
        ? img->data + offset : NULL;
}

/* Little endian; 0 outside of the image. */
static uint32_t u32_at(const image *img, size_t offset)
{
    const uint8_t *const p = bytes_at(img, offset, 4);

    return p ? p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static uint16_t u16_at(const image *img, size_t offset)
{
    const uint8_t *const p = bytes_at(img, offset, 2);

    return p ? p[0] | p[1] << 8 : 0;
}

static const char *hex_at(libxl__gc *gc, const image *img, size_t offset,
                          size_t size)
{
    const uint8_t *const p = bytes_at(img, offset, size);
    char *hex;
    size_t i;

    if (!p || !size) return NULL;
    hex = libxl__malloc(gc, 2 * size + 1);
    for (i = 0; i < size; i++)
        sprintf(hex + 2 * i, "%02x", p[i]);
    return hex;
}

/* namesz, descsz, NT_GNU_BUILD_ID, the name; descsz is that of SHA-1. */
static const char *note_build_id(libxl__gc *gc, const image *img)
{
    static const uint8_t head[16] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0,
                                      'G', 'N', 'U', 0 };
    size_t at;

    for (at = 0; bytes_at(img, at, sizeof(head)); at += 4)
        if (!memcmp(img->data + at, head, sizeof(head)))
            return hex_at(gc, img, at + sizeof(head), head[4]);
    return NULL;
}

/* Where the file has what is loaded at an address; 0 if it hasn't. */
static size_t pe_offset(const image *img, size_t sections,
                        unsigned int num, uint32_t rva)
{
    size_t at;

    /* Of a section header: VirtualSize, -Address, and the raw data's. */
    for (at = sections; num--; at += 40)
        if (rva - u32_at(img, at + 12) < u32_at(img, at + 8))
            return (size_t)u32_at(img, at + 20) +
                   (rva - u32_at(img, at + 12));
    return 0;
}

/* Offsets: Microsoft's "PE Format"; PE32+ alone, which Xen's are. */
static const char *pe_build_id(libxl__gc *gc, const image *img)
{
    const size_t pe = u32_at(img, 0x3c), optional = pe + 24;
    const size_t sections = optional + u16_at(img, pe + 20);
    const uint8_t *signature = bytes_at(img, pe, 4), *record;
    size_t at;

    if (!signature || memcmp(signature, "PE\0", 4) ||
        u16_at(img, optional) != 0x20b)
        return NULL;
    at = pe_offset(img, sections, u16_at(img, pe + 6),
                   u32_at(img, optional + 112 + 6 * 8));
    /* IMAGE_DEBUG_TYPE_CODEVIEW, and PointerToRawData. */
    if (!at || u32_at(img, at + 12) != 2) return NULL;
    at = u32_at(img, at + 24);
    record = bytes_at(img, at, 4);
    return record && !memcmp(record, "RSDS", 4)
        ? hex_at(gc, img, at + 4, 16) : NULL;
}

/* Decompressed, if it has to be; false if it can't be read. */
static bool read_image(libxl__gc *gc, const char *path, image *img_r)
{
    gzFile file = gzopen(path, "rbe");
    size_t room = 0;
    int got;

    *img_r = (image){ NULL, 0 };
    if (!file) return false;
    do {
        if (img_r->size == room) {
            room += 4 << 20;
            img_r->data = realloc(img_r->data, room);
            if (!img_r->data) libxl__alloc_failed(CTX, __func__, 1, room);
        }
        got = gzread(file, img_r->data + img_r->size, room - img_r->size);
        if (got > 0) img_r->size += got;
    } while (got > 0 && img_r->size < IMAGE_MAX);
    gzclose(file);
    return !got;
}

static const char *build_id_of(libxl__gc *gc, const char *path)
{
    const char *id = NULL;
    image img;

    if (read_image(gc, path, &img))
        id = img.size > 2 && !memcmp(img.data, "MZ", 2)
            ? pe_build_id(gc, &img) : note_build_id(gc, &img);
    free(img.data);
    return id;
}

/*----- the folder -----*/

/* xen-syms is for debuggers, and the rest is text. */
static bool is_image(libxl__gc *gc, const char *name)
{
    static const char *const others[] = { "syms", ".map", ".config",
                                          ".cfg" };
    struct stat st;
    size_t i;

    if (strncmp(name, "xen", 3)) return false;
    for (i = 0; i < ARRAY_SIZE(others); i++)
        if (strstr(name, others[i])) return false;
    /* Links are to one of the others. */
    return !lstat(GCSPRINTF(LIVEPATCH_BOOT "/%s", name), &st) &&
           S_ISREG(st.st_mode);
}

static int by_file(const void *a, const void *b)
{
    const libxl__livepatch_bootable *const one = a, *const other = b;

    return strcmp(one->file, other->file);
}

int libxl__livepatch_bootable_list(libxl__gc *gc,
                                   libxl__livepatch_bootable **list_r,
                                   int *num_r)
{
    libxl__livepatch_bootable *list = NULL;
    const struct dirent *entry;
    DIR *dir = opendir(LIVEPATCH_BOOT);
    int num = 0, errnoval;

    *list_r = NULL;
    *num_r = 0;
    if (!dir) return errno == ENOENT ? 0 : -errno;

    while ((errno = 0, entry = readdir(dir))) {
        if (!is_image(gc, entry->d_name)) continue;
        list = libxl__realloc(gc, list, (num + 1) * sizeof(*list));
        list[num].file = GCSPRINTF(LIVEPATCH_BOOT "/%s", entry->d_name);
        list[num].build_id = build_id_of(gc, list[num].file);
        num++;
    }
    errnoval = errno;
    closedir(dir);
    if (num) qsort(list, num, sizeof(*list), by_file);
    *list_r = list;
    *num_r = num;
    return -errnoval;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
