// SPDX-License-Identifier: EUPL-1.2
// A tool of LTI (npm ltijs) opened from its tile in real Chromium that blocks cookies of third parties, with and without scripts; and a
// teacher who picks content in it.   node lti.mjs PATH-OF-DIGIONE
import { launch } from './chromium.mjs';
import http from 'node:http';
import { check, finish, freePort, peer, root, test } from '../e2e/gateway.mjs';
import { federation, registryText } from '../e2e/local.mjs';
import { axeFindsNothing } from './look.mjs';

const port = await freePort(), own = `http://ltijs.localhost:${port}`;
const framedPort = await freePort(), framed = `http://kehys.localhost:${framedPort}`, elsewhere = `http://muu.localhost:${framedPort}`;
const { g, service } = await federation(process.argv[2], { name: 'lti-browser' });
g.registry = registryText(`${service.row()}  - id: ltijs
    protocol: lti
    vendor: ltijs
    category: learning
    name: { fi: "Hilla Tehtävät", sv: "Hilla Uppgifter", en: "Hilla Exercises" }
    test: true
    client_id: client-of-ltijs
    initiate_login_uri: "${own}/login"
    target_link_uri: "${own}/"
    redirect_uris: ["${own}/"]
    jwks_uri: "${own}/keys"
    lti_deep_linking: true
    asks: [sub, given_name, family_name, roles, school, group]
  - id: kehys
    protocol: lti
    vendor: kehys
    category: learning
    name: { fi: "Kehys Kartat" }
    test: true
    client_id: client-of-kehys
    initiate_login_uri: "${framed}/login"
    target_link_uri: "${framed}/"
    redirect_uris: ["${framed}/launch"]
    lti_framed: true
    lti_custom: ["target=$Message.documentTarget"]
    asks: [sub, given_name, roles]
`);
await g.start();

// A tool of its own make that stands in a frame: it has no cookies there, so it keeps state and nonce with the platform.
const ask = `let asked = 0;
const ask = (subject, more = {}, to = parent) => new Promise((done) => {
  const message_id = 'm' + ++asked + Math.random(), hear = (e) => { if (e.origin === PLATFORM && e.data.message_id === message_id && e.data.subject === subject + '.response') { removeEventListener('message', hear); done(e.data); } };
  addEventListener('message', hear);
  to.postMessage({ subject, message_id, ...more }, PLATFORM);
});`;
const scripted = (res, body, script) => res.writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'own=1; Path=/; SameSite=None; Secure' }).end(`<!doctype html><title>tool</title>${body}<script>const PLATFORM = ${JSON.stringify(g.url)};${ask}(async () => {${script}})()</script>`);
http.createServer((req, res) => {
  const url = new URL(req.url, framed), parts = [];
  if (url.pathname === '/login')
    return scripted(res, '', `
      const q = new URLSearchParams(location.search), state = 's' + Math.random(), nonce = 'n' + Math.random();
      if (q.get('lti_storage_target') !== '_parent') { document.body.textContent = 'no storage'; return; }
      for (const [key, value] of Object.entries({ state, nonce })) await ask('lti.put_data', { key, value });
      location.href = PLATFORM + '/lti/authorize?' + new URLSearchParams({ scope: 'openid', response_type: 'id_token', response_mode: 'form_post', prompt: 'none', client_id: q.get('client_id'), redirect_uri: location.origin + '/launch', login_hint: q.get('login_hint'), lti_message_hint: q.get('lti_message_hint'), state, nonce });`);
  if (url.pathname === '/nested')
    return scripted(res, '', "parent.postMessage({ nested: await ask('lti.get_data', { key: 'state' }, top) }, '*')");
  if (url.pathname !== '/launch') return res.writeHead(404).end();
  req.on('data', (d) => parts.push(d)).on('end', () => {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
    scripted(res, `<pre id="out"></pre><iframe src="${elsewhere}/nested"></iframe>`, `
      const form = ${JSON.stringify(form).replaceAll('<', '\\u003c')}, claims = form.id_token && JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(form.id_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))));
      const nested = await new Promise((done) => addEventListener('message', (e) => e.data.nested && done(e.data.nested)));
      const get = async (key) => (await ask('lti.get_data', { key })).value, error = async (...a) => (await ask(...a)).error?.code;
      const said = { form, claims, nested, cookie: ${JSON.stringify(req.headers.cookie ?? '')}, state: await get('state'), nonce: await get('nonce'), none: await get('nothing') };
      said.capabilities = (await ask('lti.capabilities')).supported_messages;
      said.older = (await ask('org.imsglobal.lti.get_data', { key: 'state' })).value;
      said.errors = [await error('lti.put_data', { value: 'x' }), await error('lti.put_data', { key: 'k', value: 7 }), await error('lti.put_data', { key: 'k', value: 'x'.repeat(5000) }), await error('lti.get_data'), await error('lti.unheard_of')];
      await ask('lti.put_data', { key: 'state', value: null });
      said.gone = await get('state');
      for (let i = 0; i < 520 && !said.full; i++) said.full = (await ask('lti.put_data', { key: 'k' + i, value: 'v' })).error?.code;
      try { top.location.href = '${elsewhere}/'; } catch (e) { said.top = 'refused'; }
      document.getElementById('out').textContent = JSON.stringify(said);`);
  });
}).listen(framedPort, '127.0.0.1');
await peer('ltijs', process.execPath, [`${root}/tests/e2e/ltijs_tool.mjs`], { env: { ...process.env, PORT: String(port), PLATFORM: g.url, CLIENT: 'client-of-ltijs' }, within_ms: 120000 });
const browser = await launch({ whole: true, args: ['--test-third-party-cookie-phaseout'] });
const send = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function signedIn(javaScriptEnabled = true) {
  const context = await browser.newContext({ locale: 'fi', viewport: { width: 320, height: 900 }, javaScriptEnabled, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (m) => { if (/Content Security Policy/.test(m.text())) page.faults.push(m.text()); });
  await page.goto(`${g.url}/`);
  await send(page, 'button[name=idp][value=oulu]');
  await page.fill('input[name=username]', 'anna');
  await page.fill('input[name=password]', 'salasana-anna');
  await send(page, 'form:has(input[name=password]) .acts button.b');
  return { context, page };
}
const atTool = (page) => page.waitForURL((u) => u.href.startsWith(own) && u.pathname === '/', { timeout: 60000 });

await test('a tile opens the tool in the top window, where cookies of third parties are blocked', async () => {
  const { context, page } = await signedIn();
  await page.click('a[href="/open/ltijs"]');
  await atTool(page);
  const said = JSON.parse(await page.locator('body').innerText());
  check(said.token.userInfo.given_name === 'Anna' && said.context.messageType === 'LtiResourceLinkRequest', JSON.stringify(said));
  check(page.faults.length === 0, page.faults.join('; '));
  await context.close();
});

await test('without scripts a button takes the message to the tool', async () => {
  const { context, page } = await signedIn(false);
  await page.click('a[href="/open/ltijs"]');
  await page.waitForURL(/\/lti\/authorize/);
  check((await page.locator('main').innerText()).includes('Hilla Tehtävät'), 'the page does not say where it leads');
  await page.click('form button.big');
  await atTool(page);
  check((await page.locator('body').innerText()).includes('"given_name":"Anna"'), 'no launch');
  await context.close();
});

await test('L15: from the launcher a teacher picks in the catalogue, puts it up for the class, and the link opens what was picked', async () => {
  const { context, page } = await signedIn();
  await page.click('a[href="/lti/pick"]');
  await axeFindsNothing(page, 'pick');
  await page.click('a[href^="/lti/pick/ltijs"]');
  await page.waitForURL(/\/lti\/picked/, { timeout: 60000 });
  check((await page.locator('main').innerText()).includes('Tehtävä 4'), await page.locator('main').innerText());
  check(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'wider than 320 px');
  await axeFindsNothing(page, 'picked');
  await send(page, 'button[name=add]');
  check(new URL(page.url()).pathname === '/lti/pick' && (await page.locator('ol.rows').innerText()).includes('Tehtävä 4'), await page.locator('main').innerText());
  check(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'wider than 320 px');
  await axeFindsNothing(page, 'links of the class');
  await page.click('ol.rows a');
  await atTool(page);
  const said = JSON.parse(await page.locator('body').innerText());
  check(said.context.custom.item === '4' && said.context.resource.title === 'Tehtävä 4' && said.context.context.label === '7B', JSON.stringify(said));
  await context.close();
});

await test('L3, L4: a tool in a frame, without cookies there, keeps state and nonce with the page around it, and is launched', async () => {
  const { context, page } = await signedIn();
  await page.click('a[href="/open/kehys"]');
  const out = page.frameLocator('iframe.tool').locator('#out');
  await out.filter({ hasText: 'claims' }).waitFor({ timeout: 60000 });
  const said = JSON.parse(await out.innerText());
  check(said.cookie === '' && said.state && said.state === said.form.state && said.claims.nonce === said.nonce && said.claims.given_name === 'Anna', JSON.stringify(said));
  check(said.claims['https://purl.imsglobal.org/spec/lti/claim/launch_presentation'].document_target === 'iframe' && said.claims['https://purl.imsglobal.org/spec/lti/claim/custom'].target === 'iframe', 'document_target');
  check(said.capabilities.map((m) => m.subject).join() === 'lti.capabilities,lti.put_data,lti.get_data' && said.older === said.state && said.none === null && said.gone === null, JSON.stringify(said));
  check(said.errors.join() === 'bad_request,bad_request,bad_request,bad_request,unsupported_subject' && said.full === 'storage_exhaustion', `${said.errors} ${said.full}`);
  check(said.nested.error.code === 'wrong_origin' && !('value' in said.nested), JSON.stringify(said.nested));
  check(said.top === 'refused' && page.url() === `${g.url}/lti/open/kehys`, `the tool leads the window elsewhere: ${page.url()}`);
  check(page.faults.length === 0, page.faults.join('; '));
  check(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'wider than 320 px');
  const res = await context.request.get(`${g.url}/lti/open/kehys`), csp = res.headers()['content-security-policy'];
  check(csp.endsWith(`frame-src 'self' ${framed}`) && csp.includes("script-src 'self';") && csp.includes("frame-ancestors 'none'") && res.headers()['x-frame-options'] === 'DENY', csp);
  const forbidden = page.waitForEvent('console', (m) => /frame-src/.test(m.text()));
  await page.frames().find((f) => f.url().startsWith(framed)).evaluate((url) => { location.href = url; }, elsewhere);
  await forbidden;
  check(!page.frames().some((f) => f.url() === `${elsewhere}/` && f.parentFrame() === page.mainFrame()), 'the frame is let be elsewhere');
  await context.close();
});

await test('pages of ours stand in no frame but that: not in the tool\'s, and not for who never launched it', async () => {
  const { context } = await signedIn();
  for (const path of ['/', '/lti/pick', '/lti/authorize?client_id=client-of-kehys'])
    check((await context.request.get(g.url + path)).headers()['x-frame-options'] === 'DENY', path);
  await context.close();
});

await browser.close();
await finish();
