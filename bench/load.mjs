// SPDX-License-Identifier: EUPL-1.2
// Load over kept connections, and what it costs the processes that bear it, from /proc.
import fs from 'node:fs';
import http from 'node:http';
import { Agent } from '../tests/e2e/agent.mjs';

// Nanoseconds on a processor of each process, all threads together, by its name.
export function cpuOf(processes) {
  const out = {};
  for (const { pid, name } of processes)
    for (const thread of fs.readdirSync(`/proc/${pid}/task`))
      out[name] = (out[name] ?? 0) + Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return out;
}

// Of the gateway its loops alone: what everybody waits for.
export function loopOf(processes) {
  let ns = 0;
  for (const { pid, name } of processes.filter((p) => p.name === 'gateway'))
    for (const thread of fs.readdirSync(`/proc/${pid}/task`))
      if (/^loop/.test(fs.readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8'))) ns += Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return ns;
}

// Megabytes in memory of all processes together.
export function memoryOf(processes) {
  const kB = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  return Math.round(processes.reduce((sum, p) => sum + kB(p), 0) / 1024);
}

// Every request comes from an address of its own, unless told otherwise: there are budgets for each.
const somewhere = () => `10.${Math.random() * 256 | 0}.${Math.random() * 256 | 0}.${Math.random() * 256 | 0}`;

// Asks a gateway over connections that are kept, as a proxy in front of it does.
export class Line {
  constructor(port, users, from = somewhere) {
    this.port = port;
    this.from = from;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: users });
  }

  ask(method, path, { cookie, form, json, headers = {} } = {}) {
    const body = json ? JSON.stringify(json) : form && new URLSearchParams(form).toString();
    const all = { Host: `localhost:${this.port}`, ...(this.from ? { 'X-Forwarded-For': this.from() } : {}), ...(cookie ? { Cookie: cookie } : {}), ...headers,
      ...(body ? { 'Content-Type': json ? 'application/json' : 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) } : {}) };
    return new Promise((resolve, reject) => {
      const req = http.request({ host: '127.0.0.1', port: this.port, method, path, agent: this.agent, headers: all }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d)).on('error', reject)
          .on('end', () => resolve({ status: res.statusCode, headers: res.headers, text: Buffer.concat(parts).toString() }));
      });
      req.on('error', reject);
      req.end(body);
    });
  }

  close() { this.agent.destroy(); }
}

// A browser whose connections are the line's.
export class Visitor extends Agent {
  constructor(line) { super(); this.line = line; }

  async once(method, address, { form, headers } = {}) {
    const url = new URL(address);
    const res = await this.line.ask(method, url.pathname + url.search, { cookie: this.cookieHeader(url), form, headers });
    this.keep(url, res.headers['set-cookie']);
    return { ...res, url: url.toString() };
  }
}

// Repeats one operation for a time, by so many users at once.  Gives the CPU of each operation in µs.
export async function round(once, processes, { users, seconds }) {
  const times = [], end = Date.now() + seconds * 1000;
  const before = cpuOf(processes), loops = loopOf(processes), began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: users }, async () => {
    while (Date.now() < end) {
      const t = process.hrtime.bigint();
      await once();
      times.push(Number(process.hrtime.bigint() - t) / 1e6);
    }
  }));
  const took_s = Number(process.hrtime.bigint() - began) / 1e9, after = cpuOf(processes), loop_us = (loopOf(processes) - loops) / 1000 / times.length;
  times.sort((a, b) => a - b);
  const us = Object.fromEntries(Object.keys(after).map((k) => [k, (after[k] - before[k]) / 1000 / times.length]));
  return { us, loop_us, cpu_us: Object.values(us).reduce((a, b) => a + b), operations: times.length, per_s: times.length / took_s,
    p50_ms: times[times.length >> 1], p99_ms: times[Math.floor(times.length * 0.99)], memory_MB: memoryOf(processes) };
}

export const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

// The median of each figure; the operations of all rounds, and how far the rounds' CPU lay apart.
export function summary(rounds) {
  const of = (f) => median(rounds.map(f)), all = rounds.map((r) => r.cpu_us);
  return { cpu_us: of((r) => r.cpu_us), cpu_us_least: Math.min(...all), cpu_us_most: Math.max(...all),
    loop_us: of((r) => r.loop_us), by_process: Object.fromEntries(Object.keys(rounds[0].us).map((k) => [k, of((r) => r.us[k])])),
    per_s: of((r) => r.per_s), p50_ms: of((r) => r.p50_ms), p99_ms: of((r) => r.p99_ms), memory_MB: of((r) => r.memory_MB),
    operations: rounds.reduce((n, r) => n + r.operations, 0) };
}
