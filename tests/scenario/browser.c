/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/browser.h"

#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX_B = 1 << 20, REQUEST_MAX_B = 1 << 19 };

#define SESSION_COOKIE "__Host-digione"

/* The jar. */

static void forget(struct jar *jar, size_t i)
{
    for (jar->n--; i < jar->n; i++)
        jar->at[i] = jar->at[i + 1];
}

static void forget_ended(const struct stage *s, struct jar *jar)
{
    for (size_t i = jar->n; i-- > 0;)
        if (jar->at[i].ends_s != 0 && jar->at[i].ends_s <= stage_now_s(s))
            forget(jar, i);
}

static void keep(struct jar *jar, const struct cookie *c)
{
    for (size_t i = 0; i < jar->n; i++)
        if (str_eq(jar->at[i].name, c->name)) {
            jar->at[i] = *c;
            return;
        }
    if (jar->n < JAR_MAX)
        jar->at[jar->n++] = *c;
}

void jar_put(struct jar *jar, struct str name, struct str value)
{
    const struct cookie c = { .name = name, .value = value };

    keep(jar, &c);
}

const struct cookie *jar_find(const struct jar *jar, struct str name)
{
    for (size_t i = 0; i < jar->n; i++)
        if (str_eq(jar->at[i].name, name))
            return &jar->at[i];
    return NULL;
}

size_t jar_count(const struct stage *s, struct jar *jar, struct str prefix)
{
    size_t n = 0;

    forget_ended(s, jar);
    for (size_t i = 0; i < jar->n; i++)
        n += str_has_prefix(jar->at[i].name, prefix);
    return n;
}

/* "name=value; Path=/; Max-Age=900; …" */
static void take_cookie(const struct stage *s, struct jar *jar, struct str field, struct answer *out)
{
    struct str pair, part, rest = field;
    struct cookie c = { 0 };
    int64_t age_s;

    (void)str_split(&rest, ';', &pair);
    size_t at = str_find_byte(pair, '=', 0);
    c.name = str_sub(pair, 0, at);
    c.value = str_from(pair, at + 1);
    while (str_split(&rest, ';', &part))
        if (str_has_prefix(str_trim(part), S("Max-Age=")) && str_int(str_from(str_trim(part), 8), &age_s))
            c.ends_s = stage_now_s(s) + age_s;
    bool ended = c.ends_s != 0 && c.ends_s <= stage_now_s(s);
    if (str_eq(c.name, S(SESSION_COOKIE)))
        *(ended ? &out->session_ended : &out->session) = true;
    if (jar == NULL)
        return;
    keep(jar, &c);
    forget_ended(s, jar);
}

/* The exchange. */

static struct str write_request(const struct stage *s, struct arena *a, struct jar *jar, const struct request *r)
{
    struct buf b = buf_new(a, REQUEST_MAX_B);

    buf_printf(&b, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n", r->post ? "POST" : "GET",
               STR_ARG(r->path), STR_ARG(r->host.p != NULL ? r->host : S("gateway.example")));
    if (r->from.p != NULL)
        buf_printf(&b, "X-Forwarded-For: %.*s\r\n", STR_ARG(r->from));
    if (r->authorization.p != NULL)
        buf_printf(&b, "Authorization: %.*s\r\n", STR_ARG(r->authorization));
    if (r->origin.p != NULL)
        buf_printf(&b, "Origin: %.*s\r\nSec-Fetch-Site: cross-site\r\n", STR_ARG(r->origin));
    if (jar != NULL)
        forget_ended(s, jar);
    for (size_t i = 0; jar != NULL && i < jar->n; i++)
        buf_printf(&b, "%s%.*s=%.*s", i == 0 ? "Cookie: " : "; ", STR_ARG(jar->at[i].name), STR_ARG(jar->at[i].value));
    if (jar != NULL && jar->n > 0)
        buf_add(&b, S("\r\n"));
    if (r->post)
        buf_printf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", r->body.n);
    buf_add(&b, S("\r\n"));
    if (r->post)
        buf_add(&b, r->body);
    return buf_str(&b);
}

static void send_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* it was refused before it was whole: the answer says so */
        bytes = str_from(bytes, (size_t)n);
    }
}

static struct str hear(struct stage *s, struct arena *a, int fd, bool *hung)
{
    struct buf b = buf_new(a, ANSWER_MAX_B);
    char piece[16384];

    while (!(*hung = !stage_wait(s, fd))) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n <= 0)
            break;
        buf_add(&b, str_n(piece, (size_t)n));
    }
    return buf_str(&b);
}

static void read_field(const struct stage *s, struct jar *jar, struct str line, struct answer *out)
{
    size_t colon = str_find_byte(line, ':', 0);
    struct str name = str_sub(line, 0, colon), value = str_trim(str_from(line, colon + 1));

    if (str_eq_case(name, S("Location")))
        out->location = value;
    if (str_eq_case(name, S("Set-Cookie")))
        take_cookie(s, jar, value, out);
}

struct answer browser_ask(struct stage *s, struct arena *a, struct jar *jar, const struct request *r)
{
    struct answer out = { 0 };
    int64_t began_ms = atomic_load(&s->clock->mono_ms);
    int fd = stage_connect(s);
    int64_t status = 0;

    send_all(fd, write_request(s, a, jar, r));
    struct str text = hear(s, a, fd, &out.hung), line;
    (void)close(fd);
    out.took_ms = atomic_load(&s->clock->mono_ms) - began_ms;
    size_t head = str_find(text, S("\r\n\r\n"));
    if (head == text.n || !str_int(str_sub(text, 9, 3), &status))
        return out;
    out.status = (int)status;
    out.head = str_sub(text, 0, head);
    out.body = str_from(text, head + 4);
    for (struct str rest = out.head; str_split(&rest, '\n', &line);)
        read_field(s, jar, line, &out);
    return out;
}
