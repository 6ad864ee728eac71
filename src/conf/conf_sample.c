/* SPDX-License-Identifier: Apache-2.0
 *
 * A sample craton_hsm.toml, written from keys.def.
 */
#include <stdio.h>
#include <string.h>

#include "conf_keys.h"

#define WIDTH 98U

static enum rc add_text(struct buf *out, const char *text)
{
    return buf_add(out, text, strlen(text));
}

/* TEXT as comment lines, without the marks that the reference page needs. */
static enum rc add_comment(struct buf *out, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        const size_t word = strcspn(text, " ");
        if (column == 0 || column + 1 + word > WIDTH) {
            TRY(add_text(out, column == 0 ? "# " : "\n# "));
            column = 2;
        } else {
            TRY(add_text(out, " "));
            column++;
        }
        for (size_t i = 0; i < word; i++) {
            if (text[i] != '`') {
                TRY(buf_add_u8(out, (uint8_t)text[i]));
                column++;
            }
        }
        text += word + strspn(text + word, " ");
    }
    return add_text(out, "\n");
}

static enum rc add_limits(struct buf *out, const struct conf_row *row)
{
    char text[160] = "";
    if (row->kind == CONF_UINT) {
        (void)snprintf(text, sizeof text, "# From %lu to %lu.\n", row->low, row->high);
    } else if (row->kind == CONF_WORD) {
        (void)snprintf(text, sizeof text, "# One of %s.\n", row->words);
    }
    TRY(add_text(out, text));
    return row->built ? RC_OK : add_text(out, "# Without effect in this version.\n");
}

static enum rc add_key(struct buf *out, const struct conf_row *row)
{
    TRY(add_comment(out, row->text));
    TRY(add_limits(out, row));
    const bool quoted = row->kind != CONF_BOOL && row->kind != CONF_UINT;
    const char *quote = quoted ? "\"" : "";
    char line[160];
    (void)snprintf(line, sizeof line, "%s%s = %s%s%s\n",
                   row->built && row->fallback != NULL ? "" : "#", row->key, quote,
                   row->fallback != NULL ? row->fallback : "", quote);
    return add_text(out, line);
}

enum rc conf_sample(struct buf *out)
{
    TRY(add_comment(out, "A sample craton_hsm.toml: every key with its default."));
    const char *table = "";
    for (size_t i = 0; i < CONF_ROWS; i++) {
        if (strcmp(table, conf_rows[i].table) != 0) {
            char line[80];
            table = conf_rows[i].table;
            (void)snprintf(line, sizeof line, "\n[%s]\n", table);
            TRY(add_text(out, line));
        }
        TRY(add_key(out, &conf_rows[i]));
    }
    return RC_OK;
}
