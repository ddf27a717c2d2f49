#include "app/command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/lesson.h"
#include "app/picture_permit.h"
#include "app/tensor_commands.h"
#include "app/walk.h"

const struct command command_table[] = {
    // ---- looking at the graph
    {"graph", "g", "", "the primal graph: vertices, formulas, values, edges",
     "Lists the vertices of the current graph with their formulas and values, and makes the primal graph what :export "
     "draws.",
     ":graph", COMPLETE_NOTHING, NULL, false, command_graph},
    {"lcg", "l", "[symbolic]", "the linearized graph: each edge with its local derivative",
     "Lists the edges of the linearized computational graph with their partials, as numbers at the point or as "
     "formulas.",
     ":lcg symbolic", COMPLETE_WORDS, "symbolic", false, command_lcg},
    {"paths", "p", "[FROM -> TO] [top N]", "count the paths and list them with their products",
     "Counts the paths exactly, however many there are, then lists the first ones, or with `top N` those whose "
     "products are "
     "largest. When all are listed their sum is compared with the Jacobian. `:set paths N` lists more.",
     ":paths x2 -> f", COMPLETE_VERTEX, "-> top", false, command_paths},
    {"jacobian", "j", "[forward | reverse | bauer | order V... | order greedy]",
     "the exact derivatives, and what they cost",
     "Accumulates the Jacobian: by one reverse sweep for each output (the default), one forward sweep for each input, "
     "by "
     "walking every path (Bauer's formula), or by eliminating vertices in an order of your choice. Vertices not named "
     "follow "
     "in reverse. Prints multiplications and how many numbers had to be remembered, so that the ways can be compared.",
     ":jacobian order b c d a", COMPLETE_VERTEX, "forward reverse bauer order greedy", false, command_jacobian},
    {"expand", NULL, "", "the graph of numbers behind a graph of tensors",
     "Makes a vertex of each element of each tensor: a product with a constant matrix becomes weighted sums, one with "
     "an "
     "input products and sums. All other commands work on that graph. :undo goes back.",
     ":help expand", COMPLETE_NOTHING, NULL, true, command_expand},
    {"memory", NULL, "table | [METHOD]... [keep F,...] [keep NAME=F...] [noreplace] [same-steps]",
     "what backward remembers of a network, in bytes",
     "For a graph of tensors: what is held from forward to backward, by layer, predicted and counted. METHOD is "
     "`exact`, "
     "`same` (a sample of the same places of every row), `different` (of other places for each row), `project` or "
     "`project-different` (random signs); F is the fraction that is kept. Where a value is not held, relu keeps one "
     "bit "
     "for each number. The last method is drawn on the graph: the thicker an edge, the more is held for it. `:memory "
     "table` is the paper's Table 1 beside what is counted here, for its three networks.",
     ":memory table", COMPLETE_WORDS, "table exact same different project project-different keep noreplace same-steps",
     false, command_memory},
    {"train", NULL,
     "FUNCTION [data NAME] [dir FOLDER] [METHOD]... [keep F,...] [batch N] [iterations N] [optimizer adam|sgd] [lr X] "
     "[decay X] [gamma X] [drop N] [clip X] [bootstrap] [seed N,...] [report N] [resume FILE]",
     "train a network with less remembered",
     "Trains the network that a function of images and labels returns the loss of: one of yours, or `fully_connected`, "
     "`convolutional` or `recurrent`. Data are `fashion-mnist` (Debian's package), `mnist` and `cifar10` (with `dir "
     "FOLDER`). Every method, fraction and seed is a run; runs share the processors. The window shows their curves; "
     "at the prompt they go on in the background (:runs). `resume FILE` saves each run at its reports and every 30 s, "
     "the second in FILE.2 and so on, and goes on from there with the same bits, if the file is there. Losses are "
     "means over the first 10,000 training images (`train-images N`, of the resampled ones after `bootstrap`) and all "
     "test images.",
     ":train fully_connected different keep 0.1 iterations 400", COMPLETE_WORDS,
     "data fashion-mnist mnist cifar10 dir exact same different project project-different keep noreplace same-steps "
     "batch iterations optimizer adam sgd lr decay gamma drop clip bootstrap seed report train-images test-images "
     "resume fully_connected convolutional recurrent",
     false, command_train},
    {"runs", NULL, "[N]", "trainings that were begun at the prompt",
     "Lists them with the iteration they are at, a curve of the training loss in small, its value, the test accuracy, "
     "and "
     "the time left; shows the curves "
     "of "
     "the newest, or of run N, in the window. At the prompt :train goes on in the background; in a file, a pipe or a "
     "lesson it is waited for.",
     ":runs", COMPLETE_NOTHING, NULL, false, command_runs},
    {"pause", NULL, "[N]", "let a training in the background rest",
     "The newest that goes on, or run N. It is saved, if it has a checkpoint (`resume FILE`).", ":help pause",
     COMPLETE_NOTHING, NULL, false, command_pause},
    {"resume", NULL, "[N]", "go on with a paused training", "The newest, or run N.", ":help resume", COMPLETE_NOTHING,
     NULL, false, command_resume},
    {"stop", NULL, "[N]", "end a training in the background",
     "The newest that goes on, or run N. It is saved, if it has a checkpoint, and the same :train line goes on there.",
     ":help stop", COMPLETE_NOTHING, NULL, false, command_stop},
    {"reactor", NULL,
     "[keep F,...] [estimator unbiased|published]... [iterations N] [lr X] [seed N,...] [horizon T] [side N] [dt X] "
     "[diffusion D] [float|double] [resume FILE]",
     "steer a reactor with a thousandth of the memory",
     "A field diffuses and reacts for 40,961 steps; Adam changes the seven numbers of its sources until it swings as "
     "its target does (the paper's Figure 7). Every fraction, estimator and seed is a run: `keep 1` is exact, `keep "
     "0.001` remembers one point of 1,089 at every step. `unbiased` draws fresh points, scaled, at every iteration; "
     "`published` is what the authors' program does, whose mean is not the gradient. The window shows the field, its "
     "target and the losses; at the prompt it goes on in the background (:runs, :pause). `resume FILE` saves each run "
     "every 30 s and goes on from there, with the same bits.",
     ":reactor keep 1,0.01 iterations 100", COMPLETE_WORDS,
     "keep estimator unbiased published exact iterations lr seed horizon side dt diffusion float double resume", true,
     command_reactor},
    {"eliminate", NULL, "V", "eliminate one vertex of the linearized graph",
     "Joins each predecessor of V with each successor and shows new edges (fill-in) and changed ones. When all are "
     "eliminated, the edges that are left are the Jacobian.",
     ":eliminate b", COMPLETE_VERTEX, NULL, true, command_eliminate},
    {"check", NULL, "", "compare every derivative with finite differences",
     "Compares each local partial and each entry of the Jacobian with central finite differences and names the worst.",
     ":check", COMPLETE_NOTHING, NULL, false, command_check},
    {"jvp", NULL, "NUMBER...", "directional derivative along an input direction",
     "The Jacobian times a vector with a number for each input: one forward sweep.", ":jvp 1, 0", COMPLETE_NOTHING,
     NULL, false, command_jvp},
    {"vjp", NULL, "NUMBER...", "gradient of a weighted sum of the outputs",
     "A vector with a number for each output times the Jacobian: one reverse sweep.", ":vjp 1", COMPLETE_NOTHING, NULL,
     false, command_vjp},
    {"sample", NULL, "N [ESTIMATOR] [FROM -> TO] [seed S]", "estimate the Jacobian from N samples",
     "Estimates every derivative as the mean of N samples and compares it with the exact one: mean and standard error, "
     "95 % interval and whether the exact value lies in it, the exact and the measured variance of one sample, and how "
     "many edge values a sample remembers. Estimators are `uniform` (a path, all equally likely), `walk` and `walk "
     "backward` (a path, drawn edge by edge), `importance` (a path, as likely as its |product|), `edges P` (each edge "
     "kept with probability P), `vertices K` (K vertices of each layer; `per vertex`: K edges out of each vertex; "
     "`noreplace`: drawn without replacement) and `rademacher K` (each layer projected onto K random directions). The "
     "same command with the same seed draws the same samples; more samples go on where fewer ended. Ctrl-C stops and "
     "shows what there is.",
     ":sample 1000 walk", COMPLETE_WORDS,
     "uniform walk backward importance edges vertices rademacher per vertex replace noreplace seed", false,
     command_sample},
    {"pattern", NULL, "independent | interleaved | vector WIDTH DEPTH [weights W] [raw] [seed S]",
     "make a graph of Figure 2: many paths",
     "Makes a graph of many paths the current one: `independent` (WIDTH chains of DEPTH vertices between theta and y: "
     "WIDTH paths), `interleaved` (DEPTH layers of WIDTH vertices, each joined to all of the next: WIDTH^DEPTH paths) "
     "or "
     "`vector` (the same, each layer shown as one vertex). Weights are `ones`, `uniform A B` (the default, from 0.5 to "
     "1.5), `gaussian` or `rademacher`, drawn from the seed; they are normalised by the width unless `raw` is said.",
     ":pattern interleaved 3 3 weights gaussian seed 1", COMPLETE_WORDS,
     "independent interleaved vector weights ones uniform gaussian rademacher normalised raw seed", true,
     command_pattern},
    {"variance", NULL,
     "[PATTERN] [depth A..B] [width W,...] [keep K,...] [samples N,...] [weights W] [relative] [graphs G] [seed S] "
     "[file NAME] [ESTIMATOR]...",
     "plot an estimator's variance over depth, width, keep or samples",
     "Sweeps estimators over graphs of a pattern, plots the exact variance of one estimate as lines and what was "
     "measured from N samples as points with bars of 2 standard errors, and lists both. Values are lists and ranges: "
     "`2,4,8`, `1..32`. `keep` is for estimators without a number of their own: a fraction, or how many are kept (of "
     "paths: how many are averaged; a fraction is one of the width). Several `samples` (1..1000 goes in steps 1, 2, 5) "
     "average so many in one estimate, measured `repeats N` times. `relative` divides by the squared derivative; "
     "`graphs G` takes the mean over G graphs with weights of their own. Without a pattern it runs over samples on the "
     "current graph, for its first input and output or FROM -> TO. `one panel` draws all widths into one plot. `file "
     "NAME` keeps the results: cells that are in it are not computed again, also after Ctrl-C. Under mpirun the work "
     "is "
     "shared out over the ranks, with the same results to the last bit.",
     ":variance interleaved depth 1..8 width 3 samples 1000 uniform walk", COMPLETE_WORDS,
     "independent interleaved vector depth width keep samples repeats weights ones uniform gaussian rademacher raw "
     "normalised relative graphs seed file one panel walk backward importance edges vertices per vertex replace "
     "noreplace",
     false, command_variance},
    {"lesson", NULL, "[NAME | FILE.md | notes | end]", "lessons: list them, open one, leave it",
     "Without a name: lists the lessons and how far you are. With a name, a number or a file: opens one, in a session "
     "of "
     "its own; :next, :back and :goto step through it, :hint helps, :answer answers, and what you type in between is "
     "gone with the next step. `notes` opens a second window for the instructor: the notes of the step, the answers to "
     "its questions, what comes next and the time; its keys step the lesson. `:export FILE.html` or `FILE.pdf` writes "
     "a handout. `end` leaves the lesson: the session is then as it was before.",
     ":help lesson", COMPLETE_FILE, NULL, false, command_lesson},
    {"answer", NULL, "TEXT", "answer the question of the lesson's step",
     "Answers with a number, an expression, or a choice's letter. The right answer is computed when yours comes; right "
     "and wrong ones get a reason.",
     ":help answer", COMPLETE_NOTHING, NULL, false, command_answer},
    {"hint", NULL, "", "a hint for the lesson's question", "Shows the next hint of this step of the lesson.",
     ":help hint", COMPLETE_NOTHING, NULL, false, command_hint},
    {"play", NULL, "", "try things between two steps of the lesson",
     "In a lesson one may type anything at any step; this says so. :next restores what the lesson had left.",
     ":help play", COMPLETE_NOTHING, NULL, false, command_play},
    {"review", NULL, "[FILE]", "all that was done in the lesson, as Markdown",
     "Writes down the steps, the lines that were typed with their answers, and the questions.", ":help review",
     COMPLETE_FILE, NULL, false, command_review},
    {"figure", NULL, "N [quick | full] [dir FOLDER] [only NETWORK] [iterations N] [seeds N] [data mnist] [noreplace]",
     "make a figure of the paper",
     "Reproduces a figure of the paper \"Randomized Automatic Differentiation\", shows it, and writes figure-N.svg, "
     ".csv "
     "and .json with all parameters and the seed. `quick` measures less, and says so on the figure. Figures: 2 (paths "
     "that are independent, interleaved, and vectors, each with the variance of sampling it over depth), 3 (a small "
     "network for three data, and the paths of one), 4 (what one image leaves for backward), 5 (noise of gradients, "
     "beside memory), 6 (training loss with a tenth remembered), 7 (steering a reactor; as figure-7.pdf too), 8 and 9 "
     "(losses, accuracies and time of all methods), "
     "10 (how much to keep). `dir FOLDER` has CIFAR-10's files; without them that part is left out.\n\n"
     "Figures 6, 8, 9 and 10 train, `quick` for at most 40 minutes on two processors, `full` as long as the paper. "
     "Ctrl-C stops and makes the figure of what is done, and the same line goes on from there; runs are kept in the "
     "folder figure.runs, and figures that need the same run share it. `only fully_connected`, `only convolutional` or "
     "`only recurrent` makes one part, `iterations N` and `seeds N` change how long and how often (the rate falls in "
     "proportion), `data mnist` takes MNIST from the folder instead of Fashion-MNIST, and `noreplace` adds curves "
     "without replacement to Figure 10.",
     ":figure 2", COMPLETE_WORDS,
     "2 3 4 5 6 7 8 9 10 quick full dir only fully_connected convolutional recurrent iterations seeds data mnist "
     "fashion-mnist noreplace",
     false, command_figure},
    {"trials", NULL, "[sort COLUMN] | again N | plot [X Y] | file NAME.csv | clear", "all estimates so far, as a table",
     "Every :sample and every cell of a :variance is a row: method, seed, samples, cost (edges that were looked at), "
     "remembered (numbers per sample), estimate, exact, error and variance (of one estimate). `sort COLUMN` orders "
     "them, "
     "`again N` runs "
     "the command of row N again on its graph, `plot X Y` draws one column over another with a curve for each method "
     "(variance over cost, if none are named), `file` writes them, `clear` forgets them.",
     ":sample 100 walk\n:sample 1000 uniform\n:trials sort variance", COMPLETE_WORDS,
     "sort again plot file clear method seed samples cost remembered estimate exact error variance", false,
     command_trials},
    {"why", NULL, "V", "every contribution to one vertex's value and adjoint",
     "A line for each operand that went into V's value, and for each use of V that its adjoint comes from.", ":why a",
     COMPLETE_VERTEX, NULL, false, walk_command_why},
    {"walk", "w", "primal | forward [INPUT] | reverse [OUTPUT] | paths | eliminate [V...]",
     "step through a computation",
     "Starts a walk through the evaluation, a sweep, the paths or the elimination; :next and :back step.",
     ":walk reverse", COMPLETE_WORDS, "primal forward reverse paths eliminate", false, walk_command},
    {"next", "n", "", "the next step of the walk or the lesson",
     "Goes one step forward in the current :walk, or in the lesson.", ":walk primal\n:next", COMPLETE_NOTHING, NULL,
     false, command_next},
    {"back", "b", "", "the step before",
     "Goes one step back in the current :walk, or in the lesson, whose session is then as it was.",
     ":walk primal\n:next\n:next\n:back", COMPLETE_NOTHING, NULL, false, command_back},
    {"goto", NULL, "N", "step N of the walk or the lesson",
     "Goes to a step by its number: of the lesson, if one is in hand, else of the current :walk.",
     ":walk primal\n:goto 3", COMPLETE_NOTHING, NULL, false, command_goto},
    {"describe", NULL, "", "what is shown, in plain words",
     "Tells the graph, the path or the step in hand in sentences.", ":describe", COMPLETE_NOTHING, NULL, false,
     command_describe},
    {"at", NULL, "NUMBER, ... | INPUT=NUMBER ...", "move to another point",
     "Traces the current graph again at other input values: all of them in order, or some by name; numbers may be "
     "expressions, and v=[1, 2] sets all elements of v.",
     ":at x1=2\n:at 1/3, pi/4", COMPLETE_NOTHING, NULL, true, command_at},
    {"plot", NULL, "FILE.csv [x COLUMN] [y COLUMN...] [log x|y|xy]", "plot columns of a table",
     "Reads a file of comma-separated numbers with a line of names and shows its columns as curves: along the first "
     "one "
     "if it rises, else along the row's number. Columns of text are left out. :export then writes the plot, and as "
     ".csv the table.",
     ":plot runs.csv x depth y variance log y", COMPLETE_FILE, "x y log", false, command_plot},
    {"export", "e", "FILE [primal | lcg | lcg symbolic | paths | figure]", "write what is shown to a file",
     "Draws the view to .svg, .pdf, .png, .tex or .dot, or writes its numbers to .json or .csv. Every file carries the "
     "program, the point and the version that made it; `bauer FILE.svg` opens that state again.",
     ":export figure1.svg figure", COMPLETE_VIEW, NULL, false, command_export},
    // ---- the session
    {"help", "h", "[TOPIC]", "help on a command, an operation, a setting",
     "Without a topic: all commands. With one: what it does, with an example. `sin?` and help(sin) are short for :help "
     "sin.",
     ":help paths", COMPLETE_COMMAND, "operations settings", false, command_show_help},
    {"list", NULL, "[NAME]", "what is defined; the text of one function",
     "Lists names with their values and signatures.", ":list f", COMPLETE_FUNCTION, NULL, false, command_list},
    {"edit", NULL, "NAME", "edit a function in your editor",
     "Opens the function's text in $VISUAL or $EDITOR and loads it.", ":edit f", COMPLETE_FUNCTION, NULL, false,
     command_edit},
    {"load", NULL, "FILE", "run a file in this session",
     "Runs a Python file, a saved session, or the state in an SVG. Lines of an SVG that would read or write a file or "
     "start something are refused.",
     ":load figure1.py", COMPLETE_FILE, NULL, false, command_load},
    {"save", NULL, "FILE", "write a script that rebuilds this session",
     "Writes definitions, statements, point and settings as lines that bauer runs.", ":save session.py", COMPLETE_FILE,
     NULL, false, command_save},
    {"recover", NULL, "[N | list | forget]", "bring back a session that was lost",
     "What is typed at a terminal is kept until the session is left. After a crash or a closed terminal the next "
     "session tells of it; this runs its lines again (of the newest, or of number N of the list).",
     ":recover list", COMPLETE_WORDS, "list forget", false, command_recover},
    {"undo", "u", "", "take back the last line that changed something",
     "Definitions, points, settings and eliminations.", ":at x1=2\n:undo", COMPLETE_NOTHING, NULL, false, command_undo},
    {"redo", NULL, "", "do it again", "Undoes the last :undo.", ":at x1=2\n:undo\n:redo", COMPLETE_NOTHING, NULL, false,
     command_redo},
    {"reset", NULL, "", "forget everything", "Back to an empty session; :undo brings it back.", ":reset",
     COMPLETE_NOTHING, NULL, false, command_reset},
    {"set", NULL, "[KEY [VALUE]]", "see or change a setting",
     "Without words: all settings. :help settings explains them.", ":set direction right", COMPLETE_SETTING, NULL, true,
     command_set},
    {"history", NULL, "", "the lines typed so far", "The entries of the prompt's history, oldest first.", ":history",
     COMPLETE_NOTHING, NULL, false, command_history},
    {"time", NULL, "LINE", "run a line and say how long it took", "Wall-clock time of a command or a statement.",
     ":time :jacobian", COMPLETE_NOTHING, NULL, false, command_time},
    {"doctor", NULL, "", "what works on this machine, and what is missing",
     "Looks for the layout program, window, display, fonts, libraries, lessons, places to write and data; says how to "
     "get what is missing.",
     ":doctor", COMPLETE_NOTHING, NULL, false, command_doctor},
    {"window", NULL, "[open | close | state]", "the window with the picture",
     "Opens the window again, closes it, or tells as JSON what it shows. At a terminal it opens by itself with the "
     "first :graph, :lcg, :paths or :walk, unless bauer was started with --no-window; for a file or a pipe only with "
     "--window. `:help keys` lists its keys.",
     ":window close", COMPLETE_WORDS, "open close state", false, command_window},
    {"quit", "q", "", "leave", "Ends the session; so does Ctrl-D.", ":quit", COMPLETE_NOTHING, NULL, false,
     command_quit},
};
const size_t command_count = sizeof command_table / sizeof *command_table;

// ---- lookup -------------------------------------------------------------------------------------------------------

static const struct command *unknown_command(const char *name, struct error *error) {
    const char *names[sizeof command_table / sizeof *command_table];
    for (size_t i = 0; i < command_count; i++) names[i] = command_table[i].name;
    const char *nearest = NULL;
    for (size_t i = 0; i < command_count && !nearest; i++)
        if (text_starts(names[i], name)) nearest = names[i];
    if (!nearest) nearest = text_nearest(name, names, command_count);
    error_set(error, ERROR_NAME, SPAN_NONE, "there is no command `:%s`", name);
    if (nearest)
        error_hint(error, "did you mean `:%s`?", nearest);
    else
        error_hint(error, ":help lists the commands");
    return NULL;
}

static const struct command *ambiguous(const char *name, struct error *error) {
    struct buffer candidates = {0};
    for (size_t i = 0; i < command_count; i++)
        if (text_starts(command_table[i].name, name))
            buffer_printf(&candidates, "%s:%s", candidates.size ? ", " : "", command_table[i].name);
    error_set(error, ERROR_NAME, SPAN_NONE, "`:%s` can be several commands: %s", name, buffer_string(&candidates));
    error_hint(error, "type another letter");
    buffer_free(&candidates);
    return NULL;
}

const struct command *command_find(const char *name, bool prefix, struct error *error) {
    const struct command *found = NULL;
    int matches = 0;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        if (strcmp(c->name, name) == 0 || (c->letter && strcmp(c->letter, name) == 0)) return c;
        if (prefix && name[0] && text_starts(c->name, name)) found = c, matches++;
    }
    if (matches > 1) return ambiguous(name, error);
    return found ? found : unknown_command(name, error);
}

// ---- words --------------------------------------------------------------------------------------------------------

static bool add_word(struct words *words, char *text, struct span line, const char *start, size_t size,
                     struct error *error) {
    if (words->count == COMMAND_WORDS) {
        error_set(error, ERROR_USAGE, words->all, "too many words (over %d)", COMMAND_WORDS);
        return false;
    }
    uint32_t begin = line.source ? (uint32_t)(start - line.source->text) : 0;
    words->span[words->count] = (struct span){line.source, begin, begin + (uint32_t)size};
    words->word[words->count++] = text;
    return true;
}

// What a leading ~ of a word stands for, as in a shell.
static const char *home_folder(void) {
    const char *home = getenv("HOME");
    return home ? home : "";
}

static size_t words_room(const char *text) {
    size_t room = strlen(text) + 2;
    for (const char *c = text; (c = strstr(c, "~/")); c++) room += strlen(home_folder());
    return room;
}

// Splits at blanks; "..." keeps them, and a ~/ in them. `text` is the arguments as typed, inside the line's source if
// it has one.
static bool split(struct words *words, const char *text, char *copy, struct span line, struct error *error) {
    char *to = copy;
    for (const char *c = text; *c;) {
        while (*c && isspace((unsigned char)*c)) c++;
        if (!*c) break;
        const char *start = c, *home = text_starts(c, "~/") ? home_folder() : "";
        char *word = to;
        to = stpcpy(to, home);
        if (*home) c++;
        for (bool quoted = false; *c && (quoted || !isspace((unsigned char)*c)); c++)
            if (*c == '"')
                quoted = !quoted;
            else
                *to++ = *c;
        *to++ = '\0';
        size_t size = strlen(word) - strlen(home) + (*home != '\0');
        bool inside = line.source && start >= line.source->text && start <= line.source->text + line.source->size;
        if (!add_word(words, word, inside ? line : SPAN_NONE, start, size, error)) return false;
    }
    return true;
}

char *command_words(const char *text, struct words *words, struct error *error) {
    char *copy = mem_alloc(strlen(text) + words_room(text), 1);
    *words = (struct words){.rest = text};
    if (!copy) return error_memory(error), NULL;
    if (split(words, text, copy, SPAN_NONE, error)) return copy;
    mem_free(copy);
    return NULL;
}

bool command_usage_error(const struct words *words, uint32_t word, struct error *error, const char *format, ...) {
    char message[400];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    return error_set(error, ERROR_USAGE, word < words->count ? words->span[word] : words->all, "%s", message);
}

bool command_no_words(const struct words *words, struct error *error) {
    return words->count == 0 || command_usage_error(words, 0, error, "this command takes no words");
}

bool command_run(struct session *session, const char *line, struct span span, struct error *error) {
    if (*line == ':') line++;
    while (*line == ' ' || *line == '\t') line++;
    size_t size = strcspn(line, " \t\r\n");
    char name[64];
    if (size == 0) return error_set(error, ERROR_USAGE, span, "a command's name is missing after the colon");
    snprintf(name, sizeof name, "%.*s", size < sizeof name ? (int)size : (int)sizeof name - 1, line);
    const struct command *command = command_find(name, session->output.interactive, error);
    if (!command) {
        if (error && !error->span.source) error->span = span;
        return false;
    }
    const char *rest = line + size + strspn(line + size, " \t\r\n");
    struct words words = {.rest = rest, .all = span};
    char *copy = mem_alloc(words_room(rest), 1);
    if (!copy) return error_memory(error);
    bool ok = split(&words, rest, copy, span, error), mine = false;
    ok = ok && lesson_allows(session, command->name, &words, error) &&
         picture_allows(session, command->name, &words, error);
    bool allowed = ok;
    ok = ok && tensor_command(session, command->name, &words, &mine, error);
    if (ok && !mine) ok = command->run(session, &words, error);
    if (allowed) lesson_ran(session, command->name);
    if (!ok && error && error->kind == ERROR_USAGE)
        error_hint(error, "usage: :%s%s%s", command->name, *command->arguments ? " " : "", command->arguments);
    if (!ok && error && !error->span.source && error->kind != ERROR_INTERRUPT) error->span = span;
    mem_free(copy);
    return ok;
}
