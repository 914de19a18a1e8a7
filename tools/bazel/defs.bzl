"""The project's own rules."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fl_test(name, deps = [], **kwargs):
    """A doctest program: cc_test with doctest's main. The limit of its time is in .bazelrc."""
    cc_test(
        name = name,
        size = "small",
        deps = deps + ["@doctest//doctest:main"],
        **kwargs
    )

def fl_fuzz(name, srcs, deps):
    """A fuzz target: NAME, with libFuzzer, and NAME_entry, for its smoke test."""
    cc_library(
        name = name + "_entry",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        deps = deps,
    )
    cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name + "_entry"],
    )
