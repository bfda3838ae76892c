/* What pays by hand with 32-byte registers: tables of up to 64 bytes are looked up for 32 rows at once, 16 entries at a time. */

#define ROWS_256 32
#define MOST_256 64 /* entries of a table; beyond, plain look-ups are as fast */

ALWAYS_INLINE __m256i bytes_of_256(const uint8_t *table, size_t limit, __m256i codes) {
    const __m256i over = _mm256_set1_epi8(0x70); /* added with saturation, it lifts what is no place of the 16 to 128 and more */
    const __m256i a = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
    __m256i found = _mm256_shuffle_epi8(a, _mm256_adds_epu8(codes, over));
    for (size_t start = 16; start < limit; start += 16) {
        const __m256i more = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(table + start)));
        const __m256i place = _mm256_sub_epi8(codes, _mm256_set1_epi8((char)start));
        found = _mm256_or_si256(found, _mm256_shuffle_epi8(more, _mm256_adds_epu8(place, over)));
    }
    return found;
}

/* Count the marks that four values have not reached, then look the code up among 16; 16 rows at a time. */
static size_t encode_few_256(const int64_t *values, size_t rows, const Cuts *cuts, void *out) {
    const __m256i count = _mm256_set1_epi16((short)cuts->count);
    uint8_t low[16], high[16];
    __m128i lows, highs;
    size_t row = 0;
    for (unsigned place = 0; place < 16; place++) {
        const unsigned code = cuts->width == 1 ? ((const uint8_t *)cuts->codes)[place] : ((const uint16_t *)cuts->codes)[place];
        low[place] = (uint8_t)code;
        high[place] = (uint8_t)(code >> 8);
    }
    lows = _mm_loadu_si128((const __m128i *)(const void *)low);
    highs = _mm_loadu_si128((const __m128i *)(const void *)high);
    for (; row + 16 <= rows; row += 16) {
        __m256i value[4], lacking[4];
        for (unsigned part = 0; part < 4; part++) {
            value[part] = _mm256_loadu_si256((const __m256i *)(const void *)(values + row + 4 * part));
            lacking[part] = _mm256_setzero_si256();
        }
        for (size_t place = 0; place < cuts->count; place++) {
            const __m256i mark = _mm256_set1_epi64x(cuts->marks[place]);
            for (unsigned part = 0; part < 4; part++) lacking[part] = _mm256_add_epi64(lacking[part], _mm256_cmpgt_epi64(mark, value[part]));
        }
        {
            /* 4 x 4 counts of 64 bits, each 0 or less, to 16 of 16 bits in the order of the rows */
            const __m256i a = _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(lacking[0]), _mm256_castsi256_ps(lacking[1]), 0x88));
            const __m256i b = _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(lacking[2]), _mm256_castsi256_ps(lacking[3]), 0x88));
            const __m256i c = _mm256_packs_epi32(_mm256_permute4x64_epi64(a, 0xd8), _mm256_permute4x64_epi64(b, 0xd8));
            const __m256i places = _mm256_add_epi16(count, _mm256_permute4x64_epi64(c, 0xd8));
            const __m128i place = _mm_packus_epi16(_mm256_castsi256_si128(places), _mm256_extracti128_si256(places, 1));
            const __m128i codes = _mm_shuffle_epi8(lows, place);
            if (cuts->width == 1) {
                _mm_storeu_si128((__m128i *)(void *)((uint8_t *)out + row), codes);
            } else {
                const __m128i upper = _mm_shuffle_epi8(highs, place);
                _mm_storeu_si128((__m128i *)(void *)((uint16_t *)out + row), _mm_unpacklo_epi8(codes, upper));
                _mm_storeu_si128((__m128i *)(void *)((uint16_t *)out + row + 8), _mm_unpackhi_epi8(codes, upper));
            }
        }
    }
    return row;
}

static size_t dense_256(const Dense *dense, size_t from, size_t rows, void *out) {
    const Columns *columns = &dense->columns;
    uint16_t sums[ROWS_256];
    size_t row = 0;
    if (!dense->bytes) return 0;
    for (size_t column = 0; column < columns->count; column++) {
        if (columns->widths[column] == 2 || columns->limits[column] > MOST_256) return 0;
    }
    for (; row + ROWS_256 <= rows; row += ROWS_256) {
        __m256i a = _mm256_setzero_si256(), b = a; /* in lanes of 16 bytes the first eight rows and the last eight */
        for (size_t column = 0; column < columns->count; column++) {
            const uint8_t *map = dense->bytes + 512 * column;
            const __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)((const uint8_t *)columns->codes[column] + from + row));
            const __m256i low = bytes_of_256(map, columns->limits[column], codes);
            const __m256i high = dense->largest < 256 ? _mm256_setzero_si256() : bytes_of_256(map + 256, columns->limits[column], codes);
            a = _mm256_add_epi16(a, _mm256_unpacklo_epi8(low, high));
            b = _mm256_add_epi16(b, _mm256_unpackhi_epi8(low, high));
        }
        _mm256_storeu_si256((__m256i *)(void *)sums, _mm256_permute2x128_si256(a, b, 0x20));
        _mm256_storeu_si256((__m256i *)(void *)(sums + 16), _mm256_permute2x128_si256(a, b, 0x31));
        if (dense->width == 1) {
            uint8_t *found = (uint8_t *)out + from + row;
            for (unsigned place = 0; place < ROWS_256; place++) found[place] = ((const uint8_t *)dense->table)[sums[place]];
        } else if (dense->width == 2) {
            uint16_t *RESTRICT found = (uint16_t *)out + from + row;
            for (unsigned place = 0; place < ROWS_256; place++) found[place] = ((const uint16_t *)dense->table)[sums[place]];
        } else {
            uint32_t *RESTRICT found = (uint32_t *)out + from + row;
            for (unsigned place = 0; place < ROWS_256; place++) found[place] = ((const uint32_t *)dense->table)[sums[place]];
        }
    }
    return row;
}
