#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# nginx and stunnel with the private key in the token, by the PKCS#11 engine. One worker each, on
# loopback.
source "$(dirname "$0")/lib.sh"
engine=$(ls /usr/lib/*/engines-3/pkcs11.so 2>/dev/null | head -1 || true)
NGINX=$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null || true)
need openssl pkcs11-tool "${engine:-/engine_pkcs11}" "${NGINX:-nginx}"
new_token
step "EC P-256 key pair" user -k --key-type EC:secp256r1 --label ec --id 02 --usage-sign
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
init = 1
[req]
distinguished_name = dn
[dn]
CNF
export OPENSSL_CONF=$W/openssl.cnf
key="$URI;object=ec;type=private;pin-value=$PIN"
step "certificate" openssl req -x509 -engine pkcs11 -keyform engine -key "$key" -subj /CN=localhost -days 2 -out "$W/c.pem"

port=$(free_port)
cat >"$W/nginx.conf" <<CONF
daemon off;
pid $W/nginx.pid;
error_log $W/nginx.log info;
worker_processes 1;
user root;
env CRATON_HSM_CONFIG;
env OPENSSL_CONF;
ssl_engine pkcs11;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $W; proxy_temp_path $W; fastcgi_temp_path $W; uwsgi_temp_path $W; scgi_temp_path $W;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $W/c.pem;
        ssl_certificate_key "engine:pkcs11:$key";
        location / { return 200 "served with the token's key\n"; }
    }
}
CONF
mkdir -p "$W/logs"
"$NGINX" -p "$W" -c "$W/nginx.conf" >"$W/server" 2>&1 &
server=$!
BACKGROUND+=($server)
STEP="nginx starts"
wait_port "$port" $server || { cat "$W/server" "$W/nginx.log" >"$W/said"; exit 1; }
for i in 1 2 3; do
    says "nginx serves TLS with the token's key ($i)" "served with" \
        bash -c "printf 'GET / HTTP/1.0\r\n\r\n' | env -u OPENSSL_CONF openssl s_client -quiet -connect 127.0.0.1:$port -CAfile '$W/c.pem' -verify_return_error 2>/dev/null"
done
kill $server
wait $server 2>/dev/null || true
if command -v stunnel >/dev/null; then
    port=$(free_port)
    cat >"$W/stunnel.conf" <<CONF
foreground = yes
pid =
engine = pkcs11
[tls]
accept = 127.0.0.1:$port
exec = /bin/echo
execArgs = echo through the tunnel
cert = $W/c.pem
key = $key
engineId = pkcs11
CONF
    stunnel "$W/stunnel.conf" >"$W/server" 2>&1 &
    server=$!
    BACKGROUND+=($server)
    STEP="stunnel starts"
    wait_port "$port" $server || { cp "$W/server" "$W/said"; exit 1; }
    says "stunnel serves TLS with the token's key" "through the tunnel" \
        bash -c "env -u OPENSSL_CONF openssl s_client -quiet -connect 127.0.0.1:$port -CAfile '$W/c.pem' </dev/null 2>/dev/null"
fi
