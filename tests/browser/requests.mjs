// SPDX-License-Identifier: EUPL-1.2
// People ask for what is not open to them, and see what is known of them; in real Chromium at 320 and 1280 px, with and
// without scripts, with axe; and nothing of one person, school or city ever stands on a page of another.
//   node requests.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/request-shots');
fs.mkdirSync(shots, { recursive: true });

const password = 'salasana-salasana';
const first = '1.2.246.562.99.95640200010', second = '1.2.246.562.99.95640200028';
const people = [['tiina', 'Tiina', 'Koski', 'admin', ''], ['sari', 'Sari', 'Lehto', 'admin', ''], ['toini', 'Toini', 'Rehtori', 'principal', '99101'], ['silja', 'Silja', 'Sihteeri', 'secretary', '99101'],
  ['aino', 'Aino', 'Laakso', 'teacher', '99101'], ['veikko', 'Veikko', 'Virtanen', 'teacher', '99101'], ['maija', 'Maija', 'Muualla', 'teacher', '99102'], ['eino', 'Eino', 'Oppilas', 'learner', '99101', 'group: 5A, class_level: 5'],
  ['kerttu', 'Kerttu', 'Huoltaja', 'guardian', '99101'], ['lasse', 'Lasse', 'Lokinen', 'auditor', '']];
const rp = new Service({ url: '' }, { id: 'kanerva', secret: 'kanerva-secret-kanerva-secret-kanerva', redirect: 'http://kanerva.localhost/cb' });
const registry = ['format: 1', 'providers:',
  `  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, support: "tuki@oulu.example", schools: [{ oid: "${first}", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "${second}", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }`,
  '  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo, sv: Esbo }, schools: [{ oid: "1.2.246.562.99.90490200018", code: "99201", name: { fi: Testi-Lingonbacka skola } }] }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }', '  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo } }',
  'services:', rp.row({ asks: 'sub, given_name, school' }),
  ...['Vaahtera Matikka', 'Puolukka Päiväkirja', 'Pihka Koe', 'Lampi Lukkari', 'Havu Kirjasto'].map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  'policies:', `  - { id: oulu-leaves-puolukka, provider: oulu, text: 'permit (principal in Provider::"oulu", action == Action::"leaveToSchools", resource == Service::"puolukka");' }`,
  `  - { id: no-lampi, text: 'forbid (principal, action == Action::"open", resource == Service::"lampi");' }`,
  'rules:', ...['learner', 'teacher', 'guardian', 'admin'].map((role) => `  - { id: oulu-${role}, provider: oulu, role: ${role}, service: kanerva, release: [sub, given_name, school] }`),
  'admins:', ...['tiina', 'sari'].map((id) => `  - { id: ${id}, idp: oulu, subject: ${id}, role: admin, provider: oulu }`), '  - { id: espoon-tiina, idp: espoo, subject: espoo-tiina, role: admin, provider: espoo }',
  'accounts:', ...people.map(([id, given, family, role, school, more]) => `  - { id: ${id}, idp: oulu, username: ${id}, password: { plain: ${password} }, given_names: ${given}, family_name: ${family}, email: ${id}@oulu.example, affiliations: [{ provider: oulu, role: ${role}${school ? `, school: "${school}"` : ''}${more ? `, ${more}` : ''} }] }`),
  `  - { id: espoo-tiina, idp: espoo, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Espoo }`,
  `  - { id: espoo-ope, idp: espoo, username: ope, password: { plain: ${password} }, given_names: Olavi, family_name: Espoolainen, affiliations: [{ provider: espoo, role: teacher, school: "99201" }] }`].join('\n') + '\n';

const g = await new Gateway(program, { name: 'requests', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
rp.gateway = g;
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const browser = await launch();

async function visitor({ lang, width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ locale: lang ?? 'fi-FI', viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light', acceptDownloads: true, extraHTTPHeaders: lang ? { 'Accept-Language': lang } : {} });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  return { context, page };
}
async function signIn(page, user, { at = '/', idp = 'oulu', shared = false } = {}) {
  await page.goto(g.url + at);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login');
  if (shared) await page.check('input[name=shared]').catch(() => {});
  const button = page.locator(`button[name=idp][value=${idp}]`), link = page.locator(`a[href*="idp=${idp}"]`);
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  else await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  if (shared) await page.check('input[name=shared]').catch(() => {});
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  if (at.startsWith('/admin')) await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
async function looks(page, name) {
  const width = page.viewportSize().width, wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return; // axe waits by timers, which do not run there
  await axeFindsNothing(page, name);
}
const main = (page) => page.textContent('main');
const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
async function done(page, selector) {
  await send(page, selector);
  check((await page.locator('main [role=status]').count()) > 0, `nothing was done: ${page.url()} ${await main(page)}`);
}
const audit = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => /^audit-/.test(f)).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n')).map((l) => JSON.parse(l));
// Asks for a service, from the page that says why it is missing.
async function asks(page, service, { why, named } = {}) {
  await page.goto(`${g.url}/why/${service}`);
  if (why !== undefined) await page.fill('#why', why);
  if (named) await page.check('[name=named]');
  await send(page, 'form[action^="/request/"] button.b.two');
}
async function as(user, options, run) {
  const { context, page } = await visitor(options);
  await signIn(page, user, options);
  const out = await run(page, context);
  await context.close();
  return out;
}

/* --- asking, and what becomes of it ------------------------------------------------------------------------------ */

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`a teacher asks, an admin drafts what would do it, another publishes, the teacher sees it, ${width} px, ${lang}`, async () => {
    const service = width === 320 ? 'vaahtera' : 'pihka', name = width === 320 ? 'Vaahtera Matikka' : 'Pihka Koe';
    // Refused at the door: the page says who decides, and takes the request.
    await as('aino', { width, lang, scripts }, async (page) => {
      const refused = await page.goto(`${g.url}/open/${service}`);
      check(refused.status() === 403 && /Oulu: (tähän se jäi|it stopped here)/.test(await main(page)), `who decides: ${await main(page)}`);
      await looks(page, 'denied');
      // What may name a pupil is not kept; what was typed stays.
      await page.fill('#why', 'Oppilas 010199-123A tarvitsee'); await page.check('[name=named]');
      const [answer] = await send(page, 'form[action^="/request/"] button.b.two');
      check(answer.status() === 400 && (await page.inputValue('#why')) === 'Oppilas 010199-123A tarvitsee' && (await page.isChecked('[name=named]')), `kept: ${await main(page)}`);
      await looks(page, 'denied-words');
      await page.fill('#why', 'Kokeisiin seiskoille');
      await send(page, 'form[action^="/request/"] button.b.two');
      check(page.url().includes(`/why/${service}`) && /Odottaa vastausta|Waiting for an answer/.test(await main(page)), `sent: ${await main(page)}`);
      check((await page.locator('#pf').count()) === 0, 'the same can be asked twice');
      await looks(page, 'asked');
    });
    await as('veikko', { width, lang, scripts }, async (page) => {
      await page.goto(`${g.url}/why/${service}`);
      check(/(Pyytäjiä on nyt|Asking now:) 1\./.test(await main(page)), 'how many ask');
      check(!/Aino|seiskoille/.test(await page.content()), 'a teacher sees who else asks');
      await asks(page, service, {});
    });
    // The city sees one question with a number, and the name that was shown.
    const draft = await as('tiina', { width, lang, scripts, at: '/admin' }, async (page) => {
      const todo = page.locator('.todo li', { hasText: name });
      check(/2/.test(await todo.locator('h3').textContent()), `the home: ${await main(page)}`);
      await looks(page, 'home');
      await page.goto(`${g.url}/admin/rights/${service}?col=3`);
      check((await page.locator('main a[href^="/admin/requests/"]').count()) === 1, 'the cell does not say who asks');
      await looks(page, 'cell');
      await page.goto(`${g.url}/admin/rights/${service}?col=5`);
      check((await page.locator('main a[href^="/admin/requests/"]').count()) === 0, 'the request stands in another cell');
      await page.goto(`${g.url}/admin/requests`);
      await looks(page, 'requests');
      await send(page, `main .lines a:has-text("${name}")`);
      const words = await main(page);
      check(/Aino Laakso/.test(words) && /seiskoille/.test(words) && !/Veikko|Virtanen/.test(words), `the names: ${words}`);
      await looks(page, 'request');
      await send(page, 'main .acts a.b:not(.two)');
      check(await page.isChecked('[name=role_teacher]') && await page.isChecked(`[name="school_${first}"]`) && !(await page.isChecked(`[name="school_${second}"]`)), 'the draft does not begin with who asks');
      check(/2/.test(await page.inputValue('#why')), 'nor says how many');
      await looks(page, 'prefilled');
      await done(page, '[name=act][value=keep]');
      await done(page, '[name=act][value=propose]');
      return new URL(page.url()).pathname;
    });
    await as('sari', { width, lang, scripts, at: '/admin' }, async (page) => {
      await page.goto(g.url + draft);
      await done(page, '[name=act][value=approve]');
    });
    await as('aino', { width, lang, scripts }, async (page) => {
      await until('it is open', async () => { await page.goto(`${g.url}/me`); return /on nyt auki sinulle|is open to you now/.test(await main(page)); });
      await looks(page, 'me-met');
    });
    await as('maija', { width, lang, scripts }, async (page) => {
      await page.goto(`${g.url}/why/${service}`);
      check((await page.locator('#pf').count()) === 1, 'another school has it, too');
    });
    await as('tiina', { at: '/admin' }, async (page) => {
      await page.goto(`${g.url}/admin/requests`);
      check(!(await main(page)).includes(name), 'what is open is asked for still');
    });
  });

for (const [width, lang, scripts] of [[320, 'sv-FI', true], [1280, 'fi-FI', false]])
  await test(`a request is declined with words, and who asked reads them, ${width} px, ${lang}`, async () => {
    const user = width === 320 ? 'maija' : 'aino';
    await as(user, { width, lang, scripts }, (page) => asks(page, 'havu', { why: 'Lukupiiriin' }));
    await as('tiina', { width, lang, scripts, at: '/admin' }, async (page) => {
      await page.goto(`${g.url}/admin/requests`);
      await send(page, 'main .lines a:has-text("Havu")');
      await page.evaluate(() => document.querySelector('main form.card').setAttribute('novalidate', '')).catch(() => {});
      if (scripts) {
        const [empty] = await send(page, 'form.card .acts button');
        check(empty.status() === 400 && (await page.locator('[role=alert] a[href="#words"]').count()) === 1, 'declined without words');
        await looks(page, 'request-no-words');
      }
      await page.fill('#words', `Kirjasto avataan vasta ensi syksynä, ${width}`);
      await send(page, 'form.card .acts button');
      check(page.url().endsWith('/admin/requests') && (await page.locator('main [role=status]').count()) === 1, page.url());
      await looks(page, 'request-declined');
    });
    await as(user, { width, lang, scripts }, async (page) => {
      for (const at of ['/why/havu', '/me']) {
        await page.goto(g.url + at);
        check((await main(page)).includes(`ensi syksynä, ${width}`) && /Oulu|Uleåborg/.test(await main(page)), `${at}: the answer: ${await main(page)}`);
        await looks(page, at === '/me' ? 'me-declined' : 'declined');
      }
      await page.goto(`${g.url}/why/havu`);
      check((await page.locator('#pf').count()) === 0, 'the same is asked again at once');
    });
    check(audit().some((l) => l.event === 'console' && l.reason === 'request' && l.area === 'oulu'), 'the act has no line');
    check(!JSON.stringify(audit()).includes('Lukupiiriin'), 'words of who asks are in the audit log');
  });

await test('what is left to a school is asked of the school, and opened there by one press', async () => {
  await as('aino', {}, async (page) => {
    await page.goto(`${g.url}/why/puolukka`);
    check(/Testi-Kielonmäen koulu: tähän se jäi/.test(await main(page)) && /käsittelee Testi-Kielonmäen koulu/.test(await main(page)), await main(page));
    await looks(page, 'left-to-school');
    await asks(page, 'puolukka', {});
  });
  await as('tiina', { at: '/admin' }, async (page) => { await page.goto(`${g.url}/admin/requests`); check(!/Puolukka/.test(await main(page)), 'the city is asked what the school decides'); });
  // A secretary sees it; the principal decides.
  await as('silja', { at: '/admin' }, async (page) => {
    check(/Puolukka/.test(await page.textContent('.todo')), 'the secretary does not see it');
    await send(page, '.todo .acts a');
    check((await page.locator('main form').count()) === 0 && (await page.locator('main .acts a.b:not(.two)').count()) === 0, 'a secretary decides');
  });
  await as('toini', { at: '/admin', width: 320 }, async (page) => {
    await send(page, '.todo .acts a');
    await looks(page, 'request-school');
    await send(page, 'main .acts a.b:not(.two)');
    check(await page.isChecked('[name=who_3]') && !(await page.isChecked('[name=who_0]')) && /1/.test(await page.inputValue('#why')), 'the box is not ticked');
    await looks(page, 'school-prefilled');
    await done(page, 'main form .acts button');
  });
  await as('aino', {}, (page) => until('it is open', async () => { const a = await page.goto(`${g.url}/why/puolukka`).catch(() => null); return !page.url().includes('/why/') || a === null; }));
});

await test('pupils ask where their city lets them, without words or a name; guardians nowhere', async () => {
  for (const user of ['eino', 'kerttu']) await as(user, {}, async (page) => {
    await page.goto(`${g.url}/why/havu`);
    check((await page.locator('#pf').count()) === 0 && (await page.locator('main a[href="mailto:tuki@oulu.example"]').count()) === 1, `${user}: ${await main(page)}`);
  });
  await as('tiina', { at: '/admin', width: 320 }, async (page) => {
    await page.goto(`${g.url}/admin/requests`);
    await send(page, '[name=learners][value=yes]');
    check((await page.locator('[name=learners][value=no]').count()) === 1, 'it is not kept');
  });
  check(audit().some((l) => l.event === 'console' && l.reason === 'request_rules'), 'the act has no line');
  await as('eino', { width: 320 }, async (page) => {
    await page.goto(`${g.url}/why/havu`);
    check((await page.locator('#pf').count()) === 1 && (await page.locator('#why, [name=named]').count()) === 0, 'a pupil can write');
    await looks(page, 'pupil');
    await page.evaluate(() => { for (const [n, v] of [['why', 'Eino haluaa pelata'], ['named', '1']]) { const i = document.createElement('input'); i.name = n; i.value = v; i.type = 'hidden'; document.querySelector('form[action^="/request/"]').append(i); } });
    await send(page, 'form[action^="/request/"] button.b.two');
    check(/Odottaa vastausta/.test(await main(page)), await main(page));
  });
  await as('kerttu', {}, async (page) => { await page.goto(`${g.url}/why/havu`); check((await page.locator('#pf').count()) === 0, 'a guardian can ask'); });
  await as('tiina', { at: '/admin' }, async (page) => {
    await page.goto(`${g.url}/admin/requests`);
    await send(page, 'main .lines li:has-text("Oppilas, luokka 5") a');
    check(!/Eino|pelata|Oppilas Eino/.test(await page.content()), 'a pupil is named');
    await looks(page, 'request-pupil');
  });
  await as('eino', {}, async (page) => {
    await page.goto(`${g.url}/why/havu`);
    await send(page, '[name=take]');
    check(!/Odottaa vastausta/.test(await main(page)) && (await page.locator('#pf').count()) === 1, 'it is not taken back');
  });
});

await test('what no municipality can open cannot be asked for; a form from elsewhere asks nothing', async () => {
  await as('aino', {}, async (page, context) => {
    const refused = await page.goto(`${g.url}/open/lampi`);
    check(refused.status() === 403 && (await page.locator('#pf, .truth').count()) === 0 && (await page.locator('main a[href="mailto:tuki@oulu.example"]').count()) === 1, await main(page));
    const Cookie = (await context.cookies(g.url)).map((c) => `${c.name}=${c.value}`).join('; ');
    await page.goto(`${g.url}/favourites`);
    const csrf = await page.locator('[name=csrf]').first().getAttribute('value');
    const post = (service, body) => fetchLocal(g.port, `/request/${service}`, { method: 'POST', headers: { Cookie, 'Content-Type': 'application/x-www-form-urlencoded' }, body });
    await post('lampi', `csrf=${csrf}&place=oulu/${first}/teacher`);
    await post('havu', `csrf=x&place=oulu/${first}/teacher`);
    for (const place of [`oulu/${second}/teacher`, `oulu/${first}/principal`, 'espoo//teacher', `oulu/${first}/learner`]) await post('havu', `csrf=${csrf}&place=${place}`);
    check((await post('nothing', `csrf=${csrf}`)).status === 404, 'a service that there is not');
  });
  await as('tiina', { at: '/admin' }, async (page) => { await page.goto(`${g.url}/admin/requests`); check((await page.locator('main .lines li').count()) === 0, `something was asked: ${await main(page)}`); });
});

/* --- what is known of a person ----------------------------------------------------------------------------------- */

await test('each sees what came, who was told and who looked; never the words of a reason, and nothing of others', async () => {
  // Aino is told about to a service; Tiina looks at her, with words that are not for her.
  await as('aino', {}, async (page) => {
    // Nobody listens there: the request itself carries the code.
    const [request] = await Promise.all([page.waitForRequest((r) => r.url().startsWith(rp.redirect)), page.goto(rp.authorizeUrl({ scope: 'openid profile' })).catch(() => {})]);
    const code = new URL(request.url()).searchParams.get('code');
    check((await rp.redeem(code)).status === 200, 'the code');
  });
  await as('tiina', { at: '/admin' }, async (page) => {
    await page.goto(`${g.url}/admin/people`);
    await page.fill('#q', 'aino'); await page.check('[name=reason][value=incident]'); await page.fill('#why', 'Salainen epäily');
    await send(page, 'main form .acts button.b');
    await page.goto(`${g.url}/admin/people`);
    await page.fill('#q', 'maija'); await page.check('[name=reason][value=support]'); await page.fill('#why', 'Toisen asia');
    await send(page, 'main form .acts button.b');
  });
  const aino = audit().find((l) => l.event === 'release').person;
  await as('lasse', { at: '/admin/log' }, async (page) => { await page.goto(`${g.url}/admin/log?person=${aino.slice(0, 12)}`); });
  for (const [width, lang, scripts, dark] of [[320, 'fi-FI', true, false], [1280, 'sv-FI', true, true], [1280, 'en-GB', false, false]])
    await as('aino', { width, lang, scripts, dark }, async (page) => {
      await send(page, 'header .me summary + .sheet a[href="/me"], header a[href="/me"]').catch(() => page.goto(`${g.url}/me`));
      if (!page.url().endsWith('/me')) await page.goto(`${g.url}/me`);
      const words = await main(page), html = await page.content();
      check(/Aino Laakso/.test(words) && /aino@oulu\.example/.test(words) && words.includes(first) && /Testi-Kielonmäen koulu/.test(words), `what came: ${words}`);
      check(/Kanerva/.test(words), `who was told: ${words}`);
      check(/Syy: tietoturvatapaus|säkerhetsincident|security incident/.test(words) && /(Pääkäyttäjä|Huvudanvändare|Administrator), (Oulu|Uleåborg)/.test(words), `who looked: ${words}`);
      check(/Haki lokista|i loggen|Searched the log/.test(words) && /(Lokin lukija|Loggläsare|Log reader), /.test(words), `who read the log: ${words}`);
      check(!/Salainen|Tiina|Lasse|Toisen asia/.test(html), 'the words of the reason, or a name');
      for (const other of ['Veikko', 'Maija', 'Eino', 'Espoo', 'maija@', aino]) check(!html.includes(other), `${other} stands on her page`);
      await looks(page, `me${dark ? '-dark' : ''}`);
      if (width !== 320) return;
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[href="/me/data"]')]);
      const text = fs.readFileSync(await download.path(), 'utf8'), data = JSON.parse(text);
      check(data.person.email === 'aino@oulu.example' && data.person.affiliations[0].understood_as === 'teacher', 'the file: who');
      check(data.events.some((e) => e.event === 'release' && e.told.includes('given_name')) && data.events_complete, 'the file: told');
      check(data.looks.some((l) => l.reason === 'incident' && l.area === 'oulu' && l.acting_as === 'admin') && data.looks.some((l) => l.what === 'log'), `the file: looks ${JSON.stringify(data.looks)}`);
      check(data.requests.some((r) => r.service === 'vaahtera' && r.words === 'Kokeisiin seiskoille'), 'the file: requests');
      check(!/Salainen|Tiina|Toisen asia|Veikko|maija|espoo/i.test(text), 'the file has something of another');
      // A record is proven as it stands, with her name in the log; outside of the proofs that name is nowhere.
      const proven = data.events.filter((e) => e.proof).map((e) => JSON.parse(e.proof.record));
      check(proven.length > 0 && proven.every((r) => r.person === aino), `records of others are proven: ${JSON.stringify(proven.filter((r) => r.person !== aino))}`);
      check(!JSON.stringify(data, (key, value) => (key === 'proof' ? undefined : value)).includes(aino), 'her name in the log stands outside of the proofs');
    });
  await as('maija', {}, async (page) => { await page.goto(`${g.url}/me`); const words = await main(page); check(/Syy: tuki/.test(words) && !/tietoturvatapaus|Aino|Kanerva/.test(words), words); });
  await as('ope', { idp: 'espoo' }, async (page) => { await page.goto(`${g.url}/me`); const words = await main(page); check(/Kukaan ei ole katsonut/.test(words) && !/Oulu|Aino/.test(words), words); });
  // What somebody did as an admin is of those it was done to.
  await as('tiina', {}, async (page, context) => {
    const Cookie = (await context.cookies(g.url)).map((c) => `${c.name}=${c.value}`).join('; ');
    const text = (await fetchLocal(g.port, '/me/data', { headers: { Cookie } })).text;
    check(!text.includes(aino) && !/Salainen/.test(text), 'an admin\'s own file has those looked at');
  });
});

await test('a refusal that was found out by its support code is a look, too', async () => {
  const code = await as('maija', {}, async (page) => { await page.goto(`${g.url}/open/vaahtera`); return (await page.textContent('.codebox')).replace(/\s/g, ''); });
  await as('tiina', { at: '/admin' }, (page) => page.goto(`${g.url}/admin/why?code=${code}`));
  await as('maija', {}, async (page) => { await page.goto(`${g.url}/me`); check(/Selvitti tukikoodillasi/.test(await main(page)), await main(page)); });
  await as('veikko', {}, async (page) => { await page.goto(`${g.url}/me`); check(!/Selvitti tukikoodillasi/.test(await main(page)), 'somebody else\'s look'); });
});

await test('signing out everywhere else ends the other sessions, and not this one', async () => {
  const one = await visitor(), two = await visitor({ width: 320 });
  await signIn(one.page, 'veikko'); await signIn(two.page, 'veikko');
  await two.page.goto(`${g.url}/me`);
  check(/Toinen selain/.test(await main(two.page)), `the other session is not told: ${await main(two.page)}`);
  await send(two.page, '[name=act][value=others]');
  check(/muilta laitteilta/.test(await two.page.textContent('[role=status]')), 'nothing is said');
  await looks(two.page, 'me-others');
  await two.page.goto(`${g.url}/me`);
  check(!/Toinen selain/.test(await main(two.page)), 'it is told still');
  await until('the other is over', async () => { await one.page.goto(`${g.url}/me`); return one.page.url().includes('/sign-in'); });
  check(audit().some((l) => l.event === 'end_others'), 'the act has no line');
  for (const v of [one, two]) await v.context.close();
});

await test('each signed-in device is ended singly, with a truthful word of each service; the others go on', async () => {
  const one = await visitor(), two = await visitor(), here = await visitor({ width: 320, scripts: false });
  for (const v of [one, two, here]) await signIn(v.page, 'aino');
  await one.page.goto(`${g.url}/open/kanerva`).catch(() => undefined); // of whom nobody answers here
  await here.page.goto(`${g.url}/me`);
  const rows = await here.page.locator('[name=sid]').count();
  check(rows >= 2, `${rows} devices: ${await main(here.page)}`);
  await send(here.page, 'li:has-text("Kanerva") [name=act][value=session]');
  check(/yhdeltä laitteelta/.test(await here.page.textContent('[role=status]')), 'nothing is said');
  check(/Kirjasit ulos/.test(await main(here.page)) && /Kanerva Oppikirjat: /.test(await main(here.page)), `no word of its service: ${await main(here.page)}`);
  await looks(here.page, 'me-session');
  check((await here.page.locator('[name=sid]').count()) === rows - 1, 'it can be ended once more');
  await until('it is over', async () => { await one.page.goto(`${g.url}/me`); return one.page.url().includes('/sign-in'); });
  await two.page.goto(`${g.url}/me`);
  check(!two.page.url().includes('/sign-in'), 'the third was ended as well');
  check(audit().filter((l) => l.event === 'end_session').length === 1, 'the act has no line, or many');
  for (const v of [one, two, here]) await v.context.close();
});

await test('the log is read a page at a time, each line once, with what it was for', async () => {
  await as('aino', { width: 320, scripts: false }, async (page) => {
    await page.goto(`${g.url}/me`);
    await send(page, 'a[href="/me/log"]');
    await looks(page, 'me-log');
    const seen = [];
    for (let pages = 0; pages < 20; pages++) {
      check((await page.content()).length < 30000, 'the page is large');
      seen.push(...[...(await main(page)).matchAll(/Merkintä (\d+)\./g)].map((m) => Number(m[1])));
      if (!(await page.locator('a[rel=next]').count())) break;
      await send(page, 'a[rel=next]');
    }
    check(seen.length > 5 && seen.every((n, i) => i === 0 || n < seen[i - 1]), `not each once: ${seen}`);
    const own = audit().filter((l) => l.person && seen.includes(l.n)).map((l) => l.person);
    check(new Set(own).size === 1 && audit().filter((l) => l.person === own[0] && !['console'].includes(l.event) && !l.event.startsWith('change')).every((l) => seen.includes(l.n) || l.n > seen[0]), 'lines of others, or not all of theirs');
    await page.goto(`${g.url}/me/log?before=notanumber`);
    check((await page.locator('main ol li').count()) > 0, 'nonsense shows nothing');
  });
});

await test('another city\'s requests are as if they were not, and a page of one needs a right there', async () => {
  const number = await as('maija', {}, async (page) => { await asks(page, 'pihka', { why: 'Abikurssille' }); return page.locator('[name=take]').getAttribute('value'); });
  await as('tiina', { idp: 'espoo', at: '/admin' }, async (page) => {
    check(!/Pihka/.test(await main(page)), 'another city\'s home');
    await page.goto(`${g.url}/admin/requests`);
    check(!/Pihka|Abikurssille/.test(await main(page)), 'another city\'s list');
    check((await page.goto(`${g.url}/admin/requests/${number}`)).status() === 404, 'another city\'s request');
  });
  await as('toini', { at: '/admin' }, async (page) => check((await page.goto(`${g.url}/admin/requests/${number}`)).status() === 404, 'another school\'s request'));
  await as('tiina', { at: '/admin' }, async (page) => check((await page.goto(`${g.url}/admin/requests/${number}`)).status() === 200, 'one\'s own'));
});

await test('a shared device shows none of it after leaving', async () => {
  const { context, page } = await visitor({ width: 320 });
  await signIn(page, 'aino', { shared: true });
  const answer = await page.goto(`${g.url}/me`);
  check(/no-store/.test(answer.headers()['cache-control']) && /yhteiskäyttöinen/i.test(await page.textContent('body')), 'the page is kept, or the device is not shared');
  await looks(page, 'me-shared');
  await page.goto(`${g.url}/why/havu`);
  await page.goto(`${g.url}/me`);
  await send(page, 'header form[action="/sign-out"] button');
  for (const at of ['/me', '/me/data', '/why/havu']) {
    await page.goto(g.url + at);
    check(page.url().includes('/sign-in') && !/Aino|Laakso|Kanerva|Pihka/.test(await page.content()), `${at} after leaving: ${page.url()}`);
  }
  for (let i = 0; i < 8; i++) { await page.goBack().catch(() => {}); check(!/aino@oulu|Aino Laakso/.test(await until('the page stands', () => page.content())), `the button back shows it: ${page.url()}`); }
  await signIn(page, 'maija', { at: '/me', shared: true });
  check(/Maija/.test(await main(page)) && !/Aino|seiskoille/.test(await page.content()), 'the next one sees the one before');
  await context.close();
});

await browser.close();
await finish();
