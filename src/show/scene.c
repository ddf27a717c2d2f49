typedef int show_scene_stub;
