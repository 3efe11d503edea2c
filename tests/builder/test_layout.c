/* SPDX-License-Identifier: GPL-2.0-or-later */
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

#include "layout/layout.h"
#include "layout/layout_path.h"
#include "support/memory.h"
#include "snippet.h"

/* -- What is said, instead of a report ------------------------------------ */

static char *refusals[16], *warnings[16];
static unsigned int nrefusals, nwarnings;

void report_refuse(struct report *report, enum refusal refusal,
                   const char *file, const char *name, const char *way_out,
                   const char *why, ...)
{
    va_list args;
    char *words;

    assert_null(report);
    assert_int_equal(refusal, REFUSAL_LAYOUT);
    assert_non_null(way_out);
    va_start(args, why);
    assert_true(vasprintf(&words, why, args) >= 0);
    va_end(args);
    assert_true(nrefusals < 16);
    refusals[nrefusals++] = must_print("%s %s: %s", file, name, words);
    free(words);
}

void report_warn(struct report *report, const char *file, const char *name,
                 const char *what, ...)
{
    va_list args;
    char *words;

    assert_null(report);
    va_start(args, what);
    assert_true(vasprintf(&words, what, args) >= 0);
    va_end(args);
    assert_true(nwarnings < 16);
    warnings[nwarnings++] = must_print("%s %s: %s", file, name, words);
    free(words);
}

static int forget(void **state)
{
    (void)state;
    while (nrefusals) {
        free(refusals[--nrefusals]);
    }
    while (nwarnings) {
        free(warnings[--nwarnings]);
    }
    return 0;
}

static void expect_words(const char *said, const char *words)
{
    if (!strstr(said, words)) {
        fail_msg("expected \"%s\" in \"%s\"", words, said);
    }
}

/* NULL: nothing of the kind. */
static void expect(const char *refusal, const char *warning)
{
    if (nrefusals != !!refusal || nwarnings != !!warning) {
        fail_msg("%u refusals (%s), %u warnings (%s)", nrefusals,
                 nrefusals ? refusals[0] : "", nwarnings,
                 nwarnings ? warnings[0] : "");
    }
    if (refusal) {
        expect_words(refusals[0], refusal);
    }
    if (warning) {
        expect_words(warnings[0], warning);
    }
}

/* -- Objects --------------------------------------------------------------- */

static char *compile_with(const char *source, const char *options)
{
    char *path = must_copy("/tmp/layout.XXXXXX");
    size_t size;
    unsigned char *image = snippet_image("layout.c", source, options, &size);
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, image, size), size);
    assert_int_equal(close(fd), 0);
    free(image);
    return path;
}

static void discard(char *path)
{
    if (path) {
        assert_int_equal(unlink(path), 0);
    }
    free(path);
}

static void add_pair(struct layouts *layouts, const char *old,
                     const char *new, const char *options)
{
    char *old_path = old ? compile_with(old, options) : NULL;
    char *new_path = new ? compile_with(new, options) : NULL;
    char *why = NULL;

    if (!layouts_compare(layouts, old_path, new_path, &why)) {
        fail_msg("%s", why);
    }
    discard(old_path);
    discard(new_path);
}

/* -- One object, two builds ------------------------------------------------ */

struct row {
    const char *name;
    const char *before;         /* in both, before what differs */
    const char *old, *new;
    const char *after;
    const char *refusal, *warning;
};

/* Something in memory that has the type. */
#define VARIABLE "static struct thing thing; void *f(void) { return &thing; }"
/* On a stack alone. */
#define STACK "void g(struct thing *); " \
              "void f(void) { struct thing thing; g(&thing); }"
#define THING(members) "struct thing { " members " };"

static const struct row rows[] = {
    /* Places, sizes and kinds. */
    { "nothing", "", THING("int a; long b;"), THING("int a; long b;"),
      VARIABLE, NULL, NULL },
    { "moved", "", THING("int a; int b; int c;"),
      THING("int a; int z; int b; int c;"), VARIABLE,
      "layout.c:1 struct thing: member b moved from 4 to 8 (size 12 -> 16), "
      "and 1 more difference; in running memory: "
      "static variable `thing' -> struct thing", NULL },
    { "at the end", "", THING("int a;"), THING("int a; int z;"), VARIABLE,
      "member z is new at 4 (size 4 -> 8)", NULL },
    { "with room", "", THING("long a; int b; long c;"),
      THING("int z; long a; int b; long c;"), VARIABLE,
      "; z would have room at 12, behind b; in running memory", NULL },
    { "with room at the end", "", THING("long a; long b; char c;"),
      THING("short z; long a; long b; char c;"), VARIABLE,
      "; z would have room at 18, behind c; in running memory", NULL },
    { "too little room", "", THING("long a; int b; long c;"),
      THING("long z; long a; int b; long c;"), VARIABLE,
      "more differences; in running memory", NULL },
    { "less room than elements", "",
      THING("long a; char b; short c; int d;"),
      THING("char z[2]; long a; char b; short c; int d;"), VARIABLE,
      "more differences; in running memory", NULL },
    { "none that is aligned", "", THING("char a[3]; char b[2]; short c;"),
      THING("int z; char a[3]; char b[2]; short c;"), VARIABLE,
      "more differences; in running memory", NULL },
    { "room for one of two", "", THING("long a; int b; long c;"),
      THING("int y; int z; long a; int b; long c;"), VARIABLE,
      "more differences; in running memory", NULL },
    { "no more", "", THING("int a; int b;"), THING("int a;"), VARIABLE,
      "size 8 -> 4", NULL },
    { "resized", "", THING("long b; int a;"), THING("long b; long a;"),
      VARIABLE, "member a was int, is long int", NULL },
    { "a pointer now", "", THING("long a;"), THING("char *a;"), VARIABLE,
      "member a was long int, is char *", NULL },
    { "a number now", "", THING("char *a;"), THING("long a;"),
      VARIABLE, "member a was char *, is long int", NULL },
    { "wrapped", "typedef struct { const long n; } box; ", THING("long a;"),
      THING("box a;"), VARIABLE, NULL, "member a was long int, is box" },
    { "unwrapped", "union box { long n; }; ", THING("union box a;"),
      THING("long a;"), VARIABLE, NULL, "member a was union box, is long int" },
    { "two for one", "typedef struct { int n, m; } box; ", THING("long a;"),
      THING("box a;"), VARIABLE, "member a was long int, is box", NULL },
    { "another enum", "enum x { X }; enum y { Y }; ", THING("enum x a;"),
      THING("enum y a;"), VARIABLE, "member a was enum x, is enum y", NULL },
    { "to something else", "struct x; struct y; ", THING("struct x *a;"),
      THING("struct y *a;"), VARIABLE, "member a was struct x *, is struct y *",
      NULL },
    { "to larger elements", "", THING("short *a;"), THING("int *a;"), VARIABLE,
      "member a was short int *, is int *", NULL },
    { "to something known", "struct x; ", THING("void *a;"),
      THING("struct x *a;"), VARIABLE, NULL, "member a was void *" },
    { "another function", "", THING("int (*a)(int);"),
      THING("int (*a)(int, long);"), VARIABLE, NULL, NULL },
    { "sign", "", THING("int a;"), THING("unsigned int a;"), VARIABLE, NULL,
      "member a was int, is unsigned int" },
    { "const", "", THING("int a; char *b;"),
      THING("const int a; const char *b;"), VARIABLE, NULL, NULL },
    { "more elements", "", THING("int a[2]; long b;"),
      THING("int a[3]; long b;"), VARIABLE, "member a was int[2], is int[3]",
      NULL },
    { "dimensions", "", THING("int a[2][3];"), THING("int a[3][2];"), VARIABLE,
      "member a was int[2][3], is int[3][2]", NULL },
    { "open end", "", THING("int a;"), THING("int a; int b[];"), VARIABLE,
      "member b is new at 4", NULL },
    { "alignment", "", THING("long a[8];"),
      "struct thing { long a[8]; } __attribute__((aligned(64)));", VARIABLE,
      "alignment 0 -> 64", NULL },
    { "a union now", "", THING("int a;") "typedef struct thing t;",
      "union thing { int a; }; typedef union thing t;",
      "int f(void *p) { return ((t *)p)->a; }",
      "struct thing: was a struct, is a union", NULL },
    { "bit moved", "", THING("unsigned a:3, b:4;"),
      THING("unsigned a:4, b:4;"), VARIABLE, "member a had 3 bits, has 4",
      NULL },
    { "bits swapped", "", THING("unsigned a:3, b:3;"),
      THING("unsigned b:3, a:3;"), VARIABLE,
      "member a moved from 0 bit 0 to 0 bit 3", NULL },
    { "typedef", "", "typedef int n_t;", "typedef long n_t;",
      THING("n_t a;") VARIABLE, "member a was int, is long int", NULL },

    /* Nothing moved. */
    { "padding", "", THING("int a; long b;"), THING("int a; int z; long b;"),
      VARIABLE, NULL, "member z uses what was padding at 4" },
    { "free bits", "", THING("unsigned a:3; long b;"),
      THING("unsigned a:3, z:1; long b;"), VARIABLE, NULL,
      "member z uses what was padding at 0 bit 3" },
    { "filler", "", THING("int a; char _pad[4]; long b;"),
      THING("int a; char z; char _pad[3]; long b;"), VARIABLE, NULL,
      "member z uses what was padding at 4" },
    { "renamed", "", THING("int a; long b;"), THING("int z; long b;"),
      VARIABLE, NULL, "member a has become member z" },
    { "named filler", "", THING("int a; int _pad; long b;"),
      THING("int a; int z; long b;"), VARIABLE, NULL,
      "member z uses what was padding at 4" },
    { "gone", "", THING("int a; int b; long c;"), THING("int a; long c;"),
      VARIABLE, NULL, NULL },
    { "replaced", "", THING("int a; int b; long c;"),
      THING("int a; short x; short y; long c;"), VARIABLE,
      "member x is new at 4, where member b was, and 1 more difference", NULL },
    { "in a union", "", THING("union { int a; long b; } u;"),
      THING("union { int a; long b; char z; } u;"), VARIABLE, NULL,
      "member u.z is new at 0, in a union with member u." },
    { "made a union", "", THING("int a; long b;"),
      THING("union { int a; short z; }; long b;"), VARIABLE, NULL,
      "member z is new at 0, in a union with member a" },

    /* Aggregates within. */
    { "unnamed", "", THING("struct { int a; int b; };"),
      THING("struct { int z; int a; int b; };"), VARIABLE,
      "member a moved from 0 to 4", NULL },
    { "nameless", "", THING("struct { int a; int b; } in;"),
      THING("struct { int b; int a; } in;"), VARIABLE,
      "member in.a moved from 0 to 4", NULL },
    { "nameless ones", "", THING("struct { int a; int b; } in[3];"),
      THING("struct { int b; int a; } in[3];"), VARIABLE,
      "member in[].a moved from 0 to 4", NULL },
    { "more nameless ones", "", THING("struct { int a; } in[3];"),
      THING("struct { int a; } in[4];"), VARIABLE,
      "member in was struct { }[3], is struct { }[4]", NULL },
    { "larger nameless ones", "", THING("struct { int a; } in[3];"),
      THING("struct { int a, z; } in[3];"), VARIABLE,
      "member in was 12 bytes, is 24", NULL },
    { "behind a pointer", "", THING("long x; struct { int a; int b; } *in;"),
      THING("long x; struct { int b; int a; } *in;"), VARIABLE,
      "member in->a moved from 0 to 4", NULL },
    { "by typedef", "", "typedef struct { int a; int b; } in_t;",
      "typedef struct { int b; int a; } in_t;", THING("in_t in;") VARIABLE,
      "layout.c:1 in_t: member a moved from 0 to 4, and 1 more difference; in "
      "running memory: static variable `thing' -> struct thing -> in_t", NULL },
    { "array by typedef", "", "typedef struct { int a; int b; } in_t[2];",
      "typedef struct { int b; int a; } in_t[2];", THING("in_t in;") VARIABLE,
      "struct thing: member in[].a moved from 0 to 4", NULL },
    { "the inner one", "", "struct in { int a; };", "struct in { long a; };",
      THING("char x; struct in in; char y;") VARIABLE,
      "layout.c:1 struct in: member a was int, is long int (size 4 -> 8); in "
      "running memory: static variable `thing' -> struct thing -> struct in; "
      "changed with it, as it is in them: struct thing", NULL },

    /* Constants. */
    { "behind the others", "enum e { A, B", "", ", C", "}; enum e e = B;",
      NULL, NULL },
    { "before others", "enum e { ", "", "Z, ", "A, B }; enum e e = B;",
      "enum e: constant A was 0, is 1, and 1 more difference", NULL },
    { "count", "enum e { A, B, ", "", "C, ", "NR_E }; enum e e = B;", NULL,
      "constant NR_E was 2, is 3" },
    { "no name", "enum { ", "", "Z, ", "A, B }; int f(void) { return B; }",
      "enum { A, ... }: constant A was 0, is 1, and 1 more difference; in "
      "running memory: its constants may be stored anywhere", NULL },
    { "both by typedef and without", "typedef enum { ", "", "Z, ",
      "A, B } e_t; e_t e; int f(void) { return B; }",
      "constant A was 0, is 1, and 1 more difference", NULL },
    { "local", "enum e { ", "", "Z, ", "A, B }; int g(int); "
      "int f(void) { enum e e = A; return g(e); }",
      NULL, "constant A was 0, is 1: nothing keeps one" },
    { "local, and in a structure", "enum e { ", "", "Z, ", "A, B }; "
      "struct s { enum e e; }; int g(struct s *); "
      "int f(void) { struct s s = { A }; return g(&s); }",
      "constant A was 0, is 1", NULL },

    /* Variables. */
    { "other type", "struct x { int a; }; struct y { int a; }; ",
      "static struct x v;", "static struct y v;",
      "void *f(void) { return &v; }",
      "layout.c:1 v: was struct x, is struct y", NULL },
    { "nameless type", "", "static struct { int a, b; } v;",
      "static struct { int b, a; } v;", "void *f(void) { return &v; }",
      "member v.a moved from 0 to 4", NULL },
    { "more of them", "", "static int v[2];", "static int v[3];",
      "void *f(void) { return v; }", "v: was int[2], is int[3]", NULL },
    { "constant", "", "static const int v[2] = { 1, 2 };",
      "static const int v[3] = { 1, 2 };", "const void *f(void) { return v; }",
      NULL, NULL },
    { "static local", "void *f(void) { ", "static int v[2];",
      "static int v[3];", "return v; }", "v: was int[2], is int[3]", NULL },

    /* What lives in memory. */
    { "stack", "", THING("int a;"), THING("long a;"), STACK, NULL, NULL },
    { "padding on a stack", "", THING("int a; long b;"),
      THING("int a; int z; long b;"), STACK, NULL, NULL },
    { "returned", "", THING("int a;"), THING("long a;"),
      "struct thing f(void) { return (struct thing){ 1 }; }", NULL, NULL },
    { "in one on a stack", "", THING("int a;"), THING("long a;"),
      "struct outer { struct thing thing; }; void g(struct outer *); "
      "void f(void) { struct outer outer; g(&outer); }", NULL, NULL },
    { "pointed to", "", THING("int a;"), THING("long a;"),
      "struct x { struct thing **things[4]; }; extern struct x *x; "
      "int f(void) { return x->things[0][0]->a; }",
      "static variable `x' -> struct x -> struct thing", NULL },
    { "per CPU", "", THING("int a;"), THING("long a;"),
      "struct thing per_cpu__thing; ",
      "per-CPU variable `thing' -> struct thing", NULL },
    { "static local variable", "", THING("int a;"), THING("long a;"),
      "void *f(void) { static struct thing thing; return &thing; }",
      "static variable `thing' -> struct thing", NULL },
    { "another's variable", "", THING("int a;"), THING("long a;"),
      "void *f(void) { extern struct thing thing; return &thing; }",
      "static variable `thing' -> struct thing", NULL },
    { "not through functions", "", THING("int a;"), THING("long a;"),
      "int (*p)(struct thing *); " STACK, NULL, NULL },
    { "allocated", "", THING("int a;"), THING("long a;"),
      "int f(struct thing *thing) { return thing->a; }",
      "no function has it on its stack", NULL },
    { "in one that is allocated", "", THING("int a;"), THING("long a;"),
      "struct outer { char *b; struct thing c; }; "
      "void *h(struct outer *outer) { return outer->b; } " STACK,
      "struct outer (no function has it on its stack, so it is allocated) -> "
      "struct thing", NULL },
    { "mapped", "void *map(void); ", THING("int a;"), THING("long a;"),
      STACK " int h(void) { struct thing *mapped = map(); return mapped->a; }",
      "perhaps in allocated memory: `mapped' of h())", NULL },
    { "returned", "", THING("int a;"), THING("long a;"),
      STACK " struct thing *h(long at) { return (struct thing *)at; }",
      "perhaps in allocated memory: what h() returns)", NULL },
    { "listed", "struct list { struct list *next; }; ",
      THING("int a; struct list list;"), THING("long a; struct list list;"),
      STACK, "a list or the like is in it", NULL },
    { "also a number", "", "union thing { long raw; struct { int a, b; }; };",
      "union thing { long raw; struct { int b, a; }; };",
      "void g(union thing *); void f(void) { union thing thing; g(&thing); }",
      "it is also a number", NULL },
    { "public", "\n# 7 \"./include/public/thing.h\"\n", THING("int a;"),
      THING("long a;"), STACK,
      "include/public/thing.h:7 struct thing: member a was int, is long int "
      "(size 4 -> 8); in running memory: struct thing (it is Xen's public "
      "interface", NULL },
    { "one of two functions'", "void g(void *); ",
      "void a(void) { static struct thing { int a; } x; g(&x); } "
      "void b(void) { static struct thing { long a; } x; g(&x); }",
      "void a(void) { static struct thing { int a; } x; g(&x); } "
      "void b(void) { static struct thing { short a; } x; g(&x); }", "",
      "struct thing: member a was long int, is short int (size 8 -> 2)", NULL },
    { "new", "", "", THING("int a;") VARIABLE, "", NULL, NULL },
};

static void check_row(const struct row *row, const char *options)
{
    struct layouts *layouts = layouts_new();
    char *old = must_print("%s%s%s", row->before, row->old, row->after);
    char *new = must_print("%s%s%s", row->before, row->new, row->after);

    add_pair(layouts, old, new, options);
    layouts_conclude(layouts, NULL);
    layouts_free(layouts);
    free(old);
    free(new);
    expect(row->refusal, row->warning);
}

static void test_row(void **state)
{
    check_row(*state, "-g");
}

/* As an older compiler has it: bits counted from the other end. */
static void test_row_dwarf4(void **state)
{
    check_row(*state, "-g -gdwarf-4 -gstrict-dwarf");
}

/* -- Several objects ------------------------------------------------------- */

#define HEADER "\n# 5 \"./include/xen/thing.h\"\n"
#define CODE "\n# 1 \"layout.c\"\n"

static void conclude(struct layouts *layouts)
{
    layouts_conclude(layouts, NULL);
    layouts_free(layouts);
}

static void test_told_once(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, HEADER THING("int a;") CODE VARIABLE,
             HEADER THING("long a;") CODE VARIABLE, "-g");
    add_pair(layouts, HEADER THING("int a;") CODE STACK,
             HEADER THING("long a;") CODE STACK, "-g");
    conclude(layouts);
    expect("include/xen/thing.h:5 struct thing: member a was int", NULL);
}

/* That it is in memory, only an object tells that wasn't made again. */
static void test_told_by_another(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, THING("int a;") STACK, THING("long a;") STACK, "-g");
    add_pair(layouts, "struct thing; struct x { struct thing *a; } x;", NULL,
             "-g");
    conclude(layouts);
    expect("static variable `x' -> struct x -> struct thing", NULL);
}

/* One that is on a stack here may be allocated there. */
static void test_stack_here_memory_there(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, THING("int a;") STACK, THING("long a;") STACK, "-g");
    add_pair(layouts, THING("int a;") "int h(void *p) { "
             "struct thing *thing = p; return thing->a; }",
             THING("long a;"), "-g");
    conclude(layouts);
    expect("local variables point to it, perhaps in allocated memory: `thing' "
           "of h())", NULL);
}

/* Whose user has moved from one file to another. */
static void test_moved_to_another_object(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, HEADER THING("int a;") CODE VARIABLE, "int x;", "-g");
    add_pair(layouts, "int y;", HEADER THING("long a;") CODE VARIABLE, "-g");
    conclude(layouts);
    expect("struct thing: member a was int", NULL);
}

/* What is in memory is reached by a list alone. */
static void test_renamed_type(void **state)
{
    static const char rest[] =
        "int f(struct list *l, int n) { return ((%s *)l)->b + n; }";
    char *body = must_print("struct list { struct list *next; }; %s%s",
                            "%s { struct list list; %s int b; };", rest);
    char *old = must_print(body, "struct thing", "", "struct thing");
    char *new = must_print(body, "struct other", "long a;", "struct other");
    char *good = must_print(body, "struct other", "", "struct other");
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, old, new, "-g");
    conclude(layouts);
    expect("struct thing: now called struct other: member b moved from 8 to 16",
           NULL);
    forget(state);
    layouts = layouts_new();
    add_pair(layouts, old, good, "-g");
    conclude(layouts);
    expect(NULL, NULL);
    free(body);
    free(old);
    free(new);
    free(good);
}

/* It is another one, that has the same name in another file. */
static void test_same_name_in_another_file(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, THING("int a;") VARIABLE, "int x;", "-g");
    add_pair(layouts, NULL, HEADER THING("long a;") VARIABLE, "-g");
    conclude(layouts);
    expect(NULL, NULL);
}

static void test_new_file(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, THING("int a;") VARIABLE, THING("int a;") VARIABLE, "-g");
    add_pair(layouts, NULL, "struct x { long a; } x;", "-g");
    conclude(layouts);
    expect(NULL, NULL);
}

/* Nothing is said of holders, twice or at length. */
static void test_many_holders(void **state)
{
    struct layouts *layouts = layouts_new();
    static const char rest[] =
        "struct h1 { struct thing a; } h1; struct h2 { struct thing a; } h2; "
        "struct h3 { struct h1 a; } h3; struct h4 { struct thing a[4]; } h4; "
        "struct h5 { struct h3 a; } h5; struct h6 { struct thing a; } h6; ";
    char *old = must_print("%s%s", THING("int a;"), rest);
    char *new = must_print("%s%s", THING("long a;"), rest);

    (void)state;
    add_pair(layouts, old, new, "-g");
    conclude(layouts);
    free(old);
    free(new);
    expect("changed with it, as it is in them: struct h1, struct h2, "
           "struct h3, struct h4, struct h5 and 1 more", NULL);
}

/* What has changed itself is told of itself, whatever it holds. */
static void test_holder_changed_too(void **state)
{
    struct layouts *layouts = layouts_new();

    (void)state;
    add_pair(layouts, THING("int a;") "struct h { struct thing a; int b; } h;",
             THING("long a;") "struct h { struct thing a; long b; } h;", "-g");
    conclude(layouts);
    assert_int_equal(nrefusals, 2);
    expect_words(refusals[0], "struct thing: member a was int, is long int");
    expect_words(refusals[1], "struct h: member b was int, is long int");
}

/* One that objects see differently, for a macro of theirs, is one holder. */
static void test_holder_in_two_guises(void **state)
{
    struct layouts *layouts = layouts_new();
    static const char one[] = "struct h { char b; struct thing a; } h;";
    static const char other[] = "struct h { short b; struct thing a; } h;";
    char *sources[] = {
        must_print(HEADER "%s%s", THING("int a;"), one),
        must_print(HEADER "%s%s", THING("long a;"), one),
        must_print(HEADER "%s%s", THING("int a;"), other),
        must_print(HEADER "%s%s", THING("long a;"), other),
    };
    size_t i;

    (void)state;
    add_pair(layouts, sources[0], sources[1], "-g");
    add_pair(layouts, sources[2], sources[3], "-g");
    conclude(layouts);
    for (i = 0; i < 4; i++) {
        free(sources[i]);
    }
    expect("as it is in them: struct h", NULL);
    assert_null(strstr(refusals[0], "struct h, struct h"));
}

/* -- Files ----------------------------------------------------------------- */

static void expect_failure(const char *path, const char *words)
{
    struct layouts *layouts = layouts_new();
    char *why = NULL;

    assert_false(layouts_compare(layouts, path, path, &why));
    expect_words(why, words);
    free(why);
    layouts_free(layouts);
}

static void test_bad_files(void **state)
{
    char *path = compile_with("int f(void) { return 1; }", "-g0");

    (void)state;
    expect_failure(path, "no debug information");
    discard(path);
    path = compile_with("int f(void) { return 1; }", "-g -m32 -fno-pic");
    expect_failure(path, "not an object file for x86-64");
    discard(path);
    path = compile_with("int f(void) { return 1; }", "-g -gz");
    expect_failure(path, "relocations of its debug information");
    discard(path);
    expect_failure("/", "not a file");
    expect_failure("/nowhere/x.o", "/nowhere/x.o: No such file");
    expect_failure("/proc/self/cmdline", "not an object file for x86-64");
}

static void expect_success(const char *source)
{
    char *path = compile_with(source, "-g0"), *why = NULL;
    struct layouts *layouts = layouts_new();

    assert_true(layouts_compare(layouts, path, path, &why));
    conclude(layouts);
    discard(path);
    expect(NULL, NULL);
}

static void test_no_debug_information(void **state)
{
    (void)state;
    expect_success("int x;");
    expect_success("asm(\".section .init.text, \\\"ax\\\"; .byte 0x90\");");
}

/* Whatever is in the file: an answer, and no harm. */
static void test_damaged(void **state)
{
    static const char source[] =
        "typedef struct { int a; struct { char *b; } c[4]; } in_t; "
        "enum e { A }; "
        "struct thing { struct thing *next; in_t in; enum e e; int f:3; } v;"
        "void *f(void) { static struct thing s; return s.next ? &v : &s; }";
    char path[] = "/tmp/layout.XXXXXX";
    unsigned char *image, kept;
    size_t size, at;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    image = snippet_image("layout.c", source, "-g", &size);
    srand(1);
    for (at = 0; at < 3000; at++) {
        size_t where = rand() % size;
        struct layouts *layouts = layouts_new();
        char *why = NULL;

        kept = image[where];
        image[where] ^= 1 << rand() % 8;
        write_bytes(path, image, at % 4 ? size : where);
        if (!layouts_compare(layouts, path, path, &why)) {
            assert_non_null(why);
            free(why);
        }
        conclude(layouts);
        image[where] = kept;
        expect(NULL, NULL);
    }
    free(image);
    assert_int_equal(unlink(path), 0);
}

static void test_paths(void **state)
{
    static const char *const cases[][3] = {
        { "/src/xen", "./include/xen/sched.h", "xen/include/xen/sched.h" },
        { "/src/xen", "/src/xen/common/x.c", "xen/common/x.c" },
        { "/src/xen", "./a/b/../../c//x.h", "xen/c/x.h" },
        { "/src/xen", "../x.h", "xen/../x.h" },
        { "/src/xen", "../../x.h", "xen/../../x.h" },
        { "/src/xen", "/usr/./include/x.h", "/usr/include/x.h" },
        { "/src/xenon", "x.c", "x.c" },
        { NULL, "a/../x.c", "x.c" },
        { NULL, NULL, "?" },
    };
    struct names names = { 0 };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(path_of_file(&names, cases[i][0], cases[i][1]),
                            cases[i][2]);
    }
    names_free(&names);
}

/* words NULL: who calls f() needn't know. */
static void check_prototype(const char *old, const char *new,
                            const char *words)
{
    struct layouts *layouts = layouts_new();
    char *olds = compile_with(old, "-g"), *news = compile_with(new, "-g");
    char *why = NULL;
    const char *found;

    assert_true(layouts_compare(layouts, olds, olds, &why));
    assert_true(layouts_compare(layouts, olds, news, &why));
    assert_null(layouts_prototype(layouts, 0, "f"));
    assert_null(layouts_prototype(layouts, 1, "other"));
    found = layouts_prototype(layouts, 1, "f");
    if (!words != !found) {
        fail_msg("%s, expected %s", found ? found : "nothing",
                 words ? words : "nothing");
    }
    if (words) {
        expect_words(found, words);
    }
    discard(olds);
    discard(news);
    layouts_free(layouts);
}

static void test_prototype(void **state)
{
    static const char old[] = "struct s { int a; };\n"
        "int f(const struct s *s, unsigned int n, unsigned int m)"
        "{ return s->a + n - m; }\nint other(int n) { return n; }\n";
    static const struct {
        const char *prototype, *words;
    } cases[] = {
        { "int f(const struct s *s, unsigned int n, unsigned int k)", NULL },
        { "int f(struct s *s, int n, unsigned int m)", NULL },
        { "int f(const void *s, unsigned int n, unsigned int m)", NULL },
        { "int f(const struct s *s, unsigned int m, unsigned int n)",
          "parameter 2 was n, is m" },
        { "int f(const struct s *s, unsigned long n, unsigned int m)",
          "parameter 2 was unsigned int n, is long unsigned int n" },
        { "int f(const struct s *s, unsigned int n, unsigned int m, int r)",
          "parameter 4, r, is new" },
        { "int f(const struct s *s, unsigned int n)",
          "parameter 3, m, is gone" },
        { "long f(const struct s *s, unsigned int n, unsigned int m)",
          "it returned int, and returns long int" },
    };
    char *new;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        new = must_print("struct s { int a; };\n%s { return !s + n; }\n"
                         "int other(int n) { return n; }\n",
                         cases[i].prototype);
        check_prototype(old, new, cases[i].words);
        free(new);
    }
    check_prototype("void f(int n) { }", "int f(int n) { return n; }", NULL);
    check_prototype("int f(int n) { return n; }", "void f(int n) { }",
                    "it returned int");
}

#define TEST(function) { #function, function, NULL, forget, NULL }

int main(void)
{
    size_t nrows = sizeof(rows) / sizeof(*rows), n = 0, i;
    static const struct CMUnitTest others[] = {
        TEST(test_told_once), TEST(test_told_by_another),
        TEST(test_stack_here_memory_there), TEST(test_moved_to_another_object),
        TEST(test_renamed_type), TEST(test_same_name_in_another_file),
        TEST(test_new_file), TEST(test_prototype),
        TEST(test_many_holders), TEST(test_holder_changed_too),
        TEST(test_holder_in_two_guises), TEST(test_bad_files),
        TEST(test_no_debug_information),
        TEST(test_damaged), TEST(test_paths),
    };
    struct CMUnitTest tests[2 * sizeof(rows) / sizeof(*rows) +
                            sizeof(others) / sizeof(*others)];

    memset(tests, 0, sizeof(tests));
    for (i = 0; i < nrows; i++) {
        tests[n++] = (struct CMUnitTest){
            rows[i].name, test_row, NULL, forget, (void *)&rows[i]
        };
        if (strstr(rows[i].name, "bit")) {
            tests[n++] = (struct CMUnitTest){
                rows[i].name, test_row_dwarf4, NULL, forget, (void *)&rows[i]
            };
        }
    }
    memcpy(&tests[n], others, sizeof(others));
    n += sizeof(others) / sizeof(*others);
    return _cmocka_run_group_tests("layout", tests, n, NULL, NULL);
}
