// SPDX-License-Identifier: EUPL-1.2
// Journeys J1 and J2 in a real browser, over ./demo: its host names, its cities, its services on mod_auth_openidc; axe on
// every page of ours.   node journeys.mjs PATH-OF-DIGIONE   (a release build; ./demo builds nothing anew then)
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { check, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((p) => fs.existsSync(p));
if (!program) { console.log('Chromium is not installed'); process.exit(77); }
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = path.join(root, 'build/journeys');
fs.mkdirSync(shots, { recursive: true });

const state = folder('demo');
fs.chmodSync(state, 0o755);
const N = Number(process.env.DEMO_PORT ?? 20000 + 20 * Math.floor(Math.random() * 1000));
const demo = spawn(path.join(root, 'demo'), ['--no-install', '--port', String(N), '--state', state], { stdio: ['ignore', 'pipe', 'pipe'] });
let said = '';
demo.stdout.on('data', (d) => { said += d; });
demo.stderr.on('data', (d) => { said += d; });
await until('./demo is ready', () => {
  if (demo.exitCode !== null) throw new Error(`./demo ended: ${said}`);
  return said.includes(`ready http://localhost:${N}`);
}, 300000).catch((e) => { console.log(`FAILED ./demo starts: ${e.message}\n${said}`); process.exit(1); });

const browser = await chromium.launch({ executablePath: program, headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const gateway = `http://localhost:${N}`;
const site = (id, k) => `http://${id}.localhost:${N + k}`;
const sites = { kanerva: 6, lampi: 7, paivakirja: 8, kajo: 16 };

let looked = 0;
// Every page of ours that a person sees is looked at: axe, sideways scrolling at 320, no script error.
async function look(page, name) {
  await page.waitForLoadState('load');
  const url = page.url();
  check(/^http:\/\/(localhost|oulu\.localhost|tampere\.localhost|vantaa\.localhost):/.test(url), `${name}: not a page of ours: ${url}`);
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  check(result.violations.length === 0, `${name}: axe: ${result.violations.map((v) => `${v.id} ${v.nodes[0].html}`).join('; ')}`);
  await page.setViewportSize({ width: 320, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 320, `${name}: ${wide} px wide at 320`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.screenshot({ path: path.join(shots, `${name}.png`) });
  looked++;
}

async function person(options = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  return { context, page };
}

async function signIn(page, city, user, { password = 'digione-demo', remember } = {}) {
  if (remember === false) await page.uncheck('input[name=remember]').catch(() => {});
  await page.click(`button[name=idp][value=${city}]`);
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(input[name=password]) button')]);
}

const audit = () => fs.readdirSync(path.join(state, 'gateway/state/audit')).filter((f) => /^audit-.*jsonl$/.test(f))
  .flatMap((f) => fs.readFileSync(path.join(state, 'gateway/state/audit', f), 'utf8').trim().split('\n')).filter(Boolean).map((l) => JSON.parse(l));
const at = (page, host) => until(`arrival at ${host}`, () => page.url().startsWith(host), 20000).catch((e) => { throw new Error(`${e.message}; at ${page.url()}`); });

await test('J1: a teacher of Oulu signs in once and opens two services', async () => {
  const { context, page } = await person();
  await page.goto(gateway + '/');
  await look(page, 'j1-choose');
  await page.click('button[name=idp][value=oulu]');
  await at(page, `http://oulu.localhost:${N + 1}`);
  await look(page, 'j1-oulu');
  await page.fill('input[name=username]', 'aino');
  await page.fill('input[name=password]', 'wrong');
  await page.click('form:has(input[name=password]) button');
  await look(page, 'j1-oulu-wrong');
  check((await page.title()).startsWith('Virhe'), `the title of a failed form: ${await page.title()}`);
  check(await page.inputValue('input[name=username]') === 'aino', 'the user name was lost');
  await page.fill('input[name=password]', 'digione-demo');
  await page.click('form:has(input[name=password]) button');
  await at(page, gateway + '/');
  await look(page, 'j1-launcher');
  const tiles = await page.locator('a[href^="/open/"]').count();
  check(tiles >= 14, `${tiles} tiles`);
  check((await page.content()).includes('Testi-Kielonmäen koulu'), 'the school is not named');
  await page.click('a[href="/open/kanerva"]');
  await at(page, site('kanerva', 6));
  const text = await page.textContent('body');
  check((await page.textContent('#given_name')) === 'Aino Maria' && (await page.textContent('#family_name')) === 'Testi-Kielo', text);
  const told = JSON.parse(await page.textContent('#userinfo'));
  check(told.edu_roles?.[0]?.role === 'teacher' && told.edu_schools?.length === 2, `roles: ${JSON.stringify(told)}`);
  const sub = await page.textContent('#sub');
  await page.goto(gateway + '/');
  await page.click('a[href="/open/lampi"]');
  await at(page, site('lampi', 7));
  check((await page.textContent('#sub')) !== sub, 'two vendors see the same identifier');
  check(!('edu_roles' in JSON.parse(await page.textContent('#userinfo'))), 'Lampi was told roles that it did not ask for');
  // Straight to a service, without the launcher: no prompt either.
  await page.goto(site('kajo', 16) + '/');
  await at(page, site('kajo', 16));
  check((await page.locator('#given_name').count()) === 0 && (await page.textContent('#sub')).length > 20, 'Kajo was told a name');
  const lines = audit();
  const logins = lines.filter((l) => l.event === 'login'), releases = lines.filter((l) => l.event === 'release');
  check(logins.length === 1, `${logins.length} logins in the audit log`);
  check(releases.some((l) => l.service === 'kanerva' && /given_name/.test(l.claims)) && releases.some((l) => l.service === 'lampi'), `disclosures: ${JSON.stringify(releases)}`);
  check(!/Kielo|Aino/.test(JSON.stringify(lines)), 'the audit log holds a name');
  await context.close();
});

await test('J1: two tabs, the back button and a reload each lead on', async () => {
  const { context, page } = await person();
  const other = await context.newPage();
  await page.goto(site('kanerva', 6) + '/');
  await other.goto(site('lampi', 7) + '/');
  await signIn(other, 'oulu', 'aino');
  await at(other, site('lampi', 7));
  // The first tab was left on its sign-in page; the choice there needs no password any more.
  await page.click('button[name=idp][value=oulu]');
  await at(page, site('kanerva', 6));
  await page.goBack().catch(() => {});
  await page.goto(gateway + '/');
  await page.reload();
  check(await page.locator('a[href^="/open/"]').count() > 0, `no launcher after a reload: ${page.url()}`);
  await context.close();
});

await test('a member of staff without a rule is told why and whom to ask', async () => {
  const { context, page } = await person();
  await page.goto(site('kanerva', 6) + '/');
  await signIn(page, 'espoo', 'sirpa');
  await until('the refusal', () => page.url().startsWith(gateway));
  await look(page, 'denied');
  const text = await page.textContent('main');
  check(/Kanerva/.test(text) && /Espoo/.test(text), text);
  await page.goto(gateway + '/');
  await look(page, 'empty-launcher');
  await context.close();
});

await test('J2: a first-grader on a shared tablet, then the next one', async () => {
  const { context, page } = await person({ viewport: { width: 768, height: 1024 } });
  await page.goto(gateway + '/');
  await page.uncheck('input[name=remember]');
  await signIn(page, 'oulu', 'eemeli');
  await at(page, gateway + '/');
  await look(page, 'j2-pupil');
  check((await page.locator('.roomy a[href^="/open/"]').count()) >= 5, 'no large tiles');
  await page.click('.done button, .done input[type=submit]');
  await look(page, 'j2-signed-out');
  // Back shows nothing of the pupil before.
  await page.goBack().catch(() => {});
  await page.reload().catch(() => {});
  const text = await page.textContent('body');
  check(!/Eemeli/.test(text), `after signing out, Back shows: ${text.slice(0, 200)}`);
  // The next pupil chooses again, and the city asks who it is.
  await page.goto(gateway + '/');
  await page.uncheck('input[name=remember]').catch(() => {});
  await page.click('button[name=idp][value=oulu]');
  await at(page, `http://oulu.localhost:${N + 1}`);
  check(await page.locator('input[name=password]').count() === 1, 'the next pupil came in as the one before');
  await context.close();
});

await test('the languages, and a page without JavaScript', async () => {
  const { context, page } = await person({ javaScriptEnabled: false, locale: 'sv-FI' });
  await page.goto(gateway + '/');
  check(/Logga in/.test(await page.textContent('h1')), 'not in Swedish');
  await page.click('a[lang=en]');
  check(/Sign in/.test(await page.textContent('h1')), `not in English: ${await page.textContent('h1')}`);
  await signIn(page, 'tampere', 'otto');
  await at(page, gateway + '/');
  check(await page.locator('a[href^="/open/"]').count() > 0, 'no tiles without JavaScript');
  await context.close();
});

await browser.close();
await test('./demo ends everything it started', async () => {
  demo.kill('SIGTERM');
  await until('./demo ended', () => demo.exitCode !== null || demo.signalCode !== null, 40000);
  const left = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).filter((p) => {
    try { return fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').includes(state); } catch { return false; }
  });
  check(left.length === 0, `still running: ${left}`);
});
console.log(`${looked} pages looked at; pictures in ${shots}`);
await finish();
