/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs: its symbols under the host's names, bytes, ids, and its stack. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linked.h"
#include "support/memory.h"
#include "snippet.h"

static const char two_statics[] =
    "static int count;\n"
    "static __attribute__((noinline)) int helper(int n)\n"
    "{ static int last; return last += count += n; }\n"
    "int NAME(int n) { static int last; last += n;"
    " return helper(n) + helper(n + last); }\n";

static struct running *two_files(void)
{
    char *one = must_print("#define NAME first\n%s", two_statics);
    char *two = must_print("#define NAME second\n%s", two_statics);
    const struct source sources[] = {
        xen_source, { "one.c", one }, { "two.c", two }, { NULL, NULL },
    };
    struct running *running = run_xen(sources);

    free(one);
    free(two);
    return running;
}

static void test_names(void **state)
{
    struct running *running = two_files();
    struct running_symbol one, two, global;

    (void)state;
    assert_int_equal(running_find(running, "one.c", "helper", true, &one), 1);
    assert_int_equal(running_find(running, "two.c", "helper", true, &two), 1);
    assert_string_equal(one.name, "one.c#helper");
    assert_string_equal(two.name, "two.c#helper");
    assert_true(one.address != two.address);
    assert_true(one.local && one.size && one.type == STT_FUNC);
    assert_int_equal(running_find(running, "", "helper", true, &one), 2);
    assert_int_equal(running_find(running, "one.c", "helper", false, &one), 0);
    assert_int_equal(running_find(running, "one.c", "first", false, &global),
                     1);
    assert_string_equal(global.name, "first");
    assert_true(running_is_unique(running, "one.c#helper"));
    assert_true(running_is_unique(running, "first"));
    assert_false(running_is_unique(running, "helper"));
    assert_false(running_is_unique(running, "third"));
    running_free(running);
}

/* A source that is compiled twice gives two symbols of one name. */
static void test_ambiguous(void **state)
{
    char *one = must_print("#define NAME first\n%s", two_statics);
    char *two = must_print("#define NAME second\n%s", two_statics);
    const struct source sources[] = {
        xen_source, { "same.c", one }, { "same.c", two }, { NULL, NULL },
    };
    struct running *running = run_xen(sources);
    struct running_symbol one_symbol, two_symbol;
    unsigned int unit;

    (void)state;
    assert_int_equal(running_find(running, "same.c", "helper", true,
                                  &one_symbol), 2);
    assert_false(running_is_unique(running, "same.c#helper"));
    unit = one_symbol.unit;
    assert_string_equal(running_unit_source(running, unit), "same.c");
    assert_int_equal(running_find_in(running, unit, "helper", &one_symbol), 1);
    assert_int_equal(running_find_in(running, unit + 1, "helper", &two_symbol),
                     1);
    assert_true(one_symbol.address != two_symbol.address);
    running_free(running);
    free(one);
    free(two);
}

static void test_bytes_and_places(void **state)
{
    const struct source sources[] = {
        xen_source,
        { "data.c", "const int five = 5; int bss;\n"
                    "extern int bss __attribute__((visibility(\"hidden\")));\n"
                    "__attribute__((section(\".init.text\")))\n"
                    "int booting(void) { return bss; }\n" },
        { NULL, NULL },
    };
    struct running *running = run_xen(sources);
    struct running_symbol symbol, near;

    (void)state;
    assert_int_equal(running_find(running, "", "five", false, &symbol), 1);
    assert_int_equal(*running_bytes(running, symbol.address, 4), 5);
    assert_true(running_symbol_at(running, symbol.address + 3, &near));
    assert_string_equal(near.name, "five");
    assert_int_equal(running_find(running, "", "bss", false, &symbol), 1);
    assert_null(running_bytes(running, symbol.address, 4));
    assert_null(running_bytes(running, UINT64_MAX - 1, 4));
    assert_null(running_bytes(running, 0xffff82d040200000, UINT64_MAX));
    assert_false(running_symbol_at(running, 0x1000, &near));
    assert_int_equal(running_find(running, "", "booting", false, &symbol), 1);
    assert_true(symbol.init);
    assert_true(running_is_init(running, symbol.address));
    assert_int_equal(running_find(running, "", "livepatch_op", false,
                                  &symbol), 1);
    assert_false(symbol.init);
    assert_int_equal(running_xen_id(running)->size, 20);
    assert_memory_equal(running_top_id(running), running_xen_id(running),
                        sizeof(struct build_id));
    running_free(running);
}

static void assert_refused(const char *path, const char *words)
{
    char *why = NULL;

    assert_null(running_read(path, &why));
    assert_non_null(why);
    if (!strstr(why, words)) {
        fail_msg("%s", why);
    }
    free(why);
}

static void test_no_xen(void **state)
{
    static const struct source sources[] = {
        { "livepatch.c", "long other_op(void) { return 3; }\n" },
        { NULL, NULL },
    };
    const struct source good[] = { xen_source, { NULL, NULL } };
    /* As what was stripped of debug information. */
    static const struct source nameless[] = {
        { "livepatch.S", ".globl livepatch_op, _stext, _etext\n"
          "_stext: livepatch_op: ret\n_etext: .long 0\n" },
        { NULL, NULL },
    };
    char *path = link_xen(sources, "--build-id=sha1");

    (void)state;
    assert_refused(path, "without live patching");
    unlink_xen(path);
    path = link_xen(good, "");
    assert_refused(path, "no build-id");
    unlink_xen(path);
    path = link_xen(nameless, "--build-id=sha1");
    assert_refused(path, "don't tell their source files");
    unlink_xen(path);
    path = link_xen(good, "--build-id=sha1 -s");
    assert_refused(path, "no symbols");
    assert_int_equal(truncate(path, 4200), 0);
    assert_refused(path, path);
    assert_int_equal(truncate(path, 3), 0);
    assert_refused(path, "not an ELF file");
    assert_refused(path, "the xen-syms of the running build");
    unlink_xen(path);
    assert_refused("/nonexistent", "No such file");
    path = link_xen(good, "--build-id=sha1 -r");
    assert_refused(path, "not a linked program");
    unlink_xen(path);
}

/* -- Payloads below ------------------------------------------------------- */

static char *id_bytes(const struct build_id *id)
{
    char *text = must_copy("");

    for (size_t i = 0; i < id->size; i++) {
        char *more = must_print("%s%s%u", text, i ? "," : "", id->bytes[i]);

        free(text);
        text = more;
    }
    return text;
}

/* The rest of a record: how large, and of which format. */
#define SIZES ".long 1, 32\n.byte 2\n.zero 71\n"

#define NOTE(section) \
    ".section " section ",\"a\",@note\n" \
    ".long 4, %d, 3\n.asciz \"GNU\"\n.byte %s\n"

/* A payload of that id, which patches two functions and adds two.  Its metadata
 * are those. */
static const char *entries = "";

static char *write_payload(const struct build_id *xen,
                           const struct build_id *depends, const char *own)
{
    static char path[] = "/tmp/payload.XXXXXX";
    char *xen_bytes = id_bytes(xen), *below = id_bytes(depends), *text;
    unsigned char *image;
    size_t size;
    FILE *file;

    text = must_print(
        ".text\n.type first,@function\nfirst: jmp helper\n"
        ".size first, .-first\n"
        ".type \"p/one.c#helper\",@function\n"
        "\"p/one.c#helper\": helper: nop\n.size \"p/one.c#helper\", 1\n"
        ".globl \"p/shared\"\n\"p/shared\": nop\n"
        ".globl \"q/below\"\n\"q/below\": .Lbelow: nop\n"
        ".section .livepatch.funcs,\"a\"\n.quad 0, first, 0\n" SIZES
        ".quad 0, .Lbelow, 0\n" SIZES
        NOTE(".livepatch.depends") NOTE(".livepatch.xen_depends")
        NOTE(".note.gnu.build-id")
        ".section .modinfo,\"a\"\n.asciz \"name=a\"\n%s\n",
        (int)depends->size, below, (int)xen->size, xen_bytes, 4, own,
        entries);
    image = snippet_image("payload.S", text, "", &size);
    strcpy(path, "/tmp/payload.XXXXXX");
    file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(image, 1, size, file), size);
    fclose(file);
    free(image);
    free(text);
    free(below);
    free(xen_bytes);
    return path;
}

static void assert_stacks(struct running *running, const char *payload,
                          const char *words)
{
    char *why = NULL;
    bool good = running_stack(running, payload, &why);

    unlink(payload);
    if (words ? good || !strstr(why, words) : !good) {
        fail_msg("%s", why ? why : "stacked");
    }
    free(why);
}

/* Engines take it; but what it depends on is not known before. */
static void test_unknown_below(void **state)
{
    struct running *running = two_files();
    const struct build_id *xen = running_xen_id(running);

    (void)state;
    entries = ".section .livepatch.depends\n.reloc 16, R_X86_64_64, first\n";
    assert_stacks(running, write_payload(xen, xen, "1,2,3,4"),
                  "no payload: it doesn't say");
    entries = "";
    running_free(running);
}

static void test_stack(void **state)
{
    static const struct build_id other = { { 9, 9, 9, 9 }, 4 };
    struct running *running = two_files();
    const struct build_id *xen = running_xen_id(running);
    struct running_symbol symbol;

    (void)state;
    assert_int_equal(running_find(running, "", "shared", false, &symbol), 0);
    assert_stacks(running, write_payload(&other, xen, "1,2,3,4"),
                  "for the Xen with build-id 09090909");
    assert_stacks(running, write_payload(xen, &other, "1,2,3,4"),
                  "on top of build-id 09090909");
    assert_stacks(running, write_payload(xen, xen, "1,2,3,4"), NULL);
    assert_int_equal(running_top_id(running)->size, 4);
    assert_int_equal(running_top_id(running)->bytes[3], 4);
    assert_stacks(running, write_payload(xen, xen, "5,6,7,8"),
                  "on top of build-id");
    assert_stacks(running,
                  write_payload(xen, running_top_id(running), "5,6,7,8"),
                  NULL);
    assert_int_equal(running_top_id(running)->bytes[3], 8);
    running_free(running);
}

static void test_added_symbols(void **state)
{
    struct running *running = two_files();
    const struct build_id *xen = running_xen_id(running);
    struct running_symbol symbol;

    (void)state;
    assert_stacks(running, write_payload(xen, xen, "1,2,3,4"), NULL);
    assert_int_equal(running_find(running, "", "shared", false, &symbol), 1);
    assert_string_equal(symbol.name, "p/shared");
    assert_int_equal(symbol.address, 0);
    assert_true(running_is_unique(running, "p/shared"));
    /* Xen has one.c#helper, which counts, and no three.c#helper. */
    assert_int_equal(running_find(running, "one.c", "helper", true, &symbol),
                     1);
    assert_string_equal(symbol.name, "one.c#helper");
    assert_int_equal(running_find(running, "three.c", "helper", true,
                                  &symbol), 0);
    /* The functions that it replaces are Xen's, or of a payload below. */
    assert_int_equal(running_find(running, "", "below", false, &symbol), 0);
    assert_int_equal(running_find(running, "", "first", false, &symbol), 1);
    assert_true(symbol.address);
    assert_null(running_replaced(running, "p/shared"));
    assert_null(running_replaced(running, "second"));
    running_free(running);
}

/* What was compiled there, and whose function is in force. */
static void test_stacked(void **state)
{
    struct running *running = two_files();
    const struct build_id *xen = running_xen_id(running);
    const struct stacked *list;

    (void)state;
    entries = ".asciz \"sources=ab:common/a.c\"";
    assert_stacks(running, write_payload(xen, xen, "1,2,3,4"), NULL);
    entries = "";
    assert_int_equal(running_stacked(running, &list), 1);
    assert_string_equal(list[0].sources, "ab:common/a.c");
    assert_ptr_equal(running_replaced(running, "first"), &list[0]);
    assert_stacks(running, write_payload(xen, running_top_id(running),
                                         "5,6,7,8"), NULL);
    assert_int_equal(running_stacked(running, &list), 2);
    assert_null(list[1].sources);
    assert_ptr_equal(running_replaced(running, "first"), &list[1]);
    assert_ptr_equal(running_replaced(running, "q/below"), &list[1]);
    running_free(running);
}

/* By the name without the payload's, and without the compiler's number. */
static void test_brought(void **state)
{
    struct running *running = two_files();
    const struct build_id *xen = running_xen_id(running);
    struct running_symbol symbol;

    (void)state;
    entries = ".data\n.globl \"p/two.c#count.3\"\n"
              ".type \"p/two.c#count.3\",@object\n"
              ".size \"p/two.c#count.3\",4\n\"p/two.c#count.3\": .long 0";
    assert_stacks(running, write_payload(xen, xen, "1,2,3,4"), NULL);
    entries = "";
    assert_int_equal(running_brought(running, "two.c#count.1", &symbol), 1);
    assert_string_equal(symbol.name, "p/two.c#count.3");
    assert_int_equal(symbol.size, 4);
    assert_int_equal(running_brought(running, "two.c#count", &symbol), 1);
    assert_int_equal(running_brought(running, "one.c#count.3", &symbol), 0);
    assert_int_equal(running_brought(running, "count", &symbol), 0);
    assert_int_equal(running_brought(running, "two.c#coun.3", &symbol), 0);
    assert_int_equal(running_brought(running, "shared", &symbol), 1);
    assert_int_equal(running_brought(running, "first", &symbol), 0);
    running_free(running);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_bytes_and_places),
        cmocka_unit_test(test_no_xen),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_unknown_below),
        cmocka_unit_test(test_added_symbols),
        cmocka_unit_test(test_stacked),
        cmocka_unit_test(test_brought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
