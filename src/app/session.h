// The session: the pipeline from a line of text to an answer, and everything that a person has built up so far.
//
//     line -> command or program -> graph -> LCG -> Jacobian, paths -> report, picture
//
// A line either succeeds, and is then part of the session (undo, save), or fails with one message and changes nothing.
// That holds also when memory runs out anywhere on the way, said or unsaid (mem_lacked): the line is then taken back.
#ifndef BAUER_APP_SESSION_H
#define BAUER_APP_SESSION_H

#include "graph/bauer.h"
#include "graph/eliminate.h"
#include "graph/keep.h"
#include "graph/path.h"
#include "lang/environment.h"
#include "show/diagram.h"

// What :set can set; the table of keys is in settings.c.
struct settings {   // the larger fields first: without padding, it is compared whole
    uint64_t steps; // limits, as in environment_options; and `vertices`, `depth`
    uint64_t seed;
    double layout_seconds;
    enum theme theme;
    enum direction direction;
    int digits; // of numbers in drawings
    uint32_t vertices, depth;
    uint32_t paths; // most paths listed without `top N`
    uint32_t rows;  // most vertices or edges that :graph and :lcg list as text
    uint32_t layout_vertices;
    uint32_t threads;    // that sample, 0: as many as there are processors
    bool direction_auto; // layered graphs to the right, others up, whatever `direction` is
    bool values;         // values under the names in drawings
    bool text_as_paths;  // `:set text paths|text`
    bool color;          // `:set color on|off`
};
_Static_assert(sizeof(struct settings) == 3 * 8 + 9 * 4 + 4, "padding would be compared with the settings");

// Where answers go. One line's answer is collected in `text` and then written whole (through a pager when long and
// interactive).
struct output {
    struct buffer text;
    bool json, color, interactive;
    int columns;
    struct buffer *capture; // takes the answers instead of the terminal, or NULL
    struct buffer *copy;    // gets a copy of them, or NULL
};

// What is being looked at: set by :graph, :lcg, :paths, :eliminate, :walk; exported as shown.
struct shown {
    enum view_kind kind;
    char from[64], to[64]; // path filter, "" for all
    uint32_t top;          // `top N`, 0: as listed
    uint32_t lit;          // 1-based number of the path in hand, 0: none
    bool step;             // the step in hand of session->walk is lit
    bool chart;            // session->chart, not the graph
    bool picked;           // two vertices are in hand: what lies between them is lit
    vertex pick[2];
    bool memory;      // what backward holds by `keep` is drawn on the edges
    struct keep keep; // its layers are `keep_layer`
    struct keep_layer keep_layer[16];
    char rule[64];       // what :set collapse was told last: holds for later graphs too
    uint32_t *collapsed; // frames
    uint32_t collapsed_count;
};

struct walk;        // app/walk.h
struct chart;       // app/chart.h
struct trials;      // app/trials.h
struct sample_view; // app/sampling.h
struct lesson_run;  // app/lesson.h
struct undo;        // session.c
struct job;         // app/runs.h

struct session {
    struct symbols *symbols;
    struct environment *environment;
    struct settings settings;
    struct output output;
    struct shown shown;
    struct lcg *lcg;             // of the current graph, made when first needed
    struct eliminate *eliminate; // :eliminate in progress, or NULL
    vertex *eliminated;          // in order
    uint32_t eliminated_count;
    struct walk *walk;            // :walk in progress, or NULL
    struct walk *walk_before;     // which the line in hand replaced, until it has succeeded
    struct lesson_run *lesson;    // the lesson in hand, or NULL
    struct chart *chart;          // of the last :plot or :variance, or NULL
    struct trials *trials;        // estimates so far, or NULL
    struct sample_view *sampling; // what the window shows of the last :sample, or NULL
    struct job *jobs;             // trainings begun at the prompt, the newest first
    struct undo *undo;
    uint64_t asides; // times that all of this was set aside or put back
    bool quit;
    bool strict;      // stop at the first failed line
    bool show;        // the line in hand asked to show something
    bool from_window; // it was asked for in the window: errors go there
    bool quiet;       // answers are not wanted: a picture's state is being opened
    bool picture;     // its lines may do no more than bring it back: picture_allows
    int running;      // session_run inside session_run (:load, :time)
    int failures;     // lines that failed
    bool sliding;     // a slider is being dragged: that of input `slid`
    uint32_t slid;
    double slid_to;
    size_t slide_log;  // where its line begins in the log
    struct buffer log; // lines that succeeded, for :save
    char *kept_as;     // session_keep_as, or NULL
};

struct session *session_new(struct error *error);
void session_free(struct session *session);

// Runs `text` (a line, an entry of several lines, a file), piece by piece: a piece is one command line or one top-level
// statement of the program. Each piece's answer or error is printed as it is done. `name` is what errors call the text
// ("<input>", "fig1.py"). Returns the number of pieces that failed. Stops at the first when session->strict.
int session_run(struct session *session, const char *name, const char *text, size_t size, uint32_t first_line);
int session_run_file(struct session *session, const char *path); // ".svg": opens the state it carries
// The same, but says why a file cannot be read instead of printing it; `failed` pieces were reported.
bool session_load(struct session *session, const char *path, int *failed, struct error *error);

// The current graph, or NULL with ERROR_OTHER and a hint ("nothing is traced yet: call a function, as f(0.5, 1.2)").
struct graph *session_graph(struct session *session, struct error *error);
struct lcg *session_lcg(struct session *session, struct error *error);

// session->eliminate as far as session->eliminated says, or NULL with an error.
struct eliminate *session_eliminate(struct session *session, struct error *error);

// Moves the current graph to other input values (as many as it has inputs); what is lit, collapsed and eliminated
// stays.
bool session_move(struct session *session, const double *input, uint32_t count, struct error *error);

// What the log gets for the line in hand if that succeeds, instead of what was typed; takes `line` over.
void session_keep_as(struct session *session, char *line);

// Makes a graph that no program made the current one, as a call does. It is held.
bool session_adopt(struct session *session, struct graph *graph, struct error *error);

// One input of a slider's drag: like session_move, but the steps of one drag are one move in the log and one :undo,
// and `final` ends it.
bool session_slide(struct session *session, uint32_t input, double value, bool final, struct error *error);

// The vertex or output that a person means by `name`; VERTEX_NONE with ERROR_NAME.
vertex session_vertex(struct session *session, const char *name, struct error *error);

// The ends of the paths that are shown: all inputs and outputs, or what :paths FROM -> TO chose.
struct vertices {
    const vertex *list; // NULL: only `one`
    uint32_t count;
    vertex one;
};
bool session_ends(struct session *session, struct vertices *from, struct vertices *to, struct error *error);
const vertex *vertices_list(const struct vertices *vertices);

// Forgets everything but the settings that belong to the terminal; can be undone until something new runs. false: out
// of memory, and nothing is forgotten.
bool session_reset(struct session *session, struct error *error);

// The view for drawing and exporting what is shown, with its paths listed; session_view_free frees what it allocated.
bool session_view(struct session *session, enum view_kind kind, struct view *view, struct error *error);
void session_view_free(struct view *view);

// A script that rebuilds the session: definitions, statements, point, settings that differ from the defaults, view.
bool session_script(struct session *session, struct buffer *out);

// A place to come back to, as often as one likes, as long as the session does not go back behind it.
struct session_mark;
struct session_mark *session_mark(struct session *session); // NULL: out of memory
void session_mark_free(struct session_mark *mark);          // NULL is allowed
// Whether nothing that a mark holds has changed since (what is shown aside).
bool session_stands_at(const struct session *session, const struct session_mark *mark);
bool session_return(struct session *session, const struct session_mark *mark, struct error *error);

// :undo goes no further back than this moment (SIZE_MAX), or what an earlier call returned: marks stay good.
size_t session_hold(struct session *session, size_t behind);

// All that a person has made is set aside, for a lesson to begin anew in its place, and put back as it was (which takes
// no memory). NULL: out of memory, and nothing has changed. Putting back forgets what stands in its place.
struct session_aside;
struct session_aside *session_set_aside(struct session *session, struct error *error);
void session_put_back(struct session *session, struct session_aside *aside);
void session_aside_free(struct session_aside *aside); // nothing comes back
uint64_t session_aside_seed(const struct session_aside *aside);

// Puts the session back where it was before the last line that changed it, or forward again.
bool session_undo(struct session *session, struct error *error);
bool session_redo(struct session *session, struct error *error);

#endif
