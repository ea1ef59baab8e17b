// SPDX-License-Identifier: EUPL-1.2
// A city's OpenID Provider with nothing to do but sign: whoever comes is a teacher, and is somebody new.
import crypto from 'node:crypto';
import http from 'node:http';

const secret = 'a-secret-of-the-bench-between-gateway-and-city';
const b64 = (b) => Buffer.from(b).toString('base64url');
const json = (value) => Buffer.from(JSON.stringify(value));

export class OidcCity {
  constructor(id, port) {
    Object.assign(this, { id, port, issuer: `http://${id}.localhost:${port}`, begun: new Map() });
    const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = privateKey;
    this.documents = {
      '/.well-known/openid-configuration': json({ issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`,
        token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/jwks`, id_token_signing_alg_values_supported: ['ES256'],
        response_types_supported: ['code'], subject_types_supported: ['public'], code_challenge_methods_supported: ['S256'] }),
      '/jwks': json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'city', alg: 'ES256', use: 'sig' }] }),
    };
  }

  row(provider) {
    return `  - { id: ${this.id}, kind: oidc, provider: ${provider}, name: { fi: "Kaupunki ${this.id}" }, map: native, test: true, issuer: "${this.issuer}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }\n`;
  }

  start() {
    this.server = http.createServer((req, res) => {
      const parts = [];
      req.on('data', (d) => parts.push(d)).on('end', () => {
        const body = this.documents[req.url] ?? this.token(new URLSearchParams(Buffer.concat(parts).toString()));
        res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
      });
    });
    return new Promise((resolve) => { this.server.listen(this.port, '127.0.0.1', resolve); });
  }

  stop() { this.server.closeAllConnections(); this.server.close(); }

  // The person has been sent here, and agrees: the address to go back to.
  agree(address) {
    const asked = new URL(address).searchParams, code = b64(crypto.randomBytes(16));
    this.begun.set(code, asked.get('nonce'));
    return `${asked.get('redirect_uri')}?${new URLSearchParams({ code, state: asked.get('state') })}`;
  }

  token(form) {
    const nonce = this.begun.get(form.get('code')), now = Math.floor(Date.now() / 1000);
    this.begun.delete(form.get('code'));
    const claims = { iss: this.issuer, aud: 'digione', sub: 'bench-' + crypto.randomBytes(4).toString('hex'), nonce, iat: now, exp: now + 300, auth_time: now,
      given_name: 'Anna', family_name: 'Testi-Åberg', edu_roles: [{ role: 'teacher', code: 2, school_oid: '1.2.246.562.99.95640200010', provider_oid: '1.2.246.562.99.95640100004' }] };
    const text = `${b64(JSON.stringify({ alg: 'ES256', kid: 'city' }))}.${b64(JSON.stringify(claims))}`;
    const signature = crypto.sign('sha256', Buffer.from(text), { key: this.key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    return json({ access_token: b64(crypto.randomBytes(16)), token_type: 'Bearer', expires_in: 300, id_token: `${text}.${signature}` });
  }
}
