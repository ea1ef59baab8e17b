# SPDX-License-Identifier: EUPL-1.2
import os
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session
from werkzeug.serving import make_server

app = Flask(__name__)
app.secret_key = "of this service"

oauth = OAuth(app)
digione = oauth.register(
    "digione",
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile edu.role", "code_challenge_method": "S256"},
)

BASE = os.environ["BASE"]


@app.get("/login")
def login():
    return digione.authorize_redirect(BASE + "/callback")


@app.get("/callback")
def callback():
    token = digione.authorize_access_token()
    session["person"] = digione.userinfo(token=token)
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout():
    end = digione.load_server_metadata()["end_session_endpoint"]
    query = {"id_token_hint": session.pop("id_token"), "post_logout_redirect_uri": BASE + "/"}
    session.clear()
    return redirect(end + "?" + urlencode(query))


@app.get("/")
def person():
    return session.get("person") or "null"


server = make_server("127.0.0.1", int(os.environ["PORT"]), app)
print("ready", flush=True)
server.serve_forever()
