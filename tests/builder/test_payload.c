/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written: sections, symbols, relocations, and how it gets there. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenlivepatch.h>

#include "support/cleanup.h"
#include "linked.h"
#include "support/memory.h"
#include "payload/payload.h"
#include "snippet.h"
#include "trial.h"

#define D TRIAL_DECLARATIONS

static const char *const entries[] = { "fixes=XSA-1" };
static const struct payload_metadata metadata = {
    .name = "trial", .entries = entries, .nentries = 1,
};

struct written {
    char folder[32], *path;
    struct object *object;
};

static bool try_write(struct trial *trial, const char *path, char **why)
{
    return payload_write(path, &trial->pair, 1, trial->running, &metadata,
                         trial->report, why);
}

static struct written write_trial(struct trial *trial)
{
    struct written written = { .folder = "/tmp/payload.XXXXXX" };
    char *why = NULL;

    assert_non_null(mkdtemp(written.folder));
    written.path = must_print("%s/trial.livepatch", written.folder);
    if (!try_write(trial, written.path, &why)) {
        fail_msg("%s", why);
    }
    written.object = object_read(written.path, "trial", &why);
    if (!written.object) {
        fail_msg("%s", why);
    }
    return written;
}

static void written_free(struct written *written)
{
    object_free(written->object);
    assert_int_equal(unlink(written->path), 0);
    assert_int_equal(rmdir(written->folder), 0);
    free(written->path);
}

static struct written written_of(const char *old, const char *new)
{
    struct trial trial = trial_of(old, new);
    struct written written;

    assert_int_equal(report_refusals(trial.report), 0);
    written = write_trial(&trial);
    trial_free(&trial);
    return written;
}

static struct section *maybe_section(const struct object *object,
                                     const char *name)
{
    for (size_t i = 1; i < object->nsections; i++) {
        if (!strcmp(object->sections[i].name, name)) {
            return &object->sections[i];
        }
    }
    return NULL;
}

#define PER_CPU "__attribute__((section(\".bss.percpu\")))"
#define ROOM "void livepatch_percpu_load(void) {}\n"

/* In a section of their own, and tied to a Xen that has room for them. */
static void test_per_cpu(void **state)
{
    struct written written = written_of(
        D ROOM "int f(int n) { return n + outer; }\n",
        D ROOM "static int " PER_CPU " p;\n"
        "int f(int n) { return p += n; }\n");
    const struct object *object = written.object;
    const struct section *section = find_section(object, ".bss.percpu");
    size_t rooms = 0;

    (void)state;
    assert_int_equal(section->type, SHT_NOBITS);
    assert_int_equal(section->flags, SHF_ALLOC | SHF_WRITE);
    assert_int_equal(section->size, sizeof(int));
    assert_null(maybe_section(object, ".bss"));
    for (size_t i = 1; i < object->nsymbols; i++) {
        rooms += !strcmp(object->symbols[i].name, "livepatch_percpu_load") &&
                 !object->symbols[i].atom;
    }
    assert_int_equal(rooms, 1);
    written_free(&written);
}

static void test_per_cpu_limits(void **state)
{
    static const char *const wanted[] = {
        "p[1100]", "__attribute__((aligned(256))) p[4]",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *new = must_print(D ROOM "static int " PER_CPU " %s;\n"
                               "int f(int n) { return p[n] += n; }\n",
                               wanted[i]);
        struct trial trial = trial_of(
            D ROOM "int f(int n) { return n + outer; }\n", new);
        char *why = NULL;

        assert_int_equal(report_refusals(trial.report), 0);
        assert_false(try_write(&trial, "/nowhere/x.livepatch", &why));
        assert_int_equal(report_refusals(trial.report), 1);
        trial_free(&trial);
        free(new);
        free(why);
    }
}

static const char old_source[] =
    D "static int count;\n"
    "int f(int n) { count += n; return printk(\"a\"); }\n";
static const char new_source[] =
    D "static int count, more;\n"
    "static int initial = 7;\n"
    "static const int table[] = { 3, 1, 4 };\n"
    "static noinline int new(int n)\n"
    "{ more += n; return printk(\"%d\", table[n] + initial++); }\n"
    "int f(int n) { count += new(n); return printk(\"b\"); }\n";

static void test_sections(void **state)
{
    struct written written = written_of(old_source, new_source);
    const struct object *object = written.object;
    const struct section *section = find_section(object, ".livepatch.funcs");

    (void)state;
    assert_int_equal(section->size, 104);
    assert_int_equal(section->flags, SHF_ALLOC);
    assert_int_equal(section->bytes[32], 2);
    section = find_section(object, ".text");
    assert_int_equal(section->flags, SHF_ALLOC | SHF_EXECINSTR);
    assert_int_equal(section->align, 16);
    assert_int_equal(find_section(object, ".rodata")->flags, SHF_ALLOC);
    assert_int_equal(find_section(object, ".data")->flags,
                     SHF_ALLOC | SHF_WRITE);
    assert_int_equal(find_section(object, ".bss")->type, SHT_NOBITS);
    assert_null(maybe_section(object, ".debug_info"));
    section = find_section(object, ".modinfo");
    assert_int_equal(section->size, 11 + 12 + 24);
    assert_memory_equal(section->bytes,
                        "name=trial\0fixes=XSA-1\0builder=livepatch-build",
                        section->size);
    written_free(&written);
}

/* No empty section: a writable one costs the right to be applied again. */
static void test_no_data(void **state)
{
    struct written written = written_of(
        D "int f(int n) { return outer + n; }\n",
        D "int f(int n) { return outer - n; }\n");

    (void)state;
    for (size_t i = 1; i < written.object->nsections; i++) {
        const struct section *section = &written.object->sections[i];

        if (section->flags & SHF_ALLOC) {
            assert_false(section->flags & SHF_WRITE);
            assert_true(section->size > 0);
        }
    }
    written_free(&written);
}

static void test_symbols(void **state)
{
    struct written written = written_of(old_source, new_source);
    const struct object *object = written.object;

    (void)state;
    assert_int_equal(find_symbol(object, "f")->bind, STB_GLOBAL);
    assert_int_equal(find_symbol(object, "trial/twin.c#new")->bind, STB_LOCAL);
    assert_non_null(find_symbol(object, "trial/twin.c#more")->section);
    assert_null(find_symbol(object, "printk")->section);
    assert_null(find_symbol(object, "twin.c#count")->section);
    for (size_t i = 1; i < object->nsymbols; i++) {
        assert_string_not_equal(object->symbols[i].name, "new");
    }
    written_free(&written);
}

static void test_relocations(void **state)
{
    struct written written = written_of(old_source, new_source);
    const struct object *object = written.object;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < object->natoms; i++) {
        for (size_t j = 0; j < object->atoms[i]->nrefs; j++) {
            const struct ref *ref = &object->atoms[i]->refs[j];

            assert_true(ref->type == R_X86_64_64 ||
                        ref->type == R_X86_64_PC32 ||
                        ref->type == R_X86_64_PLT32);
            assert_true(ref->symbol->index != 0);
            count++;
        }
    }
    assert_true(count > 8);
    assert_ptr_equal(find_atom(object, "f")->refs[0].target,
                     find_atom(object, "trial/twin.c#new"));
    written_free(&written);
}

static char *contents(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    char *bytes = must_alloc(1 << 21, 1);

    assert_non_null(file);
    *size = fread(bytes, 1, 1 << 21, file);
    fclose(file);
    return bytes;
}

static void test_reproducible(void **state)
{
    struct written one = written_of(old_source, new_source);
    struct written two = written_of(old_source, new_source);
    size_t size_one, size_two;
    char *bytes_one = contents(one.path, &size_one);
    char *bytes_two = contents(two.path, &size_two);

    (void)state;
    assert_int_equal(size_one, size_two);
    assert_memory_equal(bytes_one, bytes_two, size_one);
    free(bytes_one);
    free(bytes_two);
    written_free(&one);
    written_free(&two);
}

static void test_build_ids(void **state)
{
    struct written one = written_of(old_source, new_source);
    struct written two = written_of(D "int f(int n) { return outer + n; }\n",
                                    D "int f(int n) { return outer - n; }\n");
    static const uint8_t zeroes[20];
    const struct section *id = find_section(one.object, ".note.gnu.build-id");
    const struct section *other = find_section(two.object,
                                               ".note.gnu.build-id");

    (void)state;
    assert_int_equal(id->size, 36);
    assert_int_equal(id->type, SHT_NOTE);
    assert_memory_equal(id->bytes, "\4\0\0\0\24\0\0\0\3\0\0\0GNU", 16);
    assert_memory_not_equal(id->bytes + 16, zeroes, 20);
    assert_memory_not_equal(id->bytes + 16, other->bytes + 16, 20);
    id = find_section(one.object, ".livepatch.xen_depends");
    other = find_section(one.object, ".livepatch.depends");
    assert_memory_equal(id->bytes, other->bytes, 36);
    written_free(&one);
    written_free(&two);
}

/* The jump of the function to what lies behind it is in no relocation. */
static void test_unlikely(void **state)
{
    const char *format = D "int f(int n) { asm volatile (\"jz 1f; nop\\n2:\\n"
        ".subsection 1; here.unlikely: 1: int3; jmp 2b; "
        ".subsection 0\"); return n + %d; }\n";
    char *old = must_print(format, 1), *new = must_print(format, 2);
    struct trial trial = trial_of(old, new);
    const struct section *section = find_atom(trial.pair.new, "f")->section;
    struct written written = write_trial(&trial);

    (void)state;
    assert_int_equal(find_section(written.object, ".text")->size,
                     section->size);
    assert_memory_equal(find_section(written.object, ".text")->bytes,
                        section->bytes, section->size);
    written_free(&written);
    trial_free(&trial);
    free(old);
    free(new);
}

/* Loads from the table of addresses, and calls by way of it. */
static void test_got(void **state)
{
    const char *format = D "int f(int n) { asm volatile ("
        "\"mov printk@GOTPCREL(%%rip), %%rax; call *printk@GOTPCREL(%%rip);"
        "jmp *printk@GOTPCREL(%%rip)\"); return n + %d; }\n";
    char *new = must_print(format, 2);
    struct written written = written_of(D "int f(int n) { return outer; }\n",
                                        new);
    static const uint8_t expected[] = {
        0x48, 0x8d, 0x05, 0, 0, 0, 0, 0x67, 0xe8, 0, 0, 0, 0,
        0xe9, 0, 0, 0, 0, 0x90,
    };
    const struct atom *f = find_atom(written.object, "f");

    (void)state;
    assert_memory_equal(f->bytes, expected, sizeof(expected));
    assert_int_equal(ref_at_offset(f, 3)->addend, -4);
    assert_int_equal(ref_at_offset(f, 9)->addend, -4);
    assert_int_equal(ref_at_offset(f, 14)->addend, -4);
    written_free(&written);
    free(new);
}

static void test_got_refused(void **state)
{
    struct trial trial = trial_of(
        D "int f(int n) { return outer; }\n",
        D "int f(int n) { asm volatile (\"cmp printk@GOTPCREL(%%rip), "
        "%%rax\" ::: \"cc\"); return n; }\n");
    char *why = NULL;

    (void)state;
    assert_int_equal(report_refusals(trial.report), 0);
    assert_false(try_write(&trial, "/tmp/payload-not-to-be", &why));
    assert_int_equal(report_refusals(trial.report), 1);
    assert_int_equal(access("/tmp/payload-not-to-be", F_OK), -1);
    free(why);
    trial_free(&trial);
}

/* A frame that is to run a function of Xen's runs it by way of a stub. */
static void test_far_frame(void **state)
{
    const char *format = D "int f(int n) { asm volatile (\"1: ud2\\n"
        ".pushsection .bug_frames.0, \\\"a\\\", @progbits; .p2align 2\\n"
        "2: .long 1b - 2b, printk - 2b; .popsection\"); return n + %d; }\n";
    char *old = must_print(format, 1), *new = must_print(format, 2);
    struct written written = written_of(old, new);
    const struct section *frames = find_section(written.object,
                                                ".bug_frames.0");
    const struct ref *ref;

    (void)state;
    assert_int_equal(frames->natoms, 1);
    ref = ref_at_offset(frames->atoms[0], 4);
    assert_ptr_equal(ref->symbol->section,
                     find_section(written.object, ".text"));
    assert_memory_equal(ref->symbol->section->bytes + ref->addend - 4,
                        "\xf3\x0f\x1e\xfa\xe9", 5);
    written_free(&written);
    free(old);
    free(new);
}

static void test_no_place(void **state)
{
    struct trial trial = trial_of(old_source, new_source);
    char *why = NULL;

    (void)state;
    assert_false(try_write(&trial, "/nonexistent/x.livepatch", &why));
    assert_non_null(strstr(why, "/nonexistent/x.livepatch"));
    assert_int_equal(report_refusals(trial.report), 0);
    free(why);
    trial_free(&trial);
}

/* As a full disk does, a limit ends the writing in the middle. */
static void test_full_disk(void **state)
{
    struct trial trial = trial_of(old_source, new_source);
    struct rlimit limit, old;
    char folder[] = "/tmp/payload.XXXXXX", *path, *why = NULL;
    bool ok;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = must_print("%s/x.livepatch", folder);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    ok = try_write(&trial, path, &why);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(ok);
    assert_non_null(strstr(why, path));
    assert_int_equal(rmdir(folder), 0);     /* nothing is left in it */
    free(path);
    free(why);
    trial_free(&trial);
}

/* Takes the place of the library's, which the writer calls when the file is
 * there, and doesn't have its name yet. */
static int interrupt;

int fsync(int fd)
{
    (void)fd;
    if (interrupt) {
        kill(getppid(), interrupt);
        pause();
    }
    return 0;
}

static int write_at(void *context)
{
    struct trial trial = trial_of(old_source, new_source);
    char *why = NULL;

    return !try_write(&trial, context, &why);
}

static void test_interrupted(void **state)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        char folder[] = "/tmp/payload.XXXXXX", *path;
        pid_t child;
        int status;

        assert_non_null(mkdtemp(folder));
        path = must_print("%s/x.livepatch", folder);
        interrupt = signals[i];
        child = fork();
        if (!child) {
            _exit(cleanup_supervise(write_at, path));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        interrupt = 0;
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_int_equal(rmdir(folder), 0);     /* nothing is left in it */
        free(path);
    }
}

/* What is written is judged; here with its machine type damaged, if wanted. */
static bool damaged;

int __real_xenlivepatch_judge(xenlivepatch_payload *payload, const void *data,
                              size_t size, const char *label,
                              const xenlivepatch_criteria *criteria);
int __wrap_xenlivepatch_judge(xenlivepatch_payload *payload, const void *data,
                              size_t size, const char *label,
                              const xenlivepatch_criteria *criteria);
int __wrap_xenlivepatch_judge(xenlivepatch_payload *payload, const void *data,
                              size_t size, const char *label,
                              const xenlivepatch_criteria *criteria)
{
    Elf64_Ehdr *copy = must_alloc(size, 1);
    int error;

    memcpy(copy, data, size);
    copy->e_machine += damaged;
    error = __real_xenlivepatch_judge(payload, copy, size, label, criteria);
    free(copy);
    return error;
}

static void test_last_look(void **state)
{
    struct trial trial = trial_of(old_source, new_source);
    char *why = NULL;

    (void)state;
    damaged = true;
    assert_false(try_write(&trial, "/tmp/payload-not-to-be", &why));
    damaged = false;
    assert_non_null(strstr(why, "it would not be accepted: "));
    assert_int_not_equal(access("/tmp/payload-not-to-be", F_OK), 0);
    free(why);
    trial_free(&trial);
}

static void test_bad_name(void **state)
{
    struct trial trial = trial_of(old_source, new_source);
    struct payload_metadata named = metadata;
    char long_name[200], *why = NULL;

    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    named.name = long_name;
    assert_false(payload_write("/tmp/payload-not-to-be", &trial.pair, 1,
                               trial.running, &named, trial.report, &why));
    assert_non_null(why);
    free(why);
    trial_free(&trial);
}

/* The compiler leaves no relocation for it. */
static void test_own_address(void **state)
{
    struct written written = written_of(
        D "static noinline int f(int n) { return printk(\"a\") + n; }\n"
        "int g(int n) { return use(f) + f(n); }\n",
        D "static noinline int f(int n)\n"
        "{ return use(f) + printk(\"a\") + n; }\n"
        "int g(int n) { return use(f) + f(n); }\n");
    const struct section *text = find_section(written.object, ".text");
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < text->natoms; i++) {
        for (size_t j = 0; j < text->atoms[i]->nrefs; j++) {
            const char *name = text->atoms[i]->refs[j].symbol->name;

            found += !strcmp(name, "twin.c#f") ||
                     !strcmp(name, "trial/twin.c#f");
        }
    }
    assert_int_equal(found, 1);
    written_free(&written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_per_cpu),
        cmocka_unit_test(test_per_cpu_limits),
        cmocka_unit_test(test_own_address),
        cmocka_unit_test(test_no_data),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_relocations),
        cmocka_unit_test(test_reproducible),
        cmocka_unit_test(test_build_ids),
        cmocka_unit_test(test_unlikely),
        cmocka_unit_test(test_got),
        cmocka_unit_test(test_got_refused),
        cmocka_unit_test(test_far_frame),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_bad_name),
        cmocka_unit_test(test_last_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
