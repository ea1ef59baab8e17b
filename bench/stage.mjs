// SPDX-License-Identifier: EUPL-1.2
// One program under load: a gateway of its own with its cities and services, a person who has signed in, and the
// operations by name.
import crypto from 'node:crypto';
import http from 'node:http';
import { forms } from '../tests/e2e/agent.mjs';
import { folder, freePort } from '../tests/e2e/gateway.mjs';
import { federation, registryText, signIn } from '../tests/e2e/local.mjs';
import { SamlService } from '../tests/e2e/saml_sp.mjs';
import { Service } from '../tests/e2e/rp.mjs';
import { Line, Visitor } from './load.mjs';
import { OidcCity } from './oidc_city.mjs';
import { SamlCity } from './saml_city.mjs';

const secret = 'a-secret-of-the-bench-that-nobody-else-has';
const b64 = (b) => Buffer.from(b).toString('base64url');
export const verifier = b64(crypto.randomBytes(32));
export const challenge = b64(crypto.createHash('sha256').update(verifier).digest());
const tile = (i) => `  - id: tile${i}\n    protocol: link\n    vendor: tile-oy\n    category: ${['learning', 'everyday', 'assessment', 'wellbeing'][i % 4]}\n    name: { fi: "Palvelu ${i}" }\n    line: { fi: "Yksi rivi palvelusta ${i}" }\n    test: true\n    launch_uri: "http://tile${i}.localhost/"\n    asks: [sub]\n`;
const tiles = Array.from({ length: 38 }, (_, i) => tile(i)).join('');
export const authorizePath = (s, acr) => `/oidc/authorize?${new URLSearchParams({ client_id: s.id, redirect_uri: s.redirect, response_type: 'code', scope: s.scope, state: 'bench', nonce: 'bench', code_challenge: challenge, code_challenge_method: 'S256', ...(acr ? { acr_values: `urn:mpass.id:authnsource:${acr}` } : {}) })}`;

// What a service signs: assertions of who it is [RFC 7523], proofs of a key [RFC 9449].
const own = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), ownJwk = own.publicKey.export({ format: 'jwk' });
const now = () => Math.floor(Date.now() / 1000);
const signed = (header, claims) => {
  const text = `${b64(JSON.stringify({ alg: 'ES256', ...header }))}.${b64(JSON.stringify({ jti: crypto.randomUUID(), iat: now(), ...claims }))}`;
  return `${text}.${b64(crypto.sign('sha256', Buffer.from(text), { key: own.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
};
const tool = `  - id: hilla
    protocol: lti
    vendor: hilla-oy
    name: { fi: Hilla }
    test: true
    client_id: hilla
    initiate_login_uri: "http://hilla.localhost/login"
    target_link_uri: "http://hilla.localhost/launch"
    redirect_uris: ["http://hilla.localhost/launch"]
    asks: [sub, given_name, family_name, roles, school, group]
`;
// Services of SAML that encrypt nothing; by what we sign for them.
const asked = { 'response alone': ['response', 'rsa-sha256'], both: ['both', 'rsa-sha256'], 'both by ECDSA': ['both', 'ecdsa-sha256'] };
const samlOut = () => Object.entries(asked).map(([name, [signs, alg]], i) => {
  const s = new SamlService(folder(`bench-sp-${i}`), `http://sp${i}.localhost`);
  s.id_ = `sp${i}`;
  s.row = `  - id: sp${i}\n    protocol: saml\n    vendor: sp-oy\n    name: { fi: "SP ${i}" }\n    test: true\n    entity_id: "${s.entity}"\n    signs: ${signs}\n    signing_alg: ${alg}\n    asks: [sub, given_name, family_name, roles, school]\n    targets: ["${s.base}/"]\n    metadata_xml: |\n      ${s.xml}\n`;
  return [name, s];
});
const HEARERS = 20; // services of one session that hear of its end
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code', SCREENS = 8;
// As many that each stays below what one may register within a minute (registry/change.h).
const registrars = Array.from({ length: 24 }, () => crypto.randomBytes(32).toString('base64url'));

export const must = (res, status, what) => {
  if (res.status !== status) throw new Error(`${what}: ${res.status} ${res.headers.location ?? ''} ${res.text.slice(0, 300)}`);
  return res;
};

export class Stage {
  async start(program, users) {
    const { g, service } = await federation(program, { name: 'bench', service: { secret }, settings: { redis_memory_MB: 1024, trusted_proxy: '127.0.0.1', service_requests_max: 1000000 } });
    Object.assign(this, { gateway: g, service, rs256: new Service(g, { id: 'lampi', secret, alg: 'RS256', scope: 'openid profile edu.role' }) });
    // With refresh tokens, and calls of their own.
    this.stay = Object.fromEntries(['refresh', 'introspection', 'own'].map((id) => [id, new Service(g, { id: `salo-${id}`, secret, scope: 'openid offline_access' })]));
    Object.assign(this.stay, Object.fromEntries(['par', 'dpop', 'form', ...Array.from({ length: SCREENS }, (_, i) => `screen${i}`)].map((id) => [id, new Service(g, { id: `salo-${id}`, secret })])));
    // They do nothing but hear, within the load generator's own process.
    this.ears = http.createServer((req, res) => req.resume().on('end', () => res.writeHead(200).end()));
    await new Promise((r) => this.ears.listen(0, '127.0.0.1', r));
    this.hearers = Array.from({ length: HEARERS }, (_, i) => new Service(g, { id: `hears${i}`, secret }));
    this.keyed = new Service(g, { id: 'salo-keyed', secret });
    this.saml = { plain: new SamlCity('plain'), signed: new SamlCity('signed', { signed: true }), encrypted: new SamlCity('encrypted') };
    this.oidc = new OidcCity('edu', await freePort());
    await this.oidc.start();
    this.samlServices = Object.fromEntries(samlOut());
    const cities = [...Object.values(this.saml), this.oidc].map((c) => c.row('oulu')).join('');
    g.registry = registryText(tiles + tool + Object.values(this.samlServices).map((x) => x.row).join('') + this.hearers.map((s) => s.row({ extra: `    backchannel_logout_uri: "http://127.0.0.1:${this.ears.address().port}/${s.id}"\n` })).join('') + service.row() + this.rs256.row() + Object.values(this.stay).map((s) => s.row({ extra: `    grant_types: [authorization_code, refresh_token, client_credentials, "${DEVICE}"]\n` })).join('')
      + this.keyed.row({ extra: `    grant_types: [authorization_code, client_credentials]\n    jwks: '${JSON.stringify({ keys: [{ ...ownJwk, kid: 'own', alg: 'ES256', use: 'sig' }] })}'\n` }).replace(/ {4}secret:.*\n/, '').replace('client_secret_basic', 'private_key_jwt')).replace('services:\n', `${cities}services:\n`);
    g.registry += `registrars:\n${registrars.map((t, i) => `  - { id: salo-${i}, vendor: salo-oy, test: true, at_once: true, most: 1000, token: { plain: "${t}" }, hosts: ["salo.localhost"], scopes: [openid], asks: [sub] }\n`).join('')}`;
    await g.start();
    for (const c of Object.values(this.saml)) await c.learn(g);
    this.line = new Line(g.port, users);
    this.processes = [{ pid: g.child.pid, name: 'supervisor' }, ...g.processes().map(({ pid, name }) => ({ pid, name: /redis/.test(name) ? 'redis' : name.replace('digione-', '') }))];
    await this.letIn();
    return this;
  }

  // Somebody with a session, a service with a token, and somebody who has only come as far as the sign-in page.
  async letIn() {
    const home = new URL(this.gateway.url);
    this.cookie = (await signIn(this.service, 'anna')).agent.cookieHeader(home);
    this.bearer = { Authorization: `Bearer ${JSON.parse((await this.codeFlow(this.service)).text).access_token}` };
    this.offline = {};
    for (const id of ['refresh', 'introspection']) this.offline[id] = JSON.parse((await this.codeFlow(this.stay[id])).text);
    const stranger = new Visitor(this.line);
    const page = new URL((await stranger.get(`${this.gateway.url}/`)).url);
    this.signInPage = { path: page.pathname + page.search, cookie: stranger.cookieHeader(page) };
  }

  async stop() {
    this.line.close();
    this.oidc.stop();
    this.ears.closeAllConnections();
    this.ears.close();
    await this.gateway.stop();
  }

  async redeem(s, code) {
    if (!code) throw new Error('no code');
    const form = { grant_type: 'authorization_code', code, redirect_uri: s.redirect, code_verifier: verifier };
    return must(await this.line.ask('POST', '/oidc/token', { form, headers: s.basic() }), 200, 'token');
  }

  async asked(id, path, form) {
    return must(await this.line.ask('POST', path, { form, headers: this.stay[id].basic() }), 200, path);
  }

  async codeFlow(s) {
    const res = must(await this.line.ask('GET', authorizePath(s), { cookie: this.cookie }), 303, 'authorize');
    return this.redeem(s, new URL(res.headers.location).searchParams.get('code'));
  }

  // The request goes before, and the browser brings its name.
  async pushedFlow(s) {
    const pushed = must(await this.line.ask('POST', '/oidc/par', { form: Object.fromEntries(new URL(authorizePath(s), 'http://x').searchParams), headers: s.basic() }), 201, 'par');
    const res = must(await this.line.ask('GET', `/oidc/authorize?${new URLSearchParams({ client_id: s.id, request_uri: JSON.parse(pushed.text).request_uri })}`, { cookie: this.cookie }), 303, 'authorize');
    return this.redeem(s, new URL(res.headers.location).searchParams.get('code'));
  }

  // The answer comes on a page that posts it.
  async postedFlow(s) {
    const page = must(await this.line.ask('GET', `${authorizePath(s)}&response_mode=form_post`, { cookie: this.cookie }), 200, 'authorize');
    return this.redeem(s, forms(page.text).find((f) => 'code' in f.fields)?.fields.code);
  }

  // Both halves: to where the tool's login begins, and the message that the tool then asks for.
  async toolLaunch() {
    const begun = new URL(must(await this.line.ask('GET', '/lti/open/hilla', { cookie: this.cookie }), 303, 'launch').headers.location).searchParams;
    const page = must(await this.line.ask('GET', `/lti/authorize?${new URLSearchParams({ client_id: 'hilla', redirect_uri: 'http://hilla.localhost/launch', scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', nonce: 'bench', state: 'bench', login_hint: begun.get('login_hint'), lti_message_hint: begun.get('lti_message_hint') })}`, { cookie: this.cookie }), 200, 'message');
    if (!page.text.includes('name="id_token"')) throw new Error('no message');
  }

  // A session is there: the service asks, and has the page that posts its answer.
  async samlOut(name) {
    const s = this.samlServices[name];
    const page = must(await this.line.ask('GET', `/saml/sso?${s.query(s.request(`${this.gateway.url}/saml/sso`))}`, { cookie: this.cookie }), 200, 'sso');
    if (!page.text.includes('name="SAMLResponse"')) throw new Error('no answer');
  }
  async samlUnasked(name) {
    const page = must(await this.line.ask('GET', `/saml/start?service=${this.samlServices[name].id_}`, { cookie: this.cookie }), 200, 'start');
    if (!page.text.includes('name="SAMLResponse"')) throw new Error('no answer');
  }

  ownTokens(s, form, headers) { return this.line.ask('POST', '/oidc/token', { form: { grant_type: 'client_credentials', ...form }, headers }); }

  async keyedIn() {
    const id = this.keyed.id, at = now();
    must(await this.ownTokens(this.keyed, { client_id: id, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signed({ kid: 'own' }, { iss: id, sub: id, aud: this.gateway.url, exp: at + 60 }) }), 200, 'token');
  }

  async boundIn() {
    const s = this.stay.dpop, proof = signed({ typ: 'dpop+jwt', jwk: ownJwk }, { htm: 'POST', htu: `${this.gateway.url}/oidc/token` });
    const said = JSON.parse(must(await this.ownTokens(s, {}, { ...s.basic(), DPoP: proof }), 200, 'token').text);
    if (said.token_type !== 'DPoP') throw new Error(`a token of type ${said.token_type}`);
  }

  // A screen asks, somebody says yes at a browser of their own, the screen has its tokens.
  async screenIn() {
    this.screens = ((this.screens ?? 0) + 1) % SCREENS;
    const s = this.stay[`screen${this.screens}`];
    const asked = JSON.parse(must(await this.line.ask('POST', '/oidc/device', { form: { scope: 'openid profile' }, headers: s.basic() }), 200, 'device').text);
    const page = must(await this.line.ask('GET', `/device?user_code=${asked.user_code}`, { cookie: this.cookie }), 200, 'the page of the code');
    const form = forms(page.text).find((f) => f.buttons.some((b) => b.value === 'yes'));
    must(await this.line.ask('POST', '/device', { cookie: this.cookie, form: { ...form.fields, act: 'yes' } }), 200, 'yes');
    must(await this.line.ask('POST', '/oidc/token', { form: { grant_type: DEVICE, device_code: asked.device_code }, headers: s.basic() }), 200, 'token');
  }

  // A vendor registers a service, and takes it back.
  async registered() {
    const json = (method, path, token, body) => this.line.ask(method, path, { json: body, headers: { Authorization: `Bearer ${token}` } });
    const made = JSON.parse(must(await json('POST', '/oidc/register', registrars[this.registered_ = ((this.registered_ ?? 0) + 1) % registrars.length], { client_name: 'Salo', redirect_uris: ['http://salo.localhost/cb'] }), 201, 'register').text);
    must(await json('DELETE', new URL(made.registration_client_uri).pathname, made.registration_access_token), 204, 'delete');
  }

  // With an empty cookie jar from the service to the city: its page to choose a city from comes between, or not.
  async toCity(visitor, id, chooses) {
    const until = { until: (next) => !next.startsWith(this.gateway.url) };
    let page = await visitor.get(this.gateway.url + authorizePath(this.service, chooses ? null : id), until);
    if (chooses) page = await visitor.go('POST', `${this.gateway.url}/sign-in/idp`, { form: { login: new URL(page.url).searchParams.get('login'), idp: id, remember: '1' }, ...until });
    if (!page.next) throw new Error(`no redirect to the city: ${page.status} ${page.url} ${page.text.slice(0, 300)}`);
    return page.next;
  }

  async samlIn(city, chooses = false) {
    const visitor = new Visitor(this.line), until = { until: (next) => next.startsWith(this.service.redirect) };
    const asked = city.read(await this.toCity(visitor, city.kind, chooses));
    await this.arrive(await visitor.go('POST', city.acs, { form: city.answer(asked), ...until }));
  }

  // A session that has opened so many services; then it is signed out, and the page says that each of them has heard.
  async opensMany(leaves) {
    const visitor = new Visitor(this.line), city = this.saml.plain, url = this.gateway.url;
    const asked = city.read(await this.toCity(visitor, city.kind, false));
    await visitor.go('POST', city.acs, { form: city.answer(asked), until: (next) => next.startsWith(this.service.redirect) });
    for (const s of this.hearers) must(await visitor.once('GET', url + authorizePath(s)), 303, 'authorize');
    if (!leaves) return;
    const csrf = forms((await visitor.once('GET', `${url}/sign-out`)).text).find((f) => f.action.endsWith('/sign-out')).fields.csrf;
    const page = must(await visitor.once('POST', `${url}/sign-out`, { form: { csrf }, headers: { Origin: url } }), 200, 'sign-out');
    const heard = [...page.text.matchAll(/<li class="ok">/g)].length - 1;
    if (heard !== HEARERS) throw new Error(`${heard} of ${HEARERS} have heard`);
  }

  async oidcIn(chooses) {
    const visitor = new Visitor(this.line), until = { until: (next) => next.startsWith(this.service.redirect) };
    const asked = await this.toCity(visitor, this.oidc.id, chooses);
    await this.arrive(await visitor.get(this.oidc.agree(asked), until));
  }

  async arrive(res) {
    if (!res.next) throw new Error(`the city's answer led to ${res.url} ${res.status} ${res.text.slice(0, 300)}`);
    await this.redeem(this.service, new URL(res.next).searchParams.get('code'));
  }

  // name: [bar in µs, null where there is none; what is done]
  operations() {
    const get = async (path, options) => must(await this.line.ask('GET', path, options), 200, path);
    const { plain, signed, encrypted } = this.saml ?? {}; // none: only the names are asked for
    return {
      'discovery': [20, () => get('/.well-known/openid-configuration')],
      'JWKS': [20, () => get('/oidc/jwks')],
      'sign-in page': [null, () => get(this.signInPage.path, { cookie: this.signInPage.cookie })],
      'launcher, 40 tiles': [80, () => get('/', { cookie: this.cookie })],
      'authorize, code, token: ES256': [200, () => this.codeFlow(this.service)],
      'authorize, code, token: RS256': [450, () => this.codeFlow(this.rs256)],
      'userinfo': [null, () => get('/oidc/userinfo', { headers: this.bearer })],
      'refresh': [null, () => this.asked('refresh', '/oidc/token', { grant_type: 'refresh_token', refresh_token: this.offline.refresh.refresh_token })],
      'introspection': [null, async () => {
        if (!(await this.asked('introspection', '/oidc/introspect', { token: this.offline.introspection.access_token })).text.startsWith('{"active":true')) throw new Error('the token is not active');
      }],
      'client credentials': [null, () => this.asked('own', '/oidc/token', { grant_type: 'client_credentials' })],
      'pushed request, code, token': [null, () => this.pushedFlow(this.stay.par)],
      'authorize by form_post, code, token': [null, () => this.postedFlow(this.stay.form)],
      'LTI launch, both halves: RS256': [null, () => this.toolLaunch()],
      'SAML out: the response signed': [450, () => this.samlOut('response alone')],
      'SAML out: both signed': [null, () => this.samlOut('both')],
      'SAML out: both signed by ECDSA': [null, () => this.samlOut('both by ECDSA')],
      'SAML out, nobody asked: both signed': [null, () => this.samlUnasked('both')],
      'private_key_jwt': [null, () => this.keyedIn()],
      'DPoP': [null, () => this.boundIn()],
      'device: a screen signed in': [null, () => this.screenIn()],
      'dynamic registration, and back': [null, () => this.registered()],
      'SAML signed in, OIDC out': [600, () => this.samlIn(plain)],
      'the same, our request RSA-signed': [865, () => this.samlIn(signed)],
      'the same, choosing the city': [800, () => this.samlIn(plain, true)],
      'SAML encrypted in, OIDC out': [null, () => this.samlIn(encrypted)],
      'SAML in, 20 services opened': [null, () => this.opensMany(false)],
      'the same, and signed out: 20 hear': [null, () => this.opensMany(true)],
      'OIDC in, OIDC out': [null, () => this.oidcIn(false)],
      'OIDC in, choosing the city': [900, () => this.oidcIn(true)],
    };
  }
}
