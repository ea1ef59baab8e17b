/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/receipt.h"

#include "frame/roles.h"
#include "frame/texts.h"
#include "model/when.h"

enum { WORDS_MAX_B = 16384, SCHOOLS_NAMED = 40 };

struct str claims_in_words(struct arena *a, struct claim_set claims, enum lang lang)
{
    struct buf b = buf_new(a, WORDS_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i)) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, i == CLAIM_SUB ? frame_text(F_permit_sub, lang) : claim_in_words((enum claim)i, lang));
        }
    return b.n > 0 ? buf_str(&b) : S("–");
}

static void add_schools(struct buf *b, const struct permission *p, enum lang lang)
{
    if (p->schools.n == 0)
        buf_add(b, frame_text(F_permit_all_schools, lang));
    for (size_t i = 0; i < p->schools.n && i < SCHOOLS_NAMED; i++) {
        const struct school *s = p->provider != NULL ? provider_school(p->provider, p->schools.at[i]) : NULL;
        buf_add(b, i > 0 ? S(", ") : S(""));
        buf_add(b, s != NULL ? names_in(&s->names, lang) : p->schools.at[i]);
    }
    if (p->schools.n > SCHOOLS_NAMED)
        buf_printf(b, " + %zu", p->schools.n - SCHOOLS_NAMED);
}

static struct str whom_of(struct arena *a, const struct permission *p, enum lang lang)
{
    struct buf b = buf_new(a, WORDS_MAX_B);

    add_schools(&b, p, lang);
    buf_add(&b, S(": "));
    if (p->roles.n == 0)
        buf_add(&b, frame_text(F_permit_all_roles, lang));
    for (size_t i = 0; i < p->roles.n; i++) {
        buf_add(&b, i > 0 ? S(", ") : S(""));
        buf_add(&b, role_word(role_of_name(p->roles.at[i]), lang));
    }
    return buf_ok(&b) ? buf_str(&b) : S("…");
}

static struct str text_if(struct str text)
{
    return str_is_set(text) ? text : (struct str){ NULL, 0 };
}

struct receipt_words receipt_words(struct arena *a, const struct registry *r, const struct permission *p,
                                   int64_t begun_s, enum lang lang, int64_t now_s)
{
    const struct service *s = registry_service(r, p->service);
    const struct organisation *vendor = s != NULL ? registry_organisation(r, s->vendor) : NULL;
    const int64_t from_s = begun_s > p->from_s ? begun_s : p->from_s;
    struct claim_set gives = p->gives;

    claim_add(&gives, CLAIM_SUB);
    struct receipt_words w = { .id = p->id,
                               .service = s != NULL ? names_in(&s->names, lang) : p->service,
                               .vendor = vendor != NULL ? names_in(&vendor->names, lang)
                                         : s != NULL    ? s->vendor
                                                        : S("–"),
                               .provider = p->provider != NULL ? names_in(&p->provider->names, lang) : S(""),
                               .oid = p->provider != NULL ? p->provider->oid : S(""),
                               .whom = whom_of(a, p, lang),
                               .purpose = text_if(p->purpose),
                               .agreement = text_if(p->agreement),
                               .decided_by = text_if(p->decided_by) };
    if (s != NULL && s->protocol == PROTO_LINK)
        w.gives = frame_text(F_permit_link, lang);
    else
        w.gives = claims_in_words(a, gives, lang);
    if (p->keeps.bits != 0)
        w.keeps = claims_in_words(a, p->keeps, lang);
    if (from_s > 0)
        w.from = when_full(a, from_s, lang);
    if (p->until_s > 0)
        w.until = when_date(a, p->until_s - 1);
    if (p->withdrawn_s > 0) {
        w.withdrawn = when_full(a, p->withdrawn_s, lang);
        w.why = p->withdrawn_why;
    }
    w.in_force = permission_in_force(p, now_s);
    w.later = p->withdrawn_s == 0 && p->from_s > now_s;
    w.over = p->withdrawn_s == 0 && p->until_s > 0 && p->until_s <= now_s;
    return w;
}
