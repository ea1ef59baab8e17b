// SPDX-License-Identifier: EUPL-1.2
import NextAuth from 'next-auth';

const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
export const options = {
  providers: [{
    id: 'digione', name: 'DigiOne', type: 'oauth',
    wellKnown: `${ISSUER}/.well-known/openid-configuration`,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authorization: { params: { scope: 'openid profile edu.role' } },
    idToken: true,
    userinfo: { request: ({ tokens, client }) => client.userinfo(tokens.access_token) },
    checks: ['pkce', 'state', 'nonce'],
    profile: (told) => ({ id: told.sub, name: told.name, roles: told.edu_roles }),
  }],
  callbacks: {
    jwt: ({ token, user, account }) => account ? { ...token, roles: user.roles, idToken: account.id_token } : token,
    session: ({ session, token }) => ({ ...session, user: { ...session.user, roles: token.roles } }),
  },
};
export default NextAuth(options);
