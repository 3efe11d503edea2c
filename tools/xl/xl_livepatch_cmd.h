/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What xl's table of commands says of "xl livepatch", and what
 * "xl livepatch help" prints.
 */

#ifndef XL_LIVEPATCH_CMD_H
#define XL_LIVEPATCH_CMD_H

#define XL_LIVEPATCH_DESC \
    "Patch the running hypervisor"

#define XL_LIVEPATCH_USAGE \
    "<verb> [options] [FILE...|NAME]"

#define XL_LIVEPATCH_OPTIONS                                              \
    "Verbs:\n"                                                            \
    "  apply FILE...    Upload, check and apply payloads, all or none.\n" \
    "  replace FILE...  The same in place of all that is applied.\n"      \
    "  revert NAME      Take a payload's patches out of the hypervisor.\n"\
    "  unload NAME      Remove a payload that is not applied.\n"          \
    "  install FILE...  Apply payloads, now and after every boot.\n"      \
    "  uninstall NAME   Take an installed payload out for good.\n"       \
    "  restore          Apply all that is installed; boot does it.\n"    \
    "  prune            Remove what is installed for Xens now gone.\n"    \
    "  list             List the payloads in the hypervisor.\n"           \
    "  show NAME        Tell all that is known of one payload.\n"         \
    "  status           Tell what is not as it should be.\n"              \
    "  blockers         Tell what would keep the host from resting.\n"    \
    "  check FILE...    Judge payload files; needs no Xen and no root.\n" \
    "  upload FILE      Load a payload without applying it.\n"            \
    "  log              Show who has changed what, from the journal.\n"   \
    "  help [VERB]      Print this help, or that of a verb.\n"            \
    "\n"                                                                  \
    "Options of all verbs (for the others: xl livepatch help VERB):\n"    \
    "  -j, --json       Print one JSON document about what happened.\n"   \
    "  -h, --help       Print the verb's help.\n"                         \
    "\n"                                                                  \
    "Exit status: 0 done, 1 failed, 2 busy (in both the host is as it\n"  \
    "was), 3 the host needs attention.  See xl-livepatch(1).\n"

#endif /* XL_LIVEPATCH_CMD_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
