/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done to text while every CPU is stopped, and what is left if it
 * fails: real functions of the pretended hypervisor are patched and called.
 */
#include "handmade.h"

#include <xen/sched.h>
#include <asm/page.h>

#include "expectations.h"
#include "patching.h"

/* What hooks did, in order; each is named as its payload. */
static char calls[512];

static void note(const char *name, const char *what)
{
    size_t used = strlen(calls);

    snprintf(calls + used, sizeof(calls) - used, "%s%s.%s", used ? " " : "",
             name, what);
}

#define assert_calls(expected)                                              \
    do {                                                                    \
        assert_string_equal(calls, expected);                               \
        calls[0] = '\0';                                                    \
    } while ( 0 )

/* -- Payloads ------------------------------------------------------------ */

#define MAX_FUNCS 4

/* Of functions, given as name of the old, name of the new or NULL for NOPs. */
static void give_functions(struct payload *payload, unsigned int n,
                           const char *const names[][2])
{
    static struct livepatch_func all[16][MAX_FUNCS];
    static unsigned int used;
    struct livepatch_func *funcs = all[used++ % 16];
    struct livepatch_fstate *state = table_alloc(n, sizeof(*state));
    unsigned int i;

    assert_non_null(state);
    for ( i = 0; i < n; i++ )
    {
        const char *new = names[i][1];
        int32_t distance;

        funcs[i] = (struct livepatch_func){
            .name = names[i][0],
            .old_addr = hosted_symbol(names[i][0]),
            .old_size = hosted_symbol_size(names[i][0]),
            .new_addr = new ? hosted_symbol(new) : NULL,
            .version = LIVEPATCH_PAYLOAD_VERSION,
        };
        if ( !new )
        {
            state[i].length = LIVEPATCH_OPAQUE_SIZE;
            memset(state[i].patch, 0x90, LIVEPATCH_OPAQUE_SIZE);
            continue;
        }
        state[i].offset = strstr(names[i][0], "endbr") ? 4 : 0;
        state[i].length = ARCH_PATCH_INSN_SIZE;
        distance = funcs[i].new_addr - funcs[i].old_addr - state[i].offset -
                   ARCH_PATCH_INSN_SIZE;
        state[i].patch[0] = 0xe9;
        memcpy(state[i].patch + 1, &distance, sizeof(distance));
    }
    payload->funcs = funcs;
    payload->nfuncs = n;
    payload->fstate = state;
}

static struct payload *one_function(const char *name, uint8_t id,
                                    uint8_t depends, const char *old,
                                    const char *new)
{
    const char *const names[][2] = { { old, new } };
    struct payload *payload = handmade(name, id, depends);

    give_functions(payload, 1, names);
    return payload;
}

/* All return 3: xen_endbr by way of xen_two. */
static struct payload *three_functions(const char *name)
{
    static const char *const names[][2] = {
        { "xen_one", "xen_three" }, { "xen_endbr", "xen_two" },
        { "xen_two", "xen_three" },
    };
    struct payload *payload = handmade(name, 1, HOSTED_XEN_ID);

    give_functions(payload, 3, names);
    return payload;
}

/* -- Hooks --------------------------------------------------------------- */

static int hook_rc;             /* What action hooks return. */
static const char *hook_of;     /* Those of this payload only; NULL: all. */
static unsigned int hook_after; /* From this call on. */
static unsigned int hook_marks; /* Functions that are marked by a failing one;
                                   by one that doesn't fail, all but these. */
static bool hook_writes;        /* Into the functions' text. */
static unsigned int hook_calls;

static void write_text(const struct payload *payload, bool apply)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_fstate *state = &payload->fstate[i];

        memcpy(payload->funcs[i].old_addr + state->offset,
               apply ? state->patch : state->original, state->length);
    }
}

static int act(struct payload *payload, bool apply)
{
    enum livepatch_func_state done = apply ? LIVEPATCH_FUNC_APPLIED
                                           : LIVEPATCH_FUNC_NOT_APPLIED;
    bool chosen = (!hook_of || !strcmp(payload->name, hook_of)) &&
                  hook_calls++ >= hook_after;
    unsigned int i, n;

    assert_true(hosted_spin_debug_disabled);
    assert_true(hosted_is_relaxed);
    assert_false(local_irq_is_enabled());
    note(payload->name, apply ? "apply" : "revert");
    n = !chosen ? payload->nfuncs
                : hook_rc ? hook_marks : payload->nfuncs - hook_marks;
    for ( i = 0; i < n; i++ )
        payload->fstate[i].applied = done;
    if ( hook_writes )
        write_text(payload, apply);
    return chosen ? hook_rc : 0;
}

static int apply_hook(struct payload *payload)
{
    return act(payload, true);
}

static int revert_hook(struct payload *payload)
{
    return act(payload, false);
}

/* For the tables' hooks, which don't know whose they are. */
static int one_while_hook;

static void load_hook(void)
{
    assert_true(hosted_is_relaxed);
    one_while_hook = hosted_call("xen_one");
    note("", "load");
}

static void unload_hook(void)
{
    assert_true(hosted_is_relaxed);
    one_while_hook = hosted_call("xen_one");
    note("", "unload");
}

static void give_tables(struct payload *payload)
{
    static livepatch_loadcall_t *const load[] = { load_hook, load_hook };
    static livepatch_unloadcall_t *const unload[] = { unload_hook };

    payload->hooks.load = load;
    payload->hooks.nload = 2;
    payload->hooks.unload = unload;
    payload->hooks.nunload = 1;
}

static int setup(void **state)
{
    handmade_setup(state);
    calls[0] = '\0';
    hook_rc = hook_calls = hook_after = hook_marks = 0;
    hook_writes = false;
    hook_of = NULL;
    return 0;
}

static int teardown(void **state)
{
    struct payload *payload;
    unsigned int i;

    for ( i = 1; i < 8; i++ )
        hosted_wait(i, false);
    list_for_each_entry ( payload, &payloads_loaded, list )
        memset(&payload->hooks, 0, sizeof(payload->hooks));
    return handmade_teardown(state);
}

static void assert_unpatched(void)
{
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_two"), 2);
    assert_int_equal(hosted_call("xen_endbr"), 4);
}

static void assert_tight(void)
{
    assert_false(hosted_is_relaxed);
    assert_int_equal(hosted_permission(hosted_symbol("xen_one")),
                     PAGE_HYPERVISOR_RX);
    assert_false(hosted_spin_debug_disabled);
}

/* -- Apply and revert ---------------------------------------------------- */

static void bytes_change_where_they_should(void **state)
{
    static const char *const names[][2] = {
        { "xen_crossing", "xen_three" }, { "xen_page_crossing", "xen_two" },
        { "xen_long", NULL }, { "xen_endbr", "xen_one" },
    };
    struct payload *p = handmade("p", 1, HOSTED_XEN_ID);
    uint8_t before[MAX_FUNCS][48], after[48];
    unsigned int i, j;

    give_functions(p, 4, names);
    for ( i = 0; i < 4; i++ )
        memcpy(before[i], p->funcs[i].old_addr - 8, 48);

    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_crossing"), 3);
    assert_int_equal(hosted_call("xen_page_crossing"), 2);
    assert_int_equal(hosted_call("xen_endbr"), 1);
    for ( i = 0; i < 4; i++ )
    {
        const struct livepatch_fstate *s = &p->fstate[i];

        memcpy(after, p->funcs[i].old_addr - 8, 48);
        assert_int_equal(s->applied, LIVEPATCH_FUNC_APPLIED);
        for ( j = 0; j < 48; j++ )
            if ( j >= 8 + s->offset && j < 8 + s->offset + s->length )
                assert_int_equal(after[j], s->patch[j - 8 - s->offset]);
            else
                assert_int_equal(after[j], before[i][j]);
    }

    assert_int_equal(op_revert("p"), 0);
    assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
    assert_true(p->reverted);
    for ( i = 0; i < 4; i++ )
    {
        assert_memory_equal(p->funcs[i].old_addr - 8, before[i], 48);
        assert_int_equal(p->fstate[i].applied, LIVEPATCH_FUNC_NOT_APPLIED);
    }
}

static void without_hooks_no_text_is_made_writable(void **state)
{
    three_functions("p");
    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(op_revert("p"), 0);
    assert_int_equal(hosted_relaxed, 0);
    assert_tight();
}

static void tables_run_before_the_first_jump_and_after_the_last(void **state)
{
    struct payload *p = three_functions("p");
    unsigned int cpu;

    give_tables(p);
    assert_int_equal(op_apply("p"), 0);
    assert_calls(".load .load");
    assert_int_equal(one_while_hook, 1);
    assert_int_equal(hosted_call("xen_one"), 3);
    assert_tight();
    /* What the TLBs remember of that time is gone. */
    for_each_online_cpu ( cpu )
        assert_true(hosted_flushed[cpu] > 0);

    assert_int_equal(op_revert("p"), 0);
    assert_calls(".unload");
    assert_int_equal(one_while_hook, 1);
    assert_tight();
}

/* What is left of it would be executed as something else. */
static void nops_over_a_part_of_a_patch_are_refused(void **state)
{
    struct payload *jump = one_function("jump", 1, HOSTED_XEN_ID, "xen_long",
                                        "xen_two");
    struct payload *nops = one_function("nops", 2, 1, "xen_long", NULL);

    nops->fstate[0].length = ARCH_PATCH_INSN_SIZE - 2;
    assert_int_equal(op_apply("jump"), 0);
    assert_int_equal(op_apply("nops"), -EINVAL);
    assert_contains(nops->why.text,
                    "function xen_long: 3 bytes of NOPs would end within what jump has written");
    assert_int_equal(hosted_call("xen_long"), 2);

    /* All of it, or something else. */
    nops->fstate[0].length = ARCH_PATCH_INSN_SIZE;
    assert_int_equal(op_apply("nops"), 0);
    assert_int_equal(op_revert("nops"), 0);
    assert_int_equal(op_revert("jump"), 0);
    jump->funcs = one_function("other", 3, 2, "xen_one", "xen_two")->funcs;
    assert_int_equal(op_apply("jump"), 0);
    nops->fstate[0].length = ARCH_PATCH_INSN_SIZE - 2;
    assert_int_equal(op_apply("nops"), 0);
}

/* -- Sleepers ------------------------------------------------------------ */

static void sleepers_forbid_apply_and_revert(void **state)
{
    struct payload *p = three_functions("p");

    hosted_wait(3, true);
    assert_int_equal(op_apply("p"), -EBUSY);
    assert_unpatched();
    assert_contains(p->why.text, "1 vCPU(s) sleep");
    assert_contains(p->why.text, "d3v0");
    hosted_wait(3, false);
    assert_int_equal(op_apply("p"), 0);

    hosted_wait(4, true);
    assert_int_equal(op_revert("p"), -EBUSY);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_one"), 3);
    hosted_wait(4, false);
    assert_int_equal(op_revert("p"), 0);
}

static void and_hooks_as_well(void **state)
{
    struct payload *p = three_functions("p");

    p->hooks.apply = apply_hook;
    p->hooks.revert = revert_hook;
    hosted_wait(3, true);
    assert_int_equal(op_apply("p"), -EBUSY);
    assert_calls("");
    hosted_wait(3, false);
    assert_int_equal(op_apply("p"), 0);
    hosted_wait(3, true);
    assert_int_equal(op_revert("p"), -EBUSY);
    assert_calls("p.apply");
    assert_int_equal(hosted_relaxed, 1);
}

static void and_replace_before_anything_is_reverted(void **state)
{
    struct payload *a = one_function("a", 1, HOSTED_XEN_ID, "xen_one",
                                     "xen_two");

    one_function("b", 2, HOSTED_XEN_ID, "xen_two", "xen_three");
    assert_int_equal(op_apply("a"), 0);
    hosted_wait(3, true);
    assert_int_equal(op_replace("b"), -EBUSY);
    assert_int_equal(a->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_one"), 2);
}

static void several_are_named(void **state)
{
    struct payload *p = three_functions("p");
    unsigned int i;

    for ( i = 1; i < 7; i++ )
        hosted_wait(i, true);
    assert_int_equal(op_apply("p"), -EBUSY);
    assert_contains(p->why.text, "6 vCPU(s)");
    assert_contains(p->why.text, "d1v0, d2v0, d3v0, d4v0, ...");
}

/* -- Hooks in the engine's place ----------------------------------------- */

static struct payload *hooked_payload(void)
{
    struct payload *p = three_functions("p");

    p->hooks.apply = apply_hook;
    p->hooks.revert = revert_hook;
    return p;
}

static void they_do_all_of_it(void **state)
{
    struct payload *p = hooked_payload();

    give_tables(p);
    assert_int_equal(op_apply("p"), 0);
    assert_calls("p.apply");
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_unpatched();
    assert_int_equal(op_revert("p"), 0);
    assert_calls("p.revert");
    assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
    assert_tight();
}

/* Whatever they wrote, the engine's next call may be of that. */
static void the_cpu_serialises_after_them(void **state)
{
    struct payload *p = hooked_payload();
    struct patching_plan plan;
    unsigned int before = hosted_serialised[hosted_cpu];
    unsigned long flags;

    assert_int_equal(patching_prepare(&plan, p, LIVEPATCH_ACTION_APPLY), 0);
    local_irq_save(flags);
    patching_act(&plan);
    local_irq_restore(flags);
    assert_int_equal(hosted_serialised[hosted_cpu], before + 1);
    patching_record(&plan);
    patching_finish(&plan);
}

static void they_may_be_without_functions(void **state)
{
    struct payload *p = handmade("p", 1, HOSTED_XEN_ID);

    p->hooks.apply = apply_hook;
    p->hooks.revert = revert_hook;
    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(op_revert("p"), 0);
    hook_rc = -EPERM;
    assert_int_equal(op_apply("p"), -EPERM);
}

static void one_that_refuses_has_changed_nothing(void **state)
{
    struct payload *p = hooked_payload();

    hook_rc = -ENODEV;
    hook_writes = true;
    assert_int_equal(op_apply("p"), -ENODEV);
    assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
    assert_unpatched();
    assert_contains(p->why.text, "apply hook of p returned -19");
    assert_contains(p->why.text, "nothing is changed");

    hook_rc = 0;
    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(hosted_call("xen_one"), 3);

    hook_rc = -EACCES;
    assert_int_equal(op_revert("p"), -EACCES);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_one"), 3);
    assert_int_equal(hosted_call("xen_endbr"), 3);
    assert_contains(p->why.text, "revert hook of p returned -13");
    assert_contains(p->why.text, "what was applied still is");
    hook_rc = 0;
    assert_int_equal(op_revert("p"), 0);
    assert_unpatched();
}

static void half_an_apply_is_undone(void **state)
{
    static const struct {
        int rc;
        unsigned int marks;
    } cases[] = { { 0, 1 }, { 0, 3 }, { -EPERM, 1 }, { -EPERM, 3 } };
    struct payload *p = hooked_payload();
    unsigned int i, j;

    hook_writes = true;
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        hook_rc = cases[i].rc;
        hook_marks = cases[i].marks;
        assert_int_equal(op_apply("p"), -EINVAL);
        assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
        assert_unpatched();
        for ( j = 0; j < 3; j++ )
            assert_int_equal(p->fstate[j].applied,
                             LIVEPATCH_FUNC_NOT_APPLIED);
        assert_contains(p->why.text, "apply hook of p");
        assert_contains(p->why.text, "only a part");
    }
    hook_rc = hook_marks = 0;
    assert_int_equal(op_apply("p"), 0);
}

static void half_a_revert_is_undone(void **state)
{
    static const struct {
        int rc;
        unsigned int marks;
    } cases[] = { { 0, 1 }, { 0, 3 }, { -EPERM, 1 }, { -EPERM, 3 } };
    struct payload *p = hooked_payload();
    unsigned int i, j;

    hook_writes = true;
    assert_int_equal(op_apply("p"), 0);
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        hook_rc = cases[i].rc;
        hook_marks = cases[i].marks;
        assert_int_equal(op_revert("p"), -EINVAL);
        assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
        assert_int_equal(hosted_call("xen_one"), 3);
        assert_int_equal(hosted_call("xen_endbr"), 3);
        assert_int_equal(hosted_call("xen_two"), 3);
        for ( j = 0; j < 3; j++ )
            assert_int_equal(p->fstate[j].applied, LIVEPATCH_FUNC_APPLIED);
        assert_contains(p->why.text, "revert hook of p");
        assert_contains(p->why.text, "only a part");
    }
    hook_rc = hook_marks = 0;
    assert_int_equal(op_revert("p"), 0);
}

/* It says that it's done, but who unloads the payload loses the code that the
 * jumps lead to. */
static void jumps_left_behind_are_half_a_revert(void **state)
{
    struct payload *p = three_functions("p");

    assert_int_equal(op_apply("p"), 0);
    p->hooks.revert = revert_hook;
    assert_int_equal(op_revert("p"), -EINVAL);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_contains(p->why.text, "only a part");
    assert_int_equal(hosted_call("xen_one"), 3);
}

/* A function of which a part is gone isn't reverted either. */
static void nops_left_behind_are_half_a_revert(void **state)
{
    struct payload *p = one_function("p", 1, HOSTED_XEN_ID, "xen_long", NULL);

    assert_int_equal(op_apply("p"), 0);
    p->hooks.revert = revert_hook;
    assert_int_equal(op_revert("p"), -EINVAL);
    assert_int_equal(p->state, LIVEPATCH_STATE_APPLIED);
    assert_contains(p->why.text, "only a part");
    assert_int_not_equal(hosted_call("xen_long"), 10);
    hook_writes = true;
    assert_int_equal(op_revert("p"), 0);
    assert_int_equal(hosted_call("xen_long"), 10);
}

/* But where NOPs were before, nothing is left to be done. */
static void nops_that_were_there_are_reverted(void **state)
{
    struct payload *p = one_function("p", 1, HOSTED_XEN_ID, "xen_long", NULL);

    p->fstate->offset = 5;
    assert_int_equal(op_apply("p"), 0);
    p->hooks.revert = revert_hook;
    assert_int_equal(op_revert("p"), 0);
    assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
}

/* The engine has kept what the hook overwrote. */
static void the_engine_reverts_what_a_hook_applied(void **state)
{
    struct payload *p = three_functions("p");

    p->hooks.apply = apply_hook;
    hook_writes = true;
    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(hosted_call("xen_one"), 3);
    assert_int_equal(op_revert("p"), 0);
    assert_unpatched();
}

/* -- Replace ------------------------------------------------------------- */

/* a and b on each other, c for all. */
static void stack(struct payload *all[3])
{
    all[0] = one_function("a", 1, HOSTED_XEN_ID, "xen_one", "xen_two");
    all[1] = one_function("b", 2, 1, "xen_one", "xen_three");
    all[2] = one_function("c", 3, HOSTED_XEN_ID, "xen_two", "xen_three");
}

static void hooked_stack(struct payload *all[3])
{
    unsigned int i;

    stack(all);
    hook_writes = true;
    for ( i = 0; i < 3; i++ )
    {
        all[i]->hooks.apply = apply_hook;
        all[i]->hooks.revert = revert_hook;
    }
}

static void apply_both(void)
{
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    assert_int_equal(hosted_call("xen_one"), 3);
    calls[0] = '\0';
    hook_calls = 0;
}

static void assert_stack_as_before(struct payload *all[3])
{
    assert_int_equal(all[0]->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(all[1]->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(all[2]->state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(all[0]->rc, 0);
    assert_int_equal(all[1]->rc, 0);
    assert_ptr_equal(payloads_top(), all[1]);
    assert_int_equal(hosted_call("xen_one"), 3);
    assert_int_equal(hosted_call("xen_two"), 2);
    assert_lacks(hosted_console(), "INSECURE");
    assert_tight();
    /* What each has kept is still what was below it. */
    assert_int_equal(op_revert("b"), 0);
    assert_int_equal(hosted_call("xen_one"), 2);
    assert_int_equal(op_revert("a"), 0);
    assert_unpatched();
}

static void the_top_goes_first(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    apply_both();
    assert_int_equal(op_replace("c"), 0);
    assert_calls("b.revert a.revert c.apply");
    assert_int_equal(all[0]->state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(all[1]->state, LIVEPATCH_STATE_CHECKED);
    assert_true(all[0]->reverted && all[1]->reverted);
    assert_false(all[2]->reverted);
    assert_int_equal(all[0]->rc, 0);
    assert_int_equal(all[2]->state, LIVEPATCH_STATE_APPLIED);
    assert_ptr_equal(payloads_top(), all[2]);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_two"), 3);
}

static void a_refused_apply_puts_the_old_stack_back(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    apply_both();
    hook_of = "c";
    hook_rc = -ENODEV;
    assert_int_equal(op_replace("c"), -ENODEV);
    assert_calls("b.revert a.revert c.apply a.apply b.apply");
    assert_contains(all[2]->why.text, "apply hook of c returned -19");
    assert_contains(all[2]->why.text, "what was applied still is");
    hook_rc = 0;
    assert_stack_as_before(all);
}

static void by_the_engine_as_well(void **state)
{
    struct payload *all[3];

    stack(all);
    give_tables(all[0]);
    all[2]->hooks.apply = apply_hook;
    apply_both();
    hook_rc = -ENODEV;
    assert_int_equal(op_replace("c"), -ENODEV);
    assert_calls(".unload c.apply .load .load");
    assert_stack_as_before(all);
}

static void a_refused_revert_does_too(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    apply_both();
    hook_of = "a";
    hook_rc = -EACCES;
    assert_int_equal(op_replace("c"), -EINVAL);
    assert_calls("b.revert a.revert b.apply");
    assert_contains(all[2]->why.text, "revert hook of a returned -13");
    hook_rc = 0;
    assert_stack_as_before(all);
}

static void half_done_work_does_too(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    apply_both();
    hook_of = "c";
    hook_marks = 1;
    assert_int_equal(op_replace("c"), -EINVAL);
    assert_contains(all[2]->why.text, "only a part");
    hook_marks = 0;
    assert_stack_as_before(all);
}

/* c refuses, and then a can't be applied again: b, above it, is gone too. */
static void what_cant_be_put_back_is_told(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    all[1]->hooks.apply = NULL;
    apply_both();
    hook_rc = -ENODEV;
    hook_after = 2;
    assert_int_equal(op_replace("c"), -ENODEV);
    assert_calls("b.revert a.revert c.apply a.apply");
    assert_int_equal(all[0]->state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(all[1]->state, LIVEPATCH_STATE_CHECKED);
    assert_true(all[0]->reverted && all[1]->reverted);
    assert_int_equal(all[0]->rc, -EINVAL);
    assert_int_equal(all[1]->rc, -EINVAL);
    assert_null(payloads_top());
    assert_unpatched();
    assert_contains(all[2]->why.text, "THE SYSTEM MAY BE INSECURE");
    assert_contains(all[2]->why.text, "2 payload(s)");
    assert_contains(all[2]->why.text, "b, a");
    assert_contains(all[0]->why.text, "reverted for a REPLACE with c");
    assert_tight();
}

/* b refuses to come back, a does come back. */
static void and_what_could_is_applied(void **state)
{
    struct payload *all[3];

    hooked_stack(all);
    apply_both();
    hook_rc = -ENODEV;
    hook_after = 2;
    all[0]->hooks.apply = NULL;
    assert_int_equal(op_replace("c"), -ENODEV);
    assert_calls("b.revert a.revert c.apply b.apply");
    assert_int_equal(all[0]->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(all[1]->state, LIVEPATCH_STATE_CHECKED);
    assert_ptr_equal(payloads_top(), all[0]);
    assert_int_equal(hosted_call("xen_one"), 2);
    assert_contains(all[2]->why.text, "1 payload(s)");
    assert_int_equal(all[0]->rc, 0);
    hook_rc = 0;
}

/* -- Services ------------------------------------------------------------ */

static void unpatched_text_is_below_all_payloads(void **state)
{
    const uint8_t *one = hosted_symbol("xen_one");
    uint8_t before[24], read[24];
    struct payload *all[3];
    unsigned int from, size;

    memcpy(before, one - 4, 24);
    stack(all);
    apply_both();
    for ( from = 0; from < 24; from++ )
        for ( size = 0; size <= 24 - from; size++ )
        {
            memset(read, 0xee, sizeof(read));
            patching_read_unpatched(one - 4 + from, read, size);
            assert_memory_equal(read, before + from, size);
            if ( size < 24 )
                assert_int_equal(read[size], 0xee);
        }
}

/* Uploads are possible while an action's results wait to be recorded. */
static void and_below_one_that_is_just_being_applied(void **state)
{
    const uint8_t *one = hosted_symbol("xen_one");
    struct payload *p = three_functions("p");
    struct patching_plan plan;
    uint8_t before[16], read[16];

    memcpy(before, one, 16);
    assert_int_equal(patching_prepare(&plan, p, LIVEPATCH_ACTION_APPLY), 0);
    patching_act(&plan);
    assert_memory_not_equal(one, before, 16);
    patching_read_unpatched(one, read, 16);
    assert_memory_equal(read, before, 16);
    patching_record(&plan);
    patching_finish(&plan);
    patching_read_unpatched(one, read, 16);
    assert_memory_equal(read, before, 16);
}

/* As the payload of Xen's tests whose revert hook refuses. */
static void revert_by_hand(struct payload *payload)
{
    unsigned long flags;

    assert_int_equal(payload->rc, -EINVAL);
    local_irq_save(flags);
    assert_int_equal(revert_payload(payload), 0);
    revert_payload_tail(payload);
    local_irq_restore(flags);
    note(payload->name, "by_hand");
}

static void a_post_hook_may_revert_what_its_hook_refused(void **state)
{
    struct payload *p = three_functions("p");

    give_tables(p);
    assert_int_equal(op_apply("p"), 0);
    calls[0] = '\0';
    p->hooks.revert = revert_hook;
    p->hooks.postrevert = revert_by_hand;
    hook_rc = -EINVAL;
    assert_int_equal(revert_payload(p), -EBUSY);
    assert_int_equal(op_revert("p"), -EINVAL);
    assert_calls("p.revert .unload p.by_hand");
    assert_int_equal(p->state, LIVEPATCH_STATE_CHECKED);
    assert_true(p->reverted);
    assert_null(payloads_top());
    assert_unpatched();
    assert_tight();
    assert_int_equal(op_unload("p"), 0);
}

static void without_memory_nothing_is_prepared(void **state)
{
    struct patching_plan plan;
    struct payload *all[3];
    unsigned long n = 0;
    int rc;

    stack(all);
    apply_both();
    all[0]->hooks.revert = revert_hook;
    do {
        hosted_fail_allocation(++n);
        rc = patching_prepare(&plan, all[2], LIVEPATCH_ACTION_REPLACE);
        if ( rc )
        {
            assert_int_equal(rc, -ENOMEM);
            assert_true(all[2]->why.text[0]);
            assert_int_equal(hosted_mapped, 0);
            assert_int_equal(revert_payload(all[2]), -EBUSY);
        }
    } while ( rc );
    hosted_fail_allocation(0);
    /* Tables of sites, of the displaced, of a's bytes; and three views. */
    assert_true(n > 7);
    patching_finish(&plan);
    assert_int_equal(hosted_mapped, 0);
    all[0]->hooks.revert = NULL;
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(bytes_change_where_they_should),
        TEST(without_hooks_no_text_is_made_writable),
        TEST(tables_run_before_the_first_jump_and_after_the_last),
        TEST(nops_over_a_part_of_a_patch_are_refused),
        TEST(sleepers_forbid_apply_and_revert),
        TEST(and_hooks_as_well),
        TEST(and_replace_before_anything_is_reverted),
        TEST(several_are_named),
        TEST(they_do_all_of_it),
        TEST(the_cpu_serialises_after_them),
        TEST(they_may_be_without_functions),
        TEST(one_that_refuses_has_changed_nothing),
        TEST(half_an_apply_is_undone),
        TEST(half_a_revert_is_undone),
        TEST(jumps_left_behind_are_half_a_revert),
        TEST(nops_left_behind_are_half_a_revert),
        TEST(nops_that_were_there_are_reverted),
        TEST(the_engine_reverts_what_a_hook_applied),
        TEST(the_top_goes_first),
        TEST(a_refused_apply_puts_the_old_stack_back),
        TEST(by_the_engine_as_well),
        TEST(a_refused_revert_does_too),
        TEST(half_done_work_does_too),
        TEST(what_cant_be_put_back_is_told),
        TEST(and_what_could_is_applied),
        TEST(unpatched_text_is_below_all_payloads),
        TEST(and_below_one_that_is_just_being_applied),
        TEST(a_post_hook_may_revert_what_its_hook_refused),
        TEST(without_memory_nothing_is_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
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
