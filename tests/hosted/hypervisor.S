/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pretended hypervisor: functions to patch, each of which returns a number
 * of its own.  It is copied to shared memory at start, so that it can be
 * written through another mapping while it runs.
 */

        .section .hosted_image, "ax", @progbits
        .balign 4096
        .globl hosted_image_start, _stext, hosted_text_end
hosted_image_start:
_stext:

        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm
        .macro done name
        .size \name, . - \name
        symbol \name
        .endm

/* What services_symbols.c knows of it: address, size, name. */
        .macro sized_symbol name, size
        .pushsection hosted_symbols, "a", @progbits
        .quad \name, \size, 88f
        .popsection
        .pushsection .rodata.hosted, "a", @progbits
88:     .asciz "\name"
        .popsection
        .endm
        .macro symbol name
89:     sized_symbol \name, (89b-\name)
        .endm

/* Aligned, room enough: the ordinary case. */
        .balign 16
function xen_one
        mov $1, %eax
        mov $1, %eax
        mov $1, %eax
        ret
done xen_one

        .balign 16
function xen_two
        mov $2, %eax
        mov $2, %eax
        mov $2, %eax
        ret
done xen_two

        .balign 16
function xen_three
        mov $3, %eax
        mov $3, %eax
        mov $3, %eax
        ret
done xen_three

/* Where AMD's processors take an NMI that came in a guest. */
        .balign 16
function xen_stgi
        stgi
        nop
        ret
done xen_stgi

/* With an ENDBR64 at its entry. */
        .balign 16
function xen_endbr
        endbr64
        mov $4, %eax
        nopl (%rax)
        ret
done xen_endbr

/* With what replaced the ENDBR64, because nothing calls it indirectly. */
        .balign 16
function xen_poisoned
        .byte 0x66, 0x0f, 0x1f, 0x01
        mov $5, %eax
        ret
done xen_poisoned

/* As xen_nop of Xen's tests: the NOPs leave the return. */
        .balign 16
function xen_nop
        mov $6, %eax
        ret
done xen_nop

/* Its entry is at an odd place: the jump crosses a block of 16 bytes. */
        .balign 16
        .fill 13, 1, 0xcc
function xen_crossing
        mov $7, %eax
        mov $7, %eax
        ret
done xen_crossing

/* Its entry crosses a page. */
        .balign 4096
        .fill 4093, 1, 0xcc
function xen_page_crossing
        mov $8, %eax
        mov $8, %eax
        ret
done xen_page_crossing

/* Too short, with padding behind it and without. */
        .balign 16
function xen_tiny
        xor %eax, %eax
        ret
done xen_tiny
        .balign 16, 0x90

        .balign 16
function xen_tiny_crowded
        xor %eax, %eax
        ret
done xen_tiny_crowded
function xen_neighbour
        mov $9, %eax
        ret
done xen_neighbour

/* Too short for a jump behind the ENDBR64. */
        .balign 16
function xen_endbr_short
        endbr64
        xor %eax, %eax
        ret
done xen_endbr_short
        .byte 0xcc

/* Entry code. */
        .globl _stextentry, _etextentry
_stextentry:
        .balign 16
function xen_entry
        mov $15, %eax
        ret
done xen_entry
_etextentry:

/* Labels within, as functions in assembly have them: one that a jump doesn't
 * reach, and one that it would cover. */
        .macro label name
\name:
        sized_symbol \name, 0
        .endm

        .balign 16
function xen_labelled
        mov $13, %eax
        jmp xen_label
        nop
label xen_label
        nop
        ret
done xen_labelled

        .balign 16
function xen_labelled_early
        mov $14, %al
label xen_early_label
        mov $14, %eax
        ret
done xen_labelled_early

/* 31 bytes and more of one-byte instructions, for long NOPs. */
        .balign 16
function xen_long
        mov $10, %eax
        .fill 40, 1, 0x90
        ret
done xen_long

/* Takes its argument back: for relocations. */
        .balign 16
function xen_identity
        mov %edi, %eax
        nopl 0(%rax, %rax)
        ret
done xen_identity

/* Ends with a jump of 5 bytes, as return thunks have it. */
        .balign 16
function xen_thunked
        mov $11, %eax
        .byte 0xe9              /* jmp, the long form */
        .long xen_return - . - 4
done xen_thunked
        .balign 16, 0x90
function xen_return
        ret
        int3
        int3
        int3
        int3
        int3
        int3
done xen_return

/* What CPUs run that are offline. */
        .globl _sparked, _eparked
        .balign 16
_sparked:
function xen_parked
        mov $16, %eax
        mov $16, %eax
        ret
done xen_parked
_eparked:

        .balign 4096
hosted_text_end:

/* Init code, whose memory is given up after boot. */
        .globl _sinittext, _einittext, __init_begin, __init_end
__init_begin:
_sinittext:
function xen_init_function
        mov $12, %eax
        mov $12, %eax
        ret
done xen_init_function
        .balign 4096
__init_end:
_einittext:

        .globl _srodata, _erodata
_srodata:
        .globl xen_constant
        .type xen_constant, @object
xen_constant:
        .quad 0x1234
        .size xen_constant, 8
        symbol xen_constant
        .balign 4096
_erodata:

        .globl xen_variable
        .type xen_variable, @object
xen_variable:
        .quad 0
        .size xen_variable, 8
        symbol xen_variable
        .balign 4096

        .globl hosted_image_end
hosted_image_end:

/*
 * Where payloads go: behind everything else, within reach of it.  Its address is
 * the Makefile's.  That it is a section keeps the heap out, which begins anywhere
 * within 1 GiB behind the last one (arch_randomize_brk() of x86-64's Linux).  It
 * isn't writable before it is mapped anew: in what is, LeakSanitizer looks for
 * pointers, also where nobody may read.
 */
        .section .payloads, "a", @nobits
        .globl hosted_xen_end
hosted_xen_end:
        .zero 16 << 20
        .globl hosted_payloads_end
hosted_payloads_end:

        .section .note.GNU-stack, "", @progbits
