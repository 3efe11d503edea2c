/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not the lock and the journal of the machine that this runs on. */
#undef XEN_RUN_DIR
#define XEN_RUN_DIR FORCED_RUN_DIR
