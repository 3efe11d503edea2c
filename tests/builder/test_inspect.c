/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown of a payload, for people and as JSON. */
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
#include <yajl/yajl_tree.h>

#include "inspect/inspect.h"
#include "support/memory.h"
#include "payload/payload.h"
#include "snippet.h"

/* By another builder: local names, writable tables, a signature. */
static const char source[] =
    ".macro id bytes\n"
    ".long 4, 4, 3\n.asciz \"GNU\"\n.long \\bytes\n"
    ".endm\n"
    ".section .livepatch.depends, \"a\", @note\nid 0x04030201\n"
    ".section .livepatch.xen_depends, \"a\", @note\nid 0x08070605\n"
    ".section .note.gnu.build-id, \"a\", @note\nid 0x0c0b0a09\n"
    ".section .note.Xen.signature, \"a\", @note\n"
    ".long 4, 4, 1\n.asciz \"Xen\"\n.long 5\n"
    ".section .modinfo, \"a\"\n"
    ".asciz \"name=shown\", \"odd\", \"text=\\001\\303\\244\\377\"\n"
    ".section .rodata.str1.1, \"aMS\", @progbits, 1\n"
    ".Lname: .asciz \"file.c#old\"\n"
    ".text\n"
    ".type replacement, @function\n"
    "replacement: mov $1, %eax\nret\n"
    ".size replacement, . - replacement\n"
    ".type on_load, @function\n"
    "on_load: call needed\nret\n"
    ".size on_load, . - on_load\n"
    ".section .livepatch.hooks.load, \"aw\"\n.quad on_load\n"
    ".section .livepatch.funcs, \"aw\"\n"
    ".quad .Lname, replacement, 0xffff82d040201000\n"
    ".long 6, 32\n.byte 2\n.zero 71\n"
    ".quad .Lname, 0, 0\n"
    ".long 5, 10\n.byte 2\n.zero 71\n";

static char *shown(const char *text, bool json, char **why)
{
    char path[] = "/tmp/inspect.XXXXXX", *output = NULL;
    size_t size, length;
    unsigned char *image = snippet_image("payload.S", text, "", &size);
    int fd = mkstemp(path);
    FILE *out = open_memstream(&output, &length);
    bool ok;

    assert_true(fd >= 0 && out);
    assert_int_equal(write(fd, image, size), size);
    close(fd);
    free(image);
    ok = payload_inspect(path, json, out, why);
    fclose(out);
    unlink(path);
    if (!ok) {
        free(output);
        return NULL;
    }
    return output;
}

static void assert_line(const char *text, const char *line)
{
    char *whole = must_print("\n    %s\n", line);

    if (!strstr(text, whole)) {
        fail_msg("no line \"%s\" in: %s", line, text);
    }
    free(whole);
}

static void test_text(void **state)
{
    char *why = NULL, *text = shown(source, false, &why);

    (void)state;
    assert_non_null(text);
    assert_line(text, "name shown");
    assert_line(text, "build-id 090a0b0c");
    assert_line(text, "depends on 01020304");
    assert_line(text, "made for Xen 05060708");
    assert_line(text, "function file.c#old at 0xffff82d040201000: 32 bytes "
                      "replaced by 6");
    assert_line(text, "function file.c#old: 5 of 10 bytes become "
                      "no-operations");
    assert_line(text, "hook load: on_load");
    assert_line(text, "needs needed");
    assert_line(text, "new on_load");
    assert_line(text, "metadata odd");
    assert_line(text, "metadata text=\\x01\303\244\\xff");
    assert_line(text, "signature of 20 bytes in .note.Xen.signature, not "
                      "verified");
    assert_non_null(strstr(text, "cannot be applied again"));
    assert_null(strstr(text, "new replacement"));
    free(text);
}

static const char *get(yajl_val tree, const char *key)
{
    const char *path[] = { key, NULL };

    return yajl_tree_get(tree, path, yajl_t_string)->u.string;
}

static void test_json(void **state)
{
    char *why = NULL, *text = shown(source, true, &why), error[200];
    const char *functions[] = { "functions", NULL };
    yajl_val tree, list;

    (void)state;
    assert_non_null(text);
    tree = yajl_tree_parse(text, error, sizeof(error));
    assert_non_null(tree);
    assert_string_equal(get(tree, "name"), "shown");
    assert_string_equal(get(tree, "build_id"), "090a0b0c");
    list = yajl_tree_get(tree, functions, yajl_t_array);
    assert_int_equal(list->u.array.len, 2);
    assert_string_equal(get(list->u.array.values[0], "replacement"),
                        "replacement");
    assert_string_equal(get(list->u.array.values[0], "old_addr"),
                        "0xffff82d040201000");
    yajl_tree_free(tree);
    free(text);
}

static void check_no_payload(const char *text, const char *words)
{
    char *why = NULL;

    assert_null(shown(text, false, &why));
    assert_non_null(why);
    if (!strstr(why, words)) {
        fail_msg("%s", why);
    }
    free(why);
}

static void test_no_payload(void **state)
{
    char *broken = must_copy(source);

    (void)state;
    check_no_payload(".text\nnop\n", "no payload");
    *strstr(broken, ".long 4, 4, 3") = '#';
    check_no_payload(broken, "build-id");
    memcpy(broken, source, sizeof(source));
    strstr(broken, ".zero 71")[strlen(".zero 7")] = '0';
    check_no_payload(broken, ".livepatch.funcs");
    memcpy(broken, source, sizeof(source));
    strstr(broken, ".long 4, 4, 3")[strlen(".long 4, ")] = '9';
    check_no_payload(broken, "build-id");
    free(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_no_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
