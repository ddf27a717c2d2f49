// Questions: what is right is computed when an answer comes, by the engine itself.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson_private.h"
#include "app/trials.h"
#include "app/walk.h"
#include "base/rng.h"
#include "base/task.h"

enum { POINTS = 16, TRIES = 200 };

// ---- numbers that are drawn ---------------------------------------------------------------------------------------

// `draw: n in 4..9`, anywhere in the lesson: the same for every question and block of it.
static bool drawn(const struct session *session, const char *name, size_t size, long *number) {
    const struct lesson_run *run = session->lesson;
    for (size_t s = 0; run && s < run->lesson->step_count; s++)
        for (size_t b = 0; b < run->lesson->step[s].block_count; b++) {
            const struct question *q = run->lesson->step[s].block[b].question;
            const char *draw = q ? question_text(q, "draw") : NULL;
            char word[32];
            long low, high;
            if (!draw || sscanf(draw, "%31s in %ld..%ld", word, &low, &high) != 3 || high < low) continue;
            if (strlen(word) != size || memcmp(word, name, size) != 0) continue;
            struct rng rng = rng_at(
                rng_key(run->seed, rng_hash(word, size, rng_hash(run->lesson->name, strlen(run->lesson->name), 0))), 0,
                0);
            return *number = low + (long)rng_below(&rng, (uint64_t)(high - low) + 1), true;
        }
    return false;
}

void lesson_fill(const struct session *session, const struct question *question, const char *text, const char *answer,
                 struct buffer *out) {
    (void)question;
    for (; *text; text++) {
        size_t size = *text == '{' ? strcspn(text, "}\n") : 0;
        long number;
        if (size && text[size] == '}' && size == 7 && memcmp(text, "{answer", 7) == 0) {
            buffer_text(out, answer);
            text += size;
        } else if (size && text[size] == '}' && drawn(session, text + 1, size - 1, &number)) {
            buffer_printf(out, "%ld", number);
            text += size;
        } else {
            buffer_char(out, *text);
        }
    }
}

// ---- asking the engine --------------------------------------------------------------------------------------------

static json_t *last_object(const char *lines) {
    json_t *last = NULL;
    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        json_t *object = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        if (!object) continue;
        json_decref(last);
        last = object;
    }
    return last;
}

// Lines that may do what they like to the session: it is as before afterwards, its walk included.
int lesson_try(struct session *session, const char *lines, bool json, struct buffer *out, struct error *error) {
    struct session_mark *mark = session_mark(session);
    struct walk *walk = session->walk;
    struct buffer script = {0}, nothing = {0};
    struct error lost = {0};
    if (!mark) return error_memory(error), 1;
    size_t behind = session_hold(session, SIZE_MAX);
    uint32_t trials = trials_made(session->trials);
    if (walk && session->shown.step) walk_script(walk, &script);
    session->walk = NULL; // a walk is no part of a mark
    int failed = lesson_run_silently(session, "<answer>", lines, 1, json, out);
    bool interrupted = task_uninterrupt();
    session_return(session, mark, &lost);
    session_hold(session, behind);
    trials_cut(session->trials, trials);
    session->walk = walk;
    if (script.size && !walk_is_on(walk, environment_graph(session->environment)))
        lesson_run_silently(session, "<walk>", buffer_string(&script), 1, true, &nothing); // its graph was made anew
    session_mark_free(mark);
    buffer_free(&script);
    buffer_free(&nothing);
    task_reinterrupt(interrupted);
    return failed;
}

json_t *lesson_ask_engine(struct session *session, const char *lines, struct error *error) {
    struct buffer out = {0};
    int failed = lesson_try(session, lines, true, &out, error);
    json_t *object = last_object(buffer_string(&out));
    buffer_free(&out);
    const char *message = json_string_value(json_object_get(object, "message"));
    if (!failed && object) return object;
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s", message ? message : "these lines give no answer");
    const char *hint = json_string_value(json_object_get(object, "hint"));
    if (hint) error_hint(error, "%s", hint);
    json_decref(object);
    return NULL;
}

// RFC 6901, without escapes; "length" is that of a list.
static const json_t *pointed(const json_t *object, const char *pointer) {
    while (object && *pointer == '/') {
        char key[64];
        size_t size = strcspn(++pointer, "/");
        snprintf(key, sizeof key, "%.*s", (int)(size < 63 ? size : 63), pointer);
        object = json_is_array(object) ? json_array_get(object, (size_t)strtoul(key, NULL, 10))
                                       : json_object_get(object, key);
        pointer += size;
    }
    return object;
}

static bool length_of(const json_t *object, const char *pointer, double *number) {
    char list[64];
    size_t size = strlen(pointer), tail = strlen("/length");
    if (size < tail || size - tail >= sizeof list || strcmp(pointer + size - tail, "/length") != 0) return false;
    snprintf(list, sizeof list, "%.*s", (int)(size - tail), pointer);
    const json_t *array = pointed(object, list);
    if (!json_is_array(array)) return false;
    return *number = (double)json_array_size(array), true;
}

static bool number_of(const json_t *value, double *number) {
    if (json_is_number(value)) return *number = json_number_value(value), true;
    const char *text = json_string_value(value);
    return text && text_parse_number(text, number);
}

// `:paths => /count`, or an expression.
static bool compute(struct session *session, const char *line, double *number, struct error *error) {
    if (text_parse_number(line, number)) return true;
    const char *arrow = strstr(line, "=>");
    struct buffer lines = {0};
    buffer_add(&lines, line, arrow ? (size_t)(arrow - line) : strlen(line));
    json_t *object = lesson_ask_engine(session, buffer_string(&lines), error);
    buffer_free(&lines);
    if (!object) return false;
    const char *pointer = arrow ? arrow + 2 + strspn(arrow + 2, " ") : "/values/0";
    bool ok = length_of(object, pointer, number) || number_of(pointed(object, pointer), number);
    json_decref(object);
    return ok || error_set(error, ERROR_USAGE, SPAN_NONE, "`%.120s` gives no number at %.60s", line, pointer);
}

// The question's own line: a failure is the lesson's mistake.
static bool compute_own(struct session *session, const struct question *q, const char *key, const char *answer,
                        double *number, struct error *error) {
    struct buffer line = {0};
    struct error own = {0};
    lesson_fill(session, q, question_text(q, key), answer, &line);
    bool ok = compute(session, buffer_string(&line), number, &own);
    buffer_free(&line);
    return ok || error_set(error, ERROR_FILE, SPAN_NONE, "%s:%u: `%s` cannot be computed: %.300s",
                           session->lesson->lesson->path, q->line, key, own.message);
}

// ---- reasons ------------------------------------------------------------------------------------------------------

static void give(const struct session *session, const struct question *q, const char *text, struct verdict *verdict) {
    struct buffer out = {0};
    lesson_fill(session, q, text ? text : "", "", &out);
    snprintf(verdict->reason, sizeof verdict->reason, "%s", buffer_string(&out));
    buffer_free(&out);
}

// Reasons for an answer of its own: `wrong 12: ...`, and `partly 11: ...` with half of the credit.
static bool is_special(const struct question_line *part) {
    return part->condition[0] && (strcmp(part->key, "wrong") == 0 || strcmp(part->key, "partly") == 0);
}

static void give_special(const struct session *session, const struct question *q, const struct question_line *part,
                         struct verdict *verdict) {
    if (part->key[0] == 'p') verdict->credit = 0.5;
    give(session, q, part->text, verdict);
}

static bool same(const struct question *q, double a, double b) {
    if (isnan(a) || isnan(b)) return false;
    return fabs(a - b) <= (q->absolute ? q->tolerance : q->tolerance * fmax(fabs(b), 1e-300)) || a == b;
}

// A wrong answer is often typed with three digits only: it gets its own reason all the same.
static bool is_that_wrong(const struct question *q, double a, double b) {
    return same(q, a, b) || fabs(a - b) <= 2e-3 * fabs(b);
}

static void reason_of_number(struct session *session, const struct question *q, double number,
                             struct verdict *verdict) {
    give(session, q, question_text(q, verdict->right ? "right" : "wrong"), verdict);
    for (size_t i = 0; !verdict->right && i < q->part_count; i++) {
        double value;
        struct error ignored = {0};
        struct buffer condition = {0};
        if (!is_special(&q->part[i])) continue;
        lesson_fill(session, q, q->part[i].condition, "", &condition);
        bool fits = compute(session, buffer_string(&condition), &value, &ignored) && is_that_wrong(q, number, value);
        buffer_free(&condition);
        if (fits) return give_special(session, q, &q->part[i], verdict);
    }
}

// ---- the kinds ----------------------------------------------------------------------------------------------------

static bool check_number(struct session *session, const struct question *q, double given, struct verdict *verdict,
                         struct error *error) {
    double right;
    if (!compute_own(session, q, "answer", "", &right, error)) return false;
    verdict->right = same(q, given, right);
    reason_of_number(session, q, given, verdict);
    return true;
}

static bool is_choice(const struct question_line *part) { return strchr("*+-", part->key[0]) != NULL; }

static bool check_choice(struct session *session, const struct question *q, const char *answer, struct verdict *verdict,
                         struct error *error) {
    int wanted = answer[0] && (!answer[1] || answer[1] == ')') ? (answer[0] | 32) - 'a' : -1, number = 0;
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        if (!is_choice(part)) continue;
        if (number++ != wanted && strcmp(part->text, answer) != 0) continue;
        verdict->right = part->key[0] == '*';
        verdict->credit = part->key[0] == '+' ? 0.5 : 0;
        give(session, q, part->condition, verdict);
        return true;
    }
    return error_set(error, ERROR_USAGE, SPAN_NONE, "answer with a letter from a to %c, not `%.40s`", 'a' + number - 1,
                     answer);
}

// `points: x1 in 0.1..2, x2 in 0.5..1`: a line "x1 = 0.7" for each, drawn.
static void add_points(const char *points, struct rng *rng, struct buffer *out) {
    while (points && *points) {
        char name[64];
        double low, high;
        if (sscanf(points, " %63s in %lf..%lf", name, &low, &high) == 3)
            buffer_printf(out, "%s = %.6f\n", name, low + (high - low) * rng_uniform(rng));
        points = strchr(points, ',');
        if (points) points++;
    }
}

static bool at_point(struct session *session, const char *points, const char *expression, uint64_t point, double *value,
                     struct error *error) {
    struct rng rng = rng_at(rng_key(7, 7), point, 0);
    struct buffer lines = {0};
    add_points(points, &rng, &lines);
    buffer_text(&lines, expression);
    bool ok = compute(session, buffer_string(&lines), value, error);
    buffer_free(&lines);
    return ok;
}

static bool check_expression(struct session *session, const struct question *q, const char *answer,
                             struct verdict *verdict, struct error *error) {
    struct buffer right = {0};
    lesson_fill(session, q, question_text(q, "answer"), "", &right);
    const char *points = question_text(q, "points");
    bool ok = true;
    verdict->right = true;
    for (uint64_t i = 0; ok && verdict->right && i < POINTS; i++) {
        double a, b;
        ok = at_point(session, points, answer, i, &a, error) &&
             at_point(session, points, buffer_string(&right), i, &b, error);
        if (ok) verdict->right = fabs(a - b) <= 1e-8 * fmax(1, fabs(b));
    }
    buffer_free(&right);
    if (ok) give(session, q, question_text(q, verdict->right ? "right" : "wrong"), verdict);
    for (size_t i = 0; ok && !verdict->right && i < q->part_count; i++) {
        double a, b;
        struct error ignored = {0};
        if (!is_special(&q->part[i])) continue;
        struct buffer condition = {0};
        lesson_fill(session, q, q->part[i].condition, "", &condition);
        bool fits = at_point(session, points, answer, 0, &a, &ignored) &&
                    at_point(session, points, buffer_string(&condition), 0, &b, &ignored) &&
                    fabs(a - b) <= 1e-8 * fmax(1, fabs(b));
        buffer_free(&condition);
        if (!fits) continue;
        give_special(session, q, &q->part[i], verdict);
        break;
    }
    return ok;
}

// Whether two answers are the same words, whatever stands between them.
static bool same_words(const char *a, const char *b) {
    static const char blank[] = " \t,";
    for (;;) {
        size_t one = strcspn(a += strspn(a, blank), blank), other = strcspn(b += strspn(b, blank), blank);
        if (one != other || memcmp(a, b, one) != 0) return false;
        if (!one) return true;
        a += one, b += other;
    }
}

static const char *reason_of_words(const struct question *q, const char *answer) {
    for (size_t i = 0; i < q->part_count; i++)
        if (strcmp(q->part[i].key, "wrong") == 0 && q->part[i].condition[0] && same_words(q->part[i].condition, answer))
            return q->part[i].text;
    return question_text(q, "wrong");
}

static bool check_challenge(struct session *session, const struct question *q, const char *answer,
                            struct verdict *verdict, struct error *error) {
    bool smaller = question_text(q, "smaller");
    double value, bound;
    struct buffer line = {0};
    lesson_fill(session, q, question_text(q, smaller ? "smaller" : "larger"), answer, &line);
    bool ok =
        compute(session, buffer_string(&line), &value, error) && compute_own(session, q, "than", answer, &bound, error);
    buffer_free(&line);
    if (!ok) return false;
    verdict->right = smaller ? value < bound : value > bound;
    give(session, q, verdict->right ? question_text(q, "right") : reason_of_words(q, answer), verdict);
    for (size_t i = 0; !verdict->right && i < q->part_count; i++) { // a weaker bound is met
        struct error ignored = {0};
        double weaker;
        if (q->part[i].key[0] != 'p' || strcmp(q->part[i].key, "partly") != 0) continue;
        if (!compute(session, q->part[i].condition, &weaker, &ignored) || !(smaller ? value < weaker : value > weaker))
            continue;
        give_special(session, q, &q->part[i], verdict);
        break;
    }
    char numbers[96];
    snprintf(numbers, sizeof numbers, " (%.6g, to be %s than %.6g)", value, smaller ? "smaller" : "larger", bound);
    strncat(verdict->reason, numbers, sizeof verdict->reason - strlen(verdict->reason) - 1);
    return true;
}

// A session as the step in hand left it, whatever was typed since: the same one if nothing was.
static struct session *as_left(struct session *session, struct error *error) {
    const struct lesson_run *run = session->lesson;
    if (session_stands_at(session, run->mark[run->at].session)) return session;
    struct session *other = session_new(error);
    struct lesson *lesson = other ? lesson_read(run->lesson->path, NULL, NULL, error) : NULL;
    if (other) other->settings = session->settings, other->from_window = true; // no window is its
    if (other) other->settings.seed = run->seed;
    bool ok = lesson && lesson_begin(other, lesson, error);
    if (ok) other->lesson->seed = run->seed, other->lesson->rehearsal = true;
    if (ok && lesson_go_captured(other, run->at, error)) return other;
    session_free(other);
    return NULL;
}

static bool check(struct session *session, const struct question *q, const char *answer, double given,
                  struct verdict *verdict, struct error *error) {
    if (q->kind == QUESTION_CHOICE) return check_choice(session, q, answer, verdict, error);
    if (q->kind == QUESTION_EXPRESSION) return check_expression(session, q, answer, verdict, error);
    if (q->kind == QUESTION_CHALLENGE) return check_challenge(session, q, answer, verdict, error);
    return check_number(session, q, given, verdict, error);
}

bool lesson_check(struct session *session, uint32_t index, const char *answer, struct verdict *verdict,
                  struct error *error) {
    const struct lesson_step *step = lesson_step(session);
    const struct question *q = step ? lesson_question(step, index) : NULL;
    double given = 0;
    *verdict = (struct verdict){0};
    if (!q) return error_set(error, ERROR_USAGE, SPAN_NONE, "this step asks nothing");
    bool number = q->kind == QUESTION_NUMBER || q->kind == QUESTION_PREDICTION;
    if (number && !compute(session, answer, &given, error)) { // with what the student has typed
        error_hint(error, "answer with a number, or an expression that can be computed");
        return false;
    }
    struct session *there = as_left(session, error);
    bool ok = there && check(there, lesson_question(lesson_step(there), index), answer, given, verdict, error);
    if (there != session) session_free(there);
    if (!ok || verdict->right) verdict->credit = ok;
    return ok;
}

static bool right_number(struct session *session, uint32_t index, double *right, struct error *error) {
    struct session *there = as_left(session, error);
    bool ok = there && compute_own(there, lesson_question(lesson_step(there), index), "answer", "", right, error);
    if (there != session) session_free(there);
    return ok;
}

bool lesson_run_as_left(struct session *session, const char *lines, struct buffer *out, struct error *error) {
    struct session *there = as_left(session, error);
    bool ok = there && lesson_try(there, lines, false, out, error) == 0;
    if (there != session) session_free(there);
    return ok;
}

bool lesson_right(struct session *session, uint32_t index, struct buffer *out, struct error *error) {
    const struct question *q = lesson_question(lesson_step(session), index);
    double right;
    char number = 'a';
    if (q->kind == QUESTION_CHALLENGE) {
        const char *example = question_text(q, "answer");
        return buffer_text(out, example ? example : ""), true;
    }
    if (q->kind == QUESTION_EXPRESSION) return lesson_fill(session, q, question_text(q, "answer"), "", out), true;
    for (size_t i = 0; q->kind == QUESTION_CHOICE && i < q->part_count; i++) {
        if (q->part[i].key[0] == '*') return buffer_char(out, number), true;
        number = (char)(number + is_choice(&q->part[i]));
    }
    bool ok = right_number(session, index, &right, error);
    if (ok) buffer_printf(out, "%.17g", right);
    return ok;
}

void lesson_ask(const struct session *session, const struct question *q, struct buffer *out) {
    char letter = 'a';
    const char *ask = question_text(q, "ask");
    lesson_fill(session, q, ask ? ask : "", "", out);
    if (q->kind != QUESTION_CHOICE) return;
    buffer_text(out, "\n");
    for (size_t i = 0; i < q->part_count; i++) {
        if (!is_choice(&q->part[i])) continue;
        buffer_printf(out, "\n%c) ", letter++);
        lesson_fill(session, q, q->part[i].text, "", out);
        buffer_text(out, "\\");
    }
    if (out->size && out->data[out->size - 1] == '\\') buffer_cut(out, out->size - 1);
}
