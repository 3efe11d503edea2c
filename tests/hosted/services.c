/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of the pretended hypervisor, and the start of each test. */
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/rcupdate.h>

#include "hosted.h"
#include "services.h"
#include "signature.h"

extern const initcall_t __start_hosted_initcalls[] __attribute__((__weak__));
extern const initcall_t __stop_hosted_initcalls[] __attribute__((__weak__));
extern const initcall_t __start_hosted_presmp[] __attribute__((__weak__));
extern const initcall_t __stop_hosted_presmp[] __attribute__((__weak__));

extern const struct hosted_param __start_hosted_params[];
extern const struct hosted_param __stop_hosted_params[];

static void call_all(const initcall_t *call, const initcall_t *end)
{
    for ( ; call < end; call++ )
        if ( (*call)() )
            hosted_fail("an initcall failed");
}

void hosted_boot(void)
{
    static bool booted;

    if ( booted )
        return;
    booted = true;
    hosted_reset();
    call_all(__start_hosted_presmp, __stop_hosted_presmp);
    call_all(__start_hosted_initcalls, __stop_hosted_initcalls);
    hosted_set_cpus(HOSTED_CPUS);
    /* What is allocated by now, the engine keeps for good. */
    hosted_allocated = 0;
}

int hosted_param(const char *name, const char *value)
{
    const struct hosted_param *p;

    for ( p = __start_hosted_params; p < __stop_hosted_params; p++ )
        if ( !strcmp(p->name, name) )
            return p->parse(value);
    hosted_fail("the engine knows no parameter %s", name);
}

int cmdline_strcmp(const char *frag, const char *name)
{
    size_t length = strlen(name);

    return strncmp(frag, name, length) || !strchr(",:;=", frag[length]);
}

void hosted_reset(void)
{
    signature_policy = SIGNATURE_OPTIONAL;
    hosted_reset_memory();
    hosted_reset_guest();
    hosted_reset_symbols();
    hosted_reset_console();
    hosted_reset_cpus();
    hosted_reset_domains();
    hosted_has_ibt = hosted_has_shstk = false;
    hosted_has_cx16 = true;
    memset(hosted_features, 0, sizeof(hosted_features));
}

void hosted_check_clean(void)
{
    hosted_grace_period();
    if ( hosted_mapped )
        hosted_fail("%u mappings were left", hosted_mapped);
    if ( hosted_regions )
        hosted_fail("%u regions were left", hosted_regions);
    if ( hosted_is_relaxed )
        hosted_fail("the text stayed writable");
    if ( hosted_text_changed() )
        hosted_fail("the text isn't what it was");
    if ( hosted_allocated )
        hosted_fail("%u allocations were left", hosted_allocated);
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
