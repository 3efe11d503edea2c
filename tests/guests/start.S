/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of a 64-bit PV guest, and the notes that tell the domain builder how
 * to load it: mapped at virtual address 0, as the linker script lays it out.
 */
#define __ASSEMBLY__
#include <public/elfnote.h>

    .text
    .globl guest_entry
guest_entry:
    cld
    lea     guest_stack_end(%rip), %rsp
    mov     %rsi, %rdi          /* start_info, from the domain builder */
    xor     %ebp, %ebp
    call    guest_start
1:  jmp     1b

    .bss
    .balign 4096
    .skip   8192
guest_stack_end:

.macro note type:req, kind:req, value:vararg
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long   4, 3f - 2f, \type
    .asciz  "Xen"
2:  \kind   \value
3:  .balign 4
    .popsection
.endm

    note XEN_ELFNOTE_GUEST_OS, .asciz, "livepatch-test"
    note XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
    note XEN_ELFNOTE_LOADER, .asciz, "generic"
    note XEN_ELFNOTE_PAE_MODE, .asciz, "yes"
    note XEN_ELFNOTE_VIRT_BASE, .quad, 0
    note XEN_ELFNOTE_ENTRY, .quad, guest_entry

    .section .note.GNU-stack, "", @progbits
