// SPDX-License-Identifier: EUPL-1.2
// The picker of a country and the launcher, in real Chromium at 320 and 1280 px, against a gateway of 305 municipalities.
//   node launcher.mjs PATH-OF-DIGIONE   (render_pages stands beside it)
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, folder, freePort, root, test } from '../e2e/gateway.mjs';
import { picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/launcher-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- a country ---------------------------------------------------------------------------------------------- */

const password = 'salasana-salasana';
const begin = ['Aho', 'Enon', 'Hauki', 'Ilo', 'Joki', 'Kangas', 'Kivi', 'Koski', 'Lehto', 'Meri', 'Niitty', 'Pelto', 'Ranta', 'Saari', 'Tuomi', 'Vuori', 'Ylä'];
const end = ['harju', 'järvi', 'kylä', 'lahti', 'lampi', 'maa', 'mäki', 'niemi', 'nummi', 'pudas', 'ranta', 'salmi', 'suo', 'torppa', 'vaara', 'vesi', 'virta', 'vuo'];
const named = [
  ['oulu', 'Oulu', 'Uleåborg', [['99101', 'Testi-Kielonmäen koulu'], ['99102', 'Testi-Oulunsalon lukio']]],
  ['espoo', 'Espoo', 'Esbo', [['99201', 'Testi-Lingonbacka skola']]],
  ['helsinki', 'Helsinki', 'Helsingfors', [['99301', 'Testi-Kallion koulu']]],
  ['turku', 'Turku', 'Åbo', [['99401', 'Testi-Puolalan koulu']]],
  ['vaasa', 'Vaasa', 'Vasa', [['99501', 'Testi-Vasa övningsskola']]],
];
const made = begin.flatMap((a) => end.map((b) => a + b)).slice(0, 300).map((name, i) => [`k${i}`, name, '', [[String(10000 + i), `Testi-${name} koulu`]]]);
const municipalities = [...named, ...made];
const oid = (i) => `1.2.246.562.99.9000${String(1000000 + i)}`;
const schoolOid = (code) => `1.2.246.562.99.8000${String(1000000 + Number(code))}`;
const logo = (id) => { const f = path.join(root, 'deploy/demo/logos', `${id}.png`); return fs.existsSync(f) ? `, icon: "${fs.readFileSync(f).toString('base64')}"` : ''; };
const services = [
  ['paivakirja', 'journal', 'Puolukka Päiväkirja', 'Lingon Dagbok', 'Poissaolot', 'wilma, närvaro'], ['lampi', 'timetable', 'Lampi Lukkari', 'Tjärn Schema', 'Lukujärjestys', ''],
  ['kuusi', 'class', 'Kuusi Luokkahuone', 'Gran Klassrum', 'Tunnit', ''], ['kanerva', 'books', 'Kanerva Oppikirjat', 'Ljung Läroböcker', 'Digikirjat', ''],
  ['jakala', 'library', 'Jäkälä Kirjasto', 'Lav Bibliotek', 'Lainat', ''], ['vaahtera', 'maths', 'Vaahtera Matikka', 'Lönn Matematik', 'Harjoitukset', ''],
  ['hanki', 'coding', 'Hanki', 'Skare', 'Ohjelmointi', ''], ['valo', 'assistive', 'Valo Lukutuki', 'Ljus Lässtöd', 'Ääneen', ''],
  ['pihka', 'assessment', 'Pihka Koe', 'Kåda Prov', 'Kokeet', ''], ['varvikko', 'office', 'Varvikko Opetusmateriaalikirjasto', 'Ris Lokaler', '', ''],
  ['asiointi', 'school', 'Sammal Asiointi', 'Mossa Ärenden', 'Hakemukset', ''],
];
const quote = (s) => `"${s}"`;
function registry(site) {
  const lines = ['format: 1', 'providers:'];
  municipalities.forEach(([id, fi, sv, schools], i) => lines.push(`  - { id: ${id}, oid: "${oid(i)}", name: { fi: ${quote(fi)}${sv ? `, sv: ${quote(sv)}` : ''} }, schools: [${schools.map(([code, name]) => `{ oid: "${schoolOid(code)}", code: "${code}", name: { fi: ${quote(name)} } }`).join(', ')}] }`));
  lines.push('idps:');
  municipalities.forEach(([id, fi, sv]) => lines.push(`  - { id: ${id}, kind: local, provider: ${id}, name: { fi: ${quote(fi)}${sv ? `, sv: ${quote(sv)}` : ''} } }`));
  lines.push('  - { id: operators, kind: local, name: { fi: "Ylläpito" } }', 'services:');
  for (const [id, category, fi, sv, line, keywords] of services)
    lines.push(`  - { id: ${id}, protocol: link, vendor: ${id}-oy, category: ${category}, test: true, name: { fi: ${quote(fi)}, sv: ${quote(sv)} }, line: { fi: ${quote(line)} }, keywords: [${keywords}], launch_uri: "${site}/${id}"${logo(id)} }`);
  lines.push('rules:', '  - { id: teachers, provider: oulu, role: teacher }', '  - { id: no-asiointi, provider: oulu, role: teacher, service: asiointi, school: "99102" }',
    '  - { id: guardians, provider: oulu, role: guardian, service: asiointi }', '  - { id: guardians2, provider: oulu, role: guardian, service: paivakirja }');
  for (const id of ['kanerva', 'jakala', 'vaahtera', 'kuusi', 'pihka', 'valo', 'hanki']) lines.push(`  - { id: l-${id}, provider: oulu, role: learner, service: ${id} }`);
  for (const id of services.map(([s]) => s).filter((s) => s !== 'asiointi')) lines.push(`  - { id: p-${id}, provider: oulu, role: principal, service: ${id} }`);
  lines.push('accounts:');
  const account = (id, name, affiliations, idp = 'oulu') => lines.push(`  - { id: ${id}, idp: ${idp}, username: ${id}, password: { plain: ${password} }, given_names: ${name}, family_name: Testi, affiliations: [${affiliations.map((a) => `{ provider: oulu, ${a} }`).join(', ')}] }`);
  account('aino', 'Aino', ['role: teacher, school: "99101"', 'role: teacher, school: "99102"']);
  account('anni', 'Aino', ['role: teacher, school: "99101"', 'role: teacher, school: "99102"']);
  account('toini', 'Toini', ['role: principal, school: "99101"', 'role: guardian']);
  account('eino', 'Eino', ['role: learner, school: "99101", group: 1B, class_level: 1']);
  return lines.join('\n') + '\n';
}

const elsewhere = http.createServer((req, res) => res.setHeader('Content-Type', 'text/html').end(`<!DOCTYPE html><title>x</title>${req.url}`));
await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
const g = await new Gateway(program, { name: 'launcher', port: await freePort(), registry: registry(`http://127.0.0.1:${elsewhere.address().port}`), settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

/* --- people at browsers -------------------------------------------------------------------------------------- */

async function person(width, options = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width, height: 800 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  return { context, page };
}
async function signIn(page, user, { shared = false } = {}) {
  await page.goto(`${g.url}/school/99101`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  if (shared) await page.check('[name=shared]');
  await Promise.all([page.waitForURL(`${g.url}/`), page.click('form:has(#password) .acts button.b')]);
}
const plain = (text) => text.replaceAll('\u00ad', '');
const texts = async (page, selector) => (await page.locator(selector).allTextContents()).map((t) => plain(t).trim());
const shown = async (page, selector) => page.locator(selector).evaluateAll((all) => all.filter((e) => e.checkVisibility()).map((e) => e.textContent.replaceAll('\u00ad', '')));
const shot = (page, name) => picture(page, { path: path.join(shots, `${name}.png`), fullPage: true });
async function fits(page, width, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${what}: ${wide} px wide at ${width}`);
}
// Everything that a first visit brings, as it comes over the line.
async function weigh(context, url) {
  const page = await context.newPage();
  let bytes = 0;
  const seen = [];
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  session.on('Network.responseReceived', ({ response }) => seen.push(response.url));
  session.on('Network.loadingFinished', (e) => { bytes += e.encodedDataLength; });
  await page.goto(url, { waitUntil: 'networkidle' });
  await page.close();
  return { bytes, foreign: seen.filter((u) => !u.startsWith(g.url) && !u.startsWith('data:')) };
}
async function search(page, query) {
  await page.fill('#q', query);
  await Promise.all([page.waitForNavigation(), page.click('.find .b')]);
  return (await texts(page, '.rows .pick > span')).map((t) => t);
}

const teacherOf = (width) => (width === 320 ? 'aino' : 'anni'); // favourites follow their person
for (const width of [320, 1280]) {
  const teacher = teacherOf(width);
  await test(`11 at ${width}: a country to choose from`, async () => {
    const { context, page } = await person(width);
    await page.goto(g.url + '/');
    check((await page.locator('button[name=idp]').count()) === 0 && (await page.locator('.pick').count()) === 0, 'something large stands before the search');
    check((await texts(page, '.tiny')).join() === 'Ylläpitäjä tai palveluntarjoaja? Kirjaudu: Ylläpito', `the operators' line: ${await texts(page, '.tiny')}`);
    const font = await page.locator('.tiny a').evaluate((a) => parseFloat(getComputedStyle(a).fontSize));
    check(font < 17, `the operators' link is as large as the rest: ${font}`);
    check(/Kaikki 305 kuntaa/.test(await page.textContent('main')), 'the number of municipalities');
    // Completed as one types, by the browser itself: no script.
    const options = await page.locator('datalist option').evaluateAll((all) => all.map((o) => o.value));
    check(options.length === 305 && options.includes('Oulu') && (await page.getAttribute('#q', 'list')) === 'q-all', `${options.length} completions`);
    await fits(page, width, 'the picker');
    await shot(page, `11-picker-${width}`);
    const letters = await texts(page, '.abc a');
    check(letters.join('') === 'AEHIJKLMNOPRSTVY', `letters: ${letters}`);
    await page.click('.abc a:has-text("K")');
    check(/^K: \d+ kuntaa$/.test((await page.textContent('h1')).trim()), await page.textContent('h1'));
    const cities = await texts(page, '.many .pick');
    check(cities.length === 54 && cities.every((c) => c.startsWith('K')), `under K: ${cities.length}`);
    check((await page.textContent('.abc [aria-current]')) === 'K', 'the chosen letter is not marked');
    await fits(page, width, 'a letter');
    await shot(page, `11-letter-${width}`);
    const page_ = await weigh(context, page.url());
    check(page_.bytes <= 50 * 1024 && page_.foreign.length === 0, `a letter: ${page_.bytes} bytes, ${page_.foreign}`);
    // What this device used before is nearest.
    for (const id of ['vaasa', 'oulu']) {
      await page.goto(g.url + '/');
      if (await page.locator('.b.big').count()) await page.click('text=Valitse toinen kunta tai koulu');
      await search(page, id);
      await page.click(`button[name=idp][value=${id}]`);
    }
    await page.goto(g.url + '/');
    check((await page.textContent('.b.big')) === 'Jatka: Oulu', 'the last choice');
    await page.click('text=Valitse toinen kunta tai koulu');
    check((await texts(page, '.picks .pick')).join() === 'Oulu,Vaasa', `used before: ${await texts(page, '.picks .pick')}`);
    await shot(page, `11-used-${width}`);
    await context.close();
  });

  await test(`12 at ${width}: word beginnings first and alone, genitives, one slip of the hand`, async () => {
    const { context, page } = await person(width, { javaScriptEnabled: false });
    await page.goto(g.url + '/');
    const oulu = await search(page, 'Oulu');
    check(oulu.join('|') === 'Oulu|Testi-Oulunsalon lukioOulu|Testi-Kielonmäen kouluOulu', `Oulu: ${oulu}`);
    check((await page.textContent('.rows .pick mark')) === 'Oulu', 'what was found is not marked');
    const firsts = { Oulun: 'Oulu', Espoon: 'Espoo', Helsingin: 'Helsinki', Turun: 'Turku', Vasas: 'Vaasa', Esbos: 'Espoo', Espooo: 'Espoo', Helsiki: 'Helsinki', 'Kielonmäki': 'Testi-Kielonmäen kouluOulu', Kielomäki: 'Testi-Kielonmäen kouluOulu', 'turun koulu': 'Testi-Puolalan kouluTurku' };
    for (const [query, first] of Object.entries(firsts)) {
      const found = await search(page, query);
      check(found[0] === first, `${query}: ${found}`);
    }
    await fits(page, width, 'hits');
    await shot(page, `12-found-${width}`);
    await context.close();
  });

  await test(`13 at ${width}: logos, letters, signs`, async () => {
    const { context, page } = await person(width);
    await signIn(page, teacher);
    const src = await page.getAttribute('.tile[href="/open/paivakirja"] .logo img', 'src');
    check(/^\/logo\/paivakirja\.[0-9a-f]{16}$/.test(src), `the logo's address: ${src}`);
    const answer = await page.request.get(g.url + src);
    const bytes = await answer.body(), headers = answer.headers();
    check(headers['content-type'] === 'image/png' && /immutable/.test(headers['cache-control']) && headers['x-content-type-options'] === 'nosniff', JSON.stringify(headers));
    check(bytes.length <= 4096 && !bytes.equals(fs.readFileSync(path.join(root, 'deploy/demo/logos/paivakirja.png'))), 'the file is handed out as it came');
    check((await page.request.get(`${g.url}/logo/kanerva.0123456789abcdef`)).status() === 404, 'a logo that is none');
    await page.waitForFunction(() => [...document.querySelectorAll('.logo img')].every((i) => i.complete && i.naturalWidth === 128));
    const letters = await texts(page, '.shelf .ico:not(.logo)');
    check(letters.includes('Ha') && letters.includes('KO') && letters.every((l) => l.length === 2), `letters: ${letters}`);
    const colours = await page.locator('.shelf .ico:not(.logo)').evaluateAll((all) => all.map((e) => getComputedStyle(e).backgroundColor));
    check(new Set(colours).size === Math.min(10, colours.length), `${new Set(colours).size} colours of ${colours.length} icons`);
    const alone = (e) => e.getAttribute('class');
    check(new Set(await page.locator('.shelf .ico:not(.logo)').evaluateAll((all, f) => all.map(eval(f)), String(alone))).size === colours.length, 'two icons are alike');
    await context.close();
    const pupil = await person(width);
    await signIn(pupil.page, 'eino');
    const signs = await pupil.page.locator('.roomy .sign').evaluateAll((all) => all.map((e) => e.innerHTML));
    check(signs.length === 2 && new Set(signs).size === 2, `the two books have ${signs.length} signs`);
    await fits(pupil.page, width, 'the pupil\'s page');
    await shot(pupil.page, `13-pupil-${width}`);
    await pupil.context.close();
  });

  await test(`14 at ${width}: the search of the launcher`, async () => {
    const { context, page } = await person(width);
    await signIn(page, teacher);
    const tiles = () => shown(page, '.shelf .tile b'), all = await tiles();
    const says = () => page.textContent('#found');
    check((await page.getAttribute('#found', 'role')) === 'status', 'counts are announced by nothing');
    const finds = { paivakirja: ['Puolukka Päiväkirja'], dagbok: ['Puolukka Päiväkirja'], WILMA: ['Puolukka Päiväkirja'], narvaro: ['Puolukka Päiväkirja'],
      'koe': ['Pihka Koe'], 'kirja': ['Jäkälä Kirjasto'], 'kirjasto': ['Jäkälä Kirjasto'], 'aaneen': ['Valo Lukutuki'], zz: [] };
    for (const [query, names] of Object.entries(finds)) {
      await page.fill('#f', query);
      check((await tiles()).join() === names.join(), `${query}: ${await tiles()}`);
      check(names.length === 0 ? /^Ei palveluja/.test(await says()) : (await says()) === '1 palvelu', `${query} is announced as "${await says()}"`);
    }
    await page.fill('#f', 'lukujärjestys');
    check((await tiles()).join() === 'Lampi Lukkari', await tiles());
    await page.fill('#f', 'PP'); // the letters of an icon
    check(!(await tiles()).includes('Puolukka Päiväkirja') || (await tiles()).length === 0, 'letters of icons are searched');
    await page.fill('#f', '');
    check((await tiles()).join() === all.join() && (await says()) === '', 'a cleared field hides something');
    // The same by the server, which forgives a slip, and clearing brings everything back.
    await page.fill('#f', 'paivakrja');
    check((await tiles()).length === 0, 'the script guesses');
    await Promise.all([page.waitForNavigation(), page.click('.find .b')]);
    check((await tiles()).join() === 'Puolukka Päiväkirja' && /1 palvelu haulle/.test(await page.textContent('[role=status]')), `by the server: ${await tiles()}`);
    await Promise.all([page.waitForNavigation(), page.fill('#f', '')]);
    check((await tiles()).length === all.length, 'clearing what the server found shows not all');
    check(await page.evaluate(() => document.activeElement.id === 'f'), 'the focus is lost');
    await context.close();
    const still = await person(width, { javaScriptEnabled: false });
    await signIn(still.page, teacher);
    await still.page.fill('#f', 'wilma');
    await Promise.all([still.page.waitForNavigation(), still.page.click('.find .b')]);
    check((await texts(still.page, '.shelf .tile b')).join() === 'Puolukka Päiväkirja', 'without a script');
    await Promise.all([still.page.waitForNavigation(), still.page.click('text=Näytä kaikki palvelut')]);
    check((await texts(still.page, '.shelf .tile b')).length === all.length, 'all of them, without a script');
    await still.context.close();
    const pupil = await person(width);
    await signIn(pupil.page, 'eino');
    check((await pupil.page.locator('[role=search]').count()) === 0, 'seven pictures are searched');
    await pupil.context.close();
  });

  await test(`15 at ${width}: favourites, schools, what was opened last, groups, long words`, async () => {
    const { context, page } = await person(width);
    await signIn(page, teacher);
    const offer = page.locator('.lack a');
    check((await offer.boundingBox()).y < (await page.locator('.shelf').boundingBox()).y, 'favourites are offered below the services');
    await shot(page, `15-first-visit-${width}`);
    await offer.click();
    for (const id of ['lampi', 'kanerva', 'kuusi']) await page.click(`button[name=add][value=${id}]`);
    const small = await page.locator('.does button').evaluateAll((all) => all.map((b) => b.getBoundingClientRect()).filter((b) => b.height < 24 || b.width < 24).length);
    check(small === 0, `${small} buttons below 24 px`);
    const focus = () => page.evaluate(() => document.activeElement.id);
    await page.click('#up-kuusi');
    check((await focus()) === 'up-kuusi', `after moving up the focus is at "${await focus()}"`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.id === 'down-kuusi');
    const order = await texts(page, 'ol.rows b');
    check(order.join() === 'Kuusi Luokkahuone,Lampi Lukkari,Kanerva Oppikirjat', `order: ${order}`);
    const inView = await page.locator('#down-kuusi').evaluate((b) => { const r = b.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; });
    check(inView, 'the row that was moved is out of sight');
    await fits(page, width, 'favourites');
    await shot(page, `15-favourites-${width}`);
    // All schools are a choice; the chosen one is remembered, beyond the session.
    await page.goto(g.url + '/');
    check((await page.textContent('nav.seg [aria-current]')).startsWith('Kaikki koulut'), 'who has not chosen sees all');
    await page.click('nav.seg a:has-text("Oulunsalon")');
    await page.goto(g.url + '/');
    check(/Oulunsalon/.test(await page.textContent('nav.seg [aria-current]')), 'the school is forgotten');
    await page.request.post(g.url + '/sign-out', { form: { csrf: await page.inputValue('[name=csrf] >> nth=0') } });
    await context.clearCookies({ name: 'session' });
    await signIn(page, teacher);
    check(/Oulunsalon/.test(await page.textContent('nav.seg [aria-current]')), 'the school is forgotten at the next sign-in');
    await page.click('nav.seg a:has-text("Kaikki koulut")');
    // What was opened last, in this browser; for another person nothing.
    for (const id of ['pihka', 'valo']) {
      await page.click(`.shelf a[href="/open/${id}"]`);
      await page.goto(g.url + '/');
    }
    check((await texts(page, '.row b')).join() === 'Valo Lukutuki,Pihka Koe', `opened last: ${await texts(page, '.row b')}`);
    await shot(page, `15-launcher-${width}`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot(page, `15-launcher-dark-${width}`);
    await page.emulateMedia({ colorScheme: 'light' });
    const weight = await weigh(context, g.url + '/');
    check(weight.bytes <= 50 * 1024 && weight.foreign.length === 0, `the launcher with everything: ${weight.bytes} bytes, ${weight.foreign}`);
    await signIn(page, 'toini');
    check((await page.locator('.row').count()) === 0, 'somebody else sees what was opened last');
    await signIn(page, teacher);
    await page.click('text=Tyhjennä lista');
    check((await page.locator('.row').count()) === 0, 'the list stays');
    // A group of one or two takes the room of one column, and nothing tears.
    if (width === 1280) {
      const panels = await page.locator('.shelf .panel').evaluateAll((all) => all.map((p) => p.getBoundingClientRect()).map((r) => ({ x: Math.round(r.x), width: r.width })));
      check(panels.every((p) => p.width < 400) && new Set(panels.map((p) => p.x)).size >= 2, `boxes: ${JSON.stringify(panels)}`);
    }
    await fits(page, width, 'the launcher');
    const long = await page.locator('.shelf a[href="/open/varvikko"] b').textContent();
    check(/O.*\u00ad/.test(long), `a long word cannot be parted: ${long}`);
    await context.close();
  });

  await test(`16 at ${width}: two kinds of roles`, async () => {
    const { context, page } = await person(width);
    await signIn(page, 'toini');
    const head = await page.locator('.me .who').textContent();
    check(/Rehtori ja huoltaja/.test(head), `the header: ${head}`);
    await page.click('.me summary');
    const mine = await texts(page, '.me .mine span');
    check(mine.join('|') === 'Rehtori, Testi-Kielonmäen koulu|Huoltaja, Oulu', `the menu: ${mine}`);
    await page.keyboard.press('Escape');
    check((await texts(page, 'a[href="/open/asiointi"] .as')).join() === 'Huoltajana', 'by which role a tile is there');
    check((await page.locator('.as').count()) === 1, 'tiles of the first role are marked as well');
    await fits(page, width, 'roles');
    await shot(page, `16-roles-${width}`);
    await context.close();
    const one = await person(width);
    await signIn(one.page, teacher);
    check((await one.page.locator('.as').count()) === 0, 'one kind of role is named on tiles');
    await one.context.close();
  });

  await test(`17 at ${width}: the menu closes, the header of a 404, what browsers ask for, refusals as pages`, async () => {
    const { context, page } = await person(width);
    await signIn(page, teacher);
    const open = () => page.evaluate(() => document.querySelector('details.me').open);
    await page.click('.me summary');
    check(await open(), 'the menu does not open');
    await page.keyboard.press('Escape');
    check(!(await open()) && await page.evaluate(() => document.activeElement.matches('.me summary')), 'Escape');
    await page.click('.me summary');
    await page.mouse.click(4, 300);
    check(!(await open()), 'a press outside');
    const lost = await page.goto(g.url + '/nowhere/at/all');
    check(lost.status() === 404 && /Sivua ei löydy/.test(await page.textContent('h1')) && /Aino/.test(await page.locator('header .who').textContent()), 'the header of a 404');
    await shot(page, `17-lost-${width}`);
    const stranger = await person(width);
    check((await stranger.page.goto(g.url + '/nowhere')).status() === 404 && (await stranger.page.locator('header .me').count()) === 0, 'a stranger\'s 404');
    await stranger.context.close();
    await page.goto(g.url + '/');
    const icons = await page.locator('link[rel=icon],link[rel=apple-touch-icon],link[rel=manifest]').evaluateAll((all) => all.map((l) => l.href));
    check(icons.length === 3 && (await page.locator('meta[name=theme-color]').count()) === 2, `icons: ${icons}`);
    for (const url of [...icons, g.url + '/favicon.ico', g.url + '/robots.txt', g.url + '/.well-known/security.txt'])
      check((await page.request.get(url)).ok(), url);
    const manifest = await (await page.request.get(icons[2])).json();
    check(manifest.name === 'DigiOne' && manifest.start_url === '/' && manifest.icons.length === 3, JSON.stringify(manifest));
    for (const icon of manifest.icons) check((await page.request.get(g.url + icon.src)).headers()['content-type'] === 'image/png', icon.src);
    const security = await (await page.request.get(g.url + '/.well-known/security.txt')).text();
    const until_ = Date.parse(/^Expires: (.+)$/m.exec(security)[1]);
    check(/^Contact: mailto:tuki@digione\.example$/m.test(security) && until_ > Date.now() && until_ < Date.now() + 365 * 86400000 && security.includes(`Canonical: ${g.url}/.well-known/security.txt`), security);
    check(/^Disallow: \/$/m.test(await (await page.request.get(g.url + '/robots.txt')).text()), 'robots.txt');
    await context.close();
    // Refused before they were requests: a page, in the person's language; programs get a line of text.
    const swedish = await person(width, { locale: 'sv-FI' });
    const raw = (bytes) => new Promise((resolve, reject) => {
      let said = '';
      const s = net.connect(g.port, '127.0.0.1', () => s.write(bytes));
      s.on('data', (d) => { said += d; }).on('end', () => resolve(said)).on('error', reject);
    });
    const like = `Host: localhost:${g.port}\r\nAccept: text/html,*/*\r\nAccept-Language: sv-FI,sv;q=0.9\r\n`;
    const refused = { 400: `GET /x\x01 HTTP/1.1\r\n${like}\r\n`, 413: `POST /sign-in/idp HTTP/1.1\r\n${like}Content-Length: 999999\r\n\r\n`, 414: `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${like}\r\n` };
    const chunked = `POST /sign-in/idp HTTP/1.1\r\n${like}Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`;
    for (const [status, request] of [...Object.entries(refused), [413, `${chunked}f0000\r\n`], [400, `${chunked}zz\r\n`]]) {
      const said = await raw(request);
      check(said.startsWith(`HTTP/1.1 ${status} `) && /Content-Type: text\/html/.test(said) && /<html lang="sv">/.test(said) && /Länken eller tjänsten/.test(said), `${status}: ${said.slice(0, 300)}`);
      const code = /codebox">(\w+)<span class="half">(\w+)/.exec(said);
      check(g.logText().includes(code[1] + code[2]), `the code of ${status} stands in no log`);
      const program_ = await raw(request.replace(/Accept: [^\r]+\r\nAccept-Language: [^\r]+\r\n/, 'Accept: */*\r\n'));
      check(/text\/plain/.test(program_) && /Support code: \w{8}/.test(program_), `${status} to a program: ${program_.slice(0, 200)}`);
    }
    await swedish.page.setContent((await raw(refused[414])).split('\r\n\r\n')[1]);
    const long = await swedish.page.goto(`${g.url}/${'a'.repeat(9000)}`);
    check(long.status() === 414 && (await swedish.page.getAttribute('html', 'lang')) === 'sv', 'a long address in a browser');
    await fits(swedish.page, width, '414');
    await shot(swedish.page, `17-too-long-${width}`);
    await swedish.context.close();
  });

  await test(`18 at ${width}: Valmis, and the next one`, async () => {
    const { context, page } = await person(width);
    await page.goto(`${g.url}/school/99101?shared=1`);
    await page.fill('#username', 'eino');
    await page.fill('#password', password);
    await Promise.all([page.waitForURL(`${g.url}/`), page.click('form:has(#password) .acts button.b')]);
    check((await page.locator('header .ready button').count()) === 1 && (await page.locator('main .ready button').count()) === 1, '"Valmis" stands in a landmark and after the tiles');
    const early = await page.evaluate(() => !!(document.querySelector('.ready button').compareDocumentPosition(document.querySelector('main a')) & Node.DOCUMENT_POSITION_FOLLOWING));
    check(early, '"Valmis" comes after the tiles in the reading order');
    // Text at 200 %: it lies over nothing, and takes no half of the screen.
    await page.setViewportSize({ width, height: 568 });
    await page.evaluate(() => { const s = new CSSStyleSheet(); s.replaceSync(':root{font-size:212.5%!important}'); document.adoptedStyleSheets = [s]; });
    const box = await page.locator('header .ready').boundingBox();
    check(box.height <= 568 / 3, `"Valmis" is ${box.height} px high of 568`);
    check(await page.evaluate(() => [...document.querySelectorAll('body *')].every((e) => !['fixed', 'sticky'].includes(getComputedStyle(e).position))), 'something lies over the page');
    await fits(page, width, 'Valmis at 200 %');
    await shot(page, `18-large-${width}`);
    await page.evaluate(() => { document.adoptedStyleSheets = []; });
    await page.click('.roomy a[href="/open/kanerva"]');
    await page.goto(g.url + '/');
    await Promise.all([page.waitForNavigation(), page.click('header .ready button')]);
    check((await page.locator('.frame svg').count()) === 1 && (await page.textContent('h1')) === 'Anna laite seuraavalle.' && (await page.locator('.one > p .b').count()) === 1, 'one picture, one sentence, one button');
    const next = await page.locator('.huge').boundingBox();
    check(next.height >= 96 && next.y + next.height <= 800, `"Seuraava": ${JSON.stringify(next)}`);
    check(!(await page.locator('.truth').isVisible()) && /Aikuiselle: 1 jäi auki/.test(await page.textContent('summary')), 'what stayed open is not folded');
    await fits(page, width, 'after Valmis');
    await shot(page, `18-next-${width}`);
    await page.click('summary');
    check(/Kanerva Oppikirjat/.test(await page.textContent('.truth')), 'an adult does not read what stayed open');
    await page.click('.huge');
    check((await page.locator('#username').count()) === 1 && /Oulu/.test(await page.textContent('main')), 'the next one is not at this device\'s school');
    await context.close();
  });
}

/* --- languages that have some of the texts -------------------------------------------------------------------- */

for (const [width, scripts] of [[320, false], [1280, true]])
  await test(`20 at ${width}${scripts ? '' : ', without scripts'}: easy Finnish and Northern Sámi are chosen, kept, and marked part by part`, async () => {
    const { context, page } = await person(width, { javaScriptEnabled: scripts });
    await page.goto(g.url + '/');
    const choose = (name) => Promise.all([page.waitForNavigation(), page.click(`.foot a:text-is("${name}")`)]);
    await choose('Selkosuomi');
    check((await page.getAttribute('.foot a[hreflang=fi-simple]', 'aria-current')) === 'true', 'what was chosen is not marked');
    await page.goto(`${g.url}/ei-ole`);
    check((await page.textContent('h1')) === 'Tätä sivua ei ole' && /^Tätä sivua ei ole/.test(await page.title()) && (await page.getAttribute('html', 'lang')) === 'fi', await page.textContent('h1'));
    await signIn(page, teacherOf(width));
    check((await page.textContent('label[for=f]')).trim() === 'Etsi palvelu', await page.textContent('main'));
    await fits(page, width, 'easy Finnish');
    await shot(page, `20-easy-${width}`);
    await choose('Davvisámegiella');
    check((await page.textContent('h1')).startsWith('Bures, Aino') && (await page.locator('h1 [lang=se]').count()) === 1, await page.textContent('h1'));
    // All that is Sámi says so, the page is Finnish, and nothing of it stands where it cannot say so.
    check((await page.getAttribute('html', 'lang')) === 'fi' && (await page.locator('header [lang=se]:text-is("Logge olggos")').count()) === 1, 'signing out');
    check(!/[čđŋšŧž]/.test(await page.title()) && (await page.textContent('label[for=f]')).trim() === 'Hae palvelua', 'what is not there is not Finnish');
    const bare = await page.evaluate(() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), out = []; for (let n = walk.nextNode(); n; n = walk.nextNode()) if (/[čđŋŧ]|Logge|Bures/.test(n.data) && !n.parentElement.closest('[lang=se]')) out.push(n.data); return out; });
    check(bare.length === 0, `Sámi that is read as Finnish: ${bare}`);
    await fits(page, width, 'Northern Sámi');
    await shot(page, `20-se-${width}`);
    await page.goto(`${g.url}/services`);
    check((await page.locator('.foot .more').count()) === 0, 'a page without such texts offers them');
    await page.goto(`${g.url}/`);
    await page.goto(`${g.url}/lang?to=fi&back=/`);
    check((await page.locator('[lang=se]:not(a)').count()) === 0 && (await page.locator('.foot [aria-current]').count()) === 0, 'Finnish is not Finnish again');
    await context.close();
  });

/* --- what is too much, and too long --------------------------------------------------------------------------- */

// Sixty characters: in words, and in one.
const sixty = ['Kansainvälisen luonnontieteellisen perusopetuksen oppikirjat', 'Ympäristötieteellisopetusohjelmistokokonaisuushallintamateriaali'.slice(0, 60)];
check(sixty.every((name) => [...name].length === 60), sixty.map((n) => n.length).join());
async function crowd() {
  const day = (n) => new Date(Date.now() + n * 86400000).toISOString().replace(/\.\d+/, '');
  const lines = ['format: 1', 'providers:', `  - { id: oulu, oid: "${oid(0)}", name: { fi: "${sixty[0]}" }, schools: [{ oid: "${schoolOid('99101')}", code: "99101", name: { fi: "${sixty[1]}" } }] }`,
    'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }', 'services:'];
  for (let i = 0; i < 500; i++)
    lines.push(`  - { id: p${i}, protocol: link, vendor: v${i % 40}, category: ${['books', 'class', 'maths', 'office'][i % 4]}, test: true, name: { fi: "${i < 2 ? sixty[i] : `Palvelu ${String(i).padStart(3, '0')} ${'abcdefghij'[i % 10]}`}" }, line: { fi: "${i < 2 ? sixty[1 - i] : 'Rivi'}" }, launch_uri: "http://127.0.0.1:9/${i}" }`);
  lines.push('rules:', '  - { id: all, provider: oulu, role: teacher }', 'notices:',
    `  - { id: asia, provider: oulu, title: { fi: "<b>${sixty[1]}</b>" }, says: { fi: "<img src=x onerror=alert(1)>" }, from: "${day(-1)}", until: "${day(30)}" }`,
    'accounts:', `  - { id: aino, idp: oulu, username: aino, password: { plain: ${password} }, given_names: ${sixty[1]}, family_name: Oppikirjailija, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }`);
  return new Gateway(program, { name: 'launcher-crowd', port: await freePort(), registry: lines.join('\n') + '\n' }).start();
}
// Runs in the page: what is cut off and does not say the rest otherwise.
const cutOff = () => [...document.querySelectorAll('main *, header *')].filter((e) => e.checkVisibility() && !e.closest('.vh,.skip,svg,.view,.spot,input') && getComputedStyle(e).overflowX !== 'visible' &&
  (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && !e.closest('[title]')).map((e) => e.outerHTML.slice(0, 80));
const sticksOut = () => [...document.querySelectorAll('main *, header *')].filter((e) => e.checkVisibility() && !e.closest('.vh,.skip,svg,.view,.spot') && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80));
const many = await crowd();
for (const width of [320, 1280])
  await test(`19 at ${width}: five hundred services, names of sixty characters, a notice of markup`, async () => {
    const { context, page } = await person(width);
    page.on('dialog', () => { throw new Error('markup of a notice ran'); });
    await page.goto(`${many.url}/school/99101`);
    await page.fill('#username', 'aino');
    await page.fill('#password', password);
    await Promise.all([page.waitForURL(`${many.url}/`), page.click('form:has(#password) .acts button.b')]);
    const seen = new Set();
    let pages = 0;
    for (;;) {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      check(wide <= width, `page ${pages}: ${wide} px wide at ${width}`);
      const [cut, out] = [await page.evaluate(cutOff), await page.evaluate(sticksOut)];
      check(cut.length + out.length === 0, `page ${pages}: ${cut[0] ?? ''} ${out[0] ?? ''}`);
      for (const href of await page.locator('.shelf a.tile').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
        check(!seen.has(href), `${href} stands twice`);
        seen.add(href);
      }
      check(/Kaikkiaan niitä on 500/.test(await page.textContent('main')), `page ${pages} does not say how many there are`);
      if (pages === 0) {
        check((await page.textContent('.news')).replaceAll('\u00ad', '').includes(`<b>${sixty[1]}</b>`) && (await page.locator('.news .note h3 b, .news img[src="x"]').count()) === 0, 'the notice is not as it was written');
        check((await weigh(context, `${many.url}/`)).bytes <= 50 * 1024, 'the first page is heavy');
        await shot(page, `19-crowd-${width}`);
      }
      pages++;
      const next = page.locator('main a:has-text("Näytä lisää")');
      if (!(await next.count())) break;
      await Promise.all([page.waitForNavigation(), next.click()]);
    }
    check(seen.size === 500 && pages < 12, `${seen.size} services on ${pages} pages`);
    // Both long names are found, and whole.
    for (const name of sixty) {
      await page.goto(`${many.url}/?q=${encodeURIComponent(name)}`);
      check((await texts(page, '.shelf .tile b')).includes(name), `${name}: ${await texts(page, '.shelf .tile b')}`);
      check((await page.evaluate(cutOff)).length + (await page.evaluate(sticksOut)).length === 0, `${name} is cut`);
    }
    await page.goto(`${many.url}/me`);
    check((await page.evaluate(cutOff)).length + (await page.evaluate(sticksOut)).length === 0, `/me: ${await page.evaluate(cutOff)} ${await page.evaluate(sticksOut)}`);
    await context.close();
  });
await many.stop();

await test('14: what is typed is folded by the script as by the server, for every character', async () => {
  const dir = folder('fold');
  execFileSync(path.join(path.dirname(program), 'render_pages'), [dir]);
  const page = await browser.newPage();
  const script = fs.readFileSync(path.join(root, 'frame/assets/filter.js'), 'utf8');
  await page.goto('about:blank');
  await page.addScriptTag({ content: script });
  const rows = fs.readFileSync(path.join(dir, 'fold.txt'), 'utf8').trim().split('\n');
  check(rows.length > 120000, `${rows.length} characters`);
  const wrong = await page.evaluate((lines) => lines.filter((line) => {
    const [code, ...bytes] = line.split(' ');
    const mine = [...new TextEncoder().encode(fold(String.fromCodePoint(parseInt(code, 16))))].map((b) => b.toString(16).padStart(2, '0'));
    return mine.join() !== bytes.join();
  }), rows);
  check(wrong.length === 0, `${wrong.length} characters are folded otherwise: ${wrong.slice(0, 12).join('; ')}`);
  await page.close();
});

await browser.close();
elsewhere.close();
console.log(`pictures in ${shots}`);
await finish();
