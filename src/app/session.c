typedef int session_stub;
