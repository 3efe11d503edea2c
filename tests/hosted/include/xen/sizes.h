/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SIZES_H
#define HOSTED_XEN_SIZES_H

#define SZ_2G 0x80000000U

#endif /* HOSTED_XEN_SIZES_H */
