// SPDX-License-Identifier: EUPL-1.2
// A screen that is signed in from a browser of one's own, an answer that the browser posts, what people are asked and
// shown before a service is told; in real Chromium at 320 and 1280 px, in three languages, with axe, with a keyboard
// alone and without scripts.   node consent.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Gateway, check, fetchLocal, finish, freePort, root, test } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { launch } from './chromium.mjs';
import { Keyboard } from './keyboard.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const shots = path.join(root, 'build/consent-shots');
fs.mkdirSync(shots, { recursive: true });

// The services' own web server: what came to it, in its order.
const came = [];
const server = http.createServer((req, res) => {
  let body = '';
  req.on('data', (d) => { body += d; }).on('end', () => {
    const url = new URL(req.url, 'http://x');
    if (url.pathname.endsWith('/cb')) came.push({ method: req.method, type: req.headers['content-type'], origin: req.headers.origin, query: url.searchParams, form: new URLSearchParams(body) });
    res.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><html lang="en"><title>service</title><h1>${url.pathname}</h1></html>`);
  });
});
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://localhost:${server.address().port}`, secret = 'a-secret-of-the-test-that-nobody-else-has';

const device = 'urn:ietf:params:oauth:grant-type:device_code';
const names = { taulu: ['Pihka Luokkataulu', 'Pihka Klasstavla', 'Pihka Class Board'], kerho: ['Kajo Kerho', 'Kajo Klubb', 'Kajo Club'], matikka: ['Vaahtera Matikka', 'Vaahtera Matematik', 'Vaahtera Maths'], pysyva: ['Kuusi Luokkahuone', 'Kuusi Klassrum', 'Kuusi Classroom'], lomake: ['Havu Toimisto', 'Havu Kontor', 'Havu Office'] };
const why = `    purposes:
      - { attribute: given_name, purpose: { fi: "Jotta ohjaaja tietää, kenelle puhuu.", sv: "Så att ledaren vet vem hen talar med.", en: "So that the leader knows whom they speak to." } }
      - { attribute: roles, purpose: { fi: "Opettaja näkee oppilaiden työt.", sv: "Läraren ser elevernas arbeten.", en: "A teacher sees the work of pupils." } }
`;
const row = (id, more = '', grants = ['authorization_code']) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "${names[id][0]}", sv: "${names[id][1]}", en: "${names[id][2]}" }
    test: true
    client_id: ${id}
    id_token_alg: ES256
    secret: { plain: ${secret} }
    grant_types: [${grants.map((x) => `"${x}"`).join(', ')}]
    redirect_uris: [${grants.includes('authorization_code') ? `"${base}/${id}/cb"` : ''}]
    scopes: [openid, profile, edu.role${grants.includes('refresh_token') ? ', offline_access' : ''}]
    asks: [sub, given_name, roles]
    policy_uri: "https://${id}.example/tietosuoja"
${more}`;
const password = 'salasana-salasana';
const people = ['anna', 'bea', 'cilla', 'disa', 'eeva', 'fanni', 'greta', 'hilja', 'irja', 'jonna', 'kaisu', 'lotta'];
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg, en: Oulu }, support: "https://oulu.example/tuki", schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
  - { id: turku, oid: "1.2.246.562.99.98530100001", name: { fi: Turku, sv: Åbo, en: Turku }, support: "https://turku.example/tuki", informs: true, schools: [{ oid: "1.2.246.562.99.98530200017", code: "99401", name: { fi: Testi-Mesimarjan koulu } }] }
idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu, sv: Uleåborg, en: Oulu }, test: true }
  - { id: turku, kind: local, provider: turku, name: { fi: Turku, sv: Åbo, en: Turku }, test: true }
services:
${row('taulu', why, [device])}${row('pysyva', why, [device, 'refresh_token'])}${row('kerho', `${why}    consent: true\n`)}${row('matikka', why)}${row('lomake')}rules:
  - { id: oulu-teachers, provider: oulu, role: teacher, release: [sub, given_name, roles] }
  - { id: turku-teachers, provider: turku, role: teacher, release: [sub, given_name, roles] }
accounts:
${['oulu', 'turku'].flatMap((c) => people.map((p) => `  - { id: ${c}-${p}, idp: ${c}, username: ${p}, password: { plain: ${password} }, given_names: ${p[0].toUpperCase()}${p.slice(1)}, family_name: Laakso, affiliations: [{ provider: ${c}, role: teacher, school: "${c === 'oulu' ? 99101 : 99401}" }] }`)).join('\n')}
`;
const g = await new Gateway(path.resolve(process.argv[2]), { name: 'browser-consent', port: await freePort(), registry }).start();
const of = Object.fromEntries(Object.keys(names).map((id) => [id, new Service(g, { id, secret, redirect: `${base}/${id}/cb`, scope: 'openid profile' })]));
const browser = await launch();

/* --- a screen, and what it hears ----------------------------------------------------------------------------------- */

const json = (res) => JSON.parse(res.text);
async function screen(scope = 'openid profile') {
  const res = await of.taulu.post('/oidc/device', { scope }, of.taulu.basic());
  check(res.status === 200, `device: ${res.status} ${res.text}`);
  return json(res);
}
const poll = (s) => of.taulu.post('/oidc/token', { grant_type: device, device_code: s.device_code }, of.taulu.basic());
async function waits(s) {
  const res = await poll(s);
  check(res.status === 400 && /^(authorization_pending|slow_down)$/.test(json(res).error), `it does not wait: ${res.status} ${res.text}`);
}
async function opens(s, given) {
  const res = await poll(s);
  check(res.status === 200, `no token: ${res.status} ${res.text}`);
  const info = json(await of.taulu.userinfo(json(res).access_token)), said = JSON.parse(Buffer.from(json(res).id_token.split('.')[1], 'base64url'));
  check(info.given_name === given && info.sub === said.sub && said.aud === 'taulu', JSON.stringify([info, said]));
  check(json(await poll(s)).error === 'invalid_grant', 'a second token');
}

/* --- people -------------------------------------------------------------------------------------------------------- */

async function visitor({ lang = 'fi', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage(), faults = [];
  page.on('console', (m) => { if (/Content Security Policy/.test(m.text())) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(String(e)));
  Object.assign(page, { scripts, lang, faults });
  return { context, page };
}
async function as(options, run) {
  const { context, page } = await visitor(options);
  await run(page, context);
  check(page.faults.length === 0, page.faults.join('; '));
  await context.close();
}
const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
// From the page that asks for the municipality on.
async function signIn(page, user, idp = 'oulu') {
  await page.waitForURL(/\/sign-in/);
  await send(page, `button[name=idp][value=${idp}]`);
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await send(page, 'form:has(input[name=password]) .acts button.b');
}
async function looks(page, name) {
  const width = page.viewportSize().width;
  await picture(page, { path: path.join(shots, `${name}-${page.lang}-${width}.png`), fullPage: true });
  if (!page.scripts) return; // axe waits by timers, which do not run there
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  check(await page.evaluate(() => document.documentElement.lang) === page.lang, `${name}: language`);
  check(await page.locator('main .b:not(.two):not(.thin)').count() <= 1, `${name}: more than one main action`);
  await axeFindsNothing(page, name);
}
const main = (page) => page.locator('main').innerText();
const says = async (page, ...all) => { const words = await main(page); for (const x of all) check(words.includes(x), `lacks "${x}": ${words}`); };
const called = (page, id) => names[id][['fi', 'sv', 'en'].indexOf(page.lang)];
const atService = (id) => (u) => u.href.startsWith(`${base}/${id}/cb`);

const everywhere = [['fi', 320], ['sv', 1280], ['en', 320], ['fi', 1280], ['sv', 320], ['en', 1280]];
const words = {
  typed: { fi: 'Kirjaudu näytölle', sv: 'Logga in på en skärm', en: 'Sign in on a screen' },
  wrong: { fi: 'Koodi ei ole voimassa', sv: 'Koden gäller inte', en: 'The code is not valid' },
  message: { fi: 'Saitko koodin tai linkin viestissä?', sv: 'Fick du koden eller länken i ett meddelande?', en: 'Did the code or the link come in a message?' },
  stays: { fi: 'Näyttö pysyy kirjautuneena, vaikka kirjaudut ulos tästä selaimesta', sv: 'Skärmen förblir inloggad även om du loggar ut från den här webbläsaren', en: 'The screen stays signed in even after you sign out of this browser' },
  ends: { fi: 'Kun kirjaudut ulos tästä selaimesta, näyttö ei saa sinusta enää mitään tietoja.', sv: 'När du loggar ut från den här webbläsaren får skärmen inte veta något mer om dig.', en: 'When you sign out of this browser, the screen is told nothing more about you.' },
  done: { fi: 'Valmis. Katso näyttöä.', sv: 'Klart. Titta på skärmen.', en: 'Done. Look at the screen.' },
  not: { fi: 'Näyttöä ei kirjattu sisään', sv: 'Skärmen loggades inte in', en: 'The screen was not signed in' },
  may: { fi: 'Saako palvelu tietää tämän sinusta?', sv: 'Får tjänsten veta det här om dig?', en: 'May the service know this about you?' },
  may_more: { fi: 'Palvelu haluaa nyt tietää enemmän kuin ennen.', sv: 'Tjänsten vill nu veta mer än förut.', en: 'The service now wants to know more than before.' },
  told_more: { fi: 'Palvelu saa tietää sinusta enemmän kuin ennen', sv: 'Tjänsten får veta mer om dig än förut', en: 'The service is told more about you than before' },
  fresh: { fi: 'Uutta:', sv: 'Nytt:', en: 'New:' }, role: { fi: 'rooli', sv: 'roll', en: 'role' }, given: { fi: 'etunimet', sv: 'förnamn', en: 'given names' },
  told: { fi: 'Tämän palvelu saa tietää sinusta', sv: 'Det här får tjänsten veta om dig', en: 'This is what the service is told about you' },
};

/* --- a screen is signed in ----------------------------------------------------------------------------------------- */

for (const [i, [lang, width]] of everywhere.entries())
  await test(`a screen is signed in by its code, typed at /device, ${lang}, ${width} px`, async () => {
    const s = await screen();
    check(s.verification_uri === `${g.url}/device` && /^[A-Z]{4}-[A-Z]{4}$/.test(s.user_code), JSON.stringify(s));
    await as({ lang, width }, async (page) => {
      await page.goto(s.verification_uri);
      await signIn(page, people[i]);
      await says(page, words.typed[lang]);
      await looks(page, 'device');
      await page.fill('#user_code', 'bcdf ghjk');
      await send(page, 'main form button.b');
      await says(page, words.wrong[lang]);
      check(await page.evaluate(() => document.activeElement.matches('[role=alert]')), 'the fault has no focus');
      await looks(page, 'device-wrong');
      await page.fill('#user_code', s.user_code.replace('-', ' ').toLowerCase());
      await send(page, 'main form button.b');
      await says(page, called(page, 'taulu'), s.user_code, words.message[lang]);
      await looks(page, 'device-ask');
      await waits(s);
      await send(page, 'button[name=act][value=yes]');
      await says(page, words.done[lang], called(page, 'taulu'));
      await looks(page, 'device-done');
      await opens(s, people[i][0].toUpperCase() + people[i].slice(1));
      await page.goto(s.verification_uri_complete);
      await says(page, words.wrong[lang]);
    });
  });

await test('the link of a QR code asks, and grants nothing by itself: nor by a reload, nor by a form of somebody else', async () => {
  const s = await screen();
  await as({ width: 320 }, async (page, context) => {
    await page.goto(s.verification_uri_complete);
    await signIn(page, 'hilja');
    await says(page, s.user_code, words.message.fi);
    await page.reload();
    await waits(s);
    const Cookie = (await context.cookies(g.url)).map((c) => `${c.name}=${c.value}`).join('; ');
    const told = await page.locator('[name=told]').getAttribute('value');
    const other = await fetchLocal(g.port, '/device', { method: 'POST', headers: { Cookie, 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ user_code: s.user_code, told, csrf: 'x', act: 'yes' }).toString() });
    check(other.status === 200 && other.text.includes(words.message.fi), `a form without our mark: ${other.status}`);
    await waits(s);
    await send(page, 'button[name=act][value=yes]');
    await opens(s, 'Hilja');
  });
});

for (const [lang, width] of everywhere)
  await test(`a screen that its person does not know is refused, ${lang}, ${width} px`, async () => {
    const s = await screen();
    await as({ lang, width }, async (page) => {
      await page.goto(s.verification_uri_complete);
      await signIn(page, 'irja');
      await send(page, 'button[name=act][value=no]');
      await says(page, words.not[lang]);
      await looks(page, 'device-not');
      check(json(await poll(s)).error === 'access_denied', 'the screen is not refused');
      check(json(await poll(s)).error === 'invalid_grant', 'it is refused twice');
    });
  });

await test('a keyboard alone signs a screen in', async () => {
  const s = await screen();
  await as({}, async (page) => {
    const keys = new Keyboard(page);
    await page.goto(s.verification_uri);
    await keys.open('button[name=idp][value=oulu]');
    await keys.type('input[name=username]', 'jonna');
    await keys.type('input[name=password]', password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await keys.type('#user_code', s.user_code);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await says(page, s.user_code);
    await keys.open('button[name=act][value=yes]');
    await says(page, words.done.fi);
    await opens(s, 'Jonna');
  });
});

await test('without scripts: a screen is signed in, and another refused', async () => {
  const s = await screen(), t = await screen();
  await as({ scripts: false, width: 320 }, async (page) => {
    await page.goto(s.verification_uri);
    await signIn(page, 'kaisu');
    await page.fill('#user_code', s.user_code);
    await send(page, 'main form button.b');
    await send(page, 'button[name=act][value=yes]');
    await says(page, words.done.fi);
    await opens(s, 'Kaisu');
    await page.goto(t.verification_uri_complete);
    await send(page, 'button[name=act][value=no]');
    await says(page, words.not.fi);
    check(json(await poll(t)).error === 'access_denied', 'the screen is not refused');
  });
});

for (const [lang, width] of [...everywhere, ['fi', 1920]])
  await test(`the page of a screen shows the address, the code and a QR code of both, ${lang}, ${width} px`, async () => {
    const s = await screen();
    await as({ lang, width }, async (page) => {
      await page.goto(s.screen_uri);
      await says(page, `${new URL(g.url).host}/device`, s.user_code);
      await looks(page, 'screen');
      const box = await page.locator('main .qr svg').boundingBox();
      check(box.width >= 200 && Math.abs(box.width - box.height) < 2 && (await page.locator('main .qr path').getAttribute('d')).length > 400, `QR of ${JSON.stringify(box)}`);
      check((await page.locator('main .qr svg').getAttribute('aria-label')).includes(s.user_code), 'the QR code has no words');
    });
  });
await test('the QR code is read, and says the link', async () => {
  if (spawnSync('zbarimg', ['--version']).status !== 0) return 'skipped: no zbarimg (Debian: zbar-tools)';
  for (const [width, dark] of [[320, false], [1280, false], [1280, true]]) {
    const s = await screen();
    await as({ width, dark }, async (page) => {
      await page.goto(s.screen_uri);
      const file = path.join(shots, `qr-${width}${dark ? '-dark' : ''}.png`);
      await page.screenshot({ path: file });
      const read = spawnSync('zbarimg', ['-q', '--raw', file], { encoding: 'utf8' });
      check(read.stdout.trim() === s.verification_uri_complete, `${file}: the QR code says ${read.stdout}${read.stderr}`);
    });
  }
});

for (const [lang, width] of everywhere)
  await test(`a screen that outlives the session says so before anybody agrees, and is believed, ${lang}, ${width} px`, async () => {
    const p = of.pysyva, ask = async (scope) => json(await p.post('/oidc/device', { scope }, p.basic()));
    const s = await ask('openid profile offline_access'), ends = await ask('openid profile');
    const tokens = async (d) => json(await p.post('/oidc/token', { grant_type: device, device_code: d.device_code }, p.basic()));
    const renew = (t) => p.post('/oidc/token', { grant_type: 'refresh_token', refresh_token: t.refresh_token }, p.basic());
    await as({ lang, width }, async (page) => {
      await page.goto(s.verification_uri_complete);
      await signIn(page, 'kaisu');
      await says(page, words.stays[lang]);
      await looks(page, 'device-ask-stays');
      await send(page, 'button[name=act][value=yes]');
      await page.goto(ends.verification_uri_complete);
      await says(page, words.ends[lang]);
      await send(page, 'button[name=act][value=yes]');
      const kept = await tokens(s), lost = await tokens(ends);
      await page.goto(`${g.url}/sign-out`);
      await send(page, 'main form button');
      check((await renew(kept)).status === 200, 'it does not stay');
      check(json(await renew(lost)).error === 'invalid_grant' && (await p.userinfo(lost.access_token)).status === 401, 'it stays');
      // It stands at their own page, and ends there.
      await page.goto(`${g.url}/me`);
      await signIn(page, 'kaisu');
      check((await page.locator('#held').innerText()).includes(called(page, 'pysyva')), `it does not stand at /me: ${await main(page)}`);
      await looks(page, 'me-held');
      await send(page, '#held button[name=act][value=end]');
      check(await page.locator('#held').count() === 0 && await page.locator('main [role=status]').count() > 0, `it did not end: ${await main(page)}`);
      await looks(page, 'me-let-go');
      check(json(await renew(kept)).error === 'invalid_grant', 'it is signed in still');
    });
  });

/* --- an answer that the browser posts ------------------------------------------------------------------------------- */

for (const scripts of [true, false])
  await test(`form_post: the answer comes to the service by POST, and stands in no address, ${scripts ? 'with' : 'without'} scripts`, async () => {
    await as({ scripts }, async (page) => {
      const before = came.length;
      await page.goto(of.lomake.authorizeUrl({ response_mode: 'form_post' }));
      await page.waitForURL(/\/sign-in/);
      await send(page, 'button[name=idp][value=oulu]');
      await page.fill('input[name=username]', 'lotta');
      await page.fill('input[name=password]', password);
      await page.press('input[name=password]', 'Enter');
      if (!scripts) {
        await page.waitForSelector('form[data-go] button');
        await says(page, called(page, 'lomake'));
        await looks(page, 'post');
        await page.click('form[data-go] button');
      }
      await page.waitForURL(atService('lomake'));
      const [it, ...more] = came.slice(before);
      check(it.method === 'POST' && /^application\/x-www-form-urlencoded/.test(it.type) && more.length === 0 && [...it.query].length === 0, JSON.stringify([it, more]));
      check(new URL(page.url()).search === '', page.url());
      check((await of.lomake.finish(it.form)).info.given_name === 'Lotta', 'another person');
    });
  });

/* --- a voluntary service asks --------------------------------------------------------------------------------------- */

const open = async (page, s, extra, who, idp) => {
  await page.goto(s.authorizeUrl(extra));
  if (who) await signIn(page, who, idp);
};
const answered = async (page, s) => {
  await page.waitForURL(atService(s.id));
  return came.at(-1).query;
};

for (const [i, [lang, width]] of everywhere.entries())
  await test(`a voluntary service: asked once, remembered, more is asked again, taken back at /me, ${lang}, ${width} px`, async () => {
    const s = of.kerho;
    await as({ lang, width }, async (page) => {
      await open(page, s, {}, people[i]);
      await says(page, words.may[lang], called(page, 'kerho'), people[i][0].toUpperCase() + people[i].slice(1));
      await looks(page, 'consent');
      await send(page, 'button[name=act][value=no]');
      const no = await answered(page, s);
      check(no.get('error') === 'access_denied' && !no.get('code') && no.get('state') === s.state && no.get('iss') === g.url, String(no));
      await open(page, s); // a no is not kept
      await says(page, words.may[lang]);
      await send(page, 'button[name=act][value=yes]');
      const { tokens } = await s.finish(await answered(page, s));
      await open(page, s);
      await s.finish(await answered(page, s));
      await open(page, s, { scope: 'openid profile edu.role' });
      await says(page, words.may[lang], words.may_more[lang], `${words.fresh[lang]} ${words.role[lang]}`);
      await looks(page, 'consent-more');
      await send(page, 'button[name=act][value=yes]');
      await s.finish(await answered(page, s));
      await open(page, s, { prompt: 'consent' });
      await says(page, words.may[lang]);
      await send(page, 'button[name=act][value=yes]');
      await s.finish(await answered(page, s));
      await page.goto(`${g.url}/me`);
      await page.locator('#consents').scrollIntoViewIfNeeded();
      check((await page.locator('#consents').innerText()).includes(called(page, 'kerho')), 'it does not stand at /me');
      await looks(page, 'me-consents');
      await send(page, 'button[name=act][value=consent]');
      check(await page.locator('#consents').count() === 0 && await page.locator('main [role=status]').count() > 0, `it was not taken back: ${await main(page)}`);
      await looks(page, 'me-taken-back');
      check((await s.userinfo(tokens.access_token)).status === 401, 'the token lives');
      await open(page, s, { prompt: 'none' });
      check((await answered(page, s)).get('error') === 'consent_required', 'it is remembered still');
      await open(page, s);
      await says(page, words.may[lang]);
    });
  });

await test('a consent is given without scripts, and with a keyboard alone', async () => {
  await as({ scripts: false, width: 320 }, async (page) => {
    await open(page, of.kerho, {}, 'greta');
    await says(page, words.may.fi);
    await send(page, 'button[name=act][value=yes]');
    check((await of.kerho.finish(await answered(page, of.kerho))).info.given_name === 'Greta', 'another person');
  });
  await as({}, async (page) => {
    const keys = new Keyboard(page);
    await open(page, of.kerho, {}, 'hilja');
    await keys.open('button[name=act][value=yes]');
    check((await of.kerho.finish(await answered(page, of.kerho))).info.given_name === 'Hilja', 'another person');
  });
});

/* --- a city that informs -------------------------------------------------------------------------------------------- */

for (const [i, [lang, width]] of everywhere.entries())
  await test(`where the municipality informs: shown once, agreed to never, shown again when it grows, ${lang}, ${width} px`, async () => {
    const s = of.matikka;
    await as({ lang, width }, async (page) => {
      await open(page, s, { scope: 'openid' }, people[i], 'turku');
      await says(page, words.told[lang], called(page, 'matikka'));
      await looks(page, 'inform');
      await send(page, 'button[name=act][value=no]');
      check((await answered(page, s)).get('error') === 'access_denied', 'who does not go on');
      await open(page, s, { scope: 'openid' });
      await send(page, 'button[name=act][value=yes]');
      await answered(page, s);
      check(came.at(-1).query.get('code'), 'no code');
      await open(page, s, { scope: 'openid' });
      check((await answered(page, s)).get('code'), 'it is shown again');
      await open(page, s);
      await says(page, words.told_more[lang], `${words.fresh[lang]} ${words.given[lang]}`);
      await looks(page, 'inform-more');
      await send(page, 'button[name=act][value=yes]');
      await s.finish(await answered(page, s));
      await page.goto(`${g.url}/me`);
      check(await page.locator('#consents').count() === 0, 'what was shown stands as agreed to');
    });
  });

await browser.close();
server.closeAllConnections();
server.close();
await g.stop();
await finish();
