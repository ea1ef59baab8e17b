// SPDX-License-Identifier: EUPL-1.2
// Exams, the school calendar, networks, and passes that wait for a second person: in real Chromium at 320 and 1280 px.
//   node windows.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

const password = 'salasana-salasana';
const kielo = '1.2.246.562.99.95640200010', otso = '1.2.246.562.99.95640200028';
const people = [['tiina', 'admin', ''], ['toini', 'principal', '99101'], ['silja', 'secretary', '99101'], ['otto', 'principal', '99102'], ['eino', 'learner', '99101', '7B'], ['elsa', 'learner', '99101', '8A'], ['aino', 'teacher', '99101', '7B']];
const registry = ['format: 1', 'providers:',
  `  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "${kielo}", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "${otso}", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }`,
  '  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo } }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }',
  'services:', ...['Kanerva Oppikirjat', 'Vaahtera Matikka', 'Pihka Koe'].map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  'rules:', '  - { id: oulu-all, provider: oulu }',
  'networks:', '  - { id: espoo-verkko, provider: espoo, name: { fi: Espoon verkko }, blocks: [192.0.2.0/24] }',
  'terms:', '  - { id: espoo-syksy, provider: espoo, name: { fi: Espoon syksy }, from: 2026-08-10, to: 2026-12-19 }',
  'admins:', '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }',
  'accounts:', ...people.map(([id, role, school, group]) => `  - { id: ${id}, idp: oulu, username: ${id}, password: { plain: ${password} }, given_names: ${id[0].toUpperCase() + id.slice(1)}, family_name: Esimerkki${school ? `, affiliations: [{ provider: oulu, role: ${role}, school: "${school}"${group ? `, group: ${group}` : ''} }]` : ''} }`)].join('\n') + '\n';

const g = await new Gateway(program, { name: 'windows', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, timezoneId: 'Europe/Helsinki' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function signIn(page, user, at = '/admin') {
  await page.goto(g.url + at);
  await page.waitForURL(/\/sign-in/);
  const button = page.locator('button[name=idp][value=oulu]'), link = page.locator('a[href*="idp=oulu"]');
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  if (at.startsWith('/admin')) await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return;
  await axeFindsNothing(page, name);
}
const press = async (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
const fill = async (page, values) => { for (const [k, v] of Object.entries(values)) await page.fill(`#${k}`, v); };
const good = async (page, what) => check((await page.locator('.note.good[role=status]').count()) === 1, `${what}: ${await page.textContent('main')}`);
const bad = async (page, what) => check((await page.locator('.note.bad').count()) === 1, `${what}: ${await page.textContent('main')}`);
const local = (ms) => { const d = new Date(ms), s = d.toLocaleString('sv-SE', { timeZone: 'Europe/Helsinki' }); return [s.slice(0, 10), s.slice(11, 16)]; };
// An exam begins and ends on one day: around midnight its times are cut to it.
const aroundNow = () => {
  const [day, now] = local(Date.now()), [dayBefore, before] = local(Date.now() - 120000), [dayAfter, after] = local(Date.now() + 3600000);
  return { day, from: dayBefore === day ? before : '00:00', to: dayAfter === day && now < '22:00' ? after : '23:59' };
};
const opens = async (page, service) => { await page.goto(`${g.url}/`); return (await page.textContent('main')).includes(service); };

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`an exam is set by a principal and shuts the rest to its group until it is ended, ${width} px, ${lang}`, async () => {
    const toini = await visitor({ width, lang, scripts }), eino = await visitor(), elsa = await visitor(), aino = await visitor();
    for (const [v, user] of [[eino, 'eino'], [elsa, 'elsa'], [aino, 'aino']]) await signIn(v.page, user, '/');
    check(await opens(eino.page, 'Vaahtera'), 'the pupil has no Vaahtera before');
    await signIn(toini.page, 'toini');
    await toini.page.goto(`${g.url}/admin/exams`);
    await looks(toini.page, 'exams', width);
    const { day, from, to } = aroundNow();
    await fill(toini.page, { groups: '7B', day, from, to: from, s1: 'Pihka Koe' });
    await press(toini.page, 'form.card .acts button');
    await bad(toini.page, 'an exam without a name was set');
    await fill(toini.page, { title: 'Matematiikka 7B' });
    await press(toini.page, 'form.card .acts button');
    await bad(toini.page, 'an exam that ends before it begins was set');
    await looks(toini.page, 'exam-times', width);
    await fill(toini.page, { to, s2: 'Pihlaja' });
    await press(toini.page, 'form.card .acts button');
    check((await toini.page.textContent('.note.bad')).includes('Pihlaja'), 'a service that there is not was taken');
    await fill(toini.page, { s2: '' });
    await press(toini.page, 'form.card .acts button');
    await good(toini.page, 'not set');
    await until('the pupil has what the exam names, and no more', async () => !(await opens(eino.page, 'Vaahtera')) && (await eino.page.textContent('main')).includes('Pihka'), 5000);
    await eino.page.goto(`${g.url}/why/vaahtera`);
    check(/Koe on käynnissä klo \d+\.\d\d asti/.test(await eino.page.textContent('main')), `not told: ${await eino.page.textContent('main')}`);
    await looks(eino.page, 'exam-told');
    check(await opens(elsa.page, 'Vaahtera') && await opens(aino.page, 'Vaahtera'), 'somebody who does not sit it is shut out');
    const tiina = await visitor();
    await signIn(tiina.page, 'tiina');
    await tiina.page.goto(`${g.url}/admin/why?service=vaahtera&role=learner&school=${kielo}&group=7B`);
    check((await tiina.page.textContent('.key-rule')).includes('shipped:exam') && /Koe on käynnissä klo/.test(await tiina.page.textContent('.told')), `why: ${await tiina.page.textContent('main')}`);
    await looks(tiina.page, 'exam-why');
    await tiina.context.close();
    await until('it is listed', async () => { await toini.page.goto(`${g.url}/admin/exams`); return (await toini.page.textContent('main')).includes('Matematiikka 7B'); });
    await looks(toini.page, 'exam-on', width);
    await press(toini.page, 'tbody tr a');
    check((await toini.page.inputValue('#title')) === 'Matematiikka 7B' && (await toini.page.inputValue('#s1')) === 'Pihka Koe', 'the form does not have it');
    await fill(toini.page, { s2: 'kanerva' });
    await press(toini.page, 'form.card .acts button');
    await good(toini.page, 'not changed');
    await until('the pupil has that as well', () => opens(eino.page, 'Kanerva'), 5000);
    // Another school's principal sees none of it, and cannot end it.
    const otto = await visitor();
    await signIn(otto.page, 'otto');
    await otto.page.goto(`${g.url}/admin/exams`);
    check(!(await otto.page.textContent('main')).includes('Matematiikka 7B'), 'another school sees it');
    const id = (await toini.page.goto(`${g.url}/admin/exams`), await toini.page.locator('tbody form').first().getAttribute('action'));
    const csrf = await otto.page.inputValue('form.card input[name=csrf]');
    const answer = await otto.page.request.post(g.url + id, { form: { csrf, version: '1' }, headers: { Origin: g.url }, maxRedirects: 0 });
    check(answer.status() === 404, `another school ended it: ${answer.status()}`);
    await press(toini.page, 'tbody tr form button');
    await good(toini.page, 'not ended');
    await looks(toini.page, 'exam-ended', width);
    await until('the pupil has all again', () => opens(eino.page, 'Vaahtera'), 5000);
    for (const v of [toini, eino, elsa, aino, otto]) await v.context.close();
  });

for (const [width, scripts] of [[320, false], [1280, true]])
  await test(`a municipality keeps its calendar and its networks, ${width} px`, async () => {
    const { context, page } = await visitor({ width, scripts });
    await signIn(page, 'tiina');
    await page.goto(`${g.url}/admin/calendar`);
    await looks(page, 'calendar', width);
    await fill(page, { name: `Lukukausi ${width}`, from: '2026-12-19', to: '2026-08-10' });
    await press(page, 'form.card .acts button');
    await bad(page, 'days the wrong way round were kept');
    const [day] = local(Date.now()), [later] = local(Date.now() + 20 * 86400000);
    await fill(page, { from: day, to: later });
    await press(page, 'form.card .acts button');
    await good(page, 'not kept');
    await until('it is listed', async () => { await page.goto(`${g.url}/admin/calendar`); return (await page.textContent('main')).includes(`Lukukausi ${width}`); });
    check((await page.locator('.note.warn').count()) === 1 && !(await page.textContent('main')).includes('Espoon syksy'), 'the end is not said, or another city is seen');
    await looks(page, 'calendar-listed', width);
    await press(page, `tr:has-text("Lukukausi ${width}") form button`);
    await good(page, 'not removed');
    await page.goto(`${g.url}/admin/networks`);
    await looks(page, 'networks', width);
    await fill(page, { name: `Koulujen verkko ${width}`, blocks: '10.20.0.1/16' });
    await press(page, 'form.card .acts button');
    check((await page.textContent('.note.bad')).includes('10.20.0.1/16'), 'what is no network was kept');
    await fill(page, { blocks: `10.${width % 250}.0.0/16, 2001:db8::/32` });
    await press(page, 'form.card .acts button');
    await good(page, 'not kept');
    await until('it is listed', async () => { await page.goto(`${g.url}/admin/networks`); return (await page.textContent('main')).includes(`Koulujen verkko ${width}`); });
    check(!(await page.textContent('main')).includes('Espoon verkko'), 'another city is seen');
    await looks(page, 'networks-listed', width);
    // A policy's form offers it.
    await page.goto(`${g.url}/admin/policy/new?service=vaahtera&col=0`);
    check((await page.locator(`input[name^=network_oulu-koulujen-verkko-${width}-]`).count()) === 1, 'the form of a policy does not offer it');
    await looks(page, 'policy-windows', width);
    await page.goto(`${g.url}/admin/networks`);
    await press(page, `tr:has-text("Koulujen verkko ${width}") form button`);
    await good(page, 'not removed');
    await context.close();
  });

await test('a long pass waits for a second person, who is another', async () => {
  const silja = await visitor({ width: 320 }), toini = await visitor({ scripts: false }), guest = await visitor();
  await signIn(silja.page, 'silja');
  await silja.page.goto(`${g.url}/admin/passes`);
  const day = (n) => { const [d] = local(Date.now() + n * 86400000); return d.split('-').reverse().join('.'); };
  await fill(silja.page, { given: 'Siiri', family: 'Vieras', from: day(-1), from_at: '8.00', to: day(20), to_at: '16.00', why: 'Perhevapaa' });
  await press(silja.page, 'form.card .acts button');
  check(/toista henkilöä/.test(await silja.page.textContent('.note.info')), `not asked: ${await silja.page.textContent('main')}`);
  await looks(silja.page, 'pass-asked', 320);
  const [username, secret] = await silja.page.locator('.note.info dd').allTextContents();
  await silja.page.goto(`${g.url}/admin/passes`);
  check((await silja.page.locator('.lines button[value=approve]').count()) === 0 && (await silja.page.locator('.lines button[value=refuse]').count()) === 1, 'who asked is offered to confirm');
  await looks(silja.page, 'passes-asked', 320);
  // Even if the form is made by hand.
  const [csrf, action, edition] = [await silja.page.inputValue('.lines input[name=csrf]'), await silja.page.locator('.lines form').getAttribute('action'), await silja.page.inputValue('.lines input[name=edition]')];
  await silja.page.request.post(g.url + action, { form: { csrf, edition, act: 'approve' }, headers: { Origin: g.url } });
  await signIn(toini.page, 'toini');
  await toini.page.goto(`${g.url}/admin/passes`);
  check((await toini.page.textContent('.lines')).includes('Siiri Vieras'), `it is gone: ${await toini.page.textContent('main')}`);
  await press(toini.page, '.lines button[value=approve]');
  await good(toini.page, 'not confirmed');
  await until('the substitute is in', async () => { await guest.context.clearCookies(); await guest.page.goto(`${g.url}/`); await guest.page.waitForURL(/sign-in/);
    const link = guest.page.locator('button[name=idp][value=oulu], a[href*="idp=oulu"]');
    if (await link.count()) await Promise.all([guest.page.waitForNavigation(), link.first().click()]);
    await guest.page.fill('#username', username); await guest.page.fill('#password', secret);
    await Promise.all([guest.page.waitForNavigation(), guest.page.click('form:has(#password) .acts button.b')]);
    return !guest.page.url().includes('/sign-in'); }, 10000);
  for (const v of [silja, toini, guest]) await v.context.close();
});

await test('passes that follow each other are one long pass, and a pass is given no right', async () => {
  const toini = await visitor({ width: 320 });
  const day = (n) => { const [d] = local(Date.now() + n * 86400000); return d.split('-').reverse().join('.'); };
  const gives = async (given, family, from, to) => {
    await toini.page.goto(`${g.url}/admin/passes`);
    await fill(toini.page, { given, family, from: day(from), from_at: '8.00', to: day(to), to_at: '16.00', why: 'Sairausloma' });
    await press(toini.page, 'form.card .acts button');
    return (await toini.page.locator('.note.good dd').count()) > 0 ? 'given' : /toista henkilöä/.test(await toini.page.textContent('.note.info')) ? 'asked' : 'refused';
  };
  await signIn(toini.page, 'toini');
  check((await gives('Matti', 'Virtanen', 0, 4)) === 'given', 'the first one was not given');
  const [username] = await toini.page.locator('.note.good dd').allTextContents();
  // In the same second: what is served does not know the first one yet.
  check((await gives('MATTI', ' virtanen', 7, 9)) === 'asked', 'the next one needed nobody');
  check((await gives('Matti', 'Virtanen', 2, 3)) === 'given', 'one within the first needed somebody');
  check((await gives('Matti', 'Virtanen', 20, 22)) === 'given', 'one long after needed somebody');
  check((await gives('Maija', 'Virtanen', 5, 9)) === 'given', 'another person needed somebody');
  await until('served', async () => { await toini.page.goto(`${g.url}/admin/passes`); return (await toini.page.textContent('main')).includes(username); });
  await toini.page.goto(`${g.url}/admin/give`);
  await toini.page.selectOption('#idp', 'oulu').catch(() => {});
  await fill(toini.page, { user: username, why: 'Sijaisuus' });
  await toini.page.locator('input[name=role]').first().check();
  await press(toini.page, 'form.group .acts button');
  check(/sijaisen kulkulupa/.test(await toini.page.textContent('.note.bad')), `a pass was given a right: ${await toini.page.textContent('main')}`);
  await looks(toini.page, 'give-pass', 320);
  await toini.context.close();
});

await browser.close();
await finish(g);
