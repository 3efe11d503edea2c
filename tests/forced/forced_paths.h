/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not the lock and the journal of the machine that this runs on. */
#undef XEN_RUN_DIR
#define XEN_RUN_DIR FORCED_RUN_DIR
/* Nor what is installed there, and how it was booted. */
#undef XEN_LIB_DIR
#define XEN_LIB_DIR FORCED_RUN_DIR "/lib"
#define LIVEPATCH_VENDORS FORCED_RUN_DIR "/vendors"
#define LIVEPATCH_BOOT FORCED_RUN_DIR "/boot"
#define LIVEPATCH_CMDLINE FORCED_RUN_DIR "/cmdline"
#define LIVEPATCH_BOOT_ID FORCED_RUN_DIR "/boot_id"
