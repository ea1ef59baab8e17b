/* SPDX-License-Identifier: EUPL-1.2
 * wire/page_forms.h: the forms of somebody else's page, as a browser without scripts would send them.
 *
 * Floor 1.  Reads HTML as it comes [WHATWG HTML 13.2], no more of it than forms need: what stands in comments, scripts,
 * styles and other raw text is nobody's form; what stands in <noscript> is.  Of each form its address, its method and
 * its fields with a name, in their order; a form within a form is part of the outer one, and a field outside of any is
 * nobody's.  Buttons: the first that submits, which the Enter key means.  Lists to choose from (<select>) and
 * <textarea> are not read: `unread` says that there was one.
 *
 * Time and memory grow with the page; views live in a, or in the page.
 */
#ifndef WIRE_PAGE_FORMS_H
#define WIRE_PAGE_FORMS_H

#include "base/arena.h"

enum { PAGE_FORMS_MAX = 16, PAGE_FORM_FIELDS_MAX = 64, PAGE_ATTRIBUTE_MAX_B = 1 << 18 };

enum page_field_kind { PAGE_FIELD_NONE = 0, PAGE_FIELD_HIDDEN, PAGE_FIELD_TEXT, PAGE_FIELD_PASSWORD, PAGE_FIELD_OTHER };

struct page_field {
    enum page_field_kind kind; /* OTHER: a tick that is on, or the button */
    struct str name, value;    /* decoded; name is set */
};

struct page_form {
    struct str action; /* as written, decoded; "": the page's own address */
    bool post;
    bool unread;
    struct page_field *fields;
    size_t field_count;
    size_t passwords, texts; /* of them */
};

struct page_forms {
    struct page_form at[PAGE_FORMS_MAX];
    size_t n;
    bool too_much; /* more forms, fields or bytes than these limits; what is here is not all */
};

void page_forms_read(struct arena *a, struct str page, struct page_forms *out);

#endif
