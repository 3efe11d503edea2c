/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_LIST_H
#define HOSTED_XEN_LIST_H

/* Doubly linked lists, with Xen's names. */
#include <xen/types.h>
#include <xen/kernel.h>

struct list_head {
    struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

#define LIST_POISON1 ((struct list_head *)0x00100100UL)
#define LIST_POISON2 ((struct list_head *)0x00200200UL)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
    head->next = head->prev = head;
}

/* Readers that hold no lock see an entry whole or not at all. */
static inline void hosted_link(struct list_head *entry,
                               struct list_head *prev,
                               struct list_head *next)
{
    entry->next = next;
    entry->prev = prev;
    __atomic_store_n(&prev->next, entry, __ATOMIC_RELEASE);
    next->prev = entry;
}

static inline void hosted_unlink(struct list_head *entry)
{
    entry->next->prev = entry->prev;
    __atomic_store_n(&entry->prev->next, entry->next, __ATOMIC_RELEASE);
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
    hosted_link(entry, head, head->next);
}

static inline void list_add_tail(struct list_head *entry,
                                 struct list_head *head)
{
    hosted_link(entry, head->prev, head);
}

static inline void list_del(struct list_head *entry)
{
    hosted_unlink(entry);
    entry->next = LIST_POISON1;
    entry->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *entry)
{
    hosted_unlink(entry);
    INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
    hosted_unlink(entry);
    list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry,
                                  struct list_head *head)
{
    hosted_unlink(entry);
    list_add_tail(entry, head);
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

static inline bool list_is_last(const struct list_head *entry,
                                const struct list_head *head)
{
    return entry->next == head;
}

#define list_add_rcu      list_add
#define list_add_tail_rcu list_add_tail

/* Readers may still be at the entry and go on from there. */
static inline void list_del_rcu(struct list_head *entry)
{
    hosted_unlink(entry);
    entry->prev = LIST_POISON2;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
    list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) \
    list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
    (list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_last_entry_or_null(head, type, member) \
    (list_empty(head) ? NULL : list_last_entry(head, type, member))
#define list_next_entry(pos, member) \
    list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_prev_entry(pos, member) \
    list_entry((pos)->member.prev, typeof(*(pos)), member)

#define list_for_each(pos, head) \
    for ( (pos) = (head)->next; (pos) != (head); (pos) = (pos)->next )
#define list_for_each_safe(pos, n, head) \
    for ( (pos) = (head)->next, (n) = (pos)->next; (pos) != (head); \
          (pos) = (n), (n) = (pos)->next )
#define list_for_each_entry(pos, head, member) \
    for ( (pos) = list_entry((head)->next, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.next, typeof(*(pos)), member) )
#define list_for_each_entry_reverse(pos, head, member) \
    for ( (pos) = list_entry((head)->prev, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.prev, typeof(*(pos)), member) )
#define list_for_each_entry_continue(pos, head, member) \
    for ( (pos) = list_entry((pos)->member.next, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.next, typeof(*(pos)), member) )
#define list_for_each_entry_continue_reverse(pos, head, member) \
    for ( (pos) = list_entry((pos)->member.prev, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.prev, typeof(*(pos)), member) )
#define list_for_each_entry_safe(pos, n, head, member) \
    for ( (pos) = list_entry((head)->next, typeof(*(pos)), member), \
          (n) = list_entry((pos)->member.next, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = (n), \
          (n) = list_entry((n)->member.next, typeof(*(n)), member) )
#define list_for_each_entry_safe_reverse(pos, n, head, member) \
    for ( (pos) = list_entry((head)->prev, typeof(*(pos)), member), \
          (n) = list_entry((pos)->member.prev, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = (n), \
          (n) = list_entry((n)->member.prev, typeof(*(n)), member) )
#define hosted_next_rcu(entry) \
    __atomic_load_n(&(entry)->next, __ATOMIC_ACQUIRE)
#define list_for_each_entry_rcu(pos, head, member) \
    for ( (pos) = list_entry(hosted_next_rcu(head), typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry(hosted_next_rcu(&(pos)->member), \
                             typeof(*(pos)), member) )

/* The kind for hash tables, with one pointer in the head. */
struct hlist_node {
    struct hlist_node *next, **pprev;
};

struct hlist_head {
    struct hlist_node *first;
};

#define HLIST_HEAD_INIT { .first = NULL }
#define INIT_HLIST_HEAD(head) ((head)->first = NULL)

static inline void hlist_add_head(struct hlist_node *node,
                                  struct hlist_head *head)
{
    struct hlist_node *first = head->first;

    node->next = first;
    node->pprev = &head->first;
    if ( first )
        first->pprev = &node->next;
    __atomic_store_n(&head->first, node, __ATOMIC_RELEASE);
}

static inline void hlist_del(struct hlist_node *node)
{
    if ( node->next )
        node->next->pprev = node->pprev;
    __atomic_store_n(node->pprev, node->next, __ATOMIC_RELEASE);
}

#define hlist_add_head_rcu hlist_add_head
#define hlist_del_rcu      hlist_del
#define hlist_empty(head)  (!(head)->first)
#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hosted_hlist_entry(ptr, type, member) \
    ({ struct hlist_node *ptr_ = (ptr); \
       ptr_ ? hlist_entry(ptr_, type, member) : NULL; })
/* Xen's has a variable of its own for the node. */
#define hlist_for_each_entry(pos, node, head, member) \
    for ( (node) = __atomic_load_n(&(head)->first, __ATOMIC_ACQUIRE); \
          (node) && ((pos) = hlist_entry(node, typeof(*(pos)), member), 1); \
          (node) = __atomic_load_n(&(node)->next, __ATOMIC_ACQUIRE) )
#define hlist_for_each_entry_rcu hlist_for_each_entry
#define hlist_for_each_entry_safe(pos, node, n, head, member) \
    for ( (node) = (head)->first; \
          (node) && ((n) = (node)->next, 1) && \
          ((pos) = hlist_entry(node, typeof(*(pos)), member), 1); \
          (node) = (n) )

#endif /* HOSTED_XEN_LIST_H */
