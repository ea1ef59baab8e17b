// SPDX-License-Identifier: EUPL-1.2
// Guardians in real Chromium: J4 and J5, at 320 px in Finnish and at 1280 px in English, with a keyboard alone, with axe; whoever
// has nobody to act for; leaving; and no identity code in any file of the gateway or in its log.  The stub is deploy/demo/suomifi.
//   node guardian.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { axeFindsNothing, picture } from './look.mjs';
import { Keyboard } from './keyboard.mjs';
import { ALL, Mixed } from './mixed.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/guardian-shots');
fs.mkdirSync(shots, { recursive: true });
const stub = path.join(root, 'deploy/demo/suomifi'), password = 'salasana-salasana';
const port = await freePort(), at = await freePort(), suomifi = `http://suomifi.localhost:${at}`;
const rp = new Service({ url: '' }, { id: 'huolto', secret: 'huolto-secret-huolto-secret-huolto-secret', redirect: 'http://huolto.localhost/cb', scope: 'openid profile edu.role edu.guardian' });
const mixed = await Mixed.start();
const registry = ['format: 1', 'providers:',
  '  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "1.2.246.562.99.95640200028", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }',
  '  - { id: espoo, oid: "1.2.246.562.99.90490100006", name: { fi: Espoo, sv: Esbo }, schools: [{ oid: "1.2.246.562.99.90490200012", code: "99201", name: { fi: Testi-Vattukallion koulu } }] }',
  'idps:', '  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu }, test: true }', '  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo }, test: true }',
  `  - { id: suomifi, kind: saml, guardians: true, listed: false, name: { fi: Suomi.fi }, test: true, map: suomifi, entity_id: "${suomifi}/idp", metadata_url: "${suomifi}/metadata", relations_url: "${suomifi}", relations_client_id: demo0001, relations_key: { plain: demo-only-api-key-of-the-authority }, relations_secret: { plain: demo-only-oauth-password-of-the-authority } }`,
  'services:', rp.row({ asks: 'sub, given_name, family_name, roles, on_behalf_of' }),
  ...[['puolukka', 'Puolukka Huoltaja'], ['sammal', 'Sammal Asiointi'], ['lampi', 'Lampi Lukkari']].map(([id, name]) => `  - { id: ${id}, protocol: link, vendor: x-oy, category: school, test: true, name: { fi: ${name} }, launch_uri: "http://127.0.0.1:9/" }`),
  mixed.rows.trimEnd(),
  'policies: []', 'rules:', '  - { id: oulu-g, provider: oulu, role: guardian, service: huolto, release: [sub, roles, on_behalf_of] }', '  - { id: oulu-p, provider: oulu, role: guardian, service: puolukka, release: [sub] }',
  '  - { id: espoo-s, provider: espoo, role: guardian, service: sammal, release: [sub] }', '  - { id: oulu-t, provider: oulu, role: teacher, service: lampi, release: [sub] }',
  ...ALL.map((id) => `  - { id: oulu-${id}, provider: oulu, role: guardian, service: ${id}, release: [sub] }`), 'admins: []',
  'accounts:', `  - { id: aino, idp: oulu, username: aino, password: { plain: ${password} }, given_names: Aino, family_name: Laakso, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }`].join('\n') + '\n';

const own = folder('suomifi');
const authority = spawn('/usr/bin/python3', [stub, 'serve', `http://localhost:${port}`, 'suomifi.localhost', String(at), own], { stdio: ['ignore', 'inherit', 'inherit'] });
process.on('exit', () => authority.kill('SIGTERM'));
await until('the stub answers', async () => (await fetchLocal(at, '/metadata', { host: 'suomifi.localhost' })).status === 200);
const g = await new Gateway(program, { name: 'guardian', port, registry }).start();
rp.gateway = g;
mixed.at(g);
const codes = [];
for (const city of ['oulu', 'espoo']) {
  const csv = spawnSync('/usr/bin/python3', [stub, 'children', city], { encoding: 'utf8' }).stdout, file = path.join(own, `${city}.csv`);
  codes.push(...csv.split('\n').slice(1).map((l) => l.split(';')[0]).filter(Boolean));
  fs.writeFileSync(file, csv);
  fs.chmodSync(own, 0o755);
  const done = g.cli('relations', '-c', g.config, '--provider', city, '--idp', city, file);
  if (done.status !== 0) { console.log(`FAILED relations: ${done.stdout}${done.stderr}`); process.exit(1); }
}
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const says = (what) => fetchLocal(at, '/says', { host: 'suomifi.localhost', method: 'POST', body: `what=${what}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
const browser = await launch();

async function visitor({ lang = 'fi-FI', width = 1280, scripts = true } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  return { context, page };
}
async function looks(page, name) {
  const width = page.viewportSize().width, wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}
const press = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
// At the identity provider and at the authority's page, which are no pages of ours.
async function identifies(page, who, { picks = true } = {}) {
  await press(page, `button[value=${who}]`);
  await press(page, 'button');
  if (page.url().includes('/oauth/authorize')) {
    if (!picks) for (const box of await page.locator('[name=child]').all()) await box.uncheck();
    await press(page, 'button');
  }
}
async function signsIn(page, who, options) {
  await page.goto(`${g.url}/guardian`);
  await identifies(page, who, options);
}
const main = (page) => page.textContent('main');
const audit = () => fs.readdirSync(path.join(g.state, 'audit')).filter((f) => /^audit-/.test(f)).sort().flatMap((f) => fs.readFileSync(path.join(g.state, 'audit', f), 'utf8').trim().split('\n')).map((l) => JSON.parse(l));
const banner = (page) => page.locator('.acting p').textContent();

/* --- J4 ----------------------------------------------------------------------------------------------------------- */

for (const [width, lang, words] of [[320, 'fi-FI', ['Kirjaudu huoltajana', 'Asioit lapsesi puolesta:', 'Kenen puolesta asioit?']], [1280, 'en-GB', ['Sign in as a guardian', 'You act for your child:', 'Whom do you act for?']]])
  await test(`J4 with a keyboard alone: signs in, chooses a child, opens what is opened, changes the child, leaves, ${width} px, ${lang}`, async () => {
    const { context, page } = await visitor({ lang, width }), keys = new Keyboard(page);
    await page.goto(g.url);
    check((await main(page)).includes(words[0]), 'the sign-in page leads to where guardians sign in');
    await looks(page, 'sign-in');
    await keys.open('a[href^="/guardian?"]');
    await identifies(page, 'maija');
    check(page.url().startsWith(`${g.url}/guardian`) && (await page.textContent('h1')) === words[2], `${page.url()} ${await main(page)}`);
    check(/Eemeli/.test(await main(page)) && /Leo/.test(await main(page)) && /Oulu/.test(await main(page)) && /Espoo/.test(await main(page)), 'both children, and where they are');
    check(await page.locator('.acting').count() === 0, 'nobody is acted for yet');
    await looks(page, 'choose');
    const [eemeli, leo] = await Promise.all(['Eemeli', 'Leo'].map(async (n) => `button[value="${await page.locator('.kids button', { hasText: n }).getAttribute('value')}"]`));
    await keys.open(eemeli);
    check(page.url() === `${g.url}/` && (await banner(page)).startsWith(words[1]) && /Eemeli/.test(await banner(page)), `the banner: ${await main(page)}`);
    check(/Puolukka/.test(await main(page)) && !/Sammal|Lampi/.test(await main(page)), `what Oulu opens to guardians, and nothing else: ${await main(page)}`);
    await looks(page, 'launcher');
    for (const at_ of ['/me', '/favourites', '/roles', '/guardian', '/sign-out', '/about', '/why/lampi', '/open/nothing']) {
      await page.goto(g.url + at_);
      check(/Eemeli/.test(await banner(page)), `no banner on ${at_}`);
      await looks(page, `at${at_.replaceAll('/', '-')}`);
    }

    // A service is told of the guardian, and of the child beside.
    let answer;
    const opened = await context.newPage();
    opened.on('request', (r) => { if (r.url().startsWith(rp.redirect)) answer = new URL(r.url()).searchParams; });
    await opened.goto(rp.authorizeUrl()).catch(() => {}); // nobody listens there
    await until('the answer', () => answer);
    await opened.close();
    const tokens = JSON.parse((await rp.redeem(answer.get('code'))).text), told = await rp.verify(tokens.id_token);
    check(told.on_behalf_of?.child && told.on_behalf_of.child !== told.sub && told.on_behalf_of.school_oid === '1.2.246.562.99.95640200010', JSON.stringify(told));
    const userinfo = async () => fetchLocal(port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    const said = JSON.parse((await userinfo()).text);
    check(JSON.stringify(said.on_behalf_of) === JSON.stringify(told.on_behalf_of) && said.edu_roles[0].role === 'guardian', JSON.stringify(said));
    const introspected = JSON.parse((await rp.post('/oidc/introspect', { token: tokens.access_token }, rp.basic())).text);
    check(introspected.active && JSON.stringify(introspected.on_behalf_of) === JSON.stringify(told.on_behalf_of), JSON.stringify(introspected));
    check(!/Eemeli|8564020002/.test(JSON.stringify([told, said, introspected])), 'no name or number of the child');

    // The other child: what was, has ended.
    await page.goto(g.url);
    await keys.open('.acting .swap');
    check(await page.locator('[aria-current=true]').count() >= 1, 'which child it is now');
    await looks(page, 'change');
    await keys.open(leo);
    check(/Leo/.test(await banner(page)) && !/Eemeli/.test(await banner(page)) && /Sammal/.test(await main(page)) && !/Puolukka/.test(await main(page)), 'what Espoo opens');
    check((await userinfo()).status === 401, 'the token of the former child is refused');
    check(JSON.parse((await rp.post('/oidc/introspect', { token: tokens.access_token }, rp.basic())).text).active === false, 'and not active');

    // Leaving: here first, then at Suomi.fi, where it is confirmed by hand.
    await page.goto(`${g.url}/sign-out`);
    await press(page, 'main form[action="/sign-out"] button');
    check(page.url().startsWith(`${suomifi}/slo`), `at Suomi.fi: ${page.url()}`);
    const second = await context.newPage();
    await second.goto(`${g.url}/guardian`);
    check(second.url().startsWith(`${suomifi}/sso`), 'the session here was over before Suomi.fi was asked');
    await second.close();
    await press(page, 'button');
    check(page.url().startsWith(g.url) && !/Leo/.test(await page.content()), `back: ${page.url()}`);
    await looks(page, 'left');
    await context.close();
  });

for (const [width, scripts] of [[320, true], [1280, false]])
  await test(`J4: a guardian leaves a session with OpenID Connect, SAML and LTI, one of them hanging: here first, then at Suomi.fi; each that can hear has heard once, and the page and the log say what is true; ${width} px, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor({ width, scripts });
    await signsIn(page, 'maija');
    await press(page, '.kids button:has-text("Eemeli")');
    await mixed.open(page, { javaScriptEnabled: scripts });
    await page.goto(`${g.url}/sign-out`);
    await press(page, 'main form[action="/sign-out"] button');
    check(page.url().startsWith(`${suomifi}/slo`), `at Suomi.fi: ${page.url()}`);
    check(['back', 'soap'].every((id) => mixed.times(id) === 1), `what hears from us has heard before that: ${mixed.told}`);
    await press(page, 'button');
    await page.waitForSelector('main li b', { state: 'attached', timeout: 20000 });
    await mixed.isTrue(page);
    check(!/Eemeli/.test(await page.content()), 'the child is named');
    await looks(page, 'left-many');
    await page.goto(g.url);
    check(!(await page.locator('a[href^="/open/"]').count()), `still signed in: ${page.url()}`);
    mixed.heardOnce();
    await mixed.release();
    await context.close();
  });

/* --- the six messages of e-Identification (suomifi.md), each with a signature that holds ----------------------------- */

const seen = async () => JSON.parse((await fetchLocal(at, '/seen', { host: 'suomifi.localhost' })).text);
const last = async (what) => { const all = await seen(); return all.filter((m) => m.what === what).at(-1) ?? {}; };
const isOver = async (context) => {
  const page = await context.newPage();
  await page.goto(`${g.url}/guardian`);
  const over = page.url().startsWith(`${suomifi}/sso`);
  await page.close();
  return over;
};

await test('e-Identification 1 and 2: our AuthnRequest is signed; a response whose assertion is signed and encrypted signs in', async () => {
  const { context, page } = await visitor();
  await page.goto(`${g.url}/guardian`);
  check((await last('AuthnRequest')).signature === 'signed', JSON.stringify(await seen()));
  await press(page, 'button[value=maija]');
  const sent = Buffer.from(await page.getAttribute('[name=SAMLResponse]', 'value'), 'base64').toString();
  check(/<saml:EncryptedAssertion>/.test(sent) && !/<saml:Assertion|Maija|010184/.test(sent), 'nothing of her is to be read on the way');
  await press(page, 'button');
  await press(page, 'button');
  check(/Eemeli/.test(await main(page)), await main(page));
  await context.close();
});

await test('e-Identification 3 and 5: a sign-out begun here is asked for with a signature once the session here is over; what is answered ends on our page', async () => {
  const { context, page } = await visitor();
  await signsIn(page, 'maija');
  await page.goto(`${g.url}/sign-out`);
  await press(page, 'main form[action="/sign-out"] button');
  check((await last('LogoutRequest')).signature === 'signed' && await isOver(context), JSON.stringify(await seen()));
  await press(page, 'button');
  check(page.url().startsWith(g.url) && await isOver(context), page.url());
  await context.close();
});

await test('e-Identification 4 and 6: a sign-out begun at Suomi.fi ends the session here with its tokens, and is answered with a signature and the truth', async () => {
  const { context, page } = await visitor();
  await signsIn(page, 'maija');
  await press(page, '.kids button:has-text("Eemeli")');
  let answer;
  const opened = await context.newPage();
  opened.on('request', (r) => { if (r.url().startsWith(rp.redirect)) answer = new URL(r.url()).searchParams; });
  await opened.goto(rp.authorizeUrl()).catch(() => {});
  await until('the answer', () => answer);
  await opened.close();
  const tokens = JSON.parse((await rp.redeem(answer.get('code'))).text), userinfo = () => fetchLocal(port, '/oidc/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  check((await userinfo()).status === 200, 'the token counts');
  await page.goto(`${suomifi}/leave`);
  await press(page, 'button');
  const said = await last('LogoutResponse');
  check(page.url().startsWith(`${suomifi}/slo`) && said.signature === 'signed' && said.status === 'Success' && said.to === (await last('asked')).to, `${page.url()} ${JSON.stringify(await seen())}`);
  check(await isOver(context) && (await userinfo()).status === 401, 'the session and its tokens');
  await context.close();
});

await test('without scripts the way is the same', async () => {
  const { context, page } = await visitor({ scripts: false });
  await signsIn(page, 'maija');
  await press(page, '.kids button:has-text("Leo")');
  check(/Leo/.test(await banner(page)), await main(page));
  await context.close();
});

/* --- nobody ------------------------------------------------------------------------------------------------------- */

// The page without what differs by person and visit: name, initials, form's token, support code.
const bare = (text, person) => text.replaceAll(/name="csrf" value="[^"]*"/g, '').replaceAll(/<span class="codebox">.*?<\/dd>/gs, '').replaceAll(person, '').replaceAll(/<span class="face"[^>]*>[^<]*/g, '');
await test('protected child, protected guardian, care order, no child, nobody of age, look-up failed, eIDAS, authority away or wrong: one page, and no sooner', async () => {
  const seen = [];
  const one = async (who, person, wrong) => {
    const { context, page } = await visitor(), began = Date.now();
    await signsIn(page, who);
    check(Date.now() - began >= 4000, `${who} ${wrong}: said after ${Date.now() - began} ms`);
    const html = await (await page.request.get(`${g.url}/guardian`)).text();
    check(/Et voi asioida toisen puolesta juuri nyt/.test(html) && !/Eemeli|Leo|Piilo|Salme|Toivo/.test(html), `${who} ${wrong}: ${html.slice(0, 400)}`);
    seen.push([who, wrong, bare(html, person)]);
    if (who === 'paavo') { await looks(page, 'nobody'); await page.setViewportSize({ width: 320, height: 800 }); await looks(page, 'nobody'); }
    await context.close();
  };
  await says('');
  await Promise.all([['paavo', 'Paavo Testi-Suojattu'], ['salla', 'Salla Testi-Kielto'], ['kaisa', 'Kaisa Testi-Huostaanotto'], ['niilo', 'Niilo Testi-Lapseton'], ['vesa', 'Vesa Testi-Haku'], ['erik', 'Erik Test-Eidas']].map(([who, person]) => one(who, person)));
  for (const wrong of ['500', 'nonsense']) { await says(wrong); await one('maija', 'Maija Testi-Huoltaja', wrong); }
  await says('');
  for (const [who, wrong, html] of seen) check(html === seen[0][2], `${who} ${wrong}: ${html.length} bytes, ${seen[0][2].length} of ${seen[0][0]}`);
});

await test('who picks nobody at the authority acts for nobody; a child id that was changed finds nobody', async () => {
  const { context, page } = await visitor();
  await signsIn(page, 'maija', { picks: false });
  check(/Et voi asioida/.test(await main(page)), await main(page));
  await press(page, 'form:has([value=again]) button');
  await identifies(page, 'maija');
  await page.evaluate(() => { document.querySelector('.kids button').value = 'x'.repeat(52); });
  await press(page, '.kids button >> nth=0');
  check(/Et voi asioida/.test(await main(page)), await main(page));
  await page.goto(`${g.url}/`);
  check(page.url() === `${g.url}/guardian`, 'nobody is acted for');
  await context.close();
});

/* --- J5 ----------------------------------------------------------------------------------------------------------- */

await test('J5: a teacher changes the role openly, by Suomi.fi, has one at a time, and the log says which', async () => {
  const { context, page } = await visitor({ width: 320 });
  await page.goto(g.url);
  const login = new URL(page.url()).searchParams.get('login');
  await page.goto(`${g.url}/sign-in/local?login=${login}&idp=oulu`);
  await page.fill('#username', 'aino');
  await page.fill('#password', password);
  await press(page, 'form:has(#password) .acts button.b');
  check(/Lampi/.test(await main(page)) && await page.locator('.acting').count() === 0, 'a teacher');
  await page.goto(`${g.url}/guardian`);
  check(page.url() === `${g.url}/roles`, 'acting for somebody is chosen openly');
  await looks(page, 'roles');
  await press(page, 'button[value=guardian]');
  await identifies(page, 'aino');
  await press(page, '.kids button >> nth=0');
  check(/Leo/.test(await banner(page)) && !/Lampi/.test(await page.content()), 'a guardian, and no teacher');
  await page.goto(`${g.url}/roles`);
  await looks(page, 'roles-guardian');
  await press(page, 'button[value=school]');
  check(page.url().includes('/sign-in'), 'back by the city');
  const lines = audit().filter((l) => l.event === 'acts');
  check(lines.length > 0 && lines.every((l) => l.as === 'guardian' && /^[0-9a-f]{64}$/.test(l.child) && l.child !== l.person), JSON.stringify(lines.at(-1)));
  await context.close();
});

await test('no identity code is in a file of the gateway or in its log', async () => {
  const guardians = spawnSync('/usr/bin/python3', ['-c', `import re,sys;sys.argv=['x','children','oulu'];src=open(${JSON.stringify(stub)}).read();exec(src[:src.index('if len(sys.argv)')]);print(' '.join(g[2] for g in Families(datetime.date.today()).guardians.values() if g[2]))`], { encoding: 'utf8' }).stdout.trim().split(' ');
  check(guardians.length > 5 && codes.length > 5, 'the codes are known');
  const all = [...codes, ...guardians], files = fs.readdirSync(g.dir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => path.join(f.parentPath ?? f.path, f.name));
  check(files.some((f) => f.endsWith('wards.sqlite')) && files.some((f) => f === g.log), 'files are looked at');
  for (const file of files) { const text = fs.readFileSync(file).toString('latin1'); for (const code of all) check(!text.includes(code), `${file} has ${code}`); }
});

await browser.close();
mixed.stop();
await finish();
