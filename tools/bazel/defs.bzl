"""The project's own rules."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Most of the time it takes to compile a file is that of the headers, which are mostly the same.
_SOURCES_AT_ONCE = 8

# With namespaces of their own what is in a namespace without a name is in one that is named as the
# file, so that names may be the same in several files. Nothing else may refer to it then.
_JOIN = """
out=$1 own_namespaces=$2
shift 2
for source; do
  name=$(basename "$source" .cc)
  printf '#line 1 "%s"\\n' "$source"
  if [[ $own_namespaces ]]; then sed "s/^namespace {$/namespace ${name//-/_} {/" "$source"
  else cat "$source"; fi
done >"$out"
"""

def _join_sources_impl(ctx):
    ctx.actions.run_shell(
        inputs = ctx.files.srcs,
        outputs = [ctx.outputs.out],
        arguments = [ctx.outputs.out.path, "yes" if ctx.attr.own_namespaces else ""] +
                    [source.path for source in ctx.files.srcs],
        command = _JOIN,
        mnemonic = "JoinSources",
    )

_join_sources = rule(
    implementation = _join_sources_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".cc"]),
        "own_namespaces": attr.bool(),
        "out": attr.output(),
    },
)

def _join(name, sources, own_namespaces = False):
    joined = []
    for first in range(0, len(sources), _SOURCES_AT_ONCE):
        part = "%s_%d" % (name, first // _SOURCES_AT_ONCE)
        joined.append(part + ".cc")
        _join_sources(
            name = part,
            srcs = sources[first:first + _SOURCES_AT_ONCE],
            own_namespaces = own_namespaces,
            out = part + ".cc",
            visibility = ["//visibility:private"],
        )
    return joined

def fl_library(name, srcs, apart = [], **kwargs):
    """A cc_library of which several sources are compiled as one, in about half the time; with
    --config=apart each by itself, which is sooner done when one was edited. So what sources of a
    library have in namespaces without a name has different names, but in those of `apart`."""
    sources = [source for source in srcs if source.endswith(".cc")]
    others = apart + [source for source in srcs if not source.endswith(".cc")]
    cc_library(
        name = name,
        srcs = others + select({
            "//tools/bazel:apart": sources,
            "//conditions:default": _join(name, sources),
        }),
        **kwargs
    )

def fl_test(name, deps = [], **kwargs):
    """A doctest program: cc_test with doctest's main. The limit of its time is in .bazelrc."""
    cc_test(
        name = name,
        size = "small",
        deps = deps + ["@doctest//doctest:main"],
        **kwargs
    )

def fl_tests(name, tests, srcs = [], deps = [], apart = [], **kwargs):
    """An fl_test each for TEST.cc of `tests`, which are compiled as those of fl_library are, and for
    those of `apart`, which are not: what a test has outside of namespaces without a name no other one
    of `tests` may have. `srcs` are headers."""
    cc_library(
        name = name,
        testonly = True,
        srcs = srcs + _join(name, [test + ".cc" for test in tests], own_namespaces = True),
        alwayslink = True,
        tags = ["manual"],
        deps = deps,
    )
    for test in tests:
        fl_test(
            name = test,
            srcs = select({"//tools/bazel:apart": srcs + [test + ".cc"], "//conditions:default": []}),
            args = ["--dt-source-file=*/%s.cc" % test],
            deps = deps + select({"//tools/bazel:apart": [], "//conditions:default": [name]}),
            **kwargs
        )
    for test in apart:
        fl_test(name = test, srcs = srcs + [test + ".cc"], deps = deps, **kwargs)

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
