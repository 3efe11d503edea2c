/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the program libxl-livepatch-pauser share.
 *
 *   libxl_livepatch_pauser.c            the process and its conversation
 *   libxl_livepatch_pauser_guests.c     pausing and resuming
 *   libxl_livepatch_pauser_journal.c    what a successor has to know
 */

#ifndef LIBXL_LIVEPATCH_PAUSER_GUESTS_H
#define LIBXL_LIVEPATCH_PAUSER_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_UUID_LEN 16

typedef struct {
    uint32_t domid;
    uint8_t uuid[GUEST_UUID_LEN];
    bool paused;                /* by us, and so to be resumed */
    bool was_paused;            /* the same, and stays so after that */
    uint64_t since_us;
    uint64_t paused_us;
} guest;

typedef struct {
    guest *all;
    int num;
} guest_list;

/* Microseconds of a clock that only goes forward. */
uint64_t now_us(void);

/*----- pausing and resuming -----*/

/* False with errno where Xen can't be talked to. */
bool guests_open_xen(void);

/* False where there is no memory. */
bool guests_add(guest_list *guests, uint32_t domid,
                const uint8_t uuid[GUEST_UUID_LEN]);

/*
 * Pause g.  If it isn't paused by us then, why[] tells the reason.
 */
#define GUEST_WHY_LEN 256
bool guest_pause(guest *g, char why[GUEST_WHY_LEN]);

/*
 * Undo all our pauses, each once.  Returns how many unpauses that took,
 * or -1 if some guest is still paused by us; why[] then tells of the last.
 */
int guests_resume(guest_list *guests, char why[GUEST_WHY_LEN]);

/*----- the journal -----*/

void journal_set_path(const char *path);
/* False with errno. */
bool journal_pausing(const guest *g);
void journal_resumed(const guest *g);
/*
 * Add all guests that the journal leaves open, as paused by us.  False if
 * it can't be read or makes no sense, with the reason in why[].
 */
bool journal_read(guest_list *guests, char why[GUEST_WHY_LEN]);
void journal_remove(void);

/* "DOMID UUID" at the start of text, up to the end of the text. */
bool parse_guest(const char *text, uint32_t *domid_r,
                 uint8_t uuid_r[GUEST_UUID_LEN]);

#endif /* LIBXL_LIVEPATCH_PAUSER_GUESTS_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
