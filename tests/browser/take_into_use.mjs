// SPDX-License-Identifier: EUPL-1.2
// A municipality takes a service into use, in a real Chromium [J9, issue 14 "The catalogue"]: each attribute decided, a second
// person, the receipt that both sides read, what leaves by it over OpenID Connect, and withdrawn in one press.
//   node take_into_use.mjs PATH-OF-DIGIONE
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Agent } from '../e2e/agent.mjs';
import { Gateway, check, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/take-shots');
fs.mkdirSync(shots, { recursive: true });
process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out

const password = 'salasana-salasana', secret = 'kanerva-kanerva-kanerva-kanerva', bench = crypto.randomBytes(24).toString('hex');
const port = await freePort(), gateway = { url: `http://localhost:${port}`, port, host: 'localhost' };
const kanerva = new Service(gateway, { id: 'kanerva', secret, redirect: 'https://kanerva.example/cb', scope: 'openid profile email edu.role edu.school' });
const why = (fi, sv, en) => `{ fi: "${fi}", sv: "${sv}", en: "${en}" }`;
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "1.2.246.562.99.95640200028", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }
  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo, sv: Esbo } }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu } }
  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo } }
organisations:
  - { id: y2345678-0, business_id: 2345678-0, name: { fi: Kanerva Oy }, contact_technology: t@kanerva.example, contact_privacy: p@kanerva.example, contact_incidents: i@kanerva.example }
services:
  - id: kanerva
    protocol: oidc
    vendor: y2345678-0
    name: { fi: Kanerva Oppikirjat, sv: Kanerva Läroböcker, en: Kanerva Books }
    line: { fi: Digikirjat ja tehtävät, sv: Digitala böcker, en: Digital books }
    client_id: kanerva
    secret: { plain: ${secret} }
    auth_method: client_secret_basic
    redirect_uris: ["https://kanerva.example/cb"]
    id_token_alg: ES256
    scopes: [openid, profile, email, edu.role, edu.school]
    policy_uri: "https://kanerva.example/privacy"
    asks: [sub, given_name, family_name, email, roles]
    purposes:
      - { attribute: given_name, basis: public_task, purpose: ${why('Opettaja tunnistaa palautuksen tekijän.', 'Läraren känner igen den som lämnat in.', 'The teacher knows whose work it is.')} }
      - { attribute: roles, basis: contract, until: "${new Date(Date.now() + 30 * 86400000).toISOString().slice(0, 19)}Z", purpose: ${why('Opettaja näkee vastaukset.', 'Läraren ser svaren.', 'Teachers see the answers.')} }
${['tori', 'kesken'].map((id) => `  - id: ${id}
    protocol: oidc
    vendor: y2345678-0
    test: true
    name: { fi: Tori Materiaalit, sv: Torg Material, en: Market Materials }
    line: { fi: Materiaalit, sv: Material, en: Materials }
    client_id: ${id}
    secret: { plain: ${secret} }
    auth_method: client_secret_basic
    redirect_uris: ["${id === 'tori' ? 'https://tori.example/cb' : 'http://localhost:4000/cb'}"]
    policy_uri: "https://tori.example/privacy"
    accessibility_uri: "https://tori.example/accessibility"
    audience: [learner, teacher]
    contacts: ["tuki@tori.example"]
    asks: [given_name]
    purposes: [{ attribute: given_name, basis: contract, purpose: ${why('Nimi näkyy.', 'Namnet syns.', 'The name is seen.')} }]
`).join('')}  - { id: t0ri, protocol: link, vendor: toinen, name: { fi: T0ri Materiaalit }, launch_uri: "https://t0ri.example/" }
  - { id: muu, protocol: link, vendor: toinen, name: { fi: Muu Palvelu }, launch_uri: "https://muu.example/" }
policies:
  - { id: oulu-teachers, provider: oulu, opens: permit, roles: [teacher], release: [sub, given_name, family_name, email, roles] }
admins:
  - { id: riikka-aalto, idp: operators, subject: operators-riikka, role: operator, why: valittu }
  - { id: tiina-koski, idp: oulu, subject: oulu-tiina, role: admin, provider: oulu }
  - { id: sari-lehto, idp: oulu, subject: oulu-sari, role: admin, provider: oulu }
  - { id: kaisa-koulu, idp: oulu, subject: oulu-kaisa, role: admin, provider: oulu, school: "99101" }
  - { id: espoon-eero, idp: espoo, subject: espoo-eero, role: admin, provider: espoo }
accounts:
  - { id: oulu-aino, idp: oulu, username: oulu-aino, password: { plain: ${password} }, given_names: Aino, family_name: Testi-Kielo, email: aino@oulu.example, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }
  - { id: oulu-leevi, idp: oulu, username: oulu-leevi, password: { plain: ${password} }, given_names: Leevi, family_name: Testi-Pihlaja, affiliations: [{ provider: oulu, role: learner, school: "99102" }] }
${['oulu-tiina', 'oulu-sari', 'oulu-kaisa', 'espoo-eero', 'operators-riikka'].map((id) => `  - { id: ${id}, idp: ${id.split('-')[0]}, username: ${id}, password: { plain: ${password} }, given_names: ${id.split('-')[1]}, family_name: Ylläpitäjä }`).join('\n')}
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
`;
const g = await new Gateway(program, { name: 'take', port, registry, settings: { support: 'tuki@digione.example' } }).start();
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const browser = await launch();
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };

async function blank({ state, lang = 'fi-FI', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ storageState: state, locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  return { context, page };
}
async function visitor(user, options = {}) {
  const { context, page } = await blank(options), idp = user.split('-')[0];
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await send(page, page.click('form:has(#password) .acts button.b'));
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
  return { context, page };
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (page.scripts) await axeFindsNothing(page, name);
}

// What the provider tells the service of somebody, as they sign in.  null: nothing, since it does not open.
async function told(user) {
  const agent = new Agent(), idp = user.split('-')[0];
  let res = await kanerva.begin(agent, { ui_locales: 'fi' });
  for (let i = 0; res.page && i < 4; i++) {
    const page = res.page;
    if (/name="password"/.test(page.text)) res = kanerva.arrived(await agent.submit(page, { username: user, password }, (f) => 'password' in f.fields, kanerva.until()));
    else if (/name="idp"/.test(page.text)) res = kanerva.arrived(await agent.submit(page, { idp }, (f) => f.buttons.some((b) => b.name === 'idp' && b.value === idp) || 'idp' in f.fields, kanerva.until()));
    else break;
  }
  if (!res.answer || res.answer.get('error')) return null;
  const { claims, info } = await kanerva.finish(res.answer);
  return { ...claims, ...info };
}

/* --- the municipality -------------------------------------------------------------------------------------------- */

let receipt, draft;
const decide = async (page, of) => { for (const [key, value] of Object.entries(of)) await page.check(`[name=give_${key}][value=${value}]`); };

await test('before anybody decides, what policies say is told', async () => {
  const all = await told('oulu-aino');
  check(all?.given_name === 'Aino' && all.email === 'aino@oulu.example', JSON.stringify(all));
});

await test('an administrator sees the same catalogue in the console, and may take a service into use; others may not', async () => {
  const { context, page } = await visitor('oulu-tiina');
  check((await page.goto(`${g.url}/admin/services`)).status() === 200, 'no catalogue');
  check((await page.locator('.cat h2').allTextContents()).join() === 'Kanerva Oppikirjat,Muu Palvelu,T0ri Materiaalit', await page.textContent('main'));
  await looks(page, 'services');
  await send(page, page.click('#s-kanerva a.b'));
  check(page.url() === `${g.url}/admin/services/kanerva` && (await page.locator('#take').count()) === 1, page.url());
  check((await page.locator('#take input:checked').count()) === 0, 'something is chosen already');
  check(/Opettaja tunnistaa/.test(await page.textContent('#c-given_name')) && /Annetaan aina/.test(await page.textContent('#c-sub')), 'purposes');
  await context.close();
  for (const who of ['oulu-kaisa', 'operators-riikka']) {
    const other = await visitor(who);
    await other.page.goto(`${g.url}/admin/services/kanerva`);
    check((await other.page.locator('#take').count()) === 0, `${who} may take it into use`);
    check((await other.page.locator('.cat a.b').count()) === 0, who);
    await other.context.close();
  }
});

await test('what is not decided is asked for by name, and what was typed stands', async () => {
  const { context, page } = await visitor('oulu-tiina', { width: 320 });
  await page.goto(`${g.url}/admin/services/kanerva`);
  await page.fill('#until', '31.2.2020');
  await page.fill('#agreement', 'OUL/2231/2026');
  await decide(page, { given_name: 'yes' });
  check(await send(page, page.click('[value=send]')) === 400, 'it was taken');
  const links = await page.locator('main [role=alert] a').evaluateAll((all) => all.map((x) => x.getAttribute('href')));
  check(links.join() === '#c-family_name,#c-roles,#c-email,#roles,#where,#purpose,#decided_by,#until' || new Set(links).size === 8, links.join());
  for (const to of links) check((await page.locator(to).count()) === 1, `${to} is nowhere`);
  check((await page.inputValue('#agreement')) === 'OUL/2231/2026' && await page.isChecked('[name=give_given_name][value=yes]'), 'typed things are lost');
  await looks(page, 'take-wrong');
  await context.close();
});

await test('it is a draft; who made it does not approve it, and nothing has changed yet', async () => {
  const { context, page } = await visitor('oulu-tiina', { scripts: false });
  await page.goto(`${g.url}/admin/services/kanerva`);
  await decide(page, { given_name: 'yes', family_name: 'no', email: 'no', roles: 'yes' });
  await page.check('[name=role_teacher]');
  await page.check('[name=where][value=some]');
  await page.check('[name="school_1.2.246.562.99.95640200010"]');
  await page.fill('#purpose', 'Äidinkielen opetus');
  await page.fill('#agreement', 'OUL/2231/2026');
  await page.fill('#decided_by', 'Helena Virta, perusopetuksen johtaja');
  await page.fill('#until', '31.7.2099');
  check(await send(page, page.click('[value=send]')) === 200 && /\/admin\/drafts\/\d+$/.test(page.url()), await page.textContent('main'));
  draft = page.url();
  check((await page.locator('[value=approve]').count()) === 0, 'its maker may approve it');
  const words = await page.textContent('main');
  check(/OUL\/2231\/2026/.test(words) && /Helena Virta/.test(words) && /Kanerva Oppikirjat/.test(words), words);
  await context.close();
  check((await told('oulu-aino')).email === 'aino@oulu.example', 'it is in force before anybody approved it');
});

await test('a second person approves: what is not given is told no more, whatever other policies say', async () => {
  const { context, page } = await visitor('oulu-sari');
  await page.goto(draft);
  await looks(page, 'take-draft');
  if (await page.locator('#looked input').count()) await page.check('#looked input');
  check(await send(page, page.click('[value=approve]')) === 200, await page.textContent('main'));
  await until('the e-mail address is told no more', async () => (await told('oulu-aino'))?.email === undefined);
  const now = await told('oulu-aino');
  check(now.given_name === 'Aino' && now.family_name === undefined && now.name === undefined && now.email === undefined, JSON.stringify(now));
  check((await told('oulu-leevi')) === null, 'a pupil, for whom it was not taken into use, gets in');
  await page.goto(`${g.url}/admin/services/kanerva`);
  await send(page, page.click('main .truth a'));
  receipt = new URL(page.url()).searchParams.get('receipt');
  check(/etunimet/i.test(await page.textContent('#gives')) && /sähköposti/i.test(await page.textContent('#keeps')) && /sukunimi/i.test(await page.textContent('#keeps')), await page.textContent('#receipt'));
  for (const word of ['OUL/2231/2026', 'Helena Virta', 'Äidinkielen opetus', 'Testi-Kielonmäen koulu', '31.7.2099', 'tiina', 'sari Ylläpitäjä']) check((await page.textContent('#receipt')).includes(word), `${word} is not on the receipt`);
  await looks(page, 'receipt');
  await page.emulateMedia({ media: 'print' });
  check(await page.locator('#receipt').isVisible() && !(await page.locator('#withdraw').isVisible()), 'a printed receipt is the receipt');
  await context.close();
});

await test('another municipality finds neither the receipt nor a way to withdraw it', async () => {
  const { context, page } = await visitor('espoo-eero');
  check((await page.goto(`${g.url}/admin/services/kanerva?receipt=${receipt}`)).status() === 404, 'it is there');
  await page.goto(`${g.url}/admin/services/kanerva`);
  const csrf = await page.inputValue('#take [name=csrf]'), version = await page.inputValue('#take [name=version]');
  const answer = await page.request.post(`${g.url}/admin/services/kanerva`, { form: { csrf, version, act: 'withdraw', receipt, why: 'x' }, headers: { Origin: g.url } });
  check(answer.status() === 404, `withdrawn by others: ${answer.status()}`);
  check((await page.goto(`${g.url}/services`)).status() === 200 && /Oulu/.test(await page.textContent('#s-kanerva')), 'the catalogue says who has it');
  await context.close();
});

/* --- the vendor -------------------------------------------------------------------------------------------------- */

const bytesOf = (seed) => Buffer.from([...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((b) => parseInt(b, 2)));
function codeOf(seed, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', bytesOf(seed)).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
let state;
await test('the vendor comes in', async () => {
  const { context, page } = await visitor('operators-riikka');
  await page.goto(`${g.url}/admin/vendors`);
  await page.fill('#name_fi', 'Kanerva Oy');
  await page.fill('#business_id', '2345678-0');
  for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@kanerva.example`);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link'), other = await blank();
  await other.page.goto(link);
  for (const [field, value] of Object.entries({ given_names: 'Vera', family_name: 'Kanerva', username: 'vera@kanerva.example', password: 'pitkä lause on parempi' })) await other.page.fill(`#${field}`, value);
  await other.page.fill('#code', codeOf(await other.page.textContent('#seed'), Math.floor(Date.now() / 30000)));
  check(await send(other.page, other.page.click('main form .acts button.b')) === 200, await other.page.textContent('main'));
  const paper = (await other.page.locator('#papers code').first().textContent()).trim();
  await other.context.clearCookies();
  await other.page.goto(`${g.url}/vendor`);
  await other.page.fill('#username', 'vera@kanerva.example');
  await other.page.fill('#password', 'pitkä lause on parempi');
  await other.page.fill('#code', paper);
  await send(other.page, other.page.click('#local .acts button.b'));
  await other.page.waitForURL(`${g.url}/vendor`);
  state = await other.context.storageState();
  await other.context.close();
  await context.close();
});

await test('the vendor reads the same receipt, in three languages, at 320 and 1280 px; nobody who pressed anything stands on it', async () => {
  for (const [lang, word] of [['fi-FI', 'Ei anneta'], ['sv-FI', 'Ges inte'], ['en-GB', 'Not given']]) for (const width of [320, 1280]) {
    const { context, page } = await blank({ state, lang, width, dark: lang === 'sv-FI' });
    check((await page.goto(`${g.url}/vendor/use/kanerva`)).status() === 200, lang);
    await looks(page, `use-${lang}`);
    await send(page, page.click('main tbody a'));
    const words = await page.textContent('#receipt');
    check(words.includes(word) && words.includes('OUL/2231/2026') && words.includes('Helena Virta') && !/tiina|sari/i.test(words), words);
    await looks(page, `vendor-receipt-${lang}`);
    await context.close();
  }
  const { context, page } = await blank({ state });
  check((await page.goto(`${g.url}/vendor/use/muu`)).status() === 404 && (await page.goto(`${g.url}/vendor/receipt/x`)).status() === 404, 'another vendor’s');
  await context.close();
});

/* --- use --------------------------------------------------------------------------------------------------------- */

const sql = (text, file = 'uses') => { const r = spawnSync('python3', ['-c', 'import sqlite3,sys,json\nd=sqlite3.connect(sys.argv[1],timeout=20)\nrows=d.execute(sys.argv[2]).fetchall()\nd.commit()\nprint(json.dumps(rows))', path.join(g.dir, `state/registry/${file}.sqlite`), text]); return r.status === 0 ? JSON.parse(r.stdout) : null; };
await test('openings are counted by day and municipality; fewer than five are never told, nor in a total', async () => {
  const rows = await until('today is counted', () => { const all = sql('SELECT service, day, provider, n FROM used'); return all?.length && all; });
  check(rows.length === 1 && rows[0][0] === 'kanerva' && rows[0][2] === 'oulu' && rows[0][3] >= 3, JSON.stringify(rows));
  const today = rows[0][1];
  for (const [back, provider, n] of [[1, 'oulu', 214], [2, 'oulu', 31], [3, 'oulu', 3], [1, 'espoo', 4], [2, 'espoo', 1]]) sql(`INSERT INTO used VALUES ('kanerva', ${today - back}, '${provider}', ${n})`);
  const { context, page } = await blank({ state });
  await page.goto(`${g.url}/vendor/use/kanerva`);
  const days = async () => (await page.locator('#days td').allTextContents()).map((s) => s.trim());
  check((await days()).length === 28 && (await days()).slice(-3).join() === 'alle 5,31,214', (await days()).join());
  check(/245/.test(await page.textContent('main h3')) && !/253|252|218|215/.test(await page.textContent('main')), 'a total holds what is hidden');
  check((await page.locator('#places tr', { hasText: 'Oulu' }).textContent()).includes('245') && (await page.locator('#places tr', { hasText: 'Espoo' }).count()) === 0, await page.textContent('#places'));
  await looks(page, 'use-chart');
  await page.goto(`${g.url}/vendor/use/kanerva?place=espoo`);
  check((await days()).every((n) => n === 'alle 5'), (await days()).join());
  check((await page.goto(`${g.url}/vendor/use/kanerva?place=nowhere`)).status() === 404, 'a municipality that there is not');
  await context.close();
  const small = await blank({ state, width: 320, lang: 'sv-FI', dark: true });
  await small.page.goto(`${g.url}/vendor/use/kanerva`);
  await looks(small.page, 'use-chart');
  await small.context.close();
});

await test('item 8: an opening of a plain link, which no sign-in follows, is counted as well', async () => {
  const agent = new Agent(), leaves = { until: (next) => next.startsWith('https://muu.example/') };
  let page = await agent.get(`${g.url}/open/muu`, leaves);
  if (!page.next) page = await agent.submit(page, { idp: 'oulu' }, (f) => f.buttons.some((b) => b.name === 'idp' && b.value === 'oulu') || 'idp' in f.fields, leaves);
  if (!page.next) page = await agent.submit(page, { username: 'oulu-aino', password }, (f) => 'password' in f.fields, leaves);
  check(page.next === 'https://muu.example/', `${page.status} ${page.text?.slice(0, 300)}`);
  check((await until('it is counted', () => { const all = sql("SELECT provider, n FROM used WHERE service = 'muu'"); return all?.length && all; })).join() === 'oulu,1', 'not once, of its municipality');
});

/* --- production, and needs once a year --------------------------------------------------------------------------- */

const proves = async (id, key) => { const s = new Service(gateway, { id, secret: key, redirect: 'https://tori.example/cb' }); const r = await s.post('/oidc/token', { grant_type: 'authorization_code', code: 'x', redirect_uri: s.redirect, code_verifier: 'x'.repeat(43) }, s.basic()); return JSON.parse(r.text).error; };
await test('a service asks for production: what production refuses is said to its vendor', async () => {
  const { context, page } = await blank({ state, scripts: false });
  await page.goto(`${g.url}/vendor/use/kesken`);
  check((await page.inputValue('#ask #redirect_uris')) === '', 'an address on this machine is offered to production');
  await page.goto(`${g.url}/vendor/use/tori`);
  const csrf = await page.inputValue('#ask [name=csrf]');
  const answer = await page.request.post(`${g.url}/vendor/service/kesken`, { form: { csrf, act: 'production' }, headers: { Origin: g.url } });
  check(answer.status() === 400, `asked with http: ${answer.status()}`);
  await context.close();
});
let key, client;
await test('its secret is shown once; the operator sees the whole on one page, with names that look alike, and approves; the test stays', async () => {
  const { context, page } = await blank({ state, scripts: false });
  await page.goto(`${g.url}/vendor/use/tori`);
  const csrf = await page.inputValue('#ask [name=csrf]');
  check(await send(page, page.click('[value=production]')) === 400 && /Portti ei ole läpi/.test(await page.textContent('[role=alert]')) && (await page.locator('#secret').count()) === 0, 'asked without its gate, and nobody says why');
  await page.fill('#gate_why', 'Kirjasto korjataan viikolla 50.');
  check(await send(page, page.click('[value=production]')) === 200, await page.textContent('main'));
  [key, client] = [(await page.textContent('#secret')).trim(), (await page.textContent('#client_id')).trim()];
  check(key !== secret && client !== 'tori' && (await page.locator('#ask').count()) === 0, 'it is another, and waits');
  check(await proves(client, key) === 'invalid_client', 'it works before anybody approved it');
  await page.goto(`${g.url}/vendor/use/tori`);
  check(/odottaa/.test(await page.textContent('main [role=status]')) && (await page.locator('#secret').count()) === 0, 'it waits');
  const twice = await page.request.post(`${g.url}/vendor/service/tori`, { form: { csrf, act: 'production' }, headers: { Origin: g.url } });
  check(twice.status() === 400 && /odottaa/.test(await twice.text()) && !/id="secret"/.test(await twice.text()), `asked twice: ${twice.status()}`);
  await context.close();
  const operator = await visitor('operators-riikka');
  await operator.page.goto(`${g.url}/admin/drafts`);
  await send(operator.page, operator.page.click('main a[href^="/admin/drafts/"]'));
  const words = await operator.page.textContent('main');
  check(/T0ri Materiaalit/.test(await operator.page.textContent('#alikes')) && /https:\/\/tori\.example\/cb/.test(words) && /Nimi näkyy\./.test(words) && !words.includes(key), words);
  await looks(operator.page, 'production-draft');
  check(/viikolla 50/.test(words) && /0\/\d+/.test(await operator.page.textContent('#gate')) && (await operator.page.locator('#gate-trials li').count()) > 10 && (await operator.page.locator('#gate-open').count()) === 1, 'the report of its gate');
  if (await operator.page.locator('#looked input').count()) await operator.page.check('#looked input');
  check(await send(operator.page, operator.page.click('[value=approve]')) === 400 && (await operator.page.locator('[role=alert] a[href="#why"]').count()) === 1, 'approved without a word, and its gate is not passed');
  await operator.page.fill('#why', 'Korjaus on sovittu.');
  if (await operator.page.locator('#looked input').count()) await operator.page.check('#looked input');
  check(await send(operator.page, operator.page.click('[value=approve]')) === 200, await operator.page.textContent('main'));
  await operator.context.close();
  await until('the secret of production works', async () => await proves(client, key) === 'invalid_grant');
  check(await proves('tori', secret) === 'invalid_grant' && await proves(client, secret) === 'invalid_client' && await proves('tori', key) === 'invalid_client', 'one secret opens both');
  const again = await blank({ state });
  await again.page.goto(`${g.url}/services`);
  check((await again.page.locator(`#s-${client}`).count()) === 1 && (await again.page.locator('#s-tori').count()) === 0, 'the catalogue');
  await again.page.goto(`${g.url}/vendor/use/tori`);
  check((await again.page.textContent('main')).includes(client) && (await again.page.locator('#ask').count()) === 1, 'it may ask again');
  await looks(again.page, 'production');
  // With a report that is whole nobody asks why; three months after it is too old.
  const report = await (await again.page.request.get(`${g.url}/vendor/gate/tori?report=1`)).json();
  check(report.service === 'tori' && report.passed === false && report.trials.length > 10 && report.trials.every((x) => x.verdict === 'not_run'), JSON.stringify(report));
  const passed = (ago_s) => sql(`INSERT OR REPLACE INTO gate_rows (service, trial, verdict, seen, edition, tester, at_s) VALUES ${report.trials.map((x) => `('tori', '${x.trial}', 1, '', '${report.registration}', 'p', ${Math.floor(Date.now() / 1000) - ago_s})`).join(', ')}`, 'vendors');
  check(passed(91 * 86400) !== null, 'the rows of the report');
  await again.page.goto(`${g.url}/vendor/use/tori`);
  check((await again.page.locator('#gate_why').count()) === 1, 'a report of three months ago stands');
  check(passed(3600) !== null, 'the rows of the report');
  await again.page.goto(`${g.url}/vendor/use/tori`);
  check((await again.page.locator('#gate_why').count()) === 0 && (await again.page.locator('#gate-ok').count()) === 1, await again.page.textContent('#ask'));
  const whole = await again.page.request.get(`${g.url}/vendor/gate/tori?report=1`), said = await whole.json();
  check(said.passed === true && said.good_until > new Date(Date.now() + 85 * 86400000).toISOString() && /attachment/.test(whole.headers()['content-disposition']) && !/tester"?:\s*"p"/.test(JSON.stringify(said)), JSON.stringify(said));
  check(await send(again.page, again.page.click('[value=production]')) === 200 && (await again.page.locator('#secret').count()) === 0, 'asked again, it keeps its secret');
  await again.context.close();
  const renewed = await visitor('operators-riikka');
  await renewed.page.goto(`${g.url}/admin/drafts`);
  await send(renewed.page, renewed.page.click('main a[href^="/admin/drafts/"]'));
  check((await renewed.page.locator('#gate-whole').count()) === 1 && (await renewed.page.locator('#gate-open').count()) === 0, await renewed.page.textContent('main'));
  await looks(renewed.page, 'renewal-draft');
  await renewed.context.close();
});

await test('each need is confirmed once a year: home warns of what drops off, and what is confirmed is told for a year', async () => {
  const { context, page } = await blank({ state });
  await page.goto(`${g.url}/vendor`);
  const due = page.locator('.todo li', { hasText: 'Kanerva Oppikirjat' });
  check(/roles/.test(await due.textContent()) && (await due.locator('a').getAttribute('href')) === '/vendor/use/kanerva', await page.textContent('main'));
  await looks(page, 'home-needs');
  await page.goto(`${g.url}/vendor/use/kanerva`);
  await looks(page, 'needs');
  // It was there before there was a gate, and was made from none in test: somebody says why it goes on without a report.
  await page.check('[name=need_roles]');
  check(await send(page, page.click('[value=confirm]')) === 400 && /Portti ei ole läpi/.test(await page.textContent('[role=alert]')), 'renewed without a report, and without a word');
  await page.fill('#gate_why', 'Uusitaan keväällä portin kautta.');
  await page.check('[name=need_roles]');
  check(await send(page, page.click('[value=confirm]')) === 200 && /vahvistettu vuodeksi/.test(await page.textContent('main')), await page.textContent('main'));
  const [roles, name] = [await page.locator('#needs label:has([name=need_roles])').textContent(), await page.locator('#needs label:has([name=need_given_name])').textContent()];
  check(roles.includes(String(new Date(Date.now() + 365 * 86400000).getFullYear())) && /Ei määräpäivää/.test(name), `${roles} ${name}`);
  await page.goto(`${g.url}/vendor`);
  check((await page.locator('.todo li', { hasText: 'Kanerva Oppikirjat' }).count()) === 0, 'it warns still');
  const made = await page.goto(`${g.url}/vendor/use/${client}`);
  check(made.status() === 200 && (await page.textContent('#needs')).includes(String(new Date().getFullYear() + 1)), 'a need of production has its day from the beginning');
  // Before a renewal its gate is passed anew, or somebody says why it is not.
  check(sql("UPDATE gate_rows SET at_s = at_s - 31708800 WHERE service = 'tori'", 'vendors') !== null, 'a year goes by');
  await page.goto(`${g.url}/vendor/use/${client}`);
  await page.locator('[name^=need_]').first().check();
  check(await send(page, page.click('[value=confirm]')) === 400 && /Portti ei ole läpi/.test(await page.textContent('[role=alert]')), 'renewed with a report that is too old');
  await page.fill('#gate_why', 'Ajetaan kesällä.');
  await page.locator('[name^=need_]').first().check();
  check(await send(page, page.click('[value=confirm]')) === 200 && /vahvistettu vuodeksi/.test(await page.textContent('main')), await page.textContent('main'));
  await context.close();
});

/* --- withdrawn --------------------------------------------------------------------------------------------------- */

await test('withdrawn in one press, with a reason: the service closes at once, and the receipt tells both why', async () => {
  const { context, page } = await visitor('oulu-tiina', { scripts: false });
  await page.goto(`${g.url}/admin/services/kanerva?receipt=${receipt}`);
  check(await send(page, page.click('[value=withdraw]')) === 400, 'withdrawn without a reason');
  await page.fill('#why', 'Sopimus irtisanottiin');
  check(await send(page, page.click('[value=withdraw]')) === 200, await page.textContent('main'));
  check(/Peruttu/.test(await page.textContent('#receipt')) && /Sopimus irtisanottiin/.test(await page.textContent('#receipt')) && (await page.locator('#withdraw').count()) === 0, await page.textContent('main'));
  const day = new Intl.DateTimeFormat('fi-FI', { timeZone: 'Europe/Helsinki' }).format(new Date());
  check(new RegExp(`Palvelu avautui kunnalle (ensimmäisen kerran|viimeistään) ${day}`).test(await page.textContent('main')), await page.textContent('main'));
  await page.goto(`${g.url}/admin/services/kanerva`); // and stays a fact, for whoever asks again
  check(/Kenelle palvelu on ollut avoinna/.test(await page.textContent('main')) && new RegExp(`Oulu: (ensimmäisen kerran|viimeistään) ${day}`).test(await page.textContent('section[aria-labelledby=op]')), await page.textContent('main'));
  check(!/Espoo|Turku/.test(await page.textContent('section[aria-labelledby=op]')), 'another municipality is named');
  await until('it is closed', async () => (await told('oulu-aino')) === null);
  await page.goto(`${g.url}/services`);
  check(!/Oulu/.test(await page.textContent('#s-kanerva')), `nobody of Oulu gets in, though policies of its own are left: ${await page.textContent('#s-kanerva')}`);
  await page.goto(`${g.url}/admin/why?service=kanerva&role=teacher`);
  check(/mikään voimassa oleva päätös ei koske tätä henkilöä/.test(await page.textContent('main')), await page.textContent('main'));
  await context.close();
  const other = await blank({ state });
  await other.page.goto(`${g.url}/vendor/receipt/${receipt}`);
  check(/Sopimus irtisanottiin/.test(await other.page.textContent('#receipt')), await other.page.textContent('#receipt'));
  await other.context.close();
});

await test('decided anew, in Swedish and English at 320 px: the form is there again, with nothing chosen', async () => {
  for (const lang of ['sv-FI', 'en-GB']) {
    const { context, page } = await visitor('oulu-sari', { lang, width: 320, dark: lang === 'sv-FI' });
    await page.goto(`${g.url}/admin/services/kanerva`);
    check((await page.locator('#take input:checked').count()) === 0 && (await page.locator('main .truth li.no').count()) === 1, 'the form');
    await looks(page, `take-${lang}`);
    await page.goto(`${g.url}/admin/services/kanerva?receipt=${receipt}`);
    await looks(page, `receipt-${lang}`);
    await page.goto(`${g.url}/admin/services`);
    await looks(page, `services-${lang}`);
    await context.close();
  }
});

await browser.close();
await g.stop();
finish();
