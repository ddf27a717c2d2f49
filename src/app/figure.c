// :figure
#include "app/figure.h"

#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/keep_words.h"
#include "app/lesson.h"
#include "app/recipe.h"
#include "app/report.h"
#include "app/train_command.h"
#include "base/file.h"
#include "base/task.h"
#include "show/export.h"

const struct figure figure_table[] = {
    {2, "independent and interleaved paths, vectors, and the variance of sampling them", false, false, figure_2},
    {3, "a network for three data, the paths of one of them, and what each factor remembers", false, false, figure_3},
    {4, "one image through a convolution, ReLU and a convolution: what is kept, and the gradients", false, false,
     figure_4},
    {5, "noise of each layer's gradient against the gradient of all data, beside the memory", false, false, figure_5},
    {6, "training loss with a tenth remembered: three networks, four methods", true, false, figure_train},
    {7, "steering a reactor with a thousandth of the memory; the published estimator and the unbiased one", false, true,
     figure_7},
    {8, "losses, accuracies and time of five methods", true, false, figure_train},
    {9, "the same of six methods for the recurrent network", true, false, figure_train},
    {10, "how much to keep: fractions from 0.05 to 0.8", true, false, figure_train},
};
const size_t figure_count = sizeof figure_table / sizeof *figure_table;

static const struct figure *find(const struct words *words, struct error *error) {
    double number;
    struct buffer known = {0};
    if (!words->count) return command_usage_error(words, 0, error, "a figure's number is missing"), NULL;
    for (size_t i = 0; i < figure_count; i++)
        if (text_parse_number(words->word[0], &number) && number == figure_table[i].number) return &figure_table[i];
    for (size_t i = 0; i < figure_count; i++) buffer_printf(&known, "%s%d", i ? ", " : "", figure_table[i].number);
    command_usage_error(words, 0, error, "there is no figure `%.40s` here: there is %s", words->word[0],
                        buffer_string(&known));
    buffer_free(&known);
    return NULL;
}

static bool number_after(const struct words *words, uint32_t *at, double most, double *value, struct error *error) {
    uint32_t count;
    return keep_numbers(words, ++*at, 0, most, true, value, 1, &count, error);
}

// Of the figures that train.
static bool training_word(const struct words *words, uint32_t *at, struct figure_options *o, struct error *error) {
    const char *word = words->word[*at], *after = *at + 1 < words->count ? words->word[*at + 1] : "";
    double value = 0;
    if (strcmp(word, "noreplace") == 0) return o->distinct = true;
    if (strcmp(word, "iterations") == 0)
        return number_after(words, at, 1e9, &value, error) && (o->iterations = (uint64_t)value);
    if (strcmp(word, "seeds") == 0) return number_after(words, at, 20, &value, error) && (o->seeds = (uint32_t)value);
    if (strcmp(word, "only") == 0 && recipe_is_network(after)) return o->network = after, ++*at, true;
    if (strcmp(word, "only") == 0)
        return command_usage_error(words, *at, error, "`only` is for fully_connected, convolutional or recurrent");
    if (strcmp(word, "data") == 0 && (strcmp(after, "mnist") == 0 || strcmp(after, "fashion-mnist") == 0))
        return o->data = after, ++*at, true;
    if (strcmp(word, "data") == 0)
        return command_usage_error(words, *at, error, "`data` is for mnist or fashion-mnist, beside CIFAR-10");
    return command_usage_error(words, *at, error, "`%.40s` was not expected here", word);
}

static bool is_for_training(const char *word) {
    static const char *const words[] = {"iterations", "seeds", "only", "data", "noreplace"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) return true;
    return false;
}

static bool read_options(const struct words *words, const struct figure *figure, struct figure_options *o,
                         struct error *error) {
    for (uint32_t i = 1; i < words->count; i++) {
        const char *word = words->word[i];
        if (strcmp(word, "full") == 0 || strcmp(word, "quick") == 0)
            o->full = word[0] == 'f';
        else if (strcmp(word, "dir") == 0 && i + 1 < words->count)
            o->folder = words->word[++i], o->folder_named = true;
        else if (is_for_training(word) && !figure->trains && !(figure->steers && strcmp(word, "iterations") == 0))
            return command_usage_error(words, i, error, "`%s` is for the figures that train: 6, 8, 9 and 10", word);
        else if (is_for_training(word) && !training_word(words, &i, o, error))
            return false;
        else if (!is_for_training(words->word[i]) && words->word[i] == word)
            return command_usage_error(words, i, error, "`quick`, `full` or `dir FOLDER` is expected here, not `%.40s`",
                                       word);
    }
    if (o->distinct && figure->number != 10)
        return command_usage_error(words, 0, error, "`noreplace` is for Figure 10");
    return true;
}

// figure-2.svg, figure-2.csv, figure-2.json; of what steers, figure-7.pdf too
static bool write_files(struct session *session, const struct figure *figure, struct error *error) {
    static const char *const endings[] = {"svg", "csv", "json", "pdf"};
    struct export_options options = {.version = "bauer " BAUER_VERSION,
                                     .text_as_paths = session->settings.text_as_paths};
    for (size_t i = 0; i < (figure->steers ? 4 : 3); i++) {
        char name[40], message[256] = "";
        struct buffer out = {0};
        snprintf(name, sizeof name, "figure-%d.%s", figure->number, endings[i]);
        const struct export_format *format = export_find(name, error);
        bool ok = format && chart_export(session, format, &options, &out, message, error) &&
                  file_write(name, out.data, out.size, error);
        buffer_free(&out);
        if (!ok) return false;
    }
    return true;
}

static void tell_figure(struct session *session, const struct figure *figure, const struct chart *chart, bool files) {
    if (session->output.json) {
        report_json(session, json_loads(chart->json, 0, NULL));
        return;
    }
    report_text(session, "Figure %d: %s\n%s\n", figure->number, figure->summary, chart->note);
    if (files)
        report_text(session, "written: figure-%d.svg, figure-%d.csv, figure-%d.json%s\n", figure->number,
                    figure->number, figure->number, figure->steers ? ", figure-7.pdf" : "");
    if (chart->unfinished) report_text(session, "stopped; the same line goes on from there\n");
}

bool command_figure(struct session *session, const struct words *words, struct error *error) {
    struct figure_options options = {0};
    const struct figure *figure = find(words, error);
    if (!figure || !read_options(words, figure, &options, error)) return false;
    options.folder = training_folder(options.folder);
    struct chart *chart = figure->make(session, figure->number, &options, error);
    if (!chart) return false;
    chart_show(session, chart);
    bool files = !lesson_is_running(session) && !session->picture; // these only show it
    if (files && !write_files(session, figure, error)) return false;
    tell_figure(session, figure, chart, files);
    if (chart->unfinished) task_interrupt(); // lines after it do not run
    return true;
}
