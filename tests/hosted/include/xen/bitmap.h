/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_BITMAP_H
#define HOSTED_XEN_BITMAP_H

#include <xen/bitops.h>

#define BITS_TO_LONGS(bits) (((bits) + 63) / 64)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

#endif /* HOSTED_XEN_BITMAP_H */
