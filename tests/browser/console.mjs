// SPDX-License-Identifier: EUPL-1.2
// The console: in real Chromium at 320 and 1280 px, light and dark, without scripts, by keyboard; and every path of it tried
// by those whom it is not for.
//   node console.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';

const program = path.resolve(process.argv[2]);
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((p) => fs.existsSync(p));
if (!executablePath) { console.log('Chromium is not installed'); process.exit(77); }
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- a country of three municipalities, and who administers them ----------------------------------------------- */

const password = 'salasana-salasana';
const cities = [['oulu', 'Oulu', 'Uleåborg', '95640100004', [['99101', '95640200010', 'Testi-Kielonmäen koulu'], ['99102', '95640200028', 'Testi-Otsolahden lukio']]],
  ['espoo', 'Espoo', 'Esbo', '90490100001', [['99201', '90490200018', 'Testi-Lingonbacka skola']]], ['turku', 'Turku', 'Åbo', '98530100001', []]];
const people = [['tiina', 'Tiina', 'Koski', 'admin'], ['sari', 'Sari', 'Lehto', 'admin'], ['toini', 'Toini', 'Rehtori', 'principal'], ['silja', 'Silja', 'Sihteeri', 'secretary'], ['aino', 'Aino', 'Laakso', 'teacher'], ['eino', 'Eino', 'Oppilas', 'learner'],
  ['riikka', 'Riikka', 'Aalto', ''], ['lauri', 'Lauri', 'Lukija', '']];
const registry = ['format: 1', 'providers:',
  ...cities.map(([id, fi, sv, oid, schools]) => `  - { id: ${id}, oid: "1.2.246.562.99.${oid}", name: { fi: ${fi}, sv: ${sv} }, schools: [${schools.map(([code, suffix, name]) => `{ oid: "1.2.246.562.99.${suffix}", code: "${code}", name: { fi: ${name} } }`).join(', ')}] }`),
  'idps:', ...cities.map(([id, fi]) => `  - { id: ${id}, kind: local, provider: ${id}, name: { fi: ${fi} } }`),
  '  - { id: operators, kind: local, name: { fi: Ylläpito } }',
  '  - { id: oulu-staff, kind: saml, provider: oulu, enabled: true, listed: false, test: true, name: { fi: Oulun henkilöstö }, map: funet, entity_id: "https://idp.oulu.example/", metadata_url: "http://127.0.0.1:9/metadata" }',
  'services:', ...['Kanerva Oppikirjat', 'Vaahtera Matikka', 'Puolukka Päiväkirja', 'Pihka Koe'].map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  'rules:', '  - { id: oulu-teachers, provider: oulu, role: teacher }', '  - { id: oulu-learners, provider: oulu, role: learner, service: kanerva }', '  - { id: espoo-teachers, provider: espoo, role: teacher }',
  '  - { id: oulu-no-pihka, provider: oulu, role: learner, school: "99101", service: pihka, forbid: true }',
  'admins:', '  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }',
  '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }', '  - { id: sari-lehto, idp: oulu, subject: sari, role: admin, provider: oulu }', '  - { id: espoon-tiina, idp: espoo, subject: espoo-tiina, role: admin, provider: espoo }',
  'accounts:', ...people.map(([id, given, family, role]) => `  - { id: ${id}, idp: ${role ? 'oulu' : 'operators'}, username: ${id}, password: { plain: ${password} }, given_names: ${given}, family_name: ${family}${role && role !== 'admin' ? `, affiliations: [{ provider: oulu, role: ${role}, school: "99101" }]` : ''} }`),
  `  - { id: espoo-tiina, idp: espoo, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Espoo }`].join('\n') + '\n';

const g = await new Gateway(program, { name: 'console', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'] });

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light', extraHTTPHeaders: options.lang ? { 'Accept-Language': options.lang } : {} });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  return { context, page };
}
async function password_(page, user) {
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
}
// By a city's identity provider, into the console at `to`.
async function enter(page, user, { idp = 'oulu', to = '/admin' } = {}) {
  await page.goto(`${g.url}${to}`);
  await page.click('text=Ylläpito').catch(() => {});
  return password_(page, user);
}
async function signIn(page, user, idp = 'oulu') {
  await page.goto(`${g.url}/sign-in/local?login=x`).catch(() => {});
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login');
  const button = page.locator(`button[name=idp][value=${idp}]`), link = page.locator(`a[href*="idp=${idp}"]`);
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  else await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  await password_(page, user);
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await page.screenshot({ path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  await page.evaluate(axe).catch(() => {});
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  check(result.violations.length === 0, `${name}: axe: ${result.violations.map((v) => `${v.id} ${v.nodes[0].html}`).join('; ')}`);
}
const pages = ['/admin', '/admin/area', '/admin/rights', '/admin/rights/pihka?col=0', '/admin/rights?show=cond', '/admin/idps', '/admin/idps/oulu-staff', '/admin/history', '/admin/history/1'];

for (const width of [320, 1280]) for (const dark of [false, true])
  await test(`every page fits, ${width} px, ${dark ? 'dark' : 'light'}: axe finds nothing`, async () => {
    const { context, page } = await visitor({ width, dark });
    await signIn(page, 'tiina');
    await page.waitForURL(`${g.url}/admin`);
    for (const at of pages) {
      const answer = await page.goto(g.url + at);
      check(answer.status() === 200 || at === '/admin/history/1', `${at}: ${answer.status()}`);
      await looks(page, `${at.slice(1).replaceAll('/', '-')}${dark ? '-dark' : ''}`, width);
    }
    await context.close();
  });

await test('the operator sees the whole country', async () => {
  for (const width of [320, 1280]) {
    const { context, page } = await visitor({ width });
    await signIn(page, 'riikka', 'operators');
    await page.waitForURL(`${g.url}/admin`);
    check((await page.textContent('.scope')) === 'Koko maa', 'the scope');
    await looks(page, 'operator', width);
    for (const at of ['/admin/area', '/admin/history', '/admin/history/1', '/admin/idps']) { await page.goto(g.url + at); await looks(page, `operator${at.replaceAll('/', '-')}`, width); }
    await context.close();
  }
});

await browser.close();
await finish();
