// SPDX-License-Identifier: EUPL-1.2
// What real libraries of OpenID Connect do at the gate, as their own documentation writes a client [issue 14 §6]: npm oauth4webapi and
// Python's Authlib.  (openid-client: vendor_gate.mjs; node-saml: vendor_gate_saml.mjs; jose and ltijs: vendor_gate_lti.mjs.)
//   node vendor_gate_libraries.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import path from 'node:path';
import readline from 'node:readline';
import { spawn, spawnSync } from 'node:child_process';
import * as oauth from 'oauth4webapi';
import { check, finish, root, test } from '../e2e/gateway.mjs';
import { GateBench } from './gate_bench.mjs';
import { Client } from './gate_client.mjs';

const b = await GateBench.open(path.resolve(process.argv[2]), 'vendor-gate-libraries'), { g } = b;
const trials = ['good', 'state', 'no_state', 'mix_up', 'other_code', 'issuer', 'audience', 'nonce', 'expired', 'future', 'unsigned', 'alg_none', 'other_key', 'hs256', 'rolled_key'];

class Oauth4webapi extends Client {
  async finish(q, a) {
    const how = { [oauth.allowInsecureRequests]: true }, issuer = new URL(this.issuer), client = { client_id: this.id };
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, how));
    const params = oauth.validateAuthResponse(as, client, q, a.state);
    const answer = await oauth.authorizationCodeGrantRequest(as, client, oauth.ClientSecretBasic(this.secret), params, `${this.base}/cb`, a.verifier, how);
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: a.nonce, requireIdToken: true });
    if (this.signatures) await oauth.validateApplicationLevelSignature(as, answer, how);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    await oauth.processUserInfoResponse(as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, how));
    return claims;
  }
}

// A process for each sign-in: it says where the browser goes, and hears where it arrived.
class Authlib extends Client {
  async serve(req, res) {
    const url = new URL(req.url, this.base);
    if (url.pathname === '/login') {
      this.child?.kill();
      this.child = spawn('/usr/bin/python3', [path.join(root, 'tests/peers/authlib_client.py'), this.issuer, this.id, this.secret, 'client_secret_basic', `${this.base}/cb`], { stdio: ['pipe', 'pipe', 'pipe'] });
      this.err = '';
      this.child.stderr.on('data', (d) => { this.err += d; });
      this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
      const { value } = await this.lines.next();
      if (!value) throw new Error(this.err);
      return res.writeHead(302, { location: value }).end();
    }
    if (url.pathname !== '/cb') return this.say(res, 404, 'nothing');
    this.child.stdin.end(`${url.href}\n`);
    const { value } = await this.lines.next();
    if (!value) throw new Error(this.err.trim().split('\n').at(-1));
    return this.say(res, 200, `signed in: ${JSON.parse(value).sub}`);
  }
}

async function verdicts(client, id, which = trials) {
  const { context, page } = await b.visitor({ state: b.state }), found = {};
  if (!client.id) {
    Object.assign(client, { id, secret: crypto.randomBytes(32).toString('hex') });
    await b.register(id, { protocol: 'oidc', client_id: id, secret: client.secret, redirect_uris: [`${client.base}/cb`], initiate_login_uri: `${client.base}/login`, scopes: ['openid', 'profile'], asks: ['sub', 'given_name', 'family_name'] });
  }
  for (const trial of which) {
    const { said, verdict } = await b.run(page, id, client.base, trial, () => 'nothing');
    found[trial] = verdict;
    if (trial === 'good') check(verdict === 'passed' && said === 'signed in: gate-test-person', `good: ${verdict}; it said "${said}"`);
  }
  await context.close();
  return found;
}
const failed = (found) => Object.keys(found).filter((t) => found[t] !== 'passed').map((t) => `${t}: ${found[t]}`).join(', ');

await test('oauth4webapi passes where it is told to verify signatures, and else two trials find it out', async () => {
  const client = await new Oauth4webapi({ issuer: g.url }).listen();
  client.signatures = true;
  let got = failed(await verdicts(client, 'oauth4webapi'));
  check(got === '', got);
  client.signatures = false;
  got = failed(await verdicts(client, 'oauth4webapi', ['good', 'unsigned', 'other_key', 'issuer']));
  check(got === 'unsigned: failed, other_key: failed', got);
  client.close();
});

await test('Authlib takes an answer whose iss is another, and refuses the others', async () => {
  if (spawnSync('/usr/bin/python3', ['-c', 'import authlib, requests']).status !== 0) return 'skipped: python3-authlib is not installed';
  const client = await new Authlib({ issuer: g.url }).listen(), got = failed(await verdicts(client, 'authlib'));
  check(got === 'mix_up: failed', got);
  client.close();
});

await b.close();
finish();
