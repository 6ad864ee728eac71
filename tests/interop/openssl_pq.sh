#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSL 3.5 and newer through pkcs11-provider with ML-DSA and ML-KEM keys of the token: requests,
# certificates, a CA, CMS, TLS 1.3. What the token's keys sign, the openssl command verifies alone.
source "$(dirname "$0")/lib.sh"
need openssl pkcs11-tool "${PQ_KEYS:?the program}"
need_pq openssl pkcs11-provider pkcs11-tool
new_token
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
module = $PROVIDER
pkcs11-module-path = $MODULE
pkcs11-module-token-pin = $PIN
pkcs11-module-encode-provider-uri-to-pem = true
activate = 1
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[end]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
subjectAltName = DNS:localhost
CNF
ossl() { OPENSSL_CONF=$W/openssl.cnf openssl "$@"; }
plain() { OPENSSL_CONF=/dev/null openssl "$@"; }
private() { echo "$URI;object=$1;type=private"; }
pq() { "$PQ_KEYS" --module "$MODULE" --token "$TOKEN" --pin "$PIN" "$@"; }
head -c 3000 /dev/urandom >"$W/doc"

# ---- keys, each made by another client ------------------------------------------------------------
step "ML-DSA-44 key pair by pkcs11-tool" user -k --key-type ML-DSA-44 --label mldsa44 --id 44
step "ML-DSA-65 key pair by openssl genpkey" ossl genpkey -propquery provider=pkcs11 -algorithm ML-DSA-65 \
    -pkeyopt "pkcs11_uri:$URI;object=mldsa65;id=%65" -out "$W/uri.pem"
step "ML-DSA-87 key pair by pq_keys" pq --generate ML-DSA-87 --label mldsa87 --id 87
says "pkcs11-tool lists what openssl made" 'ML-DSA-65' user -O --type privkey --id 65
for n in 44 65 87; do
    says "ML-DSA-$n: openssl reads the public key" "ML-DSA-$n Public.Key" ossl pkey -in "$(private mldsa$n)" -pubout -text -noout
    step "ML-DSA-$n: and writes it" ossl pkey -in "$(private mldsa$n)" -pubout -out "$W/$n.pub"
    step "ML-DSA-$n: pq_keys writes it" pq --public --label mldsa$n --id $n --output "$W/$n.pem"
    same "ML-DSA-$n:   the same" "$W/$n.pub" "$W/$n.pem"
    step "ML-DSA-$n: pkeyutl signs in the token" ossl pkeyutl -sign -inkey "$(private mldsa$n)" -rawin -in "$W/doc" -out "$W/sig"
    step "ML-DSA-$n:   openssl verifies alone" plain pkeyutl -verify -pubin -inkey "$W/$n.pem" -rawin -in "$W/doc" -sigfile "$W/sig"
    step "ML-DSA-$n:   pkcs11-tool verifies in the token" user --verify -m ML-DSA --id $n -i "$W/doc" --signature-file "$W/sig"
    step "ML-DSA-$n: pkcs11-tool signs" user -s -m ML-DSA --id $n -i "$W/doc" -o "$W/sig2"
    step "ML-DSA-$n:   openssl verifies alone" plain pkeyutl -verify -pubin -inkey "$W/$n.pem" -rawin -in "$W/doc" -sigfile "$W/sig2"
    step "ML-DSA-$n: pkeyutl signs with a context" ossl pkeyutl -sign -inkey "$(private mldsa$n)" -rawin -in "$W/doc" -out "$W/sig" -pkeyopt context-string:firmware
    step "ML-DSA-$n:   openssl verifies alone" plain pkeyutl -verify -pubin -inkey "$W/$n.pem" -rawin -in "$W/doc" -sigfile "$W/sig" -pkeyopt context-string:firmware
    step "ML-DSA-$n:   the token verifies" pq --verify --label mldsa$n --input "$W/doc" --signature "$W/sig" --context firmware
    echo x >>"$W/sig2"
    refuses "ML-DSA-$n:   and refuses a longer one" 'Verification Failure' plain pkeyutl -verify -pubin -inkey "$W/$n.pem" -rawin -in "$W/doc" -sigfile "$W/sig2"
done

# ---- requests, certificates, a CA ------------------------------------------------------------------
step "a CA with the ML-DSA-87 key" ossl req -x509 -config "$W/openssl.cnf" -extensions ca -key "$(private mldsa87)" -subj "/CN=token CA" -days 2 -out "$W/ca.crt"
step "  openssl verifies it alone" plain verify -CAfile "$W/ca.crt" -check_ss_sig "$W/ca.crt"
says "  it names its algorithm" 'Signature Algorithm: ML-DSA-87' plain x509 -in "$W/ca.crt" -noout -text
for n in 44 65 87; do
    key=$(private mldsa$n)
    step "ML-DSA-$n: certificate request" ossl req -new -key "$key" -subj "/CN=localhost" -out "$W/$n.csr"
    step "ML-DSA-$n:   openssl verifies it alone" plain req -in "$W/$n.csr" -verify -noout
    step "ML-DSA-$n: self-signed certificate" ossl req -x509 -key "$key" -subj "/CN=self" -days 2 -out "$W/self.crt"
    step "ML-DSA-$n:   openssl verifies it alone" plain verify -CAfile "$W/self.crt" -check_ss_sig "$W/self.crt"
    step "ML-DSA-$n: certificate by the CA" ossl x509 -req -in "$W/$n.csr" -CA "$W/ca.crt" -CAkey "$(private mldsa87)" \
        -extfile "$W/openssl.cnf" -extensions end -days 2 -out "$W/$n.crt"
    step "ML-DSA-$n:   openssl verifies the chain alone" plain verify -CAfile "$W/ca.crt" "$W/$n.crt"
done

# ---- CMS ---------------------------------------------------------------------------------------------
# (Signed attributes are there always: without them OpenSSL 3.6 fails with keys in files too.)
for n in 44 65 87; do
    step "ML-DSA-$n: CMS signature" ossl cms -sign -inkey "$(private mldsa$n)" -signer "$W/$n.crt" \
        -in "$W/doc" -binary -nodetach -outform DER -out "$W/cms" -md sha512
    step "ML-DSA-$n:   openssl verifies it alone" plain cms -verify -inform DER -in "$W/cms" -CAfile "$W/ca.crt" \
        -purpose any -binary -out "$W/out"
    same "ML-DSA-$n:   and finds the document" "$W/doc" "$W/out"
done

# ---- SLH-DSA ---------------------------------------------------------------------------------------
if grep -q SLH-DSA "$PROVIDER"; then # pkcs11-provider 1.3
    step "SLH-DSA key pair by openssl genpkey" ossl genpkey -propquery provider=pkcs11 -algorithm SLH-DSA-SHA2-128f \
        -pkeyopt "pkcs11_uri:$URI;object=slh;id=%b1" -out "$W/uri.pem"
    key=$(private slh)
    step "SLH-DSA: openssl writes the public key" ossl pkey -in "$key" -pubout -out "$W/slh.pem"
    step "SLH-DSA: pkeyutl signs in the token" ossl pkeyutl -sign -inkey "$key" -rawin -in "$W/doc" -out "$W/sig"
    step "SLH-DSA:   openssl verifies alone" plain pkeyutl -verify -pubin -inkey "$W/slh.pem" -rawin -in "$W/doc" -sigfile "$W/sig"
    step "SLH-DSA: certificate request" ossl req -new -key "$key" -subj "/CN=slh" -out "$W/slh.csr"
    step "SLH-DSA: certificate by the CA" ossl x509 -req -in "$W/slh.csr" -CA "$W/ca.crt" -CAkey "$(private mldsa87)" -days 2 -out "$W/slh.crt"
    step "SLH-DSA:   openssl verifies the chain alone" plain verify -CAfile "$W/ca.crt" "$W/slh.crt"
    step "SLH-DSA: self-signed certificate" ossl req -x509 -key "$key" -subj "/CN=slh" -days 2 -out "$W/self.crt"
    step "SLH-DSA:   openssl verifies it alone" plain verify -CAfile "$W/self.crt" -check_ss_sig "$W/self.crt"
    # (No CMS: pkcs11-provider 1.3 does not find an SLH-DSA key and its certificate to belong together.)
else
    echo "note: this pkcs11-provider knows no SLH-DSA"
fi

# ---- TLS 1.3 -----------------------------------------------------------------------------------------
for n in 44 65 87; do
    port=$(free_port)
    STEP="ML-DSA-$n: TLS 1.3 server starts"
    OPENSSL_CONF=$W/openssl.cnf openssl s_server -accept 127.0.0.1:$port -tls1_3 -www -key "$(private mldsa$n)" -cert "$W/$n.crt" >"$W/server" 2>&1 &
    server=$!
    BACKGROUND+=($server)
    wait_port "$port" $server || { cp "$W/server" "$W/said"; exit 1; }
    says "ML-DSA-$n: TLS 1.3 handshake with the token's key" 'Verify return code: 0' \
        bash -c "echo Q | OPENSSL_CONF=/dev/null openssl s_client -connect 127.0.0.1:$port -tls1_3 -groups X25519MLKEM768 -CAfile '$W/ca.crt' -verify_hostname localhost"
    cp "$W/said" "$W/client"
    says "ML-DSA-$n:   the group is X25519MLKEM768" 'group: X25519MLKEM768' cat "$W/client"
    says "ML-DSA-$n:   the signature is ML-DSA-$n" "signature type: mldsa$n" cat "$W/client"
    kill $server
    wait $server 2>/dev/null || true
done

# ---- ML-KEM ------------------------------------------------------------------------------------------
for n in 512 768 1024; do
    step "ML-KEM-$n key pair by pkcs11-tool" user -k --key-type ML-KEM-$n --label mlkem$n --id a$((n / 512))
    step "ML-KEM-$n: openssl writes the public key" ossl pkey -in "$(private mlkem$n)" -pubout -out "$W/kem.pem"
    step "ML-KEM-$n: openssl encapsulates alone" plain pkeyutl -encap -pubin -inkey "$W/kem.pem" -out "$W/ct" -secret "$W/theirs"
    step "ML-KEM-$n: openssl decapsulates through the provider" ossl pkeyutl -decap -inkey "$(private mlkem$n)" -in "$W/ct" -secret "$W/ours"
    same "ML-KEM-$n:   the same secret" "$W/theirs" "$W/ours"
    step "ML-KEM-$n: openssl encapsulates through the provider" ossl pkeyutl -encap -pubin -inkey "$URI;object=mlkem$n;type=public" -out "$W/ct" -secret "$W/theirs"
    step "ML-KEM-$n: pq_keys decapsulates" pq --decapsulate --label mlkem$n --ciphertext "$W/ct" --secret "$W/ours"
    same "ML-KEM-$n:   the same secret" "$W/theirs" "$W/ours"
done
