/* SPDX-License-Identifier: EUPL-1.2
 * wire/multipart.h: the body of a form with a file in it.
 *
 * Floor 1.  multipart/form-data [RFC 7578] as browsers write it, read strictly, in time proportional to the body.  Its
 * texts obey the rules of wire/form.h; a file is bytes, which nothing here looks into, and is found by form_file()
 * alone: no reader of texts ever sees its bytes.  The file's name and type are the sender's word, and are not kept.
 */
#ifndef WIRE_MULTIPART_H
#define WIRE_MULTIPART_H

#include "wire/form.h"

enum {
    MULTIPART_BOUNDARY_MAX_B = 70, /* [RFC 2046 5.1.1] */
    MULTIPART_HEADER_MAX_B = 2048, /* of one part */
    MULTIPART_FILES_MAX = 8
};

bool is_multipart(struct str content_type);

/* Fails CALLER invalid_request.  Views of body, and memory of a. */
bool multipart_read(struct arena *a, struct str content_type, struct str body, struct form **out, struct fail *f);

#endif
