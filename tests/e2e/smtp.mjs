// SPDX-License-Identifier: EUPL-1.2
// A mail server of the tests' own [RFC 5321, 3207, 4954], which can be strict, slow, away, and rude.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

// A certificate for a name, in a folder; the file serves as ca_file too.
export function certificate(dir, host, name = host, days = 3) {
  const key = path.join(dir, `${name}.key`), pem = path.join(dir, `${name}.pem`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', pem], { stdio: 'ignore' });
  return { key: fs.readFileSync(key), cert: fs.readFileSync(pem), file: pem };
}

export class MailServer {
  // mode: 'plain', 'starttls', 'smtps'; login: { user, password } that it asks for; answers: (command, argument) => 'text of a
  // refusal' or undefined; wait: (command) => promise, before it answers; quitSilent: QUIT is never answered.
  constructor({ mode = 'plain', secure, login, answers = () => undefined, wait = async () => {}, quitSilent = false } = {}) {
    Object.assign(this, { mode, secure, login, answers, wait, quitSilent, mails: [], commands: [], sessions: 0, open: new Set() });
  }

  async listen(port = 0) {
    const serve = (s) => this.serve(s);
    this.server = this.mode === 'smtps' ? tls.createServer({ key: this.secure.key, cert: this.secure.cert }, serve) : net.createServer(serve);
    this.server.on('tlsClientError', () => {});
    await new Promise((r, j) => this.server.on('error', j).listen(port, '127.0.0.1', r));
    this.port = this.server.address().port;
    return this;
  }

  async close() {
    for (const s of this.open) s.destroy();
    await new Promise((r) => this.server.close(r));
  }

  serve(socket) {
    this.sessions++;
    const state = { secure: this.mode === 'smtps', to: [], known: !this.login };
    this.talk(socket, state, true);
  }

  talk(socket, state, greet) {
    let rest = '', data = null, busy = Promise.resolve();
    const say = (text) => { if (!socket.destroyed) socket.write(`${text}\r\n`); };
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    socket.on('error', () => {});
    const line = async (text) => {
      if (data !== null) {
        if (text !== '.') { data += `${text.startsWith('.') ? text.slice(1) : text}\r\n`; return; }
        await this.wait('.');
        const no = this.answers('.', state.to.join());
        if (!no) this.mails.push({ from: state.from, to: state.to, raw: data, secure: state.secure, user: state.user });
        data = null; state.to = [];
        say(no ?? '250 2.0.0 taken');
        return;
      }
      if (state.auth) { const [user, password] = Buffer.from(text, 'base64').toString().split('\0').slice(1); state.auth = false; this.judge(state, user, password, say); return; }
      const [, word, argument = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? [null, text];
      const command = word.toUpperCase();
      this.commands.push(command === 'AUTH' ? 'AUTH' : text);
      await this.wait(command);
      const no = this.answers(command, argument);
      if (no) { say(no); return; }
      switch (command) {
        case 'EHLO': case 'HELO':
          state.name = argument;
          say(['250-mail.test', ...(this.mode === 'starttls' && !state.secure ? ['250-STARTTLS'] : []), ...(this.login && (state.secure || this.mode === 'plain') ? ['250-AUTH PLAIN'] : []), '250 SIZE 1000000'].join('\r\n')); break;
        case 'STARTTLS': {
          if (this.mode !== 'starttls' || state.secure) { say('502 no'); break; }
          say('220 go on');
          socket.removeAllListeners('data');
          const over = new tls.TLSSocket(socket, { isServer: true, key: this.secure.key, cert: this.secure.cert });
          state.secure = true;
          this.talk(over, state, false);
          break;
        }
        case 'AUTH':
          if (!/^PLAIN/i.test(argument)) { say('504 no'); break; }
          if (argument.length > 6) { const [user, password] = Buffer.from(argument.slice(6), 'base64').toString().split('\0').slice(1); this.judge(state, user, password, say); } else { state.auth = true; say('334 '); }
          break;
        case 'MAIL': if (!state.known) { say('530 5.7.0 authentication required'); break; } state.from = /<(.*?)>/.exec(argument)?.[1]; say('250 ok'); break;
        case 'RCPT': state.to.push(/<(.*?)>/.exec(argument)?.[1]); say('250 ok'); break;
        case 'DATA': data = ''; say('354 go on'); break;
        case 'QUIT': if (!this.quitSilent) { say('221 bye'); socket.end(); } break;
        case 'RSET': case 'NOOP': say('250 ok'); break;
        default: say('502 no such command');
      }
    };
    socket.on('data', (d) => {
      rest += d.toString('latin1');
      for (let at; (at = rest.indexOf('\r\n')) >= 0;) {
        const text = rest.slice(0, at);
        rest = rest.slice(at + 2);
        busy = busy.then(() => line(text));
      }
    });
    if (greet) this.wait('GREET').then(() => say(this.answers('GREET', '') ?? '220 mail.test ready'));
  }

  judge(state, user, password, say) {
    state.known = user === this.login.user && password === this.login.password;
    state.user = state.known ? user : undefined;
    say(state.known ? '235 ok' : '535 5.7.8 wrong');
  }
}

// Header fields (unfolded, encoded-words read) and the text of a mail in base64.
export function read(raw) {
  const at = raw.indexOf('\r\n\r\n');
  const lines = raw.slice(0, at).replace(/\r\n[ \t]/g, ' ').split('\r\n');
  const words = (s) => s.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?B\?(.*?)\?=/gi, (m, b) => Buffer.from(b, 'base64').toString('latin1'));
  const headers = Object.fromEntries(lines.map((l) => { const c = l.indexOf(':'); return [l.slice(0, c).toLowerCase(), Buffer.from(words(l.slice(c + 1).trim()), 'latin1').toString('utf8')]; }));
  return { headers, names: lines.map((l) => l.slice(0, l.indexOf(':')).toLowerCase()), text: Buffer.from(raw.slice(at + 4), 'base64').toString('utf8') };
}
