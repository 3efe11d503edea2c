/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What libxl and the program libxl-livepatch-pauser agree on.
 */

#ifndef LIBXL_LIVEPATCH_PAUSER_H
#define LIBXL_LIVEPATCH_PAUSER_H

/*
 * The command line
 *
 *   libxl-livepatch-pauser LOCK_FD MAX_PAUSE_MS JOURNAL
 *
 *   LOCK_FD       an open descriptor, kept until the pauser exits; with it
 *                 goes the host's lock
 *   MAX_PAUSE_MS  milliseconds after which guests are resumed in any case
 *   JOURNAL       path of the journal, LIVEPATCH_PAUSE_JOURNAL
 *
 * The conversation, on the pauser's stdin and stdout
 *
 * Lines of less than LIVEPATCH_PAUSER_LINE bytes with their newline;
 * numbers are decimal, a UUID is 32 hexadecimal digits.  The pauser says
 * nothing unless it is due:
 *
 *   pauser  ready N               N guests that a dead pauser had left
 *                                 paused are resumed
 *   libxl   pause DOMID UUID      any number of these, then
 *           go
 *   pauser  paused DOMID          or
 *           left DOMID WHY        for each in the same order, then
 *           done
 *   libxl   resume
 *   pauser  resumed DOMID US      for each that it paused, in the same
 *                                 order, with the microseconds; then
 *           done                  or, where MAX_PAUSE_MS had passed before
 *           expired
 *
 * and again from "pause".  Instead of any line the pauser may say
 *
 *           failed WHY
 *
 * and exit.  When its stdin ends, or upon SIGTERM, it resumes whatever it
 * paused, and exits.  The status is 0 if no guest is left paused by it.
 */
#define LIVEPATCH_PAUSER_LINE 512

/*
 * Guests that a pauser has paused, or is about to.  It is written under
 * the host's lock, by the pauser alone, a line each:
 *
 *   pausing DOMID UUID            before the pause
 *   resumed DOMID UUID            after its end
 *
 * and removed when no guest is left paused.  XEN_RUN_DIR does not outlive
 * the hypervisor, and nor does a pause.
 */
#define LIVEPATCH_PAUSE_JOURNAL XEN_RUN_DIR "/livepatch-paused"

#endif /* LIBXL_LIVEPATCH_PAUSER_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
