// SPDX-License-Identifier: EUPL-1.2
// What the token endpoint gives, and how it is taken back: refresh tokens, client credentials, exchange, introspection, revocation.
//   node grants.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import * as oidc from 'openid-client';
import { Agent } from './agent.mjs';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { federation, signIn } from './local.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has';
const code = 'authorization_code', renewal = 'refresh_token', own = 'client_credentials', swap = 'urn:ietf:params:oauth:grant-type:token-exchange';
const screens = 'urn:ietf:params:oauth:grant-type:device_code';
const accessType = 'urn:ietf:params:oauth:token-type:access_token';
const row = (id, { auth, grants = [code], scopes = ['openid', 'profile'], redirect = `http://${id}.localhost/cb`, more = '' } = {}) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: ${id} }
    test: true
    client_id: ${id}
    id_token_alg: ES256
${auth ? `    auth_method: ${auth}\n` : ''}${auth === 'none' ? '' : `    secret: { plain: ${secret} }\n`}    redirect_uris: [${redirect ? `"${redirect}"` : ''}]
    grant_types: [${grants.map((x) => `"${x}"`).join(', ')}]
    scopes: [${scopes.map((x) => `"${x}"`).join(', ')}]
    asks: [sub, given_name]
${more}`;
const api = 'https://api.example/grades', other = 'https://other.example/';
const offline = ['openid', 'profile', 'offline_access'];
const services = row('salainen', { grants: [code, renewal], scopes: offline })
  + row('pysyva', { grants: [code, renewal], scopes: offline })
  + row('julkinen', { auth: 'none', grants: [code, renewal], scopes: offline })
  + row('taulu', { grants: [screens], redirect: null })
  + row('istunto', { grants: [code, renewal] })
  + row('kutsuja', { grants: [code, own, renewal], scopes: [...offline, 'grades:read', 'grades:write'], more: `    resources: ["${api}", "${other}"]\n` })
  + row('jwt', { grants: [code, own, renewal], scopes: [...offline, 'grades:read'], more: `    resources: ["${api}"]\n    access_token_jwt: true\n` })
  + row('rajapinta', { grants: [own, swap], redirect: null, scopes: ['openid', 'profile', 'down:read', 'grades:read'], more: `    introspection_signed_response_alg: ES256\n    resource: "${api}"\n    resources: ["${other}"]\n    exchanges: [kutsuja, jwt, suostuja]\n` })
  + row('suostuja', { grants: [code, renewal], scopes: offline, more: '    consent: true\n    policy_uri: https://suostuja.localhost/privacy\n' });

const { g, service } = await federation(process.argv[2], { name: 'tokens', services, settings: { access_token_life_s: 600 } });
const known = (id, more = {}) => Object.assign(new Service(g, { id, secret, redirect: `http://${id}.localhost/cb`, scope: 'openid profile offline_access', ...more }));
const salainen = known('salainen'), pysyva = known('pysyva'), julkinen = known('julkinen'), istunto = known('istunto', { scope: 'openid profile' }), kutsuja = known('kutsuja'), jwt = known('jwt'), rajapinta = known('rajapinta'), taulu = known('taulu'), suostuja = known('suostuja');
// Learners may use some services, and not the one that is a resource.
const learners = ['istunto', 'salainen', 'kutsuja'].map((id) => `  - { id: learners-${id}, provider: oulu, role: learner, service: ${id}, release: [sub, given_name] }\n`).join('');
g.registry = g.registry.replace(/ {2}- \{ id: learners, .*\n/, learners);
await g.start();
const { agent } = await signIn(service, 'anna');

const json = (res) => { try { return JSON.parse(res.text); } catch { return {}; } };
const auth = (s) => (s === julkinen ? {} : s.basic());
const named = (s, form) => (s === julkinen ? { client_id: s.id, ...form } : form);
const post = (s, path, form, headers = {}) => s.post(path, named(s, form), { ...auth(s), ...headers });
const token = (s, form) => post(s, '/oidc/token', form);
const refresh = (s, refresh_token, extra = {}) => token(s, { grant_type: renewal, refresh_token, ...extra });
const introspect = async (s, t, headers) => json(await post(s, '/oidc/introspect', { token: t }, headers));
const revoke = (s, t, extra = {}) => post(s, '/oidc/revoke', { token: t, ...extra });
const userinfo = (t) => fetchLocal(g.port, '/oidc/userinfo', { host: g.host, headers: { Authorization: `Bearer ${t}` } });
const works = async (t) => (await userinfo(t)).status === 200;
const claims = (t) => JSON.parse(Buffer.from(t.split('.')[1], 'base64url'));
const good = (res, what = '') => { check(res.status === 200, `${what}: ${res.status} ${res.text}`); return json(res); };
const refused = (res, error, what = '', status = error === 'invalid_client' ? 401 : 400) => {
  const said = json(res);
  check(res.status === status && said.error === error, `${what}: ${res.status} ${res.text}`);
  check(/support code [A-Z2-9]{8}$/.test(said.error_description ?? ''), `${what}: ${res.text}`);
  return said.error_description;
};
const codeOf = async (s, extra = {}, a = agent) => {
  const res = await a.once('GET', s.authorizeUrl(extra));
  const c = new URL(res.headers.location ?? 'x:?', g.url).searchParams.get('code');
  check(c, `no code for ${s.id}: ${res.status} ${res.headers.location}`);
  return c;
};
const redeem = async (s, c, extra = {}) => token(s, { grant_type: code, code: c, redirect_uri: s.redirect, code_verifier: s.verifier, ...extra });
const signedIn = async (s, extra = {}, more = {}, a = agent) => good(await redeem(s, await codeOf(s, extra, a), more), s.id);

// ── refresh tokens ──────────────────────────────────────────────────────

await test('OP37 refresh-token: new tokens are of the same person, time and audience, and nobody else may use them', async () => {
  const first = await signedIn(salainen);
  check(/^[\w-]{43,}$/.test(first.refresh_token), `refresh_token ${first.refresh_token}`);
  const a = claims(first.id_token), second = good(await refresh(salainen, first.refresh_token)), b = claims(second.id_token);
  for (const name of ['iss', 'sub', 'aud', 'azp', 'auth_time', 'acr', 'sid']) check(JSON.stringify(a[name]) === JSON.stringify(b[name]), `${name}: ${a[name]}, ${b[name]}`);
  check(b.nonce === undefined && b.iat >= a.iat, 'nonce or iat');
  check(second.access_token !== first.access_token && await works(first.access_token) && await works(second.access_token), 'access tokens');
  refused(await refresh(kutsuja, first.refresh_token), 'invalid_grant', 'of another client');
  check((await refresh(salainen, first.refresh_token)).status === 200, 'another client did harm');
});

await test('F54 refresh-token: refused without client authentication', async () => {
  const { refresh_token } = await signedIn(salainen);
  refused(await julkinen.post('/oidc/token', { grant_type: renewal, refresh_token }), 'invalid_client', 'nobody');
  refused(await julkinen.post('/oidc/token', { grant_type: renewal, refresh_token, client_id: 'salainen' }), 'invalid_client', 'by name alone');
  refused(await julkinen.post('/oidc/token', { grant_type: renewal, refresh_token, client_id: 'salainen', client_secret: 'wrong' }), 'invalid_client', 'wrong secret');
  refused(await refresh(julkinen, refresh_token), 'invalid_grant', 'a public one');
  check((await refresh(salainen, refresh_token)).status === 200, 'it was lost');
});

await test('a confidential service keeps its refresh token: it does not rotate [FAPI 2.0 5.3.2.1]', async () => {
  const { refresh_token } = await signedIn(salainen);
  const all = await Promise.all(Array.from({ length: 20 }, () => refresh(salainen, refresh_token)));
  check(all.every((r) => r.status === 200 && json(r).refresh_token === refresh_token), all.map((r) => r.status).join(' '));
});

await test('a refresh token of a public service works once; each use makes the next', async () => {
  let { refresh_token } = await signedIn(julkinen);
  const seen = new Set([refresh_token]);
  for (let i = 0; i < 4; i++) {
    refresh_token = good(await refresh(julkinen, refresh_token)).refresh_token;
    check(!seen.has(refresh_token), 'it came again');
    seen.add(refresh_token);
  }
});

await test('a lost answer may be asked for once more: the same next refresh token, as long as that was not used [RFC 9700 4.14.2]', async () => {
  const first = await signedIn(julkinen), lost = good(await refresh(julkinen, first.refresh_token)), again = good(await refresh(julkinen, first.refresh_token), 'again');
  check(again.refresh_token === lost.refresh_token, 'another next one');
  check(await works(again.access_token), 'the access token of the retry');
  good(await refresh(julkinen, again.refresh_token), 'the next one');
});

await test('an old refresh token ends the family with its access tokens [RFC 9700 4.14.2]', async () => {
  const first = await signedIn(julkinen), second = good(await refresh(julkinen, first.refresh_token)), third = good(await refresh(julkinen, second.refresh_token));
  check(await works(first.access_token) && await works(third.access_token), 'before');
  check(/used before/.test(refused(await refresh(julkinen, first.refresh_token), 'invalid_grant', 'the old one')), 'it is not said why');
  refused(await refresh(julkinen, third.refresh_token), 'invalid_grant', 'the good one afterwards');
  for (const t of [first, second, third]) check(!await works(t.access_token), 'an access token of the family lives');
});

await test('one refresh token a hundred times at once: exactly one is accepted, the rest hear invalid_grant', async () => {
  const first = await signedIn(julkinen);
  const all = await Promise.all(Array.from({ length: 100 }, () => refresh(julkinen, first.refresh_token)));
  const won = all.filter((r) => r.status === 200);
  check(won.length === 1, `${won.length} accepted`);
  for (const r of all) if (r !== won[0]) refused(r, 'invalid_grant');
  check(await works(json(won[0]).access_token) && (await refresh(julkinen, json(won[0]).refresh_token)).status === 200, 'the one that was accepted');
});

await test('without offline_access a refresh token ends with the session; with it, it goes on [OIDC Back-Channel Logout 2.7]', async () => {
  const { agent: a } = await signIn(istunto, 'otso');
  const bound = await signedIn(istunto, {}, {}, a), stays = await signedIn(salainen, {}, {}, a);
  good(await refresh(istunto, bound.refresh_token), 'before');
  const page = await a.get(`${g.url}/`);
  const out = await a.submit(page, {}, (f) => f.action.endsWith('/sign-out'));
  check(out.status === 200, `sign-out: ${out.status}`);
  refused(await refresh(istunto, bound.refresh_token), 'invalid_grant', 'of the session');
  check(!await works(bound.access_token), 'its access token');
  const later = good(await refresh(salainen, stays.refresh_token), 'offline');
  check(await works(later.access_token) && claims(later.id_token).sub === claims(stays.id_token).sub, 'offline');
});

await test('offline_access is for a service whose row says so', async () => {
  const t = await signedIn(istunto, { scope: 'openid profile offline_access' });
  check(!/offline_access/.test(t.scope), t.scope);
  const plain = await signedIn(service);
  check(plain.refresh_token === undefined, 'a service without the grant type got one');
  refused(await refresh(service, 'x'), 'unauthorized_client');
});

await test('scope of a refresh: no more than was granted [RFC 6749 6]', async () => {
  const { refresh_token } = await signedIn(salainen);
  refused(await refresh(salainen, refresh_token, { scope: 'openid email' }), 'invalid_scope');
  const less = good(await refresh(salainen, refresh_token, { scope: 'openid' }));
  check(less.scope === 'openid' && json(await userinfo(less.access_token)).given_name === undefined, JSON.stringify(less));
  check(/profile/.test(good(await refresh(salainen, refresh_token)).scope), 'a narrower one narrowed the next');
});

await test('what is no refresh token is invalid_grant, and costs nothing else', async () => {
  const { refresh_token, access_token } = await signedIn(salainen);
  const bad = Buffer.from(refresh_token, 'base64url');
  for (const at of [0, 17, 19, 30, bad.length - 1]) {
    const b = Buffer.from(bad); b[at] ^= 1;
    refused(await refresh(salainen, b.toString('base64url')), 'invalid_grant', `byte ${at}`);
  }
  for (const t of ['x', access_token, refresh_token + 'A', refresh_token.slice(1), '%', 'x'.repeat(5000)]) refused(await refresh(salainen, t), 'invalid_grant', t.slice(0, 20));
  refused(await token(salainen, { grant_type: renewal }), 'invalid_request');
  good(await refresh(salainen, refresh_token), 'the good one');
});

// A key of a service, and proofs that it holds it; the nonce that it is asked for is kept [RFC 9449].
const holder = () => {
  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), jwk = pair.publicKey.export({ format: 'jwk' });
  const b64 = (x) => Buffer.from(JSON.stringify(x)).toString('base64url');
  const proof = (path, more) => {
    const text = `${b64({ typ: 'dpop+jwt', alg: 'ES256', jwk })}.${b64({ htm: 'POST', htu: g.url + path, iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID(), ...more })}`;
    return `${text}.${crypto.sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const ask = async (s, form, nonce) => {
    const res = await post(s, '/oidc/token', form, { DPoP: proof('/oidc/token', nonce ? { nonce } : {}) });
    return json(res).error === 'use_dpop_nonce' && !nonce ? ask(s, form, res.headers['dpop-nonce']) : res;
  };
  return ask;
};

await test('F54 refresh-token: bound to the key that it began with, of a public service to this one alone [RFC 9449 5]', async () => {
  for (const s of [julkinen, salainen]) {
    const mine = holder(), another = holder();
    const first = good(await mine(s, { grant_type: code, code: await codeOf(s), redirect_uri: s.redirect, code_verifier: s.verifier }), s.id);
    check(first.token_type === 'DPoP', first.token_type);
    refused(await refresh(s, first.refresh_token), 'invalid_grant', `${s.id} without a proof`);
    const changed = await another(s, { grant_type: renewal, refresh_token: first.refresh_token });
    if (s === julkinen) refused(changed, 'invalid_grant', 'another key'); else good(changed, 'a confidential service may change its key');
    const next = good(await mine(s, { grant_type: renewal, refresh_token: first.refresh_token }), `${s.id}: its own key`);
    check(next.token_type === 'DPoP' && !await works(next.access_token), 'the access token does without its key');
  }
});

// ── codes ───────────────────────────────────────────────────────────────

await test('OP28 codereuse, F46 attempt-reuse-authorization-code: invalid_grant, and all tokens of the first use end', async () => {
  const c = await codeOf(salainen), first = good(await redeem(salainen, c));
  check(await works(first.access_token), 'before');
  refused(await redeem(salainen, c), 'invalid_grant');
  check(!await works(first.access_token), 'the access token lives');
  refused(await refresh(salainen, first.refresh_token), 'invalid_grant', 'the refresh token lives');
});

await test('F43 ensure-client-id-in-token-endpoint, F45 ensure-authorization-code-is-bound-to-client', async () => {
  refused(await salainen.post('/oidc/token', { grant_type: code, code: await codeOf(salainen), client_id: 'kutsuja', redirect_uri: salainen.redirect, code_verifier: salainen.verifier }, salainen.basic()), 'invalid_request', 'client_id of another');
  const c = await codeOf(salainen);
  refused(await token(kutsuja, { grant_type: code, code: c, redirect_uri: salainen.redirect, code_verifier: salainen.verifier }), 'invalid_grant', 'another client');
});

await test('F64 ensure-pkce-code-verifier-required, F65 incorrect-pkce-code-verifier-rejected', async () => {
  refused(await token(salainen, { grant_type: code, code: await codeOf(salainen), redirect_uri: salainen.redirect }), 'invalid_grant', 'none');
  refused(await redeem(salainen, await codeOf(salainen), { code_verifier: 'x'.repeat(43) }), 'invalid_grant', 'wrong');
});

await test('a grant type that is none is unsupported; one that the row lacks is unauthorized [RFC 6749 5.2]', async () => {
  for (const type of ['password', 'implicit', 'x', 'AUTHORIZATION_CODE', 'urn:ietf:params:oauth:grant-type:saml2-bearer']) refused(await token(salainen, { grant_type: type }), 'unsupported_grant_type', type);
  refused(await token(salainen, { grant_type: own }), 'unauthorized_client');
  refused(await token(julkinen, { grant_type: own }), 'unauthorized_client', 'public');
  refused(await token(salainen, {}), 'invalid_request', 'none');
});

// ── a service for itself, resources, JWT ────────────────────────────────

await test('client credentials: an access token of nobody, with scopes and resources of the row [RFC 6749 4.4, RFC 8707]', async () => {
  const t = good(await token(kutsuja, { grant_type: own, resource: api }));
  check(t.refresh_token === undefined && t.id_token === undefined && t.scope === 'grades:read grades:write' && t.token_type === 'Bearer', JSON.stringify(t));
  refused(await userinfo(t.access_token), 'invalid_token', 'userinfo', 401);
  const seen = await introspect(rajapinta, t.access_token);
  check(seen.active && seen.sub === 'kutsuja' && seen.client_id === 'kutsuja' && seen.aud[0] === api && seen.scope === t.scope, JSON.stringify(seen));
  check(good(await token(kutsuja, { grant_type: own, scope: 'grades:read' })).scope === 'grades:read', 'narrower');
  for (const scope of ['openid', 'profile', 'offline_access', 'x', 'grades:read x']) refused(await token(kutsuja, { grant_type: own, scope }), 'invalid_scope', scope);
});

await test('a resource that was not granted is invalid_target [RFC 8707 2.2]', async () => {
  for (const resource of ['https://evil.example/', 'x', api + '#x', api + '/', '']) refused(await token(kutsuja, { grant_type: own, resource }), 'invalid_target', resource);
  refused(await redeem(kutsuja, await codeOf(kutsuja, { resource: other }), { resource: api }), 'invalid_target', 'not asked for at first');
  const both = good(await token(kutsuja, new URLSearchParams([['grant_type', own], ['resource', api], ['resource', other]])).catch((e) => e), 'both');
  check((await introspect(kutsuja, both.access_token)).aud.length === 2, 'aud');
});

await test('a token for a resource opens nothing of ours, and a refresh may choose among what was granted', async () => {
  const t = await signedIn(kutsuja, {}, { resource: api });
  refused(await userinfo(t.access_token), 'invalid_token', 'userinfo', 401);
  const seen = await introspect(rajapinta, t.access_token);
  check(seen.active && seen.aud.join() === api && seen.sub !== claims(t.id_token).sub, `by the resource's own name of the person: ${JSON.stringify(seen)}`);
  check(await works(good(await refresh(kutsuja, t.refresh_token)).access_token), 'a refresh without a resource');
});

await test('a JWT access token says what it is, and can be taken back all the same [RFC 9068]', async () => {
  const t = await signedIn(jwt, {}, { resource: api });
  const head = JSON.parse(Buffer.from(t.access_token.split('.')[0], 'base64url')), said = claims(t.access_token);
  check(head.typ === 'at+jwt', head.typ);
  check(said.iss === g.url && said.aud === api && said.client_id === 'jwt' && said.jti && said.exp - said.iat <= 600 && /openid/.test(said.scope) && said.sub !== claims(t.id_token).sub, JSON.stringify(said));
  check((await introspect(rajapinta, t.access_token)).active, 'introspection');
  check((await revoke(jwt, t.access_token)).status === 200 && !(await introspect(rajapinta, t.access_token)).active, 'after it was taken back');
  const mine = await signedIn(jwt);
  check(claims(mine.access_token).aud === g.url && await works(mine.access_token), 'at userinfo');
  check(claims(mine.access_token).sub === claims(mine.id_token).sub, 'sub');
});

// ── screens ─────────────────────────────────────────────────────────────

const asks = async () => good(await post(taulu, '/oidc/device', { scope: 'openid profile' }), 'device');
const poll = (s) => token(taulu, { grant_type: screens, device_code: s.device_code });
const ask = (s) => agent.get(s.verification_uri_complete);
const yes = (page) => agent.submit(page, { act: 'yes' }, (f) => f.method === 'post' && f.buttons.some((b) => b.value === 'yes'));
const done = (page) => page.status === 200 && page.text.includes('Valmis. Katso näyttöä.');

await test('a hundred polls at once of a screen that was let in: exactly one token, the rest hear invalid_grant [RFC 8628 3.5]', async () => {
  const s = await asks();
  check(done(await yes(await ask(s))), 'the page of the code');
  const all = await Promise.all(Array.from({ length: 100 }, () => poll(s))), won = all.filter((r) => r.status === 200);
  check(won.length === 1, `${won.length} tokens`);
  for (const r of all.filter((x) => x.status !== 200)) refused(r, 'invalid_grant', 'another poll');
  check(await works(json(won[0]).access_token), 'the token');
});

await test('a hundred polls at once while somebody says yes: exactly one token in the end', async () => {
  const s = await asks(), page = await ask(s), polls = Array.from({ length: 100 }, () => poll(s));
  check(done(await yes(page)), 'the page of the code');
  const all = [...await Promise.all(polls), await poll(s)];
  check(all.filter((r) => r.status === 200).length === 1, all.map((r) => r.status).join(' '));
  for (const r of all.filter((x) => x.status !== 200)) check(/^(authorization_pending|slow_down|invalid_grant)$/.test(json(r).error), r.text);
  check(!g.logText().includes('authorization_pending'), 'what every screen hears until somebody has answered fills the log');
});

await test('a hundred answers at once to one code: one is taken, and the screen gets one token', async () => {
  const s = await asks(), page = await ask(s), all = await Promise.all(Array.from({ length: 100 }, () => yes(page)));
  check(all.filter(done).length === 1, all.map((r) => r.status).join(' '));
  check((await poll(s)).status === 200 && json(await poll(s)).error === 'invalid_grant', 'tokens');
});

// ── exchange ────────────────────────────────────────────────────────────

const exchange = (subject_token, extra = {}) => token(rajapinta, { grant_type: swap, subject_token, subject_token_type: accessType, ...extra });

await test('token exchange: for the same person, by whom its row names, and it says who acts [RFC 8693]', async () => {
  const t = await signedIn(kutsuja, {}, { resource: api });
  const x = good(await exchange(t.access_token, { resource: other }));
  check(x.issued_token_type === accessType && x.refresh_token === undefined && x.id_token === undefined && x.expires_in <= t.expires_in, JSON.stringify(x));
  const seen = await introspect(rajapinta, x.access_token);
  check(seen.active && seen.act.sub === 'rajapinta' && seen.client_id === 'rajapinta' && seen.aud.join() === other, JSON.stringify(seen));
  check(!/offline_access|grades:write/.test(x.scope), `more scope: ${x.scope}`);
  const me = good(await exchange(t.access_token));
  check(json(await userinfo(me.access_token)).sub === (await introspect(rajapinta, x.access_token)).sub, 'userinfo');
  await revoke(kutsuja, t.refresh_token);
  check(!(await introspect(rajapinta, x.access_token)).active, 'it outlives what it was made of');
});

await test('token exchange refuses what is not the asking service\'s to exchange', async () => {
  const t = await signedIn(kutsuja, {}, { resource: api });
  refused(await exchange('x'), 'invalid_request', 'none of ours');
  refused(await exchange((await signedIn(salainen)).access_token), 'invalid_request', 'of a service that the row does not name');
  refused(await exchange((await signedIn(kutsuja, {}, { resource: other })).access_token), 'invalid_request', 'for another resource');
  refused(await exchange(good(await token(kutsuja, { grant_type: own, resource: api })).access_token), 'invalid_request', 'of no person');
  refused(await exchange(t.refresh_token), 'invalid_request', 'a refresh token');
  refused(await exchange(t.access_token, { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }), 'invalid_request', 'type');
  refused(await exchange(t.access_token, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }), 'invalid_request', 'wanted type');
  refused(await exchange(t.access_token, { actor_token: 'x', actor_token_type: accessType }), 'invalid_request', 'actor');
  refused(await exchange(t.access_token, { resource: 'https://evil.example/' }), 'invalid_target', 'resource');
  refused(await exchange(t.access_token, { audience: 'salainen' }), 'invalid_target', 'audience');
  refused(await exchange(t.access_token, { scope: 'openid down:read' }), 'invalid_scope', 'more scope');
});

await test('a token that its service may not use any more is not exchanged either: consent was taken back', async () => {
  let page = await agent.go('GET', suostuja.authorizeUrl());
  check(page.status === 200, `${page.status} ${page.text.slice(0, 200)}`);
  page = await agent.submit(page, { act: 'yes' }, (f) => /consent/.test(f.action ?? ''), suostuja.until());
  const t = await signedIn(suostuja);
  const swapped = good(await exchange(t.access_token));
  check((await introspect(rajapinta, swapped.access_token)).active, 'the exchanged token, before');
  check((await introspect(suostuja, t.refresh_token)).active, 'before');
  const me = await agent.get(new URL('/me', g.url).href);
  await agent.submit(me, { act: 'consent' }, (f) => f.fields.service === 'suostuja');
  check(!await works(t.access_token), 'consent was not taken back');
  refused(await exchange(t.access_token), 'invalid_request', 'taken back');
  check(!(await introspect(suostuja, t.refresh_token)).active, 'the refresh token is told to be active');
  check(!(await introspect(rajapinta, swapped.access_token)).active, 'what was exchanged before goes on');
});

await test('who is shut out has nothing exchanged for them: by the service that asks, and by the one whose token it is', async () => {
  const learner = (await signIn(kutsuja, 'otso')).agent, t = await signedIn(kutsuja, {}, {}, learner), shut = / use the service/;
  check(shut.test(refused(await exchange(t.access_token), 'invalid_request', 'no policy lets them use the service that asks')), 'another reason');
  const given = good(await exchange((await signedIn(kutsuja)).access_token), 'somebody who may');
  check((await introspect(rajapinta, given.access_token)).active, 'a token for somebody who may');
  // Learners may use the one that asks, and not any more the one that they were let into.
  const before = g.cli('export', '-c', g.config).stdout;
  g.import(before.replaceAll('learners-kutsuja', 'learners-rajapinta').replace(/(id: learners-rajapinta[\s\S]*?services?:\s*\[?\s*(?:- )?)kutsuja/, '$1rajapinta'));
  await until('the change is in force', async () => /may not use/.test(json(await refresh(kutsuja, t.refresh_token)).error_description));
  check(/any more/.test(refused(await exchange(t.access_token), 'invalid_request', 'shut out since')), 'another reason');
  g.import(before);
});

await test('what stays signed in stands at /me, and is ended there', async () => {
  const t = await signedIn(pysyva), before = await agent.get(new URL('/me', g.url).href);
  const held = (page) => /id="?held"?/.test(page.text) && page.text.includes('pysyva');
  check(held(before), `it does not stand there: ${before.text.slice(0, 300)}`);
  const data = JSON.parse((await agent.get(new URL('/me/data', g.url).href)).text);
  check(data.services_signed_in.some((s) => s.service === 'pysyva' && s.since && s.used), JSON.stringify(data.services_signed_in));
  const other = await signedIn(kutsuja);
  await agent.submit(before, { act: 'end' }, (f) => f.fields.service === 'pysyva');
  refused(await refresh(pysyva, t.refresh_token), 'invalid_grant', 'the refresh token');
  check(!await works(t.access_token) && !(await introspect(pysyva, t.refresh_token)).active, 'its tokens are good');
  good(await refresh(kutsuja, other.refresh_token), 'another service');
  check(!(await agent.get(new URL('/me', g.url).href)).text.includes('name="service" value="pysyva"'), 'it stands there still');
});

await test('policy is asked for what resource names, as at a sign-in', async () => {
  const { agent: a } = await signIn(kutsuja, 'otso');
  refused(await redeem(kutsuja, await codeOf(kutsuja, {}, a), { resource: api }), 'invalid_target', 'by code');
  refused(await redeem(kutsuja, await codeOf(kutsuja, { resource: api }, a)), 'invalid_target', 'by request');
  const t = await signedIn(kutsuja, {}, {}, a);
  refused(await refresh(kutsuja, t.refresh_token, { resource: api }), 'invalid_target', 'by refresh token');
  good(await refresh(kutsuja, t.refresh_token, { resource: other }), 'nobody\'s here');
});

// ── introspection and revocation ────────────────────────────────────────

await test('introspection tells the token\'s own service and its resource, and nobody else [RFC 7662 2.2, 4]', async () => {
  const t = await signedIn(kutsuja, {}, { resource: api });
  for (const s of [kutsuja, rajapinta]) check((await introspect(s, t.access_token)).active === true, s.id);
  for (const s of [salainen, jwt]) check(JSON.stringify(await introspect(s, t.access_token)) === '{"active":false}', s.id);
  for (const x of ['x', 'y'.repeat(9000), t.access_token + 'x']) check(JSON.stringify(await introspect(kutsuja, x)) === '{"active":false}', x.slice(0, 10));
  const r = await introspect(kutsuja, t.refresh_token);
  check(r.active && r.client_id === 'kutsuja' && r.exp > Date.now() / 1000, JSON.stringify(r));
  check(!(await introspect(rajapinta, t.refresh_token)).active, 'a refresh token is its service\'s alone');
  refused(await julkinen.post('/oidc/introspect', { token: t.access_token }), 'invalid_client', 'nobody');
  refused(await julkinen.post('/oidc/introspect', { token: t.access_token, client_id: 'julkinen' }), 'invalid_client', 'a public service');
  refused(await post(kutsuja, '/oidc/introspect', {}), 'invalid_request', 'no token');
});

await test('introspection is answered as a signed token to whoever asks for one [RFC 9701 5]', async () => {
  const t = await signedIn(kutsuja, {}, { resource: api }), keys = JSON.parse((await fetchLocal(g.port, '/oidc/jwks', { host: g.host })).text).keys;
  for (const [s, alg, active] of [[rajapinta, 'ES256', true], [kutsuja, 'ES256', true], [salainen, 'ES256', false]]) {
    const res = await post(s, '/oidc/introspect', { token: t.access_token }, { Accept: 'application/token-introspection+jwt' });
    check(res.status === 200 && res.headers['content-type'] === 'application/token-introspection+jwt', `${res.status} ${res.headers['content-type']}`);
    const [h, p, sig] = res.text.split('.'), head = JSON.parse(Buffer.from(h, 'base64url')), said = claims(res.text);
    const key = crypto.createPublicKey({ key: keys.find((k) => k.kid === head.kid), format: 'jwk' });
    const how = { RS256: key, ES256: { key, dsaEncoding: 'ieee-p1363' } }[head.alg];
    check(how && crypto.verify('sha256', Buffer.from(`${h}.${p}`), how, Buffer.from(sig, 'base64url')), `signature ${head.alg}`);
    check(head.alg === alg && head.typ === 'token-introspection+jwt' && said.iss === g.url && said.aud === s.id && said.iat && said.exp === undefined && said.sub === undefined, JSON.stringify([head, said]));
    check(said.token_introspection.active === active && (active || Object.keys(said.token_introspection).length === 1), JSON.stringify(said));
  }
});

await test('revocation: an access token alone, of a refresh token all; what is unknown is gone already [RFC 7009 2]', async () => {
  const t = await signedIn(salainen), u = await signedIn(salainen);
  good(await revoke(salainen, t.access_token));
  check(!await works(t.access_token), 'the access token lives');
  const later = good(await refresh(salainen, t.refresh_token));
  good(await revoke(salainen, t.refresh_token, { token_type_hint: 'access_token' }));
  refused(await refresh(salainen, t.refresh_token), 'invalid_grant');
  check(!await works(later.access_token) && await works(u.access_token), 'its access tokens; others');
  for (const x of ['x', t.refresh_token, t.access_token, 'y'.repeat(9000)]) good(await revoke(salainen, x), 'unknown');
  refused(await revoke(kutsuja, u.access_token), 'invalid_grant', 'another\'s access token');
  refused(await revoke(kutsuja, u.refresh_token), 'invalid_grant', 'another\'s refresh token');
  check(await works(u.access_token) && (await refresh(salainen, u.refresh_token)).status === 200, 'another service did harm');
  refused(await julkinen.post('/oidc/revoke', { token: u.access_token }), 'invalid_client', 'nobody');
  refused(await post(salainen, '/oidc/revoke', {}), 'invalid_request', 'no token');
  const p = await signedIn(julkinen), q = good(await refresh(julkinen, p.refresh_token));
  good(await revoke(julkinen, p.refresh_token), 'an old one');
  refused(await refresh(julkinen, q.refresh_token), 'invalid_grant', 'the family of a public service');
});

// ── a library ───────────────────────────────────────────────────────────

await test('openid-client refreshes, asks what a token is worth, and gives it back', async () => {
  const c = await oidc.discovery(new URL(g.url), 'salainen', secret, undefined, { execute: [oidc.allowInsecureRequests] });
  const verifier = oidc.randomPKCECodeVerifier(), state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(c, { redirect_uri: salainen.redirect, scope: 'openid profile offline_access', code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state });
  const back = (await agent.once('GET', url.href)).headers.location;
  const t = await oidc.authorizationCodeGrant(c, new URL(back), { pkceCodeVerifier: verifier, expectedState: state });
  const u = await oidc.refreshTokenGrant(c, t.refresh_token);
  check(u.claims().sub === t.claims().sub && (await oidc.tokenIntrospection(c, u.access_token)).active, 'refresh');
  await oidc.tokenRevocation(c, u.refresh_token);
  check(!(await oidc.tokenIntrospection(c, u.access_token)).active, 'after revocation');
  const k = await oidc.discovery(new URL(g.url), 'kutsuja', secret, undefined, { execute: [oidc.allowInsecureRequests] });
  check((await oidc.clientCredentialsGrant(k, { resource: api, scope: 'grades:read' })).access_token, 'client credentials');
});

await test('nothing of a token or a secret stands in the log', async () => {
  const t = await signedIn(julkinen);
  await refresh(julkinen, t.refresh_token);
  await introspect(salainen, t.access_token);
  for (const x of [t.refresh_token, t.access_token, secret]) check(!g.logText().includes(x), 'it does');
});

await g.stop();
await finish();
