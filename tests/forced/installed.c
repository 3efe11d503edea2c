/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is installed on the modelled host, and its boots.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <libxl.h>

#include "engine.h"
#include "hosts.h"

/* The build-id of the modelled Xen, and of the other one. */
#define XEN "2222222222222222222222222222222222222222"
#define STORE XEN_LIB_DIR "/livepatch/"
#define GONE "abababababababababababababababababababab"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert(file);
    fputs(text, file);
    fclose(file);
}

static void set_boot(const char *id, const char *cmdline)
{
    char text[80];

    snprintf(text, sizeof(text), "%s\n", id);
    write_text(LIVEPATCH_BOOT_ID, text);
    snprintf(text, sizeof(text), "root=/dev/x %s quiet\n", cmdline);
    write_text(LIVEPATCH_CMDLINE, text);
}

void installed_reset(void)
{
    nftw(XEN_LIB_DIR, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    nftw(LIVEPATCH_VENDORS, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    assert(!mkdir(XEN_LIB_DIR, 0700));
    set_boot("first", "");
}

static char *contents(const char *path, size_t *size_r)
{
    FILE *file = fopen(path, "r");
    char *bytes = calloc(1, 1 << 16);

    *size_r = file ? fread(bytes, 1, 1 << 16, file) : 0;
    if (file) fclose(file);
    return bytes;
}

static bool is_file(const char *bytes, size_t size, const char *name)
{
    size_t wanted_size;
    char *wanted = contents(file_of(name), &wanted_size);
    bool same = size == wanted_size && !memcmp(bytes, wanted, size);

    free(wanted);
    return same;
}

/* "-" if it is empty, "=fresh" if it is that under another name, and "!" if it is
 * not what was to be installed. */
static const char *kind_of(const char *path, const char *name)
{
    size_t size;
    char *bytes = contents(path, &size);
    const char *kind = is_file(bytes, size, name) ? "" :
        is_file(bytes, size, "fresh") ? "=fresh" : size ? "!" : "-";

    free(bytes);
    return kind;
}

char *installed_state(void)
{
    static const char *const names[] = { "bye", "fresh", "hello", "other", "third" };
    char path[256], *text = calloc(1, 256);
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), XEN_LIB_DIR "/livepatch/" XEN "/%s.livepatch", names[i]);
        if (access(path, F_OK)) continue;
        sprintf(text + strlen(text), "%s%s%s", *text ? " " : "", names[i],
                kind_of(path, names[i]));
    }
    return text;
}

void boot(const char *id, const char *cmdline)
{
    engine_reset();
    unlink(XEN_RUN_DIR "/livepatch.lock");
    unlink(XEN_RUN_DIR "/livepatch.notes");
    set_boot(id, cmdline);
}

/*----- what the host can boot -----*/

void empty_boot(void)
{
    assert(!system("rm -rf " LIVEPATCH_BOOT));
    assert(!mkdir(LIVEPATCH_BOOT, 0700) && !mkdir(LIVEPATCH_BOOT "/grub", 0700));
}

/* Compressed, with such a note at that offset; every byte of the id is the same. */
void write_image(const char *name, size_t at, uint8_t byte)
{
    static uint8_t image[8192];
    static const uint8_t head[16] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
    char path[256];
    gzFile file;

    memset(image, 0xcc, sizeof(image));
    memcpy(image + at, head, sizeof(head));
    memset(image + at + sizeof(head), byte, 20);
    snprintf(path, sizeof(path), LIVEPATCH_BOOT "/%s", name);
    assert((file = gzopen(path, "wb")));
    assert(gzwrite(file, image, at + sizeof(head) + 20) > 0);
    gzclose(file);
}

/*----- operations -----*/

static int install(libxl_ctx *ctx, libxl_livepatch_result *result,
                   const libxl_asyncop_how *how, int num, const char *const *names)
{
    libxl_livepatch_file files[3] = {};
    int i;

    for (i = 0; i < num; i++)
        files[i].path = (char *)file_of(names[i]);
    return libxl_livepatch_install(ctx, files, num, &params, result, how, NULL);
}

#define START(name, call)                                               \
    int name(libxl_ctx *ctx, libxl_livepatch_result *result,            \
             const libxl_asyncop_how *how)                              \
    { return call; }

static const char *const three[] = { "third", "hello", "bye" };
START(install_hello, install(ctx, result, how, 1, three + 1))
START(install_three, install(ctx, result, how, 3, three))
START(install_fresh, (params.replace = true,
                      install(ctx, result, how, 1, &(const char *){ "fresh" })))
START(install_other, install(ctx, result, how, 1, &(const char *){ "other" }))
START(uninstall_third, libxl_livepatch_uninstall(ctx, "third", NULL, &params, result,
                                                 how, NULL))
START(uninstall_hello, libxl_livepatch_uninstall(ctx, "hello", NULL, &params, result,
                                                 how, NULL))
START(restore, libxl_livepatch_restore(ctx, &params, result, how, NULL))

void with_installed(void)
{
    do_now(install_three);
}

void with_booted(void)
{
    do_now(install_three);
    boot("second", "");
}

void install_gone(void)
{
    assert(!system("mkdir -p " STORE GONE "; cd " STORE GONE "; touch hello.livepatch "
                   ".hello.new .applying.livepatch"));
}

void with_gone(void)
{
    empty_boot();
    write_image("xen-1.gz", 4096, 0x22);
    write_image("xen-2.gz", 4096, 0xbb);
    do_now(install_hello);
    do_now(install_other);
    install_gone();
}

int prune(libxl_ctx *ctx, libxl_livepatch_result *result, const libxl_asyncop_how *how)
{
    return libxl_livepatch_prune(ctx, &params, result, how);
}
