/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin of QEMU's that measures live patching from outside, in the same way
 * whatever engine the hypervisor has.
 *
 *   -plugin stops.so,out=FILE,clock=time|count,low=A,high=A,check=A,op=A,
 *           check_return=A,check_return=A...,op_return=A...
 *
 * All engines have check_for_livepatch_work, at `check`, from which it returns
 * to one of `check_return`, and livepatch_op, likewise.  The host stands still
 * while every CPU is in the former: from the moment the last one enters until
 * the first one leaves.  All may happen to be in there at once with nothing to
 * do, too; but one that has waited for others has executed PAUSE, and the one
 * that leaves first tells.
 *
 * With clock=time lengths are nanoseconds.  With clock=count they are
 * instructions of the hypervisor and of payloads, all from `low` to `high`,
 * and of the CPU with most of them; a string instruction is one, however long
 * the string, and waiting is none: what a CPU executes between two PAUSEs that
 * are close to each other.  So neither how fast nor how busy this machine is
 * has an influence.
 *
 * The file has a line for each event, as it happens:
 *
 *   stop LENGTH ARRIVAL      the host stood still; and the time since the first
 *                            CPU had entered before that (of clock=time)
 *   op LENGTH                a call of livepatch_op
 *   idle LENGTH N            N calls of check_for_livepatch_work, each of this
 *                            length, found nothing to do; once for each N that
 *                            is a power of two
 *
 * QEMU's header for plugins isn't packaged by Debian: what is needed of it
 * stands here.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((__visibility__("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct {
    const char *target_name;
    struct { int min, cur; } version;
    bool system_emulation;
    union { struct { int smp_vcpus, max_vcpus; } system; };
} qemu_info_t;
enum { CB_NO_REGS };
typedef void tb_trans_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void exec_cb(unsigned int cpu, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb *cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb *cb,
                                            int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

#define MAX_CPUS 16
#define MAX_RETURNS 16
#define MAX_IDLE 64

/* More instructions between two PAUSEs are work, and not a look whether it is
 * time to go on. */
#define MAX_LOOK 64

struct place {
    uint64_t entry, returns[MAX_RETURNS];
    unsigned int nreturns;
};

static FILE *out;
static bool counting;
static uint64_t low, high;
static struct place check, op;
static unsigned int ncpus;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Each but what is in the lock is its own CPU's business. */
static struct {
    uint64_t executed, waited, paused_at;
    const void *last;
    uint64_t op_entered;
    bool in_op, has_waited;

    bool inside;
    uint64_t entered, stopped;
} cpus[MAX_CPUS];

static unsigned int inside;
static uint64_t stopped_at, arrival, idle_calls[MAX_IDLE];

static uint64_t nanoseconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t work(unsigned int cpu)
{
    return cpus[cpu].executed - cpus[cpu].waited;
}

static uint64_t now(unsigned int cpu)
{
    return counting ? work(cpu) : nanoseconds();
}

static void on_insn(unsigned int cpu, void *addr)
{
    if (cpus[cpu].last != addr)
        cpus[cpu].executed++;
    cpus[cpu].last = addr;
}

static void on_pause(unsigned int cpu, void *data)
{
    uint64_t since = cpus[cpu].executed - cpus[cpu].paused_at;

    if (since <= MAX_LOOK)
        cpus[cpu].waited += since;
    cpus[cpu].paused_at = cpus[cpu].executed;
    cpus[cpu].has_waited = true;
}

/* -- livepatch_op ---------------------------------------------------------- */

static void on_op(unsigned int cpu, void *data)
{
    cpus[cpu].in_op = true;
    cpus[cpu].op_entered = now(cpu);
}

static void on_op_return(unsigned int cpu, void *data)
{
    if (cpus[cpu].in_op)
        fprintf(out, "op %llu\n", (unsigned long long)(now(cpu) - cpus[cpu].op_entered));
    cpus[cpu].in_op = false;
}

/* -- check_for_livepatch_work ---------------------------------------------- */

static void all_stopped(unsigned int cpu)
{
    uint64_t first = cpus[cpu].entered;

    for (unsigned int i = 0; i < ncpus; i++) {
        if (cpus[i].entered < first)
            first = cpus[i].entered;
        cpus[i].stopped = now(i);
    }
    stopped_at = now(cpu);
    arrival = counting ? 0 : stopped_at - first;
}

static uint64_t length_of_stop(unsigned int cpu)
{
    uint64_t most = 0;

    if (!counting)
        return now(cpu) - stopped_at;
    for (unsigned int i = 0; i < ncpus; i++)
        if (work(i) - cpus[i].stopped > most)
            most = work(i) - cpus[i].stopped;
    return most;
}

static void on_check(unsigned int cpu, void *data)
{
    pthread_mutex_lock(&lock);
    if (!cpus[cpu].inside) {
        cpus[cpu].inside = true;
        cpus[cpu].has_waited = false;
        cpus[cpu].entered = now(cpu);
        if (++inside == ncpus)
            all_stopped(cpu);
    }
    pthread_mutex_unlock(&lock);
}

static void note_idle(uint64_t length)
{
    uint64_t *n;

    if (length >= MAX_IDLE)
        return;
    n = &idle_calls[length];
    ++*n;
    if (!(*n & (*n - 1)))
        fprintf(out, "idle %llu %llu\n", (unsigned long long)length,
                (unsigned long long)*n);
}

static void on_check_return(unsigned int cpu, void *data)
{
    pthread_mutex_lock(&lock);
    if (cpus[cpu].inside) {
        if (cpus[cpu].has_waited && inside == ncpus)
            fprintf(out, "stop %llu %llu\n", (unsigned long long)length_of_stop(cpu),
                    (unsigned long long)arrival);
        if (!cpus[cpu].has_waited && counting)
            note_idle(now(cpu) - cpus[cpu].entered);
        inside--;
        cpus[cpu].inside = false;
    }
    pthread_mutex_unlock(&lock);
}

/* -- Set-up ---------------------------------------------------------------- */

static void watch(struct qemu_plugin_insn *insn, exec_cb *cb, void *data)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, cb, CB_NO_REGS, data);
}

static bool is_return(const struct place *place, uint64_t addr)
{
    for (unsigned int i = 0; i < place->nreturns; i++)
        if (place->returns[i] == addr)
            return true;
    return false;
}

static bool is_pause(const struct qemu_plugin_insn *insn)
{
    return qemu_plugin_insn_size(insn) == 2 &&
           !memcmp(qemu_plugin_insn_data(insn), "\xf3\x90", 2);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t addr = qemu_plugin_insn_vaddr(insn);

        if (addr < low || addr >= high)
            continue;
        if (is_return(&check, addr))
            watch(insn, on_check_return, NULL);
        if (is_return(&op, addr))
            watch(insn, on_op_return, NULL);
        if (addr == check.entry)
            watch(insn, on_check, NULL);
        if (addr == op.entry)
            watch(insn, on_op, NULL);
        if (counting)
            watch(insn, on_insn, (void *)addr);
        if (is_pause(insn))
            watch(insn, on_pause, NULL);
    }
}

static bool understand(const char *name, const char *value)
{
    uint64_t number = strtoull(value, NULL, 0);

    if (!strcmp(name, "out"))
        out = fopen(value, "w");
    else if (!strcmp(name, "clock"))
        counting = !strcmp(value, "count");
    else if (!strcmp(name, "low"))
        low = number;
    else if (!strcmp(name, "high"))
        high = number;
    else if (!strcmp(name, "check"))
        check.entry = number;
    else if (!strcmp(name, "op"))
        op.entry = number;
    else if (!strcmp(name, "check_return") && check.nreturns < MAX_RETURNS)
        check.returns[check.nreturns++] = number;
    else if (!strcmp(name, "op_return") && op.nreturns < MAX_RETURNS)
        op.returns[op.nreturns++] = number;
    else
        return false;
    return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
                               int argc, char **argv)
{
    ncpus = info->system.smp_vcpus;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');

        if (value)
            *value++ = 0;
        if (!value || !understand(argv[i], value)) {
            fprintf(stderr, "stops: what is %s?\n", argv[i]);
            return -1;
        }
    }
    if (!out || !check.nreturns || !op.nreturns || !high || ncpus > MAX_CPUS) {
        fprintf(stderr, "stops: something is missing\n");
        return -1;
    }
    setvbuf(out, NULL, _IOLBF, 0);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
