typedef int help_stub;
