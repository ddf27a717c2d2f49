typedef int show_describe_stub;
