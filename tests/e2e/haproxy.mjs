// SPDX-License-Identifier: EUPL-1.2
// The shipped HAProxy configuration in front of a gateway: a folder, a certificate, a socket, and HAProxy itself.  As root
// it is locked into the folder and becomes the user haproxy, as it does where it is installed.
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { folder, freePort, root } from './gateway.mjs';

export const haproxyMissing = Boolean(spawnSync('haproxy', ['-v']).error);

export async function makeFront(name, { maxconn = 1000, env = {} } = {}) {
  const dir = folder(name), port = await freePort(), plainPort = await freePort(), mtlsPort = await freePort(), asRoot = process.getuid() === 0;
  const run = path.join(dir, 'digione'), socketPath = path.join(run, 'http.sock'), pem = path.join(dir, 'both.pem');
  fs.mkdirSync(run);
  if (asRoot) { // docs/operating.md: install -d -o digione -g haproxy -m 2750
    fs.chmodSync(dir, 0o755);
    spawnSync('chown', ['nobody:haproxy', run]);
    fs.chmodSync(run, 0o2750);
  }
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
    '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`], { stdio: 'ignore' });
  fs.writeFileSync(pem, fs.readFileSync(`${dir}/cert.pem`) + fs.readFileSync(`${dir}/key.pem`));
  fs.chmodSync(pem, 0o600);
  let process_;
  return {
    dir, port, plainPort, mtlsPort, socketPath, url: `https://localhost:${port}`, mtlsUrl: `https://localhost:${mtlsPort}`, certificate: fs.readFileSync(`${dir}/cert.pem`),
    settings: { public_url: `https://localhost:${port}`, listen: `unix:${socketPath}`, trusted_proxy: 'unix' },
    start() {
      process_ = spawn('haproxy', ['-db', '-W', '-f', path.join(root, 'deploy/haproxy.cfg')], { stdio: ['ignore', 'ignore', fs.openSync(`${dir}/haproxy.log`, 'w')],
        env: { ...process.env, DIGIONE_SOCKET: asRoot ? '/digione/http.sock' : socketPath, DIGIONE_CHROOT: asRoot ? dir : 'none', DIGIONE_CERT: pem,
          DIGIONE_BIND: `127.0.0.1:${port}`, DIGIONE_BIND_HTTP: `127.0.0.1:${plainPort}`, DIGIONE_BIND_MTLS: `127.0.0.1:${mtlsPort}`, DIGIONE_MAXCONN: String(maxconn), ...env } });
      process.on('exit', () => process_.kill('SIGTERM'));
    },
    stop() { process_.kill('SIGTERM'); },
    // The processes below the master: those that strangers speak to.
    workers() {
      const found = spawnSync('pgrep', ['-P', String(process_.pid)], { encoding: 'utf8' }).stdout.trim().split('\n').filter(Boolean);
      return found.map((pid) => {
        const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
        return { uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)[1]), groups: /^Groups:\s*(.*)$/m.exec(status)[1].trim(),
          capabilities: /^CapEff:\s+0*([0-9a-f]+)$/m.exec(status)[1], root: fs.readlinkSync(`/proc/${pid}/root`),
          descriptors: Number(/^Max open files\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'))[1]) };
      });
    },
    log: () => fs.readFileSync(`${dir}/haproxy.log`, 'utf8'),
  };
}
