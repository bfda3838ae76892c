/* What pays by hand with 64-byte registers: tables of up to 256 bytes are looked up for 64 rows at once (VBMI). */

#define ROWS_512 64
#define AHEAD 4096 /* bytes: what lies in the next page of memory does not come by itself */
#define PAGES 16 /* of 128 bytes: more are slower than one look-up after the other */

/* Look up bytes in a table of up to 256; `table` has 256 places whatever its limit. */
ALWAYS_INLINE __m512i bytes_of_512(const uint8_t *table, size_t limit, __m512i codes) {
    const __m512i a = _mm512_loadu_si512(table);
    if (limit <= 64) return _mm512_permutexvar_epi8(codes, a);
    {
        const __m512i low = _mm512_permutex2var_epi8(a, codes, _mm512_loadu_si512(table + 64));
        if (limit <= 128) return low;
        return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(codes),
                                    _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), codes, _mm512_loadu_si512(table + 192)));
    }
}

/* Wide values to 64 bits, eight at a time; returns how many were done. */
static size_t narrow_512(const int64_t *values, size_t rows, int64_t *out) {
    const __m512i lows = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), highs = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i most = _mm512_set1_epi64(INT64_MAX);
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const __m512i a = _mm512_loadu_si512(values + 2 * row), b = _mm512_loadu_si512(values + 2 * row + 8);
        const __m512i low = _mm512_permutex2var_epi64(a, lows, b), high = _mm512_permutex2var_epi64(a, highs, b);
        const __mmask8 fits = _mm512_cmpeq_epi64_mask(high, _mm512_srai_epi64(low, 63));
        const __m512i nearest = _mm512_xor_si512(_mm512_srai_epi64(high, 63), most);
        _mm512_storeu_si512(out + row, _mm512_mask_mov_epi64(nearest, fits, low));
    }
    return row;
}

/* A binary search among marks in registers; `steps` is a constant. */
ALWAYS_INLINE size_t few_512(const unsigned steps, const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    const __m512i a = _mm512_loadu_si512(cuts->marks), b = _mm512_loadu_si512(cuts->marks + 8);
    int64_t wide[16];
    __m512i low, high, middle;
    size_t row = 0;
    for (unsigned place = 0; place < 16; place++) {
        wide[place] = cuts->width == 1 ? ((const uint8_t *)cuts->codes)[place] : ((const uint16_t *)cuts->codes)[place];
    }
    low = _mm512_loadu_si512(wide);
    high = _mm512_loadu_si512(wide + 8);
    middle = _mm512_set1_epi64(steps ? cuts->marks[((size_t)1 << steps) / 2 - 1] : 0);
    for (; row + 8 <= rows; row += 8) {
        const __m512i value = _mm512_loadu_si512(values + row);
        __m512i place = _mm512_setzero_si512();
        _mm_prefetch((const char *)((uintptr_t)(values + row) + AHEAD), _MM_HINT_T0);
        if (steps > 0) {
            const __mmask8 reached = _mm512_cmple_epi64_mask(middle, value);
            place = _mm512_maskz_set1_epi64(reached, (int64_t)1 << (steps - 1));
        }
        for (unsigned step = steps > 0 ? steps - 1 : 0; step-- > 0;) {
            const int64_t half = (int64_t)1 << step;
            const __m512i at = _mm512_add_epi64(place, _mm512_set1_epi64(half - 1));
            const __m512i mark = steps <= 3 ? _mm512_permutexvar_epi64(at, a) : _mm512_permutex2var_epi64(a, at, b);
            const __mmask8 reached = _mm512_cmple_epi64_mask(mark, value);
            place = _mm512_mask_add_epi64(place, reached, place, _mm512_set1_epi64(half));
        }
        {
            const __m512i code = steps <= 3 ? _mm512_permutexvar_epi64(place, low) : _mm512_permutex2var_epi64(low, place, high);
            if (cuts->width == 1) _mm_storel_epi64((__m128i *)(void *)((uint8_t *)out + row), _mm512_cvtepi64_epi8(code));
            else _mm_storeu_si128((__m128i *)(void *)((uint16_t *)out + row), _mm512_cvtepi64_epi16(code));
        }
    }
    return row;
}

static size_t encode_few_512(const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    switch (cuts->steps) {
    case 0: return few_512(0, values, rows, cuts, out);
    case 1: return few_512(1, values, rows, cuts, out);
    case 2: return few_512(2, values, rows, cuts, out);
    case 3: return few_512(3, values, rows, cuts, out);
    default: return few_512(4, values, rows, cuts, out);
    }
}

/* The places of values in a table of the whole span. */
static size_t span_places_512(const int64_t *values, size_t rows, const Cuts *cuts, uint16_t *places) {
    const __m512i low = _mm512_set1_epi64(cuts->low), end = _mm512_set1_epi64((int64_t)cuts->span), one = _mm512_set1_epi64(1);
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const __m512i value = _mm512_loadu_si512(values + row);
        const __mmask8 is_above = _mm512_cmpge_epi64_mask(value, low);
        const __m512i beyond = _mm512_min_epu64(_mm512_sub_epi64(value, low), end);
        _mm_prefetch((const char *)((uintptr_t)(values + row) + AHEAD), _MM_HINT_T0);
        _mm_storeu_si128((__m128i *)(void *)(places + row), _mm512_cvtepi64_epi16(_mm512_maskz_add_epi64(is_above, beyond, one)));
    }
    return row;
}

/* The keys of values by their high bits. */
static size_t linear_keys_512(const int64_t *values, size_t rows, const Cuts *cuts, uint16_t *keys) {
    const __m512i low = _mm512_set1_epi64(cuts->low), end = _mm512_set1_epi64((int64_t)cuts->span);
    const __m128i shift = _mm_cvtsi32_si128((int)cuts->shift);
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const __m512i value = _mm512_loadu_si512(values + row);
        const __mmask8 is_above = _mm512_cmpge_epi64_mask(value, low);
        const __m512i beyond = _mm512_min_epu64(_mm512_maskz_sub_epi64(is_above, value, low), end);
        _mm_prefetch((const char *)((uintptr_t)(values + row) + AHEAD), _MM_HINT_T0);
        _mm_storeu_si128((__m128i *)(void *)(keys + row), _mm512_cvtepi64_epi16(_mm512_srl_epi64(beyond, shift)));
    }
    return row;
}

/* The keys of values by the bits of a double; the compiler does not find the conversion by itself. */
static size_t float_keys_512(const int64_t *values, size_t rows, const Cuts *cuts, uint16_t *keys) {
    const __m512i low = _mm512_set1_epi64(cuts->low), end = _mm512_set1_epi64((int64_t)cuts->span);
    const __m512i base = _mm512_set1_epi64((int64_t)cuts->base);
    const __m128i shift = _mm_cvtsi32_si128((int)cuts->shift);
    size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
        const __m512i value = _mm512_loadu_si512(values + row);
        const __mmask8 is_above = _mm512_cmpge_epi64_mask(value, low);
        const __m512i beyond = _mm512_min_epu64(_mm512_maskz_sub_epi64(is_above, value, low), end);
        _mm_prefetch((const char *)((uintptr_t)(values + row) + AHEAD), _MM_HINT_T0);
        const __m512i bits = _mm512_srl_epi64(_mm512_castpd_si512(_mm512_cvtepi64_pd(beyond)), shift);
        const __m512i key = _mm512_sub_epi64(_mm512_max_epu64(bits, base), base);
        _mm_storeu_si128((__m128i *)(void *)(keys + row), _mm512_cvtepi64_epi16(key));
    }
    return row;
}

static void veil_512(uint8_t *codes, uint64_t lacking, uint8_t unknown) {
    _mm512_storeu_si512(codes, _mm512_mask_set1_epi8(_mm512_loadu_si512(codes), lacking, (char)unknown));
}

static void spread_512(uint64_t word, uint8_t off, uint8_t on, uint8_t *out) {
    _mm512_storeu_si512(out, _mm512_mask_blend_epi8(word, _mm512_set1_epi8((char)off), _mm512_set1_epi8((char)on)));
}

/* Codes of one byte, up to 256 of them, by indices of one byte, two or four; returns how many were done, and the largest index.
 * What is looked up for one that is too large is nothing but wrong. */
static size_t translate_512(const Words *words, size_t from, size_t rows, uint8_t *out, uint64_t *largest) {
    const int is_narrow = words->width == 1 && words->sort == UNSIGNED;
    uint8_t table[256] = {0};
    size_t row = 0;
    memcpy(table, words->codes, words->count);
    if (is_narrow) {
        const uint8_t *indices = (const uint8_t *)words->indices + from;
        __m512i most = _mm512_setzero_si512();
        uint8_t found[ROWS_512];
        for (; row + ROWS_512 <= rows; row += ROWS_512) {
            const __m512i index = _mm512_loadu_si512(indices + row);
            most = _mm512_max_epu8(most, index);
            _mm512_storeu_si512(out + row, bytes_of_512(table, words->count, index));
        }
        _mm512_storeu_si512(found, most);
        for (unsigned place = 0; place < ROWS_512; place++) *largest = found[place] > *largest ? found[place] : *largest;
    } else if (words->width == 2 && words->sort == UNSIGNED) {
        const uint16_t *indices = (const uint16_t *)words->indices + from;
        __m512i most = _mm512_setzero_si512();
        uint16_t found[32];
        for (; row + ROWS_512 <= rows; row += ROWS_512) {
            const __m512i a = _mm512_loadu_si512(indices + row), b = _mm512_loadu_si512(indices + row + 32);
            const __m512i index = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(a)), _mm512_cvtepi16_epi8(b), 1);
            most = _mm512_max_epu16(most, _mm512_max_epu16(a, b));
            _mm512_storeu_si512(out + row, bytes_of_512(table, words->count, index));
        }
        _mm512_storeu_si512(found, most);
        for (unsigned place = 0; place < 32; place++) *largest = found[place] > *largest ? found[place] : *largest;
    } else if (words->width == 4) {
        const uint32_t *indices = (const uint32_t *)words->indices + from;
        __m512i most = _mm512_setzero_si512();
        for (; row + ROWS_512 <= rows; row += ROWS_512) {
            __m512i index;
            const __m512i a = _mm512_loadu_si512(indices + row), b = _mm512_loadu_si512(indices + row + 16);
            const __m512i c = _mm512_loadu_si512(indices + row + 32), d = _mm512_loadu_si512(indices + row + 48);
            most = _mm512_max_epu32(_mm512_max_epu32(most, _mm512_max_epu32(a, b)), _mm512_max_epu32(c, d));
            index = _mm512_castsi128_si512(_mm512_cvtepi32_epi8(a));
            index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(b), 1);
            index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(c), 2);
            index = _mm512_inserti32x4(index, _mm512_cvtepi32_epi8(d), 3);
            _mm512_storeu_si512(out + row, bytes_of_512(table, words->count, index));
        }
        *largest = _mm512_reduce_max_epu32(most);
        for (; row < rows && indices[row] < words->count; row++) out[row] = table[indices[row]];
        if (row < rows) *largest = indices[row];
    }
    return row;
}

/* Sums below 256: one byte for each row all the way. */
static size_t dense_bytes_512(const Dense *dense, size_t from, size_t rows, void *out) {
    const Columns *columns = &dense->columns;
    uint8_t table[256] = {0};
    uint8_t sums[ROWS_512];
    size_t row = 0;
    if (dense->width == 1) memcpy(table, dense->table, (size_t)dense->largest + 1);
    for (; row + ROWS_512 <= rows; row += ROWS_512) {
        __m512i sum = _mm512_setzero_si512();
        for (size_t column = 0; column < columns->count; column++) {
            const __m512i codes = _mm512_loadu_si512((const uint8_t *)columns->codes[column] + from + row);
            sum = _mm512_add_epi8(sum, bytes_of_512(dense->bytes + 512 * column, columns->limits[column], codes));
        }
        if (dense->width == 1) {
            _mm512_storeu_si512((uint8_t *)out + from + row, bytes_of_512(table, (size_t)dense->largest + 1, sum));
            continue;
        }
        _mm512_storeu_si512(sums, sum);
        if (dense->width == 2) {
            uint16_t *found = (uint16_t *)out + from + row;
            for (unsigned place = 0; place < ROWS_512; place++) found[place] = ((const uint16_t *)dense->table)[sums[place]];
        } else {
            uint32_t *found = (uint32_t *)out + from + row;
            for (unsigned place = 0; place < ROWS_512; place++) found[place] = ((const uint32_t *)dense->table)[sums[place]];
        }
    }
    return row;
}

/* The sums of a block's columns of bytes, two bytes for each row; those of broader columns are added one by one. */
static size_t sums_512(const Dense *dense, size_t from, size_t rows, uint16_t *sums) {
    const Columns *columns = &dense->columns;
    const __m512i front = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), back = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    size_t row = 0;
    for (; row + ROWS_512 <= rows; row += ROWS_512) {
        __m512i a = _mm512_setzero_si512(), b = a; /* in lanes of 16 bytes the first eight rows and the last eight */
        for (size_t column = 0; column < columns->count; column++) {
            const uint8_t *map = dense->bytes + 512 * column;
            if (columns->widths[column] == 2) continue;
            {
                const __m512i codes = _mm512_loadu_si512((const uint8_t *)columns->codes[column] + from + row);
                const __m512i low = bytes_of_512(map, columns->limits[column], codes);
                const __m512i high = bytes_of_512(map + 256, columns->limits[column], codes);
                a = _mm512_add_epi16(a, _mm512_unpacklo_epi8(low, high));
                b = _mm512_add_epi16(b, _mm512_unpackhi_epi8(low, high));
            }
        }
        _mm512_storeu_si512(sums + row, _mm512_permutex2var_epi64(a, front, b));
        _mm512_storeu_si512(sums + row + 32, _mm512_permutex2var_epi64(a, back, b));
    }
    for (size_t column = 0; column < columns->count; column++) {
        const uint16_t *codes = (const uint16_t *)columns->codes[column] + from;
        if (columns->widths[column] == 1) continue;
        for (size_t place = 0; place < row; place++) sums[place] = (uint16_t)(sums[place] + dense->maps[column][codes[place]]);
    }
    return row;
}

/* Entries of one byte at sums below PAGES times 128: each page of the table is looked up, and the right one kept. */
static void pages_512(const Dense *dense, const uint16_t *sums, size_t rows, uint8_t *out) {
    const unsigned pages = (unsigned)(dense->largest / 128) + 1;
    uint8_t table[PAGES * 128] = {0};
    memcpy(table, dense->table, (size_t)dense->largest + 1);
    for (size_t row = 0; row < rows; row += ROWS_512) { /* whole steps: sums come so */
        const __m512i a = _mm512_loadu_si512(sums + row), b = _mm512_loadu_si512(sums + row + 32);
        const __m512i place = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(a)), _mm512_cvtepi16_epi8(b), 1);
        const __m256i low = _mm512_cvtepi16_epi8(_mm512_srli_epi16(a, 7)), high = _mm512_cvtepi16_epi8(_mm512_srli_epi16(b, 7));
        const __m512i page = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
        __m512i found = _mm512_setzero_si512();
        for (unsigned each = 0; each < pages; each++) {
            const uint8_t *here = table + 128 * (size_t)each;
            const __m512i looked = _mm512_permutex2var_epi8(_mm512_loadu_si512(here), place, _mm512_loadu_si512(here + 64));
            found = _mm512_mask_mov_epi8(found, _mm512_cmpeq_epi8_mask(page, _mm512_set1_epi8((char)each)), looked);
        }
        _mm512_storeu_si512(out + row, found);
    }
}

static size_t dense_512(const Dense *dense, size_t from, size_t rows, void *out) {
    uint16_t sums[BLOCK];
    size_t done;
    int are_bytes = dense->largest < 256;
    if (!dense->bytes) return 0;
    for (size_t column = 0; column < dense->columns.count; column++) are_bytes &= dense->columns.widths[column] == 1;
    if (are_bytes) return dense_bytes_512(dense, from, rows, out);
    done = sums_512(dense, from, rows, sums);
    if (dense->width == 1 && dense->largest < PAGES * 128) {
        pages_512(dense, sums, done, (uint8_t *)out + from);
    } else if (dense->width == 1) {
        uint8_t *found = (uint8_t *)out + from;
        for (size_t row = 0; row < done; row++) found[row] = ((const uint8_t *)dense->table)[sums[row]];
    } else if (dense->width == 2) {
        uint16_t *RESTRICT found = (uint16_t *)out + from;
        for (size_t row = 0; row < done; row++) found[row] = ((const uint16_t *)dense->table)[sums[row]];
    } else {
        uint32_t *RESTRICT found = (uint32_t *)out + from;
        for (size_t row = 0; row < done; row++) found[row] = ((const uint32_t *)dense->table)[sums[row]];
    }
    return done;
}

/* Masks of up to 64 rules, eight rules at a time for 64 rows; `limit` (the most codes of a column) is 64, 128 or 256. */
ALWAYS_INLINE size_t planes_512(const size_t limit, const Masks *masks, const uint8_t *const *codes, size_t rows, uint16_t *out) {
    const size_t count = masks->columns.count, stride = 256 * (size_t)masks->plane_count;
    const __m512i one = _mm512_set1_epi8(1);
    const __m512i none = _mm512_set1_epi16((short)masks->none), many = _mm512_set1_epi16((short)masks->many);
    size_t row = 0;
    for (; row + ROWS_512 <= rows; row += ROWS_512) {
        __m512i rule = _mm512_setzero_si512();
        __mmask64 is_found = 0, is_many = 0;
        for (unsigned plane = masks->plane_count; plane-- > 0;) {
            const uint8_t *table = masks->planes + 256 * (size_t)plane;
            __m512i found = _mm512_set1_epi8(-1), below;
            __mmask64 any;
            for (size_t column = 0; column < count; column++, table += stride) {
                found = _mm512_and_si512(found, bytes_of_512(table, limit, _mm512_loadu_si512(codes[column] + row)));
            }
            any = _mm512_test_epi8_mask(found, found);
            below = _mm512_sub_epi8(found, one);
            is_many |= (is_found & any) | _mm512_test_epi8_mask(found, below);
            is_found |= any;
            rule = _mm512_mask_add_epi8(rule, any, _mm512_popcnt_epi8(_mm512_andnot_si512(found, below)), _mm512_set1_epi8((char)(8 * plane)));
        }
        if (masks->first) is_many = 0;
        for (unsigned half = 0; half < 2; half++) {
            const __m256i bytes = half ? _mm512_extracti64x4_epi64(rule, 1) : _mm512_castsi512_si256(rule);
            __m512i found = _mm512_mask_cvtepu8_epi16(none, (__mmask32)(is_found >> (32 * half)), bytes);
            found = _mm512_mask_mov_epi16(found, (__mmask32)(is_many >> (32 * half)), many);
            _mm512_storeu_si512(out + row + 32 * half, found);
        }
    }
    return row;
}

/* A block of rows; columns of pairs of bytes are brought to their classes first. */
static size_t masks_512(const Masks *masks, size_t from, size_t rows, uint16_t *out) {
    const Columns *columns = &masks->columns;
    uint8_t own[BROAD_COLUMNS][BLOCK];
    const uint8_t *codes[MOST_COLUMNS];
    size_t most = 0, broad = 0;
    for (size_t column = 0; column < columns->count; column++) {
        most = masks->limits[column] > most ? masks->limits[column] : most;
        if (columns->widths[column] == 1) {
            codes[column] = (const uint8_t *)columns->codes[column] + from;
        } else {
            const uint16_t *wide = (const uint16_t *)columns->codes[column] + from;
            const uint8_t *classes = masks->classes[column];
            uint8_t *RESTRICT narrow = own[broad++];
            for (size_t row = 0; row < rows; row++) narrow[row] = classes[wide[row]];
            codes[column] = narrow;
        }
    }
    if (most <= 64) return planes_512(64, masks, codes, rows, out + from);
    if (most <= 128) return planes_512(128, masks, codes, rows, out + from);
    return planes_512(256, masks, codes, rows, out + from);
}

/* And the masks of a row, some words of them, and put those that are not zero behind each other, each with where it stands:
 * `key` and its place. Returns how many there are. Room for a whole line behind them is there. */
ALWAYS_INLINE size_t list_words_512(const uint64_t *const *mask, const size_t count, size_t words, uint32_t key, const WordsBehind *behind,
                                    uint64_t *found, uint32_t *keys, int *is_counted) {
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t listed = 0;
    for (size_t from = 0; from < words; from += 8) {
        const int is_last = words - from <= 8;
        const __mmask8 here = is_last ? (__mmask8)(0xff >> (8 - (words - from))) : 0xff;
        __m512i word = _mm512_maskz_loadu_epi64(here, mask[0] + from);
        __mmask8 any;
        UNROLL
        for (size_t column = 1; column < count; column++) {
            word = _mm512_and_si512(word, _mm512_maskz_loadu_epi64(here, mask[column] + from));
        }
        if (is_last) {
            *is_counted = _mm512_test_epi64_mask(word, _mm512_loadu_si512(behind->bit)) != 0;
            word = _mm512_and_si512(word, _mm512_loadu_si512(behind->rules));
        }
        any = _mm512_test_epi64_mask(word, word);
        _mm512_storeu_si512(found + listed, _mm512_maskz_compress_epi64(any, word));
        _mm256_storeu_si256((__m256i *)(void *)(keys + listed),
                            _mm256_maskz_compress_epi32(any, _mm256_add_epi32(places, _mm256_set1_epi32((int)(key + from)))));
        listed += (size_t)_mm_popcnt_u32(any);
    }
    return listed;
}

/* --- packing --------------------------------------------------------------------------------------------------------------- */

/* Entries of one byte by places of one byte; returns how many were done. */
static size_t entries_of_bytes_512(const Packing *packing, const uint8_t *places, size_t rows, uint8_t *out) {
    const size_t limit = packing->count < 256 ? packing->count : 256;
    size_t row = 0;
    for (; row + ROWS_512 <= rows; row += ROWS_512) {
        _mm512_storeu_si512(out + row, bytes_of_512(packing->table, limit, _mm512_loadu_si512(places + row)));
    }
    return row;
}

/* The low bytes of 64 pairs of bytes. */
ALWAYS_INLINE __m512i low_bytes_512(__m512i a, __m512i b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(a)), _mm512_cvtepi16_epi8(b), 1);
}

/* The same by places of two bytes; `pages` of 128 entries, a constant where it matters. */
ALWAYS_INLINE size_t entries_of_pages_512(const Packing *packing, const uint16_t *places, size_t rows, const unsigned pages, uint8_t *out) {
    size_t row = 0;
    for (; row + ROWS_512 <= rows; row += ROWS_512) {
        const __m512i a = _mm512_loadu_si512(places + row), b = _mm512_loadu_si512(places + row + 32);
        const __m512i place = low_bytes_512(a, b);
        __m512i found = bytes_of_512(packing->table, pages == 1 ? 128 : 256, place);
        if (pages > 2) {
            const __m512i page = low_bytes_512(_mm512_srli_epi16(a, 7), _mm512_srli_epi16(b, 7));
            for (unsigned each = 2; each < pages; each++) {
                const uint8_t *here = packing->table + 128 * (size_t)each;
                const __m512i looked = _mm512_permutex2var_epi8(_mm512_loadu_si512(here), place, _mm512_loadu_si512(here + 64));
                found = _mm512_mask_mov_epi8(found, _mm512_cmpeq_epi8_mask(page, _mm512_set1_epi8((char)each)), looked);
            }
        }
        _mm512_storeu_si512(out + row, found);
    }
    return row;
}

static size_t entries_512(const Packing *packing, const uint16_t *places, size_t rows, uint8_t *out) {
    const unsigned pages = (unsigned)((packing->count + 127) / 128);
    switch (pages) {
    case 1: return entries_of_pages_512(packing, places, rows, 1, out);
    case 2: return entries_of_pages_512(packing, places, rows, 2, out);
    case 3: return entries_of_pages_512(packing, places, rows, 3, out);
    case 4: return entries_of_pages_512(packing, places, rows, 4, out);
    default: return pages <= PAGES ? entries_of_pages_512(packing, places, rows, pages, out) : 0;
    }
}

/* Keep the entries that are numbers, 64 rows at a time; what is written behind them means nothing. */
static size_t squeeze_512(unsigned entry, const void *found, size_t rows, void *kept, uint8_t *present) {
    const __m512i none = _mm512_set1_epi8(-1);
    const uint8_t *here = (const uint8_t *)found;
    uint8_t *numbers = (uint8_t *)kept;
    size_t count = 0;
    for (size_t row = 0; row < rows; row += ROWS_512, here += ROWS_512 * entry) {
        uint64_t has = 0;
        if (entry == 1) {
            const __m512i values = _mm512_loadu_si512(here);
            has = _mm512_cmpneq_epi8_mask(values, none);
            _mm512_storeu_si512(numbers + count, _mm512_maskz_compress_epi8(has, values));
            count += (size_t)_mm_popcnt_u64(has);
        } else if (entry == 2) {
            for (unsigned part = 0; part < 2; part++) {
                const __m512i values = _mm512_loadu_si512(here + 64 * part);
                const __mmask32 some = _mm512_cmpneq_epi16_mask(values, none);
                _mm512_storeu_si512(numbers + 2 * count, _mm512_maskz_compress_epi16(some, values));
                count += (size_t)_mm_popcnt_u32(some);
                has |= (uint64_t)some << (32 * part);
            }
        } else {
            for (unsigned part = 0; part < 4; part++) {
                const __m512i values = _mm512_loadu_si512(here + 64 * part);
                const __mmask16 some = _mm512_cmpneq_epi32_mask(values, none);
                _mm512_storeu_si512(numbers + 4 * count, _mm512_maskz_compress_epi32(some, values));
                count += (size_t)_mm_popcnt_u32(some);
                has |= (uint64_t)some << (16 * part);
            }
        }
        memcpy(present + row / 8, &has, 8);
    }
    return count;
}

/* Numbers of one bit, 64 at a time. */
static uint8_t *pack_bits_512(const uint8_t *numbers, size_t count, uint8_t *out) {
    for (size_t from = 0; from < count; from += ROWS_512, out += 8) {
        const __m512i values = _mm512_loadu_si512(numbers + from);
        const uint64_t word = _mm512_test_epi8_mask(values, values);
        memcpy(out, &word, 8);
    }
    return out;
}
