# The paper's recurrent network: an IRNN that sees an image one pixel at a time (sequential MNIST).
def recurrent(x, y, steps=784):
    Wx = param(1, 100, init="normal", scale=0.001)
    bx = param(100, init="zeros")
    Wh = param(100, 100, init="eye")
    bh = param(100, init="zeros")
    Wo = param(100, 10, init="normal", scale=0.001)
    bo = param(10, init="zeros")
    h = relu(narrow(x, 1, 0, 1) @ Wx + bx + bh)
    for t in range(1, steps):
        h = relu(h @ Wh + bh + (narrow(x, 1, t, 1) @ Wx + bx))
    p = log_softmax(h @ Wo + bo)
    return nll(p, y)
