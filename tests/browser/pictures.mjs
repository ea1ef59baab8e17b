// SPDX-License-Identifier: EUPL-1.2
// The pictures of the documents, made of ./demo:   node tests/browser/pictures.mjs [FOLDER]
// docs/images (or FOLDER) gets those that documents show; build/pictures all of them, for whoever looks at the pages:
// 320 and 1280 px, light and dark.  Needs a release build, as the stage `browser` does.
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../e2e/gateway.mjs';
import { launch } from './chromium.mjs';
import { Demo, password } from './demo.mjs';

const shown = path.resolve(process.argv[2] ?? path.join(root, 'docs/images'));
const all = path.join(root, 'build/pictures');
fs.mkdirSync(shown, { recursive: true });
fs.rmSync(all, { recursive: true, force: true });
fs.mkdirSync(all, { recursive: true });

const browser = await launch();
const demo = await new Demo().start();
const at = demo.url;

async function person(width, colorScheme, height = 900) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
  return { context, page: await context.newPage() };
}
async function signIn(page, user, { shared = false } = {}) {
  await page.goto(`${at}/school/oulu${shared ? '?shared=1' : ''}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForURL(`${at}/`), page.click('#local .acts button')]);
}
let made = 0;
const keep = async (page, name) => {
  await page.evaluate(() => { document.activeElement?.blur(); });
  await page.screenshot({ path: path.join(all, `${name}.png`), fullPage: true });
  made++;
};

// What a person meets, in the order of a day.
for (const width of [320, 1280])
  for (const scheme of ['light', 'dark']) {
    const shot = (page, name) => keep(page, `${name}-${width}-${scheme}`);
    const { context, page } = await person(width, scheme);
    await page.goto(`${at}/`);
    await shot(page, 'sign-in');
    await page.fill('#q', 'koulu');
    await Promise.all([page.waitForNavigation(), page.click('.find .b')]);
    await shot(page, 'found');
    await page.goto(`${at}/`);
    await Promise.all([page.waitForNavigation(), page.click('button[name=idp][value=espoo]')]);
    await shot(page, 'local');
    await page.click('#local .acts button');
    await page.waitForSelector('.note.bad');
    await shot(page, 'local-empty');
    await page.goto(`${at}/about`);
    await shot(page, 'about');
    await page.goto(`${at}/nothing`);
    await shot(page, 'no-page');
    await page.goto(`${at}/sign-in?login=x`);
    await shot(page, 'expired');
    await page.goto(`${at}/oidc/authorize?client_id=nobody`);
    await shot(page, 'request');
    await page.goto(`${at}/sign-out`);
    await shot(page, 'sign-out-unknown');
    await signIn(page, 'aino');
    await shot(page, 'launcher');
    await page.locator('.me summary').click();
    await shot(page, 'menu');
    await page.goto(`${at}/favourites`);
    for (const id of ['paivakirja', 'kuusi', 'vaahtera', 'lampi'])
      if (await page.locator(`button[name=add][value=${id}]`).count()) await Promise.all([page.waitForNavigation(), page.click(`button[name=add][value=${id}]`)]);
    await shot(page, 'favourites');
    const recent = await context.newPage();
    for (const id of ['tunturi', 'pihka']) await recent.goto(`${at}/open/${id}`);
    await recent.close();
    await page.goto(`${at}/`);
    await shot(page, 'launcher-own');
    await page.goto(`${at}/sign-out`);
    await shot(page, 'sign-out');
    await Promise.all([page.waitForURL(`${at}/upstream/left**`), page.click('main form button')]);
    await shot(page, 'signed-out');
    await context.close();

    const pupil = await person(width, scheme);
    await signIn(pupil.page, 'eemeli', { shared: true });
    await shot(pupil.page, 'pupil');
    await Promise.all([pupil.page.waitForURL(`${at}/upstream/left**`), pupil.page.click('header .ready button')]);
    await shot(pupil.page, 'next');
    await pupil.page.locator('.adult summary').click();
    await shot(pupil.page, 'next-open');
    await pupil.context.close();
  }

// Those of the documents: a desk, a telephone, a tablet.
for (const [name, of] of [['sign-in', 'sign-in'], ['launcher', 'launcher-own']]) fs.copyFileSync(path.join(all, `${of}-1280-light.png`), path.join(shown, `${name}.png`));
const tablet = await person(768, 'light', 1024);
await signIn(tablet.page, 'eemeli', { shared: true });
await tablet.page.screenshot({ path: path.join(shown, 'pupil.png') });
await Promise.all([tablet.page.waitForURL(`${at}/upstream/left**`), tablet.page.click('header .ready button')]);
await tablet.page.screenshot({ path: path.join(shown, 'next.png') });

// The console: somebody drafts that teachers may open a service, and somebody else looks at what that would change.
const admin = async (user) => {
  const { page } = await person(1280, 'light');
  await page.goto(`${at}/admin`);
  await page.waitForURL(/\/sign-in/);
  await Promise.all([page.waitForNavigation(), page.click('button[name=idp][value=yllapito], a[href*="idp=yllapito"]')]);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForURL((u) => u.pathname === '/admin'), page.click('#local .acts button')]);
  return page;
};
const figure = async (page, name) => {
  await page.evaluate(() => { document.activeElement?.blur(); });
  await page.screenshot({ path: path.join(shown, `${name}.png`), fullPage: true });
};
const helmi = await admin('helmi');
await helmi.goto(`${at}/admin/rights`);
await figure(helmi, 'admin-rights');
await helmi.goto(`${at}/admin/rights/pihka?col=1`);
await helmi.click('main a[href^="/admin/policy/new"]');
await helmi.fill('#why', 'Kokeet alkavat maanantaina');
await helmi.fill('#name', 'Pihka Koe yläluokille');
await figure(helmi, 'admin-policy');
await Promise.all([helmi.waitForURL(/\/admin\/drafts\/\d+/), helmi.click('[name=act][value=keep]')]);
const draft = new URL(helmi.url()).pathname;
await Promise.all([helmi.waitForNavigation(), helmi.click('[name=act][value=propose]')]);
const heikki = await admin('heikki');
await heikki.goto(at + draft);
await figure(heikki, 'admin-draft');
await heikki.goto(`${at}/admin/release/pihka`);
await figure(heikki, 'admin-release');
await heikki.goto(`${at}/admin/why?role=secretary&service=pihka`);
await figure(heikki, 'admin-why');
await heikki.goto(`${at}/admin/idps`);
await figure(heikki, 'admin-idps');
await browser.close();
console.log(`${made} pictures in ${path.relative(root, all)}, those of the documents in ${path.relative(root, shown) || shown}`);
await demo.stop();
process.exit(0);
