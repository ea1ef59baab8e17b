// SPDX-License-Identifier: EUPL-1.2
// The trace in a real Chromium (item 14): services of each protocol are signed in to, and make mistakes; their people read what
// became of it.  Nothing of a real person, and no secret, is on any page.  Then what its people say of an incident.
//   node vendor_trace.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { Agent, forms } from '../e2e/agent.mjs';
import { Gateway, check, fetchLocal, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { SamlService, posted } from '../e2e/saml_sp.mjs';
import { axeFindsNothing, picture } from './look.mjs';
const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-trace-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', bench = crypto.randomBytes(24).toString('hex');
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
  - { id: turku, oid: "1.2.246.562.10.73944706127", name: { fi: Turku }, schools: [{ oid: "1.2.246.562.10.73944706135", code: "99201", name: { fi: Testi-Aurajoen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, test: true, name: { fi: Oulu } }
  - { id: turku, kind: local, provider: turku, name: { fi: Turku } }
services:
  - { id: kinos-hanki, protocol: link, vendor: kinos, test: true, name: { fi: Hanki Koodi }, launch_uri: "http://127.0.0.1:9/" }
organisations:
  - { id: kinos, business_id: 1572860-0, name: { fi: Kinos Oy }, contact_technology: t@kinos.example, contact_privacy: p@kinos.example, contact_incidents: i@kinos.example }
policies:
  - { id: oulu-teachers, provider: oulu, people_of: oulu, roles: [teacher], opens: permit, release: [sub, given_name, family_name, roles] }
  - { id: turku-teachers, provider: turku, people_of: turku, roles: [teacher], opens: permit, release: [sub, given_name, family_name, roles] }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: kielo, idp: turku, username: kielo, password: { plain: ${password} }, given_names: Kielo, family_name: Salainen, email: kielo.salainen@turku.example, affiliations: [{ provider: turku, role: teacher, school: "99201" }] }
  - { id: maija, idp: oulu, username: maija, password: { plain: ${password} }, given_names: Maija, family_name: Opettaja, email: maija.opettaja@oulu.example, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }
  - { id: eino, idp: oulu, username: eino, password: { plain: ${password} }, given_names: Eino, family_name: Oppilas, affiliations: [{ provider: oulu, role: learner, school: "99101" }] }
  - { id: vanja, idp: vendors, username: vanja, password: { plain: ${password} }, given_names: Vanja, family_name: Ilman }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
staff:
  - { id: s-vanja, organisation: kinos, idp: vendors, subject: vanja, role: owner }
`;
const g = await new Gateway(program, { name: 'vendor-trace', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ storageState: options.state, locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}
/* --- codes, as an authenticator app makes them [RFC 6238] -------------------------------------------------------- */

function bytesOf(seed) {
  let bits = '';
  for (const c of seed) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
}
function codeOf(seed, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', bytesOf(seed)).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const stepNow = () => Math.floor(Date.now() / 30000);
// A code that was not used yet: of the step after, where this one's was taken.
const used = new Map();
function nextCode(seed) {
  const step = Math.max(stepNow(), (used.get(seed) ?? 0) + 1);
  if (step > stepNow() + 1) return null;
  used.set(seed, step);
  return codeOf(seed, step);
}
const freshCode = (seed) => until('a code that is new', () => nextCode(seed), 70000);

/* --- how people come in ------------------------------------------------------------------------------------------ */

async function asOperator(page) {
  await page.goto(`${g.url}/admin/vendors`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`);
  await page.fill('#username', 'riikka');
  await page.fill('#password', password);
  await page.click('form:has(#password) .acts button.b');
  await page.waitForURL(`${g.url}/admin/vendors`);
}
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };

async function accept(page, link, who) {
  check((await page.goto(link)).status() === 200, `the invitation is not there: ${await page.textContent('main')}`);
  const seed = await page.textContent('#seed');
  await page.fill('#given_names', who.given);
  await page.fill('#family_name', who.family);
  await page.fill('#username', who.username);
  await page.fill('#password', who.password);
  await page.fill('#code', nextCode(seed));
  check(await send(page, page.click('main form .acts button.b')) === 200, `no account: ${await page.textContent('main')}`);
  const papers = (await page.locator('#papers code').allTextContents()).map((s) => s.trim());
  check(papers.length === 10, 'ten recovery codes');
  return { ...who, seed, papers };
}
async function toForm(page, at = '/vendor') {
  await page.goto(g.url + at);
  await page.waitForURL(/\/sign-in\/local/);
}
async function signIn(page, who, { at = '/vendor', code } = {}) {
  await toForm(page, at);
  await page.fill('#username', who.username);
  await page.fill('#password', who.password);
  await page.fill('#code', code ?? await freshCode(who.seed));
  await send(page, page.click('#local .acts button.b'));
  if (/\/vendor/.test(page.url())) await page.waitForURL((u) => u.pathname !== '/vendor/enter');
}

const vera = { given: 'Vera', family: 'Tuisku', username: 'vera@tuisku.example', password: 'pitkä lause on parempi' };
let owner;
const signedIn = new Map(); // a further window of somebody who has signed in once: codes are few

async function again(at, options = {}) {
  if (!signedIn.has(owner)) {
    const first = await visitor();
    await signIn(first.page, owner, { code: owner.papers.pop() });
    signedIn.set(owner, await first.context.storageState());
    await first.context.close();
  }
  const v = await visitor({ ...options, state: signedIn.get(owner) });
  await v.page.goto(g.url + at);
  return v;
}

const secret = 'a-secret-that-the-service-and-nobody-else-has', wrong = 'a-secret-that-nobody-has', person = 'aino.kielo@oulu.example';
const api = (method, at, body) => fetchLocal(g.port, `/api/v1/${at}`, { method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${bench}`, ...(body ? { 'Content-Type': 'application/json' } : {}) } });
const back = 'http://localhost:4000/paluu', realBack = 'https://tuisku.example/paluu';
const saml = new SamlService(folder('trace-sp'), 'http://kirjasto.localhost:4001', { signed: true });
const keys = await generateKeyPair('RS256', { extractable: true });
const lti = { login: 'http://tehtava.localhost/login', launch: 'http://tehtava.localhost/launch' };

await test('an organisation has a service of each protocol in test, and nothing has been asked yet', async () => {
  const operator = await visitor();
  await asOperator(operator.page);
  await operator.page.fill('#name_fi', 'Tuisku Oy');
  await operator.page.fill('#business_id', '2345678-0');
  for (const f of ['technology', 'privacy', 'incidents']) await operator.page.fill(`#${f}`, `${f}@tuisku.example`);
  check(await send(operator.page, operator.page.click('[value=invite]')) === 200, 'not invited');
  const link = await operator.page.textContent('#link'), guest = await visitor();
  owner = await accept(guest.page, link, vera);
  await operator.context.close();
  await guest.context.close();
  const vendor = /id: (\S+)\n +business_id: "?2345678-0/.exec(g.cli('export', '-c', g.config).stdout)[1];
  const asks = ['sub', 'given_name', 'family_name', 'roles', 'email'];
  const rows = {
    tori: { protocol: 'oidc', vendor, test: true, name: { fi: 'Tori Materiaalit' }, client_id: 'tori', secret, redirect_uris: [back], post_logout_redirect_uris: [`${back}/ulos`], asks, scopes: ['openid', 'profile', 'edu.role', 'email'] },
    oikea: { protocol: 'oidc', vendor, name: { fi: 'Oikea palvelu' }, client_id: 'oikea', secret, redirect_uris: [realBack], asks, scopes: ['openid', 'profile', 'edu.role', 'email'] },
    kirjasto: { protocol: 'saml', vendor, test: true, name: { fi: 'Kirjasto' }, entity_id: saml.entity, asks, metadata_xml: saml.xml },
    tehtava: { protocol: 'lti', vendor, test: true, name: { fi: 'Tehtävät' }, client_id: 'tehtava', initiate_login_uri: lti.login, target_link_uri: lti.launch, redirect_uris: [lti.launch], asks, jwks: JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 't', alg: 'RS256', use: 'sig' }] }) },
  };
  for (const [id, row] of Object.entries(rows)) {
    const r = await api('PUT', `services/${id}?ungated=koe`, row);
    check(r.status === 201, `${id}: ${r.status} ${r.text}`);
  }
  const { context, page } = await again('/vendor/service/tori', { scripts: false });
  await page.click('.sub a[href^="/vendor/trace/"]');
  check(await page.locator('#none').isVisible(), await page.textContent('main'));
  await context.close();
});

const asked = (more = {}) => new URLSearchParams(Object.entries({ client_id: 'tori', response_type: 'code', scope: 'openid profile edu.role email', redirect_uri: back, state: 'a-state-of-the-service', nonce: 'a-nonce-of-the-service', login_hint: person, ...more }).filter(([, v]) => v !== undefined));
const authorize = (more = {}) => fetchLocal(g.port, `/oidc/authorize?${asked(more)}`, {});
const post = (at, body) => fetchLocal(g.port, at, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(body).toString() });

// Signs somebody in from an address on; ends where the browser would leave us.
async function signedInAt(who, address, leaves, idp = 'oulu') {
  const agent = new Agent(), options = { until: leaves };
  let page = await agent.get(address, options);
  page = await agent.submit(page, { idp }, (f) => f.method === 'post' && f.buttons.some((b) => b.value === idp), options);
  page = await agent.submit(page, { username: who, password }, (f) => f.method === 'post' && 'password' in f.fields, options);
  return { agent, page };
}
const codeOfSignIn = async (who = 'maija') => {
  const { page } = await signedInAt(who, `${g.url}/oidc/authorize?${asked()}`, (next) => next.startsWith(back));
  return page.next ? new URL(page.next).searchParams.get('code') : page;
};
// The same at a service in production, by somebody real; gives what userinfo says.
async function realSignIn() {
  const { page } = await signedInAt('kielo', `${g.url}/oidc/authorize?${asked({ client_id: 'oikea', redirect_uri: realBack })}`, (next) => next.startsWith(realBack), 'turku');
  const tokens = JSON.parse((await redeem(new URL(page.next).searchParams.get('code'), { client_id: 'oikea', redirect_uri: realBack })).text);
  return { tokens, info: await fetchLocal(g.port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } }) };
}
const redeem = (code, more = {}) => post('/oidc/token', { grant_type: 'authorization_code', code, redirect_uri: back, client_id: 'tori', client_secret: secret, ...more });

let looking; // one window without scripts, at the trace
async function newest(service, what, fits) {
  looking ??= await again(`/vendor/trace/${service}`, { scripts: false });
  return until(what, async () => {
    await looking.page.goto(`${g.url}/vendor/trace/${service}`);
    const first = looking.page.locator('#attempts li').first();
    if (!(await first.count())) return null;
    const row = { kind: await first.getAttribute('class'), text: (await first.textContent()).trim() };
    await looking.page.goto(new URL(await first.locator('a').getAttribute('href'), g.url).href);
    const one = { ...row, main: (await looking.page.textContent('main')).replace(/\s+/g, ' '), checks: (await looking.page.locator('#checks > li').allTextContents()).map((t) => t.replace(/\s+/g, ' ')), stops: await looking.page.locator('#checks > .stop').count(), after: await looking.page.locator('#checks > .after').count(), url: looking.page.url() };
    return fits(one) ? one : null;
  }, 8000).catch(async (e) => { throw new Error(`${e.message}: ${(await looking.page.textContent('main')).replace(/\s+/g, ' ').slice(0, 1500)}`); });
}

// mistake, what is sent, its code, the check that it breaks
const mistakes = [
  ['a slash too many in the return address', () => authorize({ redirect_uri: `${back}/` }), 'invalid_request', 'Paluuosoite on palvelun osoitteissa'],
  ['another response type', () => authorize({ response_type: 'token' }), 'unsupported_response_type', 'response_type on code'],
  ['no openid in scope', () => authorize({ scope: 'profile' }), 'invalid_scope', 'scope sisältää sanan openid'],
  ['an unknown prompt', () => authorize({ prompt: 'maybe' }), 'invalid_request', 'prompt on tunnettu'],
  ['half of PKCE', () => authorize({ code_challenge: 'x' }), 'invalid_request', 'PKCE on mukana'],
  ['a resource that is no address', () => authorize({ resource: 'x#y' }), 'invalid_target', 'resource on osoite'],
  ['a wrong secret at the token endpoint', () => post('/oidc/token', { grant_type: 'authorization_code', code: 'a-code-of-theirs', client_id: 'tori', client_secret: wrong }), 'invalid_client', 'Palvelusi todisti, kuka se on'],
  ['a wrong secret for an introspection', () => post('/oidc/introspect', { client_id: 'tori', client_secret: wrong, token: 'a-token-of-theirs' }), 'invalid_client', 'Palvelusi todisti, kuka se on'],
  ['a grant that the service may not use', () => redeem('x', { grant_type: 'client_credentials' }), 'unauthorized_client', 'grant_type on palvelulle sallittu'],
  ['a code that is none', () => redeem('a-code-of-theirs'), 'invalid_grant', 'Koodi on meidän'],
  ['an address to return to after signing out that is not registered', () => fetchLocal(g.port, `/oidc/end_session?${new URLSearchParams({ client_id: 'tori', post_logout_redirect_uri: `${back}/muualle` })}`, {}), 'invalid_request', 'Paluuosoite uloskirjautumisesta'],
];
await test('item 14: each mistake ends in the trace as a fault, with its code, the check that it breaks, and what to change', async () => {
  for (const [what, sends, code, breaks] of mistakes) {
    await sends();
    const one = await newest('tori', what, (x) => x.text.includes(breaks) && x.main.includes(code));
    check(one.kind === 'no' && one.stops === 1 && one.main.includes('Mitä muuttaa'), `${what}: ${JSON.stringify(one)}`);
  }
});

await test('item 14: nobody is signed in, and no page may be shown: that is as it should be, and a square', async () => {
  await authorize({ prompt: 'none' });
  const one = await newest('tori', 'the refusal', (x) => x.main.includes('login_required'));
  check(one.kind === 'eh' && /oikein näin/.test(one.text), JSON.stringify(one));
});

await test('item 14: a sign-in is one attempt, a ring: every check of authorize, token and userinfo; a test person in full', async () => {
    const tokens = JSON.parse((await redeem(await codeOfSignIn())).text);
    check(tokens.access_token, JSON.stringify(tokens));
    const info = await fetchLocal(g.port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    check(/Maija/.test(info.text), info.text);
    const one = await newest('tori', 'the sign-in', (x) => x.kind === 'ok' && x.checks.some((t) => t.includes('Tiedot annettiin')));
    const order = ['Palvelu on olemassa', 'Paluuosoite on palvelun', 'scope sisältää', 'Kirjautuminen onnistui', 'saa käyttää', 'Koodi annettiin', 'Palvelusi todisti', 'grant_type', 'Koodi on meidän', 'Paluuosoite on sama', 'PKCE-tarkiste', 'Tunnisteet annettiin', 'Access token kelpaa', 'Tiedot annettiin'];
    const at = order.map((t) => one.checks.findIndex((x) => x.includes(t)));
    check(at.every((n, k) => n >= 0 && (k === 0 || n > at[k - 1])), `${at}: ${one.checks.join(' | ')}`);
    check(one.stops === 0 && one.after === 0 && /Pääsi sisään/.test(one.text), JSON.stringify(one));
    for (const m of ['GET /oidc/authorize', 'POST /oidc/token', 'GET /oidc/userinfo']) check(one.main.includes(m), `${m} is not there`);
    check(/Maija Opettaja/.test(one.text) && /given_name\s*Maija/.test(one.main), `in full: ${one.main}`);
    check(/Sähköposti\s*Jätettiin pois Kunta ei ole antanut lupaa/.test(one.main), `left out: ${one.main}`);
    for (const v of [tokens.access_token, secret]) check(!one.main.includes(v), `${v} is shown`);
});

await test('item 14: a request that was pushed and the sign-in that opens it are one attempt, whose addresses are compared', async () => {
  const pushed = JSON.parse((await post('/oidc/par', { ...Object.fromEntries(asked()), client_secret: secret })).text);
  check(pushed.request_uri, JSON.stringify(pushed));
  const { page } = await signedInAt('maija', `${g.url}/oidc/authorize?${new URLSearchParams({ client_id: 'tori', request_uri: pushed.request_uri })}`, (next) => next.startsWith(back));
  await redeem(new URL(page.next).searchParams.get('code'), { redirect_uri: `${back}/` });
  const one = await newest('tori', 'the pushed sign-in', (x) => x.kind === 'no' && x.main.includes('POST /oidc/par'));
  for (const m of ['GET /oidc/authorize', 'POST /oidc/token']) check(one.main.includes(m), `${m} is not of it: ${one.main}`);
  check((await looking.page.textContent('#differs mark')) === '/' && one.main.includes('Pyyntö otettiin talteen'), one.main);
});

await test('item 14: of real people there is a code, the same within a day, and forms of values, never values', async () => {
  const codes = new Set();
  for (let i = 0; i < 2; i++) {
    const { tokens, info } = await realSignIn();
    check(/Kielo/.test(info.text), info.text);
    const one = await newest('oikea', 'the sign-in', (x) => x.kind === 'ok' && x.checks.some((t) => t.includes('Tiedot annettiin')));
    codes.add(/Henkilö ([0-9a-f]{6})/.exec(one.text)?.[1]);
    check(/given_name\s*5 merkkiä/.test(one.main) && /edu_roles\s*1 arvoa/.test(one.main), `forms: ${one.main}`);
    for (const v of ['Kielo', 'Salainen', 'kielo', JSON.parse(info.text).sub, tokens.access_token, secret, 'a-nonce-of-the-service']) check(!one.main.includes(v), `${v} is shown`);
  }
  check(codes.size === 1 && !codes.has(undefined), `one person within a day has the codes ${[...codes]}`);
});

await test('item 14: the token asked for with another address than the sign-in: both are shown, the difference marked; the rest was not reached', async () => {
  const r = await redeem(await codeOfSignIn(), { redirect_uri: `${back}/` });
  check(/invalid_grant/.test(r.text), r.text);
  const one = await newest('tori', 'the mistake', (x) => x.kind === 'no' && x.text.includes('Paluuosoite on sama'));
  check(/Maija/.test(one.text) && one.after >= 4 && one.checks.some((t) => t.includes('PKCE-tarkiste täsmää: ei ehditty')), one.checks.join(' | '));
  check((await looking.page.textContent('#differs mark')) === '/' && /Kirjautumispyynnössä/.test(await looking.page.textContent('#differs')), await looking.page.innerHTML('#differs'));
  const code = /support code (\w{8})/.exec(r.text)[1];
  await looking.page.fill('#code', `${code.slice(0, 4).toLowerCase()} ${code.slice(4)}`);
  await send(looking.page, looking.page.click('.pickers button.b'));
  check((await looking.page.textContent('#attempt')).includes(code), 'not found by its support code');
  await looking.page.goto(`${g.url}/vendor/trace/tori?code=ABCDEFGH`);
  check(await looking.page.locator('#missed').isVisible(), 'nothing is said');
});

await test('item 14: who may not use the service is a square', async () => {
  const page = await codeOfSignIn('eino');
  check(page.status === 403, `${page.status}`);
  const one = await newest('tori', 'the refusal', (x) => x.text.includes('saa käyttää'));
  check(one.kind === 'eh' && /Eino Oppilas/.test(one.text), JSON.stringify(one));
});

await test('item 14: SAML: a sign-in with what its assertion told, as forms; a strange key; an address that its metadata lack; a sign-out', async () => {
  const to = `${g.url}/saml/sso`, ask = (xml, key) => `${to}?${saml.query(xml, { sign: true, ...(key ? { key } : {}) })}`;
  const { agent, page } = await signedInAt('maija', ask(saml.request(to)), () => false), answer = posted(page);
  check(answer?.status === 'Success', `${page.status} ${page.text.slice(0, 300)}`);
  let one = await newest('kirjasto', 'the sign-in', (x) => x.kind === 'ok' && x.checks.some((t) => t.includes('Vastaus allekirjoitettiin')));
  const print = (xml) => new crypto.X509Certificate(Buffer.from(/X509Certificate>([^<]+)</.exec(xml)[1], 'base64')).fingerprint256.replaceAll(':', '');
  check(one.main.replaceAll(' ', '').includes(`Signature:keyused(SHA-256)${print(saml.xml)}`), `the key that proved it: ${one.main}`);
  check(one.checks.some((t) => t.includes('oikein allekirjoitettu')) && /AuthnRequest\.Destination/.test(one.main) && one.main.includes(answer.nameId) && /Maija/.test(one.main), one.main);
  const strange = new SamlService(folder('trace-strange'), 'http://muu.localhost', {});
  await fetchLocal(g.port, new URL(ask(saml.request(to), strange.key)).href.slice(g.url.length), {});
  one = await newest('kirjasto', 'the strange key', (x) => x.kind === 'no');
  check(/Avainta ei oteta pyynnöstä/.test(one.main) && one.after >= 3 && /Ei kirjautujaa/.test(one.text), JSON.stringify(one));
  check(/Viesti ei kerro, millä avaimella/.test(await looking.page.textContent('#differs')) && (await looking.page.textContent('#differs')).includes(print(saml.xml)), `the key that is expected: ${one.main}`);
  check((await looking.page.getAttribute('#cure', 'href')) === '/vendor/service/kirjasto#metadata_xml', 'no way to the cure');
  await fetchLocal(g.port, new URL(ask(saml.request(to, { attributes: { AssertionConsumerServiceURL: 'http://muu.localhost/acs' } }))).href.slice(g.url.length), {});
  await newest('kirjasto', 'the address', (x) => x.text.includes('Vastausosoite on metatiedoissa') && x.main.includes('http://muu.localhost/acs'));
  await agent.get(`${g.url}/saml/slo?${saml.query(saml.logout(`${g.url}/saml/slo`, { name: answer.nameId, sessions: [answer.session] }), { sign: true })}`, { until: (next) => next.startsWith(saml.base) });
  one = await newest('kirjasto', 'the sign-out', (x) => x.checks.some((t) => t.includes('kuka kirjautuu ulos')));
  check(one.kind === 'ok' && !one.main.includes(answer.nameId), JSON.stringify(one));
});

await test('item 14: LTI: a launch; a wrong return address; a tool that proves itself, and one that does not', async () => {
  const { agent, page } = await signedInAt('maija', `${g.url}/lti/open/tehtava`, (next) => next.startsWith(lti.login));
  const begun = Object.fromEntries(new URL(page.next).searchParams);
  const ask = (more = {}) => agent.get(`${g.url}/lti/authorize?${new URLSearchParams({ scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: 'tehtava', redirect_uri: lti.launch, login_hint: begun.login_hint, lti_message_hint: begun.lti_message_hint, state: 's', nonce: crypto.randomUUID(), ...more })}`);
  // An attempt is noted once it has been answered: the next may be noted before it.
  await newest('tehtava', 'the sign-in', (x) => x.text.includes('Maija'));
  await ask({ redirect_uri: `${lti.launch}/` });
  let one = await newest('tehtava', 'the address', (x) => x.kind === 'no' && x.text.includes('Paluuosoite on työkalun'));
  check(one.after > 3, JSON.stringify(one));
  const launched = await ask();
  check(forms(launched.text).some((f) => f.fields.id_token), launched.text.slice(0, 300));
  one = await newest('tehtava', 'the launch', (x) => x.kind === 'ok' && x.checks.some((t) => t.includes('Viesti allekirjoitettiin')));
  check(/given_name\s*Maija/.test(one.main), one.main);
  const assertion = (key) => new SignJWT({ jti: crypto.randomUUID() }).setProtectedHeader({ alg: 'RS256', kid: 't' }).setIssuer('tehtava').setSubject('tehtava').setAudience(`${g.url}/lti/token`).setIssuedAt().setExpirationTime('5m').sign(key);
  const grant = async (key) => post('/lti/token', { grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: await assertion(key), scope: 'x' });
  await grant((await generateKeyPair('RS256')).privateKey);
  await newest('tehtava', 'a strange key', (x) => x.kind === 'no' && x.text.includes('client_assertion todistaa') && x.main.includes('client_assertion.aud'));
  await grant(keys.privateKey);
  await newest('tehtava', 'a scope that it may not have', (x) => x.kind === 'no' && x.text.includes('scope on työkalulle sallittu'));
});

await test('item 14: in three languages, at 320 and 1280 px, axe finds nothing', async () => {
  await looking.page.goto(`${g.url}/vendor/trace/tori?show=broken`);
  const href = await looking.page.locator('#attempts li', { hasText: 'Paluuosoite on sama' }).first().locator('a').getAttribute('href');
  await looking.page.goto(`${g.url}/vendor/trace/tori`);
  const well = await looking.page.locator('#attempts li.ok', { hasText: 'Pääsi sisään' }).first().locator('a').getAttribute('href');
  for (const [lang, words, width, at] of [['fi-FI', 'Mitä muuttaa', 320, href], ['sv-FI', 'Vad som ska ändras', 1280, href], ['en-GB', 'What was told', 320, well]]) {
    const { context, page } = await again(at, { lang, width, dark: lang === 'sv-FI' });
    check((await page.textContent('main')).includes(words), `${lang}: ${await page.textContent('main')}`);
    check((await page.locator('#attempts [aria-current]').count()) === 1, 'the one that is shown is not marked');
    await looks(page, `one-${lang}`);
    await context.close();
  }
});

await test('item 14: no value of a person, no secret, code, token or state stands in any page of it', async () => {
  const seen = [];
  for (const service of ['tori', 'oikea', 'kirjasto', 'tehtava']) {
    await looking.page.goto(`${g.url}/vendor/trace/${service}`);
    for (const to of await looking.page.locator('#attempts a').evaluateAll((a) => a.map((x) => x.href))) {
      const all = await (await looking.page.request.get(to)).text();
      seen.push(to);
      for (const what of [person, encodeURIComponent(person), secret, wrong, 'a-code-of-theirs', 'a-token-of-theirs', 'a-state-of-the-service', 'Kielo', 'kielo', 'Salainen']) check(!all.includes(what), `${to} holds ${what}`);
    }
  }
  check(seen.length > 15, `${seen.length} attempts`);
});

await test('item 14: what is another organisation\u2019s is as if it were not', async () => {
  const answers = [];
  for (const at of ['kinos-hanki', 'nothing', `kinos-hanki?code=ABCDEFGH`]) answers.push((await looking.page.goto(`${g.url}/vendor/trace/${at}`)).status());
  check(answers.every((s) => s === 404), String(answers));
});

await test('item 14: an incident is stated as a change; the public catalogue shows it to everybody while it goes on, and no longer', async () => {
  const { context, page } = await again('/vendor/incidents/oikea', { scripts: false, lang: 'fi-FI' });
  check(await page.locator('#none').isVisible(), 'something is there');
  await page.fill('#says_fi', 'Kirjautuminen hidasta');
  check(await send(page, page.click('[value=declare]')) === 400 && (await page.inputValue('#says_fi')) === 'Kirjautuminen hidasta', 'half of the words will do');
  await page.fill('#says_sv', 'Inloggningen är långsam');
  await page.fill('#says_en', 'Signing in is slow');
  await page.fill('#from_clock', '25.99');
  check(await send(page, page.click('[value=declare]')) === 400 && await page.locator('#wrong').isVisible(), 'a time that there is not');
  await page.fill('#from_clock', '');
  check(await send(page, page.click('[value=declare]')) === 200 && await page.locator('#done').isVisible(), await page.textContent('main'));
  check(/Kesken.*Kirjautuminen hidasta/.test((await page.textContent('#incidents')).replace(/\s+/g, ' ')), await page.textContent('#incidents'));
  for (const [lang, words] of [['fi', 'Kirjautuminen hidasta'], ['sv', 'Inloggningen är långsam'], ['en', 'Signing in is slow']])
    check((await fetchLocal(g.port, '/services', { headers: { 'Accept-Language': lang } })).text.includes(words), `the catalogue in ${lang}`);
  check(/incident/.test(g.cli('export', '-c', g.config).stdout), 'no row');
  check(await send(page, page.click('#incidents [value=end]')) === 200, await page.textContent('main'));
  // Of the second in which it was declared, it ends with the next one.
  await until('it is over', async () => { await page.goto(`${g.url}/vendor/incidents/oikea`); return /Ohi/.test(await page.textContent('#incidents')); });
  check(!(await fetchLocal(g.port, '/services', { headers: { 'Accept-Language': 'fi' } })).text.includes('Kirjautuminen hidasta'), 'it is over, and shown');
  const csrf = await page.inputValue('main [name=csrf]');
  check((await page.request.post(`${g.url}/vendor/incidents/kinos-hanki`, { headers: { Origin: g.url, 'Sec-Fetch-Site': 'same-origin' }, form: { csrf, act: 'declare', says_fi: 'x', says_sv: 'x', says_en: 'x' } })).status() === 404, 'another organisation\u2019s');
  check((await page.goto(`${g.url}/vendor/incidents/kinos-hanki`)).status() === 404, 'another organisation\u2019s page');
  await context.close();
});

await test('item 14: failures by stable code within the day, in three languages, 320 px, axe', async () => {
  for (const [lang, words, width] of [['fi-FI', 'Hylätyt pyynnöt', 320], ['sv-FI', 'Avvisade begäranden', 1280], ['en-GB', 'Refused requests', 320]]) {
    const { context, page } = await again('/vendor/incidents/tori', { lang, width });
    const text = await page.textContent('main');
    check(text.includes(words) && Number(/invalid_client\s*(\d+)/.exec(await page.textContent('#failures'))?.[1]) >= 2, text);
    if (lang !== 'sv-FI') await looks(page, `incidents-${lang}`);
    await context.close();
  }
});

await test('item 14: strangers who send what the service would fill no more than their part, and push out nothing else', async () => {
  for (let i = 0; i < 250; i++) await authorize({ response_type: `x${i}` });
  await looking.page.goto(`${g.url}/vendor/trace/tori`);
  const flood = await looking.page.locator('#attempts li', { hasText: 'response_type on code' }).count();
  check(flood <= 50, `${flood} attempts of strangers`);
  check((await looking.page.locator('#attempts li.ok', { hasText: 'Pääsi sisään' }).count()) >= 1 && (await looking.page.locator('#attempts li', { hasText: 'Paluuosoite on sama' }).count()) >= 1, 'what was the service\u2019s own is gone');
  await looking.page.goto(`${g.url}/vendor/trace/tehtava`);
  check((await looking.page.locator('#attempts li').count()) >= 4, 'another service lost its own');
});

await browser.close();
await g.stop();
finish();
