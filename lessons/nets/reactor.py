# A field that diffuses and reacts, and how far it is from its target: the sum over steps of dt times the mean square.
# react(phi, theta, t) is one step; theta are the seven numbers of its sources. The paper takes 40,961 steps on 33 x 33
# points; :reactor runs that many of the same operations without their graph.
def start(n):
    return tensor([[sin(pi*j/(n - 1))*sin(pi*i/(n - 1)) for j in range(n)] for i in range(n)])

def reactor(theta, steps=3):
    phi = start(33)
    loss = 0
    for i in range(steps):
        t = i/4096
        phi = react(phi, theta, t)
        loss += misfit(phi, t)/4096
    return loss
