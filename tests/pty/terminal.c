#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { WIDE = 400, LINES = 20000 };

struct line {
    char cell[WIDE][5]; // one character each, as UTF-8
};

struct terminal {
    int master, slave; // the slave stays open, so that its settings can be read after the program's end
    pid_t child;
    int status; // -1 while it runs
    int rows, columns;
    struct line *line;    // LINES of them; the screen is the last `rows`
    int top, row, column; // first line of the screen; cursor, row counted from line 0
    int mark;
    char pending[64]; // an escape sequence or character that is not complete yet
    int pending_size;
};

double terminal_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- the screen -----------------------------------------------------------------------------------------------------

static void new_line(struct terminal *t) {
    if (t->row + 1 < LINES) t->row++;
    if (t->row >= t->top + t->rows) t->top = t->row - t->rows + 1;
}

static void put_character(struct terminal *t, const char *text, int size) {
    if (t->column >= t->columns) {
        t->column = 0;
        new_line(t);
    }
    memset(t->line[t->row].cell[t->column], 0, 5);
    memcpy(t->line[t->row].cell[t->column++], text, (size_t)size);
}

static void erase(struct terminal *t, int row, int from) {
    memset(t->line[row].cell[from], 0, sizeof t->line[row].cell[0] * (size_t)(WIDE - from));
}

static void shift(struct terminal *t, int by) {
    char(*cell)[5] = t->line[t->row].cell;
    int from = by > 0 ? t->column : t->column - by, to = by > 0 ? t->column + by : t->column;
    if (from >= WIDE || to >= WIDE) return;
    memmove(cell[to], cell[from], sizeof cell[0] * (size_t)(WIDE - (from > to ? from : to)));
    if (by > 0) memset(cell[from], 0, sizeof cell[0] * (size_t)by);
}

static void escape(struct terminal *t, char command, int number) {
    int many = number > 0 ? number : 1;
    switch (command) {
    case 'A':
        t->row -= many;
        break;
    case 'B':
        t->row += many;
        break;
    case 'C':
        t->column += many;
        break;
    case 'D':
        t->column -= many;
        break;
    case 'G':
        t->column = many - 1;
        break;
    case 'H':
        t->row = t->top, t->column = 0;
        break;
    case 'K':
        erase(t, t->row, number == 2 ? 0 : t->column);
        break;
    case 'J':
        erase(t, t->row, number == 2 ? 0 : t->column);
        for (int row = t->row + 1; row < t->top + t->rows && row < LINES; row++) erase(t, row, 0);
        break;
    case 'P':
        shift(t, -many);
        break;
    case '@':
        shift(t, many);
        break;
    default:
        break; // colours, bracketed paste, keypad: nothing that is seen
    }
    if (t->row < t->top) t->row = t->top;
    if (t->column < 0) t->column = 0;
    if (t->column >= WIDE) t->column = WIDE - 1;
}

static void control(struct terminal *t, char c) {
    if (c == '\r') t->column = 0;
    if (c == '\n') new_line(t);
    if (c == '\b' && t->column > 0) t->column--;
    if (c == '\t') t->column = (t->column / 8 + 1) * 8;
}

// The bytes that the character or escape sequence in `pending` takes in all; 0: not known yet.
static int expected(const char *text, int size) {
    unsigned char first = (unsigned char)text[0];
    if (first != '\033') return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size < 2) return 0;
    if (text[1] != '[') return text[1] == '(' ? 3 : 2;
    for (int i = 2; i < size; i++)
        if (text[i] >= '@' && text[i] <= '~') return i + 1;
    return 0;
}

static void take(struct terminal *t, char c) {
    if (t->pending_size < (int)sizeof t->pending) t->pending[t->pending_size++] = c;
    int size = expected(t->pending, t->pending_size);
    if (size == 0 || size > t->pending_size) return;
    if (t->pending[0] == '\033')
        escape(t, t->pending[1] == '[' ? t->pending[size - 1] : ' ', atoi(t->pending + 2));
    else if ((unsigned char)t->pending[0] < ' ')
        control(t, t->pending[0]);
    else
        put_character(t, t->pending, size);
    t->pending_size = 0;
}

// The text of a line up to `end`, blanks at its end dropped.
static int line_text(const struct terminal *t, int row, int end, char *out) {
    int size = 0, kept = 0;
    for (int column = 0; column < end; column++) {
        const char *cell = t->line[row].cell[column];
        size += sprintf(out + size, "%s", cell[0] ? cell : " ");
        if (cell[0] && (cell[0] != ' ' || end < WIDE)) kept = size;
    }
    out[kept] = '\0';
    return kept;
}

// All lines from the mark on, as one text.
static char *screen_text(const struct terminal *t) {
    int last = t->row > t->top + t->rows - 1 ? t->row : t->top + t->rows - 1;
    if (last >= LINES) last = LINES - 1;
    char *text = malloc((size_t)(last - t->mark + 1) * WIDE * 5 + 1);
    int size = 0;
    for (int row = t->mark; row <= last; row++) {
        size += line_text(t, row, WIDE, text + size);
        text[size++] = '\n';
    }
    text[size] = '\0';
    return text;
}

// ---- the program ----------------------------------------------------------------------------------------------------

static void run_child(struct terminal *t, const char *program, const char *argument, const char *directory) {
    static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
                                       "BAUER_LAYOUT", "LC_ALL",        "EDITOR"};
    enum { KEPT = sizeof kept / sizeof *kept };
    char *value[KEPT];
    for (int i = 0; i < KEPT; i++) value[i] = getenv(kept[i]) ? strdup(getenv(kept[i])) : NULL;
    clearenv();
    for (int i = 0; i < KEPT; i++)
        if (value[i]) setenv(kept[i], value[i], 1);
    setenv("HOME", directory, 1);
    setenv("TERM", "xterm", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("PAGER", "", 1);
    setenv("INPUTRC", "/dev/null", 1);
    close(t->master);
    if (chdir(directory) != 0 || login_tty(t->slave) != 0) _exit(126);
    execl(program, program, argument, (char *)NULL);
    _exit(127);
}

struct terminal *terminal_open(const char *program, const char *argument, const char *directory) {
    struct terminal *t = calloc(1, sizeof *t);
    t->rows = 40, t->columns = 100, t->status = -1;
    t->line = calloc(LINES, sizeof *t->line);
    struct winsize size = {.ws_row = 40, .ws_col = 100};
    if (openpty(&t->master, &t->slave, NULL, NULL, &size) != 0 || (t->child = fork()) < 0) return NULL;
    if (t->child == 0) run_child(t, program, argument, directory);
    return t;
}

static void reap(struct terminal *t, int options) {
    int status;
    if (t->status >= 0 || waitpid(t->child, &status, options) != t->child) return;
    t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void terminal_close(struct terminal *t) {
    if (t->status < 0) kill(t->child, SIGKILL);
    reap(t, 0);
    close(t->master);
    close(t->slave);
    free(t->line);
    free(t);
}

// Takes what the program has written, for at most `seconds`; false when nothing came.
static bool read_some(struct terminal *t, double seconds) {
    struct pollfd ready = {.fd = t->master, .events = POLLIN};
    char data[4096];
    if (poll(&ready, 1, (int)(1000 * seconds)) <= 0) return false;
    ssize_t got = read(t->master, data, sizeof data);
    for (ssize_t i = 0; i < got; i++) take(t, data[i]);
    return got > 0;
}

static void send_text(struct terminal *t, const char *text) {
    size_t size = strlen(text);
    while (size) {
        ssize_t put = write(t->master, text, size);
        if (put <= 0) break;
        text += put;
        size -= (size_t)put;
    }
}

void terminal_type(struct terminal *t, const char *text) {
    while (read_some(t, 0.02)) continue;
    t->mark = t->row;
    send_text(t, text);
}

void terminal_paste(struct terminal *t, const char *text) {
    terminal_type(t, "\033[200~");
    send_text(t, text);
    send_text(t, "\033[201~");
}

void terminal_resize(struct terminal *t, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    t->rows = rows, t->columns = columns;
    t->top = t->row - rows + 1 > t->top ? t->row - rows + 1 : t->top;
    ioctl(t->master, TIOCSWINSZ, &size); // the kernel sends SIGWINCH
}

void terminal_signal(struct terminal *t, int number) { kill(t->child, number); }

static bool cursor_after(struct terminal *t, const char *text) {
    char line[WIDE * 5 + 1];
    int size = line_text(t, t->row, t->column, line), wanted = (int)strlen(text);
    return size >= wanted && strcmp(line + size - wanted, text) == 0;
}

void terminal_read(struct terminal *t, double seconds) {
    for (double end = terminal_now() + seconds, left; (left = end - terminal_now()) > 0;) read_some(t, left);
}

bool terminal_at(struct terminal *t, const char *text) { return cursor_after(t, text); }

bool terminal_shows(struct terminal *t, const char *text) {
    char *screen = screen_text(t);
    bool found = strstr(screen, text);
    free(screen);
    return found;
}

static bool wait_until(struct terminal *t, bool (*true_now)(struct terminal *, const char *), const char *text,
                       double seconds) {
    double end = terminal_now() + seconds;
    while (!true_now(t, text)) {
        double left = end - terminal_now();
        if (left <= 0) {
            char *screen = screen_text(t);
            fprintf(stderr, "waited for \"%s\"; the screen shows:\n%s", text, screen);
            free(screen);
            return false;
        }
        if (read_some(t, left < 0.05 ? left : 0.05)) continue;
        reap(t, WNOHANG);
        if (t->status >= 0) end = 0; // it has ended and said all it had to say
    }
    return true;
}

bool terminal_wait(struct terminal *t, const char *text, double seconds) {
    return wait_until(t, terminal_shows, text, seconds);
}

bool terminal_wait_cursor_after(struct terminal *t, const char *text, double seconds) {
    return wait_until(t, cursor_after, text, seconds);
}

int terminal_status(struct terminal *t, double seconds) {
    for (double end = terminal_now() + seconds; t->status < 0 && terminal_now() < end;) {
        read_some(t, 0.02);
        reap(t, WNOHANG);
    }
    while (read_some(t, 0)) continue;
    return t->status;
}

bool terminal_is_sane(struct terminal *t) {
    struct termios settings;
    return tcgetattr(t->slave, &settings) == 0 && (settings.c_lflag & ICANON) && (settings.c_lflag & ECHO);
}
