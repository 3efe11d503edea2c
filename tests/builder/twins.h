/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two builds of a source file, paired and compared.
 */
#ifndef TESTS_BUILDER_TWINS_H
#define TESTS_BUILDER_TWINS_H

#include "compare/compare.h"

struct twins {
    struct object *old, *new;
};

struct twins twins_of(const char *old, const char *new);
struct twins assembly_twins(const char *old, const char *new);
struct twins twins_with(const char *old, const char *new,
                        const char *old_options, const char *new_options);
void twins_free(struct twins twins);

/* All that has a name and isn't the same, ascending by name:
 * "changed f, gone g, new h". */
void assert_differences(const struct twins *twins, const char *expected);

/* twins_of(), assert_differences() and twins_free(). */
void check_differences(const char *old, const char *new, const char *expected);

/* The atom that a function refers to whose name is this one but for a number;
 * the n-th such reference that leads to another atom than those before. */
struct atom *referred(const struct object *object, const char *function,
                      const char *name, unsigned int n);

/* Beginnings for sources. */
#define DECLARATIONS \
    "#define noinline __attribute__((noinline))\n" \
    "#define NULL ((void *)0)\n" \
    "int printk(const char *, ...);\n" \
    "int use(const void *);\n" \
    "int outer(int);\n"

/* Entries as Xen's macros make them. */
#define BUG_FRAMES \
    "#define FRAME(type, line, more) \\\n" \
    "    asm volatile ( \"1: ud2\\n\" \\\n" \
    "        \".pushsection .bug_frames.\" #type \", \\\"a\\\", \" \\\n" \
    "        \"@progbits\\n\" \\\n" \
    "        \".p2align 2\\n\" \\\n" \
    "        \"2: .long (1b - 2b) + %c[hi]\\n\" \\\n" \
    "        \".long (%c[file] - 2b) + %c[lo]\\n\" \\\n" \
    "        more \".popsection\" \\\n" \
    "        :: [hi] \"i\" (((line) >> 7) << 24), \\\n" \
    "           [lo] \"i\" (((line) & 127) << 24), \\\n" \
    "           [file] \"i\" (\"file.c\") )\n" \
    "#define BUG(line) FRAME(2, line, \"\")\n" \
    "#define WARN(line) FRAME(1, line, \"\")\n" \
    "#define ASSERT(text, line) \\\n" \
    "    asm volatile ( \"1: ud2\\n\" \\\n" \
    "        \".pushsection .bug_frames.3, \\\"a\\\", @progbits\\n\" \\\n" \
    "        \".p2align 2\\n\" \\\n" \
    "        \"2: .long (1b - 2b) + %c[hi]\\n\" \\\n" \
    "        \".long (%c[file] - 2b) + %c[lo]\\n\" \\\n" \
    "        \".long 0, %c[what] - 2b\\n.popsection\" \\\n" \
    "        :: [hi] \"i\" (((line) >> 7) << 24), \\\n" \
    "           [lo] \"i\" (((line) & 127) << 24), \\\n" \
    "           [file] \"i\" (\"file.c\"), [what] \"i\" (text) )\n"

#endif
