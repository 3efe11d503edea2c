/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change selects, and what is refused. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "select/boot.h"
#include "linked.h"
#include "support/memory.h"
#include "select/resolve.h"
#include "snippet.h"
#include "trial.h"

#define D TRIAL_DECLARATIONS

/* All that the report says, as -j writes it. */
static char *told(struct trial *trial)
{
    int saved = dup(1), fd;
    char *text = must_alloc(1 << 16, 1);
    FILE *file = tmpfile();

    assert_non_null(file);
    fd = fileno(file);
    fflush(stdout);
    assert_true(saved >= 0 && dup2(fd, 1) == 1);
    report_configure(trial->report, (struct report_options) { .json = true });
    report_write(trial->report, OUTCOME_REFUSED, NULL, NULL);
    fflush(stdout);
    assert_int_equal(dup2(saved, 1), 1);
    close(saved);
    rewind(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void assert_told(struct trial *trial, const char *what)
{
    char *text = told(trial);

    if (!strstr(text, what)) {
        fail_msg("no %s in: %s", what, text);
    }
    free(text);
}

static void check_refused(const char *old, const char *new, const char *kind)
{
    struct trial trial = trial_of(old, new);
    char *quoted = must_print("\"%s\"", kind);

    assert_true(report_refusals(trial.report) > 0);
    assert_told(&trial, quoted);
    free(quoted);
    trial_free(&trial);
}

static bool selected(const struct trial *trial, const char *name)
{
    return find_atom(trial->pair.new, name)->selected;
}

static void test_function(void **state)
{
    struct trial trial = trial_of(
        D "static int count;\n"
        "static noinline int same(int n) { return printk(\"s\") + n; }\n"
        "int f(int n) { count += same(n); return printk(\"a\"); }\n",
        D "static int count, more;\n"
        "static noinline int same(int n) { return printk(\"s\") + n; }\n"
        "static noinline int new(int n) { return more += printk(\"n\") * n; }\n"
        "int f(int n) { count += same(n) + new(n); return printk(\"b\"); }\n");

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_true(selected(&trial, "f") && selected(&trial, "new"));
    assert_true(selected(&trial, "more"));
    assert_false(selected(&trial, "same") || selected(&trial, "count"));
    trial_free(&trial);
}

static void test_nothing(void **state)
{
    const char *source = D "int f(int n) { return n + outer; }\n";

    (void)state;
    check_refused(source, source, "nothing");
}

static void test_data(void **state)
{
    (void)state;
    check_refused(D "static int x = 3; int f(void) { return x++; }\n",
                  D "static int x = 4; int f(void) { return x++; }\n",
                  "data");
    check_refused(D "static char x[8]; char *f(int n) { return x + n; }\n",
                  D "static char x[9]; char *f(int n) { return x + n; }\n",
                  "data");
}

/* Readers of a constant go with it, also those that are the same. */
static void test_constant(void **state)
{
    const char *format = D "static const int t[] = { 3, 1, %d };\n"
        "int f(int n) { return t[n] + outer; }\n"
        "int g(int n) { return n + outer; }\n";
    char *old = must_print(format, 4), *new = must_print(format, 5);
    struct trial trial = trial_of(old, new);

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_true(selected(&trial, "t") && selected(&trial, "f"));
    assert_false(selected(&trial, "g"));
    trial_free(&trial);
    free(old);
    free(new);
}

static void test_constant_that_may_be_kept(void **state)
{
    struct trial trial;

    (void)state;
    check_refused(D "const int t[] = { 3, 1 };"
                  "int f(int n) { return t[n] + outer; }\n",
                  D "const int t[] = { 3, 2 };"
                  "int f(int n) { return t[n] + outer; }\n", "data");
    trial = trial_of(D "static int a(void) { return outer; }"
                     "static int b(void) { return -outer; }"
                     "static int (*const t[])(void) = { a, b };"
                     "int f(int n) { return t[n](); }\n",
                     D "static int a(void) { return outer; }"
                     "static int b(void) { return -outer; }"
                     "static int (*const t[])(void) = { b, a };"
                     "int f(int n) { return t[n](); }\n");
    assert_told(&trial, "\"data\"");
    assert_told(&trial, "change the functions that it names");
    trial_free(&trial);
}

/* What xl shows of the options that Xen was built with. */
static void test_configuration(void **state)
{
    const char *format = D "const char xen_config_data[%d] = { 1, 2 };\n"
                         "const unsigned int xen_config_data_size = %d;\n"
                         "int f(int n) { return outer + %d; }\n";
    char *old = must_print(format, 2, 2, 1), *new = must_print(format, 3, 3, 2);
    struct trial trial = trial_of(old, new);

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_told(&trial, "configuration that Xen tells of");
    trial_free(&trial);
    free(old);
    free(new);
}

static void test_init(void **state)
{
    struct trial trial;

    (void)state;
    check_refused(D "int __init f(int n) { return outer + n; }\n",
                  D "int __init f(int n) { return outer - n; }\n", "init");
    trial = trial_of(D "int __init f(int n) { return outer + n; }\n"
                     "int g(int n) { return outer + n; }\n",
                     D "int __init f(int n) { return outer - n; }\n"
                     "int g(int n) { return outer - n; }\n");
    assert_int_equal(report_refusals(trial.report), 0);
    assert_false(selected(&trial, "f"));
    assert_true(selected(&trial, "g"));
    assert_told(&trial, "ran at boot");
    trial_free(&trial);
}

/* A guarded call of .init code may stay, a new one is a mistake. */
static void test_init_called(void **state)
{
    const char *rest = "static noinline int __init i(int n)"
                       "{ return outer * n; }\n"
                       "int __init j(int n) { return i(n) + 1; }\n";
    char *old = must_print(D "%s int g(int n) { return outer ? i(n) : n; }\n"
                           "int h(int n) { return outer; }\n", rest);
    char *good = must_print(D "%s int g(int n) { return outer ? i(n) : 3; }\n"
                            "int h(int n) { return outer; }\n", rest);
    char *bad = must_print(D "%s int g(int n) { return outer ? i(n) : n; }\n"
                           "int h(int n) { return i(n); }\n", rest);
    struct trial trial = trial_of(old, good);

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    trial_free(&trial);
    check_refused(old, bad, "symbol");
    free(old);
    free(good);
    free(bad);
}

/* The same where the patch makes both objects anew. */
static void test_init_of_another_object(void **state)
{
    const char *format = D "int i(int);\n"
        "int g(int n) { return outer ? i(n) : n + %d; }\n";
    char *old = must_print(format, 1), *new = must_print(format, 2);
    const struct source sources[] = {
        xen_source, { "twin.c", old },
        { "other.c", D "int outer; int __init i(int n) { return n + 1; }\n" },
        { NULL, NULL },
    };
    struct object_pair pairs[] = {
        { snippet("twin.c", old), snippet("twin.c", new) },
        { snippet("other.c", sources[2].text),
          snippet("other.c", sources[2].text) },
    };
    struct running *running = run_xen(sources);
    struct report *report = report_new();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pair_objects(pairs[i].old, pairs[i].new);
        compare_objects(pairs[i].old, pairs[i].new);
    }
    select_atoms(pairs, 2, running, report);
    assert_int_equal(report_refusals(report), 0);
    assert_true(find_atom(pairs[0].new, "g")->selected);
    for (size_t i = 0; i < 2; i++) {
        object_free(pairs[i].old);
        object_free(pairs[i].new);
    }
    report_free(report);
    running_free(running);
    free(old);
    free(new);
}

static void test_boot(void **state)
{
    (void)state;
    check_refused(
        D "static noinline int up(int n) { return outer + printk(\"a\"); }\n"
        "void start_secondary(void) { for (;;) outer = up(3); }\n",
        D "static noinline int up(int n) { return outer + printk(\"b\"); }\n"
        "void start_secondary(void) { for (;;) outer = up(3); }\n", "boot");
}

static void test_not_boot(void **state)
{
    struct trial trial = trial_of(
        D "static noinline int up(int n) { return outer + printk(\"a\"); }\n"
        "int late(void) { return up(2) + 1; }\n"
        "void start_secondary(void) { for (;;) outer = up(3); }\n",
        D "static noinline int up(int n) { return outer + printk(\"b\"); }\n"
        "int late(void) { return up(2) + 1; }\n"
        "void start_secondary(void) { for (;;) outer = up(3); }\n");

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    trial_free(&trial);
}

/* A CPU that is offline isn't there when a payload is taken away. */
static void test_offline(void **state)
{
    struct trial trial = trial_of(
        D "void play_dead(void) { for (;;) outer = printk(\"a\"); }\n"
        "int late(void) { play_dead(); return 1; }\n",
        D "void play_dead(void) { for (;;) outer = printk(\"b\"); }\n"
        "int late(void) { play_dead(); return 1; }\n");

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_told(&trial, "runs on CPUs that are offline");
    trial_free(&trial);
}

/* The engine's functions can't be patched, but for those of its hypercall. */
static void test_engine(void **state)
{
    static const char old[] = D "int list_payloads(int n) { return n; }\n"
        "int apply(int n) { return n * outer; }\n";
    struct trial trial = trial_of_file(
        "common/livepatch/list.c", old,
        D "int list_payloads(int n) { return n + 1; }\n"
        "int apply(int n) { return n * outer; }\n");

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    trial_free(&trial);
    trial = trial_of_file(
        "common/livepatch/list.c", old,
        D "int list_payloads(int n) { return n; }\n"
        "int apply(int n) { return n + outer; }\n");
    assert_told(&trial, "\"engine\"");
    trial_free(&trial);
}

static void test_interrupting(void **state)
{
    struct trial trial = trial_of_file(
        "arch/x86/traps.c", D "int do_nmi(int n) { return n * outer; }\n",
        D "int do_nmi(int n) { return n + outer; }\n");

    (void)state;
    assert_told(&trial, "\"engine\"");
    trial_free(&trial);
}

static void test_small(void **state)
{
    (void)state;
    check_refused(D "asm(\".pushsection .text.f, \\\"ax\\\";"
                  ".globl f; .type f, @function; f: nop; nop; ret;"
                  ".size f, . - f; .popsection\");\n",
                  D "asm(\".pushsection .text.f, \\\"ax\\\";"
                  ".globl f; .type f, @function; f: nop; ret;"
                  ".size f, . - f; .popsection\");\n", "small");
}

static void test_symbol(void **state)
{
    (void)state;
    check_refused(D "int f(int n) { return n + outer; }\n",
                  D "int f(int n) { return n + gone(n); }\n", "symbol");
}

static void test_per_cpu(void **state)
{
    (void)state;
    check_refused(D "int f(int n) { return n + outer; }\n",
                  D "static int __attribute__((section(\".bss.percpu\"))) "
                  "p; int f(int n) { return p += n; }\n", "per-cpu");
}

static void test_tables(void **state)
{
    (void)state;
    check_refused(D "int f(int n) { return n + outer; }\n",
                  D "int f(int n) { return n + outer; }\n"
                  "static int __attribute__((used, section("
                  "\".data.schedulers\"))) s = 3;\n", "section");
}

static void test_assembly(void **state)
{
    struct trial trial = assembly_trial(
        ".text\n.globl f\n.type f, @function\nf: mov $1, %eax\nret\n"
        ".size f, . - f\n",
        ".text\n.globl f\n.type f, @function\nf: mov $2, %eax\nret\n"
        ".size f, . - f\n");

    (void)state;
    assert_true(report_refusals(trial.report) > 0);
    assert_told(&trial, "\"assembly\"");
    trial_free(&trial);
}

/* The code is as it was, but what is to happen when it faults isn't. */
static void test_entry_of_assembly(void **state)
{
    const char *code = ".text\n.globl f\n.type f, @function\n"
        "f: iretq\n1: ret\n.size f, . - f\n"
        ".section .ex_table.pre, \"a\"\n";
    char *new = must_print("%s.long f - ., 1b - .\n", code);
    struct trial trial = assembly_trial(code, new);

    (void)state;
    assert_true(report_refusals(trial.report) > 0);
    assert_told(&trial, "\"assembly\"");
    trial_free(&trial);
    free(new);
}

/* The same bytes, but in the other half of a cache line. */
static void test_place(void **state)
{
    struct trial trial = assembly_trial(
        ".section .text.f, \"ax\"\n.globl f\n.type f, @function\n"
        "f: jmp *%rax\n.size f, . - f\n",
        ".section .text.f, \"ax\"\n.balign 64\n.fill 32, 1, 0xcc\n"
        ".globl f\n.type f, @function\nf: jmp *%rax\n.size f, . - f\n");

    (void)state;
    assert_true(report_refusals(trial.report) > 0);
    assert_told(&trial, "\"assembly\"");
    assert_told(&trial, "another place");
    trial_free(&trial);
}

/* What the assembler resolved within a section stays together. */
static void test_unlikely(void **state)
{
    const char *format = D "int f(int n) { asm volatile (\"jz 1f; nop\\n2:\\n"
        ".subsection 1; here.unlikely: 1: %s; jmp 2b; "
        ".subsection 0\"); return n + outer + %d; }\n";
    char *old = must_print(format, "nop", 1);
    char *new = must_print(format, "nop", 2);
    struct trial trial = trial_of(old, new);
    const struct section *section = find_atom(trial.pair.new, "f")->section;

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_int_equal(section->natoms, 2);
    for (size_t i = 0; i < section->natoms; i++) {
        assert_true(section->atoms[i]->selected);
    }
    trial_free(&trial);
    free(old);
    free(new);
}

static void test_hook(void **state)
{
    struct trial trial = trial_of(
        D "int f(int n) { return n + outer; }\n",
        D "int f(int n) { return n + outer; }\n"
        "static void hook(void) { outer = 3; }\n"
        "void (*const __attribute__((weak)) livepatch_load_data_hook)(void) "
        "__attribute__((section(\".livepatch.hooks.load\"))) = hook;\n");

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_true(selected(&trial, "hook"));
    trial_free(&trial);
}

/* Xen's own entry is what a pointer is to have; a call is made directly. */
static void test_pointer(void **state)
{
    const char *format = D "int f(int n) { return n * %d + outer; }\n"
        "int g(int n) { return use(f) + %d; }\n"
        "int h(int n) { return f(n + %d) + 1; }\n";
    char *old = must_print(format, 3, 1, 1);
    char *new = must_print(format, 5, 2, 2);
    struct trial trial = trial_of(old, new);
    struct resolver *resolver = resolver_new(&trial.pair, 1, trial.running);
    const struct atom *f = find_atom(trial.pair.new, "f");
    unsigned int direct = 0, entry = 0;

    (void)state;
    for (size_t i = 0; i < trial.pair.new->natoms; i++) {
        const struct atom *atom = trial.pair.new->atoms[i];

        for (size_t j = 0; j < atom->nrefs; j++) {
            struct resolved resolved;
            char *why = NULL;

            if (resolver_target(resolver, &atom->refs[j]) != f) {
                continue;
            }
            assert_true(resolver_ref(resolver, atom, &atom->refs[j],
                                     &resolved, &why));
            direct += resolved.how == RESOLVED_SELECTED;
            entry += resolved.how == RESOLVED_ADDRESS;
        }
    }
    assert_int_equal(entry, 1);
    assert_true(direct <= 1);
    resolver_free(resolver);
    trial_free(&trial);
    free(old);
    free(new);
}

/* With CET a pointer must find ENDBR64: the entry in Xen has none. */
static void test_first_pointer(void **state)
{
    struct trial trial = trial_of(
        D "int f(int n) { return n * 3 + outer; }\n"
        "int g(int n) { return use(0) + 1; }\n",
        D "int __attribute__((cf_check)) f(int n) { return n * 3 + outer; }\n"
        "int g(int n) { return use(f) + 1; }\n");
    struct resolver *resolver = resolver_new(&trial.pair, 1, trial.running);
    const struct atom *f = find_atom(trial.pair.new, "f");
    const struct atom *g = find_atom(trial.pair.new, "g");
    unsigned int found = 0;

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    for (size_t i = 0; i < g->nrefs; i++) {
        struct resolved resolved;
        char *why = NULL;

        if (resolver_target(resolver, &g->refs[i]) == f) {
            assert_true(resolver_ref(resolver, g, &g->refs[i], &resolved,
                                     &why));
            assert_int_equal(resolved.how, RESOLVED_SELECTED);
            found++;
        }
    }
    assert_int_equal(found, 1);
    assert_told(&trial, "must stay applied");
    resolver_free(resolver);
    trial_free(&trial);
}

/* The compiler numbers statics of functions anew: the address decides. */
static void test_numbered(void **state)
{
    const char *format = D "%s"
        "int g(int n) { static int last; return last += n; }\n"
        "int f(int n) { static int last; return last += n + %d; }\n";
    char *old = must_print(format, "", 1);
    char *new = must_print(format, "int e(int n) { static int last; "
                           "return last -= n; }\n", 2);
    struct trial trial = trial_of(old, new);
    struct resolver *resolver = resolver_new(&trial.pair, 1, trial.running);
    const struct atom *f = find_atom(trial.pair.new, "f");
    const struct atom *last = find_atom(trial.pair.old, "f")->refs[0].target;
    struct running_symbol symbol;
    struct resolved resolved;
    char *why = NULL;

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_int_equal(running_find(trial.running, "twin.c", last->symbol->name,
                                  true, &symbol), 1);
    assert_true(resolver_ref(resolver, f, &f->refs[0], &resolved, &why));
    assert_int_equal(resolved.how, RESOLVED_NAME);
    assert_string_equal(resolved.name, symbol.name);
    resolver_free(resolver);
    trial_free(&trial);
    free(old);
    free(new);
}

/* It is new in its file, and others use that which runs. */
static void test_moved(void **state)
{
    const char *old = D "int f(int n) { return n + outer; }\n";

    (void)state;
    check_refused(old, "int outer; int f(int n) { return n - outer; }\n",
                  "data");
    check_refused(old, D "int use(const void *p) { return !!p; }\n"
                  "int f(int n) { return n - outer; }\n", "symbol");
}

static void check_kept(const char *new, bool kept)
{
    struct trial trial = trial_of(
        D "int f(int n) { return n + outer; }\n", new);
    char *text = told(&trial);

    assert_int_equal(report_refusals(trial.report), 0);
    assert_int_equal(strstr(text, "its address is taken") != NULL, kept);
    free(text);
    trial_free(&trial);
}

static void test_kept_address(void **state)
{
    (void)state;
    check_kept(D "static noinline int g(int n) { return printk(\"g\") - n; }\n"
               "int f(int n) { return use(g) + outer; }\n", true);
    check_kept(D "static noinline int g(int n) { return printk(\"g\") - n; }\n"
               "int f(int n) { return g(n) + outer; }\n", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_constant_that_may_be_kept),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_init_called),
        cmocka_unit_test(test_init_of_another_object),
        cmocka_unit_test(test_boot),
        cmocka_unit_test(test_not_boot),
        cmocka_unit_test(test_offline),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_interrupting),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_symbol),
        cmocka_unit_test(test_per_cpu),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_assembly),
        cmocka_unit_test(test_entry_of_assembly),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_unlikely),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_pointer),
        cmocka_unit_test(test_first_pointer),
        cmocka_unit_test(test_numbered),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_kept_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
