// SPDX-License-Identifier: EUPL-1.2
// Products as services, connected as docs/services.md says: their rows and settings are read there.  The gateway stands behind the
// shipped HAProxy configuration, so that every library meets https.
//   node services.mjs PATH-OF-DIGIONE [--more] [NAME]
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Agent, decode, forms } from './agent.mjs';
import { check, finish, folder, freePort, peer, root, test, until } from './gateway.mjs';
import { haproxyMissing, makeFront } from './haproxy.mjs';
import { federation } from './local.mjs';
import { guide, rowOf, policiesOf, settingsMissing } from '../services/guide.mjs';
import { products } from '../services/products.mjs';

if (haproxyMissing) { console.log('skipped: haproxy is not installed'); process.exit(77); }
const more = process.argv.includes('--more');
const only = process.argv.slice(3).find((a) => !a.startsWith('--'));
const here = products.filter((p) => Boolean(p.more) === more && (!only || p.name.includes(only)));
const text = guide();

for (const p of here) {
  p.id ??= p.name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  p.port = await freePort();
  p.base = `http://${p.id}.localhost:${p.port}`;
  p.dir = folder(p.id);
  p.secret = `the-secret-of-${p.id}: with +, %, = and & in it`;
}
const front = await makeFront('services');
const rows = here.map((p) => rowOf(text, p.name, p)).join('');
const { g } = await federation(process.argv[2], { name: 'services', url: front.url, settings: front.settings, services: rows });
g.registry = g.registry.replace(/^rules:\n[\s\S]*?(?=^accounts:)/m, () => `policies:\n${policiesOf(text, here.map((p) => p.id))}`);
fs.mkdirSync(path.join(g.dir, 'secrets'), { mode: 0o700 });
for (const p of here) fs.writeFileSync(path.join(g.dir, 'secrets', p.id), `${p.secret}\n`);
if (process.getuid() === 0) spawnSync('chown', ['-R', 'nobody', path.join(g.dir, 'secrets')]);
const registry = g.registry;
await g.start(false);
front.start();
const certificate = path.join(front.dir, 'cert.pem');
fs.chmodSync(certificate, 0o644);
await until('the front answers', async () => (await new Agent({ ca: front.certificate }).once('GET', `${g.url}/oidc/jwks`)).status === 200);

const environment = (p) => ({ ...process.env, ISSUER: g.url, CLIENT_ID: p.id, CLIENT_SECRET: p.secret, BASE: p.base, PORT: String(p.port), STATE: p.dir,
  NODE_EXTRA_CA_CERTS: certificate, REQUESTS_CA_BUNDLE: certificate, SSL_CERT_FILE: certificate, CERTIFICATE: certificate, PYTHONUNBUFFERED: '1' });

// Fills in what the gateway asks, and leaves the browser where the product leads it.
async function signIn(agent, page, who = 'anna') {
  const post = (f) => f.method === 'post';
  check(page.url.startsWith(g.url), `not at the gateway: ${page.status} ${page.url}\n${page.text.slice(0, 500)}\n${agent.trace.slice(-6).join('\n')}`);
  page = await agent.submit(page, { idp: 'oulu' }, (f) => post(f) && f.buttons.some((b) => b.value === 'oulu'));
  return agent.submit(page, { username: who, password: `salasana-${who}` }, (f) => post(f) && 'password' in f.fields);
}

// What a page shows, whichever way its letters are written.
const plain = (s) => decode(s.replace(/\\u([0-9a-f]{4})/gi, (m, hex) => String.fromCharCode(parseInt(hex, 16))));

// A page of the product's own: what its script sends on at once, or its button.
const press = (agent, page, pick) => pick && forms(page.text).some(pick) ? agent.submit(page, {}, pick) : page;

async function wholeWay(p, agent) {
  let page = await press(agent, await agent.get(p.base + (typeof p.login === 'string' ? p.login : p.login(g.url))), p.launchForm);
  page = await signIn(agent, page);
  check(page.status === 200 && page.url.startsWith(p.base), `arrived at ${page.status} ${page.url}: ${page.text.slice(0, 1500)}\n${agent.trace.slice(-8).join('\n')}`);
  const shown = plain((await agent.get(p.base + (p.person ?? '/'))).text);
  for (const said of p.shows ?? ['Anna', 'Testi-Åberg', 'teacher']) check(shown.includes(said), `"${said}" is not shown: ${shown.slice(0, 800)}`);
  // The tile leads straight in, also into a browser that the product does not know yet.
  const other = agent.clone();
  other.jar.delete(new URL(p.base).hostname);
  page = await press(other, await other.get(`${g.url}/open/${p.id}`), p.launchForm);
  check(page.url.startsWith(p.base) && page.status === 200, `the tile leads to ${page.status} ${page.url}`);
  const opened = plain((await other.get(p.base + (p.person ?? '/'))).text);
  check(opened.includes('Anna'), `the tile signs nobody in: ${opened.slice(0, 300)}\n${other.trace.slice(-8).join('\n')}`);
  if (!p.logout) return;
  page = await press(agent, await agent.get(p.base + p.logout), p.logoutForm);
  // Where the product does not say whom it signs out, the gateway asks the person.
  if (p.confirm) { check(page.url.startsWith(g.url), `not asked: ${page.url}`); page = await agent.submit(page, {}, (f) => f.action === '/sign-out' && 'state' in f.fields); }
  check(page.url.startsWith(p.base + (p.left ?? '/')) && page.status === 200, `signed out to ${page.status} ${page.url}: ${page.text.slice(0, 800)}\n${agent.trace.slice(-8).join('\n')}`);
  check(agent.trace.some((l) => (p.confirm ? l.startsWith(`POST ${g.url}/sign-out`) : l.includes('/oidc/end_session')) && l.includes(` -> 303 ${p.base}`)), `not over the gateway:\n${agent.trace.slice(-8).join('\n')}`);
  const launcher = await agent.get(`${g.url}/`);
  check(launcher.url.includes('/sign-in'), `still signed in at the gateway: ${launcher.url}`);
  if (p.closed) return; // who is not signed in is led to the gateway, and sees nothing
  const gone = (await agent.get(p.base + (p.person ?? '/'))).text;
  check(!gone.includes('Anna'), `still signed in: ${gone.slice(0, 300)}`);
}

// Who signs out at the gateway is signed out at the product: by its server, and where its row names a frame alone, by that.
async function leaves(p, agent, by) {
  let page = await signIn(agent, await agent.get(p.base + p.login));
  check(page.url.startsWith(p.base) && plain(page.text).includes('Anna'), `not signed in: ${page.status} ${page.url}`);
  const asked = await agent.get(`${g.url}/sign-out`);
  page = await agent.submit({ ...asked, text: asked.text.slice(asked.text.indexOf('<main')) }, {}, (f) => f.action.endsWith('/sign-out'));
  const frames = [...page.text.matchAll(/<iframe[^>]* src="([^"]*)"/g)].map(([, src]) => decode(src));
  check(page.status === 200 && frames.length === (by === 'frame' ? 1 : 0), `${by}: ${page.status} ${frames}`);
  check(by === 'frame' || /<li class="ok">(?:(?!<li).)*Oppi/is.test(page.text), `${by}: the page does not say that it heard: ${page.text.slice(page.text.indexOf('<main'), page.text.indexOf('<main') + 900)}`);
  for (const src of frames) check((await agent.get(src)).status < 400, `${by}: ${src}`);
  page = await agent.get(p.base + p.login);
  check(page.url.startsWith(g.url), `${by}: the product knows the person still: ${page.status} ${page.url}`);
}

// The row of the table in docs/services.md says which version this is, and what it sends of its own accord.  Debian's packages are
// of as many versions as there are Debians.
function told(p, agent) {
  const asked = agent.trace.map((l) => /\S+\/oidc\/authorize\?\S+/.exec(l)).filter(Boolean).map(([u]) => new URL(u).searchParams)[0];
  const yes = (name) => asked.has(name) ? 'yes' : 'no';
  const row = `| ${p.version()} | ${yes('code_challenge')} | ${yes('nonce')} |`;
  const shown = text.split('\n').find((l) => l.startsWith(`| [${p.name}](#`)) ?? 'no row of the table';
  check(shown.includes(p.pinned ? row : row.slice(row.indexOf(' |'))), `docs/services.md: ${shown}\n  and it is: ${row}`);
}

for (const p of here) {
  await test(`${p.name}: its settings in docs/services.md are those of its program`, () => {
    const missing = settingsMissing(text, p.name);
    check(!missing, missing);
  });
  await test(`${p.name}: signs in, is told who it is, signs out${p.frame ? ', and hears of ends by its server and by a frame' : ''}`, async () => {
    const why = p.missing?.();
    if (why) return `skipped: ${why}`;
    const [command, ...args] = p.command(p);
    const agent = new Agent({ ca: front.certificate });
    const child = await peer(p.name, command, args, { says: p.says, within_ms: 120000, cwd: p.dir, env: { ...environment(p), ...p.environment?.(p, { issuer: g.url, certificate }) } });
    try {
      await (p.run ?? wholeWay)(p, agent, { gateway: g, child, signIn, check });
      told(p, agent);
      if (!p.frame) return;
      await leaves(p, new Agent({ ca: front.certificate }), 'server');
      g.import(registry.replace(`backchannel_logout_uri: ${p.base}/redirect_uri?logout=backchannel`, `frontchannel_logout_uri: ${p.base}${p.frame}\n    frontchannel_logout_session_required: true`));
      await leaves(p, new Agent({ ca: front.certificate }), 'frame');
      g.import(registry);
    } catch (e) {
      throw new Error(`${e.stack ?? e}\n--- ${p.name} said:\n${child.said().slice(-3000)}\n--- the gateway:\n${g.logText().split('\n').filter((l) => l.includes(`"${p.id}"`)).slice(-6).join('\n')}`);
    } finally { child.kill('SIGTERM'); }
  });
}
await finish();
