/* SPDX-License-Identifier: EUPL-1.2
 * registry/own_names.h: nobody else goes by a name of the gateway's own.
 *
 * Floor 4.  Pure.  Our entityIDs and our issuer are public_url or stand below it.  A service that carried one would be
 * an audience that is ourselves, to whom the signer makes nothing (certs/saml_scan.h); an identity provider that did
 * would be taken for us by whoever reads who said something.  What registry_check() cannot know, since a registry is
 * the same wherever it is served.  An address is ours however it is written: in capitals, with its port, with a full
 * stop behind the host, escaped, in wide letters, over http, behind somebody's name.
 */
#ifndef REGISTRY_OWN_NAMES_H
#define REGISTRY_OWN_NAMES_H

#include "registry/check.h"

/* us: public_url; absent or empty: nothing is ours.  touched: does the change write this row?  NULL: all rows are
 * looked at.  Fails CALLER registry_invalid; *where is the row. */
bool registry_check_own_names(const struct registry *r, struct str us,
                              bool (*touched)(const void *with, enum kind kind, struct str id), const void *with,
                              struct row_place *where, struct fail *f);

#endif
