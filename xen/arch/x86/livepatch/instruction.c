/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lengths of x86-64 instructions.
 *
 * Two tables say of each opcode what follows it: a ModRM byte (and with it
 * SIB and displacement), immediates, both or neither.  Only lengths matter
 * here: instructions that are invalid for other reasons have one, too.
 */

#include <xen/types.h>

#include "instruction.h"

/* What follows an opcode. */
#define N_ 0x00                 /* Nothing. */
#define M_ 0x01                 /* ModRM. */
#define B_ 0x02                 /* An immediate byte. */
#define W_ 0x04                 /* Two bytes. */
#define Z_ 0x08                 /* Four bytes, or two after 66. */
#define V_ 0x10                 /* As Z_, but eight with REX.W. */
#define J_ 0x20                 /* A branch's displacement of four bytes. */
#define A_ 0x40                 /* An address: eight bytes, or four. */
#define X_ 0x80                 /* Invalid, or a prefix, or another map. */
#define Mb (M_ | B_)
#define Mz (M_ | Z_)
#define Wb (W_ | B_)

static const uint8_t one_byte[256] = {
    /*        0   1   2   3   4   5   6   7   8   9   a   b   c   d   e   f */
    /* 0 */  M_, M_, M_, M_, B_, Z_, X_, X_, M_, M_, M_, M_, B_, Z_, X_, X_,
    /* 1 */  M_, M_, M_, M_, B_, Z_, X_, X_, M_, M_, M_, M_, B_, Z_, X_, X_,
    /* 2 */  M_, M_, M_, M_, B_, Z_, X_, X_, M_, M_, M_, M_, B_, Z_, X_, X_,
    /* 3 */  M_, M_, M_, M_, B_, Z_, X_, X_, M_, M_, M_, M_, B_, Z_, X_, X_,
    /* 4 */  X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_, X_,
    /* 5 */  N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, N_,
    /* 6 */  X_, X_, X_, M_, X_, X_, X_, X_, Z_, Mz, B_, Mb, N_, N_, N_, N_,
    /* 7 */  B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_, B_,
    /* 8 */  Mb, Mz, X_, Mb, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 9 */  N_, N_, N_, N_, N_, N_, N_, N_, N_, N_, X_, N_, N_, N_, N_, N_,
    /* a */  A_, A_, A_, A_, N_, N_, N_, N_, B_, Z_, N_, N_, N_, N_, N_, N_,
    /* b */  B_, B_, B_, B_, B_, B_, B_, B_, V_, V_, V_, V_, V_, V_, V_, V_,
    /* c */  Mb, Mb, W_, N_, X_, X_, Mb, Mz, Wb, N_, W_, N_, N_, B_, X_, N_,
    /* d */  M_, M_, M_, M_, X_, X_, N_, N_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* e */  B_, B_, B_, B_, B_, B_, B_, B_, J_, J_, X_, B_, N_, N_, N_, N_,
    /* f */  X_, N_, X_, X_, N_, N_, M_, M_, N_, N_, N_, N_, N_, N_, M_, M_,
};

/* After 0f. */
static const uint8_t two_byte[256] = {
    /*        0   1   2   3   4   5   6   7   8   9   a   b   c   d   e   f */
    /* 0 */  M_, M_, M_, M_, X_, N_, N_, N_, N_, N_, X_, N_, X_, M_, N_, Mb,
    /* 1 */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 2 */  M_, M_, M_, M_, X_, X_, X_, X_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 3 */  N_, N_, N_, N_, N_, N_, X_, N_, X_, X_, X_, X_, X_, X_, X_, X_,
    /* 4 */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 5 */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 6 */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* 7 */  Mb, Mb, Mb, Mb, M_, M_, M_, N_, M_, M_, X_, X_, M_, M_, M_, M_,
    /* 8 */  J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_, J_,
    /* 9 */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* a */  N_, N_, N_, M_, Mb, M_, X_, X_, N_, N_, N_, M_, Mb, M_, M_, M_,
    /* b */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, Mb, M_, M_, M_, M_, M_,
    /* c */  M_, M_, Mb, M_, Mb, Mb, Mb, M_, N_, N_, N_, N_, N_, N_, N_, N_,
    /* d */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* e */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
    /* f */  M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_, M_,
};

struct decoder {
    const uint8_t *code;
    size_t room;
    unsigned int pos;           /* Of the next byte. */
    uint8_t opcode;
    bool operand16, address32, repeated;
    bool escaped;               /* By 0f. */
    uint8_t rex;
};

/* Whether n more bytes are there, behind those that were read. */
static bool have(const struct decoder *d, unsigned int n)
{
    return d->pos + n <= d->room;
}

static void read_prefixes(struct decoder *d)
{
    for ( ; have(d, 1); d->pos++ )
    {
        uint8_t byte = d->code[d->pos];

        switch ( byte )
        {
        case 0x66:
            d->operand16 = true;
            break;

        case 0x67:
            d->address32 = true;
            break;

        case 0xf2: case 0xf3:
            d->repeated = true;
            break;

        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
        case 0xf0:
            break;

        case 0x40 ... 0x4f:
            d->rex = byte;
            continue;

        default:
            return;
        }

        /* REX counts only directly in front of the opcode. */
        d->rex = 0;
    }
}

/*
 * Opcode maps behind VEX and EVEX prefixes.  The first is 0f's; all of the
 * second, fifth and sixth have ModRM, and the third an immediate byte, too.
 */
static uint8_t vector_follows(struct decoder *d, unsigned int map)
{
    uint8_t follows;

    d->opcode = d->code[d->pos++];

    switch ( map )
    {
    case 1:
        follows = two_byte[d->opcode];
        return (follows & M_) || d->opcode == 0x77 ? follows : X_;

    case 2: case 5: case 6:
        return M_;

    case 3:
        return Mb;
    }

    return X_;
}

/* With a VEX or EVEX prefix, of which the first byte has been read. */
static uint8_t read_vector(struct decoder *d, uint8_t first)
{
    const uint8_t *payload = d->code + d->pos;
    unsigned int map, size = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;

    /* These are part of it. */
    if ( d->operand16 || d->repeated || d->rex || !have(d, size + 1) )
        return X_;

    d->pos += size;

    switch ( first )
    {
    case 0xc5:
        map = 1;
        break;

    case 0xc4:
        map = payload[0] & 0x1f;
        if ( map > 3 )
            return X_;
        break;

    default:
        map = payload[0] & 7;
        if ( (payload[0] & 8) || !(payload[1] & 4) )
            return X_;
        break;
    }

    return vector_follows(d, map);
}

/* Behind 0f, which has been read. */
static uint8_t read_escaped(struct decoder *d)
{
    if ( !have(d, 1) )
        return X_;

    d->opcode = d->code[d->pos++];
    d->escaped = true;

    switch ( d->opcode )
    {
    case 0x38: case 0x3a:
        if ( !have(d, 1) )
            return X_;
        d->pos++;
        return d->code[d->pos - 2] == 0x38 ? M_ : Mb;

    case 0x78:
        /* EXTRQ and INSERTQ, unlike VMREAD, have two immediates. */
        return d->operand16 || d->repeated ? X_ : M_;
    }

    return two_byte[d->opcode];
}

/* Reads the opcode, and says what follows it. */
static uint8_t read_opcode(struct decoder *d)
{
    uint8_t modrm, follows;

    if ( !have(d, 1) )
        return X_;

    d->opcode = d->code[d->pos++];

    switch ( d->opcode )
    {
    case 0x0f:
        return read_escaped(d);

    case 0x62: case 0xc4: case 0xc5:
        return read_vector(d, d->opcode);

    case 0x8f: case 0xf6: case 0xf7:
        if ( !have(d, 1) )
            return X_;

        modrm = d->code[d->pos];
        follows = one_byte[d->opcode];

        /* POP alone; all others are AMD's XOP prefix. */
        if ( d->opcode == 0x8f )
            return modrm & 0x38 ? X_ : follows;

        /* TEST has an immediate, and its neighbours don't. */
        if ( modrm & 0x30 )
            return follows;

        return follows | (d->opcode & 1 ? Z_ : B_);
    }

    return one_byte[d->opcode];
}

/* Moves to control and debug registers have no memory operand. */
static bool is_register_only(const struct decoder *d)
{
    return d->escaped && d->opcode >= 0x20 && d->opcode <= 0x23;
}

static bool skip_modrm(struct decoder *d)
{
    unsigned int mod, rm, displacement = 0;

    if ( !have(d, 1) )
        return false;

    mod = d->code[d->pos] >> 6;
    rm = d->code[d->pos] & 7;
    d->pos++;

    if ( mod == 3 || is_register_only(d) )
        return true;

    if ( mod == 1 )
        displacement = 1;
    else if ( mod == 2 || rm == 5 )
        displacement = 4;

    if ( rm == 4 )
    {
        if ( !have(d, 1) )
            return false;

        if ( mod == 0 && (d->code[d->pos] & 7) == 5 )
            displacement = 4;

        d->pos++;
    }

    d->pos += displacement;

    return true;
}

static unsigned int immediate_size(const struct decoder *d, uint8_t follows)
{
    bool wide = d->rex & 8;
    unsigned int size = d->operand16 && !wide ? 2 : 4;

    return (follows & B_ ? 1 : 0) + (follows & W_ ? 2 : 0) +
           (follows & Z_ ? size : 0) + (follows & V_ ? (wide ? 8 : size) : 0) +
           (follows & J_ ? 4 : 0) +
           (follows & A_ ? (d->address32 ? 4 : 8) : 0);
}

unsigned int instruction_length(const uint8_t *code, size_t room)
{
    struct decoder d = { .code = code, .room = room };
    uint8_t follows;

    if ( room > INSTRUCTION_MAX )
        d.room = INSTRUCTION_MAX;

    read_prefixes(&d);
    follows = read_opcode(&d);

    if ( follows & X_ )
        return 0;

    /* A near branch of 16 bits on some processors, of 32 on others. */
    if ( (follows & J_) && d.operand16 && !(d.rex & 8) )
        return 0;

    if ( (follows & M_) && !skip_modrm(&d) )
        return 0;

    d.pos += immediate_size(&d, follows);

    return d.pos <= d.room ? d.pos : 0;
}

bool instruction_is_padding(const uint8_t *code, unsigned int length)
{
    unsigned int i = 0;

    if ( length == 1 && code[0] == 0xcc )
        return true;

    while ( i < length && (code[i] == 0x66 || code[i] == 0x2e) )
        i++;

    if ( i + 1 == length )
        return code[i] == 0x90;

    /* The long one: 0f 1f /0. */
    return i + 3 <= length && code[i] == 0x0f && code[i + 1] == 0x1f &&
           !(code[i + 2] & 0x38);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
