/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_KEYHANDLER_H
#define HOSTED_XEN_KEYHANDLER_H

#include <xen/types.h>

typedef void keyhandler_fn_t(unsigned char key);
void register_keyhandler(unsigned char key, keyhandler_fn_t *fn,
                         const char *desc, bool diagnostic);

#endif /* HOSTED_XEN_KEYHANDLER_H */
