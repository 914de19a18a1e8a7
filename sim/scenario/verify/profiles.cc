// The profiles of random scenarios: which statements, and how often.
#include <algorithm>
#include <array>

#include "sim/scenario/verify/random_scenario.h"

namespace faultline::verify {
namespace {

using K = Kind;

constexpr Weight kVma[] = {{K::kMapAnon, 6}, {K::kMapFile, 2},     {K::kUnmap, 3}, {K::kProtect, 6},
                           {K::kRemap, 4},   {K::kAdviseFlags, 1}, {K::kBrk, 1},   {K::kSeal, 1},
                           {K::kStore, 3},   {K::kLoad, 1},        {K::kMaps, 2}};

constexpr Weight kFault[] = {
    {K::kMapAnon, 4},   {K::kMapFile, 3}, {K::kUnmap, 1},   {K::kProtect, 3}, {K::kRemap, 1},
    {K::kLoad, 6},      {K::kStore, 6},   {K::kFetch, 2},   {K::kRead, 1},    {K::kWrite, 1},
    {K::kOneAccess, 4}, {K::kMincore, 1}, {K::kPagemap, 1}, {K::kSmaps, 1},   {K::kTruncate, 1}};

constexpr Weight kFiles[] = {
    {K::kMapFile, 6},  {K::kMapAnon, 1},    {K::kUnmap, 2},      {K::kProtect, 2},
    {K::kRemap, 1},    {K::kLoad, 5},       {K::kStore, 6},      {K::kRead, 4},
    {K::kWrite, 4},    {K::kTruncate, 2},   {K::kAllocate, 2},   {K::kSync, 2},
    {K::kFileSync, 2}, {K::kFileAdvice, 1}, {K::kMincore, 2},    {K::kPagemap, 1},
    {K::kSmaps, 1},    {K::kAdvise, 1},     {K::kSeek, 1},       {K::kDescriptor, 2},
    {K::kPath, 1},     {K::kLock, 1},       {K::kAdviseFlags, 1}};

constexpr Weight kErrno[] = {
    {K::kBadCall, 12}, {K::kMapAnon, 2}, {K::kMapFile, 2}, {K::kProtect, 1}, {K::kMaps, 1}};

constexpr Weight kBreak[] = {{K::kBrk, 8},     {K::kGrowDown, 6}, {K::kMapAnon, 2}, {K::kUnmap, 2},
                             {K::kProtect, 2}, {K::kLoad, 3},     {K::kStore, 3},   {K::kLimit, 1},
                             {K::kLock, 1},    {K::kMaps, 2}};

constexpr Weight kForks[] = {
    {K::kFork, 2},        {K::kExit, 1},    {K::kMapAnon, 4}, {K::kMapFile, 2},    {K::kUnmap, 1},
    {K::kRemap, 1},       {K::kProtect, 3}, {K::kLoad, 4},    {K::kStore, 8},      {K::kWrite, 1},
    {K::kAdviseFlags, 2}, {K::kPagemap, 2}, {K::kMincore, 1}, {K::kSmaps, 1},      {K::kMaps, 2},
    {K::kLock, 1},        {K::kRead, 1},    {K::kSeek, 1},    {K::kDescriptor, 1}, {K::kAdvise, 2}};

constexpr Weight kLocks[] = {
    {K::kLock, 6},  {K::kUnlock, 4},  {K::kLockAll, 1}, {K::kMapAnon, 5},
    {K::kUnmap, 2}, {K::kRemap, 2},   {K::kProtect, 4}, {K::kMapFile, 2},
    {K::kLoad, 2},  {K::kStore, 3},   {K::kLimit, 1},   {K::kMaps, 2},
    {K::kSmaps, 1}, {K::kMincore, 1}, {K::kBrk, 1},     {K::kAttribute, 1}};

constexpr Weight kAdvice[] = {
    {K::kAdvise, 8},  {K::kAdviseFlags, 3}, {K::kMapAnon, 4}, {K::kMapFile, 3}, {K::kUnmap, 1},
    {K::kProtect, 2}, {K::kRemap, 1},       {K::kLoad, 4},    {K::kStore, 5},   {K::kMincore, 2},
    {K::kPagemap, 1}, {K::kSmaps, 1},       {K::kMaps, 1},    {K::kLock, 1}};

constexpr Weight kAll[] = {
    {K::kMapAnon, 6},     {K::kMapFile, 5},  {K::kUnmap, 3},      {K::kProtect, 5},
    {K::kRemap, 4},       {K::kBrk, 2},      {K::kSync, 1},       {K::kSeal, 1},
    {K::kLoad, 5},        {K::kStore, 8},    {K::kFetch, 1},      {K::kOneAccess, 2},
    {K::kMaps, 1},        {K::kSmaps, 1},    {K::kPagemap, 1},    {K::kMincore, 1},
    {K::kLock, 1},        {K::kUnlock, 1},   {K::kLockAll, 1},    {K::kAdvise, 3},
    {K::kAdviseFlags, 2}, {K::kRead, 2},     {K::kWrite, 2},      {K::kTruncate, 1},
    {K::kAllocate, 1},    {K::kFileSync, 1}, {K::kFileAdvice, 1}, {K::kBadCall, 1},
    {K::kGrowDown, 1},    {K::kLimit, 1},    {K::kFork, 1},       {K::kExit, 1},
    {K::kAttribute, 1},   {K::kSeek, 1},     {K::kDescriptor, 1}, {K::kPath, 1}};

constexpr auto kProfiles = std::to_array<Profile>({
    {{"vma", "mmap, munmap, mprotect, mremap: placement, merging, splitting"},
     FileHome::kTmpfs,
     kVma},
    {{"fault", "loads, stores and fetches: signals and fault counts"}, FileHome::kTmpfs, kFault},
    {{"disk", "files on a disk file system, mapped, read, written, cut"}, FileHome::kDisk, kFiles},
    {{"tmpfs", "the same on tmpfs and memfd"}, FileHome::kTmpfs, kFiles},
    {{"errno", "bad arguments: which error comes first"}, FileHome::kTmpfs, kErrno},
    {{"brk", "the heap, the stack, mappings that grow down"}, FileHome::kNone, kBreak},
    {{"fork", "several processes and copy-on-write between them"}, FileHome::kTmpfs, kForks},
    {{"lock", "mlock, mlock2, mlockall and their limits; prctl, personality"},
     FileHome::kTmpfs,
     kLocks},
    {{"madvise", "every advice, and what it leaves resident"}, FileHome::kTmpfs, kAdvice},
    {{"all", "everything together"}, FileHome::kTmpfs, kAll},
});

}  // namespace

std::span<const Profile> all_profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  const auto found = std::find_if(kProfiles.begin(), kProfiles.end(),
                                  [&](const Profile& row) { return row.about.name == name; });
  return found == kProfiles.end() ? nullptr : &*found;
}

}  // namespace faultline::verify
