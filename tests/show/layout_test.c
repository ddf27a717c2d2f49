// Layouts: the wire refuses nonsense, the child is replaced when it fails, and both layouts place nodes properly.
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/layout.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

// x1 -> a -> c -> f, x2 -> b -> c, and two uses of b by d: what Figure 1 of the paper looks like, and more.
static void make_figure(struct layout *layout) {
    static const uint32_t ends[][2] = {{0, 2}, {1, 3}, {2, 4}, {3, 4}, {4, 5}, {3, 5}, {4, 6}, {5, 6}, {5, 6}};
    assert_true(layout_init(layout, 7, 9));
    for (uint32_t i = 0; i < 7; i++) {
        layout->node[i].width = layout->node[i].height = 40;
        layout->node[i].rank = i < 2 ? 0 : -1;
    }
    for (uint32_t i = 0; i < 9; i++) {
        layout->edge[i].from = ends[i][0];
        layout->edge[i].to = ends[i][1];
    }
}

// Layered: every node of a layer to every node of the next, and each to one two layers on.
static void make_net(struct layout *layout, uint32_t width, uint32_t depth) {
    uint32_t edges = 0;
    assert_true(layout_init(layout, width * depth, width * depth * (width + 1)));
    for (uint32_t i = 0; i < width * depth; i++) {
        layout->node[i].width = layout->node[i].height = 40;
        for (uint32_t j = 0; j < width && i / width + 1 < depth; j++)
            layout->edge[edges++] = (struct layout_edge){.from = i, .to = (i / width + 1) * width + j};
        if (i / width + 2 < depth) layout->edge[edges++] = (struct layout_edge){.from = i, .to = i + 2 * width};
    }
    layout->edge_count = edges;
}

// ---- what every layout must satisfy -------------------------------------------------------------------------------

static double off_border(const struct layout_node *node, struct point p) {
    return hypot((p.x - node->at.x) / (node->width / 2), (p.y - node->at.y) / (node->height / 2)) - 1;
}

static void assert_sound(const struct layout *layout) {
    for (uint32_t i = 0; i < layout->node_count; i++) {
        const struct layout_node *a = &layout->node[i];
        assert_true(a->at.x - a->width / 2 > -0.01 && a->at.x + a->width / 2 < layout->width + 0.01);
        assert_true(a->at.y - a->height / 2 > -0.01 && a->at.y + a->height / 2 < layout->height + 0.01);
        for (uint32_t j = 0; j < i; j++) {
            const struct layout_node *b = &layout->node[j];
            bool apart = fabs(a->at.x - b->at.x) >= (a->width + b->width) / 2 ||
                         fabs(a->at.y - b->at.y) >= (a->height + b->height) / 2;
            if (!apart) fail_msg("nodes %u and %u overlap", j, i);
        }
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edge[i];
        assert_true(edge->point_count >= 4 && edge->point_count % 3 == 1);
        double start = off_border(&layout->node[edge->from], edge->point[0]);
        double tip = off_border(&layout->node[edge->to], edge->point[edge->point_count - 1]);
        if (fabs(start) > 0.1 || fabs(tip) > 0.1) fail_msg("edge %u does not end at the borders", i);
        assert_true(isfinite(edge->label.x) && isfinite(edge->label.y));
    }
}

static void assert_same(const struct layout *a, const struct layout *b) {
    assert_true(a->width == b->width && a->height == b->height);
    for (uint32_t i = 0; i < a->node_count; i++)
        assert_memory_equal(&a->node[i].at, &b->node[i].at, sizeof(struct point));
    for (uint32_t i = 0; i < a->edge_count; i++) {
        assert_int_equal(a->edge[i].point_count, b->edge[i].point_count);
        assert_memory_equal(a->edge[i].point, b->edge[i].point, a->edge[i].point_count * sizeof(struct point));
    }
}

// ---- the simple layout --------------------------------------------------------------------------------------------

static void simple_layouts_are_sound(void **state) {
    (void)state;
    for (enum direction direction = DIRECTION_UP; direction <= DIRECTION_LEFT; direction++) {
        struct layout layout;
        make_figure(&layout);
        layout.direction = direction;
        assert_true(layout_simple(&layout, NULL));
        assert_sound(&layout);
        layout_free(&layout);
    }
    struct layout net;
    make_net(&net, 6, 5);
    assert_true(layout_simple(&net, NULL));
    assert_sound(&net);
    layout_free(&net);
}

static void inputs_stand_where_the_direction_says(void **state) {
    (void)state;
    struct layout layout;
    make_figure(&layout);
    assert_true(layout_simple(&layout, NULL));
    assert_true(layout.node[0].at.y == layout.node[1].at.y && layout.node[0].at.y > layout.node[6].at.y);
    layout.direction = DIRECTION_DOWN;
    assert_true(layout_simple(&layout, NULL));
    assert_true(layout.node[0].at.y < layout.node[6].at.y);
    layout.direction = DIRECTION_RIGHT;
    assert_true(layout_simple(&layout, NULL));
    assert_true(layout.node[0].at.x < layout.node[6].at.x);
    layout_free(&layout);
}

static void parallel_edges_lie_apart(void **state) {
    (void)state;
    struct layout layout;
    make_figure(&layout);
    assert_true(layout_simple(&layout, NULL));
    assert_true(
        hypot(layout.edge[7].label.x - layout.edge[8].label.x, layout.edge[7].label.y - layout.edge[8].label.y) > 8);
    layout_free(&layout);
}

static void ranks_are_kept(void **state) {
    (void)state;
    struct layout layout;
    make_figure(&layout);
    layout.node[2].rank = layout.node[4].rank = 5; // a on c's rank, although c is later
    layout.node[3].rank = layout.node[6].rank = INT32_MAX;
    assert_true(layout_simple(&layout, NULL));
    assert_true(layout.node[2].at.y == layout.node[4].at.y);
    assert_true(layout.node[3].at.y == layout.node[6].at.y);
    for (uint32_t i = 0; i < 7; i++) assert_true(layout.node[i].at.y >= layout.node[6].at.y);
    layout_free(&layout);
}

static void cycles_and_nothing_are_drawn(void **state) {
    (void)state;
    struct layout layout;
    assert_true(layout_init(&layout, 3, 4));
    for (uint32_t i = 0; i < 3; i++) {
        layout.node[i].width = layout.node[i].height = 40;
        layout.edge[i] = (struct layout_edge){.from = i, .to = (i + 1) % 3};
    }
    layout.edge[3] = (struct layout_edge){.from = 2, .to = 1};
    assert_true(layout_simple(&layout, NULL));
    assert_sound(&layout);
    layout_free(&layout);
    assert_true(layout_init(&layout, 0, 0));
    assert_true(layout_run(&layout, 0, NULL));
    assert_true(layout.width == 0 && layout.height == 0);
    assert_string_equal(layout.message, "");
    layout_free(&layout);
}

static void boxes_are_met_at_their_sides(void **state) {
    (void)state;
    struct layout layout;
    assert_true(layout_init(&layout, 2, 1));
    for (uint32_t i = 0; i < 2; i++)
        layout.node[i] = (struct layout_node){.width = 90, .height = 30, .box = true, .rank = -1};
    layout.edge[0].to = 1;
    assert_true(layout_simple(&layout, NULL));
    const struct layout_edge *edge = &layout.edge[0];
    assert_near(edge->point[0].y, layout.node[0].at.y - 15, 1.01);
    assert_near(edge->point[edge->point_count - 1].y, layout.node[1].at.y + 15, 1.01);
    layout_free(&layout);
}

static void memory_may_run_out(void **state) {
    (void)state;
    bool ok = false;
    for (size_t n = 1; !ok; n++) {
        struct layout layout;
        struct error error = {0};
        make_figure(&layout);
        mem_fail_after(n);
        ok = layout_simple(&layout, &error);
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
        layout_free(&layout);
        assert_true(n < 1000);
    }
}

// ---- the wire -----------------------------------------------------------------------------------------------------

static void requests_come_through(void **state) {
    (void)state;
    struct layout sent, received;
    struct buffer message = {0};
    make_figure(&sent);
    sent.direction = DIRECTION_LEFT;
    sent.node_gap = 12;
    sent.edge[3].label_width = 33;
    sent.node[6].rank = INT32_MAX;
    assert_true(layout_encode(&sent, &message));
    assert_int_equal(layout_message_size(message.data), message.size);
    assert_true(layout_decode(message.data, message.size, &received));
    assert_int_equal(received.node_count, 7);
    assert_int_equal(received.edge_count, 9);
    assert_int_equal(received.direction, DIRECTION_LEFT);
    assert_true(received.node_gap == 12 && received.edge[3].label_width == 33);
    assert_int_equal(received.node[6].rank, INT32_MAX);
    assert_int_equal(received.edge[7].to, 6);
    layout_free(&received);
    layout_free(&sent);
    buffer_free(&message);
}

static void replies_come_through(void **state) {
    (void)state;
    struct layout sent, received;
    struct buffer message = {0};
    make_figure(&sent);
    make_figure(&received);
    assert_true(layout_simple(&sent, NULL));
    assert_true(layout_encode_reply(&sent, &message));
    assert_true(layout_decode_reply(message.data, message.size, &received));
    assert_same(&sent, &received);
    // A reply to another question is refused.
    struct layout other;
    make_net(&other, 2, 2);
    assert_false(layout_decode_reply(message.data, message.size, &other));
    layout_free(&other);
    layout_free(&received);
    layout_free(&sent);
    buffer_free(&message);
}

// Every cut and every changed byte is either refused or still makes sense; none is believed blindly (run it with the
// address sanitizer).
static void nonsense_is_refused(void **state) {
    (void)state;
    struct layout layout, decoded, asked;
    struct buffer request = {0}, reply = {0};
    make_figure(&layout);
    make_figure(&asked);
    assert_true(layout_simple(&layout, NULL));
    assert_true(layout_encode(&layout, &request) && layout_encode_reply(&layout, &reply));
    for (size_t size = 0; size < request.size; size++) assert_false(layout_decode(request.data, size, &decoded));
    for (size_t size = 0; size < reply.size; size++) assert_false(layout_decode_reply(reply.data, size, &asked));
    for (size_t i = 0; i < request.size; i++) {
        request.data[i] = (char)~request.data[i];
        if (layout_decode(request.data, request.size, &decoded)) layout_free(&decoded);
        request.data[i] = (char)~request.data[i];
    }
    for (size_t i = 0; i < reply.size; i++) {
        reply.data[i] = (char)~reply.data[i];
        layout_decode_reply(reply.data, reply.size, &asked);
        reply.data[i] = (char)~reply.data[i];
    }
    assert_false(layout_decode(reply.data, reply.size, &decoded));
    assert_false(layout_decode_reply(request.data, request.size, &asked));
    layout_free(&layout);
    layout_free(&asked);
    buffer_free(&request);
    buffer_free(&reply);
}

// ---- the child ----------------------------------------------------------------------------------------------------

static char script[64]; // a program that sleeps instead of answering

static int write_script(void **state) {
    (void)state;
    snprintf(script, sizeof script, "/tmp/bauer-layout-test-%d", (int)getpid());
    FILE *file = fopen(script, "w");
    if (!file) return -1;
    fputs("#!/bin/sh\nexec sleep 20\n", file);
    return fclose(file) || chmod(script, 0700);
}

static int remove_script(void **state) {
    (void)state;
    layout_stop();
    return unlink(script);
}

static int use_default(void **state) {
    (void)state;
    task_begin();
    layout_set_program(NULL);
    return 0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void graphviz_lays_out(void **state) {
    (void)state;
    for (enum direction direction = DIRECTION_UP; direction <= DIRECTION_LEFT; direction++) {
        struct layout first, second;
        make_figure(&first);
        make_figure(&second);
        first.direction = second.direction = direction;
        first.edge[4].label_width = second.edge[4].label_width = 30;
        first.edge[4].label_height = second.edge[4].label_height = 12;
        assert_true(layout_run(&first, 0, NULL) && layout_run(&second, 0, NULL));
        assert_string_equal(first.message, "");
        assert_sound(&first);
        assert_same(&first, &second);
        layout_free(&first);
        layout_free(&second);
    }
}

// A net of full layers keeps the order of the program: h1 above h2 above h3.
static void layered_nets_keep_their_order(void **state) {
    (void)state;
    struct layout net;
    make_net(&net, 5, 2);
    net.direction = DIRECTION_RIGHT;
    assert_true(layout_run(&net, 0, NULL));
    assert_string_equal(net.message, "");
    for (uint32_t i = 0; i < 10; i++)
        if (i % 5) assert_true(net.node[i].at.y > net.node[i - 1].at.y);
    layout_free(&net);
}

// Full layers far enough apart are a mesh of straight lines; where one would run through a node, all stay curves.
static void full_layers_are_joined_by_lines(void **state) {
    (void)state;
    for (int far = 0; far < 2; far++) {
        struct layout net;
        make_net(&net, 5, 2);
        net.direction = DIRECTION_RIGHT;
        net.rank_gap = far ? 150 : 20;
        assert_true(layout_run(&net, 0, NULL));
        uint32_t straight = 0;
        for (uint32_t e = 0; e < net.edge_count; e++) {
            const struct layout_edge *edge = &net.edge[e];
            struct point a = edge->point[0], b = edge->point[edge->point_count - 1];
            double off = 0, length = hypot(b.x - a.x, b.y - a.y);
            for (uint32_t i = 1; i + 1 < edge->point_count; i++)
                off = fmax(off, fabs((b.x - a.x) * (edge->point[i].y - a.y) - (b.y - a.y) * (edge->point[i].x - a.x)));
            straight += off / length < 0.5; // points
        }
        assert_true(far ? straight == net.edge_count : straight < net.edge_count);
        layout_free(&net);
    }
}

static void many_nodes_are_laid_out(void **state) {
    (void)state;
    struct layout net;
    make_net(&net, 8, 50);
    assert_true(layout_run(&net, 20, NULL));
    assert_string_equal(net.message, "");
    assert_sound(&net);
    layout_free(&net);
}

// Each program that is no bauer-layout leads to the simple layout and a message.
static void assert_falls_back(const char *program, double seconds, const char *why) {
    struct layout layout;
    struct error error = {0};
    make_figure(&layout);
    layout_set_program(program);
    assert_true(layout_run(&layout, seconds, &error));
    assert_non_null(strstr(layout.message, why));
    assert_sound(&layout);
    layout_free(&layout);
}

static void failures_fall_back(void **state) {
    (void)state;
    assert_falls_back("/nonexistent/bauer-layout", 1, "not found");
    assert_falls_back("/bin/false", 1, "stopped");
    assert_falls_back("/bin/cat", 1, "no valid answer");
    double start = now();
    assert_falls_back(script, 0.15, "longer than 0.15 s");
    assert_true(now() - start < 1);
    // The next use starts a new child.
    struct layout layout;
    make_figure(&layout);
    layout_set_program(NULL);
    assert_true(layout_run(&layout, 0, NULL));
    assert_string_equal(layout.message, "");
    layout_free(&layout);
}

// The child's process id, 0 if it cannot be found out here.
static pid_t find_child(void) {
    char path[64];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fscanf(file, "%d", &pid) != 1) pid = 0;
    fclose(file);
    return pid;
}

static void a_killed_child_is_replaced(void **state) {
    (void)state;
    struct layout first, second;
    make_figure(&first);
    make_figure(&second);
    assert_true(layout_run(&first, 0, NULL));
    pid_t pid = find_child();
    if (!pid) skip();
    kill(pid, SIGKILL);
    assert_true(layout_run(&second, 0, NULL));
    assert_string_equal(second.message, "");
    assert_same(&first, &second);
    layout_free(&first);
    layout_free(&second);
}

static void on_alarm(int signal) {
    (void)signal;
    task_interrupt();
}

static void an_interrupt_stops_at_once(void **state) {
    (void)state;
    struct layout layout;
    struct error error = {0};
    make_figure(&layout);
    layout_set_program(script);
    signal(SIGALRM, on_alarm);
    struct itimerval timer = {.it_value = {.tv_usec = 50000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    double start = now();
    assert_false(layout_run(&layout, 10, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    assert_true(now() - start < 0.15);
    layout_free(&layout);
}

static int count_files(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    if (!folder) return 0;
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static void no_file_is_left_open(void **state) {
    (void)state;
    layout_stop();
    int before = count_files();
    for (int i = 0; i < 3; i++) {
        struct layout layout;
        make_figure(&layout);
        layout_set_program(i == 1 ? "/bin/false" : NULL);
        assert_true(layout_run(&layout, 0, NULL));
        layout_free(&layout);
    }
    layout_stop();
    assert_int_equal(count_files(), before);
    assert_int_equal(find_child(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_layouts_are_sound),
        cmocka_unit_test(inputs_stand_where_the_direction_says),
        cmocka_unit_test(parallel_edges_lie_apart),
        cmocka_unit_test(ranks_are_kept),
        cmocka_unit_test(cycles_and_nothing_are_drawn),
        cmocka_unit_test(boxes_are_met_at_their_sides),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(requests_come_through),
        cmocka_unit_test(replies_come_through),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test_setup(graphviz_lays_out, use_default),
        cmocka_unit_test_setup(layered_nets_keep_their_order, use_default),
        cmocka_unit_test_setup(full_layers_are_joined_by_lines, use_default),
        cmocka_unit_test_setup(many_nodes_are_laid_out, use_default),
        cmocka_unit_test_setup_teardown(failures_fall_back, use_default, use_default),
        cmocka_unit_test_setup(a_killed_child_is_replaced, use_default),
        cmocka_unit_test_setup_teardown(an_interrupt_stops_at_once, use_default, use_default),
        cmocka_unit_test_setup_teardown(no_file_is_left_open, use_default, use_default),
    };
    return cmocka_run_group_tests(tests, write_script, remove_script);
}
