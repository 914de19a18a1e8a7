#include "sim/mm/vma_name.h"

#include <doctest/doctest.h>

#include <utility>

namespace faultline::mm {
namespace {

TEST_CASE("VmaName: none is none, however it came to be") {
  const VmaName none;
  CHECK(none.empty());
  CHECK(none.text().empty());
  CHECK(VmaName("") == none);
  CHECK(VmaName("").empty());
  VmaName name("[vdso]");
  name = none;
  CHECK(name.empty());
}

TEST_CASE("VmaName: names are equal by their text") {
  const VmaName name("[anon:heap]");
  CHECK(name.text() == "[anon:heap]");
  CHECK(name == VmaName("[anon:heap]"));
  CHECK(!(name == VmaName("[anon:heaps]")));
  CHECK(!(name == VmaName()));
}

TEST_CASE("VmaName: a copy has its own text") {
  VmaName first("[vdso]");
  VmaName copy(first);
  VmaName assigned;
  assigned = first;
  const VmaName moved(std::move(first));
  copy = VmaName("[vvar]");
  CHECK(moved.text() == "[vdso]");
  CHECK(assigned.text() == "[vdso]");
  CHECK(copy.text() == "[vvar]");
  const VmaName& itself = assigned;
  assigned = itself;
  CHECK(assigned.text() == "[vdso]");
}

}  // namespace
}  // namespace faultline::mm
