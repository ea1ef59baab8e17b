// SPDX-License-Identifier: EUPL-1.2
// What the provider announces of itself, walked both ways: all of it works, and nothing works that is not in it.
//   node metadata.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { check, fetchLocal, finish, root, test } from './gateway.mjs';
import { federation } from './local.mjs';

const read = (file) => { try { return fs.readFileSync(path.join(root, file), 'utf8'); } catch { return ''; } };
// The rows of a .def file: the arguments of each X(…), texts without their quotes.
export const rowsOf = (file, macro) => {
  const text = read(file), from = macro ? text.indexOf(`#define ${macro}(`) : 0;
  const end = macro ? text.slice(from).search(/\n\n|\n#define (?!\1)/) : -1;
  return [...text.slice(from, end > 0 ? from + end : undefined).matchAll(/^\s+X\((.*?)\)\s*(?:\/\*.*\*\/)?\s*\\?$/gm)]
    .map((m) => [...m[1].matchAll(/"([^"]*)"|([^\s,"]+)/g)].map((p) => p[1] ?? p[2]));
};

const { g } = await federation(process.argv[2], { name: 'metadata' });
await g.start();
const get = (p, options) => fetchLocal(g.port, p, { host: g.host, ...options });
const res = await get('/.well-known/openid-configuration');
const doc = JSON.parse(res.text);
const routes = rowsOf('gateway/routes.def', 'ROUTES').map(([method, at]) => ({ method, path: at }));
const endpoints = Object.entries(doc).filter(([name, v]) => typeof v === 'string' && name !== 'issuer' && v.startsWith(g.url));

await test('both documents are one, JSON, and say the issuer exactly [OIDC Discovery 4.3, RFC 8414 3.3]', async () => {
  const other = await get('/.well-known/oauth-authorization-server');
  for (const r of [res, other]) check(r.status === 200 && r.headers['content-type'] === 'application/json' && r.headers['access-control-allow-origin'] === '*', `${r.status} ${r.headers['content-type']}`);
  check(other.text === res.text && doc.issuer === g.url, doc.issuer);
});

await test('what must be there is there [OIDC Discovery 3, RFC 8414 2]', () => {
  for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri', 'response_types_supported', 'subject_types_supported', 'id_token_signing_alg_values_supported', 'scopes_supported', 'claims_supported', 'grant_types_supported', 'code_challenge_methods_supported', 'registration_endpoint'])
    check(doc[name], `${name} is missing`);
  check(doc.id_token_signing_alg_values_supported.includes('RS256') && doc.response_types_supported.includes('code'), 'RS256, code');
  for (const [name, list] of Object.entries(doc))
    if (Array.isArray(list)) check(list.length > 0 && new Set(list).size === list.length && list.every((w) => typeof w === 'string' && w), `${name}: ${list}`);
});

await test('each endpoint that is announced answers', async () => {
  for (const [name, url] of endpoints) {
    const at = url.slice(g.url.length);
    check(routes.some((r) => r.path === at), `${name}: ${at} is no route`);
    const r = await get(at, routes.some((x) => x.path === at && x.method === 'GET') ? {} : { method: 'POST', body: 'x=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    check(r.status !== 404 && r.status !== 405 && r.status < 500, `${name}: ${r.status}`);
  }
});

// Of a path of the provider, why it is not announced itself.
const unannounced = { '/oidc/go': 'our own step between a request and its page', '/oidc/register/*': 'each registration is told its own', '/oidc/answer': 'our own step before a signed refusal' };
await test('each protocol path under /oidc/ is announced', () => {
  const said = new Set(endpoints.map(([, url]) => url.slice(g.url.length)));
  for (const r of routes.filter((x) => x.path.startsWith('/oidc/') && !(x.path in unannounced)))
    check(said.has(r.path), `${r.path} works, and is not announced`);
});

const same = (name, words) => {
  const said = [...(doc[name] ?? [])].sort().join(' '), rows = [...new Set(words)].sort().join(' ');
  check(said === rows, `${name}: announced ${said}; rows ${rows}`);
};
await test('grant types: those announced are the rows', () => same('grant_types_supported', rowsOf('model/grant_types.def', 'GRANT_TYPES').map((r) => r[1])));
await test('response modes: those announced are the rows', () => same('response_modes_supported', rowsOf('gateway/oidc/modes.def', 'RESPONSE_MODES').map((r) => r[1])));
const methods = rowsOf('model/auth_methods.def', 'AUTH_METHODS').map((r) => r[0]);
await test('client authentication: those announced are the rows, less those that need a TLS proxy', () => same('token_endpoint_auth_methods_supported', methods.filter((m) => !m.includes('tls_client_auth'))));
await test('scopes: those announced are the claims\' own, offline_access where refresh tokens are given, access_evaluation where a service has tokens of its own', () => {
  const want = new Set(rowsOf('model/claims.def', 'CLAIMS').map((r) => r[3]).filter(Boolean));
  if (doc.grant_types_supported.includes('refresh_token')) want.add('offline_access');
  if (doc.grant_types_supported.includes('client_credentials')) want.add('access_evaluation');
  same('scopes_supported', [...want]);
});
await test('the key set has no private part, and each key its own kid and use', async () => {
  const keys = JSON.parse((await get('/oidc/jwks')).text).keys;
  check(new Set(keys.map((k) => k.kid)).size === keys.length && keys.length > 0, 'kid');
  for (const k of keys) for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) check(!(part in k), `${k.kid} has ${part}`);
  for (const alg of doc.id_token_signing_alg_values_supported) check(alg.startsWith('HS') || keys.some((k) => k.alg === alg || (!k.alg && k.kty === { R: 'RSA', P: 'RSA', E: 'EC' }[alg[0]])), `no key for ${alg}`);
});
await test('a service may register each method and algorithm that is announced', () => {
  const text = read('registry/schema.c');
  for (const alg of ['id_token_signing_alg_values_supported', 'token_endpoint_auth_signing_alg_values_supported', 'userinfo_signing_alg_values_supported', 'request_object_signing_alg_values_supported'])
    for (const word of doc[alg] ?? []) check(text.includes(`"${word}"`), `${alg}: ${word} is no word of a column`);
});

await test('an error leads to its page, which says what docs/errors.md says', async () => {
  const told = JSON.parse((await get('/oidc/token', { method: 'POST', body: 'grant_type=x', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).text);
  check(told.error_uri === `${g.url}/errors/${told.error}`, JSON.stringify(told));
  const rows = [...read('docs/errors.md').matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)];
  check(rows.length > 30, `${rows.length} rows`);
  for (const [, code, means, mend] of rows) {
    const page = await get(`/errors/${code}`);
    check(page.status === 200 && /^text\/plain/.test(page.headers['content-type']) && page.text.includes(means) && page.text.includes(mend), `${code}: ${page.status} ${page.text}`);
  }
  check([...read('gateway/errors.def').matchAll(/X\("(\w+)"/g)].map((m) => m[1]).join() === rows.map((r) => r[1]).join(), 'the rows of errors.def');
  check((await get('/errors/none')).status === 404, 'an error that there is not');
});

await g.stop();
await finish();
