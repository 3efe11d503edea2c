/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Names and metadata, which may be any bytes, as text and back.
 */

#include "private.h"

#define HEX_PREFIX "hex:"
#define HEX_PREFIX_LEN (sizeof(HEX_PREFIX) - 1)

/* The longest form of one byte: \xNN. */
#define ESCAPE_LEN 4

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The value of two hexadecimal digits, -1 where they are none. */
static int hex_byte(const char *digits)
{
    int high, low;

    high = hex_digit(digits[0]);
    if (high < 0) return -1;
    low = hex_digit(digits[1]);
    if (low < 0) return -1;
    return high << 4 | low;
}

/*
 * The character at the start of len bytes of UTF-8, with its length in
 * *used_r; -1 where there is no valid one.  Overlong forms and surrogates
 * are not valid.
 */
static int32_t utf8_character(const uint8_t *bytes, size_t len,
                              size_t *used_r)
{
    static const int32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    int32_t c;
    size_t i, used;

    if (bytes[0] < 0x80) {
        *used_r = 1;
        return bytes[0];
    }
    if ((bytes[0] & 0xe0) == 0xc0) used = 2;
    else if ((bytes[0] & 0xf0) == 0xe0) used = 3;
    else if ((bytes[0] & 0xf8) == 0xf0) used = 4;
    else return -1;
    if (used > len) return -1;

    c = bytes[0] & (0x7f >> used);
    for (i = 1; i < used; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return -1;
        c = c << 6 | (bytes[i] & 0x3f);
    }
    if (c < smallest[used] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return -1;

    *used_r = used;
    return c;
}

/*
 * Characters that can't be shown as they are.  Besides control characters
 * these are what reorders or breaks a line, or can't be seen: with such a
 * name could pass for another one.
 */
static const struct {
    int32_t first, last;
} unprintable[] = {
    { 0x0000, 0x001f }, { 0x007f, 0x009f },
    { 0x00ad, 0x00ad },         /* soft hyphen */
    { 0x034f, 0x034f },         /* grapheme joiner */
    { 0x061c, 0x061c },         /* direction: Arabic letter mark */
    { 0x115f, 0x1160 },         /* Hangul fillers */
    { 0x17b4, 0x17b5 },         /* Khmer inherent vowels */
    { 0x180b, 0x180f },         /* Mongolian selectors, separator */
    { 0x200b, 0x200f },         /* of no width; direction: marks */
    { 0x2028, 0x202e },         /* line, paragraph; direction: overrides */
    { 0x2060, 0x206f },         /* of no width; direction: isolates */
    { 0x3164, 0x3164 },         /* Hangul filler */
    { 0xe000, 0xf8ff },         /* private use: anything or nothing */
    { 0xfe00, 0xfe0f },         /* variation selectors */
    { 0xfeff, 0xfeff },         /* byte order mark */
    { 0xffa0, 0xffa0 },         /* Hangul filler */
    { 0xfff0, 0xfffb },         /* unassigned; annotations */
    { 0xfffe, 0xffff },
    { 0xe0000, 0x10ffff },      /* tags, selectors, private use */
};

static bool is_printable(int32_t c)
{
    size_t i;

    for (i = 0; i < XLP_NUM(unprintable); i++) {
        if (c >= unprintable[i].first && c <= unprintable[i].last)
            return false;
    }
    return (c & 0xfffe) != 0xfffe;
}

/*
 * How many of the len > 0 bytes make up a character that stands for itself
 * in a text; 0 where the first byte has to be escaped.
 */
static size_t plain_prefix(const uint8_t *bytes, size_t len)
{
    int32_t c;
    size_t used;

    c = utf8_character(bytes, len, &used);
    if (c < 0 || !is_printable(c)) return 0;
    return used;
}

/* Whether the bytes, taken as text, would be taken for hexadecimal. */
static bool looks_like_hex(const uint8_t *bytes, size_t len)
{
    return len >= HEX_PREFIX_LEN &&
        !memcmp(bytes, HEX_PREFIX, HEX_PREFIX_LEN);
}

static char *put_escape(char *to, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    *to++ = '\\';
    *to++ = 'x';
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 0xf];
    return to;
}

char *xenlivepatch_text(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    size_t i = 0, n;
    char *text, *to;

    if (len > (SIZE_MAX - 1) / ESCAPE_LEN) return NULL;
    text = to = malloc(len * ESCAPE_LEN + 1);
    if (!text) return NULL;

    if (looks_like_hex(from, len))
        to = put_escape(to, from[i++]);
    while (i < len) {
        n = plain_prefix(from + i, len - i);
        if (!n) {
            to = put_escape(to, from[i++]);
            continue;
        }
        if (from[i] == '\\')
            *to++ = '\\';
        memcpy(to, from + i, n);
        to += n;
        i += n;
    }
    *to = '\0';
    return text;
}

char *xenlivepatch_printable(const char *message, size_t max, bool lines)
{
    static const char ellipsis[] = "...";
    const uint8_t *from = (const uint8_t *)message;
    size_t left = strlen(message), n, size;
    char *printable, *to, *end;

    size = (left < max ? left : max) * ESCAPE_LEN + sizeof(ellipsis);
    printable = to = malloc(size);
    if (!printable) return NULL;
    end = printable + size - sizeof(ellipsis);

    while (left) {
        n = lines && (*from == '\n' || *from == '\t')
            ? 1 : plain_prefix(from, left);
        if (to + (n ? n : ESCAPE_LEN) > end ||
            (size_t)(to - printable) >= max) {
            to = stpcpy(to, ellipsis);
            break;
        }
        if (n) {
            memcpy(to, from, n);
            to += n;
        } else {
            n = 1;
            to = put_escape(to, *from);
        }
        from += n;
        left -= n;
    }
    *to = '\0';
    return printable;
}

char *xenlivepatch_hex(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    size_t i;
    char *hex;

    if (len > (SIZE_MAX - 1) / 2) return NULL;
    hex = malloc(len * 2 + 1);
    if (!hex) return NULL;

    for (i = 0; i < len; i++)
        sprintf(hex + i * 2, "%02x", from[i]);
    hex[len * 2] = '\0';
    return hex;
}

bool xenlivepatch_is_plain(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    size_t i, n;

    if (looks_like_hex(from, len)) return false;
    for (i = 0; i < len; i += n) {
        n = plain_prefix(from + i, len - i);
        if (!n || from[i] == '\\') return false;
    }
    return true;
}

static bool bytes_of_hex(const char *digits, char *to, size_t *len_r)
{
    size_t i, len = strlen(digits);
    int byte;

    if (len % 2) return false;
    for (i = 0; i < len / 2; i++) {
        byte = hex_byte(digits + i * 2);
        if (byte < 0) return false;
        to[i] = byte;
    }
    *len_r = len / 2;
    return true;
}

static bool bytes_of_text(const char *text, char *to, size_t *len_r)
{
    char *start = to;
    int byte;

    while (*text) {
        if (*text != '\\') {
            *to++ = *text++;
        } else if (text[1] == '\\') {
            *to++ = '\\';
            text += 2;
        } else if (text[1] == 'x') {
            byte = hex_byte(text + 2);
            if (byte < 0) return false;
            *to++ = byte;
            text += ESCAPE_LEN;
        } else {
            return false;
        }
    }
    *len_r = to - start;
    return true;
}

char *xenlivepatch_bytes(const char *text, size_t *len_r)
{
    bool ok;
    char *bytes;

    /* Neither form is shorter than the bytes it stands for. */
    bytes = malloc(strlen(text) + 1);
    if (!bytes) return NULL;

    if (!strncmp(text, HEX_PREFIX, HEX_PREFIX_LEN))
        ok = bytes_of_hex(text + HEX_PREFIX_LEN, bytes, len_r);
    else
        ok = bytes_of_text(text, bytes, len_r);
    if (!ok) {
        free(bytes);
        errno = EINVAL;
        return NULL;
    }
    bytes[*len_r] = '\0';
    return bytes;
}

char *xenlivepatch_default_name(const char *path)
{
    const char *base, *end, *dot;

    /* Slashes at the end don't name anything. */
    end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    base = end;
    while (base > path && base[-1] != '/')
        base--;

    /* A dot at the very start doesn't begin a suffix. */
    dot = memrchr(base, '.', end - base);
    if (dot && dot > base) end = dot;
    return xenlivepatch_text(base, end - base);
}

/*----- metadata -----*/

void xenlivepatch_metadata_free(xenlivepatch_metadata *metadata,
                                size_t num)
{
    size_t i;

    for (i = 0; i < num; i++) {
        free(metadata[i].key);
        free(metadata[i].value);
    }
    free(metadata);
}

void xenlivepatch_strings_free(char **strings)
{
    size_t i;

    for (i = 0; strings && strings[i]; i++)
        free(strings[i]);
    free(strings);
}

static int split_entry(const char *entry, size_t len,
                       xenlivepatch_metadata *metadata)
{
    const char *equals = memchr(entry, '=', len);

    metadata->key = xenlivepatch_text(entry,
                                      equals ? equals - entry : len);
    if (equals)
        metadata->value = xenlivepatch_text(equals + 1,
                                            entry + len - (equals + 1));
    return metadata->key && (metadata->value || !equals) ? 0 : ENOMEM;
}

int xenlivepatch_split_metadata(const void *bytes, size_t len,
                                xenlivepatch_metadata **metadata_r,
                                size_t *num_r)
{
    const char *from = bytes;
    xenlivepatch_metadata *metadata = NULL;
    size_t i, n, most = 0, num = 0;
    int r;

    for (i = 0; i < len; i++)
        most += from[i] && (!i || !from[i - 1]);
    if (most) {
        metadata = calloc(most, sizeof(*metadata));
        if (!metadata) return ENOMEM;
    }

    for (i = 0; i < len; i += n + 1) {
        n = strnlen(from + i, len - i);
        if (!n) continue;
        r = split_entry(from + i, n, &metadata[num++]);
        if (r) {
            xenlivepatch_metadata_free(metadata, num);
            return r;
        }
    }
    *metadata_r = metadata;
    *num_r = num;
    return 0;
}

/* Adds the words of len bytes to fixes, of which *num are in use. */
static bool add_words(const char *bytes, size_t len, char **fixes,
                      size_t *num)
{
    static const char separators[] = ", \t\r\n\f\v";
    const char *end = bytes + len;
    size_t n;

    for (; bytes < end; bytes += n) {
        n = strcspn(bytes, separators);
        if (!n) {
            n = 1;
            continue;
        }
        fixes[*num] = xenlivepatch_text(bytes, n);
        if (!fixes[*num]) return false;
        (*num)++;
    }
    return true;
}

static bool is_fixes(const xenlivepatch_metadata *metadata)
{
    return metadata->value && !strcmp(metadata->key, "fixes");
}

char **xenlivepatch_fixes(const xenlivepatch_metadata *metadata,
                          size_t num)
{
    size_t most = 0, words = 0, len, i;
    char *bytes, **fixes;
    bool ok;

    for (i = 0; i < num; i++)
        most += is_fixes(&metadata[i])
            ? (strlen(metadata[i].value) + 1) / 2 : 0;
    fixes = calloc(most + 1, sizeof(*fixes));
    if (!fixes) return NULL;

    for (i = 0; i < num; i++) {
        if (!is_fixes(&metadata[i])) continue;
        /* White space other than blanks is escaped in the text. */
        bytes = xenlivepatch_bytes(metadata[i].value, &len);
        if (!bytes && errno == EINVAL) continue;
        ok = bytes && add_words(bytes, len, fixes, &words);
        free(bytes);
        if (!ok) {
            xenlivepatch_strings_free(fixes);
            return NULL;
        }
    }
    return fixes;
}
