// SPDX-License-Identifier: EUPL-1.2
// A client of OpenID Connect by hand, on a port of its own, that checks everything; but for the checks whose names stand in
// `faults`, which it leaves out as real ones have.
import crypto from 'node:crypto';
import http from 'node:http';
import * as oidc from 'openid-client';

const b64 = (x) => Buffer.from(x).toString('base64url'), json = (x) => JSON.parse(Buffer.from(x, 'base64url'));
const random = () => b64(crypto.randomBytes(24));

export class Client {
  constructor({ issuer, faults = [], quiet = false }) {
    Object.assign(this, { issuer, faults: new Set(faults), quiet, attempts: new Map(), sessions: new Map(), heard: [], seen: [] });
  }

  async listen() {
    this.server = http.createServer((req, res) => this.serve(req, res).catch((e) => this.say(res, 400, `error: ${e.message}`)));
    await new Promise((r) => this.server.listen(0, '127.0.0.1', r));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() { this.server.closeAllConnections(); this.server.close(); }
  has(fault) { return this.faults.has(fault); }
  say(res, status, text, headers = {}) { res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(`<!doctype html><title>Client</title><p id="said">${text}</p>`); }

  async keys(anew) {
    if (!this.jwks || (anew && !this.has('rolled_key'))) this.jwks = (await (await fetch(`${this.issuer}/oidc/jwks`)).json()).keys;
    return this.jwks;
  }

  async serve(req, res) {
    const url = new URL(req.url, this.base), cookie = /c=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
    if (url.pathname === '/login') return this.begin(res);
    if (url.pathname === '/leave') return this.leave(req, res);
    if (url.pathname !== '/cb') return this.say(res, 200, this.sessions.has(cookie) ? 'signed in' : 'nobody is here');
    const attempt = this.attempts.get(cookie);
    if (!attempt) throw new Error('no attempt is under way');
    this.attempts.delete(cookie);
    const sub = await this.finish(url.searchParams, attempt), key = random();
    this.sessions.set(key, sub);
    return this.say(res, 200, `signed in: ${sub.sub}`, { 'set-cookie': `c=${key}; Path=/; HttpOnly; SameSite=Lax` });
  }

  begin(res) {
    const key = random(), a = { state: random(), nonce: random(), verifier: random() + random() };
    this.attempts.set(key, a);
    const q = new URLSearchParams({ client_id: this.id, redirect_uri: `${this.base}/cb`, response_type: 'code', scope: 'openid profile', state: a.state, nonce: a.nonce });
    if (!this.has('other_code')) { q.set('code_challenge', b64(crypto.createHash('sha256').update(a.verifier).digest())); q.set('code_challenge_method', 'S256'); }
    res.writeHead(302, { location: `${this.issuer}/oidc/authorize?${q}`, 'set-cookie': `c=${key}; Path=/; HttpOnly; SameSite=Lax` }).end();
  }

  async finish(q, a) {
    this.seen.push(Object.fromEntries(q));
    if (q.get('error')) throw new Error(q.get('error'));
    if (q.get('state') === null ? !this.has('no_state') : q.get('state') !== a.state && !this.has('state')) throw new Error('state');
    if (q.get('iss') !== this.issuer && !this.has('mix_up')) throw new Error('iss of the answer');
    const r = await fetch(`${this.issuer}/oidc/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${this.id}:${this.secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: q.get('code'), redirect_uri: `${this.base}/cb`, ...(this.has('other_code') ? {} : { code_verifier: a.verifier }) }) });
    this.told = await r.json();
    if (!r.ok) throw new Error(`token endpoint: ${this.told.error}`);
    const claims = await this.verify(this.told.id_token);
    if (claims.nonce !== a.nonce && !this.has('nonce') && !this.has('other_code')) throw new Error('nonce');
    if (this.quiet) return claims;
    const info = await fetch(`${this.issuer}/oidc/userinfo`, { headers: { authorization: `Bearer ${this.told.access_token}` } });
    const said = await info.json();
    if (!info.ok || said.sub !== claims.sub) throw new Error('userinfo');
    return claims;
  }

  async signed(token) {
    const [head, payload, signature] = token.split('.'), { alg, kid } = json(head);
    if (alg === 'none' && this.has('alg_none')) return json(payload);
    if (!signature && this.has('unsigned')) return json(payload);
    const find = async (anew) => (await this.keys(anew)).find((k) => k.kid === kid);
    const jwk = await find(false) ?? await find(true);
    if (!jwk) throw new Error('kid');
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' }), text = Buffer.from(`${head}.${payload}`);
    if (alg === 'HS256' && this.has('hs256')) {
      if (b64(crypto.createHmac('sha256', key.export({ type: 'spki', format: 'pem' })).update(text).digest()) !== signature) throw new Error('hmac');
      return json(payload);
    }
    if (alg !== 'RS256') throw new Error('alg');
    if (!crypto.verify('sha256', text, key, Buffer.from(signature, 'base64url')) && !this.has('other_key')) throw new Error('signature');
    return json(payload);
  }

  async verify(token) {
    const c = await this.signed(token), now = Date.now() / 1000;
    if (c.iss !== this.issuer && !this.has('issuer')) throw new Error('iss');
    if (c.aud !== this.id && !this.has('audience')) throw new Error('aud');
    if (c.exp < now - 60 && !this.has('expired')) throw new Error('exp');
    if ((c.iat > now + 60 || c.nbf > now + 60) && !this.has('future')) throw new Error('iat');
    return c;
  }

  async leave(req, res) {
    const parts = [];
    for await (const part of req) parts.push(part);
    const token = new URLSearchParams(Buffer.concat(parts).toString()).get('logout_token');
    this.heard.push(token);
    const c = this.has('logout_key') ? json(token.split('.')[1]) : await this.signed(token);
    if (c.exp < Date.now() / 1000 - 60 && !this.has('logout_old')) throw new Error('exp');
    if (this.has('logout_right')) throw new Error('unwilling');
    for (const [key, s] of this.sessions) if (s.sid === c.sid) this.sessions.delete(key);
    res.writeHead(200).end();
  }
}

// The same, by a library of many: it redeems, verifies, and asks userinfo.  signatures: it is told to verify those of tokens that
// came from the token endpoint, which it believes by TLS alone otherwise [OpenID Connect Core 3.1.3.7].
export class LibraryClient extends Client {
  async finish(q, a) {
    const how = [oidc.allowInsecureRequests, ...(this.signatures ? [oidc.enableNonRepudiationChecks] : [])];
    const config = await oidc.discovery(new URL(this.issuer), this.id, {}, oidc.ClientSecretBasic(this.secret), { execute: how });
    const tokens = await oidc.authorizationCodeGrant(config, new URL(`${this.base}/cb?${q}`), { pkceCodeVerifier: a.verifier, expectedState: a.state, expectedNonce: a.nonce, idTokenExpected: true });
    const claims = tokens.claims();
    await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    return claims;
  }
}
