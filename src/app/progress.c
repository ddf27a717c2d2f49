#include "app/progress.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "app/window.h"
#include "base/clock.h"
#include "base/task.h"

enum { BAR = 30 };

static struct {
    bool shown, took_line;
    const char *what;
    double start;
} progress;

// "8 s", "12 min", "3 h", "40 days": as many as matter.
static void time_text(char out[32], double left) {
    static const struct {
        double seconds;
        const char *name;
    } unit[] = {{365.25 * 86400, "years"}, {86400, "days"}, {3600, "h"}, {60, "min"}};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (left < 2 * unit[i].seconds) continue;
        snprintf(out, 32, "%.3g %s", floor(left / unit[i].seconds), unit[i].name);
        return;
    }
    snprintf(out, 32, "%.0f s", left);
}

static void show(void *context, const char *what, double done, double total) {
    char text[192], left[32];
    (void)context;
    if (progress.what != what) progress.start = clock_now() - 1; // reports begin after a second of work
    progress.what = what;
    progress.shown = progress.took_line = true;
    if (total > 0 && done > 0) {
        double part = done < total ? done / total : 1, elapsed = clock_now() - progress.start;
        int filled = (int)(BAR * part);
        time_text(left, elapsed / part - elapsed);
        fprintf(stderr, "\r\033[K%s [%.*s%*s] %.0f %%, %s left (Ctrl-C stops)", what, filled,
                "##############################", BAR - filled, "", 100 * part, left);
        snprintf(text, sizeof text, "%s: %.0f %%, %s left", what, 100 * part, left);
    } else {
        snprintf(text, sizeof text, "%s: %.0f", what, done);
        fprintf(stderr, "\r\033[K%s: %.0f (Ctrl-C stops)", what, done);
    }
    fflush(stderr);
    window_busy(text);
}

void progress_start(void) {
    if (isatty(STDERR_FILENO)) task_set_report(show, NULL);
}

void progress_stop(void) {
    progress_clear();
    task_set_report(NULL, NULL);
}

bool progress_took_line(void) {
    bool took = progress.took_line;
    progress.took_line = false;
    return took;
}

void progress_clear(void) {
    if (!progress.shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress.shown = false;
    window_busy("");
    progress.what = NULL;
}
