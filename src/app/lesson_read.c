#include "app/lesson_read.h"

#include <cmark.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/utf8.h"

const char *const block_names[BLOCK_KINDS] = {"bauer", "show", "point", "question", "hint", "notes"};
const char *const question_names[QUESTION_KINDS] = {"number", "expression", "choice", "prediction", "challenge"};

// The keys of a question's lines: for which kinds, and whether there may be several.
enum {
    FOR_NUMBER = 1 << QUESTION_NUMBER | 1 << QUESTION_PREDICTION,
    FOR_ANSWERED = FOR_NUMBER | 1 << QUESTION_EXPRESSION | 1 << QUESTION_CHALLENGE,
    FOR_CHOICE = 1 << QUESTION_CHOICE,
    FOR_CHALLENGE = 1 << QUESTION_CHALLENGE,
    FOR_ALL = (1 << QUESTION_KINDS) - 1
};
static const struct {
    const char *name;
    unsigned kinds;
    bool several, condition; // `wrong 12:`
} question_keys[] = {{"kind", FOR_ALL, false, false},
                     {"ask", FOR_ALL, false, false},
                     {"answer", FOR_ANSWERED, false, false},
                     {"tolerance", FOR_NUMBER, false, false},
                     {"right", FOR_ANSWERED, false, false},
                     {"wrong", FOR_ANSWERED, true, true},
                     {"partly", FOR_ANSWERED, true, true},
                     {"*", FOR_CHOICE, true, false},
                     {"+", FOR_CHOICE, true, false},
                     {"-", FOR_CHOICE, true, false},
                     {"points", 1 << QUESTION_EXPRESSION, false, false},
                     {"smaller", FOR_CHALLENGE, false, false},
                     {"larger", FOR_CHALLENGE, false, false},
                     {"than", FOR_CHALLENGE, false, false},
                     {"draw", FOR_ALL, false, false}};
enum { KEYS = sizeof question_keys / sizeof *question_keys };

struct reader {
    struct lesson *lesson;
    const char *text; // behind the front matter
    uint32_t first;   // number of its first line
    lesson_mistake *mistake;
    void *context;
    struct error *error;
    bool wrong, starved; // out of memory
    uint32_t mistakes;
};

// ---- mistakes -----------------------------------------------------------------------------------------------------

static void tell(struct reader *r, uint32_t line, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct reader *r, uint32_t line, const char *hint, const char *format, ...) {
    char message[400];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    if (r->mistake) r->mistake(r->context, line, message, hint);
    if (!r->wrong) {
        error_set(r->error, ERROR_FILE, SPAN_NONE, "%s:%u: %s", r->lesson->path, line, message);
        if (*hint) error_hint(r->error, "%s", hint);
    }
    r->wrong = true;
    r->mistakes++;
}

static void starve(struct reader *r) {
    if (!r->wrong) error_memory(r->error);
    r->wrong = r->starved = true;
}

static char *copy(struct reader *r, const char *text, size_t size) {
    char *made = mem_text(text, size);
    if (!made) starve(r);
    return made;
}

// Without blanks at both ends.
static char *trimmed(struct reader *r, const char *text, size_t size) {
    while (size && strchr(" \t\r\n", text[size - 1])) size--;
    while (size && strchr(" \t\r\n", *text)) text++, size--;
    return copy(r, text, size);
}

// ---- the front matter ---------------------------------------------------------------------------------------------

static void take_field(struct reader *r, uint32_t line, const char *text, size_t size) {
    struct lesson *l = r->lesson;
    const char *colon = memchr(text, ':', size);
    if (!colon) {
        if (strspn(text, " \t\r") < size)
            tell(r, line, "as `title: Two paths`", "a line of the front matter is `key: value`");
        return;
    }
    size_t key = (size_t)(colon - text);
    char *value = trimmed(r, colon + 1, size - key - 1), **to = NULL;
    if (!value) return;
    if (key == 5 && memcmp(text, "title", 5) == 0) to = &l->title;
    if (key == 6 && memcmp(text, "author", 6) == 0) to = &l->author;
    if (key == 6 && memcmp(text, "figure", 6) == 0) to = &l->figure;
    if (key == 7 && memcmp(text, "minutes", 7) == 0) {
        if (!text_parse_number(value, &l->minutes) || !(l->minutes > 0 && l->minutes <= 600))
            tell(r, line, "as `minutes: 15`", "`minutes` is a number from 1 to 600, not `%.40s`", value);
    } else if (!to) {
        tell(r, line, "the keys are title, author, minutes and figure", "there is no key `%.*s`",
             (int)(key < 40 ? key : 40), text);
    }
    if (to && *to) tell(r, line, "", "`%.*s` is there twice", (int)key, text);
    if (!to || *to)
        mem_free(value);
    else
        *to = value;
}

// Leaves r->text behind the second "---".
static void read_front(struct reader *r, const char *text) {
    uint32_t line = 1;
    r->text = text;
    r->first = 1;
    if (strncmp(text, "---\n", 4) != 0) {
        tell(r, 1, "---, title: ..., minutes: ..., ---",
             "a lesson begins with its front matter between two lines `---`");
        return;
    }
    for (text += 4, line = 2; *text; line++) {
        size_t size = strcspn(text, "\n");
        const char *next = text + size + (text[size] == '\n');
        if (size == 3 && memcmp(text, "---", 3) == 0) {
            r->text = next;
            r->first = line + 1;
            if (!r->lesson->title) tell(r, 1, "as `title: Two paths`", "the front matter has no title");
            if (r->lesson->minutes == 0) tell(r, 1, "as `minutes: 15`", "the front matter has no minutes");
            return;
        }
        take_field(r, line, text, size);
        text = next;
    }
    tell(r, 1, "a line `---` ends it", "the front matter does not end");
    r->text = text;
    r->first = line;
}

// ---- questions ----------------------------------------------------------------------------------------------------

static bool known_key(const char *text, size_t size) {
    for (int i = 0; i < KEYS; i++)
        if (strlen(question_keys[i].name) == size && memcmp(question_keys[i].name, text, size) == 0) return true;
    return false;
}

static void add_part(struct reader *r, struct question *q, struct question_line part) {
    if (part.key && part.condition && part.text &&
        mem_grow(&q->part, &q->part_capacity, q->part_count + 1, sizeof part)) {
        q->part[q->part_count++] = part;
        return;
    }
    mem_free(part.key), mem_free(part.condition), mem_free(part.text);
    starve(r);
}

static void read_choice(struct reader *r, struct question *q, uint32_t line, const char *text, size_t size) {
    const char *arrow = NULL;
    for (const char *c = text + 1; c + 1 < text + size; c++)
        if (c[0] == '=' && c[1] == '>') arrow = c;
    size_t words = arrow ? (size_t)(arrow - text) : size;
    if (!arrow) tell(r, line, "- a wrong choice => why it is wrong", "a choice has no reason behind `=>`");
    add_part(r, q,
             (struct question_line){copy(r, text, 1), arrow ? trimmed(r, arrow + 2, size - words - 2) : copy(r, "", 0),
                                    trimmed(r, text + 1, words - 1), line});
}

// An answer of several lines is written in one, with "; :" before each command. Before anything is put in for {n}: what
// a student answers stays in its line.
static void split_lines(char *text) {
    for (char *at = text; at && (at = strstr(at, "; :"));) {
        *at++ = '\n';
        memmove(at, at + 1, strlen(at)); // with its end
    }
}

// Whether the engine runs what stands behind this key.
static bool is_run(const char *key, size_t size) {
    static const char *const run[] = {"answer", "smaller", "larger", "than"};
    for (size_t i = 0; i < sizeof run / sizeof *run; i++)
        if (strlen(run[i]) == size && memcmp(run[i], key, size) == 0) return true;
    return false;
}

static void read_line(struct reader *r, struct question *q, uint32_t line, const char *text, size_t size) {
    if (*text == '*' || *text == '+' || *text == '-') {
        read_choice(r, q, line, text, size);
        return;
    }
    size_t key = 0;
    while (key < size && text[key] >= 'a' && text[key] <= 'z') key++;
    const char *colon = memchr(text + key, ':', size - key); // of "wrong 12:", the first behind a blank or at the end
    if ((key == 5 && memcmp(text, "wrong", 5) == 0) || (key == 6 && memcmp(text, "partly", 6) == 0))
        while (colon && colon[1] != ' ' && colon + 1 < text + size)
            colon = memchr(colon + 1, ':', size - (size_t)(colon + 1 - text));
    if (!colon || !known_key(text, key)) {
        tell(r, line,
             "the keys are kind, ask, answer, tolerance, right, wrong, partly, points, smaller, larger, than, draw",
             "`%.*s` is no line of a question", (int)(size < 60 ? size : 60), text);
        return;
    }
    size_t before = (size_t)(colon - text);
    char *value = trimmed(r, colon + 1, size - before - 1);
    if (is_run(text, key)) split_lines(value);
    add_part(r, q, (struct question_line){copy(r, text, key), trimmed(r, text + key, before - key), value, line});
}

const char *question_text(const struct question *q, const char *key) {
    for (size_t i = 0; i < q->part_count; i++)
        if (strcmp(q->part[i].key, key) == 0 && !(strcmp(key, "wrong") == 0 && q->part[i].condition[0]))
            return q->part[i].text;
    return NULL;
}

static uint32_t count_key(const struct question *q, const char *key) {
    uint32_t count = 0;
    for (size_t i = 0; i < q->part_count; i++) count += strcmp(q->part[i].key, key) == 0;
    return count;
}

// Where a key stands; the question's first line if it does not.
static uint32_t line_of(const struct question *q, const char *key) {
    for (size_t i = 0; i < q->part_count; i++)
        if (strcmp(q->part[i].key, key) == 0) return q->part[i].line;
    return q->line;
}

// Keys that do not belong to the kind, or are there twice, or have no text.
static void check_keys(struct reader *r, const struct question *q) {
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        int k = 0;
        while (k < KEYS - 1 && strcmp(question_keys[k].name, part->key) != 0) k++;
        bool choice = strchr("*+-", part->key[0]) != NULL, again = false;
        for (size_t j = 0; j < i; j++)
            again |= strcmp(q->part[j].key, part->key) == 0 && strcmp(q->part[j].condition, part->condition) == 0;
        if (!(question_keys[k].kinds & 1u << q->kind))
            tell(r, part->line, "", "`%s` is not for a question of the kind %s", part->key, question_names[q->kind]);
        else if (!choice && again)
            tell(r, part->line, "", "`%s%s%.40s` is there twice", part->key, *part->condition ? " " : "",
                 part->condition);
        if (!choice && *part->condition && !question_keys[k].condition)
            tell(r, part->line, "as `wrong 12: ...`", "`%s` takes no value before the colon", part->key);
        if (strcmp(part->key, "partly") == 0 && !*part->condition)
            tell(r, part->line, "as `partly 12: Nearly: ...`", "`partly` needs the answer that is partly right");
        if (!*part->text) tell(r, part->line, "", "`%s` says nothing", part->key);
    }
}

static void check_draw(struct reader *r, const struct question *q) {
    const char *draw = question_text(q, "draw");
    char name[32], more;
    long low, high;
    if (!draw) return;
    bool ok = sscanf(draw, "%31[A-Za-z_] in %ld..%ld %c", name, &low, &high, &more) == 3 && low <= high &&
              low > -1000000000 && high < 1000000000 && strcmp(name, "answer") != 0;
    if (!ok) tell(r, line_of(q, "draw"), "as `draw: n in 4..9`", "`%.60s` draws nothing", draw);
}

static void check_points(struct reader *r, const struct question *q) {
    const char *points = question_text(q, "points");
    if (q->kind != QUESTION_EXPRESSION) return;
    if (!points) tell(r, q->line, "as `points: x in 0.1..2`", "an expression needs `points` to be compared at");
    while (points && *points) {
        char name[64];
        double low, high;
        if (sscanf(points, " %63s in %lf..%lf", name, &low, &high) != 3 || !(low < high)) {
            tell(r, line_of(q, "points"), "as `points: x in 0.1..2, y in 1..3`", "`%.60s` are no points", points);
            return;
        }
        points = strchr(points, ',');
        if (points) points++;
    }
}

static void check_kind(struct reader *r, struct question *q) {
    const char *kind = question_text(q, "kind");
    for (int i = 0; kind && i < QUESTION_KINDS; i++)
        if (strcmp(kind, question_names[i]) == 0) {
            q->kind = (enum question_kind)i;
            return;
        }
    tell(r, line_of(q, "kind"), "kinds are number, expression, choice, prediction and challenge", "`kind` is %s%.40s",
         kind ? "none of the kinds: " : "missing", kind ? kind : "");
}

static void check_tolerance(struct reader *r, struct question *q) {
    const char *text = question_text(q, "tolerance");
    char number[64];
    q->tolerance = 1e-6;
    if (!text) return;
    size_t size = strcspn(text, " ");
    snprintf(number, sizeof number, "%.*s", (int)(size < 60 ? size : 60), text);
    q->absolute = strcmp(text + size, " absolute") == 0;
    if ((text[size] && !q->absolute) || !text_parse_number(number, &q->tolerance) || !(q->tolerance >= 0))
        tell(r, line_of(q, "tolerance"), "as `tolerance: 0.01`, or `tolerance: 0.5 absolute`",
             "`tolerance` is a number, not `%.40s`", text);
}

static void check_question(struct reader *r, struct question *q) {
    check_kind(r, q);
    check_tolerance(r, q);
    check_keys(r, q);
    check_draw(r, q);
    check_points(r, q);
    if (!question_text(q, "ask")) tell(r, q->line, "as `ask: How many paths are there?`", "the question asks nothing");
    bool choice = q->kind == QUESTION_CHOICE, challenge = q->kind == QUESTION_CHALLENGE;
    if (choice && (count_key(q, "*") != 1 || count_key(q, "-") < 1))
        tell(r, q->line, "* the right one => why", "a choice needs one line `* ...` and at least one `- ...`");
    if (choice) return;
    if (challenge && (!question_text(q, "than") || !(question_text(q, "smaller") || question_text(q, "larger"))))
        tell(r, q->line, "smaller: :sample 1 {answer} => /variance_exact/0/0",
             "a challenge needs `than`, and `smaller` or `larger`");
    if (!challenge && !question_text(q, "answer"))
        tell(r, q->line, "answer: :paths => /count", "the question has no `answer` that computes it");
    if (!question_text(q, "right"))
        tell(r, q->line, "as `right: Yes: ...`", "the right answer has no reason (`right`)");
    if (!question_text(q, "wrong"))
        tell(r, q->line, "as `wrong: Add up ...`", "wrong answers have no reason (`wrong`)");
}

static struct question *read_question(struct reader *r, const char *text, uint32_t line) {
    struct question *q = mem_zero(1, sizeof *q);
    if (!q) return starve(r), NULL;
    uint32_t before = r->mistakes;
    q->line = line;
    for (uint32_t number = line; *text; number++) {
        size_t size = strcspn(text, "\n");
        if (strspn(text, " \t\r") < size) read_line(r, q, number, text, size);
        text += size + (text[size] == '\n');
    }
    check_question(r, q);
    q->broken = r->mistakes > before;
    return q;
}

// ---- steps and blocks ---------------------------------------------------------------------------------------------

static struct lesson_step *add_step(struct reader *r, uint32_t line) {
    struct lesson *l = r->lesson;
    if (l->step_count == LESSON_STEPS) {
        tell(r, line, "", "a lesson has at most %d steps", LESSON_STEPS);
        return NULL;
    }
    if (!mem_grow(&l->step, &l->step_capacity, l->step_count + 1, sizeof *l->step)) {
        starve(r);
        return NULL;
    }
    l->step[l->step_count] = (struct lesson_step){.line = line};
    return &l->step[l->step_count++];
}

// The text of a heading, without its marks.
static char *plain_text(struct reader *r, cmark_node *heading) {
    struct buffer out = {0};
    cmark_iter *iter = cmark_iter_new(heading);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        const char *text = cmark_node_get_literal(cmark_iter_get_node(iter));
        if (event == CMARK_EVENT_ENTER && text) buffer_text(&out, text);
    }
    cmark_iter_free(iter);
    char *plain = copy(r, buffer_string(&out), out.size);
    buffer_free(&out);
    return plain;
}

static void add_block(struct reader *r, struct lesson_step *step, enum block_kind kind, cmark_node *node,
                      uint32_t line) {
    const char *text = cmark_node_get_literal(node);
    if (step->block_count == LESSON_BLOCKS) {
        tell(r, line, "", "a step has at most %d blocks", LESSON_BLOCKS);
        return;
    }
    struct lesson_block block = {
        .kind = kind, .text = copy(r, text ? text : "", text ? strlen(text) : 0), .line = line + 1};
    if (kind == BLOCK_QUESTION && block.text) block.question = read_question(r, block.text, line + 1);
    if (mem_grow(&step->block, &step->block_capacity, step->block_count + 1, sizeof block)) {
        step->block[step->block_count++] = block;
    } else {
        mem_free(block.text);
        starve(r);
    }
}

static int kind_of_block(struct reader *r, cmark_node *node, uint32_t line) {
    const char *info = cmark_node_get_fence_info(node);
    static const char *const plain[] = {"", "text", "python", "sh"};
    for (int kind = 0; info && kind < BLOCK_KINDS; kind++)
        if (strcmp(info, block_names[kind]) == 0) return kind;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!info || strcmp(info, plain[i]) == 0) return -1;
    const char *near = text_nearest(info, block_names, BLOCK_KINDS);
    char hint[120] = "blocks are bauer, show, point, question, hint and notes; `text` is only shown";
    if (near) snprintf(hint, sizeof hint, "did you mean `%s`?", near);
    tell(r, line, hint, "there is no block `%.40s`", info);
    return -1;
}

// A relative address that stays in the folder, however it is written.
static bool stays_inside(const char *url) {
    if (*url == '/' || strpbrk(url, "\\:") || strcasestr(url, "%2e") || strcasestr(url, "%2f")) return false;
    for (const char *part = url; part; part = strchr(part, '/'), part += part != NULL)
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || strchr("?#", part[2]))) return false; // strchr finds '\0'
    return true;
}

static void check_link(struct reader *r, uint32_t line, const char *url) {
    bool web = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    if (!web && !stays_inside(url))
        tell(r, line, "links lead to the web, or to files beside the lesson",
             "`%.80s` leads out of the lesson's folder", url);
}

static void check_picture(struct reader *r, uint32_t line, const char *url) {
    struct error error = {0};
    size_t size;
    if (!stays_inside(url)) {
        tell(r, line, "a lesson's pictures lie beside it", "`%.80s` leads out of the lesson's folder", url);
        return;
    }
    char *data = lesson_picture(r->lesson->path, url, &size, NULL, &error);
    if (!data) tell(r, line, error.hint, "%s", error.message);
    mem_free(data);
    error_clear(&error);
}

static void check_nodes(struct reader *r, cmark_node *document) {
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter), *parent = cmark_node_parent(node);
        if (event != CMARK_EVENT_ENTER) continue;
        uint32_t line = r->first + (uint32_t)cmark_node_get_start_line(node) - 1;
        for (cmark_node *at = node; at && line < r->first; at = cmark_node_parent(at)) // inlines of old cmark have none
            line = r->first + (uint32_t)cmark_node_get_start_line(at) - 1;
        cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_LINK) check_link(r, line, cmark_node_get_url(node));
        if (type == CMARK_NODE_IMAGE) check_picture(r, line, cmark_node_get_url(node));
        if (type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE)
            tell(r, line, "write it as CommonMark", "HTML is not taken from a lesson");
        if (type == CMARK_NODE_CODE_BLOCK && parent != document && kind_of_block(r, node, line) >= 0)
            tell(r, line, "it begins at the left margin", "this block stands inside of a list or a quotation");
    }
    cmark_iter_free(iter);
}

// Where lines begin in r->text.
static const char *line_at(const struct reader *r, int number) {
    const char *text = r->text;
    while (--number > 0 && *text) text += strcspn(text, "\n"), text += *text == '\n';
    return text;
}

// A fenced block that is cut off by the end of the file has no last fence.
static bool is_ended(const struct reader *r, cmark_node *block) {
    const char *info = cmark_node_get_fence_info(block);
    const char *first = line_at(r, cmark_node_get_start_line(block)),
               *last = line_at(r, cmark_node_get_end_line(block));
    first += strspn(first, " "), last += strspn(last, " ");
    return !info || (*first != '`' && *first != '~') || (last > first && strspn(last, "`~") >= 3);
}

static void add_prose(struct buffer *prose, const struct reader *r, int first, int last) {
    const char *from = line_at(r, first), *to = line_at(r, last + 1);
    buffer_add(prose, from, (size_t)(to - from));
    buffer_text(prose, "\n");
}

static void end_step(struct reader *r, struct buffer *prose) {
    struct lesson *l = r->lesson;
    if (l->step_count) l->step[l->step_count - 1].prose = trimmed(r, buffer_string(prose), prose->size);
    buffer_clear(prose);
}

static void read_steps(struct reader *r, cmark_node *document) {
    struct buffer prose = {0};
    struct lesson *l = r->lesson;
    for (cmark_node *node = cmark_node_first_child(document); node; node = cmark_node_next(node)) {
        int first = cmark_node_get_start_line(node), last = cmark_node_get_end_line(node);
        uint32_t line = r->first + (uint32_t)first - 1;
        cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_HEADING && cmark_node_get_heading_level(node) == 2) {
            if (l->step_count) end_step(r, &prose); // what stands before the first step belongs to it
            struct lesson_step *step = add_step(r, line);
            if (!step) break;
            step->heading = plain_text(r, node);
        }
        int kind = type == CMARK_NODE_CODE_BLOCK ? kind_of_block(r, node, line) : -1;
        if (type == CMARK_NODE_CODE_BLOCK && !is_ended(r, node))
            tell(r, line, "a line ``` ends it", "this block does not end");
        if (kind < 0)
            add_prose(&prose, r, first, last);
        else if (!l->step_count)
            tell(r, line, "a heading of two # begins a step", "this block stands before the first step");
        else
            add_block(r, &l->step[l->step_count - 1], (enum block_kind)kind, node, line);
    }
    end_step(r, &prose);
    if (!l->step_count) tell(r, r->first, "a heading of two # begins a step", "the lesson has no step");
    buffer_free(&prose);
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static char *name_of(struct reader *r, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return copy(r, name, dot ? (size_t)(dot - name) : strlen(name));
}

static uint32_t lines_before(const char *text, const char *to) {
    uint32_t line = 1;
    for (; text < to; text++) line += *text == '\n';
    return line;
}

// The first place that is no UTF-8.
static void check_encoding(struct reader *r, const char *text, size_t size) {
    size_t good = 0;
    uint32_t character;
    if (utf8_valid(text, size)) return;
    for (size_t step; good < size && (step = utf8_decode(text + good, size - good, &character)) > 0;) good += step;
    if (good < size)
        tell(r, lines_before(text, text + good), "save the file as UTF-8", "a byte that is no UTF-8 stands here");
}

static struct lesson *parse(const char *path, const char *text, size_t size, lesson_mistake *mistake, void *context,
                            bool all, struct error *error) {
    struct lesson *lesson = mem_zero(1, sizeof *lesson);
    struct error own = {0};
    struct reader r = {.lesson = lesson, .mistake = mistake, .context = context, .error = error ? error : &own};
    if (lesson && text && memchr(text, '\0', size)) {
        const char *zero = memchr(text, '\0', size);
        lesson->path = copy(&r, path, strlen(path));
        tell(&r, lines_before(text, zero), "a lesson is plain text", "a zero byte stands here");
        lesson_free(lesson);
        return NULL;
    }
    struct source *source = lesson ? source_new(path, text, size, r.error) : NULL;
    if (!source) {
        if (!lesson) error_memory(r.error);
        mem_free(lesson);
        return NULL;
    }
    lesson->path = copy(&r, path, strlen(path));
    lesson->name = name_of(&r, path);
    check_encoding(&r, text, size);
    if (lesson->path) read_front(&r, source->text);
    if (all && !lesson->title) lesson->title = copy(&r, path, strlen(path));
    cmark_node *document = lesson->path ? cmark_parse_document(r.text, strlen(r.text), CMARK_OPT_DEFAULT) : NULL;
    bool usable = document != NULL;
    if (document) {
        check_nodes(&r, document);
        read_steps(&r, document);
        cmark_node_free(document);
    }
    source_drop(source);
    if (!r.wrong || (all && usable && !r.starved && lesson->step_count)) return lesson;
    lesson_free(lesson);
    return NULL;
}

struct lesson *lesson_parse(const char *path, const char *text, size_t size, lesson_mistake *mistake, void *context,
                            struct error *error) {
    return parse(path, text, size, mistake, context, false, error);
}

static struct lesson *read_file(const char *path, lesson_mistake *mistake, void *context, bool all,
                                struct error *error) {
    struct stat status;
    size_t size;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s is not a file", path);
        return NULL;
    }
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > LESSON_LARGEST) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s is too large for a lesson: %lld bytes, over %d", path,
                  (long long)status.st_size, LESSON_LARGEST);
        if (mistake) mistake(context, 1, "the file is too large for a lesson", "");
        return NULL;
    }
    char *text = file_read(path, &size, error);
    struct lesson *lesson = text ? parse(path, text, size, mistake, context, all, error) : NULL;
    mem_free(text);
    return lesson;
}

struct lesson *lesson_read(const char *path, lesson_mistake *mistake, void *context, struct error *error) {
    return read_file(path, mistake, context, false, error);
}

struct lesson *lesson_read_all(const char *path, lesson_mistake *mistake, void *context, struct error *error) {
    return read_file(path, mistake, context, true, error);
}

static void free_question(struct question *q) {
    for (size_t i = 0; q && i < q->part_count; i++) {
        mem_free(q->part[i].key);
        mem_free(q->part[i].condition);
        mem_free(q->part[i].text);
    }
    if (q) mem_free(q->part);
    mem_free(q);
}

void lesson_free(struct lesson *lesson) {
    if (!lesson) return;
    for (size_t i = 0; i < lesson->step_count; i++) {
        struct lesson_step *step = &lesson->step[i];
        for (size_t b = 0; b < step->block_count; b++) {
            mem_free(step->block[b].text);
            free_question(step->block[b].question);
        }
        mem_free(step->block);
        mem_free(step->heading);
        mem_free(step->prose);
    }
    mem_free(lesson->step);
    mem_free(lesson->path), mem_free(lesson->name);
    mem_free(lesson->title), mem_free(lesson->author), mem_free(lesson->figure);
    mem_free(lesson);
}

const struct question *lesson_question(const struct lesson_step *step, uint32_t index) {
    for (size_t b = 0; b < step->block_count; b++)
        if (step->block[b].kind == BLOCK_QUESTION && index-- == 0) return step->block[b].question;
    return NULL;
}

uint32_t lesson_question_count(const struct lesson_step *step) {
    uint32_t count = 0;
    for (size_t b = 0; b < step->block_count; b++) count += step->block[b].kind == BLOCK_QUESTION;
    return count;
}

uint32_t lesson_questions(const struct lesson *lesson) {
    uint32_t count = 0;
    for (size_t i = 0; i < lesson->step_count; i++) count += lesson_question_count(&lesson->step[i]);
    return count;
}
