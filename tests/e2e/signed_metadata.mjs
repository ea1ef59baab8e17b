// SPDX-License-Identifier: EUPL-1.2
// SAML metadata that somebody signs, written in their canonical form as they go: one entity, or ten thousand in a file.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

const MD = 'urn:oasis:names:tc:SAML:2.0:metadata', DS = 'http://www.w3.org/2000/09/xmldsig#', C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:';
export const instant = (s = 0) => new Date(Date.now() + s * 1000).toISOString().replace(/\.\d+Z/, 'Z');

export function signer(dir, name = 'signer') {
  const key = path.join(dir, `${name}.key`), crt = path.join(dir, `${name}.crt`);
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-keyout', key, '-out', crt], { stdio: 'ignore' });
  return { key: fs.readFileSync(key, 'utf8'), pem: fs.readFileSync(crt, 'utf8') };
}
export const base64Of = (pem) => pem.replace(/-----[^-]*-----|\s/g, '');

const key = (use, certificate) => `<md:KeyDescriptor${use ? ` use="${use}"` : ''}><ds:KeyInfo xmlns:ds="${DS}"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const ends = (name, list) => list.map(([b, url], i) => `<md:${name} Binding="${BINDINGS}${b}" Location="${url}"${name === 'AssertionConsumerService' ? ` index="${i}"` : ''}></md:${name}>`).join('');

// Inside of an EntityDescriptor.  keys: [use, base64]; acs, slo: [binding, url].
export const role = ({ keys = [], acs = [], slo = [], signs = false, extra = '' }) =>
  `${extra}<md:SPSSODescriptor AuthnRequestsSigned="${signs}" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.map(([u, c]) => key(u, c)).join('')}${ends('SingleLogoutService', slo)}${ends('AssertionConsumerService', acs)}</md:SPSSODescriptor>`;
export const entity = (id, inside) => `<md:EntityDescriptor entityID="${id}">${inside}</md:EntityDescriptor>`;
// Alone, and unsigned.
export const plain = (id, inside, attributes = '') => `<md:EntityDescriptor xmlns:md="${MD}" entityID="${id}"${attributes}>${inside}</md:EntityDescriptor>`;

const attribute = (name, value) => (value == null ? '' : ` ${name}="${value}"`);
const start = (element, { id, until, cache, entityID }) => // attributes by name, as canonical XML has them
  `<md:${element} xmlns:md="${MD}"${attribute('ID', id)}${attribute('cacheDuration', cache)}${attribute('entityID', entityID)}${attribute('validUntil', until)}>`;
const signature = (id, digest, by, alter = (s) => s) => {
  const info = `<ds:SignedInfo xmlns:ds="${DS}"><ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
  return alter(`<ds:Signature xmlns:ds="${DS}">${info.replace(` xmlns:ds="${DS}"`, '')}<ds:SignatureValue>${crypto.sign('sha256', Buffer.from(info), by.key).toString('base64')}</ds:SignatureValue></ds:Signature>`);
};
const created = (at) => (at ? `<md:Extensions><mdrpi:PublicationInfo xmlns:mdrpi="urn:oasis:names:tc:SAML:metadata:rpi" creationInstant="${at}" publisher="urn:test"></mdrpi:PublicationInfo></md:Extensions>` : '');

// until: seconds from now (null: none).
export function signedEntity(id, inside, by, { until = 86400, cache } = {}) {
  const of = { id: `_${crypto.randomBytes(8).toString('hex')}`, until: until === null ? null : instant(until), cache, entityID: id };
  const head = start('EntityDescriptor', of), tail = `${inside}</md:EntityDescriptor>`;
  return head + signature(of.id, crypto.createHash('sha256').update(head + tail).digest('base64'), by) + tail;
}

export function signedAggregate(entities, by, { until = 86400, cache, made, alter } = {}) {
  const of = { id: `_${crypto.randomBytes(8).toString('hex')}`, until: until === null ? null : instant(until), cache };
  const head = start('EntitiesDescriptor', of), tail = `${created(made)}${entities.join('')}</md:EntitiesDescriptor>`;
  return head + signature(of.id, crypto.createHash('sha256').update(head + tail).digest('base64'), by, alter) + tail;
}

// The same into a file, however many: of(i) gives the text of each.
export function writeAggregate(file, n, of, by, { until = 86400, made } = {}) {
  const body = `${file}.body`, out = fs.openSync(body, 'w'), hash = crypto.createHash('sha256');
  const root = { id: '_all', until: instant(until) }, head = start('EntitiesDescriptor', root), tail = '</md:EntitiesDescriptor>';
  const put = (text) => { hash.update(text); fs.writeSync(out, text); };
  hash.update(head);
  put(created(made));
  for (let i = 0; i < n; i++) put(of(i));
  put(tail);
  fs.closeSync(out);
  fs.writeFileSync(file, head + signature(root.id, hash.digest('base64'), by));
  const to = fs.openSync(file, 'a'), from = fs.openSync(body, 'r'), chunk = Buffer.alloc(1 << 20);
  for (let got; (got = fs.readSync(from, chunk)) > 0;) fs.writeSync(to, chunk, 0, got);
  fs.closeSync(to); fs.closeSync(from); fs.rmSync(body);
}
