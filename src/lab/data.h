// Images with labels: IDX files (MNIST, Fashion-MNIST; gzipped or not) and CIFAR-10's binary files.
#ifndef BAUER_LAB_DATA_H
#define BAUER_LAB_DATA_H

#include "base/rng.h"
#include "base/text.h"
#include "tensor/shape.h"

struct dataset {
    char name[32]; // "fashion-mnist", "mnist", "cifar10"
    uint32_t count, classes;
    struct shape item; // (784,), (3, 32, 32)
    uint8_t *pixel;    // count items, 0 to 255
    uint8_t *label;
    uint32_t channels;            // of mean and deviation
    double mean[3], deviation[3]; // pixel/255 is normalised by them
    uint64_t hash;                // of all that was read: a checkpoint goes on with the same data only
};

// The training or the test images of "fashion-mnist" (Debian's package, or `folder`), "mnist" or "cifar10" (`folder`).
// ERROR_FILE says which file is missing, truncated or of another kind, and what belongs there.
bool data_load(const char *name, const char *folder, bool test, struct dataset *data, struct error *error);
// Whether its files are there (they are not read); else `error` says what is missing.
bool data_there(const char *name, const char *folder, struct error *error);
void data_free(struct dataset *data);
// Normalised images `index` (count of them) into x, as rows, and their labels.
void data_batch(const struct dataset *data, const uint32_t *index, uint32_t count, float *x, int32_t *label);
extern const char *const data_names[];
extern const size_t data_name_count;

#endif
