// SPDX-License-Identifier: EUPL-1.2
// The test school in a real Chromium [J8]: a developer signs in as a made-up person at test services of their own, by real
// clients (openid-client, node-saml, ltijs), sees what was told and what was left out; and nothing else opens for a test person.
//   node vendor_school.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { launch } from './chromium.mjs';
import * as oidc from '../node_modules/openid-client/build/index.js';
import { Gateway, check, fetchLocal, finish, folder, freePort, peer, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-school-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', secret = crypto.randomBytes(32).toString('hex'), bench = crypto.randomBytes(24).toString('hex'), vendor = 'y2345678-0';
const port = await freePort(), clientPort = await freePort(), client = `http://127.0.0.1:${clientPort}`;
const asks = 'sub, given_name, calling_name, family_name, email, roles, school, group, learner_id, age';
const row = (id, of, more) => `  - { id: ${id}, protocol: oidc, vendor: ${of}, name: { fi: "${id}", sv: "${id}", en: "${id}" }, client_id: ${id}, secret: { plain: "${secret}" }, auth_method: client_secret_basic, id_token_alg: ES256, scopes: [openid, profile, email, edu.role, edu.school, edu.group, edu.learner_id, edu.age], asks: [${asks}], ${more} }\n`;
const at = (id) => `redirect_uris: ["${client}/${id}/cb"], post_logout_redirect_uris: ["${client}/${id}/out"], initiate_login_uri: "${client}/${id}/login", test: true`;
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
services:
${row('tori', vendor, at('tori'))}${row('halli', vendor, at('halli'))}${row('kioski', vendor, `${at('kioski')}, consent: true`)}${row('tuotanto', vendor, 'redirect_uris: ["https://tuotanto.example/cb"]')}${row('vieras', 'kinos', at('vieras'))}  - { id: linkki, protocol: link, vendor: ${vendor}, test: true, name: { fi: Linkki }, launch_uri: "${client}/linkki" }
organisations:
  - { id: kinos, business_id: 1572860-0, name: { fi: Kinos Oy }, contact_technology: t@kinos.example, contact_privacy: p@kinos.example, contact_incidents: i@kinos.example }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: eino, idp: oulu, username: eino, password: { plain: ${password} }, given_names: Eino, family_name: Oppilas, affiliations: [{ provider: oulu, role: learner, school: "99101" }] }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
policies:
  - { id: kaikki, provider: oulu, roles: [learner], services: [tuotanto], opens: permit, release: [sub] }
`;
const g = await new Gateway(program, { name: 'vendor-school', port, registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

/* --- a service on openid-client: /ID/login, /ID/cb, /ID/logout ------------------------------------------------------- */

const configs = new Map(), begun = new Map(), sessions = new Map(), held = new Map();
async function config(id) {
  if (!configs.has(id)) configs.set(id, await oidc.discovery(new URL(g.url), id, { id_token_signed_response_alg: 'ES256' }, oidc.ClientSecretBasic(secret), { execute: [oidc.allowInsecureRequests] }));
  return configs.get(id);
}
const wants = {}; // of a request, besides: { tori: { scope, prompt, … } }
http.createServer(async (req, res) => {
  const url = new URL(req.url, client), [, id, what] = url.pathname.split('/');
  try {
    if (what === 'login') {
      const state = oidc.randomState(), nonce = oidc.randomNonce(), pkceCodeVerifier = oidc.randomPKCECodeVerifier();
      begun.set(state, { nonce, pkceCodeVerifier });
      const to = oidc.buildAuthorizationUrl(await config(id), { redirect_uri: `${client}/${id}/cb`, scope: 'openid profile edu.role edu.school edu.learner_id', state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', ...wants[id] });
      return res.writeHead(302, { Location: to.href }).end();
    }
    if (what === 'cb') {
      const state = url.searchParams.get('state'), b = begun.get(state) ?? {};
      const tokens = await oidc.authorizationCodeGrant(await config(id), url, { pkceCodeVerifier: b.pkceCodeVerifier, expectedState: state, expectedNonce: b.nonce, idTokenExpected: true });
      const info = await oidc.fetchUserInfo(await config(id), tokens.access_token, tokens.claims().sub);
      sessions.set(id, tokens.id_token);
      held.set(id, tokens);
      return res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ claims: tokens.claims(), info }));
    }
    if (what === 'logout')
      return res.writeHead(302, { Location: oidc.buildEndSessionUrl(await config(id), { id_token_hint: sessions.get(id), post_logout_redirect_uri: `${client}/${id}/out` }).href }).end();
    res.writeHead(200, { 'Content-Type': 'text/plain' }).end(`at ${url.pathname}`);
  } catch (e) { res.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: e.error ?? e.cause?.error ?? String(e) })); }
}).listen(clientPort, '127.0.0.1');

/* --- people ---------------------------------------------------------------------------------------------------------- */

function codeOf(seed, step) {
  let bits = '';
  for (const c of seed) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), o = mac.at(-1) & 15;
  return String((mac.readUInt32BE(o) & 0x7fffffff) % 1000000).padStart(6, '0');
}
async function visitor(options = {}) {
  const context = await browser.newContext({ storageState: options.state, locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}
async function local(page, to, idp, username) {
  await page.goto(g.url + to);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=${idp}`);
  await page.fill('#username', username);
  await page.fill('#password', password);
  await send(page, page.click('form:has(#password) .acts button.b'));
}
async function accepted(link, given, username) {
  const { context, page } = await visitor();
  await page.goto(link);
  const seed = await page.textContent('#seed');
  for (const [f, v] of [['given_names', given], ['family_name', 'Tuisku'], ['username', username], ['password', 'pitkä lause on parempi'], ['code', codeOf(seed, Math.floor(Date.now() / 30000))]]) await page.fill(`#${f}`, v);
  check(await send(page, page.click('main form .acts button.b')) === 200, await page.textContent('main'));
  const paper = (await page.locator('#papers code').allTextContents())[0].trim();
  await page.goto(`${g.url}/vendor`);
  await page.waitForURL(/\/sign-in\/local/);
  for (const [f, v] of [['username', username], ['password', 'pitkä lause on parempi'], ['code', paper]]) await page.fill(`#${f}`, v);
  await send(page, page.click('#local .acts button.b'));
  await page.waitForURL(`${g.url}/vendor`);
  const state = await context.storageState();
  await context.close();
  return state;
}
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n').map((l) => JSON.parse(l)));

let vera, laura, pupil;
{
  const { context, page } = await visitor();
  await local(page, '/admin/vendors', 'operators', 'riikka');
  await page.waitForURL(`${g.url}/admin/vendors`);
  await page.fill('#name_fi', 'Tuisku Oy');
  await page.fill('#business_id', '2345678-0');
  for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@tuisku.example`);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  vera = await accepted(await page.textContent('#link'), 'Vera', 'vera');
  await context.close();
  const owner = await visitor({ state: vera });
  await owner.page.goto(`${g.url}/vendor/people`);
  await owner.page.fill('#note', 'Laura');
  await owner.page.check('[name=role][value=reader]');
  await send(owner.page, owner.page.click('[value=invite]'));
  laura = await accepted(await owner.page.textContent('#link'), 'Laura', 'laura');
  await owner.context.close();
  const p = await visitor();
  await local(p.page, '/', 'oulu', 'eino');
  pupil = await p.context.storageState();
  await p.context.close();
}
const cookieOf = async (context, name) => (await context.cookies(g.url)).find((c) => c.name.endsWith(name))?.value;
async function play(page, key, service) {
  await page.goto(`${g.url}/vendor/test-people/${key}`);
  const status = await send(page, page.locator(`form:has([name=service][value=${service}]) [value=start]`).click());
  check(status === 200, `${key} at ${service}: ${status} ${await page.textContent('main')}`);
}
async function opens(context, page) {
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click('#go')]);
  await tab.waitForLoadState();
  return tab;
}
const said = async (tab) => JSON.parse(await tab.locator('body').innerText());
const reasons = (page) => page.locator('#left .facts > div').evaluateAll((all) => Object.fromEntries(all.map((d) => [d.querySelector('code').textContent, d.querySelector('dd').textContent])));

/* --- the pages ------------------------------------------------------------------------------------------------------- */

await test('each test person is listed with what is odd about them, and their pages fit at 320 px and in the dark', async () => {
  for (const [width, dark] of [[320, true], [1280, false]]) {
    const { context, page } = await visitor({ state: vera, width, dark });
    await page.goto(`${g.url}/vendor/test-people`);
    check(await page.locator('tbody tr').count() === 19 && /Saamen kirjaimia/.test(await page.textContent('main')), await page.textContent('main'));
    await looks(page, `list${dark ? '-dark' : ''}`, width);
    for (const key of ['longname', 'protected', 'norole']) {
      check((await page.goto(`${g.url}/vendor/test-people/${key}`)).status() === 200, key);
      await looks(page, `${key}${dark ? '-dark' : ''}`, width);
    }
    await context.close();
  }
  for (const [lang, odd] of [['sv-FI', 'Spärrmarkering'], ['en-GB', 'Non-disclosure for safety']]) {
    const { context, page } = await visitor({ state: vera, lang, scripts: false });
    await page.goto(`${g.url}/lang?to=${lang.slice(0, 2)}&back=/vendor/test-people/protected`);
    check((await page.textContent('.lead')) === odd, await page.textContent('main'));
    await context.close();
  }
});

await test('a developer signs in as a test person by openid-client, and sees what was told and why the rest was not', async () => {
  const { context, page } = await visitor({ state: vera });
  await page.goto(`${g.url}/vendor`);
  const before = [await cookieOf(context, 'digione'), await cookieOf(context, 'trail'), await cookieOf(context, 'seen')];
  await play(page, 'pupil8', 'tori');
  check(/Tässä selaimessa olet nyt Eino Ääkkönen-Åström/.test(await page.textContent('#playing')), await page.textContent('main'));
  check(/ei ole vielä kysynyt/.test(await page.textContent('#told')), 'a forecast says that it is one');
  await page.setViewportSize({ width: 320, height: 900 });
  await looks(page, 'playing');
  const tab = await opens(context, page), { claims, info } = await said(tab);
  check(info.given_name === 'Eino Olavi' && info.family_name === 'Ääkkönen-Åström' && info.edu_roles[0].role === 'learner' && info.edu_learner_id === '1.2.246.562.98.99900000029', JSON.stringify(info));
  check(info.edu_schools[0].name.fi === 'Mansikkalan testi peruskoulu' && !info.email && !info.edu_groups, JSON.stringify(info));
  await page.click('#told a');
  const parts = await page.locator('#told pre').allTextContents();
  check(parts.length === 2 && JSON.stringify(JSON.parse(parts[0])) === JSON.stringify(claims) && JSON.stringify(JSON.parse(parts[1])) === JSON.stringify(info), parts.join('\n'));
  const left = await reasons(page);
  check(/scope: email/.test(left.email) && /scope: edu.group/.test(left.group) && /scope: edu.age/.test(left.age) && /asetuksissa/.test(left.locale) && /asetuksissa/.test(left.provider) && Object.keys(left).length === 5, JSON.stringify(left));
  for (const width of [1280, 320]) { await page.setViewportSize({ width, height: 900 }); await looks(page, 'told', width); }
  const after = [await cookieOf(context, 'digione'), await cookieOf(context, 'trail'), await cookieOf(context, 'seen')];
  check(before[0] === after[0] && before[1] === after[1], `the developer's own cookies changed: ${before} ${after}`);
  check((await page.goto(`${g.url}/vendor`)).status() === 200 && /Vera Tuisku/.test(await page.textContent('header')), 'the developer is signed out');
  // What a service has to take as it comes: no family name.
  await play(page, 'onename', 'tori');
  const one = await said(await opens(context, page));
  await page.click('#told a');
  check(!('family_name' in one.info) && /ei ole tätä tietoa/.test((await reasons(page)).family_name), JSON.stringify(await reasons(page)));
  await context.close();
});

await test('prompt, max_age and silent requests are answered for the test person, and never by the picker', async () => {
  const { context, page } = await visitor({ state: vera });
  await play(page, 'teacher', 'tori');
  for (const ask of [{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }, { prompt: 'none' }, { prompt: 'login', max_age: '1' }]) {
    wants.tori = ask;
    const tab = await context.newPage();
    await tab.goto(`${client}/tori/login`);
    const x = await said(tab);
    check(x.info?.given_name === 'Helmi Sofia', `${JSON.stringify(ask)}: ${JSON.stringify(x)}`);
    await tab.close();
  }
  delete wants.tori;
  check((await page.goto(`${g.url}/vendor`)).status() === 200, 'the developer is signed out');
  await context.close();
});

await test('every test person at a test service is who they are, or is not let in with the reason in words', async () => {
  const { context, page } = await visitor({ state: vera, scripts: false });
  await page.goto(`${g.url}/vendor/test-people`);
  const keys = await page.locator('tbody th a').evaluateAll((all) => all.map((a) => a.getAttribute('href').split('/').pop()));
  const subs = new Set();
  for (const key of keys) {
    await play(page, key, 'tori');
    const tab = await context.newPage(), status = (await tab.goto(`${client}/tori/login`)).status();
    if (['yesterday', 'norole'].includes(key)) {
      check(status === 403 && (await tab.locator('.testing').count()) === 1, `${key}: ${status} ${await tab.textContent('body')}`);
      check((await tab.locator('main form').count()) === 0, 'a test person asks an admin for access');
      await page.goto(`${g.url}/vendor/test-people/${key}`);
      check((await page.locator('#denied').count()) === 1, 'the page does not say so');
    } else {
      subs.add((await said(tab)).info.sub);
    }
    await tab.close();
  }
  check(keys.length === 19 && subs.size === 17, `${keys.length} people, ${subs.size} names`);
  await context.close();
});

/* --- what does not open ---------------------------------------------------------------------------------------------- */

await test('a test person opens no other service: not their organisation\'s next, not production, not another\'s', async () => {
  const { context, page } = await visitor({ state: vera });
  await play(page, 'principal', 'tori');
  for (const id of ['halli', 'vieras', 'kioski']) {
    const tab = await context.newPage(), status = (await tab.goto(`${client}/${id}/login`)).status();
    check(status === 403 && (await tab.locator('.testing').count()) === 0 && tab.url().startsWith(g.url), `${id}: ${status} ${tab.url()} ${await tab.textContent('body')}`);
    await tab.close();
  }
  const to = `${g.url}/oidc/authorize?${new URLSearchParams({ client_id: 'tuotanto', redirect_uri: 'https://tuotanto.example/cb', response_type: 'code', scope: 'openid', state: 's'.repeat(16), nonce: 'n' })}`;
  const production = await context.request.get(to, { maxRedirects: 0 });
  check(production.status() === 403, `production: ${production.status()} ${production.headers().location}`);
  for (const at of ['/', '/me', '/admin']) {
    const r = await context.request.get(g.url + at, { maxRedirects: 0 });
    check(!/Rauha|Rehtola|testing/.test(await r.text()), `${at} shows the test person`);
  }
  // The form takes none of these, whoever sends it.
  await page.goto(`${g.url}/vendor/test-people/principal`);
  const csrf = await page.getAttribute('main form [name=csrf]', 'value');
  for (const service of ['tuotanto', 'vieras', 'nothing', ''])
    check((await page.request.post(`${g.url}/vendor/test-people/principal`, { headers: { Origin: g.url }, form: { csrf, act: 'start', service } })).status() === 400, `"${service}" was taken`);
  check((await page.request.post(`${g.url}/vendor/test-people/principal`, { headers: { Origin: g.url }, form: { csrf: 'x', act: 'start', service: 'tori' } })).status() === 403, 'without the token');
  check((await page.request.post(`${g.url}/vendor/test-people/principal`, { headers: { Origin: 'https://evil.example' }, form: { csrf, act: 'start', service: 'tori' } })).status() === 403, 'from another page');
  check((await page.request.post(`${g.url}/vendor/test-people/nobody`, { headers: { Origin: g.url }, form: { csrf, act: 'start', service: 'tori' } })).status() === 404, 'somebody who is not there');
  await context.close();
});

await test('a reader plays nobody; and the cookie of a test person is nothing beside anybody else\'s session, or none', async () => {
  const { context, page } = await visitor({ state: vera });
  await play(page, 'teacher', 'tori');
  const mine = (await context.cookies(g.url)).find((c) => c.name.endsWith('test_school'));
  check(mine.httpOnly && mine.sameSite === 'Lax', JSON.stringify(mine));
  for (const [who, state, sees] of [['nobody', undefined, 200], ['a pupil', pupil, 403], ['a reader of the organisation', laura, 403]]) {
    const v = await visitor({ state });
    await v.context.addCookies([mine]);
    const status = (await v.page.goto(`${client}/tori/login`)).status();
    check(status === sees && v.page.url().startsWith(g.url) && (await v.page.locator('.testing').count()) === 0, `${who}: ${status} ${v.page.url()}`);
    await v.context.close();
  }
  const reads = await visitor({ state: laura });
  await reads.page.goto(`${g.url}/vendor/test-people/teacher`);
  check((await reads.page.locator('[value=start]').count()) === 0, 'a reader is offered it');
  await reads.page.goto(`${g.url}/vendor/account`);
  const csrf = (await reads.page.content()).match(/action="\/vendor\/account"[^]*?name="csrf" value="([^"]+)"/)[1];
  check((await reads.page.request.post(`${g.url}/vendor/test-people/teacher`, { headers: { Origin: g.url }, form: { csrf, act: 'start', service: 'tori' } })).status() === 404, 'a reader begins');
  await reads.context.close();
  // As somebody's own session it is none: under their cookie's name it opens nothing.
  const swapped = await visitor();
  await swapped.context.addCookies([{ ...mine, name: mine.name.replace('test_school', 'digione') }]);
  await swapped.page.goto(`${client}/tori/login`);
  check(/\/sign-in/.test(swapped.page.url()), `under the other name it is a session: ${swapped.page.url()}`);
  await swapped.context.close();
  // Signed out of the portal's own session, the developer plays nobody.
  const tab = await context.newPage();
  await context.clearCookies({ name: /digione$/ });
  await tab.goto(`${client}/tori/login`);
  check(/\/sign-in/.test(tab.url()), tab.url());
  await context.close();
});

await test('who is no developer of the organisation any more plays nobody from that moment on', async () => {
  const owner = await visitor({ state: vera, scripts: false }), l = await visitor({ state: laura });
  const becomes = async (role) => {
    await owner.page.goto(`${g.url}/vendor/people`);
    const row = owner.page.locator('tbody tr', { hasText: 'Laura' });
    await row.locator('[name=role]').selectOption(role);
    check(await send(owner.page, row.locator('[value=role]').click()) === 200, await owner.page.textContent('main'));
  };
  await becomes('developer');
  await play(l.page, 'teacher', 'tori');
  const tab = await opens(l.context, l.page);
  check((await said(tab)).info.given_name === 'Helmi Sofia', 'a developer plays');
  await becomes('reader');
  check((await tab.goto(`${client}/tori/login`)).status() === 403 && (await tab.locator('.testing').count()) === 0, `a reader plays: ${tab.url()}`);
  await l.context.close();
  await owner.context.close();
});

await test('a service that signs the test person out ends their session and no other; so does the button', async () => {
  const { context, page } = await visitor({ state: vera });
  await play(page, 'staff', 'tori');
  const tab = await opens(context, page);
  check((await said(tab)).info.given_name === 'Kerttu', 'who it is');
  await tab.goto(`${client}/tori/logout`);
  check(tab.url() === `${client}/tori/out`, tab.url());
  check((await page.goto(`${g.url}/vendor/test-people/staff`)).status() === 200 && (await page.locator('#playing').count()) === 0, 'the test person goes on');
  await play(page, 'staff', 'tori');
  await opens(context, page);
  await send(page, page.click('[value=end]'));
  check((await page.locator('#playing').count()) === 0 && /kirjattu ulos/.test(await page.textContent('main')), await page.textContent('main'));
  await tab.goto(`${client}/tori/login`);
  check(tab.url().startsWith(g.url) && (await tab.locator('.testing').count()) === 0, tab.url());
  await context.close();
});

await test('a voluntary service asks the test person, under the banner; a plain link is told nothing', async () => {
  const { context, page } = await visitor({ state: vera });
  await play(page, 'twocities', 'kioski');
  const tab = await opens(context, page);
  check(/\/consent/.test(tab.url()) && (await tab.locator('.testing').count()) === 1, tab.url());
  await tab.setViewportSize({ width: 320, height: 900 });
  tab.scripts = true;
  await looks(tab, 'consent');
  await send(tab, tab.click('main form button.b'));
  await until('the service', () => tab.url().startsWith(client));
  check((await said(tab)).info.edu_schools.length === 2, await tab.locator('body').innerText());
  await play(page, 'twocities', 'linkki');
  const link = await opens(context, page);
  check(link.url() === `${client}/linkki`, link.url());
  check(/Tavalliselle linkille ei kerrota/.test(await page.textContent('#told')), 'what a link is told');
  await context.close();
});

/* --- SAML, LTI -------------------------------------------------------------------------------------------------------- */

async function registers(id, body) {
  const answer = await fetchLocal(g.port, `/api/v1/services/${id}`, { method: 'PUT', body: JSON.stringify({ vendor, test: true, enabled: true, name: { fi: id }, ...body }), headers: { Authorization: `Bearer ${bench}`, 'Content-Type': 'application/json' } });
  check(answer.status === 201, `${id}: ${answer.status} ${answer.text}`);
}

await test('over SAML, by node-saml: the assertion as it left, and what was left out', async () => {
  const dir = folder('vendor-school-saml'), samlPort = await freePort(), base = `http://127.0.0.1:${samlPort}`;
  fs.writeFileSync(path.join(dir, 'idp.xml'), (await fetchLocal(g.port, '/saml/metadata')).text);
  if (!await peer('node-saml', process.execPath, [path.join(root, 'tests/peers/node_saml_sp.mjs'), String(samlPort), base, path.join(dir, 'idp.xml'), dir, JSON.stringify({ identifierFormat: null, signatureAlgorithm: 'sha256' })], { cwd: root })) return 'skipped: node-saml is not installed';
  await registers('jakala', { protocol: 'saml', entity_id: `${base}/sp`, metadata_xml: fs.readFileSync(path.join(dir, 'sp.xml'), 'utf8'), launch_uri: `${base}/login`, asks: ['sub', 'given_name', 'family_name', 'roles', 'school', 'provider', 'learner_id', 'class_level'] });
  const { context, page } = await visitor({ state: vera });
  await play(page, 'onename', 'jakala');
  const tab = await opens(context, page);
  await until('the service', () => tab.url().startsWith(`${base}/me`));
  const me = await tab.locator('body').innerText();
  check(me.includes('Suharto') && me.includes('1.2.246.562.98.99900000045') && !me.includes('Vera'), me);
  await page.click('#told a');
  const xml = await page.locator('#told pre').innerText();
  check(xml.startsWith('<saml:Assertion') && xml.includes('Suharto') && xml.includes('SignatureValue'), xml);
  check(Object.keys(await reasons(page)).join() === 'family_name', JSON.stringify(await reasons(page)));
  await page.setViewportSize({ width: 320, height: 900 });
  await looks(page, 'saml');
  // It signs them out, and them alone.
  await tab.goto(`${base}/logout`);
  await page.goto(`${g.url}/vendor/test-people`);
  check((await page.locator('#playing').count()) === 0 && /Vera Tuisku/.test(await page.textContent('header')), 'the test person goes on, or the developer does not');
  await context.close();
});

await test('over LTI, by ltijs: the message as it left, for a teacher of two schools and for whom it is not', async () => {
  const ltiPort = await freePort(), own = `http://ltijs.localhost:${ltiPort}`;
  await registers('hilla', { protocol: 'lti', client_id: 'client-of-hilla', initiate_login_uri: `${own}/login`, target_link_uri: `${own}/`, redirect_uris: [`${own}/`], jwks_uri: `${own}/keys`, asks: ['sub', 'given_name', 'family_name', 'roles', 'school', 'group', 'email'] });
  await peer('ltijs', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(ltiPort), PLATFORM: g.url, CLIENT: 'client-of-hilla' }, within_ms: 120000 });
  const { context, page } = await visitor({ state: vera });
  await play(page, 'twoschools', 'hilla');
  const tab = await opens(context, page);
  check((await tab.locator('.testing').count()) === 1 && /9A/.test(await tab.textContent('main')), `which class: ${tab.url()}`);
  await send(tab, tab.click('main a:has-text("9A")'));
  await until('the tool', () => tab.url().startsWith(own) && new URL(tab.url()).pathname === '/', 60000);
  const x = JSON.parse(await tab.locator('body').innerText());
  check(x.token.userInfo.given_name === 'Otso', JSON.stringify(x));
  await page.click('#told a');
  const message = JSON.parse(await page.locator('#told pre').innerText());
  check(message['https://purl.imsglobal.org/spec/lti/claim/context'].label === '9A' && message.iss === g.url && message.aud === 'client-of-hilla', JSON.stringify(message));
  await page.setViewportSize({ width: 320, height: 900 });
  await looks(page, 'lti');
  await play(page, 'yesterday', 'hilla');
  const no = await opens(context, page);
  check((await no.locator('.testing').count()) === 1 && no.url().startsWith(g.url) && (await page.locator('#denied').count()) === 1, no.url());
  check((await page.goto(`${g.url}/vendor`)).status() === 200, 'the developer is signed out');
  await context.close();
});

/* --- nobody counts them ---------------------------------------------------------------------------------------------- */

await test('the audit log names test persons apart: no sign-in, opening, disclosure or refusal is counted', async () => {
  const all = auditLines(), tested = all.filter((l) => l.idp === '~test-school');
  check(tested.length > 40 && tested.every((l) => l.event === 'test_school'), JSON.stringify(tested.find((l) => l.event !== 'test_school')));
  check(['open', 'release', 'refused', 'logout'].every((r) => tested.some((l) => l.reason === r)), [...new Set(tested.map((l) => l.reason))].join(' '));
  check(all.filter((l) => l.event === 'open' || l.event === 'release').length === 0, 'somebody real has opened something');
  check(all.some((l) => l.event === 'vendor' && l.reason === 'test_person' && l.row === 'pupil8'), 'who played is not written');
  const numbers = (await fetchLocal(g.port, '/metrics')).text;
  check(!/services_opened\w*(\{[^}]*\})? [1-9]/.test(numbers), numbers.split('\n').filter((l) => /opened/.test(l)).join('\n'));
});

// Last, since Vera is signed out by it.
await test('who plays signs out, or ends their other sessions: the test person ends with them, and so do the tokens', async () => {
  const { context, page } = await visitor({ state: vera });
  await page.goto(`${g.url}/vendor`);
  const told = () => fetchLocal(g.port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${held.get('tori').access_token}` } }).then((r) => r.status);
  await play(page, 'teacher', 'tori');
  const tab = await opens(context, page);
  check((await said(tab)).info.given_name === 'Helmi Sofia' && (await told()) === 200, 'the test person is not in');
  const form = page.locator('form[action="/sign-out"]').first();
  const out = await page.request.post(`${g.url}/sign-out`, { form: { csrf: await form.locator('[name=csrf]').inputValue() } });
  check(out.ok(), `${out.status()}`);
  await page.goto(`${g.url}/vendor`);
  check(/\/sign-in/.test(page.url()), `who played is still in: ${page.url()}`);
  check((await told()) === 401, `a token of the test person is good after that: ${await told()}`);
  await tab.goto(`${client}/tori/login`);
  check((await tab.locator('.testing').count()) === 0 && !tab.url().startsWith(client), `the test person goes on: ${tab.url()}`);
  await context.close();
});

await browser.close();
await g.stop();
await finish();
