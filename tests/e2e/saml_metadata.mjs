// SPDX-License-Identifier: EUPL-1.2
// Where the metadata of services come from: a signed aggregate, MDQ, an address of their own; requirements 1 to 8 and 11.
//   node saml_metadata.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, cities, city, fetchLocal, finish, folder, freePort, test, until } from './gateway.mjs';
import { registryText } from './local.mjs';
import { SamlService, inflated, posted } from './saml_sp.mjs';
import { base64Of, entity, instant, plain, role, signedAggregate, signedEntity, signer } from './signed_metadata.mjs';

const program = path.resolve(process.argv[2]);
const dir = folder('saml-metadata');
const RULES = `  - { id: teachers, provider: oulu, role: teacher, release: [sub, given_name, family_name] }
`;

// ── a server of metadata: what it serves, it counts ──
const served = new Map(), asked = [];
let holds = null; // a path that it does not answer yet
const server = http.createServer((req, res) => {
  asked.push(decodeURIComponent(req.url));
  if (holds && decodeURIComponent(req.url).includes(holds)) return; // for ever
  const at = served.get(decodeURIComponent(req.url));
  if (at?.to) { res.writeHead(at.status ?? 302, { Location: at.to }).end(); return; }
  res.writeHead(at === undefined ? 404 : 200, { 'Content-Type': 'application/samlmetadata+xml' }).end(at);
});
const mdPort = await freePort();
await new Promise((r) => server.listen(mdPort, '127.0.0.1', r));
const base = `http://md.localhost:${mdPort}`;
const count = (what) => asked.filter((u) => u.includes(what)).length;

const by = signer(dir), other = signer(dir, 'other');
const indent = (pem, n) => pem.trim().split('\n').map((l) => ' '.repeat(n) + l).join('\n');
const source = (id, more, pem = by.pem) => `  - id: ${id}\n    test: true\n${more}    signer: |\n${indent(pem, 6)}\n`;
const row = (s, from, more = '') => `  - { id: ${s.name}, protocol: saml, vendor: ${s.name}-oy, name: { fi: ${s.name} }, test: true, entity_id: "${s.entity}", asks: [sub, given_name], ${more} ${from} }\n`;
function service(name) {
  const at = path.join(dir, name);
  fs.mkdirSync(at, { recursive: true });
  return Object.assign(new SamlService(at, `http://${name}.localhost:9`), { name });
}
// What a service says of itself.
const said = (s, { keys = [['signing', s.certificate]], acs = [['HTTP-POST', s.acs]], slo = [['HTTP-Redirect', `${s.base}/slo`]], signs = false, extra } = {}) => role({ keys, acs, slo, signs, extra });

const port = await freePort();
const g = new Gateway(program, { name: 'saml-metadata', port, settings: { metadata_refresh_s: 3600 } });
let rows = new Map(), sources = new Map();
const ADMINS = `admins:
  - { id: nils, idp: oulu, subject: oulu-nils, role: operator }
`;
const write = () => g.import(registryText([...rows.values()].join('') || '  []\n', { rules: RULES }).replace('services:\n  []', 'services: []').replace('idps:\n', `${city(cities.tampere)}idps:\n  - { id: tampere, kind: local, provider: tampere, name: { fi: Tampere }, test: true }\n`) + (sources.size ? `metadata_sources:\n${[...sources.values()].join('')}` : '') + ADMINS);
const read = (id, n = 1) => until(`${id} is read`, () => lines('source.read').filter((l) => l.source === id).length >= n && lines('source.read').filter((l) => l.source === id).at(-1));
const lines = (event) => g.logText().split('\n').filter((l) => l.includes(`"${event}"`)).map((l) => { try { return JSON.parse(l); } catch { return {}; } });

async function refresh(id) {
  const done = g.cli('refresh', '-c', g.config, id);
  check(done.status === 0, `refresh ${id}: ${done.stdout}${done.stderr}`);
}
const startOf = async (s) => fetchLocal(g.port, `/saml/start?service=${s.name}`, { host: g.host });
const known = (s) => until(`${s.name} is known`, async () => (await startOf(s)).status === 303);

async function signIn(s, { sign = true, key, acs, at = '/saml/sso', to = at, agent = new Agent() } = {}) {
  const xml = s.request(`${g.url}${to}`, acs ? { attributes: { AssertionConsumerServiceURL: acs } } : {});
  let page = await agent.get(`${g.url}${at}?${s.query(xml, { sign, key })}`);
  if (posted(page)) return { page, agent, answer: posted(page) };
  const has = (name) => forms(page.text).some((f) => name in f.fields);
  if (!has('password') && !forms(page.text).some((f) => f.buttons.some((b) => b.value === 'oulu'))) return { page, agent };
  if (!has('password')) page = await agent.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'));
  page = await agent.submit(page, { username: 'anna', password: 'salasana-anna' }, (f) => 'password' in f.fields);
  return { page, agent, answer: posted(page) };
}
const signsIn = async (s, options) => {
  const got = await signIn(s, options);
  check(got.answer?.status === 'Success' && got.answer.to === (options?.acs ?? s.acs), `${s.name}: ${got.answer?.status} ${got.answer?.to} ${text(got.page.text).slice(0, 300)}\n${g.logTail(4)}`);
  return got;
};
const refused = async (s, options) => {
  const got = await signIn(s, options);
  check(got.page.status >= 400 || got.answer?.status !== 'Success', `${s.name} was let in`);
  return got;
};

g.import(registryText('', { rules: RULES }).replace('services:\n', 'services: []\n'));
await g.start();

// ── aggregates ──
const alder = service('alder'), birch = service('birch'), cedar = service('cedar');
const aggregate = (list, options = {}, who = by) => signedAggregate(list.map((s) => (typeof s === 'string' ? s : entity(s.entity, said(s)))), who, options);

await test('item 2: a service takes keys, ACS and SLO from a signed aggregate that is fetched, over a redirect [MD02, MD03]', async () => {
  served.set('/all.xml', aggregate([alder, birch], { until: 86400, made: instant(-60) }));
  served.set('/moved.xml', { to: `${base}/all.xml`, status: 307 });
  sources.set('fed', source('fed', `    url: ${base}/moved.xml\n`));
  rows.set('alder', row(alder, 'metadata_from: fed'));
  write();
  const line = await read('fed');
  check(line.result === 'renewed' && line.entities === 2, JSON.stringify(line));
  await known(alder);
  await signsIn(alder);
  await refused(alder, { key: other.key });
});

await test('item 2: children at any depth, and one that is no SAML service, are read past [MD02, MD05, MD06]', async () => {
  const inner = `<md:EntitiesDescriptor><md:EntitiesDescriptor>${entity(cedar.entity, said(cedar, { extra: '<md:Extensions><x:Odd xmlns:x="urn:never-heard-of" y="1"><x:Deeper></x:Deeper></x:Odd></md:Extensions>' }))}</md:EntitiesDescriptor></md:EntitiesDescriptor>`;
  served.set('/all.xml', aggregate([alder, birch, inner, entity('urn:nothing', '<md:AffiliationDescriptor affiliationOwnerID="urn:nothing"><md:AffiliateMember>urn:x</md:AffiliateMember></md:AffiliationDescriptor>')], { until: 90000, made: instant(-50) }));
  rows.set('cedar', row(cedar, 'metadata_from: fed'));
  write();
  await refresh('fed');
  const line = await read('fed', 2);
  check(line.result === 'renewed' && line.entities === 4, JSON.stringify(line));
  await signsIn(cedar);
});

const keepsGood = async (name, document, code, n) => {
  const before = lines('source.read').length;
  if (document !== undefined) served.set('/all.xml', document); else served.delete('/all.xml');
  await refresh('source:fed');
  await until('it is read', () => lines('source.read').length > before);
  const line = lines('source.read').at(-1);
  check(line.result === code, `${name}: ${JSON.stringify(line)}`);
  await signsIn(alder);
};

await test('items 3, 4: a broken, older, expired, far, foreign or cut copy never replaces a good one [MD03, MD04]', async () => {
  const good = aggregate([alder, birch, cedar], { until: 100000, made: instant(-40) });
  await keepsGood('a good one', good, 'renewed');
  await keepsGood('the same again', good, 'same');
  await keepsGood('older by validUntil', aggregate([alder], { until: 80000, made: instant(-30) }), 'metadata_older');
  await keepsGood('older by creationInstant', aggregate([alder], { until: 110000, made: instant(-300) }), 'metadata_older');
  await keepsGood('without validUntil', aggregate([alder], { until: null }), 'metadata_no_expiry');
  await keepsGood('validUntil in the past', aggregate([alder], { until: -10 }), 'metadata_expired');
  await keepsGood('validUntil too far ahead', aggregate([alder], { until: 40 * 86400 }), 'metadata_too_far');
  await keepsGood('signed by another', aggregate([alder], { until: 120000 }, other), 'sig_value');
  await keepsGood('unsigned', aggregate([alder], { until: 120000, alter: () => '' }), 'sig_missing');
  await keepsGood('altered', good.replace(alder.acs, 'http://evil.localhost:9/acs'), 'sig_digest');
  await keepsGood('cut', good.slice(0, good.length - 100), 'metadata_malformed');
  await keepsGood('no XML', 'moved permanently', 'metadata_malformed');
  await keepsGood('a DTD', `<!DOCTYPE a [<!ENTITY b "c">]>${good}`, 'metadata_malformed');
  await keepsGood('gone', undefined, 'http_refused');
  served.set('/all.xml', good);
});

await test('item 3: the key of one source proves nothing of another: a row with another signer begins anew [MD03]', async () => {
  sources.set('fed', source('fed', `    url: ${base}/all.xml\n`, other.pem));
  write();
  await until('nothing is taken from the old index', async () => (await startOf(alder)).status >= 500);
  sources.set('fed', source('fed', `    url: ${base}/all.xml\n`));
  write();
  await known(alder);
  await signsIn(alder);
});

await test('an index outlives a restart, also while its publisher is away', async () => {
  await g.stop();
  served.delete('/all.xml');
  await g.start();
  await known(alder);
  await signsIn(alder);
});

await test('item 2: an aggregate as a file of state_dir/metadata is read, and read anew when it is put there anew', async () => {
  const dogwood = service('dogwood');
  const put = (xml) => {
    const at = path.join(g.state, 'metadata', 'own.xml');
    fs.writeFileSync(`${at}.new`, xml);
    fs.renameSync(`${at}.new`, at);
    g.chown();
  };
  put(aggregate([dogwood]));
  sources.set('own', source('own', '    file: own.xml\n'));
  rows.set('dogwood', row(dogwood, 'metadata_from: own'));
  write();
  await known(dogwood);
  await signsIn(dogwood);
  const moved = `${dogwood.base}/acs/moved`;
  put(aggregate([entity(dogwood.entity, said(dogwood, { acs: [['HTTP-POST', moved]] }))], { until: 90000 }));
  await until('the new ACS', async () => { try { await signsIn(dogwood, { acs: moved }); return true; } catch { return false; } });
  await refused(dogwood, { acs: dogwood.acs });
});

// ── MDQ ──
const mdq = (s) => `/mdq/entities/${s.entity}`;

await test('item 1: MDQ, one entity is asked for by its percent-encoded name, verified, kept, and asked for once [MD01]', async () => {
  const elder = service('elder');
  served.set(mdq(elder), signedEntity(elder.entity, said(elder), by, { cache: 'PT1H' }));
  sources.set('mdq', source('mdq', `    kind: mdq\n    url: ${base}/mdq/\n`));
  rows.set('elder', row(elder, 'metadata_from: mdq'));
  write();
  await known(elder);
  await Promise.all([1, 2, 3].map(() => signsIn(elder)));
  check(count(elder.entity) === 1, `asked ${count(elder.entity)} times`);
  check(lines('upstream.refresh_failed').every((l) => l.idp !== 'source:mdq'), 'a failure');
});

const never = async (name, xml) => {
  const s = service(name);
  if (xml) served.set(mdq(s), xml(s));
  rows.set(name, row(s, 'metadata_from: mdq'));
  write();
  await until(`${name} is in the registry`, async () => (await startOf(s)).status !== 404);
  const got = await startOf(s);
  check(got.status >= 500, `${name}: ${got.status}`);
  return s;
};

await test('items 1, 3, 4: MDQ, unsigned, signed by another, of another entity, without or past or far validUntil: refused [MD03, MD04]', async () => {
  await never('unsigned', (s) => plain(s.entity, said(s), ` validUntil="${instant(3600)}"`));
  await never('foreign', (s) => signedEntity(s.entity, said(s), other));
  await never('swapped', (s) => signedEntity(`${s.entity}/else`, said(s), by));
  await never('unending', (s) => signedEntity(s.entity, said(s), by, { until: null }));
  await never('ended', (s) => signedEntity(s.entity, said(s), by, { until: -5 }));
  await never('distant', (s) => signedEntity(s.entity, said(s), by, { until: 40 * 86400 }));
});

await test('item 1: MDQ, a negative answer is kept for a while: many logins, one question', async () => {
  const s = await never('absent');
  for (let i = 0; i < 5; i++) await startOf(s);
  check(count(s.entity) === 1, `asked ${count(s.entity)} times`);
});

await test('item 1: MDQ, a server that hangs holds up the service that it is asked about, and no other', async () => {
  const s = service('hanging');
  holds = s.entity;
  rows.set('hanging', row(s, 'metadata_from: mdq'));
  write();
  const waits = startOf(s).catch(() => null);
  await until('it is asked', async () => { void startOf(s).catch(() => null); return count(s.entity) > 0; });
  await signsIn(alder);
  const fir = service('fir');
  served.set(mdq(fir), signedEntity(fir.entity, said(fir), by));
  rows.set('fir', row(fir, 'metadata_from: mdq'));
  write();
  await known(fir);
  await signsIn(fir);
  holds = null;
  rows.delete('hanging');
  void waits;
});

await test('item 1: MDQ, what was used is renewed ahead of its end, with nobody waiting; an older copy is not taken', async () => {
  const s = service('gean');
  served.set(mdq(s), signedEntity(s.entity, said(s), by, { until: 7200, cache: 'PT61S' }));
  rows.set('gean', row(s, 'metadata_from: mdq'));
  write();
  await known(s);
  served.set(mdq(s), signedEntity(s.entity, said(s, { acs: [['HTTP-POST', `${s.base}/old`]] }), by, { until: 3600 }));
  await refresh('gean');
  await until('the rollback is seen', () => lines('upstream.rollback').length > 0);
  await signsIn(s);
  served.set(mdq(s), signedEntity(s.entity, said(s, { acs: [['HTTP-POST', `${s.base}/new`]] }), by, { until: 10000, cache: 'PT61S' }));
  const before = count(s.entity);
  await until('it is asked ahead', () => count(s.entity) > before, 90000);
  await until('the new ACS', async () => { try { await signsIn(s, { acs: `${s.base}/new` }); return true; } catch { return false; } });
});

// ── an address of its own ──
const own = (s) => `/own/${s.name}`;

await test('items 2, 7, 8, 11: an unsigned address: every signing key is tried, a key without use serves both [MD02, MD07, MD08, MD11]', async () => {
  const s = service('hazel'), next = signer(dir, 'next');
  served.set(own(s), plain(s.entity, said(s, { keys: [['signing', s.certificate], [null, base64Of(next.pem)]] })));
  rows.set('hazel', row(s, `metadata_url: "${base}${own(s)}"`));
  write();
  await known(s);
  await signsIn(s);
  const { answer } = await signsIn(s, { key: next.key });
  check(/EncryptedAssertion/.test(answer.xml), 'the key without use is no key to encrypt to');
});

await test('item 2: digione refresh SERVICE fetches at once, in the running gateway', async () => {
  const s = service('ivy'), moved = `${s.base}/acs/moved`;
  served.set(own(s), plain(s.entity, said(s)));
  rows.set('ivy', row(s, `metadata_url: "${base}${own(s)}"`));
  write();
  await known(s);
  await signsIn(s);
  served.set(own(s), plain(s.entity, said(s, { acs: [['HTTP-POST', moved]] })));
  await refresh('ivy');
  await until('refreshed', () => lines('upstream.refreshed').some((l) => l.service === 'ivy' && l.result === 'renewed'));
  await signsIn(s, { acs: moved });
  const none = g.cli('refresh', '-c', g.config, 'nowhere');
  check(none.status === 1, `${none.status}`);
});

await test('keys and addresses that an unsigned address says anew wait; what was approved goes on', async () => {
  const s = service('juniper'), evil = signer(dir, 'evil'), moved = `${s.base}/acs/moved`;
  const print = crypto.createHash('sha256').update(Buffer.from(s.certificate, 'base64')).digest('hex').toUpperCase();
  const approved = `metadata_approved: ["key ${print}", "acs POST ${s.acs}", "slo Redirect ${s.base}/slo"]`;
  served.set(own(s), plain(s.entity, said(s, { keys: [['signing', s.certificate], [null, base64Of(evil.pem)]], acs: [['HTTP-POST', s.acs], ['HTTP-POST', moved]] })));
  rows.set('juniper', row(s, `metadata_url: "${base}${own(s)}"`, `${approved},`));
  write();
  await known(s);
  const { answer } = await signsIn(s);
  check(!/EncryptedAssertion/.test(answer.xml), 'it is encrypted to a key that nobody has approved');
  await refused(s, { key: evil.key });
  await refused(s, { acs: moved });
  rows.set('juniper', row(s, `metadata_url: "${base}${own(s)}"`, `${approved.replace(']', `, "acs POST ${moved}"]`)},`));
  write();
  await until('approved', async () => { try { await signsIn(s, { acs: moved }); return true; } catch { return false; } });
  await refused(s, { key: evil.key });
});

await test('one entityID per municipality: metadata, Issuer, SSO and SLO are its own, and a message for one is refused at another', async () => {
  const s = service('kelo'), plainly = service('larch'), face = '/saml/idp/sso/oulu', us = `${g.url}/saml/idp/metadata/oulu`;
  const got = await fetchLocal(g.port, '/saml/idp/metadata/oulu', { host: g.host });
  check(got.status === 200 && got.text.includes(`entityID="${us}"`), `${got.status} ${got.text.slice(0, 300)}`);
  check(!got.text.includes('SPSSODescriptor') && got.text.includes('Oulu'), 'the role towards cities is its own entity');
  for (const at of ['sso', 'slo', 'soap']) check(got.text.includes(`Location="${g.url}/saml/idp/${at}/oulu"`), `no ${at}`);
  check((await fetchLocal(g.port, '/saml/idp/metadata/atlantis', { host: g.host })).status === 404, 'metadata of nobody');
  for (const [x, more] of [[s, 'answers_as: oulu, '], [plainly, '']]) {
    served.set(own(x), plain(x.entity, said(x)));
    rows.set(x.name, row(x, `metadata_url: "${base}${own(x)}"`, more));
  }
  write();
  await known(s);
  await known(plainly);
  const { answer, agent } = await signsIn(s, { at: face });
  check(answer.xml.includes(`>${us}</saml:Issuer>`) && !answer.xml.includes(`>${g.url}/saml/metadata</saml:Issuer>`), answer.xml.slice(0, 600));
  await refused(s); // ours in general
  await refused(s, { at: '/saml/idp/sso/tampere' });
  await refused(s, { at: face, to: '/saml/sso' }); // Destination says another
  await refused(s, { at: face, to: '/saml/idp/sso/tampere' });
  await refused(plainly, { at: face });
  await signsIn(plainly);
  const told = posted(await agent.get(`${g.url}/saml/start?service=kelo`));
  check(told.status === 'Success' && told.xml.includes(`>${us}</saml:Issuer>`), 'unasked');
  // SLO: at its own address alone.
  const out = (at, to = at) => s.query(s.logout(`${g.url}${to}`, { name: answer.nameId, sessions: [answer.session] }), { sign: true });
  for (const [at, to] of [['/saml/slo'], ['/saml/idp/slo/tampere'], ['/saml/idp/slo/oulu', '/saml/slo']]) {
    const page = await agent.get(`${g.url}${at}?${out(at, to)}`);
    check(page.status >= 400, `${at} ${to}: ${page.status} ${page.url}`);
  }
  const page = await fetchLocal(g.port, `/saml/idp/slo/oulu?${out('/saml/idp/slo/oulu')}`, { host: g.host, headers: { Cookie: [...agent.jar.get(new URL(g.url).hostname)?.entries?.() ?? []].map(([k, v]) => `${k}=${v.value ?? v}`).join('; ') } });
  const response = page.status === 303 || page.status === 302 ? page.headers.location : '';
  check(response.startsWith(`${s.base}/slo?SAMLResponse=`), `${page.status} ${response || page.text.slice(0, 500)}`);
  const xml = inflated(response);
  check(xml.includes(`>${us}</saml:Issuer>`) && /status:Success/.test(xml), xml);
});

await test('the identity provider of a municipality tells of its own people alone', async () => {
  const s = service('maple');
  served.set(own(s), plain(s.entity, said(s)));
  rows.set('maple', row(s, `metadata_url: "${base}${own(s)}"`, 'answers_as: tampere, '));
  write();
  await until('maple is known', async () => [303, 200].includes((await startOf(s)).status));
  const anna = (await signsIn(alder)).agent;
  const got = await signIn(s, { at: '/saml/idp/sso/tampere', agent: anna });
  check(got.answer?.status !== 'Success' && !forms(got.page.text).some((f) => f.buttons.some((b) => b.value === 'oulu')), `${got.answer?.status} ${text(got.page.text).slice(0, 300)}`);
  const inside = `<samlp:Scoping><samlp:IDPList><samlp:IDPEntry ProviderID="urn:nobody"/></samlp:IDPList></samlp:Scoping>`;
  const page = await new Agent().get(`${g.url}/saml/idp/sso/tampere?${s.query(s.request(`${g.url}/saml/idp/sso/tampere`, { inside }), { sign: true })}`);
  check(posted(page)?.status.endsWith('NoSupportedIDP'), `${posted(page)?.status}`);
});

await test('what a row and a source may not say is refused with words', () => {
  const file = path.join(g.dir, 'bad.yaml');
  const bad = (text_, want) => {
    fs.writeFileSync(file, text_);
    const done = g.cli('import', '-c', g.config, '--dry-run', file);
    check(done.status !== 0 && `${done.stdout}${done.stderr}`.includes(want), `${want}: ${done.status} ${done.stdout}${done.stderr}`);
  };
  const of = (services, list) => registryText(services, { rules: RULES }) + (list ? `metadata_sources:\n${list}` : '');
  const ok = source('fed', `    url: ${base}/all.xml\n`);
  bad(of(row(alder, 'metadata_from: nowhere'), ok), 'none of metadata_sources');
  bad(of(row(alder, `metadata_from: fed, metadata_url: "${base}/x"`), ok), 'metadata_from goes with neither');
  bad(of(row(alder, 'metadata_from: fed'), source('fed', '    file: ../../etc/passwd\n')), 'no name of a file');
  bad(of(row(alder, 'metadata_from: fed'), source('fed', '    kind: mdq\n    file: x.xml\n')), 'an MDQ source has a url');
  bad(of(row(alder, 'metadata_from: fed'), source('fed', `    url: ${base}/x\n    most_ahead_days: 0\n`)), 'most_ahead_days');
  bad(of(row(alder, 'metadata_from: fed, answers_as: atlantis'), ok), 'is no provider');
});

await test('the console: what stands is confirmed, what comes anew waits, is approved, is rejected; and stands in history', async () => {
  const s = service('nutmeg'), evil = signer(dir, 'nutmeg-evil'), moved = `${s.base}/acs/moved`, wrong = `${s.base}/acs/wrong`;
  served.set(own(s), plain(s.entity, said(s)));
  rows.set('nutmeg', row(s, `metadata_url: "${base}${own(s)}"`));
  write();
  await known(s);
  const admin = new Agent();
  let page = await admin.get(`${g.url}/admin`);
  if (!/name="password"/.test(page.text)) page = await admin.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.value === 'oulu'));
  await admin.submit(page, { username: 'nils', password: 'salasana-nils' }, (f) => 'password' in f.fields);
  const at = () => admin.get(`${g.url}/admin/metadata/nutmeg`);
  const main = (x) => ({ ...x, text: x.text.slice(x.text.indexOf('<main')) });
  page = await admin.get(`${g.url}/admin/metadata`);
  if (page.text.includes('action="/admin/area"') && !page.text.includes('/admin/metadata/nutmeg')) { await admin.submit(main(page), { area: 'nation' }, (f) => f.action === '/admin/area' && f.method?.toLowerCase() === 'post'); page = await admin.get(`${g.url}/admin/metadata`); }
  check(page.status === 200 && page.text.includes('/admin/metadata/nutmeg'), `${page.status} ${text(page.text).slice(0, 400)}`);
  page = await admin.submit(main(await at()), { act: 'pin', who: '' }, (f) => f.buttons.some((b) => b.value === 'pin'));
  check(page.status === 400, `nobody confirmed it: ${page.status}`);
  page = await admin.submit(main(page), { act: 'pin', who: 'Nelli, Nutmeg Oy' }, (f) => f.buttons.some((b) => b.value === 'pin'));
  check(page.status === 200 && page.url.includes('/admin/metadata/nutmeg'), `pinned: ${page.status} ${page.url} ${text(page.text).slice(0, 300)}`);
  served.set(own(s), plain(s.entity, said(s, { keys: [['signing', s.certificate], ['signing', base64Of(evil.pem)]], acs: [['HTTP-POST', s.acs], ['HTTP-POST', moved], ['HTTP-POST', wrong]] })));
  await refresh('nutmeg');
  await until('it waits', async () => forms((await at()).text).filter((f) => f.buttons.some((b) => b.value === 'approve')).length === 3);
  await refused(s, { acs: moved });
  await refused(s, { key: evil.key });
  await signsIn(s);
  const of = (fact) => (f) => f.fields.fact === fact;
  page = await admin.submit(main(await at()), { act: 'approve', who: 'Nelli, Nutmeg Oy' }, of(`acs POST ${moved}`));
  check(page.status === 200, `approved: ${page.status} ${text(page.text).slice(0, 300)}`);
  await signsIn(s, { acs: moved });
  page = await admin.submit(main(await at()), { act: 'reject', who: 'Nelli, Nutmeg Oy' }, of(`acs POST ${wrong}`));
  check(page.status === 200, `rejected: ${page.status}`);
  page = await at();
  check(forms(page.text).filter((f) => f.buttons.some((b) => b.value === 'approve')).length === 1, 'the key alone waits still');
  await refused(s, { acs: wrong });
  await refused(s, { key: evil.key });
  const log = g.cli('registry', 'log', '-c', g.config, '--last', '5').stdout;
  check(/Nelli, Nutmeg Oy/.test(log), log);
  check((await new Agent().get(`${g.url}/admin/metadata/nutmeg`)).url.includes('sign-in'), 'a stranger');
});

await g.stop();
server.close();
server.closeAllConnections();
await finish();
