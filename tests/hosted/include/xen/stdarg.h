/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_STDARG_H
#define HOSTED_XEN_STDARG_H

#include <stdarg.h>

#endif /* HOSTED_XEN_STDARG_H */
