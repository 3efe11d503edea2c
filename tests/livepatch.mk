# SPDX-License-Identifier: GPL-2.0-or-later
#
# How tests build libxenlivepatch and parts of libxl: to be included with top
# and XEN_TREE set.

LIBRARY := $(top)/tools/libxenlivepatch
LIBXL := $(top)/tools/libxl
XEN_TOOLS := $(XEN_TREE)/tools

ifeq ($(wildcard $(XEN_TOOLS)/libs/light/libxenlight.so),)
$(error $(XEN_TREE) holds no built libxenlight: run scripts/build-toolstack, \
or name another tree with XEN_TREE=)
endif

# Its objects, by the names that they have among others.
JUDGE := $(patsubst $(LIBRARY)/%.c,judge_%,$(wildcard $(LIBRARY)/*.c))

CFLAGS := -g -O1 -std=gnu99 -D_GNU_SOURCE= -I$(LIBRARY)
LIBXL_FLAGS := -include $(XEN_TOOLS)/config.h -D__XEN_TOOLS__ \
               -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ \
               -I. -I$(LIBXL) -I$(XEN_TOOLS)/libs/light -I$(XEN_TOOLS)/include

# The generated functions of our types come from the tree's library.
LIBXL_LIBS := -L$(XEN_TOOLS)/libs/light -lxenlight \
              $(foreach dir,$(sort $(dir $(wildcard \
                  $(XEN_TOOLS)/libs/*/lib*.so))), \
                  -Wl,-rpath,$(dir:%/=%) -Wl,-rpath-link,$(dir:%/=%)) \
              -Wl,--disable-new-dtags -lxentoollog
LIBXL_LIBS += -L$(XEN_TOOLS)/libs/toollog
