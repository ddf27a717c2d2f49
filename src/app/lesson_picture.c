// Pictures that lie beside a lesson: read from its folder and from nowhere else.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/lesson_read.h"
#include "base/file.h"

// The folder with a slash behind it, and the file, without any links: the file must begin with the folder.
static bool is_inside(const char *lesson, const char *url, char *real_file) {
    char folder[PATH_MAX], path[2 * PATH_MAX], real_folder[PATH_MAX];
    const char *slash = strrchr(lesson, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - lesson) + 1 : 2, slash ? lesson : "./");
    snprintf(path, sizeof path, "%s%s", folder, url);
    if (!realpath(folder, real_folder) || !realpath(path, real_file)) return false;
    size_t size = strlen(real_folder);
    while (size && real_folder[size - 1] == '/') size--;
    return strncmp(real_file, real_folder, size) == 0 && real_file[size] == '/';
}

char *lesson_picture(const char *lesson, const char *url, size_t *size, const char **type, struct error *error) {
    char file[PATH_MAX];
    struct stat status;
    if (!is_inside(lesson, url, file) || stat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set(error, ERROR_FILE, SPAN_NONE, "there is no picture `%.80s` in the lesson's folder", url);
        error_hint(error, "a lesson's pictures lie beside it");
        return NULL;
    }
    if (status.st_size > LESSON_PICTURE)
        return error_set(error, ERROR_FILE, SPAN_NONE, "the picture `%.80s` has over %d MB", url, LESSON_PICTURE >> 20),
               NULL;
    char *data = file_read(file, size, error);
    bool png = data && *size > 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
    bool jpeg = data && *size > 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
    if (type) *type = png ? "image/png" : "image/jpeg";
    if (!data || png || jpeg) return data;
    error_set(error, ERROR_FILE, SPAN_NONE, "`%.80s` is no picture", url);
    error_hint(error, "a lesson's pictures are PNG or JPEG");
    mem_free(data);
    return NULL;
}
