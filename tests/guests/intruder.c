/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intruder: asks the hypervisor for each live patching sub-operation, as only
 * the control domain may, and says what it was answered.
 */
/* For the hypercalls that are none of a guest's business. */
#undef __XEN_INTERFACE_VERSION__
#define __XEN_TOOLS__
#include "guest.h"

#include <public/sysctl.h>

#define BUFFER_SIZE 64

/* What our own engine has beside Xen's. */
#define SUB_REPORT 256

const char guest_name[] = "intruder";

static struct xen_sysctl sysctl;
static char name[] = "hello", buffer[BUFFER_SIZE];

static void ask(const char *what, uint32_t cmd)
{
    sysctl.cmd = XEN_SYSCTL_livepatch_op;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysctl.u.livepatch.cmd = cmd;
    say("%s %d", what,
        hypercall(__HYPERVISOR_sysctl, (uintptr_t)&sysctl, 0, 0, 0));
    for ( unsigned int i = 0; i < sizeof(sysctl); i++ )
        ((volatile char *)&sysctl)[i] = 0;
}

static void set_name(struct xen_livepatch_name *to)
{
    set_xen_guest_handle_raw(to->name, name);
    to->size = sizeof(name);
}

static void ask_for_action(const char *what, uint32_t cmd)
{
    set_name(&sysctl.u.livepatch.u.action.name);
    sysctl.u.livepatch.u.action.cmd = cmd;
    ask(what, XEN_SYSCTL_LIVEPATCH_ACTION);
}

void guest_main(void)
{
    struct xen_sysctl_livepatch_list *list = &sysctl.u.livepatch.u.list;

    list->nr = 1;
    set_xen_guest_handle_raw(list->name, buffer);
    ask("list", XEN_SYSCTL_LIVEPATCH_LIST);

    set_name(&sysctl.u.livepatch.u.get.name);
    ask("get", XEN_SYSCTL_LIVEPATCH_GET);

    set_name(&sysctl.u.livepatch.u.upload.name);
    sysctl.u.livepatch.u.upload.size = sizeof(buffer);
    set_xen_guest_handle_raw(sysctl.u.livepatch.u.upload.payload,
                             (uint8_t *)buffer);
    ask("upload", XEN_SYSCTL_LIVEPATCH_UPLOAD);

    set_name(&sysctl.u.livepatch.u.get.name);
    ask("report", SUB_REPORT);

    ask_for_action("apply", LIVEPATCH_ACTION_APPLY);
    ask_for_action("revert", LIVEPATCH_ACTION_REVERT);
    ask_for_action("replace", LIVEPATCH_ACTION_REPLACE);
    ask_for_action("unload", LIVEPATCH_ACTION_UNLOAD);
    say("done");
    for ( ;; )
        sleep_until(now() + SECOND);
}
