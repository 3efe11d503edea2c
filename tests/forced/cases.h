/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has an outcome of its own. */
#ifndef FORCED_CASES_H
#define FORCED_CASES_H

void test_cases(void **state);
/* Programs in the pauser's place that don't keep to the conversation. */
void test_silly_pausers(void **state);

#endif
