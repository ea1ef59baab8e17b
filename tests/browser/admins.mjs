// SPDX-License-Identifier: EUPL-1.2
// Journeys J6, J7, J9, J10 and J11 over ./demo, by those who administer in it: with a keyboard alone and without scripts, in Finnish at
// 320 px and in English at 1280 px; axe on every page that they come to.   node admins.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { check, finish, root, test, until } from '../e2e/gateway.mjs';
import { launch } from './chromium.mjs';
import { Demo, password } from './demo.mjs';
import { Keyboard } from './keyboard.mjs';
import { isNew, judge, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const browser = await launch();
const demo = await new Demo().start();
const shots = path.join(root, 'build/admins');
fs.mkdirSync(shots, { recursive: true });

const ways = [{ lang: 'fi', locale: 'fi-FI', width: 320 }, { lang: 'en', locale: 'en-GB', width: 1280 }];

// Somebody at a keyboard.  Their own pages run no scripts; axe looks at each in a window beside, with the same cookies.
class Someone extends Keyboard {
  static async come({ lang = 'fi', locale = 'fi-FI', width = 1280 } = {}) {
    const context = await browser.newContext({ locale, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: false });
    return Object.assign(new Someone(await context.newPage()), { context, lang, width });
  }
  static async admin(user, way) {
    const someone = await Someone.come(way);
    await someone.page.goto(`${demo.url}/admin`);
    await someone.open('a[href*="idp=yllapito"]');
    await someone.password(user);
    await someone.page.waitForURL((u) => u.pathname === '/admin');
    return someone;
  }
  static async ofOulu(user, way) { // to the launcher
    const someone = await Someone.come(way);
    await someone.page.goto(`${demo.url}/`);
    await someone.open('button[name=idp][value=oulu]');
    await someone.password(user);
    await someone.page.waitForURL(`${demo.url}/`);
    return someone;
  }
  async password(user) {
    await this.type('#username', user);
    await this.type('#password', password);
    await this.open('#local .acts button.b');
  }
  // To a place of the console by its navigation.
  async place(href) {
    if (this.width < 1024) await this.unfold('.con-menu > summary');
    await this.open(`${this.width < 1024 ? '.con-menu' : '.con-row'} a[href="${href}"]`);
  }
  async says(pattern, what) {
    const text = await this.page.locator('main').innerText();
    check(pattern.test(text), `${what ?? 'the page'} does not say ${pattern}: ${this.page.url()}: ${text.slice(0, 600)}`);
  }
  async look(name) {
    check((await this.page.getAttribute('html', 'lang')) === this.lang, `${name}: in ${await this.page.getAttribute('html', 'lang')}`);
    const wide = await this.page.locator('html').evaluate((e) => e.scrollWidth);
    check(wide <= this.width, `${name}: ${wide} px wide at ${this.width}`);
    await picture(this.page, { path: path.join(shots, `${name}-${this.lang}-${this.width}.png`), fullPage: true });
    if (!(await isNew(this.page))) return;
    const window_ = await browser.newContext({ viewport: { width: this.width, height: 900 }, reducedMotion: 'reduce' }), page = await window_.newPage();
    await page.setContent(await this.page.content().then((html) => html.replace('<head>', `<head><base href="${demo.url}/">`)), { waitUntil: 'load' });
    await judge(page, name);
    await window_.close();
  }
  async leave() { await this.context.close(); }
}
const lines = (event, more = () => true) => demo.audit().filter((l) => l.event === event && more(l));

for (const way of ways)
  await test(`J9: what an admin drafts a second person publishes, and it is taken back, ${way.lang}`, async () => {
    const eemeli = await Someone.ofOulu('eemeli', { lang: 'fi' }), tile = 'main a[href="/open/sammal"], main form[action^="/open/sammal"]';
    check(await eemeli.page.locator(tile).count() === 0, 'Sammal is open already');

    const helmi = await Someone.admin('helmi', way);
    await helmi.look('j9-home');
    await helmi.place('/admin/rights');
    await helmi.type('#q', 'sammal');
    await helmi.open('.filter button');
    await helmi.look('j9-matrix');
    await helmi.open('a[href="/admin/rights/sammal?col=0"]');
    await helmi.look('j9-cell');
    await helmi.open('main a[href^="/admin/policy/new"]');
    await helmi.look('j9-new');
    await helmi.type('#name', `Sammal ${way.lang}`);
    await helmi.type('#why', 'Rehtorikokous 3.11.');
    await helmi.open('button[name=act][value=keep]');
    await helmi.look('j9-draft');
    const draft = new URL(helmi.page.url()).pathname;
    check(/^\/admin\/drafts\/\d+$/.test(draft), `the draft is at ${draft}`);
    await helmi.open('button[name=act][value=propose]');
    await helmi.look('j9-proposed');
    check(await helmi.page.locator('button[name=act][value=approve]').count() === 0, 'one\'s own draft can be published');

    const heikki = await Someone.admin('heikki', way);
    await heikki.look('j9-home-waits');
    await heikki.open(`.todo a[href="${draft}"]`);
    await heikki.look('j9-decide');
    check(Number((await heikki.page.locator('.fig strong').first().innerText())) >= 1, `who gains: ${await heikki.page.locator('.fig').allInnerTexts()}`);
    await eemeli.page.goto(`${demo.url}/`);
    check(await eemeli.page.locator(tile).count() === 0, 'a draft is in force');
    await heikki.open('button[name=act][value=approve]');
    await heikki.look('j9-published');
    await until('the learner has it', async () => { await eemeli.page.goto(`${demo.url}/`); return await eemeli.page.locator(tile).count() === 1; }, 60000);

    await helmi.page.goto(`${demo.url}/admin`);
    await helmi.place('/admin/rights');
    await helmi.open('.sub a[href="/admin/history"]');
    await helmi.look('j9-history');
    await helmi.open('.vers li.now a');
    await helmi.look('j9-version');
    await helmi.unfold('.fold > summary');
    await helmi.type('.fold [name=why]', 'Liian aikaisin');
    await helmi.open('.fold button.b');
    await helmi.look('j9-undone');
    await until('the learner has it no more', async () => { await eemeli.page.goto(`${demo.url}/`); return await eemeli.page.locator(tile).count() === 0; }, 60000);

    // Whoever is denied is told why, and whom to ask, in their own language.
    const noora = await Someone.ofOulu('noora', way);
    await noora.page.goto(`${demo.url}/open/sammal`);
    await noora.look('j9-denied');
    await noora.says(way.lang === 'fi' ? /Sammal Asiointi ei ole käytettävissäsi/ : /Sammal Services is not/, 'the refusal');
    await noora.says(/Oulu/, 'whom to ask');
    for (const who of [eemeli, helmi, heikki, noora]) await who.leave();
  });

for (const way of ways)
  await test(`J7: a principal opens what the municipality left to the school, and hands on an office until a day, ${way.lang}`, async () => {
    const eemeli = await Someone.ofOulu('eemeli', { lang: 'fi' }), tile = 'main a[href="/open/valo"]';
    const reijo = await Someone.admin('reijo', way);
    await reijo.look('j7-home');
    // 1 the own school's services and roles; 3 what is not left is not offered
    await reijo.place('/admin/rights');
    await reijo.look('j7-matrix');
    await reijo.place('/admin/school');
    await reijo.look('j7-left');
    check(await reijo.page.locator('main tbody a').count() === 1, 'more is left to the school than was left');
    await reijo.open('main a[href="/admin/school/valo"]');
    await reijo.look('j7-service');
    const was = await reijo.page.locator('[name=who_0]').isChecked(), send = async (on, why) => { await reijo.tick('[name=who_0]', on); await reijo.type('#why', why); await reijo.open('main form .acts button.b'); };
    check(was && await eemeli.page.locator(tile).count() === 1, 'Valo is not open to begin with');
    await send(false, 'Ei tässä jaksossa');
    await reijo.look('j7-closed');
    await until('the learner has it no more', async () => { await eemeli.page.goto(`${demo.url}/`); return await eemeli.page.locator(tile).count() === 0; }, 60000);
    // 2 opened
    await reijo.page.goto(`${demo.url}/admin/school/valo`);
    await send(true, 'Uusi jakso alkaa');
    await reijo.look('j7-opened');
    await until('the learner has it', async () => { await eemeli.page.goto(`${demo.url}/`); return await eemeli.page.locator(tile).count() === 1; }, 60000);
    await reijo.page.goto(`${demo.url}/admin/school/pihka`);
    check(await reijo.page.locator('main form').count() === 0, 'a form for what is not left');
    // 4 delegated, with an end
    await reijo.place('/admin/admins');
    await reijo.look('j7-admins');
    await reijo.open('main a[href="/admin/give"]');
    await reijo.choose('role', 'secretary');
    const user = `sihteeri-${way.lang}`;
    await reijo.type('#user', user);
    await reijo.to('#to');
    await reijo.page.keyboard.type('06062027'); // in whichever order the browser asks
    check(await reijo.page.inputValue('#to') === '2027-06-06', `the end is ${await reijo.page.inputValue('#to')}`);
    await reijo.type('#why', 'Sijaisten kulkuluvat');
    await reijo.look('j7-give');
    await reijo.open('form[action="/admin/give"] .acts button.b');
    await reijo.look('j7-given');
    // 5 both are in the log that its reader reads
    const liisa = await Someone.admin('liisa', way);
    await liisa.place('/admin/log');
    await liisa.pick('#event', way.lang === 'fi' ? 'Muutos' : 'Change');
    await liisa.open('form[action="/admin/log"] .acts button.b');
    await liisa.look('j7-log');
    for (const [why, area] of [['Uusi jakso alkaa', 'oulu/'], ['Sijaisten kulkuluvat', 'oulu/']]) {
      const line = await until('the line of the change', () => lines('change', (l) => l.why === why).at(-1));
      check(line.area.startsWith(area) && line.acting_as === 'principal' && line.maker === 'console', JSON.stringify(line));
      check(await liisa.page.locator(`tbody tr:has-text("${line.n}")`).count() > 0, `the log shows no line ${line.n}`);
    }
    for (const who of [eemeli, reijo, liisa]) await who.leave();
  });

/* --- J6: a substitute for a day ------------------------------------------------------------------------------------ */

// Finland's hour, wherever the machine stands: "29.11.2026" and "16.05".
function inFinland(ms) {
  const part = Object.fromEntries(new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Helsinki', day: 'numeric', month: 'numeric', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(ms).map((p) => [p.type, p.value]));
  return { day: `${Number(part.day)}.${Number(part.month)}.${part.year}`, at: `${Number(part.hour)}.${part.minute}` };
}
// Both wait for their minute beside each other.
await Promise.all(ways.map((way) =>
  test(`J6: a substitute's pass is a person's own, opens what substitutes open, and ends by itself, ${way.lang}`, async () => {
    const kaisa = await Someone.admin('kaisa', way);
    await kaisa.place('/admin/passes');
    await kaisa.look('j6-passes');
    const give = async (fields) => {
      for (const [id, text] of Object.entries(fields)) await kaisa.type(`#${id}`, text);
      await kaisa.open('form[action="/admin/passes"] .acts button.b');
    };
    // 5 no shared accounts: whoever they are handed to, nobody would know who it was
    const begin = inFinland(Date.now() - 3600e3), end = Date.now() + 150e3, last = inFinland(end);
    await give({ given: 'Sijainen', family: '1', from: begin.day, from_at: begin.at, to: last.day, to_at: last.at, why: 'Sairausloma' });
    await kaisa.look('j6-shared');
    check(await kaisa.page.locator('.note.bad').count() === 1, 'a shared account was given');
    // 1 a person's own
    await give({ given: 'Siiri', family: 'Testi-Vieras' });
    await kaisa.look('j6-given');
    const [username, secret, address] = await kaisa.page.locator('.note.good dd').allInnerTexts();
    check(address === `${demo.url}/school/oulu-sijaiset`, `where to sign in: ${address}`);
    // 2, 3 as a substitute, with what substitutes open
    const siiri = await Someone.come(way);
    await until('the pass is live', async () => {
      await siiri.page.goto(address);
      await siiri.type('#username', username);
      await siiri.type('#password', secret);
      await siiri.open('#local .acts button.b');
      return siiri.page.url() === `${demo.url}/`;
    }, 10000);
    await siiri.look('j6-launcher');
    const tiles = await siiri.page.locator('main a[href^="/open/"]').evaluateAll((all) => [...new Set(all.map((a) => a.getAttribute('href')))].sort());
    check(tiles.join() === '/open/havu,/open/jakala,/open/lampi', `the tiles: ${tiles}`);
    check(lines('login').some((l) => l.idp === 'oulu-sijaiset' && Date.now() - Date.parse(l.at) < 60e3), 'who came in is not in the log');
    // 4 at its end a session that is open loses what it had, within a minute
    await until('the pass is over', async () => { await siiri.page.goto(`${demo.url}/`); return siiri.page.url().includes('/sign-in') || await siiri.page.locator('main a[href^="/open/"]').count() === 0; }, end - Date.now() + 60e3 + 60e3);
    const late = Date.now() - Math.floor(end / 60e3) * 60e3;
    check(late > -5e3 && late < 65e3, `the pass ended ${late} ms after its minute`);
    await siiri.look('j6-over');
    await kaisa.page.goto(`${demo.url}/admin/passes`);
    await kaisa.look('j6-passes-over');
    for (const who of [kaisa, siiri]) await who.leave();
  })));

/* --- J10: the national operator ------------------------------------------------------------------------------------- */

for (const way of ways)
  await test(`J10: an identity provider is tried, switched off and on, and no other is touched, ${way.lang}`, async () => {
    const vesa = await Someone.come({ lang: 'fi' }), olavi = await Someone.admin('olavi', way);
    await olavi.look('j10-home');
    await olavi.place('/admin/idps');
    await olavi.look('j10-idps');
    const at = `${demo.url}/admin/idps/oulu`, logins = lines('login').length;
    await olavi.open('main a[href="/admin/idps/oulu"]');
    await olavi.look('j10-idp');
    // 1, 2 a dry run: what came, and what was made of it
    await olavi.open('main a[href="/admin/tryout/oulu"]');
    await olavi.look('j10-try');
    await olavi.open('form[action="/admin/tryout/oulu"] .acts button.b');
    await until('the city asks who it is', () => olavi.page.url().startsWith(demo.at('oulu', 1)), 20000);
    await olavi.password('conor');
    await until('the trial is over', () => olavi.page.url().startsWith(`${demo.url}/admin/tryout/oulu`), 20000);
    await olavi.look('j10-tried');
    await olavi.says(/O'Testi/, 'what came');
    await olavi.says(way.lang === 'fi' ? /Koulusihteeri/ : /Secretary/i, 'what was made of it');
    const words = await olavi.page.locator('main').innerText();
    check(!/\d{6}[-+A]\d{3}[0-9A-Y]/.test(words), 'an identity code is shown'); // 5
    check(lines('login').length === logins, 'a trial signed somebody in');
    // 4 off, with a reason; another city's people come in all the while
    await olavi.page.goto(at.replace('oulu', 'turku'));
    await olavi.unfold('details.fold > summary');
    await olavi.type('.fold [name=why]', 'Häiriö kaupungissa');
    await olavi.open('button[name=act][value=disable]');
    await olavi.look('j10-off');
    await until('turku is off', async () => { await vesa.page.goto(`${demo.url}/`); return await vesa.page.locator('button[name=idp][value=turku]').count() === 0; }, 10000);
    await vesa.open('button[name=idp][value=vantaa]');
    await vesa.password('vesa');
    await vesa.page.waitForURL(`${demo.url}/`);
    await olavi.page.goto(at.replace('oulu', 'turku'));
    await olavi.type('[name=why]', 'Häiriö on ohi');
    await olavi.open('button[name=act][value=enable]');
    await olavi.look('j10-on');
    const line = await until('the line of the change', () => lines('change', (l) => l.why === 'Häiriö on ohi').at(-1));
    check(line.acting_as === 'operator' && line.maker === 'console', JSON.stringify(line));
    // The operator works by support code, city and service, and looks nobody up.
    check((await olavi.page.goto(`${demo.url}/admin/people`)).status() === 404, 'an operator looks people up');
    for (const who of [vesa, olavi]) await who.leave();
  });

await test('J10: while a signing key rolls two are published, and nobody who signs in notices', async () => {
  const keys = async () => (await (await fetch(`http://127.0.0.1:${demo.port}/oidc/jwks`, { headers: { Host: `localhost:${demo.port}` } })).json()).keys.filter((k) => k.alg === 'ES256').map((k) => k.kid);
  const before = await keys(), config = path.join(demo.state, 'gateway/digione.yaml');
  const made = spawnSync(program, ['keys', 'create', '-c', config, '--use', 'oidc', '--alg', 'ES256', '--after', '3600'], { encoding: 'utf8' });
  check(made.status === 0, made.stdout + made.stderr);
  const after = await until('both are published', async () => { const all = await keys(); return all.length === before.length + 1 && all; }, 10000);
  check(before.every((kid) => after.includes(kid)), `the key before is gone: ${after}`);
  const aino = await Someone.ofOulu('aino', { lang: 'fi' });
  await aino.page.goto(`${demo.url}/open/kanerva`);
  await until('she is in a service', () => aino.page.url().startsWith('http://kanerva.'), 20000);
  await aino.leave();
});

/* --- J11: whoever looks into an incident --------------------------------------------------------------------------- */

for (const way of ways)
  await test(`J11: a person is looked for with a reason, their sessions end, and what was told of them is a file, ${way.lang}`, async () => {
    const eemeli = await Someone.ofOulu('eemeli', { lang: 'fi' }), ande = await Someone.ofOulu('ande', { lang: 'fi' });
    const opened = lines('login').length;
    // What he has opened was told to its service; what he has not is refused, with a code for whoever helps.
    await eemeli.page.goto(`${demo.url}/open/kuusi`);
    await until('he is in a service', () => eemeli.page.url().startsWith('http://kuusi.'), 20000);
    await eemeli.page.goto(`${demo.url}/open/paivakirja`);
    const code = lines('refused').at(-1).support_code;

    const helmi = await Someone.admin('helmi', way);
    await helmi.place('/admin/people');
    await helmi.look('j11-search');
    const search = async () => helmi.open('main form[action="/admin/people"] .acts button.b');
    // 1 nobody is looked at without a reason
    await helmi.type('#q', code);
    await search();
    await helmi.look('j11-no-reason');
    check(await helmi.page.locator('.note.bad').count() === 1 && !helmi.page.url().includes('look='), 'somebody was looked at without a reason');
    await helmi.choose('reason', 'incident');
    await helmi.type('#why', 'Tabletti katosi');
    await search();
    await helmi.look('j11-person');
    const looked = await until('the look is in the log', () => lines('console', (l) => l.reason === 'find' && l.why === 'incident: Tabletti katosi').at(-1));
    check(/^person [0-9a-f]{64}$/.test(looked.row), JSON.stringify(looked));
    // 3 what was told, to whom and when, as a file
    await helmi.to('main a[href^="/admin/person/disclosures"]');
    const [file] = await Promise.all([helmi.page.waitForEvent('download'), helmi.page.keyboard.press('Enter')]);
    const told = fs.readFileSync(await file.path(), 'utf8');
    check(/kuusi/.test(told) && /given_name|calling_name/.test(told) && !/Eemeli|Testi-Otso|8564020002/.test(told), `what was told: ${told.slice(0, 400)}`);
    // 2 all sessions of the person end within ten seconds, and nobody else's
    await helmi.unfold('#end > summary');
    await helmi.type('#end [name=why]', 'Tabletti katosi');
    const pressed = Date.now();
    await helmi.open('#end button.red');
    await helmi.look('j11-ended');
    await until('he is out', async () => { await eemeli.page.goto(`${demo.url}/`); return eemeli.page.url().includes('/sign-in'); }, 10000 - (Date.now() - pressed));
    await ande.page.goto(`${demo.url}/`);
    check(ande.page.url() === `${demo.url}/`, 'somebody else was signed out');
    check(lines('console', (l) => l.reason === 'end_sessions').at(-1).row === looked.row && lines('login').length >= opened, 'whose sessions ended is not in the log');
    for (const who of [eemeli, ande, helmi]) await who.leave();
  });

// Of a log that rests: a copy of one that is written to misses what is replaced meanwhile.
await browser.close();
await demo.stop();
await test('J11: the chain of the log holds, and a line that was changed is found', async () => {
  const state = path.join(demo.state, 'gateway/state'), top = fs.mkdtempSync(path.join(os.tmpdir(), 'audit-')), copy = path.join(top, 'audit');
  const verify = (folder) => spawnSync(program, ['audit', 'verify', folder], { encoding: 'utf8' });
  for (const folder of ['audit', 'keys']) fs.cpSync(path.join(state, folder), path.join(top, folder), { recursive: true });
  const good = verify(copy);
  check(good.status === 0, `${good.stdout}${good.stderr}`);
  const name = path.join(copy, fs.readdirSync(copy).filter((f) => /^audit-.*jsonl$/.test(f)).sort()[0]), text = fs.readFileSync(name, 'utf8').split('\n');
  const n = text.findIndex((l) => l.includes('"reason":"find"'));
  text[n] = text[n].replace('"find"', '"view"');
  fs.writeFileSync(name, text.join('\n'));
  const bad = verify(copy);
  check(bad.status === 1 && new RegExp(`${JSON.parse(text[n]).n}`).test(bad.stdout + bad.stderr), `a changed line ${JSON.parse(text[n]).n} is not named: ${bad.status} ${bad.stdout}${bad.stderr}`);
  fs.rmSync(top, { recursive: true });
});

await finish();
