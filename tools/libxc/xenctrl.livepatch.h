
/*
 * What the hypervisor tells of a payload beyond its state: why the last action
 * failed, functions, times, CPUs that were late.  All as items: see
 * XEN_SYSCTL_LIVEPATCH_REPORT in xen/sysctl.h.  With name NULL, it is about
 * the last upload that failed.
 *
 * *size is the buffer's size, and becomes that of the report.  Returns 0, or
 * -1 with errno set and the buffer as it was:
 *  ENOBUFS     the buffer is too small; *size is what is needed now
 *  ENOENT      no such payload, or no upload failed since boot
 *  EOPNOTSUPP  this hypervisor has no reports
 */
int xc_livepatch_report(xc_interface *xch, const char *name,
                        void *buffer, uint32_t *size);
