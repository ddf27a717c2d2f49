typedef int bench_stub;
