// SPDX-License-Identifier: EUPL-1.2
// Identity providers of one municipality: test accounts that are tried without a browser, over both protocols.
//   node sources.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { Gateway, check, cities, city, fetchLocal, finish, folder, freePort, test, until } from './gateway.mjs';
import { OidcCity, SamlCity } from './odd_city.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has', user = 'koe.testi', password = 'sala & "sana" ä';
const ways = {
  good: {}, wrong: { login: { [user]: 'another' } }, script: { page: () => '<script>draw()</script><div id=root></div>' },
  elsewhere: { page: (p) => p.replace('action="login', 'action="https://phish.example/login') },
  'by-get': { page: (p) => p.replace('method="post"', 'method="get"') },
  factor: { then: '<form method="post" action="otp"><input name="otp"></form>' },
  unsigned: { token: { id_token: 'e30.e30.' } }, away: {}, off: {},
};
const modes = Object.fromEntries(Object.entries(ways).map(([id, m]) => [id, { login: { [user]: password }, ...m }]));
const odd = new OidcCity(await freePort(), modes, { secret });

// A SAML one, whose page posts its answer by a script, as most do.
const saml = new SamlCity('http://saml.localhost/idp'), dir = folder('sources-keys');
fs.writeFileSync(path.join(dir, 'k.pem'), saml.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const certificate = spawnSync('openssl', ['req', '-x509', '-new', '-key', path.join(dir, 'k.pem'), '-days', '3', '-subj', '/CN=city'], { encoding: 'utf8' }).stdout.replace(/-----[^-]*-----|\s/g, '');
let relays = true;
const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (d) => parts.push(d)).on('end', () => {
    const url = new URL(req.url, base), form = new URLSearchParams(Buffer.concat(parts).toString());
    const page = (html) => res.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    if (req.method === 'GET') return page(`<form method=post action="${url.pathname}${url.search.replaceAll('&', '&amp;')}"><input name=j_username type=text><input name=j_password type=password><button name=_eventId_proceed>Go</button></form>`);
    if (form.get('j_username') !== user || form.get('j_password') !== password || !form.has('_eventId_proceed')) return page('<form method=post><input name=u><input type=password name=p></form>');
    const request = zlib.inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest'), 'base64')).toString();
    const [, id] = / ID="([^"]*)"/.exec(request), [, sp] = /<[a-z]*:?Issuer[^>]*>([^<]*)</.exec(request), acs = `${g.url}/upstream/saml/acs`;
    const answer = saml.answer({ request: id, acs, sp, attrs: { 'http://schemas.microsoft.com/identity/claims/tenantid': ['t-1'], 'http://schemas.microsoft.com/identity/claims/objectidentifier': ['u-1'], 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname': ['Koe'], 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname': ['Testi'] } });
    page(`<body onload="document.forms[0].submit()"><form action="${acs}" method="post"><input type="hidden" name="RelayState" value="${relays ? url.searchParams.get('RelayState') : 'other'}"><input type="hidden" name="SAMLResponse" value="${answer}"/><noscript><input type="submit" value="Continue"/></noscript></form>`);
  });
});
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://127.0.0.1:${server.address().port}`;

const account = `probe_username: ${user}, probe_password: { plain: '${password}' }`;
const oidc = (id, more = '') => `  - { id: ${id}, kind: oidc, provider: ${id === 'good' ? 'oulu' : 'turku'}, name: { fi: "Kaupunki ${id}" }, test: true, map: native, role: teacher, issuer: "${odd.base}/${id}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} }, ${account}${more} }\n`;
const port = await freePort();
const g = new Gateway(path.resolve(process.argv[2]), { name: 'sources', port, settings: { fetch_timeout_ms: 3000 } });
const { server: away } = new OidcCity(await freePort(), {}, { secret });
away.close();
g.registry = `format: 1
providers:
${city(cities.oulu)}${city(cities.turku)}idps:
${Object.keys(ways).map((id) => oidc(id, id === 'off' ? ', enabled: false' : '')).join('').replace(`${odd.base}/away`, 'http://127.0.0.1:1/away')}  - id: papers
    kind: saml
    provider: oulu
    name: { fi: "Kaupunki papers" }
    test: true
    map: entra
    role: teacher
    ${account.replace(', ', '\n    ')}
    entity_id: "${saml.entity}"
    metadata_xml: |
      ${saml.metadata(`${base}/sso`, certificate)}
`;
await g.start();

const lines = () => g.logText().split("\n").filter((l) => l.includes("\"probe.done\"")).map((l) => JSON.parse(l));
const last = (id) => lines().findLast((l) => l.idp === id);
const came = (id) => until(`${id} is tried`, () => last(id), 60000);

await test('an account that gets in by a page with a form is said to get in, over OpenID Connect and SAML', async () => {
  for (const id of ['good', 'papers']) {
    if ((await came(id)).side === 'ours') await g.later('probe', '--now', '-c', g.config, id); // keys are still being made
    const l = last(id);
    check(l.step === '-' && l.code === 'ok', `${id}: ${JSON.stringify(l)}`);
  }
});

await test('where it ends is said by step and code', async () => {
  for (const [id, step, code] of [['wrong', 'password', 'refused'], ['script', 'form', 'no_form'], ['elsewhere', 'form', 'form_elsewhere'], ['by-get', 'form', 'odd_form'],
    ['factor', 'back', 'other_page'], ['unsigned', 'proof', null], ['away', 'begin', null]]) {
    const l = await came(id);
    check(l.step === step && (code === null ? l.code !== 'ok' : l.code === code), `${id}: ${JSON.stringify(l)}`);
  }
});

await test('a password goes to nobody else, stands in no log, and is sealed in the registry', async () => {
  check(!odd.asked.elsewhere.some((a) => a.what === 'login') && !odd.asked['by-get'].some((a) => a.what === 'login'), 'it was typed');
  check(odd.asked.good.filter((a) => a.what === 'login').length === 1 && odd.asked.wrong.filter((a) => a.what === 'login').length === 1, 'typed more than once');
  const out = g.cli('export', '-c', g.config).stdout;
  check(!g.logText().includes('sana') && !out.includes('sana') && /probe_password: \{ ?sealed/.test(out.replace(/\n\s+/g, ' ').replace(/probe_password: sealed/g, 'probe_password: {sealed')), 'the password');
  check(!g.logText().includes(user), 'the name of the account in the log');
});

await test('nobody is signed in by it, and what is counted says how it went', async () => {
  const metrics = (await fetchLocal(port, '/metrics')).text, count = (n) => Number(new RegExp(`^digione_${n}(?:_total)? (\\d+)`, 'm').exec(metrics)?.[1]);
  check(count('sign_ins') === 0 && count('probes_good') >= 2 && count('probes_failed') >= 7, metrics.split('\n').filter((l) => /sign_ins|probes/.test(l)).join());
});

await test('the command line says it of a city, and tries one now that is switched off or was refused', async () => {
  let r = g.cli('probe', '-c', g.config, 'oulu');
  check(r.status === 0 && /good: got in at 20/.test(r.stdout) && /papers: got in at/.test(r.stdout) && !/wrong/.test(r.stdout), `${r.status} ${r.stdout} ${r.stderr}`);
  r = g.cli('probe', '-c', g.config, 'turku');
  check(r.status === 1 && /wrong: did not get in at .*: password refused \(1 in a row; last got in: never\)/.test(r.stdout) && /off: not tried yet/.test(r.stdout), `${r.status} ${r.stdout}`);
  check(!last('off'), 'one that is switched off was tried unasked');
  check(/off: got in at/.test(await g.later('probe', '--now', '-c', g.config, 'off')), 'off');
  modes.wrong.login = { [user]: password };
  check(/wrong: got in at/.test(await g.later('probe', '--now', '-c', g.config, 'wrong')), 'mended');
  check(g.cli('probe', '-c', g.config, 'nowhere').status === 1, 'an id that there is not');
});

await test('a SAML answer without the name of our request is no sign-in', async () => {
  relays = false;
  check(/papers: did not get in at .*: proof answer_unasked/.test(await g.later('probe', '--now', '-c', g.config, 'papers')), JSON.stringify(last('papers')));
});

await test('half an account, and one of local accounts, are refused with what mends them', async () => {
  const put = (...f) => g.cli('registry', 'put', '-c', g.config, 'idp', ...f);
  const r = put('good', 'probe_username=');
  check(r.status === 1 && /probe_password is without its probe_username/.test(r.stdout + r.stderr), `${r.stdout} ${r.stderr}`);
});

odd.close();
server.close();
server.closeAllConnections();
await g.stop();
finish();
