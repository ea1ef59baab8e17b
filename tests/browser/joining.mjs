// SPDX-License-Identifier: EUPL-1.2
// A municipality joins, in a real Chromium [J10]: an operator opens a place with its schools and invites its first admin, who
// makes an account and comes into its console, and connects its sign-in step by step.
//   node joining.mjs PATH-OF-DIGIONE
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import zlib from 'node:zlib';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { OidcCity, SamlCity } from '../e2e/odd_city.mjs';
import { MailServer, read } from '../e2e/smtp.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/joining-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', secret = 'a-secret-of-the-city-that-is-long-enough';

// The sign-in that Turku has: a server of its own name, which the browser alone finds, and metadata in a file.
const host = 'sso.turku.example', entity = `https://${host}/idp`, ssoPort = await freePort(), keys = folder('joining-keys');
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path.join(keys, 'key.pem'), '-out', path.join(keys, 'cert.pem'), '-days', '400', '-subj', `/CN=${host}`], { stdio: 'ignore' });
const [key, cert] = ['key.pem', 'cert.pem'].map((f) => fs.readFileSync(path.join(keys, f), 'utf8'));
const sso = Object.assign(new SamlCity(entity), { key: { privateKey: crypto.createPrivateKey(key) }, attrs: {} });
const metadata = sso.metadata(`https://${host}/sso`, cert.replace(/-----[^-]*-----|\s/g, ''));
const ssoServer = https.createServer({ key, cert }, (req, res) => {
  const url = new URL(req.url, entity);
  if (!url.searchParams.has('SAMLRequest')) return res.writeHead(404).end();
  const request = /\bID="([^"]*)"/.exec(zlib.inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest'), 'base64')).toString())[1];
  const answer = sso.answer({ request, acs: `${g.url}/upstream/saml/acs`, sp: `${g.url}/saml/metadata`, attrs: sso.attrs });
  res.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><title>Turku</title><form method="post" action="${g.url}/upstream/saml/acs"><input type="hidden" name="SAMLResponse" value="${answer}"><input type="hidden" name="RelayState" value="${url.searchParams.get('RelayState')}"><button id="go">Lähetä</button></form>`);
}).listen(ssoPort, '127.0.0.1');
const oidc = new OidcCity(await freePort(), { oidc: { claims: { sub: 'u1', given_name: 'Onni', family_name: 'Salamimmi', schoolCode: '99101', userRole: 'teacher' } } }, { secret });

const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", municipality_code: "564", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: invited, kind: local, vendors: true, listed: false, name: { fi: Kutsutut, sv: Inbjudna, en: Invited } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
  - { id: oulu-oidc, kind: oidc, provider: oulu, enabled: false, listed: false, test: true, name: { fi: "Oulu, lukiot" }, map: native, issuer: "${oidc.base}/oidc", client_id: not-registered-yet, auth_method: private_key_jwt }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
  - { id: tiina-oulu, idp: oulu, subject: tiina, role: admin, provider: oulu, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: tiina, idp: oulu, username: tiina, password: { plain: ${password} }, given_names: Tiina, family_name: Oulu }
`;
const post = await new MailServer({ mode: 'plain' }).listen();
const g = await new Gateway(program, { name: 'joining', port: await freePort(), registry, settings: { support: 'tuki@digione.example', smtp: `smtp://127.0.0.1:${post.port}`, smtp_from: 'portti@digione.example' } }).start();
const browser = await launch({ args: [`--host-resolver-rules=MAP ${host} 127.0.0.1:${ssoPort}`] });

async function visitor({ lang = 'fi-FI', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
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

await test('item 14: schools of a place that is there: what is new, changed, closed and missing is said before it is kept, and none is removed', async () => {
  const { context, page } = await visitor({ width: 320 });
  await signIn(page, 'riikka', 'operators', '/admin/cities?city=tampere-ja-aanekoski');
  await send(page, 'a[href="/admin/city-schools/tampere-ja-aanekoski"]');
  const at = page.url(), provider = '1.2.246.562.99.98370100005';
  await looks(page, 'schools-new');
  check(await send(page, '[value=preview]') === 400, 'nothing was typed');
  says(await main(page), 'Kirjoita ainakin yksi rivi');
  // One that is typed: the others stay.
  await page.fill('#schools', '1.2.246.562.99.98370200044;9930;Lyhyt');
  check(await send(page, '[value=preview]') === 400, 'a short code');
  says(await page.textContent('#lines'), 'Rivi 1', '9930');
  await looks(page, 'schools-lines');
  await page.fill('#schools', '1.2.246.562.99.98370200044;99304;Uusi koulu;Nya skolan');
  check(await send(page, '[value=preview]') === 200, await main(page));
  says(await main(page), 'Uudet 1', 'Uusi koulu / Nya skolan', 'Puuttuvat luettelosta 2', 'Mäki, lukio');
  await looks(page, 'schools-preview');
  await send(page, '[value=edit]');
  check((await page.inputValue('#schools')).includes('Uusi koulu'), 'what was typed is lost');
  await send(page, '[value=preview]');
  await send(page, '[value=keep]');
  says(await main(page), 'Koulut ovat tallessa');
  // A file: one is called otherwise, one is closed, one is missing.
  await page.setInputFiles('#file', csv(`OID;Oppilaitostunnus;Nimi suomeksi;Nimi ruotsiksi;Koulutustoimija OID;Status;Organisaatiotyyppi\n1.2.246.562.99.98370200010;99301;Testi-Hillaharjun yhteiskoulu;;${provider};AKTIIVINEN;OPPILAITOS\n1.2.246.562.99.98370200028;99302;Mäki, lukio;;${provider};LAKKAUTETTU;OPPILAITOS\n`));
  check(await send(page, '[value=preview]') === 200, await main(page));
  says(await main(page), 'Muuttuvat 1', 'Testi-Hillaharjun yhteiskoulu', 'nyt: 99301, Testi-Hillaharjun koulu', 'Suljetaan 1', 'Mäki, lukio', 'Puuttuvat luettelosta 1', 'Uusi koulu');
  await looks(page, 'schools-file');
  await send(page, '[value=keep]');
  says(await main(page), 'Koulut ovat tallessa');
  const kept = () => g.cli('export', '-c', g.config).stdout;
  const row = (oid) => kept().split('- ').find((x) => x.includes(oid) && x.includes('code')) ?? '';
  check(/yhteiskoulu/.test(row('98370200010')) && /active: false/.test(row('98370200028')) && !/active: false/.test(row('98370200044')) && /Nya skolan/.test(row('98370200044')), kept().slice(0, 3000));
  // The missing are closed when somebody says so; what was closed opens again; and the same list changes nothing.
  await page.setInputFiles('#file', csv('OID;Oppilaitostunnus;Nimi\n1.2.246.562.99.98370200010;99301;Testi-Hillaharjun yhteiskoulu\n1.2.246.562.99.98370200028;99302;Mäki, lukio\n'));
  await send(page, '[value=preview]');
  says(await main(page), 'Ennallaan: 1', 'nyt: Pois käytöstä', 'Puuttuvat luettelosta 1');
  await page.check('[name=missing]');
  await send(page, '[value=keep]');
  check(/active: false/.test(row('98370200044')) && !/active: false/.test(row('98370200028')), kept().slice(0, 3000));
  await page.setInputFiles('#file', csv('OID;Oppilaitostunnus;Nimi\n1.2.246.562.99.98370200010;99301;Testi-Hillaharjun yhteiskoulu\n1.2.246.562.99.98370200028;99302;Mäki, lukio\n'));
  await send(page, '[value=preview]');
  says(await main(page), 'Mikään ei muuttuisi');
  await context.close();
  // It is the whole country's alone.
  const tiina = await visitor();
  await signIn(tiina.page, 'tiina', 'oulu');
  for (const id of ['oulu', 'tampere-ja-aanekoski']) {
    const status = (await tiina.page.goto(`${g.url}/admin/city-schools/${id}`)).status();
    check(status === 403 || status === 404, `${id}: ${status}`);
  }
  await tiina.context.close();
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

await test('item 14: an admin is invited by e-mail, which alone has the link', async () => {
  const { context, page } = await visitor({ lang: 'sv-SE', width: 320 });
  await signIn(page, 'riikka', 'operators', '/admin/cities?city=oulu');
  await page.fill('#note', 'Olli Oulu');
  await page.fill('#email', 'ei osoite');
  check(await send(page, '[value=invite]') === 400, 'no address');
  says(await main(page), 'ingen e-postadress');
  check((await page.inputValue('#note')) === 'Olli Oulu', 'what was typed is lost');
  await page.fill('#email', 'olli@oulu.example');
  await send(page, '[value=invite]');
  says(await main(page), 'Inbjudan skickas', 'Olli Oulu');
  check((await page.locator('#link').count()) === 0 && !/invite\//.test(await page.content()), 'the link is shown as well');
  const mail = await until('the mail', () => post.mails.find((m) => m.to.includes('olli@oulu.example')));
  const text = read(mail.raw).text, link = /http\S+\/vendor\/invite\/\S+/.exec(text)?.[0];
  says(text, 'Oulu');
  await until('it is said to be sent', async () => { await page.goto(`${g.url}/admin/cities?city=oulu`); return /olli@oulu.example/.test(await main(page)); });
  await looks(page, 'city-mailed');
  check(link !== undefined && (await page.goto(link)).status() === 200, text);
  says(await main(page), 'Uleåborg');
  await context.close();
});

await test('item 14: an invitation is taken back, by whoever may invite alone, and its link opens nothing', async () => {
  const { context, page } = await visitor();
  await signIn(page, 'riikka', 'operators', '/admin/cities?city=oulu');
  await page.fill('#note', 'Väärä Henkilö');
  check(await send(page, '[value=invite]') === 200, await main(page));
  const link = await page.textContent('#link');
  await page.goto(`${g.url}/admin/cities?city=oulu`);
  const id = await page.inputValue('li:has-text("Väärä Henkilö") [name=id]');

  const tiina = await visitor();
  await signIn(tiina.page, 'tiina', 'oulu');
  await tiina.page.goto(`${g.url}/admin/area`);
  const csrf = await tiina.page.inputValue('[name=csrf]');
  const asked = await tiina.context.request.post(`${g.url}/admin/cities`, { headers: { origin: g.url, 'sec-fetch-site': 'same-origin' }, multipart: { csrf, act: 'uninvite', city: 'oulu', id } });
  check(asked.status() === 403 || asked.status() === 404, `${asked.status()}`);
  check((await tiina.page.goto(link)).status() === 200, 'it was taken back by somebody else');
  await tiina.context.close();

  await send(page, 'li:has-text("Väärä Henkilö") [value=uninvite]');
  says(await main(page), 'Kutsu on peruttu');
  check(!/Väärä Henkilö/.test(await main(page)) && /Olli Oulu/.test(await main(page)), await main(page));
  await looks(page, 'city-uninvited');
  check((await page.goto(link)).status() === 404, 'the link still opens');
  await context.close();
});

/* --- its sign-in is connected ------------------------------------------------------------------------------------ */

await test('item 14: an address that would let anybody in, or is no address, is refused with what to type instead', async () => {
  const { context, page } = await visitor({ width: 320, lang: 'sv-SE', dark: true });
  await signIn(page, 'tiina', 'oulu', '/admin/idps');
  await send(page, 'a[href="/admin/join/new"]');
  await looks(page, 'join-new');
  check(await send(page, '[value=address]') === 400, 'an empty form');
  says(await main(page), 'Produkt: Välj en produkt', 'Namn för dem som loggar in: Saknas');
  await page.check('[name=product][value=entra]');
  await page.fill('#name_fi', 'Oulu, henkilöstö');
  for (const [address, said] of [['https://login.microsoftonline.com/common/v2.0', 'vilket Microsoft-konto som helst'], ['https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration', 'vilket Microsoft-konto som helst'],
    ['http://login.example/', 'https://'], ['login.example', 'https://'], ['https://127.0.0.1/idp', 'localhost'], ['https://user:pass@login.example/', 'user']]) {
    await page.fill('#address', address);
    check(await send(page, '[value=address]') === 400, `taken: ${address}`);
    says(await page.textContent('[role=alert]'), said);
    check((await page.inputValue('#name_fi')) === 'Oulu, henkilöstö', 'what was typed is lost');
  }
  await page.check('[name=product][value=google]');
  await page.setInputFiles('#file', { name: 'm.xml', mimeType: 'text/xml', buffer: Buffer.from('<html>') });
  check(await send(page, '[value=address]') === 400, 'no metadata');
  says(await page.textContent('[role=alert]'), 'inga SAML-metadata');
  await looks(page, 'join-wrong');
  await context.close();
});

await test('item 14: a source over OpenID Connect: what its address says, what is missing, and a secret that is kept and not shown', async () => {
  const { context, page } = await visitor({ lang: 'en-GB', scripts: false });
  await signIn(page, 'tiina', 'oulu', '/admin/join/oulu-oidc');
  says(await main(page), `${oidc.base}/oidc`, 'Sign-out', 'redirect URI', `${g.url}/upstream/oidc/oulu-oidc`, 'Keycloak', 'First do a test sign-in');
  check((await page.locator('[value=open]').count()) === 0, 'it can be opened before it is registered');
  await looks(page, 'join-oidc');
  check(await send(page, '[value=register]') === 400, 'without a secret');
  says(await main(page), 'Client secret: Is missing');
  await page.fill('#client_id', 'digione');
  await page.fill('#client_secret', secret);
  await send(page, '[value=register]');
  says(await main(page), 'The values are kept');
  check((await page.inputValue('#client_id')) === 'digione' && (await page.inputValue('#client_secret')) === '' && !(await page.content()).includes(secret), 'the secret is shown');
  await send(page, 'a[href="/admin/tryout/oulu-oidc"]');
  await Promise.all([page.waitForURL(`${g.url}/admin/tryout/oulu-oidc`), page.click('form:has([name=fresh]) button.b')]);
  says(await main(page), 'Salamimmi', 'Teacher');
  await page.goto(`${g.url}/admin/join/oulu-oidc`);
  says(await main(page), 'The test account got through.');
  await looks(page, 'join-tested');
  check(await send(page, '[value=open]') === 400, 'opened without a reason');
  await page.fill('#why', 'Lukiot mukaan');
  check(await send(page, '[value=open]') === 400, 'opened without a dry run, and nobody said so');
  says(await main(page), 'Do a dry run, or confirm that you open it all the same', 'I open it without a dry run');
  check((await page.inputValue('#why')) === 'Lukiot mukaan', 'the reason is lost');
  await looks(page, 'join-despite');
  await page.check('#despite');
  await send(page, '[value=open]');
  says(await main(page), 'It was opened');
  const person = await visitor();
  await person.page.goto(`${g.url}/`);
  await person.page.waitForURL(/sign-in/);
  says(await person.page.textContent('body'), 'Oulu');
  await person.context.close();
  await context.close();
});

await test('item 14: the client secret of a source that is open is changed, its end is kept and warned of, and its address is for two people', async () => {
  const { context, page } = await visitor({ width: 320, scripts: true });
  await signIn(page, 'tiina', 'oulu', '/admin/idps/oulu-oidc');
  await send(page, 'a[href="/admin/join/oulu-oidc"]');
  const day = (n) => new Date(Date.now() + n * 86400e3).toISOString().slice(0, 10);
  await page.fill('#secret_until', day(-2));
  check(await send(page, '[value=register]') === 400, 'it has ended already');
  says(await main(page), 'Kirjoita päivä, joka on edessä');
  await looks(page, 'join-secret-wrong');
  await page.fill('#secret_until', day(20));
  await send(page, '[value=register]');
  says(await main(page), 'Arvot ovat tallessa');
  check((await page.inputValue('#secret_until')) === day(20) && (await page.inputValue('#client_id')) === 'digione', 'its end is not shown');
  await looks(page, 'join-secret');
  const tryOut = async () => {
    await page.goto(`${g.url}/admin/tryout/oulu-oidc`);
    await Promise.all([page.waitForURL(`${g.url}/admin/tryout/oulu-oidc`), page.click('form:has([name=fresh]) button.b')]);
    return main(page);
  };
  says(await tryOut(), 'Salamimmi'); // the secret is the one from before
  await page.goto(`${g.url}/admin/idps/oulu-oidc`);
  says(await main(page), 'Asiakassalaisuus', 'secret_ends');
  await looks(page, 'idp-secret-ends');
  await page.goto(`${g.url}/admin`);
  says(await main(page), 'asiakassalaisuus päättyy');
  await page.goto(`${g.url}/admin/join/oulu-oidc`);
  await page.fill('#client_secret', 'not the one that the city has');
  await page.fill('#secret_until', '');
  await send(page, '[value=register]');
  says(await tryOut(), 'token_refused');
  await page.goto(`${g.url}/admin/join/oulu-oidc`);
  check((await page.inputValue('#secret_until')) === '', 'its end was not taken back');
  await page.fill('#client_secret', secret);
  await send(page, '[value=register]');
  says(await tryOut(), 'Salamimmi');
  // The address decides whose answers are believed.
  await page.goto(`${g.url}/admin/join/oulu-oidc`);
  says(await main(page), 'toinen henkilö hyväksyy');
  check((await page.locator('[value=remove]').count()) === 0, 'what is open can be removed');
  await page.click('details:has(#address) summary');
  await page.fill('#address', 'http://evil.example');
  check(await send(page, '[value=move]') === 400, 'no https');
  await looks(page, 'join-move-wrong');
  await page.fill('#address', 'https://login.oulu.example/uusi');
  await send(page, '[value=move]');
  check(/\/admin\/drafts\/\d+$/.test(page.url()), `it was changed by one person: ${page.url()} ${await main(page)}`);
  says(await main(page), 'https://login.oulu.example/uusi');
  await page.goto(`${g.url}/admin/join/oulu-oidc`);
  says(await main(page), `${oidc.base}/oidc`);
  await context.close();
});

await test('item 14: Turku connects the sign-in that it has from a file: what it is called, a word that means nothing, a test, and it is open', async () => {
  const { page } = petra;
  await page.goto(`${g.url}/admin/join/new`);
  await page.check('[name=product][value=google]');
  await page.fill('#name_fi', 'Turku, henkilöstö');
  await page.setInputFiles('#file', { name: 'GoogleIDPMetadata.xml', mimeType: 'text/xml', buffer: Buffer.from(metadata) });
  await send(page, '[value=address]');
  const id = new URL(page.url()).pathname.split('/').pop();
  check(/^turku-[0-9a-f]{5}$/.test(id), page.url());
  says(await main(page), 'Osoite on tallessa', entity, `https://${host}/sso`, 'Google Workspace', 'gsuiteid', 'Ei tarjota', `${g.url}/upstream/saml/acs`);
  await looks(page, 'join-saml');
  // Nobody can sign in by it yet, and no list shows it.
  const stranger = await visitor();
  await stranger.page.goto(`${g.url}/`);
  await stranger.page.waitForURL(/sign-in/);
  const login = new URL(stranger.page.url()).searchParams.get('login');
  check(!(await stranger.page.textContent('body')).includes('Turku, henkilöstö'), 'it is listed');
  const tried = await stranger.context.request.post(`${g.url}/sign-in/idp`, { headers: { origin: g.url }, form: { login, idp: id }, maxRedirects: 0 });
  check(tried.status() >= 400, `somebody may sign in: ${tried.status()}`);
  await stranger.context.close();

  sso.attrs = { gsuiteid: ['g-1'], firstName: ['Onni'], lastName: ['Testi-Mesimarja'], schoolCode: ['99401'], userRole: ['OPE'] };
  const tryOut = async () => {
    await page.goto(`${g.url}/admin/tryout/${id}`);
    await send(page, 'form:has([name=fresh]) button.b');
    await Promise.all([page.waitForURL(`${g.url}/admin/tryout/${id}`), page.click('#go')]);
    return main(page);
  };
  says(await tryOut(), 'role_unknown', 'OPE', 'SAML attribute mapping');
  await page.selectOption('select[name=role]', 'teacher');
  await send(page, '[value=mean]');
  says(await main(page), 'OPE on nyt Opettaja');
  says(await tryOut(), 'Testitunnus pääsi perille', 'Opettaja', 'Testi-Mesimarjan koulu');
  // "No role" is an answer too: it is kept, is not asked again, and is taken back.
  sso.attrs.userRole = ['KESÄTYÖ'];
  says(await tryOut(), 'role_unknown', 'KESÄTYÖ', 'Ei yhtään roolia');
  await page.selectOption('select[name=role]', 'none');
  await send(page, '[value=mean]');
  says(await main(page), 'KESÄTYÖ on nyt Ei roolia', 'Sanat, joilla on merkitys');
  await looks(page, 'tryout-words');
  const silent = await tryOut();
  says(silent, 'Testitunnus pääsi perille', 'Ei yhtään roolia');
  check(!/role_unknown|no_role/.test(silent), `it is asked again: ${silent}`);
  await send(page, 'li:has-text("KESÄTYÖ") [value=unmean]');
  says(await main(page), 'Merkitys on poistettu');
  says(await tryOut(), 'role_unknown', 'KESÄTYÖ');

  // A dry run: three people, each by a link, none of whom is signed in.
  await send(page, `a[href="/admin/join/${id}"]`);
  says(await main(page), 'Koekäyttö', 'Enintään kymmenen');
  await send(page, `a[href="/admin/dry/${id}"]`);
  await looks(page, 'dry-new');
  check(await send(page, '[value=begin]') === 400, 'for nobody');
  says(await page.textContent('[role=alert]'), 'Kirjoita ainakin yksi');
  await page.fill('#labels', 'Opettaja, yksi koulu\n\n  Oppilas 7B \nKesätyöntekijä');
  await send(page, '[value=begin]');
  says(await main(page), 'Linkit ovat valmiit', 'Oppilas 7B', '0 / 3');
  const links = (await page.locator('code.val').allTextContents()).map((s) => s.trim());
  check(links.length === 3 && new Set(links).size === 3 && links.every((l) => l.startsWith(`${g.url}/try/${id}.`)), links.join(' '));
  await looks(page, 'dry-begun');
  const guest = async (n, attrs, options, name) => {
    const v = await visitor(options);
    check((await v.page.goto(links[n])).status() === 200, 'the link is not there');
    await looks(v.page, `${name}-asked`);
    sso.attrs = attrs;
    await send(v.page, 'main form button');
    await Promise.all([v.page.waitForURL(links[n]), v.page.click('#go')]);
    await looks(v.page, `${name}-done`);
    const text = await main(v.page);
    await v.page.goto(`${g.url}/`);
    check(/\/sign-in/.test(v.page.url()), `somebody is signed in: ${v.page.url()}`);
    check(!(await v.context.cookies(g.url)).some((k) => /digione$/.test(k.name)), 'there is a session');
    await v.context.close();
    return text;
  };
  says(await guest(0, { gsuiteid: ['g-1'], firstName: ['Onni'], lastName: ['Testi-Mesimarja'], schoolCode: ['99401'], userRole: ['OPE'] }, { lang: 'sv-SE', width: 320 }, 'guest-1'), 'Tack, provet lyckades', 'Lärare, Testi-Mesimarjan koulu', 'inte ditt namn');
  says(await guest(1, { gsuiteid: ['g-2'], firstName: ['Aino'], lastName: ['Salanimi'], schoolCode: ['99999'], userRole: ['oppilas'], class: ['7B'] }, { lang: 'en-GB', scripts: false }, 'guest-2'), 'Thank you');
  says(await guest(2, { gsuiteid: ['g-3'], firstName: ['Veikko'], lastName: ['Salanimi'], schoolCode: ['99401'], userRole: ['KESÄTYÖ'] }, { dark: true }, 'guest-3'), 'Lähde ei kertonut roolia');
  await page.goto(`${g.url}/admin/dry/${id}`);
  const seen = await main(page);
  says(seen, '3 / 3', 'school_unknown', '99999', 'role_unknown', 'KESÄTYÖ', 'Opettaja, Testi-Mesimarjan koulu', 'firstName', 'SAML attribute mapping', 'Henkilöitä: 1');
  check(!/Onni|Aino|Veikko|Salanimi|g-[123]/.test(await page.content()), 'a name or a number is kept');
  await looks(page, 'dry-results');
  await page.selectOption('select[name=role]', 'none');
  await send(page, '[value=mean]');
  says(await main(page), 'Merkitys on tallessa', 'KESÄTYÖ on nyt Ei roolia');
  says(await guest(2, { gsuiteid: ['g-3'], firstName: ['Veikko'], lastName: ['Salanimi'], schoolCode: ['99401'], userRole: ['KESÄTYÖ'] }, { width: 320 }, 'guest-again'), 'Kiitos');
  // Another one's link opens nobody else's; one that was guessed, or has another number, is not there.
  const nobody = await visitor();
  for (const bad of [links[0].replace('.0.', '.1.'), links[0].slice(0, -1) + (links[0].endsWith('0') ? '1' : '0'), `${g.url}/try/x`, `${g.url}/try/oulu-oidc.0.0000000000000000000000`])
    check((await nobody.page.goto(bad)).status() === 404, bad);
  await nobody.context.close();

  await page.goto(`${g.url}/admin/join/${id}`);
  says(await main(page), 'Näillä oli vikaa', 'Oppilas 7B: school_unknown', '3 / 3');
  check(!/Kesätyöntekijä:/.test(await main(page)), 'a word that is no role is a fault still');
  await looks(page, 'join-dry');
  await page.fill('#why', 'Sovittu');
  check(await send(page, '[value=open]') === 400, 'opened with faults, and nobody said so');
  await page.check('#despite');
  await send(page, '[value=open]');
  says(await main(page), 'Lähde on avattu');
  await looks(page, 'join-open');
  await page.goto(`${g.url}/admin/history`);
  says(await main(page), 'Sovittu (Koekäyttö 3/3, vikoja 1)');
  await page.goto(`${g.url}/admin/dry/${id}`);
  await send(page, '[value=end]');
  says(await main(page), 'Koekäyttö on lopetettu');
  const late = await visitor();
  check((await late.page.goto(links[0])).status() === 404, 'a link is good after the end');
  await late.context.close();
  sso.attrs = { gsuiteid: ['g-1'], firstName: ['Onni'], lastName: ['Testi-Mesimarja'], schoolCode: ['99401'], userRole: ['OPE'] };
  const person = await visitor({ width: 320 });
  await person.page.goto(`${g.url}/`);
  await person.page.waitForURL(/sign-in/);
  await person.page.goto(`${g.url}/sign-in?login=${new URL(person.page.url()).searchParams.get('login')}&all=1`);
  await send(person.page, `button[value="${id}"]`);
  await person.page.click('#go');
  await person.page.waitForURL(`${g.url}/`);
  says(await person.page.textContent('body'), 'Onni');
  await person.context.close();
  // A second source, of another kind of people, beside it.
  await page.goto(`${g.url}/admin/join/new`);
  await page.check('[name=product][value=shibboleth]');
  await page.fill('#name_fi', 'Turku, lukiot');
  await page.check('[name=role]');
  await page.setInputFiles('#file', { name: 'm.xml', mimeType: 'text/xml', buffer: Buffer.from(metadata.replaceAll(entity, `${entity}-2`)) });
  await send(page, '[value=address]');
  says(await main(page), 'Turku, lukiot', 'attribute-resolver.xml');
  // Its address was wrong: of a source that was never open one person changes it, or takes it away.
  await page.click('details:has(#address) summary');
  await page.setInputFiles('#file', { name: 'm.xml', mimeType: 'text/xml', buffer: Buffer.from(metadata.replaceAll(entity, `${entity}-3`)) });
  await send(page, '[value=move]');
  says(await main(page), 'Osoite on vaihdettu', `${entity}-3`);
  await looks(page, 'join-moved');
  await page.click('details:has(#why_gone) summary');
  check(await send(page, '[value=remove]') === 400, 'removed without a reason');
  says(await main(page), 'Syy puuttuu');
  const second = page.url();
  await page.goto(`${g.url}/admin/idps`);
  says(await main(page), 'Turku, henkilöstö', 'Turku, lukiot');
  await page.goto(second);
  await page.click('details:has(#why_gone) summary');
  await page.fill('#why_gone', 'väärä palvelu');
  await send(page, '[value=remove]');
  if (/sign-in/.test(page.url())) { // the log-in is older than what destroys asks for
    await page.fill('#password', petra.password);
    await page.fill('#code', petra.papers[1]);
    await send(page, '#local .acts button.b');
    await page.waitForURL(second);
    await page.click('details:has(#why_gone) summary');
    await page.fill('#why_gone', 'väärä palvelu');
    await send(page, '[value=remove]');
  }
  says(await main(page), 'Lähde on poistettu', 'Turku, henkilöstö');
  check(!/Turku, lukiot/.test(await main(page)) && (await page.goto(second)).status() === 404, 'it is there still');
  await page.goto(`${g.url}/admin/idps`);
});

await test('item 14: no other municipality sees what one connects, nor alters it', async () => {
  const id = /turku-[0-9a-f]{5}/.exec(await petra.page.content())[0], { context, page } = await visitor();
  await signIn(page, 'tiina', 'oulu', '/admin/area');
  check((await page.goto(`${g.url}/admin/join/${id}`)).status() === 404, 'it is seen');
  await page.goto(`${g.url}/admin/join/new`);
  const csrf = await page.inputValue('main [name=csrf]');
  for (const act of ['begin', 'end']) {
    const answer = await context.request.post(`${g.url}/admin/dry/${id}`, { headers: { origin: g.url, 'sec-fetch-site': 'same-origin' }, form: { csrf, act, labels: 'x' } });
    check(answer.status() === 404, `dry ${act}: ${answer.status()}`);
  }
  check((await page.goto(`${g.url}/admin/dry/${id}`)).status() === 404, 'its dry run is seen');
  await page.goto(`${g.url}/admin/join/new`);
  for (const act of ['register', 'open']) {
    const answer = await context.request.post(`${g.url}/admin/join/${id}`, { headers: { origin: g.url, 'sec-fetch-site': 'same-origin' }, multipart: { csrf, act, client_id: 'x', client_secret: 'y', why: 'z' } });
    check(answer.status() === 404, `${act}: ${answer.status()}`);
  }
  check((await petra.page.goto(`${g.url}/admin/join/oulu-oidc`)).status() === 404, 'and the other way round');
  await context.close();
  await petra.context.close();
});

await browser.close();
ssoServer.close();
oidc.close();
await post.close();
await finish();
