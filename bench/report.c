/* SPDX-License-Identifier: Apache-2.0
 *
 * The table and its JSON form.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"

#define AIM_TWO 1.9 /* two threads against one */
#define AIM_AS_BARE 0.95
#define AIM_SOFT 0.98 /* not slower than SoftHSM2: two hundredths are noise */
#define AIM_MANY 0.9  /* finding among many against finding among few: likewise */

static int compare(const void *a, const void *b)
{
    double x = 0;
    double y = 0;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

double median(const double *v, size_t n)
{
    double sorted[ROUNDS_MAX];
    size_t have = 0;
    for (size_t i = 0; i < n && have < ROUNDS_MAX; i++) {
        if (v[i] >= 0) {
            sorted[have++] = v[i];
        }
    }
    if (have == 0) {
        return -1;
    }
    qsort(sorted, have, sizeof(sorted[0]), compare);
    return have % 2 != 0 ? sorted[have / 2] : (sorted[have / 2 - 1] + sorted[have / 2]) / 2;
}

static double middle(const struct result *r, enum who who, unsigned threads)
{
    return median(r->samples[who][threads - 1], r->rounds);
}

/* The median of the rounds' ratios: A and B of one round met the same disturbance. */
static double ratio(const struct result *r, enum who a, unsigned ta, enum who b, unsigned tb)
{
    double v[ROUNDS_MAX];
    for (size_t i = 0; i < r->rounds; i++) {
        const double x = r->samples[a][ta - 1][i];
        const double y = r->samples[b][tb - 1][i];
        v[i] = x >= 0 && y > 0 ? x / y : -1;
    }
    return median(v, r->rounds);
}

/* The faster of the bare libraries. */
static enum who reference(const struct result *r)
{
    return middle(r, WHO_AWSLC, 1) > middle(r, WHO_OPENSSL, 1) ? WHO_AWSLC : WHO_OPENSSL;
}

static bool is_loop(const struct row *row)
{
    return row->op != OP_START && row->op != OP_MEMORY;
}

/* 1234567 as "1 234 567"; a dash for none. */
static const char *number(char out[24], double v)
{
    char plain[24];
    size_t at = 0;
    if (v < 0) {
        return "-";
    }
    snprintf(plain, sizeof(plain), v < 99.95 ? "%.1f" : "%.0f", v);
    const size_t n = strlen(plain);
    for (size_t i = 0; i < n && at < 22; i++) {
        if (v >= 99.95 && i > 0 && (n - i) % 3 == 0) {
            out[at++] = ' ';
        }
        out[at++] = plain[i];
    }
    out[at] = 0;
    return out;
}

static const char *times(char out[24], double v)
{
    if (v < 0) {
        return "-";
    }
    snprintf(out, 24, "%.2f", v);
    return out;
}

/* ---- aims ---------------------------------------------------------------------------------------- */

struct verdict {
    char missed[200]; /* what is beside its aim; "" when nothing is */
    bool any;         /* an aim could be looked at */
};

static void miss(struct verdict *v, bool met, const char *what, double have, double want)
{
    const size_t n = strlen(v->missed);
    v->any = true;
    if (!met) {
        snprintf(v->missed + n, sizeof(v->missed) - n, "%s%s %.*f, aim %.*f", n > 0 ? "; " : "",
                 what, want < 10 ? 2 : 0, have, want < 10 ? 2 : 0, want);
    }
}

static const struct result *row_at(const struct result *all, size_t n, enum op op, enum place place)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].row->op == op && all[i].row->place == place) {
            return &all[i];
        }
    }
    return NULL;
}

static void judge_time(struct verdict *v, const struct result *r)
{
    const double own = middle(r, WHO_OURS, 1);
    if (r->row->aim_time <= 0 || own <= 0) {
        return;
    }
    if (is_loop(r->row)) {
        miss(v, 1e6 / own <= r->row->aim_time, "us", 1e6 / own, r->row->aim_time);
    } else {
        miss(v, own <= r->row->aim_time, r->row->op == OP_START ? "ms" : "bytes", own,
             r->row->aim_time);
    }
}

/* The row of the post-quantum part of R, when it is in the run. */
static const struct result *half_of(const struct result *r, const struct result *all, size_t n)
{
    const struct part *part = r->row->parts;
    while (part->alg < ALG_ML_DSA_44) {
        part++;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].row->op == part->op && all[i].row->alg == part->alg) {
            return &all[i];
        }
    }
    return NULL;
}

/* A row made of parts against their sum, -1: not to be had. A composite's parts are measured beside it.
 * A hybrid's sum is the time of the post-quantum part here and of what else the faster library does in
 * the row. Rows are measured at different times: so each goes in as its ratio to that library within its
 * own rounds, and only the share of the part, which weighs little, is taken across rows. */
static double to_sum(const struct result *r, const struct result *all, size_t n)
{
    if (r->row->own_parts) {
        return ratio(r, WHO_OURS, 1, WHO_PARTS, 1);
    }
    const enum who bare = reference(r);
    const struct result *half = r->row->aim_sum > 0 ? half_of(r, all, n) : NULL;
    if (half == NULL) {
        return -1;
    }
    const double half_rate = ratio(half, WHO_OURS, 1, bare, 1);
    const double own_rate = ratio(r, WHO_OURS, 1, bare, 1);
    const double there = middle(half, bare, 1);
    const double both = middle(r, bare, 1);
    if (half_rate <= 0 || own_rate <= 0 || there <= 0 || both <= 0) {
        return -1;
    }
    const double share = both / there;
    return (1 + (1 / half_rate - 1) * share) * own_rate;
}

static struct verdict judge(const struct result *r, const struct result *all, size_t n)
{
    struct verdict v = {.missed = ""};
    const double bare = ratio(r, WHO_OURS, 1, reference(r), 1);
    const double two = ratio(r, WHO_OURS, 2, WHO_OURS, 1);
    const double soft = ratio(r, WHO_OURS, 1, WHO_SOFTHSM, 1);
    if (r->row->aim_bare > 0 && bare >= 0) {
        miss(&v, bare >= r->row->aim_bare, "bare", bare, r->row->aim_bare);
    }
    const double sum = to_sum(r, all, n);
    if (sum >= 0) {
        miss(&v, sum >= r->row->aim_sum, "sum of the parts", sum, r->row->aim_sum);
    }
    if (r->row->threads && two >= 0) {
        /* Where the bare library does not reach it either, the machine has no two cores free. */
        const double free_cores = ratio(r, reference(r), 2, reference(r), 1);
        const bool as_bare = free_cores >= 0 && two >= free_cores * AIM_AS_BARE;
        miss(&v, two >= AIM_TWO || as_bare, "two threads", two,
             free_cores >= 0 && free_cores < AIM_TWO ? free_cores : AIM_TWO);
    }
    if (soft > 0) {
        const double better = is_loop(r->row) ? soft : 1 / soft;
        miss(&v, better >= AIM_SOFT || r->row->may_lose, "SoftHSM2", better, 1.0);
    }
    judge_time(&v, r);
    if (r->row->op == OP_FIND && r->row->place == PLACE_MANY) {
        const struct result *few = row_at(all, n, OP_FIND, PLACE_TEN);
        const double own = middle(r, WHO_OURS, 1);
        const double ten = few == NULL ? -1 : middle(few, WHO_OURS, 1);
        if (own >= 0 && ten > 0) {
            miss(&v, own / ten >= AIM_MANY, "against ten", own / ten, 1.0);
        }
    }
    return v;
}

/* ---- text ------------------------------------------------------------------------------------------ */

static const char *verdict_text(const struct verdict *v)
{
    return !v->any ? "-" : v->missed[0] == 0 ? "met" : "missed";
}

static void print_row(const struct result *r, const struct verdict *v)
{
    char t[11][24];
    const char *unit = r->row->op == OP_START ? " [ms]" : r->row->op == OP_MEMORY ? " [B]" : "";
    char name[40];
    const bool loop = is_loop(r->row);
    snprintf(name, sizeof(name), "%s%s", r->row->name, unit);
    printf("%-26s %11s %11s %5s %11s %11s %11s %11s %6s %6s %8s  %s\n", name,
           number(t[0], middle(r, WHO_OURS, 1)), loop ? number(t[1], middle(r, WHO_OURS, 2)) : "-",
           loop ? times(t[2], ratio(r, WHO_OURS, 2, WHO_OURS, 1)) : "-",
           number(t[3], middle(r, WHO_SOFTHSM, 1)),
           loop ? number(t[4], middle(r, WHO_SOFTHSM, 2)) : "-",
           number(t[5], middle(r, WHO_OPENSSL, 1)), number(t[6], middle(r, WHO_AWSLC, 1)),
           times(t[7], ratio(r, WHO_OURS, 1, reference(r), 1)),
           times(t[9], ratio(r, WHO_OURS, 2, reference(r), 2)),
           times(t[8], ratio(r, WHO_OURS, 1, WHO_SOFTHSM, 1)), verdict_text(v));
}

void report_text(const struct machine *m, const struct result *r, size_t n)
{
    printf("\n%s, %ld cores, load %.1f before the run\n", m->cpu, m->cores, m->load);
    for (size_t i = 0; i < WHO_LISTED; i++) {
        printf("  %-11s %s\n", who_names[i], m->versions[i]);
    }
    printf("Operations a second%s (start: milliseconds, memory: bytes an object); medians of %zu "
           "rounds.\n\n",
           m->cpu_time ? " of processor time" : "", n > 0 ? r[0].rounds : 0);
    printf("%-26s %11s %11s %5s %11s %11s %11s %11s %6s %6s %8s  %s\n", "", "craton-hsm",
           "2 threads", "2:1", "SoftHSM2", "2 threads", "OpenSSL", "AWS-LC", ":bare", "2 thr.",
           ":SoftHSM", "aim");
    bool missed = false;
    for (size_t i = 0; i < n; i++) {
        const struct verdict v = judge(&r[i], r, n);
        missed |= v.missed[0] != 0;
        print_row(&r[i], &v);
    }
    if (missed) {
        printf("\nMissed:\n");
    }
    for (size_t i = 0; i < n; i++) {
        const struct verdict v = judge(&r[i], r, n);
        if (v.missed[0] != 0) {
            printf("  %-24s %s%s%s\n", r[i].row->name, v.missed, r[i].row->why != NULL ? ": " : "",
                   r[i].row->why != NULL ? r[i].row->why : "");
        }
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static void json_text(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s != 0; s++) {
        if (*s == '"' || *s == '\\') {
            fputc('\\', f);
        }
        if ((unsigned char)*s >= 0x20) {
            fputc(*s, f);
        }
    }
    fputc('"', f);
}

static void json_number(FILE *f, const char *name, double v)
{
    if (v < 0 || !isfinite(v)) {
        fprintf(f, ", \"%s\": null", name);
    } else {
        fprintf(f, ", \"%s\": %.6g", name, v);
    }
}

static void json_row(FILE *f, const struct result *r, const struct verdict *v, double sum)
{
    static const char *const keys[WHO_LISTED][2] = {{"ours", "ours_2"},
                                                    {"softhsm", "softhsm_2"},
                                                    {"openssl", "openssl_2"},
                                                    {"awslc", "awslc_2"}};
    fprintf(f, "    {\"row\": ");
    json_text(f, r->row->name);
    fprintf(f, ", \"unit\": \"%s\"", is_loop(r->row) ? "1/s" : r->row->op == OP_START ? "ms" : "B");
    for (size_t who = 0; who < WHO_LISTED; who++) {
        for (unsigned t = 1; t <= 2; t++) {
            json_number(f, keys[who][t - 1], middle(r, (enum who)who, t));
        }
    }
    json_number(f, "to_bare", ratio(r, WHO_OURS, 1, reference(r), 1));
    json_number(f, "to_bare_2", ratio(r, WHO_OURS, 2, reference(r), 2));
    json_number(f, "to_sum", sum);
    json_number(f, "to_softhsm", ratio(r, WHO_OURS, 1, WHO_SOFTHSM, 1));
    json_number(f, "two_to_one", ratio(r, WHO_OURS, 2, WHO_OURS, 1));
    fprintf(f, ", \"aim\": \"%s\", \"missed\": ", verdict_text(v));
    json_text(f, v->missed);
    fprintf(f, "}");
}

int report_json(const char *path, const struct machine *m, const struct result *r, size_t n)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (f == NULL) {
        return -1;
    }
    fprintf(f, "{\n  \"cpu\": ");
    json_text(f, m->cpu);
    fprintf(f, ",\n  \"cores\": %ld,\n  \"cpu_time\": %s", m->cores,
            m->cpu_time ? "true" : "false");
    json_number(f, "load", m->load);
    fprintf(f, ",\n  \"versions\": {");
    for (size_t i = 0; i < WHO_LISTED; i++) {
        fprintf(f, "%s", i > 0 ? ", " : "");
        json_text(f, who_names[i]);
        fprintf(f, ": ");
        json_text(f, m->versions[i]);
    }
    fprintf(f, "},\n  \"rounds\": %zu,\n  \"rows\": [\n", n > 0 ? r[0].rounds : 0);
    for (size_t i = 0; i < n; i++) {
        const struct verdict v = judge(&r[i], r, n);
        json_row(f, &r[i], &v, to_sum(&r[i], r, n));
        fprintf(f, "%s\n", i + 1 < n ? "," : "");
    }
    fprintf(f, "  ]\n}\n");
    return f == stdout ? fflush(f) : fclose(f);
}
