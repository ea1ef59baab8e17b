// SPDX-License-Identifier: EUPL-1.2
// Journeys J1 and J2 in a real browser, over ./demo: its host names, its cities, its services on mod_auth_openidc; axe on
// every page of ours.   node journeys.mjs PATH-OF-DIGIONE   (a release build; ./demo builds nothing anew then)
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { check, finish, root, test, until } from '../e2e/gateway.mjs';
import { launch } from './chromium.mjs';
import { Demo, password } from './demo.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const shots = path.join(root, 'build/journeys');
fs.mkdirSync(shots, { recursive: true });

const browser = await launch({ whole: true });
const demo = await new Demo().start();
const { state, url: gateway } = demo, N = demo.port;
const city = (id, k) => demo.at(id, k);
const site = city;

let looked = 0;
// Every page of ours that a person sees is looked at: axe, sideways scrolling at 320, no script error.
async function look(page, name) {
  await page.waitForLoadState('load');
  const url = page.url();
  check(/^http:\/\/(localhost|oulu\.localhost|tampere\.localhost|vantaa\.localhost):/.test(url), `${name}: not a page of ours: ${url}`);
  await axeFindsNothing(page, name);
  await page.setViewportSize({ width: 320, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 320, `${name}: ${wide} px wide at 320`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await picture(page, { path: path.join(shots, `${name}.png`) });
  looked++;
}

async function person(options = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  return { context, page };
}

async function signInAtCity(page, user) {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
  await Promise.all([page.waitForNavigation(), page.click('#local .acts button')]);
}

async function signIn(page, id, user) {
  await page.click(`button[name=idp][value=${id}]`);
  await signInAtCity(page, user);
}

async function signOut(page) {
  await page.click('.me summary');
  await page.click('.me form button');
  await until('signed out', () => page.url().startsWith(gateway + '/upstream/left'));
}

// The city's supervisor and all below it.
function cityProcesses(id) {
  const all = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).flatMap((p) => {
    try {
      const stat = fs.readFileSync(`/proc/${p}/stat`, 'utf8');
      return [{ pid: Number(p), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), line: fs.readFileSync(`/proc/${p}/cmdline`, 'utf8') }];
    } catch { return []; }
  });
  const found = all.filter((p) => p.line.includes(path.join(state, id, 'digione.yaml'))).map((p) => p.pid);
  for (let i = 0; i < found.length; i++) found.push(...all.filter((p) => p.parent === found[i] && !found.includes(p.pid)).map((p) => p.pid));
  return found;
}

// What the gateway's private Redis says to one command, a line a reply.
function redis(...words) {
  const commands = words[0] === 'PTTL' ? words.slice(1).map((k) => ['PTTL', k]) : [words];
  return commands.flatMap((c) => execFileSync('redis-cli', ['-s', path.join(state, 'gateway/state/redis/redis.sock'), ...c], { encoding: 'utf8' }).trim().split('\n').filter(Boolean));
}
const sessionKeys = () => redis('KEYS', 's1:*');

const audit = () => demo.audit();
const at = (page, host) => until(`arrival at ${host}`, () => page.url().startsWith(host), 20000).catch((e) => { throw new Error(`${e.message}; at ${page.url()}`); });

await test('J1: a teacher of Oulu, Monday at eight', async () => {
  const { context, page } = await person();
  // Last week: the municipality is chosen and remembered.
  await page.goto(gateway + '/');
  await look(page, 'j1-choose');
  check(await page.isChecked('input[name=remember]'), 'on a device of one\'s own "remember" is ticked');
  await page.click('button[name=idp][value=oulu]');
  await at(page, city('oulu', 1));
  await look(page, 'j1-oulu');
  await page.fill('input[name=username]', 'aino');
  await page.fill('input[name=password]', 'wrong');
  await page.click('#local .acts button');
  await look(page, 'j1-oulu-wrong');
  check((await page.title()).startsWith('Virhe'), `the title of a failed form: ${await page.title()}`);
  check(await page.inputValue('input[name=username]') === 'aino', 'the user name was lost');
  await page.fill('input[name=password]', password);
  await page.click('#local .acts button');
  await at(page, gateway + '/');
  await signOut(page);
  await look(page, 'j1-signed-out');
  check(/Kaikki avaamasi on suljettu/.test(await page.textContent('main')) && /Oulun kirjautuminen\s*Kirjattu ulos/.test(await page.textContent('main')),
    `signed out at the city too: ${await page.textContent('main')}`);

  const before = audit().length;
  // J1.1 the last municipality is the one large button.  J1.2 the city's OpenID Connect log-in.
  await page.goto(gateway + '/');
  await look(page, 'j1-remembered');
  check((await page.textContent('.b.big')) === 'Jatka: Oulu', `the last municipality: ${await page.textContent('main')}`);
  const asked = page.waitForRequest((r) => r.url().startsWith(city('oulu', 1) + '/oidc/authorize'));
  await page.click('.b.big');
  const asks = new URL((await asked).url()).searchParams;
  check(asks.get('response_type') === 'code' && asks.get('code_challenge_method') === 'S256' && !asks.has('prompt'), `the request to the city: ${asks}`);
  await signInAtCity(page, 'aino');
  await at(page, gateway + '/');
  // J1.3 two schools are two affiliations; she picks one, and comes back to it.
  const schools = page.locator('nav.seg a');
  check((await schools.allTextContents()).join() === 'Kaikki koulut,Testi-Kielonmäen koulu,Testi-Otsolahden lukio', `schools: ${await schools.allTextContents()}`);
  await schools.nth(2).click();
  check((await page.textContent('nav.seg [aria-current]')) === 'Testi-Otsolahden lukio', 'the second school is not the chosen one');
  await look(page, 'j1-launcher-lukio');
  await page.goto(gateway + '/');
  check((await page.textContent('nav.seg [aria-current]')) === 'Testi-Otsolahden lukio', 'the chosen school is forgotten');
  await page.click('nav.seg a:nth-child(2)');
  check((await page.textContent('nav.seg [aria-current]')) === 'Testi-Kielonmäen koulu', 'the first school is not the chosen one');
  // J1.4 the tiles.
  await look(page, 'j1-launcher');
  check(await page.locator('a[href^="/open/"]').count() >= 14, `${await page.locator('a[href^="/open/"]').count()} tiles`);
  // J1.5 and 6: two services, by a log-in that the service begins [OIDC Core 4]; no prompt.
  const begun = page.waitForRequest((r) => r.url().startsWith(site('kanerva', 6)) && new URL(r.url()).searchParams.get('iss') === gateway);
  await page.click('a[href="/open/kanerva"]');
  await begun;
  await at(page, site('kanerva', 6));
  check((await page.textContent('#given_name')) === 'Aino Maria' && (await page.textContent('#family_name')) === 'Testi-Kielo', await page.textContent('body'));
  const told = JSON.parse(await page.textContent('#userinfo'));
  check(told.edu_roles?.length === 2 && told.edu_roles.every((r) => r.role === 'teacher') && told.edu_schools?.length === 2, `roles: ${JSON.stringify(told)}`);
  const sub = await page.textContent('#sub');
  await page.goto(gateway + '/');
  await page.click('a[href="/open/lampi"]');
  await at(page, site('lampi', 7));
  check((await page.textContent('#sub')) !== sub, 'two vendors see the same identifier');
  check(!('edu_roles' in JSON.parse(await page.textContent('#userinfo'))), 'Lampi was told roles that it did not ask for');
  // One log-in, two disclosures, each with the names of what was told and never the values.
  const lines = audit().slice(before);
  const logins = lines.filter((l) => l.event === 'login'), all = lines.filter((l) => l.event === 'release');
  const releases = all.filter((l) => l.reason !== 'userinfo'); // the same, told again where the service asks at userinfo
  check(all.every((l) => releases.some((r) => r.service === l.service && r.claims === l.claims)), `userinfo tells more: ${JSON.stringify(all)}`);
  check(logins.length === 1, `${logins.length} logins in the audit log`);
  check(releases.map((l) => l.service).join() === 'kanerva,lampi', `disclosures: ${JSON.stringify(releases)}`);
  for (const [i, names] of [['given_name', 'family_name', 'roles', 'school'], ['given_name', 'family_name', 'school']].entries())
    check(names.every((n) => releases[i].claims.split(/[ ,]+/).includes(n)), `attributes told to ${releases[i].service}: ${releases[i].claims}`);
  check(!/roles/.test(releases[1].claims), `Lampi: ${releases[1].claims}`);
  check(!/Kielo|Aino/.test(JSON.stringify(lines)), 'the audit log holds a name');
  // J1.7 the city stops; who is signed in goes on, also straight from a service's own address.
  const stopped = cityProcesses('oulu');
  check(stopped.length > 0, 'the processes of the city are not found');
  stopped.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    await page.goto(gateway + '/');
    check(await page.locator('a[href^="/open/"]').count() >= 14, 'no launcher while the city is away');
    await page.goto(site('kajo', 16) + '/');
    await at(page, site('kajo', 16));
    check((await page.locator('#given_name').count()) === 0 && (await page.textContent('#sub')).length > 20, 'Kajo was told a name');
  } finally {
    stopped.forEach((pid) => process.kill(pid, 'SIGCONT'));
  }
  await context.close();
});

await test('favourites keep their order and follow to another device', async () => {
  const first = await person();
  await first.page.goto(gateway + '/');
  await signIn(first.page, 'tampere', 'tiina');
  await at(first.page, gateway + '/');
  await first.page.click('text=Valitse suosikit');
  await look(first.page, 'favourites-none');
  for (const id of ['lampi', 'kanerva', 'paivakirja']) await first.page.click(`button[name=add][value=${id}]`);
  await first.page.click('button[name=up][value=paivakirja]');
  await first.page.click('button[name=remove][value=lampi]');
  await look(first.page, 'favourites');
  await first.page.click('text=Takaisin omiin palveluihin');
  const names = (page) => page.locator('.fav .tile b').evaluateAll((all) => all.map((b) => b.textContent.replaceAll('\u00ad', '')));
  check((await names(first.page)).join() === 'Puolukka Päiväkirja,Kanerva Oppikirjat', `favourites: ${await names(first.page)}`);
  check(await first.page.locator('a[href="/open/kanerva"]').count() === 1, 'a favourite stands in its group as well');
  await look(first.page, 'favourites-launcher');
  // A page of somebody else's cannot press the buttons.
  const forged = await first.page.request.post(gateway + '/favourites', { form: { csrf: 'x', remove: 'kanerva' } });
  check(forged.ok() && (await (await first.page.goto(gateway + '/')).text()).includes('Kanerva') && (await names(first.page)).length === 2, 'changed without a token');
  const second = await person({ javaScriptEnabled: false });
  await second.page.goto(gateway + '/');
  await signIn(second.page, 'tampere', 'tiina');
  await at(second.page, gateway + '/');
  check((await names(second.page)).join() === 'Puolukka Päiväkirja,Kanerva Oppikirjat', `on another device: ${await names(second.page)}`);
  await first.context.close();
  await second.context.close();
});

await test('J1: two tabs, the back button and a reload each lead on', async () => {
  const { context, page } = await person();
  const other = await context.newPage();
  await page.goto(site('kanerva', 6) + '/');
  await other.goto(site('lampi', 7) + '/');
  await signIn(other, 'oulu', 'aino');
  await at(other, site('lampi', 7));
  // The first tab was left on its sign-in page; the choice there needs no password any more.
  await page.click('button[name=idp][value=oulu]');
  await at(page, site('kanerva', 6));
  await page.goBack().catch(() => {});
  await page.goto(gateway + '/');
  await page.reload();
  check(await page.locator('a[href^="/open/"]').count() > 0, `no launcher after a reload: ${page.url()}`);
  await context.close();
});

await test('a member of staff without a rule is told why and whom to ask', async () => {
  const { context, page } = await person();
  await page.goto(site('kanerva', 6) + '/');
  await signIn(page, 'espoo', 'sirpa');
  await until('the refusal', () => page.url().startsWith(gateway));
  await look(page, 'denied');
  const text = await page.textContent('main');
  check(/Kanerva/.test(text) && /Espoo/.test(text), text);
  await page.goto(gateway + '/');
  await look(page, 'empty-launcher');
  await context.close();
});

await test('J2: a first-grader on a shared tablet, then the next one', async () => {
  const { context, page } = await person({ viewport: { width: 768, height: 1024 } });
  // J2.1 the tablet is marked: somebody said once that it is shared.
  await page.goto(gateway + '/');
  await page.check('input[name=shared]');
  await page.click('button[name=idp][value=oulu]');
  await page.goto(gateway + '/');
  await look(page, 'j2-shared-remembered');
  await page.click('text=Valitse toinen kunta tai koulu');
  check(!(await page.isChecked('input[name=remember]')), 'a marked tablet ticks "remember" by itself');
  check(/Laite on merkitty yhteiskäyttöiseksi/.test(await page.textContent('main')), 'the mark is not named');
  await look(page, 'j2-shared-choose');
  // J2.2 the card on the desk names a school and nothing else.  J2.3 the city is asked for a fresh log-in.
  const asked = page.waitForRequest((r) => r.url().startsWith(city('oulu', 1) + '/oidc/authorize'));
  await page.goto(gateway + '/school/99101');
  check(new URL((await asked).url()).searchParams.get('prompt') === 'login', 'no fresh log-in was asked for');
  await signInAtCity(page, 'eemeli');
  await at(page, gateway + '/');
  // J2.4 large tiles with a picture and one word; "Valmis" in sight.
  await look(page, 'j2-pupil');
  const tiles = page.locator('.roomy a[href^="/open/"]');
  check(await tiles.count() >= 5, 'no large tiles');
  for (const tile of await tiles.all()) {
    const box = await tile.boundingBox();
    check(box.height >= 72 && (await tile.locator('svg:not(.sign),img').count()) === 1 && !/\s/.test((await tile.textContent()).trim()), `a tile: ${await tile.textContent()}, ${box.height} px`);
  }
  check(/Jos et ole Eemeli, paina Valmis/.test(await page.textContent('main')), 'nobody is told what to do if the name is not theirs');
  const done = await page.locator('header .ready button').boundingBox();
  check(done.height >= 56 && done.y + done.height <= page.viewportSize().height, '"Valmis" is out of sight');
  await page.click('.roomy a[href="/open/kanerva"]');
  await at(page, site('kanerva', 6));
  await page.goto(gateway + '/');
  // J2.5 "Valmis" ends the session here and at the city, and says what it cannot end.
  await page.click('header .ready button');
  await until('the way over the city', () => page.url().startsWith(gateway + '/upstream/left'));
  await look(page, 'j2-signed-out');
  check((await page.getAttribute('.huge', 'href')) === '/school/99101', 'the next one is not led to this tablet\'s school');
  check(!(await page.locator('.truth').isVisible()), 'what stayed open is in a child\'s way');
  const left = await page.textContent('main');
  check(/Oulun kirjautuminen\s*Kirjattu ulos/.test(left) && /Kanerva Oppikirjat\s*Voi olla yhä auki/.test(left) && /Sulje selain/.test(left), `after Valmis: ${left}`);
  await page.goto(city('oulu', 1) + '/');
  check(await page.locator('input[name=password]').count() === 1, 'the city still knows the pupil');
  // J2.6 Back and reload show nothing of the pupil before, neither her name nor what she opened.
  for (let i = 0; i < 6; i++) {
    await page.goBack().catch(() => {});
    await page.waitForLoadState('load').catch(() => {});
    if (!page.url().startsWith(gateway)) continue;
    const text = await page.textContent('body');
    check(!/Eemeli|Kanerva/.test(text), `after signing out, Back shows: ${text.slice(0, 200)}`);
  }
  // The next pupil: the city asks who it is.
  await page.goto(gateway + '/school/99101');
  await at(page, city('oulu', 1));
  check(await page.locator('input[name=password]').count() === 1, 'the next pupil came in as the one before');
  await signInAtCity(page, 'noora');
  await at(page, gateway + '/');
  check(/Noora/.test(await page.textContent('main')) && (await page.locator('header .ready button').count()) === 1, 'the next pupil has no "Valmis"');
  // J2.7 unused for 15 minutes: Redis lets the session go, and a page left open turns itself away.
  const lives = redis('PTTL', ...sessionKeys()).map(Number);
  check(lives.length > 0 && Math.min(...lives) <= 900000, `sessions live for ${lives} ms`);
  const answer = await page.goto(gateway + '/');
  check(/^(840|8[0-3]\d); url=\/idle\?back=%2F$/.test(answer.headers().refresh) && answer.headers()['cache-control'] === 'no-store', JSON.stringify(answer.headers()));
  for (const key of sessionKeys()) redis('DEL', key);
  await page.goto(gateway + '/idle');
  await look(page, 'j2-idle');
  check(/Kirjautuminen on päättynyt/.test(await page.textContent('h1')) && !/Noora/.test(await page.content()), 'the page that closed by itself');
  await page.goBack();
  check(!/Noora/.test(await page.content()), 'Back after 15 minutes shows the pupil before');
  await page.goto(gateway + '/');
  check(await page.locator('button[name=idp]').count() > 0, 'the session outlived its time');
  await context.close();
});

await test('a service that signs a pupil out of a shared device signs them out of the city, too', async () => {
  const { context, page } = await person();
  await page.goto(site('kanerva', 6) + '/');
  await page.check('input[name=shared]');
  await signIn(page, 'oulu', 'noora');
  await at(page, site('kanerva', 6));
  const over = page.waitForRequest((r) => r.url().startsWith(city('oulu', 1) + '/oidc/end_session'));
  await page.click('text=Kirjaudu ulos tästä palvelusta');
  await over;
  await until('the way over the city', () => page.url().startsWith(gateway + '/upstream/left'));
  check(/Oulun kirjautuminen\s*Kirjattu ulos/.test(await page.textContent('main')), `after signing out: ${await page.textContent('main')}`);
  await page.goto(city('oulu', 1) + '/');
  check(await page.locator('input[name=password]').count() === 1, 'the city still knows the pupil');
  await page.goto(gateway + '/');
  check(await page.locator('button[name=idp]').count() > 0, 'the gateway still knows the pupil');
  await context.close();
});

await test('a shared device and local accounts', async () => {
  const { context, page } = await person();
  await page.goto(gateway + '/');
  await page.click('button[name=idp][value=espoo]');
  check(!(await page.isChecked('input[name=shared]')), 'a device of one\'s own is taken for a shared one');
  await look(page, 'local');
  await page.check('input[name=shared]');
  await signInAtCity(page, 'leo');
  await at(page, gateway + '/');
  check((await page.locator('header .ready button').count()) === 1, 'no "Valmis" for a local account on a shared device');
  await page.click('header .ready button');
  check(/Anna laite seuraavalle/.test(await page.textContent('h1')), await page.textContent('h1'));
  await page.goto(gateway + '/');
  check(/Laite on merkitty yhteiskäyttöiseksi/.test(await page.textContent('main')), 'the device is no longer shared');
  await context.close();
});

await test('names with every letter, an apostrophe, one word, sixty characters', async () => {
  const people = [['oulu', 'ande', 'Ánde Čáhppes-Šuvžá'], ['oulu', 'conor', 'Conor O\u0027Testi'], ['tampere', 'sohvi', 'Sohvi'],
    ['vantaa', 'maximilian', 'Maximilian-Aleksanteri von Testi-Juolukkapuro-Mesimarjasuo']];
  for (const [id, user, name] of people) {
    const { context, page } = await person();
    await page.goto(gateway + '/');
    await signIn(page, id, user);
    await at(page, gateway + '/');
    check((await page.textContent('.me .who b')) === name, `${user} is called ${await page.textContent('.me .who b')}`);
    await look(page, `name-${user}`);
    await context.close();
  }
});

await test('the languages, and a page without JavaScript', async () => {
  const { context, page } = await person({ javaScriptEnabled: false, locale: 'sv-FI' });
  await page.goto(gateway + '/');
  check(/Logga in/.test(await page.textContent('h1')), 'not in Swedish');
  await page.click('a[lang=en]');
  check(/Sign in/.test(await page.textContent('h1')), `not in English: ${await page.textContent('h1')}`);
  await signIn(page, 'tampere', 'otto');
  await at(page, gateway + '/');
  check(await page.locator('a[href^="/open/"]').count() > 0, 'no tiles without JavaScript');
  await context.close();
});

await test('the statements at the bottom of every page say something, in three languages', async () => {
  const { context, page } = await person();
  for (const [link, words] of [['Saavutettavuusseloste', [/WCAG 2\.2 AA/, /Det som inte har undersökts/, /What was not examined/]], ['Tietosuojaseloste', [/Rekisterinpitäjä/, /Personuppgiftsansvarig/, /The controller/]]]) {
    await page.goto(gateway + '/');
    await Promise.all([page.waitForNavigation(), page.click(`.foot a:has-text("${link}")`)]);
    const text = await page.textContent('main');
    check((await page.textContent('h1')) === link && words.every((w) => w.test(text)), `${page.url()}: ${text.slice(0, 200)}`);
    await look(page, link.toLowerCase());
  }
  await Promise.all([page.waitForNavigation(), page.click('main section[lang=en] a')]);
  check(page.url() === `${gateway}/about#told`, page.url());
  await context.close();
});

await test('each of the five ways of opening a service leads a teacher in', async () => {
  const { context, page } = await person();
  await page.goto(gateway + '/');
  await signIn(page, 'oulu', 'aino');
  await at(page, gateway + '/');
  const open = async (id, k, asked = '', choose = '') => {
    await page.goto(gateway + '/');
    const seen = [], note = (r) => { if (r.isNavigationRequest()) seen.push(r); };
    page.on('request', note);
    if (asked) await page.goto(`${gateway}/open/${id}${asked}`); else await page.click(`a[href="/open/${id}"]`);
    if (choose) await page.click(`main ul.links a:has-text("${choose}")`); // who teaches several classes is asked which
    await at(page, site(id, k));
    await until(`inside ${id}`, async () => await page.locator('#sub, #locale').count() > 0);
    page.off('request', note);
    return seen;
  };
  const to = (r) => new URL(r.url()), posted = (seen, to_) => seen.find((r) => r.method() === 'POST' && r.url() === to_);
  const named = async () => [await page.textContent('#given_name'), await page.textContent('#family_name')].join(' ');
  // OpenID Connect, begun by us [OIDC Core 4].
  const oidc = await open('kanerva', 6);
  check(oidc.some((r) => r.url().startsWith(site('kanerva', 6)) && to(r).searchParams.get('iss') === gateway) && await named() === 'Aino Maria Testi-Kielo', await page.textContent('body'));
  // SAML, an answer that was not asked for; the place is its RelayState.
  const kataja = site('kataja', 20), acs = `${kataja}/mellon/postResponse`;
  const tile = await open('kataja', 20);
  check(!tile.some((r) => r.url().includes('SAMLRequest=')) && posted(tile, acs), `the tile: ${tile.map((r) => r.url())}`);
  check(await named() === 'Aino Maria Testi-Kielo' && /teacher/.test(await page.textContent('#roles')), await page.textContent('body'));
  const place = `${kataja}/?kuva=9`;
  const deep = await open('kataja', 20, '?to=/?kuva=9');
  check(new URLSearchParams(posted(deep, acs).postData()).get('RelayState') === place && page.url() === place, `the place: ${page.url()}`);
  // SAML, asked for by the service, whose own login address the tile opens.
  const pihlaja = site('pihlaja', 21), own = await open('pihlaja', 21);
  check(own.some((r) => r.url().startsWith(`${pihlaja}/mellon/login?ReturnTo=`)) && own.some((r) => r.url().startsWith(`${gateway}/saml/sso?SAMLRequest=`)), `${own.map((r) => r.url())}`);
  check(await named() === 'Aino Maria Testi-Kielo' && await page.locator('#school').count() === 0, await page.textContent('body'));
  // LTI 1.3.
  const tool = site('mustikka', 22), launch = await open('mustikka', 22, '', '7B');
  check(launch.some((r) => r.url().startsWith(`${tool}/login`)) && posted(launch, `${tool}/launch`), `${launch.map((r) => r.url())}`);
  check(await named() === 'Aino Maria Testi-Kielo' && /membership#Instructor/.test(await page.textContent('#roles')) && (await page.textContent('#context')).length > 0, await page.textContent('body'));
  // A plain link, in the language of our pages.
  await open('valo', 19);
  check(page.url() === `${site('valo', 19)}/fi/` && await page.textContent('#locale') === 'fi', page.url());
  await context.close();
});

await test('who signs out at one of the SAML services, or here, is signed out at both', async () => {
  if (Number(/VERSION_ID="?(\d+)/.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1]) >= 13) return 'skipped: mod_auth_mellon of Debian 13 reads a sign-out by SOAP as a form (docs/decisions.md)';
  const { context, page } = await person();
  const kataja = site('kataja', 20), pihlaja = site('pihlaja', 21);
  const signedIn = async (at_) => {
    const { host, port } = new URL(at_), cookie = (await context.cookies(at_)).map((c) => `${c.name}=${c.value}`).join('; ');
    return new Promise((done, failed) => http.get({ host: '127.0.0.1', port, path: '/', headers: { host, cookie } }, (r) => { r.resume(); done(r.statusCode === 200); }).on('error', failed));
  };
  const openBoth = async () => {
    for (const [id, where] of [['kataja', kataja], ['pihlaja', pihlaja]]) {
      await page.goto(gateway + '/');
      await page.click(`a[href="/open/${id}"]`);
      await at(page, where);
      await page.waitForSelector('#sub');
    }
    check(await signedIn(kataja) && await signedIn(pihlaja), 'not signed in at both');
  };
  await page.goto(gateway + '/');
  await signIn(page, 'oulu', 'ande');
  await at(page, gateway + '/');
  await openBoth();
  // At the service.
  await page.click('#leave');
  await at(page, `${pihlaja}/left/`);
  check(!await signedIn(pihlaja), 'still signed in where he signed out');
  await until('the other service hears', async () => !await signedIn(kataja), 30000);
  await page.goto(gateway + '/');
  check(await page.locator('a[href="/open/kataja"]').count() === 0, 'still signed in at the gateway');
  // Here.
  await page.click('.b.big');
  await until('somewhere', () => page.url() === gateway + '/' || page.url().startsWith(city('oulu', 1)));
  if (page.url().startsWith(city('oulu', 1))) await signInAtCity(page, 'ande');
  await at(page, gateway + '/');
  await openBoth();
  await page.goto(gateway + '/');
  await signOut(page);
  await until('both services hear', async () => !await signedIn(kataja) && !await signedIn(pihlaja), 30000);
  await context.close();
});

await test('the tool of the demo takes no launch that is signed by another key, unsigned, or begun in another browser', async () => {
  const host = `mustikka.localhost:${N + 22}`;
  const ask = (path_, cookie = '', form) => new Promise((done, failed) => {
    const body = form && new URLSearchParams(form).toString();
    const r = http.request({ host: '127.0.0.1', port: N + 22, path: path_, method: form ? 'POST' : 'GET', headers: { host, cookie, ...(form && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }) } },
      (a) => { let text = ''; a.on('data', (d) => { text += d; }); a.on('end', () => done({ status: a.statusCode, headers: a.headers, text })); });
    r.on('error', failed).end(body);
  });
  const { keys } = await (await fetch(`http://127.0.0.1:${N}/oidc/jwks`)).json(), kid = keys.find((k) => k.alg === 'RS256').kid;
  const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const b64 = (o) => Buffer.from(typeof o === 'string' ? o : JSON.stringify(o)).toString('base64url'), now = Math.floor(Date.now() / 1000);
  const launch = async (alg, other) => {
    const begun = await ask(`/login?${new URLSearchParams({ iss: gateway, login_hint: 'x', target_link_uri: `http://${host}/` })}`);
    const asked = new URL(begun.headers.location).searchParams, cookie = begun.headers['set-cookie'][0].split(';')[0], lti = 'https://purl.imsglobal.org/spec/lti/claim/';
    const said = `${b64({ alg, kid, typ: 'JWT' })}.${b64({ iss: gateway, aud: 'mustikka', sub: 'x', iat: now, exp: now + 60, nonce: asked.get('nonce'),
      [`${lti}message_type`]: 'LtiResourceLinkRequest', [`${lti}version`]: '1.3.0', [`${lti}deployment_id`]: 'mustikka', [`${lti}target_link_uri`]: `http://${host}/` })}`;
    const token = `${said}.${alg === 'none' ? '' : crypto.sign('sha256', Buffer.from(said), privateKey).toString('base64url')}`;
    const got = await ask('/launch', '', { id_token: token, state: asked.get('state') });
    check(got.status === 303, `the POST: ${got.status} ${got.text}`);
    return ask(got.headers.location, other ? 'lti_state=other' : cookie);
  };
  for (const [alg, other, why] of [['RS256', false, /Signature verification failed/], ['none', false, /InvalidAlgorithm/], ['RS256', true, /another browser/]]) {
    const end = await launch(alg, other);
    check(end.status === 400 && why.test(end.text) && !end.headers['set-cookie'], `${alg} ${other}: ${end.status} ${end.text}`);
  }
  check((await ask('/')).status === 403, 'a page for who was not launched');
});

await test('what ./demo says of a screen is so: deploy/demo/screen is signed in at /device, and renews by itself', async () => {
  if (demo.said) check(demo.said.includes(`deploy/demo/screen ${gateway} `), 'it is not said');
  const child = spawn(path.join(root, 'deploy/demo/screen'), [gateway], { stdio: ['ignore', 'pipe', 'pipe'] });
  process.on('exit', () => child.kill());
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => { said += d; });
  const [, code] = await until('a code', () => /type +([A-Z]{4}-[A-Z]{4})/.exec(said));
  const { context, page } = await person();
  await page.goto(`${gateway}/device`);
  await signIn(page, 'oulu', 'aino');
  await page.fill('#user_code', code);
  await Promise.all([page.waitForNavigation(), page.click('main form button.b')]);
  await look(page, 'screen-ask');
  await Promise.all([page.waitForNavigation(), page.click('button[name=act][value=yes]')]);
  await until('the screen ended', () => child.exitCode !== null, 60000);
  check(child.exitCode === 0 && /signed in: .*"given_name": "Aino/.test(said) && /renewed: good for \d+ s/.test(said), said);
  await context.close();
});

await browser.close();
await test('./demo ends everything it started', async () => {
  await demo.stop();
  const left = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).filter((p) => {
    try { return fs.readFileSync(`/proc/${p}/cmdline`, 'utf8').includes(state); } catch { return false; }
  });
  check(left.length === 0, `still running: ${left}`);
});
console.log(`${looked} pages looked at; pictures in ${shots}`);
await finish();
