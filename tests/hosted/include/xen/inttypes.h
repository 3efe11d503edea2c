/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_INTTYPES_H
#define HOSTED_XEN_INTTYPES_H

#include <inttypes.h>

#endif /* HOSTED_XEN_INTTYPES_H */
