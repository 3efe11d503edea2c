/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: xen_extra is what the payload provider says, which must be loaded
 * before, and stay for as long as this one is.
 */
#include "payload.h"

const char *provider_text(void);

const char *user_extra_version(void)
{
    return provider_text();
}
REPLACE_FUNCTION(user, xen_extra_version, user_extra_version);
