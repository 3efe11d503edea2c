/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What people are told about each reason for a failure: what it means, and
 * what to do about it.  Advice for one situation alone is a macro in
 * libxl_livepatch_words.h.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

static const libxl__livepatch_words words[] = {
    { LIBXL_LIVEPATCH_REASON_NOT_PERMITTED,
      "Xen does not let this domain do it",
      "Only the control domain may, as root, with the tools of the Xen "
      "that is running (see xl info); an XSM policy has to allow "
      "livepatch_op." },
    { LIBXL_LIVEPATCH_REASON_NOT_SUPPORTED,
      "this Xen was built without live patching",
      "Boot a Xen with CONFIG_LIVEPATCH; Debian's has it." },
    { LIBXL_LIVEPATCH_REASON_FILE, "it can't be read",
      "Name the payload's file, with its path; what Xen has loaded "
      "already is applied by its name, with xen-livepatch." },
    { LIBXL_LIVEPATCH_REASON_FORMAT, "it is malformed",
      "xl livepatch check shows all that is wrong with a file." },
    { LIBXL_LIVEPATCH_REASON_XEN_BUILD_ID, "it is made for another Xen",
      "Get the payload that was built for this very package version of "
      "Xen." },
    { LIBXL_LIVEPATCH_REASON_DEPENDENCY,
      "it is made for another place in the stack of live patches",
      "See what is applied with xl livepatch list, and what it depends on "
      "with xl livepatch check; apply what is missing first." },
    { LIBXL_LIVEPATCH_REASON_SYMBOL, "it needs a symbol that is not there",
      "It is made for another Xen, or for another stack of live patches; "
      "get the payload that is made for this one." },
    { LIBXL_LIVEPATCH_REASON_COLLISION,
      "its name, its build-id or a symbol that it defines is there "
      "already",
      "xl livepatch list shows what is loaded.  Unload the other payload, "
      "or have one of them built anew with a symbol of another name." },
    { LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD,
      "Xen has no payload of that name",
      "xl livepatch list shows those that it has." },
    { LIBXL_LIVEPATCH_REASON_NOT_ON_TOP,
      "another payload is applied on top of it",
      "Revert that first, newest first; or replace the whole stack." },
    { LIBXL_LIVEPATCH_REASON_NOT_REAPPLICABLE,
      "it was reverted and has data of its own, so the hypervisor does "
      "not apply it again",
      "Unload it, then apply its file." },
    { LIBXL_LIVEPATCH_REASON_CANNOT_UNDO,
      "what it would displace could not be put back if it failed",
      "Revert and unload that yourself, or accept with --no-undo that the "
      "host may be left unpatched." },
    { LIBXL_LIVEPATCH_REASON_EXPECTATION,
      "the code that it would patch is not what it expects",
      "It is made for another build or another stack of patches; get the "
      "payload that is made for this one." },
    { LIBXL_LIVEPATCH_REASON_HOOK, "a hook of it refused",
      "The payload itself decided so; ask who made it." },
    { LIBXL_LIVEPATCH_REASON_QUIESCE,
      "some CPU of the host did not arrive in time",
      "Try again, with a longer timeout or with guests paused: see "
      "QUIESCING in xl-livepatch(1)." },
    { LIBXL_LIVEPATCH_REASON_WAITQUEUE,
      "a guest waits inside the hypervisor for its monitor or pager",
      "It sleeps there until its monitor or pager has answered; pausing "
      "it only keeps it from asking more.  Let the answers come, and try "
      "again." },
    { LIBXL_LIVEPATCH_REASON_IN_FLIGHT,
      "the hypervisor is busy with another live patching action",
      "Try again; xl livepatch list shows when it is over." },
    { LIBXL_LIVEPATCH_REASON_LOCKED,
      "another call is live patching this host",
      "Wait for it, or give a longer lock wait." },
    { LIBXL_LIVEPATCH_REASON_ABORTED, "aborted", NULL },
    { LIBXL_LIVEPATCH_REASON_MEMORY, "out of memory",
      "Free memory in Xen (xl info, free_memory) and in domain 0." },
    { LIBXL_LIVEPATCH_REASON_IN_USE, "other payloads use what is in it",
      "Revert and unload those first; xl livepatch list shows all." },
    { LIBXL_LIVEPATCH_REASON_LOSES_FIX,
      "a fix that is in force would be lost",
      "Get a payload that has it, too, or accept with --lose-fixes that "
      "it is lost." },
    { LIBXL_LIVEPATCH_REASON_INTERRUPTED,
      "a call was killed and left things half done",
      "The next call that changes something clears up first." },
    { LIBXL_LIVEPATCH_REASON_SIGNATURE,
      "this Xen takes it only with a signature that it knows",
      "Get the payload as its maker has signed it for this Xen.  xl dmesg "
      "has the names of the keys that Xen knows, from its boot." },
    { LIBXL_LIVEPATCH_REASON_STORE,
      "where payloads are installed can't be used",
      "Run it as root, and see that /var/lib/xen is a folder that can be "
      "written to and is not full." },
    { LIBXL_LIVEPATCH_REASON_LEFT_OUT,
      "not all that is installed is applied",
      "xl livepatch status tells which, and why.  xl livepatch restore "
      "applies what can be, with --retry also what was left out after a "
      "crash; xl livepatch uninstall takes one out." },
};

const libxl__livepatch_words *
libxl__livepatch_words_for(libxl_livepatch_reason reason)
{
    static const libxl__livepatch_words none;
    int i;

    for (i = 0; i < ARRAY_SIZE(words); i++)
        if (words[i].reason == reason) return &words[i];
    return &none;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
