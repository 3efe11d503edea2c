/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has an outcome of its own. */
#ifndef FORCED_CASES_H
#define FORCED_CASES_H

void test_cases(void **state);
/* Replacing; and with each of its steps failing, once, twice, for ever, or
 * killed there. */
void test_replaced(void **state);
void test_replacing_fails(void **state);
/* An abort ends whatever is waited for, but for what has to end by itself. */
void test_abort_ends_waits(void **state);
/* The same with an engine that reports: what it names, and what it needs
 * not. */
void test_reported(void **state);
void test_reported_payloads(void **state);
/* Attempts need not be apart. */
void test_no_distance(void **state);
void test_late_and_aborted(void **state);
/* Reports that can't be right. */
void test_distorted(void **state);
/* Programs in the pauser's place that don't keep to the conversation. */
void test_silly_pausers(void **state);

/* What boot finds installed. */
void test_boots(void **state);
void test_uninstalled(void **state);
/* One file in place of all that is installed. */
void test_installed_in_place(void **state);
void test_installed_in_place_again(void **state);

/* What the host can boot, and what is removed. */
void test_bootable(void **state);
void test_grub(void **state);
void test_prune(void **state);

void test_guessed(void **state);
void test_rehearsed(void **state);

#endif
