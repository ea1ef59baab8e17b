// SPDX-License-Identifier: EUPL-1.2
// Signed out here first, then at the gateway.
import { useEffect } from 'react';
import { signOut } from 'next-auth/react';
import { getToken } from 'next-auth/jwt';

export async function getServerSideProps({ req }) {
  const { ISSUER, BASE } = process.env, { idToken } = await getToken({ req });
  return { props: { end: `${ISSUER}/oidc/end_session?${new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${BASE}/` })}` } };
}

export default function Logout({ end }) {
  useEffect(() => { signOut({ redirect: false }).then(() => location.assign(end)); }, [end]);
  return <p>…</p>;
}
