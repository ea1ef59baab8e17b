// SPDX-License-Identifier: EUPL-1.2
// A vendor's people and how they sign in [issue of the vendor portal, 1]: password, app for codes and passkeys changed by whom they
// are; an account recovered by an owner; several organisations of one person.  What is changed ends other sessions, and a letter
// tells of it.  And passkeys of who administers by an account of our own.
//   node vendor_people.mjs PATH-OF-DIGIONE
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Agent, forms, text } from '../e2e/agent.mjs';
import { Gateway, check, finish, folder, freePort, root, test, until } from '../e2e/gateway.mjs';
import { MailServer, certificate, read } from '../e2e/smtp.mjs';
import { OutsideIdp } from '../e2e/outside_idp.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/vendor-people-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const dir = folder('vendor-people-mail');
fs.chmodSync(dir, 0o755);
const own = certificate(dir, 'mail.localhost');
const server = await new MailServer({ mode: 'starttls', secure: own }).listen();
const outside = await new OutsideIdp().listen();
const password = 'salasana-salasana';
const organisation = (id, business, name) => `  - { id: ${id}, business_id: ${business}, name: { fi: ${name} }, contact_technology: tekniikka@${id}.example, contact_privacy: p@${id}.example, contact_incidents: i@${id}.example }\n`;
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat } }
${outside.row('koti', 'Koti-ID', 'vendors: true, listed: false')}${outside.row('kaupunki', 'Kaupungin tunnistus', 'provider: oulu, role: teacher')}organisations:
${organisation('kinos', '1572860-0', 'Kinos Oy')}${organisation('tuisku', '2345678-0', 'Tuisku Oy')}services:
  - { id: kinos-hanki, protocol: link, vendor: kinos, name: { fi: Hanki }, launch_uri: "https://hanki.example/" }
incidents:
  - { id: ohi, service: kinos-hanki, says: { fi: Vanha vika, sv: Gammalt fel, en: An old fault }, from: "2026-01-02T08:00:00Z", until: "2026-01-03T08:00:00Z" }
  - { id: jatkuu, service: kinos-hanki, says: { fi: Uusi vika, sv: Nytt fel, en: A new fault }, from: "2026-01-04T08:00:00Z" }
  - { id: kohta, service: kinos-hanki, says: { fi: Hetken vika, sv: Kort fel, en: A short fault }, from: "2026-01-05T08:00:00Z", until: "${new Date(Date.now() + 45000).toISOString().slice(0, 19)}Z" }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
`;
const g = await new Gateway(program, { name: 'vendor-people', port: await freePort(), registry, settings: { support: 'tuki@digione.example', smtp: `starttls://mail.localhost:${server.port}`, smtp_from: 'portti@digione.example', ca_file: own.file } }).start();
const browser = await launch();

/* --- people ------------------------------------------------------------------------------------------------------ */

function codeOf(seed, step = Math.floor(Date.now() / 30000)) {
  let bits = '';
  for (const c of seed) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const part = (page, id) => text(new RegExp(`id="${id}"[^>]*>([\\s\\S]*?)</(?:p|ol)>`).exec(page.text)?.[1] ?? '');
const papersOf = (page) => [...page.text.matchAll(/<li><code>([^<]*)<\/code>/g)].map((m) => m[1]);
const linkIn = (s) => /https?:\/\/[^\s<]+\/vendor\/invite\/[\w-]+/.exec(s)?.[0];
const untilMail = (to, says) => until(`a mail to ${to} that says ${says}`, () => server.mails.map((m) => ({ to: m.to, ...read(m.raw) })).find((m) => m.to.includes(to) && says.test(m.text)));
const letters = (to, says) => server.mails.map((m) => ({ to: m.to, ...read(m.raw) })).filter((m) => m.to.includes(to) && says.test(m.text)).length;

const wayTo = (page, idp) => {
  const at = [...page.text.matchAll(/href="(\/vendor\/enter\?[^"]*)"/g)].map((m) => m[1].replaceAll('&amp;', '&')).find((href) => new URLSearchParams(href.split('?')[1]).get('idp') === idp);
  check(at, `no way by ${idp}: ${page.url} ${text(page.text).slice(0, 300)}`);
  return g.url + at;
};
// The portal's entry page goes on by itself in a browser; here by hand.
async function open(agent, at) {
  const page = await agent.get(g.url + at);
  return page.url.includes('/vendor/enter') ? agent.get(g.url + at) : page;
}
async function toForm(agent, at = '/vendor') {
  const chosen = await agent.get(g.url + at);
  const page = await agent.get(wayTo(chosen, 'vendors'));
  check(/\/sign-in\/local/.test(page.url), `no form: ${page.url}`);
  return page;
}
async function signIn(who, { secret = who.password, code } = {}) {
  const agent = new Agent(), form = await toForm(agent), paper = code ?? who.papers.pop();
  check(paper, `${who.username} has no recovery code left`);
  const answer = await agent.submit(form, { username: who.username, password: secret, code: paper }, (f) => 'password' in f.fields);
  agent.in = answer.url.includes('/vendor/enter');
  if (!agent.in && code === undefined) who.papers.unshift(paper); // a sign-in uses one up, and a refusal none
  if (agent.in) agent.home = await agent.get(`${g.url}/vendor`);
  return agent;
}
const isIn = async (agent) => /\/vendor$/.test((await open(agent, '/vendor')).url);
async function accept(link, who) {
  const agent = new Agent(), page = await agent.get(link);
  check(page.status === 200, `the invitation is not there: ${text(page.text)}`);
  const seed = part(page, 'seed');
  const done = await agent.submit(page, { given_names: who.given, family_name: who.family, username: who.username, password: who.password, code: codeOf(seed) }, (f) => 'seal' in f.fields);
  check(done.status === 200 && papersOf(done).length === 10, `no account: ${text(done.text)}`);
  return { ...who, seed, papers: papersOf(done) };
}
const act = (agent, page, fields, has = fields.act) => agent.submit(page, fields, (f) => f.buttons.some((b) => b.value === has));
async function operator() {
  const agent = new Agent();
  let page = await agent.get(`${g.url}/admin/vendors`);
  page = await agent.get(`${g.url}/sign-in/local?login=${new URL(page.url).searchParams.get('login')}&idp=operators`);
  await agent.submit(page, { username: 'riikka', password }, (f) => 'password' in f.fields);
  return agent;
}
async function asInvited(inviter, fields, at = '/vendor/people') {
  const answer = await act(inviter, await inviter.get(g.url + at), { act: 'invite', ...fields }, 'invite');
  check(answer.status === 200, text(answer.text));
  return fields.email ? linkIn((await untilMail(fields.email, /\/vendor\/invite\//)).text) : part(answer, 'link');
}
async function visitor(agent, { width = 1280, dark = false, lang = 'fi-FI' } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', colorScheme: dark ? 'dark' : 'light' });
  for (const [host, jar] of agent?.jar ?? []) await context.addCookies([...jar].map(([name, c]) => ({ name, value: c.value, domain: host, path: c.path })));
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  return { context, page };
}
// One page at 320 and 1280 px, dark and light, in three languages, and axe.
async function looks(agent, at, name) {
  for (const [width, dark, lang] of [[320, true, 'fi-FI'], [320, false, 'sv-FI'], [1280, false, 'en-GB']]) {
    const { context, page } = await visitor(agent, { width, dark, lang });
    check((await page.goto(at.startsWith('http') ? at : g.url + at)).status() === 200, `${name}: ${page.url()}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `${name}: ${wide} px wide at ${width}`);
    await picture(page, { path: path.join(shots, `${name}-${width}-${lang}.png`), fullPage: true });
    await axeFindsNothing(page, `${name} ${width}`);
    await context.close();
  }
}

const riikka = await operator();
await riikka.get(`${g.url}/admin/vendors`);
let vera = await accept(await asInvited(riikka, { id: 'kinos', email: 'vera@kinos.example' }, '/admin/vendors'), { given: 'Vera', family: 'Tuisku', username: 'vera', password: 'pitkä lause on parempi' });
const veraIn = await signIn(vera);
check(veraIn.in, 'the owner is not in');
let ville = await accept(await asInvited(veraIn, { role: 'developer', note: 'Ville', email: '' }), { given: 'Ville', family: 'Kehittäjä', username: 'ville', password: 'toinen pitkä lause' });

/* --- one's own ---------------------------------------------------------------------------------------------------- */

const account = (agent) => agent.get(`${g.url}/vendor/account`);
const hidden = (page, at) => forms(page.text).find((f) => f.action === at && f.fields.org)?.fields;

await test('a password is changed by whoever knows it; other sessions end, and a letter says so', async () => {
  const other = await signIn(vera), here = await signIn(vera);
  for (const [fields, says] of [[{ old: '', password: 'uusi pitkä lause on tässä' }, /Nykyinen salasana: /], [{ old: 'arvaus arvaus arvaus', password: 'uusi pitkä lause on tässä' }, /Salasana ei ole tämä/], [{ old: vera.password, password: 'lyhyt' }, /Vähintään 12 merkkiä/]]) {
    const refused = await act(here, await account(here), { act: 'password', ...fields }, 'password');
    check(refused.status === 400 && says.test(text(refused.text)), `${JSON.stringify(fields)}: ${refused.status} ${text(refused.text).slice(0, 400)}`);
    check(!refused.text.includes(vera.password) && !refused.text.includes('arvaus'), 'a password is in the page');
  }
  check((await isIn(other)) && letters('vera@kinos.example', /salasana vaihtui/) === 0, 'what was refused ended something, or was told of');
  const done = await act(here, await account(here), { act: 'password', old: vera.password, password: 'uusi pitkä lause on tässä' }, 'password');
  check(done.status === 200 && /Salasana on vaihdettu/.test(text(done.text)), text(done.text));
  check(await isIn(here), 'whoever changed it is out');
  check(!await isIn(other), 'another session goes on');
  await untilMail('vera@kinos.example', /salasana vaihtui/);
  check(!(await signIn(vera)).in, 'the old password opens');
  vera = { ...vera, password: 'uusi pitkä lause on tässä' };
  await until('the new one opens', async () => (await signIn(vera)).in);
});

await test('guesses at the own password have a budget of the account\'s', async () => {
  const agent = await signIn(ville), guess = async () => (await act(agent, await account(agent), { act: 'password', old: `arvaus ${crypto.randomUUID()}`, password: 'uusi pitkä lause on tässä' }, 'password')).status;
  const statuses = [];
  for (let i = 0; i < 11; i++) statuses.push(await guess());
  check(statuses.slice(0, 10).every((s) => s === 400) && statuses[10] === 429, statuses.join());
  const right = await act(agent, await account(agent), { act: 'password', old: ville.password, password: 'uusi pitkä lause on tässä' }, 'password');
  check(right.status === 429, `beyond the budget a right one is heard: ${right.status}`);
});

await test('the app for codes is changed: a code of the new one and the password; the old one is good no more', async () => {
  const other = await signIn(vera), here = await signIn(vera), page = await account(here);
  const seed = part(page, 'seed');
  for (const fields of [{ code: '000000', old: vera.password }, { code: codeOf(seed), old: 'arvaus arvaus arvaus' }]) {
    const refused = await act(here, page, { act: 'app', ...fields }, 'app');
    check(refused.status === 400 && part(refused, 'seed') === seed, `${refused.status}: a mistake costs a second telephone`);
  }
  const used = codeOf(seed);
  const done = await act(here, page, { act: 'app', code: used, old: vera.password }, 'app');
  check(done.status === 200 && /sovellus on vaihdettu/.test(text(done.text)), text(done.text));
  check(!await isIn(other) && await isIn(here), 'sessions');
  await untilMail('vera@kinos.example', /kertakoodien sovellus vaihtui/);
  check(!(await signIn(vera, { code: codeOf(vera.seed, Math.floor(Date.now() / 30000) + 1) })).in, 'a code of the old app opens');
  check(!(await signIn(vera, { code: used })).in, 'a code that made the app known is good twice');
  vera = { ...vera, seed };
  await until('a code of the new app opens', async () => (await signIn(vera, { code: codeOf(seed, Math.floor(Date.now() / 30000) + 1) })).in);
});

await test('the seed of an app is nobody else\'s: a seal of another session begins anew', async () => {
  const a = await signIn(vera), b = await signIn(ville), page = await account(a);
  const form = forms(page.text).find((f) => f.buttons.some((x) => x.value === 'app'));
  const refused = await act(b, await account(b), { act: 'app', seal: form.fields.seal, code: codeOf(part(page, 'seed')), old: ville.password }, 'app');
  check(refused.status === 400 && part(refused, 'seed') !== part(page, 'seed'), `${refused.status}`);
});

await test('recovery codes made anew and passkeys added and removed end other sessions, and are told of', async () => {
  const other = await signIn(vera), here = await signIn(vera);
  const made = await act(here, await account(here), { act: 'papers' });
  vera = { ...vera, papers: papersOf(made) };
  check(vera.papers.length === 10 && !await isIn(other) && await isIn(here), `${made.status} ${vera.papers.length}`);
  await untilMail('vera@kinos.example', /varakoodit tehtiin uudelleen/);
  const again = await signIn(vera);
  const { context, page } = await visitor(here);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(`${g.url}/vendor/account`);
  await page.fill('#name', 'Kone');
  await page.click('[data-go]');
  await until('the passkey is listed', async () => /Kone/.test(await page.textContent('main')));
  check(!await isIn(again), 'another session outlives a new passkey');
  await untilMail('vera@kinos.example', /pääsyavain lisättiin/);
  await page.click('[value=remove]');
  await until('it is gone', async () => /Pääsyavain on poistettu/.test(await page.textContent('main')));
  await untilMail('vera@kinos.example', /pääsyavain poistettiin/);
  await context.close();
});

/* --- addresses of the organisation -------------------------------------------------------------------------------------- */

const contactLink = (s) => /https?:\/\/[^\s<]+\/vendor\/contact\/[\w-]+/.exec(s)?.[0];
const ofContact = (page, what) => text(new RegExp(`<li><b>${what}</b>([\\s\\S]*?)</li>`).exec(/<ul class="lines" id="contacts">[\s\S]*?<\/ul>/.exec(page.text)[0])?.[1] ?? '');
const organisationPage = (agent) => agent.get(`${g.url}/vendor/organisation`);

await test('an address of the organisation is verified by the link that was sent there, once, by a button; opening it alone does nothing', async () => {
  const agent = await signIn(vera), page = await organisationPage(agent);
  check(/Ei vahvistettu: tähän ei lähetetä/.test(ofContact(page, 'Tekninen yhteys')) && /Vahvista yhteystiedot/.test(text((await agent.get(`${g.url}/vendor`)).text)), ofContact(page, 'Tekninen yhteys'));
  const asks = (contact) => async () => agent.submit(await organisationPage(agent), { act: 'verify' }, (f) => f.fields.contact === contact);
  const sent = await asks('technology')();
  check(sent.status === 200 && /Vahvistuslinkki on lähetetty/.test(text(sent.text)), text(sent.text).slice(0, 300));
  const link = contactLink((await untilMail('tekniikka@kinos.example', /\/vendor\/contact\//)).text), stranger = new Agent();
  const shown = await stranger.get(link);
  check(shown.status === 200 && /tekniikka@kinos\.example/.test(shown.text), `${shown.status}`);
  check(/Ei vahvistettu/.test(ofContact(await organisationPage(agent), 'Tekninen yhteys')), 'opening it was enough');
  check((await stranger.once('POST', link, { form: {}, headers: { Origin: 'https://evil.example' } })).status === 403, 'from another site');
  await looks(new Agent(), link, 'contact');
  const done = await stranger.submit(shown, {}, (f) => /contact/.test(f.action));
  check(done.status === 200 && /Osoite on vahvistettu/.test(text(done.text)), `${done.status}`);
  check((await stranger.get(link)).status === 404 && (await stranger.get(`${g.url}/vendor/contact/none`)).status === 404, 'it is good twice');
  check(ofContact(await organisationPage(agent), 'Tekninen yhteys').includes('Vahvistettu') && /Ei vahvistettu/.test(ofContact(await organisationPage(agent), 'Tietosuoja')), 'the page');
  await looks(agent, '/vendor/organisation', 'organisation');
});

await test('an address that is changed is to be verified again; the former receives until then, and its link is good no more', async () => {
  const agent = await signIn(vera), form = (f) => 'business_id' in f.fields;
  const change = async (technology) => agent.submit(await organisationPage(agent), { technology }, form);
  const first = await change('eka@kinos.example');
  check(/Vahvistuslinkki on lähetetty/.test(text(first.text)) && /menevät vielä osoitteeseen tekniikka@kinos\.example/.test(ofContact(first, 'Tekninen yhteys')), `${first.status} ${ofContact(first, 'Tekninen yhteys')}`);
  const old = contactLink((await untilMail('eka@kinos.example', /\/vendor\/contact\//)).text);
  await change('toka@kinos.example');
  const link = contactLink((await untilMail('toka@kinos.example', /\/vendor\/contact\//)).text);
  check((await new Agent().get(old)).status === 404, 'the address of before is verified by its link');
  const reader = await signIn(ville);
  check(!forms((await organisationPage(reader)).text).some((f) => f.fields.contact), 'a developer is offered it');
  const his = hidden(await reader.get(`${g.url}/vendor/account`), '/vendor/account');
  check((await reader.go('POST', `${g.url}/vendor/organisation`, { form: { ...his, act: 'verify', contact: 'privacy' } })).status === 404, 'a developer');
  const other = new Agent();
  await other.submit(await other.get(link), {}, (f) => /contact/.test(f.action));
  check(/toka@kinos\.example Vahvistettu/.test(ofContact(await organisationPage(agent), 'Tekninen yhteys')), ofContact(await organisationPage(agent), 'Tekninen yhteys'));
});

/* --- recovered by an owner ------------------------------------------------------------------------------------------ */

const rowOf = (page, name) => forms(page.text).find((f) => f.buttons.some((b) => b.value === 'recover' && b.text.includes(name)));
async function recovery(owner, name) {
  const page = await owner.get(`${g.url}/vendor/people`), form = rowOf(page, name);
  check(form, `${name} cannot be recovered`);
  return owner.submit(page, { act: 'recover' }, (f) => f.fields.id === form.fields.id && f.buttons.some((b) => b.value === 'recover'));
}

await test('an owner lets a member in anew: a new password and app by a link that is good once; sessions and passkeys end', async () => {
  const villeIn = await signIn(ville), owner = await signIn(vera);
  const first = part(await recovery(owner, 'Ville'), 'link'), link = part(await recovery(owner, 'Ville'), 'link');
  check(linkIn(link) === link && (await new Agent().get(first)).status === 404, 'two links of one account are good');
  await looks(null, link, 'recovery');
  const agent = new Agent(), page = await agent.get(link), seed = part(page, 'seed');
  check(/ville/.test(text(page.text)) && !/name="given_names"/.test(page.text), 'whose it is');
  check((await agent.submit(page, { password: 'lyhyt', code: codeOf(seed) }, (f) => 'seal' in f.fields)).status === 400 && (await isIn(villeIn)), 'a short one');
  const done = await agent.submit(page, { password: 'kolmas pitkä lause', code: codeOf(seed) }, (f) => 'seal' in f.fields);
  check(done.status === 200 && /palautettu/.test(text(done.text)) && papersOf(done).length === 10, text(done.text));
  check((await new Agent().get(link)).status === 404, 'it is good twice');
  check(!await isIn(villeIn), 'the session of before goes on');
  check(!(await signIn(ville)).in, 'the old password and code open');
  ville = { ...ville, password: 'kolmas pitkä lause', papers: papersOf(done), seed };
  await until('the new ones open', async () => (await signIn(ville)).in);
  await untilMail('toka@kinos.example', /omistaja palautti tunnuksen/);
});

// Also in the very second in which the others of theirs were ended.
async function stays(who) {
  const agent = await signIn(who);
  check(agent.in && forms((await account(agent)).text).some((f) => f.action === '/vendor/account'), `${who.username} does not stay signed in`);
  return agent;
}

await test('nobody recovers themselves, nor who is of another organisation, nor is it a developer\'s to do', async () => {
  const owner = await stays(vera), developer = await stays(ville), page = await owner.get(`${g.url}/vendor/people`);
  check(!rowOf(page, 'Vera'), 'of oneself there is a button');
  const ids = [...page.text.matchAll(/name="id" value="([^"]+)"/g)].map((m) => m[1]), { csrf } = forms(page.text).find((f) => f.action === '/vendor/people').fields;
  for (const id of ['nobody', ...ids.map((i) => `${i}x`)]) { const r = await owner.go('POST', `${g.url}/vendor/people`, { form: { csrf, act: 'recover', id } }); check(r.status === 404, `${id}: ${r.status} ${text(r.text).slice(0, 300)}`); }
  const his = forms((await developer.get(`${g.url}/vendor/account`)).text).find((f) => f.action === '/vendor/account').fields;
  check((await developer.go('POST', `${g.url}/vendor/people`, { form: { ...his, act: 'recover', id: ids[0] } })).status === 404, 'a developer');
});

// A sign-in uses one up.
async function renewPapers() {
  const agent = await stays(vera);
  vera = { ...vera, papers: papersOf(await act(agent, await account(agent), { act: 'papers' })) };
  check(vera.papers.length === 10, `${vera.papers.length} new recovery codes`);
}
await renewPapers();

/* --- several organisations of one person ------------------------------------------------------------------------------ */

const toTuisku = async (fields) => asInvited(riikka, { id: 'tuisku', ...fields }, '/admin/vendors');
async function joins(agent, link) {
  const page = await agent.get(link);
  return agent.submit(page, { act: 'join' }, (f) => f.id === 'join');
}
const goes = (agent, page, to) => agent.submit(page, { to }, (f) => f.action === '/vendor/switch');
const peoplePage = (agent) => agent.get(`${g.url}/vendor/people`);
const scope = (page) => /<p class="scope">([^<]*)</.exec(page.text)?.[1];

await test('an invitation is accepted with the account that is there, by its person alone, once', async () => {
  const link = await toTuisku({ email: 'vera2@tuisku.example' }), stranger = new Agent();
  check(/\/vendor\/enter\?to=/.test((await stranger.get(link)).text), 'whoever has an account is not led to it');
  check((await stranger.go('POST', link, { form: { act: 'join' } })).status === 400, 'nobody joined');
  const agent = await signIn(vera);
  await looks(agent, link, 'join');
  const evil = await agent.once('POST', link, { form: { act: 'join' }, headers: { Origin: 'https://evil.example' } });
  check(evil.status === 403, `from another site: ${evil.status}`);
  const done = await joins(agent, link);
  check(done.status === 200 && scope(done) === 'Tuisku Oy', `${done.status} ${text(done.text).slice(0, 300)}`);
  check((await new Agent().get(link)).status === 404, 'it is good twice');
  const twice = await joins(await signIn(vera), await toTuisku({ email: 'vera3@tuisku.example' }));
  check(twice.status === 400 && /jo tässä organisaatiossa/.test(text(twice.text)), `${twice.status}`);
});

await test('each act is made in the organisation that its page names: two windows do not mix', async () => {
  const agent = await signIn(vera), kinos = await (async () => { const page = await agent.get(`${g.url}/vendor`); return scope(page) === 'Kinos Oy' ? page : goes(agent, page, 'kinos'); })();
  check(scope(kinos) === 'Kinos Oy', scope(kinos));
  const inKinos = await peoplePage(agent), tuisku = await goes(agent, inKinos, 'tuisku');
  check(scope(tuisku) === 'Tuisku Oy', `switched: ${scope(tuisku)}`);
  // The window of before still shows Kinos: what is pressed there is done there, and the page that answers says so.
  const invited = await act(agent, inKinos, { act: 'invite', role: 'reader', note: 'Lukija', email: '' }, 'invite');
  check(invited.status === 200 && scope(invited) === 'Kinos Oy', `${invited.status} ${scope(invited)}`);
  const token = part(invited, 'link');
  check(/Kinos Oy/.test(text((await new Agent().get(token)).text)), 'it was made elsewhere');
  const { csrf } = hidden(invited, '/vendor/people');
  for (const org of ['nobody', 'Kinos', '']) check((await agent.go('POST', `${g.url}/vendor/people`, { form: { csrf, org, act: 'invite', role: 'reader', note: 'x' } })).status === 404, `org ${org}`);
  check((await agent.go('POST', `${g.url}/vendor/switch`, { form: { csrf, org: 'kinos', to: 'nobody' } })).status === 404, 'switched to nobody');
  const his = await signIn(ville), form = hidden(await his.get(`${g.url}/vendor/account`), '/vendor/account');
  check((await his.go('POST', `${g.url}/vendor/account`, { form: { ...form, org: 'tuisku', act: 'papers' } })).status === 404, 'of an organisation that is not theirs');
  check((await his.go('POST', `${g.url}/vendor/switch`, { form: { ...form, to: 'tuisku' } })).status === 404, 'switched into one that is not theirs');
});

await test('an account of two organisations is recovered by no owner of one', async () => {
  const link = await asInvited(await (async () => { const a = await signIn(vera); const page = await a.get(`${g.url}/vendor`); if (scope(page) !== 'Tuisku Oy') await goes(a, page, 'tuisku'); return a; })(), { role: 'reader', note: 'Ville', email: '' });
  check(scope(await joins(await signIn(ville), link)), 'he is not in');
  const owner = await signIn(vera), page = await peoplePage(owner), form = hidden(page, '/vendor/people');
  check(!rowOf(page, 'Ville'), 'there is a button');
  const id = forms(page.text).find((f) => f.buttons.some((b) => b.value === 'remove' && b.text.includes('Ville'))).fields.id;
  check((await owner.go('POST', `${g.url}/vendor/people`, { form: { ...form, act: 'recover', id } })).status === 404, 'it was made');
});

const roleOf = (page, name) => /<option value="(\w+)" selected/.exec(forms(page.text).find((f) => f.buttons.some((b) => b.value === 'role' && b.text.includes(name)))?.body ?? '')?.[1];
const button = (page, name, value) => forms(page.text).find((f) => f.buttons.some((b) => b.value === value && b.text.includes(name)));
let two;
async function twoOwners(n) {
  const names = [`eka${n}`, `toka${n}`], links = [];
  for (const name of names) links.push(await toTuisku({ email: `${name}@tuisku.example` }));
  return Promise.all(names.map((username, i) => accept(links[i], { given: username, family: 'Omistaja', username, password: 'yhteinen pitkä lause' })));
}
await test('the last owner does not leave; whoever leaves is nobody there, and goes on elsewhere', async () => {
  two = await twoOwners(1);
  const [a, b] = await Promise.all(two.map((who) => signIn(who)));
  const veraIn = await signIn(vera), first = await veraIn.get(`${g.url}/vendor`);
  if (scope(first) !== 'Tuisku Oy') await goes(veraIn, first, 'tuisku');
  const left = await act(veraIn, await peoplePage(veraIn), { act: 'leave' });
  check(left.status === 200 && scope(left) === 'Kinos Oy', `${left.status} ${left.url} ${scope(left)}`);
  check(!/Vera/.test(text((await peoplePage(a)).text)), 'she is there');
  await act(b, await peoplePage(b), { act: 'leave' });
  check((await b.get(`${g.url}/vendor`)).status === 404, 'who left still comes in');
  const refused = await act(a, await peoplePage(a), { act: 'leave' });
  check(refused.status === 400 && /viimeinen omistaja/.test(text(refused.text)), `${refused.status} ${text(refused.text).slice(0, 300)}`);
});

await test('two owners who remove each other, make each other less, or leave at once, leave an owner', async () => {
  for (const [n, what] of [[2, 'remove'], [3, 'role'], [4, 'leave'], [5, 'remove']]) {
    const pair = await twoOwners(n), agents = await Promise.all(pair.map((who) => signIn(who))), pages = await Promise.all(agents.map(peoplePage));
    // Whoever else is an owner is made less first: these two are the last.
    for (const f of forms(pages[0].text).filter((x) => x.buttons.some((b) => b.value === 'role') && !x.buttons.some((b) => b.text.includes(pair[1].username)) && /value="owner" selected/.test(x.body))) await agents[0].submit(pages[0], { act: 'role', role: 'reader' }, (x) => x.fields.id === f.fields.id && x.buttons.some((b) => b.value === 'role'));
    const asked = await Promise.all(agents.map(peoplePage));
    check(roleOf(asked[0], pair[1].username) === 'owner' && forms(asked[0].text).filter((f) => /value="owner" selected/.test(f.body)).length === 1, 'they are not the last two');
    const answers = await Promise.all(agents.map((agent, i) => what === 'leave' ? agent.submit(asked[i], { act: 'leave' }, (f) => f.buttons.some((b) => b.value === 'leave'))
      : agent.submit(asked[i], what === 'role' ? { act: 'role', role: 'reader' } : { act: 'remove' }, (f) => f === undefined ? false : f.fields.id === button(asked[i], pair[1 - i].username, what).fields.id && f.buttons.some((b) => b.value === what))));
    const owners = [...g.cli('export', '-c', g.config).stdout.matchAll(/- id: \S+\n\s+organisation: tuisku\n\s+idp: vendors\n\s+subject: \S+\n\s+role: (\w+)/g)].filter((m) => m[1] === 'owner').length;
    check(owners === 1, `${what}: ${owners} owners are left; ${answers.map((a) => `${a.status} ${a.url}`)}`);
  }
});

await test('the switcher and the pages fit at 320 px in three languages, dark and light, and axe finds nothing', async () => {
  const agent = await signIn(ville);
  for (const at of ['/vendor', '/vendor/people', '/vendor/account']) await looks(agent, at, `two-${at.slice(1).replaceAll('/', '-')}`);
});

await renewPapers();

/* --- who proves elsewhere who they are ---------------------------------------------------------------------------------- */

const cookies = (agent) => [...agent.jar.get('localhost')?.keys() ?? []];
const hasSession = (agent) => cookies(agent).some((name) => /session/.test(name));
const ilona = { sub: 'ilona-1', given_name: 'Ilona', family_name: 'Ulkoinen', email: 'ilona@kinos.example' };
async function asOwner(organisation = 'Kinos Oy') {
  const agent = await signIn(vera), page = await agent.get(`${g.url}/vendor`);
  if (scope(page) !== organisation) await goes(agent, page, organisation === 'Kinos Oy' ? 'kinos' : 'tuisku');
  return agent;
}
let invitedN = 0;
const newInvitation = () => asInvited(riikka, { id: 'kinos', email: `ulkoinen${invitedN++}@kinos.example` }, '/admin/vendors');
// After others were ended, in the same second.
async function comesAgain(who) {
  const agent = await comesFrom(who);
  check(agent.in && await isIn(agent), `${who.sub} does not come in again`);
  return agent;
}
// By the choice at the portal's sign-in, as `who` at koti.
async function comesFrom(who, agent = new Agent(), idp = 'koti') {
  outside.who = who;
  const page = await agent.get(wayTo(await agent.get(`${g.url}/vendor/enter`), idp));
  agent.in = page.status === 200 && page.url.includes('/vendor/enter');
  agent.last = page;
  return agent;
}
async function proves(link, who, agent = new Agent()) {
  outside.who = who;
  return { agent, page: await agent.submit(await agent.get(link), { idp: 'koti' }, (f) => f.id === 'outside') };
}
const takes = ({ agent, page }, fields = {}) => agent.submit(page, { act: 'prove', ...fields }, (f) => f.id === 'prove');

await test('the sign-in offers what is listed for vendors, and nothing else', async () => {
  const page = await new Agent().get(`${g.url}/vendor`);
  check(page.status === 200 && /Koti-ID/.test(text(page.text)) && !/Kaupungin tunnistus/.test(page.text), `${page.status} ${text(page.text).slice(0, 300)}`);
  for (const idp of ['kaupunki', 'operators', 'nothing', 'oulu']) check((await new Agent().get(`${g.url}/vendor/enter?idp=${idp}`)).status === 404, `${idp} is a way in`);
  const link = await newInvitation(), agent = new Agent();
  await agent.get(link);
  check((await agent.go('POST', link, { form: { act: 'outside', idp: 'kaupunki' } })).status === 400, 'an invitation leads to the city');
  await looks(new Agent(), '/vendor/enter', 'ways');
});

await test('whoever is of no account gets a page that says what to do, and no session; an equal address of e-mail is nothing', async () => {
  const agent = await comesFrom({ sub: 'somebody', given_name: 'Joku', family_name: 'Muu', email: 'vera@kinos.example', email_verified: true });
  check(!agent.in && agent.last.status === 403 && /ei ole tunnusta/.test(text(agent.last.text)) && /Kirjaudu toisella tunnuksella: Koti-ID/.test(text(agent.last.text)), `${agent.last.status} ${text(agent.last.text).slice(0, 400)}`);
  check(!hasSession(agent) && !await isIn(agent).catch(() => false), `a session: ${cookies(agent)}`);
  const before = outside.asked.length;
  await agent.get(g.url + /href="(\/vendor\/enter\?fresh[^"]*)"/.exec(agent.last.text)[1].replaceAll('&amp;', '&'));
  check(outside.asked.length === before + 1 && outside.asked.at(-1).prompt === 'login', 'not asked to log in as somebody else');
});

await test('an invitation becomes an account by what was proven elsewhere: no password; it is nobody else\'s then', async () => {
  const link = await newInvitation(), mine = await proves(link, ilona), other = await proves(link, { sub: 'ville-2', given_name: 'Ville', family_name: 'Toinen' });
  check(mine.page.status === 200 && /olevasi Ilona Ulkoinen/.test(text(mine.page.text)) && !hasSession(mine.agent), `${mine.page.status} ${text(mine.page.text).slice(0, 400)}`);
  await looks(mine.agent, link, 'prove');
  // What was proven for one invitation is not for another, nor in another browser.
  const second = await newInvitation();
  check((await mine.agent.go('POST', second, { form: { act: 'prove', given_names: 'Ilona', family_name: 'Ulkoinen' } })).status === 400, 'proven for another invitation');
  check((await new Agent().go('POST', link, { form: { act: 'prove', given_names: 'Ilona', family_name: 'Ulkoinen' } })).status === 400, 'proven by nobody');
  const none = await takes(mine, { given_names: '', family_name: '' });
  check(none.status === 400, `without a name: ${none.status}`);
  outside.who = ilona; // who is asked there once more, and is still signed in
  const done = await takes(mine);
  check(done.status === 200 && done.url.includes('/vendor/enter'), `${done.status} ${done.url} ${text(done.text).slice(0, 300)}`);
  const home = await mine.agent.get(`${g.url}/vendor`);
  check(scope(home) === 'Kinos Oy', `${home.status} ${home.url}`);
  const late = await takes(other);
  check(late.status === 404 && !hasSession(other.agent), `taken by another: ${late.status}`);
  check(!(await comesFrom({ ...ilona, sub: 'ville-2' })).in && (await comesFrom(ilona)).in, 'who comes in');
});

await test('two who take one invitation at once: one has it', async () => {
  const link = await newInvitation(), both = [await proves(link, { sub: 'a-1', given_name: 'Aa', family_name: 'Yksi' }), await proves(link, { sub: 'b-2', given_name: 'Bee', family_name: 'Kaksi' })];
  const answers = await Promise.all(both.map((x) => takes(x)));
  check(answers.filter((r) => r.status === 404).length === 1, answers.map((r) => r.status).join());
  const people = text((await (await asOwner()).get(`${g.url}/vendor/people`)).text);
  check(/Aa Yksi/.test(people) !== /Bee Kaksi/.test(people), 'two are there, or none');
});

await test('who has an account adds a sign-in elsewhere after proving it, in the session in which it was proven; others end, a letter says so', async () => {
  const here = await signIn(vera), other = await signIn(vera), who = { sub: 'vera-koti', given_name: 'Vera', family_name: 'Koti' };
  outside.who = who;
  await here.submit(await account(here), { idp: 'koti' }, (f) => f.id === 'outside');
  const page = await open(here, '/vendor/account');
  check(forms(page.text).some((f) => f.id === 'bind') && !(await comesFrom(who)).in, 'bound before it was said');
  // The proof with another's session binds nothing.
  const his = await signIn(ville);
  for (const [name, c] of here.jar.get('localhost')) if (/vendor_proof/.test(name)) his.jar.get('localhost').set(name, c);
  check((await act(his, await account(his), { act: 'bind' }, 'papers')).status === 400, 'what one has proven is bound by another');
  const done = await here.submit(page, { act: 'bind' }, (f) => f.id === 'bind');
  check(done.status === 200 && /Kirjautuminen on liitetty/.test(text(done.text)) && /Vera Koti/.test(text(done.text)), `${done.status} ${text(done.text).slice(0, 300)}`);
  check(!await isIn(other), 'another session goes on');
  await untilMail('vera@kinos.example', /kirjautuminen muualla liitettiin/);
  const outsider = await comesAgain(who);
  check(outsider.in && /Kinos Oy|Tuisku Oy/.test(scope(await outsider.get(`${g.url}/vendor`))), 'she does not come in');
  check(!(await comesFrom({ ...who, sub: 'VERA-KOTI' })).in, 'another subject');
  // It is one account's.
  outside.who = who;
  const late = await signIn(ville);
  await late.submit(await account(late), { idp: 'koti' }, (f) => f.id === 'outside');
  const taken = await late.submit(await open(late, '/vendor/account'), { act: 'bind' }, (f) => f.id === 'bind');
  check(taken.status === 400 && /jo liitetty/.test(text(taken.text)), `${taken.status}`);
  const gone = await act(outsider, await account(outsider), { act: 'unbind' });
  check(/irrotettu/.test(text(gone.text)) && !(await comesFrom(who)).in, `${gone.status} ${text(gone.text).slice(0, 200)}`);
});

await test('an account without a password adds a passkey; the last way in is not taken away, at once from two windows neither', async () => {
  const agent = await comesFrom(ilona), page = await account(agent);
  check(page.status === 200 && !forms(page.text).some((f) => f.id === 'own-password'), 'a password is asked of who has none');
  const refused = await act(agent, page, { act: 'unbind' });
  check(refused.status === 400 && /viimeinen tapa/.test(text(refused.text)) && (await comesFrom(ilona)).in, `${refused.status} ${text(refused.text).slice(0, 300)}`);
  check((await act(agent, page, { act: 'papers' }, 'unbind')).status === 400, 'recovery codes of no password');
  const eyes = await visitor(agent), cdp = await eyes.context.newCDPSession(eyes.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await eyes.page.goto(`${g.url}/vendor/account`);
  await eyes.page.fill('#name', 'Avain');
  await eyes.page.click('[data-go]');
  await until('the passkey is listed', async () => /Avain/.test(await eyes.page.textContent('main')));
  await looks(agent, '/vendor/account', 'without-password');
  // By the passkey alone, in the same browser.
  await eyes.context.clearCookies();
  await eyes.page.goto(wayTo(await new Agent().get(`${g.url}/vendor`), 'vendors'));
  await eyes.page.click('form[data-ceremony] [data-go]');
  await eyes.page.waitForURL(`${g.url}/vendor`);
  // Two windows take both ways away at once: one of them stays.
  const one = await comesFrom(ilona), first = await account(one), pick = (word) => (f) => f.buttons.some((b) => b.value === word);
  const answers = await Promise.all([one.clone().submit(first, { act: 'unbind' }, pick('unbind')), one.clone().submit(first, { act: 'remove' }, pick('remove'))]);
  check(answers.filter((r) => /viimeinen tapa/.test(text(r.text))).length === 1, answers.map((r) => `${r.status} ${text(r.text).slice(0, 200)}`).join(' | '));
  await eyes.context.close();
});

await test('property: whoever comes, from wherever, with whatever is open in the browser, a school person is no vendor\'s and a vendor\'s no school person', async () => {
  const paula = { sub: 'paula-3', given_name: 'Paula', family_name: 'Portaali', schoolCode: ['99101'], userRole: ['opettaja'] };
  await takes(await proves(await newInvitation(), paula));
  const toSchool = async (agent, who) => {
    outside.who = who;
    const page = await agent.get(`${g.url}/`), login = new URL(page.url).searchParams.get('login');
    return login ? agent.go('POST', `${g.url}/sign-in/idp`, { form: { login, idp: 'kaupunki' } }) : page;
  };
  const ways = { vendor: (agent) => comesFrom(paula, agent), school: async (agent) => { await toSchool(agent, paula); return agent; }, unknown: (agent) => comesFrom({ ...paula, sub: 'paula-9' }, agent) };
  for (const [before, begin] of Object.entries({ nobody: async (a) => a, vendor: ways.vendor, school: ways.school }))
    for (const [now, run] of Object.entries(ways)) {
      const agent = await begin(new Agent());
      if (now === 'school' && before !== 'nobody') await agent.submit(await agent.get(`${g.url}/`), {}, (f) => /sign-out/.test(f.action ?? '')).catch(() => {});
      if (now === 'vendor' || now === 'unknown') {
        outside.who = now === 'vendor' ? paula : { ...paula, sub: 'paula-9' };
        agent.last = await agent.get(`${g.url}/vendor/enter?idp=koti`);
      } else await run(agent);
      const vendor = /\/vendor$/.test((await open(agent, '/vendor')).url), expected = now === 'vendor' || (now === 'unknown' && before === 'vendor');
      check(vendor === expected, `${before}, then ${now}: ${vendor ? 'a vendor\'s' : 'no vendor\'s'}`);
      // A vendor's session is of no school: its launcher has nothing of a school, and says no role.
      const home = text((await agent.get(`${g.url}/me`)).text);
      if (vendor) check(!/Opettaja/i.test(home) && !/Kielonmäen/.test(home), `${before}, then ${now}: ${home.slice(0, 400)}`);
      if (now === 'school' || (now === 'unknown' && before === 'school')) check(/Kielonmäen/.test(home) && (await agent.get(`${g.url}/vendor`)).status === 404, `${before}, then ${now}: ${home.slice(0, 400)}`);
    }
});

await test('a sign-out ends the session there as well; an identity provider that is listed no more lets nobody go on', async () => {
  const agent = await comesFrom({ sub: 'paula-3', given_name: 'Paula', family_name: 'Portaali' }), before = outside.left.length;
  check(agent.in, 'she is not in');
  await agent.submit(await open(agent, '/vendor'), {}, (f) => /sign-out/.test(f.action ?? ''));
  check(outside.left.length === before + 1 && outside.left.at(-1).issuer === outside.issuer('koti') && !hasSession(agent) && !await isIn(agent), `${outside.left.length - before} ${cookies(agent)}`);
  const later = await comesAgain({ sub: 'paula-3' });
  check(later.in && await isIn(later), 'she is not in again');
  const file = g.cli('export', '-c', g.config).stdout;
  g.import(file.replace(/(- id: koti\n(?:    .*\n)*?    vendors: )true/, '$1false'));
  await until('her session has ended', async () => !await isIn(later));
  check(!/Koti-ID/.test((await new Agent().get(`${g.url}/vendor/enter`)).text), 'it is offered');
  g.import(file);
  await until('it is offered again', async () => /toimittaja/i.test((await new Agent().get(`${g.url}/vendor/enter`)).text));
});

/* --- incidents, for the operator ---------------------------------------------------------------------------------------- */

await test('the operator sees which incidents are open and past, and until when; one with an end is over by itself', async () => {
  const page = async (which) => { const r = await riikka.get(`${g.url}/admin/incidents`); check(r.status === 200, `${r.status} ${r.url}`); return text(new RegExp(`<section class="group" id="${which}">([\\s\\S]*?)</section>`).exec(r.text)[1]); };
  check(/Uusi vika/.test(await page('open')) && /jatkuu/.test(await page('open')) && !/Vanha vika/.test(await page('open')), await page('open'));
  check(/Vanha vika/.test(await page('past')) && /3\.1\.2026/.test(await page('past')) && /Kinos Oy/.test(await page('past')), await page('past'));
  await until('the short one is over', async () => /Hetken vika/.test(await page('past')) && !/Hetken vika/.test(await page('open')), 60000);
  await looks(riikka, '/admin/incidents', 'incidents');
});

/* --- who administers by an account of our own ------------------------------------------------------------------------- */

await test('a break-glass admin signs in by a passkey; the password alone opens no more, but with a recovery code, once', async () => {
  const { context, page } = await visitor(null);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  const form = async () => { await context.clearCookies(); await page.goto(`${g.url}/admin`); await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`); };
  const send = async (code) => { await form(); await page.fill('#username', 'riikka'); await page.fill('#password', password); if (code) await page.fill('#code', code); await Promise.all([page.waitForNavigation(), page.click('#local .acts button.b')]); if (/admin\/enter/.test(page.url())) await page.waitForURL((u) => u.pathname !== '/admin/enter'); return !/\/sign-in/.test(page.url()); };
  check(await send(), 'the password alone does not do, without a passkey');
  await axeFindsNothing(page, 'admin');
  await page.click('a[href="/admin/account"]');
  await page.waitForURL(`${g.url}/admin/account`);
  await page.fill('#name', 'Kassakaapin avain');
  await page.click('[data-go]');
  await until('ten codes', async () => (await page.locator('#papers code').count()) === 10);
  const papers = await page.locator('#papers code').allTextContents();
  await axeFindsNothing(page, 'admin-account-made');
  check((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length === 1, 'the authenticator has one');
  check(/\/sign-in/.test((await riikka.get(`${g.url}/admin/vendors`)).url), 'another session of hers goes on');
  check(!await send(), 'the password alone opens');
  check(!await send('abcd-efgh-jkmn'), 'a code that is none opens');
  check(await send(papers[0]) && !await send(papers[0]), 'a recovery code: once');
  await form();
  await page.click('form[data-ceremony] [data-go]');
  await page.waitForURL(`${g.url}/admin`);
  for (const [width, dark, lang] of [[320, true, 'fi-FI'], [320, false, 'sv-FI'], [1280, false, 'en-GB']]) {
    const eyes = await browser.newContext({ storageState: await context.storageState(), locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', colorScheme: dark ? 'dark' : 'light' }), p = await eyes.newPage();
    check((await p.goto(`${g.url}/admin/account`)).status() === 200, p.url());
    check(await p.evaluate(() => document.documentElement.scrollWidth) <= width, `too wide at ${width}`);
    await axeFindsNothing(p, `admin-account ${width}`);
    await eyes.close();
  }
  await page.goto(`${g.url}/admin/account`);
  await Promise.all([page.waitForNavigation(), page.click('[value=remove]')]);
  check(/Pääsyavain on poistettu/.test(await page.textContent('main')), 'it stays');
  await until('without a passkey the password does again', () => send());
  await context.close();
});

await test('the pages fit at 320 px in three languages, dark and light, and axe finds nothing', async () => {
  const agent = await signIn(vera);
  for (const at of ['/vendor/account', '/vendor/people']) await looks(agent, at, at.slice(1).replaceAll('/', '-'));
});

await browser.close();
await g.stop();
await server.close();
await outside.close();
await finish();
