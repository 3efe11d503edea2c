/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is particular to a machine, in one struct; all else of the builder asks
 * here.  Another machine is another folder beside x86/, and another struct.
 */
#ifndef LIVEPATCH_BUILD_ARCH_H
#define LIVEPATCH_BUILD_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* object/object.h, which is above. */
struct atom;
struct ref;

/* -- What an instruction does with what a reference in it names ------------ */

enum access {
    ACCESS_NONE,                /* not in an instruction that is understood */
    ACCESS_READ,
    ACCESS_WRITE,               /* perhaps it is read as well */
    ACCESS_ADDRESS,             /* is taken */
    ACCESS_BRANCH,              /* called, or jumped to */
};

/* -- Where an address goes that code takes --------------------------------- */

struct escape {
    enum { ESCAPE_STORED, ESCAPE_PASSED, ESCAPE_RETURNED } how;
    /* The variable that it is stored in, or function that it is passed to;
     * NULL: where a pointer leads. */
    const struct ref *to;
    /* Passed: */
    bool itself;                /* not only a pointer to memory that has it */
    bool as_source;             /* such memory is the second argument, and the
                                 * first is not on the stack: as of memcpy() */
    uint64_t registers;         /* for escapes_of_arguments() */
};

typedef void escape_found(void *context, const struct escape *escape);

/* -- Which variables have to say what, so that code gets to a place in it -- */

/* A condition that holds on every path from the function's entry. */
struct guard {
    const struct ref *variable;
    unsigned int condition;     /* as the machine numbers them */
    uint64_t compared;          /* with this number, as it is in the code */
};

struct guards {
    struct guard *list;         /* the caller frees it */
    size_t count, room;
};

/* -- The machine ----------------------------------------------------------- */

/* In the text at `from`, the field at `at` may be a distance to `address`. */
typedef void distance_found(void *context, uint64_t from, uint64_t at,
                            uint64_t address, bool is_branch);

struct arch_function {
    const char *source, *name;  /* as STT_FILE has it */
};

struct arch {
    const char *name;           /* for messages */
    uint16_t machine;           /* EM_* */

    /* By type: see relocation.h. */
    const struct relocation *relocations;
    unsigned int nrelocations;
    /* Types that payloads have: an address of 64 bits, a distance of 32. */
    unsigned int address, distance;

    /* Code by its bytes. */

    /* The length of the instruction at code, of which that many bytes are
     * there; 0: none is known. */
    unsigned int (*length)(const uint8_t *code, size_t room);
    /* Is an instruction of that length one that fills gaps? */
    bool (*is_padding)(const uint8_t *code, unsigned int length);
    /* Does what comes behind an instruction run next?  Behind padding, if it
     * did before that. */
    bool (*runs_on)(const uint8_t *code, unsigned int length, bool before);
    /* Is a field at that offset the distance of a call or jump? */
    bool (*is_branch)(const uint8_t *code, uint64_t at);
    /* Is the instruction at that offset a call by way of a pointer, to which
     * the field has the distance? */
    bool (*is_call_by_pointer)(const uint8_t *code, uint64_t at,
                               uint64_t field);
    /* Where in an instruction of that length that only computes an address the
     * distance to that is, up to the instruction's end; 0: it's another one. */
    unsigned int (*address_field)(const uint8_t *code, unsigned int length);
    /* All fields that may be distances: no code is missed, and what is none
     * may be taken for some. */
    void (*find_distances)(const uint8_t *text, uint64_t size, uint64_t from,
                           distance_found *found, void *context);
    /* The bytes of what pointers must find where they lead, if code begins
     * with it, and else 0. */
    unsigned int (*landing)(const uint8_t *code, size_t room);
    unsigned int jump_size;     /* of what engines write behind that */

    /*
     * There is no table of addresses in Xen nor in a payload.  An instruction
     * that loads one is made to compute it instead, and a call or jump by way
     * of one made direct; each keeps its length.  field: what the relocation
     * fills in, of 4 bytes, with the 2 bytes in front of it.  *at, its offset,
     * moves with it.  False: it's another instruction.
     */
    bool (*relax)(uint8_t *field, uint64_t *at);

    /* A jump to anywhere as code of its own, and where its distance is. */
    const uint8_t *far_jump;
    unsigned int far_jump_size, far_jump_field;

    /* Code with its references. */

    /*
     * The offset of the first byte that does something else in the other
     * function; the smaller one's size if there is none.  Relocations are not
     * compared.  Functions that share a section, as those in .init.text, reach
     * each other without relocations: distances between them mean what is
     * there.
     */
    uint64_t (*difference)(const struct atom *old, const struct atom *new);
    /* What becomes of what a reference of code names. */
    enum access (*access)(const struct atom *code, const struct ref *ref);
    /*
     * Where an address goes: into memory, to another function, or back to the
     * caller.  It is followed through registers, along all branches within a
     * function; where it is in memory, on the stack or in a table, to what is
     * loaded or copied from there.  What a function called with a pointer to
     * such memory does is for the caller to look at.  The function's cold part
     * is not followed.
     *
     * One that a reference takes; that the datum has which a reference leads
     * to; that a function is passed in these registers.
     */
    void (*escapes_of_address)(const struct atom *code, const struct ref *ref,
                               escape_found *found, void *context);
    void (*escapes_of_content)(const struct atom *code, const struct ref *ref,
                               escape_found *found, void *context);
    void (*escapes_of_arguments)(const struct atom *code, uint64_t registers,
                                 escape_found *found, void *context);
    /* The conditions of the instruction that a reference is in.  Those that
     * don't depend on a variable directly are left out. */
    void (*find_guards)(const struct atom *code, const struct ref *ref,
                        struct guards *guards);

    /* In Xen. */
    const char *engine;         /* its files' path, but for what follows */
    /* What may interrupt a CPU that has its interrupts off; behind the last
     * one there is one without a name. */
    const struct arch_function *interrupting;
    struct arch_function idle_loop;
    const char *bring_up;       /* what a CPU runs first */
    const char *bring_up_tables;    /* how tables are called of what it runs */
};

/* The one that payloads are built for. */
extern const struct arch *const arch;

#endif
