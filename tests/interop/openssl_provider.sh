#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSL 3 through pkcs11-provider (Debian 13 has it): certificate request, CMS, TLS 1.3.
source "$(dirname "$0")/lib.sh"
provider=$(ls /usr/lib/*/ossl-modules/pkcs11.so 2>/dev/null | head -1 || true)
need openssl pkcs11-tool "${provider:-/pkcs11-provider}"
new_token
step "RSA-2048 key pair" user -k --key-type rsa:2048 --label rsa --id 01
step "EC P-256 key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign --usage-derive
step "Ed25519 key pair" user -k --key-type EC:edwards25519 --label ed --id 03 --usage-sign
cat >"$W/openssl.cnf" <<CNF
openssl_conf = init
[init]
providers = providers
[providers]
default = default_section
pkcs11 = pkcs11_section
[default_section]
activate = 1
[pkcs11_section]
module = $provider
pkcs11-module-path = $MODULE
pkcs11-module-token-pin = $PIN
activate = 1
[req]
distinguished_name = dn
[dn]
CNF
export OPENSSL_CONF=$W/openssl.cnf
echo "a document" >"$W/doc"
for k in rsa ec ed; do
    key="$URI;object=$k;type=private"
    step "$k: certificate request" openssl req -new -key "$key" -subj "/CN=$k.example" -out "$W/$k.csr"
    step "$k:   verifies" env -u OPENSSL_CONF openssl req -in "$W/$k.csr" -verify -noout
    step "$k: self-signed certificate" openssl req -x509 -key "$key" -subj "/CN=localhost" -days 2 -out "$W/$k.crt"
    [[ $k == ed ]] || step "$k: CMS signature" openssl cms -sign -inkey "$key" -signer "$W/$k.crt" -in "$W/doc" -out "$W/$k.cms" -md sha256 -nodetach -binary -outform DER
    port=$(free_port)
    STEP="$k: TLS 1.3 server starts"
    openssl s_server -accept 127.0.0.1:$port -tls1_3 -www -key "$key" -cert "$W/$k.crt" >"$W/server" 2>&1 &
    server=$!
    BACKGROUND+=($server)
    wait_port "$port" $server || { cp "$W/server" "$W/said"; exit 1; }
    says "$k: TLS 1.3 handshake with the token's key" 'Verify return code: 0' \
        bash -c "echo Q | env -u OPENSSL_CONF openssl s_client -connect 127.0.0.1:$port -tls1_3 -CAfile '$W/$k.crt'"
    kill $server
    wait $server 2>/dev/null || true
done
