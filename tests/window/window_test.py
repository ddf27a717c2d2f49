#!/usr/bin/env python3
"""The window as a person meets it: keys, mouse, sliders, walks, and everything that can go wrong with it.

    window_test.py BAUER BAUER-VIEW BAUER-LAYOUT FIGURE1.PY [PART-OF-A-NAME ...]

Each function test_* is one test; the answer is TAP. What the window shows is read from its own state (`:window state`)
and from the pixels of the display."""
import json
import math
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import traceback

import desk
from desk import Display, Failure, expect, middle_of, near, until, vertex, widget

PROGRAMS = {}
FIGURE1 = ""
display = None  # the one that most tests use
sessions = []  # to be closed after a test


def session(*arguments, on=None, **more):
    opened = desk.Session(PROGRAMS, on or display, arguments, **more)
    sessions.append(opened)
    return opened


def plain(**more):
    """bauer at the prompt, with the function of Figure 1 traced there and nothing shown yet."""
    s = session("-i", **more).ready()
    s.ask(":load " + FIGURE1)
    return s


def figure1(line=":lcg", **more):
    """bauer at the prompt with the function of Figure 1, and its window."""
    s = session("-i", FIGURE1, **more).ready()
    s.first = s.open(line)
    return s


def places(state):
    return {place["name"]: (place["x"], place["y"]) for place in state["vertices"]}


def moved(before, after):
    """How far each vertex has gone."""
    a, b = places(before), places(after)
    expect(a.keys() == b.keys(), f"the vertices are {sorted(b)}, were {sorted(a)}")
    return {name: (b[name][0] - a[name][0], b[name][1] - a[name][1]) for name in a}


# ---- when it opens ----------------------------------------------------------------------------------------------------


def test_opens_with_the_first_graph_and_not_before():
    s = plain()
    for line in ("1 + 1", ":jacobian", ":list", ":help keys"):
        s.ask(line)
    expect(not s.viewer(), "a window before anything was to be shown")
    s.ask(":graph")
    state = s.wait(lambda state: state["vertices"], "a picture")
    expect(state["view"] == "primal", f"the view is {state['view']}")
    expect(s.viewer(), "no process for the window")
    s.find_window()
    first = s.viewer()
    s.ask(":lcg")
    s.wait(lambda state: state["view"] == "lcg", "the linearized graph")
    expect(s.viewer() == first and len(s.windows()) == 1, "a second window")
    expect(s.end() == 0, "exit status")
    until(lambda: not s.windows(), "the window to go with the session")


def test_opens_at_start_for_a_file_that_leaves_a_graph():
    s = session("-i", FIGURE1).ready()
    state = s.wait(lambda state: state["vertices"], "a picture")
    expect(sorted(places(state)) == ["a", "b", "c", "d", "f", "x1", "x2"], f"it shows {sorted(places(state))}")


def opens_with(line):
    s = plain()
    s.ask(line)
    s.wait(lambda state: state["view"], f"a window after {line}")


def test_opens_with_paths():
    opens_with(":paths")


def test_opens_with_walk():
    opens_with(":walk reverse")


def marking_viewer(folder):
    """A program in the viewer's place that only leaves a mark that it was started."""
    return fake_viewer(folder, "open('started', 'w').close()")


def test_does_not_open_for_a_pipe():
    s = session("-i").ready()  # for its environment and folder
    environment = dict(s.environment, BAUER_VIEW=marking_viewer(s.folder))
    done = subprocess.run([PROGRAMS["bauer"], FIGURE1, "-c", ":graph", "-c", ":lcg"], env=environment, cwd=s.folder,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=desk.PATIENCE)
    expect(done.returncode == 0 and "7 vertices" in done.stdout, f"it printed {done.stdout!r} {done.stderr!r}")
    done = subprocess.run([PROGRAMS["bauer"]], input=":load " + FIGURE1 + "\n:graph\n", env=environment, cwd=s.folder,
                          capture_output=True, text=True, timeout=desk.PATIENCE)
    expect("7 vertices" in done.stdout, f"it printed {done.stdout!r} {done.stderr!r}")
    expect(not os.path.exists(s.path("started")), "a viewer was started for a pipe")


def test_does_not_open_with_no_window():
    s = session("--no-window", "-i", FIGURE1).ready()
    expect("7 vertices" in s.ask(":graph"), "the graph as text")
    expect(not s.viewer() and not s.windows(), "a window in spite of --no-window")


def test_a_file_opens_one_with_the_option():
    opens_for_a_file("-c", ":lcg")


def test_a_file_opens_one_with_the_option_and_nothing_else():
    opens_for_a_file()


def opens_for_a_file(*lines):
    s = session("-i").ready()  # for its environment and folder
    bauer = subprocess.Popen([PROGRAMS["bauer"], "--window", FIGURE1, *lines], env=s.environment, cwd=s.folder,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        s.find_window()
        expect(bauer.poll() is None, "bauer ended while its window is open")
        until(lambda: "lcg" in s.xdotool("getwindowname", s.window, check=False), "the title")
        s.key("q")
        out, _ = bauer.communicate(timeout=desk.PATIENCE)
        expect(bauer.returncode == 0 and ("8 edges" in out or not lines), f"status {bauer.returncode}, it printed {out!r}")
    finally:
        bauer.kill()
        bauer.wait()


def test_title_and_vertices():
    s = figure1()
    expect(s.xdotool("getwindowname", s.window).strip() == "bauer: lcg of f(0.5, 1.2)", "the title")
    state = s.first
    expect(sorted(places(state)) == ["a", "b", "c", "d", "f", "x1", "x2"], f"vertices {sorted(places(state))}")
    expect(len(state["edges"]) == 8, f"{len(state['edges'])} edges")
    expect(state["size"] == [1100, 760], f"size {state['size']}")
    here = places(state)
    expect(here["f"][1] < here["d"][1] < here["c"][1] < here["x2"][1], "the output is not above the inputs")
    panel = min(w["x"] for w in state["widgets"])
    expect(all(0 < x < panel and 0 < y < 760 for x, y in here.values()), "a vertex is out of sight")


def test_the_keyboard_stays_with_the_terminal():
    s = figure1()
    s.write("12 + 30")  # while the window is open and the pointer in it
    s.key("plus")
    s.read()
    start = len(s.text)
    s.write("\r")
    s.await_text(r"\b42\b", start)


# ---- keys -------------------------------------------------------------------------------------------------------------


def test_plus_and_minus_zoom():
    s = figure1()
    zoom = s.first["zoom"]
    s.key("plus")
    s.wait(lambda state: near(state["zoom"] / zoom, 1.25, 0.01), "a zoom of 1.25")
    s.key("equal")
    s.wait(lambda state: near(state["zoom"] / zoom, 1.25 ** 2, 0.01), "the zoom of 1.25 squared")
    s.key("minus", "minus", "minus")
    state = s.wait(lambda state: near(state["zoom"] / zoom, 0.8, 0.01), "a zoom of 0.8")
    expect(not state["fitted"], "it still counts as fitted")


def fits_again(key):
    s = figure1()
    s.key("plus", "plus", "Left")
    s.wait(lambda state: not state["fitted"] and state["zoom"] > 1.5 * s.first["zoom"], "a larger picture")
    s.key(key)
    state = s.wait(lambda state: state["fitted"] and near(state["zoom"], s.first["zoom"], 1e-6), "the whole picture")
    s.at_rest()
    shift = moved(s.first, s.state())
    expect(all(abs(dx) + abs(dy) < 1 for dx, dy in shift.values()), f"not where it was: {shift}")
    return state


def test_w_fits():
    fits_again("w")


def test_0_fits():
    fits_again("0")


def test_arrows_move_the_picture():
    s = figure1()
    for key, back, x, y in (("Left", "Right", 80, 0), ("Up", "Down", 0, 80)):
        s.key(key)
        s.wait(lambda state: all(near(dx, x, 1) and near(dy, y, 1) for dx, dy in moved(s.first, state).values()),
               f"the picture moved by {key}")
        s.key(back)
        s.wait(lambda state: all(near(dx, 0, 1) and near(dy, 0, 1) for dx, dy in moved(s.first, state).values()),
               f"the picture moved back by {back}")


def test_tab_and_arrows_go_from_vertex_to_vertex():
    s = figure1()
    seen = []
    for _ in range(7):
        s.key("Tab")
        state = s.wait(lambda state: state["focus"] and state["focus"] != (seen or [None])[-1], "the next vertex in hand")
        seen.append(state["focus"])
    expect(sorted(seen) == sorted(places(s.first)), f"Tab went over {seen}")
    s.key("shift+Tab")
    s.wait(lambda state: state["focus"] == seen[-2], "the vertex before")
    while s.state()["focus"] != "d":
        s.key("Tab")
    s.key("Up")
    s.wait(lambda state: state["focus"] == "f", "up from d to f")
    s.key("Down")
    s.wait(lambda state: state["focus"] == "d", "down from f to d")
    expect(s.state()["fitted"], "the picture moved although the vertex was in sight")


def test_return_picks_and_escape_lets_go():
    s = figure1()
    for name in ("x2", "f"):
        while s.state()["focus"] != name:
            s.key("Tab")
        s.key("Return")
        s.wait(lambda state: name in state["picks"], f"{name} picked")
    state = s.wait(lambda state: state["between"], "what is between the picks")
    expect("2 paths from x2 to f" in state["between"], state["between"])
    s.key("Escape")
    s.wait(lambda state: state["picks"] == [None, None] and not state["between"], "no picks")
    s.key("Escape")
    s.wait(lambda state: state["focus"] is None, "nothing in hand")


def test_search():
    s = figure1()
    s.key("slash")
    s.wait(lambda state: state["search"] == {"text": "", "at": 0, "found": 0}, "an empty search")
    s.type("x")
    s.wait(lambda state: state["search"] == {"text": "x", "at": 1, "found": 2} and state["focus"] == "x1", "x1, 1 of 2")
    s.type("2")
    s.wait(lambda state: state["search"]["found"] == 1 and state["focus"] == "x2", "x2, 1 of 1")
    s.key("BackSpace", "Return")
    for key, focus in (("n", "x1"), ("n", "x2"), ("n", "x1"), ("N", "x2"), ("N", "x1")):
        before = s.state()["focus"]
        s.key(key)
        state = s.wait(lambda state: state["focus"] != before, f"another vertex by {key}")
        expect(state["search"]["text"] == "x" and state["search"]["found"] == 2, f"the search is {state['search']}")
    s.at_rest()
    x, y = vertex(s.state(), s.state()["focus"])
    area = min(w["x"] for w in s.state()["widgets"])
    expect(0 < x < area and near(y, 380, 2), f"what was found is at {x}, {y}, not in the middle")
    s.key("Escape")
    s.wait(lambda state: state["search"] is None, "no search")
    s.key("t")  # a letter is a key again
    s.wait(lambda state: state["theme"] == "dark", "the dark theme")


def test_search_for_what_is_not_there():
    s = figure1()
    s.key("slash")
    s.type("qzt")  # letters that are keys too: none may close the window or change the theme
    state = s.wait(lambda state: state["search"] and state["search"]["text"] == "qzt", "the search")
    expect(state["search"]["found"] == 0 and state["theme"] == "light", "nothing to be found")
    s.key("Return", "n", "N")
    expect(s.state()["vertices"], "the window is there")


def test_p_hides_the_panel():
    s = figure1()
    panel = int(min(w["x"] for w in s.first["widgets"])) + 100
    before = display.area(panel, 20, 100, 200)
    s.key("p")
    state = s.wait(lambda state: not state["panel"], "no panel")
    expect(state["widgets"] == [], "widgets without a panel")
    until(lambda: display.area(panel, 20, 100, 200) != before, "other pixels where the panel was")
    s.key("p")
    s.wait(lambda state: state["panel"] and len(state["widgets"]) == len(s.first["widgets"]), "the panel again")


def test_question_mark_lists_the_keys():
    s = figure1()
    before = display.area(100, 250, 700, 200)
    s.key("question")
    s.wait(lambda state: state["help"], "the list of keys")
    until(lambda: display.area(100, 250, 700, 200) != before, "the list on the screen")
    s.key("Escape")
    s.wait(lambda state: not state["help"], "no list")
    s.key("F1")
    s.wait(lambda state: state["help"], "the list of keys by F1")


def test_b_blanks_the_screen():
    s = figure1()
    x, y = vertex(s.first, "a")
    s.key("b")
    s.wait(lambda state: state["blank"], "a blank screen")
    until(lambda: not any(display.area(0, 0, 1100, 760)[i] for i in range(0, 4 * 1100 * 760, 4 * 997)), "black pixels")
    s.key("b")
    s.wait(lambda state: not state["blank"], "the picture again")
    until(lambda: display.pixel(x, y) != 0, "pixels again")


def test_t_changes_the_theme():
    s = figure1()
    seen = set()
    for theme in ("dark", "projector", "light"):
        s.key("t")
        s.wait(lambda state: state["theme"] == theme, f"the theme {theme}")
        seen.add(theme)
        expect(theme in s.ask(":set theme"), f":set theme does not say {theme}")
    expect(len(seen) == 3, "three themes")


def test_the_theme_is_seen():
    s = figure1()
    light = display.pixel(3, 3)
    s.ask(":set theme dark")
    until(lambda: display.pixel(3, 3) != light, "another background")
    dark = display.pixel(3, 3)
    expect(sum(dark.to_bytes(3, "big")) < 200 < 600 < sum(light.to_bytes(3, "big")), f"{light:06x} and {dark:06x}")
    s.ask(":set theme light")
    until(lambda: display.pixel(3, 3) == light, "the light background again")


def test_d_turns_the_picture():
    s = figure1()
    for direction, above in (("right", None), ("down", False), ("left", None), ("up", True)):
        s.key("d")
        state = s.wait(lambda state: state["direction"] == direction, f"the direction {direction}")
        here = places(s.at_rest())
        if above is not None:
            expect((here["f"][1] < here["x1"][1]) == above, f"{direction}: f at {here['f']}, x1 at {here['x1']}")
        else:
            expect((here["f"][0] > here["x1"][0]) == (direction == "right"), f"{direction}: {here}")
        expect(direction in s.ask(":set direction"), f"the session's direction is not {direction}")


def test_f_is_full_screen_and_back():
    s = figure1()
    s.key("f")
    s.wait(lambda state: state["full"], "full screen")
    s.key("F11")
    s.wait(lambda state: not state["full"], "no full screen")
    s.key("f")
    s.wait(lambda state: state["full"], "full screen")
    s.key("Escape")
    s.wait(lambda state: not state["full"], "no full screen after Escape")


def test_type_becomes_larger_and_smaller():
    s = figure1()
    s.key("ctrl+plus")
    s.wait(lambda state: near(state["type"], 1.1, 1e-6), "larger type")
    s.key("ctrl+minus", "ctrl+minus")
    s.wait(lambda state: near(state["type"], 1 / 1.1, 1e-6), "smaller type")


def test_page_keys_home_and_end_step():
    s = figure1()
    s.key("Next")
    s.wait(lambda state: state["step"] and state["step"]["number"] == 1, "the first step")
    s.key("Next", "Next")
    s.wait(lambda state: state["step"]["number"] == 3, "step 3")
    s.key("Prior")
    s.wait(lambda state: state["step"]["number"] == 2, "step 2")
    s.key("End")
    s.wait(lambda state: state["step"]["number"] == 7, "the last step")
    s.key("Next")
    s.key("Home")
    s.wait(lambda state: state["step"]["number"] == 1, "the first step")
    s.key("Prior")
    s.wait(lambda state: state["step"]["number"] == 1, "still the first step")


def test_space_plays_and_stops():
    s = figure1(":walk primal")
    s.key("space")
    s.wait(lambda state: state["playing"], "playing")
    s.wait(lambda state: state["step"]["number"] >= 3, "step 3 by itself")
    s.key("space")
    s.wait(lambda state: not state["playing"], "a stop")
    s.key("End")
    s.wait(lambda state: state["step"]["number"] == 7, "the last step")
    s.key("space")
    s.wait(lambda state: state["playing"] and state["step"]["number"] < 7, "it begins again at the end")
    s.key("End")
    s.wait(lambda state: not state["playing"], "a stop at the last step")


def test_c_copies_what_is_under_the_pointer():
    s = figure1()
    s.point(*vertex(s.first, "a"))
    s.wait(lambda state: state["hover"] == "a", "a under the pointer")
    s.key("c")
    s.wait(lambda state: state["note"].startswith("copied: a = exp(x1)"), "the note")
    expect(selection(s).startswith("a = exp(x1)"), f"the clipboard has {selection(s)!r}")


def test_shift_c_copies_the_svg():
    s = figure1()
    s.key("C")
    s.wait(lambda state: "SVG" in state["note"], "the note")
    copied = until(lambda: selection(s), "something on the clipboard")
    expect("<svg" in copied[:400] and copied.rstrip().endswith("</svg>"), f"the clipboard has {copied[:200]!r}")


def test_ctrl_s_saves_the_picture():
    s = figure1()
    for name in ("bauer-1.svg", "bauer-2.svg"):
        s.key("ctrl+s")
        s.wait(lambda state: state["note"].endswith("/" + name), f"the note of {name}")
        with open(s.path(name), encoding="utf-8") as file:
            text = file.read()
        expect("<svg" in text and text.rstrip().endswith("</svg>"), "the file is no SVG")
        s.ask(":export same.svg")
        with open(s.path("same.svg"), encoding="utf-8") as file:
            expect(file.read() == text, "it is not what :export writes")
        os.remove(s.path("same.svg"))


def test_ctrl_s_where_nothing_can_be_written():
    s = figure1()
    shutil.rmtree(s.folder)
    s.key("ctrl+s")
    s.wait(lambda state: state["note"].startswith("not saved"), "the note")
    os.mkdir(s.folder)


def test_x_collapses_and_expands():
    s = session("-i").ready()
    with open(s.path("calls.py"), "w", encoding="utf-8") as file:
        file.write("def square(x):\n    y = x * x\n    return y + 1\n\ndef f(x):\n    return square(x) * square(2 * x)\n\nf(3)\n")
    s.ask(":load calls.py")
    before = s.open(":graph")
    name = next(place["name"] for place in before["vertices"] if place["name"].startswith("y"))
    s.point(*vertex(before, name))
    s.wait(lambda state: state["hover"] == name, f"{name} under the pointer")
    s.key("x")
    s.wait(lambda state: len(state["vertices"]) < len(before["vertices"]), "fewer boxes")
    state = s.at_rest()
    frame = next(place for place in state["vertices"] if place["name"] not in places(before))
    expect("square" in frame["name"], f"the box is called {frame['name']}")
    s.click(frame["x"], frame["y"], button=3)
    s.wait(lambda state: sorted(places(state)) == sorted(places(before)), "all of them again by a right click")


def test_x_where_there_is_no_call():
    s = figure1()
    s.point(*vertex(s.first, "a"))
    s.wait(lambda state: state["hover"] == "a", "a under the pointer")
    s.key("x")
    s.wait(lambda state: state["note"], "a note that says why not")
    expect(len(s.state()["vertices"]) == 7, "7 vertices")


def inputs(state):
    return {entry["name"]: entry["value"] for entry in state["inputs"]}


def test_i_takes_an_input_in_hand():
    s = figure1()
    s.key("i")
    s.wait(lambda state: state["input"] == 0, "the first input in hand")
    s.key("bracketright")
    s.wait(lambda state: near(inputs(state)["x1"], 0.52, 1e-9), "x1 = 0.52")
    expect("f(0.52, 1.2)" in s.state()["point"], "the point")
    s.key("i")
    s.wait(lambda state: state["input"] == 1, "the second input in hand")
    value = inputs(s.state())["x2"]
    s.key("bracketleft")
    s.wait(lambda state: inputs(state)["x2"] < value, "a smaller x2")
    s.type("2.5e-1")
    s.key("Return")
    s.wait(lambda state: inputs(state)["x2"] == 0.25, "x2 = 0.25, as typed")
    s.type("1-2")
    s.key("Return")
    s.wait(lambda state: "not a number" in state["note"] and inputs(state)["x2"] == 0.25, "a note and the old value")
    s.type("7")
    s.key("Escape")
    s.key("i")
    s.wait(lambda state: state["input"] is None and inputs(state)["x2"] == 0.25, "no input in hand, the old value")


def test_a_number_may_begin_with_a_dot():
    s = figure1()
    s.key("i")
    s.wait(lambda state: state["input"] == 0, "the first input in hand")
    for text, value in ((".75", 0.75), ("-.25", -0.25), ("1.5e-1", 0.15), ("1.", 1)):
        s.type(text)
        s.key("Return")
        s.wait(lambda state: inputs(state)["x1"] == value, f"x1 = {value} of {text}")
    s.ask(":save kept.py")
    with open(s.path("kept.py"), encoding="utf-8") as file:
        kept = re.findall(r":at .*", file.read())
    expect(kept == [":at x1=0.75", ":at x1=-0.25", ":at x1=0.15", ":at x1=1.0"], f"the moves were {kept}")
    s.key("greater")
    s.wait(lambda state: inputs(state)["x1"] > 1, "a larger x1")
    s.key("less")
    s.wait(lambda state: near(inputs(state)["x1"], 1, 1e-9), "x1 as it was")


def test_caps_lock_does_no_harm():
    s = figure1()
    s.key("Caps_Lock")
    try:
        s.key("t")
        s.wait(lambda state: state["theme"] == "dark", "the dark theme")
        s.key("plus")
        s.wait(lambda state: state["zoom"] > 1.2 * s.first["zoom"], "a larger picture")
        s.key("w")
        s.wait(lambda state: state["fitted"], "the whole picture")
        s.key("c")
        s.wait(lambda state: state["note"].startswith("copied: "), "the text copied, not the SVG")
        expect("SVG" not in s.state()["note"], s.state()["note"])
        s.key("slash")
        s.type("F")
        s.wait(lambda state: state["search"] and state["search"]["found"] == 1, "a search in either case")
    finally:
        s.key("Caps_Lock")


def test_q_closes_and_the_session_goes_on():
    s = figure1()
    s.read()
    start = len(s.text)
    s.key("q")
    s.await_text("the window is closed", start)
    until(lambda: not s.viewer(), "the end of its process")
    expect("2" in s.ask("1 + 1"), "the prompt")
    s.ask(":graph")
    s.wait(lambda state: state["vertices"], "another window")
    expect(s.text.count("the window is closed") == 1, "it said so more than once")
    expect(s.end() == 0, "exit status")


# ---- the mouse --------------------------------------------------------------------------------------------------------


def test_hover_of_a_vertex():
    s = figure1()
    x, y = vertex(s.first, "a")
    around = (int(x) - 40, int(y) - 25, 80, 50)
    before = display.area(*around)
    s.point(x, y)
    s.wait(lambda state: state["hover"] == "a", "a under the pointer")
    until(lambda: display.area(*around) != before, "it lit up")
    s.point(2, 2)
    s.wait(lambda state: state["hover"] is None, "nothing under the pointer")
    until(lambda: display.area(*around) == before, "it is as it was")


def test_hover_of_an_edge():
    s = figure1()
    a, x1 = vertex(s.first, "a"), vertex(s.first, "x1")
    s.point((a[0] + x1[0]) / 2, (a[1] + x1[1]) / 2)
    state = s.wait(lambda state: state["hover"], "an edge under the pointer")
    expect("∂a/∂x1" in state["hover"] and "1.65" in state["hover"], f"the edge is {state['hover']}")


# The numbers of Figure 1 at (0.5, 1.2): paths between two vertices, and the sum of their products.
BETWEEN = {
    ("x1", "f"): (2, 6.080507785915893),
    ("x2", "f"): (2, 3.715533510072489),
    ("x1", "d"): (1, 1.6487212707001282 * 1.1184469031606714),
    ("x2", "c"): (2, 0.9320390859672263 + 0.3623577544766736 * 1.2),
    ("b", "f"): (1, 1.2 * 1.6487212707001282 ** 2),
    ("a", "f"): (2, 1.8440071993896854 + 1.1184469031606714 * 1.6487212707001282),
}


def test_two_clicks_pick_and_the_numbers_are_right():
    s = figure1()
    for (start, end), (count, total) in BETWEEN.items():
        s.click(*vertex(s.at_rest(), start))
        s.wait(lambda state: state["picks"][0] == start, f"{start} picked")
        s.click(*vertex(s.at_rest(), end))
        state = s.wait(lambda state: state["picks"] == [start, end] and state["between"], f"{start} and {end} picked")
        text = state["between"]
        expect(f"{count} path{'s' if count > 1 else ''} from {start} to {end}" in text, text)
        number = float(re.search(r"= ([-0-9.e+]+)", text).group(1))
        expect(math.isclose(number, total, rel_tol=1e-5), f"{text!r}, but the sum is {total}")
    s.click(3, 3)
    s.wait(lambda state: state["picks"] == [None, None] and not state["between"], "no picks after a click beside")


def test_picks_without_a_path_between():
    s = figure1()
    s.click(*vertex(s.first, "x1"))
    s.wait(lambda state: state["picks"][0] == "x1", "x1 picked")
    s.click(*vertex(s.at_rest(), "b"))
    state = s.wait(lambda state: state["between"], "what is between them")
    expect("0 paths from x1 to b" in state["between"], state["between"])


def test_clicks_in_quick_succession_all_count():
    s = figure1()
    s.click(*vertex(s.first, "x1"))
    s.click(*vertex(s.first, "f"))
    s.wait(lambda state: state["between"], "x1 to f")
    places = s.at_rest()
    s.click(*vertex(places, "x2"))
    s.click(*vertex(places, "d"))
    s.wait(lambda state: state["picks"] == ["x2", "d"] and "from x2 to d" in state["between"], "x2 and d picked")


def test_the_picture_stays_put():
    s = figure1()
    s.click(*vertex(s.first, "x1"))
    s.click(*vertex(s.first, "f"))
    s.wait(lambda state: state["between"], "the paths between")
    shift = moved(s.first, s.at_rest())
    expect(all(abs(dx) + abs(dy) < 2 for dx, dy in shift.values()), f"two picks moved the picture: {shift}")
    s.click(3, 3)
    s.wait(lambda state: not state["between"], "no picks")
    shift = moved(s.first, s.at_rest())
    expect(all(abs(dx) + abs(dy) < 2 for dx, dy in shift.values()), f"letting go moved the picture: {shift}")


def test_wheel_zooms_at_the_pointer():
    s = figure1()
    for name, button in (("d", 4), ("c", 5)):
        before = s.at_rest()
        x, y = vertex(before, name)
        s.click(x, y, button=button, times=3)
        s.wait(lambda state: near(state["zoom"] / before["zoom"], 1.15 ** (3 if button == 4 else -3), 0.01), "the zoom")
        after = vertex(s.at_rest(), name)
        expect(near(after[0], x, 1.5) and near(after[1], y, 1.5), f"{name} was at {x, y} and is at {after}")


def test_dragging_moves_the_picture():
    s = figure1()
    s.drag([(30, 100), (60, 120), (130, 160)])
    s.wait(lambda state: all(near(dx, 100, 8) and near(dy, 60, 8) for dx, dy in moved(s.first, state).values()),
           "the picture moved along")
    expect(s.state()["picks"] == [None, None], "a drag picked something")


def test_double_click_fits():
    s = figure1()
    s.key("plus", "plus")
    s.wait(lambda state: not state["fitted"] and state["zoom"] > 1.5 * s.first["zoom"], "a larger picture")
    s.at_rest()
    s.click(4, 4, times=2)
    s.wait(lambda state: state["fitted"] and near(state["zoom"], s.first["zoom"], 1e-6), "the whole picture")


def test_sizes_from_1_to_8000():
    s = figure1()
    for width, height in ((1, 1), (8000, 4000), (37, 900), (900, 5), (1100, 760)):
        s.xdotool("windowsize", s.window, width, height)
        s.wait(lambda state: state["size"] == [width, height], f"the size {width}x{height}")
        expect("2" in s.ask("1 + 1"), "the prompt")
    shift = moved(s.first, s.at_rest())
    expect(all(abs(dx) + abs(dy) < 2 for dx, dy in shift.values()), f"not where it was: {shift}")
    expect(s.text.count("the window is") == 0, "the window went")


def test_stays_closed_after_steps_in_it():
    s = figure1()
    s.ask(":walk reverse")
    s.key("Next", "Next")
    s.wait(lambda state: state["step"] and state["step"]["number"] == 3, "step 3")
    s.ask(":window close")
    s.ask("1 + 1")
    expect(not s.viewer(), "a window that was closed is back, though nothing was asked to be shown")
    s.ask(":next")
    s.wait(lambda state: state["step"], "the window with the next step")


# ---- sliders ----------------------------------------------------------------------------------------------------------


def drag_slider(s, index, shares):
    place = widget(s.state(), "slider", index)
    y = place["y"] + place["height"] / 2
    s.drag([(place["x"] + share * place["width"], y) for share in shares])


def test_a_slider_moves_the_point():
    s = figure1()
    drag_slider(s, 0, [0.5, 0.55, 0.6, 0.7, 0.75])
    state = s.wait(lambda state: inputs(state)["x1"] > 0.9, "a larger x1")
    state = s.at_rest()
    x1, x2 = inputs(state)["x1"], inputs(state)["x2"]
    expect(x2 == 1.2, "x2 has moved too")
    expect(s.text.count("\x1b[?2004h"), "a prompt")
    said = s.ask(":jacobian")
    a, b = math.exp(x1), math.sin(x2)
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", said)]
    expect(any(math.isclose(number, 2 * a * a * b * x2, rel_tol=1e-9) for number in numbers),
           f"the prompt's Jacobian {said!r} is not that at x1 = {x1}")
    title = s.xdotool("getwindowname", s.window)
    expect(state["point"] in title, f"the title is {title!r}, the point {state['point']}")
    s.ask(":save kept.py")
    with open(s.path("kept.py"), encoding="utf-8") as file:
        kept = file.read()
    values = [float(number) for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", kept)]
    expect(any(math.isclose(value, x1, rel_tol=1e-12) for value in values), f":save wrote {kept!r}, x1 is {x1}")


def test_undo_takes_back_a_whole_drag():
    s = figure1()
    drag_slider(s, 1, [0.5, 0.55, 0.6, 0.65, 0.7, 0.8])
    s.wait(lambda state: inputs(state)["x2"] > 1.3, "a larger x2")
    s.at_rest()
    s.ask(":undo")
    s.wait(lambda state: inputs(state) == {"x1": 0.5, "x2": 1.2}, "the point before the drag")
    s.ask(":redo")
    s.wait(lambda state: inputs(state)["x2"] > 1.3, "the point after the drag")


def test_at_moves_the_slider():
    s = figure1()
    s.ask(":at x1=-3")
    s.wait(lambda state: inputs(state)["x1"] == -3, "x1 = -3")
    s.at_rest()
    before = widget(s.state(), "slider", 0)
    drag_slider(s, 0, [0.5, 0.5])
    state = s.wait(lambda state: near(inputs(state)["x1"], -3, 0.2), "x1 where the slider's middle is")
    expect(widget(state, "slider", 0) == before, "the slider is elsewhere")


def looped(seconds):
    """bauer at the prompt, with a function that goes round for so long, at least, of the processor, and its window."""
    s = session("-i").ready()
    s.ask(":set steps 1000000000")

    def take(turns):
        s.ask(f"def f(x):\r    for i in range({turns}): j = i\r    return x\r")
        begin = processor(s)
        s.ask("f(2.0)")
        return processor(s) - begin

    turns = 500000 if seconds else 5
    while take(turns) < seconds:
        turns *= 2
    s.first = s.open(":lcg")
    return s


def typed_then_dragged(s, text):
    """Drags the slider while `text` stands at the prompt; returns what the terminal got until the title is new."""
    place, title = widget(s.state(), "slider"), s.xdotool("getwindowname", s.window)
    y = place["y"] + place["height"] / 2
    s.read()
    start = len(s.text)
    s.write(text)
    s.await_text(re.escape(text), start)
    time.sleep(1.3)  # longer than work goes on before it says so
    start = len(s.text)
    s.drag([(place["x"] + 0.7 * place["width"], y)] * 2)
    until(lambda: s.xdotool("getwindowname", s.window) != title, "the point in the window's title")
    return start


def test_a_slider_leaves_the_line_that_is_typed():
    s = looped(0)
    start = typed_then_dragged(s, "1 + 2")
    expect(s.ask("").strip().startswith("3"), "the line that was typed is run")
    expect("tracing" not in s.text[start:], f"the terminal got {s.text[start:]!r}")
    expect(s.state()["busy"] == "", "the window is busy")


def test_a_slow_slider_tells_and_draws_the_line_again():
    s = looped(2.5)
    start = typed_then_dragged(s, "1 + 2")
    found = s.await_text(r"tracing, steps so far: \d+ \(Ctrl-C stops\)", start)
    expect(" 0 (" not in found.group(0), "told when it had only begun")
    s.await_text(r"\r\x1b\[K[^\n]*1 \+ 2", found.end())
    expect(s.ask("").strip().startswith("3"), "the line that was typed is run")
    expect(s.state()["busy"] == "", "the window is busy")


def test_a_field_takes_a_number():
    s = figure1()
    s.click(*middle_of(widget(s.first, "field", 1)))
    s.wait(lambda state: state["input"] == 1, "x2 in hand")
    s.type("-0.75")
    s.key("Return")
    s.wait(lambda state: inputs(state)["x2"] == -0.75, "x2 = -0.75")
    said = s.ask(":graph")
    expect("-0.75" in said, f"the prompt's graph is {said!r}")


def test_a_value_where_the_function_is_none():
    s = session("-i").ready()
    s.ask("from math import log")
    s.ask("f = lambda x: log(x)")
    s.ask("f(2.0)")
    s.open(":lcg")
    s.key("i")
    s.type("-1")
    s.key("Return")
    s.wait(lambda state: state["note"] or near(inputs(state)["x"], -1, 0), "a note, or a value that is none")
    s.type("3")
    s.key("Return")
    s.wait(lambda state: inputs(state)["x"] == 3, "x = 3 afterwards")


# ---- walking ----------------------------------------------------------------------------------------------------------


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


def prompt_steps(kind):
    """What a walk says at the prompt, step by step, without a window."""
    s = session("--no-window", "-i", FIGURE1).ready()
    said = [s.ask(":walk " + kind)]
    count = int(re.search(r"(?:step|path) 1 of (\d+)", said[0]).group(1))
    said += [s.ask(":next") for _ in range(count - 1)]
    return [flat(text) for text in said]


def walk_by_keys(kind):
    steps = prompt_steps(kind)
    s = figure1()
    s.ask(":walk " + kind)
    numbers = list(range(1, len(steps) + 1)) + list(range(len(steps) - 1, 0, -1))
    for at, number in enumerate(numbers):
        if at:
            s.key("Next" if number > numbers[at - 1] else "Prior")
        step = s.wait(lambda state: state["step"] and state["step"]["number"] == number, f"step {number}")["step"]
        expect(step["kind"] == kind and step["count"] == len(steps), f"{step}")
        there = steps[number - 1]
        for part in ("title", "arithmetic", "words"):
            for line in step[part].splitlines():
                expect(flat(line) in there, f"{kind} {number}: the window's {line!r} is not in the prompt's {there!r}")
        running = step["running"]
        if isinstance(running, float) and math.isfinite(running):
            expect(f"{running:.6g}" in there or repr(running) in there, f"{kind} {number}: {running} not in {there!r}")
    return s


def test_walk_primal():
    walk_by_keys("primal")


def test_walk_forward():
    walk_by_keys("forward")


def test_walk_reverse():
    walk_by_keys("reverse")


def test_walk_paths():
    s = walk_by_keys("paths")
    s.key("End")
    s.wait(lambda state: state["step"]["number"] == state["step"]["count"], "the last path")


def test_walk_eliminate():
    walk_by_keys("eliminate")


def test_after_elimination_the_edges_are_the_jacobian():
    s = figure1()
    s.ask(":walk eliminate")
    s.key("End")
    state = s.wait(lambda state: state["step"] and state["step"]["number"] == state["step"]["count"], "the last step")
    left = {(edge["from"], edge["to"]): edge["partial"] for edge in state["rest"]}
    for name in ("x1", "x2"):
        expect(math.isclose(left.pop((name, "f")), BETWEEN[name, "f"][1], rel_tol=1e-12), f"the edges are {state['rest']}")
    expect(not left, f"other edges are left: {left}")


def eliminated(edges, name):
    """The edges after a vertex is gone: each path over it becomes an edge, or is added to the one that is there."""
    left = {ends: value for ends, value in edges.items() if name not in ends}
    for (source, through), first in edges.items():
        for (start, target), second in edges.items():
            if through == name == start:
                left[source, target] = left.get((source, target), 0) + first * second
    return left


def test_every_step_of_an_elimination_has_the_right_edges():
    s = figure1()
    said = s.ask(":lcg")
    edges = {(a, b): float(x) for a, b, x in re.findall(r"(\w+) +-> (\w+) .*= ([-0-9.e+]+)", said)}
    expect(len(edges) == 8, f"the edges at the prompt: {said!r}")
    s.ask(":walk eliminate b c d a")
    for number, name in enumerate("bcda", 1):
        if number > 1:
            s.key("Next")
        state = s.wait(lambda state: state["step"] and state["step"]["number"] == number, f"step {number}")
        edges = eliminated(edges, name)
        here = {(edge["from"], edge["to"]): edge["partial"] for edge in state["rest"]}
        expect(here.keys() == edges.keys() and all(math.isclose(here[ends], edges[ends], rel_tol=1e-12) for ends in here),
               f"after {name} the window has {here}, not {edges}")


def test_the_timeline_is_dragged():
    s = figure1(":walk reverse")
    s.wait(lambda state: any(w["kind"] == "timeline" for w in state["widgets"]), "a timeline")
    place = widget(s.at_rest(), "timeline")
    y = place["y"] + place["height"] / 2
    s.drag([(place["x"] + share * place["width"], y) for share in (0, 0.3, 0.6, 1)])
    state = s.wait(lambda state: state["step"]["number"] == state["step"]["count"], "the last step")
    count = state["step"]["count"]
    s.drag([(place["x"] + share * place["width"], y) for share in (1, 0.5, 0)])
    s.wait(lambda state: state["step"]["number"] == 1, "the first step")
    for kind, number in (("next", 2), ("last", count), ("back", count - 1), ("first", 1)):
        s.click(*middle_of(widget(s.at_rest(), kind)))
        s.wait(lambda state: state["step"]["number"] == number, f"step {number} by the button {kind}")
    s.click(*middle_of(widget(s.at_rest(), "play")))
    s.wait(lambda state: state["playing"], "playing by the button")


def test_the_panel_lights_the_line():
    s = figure1(":walk primal")
    s.key("Next", "Next")
    state = s.wait(lambda state: state["step"] and state["step"]["number"] == 3, "step 3: a = exp(x1)")
    expect(state["line"] == 2, f"line {state['line']} of the function is lit, not 2")


def test_a_step_at_the_prompt_is_seen_in_the_window():
    s = figure1(":walk primal")
    s.ask(":next")
    s.wait(lambda state: state["step"] and state["step"]["number"] == 2, "step 2")
    s.key("Next")
    s.wait(lambda state: state["step"]["number"] == 3, "step 3")
    expect("step 4 of 7" in s.ask(":next"), "the prompt goes on from the window's step")


# ---- sampling ---------------------------------------------------------------------------------------------------------

SAMPLING = 65536  # number of its first slider


def sampled(*lines):
    s = figure1()
    for line in lines:
        s.ask(line)
    s.wait(lambda state: state.get("sampling"), "the sampling")
    s.key("e")  # to the end of the first samples at once
    s.wait(lambda state: not state["sampling"]["plays"], "all samples")
    return s


def total(sampling):
    return sum(sampling["bins"]) + sampling["below"] + sampling["above"]


def test_sampled_paths_light_up_and_pile_up():
    s = figure1()
    before = display.area(0, 0, 700, 700)
    s.ask(":sample 1000 walk")
    state = s.wait(lambda state: state.get("sampling"), "the sampling")
    expect(state["sampling"]["plays"], "the first samples light up one by one")
    until(lambda: display.area(0, 0, 700, 700) != before, "a lit path on the screen")
    first = s.state()["sampling"]["at"]
    s.wait(lambda state: state["sampling"]["at"] > first, "the next sample")
    s.key("e")
    state = s.wait(lambda state: not state["sampling"]["plays"], "all samples")
    sampling = state["sampling"]
    expect(total(sampling) == sampling["samples"] == 1000, f"{total(sampling)} samples in the histogram")
    expect(near(sampling["exact"], 3.7155335100724889, 1e-12), f"the exact value is {sampling['exact']}")
    shares = [share for edge, share in sampling["pile"]]
    expect(len(shares) == 5 and shares.count(1) == 2, f"two of five edges are in every path: {shares}")
    shown = display.area(0, 0, 1000, 700)
    s.key("e")
    s.wait(lambda state: not state["sampling"]["shown"], "hidden")
    until(lambda: display.area(0, 0, 1000, 700) != shown, "a picture without it")
    s.ask(":at x1=1")  # another graph: nothing was sampled there
    s.wait(lambda state: not state.get("sampling"), "no sampling")


def test_a_slider_draws_more_samples():
    s = sampled(":sample 100 walk x2 -> f seed 4")
    drag_slider(s, SAMPLING, [0.34, 0.4, 0.5, 2 / 3])
    state = s.wait(lambda state: state["sampling"]["samples"] > 5000, "more samples")
    state = s.at_rest()
    expect(total(state["sampling"]) == state["sampling"]["samples"], "all are in the histogram")
    expect(s.ask(":trials").count("walk") == 2, "the drag is one trial")


def test_sliders_change_the_pattern():
    s = sampled(":pattern interleaved 3 3", ":sample 200 vertices 1")
    names = [slider["name"] for slider in s.state()["sampling"]["sliders"]]
    expect(names == ["samples", "K", "width", "depth"], names)
    drag_slider(s, SAMPLING + 3, [0.2, 0.3, 0.36])
    s.wait(lambda state: len(state["vertices"]) > 11, "a deeper pattern")
    state = s.at_rest()
    depth = state["sampling"]["sliders"][3]["value"]
    expect(len(state["vertices"]) == 2 + 3 * depth, f"{len(state['vertices'])} vertices at depth {depth}")
    drag_slider(s, SAMPLING + 1, [0.0, 0.5, 1.0])
    s.wait(lambda state: state["sampling"]["sliders"][1]["value"] == 3, "K = 3")
    s.at_rest()
    s.ask(":undo")
    s.wait(lambda state: len(state["vertices"]) == 11, "the pattern as it was, by one :undo")


def test_patterns_run_from_left_to_right():
    s = session("-i").ready()
    s.open(":pattern interleaved 3 2")
    state = s.at_rest()
    at = places(state)
    expect(at["theta"][0] < at["A_1"][0] < at["B_1"][0] < at["y"][0], f"theta, A, B, y from left to right: {at}")
    expect(near(at["A_1"][0], at["A_3"][0], 1) and at["A_1"][1] < at["A_2"][1] < at["A_3"][1], f"A in a column: {at}")
    s.ask(":pattern vector 3 3")
    s.wait(lambda state: [place["name"] for place in state["vertices"]] == ["theta", "A", "B", "C", "y"], "letters")
    s.ask(":pattern independent 3 1")
    s.wait(lambda state: len(state["vertices"]) == 5, "vertices again, not a layer")
    said = s.ask(":pattern interleaved 30 100")  # 3002 vertices
    expect("one vertex for each layer" in said, said)
    s.wait(lambda state: len(state["vertices"]) == 102, "a vertex for each layer")
    state = s.at_rest()
    x, y = vertex(state, "theta")
    expect(0 < x < 200 and 0 < y < state["size"][1], f"the input stands at the left, not at {x}, {y}")
    s.ask(":pattern interleaved 3 2")
    state = s.wait(lambda state: len(state["vertices"]) == 8, "the small one")
    expect("too large" not in state["note"], state["note"])


def test_labels_lie_above_sampled_paths():
    s = session("-i").ready()
    s.open(":pattern interleaved 3 2")
    s.ask(":lcg")
    s.wait(lambda state: state["view"] == "lcg", "the linearized graph")
    s.at_rest()
    s.ask(":sample 1000 edges 1")  # each sample reads every edge
    s.wait(lambda state: state.get("sampling"), "the sampling")
    s.key("e")
    s.wait(lambda state: not state["sampling"]["plays"], "all samples")
    s.point(2, s.state()["size"][1] - 2)
    state = s.at_rest()
    expect(all(share == 1 for _, share in state["sampling"]["pile"]), "all edges are full")
    (x0, y0), (x1, y1) = vertex(state, "theta"), vertex(state, "A_2")
    expect(near(y0, y1, 1), "a level edge")
    row = [display.pixel(x, y0) for x in range(round(x0), round(x1))]
    thick = [i for i, ink in enumerate(row) if ink >> 16 > 0xD0 and ink & 0xFF < 0xA8]  # the accent, mixed with white
    gaps = [b - a for a, b in zip(thick, thick[1:]) if b - a > 8]
    expect(thick and len(gaps) == 1, f"its label cuts it once, {gaps}")


# ---- lessons ----------------------------------------------------------------------------------------------------------


def lessons():
    return os.path.join(os.path.dirname(os.path.dirname(FIGURE1)), "lessons")


def taught(lesson, **more):
    """A session in a lesson, with its window."""
    s = session("-i", BAUER_LESSONS=lessons(), **more).ready()
    s.ask(f":lesson {lesson}")
    s.wait(lambda state: state["lesson"] and "step 1 of" in state["text"], "the first step")
    s.find_window()
    return s


def step_is(s, number):
    return s.wait(lambda state: f"step {number} of" in (state["text"] or ""), f"step {number}")


def test_a_lesson_is_stepped_through_by_a_clicker():
    s = taught(3)
    s.key("Next")
    state = step_is(s, 2)
    expect(state["view"] == "lcg", f"the view is {state['view']}")
    expect("Question" in state["text"], "no question in the panel")
    s.key("Next")
    state = step_is(s, 3)
    expect(state["view"] == "paths", f"the view is {state['view']}")
    s.key("Prior")
    state = step_is(s, 2)
    expect(state["view"] == "lcg", f"the view is {state['view']}")
    s.ask(":at x1=2")
    s.wait(lambda state: "2" in state["point"], "another point")
    s.key("Next", "Prior")
    state = s.wait(lambda state: "step 2 of" in state["text"] and "0.5" in state["point"], "the lesson's point again")
    s.ask(":lesson end")
    expect(not s.ask("1 + 1").startswith("error"), "the session goes on")


def test_a_lesson_keeps_its_text_beside_a_plot():
    s = taught(7)
    s.ask(":goto 4")
    state = s.wait(lambda state: state["view"] == "plot" and "step 4 of" in state["text"], "a plot with its text")
    right = (state["plot"]["left"] + state["plot"]["width"]) * state["zoom"]
    expect(right < state["size"][0] - 340, f"the plot ends at {right} of {state['size'][0]}")


def nothing_is_cut_off(first):
    """Of every third lesson, from the `first` on; under the sanitizers, which change no picture, of one of them."""
    names = sorted(name[:-3] for name in os.listdir(lessons()) if re.match(r"\d\d.*\.md$", name))[first::3]
    for lesson in names[:1] if "ASAN_OPTIONS" in os.environ else names:
        s = taught(lesson)
        s.ask(":set theme projector")
        s.xdotool("windowsize", "--sync", s.window, 1280, 720, check=False)
        s.wait(lambda state: state["size"] == [1280, 720] and state["theme"] == "projector", "1280 by 720")
        steps = int(re.search(r"step 1 of (\d+)", s.state()["text"]).group(1))
        expect(steps >= 8, f"{lesson} has {steps} steps")
        for number in range(1, steps + 1):
            s.ask(f":goto {number}")
            state = step_is(s, number)
            expect(not state["cut"], f"{lesson}: step {number} does not fit in the window")
            expect(state["vertices"], f"{lesson}: step {number} shows nothing")
        s.end()


def test_nothing_of_a_lesson_is_cut_off_1():
    nothing_is_cut_off(0)


def test_nothing_of_a_lesson_is_cut_off_2():
    nothing_is_cut_off(1)


def test_nothing_of_a_lesson_is_cut_off_3():
    nothing_is_cut_off(2)


def test_an_instructor_has_a_window_of_notes():
    s = taught(3)
    before = display.area(300, 300, 400, 300)
    s.ask(":lesson notes")
    both = until(lambda: s.windows() if len(s.windows()) == 2 else None, "a second window")
    notes = [number for number in both if number != s.window][0]
    until(lambda: "notes of" in s.xdotool("getwindowname", notes), "its title")
    s.xdotool("windowmove", notes, 0, 0)
    s.xdotool("windowraise", notes)
    s.xdotool("windowfocus", "--sync", notes)
    until(lambda: display.area(300, 300, 400, 300) != before, "the notes on the screen")
    s.key("Next")
    step_is(s, 2)
    s.xdotool("windowkill", notes)
    until(lambda: list(desk.children(s.pid).values()).count("bauer-view") == 1, "one window")
    expect("3.04" in s.ask("f(0.5, 1.2)"), "the session goes on")
    s.ask(":lesson notes")
    until(lambda: len(s.windows()) == 2, "the second window again")
    s.ask(":lesson end")
    until(lambda: len(s.windows()) == 1, "no notes without a lesson")


# ---- plots ------------------------------------------------------------------------------------------------------------


def plotted():
    s = session("-i").ready()
    with open(s.path("table.csv"), "w", encoding="utf-8") as file:
        file.write("x,up,down\n" + "".join(f"{x},{x * x},{100 - x}\n" for x in range(1, 11)))
    s.ask(":plot table.csv")
    s.wait(lambda state: state["view"] == "plot" and state["vertices"], "the plot")
    s.find_window()
    s.first = s.state()
    return s


def curves(state):
    return [place["name"].split(":")[0] for place in state["vertices"]]


def test_a_plot_is_read_under_the_pointer():
    s = plotted()
    x, y = vertex(s.first, "down: 10 points")  # its middle lies half way between two rows
    s.point(x + s.first["zoom"] * s.first["plot"]["width"] / 18, y)
    state = s.wait(lambda state: state["plot"]["pointed"], "a point under the pointer")
    expect("down" in state["plot"]["pointed"] and "94" in state["plot"]["pointed"], state["plot"]["pointed"])
    s.point(3, 3)
    s.wait(lambda state: not state["plot"]["pointed"], "no point under the pointer")


def test_ctrl_s_saves_the_plot_that_is_shown():
    s = plotted()
    s.key("ctrl+s")
    s.wait(lambda state: state["note"].endswith("/bauer-1.svg"), "the note")
    s.ask(":export same.svg")
    with open(s.path("bauer-1.svg"), encoding="utf-8") as saved, open(s.path("same.svg"), encoding="utf-8") as file:
        expect(saved.read() == file.read(), "it is not the plot that :export writes")


def test_a_sweep_is_shown_as_plots():
    s = figure1()
    s.ask(":variance interleaved depth 1..4 width 2,3,4 samples 500 uniform walk")
    state = s.wait(lambda state: state["view"] == "plot", "the plots")
    expect(state["plot"]["panels"] == 3 and state["plot"]["log_y"], f"{state['plot']}")
    before = display.area(0, 0, 1000, 700)
    s.key("2")  # the second estimator, in all panels
    until(lambda: display.area(0, 0, 1000, 700) != before, "a curve less")
    s.ask(":figure 2")
    s.wait(lambda state: state["view"] == "page", "the page of Figure 2")
    width, height = s.state()["size"]
    until(lambda: display.pixel(width - 3, height // 2) == display.pixel(3, height - 3), "a page without a panel")
    s.ask(":lcg")
    s.wait(lambda state: state["view"] == "lcg", "the graph again")


def test_a_figure_is_shown_while_it_trains_with_the_axes_of_its_file():
    s = session("-i").ready()
    subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab/tiny_data.py"), "mnist",
                    s.path("images"), "200", "40"], check=True)
    start = len(s.text)
    s.write(":figure 8 quick only fully_connected iterations 100000 seeds 1 data mnist dir images\r")
    until(s.viewer, "a window while it still trains")
    s.write("\x03")
    s.await_text(r"the same line goes on from there.*\x1b\[\?2004h", start, 2 * desk.PATIENCE)
    s.ask(":figure 8 quick only fully_connected iterations 20 seeds 1 data mnist dir images", patience=2 * desk.PATIENCE)
    state = s.wait(lambda state: state["view"] == "plot" and state["plot"]["panels"] == 5, "five panels")
    loss, accuracy, _, _, seconds = axes = state["plot"]["axes"]
    expect(loss[2] > 0 and loss[:2] == [0, 20], f"the axes of the losses are {loss}")
    expect(seconds[2] == 0 and seconds[:2] == [0, 20], f"the axes of the times are {seconds}")
    with open(s.path("figure-8.json"), encoding="utf-8") as file:
        runs = json.load(file)["parts"][1]["runs"]
    later = [100 * report["train_accuracy"] for run in runs for report in run["reports"][1:]]
    room = 0.05 * (max(later) - min(later))
    expect(near(accuracy[2], min(later) - room, 0.01) and near(accuracy[3], max(later) + room, 0.01), f"{accuracy} of {later}")
    s.find_window()
    s.click(400, 300, button=4, times=2)
    s.wait(lambda state: state["plot"]["axes"] != axes, "a panel that was zoomed")
    s.key("w")
    s.wait(lambda state: state["plot"]["axes"] == axes, "the axes as they were")
    s.key("l")  # no logarithmic axis begins at 0
    s.wait(lambda state: state["plot"]["log_x"] and all(axis[0] > 0 for axis in state["plot"]["axes"]), "other axes")


def test_a_plot_has_logarithmic_axes():
    s = plotted()
    for along, up in ((False, True), (True, False), (True, True), (False, False)):
        before = display.area(0, 0, 1000, 700)
        s.key("l")
        s.wait(lambda state: state["plot"]["log_x"] == along and state["plot"]["log_y"] == up, f"log {along}, {up}")
        until(lambda: display.area(0, 0, 1000, 700) != before, "another picture")


def test_a_curve_is_hidden_and_shown():
    s = plotted()
    for key, left in (("1", ["down"]), ("2", []), ("1", ["up"]), ("2", ["up", "down"])):
        s.key(key)
        s.wait(lambda state: curves(state) == left, f"the curves {left}")


def test_a_curve_s_name_is_clicked():
    s = plotted()
    plot = s.first["plot"]
    right = (plot["left"] + plot["width"]) * s.first["zoom"]
    low, high = plot["top"] * s.first["zoom"], (plot["top"] + plot["height"]) * s.first["zoom"]
    up_ends = low + (high - low) * 0.05  # 100 is the most, 90 the end of down
    for left in (["down"], ["up", "down"]):
        before = s.state()
        s.click(right + 22, up_ends if len(curves(before)) == 2 else high)  # a hidden one is named at the bottom
        s.wait(lambda state: curves(state) == left, f"the curves {left}")


def test_a_plot_is_zoomed_moved_and_fitted():
    s = plotted()
    whole = s.first["vertices"]
    s.click(400, 300, button=4, times=2)
    s.wait(lambda state: state["plot"]["moved"] and state["vertices"] != whole, "a larger plot")
    before = s.at_rest()["vertices"]
    s.drag([(300, 300), (330, 310), (380, 330)])
    s.wait(lambda state: state["vertices"] != before, "a plot that has moved")
    s.key("w")
    s.wait(lambda state: not state["plot"]["moved"] and state["vertices"] == whole, "the whole plot")
    with open(s.path("lcg.py"), "w", encoding="utf-8") as file:
        file.write("def f(x):\n    return x * x\n\nf(3)\n")
    s.ask(":load lcg.py")
    s.ask(":lcg")
    s.wait(lambda state: state["view"] == "lcg" and len(state["vertices"]) == 2, "a graph in the same window")


# ---- the viewer goes, or does not answer ------------------------------------------------------------------------------


def says_once(s, start):
    """The one sentence about the window, and that :graph opens it again."""
    s.await_text("the window is gone", start)
    expect("2" in s.ask("1 + 1"), "the prompt")
    s.ask("2 + 2")
    expect(s.text.count("the window is gone", start) == 1, "it says so more than once")


def test_the_viewer_is_killed():
    s = figure1()
    for _ in range(2):
        s.read()
        start = len(s.text)
        os.kill(s.viewer(), signal.SIGKILL)
        says_once(s, start)
        s.ask(":graph")
        s.wait(lambda state: state["vertices"], "another window")
    expect(s.end() == 0, "exit status")


def test_the_viewer_is_killed_while_a_line_is_typed():
    s = figure1()
    s.write("20 + 2")
    start = len(s.text)
    os.kill(s.viewer(), signal.SIGKILL)
    s.await_text("the window is gone", start)
    start = len(s.text)
    s.write("2\r")
    s.await_text(r"\b42\b", start)


def test_the_viewer_is_stopped_for_a_while():
    s = figure1()
    viewer = s.viewer()
    os.kill(viewer, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        for i in range(40):
            s.ask(f":at x1={i / 10}")
        expect("2" in s.ask("1 + 1"), "the prompt")
        expect(time.monotonic() - begin < desk.PATIENCE, "the prompt was slow")
        expect("does not answer" in s.ask(":window state"), "it says that the window does not answer")
    finally:
        os.kill(viewer, signal.SIGCONT)
    s.wait(lambda state: inputs(state)["x1"] == 3.9, "the last point, when it goes on")
    expect(s.viewer() == viewer and s.text.count("the window is gone") == 0, "the window went")


def test_the_window_is_destroyed_from_outside():
    s = figure1()
    s.read()
    start = len(s.text)
    s.xdotool("windowkill", s.window)
    says_once(s, start)
    s.ask(":graph")
    s.wait(lambda state: state["vertices"], "another window")


def answers(display):
    # Its socket is there before it takes connections.
    return subprocess.call(["xdotool", "getdisplaygeometry"], env=dict(os.environ, DISPLAY=display),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def test_the_display_goes():
    own = Display(800, 600)
    s = figure1(on=own)
    s.read()
    start = len(s.text)
    own.kill()
    says_once(s, start)
    said = s.ask(":graph")
    expect("7 vertices" in said, f"the graph as text, without a display: {said!r}")
    expect("8 edges" in s.ask(":lcg"), "and the linearized graph")
    again = subprocess.Popen(["Xvfb", own.name, "-screen", "0", "800x600x24", "-nolisten", "tcp"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(own.name), "another display of the same name")
        s.ask(":window open")
        s.ask(":graph")
        s.wait(lambda state: state["vertices"], "a window on the new display")
        expect(s.end() == 0, "exit status")
    finally:
        again.kill()
        again.wait()
        own.close()


def test_graph_opens_it_again_after_the_display_came_back():
    # Nothing was asked of the window while the display was away: :graph alone opens it.
    own = Display(800, 600)
    s = figure1(on=own)
    start = len(s.text)
    own.kill()
    says_once(s, start)
    again = subprocess.Popen(["Xvfb", own.name, "-screen", "0", "800x600x24", "-nolisten", "tcp"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(own.name), "another display of the same name")
        s.ask(":graph")
        s.wait(lambda state: state["vertices"], "a window on the new display")
    finally:
        again.kill()
        again.wait()
        own.close()


def test_no_display():
    s = session("-i", FIGURE1, on=Nowhere()).ready()
    expect("7 vertices" in s.ask(":graph"), "the graph as text")
    s.await_text("no display")
    expect("8 edges" in s.ask(":lcg") and "4 paths" in s.ask(":paths"), "the other views as text")
    expect("step 1 of 7" in s.ask(":walk primal"), "a walk as text")
    expect(s.text.count("no display") == 1, "it says so more than once")
    s.ask(":export picture.svg")
    expect(os.path.getsize(s.path("picture.svg")) > 1000, "the picture as a file")
    expect(s.end() == 0, "exit status")


class Nowhere:
    """A display that is not there."""
    name = ":4711"


def test_display_not_set():
    s = session("-i", FIGURE1, DISPLAY="", WAYLAND_DISPLAY="").ready()
    expect("7 vertices" in s.ask(":graph"), "the graph as text")
    s.await_text("no display")
    s.ask(":graph")
    s.ask("1 + 1")
    expect(s.text.count("no display") == 1, "it says so more than once")
    expect(not s.viewer(), "its process is still there")
    expect(s.end() == 0, "exit status")


def test_another_driver_is_no_display():
    # SDL_Init succeeds with these: what counts is that nobody can see the window.
    for driver in ("dummy", "offscreen"):
        s = session("-i", FIGURE1, SDL_VIDEODRIVER=driver).ready()
        expect("7 vertices" in s.ask(":graph"), "the graph as text")
        s.await_text("no display")
        expect(not s.viewer(), "its process is still there")


def test_no_viewer_installed():
    s = plain(view="/nowhere/bauer-view")
    said = s.ask(":graph")
    expect("7 vertices" in said and "bauer-view could not be started" in said, f"it said {said!r}")
    said = s.ask(":graph")
    expect("7 vertices" in said and "bauer-view" not in said, "it says so more than once")


def test_no_home():
    s = session("-i", FIGURE1, home=False).ready()
    s.first = s.open(":lcg")
    s.key("plus")
    s.wait(lambda state: state["zoom"] > 1.2 * s.first["zoom"], "a larger picture")
    expect(s.end() == 0, "exit status")


def test_no_fonts():
    s = session("-i", FIGURE1).ready()
    config = s.path("fonts.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
                   f"<cachedir>{s.folder}/cache</cachedir></fontconfig>")
    s = session("-i", FIGURE1, FONTCONFIG_FILE=config).ready()
    s.ask(":lcg")
    s.wait(lambda state: len(state["vertices"]) == 7, "the picture without a font")
    expect("2" in s.ask("1 + 1"), "the prompt")
    expect(s.text.count("the window is") == 0, "the window went")


def test_the_window_lives_while_the_session_computes():
    s = figure1()
    s.ask(":set steps 1000000000")
    s.read()
    start = len(s.text)
    x, y = vertex(s.first, "a")
    s.point(x, y)
    s.wait(lambda state: state["hover"] == "a", "a under the pointer")
    s.write("for i in range(900000000): j = i\r\r")
    until(lambda: computing(s), "the session to compute")
    for key in ("plus", "minus", "d"):  # the last one is for the session, and waits for it
        before = display.area(0, 0, 700, 700)
        s.key(key)
        if key != "d":
            until(lambda: display.area(0, 0, 700, 700) != before, f"other pixels after {key}")
    expect(any(computing(s) for _ in range(20)), "the session has ended its work")  # others may have the processor
    s.write("\x03")
    s.await_text("interrupt", start)
    s.wait(lambda state: state["direction"] == "right", "the picture turned afterwards")


def processor(s):
    """Seconds of the processor that bauer has used."""
    with open(f"/proc/{s.pid}/stat", encoding="utf-8") as file:
        return int(file.read().rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


def computing(s):
    """Whether bauer is at work: it has used the processor for a tenth of a second more."""
    begin = processor(s)
    time.sleep(0.3)
    return processor(s) - begin > 0.1


# ---- large things -----------------------------------------------------------------------------------------------------


def test_five_thousand_vertices():
    s = session("-i").ready()
    s.ask(":set layout_vertices 6000")
    with open(s.path("long.py"), "w", encoding="utf-8") as file:
        file.write("from math import sin\n\ndef f(x):\n    for i in range(2500):\n        x = sin(x) * 1.01\n"
                   "    return x\n\nf(0.5)\n")
    s.ask(":load long.py")
    s.ask(":graph", patience=4 * desk.PATIENCE)
    state = until(lambda: (lambda now: now if now and len(now["vertices"]) > 4900 else None)(s.state()),
                  "5,000 vertices in the window", 4 * desk.PATIENCE)
    s.find_window()
    s.point(100, 100)
    zoom = s.at_rest()["zoom"]
    s.key("plus", "plus")
    s.wait(lambda state: state["zoom"] > 1.5 * zoom, "a larger picture")
    s.key("Right", "Down", "Tab", "w", "slash")
    s.type("x")
    s.wait(lambda state: state["search"] and state["search"]["found"] > 1000, "what was searched")
    expect(s.end() == 0, "exit status")


def test_a_graph_too_large_to_draw_is_refused():
    s = figure1()
    with open(s.path("long.py"), "w", encoding="utf-8") as file:
        file.write("def g(x):\n    for i in range(3000):\n        x = x * 0.5 + x * 0.5\n    return x\n\ng(0.5)\n")
    s.ask(":load long.py")
    s.ask(":graph", patience=4 * desk.PATIENCE)
    state = s.wait(lambda state: not state["vertices"] and "g(0.5)" in state["point"], "no vertex that can be clicked")
    expect(inputs(state) == {"x": 0.5}, "the input of what is not drawn")
    for name in ("x1", "f"):  # where they were
        s.click(*vertex(s.first, name))
    s.key("c")
    state = s.wait(lambda state: state["note"].startswith("copied: "), "the words in the window")
    expect("There is no picture of this graph" in state["note"] and state["picks"] == [None, None], state["note"])
    expect("2" in s.ask("1 + 1"), "the prompt")
    expect(s.viewer(), "the window went")
    s.ask(":set collapse loops", patience=4 * desk.PATIENCE)
    s.ask("f(0.5, 1.2)")
    s.ask(":lcg")
    s.wait(lambda state: len(state["vertices"]) == 7, "the picture of what can be drawn")


def test_a_name_of_100_kilobytes():
    s = session("-i").ready()
    name = "v" * 100_000
    with open(s.path("name.py"), "w", encoding="utf-8") as file:
        file.write(f"def f(x):\n    {name} = x * x\n    return {name} * 2\n\nf(3)\n")
    s.ask(":load name.py", patience=4 * desk.PATIENCE)
    s.ask(":graph", patience=4 * desk.PATIENCE)
    s.read()
    if "error" not in s.text:  # the language may refuse such a name; if it does not, the window must live with it
        state = until(s.state, "a window", 4 * desk.PATIENCE)
        expect(state is not None, "a state")
    expect("2" in s.ask("1 + 1", patience=4 * desk.PATIENCE), "the prompt")
    expect("the window is" not in s.text, "the window went")


def test_a_line_of_100_kilobytes_in_the_panel():
    s = session("-i").ready()
    with open(s.path("wide.py"), "w", encoding="utf-8") as file:
        file.write("def f(x):\n    # " + "long " * 20_000 + "\n    return x * x\n\nf(3)\n")
    s.ask(":load wide.py", patience=4 * desk.PATIENCE)
    s.ask(":graph", patience=4 * desk.PATIENCE)
    until(lambda: (s.state() or {}).get("vertices"), "a picture", 4 * desk.PATIENCE)
    s.find_window()
    s.point(100, 100)
    s.key("t")
    s.wait(lambda state: state["theme"] == "dark", "the dark theme")


# ---- nonsense on the socket -------------------------------------------------------------------------------------------


def header(kind, size, magic=b"BVW1", version=1):
    return struct.pack("<4sHHI", magic, version, kind, size)


HELLO, VIEW, NOTE, CLIP, STATE, BUSY, EVENT = range(1, 8)


def fake_viewer(folder, code):
    """A program in the viewer's place: python code with `wire`, its socket, and `message` to make a message."""
    path = os.path.join(folder, "viewer")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!{sys.executable}\nimport socket, struct, time, os\n"
                   "wire = socket.socket(fileno=0)\n"
                   "def message(kind, data, version=1, magic=b'BVW1', size=None):\n"
                   "    return struct.pack('<4sHHI', magic, version, kind, len(data) if size is None else size) + data\n"
                   f"{code}\n")
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


OPEN = """wire.sendall(message(7, b'{"event":"open"}'))\n"""


def against(code, said, opened=True):
    """A session whose viewer does `code`: it goes on, says `said` at most once, and ends in order."""
    path = fake_viewer(session("-i").folder, (OPEN if opened else "") + code)
    s = plain(view=path)
    expect("7 vertices" in s.ask(":graph"), "the graph as text")
    if said:
        s.await_text(said)
    for i in range(3):
        expect(str(2 + i) in s.ask(f"1 + {1 + i}"), "the prompt")
    if said:
        expect(len(re.findall(said, s.text)) == 1, f"/{said}/ more than once: {s.text[-600:]!r}")
        until(lambda: not s.viewer(), "the end of that program")
    expect("8 edges" in s.ask(":lcg"), "the session goes on")
    expect(s.end() == 0, "exit status")


def test_a_viewer_that_sends_nonsense():
    against("wire.sendall(os.urandom(4096)); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_text():
    against("wire.sendall(b'Segmentation fault'); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_half_a_message_and_goes():
    against("""wire.sendall(message(7, b'{"event":"ste', size=400))""", "the window is gone")


def test_a_viewer_that_sends_half_a_message_and_waits():
    against("""wire.sendall(message(7, b'{"event":"ste', size=400)); time.sleep(600)""", None)


def test_a_viewer_of_another_version():
    against("""wire.sendall(message(7, b'{}', version=2)); time.sleep(600)""", "the window is of another version")


def test_a_viewer_that_announces_a_huge_message():
    against("wire.sendall(message(7, b'', size=0xFFFFFFF0)); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_an_unknown_kind():
    against("wire.sendall(message(99, b'{}')); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_no_json():
    against("wire.sendall(message(7, b'{{{{')); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_deep_json():
    against("wire.sendall(message(7, b'[' * 1000000)); time.sleep(600)", "the window sent nonsense")


def test_a_viewer_that_sends_unknown_events():
    against("""wire.sendall(message(7, b'{"event":"explode"}')); time.sleep(600)""", "the window sent nonsense")


def test_a_viewer_that_sends_impossible_events():
    events = [b'{"event":"slide"}', b'{"event":"slide","input":-1,"value":1}', b'{"event":"slide","input":1e300,"value":1}',
              b'{"event":"slide","input":0,"value":1e308}', b'{"event":"slide","input":"x","value":[]}',
              b'{"event":"pick","from":-1,"to":99999999999}', b'{"event":"pick","from":4294967295,"to":4294967296}',
              b'{"event":"unpick"}', b'{"event":"goto","step":-1e300}', b'{"event":"goto","step":1e300}',
              b'{"event":"goto"}', b'{"event":"step","by":1}', b'{"event":"goto","step":1e300}',
              b'{"event":"goto","step":-5}', b'{"event":"collapse","what":"frame","id":-1}',
              b'{"event":"collapse","what":"frame","id":99999999999}', b'{"event":"collapse","what":"vertex","id":-7}',
              b'{"event":"collapse"}', b'{"event":"command","line":":no such command"}',
              b'{"event":"command","line":"((((("}', b'{"event":"command","line":"\\u0000"}',
              b'{"event":"command","line":""}']
    code = f"for event in {events!r}:\n    wire.sendall(message(7, event))\ntime.sleep(600)"
    s = session("-i")
    path = fake_viewer(s.folder, OPEN + code)
    t = plain(view=path)
    t.ask(":graph")
    for i in range(5):
        expect(str(2 + i) in t.ask(f"1 + {1 + i}"), "the prompt")
    expect("8 edges" in t.ask(":lcg"), "the session goes on")
    expect(t.end() == 0, "exit status")


def test_a_viewer_that_floods():
    against("""
event = message(7, b'{"event":"unpick"}')
for i in range(20000): wire.sendall(event)
wire.close()""", "the window is gone")


def test_a_viewer_that_says_nothing():
    against("time.sleep(600)", None, opened=False)


def test_a_viewer_that_never_reads():
    # What cannot be sent is not piled up: the prompt does not wait for it.
    s = session("-i")
    path = fake_viewer(s.folder, OPEN + "time.sleep(600)")
    t = plain(view=path)
    t.ask(":graph")
    for i in range(60):
        t.ask(f":at x1={i / 10}")
    expect("does not answer" in t.ask(":window state"), "the window does not answer")
    expect(t.end() == 0, "exit status")


def test_a_viewer_that_ends_at_once():
    against("", "the window is gone")


def test_a_viewer_that_ends_before_it_opens():
    against("", "no display", opened=False)


# ---- a session that sends nonsense to the viewer ----------------------------------------------------------------------


class Viewer:
    """bauer-view alone, with this end of its socket."""

    def __init__(self):
        self.wire, other = socket.socketpair()
        environment = {"PATH": os.environ.get("PATH", ""), "DISPLAY": display.name, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        self.process = subprocess.Popen([PROGRAMS["view"]], stdin=other, stdout=other, stderr=subprocess.PIPE,
                                        env=environment)
        other.close()
        self.wire.settimeout(desk.PATIENCE)
        sessions.append(self)
        self.data = b""
        expect(b'"open"' in self.message()[1], "it does not open")

    def message(self):
        while len(self.data) < 12 or len(self.data) < 12 + struct.unpack("<I", self.data[8:12])[0]:
            chunk = self.wire.recv(1 << 16)
            if not chunk:
                return None
            self.data += chunk
        size = struct.unpack("<I", self.data[8:12])[0]
        kind, payload = struct.unpack("<H", self.data[6:8])[0], self.data[12:12 + size]
        self.data = self.data[12 + size:]
        return kind, payload

    def send(self, data):
        try:
            self.wire.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def put(self, kind, payload=b"", **more):
        self.send(header(kind, len(payload), **more) + payload)

    def answers(self):
        self.put(STATE)
        said = self.message()
        while said and said[0] != STATE:
            said = self.message()
        return said is not None

    def ends(self):
        """Its exit status; it may not be a signal."""
        self.process.wait(desk.PATIENCE)
        said = self.process.stderr.read().decode("utf-8", "replace")
        expect(self.process.returncode >= 0 and "Sanitizer" not in said and "runtime error" not in said,
               f"bauer-view ended with {self.process.returncode}: {said[:2000]}")

    def close(self):
        self.wire.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def test_the_viewer_ends_with_the_socket():
    viewer = Viewer()
    expect(viewer.answers(), "an answer")
    viewer.wire.close()
    viewer.ends()


def view_ends_after(data):
    viewer = Viewer()
    viewer.send(data)
    viewer.ends()


def test_the_viewer_gets_nonsense():
    view_ends_after(bytes(range(256)) * 40)


def test_the_viewer_gets_another_version():
    view_ends_after(header(STATE, 0, version=7))


def test_the_viewer_gets_a_huge_size():
    view_ends_after(header(VIEW, 0xFFFFFFFF) + b"x" * 1000)


def test_the_viewer_gets_an_unknown_kind():
    view_ends_after(header(0, 0))
    view_ends_after(header(8, 0))


def test_the_viewer_gets_half_a_message():
    viewer = Viewer()
    viewer.send(header(VIEW, 1_000_000) + b"{" * 1000)
    viewer.wire.shutdown(socket.SHUT_WR)
    viewer.ends()


def test_the_viewer_gets_a_message_byte_by_byte():
    viewer = Viewer()
    for byte in header(NOTE, 5) + b"hello" + header(STATE, 0):
        viewer.send(bytes([byte]))
    expect(b'"note":"hello"' in viewer.message()[1], "the note")


def test_the_viewer_gets_pictures_that_are_none():
    viewer = Viewer()
    for payload in (b"", b"\0", b"\xff\xff\xff\xff", struct.pack("<I", 2) + b"{}", struct.pack("<I", 2) + b"{}BSC1",
                    struct.pack("<I", 4) + b"nulljunk", struct.pack("<I", 0) + bytes(1000),
                    struct.pack("<I", 2) + b"[]" + b"\xff" * 5000, struct.pack("<I", 300000) + b"[" * 300000):
        viewer.put(VIEW, payload)
        expect(viewer.answers(), f"an answer after the picture {payload[:40]!r}")
    viewer.wire.close()
    viewer.ends()


def real_picture():
    """The bytes of a picture as the session sends it."""
    s = session("-i")
    path = fake_viewer(s.folder, OPEN + """
data = b''
while len(data) < 12 or len(data) < 12 + struct.unpack('<I', data[8:12])[0]: data += wire.recv(1 << 16)
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'picture.part'), 'wb').write(data)
os.rename(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'picture.part'),
          os.path.join(os.path.dirname(os.path.abspath(__file__)), 'picture'))
time.sleep(600)""")
    t = plain(view=path)
    t.ask(":lcg")
    until(lambda: os.path.exists(s.path("picture")), "a picture")
    with open(s.path("picture"), "rb") as file:
        data = file.read()
    size = struct.unpack("<I", data[8:12])[0]
    expect(struct.unpack("<H", data[6:8])[0] == VIEW, "the first message is a picture")
    return data[12:12 + size]


def test_the_viewer_gets_pictures_with_a_byte_changed():
    picture = real_picture()
    viewer = Viewer()
    viewer.put(VIEW, picture)
    expect(viewer.answers(), "an answer")
    step = max(1, len(picture) // 400)
    for at in range(0, len(picture), step):
        for value in (0xFF, picture[at] ^ 0x80):
            viewer.put(VIEW, picture[:at] + bytes([value]) + picture[at + 1:])
        if at // step % 20 == 0:
            expect(viewer.answers(), f"an answer after a change of byte {at}")
    for size in range(0, len(picture), 10 * step):
        viewer.put(VIEW, picture[:size])
    expect(viewer.answers(), "an answer at the end")
    viewer.put(VIEW, picture)
    viewer.put(STATE)
    said = viewer.message()
    expect(b'"name":"x1"' in said[1], "the good picture afterwards")
    viewer.wire.close()
    viewer.ends()


def test_the_viewer_gets_long_texts():
    viewer = Viewer()
    for kind in (NOTE, BUSY, CLIP):
        viewer.put(kind, b"long \xff\xc3 " * 100_000)
        expect(viewer.answers(), "an answer")
    viewer.put(BUSY)
    viewer.wire.close()
    viewer.ends()


# ---- the clipboard ----------------------------------------------------------------------------------------------------

SELECTION = r"""
import ctypes, sys, time
X = ctypes.CDLL("libX11.so.6")
X.XOpenDisplay.restype = ctypes.c_void_p
X.XOpenDisplay.argtypes = [ctypes.c_char_p]
X.XDefaultRootWindow.restype = X.XCreateSimpleWindow.restype = X.XInternAtom.restype = ctypes.c_ulong
X.XDefaultRootWindow.argtypes = X.XFlush.argtypes = X.XPending.argtypes = [ctypes.c_void_p]
X.XCreateSimpleWindow.argtypes = [ctypes.c_void_p, ctypes.c_ulong] + [ctypes.c_int] * 2 + [ctypes.c_uint] * 3 + [ctypes.c_ulong] * 2
X.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
X.XConvertSelection.argtypes = [ctypes.c_void_p] + [ctypes.c_ulong] * 5
X.XNextEvent.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
X.XGetWindowProperty.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_long, ctypes.c_long,
                                 ctypes.c_int, ctypes.c_ulong] + [ctypes.c_void_p] * 5
d = X.XOpenDisplay(None)
w = X.XCreateSimpleWindow(d, X.XDefaultRootWindow(d), 0, 0, 1, 1, 0, 0, 0)
text, into = X.XInternAtom(d, b"UTF8_STRING", 0), X.XInternAtom(d, b"BAUER_TEST", 0)
X.XConvertSelection(d, X.XInternAtom(d, b"CLIPBOARD", 0), text, into, w, 0)
X.XFlush(d)
event = ctypes.create_string_buffer(192)
while True:
    X.XNextEvent(d, event)
    if int.from_bytes(event.raw[:4], sys.byteorder) == 31: break  # SelectionNotify
kind, count, left = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_ulong()
form, data = ctypes.c_int(), ctypes.c_void_p()
X.XGetWindowProperty(d, w, into, 0, 1 << 24, 0, 0, ctypes.byref(kind), ctypes.byref(form), ctypes.byref(count),
                     ctypes.byref(left), ctypes.byref(data))
if data: sys.stdout.buffer.write(ctypes.string_at(data, count.value))
"""


def selection(s):
    """The text on the display's clipboard."""
    done = subprocess.run([sys.executable, "-c", SELECTION], env=s.environment, capture_output=True,
                          timeout=desk.PATIENCE, check=False)
    return done.stdout.decode("utf-8", "replace")


# ---- all --------------------------------------------------------------------------------------------------------------


def run(name, test):
    begin = time.monotonic()
    try:
        test()
        problem = None
    except Exception as error:  # a test that fails in a way nobody foresaw has failed
        problem = str(error) if isinstance(error, Failure) else traceback.format_exc()
    for opened in reversed(sessions):
        try:
            opened.close()
        except Exception:
            problem = problem or traceback.format_exc()
    sessions.clear()
    return problem, time.monotonic() - begin


def main():
    global FIGURE1, display
    PROGRAMS.update(zip(("bauer", "view", "layout"), map(os.path.abspath, sys.argv[1:4])))
    FIGURE1 = os.path.abspath(sys.argv[4])
    wanted = sys.argv[5:]
    part, parts = 1, 1
    if wanted[:1] == ["--part"]:  # K/N: every Nth test, beginning with the Kth
        part, parts = map(int, wanted[1].split("/"))
        wanted = wanted[2:]
    for program in ("Xvfb", "xdotool"):
        if not shutil.which(program):
            print(f"Bail out! the program {program} is not installed")
            return 1
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_") and callable(test)]
    tests = [(name, test) for name, test in tests if not wanted or any(part in name for part in wanted)]
    tests = tests[part - 1::parts]
    display = Display()
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        problem, seconds = run(name, test)
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {name[5:]}", flush=True)
        if problem or wanted:
            print("\n".join(f"# {line}" for line in (problem or f"{seconds:.1f} s").splitlines()), flush=True)
        if display.process.poll() is not None:
            display = Display()
    display.close()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
