// SPDX-License-Identifier: EUPL-1.2
// A service of the tests: an OpenID Connect client written from the specification alone, which checks all that it is told.
import crypto from 'node:crypto';
import { check, fetchLocal } from './gateway.mjs';

const b64 = (b) => Buffer.from(b).toString('base64url');
const sha = (s) => crypto.createHash('sha256').update(s).digest();

export class Service {
  constructor(gateway, { id = 'kanerva', secret, redirect = `http://${id}.localhost/cb`, alg = 'ES256', scope = 'openid profile' }) {
    Object.assign(this, { gateway, id, secret, redirect, alg, scope });
  }

  // YAML of the service's row.
  row({ profile = 'native', asks = 'sub, given_name, family_name, roles, school, provider', extra = '' } = {}) {
    return `  - id: ${this.id}
    protocol: oidc
    vendor: ${this.id}-oy
    category: learning
    name: { fi: Kanerva Oppikirjat, sv: Kanerva Läroböcker, en: Kanerva Textbooks }
    line: { fi: Digikirjat ja tehtävät }
    test: true
    client_id: ${this.id}
    secret: { plain: ${this.secret} }
    auth_method: client_secret_basic
    redirect_uris: ["${this.redirect}"]
    post_logout_redirect_uris: ["${this.redirect}/out"]
    id_token_alg: ${this.alg}
    profile: ${profile}
    scopes: [${this.scope.split(' ').join(', ')}]
    asks: [${asks}]
${extra}`;
  }

  authorizeUrl(extra = {}) {
    this.verifier = b64(crypto.randomBytes(32));
    this.state = b64(crypto.randomBytes(12));
    this.nonce = b64(crypto.randomBytes(12));
    const q = { client_id: this.id, redirect_uri: this.redirect, response_type: 'code', scope: this.scope, state: this.state, nonce: this.nonce,
      code_challenge: b64(sha(this.verifier)), code_challenge_method: 'S256', ...extra };
    for (const k of Object.keys(q)) if (q[k] === undefined) delete q[k];
    return `${this.gateway.url}/oidc/authorize?${new URLSearchParams(q)}`;
  }

  // Goes as far as the first page, or as the answer at the redirect URI: { page } or { answer: URLSearchParams }.
  async begin(agent, extra) { return this.arrived(await agent.get(this.authorizeUrl(extra), this.until())); }
  until() { return { until: (next) => next.startsWith(this.redirect) }; }
  arrived(res) { return res.next ? { answer: new URL(res.next).searchParams } : { page: res }; }

  post(path, form, headers = {}) {
    return fetchLocal(this.gateway.port, path, { host: this.gateway.host, method: 'POST', body: new URLSearchParams(form).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } });
  }

  basic() { return { Authorization: 'Basic ' + Buffer.from(`${encodeURIComponent(this.id)}:${encodeURIComponent(this.secret)}`).toString('base64') }; }

  redeem(code, extra = {}, headers = this.basic()) {
    return this.post('/oidc/token', { grant_type: 'authorization_code', code, redirect_uri: this.redirect, code_verifier: this.verifier, ...extra }, headers);
  }

  async verify(idToken) {
    const [h, p, s] = idToken.split('.');
    const header = JSON.parse(Buffer.from(h, 'base64url'));
    check(header.alg === this.alg, `ID token is signed with ${header.alg}`);
    const jwks = JSON.parse((await fetchLocal(this.gateway.port, '/oidc/jwks', { host: this.gateway.host })).text);
    const jwk = jwks.keys.find((k) => k.kid === header.kid);
    check(jwk, `kid ${header.kid} is not published`);
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
    const ok = crypto.verify('sha256', Buffer.from(`${h}.${p}`), this.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, Buffer.from(s, 'base64url'));
    check(ok, 'the signature of the ID token is wrong');
    const claims = JSON.parse(Buffer.from(p, 'base64url'));
    const now = Date.now() / 1000;
    check(claims.iss === this.gateway.url, `iss ${claims.iss}`);
    check(claims.aud === this.id, `aud ${claims.aud}`);
    check(claims.exp > now && claims.iat <= now + 1, 'exp or iat');
    check(claims.nonce === this.nonce, 'nonce');
    return claims;
  }

  // From the answer at the redirect URI to what the service knows.
  async finish(answer) {
    check(!answer.get('error'), `the answer is an error: ${answer}`);
    check(answer.get('state') === this.state, 'state came back changed');
    check(answer.get('iss') === this.gateway.url, `iss of the answer: ${answer.get('iss')}`);
    const res = await this.redeem(answer.get('code'));
    check(res.status === 200, `token endpoint: ${res.status} ${res.text}`);
    const tokens = JSON.parse(res.text);
    const claims = await this.verify(tokens.id_token);
    check(claims.at_hash === b64(sha(tokens.access_token).subarray(0, 16)), 'at_hash');
    const told = await this.userinfo(tokens.access_token);
    check(told.status === 200, `userinfo: ${told.status} ${told.text}`);
    const info = JSON.parse(told.text);
    check(info.sub === claims.sub, 'userinfo has another sub');
    return { tokens, claims, info };
  }

  userinfo(token) { return fetchLocal(this.gateway.port, '/oidc/userinfo', { host: this.gateway.host, headers: { Authorization: `Bearer ${token}` } }); }
}
