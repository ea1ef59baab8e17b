// SPDX-License-Identifier: EUPL-1.2
// Serves the page; all else happens in the browser.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const { ISSUER, CLIENT_ID, PORT } = process.env;
const library = path.resolve(import.meta.dirname, '../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js');
const page = `<!doctype html><title>Service</title><pre id="person">null</pre><script src="/oidc-client-ts.js"></script><script>
const ISSUER = '${ISSUER}', CLIENT_ID = '${CLIENT_ID}';
${fs.readFileSync(path.join(import.meta.dirname, 'oidc-client-ts.page.js'), 'utf8')}</script>`;

http.createServer((req, res) => {
  const script = req.url === '/oidc-client-ts.js';
  res.writeHead(200, { 'Content-Type': script ? 'text/javascript' : 'text/html; charset=utf-8' }).end(script ? fs.readFileSync(library) : page);
}).listen(PORT, '127.0.0.1', () => console.log('ready'));
