/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SIZES_H
#define HOSTED_XEN_SIZES_H

#define SZ_1K 0x00000400
#define SZ_1M 0x00100000
#define SZ_2M 0x00200000
#define SZ_1G 0x40000000
#define SZ_2G 0x80000000U

#endif /* HOSTED_XEN_SIZES_H */
