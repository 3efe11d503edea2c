/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xc_livepatch_list() above a hypervisor that tells one payload a call, and
 * loads others after so many calls.  Prints what the list then has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xencall.h>

#define NUM 3
#define ROOM 64

/* No name is as long as the one in its place was. */
static const char *const sets[][NUM] = {
    { "first", "2", "the-third" },
    { "1st", "second", "3rd" },
};
static int calls, changes_after;

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg)
{
    struct xen_sysctl *sysctl = (void *)(uintptr_t)arg;
    struct xen_sysctl_livepatch_list *list = &sysctl->u.livepatch.u.list;
    const int set = calls++ >= changes_after;
    const char *name;

    if (list->idx >= NUM) {
        errno = EINVAL;
        return -1;
    }
    name = sets[set][list->idx];
    strcpy(list->name.p, name);
    sprintf(list->metadata.p, "of=%s", name);
    *list->len.p = list->name_total_size = strlen(name) + 1;
    *list->metadata_len.p = list->metadata_total_size = strlen(name) + 4;
    list->status.p->state = LIVEPATCH_STATE_CHECKED;
    list->nr = NUM - list->idx - 1;
    list->version = 1 + set;
    return 1;
}

void *xencall_alloc_buffer(xencall_handle *xcall, size_t size)
{
    return calloc(1, size);
}

void xencall_free_buffer(xencall_handle *xcall, void *p)
{
    free(p);
}

int main(int argc, char **argv)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, XC_OPENFLAG_DUMMY);
    struct xen_livepatch_status info[NUM];
    char names[ROOM], metadata[ROOM];
    uint32_t len[NUM], metadata_len[NUM], i, done, left;
    const char *name = names, *md = metadata;

    changes_after = atoi(argv[1]);
    if (xc_livepatch_list(xch, NUM, 0, info, names, len, sizeof(names),
                          metadata, metadata_len, sizeof(metadata),
                          &done, &left)) {
        perror("xc_livepatch_list");
        return EXIT_FAILURE;
    }
    for (i = 0; i < done; name += len[i], md += metadata_len[i], i++)
        printf("%s %s\n", name, md);
    return EXIT_SUCCESS;
}
