// SPDX-License-Identifier: EUPL-1.2
// How a service proves who it is, and who holds the key of a token: each way, each MUST of RFC 7523 and RFC 9449 that shows from
// outside, and what comes a hundred times at once.
//   node possession.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { spawnSync } from 'node:child_process';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { check, fetchLocal, finish, folder, freePort, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has', before = 'the-secret-before-that-one-of-the-test';
const pair = async (alg, kid) => {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { alg, kid, publicKey, privateKey, jwk: { ...await jose.exportJWK(publicKey), kid, alg, use: 'sig' } };
};
const keys = Object.fromEntries(await Promise.all(['ES256', 'PS256', 'RS256', 'EdDSA'].map(async (alg) => [alg, await pair(alg, alg)])));
const old = await pair('ES256', 'old'), young = await pair('ES256', 'young');

// The service's own keys, at an address that it may change.
let published = { keys: [old.jwk] }, fetched = 0;
const jwksPort = await freePort();
const jwksServer = http.createServer((req, res) => { fetched++; res.setHeader('Content-Type', 'application/json'); res.end(JSON.stringify(published)); }).listen(jwksPort, '127.0.0.1');

const row = (id, more) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "${id}" }
    test: true
    client_id: "${id}"
    scopes: [openid, profile]
    asks: [sub, given_name]
    redirect_uris: ["http://${id}.localhost/cb"]
${more.map((l) => `    ${l}\n`).join('')}`;
const all = JSON.stringify({ keys: Object.values(keys).map((k) => k.jwk) });
const services = row('avain', ['auth_method: private_key_jwt', `jwks: '${all}'`])
  + row('tarkka', ['auth_method: private_key_jwt', `jwks: '${all}'`, 'token_endpoint_auth_signing_alg: PS256'])
  + row('hakija', ['auth_method: private_key_jwt', `jwks_uri: "http://127.0.0.1:${jwksPort}/jwks"`])
  + row('luja', ['auth_method: private_key_jwt', `jwks: '${all}'`, 'fapi: true', 'id_token_alg: ES256', 'dpop_bound_access_tokens: true', 'pkce_required: true'])
  + row('sala', ['auth_method: client_secret_jwt', `secret_value: { plain: ${secret} }`])
  + row('vaihto', [`secret: { plain: ${secret} }`, `secret_too: { plain: ${before} }`, `secret_too_until: ${new Date(Date.now() + 3600e3).toISOString().slice(0, 19)}Z`])
  + row('vanha', [`secret: { plain: ${secret} }`, `secret_too: { plain: ${before} }`, 'secret_too_until: 2026-01-01T00:00:00Z'])
  + row('sidottu', ['auth_method: client_secret_post', `secret: { plain: ${secret} }`, 'dpop_bound_access_tokens: true', 'pkce_required: true'])
  + row('julki', ['auth_method: none'])
  + row('tulva', ['auth_method: client_secret_post', `secret: { plain: ${secret} }`]);
// A certificate that the trusted proxy would hand over: here everybody else sends it.
const dir = folder('possession-certificate');
spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=oma', '-keyout', 'own.key', '-out', 'own.pem'], { cwd: dir });
const own = new crypto.X509Certificate(fs.readFileSync(`${dir}/own.pem`));
const withOwn = row('oma', ['auth_method: self_signed_tls_client_auth', `jwks: '${JSON.stringify({ keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'o' }] })}'`]);
const { g, service } = await federation(process.argv[2], { name: 'possession', services: services + withOwn, settings: { service_requests_max: 30, mtls_url: 'https://mtls.localhost', trusted_proxy: '192.0.2.7' } });
await g.start();
const began = Date.now();
const known = (id) => Object.assign(new Service(g, { id, secret, redirect: `http://${id}.localhost/cb` }), { scope: 'openid profile' });
const { agent } = await signIn(service, 'anna');

const issuer = g.url, now = () => Math.floor(Date.now() / 1000);
const post = (path, form, headers = {}) => fetchLocal(g.port, path, { method: 'POST', body: new URLSearchParams(form).toString(), headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const assertion = (id, claims = {}, key = keys.ES256, header = {}) => {
  const all = { iss: id, sub: id, aud: issuer, jti: crypto.randomUUID(), iat: now(), exp: now() + 60, ...claims };
  for (const [k, v] of Object.entries(all)) if (v === undefined) delete all[k];
  return new jose.SignJWT(all).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
};
// Whoever has proven who it is hears of the code, which is none; others hear that they have not.
const asks = async (form, headers, path = '/oidc/token') => {
  const res = await post(path, { grant_type: 'authorization_code', code: 'none', redirect_uri: 'http://x.localhost/cb', ...form }, headers);
  return { status: res.status, ...JSON.parse(res.text), headers: res.headers };
};
const proves = async (id, jwt) => asks({ client_id: id, client_assertion_type: JWT_BEARER, client_assertion: await jwt });
const is = (said, error, what) => check(said.error === error, `${what}: ${said.status} ${said.error} ${said.error_description}`);
const good = (said, what) => is(said, 'invalid_grant', what);
const bad = (said, what) => { is(said, 'invalid_client', what); check(said.status === 401, `${what}: ${said.status}`); };

// ── assertions ──
await test('private_key_jwt by each algorithm; the aud may be the issuer, the token endpoint, or the endpoint that is asked', async () => {
  for (const alg of Object.keys(keys)) good(await proves('avain', assertion('avain', {}, keys[alg])), alg);
  for (const aud of [issuer, `${issuer}/oidc/token`, [issuer]]) good(await proves('avain', assertion('avain', { aud })), `aud ${aud}`);
});
await test('OP58 oidcc-ensure-client-assertion-with-iss-aud-succeeds', async () => good(await proves('avain', assertion('avain', { aud: issuer })), 'aud is the issuer'));
await test('each rule of RFC 7523 3 about an assertion that is not kept', async () => {
  const cases = {
    'no iss': { iss: undefined }, 'another iss': { iss: 'tarkka' }, 'no aud': { aud: undefined }, 'another aud': { aud: 'https://evil.example' }, 'an aud besides us': { aud: [issuer, 'https://evil.example'] },
    'an empty aud': { aud: [] }, 'aud userinfo': { aud: `${issuer}/oidc/userinfo` }, 'no exp': { exp: undefined }, 'exp long ago': { exp: now() - 300 }, 'exp years ahead': { exp: now() + 400 * 86400 },
    'no jti': { jti: undefined }, 'nbf far ahead': { nbf: now() + 300 }, 'iat far ahead': { iat: now() + 300 },
  };
  for (const [what, claims] of Object.entries(cases)) bad(await proves('avain', assertion('avain', claims)), what);
  bad(await proves('avain', assertion('avain', {}, old)), 'a key of somebody else');
  bad(await proves('avain', assertion('avain', {}, { ...keys.ES256, kid: 'unknown' })), 'an unknown kid');
  bad(await proves('tarkka', assertion('tarkka', {}, keys.ES256)), 'another algorithm than the row says');
  good(await proves('tarkka', assertion('tarkka', {}, keys.PS256)), 'the row\'s algorithm');
  bad(await asks({ client_assertion_type: 'jwt', client_assertion: await assertion('avain') }), 'another client_assertion_type');
  bad(await asks({ client_assertion_type: JWT_BEARER, client_assertion: `${(await assertion('avain')).slice(0, -4)}AAAA` }), 'a broken signature');
  bad(await asks({ client_assertion_type: JWT_BEARER, client_assertion: 'a.b.c' }), 'no token');
  bad(await proves('vaihto', assertion('avain')), 'client_id and sub differ');
});
await test('what a stranger is told does not say what was wrong', async () => {
  const plain = (t) => t.replace(/; support code.*/, '');
  const told = new Set();
  for (const claims of [{ aud: 'https://evil.example' }, { exp: now() - 300 }, { jti: undefined }]) told.add(plain((await proves('avain', assertion('avain', claims))).error_description));
  told.add(plain((await proves('nobody', assertion('nobody'))).error_description));
  told.add(plain((await asks({ client_id: 'vaihto', client_secret: 'wrong' })).error_description));
  told.add(plain((await asks({ client_id: 'avain', client_secret: secret })).error_description));
  check(told.size === 1, [...told].join(' | '));
});
await test('one jti a hundred times at once: exactly one is accepted', async () => {
  const jwt = await assertion('avain');
  const said = await Promise.all(Array.from({ length: 100 }, () => proves('avain', jwt)));
  check(said.filter((s) => s.error === 'invalid_grant').length === 1, `${said.filter((s) => s.error === 'invalid_grant').length} accepted`);
  const rest = said.filter((s) => s.error !== 'invalid_grant');
  check(rest.every((s) => s.error === 'invalid_client' || s.status === 429), JSON.stringify(rest[0]));
  check(rest.some((s) => /jti of client_assertion was used before/.test(s.error_description)), rest[0].error_description);
});
await test('client_secret_jwt: over the secret, and over nothing else', async () => {
  const over = async (key, alg = 'HS256', id = 'sala') => new jose.SignJWT({ iss: id, sub: id, aud: issuer, jti: crypto.randomUUID(), exp: now() + 60 }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
  good(await proves('sala', over(secret)), 'the secret');
  bad(await proves('sala', over(before)), 'another secret');
  bad(await proves('sala', over(secret, 'HS512')), 'HS512');
  bad(await asks({ client_id: 'sala', client_secret: secret }), 'the secret itself');
  bad(await proves('avain', over(all, 'HS256', 'avain')), 'HS256 over what is published');
  bad(await proves('avain', over(JSON.stringify(keys.ES256.jwk), 'HS256', 'avain')), 'HS256 over a public key');
});
await test('a certificate that comes from anywhere but the trusted proxy is none', async () => {
  const field = { 'Client-Cert': `:${own.raw.toString('base64')}:` };
  for (const headers of [field, { ...field, 'X-Forwarded-For': '192.0.2.7' }, { ...field, Forwarded: 'for=192.0.2.7' }]) bad(await asks({ client_id: 'oma' }, headers), JSON.stringify(Object.keys(headers)));
});
await test('two secrets overlap until the time in the row', async () => {
  for (const [id, one, ok] of [['vaihto', secret, true], ['vaihto', before, true], ['vaihto', 'neither', false], ['vanha', secret, true], ['vanha', before, false]])
    (ok ? good : bad)(await asks({ client_id: id, client_secret: one }), `${id} ${one}`);
});
await test('OP51 oidcc-registration-jwks-uri: keys are fetched once, and kept', async () => {
  for (let i = 0; i < 5; i++) good(await proves('hakija', assertion('hakija', {}, old)), 'a key at jwks_uri');
  check(fetched === 1, `${fetched} fetches`);
});
await test('OP55 oidcc-refresh-token-rp-key-rotation: a new kid is looked for; strangers with forgeries cost few fetches', async () => {
  published = { keys: [young.jwk] };
  good(await proves('hakija', assertion('hakija', {}, young)), 'the new key');
  check(fetched === 2, `${fetched} fetches`);
  bad(await proves('hakija', assertion('hakija', {}, old)), 'the old key');
  for (let i = 0; i < 12; i++) bad(await proves('hakija', assertion('hakija', {}, { ...old, kid: `k${i}` })), 'an unknown kid');
  check(fetched <= 5, `${fetched} fetches`);
});

// ── FAPI rows ──
const par = async (jwt) => asks({ client_id: 'luja', client_assertion_type: JWT_BEARER, client_assertion: await jwt, response_type: 'code', redirect_uri: 'http://luja.localhost/cb', scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', state: 's' }, {}, '/oidc/par');
const refused = (said, what) => bad(said, what);
const accepted = (said, what) => check(said.request_uri, `${what}: ${said.error} ${said.error_description}`);
await test('F48 ensure-signed-client-assertion-with-RS256-fails', async () => { refused(await par(assertion('luja', {}, keys.RS256)), 'RS256'); for (const alg of ['PS256', 'ES256', 'EdDSA']) accepted(await par(assertion('luja', {}, keys[alg])), alg); });
await test('F49 ensure-client-assertion-in-token-endpoint', async () => refused(await asks({ client_id: 'luja' }), 'no assertion'));
await test('F50 ensure-client-assertion-with-exp-is-5-minutes-in-past-fails', async () => refused(await par(assertion('luja', { exp: now() - 300, iat: now() - 360 })), 'expired'));
await test('F51 ensure-client-assertion-with-wrong-aud-fails', async () => refused(await par(assertion('luja', { aud: 'https://other.example' })), 'aud'));
await test('F52 ensure-client-assertion-with-no-sub-fails', async () => refused(await asks({ client_id: 'luja', client_assertion_type: JWT_BEARER, client_assertion: await assertion('luja', { sub: undefined }) }), 'no sub'));
await test('F58 par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted', async () => accepted(await par(assertion('luja', { nbf: now() + 8, iat: now() + 8 })), 'nbf in 8 s'));
await test('F59 par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails', async () => refused(await par(assertion('luja', { nbf: now() + 70, exp: now() + 130 })), 'nbf in 70 s'));
await test('F69 par-test-array-as-audience-fails', async () => refused(await par(assertion('luja', { aud: [issuer] })), 'aud is a list'));
await test('F70 par-test-par-endpoint-url-as-audience-fails', async () => refused(await par(assertion('luja', { aud: `${issuer}/oidc/par` })), 'aud is PAR'));
await test('F71 par-test-token-endpoint-url-as-audience-fails', async () => refused(await par(assertion('luja', { aud: `${issuer}/oidc/token` })), 'aud is the token endpoint'));

// ── proof of possession ──
const bare = ({ jwk: { kid, alg, use, ...members } }) => members;
const proof = (key, { htm = 'POST', htu = `${issuer}/oidc/token`, token, header = {}, ...claims } = {}) => {
  const all = { jti: crypto.randomUUID(), htm, htu, iat: now(), ...(token ? { ath: crypto.createHash('sha256').update(token).digest('base64url') } : {}), ...claims };
  return new jose.SignJWT(all).setProtectedHeader({ typ: 'dpop+jwt', alg: key.alg, jwk: bare(key), ...header }).sign(key.privateKey);
};
const code = async (s, extra = {}) => {
  const at = new URL((await agent.once('GET', s.authorizeUrl(extra))).headers.location ?? '/', g.url);
  check(at.searchParams.get('code'), `no code for ${s.id}: ${at}`);
  return at.searchParams.get('code');
};
const sidottu = known('sidottu');
const redeem = async (s, headers, extra = {}) => asks({ client_id: s.id, client_secret: secret, code: await code(s), redirect_uri: s.redirect, code_verifier: s.verifier, ...extra }, headers);
const userinfo = async (headers) => { const r = await fetchLocal(g.port, '/oidc/userinfo', { headers }); return { ...r, body: r.text ? JSON.parse(r.text) : {} }; };
const dkey = await pair('ES256', 'd'), thief = await pair('ES256', 't');

await test('F44 ensure-holder-of-key-required', async () => {
  is(await redeem(sidottu, {}), 'invalid_dpop_proof', 'no proof');
});
let token;
await test('a token that is bound to a key opens userinfo with it, and nothing without it', async () => {
  const said = await redeem(sidottu, { DPoP: await proof(dkey) });
  check(said.token_type === 'DPoP' && said.access_token, JSON.stringify(said));
  token = said.access_token;
  const at = { htm: 'GET', htu: `${issuer}/oidc/userinfo`, token };
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) check((await userinfo({ Authorization: `${scheme} ${token}`, DPoP: await proof(dkey, at) })).status === 200, scheme);
  const cases = {
    'as a bearer\'s [RFC 9449 7.2]': { Authorization: `Bearer ${token}` }, 'as a bearer\'s, with a proof': { Authorization: `Bearer ${token}`, DPoP: await proof(dkey, at) },
    'without a proof': { Authorization: `DPoP ${token}` }, 'with another key': { Authorization: `DPoP ${token}`, DPoP: await proof(thief, at) },
    'with a proof for another token': { Authorization: `DPoP ${token}`, DPoP: await proof(dkey, { ...at, token: 'other' }) }, 'with a proof without ath': { Authorization: `DPoP ${token}`, DPoP: await proof(dkey, { ...at, token: undefined }) },
    'with two proofs [RFC 9449 4.3 (1)]': { Authorization: `DPoP ${token}`, DPoP: [await proof(dkey, at), await proof(dkey, at)] },
    'with a proof for the token endpoint': { Authorization: `DPoP ${token}`, DPoP: await proof(dkey, { token }) },
  };
  for (const [what, headers] of Object.entries(cases)) {
    const r = await userinfo(headers);
    check(r.status === 401 && ['invalid_token', 'invalid_dpop_proof'].includes(r.body.error), `${what}: ${r.status} ${r.text}`);
    check(/(DPoP|Bearer) realm/.test(r.headers['www-authenticate']), `${what}: ${r.headers['www-authenticate']}`);
    if (headers.Authorization.startsWith('DPoP')) check(/DPoP .*error=.*algs="ES256/.test(r.headers['www-authenticate']), r.headers['www-authenticate']);
  }
  const post2 = await post('/oidc/userinfo', { access_token: token });
  check(post2.status === 401, `in the body: ${post2.status}`);
});
await test('a bearer\'s token does not become another\'s by a proof', async () => {
  const { answer } = await signIn(service, 'anna', agent);
  const res = await post('/oidc/token', { grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: service.redirect, code_verifier: service.verifier }, service.basic());
  const bearer = JSON.parse(res.text);
  check(bearer.token_type === 'Bearer', res.text);
  const r = await userinfo({ Authorization: `DPoP ${bearer.access_token}`, DPoP: await proof(dkey, { htm: 'GET', htu: `${issuer}/oidc/userinfo`, token: bearer.access_token }) });
  check(r.status === 401, `${r.status} ${r.text}`);
});
await test('F53 dpop-negative-tests, at the token endpoint', async () => {
  const { d, ...hole } = await jose.exportJWK(dkey.privateKey);
  const cases = {
    'two proofs [RFC 9449 4.3 (1)]': [await proof(dkey), await proof(dkey)], 'no token': 'a.b.c', 'empty typ': await proof(dkey, { header: { typ: undefined } }), 'typ JWT': await proof(dkey, { header: { typ: 'JWT' } }), 'a private key': await proof(dkey, { header: { jwk: { ...hole, d } } }),
    'no jwk': await proof(dkey, { header: { jwk: undefined } }), 'another\'s jwk': await proof(dkey, { header: { jwk: bare(thief) } }), 'htm GET': await proof(dkey, { htm: 'GET' }),
    'another htu': await proof(dkey, { htu: 'https://evil.example/oidc/token' }), 'old iat': await proof(dkey, { iat: now() - 3600 }), 'iat far ahead': await proof(dkey, { iat: now() + 3600 }),
    'no iat': await proof(dkey, { iat: undefined }), 'no jti': await proof(dkey, { jti: undefined }), 'no htm': await proof(dkey, { htm: null }), 'HS256': await new jose.SignJWT({ jti: 'x', htm: 'POST', htu: `${issuer}/oidc/token`, iat: now() }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }).sign(new Uint8Array(32)),
  };
  for (const [what, text] of Object.entries(cases)) is(await redeem(sidottu, { DPoP: text }), 'invalid_dpop_proof', what);
});
await test('F13, F14: a proof of 10 s ago, and of 10 s ahead, is accepted', async () => {
  // What was made before Redis began may have been used at the one before.
  await until('Redis is older than that', () => Date.now() - began > 12000);
  for (const d of [-10, 10]) check((await redeem(sidottu, { DPoP: await proof(dkey, { iat: now() + d }) })).access_token, `${d} s`);
});
await test('one DPoP proof a hundred times at once: exactly one is accepted', async () => {
  const one = await proof(dkey, { htm: 'GET', htu: `${issuer}/oidc/userinfo`, token });
  const said = await Promise.all(Array.from({ length: 100 }, () => userinfo({ Authorization: `DPoP ${token}`, DPoP: one })));
  check(said.filter((r) => r.status === 200).length === 1, `${said.filter((r) => r.status === 200).length} accepted`);
  check(said.filter((r) => r.status !== 200).every((r) => r.status === 401 && r.body.error === 'invalid_dpop_proof' && /used before/.test(r.body.error_description)), 'another error');
});

// ── a library of another maker ──
const client = (id, more = {}) => ({ client_id: id, ...more });
const options = { [oauth.allowInsecureRequests]: true };
const as = await oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), options));
await test('oauth4webapi: a public service with DPoP is asked for a nonce, and comes again with it', async () => {
  const s = known('julki'), c = client('julki'), pairOf = await oauth.generateKeyPair('ES256');
  const handle = oauth.DPoP(c, pairOf);
  const url = new URL((await agent.once('GET', s.authorizeUrl({}))).headers.location, g.url);
  const params = oauth.validateAuthResponse(as, c, url, url.searchParams.get('state'));
  const ask = () => oauth.authorizationCodeGrantRequest(as, c, oauth.None(), params, s.redirect, s.verifier, { ...options, DPoP: handle });
  let res = await ask(), nonced = false;
  try { await oauth.processAuthorizationCodeResponse(as, c, res.clone()); } catch (e) { nonced = oauth.isDPoPNonceError(e); if (!nonced) throw e; res = await ask(); }
  const result = await oauth.processAuthorizationCodeResponse(as, c, res, { expectedNonce: s.nonce });
  check(nonced && result.token_type === 'dpop', `${nonced} ${result.token_type}`);
  const about = await oauth.userInfoRequest(as, c, result.access_token, { ...options, DPoP: handle });
  check(about.status === 200, `userinfo ${about.status} ${about.headers.get('www-authenticate')}`);
});
await test('oauth4webapi: private_key_jwt by its defaults', async () => {
  const s = known('avain'), c = client('avain');
  const url = new URL((await agent.once('GET', s.authorizeUrl({}))).headers.location, g.url);
  const params = oauth.validateAuthResponse(as, c, url, url.searchParams.get('state'));
  const res = await oauth.authorizationCodeGrantRequest(as, c, oauth.PrivateKeyJwt({ key: keys.ES256.privateKey, kid: 'ES256' }), params, s.redirect, s.verifier, options);
  check(res.status === 200, `${res.status} ${await res.text()}`);
});

// ── floods ──
await test('a service that floods is slowed down alone, and comes again when it is told to', async () => {
  const flood = await Promise.all(Array.from({ length: 500 }, () => asks({ client_id: 'tulva', client_secret: secret })));
  const held = flood.filter((s) => s.status === 429);
  check(held.length > 100 && held.length < 480, `${held.length} of 500 held back`);
  check(held.every((s) => s.error === 'too_many_requests' && Number(s.headers['retry-after']) > 0), JSON.stringify(held[0]));
  good(await asks({ client_id: 'vaihto', client_secret: secret }), 'another service');
});
jwksServer.close();
await g.stop();
await finish();
