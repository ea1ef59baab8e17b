// SPDX-License-Identifier: EUPL-1.2
// The modules of the public OpenID conformance suite, each under its own name, doing what it demands and judged as it would:
// Config, Basic, Form Post, Dynamic, third-party-initiated login, the four kinds of logout, FAPI 2.0 Security Profile and
// Message Signing.  Behind the shipped HAProxy where that is installed.  Where a module of the suite pauses, this one asks
// the clock, or leaves the pause to a scenario with virtual time, and says so.
//   node conformance.mjs PATH-OF-DIGIONE          ONLY=OP0 for those whose id or name it finds; TRACE=1 for stacks
import crypto from 'node:crypto';
import http from 'node:http';
import tls from 'node:tls';
import vm from 'node:vm';
import { check, finish, until } from './gateway.mjs';
import { forms } from './agent.mjs';
import { haproxyMissing, makeFront } from './haproxy.mjs';
import { federation, people } from './local.mjs';
import { png } from './picture.mjs';
import { Key, Party, Provider, Skip, after, b64, errs, module_, now, parts, refused, sha, skip, stays, unsigned, verdicts, warn, word } from './suite.mjs';

// ── the vendor's own web server ──
const site = { pages: new Map(), seen: [] };
const web = http.createServer((req, res) => {
  let body = '';
  req.on('data', (d) => { body += d; }).on('end', () => {
    site.seen.push({ method: req.method, url: req.url, body, headers: req.headers });
    const page = site.pages.get(req.url.split('?')[0]) ?? { status: 404, body: '' };
    res.writeHead(page.status ?? 200, { 'Content-Type': page.type ?? 'application/json' }).end(page.body);
  });
});
await new Promise((r) => web.listen(0, '127.0.0.1', r));
web.unref();
site.at = (path) => `http://rp.localhost:${web.address().port}${path}`;
site.put = (path, body, type) => { site.pages.set(path, { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body), type }); return site.at(path); };

// ── the provider ──
const front = haproxyMissing ? null : await makeFront('conformance');
const scopes = ['openid', 'profile', 'email', 'phone', 'address', 'offline_access', 'edu.role', 'edu.school'];
const grants = ['authorization_code', 'refresh_token'];
const { g } = await federation(process.argv[2], { name: 'conformance', ...(front ? { url: front.url, settings: front.settings } : {}) });
const give = ['sub', 'given_name', 'calling_name', 'family_name', 'locale', 'email', 'roles', 'school'];
const told = new Set([...(await import('node:fs')).readFileSync(new URL('../../model/claims.def', import.meta.url), 'utf8').matchAll(/X\(\w+,\s+"(\w+)"/g)].map((m) => m[1]));
const known = new Set([...(await import('node:fs')).readFileSync(new URL('../../model/claims.def', import.meta.url), 'utf8').matchAll(/X\(\w+,\s+"\w+",\s+\w+,\s+"([^"]+)"/g)].map((m) => m[1]));
for (const more of ['name', 'phone', 'address', 'preferred_username', 'zoneinfo', 'updated_at']) if (told.has(more)) give.push(more);
const token = word(), fapiToken = word();
const registrar = (id, t, more) => `  - { id: ${id}, vendor: ${id}, test: true, at_once: true, token: { plain: "${t}" }, hosts: ["*"], most: 200, scopes: [${scopes.filter((s) => s === 'offline_access' || known.has(s)).join(', ')}], grant_types: [${grants.join(', ')}], asks: [${give.join(', ')}]${more} }\n`;
g.registry = g.registry.replace(/\nrules:[\s\S]*?accounts:/, `\nrules:\n  - { id: all, provider: oulu, role: any, release: [${give.join(', ')}] }\naccounts:`)
  .replace(/family_name: "[^"]*"/g, (m) => `${m}\n    calling_name: Annukka\n    email: anna@oulu.example`) + `registrars:\n${registrar('suite', token, '')}${registrar('fapi-suite', fapiToken, ', fapi: true')}`;
await g.start(!front);
if (front) front.start();
const op = new Provider(g, { ca: front?.certificate });
await until('the provider answers', async () => (await op.call('GET', '/oidc/jwks')).json?.keys?.length > 0, 120000); // the first start makes keys
const doc = await op.discover();
const party = (more = {}) => new Party(op, { token, site, scope: 'openid', ...more });
const ready = async (more = {}, meta = {}) => party(more).register(meta);
const announced = (member) => doc[member] ?? skip(`${member} is not announced`);

// ── Config ──
await module_('OP40', 'oidcc-discovery-endpoint-verification', async () => {
  check(doc.issuer === g.url, `issuer ${doc.issuer}`);
  for (const [name, v] of Object.entries(doc).filter(([n]) => /_(endpoint|uri|iframe)$/.test(n)))
    check(typeof v === 'string' && (v.startsWith('https://') || (!front && v.startsWith(g.url))) && new URL(v), `${name}: ${v}`);
  for (const n of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri', 'registration_endpoint']) check(doc[n], `${n} is missing`);
  check(op.has('response_types_supported', 'code') && op.has('id_token_signing_alg_values_supported', 'RS256') && op.has('scopes_supported', 'openid'), 'code, RS256, openid');
  check(doc.subject_types_supported.every((t) => ['public', 'pairwise'].includes(t)) && doc.subject_types_supported.length > 0, `${doc.subject_types_supported}`);
  check(op.has('grant_types_supported', 'authorization_code'), 'grant_types_supported');
  for (const tag of doc.ui_locales_supported ?? []) check(Intl.getCanonicalLocales(tag).length === 1, tag);
  for (const n of ['claims_parameter_supported', 'request_parameter_supported', 'request_uri_parameter_supported', 'require_request_uri_registration']) check(!(n in doc) || typeof doc[n] === 'boolean', n);
  const keys = await op.keys();
  check(keys.length > 0 && new Set(keys.map((k) => k.kid)).size === keys.length, 'kid');
  for (const k of keys) { crypto.createPublicKey({ key: k, format: 'jwk' }); check(!('d' in k), 'a private part'); }
});

// ── Basic, and again with response_mode=form_post ──
const basic = async (plan, mode) => {
  const id = (n) => `${plan}${n}`;
  const rp = (more = {}, meta) => ready({ mode, ...more }, meta);
  let shared;
  const one = async () => (shared ??= await rp({ scope: 'openid profile' }));

  await module_(id('OP01'), 'oidcc-server', async () => {
    const x = await rp({ scope: 'openid profile email' }), s = await x.flow();
    check(!mode || s.posted, 'the answer was not posted');
    check((await x.claims(s.token)).sub, 'sub');
  });
  await module_(id('OP02'), 'oidcc-response-type-missing', async () => {
    const x = await one(), s = await x.visit(x.params({ response_type: undefined }));
    if (s.answer) errs(s, ['invalid_request', 'unsupported_response_type'], 'no response_type'); else stays(s, 'no response_type');
  });
  await module_(id('OP03'), 'oidcc-idtoken-signature', async () => {
    const x = await rp(), s = await x.flow();
    check(parts(s.token.id_token)[0].alg === 'RS256' && parts(s.token.id_token)[0].kid, 'not RS256 with a kid');
  });
  for (const [n, name, how] of [['OP05', 'oidcc-userinfo-get', {}], ['OP06', 'oidcc-userinfo-post-header', { method: 'POST' }], ['OP07', 'oidcc-userinfo-post-body', { method: 'POST', how: 'body' }]])
    await module_(id(n), name, async () => { const x = await one(), s = await x.flow(); await x.claims(s.token, how); });
  await module_(id('OP08'), 'oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const x = await one(), s = await x.flow({ nonce: undefined });
    check(!('nonce' in s.token.claims), 'a nonce that nobody sent');
  });
  const standard = { profile: ['name', 'given_name', 'family_name', 'nickname', 'preferred_username', 'locale', 'zoneinfo', 'updated_at'], email: ['email', 'email_verified'], address: ['address'], phone: ['phone_number', 'phone_number_verified'] };
  const types = { email_verified: 'boolean', phone_number_verified: 'boolean', address: 'object', updated_at: 'number' };
  const told = (info, names) => {
    for (const n of names) if (n in info) check(typeof info[n] === (types[n] ?? 'string'), `${n} is a ${typeof info[n]}`);
    const missing = names.filter((n) => !(n in info));
    warn(missing.length === 0, `not told: ${missing.join(' ')}`);
  };
  for (const [n, scope] of [['OP09', 'profile'], ['OP10', 'email'], ['OP11', 'address'], ['OP12', 'phone']])
    await module_(id(n), `oidcc-scope-${scope}`, async () => {
      if (!op.has('scopes_supported', scope)) skip(`${scope} is not announced`);
      const x = await rp({ scope: `openid ${scope}` }), s = await x.flow();
      told(await x.claims(s.token), standard[scope]);
    });
  await module_(id('OP13'), 'oidcc-scope-all', async () => {
    const have = Object.keys(standard).filter((s) => op.has('scopes_supported', s));
    if (have.length < 4) skip(`not announced: ${Object.keys(standard).filter((s) => !have.includes(s)).join(' ')}`);
    const x = await rp({ scope: `openid ${have.join(' ')}` }), s = await x.flow();
    told(await x.claims(s.token), have.flatMap((h) => standard[h]));
  });
  await module_(id('OP14'), 'oidcc-alternate-happy-flow', async () => {
    const x = await rp({ scope: 'email openid profile' });
    const q = x.params(), s = await x.visit(Object.fromEntries(Object.entries(q).reverse()));
    check((await x.tokens(s.answer.get('code'))).claims, 'no ID token');
  });
  for (const [n, name, extra] of [['OP15', 'oidcc-display-page', { display: 'page' }], ['OP16', 'oidcc-display-popup', { display: 'popup' }], ['OP22', 'oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['OP24', 'oidcc-login-hint', { login_hint: 'anna' }], ['OP25', 'oidcc-ui-locales', { ui_locales: 'se' }], ['OP26', 'oidcc-claims-locales', { claims_locales: 'se' }]])
    await module_(id(n), name, async () => { const x = await one(); await x.flow(extra); });
  await module_(id('OP17'), 'oidcc-prompt-login', async () => {
    const x = await one(), first = await x.flow();
    await after(first.token.claims.auth_time ?? now());
    const second = await x.flow({ prompt: 'login' }, { agent: first.agent });
    check(second.asked, 'nobody was asked to sign in');
    check(second.token.claims.sub === first.token.claims.sub, 'sub');
    if (first.token.claims.auth_time) check(second.token.claims.auth_time > first.token.claims.auth_time, `auth_time ${first.token.claims.auth_time} ${second.token.claims.auth_time}`);
  });
  await module_(id('OP18'), 'oidcc-prompt-none-not-logged-in', async () => {
    const x = await one();
    errs(await x.visit(x.params({ prompt: 'none' }), { stays: true }), ['login_required', 'interaction_required'], 'prompt=none');
  });
  await module_(id('OP19'), 'oidcc-prompt-none-logged-in', async () => {
    const x = await one(), first = await x.flow(), second = await x.flow({ prompt: 'none' }, { agent: first.agent });
    check(!second.asked && second.token.claims.sub === first.token.claims.sub, 'sub, or a page');
    check(second.token.claims.auth_time === first.token.claims.auth_time, 'auth_time');
  });
  await module_(id('OP20'), 'oidcc-max-age-1', async () => {
    const x = await one(), first = await x.flow();
    await after((first.token.claims.auth_time ?? now()) + 1);
    const second = await x.flow({ max_age: '1' }, { agent: first.agent });
    check(second.asked, 'nobody was asked to sign in');
    check(second.token.claims.auth_time && second.token.claims.auth_time > (first.token.claims.auth_time ?? 0), 'auth_time');
    check(second.token.claims.auth_time >= now() - 10, 'auth_time is old');
  });
  await module_(id('OP21'), 'oidcc-max-age-10000', async () => {
    const x = await one(), first = await x.flow({ max_age: '15000' }), second = await x.flow({ max_age: '10000' }, { agent: first.agent });
    check(!second.asked, 'a page');
    check(second.token.claims.auth_time && second.token.claims.auth_time === first.token.claims.auth_time, 'auth_time');
  });
  await module_(id('OP23'), 'oidcc-id-token-hint', async () => {
    const x = await one(), first = await x.flow(), second = await x.flow({ prompt: 'none', id_token_hint: first.token.id_token }, { agent: first.agent });
    check(second.token.claims.sub === first.token.claims.sub, 'sub');
  });
  await module_(id('OP27'), 'oidcc-ensure-request-with-acr-values-succeeds', async () => {
    const x = await one(), asked = (doc.acr_values_supported ?? ['1', '2']).filter((a) => !a.includes('authnsource')).slice(0, 2), all = asked.length ? asked : ['1', '2'];
    const s = await x.flow({ acr_values: all.join(' ') });
    warn(all.includes(s.token.claims.acr), `acr is ${s.token.claims.acr}, none of ${all.join(' ')}`);
  });
  await module_(id('OP28'), 'oidcc-codereuse', async () => {
    const x = await one(), s = await x.login();
    await x.tokens(s.answer.get('code'));
    refused(await x.redeem(s.answer.get('code')), 'invalid_grant', 'a second use');
  });
  await module_(id('OP29'), 'oidcc-codereuse-30seconds (the pause: tests/scenario/a_code_that_comes_again_ends_its_refresh_tokens.scn)', async () => {
    const x = await one(), s = await x.login(), token = await x.tokens(s.answer.get('code'));
    refused(await x.redeem(s.answer.get('code')), 'invalid_grant', 'a second use');
    warn((await x.info(token.access_token)).status === 401, 'the access token of the first use is still good');
  });
  await module_(id('OP30'), 'oidcc-ensure-registered-redirect-uri', async () => {
    const x = await one();
    stays(await x.visit(x.params({ redirect_uri: `${x.redirect}/other` })), 'another redirect_uri');
  });
  await module_(id('OP31'), 'oidcc-ensure-post-request-succeeds', async () => {
    const x = await one(), s = await x.login({}, { method: 'POST' });
    await x.tokens(s.answer.get('code'));
  });
  await module_(id('OP32'), 'oidcc-server-client-secret-post', async () => { const x = await rp({}, { token_endpoint_auth_method: 'client_secret_post' }); await x.flow(); });
  const object = (x, more = {}) => { const q = x.params(); return { inside: { ...q, iss: x.id, aud: g.url, ...more }, outside: { client_id: x.id, response_type: 'code', scope: q.scope, redirect_uri: x.redirect, state: q.state, nonce: q.nonce, ...(mode ? { response_mode: mode } : {}) } }; };
  await module_(id('OP33'), 'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    if (!op.has('request_object_signing_alg_values_supported', 'none')) skip('none is not announced');
    const path = `/request-${word(4)}`, x = await rp({}, { request_uris: [site.at(path)] }), { inside, outside } = object(x);
    site.put(path, unsigned(inside), 'application/oauth-authz-req+jwt');
    const s = await x.visit({ ...outside, request_uri: site.at(path) });
    if (s.answer?.get('code')) await x.tokens(s.answer.get('code')); else errs(s, 'request_uri_not_supported', 'request_uri');
  });
  await module_(id('OP34'), 'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    const x = await one(), { inside, outside } = object(x), state = word(8);
    x.state = state;
    const s = await x.visit({ ...outside, request: unsigned({ ...inside, state }) });
    if (s.answer?.get('code')) { check(s.answer.get('state') === state, 'the object was not read'); await x.tokens(s.answer.get('code')); } else errs(s, ['request_not_supported', 'invalid_request_object'], 'an unsigned request object');
  });
  await module_(id('OP35'), 'oidcc-claims-essential', async () => {
    const x = await one(), s = await x.flow({ claims: JSON.stringify({ userinfo: { name: { essential: true } } }) });
    warn('name' in await x.claims(s.token), 'name is not told');
  });
  await module_(id('OP36'), 'oidcc-ensure-request-object-with-redirect-uri', async () => {
    if (doc.request_parameter_supported === false) skip('request objects are not announced');
    const key = new Key('RS256'), x = await rp({ key }, { request_object_signing_alg: 'RS256' }), { inside, outside } = object(x);
    const s = await x.visit({ ...outside, redirect_uri: `${x.redirect}-other`, request: key.sign(inside) });
    if (s.answer) { check(s.answer.get('code'), s.raw); await x.tokens(s.answer.get('code')); } else stays(s, 'redirect_uri of the query');
  });
  await module_(id('OP37'), 'oidcc-refresh-token', async () => {
    if (!op.has('grant_types_supported', 'refresh_token')) skip('refresh_token is not announced');
    const meta = { grant_types: ['authorization_code', 'refresh_token'] }, x = await rp({ scope: 'openid offline_access' }, meta), y = await rp({ scope: 'openid offline_access' }, meta);
    const s = await x.flow({ prompt: 'consent' });
    if (!s.token.refresh_token) skip('no refresh token is given');
    refused(await y.ask('token_endpoint', { grant_type: 'refresh_token', refresh_token: s.token.refresh_token }), 'invalid_grant', 'of another client');
    const r = await x.ask('token_endpoint', { grant_type: 'refresh_token', refresh_token: s.token.refresh_token });
    check(r.status === 200 && r.json.access_token && r.json.access_token !== s.token.access_token, `refresh: ${r.status} ${r.text}`);
    if (r.json.id_token) {
      const { claims } = await op.verify(r.json.id_token), old = s.token.claims;
      check(claims.iss === old.iss && claims.sub === old.sub && [].concat(claims.aud).join() === [].concat(old.aud).join() && claims.auth_time === old.auth_time && claims.iat >= old.iat, 'the ID token of the refresh');
    }
    await x.claims({ ...r.json, claims: s.token.claims });
  });
  await module_(id('OP38'), 'oidcc-ensure-request-with-valid-pkce-succeeds', async () => { const x = await rp(); x.pkce = true; await x.flow(); check(x.sent.code_challenge, 'no PKCE was used'); });
};
await basic('', undefined);
if (op.has('response_modes_supported', 'form_post')) await basic('FP-', 'form_post');

// ── Dynamic: private_key_jwt, registered by itself ──
const signing = new Key('RS256');
const dyn = (meta = {}, more = {}) => ready({ key: signing, ...more }, meta);
await module_('OP04', 'oidcc-idtoken-unsigned', () => { if (!op.has('id_token_signing_alg_values_supported', 'none')) skip('none is not announced'); throw new Error('none is announced'); });
await module_('OP41', 'oidcc-idtoken-rs256', async () => { const x = await dyn({ id_token_signed_response_alg: 'RS256' }); await x.flow(); });
await module_('OP42', 'oidcc-userinfo-rs256', async () => {
  const x = await dyn({ userinfo_signed_response_alg: 'RS256' }), s = await x.flow(), r = await x.info(s.token.access_token);
  check(r.status === 200 && /^application\/jwt/.test(r.headers['content-type']), `${r.status} ${r.headers['content-type']}`);
  const { header, claims } = await op.verify(r.text);
  check(header.alg === 'RS256' && claims.iss === g.url && [].concat(claims.aud).includes(x.id) && claims.sub === s.token.claims.sub, JSON.stringify(claims));
});
// None is announced that brings an ID token from the authorization endpoint; the one of LTI, which has tools alone, insists on
// its nonce in tests/e2e/lti.mjs (L3).
await module_('OP39', 'oidcc-ensure-request-without-nonce-fails', async () => {
  check((doc.response_types_supported ?? []).every((t) => !t.split(' ').includes('id_token')), `announced: ${doc.response_types_supported}`);
  const x = await dyn();
  for (const response_type of ['id_token', 'id_token token', 'code id_token', 'code id_token token']) {
    const s = await x.visit(x.params({ response_type, nonce: undefined }));
    if (s.answer) errs(s, ['invalid_request', 'unsupported_response_type', 'unauthorized_client'], response_type); else stays(s, response_type);
    check(!/id_token=/.test(s.raw ?? ''), `${response_type}: ${s.raw}`);
  }
});
await module_('OP43', 'oidcc-ensure-redirect-uri-in-authorization-request', async () => {
  const x = await dyn({ redirect_uris: [site.at('/one'), site.at('/two')] });
  stays(await x.visit(x.params({ redirect_uri: undefined })), 'no redirect_uri');
});
await module_('OP44', 'oidcc-redirect-uri-query-OK', async () => {
  const x = await dyn({ redirect_uris: [`${site.at('/query')}?foo=bar`] }), s = await x.login();
  check(s.answer.get('foo') === 'bar', 'its own query is lost');
  await x.tokens(s.answer.get('code'));
});
await module_('OP45', 'oidcc-redirect-uri-query-mismatch', async () => { const x = await dyn({ redirect_uris: [`${site.at('/query')}?foo=bar`] }); stays(await x.visit(x.params({ redirect_uri: `${site.at('/query')}?bar=foo` })), 'another query'); });
await module_('OP46', 'oidcc-redirect-uri-query-added', async () => { const x = await dyn(); stays(await x.visit(x.params({ redirect_uri: `${x.redirect}?foo=bar` })), 'a query added'); });
const unregistered = async (meta, errors, what) => { let r; try { await dyn(meta); } catch (e) { r = e.response; } check(r, `${what} was registered`); refused(r, errors, what); };
await module_('OP47', 'oidcc-redirect-uri-regfrag', () => unregistered({ redirect_uris: [`${site.at('/cb')}#fragment`] }, ['invalid_redirect_uri', 'invalid_client_metadata'], 'a fragment'));
const firstPages = async (x) => {
  const { page } = await x.visit(x.params(), { stays: true });
  check(page && page.status === 200, `no page: ${page?.status}`);
  return page.text;
};
await module_('OP48', 'oidcc-registration-logo-uri', async () => {
  const x = await dyn({ logo_uri: site.put('/logo.png', png(64), 'image/png') });
  check(x.client.logo_uri, `not kept: ${x.client.registration_notes}`);
  check(/\/logo\//.test(await firstPages(x)), 'no logo on the page');
});
for (const [n, name, member] of [['OP49', 'oidcc-registration-policy-uri', 'policy_uri'], ['OP50', 'oidcc-registration-tos-uri', 'tos_uri']])
  await module_(n, name, async () => { const x = await dyn({ [member]: site.at(`/${member}`) }); check((await firstPages(x)).includes(site.at(`/${member}`)), `${member} is not on the page`); });
await module_('OP51', 'oidcc-registration-jwks-uri', async () => {
  const x = await dyn({ jwks_uri: site.put('/keys-51', { keys: [signing.jwk] }), token_endpoint_auth_method: 'private_key_jwt' });
  await x.flow();
});
await module_('OP52', 'oidcc-registration-sector-uri', async () => {
  const path = site.at('/cb-52'), x = await dyn({ redirect_uris: [path], sector_identifier_uri: site.put('/sector', [path]) });
  await x.flow();
});
await module_('OP53', 'oidcc-registration-sector-bad', () => unregistered({ sector_identifier_uri: site.put('/sector-bad', [site.at('/somebody-else')]) }, ['invalid_client_metadata', 'invalid_redirect_uri'], 'a sector without the redirect URI'));
await module_('OP54', 'oidcc-server-rotate-keys', async () => {
  const before = await op.keys(), x = await dyn(), first = await x.flow(), old = parts(first.token.id_token)[0].kid;
  const made = g.cli('keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', 'RS256', '--after', '0');
  check(made.status === 0, made.stderr);
  if (process.getuid() === 0) g.chown();
  await until('a new key', async () => (await op.keys()).some((k) => !before.some((b) => b.kid === k.kid)));
  check((await op.keys()).some((k) => k.kid === old), 'the old key is gone');
});
await module_('OP55', 'oidcc-refresh-token-rp-key-rotation (the pause: none is needed, a new kid is fetched)', async () => {
  if (!op.has('grant_types_supported', 'refresh_token')) skip('refresh_token is not announced');
  const x = await ready({ key: signing, scope: 'openid offline_access' }, { jwks_uri: site.put('/keys-55', { keys: [signing.jwk] }), token_endpoint_auth_method: 'private_key_jwt', grant_types: ['authorization_code', 'refresh_token'] });
  const s = await x.flow({ prompt: 'consent' });
  if (!s.token.refresh_token) skip('no refresh token is given');
  x.key = new Key('RS256');
  site.put('/keys-55', { keys: [x.key.jwk] });
  const r = await until('the new key is fetched', async () => { const a = await x.ask('token_endpoint', { grant_type: 'refresh_token', refresh_token: s.token.refresh_token }); return a.status === 200 && a; }, 90000);
  check(r.json.access_token, r.text);
});
const byReference = async (id, sign) => {
  const path = `/request-${id}`, x = await dyn({ request_uris: [site.at(path)], ...(sign ? { request_object_signing_alg: 'RS256' } : {}) }), q = x.params();
  site.put(path, (sign ?? unsigned)({ ...q, iss: x.id, aud: g.url, exp: now() + 300, nbf: now(), iat: now() }), 'application/oauth-authz-req+jwt');
  const s = await x.visit({ client_id: x.id, response_type: 'code', scope: 'openid', redirect_uri: x.redirect, request_uri: site.at(path) });
  check(s.answer?.get('code') && s.answer.get('state') === x.state, `${s.raw ?? s.page?.status}`);
  await x.tokens(s.answer.get('code'));
};
await module_('OP56', 'oidcc-request-uri-unsigned', async () => { if (!op.has('request_object_signing_alg_values_supported', 'none')) skip('none is not announced'); await byReference('56'); });
await module_('OP57', 'oidcc-request-uri-signed-rs256', async () => { if (doc.request_uri_parameter_supported === false) skip('request_uri is not announced'); await byReference('57', (c) => signing.sign(c, { typ: 'oauth-authz-req+jwt' })); });
await module_('OP58', 'oidcc-ensure-client-assertion-with-iss-aud-succeeds', async () => {
  const x = await dyn(), s = await x.login(), r = await x.redeem(s.answer.get('code'), {}, { assertion: x.assertion({ aud: g.url }) });
  warn(r.status === 200, `${r.status} ${r.text}`);
});
await module_('OP59', 'oidcc-3rd_party-init-login', async () => {
  const x = await dyn({ initiate_login_uri: site.at('/initiate') }), r = await op.call('GET', x.client.registration_client_uri, { headers: { Authorization: `Bearer ${x.client.registration_access_token}` } });
  check(r.status === 200 && r.json.initiate_login_uri === site.at('/initiate'), `${r.status} ${r.text}`);
});
await module_('OP60', 'oidcc-3rd_party-init-login-nohttps', () => unregistered({ initiate_login_uri: 'http://rp.example/initiate' }, 'invalid_client_metadata', 'plain http'));

// ── Logout ──
const out = async (more = {}) => { const path = site.at(`/out-${word(4)}`), x = await ready({}, { post_logout_redirect_uris: [path], ...more }); x.out = path; return x; };
const ends = async (x, s, q, { confirm = true } = {}) => {
  const here = { until: (next) => next.startsWith(x.out) }, again = [];
  let r = await s.agent.go('GET', `${announced('end_session_endpoint')}?${new URLSearchParams(q)}`, here);
  const pages = [r];
  for (let i = 0; i < 4 && !r.next; i++) {
    const form = forms(r.text).find((f) => (f.method ?? '').toLowerCase() === 'post' && /sign-out|end_session|logout/.test(f.action ?? ''));
    const link = [...r.text.matchAll(/(?:href="|url=)([^"]+)"/g)].map((m) => m[1].replaceAll('&amp;', '&')).find((u) => u.startsWith(x.out));
    if (link) { r = { ...r, next: link }; break; }
    if (!form || !confirm) break;
    r = await s.agent.submit(r, Object.fromEntries(form.buttons.slice(0, 1).filter((b) => b.name).map((b) => [b.name, b.value])), (f) => f.action === form.action, here);
    pages.push(r);
  }
  const check_ = await x.visit(x.params({ prompt: 'none' }), { agent: s.agent, stays: true });
  return { ...r, pages, over: check_.answer?.get('error') === 'login_required' || check_.answer?.get('error') === 'interaction_required', again };
};
const endsAt = (r, x, state) => { check(r.next, `no redirect: ${r.status} ${r.url}`); const u = new URL(r.next); check(r.next.split('?')[0] === x.out && (u.searchParams.get('state') ?? undefined) === state, r.next); check(r.over, 'the session goes on'); };
const endsHere = (r, what) => { check(!r.next, `${what}: led to ${r.next}`); check(r.status < 500, `${what}: ${r.status}`); };
await module_('LO01', 'oidcc-rp-initiated-logout-discovery-endpoint-verification', () => { announced('end_session_endpoint'); });
await module_('LO02', 'oidcc-rp-initiated-logout', async () => { const x = await out(), s = await x.flow(), state = word(8); endsAt(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: x.out, state }), x, state); });
await module_('LO03', 'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri', async () => { const x = await out(), s = await x.flow(); endsHere(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: `${x.out}-bad`, state: 'x' }), 'an unregistered address'); });
await module_('LO04', 'oidcc-rp-initiated-logout-modified-id-token-hint', async () => { const x = await out(), s = await x.flow(); endsHere(await ends(x, s, { id_token_hint: unsigned(s.token.claims), post_logout_redirect_uri: x.out, state: 'x' }), 'alg none'); });
await module_('LO05', 'oidcc-rp-initiated-logout-no-id-token-hint', async () => { const x = await out(), s = await x.flow(); endsHere(await ends(x, s, { post_logout_redirect_uri: x.out, state: 'x' }), 'no hint'); });
await module_('LO06', 'oidcc-rp-initiated-logout-no-params', async () => { const x = await out(), s = await x.flow(), r = await ends(x, s, {}); endsHere(r, 'no parameters'); check(r.over, 'the session goes on'); });
await module_('LO07', 'oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => { const x = await out(), s = await x.flow(), r = await ends(x, s, { id_token_hint: s.token.id_token, state: 'x' }); endsHere(r, 'no address'); check(r.over, 'the session goes on'); });
await module_('LO08', 'oidcc-rp-initiated-logout-no-state', async () => { const x = await out(), s = await x.flow(); endsAt(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: x.out }), x, undefined); });
await module_('LO09', 'oidcc-rp-initiated-logout-only-state', async () => { const x = await out(), s = await x.flow(), r = await ends(x, s, { state: 'x' }); endsHere(r, 'only state'); check(r.over, 'the session goes on'); });
await module_('LO10', 'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri', async () => { const x = await out(), s = await x.flow(); endsHere(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: `${x.out}?foo=bar`, state: 'x' }), 'a query added'); });
await module_('LO11', 'oidcc-rp-initiated-logout-bad-id-token-hint', async () => { const x = await out(), s = await x.flow(), [header] = parts(s.token.id_token); endsHere(await ends(x, s, { id_token_hint: new Key('RS256').sign(s.token.claims, { kid: header.kid }), post_logout_redirect_uri: x.out, state: 'x' }), 'a foreign key'); });
await module_('LO12', 'oidcc-frontchannel-logout-discovery-endpoint-verification', () => check(doc.frontchannel_logout_supported === true && doc.frontchannel_logout_session_supported === true && doc.end_session_endpoint, 'not announced'));
await module_('LO13', 'oidcc-frontchannel-rp-initiated-logout', async () => {
  if (!doc.frontchannel_logout_supported) throw new Error('not announced');
  const x = await out({ frontchannel_logout_uri: site.at('/front'), frontchannel_logout_session_required: true }), s = await x.flow(), state = word(8);
  const r = await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: x.out, state });
  const frame = r.pages.flatMap((p) => [...p.text.matchAll(/<iframe\b[^>]*src="([^"]+)"/g)]).map((m) => new URL(m[1].replaceAll('&amp;', '&'))).find((u) => u.href.startsWith(site.at('/front')));
  check(frame && frame.searchParams.get('iss') === g.url && frame.searchParams.get('sid') === s.token.claims.sid, `iframe: ${frame}`);
  endsAt(r, x, state);
});
await module_('LO14', 'oidcc-backchannel-logout-discovery-endpoint-verification', () => check(doc.backchannel_logout_supported === true && doc.backchannel_logout_session_supported === true && doc.end_session_endpoint, 'not announced'));
await module_('LO15', 'oidcc-backchannel-rp-initiated-logout', async () => {
  if (!doc.backchannel_logout_supported) throw new Error('not announced');
  const path = `/back-${word(4)}`;
  site.pages.set(path, { status: 200, body: '' });
  const x = await out({ backchannel_logout_uri: site.at(path), backchannel_logout_session_required: true }), s = await x.flow(), state = word(8);
  endsAt(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: x.out, state }), x, state);
  const heard = await until('the logout token', () => site.seen.find((r) => r.method === 'POST' && r.url === path));
  const { header, claims } = await op.verify(new URLSearchParams(heard.body).get('logout_token'));
  check(claims.iss === g.url && [].concat(claims.aud).includes(x.id) && claims.iat && claims.jti && claims.exp > now() && !('nonce' in claims), JSON.stringify(claims));
  check(claims.events?.['http://schemas.openid.net/event/backchannel-logout'] && claims.sid === s.token.claims.sid, JSON.stringify(claims));
  warn(header.typ === 'logout+jwt', `typ ${header.typ}`);
});
await module_('LO16', 'oidcc-session-management-discovery-endpoint-verification', () => check(doc.check_session_iframe && doc.end_session_endpoint, 'not announced'));
// The script of the iframe, run with the browser's cookies: what it posts to the service's page [Session Management 3.2].
const iframeSays = async (agent, x, state) => {
  const page = await agent.get(doc.check_session_iframe), said = [], heard = [];
  let code = [...page.text.matchAll(/<script\b[^>]*src="([^"]+)"/g)].map((m) => m[1]);
  code = code.length ? (await Promise.all(code.map((u) => agent.get(new URL(u, page.url).toString())))).map((r) => r.text).join('\n') : [...page.text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((m) => m[1]).join('\n');
  const cookie = agent.cookieHeader(new URL(doc.check_session_iframe)), parent = { postMessage: (m, o) => said.push([m, o]) };
  const window_ = { addEventListener: (t, f) => t === 'message' && heard.push(f), crypto: crypto.webcrypto, TextEncoder, btoa, parent, location: new URL(doc.check_session_iframe) };
  vm.runInNewContext(code, { window: window_, self: window_, addEventListener: window_.addEventListener, document: { cookie, addEventListener: () => {}, querySelector: () => null, currentScript: null }, parent, crypto: crypto.webcrypto, TextEncoder, Uint8Array, btoa, location: window_.location, console });
  const origin = new URL(x.redirect).origin;
  check(heard.length > 0, 'the iframe listens to no message');
  for (const f of heard) f({ origin, data: `${x.id} ${state}`, source: parent });
  await until('the iframe answers', () => said.length > 0, 5000);
  check(said[0][1] === origin, `answered to ${said[0][1]}`);
  return said[0][0];
};
await module_('LO17', 'oidcc-session-management-rp-initiated-logout', async () => {
  if (!doc.check_session_iframe) throw new Error('not announced');
  const x = await out(), s = await x.flow(), state = s.answer.get('session_state');
  check(state && !/\s/.test(state), `session_state: ${state}`);
  check(await iframeSays(s.agent, x, state) === 'unchanged', 'before the logout');
  endsAt(await ends(x, s, { id_token_hint: s.token.id_token, post_logout_redirect_uri: x.out, state: 'y' }), x, 'y');
  check(await iframeSays(s.agent, x, state) === 'changed', 'after the logout');
});

// ── FAPI 2.0: the Security Profile with private_key_jwt and DPoP; then Message Signing ──
const fkey = new Key('ES256'), fkey2 = new Key('PS256');
const fapi = async (ms, { key = fkey, meta = {} } = {}) => {
  const x = new Party(op, { token: fapiToken, site, key, dpop: true, scope: 'openid', mode: ms ? 'jwt' : undefined });
  x.pkce = true; x.par = true; x.ms = ms;
  await x.register({ id_token_signed_response_alg: op.has('id_token_signing_alg_values_supported', 'PS256') ? 'PS256' : 'ES256', token_endpoint_auth_signing_alg: key.alg, dpop_bound_access_tokens: true, require_pushed_authorization_requests: true, grant_types: ['authorization_code', 'refresh_token'],
    ...(ms ? { require_signed_request_object: true, request_object_signing_alg: key.alg, authorization_signed_response_alg: (doc.authorization_signing_alg_values_supported ?? []).includes('PS256') ? 'PS256' : 'ES256' } : {}), ...meta });
  return x;
};
const inside = (x, q, more = {}) => ({ ...q, iss: x.id, aud: g.url, iat: now(), nbf: now(), exp: now() + 300, jti: word(8), ...more });
const wrapped = (x, more, { key = x.key, header = {} } = {}) => (q) => ({ client_id: x.id, request: key.sign(inside(x, q, more), { typ: 'oauth-authz-req+jwt', ...header }) });
// Pushes and opens; gives what login() gives, or the refusal of the push.
const open = async (x, extra = {}, how = {}, visit = {}) => {
  const q = x.params(extra), r = await x.push((how.wrap ?? (x.ms ? wrapped(x) : (v) => v))(q), how);
  if (r.status !== 201) return { push: r };
  const seen = await x.visit({ client_id: x.id, request_uri: r.json.request_uri, ...(how.outside ?? {}) }, visit);
  if (seen.answer) seen.answer = await x.opened(seen.answer);
  return { ...seen, request_uri: r.json.request_uri };
};
const full = async (x, extra, how, visit) => {
  const s = await open(x, extra, how, visit);
  check(s.answer?.get('code'), `no code: ${s.push ? `${s.push.status} ${s.push.text}` : s.raw ?? s.page?.status}`);
  check((s.answer.get('state') ?? undefined) === x.sent.state && s.answer.get('iss') === g.url, 'state or iss');
  return { ...s, token: await x.tokens(s.answer.get('code')) };
};
const resource = (x, token, how) => x.claims(token, how);
const noPush = async (x, errors, how, what, extra) => { const s = await open(x, extra, how); check(s.push, `${what}: pushed, and ${s.raw ?? s.page?.status}`); refused(s.push, errors, what); };
const fapiPlan = async (ms) => {
  const plan = ms ? 'MS-' : '', F = (n, name, run) => module_(`${plan}F${String(n).padStart(2, '0')}`, `${ms ? 'fapi2-message-signing-final' : 'fapi2-security-profile-final'}-${name}`, run);
  let shared, other;
  const one = async () => { if (!doc.pushed_authorization_request_endpoint) throw new Error('PAR is not announced'); return (shared ??= await fapi(ms)); };
  const two = async () => (other ??= await fapi(ms, { key: fkey2 }));

  await F(1, 'discovery-end-point-verification', () => {
    check(doc.pushed_authorization_request_endpoint, 'no PAR endpoint');
    check(op.has('code_challenge_methods_supported', 'S256') && doc.authorization_response_iss_parameter_supported === true, 'S256, iss');
    check(['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'].some((m) => op.has('token_endpoint_auth_methods_supported', m)), 'client authentication');
    check(['PS256', 'ES256', 'EdDSA'].some((a) => op.has('token_endpoint_auth_signing_alg_values_supported', a)), 'algorithms of client assertions');
    check(['PS256', 'ES256', 'EdDSA'].some((a) => op.has('id_token_signing_alg_values_supported', a)), 'algorithms of ID tokens');
    check(doc.tls_client_certificate_bound_access_tokens === true || (doc.dpop_signing_alg_values_supported ?? []).some((a) => ['PS256', 'ES256', 'EdDSA'].includes(a)), 'nothing binds a token to its sender');
    if (ms) check(['PS256', 'ES256', 'EdDSA'].some((a) => op.has('request_object_signing_alg_values_supported', a) && (doc.authorization_signing_alg_values_supported ?? []).includes(a)) && op.has('response_modes_supported', 'jwt'), 'request objects, JARM');
  });
  await F(2, 'happy-flow', async () => { for (const x of [await one(), await two()]) { const s = await full(x); await resource(x, s.token); } });
  await F(3, 'user-rejects-authentication', async () => { const x = await one(); errs(await open(x, {}, {}, { cancel: true, agent: op.agent() }).then(async (s) => s), 'access_denied', 'cancelled'); });
  if (ms) await F(4, 'ensure-request-object-with-multiple-aud-succeeds', async () => { const x = await one(); await full(x, {}, { wrap: wrapped(x, { aud: ['https://other.example', g.url] }) }); });
  await F(5, 'ensure-authorization-request-without-state-success', async () => { const x = await one(), s = await full(x, { state: undefined }); check(!s.answer.has('state') && !('s_hash' in s.token.claims), 'a state'); });
  await F(6, 'ensure-authorization-request-without-nonce-success', async () => { const x = await one(), s = await full(x, { nonce: undefined }); check(!('nonce' in s.token.claims), 'a nonce'); });
  await F(7, 'ensure-authorization-request-with-64-char-nonce-success', async () => { const x = await one(); await full(x, { nonce: 'n'.repeat(64) }); });
  await F(8, 'ensure-other-scope-order-succeeds', async () => { const x = await one(); await full(x, { scope: 'profile openid' }); });
  await F(9, 'test-claims-parameter-identity-claims', async () => {
    if (doc.claims_parameter_supported !== true) skip('claims is not announced');
    const x = await one(), all = Object.fromEntries(doc.claims_supported.filter((c) => !['iss', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'azp', 'sid', 'sub'].includes(c)).map((c) => [c, null]));
    await resource(x, (await full(x, { claims: JSON.stringify({ id_token: all, userinfo: all }) })).token);
  });
  await F(10, 'access-token-type-header-case-sensitivity', async () => { const x = await one(), s = await full(x); for (const scheme of ['dpop', 'DPOP', 'dPoP']) await resource(x, s.token, { scheme }); });
  if (ms) await F(11, 'ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted', async () => { const x = await one(); await full(x, {}, { wrap: wrapped(x, { nbf: now() + 8, iat: now() + 8 }) }); });
  const at = (x, more) => (nonce) => x.proof('POST', doc.token_endpoint, { nonce, ...more });
  const atPar = (x, more, key) => (nonce) => x.proof('POST', doc.pushed_authorization_request_endpoint, { nonce, ...more }, key);
  await F(12, 'check-dpop-proof-nbf-exp', async () => { const x = await one(), s = await open(x); check((await x.redeem(s.answer.get('code'), {}, { proof: at(x, { nbf: now() - 5, exp: now() + 60 }) })).status === 200, 'nbf and exp that hold'); });
  for (const [n, name, shift] of [[13, 'ensure-dpopproof-with-iat-10seconds-before-succeeds', -10], [14, 'ensure-dpopproof-with-iat-10seconds-after-succeeds', 10]])
    await F(n, name, async () => {
      const x = await one(), s = await open(x, {}, { proof: atPar(x, { iat: now() + shift }) });
      check(s.answer?.get('code'), `PAR: ${s.push?.text}`);
      const r = await x.redeem(s.answer.get('code'), {}, { proof: at(x, { iat: now() + shift }) });
      check(r.status === 200, `token: ${r.status} ${r.text}`);
    });
  await F(15, 'ensure-mismatched-dpop-jkt-fails', async () => { const x = await one(); await noPush(x, ['invalid_dpop_proof', 'invalid_request'], { proof: atPar(x) }, 'dpop_jkt of another key', { dpop_jkt: new Key('ES256').thumbprint }); });
  await F(16, 'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt', async () => { const x = await one(), s = await open(x, {}, { proof: atPar(x) }); refused(await x.redeem(s.answer.get('code'), {}, { key: new Key('ES256') }), ['invalid_grant', 'invalid_dpop_proof'], 'another key'); });
  await F(17, 'ensure-token-endpoint-fails-with-mismatched-dpop-jkt', async () => { const x = await one(), s = await open(x, { dpop_jkt: x.dpop.thumbprint }, { proof: null }); check(s.answer, `PAR: ${s.push?.text}`); refused(await x.redeem(s.answer.get('code'), {}, { key: new Key('ES256') }), ['invalid_grant', 'invalid_dpop_proof'], 'another key'); });
  await F(18, 'ensure-dpopproof-at-par-endpoint-binding-success', async () => { const x = await one(); await full(x, {}, { proof: atPar(x) }); });
  await F(19, 'ensure-dpop-auth-code-binding-success', async () => { const x = await one(); await full(x, { dpop_jkt: x.dpop.thumbprint }); });
  for (const [n, name, member] of [[20, 'ensure-different-nonce-inside-and-outside-request-object', 'nonce'], [21, 'ensure-different-state-inside-and-outside-request-object', 'state']])
    await F(n, name, async () => {
      const x = await one(), s = await open(x, {}, { outside: { [member]: 'outside' } });
      if (!s.answer?.get('code')) return s.answer ? errs(s, ['invalid_request', 'invalid_request_object'], name) : stays(s, name);
      check(s.answer.get('state') === x.state, 'the outer state was used');
      await x.tokens(s.answer.get('code'));
    });
  await F(22, 'ensure-authorization-request-with-long-nonce', async () => { const x = await one(), s = await open(x, { nonce: 'n'.repeat(384) }); if (s.push) refused(s.push, ['invalid_request', 'invalid_request_object'], 'a long nonce'); else if (s.answer?.get('code')) await x.tokens(s.answer.get('code')); else errs(s, 'invalid_request', 'a long nonce'); });
  await F(23, 'ensure-authorization-request-with-long-state', async () => { const x = await one(), s = await open(x, { state: 's'.repeat(1024) }); if (s.push) refused(s.push, ['invalid_request', 'invalid_request_object'], 'a long state'); else check(s.answer?.get('state') === 's'.repeat(1024), 'the state was cut'); });
  if (ms) {
    const bad = ['invalid_request', 'invalid_request_object'];
    await F(24, 'ensure-request-object-without-exp-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { exp: undefined }) }, 'no exp'); });
    await F(25, 'ensure-request-object-without-nbf-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { nbf: undefined }) }, 'no nbf'); });
    await F(28, 'ensure-expired-request-object-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { nbf: now() - 900, iat: now() - 900, exp: now() - 600 }) }, 'expired'); });
    await F(29, 'ensure-request-object-with-bad-aud-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { aud: 'https://other.example' }) }, 'another aud'); });
    await F(30, 'ensure-request-object-with-exp-over-60-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { exp: now() + 70 * 60 }) }, 'exp 70 min ahead'); });
    await F(31, 'ensure-request-object-with-nbf-over-60-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { nbf: now() - 70 * 60 }) }, 'nbf 70 min ago'); });
    await F(32, 'ensure-signed-request-object-with-RS256-fails', async () => { const x = await two(); await noPush(x, bad, { wrap: wrapped(x, {}, { header: { alg: 'RS256', signAs: 'RS256' } }) }, 'RS256'); });
    await F(33, 'ensure-request-object-signature-algorithm-is-not-none', async () => { const x = await one(); await noPush(x, bad, { wrap: (q) => ({ client_id: x.id, request: unsigned(inside(x, q)) }) }, 'none'); });
    await F(34, 'ensure-request-object-with-invalid-signature-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: (q) => { const w = wrapped(x)(q); return { ...w, request: `${w.request.slice(0, -6)}AAAAAA` }; } }, 'a bad signature'); });
    await F(35, 'ensure-matching-key-in-authorization-request', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, {}, { key: fkey2 }) }, 'the key of another client'); });
    await F(36, 'ensure-unsigned-request-at-par-endpoint-fails', async () => { const x = await one(); await noPush(x, bad, { wrap: (q) => q }, 'plain parameters'); });
    await F(67, 'par-authorization-request-containing-request_uri', async () => { const x = await one(); await noPush(x, bad, { wrap: wrapped(x, { request_uri: 'urn:ietf:params:oauth:request_uri:x' }) }, 'request_uri inside'); });
  }
  await F(26, 'state-only-outside-request-object-not-used', async () => { const x = await one(), s = await open(x, { state: undefined }, { outside: { state: 'outside' } }); if (s.answer?.get('code')) check(!s.answer.has('state'), 'the outer state was used'); else if (s.answer) errs(s, 'invalid_request', 'outer state'); else stays(s, 'outer state'); });
  await F(27, 'ensure-request-object-without-redirect-uri-fails', async () => { const x = await one(); await noPush(x, ['invalid_request', 'invalid_request_object'], {}, 'no redirect_uri', { redirect_uri: undefined }); });
  await F(37, 'ensure-registered-redirect-uri', async () => {
    const x = await one();
    for (const redirect_uri of [site.at('/unregistered'), `${x.redirect}/more`, `${x.redirect}?more=1`])
      await noPush(x, ['invalid_request', 'invalid_redirect_uri', 'invalid_request_object'], {}, redirect_uri, { redirect_uri });
  });
  await F(38, 'plain-fapi-tolerate-unregistered-redirect-uri', async () => { const x = await one(), s = await open(x, { redirect_uri: site.at('/unregistered') }); if (s.push) refused(s.push, ['invalid_request', 'invalid_redirect_uri', 'invalid_request_object'], 'unregistered'); });
  await F(39, 'ensure-unsigned-authorization-request-without-using-par-fails', async () => { const x = await one(), s = await x.visit(x.params(), { stays: true }); if (s.answer) errs({ ...s, answer: await x.opened(s.answer) }, 'invalid_request', 'without PAR'); else stays(s, 'without PAR'); });
  await F(40, 'ensure-redirect-uri-in-authorization-request', async () => { const x = await one(), s = await open(x, { redirect_uri: undefined }); if (s.push) refused(s.push, ['invalid_request', 'invalid_request_object'], 'no redirect_uri'); else check(!s.answer?.get('code'), 'a code'); });
  for (const [n, name, type] of [[41, 'ensure-response-type-code-idtoken-fails', 'code id_token'], [42, 'ensure-response-type-token-fails', 'token']])
    await F(n, name, async () => { const x = await one(), s = await open(x, { response_type: type }); if (s.push) refused(s.push, ['unsupported_response_type', 'invalid_request', 'invalid_request_object', 'unauthorized_client'], type); else errs(s, ['unsupported_response_type', 'invalid_request'], type); });
  await F(43, 'ensure-client-id-in-token-endpoint', async () => { const x = await one(), y = await two(), s = await open(x); refused(await x.redeem(s.answer.get('code'), {}, { assertion: y.assertion() }), ['invalid_client', 'invalid_grant', 'invalid_request'], 'client_id of another'); });
  await F(44, 'ensure-holder-of-key-required', async () => {
    const x = await one(), s = await open(x);
    refused(await x.redeem(s.answer.get('code'), {}, { proof: null }), ['invalid_dpop_proof', 'invalid_request', 'invalid_grant'], 'no proof');
    if (front) for (const version of ['TLSv1', 'TLSv1.1']) await new Promise((done, no) => { const c = tls.connect({ host: '127.0.0.1', port: front.port, rejectUnauthorized: false, minVersion: version, maxVersion: version }, () => { c.destroy(); no(new Error(`${version} is spoken`)); }); c.on('error', done); });
  });
  await F(45, 'ensure-authorization-code-is-bound-to-client', async () => { const x = await one(), y = await two(), s = await open(x); y.sent = x.sent; y.verifier = x.verifier; refused(await y.redeem(s.answer.get('code'), { redirect_uri: x.redirect }, { key: x.dpop }), 'invalid_grant', 'of another client'); });
  await F(46, 'attempt-reuse-authorization-code-after-one-second', async () => {
    const x = await one(), s = await full(x);
    await after(now());
    refused(await x.redeem(s.answer.get('code')), 'invalid_grant', 'a second use');
    warn((await x.info(s.token.access_token)).status === 401, 'the first access token is still good');
  });
  await F(47, 'ensure-token-endpoint-fails-with-expired-auth-code (the pause: tests/scenario/a_code_that_comes_again_ends_its_refresh_tokens.scn)', async () => { const x = await one(); await open(x); refused(await x.redeem(b64(crypto.randomBytes(60))), 'invalid_grant', 'a code of nobody'); });
  const noClient = async (x, assertion, errors, what) => { const s = await open(x); check(s.answer?.get('code'), `no code: ${s.push?.text}`); refused(await x.redeem(s.answer.get('code'), {}, { assertion }), errors, what); };
  const badClient = ['invalid_client', 'invalid_request', 'invalid_client_assertion'];
  await F(48, 'ensure-signed-client-assertion-with-RS256-fails', async () => { const x = await two(); await noClient(x, () => x.assertion({}, x.key, { alg: 'RS256', signAs: 'RS256' }), badClient, 'RS256'); });
  await F(49, 'ensure-client-assertion-in-token-endpoint', async () => { const x = await one(), s = await open(x); refused(await x.redeem(s.answer.get('code'), { client_id: x.id }, { anonymous: true }), badClient, 'no assertion'); });
  await F(50, 'ensure-client-assertion-with-exp-is-5-minutes-in-past-fails', async () => { const x = await one(); await noClient(x, () => x.assertion({ iat: now() - 400, exp: now() - 300 }), badClient, 'expired'); });
  await F(51, 'ensure-client-assertion-with-wrong-aud-fails', async () => { const x = await one(); await noClient(x, () => x.assertion({ aud: 'https://other.example' }), badClient, 'another aud'); });
  await F(52, 'ensure-client-assertion-with-no-sub-fails', async () => { const x = await one(); await noClient(x, () => x.assertion({ sub: undefined }), badClient, 'no sub'); });
  await F(53, 'dpop-negative-tests', async () => {
    const x = await one(), url = doc.token_endpoint, foreign = new Key('ES256');
    const cases = { typ: [{}, { typ: 'jwt' }], 'alg none': [{}, { alg: 'none' }], 'no jwk': [{}, { jwk: undefined }], 'a private jwk': [{}, { jwk: x.dpop.privateKey.export({ format: 'jwk' }) }], htm: [{ htm: 'GET' }], 'no htm': [{ htm: undefined }], htu: [{ htu: 'https://other.example/token' }], 'no htu': [{ htu: undefined }],
      'old iat': [{ iat: now() - 3600 }], 'iat ahead': [{ iat: now() + 3600 }], 'no iat': [{ iat: undefined }], 'no jti': [{ jti: undefined }], 'foreign signature': [{}, { jwk: (({ kid, alg, use, ...j }) => j)(foreign.jwk) }] };
    const s = await open(x);
    for (const [what, [claims, header]] of Object.entries(cases))
      refused(await x.redeem(s.answer.get('code'), {}, { proof: (nonce) => x.proof('POST', url, { nonce, ...claims }, x.dpop, header) }), ['invalid_dpop_proof', 'invalid_request', 'invalid_grant'], what);
    const fresh = await open(x), jti = word(8), same = (nonce) => x.proof('POST', url, { nonce, jti });
    const first = await x.redeem(fresh.answer.get('code'), {}, { proof: same });
    check(first.status === 200, `${first.status} ${first.text}`);
    const token = first.json.access_token;
    for (const [what, headers] of Object.entries({ 'no ath': { DPoP: x.proof('GET', doc.userinfo_endpoint, { nonce: x.infoNonce }) }, 'another ath': { DPoP: x.proof('GET', doc.userinfo_endpoint, { ath: b64(sha('other')), nonce: x.infoNonce }) }, 'another key': { DPoP: x.proof('GET', doc.userinfo_endpoint, { ath: b64(sha(token)), nonce: x.infoNonce }, foreign) }, 'no proof': {} })) {
      const r = await op.call('GET', doc.userinfo_endpoint, { headers: { Authorization: `DPoP ${token}`, ...headers } });
      check(r.status === 401, `${what}: ${r.status}`);
    }
    check((await op.call('GET', doc.userinfo_endpoint, { headers: { Authorization: `Bearer ${token}` } })).status === 401, 'as a bearer token');
  });
  await F(54, 'refresh-token', async () => {
    if (!op.has('grant_types_supported', 'refresh_token')) skip('refresh_token is not announced');
    const x = await one(), s = await full(x, { scope: 'openid offline_access', prompt: 'consent' });
    if (!s.token.refresh_token) skip('no refresh token is given');
    const form = { grant_type: 'refresh_token', refresh_token: s.token.refresh_token };
    refused(await x.ask('token_endpoint', { ...form, client_id: x.id }, { anonymous: true }), badClient, 'without client authentication');
    const y = await two();
    refused(await y.ask('token_endpoint', form), 'invalid_grant', 'of another client');
    const r = await x.ask('token_endpoint', form);
    check(r.status === 200 && r.json.token_type.toLowerCase() === 'dpop', `${r.status} ${r.text}`);
    await resource(x, { ...r.json, claims: s.token.claims });
  });
  await F(55, 'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds', async () => {
    const x = await one(), q = x.params(), r = await x.push(x.ms ? wrapped(x)(q) : q), agent = op.agent(), ask = { client_id: x.id, request_uri: r.json.request_uri };
    const first = await x.visit(ask, { agent, stays: true });
    check(first.page?.status === 200, 'no page');
    const second = await x.visit(ask, { agent });
    check((await x.opened(second.answer)).get('code'), 'the second opening');
  });
  await F(56, 'par-attempt-reuse-request_uri', async () => {
    const x = await one(), s = await full(x), again = await x.visit({ client_id: x.id, request_uri: s.request_uri }, { agent: s.agent });
    warn(!again.answer || !(await x.opened(again.answer)).get('code'), 'it was used again');
  });
  await F(57, 'par-attempt-to-use-expired-request_uri (the pause: tests/scenario/a_pushed_request_is_answered_once.scn)', async () => { const x = await one(), s = await x.visit({ client_id: x.id, request_uri: `urn:ietf:params:oauth:request_uri:${word()}` }); if (s.answer) errs(s, ['invalid_request', 'invalid_request_uri'], 'a request_uri of nobody'); else stays(s, 'a request_uri of nobody'); });
  await F(58, 'par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted', async () => { const x = await one(); await full(x, {}, { assertion: () => x.assertion({ nbf: now() + 8, iat: now() + 8 }) }); });
  await F(59, 'par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails', async () => { const x = await one(); await noPush(x, badClient, { assertion: () => x.assertion({ nbf: now() + 90, exp: now() + 150 }) }, 'nbf 90 s ahead'); });
  await F(60, 'par-attempt-to-use-request_uri-for-different-client', async () => { const x = await one(), y = await two(), q = x.params(), r = await x.push(x.ms ? wrapped(x)(q) : q), s = await y.visit({ client_id: y.id, request_uri: r.json.request_uri }); if (s.answer) errs(s, ['invalid_request', 'invalid_request_uri'], 'of another client'); else stays(s, 'of another client'); });
  await F(61, 'par-authorization-request-containing-request_uri-form-param', async () => { const x = await one(); await noPush(x, 'invalid_request', { wrap: (q) => ({ ...(x.ms ? wrapped(x)(q) : q), request_uri: 'urn:ietf:params:oauth:request_uri:x' }) }, 'request_uri'); });
  await F(62, 'par-attempt-invalid-http-method', async () => { await one(); const r = await op.call('PUT', doc.pushed_authorization_request_endpoint, { form: { client_id: 'x' } }); check(r.status >= 400 && r.status < 500, `${r.status}`); });
  await F(63, 'par-ensure-pkce-required', async () => { const x = await one(); await noPush(x, ['invalid_request', 'invalid_request_object'], {}, 'no PKCE', { code_challenge: undefined, code_challenge_method: undefined }); });
  await F(64, 'ensure-pkce-code-verifier-required', async () => { const x = await one(), s = await open(x); refused(await x.redeem(s.answer.get('code'), { code_verifier: undefined }), ['invalid_grant', 'invalid_request'], 'no code_verifier'); });
  await F(65, 'incorrect-pkce-code-verifier-rejected', async () => { const x = await one(), s = await open(x); refused(await x.redeem(s.answer.get('code'), { code_verifier: word(32) }), 'invalid_grant', 'a wrong code_verifier'); });
  await F(66, 'par-plain-pkce-rejected', async () => { const x = await one(), v = word(32); await noPush(x, ['invalid_request', 'invalid_request_object'], {}, 'plain', { code_challenge: v, code_challenge_method: 'plain' }); });
  await F(68, 'par-without-duplicate-parameters', async () => { const x = await one(); await full(x); });
  await F(69, 'par-test-array-as-audience-fails', async () => { const x = await one(); await noPush(x, badClient, { assertion: () => x.assertion({ aud: [g.url] }) }, 'aud as a list'); });
  await F(70, 'par-test-par-endpoint-url-as-audience-fails', async () => { const x = await one(); await noPush(x, badClient, { assertion: () => x.assertion({ aud: doc.pushed_authorization_request_endpoint }) }, 'aud the PAR endpoint'); });
  await F(71, 'par-test-token-endpoint-url-as-audience-fails', async () => { const x = await one(); await noPush(x, badClient, { assertion: () => x.assertion({ aud: doc.token_endpoint }) }, 'aud the token endpoint'); });
};
await fapiPlan(false);
await fapiPlan(true);

const good = verdicts();
await g.stop();
if (front) front.stop();
process.exitCode = good ? 0 : 1;
process.exit();
