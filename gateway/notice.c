/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/notice.h"

#include "base/codec.h"
#include "base/seals.h"
#include "wire/form.h"
#include "wire/json.h"

enum { RECORD_MAX_B = 1300, TEXT_MAX_B = 1200 };

static const struct str bound = S("notice");

#define TEXTS(X) X(support_code) X(service) X(code) X(told) X(idp) X(login) X(ask) X(sid) X(back) X(fault)

static const struct json_field fields[] = { FIELD(notice, page, JSON_INT, true, 0),
                                            FIELD(notice, made_s, JSON_INT, true, 0),
                                            FIELD(notice, kind, JSON_INT, false, 0),
#define X(member) FIELD(notice, member, JSON_STR, false, TEXT_MAX_B),
                                            TEXTS(X)
#undef X
                                                { 0 } };

static struct str write_record(const struct ctx *c, const struct notice *n)
{
    struct json_out o = json_out(c->arena, RECORD_MAX_B);
    struct fail why = { 0 };

    json_begin_object(&o);
    json_put_int(&o, S("page"), n->page);
    json_put_int(&o, S("made_s"), n->made_s);
    json_put_int(&o, S("kind"), n->kind);
#define X(member)                                                                                                      \
    if (str_is_set(n->member))                                                                                         \
        json_put_str(&o, S(#member), n->member);
    TEXTS(X)
#undef X
    json_end_object(&o);
    return json_fits(fields, n, &why) ? json_done(&o) : (struct str){ NULL, 0 };
}

struct str notice_here(struct ctx *c, const struct notice *n)
{
    struct str record = c->seals != NULL ? write_record(c, n) : (struct str){ NULL, 0 };

    if (record.p == NULL)
        return record;
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, bound, record);
    return url_to(c->arena, S("/notice"), S("v"), b64url_encode(c->arena, sealed));
}

bool notice_read(const struct ctx *c, struct notice *out)
{
    struct str text = form_get(c->query, S("v")), sealed, record;
    struct fail why = { 0 };

    *out = (struct notice){ .page = NOTICE_NONE };
    return text.n <= NOTICE_MAX_B && b64url_decode(c->arena, text, &sealed) &&
           seal_open(c->arena, c->seals, SEAL_COOKIE, bound, sealed, &record) &&
           json_read(c->arena, record, fields, out, &why) && c->now_s - out->made_s < NOTICE_S;
}
