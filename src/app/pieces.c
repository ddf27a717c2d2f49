#include "app/pieces.h"

#include <string.h>

// What is open at the end of a line.
struct scan {
    int brackets;
    char quote;  // of a triple-quoted string
    bool joined; // the line ends in a backslash
};

static bool triple(const char *c, const char *end) { return end - c >= 3 && c[1] == c[0] && c[2] == c[0]; }

// Passes a string that begins at `c` and ends on its line, or leaves scan->quote set.
static const char *scan_string(struct scan *scan, const char *c, const char *end) {
    char quote = *c;
    if (triple(c, end)) {
        scan->quote = quote;
        return c + 3;
    }
    for (c++; c < end && *c != quote; c++)
        if (*c == '\\') c++;
    return c < end ? c + 1 : end;
}

static const char *scan_inside(struct scan *scan, const char *c, const char *end) {
    for (; c < end; c++) {
        if (*c == '\\') {
            c++;
        } else if (*c == scan->quote && triple(c, end)) {
            scan->quote = 0;
            return c + 3;
        }
    }
    return end;
}

static void scan_line(struct scan *scan, const char *c, const char *end) {
    scan->joined = false;
    while (c < end) {
        if (scan->quote) {
            c = scan_inside(scan, c, end);
        } else if (*c == '#') {
            return;
        } else if (*c == '"' || *c == '\'') {
            c = scan_string(scan, c, end);
        } else {
            if (*c == '(' || *c == '[' || *c == '{') scan->brackets++;
            if ((*c == ')' || *c == ']' || *c == '}') && scan->brackets) scan->brackets--;
            scan->joined = *c == '\\' && c + 1 == end;
            c++;
        }
    }
}

static const char *line_end(const struct pieces *p) {
    const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
    return newline ? newline : p->end;
}

static void advance(struct pieces *p, const char *end) {
    p->at = end < p->end ? end + 1 : end;
    p->line++;
}

static bool is_blank(const char *c, const char *end) {
    while (c < end && (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\f')) c++;
    return c == end || *c == '#';
}

static bool starts_word(const char *c, const char *end, const char *word) {
    size_t size = strlen(word);
    return (size_t)(end - c) >= size && memcmp(c, word, size) == 0 && (c + size == end || strchr(" \t:(", c[size]));
}

// Whether the line goes on with what is above it: indented, or else, elif.
static bool continues(const char *c, const char *end) {
    return *c == ' ' || *c == '\t' || starts_word(c, end, "else") || starts_word(c, end, "elif") ||
           starts_word(c, end, "except") || starts_word(c, end, "finally");
}

bool pieces_next(struct pieces *p, struct piece *piece) {
    while (p->at < p->end && is_blank(p->at, line_end(p))) advance(p, line_end(p));
    if (p->at >= p->end) return false;
    *piece = (struct piece){.text = p->at, .line = p->line, .command = *p->at == ':'};
    const char *last = line_end(p);
    struct scan scan = {0};
    if (!piece->command) scan_line(&scan, p->at, last);
    bool decorator = *p->at == '@';
    advance(p, last);
    while (!piece->command && p->at < p->end) {
        const char *end = line_end(p);
        bool open = scan.brackets || scan.quote || scan.joined;
        // A command line ends what was left open: the mistake stays in its own piece.
        if (open && !scan.quote && *p->at == ':') break;
        if (!open && is_blank(p->at, end)) {
            const struct pieces here = *p;
            while (p->at < p->end && is_blank(p->at, line_end(p))) advance(p, line_end(p));
            if (p->at < p->end && continues(p->at, line_end(p)) && *p->at != ':') continue;
            *p = here;
            break;
        }
        if (!open && !continues(p->at, end) && !decorator) break;
        if (scan.brackets && !scan.quote && !piece->resume && !strchr(" \t\r\n#)]}", *p->at)) piece->resume = p->at;
        decorator = false;
        scan_line(&scan, p->at, end);
        last = end;
        advance(p, end);
    }
    piece->size = (size_t)(last - piece->text);
    return true;
}

void pieces_resume(struct pieces *p, struct piece *piece) {
    p->at = piece->resume;
    p->line = piece->line;
    for (const char *c = piece->text; c < piece->resume; c++) p->line += *c == '\n';
    piece->size = (size_t)(piece->resume - piece->text);
    piece->resume = NULL;
}
