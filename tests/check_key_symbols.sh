#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Private keys are read, made and used in the signer's files alone: no other object of the product refers to the
# functions that could.  One exception: `digione saml verify --decrypt-key` reads a key of its caller's through
# certs/local_key.c, which only the command line may call.  Another: ECDH-ES makes a key pair for one message, which
# nobody keeps (wire/jwe.c, RFC 7518 4.6).  And the key that a backup was made for is an operator's, read by
# `digione restore` through certs/parcel.c.  Usage: check_key_symbols.sh BUILD_DIR
set -eu
build=$1
forbidden='PEM_read_bio_PrivateKey|PEM_read_PrivateKey|PEM_read_bio_RSAPrivateKey|PEM_read_bio_ECPrivateKey|PEM_write_bio_PrivateKey|PEM_write_PrivateKey|d2i_PrivateKey|d2i_AutoPrivateKey|d2i_PrivateKey_bio|d2i_PKCS8_PRIV_KEY_INFO|PKCS12_parse|OSSL_DECODER_CTX_new_for_pkey|OSSL_STORE_open|EVP_PKEY_Q_keygen|EVP_PKEY_keygen|EVP_PKEY_generate|EVP_DigestSignInit|EVP_DigestSign|EVP_PKEY_sign_init|EVP_PKEY_decrypt_init'
signer='libcerts.a:(signer_keys|signer_ops|local_key|parcel)\.c\.o'
libraries=$(find "$build" -name 'lib*.a' ! -path '*/tests/*')
[ -n "$libraries" ] || { echo "no libraries in $build" >&2; exit 1; }
uses=$(for l in $libraries; do nm -A --undefined-only "$l" 2>/dev/null; done)
once='libwire.a:jwe\.c\.o: +U EVP_PKEY_Q_keygen$'

complain() { # WHAT LINES
    [ -z "$2" ] || { echo "$1:" >&2; echo "$2" >&2; exit 1; }
}
complain "private keys outside the signer" "$(echo "$uses" | grep -E " U ($forbidden)\$" | grep -Ev "$signer|$once" || true)"
complain "local keys outside the command line" \
    "$(echo "$uses" | grep -E ' U local_keys_' | grep -Ev 'libgateway.a:saml[a-z_]*\.c\.o' || true)"
complain "parcels outside the command line" \
    "$(echo "$uses" | grep -E ' U parcel_' | grep -Ev 'libgateway.a:backup(_read)?\.c\.o' || true)"
# The patterns must be able to find something, or the test proves nothing.
echo "$uses" | grep -E " U ($forbidden)\$" | grep -Eq "$signer"
echo "private keys: the signer's files alone"
