/* The kernel in C: columns in, codes out; codes and tables in, rules out. See shapes.h for what is where.
 *
 * Stable ABI of Python 3.11, so that one build serves every later version. Arrays come through the buffer protocol; each
 * argument is checked for kind, layout, length and alignment before a loop starts, and each code before it is used, so no
 * argument makes a loop read or write where it must not. Over many rows the loops run without the interpreter's lock: whoever
 * changes an array meanwhile breaks that promise.
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
#include "sources.h"

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
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,avx512bitalg,avx2,bmi,bmi2,popcnt,lzcnt"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,avx512bitalg,avx2,bmi,bmi2,popcnt,lzcnt,prefer-vector-width=512")
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
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2")
            && __builtin_cpu_supports("avx512bitalg")) {
            paths[path_count++] = &path_avx512;
        }
        paths[path_count++] = &path_avx2;
    }
#endif
    paths[path_count++] = &path_portable;
}

#define MANY_ROWS 8192 /* from which other threads may run meanwhile: with fewer it takes longer to get one's turn back than to be done */

/* `words`: how many words of a mask each row of each column asks for; 1 where it asks for one entry. */
static PyThreadState *let_others_run(size_t rows, size_t words) { return rows < MANY_ROWS / words ? NULL : PyEval_SaveThread(); }

static void take_turn(PyThreadState *state) {
    if (state) PyEval_RestoreThread(state);
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

/* encode(path, values, thresholds, codes, valid, unknown, out) */
static PyObject *encode(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    Source source;
    View out = {0};
    PyThreadState *others;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&source, 0, sizeof source);
    if (check_arguments("encode", given, 7) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_encoded(&source, arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]) < 0
        || hold_kind(&out, arguments[6], "out", 1, 1, "BH") < 0 || check_out(&out, source.rows, source.codes.width) < 0
        || check_source_apart(&out, &source) < 0) goto done;
    others = let_others_run(source.rows, 1);
    path->encode(&source.given, &source.cuts, out.buffer.buf);
    take_turn(others);
    Py_INCREF(Py_None);
    found = Py_None;
done:
    free_source(&source);
    let_go(&out);
    return found;
}

/* translate(path, indices, codes, valid, unknown, out) */
static PyObject *translate(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    Source source;
    View out = {0};
    Fault fault;
    PyThreadState *others;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&source, 0, sizeof source);
    if (check_arguments("translate", given, 6) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_translated(&source, arguments[1], arguments[2], arguments[3], arguments[4]) < 0
        || hold_kind(&out, arguments[5], "out", 1, 1, "BH") < 0 || check_out(&out, source.rows, source.codes.width) < 0
        || check_source_apart(&out, &source) < 0) goto done;
    others = let_others_run(source.rows, 1);
    fault = path->translate(&source.words, out.buffer.buf);
    take_turn(others);
    if (fault.column >= 0) PyErr_Format(PyExc_ValueError, "indices: the one in row %zu is not below %zu", fault.row, source.words.count);
    else found = answer(fault, 0);
done:
    free_source(&source);
    let_go(&out);
    return found;
}

/* translate_bits(path, bits, offset, code of false, code of true, valid, unknown, out) */
static PyObject *translate_bits(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[3];
    View *out = &views[2];
    Bits bits;
    size_t codes[3] = {0, 0, 0};
    PyThreadState *others;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&bits, 0, sizeof bits);
    if (check_arguments("translate_bits", given, 8) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_kind(&views[0], arguments[1], "bits", 1, 0, "bB") < 0 || hold_kind(out, arguments[7], "out", 1, 1, "BH") < 0) goto done;
    bits.rows = out->count;
    bits.width = out->width;
    for (unsigned place = 0; place < 3; place++) {
        const char *names[] = {"codes", "codes", "unknown"};
        PyObject *code = arguments[place == 2 ? 6 : 3 + place];
        if (count_of(code, names[place], out->width == 1 ? UINT8_MAX : UINT16_MAX, &codes[place]) < 0) goto done;
    }
    bits.off = (unsigned)codes[0];
    bits.on = (unsigned)codes[1];
    bits.unknown = (unsigned)codes[2];
    if (count_of(arguments[2], "offset", PY_SSIZE_T_MAX / 2, &bits.bits.offset) < 0
        || hold_valid(&views[1], &bits.valid, arguments[5], bits.rows) < 0 || check_apart(out, &views[0], "bits") < 0
        || check_apart(out, &views[1], "valid") < 0) goto done;
    if (bits.bits.offset + bits.rows > views[0].count * 8) {
        PyErr_Format(PyExc_ValueError, "bits: %zu, not %zu", views[0].count * 8, bits.bits.offset + bits.rows);
        goto done;
    }
    bits.bits.bits = (const uint8_t *)views[0].buffer.buf;
    others = let_others_run(bits.rows, 1);
    path->translate_bits(&bits, out->buffer.buf);
    take_turn(others);
    Py_INCREF(Py_None);
    found = Py_None;
done:
    for (unsigned place = 0; place < 3; place++) let_go(&views[place]);
    return found;
}

/* --- decide ------------------------------------------------------------------------------------------------------------ */

/* The columns of a table, coded or not, and for each of them an array of entries. */
typedef struct {
    size_t count, rows;
    View codes[MOST_COLUMNS], entries[MOST_COLUMNS];
    Source *sources; /* one for each column where any is not coded; else NULL */
    const void *code_arrays[MOST_COLUMNS];
    const void *entry_arrays[MOST_COLUMNS];
    uint8_t widths[MOST_COLUMNS], known[MOST_COLUMNS];
    size_t limits[MOST_COLUMNS];
} Table;

static void free_table(Table *table) {
    if (!table) return;
    for (size_t column = 0; column < table->count; column++) {
        let_go(&table->codes[column]);
        let_go(&table->entries[column]);
        if (table->sources) free_source(&table->sources[column]);
    }
    free(table->sources);
    free(table);
}

/* Hold a column: its codes, or a tuple of what they are made of. */
static int hold_column(Table *table, size_t column, PyObject *item, size_t *rows) {
    if (!PyTuple_Check(item)) {
        View *codes = &table->codes[column];
        if (hold_kind(codes, item, "codes", 1, 0, "BH") < 0) return -1;
        table->code_arrays[column] = codes->buffer.buf;
        table->widths[column] = (uint8_t)codes->width;
        *rows = codes->count;
        return 0;
    }
    if (!table->sources && !(table->sources = (Source *)calloc(table->count, sizeof *table->sources))) {
        PyErr_NoMemory();
        return -1;
    }
    if (hold_source(&table->sources[column], item) < 0) return -1;
    table->widths[column] = (uint8_t)table->sources[column].codes.width;
    *rows = table->sources[column].rows;
    return 0;
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
        View *entry = &table->entries[column];
        PyObject *item = PySequence_GetItem(codes, (Py_ssize_t)column), *other = NULL;
        size_t rows = 0;
        int held = item && (other = PySequence_GetItem(entries, (Py_ssize_t)column)) && hold_column(table, column, item, &rows) == 0
                   && hold_kind(entry, other, name, dimensions, 0, kinds) == 0;
        Py_XDECREF(item);
        Py_XDECREF(other);
        if (!held) goto failed;
        if (column == 0) table->rows = rows;
        if (rows != table->rows) {
            PyErr_Format(PyExc_ValueError, "codes: %zu rows, not %zu", rows, table->rows);
            goto failed;
        }
        if (dimensions == 2 && entry->buffer.shape[1] != table->entries[0].buffer.shape[1]) {
            PyErr_Format(PyExc_ValueError, "%s: of different numbers of words", name);
            goto failed;
        }
        table->entry_arrays[column] = entry->buffer.buf;
        table->limits[column] = entry->count;
        table->known[column] = table->sources && table->sources[column].way != CODED && is_below(&table->sources[column], entry->count);
    }
    return table;
failed:
    free_table(table);
    return NULL;
}

static Columns columns_of(const Table *table) {
    Columns columns;
    columns.count = table->count;
    columns.rows = table->rows;
    columns.codes = table->code_arrays;
    columns.widths = table->widths;
    columns.limits = table->limits;
    columns.known = table->known;
    return columns;
}

static int check_all_apart(const View *out, const Table *table) {
    for (size_t column = 0; column < table->count; column++) {
        if (check_apart(out, &table->codes[column], "codes") < 0 || check_apart(out, &table->entries[column], "a table") < 0) return -1;
        if (table->sources && check_source_apart(out, &table->sources[column]) < 0) return -1;
    }
    return 0;
}

/* What is made of the codes; one of the three ways. */
typedef struct {
    const Path *path;
    const Table *table;
    const Dense *dense; /* a dense table; or NULL */
    const Masks *masks; /* masks; or NULL */
    const View *words;  /* with masks, what the answer is to be looked up in; or NULL */
    int is_match;       /* with masks, whether all words are wanted */
    const Addends *addends; /* with masks, what is to be added up; or NULL */
    uint8_t *out;
    size_t width;       /* of what is written for a row */
    size_t limit;       /* where a fault was found: how many codes there are */
} Task;

/* Decide some rows whose codes are there. */
static Fault decide_stretch(const Task *task, Columns columns, size_t from) {
    uint8_t *out = task->out + from * task->width;
    Fault fault;
    if (task->dense) {
        Dense dense = *task->dense;
        dense.columns = columns;
        return task->path->decide_dense(&dense, out);
    } else {
        Masks masks = *task->masks;
        uint16_t rules[STRETCH];
        masks.columns = columns;
        if (task->addends) return task->path->sum_masks(&masks, task->addends, (int64_t *)(void *)out);
        if (task->is_match) return task->path->match(&masks, (uint64_t *)(void *)out);
        if (!task->words) return task->path->decide_masks(&masks, (uint16_t *)(void *)out);
        fault = task->path->decide_masks(&masks, rules);
        if (fault.column < 0) {
            Words words;
            memset(&words, 0, sizeof words);
            words.indices = rules;
            words.width = 2;
            words.sort = UNSIGNED;
            words.rows = columns.rows;
            words.count = task->words->count;
            words.codes = task->words->buffer.buf;
            words.code_width = task->words->width;
            fault = task->path->translate(&words, out); /* every answer has a word: that was checked */
        }
    }
    return fault;
}

/* Decide all rows, a stretch at a time; columns that are not coded get their codes right before. */
static Fault decide_rows(Task *task, uint8_t *memory) {
    const Table *table = task->table;
    const void *codes[MOST_COLUMNS];
    Fault fault = {-1, 0, 0};
    for (size_t from = 0; from < table->rows; from += STRETCH) {
        Columns columns = columns_of(table);
        uint8_t *next = memory;
        columns.rows = table->rows - from < STRETCH ? table->rows - from : STRETCH;
        columns.codes = codes;
        for (size_t column = 0; column < table->count && fault.column < 0; column++) {
            if (!table->sources || table->sources[column].way == CODED) {
                codes[column] = (const uint8_t *)table->code_arrays[column] + from * table->widths[column];
                continue;
            }
            fault = make_codes(task->path, &table->sources[column], from, columns.rows, next);
            if (fault.column >= 0) {
                fault.column = (long)column;
                task->limit = table->sources[column].words.count;
            }
            codes[column] = next;
            next += STRETCH * (size_t)table->widths[column];
        }
        if (fault.column < 0) {
            fault = decide_stretch(task, columns, from);
            if (fault.column >= 0) task->limit = table->limits[fault.column];
        }
        if (fault.column >= 0) {
            fault.row += from;
            return fault;
        }
    }
    return fault;
}

static PyObject *run_task(Task *task) {
    uint8_t *memory = NULL, *start = NULL;
    size_t bytes = 64;
    PyThreadState *others;
    Fault fault;
    for (size_t column = 0; task->table->sources && column < task->table->count; column++) bytes += STRETCH * (size_t)task->table->widths[column];
    if (task->table->sources) {
        if (!(memory = (uint8_t *)malloc(bytes))) return PyErr_NoMemory();
        start = (uint8_t *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    }
    others = let_others_run(task->table->rows, task->masks ? task->masks->words : 1);
    fault = decide_rows(task, start);
    take_turn(others);
    free(memory);
    return answer(fault, task->limit);
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
    Task task;
    uint8_t *bytes = NULL;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&dense, 0, sizeof dense);
    memset(&task, 0, sizeof task);
    if (check_arguments("decide_dense", given, 5) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "maps", 1, "I")) || hold_kind(entries, arguments[3], "table", 1, 0, "BHi") < 0
        || hold_kind(out, arguments[4], "out", 1, 1, entries->width == 4 ? "i" : "BH") < 0
        || check_out(out, table->rows, entries->width) < 0 || check_apart(out, entries, "table") < 0
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
    task.path = path;
    task.table = table;
    task.dense = &dense;
    task.out = (uint8_t *)out->buffer.buf;
    task.width = entries->width;
    found = run_task(&task);
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

/* Fill what is the same for masks of every kind; returns -1 where there are no words, or too many. */
static int fill_masks(Masks *masks, const Table *table) {
    masks->columns = columns_of(table);
    masks->masks = (const uint64_t *const *)table->entry_arrays;
    masks->words = (size_t)table->entries[0].buffer.shape[1];
    if (masks->words >= 1 && masks->words <= (UINT16_MAX + 1) / WORD_RULES) return 0;
    PyErr_Format(PyExc_ValueError, "masks: %zu words; from 1 to %d", masks->words, (UINT16_MAX + 1) / WORD_RULES);
    return -1;
}

/* Hold the words that answers are looked up in, if any; each answer must have one. */
static int hold_words(View *words, PyObject *given, const Masks *masks) {
    size_t most = masks->none > masks->many ? masks->none : masks->many;
    if (given == Py_None) return 0;
    if (hold_kind(words, given, "words", 1, 0, "BH") < 0) return -1;
    if (most < masks->words * WORD_RULES - 1) most = masks->words * WORD_RULES - 1;
    if (words->count > most) return 0;
    PyErr_Format(PyExc_ValueError, "words: %zu, and the answers go up to %zu", words->count, most);
    return -1;
}

/* decide_masks(path, codes, masks, first, none, many, words, out) */
static PyObject *decide_masks(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View out = {0}, words = {0};
    Table *table = NULL;
    Masks masks;
    Planes planes;
    Task task;
    void *memory = NULL;
    size_t none, many;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&masks, 0, sizeof masks);
    memset(&planes, 0, sizeof planes);
    memset(&task, 0, sizeof task);
    if (check_arguments("decide_masks", given, 8) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if ((masks.first = PyObject_IsTrue(arguments[3])) < 0) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "masks", 2, "Q")) || count_of(arguments[4], "none", UINT16_MAX, &none) < 0
        || count_of(arguments[5], "many", UINT16_MAX, &many) < 0) goto done;
    masks.none = (uint16_t)none;
    masks.many = (uint16_t)many;
    if (fill_masks(&masks, table) < 0 || hold_words(&words, arguments[6], &masks) < 0) goto done;
    if (hold_kind(&out, arguments[7], "out", 1, 1, words.is_held ? "BH" : "H") < 0
        || check_out(&out, table->rows, words.is_held ? words.width : 2) < 0 || check_all_apart(&out, table) < 0
        || check_apart(&out, &words, "words") < 0) goto done;
    if (masks.words == 1 && path->level == 3) cut_planes(table, &masks, &planes);
    memory = align_masks(table, &masks);
    task.path = path;
    task.table = table;
    task.masks = &masks;
    task.words = words.is_held ? &words : NULL;
    task.out = (uint8_t *)out.buffer.buf;
    task.width = out.width;
    found = run_task(&task);
done:
    free_planes(&planes);
    free(memory);
    free_table(table);
    let_go(&words);
    let_go(&out);
    return found;
}

/* match(path, codes, masks, out) */
static PyObject *match(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View out = {0};
    Table *table = NULL;
    Masks masks;
    Task task;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&masks, 0, sizeof masks);
    memset(&task, 0, sizeof task);
    if (check_arguments("match", given, 4) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "masks", 2, "Q")) || hold_kind(&out, arguments[3], "out", 2, 1, "Q") < 0
        || check_out(&out, table->rows, 8) < 0 || check_all_apart(&out, table) < 0) goto done;
    masks.columns = columns_of(table);
    masks.masks = (const uint64_t *const *)table->entry_arrays;
    masks.words = (size_t)table->entries[0].buffer.shape[1];
    if ((size_t)out.buffer.shape[1] != masks.words) {
        PyErr_Format(PyExc_ValueError, "out: %zd words, not %zu", out.buffer.shape[1], masks.words);
        goto done;
    }
    task.path = path;
    task.table = table;
    task.masks = &masks;
    task.is_match = 1;
    task.out = (uint8_t *)out.buffer.buf;
    task.width = masks.words * 8;
    found = run_task(&task);
done:
    free_table(table);
    let_go(&out);
    return found;
}

/* --- sums ------------------------------------------------------------------------------------------------------------------ */

/* The numbers of all bits of the masks, 0 behind the rules, and where there is one word the sums of its bytes behind them.
 * Returns what is to be freed, or NULL where there is no memory. */
static int64_t *spread_addends(Addends *addends, const Masks *masks, const View *numbers) {
    const size_t bits = masks->words * WORD_RULES;
    const int is_one = masks->words == 1;
    int64_t *memory = (int64_t *)calloc(bits + (is_one ? 8 * 256 : 0), sizeof *memory);
    if (!memory) return (int64_t *)PyErr_NoMemory();
    if (numbers->count) memcpy(memory, numbers->buffer.buf, numbers->count * sizeof *memory);
    addends->numbers = memory;
    addends->behind = numbers->count;
    if (!is_one) return memory;
    for (size_t part = 0; part < 8; part++) {
        int64_t *sums = memory + bits + 256 * part;
        for (size_t byte = 1; byte < 256; byte++) { /* that of the byte without its lowest bit, and of this bit */
            sums[byte] = (int64_t)((uint64_t)sums[byte & (byte - 1)] + (uint64_t)memory[8 * part + lowest_bit(byte)]);
        }
    }
    addends->parts = memory + bits;
    return memory;
}

/* An integer of 64 bits. */
static int number_of(PyObject *given, const char *name, int64_t *number) {
    const long long found = PyLong_AsLongLong(given);
    if (found == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) PyErr_Format(PyExc_ValueError, "%s: a number beyond 64 bits", name);
        return -1;
    }
    *number = (int64_t)found;
    return 0;
}

/* sum_masks(path, codes, masks, numbers, none, empty, out) */
static PyObject *sum_masks(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View numbers = {0}, out = {0};
    Table *table = NULL;
    Masks masks;
    Addends addends;
    Task task;
    void *memory = NULL;
    int64_t *spread = NULL;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&masks, 0, sizeof masks);
    memset(&addends, 0, sizeof addends);
    memset(&task, 0, sizeof task);
    if (check_arguments("sum_masks", given, 7) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (!(table = hold_table(arguments[1], arguments[2], "masks", 2, "Q")) || fill_masks(&masks, table) < 0
        || hold_kind(&numbers, arguments[3], "numbers", 1, 0, "q") < 0 || number_of(arguments[4], "none", &addends.none) < 0
        || number_of(arguments[5], "empty", &addends.empty) < 0 || hold_kind(&out, arguments[6], "out", 1, 1, "q") < 0
        || check_out(&out, table->rows, 8) < 0 || check_all_apart(&out, table) < 0 || check_apart(&out, &numbers, "numbers") < 0) goto done;
    if (numbers.count >= masks.words * WORD_RULES) {
        PyErr_Format(PyExc_ValueError, "numbers: %zu, and the masks have %zu bits, one of them behind the rules", numbers.count,
                     masks.words * WORD_RULES);
        goto done;
    }
    memory = align_masks(table, &masks);
    if (!(spread = spread_addends(&addends, &masks, &numbers))) goto done;
    task.path = path;
    task.table = table;
    task.masks = &masks;
    task.addends = &addends;
    task.out = (uint8_t *)out.buffer.buf;
    task.width = 8;
    found = run_task(&task);
done:
    free(spread);
    free(memory);
    free_table(table);
    let_go(&numbers);
    let_go(&out);
    return found;
}

/* --- count ----------------------------------------------------------------------------------------------------------------- */

#define MOST_APART 4096 /* entries up to which four rows at a time are counted apart: 128 KB at most */

/* count(path, places, out) */
static PyObject *count(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View places = {0}, out = {0};
    Packing packing;
    Fault fault;
    uint64_t *counts, *apart = NULL;
    PyThreadState *others;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(&packing, 0, sizeof packing);
    if (check_arguments("count", given, 3) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_places(&places, arguments[1]) < 0 || hold_kind(&out, arguments[2], "out", 1, 1, "q") < 0
        || check_apart(&out, &places, "places") < 0) goto done;
    packing.places = places.buffer.buf;
    packing.width = places.width;
    packing.rows = places.count;
    packing.count = out.count;
    counts = (uint64_t *)out.buffer.buf;
    memset(counts, 0, packing.count * sizeof *counts);
    if (packing.count <= MOST_APART && !(apart = (uint64_t *)calloc(4 * packing.count + 1, sizeof *apart))) {
        PyErr_NoMemory();
        goto done;
    }
    others = let_others_run(packing.rows, 1);
    fault = apart ? path->count(&packing, apart, packing.count) : path->count(&packing, counts, 0);
    for (size_t place = 0; apart && place < 4 * packing.count; place++) counts[place % packing.count] += apart[place];
    take_turn(others);
    if (fault.column >= 0) PyErr_Format(PyExc_ValueError, "places: the one in row %zu is not below %zu", fault.row, packing.count);
    else {
        Py_INCREF(Py_None);
        found = Py_None;
    }
done:
    free(apart);
    let_go(&places);
    let_go(&out);
    return found;
}

/* --- pack ------------------------------------------------------------------------------------------------------------------ */

/* The numbers as entries of a table, as narrow as they can be with one that stands for none. Returns what is to be freed, or NULL. */
static void *make_entries(Packing *packing, const View *numbers) {
    const int32_t *given = (const int32_t *)numbers->buffer.buf;
    const size_t count = numbers->count;
    uint64_t most = 0;
    uint8_t *memory;
    for (size_t place = 0; place < count; place++) {
        if (given[place] < -1 || (given[place] >= 0 && (uint64_t)given[place] >> packing->bits)) {
            return PyErr_Format(PyExc_ValueError, "numbers: %ld does not fit into %u bits", (long)given[place], packing->bits), NULL;
        }
        packing->has_none |= given[place] < 0;
        if (given[place] >= 0 && (uint64_t)given[place] > most) most = (uint64_t)given[place];
    }
    most += packing->has_none ? 1 : 0;
    packing->entry = count > UINT16_MAX + 1 || most > UINT16_MAX ? 4 : most > UINT8_MAX ? 2 : 1;
    memory = (uint8_t *)calloc(1, (count * packing->entry + ROOM - 1) / ROOM * ROOM + ROOM);
    if (!memory) return PyErr_NoMemory();
    for (size_t place = 0; place < count; place++) {
        if (packing->entry == 1) memory[place] = (uint8_t)given[place];
        else if (packing->entry == 2) ((uint16_t *)(void *)memory)[place] = (uint16_t)given[place];
        else ((uint32_t *)(void *)memory)[place] = (uint32_t)given[place];
    }
    packing->count = count;
    packing->table = memory;
    return memory;
}

/* pack(path, places, numbers, bits, packed, present) */
static PyObject *pack(PyObject *module, PyObject *const *arguments, Py_ssize_t given) {
    View views[4];
    View *places = &views[0], *numbers = &views[1], *packed = &views[2], *present = &views[3];
    Packing packing;
    Fault fault;
    void *memory = NULL;
    size_t bits = 0, count = 0;
    PyThreadState *others;
    PyObject *found = NULL;
    const Path *path;
    (void)module;
    memset(views, 0, sizeof views);
    memset(&packing, 0, sizeof packing);
    if (check_arguments("pack", given, 6) < 0 || !(path = path_of(arguments[0]))) return NULL;
    if (hold_places(places, arguments[1]) < 0 || hold_kind(numbers, arguments[2], "numbers", 1, 0, "i") < 0
        || count_of(arguments[3], "bits", 32, &bits) < 0 || hold_kind(packed, arguments[4], "out", 1, 1, "B") < 0
        || hold_kind(present, arguments[5], "present", 1, 1, "B") < 0 || check_out(present, (places->count + 7) / 8, 1) < 0
        || check_apart(packed, places, "places") < 0 || check_apart(packed, numbers, "numbers") < 0
        || check_apart(packed, present, "present") < 0 || check_apart(present, places, "places") < 0
        || check_apart(present, numbers, "numbers") < 0) goto done;
    if (packed->count < (places->count + 7) / 8 * bits) {
        PyErr_Format(PyExc_ValueError, "out: %zu bytes, fewer than %zu", packed->count, (places->count + 7) / 8 * bits);
        goto done;
    }
    if (numbers->count > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "numbers: too many");
        goto done;
    }
    packing.places = places->buffer.buf;
    packing.width = places->width;
    packing.rows = places->count;
    packing.bits = (unsigned)bits;
    packing.packed = (uint8_t *)packed->buffer.buf;
    packing.end = packing.packed + packed->count;
    packing.present = (uint8_t *)present->buffer.buf;
    if (!(memory = make_entries(&packing, numbers))) goto done;
    others = let_others_run(packing.rows, 1);
    fault = path->pack(&packing, &count);
    take_turn(others);
    if (fault.column >= 0) PyErr_Format(PyExc_ValueError, "places: the one in row %zu is not below %zu", fault.row, packing.count);
    else found = PyLong_FromSize_t(count);
done:
    free(memory);
    for (unsigned place = 0; place < 4; place++) let_go(&views[place]);
    return found;
}

/* --- the module -------------------------------------------------------------------------------------------------------- */

#define FUNCTION(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
static PyMethodDef functions[] = {
    FUNCTION(encode), FUNCTION(translate), FUNCTION(translate_bits), FUNCTION(decide_dense),
    FUNCTION(decide_masks), FUNCTION(match), FUNCTION(sum_masks), FUNCTION(count), FUNCTION(pack), {NULL, NULL, 0, NULL},
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
