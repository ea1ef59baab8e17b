// SPDX-License-Identifier: EUPL-1.2
// A city's OpenID Provider: npm oidc-provider, with people of Tampere in a Puavo- or Entra-like dialect.
//   node oidc_provider.mjs PORT ISSUER REDIRECT_URI [ALG]
// Prints "ready" when it answers.  Any password is right.
import { Provider } from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';

const [port, issuer, redirectUri, alg = 'RS256'] = process.argv.slice(2);

const key = (kind) => {
  const { privateKey } = kind === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: kind, kid: `peer-${kind}` };
};

const people = {
  tiina: { tid: 'tampere', oid: 'tiina-1', given_name: 'Tiina', family_name: 'Testi-Karpalo', schoolCode: ['99301'], userRole: ['Opettaja'], class: ['7B'] },
  otto: { tid: 'tampere', oid: 'otto-2', given_name: 'Otto', family_name: 'Testi-Lumme', schoolCode: ['99301'], userRole: ['Oppilas'], class: ['1A'], classLevel: '1' },
};

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'digione', client_secret: 'peer-secret-of-the-test-that-is-long-enough', redirect_uris: [redirectUri],
    post_logout_redirect_uris: [new URL('/upstream/left', redirectUri).href],
    response_types: ['code'], grant_types: ['authorization_code'], id_token_signed_response_alg: alg,
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  jwks: { keys: [key('RS256'), key('ES256')] },
  claims: {
    openid: ['sub', 'tid', 'oid'],
    profile: ['given_name', 'family_name', 'schoolCode', 'userRole', 'class', 'classLevel'],
  },
  conformIdTokenClaims: false,
  cookies: { keys: ['a test needs no secret here'] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600 },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...(people[id] ?? { tid: 'tampere', oid: id }) }) }),
});
provider.proxy = false;
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
