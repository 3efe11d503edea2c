/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says to people and as JSON. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <yajl/yajl_tree.h>

#include "report/printable.h"
#include "report/report.h"
#include "report/report_private.h"

/* What a report writes on one of our streams. */
static void written(struct report *report, enum outcome outcome,
                    const char *output, const char *error, int stream,
                    char *text, size_t size)
{
    FILE *file = tmpfile();
    int kept = dup(stream);
    size_t length;

    assert_non_null(file);
    fflush(NULL);
    assert_true(dup2(fileno(file), stream) >= 0);
    assert_true(report_write(report, outcome, output, error));
    fflush(NULL);
    dup2(kept, stream);
    close(kept);
    rewind(file);
    length = fread(text, 1, size - 1, file);
    text[length] = '\0';
    fclose(file);
}

static struct report *example(bool json)
{
    struct report *report = report_new();

    report_configure(report, (struct report_options){ .json = json });
    report_function(report, "common/a.c", "f", 0x1234, 10, 12, "as \"it\" is");
    report_function(report, "common/a.c", "g", 0, 0, 7, NULL);
    report_refuse(report, REFUSAL_PER_CPU, "common/a.c", "x", "a way", "no %d",
                  1);
    report_warn(report, NULL, NULL, "odd \033[1m \xff \xc3\xa4");
    report_proof(report, 3, 0, 1);
    report_proof_exemption(report, "common/b.c", "h", "the line");
    report_payload(report, (struct report_payload){
        .name = "x", .xen_id = "12", .depends = "12",
    });
    report_build_id(report, "34");
    return report;
}

static void test_text_done(void **state)
{
    struct report *report = example(false);
    char text[1024];

    (void)state;
    written(report, OUTCOME_DONE, "/nowhere/x.livepatch", NULL, STDOUT_FILENO,
            text, sizeof(text));
    report_free(report);
    assert_string_equal(
        text, "/nowhere/x.livepatch: 1 function patched, 1 new, 0 bytes\n"
        "  common/a.c: f: patched, 10 -> 12 bytes; as \"it\" is\n"
        "  common/a.c: g: new, 7 bytes\n"
        "build-id 34, depends on Xen 12\n"
        "the base is what runs: 3 functions equal, 0 not, 1 exempt\n");
}

static void test_text_verbose(void **state)
{
    struct report *report = example(false);
    char text[1024];

    (void)state;
    report_configure(report, (struct report_options){ .verbose = true });
    report_payload(report, (struct report_payload){
        .name = "x", .xen_id = "12", .depends = "56",
    });
    written(report, OUTCOME_DONE, "/nowhere/x.livepatch", NULL, STDOUT_FILENO,
            text, sizeof(text));
    report_free(report);
    assert_non_null(strstr(
        text, "build-id 34, depends on payload 56, on Xen 12\n"
        "the base is what runs: 3 functions equal, 0 not, 1 exempt\n"
        "  exempt: common/b.c: h: the line\n"));
}

static void test_text_refused(void **state)
{
    struct report *report = example(false);
    char text[1024];

    (void)state;
    assert_int_equal(report_refusals(report), 1);
    written(report, OUTCOME_REFUSED, NULL, "so it is", STDERR_FILENO, text,
            sizeof(text));
    report_free(report);
    assert_string_equal(
        text, "livepatch-build: warning: odd \\x1b[1m \\xff \xc3\xa4\n"
        "livepatch-build: refused: common/a.c: x: no 1 (per-cpu)\n"
        "    a way\n"
        "livepatch-build: so it is\n");
}

/* What was refused isn't lost behind warnings; what goes has all of them. */
static void test_many_warnings(void **state)
{
    struct report *report = report_new();
    char text[1024];

    (void)state;
    report_refuse(report, REFUSAL_LAYOUT, "a", "b", NULL, "c");
    for (unsigned int i = 0; i < 8; i++) {
        report_warn(report, NULL, NULL, "w%u", i);
    }
    written(report, OUTCOME_REFUSED, NULL, NULL, STDERR_FILENO, text,
            sizeof(text));
    assert_non_null(strstr(text, "warning: w4\n"
                           "livepatch-build: warning: ... and 3 more\n"
                           "livepatch-build: refused: a: b: c"));
    assert_null(strstr(text, "w5"));
    written(report, OUTCOME_DONE, NULL, NULL, STDERR_FILENO, text,
            sizeof(text));
    assert_non_null(strstr(text, "w7"));
    report_configure(report, (struct report_options){ .verbose = true });
    written(report, OUTCOME_REFUSED, NULL, NULL, STDERR_FILENO, text,
            sizeof(text));
    assert_non_null(strstr(text, "w7"));
    report_free(report);
}

static void test_quiet(void **state)
{
    struct report *report = report_new();
    char text[256];

    (void)state;
    report_configure(report, (struct report_options){ .quiet = true });
    report_warn(report, "a", "b", "c");
    report_note(report, "d");
    written(report, OUTCOME_FAILED, NULL, "wrong", STDERR_FILENO, text,
            sizeof(text));
    report_free(report);
    assert_string_equal(text, "livepatch-build: wrong\n");
}

static const char *member(yajl_val json, const char *list, const char *key)
{
    const char *at_list[] = { list, NULL }, *at_key[] = { key, NULL };
    yajl_val found = yajl_tree_get(json, at_list, yajl_t_array);

    assert_non_null(found);
    assert_true(YAJL_GET_ARRAY(found)->len > 0);
    found = yajl_tree_get(YAJL_GET_ARRAY(found)->values[0], at_key,
                          yajl_t_string);
    return found ? YAJL_GET_STRING(found) : "";
}

static const char *string_at(yajl_val json, const char *parent,
                             const char *key)
{
    const char *path[] = { parent, key, NULL };
    yajl_val found = yajl_tree_get(json, path, yajl_t_string);

    return found ? YAJL_GET_STRING(found) : "";
}

static void test_json_done(void **state)
{
    struct report *report = example(true);
    const char *proof[] = { "proof", NULL };
    char text[4096], error[256];
    yajl_val json;

    (void)state;
    written(report, OUTCOME_DONE, "x", NULL, STDOUT_FILENO, text,
            sizeof(text));
    json = yajl_tree_parse(text, error, sizeof(error));
    report_free(report);
    assert_non_null(json);
    assert_string_equal(string_at(json, "payload", "build_id"), "34");
    assert_string_equal(string_at(json, "payload", "depends"), "12");
    assert_string_equal(string_at(json, "payload", "xen_build_id"), "12");
    assert_string_equal(member(yajl_tree_get(json, proof, yajl_t_object),
                               "exemptions", "why"), "the line");
    yajl_tree_free(json);
}

static void test_json(void **state)
{
    struct report *report = example(true);
    const char *outcome[] = { "outcome", NULL }, *none[] = { "payload", NULL };
    char text[4096], error[256];
    yajl_val json;

    (void)state;
    written(report, OUTCOME_REFUSED, "x", "words", STDOUT_FILENO, text,
            sizeof(text));
    json = yajl_tree_parse(text, error, sizeof(error));
    report_free(report);
    assert_non_null(json);
    assert_string_equal(
        YAJL_GET_STRING(yajl_tree_get(json, outcome, yajl_t_string)),
        "refused");
    assert_null(yajl_tree_get(json, none, yajl_t_any));
    assert_string_equal(member(json, "functions", "old_address"), "0x1234");
    assert_string_equal(member(json, "functions", "why"), "as \"it\" is");
    assert_string_equal(member(json, "refusals", "reason"), "per-cpu");
    assert_string_equal(member(json, "refusals", "way_out"), "a way");
    assert_string_equal(member(json, "warnings", "why"),
                        "odd \\x1b[1m \\xff \xc3\xa4");
    yajl_tree_free(json);
}

static void test_clean(void **state)
{
    static const char *const pairs[][2] = {
        { "a\tb\n", "a\tb\n" }, { "\x7f", "\\x7f" },
        { "\xe2\x82\xac", "\xe2\x82\xac" }, { "\xe2\x82", "\\xe2\\x82" },
        { "\xc0\x80", "\\xc0\\x80" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
        { "\xc2\x9b", "\\xc2\\x9b" },
        /* Overrides and isolates of direction. */
        { "\xe2\x80\xae", "\\xe2\\x80\\xae" },
        { "\xe2\x81\xa7", "\\xe2\\x81\\xa7" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char *clean = printable_lines(pairs[i][0]);

        assert_string_equal(clean, pairs[i][1]);
        free(clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_done),
        cmocka_unit_test(test_text_verbose),
        cmocka_unit_test(test_text_refused),
        cmocka_unit_test(test_many_warnings),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_json_done),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
