/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_DOMAIN_PAGE_H
#define HOSTED_XEN_DOMAIN_PAGE_H

#include <asm/page.h>

void *map_domain_page(mfn_t mfn);
void unmap_domain_page(const void *va);
#define map_domain_page_global   map_domain_page
#define unmap_domain_page_global unmap_domain_page

#endif /* HOSTED_XEN_DOMAIN_PAGE_H */
