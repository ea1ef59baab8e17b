// SPDX-License-Identifier: EUPL-1.2
// The end of a session as a real browser sees it: frames tell services, and the browser goes on; a service's script asks a
// frame of ours whether the session is still the same.   node logout.mjs PATH-OF-DIGIONE
import http from 'node:http';
import { check, finish, test, until } from '../e2e/gateway.mjs';
import { federation } from '../e2e/local.mjs';
import { Service } from '../e2e/rp.mjs';
import { launch } from './demo.mjs';

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
const { g } = await federation(process.argv[2], { name: 'browser-logout', services: frame('front') + frame('also') + frame('hangs') + row('plain') });
const of = Object.fromEntries(['front', 'also', 'hangs', 'plain'].map((id) => [id, new Service(g, { id, secret, redirect: `${base}/${id}/cb`, alg: 'RS256', scope: 'openid' })]));
await g.start();
const browser = await launch();

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

await browser.close();
server.closeAllConnections();
server.close();
await finish();
