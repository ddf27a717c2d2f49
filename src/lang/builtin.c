typedef int lang_builtin_stub;
