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

static void check_guard(const char *was, const char *is, const char *what,
                        int refused)
{
    const char *format = D "extern int state;\n"
        "static noinline int __init i(int n) { return outer * n; }\n"
        "int __init j(int n) { return i(n) + 1; }\n"
        "int g(int n) { int m = printk(\"g\"); %s }\n";
    char *old = must_print(format, was), *new = must_print(format, is);
    struct trial trial = trial_of(old, new);

    assert_int_equal(report_refusals(trial.report) > 0, refused);
    if (what) {
        assert_told(&trial, what);
    } else {
        char *text = told(&trial);

        assert_null(strstr(text, "once Xen has booted"));
        free(text);
    }
    trial_free(&trial);
    free(old);
    free(new);
}

/* What keeps code from what is gone has to be as it was. */
static void test_init_guard(void **state)
{
    static const char gone[] = "doesn't any more, or not in the same way";

    (void)state;
    check_guard("if (outer) m = i(n); return m;",
                "if (outer) m = i(n + m) + 1; return m * n;", NULL, 0);
    check_guard("if (outer < 2) m = i(n); return m;",
                "if (n > 3) { if (outer < 2) m = i(n); n++; } return m - n;",
                NULL, 0);
    check_guard("if (outer) m = i(n); return m;",
                "if (n) m = i(n); return m + outer;", gone, 1);
    check_guard("if (outer) m = i(n); return m;",
                "if (!outer) m = i(n); return m;", gone, 1);
    check_guard("if (outer < 2) m = i(n); return m;",
                "if (outer < 3) m = i(n); return m;", gone, 1);
    check_guard("if (outer) m = i(n); return m;",
                "if (kept) m = i(n); return m;", gone, 1);
    check_guard("if (outer) m = i(n); return m;",
                "if (outer) m = i(n); printk(\"h\"); if (m == n) n = i(m); "
                "return m - n;", gone, 1);
    check_guard("return i(n) + m;", "return i(n) - m;",
                "that nothing leads there then", 0);
    check_guard("return i(n) + printk((void *)j) + i(m);",
                "return i(n) + printk((void *)j) - i(m);",
                "refers to i, j, as it did", 0);
}

/* An engine makes it a direct call when it loads the payload. */
static void test_init_pointer(void **state)
{
    const char *format = D "__attribute__((section(\"%s\"))) "
        "int (*ops)(void) = (void *)1;\n"
        "int f(int n) { asm volatile (\"1: call *ops(%%%%rip);"
        ".pushsection .alt_call_sites, \\\"a\\\"; .long 1b - .; "
        ".popsection\" : \"+a\" (n)); return n + %d; }\n";
    char *old = must_print(format, ".init.data", 1);
    char *new = must_print(format, ".init.data", 2);
    char *good = must_print(format, ".data", 1);
    char *better = must_print(format, ".data", 2);
    struct trial trial = trial_of(good, better);

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    trial_free(&trial);
    trial = trial_of(old, new);
    assert_int_equal(report_refusals(trial.report), 1);
    assert_told(&trial, "it calls through a pointer in ops");
    trial_free(&trial);
    free(old);
    free(new);
    free(good);
    free(better);
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
    select_atoms(pairs, 2, running, NULL, report);
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
    assert_told(&trial, "runs on CPUs that are offline, and an NMI takes them "
                "there at any time: with Xen's own engine, bring all online "
                "before this payload is unloaded, or don't unload it");
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
    assert_told(&trial, "must stay loaded");
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

/* Where a variable is said to be, and that it was set at boot. */
static void test_annotation(void **state)
{
    static const char text[] = D
        "static int __attribute__((section(\"%s\"))) v = 3;\n"
        "int set(int n) { v = n; return 0; }\n"
        "int f(int n) { return n + v%s; }\n";
    static const struct {
        const char *was, *is, *change;
        bool refused;
        const char *told;
    } cases[] = {
        { ".data.read_mostly", ".data.ro_after_init", " + 1", false,
          "what exists stays where it is" },
        { ".data.ro_after_init", ".data.read_mostly", " + 1", false,
          "what exists stays where it is" },
        { ".data.ro_after_init", ".data.read_mostly", " + v++", true,
          "it is read-only since boot, and f may write it" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *old = must_print(text, cases[i].was, "");
        char *new = must_print(text, cases[i].is, cases[i].change);
        struct trial trial = trial_of(old, new);

        assert_int_equal(report_refusals(trial.report), cases[i].refused);
        assert_told(&trial, cases[i].told);
        trial_free(&trial);
        free(old);
        free(new);
    }
}

/* -- Prototypes ------------------------------------------------------------ */

/* With debug information, as files. */
static char *object_file(const char *source)
{
    char *path = must_copy("/tmp/select.XXXXXX");
    size_t size;
    unsigned char *image = snippet_image("twin.c", source, "-g", &size);
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, image, size), size);
    assert_int_equal(close(fd), 0);
    free(image);
    return path;
}

/* f() gets a parameter; rest is in its file, and other in one that stays. */
static void check_prototype(const char *rest, const char *other,
                            const char *what, bool refused)
{
    char *old = must_print(D "int f(int n) { return outer + n; }\n%s", rest);
    char *new = must_print(D "int f(int n, int m) { return outer + n * m; }"
                           "\n%s", rest);
    char *text = must_print(D "int outer; int f(int);\n%s", other);
    char *paths[] = { object_file(old), object_file(new) }, *why = NULL;
    const struct source sources[] = {
        xen_source, { "twin.c", old }, { "other.c", text }, { NULL, NULL },
    };
    struct trial trial = {
        .running = run_xen(sources), .report = report_new(),
        .pair = { snippet("twin.c", old), snippet("twin.c", new) },
    };
    struct layouts *layouts = layouts_new();

    pair_objects(trial.pair.old, trial.pair.new);
    compare_objects(trial.pair.old, trial.pair.new);
    assert_true(layouts_compare(layouts, paths[0], paths[1], &why));
    select_atoms(&trial.pair, 1, trial.running, layouts, trial.report);
    assert_int_equal(report_refusals(trial.report), refused);
    assert_told(&trial, refused ? "\"meaning\"" : "\"outcome\"");
    assert_told(&trial, what);
    layouts_free(layouts);
    object_free(trial.pair.old);
    object_free(trial.pair.new);
    report_free(trial.report);
    running_free(trial.running);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(unlink(paths[i]), 0);
        free(paths[i]);
    }
    free(old);
    free(new);
    free(text);
}

static void test_prototype(void **state)
{
    (void)state;
    check_prototype("", "int h(int n) { return f(n) + 1; }",
                    "parameter 2, m, is new, but h calls it as it was", true);
    check_prototype("", "void *table[] = { 0, f };",
                    "but table names it as it was", true);
    check_prototype("void *const table[] = { 0, f };", "",
                    "parameter 2, m, is new, and table has its address",
                    false);
    check_prototype("int h(int n) { return ((int (*)(int))f)(n) + 1; }", "",
                    "\"warnings\": [\n\n", false);
}

/* -- Lifetimes ------------------------------------------------------------- */

enum told { NOTHING, WARNED, REFUSED };

/* What comes of a patch whose words on `what` are of this kind. */
static void check_told(const char *old, const char *new, const char *kind,
                       const char *what, enum told expected)
{
    struct trial trial = trial_of(old, new);
    char *text = told(&trial), *quoted = must_print("\"%s\"", kind);
    bool refused = strstr(text, quoted);

    if (refused != (expected == REFUSED) ||
        (expected != REFUSED && report_refusals(trial.report)) ||
        !strstr(text, what) != (expected == NOTHING)) {
        fail_msg("expected %d of %s: %s", expected, what, text);
    }
    free(quoted);
    free(text);
    trial_free(&trial);
}

#define UNLOAD_HOOK \
    "static void hook(void) { outer = 3; }\n" \
    "void (*const __attribute__((weak)) livepatch_unload_data_hook)(void) " \
    "__attribute__((section(\".livepatch.hooks.unload\"))) = hook;\n"

/* f() is changed; before is in front of it, and body in it. */
static void check_kept(const char *before, const char *body,
                       enum told expected)
{
    char *new = must_print(D "struct list { struct list *next; };\n"
                           "int g(int n) { return outer + n; }\n"
                           "static noinline void keep(const void *p) "
                           "{ kept = p; }\n"
                           "static noinline int look(const int *p) "
                           "{ return p[1] + outer; }\n"
                           "int h(int n) { keep(0); return look(&n); }\n"
                           "%s\nint f(int n, struct list *l) { %s }\n",
                           before, body);

    check_told(D "struct list { struct list *next; };\n"
               "int g(int n) { return outer + n; }\n"
               "static noinline void keep(const void *p) { kept = p; }\n"
               "static noinline int look(const int *p) "
               "{ return p[1] + outer; }\n"
               "int h(int n) { keep(0); return look(&n); }\n"
               "int f(int n, struct list *l) { return n + outer; }\n",
               new, "lifetime", ": as long as memory keeps it", expected);
    free(new);
}

static void check_kept_for_certain(const char *before, const char *body)
{
    char *with_hook = must_print("%s\n" UNLOAD_HOOK, before);
    char *new = must_print(D "struct list { struct list *next; };\n"
                           "static noinline void keep(const void *p) "
                           "{ kept = p; }\n"
                           "int h(int n) { keep(0); return n; }\n"
                           "%s\nint f(int n, struct list *l) { %s }\n",
                           before, body);

    check_told(D "struct list { struct list *next; };\n"
               "static noinline void keep(const void *p) { kept = p; }\n"
               "int h(int n) { keep(0); return n; }\n"
               "int f(int n, struct list *l) { return n + outer; }\n",
               new, "lifetime", "this leads nowhere", REFUSED);
    check_kept(with_hook, body, WARNED);
    free(with_hook);
    free(new);
}

#define NEW_FUNCTION \
    "static noinline int new(int n) { return printk(\"g\") - n; }"
#define NEW_CALLBACK \
    "static noinline void new(void *p) { outer = printk(\"g\"); }"

static void test_kept_function(void **state)
{
    (void)state;
    check_kept(NEW_FUNCTION, "return use(new) + outer;", WARNED);
    check_kept(NEW_FUNCTION, "return new(n) + outer;", NOTHING);
    check_kept("static int new[2];", "return use(g) + new[n]++;", NOTHING);
    check_kept_for_certain(NEW_CALLBACK,
                           "init_timer(l, new, l, 0); return n - outer;");
}

static void test_kept_data(void **state)
{
    (void)state;
    check_kept_for_certain("static struct list new;",
                           "kept = &new; return n - outer;");
    check_kept_for_certain("static const int new[] = { 3, 4, 5 };",
                           "kept = new + n; return n - outer;");
    check_kept_for_certain("static struct list new[2];",
                           "init_timer(new + 1, 0, 0, 0); return n - outer;");
    check_kept("static struct list new;",
               "new.next = l->next; l->next = &new; return n - outer;",
               WARNED);
    check_kept("static struct list new;",
               "return use(n ? (void *)&new : (void *)l);", WARNED);
    check_kept("static const char new[] = \"0123456789012345678901234567\";",
               "*(const char *volatile *)l = new + n; return n - outer;",
               WARNED);
    check_kept("static int new;", "_spin_lock(&new); return n - outer;",
               NOTHING);
    check_kept("static struct list new;",
               "new.next = &new; return n - outer;", NOTHING);
    check_kept("static struct list new[9];",
               "struct list *p = new + n; p->next = p; return n - outer;",
               NOTHING);
    check_kept("static int new; static int *which;",
               "which = &new; return *which + n;", NOTHING);
}

/* By way of another function, old or new. */
static void test_kept_by_callee(void **state)
{
    (void)state;
    check_kept_for_certain("static struct list new;",
                           "keep(&new); return n - outer;");
    check_kept_for_certain("static int new; static noinline void via(int n, "
                           "const int *p) { if (n) keep(p + n); }",
                           "via(n, &new); return n - outer;");
    check_kept("static int new[3];", "return look(new + 1);", NOTHING);
}

static void test_kept_string(void **state)
{
    (void)state;
    check_kept_for_certain("", "kept = \"word\"; return n - outer;");
    check_kept("", "return use(\"word\") + printk(\"word\");", NOTHING);
    check_kept("", "*(const char **)l = \"word\"; return n - outer;", WARNED);
}

/* What a pointer on the stack leads to is used while f() runs. */
static void test_kept_on_stack(void **state)
{
    (void)state;
    check_kept("static const int new[] = { 3, 4, 5 };",
               "struct { const int *p; long x[9]; } s = { new }; "
               "return look((void *)&s) + look((void *)&s.x[n]);", NOTHING);
}

#define STACKED "const void *volatile s[4] = { new, l, new }; "

/* Unless it is loaded from there, or copied, and then kept. */
static void test_kept_from_stack(void **state)
{
    (void)state;
    check_kept(NEW_FUNCTION, STACKED "return s[n & 3] == l;", NOTHING);
    check_kept(NEW_FUNCTION, STACKED "l->next = (void *)s[n & 3]; "
               "return outer;", WARNED);
    check_kept(NEW_FUNCTION, STACKED "l->next = (void *)s[2]; return outer;",
               WARNED);
    check_kept(NEW_FUNCTION, STACKED "memcpy(l, (void *)s, n); return outer;",
               WARNED);
    check_kept(NEW_FUNCTION, "void *t[4]; " STACKED "memcpy(t, (void *)s, n); "
               "return use(t) + outer;", NOTHING);
    check_kept("static noinline void via(int n, struct list *l, "
               "const void *volatile *s) { l->next = (void *)s[n]; }"
               NEW_FUNCTION, STACKED "via(n, l, s); return outer;", WARNED);
}

/* From a table in the payload. */
static void test_kept_from_table(void **state)
{
    static const char table[] = NEW_FUNCTION
        "static int old(int n) { return n; }"
        "static int (*const table[])(int) = { old, new, g, new, old };";
    static const char words[] =
        "static const char *const words[] = { \"a word\", \"another\" };";

    (void)state;
    check_kept(table, "l->next = (void *)table[n]; return outer;", WARNED);
    check_kept(table, "l->next = (void *)table[1]; return outer;", WARNED);
    check_kept(table, "memcpy(l, table, sizeof(table)); return outer;", WARNED);
    check_kept(table, "return table[n](n) + outer;", NOTHING);
    check_kept(words, "return printk(words[n]) + outer;", NOTHING);
    check_kept(words, "l->next = (void *)words[n]; return outer;", WARNED);
}

static void test_without_successor(void **state)
{
    const char *format = D "static void __attribute__((used)) %s(void *p) "
        "{ outer = printk(\"%s\"); }\n"
        "int f(int n, void *t) { init_timer(t, %s, t, 0); return %d; }\n";
    char *old = must_print(format, "tick", "a", "tick", 1);
    char *renamed = must_print(format, "tock", "b", "tock", 1);
    char *hooked = must_print("%s" UNLOAD_HOOK, renamed);
    char *changed = must_print(format, "tick", "b", "tick", 1);
    char *both = must_print(format, "tick", "b", "tick", 2);

    (void)state;
    check_told(old, changed, "lifetime", "what registers it", NOTHING);
    check_told(old, both, "lifetime", "so is what registers it (f passes its "
               "address to init_timer()", WARNED);
    check_told(old, hooked, "lifetime", "goes on with the old code", WARNED);
    free(old);
    free(hooked);
    free(renamed);
    free(changed);
    free(both);
}

static void test_boot_table(void **state)
{
    const char *format = D "#define cf __attribute__((used))\n"
        "static int cf a(void) { return outer; }\n"
        "static int cf b(void) { return outer + 1; }\n"
        "int (*copy)(void);\n"
        "static int (*ops[])(void) __attribute__((section(\".init.data\"))) "
        "= { a%s };\n"
        "void __init setup(void) { copy = ops[outer]; }\n"
        "int f(int n) { return n + %d; }\n%s";
    char *old = must_print(format, ", a", 1, "");
    char *same = must_print(format, ", a", 2, "");
    char *other = must_print(format, ", b", 2, "");
    char *hooked = must_print(format, ", b", 2, UNLOAD_HOOK);

    (void)state;
    check_told(old, same, "lifetime", "it was used at boot", NOTHING);
    check_told(old, other, "lifetime", "it names b now", REFUSED);
    check_told(old, hooked, "lifetime", "it was used at boot", WARNED);
    free(old);
    free(same);
    free(other);
    free(hooked);
}

/* -- Values of new variables ----------------------------------------------- */

#define LOAD_HOOK \
    "static void hook(void) { new = outer; }\n" \
    "void (*const __attribute__((weak)) livepatch_load_data_hook)(void) " \
    "__attribute__((section(\".livepatch.hooks.load\"))) = hook;\n"

static void check_set(const char *set, const char *rest, enum told expected)
{
    char *new = must_print(D "static int new; void reset(int *);\n"
                           "int f(int n) { return n + new; }\n"
                           "void __init setup(void) { outer = 0; %s }\n%s",
                           set, rest);

    check_told(D "int f(int n) { return n + outer; }\n"
               "void __init setup(void) { outer = 0; }\n", new, "data",
               expected == REFUSED ? "which has run, and does not again" :
               "which has run: until others", expected);
    free(new);
}

static void test_set_at_boot(void **state)
{
    (void)state;
    check_set("new = outer;", "", REFUSED);
    check_set("new |= 4;", "", REFUSED);
    check_set("use(&new);", "", REFUSED);
    check_set("outer = new;", "", NOTHING);
    check_set("outer = new == 3;", "", NOTHING);
    check_set("new = outer;", "void g(void) { new++; }\n"
              "int h(int n) { g(); return n; }\n", REFUSED);
    check_set("new = outer;", LOAD_HOOK, WARNED);
}

/* Also of one that runs when it is loaded; and by new code that nobody calls
 * but what has run. */
static void test_set_at_boot_and_later(void **state)
{
    const char *old = D "int f(int n) { return n + outer; }\n"
                      "void __init setup(void) { outer = 0; }\n";

    (void)state;
    check_told(old, D "static int new;\n"
               "int f(int n) { return n + new++; }\n"
               "void __init setup(void) { new = 5; }\n", "data",
               "which has run: until others", WARNED);
    check_told(old, D "static int new;\n"
               "int f(int n) { return n + new; }\n"
               "static noinline void set(void) { new = outer; }\n"
               "void __init setup(void) { set(); }\n", "data",
               "which has run, and does not again", REFUSED);
}

/* By what nobody calls, in vain. */
static void test_set_by_nobody(void **state)
{
    (void)state;
    check_set("outer = 1;", "void set(void) { new = outer; }\n", NOTHING);
    check_set("outer = 1;", "noinline void set(void) { new = outer; }\n"
              "void use_it(void) { set(); set(); }\n", NOTHING);
}

/* One that exists, and only has got what would set it. */
static void test_set_anew_at_boot(void **state)
{
    const char *format = D "static int value;\n"
        "int f(int n) { return n + value++ + %d; }\n"
        "int g(int n) { return n - outer + %d; }\n"
        "void __init setup(void) { %s outer = %d; }\n";
    char *old = must_print(format, 1, 1, "", 1);
    char *set = must_print(format, 2, 1, "value = 3;", 1);
    char *unused = must_print(format, 1, 2, "value = 3;", 1);
    char *other = must_print(format, 2, 1, "", 2);
    char *again = must_print(format, 3, 1, "value = 4;", 1);

    (void)state;
    check_told(old, set, "data", "setup sets it now", WARNED);
    check_told(old, unused, "data", "setup sets it now", NOTHING);
    check_told(old, other, "data", "setup sets it now", NOTHING);
    check_told(set, again, "data", "setup sets it now", NOTHING);
    free(again);
    free(old);
    free(set);
    free(unused);
    free(other);
}

static void test_taken_over(void **state)
{
    const char *format = D "static %s;\n"
        "int f(int n) { return %s += n; }\n"
        "int g(int n) { return n - %s; }\n%s";
    char *old = must_print(format, "int count, other", "count", "count",
                           "int h(int n) { return other += n; }");
    char *wider = must_print(format, "long new; static int other", "new",
                             "new", "int h(int n) { return other += n; }");
    char *hooked = must_print(format, "long new; static int other", "new",
                              "new", "int h(int n) { return other += n; }"
                              LOAD_HOOK);
    char *beside = must_print(format, "int count, other, new", "new", "count",
                              "int h(int n) { return other += n; }");
    char *added = must_print(format, "int count, other, new",
                             "new += count", "count",
                             "int h(int n) { return other += n; }");

    (void)state;
    check_told(old, wider, "data", "in the place of count (4 bytes)", REFUSED);
    check_told(old, hooked, "data", "but not count any more", WARNED);
    check_told(old, beside, "data", "but not count any more", WARNED);
    check_told(old, added, "data", "any more", NOTHING);
    free(old);
    free(wider);
    free(hooked);
    free(beside);
    free(added);
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
        cmocka_unit_test(test_init_guard),
        cmocka_unit_test(test_init_pointer),
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
        cmocka_unit_test(test_annotation),
        cmocka_unit_test(test_prototype),
        cmocka_unit_test(test_kept_function),
        cmocka_unit_test(test_kept_data),
        cmocka_unit_test(test_kept_by_callee),
        cmocka_unit_test(test_kept_string),
        cmocka_unit_test(test_kept_on_stack),
        cmocka_unit_test(test_kept_from_stack),
        cmocka_unit_test(test_kept_from_table),
        cmocka_unit_test(test_without_successor),
        cmocka_unit_test(test_boot_table),
        cmocka_unit_test(test_set_at_boot),
        cmocka_unit_test(test_set_at_boot_and_later),
        cmocka_unit_test(test_set_by_nobody),
        cmocka_unit_test(test_set_anew_at_boot),
        cmocka_unit_test(test_taken_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
