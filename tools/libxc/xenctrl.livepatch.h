
/*
 * What the hypervisor tells of a payload beyond its state: why the last action
 * failed, functions, times, CPUs that were late.  All as items: see
 * XEN_SYSCTL_LIVEPATCH_REPORT in xen/sysctl.h.  With name NULL, it is on what
 * about says, LIVEPATCH_REPORT_ABOUT_*: the last upload that failed, or the
 * last rehearsal.
 *
 * *size is the buffer's size, and becomes that of the report.  Returns 0, or
 * -1 with errno set and the buffer as it was:
 *  ENOBUFS     the buffer is too small; *size is what is needed now
 *  ENOENT      no such payload, or none of what about says since boot
 *  EOPNOTSUPP  this hypervisor has no reports
 */
int xc_livepatch_report(xc_interface *xch, const char *name, uint32_t about,
                        void *buffer, uint32_t *size);

/*
 * Bring all CPUs together as for an action, and do nothing.  Returns 0 when
 * that has begun, or -1 with errno set; the outcome is reported.  timeout is in
 * nanoseconds, 0 for the hypervisor's own.
 */
int xc_livepatch_rehearse(xc_interface *xch, uint32_t timeout);
