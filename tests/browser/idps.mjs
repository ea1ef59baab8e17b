// SPDX-License-Identifier: EUPL-1.2
// Identity providers in the console, with cities that really answer: test sign-ins over OpenID Connect and SAML, a key that
// waits until somebody has heard its fingerprint, certificates that end, documents that do not come.
//   node idps.mjs PATH-OF-DIGIONE
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { OidcCity, SamlCity } from '../e2e/odd_city.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- the cities ---------------------------------------------------------------------------------------------------- */

const HETU = '131052-308T', secret = 'a-secret-of-the-city-that-is-long-enough', password = 'salasana-salasana';
const keysDir = folder('idps-keys');
let made = 0;
function newKey(days = 400) {
  const file = path.join(keysDir, `${++made}.pem`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', file, '-days', String(days), '-subj', '/CN=city'], { stdio: 'ignore' });
  const pem = fs.readFileSync(file, 'utf8'), privateKey = crypto.createPrivateKey(fs.readFileSync(`${file}.key`));
  return { pem, bare: pem.replace(/-----[^-]*-----|\s/g, ''), key: { privateKey }, print: new crypto.X509Certificate(pem).fingerprint256.replaceAll(':', '') };
}
const spoken = (print) => print.match(/.{4}/g).join(' ');

// A SAML city with a web server: metadata of the keys that it has, and a sign-in page that answers at once.
const samlPort = await freePort(), samlBase = `http://saml.localhost:${samlPort}`;
const saml = { signs: newKey(), names: null, attrs: {}, status: 200, fetched: 0 };
saml.names = [saml.signs];
const samlServer = http.createServer((req, res) => {
  const url = new URL(req.url, samlBase);
  if (url.pathname === '/metadata') {
    saml.fetched++;
    const one = new SamlCity(`${samlBase}/idp`).metadata(`${samlBase}/sso`, 'HERE');
    const descriptor = /<KeyDescriptor.*<\/KeyDescriptor>/.exec(one)[0];
    return res.writeHead(saml.status, { 'Content-Type': 'application/samlmetadata+xml' }).end(one.replace(descriptor, saml.names.map((k) => descriptor.replace('HERE', k.bare)).join('')));
  }
  if (url.pathname === '/service') return res.writeHead(200, { 'Content-Type': 'application/samlmetadata+xml' }).end(told.text());
  if (!url.searchParams.has('SAMLRequest')) return res.writeHead(404).end();
  const request = /\bID="([^"]*)"/.exec(zlib.inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest'), 'base64')).toString())[1];
  const city = Object.assign(Object.create(SamlCity.prototype), { entity: `${samlBase}/idp`, key: saml.signs.key });
  const answer = city.answer({ request, acs: `${g.url}/upstream/saml/acs`, sp: `${g.url}/saml/metadata`, attrs: saml.attrs });
  res.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>Kaupunki</title><form method="post" action="${g.url}/upstream/saml/acs"><input type="hidden" name="SAMLResponse" value="${answer}"><input type="hidden" name="RelayState" value="${url.searchParams.get('RelayState')}"><button id="go">Lähetä</button></form>`);
}).listen(samlPort, '127.0.0.1');

// A service that publishes its metadata there, which nobody signs.
const told = { key: newKey(), acs: [`${samlBase}/acs`] };
told.text = () => `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:viola"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${told.key.bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>${told.acs.map((at, i) => `<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${at}" index="${i}"/>`).join('')}</md:SPSSODescriptor></md:EntityDescriptor>`;

const role = (word) => ({ 'urn:mpass.id:uid': ['uid-1'], 'urn:oid:2.5.4.42': ['Onni Johannes'], 'urn:oid:2.5.4.4': ['Testi-Opettaja'], 'urn:oid:1.3.6.1.4.1.16161.1.1.27': ['1.2.246.562.24.10000000003'],
  'urn:mpass.id:role': [`1.2.246.562.99.95640100004;99101;7B;${word};;;`] });
saml.attrs = role('opettaja');
const modes = { oidc: { claims: { sub: 'u1', given_name: 'Onni', family_name: 'Salamimmi', acr: 'urn:substantial', national: HETU, note: `tunnus ${HETU} on`, schoolCode: '99101', userRole: 'teacher', class: '7B' } } };
const oidc = new OidcCity(await freePort(), modes, { secret });

const registry = () => `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", municipality_code: "564", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
  - { id: espoo, oid: "1.2.246.562.99.90490100001", municipality_code: "049", name: { fi: Espoo, sv: Esbo }, schools: [] }
idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo } }
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: oulu-oidc, kind: oidc, provider: oulu, enabled: false, test: true, name: { fi: Oulun uusi lähde }, map: native, issuer: "${oidc.base}/oidc", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: ${secret} } }
  - { id: oulu-saml, kind: saml, provider: oulu, test: true, name: { fi: Oulun henkilöstö }, map: mpassid, entity_id: "${samlBase}/idp", metadata_url: "${samlBase}/metadata" }
services:
  - { id: kanerva, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: Kanerva }, launch_uri: "http://127.0.0.1:9/" }
  - { id: viola, protocol: saml, vendor: y-oy, test: true, name: { fi: Viola }, entity_id: "urn:viola", metadata_url: "${samlBase}/service" }
  - { id: lupiini, protocol: saml, vendor: z-oy, test: true, name: { fi: Lupiini }, entity_id: "urn:lupiini", metadata_from: luettelo }
metadata_sources:
  - { id: luettelo, kind: mdq, test: true, url: "${samlBase}/mdq", signer: "${saml.signs.pem.replaceAll('\n', '\\n')}" }
rules:
  - { id: oulu-teachers, provider: oulu, role: teacher }
admins:
  - { id: tiina, idp: oulu, subject: tiina, role: admin, provider: oulu }
  - { id: espoon-eeva, idp: espoo, subject: eeva, role: admin, provider: espoo }
  - { id: kaisa, idp: oulu, subject: kaisa, role: admin, provider: oulu }
  - { id: riikka, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: tiina, idp: oulu, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Koski }
  - { id: kaisa, idp: oulu, username: kaisa, password: { plain: ${password} }, given_names: Kaisa, family_name: Lampi }
  - { id: eeva, idp: espoo, username: eeva, password: { plain: ${password} }, given_names: Eeva, family_name: Espoo }
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
`;
const g = await new Gateway(program, { name: 'idps', port: await freePort(), registry: registry(), settings: { fetch_timeout_ms: 1500 } }).start();
const browser = await launch();

async function visitor({ width = 1280, lang, scripts = true, dark } = {}) {
  const context = await browser.newContext({ locale: lang ?? 'fi-FI', viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light', extraHTTPHeaders: lang ? { 'Accept-Language': lang } : {} });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  return { context, page };
}
async function signIn(page, user, idp = 'oulu') {
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
async function looks(page, name) {
  const width = page.viewportSize().width, wide = page.scripts ? await page.evaluate(() => document.documentElement.scrollWidth) : width;
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return;
  await axeFindsNothing(page, name);
}
// There and back: the page of the test, with what came.
async function tryOut(page, idp, { fresh = true } = {}) {
  await page.goto(`${g.url}/admin/tryout/${idp}`);
  if (!fresh) await page.uncheck('[name=fresh]');
  await page.click('form:has([name=fresh]) button.b');
  if (idp === 'oulu-saml' && !page.url().startsWith(g.url)) await page.click('#go');
  await page.waitForURL(`${g.url}/admin/tryout/${idp}`);
  return page.textContent('main');
}
const says = (text, ...words) => words.forEach((w) => check(text.includes(w), `"${w}" does not stand there: ${text.replace(/\s+/g, ' ').slice(0, 1500)}`));
const lacks = (text, ...words) => words.forEach((w) => check(!text.includes(w), `"${w}" stands there: ${text.replace(/\s+/g, ' ').slice(0, 1500)}`));

/* --- test sign-ins ------------------------------------------------------------------------------------------------- */

for (const [width, lang, scripts, dark] of [[320, 'fi-FI', true], [1280, 'en-GB', false], [320, 'sv-SE', true, true]])
  await test(`a source that is switched off is tried: what came, what it became, and nobody is signed in, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, lang, scripts, dark });
    await signIn(page, 'tiina');
    await page.goto(`${g.url}/admin/tryout/oulu-oidc`);
    await looks(page, `tryout-empty-${lang}`);
    const before = (await context.cookies()).filter((c) => !/lang|opened/.test(c.name)).map((c) => `${c.name}=${c.value}`).sort();
    const text = await tryOut(page, 'oulu-oidc');
    await looks(page, `tryout-${lang}`);
    says(text, 'Salamimmi', 'Testi-Kielonmäen koulu', '7B', 'urn:substantial', `${oidc.base}/oidc`, { 'fi-FI': 'Opettaja', 'en-GB': 'Teacher', 'sv-SE': 'Lärare' }[lang]);
    lacks(text, HETU, '131052');
    check((await page.locator('tr:has-text("national") .sign.eh').count()) === 1 && (await page.locator('tr:has-text("note") .sign.eh').count()) === 1, 'the codes are not said to be hidden');
    says(text, 'personal_code_sent');
    check((await page.locator('.vital .ill').count()) === 0 && (await page.locator('.vital li').count()) >= 8, 'the checks');
    const after = (await context.cookies()).filter((c) => !/lang|opened/.test(c.name)).map((c) => `${c.name}=${c.value}`).sort();
    check(JSON.stringify(after) === JSON.stringify(before), `cookies: ${before} / ${after}`);
    await page.goto(`${g.url}/`);
    says(await page.textContent('body'), 'Tiina');
    await context.close();
  });

await test('what is refused names its check and its code, with a message for the city', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'tiina');
  saml.attrs = { ...role('OPE'), 'urn:oid:1.3.6.1.4.1.16161.1.1.27': ['1.2.246.562.24.10000000004'] };
  const text = await tryOut(page, 'oulu-saml');
  await looks(page, 'tryout-refused');
  says(text, 'learner_id_invalid', 'Oppijanumero', 'Onni Johannes', spoken(saml.signs.print), 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password');
  check((await page.locator('.vital .ill').count()) === 1, 'one check is crossed');
  await page.click('.raws summary');
  says(await page.textContent('.raws .told'), 'Hei', 'tarkistusnumero');
  saml.attrs = role('OPE');
  const left = await tryOut(page, 'oulu-saml');
  await looks(page, 'tryout-role');
  says(left, 'role_unknown', 'OPE', 'Ei yhtään roolia');
  saml.attrs = role('opettaja');
  says(await tryOut(page, 'oulu-saml'), 'Testitunnus pääsi perille', 'Opettaja');
  await context.close();
});

for (const [word, width, lang, scripts] of [['OPE', 320, 'fi-FI', true], ['REKSI', 1280, 'en-GB', false]])
  await test(`a word that means nothing yet is given its meaning where it came, as a draft for a second person, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, lang, scripts }), other = await visitor(), eeva = await visitor();
    saml.attrs = role(word);
    await signIn(page, 'tiina');
    await tryOut(page, 'oulu-saml');
    check((await page.locator('select[name=role] option[value=admin], select[name=role] option[value=operator]').count()) === 0, 'a city may not make administrators');
    check((await page.inputValue('select[name=role]')) === '', 'a meaning was chosen for the person');
    await looks(page, `tryout-meaning-${lang}`);
    // Not without a meaning, and not one that is no school's: as a form of another make would send it.
    if (scripts) {
      await page.evaluate(() => { const s = document.querySelector('select[name=role]'); s.required = false; s.add(new Option('x', 'operator')); s.value = 'operator'; });
      await Promise.all([page.waitForNavigation(), page.click('[name=act][value=mean]')]);
      says(await page.textContent('[role=alert]'), 'Valitse ensin rooli');
      await looks(page, 'tryout-no-meaning');
    }
    // By keyboard: the list takes the first letters of what it offers, the button Enter.
    await page.focus('select[name=role]');
    await page.selectOption('select[name=role]', 'teacher');
    await page.keyboard.press('Tab');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.waitForURL(/\/admin\/drafts\/\d+/);
    says(await page.textContent('main'), `${word}=teacher`);
    await looks(page, `draft-meaning-${lang}`);
    const at = page.url();
    // Nothing has changed yet: the word still means nothing. Another city has neither the draft nor the form.
    says(await tryOut(page, 'oulu-saml'), 'role_unknown');
    await signIn(eeva.page, 'eeva', 'espoo');
    check((await eeva.page.goto(at)).status() === 404, 'another city reads the draft');
    await eeva.page.goto(`${g.url}/admin/give`);
    const [posted] = await Promise.all([eeva.page.waitForNavigation(), eeva.page.evaluate(([to, spelling]) => {
      const form = document.createElement('form');
      for (const [name, value] of Object.entries({ csrf: document.querySelector('form[action="/admin/give"] [name=csrf]').value, act: 'mean', word: spelling, role: 'principal' })) form.append(Object.assign(document.createElement('input'), { name, value }));
      Object.assign(form, { method: 'post' }).setAttribute('action', to);
      document.body.append(form);
      form.submit();
    }, ['/admin/tryout/oulu-saml', word])]);
    check(posted.status() === 404, `another city gives a meaning: ${posted.status()}`);
    // The maker proposes; a second person approves; then it is so.
    await page.goto(at);
    await Promise.all([page.waitForNavigation(), page.click('[name=act][value=propose]')]);
    check((await page.locator('[name=act][value=approve], [name=act][value=publish]').count()) === 0, 'who wrote it may approve it');
    await signIn(other.page, 'kaisa');
    await other.page.goto(at);
    await looks(other.page, 'draft-meaning-second');
    if (await other.page.locator('[name=looked]').count()) await other.page.check('[name=looked]');
    await Promise.all([other.page.waitForNavigation(), other.page.click('[name=act][value=approve]')]);
    check((await other.page.locator('[role=alert]').count()) === 0, `not approved: ${await other.page.textContent('main')}`);
    if (await other.page.locator('[name=act][value=publish]').count()) await Promise.all([other.page.waitForNavigation(), other.page.click('[name=act][value=publish]')]);
    await until('the word means a teacher', async () => /pääsi perille|got through/.test(await tryOut(page, 'oulu-saml')) && !(await page.textContent('main')).includes('role_unknown'));
    says(await page.textContent('main'), { 'fi-FI': 'Opettaja', 'en-GB': 'Teacher' }[lang]);
    saml.attrs = role('opettaja');
    for (const v of [context, other.context, eeva.context]) await v.close();
  });

await test('item 14: at a source that is not open one person says what a word means, and what to set there has the names of its product', async () => {
  const { context, page } = await visitor({ width: 320, dark: true });
  modes.oidc.claims.userRole = 'OPE';
  await signIn(page, 'tiina');
  says(await tryOut(page, 'oulu-oidc'), 'role_unknown', 'toista hyväksyjää ei tarvita', 'Keycloak', 'userRole', 'User Attribute mapper');
  lacks(await page.textContent('main'), 'attribute-resolver.xml');
  await page.selectOption('select[name=role]', 'teacher');
  await Promise.all([page.waitForNavigation(), page.click('[name=act][value=mean]')]);
  check(page.url() === `${g.url}/admin/tryout/oulu-oidc`, page.url());
  says(await page.textContent('main'), 'Merkitys on tallessa', 'OPE on nyt Opettaja');
  check((await page.locator('select[name=role]').count()) === 0, 'it is asked again');
  await looks(page, 'tryout-meant');
  const text = await tryOut(page, 'oulu-oidc');
  says(text, 'Testitunnus pääsi perille', 'Opettaja');
  lacks(text, 'role_unknown');
  await page.goto(`${g.url}/admin/history`);
  says(await page.textContent('main'), 'OPE = Opettaja');
  modes.oidc.claims.userRole = 'teacher';
  await context.close();
});

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'sv-SE', false]])
  await test(`what a source may speak of is bounded on its page: a test sign-in says what was left out, and to widen it takes a second person, ${width} px, ${lang}`, async () => {
    const { context, page } = await visitor({ width, lang, scripts }), other = await visitor();
    const opens = async (v = page) => { await v.goto(`${g.url}/admin/join/oulu-saml`); if (!(await v.locator('#bound_schools').isVisible())) await v.click('section:has(#bounds) summary'); };
    const keeps = async (roles, schools) => {
      await opens();
      for (const box of await page.locator('#bound_roles input').all()) await box.setChecked(roles.includes((await box.getAttribute('name')).replace('role_', '')));
      await page.fill('#bound_schools', schools);
      await Promise.all([page.waitForNavigation(), page.click('[name=act][value=bounds]')]);
    };
    saml.attrs = role('opettaja');
    await signIn(page, 'tiina');
    await opens();
    await looks(page, `join-bounds-${lang}`);
    await keeps(['learner'], '12345');
    check((await page.locator('[role=alert]').count()) === 1 && (await page.textContent('[role=alert]')).includes('12345') && (await page.inputValue('#bound_schools')) === '12345', `a school of nobody's: ${await page.textContent('main')}`);
    await keeps(['learner'], '99101');
    check((await page.locator('.note.good').count()) === 1 && !/drafts/.test(page.url()), `not narrowed by one person: ${page.url()} ${await page.textContent('main')}`);
    await looks(page, `join-bounded-${lang}`);
    const left = await until('it is bounded', async () => { const t = await tryOut(page, 'oulu-saml'); return t.includes('role_beyond') && t; });
    says(left, 'teacher', { 'fi-FI': 'ei saa kertoa tätä roolia', 'sv-SE': 'får inte berätta om den här rollen' }[lang]);
    await looks(page, `tryout-beyond-${lang}`);
    await keeps(['learner', 'teacher'], '99101');
    check(/\/admin\/drafts\/\d+$/.test(page.url()), `widened by one person: ${page.url()} ${await page.textContent('main')}`);
    const at = page.url();
    says(await tryOut(page, 'oulu-saml'), 'role_beyond');
    await page.goto(at);
    await Promise.all([page.waitForNavigation(), page.click('[name=act][value=propose]')]);
    await signIn(other.page, 'kaisa');
    await other.page.goto(at);
    if (await other.page.locator('[name=looked]').count()) await other.page.check('[name=looked]');
    await Promise.all([other.page.waitForNavigation(), other.page.click('[name=act][value=approve]')]);
    if (await other.page.locator('[name=act][value=publish]').count()) await Promise.all([other.page.waitForNavigation(), other.page.click('[name=act][value=publish]')]);
    await until('a teacher is one again', async () => !(await tryOut(page, 'oulu-saml')).includes('role_beyond'));
    check(g.cli('registry', 'put', '-c', g.config, 'idp', 'oulu-saml', 'asserts_roles=', 'asserts_schools=').status === 0, 'not taken off');
    await until('no bounds', async () => { await opens(); return (await page.inputValue('#bound_schools')) === ''; });
    for (const v of [context, other.context]) await v.close();
  });

await test('a test is its own session\'s: nobody else sees it, no other city begins one, and the back button repeats nothing', async () => {
  const tiina = await visitor(), eeva = await visitor(), riikka = await visitor();
  await signIn(tiina.page, 'tiina');
  await tryOut(tiina.page, 'oulu-saml');
  await signIn(eeva.page, 'eeva', 'espoo');
  for (const at of ['/admin/tryout/oulu-saml', '/admin/tryout/oulu-oidc', '/admin/tryout/nobody', '/admin/tryout/espoo']) {
    const answer = await eeva.page.goto(g.url + at);
    check(answer.status() === 404, `${at}: ${answer.status()}`);
  }
  // The country's operator may try every source, and does not see what another has tried.
  await signIn(riikka.page, 'riikka', 'operators');
  await riikka.page.goto(`${g.url}/admin/tryout/oulu-saml`);
  lacks(await riikka.page.textContent('main'), 'Onni');
  says(await tryOut(riikka.page, 'oulu-saml'), 'Onni');
  await tiina.page.goto(`${g.url}/admin/tryout/oulu-saml`);
  await tiina.page.click('form:has([name=fresh]) button.b');
  const city = tiina.page.url();
  await tiina.page.click('#go');
  await tiina.page.waitForURL(/\/admin\/tryout\//);
  const again = await tiina.page.goto(city).then(() => Promise.all([tiina.page.waitForNavigation(), tiina.page.click('#go')]));
  check(again[0].status() === 400, `the same request was answered twice: ${again[0].status()} ${tiina.page.url()}`);
  for (const v of [tiina, eeva, riikka]) await v.context.close();
});

/* --- keys ---------------------------------------------------------------------------------------------------------- */

await test('a new key waits until somebody has heard its fingerprint, the old one goes on, and is taken out', async () => {
  const { context, page } = await visitor(), old = saml.signs, next = newKey();
  await signIn(page, 'tiina');
  await tryOut(page, 'oulu-saml');
  await page.goto(`${g.url}/admin/idps/oulu-saml`);
  says(await page.textContent('#keys'), spoken(old.print));
  await page.click('#keys .fold summary');
  await page.fill('#why-pin', 'Avaimet vain puhelimessa');
  await Promise.all([page.waitForNavigation(), page.click('[name=act][value=pin]')]);
  says(await page.textContent('.note'), 'Avaimet lukittiin');
  await looks(page, 'idp-pinned');

  [saml.names, saml.signs] = [[old, next], next];
  await until('the new key waits', async () => /key_waiting/.test(await tryOut(page, 'oulu-saml')));
  await looks(page, 'tryout-key');
  saml.signs = old;
  says(await tryOut(page, 'oulu-saml'), 'Testitunnus pääsi perille');
  await page.goto(`${g.url}/admin`);
  says(await page.textContent('main'), 'uusi avain odottaa hyväksyntää', 'key_waiting');
  await page.goto(`${g.url}/admin/idps/oulu-saml`);
  says(await page.textContent('main'), spoken(next.print), 'Odottaa hyväksyntääsi');
  await looks(page, 'idp-key-waits');
  // Not without who read it, and not without having heard it.
  await page.evaluate(() => document.querySelectorAll('#keys [required]').forEach((e) => e.removeAttribute('required')));
  await Promise.all([page.waitForNavigation(), page.click('[name=act][value=approve]')]);
  says(await page.textContent('.note'), 'kuka luki');
  await page.check('[name=heard]');
  await page.fill('input[name=who]', 'Pekka Päivystäjä');
  await Promise.all([page.waitForNavigation(), page.click('[name=act][value=approve]')]);
  says(await page.textContent('.note'), 'hyväksyttiin');
  await page.goto(`${g.url}/admin/history`);
  says(await page.textContent('main'), 'Pekka Päivystäjä');

  [saml.names, saml.signs] = [[next], next];
  await until('the new key is good', async () => /pääsi perille/.test(await tryOut(page, 'oulu-saml')));
  saml.signs = old;
  says(await tryOut(page, 'oulu-saml'), 'Testitunnus pääsi perille');
  await page.goto(`${g.url}/admin/idps/oulu-saml`);
  await page.click('[name=act][value=refresh]');
  await until('the old key is no longer published', async () => { await page.goto(`${g.url}/admin/idps/oulu-saml`); return /Vanha avain/.test(await page.textContent('#keys')); });
  await page.click('#keys .fold summary');
  await page.fill('#keys input[name=why]', 'Kunta vaihtoi avaimen');
  await Promise.all([page.waitForNavigation(), page.click('[name=act][value=drop]')]);
  says(await page.textContent('.note'), 'poistettiin');
  await until('the old key is refused', async () => /sig_value/.test(await tryOut(page, 'oulu-saml')));
  saml.signs = next;
  says(await tryOut(page, 'oulu-saml'), 'Testitunnus pääsi perille');
  await context.close();
});

/* --- what ends, and what does not come ----------------------------------------------------------------------------- */

await test('a certificate that ends is on the page and at home, and a document that does not come says why', async () => {
  for (const [days, width] of [[5, 320], [20, 1280]]) {
    const { context, page } = await visitor({ width });
    await signIn(page, 'tiina');
    saml.names = [saml.signs, newKey(days)];
    await page.goto(`${g.url}/admin/idps/oulu-saml`);
    await page.click('[name=act][value=refresh]');
    await until(`a certificate of ${days} days`, async () => { await page.goto(`${g.url}/admin/idps/oulu-saml`); return new RegExp(`${days - 1} päivää|${days} päivää`).test(await page.textContent('.vital')); });
    says(await page.textContent('.vital .ill:has-text("certificate_ends")'), 'Allekirjoituksen varmenne', 'Päättyy');
    says(await page.textContent('main'), 'Haettu', 'Haetaan uudelleen');
    await looks(page, `idp-ends-${days}`);
    await page.goto(`${g.url}/admin`);
    says(await page.textContent('main'), 'Oulun henkilöstö: varmenne päättyy', 'certificate_ends');
    await looks(page, `home-ends-${days}`);
    await context.close();
  }
  const { context, page } = await visitor();
  await signIn(page, 'tiina');
  saml.names = [saml.signs];
  saml.status = 404;
  await page.goto(`${g.url}/admin/idps/oulu-saml`);
  await page.click('[name=act][value=refresh]');
  await until('why it did not come', async () => { await page.goto(`${g.url}/admin/idps/oulu-saml`); return /http_refused/.test(await page.textContent('.vital')); });
  says(await page.textContent('.vital'), 'ei onnistunut', 'Osoitteessa ei ole tietoja', 'correct issuer or metadata_url in the row');
  await looks(page, 'idp-trouble');
  saml.status = 200;
  await context.close();
});

/* --- what is left of it -------------------------------------------------------------------------------------------- */

/* --- metadata of services ------------------------------------------------------------------------------------------ */

for (const [width, lang, scripts, dark] of [[320, 'fi-FI', true, true], [1280, 'sv-SE', false]])
  await test(`what a service's unsigned address says is confirmed, and what comes anew waits and is judged, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, lang, scripts, dark }), anew = `${samlBase}/acs-${width}`;
    await signIn(page, 'riikka', 'operators');
    const press = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
    const refresh = () => { const done = g.cli('refresh', '-c', g.config, 'viola'); check(done.status === 0, done.stdout + done.stderr); };
    refresh();
    await until('its metadata are read', async () => { await page.goto(`${g.url}/admin/metadata`); return (await page.locator('a[href="/admin/metadata/viola"]').count()) === 1; });
    check((await page.locator('a[href="/admin/metadata/lupiini"]').count()) === 0 && (await page.textContent('main')).includes('Lupiini'), 'a link to a page that is not there');
    check((await page.textContent('tr:has-text("Lupiini")')).includes(lang === 'fi-FI' ? 'Ei vielä haettu' : 'Ännu inte hämtad'), `what was never read: ${await page.textContent('tr:has-text("Lupiini")')}`);
    await looks(page, 'metadata');
    await press('a[href="/admin/metadata/viola"]');
    await until('what it says', async () => { await page.reload(); return (await page.textContent('main')).includes(`acs POST ${samlBase}/acs`); });
    await looks(page, `metadata-one${width === 320 ? '-open' : ''}`);
    if (width === 320) { // the first time
      await page.fill('#who', ' ');
      await press('button[value=pin]');
      check((await page.locator('.note.bad').count()) === 1, 'confirmed by nobody');
      await looks(page, 'metadata-who');
      await page.fill('#who', 'Ville Violasta, puhelimitse');
      await press('button[value=pin]');
      check((await page.locator('.note.good').count()) === 1 && (await page.locator('button[value=pin]').count()) === 0, await page.textContent('main'));
      await looks(page, 'metadata-pinned');
    }
    told.acs.push(anew);
    refresh();
    const card = `form.card:has-text("${anew}")`;
    await until('it waits', async () => { await page.reload(); return (await page.locator(card).count()) === 1; });
    await looks(page, 'metadata-waits');
    await page.fill(`${card} [name=who]`, 'Ville Violasta');
    await press(`${card} button[value=${width === 320 ? 'approve' : 'reject'}]`);
    check((await page.locator('.note.good').count()) === 1 && (await page.locator(card).count()) === 0, await page.textContent('main'));
    await looks(page, 'metadata-judged');
    check((await page.locator(`.card:has-text("${anew}")`).count()) === 1, 'it is not shown any more');
    await context.close();
  });

await test('the log says that tests were made, and holds neither names nor codes of anybody', async () => {
  const audit = fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl')).map((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8')).join('');
  check(audit.split('\n').filter((l) => l.includes('"reason":"tryout"')).length >= 5, 'the audit log lacks the tests');
  for (const text of [audit, g.logText()]) lacks(text, HETU, 'Salamimmi', 'Onni', '10000000003');
  check(!/"event":"login"[^\n]*"idp":"oulu-(saml|oidc)"/.test(audit), 'somebody was signed in by a test');
});

await browser.close();
samlServer.close();
oidc.close();
await finish();
