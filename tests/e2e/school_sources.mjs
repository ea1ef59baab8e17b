// SPDX-License-Identifier: EUPL-1.2
// Three sources of one municipality side by side: its staff, learners of the lower levels, learners of the upper level; two OpenID
// Providers and a SAML identity provider.  Each speaks of its own alone; a school's link and the picker lead to the right one; a school
// moves from one source to another, and its people stay who they are while the others do not notice.
//   node school_sources.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { Agent } from './agent.mjs';
import { Gateway, check, city, finish, folder, freePort, test, until } from './gateway.mjs';
import { OidcCity, SamlCity } from './odd_city.mjs';
import { Service } from './rp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has', OVERLAP_S = Number(process.env.OVERLAP_S ?? 75);
const espoo = { id: 'espoo', oid: '1.2.246.562.99.90490100006', code: '049', name: 'Espoo', schools: [['99701', '90490200010', 'Testi-Alakoulu'], ['99702', '90490200028', 'Testi-Rantakoulu'], ['99790', '90490200036', 'Testi-Ylälukio']] };
const modes = { staff: {}, lower: {} }, odd = new OidcCity(await freePort(), modes, { secret });
const saml = new SamlCity('http://saml.localhost/idp'), dir = folder('school-sources-keys');
fs.writeFileSync(path.join(dir, 'k.pem'), saml.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const certificate = spawnSync('openssl', ['req', '-x509', '-new', '-key', path.join(dir, 'k.pem'), '-days', '3', '-subj', '/CN=city'], { encoding: 'utf8' }).stdout.replace(/-----[^-]*-----|\s/g, '');
const oidc = (id, name, more) => `  - { id: espoo-${id}, kind: oidc, provider: espoo, test: true, name: { fi: "${name}" }, map: native, issuer: "${odd.base}/${id}", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: ${secret} }, ${more} }\n`;
const service = new Service(null, { id: 'kanerva', secret: 'kanerva-secret-of-the-test-that-is-long', scope: 'openid profile edu.role edu.school' });
const g = new Gateway(path.resolve(process.argv[2]), { name: 'school-sources', port: await freePort() });
service.gateway = g;
g.registry = `format: 1
providers:
${city(espoo)}idps:
${oidc('staff', 'Espoo, henkilöstö', 'asserts_roles: [teacher, principal]')}${oidc('lower', 'Espoo, peruskoulut', 'asserts_roles: [learner], asserts_schools: ["99701", "99702"]')}  - { id: espoo-upper, kind: saml, provider: espoo, name: { fi: "Espoo, lukio" }, test: true, map: mpassid, asserts_roles: [learner], asserts_schools: ["99790"], entity_id: "${saml.entity}", metadata_xml: '${saml.metadata('http://saml.localhost/sso', certificate, ['HTTP-Redirect'])}' }
services:
${service.row()}policies:
  - { id: all, provider: espoo, opens: permit, roles: [learner, teacher, principal], release: [sub, given_name, family_name, roles, school, provider] }
`;
await g.start();

const schools = Object.fromEntries(espoo.schools.map(([c, suffix]) => [c, `1.2.246.562.99.${suffix}`]));
const said = (roles) => roles.map(([role, code]) => JSON.stringify({ role, provider_oid: espoo.oid, ...(code ? { school_oid: schools[code] } : {}) }));
const mpass = (roles) => roles.map(([role, code]) => `${espoo.oid};${code ?? ''};7B;${{ learner: 'oppilas', teacher: 'opettaja', principal: 'rehtori' }[role]};;;`);
const numbers = { aino: '1.2.246.562.98.85640200011', elli: '1.2.246.562.98.85640200029', late: '1.2.246.562.98.85640200037', onni: '1.2.246.562.98.85640200045', ovela: '1.2.246.562.98.85640200052' };
const inflated = (s) => zlib.inflateRawSync(Buffer.from(s, 'base64')).toString();

// Signs somebody in at a source, and says what the service is told: who (sub), and as what.  roles: what the source asserts.
async function comes(source, who, roles, number) {
  const agent = new Agent(), elsewhere = (next) => next.startsWith(service.redirect) || next.startsWith('http://saml.localhost/');
  if (modes[source]) modes[source].claims = { sub: who, given_name: who, family_name: 'Testi', edu_roles: said(roles).map((r) => JSON.parse(r)), ...(number ? { edu_learner_id: number } : {}) };
  let res = await agent.get(service.authorizeUrl({ acr_values: `urn:mpass.id:authnsource:espoo-${source}` }), { until: elsewhere });
  if (res.next?.startsWith('http://saml.localhost/')) {
    const q = new URL(res.next).searchParams;
    const answer = saml.answer({ request: /\bID="([^"]*)"/.exec(inflated(q.get('SAMLRequest')))[1], acs: `${g.url}/upstream/saml/acs`, sp: `${g.url}/saml/metadata`, nameid: who, session: `s-${who}-${Date.now()}`,
      attrs: { 'urn:mpass.id:uid': [who], 'urn:oid:2.5.4.42': [who], 'urn:oid:2.5.4.4': ['Testi'], 'urn:mpass.id:role': mpass(roles), ...(number ? { 'urn:oid:1.3.6.1.4.1.16161.1.1.27': [number] } : {}) } });
    res = await agent.go('POST', `${g.url}/upstream/saml/acs`, { form: { SAMLResponse: answer, RelayState: q.get('RelayState') }, headers: { Origin: 'http://saml.localhost' }, until: elsewhere });
  }
  const { answer, page } = service.arrived(res);
  if (!answer?.get('code')) return { page: page?.text ?? String(answer), opens: false };
  const { info } = await service.finish(answer);
  return { opens: true, sub: info.sub, roles: (info.edu_roles ?? []).map((r) => r.role).sort(), schools: (info.edu_schools ?? []).map((s) => s.code).sort() };
}
const is = (got, roles, codes) => check(got.opens && got.roles.join() === roles.join() && got.schools.join() === codes.join(), JSON.stringify(got).slice(0, 600) + g.logTail(4));

const before = {};
await test('each of three sources brings its own people, as what its row lets it say', async () => {
  is(before.tiina = await comes('staff', 'tiina', [['teacher', '99701']]), ['teacher'], ['99701']);
  is(before.aino = await comes('lower', 'aino', [['learner', '99701']], numbers.aino), ['learner'], ['99701']);
  is(before.elli = await comes('lower', 'elli', [['learner', '99702']], numbers.elli), ['learner'], ['99702']);
  is(before.onni = await comes('upper', 'onni', [['learner', '99790']], numbers.onni), ['learner'], ['99790']);
  check(new Set(Object.values(before).map((p) => p.sub)).size === 4, 'two people are one');
});

await test('what a source says beyond its row opens nothing, is told to nobody, and the log says why', async () => {
  is(await comes('lower', 'aino', [['learner', '99701'], ['teacher', '99701'], ['learner', '99790'], ['principal']], numbers.aino), ['learner'], ['99701']);
  check(!(await comes('lower', 'ovela', [['teacher', '99701']])).opens, 'a learners’ source made a teacher');
  check(!(await comes('upper', 'ovela', [['principal', '99790'], ['learner', '99701']], numbers.ovela)).opens, 'the upper level’s source spoke of a lower school');
  check(!(await comes('staff', 'ovela', [['learner', '99702']])).opens, 'the staff’s source made a learner');
  const log = g.logTail(400);
  check(/upstream\.role_beyond/.test(log) && /upstream\.school_beyond/.test(log) && /asserts_schools of the identity provider/.test(log), log.slice(-1500));
});

const leadsTo = async (at) => { const res = await new Agent().once('GET', g.url + at); return res.headers.location ?? ''; };
await test('a school’s link leads to the source of its learners, with role=teacher to that of its staff', async () => {
  for (const code of ['99701', '99702']) check((await leadsTo(`/school/${code}`)).startsWith(`${odd.base}/lower/`), `${code}: ${await leadsTo(`/school/${code}`)}`);
  check((await leadsTo('/school/99790')).startsWith('http://saml.localhost/sso'), await leadsTo('/school/99790'));
  for (const code of ['99701', '99790']) check((await leadsTo(`/school/${code}?role=teacher`)).startsWith(`${odd.base}/staff/`), `${code} as a teacher: ${await leadsTo(`/school/${code}?role=teacher`)}`);
});

const picked = async (q) => {
  const agent = new Agent(), { page: first } = await service.begin(agent), at = new URL(first.url);
  at.searchParams.set('q', q);
  const page = await agent.get(at.href);
  return [...page.text.matchAll(/name="idp" value="(espoo-\w+)"/g)].map((m) => m[1]);
};
await test('the picker finds a school at the sources that may speak of it alone', async () => {
  const upper = await picked('Ylälukio'), lower = await picked('Alakoulu');
  check([...new Set(upper)].sort().join() === 'espoo-staff,espoo-upper', `Ylälukio: ${upper}`);
  check([...new Set(lower)].sort().join() === 'espoo-lower,espoo-staff', `Alakoulu: ${lower}`);
});

// The school changes its source in one change, and its people's learner numbers say who they were, for as long as the overlap lasts.
const put = (...args) => { const r = g.cli('registry', 'put', '-c', g.config, ...args); check(r.status === 0, `${args}: ${r.stderr} ${r.stdout}`); };
// A node writes the numbers that it saw every few seconds; a move knows those that are written.  sqlite3 is Python's, as in doctor.mjs.
const kept = (idp, n) => until(`${n} learner numbers of ${idp} are kept`, () => Number(spawnSync('python3', ['-c', 'import sqlite3,sys\nprint(sqlite3.connect(sys.argv[1]).execute("SELECT COUNT(DISTINCT number) FROM learner WHERE idp = ?", (sys.argv[2],)).fetchone()[0])', path.join(g.state, 'registry', 'links.sqlite'), idp], { encoding: 'utf8' }).stdout) === n, 30000);
let over_ms;
await test('a school moves from one source to another: its people keep their accounts, the others notice nothing', async () => {
  await kept('espoo-lower', 2);
  over_ms = Date.now() + OVERLAP_S * 1000;
  put('move', 'rantakoulu', 'provider=espoo', 'from=espoo-lower', 'to=espoo-upper', 'by=learner_number', `until=${new Date(over_ms).toISOString().slice(0, 19)}Z`);
  put('idp', 'espoo-lower', 'asserts_schools=99701');
  put('idp', 'espoo-upper', 'asserts_schools=99790\n99702');
  await until('the school is the other source’s', async () => (await leadsTo('/school/99702')).startsWith('http://saml.localhost/sso'));
  const elli = await comes('upper', 'e.uusi', [['learner', '99702']], numbers.elli);
  is(elli, ['learner'], ['99702']);
  check(elli.sub === before.elli.sub, 'Elli is somebody else at the new source');
  check(!(await comes('lower', 'elli', [['learner', '99702']], numbers.elli)).opens, 'the former source still speaks of the school');
  for (const [who, source, code] of [['aino', 'lower', '99701'], ['onni', 'upper', '99790'], ['tiina', 'staff', '99701']]) {
    const now = await comes(source, who, [[source === 'staff' ? 'teacher' : 'learner', code]], numbers[who]);
    check(now.opens && now.sub === before[who].sub, `${who}: ${JSON.stringify(now).slice(0, 300)}`);
  }
});

await test('when the overlap is over, who has moved stays who they are, and who comes then for the first time is somebody new', async () => {
  const late = { had: await comes('lower', 'late', [['learner', '99701']], numbers.late) };
  check(late.had.opens, JSON.stringify(late.had).slice(0, 300));
  await kept('espoo-lower', 3);
  await until('the overlap is over', () => Date.now() > over_ms + 1000, OVERLAP_S * 1000 + 20000);
  const elli = await comes('upper', 'e.uusi', [['learner', '99702']], numbers.elli);
  check(elli.sub === before.elli.sub, 'Elli lost the account when the overlap was over');
  const now = await comes('upper', 'late.uusi', [['learner', '99702']], numbers.late);
  check(now.opens && now.sub !== late.had.sub, 'a number leads to an account though the move is over');
  check((await comes('lower', 'late', [['learner', '99701']], numbers.late)).sub === late.had.sub, 'the former account has gone');
});

odd.close();
await finish();
