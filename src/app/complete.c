typedef int complete_stub;
