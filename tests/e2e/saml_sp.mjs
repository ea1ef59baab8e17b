// SPDX-License-Identifier: EUPL-1.2
// A service of our own that speaks SAML as it is told to, rightly or wrongly: for what no product would send.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { forms } from './agent.mjs';

const P = 'urn:oasis:names:tc:SAML:2.0:protocol', A = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:';
export const FORMATS = { persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  email: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' };
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';

export const escape = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));

// A NameID that holders of these certificates (base64 of DER) can read: AES-128-GCM, the key by RSA-OAEP for each.
export function encryptedName(name, certificates, format = FORMATS.persistent) {
  const XENC = 'http://www.w3.org/2001/04/xmlenc#', DS = 'http://www.w3.org/2000/09/xmldsig#', key = crypto.randomBytes(16), iv = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-128-gcm', key, iv), text = `<saml:NameID xmlns:saml="${A}" Format="${format}">${escape(name)}</saml:NameID>`;
  const sealed = Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  const wrapped = certificates.map((c) => crypto.publicEncrypt({ key: new crypto.X509Certificate(Buffer.from(c, 'base64')).publicKey, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, key));
  const value = (b) => `<xenc:CipherData><xenc:CipherValue>${b.toString('base64')}</xenc:CipherValue></xenc:CipherData>`;
  return `<saml:EncryptedID><xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><ds:KeyInfo xmlns:ds="${DS}">${wrapped.map((w) => `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"><ds:DigestMethod Algorithm="${DS}sha1"/></xenc:EncryptionMethod>${value(w)}</xenc:EncryptedKey>`).join('')}</ds:KeyInfo>${value(sealed)}</xenc:EncryptedData></saml:EncryptedID>`;
}

export class SamlService {
  constructor(dir, base, { signed = false, encryption = false, slo = ['HTTP-Redirect'], extra = '', wants = '', acs } = {}) {
    Object.assign(this, { dir, base, entity: `${base}/sp`, acs: `${base}/acs` });
    const run = (...a) => spawnSync('openssl', a, { stdio: 'ignore' });
    run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=own', '-keyout', path.join(dir, 'sp.key'), '-out', path.join(dir, 'sp.crt'));
    this.key = fs.readFileSync(path.join(dir, 'sp.key'), 'utf8');
    this.certificate = fs.readFileSync(path.join(dir, 'sp.crt'), 'utf8').replace(/-----[^-]*-----|\s/g, '');
    const key = (use) => `<md:KeyDescriptor use="${use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${this.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
    this.xml = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${this.entity}">${extra}<md:SPSSODescriptor AuthnRequestsSigned="${signed}" protocolSupportEnumeration="${P}">${key('signing')}${encryption ? key('encryption') : ''}${slo.map((b) => `<md:SingleLogoutService Binding="${BINDINGS}${b}" Location="${base}/slo"/>`).join('')}${acs ?? `<md:AssertionConsumerService Binding="${BINDINGS}HTTP-POST" Location="${base}/acs" index="0" isDefault="true"/><md:AssertionConsumerService Binding="${BINDINGS}HTTP-POST" Location="${base}/acs/second" index="7"/><md:AssertionConsumerService Binding="${BINDINGS}HTTP-Artifact" Location="${base}/artifact" index="9"/>`}${wants}</md:SPSSODescriptor></md:EntityDescriptor>`;
  }

  id() { return `_${crypto.randomBytes(16).toString('hex')}`; }
  now(s = 0) { return new Date(Date.now() + s * 1000).toISOString().replace(/\.\d+Z/, 'Z'); }

  // attributes: of AuthnRequest, in place of the usual (null: left out); inside: what stands behind Issuer.
  request(to, { attributes = {}, inside = '', issuer = escape(this.entity), at_s = 0 } = {}) {
    this.last = this.id();
    const all = { ID: this.last, Version: '2.0', IssueInstant: this.now(at_s), Destination: to, ...attributes };
    return `<samlp:AuthnRequest xmlns:samlp="${P}" xmlns:saml="${A}" ${Object.entries(all).filter(([, v]) => v !== null).map(([k, v]) => `${k}="${escape(v)}"`).join(' ')}><saml:Issuer>${issuer}</saml:Issuer>${inside}</samlp:AuthnRequest>`;
  }

  logout(to, { name, readers, format = FORMATS.persistent, sessions = [], inside = '', attributes = {}, at_s = 0 } = {}) {
    this.last = this.id();
    const all = { ID: this.last, Version: '2.0', IssueInstant: this.now(at_s), Destination: to, ...attributes };
    return `<samlp:LogoutRequest xmlns:samlp="${P}" xmlns:saml="${A}" ${Object.entries(all).filter(([, v]) => v !== null).map(([k, v]) => `${k}="${escape(v)}"`).join(' ')}><saml:Issuer>${escape(this.entity)}</saml:Issuer>${inside}${readers ? encryptedName(name, readers, format) : `<saml:NameID Format="${format}">${escape(name)}</saml:NameID>`}${sessions.map((s) => `<samlp:SessionIndex>${escape(s)}</samlp:SessionIndex>`).join('')}</samlp:LogoutRequest>`;
  }

  loggedOut(to, { answers, status = 'Success', inner } = {}) {
    const code = (s, more = '') => `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${s}">${more}</samlp:StatusCode>`;
    return `<samlp:LogoutResponse xmlns:samlp="${P}" xmlns:saml="${A}" ID="${this.id()}" Version="2.0" IssueInstant="${this.now()}" Destination="${escape(to)}" InResponseTo="${escape(answers)}"><saml:Issuer>${escape(this.entity)}</saml:Issuer><samlp:Status>${code(status, inner ? code(inner) : '')}</samlp:Status></samlp:LogoutResponse>`;
  }

  // The query of the Redirect binding.  sign: false, true, or an algorithm's URI; field: SAMLRequest or SAMLResponse.
  query(xml, { relay, sign = false, field = 'SAMLRequest', key = this.key } = {}) {
    let q = `${field}=${encodeURIComponent(zlib.deflateRawSync(Buffer.from(xml)).toString('base64'))}`;
    if (relay !== undefined) q += `&RelayState=${encodeURIComponent(relay)}`;
    if (!sign) return q;
    const alg = sign === true ? RSA_SHA256 : sign;
    q += `&SigAlg=${encodeURIComponent(alg)}`;
    const signature = crypto.sign(alg === RSA_SHA1 ? 'sha1' : 'sha256', Buffer.from(q), key).toString('base64');
    return `${q}&Signature=${encodeURIComponent(signature)}`;
  }

  // An enveloped signature, by xmlsec1.
  signed(xml, element) {
    const id = /\bID="([^"]*)"/.exec(xml)[1];
    const template = `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="${RSA_SHA256}"/><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>`;
    const file = path.join(this.dir, 'unsigned.xml');
    fs.writeFileSync(file, xml.replace('</saml:Issuer>', `</saml:Issuer>${template}`));
    const done = spawnSync('xmlsec1', ['--sign', '--privkey-pem', path.join(this.dir, 'sp.key'), '--id-attr:ID', `${P}:${element}`, file], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`xmlsec1: ${done.stderr}`);
    return done.stdout.replace(/^<\?xml[^>]*\?>\s*/, '');
  }

  decrypt(xml) {
    const file = path.join(this.dir, 'encrypted.xml');
    fs.writeFileSync(file, xml);
    const done = spawnSync('xmlsec1', ['--decrypt', '--privkey-pem', path.join(this.dir, 'sp.key'), file], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`xmlsec1: ${done.stderr}`);
    return done.stdout;
  }
}

// The answer that a page of ours would have the browser post.
export function posted(page) {
  const form = forms(page.text).find((f) => 'SAMLResponse' in f.fields);
  if (!form) return null;
  const xml = Buffer.from(form.fields.SAMLResponse, 'base64').toString();
  return { to: form.action, relay: form.fields.RelayState, xml, status: [...xml.matchAll(/StatusCode[^>]* Value="[^"]*:([A-Za-z]+)"/g)].map((m) => m[1]).join('/'),
    attribute: (name) => [...(new RegExp(`<saml:Attribute[^>]* Name="${name.replace(/[.]/g, '\\.')}"[^>]*>([\\s\\S]*?)</saml:Attribute>`).exec(xml)?.[1] ?? '').matchAll(/<saml:AttributeValue[^>]*>([\s\S]*?)<\/saml:AttributeValue>/g)].map((m) => m[1]),
    get names() { return [...xml.matchAll(/<saml:Attribute [^>]*\bName="([^"]*)"/g)].map((m) => m[1]); },
    get nameId() { return /<saml:NameID([^>]*)>([^<]*)</.exec(xml)?.[2]; },
    get format() { return /<saml:NameID[^>]* Format="([^"]*)"/.exec(xml)?.[1]; },
    get session() { return /SessionIndex="([^"]*)"/.exec(xml)?.[1]; },
    get context() { return /AuthnContextClassRef>([^<]*)</.exec(xml)?.[1]; },
    get instant() { return /AuthnInstant="([^"]*)"/.exec(xml)?.[1]; },
    get answers() { return /<samlp:Response[^>]* InResponseTo="([^"]*)"/.exec(xml)?.[1]; } };
}

export const inflated = (url, field = 'SAMLResponse') => zlib.inflateRawSync(Buffer.from(new URL(url).searchParams.get(field), 'base64')).toString();
