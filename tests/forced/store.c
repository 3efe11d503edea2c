/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>

#include <xenstore.h>

#include "libxl_livepatch_internal.h"

#include "faults.h"
#include "store.h"

#define NODES 128

struct node {
    char *path, *value;
};

struct tree {
    struct node nodes[NODES];
    int num;
};

static struct tree now, pending;
static bool in_transaction;

static void clear(struct tree *tree)
{
    while (tree->num--) {
        free(tree->nodes[tree->num].path);
        free(tree->nodes[tree->num].value);
    }
    tree->num = 0;
}

static void copy(struct tree *to, const struct tree *from)
{
    clear(to);
    for (; to->num < from->num; to->num++) {
        to->nodes[to->num].path = strdup(from->nodes[to->num].path);
        to->nodes[to->num].value = strdup(from->nodes[to->num].value);
    }
}

static struct node *find(struct tree *tree, const char *path)
{
    int i;

    for (i = 0; i < tree->num; i++)
        if (!strcmp(tree->nodes[i].path, path)) return &tree->nodes[i];
    return NULL;
}

static void set(struct tree *tree, const char *path, const char *value)
{
    struct node *node = find(tree, path);

    if (!node) {
        assert(tree->num < NODES);
        node = &tree->nodes[tree->num++];
        *node = (struct node){ .path = strdup(path) };
    }
    free(node->value);
    node->value = strdup(value);
}

static bool is_below(const char *path, const char *top)
{
    return !strncmp(path, top, strlen(top)) && path[strlen(top)] == '/';
}

static struct tree *tree_of(xs_transaction_t t)
{
    assert(!t || in_transaction);
    return t ? &pending : &now;
}

void store_reset(void)
{
    clear(&now);
    clear(&pending);
    in_transaction = false;
}

void store_write(const char *path, const char *value)
{
    set(&now, path, value);
}

const char *store_read(const char *path)
{
    struct node *node = find(&now, path);

    return node ? node->value : NULL;
}

/*----- what is below libxl -----*/

struct xs_handle *xs_open(unsigned long flags)
{
    return (struct xs_handle *)&now;
}

void xs_close(struct xs_handle *h)
{
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    struct node *node = find(tree_of(t), path);

    errno = faults_step("xs_read");
    if (!errno && !node) errno = ENOENT;
    if (errno) return NULL;
    if (len) *len = strlen(node->value);
    return strdup(node->value);
}

/*----- in the place of libxl_livepatch_names.c -----*/

void libxl__livepatch_store_init(libxl__livepatch_store *lps)
{
}

void libxl__livepatch_store_dispose(libxl__livepatch_store *lps)
{
}

static const char *look_up(uint32_t domid, const char *what)
{
    char path[64];
    struct node *node;

    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, what);
    node = faults_step("look_up") ? NULL : find(&now, path);
    return node ? node->value : "";
}

char *libxl__livepatch_domain_name(libxl__gc *gc, uint32_t domid)
{
    const char *name = look_up(domid, "name");

    return *name ? xenlivepatch_text(name, strlen(name)) : NULL;
}

bool libxl__livepatch_is_migrating(libxl__gc *gc,
                                   libxl__livepatch_store *lps,
                                   uint32_t domid)
{
    return strstr(look_up(domid, "name"), "--incoming") ||
           !strcmp(look_up(domid, "control/shutdown"), "suspend");
}

/* As in the real one, a single block. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t,
                    const char *path, unsigned int *num)
{
    struct tree *tree = tree_of(t);
    char **names, *end;
    const char *name;
    size_t len;
    int i, j;

    errno = faults_step("xs_directory");
    if (!errno && !find(tree, path)) errno = ENOENT;
    if (errno) return NULL;
    names = calloc(NODES, sizeof(*names) + 64);
    end = (char *)(names + NODES);
    *num = 0;
    for (i = 0; i < tree->num; i++) {
        if (!is_below(tree->nodes[i].path, path)) continue;
        name = tree->nodes[i].path + strlen(path) + 1;
        len = strcspn(name, "/");
        for (j = 0; j < *num; j++)
            if (strlen(names[j]) == len && !strncmp(names[j], name, len))
                break;
        if (j < *num) continue;
        names[(*num)++] = end;
        memcpy(end, name, len);
        end += len + 1;
    }
    return names;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    char value[4096];

    errno = faults_step("xs_write");
    if (errno) return false;
    assert(len < sizeof(value));
    memcpy(value, data, len);
    value[len] = '\0';
    set(tree_of(t), path, value);
    return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct tree *tree = tree_of(t);
    bool found = false;
    int i;

    errno = faults_step("xs_rm");
    if (errno) return false;
    for (i = 0; i < tree->num; i++) {
        struct node *node = &tree->nodes[i];

        if (strcmp(node->path, path) && !is_below(node->path, path))
            continue;
        free(node->path);
        free(node->value);
        *node = tree->nodes[--tree->num];
        found = true;
        i--;
    }
    errno = ENOENT;
    return found;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    assert(num_perms == 1 && perms->id == 0 &&
           perms->perms == XS_PERM_NONE);
    errno = faults_step("xs_set_permissions");
    return !errno;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    errno = faults_step("xs_transaction_start");
    if (errno) return XBT_NULL;
    assert(!in_transaction);
    in_transaction = true;
    copy(&pending, &now);
    return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    assert(t && in_transaction);
    errno = faults_step("xs_transaction_end");
    in_transaction = false;
    if (!abort && !errno) copy(&now, &pending);
    clear(&pending);
    return !errno;
}
