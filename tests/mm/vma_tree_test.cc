#include "sim/mm/vma_tree.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "sim/base/prng.h"
#include "tests/support/death.h"

namespace faultline::mm {

struct VmaTreeTestPeer {
  static void set_range(Vma& vma, AddrRange range) { vma.range_ = range; }
  static auto& tree(VmaTree& tree) { return tree.tree_; }
  static auto& list(VmaTree& tree) { return tree.list_; }
  static auto& gaps(VmaTree& tree) { return tree.gaps_; }
  static void set_last_found(VmaTree& tree, const Vma* vma) { tree.last_found_ = vma; }
};

namespace {

using testing::dies_with;

constexpr uint64_t kPage = 4096;
constexpr VirtAddr kUserEnd{4096 * kPage};

AddrRange pages(uint64_t first, uint64_t end) { return {{first * kPage}, {end * kPage}}; }

Vma& add(VmaTree& tree, uint64_t first, uint64_t end, uint64_t flags = kVmRead) {
  VmaAttributes attributes;
  attributes.flags = flags;
  return tree.insert(std::make_unique<Vma>(pages(first, end), attributes));
}

TEST_CASE("VmaTree: find gives the first VMA that ends above the address") {
  VmaTree tree(PageSize{}, kUserEnd);
  CHECK(tree.find({0}) == nullptr);
  Vma& b = add(tree, 20, 22);
  Vma& a = add(tree, 10, 12);
  CHECK(tree.find({0}) == &a);
  CHECK(tree.find({12 * kPage - 1}) == &a);
  CHECK(tree.find({12 * kPage}) == &b);
  CHECK(tree.find({22 * kPage}) == nullptr);
  CHECK(tree.find_overlap(pages(12, 20)) == nullptr);
  CHECK(tree.find_overlap(pages(12, 21)) == &b);
  CHECK(tree.find_before({10 * kPage}) == nullptr);
  CHECK(tree.find_before({10 * kPage + 1}) == &a);
  CHECK(tree.next(a) == &b);
  CHECK(tree.prev(b) == &a);
  CHECK(tree.next(b) == nullptr);
  CHECK(tree.prev(a) == nullptr);
  tree.validate();
}

TEST_CASE("VmaTree: no gap within the guard below a VMA that grows down is taken") {
  VmaTree tree(PageSize{}, kUserEnd);
  add(tree, 1000, 1001, kVmGrowsDown);
  add(tree, 4000, 4096);
  CHECK(tree.find_gap(kPage, pages(0, 1000), SearchFrom::kTop) == pages(0, 744));
  add(tree, 900, 901);
  // The guard reaches below the VMA in it.
  CHECK(tree.find_gap(kPage, pages(0, 1000), SearchFrom::kTop) == pages(0, 744));
  CHECK(tree.find_gap(kPage, pages(901, 4096), SearchFrom::kBottom) == pages(1001, 4000));
}

TEST_CASE("VmaTree: agrees with a map over random inserts, resizes and erases") {
  base::Prng prng(3);
  VmaTree tree(PageSize{}, kUserEnd);
  std::map<uint64_t, Vma*> model;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t first = prng.below(4000);
    const uint64_t end = first + 1 + prng.below(20);
    const auto above = model.lower_bound(first);
    const bool free_below =
        above == model.begin() || std::prev(above)->second->end().value <= first * kPage;
    const bool free = free_below && (above == model.end() || end <= above->first);
    if (free) {
      model[first] = &add(tree, first, end);
    } else if (above != model.end() && prng.below(3) != 0) {
      tree.erase(*above->second);
      model.erase(above);
    } else if (above != model.end() && above->second->range().size_bytes() > kPage) {
      Vma* const vma = above->second;
      tree.resize(*vma, {vma->start() + kPage, vma->end()});
      model.erase(above);
      model[vma->start().value / kPage] = vma;
    }
    if (step % 20 == 0) tree.validate();
    REQUIRE(tree.size() == model.size());
    const VirtAddr probe{prng.below(4096) * kPage};
    Vma* expected = nullptr;
    for (const auto& [start, vma] : model) {
      if (expected == nullptr && probe < vma->end()) expected = vma;
    }
    REQUIRE(tree.find(probe) == expected);
  }
}

TEST_CASE("VmaTree: the tree is searched in fewer steps than the list, and both agree on none") {
  VmaTree tree(PageSize{}, kUserEnd);
  CHECK(tree.tree_steps({0}) == 0);
  CHECK(tree.list_steps({0}) == 0);
  for (uint64_t i = 0; i < 1000; ++i) add(tree, i * 4, i * 4 + 1);
  CHECK(tree.list_steps({999 * 4 * kPage}) == 1000);
  CHECK(tree.tree_steps({999 * 4 * kPage}) <= 20);
}

TEST_CASE("VmaTree: VMAs may not overlap") {
  VmaTree tree(PageSize{}, kUserEnd);
  Vma& a = add(tree, 10, 12);
  add(tree, 14, 16);
  CHECK(dies_with([&] { add(tree, 11, 13); }, "above->start()"));
  CHECK(dies_with([&] { tree.resize(a, pages(10, 15)); }, "range.end <= above->start()"));
}

TEST_CASE("VmaTree: validate sees each broken invariant") {
  VmaTree tree(PageSize{}, kUserEnd);
  Vma& a = add(tree, 10, 12);
  Vma& b = add(tree, 14, 16);
  using Peer = VmaTreeTestPeer;
  for (const AddrRange bad :
       {AddrRange{{14 * kPage + 1}, {16 * kPage}}, pages(14, 14), pages(11, 16), pages(14, 5000)}) {
    CHECK(dies_with(
        [&] {
          Peer::set_range(b, bad);
          tree.validate();
        },
        "invariant 1"));
  }
  CHECK(dies_with(
      [&] {
        auto& list = Peer::list(tree);
        list.erase(list.iterator_to(b));
        tree.validate();
      },
      "invariant"));
  CHECK(dies_with(
      [&] {
        auto& in_order = Peer::tree(tree);
        in_order.erase(in_order.iterator_to(a));
        tree.validate();
      },
      "invariant 2"));
  CHECK(dies_with(
      [&] {
        Peer::gaps(tree).remove({12 * kPage});
        tree.validate();
      },
      "invariant 3"));
  CHECK(dies_with(
      [&] {
        const Vma stranger(a.range(), {});
        Peer::set_last_found(tree, &stranger);
        tree.validate();
      },
      "invariant 4"));
}

}  // namespace
}  // namespace faultline::mm
