/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of a tiny PV guest, and the few services of guest.h. */
#include <stdarg.h>

#include "guest.h"

#include <public/event_channel.h>
#include <public/io/console.h>
#include <public/sched.h>

#define PAGE 4096
#define PTE_FLAGS 0x67              /* present, writable, user, accessed, dirty */

/* Xen's pages are mapped over these two. */
static uint8_t shared_page[PAGE] __attribute__((aligned(PAGE)));
static uint8_t console_page[PAGE] __attribute__((aligned(PAGE)));
static evtchn_port_t console_port;

const struct start_info *guest_info;

long hypercall(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
               uint64_t d)
{
    register uint64_t r10 asm("r10") = d;
    long answer = number;

    asm volatile ( "syscall"
                   : "+a" (answer), "+D" (a), "+S" (b), "+d" (c), "+r" (r10)
                   :: "rcx", "r11", "r8", "memory" );
    return answer;
}

static void map(void *where, uint64_t frame)
{
    if ( hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)where,
                   frame * PAGE | PTE_FLAGS, UVMF_INVLPG, 0) )
        __builtin_trap(); /* no trap table yet: Xen crashes the guest */
}

uint64_t now(void)
{
    volatile struct shared_info *shared = (void *)shared_page;
    volatile struct vcpu_time_info *t = &shared->vcpu_info[0].time;
    uint32_t version, low, high;
    uint64_t delta, ns;

    do {
        version = t->version;
        asm volatile ( "lfence; rdtsc" : "=a" (low), "=d" (high) :: "memory" );
        delta = ((uint64_t)high << 32 | low) - t->tsc_timestamp;
        delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift
                                 : delta << t->tsc_shift;
        ns = t->system_time +
             (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
        asm volatile ( "lfence" ::: "memory" );
    } while ( (version & 1) || version != t->version );

    return ns;
}

void sleep_until(uint64_t when)
{
    struct sched_poll poll = { .timeout = when };

    hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uintptr_t)&poll, 0, 0);
}

/* A guest must not hang on its console: what doesn't fit is lost. */
static void put(char c)
{
    volatile struct xencons_interface *ring = (void *)console_page;
    uint32_t at = ring->out_prod;

    if ( at - ring->out_cons >= sizeof(ring->out) )
        return;
    ring->out[MASK_XENCONS_IDX(at, ring->out)] = c;
    asm volatile ( "" ::: "memory" );
    ring->out_prod = at + 1;
}

static void put_string(const char *s)
{
    while ( *s )
        put(*s++);
}

static void put_number(uint64_t n)
{
    char digits[21], *p = digits + sizeof(digits);

    *--p = '\0';
    do
        *--p = '0' + n % 10;
    while ( n /= 10 );
    put_string(p);
}

void say(const char *format, ...)
{
    struct evtchn_send send = { .port = console_port };
    va_list args;
    long number;

    put_string(guest_name);
    put_string(": ");
    va_start(args, format);
    for ( ; *format; format++ )
    {
        if ( *format != '%' )
        {
            put(*format);
            continue;
        }
        switch ( *++format )
        {
        case 's':
            put_string(va_arg(args, const char *));
            break;
        case 'u':
            put_number(va_arg(args, uint64_t));
            break;
        case 'd':
            number = va_arg(args, long);
            if ( number < 0 )
                put('-');
            put_number(number < 0 ? -number : number);
            break;
        }
    }
    va_end(args);
    put_string("\r\n");
    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send,
              0, 0);
}

void heartbeat(void)
{
    static uint64_t beats, next;
    uint64_t t = now();

    if ( t < next )
        return;
    next = t + SECOND;
    say("beat %u", ++beats);
}

void guest_start(const struct start_info *info)
{
    struct shared_info *shared = (void *)shared_page;

    guest_info = info;
    map(shared_page, info->shared_info / PAGE);
    map(console_page, info->console.domU.mfn);
    console_port = info->console.domU.evtchn;
    shared->vcpu_info[0].evtchn_upcall_mask = 1;

    say("running");
    guest_main();
}
