// SPDX-License-Identifier: EUPL-1.2
// Redis as a city runs it: a primary, a replica and three sentinels, each with TLS and users of their own; redis-server, or
// valkey-server where REDIS_SERVER says so or there is no other.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { folder, freePort, until } from './gateway.mjs';
import { Redis } from './resp.mjs';

export const server = process.env.REDIS_SERVER ?? ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find((p) => fs.existsSync(p));
export const NAME = 'redis.town.test';

// What docs/operating.md says that the gateway's user needs, in Redis and at the sentinels.
export const ACL = '~* -@all +auth +get +set +getdel +del +expire +incr +eval +role +info +wait +exists +getrange +time +zadd +zcard +zrem +zrange +zrevrange +zrangebyscore +zremrangebyscore +zremrangebyrank';
export const SENTINEL_ACL = 'resetchannels &+switch-master -@all +auth +sentinel|get-master-addr-by-name +subscribe +unsubscribe';

function certificates(dir) {
  const run = (...a) => { const r = spawnSync('openssl', a, { cwd: dir, encoding: 'utf8' }); if (r.status !== 0) throw new Error(r.stderr); };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  run('req', '-x509', ...key, '-subj', '/CN=town', '-keyout', 'ca.key', '-out', 'ca.pem');
  run('req', '-x509', ...key, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=redis', '-addext', `subjectAltName=DNS:${NAME}`, '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', 'key.pem', '-out', 'cert.pem');
  fs.chmodSync(path.join(dir, 'key.pem'), 0o644);
}

export class Town {
  constructor({ down_ms = 1000 } = {}) { this.dir = folder('town'); this.down_ms = down_ms; this.all = []; }

  run(name, config) {
    const dir = path.join(this.dir, name);
    fs.mkdirSync(dir, { recursive: true });
    const file = path.join(dir, 'conf');
    if (config) fs.writeFileSync(file, config);
    const log = fs.openSync(path.join(dir, 'log'), 'a');
    const child = spawn(server, [file, ...(name.startsWith('sentinel') ? ['--sentinel'] : [])], { cwd: dir, stdio: ['ignore', log, log] });
    process.on('exit', () => { if (child.exitCode === null && !child.signalCode) child.kill('SIGKILL'); });
    return child;
  }

  tls(port) {
    const at = (f) => path.join(this.dir, f);
    return `bind 127.0.0.1\nport 0\ntls-port ${port}\ntls-replication yes\ntls-auth-clients yes\ntls-cert-file ${at('cert.pem')}\ntls-key-file ${at('key.pem')}\ntls-ca-cert-file ${at('ca.pem')}\nuser default off\nuser admin on >admin-pw ~* &* +@all\n`;
  }

  redis(name, port, of) {
    return { name, port, child: this.run(name, `${this.tls(port)}save ""\nappendonly no\nrepl-diskless-sync-delay 0\nrepl-timeout 5\nmaxmemory 64mb\nmaxmemory-policy noeviction\n`
      + `user digione on >redis-pw ${ACL}\nuser replica on >replica-pw +psync +replconf +ping\nmasteruser replica\nmasterauth replica-pw\n`
      + 'user sentinel on >sentinel-pw allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill\n'
      + (of ? `replicaof 127.0.0.1 ${of}\n` : '')) };
  }

  async start() {
    certificates(this.dir);
    const [a, b] = [await freePort(), await freePort()];
    this.nodes = [this.redis('one', a)];
    await this.up(this.nodes[0]);
    this.nodes.push(this.redis('two', b, a));
    await this.up(this.nodes[1]);
    await until('the replica has joined', async () => (await this.info(this.nodes[0])).includes('state=online'));
    this.sentinels = [];
    for (let i = 0; i < 3; i++) {
      const port = await freePort();
      this.sentinels.push({ name: `sentinel-${i}`, port, child: this.run(`sentinel-${i}`, `${this.tls(port)}user digione on >watch-pw ${SENTINEL_ACL}\n`
        + `sentinel sentinel-user admin\nsentinel sentinel-pass admin-pw\nsentinel monitor mymaster 127.0.0.1 ${a} 2\nsentinel auth-user mymaster sentinel\nsentinel auth-pass mymaster sentinel-pw\n`
        + `sentinel down-after-milliseconds mymaster ${this.down_ms}\nsentinel failover-timeout mymaster 4000\nsentinel parallel-syncs mymaster 1\n`) });
    }
    for (const s of this.sentinels) await this.up(s);
    await until('the sentinels know one another and the replica', async () => {
      for (const s of this.sentinels) {
        const r = await this.ask(s, 'SENTINEL', 'MASTER', 'mymaster'), of = (k) => r[r.indexOf(k) + 1];
        if (of('num-other-sentinels') !== '2' || of('num-slaves') !== '1') return false;
      }
      return true;
    });
    return this;
  }

  line(node) {
    const pem = (f) => fs.readFileSync(path.join(this.dir, f));
    return new Redis(tls.connect({ host: '127.0.0.1', port: node.port, ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem'), servername: NAME }));
  }

  // As the administrator, on a connection of its own.
  async ask(node, ...parts) {
    const r = this.line(node);
    try { return (await Promise.race([r.all([['AUTH', 'admin', 'admin-pw'], parts]), new Promise((_, no) => setTimeout(() => no(new Error('silent')), 3000))]))[1]; } finally { r.close(); }
  }

  info(node) { return this.ask(node, 'INFO', 'replication'); }
  up(node) { return until(`${node.name} is up`, async () => { await this.ask(node, 'PING'); return true; }); }
  async primary() { // by what most sentinels say
    const said = await Promise.all(this.sentinels.map((s) => this.ask(s, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster').then((r) => Number(r[1]), () => 0)));
    return this.nodes.find((n) => said.filter((p) => p === n.port).length >= 2);
  }
  again(node) { node.child = this.run(node.name); return this.up(node); }
  async whole() { // one primary with one replica that has all
    return until('a primary with its replica', async () => {
      const p = await this.primary(), other = this.nodes.find((n) => n !== p);
      const [mine, theirs] = [await this.info(p), await this.info(other)];
      return mine.includes('role:master') && mine.includes('state=online') && theirs.includes('master_link_status:up') && p;
    });
  }

  // What a gateway is told of it.
  settings(more = {}) {
    for (const [f, pw] of [['redis-pw', 'redis-pw'], ['watch-pw', 'watch-pw']]) fs.writeFileSync(path.join(this.dir, f), `${pw}\n`, { mode: 0o644 });
    fs.chmodSync(this.dir, 0o755);
    const at = (f) => path.join(this.dir, f);
    return { redis_sentinels: this.sentinels.map((s) => `127.0.0.1:${s.port}`).join(', '), redis_ports: this.nodes.map((n) => n.port).join(', '),
      redis_user: 'digione', redis_password_file: at('redis-pw'), redis_sentinel_user: 'digione', redis_sentinel_password_file: at('watch-pw'),
      redis_tls_ca_file: at('ca.pem'), redis_tls_cert_file: at('cert.pem'), redis_tls_key_file: at('key.pem'), redis_tls_name: NAME, ...more };
  }

  stop() { for (const n of [...this.nodes, ...this.sentinels]) if (n.child.exitCode === null && !n.child.signalCode) n.child.kill('SIGKILL'); }
}
