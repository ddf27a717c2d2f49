"""Writes a few images as MNIST's or CIFAR-10's files, for tests: patterns of ten classes with noise, always the same.

usage: tiny_data.py mnist|cifar10 FOLDER [IMAGES [TESTS]]
"""
import gzip
import os
import struct
import sys


def pixels(image, label, count):
    state = image * 2654435761 % 2**32
    for p in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        yield (state >> 24) // 2 + (120 if p * 7 // 13 % 10 == label else 0)


def idx(folder, name, count, salt):
    labels = [(i * 7 + salt) % 10 for i in range(count)]
    with gzip.open(f"{folder}/{name}-images-idx3-ubyte.gz", "wb") as file:
        file.write(struct.pack(">4I", 2051, count, 28, 28))
        for i, label in enumerate(labels):
            file.write(bytes(pixels(i + 1000 * salt, label, 784)))
    with open(f"{folder}/{name}-labels-idx1-ubyte", "wb") as file:
        file.write(struct.pack(">2I", 2049, count) + bytes(labels))


def cifar(path, count, salt):
    with open(path, "wb") as file:
        for i in range(count):
            label = (i * 7 + salt) % 10
            file.write(bytes([label]) + bytes(pixels(i + 1000 * salt, label, 3072)))


kind, folder = sys.argv[1:3]
images, tests = [int(n) for n in sys.argv[3:] + ["120", "50"][len(sys.argv) - 3 :]]
os.makedirs(folder, exist_ok=True)
if kind == "mnist":
    idx(folder, "train", images, 1)
    idx(folder, "t10k", tests, 2)
else:
    cifar(f"{folder}/data_batch_1.bin", images, 1)
    cifar(f"{folder}/test_batch.bin", tests, 2)
