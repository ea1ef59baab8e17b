// SPDX-License-Identifier: EUPL-1.2
// The shipped HAProxy configuration in front of a gateway on a Unix socket: TLS, cookies with __Host-, forwarded headers
// believed from the proxy alone, health hidden.
import https from 'node:https';
import http2 from 'node:http2';
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { check, fetchLocal, finish, folder, freePort, root, test, until } from './gateway.mjs';
import { Agent } from './agent.mjs';
import { federation, signIn } from './local.mjs';

if (spawnSync('haproxy', ['-v']).error) { console.log('haproxy is not installed'); process.exit(77); }
const dir = folder('proxy');
if (process.getuid() === 0) fs.chmodSync(dir, 0o755);
const front = await freePort();
const socket = path.join(dir, 'run', 'http.sock');
fs.mkdirSync(path.dirname(socket));
if (process.getuid() === 0) spawnSync('chown', ['nobody', path.dirname(socket)]);
spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=localhost',
  '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`], { stdio: 'ignore' });
fs.writeFileSync(`${dir}/both.pem`, fs.readFileSync(`${dir}/cert.pem`) + fs.readFileSync(`${dir}/key.pem`));

const { g, service } = await federation(process.argv[2], { name: 'behind-proxy', url: `https://localhost:${front}`,
  settings: { public_url: `https://localhost:${front}`, listen: `unix:${socket}`, trusted_proxy: 'unix' } });
await g.start(false);
const haproxy = spawn('haproxy', ['-db', '-f', path.join(root, 'deploy/haproxy.cfg')], { stdio: ['ignore', 'ignore', fs.openSync(`${dir}/haproxy.log`, 'w')],
  env: { ...process.env, DIGIONE_SOCKET: socket, DIGIONE_BIND: `127.0.0.1:${front}`, DIGIONE_CERT: `${dir}/both.pem`, DIGIONE_MAXCONN: '1000' } });

const get = (pathname, { method = 'GET', headers = {} } = {}) => new Promise((resolve, reject) => {
  const req = https.request({ host: '127.0.0.1', port: front, path: pathname, method, ca: fs.readFileSync(`${dir}/cert.pem`), servername: 'localhost',
    headers: { Host: `localhost:${front}`, ...headers }, agent: false }, (res) => {
    let text = '';
    res.on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
  });
  req.on('error', reject).end();
});

await until('the front answers', async () => (await get('/.well-known/openid-configuration')).status === 200);

await test('discovery names https addresses', async () => {
  const d = JSON.parse((await get('/.well-known/openid-configuration')).text);
  check(d.issuer === `https://localhost:${front}` && d.token_endpoint.startsWith(d.issuer), d.issuer);
});
await test('cookies are __Host-, Secure and HttpOnly', async () => {
  const res = await get('/');
  const cookies = res.headers['set-cookie'] ?? [];
  check(cookies.length > 0, `no cookie on /: ${res.status}`);
  for (const c of cookies) check(/^__Host-/.test(c) && /; ?Secure/i.test(c) && /; ?HttpOnly/i.test(c) && /; ?Path=\/(;|$)/i.test(c), c);
  check(res.headers['strict-transport-security'], 'no HSTS');
});
await test('health and metrics are hidden from the world, and answer on the socket', async () => {
  for (const p of ['/health/live', '/health/ready', '/metrics']) check((await get(p)).status === 404, `${p} is shown`);
  await until('ready on the socket', async () => (await fetchLocal(0, '/health/ready', { socketPath: socket })).status === 200);
});
await test('a browser cannot say where it comes from', async () => {
  const canary = '203.0.113.77';
  await get('/oidc/authorize?client_id=nobody', { headers: { 'X-Forwarded-For': canary, Forwarded: `for=${canary}`, 'X-Forwarded-Host': 'evil.example' } });
  check(!g.logText().includes(canary), 'the log believes X-Forwarded-For');
  const d = await get('/.well-known/openid-configuration', { headers: { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' } });
  check(!d.text.includes('evil.example') && !d.text.includes('"http://'), d.text);
});
await test('a header name with an underscore is served, and nobody believes it', async () => {
  const canary = '203.0.113.78';
  const d = await get('/.well-known/openid-configuration', { headers: { X_Odd: '1', X_Forwarded_For: canary, X_Forwarded_Host: 'evil.example' } });
  check(d.status === 200 && !d.text.includes('evil.example'), `${d.status}`);
  check(!g.logText().includes(canary), 'the log believes X_Forwarded_For');
});
const certificate = fs.readFileSync(`${dir}/cert.pem`);
// The state parameter makes each login's cookie as large as it may be.
const longState = { state: 's'.repeat(450) };
const flowCookies = (agent) => agent.cookieHeader(new URL(g.url)).split('; ').filter((c) => c.includes('login-'));

await test('a browser with twenty logins in flight still signs in through the proxy', async () => {
  const agent = new Agent({ ca: certificate });
  for (let i = 0; i < 25; i++) await agent.get(service.authorizeUrl(longState), service.until());
  const cookies = flowCookies(agent);
  check(cookies.length === 20, `${cookies.length} logins in flight`);
  check(cookies.join('; ').length > 16384, `only ${cookies.join('; ').length} bytes of cookies`);
  const { answer } = await signIn(service, 'anna', agent);
  check(answer?.get('code'), `no code: ${answer}\n${agent.trace.slice(-4).join('\n')}`);
});
await test('the same over HTTP/2, each cookie in a field of its own, and what is larger is refused in words', async () => {
  const ask = (cookies) => new Promise((resolve, reject) => {
    const session = http2.connect(`https://localhost:${front}`, { ca: certificate, maxSendHeaderBlockLength: 1 << 20, lookup: (h, o, done) => done(null, o.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4) });
    session.on('error', reject);
    const req = session.request({ ':path': '/oidc/jwks', cookie: cookies });
    let status;
    req.on('response', (h) => { status = h[':status']; }).on('error', reject).on('data', () => {}).on('end', () => { session.close(); resolve(status); });
    req.end();
  });
  const cookies = (n) => Array.from({ length: n }, (_, i) => `__Host-login-${i}=${'x'.repeat(1000)}`);
  for (const [n, status] of [[20, 200], [34, 200], [40, 431], [46, 431]])
    check(await ask(cookies(n)) === status, `${n} cookies: not ${status}`);
});
haproxy.kill('SIGTERM');
await g.stop();
await finish();
