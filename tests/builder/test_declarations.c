/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which inline functions a text needs, and which a header's patch changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patch/declarations.h"
#include "patch/inlines.h"
#include "support/memory.h"

static bool needs(const char *text, const char *name)
{
    char *word = must_print(" %s ", name);
    char *words = text_needs(text, strlen(text));
    bool needed = !words || strstr(words, word);

    free(words);
    free(word);
    return needed;
}

#define F "static __inline__ int f(int a) { return a; }\n"

static void test_needed(void **state)
{
    (void)state;
    assert_false(needs(F, "f"));
    assert_false(needs(F "int g(int a) { return a; }", "f"));
    assert_false(needs("int g(void) { return 1; }", "f"));
    assert_true(needs(F "int g(int a) { return f(a); }", "f"));
    assert_true(needs(F "int (*p)(int) = f;", "f"));
    assert_true(needs(F "struct s { int a[sizeof(f(1))]; };", "f"));
    /* In an instruction, and by another inline function that is called. */
    assert_true(needs(F "void g(void) { asm(\"call f\"); }", "f"));
    assert_true(needs(F "static inline int h(int a) { return f(a); }\n"
                      "int g(int a) { return h(a); }", "f"));
    assert_false(needs(F "static inline int h(int a) { return f(a); }\n", "f"));
    /* Two that call each other, and nobody else them. */
    assert_false(needs("static inline int f(int a) "
                       "{ return a ? f(a - 1) : 1; }", "f"));
    assert_false(needs(F "int fa, af, f1, _f;", "f"));
}

/* What isn't dropped if nobody calls it, or isn't understood. */
static void test_roots(void **state)
{
    (void)state;
    assert_true(needs(F "static int h(int a) { return f(a); }", "f"));
    assert_true(needs(F "inline int h(int a) { return f(a); }", "f"));
    assert_true(needs(F "static inline int __attribute__((__used__)) "
                      "h(int a) { return f(a); }", "f"));
    assert_true(needs(F "static inline A(B) h(int a) { return f(a); }", "f"));
    assert_true(needs("static inline int f(int); " F, "f"));
    assert_true(needs(F F, "f"));
    assert_true(needs("static inline A(B) f(int a) { return a; }", "f"));
    assert_true(needs(F "int x = {{ 1 };", "f"));
    assert_true(needs(F "}", "f"));
}

/* A body ends where its braces do. */
static void test_ends(void **state)
{
    (void)state;
    assert_true(needs(F "static inline void h(void) { char a = '}'; "
                      "/* } */ } int g = f(1);", "f"));
    assert_true(needs(F "static inline void h(void) { g(\"}\\\"\"); }\n"
                      "# 5 \"x}\" 2\nint g = f(1);", "f"));
    assert_true(needs(F "struct s { int a; } __attribute__((packed));\n"
                      "int g = f(1);", "f"));
    assert_false(needs(F "static inline __attribute__((x(1))) "
                       "int h(struct s *a) __attribute__((y)) "
                       "{ if ( a ) { return f(1); } "
                       "return ({ f(2); }); } int g;", "f"));
    assert_true(needs(F "static const struct s a = { .b = { 1 } };\n"
                      "static struct s c(int d)\n{ return f(d); }", "f"));
}

#define HEADER "int a;\nstatic inline int f(int a)\n{\n    a++;\n" \
               "    return a;\n}\n/* b */\n#define M(x) \\\n    (x + 1)\n"

/* The text with one line changed, by number; or with it gone. */
static bool changed(const char *text, size_t line, const char *by, char **names)
{
    struct source source = { .path = (char *)"include/x.h", .existed = true,
                             .exists = true };
    struct inlines inlines = { .count = 0 };
    char *bytes = must_copy(text), *rest = bytes;
    size_t count = 0, room = 0, lines_room = 0;
    bool good;

    source.text.bytes = must_copy(text);
    for (char *at = source.text.bytes; *at; at = strchr(at, '\n') + 1) {
        source.text.lines = must_grow(source.text.lines, &room, count + 1,
                                      sizeof(*source.text.lines));
        source.lines = must_grow(source.lines, &lines_room, count + 1,
                                 sizeof(*source.lines));
        source.text.lines[count++] = (struct text_line){
            at, (size_t)(strchr(at, '\n') - at) };
        if (count != line) {
            source.lines[source.nlines++] = (struct source_line){
                source.text.lines[count - 1], count };
        } else if (by) {
            source.lines[source.nlines++] = (struct source_line){
                { by, strlen(by) }, 0 };
        }
    }
    source.text.nlines = count;
    good = inlines_changed(&source, &inlines);
    *names = must_copy(good && inlines.count ? inlines.names[0] : "");
    inlines_free(&inlines);
    free(source.text.bytes);
    free(source.text.lines);
    free(source.lines);
    free(rest);
    return good;
}

static void expect(size_t line, const char *by, const char *wanted)
{
    char *names;
    bool good = changed(HEADER, line, by, &names);

    assert_int_equal(good, wanted != NULL);
    assert_string_equal(names, wanted ? wanted : "");
    free(names);
}

static void test_changed(void **state)
{
    (void)state;
    expect(4, "    a += 2;", "f");
    expect(4, NULL, "f");
    expect(4, "    /* c */", "f");
    expect(7, "/* c */", "");
    expect(7, NULL, "");
    /* Its head, its end, other code, a macro, a directive within. */
    expect(1, "int b;", NULL);
    expect(2, "static inline int f(long a)", NULL);
    expect(3, "{ static int x;", NULL);
    expect(6, "} int x;", NULL);
    expect(9, "    (x + 2)", NULL);
    expect(4, "#define Y", NULL);
    expect(5, "    return a; }}", NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
