// SPDX-License-Identifier: EUPL-1.2
// tests/http/hostile.mjs, case by case, to a gateway itself and through the shipped HAProxy: refused or answered once, no
// second request that somebody hid, no path of somebody else's, nothing believed that a client says of itself.
//   node raw.mjs PATH-OF-DIGIONE
import net from 'node:net';
import tls from 'node:tls';
import { check, fetchLocal, finish, test, until } from './gateway.mjs';
import { haproxyMissing, makeFront } from './haproxy.mjs';
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
    if (want === 'ok' && whole() && !last) done(false);
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
await test(`${hostile.length} raw requests through HAProxy: none hides another, and the next visitor gets its own answer`, async () => {
  if (haproxyMissing) return 'skipped: haproxy is not installed';
  const front = await makeFront('raw-proxy'), { socketPath } = front;
  const { g: behind } = await federation(process.argv[2], { name: 'raw-behind', url: front.url, settings: front.settings });
  await behind.start(false);
  front.start();
  const connect = () => tls.connect({ host: '127.0.0.1', port: front.port, ca: front.certificate, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  const visit = { bytes: 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', want: 'once' };
  const visitor = async () => (await tell(connect, visit, `localhost:${front.port}`)).text.split('\r\n\r\n')[1];
  await until('the front answers', async () => /issuer/.test(await visitor()));
  await until('it is ready', async () => (await fetchLocal(0, '/health/ready', { socketPath })).status === 200);
  const expected = await visitor(), bad = [], before = await hits({ socketPath });
  let relayed = 0, answered = 0;
  const one = async (h) => {
    const a = await tell(connect, h, `localhost:${front.port}`, true);
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
  front.stop();
  await behind.stop();
  check(bad.length === 0, `${bad.length} wrong:\n  ${bad.slice(0, 40).join('\n  ')}`);
  check(answered > 0.9 * hostile.length, `only ${answered} were answered`);
  check(served === relayed, `the gateway served ${served} hidden requests, HAProxy knew of ${relayed}`);
});
await finish();
