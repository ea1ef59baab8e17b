// SPDX-License-Identifier: EUPL-1.2
// The last step of docs/operating.md: CERTIFICATE PASSWORD-FILE.  Anna opens the gateway's address, chooses her city, signs in,
// and sees her two tiles; and the door beside https leads there.
import fs from 'node:fs';
import http from 'node:http';
import { Agent } from './agent.mjs';

const [certificate, passwordFile] = process.argv.slice(2);
const password = fs.readFileSync(passwordFile, 'utf8').trim();
const url = 'https://login.example.fi';
const die = (why, page) => { console.error(`${why}\n${page ? `${page.status} ${page.url}\n${page.text.slice(0, 1500)}` : ''}`); process.exit(1); };

let page;
const agent = new Agent({ ca: fs.readFileSync(certificate) });
for (let tries = 0; ; tries++) { // the first start makes keys
  try { page = await agent.get(`${url}/`); } catch (e) { page = { status: 0, url, text: String(e) }; }
  if (page.status === 200) break;
  if (tries === 600) die('the gateway does not answer', page);
  await new Promise((r) => setTimeout(r, 200));
}
page = await agent.submit(page, { idp: 'oulu-oma' }, (f) => f.method === 'post' && f.buttons.some((b) => b.value === 'oulu-oma'))
  .catch((e) => die(e.message, page));
page = await agent.submit(page, { username: 'anna', password }, (f) => f.method === 'post' && 'password' in f.fields).catch((e) => die(e.message, page));
for (const part of ['Anna', '/open/oph', '/open/kanerva']) if (page.status !== 200 || !page.text.includes(part)) die(`no ${part} on the launcher`, page);
const plain = await new Promise((resolve, reject) => http.get({ host: '127.0.0.1', port: 80, path: '/', headers: { Host: 'login.example.fi' } }, resolve).on('error', reject));
if (plain.statusCode !== 301 || plain.headers.location !== `${url}/`) die(`port 80 answers ${plain.statusCode} ${plain.headers.location}`);
console.log('anna is signed in, with two tiles');
process.exit(0);
