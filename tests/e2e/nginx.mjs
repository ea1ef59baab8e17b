// SPDX-License-Identifier: EUPL-1.2
// The shipped nginx configuration in front of the socket that HAProxy's tests have: with its certificate, at ports of its own.
import fs from 'node:fs';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { check, folder, freePort, root } from './gateway.mjs';

const program = process.env.NGINX ?? ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((f) => fs.existsSync(f));
export const nginxMissing = !program;

// Each must stand in the file, so that what is tested is what is shipped.
function with_(text, changes) {
  for (const [from, to] of changes) { check(text.includes(from), `deploy/nginx.conf has no "${from}"`); text = text.replaceAll(from, to); }
  return text;
}

export async function makeNginx(front) {
  const dir = folder('nginx'), port = await freePort(), mtlsPort = await freePort(), plainPort = await freePort(), temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const site = with_(fs.readFileSync(path.join(root, 'deploy/nginx.conf'), 'utf8'), [['/run/digione-front/http.sock', front.socketPath], ['listen 80;', `listen 127.0.0.1:${plainPort};`], ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['listen 8443 ', `listen 127.0.0.1:${mtlsPort} `], ['server_name login.example.fi', 'server_name localhost'], ['/etc/nginx/digione.pem', `${front.dir}/cert.pem`], ['/etc/nginx/digione.key', `${front.dir}/key.pem`]]);
  const asRoot = process.getuid() === 0;
  fs.chmodSync(dir, 0o755);
  fs.writeFileSync(path.join(dir, 'nginx.conf'), `${asRoot ? 'user nobody haproxy;\n' : ''}daemon off;\nworker_processes 1;\npid ${dir}/pid;\nerror_log stderr warn;\nevents { worker_connections 512; }\nhttp {\naccess_log off;\n${temp.map((t) => `${t}_temp_path ${dir}/${t};\n`).join('')}${site}}\n`);
  const args = ['-p', dir, '-e', 'stderr', '-c', path.join(dir, 'nginx.conf')], judged = spawnSync(program, ['-t', ...args], { encoding: 'utf8' });
  check(judged.status === 0, judged.stderr);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', fs.openSync(`${dir}/log`, 'w')] });
  process.on('exit', () => child.kill('SIGTERM'));
  return { port, mtlsPort, plainPort, stop: () => child.kill('SIGTERM'), log: () => fs.readFileSync(`${dir}/log`, 'utf8') };
}
