/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs is found, and nothing else.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snippet.h"
#include "twins.h"

/* Two assembly sources that differ in one line. */
static void check_assembly(const char *format, const char *old,
                           const char *new, const char *expected)
{
    char first[4096], second[4096];
    struct twins twins;

    snprintf(first, sizeof(first), format, old);
    snprintf(second, sizeof(second), format, new);
    twins = assembly_twins(first, second);
    assert_differences(&twins, expected);
    twins_free(twins);
}

static void assert_difference(const char *old, const char *new,
                              const char *name, const char *words)
{
    struct twins twins = twins_of(old, new);
    struct atom *atom = find_atom(twins.new, name);

    assert_int_equal(atom->verdict, VERDICT_CHANGED);
    if (!strstr(atom->difference, words)) {
        fail_msg("\"%s\" isn't in \"%s\"", words, atom->difference);
    }
    twins_free(twins);
}

/* -- Code ----------------------------------------------------------------- */

static void test_changed_constant(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "static noinline int f(int a) { return outer(a) + 5; }\n"
        "int g(int a) { return f(a) + f(a + 1); }\n",
        DECLARATIONS "static noinline int f(int a) { return outer(a) + 6; }\n"
        "int g(int a) { return f(a) + f(a + 1); }\n",
        "changed f");
}

static void test_changed_callee(void **state)
{
    (void)state;
    check_differences(
        "int one(int), two(int); int f(int a) { return one(a) + 1; }\n"
        "int g(int a) { return one(a) + 2; }\n",
        "int one(int), two(int); int f(int a) { return one(a) + 1; }\n"
        "int g(int a) { return two(a) + 2; }\n",
        "changed g");
    assert_difference("int one(int), two(int); int g(void) { return one(2); }",
                      "int one(int), two(int); int g(void) { return two(2); }",
                      "g", "refers to two, and did to one");
}

/* New code that uses something new isn't a reference that changed. */
static void test_new_variable(void **state)
{
    (void)state;
    assert_difference(DECLARATIONS "int x[9], y;\n"
                      "int g(int a) { return x[a] + y; }",
                      DECLARATIONS "int x[9], y;\n"
                      "int g(int a) { static int again[9]; "
                      "return again[a] + use(again + 3) + x[a] + y; }",
                      "g", "its code differs from");
}

/* The compiler numbers what UBSAN tells, and each is only what it holds. */
static void test_ubsan_data(void **state)
{
#define AFTER "\nint g(int a) { return outer(a) * 7; }\n" \
              "int h(int a, int b) { return outer(a) << b; }\n"
    struct twins twins = twins_with(
        DECLARATIONS "int f(int a) { return outer(a) + 1; }" AFTER,
        DECLARATIONS "int f(int a) { return outer(a) * a + outer(a - 1); }"
        AFTER, "-fsanitize=undefined", "-fsanitize=undefined");

    (void)state;
    assert_differences(&twins, "changed f");
    twins_free(twins);
    /* Another line is told. */
    twins = twins_with(
        DECLARATIONS AFTER, DECLARATIONS "\n" AFTER,
        "-fsanitize=undefined", "-fsanitize=undefined");
    assert_differences(&twins, "changed g, changed h, changed h.cold");
    twins_free(twins);
}

static void test_inline_function_changes_all_who_have_it(void **state)
{
#define INLINE(value) \
    DECLARATIONS "static inline int limit(int a) { return a > " value "; }\n"
    static const char users[] =
        "int f(int a) { return limit(a) ? outer(a) : 0; }\n"
        "int g(int a) { return outer(a); }\n"
        "int h(int a) { return limit(a) + outer(a); }\n";
    char old[1024], new[1024];

    (void)state;
    snprintf(old, sizeof(old), "%s%s", INLINE("7"), users);
    snprintf(new, sizeof(new), "%s%s", INLINE("8"), users);
    check_differences(old, new, "changed f, changed h");
}

static void test_inlined_function_comes_out_of_line(void **state)
{
#define BODY "{ return use(&a) + outer(a) * outer(a + 1); }\n"
    (void)state;
    check_differences(
        DECLARATIONS "static inline int helper(int a) " BODY
        "int f(int a) { return helper(a); }\n"
        "int g(int a) { return outer(a); }\n",
        DECLARATIONS "static noinline int helper(int a) " BODY
        "int f(int a) { return helper(a) + helper(a + 1); }\n"
        "int g(int a) { return outer(a); }\n",
        "changed f, new helper");
    check_differences(
        DECLARATIONS "static noinline int helper(int a) " BODY
        "int f(int a) { return helper(a) + helper(a + 1); }\n"
        "int g(int a) { return outer(a); }\n",
        DECLARATIONS "static inline int helper(int a) " BODY
        "int f(int a) { return helper(a); }\n"
        "int g(int a) { return outer(a); }\n",
        "changed f, gone helper");
}

static void test_function_becomes_static(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "noinline int f(int a) { return outer(a) + 5; }\n"
        "int g(int a) { return f(a) * 2; }\n",
        DECLARATIONS "static noinline int f(int a) { return outer(a) + 5; }\n"
        "int g(int a) { return f(a) * 2; }\n", "");
}

/* What was another file's is this one's now: who calls it has another one. */
static void test_function_moves_here(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "int f(int); int g(int a) { return f(a) * 2; }\n",
        DECLARATIONS "noinline int f(int a) { return outer(a) + 5; }\n"
        "int g(int a) { return f(a) * 2; }\n", "new f, changed g");
}

#define ALIKE(name) "int " name "(int a) { return use(&a) + 3; }\n"

static void test_functions_of_the_same_content_are_not_one(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS ALIKE("f") ALIKE("g")
        "void *table(int i) { return i ? (void *)f : (void *)printk; }\n",
        DECLARATIONS ALIKE("g") ALIKE("f")
        "void *table(int i) { return i ? (void *)g : (void *)printk; }\n",
        "changed table");
}

static void test_line_numbers_are_told_as_such(void **state)
{
    (void)state;
    assert_difference(
        DECLARATIONS "int f(void) { return printk(\"%d\", 255) + "
        "printk(\"%d\", 1234); }\n",
        DECLARATIONS "int f(void) { return printk(\"%d\", 258) + "
        "printk(\"%d\", 1237); }\n", "f", "+3, as line numbers do");
    assert_difference(
        DECLARATIONS "int f(void) { return printk(\"%d\", 255) + "
        "printk(\"%d\", 1234); }\n",
        DECLARATIONS "int f(void) { return printk(\"%d\", 258) + "
        "printk(\"%d\", 1236); }\n", "f", "its code differs");
}

static void test_function_moves_out_of_init(void **state)
{
#define IN_INIT "__attribute__((section(\".init.text\"))) "
    (void)state;
    check_differences(DECLARATIONS IN_INIT "int f(void) { return outer(3); }\n",
                      DECLARATIONS "int f(void) { return outer(3); }\n",
                      "changed f");
    check_differences(DECLARATIONS "int f(void) { return outer(3); }\n",
                      DECLARATIONS IN_INIT "int f(void) { return outer(3); }\n",
                      "");
}

/* In one section, calls and addresses have no relocations. */
static void test_functions_that_share_a_section(void **state)
{
    static const char source[] = "typedef int function(int);\n" DECLARATIONS
        "%s"
        "static noinline " IN_INIT "int a(int i) { return outer(i) + 1; }\n"
        "static noinline " IN_INIT "int b(int i) { return outer(i) + 2; }\n"
        "%s"
        "function *" IN_INIT "f(int i)\n"
        "{ return i > 3 ? (function *)a : (function *)(long)(%s(i) + 1); }\n";
    static const char added[] =
        IN_INIT "int added(int i) { return outer(i) + outer(7); }\n";
    static const struct {
        const char *before, *between, *callee, *expected;
    } cases[] = {
        { "", "", "b", "" },
        { added, "", "b", "new added" },
        { "", added, "b", "new added" },
        { "", "", "a", "gone b, changed f" },
    };
    char old[2048], new[2048];

    (void)state;
    snprintf(old, sizeof(old), source, "", "", "b");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        snprintf(new, sizeof(new), source, cases[i].before, cases[i].between,
                 cases[i].callee);
        check_differences(old, new, cases[i].expected);
    }
}

/* The distance is what it was, but it leads to another function. */
static void test_other_function_at_the_same_distance(void **state)
{
    static const char source[] =
        ".text\n.type %s, @function\n%s: mov $1, %%eax\n ret\n"
        ".size %s, . - %s\n"
        ".globl f\n.type f, @function\nf: call %s\n ret\n.size f, . - f\n";
    char old[1024], new[1024];
    struct twins twins;

    (void)state;
    snprintf(old, sizeof(old), source, "a", "a", "a", "a", "a");
    snprintf(new, sizeof(new), source, "b", "b", "b", "b", "b");
    twins = assembly_twins(old, new);
    assert_differences(&twins, "gone a, new b, changed f");
    twins_free(twins);
}

/* Read as 64-bit code, its calls lead nowhere. */
static void test_16_bit_code(void **state)
{
    static const char source[] =
        ".text\n.globl f\nf: .code16\n xor %%ax, %%ax\n call 1f\n"
        " mov $%s, %%ax\n1: ret\n.code64\n.globl g\ng: ret\n";

    (void)state;
    check_assembly(source, "1", "1", "");
    check_assembly(source, "1", "2", "changed f");
}

static void test_alignment_of_code_is_no_difference(void **state)
{
    struct twins twins = twins_with("int f(int a) { return a + 1; }\n",
                                    "int f(int a) { return a + 1; }\n",
                                    "-falign-functions=16",
                                    "-falign-functions=64");

    (void)state;
    assert_true(find_atom(twins.old, "f")->section->align !=
                find_atom(twins.new, "f")->section->align);
    assert_differences(&twins, "");
    twins_free(twins);
}

static void test_weak_function(void **state)
{
    (void)state;
    check_differences(
        "int __attribute__((weak)) f(int a) { return a + 1; }\n",
        "int __attribute__((weak)) f(int a) { return a + 1; }\n"
        "int g(int a) { return f(a) + 1; }\n", "new g");
    check_differences(
        "int __attribute__((weak)) f(int a) { return a + 1; }\n",
        "int f(int a) { return a + 1; }\n", "changed f");
}

static void test_alias_that_is_no_more(void **state)
{
    (void)state;
    check_differences(
        "int f(int a) { return a + 1; }\n"
        "int g(int) __attribute__((alias(\"f\")));\n",
        "int f(int a) { return a + 1; }\nint g(int a) { return a + 2; }\n",
        "changed f, new g");
}

/* A part that is reached other than by its beginning goes with the rest. */
static void test_parts_change_together(void **state)
{
    static const char source[] =
        ".macro begin name\n.section .text.\\name, \"ax\", @progbits\n"
        ".type \\name, @function\n\\name:\n.endm\n"
        ".macro end name\n.size \\name, . - \\name\n.endm\n"
        "begin f\n jmp f.cold\n1: nop\n %s\n ret\nend f\n"
        "begin f.cold\n call outer\n jmp 1b\nend f.cold\n"
        "begin g\n jmp f\nend g\n";
    static const char cold[] =
        ".macro begin name\n.section .text.\\name, \"ax\", @progbits\n"
        ".type \\name, @function\n\\name:\n.endm\n"
        ".macro end name\n.size \\name, . - \\name\n.endm\n"
        "begin f\n jmp f.cold\n1: nop\n ret\nend f\n"
        "begin f.cold\n call %s\n jmp 1b\nend f.cold\n"
        "begin g\n jmp f\nend g\n";

    (void)state;
    check_assembly(source, "nop", "ret", "changed f, changed f.cold");
    check_assembly(cold, "outer", "other", "changed f, changed f.cold");
}

/* -- References ----------------------------------------------------------- */

/* The assembler names a section where a symbol is local. */
static void test_symbol_or_section_is_one(void **state)
{
    static const char source[] =
        "%s\n.data\n.long 1\n.type y, @object\ny: .long 2\n.size y, 4\n"
        ".section .text.f, \"ax\", @progbits\n.globl f\n"
        ".type f, @function\nf: mov y(%%rip), %%eax\n movl $3, y(%%rip)\n"
        " cmpb $1, y+2(%%rip)\n ret\n.size f, . - f\n";

    (void)state;
    check_assembly(source, "", ".globl y", "");
}

static void test_other_byte_of_a_variable(void **state)
{
    (void)state;
    check_differences(
        "static int a[4]; int *g(void) { return a; }\n"
        "int f(void) { return a[1]; }\n",
        "static int a[4]; int *g(void) { return a; }\n"
        "int f(void) { return a[2]; }\n", "changed f");
}

static void test_absolute_symbol_is_its_value(void **state)
{
    static const char source[] =
        "%s\n.section .text.f, \"ax\", @progbits\n.globl f\n"
        ".type f, @function\nf: call value\n ret\n.size f, . - f\n";

    (void)state;
    check_assembly(source, ".globl value\nvalue = 64",
                   ".globl value\nvalue = 64", "");
    check_assembly(source, ".globl value\nvalue = 64",
                   ".globl value\nvalue = 65", "changed f");
}

static void test_changed_string(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "void f(void) { printk(\"one\"); }\n"
        "void g(void) { printk(\"two\"); }\n",
        DECLARATIONS "void f(void) { printk(\"uno\"); }\n"
        "void g(void) { printk(\"two\"); }\n", "changed f");
    assert_difference(DECLARATIONS "void f(void) { printk(\"one\"); }\n",
                      DECLARATIONS "void f(void) { printk(\"uno\"); }\n",
                      "f", "\"uno\", and did to \"one\"");
}

static void test_swapped_strings(void **state)
{
    (void)state;
    check_differences(
        DECLARATIONS "void f(void) { printk(\"one\"); }\n"
        "void g(void) { printk(\"two\"); }\n",
        DECLARATIONS "void f(void) { printk(\"two\"); }\n"
        "void g(void) { printk(\"one\"); }\n", "changed f, changed g");
}

/* The same text, but the old one's memory was freed. */
static void test_constant_moves_out_of_init(void **state)
{
    static const char source[] =
        ".section %s, \"a\", @progbits\n.Ltext: .long 7\n"
        ".section .text.f, \"ax\", @progbits\n.globl f\n"
        ".type f, @function\nf: mov .Ltext(%%rip), %%eax\n ret\n"
        ".size f, . - f\n";

    (void)state;
    check_assembly(source, ".init.rodata", ".rodata.f", "changed f");
    check_assembly(source, ".rodata", ".rodata.f", "");
}

static void test_jump_table(void **state)
{
    static const char table[] =
        ".section .rodata.f, \"a\", @progbits\n.p2align 2\n"
        ".Ltable: .long .Lone - .Ltable, .L%s - .Ltable\n"
        ".section .text.f, \"ax\", @progbits\n.globl f\n"
        ".type f, @function\nf: lea .Ltable(%%rip), %%rax\n"
        " movslq (%%rax,%%rdi,4), %%rdx\n add %%rdx, %%rax\n jmp *%%rax\n"
        ".Lone: mov $1, %%eax\n ret\n.Ltwo: mov $2, %%eax\n ret\n"
        ".size f, . - f\n";

    (void)state;
    check_assembly(table, "two", "two", "");
    check_assembly(table, "two", "one", "changed f");
}

static void test_jump_tables_of_the_compiler(void **state)
{
#define CASE(i) "case " #i ": return outer(" #i #i ") + " #i ";\n"
#define JUMPS(name, last) \
    "int " name "(int i) { switch (i) {\n" CASE(0) CASE(1) CASE(2) CASE(3) \
    CASE(4) CASE(5) last "} return 0; }\n"
    static const char options[] = "-fjump-tables";
    struct twins twins = twins_with(
        DECLARATIONS JUMPS("f", "") JUMPS("g", CASE(6)),
        DECLARATIONS JUMPS("h", CASE(9)) JUMPS("g", CASE(6)) JUMPS("f", ""),
        options, options);

    (void)state;
    assert_int_equal(find_atom(twins.new, "f")->verdict, VERDICT_SAME);
    assert_int_equal(find_atom(twins.new, "g")->verdict, VERDICT_SAME);
    assert_int_equal(find_atom(twins.new, "h")->verdict, VERDICT_NEW);
    twins_free(twins);
}

/* -- Tables --------------------------------------------------------------- */

#define CHECK(what) \
    DECLARATIONS BUG_FRAMES \
    "int f(int a) { if (a > 3) " what "; return a; }\n" \
    "int g(int a) { return a; }\n"

static void test_line_of_a_bug_frame_is_no_difference(void **state)
{
    (void)state;
    check_differences(CHECK("BUG(17)"), CHECK("BUG(18)"), "");
    check_differences(CHECK("BUG(17)"), CHECK("BUG(12345)"), "");
    check_differences(CHECK("ASSERT(\"a < 3\", 100)"),
                      CHECK("ASSERT(\"a < 3\", 4000)"), "");
}

static void test_bug_frame_of_another_type(void **state)
{
    (void)state;
    check_differences(CHECK("BUG(17)"), CHECK("WARN(17)"), "changed f");
}

static void test_text_of_an_assertion(void **state)
{
    (void)state;
    check_differences(CHECK("ASSERT(\"a < 3\", 17)"),
                      CHECK("ASSERT(\"a < 4\", 17)"), "changed f");
    assert_difference(CHECK("ASSERT(\"a < 3\", 17)"),
                      CHECK("ASSERT(\"a < 4\", 17)"), "f",
                      "says \"a < 4\", and said \"a < 3\"");
}

static void test_bug_frame_is_added(void **state)
{
    (void)state;
    check_differences(
        CHECK("asm volatile ( \"ud2\" )"), CHECK("BUG(17)"), "changed f");
    assert_difference(
        CHECK("asm volatile ( \"ud2\" )"), CHECK("BUG(17)"), "f",
        "an entry in .bug_frames.2");
}

/* What `livepatch-build diff` says of two sources. */
static void printed(const char *old, const char *new, char *text, size_t size)
{
    struct twins twins = twins_of(old, new);
    FILE *file = tmpfile();
    int kept = dup(STDOUT_FILENO);

    assert_non_null(file);
    fflush(stdout);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    compare_print(twins.old, twins.new, false);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    twins_free(twins);
}

/* The function's own line tells what differs. */
static void test_entries_are_not_told_of(void **state)
{
    char text[4096];

    (void)state;
    printed(CHECK("outer(1)"), CHECK("BUG(17)"), text, sizeof(text));
    assert_non_null(strstr(text, "changed  function"));
    assert_null(strstr(text, ".bug_frames"));
    printed(CHECK("BUG(17)"), CHECK("BUG(18)"), text, sizeof(text));
    assert_string_equal(text, "");
}

/* In each snippet, a function before f has entries of its own. */
#define WITH_FIXUP(name, fixup) \
    "int " name "(const int *p) { int r = 0, e = 0; asm volatile (\n" \
    "\"1: mov (%2), %0\\n2:\\n.section .fixup, \\\"ax\\\"\\n\"\n" \
    "\"3: " fixup "\\n jmp 2b\\n.previous\\n\"\n" \
    "\".section .ex_table, \\\"a\\\"\\n.balign 4\\n\"\n" \
    "\".long 1b - ., 3b - .\\n.previous\"\n" \
    ": \"+r\" (r), \"+r\" (e) : \"r\" (p) ); return r + e; }\n"

static void test_fixup(void **state)
{
    (void)state;
    check_differences(
        WITH_FIXUP("f", "mov $1, %1") WITH_FIXUP("g", "mov $2, %1"),
        WITH_FIXUP("f", "mov $1, %1") WITH_FIXUP("g", "mov $3, %1"),
        "changed g");
    check_differences(
        WITH_FIXUP("f", "mov $1, %1") WITH_FIXUP("g", "mov $2, %1"),
        WITH_FIXUP("g", "mov $2, %1") WITH_FIXUP("h", "nop")
        WITH_FIXUP("f", "mov $1, %1"),
        "new h");
    assert_difference(WITH_FIXUP("f", "mov $1, %1"),
                      WITH_FIXUP("f", "mov $2, %1"), "f", ".fixup");
}

#define WITH_ALTERNATIVE(name, feature, replacement) \
    "void " name "(void) { asm volatile (\n" \
    "\"1: .skip 3, 0x90\\n2:\\n.section .altinstructions, \\\"a\\\"\\n\"\n" \
    "\".long 1b - ., 3f - .\\n.word " feature "\\n\"\n" \
    "\".byte 2b - 1b, 4f - 3f, 3, 0\\n.previous\\n\"\n" \
    "\".section .altinstr_replacement, \\\"ax\\\"\\n\"\n" \
    "\"3: " replacement "\\n4:\\n.previous\" ); }\n"

static void test_alternatives(void **state)
{
    (void)state;
    check_differences(
        WITH_ALTERNATIVE("f", "7", "clac") WITH_ALTERNATIVE("g", "7", "clac"),
        WITH_ALTERNATIVE("f", "7", "clac") WITH_ALTERNATIVE("g", "7", "stac"),
        "changed g");
    check_differences(
        WITH_ALTERNATIVE("f", "7", "clac") WITH_ALTERNATIVE("g", "7", "clac"),
        WITH_ALTERNATIVE("f", "8", "clac") WITH_ALTERNATIVE("g", "7", "clac"),
        "changed f");
    check_differences(
        WITH_ALTERNATIVE("f", "7", "clac") WITH_ALTERNATIVE("g", "9", "stac"),
        WITH_ALTERNATIVE("h", "7", "stac") WITH_ALTERNATIVE("g", "9", "stac")
        WITH_ALTERNATIVE("f", "7", "clac"),
        "new h");
}

/* -- Data ----------------------------------------------------------------- */

static void test_data(void **state)
{
    static const struct {
        const char *old, *new, *expected;
    } cases[] = {
        { "int a = 3;", "int a = 4;", "changed a" },
        { "int a;", "long a;", "changed a" },
        { "int a;", "int a = 4;", "changed a" },
        { "const int a = 3;", "const int a = 4;", "changed a" },
        { "int a, b, *c = &a;", "int a, b, *c = &b;", "changed c" },
        { "int b, a, *c = &a;", "int x, a, b, *c = &a;", "new x" },
        { "const char *a = \"x\";", "const char *a = \"y\";", "changed a" },
        { "int a;", "static int a; int *p = &a;", "new p" },
        { "int a;", "__attribute__((section(\".bss.percpu\"))) int a;",
          "changed a" },
        { "int a;", "__attribute__((aligned(64))) int a;", "changed a" },
        { "__attribute__((aligned(64))) int a;", "int a;", "" },
        { "int a;", "int b;", "gone a, new b" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        check_differences(cases[i].old, cases[i].new, cases[i].expected);
    }
}

static void test_pointer_becomes_null(void **state)
{
    static const char source[] =
        ".data\n.type p, @object\np: .quad %s\n.size p, 8\n";

    (void)state;
    check_assembly(source, "other", "0", "changed p");
    check_assembly(source, "0", "other", "changed p");
}

/* A variable's change is its own, not of those who use it. */
static void test_changed_data_leaves_its_users(void **state)
{
    (void)state;
    check_differences("int a = 3; int f(void) { return a++; }\n",
                      "int a = 4; int f(void) { return a++; }\n", "changed a");
}

static void test_changed_function_leaves_pointers_to_it(void **state)
{
    (void)state;
    check_differences(
        "static int f(int a) { return a + 1; } int (*p)(int) = f;\n",
        "static int f(int a) { return a + 2; } int (*p)(int) = f;\n",
        "changed f");
}

/* -- Assembly ------------------------------------------------------------- */

static void test_named_ranges_of_assembly(void **state)
{
    static const char source[] =
        ".section .text.entry, \"ax\", @progbits\n"
        ".globl one\none: mov $1, %%eax\n ret\n"
        ".globl two\ntwo: mov $%s, %%eax\n ret\n"
        ".globl three\nthree: mov $3, %%eax\n ret\n";

    (void)state;
    check_assembly(source, "2", "22", "changed two");
    check_assembly(source, "2", "2", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_constant),
        cmocka_unit_test(test_changed_callee),
        cmocka_unit_test(test_new_variable),
        cmocka_unit_test(test_ubsan_data),
        cmocka_unit_test(test_inline_function_changes_all_who_have_it),
        cmocka_unit_test(test_inlined_function_comes_out_of_line),
        cmocka_unit_test(test_function_becomes_static),
        cmocka_unit_test(test_function_moves_here),
        cmocka_unit_test(test_functions_of_the_same_content_are_not_one),
        cmocka_unit_test(test_line_numbers_are_told_as_such),
        cmocka_unit_test(test_function_moves_out_of_init),
        cmocka_unit_test(test_functions_that_share_a_section),
        cmocka_unit_test(test_other_function_at_the_same_distance),
        cmocka_unit_test(test_16_bit_code),
        cmocka_unit_test(test_alignment_of_code_is_no_difference),
        cmocka_unit_test(test_weak_function),
        cmocka_unit_test(test_alias_that_is_no_more),
        cmocka_unit_test(test_parts_change_together),
        cmocka_unit_test(test_symbol_or_section_is_one),
        cmocka_unit_test(test_other_byte_of_a_variable),
        cmocka_unit_test(test_absolute_symbol_is_its_value),
        cmocka_unit_test(test_changed_string),
        cmocka_unit_test(test_swapped_strings),
        cmocka_unit_test(test_constant_moves_out_of_init),
        cmocka_unit_test(test_jump_table),
        cmocka_unit_test(test_jump_tables_of_the_compiler),
        cmocka_unit_test(test_line_of_a_bug_frame_is_no_difference),
        cmocka_unit_test(test_bug_frame_of_another_type),
        cmocka_unit_test(test_text_of_an_assertion),
        cmocka_unit_test(test_bug_frame_is_added),
        cmocka_unit_test(test_entries_are_not_told_of),
        cmocka_unit_test(test_fixup),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_pointer_becomes_null),
        cmocka_unit_test(test_changed_data_leaves_its_users),
        cmocka_unit_test(test_changed_function_leaves_pointers_to_it),
        cmocka_unit_test(test_named_ranges_of_assembly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
