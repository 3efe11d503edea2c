/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How sections are cut into atoms, and what relocations in them mean. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "snippet.h"

/* Every byte is in one atom or none, and every atom in order. */
static void assert_whole(const struct object *object)
{
    size_t i, j, atoms = 0;

    for (i = 0; i < object->nsections; i++) {
        const struct section *section = &object->sections[i];
        uint64_t end = 0;

        for (j = 0; j < section->natoms; j++) {
            assert_true(section->atoms[j]->offset >= end);
            end = section->atoms[j]->offset + section->atoms[j]->size;
            assert_true(end <= section->size);
            assert_ptr_equal(section->atoms[j], object->atoms[atoms + j]);
        }
        atoms += section->natoms;
    }
    assert_int_equal(atoms, object->natoms);
}

static void test_functions_and_data(void **state)
{
    struct object *object = snippet("code.c",
        "static int counter; int shared = 3; static const int table[2];\n"
        "static __attribute__((noinline)) int add(int n)\n"
        "{ return counter += n; }\n"
        "int twice(int n) { return add(n) + add(shared + table[n]); }\n");
    struct atom *twice = find_atom(object, "twice");
    struct atom *add = find_atom(object, "add");

    (void)state;
    assert_string_equal(object->source, "code.c");
    assert_false(object->assembly);
    assert_int_equal(twice->kind, ATOM_FUNCTION);
    assert_int_equal(twice->offset, 0);
    assert_int_equal(twice->size, find_symbol(object, "twice")->size);
    assert_int_equal(find_atom(object, "counter")->kind, ATOM_DATA);
    assert_null(find_atom(object, "counter")->bytes);
    assert_int_equal(*find_atom(object, "shared")->bytes, 3);
    assert_ptr_equal(twice->refs[0].target, add);
    assert_int_equal(twice->refs[0].place, 0);
    assert_int_equal(twice->refs[0].bias, -4);
    assert_string_equal(atom_name(add), "code.c: add");
    assert_whole(object);
    object_free(object);
}

static void test_undefined(void **state)
{
    struct object *object = snippet("undefined.c",
        "void elsewhere(void); void f(void) { elsewhere(); }\n");
    struct ref *ref = &find_atom(object, "f")->refs[0];

    (void)state;
    assert_null(ref->target);
    assert_null(ref->symbol->section);
    assert_string_equal(ref->symbol->name, "elsewhere");
    assert_int_equal(ref->place, 0);
    assert_int_equal(ref->bias, -4);
    object_free(object);
}

/* The field isn't always the end of the instruction. */
static void test_bias(void **state)
{
    struct object *object = snippet("bias.c",
        "asm(\".text; .globl f; .type f, @function\\n\"\n"
        "    \"f: movl $0x12345678, v+4(%rip)\\n\"\n"
        "    \"movb $1, v+4(%rip)\\n movw $1, v+4(%rip)\\n\"\n"
        "    \"lea v+4(%rip), %rax\\n cmpq $1, %gs:v+4(%rip)\\n\"\n"
        "    \"movabs $v+4, %rax\\n ret; .size f, . - f\\n\"\n"
        "    \".section .data.v, \\\"aw\\\"\\n.type v, @object\\n\"\n"
        "    \"v: .long 1, 2; .size v, . - v\\n\"\n"
        "    \".section .data.p, \\\"aw\\\"\\n.quad v + 4; .long v + 4 - .\");"
        "\n");
    struct atom *f = find_atom(object, "f");
    static const int biases[] = { -8, -5, -6, -4, -5, 0 };
    struct atom *pointers = find_section(object, ".data.p")->atoms[0];
    size_t i;

    (void)state;
    assert_int_equal(f->nrefs, 6);
    for (i = 0; i < f->nrefs; i++) {
        assert_int_equal(f->refs[i].bias, biases[i]);
        assert_int_equal(f->refs[i].place, 4);
        assert_string_equal(f->refs[i].target->symbol->name, "v");
    }
    /* Data that nobody named. */
    assert_null(pointers->symbol);
    assert_int_equal(pointers->size, 12);
    assert_int_equal(pointers->nrefs, 2);
    assert_int_equal(pointers->refs[0].place, 4);
    assert_int_equal(pointers->refs[1].place, 4);
    assert_int_equal(pointers->refs[1].bias, 0);
    object_free(object);
}

/* What is zero but for its relocation is no padding. */
static void test_gap(void **state)
{
    struct object *object = snippet("gap.S",
        ".data\n.balign 32\nfirst: .quad 1; .size first, 8\n"
        ".quad elsewhere\n.balign 32\nlast: .quad 2; .size last, 8\n");
    struct section *section = find_section(object, ".data");

    (void)state;
    assert_int_equal(section->natoms, 3);
    assert_int_equal(section->atoms[1]->kind, ATOM_DATA);
    assert_int_equal(section->atoms[1]->nrefs, 1);
    object_free(object);
}

/* Even if an array is meant from in front of it, or behind its end. */
static void test_beyond(void **state)
{
    struct object *object = snippet("beyond.S",
        ".section .data.read_mostly, \"aw\"\n.balign 16\n"
        "first: .byte 1, 2, 3; .size first, 3\n.balign 16\n"
        ".globl second\nsecond: .quad 1; .size second, 8\n"
        ".section .data, \"aw\"\n"
        "pointers: .quad second - 4, first + 3, second + 8\n"
        ".size pointers, . - pointers\n");
    struct ref *refs = find_atom(object, "pointers")->refs;

    (void)state;
    assert_ptr_equal(refs[0].target, find_atom(object, "second"));
    assert_int_equal(refs[0].place, -4);
    assert_ptr_equal(refs[1].target, find_atom(object, "first"));
    assert_int_equal(refs[1].place, 3);
    assert_ptr_equal(refs[2].target, find_atom(object, "second"));
    assert_int_equal(refs[2].place, 8);
    assert_int_equal(find_section(object, ".data.read_mostly")->natoms, 2);
    assert_int_equal(find_atom(object, "first")->size, 3);
    assert_whole(object);
    object_free(object);
}

static void test_aliases(void **state)
{
    struct object *object = snippet("alias.c",
        "static int hidden(void) { return 4; }\n"
        "extern __typeof__(hidden) weak __attribute__((weak,\n"
        "    alias(\"hidden\")));\n"
        "extern __typeof__(hidden) named __attribute__((alias(\"hidden\")));\n"
        "asm(\".section .text.hidden\\n.set inner, hidden + 1\");\n");
    struct atom *atom = find_atom(object, "hidden");

    (void)state;
    assert_ptr_equal(find_atom(object, "weak"), atom);
    assert_ptr_equal(find_atom(object, "named"), atom);
    assert_ptr_equal(find_atom(object, "inner"), atom);
    assert_int_equal(find_symbol(object, "inner")->offset, 1);
    assert_string_equal(atom->symbol->name, "named");
    assert_int_equal(find_section(object, ".text.hidden")->natoms, 1);
    object_free(object);
}

static void test_assembly(void **state)
{
    struct object *object = snippet("entry.S",
        ".file \"entry.S\"\n.text\nnop; nop; mov %eax, %ebx\n"
        ".globl first\nfirst: mov %eax, %ebx; 1: jmp 1b\n"
        "second: ret\n.balign 16\nthird: ret\n"
        ".section .data.ends, \"aw\"\nbegin: .quad 1, 2\nend:\n"
        ".section .bss.nothing, \"aw\", @nobits\nempty:\n");
    struct section *text = find_section(object, ".text");

    (void)state;
    assert_true(object->assembly);
    assert_int_equal(text->natoms, 4);
    assert_int_equal(text->atoms[0]->kind, ATOM_CODE);
    assert_null(text->atoms[0]->symbol);
    assert_int_equal(text->atoms[0]->size, 4);
    assert_int_equal(find_atom(object, "first")->size, 4);
    assert_int_equal(find_atom(object, "second")->kind, ATOM_FUNCTION);
    assert_int_equal(find_atom(object, "third")->offset, 16);
    /* A limit is no data. */
    assert_ptr_equal(find_atom(object, "end"), find_atom(object, "begin"));
    assert_int_equal(find_symbol(object, "end")->offset, 16);
    assert_int_equal(find_atom(object, "empty")->size, 0);
    assert_whole(object);
    object_free(object);
}

static void test_strings(void **state)
{
    struct object *object = snippet("strings.c",
        "void use(const void *, ...);\n"
        "const char *const empty = \"\";\n"
        "void f(void) { use(\"abc\", \"de\", \"\", L\"wide\",\n"
        "    \"as long as it has to be to be aligned by eight, I hope\"); }\n"
        "struct { const char *p[3]; } v = { { \"xyz\", \"\", \"abc\" } };\n");
    struct atom *v = find_atom(object, "v");
    struct atom *f = find_atom(object, "f");
    size_t i, strings = 0;

    (void)state;
    for (i = 0; i < f->nrefs; i++) {
        struct atom *target = f->refs[i].target;

        if (target) {
            assert_int_equal(target->kind, ATOM_STRING);
            assert_int_equal(f->refs[i].place, 0);
            assert_null(target->symbol);
            strings++;
        }
    }
    assert_int_equal(strings, 5);
    assert_string_equal((char *)v->refs[0].target->bytes, "xyz");
    assert_int_equal(v->refs[1].target->size, 1);
    assert_int_equal(v->refs[1].place, 0);
    assert_string_equal((char *)v->refs[2].target->bytes, "abc");
    assert_int_equal(find_section(object, ".rodata.f.str4.4")->atoms[0]->size,
                     20);
    assert_whole(object);
    object_free(object);
}

/* Empty ones are only there if they are meant; the rest is alignment. */
static void test_empty_strings(void **state)
{
    struct object *object = snippet("empty.S",
        ".section .rodata.str1.8, \"aMS\", @progbits, 1\n"
        ".asciz \"a\"\n.balign 8\n.asciz \"b\"\n.balign 8\n"
        ".LC1: .asciz \"\"\n.LC2: .asciz \"\"\n"
        ".data\n.quad .LC1\n.text\nlea .LC2(%rip), %rax\n");
    struct section *strings = find_section(object, ".rodata.str1.8");
    struct ref *pointer = find_section(object, ".data")->atoms[0]->refs;
    struct ref *code = find_section(object, ".text")->atoms[0]->refs;

    (void)state;
    assert_int_equal(strings->natoms, 4);
    assert_int_equal(strings->atoms[1]->offset, 8);
    assert_int_equal(strings->atoms[2]->offset, 16);
    assert_int_equal(strings->atoms[3]->offset, 17);
    assert_ptr_equal(pointer->target, strings->atoms[2]);
    assert_ptr_equal(code->target, strings->atoms[3]);
    assert_int_equal(code->place, 0);
    object_free(object);
}

static void test_constants(void **state)
{
    struct object *object = snippet("constants.S",
        ".section .rodata.cst8, \"aM\", @progbits, 8\n.LC0: .quad 1\n"
        ".LC1: .quad 2\nthree: .quad 3\n"
        ".section .rodata.unnamed, \"a\"\n.long 1, 2, 3\n"
        ".section .init.rodata, \"a\"\n.long 0\n"
        ".text\nf: mov .LC1(%rip), %rax; ret\n");
    struct section *constants = find_section(object, ".rodata.cst8");
    struct atom *unnamed = find_section(object, ".rodata.unnamed")->atoms[0];

    (void)state;
    assert_int_equal(constants->natoms, 3);
    assert_int_equal(constants->atoms[1]->kind, ATOM_CONSTANT);
    assert_int_equal(find_atom(object, "three")->kind, ATOM_DATA);
    assert_ptr_equal(find_atom(object, "f")->refs[0].target,
                     constants->atoms[1]);
    assert_int_equal(unnamed->kind, ATOM_CONSTANT);
    assert_int_equal(unnamed->size, 12);
    assert_true(find_section(object, ".init.rodata")->init);
    assert_false(constants->init);
    object_free(object);
}

static void test_not_loaded(void **state)
{
    size_t size;
    char *why;
    unsigned char *image = snippet_image("debug.c",
        "int f(int n) { return n + 1; }\n"
        "asm(\".section .discard, \\\"a\\\"\\n.byte 1\\n.byte f - f\");\n",
        "-g", &size);
    struct object *object = object_read_memory(image, size, "debug.o", &why);

    (void)state;
    free(image);
    assert_non_null(object);
    assert_int_equal(find_section(object, ".debug_info")->natoms, 0);
    assert_int_equal(find_section(object, ".discard")->natoms, 0);
    assert_int_equal(object->natoms, 1);
    object_free(object);
}

/* -- Tables ---------------------------------------------------------------- */

/* A frame as Xen's bug.h makes it, at line 1000: 7 * 128 + 104. */
#define FRAME(type, pointer, more) \
    "1: ud2\n.pushsection .bug_frames." type ", \"a\", @progbits\n" \
    ".p2align 2\n2: .long (1b - 2b) + (7 << 24)\n" \
    ".long (" pointer " - 2b) + (104 << 24)\n" more ".popsection\n"

static void test_bug_frames(void **state)
{
    struct object *object = snippet("bug.S",
        ".section .rodata.str1.1, \"aMS\", @progbits, 1\n"
        ".LC0: .asciz \"bug.c\"\n.LC1: .asciz \"n > 0\"\n"
        ".section .text.f, \"ax\"\n.globl f; f: nop\n"
        FRAME("2", ".LC0", "") FRAME("2", ".LC1", "")
        FRAME("3", ".LC0", ".long 0, .LC1 - 2b\n")
        ".size f, . - f\n");
    struct atom *f = find_atom(object, "f");
    struct section *asserts = find_section(object, ".bug_frames.3");
    size_t i;

    (void)state;
    assert_int_equal(f->nentries, 3);
    for (i = 0; i < 3; i++) {
        struct atom *entry = f->entries[i];

        assert_int_equal(entry->kind, ATOM_ENTRY);
        assert_ptr_equal(entry->owner, f);
        assert_int_equal(entry->owner_offset, 1 + 2 * i);
        assert_ptr_equal(entry->refs[0].target, f);
        assert_int_equal(entry->refs[0].place, 1 + 2 * i);
        assert_int_equal(entry->refs[0].bias, 7 << 24);
        assert_int_equal(entry->refs[1].place, 0);
        assert_int_equal(entry->refs[1].bias, (104 << 24) + 4);
        assert_string_equal((char *)entry->refs[1].target->bytes,
                            i == 1 ? "n > 0" : "bug.c");
    }
    assert_int_equal(asserts->special, SPECIAL_BUG_FRAMES);
    assert_int_equal(asserts->natoms, 1);
    assert_int_equal(asserts->atoms[0]->size, 16);
    assert_int_equal(asserts->atoms[0]->refs[2].place, 0);
    assert_int_equal(asserts->atoms[0]->refs[2].bias, 12);
    assert_string_equal(
        (char *)asserts->atoms[0]->refs[2].target->bytes, "n > 0");
    assert_int_equal(find_section(object, ".bug_frames.2")->natoms, 2);
    object_free(object);
}

#define EXCEPTION(from, to) \
    ".pushsection .ex_table, \"a\"\n.balign 4\n" \
    ".long " from " - ., " to " - .\n.popsection\n"

/* Two functions' fixups, of which f's second goes on into its third, and one
 * fault in a fixup. */
static const char fixups[] =
    ".section .text.f, \"ax\"\nf: 1: mov (%rax), %rax\n"
    "2: mov (%rbx), %rbx\n3: mov (%rcx), %rcx\n4: ret; .size f, . - f\n"
    ".section .text.g, \"ax\"\ng: nop\n5: mov (%rax), %rax\n6: ret\n"
    ".size g, . - g\n"
    ".section .fixup, \"ax\"\n"
    "11: mov $1, %eax; jmp 2b\n"
    "12: mov $2, %eax\n13: mov $3, %eax; jmp 4b\n"
    "15: mov (%rdx), %rdx; jmp 6b\n16: jmp 6b\n"
    EXCEPTION("15b", "16b") EXCEPTION("3b", "13b") EXCEPTION("1b", "11b")
    EXCEPTION("2b", "12b") EXCEPTION("5b", "15b");

static void test_fixups(void **state)
{
    struct object *object = snippet("fixup.S", fixups);
    struct section *section = find_section(object, ".fixup");
    struct atom *f = find_atom(object, "f"), *g = find_atom(object, "g");
    struct atom **pieces = section->atoms;

    (void)state;
    assert_int_equal(section->natoms, 4);
    assert_ptr_equal(pieces[0]->owner, f);
    assert_int_equal(pieces[0]->owner_offset, 0);
    assert_ptr_equal(pieces[1]->owner, f);
    assert_int_equal(pieces[1]->owner_offset, 3);
    assert_int_equal(pieces[1]->size, 15);
    assert_ptr_equal(pieces[2]->owner, g);
    assert_ptr_equal(pieces[3]->owner, g);
    assert_int_equal(f->nentries, 3);
    assert_int_equal(g->nentries, 2);
    assert_ptr_equal(f->entries[1]->refs[1].target, pieces[1]);
    assert_int_equal(f->entries[1]->refs[1].place, 0);
    assert_ptr_equal(f->entries[2]->refs[1].target, pieces[1]);
    assert_int_equal(f->entries[2]->refs[1].place, 5);
    assert_ptr_equal(g->entries[0]->refs[0].target, pieces[2]);
    assert_int_equal(g->entries[0]->owner_offset, 1);
    /* Back to where it is done. */
    assert_ptr_equal(pieces[0]->refs[0].target, f);
    assert_int_equal(pieces[0]->refs[0].place, 3);
    assert_whole(object);
    object_free(object);
}

#define ALTERNATIVE(at, with, length, replaced) \
    ".pushsection .altinstructions, \"a\"\n" \
    ".long " at " - ., " with " - .\n.word 1\n" \
    ".byte " length ", " replaced ", 0, 0\n.popsection\n"

static void test_alternatives(void **state)
{
    struct object *object = snippet("alternative.S",
        ".section .text.f, \"ax\"\nf: nop\n1: call elsewhere\n2: nop; nop\n"
        "ret; .size f, . - f\n"
        ".section .text.g, \"ax\"\ng: 3: nop; nop; nop\nret; .size g, . - g\n"
        ".section .altinstr_replacement, \"ax\"\n"
        "11: 13: call nowhere\n12: clac\n"
        ALTERNATIVE("1b", "11b", "5", "5") ALTERNATIVE("3b", "13b", "3", "0")
        ALTERNATIVE("2b", "12b", "2", "3") ALTERNATIVE("2b", "12b", "2", "0"));
    struct atom *f = find_atom(object, "f"), *g = find_atom(object, "g");
    struct section *section = find_section(object, ".altinstr_replacement");
    struct atom **pieces = section->atoms;

    (void)state;
    assert_int_equal(section->natoms, 4);
    /* Nothing in g's place, though f's call lies there. */
    assert_int_equal(g->nentries, 1);
    assert_ptr_equal(g->entries[0]->refs[1].target, pieces[0]);
    assert_ptr_equal(pieces[0]->owner, g);
    assert_int_equal(pieces[0]->size, 0);
    assert_int_equal(pieces[1]->size, 5);
    assert_ptr_equal(pieces[1]->owner, f);
    assert_int_equal(pieces[1]->nrefs, 1);
    assert_int_equal(pieces[1]->refs[0].bias, -4);
    assert_int_equal(pieces[3]->size, 3);
    assert_int_equal(f->nentries, 3);
    assert_ptr_equal(f->entries[0]->refs[1].target, pieces[1]);
    assert_ptr_equal(f->entries[1]->refs[1].target, pieces[3]);
    assert_ptr_equal(f->entries[2]->refs[1].target, pieces[2]);
    assert_int_equal(f->entries[1]->owner_offset, 6);
    assert_ptr_equal(section_atom(section, 0), pieces[1]);
    assert_null(section_atom(section, 8));
    assert_whole(object);
    object_free(object);
}

/* An alternative in a fixup, and an exception in a replacement. */
static void test_nested_owners(void **state)
{
    struct object *object = snippet("nested.S",
        ".section .text.f, \"ax\"\nf: nop\n1: mov (%rax), %rax\n2: ret\n"
        ".size f, . - f\n.section .fixup, \"ax\"\n3: nop; nop; nop; jmp 2b\n"
        ".section .altinstr_replacement, \"ax\"\n4: mov (%rbx), %rbx\n"
        ALTERNATIVE("3b", "4b", "3", "3") EXCEPTION("4b", "2b")
        EXCEPTION("1b", "3b"));
    struct atom *f = find_atom(object, "f");
    struct atom *replacement =
        find_section(object, ".altinstr_replacement")->atoms[0];

    (void)state;
    assert_int_equal(f->nentries, 3);
    assert_ptr_equal(replacement->owner, f);
    assert_int_equal(replacement->owner_offset, 1);
    object_free(object);
}

static void test_other_tables(void **state)
{
    struct object *object = snippet("tables.c",
        "void hook(void) {} void f(void) { asm(\"1: call *g(%rip)\\n\"\n"
        "    \".pushsection .alt_call_sites, \\\"a\\\"\\n.long 1b - .\\n\"\n"
        "    \".popsection\"); }\n"
        "void (*const load)(void)\n"
        "    __attribute__((section(\".livepatch.hooks.load\"))) = hook;\n"
        "void *const call __attribute__((section(\".initcall1.init\")))\n"
        "    = hook;\n");
    struct atom *load = find_atom(object, "load");
    struct section *calls = find_section(object, ".initcall1.init");

    (void)state;
    assert_int_equal(load->kind, ATOM_ENTRY);
    assert_ptr_equal(load->owner, find_atom(object, "hook"));
    assert_int_equal(load->section->special, SPECIAL_HOOKS);
    assert_int_equal(find_section(object, ".alt_call_sites")->special,
                     SPECIAL_ALTERNATIVE_CALLS);
    assert_int_equal(find_atom(object, "f")->nentries, 1);
    assert_int_equal(calls->special, SPECIAL_OTHER);
    assert_true(calls->init);
    assert_int_equal(find_atom(object, "call")->kind, ATOM_DATA);
    object_free(object);
}

/* -- Code in parts --------------------------------------------------------- */

static void test_cold(void **state)
{
    struct object *object = snippet("cold.c",
        "void rare(int) __attribute__((cold)); void often(int);\n"
        "void f(int n) { if (n > 3) { rare(n); rare(n + 1); } often(n); }\n");
    struct atom *cold = find_atom(object, "f.cold");
    struct atom *f = find_atom(object, "f");

    (void)state;
    assert_int_equal(cold->kind, ATOM_FUNCTION);
    assert_ptr_not_equal(cold, f);
    assert_ptr_equal(f->refs[0].target, cold);
    assert_ptr_equal(cold->refs[cold->nrefs - 1].target, f);
    object_free(object);
}

/* Jumps to a subsection and back have no relocations: both parts are one. */
static void test_subsection(void **state)
{
    struct object *object = snippet("subsection.c",
        "void g(void); void f(int n) { asm goto(\"test %0, %0; jz 1f\\n\"\n"
        "    \".subsection 1; 1: ud2; jmp %l1; .subsection 0\" : : \"r\" (n)\n"
        "    : : out); g(); out: ; }\n"
        "__attribute__((section(\".init.text\"))) void h(void) { g(); }\n");
    struct atom *f = find_atom(object, "f");

    (void)state;
    assert_int_equal(f->section->natoms, 1);
    assert_int_equal(f->size, f->section->size);
    assert_true(f->size > f->symbol->size);
    object_free(object);
}

/* -- Bad objects ----------------------------------------------------------- */

/* Reads an image, changed at one place, and expects an error that says so. */
static void assert_refused(unsigned char *image, size_t size, const char *says)
{
    char *why = NULL;
    struct object *object = object_read_memory(image, size, "bad.o", &why);

    assert_null(object);
    assert_non_null(why);
    if (!strstr(why, says) || strncmp(why, "bad.o: ", 7)) {
        fail_msg("'%s' doesn't say '%s'", why, says);
    }
    free(why);
}

static Elf64_Shdr *header_of(unsigned char *image, unsigned int type)
{
    Elf64_Ehdr *header = (void *)image;
    Elf64_Shdr *sections = (void *)(image + header->e_shoff);

    while (sections->sh_type != type) {
        sections++;
    }
    return sections;
}

static void test_refused(void **state)
{
    size_t size;
    unsigned char *image = snippet_image("bad.S", fixups, "", &size);
    Elf64_Ehdr *header = (void *)image;
    Elf64_Rela *relocation =
        (void *)(image + header_of(image, SHT_RELA)->sh_offset);
    Elf64_Sym *symbols =
        (void *)(image + header_of(image, SHT_SYMTAB)->sh_offset);
    Elf64_Rela saved = relocation[0];
    Elf64_Sym symbol = symbols[1];

    (void)state;
    relocation[0].r_offset = 1 << 20;
    assert_refused(image, size, "beyond its end");
    relocation[0].r_offset = relocation[1].r_offset + 1;
    assert_refused(image, size, "two relocations");
    relocation[0] = saved;
    relocation[0].r_info = ELF64_R_INFO(1000, R_X86_64_PC32);
    assert_refused(image, size, "symbol 1000, which isn't there");
    relocation[0].r_info = ELF64_R_INFO(1, 199);
    assert_refused(image, size, "unknown type 199");
    relocation[0] = saved;
    symbols[1].st_shndx = SHN_COMMON;
    assert_refused(image, size, "-fno-common");
    symbols[1].st_shndx = 500;
    assert_refused(image, size, "section 500, which isn't there");
    symbols[1].st_shndx = 1;
    symbols[1].st_size = UINT64_MAX;
    assert_refused(image, size, "beyond its section");
    symbols[1] = symbol;
    symbols[1].st_name = 1 << 20;
    symbols[1].st_info = 0;
    assert_refused(image, size, "name of symbol 1 is not in");
    symbols[1] = symbol;
    header->e_type = ET_EXEC;
    assert_refused(image, size, "not relocatable");
    header->e_type = ET_REL;
    header->e_machine = EM_386;
    assert_refused(image, size, "not an object file for x86-64");
    header->e_machine = EM_X86_64;
    free(image);
}

static void test_bad_sections(void **state)
{
    size_t size;
    unsigned char *image = snippet_image("bad.S", fixups, "", &size);
    Elf64_Shdr *code = header_of(image, SHT_PROGBITS);
    Elf64_Shdr *symtab = header_of(image, SHT_SYMTAB);
    Elf64_Shdr *strtab = header_of(image, SHT_STRTAB);
    Elf64_Shdr *relocations = header_of(image, SHT_RELA);

    (void)state;
    code->sh_addralign = 3;
    assert_refused(image, size, "alignment of 3");
    code->sh_addralign = 0;
    code->sh_flags |= SHF_COMPRESSED;
    assert_refused(image, size, "compressed");
    code->sh_flags &= ~SHF_COMPRESSED;
    code->sh_type = SHT_SYMTAB;
    code->sh_entsize = sizeof(Elf64_Sym);
    assert_refused(image, size, "two symbol tables");
    code->sh_type = SHT_PROGBITS;
    code->sh_size = size - code->sh_offset;
    assert_refused(image, size, "overlap");
    code->sh_size = 0;
    image[strtab->sh_offset + strtab->sh_size - 1] = 'x';
    assert_refused(image, size, "no table of strings");
    image[strtab->sh_offset + strtab->sh_size - 1] = 0;
    relocations->sh_entsize = 7;
    assert_refused(image, size, "not whole ones of 24");
    relocations->sh_entsize = sizeof(Elf64_Rela);
    relocations->sh_link++;
    assert_refused(image, size, "relocations of no sense");
    relocations->sh_link--;
    relocations->sh_info = 500;
    assert_refused(image, size, "section 500, which isn't there");
    symtab->sh_entsize = 7;
    assert_refused(image, size, "not whole ones of 24");
    free(image);
}

/* A relocation that does nothing is none. */
static void test_no_relocation(void **state)
{
    size_t size;
    char *why = NULL;
    unsigned char *image = snippet_image("none.S",
        ".data\nv: .quad elsewhere\n", "", &size);
    Elf64_Rela *relocation =
        (void *)(image + header_of(image, SHT_RELA)->sh_offset);
    struct object *object;

    (void)state;
    relocation->r_info = ELF64_R_INFO(0, R_X86_64_NONE);
    object = object_read_memory(image, size, "none.o", &why);
    free(image);
    assert_non_null(object);
    assert_int_equal(find_atom(object, "v")->nrefs, 0);
    object_free(object);
}

/* They needn't be in order. */
static void test_unordered(void **state)
{
    size_t size;
    char *why = NULL;
    unsigned char *image = snippet_image("unordered.S",
        ".data\nv: .quad one, two, three\n", "", &size);
    Elf64_Rela *relocations =
        (void *)(image + header_of(image, SHT_RELA)->sh_offset);
    Elf64_Rela saved = relocations[0];
    struct object *object;
    struct atom *v;

    (void)state;
    relocations[0] = relocations[2];
    relocations[2] = saved;
    object = object_read_memory(image, size, "unordered.o", &why);
    free(image);
    assert_non_null(object);
    v = find_atom(object, "v");
    assert_int_equal(v->nrefs, 3);
    assert_string_equal(v->refs[0].symbol->name, "one");
    assert_string_equal(v->refs[2].symbol->name, "three");
    object_free(object);
}

static void test_bad_table(void **state)
{
    size_t size;
    unsigned char *image = snippet_image("table.S",
        ".section .altinstructions, \"a\"\n.long 1, 2, 3, 4\n", "", &size);

    (void)state;
    assert_refused(image, size, "no whole number of entries of 14");
    free(image);
}

/* Any beginning of a file, and any file with a byte changed. */
static void test_damaged(void **state)
{
    size_t size, i;
    unsigned char *image = snippet_image("damaged.S", fixups, "", &size);

    (void)state;
    for (i = 0; i < 2 * size; i++) {
        struct object *object;
        char *why = NULL;

        if (i >= size) {
            image[i - size] ^= 0x81;
        }
        object = object_read_memory(image, i < size ? i : size, "bad.o", &why);
        assert_true(!object == !!why);
        assert_true(i >= size || !object);
        object_free(object);
        free(why);
        if (i >= size) {
            image[i - size] ^= 0x81;
        }
    }
    free(image);
}

static void test_no_file(void **state)
{
    char *why = NULL;

    (void)state;
    assert_null(object_read("/nonexistent.o", "nonexistent.o", &why));
    assert_non_null(strstr(why, "No such file"));
    free(why);
    assert_null(object_read("/tmp", "tmp", &why));
    assert_non_null(strstr(why, "not a file"));
    free(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_and_data),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_bias),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_assembly),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_empty_strings),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_not_loaded),
        cmocka_unit_test(test_bug_frames),
        cmocka_unit_test(test_fixups),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_nested_owners),
        cmocka_unit_test(test_other_tables),
        cmocka_unit_test(test_cold),
        cmocka_unit_test(test_subsection),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_sections),
        cmocka_unit_test(test_no_relocation),
        cmocka_unit_test(test_unordered),
        cmocka_unit_test(test_bad_table),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
