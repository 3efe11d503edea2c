/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which action is allowed when, the hooks around it, and what it leaves. */
#include "handmade.h"

#include <xen/softirq.h>

#include "quiesce.h"

/* -- Hooks of payloads: what they do, and what they saw ------------------ */

static char seen[256];
static int pre_rc, act_rc, post_writes;
static int inner_rc;
static void (*within_post)(struct payload *payload);

static void see(const char *what, int rc)
{
    size_t used = strlen(seen);

    snprintf(seen + used, sizeof(seen) - used, "%s(%d) ", what, rc);
}

static int preapply(struct payload *payload)
{
    see("preapply", payload->rc);
    return pre_rc;
}

static int prerevert(struct payload *payload)
{
    see("prerevert", payload->rc);
    return pre_rc;
}

static int mark(struct payload *payload, enum livepatch_func_state applied)
{
    unsigned int i;

    for ( i = 0; !act_rc && i < payload->nfuncs; i++ )
        payload->fstate[i].applied = applied;
    return act_rc;
}

static int apply(struct payload *payload)
{
    see("apply", payload->rc);
    return mark(payload, LIVEPATCH_FUNC_APPLIED);
}

static int revert(struct payload *payload)
{
    see("revert", payload->rc);
    return mark(payload, LIVEPATCH_FUNC_NOT_APPLIED);
}

static void post(struct payload *payload, const char *what)
{
    see(what, payload->rc);
    if ( within_post )
        within_post(payload);
    if ( post_writes )
        payload->rc = post_writes;
}

static void postapply(struct payload *payload)
{
    post(payload, "postapply");
}

static void postrevert(struct payload *payload)
{
    post(payload, "postrevert");
}

static void all_hooks(struct payload *payload)
{
    payload->hooks = (struct livepatch_hooks){
        .preapply = preapply, .postapply = postapply,
        .prerevert = prerevert, .postrevert = postrevert,
    };
}

static int setup(void **state)
{
    seen[0] = '\0';
    pre_rc = act_rc = post_writes = inner_rc = 0;
    within_post = NULL;
    return handmade_setup(state);
}

/* -- What was left ------------------------------------------------------- */

static void check(const char *name, uint32_t state, int rc)
{
    struct payload *payload = payloads_find(name);

    assert_non_null(payload);
    assert_int_equal(payload->state, state);
    assert_int_equal(payload->rc, rc);
    assert_false(payload->busy);
    assert_false(quiesce_in_progress());
    assert_false(spin_is_locked(&payloads_lock));
    /* Nothing is in flight: an action that doesn't exist says so. */
    assert_int_equal(op_action(name, 99, 0, 0), -EOPNOTSUPP);
}

#define CHECKED LIVEPATCH_STATE_CHECKED
#define APPLIED LIVEPATCH_STATE_APPLIED

static int begin(const char *name, uint32_t action)
{
    return op_action(name, action, 0, 0);
}

static struct payload *one_to_two(void)
{
    struct payload *payload = handmade("a", 1, HOSTED_XEN_ID);

    handmade_function(payload, "xen_one", "xen_two");
    return payload;
}

/* -- The ordinary course ------------------------------------------------- */

static void test_apply_and_revert(void **state)
{
    struct payload *a = one_to_two();
    uint32_t version = payloads_version;

    assert_int_equal(op_apply("a"), 0);
    check("a", APPLIED, 0);
    assert_int_equal(hosted_call("xen_one"), 2);
    assert_true(payloads_version > version);
    assert_ptr_equal(payloads_top(), a);
    assert_contains(hosted_console(),
                    "livepatch: a: finished APPLY with rc=0\n");
    assert_true(a->times.finished > 0);
    assert_true(a->times.arrival > 0);
    assert_true(a->times.stopped > 0);
    assert_int_equal(actions_last(a), LIVEPATCH_ACTION_APPLY);

    version = payloads_version;
    assert_int_equal(op_revert("a"), 0);
    check("a", CHECKED, 0);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_true(payloads_version > version);
    assert_null(payloads_top());
    assert_true(a->reverted);
    assert_contains(hosted_console(), "finished REVERT with rc=0\n");
    assert_int_equal(actions_last(a), LIVEPATCH_ACTION_REVERT);
}

/* What is so already is no error, and starts nothing. */
static void test_no_effect(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    a->rc = -ENOSPC;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_REVERT), 0);
    check("a", CHECKED, -ENOSPC);
    a->hooks = (struct livepatch_hooks){};
    assert_int_equal(op_apply("a"), 0);
    all_hooks(a);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), 0);
    check("a", APPLIED, 0);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_REPLACE), 0);
    check("a", APPLIED, 0);
    assert_string_equal(seen, "");
}

static void test_metadata(void **state)
{
    static char info[600];
    struct payload *a = one_to_two();

    a->modinfo = (struct livepatch_span){ "a=1\0b=\x1b", 8 };
    op_apply("a");
    assert_contains(hosted_console(), "livepatch: a: a=1;b=?\n");
    hosted_console_clear();
    op_revert("a");
    assert_lacks(hosted_console(), "a=1");

    memset(info, 'x', sizeof(info) - 1);
    a->modinfo = (struct livepatch_span){ info, sizeof(info) };
    op_apply("a");
    assert_contains(hosted_console(), "xxx...\n");
}

/* -- Unknown actions, and one in flight ---------------------------------- */

static void test_unknown_action(void **state)
{
    struct payload *a = one_to_two();

    a->rc = -ENOSPC;
    assert_int_equal(begin("a", 0), -EOPNOTSUPP);
    assert_int_equal(begin("a", 5), -EOPNOTSUPP);
    assert_int_equal(begin("a", ~0u), -EOPNOTSUPP);
    /* Tools ask so again and again. */
    assert_string_equal(hosted_console(), "");
    assert_int_equal(a->rc, -ENOSPC);
    assert_int_equal(actions_last(a), 0);
    a->rc = 0;
}

static void test_in_flight(void **state)
{
    struct payload *a = one_to_two();
    uint32_t action, got;
    int32_t rc;

    handmade("b", 2, HOSTED_XEN_ID);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), 0);
    assert_true(a->busy);
    assert_int_equal(op_get("a", &got, &rc), 0);
    assert_int_equal(got, CHECKED);
    assert_int_equal(rc, -EAGAIN);
    /* What hooks see isn't. */
    assert_int_equal(a->rc, 0);
    for ( action = 0; action < 7; action++ )
        assert_int_equal(begin("a", action), -EBUSY);
    assert_string_equal(a->why.text, "");

    /* Others can't begin either; what has no effect has none. */
    assert_int_equal(begin("b", LIVEPATCH_ACTION_REVERT), 0);
    assert_int_equal(begin("b", 99), -EOPNOTSUPP);
    assert_int_equal(begin("b", LIVEPATCH_ACTION_APPLY), -EBUSY);
    assert_contains(payloads_find("b")->why.text,
                    "APPLY: an action on a is in flight");
    assert_int_equal(begin("b", LIVEPATCH_ACTION_REPLACE), -EBUSY);
    assert_int_equal(begin("b", LIVEPATCH_ACTION_UNLOAD), -EBUSY);
    assert_int_equal(op_get("b", &got, &rc), 0);
    assert_int_equal(rc, 0);

    hosted_run();
    check("a", APPLIED, 0);
    check("b", CHECKED, 0);
    assert_int_equal(op_unload("b"), 0);
}

/* -- What depends on what ------------------------------------------------ */

static void test_dependency(void **state)
{
    struct payload *b;

    one_to_two();
    b = handmade("b", 2, 1);
    handmade("c", 3, 9);

    assert_int_equal(op_apply("b"), -EINVAL);
    assert_contains(b->why.text, "depends on build-id 0101");
    assert_contains(b->why.text, "is none, and Xen with 2222");
    check("b", CHECKED, 0);

    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("c"), -EINVAL);
    assert_contains(payloads_find("c")->why.text,
                    "last applied is a with 0101");
    assert_int_equal(op_apply("b"), 0);
    assert_string_equal(b->why.text, "");

    assert_int_equal(op_action("c", LIVEPATCH_ACTION_APPLY,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), 0);
    hosted_run();
    check("c", APPLIED, 0);

    assert_int_equal(op_revert("b"), -EBUSY);
    assert_contains(b->why.text, "REVERT: c was applied after it");
    check("b", APPLIED, 0);
    assert_int_equal(op_revert("c"), 0);
    assert_int_equal(op_revert("b"), 0);
}

/* No flag skips what a function expects. */
static void test_expectation(void **state)
{
    struct payload *a = one_to_two();
    struct livepatch_func func = a->funcs[0];

    func.expect.enabled = 1;
    func.expect.len = 2;
    memcpy(func.expect.data, "\xde\xad", 2);
    a->funcs = &func;
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), -EINVAL);
    assert_contains(a->why.text, "xen_one");
    check("a", CHECKED, 0);
    assert_int_equal(op_replace("a"), -EINVAL);
    check("a", CHECKED, 0);
    memcpy(func.expect.data, func.old_addr, 2);
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_revert("a"), 0);
}

static void test_unload(void **state)
{
    struct payload *a = one_to_two();

    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_unload("a"), -EINVAL);
    assert_contains(a->why.text, "UNLOAD: it is applied");
    check("a", APPLIED, 0);
    assert_int_equal(op_revert("a"), 0);
    assert_int_equal(op_unload("a"), 0);
    assert_null(payloads_find("a"));
    assert_contains(hosted_console(), "livepatch: a: finished UNLOAD with");
}

/* Also by payloads that aren't applied. */
static void test_unload_while_used(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    payload_bind(b, a);
    payload_bind(c, a);
    assert_int_equal(op_unload("a"), -EBUSY);
    assert_contains(a->why.text, "other payloads use what is in it: b, c");
    check("a", CHECKED, 0);
    assert_int_equal(op_unload("b"), 0);
    assert_int_equal(op_unload("a"), -EBUSY);
    assert_contains(a->why.text, "in it: c");
    assert_int_equal(op_unload("c"), 0);
    assert_int_equal(op_unload("a"), 0);
}

/* -- A second time ------------------------------------------------------- */

static char data[4];

static void give_data(struct payload *payload)
{
    payload->image.rw = (struct livepatch_span){ data, sizeof(data) };
    payload->image.pristine = table_alloc(1, sizeof(data));
    assert_non_null(payload->image.pristine);
    memcpy(payload->image.pristine, "new", sizeof(data));
    strcpy(data, "new");
}

static int preapply_looks(struct payload *payload)
{
    see(data, payload->rc);
    return 0;
}

static void test_again(void **state)
{
    struct payload *a = one_to_two();

    give_data(a);
    a->hooks.preapply = preapply_looks;

    /* Not before it was applied: hooks of a failed attempt saw it. */
    strcpy(data, "old");
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(seen, "old(0) ");
    assert_int_equal(op_revert("a"), 0);
    assert_string_equal(data, "old");
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(seen, "old(0) new(0) ");
    assert_int_equal(op_revert("a"), 0);

    a->hooks.preapply = NULL;
    strcpy(data, "old");
    assert_int_equal(op_replace("a"), 0);
    assert_string_equal(data, "new");
}

/* Its data isn't changed under somebody who runs. */
static void test_again_while_used(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);

    give_data(a);
    payload_bind(b, a);
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_revert("a"), 0);
    strcpy(data, "old");
    assert_int_equal(op_apply("b"), 0);
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), -EBUSY);
    assert_contains(a->why.text, "APPLY: its data can't be reset");
    assert_contains(a->why.text, "use it: b");
    assert_string_equal(data, "old");
    check("a", CHECKED, 0);
    assert_int_equal(op_replace("a"), -EBUSY);
    assert_contains(a->why.text, "REPLACE: its data can't be reset");

    /* One that is only loaded doesn't run. */
    assert_int_equal(op_revert("b"), 0);
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(data, "new");
}

/* -- REPLACE ------------------------------------------------------------- */

static void test_replace(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, 1);
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    handmade_function(b, "xen_two", "xen_three");
    handmade_function(c, "xen_two", "xen_one");
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    a->rc = b->rc = -ENOSPC;
    assert_int_equal(begin("c", LIVEPATCH_ACTION_REPLACE), 0);
    assert_true(a->busy && b->busy && c->busy);
    hosted_run();
    check("a", CHECKED, 0);
    check("b", CHECKED, 0);
    check("c", APPLIED, 0);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_two"), 1);
    assert_contains(hosted_console(), "c: finished REPLACE with rc=0");
}

static void test_replace_refused(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, 1);
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_action("b", LIVEPATCH_ACTION_REPLACE,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), -EINVAL);
    assert_contains(b->why.text, "REPLACE: it depends on build-id 0101");

    c->hooks.postapply = postapply;
    assert_int_equal(op_replace("c"), -EOPNOTSUPP);
    assert_contains(c->why.text, "REPLACE: it has hooks");
    c->hooks.postapply = NULL;
    a->hooks.prerevert = prerevert;
    assert_int_equal(op_replace("c"), -EOPNOTSUPP);
    assert_contains(c->why.text, "REPLACE: a, which is applied, has hooks");
    a->hooks.prerevert = NULL;
    check("a", APPLIED, 0);
    check("b", CHECKED, 0);
    check("c", CHECKED, 0);
    assert_string_equal(seen, "");
}

/* All is as before: results too, but that of who failed. */
static void test_replace_fails(void **state)
{
    struct payload *a = one_to_two();
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    handmade_function(c, "xen_one", "xen_three");
    c->hooks.apply = apply;
    act_rc = -ENOSPC;
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_replace("c"), -ENOSPC);
    check("a", APPLIED, 0);
    check("c", CHECKED, -ENOSPC);
    assert_int_equal(hosted_call("xen_one"), 2);
    assert_string_not_equal(c->why.text, "");
    assert_ptr_equal(payloads_top(), a);
}

/* -- Hooks before and after come in pairs -------------------------------- */

static void test_pairs(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    a->hooks.apply = apply;
    a->hooks.revert = revert;
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(seen, "preapply(0) apply(0) postapply(0) ");
    seen[0] = '\0';
    assert_int_equal(op_revert("a"), 0);
    assert_string_equal(seen, "prerevert(0) revert(0) postrevert(0) ");
}

static void test_pre_hook_forbids(void **state)
{
    struct payload *a = one_to_two();
    uint32_t version = payloads_version;

    all_hooks(a);
    pre_rc = -EPERM;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EPERM);
    check("a", CHECKED, -EPERM);
    assert_string_equal(seen, "preapply(0) ");
    assert_contains(a->why.text, "APPLY: its preapply hook returned -1");
    assert_true(payloads_version > version);

    pre_rc = 0;
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(a->why.text, "");
    seen[0] = '\0';
    pre_rc = -ENOSPC;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_REVERT), -ENOSPC);
    check("a", APPLIED, -ENOSPC);
    assert_string_equal(seen, "prerevert(0) ");
    assert_contains(a->why.text, "REVERT: its prerevert hook returned -28");
}

/* These would mean something else to tools. */
static void test_pre_hook_lies(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    pre_rc = -EAGAIN;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EBUSY);
    check("a", CHECKED, -EBUSY);
    assert_contains(a->why.text, "returned -EAGAIN");
    pre_rc = 17;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EINVAL);
    check("a", CHECKED, -EINVAL);
    assert_contains(a->why.text, "returned 17, which is no error code");
    pre_rc = -4096;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EINVAL);
    check("a", CHECKED, -EINVAL);
    pre_rc = -4095;
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -4095);
    check("a", CHECKED, -4095);
}

static void no_act(void *arg) {}
static void no_done(void *arg, const struct quiesce_result *result) {}

/* Something else stops the CPUs already. */
static void test_start_fails(void **state)
{
    static const struct quiesce_work work = {
        .timeout = MILLISECS(1), .act = no_act, .done = no_done,
    };
    struct payload *a = one_to_two();

    all_hooks(a);
    assert_int_equal(quiesce_start(&work), 0);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EBUSY);
    assert_string_equal(seen, "preapply(0) postapply(-16) ");
    assert_contains(a->why.text, "APPLY: the CPUs can't be stopped now");
    hosted_run();
    check("a", CHECKED, -EBUSY);

    assert_int_equal(op_apply("a"), 0);
    seen[0] = '\0';
    assert_int_equal(quiesce_start(&work), 0);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_REVERT), -EBUSY);
    assert_string_equal(seen, "prerevert(0) postrevert(-16) ");
    hosted_run();
    check("a", APPLIED, -EBUSY);
    assert_int_equal(op_revert("a"), 0);

    /* Nothing to undo. */
    seen[0] = '\0';
    a->hooks.preapply = NULL;
    assert_int_equal(quiesce_start(&work), 0);
    assert_int_equal(begin("a", LIVEPATCH_ACTION_APPLY), -EBUSY);
    assert_string_equal(seen, "");
    hosted_run();
    check("a", CHECKED, -EBUSY);
}

static void test_cpu_is_late(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    hosted_stick(2, hosted_domain(5)->vcpu[0], 0, true);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_string_equal(seen, "preapply(0) postapply(-16) ");
    check("a", CHECKED, -EBUSY);
    assert_string_equal(a->why.text,
                        "CPU 2 did not arrive in 30 ms: d5v0 in the guest");
    assert_contains(hosted_console(), "livepatch: a: CPU 2 did not arrive");
    assert_contains(hosted_console(),
                    "livepatch: a: finished APPLY with rc=-16");
    assert_true(a->times.arrival >= MILLISECS(30));
    assert_int_equal(a->times.stopped, 0);
    hosted_free(2);
    hosted_run();

    pre_rc = 0;
    assert_int_equal(op_apply("a"), 0);
    assert_null(actions_obstacles(a));
    seen[0] = '\0';
    hosted_stick_deaf(1);
    assert_int_equal(op_revert("a"), -EBUSY);
    assert_string_equal(seen, "prerevert(0) postrevert(-16) ");
    check("a", APPLIED, -EBUSY);
    assert_contains(a->why.text, "does not answer an NMI");
    hosted_free(1);
    hosted_run();

    /* Nothing to undo. */
    seen[0] = '\0';
    a->hooks.prerevert = NULL;
    hosted_stick_deaf(1);
    assert_int_equal(op_revert("a"), -EBUSY);
    assert_string_equal(seen, "");
    hosted_free(1);
    hosted_run();
    check("a", APPLIED, -EBUSY);
}

static void test_words_of_stragglers(void **state)
{
    struct payload *a = one_to_two();

    hosted_stick(1, hosted_domain(1)->vcpu[0], 0, true);
    hosted_stick(2, hosted_domain(2)->vcpu[0],
                 (unsigned long)hosted_symbol("xen_two") + 0x5, false);
    hosted_stick(3, hosted_domain(3)->vcpu[0], 0x77, false);
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY, 0, 1500000), 0);
    hosted_run();
    assert_contains(a->why.text, "3 of 3 CPUs did not arrive in 1500 us; "
                                 "one is CPU 1: d1v0 in the guest");
    assert_contains(hosted_console(), "a: late: CPU 1: d1v0 in the guest\n");
    assert_contains(hosted_console(),
                    "a: late: CPU 2: d2v0 in hypervisor xen_two+0x5\n");
    assert_contains(hosted_console(),
                    "a: late: CPU 3: d3v0 in hypervisor at 0x77\n");
    assert_int_equal(actions_obstacles(a)->nstragglers, 3);
    hosted_free(1);
    hosted_free(2);
    hosted_free(3);
    hosted_run();

    hosted_stick(1, idle_vcpu[1], 0x77, false);
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY, 0, 1000001), 0);
    hosted_run();
    assert_contains(a->why.text, "in 1000001 ns: idle in hypervisor at 0x77");
    hosted_free(1);
    hosted_run();
    check("a", CHECKED, -EBUSY);
}

/* CPUs come and go for as long as it tries. */
static void test_hotplug(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    hosted_fail_cpu_maps(1, 1000000);
    assert_int_equal(op_apply("a"), -EBUSY);
    hosted_fail_cpu_maps(0, 0);
    assert_string_equal(seen, "preapply(0) postapply(-16) ");
    check("a", CHECKED, -EBUSY);
    assert_contains(a->why.text, "CPUs were brought up or down for all of 30");
    assert_null(actions_obstacles(a));
}

static void test_waiting(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    hosted_wait(3, true);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_string_equal(seen, "preapply(0) postapply(-16) ");
    check("a", CHECKED, -EBUSY);
    assert_contains(a->why.text, "d3v0");
    assert_contains(hosted_console(), "a: d3v0 sleeps inside the hypervisor");
    assert_int_equal(actions_obstacles(a)->nwaiting, 1);
    assert_int_equal(actions_obstacles(a)->nstragglers, 0);

    /* One after the action, without a partner, doesn't follow its refusal. */
    seen[0] = '\0';
    a->hooks.preapply = NULL;
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_string_equal(seen, "");
    hosted_wait(3, false);
    assert_int_equal(op_apply("a"), 0);
    assert_string_equal(seen, "postapply(0) ");
}

static void test_apply_hook_fails(void **state)
{
    struct payload *a = one_to_two();

    a->hooks.apply = apply;
    a->hooks.postapply = postapply;
    act_rc = -ENOSPC;
    assert_int_equal(op_apply("a"), -ENOSPC);
    assert_string_equal(seen, "apply(0) postapply(-28) ");
    check("a", CHECKED, -ENOSPC);
    assert_string_not_equal(a->why.text, "");

    act_rc = -EAGAIN;
    assert_int_equal(op_apply("a"), -EBUSY);
    check("a", CHECKED, -EBUSY);
    assert_contains(a->why.text, "returned -EAGAIN");
}

/* -- What hooks may do to us --------------------------------------------- */

static void unload_within(struct payload *payload)
{
    inner_rc = op_unload("a");
}

/* It can't go while its own code runs. */
static void test_unload_within_post_hook(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    assert_int_equal(op_apply("a"), 0);
    within_post = unload_within;
    assert_int_equal(op_revert("a"), 0);
    assert_int_equal(inner_rc, -EBUSY);
    assert_ptr_equal(payloads_find("a"), a);
    check("a", CHECKED, 0);
    assert_int_equal(op_unload("a"), 0);
}

static void begin_within(struct payload *payload)
{
    inner_rc = begin("b", LIVEPATCH_ACTION_APPLY);
}

/* Nor may another action take the place of this one. */
static void test_begin_within_post_hook(void **state)
{
    all_hooks(one_to_two());
    handmade("b", 2, 1);
    within_post = begin_within;
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(inner_rc, -EBUSY);
    check("a", APPLIED, 0);
    check("b", CHECKED, 0);
    assert_int_equal(op_apply("b"), 0);
}

static void test_post_hook_writes(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    post_writes = -EAGAIN;
    assert_int_equal(op_apply("a"), -EBUSY);
    check("a", APPLIED, -EBUSY);
    post_writes = 5;
    assert_int_equal(op_revert("a"), -EINVAL);
    check("a", CHECKED, -EINVAL);
    assert_contains(hosted_console(), "a: finished REVERT with rc=-22\n");
}

static void revert_within(struct payload *payload)
{
    inner_rc = revert_payload(payload);
    revert_payload_tail(payload);
}

/* As Xen's test xen_action_hooks_norevert. */
static void test_norevert(void **state)
{
    struct payload *a = one_to_two();

    all_hooks(a);
    assert_int_equal(op_apply("a"), 0);
    a->hooks.revert = revert;
    act_rc = -EINVAL;
    within_post = revert_within;
    assert_int_equal(op_revert("a"), -EINVAL);
    assert_int_equal(inner_rc, 0);
    check("a", CHECKED, -EINVAL);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_null(payloads_top());
    assert_int_equal(op_unload("a"), 0);
}

static void count_unload(void)
{
    see("unload", 0);
}

static void twice_within(struct payload *payload)
{
    see("first", revert_payload(payload));
    see("second", revert_payload(payload));
    revert_payload_tail(payload);
    revert_within(payload);
}

/* After an apply that didn't come to pass, and of what is reverted already. */
static void test_revert_of_nothing(void **state)
{
    static livepatch_unloadcall_t *const unload[] = { count_unload };
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);

    all_hooks(a);
    all_hooks(b);
    a->hooks.unload = b->hooks.unload = unload;
    a->hooks.nunload = b->hooks.nunload = 1;
    within_post = revert_within;
    hosted_stick_deaf(1);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_int_equal(inner_rc, -EINVAL);
    check("a", CHECKED, -EBUSY);
    assert_int_equal(hosted_call("xen_one"), 1);
    inner_rc = 0;
    assert_int_equal(op_apply("b"), -EBUSY);
    assert_int_equal(inner_rc, -EINVAL);
    assert_null(strstr(seen, "unload"));
    hosted_free(1);
    hosted_run();

    within_post = NULL;
    assert_int_equal(op_apply("a"), 0);
    a->hooks.revert = revert;
    act_rc = -EINVAL;
    within_post = twice_within;
    seen[0] = '\0';
    assert_int_equal(op_revert("a"), -EINVAL);
    assert_string_equal(seen, "prerevert(0) revert(0) postrevert(-22) "
                        "unload(0) first(0) second(-22) ");
    assert_int_equal(inner_rc, -EINVAL);
    check("a", CHECKED, -EINVAL);
    a->hooks.revert = NULL;
    within_post = NULL;
    assert_int_equal(op_apply("a"), 0);
}

/* -- Without memory ------------------------------------------------------ */

static void no_memory_for(const char *name, uint32_t action, uint32_t state)
{
    unsigned int n;
    int rc;

    for ( n = 1; ; n++ )
    {
        seen[0] = '\0';
        hosted_fail_allocation(n);
        rc = begin(name, action);
        hosted_fail_allocation(0);
        if ( !rc )
            break;
        assert_int_equal(rc, -ENOMEM);
        assert_string_not_equal(payloads_find(name)->why.text, "");
        hosted_run();
        check(name, state, payloads_find(name)->rc);
        assert_true(!seen[0] || strstr(seen, "post"));
    }
    assert_true(n > 1);
    hosted_run();
}

static void test_no_memory(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);

    handmade_function(b, "xen_one", "xen_three");
    all_hooks(a);
    no_memory_for("a", LIVEPATCH_ACTION_APPLY, CHECKED);
    check("a", APPLIED, 0);
    a->hooks = (struct livepatch_hooks){};
    no_memory_for("b", LIVEPATCH_ACTION_REPLACE, CHECKED);
    check("b", APPLIED, 0);
    all_hooks(b);
    no_memory_for("b", LIVEPATCH_ACTION_REVERT, APPLIED);
    check("b", CHECKED, 0);
    b->hooks = (struct livepatch_hooks){};
}

/* -- Who was it ---------------------------------------------------------- */

static void test_last(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);

    op_apply("a");
    assert_int_equal(op_apply("b"), -EINVAL);
    assert_int_equal(actions_last(a), 0);
    assert_int_equal(actions_last(b), LIVEPATCH_ACTION_APPLY);
    op_unload("b");
    assert_int_equal(actions_last(a), 0);
    assert_int_equal(actions_last(b), 0);
}

/* Obstacles are those of the last action that met some. */
static void test_obstacles_go(void **state)
{
    struct payload *a = one_to_two(), *b = handmade("b", 2, HOSTED_XEN_ID);

    hosted_stick_deaf(1);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_non_null(actions_obstacles(a));
    assert_null(actions_obstacles(b));
    assert_int_equal(op_apply("b"), -EBUSY);
    assert_null(actions_obstacles(a));
    assert_non_null(actions_obstacles(b));
    hosted_free(1);
    hosted_run();
    assert_int_equal(op_unload("b"), 0);
    assert_null(actions_obstacles(b));
}

#define t(f) cmocka_unit_test_setup_teardown(f, setup, handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_apply_and_revert), t(test_no_effect), t(test_metadata),
        t(test_unknown_action), t(test_in_flight), t(test_dependency),
        t(test_expectation), t(test_unload), t(test_unload_while_used),
        t(test_again), t(test_again_while_used), t(test_replace),
        t(test_replace_refused), t(test_replace_fails), t(test_pairs),
        t(test_pre_hook_forbids), t(test_pre_hook_lies),
        t(test_start_fails), t(test_cpu_is_late),
        t(test_words_of_stragglers), t(test_hotplug), t(test_waiting),
        t(test_apply_hook_fails), t(test_unload_within_post_hook),
        t(test_begin_within_post_hook), t(test_post_hook_writes),
        t(test_norevert), t(test_revert_of_nothing), t(test_no_memory),
        t(test_last), t(test_obstacles_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
