#include "app/walk.h"

#include "app/command.h"

static bool not_yet(struct error *error) {
    return error_set(error, ERROR_OTHER, SPAN_NONE, "walking is not built yet");
}
struct walk *walk_new(struct session *session, enum walk_kind kind, struct error *error) {
    (void)session, (void)kind;
    not_yet(error);
    return NULL;
}
void walk_free(struct walk *walk) { (void)walk; }
bool walk_command(struct session *session, const struct words *words, struct error *error) {
    (void)session, (void)words;
    return not_yet(error);
}
bool walk_command_next(struct session *s, const struct words *w, struct error *e) { return walk_command(s, w, e); }
bool walk_command_back(struct session *s, const struct words *w, struct error *e) { return walk_command(s, w, e); }
bool walk_command_goto(struct session *s, const struct words *w, struct error *e) { return walk_command(s, w, e); }
bool walk_command_why(struct session *s, const struct words *w, struct error *e) { return walk_command(s, w, e); }
