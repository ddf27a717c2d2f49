typedef int show_diagram_stub;
