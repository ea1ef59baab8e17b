// SPDX-License-Identifier: EUPL-1.2
// Alarms, the operator's home over 305 municipalities, and the audit log's chain: in real Chromium at 320 and 1280 px.
//   node alarms.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- a country ------------------------------------------------------------------------------------------------- */

const password = 'salasana-salasana', cities = 305;
const id = (n) => (n === 0 ? 'oulu' : n === 1 ? 'espoo' : `kunta${n}`);
const names = (n) => (n === 0 ? 'Oulu' : n === 1 ? 'Espoo' : `Kunta ${n}`);
const oid = (n) => `1.2.246.562.99.${String(10000000000 + n)}`;
const all = [...Array(cities).keys()];
const registry = ['format: 1', 'providers:',
  ...all.map((n) => `  - { id: ${id(n)}, oid: "${oid(n)}", name: { fi: ${names(n)} }, schools: [{ oid: "1.2.246.562.98.${20000000000 + n}", code: "${90000 + n}", name: { fi: Koulu ${n} } }] }`),
  'idps:', ...all.map((n) => (n < 2 ? `  - { id: ${id(n)}, kind: local, provider: ${id(n)}, name: { fi: ${names(n)} } }` : `  - { id: ${id(n)}-edu, kind: saml, provider: ${id(n)}, name: { fi: ${names(n)} }, test: true, map: funet, entity_id: "https://idp.${id(n)}.example/", metadata_url: "http://127.0.0.1:9/metadata" }`)),
  '  - { id: operators, kind: local, name: { fi: Ylläpito } }',
  'services:', '  - { id: kanerva, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: Kanerva Oppikirjat }, launch_uri: "http://127.0.0.1:9/" }',
  'rules:', '  - { id: oulu-teachers, provider: oulu, role: teacher }',
  'admins:', '  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }',
  '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }', '  - { id: sari-espoo, idp: espoo, subject: sari, role: admin, provider: espoo }',
  `  - { id: ends-soon, idp: oulu, subject: aino, role: secretary, provider: oulu, to: ${new Date(Date.now() + 10 * 864e5).toISOString().slice(0, 10)} }`,
  'accounts:', ...[['tiina', 'oulu'], ['aino', 'oulu'], ['sari', 'espoo'], ['riikka', 'operators']].map(([user, idp]) => `  - { id: ${user}, idp: ${idp}, username: ${user}, password: { plain: ${password} }, given_names: ${user}, family_name: Koe }`)].join('\n') + '\n';

const g = await new Gateway(program, { name: 'alarms', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, extraHTTPHeaders: options.lang ? { 'Accept-Language': options.lang } : {} });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function signIn(page, user, idp) {
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login');
  await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
const auditFiles = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().map((f) => path.join(g.state, 'audit', f));
const auditLines = () => auditFiles().flatMap((f) => fs.readFileSync(f, 'utf8').trim().split('\n')).map((l) => JSON.parse(l));
const text = (page) => page.textContent('main');
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return; // axe waits by timers, which do not run there
  await axeFindsNothing(page, name);
}
const metric = async (line) => Number((await fetchLocal(g.port, '/metrics', { host: 'localhost' })).text.split('\n').find((l) => l.startsWith(line))?.split(' ').pop());
async function fails(city, times) {
  for (let i = 0; i < times; i++) {
    const { context, page } = await visitor();
    await page.goto(`${g.url}/`);
    await page.waitForURL(/\/sign-in/);
    const login = new URL(page.url()).searchParams.get('login');
    await page.goto(`${g.url}/sign-in?login=${login}&q=${encodeURIComponent(city)}`);
    await Promise.all([page.waitForNavigation(), page.locator('button[name=idp]').first().click()]);
    await context.close();
  }
}

/* --- the operator's home --------------------------------------------------------------------------------------- */

await test('the operator sees doors, nodes, parts and traffic of the whole country, small', async () => {
  for (const [lang, width] of [['fi-FI', 320], ['en-GB', 1280]]) {
    const { context, page } = await visitor({ lang, width });
    await signIn(page, 'riikka', 'operators');
    await until('the node has said that it is there', async () => { await page.goto(`${g.url}/admin`); return (await page.locator('.vital .v').filter({ hasText: /0\.\d+\.\d+/ }).count()) === 1 && (await page.locator('.vital .ill').count()) === 0 && /[1-9]/.test(await page.locator('.nums dd').first().textContent()); });
    check((await page.locator('.doors hr').count()) === cities, `${await page.locator('.doors hr').count()} doors`);
    check(/Redis/.test(await text(page)) && (await page.locator('.nums dd').count()) >= 5 && (await page.locator('.vital .ill').count()) === 0, await text(page));
    check((await page.locator('.nums dd').first().textContent()).match(/[1-9]/), `no sign-in is counted: ${await page.locator('.nums').first().textContent()}`);
    await looks(page, 'country', width);
    const html = await page.content(), sheets = await page.evaluate(() => [...document.querySelectorAll('link[rel=stylesheet]')].map((l) => new URL(l.href).pathname));
    let css = 0;
    for (const at of sheets) css += Buffer.byteLength((await fetchLocal(g.port, at, { host: 'localhost' })).text);
    console.log(`  ${Buffer.byteLength(html)} + ${css} bytes`);
    check(css > 10000 && Buffer.byteLength(html) + css <= 50 * 1024, `the page weighs ${html.length} + ${css} bytes`);
    await context.close();
  }
});

await test('a municipality whose sign-in does not answer is told to the operator at once, and becomes an alarm', async () => {
  const { context, page } = await visitor();
  await fails('Kunta 17', 3);
  await signIn(page, 'riikka', 'operators');
  await page.goto(`${g.url}/admin`);
  check((await page.locator('.doors .down').count()) === 1 && /Kunta 17/.test(await page.locator('table.grid tbody').first().textContent()), await text(page));
  check(/kuntia 1$/.test(await page.textContent('h1')), await page.textContent('h1'));
  await looks(page, 'country-ill');
  await until('the node has looked around', async () => (await metric('digione_alarm{code="idp_away"')) + (await metric('digione_alarm{code="idp_fails"')) === 1, 90000);
  await page.goto(`${g.url}/admin/alarms`);
  check(/Kunta 17/.test(await page.textContent('main tbody')), await text(page));
  check((g.logText().match(/"event":"alarm.raised","code":"idp_(away|fails)"/g) ?? []).length === 1, 'not one line');
  await context.close();
});

/* --- alarms ---------------------------------------------------------------------------------------------------- */

for (const [width, lang, scripts] of [[320, 'fi-FI', false], [1280, 'en-GB', true]])
  await test(`a break-glass account raises an alarm, which is acknowledged with a note and comes back, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, lang, scripts });
    await signIn(page, 'riikka', 'operators');
    const row = page.locator('.todo li').filter({ hasText: 'break_glass_used' });
    await page.goto(`${g.url}/admin`);
    check((await row.count()) === 1, `not on the home page: ${await text(page)}`);
    check((await metric('digione_alarm{code="break_glass_used",severity="critical"}')) === 1, 'the metric');
    await row.locator('a.b').click();
    await page.waitForURL(/\/admin\/alarms\/[0-9a-f]{16}/);
    const at = page.url();
    check(/break_glass_used/.test(await text(page)) && (await page.locator('#d + p').textContent()).length > 40, await text(page));
    await looks(page, 'alarm', width);
    const count = await page.locator('input[name=count]').inputValue();
    await page.locator('input[name=count]').evaluate((e) => { e.value = '0'; });
    const [stale] = await Promise.all([page.waitForNavigation(), page.locator('form button.b').last().click()]);
    check(stale.status() === 409 && (await page.locator('.note.bad[role=alert]').count()) === 1 && (await page.locator('input[name=count]').inputValue()) === count, `acknowledged unseen: ${await text(page)}`);
    check(!auditLines().some((l) => l.reason === 'acknowledge' && l.why === `Päivystys ${width}`), 'the log says that it was acknowledged');
    await page.fill('#note', `Päivystys ${width}`);
    await Promise.all([page.waitForNavigation(), page.locator('form button.b').last().click()]);
    check((await page.locator('.note[role=status]').count()) === 1 && new RegExp(`Päivystys ${width}`).test(await text(page)), await text(page));
    const line = auditLines().filter((l) => l.reason === 'acknowledge').pop();
    check(line?.why === `Päivystys ${width}` && /^alarm break_glass_used /.test(line.row) && line.acting_as === 'operator', JSON.stringify(line));
    await page.goto(`${g.url}/admin`);
    check((await row.count()) === 0, 'it is still on the home page');
    check((await metric('digione_alarm{code="break_glass_used",severity="critical"}')) === 0, 'the metric stays');
    await page.goto(`${g.url}/admin/alarms?state=seen`);
    check(/break_glass_used/.test(await page.textContent('main tbody')), 'not among those acknowledged');
    await looks(page, 'alarms', width);
    const again = await visitor({ width, lang, scripts });
    await signIn(again.page, 'riikka', 'operators');
    await page.goto(at);
    check(/Avoin|Open/.test(await page.locator('dl.facts').textContent()) && !/Päivystys/.test(await text(page)), 'it did not come back');
    await again.context.close();
    await context.close();
  });

await test('an alarm is seen where it can be mended, and nowhere else', async () => {
  const oulu = await visitor(), espoo = await visitor(), nation = await visitor();
  await signIn(oulu.page, 'tiina', 'oulu');
  await signIn(espoo.page, 'sari', 'espoo');
  await signIn(nation.page, 'riikka', 'operators');
  await oulu.page.goto(`${g.url}/admin/sessions`);
  await oulu.page.check('[name=what][value=school]').catch(() => oulu.page.selectOption('[name=what]', 'school'));
  await oulu.page.selectOption('[name=school]', '1.2.246.562.98.20000000000').catch(() => {});
  await oulu.page.fill('[name=why]', 'Laite hukassa');
  await Promise.all([oulu.page.waitForNavigation(), oulu.page.locator('form button.red, form button.b').last().click()]);
  await oulu.page.goto(`${g.url}/admin/alarms`);
  const link = oulu.page.locator('main tbody tr').filter({ hasText: 'many_sessions_ended' }).locator('a').first();
  check((await link.count()) === 1, `not raised: ${await text(oulu.page)}`);
  const at = await link.getAttribute('href');
  check((await nation.page.goto(g.url + at)).status() === 200, 'the operator does not see it');
  check((await espoo.page.goto(g.url + at)).status() === 404, 'another city sees it');
  await espoo.page.goto(`${g.url}/admin/alarms?state=all`);
  check(!/many_sessions_ended|break_glass_used/.test(await text(espoo.page)), await text(espoo.page));
  await oulu.page.goto(`${g.url}/admin/alarms?state=all`);
  check(!/break_glass_used|idp_away/.test(await page_rows(oulu.page)), 'the nation\'s alarms are seen in Oulu');
  check(/right_ends/.test(await page_rows(oulu.page)), `a right that ends: ${await page_rows(oulu.page)}`);
  await looks(oulu.page, 'alarms-oulu');
  for (const x of [oulu, espoo, nation]) await x.context.close();
});
async function page_rows(page) { return (await page.locator('main tbody').allTextContents()).join(); }

await test('an import that is refused is told to the operator', async () => {
  const file = path.join(g.dir, 'broken.yaml');
  fs.writeFileSync(file, 'format: 1\nproviders:\n  - { id: x }\n');
  check(g.cli('import', '-c', g.config, file).status === 1, 'the import was taken');
  const { context, page } = await visitor();
  await signIn(page, 'riikka', 'operators');
  await until('it is seen', async () => { await page.goto(`${g.url}/admin/alarms?code=import_refused`); return /broken\.yaml/.test(await text(page)); });
  await context.close();
});

await test('alarms survive a restart', async () => {
  const before = await metric('digione_alarm{code="import_refused"');
  await new Promise((done) => { setTimeout(done, 1500); });
  await g.stop();
  await g.start();
  check(before === 1 && (await metric('digione_alarm{code="import_refused"')) === 1, 'it is gone');
  check((await metric('digione_alarms_raised_total{code="import_refused"')) === 0, 'it was raised again');
});

/* --- the log --------------------------------------------------------------------------------------------------- */

await test('the log is filtered by city, actor and result, and a file says its filter', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'riikka', 'operators');
  await page.goto(`${g.url}/admin/log?city=espoo`);
  check(/espoo/.test(await page_rows(page)) && !/oulu/.test(await page_rows(page)), 'lines of another city');
  const line = auditLines().filter((l) => l.reason === 'end_sessions' && l.acting_as === 'admin').pop();
  await page.goto(`${g.url}/admin/log?actor=${line.person.slice(0, 8)}`);
  check(/end_sessions/.test(await page_rows(page)), 'what tiina did is not found');
  await page.goto(`${g.url}/admin/log?result=refused`);
  check((await page.locator('main tbody tr').count()) > 0 && !/Kirjautuminen\b/.test(await page_rows(page)), 'not only refusals');
  check((await page.goto(`${g.url}/admin/log?city=nowhere`)).status() === 400, 'a city that there is not');
  await page.goto(`${g.url}/admin/log?city=espoo&result=well`);
  await looks(page, 'log-filters');
  const before = auditLines().filter((l) => l.reason === 'read_log').length, long = await page.goto(`${g.url}/admin/log?person=${'a'.repeat(64)}&event=${'x'.repeat(600)}`);
  check(long.status() === 400 && (await page.locator('.note.bad[role=alert]').count()) === 1 && auditLines().filter((l) => l.reason === 'read_log').length === before, 'a search that the log cannot say');
  await page.goBack();
  await page.locator('details:has(#why) summary').click();
  await page.fill('#why', 'Tarkastus');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('button[value=jsonl]').click()]);
  const lines = fs.readFileSync(await download.path(), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
  check(lines[0].filter === 'city=espoo&result=well' && lines[0].lines === lines.length - 1 && lines.slice(1).every((l) => l.event !== 'refused'), JSON.stringify(lines[0]));
  await context.close();
});

await test('the chain is verified from the console, and a line that was changed is named', async () => {
  // A log that no signed head speaks of does not hold; the first is signed within a minute.
  await until('a head is signed', () => fs.statSync(path.join(g.state, 'audit', 'heads.jsonl')).size > 0, 120000);
  for (const width of [320, 1280]) {
    const { context, page } = await visitor({ width });
    await signIn(page, 'riikka', 'operators');
    await page.goto(`${g.url}/admin/log/chain`);
    await looks(page, 'chain', width);
    await Promise.all([page.waitForNavigation(), page.locator('form:has(#days) button.b').click()]);
    await until('it was verified', async () => { await page.goto(`${g.url}/admin/log/chain`); return (await page.locator('.note.good').count()) === 1; });
    await looks(page, 'chain-holds', width);
    await context.close();
  }
  await g.stop(); // a last line that was changed would not be gone on with
  const file = auditFiles()[0], lines = fs.readFileSync(file, 'utf8').split('\n'), n = 20;
  fs.mkdirSync(path.join(g.dir, 'kept'));
  fs.copyFileSync(file, path.join(g.dir, 'kept', 'audit'));
  const { context, page } = await visitor();
  await g.start();
  await signIn(page, 'riikka', 'operators');
  const text_ = fs.readFileSync(file, 'utf8'), at = text_.indexOf(`{"n":${n},`), where = text_.indexOf('"event":"', at) + 9;
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, 'X', where);
  fs.closeSync(fd);
  await page.goto(`${g.url}/admin/log/chain`);
  await Promise.all([page.waitForNavigation(), page.locator('form:has(#days) button.b').click()]);
  await until('it was found', async () => { await page.goto(`${g.url}/admin/log/chain`); return (await page.locator('.note.bad').count()) > 0; });
  check(new RegExp(`record ${n} was changed`).test(await text(page)), await text(page));
  await looks(page, 'chain-broken');
  await until('an alarm tells it', async () => (await metric('digione_alarm{code="audit_broken"')) === 1, 90000);
  await page.goto(`${g.url}/admin`);
  check(/audit_broken/.test(await text(page)), await text(page));
  check(lines.length > n, 'the log is short');
  await context.close();
});

await browser.close();
await g.stop();
finish();
