#include "random_program.h"

#include "op/op.h"

// What the function being written has so far: names "v0" ... are its numbers, indented by `indent`.
struct body {
    struct random_program *program;
    struct buffer *out;
    int indent;
    uint32_t variables;
    uint32_t helpers; // functions h0 ... of two numbers that can be called
    uint32_t budget;  // operations that may still be written
};

// ---- chance -------------------------------------------------------------------------------------------------------

// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t random_next(struct random_program *program) {
    uint64_t z = program->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t random_below(struct random_program *program, uint32_t bound) {
    return (uint32_t)(random_next(program) >> 33) % bound;
}

double random_between(struct random_program *program, double low, double high) {
    return low + (high - low) * (double)(random_next(program) >> 11) * 0x1p-53;
}

// ---- expressions --------------------------------------------------------------------------------------------------

static void write_expression(struct body *body, int depth);

static void write_number(struct body *body, double low, double high) {
    double value = random_between(body->program, low, high);
    buffer_printf(body->out, value < 0 ? "(%.6f)" : "%.6f", value);
}

static void write_variable(struct body *body) {
    buffer_printf(body->out, "v%u", random_below(body->program, body->variables));
}

// An expression with values between `low` and `high`: any expression, squeezed smoothly, or now and then a number.
static void write_operand(struct body *body, double low, double high, int depth) {
    static const char *const squeeze[] = {"tanh(", "sin(", "0.6*atan(", "erf("};
    if (random_below(body->program, 8) == 0) {
        write_number(body, low, high);
        return;
    }
    double middle = (low + high) / 2, radius = (high - low) / 2;
    buffer_printf(body->out, "(%.6g + %.6g*%s", middle, radius, squeeze[random_below(body->program, 4)]);
    write_expression(body, depth - 1);
    buffer_text(body->out, "))");
}

static void write_operation(struct body *body, const struct op_info *op, int depth) {
    double low = op->low, high = op->high;
    if (op->infix && op->arity == 1) {
        buffer_printf(body->out, "(%s", op->infix);
        write_operand(body, low, high, depth);
    } else if (op->infix) {
        buffer_char(body->out, '(');
        write_operand(body, low, high, depth);
        buffer_printf(body->out, " %s ", op->infix);
        write_operand(body, low, high, depth);
    } else {
        buffer_printf(body->out, "%s(", op->name);
        write_operand(body, low, high, depth);
        if (op->arity == 2) buffer_text(body->out, ", ");
        if (op->arity == 2) write_operand(body, low, high, depth);
    }
    buffer_char(body->out, ')');
}

// A whole right-hand side (depth 2) is never a mere variable.
static void write_expression(struct body *body, int depth) {
    uint32_t choice = depth == 2 ? 4 + random_below(body->program, 6) : random_below(body->program, 10);
    if (depth <= 0 || body->budget == 0 || choice < 4) {
        write_variable(body);
    } else if (choice == 4 && body->helpers) {
        buffer_printf(body->out, "h%u(", random_below(body->program, body->helpers));
        write_variable(body);
        buffer_text(body->out, random_below(body->program, 2) ? ", v1=" : ", ");
        write_variable(body);
        buffer_char(body->out, ')');
    } else if (choice == 5) {
        buffer_char(body->out, '(');
        write_variable(body);
        buffer_text(body->out, " if ");
        write_variable(body);
        buffer_text(body->out, " < ");
        write_number(body, -0.5, 0.5);
        buffer_text(body->out, " else ");
        write_expression(body, depth - 1);
        buffer_char(body->out, ')');
    } else {
        body->budget--;
        uint32_t first = OP_FIRST_ROW;
        write_operation(body, &op_table[first + random_below(body->program, OP_COUNT - first)], depth);
    }
}

// ---- statements ---------------------------------------------------------------------------------------------------

static void write_indent(struct body *body) { buffer_printf(body->out, "%*s", 4 * body->indent, ""); }

static void write_assignment(struct body *body, uint32_t variable, const char *sign) {
    write_indent(body);
    buffer_printf(body->out, "v%u %s ", variable, sign);
    write_expression(body, 2);
    buffer_char(body->out, '\n');
}

static void write_new(struct body *body) {
    write_assignment(body, body->variables, "=");
    body->variables++;
}

// A change of a variable that is there: inside a loop or a branch.
static void write_change(struct body *body) {
    static const char *const signs[] = {"=", "+=", "-=", "*="};
    body->indent++;
    write_assignment(body, random_below(body->program, body->variables), signs[random_below(body->program, 4)]);
    body->indent--;
}

static void write_line(struct body *body, const char *line) {
    write_indent(body);
    buffer_printf(body->out, "%s\n", line);
}

static void write_for(struct body *body) {
    write_line(body, random_below(body->program, 2) ? "for i in range(3):" : "for i in range(5, 0, -2):");
    write_change(body);
    body->indent++;
    write_indent(body);
    buffer_printf(body->out, "v%u = tanh(v%u + i/4)\n", body->variables - 1, body->variables - 1);
    body->indent--;
}

static void write_while(struct body *body) {
    write_line(body, "n = 0");
    write_line(body, "while n < 4:");
    body->indent++;
    write_line(body, "n += 1");
    write_line(body, "if n == 2:");
    write_line(body, "    continue");
    body->indent--;
    write_change(body);
}

static void write_if(struct body *body) {
    write_indent(body);
    buffer_text(body->out, "if ");
    write_variable(body);
    buffer_text(body->out, " < ");
    write_number(body, -0.5, 0.5);
    buffer_text(body->out, ":\n");
    write_change(body);
    write_line(body, "else:");
    write_change(body);
}

static void write_list(struct body *body) {
    static const char *const use[] = {"sum(items)", "max(items)", "min(items[1:])", "items[-1]*items[0]",
                                      "sum([e*e for e in items])"};
    write_indent(body);
    buffer_text(body->out, "items = [");
    for (uint32_t i = 0; i < 3; i++) {
        write_variable(body);
        buffer_text(body->out, i < 2 ? ", " : "]\n");
    }
    write_indent(body);
    buffer_text(body->out, "items.append(");
    write_expression(body, 1);
    buffer_text(body->out, ")\n");
    write_indent(body);
    buffer_printf(body->out, "v%u = %s\n", body->variables++, use[random_below(body->program, 5)]);
}

static void write_swap(struct body *body) {
    uint32_t a = random_below(body->program, body->variables), b = random_below(body->program, body->variables);
    write_indent(body);
    buffer_printf(body->out, "v%u, v%u = v%u, v%u\n", a, b, b, a);
}

static void write_statement(struct body *body) {
    switch (random_below(body->program, 12)) {
    case 0:
        write_for(body);
        break;
    case 1:
        write_while(body);
        break;
    case 2:
        write_if(body);
        break;
    case 3:
        write_list(body);
        break;
    case 4:
        write_swap(body);
        break;
    default:
        write_new(body);
    }
}

// ---- programs -----------------------------------------------------------------------------------------------------

static void write_helper(struct body *body, uint32_t number) {
    buffer_printf(body->out, "def h%u(v0, v1=0.25):\n", number);
    body->variables = 2;
    body->budget = 4;
    write_line(body, "\"\"\"A helper.\"\"\"");
    if (random_below(body->program, 2)) write_statement(body);
    write_indent(body);
    buffer_text(body->out, "return ");
    write_expression(body, 2);
    buffer_text(body->out, "\n\n");
    body->helpers = number + 1;
}

// f's head: some inputs are numbers, the others one list, `x`; the call has random numbers in their places.
static void write_head(struct body *body) {
    struct random_program *program = body->program;
    uint32_t count = 1 + random_below(program, RANDOM_PROGRAM_INPUTS_MAX), listed = random_below(program, count);
    program->input_count = count;
    body->variables = count - listed;
    buffer_text(&program->text, "def f(");
    buffer_text(&program->call, "f(");
    for (uint32_t i = 0; i < count; i++) {
        program->point[i] = random_between(program, -1, 1);
        bool first_listed = i == count - listed;
        if (i < count - listed || first_listed)
            buffer_printf(&program->text, i ? ", %s" : "%s", first_listed ? "x" : "");
        if (i < count - listed) buffer_printf(&program->text, "v%u", i);
        buffer_printf(&program->call, "%s%s%.17g", i ? ", " : "", first_listed ? "[" : "", program->point[i]);
    }
    buffer_text(&program->text, "):\n");
    buffer_text(&program->call, listed ? "])" : ")");
    for (uint32_t i = 0; i < listed; i++) {
        write_indent(body);
        buffer_printf(body->out, "v%u = 0.5 * x[%u]\n", body->variables++, i);
    }
}

static void write_return(struct body *body) {
    uint32_t outputs = 1 + random_below(body->program, 3);
    write_indent(body);
    buffer_printf(body->out, "return v%u", body->variables - 1);
    for (uint32_t i = 1; i < outputs; i++) {
        buffer_text(body->out, ", ");
        write_expression(body, 1);
    }
    buffer_char(body->out, '\n');
}

void random_program_init(struct random_program *program, uint64_t seed) {
    *program = (struct random_program){.state = seed};
    struct body body = {.program = program, .out = &program->text, .indent = 1};
    uint32_t helpers = random_below(program, 3), statements = 2 + random_below(program, 7);
    for (uint32_t i = 0; i < helpers; i++) write_helper(&body, i);
    write_head(&body);
    body.budget = 16;
    for (uint32_t i = 0; i < statements; i++) write_statement(&body);
    write_new(&body);
    write_return(&body);
}

void random_program_free(struct random_program *program) {
    buffer_free(&program->text);
    buffer_free(&program->call);
}
