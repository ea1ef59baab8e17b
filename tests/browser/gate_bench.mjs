// SPDX-License-Identifier: EUPL-1.2
// A gateway with one organisation, whose owner is signed in, and the gate's page as its tester uses it.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Gateway, check, fetchLocal, folder, freePort, root } from '../e2e/gateway.mjs';
import { axeFindsNothing, picture } from './look.mjs';

const password = 'salasana-salasana', bench = crypto.randomBytes(24).toString('hex');
export const vendor = 'y2345678-0';

function codeOf(seed, step) { // as an authenticator app makes it [RFC 6238]
  let bits = '';
  for (const c of seed) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), o = mac.at(-1) & 15;
  return String((mac.readUInt32BE(o) & 0x7fffffff) % 1000000).padStart(6, '0');
}

export const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };

// The world outside: a proxy that leads to a client's own server, which hears over https at that host.  The settings by which the
// gateway finds it, and the papers of that server.
export async function worldOutside(name, host, serve) {
  const papers = folder(`${name}-tls`), pem = (n) => path.join(papers, n);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', pem('key'), '-out', pem('cert')], { stdio: 'ignore' });
  fs.chmodSync(papers, 0o755);
  fs.chmodSync(pem('cert'), 0o644);
  const outside = https.createServer({ key: fs.readFileSync(pem('key')), cert: fs.readFileSync(pem('cert')) }, (req, res) => serve(req, res).catch(() => res.writeHead(400).end()));
  await new Promise((r) => outside.listen(0, '127.0.0.1', r));
  const proxy = http.createServer().on('connect', (req, socket) => {
    const to = net.connect(outside.address().port, '127.0.0.1', () => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); to.pipe(socket).pipe(to); });
    to.on('error', () => socket.destroy());
    socket.on('error', () => to.destroy());
  });
  await new Promise((r) => proxy.listen(0, '127.0.0.1', r));
  return { settings: { outgoing_proxy: `http://127.0.0.1:${proxy.address().port}`, ca_file: pem('cert') }, close: () => { for (const server of [proxy, outside]) { server.closeAllConnections(); server.close(); } } };
}

export class GateBench {
  static async open(program, name, settings = {}) {
    const self = new GateBench();
    process.env.MALLOC_PERTURB_ = '165'; // what is freed is overwritten: who still reads it is found out
    self.shots = path.join(root, `build/${name}-shots`);
    fs.mkdirSync(self.shots, { recursive: true });
    const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat } }
services: []
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
api_tokens:
  - { id: bench, role: operator, at_once: true, token: { plain: "${bench}" } }
`;
    self.g = await new Gateway(program, { name, port: await freePort(), registry, settings: { support: 'tuki@digione.example', ...settings } }).start();
    self.browser = await launch();
    await self.settle();
    return self;
  }

  async close() { await this.browser.close(); await this.g.stop(); }

  async visitor(options = {}) {
    const context = await this.browser.newContext({ storageState: options.state, locale: options.lang ?? 'fi-FI', viewport: { width: options.width ?? 1280, height: 900 }, reducedMotion: 'reduce', javaScriptEnabled: options.scripts ?? true, colorScheme: options.dark ? 'dark' : 'light' });
    const page = await context.newPage();
    page.on('pageerror', (e) => { throw e; });
    return { context, page };
  }

  async looks(page, name, width = page.viewportSize().width) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `${name}: ${wide} px wide at ${width}`);
    await picture(page, { path: path.join(this.shots, `${name}-${width}.png`), fullPage: true });
    await axeFindsNothing(page, name);
  }

  async asOperator(to) {
    const { context, page } = await this.visitor();
    await page.goto(this.g.url + to);
    await page.waitForURL(/\/sign-in/);
    await page.goto(`${this.g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`);
    await page.fill('#username', 'riikka');
    await page.fill('#password', password);
    await page.click('form:has(#password) .acts button.b');
    await page.waitForURL(this.g.url + to);
    return { context, page };
  }

  // An organisation, and its owner, signed in.
  async settle() {
    const { context, page } = await this.asOperator('/admin/vendors'), owner = await this.visitor();
    await page.fill('#name_fi', 'Tuisku Oy');
    await page.fill('#business_id', '2345678-0');
    for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@tuisku.example`);
    check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
    await owner.page.goto(await page.textContent('#link'));
    const seed = await owner.page.textContent('#seed');
    for (const [f, v] of [['given_names', 'Vera'], ['family_name', 'Tuisku'], ['username', 'vera'], ['password', 'pitkä lause on parempi'], ['code', codeOf(seed, Math.floor(Date.now() / 30000))]]) await owner.page.fill(`#${f}`, v);
    check(await send(owner.page, owner.page.click('main form .acts button.b')) === 200, await owner.page.textContent('main'));
    const paper = (await owner.page.locator('#papers code').allTextContents())[0].trim();
    await owner.page.goto(`${this.g.url}/vendor`);
    await owner.page.waitForURL(/\/sign-in\/local/);
    for (const [f, v] of [['username', 'vera'], ['password', 'pitkä lause on parempi'], ['code', paper]]) await owner.page.fill(`#${f}`, v);
    await send(owner.page, owner.page.click('#local .acts button.b'));
    await owner.page.waitForURL(`${this.g.url}/vendor`);
    this.state = await owner.context.storageState();
    await owner.context.close();
    await context.close();
  }

  put(id, body) {
    return fetchLocal(this.g.port, `/api/v1/services/${id}`, { method: 'PUT', body: JSON.stringify({ vendor, test: true, enabled: true, name: { fi: id, sv: id, en: id }, ...body }), headers: { Authorization: `Bearer ${bench}`, 'Content-Type': 'application/json' } });
  }

  async register(id, body) {
    const answer = await this.put(id, body);
    check(answer.status === 201, `${id}: ${answer.status} ${answer.text}`);
  }

  /* --- the gate's page --- */

  async start(page, id, trial) {
    await page.goto(`${this.g.url}/vendor/gate/${id}`);
    const status = await send(page, page.locator(`button[name=trial][value=${trial}]:not(#first)`).click());
    check(status === 200 && (await page.getAttribute('#trial', 'data-trial')) === trial, `${trial} does not begin: ${status} ${await page.textContent('main')}`);
  }

  // What the tester sees at the client, whose addresses begin so.
  async atClient(page, base) {
    const other = await page.context().newPage();
    await other.goto(new URL(await page.getAttribute('#launch', 'href'), this.g.url).href);
    await other.waitForURL((u) => u.href.startsWith(base), { timeout: 20000 });
    await other.waitForLoadState();
    const said = (await other.locator('#said').count()) ? await other.textContent('#said') : await other.locator('body').innerText();
    await other.close();
    return said;
  }

  async verdict(page, trial) {
    for (const v of ['failed', 'passed', 'open', 'todo']) if (await page.locator(`#${v}-${trial}`).count()) return v;
    return 'nothing';
  }

  async keep(page, saw) {
    await page.check(`[name=saw][value=${saw}]`);
    await send(page, page.click('[value=keep]'));
  }

  // saw: of what the client said, what its tester answers.  begun: what to look at while the trial goes on.
  async run(page, id, base, trial, saw, visits = 1, begun = () => {}) {
    await this.start(page, id, trial);
    await begun();
    let said;
    for (let i = 0; i < visits; i++) said = await this.atClient(page, base);
    await this.keep(page, saw(said, trial));
    return { said, verdict: await this.verdict(page, trial) };
  }
}
