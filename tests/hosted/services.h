/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stand-ins have among themselves. */
#ifndef HOSTED_SERVICES_H
#define HOSTED_SERVICES_H

#include <xen/types.h>

#if defined(__SANITIZE_ADDRESS__)
# define HOSTED_ASAN
#elif defined(__has_feature)
# if __has_feature(address_sanitizer)
#  define HOSTED_ASAN
# endif
#endif

#ifdef HOSTED_ASAN
# include <sanitizer/asan_interface.h>
# define hosted_poison(p, size)   __asan_poison_memory_region(p, size)
# define hosted_unpoison(p, size) __asan_unpoison_memory_region(p, size)
#else
# define hosted_poison(p, size)   ((void)(p), (void)(size))
# define hosted_unpoison(p, size) ((void)(p), (void)(size))
#endif

/* The engine asked for something that Xen wouldn't have survived. */
void __attribute__((__noreturn__, __format__(__printf__, 1, 2)))
hosted_fail(const char *fmt, ...);

/* Called where the engine may only be with IRQs on. */
void hosted_assert_may_sleep(const char *what);

struct virtual_region;
void hosted_each_region(void (*fn)(const struct virtual_region *region,
                                   void *arg), void *arg);

/* Whether the hypervisor's text isn't what it was, and making it so. */
bool hosted_text_changed(void);
void hosted_restore_text(void);

void hosted_reset_memory(void);
void hosted_reset_guest(void);
void hosted_reset_symbols(void);
void hosted_reset_console(void);
void hosted_reset_cpus(void);
void hosted_reset_domains(void);

#endif /* HOSTED_SERVICES_H */
