#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# NSS: modutil registers the module, certutil makes keys and certificates in the token.
source "$(dirname "$0")/lib.sh"
need modutil certutil pkcs11-tool openssl
new_token
mkdir "$W/db"
step "a database" certutil -N -d "sql:$W/db" --empty-password
step "modutil adds the module" modutil -force -dbdir "sql:$W/db" -add "Craton HSM" -libfile "$MODULE"
says "modutil lists its token" "token: $TOKEN" modutil -dbdir "sql:$W/db" -list
printf '%s\n' "$PIN" >"$W/pin"
head -c 64 /dev/urandom >"$W/noise"
step "certutil: an RSA key and certificate in the token" certutil -S -d "sql:$W/db" -h "$TOKEN" -f "$W/pin" -z "$W/noise" \
    -n "nss-rsa" -s "CN=nss rsa" -x -t "u,u,u" -k rsa -g 2048 -Z SHA256 -v 2
step "certutil: an EC key and certificate in the token" certutil -S -d "sql:$W/db" -h "$TOKEN" -f "$W/pin" -z "$W/noise" \
    -n "nss-ec" -s "CN=nss ec" -x -t "u,u,u" -k ec -q nistp256 -Z SHA256 -v 2
says "certutil lists the keys" nss-rsa certutil -K -d "sql:$W/db" -h "$TOKEN" -f "$W/pin"
says "certutil lists the certificates" nss-ec certutil -L -d "sql:$W/db" -h "$TOKEN" -f "$W/pin"
for n in nss-rsa nss-ec; do
    certutil -L -d "sql:$W/db" -h "$TOKEN" -f "$W/pin" -n "$TOKEN:$n" -a >"$W/$n.pem" 2>"$W/said"
    step "openssl verifies $n" openssl verify -CAfile "$W/$n.pem" "$W/$n.pem"
done
says "pkcs11-tool sees what NSS made" nss-ec user -O
if grep -q mldsa "$(command -v certutil)"; then # NSS 3.132 has it, 3.110 has not
    step "certutil: an ML-DSA-65 key and certificate in the token" certutil -S -d "sql:$W/db" -h "$TOKEN" -f "$W/pin" -z "$W/noise" \
        -n "nss-pq" -s "CN=nss pq" -x -t "u,u,u" -k mldsa -q ML-DSA-65 -v 2
    says "certutil lists it" 'mldsa .*nss-pq' certutil -K -d "sql:$W/db" -h "$TOKEN" -f "$W/pin"
    certutil -L -d "sql:$W/db" -h "$TOKEN" -f "$W/pin" -n "$TOKEN:nss-pq" -a >"$W/nss-pq.pem" 2>"$W/said"
    if knows_pq openssl; then
        step "openssl verifies nss-pq" openssl verify -CAfile "$W/nss-pq.pem" -check_ss_sig "$W/nss-pq.pem"
    fi
fi
