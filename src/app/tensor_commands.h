// What commands mean for a graph of tensors. Some have a meaning of their own there; some need numbers, and say how to
// get them (:expand).
#ifndef BAUER_APP_TENSOR_COMMANDS_H
#define BAUER_APP_TENSOR_COMMANDS_H

#include "app/command.h"

// Runs the command if the current graph has tensors and it means something else for them. *mine: it did, or failed.
bool tensor_command(struct session *session, const char *name, const struct words *words, bool *mine,
                    struct error *error);

#endif
