// SPDX-License-Identifier: EUPL-1.2
// The vendor portal in a real Chromium [J8]: an organisation is invited, or asks to join; its people sign in with a password
// and a code, or a passkey; services in test; and every path of it tried by those whom it is not for.
//   node vendor.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Keyboard } from './keyboard.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', bench = crypto.randomBytes(24).toString('hex');
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
services:
  - { id: kinos-hanki, protocol: link, vendor: kinos, test: true, name: { fi: Hanki Koodi }, launch_uri: "http://127.0.0.1:9/" }
organisations:
  - { id: kinos, business_id: 1572860-0, name: { fi: Kinos Oy }, contact_technology: t@kinos.example, contact_privacy: p@kinos.example, contact_incidents: i@kinos.example }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: eino, idp: oulu, username: eino, password: { plain: ${password} }, given_names: Eino, family_name: Oppilas, affiliations: [{ provider: oulu, role: learner, school: "99101" }] }
  - { id: vanja, idp: vendors, username: vanja, password: { plain: ${password} }, given_names: Vanja, family_name: Ilman }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
staff:
  - { id: s-vanja, organisation: kinos, idp: vendors, subject: vanja, role: owner }
`;
const g = await new Gateway(program, { name: 'vendor', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
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
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n'));

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
let owner, developer, reader;
const signedIn = new Map(); // a further window of somebody who has signed in once: codes are few

/* --- organisations ----------------------------------------------------------------------------------------------- */

await test('an operator invites an organisation: the link is shown once, and makes its owner', async () => {
  const { context, page } = await visitor();
  await asOperator(page);
  await looks(page, 'admin-vendors');
  await page.fill('#name_fi', 'Tuisku Oy');
  await page.fill('#business_id', '2345678-1');
  for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@tuisku.example`);
  check(await send(page, page.click('[value=invite]')) === 400 && /Y-tunnus/.test(await page.textContent('[role=alert]')), 'a wrong check digit was taken');
  check((await page.inputValue('#name_fi')) === 'Tuisku Oy', 'what was typed is lost');
  await page.fill('#business_id', '2345678-0');
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link');
  check(link.startsWith(`${g.url}/vendor/invite/`), link);
  await looks(page, 'admin-vendors-link');
  await page.goto(`${g.url}/admin/vendors`);
  check((await page.locator('#link').count()) === 0 && /Tuisku Oy/.test(await page.textContent('main')), 'the link is shown again');
  check(!auditLines().join('\n').includes(link.split('/').pop()), 'the audit log holds the token');
  const other = await visitor();
  await other.page.goto(link);
  await looks(other.page, 'invited');
  check(await send(other.page, other.page.click('main form .acts button.b')) === 400, 'an empty form made an account');
  check((await other.page.locator('.note.bad li').count()) === 5, 'each field that is missing is named');
  await looks(other.page, 'invited-wrong');
  owner = await accept(other.page, link, vera);
  await looks(other.page, 'invited-done');
  check((await other.page.goto(link)).status() === 404, 'an invitation is good twice');
  check((await other.page.goto(`${g.url}/vendor/invite/${'a'.repeat(43)}`)).status() === 404, 'an invitation that never was');
  await other.context.close();
  await context.close();
});

await test('an organisation asks to join, and is approved or declined', async () => {
  const { context, page } = await visitor({ width: 320, scripts: false, lang: 'sv-FI' });
  await page.goto(`${g.url}/vendor/join`);
  await looks(page, 'join');
  check(await send(page, page.click('main form .acts button.b')) === 400 && (await page.locator('.note.bad li').count()) === 7, 'what is missing');
  for (const [f, v] of [['name_fi', 'Routa Oy'], ['business_id', '0737546-2'], ['technology', 't@routa.example'], ['privacy', 'p@routa.example'], ['incidents', 'i@routa.example'], ['person', 'Rauni Routa'], ['email', 'rauni@routa.example'], ['words', '<b>Lumipallo</b>']])
    await page.fill(`#${f}`, v);
  check(await send(page, page.click('main form .acts button.b')) === 200 && /skickats/.test(await page.textContent('h1')), await page.textContent('main'));
  await context.close();
  const op = await visitor();
  await asOperator(op.page);
  check(/<b>Lumipallo<\/b>/.test(await op.page.textContent('.todo')), 'who waits is shown');
  await looks(op.page, 'admin-vendors-waits');
  check(await send(op.page, op.page.click('[value=approve]')) === 200 && (await op.page.locator('#link').count()) === 1, 'no link');
  await op.page.goto(`${g.url}/admin/vendors`);
  check((await op.page.locator('.todo li').count()) === 0 && /y0737546-2/.test(await op.page.textContent('main')), 'the organisation is not there');
  await op.context.close();
});

/* --- people ------------------------------------------------------------------------------------------------------ */

await test('a password alone opens nothing; a code is good once; a recovery code once', async () => {
  const { context, page } = await visitor();
  for (const code of ['', '000000', codeOf(owner.seed, stepNow() - 5), codeOf(owner.seed, used.get(owner.seed))]) {
    await signIn(page, owner, { code });
    check(/\/sign-in\/local/.test(page.url()) && (await page.locator('.note.bad').count()) === 1, `"${code}" opened it: ${page.url()}`);
  }
  await looks(page, 'sign-in-wrong');
  await signIn(page, { username: 'vanja', password }, { code: '123456' });
  check(/\/sign-in\/local/.test(page.url()), 'an account without a second factor opened');
  await signIn(page, owner, { code: owner.papers[0].toUpperCase() });
  check(new URL(page.url()).pathname === '/vendor', `a recovery code: ${page.url()} ${await page.textContent('main')}`);
  await context.clearCookies();
  await signIn(page, owner, { code: owner.papers[0] });
  check(/\/sign-in\/local/.test(page.url()), 'a recovery code was good twice');
  await context.close();
});

await test('wrong codes have a budget, which a right password does not begin anew', async () => {
  const { context, page } = await visitor();
  const link = await invite(owner, 'developer', 'Ville');
  developer = await accept(page, link, { given: 'Ville', family: 'Kehittäjä', username: 'ville', password: 'toinen pitkä lause' });
  await toForm(page);
  let status = 0;
  for (let i = 0; i < 12 && status !== 429; i++) {
    await page.fill('#username', developer.username);
    await page.fill('#password', developer.password);
    await page.fill('#code', '000000');
    status = await send(page, page.click('#local .acts button.b'));
  }
  check(status === 429, `${status} after twelve`);
  await signIn(page, developer, { code: developer.papers[1] });
  check(/\/sign-in\/local/.test(page.url()), 'beyond the budget a right code opens');
  await context.close();
});

async function again(who, at, options = {}) {
  if (!signedIn.has(who)) {
    const first = await visitor();
    await signIn(first.page, who, { code: who.papers.pop() });
    check(new URL(first.page.url()).pathname === '/vendor', `${who.username}: ${first.page.url()}`);
    signedIn.set(who, await first.context.storageState());
    await first.context.close();
  }
  const v = await visitor({ ...options, state: signedIn.get(who) });
  await v.page.goto(g.url + at);
  return v;
}
async function invite(who, role, note) {
  const { context, page } = await again(who, '/vendor/people');
  await page.fill('#note', note);
  await page.check(`[name=role][value=${role}]`);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  await looks(page, 'people-link');
  const link = await page.textContent('#link');
  await context.close();
  return link;
}

await test('a passkey is added and signs in; without scripts the form does as well', async () => {
  const { context, page } = await visitor();
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await signIn(page, owner, { at: '/vendor/account', code: owner.papers.pop() });
  await looks(page, 'account');
  await page.fill('#name', 'Työkannettava');
  await page.click('[data-go]');
  await until('the passkey is listed', async () => /Työkannettava/.test(await page.textContent('main')));
  await looks(page, 'account-passkey');
  signedIn.delete(owner); // a new passkey ends other sessions
  check((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length === 1, 'the authenticator has one');
  await context.clearCookies();
  await toForm(page);
  await looks(page, 'sign-in-code');
  const sent = page.waitForRequest((r) => r.url().endsWith('/sign-in/passkey'));
  await page.click('[data-go]');
  const body = (await sent).postData();
  await page.waitForURL(`${g.url}/vendor`);
  // What was answered once is no answer again, in any browser.
  const again = await context.request.post(`${g.url}/sign-in/passkey`, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, data: body, maxRedirects: 0 });
  check(![303].includes(again.status()) || !/vendor/.test(again.headers().location ?? ''), `a passkey's answer was taken twice: ${again.status()} ${again.headers().location}`);
  // The authenticator does not verify its person: not taken.
  await context.clearCookies();
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await toForm(page);
  await page.click('[data-go]');
  await until('the failure is said', () => page.locator('[data-failed]').isVisible());
  await context.close();
});

/* --- roles, and what is another's --------------------------------------------------------------------------------- */

await test('each page fits at 320 and 1280 px, dark and light, and axe finds nothing', async () => {
  reader = await (async () => { const { context, page } = await visitor(); const r = await accept(page, await invite(owner, 'reader', 'Laura'), { given: 'Laura', family: 'Lukija', username: 'laura', password: 'kolmas pitkä lause' }); await context.close(); return r; })();
  const { context } = await again(owner, '/vendor');
  const state = await context.storageState();
  for (const width of [320, 1280]) for (const dark of [false, true]) {
    const eyes = await browser.newContext({ storageState: state, locale: 'fi-FI', viewport: { width, height: 900 }, reducedMotion: 'reduce', colorScheme: dark ? 'dark' : 'light' });
    const p = await eyes.newPage();
    p.scripts = true;
    for (const at of ['/vendor', '/vendor/people', '/vendor/organisation', '/vendor/account', '/vendor/new', ...['oidc', 'saml', 'lti', 'link'].map((x) => `/vendor/service/new?protocol=${x}`)]) {
      check((await p.goto(g.url + at)).status() === 200, `${at}`);
      await looks(p, `${at.slice(1).replaceAll(/[/?=]/g, '-')}${dark ? '-dark' : ''}`, width);
    }
    await eyes.close();
  }
  await context.close();
});

await test('an owner changes what another is, at the next click; nobody their own role', async () => {
  const { context, page } = await again(owner, '/vendor/people', { scripts: false });
  const row = page.locator('tbody tr', { hasText: 'Laura Lukija' });
  for (const role of ['developer', 'reader']) {
    await row.locator('[name=role]').selectOption(role);
    check(await send(page, row.locator('[value=role]').click()) === 200 && /Rooli on vaihdettu/.test(await page.textContent('main')), await page.textContent('main'));
    check(await row.locator('[name=role]').inputValue() === role, `the role is not ${role}`);
    if (role === 'developer') await looks(page, 'people-role');
  }
  check(await page.locator('[value=role]').count() === await page.locator('tbody tr').count() - 1, 'of oneself there is no form');
  await context.close();
});

let service;
await test('a service is in test at once; its secret is shown once, and two overlap until the old one is ended', async () => {
  const { context, page } = await again(owner, '/vendor/new', { scripts: false });
  await page.click('a[href="/vendor/service/new?protocol=oidc"]');
  check(await send(page, page.click('[value=save]')) === 400 && (await page.locator('.note.bad li').count()) === 2, 'what is missing');
  await page.fill('#name_fi', 'Tori Materiaalit');
  await page.fill('#redirect_uris', 'http://tori.example/paluu');
  for (const claim of ['sub', 'given_name', 'roles']) await page.check(`[name=ask_${claim}]`);
  check(await send(page, page.click('[value=save]')) === 400, 'http of a foreign host was taken');
  check(/http:\/\/tori\.example/.test(await page.textContent('#redirect_uris-e')) && (await page.inputValue('#name_fi')) === 'Tori Materiaalit' && (await page.isChecked('[name=ask_roles]')), 'what is wrong, beside its field; nothing is lost');
  await page.fill('#redirect_uris', 'http://localhost:4000/paluu');
  check(await send(page, page.click('[value=save]')) === 200, await page.textContent('main'));
  const first = await page.textContent('#secret');
  service = await page.textContent('#client_id');
  await looks(page, 'service-secret');
  check((await page.goto(`${g.url}/vendor/service/${service}`)).status() === 200 && !(await page.content()).includes(first), 'the secret is shown again');
  check(await send(page, page.click('[value=secret]')) === 200, await page.textContent('main'));
  const second = await page.textContent('#secret');
  const token = (secret) => fetchLocal(g.port, '/oidc/token', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${Buffer.from(`${service}:${secret}`).toString('base64')}` }, body: 'grant_type=authorization_code&code=none&redirect_uri=http%3A%2F%2Flocalhost%3A4000%2Fpaluu' }).then((r) => JSON.parse(r.text).error);
  check(first !== second && (await token(first)) === 'invalid_grant' && (await token(second)) === 'invalid_grant' && (await token('x'.repeat(43))) === 'invalid_client', 'both secrets are good, and no other');
  await page.goto(`${g.url}/vendor`);
  check(/Tori Materiaalit: vanha salaisuus/.test(await page.textContent('.todo')), await page.textContent('main'));
  await page.goto(`${g.url}/vendor/service/${service}`);
  await send(page, page.click('[value=retire]'));
  check((await token(first)) === 'invalid_client' && (await token(second)) === 'invalid_grant', 'the old one goes on');
  await page.goto(`${g.url}/vendor/service/${service}`);
  await page.fill('#name_sv', 'Torg');
  await send(page, page.click('[value=save]'));
  check((await page.locator('.note[role=status]').count()) === 1 && (await page.inputValue('#name_sv')) === 'Torg' && (await token(second)) === 'invalid_grant', 'altered, and its secret stays');
  for (const act of ['close', 'open']) { await send(page, page.click(`[value=${act}]`)); check((await page.locator('.note[role=status]').count()) === 1, act); }
  await context.close();
});

await test('metadata, a tool and a plain link are registered, and what they lack is said', async () => {
  const { context, page } = await again(owner, '/vendor/service/new?protocol=saml', { width: 320 });
  await page.fill('#name_fi', 'Jäkälä');
  for (const [xml, says] of [['kissa', /metadata_malformed|xml/], ['<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://jakala.example/sp"/>', /metadata_role/],
    ['<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://jakala.example/sp"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://jakala.example/acs" index="0"/></SPSSODescriptor></EntityDescriptor>', /http/]]) {
    await page.fill('#metadata_xml', xml);
    check(await send(page, page.click('[value=save]')) === 400 && says.test(await page.textContent('#metadata_xml-e')), `${xml.slice(0, 40)}: ${await page.textContent('main')}`);
  }
  await looks(page, 'service-metadata-wrong');
  await page.fill('#metadata_xml', (await page.inputValue('#metadata_xml')).replace('http://jakala', 'https://jakala'));
  check(await send(page, page.click('[value=save]')) === 200 && /\/vendor\/service\/y2345678/.test(page.url()), await page.textContent('main'));
  await page.goto(`${g.url}/vendor/service/new?protocol=lti`);
  await page.fill('#name_fi', 'Työkalu');
  await page.fill('#initiate_login_uri', 'https://lti.example/login');
  await page.fill('#target_link_uri', 'https://lti.example/');
  await page.fill('#redirect_uris', 'https://lti.example/');
  await page.fill('#jwks_uri', 'https://lti.example/keys');
  check(await send(page, page.click('[value=save]')) === 200 && /\/vendor\/service\/y2345678/.test(page.url()), await page.textContent('main'));
  await page.goto(`${g.url}/vendor/service/new?protocol=link`);
  await page.fill('#name_fi', 'Linkki');
  await page.fill('#launch_uri', 'https://linkki.example/');
  check(await send(page, page.click('[value=save]')) === 200 && /\/vendor\/service\/y2345678/.test(page.url()), await page.textContent('main'));
  await page.goto(`${g.url}/vendor`);
  await looks(page, 'home-services');
  check((await page.locator('tbody tr').count()) === 4, 'four services');
  await context.close();
});

await test('what is pasted has the values of the service, and never a secret', async () => {
  const { context, page } = await again(owner, `/vendor/connect/${service}`, { width: 320 });
  for (const product of ['mod_auth_openidc', 'openid-client']) {
    await page.click(`.prods a[href$="product=${product}"]`);
    const text = await page.textContent('#paste');
    check(text.includes(service) && text.includes(g.url) && text.includes('http://localhost:4000/paluu') && text.includes('openid profile edu.role') && !/\{\w+\}/.test(text.replaceAll(/\$\{\w+\}|\{ *\w+ *\}/g, '')), text);
    await looks(page, `connect-${product}`);
  }
  await context.close();
});

const paths = fs.readFileSync(path.join(root, 'gateway/routes.def'), 'utf8').split('\n').map((l) => l.match(/X\((GET|POST),\s+"(\/vendor[^"]*)",\s+PUBLIC, VENDOR/)).filter(Boolean).map(([, method, at]) => ({ method, at }));
await test('what is in production is as it was approved: its organisation looks at it, and renews its secrets alone', async () => {
  const row = { protocol: 'oidc', vendor: /id: (\S+)\n +business_id: "?2345678-0/.exec(g.cli('export', '-c', g.config).stdout)[1], name: { fi: 'Tuisku tuotanto' }, client_id: 'tuisku-tuotanto', secret: crypto.randomBytes(32).toString('hex'), redirect_uris: ['https://tuisku.example/cb'], asks: ['sub'], auth_method: 'client_secret_basic', enabled: false };
  const registered = (method, body) => fetchLocal(g.port, '/api/v1/services/tuisku-tuotanto', { method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${bench}`, ...(body ? { 'Content-Type': 'application/json' } : {}) } });
  check((await registered('PUT', row)).status === 201, 'not registered');
  const before = (await registered('GET')).text;
  const { context, page } = await again(owner, '/vendor/service/tuisku-tuotanto', { scripts: false });
  check((await page.locator('[value=save], [value=open], [value=close]').count()) === 0 && (await page.locator('fieldset[disabled]').count()) >= 1, `it is offered: ${page.url()} ${await page.textContent('main')}`);
  const csrf = await page.getAttribute('[name=csrf]', 'value');
  for (const form of [{ act: 'open' }, { act: 'close' }, { act: 'save', name_fi: 'Kaapattu', redirect_uris: 'https://rosvo.example/cb', ask_email: 'true' }]) {
    const r = await page.request.post(`${g.url}/vendor/service/tuisku-tuotanto`, { form: { csrf, ...form } });
    check(r.status() === 403, `${form.act}: ${r.status()}`);
  }
  check((await registered('GET')).text === before, 'it was altered');
  check(await send(page, page.click('[value=secret]')) === 200 && (await page.locator('#secret').count()) === 1, 'its secret is not theirs to renew');
  check((await registered('DELETE')).status === 204, 'it stays');
  await context.close();
});

await test('a reader changes nothing, and every path is tried by those whom it is not for', async () => {
  check(paths.length >= 12, `paths: ${paths.length}`);
  const people = [
    ['nobody', async () => {}],
    ['a pupil', async (page) => { await page.goto(`${g.url}/`); await page.waitForURL(/\/sign-in/); await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=oulu`); await page.fill('#username', 'eino'); await page.fill('#password', password); await page.click('form:has(#password) .acts button.b'); await page.waitForURL(`${g.url}/`); }],
    ['an operator', asOperator],
    ['a reader', async (page) => { const v = await again(reader, '/vendor'); await page.context().addCookies(await v.context.cookies()); await v.context.close(); await page.goto(`${g.url}/vendor`); }],
  ];
  for (const [who, enters] of people) {
    const { context, page } = await visitor();
    await enters(page);
    const is = who === 'a reader';
    if (is) await page.goto(`${g.url}/vendor/account`);
    const csrf = is ? (await page.content()).match(/action="\/vendor\/account"[^]*?name="csrf" value="([^"]+)"/)[1] : 'x';
    for (const { method, at } of paths) {
      const target = at.replace('*', 'kinos-hanki'), missing = at.replace('*', 'nothing-here');
      const ask = (to) => method === 'GET' ? context.request.get(g.url + to, { maxRedirects: 0 })
        : context.request.post(g.url + to, { headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: g.url, 'Sec-Fetch-Site': 'same-origin' }, data: new URLSearchParams({ csrf, act: 'close', id: 's-vanja', name_fi: 'Kaapattu', role: 'owner' }).toString(), maxRedirects: 0 });
      if (is && ((method === 'GET' && !at.includes('*')) || ['/vendor/leave', '/vendor/account'].includes(at))) continue;
      const [a, b] = [await ask(target), await ask(missing)];
      const same = (r) => r.text().then((t) => t.replaceAll(/<span class="codebox">.*?<\/span><\/span>/g, 'CODE').replaceAll(/[A-HJ-NP-Z2-9]{8}/g, 'CODE').replaceAll(/\d+\.\d+\.\d{4} klo.\d+\.\d+(\.\d+)?/g, 'NOW').replaceAll('kinos-hanki', 'X').replaceAll('nothing-here', 'X').replaceAll(/value="[^"]+"/g, '').replaceAll(/\/lang\?[^"]+/g, ''));
      const [x, y] = [await same(a), await same(b)];
      check(a.status() === b.status() && a.status() !== 200 && x === y, `${who}: ${method} ${at}: ${a.status()} ${b.status()} ${[...x].findIndex((ch, i) => ch !== y[i])} ${x.slice(Math.max(0, [...x].findIndex((ch, i) => ch !== y[i]) - 60)).slice(0, 160)}`);
      if (is) check(a.status() === 404, `${who}: ${method} ${at}: ${a.status()}`);
    }
    await context.close();
  }
  // Nor does who may alter things alter another's.
  const { context, page } = await again(owner, '/vendor/people');
  const csrf = await page.inputValue('main [name=csrf]');
  for (const [at, data] of [['/vendor/service/kinos-hanki', { act: 'close' }], ['/vendor/service/kinos-hanki', { act: 'save', name_fi: 'Kaapattu', launch_uri: 'https://x.example/' }], ['/vendor/people', { act: 'remove', id: 's-vanja' }]]) {
    const r = await context.request.post(g.url + at, { headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: g.url }, data: new URLSearchParams({ csrf, ...data }).toString(), maxRedirects: 0 });
    check(r.status() === 404, `${at} ${JSON.stringify(data)}: ${r.status()}`);
  }
  for (const at of ['/vendor/service/kinos-hanki', '/vendor/connect/kinos-hanki', '/vendor/service/nothing']) check((await page.goto(g.url + at)).status() === 404, at);
  const text = g.cli('export', '-c', g.config).stdout;
  check(/Hanki Koodi/.test(text) && !/Kaapattu/.test(text) && /s-vanja/.test(text), 'something of another was altered');
  await context.close();
});

await test('a page of somebody else posts in vain, and so does a form without its token', async () => {
  const { context, page } = await again(reader, '/vendor/account');
  const csrf = (await page.content()).match(/action="\/vendor\/account"[^]*?name="csrf" value="([^"]+)"/)[1];
  for (const [headers, data] of [[{ Origin: 'https://evil.example' }, { csrf, act: 'papers' }], [{ Origin: g.url, 'Sec-Fetch-Site': 'cross-site' }, { csrf, act: 'papers' }], [{ Origin: g.url }, { act: 'papers' }], [{ Origin: g.url }, { csrf: 'x'.repeat(32), act: 'papers' }]]) {
    const r = await context.request.post(`${g.url}/vendor/account`, { headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers }, data: new URLSearchParams(data).toString(), maxRedirects: 0 });
    check(r.status() === 403, `${JSON.stringify(headers)}: ${r.status()}`);
  }
  await context.close();
});

await test('with the keyboard alone somebody is invited; who is removed is nobody at the next click', async () => {
  const { context, page } = await again(owner, '/vendor/people', { width: 320 });
  const k = new Keyboard(page);
  await k.type('#note', 'Näppäimin');
  await k.to('button[value=invite]');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  check((await page.locator('#link').count()) === 1, 'no link');
  const other = await again(reader, '/vendor');
  await page.goto(`${g.url}/vendor/people`);
  await send(page, page.click('form:has-text("Laura Lukija") [value=remove]'));
  check((await page.locator('.note[role=status]').count()) === 1 && !/Laura/.test(await page.textContent('tbody')), 'she is still there');
  check((await other.page.goto(`${g.url}/vendor`)).status() === 404, 'who was removed still sees it');
  await other.context.close();
  await context.close();
});

await browser.close();
await g.stop();
finish();
