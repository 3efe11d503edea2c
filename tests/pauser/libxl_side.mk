# SPDX-License-Identifier: GPL-2.0-or-later
#
# Read after the Makefile of tools/libs/light, whose options and objects make
# libxl_side or names_side, linked so that libxl's hidden functions can be
# called, with the source that the program itself includes left out:
#
#   make -C TREE/tools/libs/light -f Makefile -f .../libxl_side.mk \
#       SIDE=libxl_side PART=pause PROGRAM=PROGRAM PROGRAM
SIDE_HERE := $(dir $(lastword $(MAKEFILE_LIST)))

$(PROGRAM): $(SIDE_HERE)$(SIDE).c
	$(CC) $(CFLAGS) $(CFLAGS_LIBXL) -I$(SIDE_HERE)../../tools/libxl -I. \
		-include $(XEN_ROOT)/tools/config.h \
		-o $@ $< $(filter-out libxl_livepatch_$(PART).opic,$(PIC_OBJS)) \
		$(LDLIBS) $(LIBXL_SIDE_FLAGS)
