/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever the compiler numbers anew, is found again.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/identity.h"
#include "snippet.h"
#include "twins.h"

static void assert_same_variable(const struct twins *twins,
                                 const char *function, const char *name)
{
    struct atom *old = referred(twins->old, function, name, 0);
    struct atom *new = referred(twins->new, function, name, 0);

    assert_ptr_equal(old->twin, new);
    assert_ptr_equal(new->twin, old);
    assert_int_equal(new->verdict, VERDICT_SAME);
}

static void test_names_lose_their_numbers(void **state)
{
    static const struct {
        const char *name, *base;
        bool numbered;
    } cases[] = {
        { "foo", "foo", false },
        { "foo.1", "foo", true },
        { "__func__.12", "__func__", true },
        { "foo.isra.0", "foo.isra", true },
        { "foo.isra.0.cold", "foo.isra.cold", true },
        { "foo.part.0.constprop.3", "foo.part.constprop", true },
        { "foo.cold", "foo.cold", false },
        { "C.12.3456", "C", true },
        { "foo.1a", "foo.1a", false },
        { ".1", ".1", false },
        { "foo.", "foo.", false },
        { "", "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool numbered;
        char *base = name_without_numbers(cases[i].name, &numbered);

        assert_string_equal(base, cases[i].base);
        assert_int_equal(numbered, cases[i].numbered);
        free(base);
    }
}

/* -- Static locals -------------------------------------------------------- */

#define COUNTER(function, by) \
    "int " function "(void) { static int last; return last += " by "; }\n"

static void test_static_locals_are_found_by_their_functions(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1") COUNTER("g", "2"),
        COUNTER("added", "3") COUNTER("f", "1") COUNTER("g", "2"));

    (void)state;
    assert_same_variable(&twins, "f", "last");
    assert_same_variable(&twins, "g", "last");
    assert_int_equal(referred(twins.new, "added", "last", 0)->verdict,
                     VERDICT_NEW);
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_SAME);
    assert_int_equal(find_atom(twins.new, "g")->verdict, VERDICT_SAME);
    twins_free(twins);
}

static void test_static_local_is_found_when_its_like_is_gone(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1") COUNTER("g", "2"),
        "int f(void) { return 1; }\n" COUNTER("g", "2"));
    struct atom *gone = referred(twins.old, "f", "last", 0);

    (void)state;
    assert_same_variable(&twins, "g", "last");
    assert_null(gone->twin);
    assert_int_equal(gone->verdict, VERDICT_NEW);
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_CHANGED);
    assert_int_equal(find_atom(twins.new, "g")->verdict, VERDICT_SAME);
    twins_free(twins);
}

static void test_functions_of_the_same_content_keep_their_locals(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1") COUNTER("g", "1") COUNTER("h", "1"),
        COUNTER("h", "1") COUNTER("g", "1") COUNTER("f", "1"));

    (void)state;
    assert_same_variable(&twins, "f", "last");
    assert_same_variable(&twins, "g", "last");
    assert_same_variable(&twins, "h", "last");
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_SAME);
    twins_free(twins);
}

static void test_static_locals_of_changed_functions(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1") COUNTER("g", "2"),
        COUNTER("g", "20") COUNTER("f", "10"));

    (void)state;
    assert_same_variable(&twins, "f", "last");
    assert_same_variable(&twins, "g", "last");
    assert_differences(&twins, "changed f, changed g");
    twins_free(twins);
}

#define ONCE(text) \
    "{ static _Bool once; if (!once) { once = 1; printk(" text "); } }\n"

static void test_one_of_two_locals_of_a_function_is_gone(void **state)
{
    struct twins twins = twins_of(
        DECLARATIONS "void f(void) {\n" ONCE("\"one\"") ONCE("\"two\"") "}\n",
        DECLARATIONS "void f(void) {\n" ONCE("\"two\"") "}\n");

    (void)state;
    assert_ptr_equal(referred(twins.new, "f", "once", 0)->twin,
                     referred(twins.old, "f", "once", 1));
    twins_free(twins);
}

static void test_a_local_is_added_between_two(void **state)
{
    struct twins twins = twins_of(
        DECLARATIONS "void f(void) {\n" ONCE("\"one\"") ONCE("\"two\"") "}\n",
        DECLARATIONS "void f(void) {\n" ONCE("\"one\"") ONCE("\"more\"")
        ONCE("\"two\"") "}\n");

    (void)state;
    assert_ptr_equal(referred(twins.new, "f", "once", 0)->twin,
                     referred(twins.old, "f", "once", 0));
    assert_int_equal(referred(twins.new, "f", "once", 1)->verdict,
                     VERDICT_NEW);
    assert_ptr_equal(referred(twins.new, "f", "once", 2)->twin,
                     referred(twins.old, "f", "once", 1));
    twins_free(twins);
}

/* What is in front of a branch tells less than a message. */
static void test_message_tells_more_than_a_variable(void **state)
{
    struct twins twins = twins_of(
        DECLARATIONS "static int count; int *p(void) { return &count; }\n"
        "void f(int i) { count++; if (i > 3) {\n" ONCE("\"one\"") "}\n"
        ONCE("\"two\"") "}\n",
        DECLARATIONS "static int count; int *p(void) { return &count; }\n"
        "void f(int i) { count++; if (i > 4) {\n" ONCE("\"more\"")
        ONCE("\"one\"") "}\n" ONCE("\"two\"") "}\n");
    unsigned int found = 0;

    (void)state;
    for (unsigned int i = 0; i < 3; i++) {
        struct atom *new = referred(twins.new, "f", "once", i);

        found += new->verdict == VERDICT_SAME;
    }
    assert_int_equal(found, 2);
    assert_ptr_equal(referred(twins.new, "f", "once", 1)->twin,
                     referred(twins.old, "f", "once", 0));
    twins_free(twins);
}

/* Two in one function, one of them gone, and no message next to them. */
static void test_weak_evidence_is_not_enough(void **state)
{
    struct twins twins = twins_of(
        DECLARATIONS "static int x, y; int *p(int i) { return i ? &x : &y; }\n"
        "void f(int i) { { static int last; x++; last += i; outer(last); }\n"
        "{ static int last; y++; last -= i; use(&last); } }\n",
        DECLARATIONS "static int x, y; int *p(int i) { return i ? &x : &y; }\n"
        "void f(int i) { { static int last; x++; last -= i; use(&last); } }\n");

    (void)state;
    assert_int_equal(referred(twins.new, "f", "last", 0)->verdict,
                     VERDICT_CHANGED);
    twins_free(twins);
}

/* Functions that shared a variable don't any more, or begin to. */
static void test_contradictions_are_no_evidence(void **state)
{
    static const char common[] =
        ".macro variable name\n.bss\n.type \\name, @object\n"
        "\\name: .long 0\n.size \\name, 4\n.endm\n"
        ".macro function name, variable\n"
        ".section .text.\\name, \"ax\", @progbits\n.globl \\name\n"
        ".type \\name, @function\n\\name: incl \\variable(%rip)\n ret\n"
        ".size \\name, . - \\name\n.endm\n"
        "variable x.0\nvariable x.1\nfunction f, x.0\n";
    char shared[1024], apart[1024];

    (void)state;
    snprintf(shared, sizeof(shared), "%sfunction g, x.0\n", common);
    snprintf(apart, sizeof(apart), "%sfunction g, x.1\n", common);
    for (int i = 0; i < 2; i++) {
        struct twins twins = i ? assembly_twins(shared, apart)
                               : assembly_twins(apart, shared);

        assert_int_equal(find_atom(twins.new, "x.0")->verdict,
                         VERDICT_CHANGED);
        twins_free(twins);
    }
}

/* As Xen's parameters: nothing but a table in .init.setup refers to them. */
static void test_entries_of_a_table_that_nobody_refers_to(void **state)
{
#define SETUP(function) \
    "void " function "(void) {\n" \
    "    static __attribute__((used, section(\".init.setup\")))\n" \
    "        const void *entry = " function "; outer(1); }\n"

    (void)state;
    check_differences(DECLARATIONS SETUP("f") SETUP("g"),
                      DECLARATIONS SETUP("g") SETUP("f"), "");
    check_differences(DECLARATIONS SETUP("f"), DECLARATIONS SETUP("f"), "");
}

/* Only what nobody writes is no more than what it holds. */
static void test_variable_with_a_name_like_the_compilers(void **state)
{
    static const char source[] =
        ".data\n.type C.1, @object\nC.1: .long %d\n.size C.1, 4\n";
    char old[256], new[256];
    struct twins twins;

    (void)state;
    snprintf(old, sizeof(old), source, 1);
    snprintf(new, sizeof(new), source, 2);
    twins = assembly_twins(old, new);
    assert_differences(&twins, "changed C.1");
    twins_free(twins);
}

/* Its function was inlined here, and there it isn't any more. */
static void test_static_local_follows_through_a_new_function(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1"),
        "static __attribute__((noinline)) int helper(int a, int b)\n"
        "{ static int last; last ^= a; return last -= b; }\n"
        "int f(void) { return helper(1, 2) * helper(3, 4); }\n");

    (void)state;
    assert_ptr_equal(referred(twins.new, "helper", "last", 0)->twin,
                     referred(twins.old, "f", "last", 0));
    assert_differences(&twins, "changed f, new helper");
    twins_free(twins);
}

/* Nothing tells, so that it must not pass for one that is new. */
static void test_ambiguous_static_local_is_changed(void **state)
{
    struct twins twins = twins_of(
        COUNTER("f", "1") "int g(void) { return 1; }\n",
        "int f(void) { return 1; }\n" COUNTER("g", "1"));
    struct atom *new = referred(twins.new, "g", "last", 0);

    (void)state;
    assert_int_equal(new->verdict, VERDICT_CHANGED);
    assert_non_null(strstr(new->difference, "nothing tells"));
    twins_free(twins);
}

#define PER_CPU(function, by) \
    "int " function "(void) {\n" \
    "    static __attribute__((section(\".bss.percpu\"))) int per_cpu__last;\n"\
    "    return per_cpu__last += " by "; }\n"

static void test_per_cpu_static_locals(void **state)
{
    struct twins twins = twins_of(
        PER_CPU("f", "1") PER_CPU("g", "2"),
        PER_CPU("added", "7") PER_CPU("f", "1") PER_CPU("g", "3"));

    (void)state;
    assert_same_variable(&twins, "f", "per_cpu__last");
    assert_same_variable(&twins, "g", "per_cpu__last");
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_SAME);
    assert_int_equal(find_atom(twins.new, "g")->verdict, VERDICT_CHANGED);
    twins_free(twins);
}

/* Each holds a pointer to the other's like: as numbered, these swap. */
static void test_data_with_pointers_to_what_is_renumbered(void **state)
{
#define TABLE(function, value) \
    "int " function "(void) {\n" \
    "    static int value = " value "; static int *table[] = { &value };\n" \
    "    return use(table); }\n"
    struct twins twins = twins_of(
        DECLARATIONS TABLE("f", "1") TABLE("g", "1"),
        DECLARATIONS TABLE("added", "1") TABLE("f", "1") TABLE("g", "1"));
    struct atom *old = referred(twins.old, "g", "table", 0);
    struct atom *new = referred(twins.new, "g", "table", 0);

    (void)state;
    assert_same_variable(&twins, "f", "table");
    assert_same_variable(&twins, "g", "table");
    assert_ptr_equal(old->refs[0].target->twin, new->refs[0].target);
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_SAME);
    twins_free(twins);
}

/* -- What the compiler makes ---------------------------------------------- */

#define NAMED(function) \
    "void " function "(int i) { printk(\"%s\", __func__); use(__func__); }\n"

static void test_func_is_what_it_holds(void **state)
{
    (void)state;
    check_differences(DECLARATIONS NAMED("f") NAMED("g"),
                      DECLARATIONS NAMED("added") NAMED("g") NAMED("f"),
                      "new added");
}

#define CASES(a, b, c, d, e) \
    "case 0: return " #a "; case 1: return " #b "; case 2: return " #c ";" \
    "case 3: return " #d "; case 4: return " #e ";"
#define SWITCHED(function, cases) \
    "int " function "(unsigned int i) {\n" \
    "    switch (i) { " cases " default: return -1; } }\n"

static void test_switch_tables_are_what_they_hold(void **state)
{
    (void)state;
    check_differences(
        SWITCHED("f", CASES(7, 3, 9, 12, 1))
        SWITCHED("g", CASES(5, 1, 8, 2, 4)),
        SWITCHED("added", CASES(90, 2, 40, 41, 7))
        SWITCHED("f", CASES(7, 3, 9, 12, 1))
        SWITCHED("g", CASES(5, 1, 8, 2, 4)),
        "new added");
    check_differences(
        SWITCHED("f", CASES(7, 3, 9, 12, 1))
        SWITCHED("g", CASES(5, 1, 8, 2, 4)),
        SWITCHED("f", CASES(7, 3, 9, 12, 1))
        SWITCHED("g", CASES(5, 1, 8, 6, 4)),
        "changed g");
}

#define CLONED(function, factor) \
    "static noinline int " function "(int a, int b, const int *p)\n" \
    "{ return a * outer(*p) + use(p) * b * " factor "; }\n"
#define CALLER(name, function, constant) \
    "int " name "(int a, const int *p)\n" \
    "{ return " function "(a, " constant ", p) * " function "(a + 1, " \
    constant ", p); }\n"

static void test_clones_are_found(void **state)
{
    struct twins twins = twins_of(
        DECLARATIONS CLONED("helper", "3") CALLER("f", "helper", "5"),
        DECLARATIONS CLONED("other", "6") CALLER("g", "other", "7")
        CLONED("helper", "3") CALLER("f", "helper", "5"));

    (void)state;
    /* The test is of worth only if there are such. */
    find_atom(twins.old, "helper.constprop.0");
    assert_differences(&twins, "new g, new other.constprop.0");
    twins_free(twins);
}

/* Clones of one function, called from two: the numbers swap. */
static void test_clones_are_told_apart_by_who_calls_them(void **state)
{
    static const char assembly[] =
        ".macro clone name, value\n"
        ".section .text.\\name, \"ax\", @progbits\n"
        ".type \\name, @function\n\\name: mov $\\value, %eax\n jmp outer\n"
        ".size \\name, . - \\name\n.endm\n"
        ".macro caller name, callee\n"
        ".section .text.\\name, \"ax\", @progbits\n"
        ".globl \\name\n.type \\name, @function\n\\name: call \\callee\n ret\n"
        ".size \\name, . - \\name\n.endm\n";
    char old[2048], new[2048];
    struct twins twins;

    (void)state;
    snprintf(old, sizeof(old), "%sclone x.constprop.0, 5\n"
             "clone x.constprop.1, 5\ncaller f, x.constprop.0\n"
             "caller g, x.constprop.1\n", assembly);
    snprintf(new, sizeof(new), "%sclone x.constprop.0, 6\n"
             "clone x.constprop.1, 5\ncaller f, x.constprop.1\n"
             "caller g, x.constprop.0\n", assembly);
    twins = assembly_twins(old, new);
    assert_differences(&twins, "changed x.constprop.0");
    assert_ptr_equal(find_atom(twins.new, "x.constprop.0")->twin,
                     find_atom(twins.old, "x.constprop.1"));
    twins_free(twins);
}

/* One function calls both, and is another: then their contents tell. */
static void test_clones_are_told_apart_by_what_they_do(void **state)
{
    static const char source[] =
        ".macro begin name\n.section .text.\\name, \"ax\", @progbits\n"
        ".type \\name, @function\n\\name:\n.endm\n"
        ".macro end name\n.size \\name, . - \\name\n.endm\n"
        "begin x.part.0\n mov $%d, %%eax\n jmp outer\nend x.part.0\n"
        "begin x.part.1\n mov $%d, %%eax\n jmp outer\nend x.part.1\n"
        "begin f\n%s call x.part.%d\n call x.part.%d\n ret\nend f\n";
    char old[1024], new[1024];
    struct twins twins;

    (void)state;
    snprintf(old, sizeof(old), source, 5, 6, "", 0, 1);
    snprintf(new, sizeof(new), source, 6, 5, " nop\n", 1, 0);
    twins = assembly_twins(old, new);
    assert_differences(&twins, "changed f");
    twins_free(twins);
}

static void test_cold_parts_are_found(void **state)
{
#define COLD(function, text) \
    "int " function "(int a) {\n" \
    "    if (a > 5) { cold(a); printk(" text ", a); return a * 3; }\n" \
    "    return outer(a); }\n"
    static const char cold[] = DECLARATIONS
        "void cold(int) __attribute__((cold));\n";
    char old[2048], new[2048];
    struct twins twins;

    (void)state;
    snprintf(old, sizeof(old), "%s" COLD("f", "\"f\"") COLD("g", "\"g\""),
             cold);
    snprintf(new, sizeof(new), "%s" COLD("g", "\"g\"") COLD("f", "\"ff\""),
             cold);
    twins = twins_of(old, new);
    assert_ptr_equal(find_atom(twins.new, "f.cold")->twin,
                     find_atom(twins.old, "f.cold"));
    assert_differences(&twins, "changed f, changed f.cold");
    twins_free(twins);
}

/* -- What has no name ----------------------------------------------------- */

static void test_strings_are_what_they_say(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "void f(void) { printk(\"first\"); printk(\"second\"); }\n"
        "void g(void) { printk(\"second\"); }\n",
        DECLARATIONS "void added(void) { printk(\"zero\"); printk(\"second\");"
        " }\nvoid g(void) { printk(\"second\"); }\n"
        "void f(void) { printk(\"first\"); printk(\"second\"); }\n",
        "new added");
}

static void test_strings_move_between_sections(void **state)
{
    struct twins twins = assembly_twins(
        ".section .rodata.str1.1, \"aMS\", @progbits, 1\n1: .asciz \"text\"\n"
        ".section .text.f, \"ax\", @progbits\n"
        ".globl f\n.type f, @function\nf: lea 1b(%rip), %rdi\n ret\n"
        ".size f, . - f\n",
        ".section .rodata.f.str1.8, \"aMS\", @progbits, 1\n.p2align 3\n"
        ".asciz \"more\"\n1: .asciz \"text\"\n"
        ".section .text.f, \"ax\", @progbits\n"
        ".globl f\n.type f, @function\nf: lea 1b(%rip), %rdi\n ret\n"
        ".size f, . - f\n");

    (void)state;
    assert_differences(&twins, "");
    twins_free(twins);
}

/* "text" may be the end of "context". */
static void test_end_of_a_string_is_a_string(void **state)
{
    static const char function[] =
        ".section .text.f, \"ax\", @progbits\n"
        ".globl f\n.type f, @function\nf: lea %s(%%rip), %%rdi\n ret\n"
        ".size f, . - f\n";
    static const char *const targets[] = { "1b", "2b + 3", "2b + 2" };
    static const char *const expected[] = { "", "", "changed f" };
    static const char strings[] =
        ".section .rodata.str1.1, \"aMS\", @progbits, 1\n"
        "1: .asciz \"text\"\n2: .asciz \"context\"\n";

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char old[1024], new[1024];
        struct twins twins;

        strcpy(old, strings);
        snprintf(old + strlen(old), sizeof(old) - strlen(old), function, "1b");
        strcpy(new, strings);
        snprintf(new + strlen(new), sizeof(new) - strlen(new), function,
                 targets[i]);
        twins = assembly_twins(old, new);
        assert_differences(&twins, expected[i]);
        twins_free(twins);
    }
}

/* -- Names ---------------------------------------------------------------- */

static void test_renamed_function_is_gone_and_new(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "static noinline int was(int a) { return outer(a) + 1; }\n"
        "int f(int a) { return was(a) + was(a + 1); }\n",
        DECLARATIONS "static noinline int is(int a) { return outer(a) + 1; }\n"
        "int f(int a) { return is(a) + is(a + 1); }\n",
        "changed f, new is, gone was");
}

static void test_alias_is_found_by_either_name(void **state)
{
    static const char both[] =
        "int a(int i) { return i + 1; }\n"
        "int b(int) __attribute__((alias(\"a\")));\n";
    static const char *const either[] = {
        "int a(int i) { return i + 1; }\n", "int b(int i) { return i + 1; }\n",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        check_differences(both, either[i], "");
        check_differences(either[i], both, "");
    }
}

static void test_kinds_are_not_mixed_up(void **state)
{
    (void)state;
    check_differences("int thing(int a) { return a + 1; }\n",
                      "int thing = 3;\n", "gone thing, new thing");
}

static void test_all_is_the_same_as_itself(void **state)
{
    static const char source[] =
        DECLARATIONS BUG_FRAMES COUNTER("f", "1") COUNTER("g", "1")
        NAMED("h") NAMED("i") SWITCHED("s", CASES(7, 3, 9, 12, 1))
        "int check(int a) { if (a > 3) BUG(7); return a; }\n"
        "int a, b = 3, *c = &b;\n"
        "const char *const names[] = { \"x\", \"y\" };\n";
    struct twins twins = twins_of(source, source);

    (void)state;
    for (size_t i = 0; i < twins.new->natoms; i++) {
        assert_int_equal(twins.new->atoms[i]->verdict, VERDICT_SAME);
        assert_non_null(twins.new->atoms[i]->twin);
    }
    twins_free(twins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_lose_their_numbers),
        cmocka_unit_test(test_static_locals_are_found_by_their_functions),
        cmocka_unit_test(test_static_local_is_found_when_its_like_is_gone),
        cmocka_unit_test(test_functions_of_the_same_content_keep_their_locals),
        cmocka_unit_test(test_static_locals_of_changed_functions),
        cmocka_unit_test(test_one_of_two_locals_of_a_function_is_gone),
        cmocka_unit_test(test_a_local_is_added_between_two),
        cmocka_unit_test(test_message_tells_more_than_a_variable),
        cmocka_unit_test(test_weak_evidence_is_not_enough),
        cmocka_unit_test(test_contradictions_are_no_evidence),
        cmocka_unit_test(test_entries_of_a_table_that_nobody_refers_to),
        cmocka_unit_test(test_variable_with_a_name_like_the_compilers),
        cmocka_unit_test(test_static_local_follows_through_a_new_function),
        cmocka_unit_test(test_ambiguous_static_local_is_changed),
        cmocka_unit_test(test_per_cpu_static_locals),
        cmocka_unit_test(test_data_with_pointers_to_what_is_renumbered),
        cmocka_unit_test(test_func_is_what_it_holds),
        cmocka_unit_test(test_switch_tables_are_what_they_hold),
        cmocka_unit_test(test_clones_are_found),
        cmocka_unit_test(test_clones_are_told_apart_by_who_calls_them),
        cmocka_unit_test(test_clones_are_told_apart_by_what_they_do),
        cmocka_unit_test(test_cold_parts_are_found),
        cmocka_unit_test(test_strings_are_what_they_say),
        cmocka_unit_test(test_strings_move_between_sections),
        cmocka_unit_test(test_end_of_a_string_is_a_string),
        cmocka_unit_test(test_renamed_function_is_gone_and_new),
        cmocka_unit_test(test_alias_is_found_by_either_name),
        cmocka_unit_test(test_kinds_are_not_mixed_up),
        cmocka_unit_test(test_all_is_the_same_as_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
