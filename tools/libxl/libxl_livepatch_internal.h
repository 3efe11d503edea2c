/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of libxl's live patching share.
 *
 *   libxl_livepatch.c           the public calls that don't wait
 *   libxl_livepatch_sysctl.c    the sub-operations of the hypervisor
 *   libxl_livepatch_report.c    reading the hypervisor's report
 *   libxl_livepatch_obstacle.c  what it says was in the way, in words
 *   libxl_livepatch_judgement.c what libxenlivepatch finds in a payload
 *   libxl_livepatch_result.c    filling in what all results begin with
 *   libxl_livepatch_words.c     what people are told about each reason
 *   libxl_livepatch_timer.c     waiting, also after an abort
 *   libxl_livepatch_lock.c      the host-wide lock
 *   libxl_livepatch_console.c   what Xen said meanwhile
 *   libxl_livepatch_record.c    what is known and intended, in a file
 *   libxl_livepatch_pause.c     guests paused through the pauser process
 *   libxl_livepatch_suspect.c   which guests to pause first
 *   libxl_livepatch_names.c     what xenstore says of domains, if it does
 *   libxl_livepatch_call.c      what all calls that change something share
 *   libxl_livepatch_status.c    what is not as intended
 *   libxl_livepatch_blockers.c  what would be in the way now
 *   libxl_livepatch_action.c    one action, attempted until it is done
 *   libxl_livepatch_transaction.c  steps, all of them or none
 *   libxl_livepatch_restore.c   undoing, until the host is as before
 *   libxl_livepatch_plan.c      what apply and replace are going to do
 *   libxl_livepatch_apply.c     apply and replace
 *   libxl_livepatch_revert.c    revert and unload
 *   libxl_livepatch_install.c   installing and uninstalling
 *   libxl_livepatch_reinstate.c what boot does: all that is installed
 *   libxl_livepatch_chain.c     which of that, and in which order
 *   libxl_livepatch_installed.c the folders of what is installed
 *   libxl_livepatch_boot.c      what crashed the host isn't tried again
 *   libxl_livepatch_bootable.c  the Xens that this host can boot
 *   libxl_livepatch_grub.c      which of them it starts by default
 *   libxl_livepatch_prune.c     what is installed for those that are gone
 *   libxl_livepatch_pauser.c    the program that owns the pauses
 */

#ifndef LIBXL_LIVEPATCH_INTERNAL_H
#define LIBXL_LIVEPATCH_INTERNAL_H

#include <xenlivepatch.h>

#include "libxl_internal.h"
#include "libxl_livepatch_pauser.h"
#include "libxl_livepatch_words.h"

/* To another owner. */
#define MOVE(to, from) ((to) = (from), (from) = 0)

typedef struct libxl__livepatch_call libxl__livepatch_call;
typedef struct libxl__livepatch_transaction libxl__livepatch_transaction;

/*----- what people are told (libxl_livepatch_words.c) -----*/

typedef struct {
    libxl_livepatch_reason reason;
    const char *message;        /* what it means, after a colon */
    const char *advice;         /* what to do about it, or NULL */
} libxl__livepatch_words;

/* Never NULL; its members are where there is nothing to say. */
_hidden const libxl__livepatch_words *
libxl__livepatch_words_for(libxl_livepatch_reason reason);

/*----- filling in a result (libxl_livepatch_result.c) -----*/

/* A pointer to any result is one to the head that they all begin with. */
typedef union {
    libxl_livepatch_head *head;
    libxl_livepatch_result *result;
    libxl_livepatch_listing *listing;
    libxl_livepatch_details *details;
    libxl_livepatch_verdict *verdict;
    libxl_livepatch_condition *condition;
    libxl_livepatch_obstacles *obstacles;
} libxl__livepatch_any __attribute__((transparent_union));

/*
 * State how the call ended.  The first statement stands, except that
 * STRANDED replaces any other.  Where advice is NULL it is that for the
 * reason; other advice is from libxl_livepatch_words.h.  Returns
 * ERROR_INVAL, as there is nothing left for the call to do.
 */
_hidden int libxl__livepatch_conclude(libxl__gc *gc,
                                      libxl__livepatch_any result,
                                      libxl_livepatch_outcome outcome,
                                      libxl_livepatch_reason reason,
                                      const char *advice,
                                      const char *fmt, ...)
                                      PRINTF_ATTRIBUTE(6, 7);
/* outcome is DONE, ALREADY or PLANNED, which have no reason. */
#define libxl__livepatch_succeed(gc, result, outcome, ...)              \
    libxl__livepatch_conclude(gc, result, outcome,                      \
                              LIBXL_LIVEPATCH_REASON_NONE, NULL,        \
                              __VA_ARGS__)
#define libxl__livepatch_refuse(gc, result, reason, advice, ...)        \
    libxl__livepatch_conclude(gc, result,                               \
                              LIBXL_LIVEPATCH_OUTCOME_FAILED,           \
                              reason, advice, __VA_ARGS__)
/* A call that has succeeded has done something more. */
_hidden void
libxl__livepatch_complete_message(libxl__gc *gc,
                                  libxl__livepatch_any result,
                                  libxl_livepatch_outcome outcome,
                                  const char *text);
/*
 * As libxl__livepatch_parse_name; returns ERROR_INVAL when the call has
 * been concluded.
 */
_hidden int libxl__livepatch_take_name(libxl__gc *gc,
                                       libxl__livepatch_any result,
                                       const char *text,
                                       const char **name_r);
_hidden void libxl__livepatch_warn(libxl__gc *gc,
                                   libxl__livepatch_any result,
                                   const char *fmt, ...)
                                   PRINTF_ATTRIBUTE(3, 4);
_hidden void libxl__livepatch_append(libxl__gc *gc,
                                     libxl_string_list *list,
                                     const char *text);
/*
 * What libxenlivepatch has malloc'd, now gc's, or the caller's with NOGC;
 * it doesn't return if that failed.
 */
_hidden void *libxl__livepatch_owned(libxl__gc *gc, void *ptr);
/* A name, or another string that may have any bytes, as text. */
_hidden char *libxl__livepatch_text(libxl__gc *gc, const char *string);
/* The libxl error code for a finished result: see libxl_livepatch.h. */
_hidden int libxl__livepatch_outcome_rc(libxl__livepatch_any result);
/* Conclude with what a failing hypercall means.  r is a negative errno. */
_hidden void libxl__livepatch_conclude_errno(libxl__gc *gc,
                                             libxl__livepatch_any result,
                                             int r, const char *what);

/*----- payload files (libxl_livepatch_judgement.c) -----*/

/*
 * These stand free of a libxl context, as libxenlivepatch does.
 *
 * Split metadata, NUL-terminated key=value strings, into md_r, and what
 * they say to be fixed into fixes_r.  Returns 0 or ENOMEM.
 */
_hidden int
libxl__livepatch_split_metadata(const char *bytes, size_t len,
                                libxl_livepatch_metadata **md_r,
                                int *num_r,
                                libxl_string_list *fixes_r);

typedef struct {
    void *data;                 /* malloc'd */
    size_t size;
} libxl__livepatch_image;

/*
 * Read the file at path once.  On failure returns false with a finding in
 * judgement.  Both add to what findings the judgement has.
 */
_hidden bool libxl__livepatch_read(const char *path,
                                   libxl__livepatch_image *image_r,
                                   libxl_livepatch_judgement *judgement);

/*
 * Judge the image against the engines' rules, and against criteria where
 * these are set (NULL: none).  *force_io (NULL: false) says whether what
 * an engine would take is to be no more than a warning, and then whether
 * that was needed.  Fills in everything but file and name.  Returns 0,
 * ERROR_NOMEM, or ERROR_INVAL if criteria can't be used, with a finding
 * that says so.  Whether the payload is good is judgement->acceptable.
 */
_hidden int
libxl__livepatch_judge(const libxl__livepatch_image *image,
                       const libxl_livepatch_criteria *criteria,
                       bool *force_io,
                       libxl_livepatch_judgement *judgement);

/* Why it is not acceptable; NULL if it is. */
_hidden const libxl_livepatch_finding *
libxl__livepatch_first_error(const libxl_livepatch_judgement *judgement);

/*----- the hypervisor's sub-operations (libxl_livepatch_sysctl.c) -----*/

/*
 * A name is what the hypervisor has, 1 to 127 bytes of any value but zero,
 * and a NUL; see libxl__livepatch_gc_text for what people see.
 */

/* A payload as the hypervisor lists it. */
typedef struct {
    const char *name;
    uint32_t state;             /* LIVEPATCH_STATE_* */
    int rc;                     /* 0 or -XEN_E... */
    char *metadata;
    size_t metadata_len;
} libxl__livepatch_entry;

typedef struct {
    libxl__livepatch_entry *entries;    /* in order of upload */
    int num;
    uint32_t version;           /* counts uploads and unloads */
} libxl__livepatch_set;

/* All return 0, or a negative errno of the hypercall. */
_hidden int libxl__livepatch_upload(libxl__gc *gc, const char *name,
                                    const libxl__livepatch_image *image);
_hidden int libxl__livepatch_get(libxl__gc *gc, const char *name,
                                 uint32_t *state_r, int *rc_r);
/* flags are LIVEPATCH_ACTION_*; timeout_us 0: the engine's own */
_hidden int libxl__livepatch_do(libxl__gc *gc, const char *name,
                                libxl_livepatch_operation op,
                                uint32_t timeout_us, uint32_t flags);
/* Asks for no action: -EBUSY if one on the payload is in flight. */
_hidden int libxl__livepatch_probe(libxl__gc *gc, const char *name);
/* Returns ERROR_FAIL when the call has been concluded. */
_hidden int libxl__livepatch_get_set(libxl__gc *gc,
                                     libxl__livepatch_any result,
                                     libxl__livepatch_set *set_r);

static inline libxl_livepatch_state libxl__livepatch_state(uint32_t state)
{
    switch (state) {
    case LIVEPATCH_STATE_CHECKED: return LIBXL_LIVEPATCH_STATE_CHECKED;
    case LIVEPATCH_STATE_APPLIED: return LIBXL_LIVEPATCH_STATE_APPLIED;
    default:                      return LIBXL_LIVEPATCH_STATE_UNKNOWN;
    }
}

/* Whether the hypervisor reports; stock ones don't. */
_hidden bool libxl__livepatch_reports(libxl__gc *gc);
/*
 * The bytes of its report on the payload, or, where name is NULL, on what
 * about says, LIVEPATCH_REPORT_ABOUT_*; from gc.
 */
_hidden int
libxl__livepatch_fetch_report(libxl__gc *gc, const char *name,
                              uint32_t about, void **bytes_r,
                              size_t *size_r);
/* Begin a rehearsal; what becomes of it is reported. */
_hidden int libxl__livepatch_rehearse(libxl__gc *gc, uint32_t timeout_us);

/* The entry of that name, or NULL. */
_hidden libxl__livepatch_entry *
libxl__livepatch_find_entry(const libxl__livepatch_set *set,
                            const char *name);

/*
 * The hypervisor's name from text; ERROR_INVAL if it is malformed or does
 * not fit.  Allocated from gc.
 */
_hidden int libxl__livepatch_parse_name(libxl__gc *gc, const char *text,
                                        const char **name_r);

/*----- the hypervisor's report (libxl_livepatch_report.c) -----*/

/*
 * Fill in report, which has been initialised, from any bytes.  Returns 0,
 * EBADMSG where they are no report, or ENOMEM; then report may be half
 * filled in.  Stands free of a libxl context, and leaves the names of
 * domains out.
 *
 * The hypervisor counts time from its boot.  *boot_us_io is when that was,
 * in microseconds since the epoch, or 0, and is then found: with the same
 * boot for several reports their times can be compared.
 */
_hidden int libxl__livepatch_parse_report(const void *bytes, size_t size,
                                          uint64_t *boot_us_io,
                                          libxl_livepatch_report *report);

/*----- what was in the way (libxl_livepatch_obstacle.c) -----*/

/* What is known of the hypervisor's reports in one call. */
typedef struct {
    bool available;
    uint64_t boot_us;           /* see libxl__livepatch_parse_report */
} libxl__livepatch_reporter;

/* Once in every call. */
_hidden void libxl__livepatch_reporter_init(libxl__gc *gc,
                                    libxl__livepatch_reporter *lpr);
/*
 * The report on a payload, or where name is NULL on what about says, the
 * last failed upload or rehearsal: LIVEPATCH_REPORT_ABOUT_*.  0, or a
 * negative errno: then report_r is as new.
 */
_hidden int libxl__livepatch_get_report(libxl__gc *gc,
                                    libxl__livepatch_reporter *lpr,
                                    const char *name, uint32_t about,
                                    libxl_livepatch_report *report_r);
/*
 * Why the upload of name failed with the negative errno r, in the
 * hypervisor's words, and *reason_r; NULL if these are not to be had.
 */
_hidden const char *
libxl__livepatch_upload_failure(libxl__gc *gc,
                                libxl__livepatch_reporter *lpr,
                                const char *name, int r,
                                libxl_livepatch_reason *reason_r);
/*
 * Move to the attempt what a report on its payload tells of it; returns
 * whether there was one.  *culprit_r, from gc, is the other payload that
 * is to blame, or NULL.
 */
_hidden bool
libxl__livepatch_explain_attempt(libxl__gc *gc,
                                 libxl__livepatch_reporter *lpr,
                                 const char *name,
                                 libxl_livepatch_attempt *attempt,
                                 const char **culprit_r);
/*
 * What kept the attempt from success, in words for people that go on after
 * a colon; NULL if that was not reported.
 */
_hidden const char *
libxl__livepatch_obstacle(libxl__gc *gc,
                          const libxl_livepatch_attempt *attempt);

/*----- a timer (libxl_livepatch_timer.c) -----*/

/*
 * A libxl__ev_time that goes on when the ao is aborted, since it is also
 * needed for undoing what the aborted operation did.
 */
typedef struct libxl__livepatch_timer libxl__livepatch_timer;
struct libxl__livepatch_timer {
    /* to be filled in by the user */
    void (*callback)(libxl__egc *egc, libxl__livepatch_timer *lpt);
    /* private */
    libxl__ev_time ev;
};

_hidden void libxl__livepatch_timer_init(libxl__livepatch_timer *lpt);
/*
 * Microseconds, rounded up to milliseconds.  May be called again and
 * again; the earlier time is then forgotten.
 */
_hidden int libxl__livepatch_timer_set(libxl__gc *gc,
                                       libxl__livepatch_timer *lpt,
                                       uint64_t us);
/*
 * The same, but it can't fail: without a timer it sleeps.  If abortable,
 * and the ao is or gets aborted, the callback comes at once.
 */
_hidden void libxl__livepatch_wait(libxl__egc *egc, libxl__ao *ao,
                                   libxl__livepatch_timer *lpt,
                                   uint64_t us, bool abortable);
/* Idempotent. */
_hidden void libxl__livepatch_timer_dispose(libxl__gc *gc,
                                            libxl__livepatch_timer *lpt);

/*
 * Microseconds of a clock that only goes forward, on all processes alike.
 */
_hidden uint64_t libxl__livepatch_now_us(void);
/* Microseconds since the epoch. */
_hidden uint64_t libxl__livepatch_epoch_us(void);

/*----- the host-wide lock (libxl_livepatch_lock.c) -----*/

typedef struct libxl__livepatch_lock libxl__livepatch_lock;
struct libxl__livepatch_lock {
    /* to be filled in by the user */
    libxl__ao *ao;
    libxl__livepatch_any result;
    uint64_t wait_us;
    /* rc is 0, or an error when the result has been concluded: another
     * has it (holder then tells who, or is 0), an abort, or its file */
    void (*callback)(libxl__egc *egc, libxl__livepatch_lock *lpl, int rc);
    /* shared */
    pid_t holder;
    /*
     * When the last action of any call ended, on the clock of
     * libxl__livepatch_now_us; kept in the lock's file, for what the next
     * one must keep its distance from.
     */
    uint64_t last_action_us;
    uint64_t last_failure_us;
    /* private */
    libxl__carefd *cfd;
    libxl__livepatch_timer timer;
    uint64_t deadline_us;
    bool warned;                /* that its file can't be written */
};

_hidden void libxl__livepatch_lock_init(libxl__livepatch_lock *lpl);
_hidden void libxl__livepatch_lock_take(libxl__egc *egc,
                                        libxl__livepatch_lock *lpl);
/*
 * Whether somebody has it: his number, -1 if he doesn't tell it, else 0.
 * Doesn't take it.
 */
_hidden pid_t libxl__livepatch_lock_holder(libxl__gc *gc);
/* While the lock is held. */
_hidden int libxl__livepatch_lock_fd(const libxl__livepatch_lock *lpl);
/* Make the times known to the next call; failure to do so is harmless. */
_hidden void libxl__livepatch_lock_note(libxl__gc *gc,
                                        libxl__livepatch_lock *lpl);
/* Idempotent, in any state. */
_hidden void libxl__livepatch_lock_dispose(libxl__gc *gc,
                                           libxl__livepatch_lock *lpl);

/*----- what Xen said meanwhile (libxl_livepatch_console.c) -----*/

/* A place in the hypervisor's console ring. */
typedef struct {
    bool valid;
    uint32_t index;
} libxl__livepatch_mark;

_hidden void libxl__livepatch_console_mark(libxl__gc *gc,
                                           libxl__livepatch_mark *mark_r);
/*
 * The lines that the hypervisor printed since mark, as text, a NULL after
 * the last; allocated from gc.  Never fails; there may be none.
 */
_hidden char **libxl__livepatch_console_since(libxl__gc *gc,
                                    const libxl__livepatch_mark *mark);
/*
 * What the hypervisor's words give as the reason; NONE if nothing.  The
 * line that tells it goes to *line_r, unless that is NULL.
 */
_hidden libxl_livepatch_reason
libxl__livepatch_console_reason(char *const *lines, const char **line_r);
/* The domain that a line names for its active waitqueue. */
_hidden bool libxl__livepatch_console_waiter(char *const *lines,
                                             uint32_t *domid_r);

/*----- what is known and intended (libxl_livepatch_record.c) -----*/

/* What is known of payloads beyond what the hypervisor tells. */
typedef struct {
    libxl_livepatch_payload *payloads;
    int num;
    uint32_t version;           /* of the set that they were */
    int slack;                  /* unloads of a killed call, at most */
} libxl__livepatch_known;

typedef enum {
    LIVEPATCH_ABSENT,
    LIVEPATCH_LOADED,           /* not patching anything */
    LIVEPATCH_APPLIED,
} libxl__livepatch_presence;

/* A payload that a transaction is about. */
typedef struct {
    const char *name;
    libxl_livepatch_payload payload;    /* what is known of it */
    libxl__livepatch_presence before, wanted;
    libxl__livepatch_image image;       /* its file, if it is at hand */
    bool anew;          /* can't be applied again but by loading it anew */
    /* What was done, or at least begun: */
    bool unloaded;
    bool uploaded;
    bool applied;
    bool reloaded;      /* to put it back */
    bool in_flight;     /* an action on it that was not seen to end */
    bool settled;       /* by another tool, as it was wanted */
    int tried;          /* in this round of putting things back */
    int verdicts;       /* refusals that will not change */
} libxl__livepatch_item;

/*
 * The file that a payload came from, if it is still the same; false if it
 * can't be had.  The image is from gc.  (libxl_livepatch_plan.c)
 */
_hidden bool libxl__livepatch_read_again(libxl__gc *gc,
                                    const libxl_livepatch_payload *payload,
                                    libxl__livepatch_image *image_r);

/* In the order of the stack: what is to go, then what is to come. */
typedef struct {
    libxl_livepatch_operation operation;        /* UNKNOWN: none */
    libxl__livepatch_item *items;
    int num;
} libxl__livepatch_intent;

typedef struct {
    libxl__livepatch_known known;
    libxl__livepatch_intent intent;
    libxl_livepatch_totals totals;
} libxl__livepatch_notes;

/*
 * Read what calls have left.  0, or a negative errno with notes_r empty:
 * -EBADMSG where the file makes no sense.
 */
_hidden int libxl__livepatch_notes_load(libxl__gc *gc,
                                        libxl__livepatch_notes *notes_r);
/* Under the host's lock only.  Synced.  0 or a negative errno. */
_hidden int libxl__livepatch_notes_store(libxl__gc *gc,
                                    const libxl__livepatch_notes *notes);
_hidden void libxl__livepatch_notes_dispose(libxl__livepatch_notes *notes);
_hidden void
libxl__livepatch_intent_dispose(libxl__livepatch_intent *intent);

/*
 * A payload for each entry of set in the same order, malloc'd: the
 * hypervisor's words, its reports if it has them, and what is known and
 * still holds.
 */
_hidden libxl_livepatch_payload *
libxl__livepatch_describe(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                          const libxl__livepatch_known *known,
                          const libxl__livepatch_set *set);
/* That is now what is known. */
_hidden void
libxl__livepatch_known_set(libxl__gc *gc,
                           libxl__livepatch_known *known,
                           const libxl__livepatch_set *set,
                           const libxl_livepatch_payload *payloads);
/* That the payload is as a killed call has noted it. */
_hidden void libxl__livepatch_known_adopt(libxl__gc *gc,
                                    libxl__livepatch_known *known,
                                    const libxl_livepatch_payload *payload,
                                    bool applied);
/* To be told of all that we do ourselves, so that the rest is others'. */
_hidden void
libxl__livepatch_known_uploaded(libxl__gc *gc,
                                libxl__livepatch_known *known,
                                const libxl_livepatch_payload *payload);
_hidden void libxl__livepatch_known_unloaded(libxl__livepatch_known *known,
                                             const char *name);
_hidden void libxl__livepatch_known_applied(libxl__livepatch_known *known,
                                            const char *name,
                                            bool applied);

/* Copies payload; the rest of the item is zero. */
_hidden libxl__livepatch_item *
libxl__livepatch_add_item(libxl__gc *gc, libxl__livepatch_intent *intent,
                          const libxl_livepatch_payload *payload);

static inline bool libxl__livepatch_same_id(const char *a, const char *b)
    { return a && b && !strcasecmp(a, b); }

/*----- what xenstore says of domains (libxl_livepatch_names.c) -----*/

/* A connection on which nothing waits for longer than about a second. */
typedef struct {
    /* private */
    libxl__carefd *cfd;
    bool is_socket;
    uint64_t deadline_us;       /* 0: it was not needed so far */
} libxl__livepatch_store;

_hidden void libxl__livepatch_store_init(libxl__livepatch_store *lps);
/* Idempotent. */
_hidden void libxl__livepatch_store_dispose(libxl__livepatch_store *lps);

/*
 * The domain's name as text, malloc'd, or NULL.  Both of these take about
 * a second at the most where xenstore doesn't answer, and after that no
 * time for a while.
 */
_hidden char *libxl__livepatch_domain_name(libxl__gc *gc, uint32_t domid);
/*
 * Whether the toolstack is about to suspend the guest, or has received it
 * only just now: the names are those that xl migrate gives.
 */
_hidden bool libxl__livepatch_is_migrating(libxl__gc *gc,
                                           libxl__livepatch_store *lps,
                                           uint32_t domid);

/*----- which guests to pause (libxl_livepatch_suspect.c) -----*/

/* A guest to be paused, and what became of it. */
typedef struct {
    uint32_t domid;
    uint8_t uuid[16];           /* the domain with another one is not it */
    bool paused;                /* it was paused by us */
    uint64_t paused_us;         /* from standing still to being resumed */
} libxl__livepatch_guest;

/* How much domains had run at some time. */
typedef struct {
    xc_domaininfo_t *domains;
    int num;
    uint64_t taken_us;          /* by libxl__livepatch_now_us */
} libxl__livepatch_sample;

_hidden int
libxl__livepatch_sample_usage(libxl__gc *gc,
                              libxl__livepatch_sample *sample_r);

/* The UUIDs of domains, from gc; of one that is not there a nil one. */
_hidden int libxl__livepatch_resolve_domains(libxl__gc *gc,
                                             const libxl_domid *domids,
                                             int num,
                                             libxl_uuid **uuids_r);

/*
 * The guests that the call may pause, the likeliest culprit first: those
 * being migrated, then by CPU time used since the sample (which may be
 * empty).  *likely_r of them are worth trying first, *num_r there are in
 * all.
 */
_hidden int
libxl__livepatch_suspects(libxl__gc *gc,
                          const libxl__livepatch_call *lpc,
                          const libxl__livepatch_sample *before,
                          libxl__livepatch_guest **guests_r,
                          int *num_r, int *likely_r);

/*
 * The guests that the call may pause among those which the hypervisor
 * named for being late in the attempt, after those that *guests_io has
 * already.
 */
_hidden int libxl__livepatch_named(libxl__gc *gc,
                                   const libxl__livepatch_call *lpc,
                                   const libxl_livepatch_attempt *attempt,
                                   libxl__livepatch_guest **guests_io,
                                   int *num_io);

/*
 * Guests that may be in the way, the likeliest first: those that are being
 * migrated, and those that ran for most of the time since the sample.
 */
_hidden int libxl__livepatch_guess(libxl__gc *gc,
                                   const libxl__livepatch_sample *before,
                                   libxl_livepatch_suspect **suspects_r,
                                   int *num_r);

/*----- guests paused through the pauser (libxl_livepatch_pause.c) -----*/

typedef struct libxl__livepatch_pauser libxl__livepatch_pauser;
typedef void libxl__livepatch_pauser_callback(libxl__egc *egc,
                                              libxl__livepatch_pauser *lpp,
                                              int rc);

/*
 * The guests of one attempt, paused by one child process,
 * libxl-livepatch-pauser, which alone pauses and resumes guests; see
 * libxl_livepatch_pauser.c for its side.
 *
 *   start -callback(0)-> the guests stand still -end-> callback
 *
 * start    callback(rc) once: with 0 if all stand still that could be
 *          paused, and end has to be called then; or with an error when
 *          all is over, no guest being paused by us
 * end      callback(rc) when the guests run again and the process is gone.
 *          guests[] tells who was paused and for how long, expired whether
 *          the time had come before; with an error the pauser was killed
 *          or did not answer, and of some guests it isn't told
 * recover  nobody is paused; callback(rc) when those are resumed whom a
 *          killed pauser left paused
 *
 * Each of them begins with what recover does, and if the child dies
 * another one resumes the guests at once.  Only if
 * libxl__livepatch_pauses_pending after an error some guest could not be
 * resumed.  All that people should know is a warning of the result then;
 * so is why a guest was not paused. callback may be called before a call
 * here returns.
 */
struct libxl__livepatch_pauser {
    /* to be filled in by the user */
    libxl__ao *ao;
    libxl_livepatch_result *result;     /* for warnings */
    int lock_fd;                /* inherited by the child, which so keeps
                                 * the host's lock until all guests run */
    uint32_t max_pause_ms;
    libxl__livepatch_guest *guests;     /* to be kept until the end */
    int num_guests;
    libxl__livepatch_pauser_callback *callback;
    void *user;
    /* shared */
    bool expired;
    /* private */
    int rc;
    bool standing;              /* the guests; the user was told */
    bool ending;                /* the user has called end */
    bool recovering;            /* about a dead pauser's guests alone */
    bool done;                  /* the child has said its last word */
    bool gone;                  /* there is no child any more */
    libxl__ev_child child;
    libxl__carefd *cfd;         /* our end of the line to it */
    libxl__ev_fd efd;
    libxl__livepatch_timer guard;
    char line[LIVEPATCH_PAUSER_LINE];
    size_t line_len;
};

_hidden void libxl__livepatch_pauser_init(libxl__livepatch_pauser *lpp);
_hidden void libxl__livepatch_pauser_start(libxl__egc *egc,
                                           libxl__livepatch_pauser *lpp);
_hidden void libxl__livepatch_pauser_end(libxl__egc *egc,
                                         libxl__livepatch_pauser *lpp);
_hidden void libxl__livepatch_pauser_recover(libxl__egc *egc,
                                             libxl__livepatch_pauser *lpp);

/*
 * Whether a dead pauser left guests behind that a new one has to resume.
 */
_hidden bool libxl__livepatch_pauses_pending(libxl__gc *gc);

/*
 * The running hypervisor's build-id in hexadecimal, malloc'd; NULL if it
 * has none or there is no hypervisor.  (libxl_livepatch.c)
 */
_hidden char *libxl__livepatch_xen_build_id(libxl__gc *gc);

/*
 * Put all payloads, or the one that is called name, into a result that
 * begins as a listing does; and the build-id of the hypervisor.  Returns
 * ERROR_FAIL when the call has been concluded.  (libxl_livepatch.c)
 */
_hidden int
libxl__livepatch_get_payloads(libxl__gc *gc, libxl__livepatch_any result,
                              libxl__livepatch_reporter *lpr,
                              const libxl__livepatch_known *known,
                              const char *name);

/*----- a call that changes something (libxl_livepatch_call.c) -----*/

/* Returns ERROR_INVAL when the call has been concluded. */
_hidden int libxl__livepatch_check_timeout(libxl__gc *gc,
                                           libxl__livepatch_any result,
                                           uint32_t timeout_us);

struct libxl__livepatch_call {
    /* to be filled in by the user */
    libxl__ao *ao;
    libxl_livepatch_result *result;
    /* the lock is held, set and payloads tell what is loaded */
    void (*begun)(libxl__egc *egc, libxl__livepatch_call *lpc);
    /* set and payloads are those at the end, for the result.  May be
     * NULL. */
    void (*describe)(libxl__gc *gc, libxl__livepatch_call *lpc);
    /* shared */
    libxl_livepatch_params params;      /* with defaults filled in */
    /* The domains of params by UUID, as a number may be used again. */
    libxl_uuid *listed;
    libxl_uuid *excluded;
    libxl_asyncprogress_how aop_attempts;
    uint64_t start_us;
    libxl__livepatch_lock lock;
    libxl__livepatch_pauser pauser;
    libxl__livepatch_reporter reporter;
    bool told;                  /* a report said why: no need to guess */
    libxl__livepatch_mark console;      /* when the call began */
    libxl__livepatch_mark seen;         /* what came before is told */
    libxl__livepatch_set set;           /* see libxl__livepatch_reload */
    libxl_livepatch_payload *payloads;  /* one for each entry of set */
    libxl__livepatch_notes notes;
    bool changed;               /* the hypervisor was handed something */
    bool undoing;               /* an abort can't stop this any more */
    uint64_t deadline_us;       /* no attempt begins later; 0: none */
    /* private */
    libxl__livepatch_transaction *recovery;
};

/* Whether it is about what is there after a boot as well. */
static inline bool
libxl__livepatch_is_lasting(libxl_livepatch_operation op)
    { return op == LIBXL_LIVEPATCH_OPERATION_INSTALL ||
             op == LIBXL_LIVEPATCH_OPERATION_UNINSTALL; }

/* Copies params (NULL: the defaults).  Never fails; begin does. */
_hidden void
libxl__livepatch_call_init(libxl__livepatch_call *lpc,
                           libxl__ao *ao,
                           libxl_livepatch_operation op,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result);
/* On failure the call is ended without begun having been called. */
_hidden void libxl__livepatch_call_begin(libxl__egc *egc,
                                         libxl__livepatch_call *lpc);
/*
 * Ask the hypervisor anew what is loaded; what is known of payloads stays
 * with those that are still there.  Returns ERROR_FAIL when the call has
 * been concluded, and then all is as it was.
 */
_hidden int libxl__livepatch_reload(libxl__gc *gc,
                                    libxl__livepatch_call *lpc);
/* The payload beside an entry of the call's set. */
static inline libxl_livepatch_payload *
libxl__livepatch_payload_of(const libxl__livepatch_call *lpc,
                            const libxl__livepatch_entry *entry)
    { return &lpc->payloads[entry - lpc->set.entries]; }
/* Add what is known of a payload to the call's result. */
_hidden void libxl__livepatch_show(libxl__gc *gc,
                                   libxl__livepatch_call *lpc,
                                   const libxl_livepatch_payload *payload);
/* Whether the call was aborted, and may still act on it. */
_hidden bool libxl__livepatch_call_aborted(libxl__livepatch_call *lpc);
/* Record, unlock, complete the ao.  The result has been concluded. */
_hidden void libxl__livepatch_call_end(libxl__egc *egc,
                                       libxl__livepatch_call *lpc);

/*----- one action, until it is done (libxl_livepatch_action.c) -----*/

typedef struct libxl__livepatch_action libxl__livepatch_action;
typedef void
libxl__livepatch_action_callback(libxl__egc *egc,
                                 libxl__livepatch_action *lpa);
struct libxl__livepatch_action {
    /* to be filled in by the user */
    libxl__livepatch_call *call;
    libxl__livepatch_item *item;        /* what it is about */
    libxl_livepatch_operation op;       /* one that is an action */
    bool rollback;
    libxl__livepatch_action_callback *callback;
    /*
     * shared: DONE, FAILED, BUSY, or STRANDED when it is still in flight
     */
    libxl_livepatch_outcome outcome;
    libxl_livepatch_reason reason;
    int rc;                             /* 0 or the hypervisor's -errno */
    /* private */
    int retries;                        /* attempts after the first */
    int num_tries;                      /* so many of them were made */
    uint64_t backoff_us;                /* before another series of them */
    bool silent;                        /* the hypervisor gave no reason */
    bool began;                         /* this attempt did */
    uint32_t timeout_us;
    libxl__livepatch_timer timer;
    libxl__livepatch_sample sample;
    bool reported;                      /* the hypervisor did, of it */
    const char *told;                   /* what it said was in the way */
    const char *culprit;                /* which payload is to blame */
    bool none_to_pause;                 /* no guest that may be paused */
    bool not_paused;                    /* who should have been was not */
    libxl__livepatch_guest *guests;
    int num_guests;
    int num_likely;
    int num_pausing;                    /* so many of guests this time */
    bool pauser_failed;
    libxl_livepatch_attempt attempt;
    uint64_t attempt_us;                /* when it began */
    uint64_t poll_us;
};

_hidden void libxl__livepatch_action_start(libxl__egc *egc,
                                           libxl__livepatch_action *lpa);
/* Why an action was not DONE, in people's words, from gc. */
_hidden const char *libxl__livepatch_action_error(libxl__gc *gc,
                                    const libxl__livepatch_action *lpa);
/* Conclude the call with what became of an action that is not DONE. */
_hidden void libxl__livepatch_conclude_action(libxl__gc *gc,
                                    const libxl__livepatch_action *lpa);

/*----- steps, all or none (libxl_livepatch_transaction.c) -----*/

typedef struct {
    libxl_livepatch_operation op;
    int item;                   /* of the intent */
    bool tidying;               /* no reason to undo the others */
} libxl__livepatch_step;

struct libxl__livepatch_transaction {
    /* to be filled in by the user, and the items of the call's intent */
    libxl__livepatch_call *call;
    libxl__livepatch_step *steps;
    int num_steps;
    /*
     * When all steps are done, or after one has failed and all were undone
     * as far as that was possible: then ok is false, and the call has been
     * concluded.
     */
    void (*callback)(libxl__egc *egc, libxl__livepatch_transaction *lptx,
                     bool ok);
    /* A tidying step was in vain; may be NULL. */
    void (*untidy)(libxl__gc *gc, libxl__livepatch_transaction *lptx,
                   const libxl__livepatch_action *lpa);
    /*
     * An upload was refused because something in it is loaded already;
     * true if other steps have been found, which are then taken.  May be
     * NULL.
     */
    bool (*collided)(libxl__gc *gc, libxl__livepatch_transaction *lptx);
    /* private */
    int next;
    libxl__livepatch_action action;
    uint64_t unpatched_us;      /* since then the old stack is gone */
    /* while things are put back: */
    bool recovering;            /* from a call that was killed */
    uint64_t give_up_us;
    bool was_aborted;           /* before that began */
    int round;
    uint64_t round_us;          /* before the next one */
    int undoing;                /* the kind of step */
    bool hope;                  /* for anything of what is left */
    libxl__livepatch_timer timer;
    const char *obstacle;       /* what failed last, in words */
};

/* Write down what is intended, and do it. */
_hidden void libxl__livepatch_transaction_run(libxl__egc *egc,
                                     libxl__livepatch_transaction *lptx);
_hidden void
libxl__livepatch_transaction_add(libxl__gc *gc,
                                 libxl__livepatch_transaction *lptx,
                                 libxl_livepatch_operation op, int item,
                                 bool tidying);
/* Begin an action on the item. */
_hidden void libxl__livepatch_act(libxl__egc *egc,
                                  libxl__livepatch_transaction *lptx,
                                  libxl__livepatch_item *item,
                                  libxl_livepatch_operation op,
                                  bool rollback,
                                  libxl__livepatch_action_callback *);
/* An upload of what the intent's item has; 0 or a negative errno. */
_hidden int libxl__livepatch_upload_item(libxl__gc *gc,
                                         libxl__livepatch_call *lpc,
                                         libxl__livepatch_item *item);
/* What was known of an item has come true; keeps notes in step. */
_hidden void libxl__livepatch_note_done(libxl__gc *gc,
                                        libxl__livepatch_call *lpc,
                                        libxl__livepatch_item *item,
                                        libxl_livepatch_operation op);

/* Conclude with what the negative errno of the item's upload means.
 * (libxl_livepatch_plan.c) */
_hidden void libxl__livepatch_conclude_upload(libxl__gc *gc,
                                    libxl__livepatch_call *lpc,
                                    const libxl__livepatch_item *item,
                                    int r);

/*----- undoing (libxl_livepatch_restore.c) -----*/

/* How long it is tried, microseconds. */
#define LIBXL__LIVEPATCH_RESTORE_US 180000000

/*
 * Bring all items of the intent back to what they were before; the old
 * stack first.  What fails is tried again, until give_up_us or an abort
 * that comes only now.  Concludes STRANDED if something is left, and then
 * the intent stays noted.
 */
_hidden void libxl__livepatch_restore(libxl__egc *egc,
                                      libxl__livepatch_transaction *lptx);
/*
 * What the items of another call's intent are is known, although it could
 * not tell any more, or not yet.
 */
_hidden void libxl__livepatch_adopt(libxl__gc *gc,
                                    libxl__livepatch_call *lpc);
/*
 * Finish or undo what a call has left that was killed, which the intent
 * tells; then callback.  Concludes nothing, but warns.
 */
_hidden void libxl__livepatch_recover(libxl__egc *egc,
                                      libxl__livepatch_transaction *lptx);

/* How an item is present; a negative errno if that can't be learnt. */
_hidden int libxl__livepatch_presence_of(libxl__gc *gc,
                                    const libxl__livepatch_item *item,
                                    libxl__livepatch_presence *presence_r);
/*
 * Whether all that the intent wanted to patch, and nothing that it wanted
 * gone, is applied; or a negative errno.
 */
_hidden int libxl__livepatch_is_reached(libxl__gc *gc,
                                    const libxl__livepatch_intent *intent);

#endif /* LIBXL_LIVEPATCH_INTERNAL_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
