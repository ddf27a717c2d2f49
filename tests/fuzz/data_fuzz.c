// Any bytes as the files of a data set: images and labels of MNIST's kind, gzipped or not, or CIFAR-10's.
#include <string.h>

#include "fuzz.h"
#include "lab/data.h"

// The first byte chooses the kind; of IDX files, the next two say where the images end and the labels begin.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct dataset set;
    struct error error = {0};
    fuzz_begin();
    if (size < 3) return 0;
    bool cifar = data[0] & 1, test = data[0] & 2;
    size_t split = (size_t)data[1] * 256 + data[2];
    data += 3, size -= 3;
    if (split > size) split = size;
    if (cifar) {
        fuzz_file(test ? "test_batch.bin" : "data_batch_1.bin", data, size);
    } else {
        fuzz_file(test ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte", data, split);
        fuzz_file(test ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte", data + split, size - split);
    }
    if (!data_load(cifar ? "cifar10" : "mnist", fuzz_folder(), test, &set, &error)) {
        fuzz_must(error.message[0], "data that are refused are told why");
        return 0;
    }
    for (uint32_t i = 0; i < set.count; i++) fuzz_must(set.label[i] < set.classes, "labels are in range");
    data_free(&set);
    return 0;
}
