// SPDX-License-Identifier: EUPL-1.2
// The pictures of the guides for vendors and municipalities, made of ./demo by its newcomers, vera and petra:
//   node tests/browser/guide_pictures.mjs [FOLDER]
// docs/images (or FOLDER) gets them; none is over 150 kB.  Needs a release build, as pictures.mjs does.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { root, until } from '../e2e/gateway.mjs';
import { launch } from './chromium.mjs';
import { Demo, password } from './demo.mjs';

const shown = path.resolve(process.argv[2] ?? path.join(root, 'docs/images')), most_B = 150 * 1024;
fs.mkdirSync(shown, { recursive: true });
const browser = await launch();
const demo = await new Demo().start();

// A code is good once: whoever comes again waits for the next one.
const used = new Map();
const codeOf = (user) => until('a new code', () => {
  const code = spawnSync('python3', [path.join(root, 'deploy/demo/newcomers'), 'code', path.join(demo.state, 'newcomers'), user], { encoding: 'utf8' }).stdout.trim();
  if (!/^\d{6}$/.test(code) || used.get(user) === code) return null;
  return code;
}, 70000);
async function comes(user, at, locale) {
  const context = await browser.newContext({ locale, viewport: { width: 1000, height: 760 }, reducedMotion: 'reduce' }), page = await context.newPage();
  for (let i = 0; i < 4; i++) {
    await page.goto(demo.url + at);
    await page.waitForURL(/\/sign-in\/local/);
    await page.fill('#username', user);
    await page.fill('#password', password);
    const code = await codeOf(user);
    used.set(user, code);
    await page.fill('#code', code);
    await Promise.all([page.waitForNavigation(), page.click('#local .acts button.b')]);
    if (!page.url().includes('/sign-in')) break;
  }
  await page.waitForURL((u) => u.pathname === at.replace(/\/enter.*/, ''));
  return { context, page, state: await context.storageState() };
}
async function inTongue(state, locale) {
  const context = await browser.newContext({ storageState: state, locale, viewport: { width: 1000, height: 760 }, reducedMotion: 'reduce' });
  await context.clearCookies({ name: /lang/ });
  return { context, page: await context.newPage() };
}
let made = 0;
async function keep(page, name, { from } = {}) {
  await page.evaluate(() => { document.activeElement?.blur(); window.scrollTo(0, 0); });
  if (from) await page.locator(from).first().evaluate((e) => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 24));
  const file = path.join(shown, `${name}.png`);
  await page.screenshot({ path: file });
  const size = fs.statSync(file).size;
  if (size > most_B) throw new Error(`${name}: ${size} bytes`);
  made++;
}
const press = (page, selector) => Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);

const vera = await comes('vera', '/vendor', 'en-GB'), petra = await comes('petra', '/admin/enter?by=invitation', 'en-GB');
for (const [lang, locale] of [['en', 'en-GB'], ['fi', 'fi-FI'], ['sv', 'sv-SE']]) {
  const v = await inTongue(vera.state, locale), p = v.page, service = '/tori';
  await p.goto(`${demo.url}/vendor/connect${service}?product=openid-client`);
  await keep(p, `vendor-connect-${lang}`);
  await p.goto(`${demo.url}/vendor/test-people/teacher`);
  await press(p, `form:has([name=service]) button[value=start]`);
  if (lang !== 'sv') {
    const [tab] = await Promise.all([v.context.waitForEvent('page'), p.click('#go')]);
    await until('the service', () => tab.url().startsWith('http://tori.'), 30000);
    await tab.close();
    await press(p, '#told a');
    await keep(p, `vendor-told-${lang}`, { from: '#told' });
  }
  if (lang === 'en') {
    await p.goto(`${demo.url}/vendor`);
    await keep(p, 'vendor-home-en');
    await p.goto(`${demo.url}/vendor/trace${service}`);
    if (await p.locator('main a[href*="attempt="]').count()) await press(p, 'main a[href*="attempt="]');
    await keep(p, 'vendor-trace-en');
  }
  await v.context.close();
  const c = await inTongue(petra.state, locale);
  await c.page.goto(`${demo.url}/admin/join/new`);
  await keep(c.page, `city-join-${lang}`);
  await c.context.close();
}
await browser.close();
console.log(`${made} pictures in ${path.relative(root, shown) || shown}`);
await demo.stop();
process.exit(0);
