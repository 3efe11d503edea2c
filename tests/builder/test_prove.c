/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base build against what runs: what is equal, what differs, and why. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/config.h"
#include "linked.h"
#include "support/memory.h"
#include "prove/prove.h"
#include "snippet.h"

#define MAX_OBJECTS 8

/* A base, proved. */
struct trial {
    struct running *running;
    struct object *objects[MAX_OBJECTS];
    size_t count;
    struct proof *proof;
    struct report *report;
    char *verdict;
    bool good;
};

/* What the objects are without debug information, if that is another thing. */
static const char *bare_text;

static struct object *make_bare(void *context, const struct object *object)
{
    *(unsigned int *)context += 1;
    return snippet(object->path, bare_text);
}

static unsigned int made_bare;

static struct trial try(const struct source *runs, const struct source *base)
{
    struct trial trial = { .running = run_xen(runs), .report = report_new() };

    trial.proof = proof_new(trial.running);
    if (bare_text) {
        made_bare = 0;
        proof_use_bare(trial.proof, make_bare, &made_bare);
    }
    for (size_t i = 0; base[i].name; i++) {
        struct object *object = snippet(base[i].name, base[i].text);

        trial.objects[trial.count++] = object;
        proof_object(trial.proof, object);
    }
    trial.good = proof_conclude(trial.proof, trial.report, &trial.verdict);
    return trial;
}

static struct trial try_one(const char *name, const char *runs,
                            const char *base)
{
    const struct source there[] = {
        xen_source, { name, runs }, { NULL, NULL },
    };
    const struct source here[] = {
        xen_source, { name, base }, { NULL, NULL },
    };

    return try(there, here);
}

static void finish(struct trial *trial)
{
    for (size_t i = 0; i < trial->count; i++) {
        object_free(trial->objects[i]);
    }
    proof_free(trial->proof);
    report_free(trial->report);
    running_free(trial->running);
    free(trial->verdict);
}

static void assert_equal(struct trial *trial, size_t equal)
{
    const struct proof_note *list;

    if (proof_differences(trial->proof, &list)) {
        fail_msg("%s: %s", list[0].name, list[0].why);
    }
    assert_true(trial->good);
    assert_null(trial->verdict);
    assert_int_equal(proof_counts(trial->proof).equal, equal);
}

static void assert_note(const struct proof_note *list, size_t count,
                        const char *name, const char *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(list[i].name, name) && strstr(list[i].why, why)) {
            return;
        }
    }
    for (size_t i = 0; i < count; i++) {
        print_message("%s: %s\n", list[i].name, list[i].why);
    }
    fail_msg("no %s: %s", name, why);
}

/* Only that differs. */
static void assert_differs(struct trial *trial, const char *name,
                           const char *why)
{
    const struct proof_note *list;
    size_t count = proof_differences(trial->proof, &list);

    assert_false(trial->good);
    assert_non_null(trial->verdict);
    assert_note(list, count, name, why);
    assert_int_equal(count, 1);
}

static void assert_exempt(struct trial *trial, const char *name,
                          const char *why)
{
    const struct proof_note *list;
    size_t count = proof_exemptions(trial->proof, &list);

    assert_true(trial->good);
    assert_note(list, count, name, why);
    assert_int_equal(count, 1);
}

static void one(const char *runs, const char *base, const char *name,
                const char *why)
{
    struct trial trial = try_one("code.c", runs, base);

    assert_differs(&trial, name, why);
    finish(&trial);
}

#define CODE(add, text, value) \
    "extern long livepatch_op(void);\n" \
    "static int table[3] = { 1, 2, " value " };\n" \
    "static __attribute__((noinline)) const char *say(int n)\n" \
    "{ return n ? \"" text "\" : \"and\"; }\n" \
    "const char *ask(int n) { return say(table[n]) + livepatch_op(); }\n" \
    "int sum(int n) { return n " add " 5 + table[n]; }\n"

static void test_same(void **state)
{
    struct trial trial = try_one("code.c", CODE("+", "hand", "3"),
                                 CODE("+", "hand", "3"));

    (void)state;
    assert_equal(&trial, 4);
    assert_int_equal(proof_counts(trial.proof).data_equal, 1);
    assert_int_equal(proof_counts(trial.proof).exempt, 0);
    finish(&trial);
}

static void test_differences(void **state)
{
    (void)state;
    one(CODE("+", "hand", "3"), CODE("-", "hand", "3"), "sum", "");
    one(CODE("+", "hand", "3"), CODE("+", "bush", "3"), "say",
        "\"bush\" here, \"hand\" there");
    one(CODE("+", "hand", "3"), CODE("+", "hand", "4"), "table",
        "data: 0x04 here, 0x03 there, at +0x8");
    one(CODE("+", "hand", "3") "int more(void) { return 1; }\n",
        CODE("+", "hand", "3"), "more", "the base build doesn't have it");
    one(CODE("+", "hand", "3"),
        CODE("+", "hand", "3") "int more(void) { return 1; }\n", "more",
        "what runs doesn't have it");
}

#define GATE(one, two) \
    "asm (\".pushsection .data; .globl gate; .type gate, @object;\"\n" \
    "     \".size gate, 4; gate: .word " one ", " two "; .popsection\");\n"

/* Parts of an address, which the linker script provides, as local symbols; one
 * is 0.  They are no functions. */
static void test_provided(void **state)
{
    struct trial trial = try_one("code.c", GATE("low_half", "next_half"),
                                 GATE("low_half", "next_half"));

    (void)state;
    assert_equal(&trial, 1);
    assert_int_equal(proof_counts(trial.proof).data_equal, 1);
    finish(&trial);
    one(GATE("low_half", "next_half"), GATE("low_half", "low_half"), "gate",
        "data: refers to low_half here");
    one(GATE("low_half", "next_half"), GATE("low_half", "third_half"), "gate",
        "data: refers to third_half, which what runs doesn't have");
}

/* The one calls what the other does; both exist in both builds. */
static void test_other_target(void **state)
{
    static const char *format =
        "__attribute__((noinline)) static int up(int n) { return n + 1; }\n"
        "__attribute__((noinline)) static int down(int n) { return n - 1; }\n"
        "int both(int n) { return up(n) * down(n + 1); }\n"
        "int call(int n) { return %s(n) + 1; }\n";
    char *runs = must_print(format, "up"), *base = must_print(format, "down");

    (void)state;
    one(runs, base, "call", "refers to down here, to code.c#up there");
    free(runs);
    free(base);
}

/* What the compiler numbers is found by those who refer to it. */
static void test_numbered(void **state)
{
    static const char text[] =
        "int first(int n) { static int state = 7; return state += n; }\n"
        "int second(int n) { static int state; return state ^= n; }\n";
    struct trial trial = try_one("code.c", text, text);
    struct atom *first = find_atom(trial.objects[1], "first");
    struct running_symbol symbol;

    (void)state;
    assert_equal(&trial, 3);
    for (size_t i = 0; i < first->nrefs; i++) {
        struct atom *target = first->refs[i].target;

        if (target) {
            assert_true(running_symbol_at(trial.running, target->address,
                                          &symbol));
            assert_int_equal(symbol.address, target->address);
            assert_int_equal(proof_address(trial.running, target),
                             target->address);
            assert_int_equal(*running_bytes(trial.running, symbol.address, 1),
                             7);
            /* Without the proof, a number tells nothing. */
            target->address = 0;
            assert_int_equal(proof_address(trial.running, target), 0);
            break;
        }
    }
    first->address = 0;
    assert_int_equal(running_find(trial.running, "", "first", false, &symbol),
                     1);
    assert_int_equal(proof_address(trial.running, first), symbol.address);
    finish(&trial);
}

/* The end of a string is a string, for the linker. */
static void test_merged_strings(void **state)
{
    const struct source sources[] = {
        xen_source,
        { "one.c", "const char *one(void) { return \"bush and hand\"; }\n" },
        { "two.c", "const char *two(void) { return \"hand\"; }\n" },
        { NULL, NULL },
    };
    struct trial trial = try(sources, sources);

    (void)state;
    assert_equal(&trial, 3);
    finish(&trial);
}

#define STATICS(number) \
    "static __attribute__((noinline)) int helper(int n)\n" \
    "{ return n * " number "; }\n" \
    "int call" number "(int n) { return helper(n) + helper(n + 1); }\n"

/* A source that is compiled twice, with other settings. */
static void test_compiled_twice(void **state)
{
    const struct source runs[] = {
        xen_source, { "same.c", STATICS("7") }, { "same.c", STATICS("9") },
        { NULL, NULL },
    };
    const struct source base[] = {
        xen_source, { "same.c", STATICS("9") }, { "same.c", STATICS("7") },
        { NULL, NULL },
    };
    struct trial trial = try(runs, base);

    (void)state;
    assert_equal(&trial, 5);
    finish(&trial);
}

/* -- Tables --------------------------------------------------------------- */

#define BUG(line, file) \
    "void bug(void) { asm volatile(\"1: ud2\\n\"\n" \
    "    \".pushsection .bug_frames.2, \\\"a\\\"\\n .p2align 2\\n2:\\n\"\n" \
    "    \".long (1b - 2b) + (" line " >> 7 << 24)\\n\"\n" \
    "    \".long (%c0 - 2b) + ((" line " & 127) << 24)\\n\"\n" \
    "    \".popsection\" :: \"i\" (\"" file "\")); }\n"

static void test_bug_frames(void **state)
{
    struct trial trial = try_one("code.c", BUG("300", "code.c"),
                                 BUG("300", "code.c"));

    (void)state;
    assert_equal(&trial, 2);
    finish(&trial);
    trial = try_one("code.c", BUG("300", "code.c"), BUG("301", "code.c"));
    assert_exempt(&trial, "bug", "the line in a BUG frame");
    assert_equal(&trial, 1);
    finish(&trial);
    trial = try_one("code.c", BUG("300", "code.c"), BUG("600", "code.c"));
    assert_exempt(&trial, "bug", "the line in a BUG frame");
    finish(&trial);
    one(BUG("300", "code.c"), BUG("300", "head.c"), "bug",
        "entry in .bug_frames.2 for +0: \"head.c\" here, \"code.c\" there");
    one(BUG("300", "code.c"), "void bug(void) { asm volatile(\"ud2\"); }\n",
        "bug", "0 entries in .bug_frames.2 here, 1 there");
    one("void bug(void) { asm volatile(\"ud2\"); }\n", BUG("300", "code.c"),
        "bug", "no entry in .bug_frames.2");
}

#define GUARDED(error, size) \
    "int guarded(int *p) { int r = 0, v; asm volatile(\n" \
    "    \"1: mov %2, %1\\n2:\\n\"\n" \
    "    \".section .fixup,\\\"ax\\\"\\n3: mov $" error ", %0\\n jmp 2b\\n" \
    ".previous\\n\"\n" \
    "    \".section .ex_table,\\\"a\\\"\\n .balign 4\\n" \
    " .long 1b - ., " size " - .\\n.previous\"\n" \
    "    : \"+r\" (r), \"=r\" (v) : \"m\" (*p)); return r + v; }\n"

static void test_exceptions(void **state)
{
    struct trial trial = try_one("code.c", GUARDED("-14", "3b"),
                                 GUARDED("-14", "3b"));

    (void)state;
    assert_equal(&trial, 2);
    finish(&trial);
    one(GUARDED("-14", "3b"), GUARDED("-13", "3b"), "guarded",
        "entry in .ex_table");
    one(GUARDED("-14", "3b"), GUARDED("-14", "2b"), "guarded",
        "entry in .ex_table");
}

#define ALTERNATIVE(feature, code) \
    "void fence(void) { asm volatile(\"1: nop; nop; nop\\n2:\\n\"\n" \
    "    \".section .altinstructions,\\\"a\\\"\\n\"\n" \
    "    \".long 1b - ., 3f - .\\n .word " feature "\\n\"\n" \
    "    \".byte 2b - 1b, 4f - 3f, 0, 0\\n.previous\\n\"\n" \
    "    \".section .altinstr_replacement,\\\"ax\\\"\\n\"\n" \
    "    \"3: " code "\\n4:\\n.previous\\n\"); }\n"

static void test_alternatives(void **state)
{
    struct trial trial = try_one("code.c", ALTERNATIVE("7", "mfence"),
                                 ALTERNATIVE("7", "mfence"));

    (void)state;
    assert_equal(&trial, 2);
    finish(&trial);
    one(ALTERNATIVE("7", "mfence"), ALTERNATIVE("8", "mfence"), "fence",
        "0x08 here, 0x07 there, at +0x8");
    one(ALTERNATIVE("7", "mfence"), ALTERNATIVE("7", "lfence"), "fence",
        "0xe8 here, 0xf0 there");
}

#define FENCE(name, code) \
    "void " name "(void) { asm volatile(\"1: nop; nop; nop\\n\"\n" \
    "    \".section .altinstructions,\\\"a\\\"\\n\"\n" \
    "    \".long 1b - ., 3f - .\\n .word 9\\n .byte 3, 4f - 3f, 0, 0\\n" \
    ".previous\\n\"\n" \
    "    \".section .altinstr_replacement,\\\"ax\\\"\\n\"\n" \
    "    \"3: " code "\\n4:\\n.previous\\n\"); }\n"

/* Code that functions of an object have aside doesn't make the last of them
 * differ because the one in front of it does. */
static void test_aside_moves(void **state)
{
    (void)state;
    one(FENCE("one", "lfence") FENCE("two", "mfence") FENCE("three", "sfence"),
        FENCE("one", "lfence") FENCE("two", "nop") FENCE("three", "sfence"),
        "two", "entry in .altinstructions");
}

/* -- What the linker does ------------------------------------------------- */

#define BY(load, call, jump) \
    ".section .text.by,\"ax\"\n.globl by\n.type by,@function\n" \
    "by: " load "\n" call "\n" jump "\n.size by, .-by\n"

/* References through the GOT are made direct ones. */
static void test_relaxed(void **state)
{
    static const char here[] =
        BY("mov livepatch_op@GOTPCREL(%rip), %rax",
           "call *livepatch_op@GOTPCREL(%rip)",
           "jmp *livepatch_op@GOTPCREL(%rip)");
    static const char there[] =
        BY("lea livepatch_op(%rip), %rax", ".byte 0x67; call livepatch_op",
           ".byte 0xe9; .long livepatch_op - . - 4; nop");
    static const char other[] =
        BY("lea _stext+9(%rip), %rax", ".byte 0x67; call livepatch_op",
           ".byte 0xe9; .long livepatch_op - . - 4; nop");
    struct trial trial = try_one("code.S", there, here);

    (void)state;
    assert_equal(&trial, 2);
    finish(&trial);
    trial = try_one("code.S", other, here);
    assert_differs(&trial, "by", "refers to livepatch_op here");
    finish(&trial);
    trial = try_one("code.S", there,
                    BY("mov livepatch_op@GOTPCREL(%rip), %rax",
                       "call *livepatch_op@GOTPCREL(%rip)",
                       "xor livepatch_op@GOTPCREL(%rip), %eax"));
    assert_differs(&trial, "by", "a reference through a table");
    finish(&trial);
}

static void test_not_linked(void **state)
{
    const struct source runs[] = {
        xen_source, { "string.c", "int length(void) { return 4; }\n" },
        { NULL, NULL },
    };
    const struct source base[] = {
        xen_source, { "string.c", "int length(void) { return 4; }\n" },
        { "library.c", "int length(void) { return 5; }\n" }, { NULL, NULL },
    };
    struct trial trial = try(runs, base);

    (void)state;
    assert_exempt(&trial, "length", "isn't linked");
    assert_equal(&trial, 2);
    finish(&trial);
}

/* -- Verdicts ------------------------------------------------------------- */

#define VERSION(date, extra) \
    "const char *xen_compile_date(void) { return \"" date "\"; }\n" \
    "const char *xen_extra_version(void) { return \"" extra "\"; }\n" \
    "const char *xen_deny(void) { return \"denied\"; }\n"

#define PATHS(first, second) \
    "int __attribute__((noinline)) say(const char *text)\n" \
    "{ return text[1]; }\n" \
    "int one(void) { return say(\"" first "\"); }\n" \
    "int two(void) { return say(\"" second "\") + 1; }\n"

/* Built elsewhere than beside the sources. */
static void test_paths(void **state)
{
    static const char base[] = PATHS("common/a.c", "./include/xen/b.h");
    struct trial trial = try_one("a.c", PATHS("../common/a.c",
                                              "../include/xen/b.h"), base);

    (void)state;
    assert_exempt(&trial, "__FILE__", "begin with \"../\" there");
    finish(&trial);
    trial = try_one("a.c", PATHS("/x/y z/xen/common/a.c",
                                 "/x/y z/xen/include/xen/b.h"), base);
    assert_exempt(&trial, "__FILE__", "begin with \"/x/y z/xen/\" there");
    finish(&trial);
    /* Each other's; another file; text that is no path. */
    one(PATHS("../common/a.c", "/x/include/xen/b.h"), base, "two",
        "\"./include/xen/b.h\" here, \"/x/include/xen/b.h\" there");
    one(PATHS("../common/b.c", "./include/xen/b.h"), base, "one",
        "\"common/a.c\" here, \"../common/b.c\" there");
    one(PATHS("common/a.c", "xinclude/xen/b.h"), base, "two", "here");
    one(PATHS("say: a/b", "./include/xen/b.h"),
        PATHS("a/b", "./include/xen/b.h"), "one", "\"a/b\" here");
}

/* The source's path in the symbols of hand-written code. */
static void test_units(void **state)
{
    const struct source there[] = {
        xen_source, { "a.S", ".file \"/x/xen/arch/x86/a.S\"\n.text\n"
                      ".globl thunk\n.type thunk,@function\nthunk: ret\n"
                      "local: nop\n" }, { NULL, NULL },
    };
    struct running *running = run_xen(there);
    size_t found = 0;

    (void)state;
    for (unsigned int i = 1; i < running_units(running); i++) {
        bool is = !strcmp(running_unit_source(running, i),
                          "/x/xen/arch/x86/a.S");

        found += is;
        assert_int_equal(running_unit_is(running, i, "arch/x86/a.S"), is);
        assert_int_equal(running_unit_is(running, i, "x86/a.S"), is);
        assert_false(running_unit_is(running, i, "6/a.S"));
        assert_false(running_unit_is(running, i, "arch/x86/b.S"));
    }
    assert_int_equal(found, 1);
    running_free(running);
}

static void test_version(void **state)
{
    struct trial trial = try_one("version.c", VERSION("today", ".5"),
                                 VERSION("tomorrow", ".5"));
    const char *changed = VERSION("tomorrow", ".4") "int f(void){return 1;}";

    (void)state;
    assert_exempt(&trial, "xen_compile_date",
                  "\"tomorrow\" here, \"today\" there");
    assert_equal(&trial, 3);
    finish(&trial);
    trial = try_one("version.c", VERSION("today", ".5"), changed);
    assert_false(trial.good);
    assert_non_null(strstr(trial.verdict,
                           "the version: \".4\" here, \".5\" there"));
    finish(&trial);
    trial = try_one("other.c", VERSION("today", ".5"), VERSION("soon", ".5"));
    assert_differs(&trial, "xen_compile_date", "\"soon\" here");
    finish(&trial);
}

static void test_compiler(void **state)
{
    const struct source runs[] = {
        { "code.c", "long livepatch_op(void) { return 3; }\n"
                    "int f(void) { return 1; }\n" },
        { NULL, NULL },
    };
    const struct source base[] = {
        { "code.S", ".section .comment\n"
                    ".asciz \"GCC: (Other) 99.1\"\n"
                    ".section .text.f,\"ax\"\n.globl f\n.type f,@function\n"
                    "f: mov $2,%eax\nret\n.size f, .-f\n" },
        { NULL, NULL },
    };
    struct trial trial = try(runs, base);

    (void)state;
    assert_false(trial.good);
    assert_non_null(strstr(trial.verdict,
                           "the compiler: \"GCC: (Other) 99.1\" here"));
    finish(&trial);
}

static void test_patch(void **state)
{
    struct trial trial = try_one("code.c",
        CODE("+", "hand", "3"), CODE("+", "bush", "3"));

    (void)state;
    assert_non_null(strstr(trial.verdict, "all but 1 functions are equal"));
    assert_non_null(strstr(trial.verdict, "code.c"));
    finish(&trial);
    trial = try_one("code.c", CODE("+", "hand", "3"), CODE("-", "bush", "3"));
    assert_non_null(strstr(trial.verdict, "most of the code differs"));
    finish(&trial);
}

static size_t compress_text(const char *text, unsigned char *out, size_t room)
{
    z_stream stream = {
        .next_in = (Bytef *)text, .avail_in = strlen(text),
        .next_out = out, .avail_out = room,
    };

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static void assert_config(const char *here, const char *there, size_t max,
                          const char *words)
{
    unsigned char one[1024], two[1024];
    size_t one_size = compress_text(here, one, sizeof(one));
    size_t two_size = compress_text(there, two, sizeof(two));
    char *result = config_compare(one, one_size, two, two_size, max);

    if (words) {
        assert_non_null(result);
        assert_string_equal(result, words);
    } else {
        assert_null(result);
    }
    free(result);
}

static void test_config(void **state)
{
    static const char text[] =
        "# comment\nCONFIG_NR_CPUS=256\n# CONFIG_DEBUG is not set\n"
        "CONFIG_X86=y\n";
    char *words;

    (void)state;
    assert_config(text, text, 8, NULL);
    assert_config("CONFIG_X86=y\nCONFIG_NR_CPUS=256\n", text, 8, NULL);
    assert_config("CONFIG_NR_CPUS=64\nCONFIG_X86=y\n", text, 8,
                  "CONFIG_NR_CPUS is 64 here, 256 there");
    assert_config(text, "CONFIG_NR_CPUS=256\nCONFIG_X86=y\nCONFIG_DEBUG=y\n", 8,
                  "CONFIG_DEBUG is n here, y there");
    assert_config("", "CONFIG_A=1\nCONFIG_B=2\nCONFIG_C=3\n", 1,
                  "CONFIG_A is n here, 1 there, and 2 more");
    words = config_compare("abc", 3, "abd", 3, 8);
    assert_string_equal(words, "the one embedded in Xen can't be read");
    free(words);
}

/* Xen's own, in the image. */
static char *config_source(const char *text)
{
    unsigned char bytes[1024];
    size_t size = compress_text(text, bytes, sizeof(bytes));
    char *source = must_copy(".section .rodata,\"a\"\n.globl xen_config_data\n"
                             ".type xen_config_data,@object\n"
                             "xen_config_data:\n");

    for (size_t i = 0; i < size; i++) {
        char *more = must_print("%s.byte %u\n", source, bytes[i]);

        free(source);
        source = more;
    }
    return source;
}

static void test_embedded_config(void **state)
{
    static const char size[] = ".size xen_config_data, .-xen_config_data\n";
    char *here = config_source("CONFIG_NR_CPUS=64\n");
    char *there = config_source("CONFIG_NR_CPUS=256\n");
    char *one = must_print("%s%s", here, size);
    char *two = must_print("%s%s", there, size);
    struct trial trial = try_one("config_data.S", two, one);

    (void)state;
    assert_false(trial.good);
    assert_string_equal(trial.verdict, "the configuration: CONFIG_NR_CPUS is"
                                       " 64 here, 256 there");
    finish(&trial);
    free(here);
    free(there);
    free(one);
    free(two);
}

#define BARE(section, operator, another) \
    "__attribute__((section(\"" section "\"))) int sum(int n)\n" \
    "{ return n " operator " 5; }\n" \
    "__attribute__((section(\"" section "\"))) int other(int n)\n" \
    "{ return n " another " 7; }\n"

/* As with clang, whose code depends on it. */
static void test_bare(void **state)
{
    struct trial trial;

    (void)state;
    bare_text = BARE(".init.text", "+", "*");
    trial = try_one("code.c", BARE(".init.text", "+", "*"),
                    BARE(".init.text", "-", "*"));
    assert_exempt(&trial, "sum", "equal without debug information");
    assert_int_equal(made_bare, 1);
    finish(&trial);

    /* What is so without it isn't what runs, either. */
    bare_text = BARE(".init.text", "^", "*");
    one(BARE(".init.text", "+", "*"), BARE(".init.text", "-", "*"), "sum", "");

    /* Code that stays. */
    bare_text = BARE(".text.sum", "+", "*");
    one(BARE(".text.sum", "+", "*"), BARE(".text.sum", "-", "*"), "sum", "");
    assert_int_equal(made_bare, 0);
    bare_text = NULL;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_provided),
        cmocka_unit_test(test_other_target),
        cmocka_unit_test(test_numbered),
        cmocka_unit_test(test_merged_strings),
        cmocka_unit_test(test_compiled_twice),
        cmocka_unit_test(test_bug_frames),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_aside_moves),
        cmocka_unit_test(test_relaxed),
        cmocka_unit_test(test_not_linked),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_compiler),
        cmocka_unit_test(test_patch),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_embedded_config),
        cmocka_unit_test(test_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
