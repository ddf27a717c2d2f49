// The parent's end: the child's life, and one exchange with it under a time limit.
#include "show/layout.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/task.h"
#include "show/layout_cache.h"

#define DEFAULT_SECONDS 5.0
#define TOO_MANY_PASSED 60000 // ranks passed by edges: Graphviz would take minutes
#define SLICE 20              // milliseconds between looks at the interrupt flag

// Graphviz loses a little memory with each layout and keeps what a large one needed: after so many nodes and edges (and
// TRIFLE for each layout) a fresh child takes over, unseen; it starts faster than any such number is laid out.
#define RENEWED_AFTER 20000
#define TRIFLE 10

static struct child child;
static uint64_t laid_out; // by this child

static char program[PATH_MAX];

// ---- the child's life ---------------------------------------------------------------------------------------------

void layout_stop(void) {
    child_stop(&child);
    layout_cache_clear();
}

void layout_set_program(const char *path) {
    layout_stop();
    snprintf(program, sizeof program, "%s", path ? path : "");
}

static bool start(void) {
    char path[PATH_MAX];
    if (child.pid) return true;
    laid_out = 0;
    return child_start(&child, program[0] ? program : child_find("bauer-layout", "BAUER_LAYOUT", path, sizeof path));
}

static void renew(const struct layout *layout) {
    laid_out += TRIFLE + (uint64_t)layout->node_count + layout->edge_count;
    if (laid_out > RENEWED_AFTER) child_stop(&child);
}

// ---- one exchange -------------------------------------------------------------------------------------------------

enum outcome { DONE, MISSING, GONE, NONSENSE, TOO_LONG, INTERRUPTED, NO_MEMORY };

// Waits until the socket can be read or written.
static enum outcome wait_for(short events, double deadline) {
    for (;;) {
        if (task_interrupted()) return INTERRUPTED;
        double left = deadline - clock_now();
        if (left <= 0) return TOO_LONG;
        struct pollfd wait = {child.socket, events, 0};
        int ready = poll(&wait, 1, left < SLICE / 1e3 ? (int)(left * 1e3) + 1 : SLICE);
        if (ready > 0) return DONE;
        if (ready < 0 && errno != EINTR) return GONE;
    }
}

static bool try_again(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

static enum outcome send_all(const struct buffer *message, double deadline) {
    for (size_t sent = 0; sent < message->size;) {
        enum outcome outcome = wait_for(POLLOUT, deadline);
        if (outcome != DONE) return outcome;
        ssize_t size = send(child.socket, message->data + sent, message->size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && !try_again()) return GONE;
        if (size > 0) sent += (size_t)size;
    }
    return DONE;
}

static enum outcome receive_all(char *data, size_t need, double deadline) {
    for (size_t got = 0; got < need;) {
        enum outcome outcome = wait_for(POLLIN, deadline);
        if (outcome != DONE) return outcome;
        ssize_t size = recv(child.socket, data + got, need - got, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && !try_again())) return GONE;
        if (size > 0) got += (size_t)size;
    }
    return DONE;
}

static enum outcome receive_reply(struct layout *layout, double deadline) {
    char header[LAYOUT_HEADER_SIZE];
    enum outcome outcome = receive_all(header, sizeof header, deadline);
    if (outcome != DONE) return outcome;
    size_t size = layout_message_size(header);
    if (!size) return NONSENSE;
    char *data = mem_alloc(size, 1);
    if (!data) return NO_MEMORY;
    memcpy(data, header, sizeof header);
    outcome = receive_all(data + sizeof header, size - sizeof header, deadline);
    if (outcome == DONE && !layout_decode_reply(data, size, layout)) outcome = NONSENSE;
    mem_free(data);
    return outcome;
}

// After anything but success the child's state is unknown: it is ended, and the next use starts another.
static enum outcome exchange(struct layout *layout, const struct buffer *request, double deadline) {
    bool warm = child.pid != 0;
    if (!start()) return MISSING;
    enum outcome outcome = send_all(request, deadline);
    if (outcome == DONE) outcome = receive_reply(layout, deadline);
    if (outcome == DONE) return renew(layout), DONE;
    layout_stop();
    // One that was killed while it idled says nothing about this graph.
    if (warm && outcome == GONE) return exchange(layout, request, deadline);
    return outcome;
}

static enum outcome ask(struct layout *layout, const struct layout *question, double deadline) {
    struct buffer request = {0};
    enum outcome outcome = NO_MEMORY;
    if (layout_encode(question, &request)) outcome = exchange(layout, &request, deadline);
    buffer_free(&request);
    return outcome;
}

// Graphviz crashes on some graphs with room for labels on edges within a rank: asked without room, it still places the
// nodes, and the labels go onto the curves.
static enum outcome ask_without_labels(struct layout *layout, double deadline) {
    struct layout question = *layout;
    question.edge = mem_alloc(layout->edge_count + 1, sizeof *question.edge);
    if (!question.edge) return NO_MEMORY;
    memcpy(question.edge, layout->edge, layout->edge_count * sizeof *question.edge);
    for (uint32_t i = 0; i < question.edge_count; i++) question.edge[i].label_width = 0;
    enum outcome outcome = ask(layout, &question, deadline);
    mem_free(question.edge);
    return outcome;
}

static bool wants_labels(const struct layout *layout) {
    for (uint32_t i = 0; i < layout->edge_count; i++)
        if (layout->edge[i].label_width > 0) return true;
    return false;
}

static void explain(struct layout *layout, enum outcome outcome, double seconds) {
    char *out = layout->message;
    size_t size = sizeof layout->message;
    switch (outcome) {
    case MISSING:
        snprintf(out, size, "drawn with a simpler layout: the program bauer-layout was not found");
        break;
    case TOO_LONG:
        snprintf(out, size, "drawn with a simpler layout: Graphviz took longer than %g s", seconds);
        break;
    case NONSENSE:
        snprintf(out, size, "drawn with a simpler layout: bauer-layout gave no valid answer");
        break;
    default:
        snprintf(out, size, "drawn with a simpler layout: bauer-layout stopped before it had an answer");
        break;
    }
}

bool layout_run(struct layout *layout, double seconds, struct error *error) {
    if (!(seconds > 0)) seconds = DEFAULT_SECONDS;
    layout->message[0] = '\0';
    if (layout_cache_get(layout, layout->keep)) {
        layout_clip(layout);
        return true;
    }
    if (layout->keep && layout_cache_is_slow(layout, layout->message)) return layout_simple(layout, error);
    if (layout_ranks_passed(layout) > TOO_MANY_PASSED) {
        snprintf(layout->message, sizeof layout->message,
                 "drawn with a simpler layout: edges as long as these would take Graphviz minutes");
        return layout_simple(layout, error);
    }
    double deadline = clock_now() + seconds;
    enum outcome outcome = layout->node_count ? ask(layout, layout, deadline) : MISSING;
    if (outcome == GONE && wants_labels(layout)) outcome = ask_without_labels(layout, deadline);
    if (outcome == INTERRUPTED) return error_interrupt(error);
    if (outcome == NO_MEMORY) return error_memory(error);
    if (outcome == DONE) {
        layout_cache_put(layout);
        layout_clip(layout);
        return true;
    }
    if (layout->node_count) explain(layout, outcome, seconds);
    if (outcome == TOO_LONG || outcome == GONE) layout_cache_put_slow(layout, layout->message);
    return layout_simple(layout, error);
}
