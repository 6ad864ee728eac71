/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the trees of an LMDB file. Every page is opened with bounds, used once, where its
 * parent says, with keys in rising order between the separators above it; the counters in the tree
 * records are right; the free list names pages that nobody uses. See check.h.
 */
#include <errno.h>
#include <sys/mman.h>

#include "check_page.h"
#include "place.h"
#include "sum.h"

#define FIRST_PAGE 2u /* behind the meta pages */
#define MAX_DEPTH 32u /* LMDB's own limit */
#define NO_ROOT UINT64_MAX
#define IDS_FLAGS 0x10u /* a tree of values of one length */
#define ID_SIZE 8u

enum kind { TREE_MAIN, TREE_FREE, TREE_FORMAT, TREE_META, TREE_OBJECT, TREE_INDEX, TREE_IDS };

struct walk {
    const uint8_t *map;
    size_t page;
    uint64_t pages;
    uint8_t *used;  /* a bit for each page */
    unsigned found; /* a bit for each kind of tree */
    struct check_result *out;
};

struct tree {
    struct walk *w;
    enum kind kind;
    struct check_tree want, seen;
    struct bytes of;   /* TREE_IDS: the index key whose ids these are */
    struct bytes last; /* the last key or separator */
    bool any;          /* there is a last one */
    bool may_equal;    /* it was a separator: the next key may be the same */
};

static enum rc tree_walk(struct walk *w, enum kind kind, const struct check_tree *want,
                         struct bytes of);

static enum rc use_pages(struct walk *w, uint64_t first, uint64_t n)
{
    REQUIRE(first >= FIRST_PAGE && first < w->pages && n <= w->pages - first, RC_STORE_CORRUPT);
    for (uint64_t i = first; i < first + n; i++) {
        const uint8_t bit = (uint8_t)(1u << (i % 8));
        REQUIRE((w->used[i / 8] & bit) == 0, RC_STORE_CORRUPT);
        w->used[i / 8] |= bit;
    }
    return RC_OK;
}

static const uint8_t *page_at(const struct walk *w, uint64_t number)
{
    return w->map + number * w->page;
}

/* ---- order ---------------------------------------------------------------------------------------- */

static enum rc next_key(struct tree *t, struct bytes key, bool separator)
{
    REQUIRE(key.n > 0 && (t->kind != TREE_FREE || key.n == 8), RC_STORE_CORRUPT);
    if (t->any) {
        int d = 0;
        if (t->kind == TREE_FREE) {
            const uint64_t a = get_u64_le(t->last.p);
            const uint64_t b = get_u64_le(key.p);
            d = a < b ? -1 : a > b;
        } else {
            d = page_compare(t->last, key);
        }
        REQUIRE(d < 0 || (d == 0 && t->may_equal && !separator), RC_STORE_CORRUPT);
    }
    t->last = key;
    t->any = true;
    t->may_equal = separator;
    return RC_OK;
}

/* ---- values ----------------------------------------------------------------------------------------- */

/* The bytes of a leaf node's value, wherever they are. */
static enum rc value_of(struct tree *t, const struct node *node, struct bytes *ret)
{
    if ((node->flags & NODE_BIG) == 0) {
        *ret = node->data;
        return RC_OK;
    }
    struct walk *w = t->w;
    const uint64_t first = get_u64_le(node->data.p);
    REQUIRE(first >= FIRST_PAGE && first < w->pages, RC_STORE_CORRUPT);
    const uint8_t *p = page_at(w, first);
    const uint64_t n = page_u32(p + 12);
    const uint64_t need = (PAGE_HEADER - 1 + node->size) / w->page + 1;
    REQUIRE(get_u64_le(p) == first && (page_u16(p + 10) & PAGE_KIND) == PAGE_OVERFLOW,
            RC_STORE_CORRUPT);
    REQUIRE(n >= need, RC_STORE_CORRUPT);
    TRY(use_pages(w, first, n));
    t->seen.overflow_pages += n;
    *ret = BYTES(p + PAGE_HEADER, node->size);
    return RC_OK;
}

/* A record of the free list: a count, then that many page numbers. */
static enum rc free_entry(struct tree *t, const struct node *node)
{
    REQUIRE((node->flags & ~(unsigned)NODE_BIG) == 0, RC_STORE_CORRUPT);
    struct bytes v;
    TRY(value_of(t, node, &v));
    REQUIRE(v.n >= 8 && v.n % 8 == 0, RC_STORE_CORRUPT);
    const uint64_t n = get_u64_le(v.p);
    REQUIRE(n <= v.n / 8 - 1, RC_STORE_CORRUPT);
    for (uint64_t i = 1; i <= n; i++) {
        const uint64_t number = get_u64_le(v.p + 8 * i);
        REQUIRE(i == 1 || number < get_u64_le(v.p + 8 * (i - 1)), RC_STORE_CORRUPT);
        TRY(use_pages(t->w, number, 1));
    }
    t->seen.entries++;
    return RC_OK;
}

static enum rc plain_entry(struct tree *t, const struct node *node)
{
    REQUIRE((node->flags & ~(unsigned)NODE_BIG) == 0, RC_STORE_CORRUPT);
    struct bytes v;
    TRY(value_of(t, node, &v));
    t->seen.entries++;
    if (t->kind != TREE_FORMAT) {
        t->w->out->sum += sum_value(t->kind == TREE_META ? STORE_META : STORE_OBJECT, node->key, v);
        return RC_OK;
    }
    REQUIRE(bytes_equal(node->key, BYTES_STR(CHECK_FORMAT_KEY)) && v.n == CHECK_FORMAT_SIZE,
            RC_STORE_CORRUPT);
    t->w->out->version = page_u32(v.p);
    t->w->out->stored_sum = get_u64_le(v.p + 4);
    return RC_OK;
}

/* One value of an index key. */
static enum rc id_entry(struct tree *t, struct bytes key, struct bytes id)
{
    REQUIRE(id.n == ID_SIZE, RC_STORE_CORRUPT);
    t->w->out->sum += sum_id(key, get_u64_be(id.p));
    t->seen.entries++;
    return RC_OK;
}

/* An index key: with one id, with a few in a page inside the node, or with a tree of them. */
static enum rc index_entry(struct tree *t, const struct node *node)
{
    switch (node->flags) {
    case 0:
        return id_entry(t, node->key, node->data);
    case NODE_DUP: {
        struct page pg;
        TRY(page_open(node->data.p, node->data.n, PAGE_NUMBER_SUB, &pg));
        REQUIRE(pg.n > 0, RC_STORE_CORRUPT);
        for (unsigned i = 0; i < pg.n; i++) {
            REQUIRE(i == 0 || page_compare(page_value(&pg, i - 1), page_value(&pg, i)) < 0,
                    RC_STORE_CORRUPT);
            TRY(id_entry(t, node->key, page_value(&pg, i)));
        }
        return RC_OK;
    }
    case NODE_DUP | NODE_TREE: {
        REQUIRE(node->data.n == CHECK_TREE_SIZE, RC_STORE_CORRUPT);
        struct check_tree ids;
        check_tree_read(node->data.p, &ids);
        REQUIRE(ids.flags == IDS_FLAGS && ids.pad == ID_SIZE, RC_STORE_CORRUPT);
        TRY(tree_walk(t->w, TREE_IDS, &ids, node->key));
        t->seen.entries += ids.entries;
        return RC_OK;
    }
    default:
        return RC_STORE_CORRUPT;
    }
}

/* A tree by name. */
static enum rc main_entry(struct tree *t, const struct node *node)
{
    static const struct {
        struct bytes name;
        enum kind kind;
        unsigned flags;
    } names[] = {
        {{(const uint8_t *)CHECK_NAME_FORMAT, sizeof(CHECK_NAME_FORMAT) - 1}, TREE_FORMAT, 0},
        {{(const uint8_t *)CHECK_NAME_META, sizeof(CHECK_NAME_META) - 1}, TREE_META, 0},
        {{(const uint8_t *)CHECK_NAME_OBJECT, sizeof(CHECK_NAME_OBJECT) - 1}, TREE_OBJECT, 0},
        {{(const uint8_t *)CHECK_NAME_INDEX, sizeof(CHECK_NAME_INDEX) - 1}, TREE_INDEX, 0x14},
    };
    t->seen.entries++;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!bytes_equal(names[i].name, node->key)) {
            continue;
        }
        REQUIRE(node->flags == NODE_TREE && node->data.n == CHECK_TREE_SIZE, RC_STORE_CORRUPT);
        struct check_tree named;
        check_tree_read(node->data.p, &named);
        REQUIRE(named.flags == names[i].flags, RC_STORE_CORRUPT);
        t->w->found |= 1u << names[i].kind;
        return tree_walk(t->w, names[i].kind, &named, BYTES_NONE);
    }
    t->w->out->foreign = true;
    return RC_OK;
}

/* ---- pages ------------------------------------------------------------------------------------------ */

static enum rc leaf_page(struct tree *t, const struct page *pg)
{
    t->seen.leaf_pages++;
    if (t->kind == TREE_IDS) {
        REQUIRE(pg->kind == (PAGE_LEAF | PAGE_LEAF2) && pg->n > 0, RC_STORE_CORRUPT);
        for (unsigned i = 0; i < pg->n; i++) {
            TRY(next_key(t, page_value(pg, i), false));
            TRY(id_entry(t, t->of, page_value(pg, i)));
        }
        return RC_OK;
    }
    REQUIRE(pg->kind == PAGE_LEAF && pg->n > 0, RC_STORE_CORRUPT);
    for (unsigned i = 0; i < pg->n; i++) {
        struct node node;
        page_node(pg, i, &node);
        TRY(next_key(t, node.key, false));
        switch (t->kind) {
        case TREE_MAIN:
            TRY(main_entry(t, &node));
            break;
        case TREE_FREE:
            TRY(free_entry(t, &node));
            break;
        case TREE_INDEX:
            TRY(index_entry(t, &node));
            break;
        default:
            TRY(plain_entry(t, &node));
            break;
        }
    }
    return RC_OK;
}

static enum rc page_walk(struct tree *t, uint64_t number,
                         unsigned depth) // NOLINT(misc-no-recursion)
{
    TRY(use_pages(t->w, number, 1));
    struct page pg;
    TRY(page_open(page_at(t->w, number), t->w->page, number, &pg));
    if (depth == 1) {
        return leaf_page(t, &pg);
    }
    REQUIRE(pg.kind == PAGE_BRANCH && pg.n >= (t->kind == TREE_FREE ? 1u : 2u), RC_STORE_CORRUPT);
    t->seen.branch_pages++;
    for (unsigned i = 0; i < pg.n; i++) {
        struct node node;
        page_node(&pg, i, &node);
        if (i > 0) { /* the first has no separator */
            TRY(next_key(t, node.key, true));
        }
        TRY(page_walk(t, node.child, depth - 1));
    }
    return RC_OK;
}

static enum rc tree_walk(struct walk *w, enum kind kind, const struct check_tree *want,
                         struct bytes of)
{
    if (want->root == NO_ROOT) {
        REQUIRE(want->depth == 0 && want->entries == 0, RC_STORE_CORRUPT);
        return RC_OK;
    }
    REQUIRE(want->depth >= 1 && want->depth <= MAX_DEPTH, RC_STORE_CORRUPT);
    struct tree t = {.w = w, .kind = kind, .want = *want, .of = of};
    TRY(page_walk(&t, want->root, want->depth));
    REQUIRE(t.seen.entries == want->entries && t.seen.branch_pages == want->branch_pages &&
                t.seen.leaf_pages == want->leaf_pages &&
                t.seen.overflow_pages == want->overflow_pages,
            RC_STORE_CORRUPT);
    return RC_OK;
}

static enum rc walk_all(struct walk *w, const struct check_meta *meta)
{
    TRY(tree_walk(w, TREE_MAIN, &meta->main, BYTES_NONE));
    TRY(tree_walk(w, TREE_FREE, &meta->free, BYTES_NONE));
    const unsigned all = 1u << TREE_FORMAT | 1u << TREE_META | 1u << TREE_OBJECT | 1u << TREE_INDEX;
    if (w->found != all) {
        w->out->foreign = true;
    }
    return RC_OK;
}

enum rc check_trees(int fd, const struct check_meta *meta, struct check_result *ret)
{
    const uint64_t pages = meta->last_page + 1;
    REQUIRE(pages <= SIZE_MAX / 2 / meta->page, RC_STORE_CORRUPT);
    AUTO_FREE uint8_t *used = mem_alloc((size_t)(pages / 8 + 1));
    REQUIRE(used != NULL, RC_HOST_MEMORY);
    void *map = mmap(NULL, pages * meta->page, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    REQUIRE(map != MAP_FAILED, place_errno(errno));
    struct check_result out = {0};
    struct walk w = {.map = map, .page = meta->page, .pages = pages, .used = used, .out = &out};
    const enum rc rc = walk_all(&w, meta);
    (void)munmap(map, pages * meta->page);
    TRY(rc);
    *ret = out;
    return RC_OK;
}
