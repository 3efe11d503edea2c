/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Xens that the modelled host can boot, which of them GRUB starts, and
 * what is removed when one is gone.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <libxl.h>

#include "cases.h"
#include "hosts.h"

/* Of the modelled Xen, of the one that "other" is for, of one that is gone. */
#define XEN   "2222222222222222222222222222222222222222"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define GONE  "abababababababababababababababababababab"
#define STORE XEN_LIB_DIR "/livepatch/"

/*----- what is in the folder -----*/

static void write_text(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), LIVEPATCH_BOOT "/%s", name);
    assert((file = fopen(path, "w")));
    fputs(text, file);
    fclose(file);
}

static void put(uint8_t *image, size_t at, uint32_t value)
{
    memcpy(image + at, &value, sizeof(value));
}

/* PE32+ with one section, in which its debug directory is. */
static void write_pe(const char *name, uint32_t cut)
{
    uint8_t image[0x300] = "MZ";
    char path[256];
    FILE *file;

    put(image, 0x3c, 0x40);
    memcpy(image + 0x40, "PE\0\0", 4);
    image[0x46] = 1;                    /* sections */
    image[0x54] = 0xf0;                 /* of the optional header */
    put(image, 0x58, 0x20b);
    put(image, 0x58 + 160, 0x5010);     /* debug directory */
    put(image, 0x148 + 8, 0x100);       /* the section: size, address, */
    put(image, 0x148 + 12, 0x5000);
    put(image, 0x148 + 20, 0x200);      /* where in the file */
    put(image, 0x210 + 12, 2);
    put(image, 0x210 + 24, 0x280);
    memcpy(image + 0x280, "RSDS", 4);
    memset(image + 0x284, 0xee, 16);
    snprintf(path, sizeof(path), LIVEPATCH_BOOT "/%s", name);
    assert((file = fopen(path, "w")));
    assert(fwrite(image, 1, cut, file) == cut);
    fclose(file);
}

/*----- build-ids -----*/

static libxl_livepatch_condition condition;

static int status(libxl_ctx *ctx, libxl_livepatch_result *result, const libxl_asyncop_how *how)
{
    libxl_livepatch_condition_dispose(&condition);
    libxl_livepatch_condition_init(&condition);
    return libxl_livepatch_status(ctx, NULL, &condition);
}

static void look(void)
{
    struct scenario scenario = { .name = "status", .start = status, .only_looks = true };

    operation_do(&scenario);
}

static const libxl_livepatch_bootable *find(const char *name)
{
    int i;

    for (i = 0; i < condition.num_bootable; i++)
        if (!strcmp(condition.bootable[i].file + strlen(LIVEPATCH_BOOT "/"), name))
            return &condition.bootable[i];
    return NULL;
}

static void assert_id(const char *name, const char *id)
{
    const libxl_livepatch_bootable *xen = find(name);

    if (!xen) fail_msg("%s is not found", name);
    if (id) assert_string_equal(xen->build_id, id);
    else assert_null(xen->build_id);
}

static void begin(void)
{
    params_reset();
    host_reset();
    empty_boot();
}

void test_bootable(void **state)
{
    uint32_t cut;

    begin();
    write_image("xen-1.gz", 4096, 0x22);
    write_image("xen-2.gz", 4100, 0xbb);
    write_image("xen-syms-1", 0, 0x22);
    write_image("vmlinuz", 0, 0x11);
    write_pe("xen-1.efi", 0x300);
    write_text("xen-3", "nothing");
    write_text("xen-1.config", "nothing");
    assert(!symlink("xen-1.gz", LIVEPATCH_BOOT "/xen.gz"));
    do_now(install_hello);
    do_now(install_other);
    look();
    assert_int_equal(condition.num_bootable, 4);
    assert_id("xen-1.gz", XEN);
    assert_id("xen-2.gz", OTHER);
    assert_id("xen-1.efi", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_id("xen-3", NULL);
    assert_true(find("xen-1.gz")->running && !find("xen-2.gz")->running);
    assert_int_equal(find("xen-1.gz")->num_installed, 1);
    assert_int_equal(find("xen-2.gz")->num_installed, 1);
    assert_false(condition.next_known);
    /* Cut off anywhere it tells none, and nothing beyond it is read. */
    for (cut = 2; cut < 0x294; cut++) {
        write_pe("xen-1.efi", cut);
        look();
        assert_id("xen-1.efi", NULL);
    }
}

/*----- GRUB -----*/

#define MENU                                                                        \
    "function load_video {\n  insmod all_video\n}\n"                                \
    "menuentry 'Debian' --class debian $menuentry_id_option 'plain' {\n"            \
    "\tload_video\n\tlinux /boot/vmlinuz root=/dev/x\n}\n"                          \
    "submenu 'Advanced' $menuentry_id_option 'advanced' {\n"                        \
    "\tmenuentry 'old Debian' $menuentry_id_option 'old' {\n\t\tlinux x\n\t}\n}\n"  \
    "menuentry 'Debian, with Xen' $menuentry_id_option 'xen' {\n"                   \
    "\tmultiboot2\t/boot/xen-1.gz placeholder ${xen_rm_opts}\n}\n"                  \
    "submenu 'Advanced Xen' $menuentry_id_option 'more' {\n"                        \
    "\tsubmenu \"Xen's\" --id inner {\n"                                            \
    "\tmenuentry 'Xen 1' --class xen {\n\t\tmultiboot2 /xen-1.gz x\n\t}\n"          \
    "\tmenuentry 'Xen 2' --class xen {\n\t\tmultiboot /xen-2.gz x\n\t}\n\t}\n}\n"
#define DEFAULT(value)                                                              \
    "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\n"           \
    "   set next_entry=\n   save_env next_entry\nelse\n"                            \
    "   set default=\"" value "\"\nfi\n"
#define SAVED DEFAULT("${saved_entry}")
#define BLOCK "# GRUB Environment Block\n"

static void check_grub(const char *config, const char *env, bool known, const char *image)
{
    char path[64] = LIVEPATCH_BOOT "/grub/grubenv";
    const libxl_livepatch_bootable *xen;
    int i, num = 0;

    unlink(path);
    if (env) write_text("grub/grubenv", env);
    write_text("grub/grub.cfg", config);
    look();
    if (condition.next_known != known) fail_msg("known is not %d: %s", known, config);
    for (i = 0; i < condition.num_bootable; i++)
        num += condition.bootable[i].next;
    xen = image ? find(image) : NULL;
    if (num != !!image || (xen && !xen->next)) fail_msg("%s: %s", image, config);
}

void test_grub(void **state)
{
    begin();
    write_image("xen-1.gz", 4096, 0x22);
    write_image("xen-2.gz", 4096, 0xbb);
    check_grub(DEFAULT("0") MENU, NULL, true, NULL);
    check_grub(DEFAULT("2") MENU, BLOCK, true, "xen-1.gz");
    check_grub(DEFAULT("xen") MENU, BLOCK, true, "xen-1.gz");
    check_grub(DEFAULT("Debian, with Xen") MENU, BLOCK, true, "xen-1.gz");
    check_grub(DEFAULT("Advanced Xen>Xen's>Xen 2") MENU, BLOCK, true, "xen-2.gz");
    check_grub(DEFAULT("3>0>1") MENU, BLOCK, true, "xen-2.gz");
    check_grub(DEFAULT("more>inner>0") MENU, BLOCK, true, "xen-1.gz");
    check_grub(DEFAULT("advanced>old") MENU, BLOCK, true, NULL);
    check_grub(SAVED MENU, BLOCK "saved_entry=xen\n###", true, "xen-1.gz");
    check_grub(SAVED MENU, BLOCK, true, NULL);
    check_grub(DEFAULT("0") MENU, BLOCK "saved_entry=xen\nnext_entry=3>0>1\n", true, "xen-2.gz");
    check_grub(DEFAULT("0") MENU, BLOCK "saved_entry=xen\nnext_entry=\n", true, NULL);
    /* What can't be told isn't guessed. */
    check_grub(DEFAULT("gone") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("4") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("3") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("3>1>0") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("0>0") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("advanced>xen") MENU, BLOCK, false, NULL);
    check_grub(DEFAULT("${chosen}") MENU, BLOCK, false, NULL);
    check_grub(MENU, BLOCK, false, NULL);
    check_grub("", BLOCK, false, NULL);
    check_grub("}\n}\nset default=1\nmenuentry {\n", BLOCK, false, NULL);
}

/*----- pruning -----*/

static void expect(libxl_livepatch_outcome outcome, const char *words, bool is_gone)
{
    struct scenario scenario = { .name = "prune", .start = prune };

    operation_do(&scenario);
    if (last_result.outcome != outcome || !strstr(last_result.message, words))
        fail_msg("%s", last_result.message);
    assert_int_equal(!access(STORE GONE "/hello.livepatch", F_OK), !is_gone);
    assert_int_equal(access(STORE XEN "/hello.livepatch", F_OK), 0);
    assert_int_equal(access(STORE OTHER "/other.livepatch", F_OK), 0);
}

void test_prune(void **state)
{
    begin();
    with_gone();
    params.dry_run = true;
    expect(LIBXL_LIVEPATCH_OUTCOME_PLANNED, "would be removed: 1", false);
    assert_string_equal(last_result.pruned[0], GONE);
    params.dry_run = false;
    expect(LIBXL_LIVEPATCH_OUTCOME_DONE, "was removed: 1", true);
    assert_string_equal(last_result.pruned[0], GONE);
    assert_int_equal(access(STORE GONE, F_OK), -1);
    expect(LIBXL_LIVEPATCH_OUTCOME_ALREADY, "nothing is installed", true);

    /* What is not ours stays, and so does its folder. */
    install_gone();
    assert(!system("touch " STORE GONE "/notes"));
    expect(LIBXL_LIVEPATCH_OUTCOME_FAILED, "not empty", true);
    assert_int_equal(access(STORE GONE "/notes", F_OK), 0);
    assert(!unlink(STORE GONE "/notes"));

    /* Nobody knows what else this host can boot. */
    install_gone();
    write_text("xen-3", "no build-id");
    expect(LIBXL_LIVEPATCH_OUTCOME_FAILED, "xen-3 tells no build-id", false);
    assert(!unlink(LIVEPATCH_BOOT "/xen-3") && !unlink(LIVEPATCH_BOOT "/xen-1.gz"));
    expect(LIBXL_LIVEPATCH_OUTCOME_FAILED, "the running Xen is not in", false);
    empty_boot();
    expect(LIBXL_LIVEPATCH_OUTCOME_FAILED, "the running Xen is not in", false);
}
