// Plots: curves as a scene. Light grid lines, labels at the ends of the curves instead of a legend, no box.
//
// Texts are markup of scene_text ("depth *L*", "Var[∂a/∂x_{1}]"); plain text goes through scene_escape first. What a
// plot points to is the caller's and is only read.
#ifndef BAUER_SHOW_PLOT_H
#define BAUER_SHOW_PLOT_H

#include "show/axis.h"
#include "show/style.h"

enum plot_marks { PLOT_LINE, PLOT_POINTS, PLOT_BOTH };

struct plot_curve {
    const char *name; // or NULL: no label
    const double *x, *y;
    const double *low, *high; // both or none: around y
    size_t count;             // of x, y, low and high
    enum plot_marks marks;
    uint32_t colour;     // index into the theme's series colours, taken modulo their number
    bool bars;           // low to high as error bars instead of a band
    bool hollow;         // points are rings: numbers to be doubted
    bool dashed, hidden; // hidden: neither drawn nor fitted
};

struct plot_window {
    double x0, x1, y0, y1; // in the units of the data
};

struct plot {
    const char *title, *x_label, *y_label; // or NULL
    bool log_x, log_y;
    const struct plot_curve *curve;
    uint32_t curve_count;
    const struct plot_window *window; // NULL: fitted to all that is shown
    double width, height;             // points; 0: 640 x 410
    double text_scale;                // of all text; 0: 1
    bool names_aside;                 // the curves' names stand elsewhere
    bool list_hidden;                 // name hidden curves too, dimmed, so that they can be clicked
    enum theme theme;
};

// Where the curves are in the picture, and which part of the data they show.
struct plot_frame {
    double left, top, width, height; // points
    struct axis x, y;
};

// Draws the plot. A line that lies on an earlier one is dashed, so that both are seen. Each curve is a group TAG_CURVE
// with its index, points that are marked TAG_POINT in it. `frame` and `message` may be NULL; the message says what of
// the data cannot be shown, or is "". ERROR_USAGE: a window or size that is none; ERROR_MEMORY, ERROR_INTERRUPT.
bool plot_scene(const struct plot *plot, struct scene *scene, struct plot_frame *frame, char message[256],
                struct error *error);
// Only where things would be.
bool plot_frame(const struct plot *plot, struct plot_frame *frame, struct error *error);

// Several plots on one page, `columns` side by side (0: all), lettered (a), (b), ... if there are several; `title` and
// `note`, a smaller line below it, may be NULL. A title that the plot at the left or above has too is left out, and so
// is the label along x where the plot below has the same title and label: those belong together. A label along y
// that says what the title says is left out. Where names would take too much of the plots' width they stand once, below
// the note. All have the theme and the text scale of the first. `frame` has room for `count` or is NULL. The message
// joins those of the plots.
bool plot_page(const struct plot *plots, uint32_t count, uint32_t columns, const char *title, const char *note,
               struct scene *scene, struct plot_frame *frame, char message[256], struct error *error);
// Height of the title, the note and names that stand below it, in as many lines as they need, on such a page;
// columns for a page that is about as wide as a screen.
double plot_page_head(const struct plot *plots, uint32_t count, uint32_t columns, const char *title, const char *note);
uint32_t plot_page_columns(uint32_t count);

// From data to the picture (NaN for what an axis does not take) and back.
struct point plot_to_picture(const struct plot_frame *frame, double x, double y);
struct point plot_to_data(const struct plot_frame *frame, struct point at);
bool plot_contains(const struct plot_frame *frame, struct point at);

// The window after dragging the picture by (dx, dy) points; after zooming around a point of the picture (factor 2:
// twice as close). What cannot be shown (too close, beyond all numbers) leaves that direction as it is.
struct plot_window plot_pan(const struct plot_frame *frame, double dx, double dy);
struct plot_window plot_zoom(const struct plot_frame *frame, struct point at, double factor_x, double factor_y);

// The point of a visible curve nearest to a place in the picture, at most `within` points away.
struct plot_hit {
    uint32_t curve;
    size_t index;
    double x, y;
    struct point at;
    double distance;
};
bool plot_nearest(const struct plot *plot, const struct plot_frame *frame, struct point at, double within,
                  struct plot_hit *hit);
// "REINFORCE: x = 5, y = 3.2", for a tooltip.
void plot_describe_hit(const struct plot *plot, const struct plot_hit *hit, struct buffer *out);

#endif
