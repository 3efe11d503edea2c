/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applying patches, and keeping the numbers of the lines behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "support/files.h"
#include "patch/lines.h"
#include "support/memory.h"
#include "patch/sources.h"

struct scene {
    char folder[32];
    char *xen, *out;
    struct report *report;
    struct sources *sources;
    char *why;
};

static char *below(const struct scene *scene, const char *path)
{
    return must_print("%s/%s", scene->folder, path);
}

static void put(const struct scene *scene, const char *path, const char *text)
{
    char *full = below(scene, path), *why = NULL;

    assert_true(files_write(full, text, strlen(text), &why));
    free(full);
}

static int begin(void **state)
{
    struct scene *scene = must_alloc(1, sizeof(*scene));
    static const char *const folders[] = {
        "xen/common", "xen/include/public", "out", "docs",
    };

    strcpy(scene->folder, "/tmp/test_lines.XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        char *full = below(scene, folders[i]);

        assert_true(files_make_folder(full, &scene->why));
        free(full);
    }
    scene->xen = below(scene, "xen");
    scene->out = below(scene, "out");
    scene->report = report_new();
    scene->sources = sources_new(scene->xen, scene->folder);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    files_remove(scene->folder);
    sources_free(scene->sources);
    report_free(scene->report);
    free(scene->xen);
    free(scene->out);
    free(scene->why);
    free(scene);
    return 0;
}

/* Apply a patch given as text. */
static bool apply(struct scene *scene, const char *patch)
{
    char *path = below(scene, "one.patch");
    bool applied;

    put(scene, "one.patch", patch);
    applied = sources_patch(scene->sources, path, scene->report, &scene->why);
    free(path);
    return applied;
}

static void expect_text(struct scene *scene, const char *path, bool keep,
                        const char *text)
{
    char *full, *have;
    size_t size;

    assert_true(sources_write(scene->sources, scene->out, keep, &scene->why));
    full = must_print("%s/%s", scene->out, path);
    have = files_read(full, &size, &scene->why);
    assert_non_null(have);
    assert_string_equal(have, text);
    free(have);
    free(full);
}

static void expect_refusal(struct scene *scene, const char *patch,
                           const char *words)
{
    assert_false(apply(scene, patch));
    assert_non_null(scene->why);
    if (!strstr(scene->why, words)) {
        fail_msg("\"%s\" isn't in \"%s\"", words, scene->why);
    }
    free(scene->why);
    scene->why = NULL;
}

#define HEAD "--- a/xen/common/x.c\n+++ b/xen/common/x.c\n"

static void test_inserted_lines(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,4 @@\n a\n+new\n+new\n b\n"));
    expect_text(*state, "common/x.c", true,
                "a\nnew\nnew\n#line 2\nb\nc\n");
}

static void test_not_asked_for(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,3 @@\n a\n+new\n b\n"));
    expect_text(*state, "common/x.c", false, "a\nnew\nb\n");
}

static void test_removed_lines(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,3 +1,2 @@\n a\n-b\n c\n"));
    expect_text(*state, "common/x.c", true, "a\n#line 3\nc\n");
}

static void test_as_many_lines(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -2,1 +2,1 @@\n-b\n+B\n"));
    expect_text(*state, "common/x.c", true, "a\nB\nc\n");
}

static void test_not_within_parentheses(void **state)
{
    put(*state, "xen/common/x.c", "f(a,\nb,\n\")\", ')', /* ) */ c);\nd\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,3 @@\n f(a,\n+new,\n b,\n"));
    expect_text(*state, "common/x.c", true,
                "f(a,\nnew,\nb,\n\")\", ')', /* ) */ c);\n#line 4\nd\n");
}

static void test_not_within_a_macro(void **state)
{
    put(*state, "xen/common/x.c", "#define x \\\n a \\\n b\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,3 @@\n #define x \\\n+ ( \\\n"
                      "  a \\\n"));
    expect_text(*state, "common/x.c", true,
                "#define x \\\n ( \\\n a \\\n b\n#line 4\nc\n");
}

static void test_not_within_a_comment(void **state)
{
    put(*state, "xen/common/x.c", "/* a\n b\n */\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,3 @@\n /* a\n+ new\n  b\n"));
    expect_text(*state, "common/x.c", true,
                "/* a\n new\n b\n */\n#line 4\nc\n");
}

/* The compiler may not have seen the first of these. */
static void test_again_behind_a_branch(void **state)
{
    put(*state, "xen/common/x.c", "#if X\na\nb\n#endif\nc\n");
    assert_true(apply(*state, HEAD "@@ -2,2 +2,3 @@\n a\n+new\n b\n"));
    expect_text(*state, "common/x.c", true,
                "#if X\na\nnew\n#line 3\nb\n#endif\n#line 5\nc\n");
}

/* Each branch opens the same parenthesis. */
static void test_parentheses_in_branches(void **state)
{
    put(*state, "xen/common/x.c",
        "#if X\nf(a\n#else\ng(a\n#endif\n);\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -7,2 +7,3 @@\n b\n+new\n c\n"));
    expect_text(*state, "common/x.c", true,
                "#if X\nf(a\n#else\ng(a\n#endif\n);\nb\nnew\n#line 8\nc\n");
}

static void test_public_headers_stay(void **state)
{
    put(*state, "xen/include/public/x.h", "a\nb\n");
    assert_true(apply(*state, "--- a/include/public/x.h\n"
                      "+++ b/include/public/x.h\n"
                      "@@ -1,2 +1,3 @@\n a\n+new\n b\n"));
    expect_text(*state, "include/public/x.h", true, "a\nnew\nb\n");
}

static void test_series(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,1 +1,2 @@\n a\n+new\n"));
    assert_true(apply(*state, HEAD "@@ -2,2 +2,3 @@\n new\n+newer\n b\n"));
    expect_text(*state, "common/x.c", true,
                "a\nnew\nnewer\n#line 2\nb\nc\n");
}

static void test_offset(void **state)
{
    put(*state, "xen/common/x.c", "0\n0\na\nb\nc\n");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n+B\n"));
    expect_text(*state, "common/x.c", true, "0\n0\na\nB\nc\n");
}

static void test_carriage_returns(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\n");
    assert_true(apply(*state, "--- a/xen/common/x.c\r\n"
                      "+++ b/xen/common/x.c\r\n"
                      "@@ -1,2 +1,2 @@\r\n a\r\n-b\r\n+B\r\n"));
    expect_text(*state, "common/x.c", true, "a\nB\n");
}

static void test_no_fuzz(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\nother\n");
    expect_refusal(*state, HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
                   "hunk 1 of 1 for common/x.c (its line 1) doesn't apply: "
                   "line 3 is not as the patch has it, but \"other\"");
}

static void test_there_already(void **state)
{
    put(*state, "xen/common/x.c", "a\nB\nc\n");
    expect_refusal(*state, HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
                   "is there already, at line 1");
}

static void test_new_and_deleted_files(void **state)
{
    struct scene *scene = *state;
    char *deleted = below(scene, "out/common/old.c");

    put(scene, "xen/common/old.c", "a\n");
    assert_true(apply(scene, "--- /dev/null\n+++ b/xen/common/new.c\n"
                      "@@ -0,0 +1,2 @@\n+a\n+b\n"
                      "--- a/xen/common/old.c\n+++ /dev/null\n"
                      "@@ -1 +0,0 @@\n-a\n"));
    expect_text(scene, "common/new.c", true, "a\nb\n");
    assert_false(files_exist(deleted));
    free(deleted);
}

static void test_no_newline_at_the_end(void **state)
{
    put(*state, "xen/common/x.c", "a\nb");
    assert_true(apply(*state, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n"
                      "\\ No newline at end of file\n+B\n"));
    expect_text(*state, "common/x.c", true, "a\nB\n");
}

static void test_missing_file(void **state)
{
    expect_refusal(*state, HEAD "@@ -1 +1 @@\n-a\n+b\n",
                   "changes common/x.c, which isn't in the tree");
}

static void test_way_out_of_the_tree(void **state)
{
    expect_refusal(*state, "--- a/xen/../../x.c\n+++ b/xen/../../x.c\n"
                   "@@ -1 +1 @@\n-a\n+b\n", "which is not in the tree");
}

static void test_outside_the_hypervisor(void **state)
{
    struct scene *scene = *state;

    put(scene, "docs/x.md", "a\n");
    assert_true(apply(scene, "--- a/docs/x.md\n+++ b/docs/x.md\n"
                      "@@ -1 +1 @@\n-a\n+b\n"));
    assert_int_equal(sources_count(scene->sources), 0);
}

static void test_damaged(void **state)
{
    put(*state, "xen/common/x.c", "a\n");
    expect_refusal(*state, HEAD "@@ -1,4 +1,4 @@\n-a\n+b\n",
                   "line 3: this hunk is damaged");
}

static void test_no_patch(void **state)
{
    expect_refusal(*state, "Dear all,\n", "no patch");
    expect_refusal(*state, "\xff\xfe-", "it is text in UTF-16");
    expect_refusal(*state, "BZh91AY", "compressed by bzip2");
    expect_refusal(*state, "\x1f\x8b" "and no more", "is damaged");
}

static void test_other_kinds(void **state)
{
    expect_refusal(*state, "words\n*** a/xen/x.c\n--- b/xen/x.c\n"
                   "***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n",
                   "line 2: a context difference");
    expect_refusal(*state, "590a591,592\n> a\n> b\n",
                   "line 1: a difference without context");
    /* No such kind, but words. */
    expect_refusal(*state, "1a2\nwords\n", "no patch");
    expect_refusal(*state, "*** a ***\n--- b\nwords\n", "no patch");
}

static void test_byte_order_mark(void **state)
{
    put(*state, "xen/common/x.c", "a\nb\n");
    assert_true(apply(*state, "\xef\xbb\xbf" "--- a/xen/common/x.c\r\n"
                      "+++ b/xen/common/x.c\r\n"
                      "@@ -1,2 +1,2 @@\r\n a\r\n-b\r\n+B\r\n"));
    expect_text(*state, "common/x.c", true, "a\nB\n");
}

static void test_compressed(void **state)
{
    static const char text[] = HEAD "@@ -1,2 +1,2 @@\n a\n-b\n+B\n";
    struct scene *scene = *state;
    char *path = below(scene, "one.patch.gz");
    gzFile file = gzopen(path, "wb");

    put(scene, "xen/common/x.c", "a\nb\n");
    assert_int_equal(gzwrite(file, text, strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
    assert_true(sources_patch(scene->sources, path, scene->report,
                              &scene->why));
    expect_text(scene, "common/x.c", true, "a\nB\n");
    free(path);
}

static void two_patches(struct scene *scene, char **told)
{
    put(scene, "xen/common/x.c", "a\nb\nc\n");
    assert_true(apply(scene, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n+B\n"));
    *told = sources_tell(scene->sources);
    assert_true(apply(scene, HEAD "@@ -2 +2 @@\n-B\n+b2\n"));
}

/* The content that files had, by whatever patch. */
static void test_states(void **state)
{
    struct scene *scene = *state;
    struct sources *others = sources_new(scene->xen, scene->folder);
    char *first, *last, *path;

    two_patches(scene, &first);
    last = sources_tell(scene->sources);
    assert_string_equal(strchr(first, ':'), ":common/x.c");
    assert_string_not_equal(first, last);
    *strchr(first, ':') = *strchr(last, ':') = '\0';
    assert_true(sources_went_by(scene->sources, "common/x.c", first));
    assert_true(sources_went_by(scene->sources, "common/x.c", last));
    assert_false(sources_went_by(scene->sources, "common/y.c", first));
    assert_false(sources_went_by(scene->sources, "common/x.c", "00"));
    /* Both at once: without the content that was between. */
    put(scene, "both.patch", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+b2\n c\n");
    path = below(scene, "both.patch");
    assert_true(sources_patch(others, path, scene->report, &scene->why));
    assert_true(sources_went_by(others, "common/x.c", last));
    assert_false(sources_went_by(others, "common/x.c", first));
    sources_free(others);
    free(path);
    free(first);
    free(last);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_inserted_lines),
        CASE(test_not_asked_for),
        CASE(test_removed_lines),
        CASE(test_as_many_lines),
        CASE(test_not_within_parentheses),
        CASE(test_not_within_a_macro),
        CASE(test_not_within_a_comment),
        CASE(test_again_behind_a_branch),
        CASE(test_parentheses_in_branches),
        CASE(test_public_headers_stay),
        CASE(test_series),
        CASE(test_offset),
        CASE(test_carriage_returns),
        CASE(test_no_fuzz),
        CASE(test_there_already),
        CASE(test_new_and_deleted_files),
        CASE(test_no_newline_at_the_end),
        CASE(test_missing_file),
        CASE(test_way_out_of_the_tree),
        CASE(test_outside_the_hypervisor),
        CASE(test_damaged),
        CASE(test_no_patch),
        CASE(test_other_kinds),
        CASE(test_byte_order_mark),
        CASE(test_compressed),
        CASE(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
