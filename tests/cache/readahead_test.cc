#include "sim/cache/readahead.h"

#include <doctest/doctest.h>

#include "tests/cache/cached_machine.h"

namespace faultline::cache {

std::ostream& operator<<(std::ostream& out, PgoffRange range) {
  return out << range.first << "+" << range.count;
}
std::ostream& operator<<(std::ostream& out, const ReadPlan& plan) {
  return out << plan.pages << " order " << int{plan.order} << " mark " << plan.mark;
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
    CHECK(readahead.plan_fault_miss(*backing, row.pgoff, Advice::kNormal).pages == row.plan);
    CHECK(readahead.plan_fault_miss(*backing, row.pgoff, Advice::kRandom).pages ==
          PgoffRange{row.pgoff, 1});
  }
}

TEST_CASE("Readahead: sequential faults read forward from their page") {
  CachedMachine m;
  const auto backing = m.create("/a", 100 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_fault_miss(*backing, 0, Advice::kSequential).pages == PgoffRange{0, 32});
}

TEST_CASE("Readahead: after a hundred misses without a hit it gives up, and hits bring it back") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  for (int miss = 1; miss <= 100; ++miss) {
    CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).pages.count == 32);
  }
  CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).pages == PgoffRange{500, 1});
  readahead.note_fault_hit(Advice::kNormal);
  readahead.note_fault_hit(Advice::kRandom);  // does not count
  CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).pages.count == 1);
  readahead.note_fault_hit(Advice::kNormal);
  readahead.note_fault_hit(Advice::kNormal);
  CHECK(readahead.plan_fault_miss(*backing, 500, Advice::kNormal).pages.count == 32);
}

TEST_CASE("Readahead: the use of the mark reads the next window, in larger folios each time") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_fault_miss(*backing, 116, Advice::kNormal) ==
        ReadPlan{{100, 32}, 0, 124, 8});
  // The window ends with a folio.
  CHECK(readahead.plan_next(*backing, {124, 1}, {124, 32}) == ReadPlan{{132, 32}, 2, 132, 32});
  CHECK(readahead.plan_next(*backing, {132, 4}, {132, 32}) == ReadPlan{{164, 28}, 4, 164, 28});
  CHECK(readahead.plan_next(*backing, {160, 16}, {160, 32}) == ReadPlan{{192, 32}, 5, 192, 32});
}

TEST_CASE("Readahead: a mark of another window reads on behind what is cached") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  for (uint64_t pgoff = 20; pgoff < 30; ++pgoff) m.get(*backing, pgoff);
  Readahead readahead;
  CHECK(readahead.plan_next(*backing, {20, 1}, {20, 32}) == ReadPlan{{30, 30}, 2, 30, 30});
  for (uint64_t pgoff = 30; pgoff < 60; ++pgoff) m.get(*backing, pgoff);
  CHECK(readahead.plan_next(*backing, {20, 1}, {20, 32}).pages.count == 0);
}

TEST_CASE("Readahead: MADV_HUGEPAGE reads 2 MiB about the page, and as much ahead") {
  CachedMachine m;
  const auto backing = m.create("/a", 3000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_fault_miss(*backing, 700, Advice::kHuge) ==
        ReadPlan{{512, 1024}, 9, 1024, 512});
  CHECK(readahead.plan_fault_miss(*backing, 700, Advice::kHugeRandom) ==
        ReadPlan{{512, 512}, 9, 512, 512});
}

TEST_CASE("Readahead: the first read from the start asks for more the larger it is") {
  CachedMachine m;
  const auto backing = m.create("/a", 9000 * 4096);
  struct Row {
    uint64_t wanted, planned;
  };
  for (const Row& row : {Row{1, 4}, Row{2, 4}, Row{3, 8}, Row{8, 16}, Row{9, 32}, Row{32, 32},
                         Row{33, 33}, Row{900, 900}, Row{5000, 1024}}) {
    CAPTURE(row.wanted);
    Readahead readahead;
    CHECK(readahead.plan_read_miss(*backing, {0, row.wanted}).pages == PgoffRange{0, row.planned});
  }
}

TEST_CASE("Readahead: a stream of one-page reads ramps up to the largest window") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_read_miss(*backing, {0, 1}) == ReadPlan{{0, 4}, 0, 1, 3});
  struct Row {
    uint64_t mark;
    PgoffRange plan;
  };
  for (const Row& row : {Row{1, {4, 8}}, Row{4, {12, 4}}, Row{12, {16, 8}}, Row{16, {24, 8}}}) {
    CAPTURE(row.mark);
    CHECK(readahead.plan_next(*backing, {row.mark, 1}, {row.mark, 1}).pages == row.plan);
  }
}

TEST_CASE("Readahead: a read at random gets what it asks for; one after cached pages gets more") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_read_miss(*backing, {500, 3}).pages == PgoffRange{500, 3});
  for (uint64_t pgoff = 490; pgoff < 500; ++pgoff) m.get(*backing, pgoff);
  CHECK(readahead.plan_read_miss(*backing, {500, 3}).pages == PgoffRange{500, 13});
  // Where everything from the start is cached: twice as much.
  for (uint64_t pgoff = 0; pgoff < 5; ++pgoff) m.get(*backing, pgoff);
  CHECK(readahead.plan_read_miss(*backing, {5, 1}).pages == PgoffRange{5, 11});
}

TEST_CASE("Readahead: a read where the last one ended is sequential") {
  CachedMachine m;
  const auto backing = m.create("/a", 1000 * 4096);
  Readahead readahead;
  readahead.note_read(500 * 4096);
  CHECK(readahead.plan_read_miss(*backing, {500, 1}).pages == PgoffRange{500, 4});
  readahead.note_read(700 * 4096 + 100);
  CHECK(readahead.plan_read_miss(*backing, {700, 1}).pages == PgoffRange{700, 4});
  CHECK(readahead.plan_read_miss(*backing, {701, 1}).pages == PgoffRange{701, 4});
  CHECK(readahead.plan_read_miss(*backing, {702, 1}).pages == PgoffRange{702, 1});
}

TEST_CASE("Readahead: code is read from the fault on to the end of its mapping, without a mark") {
  CachedMachine m;
  const auto backing = m.create("/a", 200 * 4096);
  Readahead readahead;
  CHECK(readahead.plan_code_miss(*backing, {11, 5}).pages == PgoffRange{11, 5});
  CHECK(readahead.plan_code_miss(*backing, {11, 100}).pages == PgoffRange{11, 32});
  CHECK(readahead.plan_code_miss(*backing, {190, 32}).pages == PgoffRange{190, 10});
}

}  // namespace
}  // namespace faultline::cache
