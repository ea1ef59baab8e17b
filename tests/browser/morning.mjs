// SPDX-License-Identifier: EUPL-1.2
// The launcher, everybody's morning: notices, services that are away, in real Chromium at 320 and 1280 px.
//   node morning.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Keyboard } from './keyboard.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/morning-shots');
fs.mkdirSync(shots, { recursive: true });

const password = 'salasana-salasana';
const kielo = '1.2.246.562.99.95640200010', otso = '1.2.246.562.99.95640200028';
const people = [['tiina', 'admin', ''], ['toini', 'principal', '99101'], ['otto', 'principal', '99102'], ['eino', 'learner', '99101', '7B'], ['elsa', 'learner', '99101', '8A'],
  ['pikku', 'learner', '99101', '1B', 1], ['aino', 'teacher', '99101', '7B'], ['oskar', 'teacher', '99102']];
const names = ['Kanerva Oppikirjat', 'Vaahtera Matikka', 'Pihka Koe', 'Lampi Lukkari', 'Hanki Koodi'];
const at = (ms) => new Date(Date.now() + ms).toISOString().replace(/\.\d+Z/, 'Z');
const hour = 3600000;
const registry = ['format: 1', 'providers:',
  `  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "${kielo}", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "${otso}", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }`,
  '  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo } }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }', '  - { id: nation, kind: local, name: { fi: Ylläpito } }',
  'services:', ...names.map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, line: { fi: Rivi }, launch_uri: "http://127.0.0.1:9/", targets: ["http://127.0.0.1:9/kurssit/"] }`),
  'rules:', '  - { id: oulu-all, provider: oulu }',
  'admins:', '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }', '  - { id: olli, idp: nation, subject: olli, role: operator }',
  'incidents:', `  - { id: hanki-1, service: hanki, from: "${at(-hour)}", says: { fi: Hidas., sv: Seg., en: Slow. } }`,
  'notices:',
  `  - { id: espoon, provider: espoo, title: { fi: Espoon oma asia }, from: "${at(-hour)}", until: "${at(hour)}" }`,
  `  - { id: mennyt, provider: oulu, title: { fi: Mennyt asia }, from: "${at(-2 * hour)}", until: "${at(-hour)}" }`,
  `  - { id: huolto, kind: maintenance, provider: oulu, service: lampi, title: { fi: Lampi on huollossa }, says: { fi: Tallenna ajoissa. }, from: "${at(48 * hour)}", until: "${at(50 * hour)}" }`,
  'accounts:', '  - { id: olli, idp: nation, username: olli, password: { plain: salasana-salasana }, given_names: Olli, family_name: Esimerkki }',
  ...people.map(([id, role, school, group, level]) => `  - { id: ${id}, idp: oulu, username: ${id}, password: { plain: ${password} }, given_names: ${id[0].toUpperCase() + id.slice(1)}, family_name: Esimerkki${school ? `, affiliations: [{ provider: oulu, role: ${role}, school: "${school}"${group ? `, group: ${group}` : ''}${level ? `, class_level: ${level}` : ''} }]` : ''} }`)].join('\n') + '\n';

const g = await new Gateway(program, { name: 'morning', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, timezoneId: 'Europe/Helsinki' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function signIn(page, user, to = '/', idp = 'oulu') {
  await page.goto(g.url + to);
  await page.waitForURL(/\/sign-in/);
  const button = page.locator(`button[name=idp][value=${idp}]`), link = page.locator(`a[href*="idp=${idp}"]`);
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  if (to.startsWith('/admin')) await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
async function looks(page, name) {
  const width = page.viewportSize().width;
  const wide = page.scripts ? await page.evaluate(() => document.documentElement.scrollWidth) : width;
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}
const press = async (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
const main = async (page) => (await page.textContent('main')).replaceAll('\u00ad', '');
const good = async (page, what) => check((await page.locator('.note.good[role=status]').count()) === 1, `${what}: ${await main(page)}`);
const bad = async (page, what) => check((await page.locator('.note.bad[role=alert]').count()) === 1, `${what}: ${await main(page)}`);
const local = (ms) => { const s = new Date(ms).toLocaleString('sv-SE', { timeZone: 'Europe/Helsinki' }); return [s.slice(0, 10), s.slice(11, 16)]; };
const tile = (page, id) => page.locator(`main a.tile[href="/open/${id}"]`).first();

/* --- notices --- */

async function write(page, values, boxes = [], kind = 'news') {
  await page.goto(`${g.url}/admin/notices`);
  const [day, clock] = local(Date.now() - 120000), [last, end] = local(Date.now() + 2 * 86400000);
  await page.selectOption('#kind', kind);
  for (const [k, v] of Object.entries({ fd: day, fc: clock, ud: last, uc: end, ...values })) await page.fill(`#${k}`, v);
  for (const box of boxes) await page.check(`[name=${box}]`);
  await press(page, 'form.card .b.wide');
}
// The list is of the registry that is in force, which a change is within a second or two.
const listed = (page, words) => until('it is listed', async () => { await page.goto(`${g.url}/admin/notices`); return (await page.textContent('table, main')).includes(words) && (await page.locator('tbody tr', { hasText: words }).count()) > 0; });
const sees = async (page, words) => { await page.goto(`${g.url}/`); return (await main(page)).includes(words); };

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`15 at ${width}, ${lang}${scripts ? '' : ', without scripts'}: a principal's notice is read by whom it is for, once, and its markup is text`, async () => {
    const toini = await visitor({ width, lang, scripts }), eino = await visitor({ width, scripts }), aino = await visitor({ width }), oskar = await visitor();
    for (const [v, user] of [[eino, 'eino'], [aino, 'aino'], [oskar, 'oskar']]) await signIn(v.page, user);
    await signIn(toini.page, 'toini', '/admin/notices');
    await looks(toini.page, 'notices-empty');
    await write(toini.page, { tfi: '' });
    await bad(toini.page, 'a notice without a title');
    check((await toini.page.locator('.note.bad a[href="#tfi"]').count()) === 1, 'the trouble does not lead to its field');
    await write(toini.page, { tfi: 'x', fd: '2026-11-30', ud: '2026-11-29' });
    await bad(toini.page, 'an end before the beginning');
    await write(toini.page, { tfi: `Arvioinnit <b>${width}</b>`, sfi: '<script>alert(1)</script> & perjantaihin mennessä' }, ['role_teacher', 'important']);
    await good(toini.page, 'the notice');
    await listed(toini.page, `Arvioinnit <b>${width}`);
    await looks(toini.page, 'notices');
    await until('the teacher sees it', () => sees(aino.page, `Arvioinnit <b>${width}</b>`));
    check((await main(aino.page)).includes('<script>alert(1)</script> & perjantaihin'), 'its text is not as it was typed');
    check((await aino.page.locator('.news b, .news script').count()) === 0, 'markup of a notice is markup');
    check((await aino.page.textContent('.news .by')).includes('Testi-Kielonmäen koulu'), 'whose it is is not said');
    await looks(aino.page, 'launcher-notice');
    await new Keyboard(aino.page).to('.note .seen button');
    check(!(await sees(eino.page, 'Arvioinnit')), 'a pupil sees what is for teachers');
    check(!(await sees(oskar.page, 'Arvioinnit')), 'a teacher of another school sees it');
    for (const words of ['Espoon oma asia', 'Mennyt asia']) check(!(await sees(aino.page, words)), `${words} is shown`);
    await press(aino.page, '.note .seen button');
    check(new URL(aino.page.url()).pathname === '/' && !(await main(aino.page)).includes(`Arvioinnit <b>${width}`), 'it is shown after it was read');
    const phone = await visitor({ width });
    await signIn(phone.page, 'aino');
    check(!(await sees(phone.page, `Arvioinnit <b>${width}`)), 'it is not read at another device');
    await phone.page.goto(`${g.url}/news`);
    check((await main(phone.page)).includes(`Arvioinnit <b>${width}`), 'what was read cannot be found again');
    await looks(phone.page, 'news');
    const id = await toini.page.locator('tbody form').first().getAttribute('action');
    const otto = await visitor();
    await signIn(otto.page, 'otto', '/admin/notices');
    const csrf = await otto.page.locator('form.card [name=csrf]').inputValue();
    const answer = await otto.context.request.post(g.url + id, { form: { csrf, version: '1' }, headers: { Origin: g.url } });
    check(answer.status() === 404, `another school's principal ends it: ${answer.status()}`);
    await toini.page.goto(`${g.url}/admin/notices`);
    await press(toini.page, 'tbody form button');
    await good(toini.page, 'it is ended');
    for (const v of [toini, eino, aino, oskar, phone, otto]) await v.context.close();
  });

await test('15: a service that is down by an admin’s word says so on its tile until it is over; an incident does; maintenance is announced', async () => {
  const tiina = await visitor(), aino = await visitor({ width: 320 }), pikku = await visitor({ width: 320 }), olli = await visitor();
  await signIn(aino.page, 'aino');
  await signIn(pikku.page, 'pikku');
  check((await tile(aino.page, 'hanki').textContent()).includes('Häiriö juuri nyt'), 'an incident that goes on is not said');
  check(/Huolto \d+\.\d+\.\d+ klo/.test(await tile(aino.page, 'lampi').textContent()), 'maintenance to come is not said');
  check(!(await tile(aino.page, 'kanerva').textContent()).includes('juuri nyt'), 'a service that works is said to be away');
  await signIn(tiina.page, 'tiina', '/admin/notices');
  await write(tiina.page, { tfi: 'Pihka ei vastaa' }, [], 'down');
  await bad(tiina.page, 'which service');
  check(await tiina.page.inputValue('#tfi') === 'Pihka ei vastaa', 'what was typed is lost');
  await write(tiina.page, { tfi: 'Pihka ei vastaa', tsv: 'Pihka svarar inte', service: 'Pihka Koe' }, [], 'down');
  await good(tiina.page, 'the outage');
  await until('the tile says so', async () => { await aino.page.goto(`${g.url}/`); return (await tile(aino.page, 'pihka').textContent()).includes('Ei toimi juuri nyt'); });
  await looks(aino.page, 'launcher-down');
  await pikku.page.goto(`${g.url}/`);
  check((await tile(pikku.page, 'pihka').textContent()).includes('Ei toimi juuri nyt'), 'the youngest are not told');
  await looks(pikku.page, 'pupil-down');
  await aino.page.goto(`${g.url}/lang?to=sv&back=/`);
  check((await main(aino.page)).includes('Pihka svarar inte') && (await tile(aino.page, 'pihka').textContent()).includes('Fungerar inte just nu'), 'not in Swedish');
  await aino.page.goto(`${g.url}/lang?to=en&back=/news`);
  check((await aino.page.locator('h3[lang=fi]', { hasText: 'Pihka ei vastaa' }).count()) === 1, 'another language is not marked');
  await listed(tiina.page, 'Pihka');
  await press(tiina.page, 'tr:has-text("Pihka") form button');
  await until('the tile works again', async () => { await aino.page.goto(`${g.url}/`); return !(await tile(aino.page, 'pihka').textContent()).includes('just now'); });
  await signIn(olli.page, 'olli', '/admin/notices', 'nation');
  await write(olli.page, { tfi: 'Koko maalle' });
  await bad(olli.page, 'a notice to the country in one language');
  await write(olli.page, { tfi: 'Koko maalle', tsv: 'Till hela landet', ten: 'To the country' });
  await good(olli.page, 'the nation’s notice');
  await until('it is everybody’s', () => sees(pikku.page, 'Koko maalle'));
  for (const v of [tiina, aino, pikku, olli]) await v.context.close();
});

/* --- a teacher's page of a group --- */

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'sv-SE', false]])
  await test(`15 at ${width}, ${lang}: what a teacher pins for 7B stands first on the page of its pupils alone, and is gone when it is taken away`, async () => {
    const aino = await visitor({ width, lang, scripts }), eino = await visitor({ width }), elsa = await visitor();
    await signIn(aino.page, 'aino');
    await signIn(eino.page, 'eino');
    await signIn(elsa.page, 'elsa');
    await press(aino.page, 'main a[href="/class"]');
    await looks(aino.page, 'class');
    await press(aino.page, 'main .choice a');
    await looks(aino.page, 'class-7b');
    const pin = async (values, service = 'kanerva') => {
      await aino.page.selectOption('#service', service);
      for (const [k, v] of Object.entries(values)) await aino.page.fill(`#${k}`, v);
      await press(aino.page, '[name=act][value=pin]');
    };
    await pin({ title: 'x', to: 'https://evil.example/' });
    await bad(aino.page, 'a link to somewhere else');
    await pin({ to: '', until: '2020-01-01' });
    await bad(aino.page, 'a day that is over');
    check(await aino.page.inputValue('#title') === 'x', 'what was typed is lost');
    const [today] = local(Date.now());
    await pin({ title: `Novelli <i>${width}</i>, luku 4`, to: 'http://127.0.0.1:9/kurssit/7?a=1&b=2', until: today });
    await good(aino.page, 'the pin');
    check((await aino.page.locator('.codes .qr svg path').count()) === 1, 'no code to print');
    check((await aino.page.textContent('.codes .raw')).includes(`${g.url}/open/kanerva?to=`), 'the address under the code');
    await looks(aino.page, 'class-pinned');
    await eino.page.goto(`${g.url}/`);
    const first = eino.page.locator('.pins a.tile').first();
    check((await first.textContent()).includes(`Novelli <i>${width}</i>`), `it is not first: ${await main(eino.page)}`);
    check(new URL(await first.getAttribute('href'), g.url).searchParams.get('to') === 'http://127.0.0.1:9/kurssit/7?a=1&b=2', 'where it leads');
    await looks(eino.page, 'launcher-pinned');
    check(!(await sees(elsa.page, 'Novelli')), 'another group sees it');
    const { headers } = await eino.context.request.get(g.url + await first.getAttribute('href'), { maxRedirects: 0 }).then((a) => ({ headers: a.headers() }));
    check(headers.location === 'http://127.0.0.1:9/kurssit/7?a=1&b=2', `it opens ${headers.location}`);
    const stranger = await elsa.context.request.post(`${g.url}/class`, { form: { act: 'pin', at: kielo, group: '7B', service: 'kanerva', until: today }, headers: { Origin: g.url } });
    check(stranger.status() === 404, `a pupil pins: ${stranger.status()}`);
    await press(aino.page, '[name=act][value=unpin]');
    await good(aino.page, 'it is taken away');
    check(!(await sees(eino.page, 'Novelli')), 'it is still there');
    for (const v of [aino, eino, elsa]) await v.context.close();
  });

await test('15: the youngest see one large tile first', async () => {
  const aino = await visitor(), pikku = await visitor({ width: 320 });
  await signIn(aino.page, 'aino');
  await signIn(pikku.page, 'pikku');
  await aino.page.goto(`${g.url}/class`);
  await aino.page.fill('#group', '1B');
  await press(aino.page, 'form.card .b');
  await aino.page.selectOption('#service', 'vaahtera');
  await press(aino.page, '[name=act][value=pin]');
  await good(aino.page, 'the pin');
  await pikku.page.goto(`${g.url}/`);
  check((await pikku.page.locator('.roomy > li').first().getAttribute('class')) === 'first' && (await pikku.page.textContent('.roomy .first')).includes('Tee tämä ensin'), 'it is not the first tile');
  await looks(pikku.page, 'pupil-pinned');
  await aino.context.close();
  await pikku.context.close();
});

await test('15: the end of a lesson signs out the pupils of the group alone, and says which services do not hear of it', async () => {
  const aino = await visitor({ width: 320 }), eino = await visitor(), elsa = await visitor(), oskar = await visitor();
  for (const [v, user] of [[aino, 'aino'], [eino, 'eino'], [elsa, 'elsa'], [oskar, 'oskar']]) await signIn(v.page, user);
  const other = await oskar.context.request.post(`${g.url}/class`, { form: { act: 'end', at: kielo, group: '7B' }, headers: { Origin: g.url } });
  check(other.status() === 404, `a teacher of another school ends it: ${other.status()}`);
  await aino.page.goto(`${g.url}/class?at=${kielo}&group=7B`);
  await press(aino.page, '[name=act][value=end]');
  await good(aino.page, 'the end');
  check((await aino.page.textContent('.note.warn')).includes('Kanerva Oppikirjat'), 'what does not hear is not said');
  await looks(aino.page, 'class-ended');
  await until('the pupil is signed out', async () => { await eino.page.goto(`${g.url}/`); return eino.page.url().includes('/sign-in'); });
  await elsa.page.goto(`${g.url}/`);
  await aino.page.goto(`${g.url}/`);
  check(new URL(elsa.page.url()).pathname === '/' && new URL(aino.page.url()).pathname === '/', 'somebody else was signed out');
  const lines = fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.startsWith('audit-')).map((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8')).join('');
  check(lines.includes(`"event":"end_lesson"`) && lines.includes(`oulu/${kielo}/7B`), 'it is not in the audit log');
  for (const v of [aino, eino, elsa, oskar]) await v.context.close();
});

/* --- what is known of me, proven --- */

await test('15: each line of one’s own data is proven by a signed head, by the program and by a small one of its own; one flipped bit is found', async () => {
  const eino = await visitor();
  await signIn(eino.page, 'eino');
  await eino.context.request.get(`${g.url}/open/kanerva`, { maxRedirects: 0 });
  await g.stop(); // a log that rests is under its head to the end
  await g.start();
  await until('the session is found again', async () => { await eino.page.goto(`${g.url}/`); return new URL(eino.page.url()).pathname === '/'; });
  const answer = await eino.context.request.get(`${g.url}/me/data`), text = await answer.text(), data = JSON.parse(text);
  const proven = data.events.filter((e) => e.proof), opened = proven.find((e) => e.event === 'open' && e.service === 'kanerva');
  check(answer.status() === 200 && data.proof_head && opened && proven.length >= 2, `nothing is proven: ${text.slice(0, 500)}`);
  check(!proven.some((e) => JSON.parse(e.proof.record).person !== JSON.parse(opened.proof.record).person), 'a line of somebody else is in it');
  const keys = path.join(g.dir, 'keys.json'), file = path.join(g.dir, 'me.json'), one = path.join(g.dir, 'proof.json');
  const shown = g.cli('audit', 'keys', '-c', g.config);
  check(shown.status === 0, shown.stderr);
  fs.writeFileSync(keys, shown.stdout);
  fs.writeFileSync(file, text);
  const small = (f) => spawnSync('python3', [path.join(root, 'audit/check_proof.py'), keys, f], { encoding: 'utf8' });
  const good_ = small(file);
  check(good_.status === 0 && good_.stdout.startsWith(`holds: ${proven.length} of`), `the small program: ${good_.stdout} ${good_.stderr}`);
  const proof = g.cli('audit', 'prove', '-c', g.config, String(opened.record));
  check(proof.status === 0, `prove: ${proof.stdout} ${proof.stderr}`);
  fs.writeFileSync(one, proof.stdout);
  const held = g.cli('audit', 'verify', '-c', g.config, '--proof', one);
  check(held.status === 0 && held.stdout.trim() === opened.proof.record, `verify: ${held.stdout} ${held.stderr}`);
  check(g.cli('audit', 'verify', '--jwks', keys, '--proof', one).status === 0 && small(one).status === 0, 'a proof with the published keys');
  check(g.cli('audit', 'prove', '-c', g.config, '99999').status === 1, 'a record that there is not is proven');
  // The record, its path, the head, the root, the signature: one bit of each.
  const flips = [[opened.proof.record.slice(20, 60), 3], [opened.proof.path[0], 5], [data.proof_head.head, 7], [data.proof_head.root, 9], [data.proof_head.signature, data.proof_head.signature.length - 9]];
  for (const [what, i] of flips) {
    const escaped = JSON.stringify(what).slice(1, -1), changed = what.slice(0, i) + String.fromCharCode(what.charCodeAt(i) ^ 1) + what.slice(i + 1);
    for (const [from, name] of [[text, file], [proof.stdout, one]]) {
      check(from.includes(escaped), `${what} is not in ${name}`);
      fs.writeFileSync(name, from.replace(escaped, JSON.stringify(changed).slice(1, -1)));
      const said = small(name);
      check(said.status === 1 && said.stdout.startsWith('does not hold'), `${what} with one bit flipped: ${said.stdout} ${said.stderr}`);
      check(name !== one || g.cli('audit', 'verify', '-c', g.config, '--proof', one).status === 1, `the program takes ${what} with one bit flipped`);
    }
  }
  const whole = g.cli('audit', 'verify', '-c', g.config);
  check(whole.status === 0, `the log: ${whole.stdout}`);
  await eino.context.close();
});

await browser.close();
await finish(g);
