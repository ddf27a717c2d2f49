typedef int settings_stub;
