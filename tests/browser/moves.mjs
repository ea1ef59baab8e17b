// SPDX-License-Identifier: EUPL-1.2
// A municipality changes its identity provider in the console, in real Chromium: seen first, sent, approved by a second person.
//   node moves.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const shots = path.join(root, 'build/moves-shots');
fs.mkdirSync(shots, { recursive: true });
const password = 'salasana-salasana';
const oidc = (id, provider) => `  - { id: ${id}, kind: oidc, provider: ${provider}, name: { fi: ${id} }, map: native, issuer: "https://${id}.example", client_id: digione, auth_method: client_secret_basic, client_secret: { plain: a-secret-of-thirty-two-characters } }`;
const account = (id) => `  - { id: ${id}, idp: own, username: ${id}, password: { plain: ${password} }, given_names: ${id}, family_name: ${id === 'tiina' ? 'Koski' : 'Lehto'} }`;
const registry = ['format: 1', 'providers:',
  '  - { id: turku, oid: "1.2.246.562.99.98530100001", name: { fi: Turku } }', '  - { id: vantaa, oid: "1.2.246.562.99.90920100006", name: { fi: Vantaa } }',
  'idps:', oidc('turku-adfs', 'turku'), oidc('turku-entra', 'turku'), oidc('vantaa-edu', 'vantaa'), '  - { id: own, kind: local, provider: turku, name: { fi: Omat } }',
  'admins:', '  - { id: tiina-koski, idp: own, subject: tiina, role: admin, provider: turku }', '  - { id: sari-lehto, idp: own, subject: sari, role: admin, provider: turku }',
  'accounts:', account('tiina'), account('sari')].join('\n') + '\n';

const g = await new Gateway(path.resolve(process.argv[2]), { name: 'console-moves', port: await freePort(), registry }).start();
const browser = await launch();
async function admin(user, width) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=own`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
  return page;
}
async function looks(page, name, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await axeFindsNothing(page, `${name} at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
}
const press = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

for (const width of [320, 1280]) {
  await test(`a move is seen first, sent, and approved by a second person, at ${width}`, async () => {
    const tiina = await admin('tiina', width), sari = await admin('sari', width);
    await tiina.goto(`${g.url}/admin/idps`);
    await press(tiina, 'a[href="/admin/moves"]');
    await looks(tiina, 'moves', width);
    check((await tiina.locator('#to option').allTextContents()).every((t) => !/Omat|vantaa/.test(t)), 'what nobody moves to stands in the list');
    const fill = async (pairs) => {
      await tiina.selectOption('#from', 'turku-adfs');
      await tiina.selectOption('#to', 'turku-entra');
      await tiina.check('[name=by][value=file]');
      await tiina.fill('#pairs', pairs);
      await tiina.fill('#why', 'AD FS päättyy');
    };
    await fill('a,b\na,c\n');
    await press(tiina, '[name=act][value=look]');
    check((await tiina.locator('[role=alert] li').count()) === 1 && /old_twice/.test(await tiina.textContent('[role=alert]')), 'a wrong line is not named');
    await looks(tiina, 'moves-wrong', width);
    await fill(`matti${width},m-${width}\nliisa${width},l-${width}\n`);
    await press(tiina, '[name=act][value=look]');
    check((await tiina.textContent('#n-linked')).trim() === '2', 'the plan');
    await looks(tiina, 'moves-plan', width);
    await press(tiina, '[name=act][value=keep]');
    check(/\/admin\/drafts\/\d+$/.test(tiina.url()) && /turku-entra/.test(await tiina.textContent('main')), `no draft: ${tiina.url()} ${await tiina.textContent('main')}`);
    await looks(tiina, 'moves-draft', width);
    await press(tiina, '[name=act][value=propose]');
    check((await tiina.locator('[name=act][value=approve]').count()) === 0, 'one\'s own draft can be approved');
    await sari.goto(tiina.url());
    await press(sari, '[name=act][value=approve]');
    check(new RegExp('batch').test(g.cli('export', '-c', g.config).stdout), `not approved: ${await sari.textContent('main')}`);
    // Each loop takes a change up within a second.
    await until('the list', async () => { await sari.goto(`${g.url}/admin/moves`); return (await sari.locator('tbody tr').count()) === (width === 320 ? 1 : 2); });
    await looks(sari, 'moves-list', width);
    await tiina.context().close();
    await sari.context().close();
  });
}

await browser.close();
await g.stop();
finish();
