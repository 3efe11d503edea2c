/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What script.c needs of the model, and what is not there on a host.
 */
#ifndef MODEL_SCRIPT_H
#define MODEL_SCRIPT_H

#include <xenctrl.h>

/* Before each script: an empty host. */
void script_begin(void) __attribute__((weak));
/* The words behind "model". */
void script_tell(char **words) __attribute__((weak));

#endif
