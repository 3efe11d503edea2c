/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line on standard error, after the program's name. */
#ifndef LIVEPATCH_SIGN_SAY_H
#define LIVEPATCH_SIGN_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
