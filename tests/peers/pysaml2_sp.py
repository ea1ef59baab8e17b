# SPDX-License-Identifier: EUPL-1.2
"""A service on python3-pysaml2.

    pysaml2_sp.py PORT BASE_URL IDP_METADATA_FILE OUT_DIR [encrypt]

/login, /acs, /slo, /logout, /me, /deep.  Writes OUT_DIR/sp.xml (its metadata) and prints "ready".
"""
import json
import os
import secrets
import subprocess
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

try:
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.client import Saml2Client
    from saml2.config import SPConfig
    from saml2.metadata import create_metadata_string
    from saml2.saml import name_id_from_string
except ImportError:
    sys.exit(77)

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
port, base, idp_metadata, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
options = set(sys.argv[5:])
key, cert = os.path.join(out, "sp.key"), os.path.join(out, "sp.crt")
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "30",
                "-subj", "/CN=pysaml2 service"], check=True, stderr=subprocess.DEVNULL)

config = SPConfig().load({
    "entityid": base + "/sp",
    "key_file": key, "cert_file": cert,
    "xmlsec_binary": "/usr/bin/xmlsec1",
    "metadata": {"local": [idp_metadata]},
    "allow_unknown_attributes": True,
    **({"encryption_keypairs": [{"key_file": key, "cert_file": cert}]} if "encrypt" in options else {}),
    "service": {"sp": {
        "endpoints": {
            "assertion_consumer_service": [(base + "/acs", BINDING_HTTP_POST)],
            "single_logout_service": [(base + "/slo", BINDING_HTTP_REDIRECT)],
        },
        "allow_unsolicited": True,
        "logout_requests_signed": True,
        "signing_algorithm": RSA_SHA256,
    }},
})
with open(os.path.join(out, "sp.xml"), "wb") as f:
    f.write(create_metadata_string(None, config=config, valid=48))
client = Saml2Client(config=config)
idp = next(iter(client.metadata.with_descriptor("idpsso")))
sessions, asked = {}, {}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def page(self, status, body, kind="application/json"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def go(self, to, cookie=None):
        self.send_response(303)
        self.send_header("Location", to)
        if cookie:
            self.send_header("Set-Cookie", f"sid={cookie}; Path=/; HttpOnly")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def sid(self):
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        return cookie["sid"].value if "sid" in cookie else ""

    def leads(self, message):
        return dict(message["headers"])["Location"]

    def signed_out(self, fields):
        """Of the identity provider: its answer to us, or its word that somebody has left."""
        if "SAMLResponse" in fields:
            answer = client.parse_logout_request_response(fields["SAMLResponse"], BINDING_HTTP_REDIRECT)
            return self.page(200, f"signed out everywhere: {answer.status_ok()}", "text/plain")
        message = client.parse_logout_request(fields["SAMLRequest"], BINDING_HTTP_REDIRECT)
        name = message.message.name_id.text
        for sid in [s for s, p in sessions.items() if p["name"] == name]:
            del sessions[sid]
        answer = client.create_logout_response(message.message, [BINDING_HTTP_REDIRECT])
        return self.go(self.leads(client.apply_binding(BINDING_HTTP_REDIRECT, str(answer), idp_slo(), fields.get("RelayState", ""),
                                                       response=True, sign=True,
                                                       sigalg=RSA_SHA256)))

    def do_GET(self):
        url = urlparse(self.path)
        fields = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path == "/login":
            request, message = client.prepare_for_authenticate(entityid=idp, relay_state=fields.get("to", ""))
            asked[request] = "/me"
            return self.go(self.leads(message))
        if url.path == "/slo":
            return self.signed_out(fields)
        if url.path == "/logout":
            person = sessions.pop(self.sid(), None)
            if person is None:
                return self.go("/me")
            left = client.do_logout(name_id_from_string(person["id"]), [idp], "", None, sign=True,
                                    expected_binding=BINDING_HTTP_REDIRECT, sign_alg=RSA_SHA256)
            return self.go(self.leads(left[idp][1]))
        return self.page(200, json.dumps({"path": url.path, "person": sessions.get(self.sid())}, ensure_ascii=False))

    def do_POST(self):
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        answer = client.parse_authn_request_response(form["SAMLResponse"], BINDING_HTTP_POST, outstanding=asked)
        sid = secrets.token_hex(8)
        sessions[sid] = {"id": str(answer.name_id), "name": answer.name_id.text, "ava": answer.ava}
        to = form.get("RelayState", "")
        self.go(to if to.startswith(base) else "/me", sid)


def idp_slo():
    return client.metadata.single_logout_service(idp, BINDING_HTTP_REDIRECT, "idpsso")[0]["location"]


ThreadingHTTPServer.allow_reuse_address = True
server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
print("ready", flush=True)
server.serve_forever()
