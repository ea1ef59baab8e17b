// SPDX-License-Identifier: EUPL-1.2
// J3: a learner of two municipalities, in real Chromium: in Finnish at 320 px, in English at 1280 px by keyboard alone.
//   node accounts.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/accounts-shots');
fs.mkdirSync(shots, { recursive: true });

const password = 'salasana-salasana';
const number = '1.2.246.562.24.10000000003', another = '1.2.246.562.24.20000000006';
function registry(site) {
  const service = (id, name) => `  - { id: ${id}, protocol: link, vendor: ${id}-oy, category: books, test: true, name: { fi: ${name} }, launch_uri: "${site}/${id}" }`;
  const account = (id, idp, name, learner) => `  - { id: ${id}, idp: ${idp}, username: ${id}, password: { plain: ${password} }, given_names: ${name}, family_name: Testi, ${learner ? `learner_id: "${learner}", ` : ''}affiliations: [{ provider: ${idp}, role: learner, school: "${idp === 'turku' ? '99401' : '99502'}", group: 2B, class_level: 11 }] }`;
  return [
    'format: 1', 'providers:',
    '  - { id: turku, oid: "1.2.246.562.99.98530100001", name: { fi: Turku }, schools: [{ oid: "1.2.246.562.99.98530200017", code: "99401", name: { fi: Testi-Mesimarjan koulu } }] }',
    '  - { id: vantaa, oid: "1.2.246.562.99.90920100006", name: { fi: Vantaa }, schools: [{ oid: "1.2.246.562.99.90920200020", code: "99502", name: { fi: Testi-verkkolukio } }] }',
    'idps:',
    '  - { id: turku, kind: local, provider: turku, name: { fi: Turku } }',
    '  - { id: vantaa, kind: local, provider: vantaa, name: { fi: Vantaa } }',
    'services:', service('jakala', 'Jäkälä Kirjasto'), service('kanerva', 'Kanerva Oppikirjat'), service('tunturi', 'Tunturi Kurssit'),
    'rules:',
    '  - { id: t-jakala, provider: turku, role: learner, service: jakala }', '  - { id: t-tunturi, provider: turku, role: learner, service: tunturi }',
    '  - { id: v-kanerva, provider: vantaa, role: learner, service: kanerva }', '  - { id: v-tunturi, provider: vantaa, role: learner, service: tunturi }',
    'accounts:',
    ...['320', '1280'].flatMap((w) => [account(`eetu-t${w}`, 'turku', 'Eetu', number), account(`eetu-v${w}`, 'vantaa', 'Eetu', number)]),
    account('veera', 'vantaa', 'Veera', another), account('niilo', 'vantaa', 'Niilo', ''),
  ].join('\n') + '\n';
}

const elsewhere = http.createServer((req, res) => res.setHeader('Content-Type', 'text/html').end(`<!DOCTYPE html><title>x</title>${req.url}`));
await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
const site = `http://127.0.0.1:${elsewhere.address().port}`;
const g = await new Gateway(program, { name: 'accounts', port: await freePort(), registry: registry(site), settings: { support: 'tuki@digione.example' } }).start();
const browser = await launch();

async function looks(page, name, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await axeFindsNothing(page, `${name} at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
}
// By keyboard: tabs to the one that is meant, and presses Enter.
async function press(page, selector, byKey) {
  if (!byKey) return Promise.all([page.waitForNavigation(), page.click(selector)]);
  await page.locator('body').evaluate(() => document.activeElement?.blur());
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    if (await page.locator(selector).first().evaluate((e) => e === document.activeElement)) {
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      return;
    }
  }
  check(false, `${selector} is not reached by the Tab key`);
}
async function proves(page, user, byKey) {
  await page.fill('#username', user);
  await page.fill('#password', password);
  await press(page, 'form:has(#password) .acts button.b', byKey);
}
async function signIn(page, city, user, byKey) {
  await page.goto(`${g.url}/upstream/begin/${city}`);
  await proves(page, user, byKey);
}
async function adds(page, city, user, byKey) {
  await page.goto(`${g.url}/me/accounts`);
  await press(page, 'button[value=add]', byKey);
  await press(page, `button[name=idp][value=${city}]`, byKey);
  await proves(page, user, byKey);
}
const text = async (page) => (await page.textContent('main')).replaceAll('\u00ad', '');

for (const [width, lang] of [[320, 'fi'], [1280, 'en']]) {
  const byKey = width === 1280;
  await test(`J3 at ${width}, ${lang}${byKey ? ', by keyboard' : ''}: two accounts are joined, open each its own city's services, and are parted`, async () => {
    const context = await browser.newContext({ locale: lang === 'fi' ? 'fi-FI' : 'en-GB', viewport: { width, height: 800 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.on('pageerror', (e) => { throw e; });
    await signIn(page, 'turku', `eetu-t${width}`, byKey);
    check(/Jäkälä/.test(await text(page)) && !/Kanerva/.test(await text(page)), 'Turku alone');
    await page.goto(`${g.url}/me`);
    await press(page, 'a[href="/me/accounts"]', byKey);
    await looks(page, 'accounts', width);

    // Another's, and one without a number: nothing is proposed.
    for (const user of ['veera', 'niilo']) {
      await adds(page, 'vantaa', user, byKey);
      check(page.url() === `${g.url}/me/accounts` && (await page.locator('[role=alert]').count()) === 1 && (await page.locator('[value=join]').count()) === 0, `${user}'s account is proposed`);
    }
    await looks(page, 'accounts-not-same', width);

    await adds(page, 'vantaa', `eetu-v${width}`, byKey);
    check((await page.locator('[value=join]').count()) === 1, `nothing is proposed: ${page.url()} ${await text(page)}`);
    await looks(page, 'accounts-asked', width);
    await page.goto(g.url + '/');
    check(!/Kanerva/.test(await text(page)), 'proven is not yet said');
    await page.goto(`${g.url}/me/accounts`);
    await press(page, '[value=join]', byKey);
    check((await page.locator('.note.good').count()) === 1, 'it is not said that they were joined');
    await looks(page, 'accounts-joined', width);

    // Tiles by municipality.
    await page.goto(g.url + '/');
    const headings = (await page.locator('main h2').allTextContents()).map((t) => t.trim());
    check(headings.includes('Turku') && headings.includes('Vantaa') && headings.indexOf('Turku') < headings.indexOf('Vantaa'), `headings: ${headings}`);
    check(/Kanerva/.test(await text(page)) && /Jäkälä/.test(await text(page)), 'both cities\' services');
    await looks(page, 'two-cities', width);
    for (const [id, as] of [['jakala', ''], ['kanerva', '?as=vantaa'], ['tunturi', '?as=vantaa']]) {
      await page.goto(g.url + '/');
      await press(page, `a[href="/open/${id}${as}"]`, byKey);
      check(page.url() === `${site}/${id}`, `${id} opens: ${page.url()}`);
    }

    // Parted: Vantaa's are gone.
    await page.goto(`${g.url}/me/accounts`);
    await press(page, '[value=part]', byKey);
    check((await page.locator('.note.good').count()) === 1 && (await page.locator('[value=part]').count()) === 0, 'they are not parted');
    await page.goto(g.url + '/');
    check(!/Kanerva/.test(await text(page)) && /Jäkälä/.test(await text(page)), 'Vantaa stays after parting');
    await context.close();
  });
}

await test('J3: whoever signs out has signed out at both, and who comes next at the device finds nobody', async () => {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await signIn(page, 'turku', 'eetu-t320');
  await adds(page, 'vantaa', 'eetu-v320');
  await press(page, '[value=join]');
  await page.goto(g.url + '/');
  check(/Kanerva/.test(await text(page)), 'not joined');
  const kept = await context.cookies();
  await Promise.all([page.waitForNavigation(), page.locator('form[action="/sign-out"] button').first().evaluate((b) => b.form.requestSubmit(b))]);
  check(!(await context.cookies()).some((c) => /beside/.test(c.name)), 'the other account\'s cookie stays');
  await context.addCookies(kept.filter((c) => /beside/.test(c.name)));
  await signIn(page, 'turku', 'eetu-t1280');
  check(!/Kanerva/.test(await text(page)), 'the one before stands beside who comes next');
  await context.close();
});

await browser.close();
elsewhere.close();
await g.stop();
finish();
