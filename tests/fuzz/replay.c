// Runs a fuzzer's function on files and on all files of folders, without libFuzzer: what the tests do with the corpora.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "fuzz.h"

static int replayed;

static void replay(const char *path) {
    struct stat status;
    char inner[4096];
    if (stat(path, &status) != 0) return;
    if (S_ISDIR(status.st_mode)) {
        DIR *directory = opendir(path);
        for (struct dirent *entry; directory && (entry = readdir(directory));) {
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            if (entry->d_name[0] != '.') replay(inner);
        }
        if (directory) closedir(directory);
        return;
    }
    FILE *file = fopen(path, "rb");
    uint8_t *data = mem_alloc((size_t)status.st_size + 1, 1);
    if (!file || !data || fread(data, 1, (size_t)status.st_size, file) != (size_t)status.st_size) exit(1);
    fclose(file);
    fprintf(stderr, "%s\n", path); // the last one is the one that broke it
    LLVMFuzzerTestOneInput(data, (size_t)status.st_size);
    mem_free(data);
    replayed++;
}

int main(int count, char **argument) {
    for (int i = 1; i < count; i++) {
        char *path = realpath(argument[i], NULL);
        if (path) replay(path);
        free(path);
    }
    printf("[  PASSED  ] %d test(s).\n", replayed);
    return replayed == 0;
}
