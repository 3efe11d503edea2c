/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence that two atoms are one.
 *
 * Functions that are alike refer to the same things at the same offsets.  In
 * those that differ, the one that is alone with its name is the same before and
 * after; and what is referred to just once, such as a message, tells about the
 * references next to it.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "evidence.h"
#include "identity.h"
#include "support/memory.h"

/*
 * Variables are told by nothing less than STRONG evidence: code that is the
 * same; the only one of its name in the function, before and after; or next to
 * the same message.  Each step away from that weighs a fraction.
 */
#define CERTAIN (1u << 20)
#define STRONG (1u << 10)
#define STEP 16
#define WEAK 4

struct vote {
    struct atom *old, *new;
    uint64_t weight;
    bool best;                  /* of the old one */
};

struct evidence {
    struct vote *votes;
    size_t nvotes, room;
};

struct evidence *evidence_new(void)
{
    return must_alloc(1, sizeof(struct evidence));
}

void evidence_free(struct evidence *evidence)
{
    free(evidence->votes);
    free(evidence);
}

/* -- Gathering ------------------------------------------------------------ */

static bool is_open(const struct ref *ref)
{
    return ref->target && !ref->target->twin && is_named(ref->target);
}

static bool has_open(const struct atom *atom)
{
    for (size_t i = 0; i < atom->nrefs; i++) {
        if (is_open(&atom->refs[i])) {
            return true;
        }
    }
    return false;
}

static void vote(struct evidence *evidence, const struct ref *old,
                 const struct ref *new, uint64_t weight)
{
    if (!is_open(old) || !is_open(new) ||
        old->target->identity != new->target->identity) {
        return;
    }
    evidence->votes = must_grow(evidence->votes, &evidence->room,
                                evidence->nvotes + 1,
                                sizeof(*evidence->votes));
    evidence->votes[evidence->nvotes++] = (struct vote) {
        .old = old->target, .new = new->target, .weight = weight
    };
}

struct window {
    const struct ref *old, *new;
    size_t nold, nnew;
};

/* -- The only one in its function ----------------------------------------- */

static int compare_targets(const void *a, const void *b)
{
    const struct atom *l = (*(const struct ref *const *)a)->target;
    const struct atom *r = (*(const struct ref *const *)b)->target;

    if (l->identity != r->identity) {
        return l->identity < r->identity ? -1 : 1;
    }
    return l < r ? -1 : l > r;
}

/* References to those that are alone with their identity in this function,
 * ascending by that. */
static const struct ref **lone_refs(const struct ref *refs, size_t count,
                                    size_t *nlone)
{
    const struct ref **open = must_alloc(count, sizeof(*open));
    size_t nopen = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_open(&refs[i])) {
            open[nopen++] = &refs[i];
        }
    }
    qsort(open, nopen, sizeof(*open), compare_targets);
    *nlone = 0;
    for (size_t i = 0, next; i < nopen; i = next) {
        bool alone = true;

        for (next = i + 1; next < nopen && open[next]->target->identity ==
                                           open[i]->target->identity; next++) {
            alone &= open[next]->target == open[i]->target;
        }
        if (alone) {
            open[(*nlone)++] = open[i];
        }
    }
    return open;
}

static void match_lone(struct evidence *evidence, const struct window *window)
{
    size_t nold, nnew, i = 0, j = 0;
    const struct ref **old = lone_refs(window->old, window->nold, &nold);
    const struct ref **new = lone_refs(window->new, window->nnew, &nnew);

    while (i < nold && j < nnew) {
        if (old[i]->target->identity < new[j]->target->identity) {
            i++;
        } else if (old[i]->target->identity > new[j]->target->identity) {
            j++;
        } else {
            vote(evidence, old[i++], new[j++], STRONG);
        }
    }
    free(old);
    free(new);
}

static bool is_like(const struct ref *a, const struct ref *b)
{
    return ref_type(a) == ref_type(b) && same_meaning(a, b);
}

/* -- Anchors: what is referred to once, in both --------------------------- */

struct key {
    uint64_t meaning;
    size_t at;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *l = a, *r = b;

    if (l->meaning != r->meaning) {
        return l->meaning < r->meaning ? -1 : 1;
    }
    return l->at < r->at ? -1 : l->at > r->at;
}

/* Only what is known is an anchor.  Ends of strings may be missed. */
static struct key *make_keys(const struct ref *refs, size_t count,
                             size_t *nkeys)
{
    struct key *keys = must_alloc(count, sizeof(*keys));
    size_t unique = 0;

    *nkeys = 0;
    for (size_t i = 0; i < count; i++) {
        if (refs[i].target && !is_open(&refs[i])) {
            keys[(*nkeys)++] = (struct key) {
                refs[i].target->identity * 0x9e3779b97f4a7c15ull +
                    refs[i].place, i
            };
        }
    }
    qsort(keys, *nkeys, sizeof(*keys), compare_keys);
    for (size_t i = 0, next; i < *nkeys; i = next) {
        for (next = i + 1; next < *nkeys &&
                           keys[next].meaning == keys[i].meaning;) {
            next++;
        }
        if (next == i + 1) {
            keys[unique++] = keys[i];
        }
    }
    *nkeys = unique;
    return keys;
}

static void vote_around(struct evidence *evidence,
                        const struct window *window, size_t old, size_t new)
{
    bool message = window->old[old].target->kind == ATOM_STRING;
    uint64_t weight = message ? STRONG : WEAK;

    for (size_t i = 1; i <= old && i <= new && weight &&
                       is_like(&window->old[old - i], &window->new[new - i]);
         i++, weight /= STEP) {
        vote(evidence, &window->old[old - i], &window->new[new - i], weight);
    }
    weight = message ? STRONG : WEAK;
    for (size_t i = 1; old + i < window->nold && new + i < window->nnew &&
                       weight &&
                       is_like(&window->old[old + i], &window->new[new + i]);
         i++, weight /= STEP) {
        vote(evidence, &window->old[old + i], &window->new[new + i], weight);
    }
}

static void match_anchors(struct evidence *evidence,
                          const struct window *window)
{
    size_t nold, nnew, i = 0, j = 0;
    struct key *old = make_keys(window->old, window->nold, &nold);
    struct key *new = make_keys(window->new, window->nnew, &nnew);

    while (i < nold && j < nnew) {
        if (old[i].meaning < new[j].meaning) {
            i++;
        } else if (old[i].meaning > new[j].meaning) {
            j++;
        } else {
            vote_around(evidence, window, old[i++].at, new[j++].at);
        }
    }
    free(old);
    free(new);
}

/* -- Both ------------------------------------------------------------------ */

void evidence_gather(struct evidence *evidence, const struct atom *old,
                     const struct atom *new)
{
    if (!has_open(old) || !has_open(new)) {
        return;
    }
    if (!same_contents(old, new)) {
        const struct window all = {
            old->refs, new->refs, old->nrefs, new->nrefs
        };

        match_lone(evidence, &all);
        match_anchors(evidence, &all);
        return;
    }
    for (size_t i = 0; i < old->nrefs; i++) {
        vote(evidence, &old->refs[i], &new->refs[i], CERTAIN);
    }
}

/* -- Settling ------------------------------------------------------------- */

static int compare_pointers(const void *a, const void *b)
{
    return (uintptr_t)a < (uintptr_t)b ? -1 : (uintptr_t)a > (uintptr_t)b;
}

static int by_old(const void *a, const void *b)
{
    const struct vote *l = a, *r = b;
    int order = compare_pointers(l->old, r->old);

    return order ? order : compare_pointers(l->new, r->new);
}

static int by_new(const void *a, const void *b)
{
    const struct vote *l = a, *r = b;
    int order = compare_pointers(l->new, r->new);

    return order ? order : compare_pointers(l->old, r->old);
}

/* Add votes for the same pair up; they are sorted. */
static void add_up(struct evidence *evidence)
{
    size_t count = 0;

    for (size_t i = 0; i < evidence->nvotes; i++) {
        if (count && !by_old(&evidence->votes[count - 1],
                             &evidence->votes[i])) {
            evidence->votes[count - 1].weight += evidence->votes[i].weight;
        } else {
            evidence->votes[count++] = evidence->votes[i];
        }
    }
    evidence->nvotes = count;
}

/* The vote of most weight in a range; NULL if two have as much. */
static struct vote *winner(struct vote *votes, size_t count)
{
    struct vote *best = votes;
    bool alone = true;

    for (size_t i = 1; i < count; i++) {
        if (votes[i].weight > best->weight) {
            best = &votes[i];
            alone = true;
        } else if (votes[i].weight == best->weight) {
            alone = false;
        }
    }
    return alone ? best : NULL;
}

static void mark_best_of_old(struct evidence *evidence)
{
    struct vote *votes = evidence->votes, *best;
    size_t from = 0, to;

    for (; from < evidence->nvotes; from = to) {
        for (to = from; to < evidence->nvotes &&
                        votes[to].old == votes[from].old;) {
            to++;
        }
        best = winner(&votes[from], to - from);
        if (best) {
            best->best = true;
        }
    }
}

static size_t accept_best_of_new(struct evidence *evidence)
{
    struct vote *votes = evidence->votes, *best;
    size_t from = 0, to, accepted = 0;

    for (; from < evidence->nvotes; from = to) {
        for (to = from; to < evidence->nvotes &&
                        votes[to].new == votes[from].new;) {
            to++;
        }
        best = winner(&votes[from], to - from);
        if (best && best->best &&
            (best->weight >= STRONG || best->old->kind == ATOM_FUNCTION)) {
            best->old->twin = best->new;
            best->new->twin = best->old;
            accepted++;
        }
    }
    return accepted;
}

size_t evidence_settle(struct evidence *evidence)
{
    size_t accepted = 0;

    if (evidence->nvotes) {
        qsort(evidence->votes, evidence->nvotes, sizeof(*evidence->votes),
              by_old);
        add_up(evidence);
        mark_best_of_old(evidence);
        qsort(evidence->votes, evidence->nvotes, sizeof(*evidence->votes),
              by_new);
        accepted = accept_best_of_new(evidence);
    }
    evidence->nvotes = 0;
    return accepted;
}
