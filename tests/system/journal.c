/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands where systemd's journal or a syslog listens: prints each datagram that
 * comes to the socket PATH, its length before it; or with "deaf" reads none.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char datagram[1 << 20];

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ssize_t size;

    if (argc < 2 || strlen(argv[1]) >= sizeof(address.sun_path)) return 2;
    strcpy(address.sun_path, argv[1]);
    unlink(argv[1]);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) return 1;
    while (argc > 2) pause();
    while ((size = recv(fd, datagram, sizeof(datagram), 0)) >= 0) {
        printf("%zd\n", size);
        fwrite(datagram, size, 1, stdout);
        fflush(stdout);
    }
    return 1;
}
