// Runs a transcript: a text file of shell commands with what they should print.
//
//     What a reader should know, as prose.
//
//       $ bauer figure1.py -c ':paths'
//       4 paths ...
//       $ bauer - <<'END'
//       > 1/0
//       > END
//       <input>:1:1: error: ...
//       [1]
//
// Lines indented by two spaces are commands ("$ ", continued by "> ") and their output: stdout and stderr as they come,
// then the exit status in brackets unless it is 0. Everything else is prose. A line that ends in " (re)" is a POSIX
// extended regular expression for the whole line. Decimals may differ in their last places (compilers differ), whole
// numbers may not. Commands run by sh in an empty folder with figure1.py and programs/ in it; $ROOT is the checkout.
//
// To write down what is printed now, after reading that it is right:  BAUER_TRANSCRIPTS=write meson test -C build
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOLERANCE 1e-11 // relative, of decimals

struct text {
    char *data;
    size_t size;
};

static void die(const char *what) {
    perror(what);
    exit(2);
}

static void add(struct text *text, const char *data, size_t size) {
    text->data = realloc(text->data, text->size + size + 1);
    if (!text->data) die("realloc");
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

static void add_text(struct text *text, const char *data) { add(text, data, strlen(data)); }

static struct text read_all(FILE *file) {
    struct text text = {0};
    char piece[65536];
    size_t size;
    add(&text, "", 0);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0) add(&text, piece, size);
    return text;
}

// ---- comparing ----------------------------------------------------------------------------------------------------

static bool is_decimal(const char *begin, const char *end) {
    for (const char *at = begin; at < end; at++) {
        if (*at == '.' || *at == 'e') return true;
    }
    return false;
}

// Steps over a number at both; whether they are equal as far as they must be.
static bool same_number(const char **a, const char **b) {
    char *end_a, *end_b;
    double x = strtod(*a, &end_a), y = strtod(*b, &end_b);
    bool exact = !is_decimal(*a, end_a) || !is_decimal(*b, end_b);
    bool same = exact ? end_a - *a == end_b - *b && memcmp(*a, *b, (size_t)(end_a - *a)) == 0
                      : fabs(x - y) <= TOLERANCE * fmax(fabs(x), 1e-3);
    *a = end_a;
    *b = end_b;
    return same;
}

static bool same_line(const char *a, const char *b) {
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            if (!same_number(&a, &b)) return false;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

static bool matches(const char *expected, const char *line) {
    size_t size = strlen(expected);
    if (size < 5 || strcmp(expected + size - 5, " (re)") != 0) return same_line(expected, line);
    char pattern[4096];
    regex_t regex;
    snprintf(pattern, sizeof pattern, "^(%.*s)$", (int)(size - 5), expected);
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
    bool found = regexec(&regex, line, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

// The next line of `text` from *at as a string of its own in *line; false at the end.
static bool next_line(const char *text, size_t *at, char **line) {
    if (!text[*at]) return false;
    size_t size = strcspn(text + *at, "\n");
    *line = strndup(text + *at, size);
    *at += size + (text[*at + size] == '\n');
    return true;
}

// What was printed, but with expected's line wherever the two match, so that rewriting a file keeps its patterns.
static struct text merge(const char *expected, const char *printed) {
    struct text merged = {0};
    char *want = NULL, *got = NULL;
    size_t at_want = 0, at_got = 0;
    add(&merged, "", 0);
    while (next_line(printed, &at_got, &got)) {
        bool have = next_line(expected, &at_want, &want);
        add_text(&merged, have && matches(want, got) ? want : got);
        add_text(&merged, "\n");
        if (have) free(want);
        free(got);
    }
    return merged;
}

// ---- running ------------------------------------------------------------------------------------------------------

// Output as lines of text: control characters are written \xHH, a missing last newline is told.
static struct text legible(struct text raw) {
    struct text lines = {0};
    add(&lines, "", 0);
    for (size_t i = 0; i < raw.size; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        char escaped[8];
        snprintf(escaped, sizeof escaped, "\\x%02x", c);
        if ((c < 32 && c != '\n') || c == 127) {
            add_text(&lines, escaped);
        } else {
            add(&lines, raw.data + i, 1);
        }
    }
    if (raw.size && raw.data[raw.size - 1] != '\n') add_text(&lines, " (no newline)\n");
    return lines;
}

static struct text run(const char *command) {
    struct text script = {0};
    add_text(&script, "exec 2>&1 </dev/null\n");
    add_text(&script, command);
    fflush(NULL);
    FILE *pipe = popen(script.data, "r");
    if (!pipe) die("popen");
    struct text raw = read_all(pipe);
    int status = pclose(pipe);
    struct text output = legible(raw);
    char tail[64] = "";
    if (WIFSIGNALED(status)) snprintf(tail, sizeof tail, "[signal %d]\n", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status)) snprintf(tail, sizeof tail, "[%d]\n", WEXITSTATUS(status));
    add_text(&output, tail);
    free(raw.data);
    free(script.data);
    return output;
}

static void prepare(char *folder, const char *program, const char *root) {
    char path[8192];
    if (!mkdtemp(folder) || chdir(folder) != 0) die(folder);
    snprintf(path, sizeof path, "%.*s:/usr/bin:/bin", (int)(strrchr(program, '/') - program), program);
    setenv("PATH", path, 1);
    setenv("ROOT", root, 1);
    setenv("HOME", folder, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "dumb", 1);
    const char *unset[] = {"XDG_STATE_HOME", "XDG_CONFIG_HOME", "NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY", "COLUMNS"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    snprintf(path, sizeof path, "%s/assets/figure1.py", root);
    if (symlink(path, "figure1.py") != 0) die(path);
    snprintf(path, sizeof path, "%s/tests/programs", root);
    if (symlink(path, "programs") != 0) die(path);
}

static void clean_up(const char *folder) {
    if (chdir("/") != 0) die("/");
    setenv("FOLDER", folder, 1);
    if (system("chmod -R u+rwX \"$FOLDER\" && rm -rf \"$FOLDER\"") != 0) fprintf(stderr, "%s stays\n", folder);
}

// ---- the file -----------------------------------------------------------------------------------------------------

struct transcript {
    struct text now; // the file as it would be written now
    int passed, failed;
};

static void add_indented(struct text *text, const char *lines) {
    char *line;
    for (size_t at = 0; next_line(lines, &at, &line); free(line)) {
        add_text(text, "  ");
        add_text(text, line);
        add_text(text, "\n");
    }
}

static void run_command(struct transcript *transcript, struct text *command, struct text *expected) {
    if (!command->size) return;
    struct text printed = run(command->data), merged = merge(expected->data ? expected->data : "", printed.data);
    bool same = strcmp(merged.data, expected->data ? expected->data : "") == 0;
    add_indented(&transcript->now, merged.data);
    *(same ? &transcript->passed : &transcript->failed) += 1;
    if (!same) {
        printf("---- %s---- expected\n%s---- printed\n%s", command->data, expected->data ? expected->data : "",
               merged.data);
    }
    free(printed.data);
    free(merged.data);
    free(command->data);
    free(expected->data);
    *command = *expected = (struct text){0};
}

static void run_file(struct transcript *transcript, const char *text) {
    struct text command = {0}, expected = {0};
    char *line;
    for (size_t at = 0; next_line(text, &at, &line); free(line)) {
        bool begins = strncmp(line, "  $ ", 4) == 0, goes_on = strncmp(line, "  > ", 4) == 0 && !expected.size;
        bool indented = strncmp(line, "  ", 2) == 0;
        if (begins || !indented) run_command(transcript, &command, &expected);
        struct text *to = begins || goes_on ? &command : indented ? &expected : NULL;
        if (to) {
            add_text(to, line + (to == &command ? 4 : 2));
            add_text(to, "\n");
        }
        if (to != &expected) {
            add_text(&transcript->now, line);
            add_text(&transcript->now, "\n");
        }
    }
    run_command(transcript, &command, &expected);
}

static void write_file(const char *path, struct text text) {
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0) die(path);
}

int main(int count, char **argument) {
    if (count != 4) {
        fprintf(stderr, "usage: transcript BAUER ROOT FILE\n");
        return 2;
    }
    FILE *file = fopen(argument[3], "r");
    if (!file) die(argument[3]);
    struct text text = read_all(file);
    fclose(file);

    char folder[] = "/tmp/bauer-XXXXXX";
    struct transcript transcript = {0};
    char *program = realpath(argument[1], NULL);
    if (!program) die(argument[1]);
    prepare(folder, program, argument[2]);
    free(program);
    run_file(&transcript, text.data);
    clean_up(folder);

    const char *mode = getenv("BAUER_TRANSCRIPTS");
    if (transcript.failed && mode && strcmp(mode, "write") == 0) write_file(argument[3], transcript.now);
    if (transcript.passed) printf("[  PASSED  ] %d test(s).\n", transcript.passed);
    if (transcript.failed) printf("[  FAILED  ] %d test(s).\n", transcript.failed);
    free(text.data);
    free(transcript.now.data);
    return transcript.failed || !transcript.passed;
}
