# SPDX-License-Identifier: GPL-2.0-or-later
#
# How tests build the judge outside of libxl: for tests/unit and tests/fuzz.
# To be included with top and XEN_TREE set.

LIBXL := $(top)/tools/libxl
XEN_TOOLS := $(XEN_TREE)/tools

ifeq ($(wildcard $(XEN_TOOLS)/libs/light/libxenlight.so),)
$(error $(XEN_TREE) holds no built libxenlight: run scripts/build-toolstack, \
or name another tree with XEN_TREE=)
endif

JUDGE := $(addprefix libxl_livepatch_,text elf file judge layout content \
         functions symbols)

CFLAGS := -g -O1 -std=gnu99
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
