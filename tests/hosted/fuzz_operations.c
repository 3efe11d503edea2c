/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of operations, on payloads of many kinds, with hooks, CPUs,
 * memory and the caller's memory that fail as the input says.  After every
 * operation the hypervisor's functions must return what the payloads that are
 * applied make of them, and in the end all must be as it was.
 *
 * The input is a program: an operation's number, followed by its arguments,
 * a byte each; see the table of operations.
 */
#include <stdlib.h>

#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch_payload.h>
#include <xen/mm.h>
#include <xen/symbols.h>

#include "flight.h"
#include "fuzzed.h"
#include "hosted.h"
#include "operations.h"
#include "payloads.h"
#include "rehearsal.h"
#include "templates.h"

#define NAMES 8

/* -- The input ----------------------------------------------------------- */

static const uint8_t *input;
static size_t left;

static unsigned int argument(unsigned int n)
{
    if ( !left )
        return 0;
    left--;
    return *input++ % n;
}

/* -- What must be true ---------------------------------------------------- */

static char names[NAMES][3];

/* Which template each name has, or -1; and those applied, the last on top. */
static int loaded[NAMES];
static unsigned int stack[NAMES], depth;

static struct {
    bool is;
    unsigned int name;
    uint32_t action;
} flying;

static bool is_applied(unsigned int name)
{
    unsigned int i;

    for ( i = 0; i < depth; i++ )
        if ( stack[i] == name )
            return true;
    return false;
}

static void expect(bool truth, const char *what)
{
    if ( !truth )
        hosted_fail("not true: %s", what);
}

/* What the topmost payload that patches the function makes of it. */
static void check_function(const struct function *function)
{
    const struct patch *patch = NULL;
    unsigned int i;

    for ( i = depth; i-- > 0 && !patch; )
        patch = template_patch(loaded[stack[i]], function->name);
    if ( patch && patch->nops )
        expect(!memcmp(function->addr, template_nops, patch->nops),
               "a function has its NOPs");
    else
        expect(function->addr() == (patch ? patch->value : function->value),
               "a function returns its value");
}

static void check_functions(void)
{
    unsigned int i;

    for ( i = 0; i < template_nfunctions; i++ )
        check_function(&template_functions[i]);
}

/* A state and a result for each name, and the stack's order. */
static void check_states(void)
{
    const struct payload *payload;
    unsigned int name, i = 0;
    uint32_t state;
    int32_t rc;

    for ( name = 0; name < NAMES; name++ )
    {
        int ret = op_get(names[name], &state, &rc);

        expect(ret == (loaded[name] < 0 ? -ENOENT : 0), "who is loaded");
        if ( ret )
            continue;
        expect(state == (is_applied(name) ? LIVEPATCH_STATE_APPLIED
                                          : LIVEPATCH_STATE_CHECKED),
               "a payload's state");
        expect(rc <= 0 && (flying.is || rc != -EAGAIN), "a payload's result");
    }
    list_for_each_entry ( payload, &payloads_stack, stack )
        expect(i < depth && !strcmp(payload->name, names[stack[i++]]),
               "the order of the stack");
    expect(i == depth, "the height of the stack");
}

static bool is_rehearsing(void)
{
    return flight_payload() && flight_payload() == rehearsal_last();
}

static void check(void)
{
    check_states();
    if ( flying.is || is_rehearsing() )
        return;
    check_functions();
    expect(!flight_payload() && !hosted_mapped && !hosted_is_relaxed,
           "nothing is going on");
    expect(hook_balance(HOOK_PREAPPLY) == 0, "pre and post hooks are paired");
    expect(hook_balance(HOOK_LOAD) ==
           template_is_among(HOOKED, loaded, stack, depth) +
           template_is_among(RICH, loaded, stack, depth),
           "load and unload hooks are paired");
}

/* -- Actions, begun and ended ---------------------------------------------- */

/* A failed REPLACE may have lost who was on top, if the hooks of one of the
 * others refused to have it back. */
static void lose_top(void)
{
    const struct payload *payload;
    unsigned int n = 0;

    list_for_each_entry ( payload, &payloads_stack, stack )
        n++;
    if ( n >= depth )
        return;
    expect(loaded[stack[n]] == ACTING, "whose hooks lost the stack's top");
    depth = n;
}

static void record_success(void)
{
    switch ( flying.action )
    {
    case LIVEPATCH_ACTION_REVERT:
        expect(depth && stack[depth - 1] == flying.name, "the top went");
        depth--;
        break;

    case LIVEPATCH_ACTION_REPLACE:
        depth = 0;
        /* Fallthrough */
    case LIVEPATCH_ACTION_APPLY:
        stack[depth++] = flying.name;
        break;
    }
}

static void conclude(void)
{
    uint32_t state;
    int32_t rc;

    if ( !flying.is || flight_payload() )
        return;
    flying.is = false;
    expect(!op_get(names[flying.name], &state, &rc), "it is there");
    if ( !rc )
        record_success();
    else if ( flying.action == LIVEPATCH_ACTION_REPLACE )
        lose_top();
}

static void act(uint32_t action)
{
    unsigned int name = argument(NAMES), how = argument(8);
    bool idle = !flight_payload();
    int rc = op_action(names[name], action, how & 1,
                       how & 2 ? 1000000 : how & 4 ? 1 : 0);

    if ( flight_payload() && idle )
    {
        expect(!rc, "what is in flight was begun");
        flying.is = true;
        flying.name = name;
        flying.action = action;
    }
    else if ( !rc )
        expect(loaded[name] >= 0 &&
               is_applied(name) == (action != LIVEPATCH_ACTION_REVERT),
               "there was nothing to do");
}

/* -- The operations -------------------------------------------------------- */

static void do_upload(void)
{
    unsigned int name = argument(NAMES), template = argument(TEMPLATES);
    int rc = op_upload_file(names[name], templates[template].file,
                            templates[template].size);

    if ( rc )
        return;
    expect(loaded[name] < 0, "names are used once");
    loaded[name] = template;
}

static void do_unload(void)
{
    unsigned int name = argument(NAMES);

    if ( op_unload(names[name]) )
        return;
    expect(loaded[name] >= 0 && !is_applied(name), "what can be unloaded");
    expect(loaded[name] != OFFERING ||
           !template_is_loaded(USING, loaded, NAMES), "nobody uses it");
    expect(!flying.is || flying.name != name, "it isn't in flight");
    loaded[name] = -1;
}

static void do_apply(void)
{
    act(LIVEPATCH_ACTION_APPLY);
}

static void do_revert(void)
{
    act(LIVEPATCH_ACTION_REVERT);
}

static void do_replace(void)
{
    act(LIVEPATCH_ACTION_REPLACE);
}

static int rehearse(void)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_REHEARSE,
        .u.rehearse.timeout = argument(2) * 1000000,
    };

    return livepatch_op(&op);
}

static void do_rehearse(void)
{
    bool idle = !flight_payload();
    int rc = rehearse();

    expect(rc <= 0 && (idle || rc == -EBUSY), "one thing at a time");
    expect(!flight_payload() == (idle && rc), "what is in flight was begun");
}

static void do_list(void)
{
    op_list_all(argument(8), argument(8));
}

static void do_report(void)
{
    unsigned int which = argument(NAMES + 2);
    uint8_t *items;
    uint32_t size;

    op_report(which < NAMES ? names[which] : NULL,
              which > NAMES ? LIVEPATCH_REPORT_ABOUT_REHEARSAL : 0, &items,
              &size);
    free(items);
}

static void do_odd_operation(void)
{
    struct xen_sysctl_livepatch_op op = { .cmd = argument(8) };
    char name[XEN_LIVEPATCH_NAME_SIZE] = "";
    unsigned int i, n = argument(sizeof(op.u));

    strlcpy(name, names[argument(NAMES)], sizeof(name));
    op.u.action.name.name.p = name;
    op.u.action.name.size = strlen(name) + 1;
    /* Behind the name. */
    for ( i = sizeof(op.u.action.name.name); i < n; i++ )
        ((uint8_t *)&op.u)[i] ^= argument(256);
    if ( op.cmd == XEN_SYSCTL_LIVEPATCH_UPLOAD )
        op.u.upload.payload.p = NULL;
    if ( op.cmd == XEN_SYSCTL_LIVEPATCH_LIST )
        op.u.list.name.p = op.u.list.metadata.p = NULL;
    if ( op.cmd != XEN_SYSCTL_LIVEPATCH_ACTION )
        livepatch_op(&op);
}

static void do_run(void)
{
    hosted_run_some(argument(256));
}

static void do_run_all(void)
{
    hosted_run();
}

static void do_stick(void)
{
    unsigned int cpu = argument(HOSTED_CPUS), how = argument(4);

    /* Who has come to a rendezvous isn't anywhere else. */
    if ( hosted_is_running(cpu) )
        return;
    if ( how == 3 )
        hosted_stick_deaf(cpu);
    else
        hosted_stick(cpu, how ? hosted_domain(how)->vcpu[0] : NULL, 0x1000,
                     how == 1);
}

static void do_free(void)
{
    hosted_free(argument(HOSTED_CPUS));
}

static void do_hook(void)
{
    unsigned int hook = argument(HOOKS);

    hook_outcomes[hook] = argument(HOOK_OUTCOMES);
}

static void do_fail_allocation(void)
{
    hosted_fail_allocation(1 + argument(32));
}

static void do_fail_protect(void)
{
    hosted_fail_protect(1 + argument(4));
}

static void do_fail_copy(void)
{
    hosted_fail_copy(1 + argument(8));
}

static void do_fail_maps(void)
{
    hosted_fail_cpu_maps(1 + argument(4), 1 + argument(2));
}

static void do_wait(void)
{
    unsigned int domain = 1 + argument(2);

    hosted_wait(domain, argument(2));
}

static void do_shuffle(void)
{
    hosted_shuffle(argument(256));
}

static void do_cpus(void)
{
    unsigned int n = 1 + argument(HOSTED_CPUS), cpu;

    /* Only those that do nothing can leave. */
    for ( cpu = 0; cpu < HOSTED_CPUS; cpu++ )
        if ( !hosted_is_idle(cpu) )
            return;
    hosted_set_cpus(n);
}

static void do_nmi(void)
{
    hosted_nmi(argument(HOSTED_CPUS));
}

static void do_look(void)
{
    unsigned long addr = (unsigned long)hosted_xen_end + argument(256) * 64;
    unsigned long size, offset;
    char buf[KSYM_NAME_LEN + 1];

    is_patch((void *)addr);
    symbols_lookup(addr, &size, &offset, buf);
    hosted_key('x');
}

static void (*const operations[])(void) = {
    do_upload, do_apply, do_revert, do_replace, do_unload, do_run_all,
    do_run, do_hook, do_stick, do_free, do_fail_allocation, do_fail_protect,
    do_fail_copy, do_fail_maps, do_wait, do_shuffle, do_cpus, do_nmi,
    do_list, do_report, do_look, do_odd_operation, do_rehearse,
};

/* -- A run ---------------------------------------------------------------- */

static void start(void)
{
    unsigned int i;

    fuzz_start();
    templates_make();
    hosted_set_cpus(HOSTED_CPUS);
    hosted_turn = MICROSECS(100);
    hooks_reset();
    flying.is = false;
    depth = 0;
    for ( i = 0; i < NAMES; i++ )
    {
        names[i][0] = 'n';
        names[i][1] = '0' + i;
        loaded[i] = -1;
    }
}

/* Faults are for one operation; only hooks and CPUs stay as they are. */
static void end_faults(void)
{
    hosted_fail_allocation(0);
    hosted_fail_protect(0);
    hosted_fail_copy(0);
}

/* Nothing fails any more: all can be undone. */
static void undo_all(void)
{
    unsigned int cpu;

    hooks_reset();
    hosted_fail_cpu_maps(0, 0);
    for ( cpu = 0; cpu < HOSTED_CPUS; cpu++ )
        hosted_free(cpu);
    hosted_run();
    conclude();
    check();
    hosted_wait(1, false);
    hosted_wait(2, false);
    op_unload_all();
    hosted_check_clean();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool fault;

    input = data;
    left = size;
    start();
    while ( left )
    {
        unsigned int operation = argument(ARRAY_SIZE(operations));

        operations[operation]();
        fault = operations[operation] == do_fail_allocation ||
                operations[operation] == do_fail_protect ||
                operations[operation] == do_fail_copy;
        if ( !fault )
        {
            end_faults();
            conclude();
            check();
        }
    }
    end_faults();
    undo_all();
    return 0;
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
