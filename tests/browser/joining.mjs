// SPDX-License-Identifier: EUPL-1.2
// A municipality joins, in a real Chromium [J10]: an operator opens a place with its schools and invites its first admin, who
// makes an account and comes into its console.
//   node joining.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Gateway, check, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((p) => fs.existsSync(p));
if (!executablePath) { console.log('Chromium is not installed'); process.exit(77); }
const shots = path.join(root, 'build/joining-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana';
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", municipality_code: "564", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: invited, kind: local, vendors: true, listed: false, name: { fi: Kutsutut, sv: Inbjudna, en: Invited } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
  - { id: tiina-oulu, idp: oulu, subject: tiina, role: admin, provider: oulu, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: tiina, idp: oulu, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Oulu }
`;
const g = await new Gateway(program, { name: 'joining', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'] });

async function visitor({ lang = 'fi-FI', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  return { context, page };
}
async function looks(page, name) {
  const width = page.viewportSize().width, wide = page.scripts ? await page.evaluate(() => document.documentElement.scrollWidth) : width;
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}
async function signIn(page, user, idp, at = '/admin') {
  await page.goto(g.url + at);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
}
const send = async (page, selector) => { const [answer] = await Promise.all([page.waitForNavigation(), page.click(selector)]); return answer?.status(); };
const says = (text, ...words) => words.forEach((w) => check(text.includes(w), `"${w}" does not stand there: ${text.replace(/\s+/g, ' ').slice(0, 1500)}`));
const main = (page) => page.textContent('main');

/* --- codes, as an authenticator app makes them [RFC 6238] --- */

function codeOf(seed, step) {
  let bits = '';
  for (const c of seed.trim()) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const stepNow = () => Math.floor(Date.now() / 30000);

async function accept(page, link, who) {
  check((await page.goto(link)).status() === 200, `the invitation is not there: ${await main(page)}`);
  const seed = await page.textContent('#seed');
  for (const [field, value] of Object.entries({ given_names: who.given, family_name: who.family, username: who.username, password: who.password, code: codeOf(seed, stepNow()) })) await page.fill(`#${field}`, value);
  check(await send(page, 'main form .acts button.b') === 200, `no account: ${await main(page)}`);
  return { ...who, seed, papers: (await page.locator('#papers code').allTextContents()).map((s) => s.trim()) };
}

/* --- a place is opened ------------------------------------------------------------------------------------------- */

const city = { oid: '1.2.246.562.99.98530100001', code: '853' };
const school = (n) => ({ oid: `1.2.246.562.99.985302000${['17', '25'][n]}`, code: ['99401', '99402'][n] });
const opintopolku = (end) => `\ufeffOID;Oppilaitostunnus;Nimi suomeksi;Nimi ruotsiksi;Koulutustoimija OID;Status;Organisaatiotyyppi\r
${school(0).oid};99401;Testi-Mesimarjan koulu;;${city.oid};AKTIIVINEN;OPPILAITOS\r
${school(1).oid};99402;;Testi-Hallonvikens gymnasium;${city.oid};AKTIIVINEN;OPPILAITOS\r
1.2.246.562.99.90490200012;99201;Testi-Vattukallion koulu;;1.2.246.562.99.90490100006;AKTIIVINEN;OPPILAITOS\r
1.2.246.562.99.98530300008;;Toimipiste;;${city.oid};AKTIIVINEN;TOIMIPISTE\r
${end}`;
const csv = (text, encoding = 'utf8') => ({ name: 'koulut.csv', mimeType: 'text/csv', buffer: Buffer.from(text, encoding) });

await test('item 14: what is wrong with a place is said at each field and each line, and nothing is kept', async () => {
  const { context, page } = await visitor({ width: 320 });
  await signIn(page, 'riikka', 'operators', '/admin/area');
  await send(page, 'a[href="/admin/cities"]');
  await looks(page, 'cities');
  says(await main(page), 'Oulu');
  await send(page, 'a[href="/admin/cities?open=1"]');
  await looks(page, 'city-open');
  check(await send(page, '[value=preview]') === 400, 'an empty form');
  says(await main(page), 'Nimi suomeksi: Puuttuu', 'Organisaation OID: Ei ole organisaation OID');
  await page.fill('#name_fi', 'Oulu');
  await page.fill('#oid', '1.2.246.562.99.95640100004');
  await page.fill('#code', '49');
  check(await send(page, '[value=preview]') === 400, 'another has its OID');
  says(await main(page), 'On jo toisella kunnalla', 'Kirjoita kolme numeroa', 'On jo käytössä');
  await page.fill('#oid', '1.2.246.562.98.85640200011');
  await send(page, '[value=preview]');
  says(await main(page), 'ihmisen oppijanumero');

  await page.fill('#name_fi', 'Turku');
  await page.fill('#id', '');
  await page.fill('#oid', city.oid);
  await page.fill('#code', city.code);
  await page.setInputFiles('#file', csv(opintopolku(`1.2.246.562.99.98530200033;9940;=SUM(A1);;${city.oid};AKTIIVINEN;OPPILAITOS\r\n${school(0).oid};99409;Sama;;${city.oid};AKTIIVINEN;OPPILAITOS\r\n`)));
  check(await send(page, '[value=preview]') === 400, 'wrong lines');
  says(await page.textContent('#lines'), 'Rivi 6', '9940', 'alkunollan', '=SUM(A1)', 'kaava', 'Rivi 7', 'Katso riviä 2');
  check((await page.inputValue('#schools')).includes('Testi-Mesimarjan koulu') && (await page.inputValue('#name_fi')) === 'Turku', 'what was typed is lost');
  await looks(page, 'city-lines');
  await page.setInputFiles('#file', { name: 'k.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.concat([Buffer.from('PK\x03\x04'), crypto.randomBytes(9000)]) });
  await send(page, '[value=preview]');
  says(await page.textContent('#lines'), 'Excel-työkirja', 'valitse se uudelleen');
  await page.setInputFiles('#file', csv('x'.repeat((4 << 20) + 1)));
  await send(page, '[value=preview]');
  says(await page.textContent('#lines'), 'yli 4 Mt');
  await page.goto(`${g.url}/admin/cities?q=turku`);
  check((await page.locator('tbody tr').count()) === 0, 'it was kept');
  await context.close();
});

for (const [width, lang, scripts, dark, n] of [[320, 'sv-SE', true, true, 0], [1280, 'en-GB', false, false, 1]])
  await test(`item 14: a place is looked at before it is opened, from a file and as typed, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, lang, scripts, dark });
    await signIn(page, 'riikka', 'operators', '/admin/cities?open=1');
    const name = ['Turku', 'Tampere ja Äänekoski'][n];
    await page.fill('#name_fi', name);
    await page.fill('#name_sv', 'Åbo');
    await page.fill('#oid', n === 0 ? city.oid : '1.2.246.562.99.98370100005');
    await page.fill('#code', n === 0 ? '853' : '837');
    if (n === 0) await page.setInputFiles('#file', csv(opintopolku('')));
    else await page.setInputFiles('#file', csv('TUNN,ONIMI,OLO,KUNTA,OID\n99301,Testi-Hillaharjun koulu,0,837,1.2.246.562.99.98370200010\n99302,"Mäki, lukio",0,837,1.2.246.562.99.98370200028\n99309,Vanha,1,837,1.2.246.562.99.98370200036\n', 'latin1'));
    check(await send(page, '[value=preview]') === 200, await main(page));
    await looks(page, `city-preview-${n}`);
    const text = await main(page);
    if (n === 0) says(text, 'Testi-Mesimarjan koulu', 'Testi-Hallonvikens gymnasium', 'turku', 'Andra kommuners eller anordnares rader som förbigicks: 1', 'inte är läroanstalter förbigicks: 1');
    else says(text, 'Mäki, lukio', 'tampere-ja-aanekoski', 'The check digit does not fit', 'in the letters of Windows', 'Closed ones passed over: 1');
    // Back to the form, and forth again, with all that was typed.
    await send(page, '[value=edit]');
    check((await page.inputValue('#name_fi')) === name && (await page.inputValue('#schools')).split('\n').filter(Boolean).length === 2, await page.inputValue('#schools'));
    await send(page, '[value=preview]');
    await send(page, '[value=open]');
    check(page.url() === `${g.url}/admin/cities?city=${n === 0 ? 'turku' : 'tampere-ja-aanekoski'}`, `${page.url()} ${await main(page)}`);
    says(await main(page), n === 0 ? 'Platsen är öppen' : 'The place is open');
    await looks(page, `city-opened-${n}`);
    await context.close();
  });

let petra;
await test('item 14: the first admin is invited by a link that is shown once, makes an account, and administers that municipality alone', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'riikka', 'operators', '/admin/cities?city=turku');
  check(await send(page, '[value=invite]') === 400, 'for nobody');
  says(await main(page), 'kenelle kutsu on');
  await page.fill('#note', 'Petra Saari, Turun tietohallinto');
  check(await send(page, '[value=invite]') === 200, await main(page));
  const link = await page.textContent('#link');
  await looks(page, 'city-invited');
  await page.goto(`${g.url}/admin/cities?city=turku`);
  check((await page.locator('#link').count()) === 0, 'the link is shown again');
  says(await main(page), 'Kutsu odottaa', 'Petra Saari, Turun tietohallinto');
  await context.close();

  const hers = await visitor({ width: 320 });
  await hers.page.goto(link);
  says(await main(hers.page), 'Turku kutsuu sinut', 'Pääkäyttäjä');
  petra = await accept(hers.page, link, { given: 'Petra', family: 'Saari', username: 'petra.saari@turku.example', password: 'pitkä lause on parempi' });
  await looks(hers.page, 'city-account');
  await send(hers.page, 'a[href="/admin/enter?by=invitation"]');
  await hers.page.waitForURL(/\/sign-in\/local/);
  await hers.page.fill('#username', petra.username);
  await hers.page.fill('#password', petra.password);
  await hers.page.fill('#code', petra.papers[0]);
  await send(hers.page, '#local .acts button.b');
  await hers.page.waitForURL(`${g.url}/admin`);
  says(await hers.page.textContent('nav.con'), 'Turku');
  await looks(hers.page, 'city-home');
  for (const at of ['/admin/cities', '/admin/cities?city=turku', '/admin/cities?city=oulu', '/admin/cities?open=1']) {
    const answer = await hers.page.goto(g.url + at);
    check(answer.status() === 403 || answer.status() === 404, `${at}: ${answer.status()}`);
  }
  check((await hers.page.goto(link)).status() === 404, 'the link is good twice');
  petra.context = hers.context;
  petra.page = hers.page;
});

await test('item 14: whoever administers a municipality opens none and invites to none', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'tiina', 'oulu');
  await page.goto(`${g.url}/admin/area`);
  const csrf = await page.inputValue('[name=csrf]');
  for (const fields of [{ act: 'open', name_fi: 'X', oid: '1.2.246.562.99.98370100006' }, { act: 'invite', city: 'turku', note: 'x' }]) {
    const answer = await context.request.post(`${g.url}/admin/cities`, { headers: { origin: g.url, 'sec-fetch-site': 'same-origin' }, multipart: { csrf, ...fields } });
    check(answer.status() === 403 || answer.status() === 404, `${fields.act}: ${answer.status()}`);
  }
  await context.close();
});

await browser.close();
await finish();
