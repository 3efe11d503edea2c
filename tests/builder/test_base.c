/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base build and patched copies of it, of a tree with three sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "support/files.h"
#include "support/memory.h"

#define CONFIG "CONFIG_X86_64=y\nCONFIG_LIVEPATCH=y\n"

/* As much of Xen's makefiles as the rules for our targets rely on, and records
 * of what objects are made of.  d.init.o is made by way of a link of a few. */
static const char makefile[] =
    "Q := @\n"
    "CC ?= gcc\n"
    "build := -f Rules.mk obj\n"
    "SRCARCH := x86\n"
    "ALL_OBJS-y := common/built_in.o\n"
    "ALL_LIBS-y :=\n"
    "olddefconfig FORCE: ;\n"
    "outputmakefile:\n"
    "\t@ln -nfs . source\n";
static const char rules[] =
    "include/xen/compile.h all include arch/x86/include/asm/asm-offsets.h: ;\n"
    "tools:\n"
    "common/built_in.o: common/a.o common/b.o common/c.o common/d.init.o "
        "common/e.o\n"
    "\t@echo 'cmd_$@ := ld -r -o $@ $^' > common/.built_in.o.cmd\n"
    "common/parts.o: common/d1.o common/d2.o\n"
    "\t@ld -r -o $@ $^\n"
    "\t@echo 'cmd_$@ := ld -r -o $@ $^' > common/.parts.o.cmd\n"
    "common/d.init.o: common/parts.o\n"
    "\t@objcopy $< $@\n"
    "\t@echo 'cmd_$@ := objcopy $< $@' > common/.d.init.o.cmd\n"
    "common/c.c: lib/c.c\n"
    "\t@ln -nfs ../source/$< $@\n"
    "common/%.i: common/%.c\n"
    "\t@$(CC) -E -Iinclude -o $@ $<\n"
    "\t@echo 'cmd_$@ := gcc' > common/.$*.i.cmd\n"
    "common/%.o: common/%.c include/x.h include/y.h\n"
    "\t@echo $@ >> ../../../compiled\n"
    "\t@echo '  CC      $@'; $(CC) -Iinclude -c -o $@ $<\n"
    "\t@printf 'cmd_%s := gcc\\nsource_%s := %s\\n\\n' $@ $@ $< "
        "> common/.$*.o.cmd\n"
    "\t@printf 'deps_%s := %s include/x.h include/y.h\\n' $@ $< "
        ">> common/.$*.o.cmd\n";
/* Of inline functions: e.c calls this one. */
static const char header[] =
    "static inline int f(void)\n{\n    return 1;\n}\n";

struct scene {
    char folder[32];
    char *tree, *cache;
    struct base_options options;
    struct report *report;
    enum outcome outcome;
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
    static const char *const folders[] = {
        "tree/xen/common", "tree/xen/lib", "tree/xen/include/xen",
    };
    static const char *const files[][2] = {
        { "tree/Config.mk", "" }, { "tree/xen/build.mk", "" },
        { "tree/xen/Makefile", makefile }, { "tree/xen/Rules.mk", rules },
        { "tree/xen/.config", CONFIG }, { "tree/xen/include/x.h", "" },
        { "tree/xen/include/y.h", header },
        { "tree/xen/common/a.c", "int a;\n" },
        { "tree/xen/common/b.c", "#include <x.h>\nint b;\n" },
        { "tree/xen/lib/c.c", "int c;\n" },
        { "tree/xen/common/d1.c", "int d1;\n" },
        { "tree/xen/common/d2.c", "int d2;\n" },
        { "tree/xen/common/e.c", "#include <y.h>\nint e(void)\n"
                                 "{\n    return f();\n}\n" },
    };
    struct scene *scene = must_alloc(1, sizeof(*scene));

    strcpy(scene->folder, "/tmp/test_base.XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        char *full = must_print("%s/%s", scene->folder, folders[i]);

        assert_true(files_make_folder(full, &scene->why));
        free(full);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        free(put(scene, files[i][0], files[i][1]));
    }
    scene->tree = must_print("%s/tree", scene->folder);
    scene->cache = must_print("%s/cache", scene->folder);
    scene->options = (struct base_options){ .tree = scene->tree,
                                            .cache = scene->cache, .jobs = 1 };
    scene->report = report_new();
    report_configure(scene->report, (struct report_options){ .quiet = true });
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    files_remove(scene->folder);
    report_free(scene->report);
    free(scene->tree);
    free(scene->cache);
    free(scene->why);
    free(scene);
    return 0;
}

static struct base *open_base(struct scene *scene)
{
    return base_open(&scene->options, scene->report, &scene->outcome,
                     &scene->why);
}

static void expect_failure(struct scene *scene, enum outcome outcome,
                           const char *words)
{
    assert_null(open_base(scene));
    assert_int_equal(scene->outcome, outcome);
    assert_non_null(scene->why);
    if (!strstr(scene->why, words)) {
        fail_msg("\"%s\" isn't in \"%s\"", words, scene->why);
    }
}

/* Below a file there is no folder. */
static void test_no_cache(void **state)
{
    struct scene *scene = *state;
    char *below = must_print("%s/tree/Config.mk/cache", scene->folder);

    scene->options.cache = below;
    expect_failure(scene, OUTCOME_FAILED, "name another folder with --cache");
    free(below);
}

/* What a patch of the text makes: the names of the objects that changed. */
static enum outcome patch(struct scene *scene, struct base *base,
                          const char *text, char *changed)
{
    char *path = put(scene, "one.patch", text);
    const char *const patches[] = { path };
    enum outcome outcome = base_patch(base, patches, 1, scene->report,
                                      &scene->why);
    const char *const *objects;
    size_t count;

    if (outcome == OUTCOME_DONE) {
        outcome = base_compile(base, false, scene->report, &scene->why);
    }
    count = base_changed(base, &objects);
    *changed = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(changed, objects[i]), " ");
    }
    free(path);
    return outcome;
}

/* Is this folder in the one folder of the cache? */
static bool count_builds(void *context, const char *path,
                         const struct stat *status, char **why)
{
    (void)status;
    (void)why;
    *(size_t *)context += strstr(path, "/run-") != NULL;
    return true;
}

static size_t builds(const struct scene *scene)
{
    size_t count = 0;
    char *why = NULL;

    assert_true(files_walk(scene->cache, count_builds, &count, &why));
    return count;
}

static ino_t inode(const struct base *base, const char *object)
{
    char *path = base_path(base, object);
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    free(path);
    return status.st_ino;
}

static void test_made_once(void **state)
{
    struct base *base = open_base(*state);
    const char *const *objects;
    ino_t first;

    assert_non_null(base);
    assert_int_equal(base_objects(base, &objects), 5);
    assert_string_equal(objects[0], "common/a.o");
    assert_string_equal(objects[1], "common/b.o");
    first = inode(base, "common/a.o");
    base_close(base);
    base = open_base(*state);
    assert_int_equal(inode(base, "common/a.o"), first);
    base_close(base);
    assert_int_equal(builds(*state), 0);
}

static void test_another_source_another_base(void **state)
{
    struct base *base = open_base(*state);
    ino_t first = inode(base, "common/a.o");

    base_close(base);
    free(put(*state, "tree/xen/common/a.c", "int A;\n"));
    base = open_base(*state);
    assert_true(inode(base, "common/a.o") != first);
    base_close(base);
}

static void test_tree_is_only_read(void **state)
{
    struct scene *scene = *state;
    char changed[64], *object = must_print("%s/xen/common/a.o", scene->tree);
    char *source = must_print("%s/xen/common/a.c", scene->tree), *text;
    struct base *base = open_base(scene);
    size_t size;

    patch(scene, base, "--- a/xen/common/a.c\n+++ b/xen/common/a.c\n"
          "@@ -1 +1 @@\n-int a;\n+int a2;\n", changed);
    text = files_read(source, &size, &scene->why);
    assert_string_equal(text, "int a;\n");
    assert_false(files_exist(object));
    base_close(base);
    free(text);
    free(source);
    free(object);
}

static void test_one_object(void **state)
{
    struct base *base = open_base(*state);
    char changed[64], *path, *text, *why = NULL;
    size_t size;

    assert_int_equal(patch(*state, base, "--- a/xen/common/a.c\n"
                           "+++ b/xen/common/a.c\n"
                           "@@ -1 +1 @@\n-int a;\n+int a2;\n", changed),
                     OUTCOME_DONE);
    assert_string_equal(changed, "common/a.o ");
    /* The base keeps what it has, also where the copy shares its files. */
    path = base_path(base, "common/a.c");
    text = files_read(path, &size, &why);
    assert_string_equal(text, "int a;\n");
    free(text);
    free(path);
    base_close(base);
    assert_int_equal(builds(*state), 0);
}

/* It is made of a link to the source. */
static void test_linked_source(void **state)
{
    struct base *base = open_base(*state);
    char changed[64];

    assert_int_equal(patch(*state, base, "--- a/xen/lib/c.c\n"
                           "+++ b/xen/lib/c.c\n"
                           "@@ -1 +1 @@\n-int c;\n+int c2;\n", changed),
                     OUTCOME_DONE);
    assert_string_equal(changed, "common/c.o ");
    base_close(base);
}

/* Two steps from what is compiled to what is linked; the rest isn't made. */
static void test_part(void **state)
{
    struct base *base = open_base(*state);
    char changed[64];

    assert_int_equal(patch(*state, base, "--- a/xen/common/d2.c\n"
                           "+++ b/xen/common/d2.c\n"
                           "@@ -1 +1 @@\n-int d2;\n+int d3;\n", changed),
                     OUTCOME_DONE);
    assert_string_equal(changed, "common/d.init.o ");
    assert_false(base_compiled(base)->everything);
    assert_int_equal(base_compiled(base)->count, 1);
    base_close(base);
}

static void test_header(void **state)
{
    struct base *base = open_base(*state);
    char changed[64];

    assert_int_equal(patch(*state, base, "--- a/xen/include/x.h\n"
                           "+++ b/xen/include/x.h\n"
                           "@@ -0,0 +1 @@\n"
                           "+extern int x; static int *y = &x;\n",
                           changed), OUTCOME_DONE);
    assert_string_equal(changed, "common/b.o ");
    base_close(base);
}

static void test_no_effect(void **state)
{
    struct base *base = open_base(*state);
    char changed[64];

    assert_int_equal(patch(*state, base, "--- a/xen/common/a.c\n"
                           "+++ b/xen/common/a.c\n"
                           "@@ -1 +1,2 @@\n+/* It is. */\n int a;\n", changed),
                     OUTCOME_DONE);
    assert_string_equal(changed, "");
    base_close(base);
}

/* The line is the one of the patched file, although lines are kept. */
static void test_compiler_error(void **state)
{
    struct scene *scene = *state;
    struct base *base = open_base(scene);
    char changed[64];

    assert_int_equal(patch(scene, base, "--- a/xen/common/a.c\n"
                           "+++ b/xen/common/a.c\n@@ -1 +1,4 @@\n+\n+\n"
                           " int a;\n+char a;\n", changed), OUTCOME_BUILD);
    assert_non_null(strstr(scene->why, "common/a.c:4:6: error:"));
    base_close(base);
    assert_int_equal(builds(scene), 0);
}

static size_t count_lines(const struct base *base, const char *name,
                          const char *line)
{
    char *path = base_note_path(base, name), *why = NULL, *text;
    size_t size, count = 0;

    text = files_read(path, &size, &why);
    assert_non_null(text);
    for (const char *at = text; (at = strstr(at, line)); at++) {
        count++;
    }
    free(text);
    free(path);
    return count;
}

/* Who calls f() differs then. */
static void patch_inline(struct scene *scene, struct base *base)
{
    char changed[64];

    assert_int_equal(patch(scene, base, "--- a/xen/include/y.h\n"
                           "+++ b/xen/include/y.h\n@@ -2,3 +2,3 @@\n {\n"
                           "-    return 1;\n+    return 2;\n }\n", changed),
                     OUTCOME_DONE);
    assert_string_equal(changed, "common/e.o ");
}

/* Beside who calls it, what is linked of parts is compiled: it isn't noted. */
static void test_inline(void **state)
{
    struct base *base = open_base(*state);

    patch_inline(*state, base);
    assert_int_equal(base_compiled(base)->count, 5);
    assert_int_equal(count_lines(base, "../compiled", "common/a.o\n"), 1);
    assert_int_equal(count_lines(base, "../compiled", "common/b.o\n"), 1);
    assert_int_equal(count_lines(base, "../compiled", "common/d1.o\n"), 2);
    assert_int_equal(count_lines(base, "../compiled", "common/e.o\n"), 2);
    base_close(base);
}

/* As after a power cut: what is noted of e.o has lost the name. */
static void test_inline_note_cut(void **state)
{
    struct base *base = open_base(*state);
    char *path = base_note_path(base, "inlines");
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - (off_t)strlen("f \n")), 0);
    patch_inline(*state, base);
    free(path);
    base_close(base);
}

/* What doesn't compile is tried again, for the lines; the others aren't. */
static void test_error_compiles_once(void **state)
{
    struct scene *scene = *state;
    struct base *base = open_base(scene);
    char changed[64];
    size_t before = count_lines(base, "../compiled", "common/b.o");

    assert_int_equal(patch(scene, base, "--- a/xen/include/x.h\n"
                           "+++ b/xen/include/x.h\n@@ -0,0 +1 @@\n+/* */\n"
                           "--- a/xen/common/c.c\n+++ b/xen/common/c.c\n"
                           "@@ -1 +1 @@\n-int c;\n+int c\n", changed),
                     OUTCOME_BUILD);
    assert_int_equal(count_lines(base, "../compiled", "common/b.o"),
                     before + 1);
    base_close(base);
}

/* Any words may stand before the compiler; its variables are heard. */
static void test_launcher(void **state)
{
    struct scene *scene = *state;
    struct base *base;
    char *launch = put(scene, "launch", "#!/bin/sh\n"
                       "echo \"$CCACHE_WORD\" >> \"$DISTCC_FOLDER/heard\"\n"
                       "exec \"$@\"\n");

    scene->options.compiler = must_print("%s gcc", launch);
    assert_int_equal(chmod(launch, 0755), 0);
    free(launch);
    setenv("CCACHE_WORD", "word", 1);
    setenv("DISTCC_FOLDER", scene->folder, 1);
    base = open_base(scene);
    assert_non_null(base);
    assert_true(count_lines(base, "../../heard", "word") >= 3);
    base_close(base);
    free((char *)scene->options.compiler);
}

/* Each has a folder of its own; one base serves them all. */
static void test_two_at_once(void **state)
{
    static const char text[] = "--- a/xen/common/a.c\n+++ b/xen/common/a.c\n"
                               "@@ -1 +1 @@\n-int a;\n+int a2;\n";
    struct base *one = open_base(*state), *other = open_base(*state);
    char changed[64], *first, *second;

    assert_int_equal(patch(*state, one, text, changed), OUTCOME_DONE);
    assert_string_equal(changed, "common/a.o ");
    assert_int_equal(patch(*state, other, text, changed), OUTCOME_DONE);
    assert_string_equal(changed, "common/a.o ");
    first = base_changed_path(one, "common/a.o");
    second = base_changed_path(other, "common/a.o");
    assert_string_not_equal(first, second);
    assert_true(files_equal(first, second));
    base_close(other);
    assert_true(files_exist(first));
    base_close(one);
    assert_int_equal(builds(*state), 0);
    free(first);
    free(second);
}

static void test_leftovers(void **state)
{
    struct scene *scene = *state;
    struct base *base = open_base(scene);
    char *path = base_note_path(base, "run-1.0/xen/common"), *why = NULL;
    char changed[64];

    base_close(base);
    assert_true(files_make_folder(path, &why));
    base = open_base(scene);
    patch(scene, base, "--- a/xen/common/a.c\n+++ b/xen/common/a.c\n"
          "@@ -1 +1 @@\n-int a;\n+int a2;\n", changed);
    assert_false(files_exist(path));
    base_close(base);
    free(path);
}

static void test_no_tree(void **state)
{
    struct scene *scene = *state;

    scene->options.tree = "/tmp";
    expect_failure(scene, OUTCOME_FAILED, "is no source tree of Xen");
}

static void test_without_live_patching(void **state)
{
    struct scene *scene = *state;

    scene->options.config = "CONFIG_X86_64=y\n# CONFIG_LIVEPATCH is not set\n";
    expect_failure(scene, OUTCOME_FAILED, "has no CONFIG_LIVEPATCH=y");
}

static void test_no_compiler(void **state)
{
    struct scene *scene = *state;

    scene->options.compiler = "no-such-compiler";
    expect_failure(scene, OUTCOME_FAILED, "no-such-compiler");
}

static void test_tree_does_not_compile(void **state)
{
    free(put(*state, "tree/xen/common/a.c", "int a\n"));
    expect_failure(*state, OUTCOME_BUILD, "common/a.c:1:");
    assert_int_equal(builds(*state), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_made_once),
        CASE(test_another_source_another_base),
        CASE(test_tree_is_only_read),
        CASE(test_one_object),
        CASE(test_linked_source),
        CASE(test_part),
        CASE(test_header),
        CASE(test_no_effect),
        CASE(test_compiler_error),
        CASE(test_no_cache),
        CASE(test_inline),
        CASE(test_inline_note_cut),
        CASE(test_error_compiles_once),
        CASE(test_launcher),
        CASE(test_two_at_once),
        CASE(test_leftovers),
        CASE(test_no_tree),
        CASE(test_without_live_patching),
        CASE(test_no_compiler),
        CASE(test_tree_does_not_compile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
