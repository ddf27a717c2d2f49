// Data files: what is read from small ones made here, and what is said of files that are damaged, foreign or missing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "lab/data.h"

enum { IMAGES = 7, TESTS = 3, PIXELS = 784, ROW = 3073 };

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/bauer-data-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_file(const char *name, const void *data, size_t size, bool zipped) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (zipped) {
        gzFile file = gzopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, data, (unsigned)size), (int)size);
        assert_int_equal(gzclose(file), Z_OK);
        return;
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void remove_file(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void put_word(uint8_t *at, uint32_t word) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(word >> (24 - 8 * i));
}

static uint8_t pixel_of(uint32_t image, uint32_t p) { return (uint8_t)(image * 37 + p * 11 + p / 5); }

// An IDX file of images or labels; returns its size.
static size_t idx_images(uint8_t *out, uint32_t count) {
    put_word(out, 2051), put_word(out + 4, count), put_word(out + 8, 28), put_word(out + 12, 28);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t p = 0; p < PIXELS; p++) out[16 + i * PIXELS + p] = pixel_of(i, p);
    return 16 + (size_t)count * PIXELS;
}

static size_t idx_labels(uint8_t *out, uint32_t count) {
    put_word(out, 2049), put_word(out + 4, count);
    for (uint32_t i = 0; i < count; i++) out[8 + i] = (uint8_t)(i * 3 % 10);
    return 8 + count;
}

static uint8_t images[16 + IMAGES * PIXELS], labels[8 + IMAGES];
static size_t image_bytes, label_bytes;

// Four whole files of MNIST's kind.
static void write_mnist(bool zipped) {
    const char *ending = zipped ? ".gz" : "";
    static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                         "t10k-labels-idx1-ubyte"};
    for (int i = 3; i >= 0; i--) { // the training files last, so that their bytes stay
        char name[64];
        uint32_t count = i < 2 ? IMAGES : TESTS;
        snprintf(name, sizeof name, "%s%s", names[i], ending);
        uint8_t *out = i % 2 ? labels : images;
        size_t size = i % 2 ? idx_labels(out, count) : idx_images(out, count);
        write_file(name, out, size, zipped);
        if (i == 0) image_bytes = size;
        if (i == 1) label_bytes = size;
    }
}

static void check_mnist(void) {
    struct dataset data;
    struct error error = {0};
    for (int test = 0; test < 2; test++) {
        assert_true(data_load("mnist", folder, test, &data, &error));
        assert_int_equal(data.count, test ? TESTS : IMAGES);
        assert_int_equal(data.item.rank, 1);
        assert_int_equal(data.item.size[0], PIXELS);
        for (uint32_t i = 0; i < data.count; i++) {
            assert_int_equal(data.label[i], i * 3 % 10);
            for (uint32_t p = 0; p < PIXELS; p++) assert_int_equal(data.pixel[i * PIXELS + p], pixel_of(i, p));
        }
        data_free(&data);
    }
}

static void idx_files_are_read(void **state) {
    (void)state;
    struct error error = {0};
    write_mnist(true);
    check_mnist();
    write_mnist(false);
    check_mnist();
    assert_true(data_there("mnist", folder, &error));
}

// The normalisation of the paper's code: (pixel/255 - mean)/deviation (rad.md, section 4).
static void batches_are_normalised(void **state) {
    (void)state;
    struct dataset data;
    struct error error = {0};
    float x[2 * PIXELS];
    int32_t label[2];
    uint32_t index[2] = {5, 2};
    write_mnist(false);
    assert_true(data_load("mnist", folder, false, &data, &error));
    data_batch(&data, index, 2, x, label);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(label[i], index[i] * 3 % 10);
        for (uint32_t p = 0; p < PIXELS; p++)
            assert_true(x[i * PIXELS + (int)p] == (float)((pixel_of(index[i], p) / 255.0 - 0.1307) / 0.3081));
    }
    data_free(&data);
}

static void refused(const char *name, bool test, const char *message) {
    struct dataset data;
    struct error error = {0};
    assert_false(data_load(name, folder, test, &data, &error));
    if (!strstr(error.message, message)) print_message("%s\nis not\n%s\n", error.message, message);
    assert_non_null(strstr(error.message, message));
    assert_true(error.hint[0]);
    assert_null(data.pixel);
    assert_null(data.label);
}

static void bad_idx_files_are_refused(void **state) {
    (void)state;
    static const char *const name = "train-images-idx3-ubyte";
    uint8_t copy[sizeof images + 1];
    write_mnist(false);
    memcpy(copy, images, image_bytes);
    for (size_t size = 4; size < image_bytes; size += 333) { // cut anywhere
        write_file(name, copy, size, false);
        refused("mnist", false, "truncated");
    }
    write_file(name, copy, 2, false);
    refused("mnist", false, "this is no IDX file");
    write_file(name, copy, image_bytes + 1, false);
    refused("mnist", false, "longer than it says");
    put_word(copy, 2049);
    write_file(name, copy, image_bytes, false);
    refused("mnist", false, "its magic number is 2049, not 2051");
    memcpy(copy, images, image_bytes);
    put_word(copy + 8, 32);
    write_file(name, copy, image_bytes, false);
    refused("mnist", false, "32 x 28");
    memcpy(copy, images, image_bytes);
    put_word(copy + 4, 4000000); // 3 GB that the file cannot hold
    write_file(name, copy, image_bytes, false);
    refused("mnist", false, "4000000 images, which cannot be");
    put_word(copy + 4, 0);
    write_file(name, copy, image_bytes, false);
    refused("mnist", false, "0 images");
    write_file(name, images, image_bytes, false);
    labels[8 + 4] = 10;
    write_file("train-labels-idx1-ubyte", labels, label_bytes, false);
    refused("mnist", false, "label 10 of image 4 is not among 0 to 9");
    put_word(labels + 4, IMAGES - 1);
    write_file("train-labels-idx1-ubyte", labels, label_bytes - 1, false);
    refused("mnist", false, "it has 6 labels, and there are 7 images");
    remove_file("train-labels-idx1-ubyte");
    refused("mnist", false, "there is no train-labels-idx1-ubyte (or .gz)");
}

static void bad_gzip_is_refused(void **state) {
    (void)state;
    char path[256];
    struct stat status;
    write_mnist(true);
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", folder);
    assert_int_equal(stat(path, &status), 0);
    size_t size = (size_t)status.st_size;
    uint8_t *whole = malloc(size);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fread(whole, 1, size, file), size);
    fclose(file);
    for (size_t cut = 1; cut < size - 20; cut += 97) { // also within the checksum at the end
        write_file("train-images-idx3-ubyte.gz", whole, size - cut, false);
        refused("mnist", false, "");
    }
    whole[size - 6] ^= 1; // the checksum
    write_file("train-images-idx3-ubyte.gz", whole, size, false);
    refused("mnist", false, "compressed data are damaged");
    free(whole);
}

static uint8_t cifar[5 * ROW];

static void make_cifar(uint32_t rows, uint32_t first) {
    for (uint32_t i = 0; i < rows; i++) {
        cifar[i * ROW] = (uint8_t)((first + i) % 10);
        for (uint32_t p = 1; p < ROW; p++) cifar[i * ROW + p] = pixel_of(first + i, p);
    }
}

static void cifar_is_read(void **state) {
    (void)state;
    struct dataset data;
    struct error error = {0};
    make_cifar(3, 0), write_file("data_batch_1.bin", cifar, 3 * ROW, false);
    make_cifar(5, 3), write_file("data_batch_2.bin", cifar, 5 * ROW, false);
    make_cifar(2, 8), write_file("test_batch.bin", cifar, 2 * ROW, false);
    assert_true(data_load("cifar10", folder, false, &data, &error)); // any number of batches
    assert_int_equal(data.count, 8);
    assert_int_equal(data.item.rank, 3);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(data.label[i], i);
        for (uint32_t p = 1; p < ROW; p++) assert_int_equal(data.pixel[i * (ROW - 1) + p - 1], pixel_of(i, p));
    }
    float *x = malloc((ROW - 1) * sizeof *x);
    int32_t label;
    data_batch(&data, &(uint32_t){6}, 1, x, &label); // each channel by its own mean (rad.md, section 4)
    assert_true(x[0] == (float)((pixel_of(6, 1) / 255.0 - 0.4914) / 0.2023));
    assert_true(x[1024] == (float)((pixel_of(6, 1025) / 255.0 - 0.4822) / 0.1994));
    assert_true(x[2048] == (float)((pixel_of(6, 2049) / 255.0 - 0.4465) / 0.2010));
    free(x);
    data_free(&data);
    assert_true(data_load("cifar10", folder, true, &data, &error));
    assert_int_equal(data.count, 2);
    data_free(&data);
    assert_true(data_there("cifar10", folder, &error));

    write_file("data_batch_2.bin", cifar, 2 * ROW - 1, false);
    refused("cifar10", false, "6145 bytes are not rows of 3073");
    write_file("data_batch_2.bin", "", 0, false);
    refused("cifar10", false, "0 bytes");
    cifar[ROW] = 255;
    write_file("data_batch_2.bin", cifar, 2 * ROW, false);
    refused("cifar10", false, "data_batch_2.bin: label 255 of image 1");
    remove_file("test_batch.bin");
    refused("cifar10", true, "there is no test_batch.bin");
    remove_file("data_batch_1.bin"), remove_file("data_batch_2.bin");
    refused("cifar10", false, "there is no data_batch_*.bin");
}

static void missing_data_are_named(void **state) {
    (void)state;
    struct dataset data;
    struct error error = {0};
    refused("mnist", false, "there is no train-images-idx3-ubyte (or .gz)");
    assert_false(data_load("mnist", "/nowhere/at/all", false, &data, &error));
    assert_non_null(strstr(error.message, "there is no folder"));
    error_clear(&error);
    assert_false(data_load("mnist", NULL, false, &data, &error));
    assert_non_null(strstr(error.hint, "dir FOLDER"));
    error_clear(&error);
    assert_false(data_load("fashion-mnits", NULL, false, &data, &error));
    assert_non_null(strstr(error.hint, "fashion-mnist"));
    error_clear(&error);
    assert_false(data_there("cifar10", NULL, &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(idx_files_are_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(batches_are_normalised, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(bad_idx_files_are_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(bad_gzip_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(cifar_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(missing_data_are_named, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
