typedef int show_style_stub;
