/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paired: pre and post hooks that say when they run; one without the other is
 * said as well.
 */
#include "payload.h"

static unsigned int paired_open;

static int paired_before(const char *what)
{
    printk(XENLOG_ERR "paired: pre%s, open %u\n", what, ++paired_open);
    return 0;
}

static void paired_after(const char *what, int rc)
{
    printk(XENLOG_ERR "paired: post%s, open %u, rc %d\n", what, --paired_open,
           rc);
}

static int cf_check paired_preapply(livepatch_payload_t *payload)
{
    return paired_before("apply");
}
LIVEPATCH_PREAPPLY_HOOK(paired_preapply);

static void cf_check paired_postapply(livepatch_payload_t *payload)
{
    paired_after("apply", payload->rc);
}
LIVEPATCH_POSTAPPLY_HOOK(paired_postapply);

static int cf_check paired_prerevert(livepatch_payload_t *payload)
{
    return paired_before("revert");
}
LIVEPATCH_PREREVERT_HOOK(paired_prerevert);

static void cf_check paired_postrevert(livepatch_payload_t *payload)
{
    paired_after("revert", payload->rc);
}
LIVEPATCH_POSTREVERT_HOOK(paired_postrevert);

EXTRA_VERSION(paired, "Paired World");
