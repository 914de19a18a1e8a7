#!/bin/sh -e
# Started by a test: says its name and words, runs a pipe, and ends with a status of its own.
echo "$0" "$@"
printf 'a\nb\nc\n' | wc -l
LD_LIBRARY_PATH=/nowhere /usr/bin/env | grep -a ^LD_
exit 5
