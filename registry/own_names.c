/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/own_names.h"

#include "base/text.h"
#include "model/registry.h"

#include <string.h>

enum { HOST_MAX_B = 256, PORT_USUAL = 0 };

/* ── which host it names ────────────────────────────────────────────────── */

struct origin {
    char host[HOST_MAX_B];
    size_t host_n;
    int64_t port; /* PORT_USUAL: that of its scheme */
    struct str path;
};

/* As browsers read addresses [WHATWG URL]. */
static size_t authority_end(struct str s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] != '/' && s.p[i] != '\\' && s.p[i] != '?' && s.p[i] != '#')
        i++;
    return i;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void unescape(struct str s, char *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < s.n && *n < HOST_MAX_B; i++) {
        bool escaped = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        out[(*n)++] = escaped ? (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])) : s.p[i];
        i += escaped ? 2 : 0;
    }
}

/* What a name becomes before it is looked up [UTS 46 4]: wide letters, other full stops, what nobody sees; 0: nothing.
 */
static uint32_t mapped(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        c -= 0xff01 - '!';
    if (c == 0x3002 || c == 0xff61)
        return '.';
    if (c == 0xad || c == 0x34f || (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff ||
        (c >= 0xfe00 && c <= 0xfe0f))
        return 0;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static void read_host(struct str s, struct origin *out)
{
    char plain[HOST_MAX_B];
    size_t n, step;

    unescape(s, plain, &n);
    for (size_t i = 0; i < n && out->host_n < HOST_MAX_B; i += step) {
        uint32_t c = mapped(text_at(str_n(plain, n), i, &step));
        if (c > 0 && c < 0x80)
            out->host[out->host_n++] = (char)c;
        else if (c != 0)
            out->host[out->host_n++] = '\x80'; /* of another alphabet: no name of ours */
    }
    while (out->host_n > 0 && out->host[out->host_n - 1] == '.')
        out->host_n--;
}

static bool read_port(struct str s, int64_t usual, int64_t *out)
{
    *out = PORT_USUAL;
    if (s.n == 0)
        return true;
    if (!str_int(s, out))
        return false;
    *out = *out == usual ? PORT_USUAL : *out;
    return true;
}

/* False: it is no address of the web. */
static bool origin_of(struct str name, struct origin *out)
{
    size_t colon = str_find_byte(name, ':', 0);
    bool https = str_eq_case(str_sub(name, 0, colon), S("https"));
    struct str rest = colon < name.n ? str_from(name, colon + 1) : S("");

    *out = (struct origin){ .host_n = 0 };
    if (!https && !str_eq_case(str_sub(name, 0, colon), S("http")))
        return false;
    while (rest.n > 0 && (rest.p[0] == '/' || rest.p[0] == '\\'))
        rest = str_from(rest, 1);
    struct str at = str_sub(rest, 0, authority_end(rest));
    out->path = str_from(rest, at.n);
    for (size_t user = str_find_byte(at, '@', 0); user < at.n; user = str_find_byte(at, '@', 0))
        at = str_from(at, user + 1);
    size_t end = at.n;
    for (size_t i = 0; i < at.n; i++)
        end = at.p[i] == ':' ? i : at.p[i] == ']' ? at.n : end;
    read_host(str_sub(at, 0, end), out);
    return out->host_n > 0 && read_port(end < at.n ? str_from(at, end + 1) : S(""), https ? 443 : 80, &out->port);
}

/* ── ours? ──────────────────────────────────────────────────────────────── */

struct looking {
    struct origin us;
    bool nothing; /* is ours */
    struct row_place *where;
    struct fail *fail;
};

static bool is_ours(const struct looking *l, struct str name)
{
    struct str below = str_has_suffix(l->us.path, S("/")) ? str_sub(l->us.path, 0, l->us.path.n - 1) : l->us.path;
    struct origin o;

    if (l->nothing || !origin_of(name, &o) || o.port != l->us.port || o.host_n != l->us.host_n ||
        memcmp(o.host, l->us.host, o.host_n) != 0 || o.path.n < below.n ||
        !str_eq_case(str_sub(o.path, 0, below.n), below))
        return false;
    return o.path.n == below.n || authority_end(str_from(o.path, below.n)) == 0;
}

static bool free_of(const struct looking *l, enum kind kind, struct str id, const char *field, struct str name)
{
    if (!is_ours(l, name))
        return true;
    *l->where = (struct row_place){ kind, { id, S("") } };
    return fail_long(l->fail, FAIL_CALLER, "registry_invalid",
                     "%s %.*s: %s \"%.*s\" is an address of this gateway (public_url): whoever is not the gateway "
                     "goes by a name of their own",
                     kind_rows[kind].name, STR_ARG(id), field, STR_ARG(name));
}

static bool service_is_free(const struct looking *l, const struct service *s)
{
    const struct strs *resources = &s->client.resources;

    if (!free_of(l, KIND_SERVICE, s->id, "entity_id", s->saml.entity_id) ||
        !free_of(l, KIND_SERVICE, s->id, "client_id", s->client_id))
        return false;
    for (size_t i = 0; i < resources->n; i++)
        if (!free_of(l, KIND_SERVICE, s->id, "resources", resources->at[i]))
            return false;
    return true;
}

bool registry_check_own_names(const struct registry *r, struct str us,
                              bool (*touched)(const void *with, enum kind kind, struct str id), const void *with,
                              struct row_place *where, struct fail *f)
{
    const struct registry_parts *p = registry_parts(r);
    struct looking l = { .where = where, .fail = f };

    l.nothing = !origin_of(us, &l.us);
    for (size_t i = 0; i < p->service_count; i++)
        if ((touched == NULL || touched(with, KIND_SERVICE, p->services[i].id)) &&
            !service_is_free(&l, &p->services[i]))
            return false;
    for (size_t i = 0; i < p->idp_count; i++) {
        const struct idp *idp = &p->idps[i];
        if ((touched == NULL || touched(with, KIND_IDP, idp->id)) &&
            (!free_of(&l, KIND_IDP, idp->id, "entity_id", idp->entity_id) ||
             !free_of(&l, KIND_IDP, idp->id, "issuer", idp->issuer)))
            return false;
    }
    return true;
}
