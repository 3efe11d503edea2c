/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells of each domain whether it is paused, "ID paused" or "ID running", and of
 * each payload what it is, "NAME applied" or "NAME checked".  Unlike xl it needs
 * no xenstore, which waits for a client that was stopped in the middle of a
 * request; and it is quickly done.
 */
#include <err.h>
#include <stdio.h>

#include <xenctrl.h>

#define MAX_DOMAINS 32
#define MAX_PAYLOADS 8
#define NAMES_SIZE (MAX_PAYLOADS * XEN_LIVEPATCH_NAME_SIZE)
#define METADATA_SIZE (MAX_PAYLOADS * 1024)

static void tell_domains(xc_interface *xch)
{
    static xc_domaininfo_t info[MAX_DOMAINS];
    int i, num = xc_domain_getinfolist(xch, 0, MAX_DOMAINS, info);

    if (num < 0)
        err(1, "cannot list the domains");
    for (i = 0; i < num; i++)
        printf("%u %s\n", info[i].domain,
               info[i].flags & XEN_DOMINF_paused ? "paused" : "running");
}

static void tell_payloads(xc_interface *xch)
{
    static struct xen_livepatch_status info[MAX_PAYLOADS];
    static char names[NAMES_SIZE], metadata[METADATA_SIZE];
    static uint32_t len[MAX_PAYLOADS], metadata_len[MAX_PAYLOADS];
    uint32_t num, name_total, metadata_total;
    unsigned int done = 0, left = 0, i;
    const char *name = names;

    if (xc_livepatch_list_get_sizes(xch, &num, &name_total, &metadata_total))
        err(1, "cannot count the payloads");
    if (num > MAX_PAYLOADS || name_total > NAMES_SIZE || metadata_total > METADATA_SIZE)
        errx(1, "too many payloads");
    if (num && xc_livepatch_list(xch, num, 0, info, names, len, name_total, metadata,
                                 metadata_len, metadata_total, &done, &left))
        err(1, "cannot list the payloads");
    for (i = 0; i < done; name += len[i++])
        printf("%s %s\n", name,
               info[i].state == LIVEPATCH_STATE_APPLIED ? "applied" : "checked");
}

int main(void)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);

    if (!xch)
        err(1, "cannot ask Xen");
    tell_domains(xch);
    tell_payloads(xch);
    return 0;
}
