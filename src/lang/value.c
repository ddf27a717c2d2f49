typedef int lang_value_stub;
