/*
 * XEN_SYSCTL_LIVEPATCH_REPORT: all that the hypervisor knows of a payload, of
 * the last upload that failed, or of the last rehearsal.
 *
 * The buffer receives items, one after the other.  Each begins with its type
 * and its length and ends at a multiple of 8 bytes; readers pass over types
 * that they don't know, and over what is beyond the length that they know.
 * Texts are not terminated: they end where the item ends, and are followed by
 * the zeros that fill it up, which `size` does not count.
 *
 * -XEN_ENOENT: no such payload, or no upload failed, or nothing was rehearsed,
 * since boot.
 * -XEN_ENOBUFS: the buffer is too small; `size` says what is needed now.
 * A hypervisor without this sub-operation answers -XEN_EOPNOTSUPP.
 */
#define XEN_SYSCTL_LIVEPATCH_REPORT 256

struct xen_sysctl_livepatch_report {
    struct xen_livepatch_name name;         /* IN: name of the payload; with a
                                               size of 0, see `about`. */
    uint32_t size;                          /* IN: bytes in the buffer.
                                               OUT: bytes of the report. */
#define LIVEPATCH_REPORT_ABOUT_UPLOAD    0  /* The one that failed. */
#define LIVEPATCH_REPORT_ABOUT_REHEARSAL 1
    uint32_t about;                         /* IN: LIVEPATCH_REPORT_ABOUT_*;
                                               with a name, must be zero. */
    XEN_GUEST_HANDLE_64(uint8) buffer;      /* OUT: the items. */
};

struct xen_livepatch_report_item {
    uint16_t type;                          /* LIVEPATCH_REPORT_* */
    uint16_t pad;
    uint32_t size;                          /* Bytes, with this header, without
                                               what fills up to 8. */
};

/* Text: the name of the payload. */
#define LIVEPATCH_REPORT_NAME         1

/* Text: why the last upload or action failed.  Absent after a success. */
#define LIVEPATCH_REPORT_FAILURE      2

/* Bytes: the build-ids of the payload, of what it depends on, and of the
 * hypervisor that it was built for. */
#define LIVEPATCH_REPORT_BUILD_ID     3
#define LIVEPATCH_REPORT_DEPENDS      4
#define LIVEPATCH_REPORT_XEN_DEPENDS  5

#define LIVEPATCH_REPORT_STATUS       6
struct xen_livepatch_report_status {
    struct xen_livepatch_report_item item;
    uint32_t state;                         /* LIVEPATCH_STATE_*; 0: it is not
                                               loaded. */
    int32_t rc;                             /* -XEN_EAGAIN: in flight. */
    uint32_t users;                         /* Payloads that use its symbols. */
    uint32_t action;                        /* The last one, 0 if none:
                                               LIVEPATCH_ACTION_*. */
    uint32_t reason;                        /* Of the failure, 0 if none:
                                               LIVEPATCH_REASON_*. */
    uint32_t pad;
};

/* Why something was refused or failed.  Others may be added. */
#define LIVEPATCH_REASON_FORMAT       1     /* The payload, or the hypercall. */
#define LIVEPATCH_REASON_XEN_BUILD_ID 2     /* Built for another hypervisor. */
#define LIVEPATCH_REASON_DEPENDENCY   3     /* Another place in the stack. */
#define LIVEPATCH_REASON_SYMBOL       4     /* One that it needs isn't there. */
#define LIVEPATCH_REASON_COLLISION    5     /* A name, symbol, build-id or place
                                               is another's. */
#define LIVEPATCH_REASON_EXPECTATION  6     /* Other bytes are in memory. */
#define LIVEPATCH_REASON_HOOK         7     /* One failed, or forbids it. */
#define LIVEPATCH_REASON_STATE        8     /* It is applied. */
#define LIVEPATCH_REASON_NOT_ON_TOP   9     /* Another was applied after it. */
#define LIVEPATCH_REASON_IN_USE      10     /* Other payloads use it. */
#define LIVEPATCH_REASON_IN_FLIGHT   11     /* Another action, or a rehearsal. */
#define LIVEPATCH_REASON_QUIESCE     12     /* CPUs did not arrive. */
#define LIVEPATCH_REASON_WAITQUEUE   13     /* vCPUs sleep in the hypervisor. */
#define LIVEPATCH_REASON_MEMORY      14
#define LIVEPATCH_REASON_HYPERVISOR  15     /* It failed within itself. */
#define LIVEPATCH_REASON_SIGNATURE   16     /* It needs one of a known key. */

/* One for each function, followed by its name. */
#define LIVEPATCH_REPORT_FUNCTION     7
struct xen_livepatch_report_function {
    struct xen_livepatch_report_item item;
    uint64_t old_addr;
    uint64_t new_addr;                      /* 0: it is overwritten by NOPs. */
    uint32_t old_size;
    uint32_t new_size;
    uint32_t applied;
    uint32_t pad;
};

/* Which hooks there are. */
#define LIVEPATCH_REPORT_HOOKS        8
struct xen_livepatch_report_hooks {
    struct xen_livepatch_report_item item;
#define LIVEPATCH_REPORT_HOOK_PREAPPLY   (1u << 0)
#define LIVEPATCH_REPORT_HOOK_APPLY      (1u << 1)
#define LIVEPATCH_REPORT_HOOK_POSTAPPLY  (1u << 2)
#define LIVEPATCH_REPORT_HOOK_PREREVERT  (1u << 3)
#define LIVEPATCH_REPORT_HOOK_REVERT     (1u << 4)
#define LIVEPATCH_REPORT_HOOK_POSTREVERT (1u << 5)
    uint32_t single;                        /* LIVEPATCH_REPORT_HOOK_* */
    uint32_t load;                          /* How many of these. */
    uint32_t unload;
    uint32_t pad;
};

/* All in nanoseconds; 0: it did not happen. */
#define LIVEPATCH_REPORT_TIMES        9
struct xen_livepatch_report_times {
    struct xen_livepatch_report_item item;
    uint64_t now;                           /* Since boot, for comparison. */
    uint64_t uploaded;                      /* Since boot: end of the upload. */
    uint64_t upload;                        /* How long the upload took. */
    uint64_t finished;                      /* Since boot: end of the last
                                               action. */
    uint64_t arrival;                       /* How long until the last CPU had
                                               arrived, or was given up. */
    uint64_t stopped;                       /* From then until the release. */
    uint64_t patching;                      /* Of that, the change itself. */
    uint64_t stall;                         /* Longest time for which CPUs
                                               stood still, also in vain. */
    uint64_t attempts;                      /* To bring them together; not a
                                               time. */
};

/*
 * One for each CPU that had not arrived when the last action was given up,
 * followed by the name of the symbol it was in, if it was in the hypervisor.
 */
#define LIVEPATCH_REPORT_STRAGGLER   10
struct xen_livepatch_report_straggler {
    struct xen_livepatch_report_item item;
    uint32_t cpu;
    uint16_t domid;                         /* DOMID_IDLE: no guest. */
    uint16_t vcpu;
#define LIVEPATCH_REPORT_WHERE_UNKNOWN    0 /* It did not answer an NMI. */
#define LIVEPATCH_REPORT_WHERE_GUEST      1
#define LIVEPATCH_REPORT_WHERE_HYPERVISOR 2
    uint32_t where;
    uint32_t offset;                        /* From the symbol. */
    uint64_t ip;
};

/* One for each domain with a vCPU that sleeps inside the hypervisor, which is
 * why the last action was refused. */
#define LIVEPATCH_REPORT_WAITING     11
struct xen_livepatch_report_waiting {
    struct xen_livepatch_report_item item;
    uint16_t domid;
    uint16_t vcpu;
    uint32_t pad;
};

/* Text: the name of the payload whose hook it was or which is on top, where
 * the failure is another payload's doing. */
#define LIVEPATCH_REPORT_CULPRIT     12

/* Whether it is signed, followed by the name of the key that signed it, if the
 * hypervisor was built with that. */
#define LIVEPATCH_REPORT_SIGNATURE   13
struct xen_livepatch_report_signature {
    struct xen_livepatch_report_item item;
#define LIVEPATCH_REPORT_SIGNATURE_NONE    0 /* There is none. */
#define LIVEPATCH_REPORT_SIGNATURE_KNOWN   1 /* One of its keys made it. */
#define LIVEPATCH_REPORT_SIGNATURE_UNKNOWN 2 /* Another's, or none that is
                                                right. */
    uint32_t signature;                     /* LIVEPATCH_REPORT_SIGNATURE_* */
    uint32_t pad;
};

/*
 * XEN_SYSCTL_LIVEPATCH_REHEARSE: bring all CPUs together as an action does,
 * and let them go on with nothing changed.  0: it has begun.  The report on
 * it has rc -XEN_EAGAIN until it has ended, then 0 or why an action would
 * have failed, with those who were late or sleep; it takes the place of what
 * was known of these from the last action.
 *
 * -XEN_EBUSY: an action or a rehearsal is in flight, which goes on.
 * A hypervisor without this sub-operation answers -XEN_EOPNOTSUPP.
 */
#define XEN_SYSCTL_LIVEPATCH_REHEARSE 257

struct xen_sysctl_livepatch_rehearse {
    uint32_t timeout;                       /* IN: ns; 0: as for an action. */
    uint32_t pad;                           /* IN: must be zero. */
};

