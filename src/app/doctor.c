// What works on this machine, what is missing, and how to get it: a table of things to look at.
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/lesson.h"
#include "app/report.h"
#include "app/train_command.h"
#include "base/child.h"
#include "base/file.h"
#include "lab/data.h"
#include "show/layout.h"
#include "show/paint.h"
#include "tensor/kernels.h"

// What was found, or why it is missing.
struct finding {
    char text[PATH_MAX + 200];
};

static bool find(struct finding *finding, bool ok, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool find(struct finding *finding, bool ok, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(finding->text, sizeof finding->text, format, list);
    va_end(list);
    return ok;
}

// ---- pictures -----------------------------------------------------------------------------------------------------

// Lays two vertices and an edge out.
static bool look_for_layout(struct finding *finding) {
    struct layout layout = {0};
    struct error error = {0};
    char path[PATH_MAX];
    layout.node = mem_zero(2, sizeof *layout.node);
    layout.edge = mem_zero(1, sizeof *layout.edge);
    if (!layout.node || !layout.edge) return layout_free(&layout), find(finding, false, "out of memory");
    layout.node_count = 2;
    layout.edge_count = 1;
    layout.edge[0].to = 1;
    for (int i = 0; i < 2; i++) layout.node[i].width = layout.node[i].height = 20, layout.node[i].rank = -1;
    bool ok = layout_run(&layout, 5, &error) && !layout.message[0];
    const char *where = child_find("bauer-layout", "BAUER_LAYOUT", path, sizeof path);
    find(finding, ok, "%s", ok ? where : layout.message[0] ? layout.message : error.message);
    layout_free(&layout);
    return ok;
}

static bool look_for_view(struct finding *finding) {
    char path[PATH_MAX];
    const char *where = child_find("bauer-view", "BAUER_VIEW", path, sizeof path);
    bool ok = access(where, X_OK) == 0;
    return find(finding, ok, ok ? "%s" : "there is no program %s", where);
}

// Whether somebody listens at a socket of the file system.
static bool answers(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) == 0;
    if (file >= 0) close(file);
    return ok;
}

static bool wayland_answers(const char *name) {
    const char *folder = getenv("XDG_RUNTIME_DIR");
    char path[PATH_MAX];
    if (name[0] == '/') return answers(name);
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
    return folder && answers(path);
}

// ":1" and ":1.0" are sockets here; any other, such as ssh's "localhost:10.0", is somebody else's and is believed.
static bool x_answers(const char *name) {
    char path[PATH_MAX];
    if (name[0] != ':') return true;
    snprintf(path, sizeof path, "/tmp/.X11-unix/X%.*s", (int)strspn(name + 1, "0123456789"), name + 1);
    return answers(path);
}

static bool look_for_display(struct finding *finding) {
    const char *wayland = getenv("WAYLAND_DISPLAY"), *x = getenv("DISPLAY");
    bool is_wayland = wayland && *wayland, is_x = x && *x;
    if (is_wayland && wayland_answers(wayland)) return find(finding, true, "Wayland's %s", wayland);
    if (is_x && x_answers(x)) return find(finding, true, "X11's %s", x);
    if (is_x) return find(finding, false, "DISPLAY is %s, and no X server answers there", x);
    if (is_wayland) return find(finding, false, "WAYLAND_DISPLAY is %s, and nobody answers there", wayland);
    return find(finding, false, "neither DISPLAY nor WAYLAND_DISPLAY is set");
}

static bool look_for_font(struct finding *finding, const char *family) {
    bool ok = paint_has_family(family);
    return find(finding, ok, "%s", ok ? "installed" : "another font stands in");
}

static bool look_for_lato(struct finding *finding) { return look_for_font(finding, "Lato"); }
static bool look_for_dejavu(struct finding *finding) { return look_for_font(finding, "DejaVu Sans"); }
static bool look_for_mono(struct finding *finding) { return look_for_font(finding, "DejaVu Sans Mono"); }

// ---- what is loaded when it is needed -----------------------------------------------------------------------------

static bool look_for_blas(struct finding *finding) {
    bool ok = kernels_have_blas();
    return find(finding, ok, "%s%s", kernels_blas_name(), ok ? "" : " are used, which are slow");
}

static bool look_for_onednn(struct finding *finding) {
    bool ok = kernels_have_onednn();
    return find(finding, ok, "%s%s", kernels_onednn_name(), ok ? "" : " are used, which are slower");
}

static bool in_path(const char *program) {
    const char *folder = getenv("PATH");
    char path[PATH_MAX];
    for (; folder && *folder; folder += strspn(folder, ":")) {
        size_t size = strcspn(folder, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)(size < PATH_MAX ? size : 0), folder, program);
        if (access(path, X_OK) == 0) return true;
        folder += size;
    }
    return false;
}

static bool look_for_mpi(struct finding *finding) {
    char path[PATH_MAX];
    const char *where = child_find("bauer-mpi.so", "BAUER_MPI", path, sizeof path);
    if (access(where, R_OK) != 0) return find(finding, false, "there is no module %s", where);
    return in_path("mpirun") ? find(finding, true, "%s", where) : find(finding, false, "there is no mpirun");
}

// ---- files --------------------------------------------------------------------------------------------------------

static bool look_for_lessons(struct finding *finding) {
    char folder[PATH_MAX];
    size_t count;
    char **list = lesson_list(&count);
    for (size_t i = 0; i < count; i++) mem_free(list[i]);
    mem_free(list);
    lesson_folder(folder, sizeof folder);
    return find(finding, count > 0, "there %s %zu in %s", count == 1 ? "is" : "are", count, folder);
}

static bool look_for_place(struct finding *finding, const char *variable, const char *fallback) {
    char path[PATH_MAX];
    if (!file_xdg(variable, fallback, "x", path, sizeof path))
        return find(finding, false, "HOME and %s name no folder that can be made", variable);
    *strrchr(path, '/') = '\0';
    bool ok = access(path, W_OK | X_OK) == 0;
    return find(finding, ok, ok ? "%s" : "%s cannot be written to", path);
}

static bool look_for_state(struct finding *finding) {
    return look_for_place(finding, "XDG_STATE_HOME", ".local/state");
}
static bool look_for_config(struct finding *finding) { return look_for_place(finding, "XDG_CONFIG_HOME", ".config"); }

static bool look_for_data(struct finding *finding, const char *name, const char *folder) {
    struct error missing = {0};
    bool ok = data_there(name, folder, &missing);
    return find(finding, ok, "%s", ok ? "its files are there" : missing.message);
}

static bool look_for_fashion(struct finding *finding) { return look_for_data(finding, "fashion-mnist", NULL); }
static bool look_for_mnist(struct finding *finding) { return look_for_data(finding, "mnist", training_folder(NULL)); }
static bool look_for_cifar(struct finding *finding) { return look_for_data(finding, "cifar10", training_folder(NULL)); }

// ---- the table ----------------------------------------------------------------------------------------------------

// Packages are Debian's.
static const struct {
    const char *what;
    bool (*look)(struct finding *);
    const char *advice; // how to get it
} checks[] = {
    {"the layout program bauer-layout (Graphviz)", look_for_layout,
     "it belongs beside bauer or into libexec/bauer; a simpler layout stands in"},
    {"the window's program bauer-view", look_for_view,
     "it belongs beside bauer or into libexec/bauer; all but the window works"},
    {"a display for the window", look_for_display,
     "start bauer on a desktop, or over ssh -X; `:export FILE.svg` needs none"},
    {"the font Lato", look_for_lato, "apt install fonts-lato"},
    {"the font DejaVu Sans", look_for_dejavu, "apt install fonts-dejavu-core"},
    {"the font DejaVu Sans Mono", look_for_mono, "apt install fonts-dejavu-core"},
    {"OpenBLAS, for products of matrices", look_for_blas, "apt install libopenblas0-pthread"},
    {"oneDNN, for convolutions", look_for_onednn,
     "apt install libdnnl2 (a bauer that was built without libdnnl-dev 2 cannot use it)"},
    {"the MPI module, for mpirun", look_for_mpi,
     "apt install bauer-mpi; in a checkout apt install libopenmpi-dev openmpi-bin, and build anew"},
    {"lessons", look_for_lessons, "the variable BAUER_LESSONS names their folder"},
    {"a place for history and lost sessions", look_for_state,
     "set HOME or XDG_STATE_HOME to a folder that can be written"},
    {"a place for the file init", look_for_config, "set HOME or XDG_CONFIG_HOME to a folder that can be written"},
    {"data fashion-mnist, for :train and :figure", look_for_fashion, "apt install dataset-fashion-mnist"},
    {"data mnist, for :train and :figure", look_for_mnist,
     "get the four IDX files of MNIST, gzipped or not, into a folder and name it: bauer --data FOLDER"},
    {"data cifar10, for :train and :figure", look_for_cifar,
     "unpack CIFAR-10's binary version (cifar-10-binary.tar.gz) and name its folder: bauer --data FOLDER"},
};

static void tell(struct session *session, size_t i, bool ok, const char *finding) {
    const char *advice = ok ? "" : checks[i].advice;
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:b, s:s, s:s}", "kind", "doctor", "what", checks[i].what, "ok", ok,
                                       "found", finding, "advice", advice));
    else
        report_text(session, "  %s%-8s%s %s: %s%s%s\n", ok ? "" : report_accent(session), ok ? "ok" : "missing",
                    report_plain(session), checks[i].what, finding, ok ? "" : "\n           ", advice);
}

bool command_doctor(struct session *session, const struct words *words, struct error *error) {
    struct finding finding;
    size_t missing = 0, count = sizeof checks / sizeof *checks;
    if (!command_no_words(words, error)) return false;
    for (size_t i = 0; i < count; i++) {
        bool ok = checks[i].look(&finding);
        missing += !ok;
        tell(session, i, ok, finding.text);
    }
    if (!session->output.json)
        report_text(session, missing ? "%zu of %zu are missing; the rest works without them\n" : "nothing is missing\n",
                    missing, count);
    return true;
}
