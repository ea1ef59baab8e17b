/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/fetch_mail.h"

#include "gateway/process/fetch_guard.h"
#include "model/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX_B = 1024, AUTHENTICATION_REQUIRED = 530, TAKEN = 250 };
/* Together, the answer to QUIT too, within fetch_limits[FETCH_MAIL]. */
enum { CONNECT_MS = 30000, MAIL_MS = 80000, ANSWER_S = 30, TRY_MS = 10000 };

/* ── the server ─────────────────────────────────────────────────────────── */

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool read_password(struct arena *a, struct str file, struct str *out, struct fail *f)
{
    char bytes[PASSWORD_MAX_B + 1];
    int fd = open(arena_cstr(a, file), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
    int error = errno;

    if (fd >= 0)
        (void)close(fd);
    *out = n > 0 && n <= PASSWORD_MAX_B ? arena_str(a, str_trim(str_n(bytes, (size_t)n))) : S("");
    explicit_bzero(bytes, sizeof bytes);
    return (out->n > 0 && !has_control(*out)) ||
           fail(f, FAIL_OURS, "smtp_password_file", "smtp_password_file %.*s: %s", STR_ARG(file),
                n < 0 ? strerror(error) : "expected one line, the password");
}

/* The host of public_url is what we are called [RFC 5321 4.1.1.1]. */
static struct str own_name(const struct settings *s)
{
    struct str rest = str_from(s->public_url, str_find_byte(s->public_url, '/', 0));

    rest = str_from(rest, rest.n > 2 ? 2 : rest.n);
    return str_has_prefix(rest, S("[")) ? S("localhost") : str_sub(rest, 0, str_find_byte(rest, ':', 0));
}

/* Names below localhost are this machine, whatever a resolver says [RFC 6761 6.3]. */
static struct str pin_of(struct arena *a, struct str at, struct str usual_port)
{
    size_t colon = str_has_prefix(at, S("[")) ? at.n : str_find_byte(at, ':', 0);
    struct str host = str_sub(at, 0, colon), port = colon < at.n ? str_from(at, colon + 1) : usual_port;

    return is_localhost_name(host) ? arena_printf(a, "%.*s:%.*s:127.0.0.1", STR_ARG(host), STR_ARG(port))
                                   : (struct str){ NULL, 0 };
}

bool mail_server_read(const struct settings *s, struct arena *a, struct mail_server *out, struct fail *f)
{
    *out = (struct mail_server){ .from = s->smtp_from };
    if (s->smtp.n == 0)
        return true;
    struct str at = str_from(s->smtp, str_find_byte(s->smtp, '/', 0) + 2);
    bool tls = str_has_prefix(s->smtp, S("smtps:")), has_port = str_find_byte(at, ':', 0) < at.n;
    out->starttls = str_has_prefix(s->smtp, S("starttls:"));
    struct str port = tls ? S("465") : out->starttls ? S("587") : S("25");
    if (str_has_prefix(at, S("[")))
        has_port = !str_has_suffix(at, S("]"));
    out->pin = pin_of(a, at, port);
    out->url = arena_printf(a, "%s://%.*s%s%.*s/%.*s", tls ? "smtps" : "smtp", STR_ARG(at), has_port ? "" : ":",
                            STR_ARG(has_port ? S("") : port), STR_ARG(own_name(s)));
    if (s->smtp_user.n == 0)
        return true;
    out->user = s->smtp_user;
    return read_password(a, s->smtp_password_file, &out->password, f);
}

/* ── what libcurl calls ─────────────────────────────────────────────────── */

static size_t give_message(char *p, size_t size, size_t n, void *self)
{
    struct mailing *m = self;
    struct str part = str_sub(m->message, m->sent_B, size * n);

    if (part.n > 0)
        memcpy(p, part.p, part.n);
    m->sent_B += part.n;
    return part.n;
}

static const struct {
    struct str command;
    enum mailing_at at;
} commands[] = {
    { { "AUTH", 4 }, MAILING_LOGIN },
    { { "MAIL", 4 }, MAILING_SENDER },
    { { "RCPT", 4 }, MAILING_ADDRESS },
};

static void note_command(struct mailing *m, struct str line)
{
    m->over = m->over || str_has_prefix(line, S("QUIT")); /* what it says to that tells nothing */
    if (m->over)
        return;
    m->said = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (str_has_prefix(line, commands[i].command))
            m->at = commands[i].at;
}

/* Which command was refused, libcurl's codes do not tell.  What passes here, the password too, stays here. */
static int note(CURL *easy, curl_infotype type, char *p, size_t n, void *self)
{
    struct mailing *m = self;
    int64_t said;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        note_command(m, str_n(p, n));
    else if (type == CURLINFO_HEADER_IN && !m->over && n >= 3 && str_int(str_n(p, 3), &said))
        m->said = (int)said;
    return 0;
}

static size_t drop(char *p, size_t size, size_t n, void *self)
{
    (void)p;
    (void)self;
    return size * n;
}

/* ── one mail ───────────────────────────────────────────────────────────── */

static void list_release(void *list)
{
    curl_slist_free_all(list);
}

static struct curl_slist *list_of(struct arena *a, struct str text)
{
    struct curl_slist *list = curl_slist_append(NULL, arena_cstr(a, text));

    if (list != NULL)
        arena_adopt(a, list, list_release);
    return list;
}

static void set_connection(CURL *e, struct arena *a, const struct settings *set)
{
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)MAIL_MS);
    (void)curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_S); /* of any protocol that has commands */
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L); /* one that was open is closed by most servers meanwhile */
    (void)curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (set->ca_file.n > 0)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, arena_cstr(a, set->ca_file));
}

static void set_server(CURL *e, struct arena *a, const struct mail_server *s, struct mailing *m)
{
    (void)curl_easy_setopt(e, CURLOPT_URL, arena_cstr(a, s->url));
    (void)curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(s->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (str_is_set(s->pin)) {
        m->resolve = list_of(a, s->pin);
        (void)curl_easy_setopt(e, CURLOPT_RESOLVE, m->resolve);
    }
    if (str_is_set(s->user)) {
        (void)curl_easy_setopt(e, CURLOPT_USERNAME, arena_cstr(a, s->user));
        (void)curl_easy_setopt(e, CURLOPT_PASSWORD, arena_cstr(a, s->password));
    }
}

static void set_notes(CURL *e, struct mailing *m)
{
    (void)curl_easy_setopt(e, CURLOPT_VERBOSE, 1L); /* for note(), which writes nothing anywhere */
    (void)curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, note);
    (void)curl_easy_setopt(e, CURLOPT_DEBUGDATA, m);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, drop);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop);
}

const char *mailing_begin(CURL *easy, struct arena *a, const struct settings *set, const struct mail_server *s,
                          struct mailing *m)
{
    if (!str_is_set(s->url))
        return "no_server";
    if (!mail_address(m->to) || m->message.n == 0 || (m->to_list = list_of(a, m->to)) == NULL)
        return "refused_url";
    set_connection(easy, a, set);
    set_server(easy, a, s, m);
    set_notes(easy, m);
    (void)curl_easy_setopt(easy, CURLOPT_MAIL_FROM, arena_printf(a, "<%.*s>", STR_ARG(s->from)).p);
    (void)curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, m->to_list);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_message);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, m);
    (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.n);
    return NULL;
}

int mailing_said(const struct mailing *m, CURLcode code, const char **error)
{
    static const char *const whose[] = {
        [MAILING_GREETED] = "server", [MAILING_LOGIN] = "login", [MAILING_SENDER] = "sender"
    };
    bool refused = m->said / 100 == 4 || m->said / 100 == 5;

    *error = NULL;
    if (code == CURLE_OK)
        return TAKEN;
    if (!refused)
        return 0;
    if (m->said == AUTHENTICATION_REQUIRED)
        *error = "login";
    else if (m->at != MAILING_ADDRESS)
        *error = whose[m->at];
    return *error == NULL ? m->said : 0;
}

static const char *trouble_of(struct arena *a, const struct mailing *m, CURLcode code)
{
    const char *error = NULL;

    (void)mailing_said(m, code, &error);
    if (code == CURLE_OK)
        return NULL;
    if (m->at == MAILING_LOGIN || (error != NULL && strcmp(error, "login") == 0))
        return "it refuses smtp_user, or what smtp_password_file says";
    if (m->said / 100 == 4 || m->said / 100 == 5)
        return arena_printf(a, "it serves nobody now: it said %d", m->said).p;
    return curl_easy_strerror(code);
}

const char *mail_server_try(struct arena *a, const struct settings *set, const struct mail_server *s)
{
    struct mailing m = { 0 };
    CURL *easy = str_is_set(s->url) ? curl_easy_init() : NULL;

    if (easy == NULL)
        return NULL;
    set_connection(easy, a, set);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TRY_MS);
    set_server(easy, a, s, &m);
    set_notes(easy, &m);
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "NOOP");
    const char *why = trouble_of(a, &m, curl_easy_perform(easy));
    curl_easy_cleanup(easy);
    return why;
}
