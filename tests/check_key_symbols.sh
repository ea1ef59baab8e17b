#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Private keys are read, made and written in certs/signer_keys.c alone: no other object of the product refers to
# the functions that could.  Usage: check_key_symbols.sh BUILD_DIR
set -eu
build=$1
forbidden='PEM_read_bio_PrivateKey|PEM_read_PrivateKey|PEM_read_bio_RSAPrivateKey|PEM_read_bio_ECPrivateKey|PEM_write_bio_PrivateKey|PEM_write_PrivateKey|d2i_PrivateKey|d2i_AutoPrivateKey|d2i_PrivateKey_bio|d2i_PKCS8_PRIV_KEY_INFO|PKCS12_parse|OSSL_DECODER_CTX_new_for_pkey|OSSL_STORE_open|EVP_PKEY_Q_keygen|EVP_PKEY_keygen|EVP_PKEY_generate|EVP_DigestSignInit|EVP_DigestSign|EVP_PKEY_sign_init|EVP_PKEY_decrypt_init'
allowed='signer_keys.c.o|signer_ops.c.o'
libraries=$(find "$build" -name 'lib*.a' ! -name 'libdigione_test.a')
[ -n "$libraries" ] || { echo "no libraries in $build" >&2; exit 1; }
found=$(for l in $libraries; do nm -A --undefined-only "$l" 2>/dev/null; done | grep -E " U ($forbidden)\$" | grep -Ev "$allowed" || true)
if [ -n "$found" ]; then
    echo "private keys outside the signer:" >&2
    echo "$found" >&2
    exit 1
fi
# The pattern must be able to find something, or the test proves nothing.
for l in $libraries; do nm -A --undefined-only "$l" 2>/dev/null; done | grep -E " U ($forbidden)\$" | grep -Eq "$allowed"
echo "private keys: the signer's files alone"
