// SPDX-License-Identifier: EUPL-1.2
import express from 'express';
import { auth } from 'express-openid-connect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE, PORT } = process.env;
const app = express();

app.use(auth({
  issuerBaseURL: ISSUER,
  baseURL: BASE,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  secret: 'of this service, for its own cookie',
  authRequired: false,
  idpLogout: true,
  authorizationParams: { response_type: 'code', scope: 'openid profile edu.role' },
}));

app.get('/', async (req, res) => res.json(req.oidc.isAuthenticated() ? await req.oidc.fetchUserInfo() : null));
app.listen(PORT, '127.0.0.1', () => console.log('ready'));
