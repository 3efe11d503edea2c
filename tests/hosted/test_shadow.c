/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shadow variables: one at a time, all of a number, and many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pthread.h>

#include <xen/lib.h>
#include <xen/livepatch_shadow.h>
#include <xen/rcupdate.h>

#include "hosted.h"

#define MANY 5000
/* So many that some of one object share a bucket. */
#define IDS 32

static unsigned long objects[MANY];
static unsigned int constructed, destroyed;
static void *last_obj, *last_data, *last_arg;

static int ctor(void *obj, void *data, void *arg)
{
    assert_false(local_irq_is_enabled());
    constructed++;
    last_obj = obj;
    last_data = data;
    last_arg = arg;
    *(unsigned long *)data = 0x1234;
    return 0;
}

static int refusing_ctor(void *obj, void *data, void *arg)
{
    constructed++;
    return -EPERM;
}

static void dtor(void *obj, void *data)
{
    assert_false(local_irq_is_enabled());
    destroyed++;
    last_obj = obj;
    last_data = data;
}

static int set_up(void **state)
{
    hosted_reset();
    constructed = destroyed = 0;
    last_obj = last_data = last_arg = NULL;
    return 0;
}

static int tear_down(void **state)
{
    for ( unsigned long id = 0; id < IDS; id++ )
        livepatch_shadow_detach_all(id, NULL);
    hosted_check_clean();
    return 0;
}

/* -- One ------------------------------------------------------------------- */

static void attached(void **state)
{
    unsigned char *data;

    assert_null(livepatch_shadow_get(objects, 1));
    data = livepatch_shadow_attach(objects, 1, 100, NULL, NULL);
    assert_non_null(data);
    assert_int_equal((uintptr_t)data % 16, 0);
    for ( unsigned int i = 0; i < 100; i++ )
        assert_int_equal(data[i], 0);
    memset(data, 0xff, 100);
    assert_ptr_equal(livepatch_shadow_get(objects, 1), data);
    assert_true(local_irq_is_enabled());
}

static void attached_twice(void **state)
{
    void *data = livepatch_shadow_attach(objects, 1, 8, ctor, NULL);

    assert_null(livepatch_shadow_attach(objects, 1, 8, ctor, NULL));
    assert_ptr_equal(livepatch_shadow_get(objects, 1), data);
    assert_ptr_equal(livepatch_shadow_get_or_attach(objects, 1, 8, ctor, NULL),
                     data);
    assert_int_equal(constructed, 1);
    assert_int_equal(hosted_allocated, 1);
}

static void of_size_zero(void **state)
{
    void *data = livepatch_shadow_attach(objects, 1, 0, NULL, NULL);

    assert_non_null(data);
    assert_ptr_equal(livepatch_shadow_get(objects, 1), data);
    assert_null(livepatch_shadow_attach(objects, 1, 0, NULL, NULL));
}

static void keys_are_apart(void **state)
{
    void *a = livepatch_shadow_attach(&objects[0], 1, 8, NULL, NULL);
    void *b = livepatch_shadow_attach(&objects[0], 2, 8, NULL, NULL);
    void *c = livepatch_shadow_get_or_attach(&objects[1], 1, 8, NULL, NULL);

    assert_true(a && b && c && a != b && b != c && a != c);
    livepatch_shadow_detach(&objects[0], 1, NULL);
    assert_null(livepatch_shadow_get(&objects[0], 1));
    assert_ptr_equal(livepatch_shadow_get(&objects[0], 2), b);
    assert_ptr_equal(livepatch_shadow_get(&objects[1], 1), c);
}

static void constructor(void **state)
{
    int arg;
    unsigned long *data = livepatch_shadow_attach(objects, 1, 8, ctor, &arg);

    assert_int_equal(*data, 0x1234);
    assert_ptr_equal(last_obj, objects);
    assert_ptr_equal(last_data, data);
    assert_ptr_equal(last_arg, &arg);
    data = livepatch_shadow_get_or_attach(&objects[1], 1, 8, ctor, NULL);
    assert_ptr_equal(data, last_data);
    assert_int_equal(constructed, 2);
}

static void constructor_refuses(void **state)
{
    assert_null(livepatch_shadow_attach(objects, 1, 8, refusing_ctor, NULL));
    assert_null(livepatch_shadow_get_or_attach(objects, 1, 8, refusing_ctor,
                                               NULL));
    assert_int_equal(constructed, 2);
    assert_null(livepatch_shadow_get(objects, 1));
    assert_int_equal(hosted_allocated, 0);
    assert_true(local_irq_is_enabled());
}

static void without_memory(void **state)
{
    void *data;

    hosted_fail_allocation(1);
    assert_null(livepatch_shadow_attach(objects, 1, 8, ctor, NULL));
    hosted_fail_allocation(1);
    assert_null(livepatch_shadow_get_or_attach(objects, 1, 8, ctor, NULL));
    assert_int_equal(constructed, 0);
    assert_null(livepatch_shadow_get(objects, 1));

    /* One that is there needs none. */
    data = livepatch_shadow_attach(objects, 1, 8, ctor, NULL);
    hosted_fail_allocation(1);
    assert_ptr_equal(livepatch_shadow_get_or_attach(objects, 1, 8, ctor, NULL),
                     data);
    assert_false(hosted_allocation_failed());
    hosted_fail_allocation(0);
}

/* With the header in front of it, it would be a few bytes. */
static void absurd_size(void **state)
{
    for ( size_t less = 0; less < 64; less++ )
        assert_null(livepatch_shadow_attach(objects, 1, SIZE_MAX - less, ctor,
                                            NULL));
    assert_null(livepatch_shadow_get(objects, 1));
    assert_int_equal(constructed, 0);
}

static void detached(void **state)
{
    void *data = livepatch_shadow_attach(objects, 1, 8, NULL, NULL);

    livepatch_shadow_detach(objects, 2, dtor);
    livepatch_shadow_detach(&objects[1], 1, dtor);
    assert_int_equal(destroyed, 0);

    livepatch_shadow_detach(objects, 1, dtor);
    assert_int_equal(destroyed, 1);
    assert_ptr_equal(last_obj, objects);
    assert_ptr_equal(last_data, data);
    assert_null(livepatch_shadow_get(objects, 1));
    assert_true(local_irq_is_enabled());

    livepatch_shadow_detach(objects, 1, dtor);
    assert_int_equal(destroyed, 1);
}

/* Somebody may stand on it still. */
static void freed_later(void **state)
{
    unsigned long *data = livepatch_shadow_attach(objects, 1, 8, ctor, NULL);

    livepatch_shadow_detach(objects, 1, NULL);
    assert_int_equal(hosted_allocated, 1);
    assert_int_equal(*data, 0x1234);
    hosted_grace_period();
    assert_int_equal(hosted_allocated, 0);
}

/* -- All of a number ------------------------------------------------------- */

static void attach_many(void)
{
    for ( unsigned int i = 0; i < MANY; i++ )
        assert_non_null(livepatch_shadow_attach(&objects[i], 1 + i % 2, 8,
                                                NULL, NULL));
}

static void detached_all(void **state)
{
    attach_many();
    livepatch_shadow_detach_all(3, dtor);
    assert_int_equal(destroyed, 0);
    livepatch_shadow_detach_all(1, dtor);
    assert_int_equal(destroyed, MANY / 2);
    for ( unsigned int i = 0; i < MANY; i++ )
    {
        assert_null(livepatch_shadow_get(&objects[i], 1));
        assert_true(!livepatch_shadow_get(&objects[i], 2) == !(i % 2));
    }
    hosted_grace_period();
    assert_int_equal(hosted_allocated, MANY / 2);
    livepatch_shadow_detach_all(2, NULL);
    hosted_grace_period();
    assert_int_equal(hosted_allocated, 0);
}

/* As an unload hook does it: with IRQs off, which stay so. */
static void detached_while_stopped(void **state)
{
    attach_many();
    local_irq_disable();
    livepatch_shadow_detach_all(1, dtor);
    assert_false(local_irq_is_enabled());
    assert_null(livepatch_shadow_get(&objects[0], 1));
    livepatch_shadow_detach(&objects[1], 2, dtor);
    assert_false(local_irq_is_enabled());
    assert_int_equal(hosted_allocated, MANY);
    local_irq_enable();
    hosted_grace_period();
    assert_int_equal(hosted_allocated, MANY / 2 - 1);
}

/* -- Many ------------------------------------------------------------------ */

/* Anything in any order, against an array that says what must be there. */
static void any_order(void **state)
{
    static void *expected[64][IDS];
    unsigned int seed = 1;

    memset(expected, 0, sizeof(expected));
    for ( unsigned int step = 0; step < 100000; step++ )
    {
        unsigned int o = rand_r(&seed) % 64, id = rand_r(&seed) % IDS;
        void **slot = &expected[o][id], *data;

        switch ( rand_r(&seed) % 8 )
        {
        case 0 ... 2:
            data = livepatch_shadow_attach(&objects[o], id, 8, NULL, NULL);
            assert_true(!data == !!*slot);
            *slot = *slot ?: data;
            break;
        case 3:
            data = livepatch_shadow_get_or_attach(&objects[o], id, 8, NULL,
                                                  NULL);
            assert_true(data && (!*slot || *slot == data));
            *slot = data;
            break;
        case 4 ... 6:
            livepatch_shadow_detach(&objects[o], id, NULL);
            *slot = NULL;
            break;
        default:
            if ( step % 64 )
                break;
            livepatch_shadow_detach_all(id, NULL);
            for ( o = 0; o < 64; o++ )
                expected[o][id] = NULL;
            o = 0;
            break;
        }
        assert_ptr_equal(livepatch_shadow_get(&objects[o], id),
                         expected[o][id]);
    }
    hosted_grace_period();
}

/* -- At the same time ------------------------------------------------------ */

#define RACERS 4
#define RACES 20000

static int racing_ctor(void *obj, void *data, void *arg)
{
    *(unsigned long *)data = (unsigned long)obj ^ (unsigned long)arg;
    return 0;
}

/* What is found is whole, whatever the others do meanwhile. */
static void *race(void *number)
{
    unsigned int seed = (unsigned long)number;

    hosted_cpu = (unsigned long)number;
    for ( unsigned int i = 0; i < RACES; i++ )
    {
        unsigned long id = rand_r(&seed) % 3, *data, *obj;

        obj = &objects[rand_r(&seed) % 16];
        switch ( rand_r(&seed) % 4 )
        {
        case 0:
            livepatch_shadow_detach(obj, id, NULL);
            break;
        case 1:
            if ( i % 256 == 0 )
                livepatch_shadow_detach_all(id, NULL);
            break;
        case 2:
            data = livepatch_shadow_get_or_attach(obj, id, 8, racing_ctor,
                                                  (void *)id);
            if ( !data || *data != ((unsigned long)obj ^ id) )
                return obj;
            break;
        default:
            data = livepatch_shadow_get(obj, id);
            if ( data && *data != ((unsigned long)obj ^ id) )
                return obj;
            break;
        }
    }
    return NULL;
}

static void races(void **state)
{
    pthread_t threads[RACERS];
    void *wrong;

    for ( unsigned long i = 0; i < RACERS; i++ )
        assert_int_equal(pthread_create(&threads[i], NULL, race, (void *)i), 0);
    for ( unsigned int i = 0; i < RACERS; i++ )
    {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(attached), TEST(attached_twice), TEST(of_size_zero),
        TEST(keys_are_apart), TEST(constructor), TEST(constructor_refuses),
        TEST(without_memory), TEST(absurd_size), TEST(detached),
        TEST(freed_later), TEST(detached_all), TEST(detached_while_stopped),
        TEST(any_order), TEST(races),
    };

    hosted_boot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
