typedef int lang_parse_stub;
