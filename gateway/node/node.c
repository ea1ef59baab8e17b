/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/node.h"

#include "alarms/alarms.h"
#include "gateway/console/lines.h"
#include "gateway/console/listed.h"
#include "gateway/flood.h"
#include "gateway/nodes.h"
#include "gateway/tally.h"
#include "launcher/pages.h"
#include "policy/matrix.h"
#include "policy/users.h"
#include "registry/class_links.h"
#include "registry/consents.h"
#include "registry/desk.h"
#include "registry/ends.h"
#include "registry/known.h"
#include "registry/links.h"
#include "registry/mails.h"
#include "registry/members.h"
#include "registry/people.h"
#include "registry/pleas.h"
#include "registry/shadow.h"
#include "registry/tell.h"
#include "registry/uses.h"
#include "registry/vendors.h"
#include "registry/wards.h"
#include "wire/cert.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

struct node_swap {
    pthread_mutex_t lock;
    struct registry *registry; /* held */
    atomic_uint_fast64_t turn; /* grows with each swap, so that lanes look only when it has */
};

static struct str own_name(struct arena *a)
{
    char name[65] = { 0 };

    return arena_str(a, gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? str_of(name) : S("node"));
}

struct node *node_new(const struct settings *set, const struct world *w)
{
    struct arena *a = arena_new_secret();
    struct node *n = arena_make(a, struct node);

    n->arena = a;
    n->set = set;
    n->world = w;
    n->people = people_new(set);
    n->pleas = pleas_new(set);
    n->consents = consents_new(set);
    n->vendors = vendors_new(set);
    n->mails = mails_new(set);
    n->members = members_new(set);
    n->wards = wards_new(set);
    n->class_links = class_links_new(set);
    n->known = known_new(set);
    n->links = links_new(set);
    n->uses = uses_new(set);
    n->shadow = shadow_new(set, w);
    n->ends = ends_new(set, w);
    n->teller = teller_new();
    n->desk = desk_new(set);
    desk_tells(n->desk, n->teller, &n->audit);
    n->tally = tally_new(a);
    n->service_tally = tally_new(a);
    n->floods = floods_new(a, w);
    n->alarms = alarms_new(set);
    n->name = own_name(a);
    n->began_s = world_now_s(w);
    n->pulse = pulse_new(a);
    n->nodes = nodes_new(a);
    n->routes = &all_routes;
    n->protocols = all_protocols;
    n->swap = arena_make(a, struct node_swap);
    (void)pthread_mutex_init(&n->swap->lock, NULL);
    return n;
}

bool node_trust(struct node *n, struct fail *f)
{
    if (!str_is_set(n->set->client_ca_file))
        return true;
    n->client_trust = cert_trust_load(n->arena, arena_cstr(n->arena, n->set->client_ca_file), f);
    return n->client_trust != NULL;
}

struct lane *node_lane(struct node *n, struct loop *l)
{
    assert(n->lane_count < LANES_MAX);
    struct lane *lane = arena_make(n->arena, struct lane);
    lane->node = n;
    lane->loop = l;
    n->lanes[n->lane_count++] = lane;
    return lane;
}

void node_free(struct node *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->lane_count; i++)
        registry_drop(n->lanes[i]->registry);
    registry_drop(n->swap->registry);
    people_free(n->people);
    pleas_free(n->pleas);
    consents_free(n->consents);
    vendors_free(n->vendors);
    mails_free(n->mails);
    members_free(n->members);
    wards_free(n->wards);
    class_links_free(n->class_links);
    known_free(n->known);
    links_free(n->links);
    uses_free(n->uses);
    shadow_free(n->shadow);
    ends_free(n->ends);
    desk_free(n->desk);
    teller_free(n->teller);
    tally_free(n->tally);
    tally_free(n->service_tally);
    alarms_free(n->alarms);
    floods_free(n->floods);
    nodes_free(n->nodes);
    pulse_free(n->pulse);
    (void)pthread_mutex_destroy(&n->swap->lock);
    arena_free(n->arena);
}

static bool leads(const struct registry *r)
{
    const struct registry_parts *p = r != NULL ? registry_parts(r) : NULL;

    for (size_t i = 0; p != NULL && i < p->idp_count; i++)
        if (p->idps[i].enabled)
            return true;
    return false;
}

void node_swap_registry(struct node *n, struct registry *r)
{
    if (r != NULL) { /* here and not on a loop: they sort every rule, school and service */
        policy_prepare(r);
        matrix_prepare(r);
        users_prepare(r);
        (void)picker_of(r);
        tiles_prepare(r);
        notices_prepare(r);
    }
    atomic_store(&n->registry_leads, leads(r));
    (void)pthread_mutex_lock(&n->swap->lock);
    struct registry *old = n->swap->registry;
    n->swap->registry = r;
    atomic_fetch_add(&n->swap->turn, 1);
    (void)pthread_mutex_unlock(&n->swap->lock);
    registry_drop(old);
    if (r != NULL)
        desk_serves(n->desk, registry_parts(r)->version);
    if (r != NULL) { /* the console alone, which may wait for it */
        listed_prepare(r);
        lines_prepare(r, n->seals);
    }
}

struct registry *lane_registry(struct lane *lane)
{
    struct node_swap *s = lane->node->swap;

    if (atomic_load_explicit(&s->turn, memory_order_acquire) != lane->registry_turn) {
        (void)pthread_mutex_lock(&s->lock);
        registry_drop(lane->registry);
        lane->registry = s->registry != NULL ? registry_hold(s->registry) : NULL;
        lane->registry_turn = atomic_load(&s->turn);
        (void)pthread_mutex_unlock(&s->lock);
    }
    return lane->registry != NULL ? registry_hold(lane->registry) : NULL;
}

struct registry *node_registry(struct node *n)
{
    struct node_swap *s = n->swap;

    (void)pthread_mutex_lock(&s->lock);
    struct registry *r = s->registry != NULL ? registry_hold(s->registry) : NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return r;
}
