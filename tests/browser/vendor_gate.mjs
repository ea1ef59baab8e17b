// SPDX-License-Identifier: EUPL-1.2
// The gate, in a real Chromium [J8, issue 14 §6]: the gateway plays wrong on purpose towards the client of a service in test. A right
// client passes every trial; each of seventeen faults planted in one is caught; and nobody else is ever told a wrong token.
//   node vendor_gate.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { worldOutside } from './gate_bench.mjs';
import { Client, LibraryClient } from './gate_client.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-gate-shots');
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
  - { id: kinos-oidc, protocol: oidc, vendor: kinos, test: true, name: { fi: Toisen palvelu }, client_id: kinos-oidc, secret: { plain: ${bench} }, redirect_uris: ["http://127.0.0.1:9/cb"], scopes: [openid] }
  - { id: kinos-live, protocol: oidc, vendor: kinos, name: { fi: Tuotannossa }, client_id: kinos-live, secret: { plain: ${bench} }, redirect_uris: ["https://kinos.example/cb"], scopes: [openid] }
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
/* --- the world outside: a proxy that leads to the client's own server, which hears logout tokens over https ------- */

const clientHost = 'client.gate.example';
let client;
const world = await worldOutside('gate', clientHost, (req, res) => client.leave(req, res));

const g = await new Gateway(program, { name: 'vendor-gate', port: await freePort(), registry, settings: { support: 'tuki@digione.example', ...world.settings } }).start();
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


/* --- a service, its client, and one trial after another --------------------------------------------------------------- */

client = await new Client({ issuer: g.url }).listen();
const wrongs = ['state', 'no_state', 'mix_up', 'other_code', 'issuer', 'audience', 'nonce', 'expired', 'future', 'unsigned', 'alg_none', 'other_key', 'hs256'];
const leaving = ['logout_key', 'logout_old', 'logout_right'], all = ['good', ...wrongs, 'rolled_key', ...leaving];
const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
let gate;

const start = async (page, trial) => {
  await page.goto(g.url + gate);
  return send(page, page.locator(`button[name=trial][value=${trial}]:not(#first)`).click());
};
async function atClient(page) { // what the tester sees there
  const href = await page.getAttribute('#launch', 'href'), other = await page.context().newPage();
  await other.goto(href);
  const said = (await other.textContent('#said').catch(() => null)) ?? `a page of ours: ${await other.title()}`;
  await other.close();
  return said;
}
const verdict = async (page, trial) => {
  for (const v of ['failed', 'passed', 'open', 'todo']) if (await page.locator(`#${v}-${trial}`).count()) return v;
  return 'nothing';
};
async function run(page, trial, saw = 'nothing') {
  check(await start(page, trial) === 200, `${trial} does not begin: ${await page.textContent('main')}`);
  if (leaving.includes(trial)) return { said: '', verdict: await verdict(page, trial) };
  check((await page.getAttribute('#trial', 'data-trial')) === trial, 'another trial is under way');
  const said = await atClient(page);
  await page.check(`[name=saw][value=${saw}]`);
  await send(page, page.click('[value=keep]'));
  return { said, verdict: await verdict(page, trial) };
}

await test('a service in test has a gate, whose page fits and which axe finds well, in each language', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(`${g.url}/vendor/service/new?protocol=oidc`);
  await page.fill('#name_fi', 'Tori Materiaalit');
  await page.fill('#redirect_uris', `${client.base}/cb`);
  await page.fill('#initiate_login_uri', `${client.base}/login`);
  await page.fill('#backchannel_logout_uri', `https://${clientHost}/leave`);
  check(await send(page, page.click('[value=save]')) === 200, await page.textContent('main'));
  client.id = await page.textContent('#client_id');
  client.secret = await page.textContent('#secret');
  gate = `/vendor/gate/${client.id}`;
  await page.goto(`${g.url}/vendor/service/${client.id}`);
  await send(page, page.click('nav.sub a[href^="/vendor/gate/"]'));
  check(page.url() === g.url + gate, page.url());
  check((await page.locator('[id^=todo-]').count()) === all.length, `${await page.locator('[id^=todo-]').count()} trials`);
  await context.close();
});

await test('a right client passes every trial, by what is seen of it alone', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const trial of all) {
    const { said, verdict: v } = await run(page, trial);
    check(v === 'passed', `${trial}: ${v}; the client said "${said}"`);
    if (trial === 'good' || trial === 'rolled_key') check(said === 'signed in: gate-test-person', `${trial}: ${said}`);
    else if (!leaving.includes(trial)) check(said.startsWith('error:'), `${trial}: ${said}`);
  }
  check(client.heard.length === 3, `${client.heard.length} logout tokens were heard`);
  check((await page.locator('[id^=passed-]').count()) === all.length && (await page.locator('#failed, [id^=failed-]').count()) === 0, 'not all of them are passed');
  check(/läpäisty/.test(await page.textContent('h1')) && /\d/.test(await page.textContent('#ran')), 'the report');
  state = await context.storageState();
  await context.close();
});

await test('openid-client passes where it is told to verify signatures, and else two trials find it out', async () => {
  const { context, page } = await visitor({ state, scripts: false }), own = client; // the same port and row
  own.finish = (...x) => LibraryClient.prototype.finish.apply(own, x);
  own.signatures = true;
  for (const trial of ['good', ...wrongs, 'rolled_key']) {
    const r = await run(page, trial);
    check(r.verdict === 'passed', `${trial}: ${r.verdict}; it said "${r.said}"`);
  }
  own.signatures = false;
  for (const trial of ['unsigned', 'other_key', 'issuer']) {
    const r = await run(page, trial);
    check(r.verdict === (trial === 'issuer' ? 'passed' : 'failed'), `${trial}: ${r.verdict}; it said "${r.said}"`);
  }
  delete own.finish;
  state = await context.storageState();
  await context.close();
});

await test('each fault that is planted in a client is caught', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const fault of [...wrongs, 'rolled_key', ...leaving]) {
    client.faults = new Set([fault]);
    client.jwks = null;
    await client.keys();
    const { said, verdict: v } = await run(page, fault, fault === 'rolled_key' ? 'error' : 'nothing');
    check(v === 'failed', `${fault}: ${v}; the client said "${said}"`);
    if (wrongs.includes(fault) && !['state', 'no_state', 'mix_up'].includes(fault)) check(said === 'signed in: gate-wrong-person', `${fault}: ${said}`);
  }
  check((await page.locator('.trial.mend').count()) === all.length - 1, 'one article for each fault');
  client.faults = new Set();
  state = await context.storageState();
  await context.close();
});

for (const lang of ['fi-FI', 'sv-FI', 'en-GB']) for (const width of [320, 1280]) await test(`the page with faults and with a trial under way fits at ${width} px in ${lang}, and axe finds nothing`, async () => {
  const { context, page } = await visitor({ state, lang, width, dark: lang === 'sv-FI' });
  await start(page, 'issuer');
  await looks(page, `gate-${lang}`);
  await context.close();
});

await test('a client that asks for no userinfo is judged by what its tester saw', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  client.quiet = true;
  let r = await run(page, 'good', 'in');
  check(r.verdict === 'passed', `good: ${r.verdict}`);
  r = await run(page, 'expired');
  check(r.verdict === 'open', `nothing was said: ${r.verdict}`);
  r = await run(page, 'expired', 'error');
  check(r.verdict === 'passed', `an error was seen: ${r.verdict}`);
  client.faults = new Set(['expired']);
  r = await run(page, 'expired', 'in');
  check(r.verdict === 'failed', `it let the tester in: ${r.verdict}`);
  client.faults = new Set();
  client.quiet = false;
  r = await run(page, 'expired', 'in');
  check(r.verdict === 'failed', 'the tester says that it let them in, whatever was seen');
  r = await run(page, 'good', 'error');
  check(r.verdict === 'failed', 'the tester says that the right answer does not let them in');
  await run(page, 'good');
  await context.close();
});

await test('who keeps and goes on comes to the next trial by one press, and the tester alone gets to it', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await start(page, 'issuer');
  await atClient(page);
  await send(page, page.click('[value=next]'));
  check((await page.getAttribute('#trial', 'data-trial')) === 'audience', await page.getAttribute('#trial', 'data-trial'));
  check((await verdict(page, 'issuer')) === 'passed', 'the one before was judged');
  await context.close();
});

/* --- nobody else is told anything wrong -------------------------------------------------------------------------------- */

const ask = (id, redirect) => `${g.url}/oidc/authorize?${new URLSearchParams({ client_id: id, redirect_uri: redirect, response_type: 'code', scope: 'openid', state: 's', nonce: 'n', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' })}`;
const codeOfAnswer = async (page, url) => { // where the authorization endpoint leads: a code at once, or a page of ours
  const r = await page.request.get(url, { maxRedirects: 0 });
  const to = r.headers().location ?? '';
  return to.startsWith(client.base) ? new URL(to).searchParams.get('code') : null;
};

await test('a trial is of one browser, of one service, of one session, and is used once', async () => {
  const { context, page } = await visitor({ state, scripts: false }), mineUrl = ask(client.id, `${client.base}/cb`);
  await start(page, 'issuer');
  const cookies = await context.cookies(), trial = cookies.find((x) => /gate$/.test(x.name));
  check(trial && trial.httpOnly && trial.sameSite === 'Lax', 'the trial is a cookie of this browser');
  // Another browser, with nothing; with the trial's cookie but no session; with the session but not the trial.
  for (const keep of [() => false, (x) => x === trial, (x) => x !== trial]) {
    const other = await browser.newContext();
    await other.addCookies(cookies.filter(keep));
    const r = await (await other.newPage()).request.get(mineUrl, { maxRedirects: 0 });
    check(!/digione-gate|wrong-issuer/.test(r.headers().location ?? ''), 'a stranger was answered wrongly');
    const code = (r.headers().location ?? '').startsWith(client.base) ? new URL(r.headers().location).searchParams.get('code') : null;
    if (code) check((await redeem(code)).id_token === undefined || payload((await redeem(code)).id_token ?? 'a.e30.b').iss !== 'https://wrong-issuer.invalid', 'a wrong token');
    await other.close();
  }
  // Another organisation's service in test, and one in production, in the very browser of the trial.
  for (const [id, at] of [['kinos-oidc', 'http://127.0.0.1:9/cb'], ['kinos-live', 'https://kinos.example/cb']]) {
    const r = await page.request.get(ask(id, at), { maxRedirects: 0 });
    check(!/wrong/.test(r.headers().location ?? '') && !(r.headers().location ?? '').startsWith(at), `${id} was answered ${r.status()} ${r.headers().location}`);
  }
  const first = await codeOfAnswer(page, mineUrl);
  check(first, 'the trial was not answered');
  const second = await codeOfAnswer(page, mineUrl);
  check(second === null || second.length !== first.length, 'the trial was answered twice');
  await context.close();
});

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
async function redeem(code, id = client.id, secret = client.secret, redirect = `${client.base}/cb`) {
  const r = await fetch(`${g.url}/oidc/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier }) });
  return r.json();
}

await test('a code of a trial is redeemed once, by its own service alone, and its tokens name nobody and open nothing', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await start(page, 'issuer');
  const stolen = await codeOfAnswer(page, ask(client.id, `${client.base}/cb`));
  for (const [id, at] of [['kinos-oidc', 'http://127.0.0.1:9/cb'], ['kinos-live', 'https://kinos.example/cb']]) check((await redeem(stolen, id, bench, at)).error === 'invalid_grant', `${id} has redeemed it`);
  await start(page, 'issuer');
  const code = await codeOfAnswer(page, ask(client.id, `${client.base}/cb`)), got = await redeem(code);
  const claims = payload(got.id_token);
  check(claims.iss === 'https://wrong-issuer.invalid' && claims.sub === 'gate-wrong-person' && claims.aud === client.id && claims['urn:digione:gate'] === 'trial', JSON.stringify(claims));
  check(!Object.keys(claims).some((k) => /name|email|role|school/.test(k)) && got.refresh_token === undefined, 'it says something of somebody');
  check((await redeem(code)).error === 'invalid_grant', 'the code was taken twice');
  const info = await (await fetch(`${g.url}/oidc/userinfo`, { headers: { authorization: `Bearer ${got.access_token}` } })).json();
  check(info.sub === 'gate-wrong-person', JSON.stringify(info));
  const seen = await fetch(`${g.url}/oidc/introspect`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` }, body: new URLSearchParams({ token: got.access_token }) });
  check((await seen.json()).active !== true, 'its access token is good elsewhere');
  check((await fetch(`${g.url}/oidc/userinfo`, { headers: { authorization: `Bearer ${got.access_token.slice(0, -4)}AAAA` } })).status === 401, 'a token that was altered opens');
  await context.close();
});

await test('the key that was rolled to is shown without its private half, and was used for one token', async () => {
  const set = (await (await fetch(`${g.url}/oidc/jwks`)).json()).keys, before = new Set(set.map((k) => k.kid));
  const { context, page } = await visitor({ state, scripts: false });
  await start(page, 'rolled_key');
  const got = await redeem(await codeOfAnswer(page, ask(client.id, `${client.base}/cb`)));
  const now = (await (await fetch(`${g.url}/oidc/jwks`)).json()).keys, fresh = now.filter((k) => !before.has(k.kid));
  check(fresh.length === 1 && fresh[0].kid === JSON.parse(Buffer.from(got.id_token.split('.')[0], 'base64url')).kid, 'one new key, of this token');
  check(now.every((k) => k.d === undefined && k.p === undefined), 'a private key is shown');
  check(payload(got.id_token).sub === 'gate-test-person' && payload(got.id_token).aud === client.id, 'whom it names');
  await context.close();
});

await test('strangers, other organisations, and services that are not in test have no trials', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  for (const id of ['kinos-oidc', 'kinos-live', 'kinos-hanki', 'nobody']) check((await page.goto(`${g.url}/vendor/gate/${id}`)).status() === 404, `${id} is seen`);
  await page.goto(g.url + gate);
  const csrf = await page.locator('main [name=csrf]').first().inputValue();
  const post = (at, form) => page.request.post(g.url + at, { form, headers: { origin: g.url }, maxRedirects: 0 });
  check((await post('/vendor/gate/kinos-oidc', { csrf, act: 'start', trial: 'issuer' })).status() === 404, 'a trial of another organisation began');
  check((await post(gate, { act: 'start', trial: 'issuer' })).status() === 403, 'a form without its token was taken');
  check((await post(gate, { csrf, act: 'start', trial: 'whatever' })).status() === 400, 'a trial that is none was begun');
  await page.goto(`${g.url}/vendor/service/${client.id}`);
  await send(page, page.click('[value=close]')); // switched off: it has none either
  check((await post(gate, { csrf, act: 'start', trial: 'issuer' })).status() === 403, 'a service that is switched off has trials');
  await page.goto(g.url + gate);
  check((await page.locator('button[name=trial]').count()) === 0, 'its page offers some');
  await page.goto(`${g.url}/vendor/service/${client.id}`);
  await send(page, page.click('[value=open]'));
  await context.close();
});

await test('what the trials depend on has changed: they are to be run anew', async () => {
  const { context, page } = await visitor({ state, scripts: false });
  await page.goto(`${g.url}/vendor/service/${client.id}`);
  await page.fill('#redirect_uris', `${client.base}/cb\n${client.base}/other`);
  await send(page, page.click('[value=save]'));
  await page.goto(g.url + gate);
  check((await page.locator('[id^=todo-]').count()) === all.length, 'a report of another registration stands');
  await page.goto(`${g.url}/vendor/service/${client.id}`);
  await page.fill('#redirect_uris', `${client.base}/cb`);
  await send(page, page.click('[value=save]'));
  await page.goto(g.url + gate);
  check((await page.locator('[id^=todo-]').count()) === 0, 'that of this registration is lost');
  await context.close();
});

client.close();
world.close();
await browser.close();
await g.stop();
finish();
