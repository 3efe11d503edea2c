# SPDX-License-Identifier: GPL-2.0-or-later
#
# Read after the Makefile of tools/libs/light, whose options and objects make
# libxl_side, linked so that libxl's hidden functions can be called:
#
#   make -C TREE/tools/libs/light -f Makefile -f .../libxl_side.mk \
#       LIBXL_SIDE=PROGRAM PROGRAM
LIBXL_SIDE_HERE := $(dir $(lastword $(MAKEFILE_LIST)))

$(LIBXL_SIDE): $(LIBXL_SIDE_HERE)libxl_side.c
	$(CC) $(CFLAGS) $(CFLAGS_LIBXL) -I$(LIBXL_SIDE_HERE)../../tools/libxl -I. \
		-include $(XEN_ROOT)/tools/config.h \
		-o $@ $< $(filter-out libxl_livepatch_pause.opic,$(PIC_OBJS)) \
		$(LDLIBS) $(LIBXL_SIDE_FLAGS)
