#include "sim/cache/readahead.h"

#include <doctest/doctest.h>

#include "tests/cache/cached_machine.h"

namespace faultline::cache {

std::ostream& operator<<(std::ostream& out, PgoffRange range) {
  return out << range.first << "+" << range.count;
}

namespace {

using testing::CachedMachine;

TEST_CASE("Readahead: a fault reads a window about its page, cut to the file") {
  CachedMachine m;
  const auto backing = m.create("/a", 100 * 4096);
  struct Row {
    uint64_t pgoff;
    PgoffRange plan;
  };
  for (const Row& row : {Row{0, {0, 32}}, Row{15, {0, 32}}, Row{16, {0, 32}}, Row{17, {1, 32}},
                         Row{50, {34, 32}}, Row{84, {68, 32}}, Row{99, {83, 17}}}) {
    CAPTURE(row.pgoff);
    Readahead readahead;
    CHECK(readahead.plan_fault_miss(*backing, row.pgoff, Advice::kNormal) == row.plan);
    CHECK(readahead.plan_fault_miss(*backing, row.pgoff, Advice::kRandom) ==
          PgoffRange{row.pgoff, 1});
  }
}

TEST_CASE("Readahead: sequential faults read forward from their page") {
  CachedMachine m;
  const auto backing = m.create("/a", 100 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_fault_miss(*backing, 0, Advice::kSequential) == PgoffRange{0, 32});
}

TEST_CASE("Readahead: after a hundred misses without a hit it gives up, and hits bring it back") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  for (int miss = 1; miss <= 100; ++miss) {
    CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).count == 32);
  }
  CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal) == PgoffRange{500, 1});
  CHECK(readahead.plan_fault_hit(*backing, 7, Advice::kNormal).count == 0);
  CHECK(readahead.plan_fault_hit(*backing, 7, Advice::kNormal).count == 0);
  CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).count == 32);
}

TEST_CASE("Readahead: a fault at the mark reads the next window") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_fault_miss(*backing, 116, Advice::kNormal) == PgoffRange{100, 32});
  CHECK(readahead.plan_fault_hit(*backing, 123, Advice::kNormal).count == 0);
  CHECK(readahead.plan_fault_hit(*backing, 124, Advice::kRandom).count == 0);
  CHECK(readahead.plan_fault_hit(*backing, 124, Advice::kNormal) == PgoffRange{132, 32});
}

TEST_CASE("Readahead: the first read from the start asks for more the larger it is") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  struct Row {
    uint64_t wanted, planned;
  };
  for (const Row& row : {Row{1, 4}, Row{2, 4}, Row{3, 8}, Row{8, 16}, Row{9, 32}, Row{32, 32},
                         Row{33, 32}, Row{900, 32}}) {
    CAPTURE(row.wanted);
    Readahead readahead;
    CHECK(readahead.plan_read_miss(*backing, {0, row.wanted}) == PgoffRange{0, row.planned});
  }
}

TEST_CASE("Readahead: a stream of one-page reads ramps up to the largest window") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_read_miss(*backing, {0, 1}) == PgoffRange{0, 4});
  struct Row {
    uint64_t mark;
    PgoffRange plan;
  };
  for (const Row& row : {Row{1, {4, 8}}, Row{4, {12, 16}}, Row{12, {28, 32}}, Row{28, {60, 32}},
                         Row{60, {92, 32}}}) {
    CAPTURE(row.mark);
    CHECK(readahead.plan_read_hit(*backing, {row.mark - 1, 1}).count == 0);
    CHECK(readahead.plan_read_hit(*backing, {row.mark, 1}) == row.plan);
  }
}

TEST_CASE("Readahead: a read at random gets what it asks for; one after cached pages gets more") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_read_miss(*backing, {500, 3}) == PgoffRange{500, 3});
  for (uint64_t pgoff = 490; pgoff < 500; ++pgoff) m.get(*backing, pgoff);
  CHECK(readahead.plan_read_miss(*backing, {500, 3}) == PgoffRange{500, 13});
  // Where everything from the start is cached: twice as much.
  for (uint64_t pgoff = 0; pgoff < 5; ++pgoff) m.get(*backing, pgoff);
  CHECK(readahead.plan_read_miss(*backing, {5, 1}) == PgoffRange{5, 11});
}

TEST_CASE("Readahead: a read where the last one ended is sequential") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  readahead.note_read(500 * 4096);
  CHECK(readahead.plan_read_miss(*backing, {500, 1}) == PgoffRange{500, 4});
  readahead.note_read(700 * 4096 + 100);
  CHECK(readahead.plan_read_miss(*backing, {700, 1}) == PgoffRange{700, 4});
  CHECK(readahead.plan_read_miss(*backing, {701, 1}) == PgoffRange{701, 4});
  CHECK(readahead.plan_read_miss(*backing, {702, 1}) == PgoffRange{702, 1});
}

TEST_CASE(
    "Readahead: a mark that would stand behind the file, or on a page that is there, is none") {
  CachedMachine m;
  const auto backing = m.create("/a", 12 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_read_miss(*backing, {0, 16}) == PgoffRange{0, 12});
  CHECK_FALSE(readahead.is_mark(12));
  const auto larger = m.create("/b", 13 * 4096);
  CHECK(readahead.plan_read_miss(*larger, {0, 20}) == PgoffRange{0, 13});
  CHECK_FALSE(readahead.is_mark(13));
  const auto third = m.create("/c", 100 * 4096);
  CHECK(readahead.plan_read_miss(*third, {0, 1}) == PgoffRange{0, 4});
  CHECK(readahead.is_mark(1));
  m.get(*third, 1);
  CHECK(readahead.plan_read_miss(*third, {0, 1}) == PgoffRange{0, 4});
  CHECK_FALSE(readahead.is_mark(1));
}

TEST_CASE("Readahead: code is read from the fault on to the end of its mapping, without a mark") {
  CachedMachine m;
  const auto backing = m.create("/a", 200 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_code_miss(*backing, {11, 5}) == PgoffRange{11, 5});
  CHECK(readahead.plan_fault_hit(*backing, 16, Advice::kNormal).count == 0);
  CHECK(readahead.plan_code_miss(*backing, {11, 100}) == PgoffRange{11, 32});
  CHECK(readahead.plan_code_miss(*backing, {190, 32}) == PgoffRange{190, 10});
  CHECK_FALSE(readahead.is_mark(222));
}

}  // namespace
}  // namespace faultline::cache
