// A layout's memory, and its two messages: the request that goes to the child and the reply that comes back.
//
// A message is a header (magic, kind, size of what follows) and fixed-size records in the machine's own byte order:
// both ends run on one machine. Decoding believes nothing: every count is checked against the bytes that are there.
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/layout.h"

#define MAGIC 0x42415545u
#define LARGEST 1e7 // points; larger coordinates are nonsense

enum message_kind { MESSAGE_REQUEST = 1, MESSAGE_REPLY };

struct header {
    uint32_t magic, kind;
    uint64_t size; // of the whole message
};
struct request {
    uint32_t node_count, edge_count, direction, unused;
    double node_gap, rank_gap;
};
struct request_node {
    double width, height, radius;
    int32_t rank;
    uint32_t box;
};
struct request_edge {
    uint32_t from, to;
    double label_width, label_height;
};
struct reply {
    uint32_t node_count, edge_count;
    double width, height;
};
struct reply_edge {
    uint32_t point_count, unused;
    struct point label;
};

// ---- memory -------------------------------------------------------------------------------------------------------

bool layout_init(struct layout *layout, uint32_t node_count, uint32_t edge_count) {
    *layout = (struct layout){.node_count = node_count, .edge_count = edge_count};
    layout->node = mem_zero(node_count ? node_count : 1, sizeof *layout->node);
    layout->edge = mem_zero(edge_count ? edge_count : 1, sizeof *layout->edge);
    if (!layout->node || !layout->edge) {
        layout->edge_count = 0;
        layout_free(layout);
        return false;
    }
    for (uint32_t i = 0; i < node_count; i++) layout->node[i].rank = -1;
    return true;
}

void layout_free(struct layout *layout) {
    for (uint32_t i = 0; i < layout->edge_count; i++) mem_free(layout->edge[i].point);
    mem_free(layout->edge);
    mem_free(layout->node);
    *layout = (struct layout){0};
}

// ---- writing ------------------------------------------------------------------------------------------------------

static size_t begin_message(struct buffer *out, enum message_kind kind) {
    struct header header = {MAGIC, kind, 0};
    size_t start = out->size;
    buffer_add(out, (const char *)&header, sizeof header);
    return start;
}

static bool end_message(struct buffer *out, size_t start) {
    if (out->failed) return false;
    uint64_t size = out->size - start;
    memcpy(out->data + start + offsetof(struct header, size), &size, sizeof size);
    return true;
}

bool layout_encode(const struct layout *layout, struct buffer *out) {
    size_t start = begin_message(out, MESSAGE_REQUEST);
    struct request request = {layout->node_count, layout->edge_count, layout->direction, 0,
                              layout->node_gap,   layout->rank_gap};
    buffer_add(out, (const char *)&request, sizeof request);
    for (uint32_t i = 0; i < layout->node_count; i++) {
        const struct layout_node *node = &layout->node[i];
        struct request_node record = {node->width, node->height, node->radius, node->rank, node->box};
        buffer_add(out, (const char *)&record, sizeof record);
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edge[i];
        struct request_edge record = {edge->from, edge->to, edge->label_width, edge->label_height};
        buffer_add(out, (const char *)&record, sizeof record);
    }
    return end_message(out, start);
}

bool layout_encode_reply(const struct layout *layout, struct buffer *out) {
    size_t start = begin_message(out, MESSAGE_REPLY);
    struct reply reply = {layout->node_count, layout->edge_count, layout->width, layout->height};
    buffer_add(out, (const char *)&reply, sizeof reply);
    for (uint32_t i = 0; i < layout->node_count; i++)
        buffer_add(out, (const char *)&layout->node[i].at, sizeof(struct point));
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edge[i];
        struct reply_edge record = {edge->point_count, 0, edge->label};
        buffer_add(out, (const char *)&record, sizeof record);
        buffer_add(out, (const char *)edge->point, edge->point_count * sizeof *edge->point);
    }
    return end_message(out, start);
}

// ---- reading ------------------------------------------------------------------------------------------------------

struct reader {
    const char *next;
    size_t left;
};

static bool take(struct reader *reader, void *out, size_t size) {
    if (reader->left < size) return false;
    memcpy(out, reader->next, size);
    reader->next += size;
    reader->left -= size;
    return true;
}

size_t layout_message_size(const void *data) {
    struct header header;
    memcpy(&header, data, sizeof header);
    bool known = header.magic == MAGIC && (header.kind == MESSAGE_REQUEST || header.kind == MESSAGE_REPLY);
    return known && header.size >= sizeof header && header.size <= LAYOUT_LARGEST_MESSAGE ? (size_t)header.size : 0;
}

static bool take_header(struct reader *reader, enum message_kind kind) {
    struct header header;
    if (reader->left < sizeof header || layout_message_size(reader->next) != reader->left) return false;
    return take(reader, &header, sizeof header) && header.kind == kind;
}

static bool is_size(double value) { return value >= 0 && value <= LARGEST; }

static bool is_place(struct point point) { return fabs(point.x) <= LARGEST && fabs(point.y) <= LARGEST; }

static bool take_node(struct reader *reader, struct layout_node *node) {
    struct request_node record;
    if (!take(reader, &record, sizeof record)) return false;
    *node = (struct layout_node){.width = record.width,
                                 .height = record.height,
                                 .radius = record.radius,
                                 .rank = record.rank,
                                 .box = record.box != 0};
    return is_size(record.width) && is_size(record.height) && is_size(record.radius) && record.rank >= -1;
}

static bool take_edge(struct reader *reader, struct layout_edge *edge, uint32_t node_count) {
    struct request_edge record;
    if (!take(reader, &record, sizeof record)) return false;
    *edge = (struct layout_edge){
        .from = record.from, .to = record.to, .label_width = record.label_width, .label_height = record.label_height};
    return record.from < node_count && record.to < node_count && is_size(record.label_width) &&
           is_size(record.label_height);
}

static bool take_request(struct reader *reader, struct layout *layout) {
    for (uint32_t i = 0; i < layout->node_count; i++)
        if (!take_node(reader, &layout->node[i])) return false;
    for (uint32_t i = 0; i < layout->edge_count; i++)
        if (!take_edge(reader, &layout->edge[i], layout->node_count)) return false;
    return reader->left == 0;
}

bool layout_decode(const void *data, size_t size, struct layout *layout) {
    struct reader reader = {data, size};
    struct request request;
    *layout = (struct layout){0};
    if (!take_header(&reader, MESSAGE_REQUEST) || !take(&reader, &request, sizeof request)) return false;
    // The counts must fit the bytes before any memory is asked for.
    if (reader.left / sizeof(struct request_node) < request.node_count ||
        reader.left / sizeof(struct request_edge) < request.edge_count || request.direction > DIRECTION_LEFT)
        return false;
    if (!is_size(request.node_gap) || !is_size(request.rank_gap)) return false;
    if (!layout_init(layout, request.node_count, request.edge_count)) return false;
    layout->direction = (enum direction)request.direction;
    layout->node_gap = request.node_gap;
    layout->rank_gap = request.rank_gap;
    if (take_request(&reader, layout)) return true;
    layout_free(layout);
    return false;
}

static bool take_points(struct reader *reader, struct layout_edge *edge) {
    struct reply_edge record;
    if (!take(reader, &record, sizeof record)) return false;
    if (record.point_count < 4 || record.point_count % 3 != 1) return false;
    if (reader->left / sizeof(struct point) < record.point_count) return false;
    struct point *point = mem_resize(edge->point, record.point_count, sizeof *point);
    if (!point) return false;
    edge->point = point;
    edge->point_count = record.point_count;
    edge->label = is_place(record.label) ? record.label : (struct point){NAN, NAN}; // no place: on the curve
    if (!take(reader, point, record.point_count * sizeof *point)) return false;
    for (uint32_t i = 0; i < record.point_count; i++)
        if (!is_place(point[i])) return false;
    return true;
}

bool layout_decode_reply(const void *data, size_t size, struct layout *layout) {
    struct reader reader = {data, size};
    struct reply reply;
    if (!take_header(&reader, MESSAGE_REPLY) || !take(&reader, &reply, sizeof reply)) return false;
    if (reply.node_count != layout->node_count || reply.edge_count != layout->edge_count) return false;
    if (!is_size(reply.width) || !is_size(reply.height)) return false;
    for (uint32_t i = 0; i < layout->node_count; i++)
        if (!take(&reader, &layout->node[i].at, sizeof(struct point)) || !is_place(layout->node[i].at)) return false;
    for (uint32_t i = 0; i < layout->edge_count; i++)
        if (!take_points(&reader, &layout->edge[i])) return false;
    layout->width = reply.width;
    layout->height = reply.height;
    return reader.left == 0;
}
