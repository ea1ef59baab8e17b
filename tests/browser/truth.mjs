// SPDX-License-Identifier: EUPL-1.2
// A page says only what is so; time, language, help: in real Chromium at 320 and 1280 px, against a gateway, a city with an
// OpenID Provider of its own, and services that keep sessions of their own.
//   node truth.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { judge, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/truth-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- a gateway, a city, services ------------------------------------------------------------------------------ */

const password = 'salasana-salasana', secret = 'a-secret-of-this-test-and-of-no-other-0123456789';
const provider = '  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, support: "tuki@oulu.example", schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }';
const luhn = (digits) => (10 - [...digits].reverse().reduce((sum, d, i) => sum + (i % 2 ? d : d * 2 > 9 ? d * 2 - 9 : d * 2), 0) % 10) % 10;
const learner = (i) => { const n = `856402000${i}`; return `1.2.246.562.98.${n}${luhn([...n].map(Number))}`; };
const account = (idp) => ['eino', 'aino', 'noora', 'olli'].map((u, i) => `  - { id: ${u}, idp: ${idp}, username: ${u}, password: { plain: ${password} }, given_names: ${u[0].toUpperCase()}${u.slice(1)}, family_name: Testi, learner_id: "${learner(i)}", affiliations: [{ provider: oulu, role: ${u === 'aino' ? 'teacher' : 'learner'}, school: "99101", group: 1B, class_level: ${u === 'aino' ? 0 : 1} }] }`.replace(', class_level: 0', ''));

// Services; and cities of which nothing comes until they are let go.
const silent = { 320: { id: 'vaasa', name: 'Vaasa' }, 1280: { id: 'kokkola', name: 'Kokkola' } }, hangs = new Set(Object.values(silent).map((c) => c.id));
const elsewhere = http.createServer((req, res) => {
  const of = /^\/(\w+)\/\.well-known/.exec(req.url)?.[1], issuer = `${site}/${of}`;
  if (hangs.has(of)) return;
  if (of) res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
  else res.setHeader('Content-Type', 'text/html').end('<!DOCTYPE html><title>x</title>the service');
});
await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
const site = `http://127.0.0.1:${elsewhere.address().port}`;
const ports = { gateway: await freePort(), city: await freePort() };
const url = { gateway: `http://localhost:${ports.gateway}`, city: `http://oulu.localhost:${ports.city}` };

const city = await new Gateway(program, { name: 'oulu', host: 'oulu.localhost', port: ports.city, settings: { name: 'Oulu', local_idp: 'oulu-local' },
  registry: ['format: 1', 'providers:', provider, 'idps:', '  - { id: oulu-local, kind: local, provider: oulu, name: { fi: Oulu } }', 'services:',
    `  - { id: digione, protocol: oidc, vendor: digione, category: school, test: true, name: { fi: DigiOne }, asks: [sub, given_name, calling_name, family_name, roles, school, provider, group, class_level, learner_id], client_id: digione, secret: { plain: ${secret} }, auth_method: client_secret_basic, redirect_uris: ["${url.gateway}/upstream/oidc/oulu"], post_logout_redirect_uris: ["${url.gateway}/upstream/left"], id_token_alg: RS256, profile: mpass, scopes: [openid, profile] }`,
    'rules:', '  - { id: all-learners, provider: oulu, role: learner, release: [sub, given_name, calling_name, family_name, roles, school, provider, group, class_level, learner_id] }',
    '  - { id: all-teachers, provider: oulu, role: teacher, release: [sub, given_name, calling_name, family_name, roles, school, provider, group, class_level, learner_id] }',
    'accounts:', ...account('oulu-local')].join('\n') + '\n' }).start();
const g = await new Gateway(program, { name: 'gateway', port: ports.gateway,
  settings: { support: 'https://digione.example/tuki', accessibility: 'https://digione.example/saavutettavuus', privacy: 'https://digione.example/tietosuoja', shared_idle_s: 122 },
  registry: ['format: 1', 'providers:', provider, ...Object.values(silent).map((c, i) => `  - { id: ${c.id}, oid: "1.2.246.562.99.9564010003${i}", name: { fi: ${c.name} } }`), 'idps:',
    ...Object.values(silent).map((c) => `  - { id: ${c.id}, kind: oidc, provider: ${c.id}, name: { fi: ${c.name} }, test: true, map: mpassid, issuer: "${site}/${c.id}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }`),
    `  - { id: oulu, kind: oidc, provider: oulu, name: { fi: Oulu, sv: Uleåborg }, test: true, map: mpassid, issuer: "${url.city}", client_id: digione, auth_method: client_secret_basic, scope: "openid profile", client_secret: { plain: ${secret} } }`,
    '  - { id: local, kind: local, provider: oulu, name: { fi: Oulun varatunnukset } }', 'services:',
    ...['kanerva', 'lampi'].map((id) => `  - { id: ${id}, protocol: link, vendor: ${id}, category: learning, test: true, name: { fi: "Palvelu ${id}" }, launch_uri: "${site}/${id}" }`),
    'rules:', '  - { id: learners, provider: oulu, role: learner, service: kanerva }', '  - { id: teachers, provider: oulu, role: teacher }',
    'accounts:', ...account('local')].join('\n') + '\n' }).start();
const browser = await launch();

/* --- people at browsers --------------------------------------------------------------------------------------- */

async function person(width, options = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width, height: 800 }, reducedMotion: 'reduce', javaScriptEnabled: false, ...options });
  return { context, page: await context.newPage() };
}
async function atCity(page, user) {
  await page.fill('#username', user);
  await page.fill('#password', password);
  await page.click('#local .acts button');
  await page.waitForURL(`${url.gateway}/**`);
  check(page.url() === `${url.gateway}/`, `signed in: ${page.url().slice(0, 80)} ${await page.textContent("main")} ${g.logTail(3)}`);
}
async function signIn(page, user, { shared = false } = {}) {
  await page.goto(`${g.url}/school/oulu${shared ? '?shared=1' : ''}`);
  await atCity(page, user);
}
const says = (page) => page.textContent('main');
const redis = (...words) => execFileSync('redis-cli', ['-s', path.join(g.state, 'redis/redis.sock'), ...words], { encoding: 'utf8' }).trim();
// Redis lets go of every session, as when it was unused for too long.
const letGo = () => redis('KEYS', 's1:*').split('\n').filter(Boolean).forEach((key) => redis('DEL', key));
const code = async (page) => (await page.textContent('.codebox')).replace(/\s/g, '');
const inLog = (c) => g.logText().includes(`"support_code":"${c}"`);

// Every page that is reached is looked at: it fits, axe finds nothing, it speaks three languages, help is on it.
async function look(page, width, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true }).catch(() => {}); // a page may turn away
  const foot = await page.locator('.foot a:not([href^="/lang"])').allTextContents();
  check(foot.join() === 'Ohjeet ja tuki,Saavutettavuusseloste,Tietosuojaseloste,Mikä DigiOne on?', `${name}: help at the bottom: ${foot}`);
  const langs = await page.locator('a[href^="/lang?to="]').evaluateAll((all) => [...new Set(all.map((a) => a.hreflang))]);
  check(['sv', 'en'].every((l) => langs.includes(l)), `${name}: languages: ${langs}`);
}
async function axeOf(page, width, name) {
  const { context, page: second } = await person(width, { javaScriptEnabled: true, storageState: await page.context().storageState() });
  await second.setContent(await page.content());
  await judge(second, name, { runOnly: undefined, rules: { 'color-contrast': { enabled: false } } });
  await context.close();
}

for (const width of [320, 1280]) {
  await test(`1 at ${width}: what was opened is closed only when it is`, async () => {
    const { context, page } = await person(width);
    await signIn(page, 'aino');
    await page.goto(`${g.url}/open/kanerva`);
    await page.goto(`${g.url}/`);
    letGo();
    // A page that was left open: its button still signs out at the city, and lists what is open.
    await page.locator('.me summary').click();
    await page.click('.me form button');
    await page.waitForURL(`${g.url}/upstream/left**`);
    const text = await says(page);
    check(/oli jo päättynyt/.test(await page.textContent('h1')) && !/Kaikki avaamasi on suljettu/.test(text), text);
    check(/Palvelu kanerva\s*Voi olla yhä auki/.test(text) && /Oulun kirjautuminen\s*Kirjattu ulos/.test(text) && /DigiOne\s*Oli jo päättynyt/.test(text), text);
    await look(page, width, '1-was-over');
    await axeOf(page, width, '1-was-over');
    // The city is left: it asks for the password again.
    await page.goto(`${g.url}/school/oulu`);
    check(await page.locator('#password').count() === 1, 'the city signs in without a password');
    // The list is shown once.
    await page.goto(`${g.url}/upstream/left`);
    check(!/kanerva/.test(await page.content()), 'the list is found again');
    // Whoever opens /sign-out hears that nothing is known, and nothing else.
    await page.goto(`${g.url}/sign-out`);
    check(/Et ole kirjautunut sisään/.test(await page.textContent('h1')) && /Emme tiedä/.test(await says(page)) && !/Kirjattu ulos|suljettu/.test(await says(page)), await says(page));
    await look(page, width, '1-unknown');
    // Nobody reads the cookie, and it stays within what browsers keep.
    await signIn(page, 'aino');
    await page.goto(`${g.url}/open/kanerva`);
    const cookie = (await context.cookies(g.url)).find((c) => c.name === 'trail');
    check(cookie.httpOnly && cookie.sameSite === 'Lax' && cookie.value.length < 3500 && !/aino|kanerva|oulu/i.test(Buffer.from(cookie.value, 'base64url').toString('latin1')), JSON.stringify(cookie));
    await context.close();
  });

  await test(`2 and 6 at ${width}: a page left open asks, looks, and says what is so`, async () => {
    const { context, page } = await person(width);
    await signIn(page, 'eino', { shared: true });
    await page.goto(`${g.url}/open/kanerva`);
    const answer = await page.goto(`${g.url}/?school=99101`);
    check(/^6[0-2]; url=\/idle\?back=%2F%3Fschool%3D99101$/.test(answer.headers().refresh), `the page turns away after ${answer.headers().refresh}`);
    // Another tab was used meanwhile: back to where the person was, and that is no use of the session.
    const back = await page.goto(`${g.url}/idle?back=/?school=99101`);
    check(page.url() === `${g.url}/?school=99101&still=1` && back.status() === 200, `/idle leads to ${page.url()}`);
    // A minute before its end: somebody is asked.
    let asked;
    await until('the question', async () => {
      asked = await page.goto(`${g.url}/idle?back=/?school=99101`);
      return /Oletko/.test(await page.textContent('h1'));
    }, 90000);
    check(/Oletko vielä siinä, Eino\?/.test(await page.textContent('h1')) && /^\d+; url=\/idle/.test(asked.headers().refresh), await says(page));
    await look(page, width, '6-still');
    await axeOf(page, width, '6-still');
    await page.click('a.b:has-text("Jatka")');
    check(page.url() === `${g.url}/?school=99101` && /Hei, Eino/.test(await says(page)), page.url());
    // It ends: the page speaks for nobody else, and offers to leave the city.
    letGo();
    await page.goto(`${g.url}/idle`);
    const over = await says(page);
    check(/on päättynyt/.test(await page.textContent('h1')) && !/seuraava|Eino|Kanerva/.test(over), over);
    await look(page, width, '2-idle');
    await page.click('button:has-text("Valmis")');
    await page.waitForURL(`${g.url}/upstream/left**`);
    check(/Palvelu kanerva\s*Voi olla yhä auki/.test(await says(page)), await says(page));
    await page.goto(`${g.url}/school/oulu`);
    check(await page.locator('#password').count() === 1, 'the city still knows the pupil');
    await context.close();
  });

  await test(`3 at ${width}: the question before signing out promises nothing`, async () => {
    const { context, page } = await person(width);
    await signIn(page, 'noora');
    await page.goto(`${g.url}/sign-out`);
    const text = await says(page);
    check(/Avaamasi palvelut voivat jäädä auki/.test(text) && !/eivät sen jälkeen avaudu/.test(text), text);
    await look(page, width, '3-sign-out');
    await context.close();
  });

  await test(`4 at ${width}: remembering and sharing are two questions`, async () => {
    const { context, page } = await person(width);
    await page.goto(g.url + '/');
    check(await page.isChecked('[name=remember]') && !(await page.isChecked('[name=shared]')), 'what is ticked at first');
    check(await page.locator('form:has([name=remember]) h2 + .picks').count() === 1, 'the questions stand between the heading and what it heads');
    await look(page, width, '4-questions');
    // Not remembered, and a device of one's own all the same.
    await page.uncheck('[name=remember]');
    await page.click('button[name=idp][value=oulu]');
    await atCity(page, 'aino');
    check((await page.goto(g.url + '/')).headers().refresh === undefined && await page.locator('.ready').count() === 0, 'an own device is taken for a shared one');
    await context.clearCookies();
    // Both; each is undone by itself.
    await page.goto(g.url + '/');
    await page.check('[name=shared]');
    await page.click('button[name=idp][value=oulu]');
    await page.goto(g.url + '/');
    check(/Laite on merkitty yhteiskäyttöiseksi/.test(await says(page)) && (await page.textContent('.b.big')) === 'Jatka: Oulu', await says(page));
    await look(page, width, '4-both');
    await page.click('text=Laite ei ole yhteiskäyttöinen');
    check(!/Laite on merkitty/.test(await says(page)) && (await page.textContent('.b.big')) === 'Jatka: Oulu', 'the undo of sharing took the memory, too');
    await page.click('text=Unohda valinta');
    await page.goto(g.url + '/');
    check(await page.locator('.b.big').count() === 0 && !/Laite on merkitty/.test(await says(page)), 'the undo of remembering');
    await context.close();
  });

  await test(`5 at ${width}: a support code that is shown stands in the log`, async () => {
    const { context, page } = await person(width);
    const signed = await person(width);
    await signIn(signed.page, 'eino');
    const pages = [[page, '/nothing'], [page, '/open/nothing'], [page, '/lang?to=xx'], [page, '/upstream/oidc/oulu?code=x'], [page, '/oidc/authorize?client_id=nobody'], [page, '/oidc/authorize'],
      [signed.page, '/open/lampi'], [signed.page, '/open/nothing'], [page, '/oidc/end_session?client_id=nobody']];
    let shown = 0;
    for (const [at, where] of pages) {
      const answer = await at.goto(g.url + where);
      const html = await at.content();
      const codes = [...html.replace(/<[^>]*>/g, ' ').matchAll(/(?:Tukikoodi\s+|support code )([A-Z2-9]{4}) ?([A-Z2-9]{4})/g)].map((m) => m[1] + m[2]);
      check(answer.status() >= 400 || where.startsWith('/oidc/end_session'), `${where}: ${answer.status()}`);
      check(codes.length > 0, `${where}: no code on the page`);
      for (const c of codes) check(inLog(c), `${where}: the code ${c} stands in no log`);
      shown += codes.length;
      if (where === '/nothing') { await look(at, width, '5-no-page'); check(codes[0] === await code(at), 'the code is another'); }
    }
    check(shown >= pages.length, `${shown} codes`);
    await context.close();
    await signed.context.close();
  });

  await test(`7 at ${width}: the language goes along, and every page speaks another`, async () => {
    const { context, page } = await person(width, { locale: 'sv-FI' });
    const asked = page.waitForRequest((r) => r.url().startsWith(`${url.city}/oidc/authorize`));
    await page.goto(`${g.url}/school/oulu`);
    check(new URL((await asked).url()).searchParams.get('ui_locales') === 'sv' && await page.getAttribute('html', 'lang') === 'sv', 'the city does not speak Swedish');
    // An error, in another language with the same code.
    await page.goto(`${g.url}/nothing`);
    const before = await code(page);
    await page.click('a[hreflang=en]');
    check(/There is no such page/.test(await says(page)) && await code(page) === before, await says(page));
    await page.click('a[hreflang=fi]');
    check(/Sivua ei löydy/.test(await says(page)) && await code(page) === before, await says(page));
    await look(page, width, '7-error');
    await context.close();
  });

  await test(`8 at ${width}: what this is and what is told to whom`, async () => {
    const { context, page } = await person(width);
    await page.goto(`${g.url}/nothing`);
    await page.click('.foot a[href="/about"]');
    const text = await says(page);
    check(/Mikä DigiOne on\?/.test(text) && /Palvelu kanerva/.test(text) && /Ei mitään sinusta/.test(text) && /kuntia 3, palveluja 2/.test(text), text);
    await look(page, width, '8-about');
    await axeOf(page, width, '8-about');
    await context.close();
  });

  await test(`9 at ${width}: while a city hangs the button shows it, and the picker says which one is away`, async () => {
    const { id, name } = silent[width], button = `button[name=idp][value=${id}]`;
    const { context, page } = await person(width, { javaScriptEnabled: true, reducedMotion: 'no-preference' });
    // The driver of the browser waits with a page whose next one is awaited: the page itself notes what it shows.
    await context.addInitScript(() => setInterval(() => {
      const now = [[...document.querySelectorAll('.busy')].map((b) => b.value || b.textContent).join(), document.getElementById('wait')?.textContent].join('|');
      const seen = JSON.parse(sessionStorage.seen ?? '[]');
      if (seen.at(-1) !== now) sessionStorage.seen = JSON.stringify([...seen, now]);
    }, 50));
    const busy = () => page.locator('.busy').evaluateAll((all) => all.map((b) => b.value || b.textContent).join());
    await page.goto(`${g.url}/`);
    check(!/Ei vastannut/.test(await page.textContent(button)) && await page.getAttribute('#wait', 'role') === 'status' && (await page.textContent('#wait')) === '', 'nothing is awaited yet');
    await page.click(button);
    await page.waitForSelector('text=kirjautuminen ei vastaa');
    const seen = await page.evaluate(() => JSON.parse(sessionStorage.seen));
    check(seen.includes(`${id}|`) && seen.includes(`${id}|Odota hetki, sivu avautuu.`), `while the city hung: ${JSON.stringify(seen)}`);
    // The city has not answered: what can be done, and the button of that page shows it as well.
    check(new RegExp(`${name}n kirjautuminen ei vastaa`).test(await page.textContent('h1')), await says(page));
    await page.click('a.b:has-text("Valitse toinen kunta")');
    check((await page.textContent(button)).includes('Ei vastannut äsken') && !/Ei vastannut/.test(await page.textContent('button[name=idp][value=oulu]')), await says(page));
    await look(page, width, '9-away');
    await axeOf(page, width, '9-away');
    for (const [lang, words] of [['sv', 'Svarade inte nyss'], ['en', 'Did not answer a moment ago'], ['fi', 'Ei vastannut äsken']]) {
      await page.goto(`${g.url}/lang?to=${lang}&back=${encodeURIComponent(page.url().slice(g.url.length))}`);
      check((await page.textContent(button)).includes(words), `${lang}: ${await page.textContent(button)}`);
    }
    // What this device chose last is marked as well.
    const all = page.url();
    await page.goto(`${g.url}/`);
    check((await page.textContent('.b.big')) === `Jatka: ${name}` && /Kirjautuminen ei vastannut äsken\. Voit silti yrittää\./.test(await says(page)), await says(page));
    await look(page, width, '9-remembered');
    await page.goto(all);
    // A page that comes back from the browser's memory, or whose wait was given up, awaits nothing.
    for (const end of [() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })), () => dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))]) {
      await page.evaluate((sel) => { addEventListener('submit', (e) => e.preventDefault(), { once: true, capture: true }); document.querySelector(sel).click(); }, button);
      check(await busy() === id, 'the press shows nothing');
      const ring = (what) => page.locator('.busy').evaluate((b, name) => getComputedStyle(b, '::after')[name], what);
      check(await ring('animationName') === 'turn', 'nothing moves');
      await page.emulateMedia({ reducedMotion: 'reduce' });
      check(await ring('animationName') === 'none' && await ring('borderTopStyle') === 'solid', 'it moves for those who do not want it, or is not there for them');
      await page.waitForSelector('#wait:not(:empty)');
      const line = await page.locator('#wait').boundingBox();
      check(line.x >= 0 && line.x + line.width <= width && line.y + line.height <= 800, `the line that says so: ${JSON.stringify(line)}`);
      await picture(page, { path: path.join(shots, `9-waits-${width}.png`) });
      await page.emulateMedia({ reducedMotion: 'no-preference' });
      await page.evaluate(`(${end})()`);
      check(await busy() === '' && await page.textContent('#wait') === '', 'it is awaited for ever');
    }
    // It can be pressed all the same, and once it answers the mark is gone.
    hangs.delete(id);
    const picker = page.url();
    await until('the city', async () => {
      await page.goto(picker);
      await page.click(button);
      return page.url().startsWith(`${site}/${id}/authorize`);
    });
    await page.goto(picker);
    check(!/Ei vastannut/.test(await page.textContent(button)), 'the mark stays');
    await context.close();
  });

  await test(`10 at ${width}: cookies, and accounts of our own`, async () => {
    const { context, page } = await person(width);
    // A browser that keeps no cookies.
    await page.route('**/*', async (route) => {
      const { cookie, ...headers } = await route.request().allHeaders();
      await route.continue({ headers });
    });
    await page.goto(`${g.url}/`);
    await context.clearCookies();
    await page.goto(page.url().includes('/sign-in') ? page.url() : `${g.url}/sign-in?login=x`);
    check(/Selaimesi ei lähettänyt evästeitä/.test(await says(page)), await says(page));
    await look(page, width, '10-no-cookies');
    await context.close();

    const second = await person(width, { javaScriptEnabled: true });
    const at = second.page;
    await at.goto(g.url + '/');
    await at.click('button[name=idp][value=local], a[href*="idp=local"]');
    check(/Unohditko salasanasi\?/.test(await says(at)) && /tuki@oulu.example/.test(await says(at)), await says(at));
    await at.click('#local .acts button');
    check((await at.locator('.note.bad li').allTextContents()).join() === 'Kirjoita käyttäjätunnuksesi.,Kirjoita salasanasi.', 'not every empty field is named');
    check(await at.evaluate(() => document.activeElement.classList.contains('note')), 'the focus is not on the summary');
    await look(at, width, '10-empty');
    await at.fill('#password', 'abc');
    await at.click('#show');
    check(await at.getAttribute('#password', 'type') === 'text', 'the password is not shown');
    await at.click('#show');
    check(await at.getAttribute('#password', 'type') === 'password', 'the password is not hidden again');
    await at.fill('#username', 'olli');
    await at.click('a[hreflang=sv]');
    await at.waitForSelector('html[lang=sv]');
    check(await at.inputValue('#username') === 'olli' && await at.inputValue('#password') === '', 'the user name was lost over a language');
    // Without a script it is kept after the first try.
    const third = await person(width);
    await third.page.goto(g.url + '/');
    await third.page.click('button[name=idp][value=local], a[href*="idp=local"]');
    await third.page.fill('#username', 'olli');
    await third.page.fill('#password', 'wrong');
    await third.page.click('#local .acts button');
    await third.page.click('a[hreflang=en]');
    check(await third.page.inputValue('#username') === 'olli' && /Sign in/.test(await says(third.page)), 'the user name was lost without a script');
    await second.context.close();
    await third.context.close();
  });
}

await test('6: while Redis is away the page comes again in a minute, with one code', async () => {
  const { context, page } = await person(1280);
  await signIn(page, 'aino');
  const pid = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).find((p) => {
    try { return fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').includes(path.join(g.state, 'redis')); } catch { return false; }
  });
  check(pid, 'the private Redis is not found');
  process.kill(Number(pid), 'SIGSTOP');
  try {
    const first = await page.goto(`${g.url}/`);
    check(first.status() === 503 && /^60; url=\/$/.test(first.headers().refresh), `${first.status()} ${first.headers().refresh}`);
    const noted = await code(page);
    check(await page.locator('a.b:has-text("Yritä uudelleen")').count() === 1, 'no button');
    await page.click('text=Yritä uudelleen');
    check(await code(page) === noted && inLog(noted), `another code: ${noted}, then ${await code(page)}`);
  } finally { process.kill(Number(pid), 'SIGCONT'); }
  await context.close();
});

await browser.close();
elsewhere.close();
await finish();
