// :plot
#include <string.h>

#include "app/chart.h"
#include "app/commands.h"
#include "app/report.h"
#include "base/file.h"

struct wanted {
    const char *x;
    const char *y[COMMAND_WORDS];
    uint32_t y_count;
    bool log_x, log_y;
};

static bool read_log(const struct words *words, uint32_t at, struct wanted *wanted, struct error *error) {
    const char *axes = at < words->count ? words->word[at] : "";
    wanted->log_x = strcmp(axes, "x") == 0 || strcmp(axes, "xy") == 0;
    wanted->log_y = strcmp(axes, "y") == 0 || strcmp(axes, "xy") == 0;
    return wanted->log_x || wanted->log_y || command_usage_error(words, at, error, "`log` is followed by x, y or xy");
}

static bool read_wanted(const struct words *words, struct wanted *wanted, struct error *error) {
    for (uint32_t i = 1; i < words->count; i++) {
        if (strcmp(words->word[i], "x") == 0 && i + 1 < words->count) {
            wanted->x = words->word[++i];
        } else if (strcmp(words->word[i], "y") == 0 && i + 1 < words->count) {
            while (i + 1 < words->count && strcmp(words->word[i + 1], "log") != 0 &&
                   strcmp(words->word[i + 1], "x") != 0)
                wanted->y[wanted->y_count++] = words->word[++i];
        } else if (strcmp(words->word[i], "log") == 0) {
            if (!read_log(words, ++i, wanted, error)) return false;
        } else {
            return command_usage_error(words, i, error, "`%s` was not expected here", words->word[i]);
        }
    }
    return true;
}

static bool read_table(const char *path, struct series *series, struct error *error) {
    size_t size;
    char *text = file_read(path, &size, error);
    struct source *source = text ? source_new(path, text, size, error) : NULL;
    bool ok = source && series_read(series, source, error);
    if (!ok && source && error->span.source == source) { // the file's text goes; its line is told in words
        struct error in_file = *error;
        *error = (struct error){0};
        error_set(error, in_file.kind, SPAN_NONE, "%.200s:%u:%u: %s", path, source_line(source, in_file.span.begin),
                  source_column(source, in_file.span.begin), in_file.message);
        if (*in_file.hint) error_hint(error, "%s", in_file.hint);
    }
    source_drop(source);
    mem_free(text);
    return ok;
}

static void tell_plot(struct session *session, const char *file, const struct chart *chart,
                      const struct series *series) {
    json_t *left = json_array();
    struct buffer text = {0}, words = {0};
    chart_describe(chart, &text);
    for (size_t i = 0; i < series->column_count; i++) {
        if (!series->column[i].text) continue;
        buffer_printf(&words, "%s%s", words.size ? ", " : "", series->column[i].name);
        json_array_append_new(left, json_string(series->column[i].name));
    }
    if (words.failed || text.failed) session->output.text.failed = true;
    if (session->output.json) {
        json_t *object = json_pack("{s:s, s:o}", "kind", "plot", "plot", chart_panel_json(&chart->panel[0]));
        if (words.size) json_object_set(object, "left_out", left);
        report_json(session, object);
    } else {
        report_text(session, "%s: %zu row%s along %s\n%s", file, series->row_count, series->row_count == 1 ? "" : "s",
                    chart->panel[0].x_label, buffer_string(&text));
        if (words.size) report_text(session, "  left out, as text: %s\n", buffer_string(&words));
    }
    json_decref(left);
    buffer_free(&words);
    buffer_free(&text);
}

bool command_plot(struct session *session, const struct words *words, struct error *error) {
    struct wanted *wanted = mem_zero(1, sizeof *wanted);
    struct series series = {0};
    if (!wanted) return error_memory(error);
    bool ok =
        words->count ? read_wanted(words, wanted, error) : command_usage_error(words, 0, error, "a file is missing");
    ok = ok && read_table(words->word[0], &series, error);
    const char *slash = ok ? strrchr(words->word[0], '/') : NULL;
    struct chart *chart = ok ? chart_of_series(&series, slash ? slash + 1 : words->word[0], wanted->x, wanted->y,
                                               wanted->y_count, wanted->log_x, wanted->log_y, error)
                             : NULL;
    if (chart) chart_show(session, chart), tell_plot(session, words->word[0], chart, &series);
    series_free(&series);
    mem_free(wanted);
    return chart;
}
