// SPDX-License-Identifier: EUPL-1.2
// A tool of LTI 1.3 by hand, on a port of its own, that checks everything; but for the checks whose names stand in `faults`, which
// it leaves out as real ones have.  And the same with npm jose.
import crypto from 'node:crypto';
import * as jose from 'jose';
import { Client } from './gate_client.mjs';

const CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/', random = () => crypto.randomBytes(24).toString('base64url');
const escape = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));

export class LtiTool extends Client {
  async serve(req, res) {
    const url = new URL(req.url, this.base);
    if (url.pathname === '/login') return this.lead(url.searchParams, res);
    if (url.pathname !== '/launch') return this.say(res, 404, 'nothing');
    const parts = [];
    for await (const part of req) parts.push(part);
    const form = new URLSearchParams(Buffer.concat(parts).toString()), attempt = this.attempts.get(form.get('state'));
    this.attempts.delete(form.get('state'));
    if (!attempt) throw new Error('state');
    this.last = form.get('id_token');
    const c = await this.launched(form.get('id_token'), attempt);
    return this.say(res, 200, `signed in: ${escape(c.sub)} ${escape(c.family_name)}`);
  }

  lead(q, res) {
    const state = random(), nonce = random();
    if (q.get('iss') !== this.issuer || q.get('client_id') !== this.id) throw new Error('unknown platform');
    this.attempts.set(state, { nonce });
    const to = new URLSearchParams({ scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: this.id, redirect_uri: `${this.base}/launch`, login_hint: q.get('login_hint'), lti_message_hint: q.get('lti_message_hint'), state, nonce });
    res.writeHead(302, { location: `${this.issuer}/lti/authorize?${to}` }).end();
  }

  fits(c, a) {
    if (c.nonce !== a.nonce && !this.has('nonce')) throw new Error('nonce');
    if (c[`${CLAIM}deployment_id`] !== this.deployment && !this.has('deployment')) throw new Error('deployment_id');
    if (c[`${CLAIM}version`] !== '1.3.0' || c[`${CLAIM}message_type`] !== 'LtiResourceLinkRequest') throw new Error('message');
    return c;
  }

  async launched(token, attempt) { return this.fits(await this.verify(token), attempt); }
}

// By the library that most tools of their own are written with, as its documentation shows.
export class JoseTool extends LtiTool {
  async launched(token, attempt) {
    this.set ??= jose.createRemoteJWKSet(new URL(`${this.issuer}/oidc/jwks`), { cooldownDuration: 0 });
    const { payload } = await jose.jwtVerify(token, this.set, { issuer: this.issuer, audience: this.id, algorithms: ['RS256'], clockTolerance: 60, maxTokenAge: 600, requiredClaims: ['exp', 'iat', 'nonce'] });
    return this.fits(payload, attempt);
  }
}
