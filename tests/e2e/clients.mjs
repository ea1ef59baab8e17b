// SPDX-License-Identifier: EUPL-1.2
// Services on real libraries: openid-client (npm) and Authlib (Python), by every way of proving themselves.
//   node clients.mjs PATH-OF-DIGIONE
import path from 'node:path';
import readline from 'node:readline';
import { spawn, spawnSync } from 'node:child_process';
import * as oidc from '../node_modules/openid-client/build/index.js';
import { check, finish, root, test } from './gateway.mjs';
import { federation, signIn } from './local.mjs';

const secret = 'a-secret-of-the-test: with +, %, = and & in it';
const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const jwk = { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
const redirect = (id) => `http://${id}.localhost/cb`;
const ways = { basic: 'client_secret_basic', post: 'client_secret_post', keyed: 'private_key_jwt', open: 'none' };
const services = Object.entries(ways).flatMap(([name, method]) => ['ES256', 'RS256'].map((alg) => `  - id: ${name}-${alg.toLowerCase()}
    protocol: oidc
    vendor: v
    name: { fi: Palvelu }
    test: true
    client_id: ${name}-${alg}
    auth_method: ${method}
${/secret/.test(method) ? `    secret: { plain: ${JSON.stringify(secret)} }\n` : ''}${name === 'keyed' ? `    jwks: '${JSON.stringify({ keys: [jwk] })}'\n` : ''}    redirect_uris: ["${redirect(`${name}-${alg.toLowerCase()}`)}"]
    post_logout_redirect_uris: ["http://${name}.localhost/out"]
    id_token_alg: ${alg}
    scopes: [openid, profile]
    asks: [sub, given_name, family_name]
`)).join('');
const { g, service } = await federation(process.argv[2], { name: 'clients', services });
await g.start();
const { agent } = await signIn(service, 'anna');
const arrive = async (url, to) => (await agent.get(url, { until: (next) => next.startsWith(to) })).next;

for (const [name, method] of Object.entries(ways))
  for (const alg of ['ES256', 'RS256'])
    await test(`openid-client: ${method}, ${alg}`, async () => {
      const id = `${name}-${alg}`, to = redirect(id.toLowerCase());
      const auth = { basic: () => oidc.ClientSecretBasic(secret), post: () => oidc.ClientSecretPost(secret), keyed: () => oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' }), open: () => oidc.None() }[name]();
      const config = await oidc.discovery(new URL(g.url), id, { id_token_signed_response_alg: alg }, auth, { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] });
      const pkceCodeVerifier = oidc.randomPKCECodeVerifier(), expectedState = oidc.randomState(), expectedNonce = oidc.randomNonce();
      const url = oidc.buildAuthorizationUrl(config, { redirect_uri: to, scope: 'openid profile', state: expectedState, nonce: expectedNonce, max_age: '600', code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256' });
      const at = await arrive(url.href, to);
      check(at, 'no answer');
      const tokens = await oidc.authorizationCodeGrant(config, new URL(at), { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 600, idTokenExpected: true });
      const claims = tokens.claims();
      const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
      check(info.given_name === 'Anna' && info.family_name === 'Testi-Åberg', JSON.stringify(info));
      const none = new URL(await arrive(oidc.buildAuthorizationUrl(config, { redirect_uri: to, scope: 'openid', prompt: 'none', max_age: '0', code_challenge: await oidc.calculatePKCECodeChallenge('x'.repeat(43)), code_challenge_method: 'S256' }).href, to));
      check((await oidc.authorizationCodeGrant(config, none, { pkceCodeVerifier: 'x'.repeat(43) }).catch((e) => e.error)) === 'login_required', 'an error is understood');
      const end = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `http://${name}.localhost/out`, state: 'bye' });
      const left = await agent.clone().once('GET', end.href);
      check(left.headers.location === `http://${name}.localhost/out?state=bye`, `${left.status} ${left.headers.location}`);
      await signIn(service, 'anna', agent);
    });

for (const [name, method] of Object.entries({ basic: 'client_secret_basic', post: 'client_secret_post', open: 'none' }))
  for (const alg of ['ES256', 'RS256'])
    await test(`Authlib: ${method}, ${alg}`, async () => {
      if (spawnSync('/usr/bin/python3', ['-c', 'import authlib, requests']).status !== 0) return 'skipped: python3-authlib is not installed';
      const to = redirect(`${name}-${alg.toLowerCase()}`);
      const child = spawn('/usr/bin/python3', [path.join(root, 'tests/peers/authlib_client.py'), g.url, `${name}-${alg}`, name === 'open' ? '' : secret, method, to], { stdio: ['pipe', 'pipe', 'pipe'] });
      let err = '';
      child.stderr.on('data', (d) => { err += d; });
      const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const { value: url } = await lines.next();
      check(url, err);
      child.stdin.end(`${await arrive(url, to)}\n`);
      const { value } = await lines.next();
      check(value, err.split('\n').slice(-4).join('\n'));
      const { sub, info } = JSON.parse(value);
      check(sub && info.sub === sub && info.given_name === 'Anna', value);
    });
await finish();
