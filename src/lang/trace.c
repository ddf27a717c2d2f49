typedef int lang_trace_stub;
