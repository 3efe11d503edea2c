/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and metadata of any bytes, as text and back.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A string literal and its length, zero bytes within included. */
#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
    const char *bytes;
    size_t len;
    const char *text;
} pairs[] = {
    { BYTES(""), "" },
    { BYTES("hello"), "hello" },
    { BYTES("with blank, \"quotes\""), "with blank, \"quotes\"" },
    { BYTES("back\\slash"), "back\\\\slash" },
    { BYTES("\\x41"), "\\\\x41" },
    { BYTES("nul\0byte"), "nul\\x00byte" },
    { BYTES("line\nend\ttab\x7f"), "line\\x0aend\\x09tab\\x7f" },
    { BYTES("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3"),
      "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3" },
    { BYTES("latin caf\xe9"), "latin caf\\xe9" },
    /* cut off, overlong, a surrogate, beyond Unicode, a stray tail */
    { BYTES("\xe2\x82"), "\\xe2\\x82" },
    { BYTES("\xc3"), "\\xc3" },
    { BYTES("\xc0\xaf"), "\\xc0\\xaf" },
    { BYTES("\xe0\x80\xaf"), "\\xe0\\x80\\xaf" },
    { BYTES("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf" },
    { BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
    { BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
    { BYTES("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80" },
    { BYTES("\x80"), "\\x80" },
    { BYTES("\xff"), "\\xff" },
    /* C1 control, soft hyphen, zero width, right-to-left override, BOM */
    { BYTES("\xc2\x9b"), "\\xc2\\x9b" },
    { BYTES("\xc2\xad"), "\\xc2\\xad" },
    { BYTES("\xe2\x80\x8b"), "\\xe2\\x80\\x8b" },
    { BYTES("\xe2\x80\xae"), "\\xe2\\x80\\xae" },
    { BYTES("\xe2\x81\xa0"), "\\xe2\\x81\\xa0" },
    { BYTES("\xd8\x9c"), "\\xd8\\x9c" },
    { BYTES("\xef\xbb\xbf"), "\\xef\\xbb\\xbf" },
    { BYTES("\xef\xbf\xbf"), "\\xef\\xbf\\xbf" },
    /* isolates, what only looks like a blank, a selector, a tag */
    { BYTES("\xe2\x81\xa7"), "\\xe2\\x81\\xa7" },
    { BYTES("\xe3\x85\xa4"), "\\xe3\\x85\\xa4" },
    { BYTES("\xef\xb8\x8f"), "\\xef\\xb8\\x8f" },
    { BYTES("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81" },
    /* must not come back as hexadecimal */
    { BYTES("hex:4142"), "\\x68ex:4142" },
    { BYTES("hexagon"), "hexagon" },
};

static void test_text(void **state)
{
    char *text;
    int i;

    for (i = 0; i < ARRAY_SIZE(pairs); i++) {
        text = xenlivepatch_text(pairs[i].bytes, pairs[i].len);
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(xenlivepatch_is_plain(pairs[i].bytes,
                                                   pairs[i].len),
                         strlen(pairs[i].text) == pairs[i].len &&
                         !memcmp(pairs[i].text, pairs[i].bytes,
                                 pairs[i].len));
        free(text);
    }
}

static void assert_bytes(const char *text, const void *bytes, size_t len)
{
    size_t got_len;
    char *got = xenlivepatch_bytes(text, &got_len);

    assert_non_null(got);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, bytes, len);
    assert_int_equal(got[len], 0);
    free(got);
}

static void test_bytes(void **state)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(pairs); i++)
        assert_bytes(pairs[i].text, pairs[i].bytes, pairs[i].len);
    assert_bytes("hex:41004Aff", BYTES("A\0J\xff"));
    assert_bytes("hex:", "", 0);
    assert_bytes("\\xFF\\xaB", BYTES("\xff\xab"));
    /* What a shell hands over unescaped is taken as it is. */
    assert_bytes("caf\xe9", BYTES("caf\xe9"));
}

static void test_malformed(void **state)
{
    static const char *const malformed[] = {
        "\\", "end\\", "\\x", "\\x4", "\\x4g", "\\xg4", "\\n", "\\X41",
        "hex:4", "hex:4g", "hex:g4", "hex:41 42", "hex:0x41",
    };
    size_t len;
    int i;

    for (i = 0; i < ARRAY_SIZE(malformed); i++) {
        errno = 0;
        assert_null(xenlivepatch_bytes(malformed[i], &len));
        assert_int_equal(errno, EINVAL);
    }
}

/* Every pair of bytes survives, as text and as hexadecimal. */
static void test_round_trip(void **state)
{
    char bytes[2], hex[16], *text, *digits;
    unsigned int i;

    for (i = 0; i < 0x10000; i++) {
        bytes[0] = i >> 8;
        bytes[1] = i;
        text = xenlivepatch_text(bytes, sizeof(bytes));
        assert_bytes(text, bytes, sizeof(bytes));
        free(text);
        digits = xenlivepatch_hex(bytes, sizeof(bytes));
        assert_int_equal(strlen(digits), 4);
        snprintf(hex, sizeof(hex), "hex:%s", digits);
        assert_bytes(hex, bytes, sizeof(bytes));
        free(digits);
    }
}

static void test_hex(void **state)
{
    char *hex = xenlivepatch_hex(BYTES("\x00\x9f\xAB"));

    assert_string_equal(hex, "009fab");
    free(hex);
    hex = xenlivepatch_hex("", 0);
    assert_string_equal(hex, "");
    free(hex);
}

static void assert_printable(const char *message, size_t max,
                             const char *expected)
{
    char *printable = xenlivepatch_printable(message, max, false);

    assert_string_equal(printable, expected);
    free(printable);
}

static void test_printable(void **state)
{
    assert_printable("plain", 100, "plain");
    assert_printable("back\\slash stays", 100, "back\\slash stays");
    assert_printable("\x1b[31m \xe9", 100, "\\x1b[31m \\xe9");
    assert_printable("caf\xc3\xa9", 100, "caf\xc3\xa9");
    assert_printable("0123456789", 10, "0123456789");
    assert_printable("0123456789a", 10, "0123456789...");
    assert_printable("", 10, "");
    assert_printable("\x01\x02\x03", 2, "\\x01...");
}

static void test_metadata(void **state)
{
    static const char bytes[] = "key=value\0\0\0no equals\0=no key\0"
        "empty=\0a=b=c\0caf\xe9=\xff\n\0last=without end";
    static const struct { const char *key, *value; } expected[] = {
        { "key", "value" }, { "no equals", NULL }, { "", "no key" },
        { "empty", "" }, { "a", "b=c" }, { "caf\\xe9", "\\xff\\x0a" },
        { "last", "without end" },
    };
    xenlivepatch_metadata *md = NULL;
    size_t num = 0, i;

    assert_int_equal(xenlivepatch_split_metadata(BYTES(bytes), &md,
                                                     &num), 0);
    assert_int_equal(num, ARRAY_SIZE(expected));
    for (i = 0; i < num; i++) {
        assert_string_equal(md[i].key, expected[i].key);
        if (expected[i].value)
            assert_string_equal(md[i].value, expected[i].value);
        else
            assert_null(md[i].value);
    }
    xenlivepatch_metadata_free(md, num);
}

static void test_no_metadata(void **state)
{
    xenlivepatch_metadata *md = NULL;
    size_t num = 1;

    assert_int_equal(xenlivepatch_split_metadata("", 0, &md, &num), 0);
    assert_int_equal(num, 0);
    assert_null(md);
    assert_int_equal(xenlivepatch_split_metadata(BYTES("\0\0"), &md,
                                                     &num), 0);
    assert_int_equal(num, 0);
    assert_null(md);
}

static void assert_fixes(const char *bytes, size_t len,
                         const char *const *expected)
{
    xenlivepatch_metadata *md = NULL;
    size_t num = 0, i;
    char **fixes;

    assert_int_equal(xenlivepatch_split_metadata(bytes, len, &md,
                     &num), 0);
    fixes = xenlivepatch_fixes(md, num);
    assert_non_null(fixes);
    for (i = 0; expected[i]; i++) {
        assert_non_null(fixes[i]);
        assert_string_equal(fixes[i], expected[i]);
    }
    assert_null(fixes[i]);
    xenlivepatch_strings_free(fixes);
    xenlivepatch_metadata_free(md, num);
}

static void test_fixes(void **state)
{
    static const char *const three[] = { "XSA-1", "CVE-2016-6258", "XSA-2",
                                         NULL };
    static const char *const odd[] = { "caf\\xe9", "\\x68ex:41", NULL };
    static const char *const none[] = { NULL };

    assert_fixes(BYTES("fixes=XSA-1,CVE-2016-6258\0a=b\0fixes=XSA-2"),
                 three);
    assert_fixes(BYTES("fixes= ,XSA-1 ,,\tCVE-2016-6258\r\nXSA-2,\v\f"),
                 three);
    assert_fixes(BYTES("fixes=caf\xe9 hex:41"), odd);
    assert_fixes(BYTES("fixes\0fixes=\0fixes=, ,\0Fixes=XSA-1\0xfixes=1"),
                 none);
    assert_fixes("", 0, none);
}

/* Values that are not of our making are left out, not misread. */
static void test_malformed_fixes(void **state)
{
    xenlivepatch_metadata md = { .key = "fixes", .value = "XSA-1\\" };
    char **fixes = xenlivepatch_fixes(&md, 1);

    assert_non_null(fixes);
    assert_null(fixes[0]);
    xenlivepatch_strings_free(fixes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_no_metadata),
        cmocka_unit_test(test_fixes),
        cmocka_unit_test(test_malformed_fixes),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
