/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metadata: entries that are not UTF-8, hold quotes, newlines and control
 * characters, have no '=', no key or no value, are empty, or come twice.
 */
#include "payload.h"

EXTRA_VERSION(metadata, "Any bytes");

MODINFO(metadata,
        "description=caf" "\xe9" " \"quoted\" 'too' back\\slash\0"
        "lines=one\ntwo\ttab\r\x01\x7f\x1b[31mred\0"
        "\xff\xfe" "key=\x80\xc0\xaf\0"
        "utf8=\xe2\x82\xac\0"
        "an entry without an equals sign\0"
        "=no key\0"
        "empty=\0"
        "\0"
        "equals=a=b=c\0"
        "fixes=XSA-1\0"
        "fixes=CVE-2015-0001, XSA-2");
