/* SPDX-License-Identifier: EUPL-1.2
 * registry/contacts.h: which addresses of e-mail of a vendor's organisation are proven to be read.
 *
 * Floor 4.  The addresses are the organisation's row; here is which of them somebody has opened a link from.  What was
 * verified before goes on to receive until the new one is: so a change by whoever has come in by stealth sends no
 * warning astray.  In state_dir/registry/vendors.sqlite: losing it, all are to be verified anew.
 *
 * What is in a link is kept as its hash.  Everything here may block; each is a job on the vendors' store.
 */
#ifndef REGISTRY_CONTACTS_H
#define REGISTRY_CONTACTS_H

#include "registry/vendors.h"

enum contact { CONTACT_technology = 0, CONTACT_privacy, CONTACT_incidents, CONTACT_COUNT };
enum { CONTACT_LINK_S = 7 * 86400 };

struct str contact_word(enum contact which); /* "technology" */
bool contact_of_word(struct str word, enum contact *out);
struct str contact_address(const struct organisation *o, enum contact which); /* as the row has it */

/* Those that were verified last; absent: none was. */
struct contacts {
    struct str verified[CONTACT_COUNT];
    bool before[CONTACT_COUNT]; /* by the word of whoever runs the gateway: from before anybody was asked to prove it */
};
bool contacts_of(struct db *d, struct arena *a, struct str organisation, struct contacts *out, struct fail *f);
/* The row's address is the verified one. */
bool contact_is_verified(const struct contacts *x, const struct organisation *o, enum contact which);

struct contact_link {
    struct str hash, organisation, address;
    struct str by; /* who asked for it: id of a person */
    enum contact which;
    int64_t until_s;
};
/* In place of the one before, of the same organisation and contact. */
bool contact_link_put(struct db *d, const struct contact_link *x, struct fail *f);
/* Fails NOT_FOUND no_contact_link: there never was, it is over, it was used, or a newer one was made. */
bool contact_link_get(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct contact_link *out,
                      struct fail *f);
/* The links that are open, of all organisations. */
struct contact_links {
    struct contact_link *at;
    size_t n;
};
bool contact_links_open(struct db *d, struct arena *a, int64_t now_s, struct contact_links *out, struct fail *f);
/* Those that were verified last, of all organisations: as many as there are, in their order. */
bool contacts_of_all(struct db *d, struct arena *a, const struct organisation *all, size_t n, struct contacts *out,
                     struct fail *f);

/* Once after an upgrade from a version that asked nobody: the addresses of organisations of which none was verified and
 * none is being asked for count as verified, until they are changed.  Where there was no portal before, none does. */
bool contacts_take_over(struct db *d, struct arena *a, const struct organisation *all, size_t n, int64_t now_s,
                        struct fail *f);

/* Its address is verified from now on, and the link is used.  Fails likewise. */
bool contact_verify(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct fail *f);

#endif
