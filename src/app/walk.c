typedef int walk_stub;
