/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "declarations.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/sorted.h"

bool is_word(char letter)
{
    return isalnum((unsigned char)letter) || letter == '_';
}

/* -- Comments, literals, directives --------------------------------------- */

enum state { CODE, DIRECTIVE, COMMENT, LINE_COMMENT, QUOTED };

struct blanking {
    enum state state, before;   /* what a comment interrupts */
    char quote;
    bool line_begins;           /* nothing in it yet but blanks */
};

static bool at(const char *text, size_t size, size_t i, const char *what)
{
    size_t length = strlen(what);

    return size - i >= length && !memcmp(text + i, what, length);
}

/* In code, or in a directive.  Returns how many letters that takes. */
static size_t begin(struct blanking *b, const char *text, size_t size, size_t i)
{
    if (at(text, size, i, "/*") || at(text, size, i, "//")) {
        b->before = b->state;
        b->state = text[i + 1] == '*' ? COMMENT : LINE_COMMENT;
        return 2;
    }
    if (text[i] == '"' || text[i] == '\'') {
        b->before = b->state;
        b->quote = text[i];
        b->state = QUOTED;
    } else if (text[i] == '#' && b->line_begins) {
        b->state = DIRECTIVE;
    }
    return 1;
}

/* Elsewhere. */
static size_t pass(struct blanking *b, const char *text, size_t size, size_t i)
{
    if (b->state == COMMENT && at(text, size, i, "*/")) {
        b->state = b->before;
        return 2;
    }
    if (b->state == QUOTED && text[i] == b->quote) {
        b->state = b->before;
    }
    return b->state == QUOTED && text[i] == '\\' && i + 1 < size ? 2 : 1;
}

static void end_line(struct blanking *b, bool continued)
{
    if (b->state == LINE_COMMENT) {
        b->state = b->before;
    }
    if (b->state == DIRECTIVE && !continued) {
        b->state = CODE;
    }
    b->line_begins = true;
}

static char *blank(const char *text, size_t size)
{
    struct blanking b = { .state = CODE, .line_begins = true };
    char *plain = must_alloc(size + 1, 1);

    for (size_t i = 0, length; i < size; i += length) {
        bool directive = b.state == DIRECTIVE ||
                         (b.state != CODE && b.before == DIRECTIVE);
        bool code = b.state == CODE;

        if (text[i] == '\n') {
            end_line(&b, i && text[i - 1] == '\\');
            plain[i] = '\n';
            length = 1;
            continue;
        }
        length = b.state <= DIRECTIVE ? begin(&b, text, size, i)
                                      : pass(&b, text, size, i);
        directive = directive || b.state == DIRECTIVE;
        memset(plain + i, directive ? '#' : ' ', length);
        if (code && b.state == CODE) {
            plain[i] = text[i];
        }
        b.line_begins = b.line_begins && isspace((unsigned char)text[i]);
    }
    return plain;
}

/* -- Declarations --------------------------------------------------------- */

/* The next word at or behind *from; NULL: none before `end`. */
static const char *next_word(const char *text, size_t *from, size_t end,
                             size_t *length)
{
    const char *word;

    while (*from < end && !is_word(text[*from])) {
        ++*from;
    }
    word = text + *from;
    while (*from < end && is_word(text[*from])) {
        ++*from;
    }
    *length = (size_t)(text + *from - word);
    return *length ? word : NULL;
}

static bool is_one_of(const char *word, size_t length,
                      const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && !memcmp(word, words[i], length)) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(word, length, words) \
    is_one_of(word, length, words, sizeof(words) / sizeof(*words))

/* As the compiler, or Xen's compiler.h, call it. */
static const char *const inlines[] = {
    "inline", "__inline", "__inline__", "always_inline",
};

static bool is_droppable(const char *plain, const struct declaration *d)
{
    static const char *const kept[] = {
        "used", "__used__", "__used", "constructor", "__constructor__",
    };
    bool is_static = false, is_inline = false;
    size_t from = d->start, length;
    const char *word;

    while ((word = next_word(plain, &from, d->body, &length))) {
        if (IS_ONE_OF(word, length, kept)) {
            return false;
        }
        is_static = is_static || (length == 6 && !memcmp(word, "static", 6));
        is_inline = is_inline || IS_ONE_OF(word, length, inlines);
    }
    return is_static && is_inline && d->body < d->end;
}

static char *find_name(const char *plain, const struct declaration *d)
{
    static const char *const others[] = {
        "__attribute__", "__attribute", "typeof", "__typeof__", "asm",
        "__asm__", "alignas", "_Alignas",
    };
    size_t from = d->start, length, depth = 0, seen = d->start;
    char *name = NULL;
    const char *word;

    while ((word = next_word(plain, &from, d->body, &length))) {
        size_t next = from;

        for (; seen < (size_t)(word - plain); seen++) {
            depth += plain[seen] == '(';
            depth -= plain[seen] == ')' && depth;
        }
        next += strspn(plain + next, " \t\n");
        if (depth || next >= d->body || plain[next] != '(' ||
            IS_ONE_OF(word, length, others)) {
            continue;
        }
        if (name) {
            free(name);
            return NULL;
        }
        name = must_print("%.*s", (int)length, word);
    }
    return name;
}

/* Does a function's body begin here, and not a list of members or values? */
static bool begins_body(const char *plain, size_t start, size_t brace)
{
    while (brace > start && (isspace((unsigned char)plain[brace - 1]) ||
                             plain[brace - 1] == '#')) {
        brace--;
    }
    return brace > start && plain[brace - 1] == ')';
}

static void add(struct declarations *declarations, struct declaration d)
{
    if (is_droppable(declarations->plain, &d)) {
        d.name = find_name(declarations->plain, &d);
    }
    declarations->list = must_grow(declarations->list, &declarations->room,
                                   declarations->count + 1, sizeof(d));
    declarations->list[declarations->count++] = d;
}

bool declarations_read(struct declarations *declarations, const char *text,
                       size_t size)
{
    const char *plain = blank(text, size);
    size_t braces = 0, parentheses = 0;
    struct declaration d = { .start = 0, .body = size };
    bool body = false;

    *declarations = (struct declarations){ .text = text,
                                           .plain = (char *)plain };
    for (size_t i = 0; i < size; i++) {
        bool ends = plain[i] == ';';

        parentheses += plain[i] == '(';
        parentheses -= plain[i] == ')' && parentheses;
        if (plain[i] == '{' && !braces++ && d.body == size) {
            d.body = i;
            body = !parentheses && begins_body(plain, d.start, i);
        } else if (plain[i] == '}') {
            if (!braces--) {
                return false;
            }
            ends = body;
        }
        if (ends && !braces && !parentheses) {
            d.end = i + 1;
            d.body = d.body < d.end ? d.body : d.end;
            add(declarations, d);
            d = (struct declaration){ .start = i + 1, .body = size };
            body = false;
        }
    }
    return !braces && !parentheses;
}

char *declaration_name(const struct declarations *declarations,
                       const struct declaration *d)
{
    return find_name(declarations->plain, d);
}

void declarations_free(struct declarations *declarations)
{
    for (size_t i = 0; i < declarations->count; i++) {
        free(declarations->list[i].name);
    }
    free(declarations->list);
    free(declarations->plain);
}

/* -- Who is needed -------------------------------------------------------- */

struct needs {
    const struct declarations *declarations;
    const struct declaration **named;   /* ascending by name */
    size_t nnamed;
    bool *needed;
    const struct declaration **work;
    size_t nwork;
};

static int compare_names(const void *a, const void *b)
{
    const struct declaration *const *one = a, *const *other = b;

    return strcmp((*one)->name, (*other)->name);
}

static void need(struct needs *needs, const struct declaration *d)
{
    size_t number = (size_t)(d - needs->declarations->list);

    if (!needs->needed[number]) {
        needs->needed[number] = true;
        needs->work[needs->nwork++] = d;
    }
}

static void need_word(struct needs *needs, const char *word, size_t length)
{
    const struct declaration *const *const named = needs->named;
    size_t at;

    FIND_SORTED(at, needs->nnamed, strncmp(named[at]->name, word, length) < 0);
    if (at < needs->nnamed && !strncmp(named[at]->name, word, length) &&
        !named[at]->name[length]) {
        need(needs, named[at]);
    }
}

/* Also within literals, as assembly may call it. */
static void follow(struct needs *needs)
{
    while (needs->nwork) {
        const struct declaration *d = needs->work[--needs->nwork];
        size_t from = d->start, length;
        const char *word;

        while ((word = next_word(needs->declarations->text, &from, d->end,
                                 &length))) {
            need_word(needs, word, length);
        }
    }
}

static void sort_named(struct needs *needs)
{
    const struct declarations *all = needs->declarations;

    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].name) {
            needs->named[needs->nnamed++] = &all->list[i];
        } else {
            need(needs, &all->list[i]);
        }
    }
    qsort(needs->named, needs->nnamed, sizeof(*needs->named), compare_names);
    /* Of two of a name, as of a declaration in advance, both. */
    for (size_t i = 1; i < needs->nnamed; i++) {
        if (!compare_names(&needs->named[i - 1], &needs->named[i])) {
            need(needs, needs->named[i - 1]);
            need(needs, needs->named[i]);
        }
    }
}

struct words {
    char *text;
    size_t length, room;
};

static void add_word(struct words *words, const char *word, size_t length)
{
    words->text = must_grow(words->text, &words->room,
                            words->length + length + 3, 1);
    words->text[words->length++] = ' ';
    memcpy(words->text + words->length, word, length);
    words->length += length;
    words->text[words->length] = '\0';
}

/* Its name is one of those in front of its body, if it is an inline function:
 * in a header, before macros were expanded, it may have been found. */
static void add_unnamed(struct words *words, const char *plain,
                        const struct declaration *d)
{
    size_t from = d->start, length;
    bool is_inline = false;
    const char *word;

    while (!is_inline && (word = next_word(plain, &from, d->body, &length))) {
        is_inline = IS_ONE_OF(word, length, inlines);
    }
    while (is_inline && (word = next_word(plain, &from, d->body, &length))) {
        add_word(words, word, length);
    }
}

static char *list_needed(const struct needs *needs)
{
    const struct declarations *all = needs->declarations;
    struct words words = { .text = NULL };

    for (size_t i = 0; i < all->count; i++) {
        const struct declaration *d = &all->list[i];

        if (!d->name) {
            add_unnamed(&words, all->plain, d);
        } else if (needs->needed[i]) {
            add_word(&words, d->name, strlen(d->name));
        }
    }
    add_word(&words, "", 0);
    return words.text;
}

char *text_needs(const char *text, size_t size)
{
    struct declarations all;
    struct needs needs = { .declarations = &all };
    char *words = NULL;

    if (declarations_read(&all, text, size)) {
        needs.named = must_alloc(all.count + 1, sizeof(*needs.named));
        needs.work = must_alloc(all.count + 1, sizeof(*needs.work));
        needs.needed = must_alloc(all.count + 1, sizeof(bool));
        sort_named(&needs);
        follow(&needs);
        words = list_needed(&needs);
        free(needs.named);
        free(needs.work);
        free(needs.needed);
    }
    declarations_free(&all);
    return words;
}
