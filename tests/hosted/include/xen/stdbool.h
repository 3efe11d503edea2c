/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_STDBOOL_H
#define HOSTED_XEN_STDBOOL_H

#include <stdbool.h>

#endif /* HOSTED_XEN_STDBOOL_H */
