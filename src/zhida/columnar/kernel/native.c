/* The kernel in C: columns in, codes out; codes and tables in, rules out. See shapes.h for what is where.
 *
 * Stable ABI of Python 3.11, so that one build serves every later version. Arrays come through the buffer protocol; each
 * argument is checked for kind, layout, length and alignment before a loop starts, and each code before it is used, so no
 * argument makes a loop read or write where it must not. The loops run without the interpreter's lock: whoever changes an
 * array meanwhile breaks that promise.
 */
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "shapes.h"

#define MOST_COLUMNS 256

#include "arguments.h"
#include "cuts.h"

/* --- one set of loops for each path ------------------------------------------------------------------------------------ */

#define GLUE(name, path) name##_##path

#define LEVEL 0
#define LANE(name) GLUE(name, portable)
#define LANE_NAME "portable"
#include "loops.h"
#undef LEVEL
#undef LANE
#undef LANE_NAME

#if HAS_X86_PATHS
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt,lzcnt")
#endif
#define LEVEL 2
#define LANE(name) GLUE(name, avx2)
#define LANE_NAME "avx2"
#include "avx2.h"
#include "loops.h"
#undef LEVEL
#undef LANE
#undef LANE_NAME
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512bitalg,avx2,bmi,bmi2,popcnt,lzcnt"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512bitalg,avx2,bmi,bmi2,popcnt,lzcnt,prefer-vector-width=512")
#endif
#define LEVEL 3
#define LANE(name) GLUE(name, avx512)
#define LANE_NAME "avx512"
#include "avx512.h"
#include "loops.h"
#undef LEVEL
#undef LANE
#undef LANE_NAME
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

/* The paths that this machine can run, best first. */
static const Path *paths[3];
static int path_count = 0;

static void find_paths(void) {
    path_count = 0;
#if HAS_X86_PATHS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bitalg")) {
            paths[path_count++] = &path_avx512;
        }
        paths[path_count++] = &path_avx2;
    }
#endif
    paths[path_count++] = &path_portable;
}

static const Path *path_of(PyObject *number) {
    const long place = PyLong_AsLong(number);
    if (place == -1 && PyErr_Occurred()) return NULL;
    if (place < 0 || place >= path_count) {
        PyErr_Format(PyExc_ValueError, "there is no path %ld", place);
        return NULL;
    }
    return paths[place];
}

/* --- encode and translate ---------------------------------------------------------------------------------------------- */

static int is_ascending(const int64_t *numbers, size_t count) {
    for (size_t place = 1; place < count; place++) {
        if (numbers[place - 1] > numbers[place]) return 0;
    }
    return 1;
}

static int hold_values(View *view, Values *values, PyObject *array) {
    const int is_wide = PyObject_HasAttrString(array, "ndim") && PyObject_CheckBuffer(array);
    PyObject *dimensions = is_wide ? PyObject_GetAttrString(array, "ndim") : NULL;
    const long count = dimensions ? PyLong_AsLong(dimensions) : 1;
    Py_XDECREF(dimensions);
    PyErr_Clear();
    if (count == 2) {
        if (hold_kind(view, array, "values", 2, 0, "q") < 0) return -1;
        if (view->buffer.shape[1] != 2) {
            PyErr_SetString(PyExc_ValueError, "values: a wide value has two words");
            return -1;
        }
    } else if (hold_kind(view, array, "values", 1, 0, "bBhHiIq") < 0) {
        return -1;
    }
    values->values = view->buffer.buf;
    values->sort = count == 2 ? WIDE : view->sort;
    values->width = count == 2 ? 16 : view->width;
    values->rows = view->count;
    return 0;
}

/* encode(path, values, thresholds, codes, valid, unknown, out) */
static PyObject *encode(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[5];
    View *marks = &views[1], *codes = &views[2], *out = &views[4];
    Values values;
    Cuts cuts;
    size_t unknown = 0;
    void *memory = NULL;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&values, 0, sizeof values);
    memset(&cuts, 0, sizeof cuts);
    if (check_arguments("encode", given, 7) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_values(&views[0], &values, arguments[1]) < 0 || hold_kind(marks, arguments[2], "thresholds", 1, 0, "q") < 0
        || hold_kind(codes, arguments[3], "codes", 1, 0, "BH") < 0 || hold_valid(&views[3], &values.valid, arguments[4], values.rows) < 0
        || hold_kind(out, arguments[6], "out", 1, 1, "BH") < 0 || check_out(out, values.rows, codes->width) < 0
        || count_of(arguments[5], "unknown", codes->width == 1 ? UINT8_MAX : UINT16_MAX, &unknown) < 0
        || check_apart(out, &views[0], "values") < 0 || check_apart(out, marks, "thresholds") < 0 || check_apart(out, codes, "codes") < 0
        || check_apart(out, &views[3], "valid") < 0) goto done;
    cuts.count = marks->count;
    cuts.width = codes->width;
    cuts.unknown = (unsigned)unknown;
    if (codes->count != cuts.count + 1) {
        PyErr_Format(PyExc_ValueError, "codes: %zu, not one more than the %zu thresholds", codes->count, cuts.count);
        goto done;
    }
    if (!is_ascending((const int64_t *)marks->buffer.buf, cuts.count)) {
        PyErr_SetString(PyExc_ValueError, "thresholds: not in ascending order");
        goto done;
    }
    if (prepare_cuts(&cuts, (const int64_t *)marks->buffer.buf, codes->buffer.buf, values.rows, &memory) < 0) {
        PyErr_NoMemory();
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    path->encode(&values, &cuts, out->buffer.buf);
    Py_END_ALLOW_THREADS
    Py_INCREF(Py_None);
    found = Py_None;
done:
    free(memory);
    for (unsigned place = 0; place < 5; place++) let_go(&views[place]);
    return found;
}

/* translate(path, indices, codes, valid, unknown, out) */
static PyObject *translate(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[4];
    View *indices = &views[0], *codes = &views[1], *out = &views[3];
    Words words;
    size_t unknown = 0;
    Fault fault;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&words, 0, sizeof words);
    if (check_arguments("translate", given, 6) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_kind(indices, arguments[1], "indices", 1, 0, "bBhHiIq") < 0 || hold_kind(codes, arguments[2], "codes", 1, 0, "BH") < 0
        || hold_valid(&views[2], &words.valid, arguments[3], indices->count) < 0 || hold_kind(out, arguments[5], "out", 1, 1, "BH") < 0
        || check_out(out, indices->count, codes->width) < 0
        || count_of(arguments[4], "unknown", codes->width == 1 ? UINT8_MAX : UINT16_MAX, &unknown) < 0
        || check_apart(out, indices, "indices") < 0 || check_apart(out, codes, "codes") < 0 || check_apart(out, &views[2], "valid") < 0) {
        goto done;
    }
    if (codes->count > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "codes: too many");
        goto done;
    }
    words.indices = indices->buffer.buf;
    words.width = indices->width;
    words.sort = indices->sort;
    words.rows = indices->count;
    words.count = codes->count;
    words.codes = codes->buffer.buf;
    words.code_width = codes->width;
    words.unknown = (unsigned)unknown;
    Py_BEGIN_ALLOW_THREADS
    fault = path->translate(&words, out->buffer.buf);
    Py_END_ALLOW_THREADS
    if (fault.column >= 0) PyErr_Format(PyExc_ValueError, "indices: the one in row %zu is not below %zu", fault.row, words.count);
    else found = answer(fault, 0);
done:
    for (unsigned place = 0; place < 4; place++) let_go(&views[place]);
    return found;
}

static void spread_bits(const Valid *bits, size_t rows, unsigned off, unsigned on, unsigned width, void *out) {
    for (size_t start = 0; start < rows; start += 64) {
        const size_t count = rows - start < 64 ? rows - start : 64;
        const uint64_t word = valid_word(bits->bits, bits->offset, start, rows);
        if (width == 1) {
            uint8_t *found = (uint8_t *)out + start;
            for (size_t row = 0; row < count; row++) found[row] = (uint8_t)(word >> row & 1 ? on : off);
        } else {
            uint16_t *found = (uint16_t *)out + start;
            for (size_t row = 0; row < count; row++) found[row] = (uint16_t)(word >> row & 1 ? on : off);
        }
    }
}

/* translate_bits(path, bits, offset, code of false, code of true, valid, unknown, out) */
static PyObject *translate_bits(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[3];
    View *out = &views[2];
    Valid bits, valid;
    size_t codes[3] = {0, 0, 0}, rows;
    PyObject *found = NULL;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&bits, 0, sizeof bits);
    if (check_arguments("translate_bits", given, 8) < 0 || !path_of(arguments[0])) return NULL;
    if (hold_kind(&views[0], arguments[1], "bits", 1, 0, "bB") < 0 || hold_kind(out, arguments[7], "out", 1, 1, "BH") < 0) goto done;
    rows = out->count;
    for (unsigned place = 0; place < 3; place++) {
        const char *names[] = {"codes", "codes", "unknown"};
        PyObject *code = arguments[place == 2 ? 6 : 3 + place];
        if (count_of(code, names[place], out->width == 1 ? UINT8_MAX : UINT16_MAX, &codes[place]) < 0) goto done;
    }
    if (count_of(arguments[2], "offset", PY_SSIZE_T_MAX / 2, &bits.offset) < 0 || hold_valid(&views[1], &valid, arguments[5], rows) < 0
        || check_apart(out, &views[0], "bits") < 0 || check_apart(out, &views[1], "valid") < 0) goto done;
    if (bits.offset + rows > views[0].count * 8) {
        PyErr_Format(PyExc_ValueError, "bits: %zu, not %zu", views[0].count * 8, bits.offset + rows);
        goto done;
    }
    bits.bits = (const uint8_t *)views[0].buffer.buf;
    Py_BEGIN_ALLOW_THREADS
    spread_bits(&bits, rows, (unsigned)codes[0], (unsigned)codes[1], out->width, out->buffer.buf);
    for (size_t from = 0; from < rows; from += BLOCK) {
        const size_t count = rows - from < BLOCK ? rows - from : BLOCK;
        veil_portable(&valid, from, count, rows, out->width, (unsigned)codes[2], (uint8_t *)out->buffer.buf + from * out->width);
    }
    Py_END_ALLOW_THREADS
    Py_INCREF(Py_None);
    found = Py_None;
done:
    for (unsigned place = 0; place < 3; place++) let_go(&views[place]);
    return found;
}

/* --- decide ------------------------------------------------------------------------------------------------------------ */

/* The columns of codes of a table, and for each of them an array of entries. */
typedef struct {
    size_t count;
    View codes[MOST_COLUMNS], entries[MOST_COLUMNS];
    const void *code_arrays[MOST_COLUMNS];
    const void *entry_arrays[MOST_COLUMNS];
    uint8_t widths[MOST_COLUMNS];
    size_t limits[MOST_COLUMNS];
} Table;

static void free_table(Table *table) {
    if (!table) return;
    for (size_t column = 0; column < table->count; column++) {
        let_go(&table->codes[column]);
        let_go(&table->entries[column]);
    }
    free(table);
}

static int hold_item(View *view, PyObject *sequence, size_t column, const char *name, int dimensions, const char *kinds) {
    PyObject *item = PySequence_GetItem(sequence, (Py_ssize_t)column);
    int found;
    if (!item) return -1;
    found = hold_kind(view, item, name, dimensions, 0, kinds);
    Py_DECREF(item);
    return found;
}

static Table *hold_table(PyObject *codes, PyObject *entries, const char *name, int dimensions, const char *kinds) {
    const Py_ssize_t count = PySequence_Size(codes), others = PySequence_Size(entries);
    Table *table;
    if (count < 0 || others < 0) return NULL;
    if (count < 1 || count > MOST_COLUMNS || count != others) {
        return PyErr_Format(PyExc_ValueError, "%zd columns of codes and %zd %s; from 1 to %d of each", count, others, name, MOST_COLUMNS), NULL;
    }
    table = (Table *)calloc(1, sizeof *table);
    if (!table) return (Table *)PyErr_NoMemory();
    table->count = (size_t)count;
    for (size_t column = 0; column < table->count; column++) {
        View *code = &table->codes[column], *entry = &table->entries[column];
        if (hold_item(code, codes, column, "codes", 1, "BH") < 0 || hold_item(entry, entries, column, name, dimensions, kinds) < 0) goto failed;
        if (code->count != table->codes[0].count) {
            PyErr_Format(PyExc_ValueError, "codes: %zu rows, not %zu", code->count, table->codes[0].count);
            goto failed;
        }
        if (dimensions == 2 && entry->buffer.shape[1] != table->entries[0].buffer.shape[1]) {
            PyErr_Format(PyExc_ValueError, "%s: of different numbers of words", name);
            goto failed;
        }
        table->code_arrays[column] = code->buffer.buf;
        table->entry_arrays[column] = entry->buffer.buf;
        table->widths[column] = (uint8_t)code->width;
        table->limits[column] = entry->count;
    }
    return table;
failed:
    free_table(table);
    return NULL;
}

static Columns columns_of(const Table *table) {
    Columns columns;
    columns.count = table->count;
    columns.rows = table->codes[0].count;
    columns.codes = table->code_arrays;
    columns.widths = table->widths;
    columns.limits = table->limits;
    return columns;
}

static int check_all_apart(const View *out, const Table *table) {
    for (size_t column = 0; column < table->count; column++) {
        if (check_apart(out, &table->codes[column], "codes") < 0 || check_apart(out, &table->entries[column], "a table") < 0) return -1;
    }
    return 0;
}

/* Maps as bytes, for look-ups in registers: 256 low bytes and 256 high ones of each column. */
static uint8_t *bytes_of(const Table *table) {
    uint8_t *bytes = (uint8_t *)calloc(table->count, 512);
    for (size_t column = 0; bytes && column < table->count; column++) {
        const uint32_t *map = (const uint32_t *)table->entry_arrays[column];
        const size_t limit = table->limits[column] < 256 ? table->limits[column] : 256;
        for (size_t code = 0; code < limit; code++) {
            bytes[512 * column + code] = (uint8_t)map[code];
            bytes[512 * column + 256 + code] = (uint8_t)(map[code] >> 8);
        }
    }
    return bytes;
}

/* decide_dense(path, codes, maps, table, out) */
static PyObject *decide_dense(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[2];
    View *entries = &views[0], *out = &views[1];
    Table *table = NULL;
    Dense dense;
    uint8_t *bytes = NULL;
    Fault fault;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&dense, 0, sizeof dense);
    if (check_arguments("decide_dense", given, 5) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "maps", 1, "I")) || hold_kind(entries, arguments[3], "table", 1, 0, "BHi") < 0
        || hold_kind(out, arguments[4], "out", 1, 1, entries->width == 4 ? "i" : "BH") < 0
        || check_out(out, table->codes[0].count, entries->width) < 0 || check_apart(out, entries, "table") < 0
        || check_all_apart(out, table) < 0) goto done;
    for (size_t column = 0; column < table->count; column++) {
        const uint32_t *map = (const uint32_t *)table->entry_arrays[column];
        uint32_t largest = 0;
        for (size_t code = 0; code < table->limits[column]; code++) largest = map[code] > largest ? map[code] : largest;
        dense.largest += largest;
    }
    if (dense.largest >= entries->count || dense.largest > UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "maps: they lead as far as %llu, and the table has %zu entries", (unsigned long long)dense.largest,
                     entries->count);
        goto done;
    }
    dense.columns = columns_of(table);
    dense.maps = (const uint32_t *const *)table->entry_arrays;
    dense.table = entries->buffer.buf;
    dense.width = entries->width;
    if (dense.largest <= UINT16_MAX && path->level >= 2 && !(bytes = bytes_of(table))) {
        PyErr_NoMemory();
        goto done;
    }
    dense.bytes = bytes;
    Py_BEGIN_ALLOW_THREADS
    fault = path->decide_dense(&dense, out->buffer.buf);
    Py_END_ALLOW_THREADS
    found = answer(fault, fault.column >= 0 ? table->limits[fault.column] : 0);
done:
    free(bytes);
    free_table(table);
    let_go(entries);
    let_go(out);
    return found;
}

/* Masks of one word made ready for registers. */
typedef struct {
    size_t limits[MOST_COLUMNS];
    const uint8_t *classes[MOST_COLUMNS];
    uint8_t *own;    /* the classes of columns of pairs of bytes, one after the other */
    uint64_t *words; /* 256 for each column: the mask of each code or class */
    uint8_t *planes;
} Planes;

static void free_planes(Planes *planes) {
    free(planes->own);
    free(planes->words);
    free(planes->planes);
}

/* Tell the masks of a column apart; returns how many there are, or 0 where there are more than 256. */
static size_t classify(const uint64_t *mask, size_t codes, uint8_t *classes, uint64_t *words) {
    uint16_t slots[1024] = {0}; /* one more than the class that is kept there */
    size_t count = 0;
    for (size_t code = 0; code < codes; code++) {
        size_t slot = (size_t)(mask[code] * UINT64_C(0x9E3779B97F4A7C15) >> 54);
        while (slots[slot] && words[slots[slot] - 1] != mask[code]) slot = (slot + 1) % 1024;
        if (!slots[slot]) {
            if (count == 256) return 0;
            words[count++] = mask[code];
            slots[slot] = (uint16_t)count;
        }
        classes[code] = (uint8_t)(slots[slot] - 1);
    }
    return count;
}

/* Cut masks of one word into bytes: for each column and each eight rules a table of 256. They stay whole where that does not
 * pay, or there is no memory for it. */
static void cut_planes(const Table *table, Masks *masks, Planes *planes) {
    size_t broad = 0, codes = 0, stride;
    uint64_t all = 0;
    uint8_t *next;
    memset(planes, 0, sizeof *planes);
    for (size_t column = 0; column < table->count; column++) {
        if (table->widths[column] == 1) continue;
        broad++;
        codes += table->limits[column];
    }
    if (broad > BROAD_COLUMNS || codes > masks->columns.rows / 4) return;
    planes->words = (uint64_t *)calloc(table->count, 256 * sizeof *planes->words);
    next = planes->own = (uint8_t *)malloc(codes + 1);
    if (!planes->words || !planes->own) return;
    for (size_t column = 0; column < table->count; column++) {
        const uint64_t *mask = (const uint64_t *)table->entry_arrays[column];
        uint64_t *words = planes->words + 256 * column;
        planes->limits[column] = table->limits[column] < 256 ? table->limits[column] : 256;
        if (table->widths[column] == 1) {
            memcpy(words, mask, planes->limits[column] * sizeof *words);
        } else {
            planes->limits[column] = classify(mask, table->limits[column], next, words);
            if (!planes->limits[column] && table->limits[column]) return;
            planes->classes[column] = next;
            next += table->limits[column];
        }
        for (size_t code = 0; code < planes->limits[column]; code++) all |= words[code];
    }
    masks->plane_count = all ? highest_bit(all) / 8 + 1 : 1;
    stride = 256 * (size_t)masks->plane_count;
    planes->planes = (uint8_t *)calloc(table->count, stride);
    if (!planes->planes) return;
    for (size_t column = 0; column < table->count; column++) {
        for (size_t place = 0; place < stride; place++) {
            planes->planes[stride * column + place] = (uint8_t)(planes->words[256 * column + place % 256] >> (8 * (place / 256)));
        }
    }
    masks->planes = planes->planes;
    masks->classes = planes->classes;
    masks->limits = planes->limits;
}

/* Copy masks of many words so that each begins where a cache line does: for many rows that costs less than it saves.
 * Returns what is to be freed, or NULL where they stay as they are. */
static void *align_masks(Table *table, Masks *masks) {
    const size_t words = (masks->words + 7) / 8 * 8;
    size_t codes = 0;
    uint64_t *memory, *next;
    for (size_t column = 0; column < table->count; column++) codes += table->limits[column];
    if (masks->words == 1 || codes > masks->columns.rows / 8) return NULL;
    memory = (uint64_t *)calloc(codes * words + 8, sizeof *memory);
    if (!memory) return NULL;
    next = (uint64_t *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    for (size_t column = 0; column < table->count; column++) {
        const uint64_t *mask = (const uint64_t *)table->entry_arrays[column];
        table->entry_arrays[column] = next;
        for (size_t code = 0; code < table->limits[column]; code++, next += words) {
            memcpy(next, mask + code * masks->words, masks->words * sizeof *mask);
        }
    }
    masks->words = words;
    return memory;
}

/* decide_masks(path, codes, masks, first, none, many, out) */
static PyObject *decide_masks(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View out = {0};
    Table *table = NULL;
    Masks masks;
    Planes planes;
    void *memory = NULL;
    size_t none, many;
    Fault fault;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&masks, 0, sizeof masks);
    memset(&planes, 0, sizeof planes);
    if (check_arguments("decide_masks", given, 7) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if ((masks.first = PyObject_IsTrue(arguments[3])) < 0) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "masks", 2, "Q")) || hold_kind(&out, arguments[6], "out", 1, 1, "H") < 0
        || check_out(&out, table->codes[0].count, 2) < 0 || count_of(arguments[4], "none", UINT16_MAX, &none) < 0
        || count_of(arguments[5], "many", UINT16_MAX, &many) < 0 || check_all_apart(&out, table) < 0) goto done;
    masks.columns = columns_of(table);
    masks.masks = (const uint64_t *const *)table->entry_arrays;
    masks.words = (size_t)table->entries[0].buffer.shape[1];
    masks.none = (uint16_t)none;
    masks.many = (uint16_t)many;
    if (masks.words < 1 || masks.words > (UINT16_MAX + 1) / WORD_RULES) {
        PyErr_Format(PyExc_ValueError, "masks: %zu words; from 1 to %d", masks.words, (UINT16_MAX + 1) / WORD_RULES);
        goto done;
    }
    if (masks.words == 1 && path->level == 3) cut_planes(table, &masks, &planes);
    memory = align_masks(table, &masks);
    Py_BEGIN_ALLOW_THREADS
    fault = path->decide_masks(&masks, (uint16_t *)out.buffer.buf);
    Py_END_ALLOW_THREADS
    found = answer(fault, fault.column >= 0 ? table->limits[fault.column] : 0);
done:
    free_planes(&planes);
    free(memory);
    free_table(table);
    let_go(&out);
    return found;
}

/* match(path, codes, masks, out) */
static PyObject *match(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View out = {0};
    Table *table = NULL;
    Masks masks;
    Fault fault;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&masks, 0, sizeof masks);
    if (check_arguments("match", given, 4) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "masks", 2, "Q")) || hold_kind(&out, arguments[3], "out", 2, 1, "Q") < 0
        || check_out(&out, table->codes[0].count, 8) < 0 || check_all_apart(&out, table) < 0) goto done;
    masks.columns = columns_of(table);
    masks.masks = (const uint64_t *const *)table->entry_arrays;
    masks.words = (size_t)table->entries[0].buffer.shape[1];
    if ((size_t)out.buffer.shape[1] != masks.words) {
        PyErr_Format(PyExc_ValueError, "out: %zd words, not %zu", out.buffer.shape[1], masks.words);
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    fault = path->match(&masks, (uint64_t *)out.buffer.buf);
    Py_END_ALLOW_THREADS
    found = answer(fault, fault.column >= 0 ? table->limits[fault.column] : 0);
done:
    free_table(table);
    let_go(&out);
    return found;
}

/* --- the module -------------------------------------------------------------------------------------------------------- */

#define FUNCTION(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
static PyMethodDef functions[] = {
    FUNCTION(encode), FUNCTION(translate), FUNCTION(translate_bits), FUNCTION(decide_dense),
    FUNCTION(decide_masks), FUNCTION(match), {NULL, NULL, 0, NULL},
};

static int fill_module(PyObject *module) {
    PyObject *names;
    find_paths();
    names = PyTuple_New(path_count);
    if (!names) return -1;
    for (int place = 0; place < path_count; place++) {
        PyObject *name = PyUnicode_FromString(paths[place]->name);
        if (!name || PyTuple_SetItem(names, place, name) < 0) {
            Py_DECREF(names);
            return -1;
        }
    }
    if (PyModule_AddObjectRef(module, "PATHS", names) < 0) {
        Py_DECREF(names);
        return -1;
    }
    Py_DECREF(names);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill_module}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
