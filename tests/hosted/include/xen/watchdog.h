/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_WATCHDOG_H
#define HOSTED_XEN_WATCHDOG_H

void watchdog_disable(void);
void watchdog_enable(void);

#endif /* HOSTED_XEN_WATCHDOG_H */
