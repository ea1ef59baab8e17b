// SPDX-License-Identifier: EUPL-1.2
// The end of a session as a real browser sees it: frames tell services, and the browser goes on; a service's script asks a
// frame of ours whether the session is still the same.  And a session of many protocols at once: what each service has really heard,
// and what the page says of it.   node logout.mjs PATH-OF-DIGIONE
import http from 'node:http';
import zlib from 'node:zlib';
import { check, finish, test, until } from '../e2e/gateway.mjs';
import { federation } from '../e2e/local.mjs';
import { Service } from '../e2e/rp.mjs';
import { launch } from './chromium.mjs';
import { axeFindsNothing } from './look.mjs';
import { ALL, Mixed } from './mixed.mjs';

// Three services on one web server: what they were asked for, in its order.
const seen = [], hanging = [];
const server = http.createServer((req, res) => {
  const url = new URL(req.url, 'http://x');
  seen.push(url);
  if (url.pathname === '/hangs/leave') { hanging.push(res); return; }
  res.writeHead(200, { 'Content-Type': 'text/html' });
  if (!url.pathname.endsWith('/watch')) { res.end(`<!doctype html><html lang="en"><title>service</title><h1>${url.pathname}</h1></html>`); return; }
  // [OIDC Session Management 1.0, 3.1]
  res.end(`<!doctype html><html lang="en"><title>watch</title><iframe id="op" src="${g.url}/oidc/session_iframe"></iframe><script>
    window.said = [];
    addEventListener('message', (e) => { if (e.origin === ${JSON.stringify(g.url)}) said.push(e.data) });
    window.ask = (text) => document.getElementById('op').contentWindow.postMessage(text, ${JSON.stringify(g.url)});
  </script></html>`);
});
await new Promise((r) => server.listen(0, '127.0.0.1', r));
const base = `http://localhost:${server.address().port}`, secret = 'a-secret-of-the-test-that-nobody-else-has';
const row = (id, more = '') => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "Palvelu ${id}" }
    test: true
    client_id: ${id}
    secret: { plain: ${secret} }
    redirect_uris: ["${base}/${id}/cb"]
    post_logout_redirect_uris: ["${base}/${id}/out"]
    scopes: [openid]
    asks: [sub]
${more}`;
const frame = (id) => row(id, `    frontchannel_logout_uri: "${base}/${id}/leave?x=1"\n`);

const mixed = await Mixed.start();
const { g } = await federation(process.argv[2], { name: 'browser-logout', services: frame('front') + frame('also') + frame('hangs') + row('plain') + mixed.rows });
mixed.at(g);
const of = Object.fromEntries(['front', 'also', 'hangs', 'plain'].map((id) => [id, new Service(g, { id, secret, redirect: `${base}/${id}/cb`, alg: 'RS256', scope: 'openid' })]));

g.registry += 'admins:\n  - { id: nils, idp: oulu, subject: oulu-nils, role: admin, provider: oulu }\n';
await g.start();
const browser = await launch({ whole: true });

// Opens the service, signing in where nobody is; gives what it knows.
async function open(page, s, who = 'anna') {
  await page.goto(s.authorizeUrl());
  if (!page.url().startsWith(s.redirect)) {
    await page.click('button[name=idp][value=oulu]');
    await page.fill('input[name=username]', who);
    await page.fill('input[name=password]', `salasana-${who}`);
    await page.press('input[name=password]', 'Enter');
    await page.waitForURL((u) => u.href.startsWith(s.redirect));
  }
  const answer = new URL(page.url()).searchParams;
  return { answer, ...(await s.finish(answer)) };
}
const end = (s, tokens, state = 's') => `${g.url}/oidc/end_session?${new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/${s.id}/out`, state })}`;
const left = (id) => seen.filter((u) => u.pathname === `/${id}/leave`);

for (const javaScriptEnabled of [true, false]) {
  await test(`LO13: the frames load, then the browser is led back; ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const context = await browser.newContext({ javaScriptEnabled }), page = await context.newPage();
    const { tokens, claims } = await open(page, of.front);
    const also = await open(page, of.also), before = seen.length, errors = [];
    page.on('console', (m) => { if (m.type() === 'error') errors.push(m.text()); });
    await page.goto(end(of.front, tokens));
    await page.waitForURL(`${base}/front/out?state=s`);
    const order = seen.slice(before).map((u) => u.pathname).filter((p) => p !== '/favicon.ico');
    check(order.at(-1) === '/front/out' && order.slice(0, -1).sort().join() === '/also/leave,/front/leave', order.join());
    for (const [id, sid] of [['front', claims.sid], ['also', also.claims.sid]]) {
      const u = left(id).at(-1);
      check(u.searchParams.get('x') === '1' && u.searchParams.get('iss') === g.url && u.searchParams.get('sid') === sid, u.href);
    }
    check(errors.length === 0, errors.join());
    await context.close();
  });
}

await test('who signs out at our own page: the frames load, and the page stays', async () => {
  const context = await browser.newContext(), page = await context.newPage();
  await open(page, of.front);
  const before = left('front').length;
  await page.goto(`${g.url}/sign-out`);
  await page.click('main form button');
  await until('the frame', () => left('front').length === before + 1);
  check(/Kirjauduit ulos|You have signed out/.test(await page.textContent('h1')), await page.textContent('h1'));
  await context.close();
});

await test('a frame that never loads keeps nobody: the link leads on, and the script does', async () => {
  const context = await browser.newContext(), page = await context.newPage();
  const { tokens } = await open(page, of.hangs);
  await page.goto(end(of.hangs, tokens), { waitUntil: 'commit' });
  await page.waitForURL(`${base}/hangs/out?state=s`, { timeout: 20000, waitUntil: 'commit' });
  check(hanging.length === 1, 'the frame was not asked for');
  for (const res of hanging) res.end();
  await context.close();
});

await test('LO17: the frame says unchanged while the session lasts, and changed once it is over', async () => {
  const context = await browser.newContext(), page = await context.newPage();
  const { answer, tokens } = await open(page, of.plain), question = `plain ${answer.get('session_state')}`;
  const watch = await context.newPage();
  await watch.goto(`${base}/plain/watch`);
  const ask = async (text) => {
    const before = await watch.evaluate(() => said.length);
    await watch.evaluate((t) => ask(t), text);
    await until('an answer', async () => await watch.evaluate(() => said.length) > before);
    return watch.evaluate(() => said.at(-1));
  };
  check(await ask(question) === 'unchanged', 'before');
  check(await ask(question.replace('plain', 'front')) === 'changed', 'of another service');
  check(await ask('nonsense') === 'error', 'nonsense');
  await page.goto(end(of.plain, tokens));
  await page.waitForURL(`${base}/plain/out?state=s`);
  check(await ask(question) === 'changed', 'after');
  await context.close();
});

// ── many protocols in one session ──

// Somebody signs in here and opens these from the launcher.
async function signsIn({ who = 'anna', javaScriptEnabled = true, shared = false, ids = ALL } = {}) {
  const context = await browser.newContext({ locale: 'fi-FI', viewport: { width: 320, height: 800 }, javaScriptEnabled, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${g.url}/school/99101`);
  await page.fill('#username', who);
  await page.fill('#password', `salasana-${who}`);
  if (shared) await page.check('[name=shared]');
  await Promise.all([page.waitForURL(`${g.url}/`), page.click('form:has(#password) .acts button.b')]);
  await mixed.open(page, { ids, javaScriptEnabled });
  return { context, page };
}

for (const javaScriptEnabled of [true, false])
  for (const [journey, how] of Object.entries({ 'J1, a teacher on a device of their own': { who: 'anna' }, 'J2, a first-grader on a shared device': { who: 'otso', shared: true } })) {
    await test(`${journey}: one session with OpenID Connect, SAML and LTI, one of them hanging: each that can hear has heard once, and the page and the log say what is true; ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const { context, page } = await signsIn({ ...how, javaScriptEnabled });
      await mixed.leave(page);
      await mixed.isTrue(page);
      if (javaScriptEnabled) {
        check(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'wider than 320 px');
        await axeFindsNothing(page, `signed out of all: ${journey}`);
      }
      await page.goto(`${g.url}/`);
      check(!(await page.locator('a[href^="/open/"]').count()), `still signed in: ${page.url()}`);
      mixed.heardOnce();
      await mixed.release();
      await context.close();
    });
  }

for (const javaScriptEnabled of [true, false])
  for (const [ids, partial] of [[['back', 'soap', 'trip'], false], [ALL, true]]) {
    await test(`a service of SAML begins the sign-out: all others hear once, and its answer says ${partial ? 'PartialLogout where one is not known to have ended' : 'Success where all have ended'}; ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const { context, page } = await signsIn({ javaScriptEnabled, ids });
      const to = `${g.url}/saml/slo`, xml = mixed.samls.trip.logout(to, mixed.names.trip), answer = page.waitForRequest((r) => r.url().startsWith(`${mixed.base}/trip/slo?`) && r.url().includes('SAMLResponse='), { timeout: 20000 });
      const id = mixed.samls.trip.last;
      await page.goto(`${to}?${mixed.samls.trip.query(xml, { relay: 'theirs', sign: true })}`, { waitUntil: 'commit' });
      const url = new URL((await answer).url()), said = zlib.inflateRawSync(Buffer.from(url.searchParams.get('SAMLResponse'), 'base64')).toString();
      check(url.searchParams.get('RelayState') === 'theirs' && said.includes(`InResponseTo="${id}"`) && /status:Success"/.test(said), said);
      check(/PartialLogout/.test(said) === partial, said);
      for (const other of ids.filter((i) => !['trip', 'tool', 'stuck'].includes(i))) check(mixed.times(other) === 1, `${other} heard ${mixed.times(other)} times: ${mixed.told}`);
      check(mixed.times('trip') === 0, 'whoever asked was asked');
      check(g.audited('farewell').some((l) => l.service === 'trip' && l.reason === 'heard' && l.why === 'service' && l.sid === g.audited('logout').at(-1).sid), 'no line of whoever asked');
      await page.waitForURL((u) => u.pathname === '/trip/slo');
      await page.goto(`${g.url}/`);
      check(!(await page.locator('a[href^="/open/"]').count()), `still signed in: ${page.url()}`);
      if (ids.includes('stuck')) await mixed.release();
      await context.close();
    });
  }

// What services said stands in the log, and is read back by whoever ended the sessions.
async function admin(width, javaScriptEnabled) {
  const context = await browser.newContext({ javaScriptEnabled, locale: 'fi-FI', viewport: { width, height: 900 } }), page = await context.newPage();
  await page.goto(`${g.url}/admin/sessions`);
  await page.click('button[name=idp][value=oulu]');
  await page.fill('input[name=username]', 'nils');
  await page.fill('input[name=password]', 'salasana-nils');
  await page.click('form:has(#password) .acts button.b');
  await page.waitForURL((u) => u.pathname.startsWith('/admin') && !u.pathname.startsWith('/admin/enter'));
  if (page.url().includes('/admin/area')) await Promise.all([page.waitForNavigation(), page.click('[name=area][value=oulu]')]);
  await page.goto(`${g.url}/admin/sessions`);
  return { context, page };
}
const ends = (page) => page.locator('section:has(table) table').count();
const states = async (page) => Object.fromEntries(await page.locator('section:has(table) table').first().locator('tbody tr').evaluateAll((rows) => rows.map((r) => [r.cells[0].textContent.trim().replace('Palvelu ', ''), `${r.cells[1].textContent.trim()} ${r.cells[2].textContent.trim()}`.replaceAll('\u00ad', '')])));
// Of one person, their newest session, by what they had opened.
async function newestOf(page) {
  await page.goto(`${g.url}/admin/people`);
  await page.fill('[name=q]', 'anna');
  await page.check('[name=reason][value=incident]');
  await page.fill('[name=why]', 'Tietoturvapoikkeama');
  await Promise.all([page.waitForNavigation(), page.click('main form button.b')]);
  return Object.fromEntries((await page.locator('table').nth(1).locator('tbody tr').first().locator('li').allTextContents()).map((t) => t.replaceAll('\u00ad', '').trim().replace('Palvelu ', '').split(': ')));
}
for (const [width, javaScriptEnabled] of [[320, true], [1280, false]])
  await test(`an admin ends sessions, and reads per service what is true: ended, not yet, could not be confirmed, does not support it; ${width} px, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const { context } = await signsIn({}), by = await admin(width, javaScriptEnabled), page = by.page, before = await ends(page);
    await page.check('[name=what][value=school]');
    await page.fill('#why', 'Tietoturvapoikkeama');
    await Promise.all([page.waitForNavigation(), page.click('form .b.red')]);
    check(await page.locator('.note.good').count() === 1, `not ended: ${await page.textContent('main')}`);
    let now = {};
    // Of this end, and not of one before, which stands first until the log's index has this one.
    await until('each has been told', async () => { await page.goto(`${g.url}/admin/sessions`); now = await states(page); return await ends(page) > before && now.back && now.soap && now.stuck; }, 20000);
    check(now.back === 'Päättynyt 1' && now.soap === 'Päättynyt 1' && now.stuck === 'Ei vastannut vielä 1', JSON.stringify(now));
    check(Object.keys(now).length === 3, `of others nobody has said anything: ${JSON.stringify(now)}`);
    check(await page.evaluate(() => document.documentElement.scrollWidth) <= width, `wider than ${width} px`);
    if (javaScriptEnabled) await axeFindsNothing(page, 'what services answered to an admin');
    await mixed.release();
    await until('that one has heard after all', async () => { await page.goto(`${g.url}/admin/sessions`); now = await states(page); return now.stuck === 'Päättynyt 1'; }, 20000);
    let of_ = await newestOf(page);
    for (const [id, said] of Object.entries({ back: 'Päättynyt', soap: 'Päättynyt', stuck: 'Päättynyt', trip: 'Ei voitu varmistaa', framed: 'Ei voitu varmistaa', tool: 'Ei tue uloskirjautumista' }))
      check(of_[id] === said, `${id}: ${of_[id]}, not ${said}: ${JSON.stringify(of_)}`);
    check(await page.evaluate(() => document.documentElement.scrollWidth) <= width, `a person's page is wider than ${width} px`);
    if (javaScriptEnabled) await axeFindsNothing(page, "a person's sessions, and what services answered");
    // Who signs out themselves: what their own browser has confirmed, and what it could not.
    const own = await signsIn({ ids: ['framed', 'soap', 'trip'] });
    await mixed.leave(own.page);
    of_ = await newestOf(page);
    check(of_.trip === 'Päättynyt' && of_.soap === 'Päättynyt' && of_.framed === 'Ei voitu varmistaa', JSON.stringify(of_));
    await own.context.close();
    await by.context.close();
    await context.close();
  });

await browser.close();
server.closeAllConnections();
server.close();
mixed.stop();
await finish();
