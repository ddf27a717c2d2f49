typedef int command_stub;
