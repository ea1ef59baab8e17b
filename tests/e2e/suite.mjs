// SPDX-License-Identifier: EUPL-1.2
// What the conformance modules share: a relying party written from the specifications, which checks all that it is told, and
// the judge: passed, warned, failed or skipped, as the public suite would say it.
import crypto from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { Agent, forms } from './agent.mjs';
import { check, until } from './gateway.mjs';

export const b64 = (v) => Buffer.from(typeof v === 'string' || Buffer.isBuffer(v) ? v : JSON.stringify(v)).toString('base64url');
export const sha = (v) => crypto.createHash('sha256').update(v).digest();
export const word = (n = 24) => crypto.randomBytes(n).toString('base64url');
export const now = () => Math.floor(Date.now() / 1000);
// The wall clock shows a later second than that: no fixed pause.
export const after = (second) => until(`the second after ${second}`, () => Date.now() / 1000 >= second + 1, 30000);

// ── the judge ──
const results = [];
export class Skip extends Error {}
export const skip = (why) => { throw new Skip(why); };
let warnings = [];
export const warn = (condition, message) => { if (!condition) warnings.push(message); };
const only = process.env.ONLY && new RegExp(process.env.ONLY);
export async function module_(id, name, run) {
  if (only && !only.test(`${id} ${name}`)) return;
  warnings = [];
  let verdict = 'PASSED', says = '';
  try { await run(); } catch (e) {
    verdict = e instanceof Skip ? 'SKIPPED' : 'FAILED';
    says = e.message;
    if (process.env.TRACE && verdict === 'FAILED') console.log(e.stack);
  }
  if (verdict === 'PASSED' && warnings.length) { verdict = 'WARNING'; says = warnings.join('; '); }
  results.push({ id, name, verdict, says });
  console.log(`${verdict.padEnd(8)} ${id.padEnd(8)} ${name}${says ? `: ${says.replace(/\s+/g, ' ').slice(0, 400)}` : ''}`);
}
export function verdicts() {
  const of = (v) => results.filter((r) => r.verdict === v);
  for (const v of ['FAILED', 'WARNING', 'SKIPPED'])
    if (of(v).length) console.log(`${v}: ${of(v).map((r) => r.id).join(' ')}`);
  console.log(`${of('PASSED').length} passed, ${of('WARNING').length} warned, ${of('FAILED').length} failed, ${of('SKIPPED').length} skipped, of ${results.length} modules`);
  return of('FAILED').length === 0 && results.length > 0;
}

// ── JOSE ──
const kinds = {
  ES256: { make: () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), sign: (d, key) => crypto.sign('sha256', d, { key, dsaEncoding: 'ieee-p1363' }), ok: (d, key, s) => crypto.verify('sha256', d, { key, dsaEncoding: 'ieee-p1363' }, s) },
  RS256: { make: () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), sign: (d, key) => crypto.sign('sha256', d, key), ok: (d, key, s) => crypto.verify('sha256', d, key, s) },
  PS256: { make: () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), sign: (d, key) => crypto.sign('sha256', d, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }), ok: (d, key, s) => crypto.verify('sha256', d, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, s) },
  EdDSA: { make: () => crypto.generateKeyPairSync('ed25519'), sign: (d, key) => crypto.sign(null, d, key), ok: (d, key, s) => crypto.verify(null, d, key, s) },
};
export class Key {
  constructor(alg = 'ES256', kid = word(6)) { Object.assign(this, { alg, kid }, kinds[alg].make()); }
  get jwk() { return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.alg, use: 'sig' }; }
  get thumbprint() { const j = this.publicKey.export({ format: 'jwk' }); return b64(sha(JSON.stringify(j.kty === 'EC' ? { crv: j.crv, kty: j.kty, x: j.x, y: j.y } : { e: j.e, kty: j.kty, n: j.n }))); }
  sign(claims, header = {}) {
    const h = { alg: this.alg, kid: this.kid, ...header };
    for (const k of Object.keys(h)) if (h[k] === undefined) delete h[k];
    for (const k of Object.keys(claims)) if (claims[k] === undefined) delete claims[k];
    const text = `${b64(h)}.${b64(claims)}`;
    return `${text}.${b64(kinds[header.signAs ?? this.alg].sign(Buffer.from(text), this.privateKey))}`;
  }
}
export const unsigned = (claims) => `${b64({ alg: 'none' })}.${b64(claims)}.`;
export const parts = (jwt) => jwt.split('.').slice(0, 2).map((p) => JSON.parse(Buffer.from(p, 'base64url')));

// ── the provider, as a party of the tests sees it ──
export class Provider {
  constructor(g, { ca } = {}) { Object.assign(this, { g, url: g.url, ca }); }
  call(method, address, { form, json, body, headers = {} } = {}) {
    const url = new URL(address, this.url), secure = url.protocol === 'https:';
    const data = form ? new URLSearchParams(form).toString() : json !== undefined ? JSON.stringify(json) : body;
    return new Promise((resolve, reject) => {
      const req = (secure ? https : http).request({ host: '127.0.0.1', port: url.port, method, path: url.pathname + url.search, agent: false, ca: this.ca, servername: url.hostname,
        headers: { Host: url.host, ...(data === undefined ? {} : { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json', 'Content-Length': Buffer.byteLength(data) }), ...headers } }, (res) => {
        let text = '';
        res.on('data', (d) => { text += d; }).on('error', reject).on('end', () => {
          let j; try { j = JSON.parse(text); } catch { /* no JSON */ }
          resolve({ status: res.statusCode, headers: res.headers, text, json: j });
        });
      });
      req.on('error', reject).setTimeout(15000, () => req.destroy(new Error(`no answer in 15 s: ${method} ${address}`)));
      req.end(data);
    });
  }
  agent() { return new Agent({ ca: this.ca }); }
  async discover() {
    const r = await this.call('GET', '/.well-known/openid-configuration');
    check(r.status === 200 && r.json, `discovery: ${r.status}`);
    return (this.doc = r.json);
  }
  has(member, value) { return (this.doc[member] ?? []).includes(value); }
  async keys() { return (await this.call('GET', this.doc.jwks_uri)).json.keys; }
  async verify(jwt) {
    const [header, claims] = parts(jwt), [h, p, s] = jwt.split('.');
    check(header.alg !== 'none' && kinds[header.alg], `signed by ${header.alg}`);
    const jwk = (await this.keys()).find((k) => k.kid === header.kid);
    check(jwk, `kid ${header.kid} is not in the JWKS`);
    check(kinds[header.alg].ok(Buffer.from(`${h}.${p}`), crypto.createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(s, 'base64url')), 'the signature is wrong');
    return { header, claims };
  }
}

// ── a relying party ──
export class Party {
  // meta: what it registers; keys: its own.  mode: response_mode of all its requests.
  constructor(provider, { token, meta = {}, key, site, mode, dpop, scope = 'openid' } = {}) { Object.assign(this, { provider, token, meta, key, site, mode, scope }); if (dpop) this.dpop = new Key('ES256'); }

  async register(more = {}) {
    this.redirect = more.redirect_uris?.[0] ?? this.site.at(`/cb-${word(4)}`);
    const body = { redirect_uris: [this.redirect], client_name: 'Conformance', ...(this.key && !more.jwks_uri ? { jwks: { keys: [this.key.jwk] }, token_endpoint_auth_method: 'private_key_jwt' } : {}), ...this.meta, ...more };
    const r = await this.provider.call('POST', this.provider.doc.registration_endpoint ?? '/oidc/register', { json: body, headers: { Authorization: `Bearer ${this.token}` } });
    if (r.status !== 201) throw Object.assign(new Error(`registration: ${r.status} ${r.text}`), { response: r });
    this.client = r.json;
    this.id = r.json.client_id;
    this.secret = r.json.client_secret;
    this.method = r.json.token_endpoint_auth_method;
    return this;
  }

  params(extra = {}) {
    this.state = word(12); this.nonce = word(12); this.verifier = word(32);
    const q = { client_id: this.id, redirect_uri: this.redirect, response_type: 'code', scope: this.scope, state: this.state, nonce: this.nonce,
      ...(this.pkce ?? this.client?.token_endpoint_auth_method === 'none' ? { code_challenge: b64(sha(this.verifier)), code_challenge_method: 'S256' } : {}), ...(this.mode ? { response_mode: this.mode } : {}), ...extra };
    for (const k of Object.keys(q)) if (q[k] === undefined) delete q[k];
    this.sent = q;
    return q;
  }
  url(q) { return `${this.provider.doc.authorization_endpoint}?${new URLSearchParams(q)}`; }

  // Goes as far as the answer, signing in where that is asked; stays: gives the first page instead of filling it in.
  async visit(q, { agent = this.provider.agent(), as = 'anna', stays = false, method = 'GET', cancel = false } = {}) {
    const here = { until: (next) => next.startsWith(this.redirect.split('?')[0]) };
    let res = await agent.go(method, method === 'GET' ? this.url(q) : this.provider.doc.authorization_endpoint, { ...(method === 'POST' ? { form: q } : {}), ...here }), asked = false;
    for (let i = 0; i < 8; i++) {
      if (res.next) return { agent, asked, answer: new URL(res.next).searchParams, raw: res.next };
      const all = forms(res.text), posts = all.find((f) => f.action?.startsWith(this.redirect.split('?')[0]));
      if (posts) return { agent, asked, answer: new URLSearchParams(posts.fields), posted: true, page: res };
      if (stays) return { agent, asked, page: res };
      if (cancel && asked) {
        const link = /href="([^"]*\/sign-in\/cancel[^"]*)"/.exec(res.text);
        check(link, 'the page has no way to cancel');
        res = await agent.get(new URL(link[1].replaceAll('&amp;', '&'), res.url).toString(), here);
        continue;
      }
      const idp = all.find((f) => f.buttons.some((b) => b.value === 'oulu')), password = all.find((f) => 'password' in f.fields);
      const consent = all.find((f) => (f.method ?? '').toLowerCase() === 'post' && /consent|information|allow/i.test(f.action ?? ''));
      asked = asked || Boolean(idp || password);
      if (idp) res = await agent.submit(res, { idp: 'oulu' }, (f) => f.action === idp.action && f.buttons.some((b) => b.value === 'oulu'), here);
      else if (password) res = await agent.submit(res, { username: as, password: `salasana-${as}` }, (f) => 'password' in f.fields, here);
      else if (consent) res = await agent.submit(res, Object.fromEntries(consent.buttons.slice(0, 1).filter((b) => b.name).map((b) => [b.name, b.value])), (f) => f.action === consent.action, here);
      else return { agent, asked, page: res };
    }
    throw new Error(`no answer after eight pages: ${res.url}`);
  }

  // The answer of a request that must succeed, checked.
  async login(extra = {}, how = {}) {
    const seen = await this.visit(this.params(extra), how);
    check(seen.answer, `no answer: ${seen.page?.status} ${seen.page?.url}`);
    seen.answer = await this.opened(seen.answer);
    check(!seen.answer.get('error'), `error: ${seen.answer.get('error')} ${seen.answer.get('error_description')}`);
    check((seen.answer.get('state') ?? undefined) === this.sent.state, 'state came back changed');
    check(seen.answer.get('iss') === this.provider.url, `iss ${seen.answer.get('iss')}`);
    check(seen.answer.get('code'), 'no code');
    return seen;
  }
  // JARM: what is in the signed response [JARM 2.4].
  async opened(answer) {
    if (!answer.get('response')) return answer;
    const { claims } = await this.provider.verify(answer.get('response'));
    check(claims.iss === this.provider.url && claims.aud === this.id && claims.exp > now(), 'iss, aud or exp of the response');
    return new URLSearchParams(Object.entries(claims).filter(([, v]) => typeof v === 'string'));
  }

  assertion(more = {}, key = this.key, header = {}) { return key.sign({ iss: this.id, sub: this.id, aud: this.provider.url, jti: word(12), iat: now(), exp: now() + 60, ...more }, header); }
  proves(form = {}, assertion) {
    if (this.method === 'private_key_jwt') return { form: { ...form, client_id: this.id, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion ?? this.assertion() }, headers: {} };
    if (this.method === 'client_secret_post') return { form: { ...form, client_id: this.id, client_secret: this.secret }, headers: {} };
    if (this.method === 'none') return { form: { ...form, client_id: this.id }, headers: {} };
    return { form, headers: { Authorization: 'Basic ' + Buffer.from(`${encodeURIComponent(this.id)}:${encodeURIComponent(this.secret)}`).toString('base64') } };
  }
  // A request to an endpoint of the provider; with a proof of its key where it has one, again with the nonce it is told.
  async ask(endpoint, form, { assertion, proof, headers = {}, anonymous, key = this.dpop } = {}) {
    const url = endpoint.startsWith('http') ? endpoint : this.provider.doc[endpoint];
    check(url, `${endpoint} is not announced`);
    const send = (dpopNonce) => {
      const p = anonymous ? { form, headers: {} } : this.proves(form, typeof assertion === 'function' ? assertion() : assertion);
      const jwt = proof === undefined ? key && this.proof('POST', url, { nonce: dpopNonce }, key) : typeof proof === 'function' ? proof(dpopNonce) : proof;
      return this.provider.call('POST', url, { form: p.form, headers: { ...p.headers, ...(jwt ? { DPoP: jwt } : {}), ...headers } });
    };
    let r = await send(this.dpopNonce);
    if (r.json?.error === 'use_dpop_nonce' && r.headers['dpop-nonce']) { this.dpopNonce = r.headers['dpop-nonce']; r = await send(this.dpopNonce); }
    return r;
  }
  proof(htm, htu, more = {}, key = this.dpop, header = {}) {
    const { kid, alg, use, ...jwk } = key.jwk;
    return key.sign({ htm, htu, jti: word(12), iat: now(), ...more }, { typ: 'dpop+jwt', jwk, kid: undefined, ...header });
  }
  redeem(code, extra = {}, how) {
    const form = { grant_type: 'authorization_code', code, redirect_uri: this.redirect, ...(this.sent.code_challenge || this.par ? { code_verifier: this.verifier } : {}), ...extra };
    for (const k of Object.keys(form)) if (form[k] === undefined) delete form[k];
    return this.ask('token_endpoint', form, how);
  }
  async tokens(code, extra, how) {
    const r = await this.redeem(code, extra, how);
    check(r.status === 200, `token endpoint: ${r.status} ${r.text}`);
    check(/no-store/.test(r.headers['cache-control']), 'the token answer may be cached');
    check(r.json.access_token && r.json.expires_in > 0 && r.json.token_type.toLowerCase() === (this.dpop ? 'dpop' : 'bearer'), `token answer: ${r.json.token_type}`);
    const token = r.json;
    if (token.id_token) token.claims = await this.idToken(token);
    return token;
  }
  async idToken(token) {
    const { header, claims } = await this.provider.verify(token.id_token);
    check(header.alg === (this.client.id_token_signed_response_alg ?? 'RS256'), `the ID token is signed by ${header.alg}`);
    check(claims.iss === this.provider.url, `iss ${claims.iss}`);
    check([].concat(claims.aud).includes(this.id), `aud ${claims.aud}`);
    check(claims.exp > now() - 1 && claims.iat <= now() + 5 && claims.iat > now() - 300, 'exp or iat');
    check(typeof claims.sub === 'string' && claims.sub.length > 0 && claims.sub.length <= 255, 'sub');
    check(claims.nonce === this.sent.nonce, `nonce ${claims.nonce}`);
    if (claims.at_hash) check(claims.at_hash === b64(crypto.createHash(header.alg === 'EdDSA' ? 'sha512' : 'sha256').update(token.access_token).digest().subarray(0, header.alg === 'EdDSA' ? 32 : 16)), 'at_hash');
    return claims;
  }
  info(token, { method = 'GET', how = 'header', scheme } = {}) {
    const url = this.provider.doc.userinfo_endpoint, kind = scheme ?? (this.dpop ? 'DPoP' : 'Bearer');
    const headers = how === 'body' ? {} : { Authorization: `${kind} ${token}`, ...(this.dpop ? { DPoP: this.proof(method, url, { ath: b64(sha(token)), nonce: this.infoNonce }) } : {}) };
    return this.provider.call(method, url, { headers, ...(method === 'POST' ? { form: how === 'body' ? { access_token: token } : {} } : {}) });
  }
  async claims(token, how) {
    let r = await this.info(token.access_token, how);
    if (r.status === 401 && r.headers['dpop-nonce']) { this.infoNonce = r.headers['dpop-nonce']; r = await this.info(token.access_token, how); }
    check(r.status === 200, `userinfo: ${r.status} ${r.text}`);
    check(/^application\/json/.test(r.headers['content-type']), `userinfo: ${r.headers['content-type']}`);
    check(r.json.sub === token.claims.sub, 'userinfo has another sub');
    return r.json;
  }
  async flow(extra, how) {
    const seen = await this.login(extra, how), token = await this.tokens(seen.answer.get('code'));
    check(token.claims, 'no ID token');
    return { ...seen, token };
  }

  // Pushed [RFC 9126].
  push(q, how) { return this.ask('pushed_authorization_request_endpoint', q, how); }
  async pushed(extra = {}, how = {}) {
    const q = this.params(extra), r = await this.push(how.wrap ? how.wrap(q) : q, how);
    check(r.status === 201, `PAR: ${r.status} ${r.text}`);
    check(/^urn:ietf:params:oauth:request_uri:/.test(r.json.request_uri) && r.json.expires_in > 0, r.text);
    return { client_id: this.id, request_uri: r.json.request_uri };
  }
}

// ── what is judged again and again ──
export const stays = (seen, what) => check(!seen.answer && seen.page && seen.page.status >= 400, `${what}: ${seen.raw ?? seen.page?.status}`);
export const errs = (seen, errors, what) => check(seen.answer && [].concat(errors).includes(seen.answer.get('error')) && !seen.answer.get('code'), `${what}: ${seen.raw ?? `${seen.page?.status} ${seen.page?.url}`}`);
export const refused = (r, errors, what) => check(r.status >= 400 && r.status < 500 && [].concat(errors).includes(r.json?.error), `${what}: ${r.status} ${r.text.slice(0, 200)}`);
