/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_EVENT_H
#define HOSTED_XEN_EVENT_H

#include <xen/sched.h>

#endif /* HOSTED_XEN_EVENT_H */
