// SPDX-License-Identifier: EUPL-1.2
// A city's SAML identity provider on npm samlp, Auth0's library: it encrypts with AES-256-GCM under RSA-OAEP.
//   node samlp_idp.mjs PORT BASE_URL SP_METADATA_FILE OUT_DIR [encrypt] [sign-response] [adfs]
// Writes OUT_DIR/idp.xml (its metadata) and prints "ready".  Any user name of PEOPLE signs in.
import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import samlp from 'samlp';

const [port, base, spFile, out, ...options] = process.argv.slice(2);

const PEOPLE = {
  vesa: { uid: 'vesa-1', given: 'Vesa', family: 'Testi-Juolukka', role: '1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;' },
  'åsa': { uid: 'asa-2', given: 'Åsa <b>&', family: "O'Čáppa", role: '1.2.246.562.99.90920100006;99501;1A;oppilas;1;1.2.246.562.99.90920200012;' },
};

const file = (name) => path.join(out, name);
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', file('idp.key'), '-out', file('idp.crt'), '-days', '30', '-subj', '/CN=samlp city'], { stdio: 'ignore' });
const key = fs.readFileSync(file('idp.key'), 'utf8'), cert = fs.readFileSync(file('idp.crt'), 'utf8');
const bare = (pem) => pem.replace(/-----[^-]*-----|\s/g, '');
fs.writeFileSync(file('idp.xml'), `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${base}/idp"><IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${bare(cert)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${base}/sso"/></IDPSSODescriptor></EntityDescriptor>`);

// Of the service provider's metadata: its keys and the one address that answers go to.
const metadata = fs.readFileSync(spFile, 'utf8');
const keyFor = (use) => {
  const all = [...metadata.matchAll(/<(?:\w+:)?KeyDescriptor([^>]*)>[\s\S]*?X509Certificate>([\s\S]*?)</g)];
  const [, , text] = all.find(([, attributes]) => attributes.includes(`"${use}"`)) ?? all[0];
  return `-----BEGIN CERTIFICATE-----\n${text.replace(/\s/g, '').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
};
const acs = /AssertionConsumerService[^>]*Location="([^"]*)"/.exec(metadata)[1];
const signing = keyFor('signing'), encryption = keyFor('encryption');

// MPASSid's attributes, by their own names.
const profileMapper = (p) => ({
  getClaims: () => ({ 'urn:mpass.id:uid': p.uid, 'urn:oid:1.3.6.1.4.1.16161.1.1.27': '1.2.246.562.98.85640200011', 'urn:oid:2.5.4.42': p.given, 'urn:oid:2.5.4.4': p.family, 'urn:mpass.id:role': p.role }),
  getNameIdentifier: () => ({ nameIdentifier: p.uid, nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' }),
});

// In the manner of AD FS: its addresses for claims, a group by name, and a name to sign in with as the NameID.
const soap = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const adfsMapper = (p) => ({
  getClaims: () => ({ objectGUID: p.uid, [`${soap}givenname`]: p.given, [`${soap}surname`]: p.family, [`${soap}upn`]: `${p.uid}@city.example`, 'http://schemas.xmlsoap.org/claims/Group': ['CITY\\Kaikki', 'CITY\\Opettajat'], schoolCode: '99501' }),
  getNameIdentifier: () => ({ nameIdentifier: `${p.uid}@city.example`, nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' }),
});

const settings = {
  issuer: `${base}/idp`, key, cert, signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256', profileMapper: options.includes('adfs') ? adfsMapper : profileMapper,
  signingCert: signing, recipient: acs, destination: acs, lifetimeInSeconds: 300, getPostURL: (audience, request, req, done) => done(null, acs),
  getUserFromRequest: (req) => PEOPLE[req.user], signResponse: options.includes('sign-response'), signAssertion: true,
  ...(options.includes('encrypt') ? { encryptionCert: encryption, encryptionPublicKey: new X509Certificate(encryption).publicKey.export({ type: 'spki', format: 'pem' }) } : {}),
};

const page = (res, status, body) => res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body);
const escaped = (s) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function ask(res, query) {
  page(res, 200, `<!DOCTYPE html><html lang="fi"><title>samlp</title><form method="post" action="/sso"><input type="hidden" name="query" value="${escaped(query)}"><label>Tunnus <input name="user"></label><button>Kirjaudu</button></form>`);
}

// The library verifies the request's signature; what it calls a failure is not answered.
function answer(res, form) {
  const query = Object.fromEntries(new URLSearchParams(form.get('query')));
  const req = { method: 'GET', query, body: {}, user: form.get('user'), originalUrl: `/sso?${form.get('query')}`, url: `/sso?${form.get('query')}` };
  const reply = { set: () => reply, send: (body) => page(res, typeof body === 'number' ? body : 200, String(body)) };
  samlp.auth(settings)(req, reply, (error) => page(res, 403, escaped(`refused: ${error?.message}`)));
}

http.createServer((req, res) => {
  const url = new URL(req.url, base);
  if (url.pathname !== '/sso') return page(res, 404, 'no such page');
  if (req.method === 'GET') return ask(res, url.search.slice(1));
  let body = '';
  req.on('data', (d) => { body += d; }).on('end', () => answer(res, new URLSearchParams(body)));
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
