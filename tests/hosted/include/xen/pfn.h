/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PFN_H
#define HOSTED_XEN_PFN_H

#include <asm/page.h>

#endif /* HOSTED_XEN_PFN_H */
