// SPDX-License-Identifier: EUPL-1.2
// A service on @node-saml/node-saml, in its default settings.
//   node_saml_sp.mjs PORT BASE_URL IDP_METADATA_FILE OUT_DIR [JSON of further options]
// /login?to=…, /acs, /slo, /logout, /me.  Writes OUT_DIR/sp.xml and prints "ready".
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
const require = createRequire(process.env.NODE_SAML_FROM ?? import.meta.url);
let SAML;
try { ({ SAML } = require('@node-saml/node-saml')); } catch { process.exit(77); }

const [port, base, idpFile, out, more] = process.argv.slice(2);
const idp = fs.readFileSync(idpFile, 'utf8');
const role = /<(?:\w+:)?IDPSSODescriptor[\s\S]*?<\/(?:\w+:)?IDPSSODescriptor>/.exec(idp)[0];
const endpoint = (name, binding) => new RegExp(`<(?:\\w+:)?${name}\\b[^>]*>`, 'g')[Symbol.match](role).find((t) => t.includes(`:${binding}"`)).match(/ Location="([^"]*)"/)[1];
const certificates = [...role.matchAll(/<(?:\w+:)?KeyDescriptor([^>]*)>[\s\S]*?X509Certificate>([\s\S]*?)</g)].filter(([, a]) => !a.includes('"encryption"')).map(([, , c]) => c.replace(/\s/g, ''));
const run = (...a) => spawnSync('openssl', a, { stdio: 'ignore' });
run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=node-saml', '-keyout', path.join(out, 'sp.key'), '-out', path.join(out, 'sp.crt'));
const key = fs.readFileSync(path.join(out, 'sp.key'), 'utf8'), certificate = fs.readFileSync(path.join(out, 'sp.crt'), 'utf8');
const options = JSON.parse(more ?? '{}');
const encrypts = options.encrypts;
delete options.encrypts;

const saml = new SAML({ entryPoint: endpoint('SingleSignOnService', 'HTTP-Redirect'), logoutUrl: endpoint('SingleLogoutService', 'HTTP-Redirect'),
  issuer: `${base}/sp`, callbackUrl: `${base}/acs`, logoutCallbackUrl: `${base}/slo`, idpCert: certificates, privateKey: key, publicCert: certificate,
  idpIssuer: /entityID="([^"]*)"/.exec(idp)[1], ...(encrypts ? { decryptionPvk: key } : {}), ...options });
fs.writeFileSync(path.join(out, 'sp.xml'), saml.generateServiceProviderMetadata(encrypts ? certificate : null, certificate));

const sessions = new Map();
const read = (req) => new Promise((resolve) => { const parts = []; req.on('data', (d) => parts.push(d)).on('end', () => resolve(Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString())))); });
const go = (res, to, headers = {}) => { res.writeHead(302, { Location: to, ...headers }); res.end(); };
http.createServer(async (req, res) => {
  const url = new URL(req.url, base), sid = /sid=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  const query = Object.fromEntries(url.searchParams);
  try {
    if (url.pathname === '/login') return go(res, await saml.getAuthorizeUrlAsync(query.to ?? '', req.headers.host, {}));
    if (url.pathname === '/login-post') {
      const html = await saml.getAuthorizeFormAsync(query.to ?? '', req.headers.host, {});
      res.setHeader('Content-Type', 'text/html');
      return res.end(html);
    }
    if (url.pathname === '/acs') {
      const body = await read(req);
      const { profile } = await saml.validatePostResponseAsync(body);
      const name = Math.random().toString(36).slice(2);
      sessions.set(name, profile);
      return go(res, body.RelayState?.startsWith(base) ? body.RelayState : '/me', { 'Set-Cookie': `sid=${name}; Path=/; HttpOnly` });
    }
    if (url.pathname === '/slo') {
      const body = req.method === 'POST' ? await read(req) : query;
      const { profile } = req.method === 'POST' ? await (body.SAMLRequest ? saml.validatePostRequestAsync(body) : saml.validatePostResponseAsync(body))
        : await saml.validateRedirectAsync(query, url.search.slice(1));
      if (!body.SAMLRequest) { res.setHeader('Content-Type', 'text/plain'); return res.end('signed out everywhere'); }
      for (const [n, p] of sessions) if (p.nameID === profile.nameID || p.sessionIndex === profile.sessionIndex) sessions.delete(n);
      return go(res, await saml.getLogoutResponseUrlAsync(profile, body.RelayState ?? '', {}, true));
    }
    if (url.pathname === '/logout') {
      const profile = sessions.get(sid);
      sessions.delete(sid);
      return go(res, profile ? await saml.getLogoutUrlAsync(profile, 'bye', {}) : '/me');
    }
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ path: url.pathname, person: sessions.get(sid) ?? null }));
  } catch (e) { res.writeHead(500, { 'Content-Type': 'text/plain' }); res.end(`node-saml: ${e.stack}`); }
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
