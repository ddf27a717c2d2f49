#include "show/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/paint.h"
#include "show/pen.h"

#define WIDTH 640.0
#define HEIGHT 410.0
#define SMALLEST 60.0    // points; smaller than that nothing can be read
#define TITLE_SIZE 0.86  // of the theme's titles
#define MARGIN_Y 0.05    // of the range, above and below the curves
#define BAND_ALPHA 0x2CU // of 0xFF
#define GRID_ALPHA 0xB0U
enum { LONGEST_SHOWN = 1000, THIN_FROM = 2000, LISTED_POINTS = 400, LOOK_EVERY = 4096 };

// One plot being drawn.
struct canvas {
    const struct plot *plot;
    const struct style *style;
    struct scene *scene;
    struct plot_frame frame;
    double text, x_text, title, line, dot; // sizes in points; x_text: of the labels below
    double edge;                           // points above and below everything
    struct tick x_tick[MOST_TICKS], y_tick[MOST_TICKS];
    uint32_t x_ticks, y_ticks;
    bool failed; // memory ran out while it was measured
};

static double text_scale(const struct plot *plot) { return plot->text_scale > 0 ? plot->text_scale : 1; }

static colour with_alpha(colour ink, colour alpha) { return (ink & ~(colour)0xFF) | alpha; }

static colour curve_colour(const struct canvas *canvas, const struct plot_curve *curve) {
    return canvas->style->series[curve->colour % 8];
}

static bool has_words(const char *markup) { return markup && *markup; }

static bool has_range(const struct plot_curve *curve) { return curve->low && curve->high; }

// ---- words --------------------------------------------------------------------------------------------------------

// How wide a markup is (NaN when out of memory) and, in `plain` if not NULL, its words without marks.
static double read_markup(const char *markup, double size, struct buffer *plain) {
    struct scene scene;
    scene_init(&scene);
    struct scene_item *item = scene_text(&scene, 0, 0, markup, size, 0, ANCHOR_START, FONT_SANS);
    double width = item ? item->text_width : NAN;
    for (uint32_t i = 0; plain && item && i < item->run_count; i++) buffer_text(plain, item->run[i].text);
    if (plain && !item) plain->failed = true;
    scene_clear(&scene);
    return width;
}

static void say_number(struct buffer *out, double value) {
    char text[48];
    text_label_number(text, value, 4);
    buffer_text(out, text);
}

static void say_markup(struct buffer *out, const char *markup, const char *otherwise) {
    if (markup && *markup)
        read_markup(markup, 10, out);
    else
        buffer_text(out, otherwise);
}

static void say_range(struct buffer *out, const struct axis *axis) {
    buffer_text(out, " from ");
    say_number(out, axis->low);
    buffer_text(out, " to ");
    say_number(out, axis->high);
    if (axis->log) buffer_text(out, " on a logarithmic axis");
}

static void say_names(struct buffer *out, const struct plot *plot) {
    uint32_t said = 0;
    for (uint32_t i = 0; i < plot->curve_count; i++) {
        const struct plot_curve *curve = &plot->curve[i];
        if (curve->hidden || !curve->name || !*curve->name) continue;
        buffer_text(out, said++ ? ", " : ": ");
        read_markup(curve->name, 10, out);
    }
}

static uint32_t count_shown(const struct plot *plot) {
    uint32_t shown = 0;
    for (uint32_t i = 0; i < plot->curve_count; i++) shown += !plot->curve[i].hidden;
    return shown;
}

// "3 curves: exact, path-sum. depth L from 1 to 20; variance from 0.01 to 5×10⁸ on a logarithmic axis."
static void describe(const struct canvas *canvas, struct buffer *out) {
    const struct plot *plot = canvas->plot;
    uint32_t shown = count_shown(plot);
    buffer_printf(out, "%u curve%s", shown, shown == 1 ? "" : "s");
    say_names(out, plot);
    buffer_text(out, ". ");
    say_markup(out, plot->x_label, "x");
    say_range(out, &canvas->frame.x);
    buffer_text(out, "; ");
    say_markup(out, plot->y_label, "y");
    say_range(out, &canvas->frame.y);
    buffer_char(out, '.');
}

// ---- what the data allow ------------------------------------------------------------------------------------------

struct range {
    double low, high;
};

static void widen(struct range *range, const struct axis *axis, double value) {
    if (!axis_takes(axis, value)) return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

struct census {
    struct range x, y;
    size_t not_finite, not_positive;
};

static void count_point(const struct plot_frame *frame, const struct plot_curve *curve, size_t i,
                        struct census *census) {
    double x = curve->x[i], y = curve->y[i];
    if (!isfinite(x) || !isfinite(y)) {
        census->not_finite++;
    } else if (!axis_takes(&frame->x, x) || !axis_takes(&frame->y, y)) {
        census->not_positive++;
    } else {
        widen(&census->x, &frame->x, x);
        widen(&census->y, &frame->y, y);
    }
    if (!has_range(curve) || !axis_takes(&frame->x, x)) return;
    widen(&census->y, &frame->y, curve->low[i]);
    widen(&census->y, &frame->y, curve->high[i]);
}

static bool take_census(const struct plot *plot, const struct plot_frame *frame, struct census *census,
                        struct error *error) {
    *census = (struct census){.x = {INFINITY, -INFINITY}, .y = {INFINITY, -INFINITY}};
    for (uint32_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curve[c];
        for (size_t i = 0; i < curve->count && !curve->hidden; i++) {
            if (i % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
            count_point(frame, curve, i, census);
        }
    }
    return true;
}

static void tell(char message[256], size_t count, const char *why) {
    if (!message || !count) return;
    size_t used = strlen(message);
    snprintf(message + used, 256 - used, "%s%zu point%s not shown: %s", used ? "; " : "", count, count == 1 ? "" : "s",
             why);
}

static void tell_census(const struct census *census, char message[256]) {
    tell(message, census->not_positive, "not positive on a log axis");
    tell(message, census->not_finite, census->not_finite == 1 ? "not a finite number" : "not finite numbers");
}

static bool take_window(const struct plot_window *window, struct plot_frame *frame, struct error *error) {
    frame->x.low = window->x0, frame->x.high = window->x1;
    frame->y.low = window->y0, frame->y.high = window->y1;
    if (axis_valid(&frame->x) && axis_valid(&frame->y)) return true;
    error_set(error, ERROR_USAGE, SPAN_NONE, "no plot can show x from %g to %g and y from %g to %g", window->x0,
              window->x1, window->y0, window->y1);
    error_hint(error, "The first must be less than the second, and positive on a log axis.");
    return false;
}

// A logarithmic axis shows a decade at least: noise of a few per cent must not look like mountains.
static void widen_to_decade(struct range *range) {
    double ratio = range->high / range->low;
    if (!(range->low > 0 && ratio < 10)) return;
    double more = sqrt(10 / ratio);
    range->low /= more;
    range->high *= more;
}

static bool make_axes(struct canvas *canvas, char message[256], struct error *error) {
    const struct plot *plot = canvas->plot;
    struct plot_frame *frame = &canvas->frame;
    struct census census;
    frame->x.log = plot->log_x;
    frame->y.log = plot->log_y;
    if (!take_census(plot, frame, &census, error)) return false;
    tell_census(&census, message);
    if (plot->window) return take_window(plot->window, frame, error);
    axis_fit(&frame->x, census.x.low, census.x.high, 0);
    if (frame->y.log) widen_to_decade(&census.y);
    axis_fit(&frame->y, census.y.low, census.y.high, MARGIN_Y);
    return true;
}

// ---- where things are ---------------------------------------------------------------------------------------------

static bool is_named(const struct plot *plot, const struct plot_curve *curve) {
    return curve->name && *curve->name && (plot->list_hidden || !curve->hidden);
}

static bool is_labelled(const struct plot *plot, const struct plot_curve *curve) {
    return !plot->names_aside && is_named(plot, curve);
}

static void widen_to(struct canvas *canvas, const char *markup, double *widest) {
    double width = read_markup(markup, canvas->text, NULL);
    if (isnan(width)) canvas->failed = true;
    *widest = fmax(*widest, width);
}

static double widest_label(struct canvas *canvas) {
    double widest = 0;
    for (uint32_t i = 0; i < canvas->plot->curve_count; i++)
        if (is_labelled(canvas->plot, &canvas->plot->curve[i])) widen_to(canvas, canvas->plot->curve[i].name, &widest);
    return widest;
}

static double widest_tick(struct canvas *canvas) {
    double widest = 0;
    for (uint32_t i = 0; i < canvas->y_ticks; i++) widen_to(canvas, canvas->y_tick[i].label, &widest);
    return widest;
}

#define LABEL_GAP 0.9 // text sizes between a curve's end and its label
#define EDGE 1.6      // text sizes around everything

// Above and below everything: less in a low plot, where the curves need the room.
static double edge_height(double height, double text) {
    return EDGE * text * fmax(0.4, fmin((height / text - 8) / 14, 1));
}

// The least distance between two labels of the x axis.
static double label_distance(const struct canvas *canvas) {
    double last = -INFINITY, least = INFINITY;
    for (uint32_t i = 0; i < canvas->x_ticks; i++) {
        if (!canvas->x_tick[i].label[0]) continue;
        double at = canvas->frame.width * axis_share(&canvas->frame.x, canvas->x_tick[i].value);
        least = fmin(least, at - last);
        last = at;
    }
    return least;
}

// Ticks along the x axis whose labels leave room between each other; half of the last one may reach beyond the frame.
static double place_x_ticks(struct canvas *canvas) {
    struct plot_frame *frame = &canvas->frame;
    double wanted = frame->width / ((frame->x.log ? 6.5 : 9) * canvas->text), widest = 0;
    for (int i = 0; i < 4; i++, wanted *= 0.6) {
        widest = 0;
        canvas->x_ticks = axis_ticks(&frame->x, wanted, canvas->x_tick);
        for (uint32_t j = 0; j < canvas->x_ticks; j++) widen_to(canvas, canvas->x_tick[j].label, &widest);
        if (widest + canvas->text < label_distance(canvas)) break;
    }
    double room = label_distance(canvas) - 0.8 * canvas->text;
    canvas->x_text = canvas->text * (widest > room ? fmax(room / widest, 0.5) : 1);
    return widest / 2;
}

// Labels along y that would touch are left out.
static void thin_y_ticks(struct canvas *canvas) {
    double last = -INFINITY;
    for (uint32_t i = 0; i < canvas->y_ticks; i++) {
        struct tick *tick = &canvas->y_tick[i];
        double at = canvas->frame.height * axis_share(&canvas->frame.y, tick->value);
        if (tick->label[0] && at - last < 1.15 * canvas->text) tick->label[0] = '\0';
        if (tick->label[0]) last = at;
    }
}

static void place_frame(struct canvas *canvas, double width, double height) {
    const struct plot *plot = canvas->plot;
    struct plot_frame *frame = &canvas->frame;
    double t = canvas->text, label = widest_label(canvas), edge = EDGE * t;
    canvas->edge = edge_height(height, t);
    frame->top = canvas->edge + (has_words(plot->title) ? 1.3 * canvas->title : 0) +
                 (has_words(plot->y_label) ? 1.55 * t : 0) + 1.3 * t;
    double bottom = canvas->edge + (plot->x_label ? 1.9 * t : 0) + 1.9 * t;
    frame->height = fmax(height - frame->top - bottom, 0.2 * height);
    canvas->y_ticks = axis_ticks(&frame->y, frame->height / (4 * t), canvas->y_tick);
    thin_y_ticks(canvas);
    frame->left = fmin(fmax(edge + widest_tick(canvas) + 0.8 * t, 5.5 * t), 0.4 * width);
    double right = fmin(edge + (label > 0 ? label + (LABEL_GAP + 0.3) * t : t), 0.4 * width);
    frame->width = fmax(width - frame->left - right, 0.2 * width);
    double beyond = place_x_ticks(canvas) + 0.3 * edge;
    if (beyond <= right) return;
    frame->width = fmax(frame->width + right - beyond, 0.2 * width);
    place_x_ticks(canvas);
}

static bool make_canvas(const struct plot *plot, struct scene *scene, struct canvas *canvas, char message[256],
                        struct error *error) {
    double width = plot->width > 0 ? plot->width : WIDTH, height = plot->height > 0 ? plot->height : HEIGHT;
    const struct style *style = style_of(plot->theme);
    *canvas = (struct canvas){.plot = plot, .style = style, .scene = scene};
    canvas->text = style->label_size * text_scale(plot);
    canvas->title = TITLE_SIZE * style->title_size * text_scale(plot);
    canvas->line = 1.5 * style->edge_width;
    canvas->dot = 3.6 * canvas->line;
    if (message) message[0] = '\0';
    if (!isfinite(width) || !isfinite(height) || width < SMALLEST || height < SMALLEST)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "a plot must be at least %g points wide and high", SMALLEST);
    if (!make_axes(canvas, message, error)) return false;
    place_frame(canvas, width, height);
    return !canvas->failed || error_memory(error);
}

bool plot_frame(const struct plot *plot, struct plot_frame *frame, struct error *error) {
    struct canvas *canvas = mem_zero(1, sizeof *canvas);
    if (!canvas) return error_memory(error);
    bool ok = make_canvas(plot, NULL, canvas, NULL, error);
    *frame = canvas->frame;
    mem_free(canvas);
    return ok;
}

static struct pen_box box_of(const struct plot_frame *frame) {
    return (struct pen_box){frame->left, frame->top, frame->left + frame->width, frame->top + frame->height};
}

// ---- between data and picture -------------------------------------------------------------------------------------

// Far beyond any page, near enough to calculate with.
static double bounded(double place) { return isnan(place) ? place : fmax(-1e15, fmin(place, 1e15)); }

static double picture_x(const struct plot_frame *frame, double x) {
    return bounded(frame->left + frame->width * axis_share(&frame->x, x));
}

static double picture_y(const struct plot_frame *frame, double y) {
    return bounded(frame->top + frame->height * (1 - axis_share(&frame->y, y)));
}

struct point plot_to_picture(const struct plot_frame *frame, double x, double y) {
    return (struct point){picture_x(frame, x), picture_y(frame, y)};
}

static double share_x(const struct plot_frame *frame, double x) { return (x - frame->left) / frame->width; }
static double share_y(const struct plot_frame *frame, double y) { return 1 - (y - frame->top) / frame->height; }

struct point plot_to_data(const struct plot_frame *frame, struct point at) {
    return (struct point){axis_value(&frame->x, share_x(frame, at.x)), axis_value(&frame->y, share_y(frame, at.y))};
}

bool plot_contains(const struct plot_frame *frame, struct point at) {
    struct pen_box box = box_of(frame);
    return pen_inside(&box, at);
}

static struct plot_window window_of(const struct axis *x, const struct axis *y) {
    return (struct plot_window){x->low, x->high, y->low, y->high};
}

struct plot_window plot_pan(const struct plot_frame *frame, double dx, double dy) {
    struct axis x = frame->x, y = frame->y;
    axis_pan(&x, -dx / frame->width);
    axis_pan(&y, dy / frame->height);
    return window_of(&x, &y);
}

struct plot_window plot_zoom(const struct plot_frame *frame, struct point at, double factor_x, double factor_y) {
    struct axis x = frame->x, y = frame->y;
    axis_zoom(&x, share_x(frame, at.x), 1 / factor_x);
    axis_zoom(&y, share_y(frame, at.y), 1 / factor_y);
    return window_of(&x, &y);
}

static void try_hit(const struct plot *plot, const struct plot_frame *frame, uint32_t c, size_t i, struct point at,
                    struct plot_hit *best) {
    const struct plot_curve *curve = &plot->curve[c];
    struct point p = plot_to_picture(frame, curve->x[i], curve->y[i]);
    double distance = hypot(p.x - at.x, p.y - at.y);
    if (!(distance < best->distance) || !plot_contains(frame, p)) return;
    *best = (struct plot_hit){c, i, curve->x[i], curve->y[i], p, distance};
}

bool plot_nearest(const struct plot *plot, const struct plot_frame *frame, struct point at, double within,
                  struct plot_hit *hit) {
    struct plot_hit best = {.distance = nextafter(within, INFINITY)};
    double none = best.distance;
    for (uint32_t c = 0; c < plot->curve_count; c++)
        for (size_t i = 0; i < plot->curve[c].count && !plot->curve[c].hidden; i++)
            try_hit(plot, frame, c, i, at, &best);
    if (best.distance == none) return false;
    *hit = best;
    return true;
}

static void say_point(const struct plot *plot, double x, double y, struct buffer *out) {
    say_markup(out, plot->x_label, "x");
    buffer_text(out, " = ");
    say_number(out, x);
    buffer_text(out, ", ");
    say_markup(out, plot->y_label, "y");
    buffer_text(out, " = ");
    say_number(out, y);
}

void plot_describe_hit(const struct plot *plot, const struct plot_hit *hit, struct buffer *out) {
    const char *name = plot->curve[hit->curve].name;
    if (name && *name) {
        read_markup(name, 10, out);
        buffer_text(out, ": ");
    }
    say_point(plot, hit->x, hit->y, out);
}

// ---- axes ---------------------------------------------------------------------------------------------------------

static void add_line(struct scene *scene, double x0, double y0, double x1, double y1, colour ink, double width) {
    struct point p[4] = {
        {x0, y0}, {(2 * x0 + x1) / 3, (2 * y0 + y1) / 3}, {(x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3}, {x1, y1}};
    scene_path(scene, p, 4, ink, width, false);
}

static void draw_y_axis(const struct canvas *canvas) {
    const struct plot_frame *frame = &canvas->frame;
    colour grid = with_alpha(canvas->style->dim, GRID_ALPHA);
    double t = canvas->text, thin = 0.75 * canvas->style->edge_width;
    for (uint32_t i = 0; i < canvas->y_ticks; i++) {
        const struct tick *tick = &canvas->y_tick[i];
        double y = picture_y(frame, tick->value), right = frame->left + frame->width;
        if (tick->label[0]) {
            add_line(canvas->scene, frame->left, y, right, y, grid, thin);
            scene_text(canvas->scene, frame->left - 0.75 * t, y + 0.36 * t, tick->label, t, canvas->style->muted,
                       ANCHOR_END, FONT_SANS);
        } else {
            add_line(canvas->scene, frame->left - 0.3 * t, y, frame->left, y, canvas->style->dim, thin);
        }
    }
}

static void draw_x_axis(const struct canvas *canvas) {
    const struct plot_frame *frame = &canvas->frame;
    double t = canvas->text, bottom = frame->top + frame->height, thin = 0.75 * canvas->style->edge_width;
    for (uint32_t i = 0; i < canvas->x_ticks; i++) {
        const struct tick *tick = &canvas->x_tick[i];
        double x = picture_x(frame, tick->value), length = tick->label[0] ? 0.45 : 0.25;
        add_line(canvas->scene, x, bottom + 0.3 * t, x, bottom + (0.3 + length) * t, canvas->style->dim, thin);
        if (tick->label[0])
            scene_text(canvas->scene, x, bottom + 2.0 * t, tick->label, canvas->x_text, canvas->style->muted,
                       ANCHOR_MIDDLE, FONT_SANS);
    }
}

#define SMALLEST_TEXT 0.65 // of its size

// The beginning of the words in a markup that fits in `room`, and an ellipsis.
static void shorten(const char *markup, double size, double room, struct buffer *out) {
    struct buffer plain = {0};
    read_markup(markup, size, &plain);
    size_t kept = plain.size < LONGEST_SHOWN ? plain.size : LONGEST_SHOWN;
    do {
        while (kept && ((unsigned char)plain.data[kept] & 0xC0) == 0x80) kept--;
        buffer_clear(out);
        struct buffer part = {0};
        buffer_add(&part, buffer_string(&plain), kept);
        scene_escape(out, buffer_string(&part));
        buffer_text(out, "…");
        out->failed |= part.failed || plain.failed;
        buffer_free(&part);
    } while (!out->failed && read_markup(buffer_string(out), size, NULL) > room && kept--);
    buffer_free(&plain);
}

// A text that is too long for its room is set smaller, and cut if that is not enough (its group's title has it all).
static void draw_fitting(const struct canvas *canvas, double x, double y, const char *markup, double size, double room,
                         colour ink, enum scene_anchor anchor) {
    double width = read_markup(markup, size, NULL);
    struct buffer cut = {0};
    if (width > room) size *= fmax(room / width, SMALLEST_TEXT);
    if (SMALLEST_TEXT * width > room) shorten(markup, size, room, &cut);
    scene_text(canvas->scene, x, y, cut.size ? buffer_string(&cut) : markup, size, ink, anchor, FONT_SANS);
    canvas->scene->failed |= cut.failed || isnan(width);
    buffer_free(&cut);
}

static double room_behind(const struct canvas *canvas, double x) {
    return fmax(canvas->scene->width - x - 0.5 * canvas->text, canvas->text);
}

static void draw_title(const struct canvas *canvas, double x, double y) {
    struct buffer bold = {0};
    buffer_printf(&bold, "**%s**", canvas->plot->title);
    draw_fitting(canvas, x, y, buffer_string(&bold), canvas->title, room_behind(canvas, x), canvas->style->text,
                 ANCHOR_START);
    canvas->scene->failed |= bold.failed;
    buffer_free(&bold);
}

static void draw_words(const struct canvas *canvas) {
    const struct plot *plot = canvas->plot;
    const struct plot_frame *frame = &canvas->frame;
    const struct style *style = canvas->style;
    double t = canvas->text, y = canvas->edge, middle = frame->left + frame->width / 2,
           below = frame->top + frame->height;
    if (has_words(plot->title)) draw_title(canvas, frame->left, y += canvas->title);
    if (plot->y_label)
        draw_fitting(canvas, frame->left, y + 1.6 * t, plot->y_label, t, room_behind(canvas, frame->left), style->muted,
                     ANCHOR_START);
    if (plot->x_label)
        draw_fitting(canvas, middle, below + 3.9 * t, plot->x_label, t, 2 * fmin(middle, room_behind(canvas, middle)),
                     style->text, ANCHOR_MIDDLE);
}

static void draw_axes(const struct canvas *canvas) {
    scene_group(canvas->scene, TAG_BACKGROUND, 0, NULL);
    draw_y_axis(canvas);
    draw_x_axis(canvas);
    draw_words(canvas);
    scene_end(canvas->scene);
}

// ---- curves -------------------------------------------------------------------------------------------------------

static struct pen make_pen(const struct canvas *canvas, const struct plot_curve *curve, struct scene *scene) {
    return (struct pen){.scene = scene,
                        .box = box_of(&canvas->frame),
                        .stroke = curve_colour(canvas, curve),
                        .width = canvas->line,
                        .dashed = curve->dashed,
                        .thin = curve->count > THIN_FROM};
}

static struct point place_of(const struct canvas *canvas, const struct plot_curve *curve, size_t i) {
    return plot_to_picture(&canvas->frame, curve->x[i], curve->y[i]);
}

// All that can be seen of one lies within a point of the other.
static bool coincide(const struct canvas *canvas, const struct plot_curve *a, const struct plot_curve *b) {
    size_t shown = 0;
    if (a->count != b->count || a->count > LISTED_POINTS) return false;
    for (size_t i = 0; i < a->count; i++) {
        struct point p = place_of(canvas, a, i), q = place_of(canvas, b, i);
        bool is = isfinite(p.x) && isfinite(p.y);
        if (is != (isfinite(q.x) && isfinite(q.y)) || (is && (fabs(p.x - q.x) > 1 || fabs(p.y - q.y) > 1)))
            return false;
        shown += is;
    }
    return shown > 1;
}

static bool covers_line(const struct canvas *canvas, const struct plot_curve *curve) {
    for (const struct plot_curve *other = canvas->plot->curve; other < curve; other++)
        if (!other->hidden && other->marks != PLOT_POINTS && other->colour != curve->colour &&
            coincide(canvas, other, curve))
            return true;
    return false;
}

static bool trace(const struct canvas *canvas, const struct plot_curve *curve, struct pen *pen, struct error *error) {
    for (size_t i = 0; i < curve->count; i++) {
        if (i % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        pen_to(pen, plot_to_picture(&canvas->frame, curve->x[i], curve->y[i]));
    }
    pen_lift(pen);
    return true;
}

static bool draw_line(const struct canvas *canvas, const struct plot_curve *curve, struct error *error) {
    struct pen pen = make_pen(canvas, curve, canvas->scene);
    pen.dashed |= covers_line(canvas, curve);
    bool ok = trace(canvas, curve, &pen, error);
    pen_free(&pen);
    return ok;
}

static bool is_shown(const struct canvas *canvas, const struct plot_curve *curve, size_t i) {
    return i < curve->count && axis_takes(&canvas->frame.x, curve->x[i]) && axis_takes(&canvas->frame.y, curve->y[i]);
}

// A point of a line that has no neighbours would not be seen.
static bool is_alone(const struct canvas *canvas, const struct plot_curve *curve, size_t i) {
    return !(i && is_shown(canvas, curve, i - 1)) && !is_shown(canvas, curve, i + 1);
}

static void draw_mark(const struct canvas *canvas, const struct plot_curve *curve, size_t i, struct point p) {
    bool listed = curve->count <= LISTED_POINTS;
    struct buffer words = {0};
    if (listed) {
        say_point(canvas->plot, curve->x[i], curve->y[i], &words);
        scene_group(canvas->scene, TAG_POINT, (uint32_t)i, buffer_string(&words));
    }
    colour ink = curve_colour(canvas, curve);
    if (curve->hollow)
        scene_ellipse(canvas->scene, p.x, p.y, canvas->dot, canvas->dot, canvas->style->background, ink,
                      0.7 * canvas->line);
    else
        scene_ellipse(canvas->scene, p.x, p.y, canvas->dot, canvas->dot, ink, 0, 0);
    if (listed) scene_end(canvas->scene);
    canvas->scene->failed |= words.failed;
    buffer_free(&words);
}

// A mark that lies on the last one drawn, to a quarter of a point, adds nothing.
static bool covers(struct point a, struct point b) { return fabs(a.x - b.x) < 0.25 && fabs(a.y - b.y) < 0.25; }

static bool draw_marks(const struct canvas *canvas, const struct plot_curve *curve, struct error *error) {
    struct point last = {NAN, NAN};
    bool thin = curve->count > THIN_FROM;
    for (size_t i = 0; i < curve->count; i++) {
        if (i % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (!is_shown(canvas, curve, i) || (curve->marks == PLOT_LINE && !is_alone(canvas, curve, i))) continue;
        struct point p = plot_to_picture(&canvas->frame, curve->x[i], curve->y[i]);
        if (!plot_contains(&canvas->frame, p) || (thin && covers(p, last))) continue;
        draw_mark(canvas, curve, i, p);
        last = p;
    }
    return true;
}

// ---- bands --------------------------------------------------------------------------------------------------------

// The outline of a band: its upper edge, then its lower edge.
struct band {
    struct point *upper, *lower;
    size_t count, upper_room, lower_room;
};

// A band that reaches zero on a logarithmic axis goes down as far as can be seen.
static double low_y(const struct canvas *canvas, double low) {
    bool below = canvas->frame.y.log && low <= 0;
    return below ? 1e6 : picture_y(&canvas->frame, low);
}

static bool thinned(struct band *band, struct point high, struct point low) {
    if (!band->count || fabs(band->upper[band->count - 1].x - high.x) >= 0.25) return false;
    band->upper[band->count - 1].y = fmin(band->upper[band->count - 1].y, high.y);
    band->lower[band->count - 1].y = fmax(band->lower[band->count - 1].y, low.y);
    return true;
}

static bool add_to_band(struct band *band, bool thin, struct point high, struct point low) {
    if (thin && thinned(band, high, low)) return true;
    size_t need = 2 * (band->count + 1); // the outline is put together in `upper`
    if (!mem_grow(&band->upper, &band->upper_room, need, sizeof high)) return false;
    if (!mem_grow(&band->lower, &band->lower_room, band->count + 1, sizeof low)) return false;
    band->upper[band->count] = high;
    band->lower[band->count++] = low;
    return true;
}

static void end_band(const struct canvas *canvas, struct band *band, colour fill) {
    struct pen_box box = box_of(&canvas->frame);
    for (size_t i = 0; i < band->count; i++) band->upper[band->count + i] = band->lower[band->count - 1 - i];
    if (band->count > 1) pen_area(canvas->scene, &box, band->upper, 2 * band->count, fill);
    band->count = 0;
}

static bool draw_band(const struct canvas *canvas, const struct plot_curve *curve, struct error *error) {
    struct band band = {0};
    colour fill = with_alpha(curve_colour(canvas, curve), BAND_ALPHA);
    bool ok = true;
    for (size_t i = 0; i < curve->count && ok; i++) {
        if (i % LOOK_EVERY == 0 && task_interrupted()) ok = error_interrupt(error);
        double x = picture_x(&canvas->frame, curve->x[i]), high = picture_y(&canvas->frame, curve->high[i]);
        double low = low_y(canvas, curve->low[i]);
        if (isnan(x) || isnan(high) || isnan(low))
            end_band(canvas, &band, fill);
        else if (!add_to_band(&band, curve->count > THIN_FROM, (struct point){x, high}, (struct point){x, low}))
            ok = error_memory(error);
    }
    end_band(canvas, &band, fill);
    mem_free(band.upper);
    mem_free(band.lower);
    return ok;
}

static void draw_bar(const struct canvas *canvas, const struct plot_curve *curve, size_t i) {
    const struct plot_frame *frame = &canvas->frame;
    colour ink = curve_colour(canvas, curve);
    double x = picture_x(frame, curve->x[i]), y = picture_y(frame, curve->y[i]), top = picture_y(frame, curve->high[i]);
    double low = low_y(canvas, curve->low[i]), bottom = frame->top + frame->height, half = 0.7 * canvas->dot;
    if (isnan(x) || isnan(y) || isnan(top) || isnan(low) || x < frame->left || x > frame->left + frame->width) return;
    bool open = frame->y.log && !(curve->low[i] > 0);
    if (open) low = y + fmax(y - top, 4 * half); // it goes on for ever: an arrow says so
    double y0 = fmax(top, frame->top), y1 = fmin(low, bottom), width = 0.7 * canvas->line;
    if (y0 > y1) return;
    add_line(canvas->scene, x, y0, x, y1, ink, width);
    if (y0 == top) add_line(canvas->scene, x - half, y0, x + half, y0, ink, width);
    double tip = open ? half : 0;
    if (y1 == low) add_line(canvas->scene, x - half, y1 - tip, x, y1, ink, width);
    if (y1 == low) add_line(canvas->scene, x, y1, x + half, y1 - tip, ink, width);
}

static bool draw_bars(const struct canvas *canvas, const struct plot_curve *curve, struct error *error) {
    for (size_t i = 0; i < curve->count; i++) {
        if (i % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        draw_bar(canvas, curve, i);
    }
    return true;
}

// ---- labels at the ends -------------------------------------------------------------------------------------------

struct label {
    uint32_t curve;
    bool has_end, is_cut; // the curve has an end in the picture; it goes on beyond the edge
    bool named;           // it has a label
    struct point end;
    double wanted, y; // middle of the text
};

static bool find_ends(const struct canvas *canvas, struct label *label, uint32_t *count, struct error *error) {
    const struct plot *plot = canvas->plot;
    for (uint32_t c = 0; c < plot->curve_count; c++) {
        const struct plot_curve *curve = &plot->curve[c];
        struct pen pen = make_pen(canvas, curve, NULL);
        if (!curve->hidden && !trace(canvas, curve, &pen, error)) return false;
        bool listed = is_labelled(plot, curve) && (curve->hidden || pen.drawn);
        if (!listed && !pen.drawn) continue;
        double bottom = canvas->frame.top + canvas->frame.height;
        label[(*count)++] = (struct label){.curve = c,
                                           .has_end = pen.drawn,
                                           .is_cut = pen.cut,
                                           .named = listed,
                                           .end = pen.end,
                                           .wanted = pen.drawn ? pen.end.y : bottom};
    }
    return true;
}

static bool is_before(const struct label *a, const struct label *b) {
    return a->named != b->named ? a->named : a->wanted < b->wanted;
}

// Those with a name first, from top to bottom; returns how many they are.
static uint32_t sort_labels(struct label *label, uint32_t count) {
    uint32_t named = 0;
    for (uint32_t i = 0; i < count; i++) {
        named += label[i].named;
        for (uint32_t j = i; j && is_before(&label[j], &label[j - 1]); j--) {
            struct label swap = label[j];
            label[j] = label[j - 1];
            label[j - 1] = swap;
        }
    }
    return named;
}

// Labels that touch form a block centred on where they would like to be.
struct block {
    double sum; // of what its labels wish for its first one
    uint32_t count;
};

static double block_top(const struct block *block, double low, double high, double step) {
    double last = high - (block->count - 1) * step;
    return fmax(low, fmin(block->sum / block->count, last));
}

static uint32_t join_blocks(struct block *block, uint32_t blocks, double low, double high, double step) {
    while (blocks > 1) {
        struct block *a = &block[blocks - 2], *b = &block[blocks - 1];
        if (block_top(a, low, high, step) + a->count * step <= block_top(b, low, high, step)) break;
        a->sum += b->sum - (double)b->count * a->count * step;
        a->count += b->count;
        blocks--;
    }
    return blocks;
}

// Moves them as little as possible (least squares) so that they are `step` apart, between low and high.
static bool spread(struct label *label, uint32_t count, double low, double high, double step, struct error *error) {
    struct block *block = mem_alloc(count + 1, sizeof *block);
    if (!block) return error_memory(error);
    uint32_t blocks = 0, next = 0;
    for (uint32_t i = 0; i < count; i++) {
        block[blocks++] = (struct block){label[i].wanted, 1};
        blocks = join_blocks(block, blocks, low, high, step);
    }
    for (uint32_t b = 0; b < blocks; b++)
        for (uint32_t i = 0; i < block[b].count; i++)
            label[next++].y = block_top(&block[b], low, high, step) + i * step;
    mem_free(block);
    return true;
}

static void draw_leader(const struct canvas *canvas, const struct label *label, double x, colour ink) {
    double gap = x - label->end.x, t = canvas->text;
    if (!label->has_end || (fabs(label->y - label->end.y) < 0.6 * t && gap < 2.5 * t)) return;
    add_line(canvas->scene, label->end.x + 0.5 * t, label->end.y, x - 0.25 * t, label->y, with_alpha(ink, 0x80), 0.6);
}

// Another curve shows points of the same thing, and a dot at the end would look like one of them.
static bool has_points(const struct canvas *canvas, const struct plot_curve *curve) {
    for (uint32_t c = 0; c < canvas->plot->curve_count; c++) {
        const struct plot_curve *other = &canvas->plot->curve[c];
        if (!other->hidden && other->marks == PLOT_POINTS && other->colour == curve->colour) return true;
    }
    return false;
}

static void draw_label(const struct canvas *canvas, const struct label *label, double size) {
    const struct plot_frame *frame = &canvas->frame;
    const struct plot_curve *curve = &canvas->plot->curve[label->curve];
    colour ink = curve->hidden ? canvas->style->dim_text : curve_colour(canvas, curve);
    double x = frame->left + frame->width + LABEL_GAP * canvas->text;
    if (label->has_end && !label->is_cut && curve->marks == PLOT_LINE && !has_points(canvas, curve))
        scene_ellipse(canvas->scene, label->end.x, label->end.y, canvas->dot, canvas->dot, ink, 0, 0);
    if (!is_labelled(canvas->plot, curve)) return;
    draw_leader(canvas, label, x, ink);
    draw_fitting(canvas, x, label->y + 0.36 * size, curve->name, size, room_behind(canvas, x), ink, ANCHOR_START);
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static bool draw_curve(const struct canvas *canvas, const struct plot_curve *curve, struct error *error) {
    if (has_range(curve) && !(curve->bars ? draw_bars : draw_band)(canvas, curve, error)) return false;
    if (curve->marks != PLOT_POINTS && !draw_line(canvas, curve, error)) return false;
    return draw_marks(canvas, curve, error);
}

// "exact: 20 points"
static void open_curve(const struct canvas *canvas, uint32_t c) {
    const struct plot_curve *curve = &canvas->plot->curve[c];
    struct buffer words = {0};
    say_markup(&words, curve->name, "curve");
    buffer_printf(&words, ": %zu point%s%s", curve->count, curve->count == 1 ? "" : "s",
                  curve->hidden ? ", hidden" : "");
    scene_group(canvas->scene, TAG_CURVE, c, buffer_string(&words));
    canvas->scene->failed |= words.failed;
    buffer_free(&words);
}

static const struct label *label_of(const struct label *label, uint32_t count, uint32_t curve) {
    for (uint32_t i = 0; i < count; i++)
        if (label[i].curve == curve) return &label[i];
    return NULL;
}

static bool draw_curves(const struct canvas *canvas, const struct label *label, uint32_t count, double size,
                        struct error *error) {
    for (uint32_t c = 0; c < canvas->plot->curve_count; c++) {
        const struct plot_curve *curve = &canvas->plot->curve[c];
        const struct label *own = label_of(label, count, c);
        open_curve(canvas, c);
        if (!curve->hidden && !draw_curve(canvas, curve, error)) return false;
        if (own) draw_label(canvas, own, size);
        scene_end(canvas->scene);
    }
    return true;
}

// Between the top and the bottom of the picture as many labels as there are: smaller ones if they must.
static double label_step(const struct canvas *canvas, uint32_t count, double *size) {
    double room = canvas->frame.height + 1.4 * canvas->text, step = 1.3 * canvas->text;
    *size = canvas->text;
    if (count < 2 || step * (count - 1) <= room) return step;
    *size = canvas->text * room / (step * (count - 1));
    return room / (count - 1);
}

static bool draw_all(const struct canvas *canvas, struct error *error) {
    struct label *label = mem_alloc((size_t)canvas->plot->curve_count + 1, sizeof *label);
    uint32_t count = 0;
    if (!label) return error_memory(error);
    bool ok = find_ends(canvas, label, &count, error);
    uint32_t named = sort_labels(label, count);
    double size = 0, step = label_step(canvas, named, &size), over = 0.7 * canvas->text;
    ok = ok &&
         spread(label, named, canvas->frame.top - over, canvas->frame.top + canvas->frame.height + over, step, error);
    if (ok) draw_axes(canvas);
    ok = ok && draw_curves(canvas, label, count, size, error);
    mem_free(label);
    return ok;
}

static char *taken(struct buffer *words, struct scene *scene) {
    if (!words->failed && words->data) return words->data;
    scene->failed = true;
    buffer_free(words);
    return NULL;
}

static void name_scene(const struct canvas *canvas, double width, double height) {
    struct scene *scene = canvas->scene;
    struct buffer title = {0}, description = {0};
    say_markup(&title, canvas->plot->title, "Plot");
    describe(canvas, &description);
    scene->title = taken(&title, scene);
    scene->description = taken(&description, scene);
    scene->width = width;
    scene->height = height;
    scene->background = canvas->style->background;
}

bool plot_scene(const struct plot *plot, struct scene *scene, struct plot_frame *frame, char message[256],
                struct error *error) {
    struct canvas *canvas = mem_zero(1, sizeof *canvas);
    scene_init(scene);
    if (!canvas) return error_memory(error);
    bool ok = make_canvas(plot, scene, canvas, message, error);
    if (ok) name_scene(canvas, plot->width > 0 ? plot->width : WIDTH, plot->height > 0 ? plot->height : HEIGHT);
    ok = ok && draw_all(canvas, error) && (!scene->failed || error_memory(error));
    if (frame) *frame = canvas->frame;
    mem_free(canvas);
    if (!ok) scene_clear(scene);
    return ok;
}

// ---- pages --------------------------------------------------------------------------------------------------------

struct page {
    struct scene *scene;
    const struct style *style;
    uint32_t count, columns;
    double width, text, top; // height of the page's title, note and names
    bool names;              // of the curves: at the head of the page, for the plots have no room for them
    bool failed;             // memory ran out while it was measured
};

// Left of the plot's own title.
static void draw_letter(const struct page *page, uint32_t i, double x, double y, double height) {
    char letter[16];
    snprintf(letter, sizeof letter, i < 26 ? "**(%c)**" : "**(%u)**", i < 26 ? 'a' + i : i + 1);
    double title = TITLE_SIZE * page->style->title_size * page->text / page->style->label_size;
    scene_text(page->scene, x + EDGE * page->text, y + edge_height(height, page->text) + title, letter, title,
               page->style->text, ANCHOR_START, FONT_SANS);
}

static void move_frame(struct plot_frame *frame, double x, double y) {
    frame->left += x;
    frame->top += y;
}

static void join_messages(char *message, uint32_t i, const char *part) {
    if (!message || !part[0]) return;
    size_t used = strlen(message);
    snprintf(message + used, 256 - used, "%s(%c) %s", used ? "; " : "", i < 26 ? (int)('a' + i) : '+', part);
}

// "Fully connected: training loss"
static void say_plot(struct buffer *out, const struct plot *plot) {
    bool both = has_words(plot->title) && has_words(plot->y_label) && strcmp(plot->title, plot->y_label) != 0;
    say_markup(out, has_words(plot->title) ? plot->title : plot->y_label, "plot");
    if (both) buffer_text(out, ": "), say_markup(out, plot->y_label, "");
}

// Plot i with its corner at (x, y), in words `name`; its size in *width and *height.
static bool place_plot(const struct page *page, const struct plot *own, const char *name, uint32_t i, double x,
                       double y, struct plot_frame *frame, char message[256], double *width, double *height,
                       struct error *error) {
    struct scene part;
    struct plot_frame at;
    char told[256];
    if (!plot_scene(own, &part, &at, told, error)) return false;
    *width = part.width;
    *height = part.height;
    scene_group(page->scene, TAG_PANEL, i, name);
    scene_place(page->scene, &part, x, y, 1);
    if (page->count > 1) draw_letter(page, i, x, y, *height);
    scene_end(page->scene);
    move_frame(&at, x, y);
    if (frame) frame[i] = at;
    join_messages(message, i, told);
    return true;
}

static bool same_words(const char *a, const char *b) { return has_words(a) && has_words(b) && strcmp(a, b) == 0; }

// Plot i as it stands there: what the plots beside it say for it is left out.
static struct plot plot_on_page(const struct page *page, const struct plot *plots, uint32_t i) {
    struct plot own = plots[i];
    const struct plot *left = i % page->columns ? &plots[i - 1] : NULL;
    const struct plot *above = i >= page->columns ? &plots[i - page->columns] : NULL;
    const struct plot *below = i + page->columns < page->count ? &plots[i + page->columns] : NULL;
    own.theme = plots[0].theme;
    own.text_scale = plots[0].text_scale;
    own.names_aside = page->names;
    if (below && same_words(own.title, below->title) && same_words(own.x_label, below->x_label)) own.x_label = NULL;
    if ((left && same_words(own.title, left->title)) || (above && same_words(own.title, above->title)))
        own.title = NULL;
    if (same_words(own.title, own.y_label)) own.y_label = NULL;
    return own;
}

static bool place_plots(struct page *page, const struct plot *plots, struct plot_frame *frame, char message[256],
                        struct error *error) {
    double x = 0, y = page->top, tallest = 0, width = 0, height = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        struct plot own = plot_on_page(page, plots, i);
        if (i && i % page->columns == 0) x = 0, y += tallest, tallest = 0;
        struct buffer name = {0};
        say_plot(&name, &plots[i]);
        bool ok = place_plot(page, &own, buffer_string(&name), i, x, y, frame, message, &width, &height, error);
        page->scene->failed |= name.failed;
        buffer_free(&name);
        if (!ok) return false;
        x += width;
        tallest = fmax(tallest, height);
        page->scene->width = fmax(page->scene->width, x);
        page->scene->height = y + tallest;
    }
    return true;
}

// How many bytes of the text fit into the width: whole words, at least one.
static size_t words_that_fit(const char *text, double size, double width, bool *failed) {
    size_t best = 0, end = 0;
    while (text[end]) {
        struct buffer part = {0};
        end += strspn(text + end, " ");
        end += strcspn(text + end, " ");
        buffer_add(&part, text, end);
        double wide = read_markup(buffer_string(&part), size, NULL);
        bool fits = wide <= width;
        *failed |= part.failed || isnan(wide);
        buffer_free(&part);
        if (!fits && best) return best;
        best = end;
        if (!fits) return best;
    }
    return best;
}

// Lines of a text below each other; without a scene they are only measured.
static void head_lines(struct page *page, const char *text, bool bold, double size, double step, colour ink) {
    double width = page->width - 2 * EDGE * page->text;
    while (text && *text) {
        struct buffer line = {0};
        bool failed = false;
        size_t fit = words_that_fit(text, size, width, &failed);
        buffer_text(&line, bold ? "**" : "");
        buffer_add(&line, text, fit);
        buffer_text(&line, bold ? "**" : "");
        page->top += step;
        if (page->scene) {
            scene_text(page->scene, EDGE * page->text, page->top, buffer_string(&line), size, ink, ANCHOR_START,
                       FONT_SANS);
            page->scene->failed |= failed || line.failed;
        }
        buffer_free(&line);
        text += fit;
        text += strspn(text, " ");
    }
}

static void head_page(struct page *page, const char *title, const char *note) {
    double size = 1.1 * page->style->title_size * page->text / page->style->label_size;
    head_lines(page, title, true, size, 1.6 * size, page->style->text);
    head_lines(page, note, false, page->text, 1.5 * page->text, page->style->muted);
}

#define MOST_NAMES 0.25 // of a plot's width

static double name_width(struct page *page, const struct plot_curve *curve) {
    double width = read_markup(curve->name, page->text, NULL);
    page->failed |= isnan(width);
    return width;
}

static bool need_names(struct page *page, const struct plot *plots) {
    double room = MOST_NAMES * page->width / page->columns;
    for (uint32_t i = 0; page->count > 1 && i < page->count; i++)
        for (uint32_t c = 0; c < plots[i].curve_count; c++)
            if (is_named(&plots[i], &plots[i].curve[c]) && name_width(page, &plots[i].curve[c]) > room) return true;
    return false;
}

// A curve of that colour and name came before.
static bool is_told(const struct plot *plots, uint32_t plot, uint32_t curve) {
    const struct plot_curve *own = &plots[plot].curve[curve];
    for (uint32_t i = 0; i <= plot; i++)
        for (uint32_t c = 0; c < (i < plot ? plots[i].curve_count : curve); c++) {
            const struct plot_curve *other = &plots[i].curve[c];
            if (is_named(&plots[i], other) && other->colour == own->colour && strcmp(other->name, own->name) == 0)
                return true;
        }
    return false;
}

static void draw_name(struct page *page, const struct plot_curve *curve, uint32_t c, double x) {
    double t = page->text, y = page->top - 0.36 * t, width = 1.5 * page->style->edge_width;
    colour ink = curve->hidden ? page->style->dim_text : page->style->series[curve->colour % 8];
    struct buffer words = {0};
    read_markup(curve->name, t, &words);
    scene_group(page->scene, TAG_CURVE, c, buffer_string(&words));
    page->failed |= words.failed;
    buffer_free(&words);
    add_line(page->scene, x, y, x + 1.4 * t, y, ink, width);
    scene_text(page->scene, x + 1.9 * t, page->top, curve->name, t, ink, ANCHOR_START, FONT_SANS);
    scene_end(page->scene);
}

// In lines beside each other; without a scene they are only measured.
static void head_names(struct page *page, const struct plot *plots) {
    double left = EDGE * page->text, x = left, right = page->width - left;
    for (uint32_t i = 0; i < page->count; i++)
        for (uint32_t c = 0; c < plots[i].curve_count; c++) {
            const struct plot_curve *curve = &plots[i].curve[c];
            if (!is_named(&plots[i], curve) || is_told(plots, i, c)) continue;
            double width = 1.9 * page->text + name_width(page, curve);
            bool first = x == left, full = x + width > right;
            if (first || full) page->top += 1.7 * page->text, x = left;
            if (page->scene) draw_name(page, curve, c, x);
            x += width + 1.6 * page->text;
        }
}

static struct page page_of(const struct plot *plots, uint32_t count, uint32_t columns) {
    struct page page = {.style = style_of(plots[0].theme), .count = count, .columns = columns};
    page.text = page.style->label_size * text_scale(&plots[0]);
    page.width = columns * (plots[0].width > 0 ? plots[0].width : WIDTH);
    page.names = need_names(&page, plots);
    return page;
}

static void head_all(struct page *page, const struct plot *plots, const char *title, const char *note) {
    head_page(page, title, note);
    if (page->names) head_names(page, plots);
}

double plot_page_head(const struct plot *plots, uint32_t count, uint32_t columns, const char *title, const char *note) {
    struct page page = page_of(plots, count, columns);
    head_all(&page, plots, title, note);
    return page.top;
}

uint32_t plot_page_columns(uint32_t count) { return count <= 3 ? count : count == 4 ? 2 : 3; }

static void name_page(struct scene *scene, const struct plot *plots, uint32_t count, const char *title) {
    struct buffer words = {0}, description = {0};
    say_markup(&words, title, "Plots");
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(&description, i ? "; " : "");
        say_plot(&description, &plots[i]);
    }
    scene->title = taken(&words, scene);
    buffer_char(&description, '.');
    scene->description = taken(&description, scene);
}

bool plot_page(const struct plot *plots, uint32_t count, uint32_t columns, const char *title, const char *note,
               struct scene *scene, struct plot_frame *frame, char message[256], struct error *error) {
    scene_init(scene);
    if (message) message[0] = '\0';
    if (!count) return error_set(error, ERROR_USAGE, SPAN_NONE, "a page needs at least one plot");
    uint32_t wide = columns && columns < count ? columns : count;
    struct page page = page_of(plots, count, wide);
    page.scene = scene;
    scene->background = page.style->background;
    head_all(&page, plots, title, note);
    bool ok = place_plots(&page, plots, frame, message, error);
    if (ok) name_page(scene, plots, count, title);
    ok = ok && ((!scene->failed && !page.failed) || error_memory(error));
    if (!ok) scene_clear(scene);
    return ok;
}
