/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_PARAM_H
#define HOSTED_XEN_PARAM_H

/* The command line is parsed when a test says so: hosted_param(). */
struct hosted_param {
    const char *name;
    int (*parse)(const char *s);
};

#define custom_param(name, fn) \
    static const struct hosted_param hosted_param_ ## fn \
    __used_section("hosted_params") = { name, fn }

#endif /* HOSTED_XEN_PARAM_H */
