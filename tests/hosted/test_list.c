/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_LIVEPATCH_LIST. */
#include "handmade.h"

#define ROOM 8

static struct xen_livepatch_status statuses[ROOM];
static char names[512], metadata[512];
static uint32_t lengths[ROOM], metadata_lengths[ROOM];
static struct xen_sysctl_livepatch_op op;

static struct xen_sysctl_livepatch_list *request(uint32_t idx, uint32_t nr)
{
    struct xen_sysctl_livepatch_list *list = &op.u.list;

    memset(statuses, 0xee, sizeof(statuses));
    memset(names, 0xee, sizeof(names));
    memset(metadata, 0xee, sizeof(metadata));
    memset(lengths, 0xee, sizeof(lengths));
    memset(metadata_lengths, 0xee, sizeof(metadata_lengths));
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_LIVEPATCH_LIST;
    list->idx = idx;
    list->nr = nr;
    list->name_total_size = sizeof(names);
    list->metadata_total_size = sizeof(metadata);
    set_xen_guest_handle(list->status, statuses);
    set_xen_guest_handle(list->name, names);
    set_xen_guest_handle(list->len, lengths);
    set_xen_guest_handle(list->metadata, metadata);
    set_xen_guest_handle(list->metadata_len, metadata_lengths);
    return list;
}

static int call(void)
{
    return livepatch_op(&op);
}

static void three(void)
{
    static char info[] = "a=1\0bc=2";
    struct payload *payload = handmade("first", 1, HOSTED_XEN_ID);

    payload->modinfo = (struct livepatch_span){ info, sizeof(info) };
    payload = handmade("", 2, HOSTED_XEN_ID);
    payload->rc = -EINVAL;
    payload = handmade("third one", 3, HOSTED_XEN_ID);
    payload->state = LIVEPATCH_STATE_APPLIED;
    payload->modinfo = (struct livepatch_span){ info, 4 };
}

static int teardown(void **state)
{
    struct payload *payload;

    list_for_each_entry ( payload, &payloads_loaded, list )
        payload->state = LIVEPATCH_STATE_CHECKED;
    return handmade_teardown(state);
}

static void test_empty(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(0, 0);

    assert_int_equal(call(), 0);
    assert_int_equal(list->nr, 0);
    assert_int_equal(list->version, payloads_version);
    assert_int_equal(list->name_total_size, 0);
    assert_int_equal(list->metadata_total_size, 0);

    list = request(5, 3);
    assert_int_equal(call(), 0);
    assert_int_equal(list->nr, 0);
    assert_int_equal(list->name_total_size, 0);
    assert_int_equal(list->metadata_total_size, 0);
}

static void test_probe(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(0, 0);

    three();
    list->name_total_size = list->metadata_total_size = 1;
    memset(&list->status, 0, 5 * sizeof(list->status));
    assert_int_equal(call(), 0);
    assert_int_equal(list->nr, 3);
    assert_int_equal(list->version, payloads_version);
    assert_int_equal(list->name_total_size, 6 + 1 + 10);
    assert_int_equal(list->metadata_total_size, 9 + 0 + 4);
}

static void test_all(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(0, ROOM);

    three();
    assert_int_equal(call(), 3);
    assert_int_equal(list->nr, 0);
    assert_int_equal(list->version, payloads_version);
    assert_int_equal(list->name_total_size, 17);
    assert_int_equal(list->metadata_total_size, 13);
    assert_memory_equal(names, "first\0\0third one\0\xee", 18);
    assert_memory_equal(metadata, "a=1\0bc=2\0a=1\0\xee", 14);
    assert_int_equal(lengths[0], 6);
    assert_int_equal(lengths[1], 1);
    assert_int_equal(lengths[2], 10);
    assert_int_equal(lengths[3], 0xeeeeeeee);
    assert_int_equal(metadata_lengths[0], 9);
    assert_int_equal(metadata_lengths[1], 0);
    assert_int_equal(metadata_lengths[2], 4);
    assert_int_equal(metadata_lengths[3], 0xeeeeeeee);
    assert_int_equal(statuses[0].state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(statuses[0].rc, 0);
    assert_int_equal(statuses[1].rc, -EINVAL);
    assert_int_equal(statuses[2].state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(statuses[3].state, 0xeeeeeeee);
}

/* What idx begins with goes to the arrays' beginnings. */
static void test_from_the_middle(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(1, 1);

    three();
    assert_int_equal(call(), 1);
    assert_int_equal(list->nr, 1);
    assert_int_equal(list->name_total_size, 1);
    assert_int_equal(list->metadata_total_size, 0);
    assert_int_equal(lengths[0], 1);
    assert_int_equal(statuses[0].rc, -EINVAL);
    assert_memory_equal(names, "\0\xee", 2);
    assert_int_equal((uint8_t)metadata[0], 0xee);

    list = request(2, 5);
    assert_int_equal(call(), 1);
    assert_int_equal(list->nr, 0);
    assert_memory_equal(names, "third one\0\xee", 11);
}

/* In flight it is -EAGAIN, whatever the result before was. */
static void test_busy(void **state)
{
    request(0, 1);
    handmade("a", 1, HOSTED_XEN_ID)->rc = -EPERM;
    payloads_find("a")->busy = true;
    assert_int_equal(call(), 1);
    assert_int_equal(statuses[0].rc, -EAGAIN);
    payloads_find("a")->busy = false;
    request(0, 1);
    assert_int_equal(call(), 1);
    assert_int_equal(statuses[0].rc, -EPERM);
}

static void test_preempted(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(0, ROOM);

    three();
    hosted_preempt_after = 1;
    assert_int_equal(call(), 1);
    assert_int_equal(list->nr, 2);
    assert_int_equal(list->name_total_size, 6);
    assert_int_equal(list->metadata_total_size, 9);

    list = request(1, ROOM);
    hosted_preempt_after = 2;
    assert_int_equal(call(), 2);
    assert_int_equal(list->nr, 0);
}

static void test_refused(void **state)
{
    struct xen_sysctl_livepatch_list *list = request(0, 1024);

    three();
    assert_int_equal(call(), 3);
    request(0, 1025);
    assert_int_equal(call(), -E2BIG);
    assert_contains(hosted_console(), "1025 records asked for, 1024");

    list = request(0, 1);
    list->pad = 7;
    assert_int_equal(call(), -EINVAL);
    assert_contains(hosted_console(), "list: padding is 0x7");

    request(3, 1);
    assert_int_equal(call(), -EINVAL);
    assert_contains(hosted_console(), "index 3, but 3 payloads");
    request(3, 0);
    assert_int_equal(call(), -EINVAL);
}

static void test_bad_handles(void **state)
{
    const void *handles[] = {
        statuses, names, lengths, metadata, metadata_lengths,
    };
    unsigned int i;

    three();
    for ( i = 0; i < ARRAY_SIZE(handles); i++ )
    {
        request(0, 3);
        hosted_bad_handle = handles[i];
        assert_int_equal(call(), -EINVAL);
        assert_contains(hosted_console(), "no guest may write");
        hosted_console_clear();
    }
}

/* Each of the 14 copies: the one without metadata has four. */
static void test_faults(void **state)
{
    unsigned int i;

    three();
    for ( i = 1; i <= 14; i++ )
    {
        request(0, ROOM);
        hosted_fail_copy(i);
        assert_int_equal(call(), -EFAULT);
        assert_contains(hosted_console(), "can't be copied");
        hosted_console_clear();
    }
    request(0, ROOM);
    hosted_fail_copy(15);
    assert_int_equal(call(), 3);
}

/* The totals say how much room there is only from 4.21 on. */
static void test_room(void **state)
{
    struct xen_sysctl_livepatch_list *list;

    three();
    list = request(0, ROOM);
    list->name_total_size = 17;
    list->metadata_total_size = 13;
    assert_int_equal(call(), 3);

    list = request(0, ROOM);
    list->name_total_size = 16;
    assert_int_equal(call(), HOSTED_RELEASE < 21 ? 3 : -ENOBUFS);
    list = request(0, ROOM);
    list->metadata_total_size = 12;
    assert_int_equal(call(), HOSTED_RELEASE < 21 ? 3 : -ENOBUFS);
    if ( HOSTED_RELEASE >= 21 )
    {
        assert_contains(hosted_console(), "record 2 doesn't fit");
        assert_int_equal((uint8_t)metadata[9], 0xee);
    }
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_empty), t(test_probe), t(test_all), t(test_from_the_middle),
        t(test_busy), t(test_preempted), t(test_refused),
        t(test_bad_handles), t(test_faults), t(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
