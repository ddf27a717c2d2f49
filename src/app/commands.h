// The functions behind the command table; each is a row's `run`.
#ifndef BAUER_APP_COMMANDS_H
#define BAUER_APP_COMMANDS_H

#include "app/command.h"

typedef bool command_function(struct session *session, const struct words *words, struct error *error);

// graph_commands.c: what is computed from the current graph
command_function command_graph, command_lcg, command_paths, command_jacobian, command_eliminate, command_check,
    command_describe, command_export;
// point.c: what takes numbers
command_function command_at, command_jvp, command_vjp;
// tensor_commands.c, memory_command.c, train_command.c: tensors
command_function command_expand, command_memory, command_train;
// reactor_command.c: the reaction-diffusion experiment
command_function command_reactor;
// runs.c: trainings in the background
command_function command_runs, command_pause, command_resume, command_stop;
// sample_command.c: estimates
command_function command_sample;
// variance_command.c: sweeps
command_function command_variance;
// lesson_command.c: lessons, and stepping
command_function command_lesson, command_next, command_back, command_goto, command_hint, command_play, command_answer,
    command_review;
// figure.c: the paper's figures
command_function command_figure;
// trials.c: all estimates so far
command_function command_trials;
// pattern_command.c: the graphs of Figure 2
command_function command_pattern;
// journal.c: sessions that were lost
command_function command_recover;
// chart_command.c: plots
command_function command_plot;
// session_commands.c: the session itself
command_function command_show_help, command_load, command_save, command_reset, command_undo, command_redo, command_set,
    command_window, command_history, command_time, command_quit, command_list, command_edit;

// doctor.c: what is missing on this machine
command_function command_doctor;

// Words for both files.
bool command_usage_error(const struct words *words, uint32_t word, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool command_no_words(const struct words *words, struct error *error); // ERROR_USAGE if there are any

#endif
