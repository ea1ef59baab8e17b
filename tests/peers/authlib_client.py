#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""A service on Authlib: prints the address to open, reads the one where the browser arrived, prints what it learnt.
   authlib_client.py ISSUER CLIENT_ID SECRET METHOD REDIRECT_URI"""
import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

issuer, client_id, secret, method, redirect_uri = sys.argv[1:]
session = OAuth2Session(client_id, secret or None, token_endpoint_auth_method=method, redirect_uri=redirect_uri,
                        scope="openid profile", code_challenge_method="S256")
server = session.get(f"{issuer}/.well-known/openid-configuration", withhold_token=True).json()
verifier, nonce = generate_token(48), generate_token(20)
url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
print(url, flush=True)
arrived = sys.stdin.readline().strip()
token = session.fetch_token(server["token_endpoint"], authorization_response=arrived, state=state, code_verifier=verifier)
keys = JsonWebKey.import_key_set(session.get(server["jwks_uri"], withhold_token=True).json())
claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken,
                    claims_options={"iss": {"value": issuer}, "aud": {"value": client_id}},
                    claims_params={"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]})
claims.validate()
info = session.get(server["userinfo_endpoint"]).json()
print(json.dumps({"sub": claims["sub"], "info": info}), flush=True)
