typedef int history_stub;
