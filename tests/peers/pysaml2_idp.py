# SPDX-License-Identifier: EUPL-1.2
"""A city's SAML identity provider on python3-pysaml2, with one page to sign in on.

    pysaml2_idp.py PORT BASE_URL SP_METADATA_FILE OUT_DIR [encrypt] [sign-response]

Writes OUT_DIR/idp.xml (its metadata) and prints "ready".  Any user name of PEOPLE signs in.
"""
import html
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORD
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import verify_redirect_signature

port, base, sp_metadata, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
options = set(sys.argv[5:])

PEOPLE = {
    "vesa": {"uid": "vesa-1", "given": "Vesa", "family": "Testi-Juolukka", "learner": "1.2.246.562.98.85640200011",
             "role": "1.2.246.562.99.90920100006;99501;7B;opettaja;2;1.2.246.562.99.90920200012;"},
    "åsa": {"uid": "asa-2", "given": "Åsa <b>&", "family": "O'Čáppa", "learner": "1.2.246.562.98.85640200011",
            "role": "1.2.246.562.99.90920100006;99501;1A;oppilas;1;1.2.246.562.99.90920200012;"},
}

os.makedirs(out, exist_ok=True)
key, cert = os.path.join(out, "idp.key"), os.path.join(out, "idp.crt")
if not os.path.exists(key):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "30",
                    "-subj", "/CN=pysaml2 city"], check=True, stderr=subprocess.DEVNULL)

config = IdPConfig().load({
    "entityid": base + "/idp",
    "key_file": key, "cert_file": cert,
    "encryption_keypairs": [{"key_file": key, "cert_file": cert}],
    "xmlsec_binary": "/usr/bin/xmlsec1",
    "metadata": {"local": [sp_metadata]},
    "allow_unknown_attributes": True,
    "service": {"idp": {
        "name": "pysaml2 city",
        "endpoints": {"single_sign_on_service": [(base + "/sso", BINDING_HTTP_REDIRECT)]},
        "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}},
        "name_id_format": [NAMEID_FORMAT_PERSISTENT],
        "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
    }},
})
with open(os.path.join(out, "idp.xml"), "wb") as f:
    f.write(create_metadata_string(None, config=config, valid=48))
idp = Server(config=config)


def attributes(p):
    """MPASSid's attributes, as pysaml2 wants them: by their own names."""
    return {"urn:mpass.id:uid": [p["uid"]], "urn:oid:1.3.6.1.4.1.16161.1.1.27": [p["learner"]],
            "urn:oid:2.5.4.42": [p["given"]], "urn:oid:2.5.4.4": [p["family"]], "urn:mpass.id:role": [p["role"]]}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def page(self, status, body):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        query = urlparse(self.path).query
        fields = {k: v[0] for k, v in parse_qs(query).items()}
        if not urlparse(self.path).path.endswith("/sso") or "SAMLRequest" not in fields:
            return self.page(404, "no such page")
        self.page(200, '<!DOCTYPE html><html lang="fi"><title>pysaml2</title><form method="post" action="/sso">'
                  + '<input type="hidden" name="query" value="%s">' % html.escape(query)
                  + '<label>Tunnus <input name="user"></label><button>Kirjaudu</button></form>')

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        fields = {k: v[0] for k, v in parse_qs(form["query"][0]).items()}
        person = PEOPLE.get(form["user"][0])
        if person is None:
            return self.page(403, "no such person")
        # The request's signature travels in the query: what does not verify is not answered.
        info = idp.parse_authn_request(fields["SAMLRequest"], BINDING_HTTP_REDIRECT)
        certs = idp.metadata.certs(info.message.issuer.text, "any", "signing")
        signed = any(verify_redirect_signature(fields, idp.sec.sec_backend, cert=c[1] if isinstance(c, tuple) else c) for c in certs)
        if not signed:
            return self.page(403, "the request's signature does not verify")
        args = idp.response_args(info.message, [BINDING_HTTP_POST])
        args.pop("name_id_policy", None)
        response = idp.create_authn_response(
            identity=attributes(person), userid=person["uid"],
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=person["uid"]),
            authn={"class_ref": PASSWORD, "authn_auth": base}, sign_assertion=True, sign_response="sign-response" in options,
            encrypt_assertion="encrypt" in options, encrypted_advice_attributes=False, **args)
        http = idp.apply_binding(BINDING_HTTP_POST, str(response), args["destination"], fields.get("RelayState", ""), response=True)
        self.page(200, http["data"] if isinstance(http["data"], str) else "".join(http["data"]))


ThreadingHTTPServer.allow_reuse_address = True
server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
print("ready", flush=True)
server.serve_forever()
