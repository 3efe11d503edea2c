/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lines that a patch changes are part of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "patch/places.h"
#include "support/files.h"
#include "support/memory.h"

static const char before[] =
    "#define ONE \\\n"
    "    1\n"
    "# define TWO(a) (a)\n"
    "struct s {\n"
    "    int a;\n"
    "};\n"
    "static int __init cf_check f(int (*g)(void))\n"
    "{\n"
    "    return g() + ONE;\n"
    "}\n"
    "#ifdef X\n"
    "void gone(void) { f(0); }\n"
    "#endif\n";

/* Of the file, where line `old` becomes `new`: the places, in words. */
static char *places_of(const char *old, const char *new)
{
    static const char *const kinds[] = { "function", "macro", "other" };
    char folder[] = "/tmp/test_places.XXXXXX", *why = NULL, *path, *patch;
    char *words = must_copy(""), *longer;
    const char *at = strstr(before, old);
    size_t line = 1;
    struct report *report = report_new();
    struct sources *sources;
    struct places places = { .count = 0 };

    assert_non_null(at);
    for (const char *c = before; c < at; c++) {
        line += *c == '\n';
    }
    assert_non_null(mkdtemp(folder));
    path = must_print("%s/a.h", folder);
    assert_true(files_write(path, before, strlen(before), &why));
    free(path);
    path = must_print("%s/patch", folder);
    patch = must_print("--- a/xen/a.h\n+++ b/xen/a.h\n@@ -%zu +%zu%s @@\n"
                       "-%s\n%s%s%s", line, *new ? line : line - 1,
                       *new ? "" : ",0", old, *new ? "+" : "", new,
                       *new ? "\n" : "");
    assert_true(files_write(path, patch, strlen(patch), &why));
    sources = sources_new(folder, folder);
    assert_true(sources_patch(sources, path, report, &why));
    places_add(&places, sources_get(sources, 0));
    for (size_t i = 0; i < places.count; i++) {
        longer = must_print("%s%s%s:%zu %s %s", words, i ? ", " : "",
                            places.list[i].gone ? "gone" : "now",
                            places.list[i].line, kinds[places.list[i].kind],
                            places.list[i].name ? places.list[i].name : "-");
        free(words);
        words = longer;
    }
    places_free(&places);
    sources_free(sources);
    report_free(report);
    files_remove(folder);
    free(patch);
    free(path);
    return words;
}

static void expect(const char *old, const char *new, const char *wanted)
{
    char *words = places_of(old, new);

    assert_string_equal(words, wanted);
    free(words);
}

static void test_places(void **state)
{
    (void)state;
    expect("    return g() + ONE;", "    return g() + TWO(ONE);",
           "now:9 function f");
    expect("    1", "    2", "now:2 macro ONE");
    expect("# define TWO(a) (a)", "# define TWO(a) (2 * (a))",
           "now:3 macro TWO");
    expect("    int a;", "    long a;", "now:5 other -");
    expect("#ifdef X", "#ifdef Y", "now:11 other -");
    expect("void gone(void) { f(0); }", "", "gone:12 function gone");
    expect("    int a;", "    /* int a; */",  "gone:5 other -");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_places) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
