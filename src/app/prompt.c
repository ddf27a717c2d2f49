#include "app/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <readline/readline.h>

#include "app/instructor.h"
#include "app/progress.h"
#include "app/repl.h"
#include "app/report.h"
#include "app/runs.h"
#include "app/window.h"
#include "base/task.h"

enum { INDENT = 4 };

// Readline calls back without a context, so what it works for is kept here.
static struct {
    struct session *session;
    bool typing; // at the prompt, not at work
    bool first;  // of an entry: the prompt says how training is doing
    char text[256];
    bool done;
    char *line; // malloc'd by Readline, NULL at the end
    int indent, overtype;
    int wake[2]; // written by signal handlers, so that poll returns
    unsigned char ahead[4096];
    size_t ahead_at, ahead_count;
} prompt;

static volatile sig_atomic_t interrupted, leave, stopped, resumed, resized;

// ---- signals --------------------------------------------------------------------------------------------------------

static void on_signal(int number) {
    int code = errno;
    if (number == SIGINT) interrupted = 1;
    if (number == SIGTERM || number == SIGHUP) leave = number;
    if (number == SIGTSTP) stopped = 1;
    if (number == SIGCONT) resumed = 1;
    if (number == SIGWINCH) resized = 1;
    if (number == SIGINT || leave) task_interrupt();
    ssize_t put = number == SIGINT && !prompt.typing ? write(STDOUT_FILENO, "\n", 1) : 0;
    put += write(prompt.wake[1], "", 1);
    (void)put;
    errno = code;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCONT, SIGWINCH};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS], before_stop;

// A second SIGTERM or SIGHUP ends the program at once, in case work does not look at interrupts.
static void take(int number, struct sigaction *old) {
    struct sigaction action = {.sa_handler = on_signal};
    if (number == SIGTERM || number == SIGHUP) action.sa_flags = (int)SA_RESETHAND;
    sigaction(number, &action, old);
}

// At work, Ctrl-Z stops the program as usual; at the prompt the terminal must be put in order first.
static void take_stop(bool at_prompt) {
    if (at_prompt)
        take(SIGTSTP, &before_stop);
    else
        sigaction(SIGTSTP, &before_stop, NULL);
}

static void stop_and_resume(void) {
    stopped = 0;
    rl_cleanup_after_signal();
    take_stop(false);
    raise(SIGTSTP); // returns when the shell continues us
    take_stop(true);
    resumed = 1;
}

static void resume(void) {
    resumed = 0;
    rl_reset_after_signal();
    rl_resize_terminal();
    rl_forced_update_display();
}

// Ctrl-C: the line stays on the screen with ^C behind it, and a new one begins.
static void cancel_line(void) {
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_point = rl_end;
    rl_redisplay();
    rl_replace_line("", 0);
    fputs("^C", stdout);
    fflush(stdout);
    rl_callback_handler_remove(); // may send the cursor to the start of the line
    putchar('\n');
    fflush(stdout);
}

// ---- input ----------------------------------------------------------------------------------------------------------

// What is done in the window is done while the line is being typed. If that says something, or took so long that it
// told how far it was, the line is drawn again.
static void attend_with(bool (*window)(struct session *)) {
    fflush(stdout);
    progress_took_line(); // before the line
    bool told = window(prompt.session);
    progress_clear();
    if (!told && !progress_took_line()) return;
    rl_on_new_line();
    rl_forced_update_display();
}

// The prompt follows the runs, but not while it says something else.
static void follow_runs(void) {
    char text[sizeof prompt.text];
    repl_prompt(prompt.session, true, text);
    if (!prompt.first || strcmp(text, prompt.text) == 0) return;
    if (RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MOREINPUT)) return;
    memcpy(prompt.text, text, sizeof text);
    rl_set_prompt(text);
    rl_redisplay();
}

// What there is to tell of trainings stands above the line that is being typed.
static void attend_runs(void) {
    if (!prompt.session->jobs) return;
    if (runs_attend(prompt.session)) {
        fflush(stdout);
        rl_clear_visible_line();
        report_flush(prompt.session);
        repl_prompt(prompt.session, prompt.first, prompt.text);
        rl_set_prompt(prompt.text);
        rl_on_new_line();
        rl_forced_update_display();
    }
    follow_runs();
}

// Waits for a key. false: a signal asks for attention, or nothing will come any more.
static bool wait_for_key(void) {
    if (prompt.ahead_at < prompt.ahead_count) return true;
    short events = window_wants_to_send() ? POLLIN | POLLOUT : POLLIN;
    short notes = instructor_wants_to_send() ? POLLIN | POLLOUT : POLLIN;
    struct pollfd ready[4] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = prompt.wake[0], .events = POLLIN},
                              {.fd = window_socket(), .events = events},
                              {.fd = instructor_socket(), .events = notes}};
    int events_there = poll(ready, 4, runs_timeout(prompt.session));
    if (events_there < 0) return false;
    attend_runs();
    if (ready[2].revents) attend_with(window_attend);
    if (ready[3].revents) attend_with(instructor_attend);
    if (ready[1].revents) {
        char drain[64];
        while (read(prompt.wake[0], drain, sizeof drain) > 0) continue;
        return false;
    }
    return ready[0].revents != 0;
}

static int next_key(FILE *stream) {
    (void)stream;
    while (prompt.ahead_at == prompt.ahead_count) {
        if (!wait_for_key() && (interrupted || leave)) return EOF;
        struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&ready, 1, 0) <= 0) continue;
        unsigned char key;
        ssize_t got = read(STDIN_FILENO, &key, 1);
        if (got == 1) return key;
        if (got == 0 || (errno != EINTR && errno != EAGAIN)) return EOF;
    }
    if (prompt.ahead_at + 1 == prompt.ahead_count) rl_input_available_hook = NULL;
    return prompt.ahead[prompt.ahead_at++];
}

static int key_waits(void) {
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    return prompt.ahead_at < prompt.ahead_count || poll(&ready, 1, 0) > 0;
}

// Readline would look at the descriptor only, so it is told while there is something ahead of it.
static void look_ahead(void) {
    if (prompt.ahead_at < prompt.ahead_count || !key_waits()) return;
    ssize_t got = read(STDIN_FILENO, prompt.ahead, sizeof prompt.ahead);
    prompt.ahead_at = 0;
    prompt.ahead_count = got > 0 ? (size_t)got : 0;
    rl_input_available_hook = got > 0 ? key_waits : NULL;
}

bool prompt_waiting(bool blank) {
    if (!blank) return key_waits();
    look_ahead();
    return prompt.ahead_at < prompt.ahead_count && strchr(" \t", prompt.ahead[prompt.ahead_at]) &&
           prompt.ahead[prompt.ahead_at];
}

// ---- keys -----------------------------------------------------------------------------------------------------------

// Columns of blanks from the start of the line to the cursor; -1 when something else is there.
static int blanks_before(void) {
    int blanks = 0;
    for (int i = rl_point; i > 0 && rl_line_buffer[i - 1] != '\n'; i--, blanks++)
        if (rl_line_buffer[i - 1] != ' ') return -1;
    return blanks;
}

static void insert_blanks(int count) {
    for (int i = 0; i < count; i++) rl_insert_text(" ");
}

static int tab_key(int count, int key) {
    int blanks = blanks_before();
    if (blanks < 0 || (rl_end == 0 && prompt.indent == 0)) {
        if (rl_last_func == tab_key) rl_last_func = rl_complete; // so that the second TAB lists
        return rl_complete(count, key);
    }
    insert_blanks(INDENT - blanks % INDENT);
    return 0;
}

static int backspace_key(int count, int key) {
    int blanks = blanks_before();
    if (blanks <= 0 || count != 1) return rl_rubout(count, key);
    int back = (blanks - 1) % INDENT + 1;
    return rl_delete_text(rl_point - back, rl_point), rl_point -= back, 0;
}

// Who types the indentation that stands there already gets it once.
static int space_key(int count, int key) {
    if (prompt.overtype > 0 && count == 1 && rl_point == prompt.indent && rl_end == prompt.indent &&
        blanks_before() == prompt.indent) {
        prompt.overtype--;
        return 0;
    }
    return rl_insert(count, key);
}

// The pasted text is laid in by Readline and then tidied: no prompts, no newline at its end, and no indentation of
// ours in front of lines that bring their own.
static void tidy_paste(int from) {
    int size = rl_point - from;
    char *text = size > 0 ? mem_text(rl_line_buffer + from, (size_t)size) : NULL;
    if (!text) return;
    size_t kept = repl_strip_prompts(text, (size_t)size);
    while (kept && (text[kept - 1] == '\n' || text[kept - 1] == '\r')) kept--;
    text[kept] = '\0';
    bool ours = from > 0 && rl_end == rl_point && (int)strspn(rl_line_buffer, " ") >= from;
    if (ours && (strchr(text, '\n') || text[0] == ' ' || text[0] == '\t')) from = 0;
    rl_begin_undo_group();
    rl_delete_text(from, rl_point);
    rl_point = from;
    rl_insert_text(text);
    rl_end_undo_group();
    mem_free(text);
}

static int paste_key(int count, int key) {
    int from = rl_point;
    int answer = rl_bracketed_paste_begin(count, key);
    if (rl_point > from) tidy_paste(from);
    rl_deactivate_mark();
    return answer;
}

// ---- completion -----------------------------------------------------------------------------------------------------

static bool on_command_line(void) {
    int i = rl_point;
    while (i > 0 && rl_line_buffer[i - 1] != '\n') i--;
    while (rl_line_buffer[i] == ' ') i++;
    return rl_line_buffer[i] == ':' && rl_point > i;
}

// In a command a word is what stands between blanks; in a program it is a name. The command's own name follows ':'.
static char *word_breaks(void) {
    static char command[] = " \t\n\"", name[] = " \t\n:", program[] = " \t\n\"'`@$><=;|&{(,+-*/%^!~[]:.)}#";
    if (!on_command_line()) return program;
    int i = rl_point;
    while (i > 0 && rl_line_buffer[i - 1] != '\n' && rl_line_buffer[i - 1] != ' ') i--;
    return rl_line_buffer[i] == ':' ? name : command;
}

static char *common_start(char **item, size_t count) {
    size_t size = strlen(item[0]);
    for (size_t i = 1; i < count; i++)
        while (strncmp(item[0], item[i], size) != 0) size--;
    return strndup(item[0], size);
}

static bool is_callable(const char *name) {
    if (op_find(name) != OP_COUNT) return true;
    return false;
}

static char **offers(const char *text, int start, int end) {
    (void)text;
    size_t count;
    rl_attempted_completion_over = 1;
    task_begin();
    char **item = repl_complete(prompt.session, rl_line_buffer, (size_t)start, (size_t)end, &count);
    char **list = count ? calloc(count + 2, sizeof *list) : NULL;
    if (list) list[0] = common_start(item, count);
    for (size_t i = 0; list && count > 1 && i < count; i++) list[i + 1] = strdup(item[i]);
    rl_completion_append_character = on_command_line() ? ' ' : count == 1 && is_callable(item[0]) ? '(' : '\0';
    rl_filename_completion_desired = on_command_line() && count && strpbrk(item[0], "/.") ? 1 : 0;
    for (size_t i = 0; i < count; i++) mem_free(item[i]);
    mem_free(item);
    return list;
}

// ---- opening and closing --------------------------------------------------------------------------------------------

static void bind(const char *sequence, rl_command_func_t *function) {
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap};
    for (int i = 0; i < 2; i++) rl_bind_keyseq_in_map(sequence, function, maps[i]);
}

static int first_blanks(void) {
    bool pasting = prompt.indent && key_waits();
    if (pasting) prompt.indent = 0;
    insert_blanks(prompt.indent);
    prompt.overtype = prompt.indent;
    return 0;
}

static void open_readline(void) {
    rl_readline_name = "bauer";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_getc_function = next_key;
    rl_startup_hook = first_blanks;
    rl_attempted_completion_function = offers;
    rl_completion_word_break_hook = word_breaks;
    rl_completer_quote_characters = "\"";
    rl_filename_quote_characters = " ";
    rl_variable_bind("match-hidden-files", "off");
    rl_initialize(); // reads ~/.inputrc
    bind("\t", tab_key);
    bind(" ", space_key);
    bind("\177", backspace_key);
    bind("\b", backspace_key);
    bind("\033[200~", paste_key);
}

void prompt_open(struct session *session) {
    prompt.session = session;
    if (pipe2(prompt.wake, O_CLOEXEC | O_NONBLOCK) != 0) prompt.wake[0] = prompt.wake[1] = -1;
    for (int i = 0; i < SIGNALS; i++) take(signals[i], &before[i]);
    sigaction(SIGTSTP, NULL, &before_stop);
    open_readline();
}

void prompt_close(void) {
    for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &before[i], NULL);
    close(prompt.wake[0]);
    close(prompt.wake[1]);
}

int prompt_signal(void) { return leave; }

void prompt_size(int *lines, int *columns) {
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    *lines = known && size.ws_row ? size.ws_row : 24;
    *columns = known && size.ws_col ? size.ws_col : 80;
}

// ---- reading a line -------------------------------------------------------------------------------------------------

static void on_line(char *line) {
    rl_callback_handler_remove();
    prompt.line = line;
    prompt.done = true;
}

// What signals ask for; true when the line is over because of them.
static bool attend(enum prompt_answer *answer) {
    if (interrupted || leave) {
        *answer = leave ? PROMPT_LEAVE : PROMPT_CANCEL;
        interrupted = 0;
        prompt.ahead_at = prompt.ahead_count = 0; // the rest of a paste goes too
        cancel_line();
        return true;
    }
    if (stopped) stop_and_resume();
    if (resumed) resume();
    if (resized) rl_resize_terminal();
    resized = 0;
    return false;
}

static enum prompt_answer take_line(struct buffer *line) {
    if (!prompt.line) return PROMPT_END;
    buffer_text(line, prompt.line);
    free(prompt.line);
    return PROMPT_LINE;
}

enum prompt_answer prompt_read(bool first, int indent, struct buffer *line) {
    enum prompt_answer answer;
    prompt.first = first;
    repl_prompt(prompt.session, first, prompt.text);
    prompt.indent = indent;
    prompt.done = false;
    interrupted = stopped = resumed = 0;
    if (leave) return PROMPT_LEAVE;
    if (resized) rl_reset_screen_size();
    resized = 0;
    take_stop(prompt.typing = true);
    rl_callback_handler_install(prompt.text, on_line);
    bool over = false;
    while (!prompt.done && !over) {
        bool key = wait_for_key();
        over = attend(&answer);
        if (key && !over) rl_callback_read_char();
    }
    take_stop(prompt.typing = false);
    return over ? answer : take_line(line);
}
