"""The local repositories under third_party/debian/."""

_REPOSITORIES = [
    "boost.intrusive",
    "cli11",
    "doctest",
    "fmt",
    "google_benchmark",
    "lz4",
    "nlohmann_json",
    "remote_coverage_tools",
    "rules_cc",
    "snappy",
    "spdlog",
    "xz",
    "zlib",
    "zstd",
]

def debian_repositories():
    for name in _REPOSITORIES:
        native.local_repository(
            name = name,
            path = "third_party/debian/" + name,
        )
