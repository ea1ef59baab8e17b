// SPDX-License-Identifier: EUPL-1.2
// A SAML city fast enough not to be the bottleneck: writes its answers as text that is canonical already, and signs them.
import crypto from 'node:crypto';
import zlib from 'node:zlib';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { folder, fetchLocal } from '../tests/e2e/gateway.mjs';

const now = (s = 0) => new Date(Date.now() + s * 1000).toISOString().replace(/\.\d+Z/, 'Z');
const id = () => '_' + crypto.randomBytes(16).toString('hex');
const NS = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

export class SamlCity {
  // kind: its id; one named "encrypted" encrypts.  signed: we sign our requests to it, with RSA.
  constructor(kind, { signed = false } = {}) {
    this.kind = kind;
    this.signed = signed;
    this.entity = `https://${kind}.city.example/idp`;
    const dir = folder(`city-${kind}`);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3', '-subj', `/CN=${kind}`, '-keyout', path.join(dir, 'k.pem'), '-out', path.join(dir, 'c.pem')], { stdio: 'ignore' });
    this.key = crypto.createPrivateKey(fs.readFileSync(path.join(dir, 'k.pem')));
    this.cert = fs.readFileSync(path.join(dir, 'c.pem'), 'utf8').replace(/-----[^-]*-----|\s/g, '');
  }

  row(provider) {
    const xml = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${this.entity}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${this.cert}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://${this.kind}.city.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
    return `  - { id: ${this.kind}, kind: saml, provider: ${provider}, name: { fi: "Kaupunki ${this.kind}" }, map: mpassid, test: true, sign_requests: ${this.signed}, entity_id: "${this.entity}", metadata_xml: '${xml}' }\n`;
  }

  // Who we are, from our metadata: our address for answers, and for encryption our certificate.
  async learn(gateway) {
    const xml = (await fetchLocal(gateway.port, '/saml/metadata')).text;
    const keys = [...xml.matchAll(/<(?:\w+:)?KeyDescriptor([^>]*)>([\s\S]*?)<\/(?:\w+:)?KeyDescriptor>/g)];
    const k = keys.find(([, a]) => a.includes('encryption')) ?? keys[0];
    this.theirs = new crypto.X509Certificate(`-----BEGIN CERTIFICATE-----\n${/X509Certificate>([\s\S]*?)</.exec(k[2])[1].replace(/\s/g, '').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`).publicKey;
    this.acs = /AssertionConsumerService[^>]*Location="([^"]*)"/.exec(xml)[1];
    this.sp = /entityID="([^"]*)"/.exec(xml)[1];
  }

  // What the person was sent here with.
  read(address) {
    const q = new URL(address).searchParams;
    return { request: /\bID="([^"]*)"/.exec(zlib.inflateRawSync(Buffer.from(q.get('SAMLRequest'), 'base64')).toString())[1], relay: q.get('RelayState') };
  }

  assertion(request, person) {
    const a = id();
    const attribute = (n, v) => `<saml:Attribute Name="${n}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>${v}</saml:AttributeValue></saml:Attribute>`;
    const head = `<saml:Assertion ${NS} ID="${a}" IssueInstant="${now()}" Version="2.0"><saml:Issuer>${this.entity}</saml:Issuer>`;
    const rest = `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${person}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="${request}" NotOnOrAfter="${now(300)}" Recipient="${this.acs}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${now(-60)}" NotOnOrAfter="${now(300)}"><saml:AudienceRestriction><saml:Audience>${this.sp}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${now()}" SessionIndex="${id()}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${[
      ['urn:mpass.id:uid', person], ['urn:oid:1.3.6.1.4.1.16161.1.1.27', '1.2.246.562.98.85640200011'], ['urn:oid:2.5.4.42', 'Anna'], ['urn:oid:2.5.4.4', 'Testi-Åberg'], ['urn:mpass.id:nickname', 'Anna'],
      ['urn:mpass.id:role', '1.2.246.562.99.95640100004;99101;7B;opettaja;2;1.2.246.562.99.95640200010;'], ['urn:mpass.id:classLevel', '7']].map(([n, v]) => attribute(n, v)).join('')}</saml:AttributeStatement></saml:Assertion>`;
    const digest = crypto.createHash('sha256').update(head + rest).digest('base64');
    const info = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${a}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
    const value = crypto.sign('sha256', Buffer.from(info), this.key).toString('base64');
    return `${head}<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${info.replace(' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"', '')}<ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${this.cert}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>${rest}`;
  }

  encrypt(assertion) {
    const key = crypto.randomBytes(32), iv = crypto.randomBytes(12);
    const c = crypto.createCipheriv('aes-256-gcm', key, iv);
    const data = Buffer.concat([iv, c.update(assertion), c.final(), c.getAuthTag()]).toString('base64');
    const wrapped = crypto.publicEncrypt({ key: this.theirs, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, key).toString('base64');
    return `<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"><ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/></xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>${wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>${data}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`;
  }

  // The form that brings the person back.
  answer({ request, relay }, person = 'bench-' + crypto.randomBytes(4).toString('hex')) {
    const signed = this.assertion(request, person);
    const response = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${NS} Destination="${this.acs}" ID="${id()}" InResponseTo="${request}" IssueInstant="${now()}" Version="2.0"><saml:Issuer>${this.entity}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${this.kind === 'encrypted' ? this.encrypt(signed) : signed}</samlp:Response>`;
    return { SAMLResponse: Buffer.from(response).toString('base64'), RelayState: relay };
  }
}
