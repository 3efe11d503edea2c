/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_ALTERNATIVE_CALL_H
#define HOSTED_XEN_ALTERNATIVE_CALL_H

#include <asm/alternative.h>

#endif /* HOSTED_XEN_ALTERNATIVE_CALL_H */
