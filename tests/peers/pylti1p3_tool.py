# SPDX-License-Identifier: EUPL-1.2
# PyLTI1p3 (Flask) as a tool, as its examples write it.   PORT=… PLATFORM=… CLIENT=… DEPLOYMENT=… python pylti1p3_tool.py
import os
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, request
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.exception import LtiException
from pylti1p3.tool_config import ToolConfDict

port, platform, client, deployment = (os.environ[n] for n in ('PORT', 'PLATFORM', 'CLIENT', 'DEPLOYMENT'))
own = f'http://pylti.localhost:{port}'
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
conf = ToolConfDict({platform: [{
    'default': True, 'client_id': client, 'auth_login_url': f'{platform}/lti/authorize', 'auth_token_url': f'{platform}/lti/token',
    'auth_audience': None, 'key_set_url': f'{platform}/oidc/jwks', 'key_set': None, 'deployment_ids': [deployment],
}]})
conf.set_private_key(platform, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode(), client_id=client)
conf.set_public_key(platform, key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(), client_id=client)

app = Flask(__name__)
app.secret_key = 'of-the-test-that-nobody-else-has'


@app.errorhandler(LtiException)
def refused(e):
    return jsonify({'refused': str(e)}), 400


@app.get('/keys')
def keys():
    return jsonify(conf.get_jwks(platform, client))


@app.route('/login', methods=['GET', 'POST'])
def login():
    return FlaskOIDCLogin(FlaskRequest(), conf).redirect(request.values['target_link_uri'])


@app.post('/')
def launch():
    message = FlaskMessageLaunch(FlaskRequest(), conf)
    data = message.get_launch_data()
    if message.is_deep_link_launch():
        picked = DeepLinkResource().set_url(f'{own}/').set_title('Kartta 3').set_custom_params({'map': '3'})
        return message.get_deep_link().output_response_form([picked])
    members = message.get_nrps().get_members() if message.has_nrps() else None
    return jsonify({'data': data, 'members': members, 'grades': message.has_ags(), 'teacher': message.check_teacher_access(), 'student': message.check_student_access()})


print('ready')
sys.stdout.flush()
app.run('127.0.0.1', int(port))
