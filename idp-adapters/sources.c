/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/sources.h"

#include "base/log.h"
#include "wire/saml_aggregate.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_S = 86400 };

struct held_index { /* in an arena of its own; whoever reads from it holds it */
    atomic_uint holders;
    struct arena *arena;
    const struct saml_index *index;
};

struct entry { /* what is known of one source; never freed before the whole */
    struct entry *next;
    struct str id;
    uint64_t terms; /* where it is from and who signs it: the index was proven by these */
    struct held_index *used;
    uint64_t generation;
    int64_t read_s, tried_s;
    int64_t file_size, file_time_ns; /* of its file, when it was last tried */
    bool busy;
    char error[SOURCE_ERROR_B], detail[SOURCE_DETAIL_B];
};

struct sources {
    pthread_mutex_t lock; /* of all entries; never held while reading or asking */
    pthread_cond_t idle;
    struct arena *arena;
    const struct settings *set;
    const struct world *world;
    struct entry *entries;
    bool reading, ending; /* one file at a time, however many sources there are */
};

struct reading {        /* one attempt, in an arena of its own */
    struct batch batch; /* first: the batch leads back */
    struct arena *arena;
    struct sources *sources;
    struct entry *entry;
    struct str id, url, file, signer;
    int64_t most_ahead_s;
    struct fetch_got got;
    int fd; /* -1: none */
};

static const char *path_of(const struct sources *s, struct arena *a, struct str name, const char *ending)
{
    return arena_cstr(a, arena_printf(a, "%.*s/metadata/%.*s%s", STR_ARG(s->set->state_dir), STR_ARG(name), ending));
}

struct sources *sources_new(const struct settings *set, const struct world *w)
{
    struct arena *a = arena_new();
    struct sources *s = arena_make(a, struct sources);

    *s = (struct sources){ .arena = a, .set = set, .world = w };
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->idle, NULL);
    /* What is wrong with it, the first file in it will say. */
    (void)mkdir(arena_cstr(a, arena_printf(a, "%.*s/metadata", STR_ARG(set->state_dir))), 0700);
    return s;
}

static void index_drop(void *handle)
{
    struct held_index *x = handle;

    if (x != NULL && atomic_fetch_sub_explicit(&x->holders, 1, memory_order_acq_rel) == 1)
        arena_free(x->arena);
}

void sources_free(struct sources *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->ending = true;
    while (s->reading)
        (void)pthread_cond_wait(&s->idle, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
    for (struct entry *e = s->entries; e != NULL; e = e->next)
        index_drop(e->used);
    (void)pthread_cond_destroy(&s->idle);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}

static uint64_t terms_of(const struct metadata_source *source)
{
    return str_hash(source->signer, str_hash(source->file, str_hash(source->url, 1)));
}

/* The lock is held. */
static struct entry *entry_of(struct sources *s, struct str id)
{
    for (struct entry *e = s->entries; e != NULL; e = e->next)
        if (str_eq(e->id, id))
            return e;
    return NULL;
}

/* An index on disk is as good as the key that proved it. */
static struct held_index *open_index(const struct sources *s, struct str id, struct str signer)
{
    struct arena *a = arena_new(), *scratch = arena_scratch(a);
    struct held_index *x = arena_make(a, struct held_index);
    struct keyring *trust = keyring_new(scratch);
    struct fail f = { 0 };
    bool trusted = false;

    atomic_init(&x->holders, 1);
    x->arena = a;
    x->index = saml_index_open(a, path_of(s, scratch, id, ".index"), &f);
    if (x->index != NULL && keyring_add_pem(trust, signer, &f))
        for (size_t i = 0; i < keyring_count(trust); i++)
            trusted = trusted || str_eq(keyring_print(trust, i), saml_index_key(x->index));
    arena_free(scratch);
    if (trusted)
        return x;
    arena_free(a);
    return NULL;
}

/* The lock is held.  A row that names another place or another signer begins anew. */
static void set_terms(struct sources *s, struct entry *e, const struct metadata_source *source)
{
    struct arena *scratch = arena_new();

    index_drop(e->used);
    e->terms = terms_of(source);
    e->used = open_index(s, e->id, source->signer);
    e->generation++;
    e->read_s = e->tried_s = 0;
    e->file_size = e->file_time_ns = 0;
    e->error[0] = e->detail[0] = '\0';
    if (e->used == NULL) /* proven by another key, or none: nothing that comes is compared with it */
        (void)unlink(path_of(s, scratch, e->id, ".index"));
    arena_free(scratch);
}

/* The lock is held. */
static struct entry *entry_for(struct sources *s, const struct metadata_source *source)
{
    struct entry *e = entry_of(s, source->id);

    if (e == NULL) {
        e = arena_make(s->arena, struct entry);
        *e = (struct entry){ .next = s->entries, .id = arena_str(s->arena, source->id) };
        s->entries = e;
    } else if (e->terms == terms_of(source) || e->busy) {
        return e;
    }
    set_terms(s, e, source);
    return e;
}

/* ── reading: on a thread of its own ────────────────────────────────────── */

static void note(struct entry *e, const struct fail *why)
{
    (void)snprintf(e->error, sizeof e->error, "%s", why->code != NULL ? why->code : "");
    (void)snprintf(e->detail, sizeof e->detail, "%.*s", (int)sizeof e->detail - 1,
                   why->code != NULL ? why->detail : "");
}

static void say(const struct reading *r, const struct fail *why, size_t entities, bool same, int64_t took_ms)
{
    log_event(why->code == NULL ? LOG_INFO : LOG_WARN, "source.read", LOG_S("source", r->id),
              LOG_C("result", why->code != NULL ? why->code
                              : same            ? "same"
                                                : "renewed"),
              LOG_C("detail", why->code != NULL ? why->detail : ""), LOG_N("entities", (int64_t)entities),
              LOG_N("took_ms", took_ms));
}

/* The lock is not held.  Whatever came of it, the next may begin. */
static void reading_end(struct reading *r, const struct fail *why, struct held_index *new)
{
    struct sources *s = r->sources;
    struct entry *e = r->entry;

    (void)pthread_mutex_lock(&s->lock);
    e->busy = false;
    note(e, why);
    if (why->code == NULL)
        e->read_s = world_now_s(s->world);
    if (new != NULL) {
        index_drop(e->used);
        e->used = new;
        e->generation++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (r->fd >= 0)
        (void)close(r->fd);
    arena_free(r->arena);
}

static void read_now(struct reading *r)
{
    struct sources *s = r->sources;
    struct saml_aggregate_made made = { 0 };
    struct fail why = { 0 };
    struct held_index *new = NULL;
    int64_t began_ms = world_mono_ms(s->world);
    struct keyring *trust = keyring_new(r->arena);
    const struct saml_aggregate_rules rules = { trust, world_now_s(s->world), r->most_ahead_s };

    bool good = keyring_add_pem(trust, r->signer, &why) &&
                saml_aggregate_index_fd(r->arena, r->fd, path_of(s, r->arena, r->id, ".index"), &rules, &made, &why);
    if (good && !made.same) {
        new = open_index(s, r->id, r->signer);
        if (new == NULL)
            (void)fail(&why, FAIL_OURS, "server_error", "the index that was just written cannot be read");
    }
    say(r, &why, made.entities, made.same, world_mono_ms(s->world) - began_ms);
    reading_end(r, &why, new);
}

static void *reader(void *self)
{
    struct reading *r = self;
    struct sources *s = r->sources;

    read_now(r);
    (void)pthread_mutex_lock(&s->lock);
    s->reading = false;
    (void)pthread_cond_signal(&s->idle);
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void give_up(struct reading *r, const char *code, const char *detail)
{
    struct fail why = { 0 };

    (void)fail(&why, FAIL_UPSTREAM, code, "%s", detail);
    say(r, &why, 0, false, 0);
    reading_end(r, &why, NULL);
}

static void start_reader(struct reading *r)
{
    struct sources *s = r->sources;
    pthread_t thread;

    (void)pthread_mutex_lock(&s->lock);
    bool may = !s->reading && !s->ending;
    s->reading = s->reading || may;
    (void)pthread_mutex_unlock(&s->lock);
    if (!may) {
        give_up(r, "busy", "another source is being read");
        return;
    }
    if (pthread_create(&thread, NULL, reader, r) == 0) {
        (void)pthread_detach(thread);
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    s->reading = false;
    (void)pthread_mutex_unlock(&s->lock);
    give_up(r, "busy", "no thread");
}

/* ── fetching ───────────────────────────────────────────────────────────── */

static int small_file(struct str body)
{
    int fd = memfd_create("digione-metadata", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, body.p, body.n) != (ssize_t)body.n) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void fetched(struct batch *b)
{
    struct reading *r = (struct reading *)b;
    const struct fetch_got *got = &r->got;

    if (!got->answered) {
        give_up(r, got->error != NULL ? got->error : "away", arena_cstr(r->arena, r->url));
        return;
    }
    if (got->status != 200) {
        give_up(r, got->status < 500 ? "http_refused" : "http_error",
                arena_cstr(r->arena, arena_printf(r->arena, "%.*s answered %d", STR_ARG(r->url), got->status)));
        return;
    }
    r->fd = got->file > 0 ? fcntl(got->file, F_DUPFD_CLOEXEC, 3) : small_file(got->body);
    if (r->fd < 0)
        give_up(r, "aggregate_io", "no descriptor for what was fetched");
    else
        start_reader(r);
}

static void fetch_it(struct reading *r, struct upstreams *u, bool test)
{
    const struct fetch_request request = { .purpose = FETCH_AGGREGATE,
                                           .test = test,
                                           .url = r->url,
                                           .accept =
                                               S("application/samlmetadata+xml, application/xml;q=0.8, */*;q=0.1"),
                                           .place = arena_printf(r->arena, "source:%.*s", STR_ARG(r->id)) };

    fetch_ask(upstreams_fetch(u), &r->batch, r->arena, &request, &r->got);
}

static void open_it(struct reading *r)
{
    const char *path = path_of(r->sources, r->arena, r->file, "");

    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (r->fd < 0)
        give_up(r, "aggregate_io", path);
    else
        start_reader(r);
}

/* NULL: it is under way already. */
static struct reading *begin(struct sources *s, const struct metadata_source *source)
{
    struct arena *a = arena_new();
    struct reading *r = arena_make(a, struct reading);

    *r = (struct reading){ .batch = { 0, fetched },
                           .arena = a,
                           .sources = s,
                           .id = arena_str(a, source->id),
                           .url = arena_str(a, source->url),
                           .file = arena_str(a, source->file),
                           .signer = arena_str(a, source->signer),
                           .most_ahead_s = (int64_t)source->most_ahead_days * DAY_S,
                           .fd = -1 };
    (void)pthread_mutex_lock(&s->lock);
    r->entry = entry_for(s, source);
    bool free = !r->entry->busy && !s->ending;
    if (free) {
        r->entry->busy = true;
        r->entry->tried_s = world_now_s(s->world);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (free)
        return r;
    arena_free(a);
    return NULL;
}

void sources_order(struct sources *s, struct upstreams *u, const struct metadata_source *source)
{
    if (source->kind != SOURCE_AGGREGATE || !source->enabled)
        return;
    struct reading *r = begin(s, source);
    if (r != NULL && str_is_set(source->url))
        fetch_it(r, u, source->test);
    else if (r != NULL)
        open_it(r);
}

/* ── what is due ────────────────────────────────────────────────────────── */

/* A file that somebody has put there anew is read at once. */
static bool file_changed(struct sources *s, struct entry *e, const struct metadata_source *source)
{
    struct arena *a = arena_new();
    struct stat st;
    bool there = str_is_set(source->file) && stat(path_of(s, a, source->file, ""), &st) == 0;
    int64_t time_ns = there ? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : 0;
    bool changed = there && (e->file_size != st.st_size || e->file_time_ns != time_ns);

    if (changed) {
        e->file_size = st.st_size;
        e->file_time_ns = time_ns;
    }
    arena_free(a);
    return changed;
}

/* Ahead of its end: half of what is left when it was read. */
static int64_t life_s(const struct sources *s, const struct entry *e)
{
    const struct saml_index *x = e->used->index;
    int64_t life = s->set->metadata_refresh_s, cache_s = saml_index_cache_s(x);
    int64_t half_s = (saml_index_valid_until_s(x) - e->read_s) / 2;

    life = cache_s > 0 && cache_s < life ? cache_s : life;
    life = half_s < life ? half_s : life;
    return life > SOURCES_RETRY_S ? life : SOURCES_RETRY_S;
}

static bool is_due(struct sources *s, struct entry *e, const struct metadata_source *source)
{
    int64_t now_s = world_now_s(s->world);

    if (e->busy)
        return false;
    if (file_changed(s, e, source) || e->tried_s == 0 || e->tried_s > now_s)
        return true;
    if (e->used == NULL || e->error[0] != '\0')
        return now_s - e->tried_s >= SOURCES_RETRY_S;
    return now_s - e->read_s >= life_s(s, e);
}

void sources_look(struct sources *s, struct upstream_store *u, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    struct arena *a = arena_new();

    for (size_t i = 0; i < p->source_count; i++) {
        const struct metadata_source *source = &p->sources[i];
        if (source->kind != SOURCE_AGGREGATE || !source->enabled)
            continue;
        (void)pthread_mutex_lock(&s->lock);
        bool due = !s->reading && is_due(s, entry_for(s, source), source);
        (void)pthread_mutex_unlock(&s->lock);
        if (due)
            upstream_order(u, arena_printf(a, "source:%.*s", STR_ARG(source->id)));
    }
    arena_free(a);
}

/* ── looking up ─────────────────────────────────────────────────────────── */

/* NULL: none is in use, or the row names others than it was proven by. */
static struct held_index *hold(struct sources *s, const struct metadata_source *source, uint64_t *generation)
{
    (void)pthread_mutex_lock(&s->lock);
    const struct entry *e = entry_of(s, source->id);
    struct held_index *x = e != NULL && e->terms == terms_of(source) ? e->used : NULL;
    if (x != NULL) {
        (void)atomic_fetch_add_explicit(&x->holders, 1, memory_order_relaxed);
        *generation = e->generation;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return x;
}

void sources_find(struct sources *s, struct arena *a, const struct metadata_source *source, struct str entity_id,
                  int64_t now_s, struct source_found *out)
{
    *out = (struct source_found){ .error = "source_unread" };
    struct held_index *x = s != NULL && source->enabled ? hold(s, source, &out->generation) : NULL;

    if (x == NULL)
        return;
    arena_adopt(a, x, index_drop);
    out->text = saml_index_find(x->index, entity_id, now_s);
    out->error = out->text.p != NULL                           ? NULL
                 : saml_index_valid_until_s(x->index) <= now_s ? "metadata_expired"
                                                               : "metadata_entity";
}

void sources_state(struct sources *s, struct str id, struct source_state *out)
{
    *out = (struct source_state){ 0 };
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    const struct entry *e = entry_of(s, id);
    if (e != NULL) {
        out->entities = e->used != NULL ? saml_index_count(e->used->index) : 0;
        out->valid_until_s = e->used != NULL ? saml_index_valid_until_s(e->used->index) : 0;
        out->generation = e->generation;
        out->read_s = e->read_s;
        out->tried_s = e->tried_s;
        out->busy = e->busy;
        memcpy(out->error, e->error, sizeof out->error);
        memcpy(out->detail, e->detail, sizeof out->detail);
    }
    (void)pthread_mutex_unlock(&s->lock);
}
