// SPDX-License-Identifier: EUPL-1.2
// tests/http/hostile.mjs, case by case, to a gateway itself and through the shipped HAProxy: refused or answered once, no
// second request that somebody hid, no path of somebody else's, nothing believed that a client says of itself.
//   node raw.mjs PATH-OF-DIGIONE
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { spawn, spawnSync } from 'node:child_process';
import { check, fetchLocal, finish, folder, freePort, root, test, until } from './gateway.mjs';
import { federation } from './local.mjs';
import { HIDDEN_PATH, hostile } from '../http/hostile.mjs';

const SILENCE_MS = 15000;
const raw = (s, host) => {
  const text = s.replaceAll('HOST', host);
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
};
const statuses = (text) => [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((m) => Number(m[1])).filter((s) => s !== 100);

// Says it, hears to the end, or until one whole answer stands there and the connection stays open.  last: says also that
// it has no more to say, so that nobody waits for it.
const tell = (connect, { bytes, then, want }, host, last = false) => new Promise((resolve) => {
  let text = '', said = false, waiting;
  const socket = connect();
  const done = (closed) => { clearTimeout(waiting); socket.destroy(); resolve({ text, statuses: statuses(text), closed }); };
  const whole = () => /Content-Length: (\d+)[\s\S]*?\r\n\r\n/i.test(text) && text.length >= text.indexOf('\r\n\r\n') + 4 + Number(/Content-Length: (\d+)/i.exec(text)[1]);
  waiting = setTimeout(() => done(false), SILENCE_MS);
  socket.on('data', (d) => {
    text += d.toString('latin1');
    if (then && !said && whole()) { said = true; socket[last ? 'end' : 'write'](raw(then, host)); }
    if (want === 'ok' && whole()) done(false);
  }).on('end', () => done(true)).on('error', () => done(true)).on('close', () => done(true));
  socket[last && !then ? 'end' : 'write'](raw(bytes, host));
});

const counted = (metrics, name) => Number(new RegExp(`^${name.replace(/[{}/]/g, '\\$&')} (\\d+)$`, 'm').exec(metrics)?.[1] ?? NaN);
const hits = async (at) => {
  const m = await fetchLocal(at.port ?? 0, '/metrics', at);
  return counted(m.text, `digione_request_seconds_count{method="GET",path="${HIDDEN_PATH}"}`);
};
const believed = (text) => /evil\.example|203\.0\.113\.77|"http:\/\/evil/.test(text);

const wrong = {
  refused: (a) => (a.statuses.length !== 1 || a.statuses[0] < 400 || a.statuses[0] >= 506 ? 'not refused once' : !a.closed ? 'the connection stays open' : ''),
  once: (a) => (a.statuses.length !== 1 ? 'not answered once' : ''),
  ok: (a) => (a.statuses.length !== 1 || a.statuses[0] !== 200 ? 'not answered 200 once' : ''),
  each: (a) => (a.statuses.length !== 2 || a.statuses[0] !== 200 || a.statuses[1] < 400 || !a.closed ? 'the second was not refused' : ''),
};
const told = (a) => `${a.statuses.join(' ') || 'no answer'}, ${a.closed ? 'closed' : 'open'}`;

// ── the gateway itself ──
const { g } = await federation(process.argv[2], { name: 'raw' });
await g.start();
await test(`${hostile.length} raw requests to the gateway itself: each refused or answered once, no hidden one served`, async () => {
  const bad = [];
  const before = await hits(g);
  for (const h of hostile) {
    const a = await tell(() => net.connect(g.port, '127.0.0.1'), h, `localhost:${g.port}`);
    const why = wrong[h.want](a) || (believed(a.text) ? 'it believed the client' : '') || ((await hits(g)) !== before ? 'the hidden request was served' : '');
    if (why) bad.push(`${h.name}: ${why} (${told(a)})`);
  }
  check(bad.length === 0, `${bad.length} wrong:\n  ${bad.slice(0, 40).join('\n  ')}`);
  check((await fetchLocal(g.port, '/health/ready')).status === 200, 'it is not ready any more');
  check(!/process\.ended/.test(g.logText()), 'a process ended');
});
await test('each left one line in the log at most, and none that a client wrote', async () => {
  for (const line of g.logText().split('\n').filter(Boolean)) {
    const event = JSON.parse(line);
    check(event.time && event.level && event.from && event.event, line);
  }
});
await g.stop();

// ── through the front ──
const haproxyMissing = spawnSync('haproxy', ['-v']).error;
await test(`${hostile.length} raw requests through HAProxy: none hides another, and the next visitor gets its own answer`, async () => {
  if (haproxyMissing) return 'skipped: haproxy is not installed';
  const dir = folder('raw-proxy'), front = await freePort(), socketPath = path.join(dir, 'run', 'http.sock');
  if (process.getuid() === 0) fs.chmodSync(dir, 0o755);
  fs.mkdirSync(path.dirname(socketPath));
  if (process.getuid() === 0) spawnSync('chown', ['nobody', path.dirname(socketPath)]);
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=localhost', '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`], { stdio: 'ignore' });
  fs.writeFileSync(`${dir}/both.pem`, fs.readFileSync(`${dir}/cert.pem`) + fs.readFileSync(`${dir}/key.pem`));
  const { g: behind } = await federation(process.argv[2], { name: 'raw-behind', url: `https://localhost:${front}`,
    settings: { public_url: `https://localhost:${front}`, listen: `unix:${socketPath}`, trusted_proxy: 'unix' } });
  await behind.start(false);
  const haproxy = spawn('haproxy', ['-db', '-f', path.join(root, 'deploy/haproxy.cfg')], { stdio: ['ignore', 'ignore', fs.openSync(`${dir}/haproxy.log`, 'w')],
    env: { ...process.env, DIGIONE_SOCKET: socketPath, DIGIONE_BIND: `127.0.0.1:${front}`, DIGIONE_CERT: `${dir}/both.pem`, DIGIONE_MAXCONN: '1000' } });
  process.on('exit', () => haproxy.kill('SIGTERM'));
  const connect = () => tls.connect({ host: '127.0.0.1', port: front, ca: fs.readFileSync(`${dir}/cert.pem`), servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  const visit = { bytes: 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', want: 'once' };
  const visitor = async () => (await tell(connect, visit, `localhost:${front}`)).text.split('\r\n\r\n')[1];
  await until('the front answers', async () => /issuer/.test(await visitor()));
  await until('it is ready', async () => (await fetchLocal(0, '/health/ready', { socketPath })).status === 200);
  const expected = await visitor(), bad = [], before = await hits({ socketPath });
  let relayed = 0, answered = 0;
  const one = async (h) => {
    const a = await tell(connect, h, `localhost:${front}`, true);
    relayed += a.text.split('<md:EntityDescriptor').length - 1;
    answered += a.statuses.length > 0;
    const own = await visitor();
    const why = a.statuses.some((s) => s >= 500 && ![501, 503, 505].includes(s)) ? 'a fault' : believed(a.text) ? 'it believed the client'
      : /^digione_|"live":|"ready":/m.test(a.text) ? 'health is shown' : own !== expected ? 'the next visitor got another answer' : '';
    if (why) bad.push(`${h.name}: ${why} (${told(a)})`);
  };
  const queue = [...hostile];
  await Promise.all(Array.from({ length: 12 }, async () => { while (queue.length > 0) await one(queue.shift()); }));
  const served = (await hits({ socketPath })) - before;
  haproxy.kill('SIGTERM');
  await behind.stop();
  check(bad.length === 0, `${bad.length} wrong:\n  ${bad.slice(0, 40).join('\n  ')}`);
  check(answered > 0.9 * hostile.length, `only ${answered} were answered`);
  check(served === relayed, `the gateway served ${served} hidden requests, HAProxy knew of ${relayed}`);
});
await finish();
