// SPDX-License-Identifier: EUPL-1.2
// What services are told, in the console: in real Chromium at 320 and 1280 px.  What its screen shows for a test person is
// compared with what the provider's token and userinfo carry for that very person, of the live set and of a draft.
//   node release.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Agent } from '../e2e/agent.mjs';
import { Gateway, check, fetchLocal, finish, freePort, root, test, until } from '../e2e/gateway.mjs';
import { Service } from '../e2e/rp.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const program = path.resolve(process.argv[2]);
const shots = path.join(root, 'build/console-shots');
fs.mkdirSync(shots, { recursive: true });

/* --- two cities, their test people, three services ------------------------------------------------------------- */

process.env.MALLOC_PERTURB_ = '165';
const password = 'salasana-salasana', secret = 'kanerva-kanerva-kanerva-kanerva';
const port = await freePort(), gateway = { url: `http://localhost:${port}`, port, host: 'localhost' };
const services = {
  kanerva: new Service(gateway, { id: 'kanerva', secret, scope: 'openid profile email edu.role edu.school edu.group edu.age' }),
  tunturi: new Service(gateway, { id: 'tunturi', secret, scope: 'openid profile', alg: 'RS256' }),
};
const person = (id, given, family, more, at) => `  - { id: ${id}, idp: ${id.split('-')[0]}, username: ${id}, password: { plain: ${password} }, given_names: ${given}, calling_name: ${given}, family_name: ${family}, ${more}, affiliations: [${at}] }`;
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu, sv: Uleåborg }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }, { oid: "1.2.246.562.99.95640200028", code: "99102", name: { fi: Testi-Otsolahden lukio } }] }
  - { id: espoo, oid: "1.2.246.562.99.90490100001", name: { fi: Espoo, sv: Esbo } }
idps:
  - { id: oulu, kind: local, provider: oulu, name: { fi: Oulu }, test: true }
  - { id: espoo, kind: local, provider: espoo, name: { fi: Espoo }, test: true }
  - { id: operators, kind: local, name: { fi: Ylläpito } }
services:
${services.kanerva.row({ asks: 'sub, given_name, family_name, email, roles, school, group, age', extra: `    purposes:
      - { attribute: given_name, basis: contract, purpose: { fi: Opettaja tunnistaa työsi., sv: Läraren känner igen ditt arbete., en: Teachers know whose work it is. } }
      - { attribute: school, basis: public_task, purpose: { fi: Koulun kirjat avautuvat., sv: Skolans böcker öppnas., en: The school’s books open. } }
` })}${services.tunturi.row({ profile: 'mpass', asks: 'sub, given_name, family_name, roles, school, provider, learner_id, class_level, charge, origin' }).replace('Kanerva Oppikirjat', 'Tunturi Kurssit')}  - { id: linkki, protocol: link, vendor: x-oy, category: learning, test: true, name: { fi: Linkki }, launch_uri: "http://127.0.0.1:9/" }
policies:
  - { id: fi-no-learner-id, opens: none, roles: [guardian], withhold: [learner_id], name: { fi: Huoltajista ei oppijanumeroa } }
  - { id: oulu-teachers, provider: oulu, opens: permit, roles: [teacher], release: [sub, given_name, family_name, email, roles, school, provider, origin] }
  - { id: oulu-learners, provider: oulu, opens: permit, roles: [learner], services: [kanerva, tunturi], release: [given_name, roles, group, class_level, charge, learner_id] }
  - { id: espoo-teachers, provider: espoo, opens: permit, roles: [teacher], release: [given_name] }
  - { id: espoo-secret, provider: espoo, opens: none, roles: [teacher], services: [kanerva], release: [email], name: { fi: Espoon oma } }
admins:
  - { id: tiina-koski, idp: oulu, subject: oulu-tiina, role: admin, provider: oulu }
  - { id: sari-lehto, idp: oulu, subject: oulu-sari, role: admin, provider: oulu }
  - { id: kaisa-koulu, idp: oulu, subject: oulu-kaisa, role: admin, provider: oulu, school: "99101" }
  - { id: espoon-eero, idp: espoo, subject: espoo-eero, role: admin, provider: espoo }
  - { id: riikka-aalto, idp: operators, subject: operators-riikka, role: operator, why: valittu }
accounts:
${person('oulu-aino', 'Aino', 'Testi-Kielo', 'email: aino@oulu.example, age: adult', '{ provider: oulu, role: teacher, school: "99101" }')}
${person('oulu-leevi', 'Leevi', 'Testi-Pihlaja', 'learner_id: "1.2.246.562.98.00000000018", age: under13', '{ provider: oulu, role: learner, school: "99101", group: 5B, class_level: 5, charge: free }')}
${person('oulu-monna', 'Monna', 'Testi-Kaksi', 'email: monna@oulu.example, age: adult', '{ provider: oulu, role: teacher, school: "99102" }, { provider: oulu, role: substitute, school: "99101" }')}
${person('oulu-gunnar', 'Gunnar', 'Testi-Vanhempi', 'age: adult', '{ provider: oulu, role: guardian }')}
${person('espoo-eeva', 'Eeva', 'Testi-Espoo', 'age: adult', '{ provider: espoo, role: teacher }')}
${['oulu-tiina', 'oulu-sari', 'oulu-kaisa', 'espoo-eero', 'operators-riikka'].map((id) => `  - { id: ${id}, idp: ${id.split('-')[0]}, username: ${id}, password: { plain: ${password} }, given_names: ${id.split('-')[1]}, family_name: Ylläpitäjä }`).join('\n')}
`;

const g = await new Gateway(program, { name: 'release', port, registry }).start();
if (process.env.HOLD) { console.log(g.url, g.dir); await new Promise(() => {}); }
const browser = await launch();

async function visitor(user, { lang = 'fi-FI', width = 1280, scripts = true, dark = false } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: scripts, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('pageerror', (e) => { throw e; });
  page.scripts = scripts;
  const idp = user.split('-')[0];
  await page.goto(`${g.url}/admin`);
  await page.waitForURL(/\/sign-in/);
  const login = new URL(page.url()).searchParams.get('login'), button = page.locator(`button[name=idp][value=${idp}]`);
  if (await button.count()) await Promise.all([page.waitForNavigation(), button.first().click()]);
  else await page.goto(`${g.url}/sign-in/local?login=${login}&idp=${idp}`);
  await page.fill('#username', user);
  await page.fill('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(#password) .acts button.b')]);
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
  return { context, page };
}
async function looks(page, name, width = page.viewportSize().width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth).catch(() => null);
  if (wide !== null) check(wide <= width, `${name}: ${wide} px wide at ${width}`);
  await picture(page, { path: path.join(shots, `${name}-${width}.png`), fullPage: true });
  if (!page.scripts) return;
  await axeFindsNothing(page, name);
}

// What the provider tells the service of somebody, as they sign in.  null: it tells nothing.
async function told(service, user) {
  const agent = new Agent(), idp = user.split('-')[0];
  let res = await service.begin(agent, { ui_locales: 'fi' });
  for (let i = 0; res.page && i < 4; i++) {
    const page = res.page;
    if (/name="password"/.test(page.text)) res = service.arrived(await agent.submit(page, { username: user, password }, (f) => 'password' in f.fields, service.until()));
    else if (/name="idp"/.test(page.text)) res = service.arrived(await agent.submit(page, { idp }, (f) => f.buttons.some((b) => b.name === 'idp' && b.value === idp) || 'idp' in f.fields, service.until()));
    else break;
  }
  if (!res.answer) return null;
  if (res.answer.get('error')) return null;
  const { claims, info } = await service.finish(res.answer);
  return { claims, info };
}
const shownJson = async (page, id) => JSON.parse((await page.locator(`#${id} .ln`).allTextContents()).join('\n'));
async function shown(page, service, user, draft) {
  await page.goto(`${g.url}/admin/release/${service.id}?who=${user}${draft ? `&draft=${draft}` : ''}`);
  if ((await page.locator('#userinfo').count()) === 0) return null;
  return { claims: await shownJson(page, 'id-token'), info: await shownJson(page, 'userinfo') };
}
const own = ({ iss, iat, exp, ...rest }) => rest; // eslint-disable-line no-unused-vars
// All but what is an example: who it is towards this vendor, and what differs at each sign-in.
const rest = (o) => { const { sub, nonce, sid, at_hash, auth_time, ...others } = own(o); delete others['urn:mpass.id:uid']; return { ...others, has: [sub, nonce, sid, at_hash, auth_time].map((x) => x !== undefined) }; };
const same = (x, y) => JSON.stringify(x) === JSON.stringify(y);
const people = ['oulu-aino', 'oulu-leevi', 'oulu-monna', 'oulu-gunnar'];

async function compare(page, what, draft, real) {
  let tellings = 0;
  for (const service of Object.values(services)) for (const user of people) {
    const screen = draft ? draft[`${service.id} ${user}`] : await shown(page, service, user);
    const provider = real ?? await told(service, user);
    check((screen === null) === (provider === null), `${what}: ${service.id}, ${user}: the screen says ${JSON.stringify(screen)}, the provider ${JSON.stringify(provider)}`);
    if (screen === null) continue;
    tellings++;
    for (const part of ['claims', 'info'])
      check(same(rest(screen[part]), rest(provider[part])), `${what}: ${service.id}, ${user}, ${part}: the screen says ${JSON.stringify(screen[part])}, the provider ${JSON.stringify(provider[part])}`);
    check(screen.info.sub !== provider.info.sub && screen.info.sub === screen.claims.sub, 'the sub is no example');
  }
  return tellings;
}

const { page: tiina } = await visitor('oulu-tiina');
const { page: sari } = await visitor('oulu-sari');

await test('what the screen shows of a test person is what the provider tells of them', async () => {
  check(await compare(tiina, 'live') >= 5, 'hardly anybody was told of');
});

async function wish(page, service, what, roles, act, why, draft = '') {
  await page.goto(`${g.url}/admin/release/${service}${draft ? `?draft=${draft}` : ''}`);
  for (const w of what) await page.check(`[name=what_${w}]`);
  for (const r of roles) await page.check(`#change [name=role_${r}]`);
  await page.check(`[name=act][value=${act}]`);
  await page.fill('#why', why);
  await Promise.all([page.waitForNavigation(), page.click('#change button.b')]);
}
const draftOf = (page) => Number(new URL(page.url()).pathname.split('/').pop());
async function publish(number) {
  await tiina.goto(`${g.url}/admin/drafts/${number}`);
  await Promise.all([tiina.waitForNavigation(), tiina.click('[name=act][value=propose]')]);
  await sari.goto(`${g.url}/admin/drafts/${number}`);
  if (await sari.locator('#looked input').count()) await sari.check('#looked input');
  await Promise.all([sari.waitForNavigation(), sari.click('[name=act][value=approve]')]);
}

await test('as a draft would have it is as it is once the draft is published', async () => {
  await wish(tiina, 'kanerva', ['email', 'family_name'], ['teacher'], 'take', 'Ei tarvita');
  check(/\/admin\/drafts\/\d+$/.test(tiina.url()), `no draft was kept: ${tiina.url()}: ${await tiina.textContent('main')}`);
  const number = draftOf(tiina);
  await wish(tiina, 'kanerva', ['school'], ['learner'], 'grant', 'Koulun kirjat', number);
  check(draftOf(tiina) === number, `another draft: ${tiina.url()}`);
  await wish(tiina, 'tunturi', ['learner_id'], ['learner'], 'take', 'Ei kursseille', number);
  check(draftOf(tiina) === number, `another draft: ${tiina.url()}`);
  // It is reckoned over those who signed in of late, which is written every few seconds: until all who did are counted.
  await until('what would be told otherwise', async () => {
    await tiina.reload();
    const tellings = await tiina.locator('#tellings tbody tr').allTextContents();
    const of = (service, role, what) => tellings.some((l) => service.test(l) && role.test(l) && what.test(l));
    return of(/Kanerva/, /Opettaja/, /sukunimi, sähköpostiosoite/) && of(/Kanerva/, /Oppilas/, /koulu/) && of(/Tunturi/, /Oppilas/, /oppijanumero/) || (() => { throw new Error(`it is ${tellings}`); })();
  });
  await looks(tiina, 'draft-told');
  const foreseen = {};
  for (const service of Object.values(services)) for (const user of people) foreseen[`${service.id} ${user}`] = await shown(tiina, service, user, number);
  const aino = foreseen['kanerva oulu-aino'].info, leevi = foreseen['kanerva oulu-leevi'].info;
  check(!('email' in aino) && !('family_name' in aino) && aino.given_name === 'Aino', `of Aino, as the draft has it: ${JSON.stringify(aino)}`);
  check(leevi.edu_schools?.[0]?.oid === '1.2.246.562.99.95640200010', `of Leevi: ${JSON.stringify(leevi)}`);
  check('urn:oid:1.3.6.1.4.1.16161.1.1.27' in (await shown(tiina, services.tunturi, 'oulu-leevi')).info, 'the live set has changed');
  check(!('urn:oid:1.3.6.1.4.1.16161.1.1.27' in foreseen['tunturi oulu-leevi'].info), 'the learner number is still told');
  check('email' in (await shown(tiina, services.kanerva, 'oulu-aino')).info, 'a draft took effect');
  await publish(number);
  await until('it is in force', async () => !('email' in (await shown(tiina, services.kanerva, 'oulu-aino')).info));
  await compare(tiina, 'as the draft had it', foreseen);
  await compare(tiina, 'live again');
});

await test('what was granted stands among the policies as a form', async () => {
  await tiina.goto(`${g.url}/admin/release/kanerva`);
  const links = await tiina.locator('#c-email a[href^="/admin/policy/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  check(links.includes('/admin/policy/oulu-teachers') && links.some((l) => /oulu-kanerva-not-told-/.test(l)), `the policies of the e-mail: ${links}`);
  await tiina.goto(g.url + links.find((l) => /not-told/.test(l)));
  check(await tiina.isChecked('[name=withhold_email]') && await tiina.isChecked('[name=withhold_family_name]') && await tiina.isChecked('[name=opening][value=none]') && await tiina.isChecked('[name=role_teacher]'), 'the form of the policy');
  check(/ei kerrota/i.test(await tiina.textContent('main')), 'in words');
});

await test('it is granted again, and what is so already is no draft', async () => {
  await wish(tiina, 'kanerva', ['email'], ['teacher'], 'grant', 'Sittenkin');
  const number = draftOf(tiina);
  await tiina.goto(`${g.url}/admin/release/kanerva?draft=${number}&who=oulu-aino`);
  check((await shownJson(tiina, 'userinfo')).email === 'aino@oulu.example', 'as the draft has it');
  await publish(number);
  await until('it is in force', async () => (await shown(tiina, services.kanerva, 'oulu-aino')).info.email === 'aino@oulu.example');
  await wish(tiina, 'kanerva', ['email'], ['teacher'], 'grant', 'Vielä kerran');
  check((await tiina.locator('.note.info').count()) > 0 && /Näin on jo/.test(await tiina.textContent('main')), 'what is so already became a draft');
  await wish(tiina, 'tunturi', ['learner_id'], ['guardian'], 'grant', 'Huoltajille');
  check(/Tätä ei voi muuttaa täällä/.test(await tiina.textContent('main')) && /fi-no-learner-id/.test(await tiina.textContent('main')), 'what the nation forbids was granted');
  await tiina.goto(`${g.url}/admin/release/kanerva`);
  await tiina.fill('#why', 'ilman valintaa');
  await Promise.all([tiina.waitForNavigation(), tiina.click('#change button.b')]);
  check(/Valitse vähintään yksi/.test(await tiina.textContent('.note.bad')), 'nothing was chosen');
});

await test('what is held back is said with its reason', async () => {
  await tiina.goto(`${g.url}/admin/release/kanerva?who=oulu-leevi`);
  const held = await tiina.locator('#held li').allTextContents();
  const of = (name) => held.find((h) => h.includes(name)) ?? '';
  check(/Kukaan ei ole antanut/.test(of('sukunimi')), `the family name: ${held}`);
  check(/Palvelu ei pyydä/.test(of('oppijanumero')), `the learner number: ${held}`);
  check(/Kukaan ei ole antanut/.test(of('sähköposti')), `the e-mail: ${held}`);
  await tiina.goto(`${g.url}/admin/release/kanerva?who=oulu-gunnar`);
  check(/ei avaudu tälle henkilölle/.test(await tiina.textContent('main')) && (await tiina.locator('#userinfo').count()) === 0, 'something is shown of somebody to whom it does not open');
  await tiina.goto(`${g.url}/admin/release/kanerva`);
  const table = await tiina.textContent('#c-given_name');
  check(/Opettaja tunnistaa työsi/.test(table) && /sopimus/.test(table), `the purpose: ${table}`);
  check(/Perustelua ei ole annettu/.test(await tiina.textContent('#c-email')), 'no purpose stated');
  await tiina.goto(`${g.url}/admin/release/linkki`);
  check(/ei kerrota mitään/.test(await tiina.textContent('main')), 'a link');
});

await test('a person who is not is shown for a role, a school and a class', async () => {
  for (const [role, more, wants] of [['learner', '&school=1.2.246.562.99.95640200010&level=5&group=5B', (i) => i.edu_groups?.[0] === '5B' && i.edu_roles?.[0]?.role === 'learner'], ['teacher', '', (i) => /@oulu\.example$/.test(i.email)]]) {
    await tiina.goto(`${g.url}/admin/release/kanerva?role=${role}${more}`);
    const info = await shownJson(tiina, 'userinfo');
    check(wants(info) && /keksitty/.test(await tiina.textContent('main')), `${role}: ${JSON.stringify(info)}`);
  }
});

for (const [width, lang, scripts, dark] of [[320, 'fi-FI', true, false], [320, 'sv-FI', true, true], [1280, 'en-GB', true, false], [1280, 'fi-FI', false, false]])
  await test(`the screens, ${width} px, ${lang}, ${scripts ? 'with' : 'without'} scripts`, async () => {
    const { context, page } = await visitor('oulu-tiina', { width, lang, scripts, dark });
    for (const [name, at] of [['releases', '/admin/release'], ['releases-none', '/admin/release?q=eiole'], ['release', '/admin/release/kanerva'], ['release-shown', '/admin/release/kanerva?who=oulu-leevi'], ['release-made-up', '/admin/release/tunturi?role=learner&level=5'], ['release-shut', '/admin/release/kanerva?role=guardian'], ['release-link', '/admin/release/linkki']]) {
      check((await page.goto(g.url + at)).status() === 200, at);
      await looks(page, `${name}-${lang}`, width);
    }
    await page.goto(`${g.url}/admin/rights?q=kanerva`);
    await page.click('.matrix th a');
    check(new URL(page.url()).pathname === '/admin/release/kanerva', `from the matrix: ${page.url()}`);
    await page.click('#change button.b');
    check(page.url().includes('/admin/release/kanerva'), 'an empty form led elsewhere');
    await context.close();
  });

await test('another city sees none of it and alters none of it', async () => {
  const { page: eero, context } = await visitor('espoo-eero');
  await wish(tiina, 'kanerva', ['group'], ['teacher'], 'grant', 'Luonnos Oulussa');
  const number = draftOf(tiina);
  await eero.goto(`${g.url}/admin/release/kanerva`);
  const text = await eero.textContent('main');
  check(/Espoon oma/.test(text) && !/oulu-/.test(text) && !/Aino|Leevi/.test(text), `Espoo sees of Oulu: ${text}`);
  await tiina.goto(`${g.url}/admin/release/kanerva`);
  check(!/Espoon oma|espoo-/.test(await tiina.textContent('main')), 'Oulu sees of Espoo');
  check((await eero.goto(`${g.url}/admin/release/kanerva?draft=${number}`)).status() === 404, 'another city\'s draft is shown');
  await eero.goto(`${g.url}/admin/release/kanerva?who=oulu-aino`);
  check((await eero.locator('#userinfo').count()) === 0, 'another city\'s test person is shown');
  check((await eero.goto(`${g.url}/admin/release/kanerva?provider=oulu&role=teacher&school=1.2.246.562.99.95640200010`)).status() === 200 && !/Kielonmäen/.test(await eero.textContent('main')), 'another city\'s school is shown');
  // A form with another city's draft: refused, nothing changed.
  await eero.goto(`${g.url}/admin/release/kanerva`);
  await eero.check('[name=what_email]');
  await eero.check('#change [name=role_teacher]');
  await eero.fill('#why', 'toisen luonnos');
  await eero.evaluate((n) => { document.querySelector('#change [name=draft]').value = n; document.querySelector('#change [name=edition]').value = '1'; }, String(number));
  const [answer] = await Promise.all([eero.waitForNavigation(), eero.click('#change button.b')]);
  check(answer.status() === 404, `another city's draft was written to: ${answer.status()}`);
  await context.close();
  // A school has no say in what is told; nor has who may not draft.
  const { page: kaisa, context: school } = await visitor('oulu-kaisa');
  check((await kaisa.goto(`${g.url}/admin/release/kanerva`)).status() === 200 && (await kaisa.locator('#change').count()) === 0, 'a school may grant');
  const csrf = await kaisa.locator('[name=csrf]').first().inputValue();
  const cookie = (await school.cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
  const post = await fetchLocal(port, '/admin/release/kanerva', { method: 'POST', headers: { Cookie: cookie, Origin: g.url, 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ csrf, what_email: '1', role_teacher: '1', act: 'grant', why: 'koulu' }).toString() });
  check(post.status === 403 || post.status === 404, `a school wrote: ${post.status}`);
  await school.close();
});

await test('the operator sees the nation\'s own, and takes nothing from a city', async () => {
  const { page, context } = await visitor('operators-riikka');
  await page.goto(`${g.url}/admin/release/tunturi?provider=oulu&role=learner&level=5`);
  const text = await page.textContent('main');
  check(/Huoltajista ei oppijanumeroa/.test(text) && !/oulu-teachers/.test(text), `the nation: ${text.slice(0, 500)}`);
  check((await page.locator('#userinfo').count()) === 1, 'nobody is shown');
  await looks(page, 'release-nation');
  await context.close();
});

await browser.close();
await finish();
