/* SPDX-License-Identifier: Apache-2.0
 *
 * craton_hsm.toml to one const struct. keys.def is the only list of keys: name, type, default,
 * range, whether it has an effect yet, and a line of documentation.
 */
#ifndef CRATON_CONF_CONF_H
#define CRATON_CONF_CONF_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/rc.h"

enum conf_backend { CONF_BACKEND_AUTO, CONF_BACKEND_OPENSSL, CONF_BACKEND_AWSLC };

struct conf {
    /* [token] */
    char *label;        /* printable ASCII, 1..32 */
    char *storage_path; /* absolute, or relative to the working directory, already resolved */
    unsigned max_sessions;
    unsigned max_rw_sessions;
    bool persist_objects;
    unsigned slot_count;
    char *serial_number; /* printable ASCII, 1..16 */
    bool exclusive;
    /* [security] */
    unsigned pin_min_length;
    unsigned pin_max_length;
    bool pin_complexity;
    unsigned max_failed_logins;
    unsigned pbkdf2_iterations;
    bool key_separation;
    /* [algorithms] */
    enum conf_backend crypto_backend;
    bool fips_approved_only;
    bool allow_weak_rsa;
    bool allow_sha1_signing;
    bool allow_raw_rsa;     /* CKM_RSA_X_509 */
    bool enable_pqc;        /* the post-quantum mechanisms are there */
    bool vendor_mechanisms; /* C_GetMechanismList names the vendor range too */
    /* [log] */
    enum log_level log_level;
    enum log_target log_target;
    char *log_file;
    /* where it came from: a path, or NULL for defaults */
    char *source;
};

/* Finds and reads the configuration: CRATON_HSM_CONFIG; ./craton_hsm.toml;
 * $XDG_CONFIG_HOME/craton-hsm/craton_hsm.toml (or ~/.config/...); /etc/craton_hsm/craton_hsm.toml;
 * else defaults. Environment is read with secure_getenv. CRATON_HSM_LOG overrides [log].
 *
 * The file is refused when it is a symbolic link, or group or world may write it. An unknown key, a
 * wrong type, a value out of range and a contradiction are errors that name the key, its line and
 * (unknown key) the nearest known one.
 *
 * The log is set up accordingly (log_setup), and what deserves a warning is logged.
 *
 * RC_OK: *RET is owned by the caller (conf_free). RC_CONFIG: REASON (cap REASON_N bytes) is one
 * line for a person. */
NODISCARD enum rc conf_load(const struct conf **ret, char *reason, size_t reason_n);

/* The same from a text, for tests and tools, without the environment; NAME stands for the file in
 * messages. Without a name the text is not looked at: defaults. */
NODISCARD enum rc conf_parse(const char *name, const char *text, size_t n, const struct conf **ret,
                             char *reason, size_t reason_n);

void conf_free(const struct conf *c);

/* Appends a sample file: every key with its meaning and its default. Keys without a default, and
 * those whose part is not built yet, are commented out. RC_HOST_MEMORY leaves part of it. */
NODISCARD enum rc conf_sample(struct buf *out);

#endif
