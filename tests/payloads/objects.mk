# SPDX-License-Identifier: GPL-2.0-or-later
#
# Read by Xen's Kbuild in the prepared tree, as xen/test/payloads/Makefile:
# it compiles with the hypervisor's own flags.  Linking is done elsewhere.
extra-y := $(patsubst $(src)/%.c,%.o,$(wildcard $(src)/*.c))
