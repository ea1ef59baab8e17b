/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/fetcher.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/world.h"
#include "gateway/process/fetch_guard.h"
#include "gateway/process/fetch_mail.h"
#include "gateway/process/fetch_proxy.h"
#include "gateway/process/fetch_sign_in.h"
#include "gateway/process/gateway.h"
#include "wire/fetch.h"
#include "wire/logo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

enum {
    LINES_MAX = 64,  /* loops that ask */
    JOBS_MAX = 2048, /* under way, of all places */
    PER_HOST = 16,   /* a city that takes 200 ms for a token serves 80 people a second */
    FREE_PARTS = 8,  /* a place may have such a part of what is free */
    KEPT_MAX = 512,  /* connections that nobody uses at the moment */
    MAILS_AT_ONCE = 8,
    PICTURES_OF_ONE = 2, /* of one place, that are made or wait for it */
    HEADERS_MAX_B = 65536,
    TURN_MS = 1000,
    MESSAGES_A_TURN = 64
};

struct fetcher;

struct job { /* one request, from its message to its answer */
    struct job *next, **back;
    struct fetcher *fetcher;
    struct arena *arena;
    int line; /* index of the descriptor that asked */
    uint64_t id;
    struct fetch_request request;
    CURL *easy;
    struct curl_slist *fields, *resolve;
    int64_t deadline_ms, most_B;
    int redirects_left;
    struct reach reach;
    struct str own_host; /* of the address that was asked for: what its row's networks hold for */
    bool proxied;
    size_t header_B;
    struct buf inline_body;
    int body_fd; /* -1: the body is still inline */
    int64_t body_B;
    const char *error;      /* what a callback refused */
    struct mailing mailing; /* of FETCH_MAIL, as code is */
    struct signing signing; /* of FETCH_SIGN_IN */
    CURLcode code;
    struct fetch_got picture; /* of FETCH_PICTURE and FETCH_LOGO: in, and what is made of it */
    bool waits, made;         /* for the thread that makes pictures; it has come back from there */
    pthread_t thread;
    void (*returned)(struct job *j); /* what is done then */
    bool threaded;                   /* its handle and its memory are the thread's */
    struct str answer;               /* made, not sent yet */
};

struct fetcher {
    struct arena *arena;
    const struct settings *set;
    struct fetch_proxy proxy;
    struct mail_server mail;
    int fds[LINES_MAX]; /* -1: closed */
    size_t fd_count;
    CURLM *multi;
    struct job *jobs;
    size_t job_count;
    int back[2]; /* jobs come back from their threads by this pipe */
    char message[FETCH_MESSAGE_MAX_B];
};

/* What libcurl calls. */

static size_t take_header(char *p, size_t size, size_t n, void *self)
{
    struct job *j = self;

    (void)p;
    j->header_B += size * n;
    if (j->header_B <= HEADERS_MAX_B)
        return size * n;
    j->error = "too_large";
    return 0;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

/* On disk, since it may be larger than memory has room for; gone with its last reader. */
static int nameless_file(const struct job *j)
{
    char *path = arena_cstr(
        j->arena, arena_printf(j->arena, "%.*s/metadata/fetched-XXXXXX", STR_ARG(j->fetcher->set->state_dir)));
    int fd = mkostemp(path, O_CLOEXEC);

    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

/* Small bodies travel in the message; a larger one goes into a memory file from its first byte. */
static bool spill(struct job *j)
{
    struct str so_far = buf_str(&j->inline_body);

    if (j->body_fd >= 0)
        return true;
    j->body_fd = j->request.purpose == FETCH_AGGREGATE ? nameless_file(j)
                                                       : memfd_create("digione-fetch", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return j->body_fd >= 0 && write_all(j->body_fd, so_far.p, so_far.n);
}

/* A page that is read here stays here. */
static int64_t inline_most(const struct job *j)
{
    return j->request.purpose == FETCH_SIGN_IN ? fetch_limits[FETCH_SIGN_IN].most_B : FETCH_INLINE_B;
}

/* Bytes as they come out of the decompressor: a bomb ends at the same limit. */
static size_t take_body(char *p, size_t size, size_t n, void *self)
{
    struct job *j = self;
    size_t bytes = size * n;

    j->body_B += (int64_t)bytes;
    if (j->body_B > j->most_B) {
        j->error = "too_large";
        return 0;
    }
    if (j->body_B <= inline_most(j)) {
        buf_add(&j->inline_body, str_n(p, bytes));
        return bytes;
    }
    if (spill(j) && write_all(j->body_fd, p, bytes))
        return bytes;
    j->error = "protocol";
    return 0;
}

static curl_socket_t open_checked(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct job *j = self;

    (void)purpose;
    if (!j->proxied && !address_allowed(&to->addr, to->addrlen, &j->reach)) {
        j->error = "refused_address";
        return CURL_SOCKET_BAD;
    }
    j->error = NULL; /* an earlier address of the same name may have been refused */
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* A connection that is used again was opened for another request, perhaps for a test row. */
static int check_reused(void *self, char *remote, char *local, int remote_port, int local_port)
{
    struct job *j = self;
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    bool allowed = j->proxied;

    (void)local;
    (void)remote_port;
    (void)local_port;
    if (inet_pton(AF_INET, remote, &in.sin_addr) == 1)
        allowed = allowed || address_allowed((struct sockaddr *)&in, sizeof in, &j->reach);
    else if (inet_pton(AF_INET6, remote, &in6.sin6_addr) == 1)
        allowed = allowed || address_allowed((struct sockaddr *)&in6, sizeof in6, &j->reach);
    if (allowed)
        return CURL_PREREQFUNC_OK;
    j->error = "refused_address";
    return CURL_PREREQFUNC_ABORT;
}

/* Addresses. */

static void url_release(void *url)
{
    curl_url_cleanup(url);
}

static struct str url_part(struct job *j, CURLU *url, CURLUPart part)
{
    char *text = NULL;

    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return (struct str){ NULL, 0 };
    struct str copy = arena_str(j->arena, str_of(text));
    curl_free(text);
    return copy;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

/* Names below localhost are this machine, whatever a resolver says [RFC 6761 6.3]. */
static void pin_localhost(struct job *j, struct str host, struct str port)
{
    const char *pin = arena_printf(j->arena, "%.*s:%.*s:127.0.0.1", STR_ARG(host), STR_ARG(port)).p;

    curl_slist_free_all(j->resolve);
    j->resolve = curl_slist_append(NULL, pin);
    (void)curl_easy_setopt(j->easy, CURLOPT_RESOLVE, j->resolve);
}

/* What lies on this machine or on a private network of its row is reached directly, where its address is looked at. */
static bool choose_way(struct job *j, struct str host)
{
    const struct fetch_proxy *p = &j->fetcher->proxy;
    CURL *e = j->easy;

    j->proxied = !str_is_set(j->request.networks) && !is_loopback_host(host) && fetch_proxy_takes(p, host);
    (void)curl_easy_setopt(e, CURLOPT_PROXY, j->proxied ? arena_cstr(j->arena, p->url) : "");
    if (!j->proxied)
        return true;
    if (!j->reach.https || !name_allowed(host)) {
        j->error = "refused_address";
        return false;
    }
    (void)curl_easy_setopt(e, CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
    (void)curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (str_is_set(p->user)) {
        (void)curl_easy_setopt(e, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        (void)curl_easy_setopt(e, CURLOPT_PROXYUSERNAME, arena_cstr(j->arena, p->user));
        (void)curl_easy_setopt(e, CURLOPT_PROXYPASSWORD, arena_cstr(j->arena, p->password));
    }
    return true;
}

/* Elsewhere than at the host that was asked, a row's networks do not hold: who is led on there has not been named. */
static bool set_reach(struct job *j, struct str host, bool https)
{
    j->reach = (struct reach){ .test = j->request.test, .https = https };
    if (!str_is_set(j->own_host))
        j->own_host = host;
    return !str_eq_case(host, j->own_host) || reach_networks(&j->reach, j->request.networks);
}

static bool set_url(struct job *j, struct str text)
{
    CURLU *url = curl_url();

    if (url == NULL)
        return false;
    arena_adopt(j->arena, url, url_release);
    if (!str_is_set(text) || text.n > FETCH_URL_MAX_B || !is_printable(text) || str_find_byte(text, ' ', 0) < text.n ||
        curl_url_set(url, CURLUPART_URL, arena_cstr(j->arena, text), CURLU_DISALLOW_USER) != CURLUE_OK)
        return false;
    struct str scheme = url_part(j, url, CURLUPART_SCHEME), host = url_part(j, url, CURLUPART_HOST);
    bool https = str_eq(scheme, S("https"));
    if (!str_is_set(host) || !(https || (j->request.test && str_eq(scheme, S("http")))))
        return false;
    if (is_localhost_name(host)) {
        if (!j->request.test)
            return false;
        pin_localhost(j, host, url_part(j, url, CURLUPART_PORT));
    }
    return set_reach(j, host, https) && choose_way(j, host) &&
           curl_easy_setopt(j->easy, CURLOPT_URL, arena_cstr(j->arena, text)) == CURLE_OK;
}

/* Jobs. */

static void job_free(struct job *j)
{
    *j->back = j->next;
    if (j->next != NULL)
        j->next->back = j->back;
    j->fetcher->job_count--;
    if (j->easy != NULL) {
        (void)curl_multi_remove_handle(j->fetcher->multi, j->easy);
        curl_easy_cleanup(j->easy);
    }
    curl_slist_free_all(j->fields);
    curl_slist_free_all(j->resolve);
    if (j->body_fd >= 0)
        (void)close(j->body_fd);
    arena_free(j->arena);
}

/* True: it is sent, or cannot be any more. */
static bool send_answer(struct job *j)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec io = { (void *)(uintptr_t)j->answer.p, j->answer.n };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

    if (j->body_fd >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        *c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(c), &j->body_fd, sizeof(int));
    }
    return sendmsg(j->fetcher->fds[j->line], &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}

/* Answers at once, or keeps the answer until the gateway reads again. */
static void answer(struct job *j, const struct fetch_got *got)
{
    if (j->easy != NULL) {
        (void)curl_multi_remove_handle(j->fetcher->multi, j->easy);
        curl_easy_cleanup(j->easy);
        j->easy = NULL;
    }
    if (!got->answered && j->body_fd >= 0) {
        (void)close(j->body_fd);
        j->body_fd = -1;
    }
    if (j->body_fd >= 0 && j->request.purpose != FETCH_AGGREGATE)
        (void)fcntl(j->body_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    j->answer = fetch_answer_write(j->arena, j->id, got, j->body_fd >= 0);
    if (send_answer(j))
        job_free(j);
}

/* What somebody here could do about it; of the rest the city knows more. */
static const struct {
    const char *error, *mend;
} mends[] = {
    { "refused_address",
      "it has no address of the public world: private_networks of its row names the private ones that it may have" },
    { "login", "the mail server refuses smtp_user or its password: digione check" },
    { "sender", "the mail server takes no mail from smtp_from by smtp_user" },
    { "proxy", "outgoing_proxy does not answer, wants another login, or does not lead there: digione check" },
};

static const char *mend_of(const char *error)
{
    for (size_t i = 0; i < sizeof mends / sizeof *mends; i++)
        if (strcmp(mends[i].error, error) == 0)
            return mends[i].mend;
    return "-";
}

static void answer_error(struct job *j, const char *error)
{
    long said = 0;

    if (j->easy != NULL)
        (void)curl_easy_getinfo(j->easy, CURLINFO_HTTP_CONNECTCODE, &said);
    log_event(LOG_WARN, "fetch.failed", LOG_S("place", j->request.place), LOG_C("why", error),
              LOG_C("way", j->proxied ? "proxy" : "direct"), LOG_N("proxy_said", said), LOG_C("mend", mend_of(error)));
    answer(j, &(struct fetch_got){ .error = error, .max_age_s = -1 });
}

static int64_t max_age_of(CURL *easy)
{
    struct curl_header *h;
    struct str rest, part;
    int64_t age = -1, n;

    if (curl_easy_header(easy, "Cache-Control", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
        return -1;
    rest = str_of(h->value);
    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (str_eq_case(part, S("no-store")) || str_eq_case(part, S("no-cache")))
            return 0;
        if (part.n > 8 && str_eq_case(str_sub(part, 0, 8), S("max-age=")) && str_int(str_from(part, 8), &n) && n >= 0)
            age = n;
    }
    return age;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* One hop more, checked like the first; the time goes on running. */
static bool follow(struct job *j)
{
    char *to = NULL;

    if (j->redirects_left-- <= 0 || curl_easy_getinfo(j->easy, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || to == NULL)
        return false;
    (void)curl_multi_remove_handle(j->fetcher->multi, j->easy);
    if (!set_url(j, arena_str(j->arena, str_of(to))))
        return false;
    j->header_B = 0;
    j->body_B = 0;
    j->inline_body = buf_new(j->arena, FETCH_INLINE_B);
    if (j->body_fd >= 0)
        (void)close(j->body_fd);
    j->body_fd = -1;
    return curl_multi_add_handle(j->fetcher->multi, j->easy) == CURLM_OK;
}

/* The proxy itself, and not what lies behind it. */
static bool is_proxy_error(const struct job *j, CURLcode code)
{
    long said = 0;

    (void)curl_easy_getinfo(j->easy, CURLINFO_HTTP_CONNECTCODE, &said);
    return j->proxied && (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY ||
                          (said != 0 && said / 100 != 2));
}

static const char *error_of(const struct job *j, CURLcode code)
{
    if (is_proxy_error(j, code))
        return "proxy";
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "resolve";
    case CURLE_COULDNT_CONNECT:
        return "connect";
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED: /* no STARTTLS */
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return "tls";
    default:
        return "protocol";
    }
}

/* Of documents alone: whoever looks after the city wants to hear of it in time. */
static bool looks_at_certificate(const struct job *j)
{
    return j->request.purpose == FETCH_METADATA || j->request.purpose == FETCH_AGGREGATE ||
           j->request.purpose == FETCH_KEYS;
}

/* The first of the chain is the web server's own. */
static int64_t tls_ends_s(const struct job *j)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;

    if (!looks_at_certificate(j) || curl_easy_getinfo(j->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
        chain == NULL || chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *at = chain->certinfo[0]; at != NULL; at = at->next)
        if (strncmp(at->data, name, sizeof name - 1) == 0) {
            time_t ends = curl_getdate(at->data + sizeof name - 1, NULL);
            return ends > 0 ? (int64_t)ends : 0;
        }
    return 0;
}

/* ── threads ────────────────────────────────────────────────────────────── */

static void give_back(struct job *j)
{
    while (write(j->fetcher->back[1], &j, sizeof j) < 0 && errno == EINTR)
        continue;
}

/* Until returned is called nobody else touches the job. */
static bool start_thread(struct job *j, void *(*run)(void *), void (*returned)(struct job *))
{
    j->returned = returned;
    j->threaded = true;
    j->threaded = pthread_create(&j->thread, NULL, run, j) == 0;
    return j->threaded;
}

/* ── pictures ───────────────────────────────────────────────────────────── */

/* Here, where there is no secret: a picture is a program of its reader's faults. */
static bool make_logo(struct job *j, struct fetch_got *got)
{
    struct fail why = { 0 };
    void *mapped = NULL;
    size_t n = (size_t)j->body_B;

    if (j->body_fd >= 0) {
        mapped = mmap(NULL, n, PROT_READ, MAP_SHARED, j->body_fd, 0);
        if (mapped == MAP_FAILED)
            return false;
        got->body = str_n(mapped, n);
    }
    bool good = logo_make(j->arena, got->body, &got->body, &why);
    if (j->body_fd >= 0) {
        (void)munmap(mapped, n);
        (void)close(j->body_fd);
        j->body_fd = -1;
    }
    return good;
}

/* What a form brought: no address is asked. */
static void make_picture(struct job *j, struct fetch_got *got)
{
    struct logo_fault why;

    if (!logo_make_or(j->arena, j->request.body, &got->body, &why)) {
        got->status = 422;
        got->body = arena_printf(j->arena, "%s %d %s", logo_cause_name(why.cause), why.line, why.what);
    }
}

static void *run_picture(void *self)
{
    struct job *j = self;

    j->made = true;
    if (j->request.purpose == FETCH_PICTURE)
        make_picture(j, &j->picture);
    else
        j->made = make_logo(j, &j->picture);
    give_back(j);
    return NULL;
}

static void start_pictures(struct fetcher *x);

static void picture_done(struct job *j)
{
    struct fetcher *x = j->fetcher;

    if (j->made)
        answer(j, &j->picture);
    else
        answer_error(j, "logo");
    start_pictures(x);
}

/* One after the other, the oldest first: each may take a second, and all of the memory that a picture may. */
static void start_pictures(struct fetcher *x)
{
    struct job *next = NULL;

    for (struct job *j = x->jobs; j != NULL; j = j->next) {
        if (j->threaded && j->returned == picture_done)
            return;
        next = j->waits ? j : next;
    }
    if (next == NULL)
        return;
    next->waits = false;
    if (start_thread(next, run_picture, picture_done))
        return;
    answer_error(next, "busy");
    start_pictures(x);
}

static size_t pictures_of(const struct fetcher *x, struct str place)
{
    size_t n = 0;

    for (const struct job *j = x->jobs; j != NULL; j = j->next)
        n += (j->waits || (j->threaded && j->returned == picture_done)) && str_eq(j->request.place, place);
    return n;
}

/* On a thread of its own: while a large picture is made small, the whole country signs in. */
static void ask_picture(struct job *j, const struct fetch_got *in)
{
    struct fetcher *x = j->fetcher;

    if (x->job_count > JOBS_MAX || pictures_of(x, j->request.place) >= PICTURES_OF_ONE) {
        answer_error(j, "busy");
        return;
    }
    if (j->easy != NULL) {
        (void)curl_multi_remove_handle(x->multi, j->easy);
        curl_easy_cleanup(j->easy);
        j->easy = NULL;
    }
    j->picture = *in;
    j->waits = true;
    start_pictures(x);
}

static void job_missed(struct job *j, const char *error);
static void sign_in_saw(struct job *j, long status);

static void job_done(struct job *j, CURLcode code)
{
    struct fetch_got got = { .answered = true };
    long status = 0;
    char *type = NULL;

    if (code != CURLE_OK) {
        job_missed(j, j->error != NULL ? j->error : error_of(j, code));
        return;
    }
    (void)curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
    if (j->request.purpose == FETCH_SIGN_IN) {
        sign_in_saw(j, status);
        return;
    }
    if (is_redirect(status) && fetch_limits[j->request.purpose].redirects > 0) {
        if (!follow(j))
            answer_error(j, "redirect");
        return;
    }
    (void)curl_easy_getinfo(j->easy, CURLINFO_CONTENT_TYPE, &type);
    got.status = (int)status;
    got.content_type = str_sub(str_of(type), 0, type != NULL && strlen(type) < 256 ? strlen(type) : 0);
    got.content_type = arena_str(j->arena, got.content_type); /* the handle ends before the message is made */
    got.max_age_s = max_age_of(j->easy);
    got.tls_ends_s = tls_ends_s(j);
    got.body = buf_str(&j->inline_body);
    if (j->request.purpose == FETCH_LOGO && status == 200)
        ask_picture(j, &got);
    else
        answer(j, &got);
}

static bool add_field(struct job *j, const char *name, struct str value)
{
    if (!str_is_set(value))
        return true;
    if (!is_printable(value))
        return false;
    struct curl_slist *more = curl_slist_append(j->fields, arena_printf(j->arena, "%s: %.*s", name, STR_ARG(value)).p);
    if (more == NULL)
        return false;
    j->fields = more;
    return true;
}

/* A name of its own: letters, figures and dashes, and none that says how the message is framed. */
static bool is_field_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= 'A' && name.p[i] <= 'Z') &&
            !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '-')
            return false;
    return name.n > 2 && (str_has_prefix(name, S("X-")) || str_has_prefix(name, S("x-")));
}

static bool add_own_field(struct job *j)
{
    const struct fetch_request *r = &j->request;

    return !str_is_set(r->field) ||
           (is_field_name(r->field) && add_field(j, arena_cstr(j->arena, r->field), r->field_value));
}

static bool set_fields(struct job *j)
{
    const struct fetch_request *r = &j->request;

    if (!add_field(j, "Content-Type", r->content_type) || !add_field(j, "Authorization", r->authorization) ||
        !add_field(j, "Accept", r->accept) || !add_own_field(j))
        return false;
    struct curl_slist *more = curl_slist_append(j->fields, "Expect:"); /* no pause before a body */
    if (more == NULL)
        return false;
    j->fields = more;
    (void)curl_easy_setopt(j->easy, CURLOPT_HTTPHEADER, j->fields);
    if (!r->post)
        return true;
    (void)curl_easy_setopt(j->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    (void)curl_easy_setopt(j->easy, CURLOPT_POSTFIELDS, r->body.p != NULL ? r->body.p : "");
    return true;
}

/* What holds for every request, whatever it asks. */
static void set_limits(struct job *j, int64_t most_ms)
{
    CURL *e = j->easy;
    const struct settings *s = j->fetcher->set;

    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, j->request.test ? "http,https" : "https");
    (void)curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(e, CURLOPT_NOPROXY, ""); /* what the environment says of proxies is nobody's word here */
    (void)curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* our fields are not the proxy's */
    (void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)most_ms);
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(most_ms < 5000 ? most_ms : 5000));
    (void)curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_CERTINFO, looks_at_certificate(j) ? 1L : 0L);
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "DigiOne-Gateway");
    (void)curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    if (s->ca_file.n > 0)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, arena_cstr(j->arena, s->ca_file));
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, j);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, j);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_checked);
    (void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, j);
    (void)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, check_reused);
    (void)curl_easy_setopt(e, CURLOPT_PREREQDATA, j);
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, j);
}

static size_t waiting_for(const struct fetcher *x, struct str place)
{
    size_t n = 0;

    for (const struct job *j = x->jobs; j != NULL; j = j->next)
        n += j->easy != NULL && str_eq(j->request.place, place);
    return n;
}

/* A place that hangs fills up, and is told so; with many of them each has less, and an eighth of what is left stays for
 * whoever comes next: 300 that hang have six each, and so has the first that does not. */
static size_t most_of(const struct fetcher *x)
{
    size_t most = (size_t)x->set->upstream_waiting_max;
    size_t part = x->job_count < JOBS_MAX ? (JOBS_MAX - x->job_count) / FREE_PARTS : 0;

    return part < most ? part : most;
}

/* ── a sign-in without a browser ────────────────────────────────────────── */

static void sign_in_over(struct job *j, const char *step, const char *why)
{
    answer(j,
           &(struct fetch_got){
               .answered = true, .status = 422, .max_age_s = -1, .body = arena_printf(j->arena, "%s %s", step, why) });
}

/* What of our own side is missing says nothing of the identity provider. */
static void job_missed(struct job *j, const char *error)
{
    if (j->request.purpose == FETCH_SIGN_IN && strcmp(error, "proxy") != 0 && strcmp(error, "busy") != 0)
        sign_in_over(j, signing_step(&j->signing), error);
    else
        answer_error(j, error);
}

/* As a browser says from which page a form is sent. */
static bool set_turn(struct job *j, struct str url, struct str body)
{
    const struct signing *s = &j->signing;
    struct fetch_request *r = &j->request;

    curl_slist_free_all(j->fields);
    j->fields = NULL;
    r->url = url;
    r->post = body.p != NULL;
    r->body = body;
    r->content_type = r->post ? S("application/x-www-form-urlencoded") : (struct str){ NULL, 0 };
    r->accept = S("text/html,application/xhtml+xml");
    if (!r->post)
        (void)curl_easy_setopt(j->easy, CURLOPT_HTTPGET, 1L);
    return set_url(j, url) &&
           (!r->post || !str_is_set(s->referrer) ||
            (add_field(j, "Origin", s->origin) && add_field(j, "Referer", s->referrer))) &&
           set_fields(j);
}

static bool sign_in_begins(struct job *j)
{
    const struct fetch_request was = j->request;

    if (!signing_read(j->arena, &was, &j->signing))
        return false;
    (void)curl_easy_setopt(j->easy, CURLOPT_COOKIEFILE, ""); /* cookies of this handle alone, in memory */
    return set_turn(j, was.url, j->signing.start_body);
}

static struct str redirect_of(struct job *j)
{
    char *to = NULL;

    return curl_easy_getinfo(j->easy, CURLINFO_REDIRECT_URL, &to) == CURLE_OK && to != NULL
               ? arena_str(j->arena, str_of(to))
               : (struct str){ NULL, 0 };
}

static void sign_in_goes_on(struct job *j, const struct signing_next *next)
{
    (void)curl_multi_remove_handle(j->fetcher->multi, j->easy);
    j->header_B = 0;
    j->body_B = 0;
    j->inline_body = buf_new(j->arena, (size_t)inline_most(j));
    if (!set_turn(j, next->url, next->body))
        job_missed(j, j->error != NULL ? j->error : "refused_url");
    else if (curl_multi_add_handle(j->fetcher->multi, j->easy) != CURLM_OK)
        job_missed(j, "protocol");
}

static void sign_in_saw(struct job *j, long status)
{
    const struct signing_saw saw = { (int)status, redirect_of(j), buf_str(&j->inline_body) };
    struct signing_next next;

    switch (signing_saw(j->arena, &j->signing, &saw, &next)) {
    case SIGNING_GO:
        sign_in_goes_on(j, &next);
        break;
    case SIGNING_BACK:
        answer(j, &(struct fetch_got){
                      .answered = true, .status = j->signing.asked ? 200 : 203, .max_age_s = -1, .body = next.back });
        break;
    case SIGNING_OVER:
        sign_in_over(j, next.step, next.why);
        break;
    }
}

/* ── mails ──────────────────────────────────────────────────────────────── */

static void *run_mail(void *self)
{
    struct job *j = self;

    j->code = curl_easy_perform(j->easy);
    give_back(j);
    return NULL;
}

static void mail_done(struct job *j)
{
    const char *error = NULL;
    int status = mailing_said(&j->mailing, j->code, &error);

    if (status > 0)
        answer(j, &(struct fetch_got){ .answered = true, .status = status, .max_age_s = -1 });
    else
        answer_error(j, error != NULL ? error : error_of(j, j->code));
}

/* On a thread of its own: libcurl says QUIT and waits for its answer, and a mail server that never gives one would hold
 * up every sign-in in the country. */
static void start_mail(struct job *j)
{
    struct fetcher *x = j->fetcher;

    if (waiting_for(x, j->request.place) > MAILS_AT_ONCE) {
        answer_error(j, "busy");
        return;
    }
    j->mailing = (struct mailing){ .to = j->request.url, .message = j->request.body };
    const char *error = mailing_begin(j->easy, j->arena, x->set, &x->mail, &j->mailing);
    if (error != NULL) {
        answer_error(j, error);
        return;
    }
    j->deadline_ms = INT64_MAX;
    if (!start_thread(j, run_mail, mail_done))
        answer_error(j, "busy");
}

static void finish_threads(struct fetcher *x)
{
    struct job *j;

    while (read(x->back[0], &j, sizeof j) == (ssize_t)sizeof j) {
        (void)pthread_join(j->thread, NULL);
        j->threaded = false;
        j->returned(j);
    }
}

static bool has_threads(const struct fetcher *x)
{
    for (const struct job *j = x->jobs; j != NULL; j = j->next)
        if (j->threaded)
            return true;
    return false;
}

/* A city is waited for by somebody; for these nobody waits. */
static bool takes_its_time(enum fetch_purpose p)
{
    return p == FETCH_METADATA || p == FETCH_AGGREGATE || p == FETCH_MAIL || p == FETCH_SIGN_IN;
}

static void job_start(struct job *j)
{
    const struct fetch_limit *limit = &fetch_limits[j->request.purpose];
    struct fetcher *x = j->fetcher;
    int64_t most_ms = takes_its_time(j->request.purpose) || x->set->fetch_timeout_ms > limit->most_ms
                          ? limit->most_ms
                          : x->set->fetch_timeout_ms;

    if (j->request.purpose == FETCH_PROBE) {
        answer(j, &(struct fetch_got){ .answered = true, .status = 204, .max_age_s = -1 });
        return;
    }
    if (j->request.purpose == FETCH_PICTURE) {
        ask_picture(j, &(struct fetch_got){ .answered = true, .status = 200, .max_age_s = -1 });
        return;
    }
    if (x->job_count > JOBS_MAX || waiting_for(x, j->request.place) >= most_of(x)) {
        answer_error(j, "busy");
        return;
    }
    j->easy = curl_easy_init();
    j->most_B = limit->most_B;
    j->redirects_left = j->request.post ? 0 : limit->redirects;
    j->deadline_ms = world_mono_ms(&world_real) + most_ms;
    if (j->easy == NULL) {
        answer_error(j, "busy");
        return;
    }
    if (j->request.purpose == FETCH_MAIL) {
        start_mail(j);
        return;
    }
    set_limits(j, most_ms);
    bool sign_in = j->request.purpose == FETCH_SIGN_IN;
    if (sign_in ? !sign_in_begins(j) : !set_url(j, j->request.url) || !set_fields(j))
        job_missed(j, j->error != NULL ? j->error : "refused_url");
    else if (curl_multi_add_handle(x->multi, j->easy) != CURLM_OK)
        answer_error(j, "protocol");
}

static void take_request(struct fetcher *x, int line, struct str message)
{
    struct arena *a = arena_new_secret(); /* authorization and codes pass through */
    struct job *j = arena_make(a, struct job);

    *j = (struct job){ .next = x->jobs, .back = &x->jobs, .fetcher = x, .arena = a, .line = line, .body_fd = -1 };
    if (x->jobs != NULL)
        x->jobs->back = &j->next;
    x->jobs = j;
    x->job_count++;
    if (fetch_request_read(arena_str(a, message), &j->id, &j->request)) {
        j->inline_body = buf_new(a, (size_t)inline_most(j));
        job_start(j);
    } else {
        log_event(LOG_ERROR, "fetch.garbage");
        job_free(j);
    }
}

/* The loop. */

static void receive(struct fetcher *x, int line)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        ssize_t n = recv(x->fds[line], x->message, sizeof x->message, MSG_DONTWAIT);
        if (n == 0) /* the gateway and the supervisor are gone */
            x->fds[line] = -1;
        if (n <= 0)
            return;
        take_request(x, line, str_n(x->message, (size_t)n));
    }
}

static void finish_transfers(struct fetcher *x)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(x->multi, &left)) != NULL) {
        struct job *j = NULL;
        CURLcode code = m->data.result;
        if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&j) == CURLE_OK)
            job_done(j, code);
    }
}

/* libcurl's own time-out starts late for requests that wait for a connection. */
static int64_t end_overdue(struct fetcher *x)
{
    int64_t now_ms = world_mono_ms(&world_real), soonest_ms = TURN_MS;

    for (struct job *j = x->jobs, *next; j != NULL; j = next) {
        next = j->next;
        if (j->threaded || j->waits)
            continue;
        if (j->easy == NULL) {
            if (x->fds[j->line] < 0 || send_answer(j))
                job_free(j);
        } else if (j->deadline_ms <= now_ms) {
            job_missed(j, "timeout");
        } else if (j->deadline_ms - now_ms < soonest_ms) {
            soonest_ms = j->deadline_ms - now_ms;
        }
    }
    return soonest_ms;
}

static bool line_has_unsent(const struct fetcher *x, int line)
{
    for (const struct job *j = x->jobs; j != NULL; j = j->next)
        if (j->easy == NULL && j->line == line && !j->threaded && !j->waits)
            return true;
    return false;
}

/* False: nobody can ask any more. */
static bool turn(struct fetcher *x)
{
    struct curl_waitfd wait[LINES_MAX + 1];
    int lines[LINES_MAX], running;
    unsigned n = 0;
    int64_t wait_ms = end_overdue(x);

    for (size_t i = 0; i < x->fd_count; i++)
        if (x->fds[i] >= 0) {
            short events = line_has_unsent(x, (int)i) ? CURL_WAIT_POLLIN | CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN;
            wait[n] = (struct curl_waitfd){ x->fds[i], events, 0 };
            lines[n++] = (int)i;
        }
    if (n == 0)
        return false;
    wait[n] = (struct curl_waitfd){ x->back[0], CURL_WAIT_POLLIN, 0 };
    (void)curl_multi_poll(x->multi, wait, n + 1, (int)wait_ms, NULL);
    for (unsigned i = 0; i < n; i++)
        if (wait[i].revents & CURL_WAIT_POLLIN)
            receive(x, lines[i]);
    (void)curl_multi_perform(x->multi, &running);
    finish_transfers(x);
    finish_threads(x);
    return true;
}

/* Questions to an earlier fetcher were failed by their asker, or will be by our hello. */
static void say_hello(struct fetcher *x)
{
    uint64_t generation;

    world_random(&world_real, &generation, sizeof generation);
    struct str hello = fetch_hello_write(x->arena, generation);
    for (size_t i = 0; i < x->fd_count; i++) {
        while (recv(x->fds[i], x->message, sizeof x->message, MSG_DONTWAIT) > 0)
            ;
        (void)!send(x->fds[i], hello.p, hello.n, MSG_NOSIGNAL);
    }
}

int fetcher_main(const struct settings *s, const int *fds, size_t n)
{
    struct arena *a = arena_new_secret(); /* the passwords of proxy and mail server */
    struct fetcher *x = arena_make(a, struct fetcher);
    struct fail f = { 0 };

    x->arena = a;
    x->set = s;
    x->fd_count = n < LINES_MAX ? n : LINES_MAX;
    memcpy(x->fds, fds, x->fd_count * sizeof *fds);
    if (!fetch_proxy_read(s, a, &x->proxy, &f) || !mail_server_read(s, a, &x->mail, &f)) {
        log_event(LOG_ERROR, "fetch.cannot_start", LOG_C("code", f.code), LOG_C("why", f.detail));
        arena_free(a);
        return GATEWAY_CANNOT_START;
    }
    if (str_is_set(x->proxy.url))
        log_event(LOG_INFO, "fetch.proxy", LOG_S("proxy", x->proxy.url),
                  LOG_C("login", str_is_set(x->proxy.user) ? "yes" : "no"));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (x->multi = curl_multi_init()) == NULL) {
        log_event(LOG_ERROR, "fetch.no_curl");
        arena_free(a);
        return 1;
    }
    if (pipe2(x->back, O_CLOEXEC | O_NONBLOCK) != 0) {
        log_event(LOG_ERROR, "fetch.cannot_start", LOG_C("code", "server_error"), LOG_C("why", strerror(errno)));
        arena_free(a);
        return GATEWAY_CANNOT_START;
    }
    (void)curl_multi_setopt(x->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)PER_HOST);
    /* No bound of all together: those that hang would use it up, and everybody else would wait behind them.  JOBS_MAX
     * bounds them, and supervisor.c sees to so many descriptors. */
    (void)curl_multi_setopt(x->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX);
    say_hello(x);
    while (turn(x))
        ;
    if (has_threads(x)) /* theirs would be freed under them */
        _exit(0);
    while (x->jobs != NULL)
        job_free(x->jobs);
    (void)curl_multi_cleanup(x->multi);
    curl_global_cleanup();
    arena_free(a);
    return 0;
}
