/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xc_livepatch_report, as libxenctrl has it, on a host whose libxenctrl is the
 * distribution's:
 *
 *     report_call SIZE [NAME]
 *
 * prints what it returned, errno, the size, and the buffer in hexadecimal.
 */

#include "xc_livepatch_report.c"

int main(int argc, char **argv)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    uint32_t size = argc > 1 ? atoi(argv[1]) : 0, given = size, i;
    unsigned char *buffer = malloc(size + 1);
    int rc;

    if ( !xch || !buffer )
        return 1;

    memset(buffer, 0xee, size + 1);
    errno = 0;
    rc = xc_livepatch_report(xch, argc > 2 ? argv[2] : NULL,
                             LIVEPATCH_REPORT_ABOUT_UPLOAD, buffer, &size);
    printf("%d %s %u ", rc, rc ? strerrorname_np(errno) : "-", size);
    for ( i = 0; i < given + 1; i++ )
        printf("%02x", buffer[i]);
    printf("\n");

    xc_interface_close(xch);

    return 0;
}
