// SPDX-License-Identifier: EUPL-1.2
// A tool of LTI (npm ltijs) opened from its tile in real Chromium that blocks cookies of third parties, with and without scripts; and a
// teacher who picks content in it.   node lti.mjs PATH-OF-DIGIONE
import { chromium } from 'playwright-core';
import fs from 'node:fs';
import { check, finish, freePort, peer, root, test } from '../e2e/gateway.mjs';
import { federation, registryText } from '../e2e/local.mjs';
import { axeFindsNothing } from './look.mjs';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((p) => fs.existsSync(p));
if (!executablePath) { console.log('Chromium is not installed'); process.exit(77); }
const port = await freePort(), own = `http://ltijs.localhost:${port}`;
const { g, service } = await federation(process.argv[2], { name: 'lti-browser' });
g.registry = registryText(`${service.row()}  - id: ltijs
    protocol: lti
    vendor: ltijs
    category: learning
    name: { fi: "Hilla Tehtävät", sv: "Hilla Uppgifter", en: "Hilla Exercises" }
    test: true
    client_id: client-of-ltijs
    initiate_login_uri: "${own}/login"
    target_link_uri: "${own}/"
    redirect_uris: ["${own}/"]
    jwks_uri: "${own}/keys"
    lti_deep_linking: true
    asks: [sub, given_name, family_name, roles, school, group]
`);
await g.start();
await peer('ltijs', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(port), PLATFORM: g.url, CLIENT: 'client-of-ltijs' }, within_ms: 120000 });
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--test-third-party-cookie-phaseout'] });
const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function signedIn(javaScriptEnabled = true) {
  const context = await browser.newContext({ locale: 'fi', viewport: { width: 320, height: 900 }, javaScriptEnabled, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (m) => { if (/Content Security Policy/.test(m.text())) page.faults.push(m.text()); });
  await page.goto(`${g.url}/`);
  await send(page, 'button[name=idp][value=oulu]');
  await page.fill('input[name=username]', 'anna');
  await page.fill('input[name=password]', 'salasana-anna');
  await send(page, 'form:has(input[name=password]) .acts button.b');
  return { context, page };
}
const atTool = (page) => page.waitForURL((u) => u.href.startsWith(own) && u.pathname === '/', { timeout: 60000 });

await test('a tile opens the tool in the top window, where cookies of third parties are blocked', async () => {
  const { context, page } = await signedIn();
  await page.click('a[href="/open/ltijs"]');
  await atTool(page);
  const said = JSON.parse(await page.locator('body').innerText());
  check(said.token.userInfo.given_name === 'Anna' && said.context.messageType === 'LtiResourceLinkRequest', JSON.stringify(said));
  check(page.faults.length === 0, page.faults.join('; '));
  await context.close();
});

await test('without scripts a button takes the message to the tool', async () => {
  const { context, page } = await signedIn(false);
  await page.click('a[href="/open/ltijs"]');
  await page.waitForURL(/\/lti\/authorize/);
  check((await page.locator('main').innerText()).includes('Hilla Tehtävät'), 'the page does not say where it leads');
  await page.click('form button.big');
  await atTool(page);
  check((await page.locator('body').innerText()).includes('"given_name":"Anna"'), 'no launch');
  await context.close();
});

await test('a teacher picks in the catalogue and gets a link that opens what was picked', async () => {
  const { context, page } = await signedIn();
  await page.goto(`${g.url}/lti/pick`);
  await axeFindsNothing(page, 'pick');
  await page.click('a[href="/lti/pick/ltijs"]');
  await page.waitForURL(/\/lti\/picked/, { timeout: 60000 });
  check((await page.locator('main').innerText()).includes('Tehtävä 4'), await page.locator('main').innerText());
  check(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'wider than 320 px');
  await axeFindsNothing(page, 'picked');
  await page.click('main ul.links a');
  await atTool(page);
  const said = JSON.parse(await page.locator('body').innerText());
  check(said.context.custom.item === '4' && said.context.resource.title === 'Tehtävä 4', JSON.stringify(said));
  await context.close();
});

await browser.close();
await finish();
