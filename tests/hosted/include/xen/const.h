/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CONST_H
#define HOSTED_XEN_CONST_H

#define _AC(x, y) __AC(x, y)
#define __AC(x, y) (x ## y)

#endif /* HOSTED_XEN_CONST_H */
