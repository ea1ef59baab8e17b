// SPDX-License-Identifier: EUPL-1.2
// Redis as it stands beside a gateway: asked over its socket, and filled with what so many people's sign-ins leave there.
import crypto from 'node:crypto';
import net from 'node:net';

const part = (p) => { const b = Buffer.isBuffer(p) ? p : Buffer.from(String(p)); return [Buffer.from(`$${b.length}\r\n`), b, Buffer.from('\r\n')]; };
const command = (parts) => [Buffer.from(`*${parts.length}\r\n`), ...parts.flatMap(part)];

export class Redis {
  constructor(socket) {
    this.waiting = [];
    this.rest = Buffer.alloc(0);
    this.line = (typeof socket.on === 'function' ? socket : net.connect(socket)).on('data', (d) => this.take(d)).on('error', (e) => this.fail(e)).on('close', () => this.fail(new Error('Redis has gone')));
  }

  fail(e) { for (const w of this.waiting.splice(0)) w.no(e); }

  // One reply off the front of what has come: { value, end }; null while it is not whole.
  reply(at) {
    const eol = this.rest.indexOf('\r\n', at);
    if (eol < 0) return null;
    const kind = this.rest[at], head = this.rest.toString('latin1', at + 1, eol);
    if (kind === 36) { // $
      if (head === '-1') return { value: null, end: eol + 2 };
      const end = eol + 2 + Number(head) + 2;
      return this.rest.length < end ? null : { value: this.rest.toString('latin1', eol + 2, end - 2), end };
    }
    if (kind === 42) { // *
      const value = [];
      for (let i = 0, end = eol + 2; ; i++) {
        if (i === Number(head)) return { value, end };
        const one = this.reply(end);
        if (!one) return null;
        value.push(one.value);
        end = one.end;
      }
    }
    return { value: kind === 45 ? new Error(head) : kind === 58 ? Number(head) : head, end: eol + 2 };
  }

  take(data) {
    this.rest = this.rest.length ? Buffer.concat([this.rest, data]) : data;
    let at = 0;
    for (let r; (r = this.reply(at)); at = r.end) {
      const w = this.waiting.shift();
      if (r.value instanceof Error) w.no(r.value); else w.yes(r.value);
    }
    this.rest = this.rest.subarray(at);
  }

  ask(...parts) { return this.all([parts]).then((all) => all[0]); }

  all(list) {
    const answers = list.map(() => new Promise((yes, no) => this.waiting.push({ yes, no })));
    this.line.write(Buffer.concat(list.flatMap(command)));
    return Promise.all(answers);
  }

  close() { this.line.destroy(); }
}

const hold = "redis.set_repl(redis.REPL_REPLICA) return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])";
const pool = crypto.randomBytes(1 << 20);
const bytes = (n) => { const at = Math.floor(Math.random() * (pool.length - n)); return pool.subarray(at, at + n); };
const name = () => crypto.randomBytes(32).toString('hex');

// What one sign-in over SAML writes (wire/kv.h): a session that stays; what lives for minutes is there of the last
// sixth, as it is where an hour's sign-ins lie, and gone of those before.
function signIn(session_B, lasts) {
  const proven = `a1:${name()}`, code = `c2:${name()}`;
  return [['EVAL', hold, 1, proven, bytes(1000), 120], ['SET', `r1:${name()}`, '1', 'EX', lasts ? 600 : 2, 'NX'], ['GETDEL', proven],
    ['SET', `s1:${name()}`, bytes(session_B), 'EX', 3600], ['EVAL', hold, 1, code, bytes(500), 60], ['GETDEL', code],
    ['SET', `t1:${name()}`, bytes(400), 'EX', lasts ? 600 : 2], ['SET', `r1:${name()}`, name(), 'EX', lasts ? 600 : 2, 'NX']];
}

// session_B: the size of a sealed session.
export async function manySignIns(redis, signIns, session_B) {
  const under_way = [];
  for (let i = 0; i < signIns; i += 250) {
    const some = Array.from({ length: Math.min(250, signIns - i) }, (_, k) => signIn(session_B, i + k > signIns * 5 / 6)).flat();
    under_way.push(redis.all(some));
    if (under_way.length > 4) await under_way.shift();
  }
  await Promise.all(under_way);
}
