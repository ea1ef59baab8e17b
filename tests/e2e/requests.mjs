// SPDX-License-Identifier: EUPL-1.2
// Requests that are pushed and signed, and answers that are: openid-client (npm) against the real program.
//   node requests.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import http from 'node:http';
import * as oidc from '../node_modules/openid-client/build/index.js';
import { Agent } from './agent.mjs';
import { check, finish, test } from './gateway.mjs';
import { federation, signIn } from './local.mjs';

// The vendor's web server, for request objects by reference.
const files = new Map();
const web = http.createServer((req, res) => {
  const file = files.get(req.url);
  res.writeHead(file ? file.status ?? 200 : 404, { 'Content-Type': 'application/oauth-authz-req+jwt', ...(file?.location ? { Location: file.location } : {}) }).end(file?.body ?? '');
});
await new Promise((r) => web.listen(0, '127.0.0.1', r));
web.unref();
const site = `http://127.0.0.1:${web.address().port}`;

const pair = async (alg) => crypto.subtle.generateKey({ ES256: { name: 'ECDSA', namedCurve: 'P-256' }, RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } }[alg], true, ['sign', 'verify']);
const keys = { ES256: await pair('ES256'), RS256: await pair('RS256') }, stranger = await pair('ES256');
const jwks = { keys: await Promise.all(Object.entries(keys).map(async ([alg, k]) => ({ ...(await crypto.subtle.exportKey('jwk', k.publicKey)), kid: alg, alg, use: 'sig', key_ops: undefined, ext: undefined }))) };
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
const sign = async (payload, { alg = 'ES256', key = keys[alg].privateKey, kid = alg, typ = 'oauth-authz-req+jwt' } = {}) => {
  const text = `${b64({ alg, kid, typ })}.${b64(payload)}`;
  return `${text}.${Buffer.from(await crypto.subtle.sign(alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : 'RSASSA-PKCS1-v1_5', key, Buffer.from(text))).toString('base64url')}`;
};
const unsigned = (payload) => `${b64({ alg: 'none' })}.${b64(payload)}.`;
const now = () => Math.floor(Date.now() / 1000);

const secret = 'the-secret-of-the-requests-test-0123456789';
const row = (id, more) => `  - id: ${id}
    protocol: oidc
    vendor: v
    name: { fi: Palvelu }
    test: true
    client_id: ${id}
    redirect_uris: ["http://${id}.localhost/cb"]
    id_token_alg: ES256
    scopes: [openid, profile]
    asks: [sub, given_name, family_name]
${more.map((m) => `    ${m}\n`).join('')}`;
const own = [`secret: { plain: ${secret} }`, `jwks: '${JSON.stringify(jwks)}'`];
const services = [row('plain', own), row('bare', [`secret: { plain: ${secret} }`]), row('pushing', [...own, 'require_pushed_authorization_requests: true']), row('signing', [...own, 'require_signed_request_object: true', 'request_object_signing_alg: ES256', 'authorization_signed_response_alg: RS256']),
  row('byref', [...own, `request_uris: ["${site}/object", "${site}/moved", "${site}/none", "${site}/large"]`]), row('open', ['auth_method: none']), row('aged', [...own, 'default_max_age: 0', 'default_acr_values: [urn:low]']), row('strict', ['auth_method: private_key_jwt', `jwks: '${JSON.stringify(jwks)}'`, 'fapi: true'])].join('');
const { g, service } = await federation(process.argv[2], { name: 'requests', services });
await g.start();
const { agent } = await signIn(service, 'anna');
const redirect = (id) => `http://${id}.localhost/cb`;
const verifier = 'v'.repeat(43), challenge = crypto.createHash('sha256').update(verifier).digest('base64url');
const params = (id, more = {}) => Object.fromEntries(Object.entries({ client_id: id, response_type: 'code', redirect_uri: redirect(id), scope: 'openid', state: 'the-state', nonce: 'n', code_challenge: challenge, code_challenge_method: 'S256', ...more }).filter(([, v]) => v !== undefined));
const form = (o) => new URLSearchParams(o).toString();
const basic = (id) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const post = (path, body, headers = {}) => new Agent().once('POST', g.url + path, { form: body, headers });
const push = async (id, more = {}, headers = { Authorization: basic(id) }) => { const res = await post('/oidc/par', params(id, more), headers); return { status: res.status, headers: res.headers, ...JSON.parse(res.text) }; };
const open = async (q, who = agent) => (await who.get(`${g.url}/oidc/authorize?${form(q)}`, { until: (next) => /localhost\/cb/.test(next) }));
const answerOf = (res) => { const url = new URL(res.next); return new URLSearchParams(url.hash ? url.hash.slice(1) : url.search); };
const payload = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
const object = (id, more = {}) => ({ iss: id, aud: g.url, exp: now() + 300, nbf: now(), jti: crypto.randomUUID(), ...params(id), ...more });
const redeem = (id, code) => post('/oidc/token', { grant_type: 'authorization_code', code, redirect_uri: redirect(id), code_verifier: verifier }, { Authorization: basic(id) });
const stays = (res, what) => check(!res.next && res.status === 400, `${what}: ${res.status} ${res.next}`);

await test('openid-client: a pushed, signed request with a signed answer, in its default settings', async () => {
  const config = await oidc.discovery(new URL(g.url), 'signing', { authorization_signed_response_alg: 'RS256', id_token_signed_response_alg: 'ES256' }, oidc.ClientSecretBasic(secret), { execute: [oidc.allowInsecureRequests] });
  oidc.useJwtResponseMode(config);
  const expectedState = oidc.randomState(), expectedNonce = oidc.randomNonce(), pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const signed = await oidc.buildAuthorizationUrlWithJAR(config, { redirect_uri: redirect('signing'), scope: 'openid profile', state: expectedState, nonce: expectedNonce, code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256' }, { key: keys.ES256.privateKey, kid: 'ES256' });
  const url = await oidc.buildAuthorizationUrlWithPAR(config, signed.searchParams);
  check(url.searchParams.get('request_uri')?.startsWith('urn:ietf:params:oauth:request_uri:') && [...url.searchParams.keys()].length <= 3, url.href);
  const { next } = await agent.get(url.href, { until: (to) => to.startsWith(redirect('signing')) });
  const claims = payload(new URL(next).searchParams.get('response'));
  check(claims.iss === g.url && claims.aud === 'signing' && claims.exp > now() && claims.state === expectedState && claims.code, JSON.stringify(claims));
  const tokens = await oidc.authorizationCodeGrant(config, new URL(next), { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true });
  check((await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).given_name === 'Anna', 'userinfo');
});

await test('openid-client: a signed request by the browser, form_post.jwt aside', async () => {
  const config = await oidc.discovery(new URL(g.url), 'plain', { id_token_signed_response_alg: 'ES256' }, oidc.ClientSecretPost(secret), { execute: [oidc.allowInsecureRequests] });
  const expectedState = oidc.randomState(), pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const url = await oidc.buildAuthorizationUrlWithJAR(config, { redirect_uri: redirect('plain'), scope: 'openid', state: expectedState, code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256' }, { key: keys.RS256.privateKey, kid: 'RS256' });
  const { next } = await agent.get(url.href, { until: (to) => to.startsWith(redirect('plain')) });
  check((await oidc.authorizationCodeGrant(config, new URL(next), { pkceCodeVerifier, expectedState, idTokenExpected: true })).id_token, 'no ID token');
});

await test('F68 F20 F21: only client_id and request_uri are needed, and what stands beside is not used', async () => {
  const { request_uri } = await push('plain');
  const got = answerOf(await open({ client_id: 'plain', request_uri, state: 'another', nonce: 'another', redirect_uri: 'http://evil.example/', response_mode: 'fragment' }));
  check(got.get('code') && got.get('state') === 'the-state', got.toString());
  const tokens = JSON.parse((await redeem('plain', got.get('code'))).text);
  check(payload(tokens.id_token).nonce === 'n', 'nonce');
});

await test('a hundred at once open one request_uri: one code', async () => {
  const { request_uri } = await push('plain', { prompt: 'none' });
  const all = await Promise.all(Array.from({ length: 100 }, () => open({ client_id: 'plain', request_uri }, agent.clone())));
  const codes = all.filter((r) => r.next && answerOf(r).get('code'));
  check(codes.length === 1, `${codes.length} codes`);
  for (const r of all.filter((x) => !codes.includes(x)))
    check(r.next ? answerOf(r).get('error') === 'invalid_request_uri' && answerOf(r).get('state') === 'the-state' : r.status === 400, `${r.status} ${r.next}`);
  stays(await open({ client_id: 'plain', request_uri }), 'F56');
});

await test('a hundred at once bring one signed request with a jti: one code', async () => {
  const request = await sign(object('plain', { prompt: 'none' }));
  const all = await Promise.all(Array.from({ length: 100 }, () => open({ client_id: 'plain', request }, agent.clone())));
  check(all.filter((r) => answerOf(r).get('code')).length === 1, 'not one code');
  check(all.filter((r) => answerOf(r).get('error') === 'invalid_request_uri').length === 99, 'not ninety-nine refusals');
  const jwt = await sign(object('plain'));
  check((await push('plain', { request: jwt })).status === 201 && (await push('plain', { request: jwt })).error === 'invalid_request_object', 'pushed twice');
});

await test('F60: another service opens nothing, and nobody learns that there was something', async () => {
  const { request_uri } = await push('plain');
  stays(await open({ client_id: 'bare', request_uri }), 'bare');
  stays(await open({ client_id: 'plain', request_uri: `${request_uri}x` }), 'x');
  stays(await open({ client_id: 'plain', request_uri: 'urn:ietf:params:oauth:request_uri:' }), 'empty');
  check(answerOf(await open({ client_id: 'plain', request_uri })).get('code'), 'its own');
});

await test('what is pushed is checked at once, as JSON that may not be kept', async () => {
  for (const [more, error] of [[{ redirect_uri: 'http://plain.localhost/other' }, 'invalid_request'], [{ redirect_uri: undefined }, 'invalid_request'], [{ response_type: 'code id_token' }, 'unsupported_response_type'], [{ response_type: undefined }, 'invalid_request'], [{ scope: 'profile' }, 'invalid_scope'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'], [{ request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'], [{ response_mode: 'x' }, 'invalid_request'], [{ prompt: 'none login' }, 'invalid_request'], [{ claims: '[' }, 'invalid_request'], [{ dpop_jkt: 'x' }, 'invalid_request'],
    [{ resource: 'x' }, 'invalid_target'], [{ request: 'x' }, 'invalid_request_object'], [{ client_id: 'bare' }, 'invalid_request'], [{ state: 's'.repeat(9000) }, 'invalid_request']]) {
    const got = await push('plain', more);
    check(got.status === 400 && got.error === error && /support code/.test(got.error_description) && got.headers['cache-control'] === 'no-store', `${JSON.stringify(more)}: ${got.status} ${got.error}`);
  }
  check((await push('plain', {}, {})).status === 401 && (await push('plain', {}, { Authorization: basic('bare') })).status === 400, 'F60: without proof, with another\'s');
  check((await new Agent().once('GET', `${g.url}/oidc/par`)).status === 405, 'F62');
  const good = await push('plain');
  check(good.status === 201 && good.headers['cache-control'] === 'no-store' && Number.isInteger(good.expires_in) && good.expires_in > 0, JSON.stringify(good));
  check((await push('plain', { filler: 'x'.repeat(70000) }).catch(() => ({ status: 413 }))).status === 413, 'too large');
});

await test('what anybody may push, for a public service, is small', async () => {
  check((await push('open', {}, {})).status === 201, 'small');
  check((await push('open', { filler: 'x'.repeat(9000) }, {})).status === 413, 'large');
  check((await push('plain', { filler: 'x'.repeat(9000) })).status === 201, 'of a service that proves itself');
});

await test('F39: a service that must push hears so when it does not; F36: one that must sign, likewise', async () => {
  check(answerOf(await open(params('pushing'))).get('error') === 'invalid_request', 'pushing');
  check(answerOf(await open({ client_id: 'pushing', request_uri: (await push('pushing')).request_uri })).get('code'), 'pushing, pushed');
  check(answerOf(await open(params('signing'))).get('error') === 'invalid_request', 'signing');
  check((await push('signing')).error === 'invalid_request', 'F36');
  check(answerOf(await open({ client_id: 'strict', redirect_uri: redirect('strict'), request: await sign(object('strict')) })).get('error') === 'invalid_request', 'fapi by the browser');
});

await test('F24-F36 F67 OP34 OP36: a request object is this service\'s, for us, of this time, signed, and whole', async () => {
  const bad = {
    'alg none': [unsigned(object('signing')), 'invalid_request_object'], 'another key (F34, F35)': [await sign(object('signing'), { key: stranger.privateKey }), 'invalid_request_object'],
    'RS256 where ES256 is registered (F32)': [await sign(object('signing'), { alg: 'RS256' }), 'invalid_request_object'], 'expired (F28)': [await sign(object('signing', { exp: now() - 120 })), 'invalid_request_object'],
    'nbf ahead': [await sign(object('signing', { nbf: now() + 120 })), 'invalid_request_object'], 'another aud (F29)': [await sign(object('signing', { aud: 'https://other.example' })), 'invalid_request_object'], 'another iss': [await sign(object('signing', { iss: 'plain' })), 'invalid_request_object'],
    'another client_id': [await sign(object('signing', { client_id: 'plain' })), 'invalid_request_object'], 'request_uri inside (F67)': [await sign(object('signing', { request_uri: 'urn:ietf:params:oauth:request_uri:x' })), 'invalid_request_object'],
    'request inside': [await sign(object('signing', { request: 'x' })), 'invalid_request_object'], 'sub of the service': [await sign(object('signing', { sub: 'signing' })), 'invalid_request_object'], 'another typ': [await sign(object('signing'), { typ: 'at+jwt' }), 'invalid_request_object'], 'no token': ['x', 'invalid_request_object'],
  };
  for (const [what, [request, error]] of Object.entries(bad)) {
    check((await push('signing', { request })).error === error, `${what}: pushed`);
    const got = answerOf(await open({ client_id: 'signing', redirect_uri: redirect('signing'), state: 's', request }));
    check(got.get('error') === error && !got.get('code'), `${what}: ${got}`);
    stays(await open({ client_id: 'signing', request }), `${what}, without an address`);
  }
  check(answerOf(await open({ ...params('plain'), request: unsigned(object('plain')) })).get('error') === 'request_not_supported', 'OP34');
  check(answerOf(await open({ ...params('plain'), request_uri: `${site}/object` })).get('error') === 'request_uri_not_supported', 'OP33');
  check(answerOf(await open({ ...params('bare'), request: await sign(object('bare')) })).get('error') === 'invalid_request_object', 'no keys');
  check(answerOf(await open({ ...params('plain'), request: await sign(object('plain')), request_uri: 'urn:x' })).get('error') === 'invalid_request', 'both at once');
  stays(await open({ ...params('signing'), request: await sign(object('signing', { redirect_uri: 'http://signing.localhost/other' })) }), 'OP36');
  stays(await open({ ...params('signing'), request: await sign(object('signing', { redirect_uri: undefined })) }), 'F27');
  for (const [what, more] of [['F04', { aud: ['https://other.example', g.url] }], ['F11', { nbf: now() + 8 }], ['no nbf', { nbf: undefined }], ['max_age as a number, claims as an object', { max_age: 100000, claims: { userinfo: { given_name: { essential: true } } } }]])
    check(answerOf(await open({ client_id: 'signing', request: await sign(object('signing', more)) })).get('code'), what);
  const f26 = answerOf(await open({ client_id: 'signing', state: 'outside', request: await sign(object('signing', { state: undefined })) }));
  check(f26.get('code') && f26.get('state') === null, `F26: ${f26}`);
});

await test('OP57: by reference, from what the row lists alone, without redirects and within bounds', async () => {
  const jwt = await sign({ ...object('byref'), jti: undefined });
  files.set('/object', { body: jwt });
  files.set('/moved', { status: 302, location: `${site}/object` });
  files.set('/large', { body: 'x'.repeat(100000) });
  for (const uri of [`${site}/object`, `${site}/object#version-2`, `${site}/object#${crypto.createHash('sha256').update(jwt).digest('base64url')}`])
    check(answerOf(await open({ client_id: 'byref', request_uri: uri })).get('code'), uri);
  for (const uri of [`${site}/moved`, `${site}/none`, `${site}/large`, `${site}/object?x=1`, `${site}/other`, `${site}/object#${'x'.repeat(43)}`, 'http://169.254.169.254/', 'file:///etc/passwd', 'https://evil.example/r', ''])
    check(answerOf(await open({ ...params('byref'), request_uri: uri })).get('error') === 'invalid_request_uri', uri);
});

await test('each response mode carries code, state and iss; an error goes the same way', async () => {
  for (const mode of ['query', 'fragment', 'jwt', 'query.jwt', 'fragment.jwt'])
    for (const [more, what] of [[{}, 'code'], [{ prompt: 'none', max_age: '0' }, 'error']]) {
      const res = await open(params('plain', { response_mode: mode, ...more })), url = new URL(res.next);
      check(mode.startsWith('fragment') ? url.hash && !url.search : url.search && !url.hash, `${mode}: ${res.next}`);
      const got = answerOf(res), told = mode.includes('jwt') ? payload(got.get('response')) : Object.fromEntries(got);
      check(told[what] && told.state === 'the-state' && told.iss === g.url, `${mode}: ${JSON.stringify(told)}`);
      if (mode.includes('jwt')) check(told.aud === 'plain' && told.exp > now() && [...got.keys()].join() === 'response', `${mode}: ${JSON.stringify(told)}`);
      if (what === 'error') check(told.error === 'login_required' && /support code/.test(told.error_description), JSON.stringify(told));
    }
  for (const mode of ['form_post', 'form_post.jwt'])
    for (const more of [{}, { prompt: 'none', max_age: '0' }]) {
      const res = await agent.get(`${g.url}/oidc/authorize?${form(params('plain', { response_mode: mode, ...more }))}`);
      const fields = Object.fromEntries([...res.text.matchAll(/<input type="?hidden"? name="?([\w]+)"? value="([^"]*)"/g)].map((m) => [m[1], m[2]]));
      const told = fields.response ? payload(fields.response) : fields;
      check(res.status === 200 && (told.code || told.error === 'login_required') && told.state === 'the-state', `${mode}: ${res.text.slice(0, 300)}`);
    }
  const long = await open(params('plain', { response_mode: 'jwt', state: 's'.repeat(4000) }));
  stays(long, 'a state that no signed refusal could carry');
  check((await agent.get(`${g.url}/oidc/answer?told=x`)).status === 400, 'none of ours');
});

await test('a signed refusal is told once, also when twenty ask for it at once', async () => {
  const res = await agent.once('GET', `${g.url}/oidc/authorize?${form(params('plain', { response_mode: 'jwt', prompt: 'none', max_age: '0' }))}`);
  const at = new URL(res.headers.location ?? '/', g.url);
  check(at.pathname === '/oidc/answer' && at.searchParams.get('told'), `${res.status} ${at}`);
  const all = await Promise.all(Array.from({ length: 20 }, () => agent.clone().once('GET', at.href)));
  check(all.filter((r) => r.status === 303).length === 1, all.map((r) => r.status).join());
  check(all.every((r) => r.status === 303 || r.status === 400), all.map((r) => r.status).join());
});

await test('what the row says counts where the request says nothing', async () => {
  const asked = await open(params('aged'));
  check(!asked.next && asked.status === 200, `default_max_age: ${asked.status} ${asked.next}`);
  check(answerOf(await open(params('aged', { prompt: 'none' }))).get('error') === 'login_required', 'default_max_age with prompt=none');
  check(answerOf(await open(params('aged', { max_age: '100000' }))).get('code'), 'max_age of the request');
});

await test('OP15 OP16 OP22 OP26: display, claims_locales and what nobody knows are accepted, hints of a provider followed', async () => {
  for (const more of [{ display: 'page' }, { display: 'popup' }, { display: 'touch' }, { display: 'wap' }, { claims_locales: 'fi sv' }, { extra: 'foobar' }, { claims: '{"userinfo":{"name":{"essential":true}}}' }])
    check(answerOf(await open(params('plain', more))).get('code'), JSON.stringify(more));
  for (const more of [{ idp_hint: 'oulu' }, { kc_idp_hint: 'oulu' }, { acr_values: 'urn:mpass.id:authnsource:oulu' }])
    check((await new Agent().once('GET', `${g.url}/oidc/authorize?${form(params('plain', more))}`)).headers.location?.startsWith('/sign-in/local'), JSON.stringify(more));
  check((await new Agent().once('GET', `${g.url}/oidc/authorize?${form(params('plain', { idp_hint: 'none' }))}`)).headers.location?.startsWith('/sign-in?'), 'an unknown hint is no fault');
});

await test('F22 F23: a long nonce and a long state come back whole', async () => {
  const nonce = 'n'.repeat(384), state = 's'.repeat(2000);
  const { request_uri } = await push('plain', { nonce, state }), got = answerOf(await open({ client_id: 'plain', request_uri }));
  check(got.get('state') === state && payload(JSON.parse((await redeem('plain', got.get('code'))).text).id_token).nonce === nonce, 'cut');
});

await test('a request object and claims of the largest size are kept within their bounds', async () => {
  const names = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`claim-number-${i}`, { essential: true }]));
  const { request_uri } = await push('plain', { prompt: 'login', state: 's'.repeat(8000), claims: JSON.stringify({ userinfo: names }) });
  const res = await agent.clone().get(`${g.url}/oidc/authorize?${form({ client_id: 'plain', request_uri })}`);
  check(res.status === 200, `${res.status}`);
  const over = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`c${i}`, null]));
  check((await push('plain', { claims: JSON.stringify({ userinfo: over }) })).error === 'invalid_request', 'sixty-five');
});
await g.stop();
await finish();
