#!/usr/bin/env python3
"""Each lesson's handout in headless Chromium: steps advance by keys and buttons, nothing is fetched, no script fails."""
import glob
import json
import os
import re
import select
import subprocess
import sys
import tempfile

chromium, bauer, lessons = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
# Under the sanitizers, which make their lines slow, every third lesson; those lines all run in lessons/steps.
stride = 3 if "ASAN_OPTIONS" in os.environ else 1
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
failures = 0

# Runs after the page's own script, as a reader would: with keys and clicks.
PROBE = """<script>
(function () {
  function shown() {
    return Array.from(document.querySelectorAll('section')).map(function (s, i) {
      return getComputedStyle(s).display === 'none' ? -1 : i; }).filter(function (i) { return i >= 0; });
  }
  function key(name) { document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true })); return shown(); }
  function click(id) { document.getElementById(id).click(); return shown(); }
  var said = { steps: document.querySelectorAll('section').length, begin: shown(), right: key('ArrowRight'), page: key('PageDown'),
    left: key('ArrowLeft'), end: key('End'), beyond: key('PageDown'), home: key('Home'), next: click('next'), back: click('back'),
    where: document.getElementById('where').textContent, focus: document.activeElement.tagName,
    drawings: Array.from(document.querySelectorAll('section')).map(function (s) { return s.querySelectorAll('figure svg').length; }),
    ids: document.querySelectorAll('[id]').length, different: new Set(Array.from(document.querySelectorAll('[id]')).map(function (e) { return e.id; })).size,
    all: click('all').length, fetched: performance.getEntriesByType('resource').length, errors: window.probeErrors };
  document.body.setAttribute('data-probe', JSON.stringify(said));
})();
</script>
"""
WATCH = "<script>window.probeErrors = []; window.onerror = function (m) { window.probeErrors.push(String(m)); };" \
        "document.addEventListener('securitypolicyviolation', function (e) { window.probeErrors.push(e.blockedURI); });</script>\n"


class Browser:
    """One Chromium for all pages, spoken to by the DevTools protocol on the descriptors 3 and 4."""

    def __init__(self, profile):
        read, self.to = os.pipe()
        self.come, write = os.pipe()
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{read} 4>&{write}', "sh", chromium, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            pass_fds=(read, write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read), os.close(write)
        self.bytes, self.number, self.session, self.loaded = b"", 0, None, set()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")
        self.ask("Page.setLifecycleEventsEnabled", enabled=True)

    def message(self):
        while b"\0" not in self.bytes:
            if not select.select([self.come], [], [], 120)[0] or not (more := os.read(self.come, 1 << 16)):
                sys.exit("FAILED Chromium says nothing")
            self.bytes += more
        one, _, self.bytes = self.bytes.partition(b"\0")
        said = json.loads(one)
        if said.get("method") == "Page.lifecycleEvent" and said["params"]["name"] == "load":
            self.loaded.add(said["params"]["loaderId"])
        return said

    def ask(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while (said := self.message()).get("id") != self.number:
            pass
        return said["result"]

    def probe(self, path):
        """What the page's probe said, or None."""
        page = self.ask("Page.navigate", url="file://" + path)["loaderId"]
        while page not in self.loaded:
            self.message()
        said = self.ask("Runtime.evaluate", expression="document.body.getAttribute('data-probe')")["result"].get("value")
        return json.loads(said) if said else None

    def end(self):
        self.ask("Browser.close")
        self.process.wait(60)


def check(good, what):
    global failures
    failures += not good
    print("ok" if good else "FAILED", what, flush=True)


def missing_images():
    """Why lessons on images cannot be gone through on this machine, or "": as :doctor says."""
    said = subprocess.run([bauer, "--no-init", "--json", "-c", ":doctor"], capture_output=True, text=True, timeout=60).stdout
    for line in said.splitlines():
        found = json.loads(line)
        if found.get("what", "").startswith("data fashion-mnist"):
            return "" if found["ok"] else found["found"]
    return ""


def needs_images(path):
    with open(path, encoding="utf-8") as file:
        return re.search(r"^:(train |figure [^237])", file.read(), re.M)


with tempfile.TemporaryDirectory(prefix="bauer-handouts-") as folder:
    os.environ.update(BAUER_LESSONS=lessons, XDG_STATE_HOME=folder, HOME=folder)
    missing = missing_images()
    browser = Browser(folder + "/profile")
    for path in sorted(glob.glob(lessons + "/[0-9]*.md"))[::stride]:
        name = os.path.basename(path)[:-3]
        if missing and needs_images(path):
            print(f"SKIPPED {name}: {missing}", flush=True)
            continue
        made = subprocess.run([bauer, "--no-init", "-c", f":lesson {path}", "-c", f":export {name}.html"], cwd=folder,
                              capture_output=True, text=True, timeout=120)
        check(made.returncode == 0, f"{name}: written {made.stderr[-300:]}")
        with open(os.path.join(folder, name + ".html"), encoding="utf-8") as file:
            page = file.read()
        check(not re.search(r"""(src|href)\s*=\s*["'](?!#|data:image/png;base64,)""", page), f"{name}: it points to nothing outside")
        page = page.replace("<style>", WATCH + "<style>", 1).replace("</body>", PROBE + "</body>", 1)
        probed = os.path.join(folder, "probed.html")
        with open(probed, "w", encoding="utf-8") as file:
            file.write(page)
        said = browser.probe(probed)
        check(said, f"{name}: its script ran to the end")
        if not said:
            continue
        n = said["steps"]
        check(n >= 8 and said["begin"] == [0], f"{name}: {n} steps, the first is shown")
        check((said["right"], said["page"], said["left"]) == ([1], [2], [1]), f"{name}: keys step {said}")
        check((said["end"], said["beyond"], said["home"]) == ([n - 1], [n - 1], [0]), f"{name}: Home and End")
        check((said["next"], said["back"], said["all"]) == ([1], [0], n), f"{name}: buttons")
        check(said["where"] == f"Step 1 of {n}" and said["focus"] == "H2", f"{name}: where one is, for screen readers too")
        check(all(count >= 1 for count in said["drawings"]), f"{name}: a drawing at each step {said['drawings']}")
        check(said["ids"] == said["different"], f"{name}: names are there once")
        check(said["fetched"] == 0 and said["errors"] == [], f"{name}: nothing fetched, no error {said['errors']}")
    browser.end()

sys.exit(1 if failures else 0)
