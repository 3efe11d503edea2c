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

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

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

#define list_for_each_entry(pos, head, member) \
    for ( (pos) = list_entry((head)->next, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.next, typeof(*(pos)), member) )
#define list_for_each_entry_reverse(pos, head, member) \
    for ( (pos) = list_entry((head)->prev, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry((pos)->member.prev, typeof(*(pos)), member) )
#define list_for_each_entry_safe(pos, n, head, member) \
    for ( (pos) = list_entry((head)->next, typeof(*(pos)), member), \
          (n) = list_entry((pos)->member.next, typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = (n), \
          (n) = list_entry((n)->member.next, typeof(*(n)), member) )
#define hosted_next_rcu(entry) \
    __atomic_load_n(&(entry)->next, __ATOMIC_ACQUIRE)
#define list_for_each_entry_rcu(pos, head, member) \
    for ( (pos) = list_entry(hosted_next_rcu(head), typeof(*(pos)), member); \
          &(pos)->member != (head); \
          (pos) = list_entry(hosted_next_rcu(&(pos)->member), \
                             typeof(*(pos)), member) )

#endif /* HOSTED_XEN_LIST_H */
