/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_CTYPE_H
#define HOSTED_XEN_CTYPE_H

#include <ctype.h>

#endif /* HOSTED_XEN_CTYPE_H */
