// SPDX-License-Identifier: EUPL-1.2
// Who still uses what is older: a city and a service that encrypt to a retired key of ours, a service that proves itself by the
// older of two secrets, one whose metadata bring what nobody has approved.  From the real message to the alarm and to `digione
// keys list`; each has a twin that uses what is new, and is named nowhere.
//   node older.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Agent } from './agent.mjs';
import { Gateway, check, cities, city, fetchLocal, finish, folder, freePort, test, until } from './gateway.mjs';
import { SamlCity } from './odd_city.mjs';
import { BINDINGS, SamlService, encryptedName } from './saml_sp.mjs';

const LONG_MS = 110000; // what stands is looked for twice a minute, and a machine may be busy
const newer = 'the-secret-that-holds-from-now-on-of-it', older = 'the-secret-that-was-before-and-still-ok';
const saml = new SamlCity('http://saml.localhost/idp'), dir = folder('older-keys');
fs.writeFileSync(path.join(dir, 'k.pem'), saml.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const certificate = spawnSync('openssl', ['req', '-x509', '-new', '-key', path.join(dir, 'k.pem'), '-days', '3', '-subj', '/CN=city'], { encoding: 'utf8' }).stdout.replace(/-----[^-]*-----|\s/g, '');
const as = (id) => Object.assign(Object.create(SamlCity.prototype), saml, { entity: `${saml.entity}/${id}` });
const idp = (id, provider) => `  - { id: ${id}, kind: saml, provider: ${provider}, name: { fi: ${id} }, test: true, map: entra, role: teacher, entity_id: "${as(id).entity}", metadata_xml: '${as(id).metadata('http://saml.localhost/sso', certificate, ['HTTP-Redirect'], { 'HTTP-Redirect': 'http://saml.localhost/slo' })}' }\n`;

const served = new Map(), server = http.createServer((req, res) => { const xml = served.get(req.url); res.writeHead(xml ? 200 : 404, { 'Content-Type': 'application/samlmetadata+xml' }).end(xml); });
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://127.0.0.1:${server.address().port}`;
const sp = (id) => new SamlService(folder(`older-${id}`), `http://${id}.localhost`, { slo: ['HTTP-Redirect', 'SOAP'], acs: `<md:AssertionConsumerService Binding="${BINDINGS}HTTP-POST" Location="http://${id}.localhost/acs" index="0"/>` });
const kuovi = sp('kuovi'), tavi = sp('tavi'), juniper = sp('juniper'), kataja = sp('kataja');
const print = (s) => crypto.createHash('sha256').update(Buffer.from(s.certificate, 'base64')).digest('hex').toUpperCase();
const samlRow = (id, s, more) => `  - { id: ${id}, protocol: saml, vendor: ${id}-oy, name: { fi: ${id} }, test: true, entity_id: "${s.entity}", asks: [sub], ${more} }\n`;
const approved = (id, s, keys) => { served.set(`/${id}`, s.xml); return samlRow(id, s, `metadata_url: "${base}/${id}", metadata_approved: [${[...keys.map((k) => `key ${k}`), `acs POST ${s.acs}`, `slo Redirect ${s.base}/slo`, `slo SOAP ${s.base}/slo`].map((a) => `"${a}"`).join(', ')}]`); };
const oidcRow = (id) => `  - { id: ${id}, protocol: oidc, vendor: ${id}-oy, name: { fi: ${id} }, test: true, client_id: ${id}, redirect_uris: ["${base}/cb"], asks: [sub], secret: { plain: ${newer} }, secret_too: { plain: ${older} }, secret_too_until: ${new Date(Date.now() + 864e5).toISOString().slice(0, 19)}Z }\n`;

const port = await freePort(), g = new Gateway(path.resolve(process.argv[2]), { name: 'older', port });
g.registry = `format: 1
providers:
${city(cities.oulu)}${city(cities.tampere)}idps:
${idp('oulu-edu', 'oulu')}${idp('tampere-edu', 'tampere')}services:
${oidcRow('vaihto')}${oidcRow('vakaa')}${samlRow('kuovi', kuovi, `metadata_xml: '${kuovi.xml}'`)}${samlRow('tavi', tavi, `metadata_xml: '${tavi.xml}'`)}${approved('juniper', juniper, [])}${approved('kataja', kataja, [print(kataja)])}`;
await g.start();

const metrics = async () => (await fetchLocal(g.port, '/metrics', { host: g.host })).text;
const raised = (text, code) => Number(new RegExp(`^digione_alarm\\{code="${code}",severity="warning"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
const keyNow = async () => /use="encryption"[\s\S]*?X509Certificate>([^<]+)</.exec((await fetchLocal(g.port, '/saml/metadata', { host: g.host })).text)[1].replace(/\s/g, '');
const retired = await keyNow();
const made = g.cli('keys', 'create', '-c', g.config, '--use', 'decrypt', '--alg', 'RS256', '--after', '0');
check(made.status === 0, made.stderr);
let current;
// The metadata are kept for an hour, under the keys that they name.
await until('a new key', async () => (current = await keyNow()) !== retired);

const bySoap = (s, xml) => fetchLocal(g.port, '/saml/slo/soap', { host: g.host, method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${s.signed(xml, 'LogoutRequest')}</S:Body></S:Envelope>` });

await test('a service and a city that encrypt to a retired key of ours are read', async () => {
  for (const [s, key] of [[kuovi, retired], [tavi, current]]) {
    const res = await bySoap(s, s.logout(`${g.url}/saml/slo/soap`, { name: 'nobody', readers: [key] }));
    check(res.status === 200 && /UnknownPrincipal/.test(res.text), `${s.base}: ${res.status} ${res.text}`);
  }
  const at = `${g.url}/upstream/saml/logout`;
  for (const [id, key] of [['oulu-edu', retired], ['tampere-edu', current]]) {
    const xml = as(id).logoutRequest({ to: at, nameid: 'nobody' }).replace(/<saml:NameID[\s\S]*<\/saml:NameID>/, encryptedName('nobody', [key]));
    const res = await new Agent().once('GET', `${at}?${as(id).redirect(xml)}`);
    check(res.status === 303 && res.headers.location.startsWith('http://saml.localhost/slo?'), `${id}: ${res.status} ${res.text.slice(0, 300)} ${g.logTail(2)}`);
  }
});

await test('a service proves itself by the older of two secrets as by the newer', async () => {
  for (const [id, secret] of [['vaihto', older], ['vakaa', newer]]) {
    const res = await fetchLocal(g.port, '/oidc/token', { method: 'POST', host: g.host, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'authorization_code', code: 'none', redirect_uri: `${base}/cb`, client_id: id, client_secret: secret }).toString() });
    check(res.status === 400 && /invalid_grant/.test(res.text), `${id}: ${res.status} ${res.text}`);
  }
});

await test('metadata that bring what nobody has approved wait', async () => {
  for (const id of ['juniper', 'kataja']) await until(id, async () => (await fetchLocal(g.port, `/saml/start?service=${id}`, { host: g.host })).status === 303);
});

await test('each is one alarm, and its twin none: idp_older_key, service_older_key, service_older_secret, service_metadata_waits', async () => {
  const codes = ['idp_older_key', 'service_older_key', 'service_older_secret', 'service_metadata_waits'];
  let all = '';
  await until('all four', async () => { all = await metrics(); return codes.every((c) => raised(all, c) > 0); }, LONG_MS).catch((e) => { throw new Error(`${e.message}: ${all.match(/^digione_alarm.*$/gm)?.join('\n')}`); });
  for (const c of codes) check(raised(all, c) === 1, `${c}: ${raised(all, c)}`);
  const said = g.cli('keys', 'list', '-c', g.config).stdout;
  for (const id of ['oulu-edu', 'kuovi', 'vaihto']) check(new RegExp(`\\b${id}\\b`).test(said), `${id} is not listed: ${said}`);
  for (const id of ['tampere-edu', 'tavi', 'vakaa']) check(!new RegExp(`\\b${id}\\b`).test(said), `${id} is listed: ${said}`);
});

server.closeAllConnections();
server.close();
await finish();
