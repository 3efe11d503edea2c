/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness: tells what a host is like, without any code of what is tested.
 *
 *   witness                      one line for each thing; text is in hexadecimal
 *     extra TEXT                 Xen's extra version
 *     version N                  Xen's count of uploads and unloads
 *     payload NAME STATE RC
 *     domain ID NAME COUNT FLAGS how often it is paused, XEN_DOMINF_*
 *     notes MODE TEXT            what libxl has written down, if it has
 *     process NAME               that runs xl, or pauses guests
 *   witness upload NAME FILE     a name of any bytes, NAME is in hexadecimal
 *   witness write PATH VALUE     into xenstore
 *   witness nobody COMMAND...    without privilege
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xenstore.h>
#include <xen/sysctl.h>

#define NOTES "/var/run/xen/livepatch.notes"
#define NOTES_SIZE (1 << 20)
#define METADATA_SIZE (1 << 20)
#define CONSOLE_SIZE (128 * 1024)
#define MAX_PAYLOADS 32
#define MAX_DOMAINS 32

static xc_interface *xch;
static xencall_handle *calls;
static struct xs_handle *store;

static void print_hex(const void *bytes, size_t len)
{
    const unsigned char *byte = bytes;

    putchar(' ');
    for (; len--; byte++)
        printf("%02x", *byte);
}

/* Memory that may be given to the hypervisor. */
static void *shared(size_t size)
{
    void *buffer = xencall_alloc_buffer(calls, size);

    if (!buffer)
        err(1, "xencall_alloc_buffer");
    memset(buffer, 0, size);
    return buffer;
}

static struct xen_sysctl *new_op(uint32_t cmd)
{
    struct xen_sysctl *sysctl = shared(sizeof(*sysctl));

    sysctl->cmd = XEN_SYSCTL_livepatch_op;
    sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysctl->u.livepatch.cmd = cmd;
    return sysctl;
}

static int call(struct xen_sysctl *sysctl)
{
    return xencall1(calls, __HYPERVISOR_sysctl, (uintptr_t)sysctl);
}

/*----- what there is -----*/

static void tell_payloads(void)
{
    struct xen_sysctl *sysctl = new_op(XEN_SYSCTL_LIVEPATCH_LIST);
    struct xen_sysctl_livepatch_list *list = &sysctl->u.livepatch.u.list;
    struct xen_livepatch_status *status = shared(MAX_PAYLOADS * sizeof(*status));
    char *names = shared(MAX_PAYLOADS * XEN_LIVEPATCH_NAME_SIZE);
    uint32_t *lens = shared(MAX_PAYLOADS * sizeof(*lens));
    uint32_t *metadata_lens = shared(MAX_PAYLOADS * sizeof(*metadata_lens));
    int num, i;

    set_xen_guest_handle_raw(list->status, status);
    set_xen_guest_handle_raw(list->name, names);
    set_xen_guest_handle_raw(list->len, lens);
    set_xen_guest_handle_raw(list->metadata, (char *)shared(METADATA_SIZE));
    set_xen_guest_handle_raw(list->metadata_len, metadata_lens);
    /* Xen may stop in the middle, to let something else run. */
    do {
        list->nr = MAX_PAYLOADS;
        /* From Xen 4.21 on these say how much room there is. */
        list->name_total_size = MAX_PAYLOADS * XEN_LIVEPATCH_NAME_SIZE;
        list->metadata_total_size = METADATA_SIZE;
        num = call(sysctl);
        if (num < 0)
            err(1, "LIVEPATCH_LIST");
    } while (list->nr);

    printf("version %u\n", list->version);
    for (i = 0; i < num; i++) {
        printf("payload");
        print_hex(names, lens[i] - 1);
        printf(" %s %d\n", status[i].state == LIVEPATCH_STATE_APPLIED
                               ? "applied" : "checked", status[i].rc);
        names += lens[i];
    }
}

/* How often the domain is paused, as Xen's key 'q' told last. */
static int pause_count(const char *console, unsigned int domid)
{
    const char *at, *told = NULL;
    char heading[64];

    snprintf(heading, sizeof(heading), "General information for domain %u:", domid);
    for (at = console; (at = strstr(at, heading)); at++)
        told = at;
    told = told ? strstr(told, " pause_count=") : NULL;
    if (!told)
        errx(1, "Xen does not tell the pause count of domain %u", domid);
    return atoi(told + strlen(" pause_count="));
}

/* Asks for them only where there is a pause to be counted. */
static void tell_domains(void)
{
    static xc_domaininfo_t info[MAX_DOMAINS];
    static char console[CONSOLE_SIZE + 1];
    char key[] = "q", path[64], *name;
    unsigned int len = CONSOLE_SIZE, name_len;
    uint32_t flags, all = 0;
    int num, i;

    num = xc_domain_getinfolist(xch, 0, MAX_DOMAINS, info);
    if (num < 0)
        err(1, "xc_domain_getinfolist");
    for (i = 0; i < num; i++)
        all |= info[i].flags;
    if (all & XEN_DOMINF_paused &&
        (xc_send_debug_keys(xch, key) ||
         xc_readconsolering(xch, console, &len, 0, 0, NULL)))
        err(1, "asking Xen for its domains");
    for (i = 0; i < num; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/name", info[i].domain);
        name = xs_read(store, XBT_NULL, path, &name_len);
        flags = info[i].flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown |
                                 XEN_DOMINF_paused);
        printf("domain %u", info[i].domain);
        print_hex(name ? name : "", name ? name_len : 0);
        printf(" %d %u\n", flags & XEN_DOMINF_paused
               ? pause_count(console, info[i].domain) : 0, flags);
        free(name);
    }
}

static void tell_notes(void)
{
    static char text[NOTES_SIZE];
    FILE *file = fopen(NOTES, "r");
    struct stat stat;

    if (!file)
        return;
    if (fstat(fileno(file), &stat))
        err(1, NOTES);
    printf("notes %o", stat.st_mode & 07777);
    print_hex(text, fread(text, 1, sizeof(text), file));
    putchar('\n');
    fclose(file);
}

static void tell_processes(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    char path[300], name[32];
    FILE *file;

    if (!proc)
        err(1, "/proc");
    while ((entry = readdir(proc))) {
        snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
        file = atoi(entry->d_name) ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        if (fscanf(file, "%31s", name) == 1 &&
            (!strcmp(name, "xl") || !strncmp(name, "libxl-livepatch", 15))) {
            printf("process");
            print_hex(name, strlen(name));
            putchar('\n');
        }
        fclose(file);
    }
    closedir(proc);
}

static void tell_all(void)
{
    xen_extraversion_t extra;

    if (xc_version(xch, XENVER_extraversion, &extra))
        err(1, "XENVER_extraversion");
    printf("extra");
    print_hex(extra, strnlen(extra, sizeof(extra)));
    putchar('\n');
    tell_payloads();
    tell_domains();
    tell_notes();
    tell_processes();
}

/*----- uploading -----*/

static int upload(const char *hex, const char *path)
{
    struct xen_sysctl *sysctl = new_op(XEN_SYSCTL_LIVEPATCH_UPLOAD);
    struct xen_sysctl_livepatch_upload *up = &sysctl->u.livepatch.u.upload;
    char *name = shared(XEN_LIVEPATCH_NAME_SIZE), *data = shared(4 << 20);
    unsigned int byte, i;
    FILE *file = fopen(path, "rb");

    if (!file)
        err(1, "%s", path);
    for (i = 0; i < strlen(hex) / 2; i++) {
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            errx(1, "%s is not hexadecimal", hex);
        name[i] = byte;
    }
    set_xen_guest_handle_raw(up->name.name, name);
    up->name.size = i + 1;
    up->size = fread(data, 1, 4 << 20, file);
    set_xen_guest_handle_raw(up->payload, (uint8_t *)data);
    if (call(sysctl))
        err(1, "LIVEPATCH_UPLOAD");
    return 0;
}

static void run_as_nobody(char **command)
{
    if (setgid(65534) || setuid(65534))
        err(1, "giving up root");
    execvp(*command, command);
    err(1, "%s", *command);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "nobody"))
        run_as_nobody(argv + 2);

    xch = xc_interface_open(NULL, NULL, 0);
    calls = xencall_open(NULL, 0);
    store = xs_open(0);
    if (!xch || !calls || !store)
        err(1, "opening Xen's interfaces");
    if (argc == 4 && !strcmp(argv[1], "upload"))
        return upload(argv[2], argv[3]);
    if (argc == 4 && !strcmp(argv[1], "write")) {
        if (!xs_write(store, XBT_NULL, argv[2], argv[3], strlen(argv[3])))
            err(1, "%s", argv[2]);
        return 0;
    }
    tell_all();
    return 0;
}
