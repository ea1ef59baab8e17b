// SPDX-License-Identifier: EUPL-1.2
// A real gateway in a folder of its own: configuration, registry, processes; ended with its children.
import { execFile, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');
const started = [];
process.setMaxListeners(100);
process.on('exit', () => { for (const c of started) if (c.exitCode === null && !c.signalCode) c.kill('SIGTERM'); });

export function folder(name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `digione-${name}-`));
  process.on('exit', () => { if (!process.env.KEEP) fs.rmSync(dir, { recursive: true, force: true }); });
  return dir;
}

export const freePort = () => new Promise((resolve) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

// Asks until the answer is right: tests never sleep for a fixed time.
export async function until(what, ask, ms = 30000) {
  const end = Date.now() + ms;
  let last;
  while (Date.now() < end) {
    try { last = await ask(); if (last) return last; } catch (e) { last = e; }
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`${what}: not within ${ms / 1000} s${last ? ` (${last.message ?? last})` : ''}`);
}

export const fetchLocal = (port, pathname, { host = 'localhost', method = 'GET', headers = {}, body, socketPath } = {}) => new Promise((resolve, reject) => {
  const req = http.request({ ...(socketPath ? { socketPath } : { host: '127.0.0.1', port }), method, path: pathname, agent: false,
    headers: { Host: `${host}:${port}`, ...(body ? { 'Content-Length': Buffer.byteLength(body) } : {}), ...headers } }, (res) => {
    const parts = [];
    res.on('data', (d) => parts.push(d)).on('end', () => resolve({ status: res.statusCode, headers: res.headers, text: Buffer.concat(parts).toString() })).on('error', reject);
  });
  req.on('error', reject).setTimeout(10000, () => req.destroy(new Error('no answer in 10 s')));
  req.end(body);
});

// A process that says that it is ready on its standard output, or exits: 77 means that it cannot run here.
export async function peer(name, command, args, { says = 'ready', within_ms = 30000, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  started.push(child);
  let out = '', err = '';
  child.stdout.on('data', (d) => { out += d; });
  child.stderr.on('data', (d) => { err += d; });
  await until(`${name} ready`, () => {
    if (child.exitCode === 77) return true;
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${err.slice(-2000)}`);
    return out.includes(says);
  }, within_ms);
  child.said = () => out + err;
  return child.exitCode === 77 ? null : child;
}

const gateways = [];
export class Gateway {
  // settings: extra lines of configuration (null: not even ours, but the program's default); registry: YAML text.
  constructor(program, { name = 'gateway', host = 'localhost', port, settings = {}, registry, dir }) {
    Object.assign(this, { program, name, host, port, registry, dir: dir ?? folder(name) });
    this.url = settings.public_url ?? `http://${host}:${port}`;
    this.config = path.join(this.dir, 'digione.yaml');
    const all = { public_url: this.url, listen: `127.0.0.1:${port}`, state_dir: path.join(this.dir, 'state'), loops: 1, redis_memory_MB: 64, ...settings };
    if (process.getuid() === 0 && !all.run_as) all.run_as = 'nobody';
    fs.writeFileSync(this.config, Object.entries(all).filter(([, v]) => v !== null).map(([k, v]) => `${k}: ${v}\n`).join(''));
    fs.mkdirSync(all.state_dir, { recursive: true, mode: 0o700 });
    this.state = all.state_dir;
    if (process.getuid() === 0) { fs.chmodSync(this.dir, 0o755); this.chown(); }
    this.log = path.join(this.dir, 'log');
    gateways.push(this);
  }

  // Lines of the audit log, as far as they are written.
  audited(event) {
    const dir = path.join(this.state, 'audit');
    return fs.readdirSync(dir).filter((f) => /^audit-.*\.jsonl$/.test(f)).sort().flatMap((f) => fs.readFileSync(path.join(dir, f), 'utf8').split('\n').slice(0, -1)).map((l) => JSON.parse(l)).filter((l) => l.event === event);
  }
  chown() { spawnSync('chown', ['-R', 'nobody', this.state]); }

  cli(...args) { return spawnSync(this.program, args, { encoding: 'utf8', maxBuffer: 1 << 28 }); }

  // The same, while this process goes on: it may be what the command asks.  Gives what it printed.
  later(...args) { return new Promise((resolve) => execFile(this.program, args, { encoding: 'utf8' }, (error, out, err) => resolve(out + err))); }

  import(text) {
    const file = path.join(this.dir, 'registry.yaml');
    fs.writeFileSync(file, text);
    let done = this.cli('import', '-c', this.config, file);
    if (/comes into production without/.test(done.stderr)) done = this.cli('import', '-c', this.config, '--ungated', 'the operator of a test', file);
    if (done.status !== 0) throw new Error(`import: ${done.stdout}${done.stderr}`);
    if (process.getuid() === 0) this.chown();
    return done.stdout;
  }

  async start(ready = true) {
    if (this.registry) { this.import(this.registry); this.registry = null; }
    this.child = spawn(this.program, ['serve', '-c', this.config], { stdio: ['ignore', 'ignore', fs.openSync(this.log, 'a')] });
    started.push(this.child);
    if (ready) { // the first start makes keys: slow on a busy machine
      await until(`${this.name} ready`, async () => {
        if (this.child.exitCode !== null) throw new Error(`${this.name} ended: ${this.logTail()}`);
        const r = await fetchLocal(this.port, '/health/ready', { host: this.host });
        if (r.status !== 200) throw new Error(r.text);
        return true;
      }, 120000).catch((e) => { throw new Error(`${e.message}\n${this.logTail()}`); });
    }
    return this;
  }

  logTail(n = 15) { try { return fs.readFileSync(this.log, 'utf8').split('\n').slice(-n).join('\n'); } catch { return ''; } }
  // What it warned of last, for whoever reads of a test that failed.
  warned(n = 5) { return this.logTail(400).split('\n').filter((l) => /"level":"(warn|error)"/.test(l)).slice(-n); }
  logText() { return fs.readFileSync(this.log, 'utf8'); }

  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode) return this.child?.exitCode;
    this.child.kill('SIGTERM');
    await until(`${this.name} ended`, () => this.child.exitCode !== null || this.child.signalCode !== null);
    return this.child.exitCode;
  }

  // The processes below the supervisor: { pid, name } by the name they gave themselves or their program.
  processes() {
    const all = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p)).map((p) => {
      try {
        const stat = fs.readFileSync(`/proc/${p}/stat`, 'utf8');
        const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        return { pid: Number(p), name, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
      } catch { return null; }
    }).filter(Boolean);
    return all.filter((p) => p.parent === this.child.pid);
  }
}

export const city = ({ id, oid, code, name, schools }) => `  - id: ${id}
    oid: "${oid}"
    municipality_code: "${code}"
    name: { fi: ${name} }
    support: "https://${id}.example/tuki"
    schools:
${schools.map(([c, suffix, n]) => `      - { oid: "1.2.246.562.99.${suffix}", code: "${c}", name: { fi: ${n} } }`).join('\n')}
`;

export const cities = {
  tampere: { id: 'tampere', oid: '1.2.246.562.99.98370100004', code: '837', name: 'Tampere', schools: [['99301', '98370200010', 'Testi-Hillaharjun koulu']] },
  turku: { id: 'turku', oid: '1.2.246.562.99.98530100001', code: '853', name: 'Turku', schools: [['99401', '98530200017', 'Testi-Mesimarjan koulu']] },
  vantaa: { id: 'vantaa', oid: '1.2.246.562.99.90920100006', code: '092', name: 'Vantaa', schools: [['99501', '90920200012', 'Testi-Juolukkapuron koulu']] },
  oulu: { id: 'oulu', oid: '1.2.246.562.99.95640100004', code: '564', name: 'Oulu', schools: [['99101', '95640200010', 'Testi-Kielonmäen koulu']] },
};

// ── results: one line a check; the exit status says whether any failed ──
// ONLY: an expression; of the script's tests, those whose name it finds.
const wanted = process.env.ONLY && new RegExp(process.env.ONLY);
let passed = 0, failed = 0, skipped = 0;
export async function test(name, run) {
  if (wanted && !wanted.test(name)) return;
  try {
    const why = await run();
    if (typeof why === 'string' && why.startsWith('skipped')) { skipped++; console.log(`${name}: ${why}`); } else { passed++; console.log(`ok ${name}`); }
  } catch (e) {
    failed++;
    console.log(`FAILED ${name}: ${e.stack ?? e}`);
    for (const g of gateways) for (const line of g.warned()) console.log(`    ${g.name} said: ${line}`);
  }
}
export async function finish() {
  for (const c of started) if (c.exitCode === null && !c.signalCode) c.kill('SIGTERM');
  await until('all ended', () => started.every((c) => c.exitCode !== null || c.signalCode !== null), 25000).catch(() => {
    for (const c of started) c.kill('SIGKILL');
  });
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}
export function check(condition, message) { if (!condition) throw new Error(message); }
