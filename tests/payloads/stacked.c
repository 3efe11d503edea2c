/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacked: a harmless payload that depends on slow: "Stacked World".
 * What one tries to apply while a guest is in the slow hypercall.
 */
#include "payload.h"

EXTRA_VERSION(stacked, "Stacked World");
