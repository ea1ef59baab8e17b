// SPDX-License-Identifier: EUPL-1.2
import { getServerSession } from 'next-auth/next';
import { options } from './api/auth/[...nextauth]';

export const getServerSideProps = async ({ req, res }) => ({ props: { person: JSON.stringify((await getServerSession(req, res, options))?.user ?? null) } });

export default function Person({ person }) {
  return <pre id="person">{person}</pre>;
}
