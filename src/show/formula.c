#include "show/formula.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "show/paint.h"

enum form { FORM_TEXT, FORM_ROW, FORM_SCRIPT, FORM_FRACTION, FORM_ROOT, FORM_ACCENT, FORM_FENCE };
enum role { ROLE_PLAIN, ROLE_LARGE, ROLE_BINARY, ROLE_RELATION, ROLE_COMMA, ROLE_FUNCTION, ROLE_OPEN, ROLE_LIMIT };

struct formula {
    enum form form;
    enum role role;
    const char *text; // TEXT; the mark of an ACCENT; the two delimiters of a FENCE ("()", "." for none)
    bool italic, bold;
    struct formula *first, *sub, *super; // ROW: the first of its members; SCRIPT: base; FRACTION: above; ROOT, ACCENT
    struct formula *second;              // FRACTION: below
    struct formula *next;                // in a row
    // As measured last.
    double size, width, ascent, descent, before; // before: space on its left in a row
    bool stacked;
};

#define SCRIPT_SIZE 0.7
#define SMALLEST_SIZE 0.5 // of the whole formula's
#define AXIS 0.27         // height of fraction bars and minus signs, in sizes
#define RULE 0.05         // thickness of lines, in sizes

// ---- commands -----------------------------------------------------------------------------------------------------

struct sign {
    const char *name, *text;
    enum role role;
    bool italic;
};

static const struct sign signs[] = {
    {"alpha", "α", ROLE_PLAIN, true},
    {"beta", "β", ROLE_PLAIN, true},
    {"gamma", "γ", ROLE_PLAIN, true},
    {"delta", "δ", ROLE_PLAIN, true},
    {"epsilon", "ε", ROLE_PLAIN, true},
    {"varepsilon", "ε", ROLE_PLAIN, true},
    {"zeta", "ζ", ROLE_PLAIN, true},
    {"eta", "η", ROLE_PLAIN, true},
    {"theta", "θ", ROLE_PLAIN, true},
    {"iota", "ι", ROLE_PLAIN, true},
    {"kappa", "κ", ROLE_PLAIN, true},
    {"lambda", "λ", ROLE_PLAIN, true},
    {"mu", "μ", ROLE_PLAIN, true},
    {"nu", "ν", ROLE_PLAIN, true},
    {"xi", "ξ", ROLE_PLAIN, true},
    {"omicron", "ο", ROLE_PLAIN, true},
    {"pi", "π", ROLE_PLAIN, true},
    {"rho", "ρ", ROLE_PLAIN, true},
    {"sigma", "σ", ROLE_PLAIN, true},
    {"tau", "τ", ROLE_PLAIN, true},
    {"upsilon", "υ", ROLE_PLAIN, true},
    {"phi", "φ", ROLE_PLAIN, true},
    {"varphi", "φ", ROLE_PLAIN, true},
    {"chi", "χ", ROLE_PLAIN, true},
    {"psi", "ψ", ROLE_PLAIN, true},
    {"omega", "ω", ROLE_PLAIN, true},
    {"Gamma", "Γ", ROLE_PLAIN, false},
    {"Delta", "Δ", ROLE_PLAIN, false},
    {"Theta", "Θ", ROLE_PLAIN, false},
    {"Lambda", "Λ", ROLE_PLAIN, false},
    {"Xi", "Ξ", ROLE_PLAIN, false},
    {"Pi", "Π", ROLE_PLAIN, false},
    {"Sigma", "Σ", ROLE_PLAIN, false},
    {"Phi", "Φ", ROLE_PLAIN, false},
    {"Psi", "Ψ", ROLE_PLAIN, false},
    {"Omega", "Ω", ROLE_PLAIN, false},
    {"partial", "∂", ROLE_PLAIN, false},
    {"nabla", "∇", ROLE_PLAIN, false},
    {"infty", "∞", ROLE_PLAIN, false},
    {"ell", "ℓ", ROLE_PLAIN, false},
    {"prime", "′", ROLE_PLAIN, false},
    {"ldots", "…", ROLE_PLAIN, false},
    {"dots", "…", ROLE_PLAIN, false},
    {"cdots", "⋯", ROLE_PLAIN, false},
    {"forall", "∀", ROLE_PLAIN, false},
    {"exists", "∃", ROLE_PLAIN, false},
    {"emptyset", "∅", ROLE_PLAIN, false},
    {"top", "⊤", ROLE_PLAIN, false},
    {"{", "{", ROLE_OPEN, false},
    {"}", "}", ROLE_PLAIN, false},
    {"|", "‖", ROLE_PLAIN, false},
    {"_", "_", ROLE_PLAIN, false},
    {"%", "%", ROLE_PLAIN, false},
    {"$", "$", ROLE_PLAIN, false},
    {"#", "#", ROLE_PLAIN, false},
    {"&", "&", ROLE_PLAIN, false},
    {"langle", "⟨", ROLE_OPEN, false},
    {"rangle", "⟩", ROLE_PLAIN, false},
    {"cdot", "·", ROLE_BINARY, false},
    {"times", "×", ROLE_BINARY, false},
    {"pm", "±", ROLE_BINARY, false},
    {"circ", "∘", ROLE_BINARY, false},
    {"odot", "⊙", ROLE_BINARY, false},
    {"oplus", "⊕", ROLE_BINARY, false},
    {"cup", "∪", ROLE_BINARY, false},
    {"cap", "∩", ROLE_BINARY, false},
    {"setminus", "∖", ROLE_BINARY, false},
    {"to", "→", ROLE_RELATION, false},
    {"rightarrow", "→", ROLE_RELATION, false},
    {"leftarrow", "←", ROLE_RELATION, false},
    {"gets", "←", ROLE_RELATION, false},
    {"mapsto", "↦", ROLE_RELATION, false},
    {"Rightarrow", "⇒", ROLE_RELATION, false},
    {"iff", "⇔", ROLE_RELATION, false},
    {"in", "∈", ROLE_RELATION, false},
    {"notin", "∉", ROLE_RELATION, false},
    {"subset", "⊂", ROLE_RELATION, false},
    {"subseteq", "⊆", ROLE_RELATION, false},
    {"leq", "≤", ROLE_RELATION, false},
    {"le", "≤", ROLE_RELATION, false},
    {"geq", "≥", ROLE_RELATION, false},
    {"ge", "≥", ROLE_RELATION, false},
    {"neq", "≠", ROLE_RELATION, false},
    {"ne", "≠", ROLE_RELATION, false},
    {"approx", "≈", ROLE_RELATION, false},
    {"equiv", "≡", ROLE_RELATION, false},
    {"sim", "∼", ROLE_RELATION, false},
    {"propto", "∝", ROLE_RELATION, false},
    {"ll", "≪", ROLE_RELATION, false},
    {"gg", "≫", ROLE_RELATION, false},
    {"mid", "|", ROLE_RELATION, false},
    {"colon", ":", ROLE_COMMA, false},
    {"sum", "∑", ROLE_LARGE, false},
    {"prod", "∏", ROLE_LARGE, false},
    {"int", "∫", ROLE_LARGE, false},
    {"sin", "sin", ROLE_FUNCTION, false},
    {"cos", "cos", ROLE_FUNCTION, false},
    {"tan", "tan", ROLE_FUNCTION, false},
    {"tanh", "tanh", ROLE_FUNCTION, false},
    {"sinh", "sinh", ROLE_FUNCTION, false},
    {"cosh", "cosh", ROLE_FUNCTION, false},
    {"exp", "exp", ROLE_FUNCTION, false},
    {"log", "log", ROLE_FUNCTION, false},
    {"ln", "ln", ROLE_FUNCTION, false},
    {"det", "det", ROLE_FUNCTION, false},
    {"arg", "arg", ROLE_FUNCTION, false},
    {"max", "max", ROLE_LIMIT, false},
    {"min", "min", ROLE_LIMIT, false},
    {"lim", "lim", ROLE_LIMIT, false},
    {"Var", "Var", ROLE_FUNCTION, false},
    {"quad", "\u2003", ROLE_PLAIN, false},
    {"qquad", "\u2003\u2003", ROLE_PLAIN, false},
    {",", "\u2009", ROLE_PLAIN, false},
    {":", "\u2005", ROLE_PLAIN, false},
    {";", "\u2004", ROLE_PLAIN, false},
    {" ", " ", ROLE_PLAIN, false},
    {"!", "", ROLE_PLAIN, false},
};

static const struct sign *find_sign(const char *name, size_t size) {
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strlen(signs[i].name) == size && memcmp(signs[i].name, name, size) == 0) return &signs[i];
    return NULL;
}

// ---- reading ------------------------------------------------------------------------------------------------------

struct reader {
    struct arena *arena;
    const char *next, *end;
    struct buffer *told;
    struct error *error;
    int depth;
};

static struct formula *make(struct reader *reader, enum form form) {
    struct formula *made = arena_alloc(reader->arena, sizeof *made);
    if (!made) {
        error_memory(reader->error);
        return NULL;
    }
    made->form = form;
    return made;
}

static struct formula *make_text(struct reader *reader, const char *text, size_t size, enum role role, bool italic) {
    struct formula *made = make(reader, FORM_TEXT);
    if (!made || !(made->text = arena_text(reader->arena, text, size))) {
        error_memory(reader->error);
        return NULL;
    }
    made->role = role;
    made->italic = italic;
    return made;
}

// "\foo is unknown", once.
static void tell(struct reader *reader, const char *what, size_t size, const char *why) {
    struct buffer words = {0};
    buffer_add(&words, what, size);
    buffer_text(&words, why);
    if (!strstr(buffer_string(reader->told), buffer_string(&words))) {
        if (reader->told->size) buffer_text(reader->told, "; ");
        buffer_text(reader->told, buffer_string(&words));
    }
    reader->told->failed |= words.failed;
    buffer_free(&words);
}

static bool is_end(const struct reader *reader) { return reader->next >= reader->end; }

static void skip_blanks(struct reader *reader) {
    while (!is_end(reader) && isspace((unsigned char)*reader->next)) reader->next++;
}

static struct formula *read_row(struct reader *reader, const char *stop);
static struct formula *read_one(struct reader *reader);

// What a command or a script works on: a group or one thing; of a number only its first digit, as in TeX.
static struct formula *read_argument(struct reader *reader) {
    skip_blanks(reader);
    if (is_end(reader) || *reader->next == '}') {
        tell(reader, "a formula ends too early", 24, "");
        return make(reader, FORM_ROW);
    }
    if (isdigit((unsigned char)*reader->next)) return make_text(reader, reader->next++, 1, ROLE_PLAIN, false);
    return read_one(reader);
}

// The bytes between the braces that follow, as they are: for \text and its like.
static struct formula *read_words(struct reader *reader, bool bold) {
    skip_blanks(reader);
    const char *begin = reader->next, *end;
    bool braces = !is_end(reader) && *begin == '{';
    if (!braces) return read_argument(reader);
    for (end = ++begin; end < reader->end && *end != '}';) end++;
    reader->next = end < reader->end ? end + 1 : end;
    struct formula *made = make_text(reader, begin, (size_t)(end - begin), ROLE_PLAIN, false);
    if (made) made->bold = bold;
    return made;
}

static struct formula *read_fraction(struct reader *reader) {
    struct formula *made = make(reader, FORM_FRACTION);
    if (!made || !(made->first = read_argument(reader)) || !(made->second = read_argument(reader))) return NULL;
    return made;
}

static struct formula *read_over(struct reader *reader, enum form form, const char *mark) {
    struct formula *made = make(reader, form);
    if (!made || !(made->first = read_argument(reader))) return NULL;
    made->text = mark;
    return made;
}

// The delimiter after \left or \right as one character; "." for none and for what has no tall form.
static char read_delimiter(struct reader *reader) {
    skip_blanks(reader);
    if (is_end(reader)) return '.';
    if (*reader->next == '\\' && reader->next + 1 < reader->end) reader->next++;
    char c = *reader->next++;
    return strchr("()[]|{}", c) ? c : '.';
}

static bool at_command(const struct reader *reader, const char *name) {
    size_t size = strlen(name);
    return (size_t)(reader->end - reader->next) >= size && memcmp(reader->next, name, size) == 0;
}

static struct formula *read_fence(struct reader *reader) {
    struct formula *made = make(reader, FORM_FENCE);
    char pair[3] = {read_delimiter(reader), '.', '\0'};
    if (!made || !(made->first = read_row(reader, "\\right"))) return NULL;
    if (at_command(reader, "\\right")) {
        reader->next += 6;
        pair[1] = read_delimiter(reader);
    } else {
        tell(reader, "a \\left has no \\right", 21, "");
    }
    if (!(made->text = arena_text(reader->arena, pair, 2))) {
        error_memory(reader->error);
        return NULL;
    }
    return made;
}

static struct formula *read_double_struck(struct reader *reader) {
    static const char *const letters[] = {"Cℂ", "E𝔼", "Nℕ", "Pℙ", "Qℚ", "Rℝ", "Zℤ"};
    struct formula *words = read_words(reader, true);
    for (size_t i = 0; words && words->form == FORM_TEXT && i < sizeof letters / sizeof *letters; i++)
        if (words->text[0] == letters[i][0] && !words->text[1]) words->text = letters[i] + 1, words->bold = false;
    return words;
}

static bool is_name(const char *name, size_t size, const char *wanted) {
    return strlen(wanted) == size && memcmp(name, wanted, size) == 0;
}

static struct formula *read_structure(struct reader *reader, const char *name, size_t size, bool *known) {
    *known = true;
    if (is_name(name, size, "frac") || is_name(name, size, "dfrac") || is_name(name, size, "tfrac"))
        return read_fraction(reader);
    if (is_name(name, size, "sqrt")) return read_over(reader, FORM_ROOT, "");
    if (is_name(name, size, "bar") || is_name(name, size, "overline")) return read_over(reader, FORM_ACCENT, "-");
    if (is_name(name, size, "hat") || is_name(name, size, "widehat")) return read_over(reader, FORM_ACCENT, "^");
    if (is_name(name, size, "dot")) return read_over(reader, FORM_ACCENT, ".");
    if (is_name(name, size, "left")) return read_fence(reader);
    if (is_name(name, size, "mathbf") || is_name(name, size, "boldsymbol")) return read_words(reader, true);
    if (is_name(name, size, "mathbb")) return read_double_struck(reader);
    if (is_name(name, size, "text") || is_name(name, size, "mathrm") || is_name(name, size, "operatorname"))
        return read_words(reader, false);
    *known = false;
    return NULL;
}

static struct formula *read_group(struct reader *reader);

// As it is written, with the group behind it.
static struct formula *read_unknown(struct reader *reader, const char *begin) {
    size_t size = (size_t)(reader->next - begin);
    tell(reader, begin, size, " is unknown");
    struct formula *name = make_text(reader, begin, size, ROLE_PLAIN, false);
    if (!name || is_end(reader) || *reader->next != '{') return name;
    struct formula *row = make(reader, FORM_ROW), *open = make_text(reader, "{", 1, ROLE_OPEN, false);
    struct formula *inner = read_group(reader), *close = make_text(reader, "}", 1, ROLE_PLAIN, false);
    if (!row || !open || !inner || !close) return NULL;
    row->first = name;
    name->next = open;
    open->next = inner;
    inner->next = close;
    return row;
}

static struct formula *read_command(struct reader *reader) {
    const char *begin = reader->next++, *name = reader->next;
    while (!is_end(reader) && isalpha((unsigned char)*reader->next)) reader->next++;
    if (reader->next == name && !is_end(reader)) reader->next++;
    size_t size = (size_t)(reader->next - name);
    bool known;
    struct formula *made = read_structure(reader, name, size, &known);
    if (known) return made;
    const struct sign *sign = find_sign(name, size);
    if (sign) return make_text(reader, sign->text, strlen(sign->text), sign->role, sign->italic);
    return read_unknown(reader, begin);
}

static size_t character_size(const char *text, const char *end) {
    size_t size = 1;
    while (text + size < end && ((unsigned char)text[size] & 0xC0) == 0x80) size++;
    return size;
}

static bool is_greek(const char *text, size_t size) {
    return size == 2 && ((unsigned char)text[0] == 0xCE || (unsigned char)text[0] == 0xCF);
}

// Numbers stay together; letters stand alone, since each may have its own index.
static struct formula *read_number(struct reader *reader) {
    const char *begin = reader->next;
    while (!is_end(reader) && (isdigit((unsigned char)*reader->next) || *reader->next == '.')) reader->next++;
    return make_text(reader, begin, (size_t)(reader->next - begin), ROLE_PLAIN, false);
}

static struct formula *read_character(struct reader *reader) {
    const char *text = reader->next;
    size_t size = character_size(text, reader->end);
    reader->next += size;
    if (*text == '-') return make_text(reader, "−", strlen("−"), ROLE_BINARY, false);
    if (*text == '*') return make_text(reader, "∗", strlen("∗"), ROLE_BINARY, false);
    if (*text == '\'') return make_text(reader, "′", strlen("′"), ROLE_PLAIN, false);
    enum role role = *text == '+'           ? ROLE_BINARY
                     : strchr("=<>", *text) ? ROLE_RELATION
                     : strchr(",;", *text)  ? ROLE_COMMA
                     : strchr("([", *text)  ? ROLE_OPEN
                                            : ROLE_PLAIN;
    return make_text(reader, text, size, role, isalpha((unsigned char)*text) || is_greek(text, size));
}

static struct formula *read_group(struct reader *reader) {
    reader->next++;
    struct formula *row = read_row(reader, "}");
    if (row && is_end(reader)) tell(reader, "a { has no }", 12, "");
    if (!is_end(reader)) reader->next++;
    return row;
}

static struct formula *read_inner(struct reader *reader) {
    if (*reader->next == '{') return read_group(reader);
    if (*reader->next == '\\') return read_command(reader);
    if (isdigit((unsigned char)*reader->next)) return read_number(reader);
    return read_character(reader);
}

static struct formula *read_one(struct reader *reader) {
    if (++reader->depth > FORMULA_DEEPEST) {
        error_set(reader->error, ERROR_LIMIT, SPAN_NONE, "a formula is nested more than %d deep", FORMULA_DEEPEST);
        return NULL;
    }
    struct formula *made = read_inner(reader);
    reader->depth--;
    return made;
}

static bool at_script(const struct reader *reader) {
    return !is_end(reader) && (*reader->next == '_' || *reader->next == '^');
}

// A sub- and a superscript after `base`, in any order. A second of a kind is left: it belongs to nothing.
static struct formula *read_scripts(struct reader *reader, struct formula *base) {
    struct formula *made = NULL;
    for (skip_blanks(reader); at_script(reader); skip_blanks(reader)) {
        bool super = *reader->next == '^';
        if (made && (super ? made->super : made->sub)) break;
        if (!made && !(made = make(reader, FORM_SCRIPT))) return NULL;
        made->first = base;
        made->role = base->role;
        reader->next++;
        struct formula *script = read_argument(reader);
        if (!script) return NULL;
        *(super ? &made->super : &made->sub) = script;
    }
    return made ? made : base;
}

static struct formula *read_member(struct reader *reader) {
    struct formula *base = at_script(reader) ? make(reader, FORM_ROW) : read_one(reader);
    return base ? read_scripts(reader, base) : NULL;
}

// Up to `stop` (which is left) or the end.
static struct formula *read_row(struct reader *reader, const char *stop) {
    struct formula *row = make(reader, FORM_ROW), **tail = row ? &row->first : NULL;
    for (skip_blanks(reader); row && !is_end(reader) && !at_command(reader, stop); skip_blanks(reader)) {
        if (*reader->next == '}') {
            if (reader->depth > 0) break; // closes what is outside
            tell(reader, "a } has no {", 12, "");
            reader->next++;
            continue;
        }
        struct formula *member = read_member(reader);
        if (!member) return NULL;
        *tail = member;
        tail = &member->next;
    }
    return row;
}

struct formula *formula_read(struct arena *arena, const char *text, size_t size, struct buffer *told,
                             struct error *error) {
    struct reader reader = {.arena = arena, .next = text, .end = text + size, .told = told, .error = error};
    struct formula *row = read_row(&reader, "\1");
    if (row && told->failed) error_memory(error);
    return told->failed ? NULL : row;
}

// ---- measuring ----------------------------------------------------------------------------------------------------

// Heights of glyphs are near enough by their kind.
static double text_ascent(const char *text) {
    static const char *const low[] = {"a", "c", "e", "g", "m", "n", "o", "p", "q", "r", "s", "u", "v", "w",
                                      "x", "y", "z", "α", "γ", "ε", "η", "ι", "κ", "μ", "ν", "π", "ρ", "σ",
                                      "τ", "υ", "φ", "ω", "χ", "·", ",", ".", "…", "+", "−", "="};
    for (size_t i = 0; i < sizeof low / sizeof *low; i++)
        if (strcmp(text, low[i]) == 0) return 0.52;
    return 0.74;
}

static double text_descent(const char *text) {
    return strpbrk(text, "gjpqyf()[]{}|,;Q") || text[0] & 0x80 ? 0.2 : 0.02;
}

static void measure(struct formula *f, double size, double smallest, bool display);

static void measure_text(struct formula *f, double size, bool display) {
    bool large = f->role == ROLE_LARGE;
    f->size = large ? size * (display ? 1.8 : 1.15) : size;
    f->width = paint_measure(f->text, FONT_SANS, f->size, f->bold, f->italic, NULL, NULL);
    f->ascent = large ? 0.66 * f->size + 0.1 * size : text_ascent(f->text) * size;
    f->descent = large ? 0.34 * f->size - 0.1 * size : text_descent(f->text) * size;
}

static double side_space(const struct formula *f, double size) {
    return f->role == ROLE_RELATION ? 0.28 * size : f->role == ROLE_BINARY ? 0.22 * size : 0;
}

// A sign between two terms has space around it; before a single one it is a sign of that.
static bool is_unary(const struct formula *f, const struct formula *last) {
    return f->role == ROLE_BINARY && (!last || last->role == ROLE_BINARY || last->role == ROLE_RELATION ||
                                      last->role == ROLE_OPEN || last->role == ROLE_COMMA);
}

static bool is_open(const struct formula *f) {
    return f->role == ROLE_OPEN || (f->form == FORM_FENCE && f->text[0] != '.');
}

static double space_between(const struct formula *last, bool last_unary, const struct formula *f, double size) {
    if (!last) return 0;
    double space = is_unary(f, last) ? 0 : side_space(f, size);
    space = fmax(space, last_unary ? 0 : side_space(last, size));
    if (last->role == ROLE_COMMA) space = fmax(space, 0.2 * size);
    if (last->role == ROLE_LARGE || f->role == ROLE_LARGE) space = fmax(space, 0.18 * size);
    if (last->stacked && f->stacked) space = fmax(space, 0.35 * size); // their limits may be wide
    bool word = last->role == ROLE_FUNCTION || last->role == ROLE_LIMIT;
    if (word && !is_open(f)) space = fmax(space, 0.16 * size);
    if ((f->role == ROLE_FUNCTION || f->role == ROLE_LIMIT) && last->role != ROLE_OPEN)
        space = fmax(space, 0.16 * size);
    return space;
}

static void measure_row(struct formula *f, double size, double smallest, bool display) {
    struct formula *last = NULL;
    bool last_unary = false, tight = size * SMALLEST_SIZE < 0.75 * smallest; // scripts leave little space
    f->width = f->ascent = f->descent = 0;
    for (struct formula *m = f->first; m; m = m->next) {
        measure(m, size, smallest, display);
        m->before = (tight ? 0.2 : 1) * space_between(last, last_unary, m, size);
        f->width += m->before + m->width;
        f->ascent = fmax(f->ascent, m->ascent);
        f->descent = fmax(f->descent, m->descent);
        last_unary = is_unary(m, last);
        last = m;
    }
}

static void measure_script(struct formula *f, double size, double smallest, bool display) {
    double small = fmax(SCRIPT_SIZE * size, smallest), wide = 0;
    measure(f->first, size, smallest, display);
    if (f->super) measure(f->super, small, smallest, false), wide = f->super->width;
    if (f->sub) measure(f->sub, small, smallest, false), wide = fmax(wide, f->sub->width);
    f->stacked = display && (f->role == ROLE_LARGE || f->role == ROLE_LIMIT) && f->first->form == FORM_TEXT;
    f->size = size;
    f->width = f->stacked ? fmax(f->first->width, wide) : f->first->width + wide + 0.04 * size;
    f->ascent = f->first->ascent;
    f->descent = f->first->descent;
    double gap = 0.12 * size;
    if (f->stacked) {
        if (f->super) f->ascent += gap + f->super->descent + f->super->ascent;
        if (f->sub) f->descent += gap + f->sub->ascent + f->sub->descent;
        return;
    }
    if (f->super) f->ascent = fmax(f->ascent, f->first->ascent - 0.36 * size + f->super->ascent);
    if (f->sub) f->descent = fmax(f->descent, fmax(0.17 * size, f->first->descent) + 0.1 * size + f->sub->descent);
}

static void measure_fraction(struct formula *f, double size, double smallest, bool display) {
    double part = display ? size : fmax(0.8 * size, smallest);
    measure(f->first, part, smallest, false);
    measure(f->second, part, smallest, false);
    f->size = size;
    f->width = fmax(f->first->width, f->second->width) + 0.3 * size;
    f->ascent = AXIS * size + 0.16 * size + f->first->descent + f->first->ascent;
    f->descent = 0.16 * size - AXIS * size + f->second->ascent + f->second->descent;
}

static void measure_over(struct formula *f, double size, double smallest, bool display) {
    bool root = f->form == FORM_ROOT;
    measure(f->first, size, smallest, display);
    f->size = size;
    f->width = f->first->width + (root ? 0.62 : 0.06) * size;
    f->ascent = f->first->ascent + (root ? 0.2 : 0.24) * size;
    f->descent = f->first->descent;
}

static void measure_fence(struct formula *f, double size, double smallest, bool display) {
    measure(f->first, size, smallest, display);
    f->size = size;
    f->width = f->first->width + ((f->text[0] != '.') + (f->text[1] != '.')) * 0.36 * size;
    double half = fmax(0.5 * size, fmax(f->first->ascent - AXIS * size, f->first->descent + AXIS * size));
    f->ascent = half + AXIS * size;
    f->descent = half - AXIS * size;
}

static void measure(struct formula *f, double size, double smallest, bool display) {
    switch (f->form) {
    case FORM_TEXT:
        measure_text(f, size, display);
        break;
    case FORM_ROW:
        measure_row(f, size, smallest, display);
        break;
    case FORM_SCRIPT:
        measure_script(f, size, smallest, display);
        break;
    case FORM_FRACTION:
        measure_fraction(f, size, smallest, display);
        break;
    case FORM_ROOT:
    case FORM_ACCENT:
        measure_over(f, size, smallest, display);
        break;
    case FORM_FENCE:
        measure_fence(f, size, smallest, display);
        break;
    }
}

struct formula_extent formula_measure(struct formula *formula, double size, bool display) {
    measure(formula, size, SMALLEST_SIZE * size, display);
    return (struct formula_extent){formula->width, formula->ascent, formula->descent};
}

// ---- drawing ------------------------------------------------------------------------------------------------------

static void line(struct scene *scene, struct point a, struct point b, colour ink, double width) {
    struct point p[4] = {a, {(2 * a.x + b.x) / 3, (2 * a.y + b.y) / 3}, {(a.x + 2 * b.x) / 3, (a.y + 2 * b.y) / 3}, b};
    scene_path(scene, p, 4, ink, width, false);
}

static void draw_text(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    struct buffer markup = {0};
    const char *mark = f->bold ? "**" : f->italic ? "*" : "";
    if (!f->text[0]) return;
    buffer_text(&markup, mark);
    scene_escape(&markup, f->text);
    buffer_text(&markup, mark);
    double drop = f->role == ROLE_LARGE ? 0.06 * f->size : 0;
    scene_text(scene, x, y + drop, buffer_string(&markup), f->size, ink, ANCHOR_START, FONT_SANS);
    scene->failed |= markup.failed;
    buffer_free(&markup);
}

static void draw_row(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    for (const struct formula *m = f->first; m; m = m->next) {
        formula_draw(m, x + m->before, y, ink, scene);
        x += m->before + m->width;
    }
}

static void draw_stacked(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    double gap = 0.12 * f->size, middle = x + f->width / 2;
    const struct formula *base = f->first, *super = f->super, *sub = f->sub;
    formula_draw(base, middle - base->width / 2, y, ink, scene);
    if (super) formula_draw(super, middle - super->width / 2, y - base->ascent - gap - super->descent, ink, scene);
    if (sub) formula_draw(sub, middle - sub->width / 2, y + base->descent + gap + sub->ascent, ink, scene);
}

static void draw_script(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    const struct formula *base = f->first;
    formula_draw(base, x, y, ink, scene);
    x += base->width + 0.02 * f->size;
    if (f->super) formula_draw(f->super, x, y - fmax(0.36 * f->size, base->ascent - 0.38 * f->size), ink, scene);
    if (f->sub) formula_draw(f->sub, x, y + fmax(0.17 * f->size, base->descent - 0.02 * f->size), ink, scene);
}

static void draw_fraction(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    double s = f->size, bar = y - AXIS * s, middle = x + f->width / 2;
    line(scene, (struct point){x + 0.08 * s, bar}, (struct point){x + f->width - 0.08 * s, bar}, ink, RULE * s);
    formula_draw(f->first, middle - f->first->width / 2, bar - 0.16 * s - f->first->descent, ink, scene);
    formula_draw(f->second, middle - f->second->width / 2, bar + 0.16 * s + f->second->ascent, ink, scene);
}

static void draw_root(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    double s = f->size, top = y - f->first->ascent - 0.12 * s, foot = y + f->first->descent;
    struct point p[] = {{x + 0.06 * s, y - 0.3 * s},
                        {x + 0.16 * s, y - 0.36 * s},
                        {x + 0.3 * s, foot},
                        {x + 0.5 * s, top},
                        {x + f->width, top}};
    for (int i = 0; i < 4; i++) line(scene, p[i], p[i + 1], ink, (i == 1 ? 1.6 : 1) * RULE * s);
    formula_draw(f->first, x + 0.54 * s, y, ink, scene);
}

static void draw_accent(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    double s = f->size, top = y - f->first->ascent - 0.1 * s, inset = 0.03 * s;
    double middle = x + f->width / 2 + 0.03 * s, half = fmin(0.2 * s, f->width / 2);
    formula_draw(f->first, x + inset, y, ink, scene);
    if (f->text[0] == '-') {
        line(scene, (struct point){x + 2 * inset, top}, (struct point){x + f->width, top}, ink, RULE * s);
    } else if (f->text[0] == '.') {
        scene_ellipse(scene, middle, top - 0.02 * s, 0.11 * s, 0.11 * s, ink, 0, 0);
    } else {
        struct point tip = {middle, top - 0.12 * s};
        line(scene, (struct point){middle - half, top}, tip, ink, RULE * s);
        line(scene, tip, (struct point){middle + half, top}, ink, RULE * s);
    }
}

// A delimiter as tall as the fence; `out` is 1 for a closing one, -1 for an opening one.
static void draw_delimiter(const struct formula *f, char kind, double x, double y, double out, colour ink,
                           struct scene *scene) {
    double s = f->size, top = y - f->ascent, bottom = y + f->descent, third = (bottom - top) / 3;
    double near = x - 0.09 * s * out, far = x + 0.09 * s * out;
    if (kind == '|') {
        line(scene, (struct point){x, top}, (struct point){x, bottom}, ink, RULE * s);
    } else if (kind == '[' || kind == ']') {
        line(scene, (struct point){near, top}, (struct point){far, top}, ink, RULE * s);
        line(scene, (struct point){far, top}, (struct point){far, bottom}, ink, RULE * s);
        line(scene, (struct point){far, bottom}, (struct point){near, bottom}, ink, RULE * s);
    } else {
        struct point p[] = {{near, top}, {far, top + third}, {far, bottom - third}, {near, bottom}};
        scene_path(scene, p, 4, ink, 1.3 * RULE * s, false);
    }
}

static void draw_fence(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    double s = f->size, side = 0.36 * s;
    if (f->text[0] != '.') {
        draw_delimiter(f, f->text[0], x + side / 2, y, -1, ink, scene);
        x += side;
    }
    formula_draw(f->first, x, y, ink, scene);
    if (f->text[1] != '.') draw_delimiter(f, f->text[1], x + f->first->width + side / 2, y, 1, ink, scene);
}

void formula_draw(const struct formula *f, double x, double y, colour ink, struct scene *scene) {
    switch (f->form) {
    case FORM_TEXT:
        draw_text(f, x, y, ink, scene);
        break;
    case FORM_ROW:
        draw_row(f, x, y, ink, scene);
        break;
    case FORM_SCRIPT:
        (f->stacked ? draw_stacked : draw_script)(f, x, y, ink, scene);
        break;
    case FORM_FRACTION:
        draw_fraction(f, x, y, ink, scene);
        break;
    case FORM_ROOT:
        draw_root(f, x, y, ink, scene);
        break;
    case FORM_ACCENT:
        draw_accent(f, x, y, ink, scene);
        break;
    case FORM_FENCE:
        draw_fence(f, x, y, ink, scene);
        break;
    }
}

// ---- plain text ---------------------------------------------------------------------------------------------------

struct raised {
    const char *plain, *sub, *super;
};

static const struct raised raised[] = {
    {"0", "₀", "⁰"}, {"1", "₁", "¹"}, {"2", "₂", "²"}, {"3", "₃", "³"},  {"4", "₄", "⁴"},  {"5", "₅", "⁵"},
    {"6", "₆", "⁶"}, {"7", "₇", "⁷"}, {"8", "₈", "⁸"}, {"9", "₉", "⁹"},  {"+", "₊", "⁺"},  {"−", "₋", "⁻"},
    {"(", "₍", "⁽"}, {")", "₎", "⁾"}, {"i", "ᵢ", "ⁱ"}, {"j", "ⱼ", "ʲ"},  {"k", "ₖ", "ᵏ"},  {"n", "ₙ", "ⁿ"},
    {"m", "ₘ", "ᵐ"}, {"x", "ₓ", "ˣ"}, {"a", "ₐ", "ᵃ"}, {"T", NULL, "ᵀ"}, {"′", NULL, "′"},
};

static const char *find_raised(const char *text, size_t size, bool super) {
    for (size_t i = 0; i < sizeof raised / sizeof *raised; i++)
        if (strlen(raised[i].plain) == size && memcmp(raised[i].plain, text, size) == 0)
            return super ? raised[i].super : raised[i].sub;
    return NULL;
}

// Small characters if there are some for all of it, else braces.
static void add_script(const char *text, bool super, struct buffer *out) {
    struct buffer small = {0};
    bool all = true;
    for (const char *c = text, *end = text + strlen(text); c < end && all;) {
        size_t size = character_size(c, end);
        const char *one = find_raised(c, size, super);
        if ((all = one != NULL)) buffer_text(&small, one);
        c += size;
    }
    if (all)
        buffer_text(out, buffer_string(&small));
    else
        buffer_printf(out, text[1] ? "%c{%s}" : "%c%s", super ? '^' : '_', text);
    out->failed |= small.failed;
    buffer_free(&small);
}

static void write_plain(const struct formula *f, bool tight, struct buffer *out);

static void add_part(const struct formula *f, bool super, struct buffer *out) {
    struct buffer part = {0};
    write_plain(f, true, &part);
    add_script(buffer_string(&part), super, out);
    out->failed |= part.failed;
    buffer_free(&part);
}

static bool is_simple(const struct formula *f) {
    if (f->form == FORM_ROW && f->first && f->first->next) {
        for (const struct formula *m = f->first; m; m = m->next)
            if (side_space(m, 1) > 0 || m->form == FORM_FRACTION) return false;
        return true;
    }
    return f->form != FORM_FRACTION && (f->form != FORM_ROW || !f->first || is_simple(f->first));
}

static void add_enclosed(const struct formula *f, bool always, bool tight, struct buffer *out) {
    bool wrap = always || !is_simple(f);
    if (wrap) buffer_char(out, '(');
    write_plain(f, tight, out);
    if (wrap) buffer_char(out, ')');
}

static bool is_closing(const struct formula *f) {
    return f->form == FORM_TEXT && f->text[0] && strchr(")]}", f->text[0]);
}

// Whether two members would run into each other: a fraction is as long as what stands beside it.
static bool runs_together(const struct formula *last, const struct formula *f) {
    return last && (last->form == FORM_FRACTION || f->form == FORM_FRACTION) && last->role != ROLE_OPEN &&
           f->role != ROLE_COMMA && !is_closing(f);
}

static void row_text(const struct formula *f, bool tight, struct buffer *out) {
    const struct formula *last = NULL;
    bool last_unary = false;
    for (const struct formula *m = f->first; m; m = m->next) {
        bool space = !tight && space_between(last, last_unary, m, 1) > 0;
        if (space || runs_together(last, m)) buffer_char(out, ' ');
        write_plain(m, tight, out);
        last_unary = is_unary(m, last);
        last = m;
    }
}

static void accent_text(const struct formula *f, bool tight, struct buffer *out) {
    struct buffer base = {0};
    write_plain(f->first, tight, &base);
    const char *text = buffer_string(&base), *end = text + base.size;
    bool one = text < end && text + character_size(text, end) == end;
    if (!one) buffer_char(out, '(');
    buffer_text(out, text);
    if (!one) buffer_char(out, ')');
    buffer_text(out, f->text[0] == '-' ? "\u0304" : f->text[0] == '.' ? "\u0307" : "\u0302");
    out->failed |= base.failed;
    buffer_free(&base);
}

static void fraction_text(const struct formula *f, bool tight, struct buffer *out) {
    add_enclosed(f->first, false, tight, out);
    buffer_char(out, '/');
    add_enclosed(f->second, false, tight, out);
}

static void fence_text(const struct formula *f, bool tight, struct buffer *out) {
    if (f->text[0] != '.') buffer_char(out, f->text[0]);
    write_plain(f->first, tight, out);
    if (f->text[1] != '.') buffer_char(out, f->text[1]);
}

// tight: without spaces around signs, for scripts.
static void write_plain(const struct formula *f, bool tight, struct buffer *out) {
    switch (f->form) {
    case FORM_TEXT:
        buffer_text(out, f->text);
        break;
    case FORM_ROW:
        row_text(f, tight, out);
        break;
    case FORM_SCRIPT:
        write_plain(f->first, tight, out);
        if (f->sub) add_part(f->sub, false, out);
        if (f->super) add_part(f->super, true, out);
        break;
    case FORM_FRACTION:
        fraction_text(f, tight, out);
        break;
    case FORM_ROOT:
        buffer_text(out, "√");
        add_enclosed(f->first, true, tight, out);
        break;
    case FORM_ACCENT:
        accent_text(f, tight, out);
        break;
    case FORM_FENCE:
        fence_text(f, tight, out);
        break;
    }
}

void formula_text(const struct formula *formula, struct buffer *out) { write_plain(formula, false, out); }
