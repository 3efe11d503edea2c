/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotplug: takes CPUs offline and online again.
 *
 *   hotplug CPU... CYCLES      each cycle is one CPU there and back, in turn
 *
 * Prints how many cycles were done, how often Xen said that it can't be done
 * now, and how long the longest operation took.  Every CPU is online at the
 * end, also if it ends early: after SIGTERM.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>

static xc_interface *xc;
static unsigned int busy;
static double longest;
static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* Until it has been done: somebody else may be stopping the machine. */
static void until_done(int (*operation)(xc_interface *xc, int cpu), int cpu)
{
    double began = now(), took;

    while (operation(xc, cpu)) {
        if (errno != EBUSY && errno != EAGAIN)
            err(1, "CPU %d", cpu);
        busy++;
        usleep(1000);
    }
    took = now() - began;
    if (took > longest)
        longest = took;
}

int main(int argc, char **argv)
{
    int cpus = argc - 2, cycles, i;

    if (cpus < 1)
        errx(1, "hotplug CPU... CYCLES");
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc)
        err(1, "opening Xen's interface");
    signal(SIGTERM, on_signal);
    cycles = atoi(argv[argc - 1]);
    for (i = 0; i < cycles && !stop; i++) {
        int cpu = atoi(argv[1 + i % cpus]);

        until_done(xc_cpu_offline, cpu);
        until_done(xc_cpu_online, cpu);
    }
    printf("%d cycles, %u times busy, longest %.1f ms\n", i, busy, longest * 1e3);
    return 0;
}
