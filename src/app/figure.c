// :figure
#include "app/figure.h"

#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/lesson.h"
#include "app/report.h"
#include "app/train_command.h"
#include "base/file.h"
#include "show/export.h"

const struct figure figure_table[] = {
    {2, "independent and interleaved paths, vectors, and the variance of sampling them", figure_2},
    {3, "a network for three data, the paths of one of them, and what each factor remembers", figure_3},
    {4, "one image through a convolution, ReLU and a convolution: what is kept, and the gradients", figure_4},
    {5, "noise of each layer's gradient against the gradient of all data, beside the memory", figure_5},
    {6, "training loss with a tenth remembered: three networks, four methods", figure_train},
    {7, "steering a reactor with a thousandth of the memory; the published estimator and the unbiased one", figure_7},
    {8, "losses, accuracies and time of five methods", figure_train},
    {9, "the same of six methods for the recurrent network", figure_train},
    {10, "how much to keep: fractions from 0.05 to 0.8", figure_train},
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

static bool read_options(const struct words *words, bool *full, const char **folder, struct error *error) {
    *full = false;
    *folder = NULL;
    for (uint32_t i = 1; i < words->count; i++) {
        const char *word = words->word[i];
        if (strcmp(word, "full") == 0 || strcmp(word, "quick") == 0)
            *full = word[0] == 'f';
        else if (strcmp(word, "dir") == 0 && i + 1 < words->count)
            *folder = words->word[++i];
        else
            return command_usage_error(words, i, error, "`quick`, `full` or `dir FOLDER` is expected here, not `%.40s`",
                                       word);
    }
    return true;
}

// figure-2.svg, figure-2.csv, figure-2.json
static bool write_files(struct session *session, const struct figure *figure, struct error *error) {
    static const char *const endings[] = {"svg", "csv", "json"};
    struct export_options options = {.version = "bauer " BAUER_VERSION,
                                     .text_as_paths = session->settings.text_as_paths};
    for (size_t i = 0; i < 3; i++) {
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

bool command_figure(struct session *session, const struct words *words, struct error *error) {
    bool full;
    const char *folder;
    const struct figure *figure = find(words, error);
    if (!figure || !read_options(words, &full, &folder, error)) return false;
    struct chart *chart = figure->make(session, figure->number, full, training_folder(folder), error);
    if (!chart) return false;
    chart_show(session, chart);
    bool files = !lesson_is_running(session); // a lesson only shows it
    if (files && !write_files(session, figure, error)) return false;
    if (session->output.json)
        report_json(session, json_loads(chart->json, 0, NULL));
    else
        report_text(session, "Figure %d: %s\n%s\n", figure->number, figure->summary, chart->note);
    if (files && !session->output.json)
        report_text(session, "written: figure-%d.svg, figure-%d.csv, figure-%d.json\n", figure->number, figure->number,
                    figure->number);
    return true;
}
