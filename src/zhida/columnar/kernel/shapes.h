/* What all parts of the kernel share: what a call works on, once its arguments have been checked.
 *
 *   native.c    Python's side: the choice of a path, memory, exceptions
 *   arguments.h Python's arguments, held and checked
 *   shapes.h    this file
 *   cuts.h      thresholds made ready for counting
 *   sources.h   columns that are not coded yet
 *   loops.h     every loop in plain C; compiled once for each path
 *   packing.h   and those that count columns of few values and make them into what a page of Parquet holds
 *   avx2.h      what pays by hand with 32-byte registers
 *   avx512.h    what pays by hand with 64-byte registers
 *
 * Nothing here or in the loops touches a Python object, allocates memory or can fail except by a code that is too large.
 */
#ifndef ZHIDA_SHAPES_H
#define ZHIDA_SHAPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE static inline __attribute__((always_inline, unused))
#define MAY_BE_UNUSED __attribute__((unused))
#define RESTRICT __restrict__
#ifdef __clang__
#define UNROLL _Pragma("unroll 8")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif
#define IS_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
ALWAYS_INLINE unsigned lowest_bit(uint64_t word) { return (unsigned)__builtin_ctzll(word); }
ALWAYS_INLINE unsigned highest_bit(uint64_t word) { return 63u - (unsigned)__builtin_clzll(word); }
#else
#include <intrin.h>
#define ALWAYS_INLINE static __forceinline
#define MAY_BE_UNUSED
#define RESTRICT __restrict
#define UNROLL
#define IS_LITTLE 1
ALWAYS_INLINE unsigned lowest_bit(uint64_t word) {
    unsigned place = 0;
    while (!(word >> place & 1)) place++;
    return place;
}
ALWAYS_INLINE unsigned highest_bit(uint64_t word) {
    unsigned place = 63;
    while (!(word >> place & 1)) place--;
    return place;
}
#endif

/* The paths for x86-64 need the per-function targets of gcc and clang. */
#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define HAS_X86_PATHS 1
#include <immintrin.h>
#else
#define HAS_X86_PATHS 0
#endif

enum {
    BLOCK = 2048,       /* rows at a time: what lies between two steps stays in the first-level cache; a multiple of 64 */
    STRETCH = 8192,     /* rows whose codes are made and used before the next ones: they stay in the second-level cache */
    FEW = 15,           /* thresholds that are counted without a table in memory */
    MOST_FIXES = 4,     /* comparisons behind a key, at most */
    KEYS = 1 << 14,     /* entries of a table of keys, at most */
    FAST_COLUMNS = 8,   /* columns that are added or anded in one pass */
    BROAD_COLUMNS = 8,  /* columns of pairs of bytes whose masks are cut into planes, at most */
    WORD_RULES = 64,    /* rules in a word of a mask */
    MOST_WORDS = 64,    /* words of a mask whose sums are added up from a list */
    LISTED = 1024,      /* words that are listed before they are added up */
    ROOM = 256          /* bytes that are loaded from a table at once, at most */
};

/* The elements of an array; the width in bytes is at hand separately. */
typedef enum { SIGNED, UNSIGNED, WIDE } Sort;

/* Which rows count: none given, one bit for each row as Arrow keeps them, or one byte. */
typedef struct {
    const uint8_t *bits;
    size_t offset;
    const uint8_t *bytes;
} Valid;

/* Thresholds made ready (see cuts.h), and the code of each count. */
typedef enum { BY_STEPS, BY_SPAN, BY_LINEAR_KEY, BY_FLOAT_KEY } Way;
typedef struct {
    Way way;
    size_t count;             /* thresholds */
    const int64_t *marks;     /* the thresholds, and behind them as many INT64_MAX as the way wants */
    unsigned steps;           /* BY_STEPS: there are 2^steps - 1 marks */
    int64_t low;              /* the first threshold */
    uint64_t span;            /* from the first to the last */
    unsigned shift;           /* what a key leaves out */
    uint64_t base;            /* BY_FLOAT_KEY: the key of 1, less one */
    size_t keys;              /* entries of `starts` */
    unsigned fixes;           /* comparisons behind a key */
    const uint16_t *starts;   /* of each key: how many thresholds have a smaller key; BY_SPAN: how many are reached */
    const void *codes;        /* of each count, repeated at the end as often as there are INT64_MAX */
    const void *sure;         /* by keys: the code of each key that no threshold has, else `unsure`; NULL where that is itself a code */
    unsigned unsure;
    unsigned width;           /* of a code in bytes: 1 or 2 */
    unsigned unknown;         /* the code of rows that do not count */
} Cuts;

typedef struct {
    const void *values;
    unsigned width;           /* 1, 2, 4, 8, or 16 for WIDE */
    Sort sort;
    size_t rows;
    Valid valid;
} Values;

/* Columns of codes, and how many codes each may have. */
typedef struct {
    size_t count, rows;
    const void *const *codes;
    const uint8_t *widths;    /* 1 or 2 */
    const size_t *limits;
    const uint8_t *known;     /* of columns whose codes were all looked at beforehand: not zero */
} Columns;

typedef struct {
    Columns columns;
    const uint32_t *const *maps;
    const void *table;
    unsigned width;           /* 1, 2 or 4 */
    uint64_t largest;         /* the largest sum of map entries; below the table's length */
    const uint8_t *bytes;     /* for each column 512 bytes: the low bytes of its map, then the high ones; NULL where sums are wider */
} Dense;

typedef struct {
    Columns columns;
    const uint64_t *const *masks;
    size_t words;
    const uint8_t *planes;    /* masks of one word: for each column and each eight rules 256 bytes; else NULL */
    unsigned plane_count;
    const uint8_t *const *classes; /* of columns of pairs of bytes: which of its masks, told apart, a code has; else NULL */
    const size_t *limits;     /* how many codes or classes each column has in the planes */
    int first;
    uint16_t none, many;
} Masks;

/* What each rule adds to the sum of a row. */
typedef struct {
    const int64_t *numbers;   /* one for each bit of the masks; 0 for those that are no rules */
    const int64_t *parts;     /* masks of one word: for each of its bytes 256 sums; else NULL */
    size_t behind;            /* the bit behind the rules: rows count that have it */
    int64_t none, empty;      /* the answers where a row does not count, and where it counts and no rule matches */
} Addends;

/* The last words of masks, eight of them: where the bit behind the rules is, and the bits of rules. */
typedef struct {
    uint64_t bit[8], rules[8];
} WordsBehind;

typedef struct {
    const void *indices;
    unsigned width;
    Sort sort;
    size_t rows, count;       /* rows, and codes */
    const void *codes;
    unsigned code_width;
    Valid valid;
    unsigned unknown;
} Words;

typedef struct {
    Valid bits;               /* the bits; always given */
    size_t rows;
    unsigned off, on, width;  /* the codes, and their width in bytes */
    Valid valid;
    unsigned unknown;
} Bits;

/* A column of few values: of each row the place of an entry in a table. */
typedef struct {
    const void *places;
    unsigned width;           /* of a place in bytes: 1, 2, 4 or 8; one with a sign is taken as one without */
    size_t rows, count;       /* rows, and entries of the table */
    const uint8_t *table;     /* entries of 1, 2 or 4 bytes, and behind them zeros up to a whole number of ROOM bytes */
    unsigned entry;           /* bytes of an entry; 4 where there are more entries than two bytes can tell apart */
    int has_none;             /* whether an entry has no number; it has all bits, and no other has */
    unsigned bits;            /* of a number where it is packed: 0 to 32 */
    uint8_t *packed, *end;    /* where numbers go, and the end of the room for them */
    uint8_t *present;         /* one bit for each row; written where an entry has no number */
} Packing;

/* The code that a column may not have: it is `code` in `row`. `column` is negative where there is none. */
typedef struct {
    long column;
    size_t row;
    uint64_t code;
} Fault;

typedef struct {
    const char *name;
    int level; /* 0 plain C, 2 AVX2, 3 AVX-512 */
    void (*encode)(const Values *, const Cuts *, void *out);
    Fault (*translate)(const Words *, void *out);
    void (*translate_bits)(const Bits *, void *out);
    Fault (*decide_dense)(const Dense *, void *out);
    Fault (*decide_masks)(const Masks *, uint16_t *out);
    Fault (*match)(const Masks *, uint64_t *out);
    Fault (*sum_masks)(const Masks *, const Addends *, int64_t *out);
    Fault (*count)(const Packing *, uint64_t *counts, size_t apart);
    Fault (*pack)(const Packing *, size_t *found);
} Path;

/* Eight bytes, the least significant first, on every machine. */
ALWAYS_INLINE uint64_t load_word(const uint8_t *bytes) {
    uint64_t word = 0;
    if (IS_LITTLE) memcpy(&word, bytes, 8);
    else for (unsigned place = 0; place < 8; place++) word |= (uint64_t)bytes[place] << (8 * place);
    return word;
}

ALWAYS_INLINE void store_word(uint8_t *bytes, uint64_t word) {
    if (IS_LITTLE) memcpy(bytes, &word, 8);
    else for (unsigned place = 0; place < 8; place++) bytes[place] = (uint8_t)(word >> (8 * place));
}

ALWAYS_INLINE uint64_t minimum(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The bits of up to 64 rows from `row`; bits behind the last row are zero. Never reads a byte that holds no row. */
ALWAYS_INLINE uint64_t valid_word(const uint8_t *bits, size_t offset, size_t row, size_t rows) {
    const size_t from = offset + row, left = rows - row;
    const unsigned shift = (unsigned)(from & 7);
    const unsigned count = left < 64 ? (unsigned)left : 64;
    const uint8_t *start = bits + (from >> 3);
    const unsigned bytes = (shift + count + 7) / 8;
    uint64_t word = 0;
    if (bytes >= 8 && IS_LITTLE) {
        memcpy(&word, start, 8);
    } else {
        for (unsigned place = 0; place < bytes && place < 8; place++) word |= (uint64_t)start[place] << (8 * place);
    }
    word >>= shift;
    if (bytes == 9) word |= (uint64_t)start[8] << (64 - shift);
    return count == 64 ? word : word & ((UINT64_C(1) << count) - 1);
}

#endif
