// SPDX-License-Identifier: EUPL-1.2
// oauth2-proxy in front of an application that asks userinfo with the access token it is handed.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import crypto from 'node:crypto';
import { spawn } from 'node:child_process';

const { ISSUER, CLIENT_ID, BASE, PORT, STATE } = process.env;
const application = http.createServer(async (req, res) => {
  if (req.url === '/logout') {
    const out = `${ISSUER}/oidc/end_session?${new URLSearchParams({ client_id: CLIENT_ID, post_logout_redirect_uri: `${BASE}/out` })}`;
    return res.writeHead(302, { Location: `/oauth2/sign_out?${new URLSearchParams({ rd: out })}` }).end();
  }
  if (req.url === '/out') return res.end('out');
  const told = await fetch(`${ISSUER}/oidc/userinfo`, { headers: { Authorization: `Bearer ${req.headers['x-forwarded-access-token']}` } });
  res.writeHead(told.status, { 'Content-Type': 'application/json' }).end(await told.text());
}).listen(0, '127.0.0.1');
await new Promise((listening) => application.on('listening', listening));

const values = { ...process.env, COOKIE_SECRET: crypto.randomBytes(16).toString('hex'), ISSUER_HOST: new URL(ISSUER).host, UPSTREAM: `http://127.0.0.1:${application.address().port}/` };
const file = path.join(STATE, 'oauth2-proxy.cfg');
fs.writeFileSync(file, fs.readFileSync(path.join(import.meta.dirname, 'oauth2-proxy.cfg'), 'utf8').replace(/\$\{(\w+)\}/g, (m, name) => values[name]));
const proxy = spawn(process.argv[2], ['--config', file], { stdio: 'inherit' });
process.on('SIGTERM', () => { proxy.kill('SIGTERM'); process.exit(0); });
proxy.on('exit', (code) => process.exit(code ?? 1));
for (;;) {
  const ready = await fetch(`http://127.0.0.1:${PORT}/ping`).catch(() => null);
  if (ready?.ok) break;
  await new Promise((r) => setTimeout(r, 50));
}
console.log('ready');
