#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSL through the PKCS#11 engine of libp11: certificate request and certificate, CMS, and a
# TLS 1.3 server whose key is in the token, for RSA and EC.
source "$(dirname "$0")/lib.sh"
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null | head -1 || true)
need openssl pkcs11-tool "${engine:-/engine_pkcs11}"
new_token
step "RSA-2048 key pair" user -k --key-type rsa:2048 --label rsa --id 01
step "EC P-256 key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign --usage-derive

cat >"$W/openssl.cnf" <<CNF
openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = $engine
MODULE_PATH = $MODULE
PIN = $PIN
init = 0
[req]
distinguished_name = dn
[dn]
CNF
export OPENSSL_CONF=$W/openssl.cnf
echo "a document" >"$W/doc"
for k in rsa ec; do
    key="$URI;object=$k;type=private"
    step "$k: certificate request" openssl req -new -engine pkcs11 -keyform engine -key "$key" -subj "/CN=$k.example" -sha256 -out "$W/$k.csr"
    step "$k:   verifies" openssl req -in "$W/$k.csr" -verify -noout
    step "$k: self-signed certificate" openssl req -x509 -engine pkcs11 -keyform engine -key "$key" -subj "/CN=localhost" -sha256 -days 2 -out "$W/$k.crt"
    step "$k: CMS signature" openssl cms -sign -engine pkcs11 -keyform engine -inkey "$key" -signer "$W/$k.crt" -in "$W/doc" -out "$W/$k.cms" -md sha256 -nodetach -binary -outform DER
    step "$k:   verifies" env -u OPENSSL_CONF openssl cms -verify -inform DER -in "$W/$k.cms" -CAfile "$W/$k.crt" -purpose any -binary -out "$W/out"
    port=$(free_port)
    STEP="$k: TLS 1.3 server starts"
    openssl s_server -accept 127.0.0.1:$port -tls1_3 -www -engine pkcs11 -keyform engine -key "$key" -cert "$W/$k.crt" >"$W/server" 2>&1 &
    server=$!
    BACKGROUND+=($server)
    wait_port "$port" $server || { cp "$W/server" "$W/said"; exit 1; }
    says "$k: TLS 1.3 handshake with the token's key" 'Verify return code: 0' \
        bash -c "echo Q | env -u OPENSSL_CONF openssl s_client -connect 127.0.0.1:$port -tls1_3 -CAfile '$W/$k.crt'"
    kill $server
    wait $server 2>/dev/null || true
done
openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00 -in "$W/doc" -out /dev/null 2>/dev/null || true
step "CMS to the RSA certificate" env -u OPENSSL_CONF openssl cms -encrypt -aes-256-cbc -in "$W/doc" -binary -outform DER -out "$W/env" "$W/rsa.crt"
step "  decrypts with the token's key" openssl cms -decrypt -engine pkcs11 -keyform engine -inkey "$URI;object=rsa;type=private" -recip "$W/rsa.crt" -inform DER -binary -in "$W/env" -out "$W/out"
same "  what was encrypted" "$W/doc" "$W/out"
