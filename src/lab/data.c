#include "lab/data.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/arena.h"
#include "base/clones.h"

#define FASHION "/usr/share/datasets/fashion-mnist"
enum { IMAGES_MAGIC = 2051, LABELS_MAGIC = 2049, CIFAR_PIXELS = 3072, CIFAR_ROW = 1 + CIFAR_PIXELS, MOST = 10000000 };

const char *const data_names[] = {"fashion-mnist", "mnist", "cifar10"};
const size_t data_name_count = sizeof data_names / sizeof *data_names;

void data_free(struct dataset *data) {
    mem_free(data->pixel);
    mem_free(data->label);
    *data = (struct dataset){.count = 0};
}

// The folder itself, or the one of this name in it.
static bool has(const char *folder, const char *name, char path[PATH_MAX]) {
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX && access(path, F_OK) == 0;
}

static bool foreign(struct error *error, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool foreign(struct error *error, const char *path, const char *format, ...) {
    char what[300];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    error_set(error, ERROR_FILE, SPAN_NONE, "%s: %s", path, what);
    error_hint(error, "get the file again; :doctor says where from");
    return false;
}

// ---- IDX ----------------------------------------------------------------------------------------------------------

static const char *const idx_files[2][2] = {{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
                                            {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};
// Where people have MNIST: as it is downloaded, and as torchvision keeps it.
static const char *const idx_folders[] = {"", "/mnist", "/MNIST/raw"};

static bool find_either(const char *folder, const char *name, char path[PATH_MAX]) {
    char ending[80];
    snprintf(ending, sizeof ending, "%s.gz", name);
    return has(folder, name, path) || has(folder, ending, path);
}

static bool missing_idx(const char *folder, const char *name, struct error *error) {
    struct stat status;
    bool there = stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
    error_set(error, ERROR_FILE, SPAN_NONE, there ? "there is no %s (or .gz) in %s" : "there is no folder for %s: %s",
              there ? name : "the images", folder);
    if (strcmp(folder, FASHION) == 0)
        error_hint(error, "apt install dataset-fashion-mnist, or `dir FOLDER` with the four IDX files");
    else
        error_hint(error, "`dir FOLDER` (or bauer --data FOLDER) names the folder with the four IDX files, gzipped or "
                          "not: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-...");
    return false;
}

// The file, or the same one gzipped.
static gzFile open_either(const char *folder, const char *name, char path[PATH_MAX], struct error *error) {
    for (size_t i = 0; i < sizeof idx_folders / sizeof *idx_folders; i++) {
        char inner[PATH_MAX];
        if (snprintf(inner, sizeof inner, "%s%s", folder, idx_folders[i]) >= PATH_MAX) continue;
        if (!find_either(inner, name, path)) continue;
        gzFile file = gzopen(path, "rb");
        if (!file) error_set(error, ERROR_FILE, SPAN_NONE, "cannot read %s: %s", path, strerror(errno));
        return file;
    }
    return missing_idx(folder, name, error), NULL;
}

static bool read_word(gzFile file, uint32_t *word) {
    unsigned char bytes[4];
    if (gzread(file, bytes, 4) != 4) return false;
    *word = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

// A file cannot hold more than deflate's best ratio (1032) times its size: asked before memory is.
static bool can_hold(const char *path, uint64_t bytes) {
    struct stat status;
    return stat(path, &status) == 0 && bytes / 1032 <= (uint64_t)status.st_size;
}

// What a read that failed is told as: `what`, unless zlib knows better.
static bool broken(gzFile file, const char *path, const char *what, struct error *error) {
    int code;
    gzerror(file, &code);
    if (code == Z_DATA_ERROR || code == Z_STREAM_ERROR) return foreign(error, path, "its compressed data are damaged");
    if (code == Z_BUF_ERROR) what = "the file is truncated";
    return foreign(error, path, "%s", what);
}

// `size` bytes and nothing behind them.
static bool read_all(gzFile file, const char *path, uint8_t *to, size_t size, struct error *error) {
    char what[100];
    int code;
    for (size_t at = 0; at < size;) {
        int got = gzread(file, to + at, (unsigned)(size - at < 1 << 24 ? size - at : 1 << 24));
        snprintf(what, sizeof what, "the file is truncated: %zu of %zu bytes are there", at, size);
        if (got <= 0) return broken(file, path, what, error);
        at += (size_t)got;
    }
    int more = gzgetc(file);
    gzerror(file, &code);
    if (more != -1) return foreign(error, path, "the file is longer than it says");
    return code == Z_OK || code == Z_STREAM_END || broken(file, path, "it cannot be read to its end", error);
}

static bool read_images(gzFile file, const char *path, struct dataset *data, struct error *error) {
    uint32_t magic, rows, columns;
    if (!read_word(file, &magic)) return broken(file, path, "this is no IDX file: it is too short, or no file", error);
    if (magic != IMAGES_MAGIC)
        return foreign(error, path, "this is no IDX file of images (its magic number is %u, not 2051)", magic);
    if (!read_word(file, &data->count) || !read_word(file, &rows) || !read_word(file, &columns))
        return broken(file, path, "the file is truncated", error);
    if (rows != 28 || columns != 28)
        return foreign(error, path, "its images are %u x %u, and 28 x 28 are expected", rows, columns);
    uint64_t bytes = (uint64_t)data->count * rows * columns;
    if (!data->count || data->count > MOST || !can_hold(path, bytes))
        return foreign(error, path, "it says that it has %u images, which cannot be", data->count);
    data->item = (struct shape){1, {rows * columns}};
    data->pixel = mem_alloc((size_t)bytes, 1);
    if (!data->pixel) return error_memory(error);
    return read_all(file, path, data->pixel, (size_t)bytes, error);
}

static bool read_labels(gzFile file, const char *path, struct dataset *data, struct error *error) {
    uint32_t magic, count;
    if (!read_word(file, &magic)) return broken(file, path, "this is no IDX file: it is too short, or no file", error);
    if (magic != LABELS_MAGIC)
        return foreign(error, path, "this is no IDX file of labels (its magic number is %u, not 2049)", magic);
    if (!read_word(file, &count)) return broken(file, path, "the file is truncated", error);
    if (count != data->count)
        return foreign(error, path, "it has %u labels, and there are %u images", count, data->count);
    data->label = mem_alloc(count, 1);
    if (!data->label) return error_memory(error);
    return read_all(file, path, data->label, count, error);
}

static bool check_labels(const char *path, const struct dataset *data, struct error *error) {
    for (uint32_t i = 0; i < data->count; i++)
        if (data->label[i] >= data->classes)
            return foreign(error, path, "label %u of image %u is not among 0 to %u", data->label[i], i,
                           data->classes - 1);
    return true;
}

static bool load_idx(const char *folder, bool test, struct dataset *data, struct error *error) {
    char path[PATH_MAX];
    gzFile file = open_either(folder, idx_files[test][0], path, error);
    bool ok = file && read_images(file, path, data, error);
    if (file) gzclose(file);
    file = ok ? open_either(folder, idx_files[test][1], path, error) : NULL;
    ok = file && read_labels(file, path, data, error) && check_labels(path, data, error);
    if (file) gzclose(file);
    data->channels = 1;
    data->mean[0] = 0.1307, data->deviation[0] = 0.3081;
    return ok;
}

// ---- CIFAR-10 -----------------------------------------------------------------------------------------------------

static bool append_cifar(const char *path, struct dataset *data, struct error *error) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file) return error_set(error, ERROR_FILE, SPAN_NONE, "cannot read %s: %s", path, strerror(errno));
    uint32_t before = data->count;
    bool ok = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
              status.st_size % CIFAR_ROW == 0 && status.st_size / CIFAR_ROW + before < MOST;
    if (!ok)
        foreign(error, path, "this is no binary file of CIFAR-10, or truncated: %lld bytes are not rows of 3073",
                (long long)status.st_size);
    uint32_t rows = ok ? (uint32_t)(status.st_size / CIFAR_ROW) : 0;
    uint8_t *pixel = ok ? mem_resize(data->pixel, ((size_t)data->count + rows) * CIFAR_PIXELS, 1) : NULL;
    if (pixel) data->pixel = pixel;
    uint8_t *label = pixel ? mem_resize(data->label, (size_t)data->count + rows, 1) : NULL;
    if (label) data->label = label;
    if (ok && !label) ok = error_memory(error);
    for (uint32_t i = 0; ok && i < rows; i++, data->count++) {
        ok = fread(data->label + data->count, 1, 1, file) == 1 &&
             fread(data->pixel + (size_t)data->count * CIFAR_PIXELS, CIFAR_PIXELS, 1, file) == 1;
        if (!ok) foreign(error, path, "it cannot be read to its end");
    }
    fclose(file);
    for (uint32_t i = before; ok && i < data->count; i++)
        if (data->label[i] >= data->classes)
            ok = foreign(error, path, "label %u of image %u is not among 0 to %u", data->label[i], i - before,
                         data->classes - 1);
    return ok;
}

static int is_batch(const struct dirent *entry) {
    size_t size = strlen(entry->d_name);
    return strncmp(entry->d_name, "data_batch", 10) == 0 && size > 4 && strcmp(entry->d_name + size - 4, ".bin") == 0;
}

// What the archive unpacks to may be named, or the folder around it.
static const char *cifar_folder(const char *folder, char path[PATH_MAX]) {
    struct stat status;
    bool inner = has(folder, "cifar-10-batches-bin", path) && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    return inner ? path : folder;
}

static bool no_cifar(const char *what, const char *folder, struct error *error) {
    error_set(error, ERROR_FILE, SPAN_NONE, "there is no %s in %s", what, folder);
    error_hint(error, "CIFAR-10's binary version is wanted: data_batch_1.bin to data_batch_5.bin and test_batch.bin");
    return false;
}

static bool load_batches(const char *folder, struct dataset *data, struct error *error) {
    char path[PATH_MAX + 256];
    struct dirent **entry = NULL;
    bool ok = true;
    int count = scandir(folder, &entry, is_batch, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        ok = ok && append_cifar(path, data, error);
        free(entry[i]);
    }
    free(entry);
    return count > 0 ? ok : no_cifar("data_batch_*.bin", folder, error);
}

static bool load_cifar(const char *given, bool test, struct dataset *data, struct error *error) {
    static const double mean[] = {0.4914, 0.4822, 0.4465}, deviation[] = {0.2023, 0.1994, 0.2010};
    char inner[PATH_MAX], path[PATH_MAX];
    const char *folder = cifar_folder(given, inner);
    data->item = (struct shape){3, {3, 32, 32}};
    data->channels = 3;
    memcpy(data->mean, mean, sizeof mean);
    memcpy(data->deviation, deviation, sizeof deviation);
    if (!test) return load_batches(folder, data, error);
    return has(folder, "test_batch.bin", path) ? append_cifar(path, data, error)
                                               : no_cifar("test_batch.bin", folder, error);
}

// All labels, and every 61st pixel.
static uint64_t hash_of(const struct dataset *data) {
    uint64_t hash = rng_hash(data->label, data->count, data->count);
    size_t size = (size_t)data->count * (size_t)shape_count(data->item);
    for (size_t i = 0; i < size; i += 61) hash = (hash ^ data->pixel[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool data_load(const char *name, const char *folder, bool test, struct dataset *data, struct error *error) {
    *data = (struct dataset){.classes = 10};
    snprintf(data->name, sizeof data->name, "%s", name);
    bool ok;
    if (strcmp(name, "cifar10") == 0 && folder)
        ok = load_cifar(folder, test, data, error);
    else if (strcmp(name, "fashion-mnist") == 0 || (strcmp(name, "mnist") == 0 && folder))
        ok = load_idx(folder ? folder : FASHION, test, data, error);
    else if (strcmp(name, "mnist") == 0 || strcmp(name, "cifar10") == 0) {
        ok = error_set(error, ERROR_USAGE, SPAN_NONE, "%s needs its folder", name);
        error_hint(error, "as in: data %s dir FOLDER, or bauer --data FOLDER", name);
    } else {
        const char *near = text_nearest(name, data_names, data_name_count);
        ok = error_set(error, ERROR_NAME, SPAN_NONE, "there are no data called `%s`", name);
        error_hint(error, near ? "did you mean `%s`?" : "there are %s, mnist and cifar10", near ? near : data_names[0]);
    }
    if (ok)
        data->hash = hash_of(data);
    else
        data_free(data);
    return ok;
}

bool data_there(const char *name, const char *folder, struct error *error) {
    char path[PATH_MAX];
    bool cifar = strcmp(name, "cifar10") == 0;
    if (!folder && strcmp(name, data_names[0]) == 0) folder = FASHION;
    if (!folder) return error_set(error, ERROR_FILE, SPAN_NONE, "no folder is named");
    if (cifar) {
        char inner[PATH_MAX];
        const char *at = cifar_folder(folder, inner);
        return has(at, "test_batch.bin", path) || no_cifar("test_batch.bin", at, error);
    }
    for (int i = 0; i < 4; i++) {
        gzFile file = open_either(folder, idx_files[i / 2][i % 2], path, error);
        if (!file) return false;
        gzclose(file);
    }
    return true;
}

// Without a table: many pixels at once.
CPU_CLONES static void normalize(const uint8_t *restrict pixel, size_t count, double scale, double shift,
                                 float *restrict out) {
    for (size_t p = 0; p < count; p++) out[p] = (float)(pixel[p] * scale + shift);
}

void data_batch(const struct dataset *data, const uint32_t *index, uint32_t count, float *x, int32_t *label) {
    size_t size = (size_t)shape_count(data->item), plane = size / data->channels;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *pixel = data->pixel + (size_t)index[i] * size;
        label[i] = data->label[index[i]];
        for (uint32_t c = 0; c < data->channels; c++, pixel += plane, x += plane)
            normalize(pixel, plane, 1 / (255 * data->deviation[c]), -data->mean[c] / data->deviation[c], x);
    }
}
