/* SPDX-License-Identifier: Apache-2.0
 *
 * What keys say to each other: contradictions, and what is found at start.
 */
#include <string.h>

#include "base/mem.h"
#include "conf_keys.h"

static enum rc check_sessions(struct conf_reading *r)
{
    struct conf *c = r->conf;
    if (c->max_rw_sessions <= c->max_sessions) {
        return RC_OK;
    }
    const unsigned line = r->line[CONF_ROW_token_max_rw_sessions];
    if (line != 0) {
        return conf_refuse(r, line, "token.max_rw_sessions (%u) is above token.max_sessions (%u)",
                           c->max_rw_sessions, c->max_sessions);
    }
    c->max_rw_sessions = c->max_sessions;
    return RC_OK;
}

static enum rc check_pins(struct conf_reading *r)
{
    const struct conf *c = r->conf;
    if (c->pin_min_length <= c->pin_max_length) {
        return RC_OK;
    }
    const unsigned min_line = r->line[CONF_ROW_security_pin_min_length];
    const unsigned max_line = r->line[CONF_ROW_security_pin_max_length];
    return conf_refuse(r, min_line != 0 ? min_line : max_line,
                       "security.pin_min_length (%u) is above security.pin_max_length (%u)",
                       c->pin_min_length, c->pin_max_length);
}

static enum rc check_approved(struct conf_reading *r)
{
    const struct conf *c = r->conf;
    if (!c->fips_approved_only) {
        return RC_OK;
    }
    const unsigned line = r->line[CONF_ROW_algorithms_fips_approved_only];
    if (c->allow_weak_rsa || c->allow_sha1_signing) {
        return conf_refuse(r, line, "algorithms.fips_approved_only contradicts algorithms.%s",
                           c->allow_weak_rsa ? "allow_weak_rsa" : "allow_sha1_signing");
    }
    return conf_refuse(r, line,
                       "algorithms.fips_approved_only: the approved mode is not part of this "
                       "version, so it cannot be asked for");
}

static enum rc check_log(struct conf_reading *r)
{
    struct conf *c = r->conf;
    const unsigned target_line = r->line[CONF_ROW_log_target];
    const unsigned file_line = r->line[CONF_ROW_log_file];
    if (file_line != 0 && target_line == 0) {
        c->log_target = LOG_TO_FILE;
    }
    if (c->log_target == LOG_TO_FILE && c->log_file == NULL) {
        return conf_refuse(r, target_line, "log.target is \"file\", and log.file is not set");
    }
    if (file_line != 0 && c->log_target != LOG_TO_FILE) {
        return conf_refuse(r, file_line, "log.file is set, and log.target is not \"file\"");
    }
    return RC_OK;
}

/* One line that names all keys of the file that nothing asks yet. */
static enum rc note_without_effect(struct conf_reading *r)
{
    AUTO_BUF struct buf names = BUF_INIT;
    for (size_t i = 0; i < CONF_ROWS; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (r->line[i] == 0 || row->built) {
            continue;
        }
        AUTO_FREE char *name = conf_text(row->table, ".", row->key);
        REQUIRE(name != NULL, RC_HOST_MEMORY);
        TRY(buf_add(&names, ", ", names.n != 0 ? 2 : 0));
        TRY(buf_add(&names, name, strlen(name)));
    }
    if (names.n == 0) {
        return RC_OK;
    }
    TRY(buf_add_u8(&names, 0));
    return conf_note(r, "%s: without effect in this version: %s", r->name, (const char *)names.p);
}

enum rc conf_check(struct conf_reading *r)
{
    TRY(check_sessions(r));
    TRY(check_pins(r));
    TRY(check_approved(r));
    TRY(check_log(r));
    if (r->conf->storage_path == NULL) {
        TRY(conf_path_store(&r->conf->storage_path));
    }
    return note_without_effect(r);
}
