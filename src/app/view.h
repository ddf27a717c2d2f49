// The window's own state, shared by its files: view.c (the loop and the socket), view_main.c (main alone), view_draw.c
// (pixels), view_panel.c (the panel at the side), view_input.c (keys and mouse), view_dump.c (what a test asks for).
//
// The window decides nothing about graphs: it shows the pictures that the session sends and turns keys, clicks and
// sliders into events for it.
#ifndef BAUER_APP_VIEW_H
#define BAUER_APP_VIEW_H

#include <SDL.h>
#include <cairo.h>
#include <jansson.h>

#include "app/keys.h"
#include "app/view_picture.h"
#include "app/wire.h"
#include "show/plot.h"
#include "show/viewport.h"

enum widget_kind {
    WIDGET_NONE,
    WIDGET_SLIDER,
    WIDGET_FIELD,
    WIDGET_TIMELINE,
    WIDGET_FIRST,
    WIDGET_BACK,
    WIDGET_PLAY,
    WIDGET_NEXT,
    WIDGET_LAST
};

struct widget {
    enum widget_kind kind;
    uint32_t index;             // of the input
    double x, y, width, height; // in the panel, points
};

enum drag_kind { DRAG_NONE, DRAG_PRESSED, DRAG_PICTURE, DRAG_SLIDER, DRAG_TIMELINE };

struct input_range { // of a slider, as long as the value stays inside
    char name[64];
    double low, high;
};

// One plot of those that are shown, with the part of the data that is looked at.
struct view_panel {
    struct plot plot;
    struct plot_curve *curve;
    char *title, *x_label, *y_label;
    struct plot_frame frame;
    struct plot_window window, home;
    bool moved;                         // `window` holds
    bool fixed, home_log_x, home_log_y; // else `home`, with these axes, if there is one; else all of the data
};

struct view_chart {
    struct view_panel *panel;
    uint32_t panel_count, columns;
    char *title, *note; // of the page
    bool has_hit;
    struct point hit; // the point of a curve under the pointer, in the picture
    char pointed[200], message[256];
};

struct view_times { // the last 256, milliseconds
    double ms[256];
    uint32_t count;
};

struct view_app {
    SDL_Window *window;
    SDL_Surface *surface; // the window's pixels, SDL's
    int width, height;    // pixels
    double ratio;         // pixels per window unit (high-DPI)
    int socket;
    uint32_t message_event; // SDL's number for what the reader thread pushes
    bool quit, dirty, panel_stale;

    struct view_chart *chart;         // NULL: a graph is shown
    struct picture *picture, *before; // `before`: what is being left, or NULL
    double glide_from;                // when the new picture came, seconds
    struct viewport at, from, to;     // shown; the ends of a movement
    double move_from, move_seconds;   // 0 seconds: not moving
    bool whole;                       // fit shows all of a picture that is too large to be read
    bool fitted;                      // follows the window's size until the user moves it
    double touched;                   // when it was last moved by hand: drawn fast until it rests
    bool drawn_fast;

    cairo_surface_t *canvas, *cache; // what is on the screen; the picture alone
    cairo_surface_t *side;           // the panel alone
    bool cache_good;

    enum theme theme;
    double type; // size of type, 1: normal
    bool panel_shown, help, blank, full;
    bool panel_cut;                    // what must be seen of it does not fit in the window
    double panel_scroll, panel_height; // points
    struct scene panel;
    struct widget *widget;
    uint32_t widget_count;
    size_t widget_capacity;
    struct input_range *range;
    uint32_t range_count;
    size_t range_capacity;

    uint32_t hover, focus; // parts, PART_NONE
    uint32_t pick[2];
    bool searching, search_typing; // what was found is lit; its name is being typed
    char search[128];
    uint32_t *found, found_count, found_at;
    bool playing;
    double play_next;

    enum drag_kind drag;
    uint32_t drag_index;
    struct point drag_last, drag_first;
    uint32_t input; // in hand, PART_NONE
    bool typing;    // a number for it
    char typed[64];
    double slide_value;                                     // waiting to be sent
    bool slide_waits, slide_final, slide_shown, slide_busy; // busy: the session has not answered the last one yet
    uint32_t slide_index;

    json_int_t sampling_run; // whose first samples have begun to light up
    double sampling_from;    // when
    bool sampling_shown;

    char note[512], busy[256];
    double note_until;

    struct view_times frame, answer,
        slide; // the last redraws; from an input to the picture; from a slider's value to its picture
    double input_at, slide_sent_at,
        slide_from; // the first input not drawn yet (0: none); the value under way; the one shown
};

int view_run(void); // until the window or the socket closes; the program's exit status
void view_time(struct view_times *times, double since);
void view_note(struct view_app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_send(struct view_app *app, json_t *event); // takes the event
void view_command(struct view_app *app, const char *line);
void view_take(struct view_app *app, const char *payload,
               uint32_t size); // a picture or a plot, as the session sends it

// view_draw.c
struct area view_picture_area(const struct view_app *app); // pixels
double view_panel_scale(const struct view_app *app);       // pixels per point of the panel
double view_panel_width(const struct view_app *app);       // points
bool view_has_clock(const struct view_app *app);           // it shows an instructor's notes
void view_clock_text(const struct view_app *app, char *text, size_t size, bool *late);
bool view_in_lesson(const struct view_app *app); // the panel is first of all a lesson's text
bool view_resize(struct view_app *app);
void view_draw(struct view_app *app);
void view_fit(struct view_app *app, bool glide);
void view_go(struct view_app *app, struct viewport to, double seconds);

// view_panel.c
void view_panel_make(struct view_app *app);
struct widget view_widget_at(const struct view_app *app, struct point window);
struct input_range *view_range(struct view_app *app, uint32_t input);
double view_widget_share(const struct view_app *app, const struct widget *widget, struct point window); // 0 to 1
double view_text_block(struct scene *scene, double x, double y, double width, const char *text, double size, colour ink,
                       enum scene_font font); // wrapped at words; returns the y below
json_t *view_input_about(const struct view_app *app, uint32_t input);
uint32_t view_input_count(const struct view_app *app);

// view_input.c
void view_event(struct view_app *app, const SDL_Event *event);
void view_action(struct view_app *app, enum key_action action);
void view_slide(struct view_app *app, uint32_t input, double value, bool final);
void view_play_step(struct view_app *app);
void view_search_again(struct view_app *app); // the picture has changed

// view_sampling.c
json_t *view_sampling(const struct view_app *app); // what the session tells of it, or NULL
void view_sampling_take(struct view_app *app);     // a picture has come
bool view_sampling_plays(const struct view_app *app);
uint32_t view_sampling_at(const struct view_app *app);
double view_sampling_next(const struct view_app *app);
void view_sampling_toggle(struct view_app *app);
void view_sampling_draw(struct view_app *app, cairo_t *cairo);
// Returns the y below.
double view_sampling_histogram(const struct view_app *app, struct scene *scene, double x, double y, double width,
                               double height);

// view_plot.c
struct view_chart *view_chart_new(const json_t *about); // NULL: no plot, or no memory
void view_chart_free(struct view_chart *chart);
void view_chart_draw(struct view_app *app);
void view_chart_zoom(struct view_app *app, struct point about, double factor);
void view_chart_pan(struct view_app *app, struct point at, double dx, double dy);
void view_chart_fit(struct view_app *app);
void view_chart_toggle(struct view_app *app, uint32_t group);          // all curves of a colour
uint32_t view_chart_colour(const struct view_app *app, uint32_t part); // of the curve that is this part; UINT32_MAX
void view_chart_log(struct view_app *app);
void view_chart_point(struct view_app *app, struct point window);

// view_dump.c
json_t *view_dump(struct view_app *app);

#endif
