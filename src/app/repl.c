typedef int repl_stub;
