/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a skeleton puts what it has, which lines it names, and its marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patch/unfinished.h"
#include "skeleton/insertions.h"
#include "skeleton/uses.h"
#include "support/files.h"
#include "support/memory.h"

#define FUNCTION(name) "void " name "(void)\n{\n    act();\n}\n\n"
#define HEAD "--- a/xen/common/x.c\n+++ b/xen/common/x.c\n"

/* b() is at line 6, c() at 11, d() at 16. */
static const char original[] = FUNCTION("a") FUNCTION("b") FUNCTION("c")
    FUNCTION("d") "/* end */\n";

struct scene {
    char folder[40];
    char *xen;
    struct report *report;
    struct sources *sources;
    const struct source *source;
    struct insertions insertions;
    char *why;
};

static char *put(const struct scene *scene, const char *path, const char *text)
{
    char *full = must_print("%s/%s", scene->folder, path), *why = NULL;

    assert_true(files_write(full, text, strlen(text), &why));
    return full;
}

static int begin(void **state)
{
    struct scene *scene = must_alloc(1, sizeof(*scene));
    char *folder;

    strcpy(scene->folder, "/tmp/test_insertions.XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    folder = must_print("%s/xen/common", scene->folder);
    assert_true(files_make_folder(folder, &scene->why));
    free(folder);
    scene->xen = must_print("%s/xen", scene->folder);
    scene->report = report_new();
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    files_remove(scene->folder);
    insertions_free(&scene->insertions);
    sources_free(scene->sources);
    report_free(scene->report);
    free(scene->xen);
    free(scene->why);
    free(scene);
    return 0;
}

static bool apply(struct scene *scene, const char *patch)
{
    char *path = put(scene, "one.patch", patch);
    bool applied = sources_patch(scene->sources, path, scene->report,
                                 &scene->why);

    free(path);
    return applied;
}

/* A tree in which the file is this, and patched so. */
static void have(struct scene *scene, const char *text, const char *fix)
{
    free(put(scene, "xen/common/x.c", text));
    sources_free(scene->sources);
    scene->sources = sources_new(scene->xen, scene->folder);
    if (!apply(scene, fix)) {
        fail_msg("%s", scene->why);
    }
    scene->source = sources_find(scene->sources, "common/x.c");
    assert_non_null(scene->source);
}

static bool add(struct scene *scene, size_t line, const char *text)
{
    return insertions_add(&scene->insertions, scene->source, line,
                          must_copy(text));
}

/* How many lines of the old file are in front of the one that was added. */
static size_t place(struct scene *scene, size_t line)
{
    assert_true(add(scene, line, "\nint new;\n"));
    return scene->insertions.list[0].after;
}

static char *written(const struct scene *scene)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    insertions_write(&scene->insertions, out);
    fclose(out);
    return text;
}

#define IN_A "@@ -1,4 +1,4 @@\n void a(void)\n {\n" \
    "-    act();\n+    bet();\n }\n"

static void test_behind_all_else(void **state)
{
    have(*state, original, HEAD IN_A);
    assert_int_equal(place(*state, SIZE_MAX), 14);
}

static void test_in_front_of_a_line(void **state)
{
    have(*state, original, HEAD IN_A);
    assert_int_equal(place(*state, 13), 9);
}

/* The blank line behind b() is old, but c() isn't. */
static void test_not_beside_the_fix(void **state)
{
    have(*state, original, HEAD
         "@@ -9,3 +9,4 @@\n }\n \n+static\n void c(void)\n");
    assert_int_equal(place(*state, 13), 4);
}

static void test_not_within_a_condition(void **state)
{
    have(*state, FUNCTION("a") "# ifdef X\n" FUNCTION("b") FUNCTION("c")
         "# endif\n", HEAD "@@ -14,2 +14,2 @@\n-    act();\n+    bet();\n }\n");
    assert_int_equal(place(*state, SIZE_MAX), 4);
}

static void test_nowhere(void **state)
{
    struct scene *scene = *state;

    have(scene, FUNCTION("a"), HEAD IN_A);
    assert_false(add(scene, SIZE_MAX, "\nint new;\n"));
    assert_false(insertions_has(&scene->insertions, scene->source));
}

/* Two at one place, and a third whose line that moves. */
static void test_as_a_patch(void **state)
{
    struct scene *scene = *state;
    char *patch;

    have(scene, original, HEAD "@@ -18,2 +18,2 @@\n-    act();\n+    bet();\n"
         " }\n");
    assert_true(add(scene, SIZE_MAX, "\nint third;\n"));
    assert_true(add(scene, 8, "\nint first;\n"));
    assert_true(add(scene, 8, "\nint second;\n"));
    patch = written(scene);
    assert_string_equal(patch, HEAD
        "@@ -2,6 +2,10 @@\n {\n     act();\n }\n"
        "+\n+int first;\n+\n+int second;\n \n void b(void)\n {\n"
        "@@ -12,6 +16,8 @@\n {\n     act();\n }\n"
        "+\n+int third;\n \n void d(void)\n {\n");
    free(patch);
}

static void test_fits_both_trees(void **state)
{
    struct scene *scene = *state;
    char *patch;

    have(scene, original, HEAD "@@ -6,4 +6,6 @@\n void b(void)\n {\n"
         "+    bet();\n+    cry();\n     act();\n }\n");
    assert_true(add(scene, SIZE_MAX, "\nint new;\n"));
    patch = written(scene);
    assert_true(apply(scene, patch));
    have(scene, original, patch);
    free(patch);
}

/* -- Lines that are named -------------------------------------------------- */

static char *told(const struct scene *scene, const char *word, bool members)
{
    const struct names_used names = { &word, 1, members };
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    uses_tell(scene->source, &names, out);
    fclose(out);
    return text;
}

static void test_uses(void **state)
{
    struct scene *scene = *state;
    char *text;

    have(scene, "void a(void)\n{\n    b->n = 0;\n}\n", HEAD
         "@@ -1,4 +1,6 @@\n void a(void)\n {\n     b->n = 0;\n"
         "+    c->n = n; /* both */\n+    c->nn = n;\n }\n");
    text = told(scene, "n", true);
    assert_string_equal(text, " *   common/x.c:4, a()\n"
                        " *       c->n = n; / * both * /\n");
    free(text);
    text = told(scene, "n", false);
    assert_non_null(strstr(text, "x.c:3"));
    assert_non_null(strstr(text, "x.c:5"));
    free(text);
}

static void test_changes(void **state)
{
    struct scene *scene = *state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    have(scene, original, HEAD IN_A);
    assert_int_equal(changes_tell(scene->source, "b", out), 0);
    assert_int_equal(changes_tell(scene->source, "a", out), 2);
    fclose(out);
    assert_string_equal(text, " *   common/x.c:3, a()\n *       - act();\n"
                        " *   common/x.c:3, a()\n *       + bet();\n");
    free(text);
}

/* -- Marks ----------------------------------------------------------------- */

static void test_marks(void **state)
{
    struct scene *scene = *state;

    have(scene, "/* LIVEPATCH_TODO: Xen's own. */\nint a;\n", HEAD
         "@@ -1,2 +1,3 @@\n /* LIVEPATCH_TODO: Xen's own. */\n"
         "+#if 0 /* LIVEPATCH_TODO: this. */\n int a;\n");
    unfinished_judge(scene->sources, scene->report);
    assert_int_equal(report_refusals(scene->report), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_behind_all_else),
        CASE(test_in_front_of_a_line),
        CASE(test_not_beside_the_fix),
        CASE(test_not_within_a_condition),
        CASE(test_nowhere),
        CASE(test_as_a_patch),
        CASE(test_fits_both_trees),
        CASE(test_uses),
        CASE(test_changes),
        CASE(test_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
