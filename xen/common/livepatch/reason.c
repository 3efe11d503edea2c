/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusals and their words. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>
#include <xen/string.h>

#include "reason.h"

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

const char *printable_name(char buf[PRINTABLE_NAME_SIZE], const char *name)
{
    char *out = buf;
    unsigned int i;

    for ( i = 0; i < XEN_LIVEPATCH_NAME_SIZE - 1 && name[i]; i++ )
        if ( is_printable(name[i]) && name[i] != '\\' )
            *out++ = name[i];
        else
            out += snprintf(out, 5, "\\x%02x", (unsigned char)name[i]);

    *out = '\0';

    return buf;
}

const char *printable_id(char buf[PRINTABLE_ID_SIZE],
                         const struct livepatch_build_id *id)
{
    const unsigned char *bytes = id->p;
    unsigned int i;

    snprintf(buf, PRINTABLE_ID_SIZE, "none");

    for ( i = 0; i < id->len && i < (PRINTABLE_ID_SIZE - 1) / 2; i++ )
        snprintf(buf + 2 * i, 3, "%02x", bytes[i]);

    return buf;
}

int refuse_as(uint32_t reason, struct livepatch_reason *why, int rc,
              const char *fmt, ...)
{
    char name[PRINTABLE_NAME_SIZE];
    va_list args;
    char *c;

    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
    why->rc = rc;
    why->reason = reason;
    why->culprit[0] = '\0';

    /* Words quote names from files, and a terminal reads them. */
    for ( c = why->text; *c; c++ )
        if ( !is_printable(*c) )
            *c = '?';

    if ( why->about && *why->about )
        printk(XENLOG_ERR "livepatch: %s: %s\n",
               printable_name(name, why->about), why->text);
    else
        printk(XENLOG_ERR "livepatch: %s\n", why->text);

    return rc;
}

int refuse_no_memory(struct livepatch_reason *why, const char *what)
{
    return refuse_as(LIVEPATCH_REASON_MEMORY, why, -ENOMEM,
                     "no memory for %s", what);
}

int blame(struct livepatch_reason *why, const struct payload *culprit, int rc)
{
    strlcpy(why->culprit, culprit->name, sizeof(why->culprit));

    return rc;
}

void reason_clear(struct livepatch_reason *why)
{
    why->rc = 0;
    why->reason = 0;
    why->culprit[0] = '\0';
    why->text[0] = '\0';
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
