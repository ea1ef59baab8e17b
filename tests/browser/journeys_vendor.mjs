// SPDX-License-Identifier: EUPL-1.2
// Journeys J8, J9 and J10 in a real Chromium, each whole: a vendor from its invitation to production and a new secret and
// certificate there; a municipality that lets learners of some grades in; the operator who takes a city's sign-in in.  By
// keyboard alone and without scripts, in Finnish at 320 px and in English at 1280 px; axe on every page that they come to.
//   node journeys_vendor.mjs PATH-OF-DIGIONE
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { launch } from './chromium.mjs';
import * as client from '../node_modules/openid-client/build/index.js';
import { Gateway, check, fetchLocal, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { OidcCity } from '../e2e/odd_city.mjs';
import { Keyboard } from './keyboard.mjs';
import { isNew, judge, picture } from './look.mjs';

const { SAML } = createRequire(import.meta.url)('@node-saml/node-saml');
const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/journeys-vendor');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const ways = [{ lang: 'fi', locale: 'fi-FI', width: 320, business: '2345678-0' }, { lang: 'en', locale: 'en-GB', width: 1280, business: '0737546-2' }];
const password = 'salasana-salasana', citySecret = 'a-secret-of-the-city-that-is-long-enough', HETU = '131052-308T';
const keys = folder('journeys-vendor');

/* --- whoever takes part -------------------------------------------------------------------------------------------- */

let made = 0;
function newKey(name) {
  const key = path.join(keys, `${++made}.key`), cert = path.join(keys, `${made}.crt`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '400', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
}
// A city's own sign-in, whose answers each have their fault; and one with none.
const good = { sub: 'u1', given_name: 'Onni', family_name: 'Testi-Mesimarja', schoolCode: '99401', userRole: 'teacher' };
const faults = [
  ['role_unknown', { ...good, userRole: 'OPE' }], ['school_unknown', { ...good, schoolCode: '99999' }], ['class_level_unknown', { ...good, classLevel: '77' }],
  ['learner_id_invalid', { ...good, learnerId: '1.2.246.562.24.10000000004' }], ['personal_code_sent', { ...good, national: HETU, note: `tunnus ${HETU} on` }],
];
const city = new OidcCity(await freePort(), { turku: { claims: good } }, { secret: citySecret, host: 'sso.localhost' });

const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", municipality_code: "564", name: { fi: Oulu, sv: Uleåborg, en: Oulu }, support: "https://oulu.example/tuki", schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
  - { id: turku, oid: "1.2.246.562.99.98530100001", municipality_code: "853", name: { fi: Turku, sv: Åbo, en: Turku }, schools: [{ oid: "1.2.246.562.99.98530200017", code: "99401", name: { fi: Testi-Mesimarjan koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
policies:
  - { id: oulu-teachers, provider: oulu, opens: permit, roles: [teacher], services: [muu-fi, muu-en], release: [sub, given_name] }
services:
  - { id: muu-fi, protocol: link, vendor: muu-oy, name: { fi: Muu Palvelu }, launch_uri: "https://muu.example/" }
  - { id: muu-en, protocol: link, vendor: muu-oy, name: { fi: Muu Palvelu kaksi }, launch_uri: "https://muu.example/" }
admins:
  - { id: riikka, idp: operators, subject: riikka, role: operator, why: valittu }
  - { id: helmi, idp: oulu, subject: helmi, role: admin, provider: oulu }
  - { id: heikki, idp: oulu, subject: heikki, role: admin, provider: oulu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: helmi, idp: oulu, username: helmi, password: { plain: ${password} }, given_names: Helmi, family_name: Koski, age: adult }
  - { id: heikki, idp: oulu, username: heikki, password: { plain: ${password} }, given_names: Heikki, family_name: Lehto, age: adult }
  - { id: aino, idp: oulu, username: aino, password: { plain: ${password} }, given_names: Aino, family_name: Testi-Kielo, email: aino@oulu.example, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }
${[['eemeli', 'Eemeli', 8], ['saga', 'Saga', 7], ['vilja', 'Vilja', 5]].map(([id, name, level]) => `  - { id: ${id}, idp: oulu, username: ${id}, password: { plain: ${password} }, given_names: ${name}, family_name: Testi-Otso, affiliations: [{ provider: oulu, role: learner, school: "99101", group: "${level}A", class_level: ${level} }] }`).join('\n')}
`;
const port = await freePort(), httpsPort = await freePort(), httpPort = await freePort();
const g = await new Gateway(program, { name: 'journeys-vendor', port, registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch({ args: [`--host-resolver-rules=MAP *.example 127.0.0.1:${httpsPort}`] });

// The vendor's two services, on openid-client and node-saml: /login, /cb, /acs.  One is at tori-LANG, the other at kirja-LANG,
// in test under localhost, in production under .example.
const of = {}; // host without port: { issuer of what it is: oidc: [client_id, secret] } or { saml: SAML }
const begun = new Map();
const configs = new Map();
async function config(id, secret) {
  const key = `${id} ${secret}`;
  if (!configs.has(key)) configs.set(key, await client.discovery(new URL(g.url), id, secret, undefined, { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }));
  return configs.get(key);
}
const body = async (req) => { const parts = []; for await (const d of req) parts.push(d); return Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString())); };
const say = (res, status, what) => res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(what));
const serve = (scheme) => async (req, res) => {
  const me = of[req.headers.host.split(':')[0]], base = `${scheme}://${req.headers.host}`, url = new URL(req.url, base);
  try {
    if (!me) return say(res, 404, {});
    if (me.saml && url.pathname === '/login') return res.writeHead(302, { Location: await me.saml.getAuthorizeUrlAsync('', '', {}) }).end();
    if (me.saml && url.pathname === '/acs') return say(res, 200, (await me.saml.validatePostResponseAsync(await body(req))).profile);
    if (me.oidc && url.pathname === '/login') {
      const state = client.randomState(), nonce = client.randomNonce(), verifier = client.randomPKCECodeVerifier();
      begun.set(state, { nonce, verifier });
      return res.writeHead(302, { Location: client.buildAuthorizationUrl(await config(...me.oidc), { redirect_uri: `${base}/cb`, scope: 'openid profile email edu.role', state, nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }).href }).end();
    }
    if (me.oidc && url.pathname === '/cb') {
      const state = url.searchParams.get('state'), b = begun.get(state) ?? {}, of_ = await config(...me.oidc);
      const tokens = await client.authorizationCodeGrant(of_, url, { pkceCodeVerifier: b.verifier, expectedState: state, expectedNonce: b.nonce, idTokenExpected: true });
      return say(res, 200, await client.fetchUserInfo(of_, tokens.access_token, tokens.claims().sub));
    }
    say(res, 404, {});
  } catch (e) { say(res, 400, { error: e.error ?? e.cause?.error ?? String(e.message ?? e) }); }
};
const tls = newKey('example');
const servers = [http.createServer(serve('http')).listen(httpPort, '127.0.0.1'), https.createServer(tls, serve('https')).listen(httpsPort, '127.0.0.1')];

/* --- a person at a keyboard ---------------------------------------------------------------------------------------- */

function codeOf(seed) { // [RFC 6238]
  const bits = [...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

// Their own pages run no scripts; axe looks at each in a window beside.
class Someone extends Keyboard {
  static async come({ lang, locale, width }) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: false });
    return Object.assign(new Someone(await context.newPage()), { context, lang, width });
  }
  static async admin(user, idp, way, at = '/admin') {
    const someone = await Someone.come(way);
    await someone.local(user, idp, at);
    await someone.page.waitForURL((u) => u.pathname === at);
    return someone;
  }
  async local(user, idp, at) {
    await this.page.goto(g.url + at);
    await this.page.waitForURL(/\/sign-in/);
    await this.page.goto(`${g.url}/sign-in/local?login=${new URL(this.page.url()).searchParams.get('login')}&idp=${idp}`);
    await this.password(user);
  }
  async password(user) {
    await this.type('#username', user);
    await this.type('#password', password);
    await this.open('form:has(#password) .acts button.b');
  }
  async main() { return this.page.locator('main').innerText(); }
  async says(...patterns) { const text = await this.main(); for (const p of patterns) check(p.test(text), `${p} does not stand at ${this.page.url()}: ${text.slice(0, 4000)}`); }
  async fill(fields) { for (const [id, text] of Object.entries(fields)) await this.type(`#${id}`, text); }
  // What is long is pasted, as people do.
  async paste(selector, text) { await this.to(selector); await this.page.keyboard.press('Control+a'); await this.page.keyboard.insertText(text); }
  async list(selector, lines) { await this.paste(selector, lines.join('\n')); }
  async look(name) {
    check((await this.page.getAttribute('html', 'lang')) === this.lang, `${name}: in ${await this.page.getAttribute('html', 'lang')}`);
    const wide = await this.page.locator('html').evaluate((e) => e.scrollWidth);
    check(wide <= this.width, `${name}: ${wide} px wide at ${this.width}`);
    await picture(this.page, { path: path.join(shots, `${name}-${this.lang}-${this.width}.png`), fullPage: true });
    if (!(await isNew(this.page))) return;
    const window_ = await browser.newContext({ viewport: { width: this.width, height: 900 }, reducedMotion: 'reduce' }), page = await window_.newPage();
    await page.setContent(await this.page.content().then((html) => html.replace('<head>', `<head><base href="${g.url}/">`)), { waitUntil: 'load' });
    await judge(page, name);
    await window_.close();
  }
  async leave() { await this.context.close(); }
}
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => /^audit-.*jsonl$/.test(f)).sort().map((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8')).join('');

// What the service at this address is told of a teacher of Oulu, or "no" and the page that they are shown.
async function told(address, way, user = 'aino') {
  const someone = await Someone.come(way);
  await someone.page.goto(address);
  if (/\/sign-in/.test(someone.page.url())) {
    await someone.page.goto(`${g.url}/sign-in/local?login=${new URL(someone.page.url()).searchParams.get('login')}&idp=oulu`);
    await someone.password(user);
  }
  if (await someone.page.locator('form[action$="/acs"] button').count()) await someone.open('form[action$="/acs"] button');
  const at = someone.page.url(), gone = !at.startsWith(g.url);
  const words = gone ? JSON.parse(await someone.page.locator('body').innerText()) : await someone.main();
  if (!gone) await someone.look('refused');
  await someone.leave();
  return gone ? words : { no: words };
}

/* --- J8 ------------------------------------------------------------------------------------------------------------ */

const idpOf = async () => {
  const text = (await fetchLocal(port, '/saml/metadata')).text;
  const role = /<(?:\w+:)?IDPSSODescriptor[\s\S]*?<\/(?:\w+:)?IDPSSODescriptor>/.exec(text)[0];
  return { entryPoint: role.match(/<(?:\w+:)?SingleSignOnService\b[^>]*HTTP-Redirect"[^>]*>/)[0].match(/ Location="([^"]*)"/)[1],
    idpCert: [...role.matchAll(/<(?:\w+:)?KeyDescriptor([^>]*)>[\s\S]*?X509Certificate>([\s\S]*?)</g)].filter(([, a]) => !a.includes('encryption')).map(([, , c]) => c.replace(/\s/g, '')), idpIssuer: /entityID="([^"]*)"/.exec(text)[1] };
};
const sp = async (base, pair) => new SAML({ ...(await idpOf()), issuer: `${base}/sp`, callbackUrl: `${base}/acs`, privateKey: pair.key, publicCert: pair.cert, identifierFormat: null, signatureAlgorithm: 'sha256', wantAuthnResponseSigned: false });
const described = (saml, ...pairs) => saml.generateServiceProviderMetadata(null, pairs.map((p) => p.cert));
// The token endpoint knows the secret, though not the code.
const proves = async (id, secret) => JSON.parse((await fetchLocal(port, '/oidc/token', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, body: new URLSearchParams({ grant_type: 'authorization_code', code: 'none', redirect_uri: 'https://tori.example/cb', code_verifier: 'x'.repeat(43) }).toString() })).text).error !== 'invalid_client';

const claims = ['given_name', 'roles'];
const words = { fi: 'Palautuksen tekijä tunnistetaan.', sv: 'Den som lämnat in känns igen.', en: 'The teacher knows whose work it is.' };

// The page of a service in test, until nothing is missing.
async function tellsAll(vera, kind, host) {
  await vera.fill({ name_sv: `Tjänst ${kind}`, name_en: `Service ${kind}`, line_fi: 'Harjoituksia', line_sv: 'Övningar', line_en: 'Exercises' });
  await vera.tick('[name=for_learner]');
  await vera.tick('[name=for_teacher]');
  await vera.fill({ policy_uri: `https://${host}/tietosuoja`, accessibility_uri: `https://${host}/saavutettavuus` });
  await vera.list('#contacts', [`tuki@${host}`]);
  for (const claim of claims) {
    for (const lang of ['fi', 'sv', 'en']) await vera.paste(`#why_${lang}_${claim}`, words[lang]);
    await vera.to(`#basis_${claim}`);
    await vera.page.keyboard.press('ArrowDown');
    await vera.page.keyboard.press('ArrowDown');
  }
  await vera.open('button[name=act][value=save]');
}
async function plays(vera, service, name) {
  await vera.page.goto(`${g.url}/vendor/test-people`);
  await vera.look(`j8-${name}-people`);
  await vera.open('a[href="/vendor/test-people/teacher"]');
  await vera.open(`form:has([name=service][value="${service}"]) button[value=start]`);
  await vera.look(`j8-${name}-playing`);
  await vera.to('#go');
  const [tab] = await Promise.all([vera.context.waitForEvent('page'), vera.page.keyboard.press('Enter')]);
  await tab.waitForLoadState();
  if (await tab.locator('form[action$="/acs"] button').count()) await Promise.all([tab.waitForNavigation(), tab.click('form[action$="/acs"] button')]);
  const said = JSON.parse(await tab.locator('body').innerText());
  await tab.close();
  await vera.open('#told a');
  await vera.look(`j8-${name}-told`);
  await vera.open('button[value=end]');
  return said;
}
// What publishes or switches off asks for a fresh log-in where the last one is some minutes old; then it is pressed again.
async function sure(someone, user, press) {
  await press();
  if (!/\/sign-in/.test(someone.page.url())) return;
  await someone.password(user);
  await someone.page.waitForURL((u) => u.pathname.startsWith('/admin/') && !u.pathname.startsWith('/admin/enter'));
  await press();
}
const approves = (someone, user) => sure(someone, user, async () => {
  if (!(await someone.page.locator('button[name=act][value=approve]').count())) return;
  if (await someone.page.locator('#gate').count()) await someone.type('#why', 'Portti ajetaan keväällä, kuten sovittu');
  if (await someone.page.locator('#looked input').count()) await someone.tick('#looked input');
  await someone.open('button[name=act][value=approve]');
});
// A form behind a summary, with its reason.
const folded = (someone, user, why, button) => sure(someone, user, async () => {
  if (!(await someone.page.locator('details.fold').first().evaluate((e) => e.open))) await someone.unfold('details.fold > summary');
  await someone.type('.fold [name=why]', why);
  await someone.open(button);
});
const approved = async (riikka, name, see) => {
  await riikka.page.goto(`${g.url}/admin/drafts`);
  await riikka.look(`j8-${name}-drafts`);
  await riikka.open('main a[href^="/admin/drafts/"]');
  await riikka.look(`j8-${name}-draft`);
  await riikka.says(...see);
  const draft = riikka.page.url();
  await approves(riikka, 'riikka');
  check(await riikka.page.locator('.note.bad').count() === 0, await riikka.main());
  await riikka.page.goto(draft);
  check(await riikka.page.locator('[value=approve]').count() === 0, `not approved: ${await riikka.main()}`);
};
const draftsWait = async (riikka) => { await riikka.page.goto(`${g.url}/admin/drafts`); return riikka.page.locator('main a[href^="/admin/drafts/"]').count(); };

const company = {}; // of each way: what stands in production
for (const way of ways)
  await test(`J8: a vendor from its invitation to production, with OpenID Connect and SAML, and on to a new secret and certificate, ${way.lang}`, async () => {
    // 1 invited: an organisation, its first person, and what they sign in with
    const riikka = await Someone.admin('riikka', 'operators', way, '/admin/vendors');
    await riikka.look('j8-vendors');
    await riikka.fill({ name_fi: `Tuisku ${way.lang} Oy`, business_id: way.business, technology: 't@tuisku.example', privacy: 'p@tuisku.example', incidents: 'i@tuisku.example' });
    await riikka.open('button[value=invite]');
    await riikka.look('j8-invited-link');
    const link = await riikka.page.locator('#link').innerText();
    const vera = await Someone.come(way), mine = 'pitkä lause on parempi', username = `vera-${way.lang}`;
    await vera.page.goto(link);
    await vera.look('j8-invited');
    await vera.fill({ given_names: 'Vera', family_name: 'Tuisku', username, password: mine, code: codeOf((await vera.page.locator('#seed').innerText()).trim()) });
    await vera.open('main form .acts button.b');
    await vera.look('j8-account');
    const paper = (await vera.page.locator('#papers code').first().innerText()).trim();
    await vera.open('main a[href="/vendor"]');
    await vera.fill({ username, password: mine, code: paper });
    await vera.open('#local .acts button.b');
    await vera.page.waitForURL(`${g.url}/vendor`);
    await vera.look('j8-home');

    // 2, 3, 4 a service over OpenID Connect, in test at once: what is wrong is said, then what is missing before production
    const test_ = { oidc: `http://tori-${way.lang}.localhost:${httpPort}`, saml: `http://kirja-${way.lang}.localhost:${httpPort}` }, real = { oidc: `https://tori-${way.lang}.example`, saml: `https://kirja-${way.lang}.example` };
    await vera.open('main a[href="/vendor/new"]');
    await vera.look('j8-new');
    await vera.open('a[href="/vendor/service/new?protocol=oidc"]');
    await vera.look('j8-oidc-new');
    await vera.type('#name_fi', `Tori ${way.lang}`);
    await vera.list('#redirect_uris', ['http://tori.example/cb']);
    for (const claim of claims) await vera.tick(`[name=ask_${claim}]`);
    await vera.open('button[value=save]');
    await vera.look('j8-oidc-wrong');
    check(await vera.page.locator('#redirect_uris-e').count() === 1, 'http of a foreign host was taken');
    await vera.list('#redirect_uris', [`${test_.oidc}/cb`]);
    await vera.type('#initiate_login_uri', `${test_.oidc}/login`);
    await vera.open('button[value=save]');
    await vera.look('j8-oidc-secret');
    const first = { id: await vera.page.locator('#client_id').innerText(), secret: await vera.page.locator('#secret').innerText() };
    of[`tori-${way.lang}.localhost`] = { oidc: [first.id, first.secret] };
    await vera.page.goto(`${g.url}/vendor/service/${first.id}`);
    check(await vera.page.locator('#lacks li').count() >= 9, await vera.main());
    await tellsAll(vera, 'Tori', `tori-${way.lang}.example`);
    await vera.look('j8-oidc-told');

    // 5 test people
    const teacher = await plays(vera, first.id, 'oidc');
    check(teacher.given_name === 'Helmi Sofia' && teacher.edu_roles?.[0]?.role === 'teacher' && !teacher.family_name, JSON.stringify(teacher));

    // 2–5 the same over SAML
    const testKey = newKey('test'), testSp = await sp(test_.saml, testKey);
    await vera.page.goto(`${g.url}/vendor/service/new?protocol=saml`);
    await vera.type('#name_fi', `Kirja ${way.lang}`);
    await vera.paste('#metadata_xml', described(testSp, testKey));
    await vera.type('#launch_uri', `${test_.saml}/login`);
    for (const claim of claims) await vera.tick(`[name=ask_${claim}]`);
    await vera.open('button[value=save]');
    await vera.look('j8-saml');
    const second = { id: new URL(vera.page.url()).pathname.split('/').pop() };
    of[`kirja-${way.lang}.localhost`] = { saml: testSp };
    await vera.page.goto(`${g.url}/vendor/service/${second.id}`);
    await tellsAll(vera, 'Kirja', `kirja-${way.lang}.example`);
    const over = await plays(vera, second.id, 'saml');
    check(JSON.stringify(over).includes('Helmi Sofia') && !JSON.stringify(over).includes('Tuisku'), JSON.stringify(over));

    // 6 production is asked for: not at addresses of this machine; then at its own, and the test keeps its
    const ungated = async () => { if (await vera.page.locator('#gate_why').count()) await vera.type('#gate_why', 'Portti ajetaan keväällä'); };
    const asksAt = async (addresses, name) => {
      for (const [field, lines] of Object.entries(addresses)) await vera.list(`#${field}`, lines);
      await ungated();
      await vera.open('button[value=production]');
      await vera.look(`j8-${name}`);
    };
    await vera.page.goto(`${g.url}/vendor/use/${first.id}`);
    await vera.look('j8-oidc-use');
    check((await vera.page.inputValue('#redirect_uris')) === '', 'an address of this machine is offered to production');
    for (const wrong of [`${test_.oidc}/cb`, `http://tori-${way.lang}.example/cb`, `https://tori-${way.lang}.example/cb#x`, 'https://*.example/cb', 'https://localhost/cb']) {
      await asksAt({ redirect_uris: [wrong] }, 'oidc-refused');
      check(await vera.page.locator('.note.bad').count() === 1 && (await vera.page.inputValue('#redirect_uris')) === wrong && (await draftsWait(riikka)) === 0, `${wrong} goes into production`);
    }
    await asksAt({ redirect_uris: [`${real.oidc}/cb`], initiate_login_uri: [`${real.oidc}/login`] }, 'oidc-asked');
    const oidc = { id: (await vera.page.locator('#client_id').innerText()).trim(), secret: (await vera.page.locator('#secret').innerText()).trim() };
    check(oidc.id !== first.id && oidc.secret !== first.secret && !(await proves(oidc.id, oidc.secret)), 'it is open before anybody approved it');
    await approved(riikka, 'oidc', [new RegExp(`https://tori-${way.lang}.example/cb`), new RegExp(words[way.lang].slice(0, 12))]);
    await until('it is in production', () => proves(oidc.id, oidc.secret));
    check(await proves(first.id, first.secret) && !(await proves(oidc.id, first.secret)) && !(await proves(first.id, oidc.secret)), 'one secret opens both');
    of[`tori-${way.lang}.example`] = { oidc: [oidc.id, oidc.secret] };

    const realKey = newKey('production'), realSp = await sp(real.saml, realKey);
    await vera.page.goto(`${g.url}/vendor/use/${second.id}`);
    for (const [metadata, name] of [[described(testSp, testKey), 'saml-refused'], [described(await sp(real.saml, testKey), testKey), 'saml-same-key']]) {
      await vera.paste('#metadata_xml', metadata);
      await asksAt({ launch_uri: [`${real.saml}/login`] }, name);
      check(await vera.page.locator('.note.bad').count() === 1 && (await draftsWait(riikka)) === 0, `${name}: taken into production`);
    }
    await vera.paste('#metadata_xml', described(realSp, realKey));
    await asksAt({ launch_uri: [`${real.saml}/login`] }, 'saml-asked');
    await approved(riikka, 'saml', [new RegExp(`https://kirja-${way.lang}.example/sp`)]);
    of[`kirja-${way.lang}.example`] = { saml: realSp };
    await vera.page.goto(`${g.url}/vendor/use/${second.id}`);
    const saml = { id: await until('it is in production', async () => { await vera.page.reload(); return (await vera.page.locator('#production ~ p a, section:has(#production) a[href^="/vendor/service/"]').first().getAttribute('href'))?.split('/').pop(); }) };

    // 7 in the catalogue, and still open to nobody: neither on the list of their services nor from there
    const anybody = await Someone.come(way);
    await anybody.page.goto(`${g.url}/services`);
    await anybody.look('j8-catalogue');
    for (const id of [oidc.id, saml.id]) check(await anybody.page.locator(`#s-${id}`).count() === 1, `${id} is not in the catalogue`);
    await anybody.leave();
    for (const at of [real.oidc, real.saml]) { const no = (await told(`${at}/login`, way)).no; check(/Oulu/.test(no ?? ''), `open before a municipality allowed it: ${JSON.stringify(no)}`); }

    // Oulu takes both into use: one decides, another approves
    const helmi = await Someone.admin('helmi', 'oulu', way), heikki = await Someone.admin('heikki', 'oulu', way);
    for (const [id, name] of [[oidc.id, 'oidc'], [saml.id, 'saml']]) {
      await helmi.page.goto(`${g.url}/admin/services`);
      await helmi.open(`#s-${id} a.b`);
      await helmi.look(`j8-take-${name}`);
      await helmi.choose('give_given_name', 'yes');
      await helmi.choose('give_roles', 'no');
      await helmi.tick('[name=role_teacher]');
      await helmi.choose('where', 'all');
      await helmi.fill({ purpose: 'Äidinkielen opetus', agreement: 'OUL/2231/2026', decided_by: 'Helena Virta' });
      await helmi.open('button[value=send]');
      await helmi.look(`j8-taken-${name}`);
      check(await helmi.page.locator('[value=approve]').count() === 0, 'whoever drafted it approves it');
      await heikki.page.goto(helmi.page.url());
      await approves(heikki, 'heikki');
    }
    const open = await until('a teacher is in', async () => { const x = await told(`${real.oidc}/login`, way); return x.given_name && x; }, 120000);
    check(open.given_name === 'Aino' && !open.edu_roles && !open.family_name, `what was not given: ${JSON.stringify(open)}`);
    const inSaml = JSON.stringify(await told(`${real.saml}/login`, way));
    check(inSaml.includes('Aino') && !/teacher|opettaja/i.test(inSaml), inSaml);
    const launcher = await Someone.come(way);
    await launcher.local('aino', 'oulu', '/');
    for (const id of [oidc.id, saml.id]) check(await launcher.page.locator(`main a[href="/open/${id}"]`).count() >= 1, `${id} is not among the teacher's services`);
    await launcher.leave();
    await vera.page.goto(`${g.url}/vendor/use/${oidc.id}`);
    await vera.look('j8-use');
    await vera.open('main tbody a');
    await vera.look('j8-receipt');
    await vera.says(/OUL\/2231\/2026/, /Oulu/);

    // 8 a new secret beside the old one, until the old one is ended
    await vera.page.goto(`${g.url}/vendor/service/${oidc.id}`);
    await vera.look('j8-production');
    await vera.open('button[value=secret]');
    await vera.look('j8-secret-two');
    const anew = (await vera.page.locator('#secret').innerText()).trim();
    await until('both are good', async () => await proves(oidc.id, anew) && await proves(oidc.id, oidc.secret));
    check((await told(`${real.oidc}/login`, way)).given_name === 'Aino', 'the old one is good no more');
    of[`tori-${way.lang}.example`] = { oidc: [oidc.id, anew] };
    check((await told(`${real.oidc}/login`, way)).given_name === 'Aino', 'the new one is not good');
    await vera.page.goto(`${g.url}/vendor/service/${oidc.id}`);
    await vera.open('button[value=retire]');
    await until('the old one is ended', async () => !(await proves(oidc.id, oidc.secret)));
    check((await told(`${real.oidc}/login`, way)).given_name === 'Aino', 'the new one ended too');

    // and a new certificate: both in the metadata, the service signs with one, then with the other; then the old one is gone
    const nextKey = newKey('next'), nextSp = await sp(real.saml, nextKey);
    const asks = async (metadata, name) => {
      await vera.page.goto(`${g.url}/vendor/use/${second.id}`);
      await vera.paste('#metadata_xml', metadata);
      await ungated();
      await vera.open('button[value=production]');
      await approved(riikka, name, [/metadata/]);
    };
    const signs = async (saml_) => { of[`kirja-${way.lang}.example`] = { saml: saml_ }; return told(`${real.saml}/login`, way); };
    check((await signs(nextSp)).no !== undefined, 'a key that nobody named signs');
    await asks(described(realSp, realKey, nextKey), 'saml-both');
    await until('the next one signs', async () => { const x = JSON.stringify(await signs(nextSp)); if (!x.includes('Aino')) throw new Error(x); return true; }, 120000);
    check(JSON.stringify(await signs(realSp)).includes('Aino'), 'the old one signs no more');
    await asks(described(nextSp, nextKey), 'saml-next');
    await until('the old one is gone', async () => (await signs(realSp)).no !== undefined, 120000);
    check(JSON.stringify(await signs(nextSp)).includes('Aino'), 'the next one signs no more');
    await vera.page.goto(`${g.url}/vendor`);
    await vera.look('j8-home-after');
    // the test beside it goes on, at its own addresses
    check((await plays(vera, first.id, 'oidc-beside')).given_name === 'Helmi Sofia' && JSON.stringify(await plays(vera, second.id, 'saml-beside')).includes('Helmi Sofia'), 'the test has ended');
    company[way.lang] = { oidc: oidc.id, saml: saml.id, at: `${real.oidc}/login` };
    for (const who of [riikka, vera, helmi, heikki]) await who.leave();
  });

/* --- J9 ------------------------------------------------------------------------------------------------------------ */

for (const way of ways)
  await test(`J9: learners of grades 7 to 9 are let in by a draft that a second person looks at; narrowed, one sees who loses; taken back, ${way.lang}`, async () => {
    const id = `muu-${way.lang}`, tile = `main a[href="/open/${id}"]`, learners = {}; // of grades 8, 7 and 5
    for (const user of ['eemeli', 'saga', 'vilja']) { learners[user] = await Someone.come(way); await learners[user].local(user, 'oulu', '/'); }
    const has = async (user) => { await learners[user].page.goto(`${g.url}/`); return await learners[user].page.locator(tile).count() > 0; };
    const open = async (...to) => { for (const user of Object.keys(learners)) if (await has(user) !== to.includes(user)) return false; return true; };
    check(await open(), 'it is open to learners already');
    // 1 the draft
    const helmi = await Someone.admin('helmi', 'oulu', way), heikki = await Someone.admin('heikki', 'oulu', way);
    await helmi.page.goto(`${g.url}/admin/rights`);
    await helmi.look('j9-rights');
    await helmi.open(`a[href="/admin/rights/${id}?col=1"]`);
    await helmi.look('j9-cell');
    await helmi.open('main a[href^="/admin/policy/new"]');
    check((await helmi.page.inputValue('#lf')) === '7' && (await helmi.page.inputValue('#lt')) === '9', 'grades 7 to 9 are the column');
    await helmi.fill({ name: `Yläkoulu ${way.lang}`, why: 'Rehtorikokous 3.11.' });
    await helmi.open('button[name=act][value=keep]');
    await helmi.look('j9-draft');
    const keepsAndShows = async (gain, lose) => { // 2 who gains and who loses, before anybody is touched
      const draft = helmi.page.url();
      await helmi.open('button[name=act][value=propose]');
      check(await helmi.page.locator('[value=approve]').count() === 0, 'one\'s own draft can be published');
      await heikki.page.goto(draft);
      await heikki.look('j9-decide');
      const figures = (await heikki.page.locator('.fig strong').allInnerTexts()).map(Number);
      check(figures.join() === `${gain},${lose}`, `who gains and loses: ${figures}`);
    };
    await keepsAndShows(2, 0);
    check(await open(), 'a draft is in force');
    // 3, 4 a second person; live
    await approves(heikki, 'heikki');
    await until('grades 7 and 8 have it', () => open('eemeli', 'saga'), 60000);
    // narrowed: the seventh grade loses it
    await helmi.page.goto(`${g.url}/admin/rights/${id}?col=1`);
    await helmi.look('j9-cell-open');
    await helmi.open('main a[href^="/admin/policy/"]:not([href*="/new"])');
    await helmi.fill({ lf: '8', why: 'Seitsemäs luokka saa toisen' });
    await helmi.open('button[name=act][value=keep]');
    await keepsAndShows(0, 1);
    await approves(heikki, 'heikki');
    await until('the eighth grade alone has it', () => open('eemeli'), 60000);
    // 5 taken back
    await helmi.page.goto(`${g.url}/admin/history`);
    await helmi.open('.vers li.now a');
    await helmi.look('j9-version');
    await folded(helmi, 'helmi', 'Väärä päätös', '.fold button.b');
    // What opens to more people is a second person's to decide, taken back or not.
    check(/\/admin\/drafts\/\d+$/.test(helmi.page.url()) && await helmi.page.locator('[value=approve]').count() === 0, `not taken back: ${await helmi.main()}`);
    await heikki.page.goto(helmi.page.url());
    await heikki.look('j9-back');
    await approves(heikki, 'heikki');
    await until('the seventh grade has it again', () => open('eemeli', 'saga'), 60000);
    // 6 whoever is not let in is told why, and whom to ask
    const vilja = await Someone.come(way);
    await vilja.local('vilja', 'oulu', `/open/${id}`);
    await vilja.look('j9-denied');
    await vilja.says(/Muu Palvelu/, /Oulu/);
    check(await vilja.page.locator('main a[href="https://oulu.example/tuki"]').count() === 1, `whom to ask: ${await vilja.main()}`);
    for (const who of [...Object.values(learners), helmi, heikki, vilja]) await who.leave();
  });

/* --- J10 ----------------------------------------------------------------------------------------------------------- */

for (const way of ways)
  await test(`J10: the operator imports a city's sign-in, reads of each fault in what it sends, tries it, rolls our key, switches it off, and meets no personal code, ${way.lang}`, async () => {
    const idp = `turku-${way.lang}`, issuer = `${city.base}/turku`;
    const riikka = await Someone.admin('riikka', 'operators', way);
    // 1 imported: switched off, tried before anybody can sign in by it
    const before = g.cli('export', '-c', g.config).stdout, row = `  - { id: ${idp}, kind: oidc, provider: turku, enabled: false, test: true, name: { fi: "Turku ${way.lang}", sv: "Åbo ${way.lang}", en: "Turku ${way.lang}" }, map: native, issuer: "${issuer}", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: ${citySecret} } }\n`;
    check(/imported|muut|change/i.test(g.import(before.replace(/^idps:\n/m, `idps:\n${row}`))), 'not imported');
    await until('it is there', async () => { await riikka.page.goto(`${g.url}/admin/idps`); return await riikka.page.locator(`main a[href="/admin/idps/${idp}"]`).count() === 1; });
    await riikka.look('j10-idps');
    await riikka.open(`main a[href="/admin/idps/${idp}"]`);
    await riikka.look('j10-idp');
    const tries = async (of_, name) => {
      city.modes.turku.claims = of_;
      await riikka.page.goto(`${g.url}/admin/tryout/${idp}`);
      await riikka.open('form:has([name=fresh]) button.b');
      await riikka.page.waitForURL(`${g.url}/admin/tryout/${idp}`);
      await riikka.look(`j10-${name}`);
      const said = await riikka.page.content();
      check(!said.includes(HETU) && !/131052/.test(said), `${name}: a personal code is shown`);
      return riikka.main();
    };
    for (const [code, of_] of faults) { const text = await tries(of_, code); check(text.includes(code), `${code} is not named: ${text}`); }
    // 2 the dry run of a test user who has all in order
    const text = await tries(good, 'tried');
    check(/Testi-Mesimarja/.test(text) && /Opettaja|Teacher/.test(text) && !faults.some(([code]) => text.includes(code)), text);
    check(!new RegExp(`"event":"login"[^\n]*"idp":"${idp}"`).test(auditLines()), 'a trial signed somebody in');
    // opened; its people come in
    await riikka.page.goto(`${g.url}/admin/idps/${idp}`);
    await sure(riikka, 'riikka', async () => { await riikka.type('[name=why]', 'Sovittu Turun kanssa'); await riikka.open('button[name=act][value=enable]'); });
    const comes = async () => {
      const someone = await Someone.come(way);
      await someone.page.goto(`${g.url}/`);
      await someone.page.goto(`${g.url}/sign-in?login=${new URL(someone.page.url()).searchParams.get('login')}&all=1`);
      const offered = await someone.page.locator(`button[name=idp][value="${idp}"]`).count() === 1;
      if (offered) await someone.open(`button[name=idp][value="${idp}"]`);
      const [is, page] = [offered && someone.page.url() === `${g.url}/`, await someone.page.content()];
      return { is, page, someone };
    };
    const onni = await until('its people come in', async () => { const x = await comes(); if (!x.is) await x.someone.leave(); return x.is && x; });
    check(onni.page.includes('Onni'), 'who came in');
    // 3 our signing key is rolled: both are published, and a teacher at another city signs in all the while
    const kids = async () => JSON.parse((await fetchLocal(port, '/oidc/jwks')).text).keys.filter((k) => k.alg === 'RS256').map((k) => k.kid), was = await kids();
    const rolled = spawnSync(program, ['keys', 'create', '-c', g.config, '--use', 'oidc', '--alg', 'RS256', '--after', '3600'], { encoding: 'utf8' });
    check(rolled.status === 0, rolled.stdout + rolled.stderr);
    g.chown();
    const now = await until('two are published', async () => { const all = await kids(); return all.length === was.length + 1 && all; });
    check(was.every((kid) => now.includes(kid)), `the key before is gone: ${now}`);
    if (company[way.lang]) check((await told(company[way.lang].at, way)).given_name === 'Aino', 'a service takes no token while the key rolls');
    // 4 off again: nobody comes in by it, and those of another city do
    await riikka.page.goto(`${g.url}/admin/idps/${idp}`);
    await folded(riikka, 'riikka', 'Häiriö kaupungissa', 'button[name=act][value=disable]');
    await riikka.look('j10-off');
    await until('nobody comes in by it', async () => { const x = await comes(); await x.someone.leave(); return !x.is; });
    const aino = await Someone.come(way);
    await aino.local('aino', 'oulu', '/');
    check(aino.page.url() === `${g.url}/`, `another city's people: ${aino.page.url()}`);
    // 5 no personal code anywhere: not in the registry, the audit log, the log, nor on a page of the operator's
    for (const [name, all] of [['registry', g.cli('export', '-c', g.config).stdout], ['audit log', auditLines()], ['log', g.logText()]]) check(!all.includes(HETU) && !all.includes('131052'), `the ${name} holds a personal code`);
    for (const at of ['/admin', '/admin/idps', `/admin/idps/${idp}`, '/admin/log', '/admin/history', '/admin/alarms', '/admin/vendors']) {
      await riikka.page.goto(g.url + at);
      const page = await riikka.page.content();
      check(!page.includes(HETU) && !/\b\d{6}[-+A]\d{3}[0-9A-Y]\b/.test(page), `${at} shows a personal code`);
    }
    check((await riikka.page.goto(`${g.url}/admin/people`)).status() === 404, 'an operator looks people up');
    for (const who of [riikka, aino, onni.someone]) await who.leave();
    // The source is another's in the other language.
    fs.writeFileSync(path.join(g.dir, 'before.yaml'), before);
    const back = g.cli('import', '-c', g.config, '--replace', path.join(g.dir, 'before.yaml'));
    check(back.status === 0, back.stdout + back.stderr);
    g.chown();
  });

await browser.close();
for (const s of servers) s.close();
city.close();
await g.stop();
await finish();
