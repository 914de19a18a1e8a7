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

def fl_fuzz(name, srcs, deps, smoke_srcs, smoke_deps, **kwargs):
    """A fuzz target, three ways: NAME_fuzz, with libFuzzer; NAME_smoke_test, on fixed inputs; and
    NAME_seeds, which writes these inputs as files for the first (docs/testing.md)."""
    cc_library(
        name = name + "_fuzz_entry",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        deps = deps + [":fuzz_entry"],
    )
    cc_binary(
        name = name + "_fuzz",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name + "_fuzz_entry"],
    )
    smoke = smoke_deps + [":fuzz_entry", "@doctest//doctest"]
    fl_test(
        name = name + "_smoke_test",
        srcs = smoke_srcs,
        deps = smoke + [":" + name + "_fuzz_entry"],
        **kwargs
    )
    cc_binary(
        name = name + "_seeds",
        testonly = True,
        srcs = smoke_srcs,
        tags = ["manual"],
        deps = smoke + [":save_input", "@doctest//doctest:main"],
    )
