/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_UNALIGNED_H
#define HOSTED_XEN_UNALIGNED_H

#include <string.h>

#include <xen/types.h>

#define get_unaligned(p) \
    ({ typeof(*(p)) v_; memcpy(&v_, p, sizeof(v_)); v_; })
#define put_unaligned(v, p) \
    do { typeof(*(p)) v_ = (v); memcpy(p, &v_, sizeof(v_)); } while ( 0 )

#endif /* HOSTED_XEN_UNALIGNED_H */
