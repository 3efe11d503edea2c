/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_TIME_H
#define HOSTED_XEN_TIME_H

#include <xen/types.h>

/* The pretended clock: see hosted.h. */
s_time_t get_s_time(void);
#define NOW()           get_s_time()
#define SECONDS(s)      ((s_time_t)(s) * 1000000000LL)
#define MILLISECS(ms)   ((s_time_t)(ms) * 1000000LL)
#define MICROSECS(us)   ((s_time_t)(us) * 1000LL)
#define STIME_MAX       INT64_MAX

#endif /* HOSTED_XEN_TIME_H */
