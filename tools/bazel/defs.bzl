"""The project's own rules."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def fl_test(name, deps = [], size = "small", **kwargs):
    """A doctest program: cc_test with doctest's main, small unless it says otherwise."""
    cc_test(
        name = name,
        size = size,
        deps = deps + ["@doctest//doctest:main"],
        **kwargs
    )
