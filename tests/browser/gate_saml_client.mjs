// SPDX-License-Identifier: EUPL-1.2
// A SAML service by hand, on a port of its own, that checks everything; but for the checks whose names stand in `faults`, which
// it leaves out as real ones have.  And the same by npm node-saml.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import http from 'node:http';
import zlib from 'node:zlib';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { SAML, ValidateInResponseTo } = require('@node-saml/node-saml'), its = createRequire(require.resolve('@node-saml/node-saml')), { DOMParser } = its('@xmldom/xmldom'), { SignedXml } = its('xml-crypto');
const P = 'urn:oasis:names:tc:SAML:2.0:protocol', A = 'urn:oasis:names:tc:SAML:2.0:assertion', DS = 'http://www.w3.org/2000/09/xmldsig#', POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const escape = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.replace(/\s/g, '').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const children = (e, ns, name) => [...Array(e.childNodes.length).keys()].map((i) => e.childNodes[i]).filter((n) => n.nodeType === 1 && n.namespaceURI === ns && n.localName === name);
const all = (e, ns, name) => { const l = e.getElementsByTagNameNS(ns, name); return [...Array(l.length).keys()].map((i) => l[i]); };

export class SamlClient {
  // slo: where it hears of sign-outs by SOAP; decrypts: it has a certificate to encrypt to.
  constructor({ idp, slo = null, decrypts = false }) { Object.assign(this, { idp, slo, decrypts, faults: new Set(), sent: new Set(), took: new Set(), sessions: new Map() }); }

  async listen() {
    this.server = http.createServer((req, res) => this.serve(req, res).catch((e) => this.say(res, 400, `error: ${e.message}`)));
    await new Promise((r) => this.server.listen(0, '127.0.0.1', r));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    this.entity = `${this.base}/sp`;
    this.acs = `${this.base}/acs`;
    if (this.decrypts) {
      const out = execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=sp', '-days', '30', '-keyout', '-', '-out', '-'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      this.own = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/.exec(out)[0];
      this.certificate = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(out)[1].replace(/\s/g, '');
    }
    const key = this.decrypts ? `<md:KeyDescriptor use="encryption"><ds:KeyInfo xmlns:ds="${DS}"><ds:X509Data><ds:X509Certificate>${this.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>` : '', slo = this.slo ? `<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="${this.slo}"/>` : '';
    this.metadata = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${this.entity}"><md:SPSSODescriptor WantAssertionsSigned="true" protocolSupportEnumeration="${P}">${key}${slo}<md:AssertionConsumerService Binding="${POST}" Location="${this.acs}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>`;
    return this;
  }

  close() { this.server.closeAllConnections(); this.server.close(); }
  has(fault) { return this.faults.has(fault); }
  say(res, status, text) { res.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>Client</title><p id="said">${escape(text)}</p>`); }

  // Certificates of the metadata's signing keys; fetched at each sign-in, or the first of them once.
  async certificates() {
    if (!this.certs || !this.has('rolled')) {
      const role = /<md:IDPSSODescriptor[\s\S]*?<\/md:IDPSSODescriptor>/.exec(await (await fetch(`${this.idp}/saml/metadata`)).text())[0];
      this.certs = [...role.matchAll(/<md:KeyDescriptor([^>]*)>[\s\S]*?X509Certificate>([\s\S]*?)</g)].filter(([, a]) => !a.includes('encryption')).map(([, , c]) => pem(c));
    }
    return this.has('rolled') ? this.certs.slice(0, 1) : this.certs;
  }

  async serve(req, res) {
    const url = new URL(req.url, this.base);
    if (url.pathname === '/login') return res.writeHead(302, { location: await this.begin() }).end();
    if (url.pathname !== '/acs' && url.pathname !== '/slo') return this.say(res, 404, 'nothing');
    const parts = [];
    for await (const part of req) parts.push(part);
    if (url.pathname === '/slo') return res.writeHead(200, { 'content-type': 'text/xml' }).end(await this.leave(Buffer.concat(parts).toString()));
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
    this.last = Buffer.from(form.SAMLResponse, 'base64').toString();
    const who = await this.finish(form);
    return this.say(res, 200, `signed in: ${who.name} ${who.family}`);
  }

  async begin() {
    const id = `_${crypto.randomBytes(16).toString('hex')}`, xml = `<samlp:AuthnRequest xmlns:samlp="${P}" xmlns:saml="${A}" ID="${id}" Version="2.0" IssueInstant="${new Date().toISOString().replace(/\.\d+/, '')}" Destination="${this.idp}/saml/sso" AssertionConsumerServiceURL="${this.acs}"><saml:Issuer>${this.entity}</saml:Issuer></samlp:AuthnRequest>`;
    this.sent.add(id);
    return `${this.idp}/saml/sso?SAMLRequest=${encodeURIComponent(zlib.deflateRawSync(Buffer.from(xml)).toString('base64'))}`;
  }

  async proves(signature, xml) {
    const own = all(signature, DS, 'X509Certificate').map((c) => pem(c.textContent));
    for (const publicCert of this.has('other_key') || this.has('slo_key') ? own : await this.certificates()) {
      const s = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
      s.loadSignature(signature);
      try { if (s.checkSignature(xml)) return true; } catch (e) { if (process.env.GATE_SAYS) console.log(String(e)); }
    }
    return false;
  }

  // With what is encrypted in the clear.
  opened(xml) {
    const at = /<saml:EncryptedAssertion[\s\S]*<\/saml:EncryptedAssertion>/.exec(xml);
    if (!at) return xml;
    const [wrapped, cipher] = [...at[0].matchAll(/<xenc:CipherValue>([^<]*)</g)].map(([, v]) => Buffer.from(v, 'base64')), key = crypto.privateDecrypt({ key: this.own, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, wrapped);
    const open = crypto.createDecipheriv(`aes-${key.length * 8}-gcm`, key, cipher.subarray(0, 12)).setAuthTag(cipher.subarray(-16)), plain = [open.update(cipher.subarray(12, -16))];
    if (!this.has('cipher')) plain.push(open.final()); // throws where the tag does not fit
    return xml.slice(0, at.index) + Buffer.concat(plain).toString() + xml.slice(at.index + at[0].length);
  }

  // A LogoutRequest, and the answer to it.
  async leave(xml) {
    const doc = new DOMParser().parseFromString(xml, 'text/xml'), [request] = all(doc, P, 'LogoutRequest'), says = (word, within = '') => `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><samlp:LogoutResponse xmlns:samlp="${P}" xmlns:saml="${A}" ID="_${crypto.randomBytes(16).toString('hex')}" Version="2.0" IssueInstant="${new Date().toISOString().replace(/\.\d+/, '')}" InResponseTo="${request.getAttribute('ID')}"><saml:Issuer>${this.entity}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${word}">${within && `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${within}"/>`}</samlp:StatusCode></samlp:Status></samlp:LogoutResponse></soap:Body></soap:Envelope>`;
    const [signature] = children(request, DS, 'Signature'), [name] = all(request, A, 'NameID'), index = all(request, P, 'SessionIndex')[0]?.textContent;
    const holds = signature ? all(signature, DS, 'Reference').map((r) => r.getAttribute('URI')).join() === `#${request.getAttribute('ID')}` && await this.proves(signature, xml) : this.has('slo_unsigned');
    if (!holds || this.has('slo_right')) return says('Requester', 'RequestDenied');
    if (request.getAttribute('Destination') !== this.slo && !this.has('slo_to')) return says('Requester', 'RequestDenied');
    if (Date.parse(request.getAttribute('NotOnOrAfter')) < Date.now() && !this.has('slo_old')) return says('Requester', 'RequestDenied');
    if (this.sessions.get(index) !== name.textContent) return says('Requester', 'UnknownPrincipal');
    this.sessions.delete(index);
    return says('Success');
  }

  // The assertion that is to be believed; sent: as it came, before anything was decrypted.
  async believed(doc, xml, sent) {
    const response = doc.documentElement, [first] = children(response, A, 'Assertion');
    if (this.has('cipher')) { // what is signed around what is encrypted is enough for it
      const [around] = children(new DOMParser().parseFromString(sent, 'text/xml').documentElement, DS, 'Signature');
      if (around && await this.proves(around, sent)) return first;
      throw new Error('no signature');
    }
    if (this.has('wrapped') || this.has('wrapped_in')) { // some signature is good, so all of it is
      for (const s of all(doc, DS, 'Signature')) if (await this.proves(s, xml)) return first;
      throw new Error('no signature');
    }
    const held = children(response, A, 'Assertion');
    if (held.length !== 1) throw new Error(`${held.length} assertions`);
    for (const e of [held[0], response]) {
      const [signature, ...more] = children(e, DS, 'Signature');
      if (!signature) continue;
      const refs = all(signature, DS, 'Reference');
      if (more.length > 0 || refs.length !== 1 || refs[0].getAttribute('URI') !== `#${e.getAttribute('ID')}` || all(doc, '*', '*').filter((x) => x.getAttribute('ID') === e.getAttribute('ID')).length !== 1) throw new Error('a signature of something else');
      if (!await this.proves(signature, e === response ? sent : xml)) throw new Error('signature');
      return held[0];
    }
    if (this.has('unsigned')) return held[0];
    throw new Error('no signature');
  }

  async finish(form) {
    let xml;
    try { xml = this.opened(this.last); } catch (e) {
      if (this.has('cipher_key') && this.before) return this.before;
      throw e;
    }
    const doc = new DOMParser().parseFromString(xml, 'text/xml'), a = await this.believed(doc, xml, this.last);
    const text = (e) => (this.has('comment') ? e.firstChild.data : e.textContent), now = Date.now(), time = (e, n) => Date.parse(e.getAttribute(n));
    const [conditions] = children(a, A, 'Conditions'), [subject] = children(a, A, 'Subject'), data = all(subject, A, 'SubjectConfirmationData')[0], request = data.getAttribute('InResponseTo');
    if (all(conditions, A, 'Audience').map((x) => x.textContent).join() !== this.entity && !this.has('audience')) throw new Error('Audience');
    if (data.getAttribute('Recipient') !== this.acs && !this.has('recipient')) throw new Error('Recipient');
    if (!this.sent.has(request) && !this.has('request')) throw new Error('InResponseTo');
    if ((time(conditions, 'NotOnOrAfter') < now - 60000 || time(data, 'NotOnOrAfter') < now - 60000) && !this.has('expired')) throw new Error('NotOnOrAfter');
    if (time(conditions, 'NotBefore') > now + 60000 && !this.has('future')) throw new Error('NotBefore');
    if (this.took.has(a.getAttribute('ID')) && !this.has('replayed')) throw new Error('assertion was used');
    if (!this.has('replayed')) this.sent.delete(request);
    this.took.add(a.getAttribute('ID'));
    const names = Object.fromEntries(children(children(a, A, 'AttributeStatement')[0], A, 'Attribute').map((x) => [x.getAttribute('FriendlyName') || x.getAttribute('Name'), text(children(x, A, 'AttributeValue')[0])]));
    this.sessions.set(all(a, A, 'AuthnStatement')[0].getAttribute('SessionIndex'), text(all(subject, A, 'NameID')[0]));
    return this.before = { name: text(all(subject, A, 'NameID')[0]), family: names.sn ?? names.family_name ?? Object.entries(names).find(([n]) => /sn|surname|family/i.test(n))?.[1] };
  }
}

// refetch: its keys by a function that reads our metadata, as its guide shows for keys that roll; else they were copied once.
export class NodeSamlClient extends SamlClient {
  async setup({ refetch }) {
    const once = await this.certificates();
    this.saml = new SAML({ entryPoint: `${this.idp}/saml/sso`, issuer: this.entity, audience: this.entity, callbackUrl: this.acs, identifierFormat: null, signatureAlgorithm: 'sha256', validateInResponseTo: ValidateInResponseTo.always, wantAuthnResponseSigned: false,
      idpCert: refetch ? (done) => this.certificates().then((c) => done(null, c), done) : once[0] });
    return this;
  }

  begin() { return this.saml.getAuthorizeUrlAsync('', undefined, {}); }

  async finish(form) {
    const { profile } = await this.saml.validatePostResponseAsync(form);
    return { name: profile.nameID, family: profile.sn ?? profile.family_name ?? profile['urn:oid:2.5.4.4'] };
  }
}
