// SPDX-License-Identifier: EUPL-1.2
// What production takes of addresses: every column of a service that holds one, in each protocol, with http, this machine,
// a fragment, a wildcard, somebody before the host.  All are refused by the name of their column; in test http is taken on
// loopback alone.   node production.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Gateway, check, fetchLocal, finish, freePort, root, test } from './gateway.mjs';

const program = path.resolve(process.argv[2]), token = crypto.randomBytes(24).toString('hex');
const g = await new Gateway(program, { name: 'production', port: await freePort(), registry: `format: 1
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
admins:
  - { id: riikka, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: salasana-salasana }, given_names: Riikka, family_name: Aalto }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${token}" } }
` }).start();
const put = (id, row) => fetchLocal(g.port, `/api/v1/services/${id}?ungated=koe`, { method: 'PUT', body: JSON.stringify(row), headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });

const at = 'https://tori.example/', metadata = (acs, slo) => `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://tori.example/sp"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${slo ? `<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${slo}"/>` : ''}<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${acs}" index="0"/></SPSSODescriptor></EntityDescriptor>`;
const jwks = JSON.stringify({ keys: [{ ...crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' }] });
const common = { enabled: true, vendor: 'tori-oy', name: { fi: 'Tori' } };
const protocols = {
  oidc: { ...common, protocol: 'oidc', client_id: 'tori', secret: 'x'.repeat(43), auth_method: 'client_secret_basic', redirect_uris: [`${at}cb`] },
  saml: { ...common, protocol: 'saml', entity_id: 'https://tori.example/sp', metadata_xml: metadata(`${at}acs`) },
  lti: { ...common, protocol: 'lti', client_id: 'tori', initiate_login_uri: `${at}login`, target_link_uri: at, redirect_uris: [at], jwks_uri: `${at}keys` },
  link: { ...common, protocol: 'link', launch_uri: at },
};
// Those that a service has, by protocol; and how one is set.  A column that is none of an address says so here.
const none = { tls_san_uri: 'the name of a certificate, matched and never gone to' };
const all = ['oidc', 'saml', 'lti', 'link'], columns = {
  launch_uri: { of: ['saml', 'link'] }, initiate_login_uri: { of: ['oidc', 'lti'] }, target_link_uri: { of: ['oidc', 'lti'] },
  redirect_uris: { of: ['oidc', 'lti'], list: true }, post_logout_redirect_uris: { of: ['oidc'], list: true },
  request_uris: { of: ['oidc'], list: true, with: { jwks }, takes: ['a fragment'] }, // the digest of what stands there [OIDC Registration 2]
   jwks_uri: { of: ['oidc', 'lti'] }, sector_identifier_uri: { of: ['oidc'] },
  backchannel_logout_uri: { of: ['oidc'] }, frontchannel_logout_uri: { of: ['oidc'] },
  client_uri: { of: all }, policy_uri: { of: all }, tos_uri: { of: all }, logo_uri: { of: all }, accessibility_uri: { of: all }, targets: { of: all, list: true },
  metadata_url: { of: ['saml'], without: ['metadata_xml'] }, lti_deep_link_uri: { of: ['lti'], with: { lti_deep_linking: true } },
  acs: { of: ['saml'], key: 'metadata_xml', make: (x) => metadata(x) }, slo: { of: ['saml'], key: 'metadata_xml', make: (x) => metadata(`${at}acs`, x), takes: ['a fragment', 'a script'] }, // the reader of metadata passes it over: nobody is sent there
};
const wrongs = { http: 'http://tori.example/x', localhost: 'https://localhost/x', 'a name under localhost': 'https://tori.localhost/x', 'a loopback address': 'https://127.0.0.1/x', 'the other loopback address': 'https://[::1]/x',
  'http on loopback': 'http://localhost:4000/x', 'a fragment': 'https://tori.example/x#y', 'a wildcard': 'https://*.tori.example/x', 'somebody before the host': 'https://a@tori.example/x', 'a script': 'javascript:alert(1)' };

await test('every column of the registry that holds an address of a service is among these', async () => {
  const text = fs.readFileSync(path.join(root, 'registry/schema.c'), 'utf8'), kinds = [...text.matchAll(/\{ "(\w*(?:_uri|_uris|_url)|targets)", "\w+", COL_(?:TEXT|LIST), "", AT\(service, /g)].map((m) => m[1]);
  check(kinds.length >= 15, `only ${kinds.length}`);
  const lacking = kinds.filter((k) => !columns[k] && !none[k]);
  check(lacking.length === 0, `not tried: ${lacking}`);
});

let n = 0;
const row = (protocol, c, key, value) => {
  const r = { ...protocols[protocol], ...c.with };
  for (const k of c.without ?? []) delete r[k];
  r[c.key ?? key] = c.make ? c.make(value) : c.list ? [value] : value;
  return r;
};
for (const [key, c] of Object.entries(columns))
  await test(`production refuses in ${key}: ${Object.keys(wrongs).join(', ')}; ${c.of.join(', ')}`, async () => {
    for (const protocol of c.of) {
      const good = await put(`tori-${++n}`, { ...row(protocol, c, key, `${at}x`), client_id: `tori-${n}`, ...(protocol === 'saml' ? { entity_id: 'https://tori.example/sp' } : {}) });
      check(good.status === 201, `${protocol}: a good one is refused: ${good.status} ${good.text}`);
      const gone = await fetchLocal(g.port, `/api/v1/services/tori-${n}`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
      check(gone.status === 204, gone.text);
      for (const [kind, value] of Object.entries(wrongs)) {
        if (c.takes?.includes(kind)) continue;
        const answer = await put(`tori-${++n}`, { ...row(protocol, c, key, value), client_id: `tori-${n}` });
        check(answer.status === 400 || answer.status === 422, `${protocol}: ${kind} is taken: ${answer.status}`);
        check(answer.text.includes(c.key ?? key), `${protocol}: ${kind}: the column is not named: ${answer.text}`);
      }
    }
  });

await g.stop();
await finish();
