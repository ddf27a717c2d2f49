typedef int show_layout_stub;
