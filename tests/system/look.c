/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells of each domain whether it is paused: "ID paused" or "ID running".
 * Unlike xl list it needs no xenstore, which waits for a client that was
 * stopped in the middle of a request.
 */
#include <err.h>
#include <stdio.h>

#include <xenctrl.h>

#define MAX_DOMAINS 32

int main(void)
{
    static xc_domaininfo_t info[MAX_DOMAINS];
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    int num, i;

    num = xch ? xc_domain_getinfolist(xch, 0, MAX_DOMAINS, info) : -1;
    if (num < 0)
        err(1, "cannot list the domains");
    for (i = 0; i < num; i++)
        printf("%u %s\n", info[i].domain,
               info[i].flags & XEN_DOMINF_paused ? "paused" : "running");
    return 0;
}
