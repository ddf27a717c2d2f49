typedef int graph_label_stub;
