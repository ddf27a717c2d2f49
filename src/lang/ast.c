typedef int lang_ast_stub;
