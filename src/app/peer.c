#include "app/peer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "show/scene_wire.h"

bool peer_is_open(const struct peer *peer) { return peer->child.pid != 0; }
bool peer_wants_to_send(const struct peer *peer) { return peer->child.pid && peer->out.size > 0; }

void peer_stop(struct peer *peer) {
    child_stop(&peer->child);
    buffer_free(&peer->in);
    buffer_free(&peer->out);
    peer->in = peer->out = (struct buffer){0};
}

bool peer_start(struct peer *peer, struct error *error) {
    char path[PATH_MAX];
    if (peer->child.pid) return true;
    peer_stop(peer);
    if (child_start(&peer->child, child_find("bauer-view", "BAUER_VIEW", path, sizeof path))) return true;
    error_set(error, ERROR_OTHER, SPAN_NONE, "the program bauer-view could not be started: %s", strerror(errno));
    error_hint(error, "everything else works without a window; :export FILE.svg draws to a file");
    return false;
}

bool peer_flush(struct peer *peer) {
    while (peer_wants_to_send(peer)) {
        ssize_t sent = send(peer->child.socket, peer->out.data, peer->out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
        if (sent <= 0) return false;
        memmove(peer->out.data, peer->out.data + sent, peer->out.size - (size_t)sent);
        peer->out.size -= (size_t)sent;
    }
    return true;
}

bool peer_put_picture(struct peer *peer, const struct scene *scene, const char *about, const char *advice,
                      struct error *error) {
    struct buffer bytes = {0};
    bool ok = (about && scene_encode(scene, &bytes)) || error_memory(error);
    if (ok && !wire_put_view(&peer->out, about, &bytes)) {
        ok = error_set(error, ERROR_LIMIT, SPAN_NONE, "the picture is too large for the window (over %u MB)",
                       WIRE_LARGEST >> 20);
        error_hint(error, "%s", advice);
    }
    buffer_free(&bytes);
    return ok;
}

enum peer_news peer_receive(struct peer *peer) {
    char chunk[1 << 14];
    ssize_t got = recv(peer->child.socket, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return PEER_NOTHING;
    if (got <= 0) return PEER_GONE;
    buffer_add(&peer->in, chunk, (size_t)got);
    return PEER_BYTES;
}

char *peer_take(struct peer *peer, enum wire_kind *kind, uint32_t *size, long *bad) {
    const char *payload;
    long whole = wire_take(peer->in.data, peer->in.size, kind, &payload, size);
    *bad = whole < 0 ? whole : 0;
    char *copy = whole > 0 ? mem_text(payload, *size) : NULL;
    if (whole > 0 && !copy) *bad = -1;
    if (!copy) return NULL;
    memmove(peer->in.data, peer->in.data + whole, peer->in.size - (size_t)whole);
    peer->in.size -= (size_t)whole;
    return copy;
}
