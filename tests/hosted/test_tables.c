/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables beside a payload's code: bug frames, exceptions, alternatives,
 * calls that become direct, and what the author says.
 */
#include "records.h"

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/uaccess.h>
#include <xen/bug.h>

#include "alternative_calls.h"
#include "symbols.h"

#define ABSENT  5                       /* Features. */
#define PRESENT X86_FEATURE_ALWAYS

/* -- Bug frames ---------------------------------------------------------- */

static const char *const frames[] = {
    ".bug_frames.0", ".bug_frames.1", ".bug_frames.2", ".bug_frames.3",
};

static size_t nframes(unsigned int kind)
{
#if HOSTED_RELEASE < 19
    return payload.region.frame[kind].n_bugs;
#else
    return payload.region.frame[kind].stop - payload.region.frame[kind].start;
#endif
}

static const struct bug_frame *first_frame(unsigned int kind)
{
#if HOSTED_RELEASE < 19
    return payload.region.frame[kind].bugs;
#else
    return payload.region.frame[kind].start;
#endif
}

/* A payload with ud2s, and a frame of that kind for the first. */
static struct image *image_bug(unsigned int kind)
{
    struct image *image = image_new();
    unsigned int code = image_add_code(image, "bug", "\x0f\x0b\x0f\x0b\xc3",
                                       5);

    image_add_bug_frame(image, kind, code, 0, "file.c");
    /* What it runs is a function, not the name of a file. */
    if ( kind == BUGFRAME_run_fn )
        image_reloc(image, frames[0], 4)->entry = (Elf_RelA){
            .r_offset = 4, .r_addend = 4,
            .r_info = ELF64_R_INFO((uint64_t)code, R_X86_64_PC32),
        };
    return image;
}

static void test_bug_frames(void **state)
{
    unsigned int kind, other;

    for ( kind = 0; kind < BUGFRAME_NR; kind++ )
    {
        assert_loads(image_bug(kind));
        for ( other = 0; other < BUGFRAME_NR; other++ )
            assert_int_equal(nframes(other),
                             other != kind ? 0
                             : kind == BUGFRAME_assert ? 2 : 1);
        assert_memory_equal(bug_loc(first_frame(kind)), "\x0f\x0b\x0f\x0b",
                            4);
        if ( kind != BUGFRAME_run_fn )
            assert_string_equal(bug_ptr(first_frame(kind)), "file.c");
    }

    /* Several; and none in a section that is there. */
    {
        struct image *image = image_bug(BUGFRAME_warn);

        image_add_bug_frame(image, BUGFRAME_warn,
                            image_symbol_index(image, "bug"), 2, "other.c");
        image_add_section(image, frames[2], SHT_PROGBITS, SHF_ALLOC, NULL, 0);
        assert_loads(image);
        assert_int_equal(nframes(BUGFRAME_warn), 2);
        assert_int_equal(nframes(BUGFRAME_bug), 0);
        assert_null(first_frame(BUGFRAME_bug));
    }
}

static void test_bug_frame_size(void **state)
{
    unsigned int kind;

    for ( kind = 0; kind < BUGFRAME_NR; kind++ )
    {
        struct image *image = image_bug(kind);

        image_grow(image, image_section_index(image, frames[kind]), NULL, 4);
        assert_refuses(image, -EINVAL, frames[kind]);
    }

    /* An assertion without its message. */
    {
        struct image *image = image_bug(BUGFRAME_assert);

        image_grow(image, image_section_index(image, frames[3]), NULL, 8);
        assert_refuses(image, -EINVAL, frames[3]);
    }
}

static void test_bug_frame_place(void **state)
{
    unsigned int kind;

    for ( kind = 0; kind < BUGFRAME_NR; kind++ )
    {
        struct image *image = image_bug(kind);

        image_reloc(image, frames[kind], 0)->entry.r_addend = 0x4000;
        assert_refuses(image, -EINVAL, "entry 0: its place,");
        assert_words(payload.why.text, frames[kind]);

        image = image_bug(kind);
        image_reloc(image, frames[kind], 0)->entry.r_addend = -0x1000;
        assert_refuses(image, -EINVAL, "is not in the payload's code");
    }

    /* The second of several. */
    {
        struct image *image = image_bug(BUGFRAME_bug);

        image_add_bug_frame(image, BUGFRAME_bug,
                            image_symbol_index(image, "bug"), 0x4000, "f.c");
        assert_refuses(image, -EINVAL, "entry 1: its place,");
    }
}

static void test_bug_frame_text(void **state)
{
    struct image *image;
    unsigned int kind;

    for ( kind = BUGFRAME_warn; kind < BUGFRAME_NR; kind++ )
    {
        image = image_bug(kind);
        image_reloc(image, frames[kind], 4)->entry.r_addend = 0x4000;
        assert_refuses(image, -EINVAL, "no string for the name of the file");
    }

    image = image_bug(BUGFRAME_assert);
    image_reloc(image, frames[3], 12)->entry.r_addend = 0x4000;
    assert_refuses(image, -EINVAL, "no string for the message");

    /* Without an end. */
    image = image_bug(BUGFRAME_bug);
    image_reloc(image, frames[2], 4)->entry = (Elf_RelA){
        .r_offset = 4, .r_addend = 4,
        .r_info = ELF64_R_INFO(
            (uint64_t)image_add_symbol(
                image, "endless",
                image_add_section(image, ".rodata.end", SHT_PROGBITS,
                                  SHF_ALLOC, "abc", 3), 0, 3, 0),
            R_X86_64_PC32),
    };
    assert_refuses(image, -EINVAL, "no string for the name of the file");
}

static void test_bug_frame_function(void **state)
{
    struct image *image = image_bug(BUGFRAME_run_fn);

    image_reloc(image, frames[0], 4)->entry.r_addend = 0x4000;
    assert_refuses(image, -EINVAL, "there is no code to be run at");

    /* Its own data. */
    image = image_bug(BUGFRAME_run_fn);
    image_reloc(image, frames[0], 4)->entry = (Elf_RelA){
        .r_offset = 4, .r_addend = 4,
        .r_info = ELF64_R_INFO(
            (uint64_t)image_add_symbol(
                image, "data",
                image_add_section(image, ".data", SHT_PROGBITS,
                                  SHF_ALLOC | SHF_WRITE, NULL, 8), 0, 8, 0),
            R_X86_64_PC32),
    };
    assert_refuses(image, -EINVAL, "there is no code to be run at");
}

/* -- Exceptions ---------------------------------------------------------- */

static struct image *image_exception(uint64_t at, uint64_t go_on)
{
    struct image *image = image_new();

    image_add_exception(image, image_symbol_index(image, "new_xen_one_101"),
                        at, go_on);
    return image;
}

static unsigned long ex_addr(const struct exception_table_entry *e)
{
    return (unsigned long)&e->addr + e->addr;
}

static unsigned long ex_cont(const struct exception_table_entry *e)
{
    return (unsigned long)&e->cont + e->cont;
}

/* They end up sorted, each with what belongs to it. */
static void test_exceptions(void **state)
{
    struct image *image = image_exception(4, 5);
    unsigned int symbol = image_symbol_index(image, "new_xen_one_101"), i;
    unsigned long code;

    image_add_exception(image, symbol, 0, 1);
    image_add_exception(image, symbol, 2, 3);
    image_add_exception(image, symbol, 1, 2);
    assert_loads(image);
    assert_int_equal(payload.region.ex_end - payload.region.ex, 4);
    code = (unsigned long)payload.funcs[0].new_addr;
    for ( i = 0; i < 4; i++ )
    {
        assert_int_equal(ex_addr(&payload.region.ex[i]), code + i + (i == 3));
        assert_int_equal(ex_cont(&payload.region.ex[i]),
                         ex_addr(&payload.region.ex[i]) + 1);
    }

    assert_loads(image_new());
    assert_null(payload.region.ex);
    image = image_new();
    image_add_section(image, ".ex_table", SHT_PROGBITS, SHF_ALLOC, NULL, 0);
    assert_loads(image);
    assert_null(payload.region.ex);
}

static void test_exceptions_bad(void **state)
{
    struct image *image;

    assert_refuses(image_exception(0x4000, 0), -EINVAL,
                   "section .ex_table, entry 0: the instruction at");
    assert_refuses(image_exception(-0x1000, 0), -EINVAL,
                   "the instruction at");
    assert_refuses(image_exception(0, 0x4000), -EINVAL,
                   "where to go on, is not in the payload's code");
    assert_refuses(image_exception(0, -0x1000), -EINVAL, "where to go on");

    image = image_exception(0, 1);
    image_add_exception(image, image_symbol_index(image, "new_xen_one_101"),
                        0, 0x4000);
    assert_refuses(image, -EINVAL, "entry 1: ");

    image = image_exception(0, 1);
    image_grow(image, image_section_index(image, ".ex_table"), NULL, 4);
    assert_refuses(image, -EINVAL, ".ex_table");
}

/* -- Alternatives -------------------------------------------------------- */

#define ALTS ".altinstructions"

/* mov $1; mov $2; ret */
static const uint8_t two_moves[] = {
    0xb8, 1, 0, 0, 0, 0xb8, 2, 0, 0, 0, 0xc3,
};

/* What becomes of it. */
static uint8_t *code_of(const char *name)
{
    unsigned long addr = symbols_find(&payload, name);

    assert_int_not_equal(addr, 0);
    return (uint8_t *)addr;
}

static struct image *image_alternative(int64_t offset,
                                       unsigned int orig_len,
                                       unsigned int pad_len,
                                       unsigned int cpuid, const void *code,
                                       unsigned int repl_len)
{
    struct image *image = image_new();

    image_add_alternative(image, image_add_code(image, "code", two_moves,
                                                sizeof(two_moves)),
                          offset, orig_len, pad_len, cpuid, code, repl_len);
    return image;
}

static struct alt_instr *alternative(struct image *image)
{
    return (struct alt_instr *)image_section(image, ALTS)->data;
}

static void test_alternatives(void **state)
{
    uint8_t nops[8];

    assert_loads(image_alternative(5, 5, 0, PRESENT, "\xb8\x03\0\0\0", 5));
    assert_memory_equal(code_of("code"), "\xb8\1\0\0\0\xb8\3\0\0\0\xc3", 11);
    assert_loads(image_alternative(5, 5, 0, ABSENT, "\xb8\x03\0\0\0", 5));
    assert_memory_equal(code_of("code"), two_moves, 11);
    assert_loads(image_alternative(5, 5, 0, ABSENT | ALT_FLAG_NOT,
                                   "\xb8\x03\0\0\0", 5));
    assert_memory_equal(code_of("code"), "\xb8\1\0\0\0\xb8\3\0\0\0\xc3", 11);

    /* Shorter, or nothing; padding counts. */
    assert_loads(image_alternative(5, 2, 3, PRESENT, "\xb8\x03\0\0\0", 5));
    assert_memory_equal(code_of("code"), "\xb8\1\0\0\0\xb8\3\0\0\0\xc3", 11);
    assert_loads(image_alternative(5, 5, 0, PRESENT, "", 0));
    add_nops(nops, 5);
    assert_memory_equal(code_of("code") + 5, nops, 5);

    /* The last feature that there is. */
    assert_loads(image_alternative(5, 5, 0, NCAPINTS * 32 - 1, "\x90", 1));
}

/* The section gets a name that nobody knows. */
static void hide_replacements(struct image *image)
{
    struct image_section *section = image_section(image,
                                                  ".altinstr_replacement");

    free(section->name);
    section->name = strdup(".hidden");
}

/* No section, an empty one, and one that ends in the middle of an entry. */
static void test_alternatives_section(void **state)
{
    struct image *image = image_new();

    image_add_section(image, ALTS, SHT_PROGBITS, SHF_ALLOC, NULL, 0);
    assert_loads(image);

    image = image_alternative(5, 5, 0, PRESENT, "\x90", 1);
    image_grow(image, image_section_index(image, ALTS), NULL, 7);
    assert_refuses(image, -EINVAL, ALTS);

    /* Replacements that aren't there, or aren't loaded. */
    image = image_alternative(5, 5, 0, PRESENT, "\x90", 1);
    hide_replacements(image);
    assert_refuses(image, -EINVAL, "is not in section .altinstr_replacement");

    image = image_alternative(5, 5, 0, PRESENT, "\x90", 1);
    hide_replacements(image);
    image_add_section(image, ".altinstr_replacement", SHT_PROGBITS, 0,
                      "\x90", 1);
    assert_refuses(image, -EINVAL, "is not in section .altinstr_replacement");
}

static void test_alternatives_place(void **state)
{
    struct image *image;

    assert_refuses(image_alternative(0x4000, 5, 0, PRESENT, "\x90", 1),
                   -EINVAL, "entry 0: 5 bytes at");
    assert_refuses(image_alternative(-0x1000, 5, 0, PRESENT, "\x90", 1),
                   -EINVAL, "to be replaced, are not in the payload's code");

    /* The padding behind it, which the others don't count, as well. */
    assert_refuses(image_alternative(6, 5, 200, PRESENT, "\x90", 1), -EINVAL,
                   "205 bytes at");

    image = image_alternative(5, 5, 0, PRESENT, "\x90", 1);
    image_reloc(image, ALTS, 4)->entry.r_addend += 1;
    assert_refuses(image, -EINVAL, "the replacement, 1 bytes at");
    image = image_alternative(5, 5, 0, PRESENT, "\x90", 1);
    image_reloc(image, ALTS, 4)->entry.r_addend -= 1;
    assert_refuses(image, -EINVAL, "the replacement, 1 bytes at");
}

/* Older hypervisors would stop at these. */
static void test_alternatives_fields(void **state)
{
    uint8_t many[300] = {};
    struct image *image;

    assert_refuses(image_alternative(5, 4, 0, PRESENT, many, 5), -ENOSPC,
                   "entry 0: 5 bytes can't replace 4");
    assert_refuses(image_alternative(5, 2, 2, ABSENT, many, 5), -ENOSPC,
                   "5 bytes can't replace 4");
    assert_refuses(image_alternative(5, 5, 0, NCAPINTS * 32, many, 5),
                   -ERANGE, "there is no processor feature 512");
    assert_refuses(image_alternative(5, 5, 0,
                                     (NCAPINTS * 32) | ALT_FLAG_NOT, many, 5),
                   -ERANGE, "there is no processor feature 512");
    assert_refuses(image_alternative(5, 5, 0, 0x7fff, many, 5), -ERANGE,
                   "feature 32767");

    image = image_new();
    image_add_alternative(image, image_add_code(image, "code", many, 300),
                          0, 254, 0, PRESENT, many, 254);
    assert_loads(image);
    image = image_new();
    image_add_alternative(image, image_add_code(image, "code", many, 300),
                          0, 254, 1, PRESENT, many, 100);
    assert_refuses(image, -ENOSPC, "can't replace 255 (of at most 254)");

    image = image_alternative(5, 5, 0, PRESENT, many, 5);
    alternative(image)->priv = 1;
    assert_refuses(image, -EINVAL, "is marked as done already");
}

/* One bad entry, and none takes effect: also if it is the last. */
static void test_alternatives_second(void **state)
{
    struct image *image = image_alternative(5, 5, 0, PRESENT,
                                            "\xb8\x03\0\0\0", 5);

    image_add_alternative(image, image_symbol_index(image, "code"), 0, 4, 0,
                          PRESENT, "\x90\x90\x90\x90\x90", 5);
    assert_refuses(image, -ENOSPC, "entry 1: ");
}

/* A direct call in a replacement still goes where it went. */
static void test_alternatives_call(void **state)
{
    struct image *image = image_new();
    unsigned int code = image_add_code(image, "code", two_moves,
                                       sizeof(two_moves));
    uint8_t *at;
    int32_t rel32;

    image_add_alternative(image, code, 5, 5, 0, PRESENT, "\xe8\0\0\0\0", 5);
    image_add_reloc(image,
                    image_section_index(image, ".altinstr_replacement"), 1,
                    image_undefined(image, "xen_two"), R_X86_64_PLT32, -4);
    assert_loads(image);
    at = code_of("code") + 5;
    assert_int_equal(*at, 0xe8);
    memcpy(&rel32, at + 1, sizeof(rel32));
    assert_ptr_equal(at + 5 + rel32, hosted_symbol("xen_two"));
}

/* -- Calls that become direct -------------------------------------------- */

/* How the two kinds of releases have them; either kind is understood. */
enum style { OLD, OLD_JUMP, NEW };

/*
 * Code that calls through a pointer in the payload's data, which points to a
 * symbol; 0: nowhere.
 */
static struct image *image_altcall(enum style style, const char *target)
{
    struct image *image = image_new();
    unsigned int data = image_add_section(image, ".data.pointer",
                                          SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                                          NULL, 8);
    unsigned int pointer = image_add_symbol(image, "pointer", data, 0, 8, 0);
    unsigned int code, sites;

    code = image_add_code(image, "code",
                          style == OLD_JUMP ? "\xff\x25\0\0\0\0\x66\x90\xc3"
                                            : "\xff\x15\0\0\0\0\x66\x90\xc3",
                          9);
    image_add_reloc(image, image->symbols[code].entry.st_shndx,
                    image->symbols[code].entry.st_value + 2, pointer,
                    R_X86_64_PC32, -4);
    if ( target )
        image_add_reloc(image, data, 0, image_undefined(image, target),
                        R_X86_64_64, 0);
    if ( style == NEW )
    {
        sites = image_add_section(image, ".alt_call_sites", SHT_PROGBITS,
                                  SHF_ALLOC, NULL, 4);
        image_add_reloc(image, sites, 0, code, R_X86_64_PC32, 0);
    }
    else
        image_add_alternative(image, code, 0, 6, style == OLD ? 2 : 0, PRESENT,
                              style == OLD ? "\xe8\xfb\xff\xff\xff"
                                           : "\xe9\xfb\xff\xff\xff", 5);
    return image;
}

/* Where the direct call or jump goes. */
static const void *altcall_target(enum style style)
{
    uint8_t *at = code_of("code");
    int32_t rel32;

    assert_int_equal(at[0], 0x2e);
    assert_int_equal(at[1], style == OLD_JUMP ? 0xe9 : 0xe8);
    memcpy(&rel32, at + 2, sizeof(rel32));
    /* What is behind it stays, or is filled up. */
    assert_memory_equal(at + 6, "\x66\x90\xc3", 3);
    return at + 6 + rel32;
}

static void test_altcalls(void **state)
{
    enum style style;

    for ( style = OLD; style <= NEW; style++ )
    {
        /* ENDBR64 is for indirect calls, and so is what is left of one, of
         * which nobody has to be told. */
        hosted_console_clear();
        assert_loads(image_altcall(style, "xen_poisoned"));
        assert_null(strstr(hosted_console(), "endbr"));
        assert_ptr_equal(altcall_target(style),
                         hosted_symbol("xen_poisoned") + 4);
        assert_loads(image_altcall(style, "xen_endbr"));
        assert_ptr_equal(altcall_target(style),
                         hosted_symbol("xen_endbr") + 4);

        assert_loads(image_altcall(style, "xen_two"));
        assert_ptr_equal(altcall_target(style), hosted_symbol("xen_two"));
    }
}

/* A pointer that is still NULL: nobody may get there. */
static void test_altcall_null(void **state)
{
    enum style style;

    for ( style = OLD; style <= NEW; style++ )
    {
        assert_loads(image_altcall(style, NULL));
        assert_memory_equal(code_of("code"), "\x0f\x0b\x0f\x0b\x0f\x0b", 6);
    }
}

static void test_altcall_pointer(void **state)
{
    enum style style;

    for ( style = OLD; style <= NEW; style++ )
    {
        struct image *image = image_altcall(style, "xen_two");
        unsigned int code = image_symbol_index(image, "code");
        uint64_t at = image->symbols[code].entry.st_value + 2;

        /* The pointer itself is nowhere: behind all, and in init data. */
        image_reloc(image, ".text.payload", at)->entry.r_addend = 0x100000;
        assert_refuses(image, -EINVAL, "is through a pointer at");
        image = image_altcall(style, "xen_two");
        image_reloc(image, ".text.payload", at)->entry.r_addend = -0x100000;
        assert_refuses(image, -EINVAL,
                       "which is neither the hypervisor's nor a payload's");

        /* In the hypervisor's data, it counts. */
        image = image_altcall(style, "xen_two");
        image_reloc(image, ".text.payload", at)->entry.r_info =
            ELF64_R_INFO((uint64_t)image_undefined(image, "xen_variable"),
                         R_X86_64_PC32);
        assert_loads(image);
        assert_memory_equal(code_of("code"), "\x0f\x0b\x0f\x0b\x0f\x0b", 6);

        /* It points to data, ... */
        assert_refuses(image_altcall(style, "xen_variable"), -EINVAL,
                       "where no code is");
        /* ... nowhere. */
        image = image_altcall(style, NULL);
        image_section(image, ".data.pointer")->data[0] = 1;
        assert_refuses(image, -EINVAL, "where no code is");
    }
}

/* Within its own code, and in another payload's. */
static void test_altcall_payloads(void **state)
{
    struct image *image = image_make(1, HOSTED_XEN_ID, "xen_three", 9);
    unsigned int data, pointer;

    data = image_add_section(image, ".data.low", SHT_PROGBITS,
                             SHF_ALLOC | SHF_WRITE, NULL, 8);
    pointer = image_add_symbol(image, "low_pointer", data, 0, 8,
                               ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    image_add_reloc(image, data, 0, image_undefined(image, "xen_two"),
                    R_X86_64_64, 0);
    image_add_return(image, "low_function", 4);
    (void)pointer;
    assert_int_equal(op_upload_once("low", image), 0);

    assert_loads(image_altcall(NEW, "low_function"));
    assert_ptr_equal(altcall_target(NEW),
                     (void *)symbols_find(payloads_find("low"),
                                          "low_function"));

    image = image_altcall(NEW, NULL);
    image_reloc(image, ".text.payload",
                image_symbol(image, "code")->entry.st_value + 2)
        ->entry.r_info =
        ELF64_R_INFO((uint64_t)image_undefined(image, "low_pointer"),
                     R_X86_64_PC32);
    assert_loads(image);
    assert_ptr_equal(altcall_target(NEW), hosted_symbol("xen_two"));

    assert_loads(image_altcall(NEW, "new_xen_one_101"));
    assert_ptr_equal(altcall_target(NEW), payload.funcs[0].new_addr);
}

/* What is found through a pointer of the hypervisor's has to stay as well. */
static void test_altcall_keeps_target(void **state)
{
    unsigned long *variable = hosted_symbol("xen_variable");
    struct image *image = image_make(1, HOSTED_XEN_ID, "xen_three", 9);
    struct payload *low;

    image_add_return(image, "low_function", 4);
    assert_int_equal(op_upload_once("low", image), 0);
    low = payloads_find("low");

    image = image_altcall(NEW, NULL);
    image_reloc(image, ".text.payload",
                image_symbol(image, "code")->entry.st_value + 2)
        ->entry.r_info =
        ELF64_R_INFO((uint64_t)image_undefined(image, "xen_variable"),
                     R_X86_64_PC32);
    *variable = symbols_find(low, "low_function");
    assert_loads(image);
    *variable = 0;
    assert_ptr_equal(altcall_target(NEW),
                     (void *)symbols_find(low, "low_function"));
    assert_int_equal(low->users, 1);
    assert_int_equal(op_unload("low"), -EBUSY);
}

/* Not everything that looks a little like one is one. */
static void test_altcall_others(void **state)
{
    static const struct {
        const char *orig, *repl;
        unsigned int orig_len, pad_len, cpuid, repl_len;
    } others[] = {
        { "\xff\x15", "\xe8\xfb\xff\xff\xff", 6, 2, ABSENT, 5 },
        { "\xff\x15", "\xe8\xfb\xff\xff\xff", 5, 3, PRESENT, 5 },
        { "\xff\x15", "\xe8\xfb\xff\xff", 6, 2, PRESENT, 4 },
        { "\xff\x15", "\xe7\xfb\xff\xff\xff", 6, 2, PRESENT, 5 },
        { "\xff\x15", "\xe8\xfc\xff\xff\xff", 6, 2, PRESENT, 5 },
        { "\xff\x25", "\xe8\xfb\xff\xff\xff", 6, 2, PRESENT, 5 },
        { "\xff\x15", "\xe9\xfb\xff\xff\xff", 6, 2, PRESENT, 5 },
        { "\xfe\x15", "\xe8\xfb\xff\xff\xff", 6, 2, PRESENT, 5 },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(others); i++ )
    {
        struct image *image = image_new();
        uint8_t code[9] = { others[i].orig[0], others[i].orig[1] };

        /* The pointer would be far away. */
        memset(code + 2, 0x7f, 4);
        image_add_alternative(image, image_add_code(image, "code", code,
                                                    sizeof(code)),
                              0, others[i].orig_len, others[i].pad_len,
                              others[i].cpuid, others[i].repl,
                              others[i].repl_len);
        assert_loads(image);
        assert_int_not_equal(*code_of("code"), 0x2e);
    }
}

/* The code is said to be where a jump doesn't reach. */
static void test_altcall_distance(void **state)
{
    struct image *image = image_new();
    struct elf_view elf = { .why = &payload.why };
    /* The stack is: the heap may be near the program. */
    uint8_t somewhere[16], *far = somewhere;
    struct livepatch_span text;
    uint8_t *pointer, *site;

    /* A pointer, and a call through it: -14 from the call's end. */
    image_add_section(image, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                      "--------\xff\x15\xf2\xff\xff\xff", 14);
    assert_loads(image);
    pointer = payload.image.rw.addr;
    site = pointer + 8;
    memcpy(pointer, &far, sizeof(far));
    text = payload.image.text;
    payload.image.text = (struct livepatch_span){ far, 16 };
    assert_int_equal(alternative_call_resolve(&elf, &payload, "s", 7, site),
                     -EOVERFLOW);
    payload.image.text = text;
    assert_words(payload.why.text, "section s, entry 7: the call at");
    assert_words(payload.why.text, "which is too far away");
}

static void test_altcall_sites(void **state)
{
    struct image *image = image_new();

    image_add_section(image, ".alt_call_sites", SHT_PROGBITS, SHF_ALLOC, NULL,
                      0);
    assert_loads(image);

    image = image_altcall(NEW, "xen_two");
    image_grow(image, image_section_index(image, ".alt_call_sites"), NULL, 2);
    assert_refuses(image, -EINVAL, ".alt_call_sites");

    image = image_altcall(NEW, "xen_two");
    image_reloc(image, ".alt_call_sites", 0)->entry.r_addend = 0x4000;
    assert_refuses(image, -EINVAL, "entry 0: the call at");
    assert_words(payload.why.text, "is not in the payload's code");

    image = image_altcall(NEW, "xen_two");
    image_reloc(image, ".alt_call_sites", 0)->entry.r_addend = 1;
    assert_refuses(image, -EINVAL, "is no call through a pointer");
    image = image_altcall(NEW, "xen_two");
    image_section(image, ".text.payload")->data[
        image_symbol(image, "code")->entry.st_value + 1] = 0x25;
    assert_refuses(image, -EINVAL, "is no call through a pointer");

    /* The same one twice: it isn't one any more. */
    image = image_altcall(NEW, "xen_two");
    image_add_reloc(image, image_section_index(image, ".alt_call_sites"),
                    image_grow(image, image_section_index(image,
                                                  ".alt_call_sites"), NULL, 4),
                    image_symbol_index(image, "code"), R_X86_64_PC32, 0);
    assert_refuses(image, -EINVAL, "entry 1: at");
}

/* -- Modinfo ------------------------------------------------------------- */

static void test_modinfo(void **state)
{
    struct image *image = image_new();

    image_add_modinfo(image, "a=b\0c=d", 8);
    assert_loads(image);
    assert_int_equal(payload.modinfo.size, 8);
    assert_memory_equal(payload.modinfo.addr, "a=b\0c=d", 8);

    image = image_new();
    image_add_modinfo(image, "a=bc", 4);
    assert_refuses(image, -EINVAL,
                   "section .modinfo: the last of its 4 bytes is not zero");
    image = image_new();
    image_add_modinfo(image, "\0x", 2);
    assert_refuses(image, -EINVAL, ".modinfo");

    /* None, and nothing in it. */
    assert_loads(image_new());
    assert_int_equal(payload.modinfo.size, 0);
    assert_null(payload.modinfo.addr);
    image = image_new();
    image_add_modinfo(image, "", 0);
    assert_loads(image);
    assert_int_equal(payload.modinfo.size, 0);

    image = image_new();
    image_add_modinfo(image, "a", 2);
    image_section(image, ".modinfo")->header.sh_flags = 0;
    assert_refuses(image, -EINVAL, "ALLOC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_bug_frames),
        records_test(test_bug_frame_size),
        records_test(test_bug_frame_place),
        records_test(test_bug_frame_text),
        records_test(test_bug_frame_function),
        records_test(test_exceptions),
        records_test(test_exceptions_bad),
        records_test(test_alternatives),
        records_test(test_alternatives_section),
        records_test(test_alternatives_place),
        records_test(test_alternatives_fields),
        records_test(test_alternatives_second),
        records_test(test_alternatives_call),
        records_test(test_altcalls),
        records_test(test_altcall_null),
        records_test(test_altcall_pointer),
        records_test(test_altcall_payloads),
        records_test(test_altcall_keeps_target),
        records_test(test_altcall_others),
        records_test(test_altcall_distance),
        records_test(test_altcall_sites),
        records_test(test_modinfo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
