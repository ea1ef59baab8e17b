// SPDX-License-Identifier: EUPL-1.2
// A draft beside what is in force: begun and stopped on its page, counted over people who sign in, in real Chromium at 320 and
// 1280 px, without scripts, and tried by those whom it is not for.
//   node shadow.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- two cities; six teachers of one school, one of another ----------------------------------------------------- */

const password = 'salasana-salasana';
const kielo = '1.2.246.562.99.95640200010', teachers = ['aino', 'bertta', 'cecilia', 'daavid', 'eetu', 'fanni'];
const account = (id, idp, rest = '') => `  - { id: ${id}, idp: ${idp}, username: ${id}, password: { plain: ${password} }, given_names: ${id}${rest} }`;
const as = (role, school) => `, affiliations: [{ provider: oulu, role: ${role}, school: "${school}" }]`;
const registry = ['format: 1', 'providers:',
  `  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "${kielo}", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "1.2.246.562.99.95640200028", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }`,
  '  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo, sv: Esbo }, schools: [] }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }', '  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo } }', '  - { id: operators, kind: local, name: { fi: Ylläpito } }',
  'services:', ...['Kanerva Oppikirjat', 'Vaahtera Matikka'].map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  'rules:', '  - { id: oulu-teachers, provider: oulu, role: teacher }',
  'admins:', '  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }', '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }', '  - { id: sari-lehto, idp: oulu, subject: sari, role: admin, provider: oulu }',
  '  - { id: espoon-tiina, idp: espoo, subject: etta, role: admin, provider: espoo }', '  - { id: kaisa-koulu, idp: oulu, subject: kaisa, role: admin, provider: oulu, school: "99101" }',
  'accounts:', account('riikka', 'operators'), ...['tiina', 'sari', 'kaisa'].map((id) => account(id, 'oulu')), account('etta', 'espoo'), ...teachers.map((id) => account(id, 'oulu', as('teacher', '99101'))), account('gunnar', 'oulu', as('teacher', '99102'))].join('\n') + '\n';

const g = await new Gateway(program, { name: 'shadow', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function signIn(page, user, idp = 'oulu', to = '/admin') {
  await page.goto(`${g.url}${to}`);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login');
  await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  const [answer] = await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  if (to === '/admin' && answer?.status() !== 404) await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
async function admin(user, idp, options) {
  const v = await visitor(options);
  await signIn(v.page, user, idp);
  const jar = (await v.context.cookies(g.url)).filter((c) => /digione$|admin$/.test(c.name)).map((c) => `${c.name}=${c.value}`).join('; ');
  await v.page.goto(`${g.url}/admin/area`);
  return { ...v, jar, csrf: await v.page.locator('main [name=csrf]').first().getAttribute('value').catch(() => null) };
}
const ask = (who, method, at, form) => fetchLocal(g.port, at, { method, headers: { Cookie: who.jar, ...(form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }) }, body: form === undefined ? undefined : `${form}&csrf=${who.csrf}` });
async function looks(page, name) {
  const width = page.viewportSize().width, wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return;
  await axeFindsNothing(page, name);
}
// Signs in, looks at the launcher, and opens Kanerva so many times.
async function opens(user, times) {
  const { context, page } = await visitor();
  await signIn(page, user, 'oulu', '/');
  const cookie = (await context.cookies(g.url)).map((c) => `${c.name}=${c.value}`).join('; ');
  for (let i = 0; i < times; i++) {
    const answer = await fetchLocal(g.port, '/open/kanerva', { headers: { Cookie: cookie } });
    check(answer.headers.location === 'http://127.0.0.1:9/', `${user} opens Kanerva: ${answer.status} ${answer.headers.location}`);
  }
  await context.close();
}
const metric = async (name) => Number((await fetchLocal(g.port, '/metrics')).text.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]);
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n'));
const closes = 'permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"vaahtera") when { principal in Role::"teacher" };';

async function drafted(who, policy, text, more = '') {
  const answer = await ask(who, 'POST', `/admin/policy/${policy}`, `as=text&act=keep&why=Kokeillaan&text=${encodeURIComponent(text)}${more}`);
  check(answer.status === 303, `no draft: ${answer.status} ${answer.text.match(/<main[\s\S]*?<\/main>/)?.[0]}`);
  return Number(answer.headers.location.match(/drafts\/(\d+)/)[1]);
}

/* --- ------------------------------------------------------------------------------------------------------------ */

let draft;
const tiina = await admin('tiina', 'oulu', { width: 320 });

await test('a draft is run from its page, and the page says what it would have done otherwise', async () => {
  draft = await drafted(tiina, 'oulu-teachers', closes);
  await tiina.page.goto(`${g.url}/admin/drafts/${draft}`);
  check((await tiina.page.inputValue('#days')) === '7', 'seven days are not offered');
  await looks(tiina.page, 'shadow-begin');
  check((await metric('digione_shadow_runs')) === 0, 'one runs already');
  for (const days of ['0', '31', 'x', '']) {
    await tiina.page.goto(`${g.url}/admin/drafts/${draft}`);
    await tiina.page.fill('#days', days);
    await Promise.all([tiina.page.waitForNavigation(), tiina.page.click('[name=act][value=start]')]);
    check((await tiina.page.locator('.note.bad').count()) === 1 && (await tiina.page.inputValue('#days')) === days, `${days} days are taken`);
  }
  await looks(tiina.page, 'shadow-days');
  await tiina.page.fill('#days', '9');
  const before = auditLines().length;
  await Promise.all([tiina.page.waitForNavigation(), tiina.page.click('[name=act][value=start]')]);
  check(new URL(tiina.page.url()).pathname === `/admin/drafts/${draft}` && (await tiina.page.locator('.note[role=status]').count()) === 1, `not begun: ${tiina.page.url()}`);
  check(auditLines().slice(before).some((l) => l.includes('"reason":"shadow"') && l.includes(`"row":"${draft}"`)), `no line: ${auditLines().slice(before).join('\n')}`);
  await looks(tiina.page, 'shadow-begun');
  await until('it runs', async () => (await metric('digione_shadow_runs')) === 1);
  check(JSON.parse((await fetchLocal(g.port, '/health/ready')).text).shadow_runs === 1, 'health does not say so');
  for (const who of teachers) await opens(who, 2);
  await opens('gunnar', 3);
  await until('it is counted', async () => { await tiina.page.goto(`${g.url}/admin/drafts/${draft}`); return /verrattiin 22\./.test(await tiina.page.textContent('section:has(#trial)')); });
  const row = await tiina.page.textContent('section:has(#trial) tbody tr');
  for (const part of ['Kanerva Oppikirjat', 'Testi-Kielonmäen koulu', 'Opettaja', 'estyisi 12', 'katoaisi 6']) check(row.includes(part), `${part} is not in ${row}`);
  const section = await tiina.page.textContent('section:has(#trial)');
  check(!section.includes('Otsolahden') && /eroja 4 pienissä/.test(section), `one teacher alone is told of: ${section}`);
  check(/verrattiin 22\. Toisin olisi päätetty 22/.test(section), `how many: ${section}`);
  check((await metric('digione_shadow_differ_total')) === 22, 'the metric');
  await looks(tiina.page, 'shadow-counted');
});

await test('its own page has all of it, at 320 and 1280 px, in three languages, dark, and without scripts', async () => {
  for (const [options, lang] of [[{ width: 320 }, 'fi'], [{ width: 1280, dark: true }, 'sv'], [{ width: 1280, scripts: false }, 'en']]) {
    const v = await admin('sari', 'oulu', options);
    await v.page.goto(`${g.url}/lang?to=${lang}&back=${encodeURIComponent(`/admin/shadow/${draft}`)}`);
    await v.page.goto(`${g.url}/admin/shadow/${draft}`);
    check((await v.page.locator('tbody tr').count()) === 2 && (await v.page.locator('.fig strong').allTextContents()).join() === '15,7,0', `what is on it: ${await v.page.textContent('main')}`);
    check((await v.page.locator('section:has(#by-day) tbody td').allTextContents()).join() === '7,7', `people by day: ${await v.page.textContent('section:has(#by-day)')}`);
    await looks(v.page, `shadow-page-${lang}`);
    await v.context.close();
  }
});

await test('a restart ends neither the run nor what it has counted', async () => {
  await g.stop();
  await g.start();
  await until('it runs again', async () => (await metric('digione_shadow_runs')) === 1);
  await opens('aino', 5);
  await until('it counts on', async () => { await tiina.page.goto(`${g.url}/admin/drafts/${draft}`); return (await tiina.page.textContent('main')).includes('estyisi 17'); });
});

await test('nobody of another area sees, begins or stops it; an act without its token does not', async () => {
  const etta = await admin('etta', 'espoo'), kaisa = await admin('kaisa', 'oulu');
  for (const who of [etta, kaisa]) {
    for (const at of ['drafts', 'shadow']) check((await ask(who, 'GET', `/admin/${at}/${draft}`)).status === 404, `${at} is seen`);
    for (const form of ['act=stop', 'act=start&days=3']) check((await ask(who, 'POST', `/admin/shadow/${draft}`, form)).status === 404, `${form} is done`);
  }
  check((await ask({ ...tiina, csrf: 'x' }, 'POST', `/admin/shadow/${draft}`, 'act=stop')).status === 403, 'without the token');
  check((await ask(tiina, 'POST', `/admin/shadow/${draft}`, 'act=start&days=3')).status === 409, 'begun twice');
  check((await metric('digione_shadow_runs')) === 1, 'it was stopped');
  // A school's own draft runs for that school alone.
  const own = await drafted(kaisa, 'new', 'forbid (principal in School::"oulu/99101", action == Action::"open", resource == Service::"kanerva");', '&name=Koe');
  check((await ask(kaisa, 'POST', `/admin/shadow/${own}`, 'act=start&days=3')).status === 303, 'a school\'s draft does not run');
  await until('both run', async () => (await metric('digione_shadow_runs')) === 2);
  check((await ask(etta, 'GET', `/admin/shadow/${own}`)).status === 404, 'a school\'s is seen');
  await opens('gunnar', 1); // of another school: compared for the city's, and not for the school's
  await opens('aino', 1);
  await until('it is counted', async () => /verrattiin 2[.]|Mikään ei eronnut, kun verrattiin 2 /.test((await ask(kaisa, 'GET', `/admin/shadow/${own}`)).text));
  check((await ask(tiina, 'POST', `/admin/shadow/${own}`, 'act=stop')).status === 303, 'the city cannot stop it');
  for (const v of [etta, kaisa]) await v.context.close();
});

await test('it is stopped, and what came of it stays; a draft that is withdrawn ends it', async () => {
  await tiina.page.goto(`${g.url}/admin/drafts/${draft}`);
  await Promise.all([tiina.page.waitForNavigation(), tiina.page.click('[name=act][value=stop]')]);
  check((await tiina.page.locator('.note[role=status]').count()) === 1 && /Lopetettiin/.test(await tiina.page.textContent('section:has(#trial)')), 'not stopped');
  await until('it runs no more', async () => (await metric('digione_shadow_runs')) === 0);
  check((await tiina.page.textContent('section:has(#trial)')).includes('estyisi 18'), 'the numbers are gone');
  await looks(tiina.page, 'shadow-stopped');
  await Promise.all([tiina.page.waitForNavigation(), tiina.page.click('[name=act][value=start]')]);
  await until('it runs', async () => (await metric('digione_shadow_runs')) === 1);
  await tiina.page.goto(`${g.url}/admin/drafts/${draft}`);
  check(/ei ole vielä verrattu/.test(await tiina.page.textContent('section:has(#trial)')), 'a new run begins with old numbers');
  await Promise.all([tiina.page.waitForNavigation(), tiina.page.click('[name=act][value=withdraw]')]);
  await until('it runs no more', async () => (await metric('digione_shadow_runs')) === 0);
  check(/kun luonnos peruttiin/.test(await tiina.page.textContent('section:has(#trial)')) && (await tiina.page.locator('[name=act][value=start]').count()) === 0, 'withdrawn, and it could run');
});

await browser.close();
await g.stop();
await finish();
