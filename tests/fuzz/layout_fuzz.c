// Any bytes as what goes to the layout child and comes back. What is read as a graph is laid out by the simpler layout.
#include "fuzz.h"
#include "show/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct layout layout = {0};
    struct error error = {0};
    fuzz_begin();
    if (size >= LAYOUT_HEADER_SIZE) layout_message_size(data);
    if (layout_decode(data, size, &layout)) {
        struct buffer out = {0};
        if (layout.node_count < 3000 && layout.edge_count < 3000 && layout_simple(&layout, &error))
            layout_clip(&layout);
        layout_encode(&layout, &out);
        buffer_free(&out);
        layout_free(&layout);
    }
    struct layout reply = {0};
    if (size >= 2 && layout_init(&reply, data[0] % 16, data[1] % 16)) {
        layout_decode_reply(data + 2, size - 2, &reply);
        layout_free(&reply);
    }
    return 0;
}
