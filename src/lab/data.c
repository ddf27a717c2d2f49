#include "lab/data.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/arena.h"

#define FASHION "/usr/share/datasets/fashion-mnist"
enum { IMAGES_MAGIC = 2051, LABELS_MAGIC = 2049, CIFAR_PIXELS = 3072, CIFAR_ROW = 1 + CIFAR_PIXELS, MOST = 10000000 };

const char *const data_names[] = {"fashion-mnist", "mnist", "cifar10"};
const size_t data_name_count = sizeof data_names / sizeof *data_names;

void data_free(struct dataset *data) {
    mem_free(data->pixel);
    mem_free(data->label);
    *data = (struct dataset){.count = 0};
}

// ---- IDX ----------------------------------------------------------------------------------------------------------

static bool foreign(struct error *error, const char *path, const char *what) {
    return error_set(error, ERROR_FILE, SPAN_NONE, "%s: %s", path, what);
}

// The file, or the same one gzipped.
static gzFile open_either(const char *folder, const char *name, char *path, size_t size, struct error *error) {
    static const char *const endings[] = {"", ".gz"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, size, "%s/%s%s", folder, name, endings[i]);
        gzFile file = gzopen(path, "rb");
        if (file) return file;
    }
    error_set(error, ERROR_FILE, SPAN_NONE, "cannot read %s/%s: %s", folder, name, strerror(errno));
    if (strcmp(folder, FASHION) == 0)
        error_hint(error, "apt install dataset-fashion-mnist, or `dir FOLDER` with the four IDX files");
    else
        error_hint(error, "`dir FOLDER` names the folder with the IDX files of MNIST, gzipped or not");
    return NULL;
}

static bool read_word(gzFile file, uint32_t *word) {
    unsigned char bytes[4];
    if (gzread(file, bytes, 4) != 4) return false;
    *word = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

static bool read_all(gzFile file, uint8_t *to, size_t size) {
    for (size_t at = 0; at < size;) {
        int got = gzread(file, to + at, (unsigned)(size - at < 1 << 24 ? size - at : 1 << 24));
        if (got <= 0) return false;
        at += (size_t)got;
    }
    return gzgetc(file) == -1; // nothing behind
}

static bool read_images(gzFile file, const char *path, struct dataset *data, struct error *error) {
    uint32_t magic, rows, columns;
    if (!read_word(file, &magic) || magic != IMAGES_MAGIC)
        return foreign(error, path, "this is no IDX file of images (its magic number is not 2051)");
    if (!read_word(file, &data->count) || !read_word(file, &rows) || !read_word(file, &columns) || !data->count ||
        data->count > MOST || rows != 28 || columns != 28)
        return foreign(error, path, "images of 28 x 28 are expected");
    data->item = (struct shape){1, {rows * columns}};
    data->pixel = mem_alloc((size_t)data->count * rows * columns, 1);
    if (!data->pixel) return error_memory(error);
    return read_all(file, data->pixel, (size_t)data->count * rows * columns) ||
           foreign(error, path, "the file is truncated, or longer than it says");
}

static bool read_labels(gzFile file, const char *path, struct dataset *data, struct error *error) {
    uint32_t magic, count;
    if (!read_word(file, &magic) || magic != LABELS_MAGIC)
        return foreign(error, path, "this is no IDX file of labels (its magic number is not 2049)");
    if (!read_word(file, &count) || count != data->count)
        return foreign(error, path, "there are not as many labels as images");
    data->label = mem_alloc(count, 1);
    if (!data->label) return error_memory(error);
    return read_all(file, data->label, count) || foreign(error, path, "the file is truncated, or longer than it says");
}

static bool check_labels(const char *path, const struct dataset *data, struct error *error) {
    for (uint32_t i = 0; i < data->count; i++)
        if (data->label[i] >= data->classes)
            return error_set(error, ERROR_FILE, SPAN_NONE, "%s: label %u of image %u is not among 0 to %u", path,
                             data->label[i], i, data->classes - 1);
    return true;
}

static bool load_idx(const char *folder, bool test, struct dataset *data, struct error *error) {
    char path[PATH_MAX];
    gzFile file =
        open_either(folder, test ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte", path, sizeof path, error);
    bool ok = file && read_images(file, path, data, error);
    if (file) gzclose(file);
    file =
        ok ? open_either(folder, test ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte", path, sizeof path, error)
           : NULL;
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
    bool ok = fstat(fileno(file), &status) == 0 && status.st_size > 0 && status.st_size % CIFAR_ROW == 0 &&
              status.st_size / CIFAR_ROW < MOST;
    if (!ok) foreign(error, path, "this is no binary file of CIFAR-10: rows have 3073 bytes (is it truncated?)");
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
    return ok && check_labels(path, data, error);
}

static int is_batch(const struct dirent *entry) {
    size_t size = strlen(entry->d_name);
    return strncmp(entry->d_name, "data_batch", 10) == 0 && size > 4 && strcmp(entry->d_name + size - 4, ".bin") == 0;
}

static bool load_cifar(const char *folder, bool test, struct dataset *data, struct error *error) {
    static const double mean[] = {0.4914, 0.4822, 0.4465}, deviation[] = {0.2023, 0.1994, 0.2010};
    char path[PATH_MAX];
    struct dirent **entry = NULL;
    bool ok = true;
    data->item = (struct shape){3, {3, 32, 32}};
    data->channels = 3;
    memcpy(data->mean, mean, sizeof mean);
    memcpy(data->deviation, deviation, sizeof deviation);
    if (test) {
        snprintf(path, sizeof path, "%s/test_batch.bin", folder);
        return append_cifar(path, data, error);
    }
    int count = scandir(folder, &entry, is_batch, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        ok = ok && append_cifar(path, data, error);
        free(entry[i]);
    }
    free(entry);
    if (count > 0) return ok;
    error_set(error, ERROR_FILE, SPAN_NONE, "there is no data_batch_*.bin in %s", folder);
    error_hint(error, "CIFAR-10's binary version is wanted: data_batch_1.bin to data_batch_5.bin and test_batch.bin");
    return false;
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
        error_hint(error, "as in: data %s dir FOLDER", name);
    } else {
        const char *near = text_nearest(name, data_names, data_name_count);
        ok = error_set(error, ERROR_NAME, SPAN_NONE, "there are no data called `%s`", name);
        error_hint(error, near ? "did you mean `%s`?" : "there are %s, mnist and cifar10", near ? near : data_names[0]);
    }
    if (!ok) data_free(data);
    return ok;
}

void data_batch(const struct dataset *data, const uint32_t *index, uint32_t count, float *x, int32_t *label) {
    size_t size = (size_t)shape_count(data->item), plane = size / data->channels;
    float table[3][256];
    for (uint32_t c = 0; c < data->channels; c++)
        for (int v = 0; v < 256; v++) table[c][v] = (float)((v / 255.0 - data->mean[c]) / data->deviation[c]);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *pixel = data->pixel + (size_t)index[i] * size;
        label[i] = data->label[index[i]];
        for (uint32_t c = 0; c < data->channels; c++)
            for (size_t p = 0; p < plane; p++) *x++ = table[c][*pixel++];
    }
}
