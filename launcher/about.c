/* SPDX-License-Identifier: EUPL-1.2
 *
 * What the gateway is, and what may be told to whom: the registry's own rows, so the page cannot say otherwise. */
#include "launcher/pages.h"

#include "frame/roles.h"
#include "frame/words.h"
#include "launcher/texts.h"
#include "launcher/views.h"
#include "model/claims.h"

enum { WORDS_MAX_B = 1024 };

static struct str told(struct arena *a, struct claim_set asks, enum lang lang)
{
    struct buf b = buf_new(a, WORDS_MAX_B);

    for (int claim = 0; claim < CLAIM_COUNT; claim++)
        if (claim_in(asks, (enum claim)claim)) {
            buf_add(&b, b.n > 0 ? S(", ") : S(""));
            buf_add(&b, claim_in_words((enum claim)claim, lang));
        }
    return buf_str(&b);
}

static size_t whys_of(struct arena *a, const struct service *s, enum lang lang, const struct told_why **out)
{
    struct told_why *whys = arena_make_n(a, s->purpose_count + 1, struct told_why);

    for (size_t i = 0; i < s->purpose_count; i++)
        whys[i] = (struct told_why){ claim_in_words(s->purposes[i].claim, lang), names_in(&s->purposes[i].why, lang) };
    *out = whys;
    return s->purpose_count;
}

/* A link opens a page and tells it nothing.  Every other service knows its people again, whatever its row asks for. */
static struct about_row row_of(struct arena *a, const struct service *s, enum lang lang)
{
    struct claim_set most = s->asks;

    claim_add(&most, CLAIM_SUB);
    struct about_row row = { .name = names_in(&s->names, lang),
                             .line = names_in(&s->lines, lang),
                             .name_lang = names_tag(&s->names, lang),
                             .line_lang = names_tag(&s->lines, lang),
                             .told = s->protocol != PROTO_LINK ? told(a, most, lang) : S("") };
    if (s->protocol != PROTO_LINK)
        row.whys.n = whys_of(a, s, lang, &row.whys.at);
    return row;
}

void about_fill(struct arena *a, const struct registry *r, int64_t from, struct about_view *v)
{
    const struct registry_parts *parts = registry_parts(r);
    struct about_row *rows = arena_make_n(a, ABOUT_ROWS_MAX, struct about_row);
    size_t place = 0;

    v->municipalities = parts->provider_count;
    v->services = 0;
    for (size_t i = 0; i < parts->service_count; i++)
        v->services += parts->services[i].enabled;
    v->from = from > 0 && (uint64_t)from < v->services ? (size_t)from : 0; /* past the end is the beginning */
    for (size_t i = 0; i < parts->service_count && v->rows.n < ABOUT_ROWS_MAX; i++)
        if (parts->services[i].enabled && place++ >= v->from)
            rows[v->rows.n++] = row_of(a, &parts->services[i], v->page.lang);
    v->rows.at = rows;
    v->next = v->from + v->rows.n < v->services ? v->from + v->rows.n : 0;
}

struct html page_about(struct arena *a, const struct about_view *v)
{
    struct about_out out = { .page = v->page,
                             .in = *v,
                             .municipalities = words_count(a, v->municipalities, v->page.lang),
                             .services = words_count(a, v->services, v->page.lang),
                             .first = words_count(a, v->from + 1, v->page.lang),
                             .last = words_count(a, v->from + v->rows.n, v->page.lang),
                             .cut = v->rows.n<v->services, .previous = v->from> ABOUT_ROWS_MAX
                                        ? v->from - ABOUT_ROWS_MAX
                                        : 0 };
    struct buf b = html_begin(a);

    view_about(&b, &out);
    return html_end(&b);
}
