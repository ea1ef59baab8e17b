// SPDX-License-Identifier: EUPL-1.2
// Sign-outs between the gateway and cities, both ways.  SAML: the six cases of Suomi.fi (a request for a sign-in sent, its answer
// taken, a request for a sign-out sent and taken, an answer to it taken and sent), and what is wrong with such messages.
// OpenID Connect: logout tokens and frames.  And an administrator who ends somebody's sessions.
//   node endings.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { Agent, forms, text } from './agent.mjs';
import { Gateway, check, cities, city, finish, folder, freePort, test, until } from './gateway.mjs';
import { OidcCity, SamlCity, jwt } from './odd_city.mjs';
import { Service } from './rp.mjs';
import { SamlService, posted } from './saml_sp.mjs';

const secret = 'a-secret-of-the-test-that-nobody-else-has';
const heard = [];
const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (d) => parts.push(d)).on('end', () => { heard.push({ url: req.url, body: Buffer.concat(parts).toString() }); res.writeHead(200).end(); });
});
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://127.0.0.1:${server.address().port}`;

const saml = new SamlCity('http://saml.localhost/idp'), dir = folder('endings-keys');
fs.writeFileSync(path.join(dir, 'k.pem'), saml.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const certificate = spawnSync('openssl', ['req', '-x509', '-new', '-key', path.join(dir, 'k.pem'), '-days', '3', '-subj', '/CN=city'], { encoding: 'utf8' }).stdout.replace(/-----[^-]*-----|\s/g, '');
const foreign = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const as = (id) => Object.assign(Object.create(SamlCity.prototype), saml, { entity: `${saml.entity}/${id}` });
const SLO = 'http://saml.localhost/slo';
const row = (id, provider, slo, { more = '', use } = {}) => `  - id: ${id}
    kind: saml
    provider: ${provider}
    name: { fi: "Kaupunki ${id}" }
    test: true
    map: entra
    role: teacher
    entity_id: "${as(id).entity}"
    metadata_xml: |
      ${as(id).metadata('http://saml.localhost/sso', certificate, ['HTTP-Redirect'], slo, use)}
${more}`;
const hides = '    encrypt_name_id: true\n', both = { more: hides, use: '' }; // a key without use is for both
const modes = { silent: { claims: {}, disc: {} }, tokens: { claims: {}, disc: { backchannel_logout_supported: true, backchannel_logout_session_supported: true, frontchannel_logout_supported: true, frontchannel_logout_session_supported: true } } }, odd = new OidcCity(await freePort(), modes, { secret });
const port = await freePort();
const g = new Gateway(path.resolve(process.argv[2]), { name: 'endings', port });
const services = Object.fromEntries(['hears', 'deaf'].map((id) => [id, new Service(g, { id, secret, redirect: `${base}/${id}/cb`, alg: 'RS256', scope: 'openid' })]));
const lehti = new SamlService(folder('endings-lehti'), `${base}/lehti`), puro = new SamlService(folder('endings-puro'), `${base}/puro`);
const samlRow = (id, s) => `  - { id: ${id}, protocol: saml, vendor: ${id}-oy, name: { fi: "Palvelu ${id}" }, test: true, entity_id: "${s.entity}", asks: [sub], metadata_xml: '${s.xml}' }\n`;
g.registry = `format: 1
providers:
${city(cities.oulu)}${city(cities.tampere)}${city(cities.vantaa)}${city(cities.turku)}idps:
  - { id: tokens, kind: oidc, provider: turku, name: { fi: "Kaupunki tokens" }, test: true, map: native, role: teacher, issuer: "${odd.base}/tokens", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }
  - { id: silent, kind: oidc, provider: turku, name: { fi: "Kaupunki silent" }, test: true, map: native, role: teacher, issuer: "${odd.base}/silent", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }
${row('redirects', 'oulu', { 'HTTP-Redirect': SLO })}${row('posts', 'tampere', { 'HTTP-POST': SLO })}${row('stays', 'vantaa', {})}${row('hides', 'oulu', { 'HTTP-Redirect': SLO }, both)}${row('hides-by-post', 'tampere', { 'HTTP-POST': SLO }, both)}${row('no-key', 'vantaa', { 'HTTP-Redirect': SLO }, { more: hides })}services:
${Object.keys(services).map((id) => `  - { id: ${id}, protocol: oidc, vendor: ${id}-oy, name: { fi: "Palvelu ${id}" }, test: true, client_id: ${id}, secret: { plain: ${secret} }, redirect_uris: ["${base}/${id}/cb"], scopes: [openid], asks: [sub]${id === 'hears' ? `, backchannel_logout_uri: "${base}/hears/leave"` : ''} }\n`).join('')}${samlRow('lehti', lehti)}${samlRow('puro', puro)}rules:
${['oulu', 'tampere', 'vantaa', 'turku'].map((p) => `  - { id: all-${p}, provider: ${p}, release: [sub] }\n`).join('')}`;
await g.start();

const at = `${g.url}/upstream/saml/logout`, soap = `${at}/soap`;
const inflated = (s) => zlib.inflateRawSync(Buffer.from(s, 'base64')).toString();
const attribute = (xml, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(xml)?.[1];
const gone = (next) => next.startsWith('http://saml.localhost/') || next.startsWith(base);
let people = 0;
// Signs somebody in by that city, at each of these services.
const signedIn = async (idp, nameid = `u${++people}`, names = ['hears'], session = `s-${nameid}`) => {
  const agent = new Agent(), grants = {};
  for (const name of names) {
    const s = Object.assign(new Service(g, services[name]), {});
    let res = await agent.get(s.authorizeUrl({ acr_values: `urn:mpass.id:authnsource:${idp}` }), { until: gone });
    if (res.next?.startsWith('http://saml.localhost/')) {
      const q = new URL(res.next).searchParams;
      const answer = as(idp).answer({ request: attribute(inflated(q.get('SAMLRequest')), 'ID'), acs: `${g.url}/upstream/saml/acs`, sp: `${g.url}/saml/metadata`, nameid, session,
        attrs: { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname': ['Tiina'], 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname': ['Testi'], 'http://schemas.microsoft.com/identity/claims/tenantid': ['3f2a6c1e-0000-4000-8000-000000000001'], 'http://schemas.microsoft.com/identity/claims/objectidentifier': [`00000000-0000-4000-8000-${String(nameid.slice(1)).padStart(12, '0')}`] } });
      res = await agent.go('POST', `${g.url}/upstream/saml/acs`, { form: { SAMLResponse: answer, RelayState: q.get('RelayState') }, headers: { Origin: 'http://saml.localhost' }, until: gone });
    }
    const { answer, page } = s.arrived(res);
    check(answer?.get('code'), `no code: ${page?.status} ${text(page?.text ?? '').slice(0, 300)}\n${g.logTail(5)}`);
    grants[name] = await s.finish(answer);
  }
  return { agent, nameid, session, ...grants };
};
const isIn = async (agent) => (await agent.once('GET', services.deaf.authorizeUrl({ prompt: 'none' }))).headers.location?.includes('code=');
const told = (sid) => heard.filter((h) => h.url === '/hears/leave' && JSON.parse(Buffer.from(new URLSearchParams(h.body).get('logout_token').split('.')[1], 'base64url')).sid === sid).length;
const submit = (agent, page, options) => agent.submit({ ...page, text: page.text.slice(page.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'), options);
// Our own messages are signed by the key that our metadata name.
const ourKey = async () => crypto.createPublicKey(`-----BEGIN CERTIFICATE-----\n${/use="signing".*?<ds:X509Certificate>([^<]+)/s.exec((await new Agent().get(`${g.url}/saml/metadata`)).text)[1].replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`);
const opened = async (location, field) => {
  const query = location.slice(location.indexOf('?') + 1), q = new URLSearchParams(query), text = query.slice(0, query.indexOf('&Signature='));
  check(crypto.verify('sha256', Buffer.from(text), await ourKey(), Buffer.from(q.get('Signature') ?? '', 'base64')), `not signed by us: ${location}`);
  return { xml: inflated(q.get(field)), relay: q.get('RelayState') };
};

await test('metadata: where sign-outs come to, by each binding', async () => {
  const xml = (await new Agent().get(`${g.url}/saml/metadata/redirects`)).text;
  for (const [binding, url] of [['HTTP-Redirect', at], ['HTTP-POST', at], ['SOAP', soap]])
    check(xml.includes(`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${url}">`), binding);
});

await test('the person leaves: the session ends first, the city gets a signed LogoutRequest with the NameID as it came, and its answer is believed when it holds', async () => {
  for (const [status, inner, left] of [['Success', undefined, true], ['Responder', undefined, false], ['Success', 'PartialLogout', false]]) {
    const { agent, nameid, session, hears } = await signedIn('redirects');
    const res = await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone });
    check(res.next?.startsWith(`${SLO}?`) && !(await isIn(agent)) && told(hears.claims.sid) === 1, `${res.status} ${res.next}`);
    const { xml, relay } = await opened(res.next, 'SAMLRequest');
    check(attribute(xml, 'Destination') === SLO && /<saml:NameID[^>]*Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"[^>]*>/.test(xml) && xml.includes(`>${nameid}<`) && xml.includes(`>${session}</samlp:SessionIndex>`) && attribute(xml, 'NotOnOrAfter'), xml);
    const answer = as('redirects').logoutResponse({ to: at, request: attribute(xml, 'ID'), status, inner });
    const page = await agent.get(`${at}?${as('redirects').redirect(answer, { field: 'SAMLResponse', relay })}`);
    check(page.status === 200 && new RegExp(`<li class="${left ? 'ok' : 'no'}">(?:(?!<li).)*kirjautuminen</b>`, 's').test(page.text), `${status}: ${page.status} ${text(page.text).slice(0, 500)}`);
  }
});

await test('an answer that is not the city\'s, or not to our request, says nothing of the city', async () => {
  for (const [what, make] of [
    ['a foreign key', (xml, relay) => as('redirects').redirect(as('redirects').logoutResponse({ to: at, request: attribute(xml, 'ID') }), { field: 'SAMLResponse', relay, key: foreign })],
    ['unsigned', (xml, relay) => as('redirects').redirect(as('redirects').logoutResponse({ to: at, request: attribute(xml, 'ID') }), { field: 'SAMLResponse', relay, key: null })],
    ['another place', (xml, relay) => as('redirects').redirect(as('redirects').logoutResponse({ to: 'https://other.example/slo', request: attribute(xml, 'ID') }), { field: 'SAMLResponse', relay })],
    ['another request', (xml, relay) => as('redirects').redirect(as('redirects').logoutResponse({ to: at, request: '_0123456789012345678901' }), { field: 'SAMLResponse', relay })],
  ]) {
    const { agent } = await signedIn('redirects');
    const { xml, relay } = await opened((await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone })).next, 'SAMLRequest');
    const page = await agent.get(`${at}?${make(xml, relay)}`);
    check(!/<li class="ok">(?:(?!<li).)*kirjautuminen<\/b>/s.test(page.text), `${what}: ${page.status} ${text(page.text).slice(0, 300)}`);
  }
});

await test('a city that offers no sign-out is not left, and the page says so', async () => {
  const { agent, hears } = await signedIn('stays');
  const page = await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone });
  check(page.status === 200 && !page.next && /<li class="no">(?:(?!<li).)*kirjautuminen<\/b>/s.test(page.text) && told(hears.claims.sid) === 1, `${page.status} ${page.next}`);
});

// [SAML core 3.7.1, 2.2.4] What hides it is opened by another program than ours.
const decrypted = (xml) => {
  fs.writeFileSync(path.join(dir, 'in.xml'), xml);
  const done = spawnSync('xmlsec1', ['--decrypt', '--privkey-pem', path.join(dir, 'k.pem'), path.join(dir, 'in.xml')], { encoding: 'utf8' });
  check(done.status === 0, `xmlsec1: ${done.stderr}`);
  return done.stdout;
};
for (const [id, post] of [['hides', false], ['hides-by-post', true]])
  await test(`item 38: whose row says encrypt_name_id is told the NameID in an EncryptedID to its own key, by ${post ? 'POST' : 'Redirect'}`, async () => {
    const { agent, nameid, session, hears } = await signedIn(id), c = as(id);
    const res = await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone });
    check(!(await isIn(agent)) && told(hears.claims.sid) === 1, 'still signed in');
    let xml, relay;
    if (post) {
      const form = forms(res.text).find((f) => f.action === SLO);
      xml = Buffer.from(form.fields.SAMLRequest, 'base64').toString();
      relay = form.fields.RelayState;
      check(/<ds:SignatureValue>/.test(xml), xml);
    } else ({ xml, relay } = await opened(res.next, 'SAMLRequest'));
    check(/<saml:EncryptedID/.test(xml) && !/<saml:NameID/.test(xml) && !xml.includes(`>${nameid}<`) && /xmlenc11#aes128-gcm"/.test(xml) && xml.includes(`Recipient="${c.entity}"`), xml.slice(0, 1500));
    const clear = decrypted(xml);
    check(new RegExp(`<saml:NameID[^>]*Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"[^>]*>${nameid}</saml:NameID>`).test(clear) && clear.includes(`>${session}</samlp:SessionIndex>`), clear);
    const answer = c.logoutResponse({ to: at, request: attribute(xml, 'ID') });
    const page = post ? await agent.go('POST', at, { form: { SAMLResponse: Buffer.from(c.signed(answer)).toString('base64'), RelayState: relay }, headers: { Origin: 'http://saml.localhost' } }) : await agent.get(`${at}?${c.redirect(answer, { field: 'SAMLResponse', relay })}`);
    check(page.status === 200 && /<li class="ok">(?:(?!<li).)*kirjautuminen<\/b>/s.test(page.text), `${page.status} ${text(page.text).slice(0, 400)}`);
  });
await test('item 38: … and without a key for that in its metadata it is not told the name in the clear, is not left, and the page and the log say so', async () => {
  const { agent, hears } = await signedIn('no-key');
  const page = await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone });
  check(page.status === 200 && !page.next && /<li class="no">(?:(?!<li).)*kirjautuminen<\/b>/s.test(page.text) && told(hears.claims.sid) === 1, `${page.status} ${page.next}`);
  check(/"event":"city.not_left","idp":"no-key","code":"no_key"/.test(g.logTail(40)), g.logTail(10));
});

await test('the city signs out by Redirect: the session ends, its services hear, and a signed answer goes back', async () => {
  for (const names of [['hears'], ['hears', 'deaf']]) {
    const { agent, nameid, session, hears } = await signedIn('redirects', undefined, names);
    const other = await signedIn('redirects');
    const request = as('redirects').logoutRequest({ to: at, nameid, session });
    const res = await agent.once('GET', `${at}?${as('redirects').redirect(request, { relay: 'theirs & ours' })}`);
    check(res.status === 303 && res.headers.location.startsWith(`${SLO}?`), `${res.status} ${text(res.text).slice(0, 300)} ${g.logTail(4)}`);
    const { xml, relay } = await opened(res.headers.location, 'SAMLResponse');
    check(relay === 'theirs & ours' && attribute(xml, 'InResponseTo') === attribute(request, 'ID') && attribute(xml, 'Destination') === SLO && xml.includes('status:Success'), xml);
    check(xml.includes('PartialLogout') === (names.length > 1), `a service that cannot be told: ${xml}`);
    check(!(await isIn(agent)) && told(hears.claims.sid) === 1, 'still signed in');
    check(await isIn(other.agent) && told(other.hears.claims.sid) === 0, 'somebody else was signed out');
  }
});

await test('without SessionIndex all of that name\'s sessions end; one of another person, or of another city, ends nobody\'s', async () => {
  const one = await signedIn('redirects'), two = await signedIn('redirects', one.nameid, ['hears'], 's-second');
  const send = (idp, how) => new Agent().once('GET', `${at}?${as(idp).redirect(as(idp).logoutRequest({ to: at, ...how }))}`);
  check((await send('redirects', { nameid: 'nobody', session: one.session })).status === 303, 'refused');
  check((await send('stays', { nameid: one.nameid, session: one.session })).headers.location === '/', 'no answer can be sent there');
  check(await isIn(one.agent) && await isIn(two.agent), 'ended');
  check((await send('redirects', { nameid: one.nameid })).status === 303, 'refused');
  check(!(await isIn(one.agent)) && !(await isIn(two.agent)), 'still signed in');
  await until('both notices', () => told(one.hears.claims.sid) === 1 && told(two.hears.claims.sid) === 1);
});

await test('a forged LogoutRequest ends nothing: unsigned, by a foreign key, for another place, too old, over, from another issuer', async () => {
  const { agent, nameid, session } = await signedIn('redirects'), c = as('redirects');
  for (const [what, query] of [
    ['unsigned', c.redirect(c.logoutRequest({ to: at, nameid, session }), { key: null })],
    ['a foreign key', c.redirect(c.logoutRequest({ to: at, nameid, session }), { key: foreign })],
    ['another place', c.redirect(c.logoutRequest({ to: 'https://other.example/slo', nameid, session }))],
    ['too old', c.redirect(c.logoutRequest({ to: at, nameid, session, at: Date.now() - 3600000 }))],
    ['over', c.redirect(c.logoutRequest({ to: at, nameid, session, ends: Date.now() - 600000 }))],
    ['an unknown issuer', c.redirect(c.logoutRequest({ to: at, nameid, session, issuer: 'https://evil.example' }))],
  ]) {
    const res = await agent.once('GET', `${at}?${query}`);
    check(res.status === 400 && await isIn(agent), `${what}: ${res.status} ${text(res.text).slice(0, 200)}`);
  }
});

await test('a LogoutRequest a hundred times at once is taken exactly once', async () => {
  const { agent, nameid, session, hears } = await signedIn('redirects'), c = as('redirects');
  const url = `${at}?${c.redirect(c.logoutRequest({ to: at, nameid, session }))}`;
  const all = await Promise.all(Array.from({ length: 100 }, () => new Agent().once('GET', url)));
  check(all.filter((r) => r.status === 303).length === 1, `${all.filter((r) => r.status === 303).length} were taken`);
  check(!(await isIn(agent)) && told(hears.claims.sid) === 1, 'what came of it');
});

await test('by POST, where the city takes nothing else: our LogoutRequest and our answer are forms, signed, and its own are taken', async () => {
  const { agent, nameid, session, hears } = await signedIn('posts'), c = as('posts');
  const form = (page) => forms(page.text).find((f) => f.action === SLO);
  const page = await submit(agent, await agent.once('GET', `${g.url}/sign-out`), { until: gone });
  check(form(page), `no form: ${page.status} ${page.next} ${text(page.text).slice(0, 300)} ${g.logTail(3)}`);
  const xml = Buffer.from(form(page).fields.SAMLRequest, 'base64').toString();
  check(/<ds:SignatureValue>/.test(xml) && xml.includes(`>${nameid}<`) && xml.includes(`>${session}<`) && !(await isIn(agent)) && told(hears.claims.sid) === 1, xml);
  const answer = c.signed(c.logoutResponse({ to: at, request: attribute(xml, 'ID') }));
  const cross = { headers: { Origin: 'http://saml.localhost' } };
  const shown = await agent.go('POST', at, { form: { SAMLResponse: Buffer.from(answer).toString('base64'), RelayState: form(page).fields.RelayState }, ...cross });
  check(shown.status === 200 && /<li class="ok">(?:(?!<li).)*kirjautuminen<\/b>/s.test(shown.text), `${shown.status} ${text(shown.text).slice(0, 400)} ${g.logTail(3)}`);

  const two = await signedIn('posts');
  const request = c.signed(c.logoutRequest({ to: at, nameid: two.nameid, session: two.session }));
  const back = await two.agent.go('POST', at, { form: { SAMLRequest: Buffer.from(request).toString('base64'), RelayState: 'theirs' }, ...cross });
  check(form(back)?.fields.RelayState === 'theirs', `${back.status} ${text(back.text).slice(0, 300)} ${g.logTail(3)}`);
  const said = Buffer.from(form(back).fields.SAMLResponse, 'base64').toString();
  check(/<ds:SignatureValue>/.test(said) && attribute(said, 'InResponseTo') === attribute(request, 'ID') && said.includes('status:Success') && !said.includes('PartialLogout'), said);
  check(!(await isIn(two.agent)) && told(two.hears.claims.sid) === 1, 'still signed in');
  const three = await signedIn('posts');
  const forged = c.signed(c.logoutRequest({ to: at, nameid: 'nobody', session: 's' })).replace('>nobody<', `>${three.nameid}<`).replace('>s<', `>${three.session}<`);
  const no = await three.agent.go('POST', at, { form: { SAMLRequest: Buffer.from(forged).toString('base64') }, ...cross });
  check(no.status === 400 && await isIn(three.agent), `changed after it was signed: ${no.status}`);
});

await test('by SOAP, from the city\'s server: the session ends, services hear, and the envelope that answers is signed', async () => {
  const { agent, nameid, session, hears } = await signedIn('redirects'), c = as('redirects');
  const envelope = (xml) => `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${xml}</soap:Body></soap:Envelope>`;
  const post = async (body) => { const r = await new Promise((yes, no) => { const q = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/upstream/saml/logout/soap', headers: { Host: `localhost:${port}`, 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) } }, (res) => { const p = []; res.on('data', (d) => p.push(d)).on('end', () => yes({ status: res.statusCode, type: res.headers['content-type'], text: Buffer.concat(p).toString() })); }); q.on('error', no); q.end(body); }); return r; };
  // [SOAP 1.1, 4.4, 6.2]
  const faulty = async (what, body) => {
    const r = await post(body);
    check(r.status === 500 && /^text\/xml/.test(r.type) && /<S:Fault><faultcode>S:Client<\/faultcode><faultstring>\w+: [^<]*support code [A-Z2-9]{8}<\/faultstring><\/S:Fault>/.test(r.text), `${what}: ${r.status} ${r.type} ${r.text}`);
  };
  await faulty('unsigned', envelope(c.logoutRequest({ to: soap, nameid, session })));
  await faulty('for another address', envelope(c.signed(c.logoutRequest({ to: at, nameid, session }))));
  await faulty('no envelope', c.signed(c.logoutRequest({ to: soap, nameid, session })));
  await faulty('no XML', 'x=1');
  check(await isIn(agent), 'a forged request signed out');
  const request = c.signed(c.logoutRequest({ to: soap, nameid, session }));
  const res = await post(envelope(request));
  check(res.status === 200 && /xml/.test(res.type) && /<ds:SignatureValue>/.test(res.text) && attribute(res.text, 'InResponseTo') === attribute(request, 'ID') && res.text.includes('status:Success'), `${res.status} ${res.text.slice(0, 400)} ${g.logTail(3)}`);
  check(!(await isIn(agent)) && told(hears.claims.sid) === 1, 'still signed in');
  await faulty('taken twice', envelope(request));
});

// ── a service of SAML begins it, on a device of many: by way of its city, and back to the service ──

const opens = async (agent, s, idp, nameid) => {
  const scoping = `<samlp:Scoping><samlp:IDPList><samlp:IDPEntry ProviderID="${as(idp).entity}"/></samlp:IDPList></samlp:Scoping>`;
  let res = await agent.get(`${g.url}/saml/sso?${s.query(s.request(`${g.url}/saml/sso`, { inside: scoping }))}`, { until: gone });
  if (res.next) {
    const q = new URL(res.next).searchParams;
    const answer = as(idp).answer({ request: attribute(inflated(q.get('SAMLRequest')), 'ID'), acs: `${g.url}/upstream/saml/acs`, sp: `${g.url}/saml/metadata`, nameid, session: `s-${nameid}`,
      attrs: { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname': ['Tiina'], 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname': ['Testi'], 'http://schemas.microsoft.com/identity/claims/tenantid': ['3f2a6c1e-0000-4000-8000-000000000001'], 'http://schemas.microsoft.com/identity/claims/objectidentifier': [`00000000-0000-4000-8000-${String(nameid.slice(1)).padStart(12, '0')}`] } });
    res = await agent.go('POST', `${g.url}/upstream/saml/acs`, { form: { SAMLResponse: answer, RelayState: q.get('RelayState') }, headers: { Origin: 'http://saml.localhost' }, until: gone });
  }
  check(posted(res)?.status === 'Success', `${idp}: ${res.status} ${res.url} ${text(res.text).slice(0, 400)} ${g.logTail(4)}`);
  return posted(res);
};
const shared = () => { const a = new Agent(); a.keep(new URL(g.url), ['shared=1']); return a; };
const asksToLeave = (s, got) => `${g.url}/saml/slo?${s.query(s.logout(`${g.url}/saml/slo`, { name: got.nameId, sessions: [got.session] }), { relay: 'theirs & only theirs', sign: true })}`;
// The answer that the service is given at last.
const toService = async (next, s, partial) => {
  check(next?.startsWith(`${s.base}/slo?`), `not back at the service: ${next}`);
  const { xml, relay } = await opened(next, 'SAMLResponse');
  check(relay === 'theirs & only theirs' && attribute(xml, 'InResponseTo') === s.last && attribute(xml, 'Destination') === `${s.base}/slo` && xml.includes('status:Success') && xml.includes('PartialLogout') === partial, xml);
};

await test('a sign-out that a service of SAML began goes on by its city on a shared device, and comes back to the service as a signed LogoutResponse', async () => {
  for (const [status, partial] of [['Success', false], ['Responder', true]]) {
    const agent = shared(), got = await opens(agent, lehti, 'redirects', `u${++people}`);
    const there = await agent.get(asksToLeave(lehti, got), { until: gone });
    check(there.next?.startsWith(`${SLO}?`) && !(await isIn(agent)), `not by the city: ${there.status} ${there.next} ${text(there.text).slice(0, 300)} ${g.logTail(3)}`);
    const { xml, relay } = await opened(there.next, 'SAMLRequest');
    check(xml.includes(`>s-u${people}</samlp:SessionIndex>`), xml);
    const answer = as('redirects').logoutResponse({ to: at, request: attribute(xml, 'ID'), status });
    const url = `${at}?${as('redirects').redirect(answer, { field: 'SAMLResponse', relay })}`;
    const forged = await agent.get(`${at}?${as('redirects').redirect(answer, { field: 'SAMLResponse', relay, key: foreign })}`, { until: gone });
    check(!forged.next, `by a foreign key it is taken: ${forged.next}`);
    const stranger = await new Agent().get(url, { until: gone });
    check(!stranger.next, `another browser is given the answer: ${stranger.next}`);
    await toService((await agent.get(url, { until: gone })).next, lehti, partial);
    check(!(await agent.get(url, { until: gone })).next, 'answered twice');
  }
});

await test('… likewise by a city that takes POST alone, with another service open that cannot confirm', async () => {
  const agent = shared(), got = await opens(agent, lehti, 'posts', `u${++people}`);
  await opens(agent, puro, 'posts', `u${people}`);
  const form = (page) => forms(page.text).find((f) => f.action === SLO);
  const page = await agent.get(asksToLeave(lehti, got), { until: gone });
  check(form(page) && !(await isIn(agent)), `no form: ${page.status} ${page.next} ${text(page.text).slice(0, 300)} ${g.logTail(3)}`);
  const xml = Buffer.from(form(page).fields.SAMLRequest, 'base64').toString();
  const answer = as('posts').signed(as('posts').logoutResponse({ to: at, request: attribute(xml, 'ID') }));
  const moment = await agent.go('POST', at, { form: { SAMLResponse: Buffer.from(answer).toString('base64'), RelayState: form(page).fields.RelayState }, headers: { Origin: 'http://saml.localhost' }, until: gone });
  const frame = /<iframe src="([^"]+)"/.exec(moment.text)?.[1].replaceAll('&amp;', '&'), on = /^\d+; url=(.+)$/.exec(moment.headers.refresh ?? '')?.[1];
  check(/[?&]s=puro&/.test(frame ?? '') && on, `the other service is not told: ${moment.status} ${moment.next} ${frame} ${on} ${text(moment.text).slice(0, 300)}`);
  await toService((await agent.get(g.url + on, { until: gone })).next, lehti, true);
});

await test('… and on a device of one’s own the city is not left: the service signs out of its own', async () => {
  const agent = new Agent(), got = await opens(agent, lehti, 'redirects', `u${++people}`);
  await toService((await agent.get(asksToLeave(lehti, got), { until: gone })).next, lehti, false);
  check(!(await isIn(agent)), 'still signed in');
});

// ── cities of OpenID Connect ──

const byOidc = async () => {
  const agent = new Agent(), s = services.hears, sub = `u${++people}`, sid = `city session/${people}`;
  modes.tokens.claims = { sub, sid };
  const { answer, page } = s.arrived(await agent.get(s.authorizeUrl({ acr_values: 'urn:mpass.id:authnsource:tokens' }), { until: gone }));
  check(answer?.get('code'), `no code: ${page?.status} ${text(page?.text ?? '').slice(0, 300)}\n${g.logTail(5)}`);
  return { agent, sub, sid, hears: await s.finish(answer) };
};
const issuer = `${odd.base}/tokens`, framed = (q, id = 'tokens') => new Agent().once('GET', `${g.url}/upstream/logout/${id}?${new URLSearchParams(q)}`);

await test('a frame from a city of OpenID Connect: the right iss and sid end the session without its cookie, and wrong ones nothing [Front-Channel Logout 1.0, 3]', async () => {
  const { agent, sid, hears } = await byOidc(), other = await byOidc();
  for (const [what, q, id, status] of [
    ['another iss', { iss: 'https://evil.example', sid }, 'tokens', 400],
    ['no iss', { sid }, 'tokens', 400],
    ['no sid', { iss: issuer }, 'tokens', 400],
    ['an empty sid', { iss: issuer, sid: '' }, 'tokens', 400],
    ['the sid of nobody', { iss: issuer, sid: 'nobody' }, 'tokens', 200],
    ['our own sid', { iss: issuer, sid: hears.claims.sid }, 'tokens', 200],
    ['a city of another kind', { iss: issuer, sid }, 'redirects', 400],
    ['no city', { iss: issuer, sid }, 'nowhere', 400],
  ]) {
    const res = await framed(q, id);
    check(res.status === status && await isIn(agent), `${what}: ${res.status} ${text(res.text).slice(0, 200)}`);
  }
  const res = await framed({ iss: issuer, sid });
  check(res.status === 200 && /frame-ancestors \*/.test(res.headers['content-security-policy']) && !res.headers['x-frame-options'] && res.headers['cache-control'] === 'no-store', `${res.status} ${JSON.stringify(res.headers)}`);
  check(!(await isIn(agent)), 'still signed in');
  await until('its service hears', () => told(hears.claims.sid) === 1);
  check((await framed({ iss: issuer, sid })).status === 200 && told(hears.claims.sid) === 1, 'once more');
  check(await isIn(other.agent) && told(other.hears.claims.sid) === 0, 'somebody else was signed out');
});

await test('a logout token of a city whose discovery speaks of no sign-outs is not answered as if somebody had been signed out', async () => {
  const now = Math.floor(Date.now() / 1000), events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const token = jwt({ iss: `${odd.base}/silent`, aud: 'digione', iat: now, exp: now + 120, jti: crypto.randomUUID(), sub: 'somebody', events }, modes.silent.key, { typ: 'logout+jwt' });
  const res = await new Agent().once('POST', `${g.url}/upstream/logout/silent`, { form: { logout_token: token } });
  check(res.status === 400 && JSON.parse(res.text).error_description.includes('backchannel_logout_supported'), `${res.status} ${res.text}`);
});

await test('a logout token that a hundred present at once is taken exactly once', async () => {
  const { agent, sub, sid, hears } = await byOidc(), now = Math.floor(Date.now() / 1000);
  const token = jwt({ iss: issuer, aud: 'digione', iat: now, exp: now + 120, jti: crypto.randomUUID(), sub, sid, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, modes.tokens.key, { typ: 'logout+jwt' });
  const all = await Promise.all(Array.from({ length: 100 }, () => new Agent().once('POST', `${g.url}/upstream/logout/tokens`, { form: { logout_token: token } })));
  check(all.filter((r) => r.status === 200).length === 1 && all.every((r) => [200, 400, 429, 503].includes(r.status)), `taken ${all.filter((r) => r.status === 200).length} times; ${[...new Set(all.map((r) => r.status))]}`);
  check(!(await isIn(agent)), 'still signed in');
  await until('its service hears', () => told(hears.claims.sid) > 0);
  check(told(hears.claims.sid) === 1, 'told twice');
});

odd.close();
server.closeAllConnections();
server.close();
await finish();
