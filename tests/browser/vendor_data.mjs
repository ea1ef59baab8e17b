// SPDX-License-Identifier: EUPL-1.2
// What a service says of itself in the vendor portal, in a real Chromium [J8]: why it asks for each thing, on what ground, its
// statements and targets, and what it lacks before production.
//   node vendor_data.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { png } from '../e2e/picture.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-data-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', bench = crypto.randomBytes(24).toString('hex');
const drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="#c00"/></svg>';
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
services:
  - { id: kinos-hanki, protocol: link, vendor: kinos, test: true, name: { fi: Hanki Koodi }, launch_uri: "http://127.0.0.1:9/" }
  - { id: valo, protocol: oidc, vendor: kinos, name: { fi: Valo Lukutuki }, client_id: valo, auth_method: none, pkce_required: true, redirect_uris: ["https://valo.example/return"], initiate_login_uri: "https://valo.example/start", consent: true, asks: [given_name], scopes: [openid, profile], audience: [learner, guardian], age_from: 7, age_to: 12, child_decides_from: 11, description: { fi: Kirjoja ääneen., sv: Böcker högt., en: Books aloud. }, accessibility_uri: "https://valo.example/saavutettavuus", purposes: [{ attribute: given_name, purpose: { fi: Tervehtii., sv: Hälsar., en: Greets. }, without: { fi: Ei tervehdystä., sv: Ingen hälsning., en: No greeting. } }], icon: "${Buffer.from(drawn).toString('base64')}" }
organisations:
  - { id: kinos, business_id: 1572860-0, name: { fi: Kinos Oy }, contact_technology: t@kinos.example, contact_privacy: p@kinos.example, contact_incidents: i@kinos.example }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: eino, idp: oulu, username: eino, password: { plain: ${password} }, given_names: Eino, family_name: Oppilas, affiliations: [{ provider: oulu, role: learner, school: "99101" }] }
  - { id: vanja, idp: vendors, username: vanja, password: { plain: ${password} }, given_names: Vanja, family_name: Ilman }
policies:
  - { id: oulu-valo, provider: oulu, people_of: oulu, roles: [learner], services: [valo], opens: permit, release: [sub, given_name] }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
staff:
  - { id: s-vanja, organisation: kinos, idp: vendors, subject: vanja, role: owner }
`;
const g = await new Gateway(program, { name: 'vendor-data', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
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

async function signIn(page, who, code) {
  await page.goto(`${g.url}/vendor`);
  await page.waitForURL(/\/sign-in\/local/);
  await page.fill('#username', who.username);
  await page.fill('#password', who.password);
  await page.fill('#code', code);
  await send(page, page.click('#local .acts button.b'));
  await page.waitForURL(`${g.url}/vendor`);
}

const vera = { given: 'Vera', family: 'Tuisku', username: 'vera@tuisku.example', password: 'pitkä lause on parempi' };
let state, at;
await test('an owner comes in', async () => {
  const { context, page } = await visitor();
  await asOperator(page);
  await page.fill('#name_fi', 'Tuisku Oy');
  await page.fill('#business_id', '2345678-0');
  for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@tuisku.example`);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link'), other = await visitor();
  const owner = await accept(other.page, link, vera);
  await other.context.clearCookies();
  await signIn(other.page, owner, owner.papers.pop());
  state = await other.context.storageState();
  await other.context.close();
  await context.close();
});

const lacks = async (page) => (await page.locator('#lacks li').allTextContents()).map((s) => s.trim());
await test('a service in test says what it lacks before production, and each line leads to its field', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(`${g.url}/vendor/service/new?protocol=oidc`);
  await page.fill('#name_fi', 'Tori Materiaalit');
  await page.fill('#redirect_uris', 'http://localhost:4000/paluu');
  await page.check('[name=ask_given_name]');
  check(await send(page, page.click('[value=save]')) === 200, await page.textContent('main'));
  at = `/vendor/service/${await page.textContent('#client_id')}`;
  await page.goto(g.url + at);
  const said = await lacks(page);
  check(said.length === 10 && !said.some((x) => /https/.test(x)), `ten things are missing, and addresses of this machine are those of a test: ${said.join(' | ')}`);
  for (const to of await page.locator('#lacks a').evaluateAll((all) => all.map((x) => x.getAttribute('href')))) check((await page.locator(to).count()) === 1, `${to} is nowhere`);
  await context.close();
});

await test('a purpose in one language is refused by the words of the registry, and nothing of it is lost', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(g.url + at);
  await page.fill('#why_fi_given_name', 'Opettaja tunnistaa työsi.');
  check(await send(page, page.click('[value=save]')) === 400, 'a purpose in Finnish alone was taken');
  check(/purpose\.sv/.test(await page.textContent('main [role=alert]')) && (await page.inputValue('#why_fi_given_name')) === 'Opettaja tunnistaa työsi.', await page.textContent('main [role=alert]'));
  await context.close();
});

await test('hostile addresses and targets are refused beside their fields', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const [field, value] of [['policy_uri', 'javascript:alert(1)'], ['policy_uri', 'https://a@tori.example/'], ['targets', 'https://*.tori.example/'], ['targets', 'tori.example']]) {
    await page.goto(g.url + at);
    await page.fill(`#${field}`, value);
    check(await send(page, page.click('[value=save]')) === 400 && (await page.inputValue(`#${field}`)) === value, `${field} ${value} was taken`);
    check((await page.locator(`#${field}-e`).count()) === 1, `${value}: ${await page.textContent('main [role=alert]')}`);
  }
  await context.close();
});

await test('a description in one language, an age rule that is none and a half-said "without" are refused by their words', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const [field, value, words] of [['about_fi', 'Kirjoja.', /description\.sv/], ['age_from', '7v', /age_from/], ['age_from', '121', /age_from/], ['child_decides_from', '18', /1 .* 17/], ['child_decides_from', '-1', /child_decides_from/], ['child_decides_from', 'yk', /child_decides_from/], ['without_fi_given_name', 'Ei nimeä.', /purpose\.fi|without\.sv/], ['accessibility_uri', 'javascript:alert(1)', /accessibility_uri/]]) {
    await page.goto(g.url + at);
    await page.fill(`#${field}`, value);
    const got = await send(page, page.click('[value=save]'));
    check(got === 400 && (await page.inputValue(`#${field}`)) === value, `${field} ${value}: ${got} ${await page.inputValue(`#${field}`)} ${await page.textContent('main [role=alert]').catch(() => '')}`);
    check(words.test(await page.textContent('main')), `${field}: ${await page.textContent('main [role=alert]')}`);
  }
  await page.goto(g.url + at);
  await page.fill('#age_from', '16');
  await page.fill('#age_to', '7');
  check(await send(page, page.click('[value=save]')) === 400 && (await page.locator('#age_to-e').count()) === 1, await page.textContent('main'));
  await context.close();
});

await test('what is said is kept, and nothing is missing any more', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(g.url + at);
  const says = { name_sv: 'Torg', name_en: 'Market', line_fi: 'Materiaalit', line_sv: 'Material', line_en: 'Materials', policy_uri: 'https://tori.example/tietosuoja', contacts: 'tuki@tori.example', targets: 'https://tori.example/kurssit/', accessibility_uri: 'https://tori.example/saavutettavuus', age_from: '7', age_to: '16', child_decides_from: '13', about_fi: 'Kirjoja ja tehtäviä.', about_sv: 'Böcker och uppgifter.', about_en: 'Books and tasks.', without_fi_given_name: 'Nimimerkki riittää.', without_sv_given_name: 'En signatur räcker.', without_en_given_name: 'A pen name will do.', why_fi_given_name: 'Opettaja tunnistaa työsi.', why_sv_given_name: 'Läraren känner igen ditt arbete.', why_en_given_name: 'Your teacher knows your work.' };
  for (const [field, value] of Object.entries(says)) await page.fill(`#${field}`, value);
  await page.selectOption('#basis_given_name', 'contract');
  await page.check('[name=for_learner]');
  await page.check('[name=for_teacher]');
  check(await send(page, page.click('[value=save]')) === 200, await page.textContent('main'));
  for (const [field, value] of Object.entries(says)) check((await page.inputValue(`#${field}`)) === value, `${field}: ${await page.inputValue(`#${field}`)}`);
  check((await page.inputValue('#basis_given_name')) === 'contract', 'the basis');
  check(await page.isChecked('[name=for_learner]') && await page.isChecked('[name=for_teacher]') && !(await page.isChecked('[name=for_guardian]')), 'the audience');
  check(/ages: \[under13, 13to17\]/.test(await page.textContent('#ages')), await page.textContent('#ages'));
  const left = await lacks(page);
  check(left.length === 0, `something is left: ${left.join(' | ')}`);
  await page.fill('#redirect_uris', 'https://tori.example/paluu');
  check(await send(page, page.click('[value=save]')) === 200 && (await lacks(page)).length === 0, 'nothing is missing');
  await send(page, page.click('[value=secret]'));
  check((await page.locator('#ends dd').count()) === 0 || /14/.test(await page.textContent('#ends')), 'the older secret ends');
  await page.goto(g.url + at);
  check(/1[34]/.test(await page.textContent('#ends')), await page.textContent('#ends'));
  await context.close();
});

await test('the page fits at 320 and 1280 px in each language, dark and light, and axe finds nothing', async () => {
  for (const lang of ['fi-FI', 'sv-FI', 'en-GB']) for (const width of [320, 1280]) {
    const { context, page } = await visitor({ state, lang, width, dark: lang === 'sv-FI' });
    const got = await page.goto(g.url + at);
    check(got.status() === 200, `${lang} ${width}: ${got.status()} ${await page.textContent('body')}`);
    await looks(page, `says-${lang}`);
    await context.close();
  }
});

await test('what is no longer asked for has no purpose any more', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(g.url + at);
  await page.uncheck('[name=ask_given_name]');
  check(await send(page, page.click('[value=save]')) === 200 && (await page.locator('#why_fi_given_name').count()) === 0, await page.textContent('main'));
  await page.check('[name=ask_given_name]');
  await send(page, page.click('[value=save]'));
  check((await page.inputValue('#why_fi_given_name')) === '', 'the old purpose is there again');
  await context.close();
});

/* --- its picture ------------------------------------------------------------------------------------------------- */

const logoPage = () => at.replace('/service/', '/logo/');
async function upload(page, name, bytes) {
  await page.goto(g.url + logoPage());
  await page.setInputFiles('#logo', { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
  return send(page, page.click('[value=keep]'));
}
const around = (inner) => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 24 24">\n${inner}<path d="M0 0h24v24z" fill="#070"/></svg>`;
const shown = async (page) => page.request.get(g.url + await page.getAttribute('#logo-now', 'src'));

await test('a PNG of a form is made anew and shown as a picture that nothing can make more of', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  check(await upload(page, 'a.png', png(300)) === 200 && (await page.locator('.note.good').count()) === 1, await page.textContent('main'));
  const answer = await shown(page), headers = answer.headers();
  check(headers['content-type'] === 'image/png' && headers['x-content-type-options'] === 'nosniff' && /default-src 'none'.*sandbox/.test(headers['content-security-policy']), JSON.stringify(headers));
  check((await answer.body()).length <= 4096 && !(await answer.body()).equals(png(300)), 'the file was handed on');
  await context.close();
});

await test('an SVG of a form is reduced to its shapes, drawn, and inert where it is opened by its address', async () => {
  const { context, page } = await visitor({ state });
  check(await upload(page, 'a.svg', around('<title>Tori</title><metadata>anna@espoo.fi</metadata><rect style="fill:#00f;font-family:x" width="9" height="9" class="k"/>')) === 200, await page.textContent('main'));
  const answer = await shown(page), headers = answer.headers(), body = await answer.text();
  check(headers['content-type'] === 'image/svg+xml' && headers['x-content-type-options'] === 'nosniff' && /default-src 'none'.*sandbox/.test(headers['content-security-policy']), JSON.stringify(headers));
  check(!/anna|title|class|style|font/.test(body) && body.includes('fill="#00f"'), body);
  await page.waitForFunction(() => { const i = document.querySelector('#logo-now'); return i.complete && i.naturalWidth > 0; });
  await page.goto(g.url + await page.getAttribute('#logo-now', 'src'));
  check((await page.locator('path').count()) === 1, 'Chromium draws it as a document');
  await context.close();
});

await test('hostile pictures are refused with their line and the cure, and the picture before stays', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const [name, bytes, words] of [
    ['script', around('\n<script>alert(1)</script>'), /ohjelma.*Poista.*rivi 3: <script>/], ['handler', around('<g onload="alert(1)"/>'), /rivi 2: onload=/], ['foreign', around('<foreignObject/>'), /rivi 2: <foreignObject>/],
    ['href', around('<linearGradient xlink:href="https://evil.example/#a"/>'), /rivi 2: href=/], ['url', around('<path d="M0 0" style="fill:url(https://evil.example/)"/>'), /rivi 2: fill=/], ['doctype', `<!DOCTYPE svg [<!ENTITY a "b">]>${around('&a;')}`, /DOCTYPE.*Poista.*rivi 1/],
    ['deep', around('<g>'.repeat(17) + '</g>'.repeat(17)), /16 sisäkkäin/], ['large', around(`<path d="${'M0 0'.repeat(17000)}"/>`), /64 kt/], ['html', '<html><script>alert(1)</script></html>', /svg/],
    ['gif', 'GIF89a', /ei ole PNG eikä SVG/], ['broken', png(64).subarray(0, 60), /PNG-tiedostoa ei voi lukea/], ['small', png(8), /sivut eivät kelpaa/]]) {
    check(await upload(page, name, bytes) === 400, `${name} was taken`);
    check(words.test((await page.textContent('#logo-e')).replaceAll('\n', ' ')), `${name}: ${await page.textContent('#logo-e')}`);
    check((await (await shown(page)).text()).includes('#00f'), `${name}: the picture before is gone`);
  }
  await page.goto(g.url + logoPage());
  check(await send(page, page.click('[value=keep]')) === 400 && /Valitse/.test(await page.textContent('#logo-e')), 'no file');
  await context.close();
});

await test('another organisation has no picture to look at or to change', async () => {
  const { context, page } = await visitor({ state });
  check((await page.goto(`${g.url}/vendor/logo/kinos-hanki`)).status() === 404 && (await page.goto(`${g.url}/vendor/logo/nobody`)).status() === 404, 'the logo of another');
  await page.goto(g.url + logoPage());
  await page.setInputFiles('#logo', { name: 'a.png', mimeType: 'image/png', buffer: png(64) });
  await page.evaluate(() => { document.querySelector('form[enctype]').action = '/vendor/logo/kinos-hanki'; });
  check(await send(page, page.click('[value=keep]')) === 404, `another's service: ${await page.textContent('main')}`);
  await context.close();
});

await test('the page of the picture fits at 320 and 1280 px in each language, and axe finds nothing', async () => {
  for (const [lang, width] of [['fi-FI', 320], ['sv-FI', 1280], ['en-GB', 320]]) {
    const { context, page } = await visitor({ state, lang, width, dark: lang === 'sv-FI' });
    check(await upload(page, 'a.svg', around('<text/>')) === 400, lang);
    await looks(page, `logo-${lang}`);
    await context.close();
  }
});

await test('a picture is taken away again', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(g.url + logoPage());
  check(await send(page, page.click('[value=remove]')) === 200 && (await page.locator('#logo-now').count()) === 0, await page.textContent('main'));
  await context.close();
});

const drawnIn = async (page, where) => {
  const image = page.locator(`${where} img[src^="/logo/valo."]`).first();
  check((await image.count()) === 1, `no picture of Valo in ${page.url()}`);
  await image.scrollIntoViewIfNeeded();
  await page.waitForFunction((x) => { const i = document.querySelector(x); return i.complete && i.naturalWidth > 0; }, `${where} img[src^="/logo/valo."]`);
};
await test('an SVG of the file is drawn on the tile, in the catalogue and at the consent; description, audience, ages and "without" stand there', async () => {
  const { context, page } = await visitor();
  await page.goto(`${g.url}/services`);
  await drawnIn(page, 'main');
  const row = await page.textContent('#s-valo');
  check(/Kirjoja ääneen\./.test(row) && /oppilaille \(7–12 v\.\), huoltajille/.test(row) && /Lapsi päättää yksin\s*11 vuotta täytettyään/.test(row) && /Ilman: Ei tervehdystä\./.test(row) && (await page.locator('#s-valo a[href="https://valo.example/saavutettavuus"]').count()) === 1, row);
  const ask = new URLSearchParams({ response_type: 'code', client_id: 'valo', redirect_uri: 'https://valo.example/return', scope: 'openid profile', state: 's', nonce: 'n', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' });
  await page.goto(`${g.url}/oidc/authorize?${ask}`);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=oulu`);
  await page.fill('#username', 'eino');
  await page.fill('#password', password);
  await send(page, page.click('form:has(#password) .acts button.b'));
  await drawnIn(page, 'main');
  check(/\/consent|authorize/.test(page.url()) && /Ilman: Ei tervehdystä\./.test(await page.textContent('main')), page.url() + await page.textContent('main'));
  await page.goto(`${g.url}/`);
  await drawnIn(page, 'main');
  await context.close();
});

await browser.close();
await g.stop();
finish();
