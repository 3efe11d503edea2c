/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that a patch gives another value. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patch/constants.h"
#include "support/memory.h"

/* What is said, instead of a report: "refused NAME: WHY\n". */
static char *said;

static void say(const char *verdict, const char *name, const char *format,
                va_list args)
{
    char *why = must_vprint(format, args);
    char *more = must_print("%s%s %s: %s\n", said, verdict, name, why);

    free(why);
    free(said);
    said = more;
}

void report_refuse(struct report *report, enum refusal refusal,
                   const char *file, const char *name, const char *way_out,
                   const char *why, ...)
{
    va_list args;

    assert_null(report);
    assert_non_null(file);
    assert_non_null(way_out);
    assert_int_equal(refusal, REFUSAL_MEANING);
    va_start(args, why);
    say("refused", name, why, args);
    va_end(args);
}

void report_warn(struct report *report, const char *file, const char *name,
                 const char *what, ...)
{
    va_list args;

    assert_null(report);
    assert_non_null(file);
    va_start(args, what);
    say("warned", name, what, args);
    va_end(args);
}

static size_t take_apart(const char *text, struct text_line *lines)
{
    size_t count = 0;

    while (*text) {
        size_t length = strcspn(text, "\n");

        lines[count++] = (struct text_line) { text, length };
        text += length + (text[length] == '\n');
    }
    return count;
}

/* words NULL: nothing is said. */
static void check(const char *path, const char *old, const char *new,
                  const char *words)
{
    struct text_line olds[16], news[16];
    struct source_line lines[16] = { { .origin = 0 } };
    struct source source = {
        .path = must_copy(path), .lines = lines,
        .text = { .lines = olds, .nlines = take_apart(old, olds) },
        .nlines = take_apart(new, news),
    };

    for (size_t i = 0; i < source.nlines; i++) {
        lines[i].line = news[i];
    }
    said = must_copy("");
    constants_judge(&source, NULL);
    if (words ? !strstr(said, words) : *said) {
        fail_msg("expected %s, said: %s", words ? words : "nothing", said);
    }
    free(said);
    free(source.path);
}

#define FILE_PATH "common/x.c"

static void test_alone(void **state)
{
    (void)state;
    check(FILE_PATH, "#define A 1\n", "#define A 2\n",
          "warned A: was 1, is 2");
    check(FILE_PATH, "# define A (1U << 3)\n", "#define A (1U << 4)\n",
          "warned A: was (1U << 3), is (1U << 4)");
    check(FILE_PATH, "#define A BIT(3, UL)\n", "#define A BIT(4, UL)\n",
          "warned A");
}

static void test_no_change(void **state)
{
    (void)state;
    check(FILE_PATH, "#define A 1\n", "#define  A\t( 0x1UL ) /* one */\n",
          NULL);
    check(FILE_PATH, "#define A 1 /* 2 */\n", "#define A 1 // 3\n", NULL);
    check(FILE_PATH, "#define A 1\n", "#define B 2\n#define A 1\n", NULL);
    check(FILE_PATH, "#define A 1\n#define B 2\n", "#define B 2\n", NULL);
    check(FILE_PATH, "#ifdef X\n#define A 1\n#else\n#define A 2\n#endif\n",
          "#ifdef X\n#define A 1\n#else\n#define A 2\n#endif\n", NULL);
    check("include/public/x.h", "#define A 1\n",
          "#define A 1\n#define B 2\n", NULL);
}

/* Code, and what has parameters, is compared as what is made of it. */
static void test_no_number(void **state)
{
    (void)state;
    check(FILE_PATH, "#define A f(1)\n", "#define A f(2)\n", NULL);
    check(FILE_PATH, "#define A(x) 1\n", "#define A(x) 2\n", NULL);
    check(FILE_PATH, "#define A \"1\"\n", "#define A \"2\"\n", NULL);
    check(FILE_PATH, "/* #define A 1 */\n", "/* #define A 2 */\n", NULL);
}

static void test_numbered_anew(void **state)
{
    (void)state;
    check(FILE_PATH, "#define __BIT_a 2\n#define __BIT_b 3\n",
          "#define __BIT_a 3\n#define __BIT_b 2\n",
          "refused __BIT_a: was 2, is 3, and __BIT_b is what it was");
    check(FILE_PATH, "#define STATE_on 1\n#define STATE_off 2\n",
          "#define STATE_on 1\n#define STATE_try 2\n#define STATE_off 3\n",
          "refused STATE_off: was 2, is 3, and STATE_try is what it was");
    check(FILE_PATH, "#define STATE_on 1\n#define STATE_max 2\n",
          "#define STATE_on 1\n#define STATE_off 2\n#define STATE_max 3\n",
          "warned STATE_max");
    check(FILE_PATH, "#define TRIES 2\n", "#define TRIES 3\n#define DEPTH 2\n",
          "warned TRIES");
}

static void test_public(void **state)
{
    (void)state;
    check("include/public/x.h", "#define XEN_X_INTERFACE_VERSION 0x15\n",
          "#define XEN_X_INTERFACE_VERSION 0x16\n",
          "refused XEN_X_INTERFACE_VERSION: was 0x15, is 0x16: it is Xen's "
          "public interface, and no tool");
    check("include/public/x.h", "#define X 1\n", "#define X 2\n",
          "which guests and tools were built with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_no_change),
        cmocka_unit_test(test_no_number),
        cmocka_unit_test(test_numbered_anew),
        cmocka_unit_test(test_public),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
