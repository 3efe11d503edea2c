/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pretended hypervisor that the engine runs in, as tests see it: what they
 * can set, provoke and ask.
 *
 * CPUs are coroutines of one thread, which run when hosted_run() is called and
 * change at cpu_relax(): everything happens in the same order every time.  A
 * test with threads for CPUs replaces the functions in hosted_cpus.
 */
#ifndef HOSTED_H
#define HOSTED_H

#include <xen/livepatch_payload.h>
#include <xen/sched.h>
#include <xen/version.h>

/* -- All of it ----------------------------------------------------------- */

/* Calls the engine's initcalls; once a process. */
void hosted_boot(void);

/* What the engine makes of NAME=VALUE on the command line. */
int hosted_param(const char *name, const char *value);

/*
 * For a test's setup and teardown: everything is as at boot.  Fails the test
 * if something was left behind: memory, mappings, regions, changed text.
 */
void hosted_reset(void);
void hosted_check_clean(void);

/* -- Memory: services_memory.c ------------------------------------------- */

/* Allocations of all kinds that aren't freed, but for those of the boot; and
 * all since the start. */
extern unsigned int hosted_allocated;
extern unsigned long hosted_allocations;

/* Pieces of the area for payloads that are in use. */
extern unsigned int hosted_blocks;

/* The n-th allocation from now fails, 1 being the next; 0: none does. */
void hosted_fail_allocation(unsigned long n);
/* Whether it has. */
bool hosted_allocation_failed(void);

/* The same for changes of permissions, and for temporary mappings. */
void hosted_fail_protect(unsigned long n);

/* Pages of vmap() that are mapped. */
extern unsigned int hosted_mapped;

/* What modify_xen_mappings() last made of the page at an address. */
unsigned int hosted_permission(const void *addr);
/* How often text was made writable for all: relax_virtual_region_perms(). */
extern unsigned int hosted_relaxed, hosted_tightened;
/* Whether it is now. */
extern bool hosted_is_relaxed;

/* -- Guest access: services_guest.c -------------------------------------- */

/* The n-th copy from now faults, 1 being the next; 0: none does. */
void hosted_fail_copy(unsigned long n);
/* Handles that guest_handle_okay() refuses. */
extern const void *hosted_bad_handle;
/* hypercall_preempt_check() says yes from its n-th call on; 0: never. */
extern unsigned long hosted_preempt_after;

/* -- Symbols and text: services_symbols.c, hypervisor.S ------------------ */

/* Each adds a symbol of the hypervisor, beside those of hypervisor.S. */
void hosted_add_symbol(const char *name, const void *addr, size_t size);
/* The same, unless it is there already. */
void hosted_add_symbol_once(const char *name, const void *addr, size_t size);
void hosted_remove_symbol(const char *name);

/* The address and size of a symbol; fails the test without one. */
void *hosted_symbol(const char *name);
size_t hosted_symbol_size(const char *name);

/* Calls it as the hypervisor would: int (*)(void). */
int hosted_call(const char *name);

/* Whether the end of functions is known, as from 4.21 on: as HOSTED_SYMBOLS in
 * the environment names that or 4.17, or else as the release has it. */
extern bool hosted_end_symbols;

/* How many regions are registered, beside the hypervisor's own. */
extern unsigned int hosted_regions;

/* The build-id: 20 bytes of 0x22, until it is changed. */
#if HOSTED_RELEASE < 21
extern const void *hosted_build_id;
extern unsigned int hosted_build_id_len;
#else
# define hosted_build_id     xen_build_id
# define hosted_build_id_len xen_build_id_len
#endif
#define HOSTED_XEN_ID 0x22

/* -- Console: services_console.c ----------------------------------------- */

/* All that was written since the start or the last clear. */
const char *hosted_console(void);
void hosted_console_clear(void);
/* Copies it to stderr as it comes. */
extern bool hosted_console_echo;
/* For fuzzers: nothing is kept. */
extern bool hosted_console_off;

/* Called by panic() and BUG(), and must not return; NULL: abort(). */
extern void (*hosted_panic_hook)(const char *words);

/* A key pressed on the console. */
void hosted_key(unsigned char key);

/* -- CPUs and time: services_cpu.c --------------------------------------- */

#define HOSTED_CPUS 4           /* Until hosted_set_cpus() changes it. */

/* CPUs 0 to n - 1 are online, and those that have ever been are present; the
 * engine's notifier hears of it. */
void hosted_set_cpus(unsigned int n);

/*
 * Lets all CPUs run until there is nothing left to do but for those that are
 * stuck.  Fails the test if this doesn't end.
 */
void hosted_run(void);
/* All CPUs have been through their softirqs; hosted_run() ends with it. */
void hosted_grace_period(void);
/* At most so many turns of a CPU.  True if there is nothing left to do. */
bool hosted_run_some(unsigned int turns);

/* It doesn't come to its idle loop: it runs this vCPU, or NULL for one that
 * answers no NMI either.  hosted_free(): it goes on. */
void hosted_stick(unsigned int cpu, struct vcpu *vcpu, unsigned long ip,
                  bool guest);
void hosted_stick_deaf(unsigned int cpu);
void hosted_free(unsigned int cpu);

/* get_cpu_maps() fails from the n-th call on, for so many calls. */
void hosted_fail_cpu_maps(unsigned long n, unsigned long calls);
bool hosted_cpu_maps_held(void);

/* Order in which CPUs run: 0, one after the other; else pseudo-random. */
void hosted_shuffle(unsigned int seed);

/* The clock stands still but for this: each look at it, each cpu_relax(). */
extern s_time_t hosted_clock;
/* How long a turn of a CPU takes: 100 ns. */
extern s_time_t hosted_turn;
/* Whether the CPU is in the middle of something, such as a rendezvous. */
bool hosted_is_running(unsigned int cpu);
/* Whether it is in its idle loop, with nothing to do. */
bool hosted_is_idle(unsigned int cpu);

/* NMIs that reached the handler proper, and raised ones. */
extern unsigned int hosted_nmis_handled, hosted_nmis_raised;
/* An NMI for a CPU from outside. */
void hosted_nmi(unsigned int cpu);

/* Serialising instructions on a CPU since the reset, and flushed TLBs. */
extern unsigned int hosted_serialised[NR_CPUS], hosted_flushed[NR_CPUS];

/* What the processor has: see asm/cpufeature.h. */
extern bool hosted_has_ibt, hosted_has_shstk, hosted_has_cx16;
extern bool hosted_features[X86_FEATURE_NR];

/* Domains with one vCPU each; d0 exists. */
struct domain *hosted_domain(domid_t domid);
/* The domain's vCPU sleeps inside the hypervisor, or no more. */
void hosted_wait(domid_t domid, bool waits);

/* What replaces the coroutines. */
struct hosted_cpus {
    void (*relax)(void);                        /* cpu_relax() */
    s_time_t (*now)(void);
    void (*kick)(unsigned int cpu);             /* A tasklet awaits it. */
    void (*send_nmi)(unsigned int cpu);
};
extern struct hosted_cpus hosted_cpus;

/* Another CPU's IRQs. */
bool hosted_irqs_are_off(unsigned int cpu);

/* What a CPU does in its idle loop, once: a tasklet, and the engine's. */
void hosted_idle(void);
/* Calls the timers of this CPU whose time has come. */
void hosted_fire_timers(void);
/* Whether a tasklet awaits the CPU. */
bool hosted_has_tasklet(unsigned int cpu);
/* Calls the NMI handler on this CPU as it is now. */
void hosted_take_nmi(void);

#endif /* HOSTED_H */
