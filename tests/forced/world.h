/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domains of a host that is not there, shared by the tests and the real
 * pauser that libxl starts; and how the pauser's calls fail.
 */
#ifndef FORCED_WORLD_H
#define FORCED_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define WORLD_DOMAINS 4

struct world_domain {
    uint32_t domid;
    uint8_t uuid[16];
    uint32_t flags;             /* XEN_DOMINF_*, but for the paused one */
    uint32_t count;             /* of pauses, the administrator's included */
    uint32_t pauses, unpauses;  /* that were made */
    uint32_t futile;            /* unpauses of a domain with count 0 */
    uint64_t cpu_ns;
    uint64_t burns_ns;          /* of CPU time between two looks at it */
};

struct world {
    int num_domains;
    struct world_domain domains[WORLD_DOMAINS];
    /* Of the pauser: at this call, counted from 1, it dies, or the call
     * fails with that number, or the process stops. */
    int pauser_steps, pauser_dies_at, pauser_fails_at, pauser_errno;
    int pauser_stops_at;
    bool pauser_for_ever;       /* all later calls fail, too */
};

/* Mapped from the file that FORCED_WORLD names. */
extern struct world *world;
void world_attach(void);
struct world_domain *world_find(uint32_t domid);
/* An unpaused domain with these flags. */
struct world_domain *world_add(uint32_t domid, uint32_t flags);
void world_clear(void);

/* Before every call of libxenctrl below; returns 0 or an errno. */
int world_step(const char *what);

#endif
