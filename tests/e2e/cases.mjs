// SPDX-License-Identifier: EUPL-1.2
// Situations that other projects' bug reports tell of: folders with a README and small inputs, at ../shared/cases beside the
// checkout or where CASES points.  Each is played against a real gateway, and has the outcome that is right.
//   node cases.mjs PATH-OF-DIGIONE [CASE]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, cities, city, fetchLocal, finish, folder, freePort, root, test, until } from './gateway.mjs';
import { OidcCity, SamlCity, ecKey, jwt } from './odd_city.mjs';
import { Service } from './rp.mjs';

const program = path.resolve(process.argv[2]), only = process.argv[3];
const cases = path.resolve(process.env.CASES ?? path.join(root, '../shared/cases'));
if (!fs.existsSync(cases)) {
  console.log(`skipped: no cases at ${cases}; CASES names another folder`);
  process.exit(77);
}
const names = fs.readdirSync(cases).filter((n) => fs.statSync(path.join(cases, n)).isDirectory()).sort();
const place = (name, file) => path.join(cases, name, file);
const read = (name, file) => fs.readFileSync(place(name, file), 'utf8');
const caseOf = (name) => JSON.parse(read(name, 'case.json'));
const asked = (name, file) => new URL(/^GET (\S+)/m.exec(read(name, file))[1], 'http://x');
const has = (name) => names.includes(name);
const idOf = (name) => name.toLowerCase().replace(/[^a-z0-9-]/g, '-');

// ── what is right, by the case's name ──
const right = {
  '01-session-not-on-or-after': (name, c) => script(name, `SCENARIO  ${name}
CLOCK     2026-08-10T08:00:00Z
anna      OPENS matikka at=oulu                     EXPECT 303 to city oulu
oulu      ANSWERS anna for ${c.session_s}           EXPECT 303 to /upstream/saml/go
anna      FOLLOWS                                   EXPECT 303 to service matikka, code, session
AUDIT     login person=anna service=matikka idp=oulu
AUDIT     open person=anna service=matikka idp=oulu rule=oulu-teachers
PASSES    ${c.wait_s} s
anna      OPENS matikka                             EXPECT 303 to /sign-in
anna      GETS /                                    EXPECT 303 to /sign-in
`),
  '02-no-auth-time-shared-device': async (name) => {
    const shared = () => { const a = new Agent(); a.keep(new URL(g.url), ['shared=1']); return a; };
    const without = await open(name, shared());
    const query = odd.asked[idOf(name)].find((q) => q.what === 'authorize').query;
    check(query.prompt === 'login' && JSON.parse(query.claims).id_token.auth_time.essential === true, JSON.stringify(query));
    check(without.page?.status === 502, shown(without));
    const line = named(name, without.page, 'auth_time_missing');
    check(/fresh_login_by: iat/.test(JSON.stringify(line)), JSON.stringify(line));
    await comes(await open('twin-02', shared()));
    await comes(await open(name)); // a device of one's own needs none of it
  },
  '03-key-replaced-no-new-kid': async (name) => {
    await comes(await open(name));
    modes[idOf(name)].key = ecKey(modes[idOf(name)].key.kid);
    await comes(await open(name));
  },
  '05-empty-attribute-hides-next': async (name) => teaches(await open(name)),
  '06-roles-hides-groups': async (name) => teaches(await open(name)),
  '07-groups-overage': async (name) => {
    const { page } = await open(name);
    check(page?.status === 403, shown({ page }));
    const line = lines(name).find((l) => l.event === 'upstream.groups_overage');
    check(line?.mend && codeOn(page).includes(line.support_code), JSON.stringify(lines(name)));
  },
  '08-access-token-20kB': async (name) => comes(await open(name)),
  '09-discovery-null-endpoint': async (name) => comes(await open(name)),
  '10-discovery-empty-endpoint': async (name) => comes(await open(name)),
  '11-pkce-methods-without-s256': async (name) => {
    await comes(await open(name));
    check(odd.asked[idOf(name)].find((q) => q.what === 'authorize').query.code_challenge_method === 'S256', 'no challenge');
  },
  // Nothing is read that was not verified; what was is.
  '12-userinfo-as-jwt': async (name) => {
    const raw = await open(name);
    check(raw.page?.status === 502, shown(raw));
    check(lines(name).some((l) => codeOn(raw.page).includes(l.support_code)), JSON.stringify(lines(name)));
    const info = await comes(await open('twin-12'));
    check(info.given_name === 'Ui', JSON.stringify(info));
  },
  '13-userinfo-1500-groups': async (name, c) => {
    await teaches(await open(name));
    check(lines(name).some((l) => l.event === 'upstream.values_left_out' && l.values > 0 && l.values < c.groups), JSON.stringify(lines(name)));
  },
  '14-saml-1000-groups': async (name) => teaches(await openSaml(name)),
  '15-audience-white-space': async (name) => {
    const { status, said, out } = readmeRuns(name);
    check(status === 0 && said?.ok === true, out);
    await teaches(await openSaml(name));
  },
  '18-cancel-at-the-city': async (name) => {
    const { page, mine, agent } = await open(name);
    check(page && /peruttiin|peruit|keskeyt/i.test(text(page.text)), shown({ page }));
    // Back to the service, which hears of it; or the same sign-in once more.
    const links = [...page.text.matchAll(/(?:href|action)="([^"]*)"/g)].map((m) => m[1].replaceAll('&amp;', '&'));
    let heard = links.find((l) => l.startsWith(mine.redirect));
    for (const l of links.filter((one) => /^\/(oidc|sign-in)/.test(one)).concat(forms(page.text).map((f) => f.action))) {
      if (heard || !l) break;
      const f = forms(page.text).find((one) => one.action === l);
      const res = f ? await agent.submit(page, {}, (one) => one.action === l, mine.until()) : await agent.get(g.url + l, mine.until());
      heard = res.next;
    }
    const to = new URL(heard ?? 'x:?');
    check(to.searchParams.get('error') === 'access_denied' && to.searchParams.get('state') === mine.state, `the service hears nothing: ${links}`);
  },
  '20-private-address': async () => {
    for (const [id, code] of [['o-private', 'refused_address'], ['o-named', null]]) {
      const { page } = await open(id);
      check(page?.status === 502, shown({ page }));
      const all = JSON.stringify(g.logText().split('\n').filter((l) => l.includes(`"${id}"`)));
      check(all.length > 2 && all.includes('refused_address') === (code !== null), `${id}: ${all}`);
    }
  },
  // A city whose name nobody but the proxy resolves: everything that is fetched of it goes through, and people sign in.
  '21-outbound-proxy': async () => {
    const host = 'idp.kunta.example', dir = folder('cases-proxy-keys'), pem = (n) => path.join(dir, n), connected = [];
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', pem('k'), '-out', pem('c')]);
    fs.chmodSync(dir, 0o755);
    const [p2, p3] = [await freePort(), await freePort()], tls = { key: fs.readFileSync(pem('k')), cert: fs.readFileSync(pem('c')) };
    const far = new OidcCity(p3, { far: mode({}) }, { host, secret, tls });
    const proxy = http.createServer((req, res) => res.writeHead(400).end()).on('connect', (req, socket) => {
      connected.push(req.url);
      const to = net.connect(p3, '127.0.0.1', () => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); to.pipe(socket).pipe(to); });
      for (const one of [to, socket]) one.on('error', () => { to.destroy(); socket.destroy(); });
    }).listen(0, '127.0.0.1');
    await until('the proxy listens', () => proxy.address());
    // By hand: a real one, as OUTGOING_PROXY=http://127.0.0.1:3128 OUTGOING_PROXY_LOGIN=user:password.
    if (process.env.OUTGOING_PROXY_LOGIN) fs.writeFileSync(pem('login'), process.env.OUTGOING_PROXY_LOGIN);
    const login = process.env.OUTGOING_PROXY_LOGIN ? { outgoing_proxy_login_file: pem('login') } : {};
    const behind = new Gateway(program, { name: 'cases-proxy', port: p2, settings: { outgoing_proxy: process.env.OUTGOING_PROXY ?? `http://127.0.0.1:${proxy.address().port}`, ca_file: pem('c'), ...login } });
    const s2 = new Service(behind, { secret: ours, scope: 'openid profile' });
    behind.registry = `format: 1
providers:
${city(cities.tampere)}idps:
  - { id: far, kind: oidc, provider: tampere, name: { fi: Tampere }, role: teacher, map: native, issuer: "${far.base}/far", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: ${secret} } }
services:
${s2.row({ asks: 'sub, given_name' })}rules:
  - { id: all, provider: tampere, release: [sub, given_name] }
`;
    await behind.start();
    const { page, answer } = await s2.begin(new Agent({ ca: tls.cert }), { acr_values: 'urn:mpass.id:authnsource:far' });
    check(answer?.get('code'), `${page?.status} ${text(page?.text ?? '').slice(0, 300)} ${behind.logTail(4)}`);
    check((await s2.finish(answer)).info.given_name === 'Tiina', 'somebody else');
    check(process.env.OUTGOING_PROXY || (connected.length > 0 && connected.every((to) => to === `${host}:${p3}`)), `at the proxy: ${connected}`);
    check(new Set(far.asked.far.map((q) => q.what)).size >= 4, 'not all was fetched');
    await behind.stop();
    far.close();
    proxy.close();
    proxy.closeAllConnections();
  },
  '22-yaml-bom': (name) => {
    const { status, out } = readmeRuns(name, ['-c', new Gateway(program, { name: 'cases-bom', port: 1 }).config]);
    check(status === 0, out);
  },
  '23-password-decomposed': async () => {
    check(typed.password !== typed.password.normalize('NFC'), 'the case types it composed');
    const { page, mine, agent } = await open('oulu');
    await comes({ mine, ...mine.arrived(await agent.submit(page, typed, (f) => 'password' in f.fields, mine.until())) });
  },
  '24-search-decomposed': async (name) => {
    const agent = new Agent(), { page } = await Object.assign(new Service(g, service)).begin(agent);
    const search = asked(name, 'query.txt'), login = new URL(page.url).searchParams.get('login');
    search.searchParams.set('login', login);
    for (const q of [search.searchParams.get('q'), 'jamsa', 'JÄMSÄ']) {
      search.searchParams.set('q', q);
      const found = await guestGets(search, agent);
      check(/value="jamsa"/.test(found.text), `${q}: ${text(found.text).slice(0, 400)}`);
    }
  },
  // Older than its time, it leads on to the service that was opened, in one step.
  '27-sign-in-page-left-open': (name) => {
    const [, life, waits] = /login_life_s: (\d+).*wait (\d+) s/s.exec(read(name, 'how.txt'));
    script(name, `SCENARIO  ${name}
CLOCK     2026-08-10T08:00:00Z
SET       login_life_s=${life}
anna      OPENS matikka                             EXPECT 303 to /sign-in
anna      FOLLOWS                                   EXPECT 200, page sign-in
PASSES    ${waits} s
anna      CHOOSES oulu                              EXPECT 303 to /sign-in
anna      CHOOSES oulu                              EXPECT 303 to city oulu
oulu      ANSWERS anna                              EXPECT 303 to /upstream/saml/go
anna      FOLLOWS                                   EXPECT 303 to service matikka, code, session
AUDIT     login person=anna service=matikka idp=oulu
AUDIT     open person=anna service=matikka idp=oulu rule=oulu-teachers
`);
  },
  '28-adfs-encrypts-cbc': (name) => {
    const { status, said, out } = readmeRuns(name);
    check(status === 1 && said?.error === 'enc_algorithm' && /aes256-cbc/.test(said.detail), out);
    check(/share_encryption_key: false/.test(fs.readFileSync(path.join(root, 'docs/cities.md'), 'utf8')), 'docs/cities.md names no way out');
  },
  // openid-client 5 expects RS256 of a row that says nothing, as OpenID Connect Registration 2 has it.
  '30-es256-by-default': async () => {
    const { agent } = await inside();
    const { answer, page } = await guest.begin(agent);
    check(answer?.get('code'), shown({ page }));
    const { tokens } = await guest.finish(answer);
    check(JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url')).alg === 'RS256', 'another algorithm');
  },
  '31-authorize-error-without-words': async (name) => {
    const url = asked(name, 'request.txt');
    url.searchParams.set('response_mode', 'web_message'); // form_post is no error any more
    const to = new URL((await guestGets(url)).headers.location ?? 'x:?');
    const words = to.searchParams.get('error_description');
    check(to.searchParams.get('error') === 'invalid_request' && to.searchParams.get('state') === 's' && /response_mode/.test(words), `${to}`);
    const code = /support code ([A-Z0-9]{8})/.exec(words)?.[1];
    check(code && g.logText().includes(code), words);
  },
  '32-form-post': async (name) => {
    const { agent } = await inside();
    const res = await guestGets(asked(name, 'request.txt'), agent);
    const f = forms(res.text).find((one) => one.action === guest.redirect);
    check(res.status === 200 && f?.method === 'post' && f.fields.code, `${res.status} ${text(res.text).slice(0, 300)}`);
  },
  '34-logout-client-id': async (name) => {
    const { agent } = await inside();
    const url = asked(name, 'request.txt');
    const page = await guestGets(url, agent);
    check(page.status === 200, `${page.status}`);
    const done = await agent.submit({ ...page, url: g.url + url.pathname }, {}, (f) => f.action.endsWith('/sign-out') && 'state' in f.fields, { until: (n) => n.startsWith(url.searchParams.get('post_logout_redirect_uri')) });
    check(done.next === `${url.searchParams.get('post_logout_redirect_uri')}?state=${url.searchParams.get('state')}`, `${done.status} ${done.next}`);
  },
  // What could not be done when it was reported can be now: the request goes by a form.
  '35-post-binding-only': async (name) => {
    const { page } = await openSaml(name, {});
    const f = forms(page?.text ?? '').find((one) => 'SAMLRequest' in one.fields);
    check(page?.status === 200 && f?.method === 'post' && f.action.startsWith('http://saml.localhost/'), shown({ page }));
    check(/<(\w+:)?AuthnRequest/.test(Buffer.from(f.fields.SAMLRequest, 'base64').toString()), f.fields.SAMLRequest);
  },
  '37-rsa-pss': (name) => {
    const { status, said, out } = readmeRuns(name);
    check(status === 0 && said?.ok === true && said.nameid, out);
  },
};

// ── the federation: a row for each case that is a city, which does what its case.json says ──
const secret = 'a-secret-of-the-city-that-is-long-enough', ours = 'a-secret-of-the-test-that-nobody-else-has';
const port = await freePort(), cityPort = await freePort();
const GROUP = 'aaaaaaaa-0000-0000-0000-000000000001';
const kinds = Object.fromEntries(names.filter((n) => right[n] && fs.existsSync(place(n, 'case.json'))).map((n) => [n, caseOf(n)]));
const many = (n) => Array.from({ length: n }, (_, i) => (i === 0 ? GROUP : `bbbbbbbb-0000-0000-0000-${String(i).padStart(12, '0')}`));

const mode = (c) => ({
  disc: c.city?.disc, claims: c.claims, no_auth_time: c.city?.no_auth_time, userinfo: c.city?.ui_raw, answer: c.answer,
  info: { ...c.claims, ...(c.groups ? { groups: many(c.groups) } : {}) },
  token: c.big_access_token ? { access_token: 'x'.repeat(c.big_access_token) } : {},
});
const oidcNames = Object.keys(kinds).filter((n) => kinds[n].kind === 'oidc'), samlNames = Object.keys(kinds).filter((n) => kinds[n].kind === 'saml');
const modes = Object.fromEntries(oidcNames.map((n) => [idOf(n), mode(kinds[n])]));
// Twins: the same city, where its row or its answer is as it ought to be.
const twins = {};
if (kinds['02-no-auth-time-shared-device']) { modes['twin-02'] = mode(kinds['02-no-auth-time-shared-device']); twins['twin-02'] = ['02-no-auth-time-shared-device', 'fresh_login_by: iat']; }
if (kinds['12-userinfo-as-jwt']) {
  const raw = kinds['12-userinfo-as-jwt'].city.ui_raw, key = ecKey('twin');
  const said = JSON.parse(Buffer.from(raw[1].split('.')[1], 'base64url'));
  modes['twin-12'] = { ...mode(kinds['12-userinfo-as-jwt']), key, userinfo: [raw[0], jwt({ ...said, given_name: 'Ui' }, key), raw[2]], claims: { given_name: undefined } };
  twins['twin-12'] = ['12-userinfo-as-jwt', ''];
}
const odd = new OidcCity(cityPort, modes, { secret });
const oidcRow = (id, c, extra = '') => `  - { id: ${JSON.stringify(id)}, kind: oidc, provider: tampere, name: { fi: ${JSON.stringify(`Kaupunki ${id}`)} }, test: true, map: ${c.map ?? 'native'}, issuer: "${odd.base}/${id}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} }, role_names: ["${GROUP}=teacher", "OPE=teacher"]${c.claims ? '' : ', role: teacher'}${extra ? `, ${extra}` : ''} }\n`;

const saml = new SamlCity('http://saml.localhost/idp');
const certDir = folder('cases-keys');
fs.writeFileSync(path.join(certDir, 'k.pem'), saml.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const certificate = spawnSync('openssl', ['req', '-x509', '-new', '-key', path.join(certDir, 'k.pem'), '-days', '3', '-subj', '/CN=city'], { encoding: 'utf8' }).stdout.replace(/-----[^-]*-----|\s/g, '');
const samlRow = (id, map, bindings) => {
  const entity = `${saml.entity}/${id}`, as = Object.assign(Object.create(SamlCity.prototype), saml, { entity });
  return `  - id: ${JSON.stringify(id)}
    kind: saml
    provider: vantaa
    name: { fi: ${JSON.stringify(`Kaupunki ${id}`)} }
    test: true
    map: ${map}
    role_names: ["${GROUP}=teacher"]
    entity_id: "${entity}"
    metadata_xml: |
      ${as.metadata('http://saml.localhost/sso', certificate, bindings)}
`;
};

const g = new Gateway(program, { name: 'cases', port, settings: { fetch_timeout_ms: 1500 } });
const service = new Service(g, { secret: ours, scope: 'openid profile edu.role edu.school' });
// The service of the requests that lie in the cases.
const guest = Object.assign(new Service(g, { id: 'rp1', secret: ours, redirect: 'http://127.0.0.1:18850/cb', alg: 'RS256', scope: 'openid' }));
const guestRow = guest.row({ asks: 'sub' }).replace(/ +(auth_method|id_token_alg): .*\n/g, '').replace('/cb/out', '/out');
const typed = has('23-password-decomposed') ? Object.fromEntries(read('23-password-decomposed', 'typed.txt').trim().split('\n').map((l) => l.split(/=(.*)/s).slice(0, 2))) : { username: 'åsa.öberg', password: 'salasäna-Öö1' };
const own = has('20-private-address') ? read('20-private-address', 'idp.yaml').trimEnd() : null;
g.registry = `format: 1
providers:
${city(cities.oulu)}${city(cities.tampere)}${city(cities.vantaa)}${city({ id: 'jamsa', oid: '1.2.246.562.99.91820100005', code: '182', name: 'Jämsä', schools: [['99601', '91820200011', 'Testi-Jämsän koulu']] })}idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu }, test: true }
  - { id: jamsa, kind: local, provider: jamsa, name: { fi: Jämsä }, test: true }
${oidcNames.map((n) => oidcRow(idOf(n), kinds[n])).join('')}${Object.entries(twins).map(([id, [of, extra]]) => oidcRow(id, kinds[of], extra)).join('')}${samlNames.map((n) => samlRow(idOf(n), 'entra')).join('')}${has('35-post-binding-only') ? samlRow('35-post-binding-only', 'mpassid', [/bindings:(\S+)/.exec(read('35-post-binding-only', 'metadata.txt'))[1]]) : ''}${own ? `${own}\n${own.replace('o-private', 'o-named').replace('10.0.0.5', '10.0.0.6').replace(/\}$/, ', private_networks: [10.0.0.0/28] }')}\n` : ''}services:
${service.row({ asks: 'sub, given_name, family_name, roles, school, provider' })}${guestRow}rules:
${['tampere', 'vantaa', 'oulu'].map((p) => `  - { id: all-${p}, provider: ${p}, release: [sub, given_name, family_name, roles, school, provider] }\n`).join('')}accounts:
  - { id: asa, idp: oulu, username: ${JSON.stringify(typed.username.normalize('NFC'))}, password: { plain: ${JSON.stringify(typed.password.normalize('NFC'))} }, given_names: Åsa, family_name: Öberg, affiliations: [ { provider: oulu, role: teacher, school: "99101" } ] }
`;
await g.start();

// ── how a person comes ──
const lines = (id) => g.logText().split('\n').filter((l) => l.includes(`"idp":"${idOf(id)}"`)).map((l) => JSON.parse(l));
const open = async (idp, agent = new Agent(), extra = {}) => {
  const mine = Object.assign(new Service(g, service), {});
  const res = await agent.get(mine.authorizeUrl({ acr_values: `urn:mpass.id:authnsource:${idOf(idp)}`, ...extra }), { until: (next) => mine.until().until(next) || next.startsWith('http://saml.localhost/') });
  if (!res.next?.startsWith('http://saml.localhost/')) return { mine, agent, ...mine.arrived(res) };
  return { mine, agent, at: new URL(res.next) };
};
const SP = () => `${g.url}/saml/metadata`, ACS = () => `${g.url}/upstream/saml/acs`;
const inflate = async (s) => (await import('node:zlib')).inflateRawSync(Buffer.from(s, 'base64')).toString();
const openSaml = async (name, c = kinds[name]) => {
  const { mine, agent, at, page } = await open(name);
  if (!at) return { mine, agent, page };
  const request = /\bID="([^"]*)"/.exec(await inflate(at.searchParams.get('SAMLRequest')))[1];
  const as = Object.assign(Object.create(SamlCity.prototype), saml, { entity: `${saml.entity}/${idOf(name)}` });
  const attrs = { ...c.attrs, ...(c.groups ? { 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups': many(c.groups) } : {}) };
  const SAMLResponse = as.answer({ request, acs: ACS(), sp: SP(), attrs, audience: c.audience, session_s: c.session_s });
  return { mine, agent, ...mine.arrived(await agent.go('POST', ACS(), { form: { SAMLResponse, RelayState: at.searchParams.get('RelayState') }, headers: { Origin: 'http://saml.localhost' }, ...mine.until() })) };
};
const shown = (r) => `${r.page?.status} ${text(r.page?.text ?? '').slice(0, 400)}\n${g.logTail(4)}`;
const comes = async (r) => { check(r.answer?.get('code'), shown(r)); return (await r.mine.finish(r.answer)).info; };
const teaches = async (r) => { const info = await comes(r); check(info.edu_roles?.[0]?.role === 'teacher', JSON.stringify(info)); return info; };
const codeOn = (page) => text(page.text).replace(/[^A-Z0-9]/g, '');
// A page that has a support code, under which the log has a line that says what would mend it.
const named = (id, page, code) => {
  const line = lines(id).find((l) => l.code === code && codeOn(page).includes(l.support_code));
  check(line, `no line ${code} under the code of the page: ${text(page.text).slice(0, 300)} ${JSON.stringify(lines(id))}`);
  return line;
};
// The README's command, as it stands there.
const readmeRuns = (name, also = []) => {
  const words = /Run: digione (.*)$/m.exec(read(name, 'README'))[1].trim().split(/\s+/);
  const args = [...words, ...also].map((w) => (fs.existsSync(place(name, w)) && !w.startsWith('-') ? place(name, w) : w));
  const done = spawnSync(program, args, { encoding: 'utf8' });
  return { status: done.status, out: done.stdout + done.stderr, said: done.stdout.startsWith('{') ? JSON.parse(done.stdout) : null };
};
const script = (name, body) => {
  const file = path.join(folder('cases-scn'), `${name.replace(/\W/g, '_')}.scn`);
  fs.writeFileSync(file, body);
  const done = spawnSync(path.join(path.dirname(program), 'tests/scenario'), [file], { encoding: 'utf8' });
  check(done.status === 0, `${body}\n${done.stdout}${done.stderr}`);
};
const guestGets = (url, agent = new Agent()) => agent.once('GET', g.url + url.pathname + url.search);

// Somebody of Oulu, signed in.
const inside = async () => {
  const { page, mine, agent } = await open('oulu');
  const done = mine.arrived(await agent.submit(page, typed, (f) => 'password' in f.fields, mine.until()));
  check(done.answer, shown(done));
  return { agent };
};

for (const name of names.filter((n) => !only || n.includes(only)))
  await test(name, () => {
    check(right[name], 'nobody judges this case');
    return right[name](name, kinds[name]);
  });
odd.close();
await finish();
