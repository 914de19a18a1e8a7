#!/bin/sh
echo "Debian's Bazel has no coverage report generator: read the .gcda files with gcov." >&2
