/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes docs/configuration.md from src/conf/keys.def.
 *
 *   conf_doc FILE           writes it
 *   conf_doc --check FILE   fails when FILE is not what would be written
 */
#include <stdio.h>
#include <string.h>

#include "conf_keys.h"

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Written by tools/conf_doc.c from src/conf/keys.def: edit those. -->\n"
    "# Configuration\n"
    "\n"
    "`craton_hsm.toml` is a [TOML 1.0](https://toml.io/en/v1.0.0) file. The first of these is "
    "read:\n"
    "\n"
    "1. the file that `CRATON_HSM_CONFIG` names (it is an error when it does not exist)\n"
    "2. `./craton_hsm.toml`, if it belongs to the user or to root\n"
    "3. `$XDG_CONFIG_HOME/craton-hsm/craton_hsm.toml`, else "
    "`~/.config/craton-hsm/craton_hsm.toml`\n"
    "4. `/etc/craton_hsm/craton_hsm.toml`\n"
    "\n"
    "Without a file every key has its default. The file is refused when it is a symbolic link, or "
    "when group or others may write it. An unknown key, a wrong type, a value out of range and a "
    "contradiction are errors that name the key and its line: `C_Initialize` then returns "
    "CKR_GENERAL_ERROR, and the reason is one line on stderr and in the log.\n"
    "\n"
    "A path may be absolute or relative to the working directory. It is refused when it is a "
    "network path (`//host`, `\\\\host`), holds `..` or control characters, goes through a symbolic "
    "link, or (relative) begins in `.git`, `.ssh`, `.gnupg`, `.aws`, `.config` or `.env`.\n"
    "\n"
    "Keys marked *not yet* are checked and have no effect in this version; the log says so.\n";

static const char tail[] =
    "\n"
    "## Environment\n"
    "\n"
    "Ignored in a set-user-ID process.\n"
    "\n"
    "| Variable | Meaning |\n"
    "|---|---|\n"
    "| `CRATON_HSM_CONFIG` | the configuration file |\n"
    "| `CRATON_HSM_LOG` | `level[,target]`: overrides `log.level` and `log.target`; target "
    "`stderr`, `syslog`, or the absolute path of a file |\n"
    "| `CRATON_HSM_FIPS` | `1` asks for the approved mode, which is not part of this version: an "
    "error |\n"
    "| `XDG_CONFIG_HOME`, `XDG_DATA_HOME`, `HOME` | where the user's file and store are |\n"
    "\n"
    "## Sample\n"
    "\n"
    "```toml\n";

static const char *default_text(const struct conf_row *row, char *out, size_t n)
{
    if (row->fallback == NULL) {
        return "";
    }
    const int quoted = row->kind != CONF_BOOL && row->kind != CONF_UINT;
    (void)snprintf(out, n, quoted ? "`\"%s\"`" : "`%s`", row->fallback);
    return out;
}

static const char *type_text(const struct conf_row *row, char *out, size_t n)
{
    switch (row->kind) {
    case CONF_BOOL:
        return "boolean";
    case CONF_UINT:
        (void)snprintf(out, n, "%lu to %lu", row->low, row->high);
        return out;
    case CONF_TEXT:
        (void)snprintf(out, n, "text, %lu to %lu characters", row->low, row->high);
        return out;
    case CONF_PATH:
        return "path";
    case CONF_ADDRESS:
        return "host:port";
    case CONF_WORD:
        break;
    }
    size_t at = 0;
    for (const char *p = row->words; *p != '\0' && at + 8 < n; p++) {
        if (*p == '|' || *p == ',') {
            memcpy(out + at, "`, `", 4);
            at += 4;
        } else {
            at += at == 0;
            out[at++] = *p;
        }
    }
    out[0] = '`';
    out[at++] = '`';
    out[at] = '\0';
    return out;
}

static void write_tables(FILE *out)
{
    const char *table = "";
    for (size_t i = 0; i < CONF_ROWS; i++) {
        const struct conf_row *row = &conf_rows[i];
        char type[160];
        char value[80];
        if (strcmp(table, row->table) != 0) {
            table = row->table;
            (void)fprintf(
                out, "\n## [%s]\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n", table);
        }
        (void)fprintf(out, "| `%s` | %s | %s | %s%s |\n", row->key,
                      type_text(row, type, sizeof type), default_text(row, value, sizeof value),
                      row->built ? "" : "*Not yet.* ", row->text);
    }
}

static int write_page(FILE *out)
{
    AUTO_BUF struct buf sample = BUF_INIT;
    if (conf_sample(&sample) != RC_OK) {
        return -1;
    }
    (void)fputs(head, out);
    write_tables(out);
    (void)fputs(tail, out);
    (void)fwrite(sample.p, 1, sample.n, out);
    (void)fputs("```\n", out);
    return ferror(out) ? -1 : 0;
}

static int check(const char *path)
{
    static char is[1 << 17];
    static char should_be[1 << 17];
    FILE *out = fmemopen(should_be, sizeof should_be, "w");
    FILE *in = fopen(path, "r");
    if (out == NULL || write_page(out) != 0 || fclose(out) != 0) {
        (void)fprintf(stderr, "conf_doc: cannot make the page\n");
        return 1;
    }
    const size_t n = in != NULL ? fread(is, 1, sizeof is - 1, in) : 0;
    if (in == NULL || n != strlen(should_be) || memcmp(is, should_be, n) != 0) {
        (void)fprintf(stderr, "conf_doc: %s is not current: run conf_doc on it\n", path);
        return 1;
    }
    (void)fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--check") == 0) {
        return check(argv[2]);
    }
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (out == NULL || write_page(out) != 0 || fclose(out) != 0) {
        (void)fprintf(stderr, "usage: conf_doc [--check] FILE\n");
        return 1;
    }
    return 0;
}
