// Completion of bauer's command line in the shells, made from the tables of options and commands.
#include <stdio.h>
#include <string.h>

#include "app/command.h"

// The flag alone: "--seed" of "--seed N".
static int flag_size(const struct command_option *option) { return (int)strcspn(option->flag, " "); }

// In single quotes, as all three shells take them; fish and zsh want some characters escaped besides.
static void put_quoted(struct buffer *out, const char *text, const char *escaped) {
    buffer_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buffer_text(out, "'\\''");
        else if (strchr(escaped, *text))
            buffer_printf(out, "\\%c", *text);
        else
            buffer_char(out, *text);
    }
    buffer_char(out, '\'');
}

static void bash(struct buffer *out) {
    buffer_text(out, "# bash completion for bauer\n_bauer() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n    case "
                     "$word in\n    -*) COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < command_option_count; i++)
        buffer_printf(out, "%.*s ", flag_size(&command_options[i]), command_options[i].flag);
    buffer_text(out, "' -- \"$word\")) ;;\n    :*) COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < command_count; i++) buffer_printf(out, ":%s ", command_table[i].name);
    buffer_text(out, "' -- \"$word\")) ;;\n    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\ncomplete -o "
                     "filenames -F _bauer bauer\n");
}

static void zsh(struct buffer *out) {
    buffer_text(out, "#compdef bauer\n# zsh completion for bauer\nlocal -a flags commands\nflags=(\n");
    for (size_t i = 0; i < command_option_count; i++) {
        char text[300];
        snprintf(text, sizeof text, "%.*s:%s", flag_size(&command_options[i]), command_options[i].flag,
                 command_options[i].doc);
        buffer_text(out, "    ");
        put_quoted(out, text, "");
        buffer_char(out, '\n');
    }
    buffer_text(out, ")\ncommands=(\n");
    for (size_t i = 0; i < command_count; i++) {
        char text[300];
        snprintf(text, sizeof text, "\\:%s:%s", command_table[i].name, command_table[i].summary);
        buffer_text(out, "    ");
        put_quoted(out, text, "");
        buffer_char(out, '\n');
    }
    buffer_text(out, ")\nif [[ $words[CURRENT] == :* || $words[CURRENT-1] == -c ]]; then\n"
                     "    _describe -t commands 'command' commands\n"
                     "elif [[ $words[CURRENT] == -* ]]; then\n"
                     "    _describe -t options 'option' flags\n"
                     "else\n    _files\nfi\n");
}

static void fish(struct buffer *out) {
    buffer_text(out, "# fish completion for bauer\n");
    for (size_t i = 0; i < command_option_count; i++) {
        const char *flag = command_options[i].flag;
        int size = flag_size(&command_options[i]);
        if (size < 2) continue; // a lone - is no option to fish
        if (flag[1] == '-')
            buffer_printf(out, "complete -c bauer -l %.*s -d ", size - 2, flag + 2);
        else
            buffer_printf(out, "complete -c bauer -s %c -d ", flag[1]);
        put_quoted(out, command_options[i].doc, "\\");
        buffer_char(out, '\n');
    }
    for (size_t i = 0; i < command_count; i++) {
        buffer_printf(out, "complete -c bauer -n 'contains -- -c (commandline -opc)[-1]' -f -a ':%s' -d ",
                      command_table[i].name);
        put_quoted(out, command_table[i].summary, "\\");
        buffer_char(out, '\n');
    }
}

const struct completion_shell completion_shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
const size_t completion_shell_count = sizeof completion_shells / sizeof *completion_shells;

bool command_completion(struct buffer *out, const char *shell) {
    for (size_t i = 0; i < completion_shell_count; i++)
        if (strcmp(completion_shells[i].name, shell) == 0) return completion_shells[i].write(out), true;
    return false;
}
