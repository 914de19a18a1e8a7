"""The project's own rules."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def fl_test(name, deps = [], **kwargs):
    """A doctest program: cc_test with doctest's main. The limit of its time is in .bazelrc."""
    cc_test(
        name = name,
        size = "small",
        deps = deps + ["@doctest//doctest:main"],
        **kwargs
    )
