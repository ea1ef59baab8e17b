// SPDX-License-Identifier: EUPL-1.2
// Cities whose OpenID Providers are odd but legal (people come in), and broken or hostile (a page that names the city,
// one line in the log that names the fault, and the other cities undisturbed).   node cities.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { Agent, text } from './agent.mjs';
import { Gateway, check, cities, city, fetchLocal, finish, freePort, test } from './gateway.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-city-that-is-long-enough';
const b64 = (o) => Buffer.from(typeof o === 'string' || Buffer.isBuffer(o) ? o : JSON.stringify(o)).toString('base64url');
const pair = (kid, alg) => {
  const k = alg === 'RS256' ? crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }) : crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...k, kid, alg, jwk: { ...k.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
};
const one = pair('one', 'ES256'), two = pair('two', 'ES256'), rsa = pair('rsa', 'RS256'), foreign = pair('one', 'ES256');
const sign = (claims, key = one, header = {}) => {
  const input = `${b64({ alg: key.alg, kid: key.kid, ...header })}.${b64(claims)}`;
  return `${input}.${b64(crypto.sign('sha256', Buffer.from(input), key.alg === 'RS256' ? key.privateKey : { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
};
const without = (o, ...names) => Object.fromEntries(Object.entries(o).filter(([n]) => !names.includes(n)));

// ── what a city does otherwise than the plain one; each is an identity provider of its own ──
const json = (res, body, status = 200, headers = {}) => res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
const html = (res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><h1>Huoltokatko</h1>');
const status = (n) => (res) => res.writeHead(n, { 'Content-Type': 'text/plain' }).end('no');
const redirect = (res) => res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end();
const drip = (res) => { res.writeHead(200, { 'Content-Type': 'application/json' }); const t = setInterval(() => res.write(' '), 200); res.on('close', () => clearInterval(t)); };
const silent = () => {};
const cut = (res) => { res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 }); res.write('{"a'); setTimeout(() => res.destroy(), 20); };
const huge = (res) => { res.writeHead(200, { 'Content-Type': 'application/json' }); const big = Buffer.alloc(65536, 32); let n = 0; const more = () => { while (n++ < 200) if (!res.write(big)) return res.once('drain', more); res.end(); }; more(); };
const packed = zlib.gzipSync(Buffer.alloc(50 << 20, 32));
const bomb = (res) => res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(packed);
const twice = (res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"issuer":"x","issuer":"y","id_token":"a","id_token":"b","keys":[],"keys":[]}');
const array = (res) => json(res, []);
const broken = { html, 'status-500': status(500), 'status-404': status(404), redirect, drip, silent, cut, huge, bomb, twice, array };

const legal = {
  plain: {}, 'secret-post': { auth: 'client_secret_post' }, 'private-key-jwt': { auth: 'private_key_jwt' },
  'no-userinfo': { discovery: (d) => without(d, 'userinfo_endpoint'), claims: (c) => ({ ...c, given_name: 'Tiina', family_name: 'Testi' }) },
  'iss-announced': { discovery: (d) => ({ ...d, authorization_response_iss_parameter_supported: true }), answer: (a, i) => ({ ...a, iss: i }) },
  'iss-unannounced': { answer: (a, i) => ({ ...a, iss: i }) }, 'aud-array': { claims: (c) => ({ ...c, aud: [c.aud] }) },
  'aud-two-with-azp': { claims: (c) => ({ ...c, aud: [c.aud, 'another'], azp: c.aud }) }, rs256: { key: () => rsa },
  'no-kid': { header: { kid: undefined }, jwks: () => [one.jwk] },
  'keys-changed': { key: () => two, jwks: (n) => (n === 0 ? [one.jwk] : [one.jwk, two.jwk]) },
  'other-keys-too': { jwks: () => [{ kty: 'RSA', use: 'enc', kid: 'e', n: rsa.jwk.n, e: rsa.jwk.e, alg: 'RSA-OAEP' }, { kty: 'OKP', crv: 'Ed25519', x: b64(crypto.randomBytes(32)), kid: 'ed' }, one.jwk] },
  'unknown-members': { discovery: (d) => ({ ...d, x: [null, { y: 1.5 }] }), claims: (c) => ({ ...c, odd: { deep: [1, null] }, 'åäö': '€' }) },
  'type-case': { token: (t) => ({ ...t, token_type: 'bearer' }) },
  'extra-answer': { answer: (a) => ({ ...a, session_state: 'x.y', scope: 'openid' }) },
  'long-lived': { claims: (c) => ({ ...c, exp: c.iat + 86400 * 30 }) }, 'no-auth-time': { claims: (c) => without(c, 'auth_time') },
  'pkce-plain-only': { discovery: (d) => ({ ...d, code_challenge_methods_supported: ['plain'] }) }, // we challenge anyway
  'charset': { type: 'application/json;charset=UTF-8' },
};
const hostile = {
  'another-issuer': { discovery: (d) => ({ ...d, issuer: 'https://evil.example' }), fault: 'discovery' },
  'no-token-endpoint': { discovery: (d) => without(d, 'token_endpoint') },
  'plain-http-endpoint': { discovery: (d) => ({ ...d, token_endpoint: 'http://evil.example/token' }) },
  'file-endpoint': { discovery: (d) => ({ ...d, jwks_uri: 'file:///etc/passwd' }) },
  'no-keys': { jwks: () => [] },
  'foreign-key': { key: () => foreign }, 'unknown-kid': { header: { kid: 'none' } },
  unsigned: { id_token: (c) => `${b64({ alg: 'none' })}.${b64(c)}.` },
  hs256: { id_token: (c) => { const i = `${b64({ alg: 'HS256' })}.${b64(c)}`; return `${i}.${b64(crypto.createHmac('sha256', secret).update(i).digest())}`; } },
  'own-jwk': { key: () => foreign, header: { jwk: foreign.jwk } }, 'broken-signature': { id_token: (c) => sign(c).slice(0, -3) + 'AAA' },
  'no-token-at-all': { token: (t) => without(t, 'id_token') }, 'not-a-token': { token: (t) => ({ ...t, id_token: 'x.y.z' }) },
  'token-type-mac': { token: (t) => ({ ...t, token_type: 'mac' }) },
  'iss-foreign': { claims: (c) => ({ ...c, iss: 'https://evil.example' }) }, 'iss-missing': { claims: (c) => without(c, 'iss') },
  'aud-foreign': { claims: (c) => ({ ...c, aud: 'another' }) }, 'aud-missing': { claims: (c) => without(c, 'aud') },
  'aud-two-no-azp': { claims: (c) => ({ ...c, aud: [c.aud, 'another'] }) }, 'azp-foreign': { claims: (c) => ({ ...c, azp: 'another' }) },
  'sub-missing': { claims: (c) => without(c, 'sub') }, 'sub-empty': { claims: (c) => ({ ...c, sub: '' }) },
  'sub-number': { claims: (c) => ({ ...c, sub: 7 }) }, 'iat-missing': { claims: (c) => without(c, 'iat') },
  'exp-missing': { claims: (c) => without(c, 'exp') }, expired: { claims: (c) => ({ ...c, exp: c.iat - 600, iat: c.iat - 900 }) },
  'from-tomorrow': { claims: (c) => ({ ...c, iat: c.iat + 86400, exp: c.exp + 86400 }) },
  'nonce-foreign': { claims: (c) => ({ ...c, nonce: 'x' }) }, 'nonce-missing': { claims: (c) => without(c, 'nonce') },
  'at-hash-wrong': { claims: (c) => ({ ...c, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) },
  'userinfo-sub': { info: (i) => ({ ...i, sub: 'another' }) }, 'userinfo-no-sub': { info: (i) => without(i, 'sub') },
  'token-refused': { at: { token: (res) => json(res, { error: 'invalid_client' }, 401) } },
  'code-refused': { at: { token: (res) => json(res, { error: 'invalid_grant' }, 400) } },
  'city-error': { answer: (a) => ({ state: a.state, error: 'server_error', error_description: '<script>alert(1)</script>' }) },
  'no-code': { answer: (a) => without(a, 'code') }, 'iss-in-answer-foreign': { answer: (a) => ({ ...a, iss: 'https://evil.example' }) },
  'iss-in-answer-missing': { discovery: (d) => ({ ...d, authorization_response_iss_parameter_supported: true }) },
};
for (const [where, places] of [['discovery', broken], ['jwks', broken], ['token', broken], ['userinfo', broken]])
  for (const [what, run] of Object.entries(places)) hostile[`${where}-${what}`] = { at: { [where]: run } };

// What a city says of a person, read by its map: who comes in, and what the log says of the rest.
const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example/getMemberObjects' } } };
const said = (more, ...gone) => ({ claims: (c) => ({ ...without(c, ...gone), ...more }) });
const spoken = {
  'empty-role': { ...said({ userRole: '', extension_userRole: 'opettaja' }), comes: true },
  'app-roles-and-groups': { ...said({ roles: ['default-access'], groups: ['g-1', 'g-2'] }, 'userRole'), row: 'role_names: ["G-2=teacher"]', comes: true },
  'own-attributes': { ...said({ ammatti: 'OPE', koulu: '99301' }, 'userRole', 'schoolCode'), row: 'role_names: ["ope=teacher"], attributes: [ammatti=role, koulu=school]', comes: true },
  'role-of-the-row': { ...said({}, 'userRole'), row: 'role: teacher', comes: true },
  'no-name': { info: (i) => without(i, 'given_name', 'family_name'), comes: true, nameless: true, event: 'upstream.no_name', value: 'userRole, schoolCode' },
  'groups-cut-off': { ...said(overage, 'userRole'), row: 'role: teacher', event: 'upstream.groups_overage', attribute: '_claim_names.groups' },
  'unknown-role': { ...said({ userRole: ['talonmies'] }), row: 'role: learner', event: 'upstream.role_unknown', attribute: 'userRole', value: 'talonmies' },
  'unknown-school': { ...said({ schoolCode: ['00000'] }), event: 'upstream.school_unknown', attribute: 'schoolCode', value: '00000' },
  'no-role': { ...said({}, 'userRole'), event: 'upstream.no_role', value: 'schoolCode' },
};

const port = await freePort(), odd = await freePort();
const base = `http://odd.localhost:${odd}`;
const modes = { ...legal, ...hostile, ...spoken };
const codes = new Map(), asked = {};
const seen = (mode, what) => { const n = (asked[`${mode} ${what}`] ??= 0); asked[`${mode} ${what}`]++; return n; };
const authenticated = (req, form, m) => {
  const how = m.auth ?? 'client_secret_basic';
  if (how === 'client_secret_basic') return req.headers.authorization === 'Basic ' + Buffer.from(`digione:${secret}`).toString('base64') && !form.get('client_secret');
  if (how === 'client_secret_post') return !req.headers.authorization && form.get('client_id') === 'digione' && form.get('client_secret') === secret;
  return !req.headers.authorization && form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' && proven(form.get('client_assertion'));
};
let ourKeys = [];
const proven = (jwt) => {
  const [h, p, s] = jwt.split('.'), header = JSON.parse(Buffer.from(h, 'base64url')), claims = JSON.parse(Buffer.from(p, 'base64url'));
  const jwk = ourKeys.find((k) => k.kid === header.kid), key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
  return claims.iss === 'digione' && claims.sub === 'digione' && claims.jti && claims.exp <= Date.now() / 1000 + 300 &&
    crypto.verify('sha256', Buffer.from(`${h}.${p}`), header.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, Buffer.from(s, 'base64url'));
};
const server = http.createServer(async (req, res) => {
  const url = new URL(req.url, base), [, mode, ...rest] = url.pathname.split('/'), what = rest.at(-1), m = modes[mode], issuer = `${base}/${mode}`;
  const parts = [];
  for await (const d of req) parts.push(d);
  const form = new URLSearchParams(Buffer.concat(parts).toString()), place = { 'openid-configuration': 'discovery' }[what] ?? what;
  if (!m) return status(404)(res);
  if (m.at?.[place]) return m.at[place](res);
  const send = (body, code = 200) => res.writeHead(code, { 'Content-Type': m.type ?? 'application/json' }).end(JSON.stringify(body));
  if (place === 'discovery') {
    const d = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo`, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256', 'ES256'] };
    return send(m.discovery ? m.discovery(d) : d);
  }
  if (place === 'jwks') return send({ keys: m.jwks ? m.jwks(seen(mode, 'jwks')) : [one.jwk, two.jwk, rsa.jwk] });
  if (place === 'authorize') {
    const code = b64(crypto.randomBytes(16));
    codes.set(code, Object.fromEntries(url.searchParams));
    const answer = { code, state: url.searchParams.get('state') };
    const to = new URL(url.searchParams.get('redirect_uri'));
    for (const [k, v] of Object.entries(m.answer ? m.answer(answer, issuer) : answer)) to.searchParams.set(k, v);
    return res.writeHead(303, { Location: to.href }).end();
  }
  if (place === 'token') {
    const q = codes.get(form.get('code'));
    codes.delete(form.get('code'));
    if (!authenticated(req, form, m)) return send({ error: 'invalid_client' }, 401);
    if (!q || b64(crypto.createHash('sha256').update(form.get('code_verifier') ?? '').digest()) !== q.code_challenge) return send({ error: 'invalid_grant' }, 400);
    const now = Math.floor(Date.now() / 1000), plain = { iss: issuer, sub: 'tiina', aud: 'digione', iat: now, exp: now + 300, auth_time: now, nonce: q.nonce, tid: 'tampere', oid: 'tiina', userRole: ['opettaja'], schoolCode: ['99301'] };
    const claims = m.claims ? m.claims(plain) : plain;
    const t = { access_token: 'at', token_type: 'Bearer', expires_in: 300, id_token: m.id_token ? m.id_token(claims) : sign(claims, m.key?.() ?? one, m.header) };
    return send(m.token ? m.token(t) : t);
  }
  if (place === 'userinfo') {
    const info = { sub: 'tiina', given_name: 'Tiina', family_name: 'Testi' };
    return req.headers.authorization === 'Bearer at' ? send(m.info ? m.info(info) : info) : status(401)(res);
  }
  return status(404)(res);
}).listen(odd, '127.0.0.1');

const g = new Gateway(path.resolve(process.argv[2]), { name: 'cities', port, settings: { fetch_timeout_ms: 1500 } });
const service = new Service(g, { secret: 'a-secret-of-the-test-that-nobody-else-has', scope: 'openid profile edu.role edu.school' });
g.registry = `format: 1
providers:
${city(cities.oulu)}${city(cities.tampere)}idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu }, test: true }
${Object.entries(modes).map(([id, m]) => `  - { id: "${id}", kind: oidc, provider: tampere, name: { fi: "Kaupunki ${id}" }, test: true, map: entra, issuer: "${base}/${id}", client_id: digione, auth_method: ${m.auth ?? 'client_secret_basic'}, scope: "openid profile"${m.auth === 'private_key_jwt' ? '' : `, client_secret: { plain: ${secret} }`}${m.row ? `, ${m.row}` : ''} }\n`).join('')}services:
${service.row({ asks: 'sub, given_name, family_name, roles, school, provider' })}rules:
  - { id: all, provider: tampere, release: [sub, given_name, family_name, roles, school, provider] }
  - { id: oulu, provider: oulu, release: [sub] }
accounts:
  - { id: anna, idp: oulu, username: anna, password: { plain: salasana-anna }, given_names: Anna, family_name: Testi, affiliations: [ { provider: oulu, role: teacher } ] }
`;
await g.start();
ourKeys = JSON.parse((await fetchLocal(port, '/upstream/jwks')).text).keys;

const open = async (idp, agent = new Agent()) => {
  const mine = Object.assign(new Service(g, service), {});
  const res = await agent.get(mine.authorizeUrl({ acr_values: `urn:mpass.id:authnsource:${idp}` }), mine.until());
  return { mine, agent, ...mine.arrived(res) };
};

for (const id of Object.keys(legal))
  await test(`legal: ${id}`, async () => {
    for (let i = 0; i < 2; i++) {
      const { mine, answer, page, agent } = await open(id);
      check(answer?.get('code'), `${page?.status} ${text(page?.text ?? '').slice(0, 300)} ${g.logTail(3)} ${agent.trace.length}`);
      const { info } = await mine.finish(answer);
      check(info.given_name === 'Tiina' && info.edu_roles?.[0]?.role === 'teacher' && info.edu_schools?.[0]?.code === '99301', JSON.stringify(info));
    }
  });

for (const [id, m] of Object.entries(spoken))
  await test(`said: ${id}`, async () => {
    const { mine, answer, page } = await open(id);
    if (m.comes) {
      check(answer?.get('code'), `${page?.status} ${text(page?.text ?? '').slice(0, 300)} ${g.logTail(3)}`);
      const { info } = await mine.finish(answer);
      check(info.edu_roles?.[0]?.role === 'teacher' && info.edu_schools?.[0]?.code === '99301', JSON.stringify(info));
      check(m.nameless || info.given_name === 'Tiina', JSON.stringify(info));
    } else {
      check(page?.status === 403, `${page?.status} ${text(page?.text ?? '').slice(0, 300)}`);
    }
    const told = g.logText().split('\n').filter((l) => l.includes('"upstream.') && l.includes(`"idp":"${id}"`)).map((l) => JSON.parse(l));
    if (!m.event) return check(told.length === 0, `a line about nothing: ${JSON.stringify(told)}`);
    const line = told.find((l) => l.event === m.event);
    check(line && line.mend && (!m.attribute || line.attribute === m.attribute) && (!m.value || line.value.includes(m.value)), JSON.stringify(told));
    check(m.comes || text(page.text).replace(/[^A-Z0-9]/g, '').includes(line.support_code), 'the page has another support code');
  });

// Broken ones, eight at a time: the slow ones must not hold up the rest, nor one another.
const names = Object.keys(hostile);
const outcomes = {};
const local = async () => {
  const { mine, agent, page } = await open('oulu');
  return mine.arrived(await agent.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields, mine.until())).answer?.get('code');
};
let next = 0, others = 0;
await Promise.all([...Array.from({ length: 8 }, async () => {
  while (next < names.length) { const id = names[next++]; outcomes[id] = await open(id).catch((e) => ({ error: e })); }
}), (async () => {
  while (next < names.length) { check(await local(), 'another city was disturbed'); others++; }
})()]).then(() => test('another city goes on meanwhile', async () => check(others > 0, 'nobody came')), (e) => test('another city goes on meanwhile', async () => { throw e; }));

const lines = g.logText().split('\n').filter((l) => l.includes('request.failed')).map((l) => JSON.parse(l));
for (const id of names)
  await test(`refused: ${id}`, async () => {
    const { page, answer, error } = outcomes[id] ?? { error: 'never tried' };
    check(!error, error);
    check(!answer, `the answer went to the service: ${answer}`);
    check(page.status === 502, `${page.status} ${text(page.text).slice(0, 200)}`);
    check(text(page.text).includes(`Kaupunki ${id}`), `the page does not name the city: ${text(page.text).slice(0, 300)}`);
    check(!/<script(?! src="\/static\/)|alert\(1\)/.test(page.text), 'markup of the city');
    const line = lines.find((l) => l.idp === id);
    check(line && line.kind === 'UPSTREAM' && line.code && line.why && text(page.text).replace(/[^A-Z0-9]/g, '').includes(line.support_code), `log: ${JSON.stringify(line)}`);
    if (process.env.VERBOSE) console.log(`   ${line.code}: ${line.why}`);
  });

await test('a wrong one of these pages asks nothing of the city that it should not', async () => {
  for (const id of ['another-issuer', 'no-token-endpoint', 'iss-in-answer-foreign', 'no-code'])
    check(!asked[`${id} token`], `${id}: the token endpoint was asked`);
  check(!g.logText().includes(secret), 'the log holds a secret');
  check((await local()), 'nobody signs in any more');
});
server.close();
server.closeAllConnections();
await finish();
