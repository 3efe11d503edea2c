/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SECTIONS_H
#define HOSTED_XEN_SECTIONS_H

extern char __init_begin[], __init_end[];

#endif /* HOSTED_XEN_SECTIONS_H */
