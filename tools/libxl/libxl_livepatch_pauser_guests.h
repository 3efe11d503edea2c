/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the program libxl-livepatch-pauser share.
 *
 *   libxl_livepatch_pauser.c            the process, and what it says
 *   libxl_livepatch_pauser_guests.c     pausing and resuming
 *   libxl_livepatch_pauser_journal.c    what a successor has to know
 */

#ifndef LIBXL_LIVEPATCH_PAUSER_GUESTS_H
#define LIBXL_LIVEPATCH_PAUSER_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    GUEST_RUNS,                 /* or is not paused by us */
    GUEST_PAUSING,              /* we may have paused it, or not */
    GUEST_PAUSED,               /* we have, when it had run for cpu_ns */
} guest_state;

typedef struct {
    uint32_t domid;
    uint8_t uuid[16];
    guest_state state;
    uint64_t cpu_ns;
    uint64_t since_us;          /* 0: it never was paused by us */
    uint64_t paused_us;
    const char *why;            /* it was not paused, */
    int errnoval;               /* and a number that says more, or 0 */
} guest;

typedef struct {
    guest *all;
    int num;
} guest_list;

/* Microseconds of a clock that only goes forward. */
uint64_t now_us(void);

/* False with errno where Xen can't be talked to. */
bool guests_open_xen(void);
/* Pause it.  If its state is GUEST_RUNS then, why tells the reason. */
void guest_pause(guest *g);
/*
 * Undo all our pauses, each once, and only where it is still ours.
 * Returns how many unpauses that took, or -1 if some guest is still paused
 * by us.
 */
int guests_resume(guest_list *guests);

/* "DOMID:UUID" at the start of text; what follows it, or NULL. */
const char *guest_parse(const char *text, guest *g);

/*----- the journal -----*/

void journal_set_path(const char *path);
/* Write down the state of g.  False with errno. */
bool journal_note(const guest *g);
/*
 * All guests that the journal leaves open.  Lines that make no sense are
 * passed over; returns false if there were any, or it can't be read.
 */
bool journal_read(guest_list *guests_r);
/* No guest is paused by us.  A journal that made no sense is kept as .bad;
 * returns false with errno if it is still there. */
bool journal_end(bool made_sense);

#endif /* LIBXL_LIVEPATCH_PAUSER_GUESTS_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
