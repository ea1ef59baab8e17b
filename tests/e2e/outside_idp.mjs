// SPDX-License-Identifier: EUPL-1.2
// A small OpenID Provider with as many issuers as are asked for, which signs in whoever the test says: for people of
// vendors who have accounts elsewhere.   new OutsideIdp().listen(); idp.who = { sub, given_name, family_name, email }
import crypto from 'node:crypto';
import http from 'node:http';
import { freePort } from './gateway.mjs';

const b64 = (o) => Buffer.from(typeof o === 'string' || Buffer.isBuffer(o) ? o : JSON.stringify(o)).toString('base64url');

export class OutsideIdp {
  constructor() {
    this.secret = 'a-secret-of-the-provider-that-is-long-enough';
    this.who = { sub: 'nobody' };
    this.asked = []; // parameters of authorization requests
    this.left = []; // of requests to end a session
    this.codes = new Map();
    const k = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = k.privateKey;
    this.jwk = { ...k.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
  }

  async listen() {
    this.port = await freePort();
    this.base = `http://outside.localhost:${this.port}`;
    this.server = http.createServer((req, res) => this.answer(req, res)).listen(this.port, '127.0.0.1');
    return this;
  }

  issuer(name) { return `${this.base}/${name}`; }

  row(id, name, more) {
    return `  - { id: ${id}, kind: oidc, ${more}, test: true, name: { fi: ${name} }, map: entra, issuer: "${this.issuer(id)}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile email", client_secret: { plain: ${this.secret} } }\n`;
  }

  sign(claims) {
    const input = `${b64({ alg: 'ES256', kid: 'one' })}.${b64(claims)}`;
    return `${input}.${b64(crypto.sign('sha256', Buffer.from(input), { key: this.key, dsaEncoding: 'ieee-p1363' }))}`;
  }

  async answer(req, res) {
    const url = new URL(req.url, this.base), [, name] = url.pathname.split('/'), issuer = this.issuer(name), parts = [];
    for await (const d of req) parts.push(d);
    const form = new URLSearchParams(Buffer.concat(parts).toString()), what = url.pathname.split('/').at(-1);
    const send = (body, code = 200) => res.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (what === 'openid-configuration')
      return send({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, end_session_endpoint: `${issuer}/end`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'] });
    if (what === 'jwks') return send({ keys: [this.jwk] });
    if (what === 'authorize') {
      const code = b64(crypto.randomBytes(16)), q = Object.fromEntries(url.searchParams);
      this.asked.push({ issuer, ...q });
      this.codes.set(code, { ...q, issuer, who: { ...this.who } });
      const to = new URL(q.redirect_uri);
      for (const [k, v] of Object.entries({ code, state: q.state })) to.searchParams.set(k, v);
      return res.writeHead(303, { Location: to.href }).end();
    }
    if (what === 'token') {
      const q = this.codes.get(form.get('code')), now = Math.floor(Date.now() / 1000);
      this.codes.delete(form.get('code'));
      if (!q || q.issuer !== issuer) return send({ error: 'invalid_grant' }, 400);
      const { sub, ...rest } = q.who;
      return send({ access_token: 'at', token_type: 'Bearer', expires_in: 300, id_token: this.sign({ iss: issuer, sub, tid: 'kone', oid: sub, aud: 'digione', iat: now, exp: now + 300, auth_time: now, nonce: q.nonce, ...rest }) });
    }
    if (what === 'end') {
      this.left.push({ issuer, ...Object.fromEntries(url.searchParams) });
      const back = url.searchParams.get('post_logout_redirect_uri');
      const to = back ? new URL(back) : null;
      if (to && url.searchParams.get('state')) to.searchParams.set('state', url.searchParams.get('state'));
      return to ? res.writeHead(303, { Location: to.href }).end() : res.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>pois</h1>');
    }
    return res.writeHead(404).end();
  }

  close() { return new Promise((done) => { this.server.close(done); this.server.closeAllConnections(); }); }
}
