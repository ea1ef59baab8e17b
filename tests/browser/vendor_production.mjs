// SPDX-License-Identifier: EUPL-1.2
// An LTI 1.3 tool in production beside its test, in a real Chromium: addresses, id and deployment of its own; what production
// refuses of each of its addresses; the test goes on.  (OpenID Connect and SAML: journeys_vendor.mjs; each column: e2e/production.mjs.)
//   node vendor_production.mjs PATH-OF-DIGIONE
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { Gateway, check, fetchLocal, finish, folder, freePort, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing } from './look.mjs';

const program = path.resolve(process.argv[2]);
const password = 'salasana-salasana', tlsPort = await freePort(), plainPort = await freePort(), LTI = 'https://purl.imsglobal.org/spec/lti/claim/';

const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: anna, idp: oulu, username: anna, password: { plain: ${password} }, given_names: Anna, family_name: Opettaja, affiliations: [{ provider: oulu, role: teacher, school: "99101", group: "7B" }] }
policies:
  - { id: oulu-teachers, provider: oulu, opens: permit, roles: [teacher], release: [sub, given_name, roles, school, group] }
`;
const g = await new Gateway(program, { name: 'vendor-production', port: await freePort(), registry }).start();
const browser = await launch({ args: [`--host-resolver-rules=MAP *.example 127.0.0.1:${tlsPort}`] });

// The tool, once at http://tool.localhost and once at https://tool.example: /login and /launch [LTI Advantage security 5.1].
const begun = new Map();
const tool = (scheme) => async (req, res) => {
  const base = `${scheme}://${req.headers.host}`, url = new URL(req.url, base), parts = [];
  for await (const d of req) parts.push(d);
  const form = new URLSearchParams(Buffer.concat(parts).toString()), say = (status, what) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(what));
  if (url.pathname === '/login') {
    const q = req.method === 'POST' ? form : url.searchParams, state = crypto.randomUUID(), nonce = crypto.randomUUID();
    begun.set(state, { nonce, client: q.get('client_id') });
    const to = new URL(`${q.get('iss')}/lti/authorize`);
    for (const [k, v] of Object.entries({ scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: q.get('client_id'), redirect_uri: `${base}/launch`, login_hint: q.get('login_hint'), lti_message_hint: q.get('lti_message_hint'), state, nonce })) if (v !== null) to.searchParams.set(k, v);
    return res.writeHead(302, { Location: to.href }).end();
  }
  if (url.pathname === '/launch') {
    try {
      const b = begun.get(form.get('state')), keys = createLocalJWKSet(JSON.parse((await fetchLocal(g.port, '/oidc/jwks')).text));
      const { payload } = await jwtVerify(form.get('id_token') ?? '', keys, { issuer: g.url, audience: b.client });
      check(payload.nonce === b.nonce, 'another nonce');
      return say(200, { at: base, ...payload });
    } catch (e) { return say(400, { error: String(e), form: Object.fromEntries(form) }); }
  }
  say(404, {});
};
const keys = folder('vendor-production');
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=tool.example', '-keyout', path.join(keys, 'key'), '-out', path.join(keys, 'crt')], { stdio: 'ignore' });
const servers = [http.createServer(tool('http')).listen(plainPort, '127.0.0.1'), https.createServer({ key: fs.readFileSync(path.join(keys, 'key')), cert: fs.readFileSync(path.join(keys, 'crt')) }, tool('https')).listen(tlsPort, '127.0.0.1')];

async function visitor(state) {
  const context = await browser.newContext({ storageState: state, locale: 'fi-FI', ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
  return { context, page: await context.newPage() };
}
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };
async function local(page, to, idp, username) {
  await page.goto(g.url + to);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=${idp}`);
  await page.fill('#username', username);
  await page.fill('#password', password);
  await send(page, page.click('form:has(#password) .acts button.b'));
}
function code(seed) { // [RFC 6238]
  const bits = [...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join(''), counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const launched = async (page) => { await page.waitForURL(/\/launch$/, { timeout: 60000 }); return JSON.parse(await page.locator('body').innerText()); };

let vera, id, real, test_;
await test('a tool in test, at an address of this machine, is launched by a test person', async () => {
  const { context, page } = await visitor();
  await local(page, '/admin/vendors', 'operators', 'riikka');
  for (const [f, v] of Object.entries({ name_fi: 'Tuisku Oy', business_id: '2345678-0', technology: 't@tuisku.example', privacy: 'p@tuisku.example', incidents: 'i@tuisku.example' })) await page.fill(`#${f}`, v);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link');
  await context.close();
  vera = await visitor();
  await vera.page.goto(link);
  for (const [f, v] of Object.entries({ given_names: 'Vera', family_name: 'Tuisku', username: 'vera', password: 'pitkä lause on parempi', code: code((await vera.page.textContent('#seed')).trim()) })) await vera.page.fill(`#${f}`, v);
  await send(vera.page, vera.page.click('main form .acts button.b'));
  const paper = (await vera.page.locator('#papers code').first().textContent()).trim();
  await vera.page.goto(`${g.url}/vendor`);
  for (const [f, v] of Object.entries({ username: 'vera', password: 'pitkä lause on parempi', code: paper })) await vera.page.fill(`#${f}`, v);
  await send(vera.page, vera.page.click('#local .acts button.b'));
  await vera.page.waitForURL(`${g.url}/vendor`);

  const own = `http://tool.localhost:${plainPort}`, { page: p } = vera;
  await p.goto(`${g.url}/vendor/service/new?protocol=lti`);
  const says = { name_fi: 'Työkalu', name_sv: 'Verktyg', name_en: 'Tool', line_fi: 'Tehtävät', line_sv: 'Uppgifter', line_en: 'Tasks', initiate_login_uri: `${own}/login`, target_link_uri: `${own}/launch`, redirect_uris: `${own}/launch`, policy_uri: 'https://tool.example/tietosuoja', accessibility_uri: 'https://tool.example/saavutettavuus', contacts: 'tuki@tool.example', child_decides_from: '15' };
  for (const [f, v] of Object.entries(says)) await p.fill(`#${f}`, v);
  for (const tick of ['for_teacher', 'ask_given_name']) await p.check(`[name=${tick}]`);
  check(await send(p, p.click('[value=save]')) === 200, await p.textContent('main'));
  id = await p.textContent('#client_id');
  await p.goto(`${g.url}/vendor/service/${id}`);
  for (const [lang, v] of Object.entries({ fi: 'Nimi näkyy.', sv: 'Namnet syns.', en: 'The name is seen.' })) await p.fill(`#why_${lang}_given_name`, v);
  await p.selectOption('#basis_given_name', 'contract');
  check(await send(p, p.click('[value=save]')) === 200 && (await p.locator('#lacks li').count()) === 0, await p.textContent('main'));
  test_ = await plays();
  check(test_.at === own && test_.aud === id && test_.given_name === 'Helmi Sofia', JSON.stringify(test_));
});
async function plays() {
  await vera.page.goto(`${g.url}/vendor/test-people/teacher`);
  await send(vera.page, vera.page.locator(`form:has([name=service][value="${id}"]) [value=start]`).click());
  const [tab] = await Promise.all([vera.context.waitForEvent('page'), vera.page.click('#go')]);
  const said = await launched(tab);
  await tab.close();
  return said;
}

await test('production refuses each of its addresses that is http, of this machine, has a fragment or a wildcard; what was typed stands', async () => {
  const { page } = vera, good = { initiate_login_uri: 'https://tool.example/login', target_link_uri: 'https://tool.example/launch', redirect_uris: 'https://tool.example/launch', jwks_uri: '', targets: '' };
  await page.goto(`${g.url}/vendor/use/${id}`);
  if (await page.locator('#gate_why').count()) good.gate_why = 'Portti ajetaan keväällä';
  for (const field of Object.keys(good).filter((f) => f !== 'gate_why')) check((await page.inputValue(`#${field}`)) === '', `${field}: an address of this machine is offered`);
  await axeFindsNothing(page, 'ask-lti');
  for (const field of Object.keys(good).filter((f) => f !== 'gate_why'))
    for (const wrong of ['http://tool.example/x', 'https://localhost/x', 'https://tool.localhost/x', 'https://127.0.0.1/x', 'https://tool.example/x#y', 'https://*.example/x']) {
      for (const [f, v] of Object.entries({ ...good, [field]: wrong })) await page.fill(`#${f}`, v);
      check(await send(page, page.click('[value=production]')) === 400, `${field} ${wrong}: taken`);
      check((await page.textContent('main [role=alert]')).includes(field) && (await page.inputValue(`#${field}`)) === wrong, `${field} ${wrong}: ${await page.textContent('main [role=alert]')}`);
    }
  for (const [f, v] of Object.entries(good)) await page.fill(`#${f}`, v);
  check(await send(page, page.click('[value=production]')) === 200 && (await page.locator('#secret').count()) === 0, await page.textContent('main'));
});

await test('approved, it has an id and a deployment of its own, and a teacher is launched at its own address; the test goes on at its', async () => {
  const { context, page } = await visitor();
  await local(page, '/admin/drafts', 'operators', 'riikka');
  await send(page, page.click('main a[href^="/admin/drafts/"]'));
  check(/https:\/\/tool\.example\/launch/.test(await page.textContent('main')), await page.textContent('main'));
  check(/Lapsi päättää yksin:\s*15 vuotta täytettyään\. Huoltaja ei sen jälkeen asioi/.test(await page.textContent('main')), 'who approves is not told that guardians are shut out');
  await page.fill('#why', 'Portti ajetaan keväällä, kuten sovittu');
  if (await page.locator('#looked input').count()) await page.check('#looked input');
  check(await send(page, page.click('[value=approve]')) === 200, await page.textContent('main'));
  await context.close();
  const made = await until('it is in production', async () => { await vera.page.goto(`${g.url}/vendor/use/${id}`); return (await vera.page.locator('section:has(#production) a[href^="/vendor/service/"]').first().getAttribute('href', { timeout: 1000 })).split('/').pop(); });
  const anna = await visitor();
  await local(anna.page, `/open/${made}`, 'oulu', 'anna');
  real = await launched(anna.page);
  check(real.at === 'https://tool.example' && real.aud === made && real.aud !== test_.aud && real.given_name === 'Anna', JSON.stringify(real));
  check(real[`${LTI}deployment_id`] && real[`${LTI}deployment_id`] !== test_[`${LTI}deployment_id`] && real.iss === test_.iss, `deployments: ${real[`${LTI}deployment_id`]} ${test_[`${LTI}deployment_id`]}`);
  // The test opens for test people alone, and goes on.
  check((await anna.page.goto(`${g.url}/open/${id}`)).status() === 403, 'a teacher is at the test');
  await anna.context.close();
  const again = await plays();
  check(again.at === test_.at && again.aud === id, JSON.stringify(again));
});

await browser.close();
for (const s of servers) s.close();
await g.stop();
await finish();
