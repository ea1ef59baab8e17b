// SPDX-License-Identifier: EUPL-1.2
// ./demo of a release build, started on ports of its own.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { folder, root, until } from '../e2e/gateway.mjs';

export const password = 'digione-demo';

export class Demo {
  constructor() {
    // DEMO_STATE and DEMO_PORT name one that runs already, for whoever writes a test.
    this.running = process.env.DEMO_STATE !== undefined;
    this.state = process.env.DEMO_STATE ?? folder('demo');
    if (!this.running) fs.chmodSync(this.state, 0o755);
    // Below the ports that outgoing connections take.
    this.port = Number(process.env.DEMO_PORT ?? 20000 + 24 * Math.floor(Math.random() * 500));
    this.url = `http://localhost:${this.port}`;
    this.said = '';
  }
  async start() {
    if (this.running) return this;
    this.process = spawn(path.join(root, 'demo'), ['--no-install', '--port', String(this.port), '--state', this.state], { stdio: ['ignore', 'pipe', 'pipe'] });
    process.on('exit', () => this.process.kill('SIGTERM'));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (d) => { this.said += d; });
    await until('./demo is ready', () => {
      if (this.process.exitCode !== null) throw new Error(`./demo ended: ${this.said}`);
      return this.said.includes(`ready ${this.url}`);
    }, 300000).catch((e) => { console.log(`FAILED ./demo starts: ${e.message}\n${this.said}`); process.exit(1); });
    return this;
  }
  async stop() {
    if (this.running) return;
    this.process.kill('SIGTERM');
    await until('./demo ended', () => this.process.exitCode !== null || this.process.signalCode !== null, 40000);
  }
  // A city of its own, or a service's site: the k-th port after the gateway's.
  at(id, k) { return `http://${id}.localhost:${this.port + k}`; }
  audit() {
    const where = path.join(this.state, 'gateway/state/audit');
    return fs.readdirSync(where).filter((f) => /^audit-.*jsonl$/.test(f)).sort()
      .flatMap((f) => fs.readFileSync(path.join(where, f), 'utf8').trim().split('\n')).filter(Boolean).map((l) => JSON.parse(l));
  }
}
