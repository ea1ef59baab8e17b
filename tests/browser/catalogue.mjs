// SPDX-License-Identifier: EUPL-1.2
// The catalogue of services in a real Chromium [J8, J9]: what stands in it and what does not, in three languages, at 320 and
// 1280 px, without script, by keyboard.
//   node catalogue.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/catalogue-shots');
fs.mkdirSync(shots, { recursive: true });

const why = (fi, sv, en) => `{ fi: "${fi}", sv: "${sv}", en: "${en}" }`;
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
  - { id: espoo, oid: "1.2.246.562.99.95640100005", name: { fi: Espoo, sv: Esbo } }
idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
services:
  - id: kanerva
    protocol: oidc
    vendor: kanerva
    name: { fi: Kanerva Oppikirjat, sv: Kanerva Läroböcker, en: Kanerva Books }
    line: { fi: Digikirjat ja tehtävät, sv: Digitala böcker, en: Digital books }
    client_id: kanerva
    auth_method: none
    pkce_required: true
    redirect_uris: ["https://kanerva.example/return"]
    policy_uri: "https://kanerva.example/privacy"
    asks: [roles, email, given_name]
    purposes:
      - { attribute: roles, basis: public_task, purpose: ${why('Opettaja näkee <vastaukset>.', 'Läraren ser svaren.', 'Teachers see the answers.')} }
      - { attribute: email, basis: contract, until: "2020-01-01T00:00:00Z", purpose: ${why('Kuukausikirje.', 'Månadsbrev.', 'A letter each month.')} }
  - { id: valo, protocol: link, vendor: kanerva, name: { fi: Valo Lukutuki }, launch_uri: "https://valo.example/" }
  - { id: kesken, protocol: link, vendor: kanerva, test: true, name: { fi: Kesken Koe }, launch_uri: "http://127.0.0.1:9/" }
  - { id: odottaa, protocol: link, vendor: kanerva, enabled: false, name: { fi: Odottaa Lupaa }, launch_uri: "https://odottaa.example/" }
  - { id: hanki, protocol: link, vendor: kanerva, enabled: false, name: { fi: Hanki Koodi }, launch_uri: "https://hanki.example/" }
organisations:
  - { id: kanerva, business_id: 1572860-0, name: { fi: Kanerva Oy }, contact_technology: t@kanerva.example, contact_privacy: p@kanerva.example, contact_incidents: i@kanerva.example }
incidents:
  - { id: i1, service: valo, from: "2020-01-01T08:00:00Z", says: ${why('Sivu aukeaa hitaasti.', 'Sidan öppnas långsamt.', 'The page opens slowly.')} }
  - { id: i2, service: kanerva, from: "2020-01-01T08:00:00Z", until: "2020-01-02T08:00:00Z", says: ${why('Ohi.', 'Över.', 'Over.')} }
policies:
  - { id: oulu-kanerva, provider: oulu, people_of: oulu, roles: [teacher], services: [kanerva, hanki], opens: permit }
`;
let g;
const browser = await launch();
async function visitor({ lang = 'fi-FI', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
  return { context, page: await context.newPage() };
}

await test('the gateway starts with receipts and incidents in its file', async () => {
  g = await new Gateway(program, { name: 'catalogue', port: await freePort(), registry, settings: { support: 'tuki@digione.example' } }).start();
});

await test('what is in production stands there with its purposes, its users and what is wrong now; nothing else does', async () => {
  const { context, page } = await visitor();
  check((await page.goto(`${g.url}/services`)).status() === 200, 'no catalogue');
  const names = await page.locator('.cat h2').allTextContents();
  check(names.join() === 'Hanki Koodi,Kanerva Oppikirjat,Valo Lukutuki', names.join());
  const kanerva = page.locator('#s-kanerva'), valo = page.locator('#s-valo');
  await kanerva.locator('summary').focus();
  await page.keyboard.press('Enter');
  check(/Opettaja näkee <vastaukset>\./.test(await kanerva.innerText()), await kanerva.innerText());
  check(!/Kuukausikirje|Ohi\./.test(await kanerva.textContent()), 'a need that is over, or an incident that is, still stands there');
  check(/Oulu/.test(await kanerva.textContent()) && !/Espoo/.test(await kanerva.textContent()) && /Kanerva Oy/.test(await kanerva.textContent()), 'users and vendor');
  check(/Sivu aukeaa hitaasti/.test(await valo.textContent()) && /Ei vielä missään/.test(await valo.textContent()), await valo.textContent());
  check(/Suljettu toistaiseksi/.test(await page.locator('#s-hanki').textContent()), 'one that is closed says so');
  await picture(page, { path: path.join(shots, 'catalogue-1280.png'), fullPage: true });
  await axeFindsNothing(page, 'catalogue');
  await context.close();
});

await test('three languages, 320 px, dark, without script; a search finds, and says when it does not', async () => {
  for (const [lang, word, reason] of [['sv-FI', 'Tjänstekatalogen', 'Läraren ser svaren'], ['en-GB', 'Catalogue of services', 'Teachers see the answers'], ['fi-FI', 'Palveluluettelo', 'Opettaja näkee']]) {
    const { context, page } = await visitor({ lang, width: 320, scripts: false, dark: true });
    await page.goto(`${g.url}/services`);
    check((await page.textContent('h1')) === word && (await page.textContent('main')).includes(reason), `${lang}: ${await page.textContent('h1')}`);
    await picture(page, { path: path.join(shots, `catalogue-${lang}-320.png`), fullPage: true });
    await page.fill('#q', 'lukutuki');
    await page.click('form[role=search] button');
    check((await page.locator('.cat h2').count()) === 1 && (await page.inputValue('#q')) === 'lukutuki', page.url());
    await page.goto(`${g.url}/services?q=${encodeURIComponent('"><b>')}`);
    check((await page.locator('.cat').count()) === 0 && (await page.inputValue('#q')) === '"><b>' && (await page.locator('main b').count()) === 0, 'nothing is found, and it says so');
    await context.close();
  }
  const { context, page } = await visitor({ width: 320 });
  await page.goto(`${g.url}/services`);
  check((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'it is wider than 320 px');
  await axeFindsNothing(page, 'catalogue at 320');
  await context.close();
});

await browser.close();
await g.stop();
finish();
