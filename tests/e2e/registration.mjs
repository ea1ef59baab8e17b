// SPDX-License-Identifier: EUPL-1.2
// Vendors register services by themselves: RFC 7591, RFC 7592 and OpenID Connect Registration, from outside.
//   node registration.mjs PATH-OF-DIGIONE
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Agent, decode, forms } from './agent.mjs';
import { check, fetchLocal, finish, root, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { png } from './picture.mjs';
import { Service } from './rp.mjs';

// The vendor's own web server: path -> { body, type, status, to, until }.
const pages = new Map();
const site = http.createServer(async (req, res) => {
  const page = pages.get(req.url) ?? { status: 404, body: '' };
  await page.until?.();
  res.writeHead(page.status ?? 200, page.to ? { Location: page.to } : { 'Content-Type': page.type ?? 'application/json' }).end(page.body);
});
await new Promise((r) => site.listen(0, '127.0.0.1', r));
site.unref();
const at = (path) => `http://vendor.localhost:${site.address().port}${path}`;

const signer = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const b64 = (o) => Buffer.from(typeof o === 'string' ? o : JSON.stringify(o)).toString('base64url');
const statement = (claims, { key = signer.privateKey, alg = 'ES256' } = {}) => {
  const text = `${b64({ alg, kid: 's1' })}.${b64(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const jwks = JSON.stringify({ keys: [{ ...signer.publicKey.export({ format: 'jwk' }), kid: 's1', alg: 'ES256', use: 'sig' }] });

const { g, service } = await federation(process.argv[2], { name: 'registration' });
const token = {};
g.registry += `registrars:
${[['now', 'most: 60, at_once: true'], ['few', 'most: 2, at_once: true'], ['later', 'most: 20'], ['ended', 'most: 5, at_once: true, until: "2020-01-01"'], ['off', 'most: 5, at_once: true, enabled: false'],
    ['stated', `most: 9, at_once: true, statement_issuer: "https://trust.example", statement_jwks: '${jwks}', statement_required: true`]].map(([id, more]) => {
    token[id] = `token-of-${id}-${crypto.randomBytes(16).toString('hex')}`;
    return `  - { id: ${id}, vendor: vendor-${id}, test: true, token: { plain: "${token[id]}" }, hosts: ["vendor.localhost", "*.app.localhost", "fi.vendor.app:"], scopes: [openid, profile, email], grant_types: [authorization_code, refresh_token], asks: [sub, given_name, family_name], ${more} }\n`;
  }).join('')}`;
g.registry += 'admins:\n  - { id: nils, idp: oulu, subject: oulu-nils, role: operator, why: tests }\n';
await g.start();

const call = (method, path, { body, token: t, type = 'application/json' } = {}) => fetchLocal(g.port, path, { method, host: g.host,
  body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  headers: { ...(body === undefined ? {} : { 'Content-Type': type }), ...(t ? { Authorization: `Bearer ${t}` } : {}) } }).then((r) => ({ ...r, json: r.text.startsWith('{') ? JSON.parse(r.text) : undefined }));
const register = (more = {}, by = 'now') => call('POST', '/oidc/register', { token: token[by], body: { redirect_uris: [at('/cb')], client_name: 'Vendor', ...more } });
const made = async (more, by) => { const r = await register(more, by); check(r.status === 201, `${r.status} ${r.text}`); return r.json; };
const refused = (r, status, error, names) => {
  check(r.status === status && r.json?.error === error, `expected ${status} ${error}: ${r.status} ${r.text}`);
  check(!names || r.json.error_description.includes(names), `${names} is not named: ${r.text}`);
  check(/support code/.test(r.json.error_description), `no support code: ${r.text}`);
  check(r.headers['cache-control'] === 'no-store', 'may be cached');
};
const own = (r) => ({ token: r.registration_access_token });
const pathOf = (r) => new URL(r.registration_client_uri).pathname;
const serviceOf = (r, more = {}) => new Service(g, { id: r.client_id, secret: r.client_secret, redirect: r.redirect_uris[0], alg: r.id_token_signed_response_alg, ...more });
const rows = () => g.cli('export', '-c', g.config).stdout;

await test('nobody registers without a token, nor with a wrong, ended or switched-off one', async () => {
  const body = { redirect_uris: [at('/cb')] };
  const bare = await call('POST', '/oidc/register', { body });
  refused(bare, 401, 'invalid_token');
  check(/^Bearer /.test(bare.headers['www-authenticate']), `${bare.headers['www-authenticate']}`);
  for (const t of ['x', 'x'.repeat(300), token.ended, token.off]) {
    const r = await call('POST', '/oidc/register', { body, token: t });
    refused(r, 401, 'invalid_token');
    check(/^Bearer .*error="invalid_token"/.test(r.headers['www-authenticate']), `${r.headers['www-authenticate']}`);
  }
  check(!rows().includes('vendor-ended-') && !rows().includes('vendor-off-'), 'a row was made');
});

await test('a service that registers itself signs people in at once, and is seen in the history by its maker', async () => {
  const r = await made({ client_name: 'Kirjasto', 'client_name#sv': 'Biblioteket', contacts: ['tuki@vendor.example'], unheard_of: { a: 1 } });
  check(r.client_id.length === 43 && r.client_secret.length === 43 && r.client_secret_expires_at === 0, JSON.stringify(r));
  check(r.token_endpoint_auth_method === 'client_secret_basic' && r.response_types.join() === 'code' && r.subject_type === 'pairwise', JSON.stringify(r));
  check(r.scope === 'openid profile email' && r['client_name#sv'] === 'Biblioteket' && r.contacts.join() === 'tuki@vendor.example', JSON.stringify(r));
  check(!('unheard_of' in r) && r.registration_client_uri === `${g.url}/oidc/register/${r.client_id}`, JSON.stringify(r));
  const s = serviceOf(r);
  const known = await s.finish((await signIn(s, 'anna')).answer);
  check(known.claims.sub, 'no sub');
  const log = g.cli('registry', 'log', '-c', g.config, '--last', '3').stdout;
  check(/registration\s+registrar now as vendor/.test(log), log);
  check(!rows().includes(r.client_secret) && !rows().includes(r.registration_access_token), 'a secret stands in the export');
  check(!g.logText().includes(r.client_secret) && !g.logText().includes(token.now), 'a secret stands in the log');
});

await test('every member is read back as it was registered', async () => {
  const asked = {
    redirect_uris: [at('/cb'), at('/cb2?x=1')], post_logout_redirect_uris: [at('/out')], token_endpoint_auth_method: 'client_secret_post', grant_types: ['authorization_code'], client_name: 'Kaikki', 'client_name#en': 'Everything',
    client_uri: at('/'), policy_uri: at('/policy'), tos_uri: at('/tos'), contacts: ['a@vendor.example', 'b@vendor.example'], scope: 'openid email', software_id: 'soft-1', software_version: '2.0', initiate_login_uri: at('/start'),
    default_max_age: 3600, require_auth_time: true, id_token_signed_response_alg: 'ES256', request_uris: [at('/request')], jwks: { keys: [{ ...signer.publicKey.export({ format: 'jwk' }), kid: 's1', alg: 'ES256', use: 'sig' }] }, backchannel_logout_uri: at('/bc'), backchannel_logout_session_required: true,
  };
  const r = await made(asked);
  const read = await call('GET', pathOf(r), own(r));
  check(read.status === 200, `${read.status} ${read.text}`);
  for (const [name, value] of Object.entries(asked))
    check(JSON.stringify(r[name]) === JSON.stringify(value) && JSON.stringify(read.json[name]) === JSON.stringify(value), `${name}: ${JSON.stringify(r[name])}, then ${JSON.stringify(read.json[name])}`);
  check(read.json.client_id === r.client_id && !('client_secret' in read.json) && !('registration_notes' in r), read.text);
});

await test('what cannot be had is done otherwise, and said', async () => {
  const r = await made({ scope: 'openid email groups', grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'id_token'], subject_type: 'public', request_object_encryption_alg: 'RSA-OAEP' });
  check(r.scope === 'openid email' && r.grant_types.join() === 'authorization_code' && r.response_types.join() === 'code' && r.subject_type === 'pairwise', JSON.stringify(r));
  for (const what of ['groups', 'implicit', 'id_token', 'subject_type', 'request_object_encryption_alg'])
    check(r.registration_notes.some((n) => n.includes(what)), `${what}: ${r.registration_notes}`);
});

await test('bad metadata is refused with the member and the rule, and leaves no row', async () => {
  const before = rows();
  const bad = [
    [{ redirect_uris: undefined }, 'invalid_redirect_uri', 'redirect_uris'], [{ redirect_uris: [] }, 'invalid_redirect_uri', 'redirect_uris'], [{ redirect_uris: 'x' }, 'invalid_redirect_uri', 'redirect_uris'], [{ redirect_uris: [1] }, 'invalid_redirect_uri', 'redirect_uris'],
    [{ redirect_uris: [at('/cb#x')] }, 'invalid_redirect_uri', 'fragment'], [{ redirect_uris: ['http://vendor.example/cb'] }, 'invalid_redirect_uri', 'redirect_uris'], [{ redirect_uris: ['https://evil.example/cb'] }, 'invalid_redirect_uri', 'host'], [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri', 'redirect_uris'],
    [{ redirect_uris: ['https://vendor.localhost.evil.example/cb'] }, 'invalid_redirect_uri', 'host'], [{ redirect_uris: ['https://app.localhost/cb'] }, 'invalid_redirect_uri', 'host'], [{ redirect_uris: ['fi.vendor.app:/cb'] }, 'invalid_redirect_uri', 'redirect_uris'],
    [{ post_logout_redirect_uris: ['https://evil.example/out'] }, 'invalid_client_metadata', 'post_logout_redirect_uris'], [{ initiate_login_uri: 'http://vendor.example/start' }, 'invalid_client_metadata', 'initiate_login_uri'], [{ jwks_uri: 'https://evil.example/keys' }, 'invalid_client_metadata', 'jwks_uri'],
    [{ token_endpoint_auth_method: 'magic' }, 'invalid_client_metadata', 'token_endpoint_auth_method'], [{ token_endpoint_auth_method: 1 }, 'invalid_client_metadata', 'token_endpoint_auth_method'], [{ id_token_signed_response_alg: 'none' }, 'invalid_client_metadata', 'id_token_signed_response_alg'],
    [{ grant_types: ['implicit'] }, 'invalid_client_metadata', 'grant_types'], [{ response_types: ['id_token'] }, 'invalid_client_metadata', 'response_types'], [{ default_max_age: 'x' }, 'invalid_client_metadata', 'default_max_age'], [{ require_auth_time: 'true' }, 'invalid_client_metadata', 'require_auth_time'],
    [{ jwks: { keys: [] }, jwks_uri: at('/keys') }, 'invalid_client_metadata', 'jwks'], [{ jwks: 'x' }, 'invalid_client_metadata', 'jwks'], [{ client_name: 'a\u0000b' }, 'invalid_client_metadata', 'NUL'], [{ client_name: 'a\nb' }, 'invalid_client_metadata', 'client_name'], [{ contacts: {} }, 'invalid_client_metadata', 'contacts'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata', 'jwks'],
  ];
  for (const [more, error, names] of bad) refused(await register(more), 400, error, names);
  for (const body of ['', 'x', '[]', '"x"', '{"redirect_uris":["a"],"redirect_uris":["b"]}'])
    refused(await call('POST', '/oidc/register', { token: token.now, body }), 400, 'invalid_client_metadata');
  refused(await call('POST', '/oidc/register', { token: token.now, body: 'redirect_uris=x', type: 'application/x-www-form-urlencoded' }), 400, 'invalid_client_metadata', 'Content-Type');
  check(rows() === before, 'the registry has changed');
});

await test('a public service has no secret, must use PKCE, and may have a scheme of its own or loopback', async () => {
  const r = await made({ token_endpoint_auth_method: 'none', redirect_uris: ['fi.vendor.app:/cb'] });
  check(!('client_secret' in r) && r.application_type === 'native', JSON.stringify(r));
  const s = serviceOf(r);
  const res = await new Agent().once('GET', s.authorizeUrl({ code_challenge: undefined, code_challenge_method: undefined }));
  check(/error=invalid_request/.test(res.headers.location), res.headers.location);
});

await test('sector_identifier_uri is fetched, and must list every redirect URI', async () => {
  pages.set('/sector', { body: JSON.stringify([at('/cb'), at('/other')]) });
  pages.set('/sector-bad', { body: JSON.stringify([at('/other')]) });
  pages.set('/sector-odd', { body: '{"a":1}' });
  pages.set('/sector-away', { status: 500, body: '' });
  pages.set('/sector-moved', { status: 302, to: at('/sector'), body: '' });
  check((await made({ sector_identifier_uri: at('/sector') })).sector_identifier_uri === at('/sector'), 'not kept');
  for (const path of ['bad', 'odd', 'away', 'moved', 'none'])
    refused(await register({ sector_identifier_uri: at(`/sector-${path}`) }), 400, 'invalid_client_metadata', 'sector_identifier_uri');
});

await test('a logo is made anew and shown; what is no PNG is left out, and said', async () => {
  pages.set('/logo.png', { body: png(64), type: 'image/png' });
  pages.set('/logo.svg', { body: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', type: 'image/svg+xml' });
  pages.set('/huge.png', { body: Buffer.alloc(300 << 10, 1), type: 'image/png' });
  const r = await made({ logo_uri: at('/logo.png') });
  check(r.logo_uri === at('/logo.png') && !r.registration_notes, JSON.stringify(r));
  const row = rows().split('\n  - ').find((p) => p.includes(r.client_id));
  check(/icon: "?iVBOR/.test(row), row);
  for (const path of ['/logo.svg', '/huge.png', '/none.png']) {
    const bad = await made({ logo_uri: at(path) });
    check(!('logo_uri' in bad) && bad.registration_notes.some((n) => n.includes('logo_uri')), JSON.stringify(bad));
  }
});

await test('a registration is read, altered and deleted with its own token alone', async () => {
  const r = await made({ contacts: ['a@vendor.example'], initiate_login_uri: at('/start') }), other = await made();
  for (const t of [undefined, token.now, other.registration_access_token, 'x']) {
    refused(await call('GET', pathOf(r), { token: t }), 401, 'invalid_token');
    refused(await call('PUT', pathOf(r), { token: t, body: { client_id: r.client_id, redirect_uris: [at('/cb')] } }), 401, 'invalid_token');
    refused(await call('DELETE', pathOf(r), { token: t }), 401, 'invalid_token');
  }
  refused(await call('GET', '/oidc/register/nobody', own(r)), 401, 'invalid_token');
  refused(await call('GET', '/oidc/register/kanerva', { token: token.now }), 401, 'invalid_token');
  const put = (body) => call('PUT', pathOf(r), { ...own(r), body: { client_id: r.client_id, redirect_uris: [at('/cb')], ...body } });
  refused(await put({ client_id: other.client_id }), 400, 'invalid_client_metadata', 'client_id');
  refused(await put({ client_secret: 'of-my-own-choice' }), 400, 'invalid_client_metadata', 'client_secret');
  refused(await put({ registration_access_token: 'x' }), 400, 'invalid_client_metadata', 'registration_access_token');
  refused(await put({ redirect_uris: ['https://evil.example/'] }), 400, 'invalid_redirect_uri', 'host');
  const changed = await put({ redirect_uris: [at('/new')], client_secret: r.client_secret });
  check(changed.status === 200 && changed.json.redirect_uris.join() === at('/new'), changed.text);
  check(!('contacts' in changed.json) && !('initiate_login_uri' in changed.json), `left out is deleted [RFC 7592 2.2]: ${changed.text}`);
  const s = serviceOf({ ...r, redirect_uris: [at('/new')] });
  await s.finish((await signIn(s, 'anna')).answer); // the old secret is good, the new address in force
  const jwksOf = await put({ token_endpoint_auth_method: 'none' });
  check(jwksOf.status === 200 && !('client_secret' in jwksOf.json), jwksOf.text);
  const back = await put({ token_endpoint_auth_method: 'client_secret_post' });
  check(back.status === 200 && back.json.client_secret?.length === 43 && back.json.client_secret !== r.client_secret, back.text);
  const gone = await call('DELETE', pathOf(r), own(r));
  check(gone.status === 204, `${gone.status} ${gone.text}`);
  refused(await call('GET', pathOf(r), own(r)), 401, 'invalid_token');
  check((await new Agent().once('GET', s.authorizeUrl())).status === 400, 'it still signs people in');
});

await test('what an admin set by hand stays when the service alters its registration', async () => {
  const r = await made({ scope: 'openid profile email' });
  const id = rows().split('\n  - ').find((p) => p.includes(r.client_id)).match(/^id: (\S+)/)[1], row = () => rows().split('\n  - ').find((p) => p.startsWith(`id: ${id}`));
  const done = g.cli('registry', 'put', '-c', g.config, 'service', id, 'scopes=openid\nprofile', 'asks=sub', 'pkce_required=true', 'grant_types=authorization_code\nclient_credentials', 'fapi=false');
  check(done.status === 0, done.stderr);
  const by = row();
  const put = (body) => call('PUT', pathOf(r), { ...own(r), body: { client_id: r.client_id, redirect_uris: [at('/cb')], client_name: 'Vendor', ...body } });
  await until('the change is in force', async () => (await call('GET', pathOf(r), own(r))).json.scope === 'openid profile' && (await put({ scope: 'openid profile', grant_types: ['authorization_code', 'client_credentials'] })).status === 200);
  check(row() === by, `${by}\nbecame\n${row()}`);
  const wide = await put({ scope: 'openid profile email', grant_types: ['authorization_code', 'client_credentials'] });
  check(wide.json.scope === 'openid profile' && wide.json.registration_notes.some((n) => /email/.test(n)), wide.text);
  const bare = await put({ grant_types: ['authorization_code', 'client_credentials'] });
  check(bare.json.scope === 'openid profile', `left out of scope: ${bare.text}`);
  check(row() === by, `${by}\nbecame\n${row()}`);
});

await test('a token registers as many services as its row says, also when twenty come at once', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => register({}, 'few')));
  check(all.filter((r) => r.status === 201).length === 2, all.map((r) => r.status).join());
  refused(all.find((r) => r.status === 403), 403, 'access_denied', 'as many services');
  const one = all.find((r) => r.status === 201).json;
  check((await call('DELETE', pathOf(one), own(one))).status === 204, 'delete');
  await made({}, 'few');
});

await test('without at_once it is switched off, and a proposal waits; altering it proposes anew', async () => {
  const r = await made({}, 'later');
  check(r.registration_notes.some((n) => /approved/.test(n)), JSON.stringify(r));
  const s = serviceOf(r);
  check((await new Agent().once('GET', s.authorizeUrl())).status === 400, 'it is in use');
  check(/enabled: false/.test(rows().split('\n  - ').find((p) => p.includes(r.client_id))), 'not switched off');
  check((await call('GET', pathOf(r), own(r))).status === 200, 'cannot be read');
  const again = await call('PUT', pathOf(r), { ...own(r), body: { client_id: r.client_id, redirect_uris: [at('/second')] } });
  check(again.status === 200 && again.json.redirect_uris.join() === at('/second') && again.json.registration_notes, again.text);
  const id = rows().split('\n  - ').find((p) => p.includes(r.client_id)).match(/^id: (\S+)/)[1];
  const done = g.cli('registry', 'put', '-c', g.config, 'service', id, 'enabled=true');
  check(done.status === 0, done.stderr);
  await until('it is switched on', async () => (await new Agent().once('GET', serviceOf(again.json, { secret: r.client_secret }).authorizeUrl())).status === 303);
  const waits = await call('PUT', pathOf(r), { ...own(r), body: { client_id: r.client_id, redirect_uris: [at('/third')] } });
  check(waits.status === 200 && waits.json.redirect_uris.join() === at('/second') && /approval/.test(waits.json.registration_notes), `what is in force stays: ${waits.text}`);
});

await test('what a vendor proposes an operator reads and publishes in the console, and the service signs somebody in', async () => {
  const r = await made({ client_name: 'Kuusen ehdotus', contacts: ['tuki@vendor.example'] }, 'later'), s = serviceOf(r);
  const operator = new Agent(), post = (f) => f.method === 'post';
  let page = await operator.get(`${g.url}/admin`);
  page = await operator.submit(page, { idp: 'oulu' }, (f) => post(f) && f.buttons.some((b) => b.value === 'oulu'));
  page = await operator.submit(page, { username: 'nils', password: 'salasana-nils' }, (f) => post(f) && 'password' in f.fields);
  page = await operator.get(`${g.url}/admin/area`);
  await operator.submit(page, { area: 'nation' }, (f) => post(f) && f.buttons.some((b) => b.name === 'area' && b.value === 'nation'));
  const list = await operator.get(`${g.url}/admin/drafts`);
  check(list.status === 200, `drafts: ${list.status} ${list.url}`);
  const id = rows().split('\n  - ').find((p) => p.includes(r.client_id)).match(/^id: (\S+)/)[1];
  const numbers = [...list.text.matchAll(/href="?\/admin\/drafts\/(\d+)/g)].map((m) => m[1]);
  let draft;
  for (const n of numbers) { const one = await operator.get(`${g.url}/admin/drafts/${n}`); if (one.text.includes(id)) draft = one; }
  check(draft, `no draft of ${numbers.join()} is of ${id}`);
  // Who decides sees whose it is, and where its answers go.
  for (const word of ['Kuusen ehdotus', at('/cb'), 'registrar later']) check(decode(draft.text).includes(word), `the proposal does not say ${word}: ${draft.text.slice(draft.text.indexOf("<main")).replace(/<[^>]*>/g, " ").slice(0, 3000)}`);
  const f = forms(draft.text).find((x) => x.buttons.some((b) => b.value === 'approve'));
  check(f, `nothing to approve: ${draft.text.slice(0, 3000)}`);
  page = await operator.submit(draft, { act: 'approve', why: 'sovittu', looked: '1' }, (x) => x.buttons.some((b) => b.value === 'approve'));
  await until('it is published', async () => /enabled: true/.test(rows().split('\n  - ').find((p) => p.startsWith(`id: ${id}`))) || (await new Agent().once('GET', s.authorizeUrl())).status === 303);
  await until('it is in force', async () => (await new Agent().once('GET', s.authorizeUrl())).status === 303);
  const known = await s.finish((await signIn(s, 'anna')).answer);
  check(known.claims.sub, 'no sub');
});

await test('what is approved while an update is under way is not altered by it', async () => {
  const r = await made({}, 'later');
  const id = rows().split('\n  - ').find((p) => p.includes(r.client_id)).match(/^id: (\S+)/)[1];
  let asked, answer;
  const begun = new Promise((go) => { asked = go; }), held = new Promise((go) => { answer = go; });
  pages.set('/slow.png', { body: png(64), type: 'image/png', until: () => { asked(); return held; } });
  const put = call('PUT', pathOf(r), { ...own(r), body: { client_id: r.client_id, redirect_uris: [at('/evil')], logo_uri: at('/slow.png') } });
  await begun;
  const done = g.cli('registry', 'put', '-c', g.config, 'service', id, 'enabled=true');
  answer();
  check(done.status === 0, done.stderr);
  refused(await put, 429, 'temporarily_unavailable');
  check(!rows().includes(at('/evil')), 'it was altered without approval');
});

await test('software statements: of the trusted issuer alone, signed, and before what the request says', async () => {
  const claims = { iss: 'https://trust.example', software_id: 'soft-9', client_name: 'As stated', redirect_uris: [at('/stated')], iat: Math.floor(Date.now() / 1000) };
  const r = await made({ software_statement: statement(claims), client_name: 'As asked' }, 'stated');
  check(r.client_name === 'As stated' && r.software_id === 'soft-9' && r.redirect_uris.join() === at('/stated'), JSON.stringify(r));
  const foreign = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  refused(await register({}, 'stated'), 400, 'invalid_software_statement', 'missing');
  refused(await register({ software_statement: 'x' }, 'stated'), 400, 'invalid_software_statement');
  refused(await register({ software_statement: statement(claims, { key: foreign }) }, 'stated'), 400, 'invalid_software_statement');
  refused(await register({ software_statement: `${b64({ alg: 'none' })}.${b64(claims)}.` }, 'stated'), 400, 'invalid_software_statement');
  refused(await register({ software_statement: statement({ ...claims, exp: 1 }) }, 'stated'), 400, 'invalid_software_statement');
  refused(await register({ software_statement: statement({ ...claims, iss: 'https://other.example' }) }, 'stated'), 400, 'unapproved_software_statement', 'iss');
  refused(await register({ software_statement: statement({ ...claims, redirect_uris: ['https://evil.example/'] }) }, 'stated'), 400, 'invalid_redirect_uri', 'host');
  refused(await register({ software_statement: statement(claims) }, 'now'), 400, 'unapproved_software_statement');
});

await test('an operator gives a token by the command line, once, and takes it back', async () => {
  const given = g.cli('registry', 'token', '-c', g.config, 'uusi', 'vendor=uusi-oy', 'test=true', 'at_once=true', 'hosts=vendor.localhost', 'scopes=openid');
  check(given.status === 0, given.stderr);
  const t = given.stdout.match(/not shown again\): (\S{43})$/m)[1];
  check(!rows().includes(t), 'the token stands in the export');
  token.uusi = t;
  await until('it is good', async () => (await register({}, 'uusi')).status === 201);
  const taken = g.cli('registry', 'put', '-c', g.config, 'registrar', 'uusi', 'enabled=false');
  check(taken.status === 0, taken.stderr);
  await until('it is no more', async () => (await register({}, 'uusi')).status === 401);
});

await test('docs/registration.md, line by line', async () => {
  const text = fs.readFileSync(path.join(root, 'docs/registration.md'), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((m) => m[1].replaceAll('https://login.example.fi', g.url).replaceAll('/etc/digione/digione.yaml', g.config).replaceAll(/^digione /gm, `${g.program} `));
  check(blocks.length === 3, `${blocks.length} blocks`);
  // curl may know no *.localhost; the gateway's own name is localhost
  const run = (block, env = {}) => new Promise((done) => execFile('bash', ['-e', '-o', 'pipefail', '-c', block], { cwd: g.dir, env: { ...process.env, ...env } }, (error, stdout, stderr) => done({ error, stdout, stderr })));
  const first = await run(blocks[0]);
  const TOKEN = /not shown again\): (\S+)/.exec(first.stdout)?.[1];
  check(TOKEN, `${first.stdout}${first.stderr}`);
  await until('the token is good', async () => (await call('POST', '/oidc/register', { token: TOKEN, body: {} })).status === 400);
  const second = await run(blocks[1], { TOKEN });
  const kept = JSON.parse(fs.readFileSync(path.join(g.dir, 'registration.json'), 'utf8'));
  check(!second.error && kept.client_id && kept.scope === 'openid profile' && !kept.registration_notes, JSON.stringify(kept));
  const third = await run(blocks[2]);
  check(!third.error && third.stdout.includes('http://oppi.localhost/new') && third.stdout.trim().endsWith('204'), `${third.stdout}${third.stderr}`);
});

await test('an export imported again changes nothing', async () => {
  const text = rows();
  check(/registrars:/.test(text) && /sha256/.test(text), 'no registrars');
  g.import(text);
  check(rows() === text, 'it is another');
});

await g.stop();
await finish();
