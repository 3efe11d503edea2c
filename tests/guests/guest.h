/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tiny PV guests share: hypercalls, console, time.  They run with
 * event delivery masked all the time and need no interrupt handler.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <stdint.h>
#include <public/xen.h>

#define MS 1000000ull               /* in nanoseconds */
#define SECOND (1000 * MS)

/* Each guest's own part; never returns. */
extern const char guest_name[];
void guest_main(void) __attribute__((noreturn));

/* What the domain builder tells: see Xen's public header xen.h. */
extern const struct start_info *guest_info;

long hypercall(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
               uint64_t d);

/* Nanoseconds since the host booted. */
uint64_t now(void);

/* Gives the CPU up until that time. */
void sleep_until(uint64_t when);

/* One line on the console: "NAME: " and %s, %u (uint64_t), %d (long). */
void say(const char *format, ...);

/* Says "beat N" when a second has gone by since the last one. */
void heartbeat(void);

#endif
