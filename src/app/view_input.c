// Keys and mouse, and what they do. What changes the session goes there as an event.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"

#define STEP_SECONDS 0.9 // between two steps while playing
#define CLICK_SLACK 4.0  // pixels that a click may move

// ---- events for the session ---------------------------------------------------------------------------------------

void view_command(struct view_app *app, const char *line) {
    view_send(app, json_pack("{s:s, s:s}", "event", "command", "line", line));
}

// One value at a time is under way; while it is, only the newest is kept.
void view_slide(struct view_app *app, uint32_t input, double value, bool final) {
    app->slide_index = input;
    app->slide_value = value;
    app->slide_final = final;
    app->slide_waits = true;
    app->dirty = app->panel_stale = true;
    if (app->slide_busy && !final) return;
    app->slide_waits = false;
    app->slide_busy = true;
    app->slide_sent_at = clock_now();
    view_send(app, json_pack("{s:s, s:i, s:f, s:b}", "event", "slide", "input", (int)input, "value", value, "final",
                             final ? 1 : 0));
}

static const json_t *step_of(const struct view_app *app) {
    const json_t *step = app->picture ? json_object_get(app->picture->about, "step") : NULL;
    return json_is_object(step) ? step : NULL;
}

static void go_to_step(struct view_app *app, double number) {
    view_send(app, json_pack("{s:s, s:f}", "event", "goto", "step", number));
}

static void step_by(struct view_app *app, int by) {
    view_send(app, json_pack("{s:s, s:i}", "event", "step", "by", by));
}

static void last_step(struct view_app *app) {
    const json_t *step = step_of(app);
    double count = json_number_value(json_object_get(step, "count"));
    if (step && count < 4e9) go_to_step(app, count);
}

void view_play_step(struct view_app *app) {
    const json_t *step = step_of(app);
    double number = json_number_value(json_object_get(step, "number"));
    if (step && number >= json_number_value(json_object_get(step, "count"))) {
        app->playing = false;
        app->dirty = app->panel_stale = true;
        return;
    }
    app->play_next = clock_now() + STEP_SECONDS;
    step_by(app, 1);
}

static void play(struct view_app *app) {
    const json_t *step = step_of(app);
    app->playing = !app->playing;
    app->dirty = app->panel_stale = true;
    if (!app->playing) return;
    if (step && json_number_value(json_object_get(step, "number")) >= json_number_value(json_object_get(step, "count")))
        go_to_step(app, 1);
    app->play_next = clock_now() + (step ? STEP_SECONDS : 0);
}

// ---- the vertex in hand -------------------------------------------------------------------------------------------

static bool is_node(const struct part *part) { return part->tag == TAG_VERTEX || part->tag == TAG_FRAME; }

// Brings a part into sight without changing the zoom.
static void centre_on(struct view_app *app, uint32_t p) {
    struct area area = view_picture_area(app);
    struct point centre = picture_centre(app->picture, p), at = viewport_to_window(app->at, area, centre);
    double margin = 60 * app->ratio;
    if (at.x > area.x + margin && at.x < area.x + area.width - margin && at.y > margin &&
        at.y < area.y + area.height - margin)
        return;
    app->fitted = false;
    view_go(app, (struct viewport){centre.x, centre.y, app->at.scale}, 0.2);
}

static void focus_on(struct view_app *app, uint32_t p) {
    app->focus = p;
    app->dirty = app->panel_stale = true;
    if (p != PART_NONE) centre_on(app, p);
}

static void focus_next(struct view_app *app, int by) {
    uint32_t count = app->picture ? app->picture->part_count : 0;
    uint32_t p = app->focus == PART_NONE ? (by > 0 ? count - 1 : 0) : app->focus;
    for (uint32_t i = 0; i < count; i++) {
        p = (p + (by > 0 ? 1 : count - 1)) % count;
        if (is_node(&app->picture->part[p])) {
            focus_on(app, p);
            return;
        }
    }
}

// The nearest vertex in a direction: what lies aside counts double.
static void focus_towards(struct view_app *app, double dx, double dy) {
    struct point here = picture_centre(app->picture, app->focus);
    uint32_t best = PART_NONE;
    double nearest = INFINITY;
    for (uint32_t p = 0; p < app->picture->part_count; p++) {
        if (p == app->focus || !is_node(&app->picture->part[p])) continue;
        struct point there = picture_centre(app->picture, p);
        double along = (there.x - here.x) * dx + (there.y - here.y) * dy;
        double aside = fabs((there.x - here.x) * dy) + fabs((there.y - here.y) * dx);
        if (along > 1 && along + 2 * aside < nearest) nearest = along + 2 * aside, best = p;
    }
    if (best != PART_NONE) focus_on(app, best);
}

static void arrow(struct view_app *app, double dx, double dy) {
    if (app->chart) {
        struct area area = view_picture_area(app);
        struct point middle = {area.x + area.width / 2, area.y + area.height / 2};
        view_chart_pan(app, middle, -80 * app->ratio * dx, -80 * app->ratio * dy);
        return;
    }
    if (app->focus != PART_NONE) {
        focus_towards(app, dx, dy);
        return;
    }
    struct viewport from = app->move_seconds > 0 ? app->to : app->at; // what the last key began goes on
    app->fitted = false;
    view_go(app, viewport_pan(from, -80 * app->ratio * dx, -80 * app->ratio * dy), 0.12);
}

static void send_picks(struct view_app *app) {
    if (app->pick[0] == PART_NONE || app->pick[1] == PART_NONE) {
        view_send(app, json_pack("{s:s}", "event", "unpick"));
        return;
    }
    view_send(app, json_pack("{s:s, s:i, s:i}", "event", "pick", "from", (int)app->picture->part[app->pick[0]].id, "to",
                             (int)app->picture->part[app->pick[1]].id));
}

static void unpick(struct view_app *app) {
    bool both = app->pick[1] != PART_NONE;
    app->pick[0] = app->pick[1] = PART_NONE;
    app->dirty = app->panel_stale = true;
    if (both) send_picks(app);
}

static void pick(struct view_app *app, uint32_t p) {
    if (p == PART_NONE || app->picture->part[p].tag != TAG_VERTEX) return;
    if (app->pick[1] != PART_NONE) unpick(app);
    if (app->pick[0] == PART_NONE || app->pick[0] == p)
        app->pick[0] = p;
    else
        app->pick[1] = p;
    app->dirty = app->panel_stale = true;
    if (app->pick[1] != PART_NONE) send_picks(app);
}

static void collapse(struct view_app *app, uint32_t p) {
    if (p == PART_NONE) return;
    const struct part *part = &app->picture->part[p];
    if (is_node(part))
        view_send(app, json_pack("{s:s, s:s, s:i}", "event", "collapse", "what",
                                 part->tag == TAG_FRAME ? "frame" : "vertex", "id", (int)part->id));
}

// ---- searching ----------------------------------------------------------------------------------------------------

static const char *name_of(const struct view_app *app, uint32_t p) {
    const char *name = json_string_value(json_object_get(picture_about(app->picture, p), "name"));
    return name ? name : "";
}

void view_search_again(struct view_app *app) {
    app->found_count = 0;
    mem_free(app->found);
    app->found = app->picture ? mem_alloc(app->picture->part_count + 1, sizeof *app->found) : NULL;
    for (uint32_t p = 0; app->found && app->search[0] && p < app->picture->part_count; p++)
        if (is_node(&app->picture->part[p]) && strcasestr(name_of(app, p), app->search))
            app->found[app->found_count++] = p;
    if (app->found_at >= app->found_count) app->found_at = 0;
    app->dirty = app->panel_stale = true;
}

static void search_go(struct view_app *app, int by) {
    if (!app->found_count) return;
    app->searching = true;
    app->found_at = (app->found_at + (by > 0 ? 1 : by < 0 ? app->found_count - 1 : 0)) % app->found_count;
    struct point centre = picture_centre(app->picture, app->found[app->found_at]);
    app->fitted = false;
    app->focus = app->found[app->found_at];
    view_go(app, (struct viewport){centre.x, centre.y, fmax(app->at.scale, 0.9 * app->ratio)}, 0.25);
}

// ---- text that is typed -------------------------------------------------------------------------------------------

static void add_text(char *text, size_t room, const char *more) {
    size_t size = strlen(text);
    if (size + strlen(more) < room) memcpy(text + size, more, strlen(more) + 1);
}

static void remove_character(char *text) {
    size_t size = strlen(text);
    while (size && ((unsigned char)text[size - 1] & 0xC0) == 0x80) size--;
    if (size) text[size - 1] = '\0';
}

static void commit_number(struct view_app *app) {
    double value;
    if (!app->typing) return;
    app->typing = false;
    app->dirty = app->panel_stale = true;
    if (text_parse_number(app->typed, &value) && isfinite(value))
        view_slide(app, app->input, value, true);
    else
        view_note(app, "`%s` is not a number", app->typed);
}

static bool is_number_text(const char *text) { return text[0] && strchr("0123456789.-+e", text[0]) && !text[1]; }

// Whether a character goes on with the number of the input in hand, or begins it.
static bool is_of_number(const struct view_app *app, const char *text) {
    if (app->input == PART_NONE || !is_number_text(text)) return false;
    return app->typing || isdigit((unsigned char)text[0]) || text[0] == '-' || text[0] == '.';
}

// A name that is searched is being typed: letters are no commands then.
static bool takes_letters(const struct view_app *app) { return app->search_typing && app->input == PART_NONE; }

static void take_text(struct view_app *app, const char *text) {
    if (takes_letters(app)) {
        add_text(app->search, sizeof app->search, text);
        app->found_at = 0;
        view_search_again(app);
        search_go(app, 0);
        return;
    }
    if (!is_number_text(text)) return;
    if (!app->typing) app->typed[0] = '\0';
    app->typing = true;
    add_text(app->typed, sizeof app->typed, text);
    app->dirty = app->panel_stale = true;
}

// ---- actions ------------------------------------------------------------------------------------------------------

static void zoom(struct view_app *app, struct point about, double factor, double seconds) {
    if (!app->picture) return;
    if (app->chart) {
        view_chart_zoom(app, about, factor);
        return;
    }
    struct viewport from = app->move_seconds > 0 ? app->to : app->at;
    app->fitted = false;
    view_go(app, viewport_zoom(from, view_picture_area(app), about, factor), seconds);
    app->touched = clock_now();
}

static struct point middle(const struct view_app *app) {
    struct area area = view_picture_area(app);
    return (struct point){area.x + area.width / 2, area.y + area.height / 2};
}

static const char *next_word(const char *now, const char *const *words, int count) {
    for (int i = 0; i < count; i++)
        if (now && strcmp(words[i], now) == 0) return words[(i + 1) % count];
    return words[0];
}

static void set_next(struct view_app *app, const char *key, const char *const *words, int count) {
    char line[80];
    const char *now = app->picture ? json_string_value(json_object_get(app->picture->about, key)) : NULL;
    snprintf(line, sizeof line, ":set %s %s", key, next_word(now, words, count));
    view_command(app, line);
}

static void next_input(struct view_app *app) {
    uint32_t count = view_input_count(app);
    commit_number(app);
    app->input = !count ? PART_NONE : app->input == PART_NONE ? 0 : app->input + 1 < count ? app->input + 1 : PART_NONE;
    app->dirty = app->panel_stale = true;
}

static void nudge(struct view_app *app, double by) {
    if (app->input == PART_NONE) app->input = 0;
    if (app->input >= view_input_count(app)) return;
    const struct input_range *range = view_range(app, app->input);
    double value = json_number_value(json_object_get(view_input_about(app, app->input), "value"));
    if (app->slide_waits && app->slide_index == app->input) value = app->slide_value;
    if (range) view_slide(app, app->input, value + by * (range->high - range->low) / 100, true);
}

static void release(struct view_app *app) {
    if (app->help)
        app->help = false;
    else if (app->typing)
        app->typing = false;
    else if (app->searching)
        app->searching = app->search_typing = false, app->search[0] = '\0', view_search_again(app);
    else if (app->input != PART_NONE)
        app->input = PART_NONE;
    else if (app->pick[0] != PART_NONE)
        unpick(app);
    else if (app->focus != PART_NONE)
        app->focus = PART_NONE;
    else if (app->full)
        view_action(app, KEY_FULL);
    app->dirty = app->panel_stale = true;
}

static void copy_text(struct view_app *app) {
    uint32_t p = app->hover != PART_NONE ? app->hover : app->focus;
    const char *text = p != PART_NONE ? app->picture->part[p].title : app->picture->scene.description;
    if (!text) return;
    SDL_SetClipboardText(text);
    view_note(app, "copied: %.200s", text);
}

static void set_full(struct view_app *app) {
    app->full = !app->full;
    SDL_SetWindowFullscreen(app->window, app->full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
}

static void set_type(struct view_app *app, double factor) {
    app->type = fmin(fmax(app->type * factor, 0.5), 3);
    if (app->fitted) view_fit(app, false);
    app->cache_good = false;
    app->dirty = app->panel_stale = true;
}

void view_action(struct view_app *app, enum key_action action) {
    static const char *const directions[] = {"up", "right", "down", "left"}, *const themes[] = {"light", "dark",
                                                                                                "projector"};
    if (app->blank && action != KEY_CLOSE) {
        app->blank = false; // any key brings the picture back
        app->dirty = app->panel_stale = true;
        if (action == KEY_BLANK) return;
    }
    if (!app->picture && action != KEY_CLOSE && action != KEY_FULL && action != KEY_HELP && action != KEY_BLANK) return;
    switch (action) {
    case KEY_NONE:
        break;
    case KEY_ZOOM_IN:
        zoom(app, middle(app), 1.25, 0.12);
        break;
    case KEY_ZOOM_OUT:
        zoom(app, middle(app), 0.8, 0.12);
        break;
    case KEY_FIT:
        app->whole = app->fitted && !app->whole;
        view_fit(app, true);
        break;
    case KEY_LEFT:
        arrow(app, -1, 0);
        break;
    case KEY_RIGHT:
        arrow(app, 1, 0);
        break;
    case KEY_UP:
        arrow(app, 0, -1);
        break;
    case KEY_DOWN:
        arrow(app, 0, 1);
        break;
    case KEY_FOCUS:
        focus_next(app, 1);
        break;
    case KEY_FOCUS_BACK:
        focus_next(app, -1);
        break;
    case KEY_PICK:
        pick(app, app->hover != PART_NONE ? app->hover : app->focus);
        break;
    case KEY_RELEASE:
        release(app);
        break;
    case KEY_NEXT:
        step_by(app, 1);
        break;
    case KEY_BACK:
        step_by(app, -1);
        break;
    case KEY_FIRST:
        go_to_step(app, 1);
        break;
    case KEY_LAST:
        last_step(app);
        break;
    case KEY_PLAY:
        play(app);
        break;
    case KEY_BLANK:
        app->blank = true;
        break;
    case KEY_SEARCH:
        app->searching = app->search_typing = true, app->search[0] = '\0', app->input = PART_NONE,
        view_search_again(app);
        break;
    case KEY_SEARCH_NEXT:
        search_go(app, 1);
        break;
    case KEY_SEARCH_BACK:
        search_go(app, -1);
        break;
    case KEY_DIRECTION:
        set_next(app, "direction", directions, 4);
        break;
    case KEY_THEME:
        set_next(app, "theme", themes, 3);
        break;
    case KEY_COLLAPSE:
        collapse(app, app->hover != PART_NONE ? app->hover : app->focus);
        break;
    case KEY_LOG:
        if (app->chart) view_chart_log(app);
        break;
    case KEY_CURVE:
        break; // text_input knows which
    case KEY_INPUT:
        next_input(app);
        break;
    case KEY_INPUT_LESS:
        nudge(app, -1);
        break;
    case KEY_INPUT_MORE:
        nudge(app, 1);
        break;
    case KEY_SAMPLING:
        view_sampling_toggle(app);
        break;
    case KEY_PANEL:
        app->panel_shown = !app->panel_shown;
        view_resize(app);
        break;
    case KEY_LARGER:
        set_type(app, 1.1);
        break;
    case KEY_SMALLER:
        set_type(app, 1 / 1.1);
        break;
    case KEY_FULL:
        set_full(app);
        break;
    case KEY_SAVE:
        view_send(app, json_pack("{s:s}", "event", "save"));
        break;
    case KEY_COPY:
        copy_text(app);
        break;
    case KEY_COPY_SVG:
        view_send(app, json_pack("{s:s}", "event", "svg"));
        break;
    case KEY_HELP:
        app->help = !app->help;
        break;
    case KEY_CLOSE:
        app->quit = true;
        break;
    }
    app->dirty = app->panel_stale = true;
}

// ---- keys ---------------------------------------------------------------------------------------------------------

// The name of a key as key_table has it, or "" for one that is text (which SDL sends on its own). Letters go by the
// Shift key alone, so that Caps Lock does no harm.
static void key_name(const SDL_Keysym *key, char name[32]) {
    static const struct {
        SDL_Keycode code;
        const char *name;
    } named[] = {{SDLK_LEFT, "Left"},     {SDLK_RIGHT, "Right"},   {SDLK_UP, "Up"},
                 {SDLK_DOWN, "Down"},     {SDLK_TAB, "Tab"},       {SDLK_RETURN, "Return"},
                 {SDLK_ESCAPE, "Escape"}, {SDLK_PAGEUP, "PageUp"}, {SDLK_PAGEDOWN, "PageDown"},
                 {SDLK_HOME, "Home"},     {SDLK_END, "End"},       {SDLK_SPACE, "Space"},
                 {SDLK_F1, "F1"},         {SDLK_F11, "F11"},       {SDLK_KP_ENTER, "Return"}};
    bool control = key->mod & KMOD_CTRL, shift = key->mod & KMOD_SHIFT;
    *name = '\0';
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (key->sym == named[i].code)
            snprintf(name, 32, "%s%s", shift && key->sym == SDLK_TAB ? "Shift+" : "", named[i].name);
    if (*name || key->sym <= ' ' || key->sym > '~') return;
    if (control)
        snprintf(name, 32, "Ctrl+%c", (char)key->sym);
    else if (islower((int)key->sym))
        snprintf(name, 32, "%c", shift ? toupper((int)key->sym) : (int)key->sym);
}

static bool edit_key(struct view_app *app, SDL_Keycode key) {
    if (key == SDLK_BACKSPACE && app->typing)
        return remove_character(app->typed), app->dirty = app->panel_stale = true, true;
    if (key == SDLK_BACKSPACE && takes_letters(app))
        return remove_character(app->search), view_search_again(app), search_go(app, 0), true;
    if (key == SDLK_RETURN || key == SDLK_KP_ENTER) {
        if (app->typing) return commit_number(app), true;
        if (takes_letters(app)) return app->search_typing = false, app->dirty = true, true; // n and N go on
    }
    return false;
}

static void key_down(struct view_app *app, const SDL_KeyboardEvent *event) {
    char name[32];
    if (edit_key(app, event->keysym.sym)) return;
    key_name(&event->keysym, name);
    if (takes_letters(app) && !name[1]) return; // a letter of the name that is searched
    if (takes_letters(app) && strcmp(name, "Space") == 0) return;
    if (is_of_number(app, name)) return; // 1e5
    const struct key_row *row = key_find(name);
    if (row) view_action(app, row->action);
}

static void text_input(struct view_app *app, const char *text) {
    bool opens = strcmp(text, "/") == 0 && !app->search[0]; // what opened the search
    if (takes_letters(app) || is_of_number(app, text)) {
        if (!(takes_letters(app) && opens)) take_text(app, text);
        return;
    }
    if (text[1] || isalpha((unsigned char)text[0]) || text[0] == ' ') return; // letters came as keys
    const struct key_row *row = key_find(text);
    if (row && row->action == KEY_CURVE && app->chart) view_chart_toggle(app, (uint32_t)(text[0] - '1'));
    if (row) view_action(app, row->action);
}

// ---- mouse --------------------------------------------------------------------------------------------------------

static struct point pixel(const struct view_app *app, int x, int y) {
    return (struct point){x * app->ratio, y * app->ratio};
}

static bool in_picture(const struct view_app *app, struct point at) {
    return app->picture && at.x < view_picture_area(app).width;
}

static uint32_t part_at(const struct view_app *app, struct point at) {
    if (!in_picture(app, at)) return PART_NONE; // while it glides, what will be there counts
    struct point point = viewport_to_picture(app->at, view_picture_area(app), at);
    return picture_at(app->picture, point, 6 * app->ratio / app->at.scale);
}

static void drag_slider(struct view_app *app, struct point at, bool final) {
    for (uint32_t i = 0; i < app->widget_count; i++) {
        const struct widget *w = &app->widget[i];
        if (w->kind != WIDGET_SLIDER || w->index != app->drag_index) continue;
        const struct input_range *range = view_range(app, w->index);
        double share = view_widget_share(app, w, at);
        if (range) view_slide(app, w->index, range->low + share * (range->high - range->low), final);
        return;
    }
}

static void drag_timeline(struct view_app *app, struct point at) {
    const json_t *step = step_of(app);
    double count = json_number_value(json_object_get(step, "count"));
    for (uint32_t i = 0; step && count < 4e9 && i < app->widget_count; i++)
        if (app->widget[i].kind == WIDGET_TIMELINE) {
            double number = 1 + round(view_widget_share(app, &app->widget[i], at) * (count - 1));
            if (number != json_number_value(json_object_get(step, "number"))) go_to_step(app, number);
        }
}

static bool press_widget(struct view_app *app, struct point at) {
    struct widget widget = view_widget_at(app, at);
    switch (widget.kind) {
    case WIDGET_NONE:
        return app->panel_shown && !in_picture(app, at);
    case WIDGET_SLIDER:
        app->drag = DRAG_SLIDER;
        app->drag_index = app->input = widget.index;
        drag_slider(app, at, false);
        break;
    case WIDGET_FIELD:
        commit_number(app);
        app->input = widget.index;
        app->typing = true;
        app->typed[0] = '\0';
        break;
    case WIDGET_TIMELINE:
        app->drag = DRAG_TIMELINE;
        drag_timeline(app, at);
        break;
    case WIDGET_FIRST:
        view_action(app, KEY_FIRST);
        break;
    case WIDGET_BACK:
        view_action(app, KEY_BACK);
        break;
    case WIDGET_PLAY:
        view_action(app, KEY_PLAY);
        break;
    case WIDGET_NEXT:
        view_action(app, KEY_NEXT);
        break;
    case WIDGET_LAST:
        view_action(app, KEY_LAST);
        break;
    }
    app->dirty = app->panel_stale = true;
    return true;
}

static void mouse_down(struct view_app *app, const SDL_MouseButtonEvent *event) {
    struct point at = pixel(app, event->x, event->y);
    if (app->help || app->blank) {
        app->help = app->blank = false;
        app->dirty = app->panel_stale = true;
        return;
    }
    if (event->button == SDL_BUTTON_RIGHT) {
        collapse(app, part_at(app, at));
        return;
    }
    if (event->button != SDL_BUTTON_LEFT || press_widget(app, at)) return;
    app->drag = DRAG_PRESSED;
    app->drag_last = app->drag_first = at;
    if (event->clicks == 2 && part_at(app, at) == PART_NONE) view_fit(app, true);
}

static void hover(struct view_app *app, struct point at) {
    if (app->chart) {
        view_chart_point(app, at);
        return;
    }
    uint32_t p = part_at(app, at);
    if (p == app->hover) return;
    app->hover = p;
    app->dirty = app->panel_stale = true;
}

static void mouse_move(struct view_app *app, const SDL_MouseMotionEvent *event) {
    struct point at = pixel(app, event->x, event->y);
    if (app->drag == DRAG_SLIDER) drag_slider(app, at, false);
    if (app->drag == DRAG_TIMELINE) drag_timeline(app, at);
    if (app->drag == DRAG_PRESSED &&
        hypot(at.x - app->drag_first.x, at.y - app->drag_first.y) > CLICK_SLACK * app->ratio)
        app->drag = DRAG_PICTURE;
    if (app->drag == DRAG_PICTURE && app->chart) {
        view_chart_pan(app, app->drag_last, at.x - app->drag_last.x, at.y - app->drag_last.y);
        app->drag_last = at;
    } else if (app->drag == DRAG_PICTURE && app->picture) {
        struct viewport to = viewport_pan(app->at, at.x - app->drag_last.x, at.y - app->drag_last.y);
        app->fitted = false;
        view_go(app, viewport_clamp(to, view_picture_area(app), app->picture->scene.width, app->picture->scene.height),
                0);
        app->touched = clock_now();
        app->drag_last = at;
    }
    if (app->drag == DRAG_NONE) hover(app, at);
}

static void mouse_up(struct view_app *app, const SDL_MouseButtonEvent *event) {
    struct point at = pixel(app, event->x, event->y);
    if (event->button != SDL_BUTTON_LEFT) return;
    if (app->drag == DRAG_SLIDER) drag_slider(app, at, true);
    if (app->drag == DRAG_PRESSED) {
        uint32_t p = part_at(app, at);
        if (app->chart && p != PART_NONE)
            view_chart_toggle(app, view_chart_colour(app, p));
        else if (p == PART_NONE || app->picture->part[p].tag != TAG_VERTEX)
            unpick(app);
        else
            pick(app, p);
    }
    app->drag = DRAG_NONE;
    app->dirty = app->panel_stale = true;
}

static void wheel(struct view_app *app, const SDL_MouseWheelEvent *event) {
    int x, y;
    SDL_GetMouseState(&x, &y);
    struct point at = pixel(app, x, y);
    double turn = event->preciseY != 0 ? (double)event->preciseY : event->y;
    if (SDL_GetModState() & KMOD_CTRL) {
        set_type(app, turn > 0 ? 1.1 : 1 / 1.1);
    } else if (in_picture(app, at)) {
        zoom(app, at, pow(1.15, turn), 0);
    } else {
        app->panel_scroll -= 30 * turn;
        app->dirty = app->panel_stale = true;
    }
}

// ---- all ----------------------------------------------------------------------------------------------------------

static void window_event(struct view_app *app, const SDL_WindowEvent *event) {
    if (event->event == SDL_WINDOWEVENT_SIZE_CHANGED) view_resize(app);
    if (event->event == SDL_WINDOWEVENT_LEAVE) app->hover = PART_NONE;
    app->dirty = app->panel_stale = true;
}

void view_event(struct view_app *app, const SDL_Event *event) {
    switch (event->type) {
    case SDL_QUIT:
        app->quit = true;
        break;
    case SDL_WINDOWEVENT:
        window_event(app, &event->window);
        break;
    case SDL_KEYDOWN:
        key_down(app, &event->key);
        break;
    case SDL_TEXTINPUT:
        text_input(app, event->text.text);
        break;
    case SDL_MOUSEBUTTONDOWN:
        mouse_down(app, &event->button);
        break;
    case SDL_MOUSEBUTTONUP:
        mouse_up(app, &event->button);
        break;
    case SDL_MOUSEMOTION:
        mouse_move(app, &event->motion);
        break;
    case SDL_MOUSEWHEEL:
        wheel(app, &event->wheel);
        break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        app->dirty = app->panel_stale = true;
        break;
    default:
        break;
    }
}
