typedef int show_paint_stub;
