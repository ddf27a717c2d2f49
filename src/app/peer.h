// A window of the session: bauer-view as a child process, and the messages that go to it and come back.
//
// Nothing waits: what cannot be sent is kept for the next flush.
#ifndef BAUER_APP_PEER_H
#define BAUER_APP_PEER_H

#include "app/wire.h"
#include "base/child.h"
#include "show/scene.h"

struct peer {
    struct child child;
    struct buffer in, out;
};

// Starts it if it is not running. ERROR_OTHER: the program is missing.
bool peer_start(struct peer *peer, struct error *error);
void peer_stop(struct peer *peer);
bool peer_is_open(const struct peer *peer);
bool peer_wants_to_send(const struct peer *peer);
// false: it is gone.
bool peer_flush(struct peer *peer);
// Puts a scene with what is told about it (JSON). ERROR_LIMIT with this advice: too large.
bool peer_put_picture(struct peer *peer, const struct scene *scene, const char *about, const char *advice,
                      struct error *error);

enum peer_news { PEER_NOTHING, PEER_BYTES, PEER_GONE };
enum peer_news peer_receive(struct peer *peer);
// Takes a whole message out of what has come in. NULL: none yet, `bad` 0; or nonsense, `bad` < 0 (-2: another version).
// The text is mem_free's.
char *peer_take(struct peer *peer, enum wire_kind *kind, uint32_t *size, long *bad);

#endif
