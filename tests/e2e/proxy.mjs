// SPDX-License-Identifier: EUPL-1.2
// The shipped HAProxy configuration in front of a gateway on a Unix socket: TLS, cookies with __Host-, forwarded headers
// believed from the proxy alone, health hidden.
import crypto from 'node:crypto';
import http2 from 'node:http2';
import https from 'node:https';
import fs from 'node:fs';
import tls from 'node:tls';
import { spawnSync } from 'node:child_process';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { Agent } from './agent.mjs';
import { haproxyMissing, makeFront } from './haproxy.mjs';
import { federation, signIn } from './local.mjs';
import { makeNginx, nginxMissing } from './nginx.mjs';
import { Service } from './rp.mjs';

if (haproxyMissing) { console.log('haproxy is not installed'); process.exit(77); }
// Of an address at most forty, so that the tests' own come into its place as well.
const SHARE = 40;
const proxy = await makeFront('proxy', { env: { DIGIONE_ADDRESS_MAX: String(SHARE), DIGIONE_NETWORK_MAX: String(3 * SHARE) } });
const front = proxy.port, socket = proxy.socketPath, certificate = proxy.certificate;
// Certificates of services: of an authority that the gateway knows, of one that it does not, and of one's own.
const openssl = (...args) => { const r = spawnSync('openssl', args, { encoding: 'utf8', cwd: proxy.dir }); check(r.status === 0, r.stderr); return r.stdout; };
const authority = (name) => openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
const signed = (name, by, subject = `/CN=${name}/O=Testi Oy`, dns = 'app.vendor.example') => {
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', subject, '-addext', `subjectAltName=DNS:${dns}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-days', '3', '-copy_extensions', 'copy', '-out', `${name}.pem`);
};
for (const name of ['ca', 'stranger', 'own', 'other-own']) authority(name);
signed('app', 'ca');
signed('colleague', 'ca', '/CN=colleague/O=Testi Oy', 'colleague.vendor.example');
signed('forged', 'stranger', '/CN=app/O=Testi Oy');
const ownJwk = crypto.createPublicKey(fs.readFileSync(`${proxy.dir}/own.pem`)).export({ format: 'jwk' });
const holder = (id, more) => `  - id: ${id}
    protocol: oidc
    vendor: ${id}-oy
    name: { fi: "${id}" }
    test: true
    client_id: "${id}"
    scopes: [openid]
    asks: [sub]
    redirect_uris: ["http://${id}.localhost/cb"]
    tls_client_certificate_bound_access_tokens: true
${more}`;
const services = holder('nimi', '    auth_method: tls_client_auth\n    tls_client_auth_subject_dn: "O=Testi Oy,CN=app"\n')
  + holder('isanta', '    auth_method: tls_client_auth\n    tls_client_auth_san_dns: "app.vendor.example"\n')
  + holder('oma', `    auth_method: self_signed_tls_client_auth\n    jwks: '${JSON.stringify({ keys: [{ ...ownJwk, kid: 'o' }] })}'\n`);
// FAPI 2.0 with certificates: pushed requests, tokens bound to the certificate.
const fapi = '    fapi: true\n    pkce_required: true\n    id_token_alg: ES256\n';
const fapiServices = holder('fapi-nimi', `    auth_method: tls_client_auth\n    tls_client_auth_san_dns: "app.vendor.example"\n${fapi}`)
  + holder('fapi-oma', `    auth_method: self_signed_tls_client_auth\n    jwks: '${JSON.stringify({ keys: [{ ...ownJwk, kid: 'o' }] })}'\n${fapi}`);
const { g, service } = await federation(process.argv[2], { name: 'behind-proxy', url: proxy.url, services: services + fapiServices, settings: { ...proxy.settings, mtls_url: proxy.mtlsUrl, client_ca_file: `${proxy.dir}/ca.pem` } });
await g.start(false);
proxy.start();

const get = (pathname, { method = 'GET', headers = {}, localAddress } = {}) => new Promise((resolve, reject) => {
  const req = https.request({ host: '127.0.0.1', port: front, path: pathname, method, ca: certificate, servername: 'localhost', localAddress,
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
// The state parameter makes each login's cookie as large as it may be.
const longState = { state: 's'.repeat(450) };
const flowCookies = (agent) => agent.cookieHeader(new URL(g.url)).split('; ').filter((c) => c.includes('login-'));

await test('a browser with as many large logins in flight as it may have still signs in through the proxy', async () => {
  const agent = new Agent({ ca: certificate });
  for (let i = 0; i < 25; i++) await agent.get(service.authorizeUrl(longState), service.until());
  const cookies = flowCookies(agent);
  // Twenty, or as many as fit into LOGINS_MAX_B (gateway/session/login_cookie.h), the eldest gone.
  check(cookies.length >= 15 && cookies.length <= 20, `${cookies.length} logins in flight`);
  check(cookies.join('').length > 14336 && cookies.join('').length <= 15360, `${cookies.join('').length} bytes of cookies`);
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

// ── bodies without a length ──
// A person signs in over HTTP/1.1; then the service asks for the tokens in its own way.
const redeem = async (ask) => {
  const { answer } = await signIn(service, 'anna', new Agent({ ca: certificate }));
  check(answer?.get('code'), `no code: ${answer}`);
  const form = new URLSearchParams({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: service.redirect, code_verifier: service.verifier }).toString();
  const { status, text } = await ask(form);
  check(status === 200 && JSON.parse(text).id_token, `${status} ${text}`);
};
const FORM = 'application/x-www-form-urlencoded';
const over2 = (form, headers = {}) => new Promise((resolve, reject) => {
  const session = http2.connect(`https://localhost:${front}`, { ca: certificate, lookup: (h, o, done) => done(null, o.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4) });
  session.on('error', reject);
  const req = session.request({ ':method': 'POST', ':path': '/oidc/token', 'content-type': FORM, authorization: service.basic().Authorization, ...headers });
  let status, text = '';
  req.on('response', (h) => { status = h[':status']; }).on('error', reject).on('data', (d) => { text += d; }).on('end', () => { session.close(); resolve({ status, text }); });
  for (const part of form.match(/.{1,20}/gs) ?? []) req.write(part);
  req.end();
});
await test('a code is redeemed over HTTP/2 by a client that streams its form', () => redeem((form) => over2(form)));
await test('the same with a trailer behind the form, which nobody believes', () => redeem((form) => new Promise((resolve, reject) => {
  const session = http2.connect(`https://localhost:${front}`, { ca: certificate, lookup: (h, o, done) => done(null, o.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4) });
  session.on('error', reject);
  const req = session.request({ ':method': 'POST', ':path': '/oidc/token', 'content-type': FORM, authorization: service.basic().Authorization }, { waitForTrailers: true });
  let status, text = '';
  req.on('wantTrailers', () => req.sendTrailers({ 'x-sum': '1', 'x-forwarded-for': '203.0.113.79' })).on('response', (h) => { status = h[':status']; }).on('error', reject)
    .on('data', (d) => { text += d; }).on('end', () => { session.close(); resolve({ status, text }); });
  req.end(form);
})));
await test('the same in chunks over HTTP/1.1', () => redeem((form) => new Promise((resolve, reject) => {
  const req = https.request({ host: '127.0.0.1', port: front, path: '/oidc/token', method: 'POST', ca: certificate, servername: 'localhost', agent: false,
    headers: { Host: `localhost:${front}`, 'Content-Type': FORM, 'Transfer-Encoding': 'chunked', ...service.basic() } }, (res) => {
    let text = '';
    res.on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, text }));
  });
  req.on('error', reject);
  for (const part of form.match(/.{1,7}/gs)) req.write(part);
  req.end();
})));
for (const [what, args] of [['HTTP/2', ['--http2']], ['HTTP/1.1', ['--http1.1']], ['HTTP/1.1, asking first', ['--http1.1', '-H', 'Expect: 100-continue']]])
  await test(`the same with curl, which reads the form from a pipe: ${what}`, () => redeem((form) => {
    const curl = spawnSync('curl', ['-sS', ...args, '--cacert', `${proxy.dir}/cert.pem`, '--resolve', `localhost:${front}:127.0.0.1`, '-X', 'POST', '-T', '-', '-H', `Content-Type: ${FORM}`,
      '-u', `${service.id}:${service.secret}`, '-w', '\n%{http_code}', `https://localhost:${front}/oidc/token`], { input: form, encoding: 'utf8' });
    const lines = curl.stdout.split('\n');
    return { status: Number(lines.at(-1)), text: lines[0] || curl.stderr };
  }));
await test('a length that is not the body\'s is refused over HTTP/2', async () => {
  for (const length of ['3', '300']) {
    const said = await over2('grant_type=authorization_code', { 'content-length': length }).catch((e) => ({ status: e.code }));
    check(said.status !== 200 && said.status !== 401, `${length}: ${said.status}`);
  }
});
await test('a streamed form that is too large is refused', async () => {
  const said = await over2('a='.padEnd(70000, 'b')).catch((e) => ({ status: e.code }));
  check(said.status === 413 || said.status === 'ERR_HTTP2_STREAM_ERROR' || said.status === 'ECONNRESET', `${said.status}`);
  check((await get('/oidc/jwks')).status === 200, 'and nobody is served any more');
});

// ── certificates of services: behind HAProxy, and behind nginx in front of the same socket ──
const nginx = nginxMissing ? null : await makeNginx(proxy);
const shows = (name) => ({ cert: fs.readFileSync(`${proxy.dir}/${name}.pem`), key: fs.readFileSync(`${proxy.dir}/${name}.key`) });
const pemOf = (name) => fs.readFileSync(`${proxy.dir}/${name}.pem`);
// What a client could say, in either form.
const certFields = (name) => [`:${new crypto.X509Certificate(pemOf(name)).raw.toString('base64')}:`, encodeURIComponent(pemOf(name))];
const form = (id) => ({ grant_type: 'authorization_code', client_id: id, code: 'none', redirect_uri: `http://${id}.localhost/cb` });
const proven = (r, what) => check(r.error === 'invalid_grant', `${what}: ${r.status} ${r.text}`);
const unproven = (r, what) => check(r.status === 401 && r.error === 'invalid_client', `${what}: ${r.status} ${r.text}`);
const asksAt = (mtlsPort) => ({ port = mtlsPort, by, path: pathname = '/oidc/token', method = 'POST', form = {}, headers = {} }) => new Promise((resolve, reject) => {
  const req = https.request({ host: '127.0.0.1', port, path: pathname, method, ca: certificate, servername: 'localhost', agent: false, ...(by ? shows(by) : {}),
    headers: { Host: `localhost:${proxy.mtlsPort}`, ...(method === 'POST' ? { 'Content-Type': FORM } : {}), ...headers } }, (res) => {
    let text = '';
    res.on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, headers: res.headers, text, ...(text.startsWith('{') ? JSON.parse(text) : {}) }));
  });
  req.on('error', reject).end(method === 'POST' ? new URLSearchParams(form).toString() : '');
});

for (const [name, at] of [['HAProxy', { port: front, mtlsPort: proxy.mtlsPort }], ['nginx', nginx]]) {
  const call = asksAt(at?.mtlsPort);
  const test_ = (what, run) => test(`${name}: ${what}`, () => at ? run() : 'skipped: nginx is not installed');
  if (at) await until(`${name} answers`, async () => (await call({ method: 'GET', path: '/oidc/jwks' }).catch(() => ({}))).status === 200);
  await test_('a certificate that an authority of the gateway\'s vouches for proves the service that has its name', async () => {
    for (const id of ['nimi', 'isanta']) {
      proven(await call({ by: 'app', form: form(id) }), `${id} by its certificate`);
      unproven(await call({ form: form(id) }), `${id} without one`);
      unproven(await call({ by: 'forged', form: form(id) }), `${id} by one of an unknown authority`);
      unproven(await call({ by: 'own', form: form(id) }), `${id} by a self-signed one`);
      unproven(await call({ by: 'colleague', form: form(id) }), `${id} by another name of the same authority`);
    }
  });
  await test_('a certificate of one\'s own proves the service that has its key', async () => {
    proven(await call({ by: 'own', form: form('oma') }), 'its own');
    for (const by of ['other-own', 'app', undefined]) unproven(await call({ by, form: form('oma') }), `by ${by}`);
  });
  await test_('nobody can say that they have shown a certificate', async () => {
    for (const [id, cert] of [['nimi', 'app'], ['oma', 'own'], ['fapi-oma', 'own']])
      for (const port of [at.port, at.mtlsPort])
        for (const field of ['Client-Cert', 'client-cert', 'Client_Cert'])
          for (const value of certFields(cert))
            unproven(await call({ port, form: form(id), headers: { [field]: value } }), `${id} at ${port} by ${field}`);
    for (const value of certFields('own')) unproven(await call({ by: 'other-own', form: form('oma'), headers: { 'Client-Cert': value } }), 'beside another certificate');
  });
  await test_('browsers are not asked for a certificate', async () => unproven(await call({ port: at.port, by: 'own', form: form('oma') }), 'at the port for browsers'));
  const bound = async (got, own, other) => {
    const about = (options) => call({ method: 'GET', path: '/oidc/userinfo', headers: { Authorization: `Bearer ${got.access_token}` }, ...options });
    check((await about({ by: own })).status === 200, 'not with its own');
    for (const [what, options] of [['without one', {}], ['with another', { by: other }], ['at the port for browsers', { port: at.port, by: own }], ...certFields(own).map((value) => ['with a field', { headers: { Authorization: `Bearer ${got.access_token}`, 'Client-Cert': value } }])]) {
      const r = await about(options);
      check(r.status === 401 && r.error === 'invalid_token', `${what}: ${r.status} ${r.text}`);
    }
  };
  await test_('a token that is bound to a certificate opens userinfo with that one alone [RFC 8705 3]', async () => {
    const s = new Service(g, { id: 'oma', secret: '', redirect: 'http://oma.localhost/cb', scope: 'openid' });
    const { answer } = await signIn(s, 'anna', new Agent({ ca: certificate }));
    check(answer?.get('code'), `no code: ${answer}`);
    const got = await call({ by: 'own', form: { ...form('oma'), code: answer.get('code'), code_verifier: s.verifier } });
    check(got.access_token && got.token_type === 'Bearer', got.text);
    await bound(got, 'own', 'other-own');
  });
  for (const [id, own, other] of [['fapi-nimi', 'app', 'colleague'], ['fapi-oma', 'own', 'other-own']])
    await test_(`FAPI 2.0 with mTLS, ${id}: pushed, signed in, redeemed and used with the service's certificate alone`, async () => {
      const s = new Service(g, { id, secret: '', redirect: `http://${id}.localhost/cb`, scope: 'openid' }), asked = Object.fromEntries(new URL(s.authorizeUrl()).searchParams);
      unproven(await call({ path: '/oidc/par', form: asked }), 'pushed without a certificate');
      unproven(await call({ path: '/oidc/par', by: other, form: asked }), 'pushed with another');
      unproven(await call({ path: '/oidc/par', port: at.port, by: own, form: asked }), 'pushed at the port for browsers');
      const pushed = await call({ path: '/oidc/par', by: own, form: asked });
      check(pushed.status === 201 && pushed.request_uri, pushed.text);
      const agent = (await signIn(service, 'anna', new Agent({ ca: certificate }))).agent;
      const open = (q) => agent.once('GET', `${g.url}/oidc/authorize?${new URLSearchParams(q)}`);
      const bare = await open(asked);
      check(!new URL(bare.headers.location ?? '/', g.url).searchParams.get('code'), 'what was not pushed is answered');
      const to = new URL((await open({ client_id: id, request_uri: pushed.request_uri })).headers.location ?? '/', g.url);
      check(to.searchParams.get('code') && to.searchParams.get('iss') === g.url, `no code: ${to}`);
      const redeem = { ...form(id), code: to.searchParams.get('code'), code_verifier: s.verifier };
      unproven(await call({ form: redeem }), 'redeemed without a certificate');
      unproven(await call({ by: other, form: redeem }), 'redeemed with another');
      const got = await call({ by: own, form: redeem });
      check(got.access_token && got.id_token, got.text);
      await bound(got, own, other);
      const told = (by) => call({ by, path: '/oidc/introspect', form: { client_id: id, token: got.access_token } });
      const x5t = crypto.createHash('sha256').update(new crypto.X509Certificate(pemOf(own)).raw).digest('base64url');
      check((await told(own)).cnf?.['x5t#S256'] === x5t, `introspection: ${(await told(own)).text}`);
      unproven(await told(other), 'introspection by another');
    });
}
await test('nginx: health and metrics are hidden, http leads to https, and a browser cannot say where it comes from', async () => {
  if (!nginx) return 'skipped: nginx is not installed';
  const call = asksAt(nginx.mtlsPort), canary = '203.0.113.91';
  for (const port of [nginx.port, nginx.mtlsPort])
    for (const path of ['/health/live', '/health/ready', '/metrics']) check((await call({ port, method: 'GET', path })).status === 404, `${path} is shown at ${port}`);
  const plain = await fetchLocal(nginx.plainPort, '/school/99101?shared=1');
  check(plain.status === 301 && plain.headers.location === 'https://localhost/school/99101?shared=1', `${plain.status} ${plain.headers.location}`);
  check((await fetchLocal(nginx.plainPort, '/oidc/token', { method: 'POST', body: 'a=b' })).status === 403, 'a POST is taken');
  await call({ port: nginx.port, method: 'GET', path: '/oidc/authorize?client_id=nobody', headers: { 'X-Forwarded-For': canary, Forwarded: `for=${canary}`, 'X-Forwarded-Host': 'evil.example' } });
  check(!g.logText().includes(canary), 'the log believes it');
});
await test('the other names of endpoints are announced, and the methods that need them', async () => {
  const d = JSON.parse((await get('/.well-known/openid-configuration')).text), alias = d.mtls_endpoint_aliases;
  check(d.tls_client_certificate_bound_access_tokens === true && alias.token_endpoint === `${proxy.mtlsUrl}/oidc/token`, JSON.stringify(alias));
  for (const [name, url] of Object.entries(alias)) check(url === d[name].replace(proxy.url, proxy.mtlsUrl), `${name}: ${url}`);
  for (const m of ['tls_client_auth', 'self_signed_tls_client_auth']) check(d.token_endpoint_auth_methods_supported.includes(m), m);
});

// ── who runs it, and who begins with http ──
await test('the workers are nobody, nowhere, and have no more descriptors than they need', async () => {
  if (process.getuid() !== 0) return 'skipped: not root';
  const workers = proxy.workers();
  check(workers.length === 1, `${workers.length} workers`);
  for (const w of workers) {
    check(w.uid !== 0 && w.capabilities === '0', `uid ${w.uid}, capabilities ${w.capabilities}`);
    check(w.root === proxy.dir, `its root is ${w.root}`);
  }
  const whole = spawnSync('haproxy', ['-c', '-f', 'deploy/haproxy.cfg'], { cwd: new URL('../..', import.meta.url).pathname, encoding: 'utf8', env: { ...process.env, DIGIONE_CERT: `${proxy.dir}/both.pem` } });
  check(whole.status === 0, `as it is shipped: ${whole.stderr}`);
  const most = Number(/presetenv DIGIONE_MAXCONN (\d+)/.exec(fs.readFileSync(new URL('../../deploy/haproxy.cfg', import.meta.url), 'utf8'))[1]);
  check(2 * most + 100 <= 20000, `${most} connections want ${2 * most} descriptors`);
});
await test('who begins with http is led to https, and nothing else is answered there', async () => {
  const plain = (pathname, options) => fetchLocal(proxy.plainPort, pathname, options);
  for (const method of ['GET', 'HEAD']) {
    const r = await plain('/school/99101?shared=1', { method });
    check(r.status === 301 && r.headers.location === 'https://localhost/school/99101?shared=1', `${r.status} ${r.headers.location}`);
    check(!r.headers['set-cookie'], 'a cookie in the open');
  }
  check((await plain('/oidc/token', { method: 'POST', body: 'a=b' })).status === 403, 'a POST is taken');
  check((await plain('/metrics')).status === 301, 'metrics are shown');
});

// ── nobody has all places ──
const silent = (n, localAddress, say = '') => Promise.all(Array.from({ length: n }, () => new Promise((resolve) => {
  const s = tls.connect({ host: '127.0.0.1', port: front, ca: certificate, servername: 'localhost', localAddress, ALPNProtocols: ['http/1.1'] });
  s.on('secureConnect', () => { s.write(say); resolve(s); }).on('error', () => resolve(null)).on('close', () => resolve(null));
})));
const endAll = (sockets) => sockets.forEach((s) => s?.destroy());
await test('an address that keeps connections open gets no more than its share, and others are served', async () => {
  for (const say of ['', 'GET / HTTP/1.1\r\nHost: localhost\r\n', `POST /oidc/token HTTP/1.1\r\nHost: localhost:${front}\r\nContent-Type: ${FORM}\r\nContent-Length: 100\r\n\r\ngrant`]) {
    const held = await silent(3 * SHARE, '127.0.0.9', say);
    const open = held.filter((s) => s).length;
    check(open > 0 && open <= SHARE, `${open} of ${3 * SHARE} were let in`);
    check((await get('/oidc/jwks', { localAddress: '127.0.0.10' })).status === 200, 'its neighbour is not served');
    check((await get('/oidc/jwks', { localAddress: '127.1.0.1' })).status === 200, 'another network is not served');
    endAll(held);
    await until('its places are free again', async () => (await get('/oidc/jwks', { localAddress: '127.0.0.9' })).status === 200);
  }
});
await test('a network gets no more than its share either', async () => {
  const held = (await Promise.all([11, 12, 13, 14, 15].map((n) => silent(SHARE, `127.0.7.${n}`)))).flat();
  const open = held.filter((s) => s).length;
  check(open > SHARE && open <= 3 * SHARE, `${open} of ${held.length} were let in`);
  check((await get('/oidc/jwks', { localAddress: '127.0.8.1' })).status === 200, 'another network is not served');
  endAll(held);
});
await test('half-sent requests over HTTP/2, many on a connection, wait at the front and not in the gateway', async () => {
  const lookup = (h, o, done) => done(null, o.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
  const sessions = Array.from({ length: 10 }, () => http2.connect(`https://localhost:${front}`, { ca: certificate, lookup, localAddress: '127.0.0.20' }).on('error', () => {}));
  let refused = 0;
  for (const s of sessions) for (let i = 0; i < 20; i++)
    s.request({ ':method': 'POST', ':path': '/oidc/token', 'content-type': FORM }).on('error', () => {}).on('response', (h) => { refused += h[':status'] === 503; }).write('grant_type=');
  await until('those past the share are refused', () => refused > 0);
  check((await get('/oidc/jwks', { localAddress: '127.0.0.21' })).status === 200, 'a neighbour is not served');
  const m = (await fetchLocal(0, '/metrics', { socketPath: socket })).text;
  const open = Number(/^digione_connections(?:\{[^}]*\})? (\d+)$/m.exec(m)?.[1]);
  check(open <= 60, `${open} connections to the gateway\n`);
  for (const s of sessions) s.destroy();
});
proxy.stop();
nginx?.stop();
await g.stop();
await finish();
