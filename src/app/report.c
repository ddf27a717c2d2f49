typedef int report_stub;
