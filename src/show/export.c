typedef int show_export_stub;
