/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor, its alternatives and exception tables; domains. */
#include <stdlib.h>

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/endbr.h>
#include <asm/flushtlb.h>
#include <asm/nops.h>
#include <asm/spec_ctrl.h>
#include <asm/uaccess.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/sort.h>
#include <xen/string.h>

#include "hosted.h"
#include "services.h"

/* -- Processor ----------------------------------------------------------- */

bool hosted_has_ibt, hosted_has_shstk, hosted_has_cx16 = true;
bool hosted_features[X86_FEATURE_NR];
struct cpuinfo_x86 boot_cpu_data;
int8_t opt_xpti_hwdom, opt_xpti_domu;

bool boot_cpu_has(unsigned int feature)
{
    return feature == X86_FEATURE_ALWAYS ||
           (feature < X86_FEATURE_NR && hosted_features[feature]);
}

void write_cr4(unsigned long val)
{
    __atomic_add_fetch(&hosted_serialised[hosted_cpu], 1, __ATOMIC_RELAXED);
}

unsigned int flush_area_local(const void *va, unsigned int flags)
{
    __atomic_add_fetch(&hosted_flushed[hosted_cpu], 1, __ATOMIC_RELAXED);
    return flags;
}

/* The long forms, as the processors of today like them. */
static const uint8_t nops[ASM_NOP_MAX + 1][ASM_NOP_MAX] = {
    [1] = { 0x90 },
    [2] = { 0x66, 0x90 },
    [3] = { 0x0f, 0x1f, 0x00 },
    [4] = { 0x0f, 0x1f, 0x40, 0x00 },
    [5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
    [6] = { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
    [7] = { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
    [8] = { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
    [9] = { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

void add_nops(void *insns, unsigned int len)
{
    while ( len )
    {
        unsigned int n = min_t(unsigned int, len, ASM_NOP_MAX);

        memcpy(insns, nops[n], n);
        insns += n;
        len -= n;
    }
}

/* -- Tables -------------------------------------------------------------- */

/* Up to 4.20: a call through a pointer, whose replacement calls itself. */
static bool is_altcall(const struct alt_instr *a, const uint8_t *buf)
{
    const uint8_t *orig = ALT_ORIG_PTR(a);

    return HOSTED_RELEASE < 21 && a->cpuid == X86_FEATURE_ALWAYS &&
           !memcmp(buf + 1, "\xfb\xff\xff\xff", 4) && a->orig_len >= 6 &&
           orig[0] == 0xff && orig[1] == (*buf & 1 ? 0x25 : 0x15);
}

/* Xen's own way with these: it trusts the pointer, and warns. */
static int32_t altcall_displacement(const uint8_t *orig)
{
    const uint8_t *dest;
    int32_t disp;

    memcpy(&disp, orig + 2, sizeof(disp));
    memcpy(&dest, orig + 6 + disp, sizeof(dest));
    if ( is_endbr64(dest) )
        dest += ENDBR64_LEN;
    else
        printk(XENLOG_WARNING "altcall %p dest %p has no endbr64\n", orig,
               dest);
    return dest - (orig + 5);
}

/*
 * Each replacement that the processor asks for; a direct jump or call at its
 * start is made to fit its new place.  Until 4.18 Xen doesn't survive entries
 * that it can't make sense of.
 */
static void apply_alternative(struct alt_instr *a)
{
    unsigned int total = a->orig_len + a->pad_len;
    unsigned int feature = a->cpuid & ~ALT_FLAG_NOT;
    uint8_t buf[255 * 2], *orig = ALT_ORIG_PTR(a), *repl = ALT_REPL_PTR(a);
    int32_t disp;

    if ( a->repl_len > total || total > 254 || feature >= NCAPINTS * 32 )
        hosted_fail("alternative of %u bytes for %u, feature %u", a->repl_len,
                    total, feature);
    if ( a->priv || boot_cpu_has(feature) == !!(a->cpuid & ALT_FLAG_NOT) )
        return;
    memcpy(buf, repl, a->repl_len);
    if ( a->repl_len >= 5 && (buf[0] & 0xfe) == 0xe8 )
    {
        memcpy(&disp, buf + 1, sizeof(disp));
        disp = is_altcall(a, buf) ? altcall_displacement(orig)
                                  : disp + (repl - orig);
        memcpy(buf + 1, &disp, sizeof(disp));
    }
    a->priv = 1;
    add_nops(buf + a->repl_len, total - a->repl_len);
    memcpy(orig, buf, total);
}

#if HOSTED_RELEASE < 18
void apply_alternatives(struct alt_instr *start, struct alt_instr *end)
{
    for ( ; start < end; start++ )
        apply_alternative(start);
}
#else
int apply_alternatives(struct alt_instr *start, struct alt_instr *end)
{
    for ( ; start < end; start++ )
        apply_alternative(start);
    return 0;
}
#endif

#if HOSTED_RELEASE >= 21
int livepatch_apply_alt_calls(const struct alt_call *start,
                              const struct alt_call *end)
{
    for ( ; start < end; start++ )
    {
        uint8_t *site = ALT_CALL_PTR(start);
        unsigned long target;
        int32_t disp;

        if ( site[0] != 0xff || site[1] != 0x15 )
            return -EINVAL;
        memcpy(&disp, site + 2, sizeof(disp));
        memcpy(&target, site + ALT_CALL_LEN + disp, sizeof(target));
        if ( !target )
        {
            memcpy(site, "\x0f\x0b\x0f\x0b\x0f\x0b", ALT_CALL_LEN);
            continue;
        }
        disp = target - (unsigned long)(site + ALT_CALL_LEN);
        memcpy(site, "\x2e\xe8", 2);
        memcpy(site + 2, &disp, sizeof(disp));
    }
    return 0;
}
#endif

static unsigned long ex_addr(const struct exception_table_entry *e)
{
    return (unsigned long)&e->addr + e->addr;
}

static int compare_entries(const void *a, const void *b)
{
    unsigned long l = ex_addr(a), r = ex_addr(b);

    return l < r ? -1 : l > r;
}

/* What is in an entry is relative to where it is. */
#if HOSTED_RELEASE < 21
static void swap_entries(void *a, void *b, size_t size)
#else
static void swap_entries(void *a, void *b)
#endif
{
    struct exception_table_entry *l = a, *r = b, tmp = *l;
    long delta = b - a;

    l->addr = r->addr + delta;
    l->cont = r->cont + delta;
    r->addr = tmp.addr - delta;
    r->cont = tmp.cont - delta;
}

void sort_exception_table(struct exception_table_entry *start,
                          const struct exception_table_entry *stop)
{
    sort(start, stop - start, sizeof(*start), compare_entries, swap_entries);
}

static void call_swap(hosted_swap_t *swap, void *a, void *b, size_t size)
{
#if HOSTED_RELEASE < 21
    swap(a, b, size);
#else
    swap(a, b);
#endif
}

/* A heap sort, as in Xen: elements move by swap() alone. */
static void sift(char *base, size_t root, size_t num, size_t size,
                 int (*cmp)(const void *a, const void *b), hosted_swap_t *swap)
{
    size_t child;

    while ( (child = 2 * root + 1) < num )
    {
        if ( child + 1 < num &&
             cmp(base + child * size, base + (child + 1) * size) < 0 )
            child++;
        if ( cmp(base + root * size, base + child * size) >= 0 )
            return;
        call_swap(swap, base + root * size, base + child * size, size);
        root = child;
    }
}

void sort(void *base, size_t num, size_t size,
          int (*cmp)(const void *a, const void *b), hosted_swap_t *swap)
{
    size_t i;

    for ( i = num / 2; i-- > 0; )
        sift(base, i, num, size, cmp, swap);
    for ( i = num; i-- > 1; )
    {
        call_swap(swap, base, base + i * size, size);
        sift(base, 0, i, size, cmp, swap);
    }
}

/* -- Strings that the C library may lack --------------------------------- */

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src), n = size ? min(len, size - 1) : 0;

    memcpy(dst, src, n);
    if ( size )
        dst[n] = '\0';
    return len;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
    size_t len = strnlen(dst, size);

    return len + strlcpy(dst + len, src, size - len);
}

void *memchr_inv(const void *s, int c, size_t n)
{
    const unsigned char *p = s;

    for ( ; n; n--, p++ )
        if ( *p != (unsigned char)c )
            return (void *)p;
    return NULL;
}

/* -- Domains ------------------------------------------------------------- */

#define MAX_DOMAINS 8

struct domain *domain_list;
DEFINE_RCU_READ_LOCK(domlist_read_lock);
struct vcpu *idle_vcpu[NR_CPUS];

static struct whole {
    struct domain domain;
    struct sched_unit unit;
    struct vcpu vcpu, *vcpus[1];
} domains[MAX_DOMAINS], idle[NR_CPUS];
static unsigned int ndomains;

static void make_domain(struct whole *whole, domid_t domid)
{
    *whole = (struct whole){
        .domain = {
            .domain_id = domid, .max_vcpus = 1, .vcpu = whole->vcpus,
        },
        .unit = { .domain = &whole->domain, .vcpu_list = &whole->vcpu },
        .vcpu = { .domain = &whole->domain, .sched_unit = &whole->unit },
        .vcpus = { &whole->vcpu },
    };
}

static struct whole *domain_of(domid_t domid)
{
    unsigned int i;

    for ( i = 0; i < ndomains; i++ )
        if ( domains[i].domain.domain_id == domid )
            return &domains[i];
    if ( ndomains == MAX_DOMAINS )
        abort();
    make_domain(&domains[ndomains], domid);
    if ( ndomains )
        domains[ndomains - 1].domain.next_in_list = &domains[ndomains].domain;
    else
        domain_list = &domains[0].domain;
    return &domains[ndomains++];
}

struct domain *hosted_domain(domid_t domid)
{
    return &domain_of(domid)->domain;
}

void hosted_wait(domid_t domid, bool waits)
{
    struct vcpu *vcpu = &domain_of(domid)->vcpu;

    if ( waits )
        vcpu->affinity_broken |= VCPU_AFFINITY_WAIT;
    else
        vcpu->affinity_broken &= ~VCPU_AFFINITY_WAIT;
}

static void __attribute__((__constructor__(103))) domains_start(void)
{
    unsigned int cpu;

    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
    {
        make_domain(&idle[cpu], DOMID_IDLE);
        idle[cpu].vcpu.vcpu_id = idle[cpu].vcpu.processor = cpu;
        idle_vcpu[cpu] = &idle[cpu].vcpu;
        per_cpu(curr_vcpu, cpu) = &idle[cpu].vcpu;
    }
    hosted_domain(0);
}

void hosted_reset_domains(void)
{
    unsigned int i;

    for ( i = 0; i < ndomains; i++ )
        hosted_wait(domains[i].domain.domain_id, false);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
