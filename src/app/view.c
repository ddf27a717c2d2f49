// bauer-view: the window. Started by the session with a socket as its standard input; ends when that closes.
#include "app/view.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "show/scene_wire.h"

void view_time(struct view_times *times, double since) {
    times->ms[times->count++ % 256] = 1e3 * (clock_now() - since);
}

void view_note(struct view_app *app, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(app->note, sizeof app->note, format, list);
    va_end(list);
    app->note_until = clock_now() + 4;
    app->dirty = app->panel_stale = true;
}

// ---- to the session -----------------------------------------------------------------------------------------------

static bool send_all(int socket, const char *data, size_t size) {
    while (size) {
        ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void send_json(struct view_app *app, enum wire_kind kind, json_t *object) {
    struct buffer out = {0};
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text && wire_put(&out, kind, text, strlen(text)) && !send_all(app->socket, out.data, out.size))
        app->quit = true;
    free(text);
    json_decref(object);
    buffer_free(&out);
}

void view_send(struct view_app *app, json_t *event) { send_json(app, WIRE_EVENT, event); }

// ---- from the session ---------------------------------------------------------------------------------------------

struct message {
    enum wire_kind kind; // 0: the socket has closed, or nonsense came
    uint32_t size;
    char data[];
};

static void push(const struct view_app *app, struct message *message) {
    SDL_Event event = {.type = app->message_event};
    event.user.data1 = message;
    while (SDL_PushEvent(&event) < 0) SDL_Delay(5); // its queue is full
}

static bool push_copy(const struct view_app *app, enum wire_kind kind, const char *data, uint32_t size) {
    struct message *message = malloc(sizeof *message + size + 1);
    if (!message) return false;
    message->kind = kind;
    message->size = size;
    if (size) memcpy(message->data, data, size);
    message->data[size] = '\0';
    push(app, message);
    return true;
}

// A thread of its own waits at the socket, so that the window's loop can wait for SDL alone.
static int read_socket(void *context) {
    const struct view_app *app = context;
    struct buffer in = {0};
    static char chunk[1 << 16];
    bool good = true;
    while (good) {
        ssize_t got = recv(app->socket, chunk, sizeof chunk, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        buffer_add(&in, chunk, (size_t)got);
        if (in.failed) break;
        size_t used = 0;
        for (;;) {
            enum wire_kind kind;
            const char *payload;
            uint32_t size;
            long whole = wire_take(in.data + used, in.size - used, &kind, &payload, &size);
            good = whole >= 0;
            if (whole <= 0) break;
            good = push_copy(app, kind, payload, size);
            if (!good) break;
            used += (size_t)whole;
        }
        memmove(in.data, in.data + used, in.size - used);
        in.size -= used;
    }
    buffer_free(&in);
    push_copy(app, 0, NULL, 0);
    return 0;
}

static uint32_t carried(const struct picture *picture, uint32_t old) {
    for (uint32_t p = 0; old != PART_NONE && p < picture->part_count; p++)
        if (picture->part[p].match == old) return p;
    return PART_NONE;
}

static void carry_over(struct view_app *app) {
    app->hover = carried(app->picture, app->hover);
    app->focus = carried(app->picture, app->focus);
    for (int i = 0; i < 2; i++) app->pick[i] = carried(app->picture, app->pick[i]);
    if (app->pick[0] == PART_NONE) app->pick[0] = app->pick[1], app->pick[1] = PART_NONE;
}

// The share of the vertices that were there before.
static bool is_the_same(const struct picture *picture) {
    uint32_t nodes = 0, known = 0;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        if (picture->part[p].tag == TAG_EDGE) continue;
        nodes++;
        known += picture->part[p].match != PART_NONE;
    }
    return 2 * known > nodes;
}

// How far the first vertex that was there before has gone: a margin that became wider moves everything alike.
static struct point shift_of(const struct picture *picture, const struct picture *before) {
    for (uint32_t p = 0; p < picture->part_count; p++) {
        uint32_t old = picture->part[p].match;
        if (old == PART_NONE || picture->part[p].tag == TAG_EDGE) continue;
        struct point a = picture_centre(picture, p), b = picture_centre(before, old);
        return (struct point){a.x - b.x, a.y - b.y};
    }
    return (struct point){0, 0};
}

static bool has_moved(const struct picture *picture, const struct picture *before, struct point shift) {
    if (picture->part_count != before->part_count) return true;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        uint32_t old = picture->part[p].match;
        if (old == PART_NONE) return true;
        struct point a = picture_centre(picture, p), b = picture_centre(before, old);
        if (fabs(a.x - b.x - shift.x) + fabs(a.y - b.y - shift.y) > 0.5) return true;
    }
    return false;
}

static bool is_in_sight(const struct view_app *app) {
    const struct scene *scene = &app->picture->scene;
    struct area area = view_picture_area(app);
    struct point first = viewport_to_window(app->at, area, (struct point){0, 0});
    struct point last = viewport_to_window(app->at, area, (struct point){scene->width, scene->height});
    return first.x >= area.x && first.y >= area.y && last.x <= area.x + area.width && last.y <= area.y + area.height;
}

// The vertices have not moved, only the picture's margins: they stay where they are in the window.
static void stay(struct view_app *app, struct point shift) {
    struct viewport *ends[] = {&app->at, &app->from, &app->to};
    for (int i = 0; i < 3; i++) ends[i]->x += shift.x, ends[i]->y += shift.y;
}

static void follow(struct view_app *app, struct picture *before) {
    bool same = before && is_the_same(app->picture);
    struct point shift = same ? shift_of(app->picture, before) : (struct point){0, 0};
    bool moved = same && has_moved(app->picture, before, shift);
    // Collapsed or expanded: what is left of the old picture would be lost in the new one, or the other way round.
    bool other = same && (2 * app->picture->part_count < before->part_count ||
                          2 * before->part_count < app->picture->part_count);
    if (!same) app->whole = app->fitted = false;
    if (same && !moved) stay(app, shift);
    if (!same || other || (app->fitted && (moved || !is_in_sight(app)))) view_fit(app, same);
    app->before = moved ? before : NULL;
    app->glide_from = clock_now();
    if (!moved) picture_free(before);
}

static void take_theme(struct view_app *app) {
    const char *theme = json_string_value(json_object_get(app->picture->about, "theme"));
    if (theme) style_find(theme, &app->theme);
}

static void take_title(struct view_app *app) {
    const char *point = json_string_value(json_object_get(app->picture->about, "point"));
    const char *view = json_string_value(json_object_get(app->picture->about, "view"));
    char title[300];
    snprintf(title, sizeof title, "bauer: %.40s of %.200s", view ? view : "picture", point ? point : "");
    SDL_SetWindowTitle(app->window, title);
}

static void take_chart(struct view_app *app, json_t *about) {
    struct view_chart *chart = view_chart_new(about);
    struct scene nothing = {0};
    if (!chart) {
        json_decref(about);
        view_note(app, "a plot came that is none");
        return;
    }
    picture_free(app->before);
    picture_free(app->picture);
    view_chart_free(app->chart);
    app->before = NULL;
    app->chart = chart;
    app->playing = app->searching = app->search_typing = app->slide_busy = false;
    app->picture = picture_new(&nothing, about);
    if (!app->picture) return;
    take_theme(app);
    take_title(app);
    view_chart_draw(app);
}

void view_take(struct view_app *app, const char *payload, uint32_t size) {
    const char *json, *bytes;
    size_t json_size, bytes_size;
    struct scene scene;
    if (!wire_split_view(payload, size, &json, &json_size, &bytes, &bytes_size)) return;
    if (!bytes_size) {
        take_chart(app, json_loadb(json, json_size, 0, NULL));
        return;
    }
    if (!scene_decode(bytes, bytes_size, &scene)) {
        view_note(app, "a picture came that is none");
        return;
    }
    json_t *about = json_loadb(json, json_size, 0, NULL);
    struct picture *picture = picture_new(&scene, about ? about : json_object()), *before = app->picture;
    if (!picture) {
        view_note(app, "out of memory");
        return;
    }
    picture_free(app->before);
    app->before = NULL;
    app->picture = picture;
    view_sampling_take(app);
    if (app->chart) app->fitted = false, view_chart_free(app->chart), app->chart = NULL;
    picture_match(picture, before);
    carry_over(app);
    take_theme(app);
    take_title(app);
    follow(app, before);
    view_search_again(app);
    if (app->input != PART_NONE && app->input >= view_input_count(app)) app->input = PART_NONE, app->typing = false;
    if (app->slide_busy) app->slide_shown = true, app->slide_from = app->slide_sent_at;
    if (app->drag == DRAG_SLIDER) app->touched = clock_now(); // drawn fast until it rests
    app->slide_busy = false;
    if (app->slide_waits) view_slide(app, app->slide_index, app->slide_value, app->slide_final);
    app->cache_good = false;
    app->dirty = app->panel_stale = true;
}

static void take_message(struct view_app *app, struct message *message) {
    switch (message->kind) {
    case WIRE_VIEW:
        view_take(app, message->data, message->size);
        break;
    case WIRE_NOTE:
        view_note(app, "%s", message->data);
        app->slide_busy = false; // a value that was refused is answered by a note
        break;
    case WIRE_CLIP:
        SDL_SetClipboardText(message->data);
        break;
    case WIRE_BUSY:
        snprintf(app->busy, sizeof app->busy, "%s", message->data);
        app->dirty = app->panel_stale = true;
        break;
    case WIRE_STATE:
        send_json(app, WIRE_STATE, view_dump(app));
        break;
    case WIRE_HELLO:
        break;
    default:
        app->quit = true;
        break;
    }
    free(message);
}

// ---- the loop -----------------------------------------------------------------------------------------------------

static bool is_display(void) {
    const char *driver = SDL_GetCurrentVideoDriver();
    return driver && strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0 && strcmp(driver, "evdev") != 0;
}

static bool open_window(struct view_app *app) {
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_WINDOW_NO_ACTIVATION_WHEN_SHOWN, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || !is_display()) return false;
    app->window = SDL_CreateWindow("bauer", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 1100, 760,
                                   SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (!app->window) return false;
    SDL_SetWindowMinimumSize(app->window, 1, 1);
    app->message_event = SDL_RegisterEvents(1);
    SDL_StartTextInput();
    return view_resize(app);
}

// How long nothing will happen by itself, milliseconds.
static int quiet_time(const struct view_app *app) {
    double now = clock_now(), until = INFINITY;
    if (app->dirty || app->move_seconds > 0 || app->before) return 0;
    if (app->drawn_fast) until = fmin(until, app->touched + 0.13);
    if (app->playing) until = fmin(until, app->play_next);
    if (view_sampling_plays(app)) until = fmin(until, view_sampling_next(app));
    if (app->note[0] && app->note_until > now) until = fmin(until, app->note_until);
    if (view_has_clock(app)) until = fmin(until, floor(now) + 1);
    if (isinf(until)) return -1;
    return until <= now ? 1 : (int)(1e3 * (until - now)) + 1;
}

static void take_event(struct view_app *app, const SDL_Event *event) {
    if (event->type == app->message_event)
        take_message(app, event->user.data1);
    else {
        if (app->input_at <= 0 && event->type >= SDL_KEYDOWN && event->type <= SDL_MOUSEWHEEL)
            app->input_at = clock_now();
        view_event(app, event);
        if (!app->dirty) app->input_at = 0; // nothing to be seen of it
    }
}

static void run(struct view_app *app) {
    SDL_Event event;
    double frame = 0;
    uint32_t sampling = UINT32_MAX; // which sample is lit
    while (!app->quit) {
        int wait = quiet_time(app);
        if (wait == 0) wait = (int)fmax(0, 1e3 * (frame + 0.016 - clock_now()));
        bool came = wait < 0 ? SDL_WaitEvent(&event) : SDL_WaitEventTimeout(&event, wait);
        for (; came && !app->quit; came = SDL_PollEvent(&event)) take_event(app, &event);
        double now = clock_now();
        if (app->playing && now >= app->play_next) view_play_step(app);
        if (sampling != (view_sampling_plays(app) ? view_sampling_at(app) : UINT32_MAX)) {
            sampling = view_sampling_plays(app) ? view_sampling_at(app) : UINT32_MAX;
            app->dirty = app->panel_stale = true;
        }
        if (view_has_clock(app) && floor(now) > floor(frame)) app->dirty = true; // its time goes on
        if (app->note[0] && now >= app->note_until) app->note[0] = '\0', app->dirty = app->panel_stale = true;
        if (app->quit || now - frame < 0.015) continue;
        frame = now;
        view_draw(app);
    }
}

static void close_all(struct view_app *app) {
    picture_free(app->picture);
    picture_free(app->before);
    view_chart_free(app->chart);
    scene_clear(&app->panel);
    mem_free(app->widget);
    mem_free(app->range);
    mem_free(app->found);
    if (app->canvas) cairo_surface_destroy(app->canvas);
    if (app->cache) cairo_surface_destroy(app->cache);
    if (app->side) cairo_surface_destroy(app->side);
    if (app->window) SDL_DestroyWindow(app->window);
    SDL_Quit();
}

int view_run(void) {
    static struct view_app app = {.socket = STDIN_FILENO,
                                  .type = 1,
                                  .panel_shown = true,
                                  .hover = PART_NONE,
                                  .focus = PART_NONE,
                                  .pick = {PART_NONE, PART_NONE},
                                  .input = PART_NONE,
                                  .ratio = 1};
    signal(SIGPIPE, SIG_IGN);
    mem_keep(true); // pictures come and go
    if (!open_window(&app)) {
        view_send(&app, json_pack("{s:s, s:s}", "event", "no display", "message", SDL_GetError()));
        close_all(&app);
        return 1;
    }
    view_send(&app, json_pack("{s:s, s:s}", "event", "open", "driver", SDL_GetCurrentVideoDriver()));
    SDL_Thread *reader = SDL_CreateThread(read_socket, "socket", &app);
    if (!reader) return 1;
    run(&app);
    view_send(&app, json_pack("{s:s}", "event", "closed"));
    shutdown(app.socket, SHUT_RDWR);
    SDL_WaitThread(reader, NULL);
    close_all(&app);
    return 0;
}
