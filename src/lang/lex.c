typedef int lang_lex_stub;
