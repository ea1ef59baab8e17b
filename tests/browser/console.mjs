// SPDX-License-Identifier: EUPL-1.2
// The console: in real Chromium at 320 and 1280 px, light and dark, without scripts, by keyboard; and every path of it tried
// by those whom it is not for.
//   node console.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- a country of three municipalities, and who administers them ----------------------------------------------- */

process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out
const password = 'salasana-salasana';
const cities = [['oulu', 'Oulu', 'Uleåborg', '95640100004', [['99101', '95640200010', 'Testi-Kielonmäen koulu'], ['99102', '95640200028', 'Testi-Otsolahden lukio']]],
  ['espoo', 'Espoo', 'Esbo', '90490100001', [['99201', '90490200018', 'Testi-Lingonbacka skola']]], ['turku', 'Turku', 'Åbo', '98530100001', []]];
const people = [['tiina', 'Tiina', 'Koski', 'admin'], ['sari', 'Sari', 'Lehto', 'admin'], ['toini', 'Toini', 'Rehtori', 'principal'], ['silja', 'Silja', 'Sihteeri', 'secretary'], ['aino', 'Aino', 'Laakso', 'teacher'], ['eino', 'Eino', 'Oppilas', 'learner'], ['salla', 'Salla', 'Suojattu', 'teacher'], ['hannu', 'Hannu', 'Hyväksyjä', 'approver'], ['kaisa', 'Kaisa', 'Koulu', 'admin'],
  ['riikka', 'Riikka', 'Aalto', ''], ['lauri', 'Lauri', 'Lukija', '']];
const registry = ['format: 1', 'providers:',
  ...cities.map(([id, fi, sv, oid, schools]) => `  - { id: ${id}, oid: "1.2.246.562.99.${oid}", name: { fi: ${fi}, sv: ${sv} }, schools: [${schools.map(([code, suffix, name]) => `{ oid: "1.2.246.562.99.${suffix}", code: "${code}", name: { fi: ${name} } }`).join(', ')}] }`),
  'idps:', ...cities.map(([id, fi]) => `  - { id: ${id}, kind: local, provider: ${id}, name: { fi: ${fi} } }`),
  '  - { id: operators, kind: local, name: { fi: Ylläpito } }',
  '  - { id: oulu-staff, kind: saml, provider: oulu, enabled: true, listed: false, test: true, name: { fi: Oulun henkilöstö }, map: funet, entity_id: "https://idp.oulu.example/", metadata_url: "http://127.0.0.1:9/metadata" }',
  'services:', ...['Kanerva Oppikirjat', 'Vaahtera Matikka', 'Puolukka Päiväkirja', 'Pihka Koe'].map((name) => `  - { id: ${name.split(' ')[0].toLowerCase()}, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  'policies:', `  - { id: oulu-leaves-puolukka, provider: oulu, text: 'permit (principal in Provider::"oulu", action == Action::"leaveToSchools", resource == Service::"puolukka");' }`,
  'rules:', '  - { id: oulu-teachers, provider: oulu, role: teacher }', '  - { id: oulu-substitutes, provider: oulu, role: substitute, service: kanerva }', '  - { id: oulu-learners, provider: oulu, role: learner, service: kanerva }', '  - { id: espoo-teachers, provider: espoo, role: teacher }',
  '  - { id: oulu-no-pihka, provider: oulu, role: learner, school: "99101", service: pihka, forbid: true }',
  'admins:', '  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }',
  '  - { id: tiina-once, idp: oulu, subject: tiina, role: operator, to: 2026-01-01 }', '  - { id: kaisa-koulu, idp: oulu, subject: kaisa, role: admin, provider: oulu, school: "99101" }',
  '  - { id: tiina-koski, idp: oulu, subject: tiina, role: admin, provider: oulu }', '  - { id: sari-lehto, idp: oulu, subject: sari, role: admin, provider: oulu }', '  - { id: espoon-tiina, idp: espoo, subject: espoo-tiina, role: admin, provider: espoo }',
  'accounts:', ...people.map(([id, given, family, role]) => `  - { id: ${id}, idp: ${role ? 'oulu' : 'operators'}, username: ${id}, password: { plain: ${password} }, given_names: ${given}, family_name: ${family}${role && role !== 'admin' ? `, affiliations: [{ provider: oulu, role: ${role}${role === 'approver' ? '' : ', school: "99101"'}${role === 'learner' ? ', group: 7B' : ''} }]${id === 'salla' ? ', non_disclosure: true' : ''}` : ''} }`),
  `  - { id: espoo-tiina, idp: espoo, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Espoo }`].join('\n') + '\n';

const g = await new Gateway(program, { name: 'console', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const browser = await launch();

async function visitor(options = {}) {
  const context = await browser.newContext({ locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light', extraHTTPHeaders: options.lang ? { 'Accept-Language': options.lang } : {} });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = options.scripts ?? true;
  return { context, page };
}
async function password_(page, user) {
  await page.fill('#username', user);
  await page.fill('#password', password);
  const [answer] = await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  return answer?.status();
}
async function signIn(page, user, idp = 'oulu') {
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login');
  const button = page.locator(`button[name=idp][value=${idp}]`), link = page.locator(`a[href*="idp=${idp}"]`);
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  else await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  // The page where a sign-in comes back to goes on by itself, without scripts too.
  if (await password_(page, user) !== 404) await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
const auditLines = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => f.endsWith('.jsonl') && f.startsWith('audit-')).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n'));
// Into the launcher, by an account of Oulu's own.
async function signInOwn(page, user, secret = password) {
  await page.goto(`${g.url}/`);
  await page.waitForURL(/\/sign-in/);
  const button = page.locator('button[name=idp][value=oulu]'), link = page.locator('a[href*="idp=oulu"]');
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else if (await link.count()) await Promise.all([page.waitForNavigation(), link.first().click()]);
  await page.fill('#username', user);
  await page.fill('#password', secret);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return; // axe waits by timers, which do not run there
  await axeFindsNothing(page, name);
}
// What was done is said where it leads, and not by an address.
async function done(page, act) {
  await Promise.all([page.waitForNavigation(), act]);
  check((await page.locator('.note[role=status]').count()) === 1 && !/[?&](done|said)=/.test(page.url()), `nothing is said to be done: ${page.url()} ${await page.textContent('main')}`);
}
const texts_ = async (page, selector) => (await page.locator(selector).allTextContents()).map((s) => s.trim());
const pages = ['/admin', '/admin/people', '/admin/sessions', '/admin/passes', '/admin/exams', '/admin/notices', '/admin/calendar', '/admin/networks', '/admin/area', '/admin/rights', '/admin/rights/pihka?col=0', '/admin/rights?show=cond', '/admin/idps', '/admin/idps/oulu-staff', '/admin/tryout/oulu-staff', '/admin/history', '/admin/history/1', '/admin/drafts', '/admin/requests', '/admin/log', '/admin/log?event=login', '/admin/admins', '/admin/admins/sari-lehto', '/admin/give'];

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


// A draft by one, approved by another; the matrix says so before and after, and the change can be undone.
for (const [width, lang, column, scripts] of [[320, 'fi-FI', 1, true], [1280, 'en-GB', 2, false]])
  await test(`a service is opened by two people, and closed again, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const tiina = await visitor({ width, scripts, lang }), sari = await visitor({ width, scripts, lang });
    const cell = `/admin/rights/vaahtera?col=${column}`;
    await signIn(tiina.page, 'tiina');
    await tiina.page.goto(g.url + cell);
    const before = await tiina.page.textContent('.lead');
    await tiina.page.click('main a[href^="/admin/policy/new"]');
    check((await tiina.page.isChecked('[name=role_learner]')) && (await tiina.page.isChecked('[name=opening][value=permit]')), 'the form does not begin with the cell');
    await looks(tiina.page, 'policy-new', width);
    await tiina.page.click('[name=act][value=keep]');
    check((await tiina.page.title()).length > 0 && tiina.page.url().includes('/admin/policy/new'), 'a draft without a reason was kept');
    await tiina.page.fill('#why', `Kokeet alkavat ${width}`);
    await tiina.page.fill('#name', `Pihka Koe ${width}`);
    await tiina.page.click('[name=act][value=to_text]');
    check(/^permit \(\n {2}principal/.test(await tiina.page.inputValue('#text')), `the text: ${await tiina.page.inputValue('#text')}`);
    await looks(tiina.page, 'policy-text', width);
    await tiina.page.fill('#text', (await tiina.page.inputValue('#text')).replace('classLevel', 'classLvel'));
    await tiina.page.click('[name=act][value=check]');
    if (column !== 2) { check((await tiina.page.locator('.code .hit').count()) > 0 && /classLevel/.test((await tiina.page.locator('.says').allTextContents()).join()), 'the error is not under its line'); await looks(tiina.page, 'policy-error', width); }
    await tiina.page.fill('#text', (await tiina.page.inputValue('#text')).replace('classLvel', 'classLevel'));
    await tiina.page.click('[name=act][value=to_form]');
    check(await tiina.page.isChecked('[name=role_learner]'), 'text to form lost the role');
    await done(tiina.page, tiina.page.click('[name=act][value=keep]'));
    await looks(tiina.page, 'draft', width);
    const draft = new URL(tiina.page.url()).pathname;
    check((await tiina.page.locator('.diff .plus').count()) > 0, 'the draft does not show its text');
    // A draft survives a closed browser.
    await tiina.context.clearCookies();
    await signIn(tiina.page, 'tiina');
    await tiina.page.goto(g.url + draft);
    await done(tiina.page, tiina.page.click('[name=act][value=propose]'));
    check((await tiina.page.locator('[name=act][value=approve]').count()) === 0, 'one\'s own draft can be approved');
    await tiina.page.goto(g.url + cell);
    check((await tiina.page.textContent('.lead')) === before, 'a draft took effect');
    // The matrix says what the draft would do, and leads to it; at 320 px as well.
    const number = draft.split('/').pop(), mark = `td.chg a[href="/admin/drafts/${number}"]`;
    check((await tiina.page.locator(`main a[href="/admin/drafts/${number}"]`).count()) === 1, 'the cell does not name the draft');
    await tiina.page.goto(`${g.url}/admin/rights`);
    check((await tiina.page.locator(mark).count()) === (column === 2 ? 3 : 1) && /Auki|Open/.test(await tiina.page.textContent(mark)) && (await tiina.page.locator(mark).first().isVisible()), `marks: ${await texts_(tiina.page, 'td.chg')}`);
    await looks(tiina.page, 'rights-draft', width);
    await tiina.page.goto(`${g.url}/admin/rights?show=draft`);
    check((await tiina.page.locator('.matrix tbody tr').count()) === 1, 'those with drafts alone');
    await tiina.page.locator(mark).first().click();
    check(new URL(tiina.page.url()).pathname === draft, 'the mark leads elsewhere');
    await tiina.page.goto(g.url + cell);
    await signIn(sari.page, 'sari');
    check((await sari.page.locator('.todo li').count()) === 1, 'the second person is not told');
    await looks(sari.page, 'home-waits', width);
    await sari.page.click('.todo .acts a');
    check((await texts_(sari.page, '.fig strong')).join() === (column === 1 ? '0,0' : '1,0'), `what would change: ${await texts_(sari.page, '.fig strong')}`);
    await looks(sari.page, 'draft-decide', width);
    await done(sari.page, sari.page.click('[name=act][value=approve]'));
    await looks(sari.page, 'draft-published', width);
    await until('the cell is open', async () => { await sari.page.goto(g.url + cell); return /Auki kaikille|Open to all/.test(await sari.page.textContent('.lead')); });
    await looks(sari.page, 'cell-open', width);
    // Taken back, by whom it concerns.
    await sari.page.goto(`${g.url}/admin/history`);
    await sari.page.click('.vers li.now a');
    await looks(sari.page, 'history-change', width);
    await sari.page.click('.fold summary');
    await sari.page.fill('#why', 'Liian aikaisin');
    await done(sari.page, sari.page.click('.fold button.b'));
    await until('the cell is as before', async () => { await sari.page.goto(g.url + cell); return (await sari.page.textContent('.lead')) === before; });
    for (const v of [tiina, sari]) await v.context.close();
  });

// Any two versions beside one another; what narrows goes back at once, what widens waits for a second person.
for (const [width, lang, scripts] of [[320, 'en-GB', false], [1280, 'fi-FI', true]])
  await test(`two versions are compared and one is brought back, ${width} px, ${lang}`, async () => {
    const tiina = await visitor({ width, lang, scripts }), sari = await visitor({ width, lang, scripts });
    await signIn(tiina.page, 'tiina');
    const version = async () => { await tiina.page.goto(`${g.url}/admin/history`); return Number((await tiina.page.textContent('.vers li b')).split('.')[0]); };
    const text = (from) => `permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"pihka") when { principal in Role::"learner" && principal has classLevel && principal.classLevel >= ${from} && principal.classLevel <= 9 };`;
    const put = (from) => { fs.writeFileSync(path.join(g.dir, 'p.cedar'), text(from)); const done_ = g.cli('policy', 'publish', '-c', g.config, '--id', `history-${width}`, '--owner', 'oulu', '--why', `luokat ${from}–9`, path.join(g.dir, 'p.cedar')); const said = done_.status === 0 ? done_ : g.cli('policy', 'publish', '-c', g.config, '--id', `history-${width}`, '--why', `luokat ${from}–9`, path.join(g.dir, 'p.cedar')); const n = /version (\d+)/.exec(said.stdout)?.[1]; check(auditLines().some((l) => l.includes(`"change":${n},`) || l.includes(`"change":${n}}`)), `the command line ended before change ${n} was in the audit log`); return said; };
    check(put(7).status === 0, 'a first version');
    const narrow = await version();
    check(put(5).status === 0, 'a second one');
    const wide = await version();
    check(narrow < wide, `versions: ${narrow}, ${wide}`);
    await tiina.page.fill('#a', '0');
    await tiina.page.click('form[action="/admin/history"] button');
    check((await tiina.page.locator('.note.bad').count()) === 1, 'a version that there is not');
    await tiina.page.fill('#a', String(narrow));
    await tiina.page.fill('#b', String(wide));
    await tiina.page.click('form[action="/admin/history"] button');
    check(/5/.test(await tiina.page.textContent('.was-now ins')) && /7/.test(await tiina.page.textContent('.was-now del')), `in words: ${await tiina.page.textContent('#change')}`);
    check((await tiina.page.locator('.diff .plus').count()) > 0 && (await tiina.page.locator('.diff .minus').count()) > 0, 'as text');
    await looks(tiina.page, 'history-compare', width);
    // To what is narrower: at once.
    await tiina.page.click('.fold summary');
    await tiina.page.fill('#why', 'Viidennet eivät vielä');
    await looks(tiina.page, 'history-back', width);
    await done(tiina.page, tiina.page.click('.fold button.b'));
    check(/\/admin\/history\/\d+$/.test(tiina.page.url()), `not at once: ${tiina.page.url()}`);
    const back = await version();
    check(back > wide, 'no version was made');
    // To what is wider: a draft, which its asker does not approve.
    await tiina.page.goto(`${g.url}/admin/history?policy=history-${width}`);
    check((await tiina.page.locator('.vers li').count()) === 3, 'the policy\'s own versions');
    await looks(tiina.page, 'history-policy', width);
    await tiina.page.goto(`${g.url}/admin/history?a=${wide}&b=${back}&policy=history-${width}`);
    await tiina.page.click('.fold summary');
    await tiina.page.fill('#why', 'Sittenkin');
    await done(tiina.page, tiina.page.click('.fold button.b'));
    check(/\/admin\/drafts\/\d+$/.test(tiina.page.url()) && (await tiina.page.locator('[name=act][value=approve]').count()) === 0 && (await version()) === back, `it took effect: ${tiina.page.url()}`);
    await signIn(sari.page, 'sari');
    await sari.page.goto(`${g.url}/admin/drafts`);
    await sari.page.click('.lines a');
    await looks(sari.page, 'draft-back', width);
    await done(sari.page, sari.page.click('[name=act][value=approve]'));
    await until('it is as it was', async () => { await sari.page.goto(`${g.url}/admin/policy/history-${width}?as=text`); return /classLevel >= 5/.test(await sari.page.inputValue('#text')); });
    await sari.page.goto(`${g.url}/admin/history?a=${wide}&b=${back + 99}&policy=history-${width}`);
    check((await sari.page.locator('.was-now').count()) === 0 && (await sari.page.locator('.fold').count()) === 0, 'something differs');
    // An undo that widens waits as well.
    check(put(7).status === 0, 'narrower once more');
    await sari.page.goto(`${g.url}/admin/history`);
    await sari.page.click('.vers li:first-child a');
    await sari.page.click('.fold summary');
    await sari.page.fill('#why', 'Ei näin');
    await done(sari.page, sari.page.click('.fold button.b'));
    check(/\/admin\/drafts\/\d+$/.test(sari.page.url()), `an undo that widens took effect: ${sari.page.url()}`);
    await done(sari.page, sari.page.click('[name=act][value=withdraw]'));
    for (const v of [tiina, sari]) await v.context.close();
  });

await test('an identity provider is switched off and on, with a reason', async () => {
  const { context, page } = await visitor({ width: 1280 });
  await signIn(page, 'tiina');
  await page.goto(`${g.url}/admin/idps/oulu-staff`);
  await page.click('.fold summary');
  await page.fill('#why', 'Epäily murrosta');
  await looks(page, 'idp-disable');
  await done(page, page.click('.b.red'));
  await until('it is off', async () => { await page.goto(`${g.url}/admin/idps/oulu-staff`); return (await page.locator('[name=act][value=enable]').count()) === 1; });
  await looks(page, 'idp-off');
  await page.fill('#why', 'Oli väärä hälytys');
  await done(page, page.click('[name=act][value=enable]'));
  await context.close();
});

/* --- people, their sessions, passes of substitutes ------------------------------------------------------------------ */

async function search(page, q, { reason = 'support', why = 'Ei pääse päiväkirjaan' } = {}) {
  await page.goto(`${g.url}/admin/people`);
  await page.fill('#q', q);
  if (reason) await page.check(`[name=reason][value=${reason}]`);
  await page.fill('#why', why);
  await Promise.all([page.waitForNavigation(), page.click('main form .acts button.b')]);
}
const consoleLines = (reason) => auditLines().map((l) => JSON.parse(l)).filter((l) => l.event === 'console' && l.reason === reason && l.row);
for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`a person is found for a reason alone, and their sessions end, ${width} px, ${lang}`, async () => {
    const aino = await visitor(), { context, page } = await visitor({ width, lang, scripts });
    await signInOwn(aino.page, 'aino');
    await signIn(page, 'tiina');
    await search(page, '', { reason: '', why: '' });
    check((await page.locator('.note.bad li').count()) === 3, 'nothing is missing');
    check((await page.getAttribute('html', 'lang')) === lang.slice(0, 2), 'another language');
    await looks(page, 'people-wrong', width);
    await search(page, 'nobody-of-that-name');
    check((await page.locator('.note.warn').count()) === 1 && !page.url().includes('look='), 'somebody was found');
    await search(page, 'espoo-tiina');
    check(!page.url().includes('look='), 'somebody of another city was found');
    const before = consoleLines('find').length;
    await search(page, 'aino');
    check(/\/admin\/person\?look=/.test(page.url()), `not found: ${page.url()}`);
    const line = consoleLines('find').at(-1);
    check(consoleLines('find').length === before + 1 && /^person [0-9a-f]{64}$/.test(line.row) && line.why === 'support: Ei pääse päiväkirjaan', `the log: ${JSON.stringify(line)}`);
    check((await page.textContent('h1')) === 'Aino Laakso' && (await page.locator('main tbody .sign.ok').count()) >= 2, 'neither role nor session');
    check(/jäädä auki|stay open/.test(await page.textContent('#end')), 'what stays open is not said');
    await looks(page, 'person', width);
    await page.locator('#end > summary').click();
    await page.fill('#end [name=why]', 'Laite katosi');
    await looks(page, 'person-end', width);
    await done(page, page.click('#end .b.red'));
    await looks(page, 'person-ended', width);
    await until('the session is over', async () => { await aino.page.goto(`${g.url}/`); return aino.page.url().includes('/sign-in'); }, 10000);
    check(consoleLines('end_sessions').at(-1).row === line.row, 'the log does not say whose sessions ended');
    // Tiina's own goes on; and a look is of its session alone.
    const look = page.url();
    await page.goto(`${g.url}/admin/people`);
    check(page.url() === `${g.url}/admin/people`, 'her own session ended');
    const sari = await visitor();
    await signIn(sari.page, 'sari');
    await sari.page.goto(look);
    check(sari.page.url() === `${g.url}/admin/people` && (await sari.page.locator('.note.info').count()) === 1, 'somebody else\'s look was opened');
    await looks(sari.page, 'people-expired', 1280);
    for (const v of [aino, sari, { context }]) await v.context.close();
  });
await test('a protected person exists, and nothing more is shown', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'tiina');
  await search(page, 'salla');
  check(page.url().includes('look='), 'not found');
  const text = await page.textContent('main');
  check(!/Salla|Suojattu|salla/.test(text.replace(/Ei pääse.*/, '')) && (await page.locator('main table').count()) === 0 && (await page.locator('.lines').count()) === 0, `shown: ${text}`);
  await looks(page, 'person-hidden');
  await context.close();
});
await test('a lesson ends for its group, and the teacher goes on', async () => {
  const eino = await visitor(), aino = await visitor(), toini = await visitor({ width: 320 });
  for (const [v, user] of [[eino, 'eino'], [aino, 'aino']]) await signInOwn(v.page, user);
  await signIn(toini.page, 'toini');
  await toini.page.goto(`${g.url}/admin/sessions`);
  await looks(toini.page, 'sessions', 320);
  check((await toini.page.locator('[name=what][value=idp]').count()) === 0, 'a school is offered an identity provider');
  await toini.page.check('[name=what][value=group]');
  await toini.page.fill('#group', '7B');
  await toini.page.fill('#why', 'Oppitunti päättyi');
  await done(toini.page, toini.page.click('.b.red'));
  await looks(toini.page, 'sessions-ended', 320);
  await until('the pupil is out', async () => { await eino.page.goto(`${g.url}/`); return eino.page.url().includes('/sign-in'); }, 10000);
  await aino.page.goto(`${g.url}/`);
  check(!aino.page.url().includes('/sign-in'), 'the teacher is out');
  for (const v of [eino, aino, toini]) await v.context.close();
});
for (const [width, lang, scripts] of [[320, 'fi-FI', false], [1280, 'en-GB', true]])
  await test(`a secretary gives a pass and takes it, ${width} px, ${lang}`, async () => {
    const silja = await visitor({ width, lang, scripts }), guest = await visitor();
    await signIn(silja.page, 'silja');
    await silja.page.goto(`${g.url}/admin/passes`);
    const give = async (values) => { for (const [k, v] of Object.entries(values)) await silja.page.fill(`#${k}`, v); await Promise.all([silja.page.waitForNavigation(), silja.page.click('form.card .acts button')]); };
    const now = new Date(), day = (n) => { const d = new Date(now.getTime() + n * 86400000); return `${d.getDate()}.${d.getMonth() + 1}.${d.getFullYear()}`; };
    await give({ given: 'Sijainen', family: '1', from: day(-1), from_at: '8.00', to: day(1), to_at: '16.00', why: 'Sairausloma' });
    check((await silja.page.textContent('.note.bad')).match(/Yhteistunnuksia|No shared accounts/), 'a shared account was given');
    await looks(silja.page, 'pass-shared', width);
    await give({ given: 'Siiri', family: 'Vieras', to: day(500) });
    check((await silja.page.textContent('.note.bad')).match(/400 päivää|400 days/), 'a very long one was asked for');
    await give({ to: day(1), to_at: '25.00' });
    check((await silja.page.locator('.note.bad').count()) === 1, 'a time that there is not was taken');
    await give({ to_at: '16.00' });
    check((await silja.page.locator('.note.good').count()) === 1, `not given: ${await silja.page.textContent('main')}`);
    await looks(silja.page, 'pass-given', width);
    const [username, password_] = await silja.page.locator('.note.good dd').allTextContents();
    await until('the pass is listed', async () => { await silja.page.goto(`${g.url}/admin/passes`); return (await silja.page.textContent('main')).includes(username); });
    await looks(silja.page, 'passes-listed', width);
    await signInOwn(guest.page, username, password_);
    await guest.page.goto(`${g.url}/`);
    check(!guest.page.url().includes('/sign-in') && (await guest.page.textContent('body')).includes('Kanerva'), `the substitute is not in: ${guest.page.url()}`);
    await done(silja.page, silja.page.click(`tr:has-text("${username}") button`));
    await looks(silja.page, 'pass-taken', width);
    await until('the substitute is out', async () => { await guest.page.goto(`${g.url}/`); return guest.page.url().includes('/sign-in'); }, 10000);
    for (const v of [silja, guest]) await v.context.close();
  });

const export_ = () => g.cli('export', '-c', g.config).stdout.replace(/^(version|mark|# ).*$/gm, '');

/* --- who may register services ------------------------------------------------------------------------------------- */

for (const [width, scripts, lang] of [[320, true, 'fi-FI'], [1280, false, 'sv-FI']])
  await test(`a registration token is given, shown once, is good, and is ended, ${width} px, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const riikka = await visitor({ width, scripts, lang }), { page } = riikka, id = `oppi-${width}`;
    await signIn(page, 'riikka', 'operators');
    await page.goto(`${g.url}/admin/registrars`);
    await looks(page, 'registrars', width);
    for (const [field, value] of [['id', id], ['vendor', 'oppi-oy'], ['hosts', 'oppi.example, *.oppi.example'], ['scopes', 'openid'], ['asks', 'sub given_nome'], ['most', '2'], ['until', '2030-01-01'], ['why', 'sovittu toimittajan kanssa']]) await page.fill(`#${field}`, value);
    const give = () => Promise.all([page.waitForNavigation(), page.click('form.card button.b.wide')]);
    await give();
    check(/given_nome/.test(await page.textContent('.note.bad')) && (await page.inputValue('#id')) === id, `what is wrong is not said: ${await page.textContent('main')}`);
    await looks(page, 'registrars-wrong', width);
    await page.fill('#asks', 'sub given_name');
    await give();
    const token = (await page.textContent('#token')).trim();
    check(/^[\w-]{43}$/.test(token), `no token: ${await page.textContent('main')}`);
    await looks(page, 'registrars-token', width);
    await page.goto(`${g.url}/admin/registrars`);
    check(!(await page.content()).includes(token) && (await page.textContent('tbody')).includes(id), 'shown again, or not listed');
    const register = () => fetchLocal(g.port, '/oidc/register', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body: JSON.stringify({ client_name: 'Oppi', redirect_uris: ['https://app.oppi.example/cb'] }) });
    let made;
    await until('the token is good', async () => { const res = await register(); made = res.status === 201 && JSON.parse(res.text); return made; });
    await page.goto(`${g.url}/admin/registrars`);
    check(/1 \/ 2/.test(await page.textContent('tbody')), `what it has registered: ${await page.textContent('tbody')}`);
    const gone = await fetchLocal(g.port, new URL(made.registration_client_uri).pathname, { method: 'DELETE', headers: { Authorization: `Bearer ${made.registration_access_token}` } });
    check(gone.status === 204, `what it has registered stays: ${gone.status} ${gone.text}`);
    await page.fill('#id', id);
    await page.fill('#vendor', 'other-oy');
    await page.fill('#why', 'toinen samalla tunnisteella');
    await give();
    check((await page.locator('#token').count()) === 0 && (await page.locator('.note.bad').count()) === 1, 'another of the same id');
    await page.goto(`${g.url}/admin/registrars`);
    await done(page, page.click(`form[action="/admin/registrars/${id}"] button`));
    check((await page.locator('.note.good').count()) === 1 && (await page.locator(`form[action="/admin/registrars/${id}"]`).count()) === 0, 'it was not ended');
    await looks(page, 'registrars-ended', width);
    await until('the token is over', async () => (await register()).status === 401);
    const log = g.cli('registry', 'log', '-c', g.config, '--last', '5').stdout;
    check(/console .* as operator in nation: .*sovittu toimittajan kanssa/.test(log) && !log.includes(token) && !export_().includes(token) && !g.logText().includes(token) && !auditLines().join().includes(token), `the history: ${log}`);
    await riikka.context.close();
  });

/* --- programs that administer -------------------------------------------------------------------------------------- */

for (const [width, scripts, lang] of [[320, true, 'sv-FI'], [1280, false, 'en-GB']])
  await test(`an API token is given, shown once, is its giver's hand, and is ended, ${width} px, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const sari = await visitor({ width, scripts, lang }), { page } = sari, id = `kunta-${width}`;
    await signIn(page, 'sari', 'oulu');
    await page.goto(`${g.url}/admin/admins`);
    await Promise.all([page.waitForURL(`${g.url}/admin/tokens`), page.click('a[href="/admin/tokens"]')]);
    await looks(page, 'tokens', width);
    check((await page.locator('#role option').allInnerTexts()).length >= 1 && (await page.locator('#role option[value=operator]').count()) === 0, `roles: ${await page.locator('#role option').allInnerTexts()}`);
    const give = () => Promise.all([page.waitForNavigation(), page.click('form.card button.b.wide')]);
    await page.fill('#id', id);
    await page.selectOption('#role', 'admin');
    await page.fill('#why', 'Kunnan skriptit');
    await page.fill('#to', '2060-01-01');
    await give();
    check((await page.locator('.note.bad').count()) === 1 && (await page.inputValue('#id')) === id && (await page.inputValue('#why')) === 'Kunnan skriptit', `a token for decades: ${await page.textContent('main')}`);
    await looks(page, 'tokens-wrong', width);
    await page.fill('#to', new Date(Date.now() + 30 * 86400e3).toISOString().slice(0, 10));
    await give();
    const token = (await page.textContent('#token')).trim();
    check(/^[\w-]{43}$/.test(token), `no token: ${await page.textContent('main')}`);
    await looks(page, 'tokens-token', width);
    const call = (method, path, body) => fetchLocal(g.port, `/api/v1/${path}`, { method, headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) }, body: body && JSON.stringify(body) });
    check((await call('GET', 'providers')).status === 200, 'the token is not good');
    const put = await call('PUT', `policies/api-${width}`, { layer: 'municipality', provider: 'oulu', name: { fi: 'Ohjelmalta' }, text: 'permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"kanerva");' });
    check(put.status === 202, `${put.status} ${put.text}`);
    await page.goto(`${g.url}/admin/drafts/${JSON.parse(put.text).draft}`);
    check((await page.locator('button[name=act][value=approve]').count()) === 0, 'whoever gave the token may approve what it has drafted');
    await done(page, page.click('button[name=act][value=withdraw]'));
    await page.goto(`${g.url}/admin/tokens`);
    check(!(await page.content()).includes(token) && (await page.textContent('tbody')).includes(id), 'shown again, or not listed');
    await done(page, page.click(`form[action="/admin/tokens/${id}"] button`));
    check((await page.locator('.note.good').count()) === 1 && (await page.locator(`form[action="/admin/tokens/${id}"]`).count()) === 0, 'it was not ended');
    await looks(page, 'tokens-ended', width);
    await until('the token is over', async () => (await call('GET', 'providers')).status === 401);
    check(!export_().includes(token) && !g.logText().includes(token) && !auditLines().join().includes(token), 'the token stands somewhere');
    await sari.context.close();
  });

/* --- isolation: every path, read from the table of routes --------------------------------------------------------- */

const routes = [...fs.readFileSync(path.join(root, 'gateway/routes.def'), 'utf8').matchAll(/X\((GET|POST),\s*"(\/admin[^"]*)",\s*PUBLIC,\s*ADMIN/g)].map(([, method, at]) => ({ method, at }));
const ids = { '/admin/idps/*': 'oulu-staff', '/admin/tryout/*': 'oulu-staff', '/admin/join/*': 'oulu-staff', '/admin/dry/*': 'oulu-staff', '/admin/city-schools/*': 'oulu', '/admin/history/*': '1', '/admin/policy/*': 'oulu-teachers', '/admin/drafts/*': '3', '/admin/shadow/*': '3', '/admin/rights/*': 'kanerva', '/admin/admins/*': 'sari-lehto', '/admin/school/*': 'puolukka', '/admin/requests/*': '1', '/admin/tokens/*': 'kunta-320', '/admin/services/*': 'kanerva' };
const forms = { '/admin/services/*': 'act=withdraw&receipt=x&why=x', '/admin/requests': 'learners=yes', '/admin/requests/*': 'words=x', '/admin/idps/*': 'act=disable&why=x', '/admin/tryout/*': 'fresh=1', '/admin/dry/*': 'act=begin&labels=x', '/admin/history/*': 'why=x', '/admin/roll-back': 'version=1&back=2&why=x', '/admin/policy/*': 'as=text&act=keep&why=x&text=permit(principal,action,resource);', '/admin/drafts/*': 'act=withdraw', '/admin/shadow/*': 'act=start&days=7', '/admin/area': 'area=oulu', '/admin/people': 'q=aino&reason=support&why=x', '/admin/person': 'look=x&why=x', '/admin/sessions': 'what=idp&idp=oulu&why=x', '/admin/passes': 'given=Siiri&family=Vieras&school=1.2.246.562.99.95640200010&from=1.1.2030&from_at=8&to=1.1.2030&to_at=16&why=x', '/admin/log/export': 'why=x&format=csv', '/admin/admins/*': 'why=x&own=yes', '/admin/asked-passes/*': 'act=approve&edition=1', '/admin/exams': 'title=x&school=1.2.246.562.99.95640200010&day=2030-01-01&from=8&to=10', '/admin/notices': 'title_fi=x&from_day=2030-01-01&from=8&until_day=2030-01-02&until=8', '/admin/calendar': 'name=x&kind=holiday&from=2030-01-01&to=2030-01-02', '/admin/networks': 'name=x&blocks=10.0.0.0/8', '/admin/tokens': 'id=x&role=admin&to=2027-06-04&why=x', '/admin/give': 'idp=oulu&user=silja&role=secretary&place=oulu/1.2.246.562.99.95640200010&to=2027-06-04&why=x' };
const paths = routes.map(({ method, at }) => ({ method, at, path: at.replace('*', ids[at] ?? 'x'), form: method === 'POST' ? forms[at] ?? 'x=1' : undefined }));
const logLines = () => g.logText().split('\n').filter((l) => l.includes('"request.failed"'));

async function cookies(user, idp = 'oulu') {
  const { context, page } = await visitor();
  await signIn(page, user, idp);
  const jar = (await context.cookies(g.url)).filter((c) => /digione$|admin$/.test(c.name)).map((c) => `${c.name}=${c.value}`).join('; ');
  await page.goto(`${g.url}/admin/area`);
  const csrf = await page.locator('main [name=csrf]').first().getAttribute('value').catch(() => null);
  await context.close();
  return { jar, csrf };
}
const ask = (p, { cookie, csrf, headers = {} } = {}) => fetchLocal(g.port, p.path, { method: p.method, headers: { ...(cookie ? { Cookie: cookie } : {}), ...(p.method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}), ...headers }, body: p.form === undefined ? undefined : p.form + (csrf ? `&csrf=${csrf}` : '') });

await test('no address makes a page say that something was done', async () => {
  const tiina = await cookies('tiina');
  const claims = ['kept', 'propose', 'approve', 'withdraw', 'send_back', 'ended', 'expired', 'given', 'taken', 'yes', 'school', 'enabled', 'disabled', 'refresh', 'undone', 'no_why', '7'];
  const notes = async (at) => { const a = await ask({ method: 'GET', path: at }, { cookie: tiina.jar }); return `${a.status} ${a.text.match(/class="note/g)?.length ?? 0}`; };
  for (const at of new Set([...pages, ...paths.filter((p) => p.method === 'GET' && !/export|enter/.test(p.path)).map((p) => p.path)])) {
    const and = at.includes('?') ? '&' : '?';
    let before = await notes(at);
    for (const claim of claims) {
      const said = await notes(`${at}${and}${['done', 'said', 'made', 'notice'].map((n) => `${n}=${claim}`).join('&')}`), plain = await notes(at);
      check(said === before || said === plain, `${at} says ${claim}: ${said}, and without it ${before}, ${plain}`); // an alarm may begin or end meanwhile
      before = plain;
    }
  }
});

// Asked by somebody whom it is not for: refused with one line each in log and audit log, and nothing is changed.
async function refused(who, list, options, statuses = [403, 404]) {
  const registryBefore = export_();
  for (const p of list) {
    const audit = auditLines().length, log = logLines().length;
    const answer = await ask(p, options);
    check(statuses.includes(answer.status), `${who}: ${p.method} ${p.path}: ${answer.status} ${answer.headers.location ?? ''}`);
    const more = await until('the log line', () => { const l = logLines(); return l.length > log && l.slice(log); }, 3000);
    check(more.length === 1, `${who}: ${p.method} ${p.path}: ${more.length} lines`);
    const lines = auditLines().slice(audit).filter((l) => !l.includes('"event":"change'));
    check(lines.length === 1 && lines[0].includes('"event":"refused"'), `${who}: ${p.method} ${p.path}: audit ${lines.join(' ')}`);
  }
  check(export_() === registryBefore, `${who}: the registry is another`);
}
const posts = paths.filter((p) => p.method === 'POST'), gets = paths.filter((p) => p.method === 'GET');
check(posts.length >= 6 && gets.length >= 8, `${paths.length} paths`);

/* --- J7: who administers, and what they hand on ------------------------------------------------------------------ */

const audit = () => auditLines().map((l) => JSON.parse(l));

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`a principal delegates to the secretary with an end date, ${width} px, ${lang}, ${scripts ? 'by keyboard' : 'without scripts'}`, async () => {
    const { context, page } = await visitor({ width, scripts, lang });
    const last = width === 320 ? '2027-06-04' : new Date(Date.now() + 5 * 86400e3).toISOString().slice(0, 10), told = last.split('-').reverse().map(Number).join('.');
    await signIn(page, 'toini');
    await page.goto(`${g.url}/admin/admins`);
    await looks(page, 'admins-school', width);
    check((await page.locator('main a[href="/admin/admins/sari-lehto"]').count()) === 0, 'a school sees the rights of its municipality');
    await page.goto(`${g.url}/admin/give`);
    const roles = await page.locator('[name=role]').evaluateAll((all) => all.map((r) => r.value));
    check(roles.includes('secretary') && !['admin', 'auditor', 'approver', 'operator'].some((r) => roles.includes(r)), `the roles: ${roles}`);
    check((await page.locator('[name=place] option').count()) === 1, 'a principal can choose another area');
    // Nobody gives more than they have, and what was typed stays.
    const send = (more) => Promise.all([page.waitForNavigation(), page.locator('form[action="/admin/give"] .acts button').click()].concat(more ?? []));
    await page.locator('[name=role][value=principal]').evaluate((r) => { r.value = 'admin'; }).catch(() => {});
    await page.check('[name=role] >> nth=-1'); await page.fill('#user', 'silja'); await page.fill('#why', 'Sijaisten kulkuluvat');
    await send();
    check(/Et voi antaa|You cannot give/.test(await page.textContent('[role=alert]')) && (await page.inputValue('#user')) === 'silja', 'more than they have was given');
    await looks(page, 'give-more', width);
    // What is missing is said, each with a link to its field.
    await page.check('[name=role][value=secretary]'); await page.fill('#user', 'nobody-here'); await page.fill('#to', '2020-01-01');
    await page.evaluate(() => document.querySelector('form[action="/admin/give"]').setAttribute('novalidate', '')).catch(() => {});
    await send();
    check((await page.locator('[role=alert] a').count()) === 2, `the errors: ${await page.textContent('[role=alert]')}`);
    await looks(page, 'give-wrong', width);
    await page.fill('#user', 'silja'); await page.fill('#to', last);
    if (scripts) { await page.locator('#why').focus(); await page.keyboard.press('Tab'); check(await page.evaluate(() => document.activeElement.matches('form[action="/admin/give"] .acts button')), 'the button is not the next'); await done(page, page.keyboard.press('Enter')); }
    else await done(page, page.locator('form[action="/admin/give"] .acts button').click());
    await until('the right stands in the list', async () => { await page.goto(`${g.url}/admin/admins`); return (await page.locator('main a[href="/admin/admins/silja"]').count()) === 1; });
    check((await page.textContent('main table')).includes(told), `its last day ${told}`);
    await page.goto(`${g.url}/admin`);
    check((await page.locator('.todo a[href="/admin/admins/silja"]').count()) === (width === 320 ? 0 : 1), 'the home does not tell, a month before alone');
    await looks(page, 'home-school', width);
    await page.goto(`${g.url}/admin/admins`);
    await looks(page, 'admins-given', width);
    // Both are logged: the act by the door, and the change with its reason.
    await until('the change is told', async () => audit().some((l) => l.event === 'change.row' && l.row === 'admin silja' && JSON.parse(l.after).role === 'secretary'));
    const line = audit().filter((l) => l.event === 'change' && l.why === 'Sijaisten kulkuluvat').pop();
    check(line?.area === 'oulu/1.2.246.562.99.95640200010' && line.acting_as === 'principal' && line.maker === 'console', JSON.stringify(line));
    check(audit().some((l) => l.event === 'console' && l.reason === 'right') && audit().some((l) => l.event === 'refused' && l.reason === 'more_than_own'), 'the lines of the acts');
    // And taken away again.
    await page.goto(`${g.url}/admin/admins/silja`);
    await looks(page, 'admin', width);
    await page.click('.fold summary');
    await page.fill('#why', 'Väärä henkilö');
    await done(page, page.click('.b.red'));
    await until('it is gone', async () => { await page.goto(`${g.url}/admin/admins`); return (await page.locator('main a[href="/admin/admins/silja"]').count()) === 0; });
    await context.close();
  });

for (const [width, lang, scripts] of [[320, 'fi-FI', true], [1280, 'en-GB', false]])
  await test(`a principal opens what is left to the school, and nothing else, ${width} px, ${lang}`, async () => {
    const { context, page } = await visitor({ width, scripts, lang });
    await signIn(page, 'toini');
    await page.goto(`${g.url}/admin/rights`);
    check((await page.locator('.matrix tbody tr').count()) === 4, 'the services and roles of the own school');
    await looks(page, 'school-rights', width);
    await page.goto(`${g.url}/admin/school`);
    check((await texts_(page, 'tbody th')).join() === 'Puolukka Päiväkirja', `what is left: ${await texts_(page, 'tbody th')}`);
    await looks(page, 'school', width);
    await page.goto(`${g.url}/admin/school/puolukka`);
    const boxes = await page.locator('input[type=checkbox]').evaluateAll((all) => all.map((b) => b.name));
    check(boxes.includes('who_0') && !boxes.includes('who_3'), `the boxes: ${boxes}`);
    await page.check('[name=who_0]'); await page.fill('#why', `Syyslukukausi ${width}`);
    await looks(page, 'school-service', width);
    const send = () => page.locator('main form .acts button').click();
    await done(page, send());
    await until('it is open', async () => { await page.goto(`${g.url}/admin/school/puolukka`); return page.isChecked('[name=who_0]'); });
    await looks(page, 'school-open', width);
    check(/Puolukka/.test(await (await page.goto(`${g.url}/admin/rights?q=puolukka`), page.textContent('.matrix tbody'))) && (await page.locator('.matrix tbody tr td .st.open').count()) > 0, 'the matrix does not show it');
    // What is not left is refused, by the storage layer too: its form is sent with another service's path.
    await page.goto(`${g.url}/admin/school/pihka`);
    check((await page.locator('main form').count()) === 0, 'a form for what is not left');
    const jar = (await context.cookies(g.url)).map((c) => `${c.name}=${c.value}`).join('; '), csrf = await (await page.goto(`${g.url}/admin/school/puolukka`), page.locator('main [name=csrf]').first().getAttribute('value')), before = export_();
    const no = await ask({ method: 'POST', path: '/admin/school/pihka', form: `why=Kokeilu&who_0=1&version=` }, { cookie: jar, csrf });
    check(no.status === 403 && export_() === before, `what is not left was opened: ${no.status}`);
    check(audit().some((l) => l.event === 'refused' && l.reason === 'not_left'), 'the refusal is not in the log');
    const line = audit().filter((l) => l.event === 'change' && l.why === `Syyslukukausi ${width}`).pop();
    check(line?.area === 'oulu/1.2.246.562.99.95640200010' && line.acting_as === 'principal', JSON.stringify(line));
    // And closed again.
    await page.uncheck('[name=who_0]'); await page.fill('#why', 'Loppui');
    await done(page, send());
    await until('it is closed', async () => { await page.goto(`${g.url}/admin/school/puolukka`); return !(await page.isChecked('[name=who_0]')); });
    await context.close();
  });

await test('a school that closes a service closes it, whichever of its policies opened it', async () => {
  const { context, page } = await visitor({ scripts: false });
  await signIn(page, 'toini');
  const school = '1.2.246.562.99.95640200010', at = `${g.url}/admin/school/puolukka`;
  const whom = 'principal in School::"oulu/99101", action == Action::"open", resource == Service::"puolukka"';
  const put = async (id, text) => {
    const said = g.cli('registry', 'put', '-c', g.config, '--why', 'testi', 'policy', id, 'provider=oulu', `school=${school}`, `text=${text}`);
    check(said.status === 0, `${id}: ${said.stdout}${said.stderr}`);
    await until(`${id} is served`, async () => { await page.goto(at); return page.isChecked('[name=who_0]'); });
  };
  const close = async () => { await page.uncheck('[name=who_0]'); await page.fill('#why', 'Kiinni'); await Promise.all([page.waitForNavigation(), page.click('main form .acts button')]); };
  const shut = () => until('it is shut', async () => { await page.goto(at); return !(await page.isChecked('[name=who_0]')); });

  await put('kielo-file', `permit (${whom}) when { principal in Role::"learner" };`);
  await close();
  check((await page.locator('.note.good').count()) === 1 && !(await page.isChecked('[name=who_0]')), 'what was chosen is not shown');
  await shut();
  check(!export_().includes('kielo-file'), 'the policy of that service alone stays');

  // On a condition: said so, kept when nothing of it was chosen, and closed when it is cleared.
  const some = `permit (${whom}) when { principal in Role::"learner" && principal has classLevel && principal.classLevel >= 7 };`;
  await put('kielo-some', some);
  check(/ehdolla/.test(await page.textContent('.boxes')), 'a condition is not said');
  await page.check('[name=who_3]').catch(() => {});
  await page.fill('#why', 'Ennallaan');
  await Promise.all([page.waitForNavigation(), page.click('main form .acts button')]);
  await page.goto(at);
  check(/ehdolla/.test(await page.textContent('.boxes')) && export_().includes('kielo-some'), 'what was open on a condition is open without it');
  await close();
  await shut();

  // What the screen cannot take apart it does not touch, and says which it is.
  await put('kielo-text', `// käsin kirjoitettu\n${some}`);
  const before = export_();
  await close();
  check((await page.locator('[role=alert] a[href="/admin/policy/kielo-text"]').count()) === 1, `it says: ${await page.textContent('main')}`);
  await looks(page, 'school-says-more');
  check(!(await page.isChecked('[name=who_0]')) && (await page.inputValue('#why')) === 'Kiinni', 'what was chosen is lost');
  check(export_() === before, 'something was changed');
  check(g.cli('registry', 'remove', '-c', g.config, '--why', 'testi', 'policy', 'kielo-text').status === 0, 'it stays');
  await shut();
  await context.close();
});

await test('nobody takes their own last right by accident, nor the last operator\'s', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'riikka', 'operators');
  await page.goto(`${g.url}/admin/admins/riikka-aalto`);
  await page.click('.fold summary');
  await page.fill('#why', 'Vahingossa');
  await looks(page, 'admin-own');
  await Promise.all([page.waitForNavigation(), page.click('.b.red')]);
  check(/oma viimeinen/.test(await page.textContent('[role=alert]')), 'taken without a word');
  await looks(page, 'admin-own-asked');
  await page.check('[name=own]');
  await Promise.all([page.waitForNavigation(), page.click('.b.red')]);
  check(/Viimeistä operaattoria/.test(await page.textContent('[role=alert]')), await page.textContent('main'));
  check(export_().includes('riikka-aalto'), 'the last operator is gone');
  await context.close();
});

await test('nobody comes in without a session', async () => {
  for (const p of gets) { const a = await ask(p); check(a.status === 303 && a.headers.location.startsWith('/admin/enter?to='), `${p.path}: ${a.status} ${a.headers.location}`); }
  await refused('nobody', posts, {}, [403]);
});
await test('lesser roles are told that there is no such page', async () => {
  for (const [user, idp] of [['aino', 'oulu'], ['eino', 'oulu'], ['lauri', 'operators']]) {
    const { jar } = await cookies(user, idp);
    check(jar.includes('digione='), `${user} has no session`);
    await refused(user, [{ method: 'GET', at: '', path: '/admin/enter?to=/admin' }], { cookie: jar }, [404]);
    await refused(user, posts, { cookie: jar }, [403]);
  }
});
// What each may do here, as policy/defaults.cedar ships it; the walk is over every path there is, so that a new one is tried too.
const screens = [...fs.readFileSync(path.join(root, 'gateway/console/screens.def'), 'utf8').matchAll(/X\((admin_\w+),\s*(\w+),/g)];
const steps = [...fs.readFileSync(path.join(root, 'gateway/routes.def'), 'utf8').matchAll(/X\((GET|POST),\s*"(\/admin[^"]*)",[^)]*?(admin_\w+)\)/g)];
const rightOf = (p) => { const step = steps.find(([, method, at]) => method === p.method && at === p.at)?.[3]; return screens.find(([, name]) => name === step)?.[2]; };
for (const [user, idp, rights] of [
  ['silja', 'oulu', ['VIEW', 'GIVE_PASSES']],
  ['hannu', 'oulu', ['VIEW', 'APPROVE', 'PUBLISH', 'ROLL_BACK']],
  ['toini', 'oulu', ['VIEW', 'DRAFT', 'PUBLISH', 'ROLL_BACK', 'GIVE_PASSES', 'SET_EXAMS', 'SET_NOTICES', 'FIND_PEOPLE', 'END_SESSIONS', 'MANAGE_ADMINS']]])
  await test(`${user} comes where their role leads, and nowhere else`, async () => {
    const who = await cookies(user, idp);
    check(paths.every(rightOf), `no right stands for ${paths.filter((p) => !rightOf(p)).map((p) => p.path)}`);
    const shut = paths.filter((p) => rightOf(p) !== 'NONE' && !rights.includes(rightOf(p)));
    check(shut.length >= 4, `${user} may do nearly everything: ${shut.length}`);
    await refused(user, shut.filter((p) => p.method === 'GET'), { cookie: who.jar }, [404]);
    await refused(user, shut.filter((p) => p.method === 'POST'), { cookie: who.jar, csrf: who.csrf }, [403, 404]);
    for (const p of paths.filter((x) => x.method === 'GET' && !x.at.includes('*') && !shut.includes(x) && !/person|account|school|registrars|vendors|incidents|cities|metadata/.test(x.at))) { // which need somebody looked at, a school, the whole country
      const answer = await ask(p, { cookie: who.jar });
      check([200, 303].includes(answer.status), `${user}: ${p.path}: ${answer.status}`);
    }
  });
await test('a form without its token, or with another\'s, is refused', async () => {
  const tiina = await cookies('tiina'), sari = await cookies('sari');
  await refused('no token', posts, { cookie: tiina.jar }, [403]);
  await refused('another\'s token', posts, { cookie: tiina.jar, csrf: sari.csrf }, [403]);
});
await test('a form from another origin is refused, token or not', async () => {
  const { jar, csrf } = await cookies('tiina');
  await refused('another origin', posts, { cookie: jar, csrf, headers: { Origin: 'https://evil.example' } }, [403]);
  await refused('cross-site', posts, { cookie: jar, csrf, headers: { 'Sec-Fetch-Site': 'cross-site' } }, [403]);
  await refused('a sandbox elsewhere', posts.slice(0, 2), { cookie: jar, csrf, headers: { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' } }, [403]);
});
await test('a console session goes with its session', async () => {
  const tiina = await cookies('tiina'), sari = await cookies('sari');
  const mixed = [tiina.jar.split('; ').find((c) => c.startsWith('digione=')), sari.jar.split('; ').find((c) => c.startsWith('admin='))].join('; ');
  await refused('a stolen console cookie', posts, { cookie: mixed, csrf: sari.csrf }, [403]);
});
await test('another city\'s rows are as if they were not', async () => {
  const espoo = await cookies('tiina', 'espoo');
  const theirs = paths.filter((p) => p.at.endsWith('*') && p.at !== '/admin/rights/*' || ['/admin/area', '/admin/give', '/admin/person', '/admin/sessions', '/admin/passes', '/admin/exams'].includes(p.at) && p.method === 'POST');
  await refused('espoo', theirs.filter((p) => !(p.method === 'POST')), { cookie: espoo.jar }, [404]);
  const before = export_();
  for (const p of theirs.filter((q) => q.method === 'POST')) {
    const a = await ask(p, { cookie: espoo.jar, csrf: espoo.csrf });
    check([403, 404].includes(a.status), `espoo: POST ${p.path}: ${a.status} ${a.headers.location ?? ''}`);
  }
  check(export_() === before, 'espoo changed something of Oulu');
});

await test('the log shows what is the area\'s own, and that somebody looked', async () => {
  const espoo = await cookies('tiina', 'espoo'), tiina = await cookies('tiina');
  const rows = async (who, at) => (await ask({ method: 'GET', path: at }, { cookie: who.jar })).text;
  const theirs = await rows(espoo, '/admin/log'), ours = await rows(tiina, '/admin/log?event=login');
  check(!/data-r="Tunnistuslähde">oulu</.test(theirs) && />espoo</.test(theirs), 'espoo reads lines of Oulu');
  check(/>oulu</.test(ours) && !/>espoo</.test(ours), 'oulu does not read its own');
  check(auditLines().slice(-2).some((l) => l.includes('"reason":"read_log"')), 'the look is not in the log');
  // Each filter alone: what is shown has it, and something is shown.
  const all = auditLines().map((l) => JSON.parse(l)), own = all.filter((l) => l.area?.startsWith('oulu') || (!l.area && l.idp?.startsWith('oulu'))), some = own.filter((l) => l.event === 'refused').pop();
  for (const [name, value, has] of [['event', 'refused', (l) => l.event === 'refused'], ['code', `${some.support_code.slice(0, 4).toLowerCase()} ${some.support_code.slice(4)}`, (l) => l.support_code === some.support_code], ['person', some.person.slice(0, 8), (l) => (l.person ?? l.who ?? '').startsWith(some.person.slice(0, 8)) || (l.who ?? '').startsWith(some.person.slice(0, 8))], ['idp', 'oulu', (l) => l.idp === 'oulu'], ['reason', 'csrf', (l) => l.reason === 'csrf'], ['from', '2020-01-01', () => true], ['to', '2099-01-01', () => true]]) {
    const form = `why=Tarkastus+${name}&format=jsonl&${name}=${encodeURIComponent(value)}`;
    const file = await ask({ method: 'POST', path: '/admin/log/export', form }, { cookie: tiina.jar, csrf: tiina.csrf });
    const lines = file.text.trim().split('\n').map((l) => JSON.parse(l));
    check(file.headers['content-type'] === 'application/x-ndjson' && lines.length > 1 && lines[0].filter.includes(`${name}=`) && lines[0].lines === lines.length - 1 && lines.slice(1).every((l) => has(l) && own.concat(auditLines().map((x) => JSON.parse(x)).slice(all.length)).some((o) => o.n === l.n)), `the export by ${name}`);
    const line = auditLines().map((l) => JSON.parse(l)).filter((l) => l.reason === 'export_log' && l.why === `Tarkastus ${name}`);
    check(line.length === 1 && line[0].row.includes(`${name}=`) && line[0].area === 'oulu', `the export by ${name} is not in the log with its reason`);
  }
  const csv = await ask({ method: 'POST', path: '/admin/log/export', form: 'why==1%2B1&format=csv&event=console' }, { cookie: tiina.jar, csrf: tiina.csrf });
  check(csv.headers['content-type'].startsWith('text/csv') && /^"filter","event=console","area","oulu","made","[^"]+","lines","\d+","chain","[^"]+"\r\nn,at,event,/.test(csv.text) && csv.text.includes(`"'=1+1"`), 'the export as a table');
  check((await ask({ method: 'POST', path: '/admin/log/export', form: 'why=&format=csv' }, { cookie: tiina.jar, csrf: tiina.csrf })).status === 400, 'an export without a reason');
  check((await ask({ method: 'GET', path: '/admin/log?from=2026-02-31' }, { cookie: tiina.jar })).status === 400 && (await ask({ method: 'GET', path: '/admin/log?person=abc' }, { cookie: tiina.jar })).status === 400, 'filters that are none');
});

await test('what an undo does needs the right to do it, and a school changes nothing of its municipality', async () => {
  const tiina = await cookies('tiina'), hannu = await cookies('hannu'), kaisa = await cookies('kaisa');
  const undo = (n, who) => ask({ method: 'POST', path: `/admin/history/${n}`, form: 'why=x' }, { cookie: who.jar, csrf: who.csrf });
  const idp = (act, who) => ask({ method: 'POST', path: '/admin/idps/oulu-staff', form: `act=${act}&why=x` }, { cookie: who.jar, csrf: who.csrf });
  const before = export_();
  for (const act of ['disable', 'refresh']) for (const who of [hannu, kaisa]) check((await idp(act, who)).status === 404, `${act}: an identity provider of the municipality`);
  check(export_() === before, 'somebody altered it');
  check((await idp('disable', tiina)).status === 303, 'an admin may');
  const off = export_(), entry = g.cli('registry', 'log', '-c', g.config).stdout.split('\n')[0], n = Number(entry.trim().split(' ')[0]);
  check(/ as admin in oulu/.test(entry), `a right that has ended is none: ${entry}`);
  const refused_ = await undo(n, hannu);
  check(refused_.status === 400 && /idp oulu-staff/.test(refused_.text) && export_() === off, `an approver undid it: ${refused_.status}`);
  check((await undo(n, tiina)).status === 303, 'an admin may undo');
});
await test('what stands elsewhere is not told, not by a refusal either', async () => {
  const tiina = await cookies('tiina');
  const all = await ask({ method: 'POST', path: '/admin/history/2', form: 'why=x' }, { cookie: tiina.jar, csrf: tiina.csrf });
  check(all.status === 400 && !/espoo|riikka/.test(all.text), `an import of the whole country: ${all.status} ${/[^<>]*(espoo|riikka)[^<>]*/.exec(all.text)?.[0]}`);
  for (const id of ['espoo-teachers', 'no-such-policy']) for (const draft of ['', '&draft=999&edition=1']) for (const act of ['check', 'keep']) {
    const a = await ask({ method: 'POST', path: `/admin/policy/${id}`, form: `as=text&act=${act}&why=x&text=${encodeURIComponent('permit(principal in Provider::"oulu",action==Action::"open",resource);')}${draft}` }, { cookie: tiina.jar, csrf: tiina.csrf });
    check(a.status === (draft && act === 'check' ? 200 : 404), `${id} ${draft} ${act}: ${a.status}`);
  }
});

await test('Miksi? as if: what decided, each condition with what is so, what would have to be different, and what the person reads', async () => {
  const ask_ = '/admin/why?service=kanerva&role=staff&school=1.2.246.562.99.95640200010&device=own';
  for (const width of [320, 1280]) for (const scripts of [true, false]) {
    const { context, page } = await visitor({ width, scripts });
    await signIn(page, 'tiina');
    await page.waitForURL(`${g.url}/admin`);
    await page.goto(`${g.url}/admin/why`);
    if (scripts) await looks(page, 'why-empty', width);
    await page.goto(g.url + ask_);
    check(/Kanerva Oppikirjat ei aukea/.test(await page.textContent('main')), 'the answer');
    const cards = await page.locator('.verdict > li').allTextContents(), wishes = await page.locator('.wish > li').allTextContents(), told = await page.textContent('.told');
    check(cards.length >= 2 && cards.some((x) => /Ei koskenut häntä/.test(x) && /opettajat/.test(x)), cards.join(' | '));
    check(await page.locator('.verdict li.no').count() >= 2 && await page.locator('.verdict li.ok').count() >= 2, 'ticks and crosses');
    check(wishes.some((x) => /opettajat/.test(x)), wishes.join(' | '));
    check(/ei ole käytettävissäsi/.test(told) && /opettajat/.test(told), told);
    if (scripts) await looks(page, 'why-as-if', width);
    await page.goto(`${g.url}/admin/why?service=kanerva&role=teacher`);
    check(/Kanerva Oppikirjat aukeaa/.test(await page.textContent('main')) && /Ratkaisi/.test(await page.textContent('.key-rule')), 'a teacher');
    if (scripts) await looks(page, 'why-opens', width);
    await page.goto(`${g.url}/admin/why?service=pihka&role=learner&school=1.2.246.562.99.95640200010&level=5`);
    check(/Sääntö kieltää/.test(await page.textContent('main')) && !/opettajat/.test(await page.textContent('.told')), 'what forbids is told');
    if (scripts) await looks(page, 'why-forbidden', width);
    await page.goto(`${g.url}/admin/why?service=nothing&role=teacher`);
    check(/Sellaista palvelua ei ole/.test(await page.textContent('[role=alert]')), 'a service that there is not');
    await context.close();
  }
});

await test('Miksi? names the version of each policy, and the open draft that would do it', async () => {
  const tiina = await cookies('tiina'), act = async (at, form) => ask({ method: 'POST', path: at, form }, { cookie: tiina.jar, csrf: tiina.csrf });
  const text = 'permit (principal in Provider::"oulu", action == Action::"open", resource == Service::"kanerva") when { principal in Role::"staff" };';
  const kept = await act('/admin/policy/new', `as=text&act=keep&why=${encodeURIComponent('Henkilöstö tarvitsee')}&text=${encodeURIComponent(text)}`);
  check(kept.status === 303 && /^\/admin\/drafts\/\d+$/.test(kept.headers.location), `not kept: ${kept.status} ${kept.headers.location}`);
  const number = kept.headers.location.split('/').pop();
  for (const width of [320, 1280]) {
    const { context, page } = await visitor({ width });
    await signIn(page, 'tiina');
    await page.waitForURL(`${g.url}/admin`);
    await page.goto(`${g.url}/admin/why?service=kanerva&role=staff`);
    check(/Voimassa versiosta \d+ \(\d+\.\d+\.\d+\)/.test(await page.textContent('.verdict')), await page.textContent('.verdict'));
    check((await page.locator('.verdict a[href^="/admin/history?policy=oulu-"]').count()) > 0, 'no history of a policy of the area');
    check((await page.locator(`.wish a[href="/admin/drafts/${number}"]`).count()) === 1 && /Henkilöstö tarvitsee/.test(await page.textContent('.wish')), `the draft: ${await page.textContent('main')}`);
    await looks(page, 'why-draft', width);
    await page.click('.verdict a[href^="/admin/history?policy=oulu-"]');
    check(/Säännön historia/.test(await page.textContent('h1')), 'the history of the policy');
    await page.goto(`${g.url}/admin/why?service=kanerva&role=principal`);
    check((await page.locator('a[href^="/admin/drafts/"]').count()) === 0, 'a draft that would not open it');
    await context.close();
  }
  check((await act(`/admin/drafts/${number}`, 'act=withdraw&edition=1')).status === 303, 'withdrawn');
});

await test('Miksi? by support code: the refusal of one\'s own city alone, and each look is in the log', async () => {
  const { context, page } = await visitor();
  await page.goto(`${g.url}/`);
  await signIn(page, 'eino');
  const denied = await page.goto(`${g.url}/open/vaahtera`);
  check(denied.status() === 403, `eino: ${denied.status()}`);
  const text = await page.textContent('main'), code = (await page.textContent('.codebox')).trim();
  check(/opettajat/.test(text) && /oppilas/.test(text), text);
  await looks(page, 'denied-eino');
  await context.close();
  const tiina = await cookies('tiina'), espoo = await cookies('tiina', 'espoo'), toini = await cookies('toini');
  const read = async (who, at) => (await ask({ method: 'GET', path: at }, { cookie: who.jar })).text;
  const ours = await read(tiina, `/admin/why?code=${code.slice(0, 4).toLowerCase()}+${code.slice(4)}`);
  check(/Vaahtera Matikka ei auennut/.test(ours) && /Ei sopinut: rooli/.test(ours), 'the line is not found');
  check(!/Eino/.test(ours), 'a name');
  check(auditLines().slice(-2).some((l) => l.includes('"reason":"why"') && l.includes(code)), 'the look is not in the log');
  for (const [name, who] of [['espoo', espoo], ['a principal', toini]]) check(/Tukikoodilla ei löydy/.test(await read(who, `/admin/why?code=${code}`)), `${name} finds a line that is not theirs`);
  check(/Sellaista kuntaa tai koulua ei ole/.test(await read(espoo, '/admin/why?service=kanerva&role=teacher&school=1.2.246.562.99.95640200010')), 'espoo asks about a school of Oulu');
  for (const width of [320, 1280]) {
    const { context: its, page: shown } = await visitor({ width });
    await signIn(shown, 'tiina');
    await shown.waitForURL(`${g.url}/admin`);
    await shown.goto(`${g.url}/admin/why?code=${code}`);
    await looks(shown, 'why-code', width);
    await its.close();
  }
});

await browser.close();
await finish();
