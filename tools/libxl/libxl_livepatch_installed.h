/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Payloads that are installed: what is to be in force after every boot.
 * Each Xen has a folder of its own, called by its build-id:
 *
 *   /usr/lib/xen/livepatch/BUILD-ID/NAME.livepatch    vendors'
 *   /var/lib/xen/livepatch/BUILD-ID/NAME.livepatch    the administrator's
 *
 * A file in the latter hides the vendors' of the same name; an empty one,
 * or a link to /dev/null, leaves nothing in its place.
 */

#ifndef LIBXL_LIVEPATCH_INSTALLED_H
#define LIBXL_LIVEPATCH_INSTALLED_H

#include "libxl_livepatch_internal.h"

#ifndef LIVEPATCH_VENDORS
#define LIVEPATCH_VENDORS "/usr/lib/xen/livepatch"
#endif
#define LIVEPATCH_INSTALLED XEN_LIB_DIR "/livepatch"
#ifndef LIVEPATCH_BOOT
#define LIVEPATCH_BOOT "/boot"
#endif

/*----- the folders (libxl_livepatch_installed.c) -----*/

/* A payload's file; strings are from gc. */
typedef struct {
    const char *name;
    const char *path;
    bool vendors;
} libxl__livepatch_installed;

/*
 * What is in force for the Xen with that build-id, by name.  0 or a
 * negative errno; a folder that isn't there is an empty one.
 */
_hidden int
libxl__livepatch_installed_list(libxl__gc *gc, const char *build_id,
                                libxl__livepatch_installed **list_r,
                                int *num_r);
/*
 * The build-ids for which the administrator, or with vendors anybody, has
 * a folder; NULL at the end.  0 or a negative errno.
 */
_hidden int libxl__livepatch_installed_xens(libxl__gc *gc, bool vendors,
                                            char ***ids_r);
/* Refuse if Xen doesn't tell its build-id; ERROR_FAIL then, else 0. */
_hidden int libxl__livepatch_need_xen(libxl__gc *gc,
                                      libxl_livepatch_result *result);
/* Warn of a positive one of what committing and removing return. */
_hidden void libxl__livepatch_warn_unsynced(libxl__gc *gc,
                                    libxl_livepatch_result *result, int r);
/* Whether it is a build-id in hexadecimal, as folders are called. */
_hidden bool libxl__livepatch_is_build_id(const char *text);
/* Whether a vendor's file of that name is there, hidden or not. */
_hidden bool
libxl__livepatch_installed_is_vendors(libxl__gc *gc, const char *build_id,
                                      const char *name);
/* Whether files can be called so there. */
_hidden bool libxl__livepatch_installed_takes(const char *name);
/* The administrator's file, from gc. */
_hidden const char *
libxl__livepatch_installed_path(libxl__gc *gc, const char *build_id,
                                const char *name);

/*
 * Putting one there, whole or not at all: write it under another name, and
 * then either commit it or drop it.  0 or a negative errno, and what was
 * installed is as before; committing and removing return a positive errno
 * where it is done, but may be undone by a power cut.
 */
_hidden int libxl__livepatch_installed_write(libxl__gc *gc,
                                    const char *build_id, const char *name,
                                    const void *data, size_t size);
_hidden int libxl__livepatch_installed_commit(libxl__gc *gc,
                                    const char *build_id,
                                    const char *name);
_hidden void libxl__livepatch_installed_drop(libxl__gc *gc,
                                    const char *build_id,
                                    const char *name);
/* Take the administrator's file out; 0 if it isn't there. */
_hidden int libxl__livepatch_installed_remove(libxl__gc *gc,
                                    const char *build_id,
                                    const char *name);

/*
 * Take the administrator's folder for a Xen away, with all that is ours
 * in it.  0 or a negative errno; a positive one where that is done, but
 * may be undone by a power cut.
 */
_hidden int libxl__livepatch_installed_prune(libxl__gc *gc,
                                    const char *build_id);

/*----- Xens to boot (libxl_livepatch_bootable.c, _grub.c) -----*/

/* A Xen in LIVEPATCH_BOOT; from gc. */
typedef struct {
    const char *file;
    const char *build_id;       /* NULL: it doesn't tell */
} libxl__livepatch_bootable;

/*
 * All of them by file.  0 or a negative errno; a folder that isn't there
 * has none.
 */
_hidden int
libxl__livepatch_bootable_list(libxl__gc *gc,
                               libxl__livepatch_bootable **list_r,
                               int *num_r);
/*
 * Whether it can be told what GRUB starts by default.  *image_r is the
 * Xen's file, without its folder, or NULL if it is none; from gc.
 */
_hidden bool libxl__livepatch_grub_default(libxl__gc *gc,
                                           const char **image_r);

/*----- a boot that may end in a crash (libxl_livepatch_boot.c) -----*/

/* Whether dom0's kernel was told to leave the hypervisor unpatched. */
_hidden bool libxl__livepatch_boot_is_off(libxl__gc *gc);

/*
 * Payloads whose application was begun, by the hash of their files, and
 * was not known to have gone well; from gc.
 */
typedef struct {
    struct {
        char sha256[65];
        char boot[65];          /* the boot in which that was */
    } *trials;
    int num;
    const char *boot;           /* this one */
} libxl__livepatch_trials;

/* 0 or a negative errno. */
_hidden int libxl__livepatch_trials_load(libxl__gc *gc,
                                    const char *build_id,
                                    libxl__livepatch_trials *trials_r);
/* Synced. */
_hidden int libxl__livepatch_trials_store(libxl__gc *gc,
                                    const char *build_id,
                                    const libxl__livepatch_trials *trials);
_hidden void libxl__livepatch_trials_add(libxl__gc *gc,
                                    libxl__livepatch_trials *trials,
                                    const char *sha256);
/* Forget one; or with NULL all that were in this boot, or in others. */
_hidden void libxl__livepatch_trials_forget(
                                    libxl__livepatch_trials *trials,
                                    const char *sha256, bool this_boot);
/* Whether the host went down after its trial in another boot. */
_hidden bool libxl__livepatch_has_crashed(
                                    const libxl__livepatch_trials *trials,
                                    const char *sha256);

/*----- what boot applies of them (libxl_livepatch_chain.c) -----*/

typedef struct {
    libxl__livepatch_installed file;
    libxl_livepatch_judgement judgement;
    const char *left_out;       /* why boot does not apply it, or NULL */
} libxl__livepatch_link;

typedef struct {
    /* From gc.  First num_fit in the order of their application, then what
     * is left out. */
    libxl__livepatch_link *links;
    int num_fit;
    int num;
} libxl__livepatch_chain;

/*
 * Judge what is installed for the Xen with that build-id, also by keys
 * where they are set.  0, or a negative errno of its folders; to be
 * disposed of in either case.
 */
_hidden int
libxl__livepatch_chain_find(libxl__gc *gc, const char *build_id,
                            libxl_string_list keys,
                            const libxl__livepatch_trials *trials,
                            libxl__livepatch_chain *chain_r);
_hidden void
libxl__livepatch_chain_dispose(libxl__livepatch_chain *chain);

#endif /* LIBXL_LIVEPATCH_INSTALLED_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
