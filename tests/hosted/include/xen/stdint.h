/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_STDINT_H
#define HOSTED_XEN_STDINT_H

#include <stdint.h>

#endif /* HOSTED_XEN_STDINT_H */
